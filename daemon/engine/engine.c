/* SPDX-License-Identifier: Apache-2.0 */
/* The engine: entries in order, and before each all that is due by then. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/ahead.h"
#include "engine/core.h"
#include "engine/items.h"

#define BATCH 64 /* customers fetched ahead of their entries */

/* ---- life of the engine ---- */

void
engine_take_rules(struct engine *engine, struct ruleset *rules)
{
	engine->rules = rules;
	engine->idle_to = INT64_MIN;
	clock_init(&engine->clock, rules->zone, rules->lateness);
	calm_make(&engine->calm, rules);
	close_make(&engine->close, rules);
	mem_free(engine->all_rules);
	engine->all_rules = mem_array(rules->rule_count + 1u, sizeof *engine->all_rules);
	mem_free(engine->memos);
	mem_free(engine->windows);
	engine->memos = mem_array(rules->memo_count + 1u, sizeof *engine->memos);
	engine->windows = mem_array(rules->range_count + 1u, sizeof *engine->windows);
	engine->has_coarse = engine->has_points_expr = engine->has_standing = false;
	engine->has_follows = engine->has_inhibited = false;
	engine->has_coarse = rules->watching.coarse;
	for (unsigned i = 0; i < rules->rule_count; i++) {
		engine->all_rules[i] = (uint16_t)i;
		engine->has_coarse |= rules->rules[i].reads_coarse;
		engine->has_standing |= rules->rules[i].reads_standing;
		engine->has_follows |= rules->rules[i].follows;
		engine->has_inhibited |= rules->rules[i].inhibitor_count > 0;
		engine->has_points_expr |= rules->rules[i].points_expr != NULL;
	}
	engine->silent =
		rules->churn.kind == CHURN_SILENT ? UINT64_C(1) << rules->churn.signal : 0;
	engine->day_start.at = 0;
	guard_take_rules(engine);
	teams_take_rules(engine);
	engine->windowed = 0;
	for (unsigned i = 0; i < rules->signal_count; i++)
		if (rules->signals[i].reach_days)
			engine->windowed |= UINT64_C(1) << i;
	lane_make(engine);
}

static void
tracks_moved(void *ctx, uint32_t customer, void *block)
{
	engine_at(ctx, customer)->tracks.block = block;
}

struct engine *
engine_create(struct ruleset *rules, struct hash_seed seed)
{
	struct engine *engine = mem_alloc(sizeof *engine);
	engine->seed = seed;
	engine->now = INT64_MIN;
	arena_init(&engine->scratch);
	blocks_init(&engine->tracks, tracks_moved, engine);
	guard_init(&engine->guard);
	engine_take_rules(engine, rules);
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
	for (size_t i = 0; i < engine->names.chunk_count; i++)
		mem_free(engine->names.chunks[i]);
	mem_free(engine->names.chunks);
	blocks_finish(&engine->tracks);
	mem_free(engine->close_day);
	mem_free(engine->table.slots);
	mem_free(engine->dirty);
	mem_free(engine->round.customers);
	mem_free(engine->due);
	mem_free(engine->all_rules);
	mem_free(engine->memos);
	mem_free(engine->windows);
	buf_finish(&engine->text);
	guard_finish(&engine->guard);
	teams_finish(&engine->teams);
	quality_finish(&engine->quality);
	calm_finish(&engine->calm);
	lane_finish(&engine->lane);
	close_finish(&engine->close);
	mem_free(engine->loaded);
	heap_finish(&engine->wakes);
	arena_finish(&engine->scratch);
	ruleset_destroy(engine->rules);
	mem_free(engine);
}

void
engine_keep_no_records(struct engine *engine)
{
	engine->unrecorded = true;
}

