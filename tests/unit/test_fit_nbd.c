/* SPDX-License-Identifier: Apache-2.0 */
/* Fitting against figures computed another way (tests/golden/fit.py), published ones, and customers whose parameters are known. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/chance.h"
#include "engine/fit_nbd.h"

#define GOLDEN "tests/golden/fit.txt"
#define CDNOW "golden/bgnbd_cdnow39.csv"

/* ---- golden rows ---- */

static enum rhythm_kind
kind_of(const char *word)
{
	return strcmp(word, "bg_nbd") == 0 ? RHYTHM_BG_NBD : RHYTHM_MBG_NBD;
}

struct row {
	struct rhythm_model model;
	struct fit_cell cell;
	double value;
};

/* "NAME kind r alpha a b x tx t = value" */
static bool
read_row(const char *line, const char *name, struct row *row)
{
	char word[20], kind[20];

	if (sscanf(line, "%19s %19s %lf %lf %lf %lf %u %u %u = %lf", word, kind, &row->model.r,
		   &row->model.alpha, &row->model.a, &row->model.b, &row->cell.x, &row->cell.tx,
		   &row->cell.t, &row->value) != 10 ||
	    strcmp(word, name) != 0)
		return false;
	row->model.kind = kind_of(kind);
	row->cell.count = 1;
	return true;
}

static double
likelihood_of(const struct rhythm_model *model, struct fit_cell cell)
{
	struct fit_data data = {0};

	fit_data_add(&data, cell);
	fit_data_merge(&data);
	double value = fit_likelihood(&data, model);

	fit_data_finish(&data);
	return value;
}

static void
check_rows(const char *name, unsigned least, double near)
{
	FILE *file = fopen(GOLDEN, "r");
	char line[256];
	unsigned rows = 0;
	struct row row;

	assert_non_null(file);
	while (fgets(line, sizeof line, file) != NULL) {
		if (!read_row(line, name, &row))
			continue;
		double got = likelihood_of(&row.model, row.cell);

		rows++;
		if (!(fabs(got - row.value) <= near * fmax(1, fabs(row.value))))
			fail_msg("%s: %.17g", line, got);
	}
	fclose(file);
	assert_true(rows >= least);
}

static void
the_likelihood_is_that_of_the_papers_up_to_thousands_of_active_days(void **state)
{
	(void)state;
	check_rows("likelihood", 140, 1e-11);
}

static void
the_likelihood_is_the_integral_over_rates_and_chances_to_leave(void **state)
{
	(void)state;
	check_rows("integral", 12, 1e-7);
}

/* ---- maxima ---- */

static struct fit_result
fit(struct fit_data *data, enum rhythm_kind kind)
{
	struct fit_result result = {0};
	struct err err;

	fit_data_merge(data);
	if (!fit_nbd(data, kind, NULL, &result, &err))
		fail_msg("%s", err.text);
	return result;
}

static void
read_cells(struct fit_data *data)
{
	FILE *file = fopen(GOLDEN, "r");
	char line[256];
	struct fit_cell cell;

	assert_non_null(file);
	while (fgets(line, sizeof line, file) != NULL)
		if (sscanf(line, "cell %u %u %u %u", &cell.x, &cell.tx, &cell.t, &cell.count) ==
		    4)
			fit_data_add(data, cell);
	fclose(file);
}

static void
assert_close(double got, double want, double share)
{
	if (!(fabs(got - want) <= share * fabs(want)))
		fail_msg("%.12g, not %.12g", got, want);
}

static void
a_fit_is_the_maximum_that_another_method_finds(void **state)
{
	FILE *file = fopen(GOLDEN, "r");
	char line[256], kind[20];
	double r, alpha, a, b, value;
	struct fit_data data = {0};
	unsigned rows = 0;

	(void)state;
	read_cells(&data);
	assert_int_equal(data.customers, 400);
	while (fgets(line, sizeof line, file) != NULL) {
		if (sscanf(line, "maximum %19s %lf %lf %lf %lf = %lf", kind, &r, &alpha, &a, &b,
			   &value) != 6)
			continue;
		struct fit_result got = fit(&data, kind_of(kind));

		rows++;
		assert_true(got.found && got.has_errors);
		assert_close(got.model.r, r, 1e-4);
		assert_close(got.model.alpha, alpha, 1e-4);
		assert_close(got.model.a, a, 1e-4);
		assert_close(got.model.b, b, 1e-4);
		assert_close(got.likelihood, value, 1e-10);
		assert_true(fit_compare(&data, kind_of(kind)) <= value + 1e-6);
		assert_true(fit_compare(&data, kind_of(kind)) > value - 0.5);
	}
	fclose(file);
	fit_data_finish(&data);
	assert_int_equal(rows, 2);
}

