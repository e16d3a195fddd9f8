/* SPDX-License-Identifier: Apache-2.0 */
/* Shows how the clocks of tasks run, warn, and take a task from whoever leaves it lying. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "codec/record.h"
#include "engine/sla.h"
#include "unit/care.h"

static void
begin(struct scene *w, const char *rules, const char *when)
{
	scene_init(w, rules);
	strike(w, when, "c1");
	scene_clear(w);
	w->wordy = true;
}

/* Of what was said what is about tasks. */
static void
expect_said(struct scene *w, const char *lines)
{
	struct buf out = {0};
	for (const char *line = w->said.n ? w->said.p : ""; *line;) {
		size_t n = strcspn(line, "\n") + 1;
		struct str one = {line, n};
		for (size_t i = 0; i + 6 < n; i++)
			if (strncmp(line + i, " task.", 6) == 0) {
				buf_str(&out, one);
				break;
			}
		line += n;
	}
	buf_char(&out, '\0');
	assert_string_equal(out.p, lines);
	scene_clear(w);
	buf_finish(&out);
}

static const struct task_held *
first(const struct scene *w)
{
	return &engine_find(w->engine, STR("c1"))->cold->tasks[0];
}

static void
expect_due(const struct scene *w, const char *ack, const char *resolve)
{
	const struct ruleset *rules = engine_rules(w->engine);
	if (ack)
		assert_int_equal(sla_ack_at(rules, first(w), 100), at(ack));
	if (resolve)
		assert_int_equal(sla_resolve_at(rules, first(w), 100), at(resolve));
}

/* ---- warned and breached ---- */

static void
a_task_is_warned_at_80_percent_and_breached_with_no_list(void **state)
{
	struct scene w;
	(void)state;
	begin(&w, HEAD CALL "tasks: {call: {ack_within: 10h}}\n", NOON);
	scene_advance(&w, at("2026-03-02 19:59"));
	scene_clear(&w);
	scene_advance(&w, at("2026-03-02 21:00"));
	expect_said(&w, "2026-03-02T20:00:00.000Z c1 task.escalated call churnd:  >  (80% of "
			"ack_within)\n");
	expect_tasks(&w, "c1", "call open normal q= a= warned\n");
	scene_advance(&w, at("2026-03-09 21:00"));
	expect_said(&w, "2026-03-02T22:00:00.000Z c1 task.breached call churnd:  >  (100% of "
			"ack_within)\n");
	expect_tasks(&w, "c1", "call open normal q= a= breached\n");
	scene_finish(&w);
}

static void
the_first_step_of_a_list_is_the_warning_where_it_comes_first(void **state)
{
	struct scene w;
	(void)state;
	begin(&w,
	      HEAD CALL "tasks: {call: {resolve_within: 10h, escalate: [{after: 50%, to: "
			"lead}, {after: 150%, to: care}]}}\n",
	      NOON);
	scene_advance(&w, at("2026-03-02 16:00"));
	scene_clear(&w);
	scene_advance(&w, at("2026-03-09 12:00"));
	expect_said(&w,
		    "2026-03-02T17:00:00.000Z c1 task.escalated call churnd:  > lea (50% of "
		    "resolve_within, to lead)\n"
		    "2026-03-02T22:00:00.000Z c1 task.breached call churnd:  >  (100% of "
		    "resolve_within)\n"
		    "2026-03-03T03:00:00.000Z c1 task.escalated call churnd: lea > ann (150% "
		    "of resolve_within, to care)\n");
	scene_finish(&w);
}

static void
each_clock_says_when_it_is_over(void **state)
{
	struct scene w;
	(void)state;
	begin(&w,
	      HEAD CALL "tasks: {call: {ack_within: 1h, resolve_within: 5h, escalate: [{after: "
			"100%, to: lead}]}}\n",
	      NOON);
	act(&w, "2026-03-02 13:30", "claim", 0, NULL);
	expect_said(&w,
		    "2026-03-02T12:48:00.000Z c1 task.escalated call churnd:  >  (80% of "
		    "ack_within)\n"
		    "2026-03-02T13:00:00.000Z c1 task.breached call churnd:  > lea (100% of "
		    "ack_within, to lead)\n"
		    "2026-03-02T13:30:00.000Z c1 task.claimed call zoe: lea > zoe ()\n");
	scene_advance(&w, at("2026-03-04 12:00"));
	expect_said(&w, "2026-03-02T16:00:00.000Z c1 task.escalated call churnd:  >  (80% of "
			"resolve_within)\n"
			"2026-03-02T17:00:00.000Z c1 task.breached call churnd:  >  (100% of "
			"resolve_within)\n");
	expect_tasks(&w, "c1", "call claimed normal q= a=zoe breached\n");
	scene_finish(&w);
}

