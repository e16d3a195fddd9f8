/* SPDX-License-Identifier: Apache-2.0 */
/* Feeds files of events to an engine on the virtual clock. */
#include "app/feed.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/event_input.h"
#include "base/mem.h"
#include "base/number.h"
#include "codec/event.h"

#define BATCH 256
#define COMPLAINTS 20 /* rows that are said to be wrong; the others are counted */

/* An engine that is fed. */
struct feed {
	struct engine *engine;	/* owned */
	struct order_sink sink; /* the caller's */
	struct order_sink own;	/* takes what the engine rejects out of the way */
	struct feed_watch watch;
	size_t stopped;	       /* stops that are behind */
	struct reader *reader; /* while there is one */
	uint64_t rejected;
};

/* Files that are read, for all the feeds. */
struct reader {
	const struct ctl *ctl;
	struct feed *const *feeds;
	unsigned feed_count;
	struct entry entries[BATCH];
	size_t waiting;
	struct arena texts; /* of the entries waiting */
	struct stream_id last;
	int64_t until; /* NEVER: to the last row */
	uint64_t complaints;
	const char *file;
	bool failed, enough;
};

/* The progress bar gives way to what is said; it comes back. */
static void
clear_bar(const struct reader *reader)
{
	if (reader->ctl->progress)
		fputs("\r\033[K", stderr);
}

static void
complain(struct reader *reader, const char *where, const char *sentence)
{
	if (++reader->complaints > COMPLAINTS)
		return;
	clear_bar(reader);
	if (where)
		fprintf(stderr, "%s: rejected: %s\n", where, sentence);
	else
		fprintf(stderr, "%s\n", sentence); /* it says where itself */
}

/* What the first of several engines rejects is said; the others count. */
static void
take_order(void *ctx, const struct order *order)
{
	struct feed *feed = ctx;
	if (order->kind == ORDER_REJECT) {
		char where[300];
		feed->rejected++;
		if (feed != feed->reader->feeds[0])
			return;
		snprintf(where, sizeof where, "%s (event of %" PRId64 ")", feed->reader->file,
			 order->caused_by.ms);
		complain(feed->reader, where, order->u.reject.p);
		return;
	}
	if (feed->sink.take)
		feed->sink.take(feed->sink.ctx, order);
}

/* ---- the feeds ---- */

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

static void
feed_entries(struct feed *feed, struct entry *entries, size_t count)
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
		(void)engine_apply(feed->engine, entries + from, to - from, &feed->own);
		if (to < count)
			run_stops(feed, entries[to].id.ms);
		from = to;
	}
}

/* A row that was none still moves the time. */
static void
feed_skip(struct feed *feed, struct stream_id id)
{
	run_stops(feed, id.ms);
	engine_skip(feed->engine, id, &feed->own);
	feed->rejected++;
}

static void
feed_end(struct feed *feed, int64_t until)
{
	run_stops(feed, until == NEVER ? NEVER : until + 1);
	if (until != NEVER)
		engine_advance(feed->engine, until, &feed->own);
}

/* ---- rows ---- */

static void
flush_entries(struct reader *reader)
{
	for (unsigned i = 0; i < reader->feed_count; i++)
		feed_entries(reader->feeds[i], reader->entries, reader->waiting);
	reader->waiting = 0;
	arena_reset(&reader->texts);
}

static void
keep(char **to, struct str *text)
{
	if (text->n == 0)
		return;
	memcpy(*to, text->p, text->n);
	text->p = *to;
	*to += text->n;
}

static size_t
text_bytes(const struct entry *entry)
{
	size_t bytes = entry->customer.n + entry->type.n + entry->user.n + entry->source.n +
		       entry->event_id.n;

	for (unsigned i = 0; i < entry->attribute_count; i++)
		bytes += entry->attributes[i].key.n + entry->attributes[i].value.n;
	return bytes;
}

/* The row's text goes with the row; the entry waits for its batch. */
static void
keep_entry(struct arena *arena, struct entry *entry)
{
	char *to = arena_alloc(arena, text_bytes(entry));

	keep(&to, &entry->customer);
	keep(&to, &entry->type);
	keep(&to, &entry->user);
	keep(&to, &entry->source);
	keep(&to, &entry->event_id);
	for (unsigned i = 0; i < entry->attribute_count; i++) {
		keep(&to, &entry->attributes[i].key);
		keep(&to, &entry->attributes[i].value);
	}
}

