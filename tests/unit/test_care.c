/* SPDX-License-Identifier: Apache-2.0 */
/* Shows what hurries a task, what ends it and what follows it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/care.h"

/* ---- close_when ---- */

static void
a_task_is_done_by_itself_when_close_when_is_true(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, HEAD CALL "tasks: {call: {close_when: 'count(a[1d live]) >= 2'}}\n");
	strike(&w, NOON, "c1");
	scene_send(&w, at("2026-03-02 12:01"), "c1", "a", NULL);
	scene_clear(&w);
	scene_send(&w, at("2026-03-02 12:02"), "c1", "a", NULL);
	scene_expect(&w, "2026-03-02T12:02:00.000Z c1 task.done call\n");
	expect_tasks(&w, "c1", "call done normal q= a=  saved\n");
	scene_finish(&w);
}

static void
close_when_is_looked_at_at_its_exact_moment(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, HEAD CALL "tasks: {call: {close_when: 'silent(a) >= 3h'}}\n");
	scene_send(&w, at(NOON), "c1", "a", NULL);
	strike(&w, "2026-03-02 13:00", "c1");
	scene_advance(&w, at("2026-03-02 14:59"));
	scene_clear(&w);
	scene_advance(&w, at("2026-03-02 18:00"));
	scene_expect(&w,
		     "2026-03-02T15:00:00.000Z c1 rule.cleared struck risk=0 cause=time\n"
		     "2026-03-02T15:00:00.000Z c1 customer.level_lowered healthy from watch "
		     "risk=0 cause=time\n"
		     "2026-03-02T15:00:00.000Z c1 task.done call\n");
	scene_finish(&w);
}

static void
close_when_follows_the_level(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, HEAD CALL "tasks: {call: {close_when: 'level() < \"watch\"'}}\n");
	strike(&w, NOON, "c1");
	scene_clear(&w);
	scene_advance(&w, at("2026-03-02 18:00"));
	scene_expect(&w,
		     "2026-03-02T14:00:00.000Z c1 rule.cleared struck risk=0 cause=time\n"
		     "2026-03-02T14:00:00.000Z c1 customer.level_lowered healthy from watch "
		     "risk=0 cause=time\n"
		     "2026-03-02T14:00:00.000Z c1 task.done call\n");
	scene_finish(&w);
}

static void
a_task_whose_close_when_is_true_already_is_made_and_done(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, HEAD CALL "tasks: {call: {close_when: 'not seen(a)'}}\n");
	strike(&w, NOON, "c1");
	scene_expect(&w, "2026-03-02T12:00:00.000Z c1 rule.fired struck risk=40 cause=event\n"
			 "2026-03-02T12:00:00.000Z c1 customer.level_raised watch from healthy "
			 "risk=40 cause=event\n"
			 "2026-03-02T12:00:00.000Z c1 task.created call\n"
			 "2026-03-02T12:00:00.000Z c1 task.done call\n");
	scene_finish(&w);
}

static void
an_unknown_close_when_leaves_the_task_open(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, HEAD CALL "tasks: {call: {close_when: 'since(b) < 1h'}}\n");
	strike(&w, NOON, "c1");
	expect_tasks(&w, "c1", "call open normal q= a= \n");
	scene_send(&w, at("2026-03-02 12:30"), "c1", "b", NULL);
	expect_tasks(&w, "c1", "call done normal q= a=  saved\n");
	scene_finish(&w);
}

/* ---- steps ---- */

#define WELCOME                                                                 \
	HEAD "actions: [{on: rule.fired, task: hello}]\n"                       \
	     "tasks:\n  hello: {steps: [{task: later, after: 3d, unless: "      \
	     "'count(a[3d live]) >= 2'}, {task: soon, after: 90m}]}\n  later: " \
	     "{queue: care}\n  soon: {queue: care}\n"

static void
a_step_makes_its_task_at_its_exact_instant_once(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, WELCOME);
	strike(&w, "2026-03-02 12:00:00.250", "c1");
	scene_advance(&w, at("2026-03-02 13:29:59.999"));
	scene_clear(&w);
	scene_advance(&w, at("2026-03-02 13:45"));
	scene_expect(&w, "2026-03-02T13:30:00.250Z c1 task.created soon\n");
	scene_advance(&w, at("2026-03-05 11:00"));
	scene_clear(&w);
	scene_advance(&w, at("2026-03-20 00:00"));
	scene_expect(&w, "2026-03-05T12:00:00.250Z c1 task.created later\n");
	scene_finish(&w);
}

