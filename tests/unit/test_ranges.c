/* SPDX-License-Identifier: Apache-2.0 */
/* Ranges: which days and hours they hold, what is counted in them, and how much of them was observed. */
#include "ask.h"

static const char *const hours_of_events[] = {
	"2026-03-01 10:00", "2026-03-02 10:00", "2026-03-02 11:00",
	"2026-03-04 09:00", "2026-03-05 08:00", NULL,
};

/* The events above, as of 2026-03-05 12:00: 4 March is the last closed day. */
static void
expect_of_days(const char *rules, double expected)
{
	struct scene scene;

	scene_init(&scene, rules);
	for (const char *const *when = hours_of_events; *when; when++)
		scene_send(&scene, at(*when), "c", "pay", "value=2.5", NULL);
	scene_advance(&scene, at("2026-03-05 12:00"));
	assert_number(&scene, at("2026-03-05 12:00"), expected);
	scene_finish(&scene);
}

static void
count_sum_and_days_are_events_their_values_and_days_with_one(void **state)
{
	(void)state;
	expect_of_days(RULE("count(pay[4d]) > 90"), 4);
	expect_of_days(RULE("sum(pay[4d]) > 90"), 10);
	expect_of_days(RULE("days(pay[4d]) > 90"), 3);
}

static void
a_range_is_closed_days_up_to_the_last_closed_midnight(void **state)
{
	(void)state;
	expect_of_days(RULE("count(pay[1d]) > 90"), 1);
	expect_of_days(RULE("count(pay[2d]) > 90"), 1);
	expect_of_days(RULE("count(pay[3d]) > 90"), 3);
	expect_of_days(RULE("count(pay[1w]) > 90"), 4);
}

static void
offset_shifts_a_range_back(void **state)
{
	(void)state;
	expect_of_days(RULE("count(pay[1d offset 2d]) > 90"), 2);
	expect_of_days(RULE("count(pay[2d offset 2d]) > 90"), 3);
}

static void
a_live_range_is_today_and_the_days_before_it(void **state)
{
	(void)state;
	expect_of_days(RULE("count(pay[1d live]) > 90"), 1);
	expect_of_days(RULE("count(pay[3d live]) > 90"), 2);
	expect_of_days(RULE("count(pay[4d live]) > 90"), 4);
}

static void
a_live_range_of_hours_is_this_utc_hour_and_those_before_it(void **state)
{
	struct scene scene;

	(void)state;
	/* A zone of half hours: the hours are those of UTC all the same. */
	scene_init(&scene, "timezone: Asia/Kolkata\n" RULE("count(a[3h live]) >= 1"));
	scene_send(&scene, at("2026-03-01 10:59"), "c", "a", NULL);
	scene_clear(&scene);
	scene_advance(&scene, at("2026-03-01 13:00") - 1);
	scene_expect(&scene, "");
	scene_advance(&scene, at("2026-03-01 13:00"));
	scene_expect(&scene, "2026-03-01T13:00:00.000Z c rule.cleared r risk=0 cause=time\n");
	scene_finish(&scene);
}

/* Between midnight and the close a closed range still ends a day earlier. */
static void
a_day_closes_its_lateness_after_its_midnight(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene, "lateness: 2h\n" RULE("count(a[1d]) > 0"));
	scene_send(&scene, at("2026-03-01 10:00"), "c", "a", NULL);
	scene_advance(&scene, at("2026-03-02 02:00") - 1);
	scene_expect(&scene, "");
	scene_advance(&scene, at("2026-03-02 02:00"));
	scene_expect(&scene, "2026-03-02T02:00:00.000Z c rule.fired r risk=10 cause=time\n");
	scene_finish(&scene);
}

static void
an_event_counts_in_the_local_day_of_its_ts(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene, "timezone: Asia/Shanghai\n" RULE("count(a[1d offset 1d]) > 9"));
	scene_send(&scene, at("2026-03-01 15:59"), "c", "a", NULL); /* 23:59 on the 1st */
	scene_send(&scene, at("2026-03-01 16:00"), "c", "a", NULL); /* 00:00 on the 2nd */
	scene_send(&scene, at("2026-03-02 10:00"), "c", "a", "ts=2026-03-01T15:59:59.999Z",
		   NULL);
	scene_advance(&scene, at("2026-03-02 17:00"));
	assert_number(&scene, at("2026-03-02 17:00"), 2);
	scene_finish(&scene);
}

