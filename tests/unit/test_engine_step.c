/* SPDX-License-Identifier: Apache-2.0 */
/* Shows what rules make of each other within one step: firing, inhibition, floors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "support/scene.h"

#define LEVELS                                                                          \
	"levels:\n  watch: {enter: 30, leave: 20}\n  at_risk: {enter: 60, leave: 45}\n" \
	"  critical: {enter: 85, leave: 70}\n"
#define SIGNALS "signals:\n  a: {on: a}\n  b: {on: b}\n  c: {on: c}\n"
#define READ_ALL "- {rule: read, mode: off, expr: 'seen(a) or seen(b) or seen(c)'}\n"
/* A rule that fires for a day with each event of the signal. */
#define TODAY(name, signal, more) \
	"- {rule: " name ", expr: 'count(" signal "[1d live]) >= 1', cooldown: 0s, " more "}\n"

#define NOON "2026-03-02 12:00"

static void
said(const struct scene *w, const char *what)
{
	if (!w->said.n || !strstr(w->said.p, what))
		fail_msg("\"%s\" is not in:\n%s", what, w->said.n ? w->said.p : "");
}

static void
not_said(const struct scene *w, const char *what)
{
	if (w->said.n && strstr(w->said.p, what))
		fail_msg("\"%s\" is in:\n%s", what, w->said.p);
}

/* ---- firing ---- */

static void
a_rule_that_reads_firing_is_looked_at_in_the_step_in_which_the_other_turns(void **state)
{
	struct scene w;
	(void)state;
	scene_init(
		&w,
		SIGNALS "rules:\n" READ_ALL TODAY("one", "a", "points: 1") TODAY(
			"other", "b",
			"points: 2") "- {rule: both, expr: 'firing(\"one\") and firing(\"other\")', points: 4, "
				     "cooldown: 0s}\n");
	scene_send(&w, at(NOON), "c1", "a", NULL);
	scene_clear(&w);
	scene_send(&w, at("2026-03-02 13:00"), "c1", "b", NULL);
	scene_expect(&w, "2026-03-02T13:00:00.000Z c1 rule.fired other risk=7 cause=event\n"
			 "2026-03-02T13:00:00.000Z c1 rule.fired both risk=7 cause=event\n");
	scene_advance(&w, at("2026-03-03 01:00"));
	scene_expect(&w, "2026-03-03T00:10:00.000Z c1 rule.cleared one risk=0 cause=time\n"
			 "2026-03-03T00:10:00.000Z c1 rule.cleared other risk=0 cause=time\n"
			 "2026-03-03T00:10:00.000Z c1 rule.cleared both risk=0 cause=time\n");
	scene_finish(&w);
}

/* `late` reads a signal of its own and a rule that only follows: it must not see what that was before. */
static void
rules_are_judged_in_the_order_of_the_file_whatever_they_follow(void **state)
{
	struct scene w;
	(void)state;
	scene_init(
		&w,
		SIGNALS "rules:\n" READ_ALL TODAY(
			"one", "a",
			"points: 1") "- {rule: echo, expr: 'firing(\"one\")', points: 2, cooldown: 0s}\n"
				     "- {rule: late, expr: 'count(a[1d live]) >= 1 and not firing(\"echo\")', "
				     "points: 4}\n");
	scene_send(&w, at(NOON), "c1", "b", NULL);
	scene_send(&w, at("2026-03-02 13:00"), "c1", "a", NULL);
	scene_expect(&w, "2026-03-02T13:00:00.000Z c1 rule.fired one risk=3 cause=event\n"
			 "2026-03-02T13:00:00.000Z c1 rule.fired echo risk=3 cause=event\n");
	scene_finish(&w);
}

static void
fired_within_ends_at_its_very_millisecond(void **state)
{
	struct scene w;
	(void)state;
	scene_init(
		&w,
		SIGNALS "rules:\n" READ_ALL TODAY(
			"one", "a",
			"points: 1") "- {rule: lately, expr: 'fired_within(\"one\", 36h)', points: 2}\n");
	scene_send(&w, at(NOON), "c1", "a", NULL);
	scene_clear(&w);
	scene_advance(&w, at("2026-03-03 23:59"));
	scene_expect(&w, "2026-03-03T00:10:00.000Z c1 rule.cleared one risk=2 cause=time\n");
	scene_advance(&w, at("2026-03-04 00:00"));
	scene_expect(&w, "2026-03-04T00:00:00.000Z c1 rule.cleared lately risk=0 cause=time\n");
	scene_finish(&w);
}

