/* SPDX-License-Identifier: Apache-2.0 */
/* Looks for the parameters under which what customers did is most likely. */
#include "engine/fit_nbd.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/minimise.h"

#define SKETCH_CELLS 20000 /* of larger data a part finds where to look */
#define SKETCH_BUDGET 400  /* likelihoods a start */
#define BUDGET 4000
#define DIGITS_LEAST 4
#define DIGITS_MOST 15
#define ROUNDING_LOSS 1e-3

static const char *const names[] = {
	[FIT_R] = "r", [FIT_ALPHA] = "alpha", [FIT_A] = "a", [FIT_B] = "b"};

const char *
fit_parameter_name(enum fit_parameter parameter)
{
	return names[parameter];
}

double *
fit_parameter(struct rhythm_model *model, enum fit_parameter parameter)
{
	switch (parameter) {
	case FIT_R:
		return &model->r;
	case FIT_ALPHA:
		return &model->alpha;
	case FIT_A:
		return &model->a;
	case FIT_B:
	case FIT_PARAMETERS:
		break;
	}
	return &model->b;
}

/* ---- the problem: logarithms of the parameters, alpha in mean gaps ---- */

struct search {
	struct fit_data *data;
	enum rhythm_kind kind;
	double gap; /* days: the mean time between active days, so that units do not matter */
	const struct fit_watch *watch;
	unsigned spent, expected;
};

static struct rhythm_model
model_at(const struct search *search, const double *x)
{
	return (struct rhythm_model){search->kind, exp(x[FIT_R]),
				     exp(x[FIT_ALPHA]) * search->gap, exp(x[FIT_A]),
				     exp(x[FIT_B])};
}

/* Less is better; nothing is beyond the bounds. */
static double
unlikelihood(void *ctx, const double *x)
{
	struct search *search = ctx;
	struct rhythm_model model = model_at(search, x);

	for (unsigned p = 0; p < FIT_PARAMETERS; p++)
		if (!(fabs(x[p]) <= log(FIT_BOUND)))
			return (double)INFINITY;
	if (search->watch != NULL && search->spent < search->expected)
		search->watch->progress(search->watch->ctx,
					(double)search->spent / search->expected);
	search->spent++;
	return -fit_likelihood(search->data, &model);
}

/* Half of the time after the last active day counts: some have left, some are between two. */
static double
mean_gap(const struct fit_data *data)
{
	double time = 0;

	for (size_t i = 0; i < data->count; i++)
		time += data->cells[i].count *
			(((double)data->cells[i].tx + data->cells[i].t) / 2);
	return time / (double)data->repeats;
}

/* ---- where to begin ---- */

static const double starts[][FIT_PARAMETERS] = {
	/* r, alpha / r, a, b */
	{1, 1, 0.7, 1.5}, {0.3, 1, 0.8, 2.5}, {3, 1, 0.3, 3}, {0.6, 0.5, 2, 2}, {1, 1, 0.1, 8},
};
#define STARTS (sizeof starts / sizeof *starts)

/* Every so many-th customer. */
static void
sketch(const struct fit_data *data, struct fit_data *part)
{
	uint64_t every = data->count / SKETCH_CELLS + 1, seen = 0;

	for (size_t i = 0; i < data->count; i++) {
		struct fit_cell cell = data->cells[i];
		uint64_t before = seen / every;

		seen += cell.count;
		cell.count = (uint32_t)(seen / every - before);
		if (cell.count > 0)
			fit_data_add(part, cell);
	}
	fit_data_merge(part);
}

static void
begin(struct search *search, double *best)
{
	const struct minimise problem = {.value = unlikelihood,
					 .ctx = search,
					 .count = FIT_PARAMETERS,
					 .step = 0.5,
					 .near = 1e-2,
					 .level = 1e-2,
					 .budget = SKETCH_BUDGET};
	double least = (double)INFINITY;

	for (size_t i = 0; i < STARTS; i++) {
		double x[FIT_PARAMETERS];

		for (unsigned p = 0; p < FIT_PARAMETERS; p++)
			x[p] = log(starts[i][p]);
		x[FIT_ALPHA] += x[FIT_R];
		struct minimum found = minimise(&problem, x);

		if (i > 0 && !(found.value < least))
			continue;
		least = found.value;
		memcpy(best, x, sizeof x);
	}
}

static void
begin_with_part(struct search *search, double *x)
{
	struct fit_data part = {0}, *all = search->data;

	if (all->count <= SKETCH_CELLS) {
		begin(search, x);
		return;
	}
	sketch(all, &part);
	search->data = &part;
	begin(search, x);
	search->data = all;
	fit_data_finish(&part);
}

/* ---- how sure it is ---- */

typedef double matrix[FIT_PARAMETERS][FIT_PARAMETERS];

/* Second derivatives by central differences. */
static void
curvature(struct search *search, const double *at, matrix out)
{
	const double h = 1e-3;

	for (unsigned i = 0; i < FIT_PARAMETERS; i++)
		for (unsigned k = 0; k <= i; k++) {
			double sum = 0, x[FIT_PARAMETERS];

			for (int signs = 0; signs < 4; signs++) {
				int left = signs & 1 ? 1 : -1, right = signs & 2 ? 1 : -1;

				memcpy(x, at, sizeof x);
				x[i] += left * h;
				x[k] += right * h;
				sum += left * right * unlikelihood(search, x);
			}
			out[i][k] = out[k][i] = sum / (4 * h * h);
		}
}

