/* SPDX-License-Identifier: Apache-2.0 */
/* Logistic regression with a ridge: against weights found another way (tests/golden/logistic.py), and by its laws. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "engine/fit_logistic.h"

#include "golden_rows.h"
#include "lcg.h"

#define GOLDEN "tests/golden/logistic.txt"
#define COLUMNS 3
#define ROWS_MOST 400

static struct {
	double x[ROWS_MOST * COLUMNS];
	bool happened[ROWS_MOST];
	uint8_t fold[ROWS_MOST];
	size_t count;
} sample;

static struct fit_logistic_rows
rows_of_sample(void)
{
	return (struct fit_logistic_rows){sample.x, sample.happened, sample.fold, sample.count,
					  COLUMNS};
}

/* ---- golden ---- */

static void
take_sample(const struct golden_row *row, unsigned number)
{
	(void)number;
	sample.fold[sample.count] = (uint8_t)golden_int(row, 0);
	sample.happened[sample.count] = golden_int(row, 1) != 0;
	for (unsigned j = 0; j < COLUMNS; j++)
		sample.x[sample.count * COLUMNS + j] = strtod(row->words[2 + j], NULL);
	sample.count++;
}

static void
check_fit(const struct golden_row *row, unsigned number)
{
	struct fit_logistic_rows rows = rows_of_sample();
	struct fit_logistic fit = {0};
	int without = (int)golden_int(row, 1);
	double log = 0;

	(void)number;
	assert_true(
		fit_logistic_solve(&rows, without, strtod(row->words[0], NULL), &fit, NULL));
	assert_true(fabs(fit.intercept - row->values[0]) < 1e-9);
	for (unsigned j = 0; j < COLUMNS; j++)
		assert_true(fabs(fit.weight[j] - row->values[1 + j]) < 1e-9);
	for (size_t i = 0; i < sample.count; i++)
		if (sample.fold[i] != without)
			log += fit_logistic_log(
				fit_logistic_of(&fit, sample.x + i * COLUMNS, COLUMNS),
				sample.happened[i]);
	assert_true(fabs(log - row->values[1 + COLUMNS]) < 1e-9);
}

static void
weights_are_those_found_another_way(void **state)
{
	(void)state;
	sample.count = 0;
	golden_check(GOLDEN, "sample", 80, take_sample);
	golden_check(GOLDEN, "fit", 12, check_fit);
}

/* ---- laws ---- */

/* `sure`: the first column alone says what happened. */
static void
make_sample(uint64_t seed, size_t count, bool sure)
{
	struct lcg lcg = {seed};

	sample.count = count;
	for (size_t i = 0; i < count; i++) {
		double *x = sample.x + i * COLUMNS;
		for (unsigned j = 0; j < COLUMNS; j++)
			x[j] = (double)lcg_below(&lcg, 2001) / 1000 - 1;
		double chance = sure ? (x[0] > 0) : 1 / (1 + exp(-2 * x[0] + x[1]));
		sample.happened[i] = (double)lcg_below(&lcg, 1000) < 1000 * chance;
		sample.fold[i] = (uint8_t)(i % FIT_LOGISTIC_FOLDS);
	}
}

/* The slope in direction j (COLUMNS: the intercept), summed anew. */
static double
slope_of(const struct fit_logistic *fit, double lambda, unsigned j)
{
	double sum = 0;

	for (size_t i = 0; i < sample.count; i++) {
		const double *x = sample.x + i * COLUMNS;
		double p = 1 / (1 + exp(-fit_logistic_of(fit, x, COLUMNS)));
		sum += ((sample.happened[i] ? 1 : 0) - p) * (j < COLUMNS ? x[j] : 1);
	}
	return sum / (double)sample.count - (j < COLUMNS ? lambda * fit->weight[j] : 0);
}

static void
at_the_optimum_no_direction_leads_up(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		double lambda = pow(10, -(double)(seed % 6));
		struct fit_logistic fit = {0};
		make_sample(seed, 300, false);
		struct fit_logistic_rows rows = rows_of_sample();
		assert_true(fit_logistic_solve(&rows, -1, lambda, &fit, NULL));
		for (unsigned j = 0; j <= COLUMNS; j++)
			assert_true(fabs(slope_of(&fit, lambda, j)) < 1e-9);
	}
}

