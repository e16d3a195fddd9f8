/* SPDX-License-Identifier: Apache-2.0 */
/* Where customers live: a table of hashes over chunks whose addresses stay. */
#include <string.h>

#include "base/mem.h"
#include "engine/core.h"

#define TABLE_FIRST 1024

uint32_t
engine_find_index(const struct engine *engine, struct str id, uint64_t hash)
{
	const struct table *table = &engine->table;
	size_t i = hash & (table->cap - 1);
	uint32_t index;
	if (table->cap == 0)
		return UINT32_MAX;
	do
		index = table_next(table, hash, &i);
	while (index != UINT32_MAX && !str_eq(customer_id(engine_at(engine, index)), id));
	return index;
}

static void
table_insert(struct table *table, uint64_t hash, uint32_t index)
{
	size_t i = hash & (table->cap - 1);
	uint32_t next = index + 1;
	while (table_slot_at(table, i).next)
		i = (i + 1) & (table->cap - 1);
	memcpy(table->slots + i * TABLE_SLOT, &next, 4);
	table->slots[i * TABLE_SLOT + 4] = table_tag(hash);
}

/* Three of four slots at most are taken. */
static bool
table_suffices(const struct table *table, size_t customers)
{
	return customers * 4 <= table->cap * 3;
}

static void
table_grow(struct engine *engine, size_t customers)
{
	struct table *table = &engine->table;
	while (!table_suffices(table, customers))
		table->cap = table->cap ? table->cap * 2 : TABLE_FIRST;
	mem_free(table->slots);
	table->slots = mem_table(table->cap, TABLE_SLOT);
	for (uint32_t i = 0; i < engine->customers; i++) {
		struct str id = customer_id(engine_at(engine, i));
		table_insert(table, hash_bytes(id.p, id.n, engine->seed), i);
	}
}

void
engine_reserve(struct engine *engine, size_t customers)
{
	if (!table_suffices(&engine->table, customers))
		table_grow(engine, customers);
}

/* Long ids end with the engine, and no sooner. */
static const char *
name_keep(struct names *names, struct str id)
{
	char *kept;

	if (names->chunk_count == 0 || names->used + id.n > NAMES_CHUNK) {
		names->chunks = mem_resize(names->chunks,
					   (names->chunk_count + 1) * sizeof *names->chunks);
		names->chunks[names->chunk_count++] = mem_resize(NULL, NAMES_CHUNK);
		names->used = 0;
	}
	kept = names->chunks[names->chunk_count - 1] + names->used;
	names->used += id.n;
	return memcpy(kept, id.p, id.n);
}

uint32_t
engine_add_customer(struct engine *engine, struct customer *made, uint64_t hash)
{
	engine_reserve(engine, engine->customers + 1);
	if (engine->customers == engine->chunk_count * CUSTOMER_CHUNK) {
		engine->chunks = mem_resize(engine->chunks,
					    (engine->chunk_count + 1) * sizeof *engine->chunks);
		engine->chunks[engine->chunk_count++] = mem_table(1, MEM_HUGE_PAGE);
		/* Doubled: one that grew with every chunk would leave a hole for each of them. */
		if ((engine->chunk_count & (engine->chunk_count - 1)) == 0)
			engine->close_day = mem_resize(
				engine->close_day, 2 * engine->chunk_count * CUSTOMER_CHUNK *
							   sizeof *engine->close_day);
	}
	uint32_t index = (uint32_t)engine->customers++;
	struct customer *customer = engine_at(engine, index);
	*customer = *made;
	if (customer->id.brief.n > CUSTOMER_SHORT_ID)
		customer->id.longer.text = name_keep(&engine->names, customer_id(made));
	tracks_join(&customer->tracks, &engine->tracks, index);
	mem_free(made);
	engine->close_day[index] = UINT16_MAX;
	*engine_wake(engine, index) = NEVER;
	table_insert(&engine->table, hash, index);
	return index;
}
