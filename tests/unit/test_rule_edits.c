/* SPDX-License-Identifier: Apache-2.0 */
/* What each kind of edit of a rule file keeps, and what it begins anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "engine/core.h"
#include "support/scene.h"

#define LEVELS "levels:\n  watch: {enter: 30, leave: 20}\n  critical: {enter: 85, leave: 70}\n"
#define LOGIN "signals: {login: {on: login}}\n"
#define QUIET(rest) \
	LEVELS LOGIN "rules:\n- {rule: quiet, expr: 'silent(login) >= 14d', " rest "}\n"

#define FIRST at("2026-03-02 10:00") /* c1 logs in */
#define DUE at("2026-03-16 10:00")   /* and has been silent for 14 days */
#define LATER at("2026-03-18 00:00") /* the file is edited */

/* c1 is known, quiet fires since DUE, and all that was said is forgotten. */
static void
begin_firing(struct scene *w, const char *rules)
{
	scene_init(w, rules);
	scene_send(w, FIRST, "c1", "login", NULL);
	scene_advance(w, at("2026-03-17 00:00"));
	scene_clear(w);
}

static const struct rule_state *
state_of(struct scene *w, unsigned slot)
{
	return customer_rule(engine_find(w->engine, STR("c1")), slot);
}

static void
an_edit_of_texts_says_nothing_and_keeps_the_firing(void **state)
{
	struct scene w;
	(void)state;
	begin_firing(&w, QUIET("points: 40, reason: one"));
	scene_change(&w, LATER, QUIET("points: 40, reason: another, advice: call"));
	scene_expect(&w, "");
	assert_int_equal(state_of(&w, 0)->fired_at, DUE);
	assert_int_equal(state_of(&w, 0)->announced_at, DUE);
	scene_finish(&w);
}

static void
an_edit_of_points_moves_risk_and_level_and_keeps_the_firing(void **state)
{
	struct scene w;
	(void)state;
	begin_firing(&w, QUIET("points: 40"));
	scene_change(&w, LATER, QUIET("points: 90"));
	scene_expect(&w,
		     "2026-03-18T00:00:00.000Z c1 customer.level_raised critical from watch "
		     "risk=90 cause=rules_changed\n");
	assert_int_equal(state_of(&w, 0)->fired_at, DUE);
	scene_finish(&w);
}

static void
an_edit_of_actions_takes_none_for_what_fires_already(void **state)
{
	struct scene w;
	(void)state;
	begin_firing(&w, QUIET("points: 40"));
	scene_change(
		&w, LATER,
		QUIET("points: 40") "actions: [{on: rule.fired, rule: quiet, task: call}]\n"
				    "tasks: {call: {title: Call}}\n");
	scene_expect(&w, "");
	scene_send(&w, at("2026-03-19 10:00"), "c1", "login", NULL);
	scene_clear(&w);
	scene_advance(&w, at("2026-04-02 10:00"));
	scene_expect(
		&w,
		"2026-04-02T10:00:00.000Z c1 rule.fired quiet risk=40 cause=time\n"
		"2026-04-02T10:00:00.000Z c1 customer.level_raised watch from healthy risk=40 "
		"cause=time\n"
		"2026-04-02T10:00:00.000Z c1 task.created call\n");
	scene_finish(&w);
}

static void
an_edit_of_for_keeps_since_when_it_is_true(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, QUIET("points: 40, for: 10d"));
	scene_send(&w, FIRST, "c1", "login", NULL);
	scene_change(&w, LATER, QUIET("points: 40, for: 3d"));
	assert_int_equal(engine_next_due(w.engine), DUE + 3 * DAY_MS);
	scene_change(&w, LATER + HOUR_MS, QUIET("points: 40, for: 1d"));
	scene_expect(
		&w,
		"2026-03-18T01:00:00.000Z c1 rule.fired quiet risk=40 "
		"cause=rules_changed\n"
		"2026-03-18T01:00:00.000Z c1 customer.level_raised watch from healthy risk=40 "
		"cause=rules_changed\n");
	scene_finish(&w);
}

