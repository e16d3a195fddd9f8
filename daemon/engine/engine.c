/* SPDX-License-Identifier: Apache-2.0 */
/* The engine: entries in order, and before each all that is due by then. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/core.h"

#define BATCH 64	 /* customers fetched ahead of their entries */
#define SCAN_AHEAD 8	 /* the same for a day's close */
#define DIRTY_FIRST 1024

/* ---- life of the engine ---- */

static void
take_rules(struct engine *engine, struct ruleset *rules)
{
	engine->rules = rules;
	clock_init(&engine->clock, rules->zone, rules->lateness);
	mem_free(engine->all_rules);
	engine->all_rules = mem_array(rules->rule_count + 1u, sizeof *engine->all_rules);
	engine->has_coarse = engine->has_score = engine->has_points_expr = false;
	for (unsigned i = 0; i < rules->rule_count; i++) {
		engine->all_rules[i] = (uint16_t)i;
		engine->has_coarse |= rules->rules[i].reads_coarse;
		engine->has_score |= rules->rules[i].reads_score;
		engine->has_points_expr |= rules->rules[i].points_expr != NULL;
	}
	engine->windowed = 0;
	for (unsigned i = 0; i < rules->signal_count; i++)
		if (rules->signals[i].reach_days)
			engine->windowed |= UINT64_C(1) << i;
}

struct engine *
engine_create(struct ruleset *rules, struct hash_seed seed)
{
	struct engine *engine = mem_alloc(sizeof *engine);
	engine->seed = seed;
	engine->now = INT64_MIN;
	arena_init(&engine->scratch);
	take_rules(engine, rules);
	return engine;
}

void
engine_destroy(struct engine *engine)
{
	if (!engine)
		return;
	for (uint32_t i = 0; i < engine->customers; i++)
		customer_finish(engine_at(engine, i));
	for (size_t i = 0; i < engine->chunk_count; i++)
		mem_free(engine->chunks[i]);
	mem_free(engine->chunks);
	mem_free(engine->table.slots);
	mem_free(engine->dirty);
	mem_free(engine->due);
	mem_free(engine->all_rules);
	mem_free(engine->loaded);
	heap_finish(&engine->wakes);
	arena_finish(&engine->scratch);
	ruleset_destroy(engine->rules);
	mem_free(engine);
}

const struct ruleset *
engine_rules(const struct engine *engine)
{
	return engine->rules;
}

struct stream_id
engine_position(const struct engine *engine)
{
	return engine->position;
}

int64_t
engine_clock(const struct engine *engine)
{
	return engine->now;
}

size_t
engine_customers(const struct engine *engine)
{
	return engine->customers;
}

const struct customer *
engine_find(const struct engine *engine, struct str id)
{
	uint32_t index = engine_find_index(engine, id, hash_bytes(id.p, id.n, engine->seed));
	return index == UINT32_MAX ? NULL : engine_at(engine, index);
}

const struct customer *
engine_customer_at(const struct engine *engine, size_t index)
{
	return engine_at(engine, (uint32_t)index);
}

struct value
engine_profile(const struct engine *engine, const struct customer *customer, unsigned attribute)
{
	return customer_profile(customer, engine->rules, attribute);
}

/* ---- dirty ---- */

static struct dirty *
dirty_at(const struct engine *engine, size_t i)
{
	return &engine->dirty[(engine->dirty_head + i) & (engine->dirty_cap - 1)];
}

static void
dirty_grow(struct engine *engine)
{
	size_t cap = engine->dirty_cap ? engine->dirty_cap * 2 : DIRTY_FIRST;
	struct dirty *ring = mem_array(cap, sizeof *ring);
	for (size_t i = 0; i < engine->dirty_count; i++)
		ring[i] = *dirty_at(engine, i);
	mem_free(engine->dirty);
	engine->dirty = ring;
	engine->dirty_cap = cap;
	engine->dirty_head = 0;
}

