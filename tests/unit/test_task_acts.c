/* SPDX-License-Identifier: Apache-2.0 */
/* Shows what people can do with a task, and when it comes too late. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/care.h"

#define PLAIN HEAD CALL "tasks: {call: {queue: care, assign: ann}}\n"

static void
begin(struct scene *w, const char *rules)
{
	scene_init(w, rules);
	strike(w, NOON, "c1");
	scene_clear(w);
	w->wordy = true;
}

static const struct task_held *
task_of(const struct scene *w, unsigned i)
{
	return &engine_find(w->engine, STR("c1"))->cold->tasks[i];
}

/* One act with up to two fields more, by nobody in particular. */
static void
say(struct scene *w, const char *when, const char *verb, const char *one, const char *two)
{
	char id[ORDER_ID], task[48], does[32];
	engine_task_id(w->engine, engine_find(w->engine, STR("c1")), task_of(w, 0), id);
	snprintf(task, sizeof task, "task=%s", id);
	snprintf(does, sizeof does, "verb=%s", verb);
	scene_send(w, at(when), "c1", "churnd.task", task, does, one ? one : "note=", two,
		   NULL);
}

/* ---- claim ---- */

static void
a_task_is_claimed_once(void **state)
{
	struct scene w;
	(void)state;
	begin(&w, PLAIN);
	say(&w, "2026-03-02 12:01", "claim", "who=bob", NULL);
	say(&w, "2026-03-02 12:02", "claim", "who=cid", NULL);
	say(&w, "2026-03-02 12:03", "claim", NULL, NULL);
	scene_expect(&w, "2026-03-02T12:01:00.000Z c1 task.claimed call bob: ann > bob ()\n"
			 "rejected: conflict: the task is already claimed by bob\n"
			 "rejected: to claim a task, say who: field who is missing\n");
	expect_tasks(&w, "c1", "call claimed normal q=care a=bob \n");
	scene_finish(&w);
}

static void
an_act_on_a_task_that_was_closed_long_ago_comes_too_late(void **state)
{
	struct scene w;
	char task[48] = "task=", *id = task + 5;
	(void)state;
	begin(&w, PLAIN);
	engine_task_id(w.engine, engine_find(w.engine, STR("c1")), task_of(&w, 0), id);
	say(&w, "2026-03-02 12:01", "cancel", NULL, NULL);
	strike(&w, "2026-04-02 12:00", "c1"); /* the next one is made, the old one forgotten */
	scene_clear(&w);
	scene_send(&w, at("2026-04-02 12:01"), "c1", "churnd.task", task, "verb=done", NULL);
	assert_non_null(w.said.p);
	assert_memory_equal(w.said.p, "rejected: conflict: ", 20);
	scene_finish(&w);
}

/* ---- snooze ---- */

static void
a_task_comes_back_exactly_when_it_was_put_off_to(void **state)
{
	struct scene w;
	(void)state;
	begin(&w, PLAIN);
	say(&w, "2026-03-02 12:00:00.250", "snooze", "until=2d", "who=ann");
	scene_expect(&w, "2026-03-02T12:00:00.250Z c1 task.snoozed call ann: open > "
			 "2026-03-04T12:00:00.250Z ()\n");
	expect_tasks(&w, "c1", "call snoozed normal q=care a=ann \n");
	scene_advance(&w, at("2026-03-03 12:00"));
	scene_clear(&w);
	scene_advance(&w, at("2026-03-04 12:00:00.249"));
	scene_expect(&w, "");
	scene_advance(&w, at("2026-03-05 12:00"));
	scene_expect(&w, "2026-03-04T12:00:00.250Z c1 task.resumed call churnd: snoozed > "
			 "open ()\n");
	expect_tasks(&w, "c1", "call open normal q=care a=ann \n");
	scene_finish(&w);
}