static void
an_edit_of_cooldown_counts_from_the_last_announcement_as_before(void **state)
{
	struct scene w;
	(void)state;
	begin_firing(&w, QUIET("points: 40, clear: 'silent(login) < 1d', cooldown: 90d"));
	scene_send(&w, at("2026-03-17 12:00"), "c1", "login", NULL);
	scene_advance(&w, at("2026-04-01 00:00")); /* fires again, unannounced */
	scene_clear(&w);
	scene_change(&w, at("2026-04-02 00:00"),
		     QUIET("points: 40, clear: 'silent(login) < 1d', cooldown: 20d"));
	scene_expect(&w, "");
	scene_advance(&w, DUE + 20 * DAY_MS);
	scene_expect(&w, "2026-04-05T10:00:00.000Z c1 rule.fired quiet risk=40 cause=time\n");
	scene_finish(&w);
}

static void
an_edit_of_expr_keeps_a_firing_rule_until_its_new_clear(void **state)
{
	struct scene w;
	(void)state;
	begin_firing(&w, QUIET("points: 40, clear: 'silent(login) < 1d'"));
	scene_change(&w, LATER,
		     LEVELS LOGIN "rules:\n- {rule: quiet, expr: 'silent(login) >= 30d', "
				  "clear: 'silent(login) < 2d', points: 40}\n");
	scene_expect(&w, "");
	assert_int_equal(state_of(&w, 0)->fired_at, DUE);
	scene_send(&w, at("2026-03-18 10:00"), "c1", "login", NULL);
	scene_expect(
		&w,
		"2026-03-18T10:00:00.000Z c1 rule.cleared quiet risk=0 cause=event\n"
		"2026-03-18T10:00:00.000Z c1 customer.level_lowered healthy from watch risk=0 "
		"cause=event\n");
	scene_finish(&w);
}

static void
an_edit_of_clear_is_obeyed_at_once(void **state)
{
	struct scene w;
	(void)state;
	begin_firing(&w, LEVELS LOGIN
		     "rules:\n- {rule: quiet, expr: 'silent(login) >= 14d and "
		     "silent(login) < 15d', clear: 'silent(login) < 1d', points: 40}\n");
	scene_change(&w, LATER,
		     LEVELS LOGIN
		     "rules:\n- {rule: quiet, expr: 'silent(login) >= 14d and "
		     "silent(login) < 15d', clear: 'silent(login) > 15d', points: 40}\n");
	scene_expect(
		&w,
		"2026-03-18T00:00:00.000Z c1 rule.cleared quiet risk=0 cause=rules_changed\n"
		"2026-03-18T00:00:00.000Z c1 customer.level_lowered healthy from watch risk=0 "
		"cause=rules_changed\n");
	scene_finish(&w);
}

static void
a_new_signal_is_born_at_the_change_and_keeps_the_others(void **state)
{
	struct scene w;
	(void)state;
	begin_firing(&w, QUIET("points: 40"));
	scene_change(
		&w, LATER,
		LEVELS
		"signals: {paid: {on: paid}, login: {on: login}}\n"
		"rules:\n"
		"- {rule: quiet, expr: 'silent(login) >= 14d', points: 40}\n"
		"- {rule: seldom, expr: 'observed(paid[28d]) >= 3 and count(paid[28d]) < 1', "
		"points: 20}\n");
	scene_expect(&w, "");
	scene_advance(&w, at("2026-03-21 01:00"));
	scene_expect(&w, "2026-03-21T00:10:00.000Z c1 rule.fired seldom risk=60 cause=time\n");
	scene_finish(&w);
}