/* Cholesky's factor below the diagonal and on it; false: the matrix has none. */
static bool
factor(matrix m)
{
	for (unsigned i = 0; i < FIT_PARAMETERS; i++)
		for (unsigned k = 0; k <= i; k++) {
			double sum = m[i][k];

			for (unsigned j = 0; j < k; j++)
				sum -= m[i][j] * m[k][j];
			if (i == k && !(sum > 0))
				return false;
			m[i][k] = i == k ? sqrt(sum) : sum / m[k][k];
		}
	return true;
}

/* Element p, p of the inverse: the length of the solution of L y = e_p, squared. */
static double
variance(matrix m, unsigned p)
{
	double y[FIT_PARAMETERS] = {0}, sum = 0;

	for (unsigned i = p; i < FIT_PARAMETERS; i++) {
		double left = i == p;

		for (unsigned j = p; j < i; j++)
			left -= m[i][j] * y[j];
		y[i] = left / m[i][i];
		sum += y[i] * y[i];
	}
	return sum;
}

/* That of a parameter is the parameter times that of its logarithm. */
static void
estimate_errors(struct search *search, const double *x, struct fit_result *out)
{
	matrix m;

	curvature(search, x, m);
	out->has_errors = factor(m);
	for (unsigned p = 0; out->has_errors && p < FIT_PARAMETERS; p++)
		out->errors[p] = *fit_parameter(&out->model, p) * sqrt(variance(m, p));
}

/* ---- the whole ---- */

static bool
can_be_fitted(const struct fit_data *data, struct err *err)
{
	if (data->customers < FIT_LEAST_CUSTOMERS)
		return err_set(
			err,
			"%llu customers are too few to fit a model, which takes %d; bring a "
			"longer history, or leave the model out",
			(unsigned long long)data->customers, FIT_LEAST_CUSTOMERS);
	if (data->longest == 0)
		return err_set(err, "all customers came on the last day: no time has passed in "
				    "which they could come back; take a longer history");
	if (data->repeaters < FIT_LEAST_REPEATERS)
		return err_set(
			err,
			"%llu of %llu customers came back on another day, and a model takes "
			"%d who did; a longer history may hold more, else judge such "
			"customers by silent()",
			(unsigned long long)data->repeaters,
			(unsigned long long)data->customers, FIT_LEAST_REPEATERS);
	return true;
}

static void
mark_bounds(const double *x, struct fit_result *out)
{
	const double close = log(FIT_BOUND / 2);

	for (unsigned p = 0; p < FIT_PARAMETERS; p++) {
		out->high |= (unsigned)(x[p] > close) << p;
		out->low |= (unsigned)(x[p] < -close) << p;
	}
}

/* What runs up is a limit that works as a model; rates that vanish are none. */
static bool
has_rates(const struct fit_result *result, struct err *err)
{
	if ((result->low & (1U << FIT_R | 1U << FIT_ALPHA)) == 0)
		return true;
	return err_set(err,
		       "these customers hold no model of this kind (r %.3g, alpha %.3g days): "
		       "nearly all came once, or only in a row at their beginning; judge them "
		       "by silent(), or fit parts of them with --by",
		       result->model.r, result->model.alpha);
}

/* From x down; a part of the data may have shown already where the ground is. */
static struct minimum
go_down(struct search *search, double near, double level, double *x)
{
	const struct minimise problem = {.value = unlikelihood,
					 .ctx = search,
					 .count = FIT_PARAMETERS,
					 .step = search->data->count > SKETCH_CELLS ? 0.02
										    : 0.05,
					 .near = near,
					 .level = level,
					 .budget = BUDGET};

	search->gap = mean_gap(search->data);
	begin_with_part(search, x);
	return minimise(&problem, x);
}

double
fit_compare(struct fit_data *data, enum rhythm_kind kind)
{
	struct search search = {.data = data, .kind = kind};
	double x[FIT_PARAMETERS];

	if (!can_be_fitted(data, NULL))
		return -(double)INFINITY;
	return -go_down(&search, 1e-2, 0.5, x).value;
}

bool
fit_nbd(struct fit_data *data, enum rhythm_kind kind, const struct fit_watch *watch,
	struct fit_result *out, struct err *err)
{
	struct search search = {.data = data, .kind = kind, .watch = watch, .expected = 1500};
	double x[FIT_PARAMETERS];

	if (!can_be_fitted(data, err))
		return false;
	struct minimum found = go_down(&search, 1e-6, 1e-7, x);

	*out = (struct fit_result){.model = model_at(&search, x),
				   .likelihood = -found.value,
				   .found = found.found};
	mark_bounds(x, out);
	if (!has_rates(out, err))
		return false;
	estimate_errors(&search, x, out);
	out->spent = search.spent;
	return true;
}

/* ---- digits ---- */

static double
round_to(double number, int digits)
{
	double scale = pow(10, digits - 1 - floor(log10(number)));

	return round(number * scale) / scale;
}

int
fit_round(struct fit_data *data, const struct rhythm_model *model, struct rhythm_model *rounded)
{
	double best = fit_likelihood(data, model);
	int digits = DIGITS_LEAST;

	for (; digits <= DIGITS_MOST; digits++) {
		*rounded = *model;
		for (unsigned p = 0; p < FIT_PARAMETERS; p++)
			*fit_parameter(rounded, p) =
				round_to(*fit_parameter(rounded, p), digits);
		if (best - fit_likelihood(data, rounded) < ROUNDING_LOSS)
			return digits;
	}
	return DIGITS_MOST;
}