/* Europe/Berlin: 29 March 2026 has 23 hours. */
static void
in_a_duration_a_day_is_24_hours_and_a_week_168(void **state)
{
	static const struct {
		const char *rules, *fires;
	} rows[] = {
		{"timezone: Europe/Berlin\n" RULE("silent(a) >= 1d"),
		 "2026-03-29T11:00:00.000Z c rule.fired r risk=10 cause=time\n"},
		{"timezone: Europe/Berlin\n" RULE("silent(a) >= 1w"),
		 "2026-04-04T11:00:00.000Z c rule.fired r risk=10 cause=time\n"},
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct scene scene;

		scene_init(&scene, rows[i].rules);
		scene_send(&scene, at("2026-03-28 11:00"), "c", "a", NULL);
		scene_advance(&scene, at("2026-04-10 00:00"));
		scene_expect(&scene, rows[i].fires);
		scene_finish(&scene);
	}
}

/* ---- observed ---- */

static void
the_day_of_first_seen_counts_whole_in_observed(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene, RULE("observed(a[7d]) > 90"));
	scene_send(&scene, at("2026-03-01 23:59"), "c", "other", NULL);
	assert_number(&scene, at("2026-03-01 23:59"), 0);
	assert_number(&scene, at("2026-03-02 12:00"), 1);
	assert_number(&scene, at("2026-03-05 12:00"), 4);
	assert_number(&scene, at("2026-03-25 12:00"), 7);
	/* First seen goes by ts. */
	scene_send(&scene, at("2026-03-05 12:00"), "c", "other", "ts=2026-02-27T10:00:00Z",
		   NULL);
	assert_number(&scene, at("2026-03-05 12:00"), 6);
	scene_finish(&scene);
}

static void
a_rate_is_events_or_for_a_sum_its_values_per_observed_day(void **state)
{
	(void)state;
	/* 1 to 4 March are observed, and no day of February. */
	expect_of_days(RULE("rate(pay[10d]) > 90"), 2.5);
	expect_of_days(RULE("rate(pay[2d]) > 90"), 1.25);
	struct scene scene;
	scene_init(&scene, RULE("rate(a[10d]) > 90"));
	for (const char *const *when = hours_of_events; *when; when++)
		scene_send(&scene, at(*when), "c", "a", NULL);
	assert_number(&scene, at("2026-03-05 12:00"), 1);
	scene_finish(&scene);
}

static void
a_rate_over_no_observed_day_is_unknown(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene, RULE("rate(a[2d]) > 90"));
	scene_send(&scene, at("2026-03-01 10:00"), "c", "a", NULL);
	assert_unknown(&scene, at("2026-03-01 12:00"));
	assert_number(&scene, at("2026-03-02 12:00"), 1);
	scene_finish(&scene);
}

/* ---- ratio, p_drop, p_rise ---- */

/* So many events on each day from DAY0 on; asked two days after the last one began. */
static void
expect_of_row(const char *rules, const int *counts, bool known, double expected)
{
	struct scene scene;
	int day = 0;

	scene_init(&scene, rules);
	scene_send(&scene, DAY0, "c", "other", NULL);
	for (; counts[day] >= 0; day++)
		for (int i = 0; i < counts[day]; i++)
			scene_send(&scene, DAY0 + day * DAY_MS + 1 + i, "c", "a", NULL);
	int64_t now = DAY0 + day * DAY_MS + HOUR_MS;
	scene_advance(&scene, now);
	if (known)
		assert_number(&scene, now, expected);
	else
		assert_unknown(&scene, now);
	scene_finish(&scene);
}

#define A_OVER_B "(a[2d], a[4d offset 2d]) > 90"

static void
a_ratio_is_rate_over_rate(void **state)
{
	static const int counts[] = {10, 0, 6, 8, 3, 6, -1};

	(void)state;
	/* 4.5 a day over 6 a day; change() is that less 1. */
	expect_of_row(RULE("ratio" A_OVER_B), counts, true, 0.75);
	expect_of_row(RULE("change" A_OVER_B), counts, true, -0.25);
}

static void
a_ratio_is_unknown_below_min_events_which_is_20_unless_told(void **state)
{
	static const int nineteen[] = {10, 0, 6, 3, 3, 6, -1};
	static const int twenty[] = {10, 0, 6, 4, 3, 6, -1};
	static const int none[] = {0, 0, 0, 0, 3, 6, -1};

	(void)state;
	expect_of_row(RULE("ratio" A_OVER_B), nineteen, false, 0);
	expect_of_row(RULE("ratio" A_OVER_B), twenty, true, 0.9);
	expect_of_row(RULE("ratio(a[2d], a[4d offset 2d], min_events=19) > 90"), nineteen, true,
		      4.5 / 4.75);
	expect_of_row("defaults: {min_events: 19}\n" RULE("ratio" A_OVER_B), nineteen, true,
		      4.5 / 4.75);
	expect_of_row(RULE("ratio(a[2d], a[4d offset 2d], min_events=0) > 90"), none, false, 0);
}