static void
standard_errors_are_those_of_the_curvature_at_the_maximum(void **state)
{
	FILE *file = fopen(GOLDEN, "r");
	char line[256], kind[20];
	double want[FIT_PARAMETERS];
	struct fit_data data = {0};
	unsigned rows = 0;

	(void)state;
	read_cells(&data);
	while (fgets(line, sizeof line, file) != NULL) {
		if (sscanf(line, "errors %19s %lf %lf %lf %lf", kind, &want[FIT_R],
			   &want[FIT_ALPHA], &want[FIT_A], &want[FIT_B]) != 5)
			continue;
		struct fit_result got = fit(&data, kind_of(kind));

		rows++;
		for (unsigned p = 0; p < FIT_PARAMETERS; p++)
			assert_close(got.errors[p], want[p], 1e-3);
	}
	fclose(file);
	fit_data_finish(&data);
	assert_int_equal(rows, 2);
}

/* As often as they are few, and as often as they are many to one cell. */
static void
the_likelihood_adds_up_over_customers(void **state)
{
	const struct rhythm_model model = {RHYTHM_MBG_NBD, 0.525, 43.3, 0.891, 1.614};

	(void)state;
	for (unsigned times = 1; times <= 1000; times *= 10) {
		struct fit_data data = {0};
		double sum = 0;

		read_cells(&data);
		fit_data_merge(&data);
		for (size_t i = 0; i < data.count; i++) {
			struct fit_cell one = data.cells[i];

			one.count = 1;
			data.cells[i].count *= times;
			sum += data.cells[i].count * likelihood_of(&model, one);
		}
		assert_close(fit_likelihood(&data, &model), sum, 1e-12);
		fit_data_finish(&data);
	}
}

static void
equal_customers_are_one_cell(void **state)
{
	struct fit_data data = {0};

	(void)state;
	fit_data_add(&data, (struct fit_cell){1, 2, 3, 4});
	fit_data_add(&data, (struct fit_cell){0, 0, 3, 1});
	fit_data_add(&data, (struct fit_cell){1, 2, 3, 5});
	fit_data_add(&data, (struct fit_cell){1, 2, 4, 1});
	fit_data_merge(&data);
	assert_int_equal(data.count, 3);
	assert_int_equal(data.cells[1].count, 9);
	assert_int_equal(data.customers, 11);
	assert_int_equal(data.repeaters, 10);
	assert_int_equal(data.repeats, 10);
	fit_data_finish(&data);
}

/* ---- cdnow ---- */

static FILE *
open_cdnow(void)
{
	const char *folder = getenv("CHURND_DATA");
	char path[1024];

	snprintf(path, sizeof path, "%s/%s", folder != NULL ? folder : "../shared/data", CDNOW);
	FILE *file = fopen(path, "r");

	if (file == NULL) {
		print_message("%s is not there\n", path);
		skip();
	}
	return file;
}

struct cdnow {
	unsigned x, tx, t;
	double alive, silent_13, silent_39, gap_13;	      /* bg_nbd, weeks */
	double modified_alive, modified_silent, modified_gap; /* mbg_nbd, 13 weeks */
};

static bool
next_cdnow(FILE *file, struct cdnow *row)
{
	char line[512];

	while (fgets(line, sizeof line, file) != NULL)
		if (sscanf(line, "%*[^,],%u,%u,%u,%lf,%lf,%lf,%lf,%lf,%lf,%lf", &row->x,
			   &row->tx, &row->t, &row->alive, &row->silent_13, &row->silent_39,
			   &row->gap_13, &row->modified_alive, &row->modified_silent,
			   &row->modified_gap) == 10)
			return true;
	return false;
}

