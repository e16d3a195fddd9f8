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
owed_push(struct owed_ring *ring, unsigned replies, redis_reply_fn *fn, void *ctx)
{
	assert(replies > 0 && fn != NULL);
	if (ring->count == ring->cap)
		owed_grow(ring);
	ring->count++;
	*owed_at(ring, ring->count - 1) = (struct owed){.fn = fn, .ctx = ctx, .left = replies};
	ring->replies += replies;
}

bool
owed_pop(struct owed_ring *ring, struct owed *out)
{
	struct owed *head;

	if (ring->count == 0)
		return false;
	head = owed_at(ring, 0);
	*out = *head;
	ring->replies--;
	if (--head->left == 0) {
		ring->first = (ring->first + 1) & (ring->cap - 1);
		ring->count--;
	}
	return true;
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