static void
what_was_claimed_is_claimed_again_when_it_comes_back(void **state)
{
	struct scene w;
	(void)state;
	begin(&w, PLAIN);
	say(&w, "2026-03-02 12:01", "claim", "who=ann", NULL);
	say(&w, "2026-03-02 12:02", "snooze", "until=2026-03-02T12:30:00Z", NULL);
	say(&w, "2026-03-02 12:03", "claim", "who=bob", NULL);
	say(&w, "2026-03-02 12:04", "snooze", "until=1772455200000", NULL); /* 12:40 */
	scene_clear(&w);
	scene_advance(&w, at("2026-03-02 13:00"));
	scene_expect(&w, "2026-03-02T12:40:00.000Z c1 task.resumed call churnd: snoozed > "
			 "claimed ()\n");
	assert_int_equal(task_of(&w, 0)->snooze_count, 1);
	scene_finish(&w);
}

static void
a_task_is_put_off_to_a_moment_ahead(void **state)
{
	struct scene w;
	(void)state;
	begin(&w, PLAIN);
	say(&w, "2026-03-02 12:01", "snooze", "until=2026-03-02T12:01:00Z", NULL);
	say(&w, "2026-03-02 12:01", "snooze", "until=-2d", NULL);
	say(&w, "2026-03-02 12:01", "snooze", "until=401d", NULL);
	say(&w, "2026-03-02 12:01", "snooze", "until=2026-03-02 13:00", NULL);
	say(&w, "2026-03-02 12:01", "snooze", NULL, NULL);
	scene_expect(&w,
		     "rejected: until lies in the past\n"
		     "rejected: until lies in the past\n"
		     "rejected: a task is put off by at most 400 days\n"
		     "rejected: until \"2026-03-02 13:00\" is neither an instant nor a "
		     "duration such as 2d\n"
		     "rejected: to snooze a task, say until when: field until is missing\n");
	expect_tasks(&w, "c1", "call open normal q=care a=ann \n");
	scene_finish(&w);
}

static void
a_task_is_put_off_so_many_times_and_no_more(void **state)
{
	struct scene w;
	char minute[32];
	(void)state;
	begin(&w, PLAIN);
	for (int i = 0; i < TASK_MAX_SNOOZES; i++) {
		snprintf(minute, sizeof minute, "2026-03-02 12:%02d", i + 1);
		say(&w, minute, "snooze", "until=30s", NULL);
	}
	scene_advance(&w, at("2026-03-02 12:50"));
	scene_clear(&w);
	say(&w, "2026-03-02 12:50", "snooze", "until=30s", NULL);
	scene_expect(&w, "rejected: the task was put off 32 times already: that is the most\n");
	scene_finish(&w);
}

/* ---- assign ---- */

static void
a_task_goes_to_a_person_or_back_to_the_queue(void **state)
{
	struct scene w;
	(void)state;
	begin(&w, PLAIN);
	say(&w, "2026-03-02 12:01", "claim", "who=ann", NULL);
	scene_clear(&w);
	say(&w, "2026-03-02 12:02", "assign", "to=zoe", "who=lea");
	expect_tasks(&w, "c1", "call open normal q=care a=zoe \n");
	say(&w, "2026-03-02 12:03", "assign", "who=lea", "note=on leave");
	expect_tasks(&w, "c1", "call open normal q=care a= \n");
	scene_expect(&w,
		     "2026-03-02T12:02:00.000Z c1 task.assigned call lea: ann > zoe ()\n"
		     "2026-03-02T12:03:00.000Z c1 task.assigned call lea: zoe >  (on leave)\n");
	scene_finish(&w);
}

static void
a_task_that_is_put_off_is_given_away_and_stays_put_off(void **state)
{
	struct scene w;
	(void)state;
	begin(&w, PLAIN);
	say(&w, "2026-03-02 12:01", "claim", "who=ann", NULL);
	say(&w, "2026-03-02 12:02", "snooze", "until=10m", NULL);
	say(&w, "2026-03-02 12:03", "assign", "to=bob", NULL);
	expect_tasks(&w, "c1", "call snoozed normal q=care a=bob \n");
	scene_clear(&w);
	scene_advance(&w, at("2026-03-02 12:20"));
	scene_expect(&w, "2026-03-02T12:12:00.000Z c1 task.resumed call churnd: snoozed > "
			 "open ()\n");
	scene_finish(&w);
}

