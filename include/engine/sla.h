/* SPDX-License-Identifier: Apache-2.0 */
/* The clocks of a task: when the times to claim it and to do it are over, by its own history. */
#ifndef ENGINE_SLA_H
#define ENGINE_SLA_H

#include "engine/customer.h"

/* Both run from task->clock_at, in working time of the rules' calendar if they have one, else in plain time. The
 * one to claim it (ack_within) stops for good when somebody first takes the task in hand, and runs on while it is
 * put off. The one to do it (resolve_within) stands still while it is put off. Nothing of this is stored: an edit
 * of the rules or of their calendar moves what lies ahead. */
#define SLA_WARNED 80	 /* percent; warned even where no escalation says so */
#define SLA_BREACHED 100 /* percent */

/* When so many percent of it are over; NEVER: the task has no such time, or none passes any more. Instants of a
 * clock that has stopped stay what they were. */
int64_t sla_ack_at(const struct ruleset *rules, const struct task_held *task, int share);
int64_t sla_resolve_at(const struct ruleset *rules, const struct task_held *task, int share);
/* Of the clocks that still run the first one that has come to that share; NEVER. */
int64_t sla_share_at(const struct ruleset *rules, const struct task_held *task, int share);
/* When the assignee who has not claimed it loses it to the queue; NEVER: not at all. */
int64_t sla_lost_at(const struct ruleset *rules, const struct task_held *task);

/* It is open and a time that still runs is over. */
bool sla_is_overdue(const struct ruleset *rules, const struct task_held *task, int64_t now);
/* What the clocks showed when it was taken in hand, when it was closed, ms; -1: it was not. */
int64_t sla_ack_took(const struct ruleset *rules, const struct task_held *task);
int64_t sla_resolve_took(const struct ruleset *rules, const struct task_held *task);

#endif