void
engine_be_brief(struct engine *engine)
{
	engine->brief = true;
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

/* ---- entries ---- */

static bool
has_customer(const struct entry *entry)
{
	return entry->kind != ENTRY_CLOCK && entry->kind != ENTRY_RULES;
}

void
engine_begin_entry(struct engine *engine, struct stream_id id, const struct order_sink *sink)
{
	assert(stream_id_cmp(id, engine->position) > 0);
	engine->applying = id;
	engine_run_due(engine, id.ms, sink);
}

void
engine_end_entry(struct engine *engine, struct stream_id id)
{
	engine->position = id;
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
new_customer(struct engine *engine, const struct entry *entry, uint64_t hash)
{
	struct customer *made = customer_create(entry->customer);
	made->first_seen_at = INT64_MAX;
	return engine_add_customer(engine, made, hash);
}

static bool
items_fit(const struct engine *engine, const struct customer *customer,
	  const struct entry *entry, struct err *err)
{
	const struct type_use *use;
	if (engine->rules->item_count == 0 || entry->kind != ENTRY_EVENT)
		return true;
	use = ruleset_use(engine->rules, entry->type);
	return !use || !(use->opens | use->closes) ||
	       items_check(engine->rules, customer, entry, use, err);
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
	if (!items_fit(engine, customer, entry, &err)) {
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
apply_entry(struct engine *engine, const struct entry *entry, uint64_t hash,
	    const struct order_sink *sink)
{
	engine_begin_entry(engine, entry->id, sink);
	if (has_customer(entry)) {
		uint32_t index = engine_find_index(engine, entry->customer, hash);
		bool held = index != UINT32_MAX && already_held(engine, index, entry->id);
		if (!held && acceptable(engine, index, entry, sink)) {
			if (index == UINT32_MAX)
				index = new_customer(engine, entry, hash);
			(void)step_customer(engine, index, entry, STEP_ENTRY, entry->id.ms,
					    sink);
		}
	}
	engine_end_entry(engine, entry->id);
}

/* Memory is far: ask for the slots, then the customers, then their tracks, of a whole batch. Each in a loop of its own,
 * which does little else: so many are under way at once, and so are the looks at page tables for them. */
static void
fetch_ahead(struct engine *engine, const struct entry *entries, size_t count,
	    uint64_t hashes[BATCH], uint32_t guess[BATCH])
{
	const struct customer *unsettled[BATCH];
	unsigned unsettled_count = 0;
	for (size_t i = 0; i < count; i++) {
		hashes[i] =
			hash_bytes(entries[i].customer.p, entries[i].customer.n, engine->seed);
		table_prefetch(&engine->table, hashes[i]);
	}
	for (size_t i = 0; i < count; i++) {
		guess[i] = table_guess(&engine->table, hashes[i]);
		if (guess[i] != UINT32_MAX)
			mem_prefetch(engine_at(engine, guess[i]));
	}
	for (size_t i = 0; i < count; i++) {
		if (guess[i] == UINT32_MAX)
			continue;
		const struct customer *customer = engine_at(engine, guess[i]);
		if (customer->id.brief.n > CUSTOMER_SHORT_ID)
			mem_prefetch(customer->id.longer.text);
		mem_prefetch(customer->tracks.block);
		if (customer->settled && lane_knows(&engine->lane, customer))
			continue;
		mem_prefetch(customer->cold);
		mem_prefetch(engine_wake(engine, guess[i]));
		unsettled[unsettled_count++] = customer;
	}
	for (unsigned i = 0; i < unsettled_count; i++)
		ahead_cold(unsettled[i]);
}

size_t
engine_apply(struct engine *engine, const struct entry *entries, size_t count,
	     const struct order_sink *sink)
{
	uint64_t hashes[BATCH];
	uint32_t guess[BATCH];
	for (size_t from = 0; from < count; from += BATCH) {
		size_t size = count - from < BATCH ? count - from : BATCH;
		fetch_ahead(engine, entries + from, size, hashes, guess);
		for (size_t i = from; i < from + size; i++) {
			if (entries[i].kind == ENTRY_RULES)
				return i;
			if (!lane_take(engine, &entries[i], guess[i - from]))
				apply_entry(engine, &entries[i], hashes[i - from], sink);
		}
	}
	return count;
}

void
engine_skip(struct engine *engine, struct stream_id id, const struct order_sink *sink)
{
	engine_begin_entry(engine, id, sink);
	engine_end_entry(engine, id);
}

/* ---- reading ---- */

#define MALLOC_OVERHEAD 16

size_t
engine_bytes(const struct engine *engine)
{
	size_t bytes = engine->table.cap * TABLE_SLOT +
		       engine->chunk_count * (sizeof(struct customer_chunk) +
					      CUSTOMER_CHUNK * sizeof *engine->close_day) +
		       engine->wakes.cap * sizeof *engine->wakes.entries +
		       engine->dirty_cap * sizeof *engine->dirty +
		       engine->round.cap * sizeof *engine->round.customers +
		       engine->names.chunk_count * NAMES_CHUNK + blocks_bytes(&engine->tracks);
	for (uint32_t i = 0; i < engine->customers; i++) {
		const struct cold *cold = engine_at(engine, i)->cold;
		if (!cold)
			continue;
		bytes += sizeof *cold + MALLOC_OVERHEAD +
			 (size_t)__builtin_popcountll(cold->profile_mask) *
				 sizeof *cold->profile +
			 cold->rule_count * sizeof *cold->rules +
			 cold->tag_count * sizeof *cold->tags +
			 cold->id_count * sizeof *cold->ids +
			 cold->task_count * sizeof *cold->tasks +
			 cold->item_count * sizeof *cold->items +
			 cold->alert_count * sizeof *cold->alerts + MALLOC_OVERHEAD;
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
	struct track track;
	if (!track_newest(&customer->tracks, signal, false, &track))
		return false;
	int64_t today = zone_day(engine->rules->zone, engine->now);
	struct window window =
		track_window(&customer->tracks, signal, false,
			     engine->rules->signals[signal].kind, today - days + 1, today + 1);
	*events = window.count;
	*sum = (double)window.sum / 1e6;
	*last_at = track.last_at;
	return true;
}
