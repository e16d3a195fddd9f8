/* SPDX-License-Identifier: Apache-2.0 */
/* Records at start: each customer as of the entry its record was written at. */
#include <string.h>

#include "base/mem.h"
#include "engine/core.h"

void
engine_resume(struct engine *engine, struct stream_id low)
{
	engine->position = low;
	engine->now = low.ms;
	engine->idle_to = INT64_MIN;
}

void
engine_rules_since(struct engine *engine, int64_t at)
{
	engine->rules_at = at;
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

void
engine_wake_loaded(struct engine *engine, uint32_t index)
{
	bool day;
	int64_t now = engine->now;
	if (engine->loaded && index < engine->loaded_cap && engine->loaded[index].ms > now)
		now = engine->loaded[index].ms;
	struct customer *customer = engine_at(engine, index);
	int64_t at = step_next(engine, customer, now, &day);
	engine_set_day(engine, index, day);
	engine_set_wake(engine, index, at);
}

/* While what is due at one instant is worked off, who waits for it has no wake; suspect time moves wakes, and was
 * perhaps another when the record is read. */
int64_t
engine_due_at(const struct engine *engine, const struct customer *customer)
{
	for (unsigned i = 0; i < engine->guard.feed_count; i++)
		if (engine->guard.feeds[i]->span_count > 0)
			return 0;
	if (engine->run.phase != RUN_NONE)
		return 0;
	const struct customer_chunk *chunk =
		(const void *)((uintptr_t)customer & ~(uintptr_t)(MEM_HUGE_PAGE - 1));
	return chunk->wake_at[customer - chunk->customers];
}

/* As the record has it. Each close is taken to concern it, until the next one says whether it does. */
static bool
wake_believed(struct engine *engine, uint32_t index, struct stream_id applied, int64_t due_at)
{
	if (due_at <= engine->now || due_at <= applied.ms || applied.ms <= engine->rules_at)
		return false;
	engine_set_day(engine, index, true);
	engine_set_wake(engine, index, due_at);
	return true;
}

void
engine_expect(const struct engine *engine, struct str id)
{
	table_prefetch(&engine->table, hash_bytes(id.p, id.n, engine->seed));
}

bool
engine_load(struct engine *engine, struct customer *customer, struct stream_id applied,
	    struct err *err)
{
	uint64_t hash =
		hash_bytes(customer_id(customer).p, customer_id(customer).n, engine->seed);
	if (engine_find_index(engine, customer_id(customer), hash) != UINT32_MAX) {
		(void)err_set(err, "customer %.*s has two records",
			      STR_ARG(customer_id(customer)));
		customer_finish(customer);
		mem_free(customer);
		return false;
	}
	customer->flags &= (uint8_t) ~(CUSTOMER_DIRTY | CUSTOMER_DAY | CUSTOMER_GIVEN);
	int64_t due_at = *customer_due_at(customer);
	uint32_t index = engine_add_customer(engine, customer, hash);
	note_loaded(engine, index, applied);
	teams_note_loaded(engine, engine_at(engine, index));
	if (!wake_believed(engine, index, applied, due_at))
		engine_wake_loaded(engine, index);
	return true;
}
