/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the engine: from an id to its customer's index, and where customers and their ids lie. */
#ifndef ENGINE_TABLE_H
#define ENGINE_TABLE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "engine/customer.h"

/* Open addressing. A slot: index + 1 (0: it is empty), and 8 bits of the hash, which tell most strangers without a
 * look at the customer. */
#define TABLE_SLOT 5u /* bytes */
struct table {
	uint8_t *slots; /* owned */
	size_t cap;	/* a power of two */
};

#define CUSTOMER_CHUNK 29120 /* as many as fit a huge page */

/* Customers, each of one cache line, and what of them an event seldom asks for; aligned to MEM_HUGE_PAGE. */
struct customer_chunk {
	struct customer customers[CUSTOMER_CHUNK];
	int64_t wake_at[CUSTOMER_CHUNK]; /* derived: nothing changes by time alone before it */
};
_Static_assert(sizeof(struct customer) <= 64 && sizeof(struct customer_chunk) <= MEM_HUGE_PAGE,
	       "they are");

#define NAMES_CHUNK ((size_t)64 << 10)
struct names {
	char **chunks; /* owned, NAMES_CHUNK bytes each: ids too long for their customer's line */
	size_t chunk_count, used; /* of the last one */
};

struct table_slot {
	uint32_t next; /* index + 1; 0: it is empty */
	uint8_t tag;
};

static inline struct table_slot
table_slot_at(const struct table *table, size_t i)
{
	const uint8_t *p = table->slots + i * TABLE_SLOT;
	struct table_slot slot = {.tag = p[4]};

	memcpy(&slot.next, p, 4);
	return slot;
}

static inline uint8_t
table_tag(uint64_t hash)
{
	return (uint8_t)(hash >> 56);
}

static inline void
table_prefetch(const struct table *table, uint64_t hash)
{
	if (table->cap)
		mem_prefetch(table->slots + (hash & (table->cap - 1)) * TABLE_SLOT);
}

/* The next index whose tag fits, from slot *i on, which moves behind it; UINT32_MAX: there is none. */
static inline uint32_t
table_next(const struct table *table, uint64_t hash, size_t *i)
{
	for (;;) {
		struct table_slot slot = table_slot_at(table, *i);
		if (slot.next == 0)
			return UINT32_MAX;
		*i = (*i + 1) & (table->cap - 1);
		if (slot.tag == table_tag(hash))
			return slot.next - 1;
	}
}

/* The first of them, without looking at the customer: to prefetch it. */
static inline uint32_t
table_guess(const struct table *table, uint64_t hash)
{
	size_t i = hash & (table->cap - 1);

	return table->cap == 0 ? UINT32_MAX : table_next(table, hash, &i);
}

#endif