/* Ids as an import writes them: the ms of arrival, then 0, 1, 2.. within it. */
static bool
next_id(struct reader *reader, const struct event_row *row, struct stream_id *id)
{
	struct stream_id last = reader->last;
	if (row->arrived == INT64_MIN) {
		clear_bar(reader);
		(void)ctl_fail(STATUS_USAGE,
			       "%s:%" PRIu64 ": the row has neither arrived nor ts",
			       reader->file, row->line);
		return false;
	}
	if (row->arrived < last.ms) {
		clear_bar(reader);
		(void)ctl_fail(STATUS_USAGE,
			       "%s:%" PRIu64
			       ": the row arrived before the one above it; rows must "
			       "be in the order of arrived (default ts)",
			       reader->file, row->line);
		return false;
	}
	bool same = row->arrived == last.ms && (last.ms || last.seq);
	*id = (struct stream_id){.ms = row->arrived, .seq = same ? last.seq + 1 : 0};
	if (id->ms == 0 && id->seq == 0)
		id->seq = 1;
	return true;
}

static bool
take_row(void *ctx, const struct event_row *row, const char *error)
{
	struct reader *reader = ctx;
	struct stream_id id;
	struct err err;
	if (!row) {
		complain(reader, NULL, error);
		for (unsigned i = 0; i < reader->feed_count; i++)
			reader->feeds[i]->rejected++;
		return true;
	}
	if (!next_id(reader, row, &id)) {
		reader->failed = true;
		return false;
	}
	if (id.ms > reader->until) {
		reader->enough = true;
		return false;
	}
	reader->last = id;
	struct entry *entry = &reader->entries[reader->waiting];
	if (!event_decode(id, row->fields, row->count, &reader->texts, entry, &err)) {
		char where[300];
		snprintf(where, sizeof where, "%s:%" PRIu64, reader->file, row->line);
		flush_entries(reader);
		for (unsigned i = 0; i < reader->feed_count; i++)
			feed_skip(reader->feeds[i], id);
		complain(reader, where, err.text);
		return true;
	}
	keep_entry(&reader->texts, entry);
	if (++reader->waiting == BATCH)
		flush_entries(reader);
	return true;
}

/* ---- the whole ---- */

bool
feed_instant(const char *option, const char *text, const struct ruleset *rules, int64_t *out)
{
	struct err err;
	int64_t day;
	if (!text) {
		*out = NEVER;
		return true;
	}
	if (parse_date(str_of(text), &day)) {
		*out = zone_day_start(rules->zone, day + 1) - 1;
		return true;
	}
	bool is_ms = parse_int64(str_of(text), out);
	if (is_ms && *out < EVENT_MIN_TS) {
		(void)ctl_fail(
			STATUS_USAGE,
			"%s %s: as ms this lies before 1972; a date is written 1997-12-31",
			option, text);
		return false;
	}
	if (is_ms || parse_instant(str_of(text), out, &err))
		return true;
	(void)ctl_fail(STATUS_USAGE, "%s \"%s\" is no date, instant or ms", option, text);
	return false;
}

static enum status
read_files(struct reader *reader, const struct option_list *files)
{
	for (unsigned i = 0; i < files->count && !reader->enough && !reader->failed; i++) {
		struct err err;
		reader->file = files->items[i];
		if (!event_input_read(reader->file, reader->ctl->progress, take_row, reader,
				      &err))
			return ctl_fail(STATUS_USAGE, "%s", err.text);
	}
	return reader->failed ? STATUS_USAGE : STATUS_DONE;
}

enum status
feed_files(const struct ctl *ctl, struct feed *const *feeds, unsigned count,
	   const struct option_list *files, int64_t until)
{
	struct reader *reader = mem_alloc(sizeof *reader);
	reader->ctl = ctl;
	reader->feeds = feeds;
	reader->feed_count = count;
	reader->until = until;
	arena_init(&reader->texts);
	for (unsigned i = 0; i < count; i++)
		feeds[i]->reader = reader;
	enum status status = read_files(reader, files);
	if (status == STATUS_DONE)
		flush_entries(reader);
	for (unsigned i = 0; i < count && status == STATUS_DONE; i++)
		feed_end(feeds[i], until);
	arena_finish(&reader->texts);
	mem_free(reader);
	return status;
}

struct feed *
feed_create(struct ruleset *rules, struct order_sink sink)
{
	struct feed *feed = mem_alloc(sizeof *feed);
	feed->engine = engine_create(rules, (struct hash_seed){.k0 = 3, .k1 = 4});
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

uint64_t
feed_rejected(const struct feed *feed)
{
	return feed->rejected;
}
