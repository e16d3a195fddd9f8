/* SPDX-License-Identifier: Apache-2.0 */
/* What a churn, or a return, says of the alerts before it, by engine/truth.h. */
#include "engine/core.h"
#include "engine/truth.h"

/* It came true. lead: ms. */
static void
prove(struct step *step, uint32_t rule, int64_t announced_at, int64_t lead)
{
	struct figures *figures = verdict_figures(step, FIGURES_RULE, rule);
	if (!figures)
		return;
	figures_close(figures, announced_at);
	figures_add_lead(figures, lead);
	if (figures->counts[FIGURE_LOST] < UINT32_MAX)
		figures->counts[FIGURE_LOST]++;
}

static void
prove_state(struct step *step, struct rule_state *state, int64_t lead)
{
	prove(step, verdict_rule(step, state)->key, state->announced_at, lead);
	state->open = 0;
}

/* ---- one churn, of all rules ---- */

/* By slot: whether it had said so. In the scratch arena. */
static bool *
begin_churn(struct step *step)
{
	return arena_array(&step->engine->scratch, step->engine->rules->rule_count + 1u,
			   sizeof(bool));
}

static void
end_churn(struct step *step, const bool *said)
{
	const struct ruleset *rules = step->engine->rules;
	bool foreseen = false;
	for (unsigned i = 0; i < rules->rule_count; i++) {
		uint32_t key = rules->rules[i].key;
		if (!rule_warns(&rules->rules[i]))
			continue;
		foreseen |= said[i];
		verdict_count(step, FIGURES_RULE, key, FIGURE_CHURNS);
		verdict_count(step, FIGURES_RULE, key,
			      said[i] ? FIGURE_FORESEEN : FIGURE_MISSED);
	}
	verdict_count(step, FIGURES_ALL, 0, FIGURE_CHURNS);
	if (foreseen)
		verdict_count(step, FIGURES_ALL, 0, FIGURE_FORESEEN);
}

/* ---- somebody said so ---- */

/* Whether the rule had spoken: no longer before it than the horizon, and not after it. */
static bool
foresaw(struct step *step, struct rule_state *state, int64_t at)
{
	int64_t first = alert_is_open(state) ? alert_first(state) : state->announced_at;
	if (state->announced_at == 0 || first > at ||
	    state->announced_at < at - step->engine->rules->horizon)
		return false;
	if (alert_is_open(state))
		prove_state(step, state, at - first);
	return true;
}

static void
judge_together(struct step *step, int64_t at)
{
	bool *said = begin_churn(step);
	struct state_walk walk = {0};
	struct rule_state *state;
	struct item *item;
	while ((state = state_next(step->customer, &walk, &item)))
		if (rule_warns(verdict_rule(step, state)) && foresaw(step, state, at))
			said[state->rule] = true;
	end_churn(step, said);
}

/* ---- each alert by itself ---- */

static bool
is_hit(const struct step *step, int64_t warned_at, int64_t at)
{
	int64_t horizon = step->engine->rules->horizon;
	return warned_at < at &&
	       truth_by_churn(warned_at, at, horizon, at).verdict == VERDICT_HIT;
}

static bool
foresaw_alone(struct step *step, struct rule_state *state, int64_t at)
{
	bool on = life_fires(state) && state->flags & RULE_ANNOUNCED;
	int64_t first = alert_is_open(state) ? alert_first(state) : state->announced_at;
	if (state->announced_at == 0 || first >= at)
		return false;
	if (alert_is_open(state) && is_hit(step, first, at))
		prove_state(step, state, at - first);
	return truth_foreseen(at, state->announced_at, on, step->engine->rules->horizon);
}

/* Those that are open beside a later one. */
static void
judge_kept(struct step *step, bool *said, int64_t at)
{
	const struct ruleset *rules = step->engine->rules;
	struct cold *cold = customer_cold(step->customer);
	for (unsigned i = 0; i < cold->alert_count;) {
		struct open_alert alert = cold->alerts[i];
		if (!is_hit(step, alert.at, at)) {
			i++;
			continue;
		}
		for (unsigned r = 0; r < rules->rule_count; r++)
			if (rules->rules[r].key == alert.rule) {
				prove(step, alert.rule, alert.at, at - alert.at);
				said[r] = true;
			}
		customer_drop_alert(step->customer, i);
	}
}

