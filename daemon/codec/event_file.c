/* SPDX-License-Identifier: Apache-2.0 */
/* Cuts a file of events into rows, wherever its bytes were cut. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "codec/event.h"
#include "codec/event_csv.h"
#include "codec/event_fields.h"
#include "codec/event_plain.h"

enum format { FORMAT_UNKNOWN, FORMAT_NDJSON, FORMAT_CSV };

struct event_file {
	struct str name; /* owned */
	enum format format;
	struct buf carry; /* a row that has begun and not ended */
	struct csv csv;
	struct plain plain;
	struct entry *out; /* NULL: rows come with their fields */
	struct arena *out_arena;
	struct arena arena; /* of one row: what had to be unescaped */
	uint64_t line;	    /* of the row that comes next */
	unsigned bom;	    /* bytes of a byte order mark seen at the very start */
	bool skipping;	    /* to the end of a line that is too long */
	bool stopped;
	struct field fields[EVENT_MAX_FIELDS];
	/* Of the feed at work: */
	bool (*take)(void *ctx, const struct event_row *row, const char *error);
	void *ctx;
};

static const char bom[3] = "\xef\xbb\xbf";

struct event_file *
event_file_create(struct str name)
{
	struct event_file *file = mem_alloc(sizeof *file);
	char *copy = mem_alloc(name.n + 1);

	if (name.n > 0)
		memcpy(copy, name.p, name.n);
	file->name = (struct str){copy, name.n};
	file->line = 1;
	arena_init(&file->arena);
	csv_init(&file->csv);
	plain_init(&file->plain);
	return file;
}

void
event_file_destroy(struct event_file *file)
{
	if (!file)
		return;
	mem_free((char *)(uintptr_t)file->name.p);
	buf_finish(&file->carry);
	arena_finish(&file->arena);
	csv_finish(&file->csv);
	plain_finish(&file->plain);
	mem_free(file);
}

static void
tell_error(struct event_file *file, const char *sentence)
{
	struct buf text = {0};

	buf_printf(&text, "%.*s:%llu: %s", STR_ARG(file->name), (unsigned long long)file->line,
		   sentence);
	if (!file->take(file->ctx, NULL, text.p))
		file->stopped = true;
	buf_finish(&text);
}

/* --- a row --- */

/* Takes `arrived` out of the fields, and finds when the row reached the stream. */
static bool
find_arrival(struct event_file *file, unsigned *count, int64_t *arrived, struct err *err)
{
	struct str ts = STR_NONE, own = STR_NONE;
	unsigned kept = 0;
	bool is_number;

	for (unsigned i = 0; i < *count; i++) {
		struct field field = file->fields[i];

		if (field.key.n == 7 && memcmp(field.key.p, "arrived", 7) == 0) {
			if (own.p)
				return err_set(err, "the field \"arrived\" is given twice");
			own = field.value;
			continue;
		}
		if (field.key.n == 2 && field.key.p[0] == 't' && field.key.p[1] == 's' && !ts.p)
			ts = field.value;
		if (kept != i)
			file->fields[kept] = field;
		kept++;
	}
	*count = kept;
	*arrived = INT64_MIN;
	if (own.p && !event_instant(own, arrived, &is_number, err))
		return err_prefix(err, "arrived");
	if (!own.p && ts.p && !event_instant(ts, arrived, &is_number, err))
		return err_prefix(err, "ts");
	return true;
}

static void
tell_row(struct event_file *file, unsigned count)
{
	struct event_row row = {.fields = file->fields, .line = file->line};
	struct err err;

	row.count = count;
	if (!find_arrival(file, &row.count, &row.arrived, &err))
		tell_error(file, err.text);
	else if (!file->take(file->ctx, &row, NULL))
		file->stopped = true;
}

static void
take_json(struct event_file *file, struct str text)
{
	struct err err;
	unsigned count;

	if (event_fields_json(text, &file->arena, file->fields, &count, &err))
		tell_row(file, count);
	else
		tell_error(file, err.text);
}

static void
take_csv(struct event_file *file, struct str text)
{
	bool is_header = !csv_has_header(&file->csv);
	struct err err;
	unsigned count;

	if (is_header) {
		if (!csv_read_header(&file->csv, text, &err)) {
			tell_error(file, err.text);
			file->stopped = true;
			return;
		}
		plain_set_columns(&file->plain, file->csv.names, file->csv.columns);
	} else if (csv_read_row(&file->csv, text, &file->arena, file->fields, &count, &err)) {
		tell_row(file, count);
	} else {
		tell_error(file, err.text);
	}
}

static uint64_t
count_lines(struct str text)
{
	const char *p = text.p, *end = text.p + text.n;
	uint64_t lines = 0;

	while (p < end && (p = memchr(p, '\n', (size_t)(end - p)))) {
		lines++;
		p++;
	}
	return lines;
}

static bool
is_blank(struct str text)
{
	size_t i = 0;

	while (i < text.n && (text.p[i] == ' ' || text.p[i] == '\t' || text.p[i] == '\r'))
		i++;
	return i == text.n;
}

