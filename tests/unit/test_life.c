/* SPDX-License-Identifier: Apache-2.0 */
/* A rule's life from its first truth to its end: what starts, pauses, holds and ends a firing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "engine/core.h"
#include "support/scene.h"

/* x is 1 true, 0 false, and empty unknown; y the same for `clear`. */
#define HEAD                                  \
	"profile: {x: num, y: num, z: num}\n" \
	"signals: {a: {on: a}, b: {on: b}}\n" \
	"defaults: {cooldown: 0s}\n"          \
	"levels: {watch: {enter: 30, leave: 20}}\n"
#define REST "- {rule: read, mode: off, expr: 'seen(a) or seen(b)'}\n"
#define RULES(rest) HEAD "rules:\n" rest REST
#define ONE(rest) RULES("- {rule: r, expr: 'profile.x > 0', points: 10, " rest "}\n")

static void
set(struct scene *w, const char *when, const char *word)
{
	scene_send(w, at(when), "c", "profile", word, NULL);
}

static const struct rule_state *
state_of(struct scene *w, unsigned slot)
{
	return customer_rule(engine_find(w->engine, STR("c")), slot);
}

static enum phase
phase_of(struct scene *w)
{
	const struct rule_state *state = state_of(w, 0);
	return state ? (enum phase)state->phase : PHASE_IDLE;
}

/* ---- unknown ---- */

static void
while_expr_is_unknown_a_rule_does_not_fire_and_for_pauses(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, ONE("for: 2d"));
	scene_send(&w, at("2026-03-01 10:00"), "c", "a", NULL);
	scene_advance(&w, at("2026-03-05 10:00"));
	assert_int_equal(phase_of(&w), PHASE_IDLE);
	set(&w, "2026-03-05 10:00", "x=1");
	assert_int_equal(phase_of(&w), PHASE_PENDING);
	set(&w, "2026-03-06 10:00", "x=");
	scene_advance(&w, at("2026-03-20 10:00"));
	assert_int_equal(phase_of(&w), PHASE_PENDING);
	set(&w, "2026-03-20 10:00", "x=1");
	scene_advance(&w, at("2026-03-21 10:00") - 1);
	scene_expect(&w, "");
	scene_advance(&w, at("2026-03-21 10:00"));
	scene_expect(&w, "2026-03-21T10:00:00.000Z c rule.fired r risk=10 cause=time\n");
	scene_finish(&w);
}

#define BLIND                                                                           \
	RULES("- {rule: r, expr: 'profile.x > 0 or count(a[3d live]) > 9', points: 10," \
	      " clear: 'profile.y > 0'}\n")

static void
while_clear_is_unknown_a_rule_does_not_clear(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, BLIND);
	set(&w, "2026-03-01 10:00", "x=1");
	scene_clear(&w);
	set(&w, "2026-03-02 10:00", "x=0");
	scene_advance(&w, at("2026-03-04 09:00"));
	scene_expect(&w, "");
	assert_int_equal(phase_of(&w), PHASE_FIRING);
	set(&w, "2026-03-04 09:00", "y=1");
	scene_expect(&w, "2026-03-04T09:00:00.000Z c rule.cleared r risk=0 cause=profile\n");
	scene_finish(&w);
}

static void
clear_unknown_for_the_rules_reach_clears_it_for_want_of_evidence(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, BLIND);
	set(&w, "2026-03-01 10:00", "y=0");
	set(&w, "2026-03-01 10:00", "x=1");
	scene_clear(&w);
	set(&w, "2026-03-05 10:00", "x=0");
	set(&w, "2026-03-06 10:00", "y=");
	scene_advance(&w, at("2026-03-09 10:00") - 1);
	scene_expect(&w, "");
	scene_advance(&w, at("2026-03-09 10:00"));
	scene_expect(&w,
		     "2026-03-09T10:00:00.000Z c rule.cleared r risk=0 cause=no_evidence\n");
	scene_finish(&w);
}

