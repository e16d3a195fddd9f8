/* SPDX-License-Identifier: Apache-2.0 */
/* What the customer's state makes of its tasks: done by itself, followed by others. */
#include <string.h>

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
	task->stepped_at = NEVER; /* the reason is gone: nothing is to follow */
	task_close(step, task, TASK_DONE);
	text_set(&task->outcome, said.outcome);
	task_tell(step, task, VERB_DONE, NULL, &said);
}

/* The end of what follows: a condition of its own. What was made stays. */
static bool
exits(struct step *step, const struct task_held *task)
{
	const struct ruleset *rules = step->engine->rules;
	const struct task_def *def = &rules->tasks[task->def];
	return def->exit && care_has_steps_left(rules, task) &&
	       look_truth(&step->look, def->exit) == TRUTH_YES;
}

static bool
closes(struct step *step, const struct task_held *task)
{
	const struct task_def *def = &step->engine->rules->tasks[task->def];
	return def->close_when && task_is_open(task) &&
	       look_truth(&step->look, def->close_when) == TRUTH_YES;
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
		/* A dead tracker is no cure. */
		if (rules->tasks[task->def].fed_by & step->engine->guard.suspect)
			continue;
		bool ends = exits(step, task), closed = closes(step, task);
		if (!ends && !closed)
			continue;
		step->changed = true;
		if (step->dry)
			return;
		if (ends)
			task->stepped_at = NEVER;
		if (closed)
			close_task(step, task);
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
	const uint32_t *rules; /* of the task before: why there is a playbook at all */
	unsigned rule_count;
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
	uint32_t *rules = arena_array(arena, TASK_MAX_RULES, sizeof *rules);
	memcpy(rules, task->rules, sizeof task->rules);
	followers->list[followers->count++] = (struct follower){
		&def->steps[i],	 arena_str(arena, task->item), i + 1, def, rules,
		task->rule_count};
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
			step_care_due(step, at);
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
		const struct expr *unless = follower->step->unless,
				  *when = follower->step->when;
		if ((unless && value_is_true(look_eval(&step->look, unless))) ||
		    (when && !value_is_true(look_eval(&step->look, when))))
			continue;
		struct str note = arena_printf(&step->engine->scratch, "step %u of %.*s",
					       follower->number, STR_ARG(follower->of->name));
		struct str note_zh =
			arena_printf(&step->engine->scratch, "%.*s 的第 %u 步",
				     STR_ARG(follower->of->name), follower->number);
		task_follow(step, follower->step->task,
			    &(struct task_reason){.item = follower->item,
						  .step = follower->number,
						  .note = note,
						  .note_zh = note_zh,
						  .rules = follower->rules,
						  .rule_count = follower->rule_count});
	}
}

/* ---- the whole ---- */

int64_t
care_next(const struct ruleset *rules, const struct cold *cold)
{
	int64_t next = NEVER;
	for (unsigned i = 0; i < cold->task_count; i++) {
		struct task_held *task = &cold->tasks[i];
		const struct task_def *def = &rules->tasks[task->def];
		int64_t at = care_clock_due(rules, task);
		next = at < next ? at : next;
		if (!care_has_steps_left(rules, task))
			continue;
		for (unsigned s = 0; s < def->step_count; s++) {
			at = task->created_at + def->steps[s].after;
			if (at > task->stepped_at && at < next)
				next = at;
		}
	}
	return next;
}

void
care_due(struct step *step, struct task_held *task)
{
	const struct task_def *def = &step->engine->rules->tasks[task->def];
	for (unsigned i = 0; i < def->step_count; i++)
		if (task->created_at + def->steps[i].after > task->stepped_at)
			step_care_due(step, task->created_at + def->steps[i].after);
	task->due_at = 0;
	step_care_due(step, care_clock_due(step->engine->rules, task));
}

void
care_look(struct step *step)
{
	struct cold *cold = step->customer->cold;
	struct followers followers = {NULL, 0};
	for (unsigned i = 0; cold && i < cold->task_count; i++) {
		if (step->dry && step->changed)
			return;
		care_clock(step, &cold->tasks[i]);
		if (care_has_steps_left(step->engine->rules, &cold->tasks[i]))
			take_steps(step, &cold->tasks[i], &followers);
	}
	make_followers(step, &followers);
	if (step->tasks_made)
		care_close(step);
}
