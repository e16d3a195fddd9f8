/* SPDX-License-Identifier: Apache-2.0 */
/* Walks over a customer's past with what one line said of it. */
#include "engine/judge.h"

#include "base/civil.h"

/* ---- days ---- */

int64_t
judge_start(const struct judge *judge, int64_t day)
{
	int64_t last = (int64_t)judge->start_count - 1, i = day - judge->first_day;

	return judge->starts[i < 0 ? 0 : i > last ? last : i];
}

int64_t
judge_day(const struct judge *judge, int64_t at)
{
	int64_t last = (int64_t)judge->start_count - 1;
	int64_t i = (at - judge->starts[0]) / DAY_MS;

	i = i < 0 ? 0 : i > last ? last : i;
	while (i > 0 && judge->starts[i] > at)
		i--;
	while (i < last && judge->starts[i + 1] <= at)
		i++;
	return judge->first_day + i;
}

static int64_t
last_instant(const struct judge *judge, struct judge_period period)
{
	return judge_start(judge, period.to + 1) - 1;
}

double
judge_weeks(const struct judge *judge, struct judge_period period)
{
	int64_t days = period.to + 1 - period.from;

	return (double)(judge->by_silence ? days - JUDGE_STARTUP_DAYS : days) / 7;
}

/* ---- what there was ---- */

bool
judge_watches(const struct judge *judge, struct judge_period period,
	      const struct judge_past *past)
{
	if (!judge->by_silence)
		return past->day_count > 0;
	int64_t from = judge_start(judge, period.from), to = last_instant(judge, period);
	int64_t middle = judge_day(judge, from + (to - from) / 2);

	return past->day_count >= judge->min_days && past->days[judge->min_days - 1] <= middle;
}

static struct silence
silence_at(const struct judge_past *past, size_t i)
{
	bool ends = i + 1 < past->day_count;

	return (struct silence){past->days[i], ends ? past->days[i + 1] : TRUTH_NONE};
}

static bool
silence_counts(const struct judge *judge, struct judge_period period,
	       const struct judge_past *past, size_t i)
{
	int64_t day = past->days[i];

	return i + 1 >= judge->min_days && day >= period.from - JUDGE_STARTUP_DAYS &&
	       day <= period.to;
}

static size_t
churns_by_silence(const struct judge *judge, struct judge_period period,
		  const struct judge_past *past)
{
	int64_t end = judge_day(judge, judge->end_at);
	size_t churns = 0;

	for (size_t i = 0; i < past->day_count; i++)
		churns += silence_counts(judge, period, past, i) &&
			  truth_silence_outcome(silence_at(past, i), judge->horizon, end) ==
				  SILENCE_CHURN;
	return churns;
}

static bool
churn_counts(const struct judge *judge, struct judge_period period, int64_t at)
{
	return at >= judge_start(judge, period.from) && at <= last_instant(judge, period);
}

size_t
judge_churns(const struct judge *judge, struct judge_period period,
	     const struct judge_past *past)
{
	size_t churns = 0;

	if (judge->by_silence)
		return churns_by_silence(judge, period, past);
	for (size_t i = 0; i < past->churn_count; i++)
		churns += churn_counts(judge, period, past->churns[i]);
	return churns;
}

/* ---- one line ---- */

struct walk {
	const struct judge *judge;
	struct judge_period period;
	const struct judge_past *past;
	const struct judge_taker *taker;
	int64_t from_at, to_at, counted_at, end_day;
	size_t next; /* by silence: days that begin before the warning; else churns up to it */
	int64_t before_at; /* the warning before, TRUTH_NONE */
	int64_t over_at;   /* when it was last over, TRUTH_NONE */
	int64_t warned;	   /* the last silence in which the period had a warning, TRUTH_NONE */
};

/* The silence that the warning falls into: not at the very instant at which a day of activity begins, nor later than
 * a day after the last row. */
static bool
find_silence(struct walk *walk, int64_t at)
{
	const struct judge_past *past = walk->past;

	while (walk->next < past->day_count &&
	       judge_start(walk->judge, past->days[walk->next]) < at)
		walk->next++;
	if (walk->next == 0)
		return false;
	if (walk->next < past->day_count)
		return at < judge_start(walk->judge, past->days[walk->next]);
	return at < walk->judge->end_at + DAY_MS;
}

