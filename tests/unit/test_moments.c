/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of moments and of what stands: since, silent, seen, after, age, until, last; and what a signal takes. */
#include <string.h>

#include "ask.h"

#define T0 "2026-03-01 10:00"

/* ---- since, silent, seen ---- */

static void
since_is_the_time_since_the_last_event_to_the_millisecond(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene, RULE("since(a) >= 2h"));
	scene_send(&scene, at("2026-03-01 10:00:00.123"), "c", "a", NULL);
	assert_number(&scene, at("2026-03-01 10:00:01.124"), 1.001);
	/* An older one that comes afterwards is not the last. */
	scene_send(&scene, at("2026-03-01 11:00"), "c", "a", "ts=2026-03-01T09:00:00Z", NULL);
	assert_number(&scene, at("2026-03-01 11:00:00.123"), 3600);
	scene_advance(&scene, at("2026-03-01 12:00:00.122"));
	scene_expect(&scene, "");
	scene_advance(&scene, at("2026-03-01 12:00:00.123"));
	scene_expect(&scene, "2026-03-01T12:00:00.123Z c rule.fired r risk=10 cause=time\n");
	scene_finish(&scene);
}

static void
since_and_silent_are_never_negative(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene, RULE("since(a) < 1s and silent(a) < 1s"));
	scene_send(&scene, at(T0), "c", "a", "ts=2026-03-01T10:05:00Z", NULL);
	scene_expect(&scene, "2026-03-01T10:00:00.000Z c rule.fired r risk=10 cause=event\n");
	scene_finish(&scene);
	scene_init(&scene, RULE("since(a) >= 0s"));
	scene_send(&scene, at(T0), "c", "a", "ts=2026-03-01T10:05:00Z", NULL);
	assert_number(&scene, at("2026-03-01 10:01"), 0);
	assert_number(&scene, at("2026-03-01 10:06"), 60);
	scene_finish(&scene);
}

static void
of_what_never_came_since_is_unknown_silent_is_age_and_seen_is_false(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene, RULE("since(a) >= 0s"));
	scene_send(&scene, at(T0), "c", "other", NULL);
	assert_unknown(&scene, at("2026-03-05 10:00"));
	scene_finish(&scene);
	scene_init(&scene, RULE("silent(a) >= 3d and not seen(a)"));
	scene_send(&scene, at(T0), "c", "other", NULL);
	scene_advance(&scene, at("2026-03-09 10:00"));
	scene_expect(&scene, "2026-03-04T10:00:00.000Z c rule.fired r risk=10 cause=time\n");
	scene_send(&scene, at("2026-03-09 10:00"), "c", "a", NULL);
	scene_expect(&scene, "2026-03-09T10:00:00.000Z c rule.cleared r risk=0 cause=event\n");
	scene_finish(&scene);
	scene_init(&scene, RULE("silent(a) >= 900d"));
	scene_send(&scene, at(T0), "c", "profile", "customer_since=2026-02-01", NULL);
	assert_number(&scene, at(T0), 28 * 86400 + 36000);
	scene_finish(&scene);
}

/* ---- age, until ---- */

static void
age_is_since_first_seen_or_profile_customer_since(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene, RULE("age() >= 400d"));
	scene_send(&scene, at(T0), "c", "other", NULL);
	assert_number(&scene, at("2026-03-03 10:00"), 2 * 86400);
	scene_send(&scene, at("2026-03-03 10:00"), "c", "profile", "customer_since=2026-02-01",
		   NULL);
	assert_number(&scene, at("2026-03-03 10:00"), 30 * 86400 + 36000);
	scene_finish(&scene);
	scene_init(&scene, "timezone: Asia/Shanghai\n" RULE("age() >= 400d"));
	scene_send(&scene, at(T0), "c", "profile", "customer_since=2026-03-01", NULL);
	assert_number(&scene, at(T0), 18 * 3600);
	scene_finish(&scene);
}

static void
until_is_local_calendar_days_steps_at_midnight_and_is_negative_after(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene,
		   "timezone: Europe/Berlin\nprofile: {end: date}\n"
		   "rules:\n- {rule: r, expr: 'until(profile.end) < 2d', points: 10}\n");
	/* 29 March has 23 hours: the 28th begins at 23:00, the 30th at 22:00 of UTC. */
	scene_send(&scene, at("2026-03-27 10:00"), "c", "profile", "end=2026-03-30", NULL);
	assert_number(&scene, at("2026-03-27 22:59"), 3 * 86400);
	assert_number(&scene, at("2026-03-27 23:00"), 2 * 86400);
	assert_number(&scene, at("2026-03-28 23:00"), 86400);
	assert_number(&scene, at("2026-03-29 21:59"), 86400);
	assert_number(&scene, at("2026-03-29 22:00"), 0);
	assert_number(&scene, at("2026-04-02 12:00"), -3 * 86400);
	scene_expect(&scene, "");
	scene_advance(&scene, at("2026-04-02 12:00"));
	scene_expect(&scene, "2026-03-28T23:00:00.000Z c rule.fired r risk=10 cause=time\n");
	scene_finish(&scene);
}

/* ---- after ---- */

#define AFTER                                 \
	"signals: {a: {on: a}, b: {on: b}}\n" \
	"rules:\n- {rule: r, expr: 'after(a, b) > 9000d', points: 10}\n"

static void
after_is_unknown_before_the_first_a_and_0s_when_all_are_settled(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene, AFTER);
	scene_send(&scene, at(T0), "c", "other", NULL);
	assert_unknown(&scene, at("2026-03-03 10:00"));
	scene_send(&scene, at("2026-03-03 10:00"), "c", "a", NULL);
	assert_number(&scene, at("2026-03-04 10:00"), 86400);
	scene_send(&scene, at("2026-03-04 10:00"), "c", "b", NULL);
	assert_number(&scene, at("2026-03-05 10:00"), 0);
	scene_finish(&scene);
}

