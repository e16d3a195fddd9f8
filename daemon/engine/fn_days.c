/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of ranges: sums over days or hours, and how they compare. */
#include <assert.h>

#include "engine/functions.h"
#include "engine/statistics.h"

struct cells
look_cells(const struct look *look, const struct range *range)
{
	int64_t last = range->hours  ? look->hour
		       : range->live ? look->live_day - range->offset
				     : look->closed_day - range->offset;
	return (struct cells){.first = last - range->length + 1, .last = last};
}

/* Something in the window or still to come into it will move it at the next close (or hour). */
static void
note_window(struct look *look, const struct range *range, const struct cells *cells)
{
	struct track track;
	if (!track_newest(&look->customer->tracks, range->signal, range->hours, &track) ||
	    (int64_t)track.cell < cells->first)
		return;
	if (!range->hours) {
		look->day = true;
		return;
	}
	int64_t edge = (look->hour + 1) * HOUR_MS;
	if (edge > look->env.now)
		look_due(look, edge);
}

static enum signal_kind
kind_of(const struct look *look, unsigned signal)
{
	return look->engine->rules->signals[signal].kind;
}

static struct window
window_read(struct look *look, const struct range *range)
{
	struct cells cells = look_cells(look, range);
	note_window(look, range, &cells);
	return track_window(&look->customer->tracks, range->signal, range->hours,
			    kind_of(look, range->signal), cells.first, cells.last);
}

/* The same window often stands in several rules: it is read once a look. */
static struct window
range_window(struct look *look, const struct range *range)
{
	struct window_memo *memo = &look->engine->windows[range->number];
	if (range->number == 0)
		return window_read(look, range);
	if (memo->stamp != look->env.stamp || memo->signal != range->signal) {
		memo->window = window_read(look, range);
		memo->signal = range->signal;
		memo->stamp = look->env.stamp;
	}
	return memo->window;
}

/* Days of the range since the customer was first seen and the signal defined; those days count whole. */
static int64_t
observed_read(struct look *look, const struct range *range)
{
	struct cells cells = look_cells(look, range);
	int64_t day = signal_first_day(look->engine, look->customer, range->signal);
	if (day < cells.first)
		day = cells.first;
	else if (day > cells.first)
		look->day = true;
	if (day > cells.last)
		return 0;
	if (look->engine->guard.paused >> range->signal & 1)
		look->day = true;
	return cells.last - day + 1 - look_count_suspect(look, range->signal, day, cells.last);
}

static int64_t
range_observed(struct look *look, const struct range *range)
{
	struct window_memo *memo = &look->engine->windows[range->number];
	if (range->number == 0 || look->unguarded)
		return observed_read(look, range);
	if (memo->observed_stamp != look->env.stamp) {
		memo->observed = observed_read(look, range);
		memo->observed_stamp = look->env.stamp;
	}
	return memo->observed;
}

/* What happened on days that are observed: those of a suspect feed are left out. */
static struct window
range_trusted(struct look *look, const struct range *range)
{
	struct window window = range_window(look, range);
	const struct suspect_days *days;
	unsigned count = look_suspect_days(look, range->signal, &days);
	if (count == 0)
		return window;
	struct cells cells = look_cells(look, range);
	for (unsigned i = 0; i < count; i++) {
		int64_t first = days[i].first > cells.first ? days[i].first : cells.first;
		int64_t last = days[i].last < cells.last ? days[i].last : cells.last;
		if (first > last)
			continue;
		struct window out = track_window(&look->customer->tracks, range->signal, false,
						 kind_of(look, range->signal), first, last);
		window.count -= out.count;
		window.sum -= out.sum;
		window.days -= out.days;
	}
	return window;
}

struct value
fn_count(const struct call *call)
{
	return value_int(range_window(call->look, call->args[0].u.range).count);
}

struct value
fn_sum(const struct call *call)
{
	return value_num((double)range_window(call->look, call->args[0].u.range).sum / 1e6);
}

struct value
fn_days(const struct call *call)
{
	return value_int(range_window(call->look, call->args[0].u.range).days);
}