static void
risk_in_a_rule_counts_the_rules_above_it_that_do_not_read_it(void **state)
{
	struct scene w;
	(void)state;
	scene_init(
		&w,
		SIGNALS "rules:\n" READ_ALL TODAY(
			"one", "a",
			"points: 30") "- {rule: self, expr: 'risk() >= 30', points: 20, cooldown: 0s}\n"
				      "- {rule: more, expr: 'risk() >= 31', points: 20, cooldown: 0s}\n" TODAY(
					      "below", "a", "points: 5"));
	scene_send(&w, at(NOON), "c1", "a", NULL);
	scene_expect(&w, "2026-03-02T12:00:00.000Z c1 rule.fired one risk=55 cause=event\n"
			 "2026-03-02T12:00:00.000Z c1 rule.fired self risk=55 cause=event\n"
			 "2026-03-02T12:00:00.000Z c1 rule.fired below risk=55 cause=event\n");
	scene_finish(&w);
}

static void
risk_in_a_rule_counts_a_rule_that_reads_the_level(void **state)
{
	struct scene w;
	(void)state;
	scene_init(
		&w,
		LEVELS SIGNALS "rules:\n" READ_ALL TODAY(
			"one", "a",
			"points: 30") "- {rule: ill, expr: 'level() >= \"watch\"', points: 20}\n"
				      "- {rule: sum, expr: 'risk() >= 50', points: 1}\n");
	scene_send(&w, at(NOON), "c1", "a", NULL);
	said(&w, "c1 rule.fired sum risk=51");
	scene_finish(&w);
}

/* ---- inhibition ---- */

#define CRM                                                                                            \
	"actions:\n- {on: rule.fired, webhook: crm, task: call}\n- {on: rule.cleared, webhook: crm}\n" \
	"tasks: {call: {title: Call}}\n"

static void
while_inhibited_a_rule_gives_no_points_and_takes_no_actions(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, SIGNALS
		   "rules:\n" TODAY("small", "a", "points: 10, inhibited_by: [big], advice: x")
			   TODAY("big", "b", "points: 40") READ_ALL CRM);
	scene_send(&w, at(NOON), "c1", "b", NULL);
	scene_clear(&w);
	scene_send(&w, at("2026-03-02 13:00"), "c1", "a", NULL);
	scene_expect(&w, "2026-03-02T13:00:00.000Z c1 rule.fired small risk=40 cause=event\n");
	scene_finish(&w);
}

static void
when_inhibition_ends_points_return_and_actions_not_yet_taken_are_taken(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, SIGNALS "rules:\n- {rule: small, expr: 'seen(a)', points: 10, "
			       "inhibited_by: [big]}\n" TODAY("big", "b", "points: 40")
				       READ_ALL CRM);
	scene_send(&w, at(NOON), "c1", "b", NULL);
	scene_send(&w, at("2026-03-02 13:00"), "c1", "a", NULL);
	scene_clear(&w);
	scene_advance(&w, at("2026-03-03 00:10"));
	scene_expect(&w,
		     "2026-03-03T00:10:00.000Z c1 rule.fired small risk=10 cause=time to=crm\n"
		     "2026-03-03T00:10:00.000Z c1 rule.cleared big risk=10 cause=time to=crm\n"
		     "2026-03-03T00:10:00.000Z c1 task.reason_added call\n");
	/* Once taken, they are not taken again. */
	scene_send(&w, at("2026-03-03 10:00"), "c1", "b", NULL);
	assert_int_equal(scene_risk(&w, "c1"), 40);
	scene_clear(&w);
	scene_advance(&w, at("2026-03-04 00:10"));
	assert_int_equal(scene_risk(&w, "c1"), 10);
	not_said(&w, "rule.fired small");
	scene_finish(&w);
}

static void
an_inhibitor_counts_though_itself_inhibited(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, SIGNALS "rules:\n" TODAY("one", "a", "points: 1, inhibited_by: [two]")
			       TODAY("two", "a", "points: 2, inhibited_by: [three]")
				       TODAY("three", "a", "points: 4") READ_ALL);
	scene_send(&w, at(NOON), "c1", "a", NULL);
	assert_int_equal(scene_risk(&w, "c1"), 4);
	scene_finish(&w);
}

