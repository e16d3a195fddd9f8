/* SPDX-License-Identifier: Apache-2.0 */
/* What time alone does to a customer, or would do, asked without doing it; and when it may next. */
#include "engine/core.h"

/* A close, and a change of rules, is a look at what the second look before it moved. */
static void
step_see_moved(struct step *step)
{
	int64_t close_at, next;
	(void)clock_closed_day(&step->engine->clock, step->now, &close_at, &next);
	if (!(step->customer->flags & CUSTOMER_MOVED) ||
	    (step->now != close_at && step->cause != CAUSE_RULES_CHANGED))
		return;
	step->changed = true;
	if (!step->dry)
		step->customer->flags &= (uint8_t)~CUSTOMER_MOVED;
}

/* All of the customer is looked at, and when it is again. */
static void
step_time_whole(struct step *step)
{
	step->strikes = step->cause != CAUSE_RULES_CHANGED;
	if (!step_is_quiet(step)) {
		step_see_moved(step);
		if (!(step->dry && step->changed))
			step_look_whole(step);
	}
	if (!(step->dry && step->changed))
		step_end_whole(step);
}

void
step_time(struct step *step)
{
	int64_t judged =
		step->cause == CAUSE_TIME ? engine_judged_to(step->engine, step->customer) : 0;
	look_begin(&step->look, step->engine, step->customer, NULL, step->now);
	if (judged <= step->now) {
		step_time_whole(step);
		return;
	}
	step->look.env.next = judged;
	care_look(step);
	if (!(step->dry && step->changed))
		engine_note_look(step->engine, step->index, &step->look, false);
}

bool
step_would_change(struct engine *engine, uint32_t index, int64_t now)
{
	struct step step;
	step_begin(&step, engine, index, NULL, now, NULL);
	step.dry = true;
	step_time(&step);
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
	if (!step->changed && !watch_close(step, rests, parts) && parts & CLOSE_WATCHING)
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
	if (!step.changed) {
		engine_set_day(engine, index, step_reaches_closes(&step));
		engine_note_look(engine, index, &step.look, false);
	}
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