struct value
fn_observed(const struct call *call)
{
	return value_int(range_observed(call->look, call->args[0].u.range));
}

static struct value
range_rate(struct look *look, const struct range *range)
{
	int64_t observed = range_observed(look, range);
	struct window window = range_trusted(look, range);
	bool sum = kind_of(look, range->signal) == SIGNAL_SUM;
	if (observed == 0)
		return value_unknown(TYPE_NUM);
	return value_num((sum ? (double)window.sum / 1e6 : (double)window.count) /
			 (double)observed);
}

struct value
fn_rate(const struct call *call)
{
	return range_rate(call->look, call->args[0].u.range);
}

struct value
fn_ratio(const struct call *call)
{
	struct look *look = call->look;
	const struct value *args = call->args;
	const struct range *a = args[0].u.range, *b = args[1].u.range;
	double least = args[2].known ? value_as_number(args[2])
				     : look->engine->rules->default_min_events;
	struct value under = range_rate(look, b), over;
	if ((double)range_trusted(look, b).count < least || !under.known || under.u.n == 0)
		return value_unknown(TYPE_NUM);
	over = range_rate(look, a);
	return over.known ? value_num(over.u.n / under.u.n) : over;
}

struct value
fn_change(const struct call *call)
{
	struct value ratio = fn_ratio(call);
	return ratio.known ? value_num(ratio.u.n - 1) : ratio;
}

/* How strange the first range's share of the events is, were its share of the observed days all there is. */
static struct value
p_change(const struct call *call, double (*chance)(int64_t k, int64_t n, struct spans spans))
{
	struct look *look = call->look;
	const struct range *a = call->args[0].u.range, *b = call->args[1].u.range;
	int64_t days_a = range_observed(look, a), days_b = range_observed(look, b);
	int64_t count_a = range_trusted(look, a).count, count_b = range_trusted(look, b).count;
	if (days_a == 0 || days_b == 0)
		return value_unknown(TYPE_PROB);
	return value_prob(chance(count_a, count_a + count_b,
				 (struct spans){(double)days_a, (double)days_b}));
}

struct value
fn_p_drop(const struct call *call)
{
	return p_change(call, binomial_at_most);
}

struct value
fn_p_rise(const struct call *call)
{
	return p_change(call, binomial_at_least);
}

struct value
fn_last(const struct call *call)
{
	struct look *look = call->look;
	const struct value *args = call->args;
	double gauge;
	int64_t day = look->live_day + 2; /* an event may be dated a little ahead */
	if (args[1].known)
		day = look->closed_day - args[1].u.i / DAY_MS;
	struct track track;
	if (args[1].known &&
	    track_newest(&look->customer->tracks, args[0].u.signal, false, &track) &&
	    (int64_t)track.cell > day)
		look->day = true;
	if (!track_gauge(&look->customer->tracks, args[0].u.signal, day, &gauge))
		return value_unknown(TYPE_NUM);
	return value_num(gauge);
}

/* ---- signals of a sum ---- */

/* max() and min() read the companion that keeps each day's extreme. */
static struct value
extreme(const struct call *call, unsigned companion)
{
	struct range range = *call->args[0].u.range;
	struct window window;
	assert(companion > 0);
	range.signal = companion - 1;
	range.number = 0;
	window = range_window(call->look, &range);
	if (window.days == 0)
		return value_unknown(TYPE_NUM);
	return value_num((double)window.sum / 1e6);
}

static const struct signal *
signal_asked(const struct call *call)
{
	return &call->look->engine->rules->signals[call->args[0].u.range->signal];
}

struct value
fn_max(const struct call *call)
{
	return extreme(call, signal_asked(call)->largest);
}

struct value
fn_min(const struct call *call)
{
	return extreme(call, signal_asked(call)->smallest);
}

struct value
fn_avg(const struct call *call)
{
	struct window window = range_window(call->look, call->args[0].u.range);
	if (window.count == 0)
		return value_unknown(TYPE_NUM);
	return value_num((double)window.sum / 1e6 / (double)window.count);
}
