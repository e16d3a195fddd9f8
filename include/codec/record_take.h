/* SPDX-License-Identifier: Apache-2.0 */
/* Takes pieces out of a state record's bytes, whatever they are. */
#ifndef CODEC_RECORD_TAKE_H
#define CODEC_RECORD_TAKE_H

#include "base/number.h"
#include "codec/record_format.h"
#include "engine/track.h"

/* Every taker leaves p NULL once the bytes have ended early or made no sense; one check at the end. */
struct reader {
	const uint8_t *p, *end;
	const struct ruleset *rules;
	struct customer *customer;
	int64_t base; /* applied.ms */
	uint8_t version;
	bool same_rules;       /* as it was written under */
	unsigned found;	       /* slot found last: the next is likely the one behind it */
	struct item *item;     /* being read: rules are its own */
	struct member *member; /* being read: tracks are its own */
	struct tracks *tracks; /* of the customer or the member: made of */
	struct tracks_draft *draft;
};

/* They are small, and called a hundred times for each customer of a start. */
static inline void
record_spoil(struct reader *reader)
{
	reader->p = NULL;
}

static inline uint64_t
record_take_number(struct reader *reader)
{
	uint64_t number = 0;

	if (reader->p && reader->p < reader->end && *reader->p < 0x80)
		return *reader->p++; /* most are so short */
	reader->p = read_varint(reader->p, reader->end, &number);
	return reader->p ? number : 0;
}

static inline uint64_t
record_take_below(struct reader *reader, uint64_t limit)
{
	uint64_t number = record_take_number(reader);

	if (number < limit)
		return number;
	record_spoil(reader);
	return 0;
}

static inline int64_t
record_take_signed(struct reader *reader)
{
	return unzigzag(record_take_number(reader));
}

static inline int64_t
record_take_at(struct reader *reader)
{
	return (int64_t)((uint64_t)reader->base - (uint64_t)record_take_signed(reader));
}

static inline struct str
record_take_bytes(struct reader *reader, uint64_t n)
{
	struct str bytes = {(const char *)reader->p, (size_t)n};

	if (!reader->p || n > (uint64_t)(reader->end - reader->p)) {
		record_spoil(reader);
		return STR_NONE;
	}
	reader->p += n;
	return bytes;
}

static inline uint64_t
record_take_little(struct reader *reader, unsigned bytes)
{
	struct str text = record_take_bytes(reader, bytes);
	uint64_t number = 0;

	for (unsigned i = 0; i < text.n; i++)
		number |= (uint64_t)(uint8_t)text.p[i] << 8 * i;
	return number;
}

static inline struct str
record_take_text(struct reader *reader)
{
	return record_take_bytes(reader, record_take_number(reader));
}

static inline struct str
record_take_rest(struct reader *reader)
{
	return record_take_bytes(reader, (uint64_t)(reader->end - reader->p));
}

/* The bytes of one item of a list; the outer reader stands behind it. */
static inline struct reader
record_take_item(struct reader *reader)
{
	struct str bytes = record_take_text(reader);
	struct reader item = *reader;

	item.p = (const uint8_t *)bytes.p;
	item.end = item.p ? item.p + bytes.n : NULL;
	return item;
}

static inline bool
record_is_taken(const struct reader *reader)
{
	return reader->p && reader->p == reader->end;
}

/* A record that is of no customer, version:1 ... crc32:4: from behind its version to before its checksum. `what`: as in
 * "the teams' record", with which the sentence begins. */
bool record_open(struct reader *reader, struct str bytes, unsigned newest, const char *what,
		 struct err *err) MUST_CHECK;
/* All of it was taken and made sense. */
bool record_close(const struct reader *reader, const char *what, struct err *err) MUST_CHECK;
double record_take_double(struct reader *reader); /* finite */
/* A number that is not 0, into the struct that it is of. */
void record_take_field(struct reader *reader, const struct record_number *number, void *of);

enum keyed { KEYED_SIGNAL, KEYED_ATTRIBUTE, KEYED_RULE, KEYED_TASK, KEYED_AFTER, KEYED_ITEM };
/* A list of at most `limit` items of keys: take() for each whose key the rule set knows. */
void record_take_items(struct reader *reader, enum keyed kind, uint64_t limit,
		       void (*take)(struct reader *item, unsigned slot));

/* The parts of struct cold. */
void record_read_profile(struct reader *reader);
void record_read_rules(struct reader *reader);
void record_read_tags(struct reader *reader);
void record_read_ids(struct reader *reader);
void record_read_tasks(struct reader *reader);
void record_read_afters(struct reader *reader);
void record_read_risks(struct reader *reader);
void record_read_alerts(struct reader *reader);
/* record_items.c */
void record_read_list_items(struct reader *reader);
void record_read_members(struct reader *reader);
/* record_read.c: the track of a signal, into what the reader reads tracks into. */
void record_read_track(struct reader *item, enum signal_kind kind, unsigned signal, bool hours);
/* Of those that were read, if they are sound. */
void record_make_tracks(struct reader *reader);
bool record_has_track(const struct reader *reader, unsigned signal, bool hours);
/* record_cells.c: the rest of it, as versions before 7 had it. */
void record_read_cells(struct reader *item, enum signal_kind kind, unsigned signal, bool hours,
		       struct track *track);
/* A rule's state as it lies in the record. */
struct rule_state record_take_rule(struct reader *item, unsigned rule);

#endif
