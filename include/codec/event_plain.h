/* SPDX-License-Identifier: Apache-2.0 */
/* Rows as nearly all writers write them, straight to entries; it says nothing of what is written otherwise. */
#ifndef CODEC_EVENT_PLAIN_H
#define CODEC_EVENT_PLAIN_H

#include "base/arena.h"
#include "codec/event_csv.h"
#include "codec/event_table.h"

#define PLAIN_MAX_KEYS CSV_MAX_COLUMNS

/* The name of a field, as met before or as a header has it. */
struct plain_key {
	uint64_t words[2], masks[2]; /* of `text`, when it has at most 16 bytes */
	struct str
		text; /* owned by the arena: NAME":, as it stands in a line behind its first quote */
	unsigned name_n; /* bytes of NAME */
	enum event_role role;
	struct plain_key *next, *after; /* what followed it last; in its bucket */
};

#define PLAIN_BUCKETS 64

struct plain {
	struct arena arena;	/* owned */
	struct plain_key *keys; /* PLAIN_MAX_KEYS; of a CSV file its columns */
	unsigned key_count;
	struct plain_key first; /* before the first field of a line */
	struct plain_key *buckets[PLAIN_BUCKETS];
	bool is_csv, is_off;
};

void plain_init(struct plain *plain);
void plain_finish(struct plain *plain);
/* The columns of a CSV file; names are borrowed. */
void plain_set_columns(struct plain *plain, const struct str *names, unsigned count);

/* The row that begins at p, through its newline, to *out: what event_decode() would make of it at its arrival
 * (`arrived`, else `ts`), with id {arrival, 0}. Its attributes lie in arena, its text is borrowed from the row (and
 * the names from a header). Returns what follows the row; NULL: it was not taken, and *out and arena's memory mean
 * nothing. */
const char *plain_read(struct plain *plain, const char *p, const char *end, struct arena *arena,
		       struct entry *out);

#endif
