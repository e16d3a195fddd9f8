/* SPDX-License-Identifier: Apache-2.0 */
/* Feeds an engine on the virtual clock, in a thread of its own. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/feed_room.h"
#include "base/mem.h"
#include "io/random_seed.h"

#define COMPLAINTS 20 /* rows that are said to be wrong; the others are counted */
#define BAR_AWAY "\r\033[K"

/* The progress bar gives way to what is said; it comes back. */
void
feed_clear_bar(const struct ring *ring)
{
	if (ring->has_bar)
		fputs(BAR_AWAY, stderr);
}

static void
complain(struct feed *feed, const char *where, struct str sentence)
{
	if (!feed->speaks || ++feed->complaints > COMPLAINTS)
		return;
	/* In one piece: the bar is drawn by another thread. Without `where` the sentence has it. */
	fprintf(stderr, "%s%s%s%.*s\n", feed->ring->has_bar ? BAR_AWAY : "", where ? where : "",
		where ? ": rejected: " : "", STR_ARG(sentence));
}

static void
take_order(void *ctx, const struct order *order)
{
	struct feed *feed = ctx;
	if (order->kind == ORDER_REJECT) {
		char where[300];
		feed->rejected++;
		snprintf(where, sizeof where, "%s (event of %" PRId64 ")", feed->file,
			 order->caused_by.ms);
		complain(feed, where, order->u.reject);
		return;
	}
	if (feed->sink.take)
		feed->sink.take(feed->sink.ctx, order);
}

/* ---- what comes to it ---- */

static void
run_stops(struct feed *feed, int64_t before)
{
	const struct feed_watch *watch = &feed->watch;
	while (feed->stopped < watch->stop_count && watch->stops[feed->stopped] < before) {
		int64_t at = watch->stops[feed->stopped++];
		engine_advance(feed->engine, at, &feed->own);
		watch->stop(watch->ctx, feed->engine, at);
	}
}

/* Changes of rules are not followed: the feed's own stay in force. */
static void
apply(struct feed *feed, const struct entry *entries, size_t count)
{
	size_t done = engine_apply(feed->engine, entries, count, &feed->own);
	while (done < count) {
		engine_skip(feed->engine, entries[done].id, &feed->own);
		done++;
		done += engine_apply(feed->engine, entries + done, count - done, &feed->own);
	}
}

static void
feed_entries(struct feed *feed, const struct entry *entries, size_t count)
{
	size_t from = 0;
	if (feed->watch.entries)
		feed->watch.entries(feed->watch.ctx, entries, count);
	while (from < count) {
		bool stops = feed->stopped < feed->watch.stop_count;
		int64_t stop = stops ? feed->watch.stops[feed->stopped] : NEVER;
		size_t to = from;
		while (to < count && entries[to].id.ms <= stop)
			to++;
		apply(feed, entries + from, to - from);
		if (to < count)
			run_stops(feed, entries[to].id.ms);
		from = to;
	}
}

/* A row that was none still moves the time. */
static void
feed_none(struct feed *feed, const struct none *none, struct str said)
{
	if (none->has_id) {
		run_stops(feed, none->id.ms);
		engine_skip(feed->engine, none->id, &feed->own);
	}
	feed->rejected++;
	complain(feed, NULL, said);
}

static void
feed_batch(struct feed *feed, const struct batch *batch)
{
	const char *said = batch->complaints.p;
	size_t from = 0;

	feed->file = batch->file;
	for (size_t i = 0; i < batch->none_count; i++) {
		const struct none *none = &batch->nones[i];

		feed_entries(feed, batch->entries + from, none->at - from);
		feed_none(feed, none, (struct str){said, none->said_n});
		from = none->at;
		said += none->said_n;
	}
	feed_entries(feed, batch->entries + from, batch->count - from);
}

static void
feed_end(struct feed *feed)
{
	run_stops(feed, feed->until == NEVER ? NEVER : feed->until + 1);
	if (feed->until != NEVER)
		engine_advance(feed->engine, feed->until, &feed->own);
}

/* ---- its thread ---- */

static void *
feed_run(void *ctx)
{
	struct feed *feed = ctx;
	struct batch *batch;
	for (uint64_t n = 0; (batch = ring_read(feed->ring, n)); n++) {
		feed_batch(feed, batch);
		ring_release(feed->ring, batch);
	}
	if (feed->ring->good)
		feed_end(feed);
	return NULL;
}

bool
feed_start(struct feed *feed, struct ring *ring, int64_t until, bool speaks)
{
	feed->ring = ring;
	feed->until = until;
	feed->speaks = speaks;
	return pthread_create(&feed->thread, NULL, feed_run, feed) == 0;
}

void
feed_join(struct feed *feed, bool has_later)
{
	pthread_join(feed->thread, NULL);
	feed->ring = NULL;
	feed->has_later = has_later;
}

/* ---- its life ---- */

struct feed *
feed_create(struct ruleset *rules, struct order_sink sink)
{
	struct feed *feed = mem_alloc(sizeof *feed);
	feed->engine = engine_create(rules, random_seed());
	engine_keep_no_records(feed->engine);
	feed->sink = sink;
	feed->own = (struct order_sink){.ctx = feed, .take = take_order};
	return feed;
}

void
feed_watch(struct feed *feed, const struct feed_watch *watch)
{
	feed->watch = *watch;
}

void
feed_destroy(struct feed *feed)
{
	if (!feed)
		return;
	engine_destroy(feed->engine);
	mem_free(feed);
}

struct engine *
feed_engine(const struct feed *feed)
{
	return feed->engine;
}

bool
feed_has_later(const struct feed *feed)
{
	return feed->has_later;
}

uint64_t
feed_rejected(const struct feed *feed)
{
	return feed->rejected;
}
