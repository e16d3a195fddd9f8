/* SPDX-License-Identifier: Apache-2.0 */
/* The engine as an admin and a customer would meet it: rules, time, levels, tasks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/core.h"
#include "support/scene.h"

#define LEVELS                                \
	"levels:\n"                           \
	"  watch: {enter: 30, leave: 20}\n"   \
	"  at_risk: {enter: 60, leave: 45}\n" \
	"  critical: {enter: 85, leave: 70}\n"
#define SIGNALS                  \
	"signals:\n"             \
	"  login: {on: login}\n" \
	"  complaint: {on: complaint}\n"

static const char silence[] = LEVELS
	"signals: {login: {on: login}}\n"
	"rules:\n"
	"- {rule: quiet, expr: 'silent(login) >= 14d', clear: 'silent(login) < 1d', points: 40}\n";

static void
silence_fires_at_its_very_millisecond_and_a_login_clears_it(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, silence);
	scene_send(&w, at("2026-03-02 10:00"), "c1", "login", NULL);
	scene_expect(&w, "");
	assert_int_equal(engine_next_due(w.engine), at("2026-03-16 10:00"));
	scene_advance(&w, at("2026-03-16 10:00") - 1);
	scene_expect(&w, "");
	scene_advance(&w, at("2026-03-16 10:00"));
	scene_expect(
		&w,
		"2026-03-16T10:00:00.000Z c1 rule.fired quiet risk=40 cause=time\n"
		"2026-03-16T10:00:00.000Z c1 customer.level_raised watch from healthy risk=40 "
		"cause=time\n");
	assert_int_equal(engine_next_due(w.engine), NEVER);
	scene_send(&w, at("2026-04-01 00:00"), "c1", "login", NULL);
	scene_expect(
		&w,
		"2026-04-01T00:00:00.000Z c1 rule.cleared quiet risk=0 cause=event\n"
		"2026-04-01T00:00:00.000Z c1 customer.level_lowered healthy from watch risk=0 "
		"cause=event\n");
	scene_finish(&w);
}

static void
what_is_due_happens_before_an_event_of_the_same_ms(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, silence);
	scene_send(&w, at("2026-03-02 10:00"), "c1", "login", NULL);
	scene_send(&w, at("2026-03-16 10:00"), "c1", "login", NULL);
	scene_expect(
		&w,
		"2026-03-16T10:00:00.000Z c1 rule.fired quiet risk=40 cause=time\n"
		"2026-03-16T10:00:00.000Z c1 customer.level_raised watch from healthy risk=40 "
		"cause=time\n"
		"2026-03-16T10:00:00.000Z c1 rule.cleared quiet risk=0 cause=event\n"
		"2026-03-16T10:00:00.000Z c1 customer.level_lowered healthy from watch risk=0 "
		"cause=event\n");
	scene_finish(&w);
}

static void
customers_due_at_one_instant_go_by_the_bytes_of_their_ids(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, silence);
	scene_send(&w, at("2026-03-02 10:00"), "b", "login", NULL);
	scene_send(&w, at("2026-03-02 10:00"), "a2", "login", NULL);
	scene_send(&w, at("2026-03-02 10:00"), "a", "login", NULL);
	scene_advance(&w, at("2026-03-20 00:00"));
	const char *a = strstr(w.said.p, " a rule.fired"),
		   *a2 = strstr(w.said.p, " a2 rule.fired");
	const char *b = strstr(w.said.p, " b rule.fired");
	assert_true(a && a2 && b && a < a2 && a2 < b);
	scene_finish(&w);
}

static void
complaints_raise_a_level_at_once_and_leave_with_their_window(void **state)
{
	struct scene w;
	(void)state;
	scene_init(
		&w, LEVELS SIGNALS
		"rules:\n"
		"- {rule: angry, expr: 'count(complaint[3d live]) >= 2', points: 60, cooldown: 0s}\n"
		"- {rule: quiet, expr: 'silent(login) >= 300d', points: 1}\n");
	scene_send(&w, at("2026-03-02 10:00"), "c1", "complaint", NULL);
	scene_send(&w, at("2026-03-03 23:00"), "c1", "complaint", NULL);
	scene_expect(&w,
		     "2026-03-03T23:00:00.000Z c1 rule.fired angry risk=60 cause=event\n"
		     "2026-03-03T23:00:00.000Z c1 customer.level_raised at_risk from healthy "
		     "risk=60 cause=event\n");
	/* The 2nd leaves the window of three calendar days when the 5th begins; looked at at the close. */
	scene_advance(&w, at("2026-03-10 00:00"));
	scene_expect(&w,
		     "2026-03-05T00:10:00.000Z c1 rule.cleared angry risk=0 cause=time\n"
		     "2026-03-05T00:10:00.000Z c1 customer.level_lowered healthy from at_risk "
		     "risk=0 cause=time\n");
	scene_finish(&w);
}

