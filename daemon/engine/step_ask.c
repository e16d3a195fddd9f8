/* SPDX-License-Identifier: Apache-2.0 */
/* What a step would do, asked without doing it: whether time changes a customer, and when it may next. */
#include "engine/core.h"

bool
step_would_change(struct engine *engine, uint32_t index, int64_t now)
{
	struct step step;
	step_begin(&step, engine, index, NULL, now, NULL);
	step.dry = true;
	step_time(&step);
	if (!step.changed)
		step_end_whole(&step);
	return step.changed;
}

/* The close of a day: only parts whose windows changed are asked. What is asked may say that something reaches
 * further; what is not asked said so before. */
static void
step_close(struct step *step, uint64_t parts)
{
	const struct close_plan *plan = &step->engine->close;
	const struct rule *rules = step->engine->rules->rules;
	bool rests = step->customer->flags & CUSTOMER_RESTS;
	for (unsigned i = 0; i < plan->rule_count && !rests && !step->changed; i++) {
		const struct close_rule *rule = &plan->rules[i];
		if (rule->part & parts)
			step_judge(step, rule->rule, false,
				   step_is_event_of(step, &rules[rule->rule]));
	}
	if (step->changed || !(parts & CLOSE_WATCHING))
		return;
	if (!watch_look(step, rests))
		care_close(step);
}

bool
step_close_would_change(struct engine *engine, uint32_t index, int64_t now)
{
	struct step step;
	const struct close_plan *plan = &engine->close;
	struct customer *customer = engine_at(engine, index);
	int64_t close_at, next_close;
	int64_t day = clock_closed_day(&engine->clock, now, &close_at, &next_close);
	struct close_view view = close_look(engine, customer, day);
	uint64_t parts = view.parts | plan->daily;
	step_begin(&step, engine, index, NULL, now, NULL);
	if (customer->flags & CUSTOMER_MOVED || parts & CLOSE_WHOLE || risk_may_move(&step))
		return step_would_change(engine, index, now);
	if (!parts) {
		engine_set_day(engine, index, view.reaches);
		if (view.reaches)
			engine_set_close(engine, index, view.next);
		return false;
	}
	step.dry = true;
	look_begin(&step.look, engine, step.customer, NULL, now);
	step.look.day = view.reaches;
	if (!step_is_quiet(&step))
		step_close(&step, parts);
	if (!step.changed)
		step_end_whole(&step);
	if (!step.changed && view.reaches && !plan->daily &&
	    !(customer->flags & CUSTOMER_QUIET))
		engine_set_close(engine, index, view.next);
	return step.changed;
}

int64_t
step_next(struct engine *engine, struct customer *customer, int64_t now, bool *day)
{
	struct step step = {.engine = engine, .customer = customer, .now = now, .dry = true};
	look_begin(&step.look, engine, customer, NULL, now);
	if (!step_is_quiet(&step))
		step_look_whole(&step);
	*day = step_reaches_closes(&step);
	return step.look.env.next;
}