/* Fader, Hardie, Lee 2005, table 2: r 0.243, alpha 4.414 weeks, a 0.793, b 2.426, LL -9582.4 in weeks. */
static void
the_fit_of_cdnow_is_the_published_one(void **state)
{
	struct fit_data data = {0};
	struct cdnow row;
	FILE *file = open_cdnow();

	(void)state;
	while (next_cdnow(file, &row))
		fit_data_add(&data, (struct fit_cell){row.x, row.tx, row.t, 1});
	fclose(file);
	assert_int_equal(data.customers, 2357);
	struct fit_result got = fit(&data, RHYTHM_BG_NBD);

	assert_true(fabs(got.model.r - 0.243) < 0.0005);
	assert_true(fabs(got.model.alpha / 7 - 4.414) < 0.005);
	assert_true(fabs(got.model.a - 0.793) < 0.0005);
	assert_true(fabs(got.model.b - 2.426) < 0.0005);
	assert_true(fabs(got.likelihood + (double)data.repeats * log(7) - -9582.4) < 0.05);
	fit_data_finish(&data);
}

static void
assert_same(double got, double want)
{
	if (!(fabs(got - want) < 1e-6))
		fail_msg("%.9g, not %.9g", got, want);
}

static void
what_models_say_of_cdnow_is_what_its_table_says(void **state)
{
	const struct rhythm_model bg = {RHYTHM_BG_NBD, 0.243, 4.414, 0.793, 2.426};
	const struct rhythm_model mbg = {RHYTHM_MBG_NBD, 0.5248, 6.1831, 0.8914, 1.614};
	struct cdnow row;
	unsigned rows = 0;
	FILE *file = open_cdnow();

	(void)state;
	for (; next_cdnow(file, &row); rows++) {
		struct rhythm rhythm = {row.x, row.tx / 7.0};
		double t = row.t / 7.0;

		assert_same(rhythm_alive(&bg, rhythm, t), row.alive);
		assert_same(rhythm_silent(&bg, rhythm, t, 13), row.silent_13);
		assert_same(rhythm_silent(&bg, rhythm, t, 39), row.silent_39);
		assert_same(rhythm_gap(&bg, rhythm, t, 13), row.gap_13);
		assert_same(rhythm_alive(&mbg, rhythm, t), row.modified_alive);
		assert_same(rhythm_silent(&mbg, rhythm, t, 13), row.modified_silent);
		assert_same(rhythm_gap(&mbg, rhythm, t, 13), row.modified_gap);
	}
	fclose(file);
	assert_int_equal(rows, 2357);
}

/* ---- customers whose parameters are known ---- */

static double
draw_normal(struct chance *chance)
{
	double u = 1 - chance_share(chance), v = chance_share(chance);

	return sqrt(-2 * log(u)) * cos(2 * acos(-1) * v);
}

/* Marsaglia and Tsang 2000; below 1 by their boost. */
static double
draw_gamma(struct chance *chance, double shape)
{
	double d = (shape < 1 ? shape + 1 : shape) - 1.0 / 3, c = 1 / sqrt(9 * d);
	double boost = shape < 1 ? pow(1 - chance_share(chance), 1 / shape) : 1;

	for (;;) {
		double x = draw_normal(chance), v = pow(1 + c * x, 3);
		double u = 1 - chance_share(chance);

		if (v > 0 && log(u) < x * x / 2 + d - d * v + d * log(v))
			return boost * d * v;
	}
}

/* Leaves after an active day with a chance of its own; first active days lie all over the first half. */
static struct fit_cell
draw_customer(struct chance *chance, const struct rhythm_model *model, unsigned span)
{
	double rate = draw_gamma(chance, model->r) / model->alpha;
	double a = draw_gamma(chance, model->a), b = draw_gamma(chance, model->b), at = 0;
	struct fit_cell cell = {.count = 1};

	cell.t = span - (unsigned)(chance_share(chance) * span / 2);
	for (bool first = true;; first = false) {
		bool may = !first || model->kind == RHYTHM_MBG_NBD;

		if (may && chance_share(chance) < a / (a + b))
			return cell;
		at -= log(1 - chance_share(chance)) / rate;
		if (!(at < cell.t + 1.0))
			return cell;
		cell.x += (unsigned)at > cell.tx;
		cell.tx = (unsigned)at;
	}
}

