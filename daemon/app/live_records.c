/* SPDX-License-Identifier: Apache-2.0 */
/* Customers' records into the engine, each under the rules of its time.
 *
 * Recovery begins with the rules in force at low. A record that holds the effect of a later change of rules
 * waits, undecoded, until recovery has come to that change; its customer's entries up to there are in it
 * already and are skipped.
 *
 * Records that make no sense are told of only after the mark was looked at: who has lost the lease without knowing
 * it reads what another writes meanwhile. */
#include <inttypes.h>
#include <stdio.h>

#include "app/live_room.h"
#include "base/mem.h"
#include "codec/guard_record.h"
#include "codec/quality_record.h"
#include "codec/record_format.h"
#include "codec/teams_record.h"
#include "io/log.h"

_Static_assert(GUARD_RECORD_VERSION < RECORD_WHOSE && QUALITY_RECORD_VERSION < RECORD_WHOSE &&
		       TEAMS_RECORD_VERSION < RECORD_WHOSE,
	       "none of them is taken for a customer's record that says whose it is");

#define SHARD_SAMPLE 16	  /* shards after which the tables are made as large as they will be */
#define LOAD_TELL_MS 5000 /* between two lines of the log */

static bool
is_spoilt(const struct live *live)
{
	return live->boot_error.text[0] != '\0';
}

static bool
record_load(struct live *live, struct str id, struct str bytes, struct err *err)
{
	struct stream_id applied;
	struct customer *customer =
		record_decode(engine_rules(live->engine), id, bytes, &applied, err);

	return customer != NULL && engine_load(live->engine, customer, applied, err);
}

static void
record_hold(struct live *live, struct str id, struct str bytes, size_t epoch)
{
	struct held_record *held;

	MEM_RESERVE(live->held, live->held_cap, live->held_count + 1);
	held = &live->held[live->held_count];
	held->epoch = epoch;
	held->id = arena_str(&live->held_arena, id);
	held->bytes = arena_str(&live->held_arena, bytes);
	map_put(&live->held_ids, held->id, (uint32_t)live->held_count++);
}

/* The guard's record waits for the customers': it moves their wakes. */
static bool
guard_hold(struct live *live, struct str id, struct str bytes)
{
	struct buf *into = str_is(id, GUARD_RECORD_ID)	   ? &live->guard_now
			   : str_is(id, GUARD_RECORD_PAST) ? &live->guard_past
							   : NULL;

	if (into == NULL)
		return false;
	buf_clear(into);
	buf_str(into, bytes);
	return true;
}

static void
guard_load(struct live *live)
{
	struct stream_id applied;
	struct guard guard;

	if (live->guard_now.n == 0 ||
	    !guard_decode(buf_view(&live->guard_now), buf_view(&live->guard_past), &guard,
			  &applied, &live->boot_error))
		return;
	engine_load_guard(live->engine, &guard, applied);
	buf_clear(&live->guard_now);
	buf_clear(&live->guard_past);
}

static bool
teams_load(struct live *live, struct str id, struct str bytes)
{
	if (!str_is(id, TEAMS_RECORD_ID))
		return false;
	(void)!teams_decode(bytes, live->engine, &live->boot_error);
	return true;
}

static bool
figures_load(struct live *live, struct str id, struct str bytes)
{
	if (!quality_record_is(id))
		return false;
	(void)!quality_decode(bytes, live->engine, &live->boot_error);
	return true;
}

static void
on_ahead(void *ctx, struct str id)
{
	struct live *live = ctx;

	if (live->state == LIVE_LOADING)
		engine_expect(live->engine, id);
}

static void
on_record(void *ctx, struct str id, struct str bytes)
{
	struct live *live = ctx;
	struct stream_id applied;
	uint64_t tag;
	size_t epoch;

	if (live->state != LIVE_LOADING || is_spoilt(live) || guard_hold(live, id, bytes) ||
	    teams_load(live, id, bytes) || figures_load(live, id, bytes))
		return;
	epoch = live->partition.epoch_count > 1 && record_peek(bytes, &tag, &applied)
			? partition_epoch_at(&live->partition, applied)
			: 0;
	if (epoch > 0)
		record_hold(live, id, bytes, epoch);
	else
		(void)!record_load(live, id, bytes, &live->boot_error);
}

/* Customers spread evenly over shards: after some it is known about how many there are in all. */
static void
on_shard(void *ctx, unsigned shards)
{
	struct live *live = ctx;
	int64_t now = clock_monotonic();

	if (live->state != LIVE_LOADING)
		return;
	if (shards == SHARD_SAMPLE)
		engine_reserve(live->engine,
			       engine_customers(live->engine) * (SHARD_COUNT / SHARD_SAMPLE));
	if (now - live->load_told_at < LOAD_TELL_MS)
		return;
	live->load_told_at = now;
	log_info("main", "loading: %u of %u shards, %zu customers so far", shards, SHARD_COUNT,
		 engine_customers(live->engine) + live->held_count);
}

static void
on_loaded(void *ctx)
{
	struct live *live = ctx;

	live->load = NULL;
	if (live->state != LIVE_LOADING)
		return;
	if (!is_spoilt(live))
		guard_load(live);
	if (!is_spoilt(live))
		log_info("main", "loaded %zu customers",
			 engine_customers(live->engine) + live->held_count);
	store_begin(live->store, &live->boot_mark);
}

static void
on_load_failed(void *ctx, const char *why, bool passing)
{
	struct live *live = ctx;

	live->load = NULL;
	if (live->state == LIVE_LOADING && passing)
		live_boot_again(live, why);
	else
		live_fail(live, why);
}

void
live_load_records(struct live *live)
{
	live->load_told_at = clock_monotonic();
	live->load = shard_load_begin(live->redis, live->options.config->prefix,
				      (struct shard_hooks){live, on_ahead, on_record, on_shard,
							   on_loaded, on_load_failed});
}

void
live_load_held(struct live *live, size_t epoch)
{
	for (size_t i = 0; i < live->held_count; i++) {
		struct held_record *held = &live->held[i];
		struct err err;

		if (held->epoch == epoch && !record_load(live, held->id, held->bytes, &err)) {
			live_fail(live, err.text);
			return;
		}
	}
	if (epoch + 1 >= live->partition.epoch_count)
		live_drop_held(live);
}

bool
live_is_held(const struct live *live, struct str customer)
{
	uint32_t index;

	return live->held_count > 0 && map_get(&live->held_ids, customer, &index) &&
	       live->held[index].epoch > live->epoch;
}

void
live_drop_held(struct live *live)
{
	live->held_count = 0;
	map_finish(&live->held_ids);
	map_init(&live->held_ids, live->options.seed);
	arena_reset(&live->held_arena);
}
