/* SPDX-License-Identifier: Apache-2.0 */
/* Splits records of CSV into columns. */
#include "codec/event_csv.h"

#include <string.h>

#include "codec/event_fields.h"

void
csv_init(struct csv *csv)
{
	*csv = (struct csv){.place = CSV_FIELD_START};
	arena_init(&csv->arena);
}

void
csv_finish(struct csv *csv)
{
	arena_finish(&csv->arena);
}

void
csv_begin_record(struct csv *csv)
{
	csv->place = CSV_FIELD_START;
}

bool
csv_has_header(const struct csv *csv)
{
	return csv->columns > 0;
}

/* --- where a record ends --- */

/* A quote opens a field only at its beginning; elsewhere (5" disk) it is a character like others. */
static enum csv_place
step(enum csv_place place, char c)
{
	switch (place) {
	case CSV_QUOTED:
		return c == '"' ? CSV_QUOTE : CSV_QUOTED;
	case CSV_QUOTE:
		if (c == '"')
			return CSV_QUOTED;
		return c == ',' ? CSV_FIELD_START : CSV_PLAIN;
	case CSV_FIELD_START:
		if (c == '"')
			return CSV_QUOTED;
		return c == ',' ? CSV_FIELD_START : CSV_PLAIN;
	case CSV_PLAIN:
		return c == ',' ? CSV_FIELD_START : CSV_PLAIN;
	}
	return place;
}

const char *
csv_find_end(struct csv *csv, const char *p, const char *end)
{
	if (csv->place == CSV_FIELD_START) { /* most records have no quote at all */
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		const char *stop = newline ? newline : end;

		if (newline && !memchr(p, '"', (size_t)(stop - p)))
			return newline;
	}
	for (; p < end; p++) {
		if (*p == '\n' && csv->place != CSV_QUOTED)
			return p;
		csv->place = step(csv->place, *p);
	}
	return NULL;
}

/* --- columns --- */

struct column {
	struct str text;
	bool quoted;
};

/* quoted = '"' ([^"] | '""')* '"'; p is behind the first quote. Returns where it goes on, NULL: error. */
static const char *
take_quoted(const char *p, const char *end, struct arena *arena, struct str *out,
	    struct err *err)
{
	const char *start = p, *quote;
	size_t doubled = 0;
	char *copy;

	while ((quote = memchr(p, '"', (size_t)(end - p))) && quote + 1 < end &&
	       quote[1] == '"') {
		doubled++;
		p = quote + 2;
	}
	if (!quote) {
		err_set(err, "a quote is opened and not closed");
		return NULL;
	}
	*out = (struct str){start, (size_t)(quote - start)};
	if (doubled > 0) {
		copy = arena_alloc(arena, out->n - doubled);
		out->p = copy;
		out->n -= doubled;
		for (p = start; p < quote; p++) {
			*copy++ = *p;
			p += *p == '"';
		}
	}
	return quote + 1;
}

/* column = quoted | [^,]* ; returns the comma behind it, or end, or NULL: error. */
static const char *
take_column(const char *p, const char *end, struct arena *arena, struct column *out,
	    struct err *err)
{
	const char *comma;

	out->quoted = p < end && *p == '"';
	if (out->quoted) {
		p = take_quoted(p + 1, end, arena, &out->text, err);
		if (p && p < end && *p != ',') {
			err_set(err,
				"text follows a closing quote; a quote inside quotes is doubled");
			return NULL;
		}
		return p;
	}
	for (comma = p; comma < end && *comma != ','; comma++)
		continue;
	out->text = (struct str){p, (size_t)(comma - p)};
	return comma;
}

static bool
check_header(const struct str *names, unsigned count, struct err *err)
{
	bool has_customer = false, has_type = false;
	char shown[EVENT_SHOWN];

	for (unsigned i = 0; i < count; i++) {
		if (names[i].n == 0)
			return err_set(err, "column %u of the header has no name", i + 1);
		for (unsigned j = 0; j < i; j++) {
			if (str_eq(names[i], names[j]))
				return err_set(err, "the header names %s twice",
					       event_shown(shown, names[i]));
		}
		has_customer |= str_is(names[i], "customer") || str_is(names[i], "data");
		has_type |= str_is(names[i], "type") || str_is(names[i], "data");
	}
	if (has_customer && has_type)
		return true;
	return err_set(err,
		       "the header has no column \"%s\"; the first line of a CSV file names "
		       "its columns",
		       has_customer ? "type" : "customer");
}

bool
csv_read_header(struct csv *csv, struct str text, struct err *err)
{
	const char *p = text.p, *end = text.p + text.n;
	struct str names[CSV_MAX_COLUMNS];
	struct column column;
	unsigned count = 0;

	for (;; p++) {
		p = take_column(p, end, &csv->arena, &column, err);
		if (!p)
			return false;
		if (count == CSV_MAX_COLUMNS)
			return err_set(err, "the header has more than %d columns",
				       CSV_MAX_COLUMNS);
		names[count++] = str_trim(column.text);
		if (p == end)
			break;
	}
	if (!check_header(names, count, err))
		return false;
	csv->names = arena_array(&csv->arena, count, sizeof *csv->names);
	for (unsigned i = 0; i < count; i++)
		csv->names[i] = arena_str(&csv->arena, names[i]);
	csv->columns = count;
	return true;
}

bool
csv_read_row(const struct csv *csv, struct str text, struct arena *arena, struct field *fields,
	     unsigned *count, struct err *err)
{
	const char *p = text.p, *end = text.p + text.n;
	unsigned column = 0, found = 0;
	struct column at;

	for (;; p++, column++) {
		if (column == csv->columns)
			return err_set(err, "the row has more columns than the header, %u",
				       csv->columns);
		p = take_column(p, end, arena, &at, err);
		if (!p)
			return false;
		if (at.text.n > 0 || at.quoted) {
			if (found == EVENT_MAX_FIELDS)
				return err_set(err, "more than %d attributes",
					       EVENT_MAX_ATTRIBUTES);
			fields[found++] = (struct field){csv->names[column], at.text};
		}
		if (p == end)
			break;
	}
	if (column + 1 != csv->columns)
		return err_set(err, "the row has %u of the header's %u columns", column + 1,
			       csv->columns);
	*count = found;
	return true;
}
