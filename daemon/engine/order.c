/* SPDX-License-Identifier: Apache-2.0 */
/* The words of orders. */
#include "engine/order.h"

static const char *const causes[] = {
	[CAUSE_EVENT] = "event",
	[CAUSE_TIME] = "time",
	[CAUSE_LATE_EVENT] = "late_event",
	[CAUSE_NO_EVIDENCE] = "no_evidence",
	[CAUSE_RULE_REMOVED] = "rule_removed",
	[CAUSE_RULES_CHANGED] = "rules_changed",
	[CAUSE_PROFILE] = "profile",
	[CAUSE_PERSON] = "person",
	[CAUSE_FEED] = "feed",
};

static const char *const verbs[] = {
	[VERB_CREATED] = "created",	[VERB_CLAIMED] = "claimed",
	[VERB_DONE] = "done",		[VERB_CANCELLED] = "cancelled",
	[VERB_REOPENED] = "reopened",	[VERB_ADDED] = "reason_added",
	[VERB_ESCALATED] = "escalated", [VERB_BREACHED] = "breached",
	[VERB_SNOOZED] = "snoozed",	[VERB_RESUMED] = "resumed",
	[VERB_ASSIGNED] = "assigned",	[VERB_TRANSFERRED] = "transferred",
	[VERB_LINKED] = "linked",
};

const char *
cause_name(enum cause cause)
{
	return causes[cause];
}

const char *
task_verb_name(enum task_verb verb)
{
	return verbs[verb];
}

int64_t
task_snoozed_until(const struct task_held *task)
{
	return task->state == TASK_SNOOZED ? task->snoozes[task->snooze_count - 1].to : NEVER;
}

struct str
task_queue(const struct task_def *def, const struct task_held *task)
{
	return task->queue.n ? task->queue : def->queue;
}

const char *
task_sla_state(const struct task_def *def, const struct task_held *task)
{
	if (def->ack_within == 0 && def->resolve_within == 0)
		return "";
	if (task->told & (TOLD_ACK_BREACHED | TOLD_RESOLVE_BREACHED))
		return "breached";
	return task->told ? "warned" : "ok";
}