static void
a_changed_signal_is_never_mixed_with_the_old_one(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, LEVELS LOGIN
		   "rules:\n- {rule: busy, expr: 'count(login[14d live]) >= 3', points: 40}\n");
	scene_send(&w, FIRST, "c1", "login", NULL);
	scene_send(&w, FIRST + 1, "c1", "login", NULL);
	scene_change(
		&w, FIRST + HOUR_MS,
		LEVELS
		"signals: {login: {on: [login, sso]}}\n"
		"rules:\n- {rule: busy, expr: 'count(login[14d live]) >= 3', points: 40}\n");
	scene_send(&w, FIRST + 2 * HOUR_MS, "c1", "login", NULL);
	scene_send(&w, FIRST + 3 * HOUR_MS, "c1", "sso", NULL);
	scene_expect(&w, "");
	scene_send(&w, FIRST + 4 * HOUR_MS, "c1", "sso", NULL);
	scene_expect(
		&w,
		"2026-03-02T14:00:00.000Z c1 rule.fired busy risk=40 cause=event\n"
		"2026-03-02T14:00:00.000Z c1 customer.level_raised watch from healthy risk=40 "
		"cause=event\n");
	scene_finish(&w);
}

static void
a_signal_that_is_only_renamed_keeps_its_days(void **state)
{
	struct scene w;
	(void)state;
	begin_firing(&w, QUIET("points: 40"));
	scene_change(&w, LATER,
		     LEVELS
		     "signals: {visit: {on: login}}\n"
		     "rules:\n- {rule: quiet, expr: 'silent(visit) >= 14d', points: 40}\n");
	scene_expect(&w, "");
	assert_int_equal(state_of(&w, 0)->fired_at, DUE);
	scene_finish(&w);
}

static void
a_deleted_rule_clears_with_cause_rule_removed(void **state)
{
	struct scene w;
	(void)state;
	begin_firing(&w, QUIET("points: 40"));
	scene_change(&w, LATER,
		     LEVELS LOGIN
		     "rules:\n- {rule: other, expr: 'count(login[7d]) > 99', points: 1}\n");
	scene_expect(
		&w,
		"2026-03-18T00:00:00.000Z c1 rule.cleared quiet risk=0 cause=rule_removed\n"
		"2026-03-18T00:00:00.000Z c1 customer.level_lowered healthy from watch risk=0 "
		"cause=rule_removed\n");
	scene_finish(&w);
}

static void
a_renamed_rule_is_one_removed_and_one_added(void **state)
{
	struct scene w;
	(void)state;
	begin_firing(&w, QUIET("points: 40"));
	scene_change(&w, LATER,
		     "first_run: alert\n" LEVELS LOGIN
		     "rules:\n- {rule: still, expr: 'silent(login) >= 14d', points: 40}\n");
	scene_expect(
		&w,
		"2026-03-18T00:00:00.000Z c1 rule.cleared quiet risk=0 cause=rule_removed\n"
		"2026-03-18T00:00:00.000Z c1 customer.level_lowered healthy from watch risk=0 "
		"cause=rule_removed\n"
		"2026-03-18T00:00:00.000Z c1 rule.fired still risk=40 "
		"cause=rules_changed\n"
		"2026-03-18T00:00:00.000Z c1 customer.level_raised watch from healthy risk=40 "
		"cause=rules_changed\n");
	scene_finish(&w);
}

static void
other_level_bounds_move_the_level_and_no_rule(void **state)
{
	struct scene w;
	(void)state;
	begin_firing(&w, QUIET("points: 40"));
	scene_change(&w, LATER,
		     "levels: {watch: {enter: 60, leave: 50}}\n" LOGIN
		     "rules:\n- {rule: quiet, expr: 'silent(login) >= 14d', points: 40}\n");
	scene_expect(
		&w,
		"2026-03-18T00:00:00.000Z c1 customer.level_lowered healthy from watch risk=40 "
		"cause=rules_changed\n");
	assert_int_equal(state_of(&w, 0)->fired_at, DUE);
	scene_finish(&w);
}

static void
a_level_inside_its_new_hysteresis_stays(void **state)
{
	struct scene w;
	(void)state;
	begin_firing(&w, QUIET("points: 40"));
	scene_change(&w, LATER,
		     "levels: {watch: {enter: 60, leave: 40}}\n" LOGIN
		     "rules:\n- {rule: quiet, expr: 'silent(login) >= 14d', points: 40}\n");
	scene_expect(&w, "");
	scene_finish(&w);
}