static void
each_b_settles_the_oldest_a_or_in_advance_the_next_one(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene, AFTER);
	scene_send(&scene, at("2026-03-01 10:00"), "c", "a", NULL);
	scene_send(&scene, at("2026-03-02 10:00"), "c", "a", NULL);
	assert_number(&scene, at("2026-03-03 10:00"), 2 * 86400);
	scene_send(&scene, at("2026-03-03 10:00"), "c", "b", NULL);
	assert_number(&scene, at("2026-03-04 10:00"), 2 * 86400);
	scene_send(&scene, at("2026-03-04 10:00"), "c", "b", NULL);
	scene_send(&scene, at("2026-03-05 10:00"), "c", "b", NULL); /* in advance */
	assert_number(&scene, at("2026-03-06 10:00"), 0);
	scene_send(&scene, at("2026-03-06 10:00"), "c", "a", NULL);
	assert_number(&scene, at("2026-03-08 10:00"), 0);
	scene_send(&scene, at("2026-03-08 10:00"), "c", "a", NULL);
	assert_number(&scene, at("2026-03-09 10:00"), 86400);
	scene_finish(&scene);
}

/* ---- last ---- */

static void
last_is_the_latest_value_by_the_time_of_its_event(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene, RULE("last(seats) > 90"));
	scene_send(&scene, at(T0), "c", "other", NULL);
	assert_unknown(&scene, at(T0));
	scene_send(&scene, at("2026-03-01 11:00"), "c", "seats", "value=40", NULL);
	scene_send(&scene, at("2026-03-01 12:00"), "c", "seats", "value=25", NULL);
	scene_send(&scene, at("2026-03-05 12:00"), "c", "seats", "value=99",
		   "ts=2026-03-01T11:30:00Z", NULL);
	assert_number(&scene, at("2026-03-05 12:00"), 25);
	scene_finish(&scene);
}

/* ---- signals ---- */

static void
a_signal_takes_all_types_of_its_on_and_no_other(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene, "signals: {use: {on: [page, call]}}\n"
			   "rules:\n- {rule: r, expr: 'count(use[1d live]) > 90'}\n");
	scene_send(&scene, at(T0), "c", "page", NULL);
	scene_send(&scene, at(T0), "c", "call", NULL);
	scene_send(&scene, at(T0), "c", "pages", NULL);
	assert_number(&scene, at(T0), 2);
	scene_finish(&scene);
}

/* What is unknown is not taken: the last one has no severity. */
static void
a_signal_takes_events_for_which_its_where_is_true(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene, "lists: {hot: [high, urgent]}\n"
			   "signals: {bad: {on: ticket, where: 'event.severity in hot'}}\n"
			   "rules:\n- {rule: r, expr: 'count(bad[1d live]) > 90'}\n");
	scene_send(&scene, at(T0), "c", "ticket", "severity=high", NULL);
	scene_send(&scene, at(T0), "c", "ticket", "severity=low", NULL);
	scene_send(&scene, at(T0), "c", "ticket", "severity=urgent", NULL);
	scene_send(&scene, at(T0), "c", "ticket", NULL);
	assert_number(&scene, at(T0), 2);
	scene_finish(&scene);
}

static void
a_sum_adds_an_attribute_of_the_event_if_that_is_named(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene, "signals: {paid: {on: order, sum: total}}\n"
			   "rules:\n- {rule: r, expr: 'sum(paid[1d live]) > 90'}\n");
	scene_send(&scene, at(T0), "c", "order", "total=12.5", "value=1000", NULL);
	scene_send(&scene, at(T0), "c", "order", "total=-2", NULL);
	assert_number(&scene, at(T0), 10.5);
	scene_finish(&scene);
}

/* ---- profile ---- */

static void
an_attribute_has_its_default_until_the_profile_says_otherwise(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene, "profile: {seats: {type: num, default: 3}, mrr: num}\n"
			   "rules:\n- {rule: r, expr: 'profile.seats > 90'}\n"
			   "- {rule: s, expr: 'profile.mrr > 90'}\n");
	scene_send(&scene, at(T0), "c", "other", NULL);
	assert_number(&scene, at(T0), 3);
	scene_send(&scene, at(T0), "c", "profile", "seats=8", NULL);
	assert_number(&scene, at(T0), 8);
	scene_send(&scene, at(T0), "c", "profile", "ts=2026-02-01T10:00:00Z", "seats=5", NULL);
	assert_number(&scene, at(T0), 8); /* older than what is known */
	scene_finish(&scene);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(since_is_the_time_since_the_last_event_to_the_millisecond),
		cmocka_unit_test(since_and_silent_are_never_negative),
		cmocka_unit_test(
			of_what_never_came_since_is_unknown_silent_is_age_and_seen_is_false),
		cmocka_unit_test(age_is_since_first_seen_or_profile_customer_since),
		cmocka_unit_test(
			until_is_local_calendar_days_steps_at_midnight_and_is_negative_after),
		cmocka_unit_test(
			after_is_unknown_before_the_first_a_and_0s_when_all_are_settled),
		cmocka_unit_test(each_b_settles_the_oldest_a_or_in_advance_the_next_one),
		cmocka_unit_test(last_is_the_latest_value_by_the_time_of_its_event),
		cmocka_unit_test(a_signal_takes_all_types_of_its_on_and_no_other),
		cmocka_unit_test(a_signal_takes_events_for_which_its_where_is_true),
		cmocka_unit_test(a_sum_adds_an_attribute_of_the_event_if_that_is_named),
		cmocka_unit_test(an_attribute_has_its_default_until_the_profile_says_otherwise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