void
engine_mark_dirty(struct engine *engine, uint32_t index)
{
	struct customer *customer = engine_at(engine, index);
	if (customer->flags & CUSTOMER_DIRTY)
		return;
	customer->flags |= CUSTOMER_DIRTY;
	if (engine->dirty_count == engine->dirty_cap)
		dirty_grow(engine);
	*dirty_at(engine, engine->dirty_count++) = (struct dirty){
		.customer = index, .before = engine->position, .entries = engine->entries};
}

size_t
engine_dirty(const struct engine *engine)
{
	return engine->dirty_count;
}

struct stream_id
engine_low(const struct engine *engine)
{
	return engine->dirty_count ? dirty_at(engine, 0)->before : engine->position;
}

size_t
engine_take_dirty(struct engine *engine, size_t max,
		  void (*take)(void *ctx, const struct customer *customer), void *ctx)
{
	size_t taken = 0;
	for (; taken < max && engine->dirty_count; taken++) {
		struct customer *customer = engine_at(engine, dirty_at(engine, 0)->customer);
		customer->flags &= (uint8_t)~CUSTOMER_DIRTY;
		take(ctx, customer);
		engine->dirty_head = (engine->dirty_head + 1) & (engine->dirty_cap - 1);
		engine->dirty_count--;
	}
	return taken;
}

int64_t
engine_dirty_age(const struct engine *engine)
{
	return engine->dirty_count ? (int64_t)(engine->entries - dirty_at(engine, 0)->entries) : 0;
}

/* ---- due ---- */

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
next_time(struct engine *engine)
{
	struct heap_entry top;
	int64_t close = next_close(engine);
	return valid_wake(engine, &top) && top.at < close ? top.at : close;
}

int64_t
engine_next_due(struct engine *engine)
{
	struct heap_entry top;
	int64_t close = next_close(engine);
	while (valid_wake(engine, &top) && top.at < close) {
		struct customer *customer = engine_at(engine, top.item);
		bool day;
		int64_t at = step_next(engine, customer, engine->now, &day);
		if (at <= top.at)
			return top.at;
		(void)heap_pop(&engine->wakes, &top);
		customer->wake_at = NEVER;
		engine_set_wake(engine, top.item, at);
	}
	return close;
}

/* Its record already holds what happened at that instant. */
static bool
is_ahead(const struct engine *engine, uint32_t index, int64_t at)
{
	return engine->loaded && index < engine->loaded_cap && engine->loaded[index].ms >= at;
}

static void
note_due(struct engine *engine, uint32_t index, int64_t at)
{
	if (is_ahead(engine, index, at) || !step_would_change(engine, index, at))
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
		note_due(engine, top.item, at);
	}
}

static void
prefetch_customer(const struct engine *engine, uint32_t index)
{
	const struct customer *customer = engine_at(engine, index);
	__builtin_prefetch(customer->tracks);
	__builtin_prefetch(customer->cold);
}

static void
gather_day(struct engine *engine, int64_t at)
{
	size_t count = engine->customers;
	for (uint32_t i = 0; i < count; i++) {
		if (i + SCAN_AHEAD < count)
			prefetch_customer(engine, i + SCAN_AHEAD);
		if (engine_at(engine, i)->flags & CUSTOMER_DAY)
			note_due(engine, i, at);
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
		struct str x = engine_at(engine, room[a])->id, y = engine_at(engine, list[b])->id;
		list[out++] = str_cmp(x, y) <= 0 ? room[a++] : list[b++];
	}
	memcpy(list + out, room + a, (half - a) * sizeof *list);
}

static void
sort_due(struct engine *engine)
{
	uint32_t *room = mem_array(engine->due_count, sizeof *room);
	sort_by_id(engine, engine->due, room, engine->due_count);
	mem_free(room);
}

/* All that is due at one instant: customers by the bytes of their id. */
static void
run_due_at(struct engine *engine, int64_t at, int64_t close, const struct order_sink *sink)
{
	engine->due_count = 0;
	engine->now = at;
	gather_wakes(engine, at);
	if (at == close)
		gather_day(engine, at);
	sort_due(engine);
	uint32_t last = UINT32_MAX;
	for (size_t i = 0; i < engine->due_count; i++) {
		if (engine->due[i] != last)
			(void)step_customer(engine, engine->due[i], NULL, STEP_TIME, at, sink);
		last = engine->due[i];
	}
}

