/* SPDX-License-Identifier: Apache-2.0 */
/* Points to risk, risk to level: bounds, signs, rounding, episodes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "engine/core.h"
#include "support/scene.h"

/* The risk is what the profile says. */
#define PROFILE "profile: {p: num, q: num}\n"
#define LEVELS                                                                          \
	"levels:\n  watch: {enter: 30, leave: 20}\n  at_risk: {enter: 60, leave: 25}\n" \
	"  critical: {enter: 85, leave: 70}\n"
#define POINTS                                                                        \
	"rules:\n- {rule: r, expr: 'age() >= 0s', points: profile.p, cooldown: 0s}\n" \
	"- {rule: s, expr: 'age() >= 0s', points: profile.q, cooldown: 0s}\n"

static void
begin(struct scene *w)
{
	scene_init(w, PROFILE LEVELS POINTS);
	scene_send(w, at("2026-03-01 00:00"), "c", "profile", "p=0", NULL);
	scene_clear(w);
}

static void
set(struct scene *w, const char *name, const char *points)
{
	char word[40];

	snprintf(word, sizeof word, "%s=%s", name, points);
	scene_send(w, w->at + MINUTE_MS, "c", "profile", word, NULL);
}

static unsigned
level(struct scene *w)
{
	return engine_find(w->engine, STR("c"))->level;
}

static void
a_level_is_entered_at_its_bound_and_left_below_it(void **state)
{
	struct scene w;
	(void)state;
	begin(&w);
	set(&w, "p", "29");
	assert_int_equal(level(&w), 0);
	set(&w, "p", "30");
	assert_int_equal(level(&w), 1);
	set(&w, "p", "20");
	assert_int_equal(level(&w), 1);
	set(&w, "p", "19");
	assert_int_equal(level(&w), 0);
	scene_finish(&w);
}

static void
each_level_is_left_on_its_own_and_the_highest_held_is_the_customers(void **state)
{
	struct scene w;
	(void)state;
	begin(&w);
	set(&w, "p", "84");
	assert_int_equal(level(&w), 2);
	set(&w, "p", "90");
	assert_int_equal(level(&w), 3);
	set(&w, "p", "70");
	assert_int_equal(level(&w), 3);
	set(&w, "p", "26"); /* critical is left, at_risk is held down to 25 */
	assert_int_equal(level(&w), 2);
	set(&w, "p", "24"); /* and watch, entered on the way up, down to 20 */
	assert_int_equal(level(&w), 1);
	set(&w, "p", "19");
	assert_int_equal(level(&w), 0);
	set(&w, "p", "24"); /* entered again from 30 on */
	assert_int_equal(level(&w), 0);
	scene_finish(&w);
}

static void
a_move_over_several_levels_is_one_alert(void **state)
{
	struct scene w;
	(void)state;
	begin(&w);
	set(&w, "p", "90");
	scene_expect(&w,
		     "2026-03-01T00:01:00.000Z c customer.level_raised critical from healthy "
		     "risk=90 cause=profile\n");
	set(&w, "p", "0");
	scene_expect(&w, "2026-03-01T00:02:00.000Z c customer.level_lowered healthy from "
			 "critical risk=0 cause=profile\n");
	scene_finish(&w);
}

static void
risk_is_the_sum_of_the_points_kept_within_0_and_100(void **state)
{
	struct scene w;
	(void)state;
	begin(&w);
	set(&w, "p", "35");
	set(&w, "q", "25");
	assert_int_equal(scene_risk(&w, "c"), 60);
	set(&w, "q", "80");
	assert_int_equal(scene_risk(&w, "c"), 100);
	set(&w, "q", "-20");
	assert_int_equal(scene_risk(&w, "c"), 15);
	set(&w, "q", "-50");
	assert_int_equal(scene_risk(&w, "c"), 0);
	scene_finish(&w);
}

static void
risk_inside_a_rule_is_kept_within_0_and_100(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, PROFILE LEVELS POINTS
		   "- {rule: top, expr: 'risk() == 100', points: 0, cooldown: 0s}\n"
		   "- {rule: none, expr: 'risk() == 0', points: 0, cooldown: 0s}\n");
	scene_send(&w, at("2026-03-01 00:00"), "c", "profile", "p=80", "q=80", NULL);
	assert_non_null(strstr(w.said.p, "rule.fired top"));
	assert_null(strstr(w.said.p, "rule.fired none"));
	set(&w, "q", "-90");
	assert_non_null(strstr(w.said.p, "rule.cleared top"));
	assert_non_null(strstr(w.said.p, "rule.fired none"));
	scene_finish(&w);
}

