/* SPDX-License-Identifier: Apache-2.0 */
/* What a task's clocks make of it: it comes back, escalates, and is lost to the queue. */
#include "engine/core.h"
#include "engine/sla.h"

/* ---- coming back ---- */

static void
come_back(struct step *step, struct task_held *task)
{
	struct task_change said = {.who = STR("churnd"), .from = STR("snoozed")};
	task->state = task->was_claimed ? TASK_CLAIMED : TASK_OPEN;
	said.to = str_of(task_state_name((enum task_state)task->state));
	task->given_at = task->state == TASK_OPEN && task->assignee.n ? step->now : 0;
	task_tell(step, task, VERB_RESUMED, NULL, &said);
}

/* ---- escalations ---- */

/* A share of its times at which something is said: of its list, or one of those that every list has. */
struct mark {
	int share;				  /* 0: there is no further one */
	const struct task_escalation *escalation; /* NULL: nobody else gets it */
};

static struct mark
mark_after(const struct task_def *def, int share)
{
	struct mark mark = {0, NULL};
	for (unsigned i = 0; i < def->escalation_count && mark.share == 0; i++)
		if (def->escalations[i].share > share)
			mark = (struct mark){def->escalations[i].share, &def->escalations[i]};
	if (!def->ack_within && !def->resolve_within)
		return mark;
	/* Who was told before is warned. */
	if (share == 0 && (mark.share == 0 || mark.share > SLA_WARNED))
		return (struct mark){SLA_WARNED, NULL};
	if (share < SLA_BREACHED && (mark.share == 0 || mark.share > SLA_BREACHED))
		return (struct mark){SLA_BREACHED, NULL};
	return mark;
}

/* The clock that has come to the share. */
static const char *
clock_of(const struct step *step, const struct task_held *task, int share)
{
	const struct ruleset *rules = step->engine->rules;
	return !task->acked_at && sla_ack_at(rules, task, share) <= step->now
		       ? "ack_within"
		       : "resolve_within";
}

static void
give_on(struct step *step, struct task_held *task, const struct mark *mark,
	struct task_change *said)
{
	const struct team *team = &step->engine->rules->teams[mark->escalation->team];
	struct arena *arena = &step->engine->scratch;
	said->from = arena_str(arena, task->assignee);
	struct str person = teams_other(step, mark->escalation->team, said->from);
	said->note = arena_printf(arena, "%.*s, to %.*s%s", STR_ARG(said->note),
				  STR_ARG(team->name), person.n ? "" : ", which has nobody");
	said->to = person.n ? person : said->from;
	if (person.n == 0)
		return;
	text_set(&task->assignee, said->to);
	text_set(&task->lender, STR_NONE);
	task->given_at = 0; /* theirs until the next step of the list */
}

static void
take_mark(struct step *step, struct task_held *task, const struct mark *mark)
{
	struct task_change said = {.who = STR("churnd")};
	said.note = arena_printf(&step->engine->scratch, "%d%% of %s", mark->share,
				 clock_of(step, task, mark->share));
	if (mark->escalation)
		give_on(step, task, mark, &said);
	task->escalated = (uint16_t)mark->share;
	task_tell(step, task, mark->share >= SLA_BREACHED ? VERB_BREACHED : VERB_ESCALATED,
		  NULL, &said);
}

static void
escalate(struct step *step, struct task_held *task)
{
	const struct ruleset *rules = step->engine->rules;
	const struct task_def *def = &rules->tasks[task->def];
	struct mark mark = mark_after(def, task->escalated);
	while (mark.share && sla_share_at(rules, task, mark.share) <= step->now) {
		struct mark next = mark_after(def, mark.share);
		step->changed = true;
		if (step->dry)
			return;
		/* A warning that comes with the breach, after an edit, warns nobody. */
		if (!mark.escalation && next.share &&
		    sla_share_at(rules, task, next.share) <= step->now)
			task->escalated = (uint16_t)mark.share;
		else
			take_mark(step, task, &mark);
		mark = next;
	}
}

/* ---- lost to the queue ---- */

static void
lose(struct step *step, struct task_held *task)
{
	struct task_change said = {.who = STR("churnd"), .note = STR("not claimed in time")};
	said.from = arena_str(&step->engine->scratch, task->assignee);
	text_set(&task->assignee, STR_NONE);
	task->given_at = 0;
	task_tell(step, task, VERB_ASSIGNED, NULL, &said);
}

/* ---- the whole ---- */

static int64_t
due_at(const struct ruleset *rules, const struct task_held *task)
{
	int64_t at = task_snoozed_until(task), lost = sla_lost_at(rules, task), share = NEVER;
	struct mark mark = mark_after(&rules->tasks[task->def], task->escalated);
	if (mark.share)
		share = sla_share_at(rules, task, mark.share);
	if (lost < at)
		at = lost;
	return share < at ? share : at;
}

int64_t
care_clock_due(const struct ruleset *rules, struct task_held *task)
{
	if (task->due_at == 0)
		task->due_at = task_is_open(task) ? due_at(rules, task) : NEVER;
	return task->due_at;
}

/* One is done, or it escalates, before it is lost: who got it by the list keeps it. */
void
care_clock(struct step *step, struct task_held *task)
{
	const struct ruleset *rules = step->engine->rules;
	if (care_clock_due(rules, task) > step->now) {
		step_due(step, task->due_at);
		return;
	}
	step->changed = true;
	if (step->dry)
		return;
	if (task_snoozed_until(task) <= step->now)
		come_back(step, task);
	escalate(step, task);
	if (sla_lost_at(rules, task) <= step->now)
		lose(step, task);
	step_due(step, care_clock_due(rules, task));
}
