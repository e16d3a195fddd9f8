/* SPDX-License-Identifier: Apache-2.0 */
/* What is due: wakes, day closes, and the order in which customers are looked at. */
#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "engine/ahead.h"
#include "engine/core.h"

#define QUARTER (15 * MINUTE_MS) /* hours of every local clock begin on one */
#define SCAN_AHEAD 16		 /* customers fetched ahead at a day's close */
#define SCAN_FAR 1024		 /* customers passed over for one that is asked */

void
engine_set_day(struct engine *engine, uint32_t index, bool day)
{
	struct customer *customer = engine_at(engine, index);
	bool was = customer->flags & CUSTOMER_DAY;
	engine->close_day[index] = day ? 0 : UINT16_MAX;
	if (was == day)
		return;
	if (engine->day_customers == 0)
		engine->idle_to = INT64_MIN; /* the next close concerns somebody now */
	customer->flags ^= CUSTOMER_DAY;
	engine->day_customers += day ? 1 : (size_t)-1;
}

void
engine_set_close(struct engine *engine, uint32_t index, int64_t day)
{
	engine->close_day[index] = (uint16_t)(day < UINT16_MAX ? day : UINT16_MAX);
}

static bool
valid_wake(struct engine *engine, struct heap_entry *out)
{
	while (heap_peek(&engine->wakes, out)) {
		if (*engine_wake(engine, out->item) == out->at)
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

bool
engine_ask_due(struct engine *engine, size_t most, int64_t *due)
{
	struct heap_entry top;
	int64_t next = next_close(engine), guard = guard_next(engine, next);
	if (guard < next)
		next = guard;
	*due = engine->run.at;
	if (engine->run.phase != RUN_NONE)
		return true;
	for (; valid_wake(engine, &top) && top.at < next; most--) {
		struct customer *customer = engine_at(engine, top.item);
		bool day;
		*due = top.at;
		if (most == 0)
			return false;
		if (engine_puts_off(engine, top.item, top.at))
			continue;
		int64_t at = step_next(engine, customer, engine->now, &day);
		if (at <= top.at)
			return true;
		(void)heap_pop(&engine->wakes, &top);
		*engine_wake(engine, top.item) = NEVER;
		lane_unsettle(customer);
		engine_set_wake(engine, top.item, at);
	}
	*due = next;
	return true;
}

int64_t
engine_next_due(struct engine *engine)
{
	int64_t due;
	(void)!engine_ask_due(engine, SIZE_MAX, &due);
	return due;
}

int64_t
engine_due_until(const struct engine *engine, int64_t to, size_t most)
{
	return heap_until(&engine->wakes, to, most);
}

/* Its record already holds what happened at that instant. */
bool
engine_is_ahead(const struct engine *engine, uint32_t index, int64_t at)
{
	return engine->loaded && index < engine->loaded_cap && engine->loaded[index].ms >= at;
}

/* would_change NULL: it is not asked. */
static void
note_due(struct engine *engine, uint32_t index, int64_t at,
	 bool (*would_change)(struct engine *, uint32_t, int64_t))
{
	if (engine_is_ahead(engine, index, at) ||
	    (would_change && !would_change(engine, index, at)))
		return;
	MEM_RESERVE(engine->due, engine->due_cap, engine->due_count + 1);
	engine->due[engine->due_count++] = index;
}

/* Who is alone at this instant need not be asked: a step that changes nothing costs what asking does. */
static void
gather_wakes(struct engine *engine, int64_t at, size_t *budget)
{
	struct heap_entry top;
	bool alone = engine->due_count == 0 && !engine->run.close && !engine->run.moved;
	for (; *budget != 0 && valid_wake(engine, &top) && top.at == at; --*budget) {
		uint32_t index = top.item;
		if (engine_puts_off(engine, index, at))
			continue;
		(void)heap_pop(&engine->wakes, &top);
		*engine_wake(engine, index) = NEVER;
		lane_unsettle(engine_at(engine, index));
		alone = alone && !(valid_wake(engine, &top) && top.at == at);
		note_due(engine, index, at, alone ? NULL : step_would_change);
		alone = false;
	}
}

/* The next customers whom it may concern, at most SCAN_AHEAD of the next SCAN_FAR; what is asked of them is fetched. */
static unsigned
scan_ahead(struct engine *engine, bool all, int64_t day, uint32_t out[SCAN_AHEAD])
{
	struct due_run *run = &engine->run;
	size_t left = engine->customers - run->next;
	uint32_t at = run->next, end = at + (uint32_t)(left < SCAN_FAR ? left : SCAN_FAR);
	unsigned found = 0;
	for (; at < end && found < SCAN_AHEAD; at++) {
		if (!all && engine->close_day[at] > day)
			continue;
		mem_prefetch(engine_at(engine, at));
		out[found++] = at;
	}
	run->next = at;
	for (unsigned i = 0; i < found; i++)
		ahead_customer(engine_at(engine, out[i]));
	for (unsigned i = 0; i < found; i++)
		ahead_cold(engine_at(engine, out[i]));
	return found;
}

/* About *budget customers: those that a day's close may concern, or all when other time is suspect than before:
 * every silence and every rate may be another. While some is, every window may change at every close. */
static void
gather_some(struct engine *engine, size_t *budget)
{
	struct due_run *run = &engine->run;
	uint32_t asked[SCAN_AHEAD];
	int64_t close_at, next_close;
	int64_t day = clock_closed_day(&engine->clock, run->at, &close_at, &next_close);
	guard_view(engine, run->at);
	bool all = run->moved || engine->guard.paused;
	while (run->next < engine->customers && *budget != 0) {
		unsigned count = scan_ahead(engine, all, day, asked);
		for (unsigned i = 0; i < count; i++)
			if (run->moved)
				note_due(engine, asked[i], run->at, step_would_change);
			else if (engine_at(engine, asked[i])->flags & CUSTOMER_DAY)
				note_due(engine, asked[i], run->at, step_close_would_change);
		*budget -= *budget < count + 1 ? *budget : count + 1;
	}
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
		struct str x = customer_id(engine_at(engine, room[a])),
			   y = customer_id(engine_at(engine, list[b]));
		list[out++] = str_cmp(x, y) <= 0 ? room[a++] : list[b++];
	}
	memcpy(list + out, room + a, (half - a) * sizeof *list);
}

void
engine_sort_due(struct engine *engine)
{
	if (engine->due_count < 2)
		return;
	uint32_t *room = mem_array(engine->due_count, sizeof *room);
	sort_by_id(engine, engine->due, room, engine->due_count);
	mem_free(room);
}

/* ---- one instant, in as many goes as its budget asks for ---- */

#define STEP_COST 8 /* of a step, in customers asked whether anything changes */

/* Feeds first, then customers by the bytes of their id. */
static void
run_begin(struct engine *engine, int64_t at, int64_t close, const struct order_sink *sink)
{
	engine->due_count = 0;
	engine->now = at;
	engine->run = (struct due_run){.phase = RUN_WAKES, .at = at, .close = at == close};
	engine->run.moved = guard_run(engine, at, sink);
	if (engine->run.moved)
		lane_unsettle_all(engine);
}

/* Each customer once. */
static void
run_steps(struct engine *engine, size_t *budget, const struct order_sink *sink)
{
	struct due_run *run = &engine->run;
	engine->guard_moved = run->moved;
	for (; run->next < engine->due_count && *budget != 0; run->next++) {
		uint32_t index = engine->due[run->next];
		*budget -= *budget < STEP_COST ? *budget : STEP_COST;
		if (run->next == 0 || engine->due[run->next - 1] != index)
			(void)step_customer(engine, index, NULL, STEP_TIME, run->at, sink);
	}
	engine->guard_moved = false;
	if (run->next == engine->due_count)
		run->phase = RUN_NONE;
}

static void
run_on(struct engine *engine, size_t *budget, const struct order_sink *sink)
{
	struct due_run *run = &engine->run;
	struct heap_entry top;
	if (run->phase == RUN_WAKES) {
		gather_wakes(engine, run->at, budget);
		if (valid_wake(engine, &top) && top.at == run->at)
			return;
		run->phase = RUN_MANY;
	}
	if (run->phase == RUN_MANY) {
		if (run->moved || run->close)
			gather_some(engine, budget);
		if ((run->moved || run->close) && run->next < engine->customers)
			return;
		engine_sort_due(engine);
		run->phase = RUN_STEPS;
		run->next = 0;
	}
	run_steps(engine, budget, sink);
}

/* Not past the present hour: at its end feeds are judged. */
static void
note_idle(struct engine *engine)
{
	int64_t end = (engine->now / HOUR_MS + 1) * HOUR_MS, next = next_time(engine, end - 1);
	engine->idle_to = next < end ? next : end;
}

static bool
run_due(struct engine *engine, int64_t to, size_t budget, const struct order_sink *sink)
{
	if (to < engine->idle_to) {
		if (to > engine->now)
			engine->now = to;
		return true;
	}
	for (;;) {
		if (engine->run.phase == RUN_NONE) {
			int64_t close = next_close(engine), at = next_time(engine, to);
			if (at > to)
				break;
			run_begin(engine, at, close, sink);
		}
		run_on(engine, &budget, sink);
		if (engine->run.phase != RUN_NONE)
			return false;
	}
	if (to > engine->now)
		engine->now = to;
	if (to / HOUR_MS != engine->guard.hour)
		(void)guard_run(engine, to, sink); /* hours that begin with nothing to say */
	note_idle(engine);
	return true;
}

void
engine_run_due(struct engine *engine, int64_t to, const struct order_sink *sink)
{
	(void)run_due(engine, to, SIZE_MAX, sink);
}

void
engine_advance(struct engine *engine, int64_t to, const struct order_sink *sink)
{
	engine_run_due(engine, to, sink);
}

bool
engine_prepare(struct engine *engine, struct stream_id id, size_t budget,
	       const struct order_sink *sink)
{
	assert(stream_id_cmp(id, engine->position) > 0);
	engine->applying = id;
	return run_due(engine, id.ms, budget, sink);
}

int64_t
engine_next_close(struct engine *engine)
{
	int64_t next = next_close(engine), guard = guard_next(engine, next);
	int64_t quarter = (engine->now / QUARTER + 1) * QUARTER;
	if (guard < next)
		next = guard;
	return engine->rules->has_edges && quarter < next ? quarter : next;
}