/* Before the firing it does not count, in it also while expr is true; but then the rule does not clear. */
static void
want_of_evidence_counts_from_the_first_moment_of_this_firing(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, BLIND);
	scene_send(&w, at("2026-02-20 10:00"), "c", "b", NULL);
	set(&w, "2026-03-01 10:00", "x=1");
	scene_clear(&w);
	set(&w, "2026-03-03 10:00", "x=0");
	scene_advance(&w, at("2026-03-04 10:00") - 1);
	scene_expect(&w, "");
	scene_advance(&w, at("2026-03-04 10:00"));
	scene_expect(&w,
		     "2026-03-04T10:00:00.000Z c rule.cleared r risk=0 cause=no_evidence\n");
	set(&w, "2026-03-05 10:00", "x=1");
	scene_clear(&w);
	scene_advance(&w, at("2026-03-20 10:00"));
	scene_expect(&w, "");
	set(&w, "2026-03-20 10:00", "x=0");
	scene_expect(&w,
		     "2026-03-20T10:00:00.000Z c rule.cleared r risk=0 cause=no_evidence\n");
	scene_finish(&w);
}

static void
want_of_evidence_does_not_count_from_a_firing_that_could_see(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, BLIND);
	set(&w, "2026-03-01 10:00", "y=0");
	set(&w, "2026-03-01 11:00", "x=1");
	scene_clear(&w);
	scene_send(&w, at("2026-03-05 10:00"), "c", "profile", "x=0", "y=", NULL);
	scene_advance(&w, at("2026-03-08 10:00") - 1);
	scene_expect(&w, "");
	scene_advance(&w, at("2026-03-08 10:00"));
	scene_expect(&w,
		     "2026-03-08T10:00:00.000Z c rule.cleared r risk=0 cause=no_evidence\n");
	scene_finish(&w);
}

static void
want_of_evidence_counts_anew_once_clear_was_known_between(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, BLIND);
	set(&w, "2026-03-01 10:00", "x=1");
	scene_clear(&w);
	set(&w, "2026-03-02 10:00", "x=0");
	set(&w, "2026-03-03 10:00", "y=0");
	set(&w, "2026-03-03 11:00", "y=");
	scene_advance(&w, at("2026-03-06 10:59"));
	scene_expect(&w, "");
	scene_advance(&w, at("2026-03-06 11:00"));
	scene_expect(&w,
		     "2026-03-06T11:00:00.000Z c rule.cleared r risk=0 cause=no_evidence\n");
	scene_finish(&w);
}

static void
unknown_points_count_0(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, RULES("- {rule: r, expr: 'seen(a)', points: 40 * profile.x}\n"
			     "- {rule: s, expr: 'seen(a)', points: 5}\n"));
	scene_send(&w, at("2026-03-01 10:00"), "c", "a", NULL);
	assert_int_equal(scene_risk(&w, "c"), 5);
	assert_int_equal(phase_of(&w), PHASE_FIRING);
	set(&w, "2026-03-01 11:00", "x=0.52"); /* 20.8 */
	assert_int_equal(scene_risk(&w, "c"), 26);
	scene_finish(&w);
}

/* ---- clearing ---- */

static void
a_firing_rule_clears_only_while_expr_is_not_true(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, ONE("clear: 'profile.y > 0'"));
	set(&w, "2026-03-01 10:00", "x=1");
	scene_clear(&w);
	set(&w, "2026-03-01 11:00", "y=1");
	scene_expect(&w, "");
	set(&w, "2026-03-01 12:00", "x=0");
	scene_expect(&w, "2026-03-01T12:00:00.000Z c rule.cleared r risk=0 cause=profile\n");
	scene_finish(&w);
}

static void
without_clear_a_rule_clears_when_expr_is_false_and_not_when_it_is_unknown(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, ONE("cooldown: 0s"));
	set(&w, "2026-03-01 10:00", "x=1");
	scene_clear(&w);
	set(&w, "2026-03-01 11:00", "x=");
	scene_expect(&w, "");
	set(&w, "2026-03-01 12:00", "x=0");
	scene_expect(&w, "2026-03-01T12:00:00.000Z c rule.cleared r risk=0 cause=profile\n");
	scene_finish(&w);
}

