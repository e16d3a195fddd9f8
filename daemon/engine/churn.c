/* SPDX-License-Identifier: Apache-2.0 */
/* When a customer counts as churned: a silence that grows too long, an event, a condition that turns. */
#include "engine/core.h"

/* ---- silence ---- */

static int64_t
day_start(struct engine *engine, int64_t day)
{
	if (engine->day_start.day != day || engine->day_start.at == 0) {
		engine->day_start.day = day;
		engine->day_start.at = zone_day_start(engine->clock.zone, day);
	}
	return engine->day_start.at;
}

/* Its first instant past the horizon, put off by the suspect time until then. */
static int64_t
over_at(struct engine *engine, const struct active_mark *active, int64_t now)
{
	int64_t days = engine->rules->horizon / DAY_MS + 1;
	int64_t plain = day_start(engine, (int64_t)active->last + days), at = plain;
	guard_view(engine, now);
	if (engine->guard.suspect & engine->silent)
		return NEVER;
	if (!(engine->guard.paused & engine->silent))
		return plain;
	for (int64_t next;; at = next) {
		next = plain +
		       guard_paused(&engine->guard, engine->silent, active->last_at, at);
		if (next == at)
			return at;
	}
}

static struct active_mark
mark_of(const struct engine *engine, const struct customer *customer)
{
	unsigned signal = engine->rules->churn.signal;
	struct track track;
	if (!track_get(&customer->tracks, signal, false, engine->rules->signals[signal].kind,
		       &track))
		return (struct active_mark){0, 0, 0};
	return (struct active_mark){track.last_at, track.cell, track.life_days};
}

/* All but its end. */
static struct silence_now
silence_of(const struct engine *engine, const struct customer *customer,
	   const struct active_mark *active)
{
	struct silence_now silence = {.over_at = NEVER};
	if (!engine->silent || active->days < engine->rules->churn.min_days)
		return silence;
	silence.counts = true;
	silence.last = active->last;
	silence.over = customer->cold && customer->cold->churned_at > active->last_at;
	return silence;
}

struct silence_now
churn_silence(struct engine *engine, const struct customer *customer, int64_t now)
{
	struct active_mark active = mark_of(engine, customer);
	struct silence_now silence = silence_of(engine, customer, &active);
	if (silence.counts && !silence.over)
		silence.over_at = over_at(engine, &active, now);
	return silence;
}

/* What had come to be before anybody watched is noted, and judges nothing. */
static void
end_silence(struct step *step, struct silence_now silence, bool watched)
{
	if (watched)
		verdict_silent(step, silence);
	customer_cold(step->customer)->churned_at = silence.over_at;
}

static bool
look_silence(struct step *step)
{
	struct silence_now silence = churn_silence(step->engine, step->customer, step->now);
	bool watched = !step->entry && step->cause != CAUSE_RULES_CHANGED &&
		       step->quiet_since == NEVER && !(step->customer->flags & CUSTOMER_RESTS);
	if (silence.over_at > step->now) {
		step_due(step, silence.over_at);
		return false;
	}
	step->changed = true;
	if (!step->dry)
		end_silence(step, silence, watched);
	return true;
}

/* ---- a condition ---- */

static bool
look_condition(struct step *step)
{
	struct customer *customer = step->customer;
	bool gone = value_is_true(look_eval(&step->look, step->engine->rules->churn.when));
	bool watched = step->cause != CAUSE_RULES_CHANGED && step->quiet_since == NEVER &&
		       !step->is_new;
	if (gone == ((customer->flags & CUSTOMER_GONE) != 0))
		return false;
	step->changed = true;
	if (step->dry)
		return true;
	customer->flags ^= CUSTOMER_GONE;
	if (gone && watched)
		verdict_left(step, step->entry ? step->entry->ts : step->now);
	return true;
}

bool
churn_look(struct step *step)
{
	switch (step->engine->rules->churn.kind) {
	case CHURN_SAID:
	case CHURN_ON:
		return false;
	case CHURN_SILENT:
		return look_silence(step);
	case CHURN_WHEN:
		return look_condition(step);
	}
	return false;
}

/* ---- an entry ---- */

static bool
may_end_silence(const struct step *step)
{
	return step->use && step->use->signals & step->engine->silent;
}

void
churn_before(struct step *step)
{
	if (may_end_silence(step))
		step->active = mark_of(step->engine, step->customer);
}

/* The silence that ends was a churn by the customer's own times, or a return. */
static void
judge_silence(struct step *step, int64_t back)
{
	struct engine *engine = step->engine;
	struct silence_now before = silence_of(engine, step->customer, &step->active);
	if (before.counts && !before.over &&
	    back > before.last + engine->rules->horizon / DAY_MS) {
		before.over_at = over_at(engine, &step->active, step->now);
		if (day_start(engine, back) >= before.over_at)
			end_silence(step, before, true);
		before.over = step->customer->cold &&
			      step->customer->cold->churned_at > step->active.last_at;
	}
	verdict_back(step, before, back);
}

/* The silence that goes on now is over at an instant to be waited for, or was before anybody watched. */
static void
await_end(struct step *step)
{
	struct silence_now silence = churn_silence(step->engine, step->customer, step->now);
	if (silence.over_at <= step->now)
		end_silence(step, silence, false);
	else if (silence.over_at < NEVER)
		engine_set_wake(step->engine, step->index, silence.over_at);
}

/* It was active on a day that was not known of: another silence begins, or this one counts from now on. */
static void
begin_silence(struct step *step, const struct active_mark *active)
{
	struct engine *engine = step->engine;
	struct silence_now after = silence_of(engine, step->customer, active);
	if (!after.counts)
		return;
	if (active->last > step->active.last ||
	    step->active.days < engine->rules->churn.min_days)
		judge_silence(step, after.last);
	await_end(step);
}

/* That a customer is lost is known to those who say so (`churnctl churned`), or to a system that does. */
static bool
is_said(struct str type)
{
	return str_eq(type, STR("churned"));
}

static bool
is_told(const struct churn_def *churn, struct str type)
{
	for (unsigned i = 0; i < churn->type_count; i++)
		if (str_eq(churn->types[i], type))
			return true;
	return false;
}

bool
churn_is_told(const struct engine *engine, struct str type)
{
	return is_said(type) || is_told(&engine->rules->churn, type);
}

/* Somebody said that it is lost, and on that very day it was active once more. */
static bool
is_back(const struct customer *customer, const struct active_mark *before,
	const struct active_mark *now)
{
	int64_t churned_at = customer_seen_cold(customer)->churned_at;
	return churned_at > before->last_at && churned_at <= now->last_at;
}

void
churn_after(struct step *step)
{
	const struct entry *entry = step->entry;
	if (may_end_silence(step)) {
		struct active_mark active = mark_of(step->engine, step->customer);
		if (active.days != step->active.days)
			begin_silence(step, &active);
		else if (is_back(step->customer, &step->active, &active))
			await_end(step);
	}
	if (entry->backfill)
		return;
	if (is_told(&step->engine->rules->churn, entry->type))
		verdict_left(step, entry->ts);
	else if (is_said(entry->type))
		verdict_churned(step, entry->ts);
}
