/* SPDX-License-Identifier: Apache-2.0 */
/* When a task's times are over: what is done with it, whose it is and how long it was put off say so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "engine/core.h"
#include "engine/sla.h"
#include "support/scene.h"

#define T0 at("2026-03-02 12:00")
#define MINUTES(n) (T0 + (n)*MINUTE_MS)

/* Takes effect at T0; acknowledged within the hour, resolved within four. */
static struct ruleset *
rules_of(const char *more)
{
	struct buf text = {0};

	buf_printf(&text,
		   "signals: {a: {on: a}}\nrules:\n- {rule: r, expr: 'seen(a)'}\n"
		   "actions: [{on: rule.fired, task: call}]\ntasks: {call: {title: Call%s}}\n",
		   more);
	struct ruleset *rules = scene_rules(text.p);

	buf_finish(&text);
	return rules;
}

#define TIMES ", queue: q, ack_within: 1h, resolve_within: 4h"

static struct task_held
open_task(void)
{
	return (struct task_held){.state = TASK_OPEN, .created_at = T0, .clock_at = T0};
}

static void
the_next_that_is_over_counts_until_the_task_is_closed(void **state)
{
	struct ruleset *rules = rules_of(TIMES);
	struct task_held task = open_task();

	(void)state;
	assert_int_equal(sla_share_at(rules, &task, 100), MINUTES(60));
	assert_int_equal(sla_share_at(rules, &task, 50), MINUTES(30));
	assert_false(sla_is_overdue(rules, &task, MINUTES(60) - 1));
	assert_true(sla_is_overdue(rules, &task, MINUTES(60)));
	task.acked_at = MINUTES(20);
	assert_int_equal(sla_share_at(rules, &task, 100), MINUTES(240));
	assert_int_equal(sla_ack_took(rules, &task), 20 * MINUTE_MS);
	assert_int_equal(sla_resolve_took(rules, &task), -1);
	task.state = TASK_DONE;
	task.closed_at = MINUTES(90);
	assert_int_equal(sla_share_at(rules, &task, 100), NEVER);
	assert_false(sla_is_overdue(rules, &task, MINUTES(9999)));
	assert_int_equal(sla_resolve_took(rules, &task), 90 * MINUTE_MS);
	task.state = TASK_CANCELLED;
	assert_int_equal(sla_resolve_took(rules, &task), -1);
	ruleset_destroy(rules);
}

static void
who_did_not_acknowledge_took_no_time_for_it(void **state)
{
	struct ruleset *rules = rules_of(TIMES);
	struct task_held task = open_task();

	(void)state;
	assert_int_equal(sla_ack_took(rules, &task), -1);
	task.acked_at = T0 - 1; /* before the clock began anew */
	assert_int_equal(sla_ack_took(rules, &task), 0);
	ruleset_destroy(rules);
}

static void
a_task_without_times_is_never_late(void **state)
{
	struct ruleset *rules = rules_of(", queue: q");
	struct task_held task = open_task();

	(void)state;
	task.given_at = T0;
	text_set(&task.assignee, STR("ann"));
	assert_int_equal(sla_share_at(rules, &task, 100), NEVER);
	assert_int_equal(sla_lost_at(rules, &task), NEVER);
	text_set(&task.assignee, STR_NONE);
	ruleset_destroy(rules);
}

/* It goes back to the queue of those who might, if whoever was given it does not say so in time. */
static void
a_task_is_lost_to_whom_was_given_it_and_did_not_acknowledge(void **state)
{
	struct ruleset *rules = rules_of(TIMES), *apart = rules_of(", ack_within: 1h");
	struct task_held task = open_task();

	(void)state;
	assert_int_equal(sla_lost_at(rules, &task), NEVER); /* nobody's */
	task.given_at = MINUTES(10);
	assert_int_equal(sla_lost_at(rules, &task), NEVER);
	text_set(&task.assignee, STR("ann"));
	assert_int_equal(sla_lost_at(rules, &task), MINUTES(70));
	assert_int_equal(sla_lost_at(apart, &task), NEVER); /* no queue to go back to */
	task.given_at = 0;
	assert_int_equal(sla_lost_at(rules, &task), NEVER);
	task.given_at = MINUTES(10);
	task.state = TASK_CLAIMED;
	assert_int_equal(sla_lost_at(rules, &task), NEVER);
	text_set(&task.assignee, STR_NONE);
	ruleset_destroy(rules);
	ruleset_destroy(apart);
}

/* Put off for an hour from 12:30, and again from 15:00: the second only where it came before the end. */
static void
time_put_off_does_not_count(void **state)
{
	struct ruleset *rules = rules_of(TIMES);
	struct task_held task = open_task();
	struct snooze snoozes[] = {{MINUTES(30), MINUTES(90)}, {MINUTES(180), MINUTES(200)}};

	(void)state;
	task.acked_at = T0;
	task.snoozes = snoozes;
	task.snooze_count = 2;
	assert_int_equal(sla_resolve_at(rules, &task, 100), MINUTES(240 + 60 + 20));
	assert_int_equal(sla_resolve_at(rules, &task, 10), MINUTES(24));
	task.state = TASK_DONE;
	task.closed_at = MINUTES(120);
	assert_int_equal(sla_resolve_took(rules, &task), 60 * MINUTE_MS);
	task.closed_at = MINUTES(210);
	assert_int_equal(sla_resolve_took(rules, &task), 130 * MINUTE_MS);
	ruleset_destroy(rules);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_next_that_is_over_counts_until_the_task_is_closed),
		cmocka_unit_test(who_did_not_acknowledge_took_no_time_for_it),
		cmocka_unit_test(a_task_without_times_is_never_late),
		cmocka_unit_test(a_task_is_lost_to_whom_was_given_it_and_did_not_acknowledge),
		cmocka_unit_test(time_put_off_does_not_count),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