static void
judge_alone(struct step *step, int64_t at)
{
	bool *said = begin_churn(step);
	struct state_walk walk = {0};
	struct rule_state *state;
	struct item *item;
	while ((state = state_next(step->customer, &walk, &item)))
		if (rule_warns(verdict_rule(step, state)) && foresaw_alone(step, state, at))
			said[state->rule] = true;
	judge_kept(step, said, at);
	end_churn(step, said);
}

void
verdict_left(struct step *step, int64_t at)
{
	customer_cold(step->customer)->churned_at = at;
	judge_alone(step, at);
}

void
verdict_churned(struct step *step, int64_t at)
{
	struct engine *engine = step->engine;
	struct cold *cold = customer_cold(step->customer);
	if ((cold->churned_at && at <= cold->churned_at + engine->rules->horizon) ||
	    churn_silence(engine, step->customer, step->now).over)
		return;
	cold->churned_at = at;
	if (engine->rules->churn.kind == CHURN_ON || engine->rules->churn.kind == CHURN_WHEN)
		judge_alone(step, at);
	else
		judge_together(step, at);
}

/* ---- silences ---- */

/* An alert of the silence that is open is judged; one that is not, a person has judged. */
static bool
foresaw_silence(struct step *step, struct rule_state *state, int64_t begin,
		struct silence silence)
{
	struct engine *engine = step->engine;
	int64_t days = engine->rules->horizon / DAY_MS;
	if (state->announced_at <= begin)
		return false;
	if (!alert_is_open(state))
		return true;
	int64_t warned = clock_day(&engine->clock, alert_first(state));
	struct judgement judgement =
		truth_by_silence(silence, days, silence.last + days, warned);
	if (judgement.verdict == VERDICT_HIT) {
		prove_state(step, state, (int64_t)(judgement.lead_days * DAY_MS));
		return true;
	}
	(void)alert_close(step, state, state->announced_at);
	state->open = ALERT_LATE;
	verdict_count_of(step, state, FIGURE_LATE);
	return false;
}

void
verdict_silent(struct step *step, struct silence_now now)
{
	struct engine *engine = step->engine;
	int64_t over = clock_day(&engine->clock, now.over_at - 1);
	struct silence silence = {over - engine->rules->horizon / DAY_MS, TRUTH_NONE};
	int64_t begin = zone_day_start(engine->clock.zone, now.last);
	bool *said = begin_churn(step);
	struct state_walk walk = {0};
	struct rule_state *state;
	struct item *item;
	while ((state = state_next(step->customer, &walk, &item)))
		if (rule_warns(verdict_rule(step, state)) &&
		    foresaw_silence(step, state, begin, silence))
			said[state->rule] = true;
	end_churn(step, said);
}

/* Of before the return it was false. One of the same day belongs to the silence that begins with that; at the very
 * first instant of the day it belongs to neither. */
static void
end_alert(struct step *step, struct rule_state *state, int64_t begin, bool counted)
{
	bool open = alert_is_open(state), late = state->open == ALERT_LATE,
	     again = state->open == ALERT_AGAIN;
	int64_t first = open ? alert_first(state) : state->announced_at;
	if (open && first > begin)
		return;
	if (open)
		(void)alert_close(step, state, state->announced_at);
	if (open && first < begin)
		verdict_count_of(step, state, FIGURE_FALSE);
	if ((again || (open && first < state->announced_at)) && state->announced_at >= begin)
		verdict_uncount(step, state, FIGURE_REPEATS);
	if (late && state->announced_at >= begin)
		verdict_uncount(step, state, FIGURE_LATE);
	state->open = 0;
	if (state->announced_at > begin && (open || late || again || !counted))
		alert_open(step, state, state->announced_at);
}

void
verdict_back(struct step *step, struct silence_now before, int64_t back)
{
	int64_t begin = zone_day_start(step->engine->clock.zone, back);
	struct state_walk walk = {0};
	struct rule_state *state;
	struct item *item;
	while ((state = state_next(step->customer, &walk, &item)))
		if (state->announced_at && rule_warns(verdict_rule(step, state)))
			end_alert(step, state, begin, before.counts);
}