static void
keep_firing_for_starts_again_when_clear_turns_false_or_unknown(void **state)
{
	static const char *const breaks[] = {"y=0", "y="};
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct scene w;
		scene_init(&w, ONE("clear: 'profile.y > 0', keep_firing_for: 5h"));
		set(&w, "2026-03-01 10:00", "x=1");
		scene_clear(&w);
		set(&w, "2026-03-01 11:00", "y=1");
		set(&w, "2026-03-01 12:00", "x=0"); /* clears from here on */
		assert_int_equal(phase_of(&w), PHASE_CLEARING);
		set(&w, "2026-03-01 15:00", breaks[i]);
		assert_int_equal(phase_of(&w), PHASE_FIRING);
		set(&w, "2026-03-01 16:00", "y=1");
		scene_advance(&w, at("2026-03-01 21:00") - 1);
		scene_expect(&w, "");
		scene_advance(&w, at("2026-03-01 21:00"));
		scene_expect(&w,
			     "2026-03-01T21:00:00.000Z c rule.cleared r risk=0 cause=time\n");
		scene_finish(&w);
	}
}

/* ---- rest ---- */

static void
a_rule_with_warmup_rests_until_the_customer_is_that_old(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, RULES("- {rule: r, expr: 'seen(a)', points: 10, warmup: 60d}\n"
			     "- {rule: s, expr: 'seen(a)', points: 5}\n"));
	scene_send(&w, at("2026-03-01 10:00"), "c", "a", NULL);
	scene_expect(&w, "2026-03-01T10:00:00.000Z c rule.fired s risk=5 cause=event\n");
	scene_advance(&w, at("2026-04-30 10:00") - 1);
	scene_expect(&w, "");
	scene_advance(&w, at("2026-04-30 10:00"));
	scene_expect(&w, "2026-04-30T10:00:00.000Z c rule.fired r risk=15 cause=time\n");
	scene_finish(&w);
}

#define ONLY(rest) "only: profile.z > 0\n" ONE(rest)

static void
while_a_rule_rests_for_pauses(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, ONLY("for: 2d"));
	set(&w, "2026-03-01 10:00", "z=1");
	set(&w, "2026-03-01 10:00", "x=1");
	set(&w, "2026-03-02 10:00", "z=0");
	set(&w, "2026-03-10 10:00", "z=1");
	scene_advance(&w, at("2026-03-11 10:00") - 1);
	scene_expect(&w, "");
	scene_advance(&w, at("2026-03-11 10:00"));
	scene_expect(&w, "2026-03-11T10:00:00.000Z c rule.fired r risk=10 cause=time\n");
	scene_finish(&w);
}

static void
while_a_rule_rests_keep_firing_for_starts_again(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, ONLY("keep_firing_for: 2d"));
	set(&w, "2026-03-01 10:00", "z=1");
	set(&w, "2026-03-01 10:00", "x=1");
	scene_clear(&w);
	set(&w, "2026-03-02 10:00", "x=0");
	set(&w, "2026-03-03 10:00", "z=0");
	set(&w, "2026-03-08 10:00", "z=1");
	scene_advance(&w, at("2026-03-10 10:00") - 1);
	scene_expect(&w, "");
	scene_advance(&w, at("2026-03-10 10:00"));
	scene_expect(&w, "2026-03-10T10:00:00.000Z c rule.cleared r risk=0 cause=time\n");
	scene_finish(&w);
}

static void
while_a_rule_rests_its_cooldown_runs_on(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, ONLY("cooldown: 5d"));
	set(&w, "2026-03-01 10:00", "z=1");
	set(&w, "2026-03-01 10:00", "x=1");
	set(&w, "2026-03-01 11:00", "x=0");
	set(&w, "2026-03-02 10:00", "z=0");
	set(&w, "2026-03-05 10:00", "z=1");
	scene_clear(&w);
	set(&w, "2026-03-05 11:00", "x=1");
	scene_advance(&w, at("2026-03-06 10:00") - 1);
	scene_expect(&w, "");
	scene_advance(&w, at("2026-03-06 10:00"));
	scene_expect(&w, "2026-03-06T10:00:00.000Z c rule.fired r risk=10 cause=time\n");
	scene_finish(&w);
}

static void
an_unknown_only_rests(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, ONLY("cooldown: 0s"));
	set(&w, "2026-03-01 10:00", "x=1");
	scene_advance(&w, at("2026-03-04 10:00"));
	scene_expect(&w, "");
	assert_int_equal(scene_risk(&w, "c"), 0);
	set(&w, "2026-03-05 10:00", "z=1");
	scene_expect(&w, "2026-03-05T10:00:00.000Z c rule.fired r risk=10 cause=profile\n");
	scene_finish(&w);
}

