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

bool
engine_load(struct engine *engine, struct customer *customer, struct stream_id applied,
	    struct err *err)
{
	uint64_t hash = hash_bytes(customer->id.p, customer->id.n, engine->seed);
	if (engine_find_index(engine, customer->id, hash) != UINT32_MAX)
		return err_set(err, "customer %.*s has two records", STR_ARG(customer->id));
	customer->flags &= (uint8_t) ~(CUSTOMER_DIRTY | CUSTOMER_DAY | CUSTOMER_GIVEN);
	customer->wake_at = NEVER;
	uint32_t index = engine_add_customer(engine, customer, hash);
	note_loaded(engine, index, applied);
	teams_note_loaded(engine, engine_at(engine, index));
	engine_wake_loaded(engine, index);
	return true;
}