static void
two_rules_may_inhibit_each_other(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, SIGNALS "rules:\n" TODAY("one", "a", "points: 1, inhibited_by: [two]")
			       TODAY("two", "b", "points: 2, inhibited_by: [one]") READ_ALL);
	scene_send(&w, at(NOON), "c1", "a", NULL);
	assert_int_equal(scene_risk(&w, "c1"), 1);
	scene_send(&w, at(NOON), "c1", "b", NULL);
	assert_int_equal(scene_risk(&w, "c1"), 0);
	scene_finish(&w);
}

static void
a_shadow_never_inhibits(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, SIGNALS "rules:\n" TODAY("one", "a", "points: 1, inhibited_by: [two]")
			       TODAY("two", "a", "points: 2, mode: shadow") READ_ALL CRM);
	scene_send(&w, at(NOON), "c1", "a", NULL);
	assert_int_equal(scene_risk(&w, "c1"), 1);
	said(&w, "rule.fired one risk=1 cause=event to=crm");
	scene_finish(&w);
}

static void
risk_in_a_rule_leaves_out_rules_inhibited_by_those_already_judged(void **state)
{
	struct scene w;
	(void)state;
	/* `above` inhibits `small` before `sum` is judged, `below` only after it. */
	scene_init(
		&w, SIGNALS
		"rules:\n" TODAY("small", "a", "points: 10, inhibited_by: [above]") TODAY(
			"above", "a", "points: 3")
			TODAY("other", "a", "points: 20, inhibited_by: [below]") "- {rule: sum, expr: 'risk() == 23', points: 1}\n" TODAY(
				"below", "a", "points: 5") READ_ALL);
	scene_send(&w, at(NOON), "c1", "a", NULL);
	said(&w, "rule.fired sum risk=9"); /* above 3, sum 1, below 5 */
	scene_finish(&w);
}

static void
a_firing_told_to_nobody_ends_with_nobody_told(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, SIGNALS "rules:\n" TODAY("small", "a", "points: 10, inhibited_by: [big]")
			       TODAY("big", "b", "points: 40") READ_ALL CRM);
	scene_send(&w, at("2026-03-02 12:00"), "c1", "b", NULL);
	scene_send(&w, at("2026-03-02 13:00"), "c1", "a", NULL);
	scene_clear(&w);
	scene_advance(&w, at("2026-03-03 00:10")); /* both at once */
	scene_expect(&w, "2026-03-03T00:10:00.000Z c1 rule.cleared small risk=0 cause=time\n"
			 "2026-03-03T00:10:00.000Z c1 rule.cleared big risk=0 cause=time "
			 "to=crm\n");
	scene_finish(&w);
}

/* ---- shadow, floor ---- */

static void
a_shadow_lives_its_whole_life_and_gives_no_points_and_no_actions(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, LEVELS SIGNALS
		   "rules:\n" TODAY("dark", "a", "points: 90, mode: shadow, level: critical")
			   READ_ALL CRM);
	scene_send(&w, at(NOON), "c1", "a", NULL);
	scene_expect(&w, "2026-03-02T12:00:00.000Z c1 rule.fired dark risk=0 cause=event\n");
	scene_advance(&w, at("2026-03-03 01:00"));
	scene_expect(&w, "2026-03-03T00:10:00.000Z c1 rule.cleared dark risk=0 cause=time\n");
	scene_finish(&w);
}

static void
level_on_a_rule_is_a_floor_while_it_fires(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w,
		   LEVELS SIGNALS "rules:\n- {rule: base, expr: 'seen(a)', points: 75}\n" TODAY(
			   "alarm", "b", "points: 0, level: critical") READ_ALL);
	scene_send(&w, at(NOON), "c1", "a", NULL);
	said(&w, "level_raised at_risk from healthy risk=75");
	scene_clear(&w);
	scene_send(&w, at("2026-03-02 13:00"), "c1", "b", NULL);
	said(&w, "level_raised critical from at_risk risk=75");
	scene_clear(&w);
	scene_advance(&w,
		      at("2026-03-03 00:10")); /* it was never entered: 75 does not hold it */
	said(&w, "level_lowered at_risk from critical risk=75");
	scene_finish(&w);
}

static void
an_inhibited_rule_has_no_floor(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, LEVELS SIGNALS "rules:\n" TODAY(
			       "alarm", "a", "points: 0, level: critical, inhibited_by: [big]")
			       TODAY("big", "a", "points: 35") READ_ALL);
	scene_send(&w, at(NOON), "c1", "a", NULL);
	said(&w, "level_raised watch from healthy risk=35");
	scene_finish(&w);
}

