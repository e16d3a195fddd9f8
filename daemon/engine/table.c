/* SPDX-License-Identifier: Apache-2.0 */
/* Where customers live: a table of hashes over chunks whose addresses stay. */
#include <string.h>

#include "base/mem.h"
#include "engine/core.h"

#define TABLE_FIRST 1024

static uint64_t
slot_tag(uint64_t hash)
{
	return hash & UINT64_C(0xffffffff00000000);
}

uint32_t
engine_find_index(const struct engine *engine, struct str id, uint64_t hash)
{
	const struct table *table = &engine->table;
	if (table->cap == 0)
		return UINT32_MAX;
	for (size_t i = hash & (table->cap - 1);; i = (i + 1) & (table->cap - 1)) {
		uint64_t slot = table->slots[i];
		if (slot == 0)
			return UINT32_MAX;
		if (slot_tag(slot) != slot_tag(hash))
			continue;
		uint32_t index = (uint32_t)slot - 1;
		struct str other = engine_at(engine, index)->id;
		if (other.n == id.n && memcmp(other.p, id.p, id.n) == 0)
			return index;
	}
}

void
table_prefetch(const struct table *table, uint64_t hash)
{
	if (table->cap)
		__builtin_prefetch(&table->slots[hash & (table->cap - 1)]);
}

/* The index whose tag fits, without looking at the customer: to prefetch it. */
uint32_t
table_guess(const struct table *table, uint64_t hash)
{
	if (table->cap == 0)
		return UINT32_MAX;
	for (size_t i = hash & (table->cap - 1);; i = (i + 1) & (table->cap - 1)) {
		uint64_t slot = table->slots[i];
		if (slot == 0)
			return UINT32_MAX;
		if (slot_tag(slot) == slot_tag(hash))
			return (uint32_t)slot - 1;
	}
}

static void
table_insert(struct table *table, uint64_t hash, uint32_t index)
{
	size_t i = hash & (table->cap - 1);
	while (table->slots[i])
		i = (i + 1) & (table->cap - 1);
	table->slots[i] = slot_tag(hash) | (index + 1);
}

static void
table_grow(struct engine *engine)
{
	struct table *table = &engine->table;
	table->cap = table->cap ? table->cap * 2 : TABLE_FIRST;
	mem_free(table->slots);
	table->slots = mem_table(table->cap, sizeof *table->slots);
	for (uint32_t i = 0; i < engine->customers; i++) {
		struct str id = engine_at(engine, i)->id;
		table_insert(table, hash_bytes(id.p, id.n, engine->seed), i);
	}
}

uint32_t
engine_add_customer(struct engine *engine, struct customer *made, uint64_t hash)
{
	if ((engine->customers + 1) * 4 > engine->table.cap * 3)
		table_grow(engine);
	if (engine->customers == engine->chunk_count * CUSTOMER_CHUNK) {
		engine->chunks = mem_resize(engine->chunks,
					    (engine->chunk_count + 1) * sizeof *engine->chunks);
		engine->chunks[engine->chunk_count++] =
			mem_table(CUSTOMER_CHUNK, sizeof **engine->chunks);
		engine->close_day =
			mem_resize(engine->close_day, engine->chunk_count * CUSTOMER_CHUNK *
							      sizeof *engine->close_day);
	}
	uint32_t index = (uint32_t)engine->customers++;
	*engine_at(engine, index) = *made;
	mem_free(made);
	engine->close_day[index] = UINT16_MAX;
	table_insert(&engine->table, hash, index);
	return index;
}
