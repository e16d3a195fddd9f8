/* SPDX-License-Identifier: Apache-2.0 */
/* A rule's life: inactive -> pending -> firing -> clearing -> inactive (rules.md, "A rule's life"). */
#include <assert.h>

#include "engine/core.h"

bool
life_fires(const struct rule_state *state)
{
	return state && (state->phase == PHASE_FIRING || state->phase == PHASE_CLEARING);
}

static void
life_enter(struct life *life, enum phase phase, int64_t now)
{
	life->state.phase = (uint8_t)phase;
	life->state.since_at = now;
	life->effects |= LIFE_CHANGED;
}

static void
life_due(struct life *life, int64_t at)
{
	if (at < life->due)
		life->due = at;
}

static int64_t
cooled_at(const struct life_input *in, const struct rule_state *state)
{
	return state->announced_at ? state->announced_at + in->rule->cooldown : INT64_MIN;
}

/* Announces a firing once its cool-down is over; until then that end is due. */
static void
life_announce(struct life *life, const struct life_input *in)
{
	struct rule_state *state = &life->state;
	if (state->flags & (RULE_ANNOUNCED | RULE_MARKED))
		return;
	if (in->now < cooled_at(in, state)) {
		life_due(life, cooled_at(in, state));
		return;
	}
	state->flags |= RULE_ANNOUNCED;
	state->announced_at = in->now;
	life->effects |= LIFE_CHANGED | LIFE_ANNOUNCE;
}

static void
life_fire(struct life *life, const struct life_input *in)
{
	life_enter(life, PHASE_FIRING, in->now);
	life->state.fired_at = in->now;
	life->state.served = 0;
	life->state.flags = in->mark ? RULE_MARKED : 0;
	life->effects |= LIFE_FIRED | LIFE_TURNED;
	life_announce(life, in);
}

static void
life_clear(struct life *life, const struct life_input *in)
{
	life_enter(life, PHASE_IDLE, in->now);
	life->effects |= LIFE_CLEARED | LIFE_TURNED;
	life->state.until_at = 0;
}

/* keep_firing_for, from the moment `clear` came true. */
static void
life_clearing(struct life *life, const struct life_input *in)
{
	if (life->state.phase == PHASE_FIRING) {
		if (in->rule->keep == 0) {
			life_clear(life, in);
			return;
		}
		life_enter(life, PHASE_CLEARING, in->now);
	}
	int64_t end = life->state.since_at + in->rule->keep;
	if (in->now >= end)
		life_clear(life, in);
	else
		life_due(life, end);
}

static void
life_back_to_firing(struct life *life, const struct life_input *in)
{
	if (life->state.phase == PHASE_CLEARING)
		life_enter(life, PHASE_FIRING, in->now);
}

static void
life_lose_sight(struct life *life, const struct life_input *in)
{
	struct rule_state *state = &life->state;
	if (state->flags & RULE_BLIND)
		return;
	state->blind_at = in->now;
	state->flags |= RULE_BLIND;
	life->effects |= LIFE_CHANGED;
}

static void
life_seeing(struct life *life)
{
	if (life->state.flags & RULE_BLIND) {
		life->state.flags &= (uint8_t)~RULE_BLIND;
		life->state.blind_at = 0;
		life->effects |= LIFE_CHANGED;
	}
}

/* While `expr` is true it does not clear, but since when its own `clear` is unknown is counted then too. */
static void
life_true(struct life *life, const struct life_input *in)
{
	life_back_to_firing(life, in);
	if (in->rule->clear && in->clear == TRUTH_UNKNOWN)
		life_lose_sight(life, in);
	else
		life_seeing(life);
}

/* `clear` unknown for the rule's whole reach: it clears for want of evidence. */
static void
life_blind(struct life *life, const struct life_input *in)
{
	life_back_to_firing(life, in);
	life_lose_sight(life, in);
	int64_t end = life->state.blind_at + in->rule->reach;
	if (in->now < end) {
		life_due(life, end);
		return;
	}
	life_clear(life, in);
	life->cause = CAUSE_NO_EVIDENCE;
	life->has_cause = true;
}

static void
life_pending(struct life *life, const struct life_input *in)
{
	struct rule_state *state = &life->state;
	if (in->when == TRUTH_NO) {
		life_enter(life, PHASE_IDLE, in->now);
		state->flags = 0;
		state->served = 0;
		return;
	}
	bool paused = state->flags & RULE_PAUSED;
	if (in->when == TRUTH_UNKNOWN) {
		if (!paused) {
			state->served += in->now - state->since_at;
			state->flags |= RULE_PAUSED;
			life_enter(life, PHASE_PENDING, in->now);
		}
		return;
	}
	if (paused) {
		state->flags &= (uint8_t)~RULE_PAUSED;
		life_enter(life, PHASE_PENDING, in->now);
	}
	int64_t end = state->since_at + (in->rule->hold - state->served);
	if (in->now >= end)
		life_fire(life, in);
	else
		life_due(life, end);
}