static void
what_moves_in_a_step_is_looked_at_once_more_and_no_third_time(void **state)
{
	struct scene w;
	(void)state;
	scene_init(
		&w,
		LEVELS SIGNALS "rules:\n" TODAY(
			"one", "a",
			"points: 30") "- {rule: ill, expr: 'level() >= \"watch\"', points: 30}\n"
				      "- {rule: bad, expr: 'level() >= \"at_risk\"', points: 30}\n" READ_ALL);
	scene_send(&w, at(NOON), "c1", "a", NULL);
	scene_expect(
		&w,
		"2026-03-02T12:00:00.000Z c1 rule.fired one risk=30 cause=event\n"
		"2026-03-02T12:00:00.000Z c1 customer.level_raised watch from healthy risk=30 "
		"cause=event\n"
		"2026-03-02T12:00:00.000Z c1 rule.fired ill risk=60 cause=event\n"
		"2026-03-02T12:00:00.000Z c1 customer.level_raised at_risk from watch risk=60 "
		"cause=event\n");
	scene_finish(&w);
}

#define CLIMB                                                                      \
	LEVELS SIGNALS "rules:\n- {rule: one, expr: 'seen(a)', points: 30}\n"      \
		       "- {rule: ill, expr: 'level() >= \"watch\"', points: 30}\n" \
		       "- {rule: bad, expr: 'level() >= \"at_risk\"', points: 30}\n"

static void
what_a_second_look_moved_is_seen_with_the_next_event_and_at_no_odd_instant(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, CLIMB "- {rule: late, expr: 'silent(a) >= 2h', points: 1}\n" READ_ALL);
	scene_send(&w, at(NOON), "c1", "a", NULL);
	scene_clear(&w);
	assert_int_equal(engine_next_due(w.engine), at("2026-03-02 14:00"));
	scene_advance(&w, at("2026-03-02 15:00"));
	scene_expect(&w, "2026-03-02T14:00:00.000Z c1 rule.fired late risk=61 cause=time\n");
	scene_send(&w, at("2026-03-02 16:00"), "c1", "c", NULL);
	scene_expect(&w, "2026-03-02T16:00:00.000Z c1 rule.fired bad risk=91 cause=event\n"
			 "2026-03-02T16:00:00.000Z c1 customer.level_raised critical from "
			 "at_risk risk=91 cause=event\n");
	scene_finish(&w);
}

static void
what_a_second_look_moved_is_seen_at_the_days_close(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, CLIMB READ_ALL);
	scene_send(&w, at(NOON), "c1", "a", NULL);
	scene_clear(&w);
	scene_advance(&w, at("2026-03-04 12:00"));
	scene_expect(&w, "2026-03-03T00:10:00.000Z c1 rule.fired bad risk=90 cause=time\n"
			 "2026-03-03T00:10:00.000Z c1 customer.level_raised critical from "
			 "at_risk risk=90 cause=time\n");
	scene_finish(&w);
}

static void
what_a_second_look_moved_is_seen_once_the_level_moves_again(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, CLIMB "- {rule: late, expr: 'silent(a) >= 2h', points: 25}\n" READ_ALL);
	scene_send(&w, at(NOON), "c1", "a", NULL);
	scene_clear(&w);
	scene_advance(&w, at("2026-03-02 15:00"));
	scene_expect(&w, "2026-03-02T14:00:00.000Z c1 rule.fired late risk=85 cause=time\n"
			 "2026-03-02T14:00:00.000Z c1 customer.level_raised critical from "
			 "at_risk risk=85 cause=time\n"
			 "2026-03-02T14:00:00.000Z c1 rule.fired bad risk=100 cause=time\n");
	scene_finish(&w);
}