static void
the_way_there_does_not_matter(void **state)
{
	struct fit_logistic near = {0}, far = {.intercept = 30, .weight = {-20, 15, 8}};

	(void)state;
	make_sample(7, 300, false);
	struct fit_logistic_rows rows = rows_of_sample();
	assert_true(fit_logistic_solve(&rows, -1, 0.01, &near, NULL));
	assert_true(fit_logistic_solve(&rows, -1, 0.01, &far, NULL));
	for (unsigned j = 0; j < COLUMNS; j++)
		assert_true(fabs(near.weight[j] - far.weight[j]) < 1e-7);
}

static void
outcomes_that_are_certain_are_held_by_the_ridge(void **state)
{
	struct fit_logistic weak = {0}, strong = {0};

	(void)state;
	make_sample(3, 300, true);
	struct fit_logistic_rows rows = rows_of_sample();
	assert_true(fit_logistic_solve(&rows, -1, 1e-5, &weak, NULL));
	assert_true(fit_logistic_solve(&rows, -1, 1, &strong, NULL));
	assert_true(weak.weight[0] > 10 && weak.weight[0] < 1000);
	assert_true(strong.weight[0] > 0 && strong.weight[0] < 1);
}

static void
rows_of_one_outcome_teach_nothing(void **state)
{
	struct fit_logistic fit = {0};
	struct err err;

	(void)state;
	make_sample(5, 50, false);
	memset(sample.happened, 0, sizeof sample.happened);
	struct fit_logistic_rows rows = rows_of_sample();
	assert_false(fit_logistic_solve(&rows, -1, 0.1, &fit, &err));
	assert_non_null(strstr(err.text, "none of the 50 rows"));
	memset(sample.happened, 1, sizeof sample.happened);
	assert_false(fit_logistic_solve(&rows, -1, 0.1, &fit, &err));
	assert_non_null(strstr(err.text, "all of the 50 rows"));
}

static void
what_is_unknown_stands_at_the_mean(void **state)
{
	double x[] = {1, 5, NAN, 2, 5, NAN, 6, 5, NAN, NAN, 5, NAN}, mean[3], deviation[3];

	(void)state;
	fit_logistic_measure(x, 4, 3, mean, deviation);
	assert_true(mean[0] == 3 && fabs(deviation[0] - sqrt(7)) < 1e-12);
	assert_true(mean[1] == 5 && deviation[1] == 0);
	assert_true(mean[2] == 0 && deviation[2] == 0);
	fit_logistic_scale(x, 4, 3, mean, deviation);
	assert_true(fabs(x[0] + 2 / sqrt(7)) < 1e-12 && fabs(x[6] - 3 / sqrt(7)) < 1e-12);
	assert_true(x[9] == 0 && x[1] == 0 && x[2] == 0);
}

/* ---- ranking ---- */

static double
count_every_pair(const struct fit_logistic_scored *rows, size_t count)
{
	double pairs = 0, right = 0;

	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < count; k++) {
			if (!rows[i].happened || rows[k].happened ||
			    rows[i].group != rows[k].group)
				continue;
			pairs++;
			right += rows[i].score > rows[k].score	  ? 1
				 : rows[i].score == rows[k].score ? 0.5
								  : 0;
		}
	return right / pairs;
}

static void
auc_is_that_of_every_pair_within_its_group(void **state)
{
	struct fit_logistic_scored rows[200];

	(void)state;
	for (uint64_t seed = 1; seed <= 30; seed++) {
		struct lcg lcg = {seed};
		for (size_t i = 0; i < 200; i++)
			rows[i] = (struct fit_logistic_scored){
				(double)lcg_below(&lcg, seed * 5) - 20,
				(uint32_t)lcg_below(&lcg, 4), lcg_below(&lcg, 3) == 0};
		double expected = count_every_pair(rows, 200);
		assert_true(fabs(fit_logistic_auc(rows, 200) - expected) < 1e-12);
	}
}

static void
auc_of_no_pair_is_none(void **state)
{
	struct fit_logistic_scored rows[] = {{1, 0, true}, {2, 1, false}};

	(void)state;
	assert_true(isnan(fit_logistic_auc(rows, 2)));
	assert_true(isnan(fit_logistic_auc(rows, 0)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(weights_are_those_found_another_way),
		cmocka_unit_test(at_the_optimum_no_direction_leads_up),
		cmocka_unit_test(the_way_there_does_not_matter),
		cmocka_unit_test(outcomes_that_are_certain_are_held_by_the_ridge),
		cmocka_unit_test(rows_of_one_outcome_teach_nothing),
		cmocka_unit_test(what_is_unknown_stands_at_the_mean),
		cmocka_unit_test(auc_is_that_of_every_pair_within_its_group),
		cmocka_unit_test(auc_of_no_pair_is_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