/* ---- what is put off ---- */

static void
the_time_to_do_it_stands_still_while_it_is_put_off(void **state)
{
	struct scene w;
	(void)state;
	begin(&w, HEAD CALL "tasks: {call: {resolve_within: 10h}}\n", NOON);
	expect_due(&w, NULL, "2026-03-02 22:00");
	act(&w, "2026-03-02 13:00", "snooze", 0, "until=4h");
	expect_due(&w, NULL, "2026-03-03 02:00");
	act(&w, "2026-03-02 14:00", "claim", 0, NULL); /* back after an hour */
	expect_due(&w, NULL, "2026-03-02 23:00");
	act(&w, "2026-03-02 15:00", "snooze", 0,
	    "until=20h"); /* over its end, were it to run */
	expect_due(&w, NULL, "2026-03-03 19:00");
	scene_clear(&w);
	scene_advance(&w, at("2026-03-04 12:00"));
	expect_said(&w,
		    "2026-03-03T11:00:00.000Z c1 task.resumed call churnd: snoozed > claimed "
		    "()\n"
		    "2026-03-03T17:00:00.000Z c1 task.escalated call churnd:  >  (80% of "
		    "resolve_within)\n"
		    "2026-03-03T19:00:00.000Z c1 task.breached call churnd:  >  (100% of "
		    "resolve_within)\n");
	assert_int_equal(sla_resolve_took(engine_rules(w.engine), first(&w)), -1);
	act(&w, "2026-03-04 12:00", "done", 0, NULL);
	assert_int_equal(sla_resolve_took(engine_rules(w.engine), first(&w)), 27 * HOUR_MS);
	assert_int_equal(sla_ack_took(engine_rules(w.engine), first(&w)), 2 * HOUR_MS);
	scene_finish(&w);
}

static void
the_time_to_claim_it_runs_on_while_it_is_put_off(void **state)
{
	struct scene w;
	(void)state;
	begin(&w, HEAD CALL "tasks: {call: {ack_within: 10h}}\n", NOON);
	act(&w, "2026-03-02 13:00", "snooze", 0, "until=2d");
	scene_clear(&w);
	scene_advance(&w, at("2026-03-03 12:00"));
	expect_said(&w, "2026-03-02T20:00:00.000Z c1 task.escalated call churnd:  >  (80% of "
			"ack_within)\n"
			"2026-03-02T22:00:00.000Z c1 task.breached call churnd:  >  (100% of "
			"ack_within)\n");
	expect_tasks(&w, "c1", "call snoozed normal q= a= breached\n");
	scene_finish(&w);
}

/* ---- lost to the queue ---- */

#define LYING HEAD CALL "tasks: {call: {queue: care, assign: ann, ack_within: 4h}}\n"

static void
whoever_does_not_claim_it_in_time_loses_it_to_the_queue(void **state)
{
	struct scene w;
	(void)state;
	begin(&w, LYING, NOON);
	scene_advance(&w, at("2026-03-02 15:59"));
	scene_clear(&w);
	scene_advance(&w, at("2026-03-09 12:00"));
	expect_said(&w, "2026-03-02T16:00:00.000Z c1 task.breached call churnd:  >  (100% of "
			"ack_within)\n"
			"2026-03-02T16:00:00.000Z c1 task.assigned call churnd: ann >  (not "
			"claimed in time)\n");
	expect_tasks(&w, "c1", "call open normal q=care a= breached\n");
	scene_finish(&w);
}

static void
who_claimed_it_keeps_it(void **state)
{
	struct scene w;
	(void)state;
	begin(&w, LYING, NOON);
	act(&w, "2026-03-02 15:59", "claim", 0, NULL);
	scene_clear(&w);
	scene_advance(&w, at("2026-03-09 12:00"));
	expect_said(&w, "");
	expect_tasks(&w, "c1", "call claimed normal q=care a=zoe warned\n");
	scene_finish(&w);
}

