/* SPDX-License-Identifier: Apache-2.0 */
/* Rhythms as numbers: statistics of gaps, and the models' closed forms. */
#include "engine/rhythm.h"

#include <assert.h>
#include <math.h>

/* ---- gaps ---- */

double
gaps_mean(const struct gaps *gaps)
{
	double sum = 0;

	for (unsigned i = 0; i < gaps->count; i++)
		sum += gaps->gap[i];
	return sum / gaps->count;
}

double
gaps_sd(const struct gaps *gaps)
{
	double mean = gaps_mean(gaps), sum = 0;

	for (unsigned i = 0; i < gaps->count; i++)
		sum += (gaps->gap[i] - mean) * (gaps->gap[i] - mean);
	return sqrt(sum / (gaps->count - 1));
}

double
gaps_max(const struct gaps *gaps)
{
	unsigned most = 0;

	for (unsigned i = 0; i < gaps->count; i++)
		if (gaps->gap[i] > most)
			most = gaps->gap[i];
	return most;
}

/* The gap of that rank from below, 0 the shortest. */
static double
ranked(const unsigned tally[GAPS_DAYS + 1], unsigned rank)
{
	unsigned gap = 0, below = tally[0];

	while (below <= rank && gap < GAPS_DAYS)
		below += tally[++gap];
	return gap;
}

double
gaps_quantile(const struct gaps *gaps, double q)
{
	unsigned tally[GAPS_DAYS + 1] = {0}, rank;
	double place = q * (gaps->count - 1), low, high;

	assert(gaps->count > 0 && q >= 0 && q <= 1);
	for (unsigned i = 0; i < gaps->count; i++)
		tally[gaps->gap[i]]++;
	rank = (unsigned)place;
	low = ranked(tally, rank);
	high = rank + 1 < gaps->count ? ranked(tally, rank + 1) : low;
	return low + (place - rank) * (high - low);
}

double
gaps_ewma(const struct gaps *gaps, double w)
{
	double e = gaps->gap[0];

	for (unsigned i = 1; i < gaps->count; i++)
		e = w * gaps->gap[i] + (1 - w) * e;
	return e;
}

/* ---- models ---- */

/* The odds of having left right after the last active day. */
static double
odds_at_once(const struct rhythm_model *model, struct rhythm rhythm)
{
	if (model->kind == RHYTHM_MBG_NBD)
		return model->a / (model->b + rhythm.x);
	return rhythm.x == 0 ? 0 : model->a / (model->b + rhythm.x - 1);
}

/* And by t: silence makes them grow. May be infinite. */
static double
odds_left(const struct rhythm_model *model, struct rhythm rhythm, double t)
{
	double odds = odds_at_once(model, rhythm);
	double waited = log1p((t - rhythm.tx) / (model->alpha + rhythm.tx));

	return odds == 0 ? 0 : odds * exp((model->r + rhythm.x) * waited);
}

double
rhythm_alive(const struct rhythm_model *model, struct rhythm rhythm, double t)
{
	return 1 / (1 + odds_left(model, rhythm, t));
}

/* 1 - alive (1 - quiet), without its cancellation where both are near 1. */
double
rhythm_silent(const struct rhythm_model *model, struct rhythm rhythm, double t, double more)
{
	double odds = odds_left(model, rhythm, t);
	double quiet = exp(-(model->r + rhythm.x) * log1p(more / (model->alpha + t)));

	return isinf(odds) ? 1 : (odds + quiet) / (odds + 1);
}

double
rhythm_gap(const struct rhythm_model *model, struct rhythm rhythm, double t, double length)
{
	double more = rhythm.tx + length - t;

	return more <= 0 ? 1 : rhythm_silent(model, rhythm, t, more);
}

/* t where ((alpha+t)/(alpha+tx))^-(r+x) has fallen to `share`. */
static double
faded_to(const struct rhythm_model *model, struct rhythm rhythm, double share)
{
	double wait = -log(share) / (model->r + rhythm.x);

	if (!(share > 0 && share <= 1))
		return (double)NAN;
	return rhythm.tx + (model->alpha + rhythm.tx) * expm1(wait);
}

double
rhythm_alive_at(const struct rhythm_model *model, struct rhythm rhythm, double p)
{
	return faded_to(model, rhythm, p * odds_at_once(model, rhythm) / (1 - p));
}

/* With z and Z the shares left at t and at the end, p = (Z + odds) / (z + odds). */
double
rhythm_gap_at(const struct rhythm_model *model, struct rhythm rhythm, double length, double p)
{
	double odds = odds_at_once(model, rhythm);
	double end = exp(-(model->r + rhythm.x) * log1p(length / (model->alpha + rhythm.tx)));

	return faded_to(model, rhythm, (end + odds) / p - odds);
}
