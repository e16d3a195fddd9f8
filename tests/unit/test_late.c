/* SPDX-License-Identifier: Apache-2.0 */
/* Events that come after their day has closed, and history that is loaded: what they count for, what they fire. */
#include <string.h>

#include "ask.h"

#define TWO_DAYS "count(a[2d]) >= 2"

/* ---- late ---- */

static void
a_late_event_inside_the_reach_goes_into_its_day(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene, RULE("count(a[2d offset 3d]) > 90"));
	scene_send(&scene, at("2026-03-01 10:00"), "c", "other", NULL);
	scene_send(&scene, at("2026-03-10 10:00"), "c", "a", "ts=2026-03-05T10:00:00Z", NULL);
	assert_number(&scene, at("2026-03-10 10:00"), 1);
	assert_number(&scene, at("2026-03-09 10:00"), 1);
	assert_number(&scene, at("2026-03-11 10:00"), 0);
	scene_finish(&scene);
}

/* It was true on the 4th, had one known then; what is true today fires today. */
static void
a_late_event_never_fires_a_rule_in_the_past(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene, RULE(TWO_DAYS));
	scene_send(&scene, at("2026-03-02 10:00"), "c", "a", NULL);
	scene_send(&scene, at("2026-03-08 10:00"), "c", "a", "ts=2026-03-03T10:00:00Z", NULL);
	scene_advance(&scene, at("2026-03-08 12:00"));
	scene_expect(&scene, "");
	scene_send(&scene, at("2026-03-08 12:00"), "c", "a", "ts=2026-03-07T10:00:00Z", NULL);
	scene_expect(&scene, "");
	scene_send(&scene, at("2026-03-08 13:00"), "c", "a", "ts=2026-03-06T10:00:00Z", NULL);
	scene_expect(&scene, "2026-03-08T13:00:00.000Z c rule.fired r risk=10 cause=event\n");
	scene_finish(&scene);
}

/* Not true because of it, and not by the way of time: `clear` is not asked, and keep_firing_for does not hold. */
static void
a_late_event_that_undoes_a_firing_asks_no_clear_and_undoes_its_cooldown(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene, SIGNALS
		   "rules:\n- {rule: r, expr: 'age() >= 2d and count(a[2d]) < 1', "
		   "points: 10, clear: 'seen(seats)', keep_firing_for: 3d, cooldown: 90d}\n");
	scene_send(&scene, at("2026-03-01 10:00"), "c", "a", NULL);
	scene_clear(&scene);
	scene_advance(&scene, at("2026-03-05 12:00"));
	scene_expect(&scene, "2026-03-04T00:10:00.000Z c rule.fired r risk=10 cause=time\n");
	scene_send(&scene, at("2026-03-05 12:00"), "c", "a", "ts=2026-03-03T10:00:00Z", NULL);
	scene_expect(&scene,
		     "2026-03-05T12:00:00.000Z c rule.cleared r risk=0 cause=late_event\n");
	scene_advance(&scene, at("2026-03-07 12:00"));
	scene_expect(&scene, "2026-03-06T00:10:00.000Z c rule.fired r risk=10 cause=time\n");
	scene_finish(&scene);
}

/* An event of today is not late, though it turns the expression in the same way. */
static void
an_event_in_time_that_turns_expr_is_asked_for_clear(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene, SIGNALS "rules:\n- {rule: r, expr: 'count(a[2d live]) < 1', "
				   "points: 10, clear: 'seen(seats)'}\n");
	scene_send(&scene, at("2026-03-01 10:00"), "c", "a", NULL);
	scene_advance(&scene, at("2026-03-05 12:00"));
	scene_clear(&scene);
	scene_send(&scene, at("2026-03-05 12:00"), "c", "a", NULL);
	scene_expect(&scene, "");
	assert_int_equal(scene_risk(&scene, "c"), 10);
	scene_finish(&scene);
}

static void
what_is_older_than_the_reach_counts_in_totals_only(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene, RULE("count(a[3d]) > 90"));
	scene_send(&scene, at("2026-03-20 10:00"), "c", "a", NULL);
	scene_send(&scene, at("2026-06-20 10:00"), "c", "a", "ts=2026-03-01T10:00:00Z", NULL);
	const struct customer *c = engine_at(scene.engine, 0);
	struct track track;

	assert_true(track_get(&c->tracks, 0, false, SIGNAL_COUNT, &track));
	assert_int_equal(track.life_days, 2);
	assert_int_equal(track.first_cell, DAY0 / DAY_MS);
	assert_int_equal(track.last_at, at("2026-03-20 10:00"));
	assert_number(&scene, at("2026-06-20 10:00"), 0);
	scene_finish(&scene);
}

#define OLD "ts=2025-01-01T10:00:00Z"

/* What one old event, late or of a backfill, makes of a function that was asked before. */
static void
expect_of_an_old_event(const char *rules, const char *type, double expected)
{
	static const char *const how[] = {"x=1", "backfill=1"};
	int64_t now = at("2026-06-01 10:00");

	for (int i = 0; i < 2; i++) {
		struct scene scene;

		scene_init(&scene, rules);
		scene_send(&scene, at("2026-05-01 10:00"), "c", "other", NULL);
		scene_send(&scene, now, "c", type, OLD, "value=7", how[i], NULL);
		if (left_side(&scene, now, true).type == TYPE_BOOL)
			assert_true(value_is_true(left_side(&scene, now, true)));
		else
			assert_number(&scene, now, expected);
		scene_finish(&scene);
	}
}

