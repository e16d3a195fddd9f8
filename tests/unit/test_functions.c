/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of a sum's values and of rows of days: which days they read, when they are unknown, when they turn. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ask.h"
#include "base/mem.h"
#include "codec/record.h"
#include "lcg.h"

/* ---- values of a sum ---- */

static void
expect_of_payments(const char *rules, bool known, double expected)
{
	struct scene scene;

	scene_init(&scene, rules);
	scene_send(&scene, DAY0 - 9 * DAY_MS, "c", "pay", "value=1000", NULL);
	scene_send(&scene, DAY0 + HOUR_MS, "c", "pay", "value=20.5", NULL);
	scene_send(&scene, DAY0 + 2 * HOUR_MS, "c", "pay", "value=-3", NULL);
	scene_send(&scene, DAY0 + DAY_MS, "c", "pay", "value=7", NULL);
	scene_send(&scene, DAY0 + DAY_MS, "c", "pay", NULL); /* no value: it does not count */
	scene_advance(&scene, DAY0 + 3 * DAY_MS);
	if (known)
		assert_number(&scene, DAY0 + 3 * DAY_MS, expected);
	else
		assert_unknown(&scene, DAY0 + 3 * DAY_MS);
	scene_finish(&scene);
}

static void
max_min_avg_are_the_largest_smallest_and_mean_of_the_values(void **state)
{
	(void)state;
	expect_of_payments(RULE("max(pay[7d]) > 1"), true, 20.5);
	expect_of_payments(RULE("min(pay[7d]) > 1"), true, -3);
	expect_of_payments(RULE("avg(pay[7d]) > 1"), true, 24.5 / 3);
	expect_of_payments(RULE("max(pay[30d]) > 1"), true, 1000);
	expect_of_payments(RULE("max(pay[7d offset 7d]) > 1"), true, 1000);
}

static void
max_min_avg_of_nothing_are_unknown_and_sum_is_0(void **state)
{
	(void)state;
	expect_of_payments(RULE("max(pay[3d offset 3d]) > 1"), false, 0);
	expect_of_payments(RULE("min(pay[3d offset 3d]) > 1"), false, 0);
	expect_of_payments(RULE("avg(pay[3d offset 3d]) > 1"), false, 0);
	expect_of_payments(RULE("sum(pay[3d offset 3d]) > 1"), true, 0);
}

static void
max_of_hours_moves_with_the_hours(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene, RULE("max(pay[3h live]) > 10"));
	scene_send(&scene, at("2026-03-01 10:30"), "c", "pay", "value=50", NULL);
	scene_send(&scene, at("2026-03-01 12:30"), "c", "pay", "value=5", NULL);
	scene_advance(&scene, at("2026-03-02 00:00"));
	scene_expect(&scene, "2026-03-01T10:30:00.000Z c rule.fired r risk=10 cause=event\n"
			     "2026-03-01T13:00:00.000Z c rule.cleared r risk=0 cause=time\n");
	scene_finish(&scene);
}

/* What max() reads lies beside the sum, in the record and over an edit of the rules. */
static void
extremes_are_kept_in_records_and_over_edits(void **state)
{
	struct scene scene;
	struct buf bytes = {0}, again = {0};
	struct stream_id applied = {1, 2};
	struct err err;

	(void)state;
	scene_init(&scene, RULE("max(pay[7d]) > 1"));
	scene_send(&scene, DAY0 + HOUR_MS, "c", "pay", "value=20.5", NULL);
	scene_send(&scene, DAY0 + DAY_MS, "c", "pay", "value=-7", NULL);
	record_encode(&bytes, engine_rules(scene.engine), engine_at(scene.engine, 0), applied);
	struct customer *read = record_decode(engine_rules(scene.engine), STR("c"),
					      buf_view(&bytes), &applied, &err);
	assert_non_null(read);
	record_encode(&again, engine_rules(scene.engine), read, applied);
	assert_true(str_eq(buf_view(&bytes), buf_view(&again)));
	customer_finish(read);
	mem_free(read);
	scene_change(&scene, DAY0 + 2 * DAY_MS, RULE("max(pay[6d]) > 2"));
	assert_number(&scene, DAY0 + 2 * DAY_MS, 20.5);
	buf_finish(&bytes);
	buf_finish(&again);
	scene_finish(&scene);
}

