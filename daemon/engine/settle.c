/* SPDX-License-Identifier: Apache-2.0 */
/* What follows once rules were judged: inhibition, points, risk, level, tags, stage, orders (rules.md, "One step"). */
#include "engine/core.h"

static void
step_note_standing(struct step *step)
{
	const struct customer *customer = step->customer;
	step->previous_risk = customer->risk;
	step->previous_level = customer->level;
	step->previous_stage = customer->stage;
	step->was_episode = customer->flags & CUSTOMER_EPISODE;
}

/* Inhibition, points, risk, level, tags, stage; then what of it is to be said. `watch`: tags and stages may have
 * moved by themselves. Returns whether anything moved that rules read. */
static bool
step_settle(struct step *step, bool watch)
{
	bool moved = false;
	step_note_standing(step);
	if (step->turned)
		rules_lift(step);
	if (step->turned || step->announcement_count || risk_may_move(step))
		moved = risk_settle(step);
	else if (!watch)
		return false;
	bool looks =
		watch || (step->engine->rules->watching.follows && (step->turned || moved));
	if (looks)
		moved |= watch_look(step, false);
	orders_emit(step);
	if (looks || step->tasks_made)
		care_close(step);
	return moved || step->owner_moved;
}

/* There is no third look, and no later one at any odd instant at which something else is due: those that read what
 * moved wait for the customer's next entry, the next close, or until something moves again. So what a look finds
 * never hangs on how often one looks. */
static void
step_leave_moved(struct step *step)
{
	const struct engine *engine = step->engine;
	if (engine->has_standing || step->owner_moved || engine->rules->watching.reads_stage)
		step->customer->flags |= CUSTOMER_MOVED;
}

/* After rules were judged. A second look at what reads what moved; no third. */
void
step_conclude(struct step *step, bool watch)
{
	const struct watching *watching = &step->engine->rules->watching;
	if (!step_settle(step, watch))
		return;
	bool again = watching->follows || (step->owner_moved && watching->owner);
	if (!step->engine->has_standing && !step->owner_moved && !again)
		return;
	step->turned = false;
	step->customer->flags &= (uint8_t)~CUSTOMER_MOVED;
	step_judge_again(step);
	step->owner_moved = false;
	if (step_settle(step, again))
		step_leave_moved(step);
}

/* Of a customer at rest only the stage goes on, and what people do is said. */
void
step_conclude_rest(struct step *step)
{
	step_note_standing(step);
	if (watch_look(step, true))
		step_leave_moved(step);
	orders_emit(step);
	care_close(step);
}