static void
whoever_says_from_whom_finds_out_that_it_has_moved(void **state)
{
	struct scene w;
	(void)state;
	begin(&w, PLAIN);
	say(&w, "2026-03-02 12:01", "assign", "to=bob", "from=ann");
	say(&w, "2026-03-02 12:02", "assign", "to=cid", "from=ann");
	say(&w, "2026-03-02 12:03", "assign", NULL, NULL);
	say(&w, "2026-03-02 12:04", "assign", "to=cid", "from=ann");
	scene_expect(&w,
		     "2026-03-02T12:01:00.000Z c1 task.assigned call : ann > bob ()\n"
		     "rejected: conflict: the task is not with ann any more but with bob\n"
		     "2026-03-02T12:03:00.000Z c1 task.assigned call : bob >  ()\n"
		     "rejected: conflict: the task is not with ann any more but with nobody\n");
	scene_finish(&w);
}

/* ---- transfer ---- */

static void
what_was_lent_returns_when_the_borrower_is_done(void **state)
{
	struct scene w;
	(void)state;
	begin(&w, PLAIN);
	say(&w, "2026-03-02 12:01", "transfer", "to=bob", "who=ann");
	expect_tasks(&w, "c1", "call claimed normal q=care a=bob \n");
	say(&w, "2026-03-02 12:02", "done", "who=bob", "note=they want a call");
	expect_tasks(&w, "c1", "call claimed normal q=care a=ann \n");
	say(&w, "2026-03-02 12:03", "done", "who=ann", "outcome=saved");
	expect_tasks(&w, "c1", "call done normal q=care a=ann  saved\n");
	scene_expect(&w, "2026-03-02T12:01:00.000Z c1 task.transferred call ann: ann > bob ()\n"
			 "2026-03-02T12:02:00.000Z c1 task.transferred call bob: bob > ann "
			 "(they want a call)\n"
			 "2026-03-02T12:03:00.000Z c1 task.done call ann: claimed > done ()\n");
	scene_finish(&w);
}

static void
what_was_lent_on_returns_to_the_first_lender(void **state)
{
	struct scene w;
	(void)state;
	begin(&w, PLAIN);
	say(&w, "2026-03-02 12:01", "transfer", "to=bob", NULL);
	say(&w, "2026-03-02 12:02", "transfer", "to=cid", NULL);
	say(&w, "2026-03-02 12:03", "transfer", "to=cid", NULL);
	scene_expect(&w, "2026-03-02T12:01:00.000Z c1 task.transferred call : ann > bob ()\n"
			 "2026-03-02T12:02:00.000Z c1 task.transferred call : bob > cid ()\n"
			 "rejected: conflict: the task is with cid already\n");
	say(&w, "2026-03-02 12:04", "transfer", "to=ann", NULL); /* taken back */
	expect_tasks(&w, "c1", "call claimed normal q=care a=ann \n");
	say(&w, "2026-03-02 12:05", "done", NULL, NULL);
	expect_tasks(&w, "c1", "call done normal q=care a=ann  other\n");
	scene_finish(&w);
}

static void
another_may_take_the_lenders_place(void **state)
{
	struct scene w;
	(void)state;
	begin(&w, PLAIN);
	say(&w, "2026-03-02 12:01", "transfer", "to=bob", "who=ann");
	say(&w, "2026-03-02 12:02", "transfer", "to=bob", "who=ann");
	say(&w, "2026-03-02 12:02", "transfer", "to=bob", "who=bob");
	scene_clear(&w);
	say(&w, "2026-03-02 12:03", "transfer", "to=bob", "who=cid");
	scene_expect(&w,
		     "2026-03-02T12:03:00.000Z c1 task.transferred call cid: bob > bob ()\n");
	say(&w, "2026-03-02 12:04", "done", "who=bob", NULL);
	expect_tasks(&w, "c1", "call claimed normal q=care a=cid \n");
	scene_finish(&w);
}