static void
change_is_the_ratio_less_one_and_unknown_below_min_events(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene, RULE("change(a[2d], a[2d offset 2d], min_events=4) < 0"));
	scene_send(&scene, DAY0 - 30 * DAY_MS, "c", "other", NULL);
	for (int i = 0; i < 4; i++)
		scene_send(&scene, DAY0 + i * HOUR_MS, "c", "a", NULL);
	scene_send(&scene, DAY0 + 2 * DAY_MS, "c", "a", NULL);
	assert_number(&scene, DAY0 + 4 * DAY_MS + HOUR_MS, -0.75);
	assert_unknown(&scene, DAY0 + 6 * DAY_MS + HOUR_MS);
	scene_finish(&scene);
}

/* ---- rows of days ---- */

static void
trend_is_the_slope_over_observed_days_and_unknown_below_3(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene, RULE("trend(a[5d]) < 0"));
	for (int day = 0; day < 4; day++)
		for (int i = 0; i <= 2 * day; i++)
			scene_send(&scene, DAY0 + day * DAY_MS + i, "c", "a", NULL);
	assert_unknown(&scene, DAY0 + 2 * DAY_MS + HOUR_MS);
	/* 1 3 5 7 on the 4 days since the customer was first seen; the 5th was not observed. */
	assert_number(&scene, DAY0 + 4 * DAY_MS + HOUR_MS, 2);
	/* 1 3 5 7 0 */
	assert_number(&scene, DAY0 + 5 * DAY_MS + HOUR_MS, 0.2);
	scene_finish(&scene);
}

static void
trend_and_ewma_of_a_sum_are_of_its_values(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene, RULE("trend(pay[3d]) < 0"));
	for (int day = 0; day < 3; day++)
		scene_send(&scene, DAY0 + day * DAY_MS, "c", "pay",
			   day ? "value=20" : "value=10", NULL);
	assert_number(&scene, DAY0 + 3 * DAY_MS + HOUR_MS, 5);
	scene_finish(&scene);
}

static void
ewma_weighs_a_day_half_as_much_per_half_life(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene, RULE("ewma(a, 1d) > 100"));
	scene_send(&scene, DAY0, "c", "a", NULL);
	scene_send(&scene, DAY0 + 1, "c", "a", NULL);
	assert_unknown(&scene, DAY0 + HOUR_MS); /* no closed day was observed yet */
	assert_number(&scene, DAY0 + DAY_MS + HOUR_MS, 2);
	assert_number(&scene, DAY0 + 2 * DAY_MS + HOUR_MS, 2 * 0.5 / 1.5);
	assert_number(&scene, DAY0 + 3 * DAY_MS + HOUR_MS, 2 * 0.25 / 1.75);
	/* 10 half-lives back, no further. */
	scene_advance(&scene, DAY0 + 11 * DAY_MS + HOUR_MS);
	assert_number(&scene, DAY0 + 11 * DAY_MS + HOUR_MS, 0);
	scene_finish(&scene);
}

/* 2 a day for 91 days, then nothing: each day adds 2 (1 - rho), and the rise stays at 0. */
static void
expect_of_a_fade(const char *rules, int silent_days, bool known, double expected)
{
	struct scene scene;
	int64_t now = DAY0 + (91 + silent_days) * DAY_MS + HOUR_MS;

	scene_init(&scene, rules);
	for (int i = 0; i < 2 * 91; i++)
		scene_send(&scene, DAY0 + i * 12 * HOUR_MS, "c", "a", NULL);
	scene_advance(&scene, now);
	if (known)
		assert_number(&scene, now, expected);
	else
		assert_unknown(&scene, now);
	scene_finish(&scene);
}

static void
cusum_drop_gathers_what_is_missing_over_91_days(void **state)
{
	const double log_half = log(0.5);

	(void)state;
	expect_of_a_fade(RULE("cusum_drop(a, 0.5) > 500"), 91, true, 91.0);
	/* 81 steady days before: each of them brings it back to 0, as 2 log(0.5) + 1 is under 0. */
	assert_true(2 * log_half + 1 < 0);
	expect_of_a_fade(RULE("cusum_drop(a, 0.5) > 500"), 10, true, 10.0);
	expect_of_a_fade(RULE("cusum_rise(a, 2) > 500"), 91, true, 0);
}

static void
cusum_is_unknown_under_min_events_in_the_91_days_before(void **state)
{
	(void)state;
	/* 19 events in the baseline 10 days after the start of the second half */
	expect_of_a_fade(RULE("cusum_drop(a, 0.5) > 500"), 0, false, 0);
	expect_of_a_fade(RULE("cusum_drop(a, 0.5) > 500"), 9, false, 0);
	expect_of_a_fade(RULE("cusum_drop(a, 0.5) > 500"), 173, false, 0);
}