/* Binomial tails by hand: 3 events, one of them in 2 of 6 observed days. */
static void
p_drop_and_p_rise_are_tails_of_the_share_of_observed_days(void **state)
{
	static const int counts[] = {2, 0, 0, 0, 0, 1, -1};
	static const int young[] = {0, 2, 1, -1};
	const double b = 2.0 / 3;

	(void)state;
	expect_of_row(RULE("p_drop" A_OVER_B), counts, true, b * b * b + 3 * b * b / 3);
	expect_of_row(RULE("p_rise" A_OVER_B), counts, true, 1 - b * b * b);
	/* Only one day of b was observed: 3 events, all of them in 2 of 3 days. */
	expect_of_row(RULE("p_rise" A_OVER_B), young, true, b * b * b);
	expect_of_row(RULE("p_drop" A_OVER_B), young, true, 1);
}

static void
p_drop_of_days_that_nobody_observed_is_unknown(void **state)
{
	static const int counts[] = {2, 1, -1};

	(void)state;
	expect_of_row(RULE("p_drop" A_OVER_B), counts, false, 0);
	expect_of_row(RULE("p_rise" A_OVER_B), counts, false, 0);
}

/* ---- suspect days ---- */

/* 4 4 9 4 4 2 events a day, of which the third was suspect: as if there had been no third. */
static void
expect_without_third(const char *rules, double expected)
{
	static const int counts[] = {4, 4, 9, 4, 4, 2};
	struct scene scene;
	int64_t now = DAY0 + 6 * DAY_MS + HOUR_MS;

	scene_init(&scene, rules);
	for (int day = 0; day < 6; day++)
		for (int i = 0; i < counts[day]; i++)
			scene_send(&scene, DAY0 + day * DAY_MS + i, "c", "a", NULL);
	suspect_days(&scene, 2, 2);
	assert_number(&scene, now, expected);
	scene_finish(&scene);
}

static void
events_of_suspect_days_leave_rates_and_chances_and_stay_in_counts(void **state)
{
	(void)state;
	expect_without_third(RULE("rate(a[6d]) > 90"), 18.0 / 5);
	expect_without_third(RULE("observed(a[6d]) > 90"), 5);
	expect_without_third(RULE("count(a[6d]) > 90"), 27);
	expect_without_third(RULE("days(a[6d]) > 90"), 6);
	expect_without_third(RULE("ratio(a[2d], a[4d offset 2d], min_events=12) > 90"), 0.75);
	/* 2 events on the last of 5 days, 16 on the 4 before. */
	expect_without_third(RULE("p_drop(a[1d], a[5d offset 1d]) > 90"),
			     pow(0.8, 18) + 18 * 0.2 * pow(0.8, 17) +
				     153 * 0.04 * pow(0.8, 16));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(count_sum_and_days_are_events_their_values_and_days_with_one),
		cmocka_unit_test(a_range_is_closed_days_up_to_the_last_closed_midnight),
		cmocka_unit_test(offset_shifts_a_range_back),
		cmocka_unit_test(a_live_range_is_today_and_the_days_before_it),
		cmocka_unit_test(a_live_range_of_hours_is_this_utc_hour_and_those_before_it),
		cmocka_unit_test(a_day_closes_its_lateness_after_its_midnight),
		cmocka_unit_test(an_event_counts_in_the_local_day_of_its_ts),
		cmocka_unit_test(in_a_duration_a_day_is_24_hours_and_a_week_168),
		cmocka_unit_test(the_day_of_first_seen_counts_whole_in_observed),
		cmocka_unit_test(a_rate_is_events_or_for_a_sum_its_values_per_observed_day),
		cmocka_unit_test(a_rate_over_no_observed_day_is_unknown),
		cmocka_unit_test(a_ratio_is_rate_over_rate),
		cmocka_unit_test(a_ratio_is_unknown_below_min_events_which_is_20_unless_told),
		cmocka_unit_test(p_drop_and_p_rise_are_tails_of_the_share_of_observed_days),
		cmocka_unit_test(p_drop_of_days_that_nobody_observed_is_unknown),
		cmocka_unit_test(
			events_of_suspect_days_leave_rates_and_chances_and_stay_in_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
