/* SPDX-License-Identifier: Apache-2.0 */
/* Reads files of events once, for all the engines that are fed. */
#include <assert.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "app/event_input.h"
#include "app/feed_room.h"
#include "base/mem.h"
#include "base/number.h"
#include "codec/event.h"

struct reader {
	const struct ctl *ctl;
	struct ring ring;
	struct batch *batch; /* being filled */
	struct event_file *input;
	struct event_file *inputs[OPTION_MAX_ITEMS]; /* owned; entries borrow from them */
	struct stream_id last;
	int64_t until; /* NEVER: to the last row */
	const char *file;
	bool failed, enough;
};

/* ---- rows ---- */

/* Where the next row is to be decoded to. */
static void
expect_row(struct reader *reader)
{
	struct batch *batch = reader->batch;

	assert(batch->count < BATCH_ENTRIES);
	event_file_decode(reader->input, &batch->entries[batch->count], &batch->texts);
}

static void
end_piece(struct reader *reader)
{
	if (reader->batch)
		ring_publish(&reader->ring);
	reader->batch = NULL;
}

static char *
next_piece(void *ctx)
{
	struct reader *reader = ctx;

	end_piece(reader);
	reader->batch = ring_begin(&reader->ring);
	reader->batch->file = reader->file;
	expect_row(reader);
	return reader->batch->piece;
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
	struct field *attributes =
		arena_array(arena, entry->attribute_count, sizeof *attributes);
	char *to = arena_alloc(arena, text_bytes(entry));

	keep(&to, &entry->customer);
	keep(&to, &entry->type);
	keep(&to, &entry->user);
	keep(&to, &entry->source);
	keep(&to, &entry->event_id);
	for (unsigned i = 0; i < entry->attribute_count; i++) {
		attributes[i] = entry->attributes[i];
		keep(&to, &attributes[i].key);
		keep(&to, &attributes[i].value);
	}
	entry->attributes = attributes;
}

/* What is said of the whole comes after what was said of the rows before. */
static bool
fail_row(struct reader *reader, const struct event_row *row, const char *why)
{
	reader->failed = true;
	end_piece(reader);
	ring_drain(&reader->ring);
	feed_clear_bar(&reader->ring);
	(void)ctl_fail(STATUS_USAGE, "%s:%" PRIu64 ": %s", reader->file, row->line, why);
	return false;
}

/* Ids as an import writes them: the ms of arrival, then 0, 1, 2.. within it. */
static bool
next_id(struct reader *reader, const struct event_row *row, struct stream_id *id)
{
	struct stream_id last = reader->last;
	if (row->arrived == INT64_MIN)
		return fail_row(reader, row, "the row has neither arrived nor ts");
	if (row->arrived < last.ms)
		return fail_row(reader, row,
				"the row arrived before the one above it; rows must be in the "
				"order of arrival (default ts)");
	bool same = row->arrived == last.ms && (last.ms || last.seq);
	*id = (struct stream_id){.ms = row->arrived, .seq = same ? last.seq + 1 : 0};
	if (id->ms == 0 && id->seq == 0)
		id->seq = 1;
	return true;
}

/* id NULL: nobody knows when it came. */
static void
take_none(struct reader *reader, const struct stream_id *id, uint64_t line, const char *error)
{
	struct batch *batch = reader->batch;
	struct buf *complaints = &batch->complaints;
	struct none none = {.at = batch->count, .has_id = id != NULL};
	size_t begun = complaints->n;
	if (id)
		none.id = *id;
	if (id)
		buf_printf(complaints, "%s:%" PRIu64 ": rejected: ", reader->file, line);
	buf_text(complaints, error);
	none.said_n = complaints->n - begun;
	MEM_RESERVE(batch->nones, batch->none_cap, batch->none_count + 1);
	batch->nones[batch->none_count++] = none;
}

static bool
take_row(void *ctx, const struct event_row *row, const char *error)
{
	struct reader *reader = ctx;
	struct stream_id id;
	struct err err;
	if (!row) {
		take_none(reader, NULL, 0, error);
		return true;
	}
	if (!next_id(reader, row, &id))
		return false;
	if (id.ms > reader->until) {
		reader->enough = true;
		return false;
	}
	reader->last = id;
	struct batch *batch = reader->batch;
	struct entry *entry = &batch->entries[batch->count];
	if (row->is_decoded) {
		entry->id = id;
	} else if (event_decode(id, row->fields, row->count, &batch->texts, entry, &err)) {
		keep_entry(&batch->texts, entry);
	} else {
		take_none(reader, &id, row->line, err.text);
		return true;
	}
	batch->count++;
	expect_row(reader);
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

const char *
feed_file_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (strcmp(path, "-") == 0)
		return "stdin";
	return slash ? slash + 1 : path;
}

/* A second look at stdin would find nothing. */
static bool
is_read_once(const struct option_list *files)
{
	unsigned count = 0;

	for (unsigned i = 0; i < files->count; i++)
		count += strcmp(files->items[i], "-") == 0;
	if (count > 1)
		(void)ctl_fail(STATUS_USAGE, "--events: stdin (-) can be read once only");
	return count <= 1;
}

static enum status
read_files(struct reader *reader, const struct option_list *files)
{
	const struct event_taker taker = {reader, take_row, next_piece};

	for (unsigned i = 0; i < files->count && !reader->enough && !reader->failed; i++) {
		struct err err;
		reader->file = files->items[i];
		reader->input = reader->inputs[i] = event_file_create(str_of(reader->file));
		bool good = event_input_read(reader->input, reader->file, reader->ctl->progress,
					     &taker, &err);
		end_piece(reader);
		if (good)
			continue;
		ring_drain(&reader->ring);
		return ctl_fail(STATUS_USAGE, "%s", err.text);
	}
	return reader->failed ? STATUS_USAGE : STATUS_DONE;
}

static enum status
feed_all(struct reader *reader, struct feed *const *feeds, unsigned count,
	 const struct option_list *files)
{
	unsigned started = 0;
	enum status status = STATUS_DONE;
	while (started < count &&
	       feed_start(feeds[started], &reader->ring, reader->until, started == 0))
		started++;
	if (started < count)
		status = ctl_fail(STATUS_USAGE, "no thread can be started");
	else
		status = read_files(reader, files);
	ring_end(&reader->ring, status == STATUS_DONE);
	for (unsigned i = 0; i < started; i++)
		feed_join(feeds[i], reader->enough);
	return status;
}

#define BIG ((int)1 << 20)

/* Arrays that grow with the history keep pages of their own: they grow in place, and leave no holes between what lives
 * on. glibc raises that bar to 32 MiB by itself. */
static void
tune_memory(void)
{
#ifdef M_MMAP_THRESHOLD
	(void)mallopt(M_MMAP_THRESHOLD, BIG);
#endif
}

enum status
feed_files(const struct ctl *ctl, struct feed *const *feeds, unsigned count,
	   const struct option_list *files, int64_t until)
{
	if (!is_read_once(files))
		return STATUS_USAGE;
	struct reader *reader = mem_alloc(sizeof *reader);
	reader->ctl = ctl;
	reader->until = until;
	tune_memory();
	ring_init(&reader->ring, count);
	reader->ring.has_bar = ctl->progress;
	enum status status = feed_all(reader, feeds, count, files);
	ring_finish(&reader->ring);
	for (unsigned i = 0; i < files->count; i++)
		event_file_destroy(reader->inputs[i]);
	mem_free(reader);
	return status;
}
