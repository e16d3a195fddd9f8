/* SPDX-License-Identifier: Apache-2.0 */
/* When a task's times are over, worked out from its history and the calendar. */
#include "engine/sla.h"

#include "base/worktime.h"
#include "engine/core.h"

/* ---- time that counts ---- */

static int64_t
after(const struct ruleset *rules, int64_t at, int64_t ms)
{
	const struct worktime work = {rules->zone, &rules->calendar};
	return rules->has_calendar ? worktime_after(&work, at, ms) : at + ms;
}

static int64_t
between(const struct ruleset *rules, int64_t from, int64_t to)
{
	const struct worktime work = {rules->zone, &rules->calendar};
	if (to <= from)
		return 0;
	return rules->has_calendar ? worktime_between(&work, from, to) : to - from;
}

/* The time the task was put off does not count. */
static int64_t
after_awake(const struct ruleset *rules, const struct task_held *task, int64_t ms)
{
	int64_t at = task->clock_at;
	for (unsigned i = 0; i < task->snooze_count; i++) {
		const struct snooze *snooze = &task->snoozes[i];
		int64_t passed = between(rules, at, snooze->from);
		if (ms <= passed)
			break;
		ms -= passed;
		at = snooze->to;
	}
	return after(rules, at, ms);
}

static int64_t
awake_until(const struct ruleset *rules, const struct task_held *task, int64_t to)
{
	int64_t at = task->clock_at, sum = 0;
	for (unsigned i = 0; i < task->snooze_count && task->snoozes[i].from < to; i++) {
		sum += between(rules, at, task->snoozes[i].from);
		at = task->snoozes[i].to;
	}
	return sum + between(rules, at, to);
}

/* ---- the clocks ---- */

static const struct task_def *
def_of(const struct ruleset *rules, const struct task_held *task)
{
	return &rules->tasks[task->def];
}

int64_t
sla_ack_at(const struct ruleset *rules, const struct task_held *task, int share)
{
	int64_t within = def_of(rules, task)->ack_within;
	return within ? after(rules, task->clock_at, within * share / 100) : NEVER;
}

int64_t
sla_resolve_at(const struct ruleset *rules, const struct task_held *task, int share)
{
	int64_t within = def_of(rules, task)->resolve_within;
	return within ? after_awake(rules, task, within * share / 100) : NEVER;
}

int64_t
sla_share_at(const struct ruleset *rules, const struct task_held *task, int share)
{
	int64_t at = NEVER, resolve = NEVER;
	if (!task_is_open(task))
		return NEVER;
	if (!task->acked_at)
		at = sla_ack_at(rules, task, share);
	resolve = sla_resolve_at(rules, task, share);
	return resolve < at ? resolve : at;
}

int64_t
sla_lost_at(const struct ruleset *rules, const struct task_held *task)
{
	const struct task_def *def = def_of(rules, task);
	if (task->state != TASK_OPEN || !task->given_at || task->assignee.n == 0 ||
	    def->ack_within == 0 || task_queue(def, task).n == 0)
		return NEVER;
	return after(rules, task->given_at, def->ack_within);
}

bool
sla_is_overdue(const struct ruleset *rules, const struct task_held *task, int64_t now)
{
	return sla_share_at(rules, task, SLA_BREACHED) <= now;
}

int64_t
sla_ack_took(const struct ruleset *rules, const struct task_held *task)
{
	return task->acked_at ? between(rules, task->clock_at, task->acked_at) : -1;
}

int64_t
sla_resolve_took(const struct ruleset *rules, const struct task_held *task)
{
	return task->state == TASK_DONE ? awake_until(rules, task, task->closed_at) : -1;
}