static void
the_lender_or_a_third_may_end_what_is_lent(void **state)
{
	struct scene w;
	(void)state;
	begin(&w, PLAIN);
	say(&w, "2026-03-02 12:01", "transfer", "to=bob", NULL);
	say(&w, "2026-03-02 12:02", "done", "who=lea", NULL);
	expect_tasks(&w, "c1", "call done normal q=care a=bob  other\n");
	strike(&w, "2026-03-03 12:00", "c1"); /* reopened: nothing of the loan is left */
	say(&w, "2026-03-03 12:02", "done", "who=bob", NULL);
	expect_tasks(&w, "c1", "call done normal q=care a=bob  other\n");
	scene_finish(&w);
}

static void
nobody_lends_what_nobody_has(void **state)
{
	struct scene w;
	(void)state;
	begin(&w, HEAD CALL "tasks: {call: {}}\n");
	say(&w, "2026-03-02 12:01", "transfer", "to=bob", NULL);
	say(&w, "2026-03-02 12:02", "transfer", NULL, NULL);
	scene_expect(&w,
		     "rejected: nobody has the task who could lend it: say who, or assign it\n"
		     "rejected: to transfer a task, say to whom: field to is missing\n");
	say(&w, "2026-03-02 12:03", "transfer", "to=bob", "who=ann");
	say(&w, "2026-03-02 12:04", "done", "who=bob", NULL);
	expect_tasks(&w, "c1", "call claimed normal q= a=ann \n");
	scene_finish(&w);
}

static void
who_does_what_nobody_had_has_done_it(void **state)
{
	struct scene w;
	(void)state;
	begin(&w, HEAD CALL "tasks: {call: {queue: care}}\n");
	say(&w, "2026-03-02 12:01", "done", "who=bob", "outcome=saved");
	expect_tasks(&w, "c1", "call done normal q=care a=bob  saved\n");
	scene_finish(&w);
	begin(&w, PLAIN);
	say(&w, "2026-03-02 12:01", "done", "who=bob", "outcome=saved");
	expect_tasks(&w, "c1", "call done normal q=care a=ann  saved\n");
	scene_finish(&w);
}

/* ---- every verb ---- */

static void
a_closed_task_is_closed(void **state)
{
	static const char *const verbs[] = {"claim",  "done",	"cancel",
					    "snooze", "assign", "transfer"};
	struct scene w;
	(void)state;
	begin(&w, PLAIN);
	say(&w, "2026-03-02 12:01", "cancel", NULL, NULL);
	scene_clear(&w);
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
		char id[ORDER_ID], task[48], does[32];
		engine_task_id(w.engine, engine_find(w.engine, STR("c1")), task_of(&w, 0), id);
		snprintf(task, sizeof task, "task=%s", id);
		snprintf(does, sizeof does, "verb=%s", verbs[i]);
		scene_send(&w, at("2026-03-02 12:02"), "c1", "churnd.task", task, does,
			   "who=ann", "to=bob", "until=1d", NULL);
		scene_expect(&w, "rejected: conflict: the task is already cancelled\n");
	}
	say(&w, "2026-03-02 12:03", "postpone", NULL, NULL);
	scene_expect(&w, "rejected: unknown task verb \"postpone\"; known are claim, done, "
			 "cancel, snooze, assign, transfer, link\n");
	scene_finish(&w);
}