static void
run_due(struct engine *engine, int64_t to, const struct order_sink *sink)
{
	while (engine->customers) {
		int64_t close = next_close(engine), at = next_time(engine);
		if (at > to)
			break;
		run_due_at(engine, at, close, sink);
	}
	if (to > engine->now)
		engine->now = to;
}

void
engine_advance(struct engine *engine, int64_t to, const struct order_sink *sink)
{
	run_due(engine, to, sink);
}

/* ---- entries ---- */

static bool
has_customer(const struct entry *entry)
{
	return entry->kind != ENTRY_CLOCK && entry->kind != ENTRY_RULES;
}

static void
begin_entry(struct engine *engine, struct stream_id id, const struct order_sink *sink)
{
	assert(stream_id_cmp(id, engine->position) > 0);
	engine->applying = id;
	run_due(engine, id.ms, sink);
}

static void
end_entry(struct engine *engine, struct stream_id id)
{
	engine->position = id;
	engine->entries++;
	if (engine->loaded && stream_id_cmp(id, engine->loaded_max) >= 0) {
		mem_free(engine->loaded);
		engine->loaded = NULL;
		engine->loaded_cap = 0;
	}
}

static bool
already_held(const struct engine *engine, uint32_t index, struct stream_id id)
{
	return engine->loaded && index < engine->loaded_cap &&
	       stream_id_cmp(id, engine->loaded[index]) <= 0;
}

static uint32_t
new_customer(struct engine *engine, const struct entry *entry)
{
	struct customer *made = customer_create(entry->customer);
	made->first_seen_at = INT64_MAX;
	made->wake_at = NEVER;
	return engine_add_customer(engine, made, entry->hash);
}

/* false: rejected, and nothing changed. */
static bool
acceptable(struct engine *engine, uint32_t index, const struct entry *entry,
	   const struct order_sink *sink)
{
	struct err err;
	const struct customer *customer = index == UINT32_MAX ? NULL : engine_at(engine, index);
	if (entry->kind == ENTRY_PROFILE && !absorb_check(engine, entry, &err)) {
		orders_reject(engine, customer, sink, err.text);
		return false;
	}
	if (!customer && (entry->kind == ENTRY_TAG || entry->kind == ENTRY_TASK)) {
		err_set(&err, "there is no customer %.*s yet", STR_ARG(entry->customer));
		orders_reject(engine, NULL, sink, err.text);
		return false;
	}
	return true;
}

static void
apply_entry(struct engine *engine, const struct entry *entry, const struct order_sink *sink)
{
	begin_entry(engine, entry->id, sink);
	if (has_customer(entry)) {
		uint32_t index = engine_find_index(engine, entry->customer, entry->hash);
		bool held = index != UINT32_MAX && already_held(engine, index, entry->id);
		if (!held && acceptable(engine, index, entry, sink)) {
			if (index == UINT32_MAX)
				index = new_customer(engine, entry);
			(void)step_customer(engine, index, entry, STEP_ENTRY, entry->id.ms, sink);
		}
	}
	end_entry(engine, entry->id);
}

/* Memory is far: ask for the slots, then the customers, then their tracks, of a whole batch. */
static void
fetch_ahead(struct engine *engine, struct entry *entries, size_t count)
{
	uint32_t guess[BATCH];
	for (size_t i = 0; i < count; i++) {
		entries[i].hash = hash_bytes(entries[i].customer.p, entries[i].customer.n, engine->seed);
		table_prefetch(&engine->table, entries[i].hash);
	}
	for (size_t i = 0; i < count; i++) {
		guess[i] = table_guess(&engine->table, entries[i].hash);
		if (guess[i] == UINT32_MAX)
			continue;
		const char *customer = (const char *)engine_at(engine, guess[i]);
		__builtin_prefetch(customer);
		__builtin_prefetch(customer + 64);
	}
	for (size_t i = 0; i < count; i++) {
		if (guess[i] == UINT32_MAX)
			continue;
		__builtin_prefetch(engine_at(engine, guess[i])->id.p);
		prefetch_customer(engine, guess[i]);
	}
}

