/* SPDX-License-Identifier: Apache-2.0 */
/* When to commit: caught up, every batch at once; behind, now and then. Which records go along: live_rounds.c. */
#include <string.h>

#include "app/live_room.h"
#include "base/mem.h"
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

static bool
has_news(const struct live *live)
{
	return store_has_orders(live->store) || live->records.count > 0 ||
	       stream_id_cmp(engine_position(live->engine),
			     store_mark(live->store)->position) != 0;
}

/* Behind there is no hurry: nobody waits for what is long past. */
static bool
may_wait(struct live *live)
{
	return !live->caught_up && live->state == LIVE_RUNNING && live->first == NULL &&
	       engine_round_left(live->engine) == 0 && !live_is_full(live) &&
	       clock_monotonic() - live->committed_at < BEHIND_MS;
}

/* As of the commit's own position, so that recovery counts nothing twice. */
static void
guard_take(struct live *live)
{
	const struct guard *guard = engine_guard(live->engine);
	bool rolled;

	if (!engine_take_guard(live->engine, &rolled))
		return;
	buf_clear(&live->scratch);
	guard_encode(&live->scratch, guard, engine_position(live->engine), INT64_MIN);
	shard_batch_add_bytes(&live->records, STR(GUARD_RECORD_ID), buf_view(&live->scratch));
	if (!rolled)
		return;
	buf_clear(&live->scratch);
	guard_encode_past(&live->scratch, guard);
	shard_batch_add_bytes(&live->records, STR(GUARD_RECORD_PAST), buf_view(&live->scratch));
}

/* Whoever was given somebody of a team is written with the teams' turns: no recovery has to choose again. */
static void
teams_take(struct live *live)
{
	engine_take_given(live->engine, live_record_take, live);
	if (!engine_take_teams(live->engine))
		return;
	buf_clear(&live->scratch);
	teams_encode(&live->scratch, live->engine);
	shard_batch_add_bytes(&live->records, STR(TEAMS_RECORD_ID), buf_view(&live->scratch));
}

/* As of the commit's own position: recovery counts nothing up to there again. */
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
		shard_batch_add_bytes(&live->records, str_of(id), buf_view(&live->scratch));
	}
}

static void
commit_send(struct live *live)
{
	struct checkpoint low;

	guard_take(live);
	teams_take(live);
	figures_take(live);
	low = low_take(live);
	partition_drop_epochs(&live->partition, low.id);
	live->partition.read = live->read;
	live->partition.low_read = low.read;
	live->sent_alerts = live->adding_alerts;
	live->adding_alerts = false;
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
	if (live->records.count == 0)
		live_records_take(live);
	if (has_news(live)) {
		commit_send(live);
		/* The next commit's records are encoded while Redis works on this one. A customer that changes
		 * meanwhile is dirty again: its newer record follows the older, in that commit or a later one. */
		live_records_take(live);
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
