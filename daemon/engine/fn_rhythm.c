/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of a customer's own rhythm: gaps between active days, and what models make of silence. */
#include <assert.h>
#include <math.h>

#include "engine/functions.h"

#define DEFAULT_R 1.0 /* where `models:` says nothing of the signal; alpha is the mean gap */
#define DEFAULT_A 0.7
#define DEFAULT_B 1.5

/* ---- gaps ---- */

/* Between the active days of the last GAP_REACH_DAYS, today included. false: too few. */
static bool
look_gaps(struct look *look, unsigned signal, struct gaps *gaps)
{
	enum signal_kind kind = look->engine->rules->signals[signal].kind;
	struct cell active[TRACK_MAX_CELLS];
	int64_t first = look->live_day - GAP_REACH_DAYS + 1;
	unsigned count = track_cells(&look->customer->tracks, signal, kind, first,
				     look->live_day, active);
	gaps->count = 0;
	for (unsigned i = 1; i < count; i++) {
		int64_t from = active[i - 1].cell, to = active[i].cell;
		int64_t suspect = look_count_suspect(look, signal, from + 1, to - 1);
		gaps->gap[gaps->count++] = (uint16_t)(to - from - suspect);
	}
	if (count > 0)
		look->day = true;
	return gaps->count >= GAPS_LEAST;
}

static struct value
value_days(double days)
{
	return value_duration(llround(days * DAY_MS));
}

static struct value
of_gaps(const struct call *call, double (*statistic)(const struct gaps *gaps))
{
	struct gaps gaps;
	if (!look_gaps(call->look, call->args[0].u.signal, &gaps))
		return value_unknown(TYPE_DURATION);
	return value_days(statistic(&gaps));
}

static struct value
of_gaps_by(const struct call *call, double (*statistic)(const struct gaps *gaps, double by))
{
	struct gaps gaps;
	if (!look_gaps(call->look, call->args[0].u.signal, &gaps))
		return value_unknown(TYPE_DURATION);
	return value_days(statistic(&gaps, value_as_number(call->args[1])));
}

static double
gaps_median(const struct gaps *gaps)
{
	return gaps_quantile(gaps, 0.5);
}

struct value
fn_typical_gap(const struct call *call)
{
	return of_gaps(call, gaps_median);
}

struct value
fn_gap_mean(const struct call *call)
{
	return of_gaps(call, gaps_mean);
}

struct value
fn_gap_sd(const struct call *call)
{
	return of_gaps(call, gaps_sd);
}

struct value
fn_gap_max(const struct call *call)
{
	return of_gaps(call, gaps_max);
}

struct value
fn_gap_quantile(const struct call *call)
{
	return of_gaps_by(call, gaps_quantile);
}

struct value
fn_gap_ewma(const struct call *call)
{
	return of_gaps_by(call, gaps_ewma);
}

/* ---- models ---- */

/* The mean gap stands still during a look; the search for a turn asks for it many times. */
static double
look_mean_gap(struct look *look, unsigned signal)
{
	struct gaps gaps;
	if (look->mean_gap_of != (int)signal) {
		look->mean_gap_of = (int)signal;
		look->mean_gap = look_gaps(look, signal, &gaps) ? gaps_mean(&gaps) : 0;
	}
	return look->mean_gap;
}

/* No part of the expression at work: neither recorded nor as of now. */
static bool
model_fits(struct look *look, const struct signal_model *model)
{
	struct env env = look->env;
	if (!model->when)
		return true;
	env.record = NULL;
	env.exact = false;
	return value_is_true(eval(&env, model->when->root));
}

/* The first model of the signal that fits, or the default one; false: too few gaps for that. */
static bool
look_model(struct look *look, unsigned signal, struct rhythm_model *out)
{
	const struct ruleset *rules = look->engine->rules;
	double mean;
	for (unsigned i = 0; i < rules->model_count; i++) {
		if (rules->models[i].signal != signal || !model_fits(look, &rules->models[i]))
			continue;
		*out = rules->models[i].parameters;
		return true;
	}
	mean = look_mean_gap(look, signal);
	*out = (struct rhythm_model){RHYTHM_MBG_NBD, DEFAULT_R, mean, DEFAULT_A, DEFAULT_B};
	return mean > 0;
}

bool
look_silence(struct look *look, unsigned signal, struct silence *out)
{
	enum signal_kind kind = look->engine->rules->signals[signal].kind;
	struct track track;
	if (!track_get(&look->customer->tracks, signal, false, kind, &track) ||
	    track.life_days == 0)
		return false;
	const struct zone *zone = look->engine->rules->zone;
	int64_t moment = look_moment(look);
	out->begin = zone_day_start(zone, track.first_cell);
	out->paused = look_paused(look, UINT64_C(1) << signal, out->begin, moment);
	out->rhythm.x = track.life_days - 1;
	out->rhythm.tx = (double)((int64_t)track.cell - track.first_cell);
	if (out->paused > 0)
		out->rhythm.tx -= (double)look_paused(look, UINT64_C(1) << signal, out->begin,
						      zone_day_start(zone, track.cell)) /
				  DAY_MS;
	out->t = fmax((double)(moment - out->begin - out->paused) / DAY_MS, out->rhythm.tx);
	return true;
}

/* What a model is asked about, and the model. */
static bool
look_asked(struct look *look, unsigned signal, struct silence *out, struct rhythm_model *model)
{
	return look_silence(look, signal, out) && look_model(look, signal, model);
}

static bool
asked_days(const struct value *duration, double *days)
{
	*days = (double)duration->u.i / DAY_MS;
	return duration->known && duration->u.i >= 0;
}

struct value
fn_p_silent(const struct call *call)
{
	struct silence silence;
	struct rhythm_model model;
	double more;
	if (!asked_days(&call->args[1], &more) ||
	    !look_asked(call->look, call->args[0].u.signal, &silence, &model))
		return value_unknown(TYPE_PROB);
	return value_prob(rhythm_silent(&model, silence.rhythm, silence.t, more));
}

struct value
fn_p_gap(const struct call *call)
{
	struct silence silence;
	struct rhythm_model model;
	double length;
	if (!asked_days(&call->args[1], &length) ||
	    !look_asked(call->look, call->args[0].u.signal, &silence, &model))
		return value_unknown(TYPE_PROB);
	return value_prob(rhythm_gap(&model, silence.rhythm, silence.t, length));
}

struct value
fn_p_alive(const struct call *call)
{
	struct silence silence;
	struct rhythm_model model;
	if (!look_asked(call->look, call->args[0].u.signal, &silence, &model))
		return value_unknown(TYPE_PROB);
	return value_prob(rhythm_alive(&model, silence.rhythm, silence.t));
}

int64_t
look_guess(struct env *env, const struct node *node, const struct value *args,
	   const struct value *still)
{
	struct look *look = env->ctx;
	struct silence silence;
	struct rhythm_model model;
	double length, t = (double)NAN, p = value_as_number(*still);
	if (!(node->builtin->flags & FN_MODEL) ||
	    !look_asked(look, args[0].u.signal, &silence, &model))
		return NEVER;
	if (node->builtin->op == FN_P_ALIVE)
		t = rhythm_alive_at(&model, silence.rhythm, p);
	else if (node->builtin->op == FN_P_GAP && asked_days(&args[1], &length))
		t = rhythm_gap_at(&model, silence.rhythm, length, p);
	if (!(t >= 0 && t < 1e6))
		return NEVER;
	return silence.begin + silence.paused + (int64_t)(t * DAY_MS);
}
