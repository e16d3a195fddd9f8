/* SPDX-License-Identifier: Apache-2.0 */
/* When to commit: caught up, every batch at once; behind, now and then. Which records go along: live_rounds.c.
 *
 * A record is as of the commit before the one that it goes with: what it holds is in Redis before it is. So whatever is
 * left of a transaction that Redis tore (live_outputs.c), and comes to light later, no record is ahead of the mark. They
 * are encoded while Redis works on the commit that they are of, or before the next one when nothing was applied since. */
#include <assert.h>
#include <string.h>

#include "app/live_room.h"
#include "base/mem.h"
#include "codec/given_record.h"
#include "codec/guard_record.h"
#include "codec/quality_record.h"
#include "codec/teams_record.h"
#include "io/log.h"

#define BEHIND_MS 10 /* between two commits */
/* Bytes of orders that wait for a commit: no more entries are applied before it. What one entry orders, such as one that
 * lets a day close, is one commit however much it is. */
#define ADDED_MAX ((size_t)256 << 10)
#define CHECKPOINTS_MAX 8192

bool
live_is_full(const struct live *live)
{
	return store_added_bytes(live->store) > ADDED_MAX && !live_is_amid(live);
}

/* ---- which entries lie where ---- */

/* Every second one goes; the first is low's and stays. */
static void
checkpoints_thin(struct live *live)
{
	size_t kept = 1;

	for (size_t i = 2; i < live->checkpoint_count; i += 2)
		live->checkpoints[kept++] = live->checkpoints[i];
	live->checkpoint_count = kept;
}

void
live_checkpoint(struct live *live)
{
	struct stream_id position = engine_position(live->engine);
	size_t count = live->checkpoint_count;

	if (count > 0 && stream_id_cmp(live->checkpoints[count - 1].id, position) == 0) {
		live->checkpoints[count - 1].read = live->read;
		return;
	}
	if (count >= CHECKPOINTS_MAX)
		checkpoints_thin(live);
	MEM_RESERVE(live->checkpoints, live->checkpoint_cap, live->checkpoint_count + 1);
	live->checkpoints[live->checkpoint_count++] = (struct checkpoint){position, live->read};
}

/* The newest checkpoint at or before the engine's low; older ones are forgotten. A low that is too old
 * costs some reading at recovery, nothing else. */
static struct checkpoint
low_take(struct live *live)
{
	struct stream_id low = engine_low(live->engine);
	size_t found = 0;

	for (size_t i = 1; i < live->checkpoint_count; i++)
		if (stream_id_cmp(live->checkpoints[i].id, low) <= 0)
			found = i;
	live->checkpoint_count -= found;
	memmove(live->checkpoints, live->checkpoints + found,
		live->checkpoint_count * sizeof *live->checkpoints);
	return live->checkpoints[0];
}

/* ---- commits ---- */

/* Everything applied is committed. */
static bool
is_even(const struct live *live)
{
	return stream_id_cmp(engine_position(live->engine),
			     store_mark(live->store)->position) == 0;
}

/* Caught up, records alone are no reason while more may come with which they go. */
static bool
has_news(const struct live *live)
{
	return store_has_orders(live->store) || !is_even(live) ||
	       (live->records.count > 0 &&
		(live->quiet || !live->caught_up || live->state == LIVE_STOPPING));
}

/* Behind there is no hurry: nobody waits for what is long past. */
static bool
may_wait(struct live *live)
{
	return !live->caught_up && live->state == LIVE_RUNNING && live->first == NULL &&
	       engine_round_left(live->engine) == 0 && !live_is_full(live) &&
	       clock_monotonic() - live->committed_at < BEHIND_MS;
}

/* So that recovery counts nothing twice. Of hours gone by it keeps what a recovery may look at that begins at the low that
 * is in Redis for sure: the record may come to be there without the mark that it goes with. */
static void
guard_take(struct live *live)
{
	const struct guard *guard = engine_guard(live->engine);
	bool rolled;

	if (!engine_take_guard(live->engine, store_mark(live->store)->low, &rolled))
		return;
	buf_clear(&live->scratch);
	guard_encode(&live->scratch, guard, engine_position(live->engine), INT64_MIN);
	shard_batch_add_shared(&live->records, STR(GUARD_RECORD_ID), buf_view(&live->scratch));
	if (!rolled)
		return;
	buf_clear(&live->scratch);
	guard_encode_past(&live->scratch, guard);
	shard_batch_add_shared(&live->records, STR(GUARD_RECORD_PAST),
			       buf_view(&live->scratch));
}

