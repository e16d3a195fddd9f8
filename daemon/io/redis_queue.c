/* SPDX-License-Identifier: Apache-2.0 */
/* The replies that Redis still owes, in the order of their commands. */
#include <assert.h>

#include "base/mem.h"
#include "io/redis_inside.h"

static struct owed *
owed_at(const struct owed_ring *ring, size_t i)
{
	return &ring->slots[(ring->first + i) & (ring->cap - 1)];
}

static void
owed_grow(struct owed_ring *ring)
{
	size_t cap = ring->cap > 0 ? ring->cap * 2 : 16;
	struct owed *slots = mem_array(cap, sizeof *slots);

	for (size_t i = 0; i < ring->count; i++)
		slots[i] = *owed_at(ring, i);
	mem_free(ring->slots);
	ring->slots = slots;
	ring->cap = cap;
	ring->first = 0;
}

void
owed_push(struct owed_ring *ring, struct owed owed)
{
	assert(owed.left > 0 && owed.fn != NULL);
	if (ring->count == ring->cap)
		owed_grow(ring);
	ring->count++;
	*owed_at(ring, ring->count - 1) = owed;
	ring->replies += owed.left;
}

const struct owed *
owed_first(const struct owed_ring *ring)
{
	return ring->count > 0 ? owed_at(ring, 0) : NULL;
}

void
owed_pop(struct owed_ring *ring)
{
	assert(ring->count > 0);
	ring->replies--;
	if (--owed_at(ring, 0)->left == 0) {
		ring->first = (ring->first + 1) & (ring->cap - 1);
		ring->count--;
	}
}

void
owed_clear(struct owed_ring *ring)
{
	ring->first = ring->count = ring->replies = 0;
}

void
owed_finish(struct owed_ring *ring)
{
	mem_free(ring->slots);
	*ring = (struct owed_ring){0};
}