static const char two_rules[] =
	LEVELS LOGIN "rules:\n"
		     "- {rule: quiet, expr: 'silent(login) >= 14d', points: 40}\n"
		     "- {rule: once, expr: 'count(login[28d live]) < 9', points: 5}\n";

static void
first_run_mark_only_marks_what_a_new_rule_finds(void **state)
{
	struct scene w;
	(void)state;
	begin_firing(&w, QUIET("points: 40"));
	scene_change(&w, LATER, two_rules);
	scene_expect(&w, "");
	assert_int_equal(scene_risk(&w, "c1"), 45);
	scene_finish(&w);
}

/* It is true already, and its `for` is over for all one knows: it does not come as news so much later. */
static void
first_run_mark_only_marks_a_rule_with_for_at_once(void **state)
{
	struct scene w;
	(void)state;
	begin_firing(&w, LEVELS LOGIN
		     "rules:\n- {rule: x, expr: 'silent(login) > 90d', points: 1}\n");
	scene_change(&w, LATER, QUIET("points: 5, for: 3d"));
	assert_int_equal(scene_risk(&w, "c1"), 5);
	scene_advance(&w, LATER + 9 * DAY_MS);
	scene_expect(&w, "");
	scene_finish(&w);
}

static void
first_run_alert_announces_what_a_new_rule_finds(void **state)
{
	struct scene w;
	struct buf rules = {0};
	(void)state;
	buf_text(&rules, "first_run: alert\n");
	buf_text(&rules, two_rules);
	begin_firing(&w, QUIET("points: 40"));
	scene_change(&w, LATER, rules.p);
	scene_expect(&w, "2026-03-18T00:00:00.000Z c1 rule.fired once risk=45 "
			 "cause=rules_changed\n");
	buf_finish(&rules);
	scene_finish(&w);
}

static void
a_rule_that_was_there_is_never_first_run(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, two_rules);
	scene_send(&w, FIRST, "new", "login", NULL);
	scene_expect(&w, "2026-03-02T10:00:00.000Z new rule.fired once risk=5 cause=event\n");
	scene_finish(&w);
}

static void
a_live_rule_made_a_shadow_gives_its_points_back_and_lives_on(void **state)
{
	struct scene w;
	(void)state;
	begin_firing(&w, QUIET("points: 40"));
	scene_change(&w, LATER, QUIET("points: 40, mode: shadow"));
	assert_int_equal(scene_risk(&w, "c1"), 0);
	assert_int_equal(state_of(&w, 0)->phase, PHASE_FIRING);
	assert_int_equal(state_of(&w, 0)->fired_at, DUE);
	scene_finish(&w);
}

#define TIER(def)                                         \
	LEVELS LOGIN "profile: {tier: " def "}\nrules:\n" \
		     "- {rule: known, expr: 'profile.tier == profile.tier', points: 40}\n"

static void
an_attribute_of_another_type_is_unknown_until_it_is_set_again(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, TIER("num"));
	scene_send(&w, FIRST, "c1", "profile", "tier=3", NULL);
	assert_int_equal(scene_risk(&w, "c1"), 40);
	scene_clear(&w);
	scene_change(&w, LATER, TIER("string"));
	assert_false(
		engine_profile(w.engine, engine_find(w.engine, STR("c1")),
			       (unsigned)ruleset_attribute(engine_rules(w.engine), STR("tier")))
			.known);
	scene_send(&w, LATER + 1, "c1", "profile", "tier=gold", NULL);
	assert_int_equal(scene_risk(&w, "c1"), 40);
	scene_finish(&w);
}

