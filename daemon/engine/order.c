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
	[VERB_CREATED] = "created",   [VERB_CLAIMED] = "claimed",
	[VERB_DONE] = "done",	      [VERB_CANCELLED] = "cancelled",
	[VERB_REOPENED] = "reopened", [VERB_ADDED] = "reason_added",
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