static void
level_does_not_fall_back_inside_hysteresis(void **state)
{
	struct scene w;
	(void)state;
	scene_init(
		&w, LEVELS SIGNALS
		"rules:\n"
		"- {rule: one, expr: 'count(complaint[2d live]) >= 1', points: 25, cooldown: 0s}\n"
		"- {rule: two, expr: 'count(complaint[1d live]) >= 1', points: 10, cooldown: 0s}\n"
		"- {rule: x, expr: 'silent(login) > 300d', points: 1}\n");
	scene_send(&w, at("2026-03-02 10:00"), "c1", "complaint", NULL);
	assert_int_equal(scene_risk(&w, "c1"), 35);
	scene_clear(&w);
	scene_advance(&w, at("2026-03-03 12:00")); /* risk 25: under enter 30, over leave 20 */
	scene_expect(&w, "2026-03-03T00:10:00.000Z c1 rule.cleared two risk=25 cause=time\n");
	scene_advance(&w, at("2026-03-04 12:00"));
	scene_expect(
		&w,
		"2026-03-04T00:10:00.000Z c1 rule.cleared one risk=0 cause=time\n"
		"2026-03-04T00:10:00.000Z c1 customer.level_lowered healthy from watch risk=0 "
		"cause=time\n");
	scene_finish(&w);
}

static void
for_waits_and_starts_again_when_the_condition_breaks(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, LEVELS SIGNALS
		   "rules:\n- {rule: quiet, expr: 'silent(login) >= 2d', for: 1d, points: 30}\n"
		   "- {rule: x, expr: 'seen(complaint)', points: 1}\n");
	scene_send(&w, at("2026-03-02 10:00"), "c1", "login", NULL);
	scene_send(&w, at("2026-03-05 09:59"), "c1", "login", NULL);
	scene_expect(&w, "");
	scene_advance(&w, at("2026-03-08 09:58"));
	scene_expect(&w, "");
	scene_advance(&w, at("2026-03-08 09:59"));
	assert_non_null(strstr(w.said.p, "2026-03-08T09:59:00.000Z c1 rule.fired quiet"));
	scene_finish(&w);
}

static void
keep_firing_for_holds_a_rule_after_its_condition(void **state)
{
	struct scene w;
	(void)state;
	scene_init(
		&w, LEVELS SIGNALS
		"rules:\n- {rule: quiet, expr: 'silent(login) >= 2d', keep_firing_for: 3h, points: "
		"10}\n- {rule: x, expr: 'seen(complaint)', points: 1}\n");
	scene_send(&w, at("2026-03-02 10:00"), "c1", "login", NULL);
	scene_send(&w, at("2026-03-04 12:00"), "c1", "login", NULL);
	scene_clear(&w);
	scene_advance(&w, at("2026-03-04 15:00"));
	scene_expect(&w, "2026-03-04T15:00:00.000Z c1 rule.cleared quiet risk=0 cause=time\n");
	scene_finish(&w);
}

static void
a_cooldown_withholds_the_second_announcement_until_it_ends(void **state)
{
	struct scene w;
	(void)state;
	scene_init(
		&w, LEVELS SIGNALS
		"rules:\n- {rule: quiet, expr: 'silent(login) >= 2d', cooldown: 5d, points: 10}\n"
		"- {rule: x, expr: 'seen(complaint)', points: 1}\n");
	scene_send(&w, at("2026-03-02 10:00"), "c1", "login", NULL);
	scene_send(&w, at("2026-03-04 12:00"), "c1", "login", NULL);
	scene_clear(&w);
	/* Fires again on the 6th at 12:00, inside the cool-down that ends on the 9th at 10:00. */
	scene_advance(&w, at("2026-03-09 09:59"));
	scene_expect(&w, "");
	assert_int_equal(scene_risk(&w, "c1"), 10);
	scene_advance(&w, at("2026-03-09 10:00"));
	scene_expect(&w, "2026-03-09T10:00:00.000Z c1 rule.fired quiet risk=10 cause=time\n");
	scene_finish(&w);
}

