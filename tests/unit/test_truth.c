/* SPDX-License-Identifier: Apache-2.0 */
/* What makes a warning right, at the days and instants where it turns. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/civil.h"
#include "engine/truth.h"

#define HORIZON 91

static void
a_silence_is_a_churn_when_it_is_longer_than_the_horizon(void **state)
{
	static const struct {
		int64_t next, end;
		enum silence_outcome outcome;
	} rows[] = {
		{100 + HORIZON, 500, SILENCE_BACK},
		{100 + HORIZON + 1, 500, SILENCE_CHURN},
		{101, 500, SILENCE_BACK},
		{TRUTH_NONE, 100 + HORIZON, SILENCE_CHURN},
		{TRUTH_NONE, 100 + HORIZON - 1, SILENCE_OPEN},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(truth_silence_outcome((struct silence){100, rows[i].next},
						       HORIZON, rows[i].end),
				 rows[i].outcome);
}

static void
the_lead_of_a_silence_counts_to_the_day_at_which_it_is_a_churn(void **state)
{
	static const struct {
		int64_t next, end, warned;
		enum verdict verdict;
		double lead;
	} rows[] = {
		{TRUTH_NONE, 500, 100, VERDICT_HIT, HORIZON},
		{TRUTH_NONE, 500, 171, VERDICT_HIT, 20},
		{TRUTH_NONE, 500, 190, VERDICT_HIT, 1},
		{TRUTH_NONE, 500, 191, VERDICT_LATE, 0},
		{400, 500, 171, VERDICT_HIT, 20},
		{400, 500, 300, VERDICT_LATE, 0},
		{191, 500, 190, VERDICT_FALSE, 0},
		{TRUTH_NONE, 190, 180, VERDICT_UNRESOLVED, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct judgement judged =
			truth_by_silence((struct silence){100, rows[i].next}, HORIZON,
					 rows[i].end, rows[i].warned);

		assert_int_equal(judged.verdict, rows[i].verdict);
		assert_true(judged.lead_days == rows[i].lead);
	}
}

static void
a_churn_that_is_told_proves_warnings_of_the_horizon_before_it(void **state)
{
	const int64_t horizon = 28 * DAY_MS, at = 1000 * DAY_MS;
	const struct {
		int64_t churned_at, end;
		enum verdict verdict;
		double lead;
	} rows[] = {
		{at + horizon, at + 100 * DAY_MS, VERDICT_HIT, 28},
		{at + 1, at + 100 * DAY_MS, VERDICT_HIT, 1.0 / (double)DAY_MS},
		{at + horizon + 1, at + 100 * DAY_MS, VERDICT_FALSE, 0},
		{TRUTH_NONE, at + horizon, VERDICT_FALSE, 0},
		{TRUTH_NONE, at + horizon - 1, VERDICT_UNRESOLVED, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct judgement judged =
			truth_by_churn(at, rows[i].churned_at, horizon, rows[i].end);

		assert_int_equal(judged.verdict, rows[i].verdict);
		assert_true(judged.lead_days == rows[i].lead);
	}
}

static void
a_churn_is_foreseen_by_a_recent_warning_or_one_that_is_still_on(void **state)
{
	const int64_t horizon = 28 * DAY_MS, at = 1000 * DAY_MS;

	(void)state;
	assert_true(truth_foreseen(at, at - horizon, false, horizon));
	assert_false(truth_foreseen(at, at - horizon - 1, false, horizon));
	assert_true(truth_foreseen(at, at - horizon - 1, true, horizon));
	assert_false(truth_foreseen(at, TRUTH_NONE, false, horizon));
}

static void
figures_of_nothing_are_no_numbers(void **state)
{
	(void)state;
	assert_true(isnan(truth_precision(0, 0)));
	assert_true(isnan(truth_recall(0, 0)));
	assert_true(isnan(truth_f1(truth_precision(0, 0), 1)));
	assert_true(isnan(truth_f1(1, truth_recall(0, 0))));
	assert_true(truth_precision(3, 1) == 0.75);
	assert_true(truth_recall(0, 5) == 0);
	assert_true(truth_f1(0, 0) == 0);
	assert_true(truth_f1(0.5, 0.5) == 0.5);
	assert_true(fabs(truth_f1(0.75, 0.5) - 0.6) < 1e-15);
}

static void
a_verdict_has_a_word(void **state)
{
	(void)state;
	assert_string_equal(truth_name(VERDICT_HIT), "hit");
	assert_string_equal(truth_name(VERDICT_FALSE), "false");
	assert_string_equal(truth_name(VERDICT_LATE), "late");
	assert_string_equal(truth_name(VERDICT_UNRESOLVED), "unresolved");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_silence_is_a_churn_when_it_is_longer_than_the_horizon),
		cmocka_unit_test(
			the_lead_of_a_silence_counts_to_the_day_at_which_it_is_a_churn),
		cmocka_unit_test(a_churn_that_is_told_proves_warnings_of_the_horizon_before_it),
		cmocka_unit_test(
			a_churn_is_foreseen_by_a_recent_warning_or_one_that_is_still_on),
		cmocka_unit_test(figures_of_nothing_are_no_numbers),
		cmocka_unit_test(a_verdict_has_a_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