static void
an_enum_keeps_the_words_it_still_has(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, LEVELS "profile: {tier: {enum: [tin, gold]}}\nrules:\n"
			      "- {rule: rich, expr: 'profile.tier == \"gold\"', points: 40}\n");
	scene_send(&w, FIRST, "c1", "profile", "tier=gold", NULL);
	scene_send(&w, FIRST, "c2", "profile", "tier=tin", NULL);
	scene_clear(&w);
	scene_change(&w, LATER,
		     LEVELS "profile: {tier: {enum: [gold, lead]}}\nrules:\n"
			    "- {rule: rich, expr: 'profile.tier == \"gold\"', points: 40}\n");
	scene_expect(&w, "");
	assert_int_equal(scene_risk(&w, "c1"), 40);
	assert_int_equal(scene_risk(&w, "c2"), 0);
	scene_finish(&w);
}

#define ZONED(zone)                         \
	"timezone: " zone "\n" LEVELS LOGIN \
	"rules:\n- {rule: busy, expr: 'count(login[1d]) >= 1', points: 40}\n"

/* Days are not counted again: what was summed stays on the date it was summed under. */
static void
another_time_zone_closes_days_at_its_own_midnight(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, ZONED("UTC"));
	scene_send(&w, FIRST, "c1", "login", NULL);
	scene_change(&w, FIRST + HOUR_MS, ZONED("Asia/Shanghai"));
	scene_expect(&w, "");
	assert_int_equal(engine_next_due(w.engine), at("2026-03-02 16:10"));
	scene_advance(&w, at("2026-03-02 16:10"));
	scene_expect(
		&w,
		"2026-03-02T16:10:00.000Z c1 rule.fired busy risk=40 cause=time\n"
		"2026-03-02T16:10:00.000Z c1 customer.level_raised watch from healthy risk=40 "
		"cause=time\n");
	scene_finish(&w);
}

#define LATE(span)                          \
	"lateness: " span "\n" LEVELS LOGIN \
	"rules:\n- {rule: busy, expr: 'count(login[1d]) >= 1', points: 40}\n"

static void
another_lateness_closes_the_day_that_much_after_midnight(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, LATE("10m"));
	scene_send(&w, FIRST, "c1", "login", NULL);
	assert_int_equal(engine_next_due(w.engine), at("2026-03-03 00:10"));
	scene_change(&w, FIRST + HOUR_MS, LATE("3h"));
	assert_int_equal(engine_next_due(w.engine), at("2026-03-03 03:00"));
	scene_advance(&w, at("2026-03-03 03:00") - 1);
	scene_expect(&w, "");
	scene_finish(&w);
}

static void
the_same_rules_again_change_nothing(void **state)
{
	struct scene w;
	(void)state;
	begin_firing(&w, QUIET("points: 40"));
	scene_change(&w, LATER, QUIET("points: 40"));
	scene_expect(&w, "");
	assert_int_equal(engine_clock(w.engine), LATER);
	scene_finish(&w);
}

/* Nothing is judged of it any more: what it fired ends, and what it waited for is forgotten. */
static void
a_rule_made_off_clears_and_begins_anew_when_it_is_live_again(void **state)
{
	struct scene w;
	(void)state;
	begin_firing(&w, QUIET("points: 40"));
	scene_change(&w, LATER, QUIET("points: 40, mode: off"));
	scene_expect(&w,
		     "2026-03-18T00:00:00.000Z c1 rule.cleared quiet risk=0 "
		     "cause=rules_changed\n"
		     "2026-03-18T00:00:00.000Z c1 customer.level_lowered healthy from watch "
		     "risk=0 cause=rules_changed\n");
	scene_finish(&w);
	begin_firing(&w, QUIET("points: 40, for: 10d"));
	assert_int_equal(state_of(&w, 0)->phase, PHASE_PENDING);
	scene_change(&w, LATER, QUIET("points: 40, for: 10d, mode: off"));
	assert_true(!state_of(&w, 0) || state_of(&w, 0)->phase == PHASE_IDLE);
	scene_change(&w, LATER + DAY_MS, QUIET("points: 40, for: 10d"));
	scene_advance(&w, LATER + 11 * DAY_MS - 1);
	scene_expect(&w, "");
	scene_advance(&w, LATER + 11 * DAY_MS);
	scene_expect(
		&w,
		"2026-03-29T00:00:00.000Z c1 rule.fired quiet risk=40 cause=time\n"
		"2026-03-29T00:00:00.000Z c1 customer.level_raised watch from healthy risk=40 "
		"cause=time\n");
	scene_finish(&w);
}

