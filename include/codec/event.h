/* SPDX-License-Identifier: Apache-2.0 */
/* Stream fields, JSON and CSV rows to entries: the one place that knows contract.md's event table. */
#ifndef CODEC_EVENT_H
#define CODEC_EVENT_H

#include "base/arena.h"
#include "engine/entry.h"

/* Fields of one stream entry to an entry, by every rule of the contract (required fields, lengths, UTF-8,
 * ts within bounds, reserved types and what they need, `data`). Text is borrowed from fields; attributes, and
 * what a `data` object holds, lie in arena. false: one sentence for <prefix>rejected; *out is then undefined. */
bool event_decode(struct stream_id id, const struct field *fields, unsigned count,
		  struct arena *arena, struct entry *out, struct err *err) MUST_CHECK;

/* Producers over HTTP, `send` and `import`: checks what event_decode would check, with reserved types
 * refused, and `ts` against arrival at `now`. */
bool event_check(const struct field *fields, unsigned count, int64_t now,
		 struct err *err) MUST_CHECK;
/* The same of a history that is imported as it went: what people did (churnd.task, churnd.tag) is part of it. */
bool event_check_history(const struct field *fields, unsigned count, int64_t now,
			 struct err *err) MUST_CHECK;

/* A file of events: NDJSON or CSV with a header, decided by the first byte that is not white ('{' is
 * NDJSON). Lines are flat objects, see codec/event_fields.h. CSV is RFC 4180, also with bare LF; a column
 * that is empty counts as not given in that row, unless it is written "". A row is at most 64 KiB. Bytes
 * are fed in pieces of any size: the rows do not depend on where it is cut. */
struct event_file;

struct event_row {
	const struct field *fields; /* names and values as text; numbers as written */
	unsigned count;
	bool is_decoded; /* to where event_file_decode() says; there are no fields then */
	int64_t arrived; /* `arrived`, else `ts`; ms. INT64_MIN when the row has neither */
	uint64_t line;	 /* 1-based */
};

struct event_file *event_file_create(struct str name);
void event_file_destroy(struct event_file *file);
/* Feeds bytes; take() is called for every whole row: row NULL and a sentence (FILE:LINE: ...) for a bad
 * one. Return false from take to stop. The last line needs no newline: finish with n = 0. Rows and their
 * text are valid during the call. Fields arrived is not in row->fields. false: stopped, by take or
 * because the header of a CSV file is no header (take was told). */
/* From now on a row that is written plainly may come decoded: to *out, as event_decode() would at its arrival, with id
 * {arrived, 0}; attributes lie in arena; text is borrowed from the bytes that are fed and, of CSV, from the file. */
void event_file_decode(struct event_file *file, struct entry *out, struct arena *arena);
bool event_file_feed(struct event_file *file, const char *bytes, size_t n,
		     bool (*take)(void *ctx, const struct event_row *row, const char *error),
		     void *ctx);

#endif
