/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the engine: from an id to its customer's index, and where ids lie. */
#ifndef ENGINE_TABLE_H
#define ENGINE_TABLE_H

#include <stddef.h>
#include <stdint.h>

/* Open addressing. A slot: index + 1 (0: it is empty), and 8 bits of the hash, which tell most strangers without a
 * look at the customer. */
#define TABLE_SLOT 5u /* bytes */
struct table {
	uint8_t *slots; /* owned */
	size_t cap;	/* a power of two */
};

#define NAMES_CHUNK ((size_t)64 << 10)
struct names {
	uint8_t **chunks; /* owned, NAMES_CHUNK bytes each: a length, an id, and so on */
	size_t chunk_count, used; /* of the last one */
};

void table_prefetch(const struct table *table, uint64_t hash);
uint32_t table_guess(const struct table *table, uint64_t hash); /* whose tag fits; UINT32_MAX */

#endif