size_t
engine_apply(struct engine *engine, struct entry *entries, size_t count,
	     const struct order_sink *sink)
{
	for (size_t from = 0; from < count; from += BATCH) {
		size_t size = count - from < BATCH ? count - from : BATCH;
		fetch_ahead(engine, entries + from, size);
		for (size_t i = from; i < from + size; i++) {
			if (entries[i].kind == ENTRY_RULES)
				return i;
			apply_entry(engine, &entries[i], sink);
		}
	}
	return count;
}

void
engine_skip(struct engine *engine, struct stream_id id, const struct order_sink *sink)
{
	begin_entry(engine, id, sink);
	end_entry(engine, id);
}

/* ---- loading ---- */

void
engine_resume(struct engine *engine, struct stream_id low)
{
	engine->position = low;
	engine->now = low.ms;
}

static void
note_loaded(struct engine *engine, uint32_t index, struct stream_id applied)
{
	if (stream_id_cmp(applied, engine->position) <= 0)
		return;
	if (index >= engine->loaded_cap) {
		size_t cap = engine->loaded_cap ? engine->loaded_cap * 2 : CUSTOMER_CHUNK;
		while (cap <= index)
			cap *= 2;
		engine->loaded = mem_resize(engine->loaded, cap * sizeof *engine->loaded);
		memset(engine->loaded + engine->loaded_cap, 0,
		       (cap - engine->loaded_cap) * sizeof *engine->loaded);
		engine->loaded_cap = cap;
	}
	engine->loaded[index] = applied;
	if (stream_id_cmp(applied, engine->loaded_max) > 0)
		engine->loaded_max = applied;
}

bool
engine_load(struct engine *engine, struct customer *customer, struct stream_id applied,
	    struct err *err)
{
	uint64_t hash = hash_bytes(customer->id.p, customer->id.n, engine->seed);
	if (engine_find_index(engine, customer->id, hash) != UINT32_MAX)
		return err_set(err, "customer %.*s has two records", STR_ARG(customer->id));
	customer->flags &= (uint8_t)~(CUSTOMER_DIRTY | CUSTOMER_DAY);
	customer->wake_at = NEVER;
	uint32_t index = engine_add_customer(engine, customer, hash);
	note_loaded(engine, index, applied);
	bool day;
	int64_t now = applied.ms > engine->now ? applied.ms : engine->now;
	int64_t at = step_next(engine, engine_at(engine, index), now, &day);
	engine_set_day(engine, engine_at(engine, index), day);
	engine_set_wake(engine, index, at);
	return true;
}

/* ---- a change of rules ---- */

static const struct signal *
same_signal(const struct ruleset *rules, uint32_t key)
{
	for (unsigned i = 0; i < rules->signal_count; i++)
		if (rules->signals[i].key == key)
			return &rules->signals[i];
	return NULL;
}

/* A new signal is born now; one whose reach grows was observed only as far as it was kept. */
static void
give_births(struct engine *engine, struct ruleset *to, int64_t now)
{
	for (unsigned i = 0; i < to->signal_count; i++) {
		struct signal *signal = &to->signals[i];
		const struct signal *old = same_signal(engine->rules, signal->key);
		signal->born_at = old ? old->born_at : now;
		if (!old || old->reach_days >= signal->reach_days)
			continue;
		int64_t kept = now - (int64_t)old->reach_days * DAY_MS;
		if (kept > signal->born_at)
			signal->born_at = kept;
	}
}

static bool
has_rule(const struct ruleset *rules, uint32_t key)
{
	for (unsigned i = 0; i < rules->rule_count; i++)
		if (rules->rules[i].key == key)
			return true;
	return false;
}

static bool *
rules_missing(const struct ruleset *of, const struct ruleset *in)
{
	bool *missing = mem_array(of->rule_count + 1u, sizeof *missing);
	for (unsigned i = 0; i < of->rule_count; i++)
		missing[i] = !has_rule(in, of->rules[i].key);
	return missing;
}

static void
all_due(struct engine *engine)
{
	MEM_RESERVE(engine->due, engine->due_cap, engine->customers + 1);
	for (uint32_t i = 0; i < engine->customers; i++)
		engine->due[i] = i;
	engine->due_count = engine->customers;
	sort_due(engine);
}