static void
another_system_says_what_it_calls_a_task(void **state)
{
	struct scene w;
	(void)state;
	begin(&w, PLAIN);
	say(&w, "2026-03-02 12:01", "link", "external_id=00T1", NULL);
	assert_true(str_is(task_of(&w, 0)->external_id, "00T1"));
	say(&w, "2026-03-02 12:02", "claim", "who=bob", "external_id=00T2");
	assert_true(str_is(task_of(&w, 0)->external_id, "00T2"));
	say(&w, "2026-03-02 12:03", "claim", "who=cid", "external_id=00T3"); /* refused */
	say(&w, "2026-03-02 12:04", "done", NULL, NULL);
	assert_true(str_is(task_of(&w, 0)->external_id, "00T2"));
	say(&w, "2026-03-02 12:05", "link", "external_id=00T4", NULL);
	assert_true(str_is(task_of(&w, 0)->external_id, "00T4"));
	expect_tasks(&w, "c1", "call done normal q=care a=bob  other\n");
	scene_finish(&w);
}

static void
names_are_names(void **state)
{
	struct scene w;
	(void)state;
	begin(&w, PLAIN);
	say(&w, "2026-03-02 12:01", "claim", "who=b\nob", NULL);
	say(&w, "2026-03-02 12:01", "assign", "to=b\x7fob", NULL);
	say(&w, "2026-03-02 12:01", "link", "external_id=1\t2", NULL);
	scene_expect(&w,
		     "rejected: who has a control character or more than 128 bytes: it is "
		     "a name\n"
		     "rejected: to has a control character or more than 128 bytes: it is a "
		     "name\n"
		     "rejected: external_id has a control character or more than 128 bytes: "
		     "it is a name\n");
	say(&w, "2026-03-02 12:02", "assign", "to=\xe7\x8e\x8b\xe8\x8a\xb3", NULL);
	expect_tasks(&w, "c1", "call open normal q=care a=\xe7\x8e\x8b\xe8\x8a\xb3 \n");
	scene_finish(&w);
}

static void
a_system_that_says_of_nobody_ends_the_loan_and_not_the_task(void **state)
{
	struct scene w;
	(void)state;
	begin(&w, PLAIN);
	say(&w, "2026-03-02 12:01", "transfer", "to=bob", "who=ann");
	scene_clear(&w);
	say(&w, "2026-03-02 12:02", "done", NULL, NULL);
	scene_expect(&w, "2026-03-02T12:02:00.000Z c1 task.transferred call : bob > ann ()\n");
	expect_tasks(&w, "c1", "call claimed normal q=care a=ann \n");
	say(&w, "2026-03-02 12:03", "done", "outcome=lost", NULL);
	scene_expect(&w, "rejected: outcome \"lost\" is none of saved, churned, "
			 "false_alarm, no_answer, other\n");
	expect_tasks(&w, "c1", "call claimed normal q=care a=ann \n");
	scene_finish(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_task_is_claimed_once),
		cmocka_unit_test(an_act_on_a_task_that_was_closed_long_ago_comes_too_late),
		cmocka_unit_test(a_task_comes_back_exactly_when_it_was_put_off_to),
		cmocka_unit_test(what_was_claimed_is_claimed_again_when_it_comes_back),
		cmocka_unit_test(a_task_is_put_off_to_a_moment_ahead),
		cmocka_unit_test(a_task_is_put_off_so_many_times_and_no_more),
		cmocka_unit_test(a_task_goes_to_a_person_or_back_to_the_queue),
		cmocka_unit_test(a_task_that_is_put_off_is_given_away_and_stays_put_off),
		cmocka_unit_test(whoever_says_from_whom_finds_out_that_it_has_moved),
		cmocka_unit_test(what_was_lent_returns_when_the_borrower_is_done),
		cmocka_unit_test(what_was_lent_on_returns_to_the_first_lender),
		cmocka_unit_test(another_may_take_the_lenders_place),
		cmocka_unit_test(the_lender_or_a_third_may_end_what_is_lent),
		cmocka_unit_test(nobody_lends_what_nobody_has),
		cmocka_unit_test(who_does_what_nobody_had_has_done_it),
		cmocka_unit_test(a_closed_task_is_closed),
		cmocka_unit_test(another_system_says_what_it_calls_a_task),
		cmocka_unit_test(names_are_names),
		cmocka_unit_test(a_system_that_says_of_nobody_ends_the_loan_and_not_the_task),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