/* Its points take away what makes it true. */
static void
a_rule_that_makes_its_own_condition_false_turns_once_in_a_step(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, LEVELS SIGNALS
		   "rules:\n- {rule: one, expr: 'seen(a)', points: 30}\n"
		   "- {rule: off, expr: 'level() >= \"watch\"', points: -20, cooldown: 0s}\n"
		   "- {rule: late, expr: 'silent(a) >= 2h', points: 1}\n" READ_ALL);
	scene_send(&w, at(NOON), "c1", "a", NULL);
	scene_expect(&w,
		     "2026-03-02T12:00:00.000Z c1 rule.fired one risk=30 cause=event\n"
		     "2026-03-02T12:00:00.000Z c1 customer.level_raised watch from healthy "
		     "risk=30 cause=event\n"
		     "2026-03-02T12:00:00.000Z c1 rule.fired off risk=10 cause=event\n"
		     "2026-03-02T12:00:00.000Z c1 customer.level_lowered healthy from watch "
		     "risk=10 cause=event\n");
	scene_advance(&w, at("2026-03-02 23:00"));
	scene_expect(&w, "2026-03-02T14:00:00.000Z c1 rule.fired late risk=11 cause=time\n");
	scene_advance(&w, at("2026-03-03 12:00"));
	scene_expect(&w,
		     "2026-03-03T00:10:00.000Z c1 rule.cleared off risk=31 cause=time\n"
		     "2026-03-03T00:10:00.000Z c1 customer.level_raised watch from healthy "
		     "risk=31 cause=time\n"
		     "2026-03-03T00:10:00.000Z c1 rule.fired off risk=11 cause=time\n"
		     "2026-03-03T00:10:00.000Z c1 customer.level_lowered healthy from watch "
		     "risk=11 cause=time\n");
	scene_finish(&w);
}

/* ---- the risk's history ---- */

#define RISE "- {rule: rise, expr: 'risk_rise(3d) >= 30', points: 0, cooldown: 0s}\n"

static void
risk_rise_is_the_risk_less_its_close_so_many_days_ago(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w,
		   SIGNALS "rules:\n" READ_ALL "- {rule: base, expr: 'seen(a)', points: 20}\n"
			   "- {rule: more, expr: 'seen(b)', points: 35}\n" RISE);
	scene_send(&w, at("2026-03-02 12:00"), "c1", "a", NULL);
	scene_send(&w, at("2026-03-05 12:00"), "c1", "b",
		   NULL); /* less the close of 1 March: unknown */
	not_said(&w, "rise");
	scene_advance(&w, at("2026-03-06 00:09"));
	not_said(&w, "rise");
	scene_advance(&w, at("2026-03-06 12:00")); /* less the close of the 2nd, 20 */
	said(&w, "2026-03-06T00:10:00.000Z c1 rule.fired rise risk=55 cause=time");
	scene_clear(&w);
	scene_advance(&w, at("2026-03-12 12:00")); /* the close of the 5th knew of both */
	scene_expect(&w, "2026-03-09T00:10:00.000Z c1 rule.cleared rise risk=55 cause=time\n");
	scene_finish(&w);
}

static void
risk_rise_knows_the_first_close_after_the_customer_was_first_seen(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, SIGNALS "rules:\n" READ_ALL
			       "- {rule: more, expr: 'seen(b)', points: 35}\n" RISE);
	scene_send(&w, at("2026-03-03 00:05"), "c1", "a", NULL); /* the 2nd closes at 00:10 */
	scene_send(&w, at("2026-03-03 00:10"), "c2", "a", NULL); /* after that close */
	scene_send(&w, at("2026-03-06 00:15"), "c1", "b", NULL);
	said(&w, "2026-03-06T00:15:00.000Z c1 rule.fired rise risk=35 cause=event");
	scene_send(&w, at("2026-03-06 00:15"), "c2", "b", NULL);
	not_said(&w, "c2 rule.fired rise");
	scene_finish(&w);
}

static void
risk_rise_is_unknown_across_a_change_of_rules(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, SIGNALS "rules:\n" READ_ALL
			       "- {rule: more, expr: 'seen(b)', points: 35}\n" RISE);
	scene_send(&w, at("2026-03-02 12:00"), "c1", "a", NULL);
	scene_change(&w, at("2026-03-06 12:00"),
		     SIGNALS "rules:\n" READ_ALL
			     "- {rule: more, expr: 'seen(b)', points: 36}\n" RISE);
	scene_send(&w, at("2026-03-09 12:00"), "c1", "b", NULL);
	not_said(&w, "rise"); /* the close of the 5th was before the change */
	scene_advance(&w, at("2026-03-10 01:00"));
	said(&w, "2026-03-10T00:10:00.000Z c1 rule.fired rise risk=36");
	scene_finish(&w);
}

static void
risk_rise_is_unknown_of_days_that_were_only_backfilled(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, SIGNALS "rules:\n" READ_ALL
			       "- {rule: more, expr: 'seen(b)', points: 35}\n" RISE);
	scene_send(&w, at("2026-03-20 12:00"), "c1", "b", "backfill=1",
		   "ts=2026-03-01T12:00:00Z", NULL);
	scene_advance(&w, at("2026-03-30 12:00"));
	said(&w, "rule.fired more risk=35");
	not_said(&w, "rise");
	scene_finish(&w);
}