static void
a_step_is_left_out_when_unless_is_true_then(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, WELCOME);
	strike(&w, NOON, "c1");
	scene_send(&w, at("2026-03-04 09:00"), "c1", "a", NULL);
	scene_send(&w, at("2026-03-05 09:00"), "c1", "a", NULL);
	scene_clear(&w);
	scene_advance(&w, at("2026-03-20 00:00"));
	scene_expect(&w, "");
	scene_finish(&w);
}

static void
steps_go_on_when_the_task_is_done_and_end_when_it_is_cancelled(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, WELCOME);
	strike(&w, NOON, "c1");
	act(&w, "2026-03-02 13:00", "done", 0, NULL);
	scene_advance(&w, at("2026-03-02 14:00"));
	scene_clear(&w);
	scene_advance(&w, at("2026-03-06 00:00"));
	scene_expect(&w, "2026-03-05T12:00:00.000Z c1 task.created later\n");
	scene_finish(&w);
	scene_init(&w, WELCOME);
	strike(&w, NOON, "c1");
	act(&w, "2026-03-02 13:00", "cancel", 0, NULL);
	scene_clear(&w);
	scene_advance(&w, at("2026-03-02 13:59"));
	scene_expect(&w, "");
	scene_finish(&w);
}

static void
steps_end_when_the_task_was_done_by_itself(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, HEAD "actions: [{on: rule.fired, task: hello}]\n"
			    "tasks:\n  hello: {close_when: seen(b), steps: [{task: later, "
			    "after: 1h}]}\n  later: {}\n");
	strike(&w, NOON, "c1");
	scene_send(&w, at("2026-03-02 12:30"), "c1", "b", NULL);
	expect_tasks(&w, "c1", "hello done normal q= a=  saved\n");
	scene_clear(&w);
	scene_advance(&w, at("2026-03-02 13:30"));
	scene_expect(&w, "");
	scene_finish(&w);
}

static void
a_step_survives_more_than_the_days_a_done_task_is_kept(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, HEAD "actions: [{on: rule.fired, task: hello}]\n"
			    "tasks:\n  hello: {steps: [{task: later, after: 60d}]}\n"
			    "  later: {steps: [{task: last, after: 1d}]}\n  last: {}\n");
	strike(&w, NOON, "c1");
	act(&w, "2026-03-02 13:00", "done", 0, NULL);
	strike(&w, "2026-03-25 12:00", "c1"); /* another hello, which forgets what is old */
	scene_advance(&w, at("2026-04-30 00:00"));
	scene_clear(&w);
	scene_advance(&w, at("2026-05-03 00:00"));
	scene_expect(&w, "2026-05-01T12:00:00.000Z c1 task.created later\n"
			 "2026-05-02T12:00:00.000Z c1 task.created last\n");
	scene_finish(&w);
}

static void
an_edit_takes_no_step_that_lies_in_the_past(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, HEAD "actions: [{on: rule.fired, task: hello}]\n"
			    "tasks:\n  hello: {}\n");
	strike(&w, NOON, "c1");
	scene_clear(&w);
	scene_change(&w, at("2026-03-02 13:50"),
		     HEAD "actions: [{on: rule.fired, task: hello}]\n"
			  "tasks:\n  hello: {steps: [{task: past, after: 1h}, {task: next, "
			  "after: 119m}]}\n  past: {}\n  next: {}\n");
	scene_advance(&w, at("2026-03-02 13:59:30"));
	scene_expect(&w, "2026-03-02T13:59:00.000Z c1 task.created next\n");
	scene_finish(&w);
}

static void
outside_only_tasks_are_cancelled_and_no_step_follows(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, "only: not seen(b)\n" WELCOME);
	strike(&w, NOON, "c1");
	scene_send(&w, at("2026-03-02 12:30"), "c1", "b", NULL);
	expect_tasks(&w, "c1", "hello cancelled normal q= a= \n");
	scene_clear(&w);
	scene_advance(&w, at("2026-03-06 00:00"));
	scene_expect(&w, "");
	scene_finish(&w);
}