static void
draw_customers(struct fit_data *data, const struct rhythm_model *model, unsigned count,
	       unsigned span)
{
	for (unsigned i = 0; i < count; i++) {
		struct chance chance = chance_of(41, i, 0, 0);

		fit_data_add(data, draw_customer(&chance, model, span));
	}
}

static void
simulated_customers_give_their_parameters_back(void **state)
{
	static const struct rhythm_model models[] = {
		{RHYTHM_BG_NBD, 0.8, 300, 0.8, 2.4},
		{RHYTHM_MBG_NBD, 0.5, 200, 0.9, 1.6},
		{RHYTHM_MBG_NBD, 2.5, 900, 0.5, 4},
	};

	(void)state;
	for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
		struct rhythm_model model = models[i];
		struct fit_data data = {0};

		draw_customers(&data, &model, 8000, 4000);
		struct fit_result got = fit(&data, model.kind);

		assert_true(got.has_errors && got.high == 0 && got.low == 0);
		for (unsigned p = 0; p < FIT_PARAMETERS; p++) {
			double want = *fit_parameter(&model, (enum fit_parameter)p);
			double is = *fit_parameter(&got.model, (enum fit_parameter)p);

			assert_true(got.errors[p] < 0.25 * want);
			if (!(fabs(is - want) < 3 * got.errors[p]))
				fail_msg("%s %g: %g +- %g",
					 fit_parameter_name((enum fit_parameter)p), want, is,
					 got.errors[p]);
		}
		fit_data_finish(&data);
	}
}

/* Of many customers a part is looked at first; the maximum is that of all. */
static void
customers_in_their_tens_of_thousands_are_fitted_as_few_are(void **state)
{
	const struct rhythm_model model = {RHYTHM_MBG_NBD, 0.7, 30, 0.8, 2};
	struct fit_data data = {0};

	(void)state;
	draw_customers(&data, &model, 60000, 600);
	struct fit_result got = fit(&data, RHYTHM_MBG_NBD);

	assert_true(data.count > 20000);
	assert_true(got.found && got.has_errors);
	for (unsigned p = 0; p < FIT_PARAMETERS; p++)
		for (int sign = -1; sign <= 1; sign += 2) {
			struct rhythm_model beside = got.model;

			*fit_parameter(&beside, (enum fit_parameter)p) +=
				sign * 0.05 * got.errors[p];
			assert_true(fit_likelihood(&data, &beside) < got.likelihood);
		}
	fit_data_finish(&data);
}

/* ---- what must not matter ---- */

static void
neither_order_nor_unit_of_time_matters(void **state)
{
	struct fit_data data = {0}, other = {0};

	(void)state;
	read_cells(&data);
	for (size_t i = data.count; i-- > 0;) {
		struct fit_cell cell = data.cells[i];
		unsigned count = cell.count;

		cell.count = 1;
		for (unsigned k = 0; k < count; k++)
			fit_data_add(&other, cell);
	}
	struct fit_result one = fit(&data, RHYTHM_MBG_NBD), same = fit(&other, RHYTHM_MBG_NBD);

	assert_int_equal(other.count, data.count);
	assert_memory_equal(&one.model, &same.model, sizeof one.model);
	for (size_t i = 0; i < other.count; i++) {
		other.cells[i].tx *= 24;
		other.cells[i].t *= 24;
	}
	other.longest *= 24;
	struct fit_result hours = fit(&other, RHYTHM_MBG_NBD);

	assert_close(hours.model.alpha, 24 * one.model.alpha, 1e-4);
	assert_close(hours.model.b, one.model.b, 1e-4);
	assert_close(hours.likelihood, one.likelihood - (double)data.repeats * log(24), 1e-9);
	fit_data_finish(&data);
	fit_data_finish(&other);
}

static void
rounded_parameters_cost_no_likelihood(void **state)
{
	struct fit_data data = {0}, many = {0};
	struct rhythm_model rounded;

	(void)state;
	read_cells(&data);
	struct fit_result few = fit(&data, RHYTHM_MBG_NBD);

	assert_int_equal(fit_round(&data, &few.model, &rounded), 4);
	assert_true(few.likelihood - fit_likelihood(&data, &rounded) < 1e-3);
	fit_data_add_all(&many, &data);
	for (size_t i = 0; i < many.count; i++)
		many.cells[i].count *= 10000;
	many.customers *= 10000;
	fit_data_merge(&many);
	assert_true(fit_round(&many, &few.model, &rounded) > 4);
	assert_true(fit_likelihood(&many, &few.model) - fit_likelihood(&many, &rounded) < 1e-3);
	fit_data_finish(&data);
	fit_data_finish(&many);
}