static void
a_rule_that_is_off_has_no_life(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, ONE("mode: off"));
	set(&w, "2026-03-01 10:00", "x=1");
	scene_advance(&w, at("2026-03-09 10:00"));
	scene_expect(&w, "");
	assert_int_equal(phase_of(&w), PHASE_IDLE);
	scene_finish(&w);
}

/* ---- event rules ---- */

#define NPS(rest) RULES("- {rule: r, on: nps, expr: 'event.value <= 6', points: 10" rest "}\n")

static void
nps(struct scene *w, const char *when, const char *value)
{
	scene_send(w, at(when), "c", "nps", value, NULL);
}

static void
one_event_keeps_an_event_rule_firing_for_7_days_unless_told(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, NPS(""));
	nps(&w, "2026-03-01 10:00", "value=2");
	scene_clear(&w);
	scene_advance(&w, at("2026-03-08 10:00") - 1);
	scene_expect(&w, "");
	scene_advance(&w, at("2026-03-08 10:00"));
	scene_expect(&w, "2026-03-08T10:00:00.000Z c rule.cleared r risk=0 cause=time\n");
	scene_finish(&w);
}

static void
other_types_of_event_neither_prolong_nor_clear_an_event_rule(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, NPS(""));
	nps(&w, "2026-03-01 10:00", "value=2");
	scene_clear(&w);
	scene_send(&w, at("2026-03-05 10:00"), "c", "a", "value=9", NULL);
	scene_send(&w, at("2026-03-06 10:00"), "c", "b", "value=1", NULL);
	/* A late one makes all rules be looked at. */
	scene_send(&w, at("2026-03-06 11:00"), "c", "a", "value=9", "ts=2026-03-03T10:00:00Z",
		   NULL);
	scene_send(&w, at("2026-03-06 12:00"), "c", "b", "value=1", "ts=2026-03-03T10:00:00Z",
		   NULL);
	scene_expect(&w, "");
	scene_advance(&w, at("2026-03-08 10:00"));
	scene_expect(&w, "2026-03-08T10:00:00.000Z c rule.cleared r risk=0 cause=time\n");
	scene_finish(&w);
}

static void
an_event_rules_clear_is_looked_at_always(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, NPS(", clear: 'profile.y > 0 or silent(a) >= 3d'"));
	scene_send(&w, at("2026-03-01 10:00"), "c", "a", NULL);
	nps(&w, "2026-03-01 10:00", "value=2");
	scene_clear(&w);
	set(&w, "2026-03-02 10:00", "y=1");
	scene_expect(&w, "2026-03-02T10:00:00.000Z c rule.cleared r risk=0 cause=profile\n");
	set(&w, "2026-03-02 11:00", "y=0");
	nps(&w, "2026-03-02 12:00", "value=2");
	scene_clear(&w);
	scene_advance(&w, at("2026-03-04 10:00"));
	scene_expect(&w, "2026-03-04T10:00:00.000Z c rule.cleared r risk=0 cause=time\n");
	scene_finish(&w);
}

static void
an_event_does_not_fire_a_rule_whose_clear_is_true(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, NPS(", clear: 'profile.y > 0'"));
	set(&w, "2026-03-01 10:00", "y=1");
	nps(&w, "2026-03-01 11:00", "value=2");
	scene_expect(&w, "");
	assert_int_equal(phase_of(&w), PHASE_IDLE);
	scene_finish(&w);
}

static void
a_late_event_fires_an_event_rule_now_and_keeps_it_from_its_arrival(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, NPS(", keep_firing_for: 2d"));
	scene_send(&w, at("2026-03-01 10:00"), "c", "a", NULL);
	scene_send(&w, at("2026-03-10 10:00"), "c", "nps", "value=2", "ts=2026-03-05T10:00:00Z",
		   NULL);
	scene_expect(&w, "2026-03-10T10:00:00.000Z c rule.fired r risk=10 cause=event\n");
	scene_advance(&w, at("2026-03-12 10:00") - 1);
	scene_expect(&w, "");
	scene_advance(&w, at("2026-03-12 10:00"));
	scene_expect(&w, "2026-03-12T10:00:00.000Z c rule.cleared r risk=0 cause=time\n");
	scene_finish(&w);
}

