/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of a row of days: trends, smoothed rates, slow fades. */
#include "engine/functions.h"
#include "engine/statistics.h"

#define TREND_LEAST 3 /* observed days below which nothing is said */

/* The row is another at the next close when a day of it has events, or was not observed. */
static void
note_row(struct look *look, unsigned signal, const struct cells *cells)
{
	struct track track;
	if ((track_newest(&look->customer->tracks, signal, false, &track) &&
	     (int64_t)track.cell >= cells->first) ||
	    signal_first_day(look->engine, look->customer, signal) > cells->first ||
	    look->engine->guard.paused >> signal & 1)
		look->day = true;
}

/* Observed days of cells.first..last, in order; how many. */
static unsigned
look_days(struct look *look, unsigned signal, struct cells cells,
	  struct day_count days[TRACK_MAX_CELLS])
{
	enum signal_kind kind = look->engine->rules->signals[signal].kind;
	struct cell active[TRACK_MAX_CELLS];
	unsigned actives = track_cells(&look->customer->tracks, signal, kind, cells.first,
				       cells.last, active);
	unsigned count = 0, next = 0;
	int64_t since = signal_first_day(look->engine, look->customer, signal);
	note_row(look, signal, &cells);
	for (int64_t day = cells.first; day <= cells.last; day++) {
		struct day_count row = {.day = day};
		if (next < actives && (int64_t)active[next].cell == day) {
			row.count = active[next].count;
			row.amount = kind == SIGNAL_SUM ? (double)active[next].u.sum / 1e6
							: (double)row.count;
			next++;
		}
		if (day >= since && look_count_suspect(look, signal, day, day) == 0)
			days[count++] = row;
	}
	return count;
}

struct value
fn_trend(const struct call *call)
{
	const struct range *range = call->args[0].u.range;
	struct day_count days[TRACK_MAX_CELLS];
	unsigned count =
		look_days(call->look, range->signal, look_cells(call->look, range), days);
	if (count < TREND_LEAST)
		return value_unknown(TYPE_NUM);
	return value_num(days_slope(days, count));
}

struct value
fn_ewma(const struct call *call)
{
	struct look *look = call->look;
	int64_t half_life = call->args[1].u.i;
	struct cells cells = {.last = look->closed_day};
	struct day_count days[TRACK_MAX_CELLS];
	unsigned count;
	cells.first = cells.last - builtin_ewma_days(half_life) + 1;
	count = look_days(look, call->args[0].u.signal, cells, days);
	return value_num(days_ewma(days, count, (double)half_life / DAY_MS));
}

/* The rate of the days before, and what has been gathered against it since. */
static struct value
cusum(const struct call *call)
{
	struct look *look = call->look;
	const int64_t half = CUSUM_REACH_DAYS / 2;
	struct cells since = {look->closed_day - half + 1, look->closed_day};
	struct cells before = {since.first - half, since.first - 1};
	struct day_count days[TRACK_MAX_CELLS];
	unsigned count = look_days(look, call->args[0].u.signal, before, days);
	int64_t events = 0;
	for (unsigned i = 0; i < count; i++)
		events += days[i].count;
	if (events == 0 || events < look->engine->rules->default_min_events) {
		note_row(look, call->args[0].u.signal, &since);
		return value_unknown(TYPE_NUM);
	}
	double lambda = (double)events / count;
	count = look_days(look, call->args[0].u.signal, since, days);
	return value_num(days_cusum(days, count, lambda, value_as_number(call->args[1])));
}

struct value
fn_cusum_drop(const struct call *call)
{
	return cusum(call);
}

struct value
fn_cusum_rise(const struct call *call)
{
	return cusum(call);
}