static void
given_take(void *ctx, const struct customer *customer)
{
	struct live *live = ctx;

	live_record_take(live, customer);
	given_put(&live->scratch, customer_id(customer), shard_batch_last(&live->records));
}

/* Whoever was given somebody of a team is written with the teams' turns: no recovery has to choose again. */
static void
teams_take(struct live *live)
{
	buf_clear(&live->scratch);
	given_begin(&live->scratch);
	if (engine_take_given(live->engine, given_take, live) > 0) {
		given_end(&live->scratch);
		shard_batch_add_shared(&live->records, STR(GIVEN_RECORD_ID),
				       buf_view(&live->scratch));
	}
	if (!engine_take_teams(live->engine))
		return;
	buf_clear(&live->scratch);
	teams_encode(&live->scratch, live->engine);
	shard_batch_add_shared(&live->records, STR(TEAMS_RECORD_ID), buf_view(&live->scratch));
}

/* Recovery counts nothing up to there again. */
static void
figures_take(struct live *live)
{
	char id[QUALITY_RECORD_ID_SIZE];

	for (unsigned chunk = 0; chunk < QUALITY_CHUNKS; chunk++) {
		if (!engine_take_quality(live->engine, chunk))
			continue;
		live->noise_due = true;
		buf_clear(&live->scratch);
		quality_encode(&live->scratch, engine_quality(live->engine), chunk,
			       engine_position(live->engine));
		quality_record_id(chunk, id);
		shard_batch_add_shared(&live->records, str_of(id), buf_view(&live->scratch));
	}
}

/* For the next commit: what all customers share as a whole, so that no customer's record is ahead of it. */
static void
records_take(struct live *live)
{
	live->records_at = engine_position(live->engine);
	guard_take(live);
	teams_take(live);
	figures_take(live);
	live_records_take(live);
}

static void
epochs_drop(struct live *live, struct stream_id low)
{
	size_t first = partition_epoch_at(&live->partition, low);

	for (size_t i = 0; i < first; i++)
		live_rules_ended(live, &live->partition.epochs[i]);
	partition_drop_epochs(&live->partition, low);
}

static void
commit_send(struct live *live)
{
	struct checkpoint low = low_take(live);

	assert(live->records.count == 0 ||
	       stream_id_cmp(live->records_at, store_mark(live->store)->position) <= 0);
	epochs_drop(live, low.id);
	live->partition.read = live->read;
	live->partition.low_read = low.read;
	live->sent_alerts = live->adding_alerts;
	live->adding_alerts = false;
	live->sent_records = live->records.count;
	live->committed_before = live->committed_at;
	live->committed_at = clock_monotonic();
	store_commit(live->store, &(struct store_commit){
					  .position = engine_position(live->engine),
					  .low = low.id,
					  .partition = &live->partition,
					  .records = &live->records,
				  });
}

void
live_commit(struct live *live)
{
	if (!live->recovered || !store_is_ready(live->store) || live_is_amid(live) ||
	    may_wait(live))
		return;
	live_checkpoint(live);
	if (live->records.count == 0 && is_even(live))
		records_take(live);
	if (has_news(live)) {
		commit_send(live);
		/* A customer that changes before the next commit is dirty again: its newer record follows the
		 * older, in a later one. */
		records_take(live);
	} else if (live->state == LIVE_STOPPING) {
		live_all_committed(live);
	}
}

static void
resume(struct live *live)
{
	live->reconciling = false;
	live_move(live, LIVE_RUNNING);
	log_info("redis", "connected again: going on");
	live_time_start(live);
	live->announce_due = true;
	live_read_on(live);
}

static void
begin(struct live *live)
{
	if (live->boot_error.text[0] != '\0') { /* the records, and nobody else was here */
		live_fail(live, live->boot_error.text);
		return;
	}
	live_move(live, LIVE_RECOVERING);
	live_read_on(live);
}

/* The store says that what it sent is in Redis, or that it is ready for a first commit. */
void
live_committed(void *ctx)
{
	struct live *live = ctx;

	if (live->state == LIVE_LOADING) {
		begin(live);
		return;
	}
	if (!live->recovered)
		return;
	if (live->state == LIVE_STANDBY)
		resume(live);
	live->count.commits++;
	live->sent_records = 0;
	live_rules_expire(live);
	if (live->noise_due && live->caught_up)
		live_noise_look(live);
	live_append_committed(live, store_mark(live->store)->position);
	if (live->sent_alerts)
		live->options.hooks.alerts(live->options.hooks.ctx);
	live->sent_alerts = false;
	live_commit(live);
	stream_hold(live->stream, live_is_full(live));
	live_read_on(live);
}