static void
a_firing_never_announced_clears_without_an_alert(void **state)
{
	struct scene w;
	(void)state;
	scene_init(
		&w, LEVELS SIGNALS
		"rules:\n- {rule: quiet, expr: 'silent(login) >= 2d', cooldown: 50d, points: 10}\n"
		"- {rule: x, expr: 'seen(complaint)', points: 1}\n");
	scene_send(&w, at("2026-03-02 10:00"), "c1", "login", NULL);
	scene_send(&w, at("2026-03-04 12:00"), "c1", "login", NULL);
	scene_clear(&w);
	scene_send(&w, at("2026-03-07 12:00"), "c1", "login", NULL);
	scene_expect(&w, "");
	scene_finish(&w);
}

static void
an_event_rule_fires_prolongs_and_clears(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, LEVELS SIGNALS
		   "rules:\n- {rule: detractor, on: nps, expr: 'event.value <= 6', "
		   "keep_firing_for: 30d, points: 30}\n"
		   "- {rule: x, expr: 'seen(complaint) and seen(login)', points: 1}\n");
	scene_send(&w, at("2026-03-02 10:00"), "c1", "nps", "value=3", NULL);
	scene_expect(
		&w,
		"2026-03-02T10:00:00.000Z c1 rule.fired detractor risk=30 cause=event\n"
		"2026-03-02T10:00:00.000Z c1 customer.level_raised watch from healthy risk=30 "
		"cause=event\n");
	scene_send(&w, at("2026-03-20 10:00"), "c1", "nps", "value=6", NULL);
	scene_advance(&w, at("2026-04-19 09:59"));
	scene_expect(&w, "");
	scene_send(&w, at("2026-04-19 09:59"), "c1", "nps", "value=9", NULL);
	scene_expect(
		&w,
		"2026-04-19T09:59:00.000Z c1 rule.cleared detractor risk=0 cause=event\n"
		"2026-04-19T09:59:00.000Z c1 customer.level_lowered healthy from watch risk=0 "
		"cause=event\n");
	scene_send(&w, at("2026-05-01 10:00"), "c1", "nps", "value=1", NULL);
	scene_clear(&w);
	scene_advance(&w, at("2026-05-31 10:00"));
	scene_expect(
		&w,
		"2026-05-31T10:00:00.000Z c1 rule.cleared detractor risk=0 cause=time\n"
		"2026-05-31T10:00:00.000Z c1 customer.level_lowered healthy from watch risk=0 "
		"cause=time\n");
	scene_finish(&w);
}

static const char with_only[] = LEVELS SIGNALS
	"profile: {status: {enum: [active, cancelled], default: active}}\n"
	"only: profile.status != \"cancelled\"\n"
	"rules:\n- {rule: quiet, expr: 'silent(login) >= 2d', for: 1d, points: 90}\n"
	"- {rule: x, expr: 'seen(complaint)', points: 1}\n"
	"actions:\n- {on: customer.level_raised, at_least: critical, task: save}\n"
	"tasks: {save: {title: 'Call {name}'}}\n";

static void
outside_only_rules_rest_the_risk_is_frozen_and_tasks_are_cancelled(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, with_only);
	scene_send(&w, at("2026-03-02 10:00"), "c1", "login", NULL);
	scene_advance(&w, at("2026-03-05 10:00"));
	assert_non_null(strstr(w.said.p, "task.created save"));
	scene_clear(&w);
	scene_send(&w, at("2026-03-06 10:00"), "c1", "profile", "status=cancelled", NULL);
	scene_expect(&w, "2026-03-06T10:00:00.000Z c1 task.cancelled save\n");
	scene_send(&w, at("2026-03-07 10:00"), "c1", "login", NULL);
	scene_expect(&w, "");
	assert_int_equal(scene_risk(&w, "c1"), 90);
	scene_send(&w, at("2026-03-08 10:00"), "c1", "profile", "status=active", NULL);
	assert_non_null(strstr(w.said.p, "rule.cleared quiet risk=0"));
	scene_finish(&w);
}