static void
remove_rules(struct engine *engine, const bool *removed, int64_t now, const struct order_sink *sink)
{
	for (size_t i = 0; i < engine->due_count; i++)
		if (!is_ahead(engine, engine->due[i], now))
			(void)step_remove_rules(engine, engine->due[i], removed, now, sink);
}

static void
remap_all(struct engine *engine, const struct ruleset *to)
{
	for (uint32_t i = 0; i < engine->customers; i++) {
		struct customer *customer = engine_at(engine, i);
		if (remap_customer(customer, engine->rules, to))
			engine_mark_dirty(engine, i);
		customer->wake_at = NEVER;
		engine_set_day(engine, customer, false);
	}
	heap_finish(&engine->wakes);
	engine->wakes = (struct heap){0};
}

void
engine_change_rules(struct engine *engine, const struct entry *entry, struct ruleset *rules,
		    const struct order_sink *sink)
{
	int64_t now = entry->id.ms;
	begin_entry(engine, entry->id, sink);
	if (memcmp(rules->sha, engine->rules->sha, sizeof rules->sha) == 0) {
		ruleset_destroy(rules);
		end_entry(engine, entry->id);
		return;
	}
	bool *removed = rules_missing(engine->rules, rules);
	bool *added = rules_missing(rules, engine->rules);
	all_due(engine);
	remove_rules(engine, removed, now, sink);
	give_births(engine, rules, now);
	remap_all(engine, rules);
	struct ruleset *old = engine->rules;
	take_rules(engine, rules);
	ruleset_destroy(old);
	engine->rule_is_new = added;
	for (size_t i = 0; i < engine->due_count; i++)
		(void)step_customer(engine, engine->due[i], NULL, STEP_RULES, now, sink);
	engine->rule_is_new = NULL;
	mem_free(removed);
	mem_free(added);
	end_entry(engine, entry->id);
}

/* ---- reading ---- */

#define MALLOC_OVERHEAD 16

size_t
engine_bytes(const struct engine *engine)
{
	size_t bytes = engine->table.cap * sizeof *engine->table.slots +
		       engine->chunk_count * CUSTOMER_CHUNK * sizeof(struct customer) +
		       engine->wakes.cap * sizeof *engine->wakes.entries +
		       engine->dirty_cap * sizeof *engine->dirty;
	for (uint32_t i = 0; i < engine->customers; i++) {
		const struct customer *customer = engine_at(engine, i);
		const struct cold *cold = customer->cold;
		bytes += customer->id.n + MALLOC_OVERHEAD;
		if (customer->tracks)
			bytes += track_bytes(customer) + MALLOC_OVERHEAD;
		if (!cold)
			continue;
		bytes += sizeof *cold + MALLOC_OVERHEAD +
			 (size_t)__builtin_popcountll(cold->profile_mask) *
				 sizeof *cold->profile +
			 cold->rule_count * sizeof *cold->rules +
			 cold->tag_count * sizeof *cold->tags +
			 cold->id_count * sizeof *cold->ids +
			 cold->task_count * sizeof *cold->tasks + MALLOC_OVERHEAD;
	}
	return bytes;
}

void
engine_task_id(const struct engine *engine, const struct customer *customer,
	       const struct task_held *task, char out[ORDER_ID])
{
	name_task(engine->rules, customer, task, out);
}

void
engine_episode_key(const struct engine *engine, const struct customer *customer,
		   char out[ORDER_ID])
{
	name_episode(engine->rules, customer, out);
}

bool
engine_signal(const struct engine *engine, const struct customer *customer, unsigned signal,
	      int days, int64_t *events, double *sum, int64_t *last_at)
{
	const struct track *track = track_find(customer, signal, false);
	if (!track)
		return false;
	int64_t today = zone_day(engine->rules->zone, engine->now);
	struct window window = track_window(customer, signal, false,
					    engine->rules->signals[signal].kind, today - days + 1,
					    today + 1);
	*events = window.count;
	*sum = (double)window.sum / 1e6;
	*last_at = track->last_at;
	return true;
}
