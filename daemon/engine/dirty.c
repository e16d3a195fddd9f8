/* SPDX-License-Identifier: Apache-2.0 */
/* Dirty customers: those whose record has to be written, longest first. */
#include "base/mem.h"
#include "engine/core.h"

#define DIRTY_FIRST 1024

static struct dirty *
dirty_at(const struct engine *engine, size_t i)
{
	return &engine->dirty[(engine->dirty_head + i) & (engine->dirty_cap - 1)];
}

static void
dirty_grow(struct engine *engine)
{
	size_t cap = engine->dirty_cap ? engine->dirty_cap * 2 : DIRTY_FIRST;
	struct dirty *ring = mem_array(cap, sizeof *ring);
	for (size_t i = 0; i < engine->dirty_count; i++)
		ring[i] = *dirty_at(engine, i);
	mem_free(engine->dirty);
	engine->dirty = ring;
	engine->dirty_cap = cap;
	engine->dirty_head = 0;
}

void
engine_mark_dirty(struct engine *engine, uint32_t index)
{
	struct customer *customer = engine_at(engine, index);
	if (customer->flags & CUSTOMER_DIRTY || engine->unrecorded)
		return;
	customer->flags |= CUSTOMER_DIRTY;
	if (engine->dirty_count == engine->dirty_cap)
		dirty_grow(engine);
	*dirty_at(engine, engine->dirty_count++) =
		(struct dirty){.customer = index, .before = engine->position};
}

size_t
engine_dirty(const struct engine *engine)
{
	return engine->dirty_count;
}

struct stream_id
engine_low(const struct engine *engine)
{
	struct stream_id low =
		engine->dirty_count ? dirty_at(engine, 0)->before : engine->position;
	if (engine->guard.dirty && stream_id_cmp(engine->guard.before, low) < 0)
		low = engine->guard.before;
	return low;
}

size_t
engine_take_dirty(struct engine *engine, size_t max,
		  void (*take)(void *ctx, const struct customer *customer), void *ctx)
{
	size_t taken = 0;
	for (; taken < max && engine->dirty_count; taken++) {
		struct customer *customer = engine_at(engine, dirty_at(engine, 0)->customer);
		customer->flags &= (uint8_t)~CUSTOMER_DIRTY;
		take(ctx, customer);
		engine->dirty_head = (engine->dirty_head + 1) & (engine->dirty_cap - 1);
		engine->dirty_count--;
	}
	return taken;
}