static void
who_is_given_it_by_hand_has_the_whole_time_to_claim_it(void **state)
{
	struct scene w;
	(void)state;
	begin(&w, LYING, NOON);
	act(&w, "2026-03-02 15:30", "assign", 0, "to=bob");
	scene_advance(&w, at("2026-03-02 19:29"));
	expect_tasks(&w, "c1", "call open normal q=care a=bob breached\n");
	scene_clear(&w);
	scene_advance(&w, at("2026-03-02 20:00"));
	expect_said(&w, "2026-03-02T19:30:00.000Z c1 task.assigned call churnd: bob >  (not "
			"claimed in time)\n");
	scene_finish(&w);
}

static void
who_got_it_by_an_escalation_keeps_it(void **state)
{
	struct scene w;
	(void)state;
	begin(&w,
	      HEAD CALL "tasks: {call: {queue: care, assign: ann, ack_within: 4h, escalate: "
			"[{after: 100%, to: lead}]}}\n",
	      NOON);
	scene_advance(&w, at("2026-03-09 12:00"));
	expect_tasks(&w, "c1", "call open normal q=care a=lea breached\n");
	scene_finish(&w);
}

static void
where_there_is_no_queue_it_stays_with_its_person(void **state)
{
	struct scene w;
	(void)state;
	begin(&w, HEAD CALL "tasks: {call: {assign: ann, ack_within: 4h}}\n", NOON);
	scene_advance(&w, at("2026-03-09 12:00"));
	expect_tasks(&w, "c1", "call open normal q= a=ann breached\n");
	scene_finish(&w);
}

static void
after_a_snooze_the_time_to_claim_it_begins_anew(void **state)
{
	struct scene w;
	(void)state;
	begin(&w, LYING, NOON);
	act(&w, "2026-03-02 13:00", "snooze", 0, "until=1d");
	scene_advance(&w, at("2026-03-03 16:59"));
	expect_tasks(&w, "c1", "call open normal q=care a=ann breached\n");
	scene_advance(&w, at("2026-03-03 17:00"));
	expect_tasks(&w, "c1", "call open normal q=care a= breached\n");
	scene_finish(&w);
}

/* ---- working hours ---- */

#define OFFICE                                                                              \
	"timezone: Asia/Shanghai\ncalendar: {hours: '09:00-18:00', holidays: {2026-03-04: " \
	"feast}, workdays: [2026-03-07]}\n"
#define WORK                                                                      \
	OFFICE HEAD CALL "tasks: {call: {queue: care, assign: ann, ack_within: "  \
			 "4h, resolve_within: 18h, escalate: [{after: 100%, to: " \
			 "lead}]}}\n"

static void
with_a_calendar_the_clocks_run_in_its_hours(void **state)
{
	struct scene w;
	(void)state;
	begin(&w, WORK, "2026-03-02 08:00"); /* Monday 16:00 */
	expect_due(&w, "2026-03-03 03:00", "2026-03-05 08:00");
	scene_clear(&w);
	scene_advance(&w, at("2026-03-03 02:00"));
	expect_said(&w, "");
	scene_advance(&w, at("2026-03-03 02:30"));
	expect_said(&w, "2026-03-03T02:12:00.000Z c1 task.escalated call churnd:  >  (80% of "
			"ack_within)\n");
	scene_advance(&w, at("2026-03-03 12:00"));
	expect_said(&w, "2026-03-03T03:00:00.000Z c1 task.breached call churnd: ann > lea "
			"(100% of ack_within, to lead)\n");
	scene_finish(&w);
}

static void
a_holiday_stands_still_and_a_make_up_day_counts(void **state)
{
	struct scene w;
	(void)state;
	begin(&w, WORK, "2026-03-06 04:00"); /* Friday 12:00 */
	expect_due(&w, "2026-03-06 08:00", "2026-03-09 04:00");
	act(&w, "2026-03-06 05:00", "snooze", 0,
	    "until=2026-03-07T03:00:00Z"); /* 7 h of work */
	expect_due(&w, NULL, "2026-03-10 02:00");
	scene_finish(&w);
}