#define ANSWERED                                                                     \
	HEAD "actions: [{on: rule.fired, task: hello}]\n"                            \
	     "tasks:\n  hello: {exit: 'seen(a) and silent(a) < 1h', steps: [{task: " \
	     "later, after: 3d}, {task: last, after: 5d}]}\n  later: {}\n  last: {}\n"

static void
a_playbook_ends_for_good_once_its_exit_is_true(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, ANSWERED);
	strike(&w, NOON, "c1");
	act(&w, "2026-03-02 13:00", "done", 0, NULL); /* its steps go on */
	scene_send(&w, at("2026-03-04 09:00"), "c1", "a", NULL);
	expect_tasks(&w, "c1", "hello done normal q= a=zoe  other\n");
	scene_clear(&w);
	scene_advance(&w, at("2026-03-20 00:00"));
	scene_expect(&w, "");
	scene_finish(&w);
}

static void
what_a_playbook_made_before_its_exit_stays(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, ANSWERED);
	strike(&w, NOON, "c1");
	scene_advance(&w, at("2026-03-06 00:00"));
	scene_send(&w, at("2026-03-06 09:00"), "c1", "a", NULL);
	scene_advance(&w, at("2026-03-20 00:00"));
	expect_tasks(&w, "c1", "hello open normal q= a= \nlater open normal q= a= \n");
	scene_finish(&w);
}

static void
a_step_is_made_when_its_condition_is_true_then(void **state)
{
	static const char rules[] =
		HEAD "actions: [{on: rule.fired, task: hello}]\n"
		     "tasks:\n  hello: {steps: [{task: later, after: 3d, when: seen(a)}]}\n"
		     "  later: {}\n";
	struct scene w;
	(void)state;
	scene_init(&w, rules);
	strike(&w, NOON, "c1");
	strike(&w, NOON, "c2");
	scene_send(&w, at("2026-03-04 12:00"), "c1", "a", NULL);
	scene_advance(&w, at("2026-03-05 00:00"));
	scene_clear(&w);
	scene_advance(&w, at("2026-03-20 00:00"));
	scene_expect(&w, "2026-03-05T12:00:00.000Z c1 task.created later\n");
	scene_finish(&w);
}

/* ---- escalations ---- */

#define HURRY                                                                        \
	HEAD CALL "tasks: {call: {queue: care, assign: ann, ack_within: 4h, "        \
		  "resolve_within: 10h, escalate: [{after: 80%, to: pair}, {after: " \
		  "100%, to: lead}]}}\n"

static void
an_unclaimed_task_escalates_by_its_share_of_ack_within(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, HURRY);
	strike(&w, NOON, "c1");
	expect_tasks(&w, "c1", "call open normal q=care a=ann ok\n");
	scene_advance(&w, at("2026-03-02 15:00"));
	scene_clear(&w);
	scene_advance(&w, at("2026-03-02 15:30"));
	scene_expect(&w, "2026-03-02T15:12:00.000Z c1 task.escalated call\n");
	expect_tasks(&w, "c1", "call open normal q=care a=lea warned\n");
	scene_advance(&w, at("2026-03-04 00:00"));
	scene_expect(&w, "2026-03-02T16:00:00.000Z c1 task.breached call\n"
			 "2026-03-02T20:00:00.000Z c1 task.escalated call\n"
			 "2026-03-02T22:00:00.000Z c1 task.breached call\n");
	expect_tasks(&w, "c1", "call open normal q=care a=lea breached\n");
	scene_finish(&w);
}

static void
a_claimed_task_escalates_by_its_share_of_resolve_within(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, HURRY);
	strike(&w, NOON, "c1");
	act(&w, "2026-03-02 15:00", "claim", 0, NULL);
	scene_clear(&w);
	scene_advance(&w, at("2026-03-02 19:59"));
	scene_expect(&w, "");
	scene_advance(&w, at("2026-03-03 00:00"));
	scene_expect(&w, "2026-03-02T20:00:00.000Z c1 task.escalated call\n"
			 "2026-03-02T22:00:00.000Z c1 task.breached call\n");
	expect_tasks(&w, "c1", "call claimed normal q=care a=lea breached\n");
	scene_finish(&w);
}