static void
points_of_an_expression_are_rounded(void **state)
{
	struct scene w;
	(void)state;
	begin(&w);
	set(&w, "p", "12.49");
	assert_int_equal(scene_risk(&w, "c"), 12);
	set(&w, "p", "12.5");
	assert_int_equal(scene_risk(&w, "c"), 13);
	set(&w, "p", "40");
	set(&w, "q", "-12.5");
	assert_int_equal(scene_risk(&w, "c"), 27);
	scene_finish(&w);
}

static void
an_episode_runs_from_leaving_healthy_to_coming_back(void **state)
{
	struct scene w;
	const struct customer *c;
	(void)state;
	begin(&w);
	c = engine_find(w.engine, STR("c"));
	assert_int_equal(customer_seen_cold(c)->episode, 0);
	set(&w, "p", "40");
	int64_t left = w.at;
	set(&w, "p", "90");
	set(&w, "p", "22");
	assert_int_equal(customer_seen_cold(c)->episode, 1);
	assert_int_equal(customer_seen_cold(c)->episode_at, left);
	assert_true(c->flags & CUSTOMER_EPISODE);
	set(&w, "p", "0");
	assert_false(c->flags & CUSTOMER_EPISODE);
	set(&w, "p", "40");
	assert_int_equal(customer_seen_cold(c)->episode, 2);
	scene_finish(&w);
}

static void
points_of_an_expression_end_at_a_hundred_either_way(void **state)
{
	static const struct {
		const char *word;
		int points;
	} table[] = {{"x=100.6", 100}, {"x=1e9", 100}, {"x=-100.6", -100},
		     {"x=-1e9", -100}, {"x=99.4", 99}, {"x=", 0}};
	struct scene w;

	(void)state;
	scene_init(&w, "profile: {x: num}\nsignals: {a: {on: a}}\nrules:\n"
		       "- {rule: all, expr: 'seen(a)', points: 'profile.x'}\n"
		       "- {rule: base, expr: 'seen(a)', points: 100}\n");
	scene_send(&w, at("2026-03-02 10:00"), "c", "a", NULL);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		int sum = table[i].points + 100;

		scene_send(&w, at("2026-03-02 11:00"), "c", "profile", table[i].word, NULL);
		assert_int_equal(scene_risk(&w, "c"), sum > 100 ? 100 : sum);
	}
	scene_finish(&w);
}

/* Nobody can ask for more than RISK_DAYS: what lies behind is forgotten, but for the day that leads into it. */
static void
the_history_of_a_risk_is_bounded(void **state)
{
	struct scene w;
	char word[16];
	int64_t begin = at("2024-01-01 10:00");

	(void)state;
	scene_init(&w,
		   "profile: {x: num}\nsignals: {a: {on: a}}\nrules:\n"
		   "- {rule: all, expr: 'profile.x > 0 or seen(a)', points: 'profile.x'}\n"
		   "- {rule: rise, expr: 'risk_rise(400d) == 1', points: 0, cooldown: 0s}\n");
	for (int day = 0; day < 500; day++) {
		snprintf(word, sizeof word, "x=%d", day % 90 + 1);
		scene_send(&w, begin + day * DAY_MS, "c", "profile", word, NULL);
	}
	const struct cold *cold = engine_find(w.engine, STR("c"))->cold;
	int64_t today = (begin + 499 * DAY_MS) / DAY_MS;

	assert_in_range(cold->risk_count, RISK_DAYS, RISK_DAYS + 3);
	assert_in_range(cold->risks[0].day, today - RISK_DAYS - 3, today - RISK_DAYS);
	scene_finish(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_level_is_entered_at_its_bound_and_left_below_it),
		cmocka_unit_test(
			each_level_is_left_on_its_own_and_the_highest_held_is_the_customers),
		cmocka_unit_test(a_move_over_several_levels_is_one_alert),
		cmocka_unit_test(risk_is_the_sum_of_the_points_kept_within_0_and_100),
		cmocka_unit_test(risk_inside_a_rule_is_kept_within_0_and_100),
		cmocka_unit_test(points_of_an_expression_are_rounded),
		cmocka_unit_test(an_episode_runs_from_leaving_healthy_to_coming_back),
		cmocka_unit_test(points_of_an_expression_end_at_a_hundred_either_way),
		cmocka_unit_test(the_history_of_a_risk_is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
