/* SPDX-License-Identifier: Apache-2.0 */
/* What time and the customer's state make of its tasks: done by itself, escalated, followed by others. */
#include "engine/core.h"

/* ---- done by itself ---- */

static void
close_task(struct step *step, struct task_held *task)
{
	struct task_change said = {.who = STR("churnd"),
				   .from = str_of(task_state_name(task->state)),
				   .to = STR("done"),
				   .outcome = STR("saved"),
				   .reason_code = STR("risk_gone")};
	task->state = TASK_DONE;
	task->closed_at = step->now;
	task->stepped_at = NEVER; /* the reason is gone: nothing is to follow */
	text_set(&task->outcome, said.outcome);
	task_tell(step, task, VERB_DONE, NULL, &said);
}

void
care_close(struct step *step)
{
	const struct ruleset *rules = step->engine->rules;
	struct cold *cold = step->customer->cold;
	step->tasks_made = false;
	if (!rules->closes_tasks)
		return;
	for (unsigned i = 0; cold && i < cold->task_count; i++) {
		struct task_held *task = &cold->tasks[i];
		const struct task_def *def = &rules->tasks[task->def];
		/* A dead tracker is no cure. */
		if (!def->close_when || !task_is_open(task) ||
		    (def->fed_by & step->engine->guard.suspect))
			continue;
		if (look_truth(&step->look, def->close_when) != TRUTH_YES)
			continue;
		step->changed = true;
		if (step->dry)
			return;
		close_task(step, task);
	}
}

/* ---- escalations ---- */

/* Of the time to claim it while nobody has, of the time to do it: whichever comes first. */
static int64_t
escalation_at(const struct task_def *def, const struct task_held *task, int share)
{
	int64_t at = NEVER;
	if (def->ack_within && task->state == TASK_OPEN)
		at = task->clock_at + def->ack_within * share / 100;
	if (def->resolve_within && task->clock_at + def->resolve_within * share / 100 < at)
		at = task->clock_at + def->resolve_within * share / 100;
	return at;
}

static void
escalate_task(struct step *step, struct task_held *task,
	      const struct task_escalation *escalation)
{
	const struct team *team = &step->engine->rules->teams[escalation->team];
	struct arena *arena = &step->engine->scratch;
	struct task_change said = {.who = STR("churnd"),
				   .from = arena_str(arena, task->assignee)};
	struct str person = teams_other(step, escalation->team, said.from);
	bool breach = escalation->share >= 100;
	said.note = arena_printf(arena, "%d%% to %.*s%s", escalation->share,
				 STR_ARG(team->name), person.n ? "" : ", which has nobody");
	said.to = person.n ? person : said.from;
	text_set(&task->assignee, said.to);
	task->escalated = (uint16_t)escalation->share;
	task_tell(step, task, breach ? VERB_BREACHED : VERB_ESCALATED, NULL, &said);
}

static void
escalate(struct step *step, struct task_held *task)
{
	const struct task_def *def = &step->engine->rules->tasks[task->def];
	for (unsigned i = 0; i < def->escalation_count && task_is_open(task); i++) {
		const struct task_escalation *escalation = &def->escalations[i];
		if (escalation->share <= task->escalated)
			continue;
		int64_t at = escalation_at(def, task, escalation->share);
		if (at > step->now) {
			step_due(step, at);
			return;
		}
		step->changed = true;
		if (step->dry)
			return;
		escalate_task(step, task, escalation);
	}
}

/* ---- steps ---- */

bool
care_has_steps_left(const struct ruleset *rules, const struct task_held *task)
{
	const struct task_def *def = &rules->tasks[task->def];
	return def->step_count && task->state != TASK_CANCELLED && task->stepped_at != NEVER &&
	       task->created_at + def->steps[def->step_count - 1].after > task->stepped_at;
}

/* What is to be made once all are asked: a new task moves the others in memory. */
struct follower {
	const struct task_step *step;
	struct str item;
	unsigned number; /* of the step, from 1 */
	const struct task_def *of;
};

struct followers {
	struct follower *list; /* in the arena; NULL: not yet needed */
	unsigned count;
};

static void
note_follower(struct step *step, struct followers *followers, const struct task_held *task,
	      unsigned i)
{
	const struct task_def *def = &step->engine->rules->tasks[task->def];
	struct arena *arena = &step->engine->scratch;
	if (!followers->list)
		followers->list = arena_array(
			arena, step->customer->cold->task_count * RULESET_MAX_FOLLOWERS,
			sizeof *followers->list);
	followers->list[followers->count++] =
		(struct follower){&def->steps[i], arena_str(arena, task->item), i + 1, def};
}

/* An edit of the file makes nothing happen that would have happened before it. */
static void
take_steps(struct step *step, struct task_held *task, struct followers *followers)
{
	const struct task_def *def = &step->engine->rules->tasks[task->def];
	bool edited = step->cause == CAUSE_RULES_CHANGED;
	int64_t taken = task->stepped_at;
	for (unsigned i = 0; i < def->step_count; i++) {
		int64_t at = task->created_at + def->steps[i].after;
		if (at <= taken)
			continue;
		if (at > step->now) {
			step_due(step, at);
			return;
		}
		step->changed = true;
		if (step->dry)
			return;
		task->stepped_at = at;
		if (!edited)
			note_follower(step, followers, task, i);
	}
}

static void
make_followers(struct step *step, const struct followers *followers)
{
	for (unsigned i = 0; i < followers->count; i++) {
		const struct follower *follower = &followers->list[i];
		const struct expr *unless = follower->step->unless;
		if (unless && value_is_true(look_eval(&step->look, unless)))
			continue;
		struct str note = arena_printf(&step->engine->scratch, "step %u of %.*s",
					       follower->number, STR_ARG(follower->of->name));
		task_follow(step, follower->step->task, follower->item, follower->number, note);
	}
}

/* ---- the whole ---- */

void
care_due(struct step *step, const struct task_held *task)
{
	const struct task_def *def = &step->engine->rules->tasks[task->def];
	for (unsigned i = 0; i < def->step_count; i++)
		if (task->created_at + def->steps[i].after > task->stepped_at)
			step_due(step, task->created_at + def->steps[i].after);
	for (unsigned i = 0; i < def->escalation_count; i++)
		step_due(step, escalation_at(def, task, def->escalations[i].share));
}

void
care_look(struct step *step)
{
	struct cold *cold = step->customer->cold;
	struct followers followers = {NULL, 0};
	for (unsigned i = 0; cold && i < cold->task_count; i++) {
		if (step->dry && step->changed)
			return;
		escalate(step, &cold->tasks[i]);
		if (care_has_steps_left(step->engine->rules, &cold->tasks[i]))
			take_steps(step, &cold->tasks[i], &followers);
	}
	make_followers(step, &followers);
	if (step->tasks_made)
		care_close(step);
}
