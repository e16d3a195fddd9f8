/* SPDX-License-Identifier: Apache-2.0 */
/* Alerts that are open, and what the outcomes of tasks say of them: engine/quality.h has the definitions. */
#include "engine/core.h"

/* ---- counting ---- */

/* Once: what the records hold, recovery works out again and does not count. */
struct figures *
verdict_figures(struct step *step, enum figures_kind kind, uint32_t key)
{
	struct quality *quality = &step->engine->quality;
	unsigned chunk = quality_chunk(key);
	if (step_is_recorded(step, quality->applied[chunk]))
		return NULL;
	struct figures *figures = quality_make(quality, kind, key);
	quality_touch(step->engine, chunk);
	if (figures->since_at == INT64_MAX)
		figures->since_at = step->now;
	figures_lapse(figures, step->now, quality_open_for(step->engine->rules));
	return figures;
}

void
verdict_count(struct step *step, enum figures_kind kind, uint32_t key, unsigned figure)
{
	struct figures *figures = verdict_figures(step, kind, key);
	if (figures && figures->counts[figure] < UINT32_MAX)
		figures->counts[figure]++;
}

const struct rule *
verdict_rule(const struct step *step, const struct rule_state *state)
{
	return &step->engine->rules->rules[state->rule];
}

void
verdict_count_of(struct step *step, const struct rule_state *state, unsigned figure)
{
	verdict_count(step, FIGURES_RULE, verdict_rule(step, state)->key, figure);
}

void
verdict_uncount(struct step *step, const struct rule_state *state, unsigned figure)
{
	struct figures *figures =
		verdict_figures(step, FIGURES_RULE, verdict_rule(step, state)->key);
	if (figures && figures->counts[figure])
		figures->counts[figure]--;
}

/* ---- an alert, open until it is judged ---- */

bool
alert_is_open(const struct rule_state *state)
{
	return state->open != 0 && state->open < ALERT_AGAIN;
}

int64_t
alert_first(const struct rule_state *state)
{
	return state->announced_at - (int64_t)(state->open - 1) * SECOND_MS;
}

/* To the second, but never on another day. */
static void
open_from(struct step *step, struct rule_state *state, int64_t first)
{
	struct calendar_clock *clock = &step->engine->clock;
	int64_t seconds = (state->announced_at - first) / SECOND_MS;
	int64_t at = state->announced_at - seconds * SECOND_MS;
	if (at != first && clock_day(clock, at) != clock_day(clock, first))
		seconds++;
	state->open = seconds < ALERT_AGAIN - 1 ? (uint32_t)seconds + 1 : ALERT_AGAIN - 1;
}

void
alert_open(struct step *step, struct rule_state *state, int64_t first)
{
	struct figures *figures =
		verdict_figures(step, FIGURES_RULE, verdict_rule(step, state)->key);
	open_from(step, state, first);
	if (figures)
		figures_open(figures, state->announced_at);
}

/* It is judged, or was none, and counted as open no more. */
struct figures *
alert_close(struct step *step, struct rule_state *state, int64_t announced_at)
{
	struct figures *figures =
		verdict_figures(step, FIGURES_RULE, verdict_rule(step, state)->key);
	if (figures)
		figures_close(figures, announced_at);
	state->open = 0;
	return figures;
}

uint32_t
alert_item(const struct item *item)
{
	return item ? ruleset_key(item->key) | 1 : 0;
}

/* ---- announced ---- */

/* Judged with the one before, as long as that is open and its horizon is not over. */
static void
announce_together(struct step *step, const struct rule_state *before, struct rule_state *state)
{
	bool repeats = alert_is_open(before) && state->announced_at - alert_first(before) <=
							step->engine->rules->horizon;
	int64_t first = repeats ? alert_first(before) : state->announced_at;
	if (repeats) {
		(void)alert_close(step, state, before->announced_at);
		verdict_count_of(step, state, FIGURE_REPEATS);
	}
	alert_open(step, state, first);
}

/* The first of a silence is judged. */
static void
announce_in_silence(struct step *step, const struct rule_state *before,
		    struct rule_state *state)
{
	struct engine *engine = step->engine;
	struct silence_now silence = churn_silence(engine, step->customer, step->now);
	int64_t begin = silence.counts ? zone_day_start(engine->clock.zone, silence.last) : 0;
	bool repeats = silence.counts && before->announced_at > begin;
	int64_t first = repeats ? alert_first(before) : state->announced_at;
	if (repeats)
		verdict_count_of(step, state, FIGURE_REPEATS);
	if (repeats && !alert_is_open(before)) {
		if (clock_day(&engine->clock, before->announced_at) !=
		    clock_day(&engine->clock, state->announced_at))
			state->open = ALERT_AGAIN;
		return;
	}
	if (alert_is_open(before))
		(void)alert_close(step, state, before->announced_at);
	state->open = 0;
	if (silence.over) {
		state->open = ALERT_LATE;
		verdict_count_of(step, state, FIGURE_LATE);
	} else if (silence.counts && state->announced_at > begin) {
		alert_open(step, state, first);
	}
}