/* ---- what cannot be fitted ---- */

static void
expect_refusal(struct fit_data *data, const char *words)
{
	struct fit_result result;
	struct err err = {""};

	fit_data_merge(data);
	assert_false(fit_nbd(data, RHYTHM_MBG_NBD, NULL, &result, &err));
	if (strstr(err.text, words) == NULL)
		fail_msg("\"%s\" says nothing of \"%s\"", err.text, words);
	fit_data_finish(data);
}

static void
what_cannot_be_fitted_is_said(void **state)
{
	struct fit_data data = {0};

	(void)state;
	expect_refusal(&data, "0 customers are too few");
	fit_data_add(&data, (struct fit_cell){3, 40, 60, 29});
	expect_refusal(&data, "29 customers are too few");
	fit_data_add(&data, (struct fit_cell){0, 0, 0, 5000});
	expect_refusal(&data, "no time has passed");
	fit_data_add(&data, (struct fit_cell){0, 0, 90, 5000});
	expect_refusal(&data, "0 of 5000 customers came back");
	fit_data_add(&data, (struct fit_cell){0, 0, 90, 5000});
	fit_data_add(&data, (struct fit_cell){2, 30, 90, 9});
	expect_refusal(&data, "9 of 5009 customers came back");
	fit_data_add(&data, (struct fit_cell){0, 0, 90, 50000});
	fit_data_add(&data, (struct fit_cell){40, 80, 90, 12});
	expect_refusal(&data, "hold no model of this kind");
}

/* They leave as known, and come all at the same rate. */
static void
a_parameter_without_an_end_stands_at_its_bound_and_is_told(void **state)
{
	const struct rhythm_model alike = {RHYTHM_MBG_NBD, 1e6, 2e7, 0.8, 2};
	const struct rhythm_model loyal = {RHYTHM_MBG_NBD, 1, 20, 1e-9, 1};
	struct fit_data data = {0};

	(void)state;
	draw_customers(&data, &alike, 2000, 400);
	struct fit_result got = fit(&data, RHYTHM_MBG_NBD);

	assert_true((got.high >> FIT_R & 1) != 0 && got.model.r <= FIT_BOUND);
	assert_close(got.model.alpha / got.model.r, 20, 0.1);
	fit_data_finish(&data);
	draw_customers(&data, &loyal, 2000, 400);
	got = fit(&data, RHYTHM_MBG_NBD);
	assert_true((got.high >> FIT_B & 1) != 0 || (got.low >> FIT_A & 1) != 0);
	assert_true(got.model.a / got.model.b < 1e-3);
	assert_close(got.model.r, 1, 0.2);
	fit_data_finish(&data);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			the_likelihood_is_that_of_the_papers_up_to_thousands_of_active_days),
		cmocka_unit_test(
			the_likelihood_is_the_integral_over_rates_and_chances_to_leave),
		cmocka_unit_test(a_fit_is_the_maximum_that_another_method_finds),
		cmocka_unit_test(standard_errors_are_those_of_the_curvature_at_the_maximum),
		cmocka_unit_test(the_likelihood_adds_up_over_customers),
		cmocka_unit_test(equal_customers_are_one_cell),
		cmocka_unit_test(the_fit_of_cdnow_is_the_published_one),
		cmocka_unit_test(what_models_say_of_cdnow_is_what_its_table_says),
		cmocka_unit_test(simulated_customers_give_their_parameters_back),
		cmocka_unit_test(customers_in_their_tens_of_thousands_are_fitted_as_few_are),
		cmocka_unit_test(neither_order_nor_unit_of_time_matters),
		cmocka_unit_test(rounded_parameters_cost_no_likelihood),
		cmocka_unit_test(what_cannot_be_fitted_is_said),
		cmocka_unit_test(a_parameter_without_an_end_stands_at_its_bound_and_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
