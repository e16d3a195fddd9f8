/* SPDX-License-Identifier: Apache-2.0 */
/* Logistic regression by Newton's method, and how well a score ranks. */
#include "engine/fit_logistic.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SIZE (FIT_LOGISTIC_COLUMNS + 1) /* the intercept stands last */
#define ROUNDS_MOST 100
#define HALVINGS_MOST 40
#define STEEP 1e-12 /* of a slope, in a row's share: flat */
#define STEEP_ENOUGH 1e-7
#define EVEN 1e-13 /* heights nearer to each other are told apart by rounding alone */

/* ---- columns ---- */

static void
measure_column(const double *x, size_t count, unsigned columns, double *mean, double *deviation)
{
	double sum = 0, squares = 0;
	size_t known = 0;

	for (size_t i = 0; i < count; i++)
		if (!isnan(x[i * columns])) {
			sum += x[i * columns];
			known++;
		}
	*mean = known ? sum / (double)known : 0;
	for (size_t i = 0; i < count; i++)
		if (!isnan(x[i * columns]))
			squares += (x[i * columns] - *mean) * (x[i * columns] - *mean);
	*deviation = known > 1 ? sqrt(squares / (double)(known - 1)) : 0;
}

void
fit_logistic_measure(const double *x, size_t count, unsigned columns, double *mean,
		     double *deviation)
{
	for (unsigned j = 0; j < columns; j++)
		measure_column(x + j, count, columns, &mean[j], &deviation[j]);
}

void
fit_logistic_scale(double *x, size_t count, unsigned columns, const double *mean,
		   const double *deviation)
{
	for (size_t i = 0; i < count; i++)
		for (unsigned j = 0; j < columns; j++) {
			double *cell = &x[i * columns + j];
			bool says = !isnan(*cell) && deviation[j] > 0;
			*cell = says ? (*cell - mean[j]) / deviation[j] : 0;
		}
}

double
fit_logistic_of(const struct fit_logistic *fit, const double *x, unsigned columns)
{
	double sum = fit->intercept;

	for (unsigned j = 0; j < columns; j++)
		sum += fit->weight[j] * x[j];
	return sum;
}

/* -ln(1 + exp(-s)), without its overflow. */
double
fit_logistic_log(double sum, bool happened)
{
	double s = happened ? sum : -sum;

	return s >= 0 ? -log1p(exp(-s)) : s - log1p(exp(s));
}

/* ---- what Newton's method needs ---- */

struct problem {
	const struct fit_logistic_rows *rows;
	int without;
	double lambda, share; /* share: 1 / rows that count */
	double slope[SIZE];
	double curve[SIZE][SIZE]; /* of the negative; its lower half */
};

static bool
counts(const struct problem *problem, size_t row)
{
	return problem->without < 0 || problem->rows->fold[row] != problem->without;
}

static double
height_at(const struct problem *problem, const struct fit_logistic *fit)
{
	const struct fit_logistic_rows *rows = problem->rows;
	double sum = 0, squares = 0;

	for (size_t i = 0; i < rows->count; i++)
		if (counts(problem, i))
			sum += fit_logistic_log(fit_logistic_of(fit,
								rows->x + i * rows->columns,
								rows->columns),
						rows->happened[i]);
	for (unsigned j = 0; j < rows->columns; j++)
		squares += fit->weight[j] * fit->weight[j];
	return sum * problem->share - problem->lambda / 2 * squares;
}

static void
add_row(struct problem *problem, const double *x, double rest, double spread)
{
	unsigned columns = problem->rows->columns;

	for (unsigned j = 0; j < columns; j++) {
		double part = spread * x[j];
		problem->slope[j] += rest * x[j];
		for (unsigned k = 0; k <= j; k++)
			problem->curve[j][k] += part * x[k];
		problem->curve[columns][j] += part;
	}
	problem->slope[columns] += rest;
	problem->curve[columns][columns] += spread;
}

static void
look_around(struct problem *problem, const struct fit_logistic *fit)
{
	const struct fit_logistic_rows *rows = problem->rows;
	unsigned columns = rows->columns;

	memset(problem->slope, 0, sizeof problem->slope);
	memset(problem->curve, 0, sizeof problem->curve);
	for (size_t i = 0; i < rows->count; i++) {
		const double *x = rows->x + i * columns;
		if (!counts(problem, i))
			continue;
		double p = 1 / (1 + exp(-fit_logistic_of(fit, x, columns)));
		add_row(problem, x, problem->share * ((rows->happened[i] ? 1 : 0) - p),
			problem->share * p * (1 - p));
	}
	for (unsigned j = 0; j < columns; j++) {
		problem->slope[j] -= problem->lambda * fit->weight[j];
		problem->curve[j][j] += problem->lambda;
	}
}