/* Of more than are kept the first goes: it can only lapse. */
static void
keep_alert(struct step *step, const struct rule_state *before, const struct item *item)
{
	struct cold *cold = customer_cold(step->customer);
	int64_t least = step->now - step->engine->rules->horizon;
	for (unsigned i = cold->alert_count; i-- > 0;)
		if (cold->alerts[i].at < least)
			customer_drop_alert(step->customer, i);
	if (cold->alert_count == CUSTOMER_MAX_OPEN)
		customer_drop_alert(step->customer, 0);
	*customer_add_alert(step->customer) =
		(struct open_alert){.rule = verdict_rule(step, before)->key,
				    .item = alert_item(item),
				    .at = alert_first(before)};
}

/* Each is judged by itself. */
static void
announce_alone(struct step *step, const struct rule_state *before, struct rule_state *state,
	       const struct item *item)
{
	if (alert_is_open(before))
		keep_alert(step, before, item);
	alert_open(step, state, state->announced_at);
}

void
verdict_announced(struct step *step, const struct rule_state *before, struct rule_state *state,
		  const struct item *item)
{
	if (!rule_warns(verdict_rule(step, state)))
		return;
	verdict_count_of(step, state, FIGURE_ALERTS);
	switch (step->engine->rules->churn.kind) {
	case CHURN_SAID:
		announce_together(step, before, state);
		return;
	case CHURN_SILENT:
		announce_in_silence(step, before, state);
		return;
	case CHURN_ON:
	case CHURN_WHEN:
		announce_alone(step, before, state, item);
		return;
	}
}

void
verdict_moved(struct step *step, struct rule_state *state, int64_t announced_before)
{
	int64_t first = announced_before - (int64_t)(state->open - 1) * SECOND_MS;
	if (!alert_is_open(state))
		return;
	(void)alert_close(step, state, announced_before);
	alert_open(step, state, first);
}

void
verdict_withdrawn(struct step *step, const struct rule_state *before, struct rule_state *state)
{
	if (alert_is_open(before))
		(void)alert_close(step, state, before->announced_at);
	else if (before->open == ALERT_LATE)
		verdict_uncount(step, state, FIGURE_LATE);
	state->open = 0;
}

/* ---- outcomes ---- */

/* Of those that were open beside it: judged with it. */
static void
close_kept(struct step *step, const struct rule_state *state, const struct item *item)
{
	struct cold *cold = customer_cold(step->customer);
	uint32_t rule = verdict_rule(step, state)->key;
	for (unsigned i = 0; i < cold->alert_count;) {
		struct open_alert *alert = &cold->alerts[i];
		if (alert->rule != rule || alert->item != alert_item(item)) {
			i++;
			continue;
		}
		struct figures *figures = verdict_figures(step, FIGURES_RULE, rule);
		if (figures)
			figures_close(figures, alert->at);
		customer_drop_alert(step->customer, i);
	}
}

static void
judge_by_person(struct step *step, struct rule_state *state, const struct item *item,
		enum outcome outcome)
{
	static const uint8_t figures[OUTCOMES] = {[OUTCOME_SAVED] = FIGURE_SAVED,
						  [OUTCOME_CHURNED] = FIGURE_LOST,
						  [OUTCOME_FALSE_ALARM] = FIGURE_FALSE};
	bool late = state->open == ALERT_LATE, lost = outcome == OUTCOME_CHURNED;
	int64_t lead = step->now - alert_first(state);
	if (outcome == OUTCOME_NO_ANSWER || outcome == OUTCOME_OTHER || (late && lost))
		return;
	struct figures *of = late ? NULL : alert_close(step, state, state->announced_at);
	if (late)
		verdict_uncount(step, state, FIGURE_LATE);
	if (of && lost)
		figures_add_lead(of, lead);
	state->open = 0;
	close_kept(step, state, item);
	verdict_count_of(step, state, figures[outcome]);
}

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
		if ((alert_is_open(state) || state->open == ALERT_LATE) &&
		    ordered(task, verdict_rule(step, state)->key) &&
		    (!item || task->item.n == 0 || str_eq(item->key, task->item)))
			judge_by_person(step, state, item, outcome);
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
		verdict_count(step, FIGURES_TASK, key, figures[verb]);
	if (verb != VERB_DONE || outcome < 0)
		return;
	if (str_is(who, "churnd")) {
		verdict_count(step, FIGURES_TASK, key, FIGURE_BY_ITSELF);
		return;
	}
	verdict_count(step, FIGURES_TASK, key, FIGURE_DONE + (unsigned)outcome);
	judge_task(step, task, (enum outcome)outcome);
}
