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

struct feed {
	const struct ctl *ctl;	/* borrowed */
	struct engine *engine;	/* owned */
	struct order_sink sink; /* the caller's */
	struct order_sink own;	/* takes what the engine rejects out of the way */
	struct entry entries[BATCH];
	size_t waiting;
	struct arena texts; /* of the entries waiting */
	struct stream_id last;
	int64_t until; /* NEVER: to the last row */
	uint64_t rejected;
	const char *file;
	bool failed, enough;
};

static void
complain(struct feed *feed, const char *where, const char *sentence)
{
	feed->rejected++;
	if (feed->rejected > COMPLAINTS)
		return;
	if (where)
		fprintf(stderr, "%s: rejected: %s\n", where, sentence);
	else
		fprintf(stderr, "%s\n", sentence); /* it says where itself */
}

static void
take_order(void *ctx, const struct order *order)
{
	struct feed *feed = ctx;
	if (order->kind == ORDER_REJECT) {
		char where[300];
		snprintf(where, sizeof where, "%s (event of %" PRId64 ")", feed->file,
			 order->caused_by.ms);
		complain(feed, where, order->u.reject.p);
		return;
	}
	if (feed->sink.take)
		feed->sink.take(feed->sink.ctx, order);
}

/* ---- rows ---- */

static void
flush_entries(struct feed *feed)
{
	(void)engine_apply(feed->engine, feed->entries, feed->waiting, &feed->own);
	feed->waiting = 0;
	arena_reset(&feed->texts);
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
next_id(struct feed *feed, const struct event_row *row, struct stream_id *id)
{
	struct stream_id last = feed->last;
	if (row->arrived == INT64_MIN) {
		(void)ctl_fail(STATUS_USAGE,
			       "%s:%" PRIu64 ": the row has neither arrived nor ts", feed->file,
			       row->line);
		return false;
	}
	if (row->arrived < last.ms) {
		(void)ctl_fail(STATUS_USAGE,
			       "%s:%" PRIu64
			       ": the row arrived before the one above it; rows must "
			       "be in the order of arrived (default ts)",
			       feed->file, row->line);
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
	struct feed *feed = ctx;
	struct stream_id id;
	struct err err;
	if (!row) {
		complain(feed, NULL, error);
		return true;
	}
	if (!next_id(feed, row, &id)) {
		feed->failed = true;
		return false;
	}
	if (id.ms > feed->until) {
		feed->enough = true;
		return false;
	}
	feed->last = id;
	struct entry *entry = &feed->entries[feed->waiting];
	if (!event_decode(id, row->fields, row->count, &feed->texts, entry, &err)) {
		char where[300];
		snprintf(where, sizeof where, "%s:%" PRIu64, feed->file, row->line);
		flush_entries(feed);
		engine_skip(feed->engine, id, &feed->own);
		complain(feed, where, err.text);
		return true;
	}
	keep_entry(&feed->texts, entry);
	if (++feed->waiting == BATCH)
		flush_entries(feed);
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
	if (parse_int64(str_of(text), out) || parse_instant(str_of(text), out, &err))
		return true;
	(void)ctl_fail(STATUS_USAGE, "%s \"%s\" is no date, instant or ms", option, text);
	return false;
}

enum status
feed_files(struct feed *feed, const struct option_list *files, int64_t until)
{
	feed->until = until;
	for (unsigned i = 0; i < files->count && !feed->enough && !feed->failed; i++) {
		struct err err;
		feed->file = files->items[i];
		if (!event_input_read(feed->file, feed->ctl->progress, take_row, feed, &err))
			return ctl_fail(STATUS_USAGE, "%s", err.text);
	}
	if (feed->failed)
		return STATUS_USAGE;
	flush_entries(feed);
	if (until != NEVER)
		engine_advance(feed->engine, until, &feed->own);
	return STATUS_DONE;
}

struct feed *
feed_create(const struct ctl *ctl, struct ruleset *rules, struct order_sink sink)
{
	struct feed *feed = mem_alloc(sizeof *feed);
	feed->ctl = ctl;
	feed->engine = engine_create(rules, (struct hash_seed){.k0 = 3, .k1 = 4});
	feed->sink = sink;
	feed->own = (struct order_sink){.ctx = feed, .take = take_order};
	feed->until = NEVER;
	arena_init(&feed->texts);
	return feed;
}

void
feed_destroy(struct feed *feed)
{
	engine_destroy(feed->engine);
	arena_finish(&feed->texts);
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
