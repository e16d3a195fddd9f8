/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of CSV (RFC 4180) as fields, by the names in the header. */
#ifndef CODEC_EVENT_CSV_H
#define CODEC_EVENT_CSV_H

#include "base/arena.h"
#include "engine/entry.h"

#define CSV_MAX_COLUMNS 256

/* Where in a record the scan for its end stands. */
enum csv_place { CSV_FIELD_START, CSV_PLAIN, CSV_QUOTED, CSV_QUOTE };

struct csv {
	struct arena arena; /* owned: the header's names */
	struct str *names;
	unsigned columns; /* 0: no header yet */
	enum csv_place place;
};

void csv_init(struct csv *csv);
void csv_finish(struct csv *csv);
void csv_begin_record(struct csv *csv);
/* The newline that ends the record, or NULL: then go on with the next bytes of the same record. */
const char *csv_find_end(struct csv *csv, const char *p, const char *end);

bool csv_has_header(const struct csv *csv);
bool csv_read_header(struct csv *csv, struct str text, struct err *err) MUST_CHECK;
/* `fields` holds EVENT_MAX_FIELDS; values are borrowed from text, or lie in arena when a quote was doubled
 * in them. */
bool csv_read_row(const struct csv *csv, struct str text, struct arena *arena,
		  struct field *fields, unsigned *count, struct err *err) MUST_CHECK;

#endif
