/* SPDX-License-Identifier: Apache-2.0 */
/* Which records go into which commit.
 *
 * A few that changed just now follow what changed them, with the next commit. More are written in rounds, so that a customer with
 * many entries is written once for many, and shard by shard: for Redis the records of one shard are a quarter of the
 * work of as many here and there. A round begins at once when nothing more comes. Caught up, it goes in small pieces:
 * orders never wait longer than one of them takes. */
#include "app/live_room.h"
#include "io/log.h"

#define AT_ONCE 64   /* records that follow their own batch ... */
#define AT_ONCE_MS 5 /* ... unless batches are that frequent */
#define QUIET_MS 5   /* nothing came for so long: what waits is written */
/* From the end of a round to the next: a record waits at most so long, or so many entries, and a round. */
#define ROUND_MS 2500
#define ROUND_ENTRIES 850000
#define ROUND_DIRTY 500000  /* a round begins when so many wait */
#define A_COMMIT 2000	    /* records, behind */
#define A_COMMIT_QUIET 1000 /* when nobody waits */
#define A_COMMIT_LEAST 64   /* when somebody may: at least so many, */
#define A_COMMIT_SHARE 1024 /* or such a share of what is left of the round */
#define A_COMMIT_BYTES ((size_t)1 << 20)
#define A_GO 64 /* records between two looks at the bytes */

void
live_record_take(void *ctx, const struct customer *customer)
{
	struct live *live = ctx;

	shard_batch_add(&live->records, engine_rules(live->engine), customer,
			engine_position(live->engine), engine_due_at(live->engine, customer));
}

static bool
is_behind(const struct live *live)
{
	return !live->caught_up && live->state != LIVE_STOPPING;
}

static bool
round_is_due(const struct live *live)
{
	return live->quiet || live->state == LIVE_STOPPING ||
	       clock_monotonic() - live->round_at >= ROUND_MS ||
	       live->count.entries - live->round_entries >= ROUND_ENTRIES ||
	       engine_dirty(live->engine) >= ROUND_DIRTY;
}

/* Few changed, and no commit was just before the one that they go with, or follow. */
static bool
go_along(const struct live *live)
{
	return live->caught_up && engine_dirty(live->engine) <= AT_ONCE &&
	       clock_monotonic() - live->committed_before >= AT_ONCE_MS;
}

/* How many records of a round may go into one commit. */
static size_t
records_most(const struct live *live, size_t left)
{
	size_t share = left / A_COMMIT_SHARE;

	if (is_behind(live))
		return A_COMMIT;
	if (live->quiet || live->state == LIVE_STOPPING)
		return A_COMMIT_QUIET;
	return share > A_COMMIT_LEAST ? share : A_COMMIT_LEAST;
}

/* How many records go into this commit, at most. */
static size_t
records_due(struct live *live)
{
	size_t left = engine_round_left(live->engine), most;

	if (left == 0 && go_along(live))
		return AT_ONCE;
	if (left == 0 && round_is_due(live)) {
		engine_begin_round(live->engine);
		left = engine_round_left(live->engine);
	}
	most = records_most(live, left);
	return left < most ? left : most;
}

static void
round_end(struct live *live)
{
	live->round_at = clock_monotonic();
	live->round_entries = live->count.entries;
}

void
live_records_take(struct live *live)
{
	size_t due = records_due(live);
	bool in_round = engine_round_left(live->engine) > 0;

	while (due > 0 && live->records.bytes.n < A_COMMIT_BYTES) {
		size_t now = due < A_GO ? due : A_GO;

		if (engine_take_dirty(live->engine, now, live_record_take, live) == 0)
			break;
		due -= now;
		stream_look_ahead(live->stream);
	}
	if (engine_dirty(live->engine) == 0 ||
	    (in_round && engine_round_left(live->engine) == 0))
		round_end(live);
}

void
live_rounds_rearm(struct live *live, bool came)
{
	live->quiet = !came;
	if (came && live->caught_up)
		live_timer(live->quiet_timer, QUIET_MS);
	else
		event_del(live->quiet_timer);
}

void
live_on_quiet(evutil_socket_t fd, short what, void *ctx)
{
	struct live *live = ctx;

	(void)fd, (void)what;
	if (!live->recovered)
		return;
	live->quiet = true;
	live_commit(live);
}