static void
cusum_rise_gathers_what_is_too_much(void **state)
{
	struct scene scene;
	int64_t now = DAY0 + 101 * DAY_MS + HOUR_MS;

	(void)state;
	scene_init(&scene, RULE("cusum_rise(a, 1.5) > 500"));
	for (int day = 0; day < 101; day++)
		for (int i = 0; i < (day < 91 ? 2 : 6); i++)
			scene_send(&scene, DAY0 + day * DAY_MS + i, "c", "a", NULL);
	scene_advance(&scene, now);
	assert_number(&scene, now, 10 * (6 * log(1.5) - 2 * 0.5));
	scene_finish(&scene);
}

static void
rows_turn_at_the_close_of_a_day(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene, RULE("ewma(a, 1d) < 0.3"));
	scene_send(&scene, DAY0, "c", "a", NULL);
	scene_advance(&scene, DAY0 + 9 * DAY_MS);
	/* 1, 1/3, 1/7 */
	scene_expect(&scene, "2026-03-04T00:10:00.000Z c rule.fired r risk=10 cause=time\n");
	scene_finish(&scene);
	scene_init(&scene, RULE("cusum_drop(a, 0.5) > 9.5"));
	for (int i = 0; i < 2 * 91; i++)
		scene_send(&scene, DAY0 + i * 12 * HOUR_MS, "c", "a", NULL);
	scene_clear(&scene);
	scene_advance(&scene, DAY0 + 120 * DAY_MS);
	scene_expect(&scene, "2026-06-10T00:10:00.000Z c rule.fired r risk=10 cause=time\n");
	scene_finish(&scene);
}

/* 1 1 9 1 events a day: without the third day nothing rises. */
static void
suspect_days_are_no_days_of_a_row(void **state)
{
	struct scene scene;
	int64_t now = DAY0 + 4 * DAY_MS + HOUR_MS;

	(void)state;
	scene_init(&scene, RULE("trend(a[4d]) > 0"));
	for (int day = 0; day < 4; day++)
		for (int i = 0; i < (day == 2 ? 9 : 1); i++)
			scene_send(&scene, DAY0 + day * DAY_MS + i, "c", "a", NULL);
	assert_number(&scene, now, 0.8);
	suspect_days(&scene, 2, 2);
	assert_number(&scene, now, 0);
	scene_finish(&scene);
}

static void
last_of_days_ago_is_the_value_that_stood_then(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene, RULE("last(seats, 5d) < 0"));
	scene_send(&scene, DAY0, "c", "seats", "value=40", NULL);
	scene_send(&scene, DAY0 + 30 * DAY_MS, "c", "seats", "value=25", NULL);
	scene_advance(&scene, DAY0 + 35 * DAY_MS);
	/* The 30th closed a day before: 5 days before the last closed midnight it was still 40. */
	assert_number(&scene, DAY0 + 35 * DAY_MS + HOUR_MS, 40);
	scene_advance(&scene, DAY0 + 36 * DAY_MS + HOUR_MS);
	assert_number(&scene, DAY0 + 36 * DAY_MS + HOUR_MS, 25);
	scene_finish(&scene);
}

/* ---- late events ---- */

static const char *const all_functions[] = {
	RULE("typical_gap(a) > 1d"),   RULE("gap_sd(a) > 1d"),
	RULE("gap_ewma(a, 0.3) > 1d"), RULE("p_gap(a, 90d) > 0.99"),
	RULE("p_alive(a) < 0.01"),     RULE("trend(a[60d]) > 99"),
	RULE("ewma(a, 7d) > 99"),      RULE("cusum_drop(a, 0.7) > 99"),
	RULE("max(pay[60d]) > 99"),    RULE("min(pay[60d]) > 99"),
	RULE("avg(pay[60d]) > 99"),    RULE("change(a[30d], a[30d offset 30d]) > 99"),
};

#define EVENTS 120