static void
an_edit_of_the_calendar_moves_what_lies_ahead(void **state)
{
	struct scene w;
	(void)state;
	begin(&w, WORK, "2026-03-02 08:00");
	scene_change(&w, at("2026-03-02 09:00"),
		     "timezone: Asia/Shanghai\n" HEAD CALL
		     "tasks: {call: {queue: care, assign: ann, ack_within: 4h}}\n");
	expect_due(&w, "2026-03-02 12:00", NULL);
	scene_clear(&w);
	scene_advance(&w, at("2026-03-02 11:30"));
	expect_said(&w, "2026-03-02T11:12:00.000Z c1 task.escalated call churnd:  >  (80% of "
			"ack_within)\n");
	scene_finish(&w);
}

static void
an_edit_that_makes_it_overdue_breaches_at_once_and_warns_nobody(void **state)
{
	struct scene w;
	(void)state;
	begin(&w, HEAD CALL "tasks: {call: {ack_within: 4h}}\n", NOON);
	scene_change(&w, at("2026-03-02 13:00"),
		     HEAD CALL "tasks: {call: {ack_within: 30m}}\n");
	expect_said(&w, "2026-03-02T13:00:00.000Z c1 task.breached call churnd:  >  (100% of "
			"ack_within)\n");
	assert_true(sla_is_overdue(engine_rules(w.engine), first(&w), at("2026-03-02 13:00")));
	scene_finish(&w);
}

/* ---- a restart ---- */

/* The customer goes into its record and out of it, into a new engine. */
static void
restart(struct scene *w, const char *rules)
{
	const struct customer *c = engine_find(w->engine, STR("c1"));
	struct stream_id applied = {w->at, w->seq}, read;
	struct buf bytes = {0};
	struct err err;
	record_encode(&bytes, engine_rules(w->engine), c, applied);
	struct engine *engine = engine_create(scene_rules(rules), (struct hash_seed){7, 8});
	engine_resume(engine, applied);
	struct customer *loaded =
		record_decode(engine_rules(engine), STR("c1"), buf_view(&bytes), &read, &err);
	assert_non_null(loaded);
	assert_true(engine_load(engine, loaded, read, &err));
	engine_destroy(w->engine);
	w->engine = engine;
	buf_finish(&bytes);
}

static void
clocks_survive_a_restart(void **state)
{
	struct scene w;
	(void)state;
	begin(&w, LYING, NOON);
	act(&w, "2026-03-02 13:00", "snooze", 0, "until=30m");
	restart(&w, LYING);
	scene_clear(&w);
	scene_advance(&w, at("2026-03-02 14:00"));
	expect_said(&w, "2026-03-02T13:30:00.000Z c1 task.resumed call churnd: snoozed > "
			"open ()\n");
	restart(&w, LYING);
	scene_advance(&w, at("2026-03-02 18:00"));
	expect_said(&w, "2026-03-02T15:12:00.000Z c1 task.escalated call churnd:  >  (80% of "
			"ack_within)\n"
			"2026-03-02T16:00:00.000Z c1 task.breached call churnd:  >  (100% of "
			"ack_within)\n"
			"2026-03-02T17:30:00.000Z c1 task.assigned call churnd: ann >  (not "
			"claimed in time)\n");
	scene_finish(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_task_is_warned_at_80_percent_and_breached_with_no_list),
		cmocka_unit_test(the_first_step_of_a_list_is_the_warning_where_it_comes_first),
		cmocka_unit_test(each_clock_says_when_it_is_over),
		cmocka_unit_test(the_time_to_do_it_stands_still_while_it_is_put_off),
		cmocka_unit_test(the_time_to_claim_it_runs_on_while_it_is_put_off),
		cmocka_unit_test(whoever_does_not_claim_it_in_time_loses_it_to_the_queue),
		cmocka_unit_test(who_claimed_it_keeps_it),
		cmocka_unit_test(who_is_given_it_by_hand_has_the_whole_time_to_claim_it),
		cmocka_unit_test(who_got_it_by_an_escalation_keeps_it),
		cmocka_unit_test(where_there_is_no_queue_it_stays_with_its_person),
		cmocka_unit_test(after_a_snooze_the_time_to_claim_it_begins_anew),
		cmocka_unit_test(with_a_calendar_the_clocks_run_in_its_hours),
		cmocka_unit_test(a_holiday_stands_still_and_a_make_up_day_counts),
		cmocka_unit_test(an_edit_of_the_calendar_moves_what_lies_ahead),
		cmocka_unit_test(
			an_edit_that_makes_it_overdue_breaches_at_once_and_warns_nobody),
		cmocka_unit_test(clocks_survive_a_restart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