static void
life_idle(struct life *life, const struct life_input *in)
{
	if (in->when != TRUTH_YES)
		return;
	if (in->rule->hold == 0 || in->mark) {
		life_fire(life, in);
		return;
	}
	life->state.flags = 0;
	life->state.served = 0;
	life_enter(life, PHASE_PENDING, in->now);
	life_due(life, in->now + in->rule->hold);
}

static void
life_firing(struct life *life, const struct life_input *in)
{
	if (in->late_undone) {
		life_clear(life, in);
		life->cause = CAUSE_LATE_EVENT;
		life->has_cause = true;
		life->state.announced_at = 0; /* its cool-down is undone */
		return;
	}
	if (in->when == TRUTH_YES) {
		life_true(life, in);
		return;
	}
	enum truth clear = in->clear;
	if (!in->rule->clear)
		clear = in->when == TRUTH_NO ? TRUTH_YES : TRUTH_UNKNOWN;
	switch (clear) {
	case TRUTH_YES:
		life_seeing(life);
		life_clearing(life, in);
		return;
	case TRUTH_NO:
		life_seeing(life);
		life_back_to_firing(life, in);
		return;
	case TRUTH_UNKNOWN:
		life_blind(life, in);
		return;
	}
}

/* At rest: `for` pauses, keep_firing_for starts again, a cool-down runs on. */
static void
life_rest(struct life *life, const struct life_input *in)
{
	struct rule_state *state = &life->state;
	if (state->phase == PHASE_PENDING && !(state->flags & RULE_PAUSED)) {
		state->served += in->now - state->since_at;
		state->flags |= RULE_PAUSED;
		life_enter(life, PHASE_PENDING, in->now);
	}
	life_back_to_firing(life, in);
}

/* An event that satisfies an event rule fires it or prolongs it; one that fails it clears it. */
static void
life_event(struct life *life, const struct life_input *in)
{
	struct rule_state *state = &life->state;
	bool fires = life_fires(state);
	if (in->when == TRUTH_YES && !(in->rule->clear && in->clear == TRUTH_YES)) {
		state->until_at = in->now + in->rule->keep;
		life->effects |= LIFE_CHANGED;
		if (!fires)
			life_fire(life, in);
	} else if (in->when == TRUTH_NO && fires) {
		life_clear(life, in);
	}
}

static void
life_event_rule(struct life *life, const struct life_input *in)
{
	if (in->is_event)
		life_event(life, in);
	if (!life_fires(&life->state))
		return;
	if (in->gone || (in->rule->clear && in->clear == TRUTH_YES) ||
	    in->now >= life->state.until_at) {
		life_clear(life, in);
		return;
	}
	life_announce(life, in);
	life_due(life, life->state.until_at);
}

/* Each step fires a date rule for keep_firing_for; one that comes while it still fires ends the firing and
 * begins another. */
static void
life_date_rule(struct life *life, const struct life_input *in)
{
	struct rule_state *state = &life->state;
	if (state->phase == PHASE_PENDING) /* it was no date rule before an edit */
		life_enter(life, PHASE_IDLE, in->now);
	bool strikes = in->strikes && in->when == TRUTH_YES;
	if (life_fires(state) && (in->gone || strikes || in->now >= state->until_at))
		life_clear(life, in);
	if (strikes) {
		life_fire(life, in);
		state->until_at = in->now + in->rule->keep;
	}
	if (life_fires(state)) {
		life_announce(life, in);
		life_due(life, state->until_at);
	}
}

static void
life_state_rule(struct life *life, const struct life_input *in)
{
	switch ((enum phase)life->state.phase) {
	case PHASE_IDLE:
		life_idle(life, in);
		break;
	case PHASE_PENDING:
		life_pending(life, in);
		break;
	case PHASE_FIRING:
	case PHASE_CLEARING:
		life_firing(life, in);
		if (life_fires(&life->state)) /* one that ends now is not announced now */
			life_announce(life, in);
		return;
	}
	if (life_fires(&life->state)) /* from now on */
		life_true(life, in);
}

struct life
life_judge(const struct life_input *in)
{
	struct life life = {.due = NEVER};
	if (in->state)
		life.state = *in->state;
	if (in->rule->mode == MODE_OFF) {
		if (life_fires(&life.state))
			life_clear(&life, in);
		else if (life.state.phase != PHASE_IDLE)
			life_enter(&life, PHASE_IDLE, in->now);
	} else if (in->rests) {
		life_rest(&life, in);
	} else if (in->rule->kind == RULE_EVENT) {
		life_event_rule(&life, in);
	} else if (in->rule->kind == RULE_DATE) {
		life_date_rule(&life, in);
	} else {
		life_state_rule(&life, in);
	}
	return life;
}