static void
each_escalation_comes_once_whichever_clock_came_first(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, HURRY);
	strike(&w, NOON, "c1");
	scene_advance(&w, at("2026-03-02 15:30")); /* 80 % of ack_within */
	act(&w, "2026-03-02 15:40", "claim", 0, NULL);
	expect_tasks(&w, "c1", "call claimed normal q=care a=zoe warned\n");
	scene_clear(&w);
	scene_advance(&w, at("2026-03-02 21:00"));
	scene_expect(&w, "2026-03-02T20:00:00.000Z c1 task.escalated call\n");
	expect_tasks(&w, "c1", "call claimed normal q=care a=zoe warned\n");
	scene_advance(&w, at("2026-03-03 00:00"));
	scene_expect(&w, "2026-03-02T22:00:00.000Z c1 task.breached call\n");
	expect_tasks(&w, "c1", "call claimed normal q=care a=lea breached\n");
	scene_finish(&w);
}

static void
a_task_that_is_done_or_reopened_escalates_no_more_or_anew(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, HURRY);
	strike(&w, NOON, "c1");
	scene_advance(&w, at("2026-03-02 15:30"));
	act(&w, "2026-03-02 15:40", "done", 0, NULL);
	scene_advance(&w, at("2026-03-03 12:00"));
	expect_tasks(&w, "c1", "call done normal q=care a=lea warned other\n");
	strike(&w, "2026-03-03 12:00", "c1");
	expect_tasks(&w, "c1", "call open normal q=care a=lea ok\n");
	scene_advance(&w, at("2026-03-03 15:00"));
	scene_clear(&w);
	scene_advance(&w, at("2026-03-03 15:30"));
	scene_expect(&w, "2026-03-03T15:12:00.000Z c1 task.escalated call\n");
	scene_finish(&w);
}

static void
an_overdue_task_escalates_at_once_when_an_edit_says_so(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, HEAD CALL "tasks: {call: {ack_within: 4h}}\n");
	strike(&w, NOON, "c1");
	scene_clear(&w);
	scene_change(&w, at("2026-03-02 13:00"),
		     HEAD CALL "tasks: {call: {ack_within: 30m, escalate: [{after: 100%, to: "
			       "lead}]}}\n");
	scene_expect(&w, "2026-03-02T13:00:00.000Z c1 task.breached call\n");
	scene_finish(&w);
}

static void
an_edit_without_a_kind_of_task_cancels_those_that_are_open(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, HEAD "actions: [{on: rule.fired, task: call}, {on: rule.fired, task: "
			    "write}]\ntasks: {call: {}, write: {}}\n");
	strike(&w, NOON, "c1");
	strike(&w, NOON, "c2");
	scene_clear(&w);
	w.wordy = true;
	scene_change(&w, at("2026-03-02 13:00"),
		     HEAD "actions: [{on: rule.fired, task: write}]\ntasks: {write: {}}\n");
	scene_expect(&w, "2026-03-02T13:00:00.000Z c1 task.cancelled call : open > cancelled "
			 "(the rules have no such task any more)\n"
			 "2026-03-02T13:00:00.000Z c2 task.cancelled call : open > cancelled "
			 "(the rules have no such task any more)\n");
	expect_tasks(&w, "c1", "write open normal q= a= \n");
	scene_finish(&w);
}

/* ---- rules of a task ---- */

static void
expect_rules(const struct scene *w, const char *names)
{
	const struct customer *c = engine_find(w->engine, STR("c1"));
	const struct task_held *task = &c->cold->tasks[0];
	struct buf out = {0};
	for (unsigned i = 0; i < task->rule_count; i++)
		for (unsigned k = 0; k < engine_rules(w->engine)->rule_count; k++)
			if (engine_rules(w->engine)->rules[k].key == task->rules[i])
				buf_printf(&out, "%.*s ",
					   STR_ARG(engine_rules(w->engine)->rules[k].name));
	buf_char(&out, '\0');
	assert_string_equal(out.p, names);
	buf_finish(&out);
}

/* So many rules that a slot modulo 64 would take one for another. */
static void
many_rules(struct buf *out, const char *first)
{
	buf_clear(out);
	buf_text(out, "signals: {a: {on: a}, b: {on: b}}\n"
		      "actions: [{on: rule.fired, task: call}]\ntasks: {call: {}}\nrules:\n");
	buf_text(out, first);
	for (int i = 0; i < 63; i++)
		buf_printf(out, "- {rule: idle%d, expr: 'count(a[1d live]) > 99', points: 1}\n",
			   i);
	buf_text(out, "- {rule: one, expr: seen(a), points: 1}\n");
	for (int i = 0; i < 63; i++)
		buf_printf(out, "- {rule: rest%d, expr: 'count(a[1d live]) > 99', points: 1}\n",
			   i);
	buf_text(out, "- {rule: two, expr: seen(b), points: 1}\n");
	buf_char(out, '\0');
}