static void
a_second_order_adds_to_the_open_task_and_done_reopens_within_14_days(void **state)
{
	struct scene w;
	(void)state;
	scene_init(
		&w, LEVELS SIGNALS
		"rules:\n"
		"- {rule: angry, expr: 'count(complaint[1d live]) >= 1', points: 60, cooldown: 0s}\n"
		"- {rule: quiet, expr: 'silent(login) >= 5d', points: 30, cooldown: 0s}\n"
		"actions:\n- {on: rule.fired, task: call}\n"
		"tasks: {call: {title: Call, priority: low}}\n");
	scene_send(&w, at("2026-03-02 10:00"), "c1", "login", NULL);
	scene_send(&w, at("2026-03-02 11:00"), "c1", "complaint", NULL);
	assert_non_null(strstr(w.said.p, "task.created call"));
	scene_clear(&w);
	scene_advance(&w, at("2026-03-07 10:00"));
	assert_non_null(strstr(w.said.p, "task.reason_added call"));
	const struct customer *customer = engine_find(w.engine, STR("c1"));
	assert_int_equal(customer->cold->task_count, 1);
	assert_int_equal(customer->cold->tasks[0].priority, PRIORITY_NORMAL);
	char id[ORDER_ID], field[64];
	engine_task_id(w.engine, customer, &customer->cold->tasks[0], id);
	snprintf(field, sizeof field, "task=%s", id);
	scene_clear(&w);
	scene_send(&w, at("2026-03-08 10:00"), "c1", "churnd.task", field, "verb=claim",
		   "who=li", NULL);
	scene_send(&w, at("2026-03-08 11:00"), "c1", "churnd.task", field, "verb=claim",
		   "who=wang", NULL);
	scene_send(&w, at("2026-03-08 12:00"), "c1", "churnd.task", field, "verb=done",
		   "outcome=saved", NULL);
	scene_send(&w, at("2026-03-08 13:00"), "c1", "churnd.task", field, "verb=done", NULL);
	scene_expect(&w, "2026-03-08T10:00:00.000Z c1 task.claimed call\n"
			 "rejected: conflict: the task is already claimed by li\n"
			 "2026-03-08T12:00:00.000Z c1 task.done call\n"
			 "rejected: conflict: the task is already done\n");
	scene_send(&w, at("2026-03-20 10:00"), "c1", "complaint", NULL);
	assert_non_null(strstr(w.said.p, "task.reopened call"));
	scene_finish(&w);
}

static void
the_same_producer_id_counts_once_within_24_hours(void **state)
{
	struct scene w;
	(void)state;
	scene_init(
		&w, LEVELS SIGNALS
		"rules:\n- {rule: angry, expr: 'count(complaint[5d live]) >= 2', points: 60}\n"
		"- {rule: x, expr: 'seen(login)', points: 1}\n");
	scene_send(&w, at("2026-03-02 10:00"), "c1", "complaint", "id=e1", NULL);
	scene_send(&w, at("2026-03-02 11:00"), "c1", "complaint", "id=e1", NULL);
	scene_expect(&w, "");
	scene_send(&w, at("2026-03-03 10:00:01"), "c1", "complaint", "id=e1", NULL);
	assert_non_null(strstr(w.said.p, "rule.fired angry"));
	scene_finish(&w);
}

/* Midnight took a day out of the window; the late event that is the next look only finds it. */
static void
what_time_undid_is_not_blamed_on_a_late_event(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, "signals: {a: {on: a}}\nlateness: 1h\nrules:\n"
		       "- {rule: busy, expr: 'count(a[2d live]) >= 2', points: 10}\n");
	scene_send(&w, at("2026-03-02 10:00"), "c1", "a", NULL);
	scene_send(&w, at("2026-03-02 11:00"), "c1", "a", NULL);
	scene_advance(&w, at("2026-03-03 12:00"));
	scene_clear(&w);
	scene_send(&w, at("2026-03-04 00:30"), "c1", "b", "ts=2026-03-02T09:00:00Z", NULL);
	scene_expect(&w, "2026-03-04T00:30:00.000Z c1 rule.cleared busy risk=0 cause=event\n");
	scene_finish(&w);
}

