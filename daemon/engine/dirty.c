/* SPDX-License-Identifier: Apache-2.0 */
/* Dirty customers: those whose record has to be written. A ring has them longest first; a round takes all that are
 * in it, to be written by group. */
#include <assert.h>

#include "base/mem.h"
#include "engine/ahead.h"
#include "engine/core.h"

#define DIRTY_FIRST 1024
#define AHEAD 8 /* customers asked for before they are needed */

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
engine_group_records(struct engine *engine, unsigned groups, unsigned (*group)(struct str id))
{
	assert(groups <= UINT16_MAX && engine->customers == 0);
	engine->group_count = groups;
	engine->group_of = group;
}

static uint16_t
group_of(const struct engine *engine, const struct customer *customer)
{
	return engine->group_count ? (uint16_t)engine->group_of(customer_id(customer)) : 0;
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
		(struct dirty){.customer = index,
			       .group = group_of(engine, customer),
			       .before = engine->position};
}

size_t
engine_round_left(const struct engine *engine)
{
	return engine->round.count - engine->round.next;
}

size_t
engine_dirty(const struct engine *engine)
{
	return engine_round_left(engine) + engine->dirty_count;
}

static struct stream_id
earlier(struct stream_id a, struct stream_id b)
{
	return stream_id_cmp(a, b) < 0 ? a : b;
}

/* The turns of teams are not asked: who is given somebody is dirty since then, and written no sooner than they are. */
struct stream_id
engine_low(const struct engine *engine)
{
	struct stream_id low = engine->position;
	if (engine_round_left(engine))
		low = engine->round.before;
	else if (engine->dirty_count)
		low = dirty_at(engine, 0)->before;
	if (engine->guard.dirty)
		low = earlier(low, engine->guard.before);
	if (engine->quality.dirty)
		low = earlier(low, engine->quality.before);
	return low;
}

/* ---- a round ---- */

/* A counting sort of the ring's, in its order within each group. */
void
engine_begin_round(struct engine *engine)
{
	struct dirty_round *round = &engine->round;
	size_t count = engine->dirty_count, sum = 0;
	assert(engine_round_left(engine) == 0);
	if (count == 0)
		return;
	size_t *places = mem_array((size_t)engine->group_count + 1, sizeof *places);
	for (size_t i = 0; i < count; i++)
		places[dirty_at(engine, i)->group]++;
	for (unsigned i = 0; i <= engine->group_count; i++) {
		size_t n = places[i];
		places[i] = sum;
		sum += n;
	}
	MEM_RESERVE(round->customers, round->cap, count);
	for (size_t i = 0; i < count; i++)
		round->customers[places[dirty_at(engine, i)->group]++] =
			dirty_at(engine, i)->customer;
	round->before = dirty_at(engine, 0)->before;
	round->next = 0;
	round->count = count;
	engine->dirty_head = engine->dirty_count = 0;
	mem_free(places);
}

/* ---- taking ---- */

/* The i-th from now on. */
static uint32_t
dirty_next(const struct engine *engine, size_t i)
{
	size_t left = engine_round_left(engine);
	return i < left ? engine->round.customers[engine->round.next + i]
			: dirty_at(engine, i - left)->customer;
}

static void
dirty_prefetch(const struct engine *engine)
{
	size_t count = engine_dirty(engine);
	if (2 * AHEAD < count)
		mem_prefetch(engine_at(engine, dirty_next(engine, 2 * AHEAD)));
	if (AHEAD / 2 < count)
		ahead_cold(engine_at(engine, dirty_next(engine, AHEAD / 2)));
	if (AHEAD >= count)
		return;
	const struct customer *customer = engine_at(engine, dirty_next(engine, AHEAD));
	mem_prefetch(customer_id(customer).p);
	ahead_customer(customer);
}

static struct customer *
dirty_take(struct engine *engine)
{
	struct customer *customer = engine_at(engine, dirty_next(engine, 0));
	if (engine_round_left(engine)) {
		engine->round.next++;
	} else {
		engine->dirty_head = (engine->dirty_head + 1) & (engine->dirty_cap - 1);
		engine->dirty_count--;
	}
	customer->flags &= (uint8_t)~CUSTOMER_DIRTY;
	return customer;
}

size_t
engine_take_dirty(struct engine *engine, size_t max,
		  void (*take)(void *ctx, const struct customer *customer), void *ctx)
{
	size_t taken = 0;
	for (; taken < max && engine_dirty(engine); taken++) {
		dirty_prefetch(engine);
		take(ctx, dirty_take(engine));
	}
	return taken;
}
