/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the decoding of events: the table of their fields, for the two who read by it and nobody else. */
#ifndef CODEC_EVENT_TABLE_H
#define CODEC_EVENT_TABLE_H

#include "base/words.h"
#include "engine/entry.h"

/* What a field is to an entry. By length of their names, so that a key is compared with three at most. */
enum event_role {
	ROLE_TS,
	ROLE_ID,
	ROLE_TYPE,
	ROLE_USER,
	ROLE_DATA,
	ROLE_VALUE,
	ROLE_SOURCE,
	ROLE_CUSTOMER,
	ROLE_BACKFILL,
	ROLE_ATTRIBUTE,
	ROLE_ARRIVED, /* of rows of files; in the stream it is an attribute */
};

enum event_role event_role_of(struct str key); /* as a field of the stream */

/* An entry of which nothing is given yet. */
void event_begin(struct entry *out, struct stream_id id);
/* What can be said once all is given; seen: a bit for each role that was. It gives the entry its kind. */
bool event_end(struct entry *out, unsigned seen, struct err *err) MUST_CHECK;

/* Past the year 9999: no instant anyone writes; ms of today in microseconds are. */
#define EVENT_FAR_TS INT64_C(253402300800000)

/* How far after the arrival, in ms, ts may lie. */
static inline bool
event_is_ahead(int64_t ts, int64_t arrival)
{
	return ts > arrival && ts - (arrival > 0 ? arrival : 0) > EVENT_MAX_AHEAD;
}

/* Printable ASCII, as nearly all ids are. */
static inline bool
event_is_plain(struct str text)
{
	return !words_marked(text.p, text.n, word_odd);
}

/* What the id of a customer and the name of an attribute may consist of. */
static inline bool
event_is_clean(struct str text)
{
	return event_is_plain(text) || (!text_has_control(text) && utf8_valid(text));
}

/* Marks what is not a-z 0-9 _ . - */
static inline uint64_t
event_odd_in_type(uint64_t word)
{
	return ~(word_within(word, 'a', 'z') | word_within(word, '0', '9') |
		 word_within(word, '-', '.') | word_within(word, '_', '_')) &
	       WORD_HIGH;
}

static inline bool
event_is_type(struct str text)
{
	return !words_marked(text.p, text.n, event_odd_in_type);
}

#endif
