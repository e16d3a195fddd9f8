/* SPDX-License-Identifier: Apache-2.0 */
/* What is due: wakes, day closes, and the order in which customers are looked at. */
#include <string.h>

#include "base/mem.h"
#include "engine/core.h"

#define SCAN_AHEAD 8 /* customers fetched ahead at a day's close */

/* wake_at only sinks here; it is reset when its entry is taken from the heap. What is stale is found
 * out when its time comes. */
void
engine_set_wake(struct engine *engine, uint32_t index, int64_t at)
{
	struct customer *customer = engine_at(engine, index);
	if (at >= customer->wake_at)
		return;
	customer->wake_at = at;
	heap_push(&engine->wakes, at, index);
}

void
engine_set_day(struct engine *engine, struct customer *customer, bool day)
{
	bool was = customer->flags & CUSTOMER_DAY;
	if (was == day)
		return;
	customer->flags ^= CUSTOMER_DAY;
	engine->day_customers += day ? 1 : (size_t)-1;
}

static bool
valid_wake(struct engine *engine, struct heap_entry *out)
{
	while (heap_peek(&engine->wakes, out)) {
		if (engine_at(engine, out->item)->wake_at == out->at)
			return true;
		(void)heap_pop(&engine->wakes, out);
	}
	return false;
}

static int64_t
next_close(struct engine *engine)
{
	int64_t close_at, next;
	if (engine->day_customers == 0)
		return NEVER;
	(void)clock_closed_day(&engine->clock, engine->now, &close_at, &next);
	return next;
}

static int64_t
next_time(struct engine *engine, int64_t to)
{
	struct heap_entry top;
	int64_t next = next_close(engine), guard = guard_next(engine, to);
	if (guard < next)
		next = guard;
	return valid_wake(engine, &top) && top.at < next ? top.at : next;
}

int64_t
engine_next_due(struct engine *engine)
{
	struct heap_entry top;
	int64_t next = next_close(engine), guard = guard_next(engine, NEVER);
	if (guard < next)
		next = guard;
	while (valid_wake(engine, &top) && top.at < next) {
		struct customer *customer = engine_at(engine, top.item);
		bool day;
		int64_t at = step_next(engine, customer, engine->now, &day);
		if (at <= top.at)
			return top.at;
		(void)heap_pop(&engine->wakes, &top);
		customer->wake_at = NEVER;
		engine_set_wake(engine, top.item, at);
	}
	return next;
}

/* Its record already holds what happened at that instant. */
bool
engine_is_ahead(const struct engine *engine, uint32_t index, int64_t at)
{
	return engine->loaded && index < engine->loaded_cap && engine->loaded[index].ms >= at;
}

static void
note_due(struct engine *engine, uint32_t index, int64_t at,
	 bool (*would_change)(struct engine *, uint32_t, int64_t))
{
	if (engine_is_ahead(engine, index, at) || !would_change(engine, index, at))
		return;
	MEM_RESERVE(engine->due, engine->due_cap, engine->due_count + 1);
	engine->due[engine->due_count++] = index;
}

static void
gather_wakes(struct engine *engine, int64_t at)
{
	struct heap_entry top;
	while (valid_wake(engine, &top) && top.at == at) {
		(void)heap_pop(&engine->wakes, &top);
		engine_at(engine, top.item)->wake_at = NEVER;
		note_due(engine, top.item, at, step_would_change);
	}
}

static void
gather_day(struct engine *engine, int64_t at)
{
	size_t count = engine->customers;
	for (uint32_t i = 0; i < count; i++) {
		if (i + SCAN_AHEAD < count)
			engine_prefetch(engine_at(engine, i + SCAN_AHEAD));
		if (engine_at(engine, i)->flags & CUSTOMER_DAY)
			note_due(engine, i, at, step_close_would_change);
	}
}

/* Other time is suspect than before: every silence and every rate may be another. */
static void
gather_all(struct engine *engine, int64_t at)
{
	for (uint32_t i = 0; i < engine->customers; i++)
		note_due(engine, i, at, step_would_change);
}

/* An insertion would be quadratic, qsort has no context: a merge sort by the bytes of the ids. */
static void
sort_by_id(struct engine *engine, uint32_t *list, uint32_t *room, size_t count)
{
	if (count < 2)
		return;
	size_t half = count / 2;
	sort_by_id(engine, list, room, half);
	sort_by_id(engine, list + half, room, count - half);
	memcpy(room, list, half * sizeof *list);
	size_t a = 0, b = half, out = 0;
	while (a < half && b < count) {
		struct str x = engine_at(engine, room[a])->id,
			   y = engine_at(engine, list[b])->id;
		list[out++] = str_cmp(x, y) <= 0 ? room[a++] : list[b++];
	}
	memcpy(list + out, room + a, (half - a) * sizeof *list);
}

void
engine_sort_due(struct engine *engine)
{
	uint32_t *room = mem_array(engine->due_count, sizeof *room);
	sort_by_id(engine, engine->due, room, engine->due_count);
	mem_free(room);
}

/* All that is due at one instant: feeds, then customers by the bytes of their id. */
static void
run_due_at(struct engine *engine, int64_t at, int64_t close, const struct order_sink *sink)
{
	engine->due_count = 0;
	engine->now = at;
	bool all = guard_run(engine, at, sink);
	gather_wakes(engine, at);
	if (all)
		gather_all(engine, at);
	else if (at == close)
		gather_day(engine, at);
	engine_sort_due(engine);
	uint32_t last = UINT32_MAX;
	engine->guard_moved = all;
	for (size_t i = 0; i < engine->due_count; i++) {
		if (engine->due[i] != last)
			(void)step_customer(engine, engine->due[i], NULL, STEP_TIME, at, sink);
		last = engine->due[i];
	}
	engine->guard_moved = false;
}

void
engine_run_due(struct engine *engine, int64_t to, const struct order_sink *sink)
{
	for (;;) {
		int64_t close = next_close(engine), at = next_time(engine, to);
		if (at > to)
			break;
		run_due_at(engine, at, close, sink);
	}
	if (to <= engine->now)
		return;
	engine->now = to;
	(void)guard_run(engine, to, sink); /* hours that begin with nothing to say */
}

void
engine_advance(struct engine *engine, int64_t to, const struct order_sink *sink)
{
	engine_run_due(engine, to, sink);
}
