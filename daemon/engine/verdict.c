/* SPDX-License-Identifier: Apache-2.0 */
/* What announced firings, outcomes and churn say of rules: engine/quality.h has the definitions. */
#include "engine/core.h"

/* ---- counting ---- */

/* Once: what the records hold, recovery works out again and does not count. */
static struct figures *
figures_of(struct step *step, enum figures_kind kind, uint32_t key)
{
	struct quality *quality = &step->engine->quality;
	if (step_is_recorded(step, quality->applied))
		return NULL;
	struct figures *figures = quality_make(quality, kind, key);
	quality->dirty |= (uint16_t)(1u << quality_chunk(figures));
	if (figures->since_at == INT64_MAX)
		figures->since_at = step->now;
	figures_lapse(figures, step->now, step->engine->rules->horizon);
	return figures;
}

static void
count(struct step *step, enum figures_kind kind, uint32_t key, unsigned figure)
{
	struct figures *figures = figures_of(step, kind, key);
	if (figures && figures->counts[figure] < UINT32_MAX)
		figures->counts[figure]++;
}

static const struct rule *
rule_of(const struct step *step, const struct rule_state *state)
{
	return &step->engine->rules->rules[state->rule];
}

/* ---- an alert, open until it is judged ---- */

/* The first of those that are judged together. */
static int64_t
open_since(const struct rule_state *state)
{
	return state->announced_at - (int64_t)(state->open - 1) * SECOND_MS;
}

static void
open_from(struct rule_state *state, int64_t first)
{
	int64_t seconds = (state->announced_at - first) / SECOND_MS;
	state->open = seconds < UINT32_MAX ? (uint32_t)seconds + 1 : UINT32_MAX;
}

/* It is judged, or was none, and counted as open no more. */
static struct figures *
close_open(struct step *step, struct rule_state *state, int64_t announced_at)
{
	struct figures *figures = figures_of(step, FIGURES_RULE, rule_of(step, state)->key);
	if (figures)
		figures_close(figures, announced_at);
	state->open = 0;
	return figures;
}

void
verdict_announced(struct step *step, const struct rule_state *before, struct rule_state *state)
{
	const struct rule *rule = rule_of(step, state);
	if (!rule_warns(rule))
		return;
	bool repeats = before->open &&
		       state->announced_at - open_since(before) <= step->engine->rules->horizon;
	if (repeats)
		(void)close_open(step, state, before->announced_at);
	open_from(state, repeats ? open_since(before) : state->announced_at);
	struct figures *figures = figures_of(step, FIGURES_RULE, rule->key);
	if (figures)
		figures_open(figures, state->announced_at);
	count(step, FIGURES_RULE, rule->key, FIGURE_ALERTS);
	if (repeats)
		count(step, FIGURES_RULE, rule->key, FIGURE_REPEATS);
}

void
verdict_moved(struct step *step, struct rule_state *state, int64_t announced_before)
{
	int64_t first = announced_before - (int64_t)(state->open - 1) * SECOND_MS;
	if (state->open == 0)
		return;
	struct figures *figures = close_open(step, state, announced_before);
	if (figures)
		figures_open(figures, state->announced_at);
	open_from(state, first);
}

void
verdict_withdrawn(struct step *step, const struct rule_state *before, struct rule_state *state)
{
	if (before->open)
		(void)close_open(step, state, before->announced_at);
}

/* The customer went at `at`, which is not before the alert. */
static void
judge_lost(struct step *step, struct rule_state *state, int64_t at)
{
	int64_t lead = at - open_since(state);
	struct figures *figures = close_open(step, state, state->announced_at);
	if (figures)
		figures_add_lead(figures, lead);
	count(step, FIGURES_RULE, rule_of(step, state)->key, FIGURE_LOST);
}

static void
judge_by_person(struct step *step, struct rule_state *state, enum outcome outcome)
{
	uint32_t key = rule_of(step, state)->key;
	switch (outcome) {
	case OUTCOME_CHURNED:
		judge_lost(step, state, step->now);
		return;
	case OUTCOME_SAVED:
		(void)close_open(step, state, state->announced_at);
		count(step, FIGURES_RULE, key, FIGURE_SAVED);
		return;
	case OUTCOME_FALSE_ALARM:
		(void)close_open(step, state, state->announced_at);
		count(step, FIGURES_RULE, key, FIGURE_FALSE);
		return;
	case OUTCOME_NO_ANSWER:
	case OUTCOME_OTHER:
	case OUTCOMES:
		return;
	}
}

/* ---- outcomes ---- */

static bool
ordered(const struct task_held *task, uint32_t key)
{
	for (unsigned i = 0; i < task->rule_count; i++)
		if (task->rules[i] == key)
			return true;
	return false;
}

/* Of a task about an item what its rules said of that one, else all that they said. */
static void
judge_task(struct step *step, const struct task_held *task, enum outcome outcome)
{
	struct state_walk walk = {0};
	struct rule_state *state;
	struct item *item;
	while ((state = state_next(step->customer, &walk, &item)))
		if (state->open && ordered(task, rule_of(step, state)->key) &&
		    (!item || task->item.n == 0 || str_eq(item->key, task->item)))
			judge_by_person(step, state, outcome);
}

void
verdict_task(struct step *step, const struct task_held *task, enum task_verb verb,
	     struct str who)
{
	static const uint8_t figures[TASK_VERBS] = {[VERB_CREATED] = FIGURE_CREATED,
						    [VERB_REOPENED] = FIGURE_REOPENED,
						    [VERB_CANCELLED] = FIGURE_CANCELLED};
	uint32_t key = step->engine->rules->tasks[task->def].key;
	int outcome = outcome_of(task->outcome);
	if (figures[verb])
		count(step, FIGURES_TASK, key, figures[verb]);
	if (verb != VERB_DONE || outcome < 0)
		return;
	if (str_is(who, "churnd")) {
		count(step, FIGURES_TASK, key, FIGURE_BY_ITSELF);
		return;
	}
	count(step, FIGURES_TASK, key, FIGURE_DONE + (unsigned)outcome);
	judge_task(step, task, (enum outcome)outcome);
}

/* ---- churn ---- */

/* Whether the rule had spoken: no longer before it than the horizon, and not after it. */
static bool
foresaw(struct step *step, struct rule_state *state, int64_t at)
{
	int64_t first = state->open ? open_since(state) : state->announced_at;
	if (state->announced_at == 0 || first > at ||
	    state->announced_at < at - step->engine->rules->horizon)
		return false;
	if (state->open)
		judge_lost(step, state, at);
	return true;
}

void
verdict_churned(struct step *step, int64_t at)
{
	const struct ruleset *rules = step->engine->rules;
	struct cold *cold = customer_cold(step->customer);
	struct state_walk walk = {0};
	struct rule_state *state;
	struct item *item;
	bool *said, foreseen = false;
	if (cold->churned_at && at <= cold->churned_at + rules->horizon)
		return;
	cold->churned_at = at;
	said = arena_array(&step->engine->scratch, rules->rule_count + 1u, sizeof *said);
	while ((state = state_next(step->customer, &walk, &item)))
		if (rule_warns(rule_of(step, state)) && foresaw(step, state, at))
			said[state->rule] = foreseen = true;
	for (unsigned i = 0; i < rules->rule_count; i++)
		if (rule_warns(&rules->rules[i]) && !said[i])
			count(step, FIGURES_RULE, rules->rules[i].key, FIGURE_MISSED);
	count(step, FIGURES_ALL, 0, FIGURE_CHURNS);
	if (foreseen)
		count(step, FIGURES_ALL, 0, FIGURE_FORESEEN);
}