/* A whole row, without the newline that ended it. */
static void
take_record(struct event_file *file, struct str text)
{
	bool is_csv = file->format == FORMAT_CSV;

	if (text.n > 0 && text.p[text.n - 1] == '\r')
		text.n--;
	if (!is_blank(text)) {
		if (is_csv)
			take_csv(file, text);
		else
			take_json(file, text);
		if (file->arena.total > 0)
			arena_reset(&file->arena);
	}
	file->line += 1 + (is_csv ? count_lines(text) : 0);
	csv_begin_record(&file->csv);
}

static void
take_too_long(struct event_file *file, struct str text)
{
	tell_error(file, "the row is longer than 65536 bytes");
	file->line += count_lines(text);
	file->skipping = true;
	csv_begin_record(&file->csv);
}

/* --- bytes --- */

/* Where the row ends (on its newline), or NULL when that is not between p and end. */
static const char *
find_end(struct event_file *file, const char *p, const char *end)
{
	if (file->format == FORMAT_CSV)
		return csv_find_end(&file->csv, p, end);
	return memchr(p, '\n', (size_t)(end - p));
}

/* The rest of the row that lies in `carry`. */
static const char *
feed_carry(struct event_file *file, const char *p, const char *end)
{
	size_t room = EVENT_MAX_BYTES + 1 - file->carry.n;
	const char *stop = (size_t)(end - p) > room ? p + room : end;
	const char *newline = find_end(file, p, stop);

	buf_add(&file->carry, p, (size_t)((newline ? newline : stop) - p));
	if (newline)
		take_record(file, buf_view(&file->carry));
	else if (file->carry.n == EVENT_MAX_BYTES + 1)
		take_too_long(file, buf_view(&file->carry));
	else
		return stop;
	buf_clear(&file->carry);
	return newline ? newline + 1 : stop;
}

/* A row that is written plainly, if one begins here. */
static const char *
feed_plain(struct event_file *file, const char *p, const char *end)
{
	struct event_row row = {.line = file->line, .is_decoded = true};

	p = plain_read(&file->plain, p, end, file->out_arena, file->out);
	if (!p)
		return NULL;
	row.arrived = file->out->id.ms;
	if (!file->take(file->ctx, &row, NULL))
		file->stopped = true;
	file->line++;
	return p;
}

/* A row that begins here. */
static const char *
feed_row(struct event_file *file, const char *p, const char *end)
{
	bool is_long = end - p > EVENT_MAX_BYTES;
	const char *stop = is_long ? p + EVENT_MAX_BYTES + 1 : end;
	const char *next = file->out ? feed_plain(file, p, end) : NULL;
	const char *newline;

	if (next)
		return next;
	newline = find_end(file, p, stop);
	if (newline) {
		take_record(file, (struct str){p, (size_t)(newline - p)});
		return newline + 1;
	}
	if (is_long)
		take_too_long(file, (struct str){p, (size_t)(stop - p)});
	else
		buf_add(&file->carry, p, (size_t)(stop - p));
	return stop;
}

static const char *
feed_skip(struct event_file *file, const char *p, const char *end)
{
	const char *newline = memchr(p, '\n', (size_t)(end - p));

	if (!newline)
		return end;
	file->skipping = false;
	file->line++;
	return newline + 1;
}

/* White space and a byte order mark before the first row. */
static const char *
feed_start(struct event_file *file, const char *p)
{
	if (file->bom < 3 && file->line == 1 && file->carry.n == 0 && *p == bom[file->bom]) {
		file->bom++;
		return p + 1;
	}
	if (file->bom > 0 && file->bom < 3) { /* it was none */
		buf_add(&file->carry, bom, file->bom);
		file->format = FORMAT_CSV;
		(void)csv_find_end(&file->csv, file->carry.p, file->carry.p + file->carry.n);
		return p;
	}
	file->bom = 3;
	if (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n') {
		file->line += *p == '\n';
		return p + 1;
	}
	if (*p == '[') {
		tell_error(file, "this is a JSON array; one object a line is expected");
		file->stopped = true;
	}
	file->format = *p == '{' ? FORMAT_NDJSON : FORMAT_CSV;
	return p;
}

static void
feed_end(struct event_file *file)
{
	if (file->format == FORMAT_UNKNOWN || file->skipping || file->carry.n == 0)
		return;
	take_record(file, buf_view(&file->carry));
	buf_clear(&file->carry);
}

void
event_file_decode(struct event_file *file, struct entry *out, struct arena *arena)
{
	file->out = out;
	file->out_arena = arena;
}

bool
event_file_feed(struct event_file *file, const char *bytes, size_t n,
		bool (*take)(void *ctx, const struct event_row *row, const char *error),
		void *ctx)
{
	const char *p = n > 0 ? bytes : "", *end = p + n;

	file->take = take;
	file->ctx = ctx;
	if (n == 0 && !file->stopped)
		feed_end(file);
	while (p < end && !file->stopped) {
		if (file->format == FORMAT_UNKNOWN)
			p = feed_start(file, p);
		else if (file->skipping)
			p = feed_skip(file, p, end);
		else if (file->carry.n > 0)
			p = feed_carry(file, p, end);
		else
			p = feed_row(file, p, end);
	}
	return !file->stopped;
}
