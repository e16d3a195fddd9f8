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
#include "codec/given_record.h"
#include "codec/guard_record.h"
#include "codec/quality_record.h"
#include "codec/record_format.h"
#include "codec/teams_record.h"
#include "io/log.h"
#include "io/small_blocks.h"

_Static_assert(GUARD_RECORD_VERSION < RECORD_WHOSE && QUALITY_RECORD_VERSION < RECORD_WHOSE &&
		       TEAMS_RECORD_VERSION < RECORD_WHOSE &&
		       GIVEN_RECORD_VERSION < RECORD_WHOSE,
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

/* ---- what all customers share ---- */

enum shared { SHARED_GUARD, SHARED_GUARD_PAST, SHARED_TEAMS, SHARED_FIGURES };

/* -1: none of these. */
static int
shared_index(struct str id)
{
	char chunk_id[QUALITY_RECORD_ID_SIZE];

	if (id.n == 0 || id.p[0] != '\001')
		return -1;
	if (str_is(id, GUARD_RECORD_ID))
		return SHARED_GUARD;
	if (str_is(id, GUARD_RECORD_PAST))
		return SHARED_GUARD_PAST;
	if (str_is(id, TEAMS_RECORD_ID))
		return SHARED_TEAMS;
	for (unsigned chunk = 0; quality_record_is(id) && chunk < QUALITY_CHUNKS; chunk++) {
		quality_record_id(chunk, chunk_id);
		if (str_is(id, chunk_id))
			return (int)(SHARED_FIGURES + chunk);
	}
	return -1;
}

/* The guard's record waits for the customers': it moves their wakes. */
static void
shared_load(struct live *live, int index, struct str bytes)
{
	struct buf *guard = index == SHARED_GUARD ? &live->guard_now : &live->guard_past;

	live->shared_seen |= UINT32_C(1) << index;
	switch (index) {
	case SHARED_GUARD:
	case SHARED_GUARD_PAST:
		buf_clear(guard);
		buf_str(guard, bytes);
		break;
	case SHARED_TEAMS:
		(void)!teams_decode(bytes, live->engine, &live->boot_error);
		break;
	default:
		(void)!quality_decode(bytes, live->engine, &live->boot_error);
	}
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

static void
given_hold(void *ctx, struct str id, struct str bytes)
{
	struct live *live = ctx;

	MEM_RESERVE(live->given, live->given_cap, live->given_count + 1);
	live->given[live->given_count] = (struct given_record){.id = id, .bytes = bytes};
	map_put(&live->given_ids, id, (uint32_t)live->given_count++);
}

static void
on_shared(void *ctx, struct str id, struct str bytes)
{
	struct live *live = ctx;
	int index = shared_index(id);

	if (live->state != LIVE_LOADING || is_spoilt(live))
		return;
	if (index >= 0)
		shared_load(live, index, bytes);
	if (!str_is(id, GIVEN_RECORD_ID))
		return;
	buf_str(&live->given_bytes, bytes);
	(void)!given_decode(buf_view(&live->given_bytes), given_hold, live, &live->boot_error);
}

void
live_drop_given(struct live *live)
{
	live->given_count = 0;
	live->shared_seen = 0;
	buf_clear(&live->given_bytes);
	map_finish(&live->given_ids);
	map_init(&live->given_ids, live->options.seed);
}

void
live_given_note(struct live *live)
{
	for (size_t i = 0; i < live->given_count; i++) {
		const struct customer *customer = engine_find(live->engine, live->given[i].id);

		if (live->given[i].used && customer != NULL)
			engine_note_given(live->engine, customer);
	}
	live_drop_given(live);
}

/* ---- customers ---- */

static void
on_ahead(void *ctx, struct str id)
{
	struct live *live = ctx;

	if (live->state == LIVE_LOADING)
		engine_expect(live->engine, id);
}

static void
record_take(struct live *live, struct str id, struct str bytes)
{
	struct stream_id applied;
	uint64_t tag;
	size_t epoch;

	epoch = live->partition.epoch_count > 1 && record_peek(bytes, &tag, &applied)
			? partition_epoch_at(&live->partition, applied)
			: 0;
	if (epoch > 0)
		record_hold(live, id, bytes, epoch);
	else
		(void)!record_load(live, id, bytes, &live->boot_error);
}

/* The newer of two records of one customer. */
static struct str
record_choose(struct live *live, struct str id, struct str bytes)
{
	struct given_record *given;
	struct stream_id applied, applied_given;
	uint64_t tag;
	uint32_t index;

	if (live->given_count == 0 || !map_get(&live->given_ids, id, &index))
		return bytes;
	given = &live->given[index];
	given->met = true;
	given->used = record_peek(bytes, &tag, &applied) &&
		      record_peek(given->bytes, &tag, &applied_given) &&
		      stream_id_cmp(applied, applied_given) < 0;
	return given->used ? given->bytes : bytes;
}

/* What is shared lay among the customers' records in versions before partition 2, and some of it may still: it counts
 * until it is written anew. */
static void
on_record(void *ctx, struct str id, struct str bytes)
{
	struct live *live = ctx;
	int index = shared_index(id);

	if (live->state != LIVE_LOADING || is_spoilt(live))
		return;
	if (index < 0)
		record_take(live, id, record_choose(live, id, bytes));
	else if ((live->shared_seen >> index & 1) == 0)
		shared_load(live, index, bytes);
}

/* Those who have no other record yet. */
static void
given_load(struct live *live)
{
	for (size_t i = 0; i < live->given_count && !is_spoilt(live); i++) {
		struct given_record *given = &live->given[i];

		if (given->met)
			continue;
		given->used = true;
		record_take(live, given->id, given->bytes);
	}
}

/* Customers spread evenly over shards: after some it is known about how many there are in all, and what they take. */
static void
make_room(struct live *live)
{
	size_t used = small_blocks_used();

	engine_reserve(live->engine,
		       engine_customers(live->engine) * (SHARD_COUNT / SHARD_SAMPLE));
	if (used > live->blocks_before)
		small_blocks_ahead((used - live->blocks_before) *
				   (SHARD_COUNT / SHARD_SAMPLE - 1));
}

static void
on_shard(void *ctx, unsigned shards)
{
	struct live *live = ctx;
	int64_t now = clock_monotonic();

	if (live->state != LIVE_LOADING)
		return;
	if (shards == SHARD_SAMPLE)
		make_room(live);
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
	given_load(live);
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
	live->blocks_before = small_blocks_used();
	live->load =
		shard_load_begin(live->redis, live->options.config->prefix,
				 (struct shard_hooks){live, on_ahead, on_shared, on_record,
						      on_shard, on_loaded, on_load_failed});
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
