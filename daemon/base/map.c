/* SPDX-License-Identifier: Apache-2.0 */
/* The string map of base/hash.h: linear probing, at most three quarters full. */
#include "base/hash.h"
#include "base/mem.h"

struct map_slot {
	const char *p; /* borrowed; NULL: free */
	size_t n;
	uint32_t tag; /* high half of the hash: spares most comparisons */
	uint32_t value;
};

void
map_init(struct map *map, struct hash_seed seed)
{
	*map = (struct map){.seed = seed};
}

void
map_finish(struct map *map)
{
	mem_free(map->slots);
	*map = (struct map){.seed = map->seed};
}

/* The key's slot, or the free one where it would go. */
static struct map_slot *
find_slot(const struct map *map, struct str key, uint64_t hash)
{
	uint32_t tag = (uint32_t)(hash >> 32);
	size_t at = (size_t)hash & (map->cap - 1);

	for (;; at = (at + 1) & (map->cap - 1)) {
		struct map_slot *slot = &map->slots[at];

		if (slot->p == NULL)
			return slot;
		if (slot->tag == tag && str_eq((struct str){slot->p, slot->n}, key))
			return slot;
	}
}

static void
grow(struct map *map)
{
	struct map old = *map;

	map->cap = old.cap ? old.cap * 2 : 16;
	map->slots = mem_array(map->cap, sizeof *map->slots);
	for (size_t i = 0; i < old.cap; i++) {
		const struct map_slot *slot = &old.slots[i];
		struct str key = {slot->p, slot->n};

		if (key.p != NULL)
			*find_slot(map, key, hash_bytes(key.p, key.n, map->seed)) = *slot;
	}
	mem_free(old.slots);
}

void
map_put(struct map *map, struct str key, uint32_t value)
{
	uint64_t hash = hash_bytes(key.p, key.n, map->seed);

	if (map->count + 1 > map->cap / 4 * 3)
		grow(map);
	struct map_slot *slot = find_slot(map, key, hash);

	if (slot->p == NULL) {
		*slot = (struct map_slot){key.p ? key.p : "", key.n, (uint32_t)(hash >> 32), 0};
		map->count++;
	}
	slot->value = value;
}

bool
map_get(const struct map *map, struct str key, uint32_t *value)
{
	if (map->count == 0)
		return false;
	const struct map_slot *slot = find_slot(map, key, hash_bytes(key.p, key.n, map->seed));

	if (slot->p == NULL)
		return false;
	*value = slot->value;
	return true;
}