static double
after_any_order(const char *rules, uint64_t seed)
{
	struct scene scene;
	int64_t ts[EVENTS], now = DAY0 + 200 * DAY_MS;
	struct lcg fixed = {7}, shuffle = {seed};

	for (int i = 0; i < EVENTS; i++)
		ts[i] = DAY0 + (int64_t)lcg_below(&fixed, 199 * DAY_MS);
	for (int i = EVENTS - 1; i > 0 && seed; i--) {
		int j = (int)lcg_below(&shuffle, (uint64_t)i + 1);
		int64_t kept = ts[i];

		ts[i] = ts[j];
		ts[j] = kept;
	}
	scene_init(&scene, rules);
	for (int i = 0; i < EVENTS; i++) {
		char when[48], value[32];

		snprintf(when, sizeof when, "ts=%lld", (long long)ts[i]);
		snprintf(value, sizeof value, "value=%d", (int)(ts[i] % 90));
		scene_send(&scene, now - EVENTS + i, "c", "a", when, NULL);
		scene_send(&scene, now - EVENTS + i, "c", "pay", when, value, NULL);
	}
	scene_advance(&scene, now);
	struct value v = left_side(&scene, now, true);
	assert_true(v.known);
	scene_finish(&scene);
	return value_as_number(v);
}

static void
the_order_in_which_events_arrive_changes_no_statistic(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof all_functions / sizeof *all_functions; i++) {
		double sorted = after_any_order(all_functions[i], 0);

		for (uint64_t seed = 1; seed <= 5; seed++)
			assert_true(after_any_order(all_functions[i], seed) == sorted);
	}
}

/* ---- reach ---- */

static void
a_rule_s_reach_is_as_far_as_its_functions_look(void **state)
{
	static const struct {
		const char *rules;
		unsigned kept; /* days of the signal */
		int64_t reach; /* days of the rule */
	} rows[] = {
		{RULE("typical_gap(a) > 1d"), 400, 400},
		{RULE("p_gap(a, 90d) > 0.5"), 400, 400},
		{RULE("p_alive(a) > 0.5"), 400, 400},
		{RULE("cusum_drop(a, 0.5) > 4"), 182, 182},
		{RULE("ewma(a, 7d) > 1"), 70, 70},
		{RULE("ewma(a, 36h) > 1"), 15, 15},
		{RULE("ewma(a, 90d) > 1"), 400, 400},
		{RULE("trend(a[14d offset 7d]) > 1"), 21, 21},
		{RULE("silent(a) > 3d"), 0, 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct ruleset *rules = scene_rules(rows[i].rules);

		assert_int_equal(rules->signals[0].reach_days, rows[i].kept);
		assert_int_equal(rules->rules[0].reach, rows[i].reach * DAY_MS);
		ruleset_destroy(rules);
	}
}

static void
companions_of_a_sum_are_hidden_signals(void **state)
{
	struct ruleset *rules = scene_rules(RULE("max(pay[30d]) > 1 and min(pay[7d]) < 0"));

	(void)state;
	assert_int_equal(rules->signal_count, 5);
	assert_true(rules->signals[3].hidden && rules->signals[4].hidden);
	assert_int_equal(rules->signals[1].largest, 4);
	assert_int_equal(rules->signals[1].smallest, 5);
	assert_int_equal(rules->signals[3].reach_days, 30);
	assert_int_equal(rules->signals[4].reach_days, 7);
	ruleset_destroy(rules);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(max_min_avg_are_the_largest_smallest_and_mean_of_the_values),
		cmocka_unit_test(max_min_avg_of_nothing_are_unknown_and_sum_is_0),
		cmocka_unit_test(max_of_hours_moves_with_the_hours),
		cmocka_unit_test(extremes_are_kept_in_records_and_over_edits),
		cmocka_unit_test(companions_of_a_sum_are_hidden_signals),
		cmocka_unit_test(change_is_the_ratio_less_one_and_unknown_below_min_events),
		cmocka_unit_test(trend_is_the_slope_over_observed_days_and_unknown_below_3),
		cmocka_unit_test(trend_and_ewma_of_a_sum_are_of_its_values),
		cmocka_unit_test(ewma_weighs_a_day_half_as_much_per_half_life),
		cmocka_unit_test(cusum_drop_gathers_what_is_missing_over_91_days),
		cmocka_unit_test(cusum_rise_gathers_what_is_too_much),
		cmocka_unit_test(cusum_is_unknown_under_min_events_in_the_91_days_before),
		cmocka_unit_test(rows_turn_at_the_close_of_a_day),
		cmocka_unit_test(suspect_days_are_no_days_of_a_row),
		cmocka_unit_test(last_of_days_ago_is_the_value_that_stood_then),
		cmocka_unit_test(the_order_in_which_events_arrive_changes_no_statistic),
		cmocka_unit_test(a_rule_s_reach_is_as_far_as_its_functions_look),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