static void
a_late_event_that_undoes_a_firing_clears_it_at_once(void **state)
{
	struct scene w;
	(void)state;
	scene_init(
		&w, LEVELS SIGNALS
		"rules:\n- {rule: low, expr: 'age() > 3d and count(login[3d]) < 1', clear: 'count(login[3d]) > 5', "
		"points: 40}\n- {rule: x, expr: 'seen(complaint)', points: 1}\n");
	scene_send(&w, at("2026-03-02 10:00"), "c1", "login", NULL);
	scene_clear(&w);
	scene_advance(&w, at("2026-03-06 12:00"));
	scene_expect(
		&w,
		"2026-03-06T00:10:00.000Z c1 rule.fired low risk=40 cause=time\n"
		"2026-03-06T00:10:00.000Z c1 customer.level_raised watch from healthy risk=40 "
		"cause=time\n");
	scene_send(&w, at("2026-03-06 13:00"), "c1", "login", "ts=2026-03-04T10:00:00Z", NULL);
	scene_expect(
		&w,
		"2026-03-06T13:00:00.000Z c1 rule.cleared low risk=0 cause=late_event\n"
		"2026-03-06T13:00:00.000Z c1 customer.level_lowered healthy from watch risk=0 "
		"cause=late_event\n");
	scene_finish(&w);
}

/* Those who were seen again since have wakes that are too early. */
static void
whoever_is_asked_when_something_is_due_may_be_asked_in_several_goes(void **state)
{
	static const char *const ids[] = {"c0", "c1", "c2", "c3", "c4"};
	int64_t first = at("2026-03-02 10:00"), again = at("2026-03-03 11:00"), due;
	struct scene w;
	(void)state;
	scene_init(&w, silence);
	for (int i = 0; i < 5; i++)
		scene_send(&w, first + i, ids[i], "login", NULL);
	for (int i = 0; i < 5; i++)
		scene_send(&w, again + i, ids[i], "login", NULL);
	assert_false(engine_ask_due(w.engine, 0, &due));
	assert_int_equal(due, first + 14 * DAY_MS);
	assert_false(engine_ask_due(w.engine, 2, &due));
	assert_int_equal(due, first + 2 + 14 * DAY_MS);
	assert_false(engine_ask_due(w.engine, 3, &due));
	assert_int_equal(due, again + 14 * DAY_MS);
	assert_true(engine_ask_due(w.engine, 1, &due));
	assert_int_equal(due, again + 14 * DAY_MS);
	assert_int_equal(engine_next_due(w.engine), due);
	scene_advance(&w, due - 1);
	scene_expect(&w, "");
	scene_advance(&w, due);
	scene_expect(&w, "2026-03-17T11:00:00.000Z c0 rule.fired quiet risk=40 cause=time\n"
			 "2026-03-17T11:00:00.000Z c0 customer.level_raised watch from healthy "
			 "risk=40 cause=time\n");
	scene_finish(&w);
}

static void
backfill_fires_nothing_until_a_minute_after_its_last_event(void **state)
{
	struct scene w;
	(void)state;
	scene_init(
		&w, LEVELS SIGNALS
		"rules:\n- {rule: angry, expr: 'count(complaint[30d live]) >= 2', points: 60}\n"
		"- {rule: x, expr: 'seen(login)', points: 1}\n");
	scene_send(&w, at("2026-03-02 10:00"), "c1", "complaint", "backfill=1",
		   "ts=2026-03-01T10:00:00Z", NULL);
	scene_send(&w, at("2026-03-02 10:00:30"), "c1", "complaint", "backfill=1",
		   "ts=2026-02-27T10:00:00Z", NULL);
	scene_expect(&w, "");
	assert_int_equal(engine_next_due(w.engine), at("2026-03-02 10:01:30"));
	scene_advance(&w, at("2026-03-02 10:01:30"));
	scene_expect(&w,
		     "2026-03-02T10:01:30.000Z c1 rule.fired angry risk=60 cause=time\n"
		     "2026-03-02T10:01:30.000Z c1 customer.level_raised at_risk from healthy "
		     "risk=60 cause=time\n");
	scene_finish(&w);
}

static void
a_removed_rule_clears_and_a_new_one_marks_known_customers_quietly(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, silence);
	scene_send(&w, at("2026-03-02 10:00"), "c1", "login", NULL);
	scene_advance(&w, at("2026-03-17 10:00"));
	scene_clear(&w);
	scene_change(&w, at("2026-03-18 10:00"),
		     LEVELS "signals: {login: {on: login}}\nrules:\n"
			    "- {rule: hush, expr: 'silent(login) >= 10d', points: 70}\n");
	scene_expect(
		&w,
		"2026-03-18T10:00:00.000Z c1 rule.cleared quiet risk=0 cause=rule_removed\n"
		"2026-03-18T10:00:00.000Z c1 customer.level_lowered healthy from watch risk=0 "
		"cause=rule_removed\n");
	assert_int_equal(scene_risk(&w, "c1"), 70);
	scene_finish(&w);
}