static void
warn_by_silence(struct walk *walk, struct judge_warning *warning)
{
	if (!find_silence(walk, warning->at))
		return;
	size_t i = walk->next - 1;

	warning->about = walk->past->days[i];
	warning->is_again = walk->warned == warning->about;
	walk->warned = warning->about;
	warning->is_inside = silence_counts(walk->judge, walk->period, walk->past, i);
	warning->is_judged = warning->is_inside && !warning->is_again;
	if (warning->is_judged)
		warning->judgement =
			truth_by_silence(silence_at(walk->past, i), walk->judge->horizon,
					 walk->end_day, judge_day(walk->judge, warning->at));
}

static void
warn_by_churn(struct walk *walk, struct judge_warning *warning)
{
	const struct judge_past *past = walk->past;
	int64_t horizon = walk->judge->horizon * DAY_MS, last = TRUTH_NONE;

	while (walk->next < past->churn_count && past->churns[walk->next] <= warning->at)
		last = past->churns[walk->next++];
	int64_t churned_at =
		walk->next < past->churn_count ? past->churns[walk->next] : TRUTH_NONE;

	warning->is_inside = warning->is_judged = true;
	warning->is_again = walk->before_at != TRUTH_NONE &&
			    warning->at - walk->before_at <= horizon &&
			    (last == TRUTH_NONE || last <= walk->before_at);
	warning->judgement =
		truth_by_churn(warning->at, churned_at, horizon, walk->judge->end_at);
	if (warning->judgement.verdict == VERDICT_HIT)
		warning->about = churned_at;
}

static void
take_warning(struct walk *walk, int64_t at)
{
	struct judge_warning warning = {
		.at = at,
		.about = TRUTH_NONE,
		.is_counted = at >= walk->counted_at && walk->past->day_count > 0,
		.is_flap = walk->over_at != TRUTH_NONE &&
			   at - walk->over_at <= JUDGE_FLAP_DAYS * DAY_MS};

	if (!walk->judge->by_silence) {
		warning.is_counted = true;
		warn_by_churn(walk, &warning);
	} else {
		warn_by_silence(walk, &warning);
	}
	walk->taker->warning(walk->taker->ctx, &warning);
	if (walk->judge->by_silence && warning.is_judged &&
	    warning.judgement.verdict == VERDICT_HIT)
		walk->taker->caught(walk->taker->ctx, warning.about);
}

/* What of a line was on after some of its turns. */
struct lit {
	int64_t warned_at; /* last; TRUTH_NONE */
	int64_t turned_at, on;
};

static void
lit_turn(struct lit *lit, struct judge_turn turn)
{
	if (turn.on)
		lit->warned_at = turn.at;
	lit->on += turn.on ? 1 : lit->on > 0 ? -1 : 0;
	lit->turned_at = turn.at;
}

/* What is raised and over at one instant, and turns no more, passes for on. */
static bool
lit_is_on(const struct lit *lit)
{
	return lit->on > 0 || lit->warned_at == lit->turned_at;
}

/* By churn what came before the period may still be on, or recent enough, in it. */
static void
catch_churns(const struct walk *walk, const struct judge_turn *turns, size_t count)
{
	const struct judge_past *past = walk->past;
	struct lit lit = {.warned_at = TRUTH_NONE};
	size_t next = 0;

	for (size_t i = 0; i < past->churn_count; i++) {
		int64_t at = past->churns[i];

		while (next < count && turns[next].at < at)
			lit_turn(&lit, turns[next++]);
		if (churn_counts(walk->judge, walk->period, at) &&
		    truth_foreseen(at, lit.warned_at, lit_is_on(&lit),
				   walk->judge->horizon * DAY_MS))
			walk->taker->caught(walk->taker->ctx, at);
	}
}

void
judge_line(const struct judge *judge, struct judge_period period, const struct judge_past *past,
	   const struct judge_turn *turns, size_t count, const struct judge_taker *taker)
{
	struct walk walk = {.judge = judge,
			    .period = period,
			    .past = past,
			    .taker = taker,
			    .from_at = judge_start(judge, period.from),
			    .to_at = last_instant(judge, period),
			    .counted_at = judge_start(judge, period.from + JUDGE_STARTUP_DAYS),
			    .end_day = judge_day(judge, judge->end_at),
			    .before_at = TRUTH_NONE,
			    .over_at = TRUTH_NONE,
			    .warned = TRUTH_NONE};

	for (size_t i = 0; i < count; i++) {
		int64_t at = turns[i].at;

		if (!turns[i].on) {
			walk.over_at = at;
			continue;
		}
		if (at >= walk.from_at && at <= walk.to_at)
			take_warning(&walk, at);
		walk.before_at = at;
	}
	if (!judge->by_silence)
		catch_churns(&walk, turns, count);
}