/* ---- cool-down ---- */

static void
a_cooldown_counts_from_the_last_announced_firing_of_this_rule_and_customer(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, ONE("cooldown: 5d"));
	set(&w, "2026-03-01 10:00", "x=1"); /* announced: until the 6th */
	set(&w, "2026-03-01 11:00", "x=0");
	set(&w, "2026-03-03 10:00", "x=1"); /* withheld: counts for nothing */
	set(&w, "2026-03-03 11:00", "x=0");
	scene_clear(&w);
	scene_send(&w, at("2026-03-04 10:00"), "d", "profile", "x=1", NULL);
	scene_expect(&w, "2026-03-04T10:00:00.000Z d rule.fired r risk=10 cause=profile\n");
	set(&w, "2026-03-06 10:00", "x=1");
	scene_expect(&w, "2026-03-06T10:00:00.000Z c rule.fired r risk=10 cause=profile\n");
	scene_finish(&w);
}

static void
a_cooldown_withholds_actions_and_not_points_or_level(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, HEAD "rules:\n- {rule: r, expr: 'profile.x > 0', points: 30, "
			    "cooldown: 5d}\n" REST
			    "actions: [{on: rule.fired, webhook: crm, task: call}]\n"
			    "tasks: {call: {title: Call}}\n");
	set(&w, "2026-03-01 10:00", "x=1");
	assert_non_null(strstr(w.said.p, "c rule.fired r risk=30 cause=profile to=crm"));
	assert_non_null(strstr(w.said.p, "task.created call"));
	set(&w, "2026-03-01 11:00", "x=0");
	scene_clear(&w);
	set(&w, "2026-03-03 10:00", "x=1");
	scene_expect(&w, "2026-03-03T10:00:00.000Z c customer.level_raised watch from healthy "
			 "risk=30 cause=profile\n");
	scene_advance(&w, at("2026-03-06 10:00"));
	scene_expect(&w, "2026-03-06T10:00:00.000Z c rule.fired r risk=30 cause=time to=crm\n");
	scene_finish(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(while_expr_is_unknown_a_rule_does_not_fire_and_for_pauses),
		cmocka_unit_test(while_clear_is_unknown_a_rule_does_not_clear),
		cmocka_unit_test(
			clear_unknown_for_the_rules_reach_clears_it_for_want_of_evidence),
		cmocka_unit_test(want_of_evidence_counts_from_the_first_moment_of_this_firing),
		cmocka_unit_test(want_of_evidence_does_not_count_from_a_firing_that_could_see),
		cmocka_unit_test(want_of_evidence_counts_anew_once_clear_was_known_between),
		cmocka_unit_test(unknown_points_count_0),
		cmocka_unit_test(a_firing_rule_clears_only_while_expr_is_not_true),
		cmocka_unit_test(
			without_clear_a_rule_clears_when_expr_is_false_and_not_when_it_is_unknown),
		cmocka_unit_test(
			keep_firing_for_starts_again_when_clear_turns_false_or_unknown),
		cmocka_unit_test(a_rule_with_warmup_rests_until_the_customer_is_that_old),
		cmocka_unit_test(while_a_rule_rests_for_pauses),
		cmocka_unit_test(while_a_rule_rests_keep_firing_for_starts_again),
		cmocka_unit_test(while_a_rule_rests_its_cooldown_runs_on),
		cmocka_unit_test(an_unknown_only_rests),
		cmocka_unit_test(a_rule_that_is_off_has_no_life),
		cmocka_unit_test(one_event_keeps_an_event_rule_firing_for_7_days_unless_told),
		cmocka_unit_test(other_types_of_event_neither_prolong_nor_clear_an_event_rule),
		cmocka_unit_test(an_event_rules_clear_is_looked_at_always),
		cmocka_unit_test(an_event_does_not_fire_a_rule_whose_clear_is_true),
		cmocka_unit_test(
			a_late_event_fires_an_event_rule_now_and_keeps_it_from_its_arrival),
		cmocka_unit_test(
			a_cooldown_counts_from_the_last_announced_firing_of_this_rule_and_customer),
		cmocka_unit_test(a_cooldown_withholds_actions_and_not_points_or_level),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