/* `for` that runs is not something that a date has: it waits for its day like any other. */
static void
a_pending_rule_that_becomes_one_of_dates_waits_for_its_date(void **state)
{
	struct scene w;
	(void)state;
	begin_firing(&w, "profile: {due: date}\n" QUIET("points: 40, for: 10d"));
	scene_send(&w, at("2026-03-17 12:00"), "c1", "profile", "due=2026-03-20", NULL);
	assert_int_equal(state_of(&w, 0)->phase, PHASE_PENDING);
	scene_change(&w, LATER,
		     "profile: {due: date}\n" LEVELS LOGIN
		     "rules:\n- {rule: quiet, date: profile.due, points: 40}\n"
		     "- {rule: read, mode: off, expr: 'seen(login)'}\n");
	scene_expect(&w, "");
	scene_advance(&w, at("2026-03-19 12:00"));
	scene_expect(&w, "");
	scene_advance(&w, at("2026-03-22 00:00"));
	scene_expect(&w,
		     "2026-03-20T00:00:00.000Z c1 rule.fired quiet risk=40 cause=time\n"
		     "2026-03-20T00:00:00.000Z c1 customer.level_raised watch from healthy "
		     "risk=40 cause=time\n"
		     "2026-03-21T00:00:00.000Z c1 rule.cleared quiet risk=0 cause=time\n"
		     "2026-03-21T00:00:00.000Z c1 customer.level_lowered healthy from watch "
		     "risk=0 cause=time\n");
	scene_finish(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_edit_of_texts_says_nothing_and_keeps_the_firing),
		cmocka_unit_test(an_edit_of_points_moves_risk_and_level_and_keeps_the_firing),
		cmocka_unit_test(an_edit_of_actions_takes_none_for_what_fires_already),
		cmocka_unit_test(an_edit_of_for_keeps_since_when_it_is_true),
		cmocka_unit_test(
			an_edit_of_cooldown_counts_from_the_last_announcement_as_before),
		cmocka_unit_test(an_edit_of_expr_keeps_a_firing_rule_until_its_new_clear),
		cmocka_unit_test(an_edit_of_clear_is_obeyed_at_once),
		cmocka_unit_test(a_new_signal_is_born_at_the_change_and_keeps_the_others),
		cmocka_unit_test(a_changed_signal_is_never_mixed_with_the_old_one),
		cmocka_unit_test(a_signal_that_is_only_renamed_keeps_its_days),
		cmocka_unit_test(a_deleted_rule_clears_with_cause_rule_removed),
		cmocka_unit_test(a_renamed_rule_is_one_removed_and_one_added),
		cmocka_unit_test(other_level_bounds_move_the_level_and_no_rule),
		cmocka_unit_test(a_level_inside_its_new_hysteresis_stays),
		cmocka_unit_test(first_run_mark_only_marks_what_a_new_rule_finds),
		cmocka_unit_test(first_run_mark_only_marks_a_rule_with_for_at_once),
		cmocka_unit_test(first_run_alert_announces_what_a_new_rule_finds),
		cmocka_unit_test(a_rule_that_was_there_is_never_first_run),
		cmocka_unit_test(a_live_rule_made_a_shadow_gives_its_points_back_and_lives_on),
		cmocka_unit_test(an_attribute_of_another_type_is_unknown_until_it_is_set_again),
		cmocka_unit_test(an_enum_keeps_the_words_it_still_has),
		cmocka_unit_test(another_time_zone_closes_days_at_its_own_midnight),
		cmocka_unit_test(another_lateness_closes_the_day_that_much_after_midnight),
		cmocka_unit_test(the_same_rules_again_change_nothing),
		cmocka_unit_test(a_rule_made_off_clears_and_begins_anew_when_it_is_live_again),
		cmocka_unit_test(a_pending_rule_that_becomes_one_of_dates_waits_for_its_date),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