static void
an_action_on_a_tasks_alert_goes_by_its_verb(void **state)
{
	struct scene w;
	(void)state;
	scene_init(
		&w,
		SIGNALS "rules:\n" READ_ALL TODAY("one", "a", "points: 30") TODAY(
			"two", "b",
			"points: 30") "actions:\n- {on: rule.fired, task: call}\n- {on: task.created, when: "
				      "'risk() >= 30', webhook: crm}\ntasks: {call: {title: Call}}\n");
	scene_send(&w, at(NOON), "c1", "a", NULL);
	said(&w, "task.created call to=crm\n");
	scene_send(&w, at(NOON), "c1", "b", NULL);
	said(&w, "task.reason_added call\n");
	scene_finish(&w);
}

/* Its age, and silence since it was first seen, are read by rules that the event's own signal says nothing to. */
static void
an_event_from_before_the_customer_was_known_is_a_look_at_all_rules(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, "signals:\n  a: {on: a}\n  b: {on: b}\nrules:\n"
		       "- {rule: read, mode: off, expr: 'seen(b)'}\n"
		       "- {rule: quiet, expr: 'silent(a) >= 2h', points: 40, cooldown: 0s}\n");
	scene_send(&w, at(NOON), "c1", "b", NULL);
	scene_send(&w, at("2026-03-02 12:30"), "c1", "b", "ts=2026-03-02T11:00:00Z", NULL);
	scene_expect(&w, "");
	scene_send(&w, at("2026-03-02 12:40"), "c1", "b", "ts=2026-03-02T10:00:00Z", NULL);
	scene_expect(&w, "2026-03-02T12:40:00.000Z c1 rule.fired quiet risk=40 cause=event\n");
	assert_true(engine_next_due(w.engine) > at("2026-03-02 12:40"));
	scene_finish(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_rule_that_reads_firing_is_looked_at_in_the_step_in_which_the_other_turns),
		cmocka_unit_test(
			rules_are_judged_in_the_order_of_the_file_whatever_they_follow),
		cmocka_unit_test(fired_within_ends_at_its_very_millisecond),
		cmocka_unit_test(risk_in_a_rule_counts_the_rules_above_it_that_do_not_read_it),
		cmocka_unit_test(risk_in_a_rule_counts_a_rule_that_reads_the_level),
		cmocka_unit_test(while_inhibited_a_rule_gives_no_points_and_takes_no_actions),
		cmocka_unit_test(
			when_inhibition_ends_points_return_and_actions_not_yet_taken_are_taken),
		cmocka_unit_test(an_inhibitor_counts_though_itself_inhibited),
		cmocka_unit_test(two_rules_may_inhibit_each_other),
		cmocka_unit_test(a_shadow_never_inhibits),
		cmocka_unit_test(
			risk_in_a_rule_leaves_out_rules_inhibited_by_those_already_judged),
		cmocka_unit_test(a_firing_told_to_nobody_ends_with_nobody_told),
		cmocka_unit_test(
			a_shadow_lives_its_whole_life_and_gives_no_points_and_no_actions),
		cmocka_unit_test(level_on_a_rule_is_a_floor_while_it_fires),
		cmocka_unit_test(an_inhibited_rule_has_no_floor),
		cmocka_unit_test(risk_rise_is_the_risk_less_its_close_so_many_days_ago),
		cmocka_unit_test(
			risk_rise_knows_the_first_close_after_the_customer_was_first_seen),
		cmocka_unit_test(risk_rise_is_unknown_across_a_change_of_rules),
		cmocka_unit_test(risk_rise_is_unknown_of_days_that_were_only_backfilled),
		cmocka_unit_test(an_action_on_a_tasks_alert_goes_by_its_verb),
		cmocka_unit_test(what_moves_in_a_step_is_looked_at_once_more_and_no_third_time),
		cmocka_unit_test(
			what_a_second_look_moved_is_seen_with_the_next_event_and_at_no_odd_instant),
		cmocka_unit_test(what_a_second_look_moved_is_seen_at_the_days_close),
		cmocka_unit_test(what_a_second_look_moved_is_seen_once_the_level_moves_again),
		cmocka_unit_test(
			a_rule_that_makes_its_own_condition_false_turns_once_in_a_step),
		cmocka_unit_test(
			an_event_from_before_the_customer_was_known_is_a_look_at_all_rules),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