static void
a_task_knows_its_rules_among_many_and_over_edits(void **state)
{
	struct buf file = {0};
	struct scene w;
	(void)state;
	many_rules(&file, "");
	scene_init(&w, file.p);
	scene_send(&w, at(NOON), "c1", "a", NULL);
	expect_rules(&w, "one ");
	many_rules(&file, "- {rule: zero, expr: 'count(b[1d live]) > 99', points: 1}\n");
	scene_change(&w, at("2026-03-02 12:10"), file.p);
	expect_rules(&w, "one ");
	scene_clear(&w);
	scene_send(&w, at("2026-03-02 12:20"), "c1", "b", NULL);
	scene_expect(&w, "2026-03-02T12:20:00.000Z c1 rule.fired two risk=2 cause=event\n"
			 "2026-03-02T12:20:00.000Z c1 task.reason_added call\n");
	expect_rules(&w, "one two ");
	expect_tasks(&w, "c1", "call open high q= a= \n");
	scene_finish(&w);
	buf_finish(&file);
}

/* ---- alerts of tasks ---- */

static void
an_action_sends_what_becomes_of_tasks(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, HEAD
		   "actions: [{on: rule.fired, task: call}, {on: task.breached, webhook: "
		   "pager}, {on: task.done, webhook: crm, when: seen(a)}]\n"
		   "tasks: {call: {ack_within: 1h, escalate: [{after: 100%, to: lead}]}}\n");
	strike(&w, NOON, "c1");
	scene_clear(&w);
	scene_advance(&w, at("2026-03-02 13:30"));
	act(&w, "2026-03-02 13:40", "done", 0, NULL);
	scene_expect(&w, "2026-03-02T12:48:00.000Z c1 task.escalated call\n"
			 "2026-03-02T13:00:00.000Z c1 task.breached call to=pager\n"
			 "2026-03-02T13:40:00.000Z c1 task.done call\n");
	scene_finish(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_task_is_done_by_itself_when_close_when_is_true),
		cmocka_unit_test(close_when_is_looked_at_at_its_exact_moment),
		cmocka_unit_test(close_when_follows_the_level),
		cmocka_unit_test(a_task_whose_close_when_is_true_already_is_made_and_done),
		cmocka_unit_test(an_unknown_close_when_leaves_the_task_open),
		cmocka_unit_test(a_step_makes_its_task_at_its_exact_instant_once),
		cmocka_unit_test(a_step_is_left_out_when_unless_is_true_then),
		cmocka_unit_test(
			steps_go_on_when_the_task_is_done_and_end_when_it_is_cancelled),
		cmocka_unit_test(steps_end_when_the_task_was_done_by_itself),
		cmocka_unit_test(a_step_survives_more_than_the_days_a_done_task_is_kept),
		cmocka_unit_test(an_edit_takes_no_step_that_lies_in_the_past),
		cmocka_unit_test(outside_only_tasks_are_cancelled_and_no_step_follows),
		cmocka_unit_test(an_unclaimed_task_escalates_by_its_share_of_ack_within),
		cmocka_unit_test(a_claimed_task_escalates_by_its_share_of_resolve_within),
		cmocka_unit_test(each_escalation_comes_once_whichever_clock_came_first),
		cmocka_unit_test(a_task_that_is_done_or_reopened_escalates_no_more_or_anew),
		cmocka_unit_test(an_overdue_task_escalates_at_once_when_an_edit_says_so),
		cmocka_unit_test(a_playbook_ends_for_good_once_its_exit_is_true),
		cmocka_unit_test(what_a_playbook_made_before_its_exit_stays),
		cmocka_unit_test(a_step_is_made_when_its_condition_is_true_then),
		cmocka_unit_test(an_edit_without_a_kind_of_task_cancels_those_that_are_open),
		cmocka_unit_test(a_task_knows_its_rules_among_many_and_over_edits),
		cmocka_unit_test(an_action_sends_what_becomes_of_tasks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
