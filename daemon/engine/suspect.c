/* SPDX-License-Identifier: Apache-2.0 */
/* Suspect time of signals, as it was known at an instant: what does not count. */
#include <string.h>

#include "base/mem.h"
#include "engine/core.h"
#include "engine/functions.h"

/* ---- the view ---- */

static void
time_add(struct suspect *view, int64_t from, int64_t to)
{
	unsigned i = view->time_count++;
	view->times = mem_resize(view->times, view->time_count * sizeof *view->times);
	for (; i > 0 && view->times[i - 1].from > from; i--)
		view->times[i] = view->times[i - 1];
	view->times[i] = (struct suspect_time){from, to};
}

static void
times_merge(struct suspect *view)
{
	unsigned kept = 0;
	for (unsigned i = 0; i < view->time_count; i++) {
		struct suspect_time *last = kept ? &view->times[kept - 1] : NULL;
		if (last && view->times[i].from <= last->to)
			last->to = view->times[i].to > last->to ? view->times[i].to : last->to;
		else
			view->times[kept++] = view->times[i];
	}
	view->time_count = kept;
}

/* A day counts for nothing when any of it is suspect. */
static void
days_make(struct suspect *view, struct calendar_clock *clock)
{
	view->day_count = 0;
	view->days = mem_resize(view->days, (view->time_count + 1u) * sizeof *view->days);
	for (unsigned i = 0; i < view->time_count; i++) {
		const struct suspect_time *time = &view->times[i];
		struct suspect_days days = {.first = clock_day(clock, time->from),
					    .last = NEVER};
		if (time->to != NEVER)
			days.last = clock_day(clock, time->to - 1);
		struct suspect_days *last =
			view->day_count ? &view->days[view->day_count - 1] : NULL;
		if (last && days.first <= last->last)
			last->last = days.last;
		else
			view->days[view->day_count++] = days;
	}
}

/* Narrows the instants for which the view stands by one at which it changes. */
static void
view_bound(struct guard *guard, int64_t at, int64_t now)
{
	if (at <= now && at > guard->view_from)
		guard->view_from = at;
	if (at > now && at < guard->view_to)
		guard->view_to = at;
}

static void
view_add(struct guard *guard, const struct feed_span *span, uint64_t signals, int64_t now)
{
	int64_t forgotten = span_forgotten_at(span);
	view_bound(guard, span->judged_at, now);
	view_bound(guard, span->ended_at, now);
	view_bound(guard, forgotten, now);
	if (now < span->judged_at || now >= forgotten)
		return;
	int64_t to = now < span->ended_at ? NEVER : span->to;
	if (to <= span->from)
		return;
	for (uint64_t left = signals; left; left &= left - 1)
		time_add(&guard->views[__builtin_ctzll(left)], span->from, to);
	guard->paused |= signals;
	if (to == NEVER)
		guard->suspect |= signals;
}

void
guard_view_make(struct engine *engine, int64_t now)
{
	struct guard *guard = &engine->guard;
	guard->view_from = INT64_MIN;
	guard->view_to = NEVER;
	guard->paused = guard->suspect = 0;
	for (unsigned i = 0; i < RULESET_MAX_SIGNALS; i++)
		guard->views[i].time_count = 0;
	for (unsigned i = 0; i < guard->feed_count; i++) {
		const struct feed *feed = guard->feeds[i];
		const struct type_use *use =
			feed->span_count ? ruleset_use(engine->rules, feed->type) : NULL;
		for (unsigned k = 0; use && k < feed->span_count; k++)
			view_add(guard, &feed->spans[k], use->signals, now);
	}
	for (uint64_t left = guard->paused; left; left &= left - 1) {
		struct suspect *view = &guard->views[__builtin_ctzll(left)];
		times_merge(view);
		days_make(view, &engine->clock);
	}
}

/* ---- asked by a look ---- */

void
look_take_rule(struct look *look, int slot)
{
	struct engine *engine = look->engine;
	look->rule = slot;
	look->mean_gap_of = -1;
	look->unguarded = slot >= 0 && engine->rules->rules[slot].unguarded;
	if (engine->guard.paused)
		look->mean_gap_of = -1;
	/* What was found for others does not hold for it, nor the other way round. */
	look->env.memos = look->unguarded && engine->guard.paused ? NULL : engine->memos;
}

/* The first suspect time of any of the signals that ends after `at`. */
static struct suspect_time
next_time(const struct guard *guard, uint64_t signals, int64_t at)
{
	struct suspect_time found = {NEVER, NEVER};
	for (uint64_t left = signals & guard->paused; left; left &= left - 1) {
		const struct suspect *view = &guard->views[__builtin_ctzll(left)];
		unsigned i = 0;
		while (i < view->time_count && view->times[i].to <= at)
			i++;
		if (i < view->time_count && view->times[i].from < found.from)
			found = view->times[i];
	}
	return found;
}

int64_t
guard_paused(const struct guard *guard, uint64_t signals, int64_t from, int64_t to)
{
	int64_t sum = 0;
	if (!(guard->paused & signals))
		return 0;
	while (from < to) {
		struct suspect_time time = next_time(guard, signals, from);
		int64_t begin = time.from > from ? time.from : from;
		int64_t end = time.to < to ? time.to : to;
		if (begin >= end)
			break;
		sum += end - begin;
		from = end;
	}
	return sum;
}

int64_t
look_paused(const struct look *look, uint64_t signals, int64_t from, int64_t to)
{
	return look->unguarded ? 0 : guard_paused(&look->engine->guard, signals, from, to);
}

unsigned
look_suspect_days(const struct look *look, unsigned signal, const struct suspect_days **out)
{
	const struct guard *guard = &look->engine->guard;
	*out = guard->views[signal].days;
	if (!(guard->paused >> signal & 1) || look->unguarded)
		return 0;
	return guard->views[signal].day_count;
}

int64_t
look_count_suspect(const struct look *look, unsigned signal, int64_t first, int64_t last)
{
	const struct suspect_days *days;
	int64_t count = 0;
	for (unsigned i = 0, n = look_suspect_days(look, signal, &days); i < n; i++) {
		int64_t from = days[i].first > first ? days[i].first : first;
		int64_t to = days[i].last < last ? days[i].last : last;
		if (to >= from)
			count += to - from + 1;
	}
	return count;
}