/* curve * step = slope, by Cholesky's factors in place of the lower half. false: not positive definite. */
static bool
solve_step(struct problem *problem, double *step)
{
	double(*a)[SIZE] = problem->curve;
	unsigned n = problem->rows->columns + 1;

	for (unsigned j = 0; j < n; j++)
		for (unsigned i = j; i < n; i++) {
			double sum = a[i][j];
			for (unsigned k = 0; k < j; k++)
				sum -= a[i][k] * a[j][k];
			if (i == j && !(sum > 0))
				return false;
			a[i][j] = i == j ? sqrt(sum) : sum / a[j][j];
		}
	for (unsigned i = 0; i < n; i++) {
		step[i] = problem->slope[i];
		for (unsigned k = 0; k < i; k++)
			step[i] -= a[i][k] * step[k];
		step[i] /= a[i][i];
	}
	for (unsigned i = n; i-- > 0;) {
		for (unsigned k = i + 1; k < n; k++)
			step[i] -= a[k][i] * step[k];
		step[i] /= a[i][i];
	}
	return true;
}

static double
steepest(const struct problem *problem)
{
	double most = 0;

	for (unsigned j = 0; j <= problem->rows->columns; j++)
		most = fmax(most, fabs(problem->slope[j]));
	return most;
}

static struct fit_logistic
moved(const struct fit_logistic *fit, const double *step, double length, unsigned columns)
{
	struct fit_logistic to = *fit;

	for (unsigned j = 0; j < columns; j++)
		to.weight[j] += length * step[j];
	to.intercept += length * step[columns];
	return to;
}

/* Along the step, half as far each time, until it leads up. false: it does not, as far as numbers can tell. */
static bool
go_up(const struct problem *problem, struct fit_logistic *fit, const double *step)
{
	double height = height_at(problem, fit), length = 1;

	for (int i = 0; i < HALVINGS_MOST; i++) {
		struct fit_logistic to = moved(fit, step, length, problem->rows->columns);
		if (height_at(problem, &to) > height - EVEN) {
			*fit = to;
			return true;
		}
		length /= 2;
	}
	return false;
}

/* How many rows count; both outcomes are among them, or it complains. */
static size_t
count_rows(const struct problem *problem, struct err *err)
{
	size_t count = 0, happened = 0;

	for (size_t i = 0; i < problem->rows->count; i++)
		if (counts(problem, i)) {
			count++;
			happened += problem->rows->happened[i];
		}
	if (happened > 0 && happened < count)
		return count;
	(void)err_set(
		err,
		happened
			? "all of the %zu rows end in a churn: there is nothing to tell apart"
			: "none of the %zu rows ends in a churn: there is nothing to learn from",
		count);
	return 0;
}

bool
fit_logistic_solve(const struct fit_logistic_rows *rows, int without, double lambda,
		   struct fit_logistic *fit, struct err *err)
{
	struct problem problem = {.rows = rows, .without = without, .lambda = lambda};
	double step[SIZE];
	size_t count = count_rows(&problem, err);

	assert(rows->columns <= FIT_LOGISTIC_COLUMNS && lambda > 0);
	if (count == 0)
		return false;
	problem.share = 1 / (double)count;
	for (fit->rounds = 0; fit->rounds < ROUNDS_MOST; fit->rounds++) {
		look_around(&problem, fit);
		fit->steepness = steepest(&problem);
		if (fit->steepness < STEEP)
			return true;
		if (!solve_step(&problem, step) || !go_up(&problem, fit, step))
			break;
	}
	if (fit->steepness < STEEP_ENOUGH) /* as flat as rounding lets it be */
		return true;
	return err_set(err, "the weights did not settle within %d rounds", ROUNDS_MOST);
}

/* ---- how well a score ranks ---- */

static int
by_group_and_score(const void *left, const void *right)
{
	const struct fit_logistic_scored *a = left, *b = right;

	if (a->group != b->group)
		return a->group < b->group ? -1 : 1;
	return (a->score > b->score) - (a->score < b->score);
}

double
fit_logistic_auc(struct fit_logistic_scored *rows, size_t count)
{
	double pairs = 0, right = 0, stayed = 0, happened = 0;

	qsort(rows, count, sizeof *rows, by_group_and_score);
	for (size_t i = 0; i < count;) {
		const struct fit_logistic_scored *first = &rows[i];
		double stay = 0, go = 0;
		for (; i < count && by_group_and_score(first, &rows[i]) == 0; i++)
			*(rows[i].happened ? &go : &stay) += 1;
		right += go * (stayed + stay / 2);
		stayed += stay;
		happened += go;
		if (i == count || rows[i].group != first->group) {
			pairs += stayed * happened;
			stayed = happened = 0;
		}
	}
	return pairs > 0 ? right / pairs : (double)NAN;
}