static void
an_edit_of_points_keeps_a_rule_firing_and_moves_the_level(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, silence);
	scene_send(&w, at("2026-03-02 10:00"), "c1", "login", NULL);
	scene_advance(&w, at("2026-03-17 10:00"));
	scene_clear(&w);
	scene_change(&w, at("2026-03-18 10:00"),
		     LEVELS
		     "signals: {login: {on: login}}\nrules:\n"
		     "- {rule: quiet, expr: 'silent(login) >= 14d', clear: 'silent(login) < "
		     "1d', points: 90}\n");
	scene_expect(&w,
		     "2026-03-18T10:00:00.000Z c1 customer.level_raised critical from watch "
		     "risk=90 cause=rules_changed\n");
	scene_finish(&w);
}

static void
after_tells_how_long_the_oldest_is_unsettled(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, LEVELS "signals: {due: {on: due}, submit: {on: submit}}\nrules:\n"
			      "- {rule: overdue, expr: 'after(due, submit) >= 7d', points: 30, "
			      "cooldown: 0s}\n");
	scene_send(&w, at("2026-03-01 10:00"), "c1", "submit", NULL); /* in advance */
	scene_send(&w, at("2026-03-02 10:00"), "c1", "due", NULL);
	scene_send(&w, at("2026-03-04 10:00"), "c1", "due", NULL);
	scene_advance(&w, at("2026-03-11 09:59"));
	scene_expect(&w, "");
	scene_advance(&w, at("2026-03-11 10:00"));
	assert_non_null(strstr(w.said.p, "rule.fired overdue"));
	scene_clear(&w);
	scene_send(&w, at("2026-03-12 10:00"), "c1", "submit", NULL);
	assert_non_null(strstr(w.said.p, "rule.cleared overdue"));
	scene_finish(&w);
}

static void
a_rejected_profile_leaves_no_customer_behind(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, LEVELS SIGNALS "profile: {mrr: num}\nrules:\n"
				      "- {rule: x, expr: 'seen(login) or seen(complaint) or "
				      "profile.mrr > 1', points: 1}\n");
	scene_send(&w, at("2026-03-02 10:00"), "c1", "profile", "mrr=lots", NULL);
	assert_non_null(strstr(w.said.p, "rejected: profile attribute mrr is declared as num"));
	assert_int_equal(engine_customers(w.engine), 0);
	scene_finish(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(silence_fires_at_its_very_millisecond_and_a_login_clears_it),
		cmocka_unit_test(what_is_due_happens_before_an_event_of_the_same_ms),
		cmocka_unit_test(customers_due_at_one_instant_go_by_the_bytes_of_their_ids),
		cmocka_unit_test(complaints_raise_a_level_at_once_and_leave_with_their_window),
		cmocka_unit_test(level_does_not_fall_back_inside_hysteresis),
		cmocka_unit_test(for_waits_and_starts_again_when_the_condition_breaks),
		cmocka_unit_test(keep_firing_for_holds_a_rule_after_its_condition),
		cmocka_unit_test(a_cooldown_withholds_the_second_announcement_until_it_ends),
		cmocka_unit_test(a_firing_never_announced_clears_without_an_alert),
		cmocka_unit_test(an_event_rule_fires_prolongs_and_clears),
		cmocka_unit_test(
			outside_only_rules_rest_the_risk_is_frozen_and_tasks_are_cancelled),
		cmocka_unit_test(
			a_second_order_adds_to_the_open_task_and_done_reopens_within_14_days),
		cmocka_unit_test(the_same_producer_id_counts_once_within_24_hours),
		cmocka_unit_test(what_time_undid_is_not_blamed_on_a_late_event),
		cmocka_unit_test(a_late_event_that_undoes_a_firing_clears_it_at_once),
		cmocka_unit_test(
			whoever_is_asked_when_something_is_due_may_be_asked_in_several_goes),
		cmocka_unit_test(backfill_fires_nothing_until_a_minute_after_its_last_event),
		cmocka_unit_test(
			a_removed_rule_clears_and_a_new_one_marks_known_customers_quietly),
		cmocka_unit_test(an_edit_of_points_keeps_a_rule_firing_and_moves_the_level),
		cmocka_unit_test(after_tells_how_long_the_oldest_is_unsettled),
		cmocka_unit_test(a_rejected_profile_leaves_no_customer_behind),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