static void
a_late_or_backfilled_event_of_any_age_counts_for_since_silent_seen_last_and_age(void **state)
{
	const double span = (double)(at("2026-06-01 10:00") - at("2025-01-01 10:00")) / 1e3;

	(void)state;
	expect_of_an_old_event(RULE("since(a) > 9000d"), "a", span);
	expect_of_an_old_event(RULE("silent(a) > 9000d"), "a", span);
	expect_of_an_old_event(RULE("seen(a) == false"), "a", 1);
	expect_of_an_old_event(RULE("last(seats) > 90"), "seats", 7);
	expect_of_an_old_event(RULE("age() > 9000d"), "a", span);
	expect_of_an_old_event(RULE("after(a, pay) > 9000d"), "a", span);
}

/* ---- backfill ---- */

static void
until_its_look_nothing_of_a_backfilled_customer_is_due(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene, RULE("silent(a) >= 1h"));
	scene_send(&scene, at("2026-03-01 10:00"), "c", "a", NULL);
	/* Due at 11:00, but history is being loaded. */
	scene_send(&scene, at("2026-03-01 10:59:30"), "c", "seats", "backfill=1", "value=1",
		   "ts=2026-02-01T10:00:00Z", NULL);
	scene_advance(&scene, at("2026-03-01 11:00:30") - 1);
	scene_expect(&scene, "");
	scene_advance(&scene, at("2026-03-01 11:00:30"));
	scene_expect(&scene, "2026-03-01T11:00:30.000Z c rule.fired r risk=10 cause=time\n");
	scene_finish(&scene);
}

static void
a_live_event_inside_a_backfill_is_judged(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene, RULE("count(a[1d live]) >= 1"));
	scene_send(&scene, at("2026-03-01 10:00"), "c", "a", "backfill=1",
		   "ts=2026-02-01T10:00:00Z", NULL);
	scene_send(&scene, at("2026-03-01 10:00:20"), "c", "a", NULL);
	scene_expect(&scene, "2026-03-01T10:00:20.000Z c rule.fired r risk=10 cause=event\n");
	scene_finish(&scene);
}

static void
a_backfilled_event_fires_no_event_rule(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene, SIGNALS "rules:\n- {rule: r, on: nps, expr: 'event.value <= 6', "
				   "points: 10}\n- {rule: s, expr: 'seen(a)', points: 1}\n");
	scene_send(&scene, at("2026-03-01 10:00"), "c", "nps", "backfill=1", "value=1",
		   "ts=2026-02-28T10:00:00Z", NULL);
	scene_advance(&scene, at("2026-03-05 10:00"));
	scene_expect(&scene, "");
	scene_finish(&scene);
}

/* ---- the clock ---- */

static void
the_engines_clock_is_the_arrival_of_the_entry_and_stands_still_between(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene, RULE("silent(a) >= 1h"));
	scene_send(&scene, at("2026-03-01 10:00"), "c", "a", NULL);
	assert_int_equal(engine_clock(scene.engine), at("2026-03-01 10:00"));
	/* Of the future by its own account, and of the past: neither moves it. */
	scene_send(&scene, at("2026-03-01 10:01"), "d", "a", "ts=2026-03-01T10:05:00Z", NULL);
	assert_int_equal(engine_clock(scene.engine), at("2026-03-01 10:01"));
	scene_send(&scene, at("2026-03-01 10:02"), "d", "a", "ts=2026-01-01T10:05:00Z", NULL);
	assert_int_equal(engine_clock(scene.engine), at("2026-03-01 10:02"));
	assert_int_equal(engine_next_due(scene.engine), at("2026-03-01 11:00"));
	scene_expect(&scene, "");
	scene_finish(&scene);
}

/* One advance over a week: each customer at its own moment, in the order of those. */
static void
what_is_due_is_worked_through_at_its_own_due_time(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene, RULE("silent(a) >= 1d"));
	scene_send(&scene, at("2026-03-01 10:00"), "b", "a", NULL);
	scene_send(&scene, at("2026-03-01 18:00"), "a", "a", NULL);
	scene_advance(&scene, at("2026-03-08 10:00"));
	scene_expect(&scene, "2026-03-02T10:00:00.000Z b rule.fired r risk=10 cause=time\n"
			     "2026-03-02T18:00:00.000Z a rule.fired r risk=10 cause=time\n");
	scene_finish(&scene);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_late_event_inside_the_reach_goes_into_its_day),
		cmocka_unit_test(a_late_event_never_fires_a_rule_in_the_past),
		cmocka_unit_test(
			a_late_event_that_undoes_a_firing_asks_no_clear_and_undoes_its_cooldown),
		cmocka_unit_test(an_event_in_time_that_turns_expr_is_asked_for_clear),
		cmocka_unit_test(what_is_older_than_the_reach_counts_in_totals_only),
		cmocka_unit_test(
			a_late_or_backfilled_event_of_any_age_counts_for_since_silent_seen_last_and_age),
		cmocka_unit_test(until_its_look_nothing_of_a_backfilled_customer_is_due),
		cmocka_unit_test(a_live_event_inside_a_backfill_is_judged),
		cmocka_unit_test(a_backfilled_event_fires_no_event_rule),
		cmocka_unit_test(
			the_engines_clock_is_the_arrival_of_the_entry_and_stands_still_between),
		cmocka_unit_test(what_is_due_is_worked_through_at_its_own_due_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
