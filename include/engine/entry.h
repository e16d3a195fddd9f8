/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's inputs: entries of the stream, and the events in them. */
#ifndef ENGINE_ENTRY_H
#define ENGINE_ENTRY_H

#include "base/civil.h"
#include "base/text.h"

/* The id of a stream entry: the instant of its arrival, then a number within it. */
struct stream_id {
	int64_t ms;
	uint64_t seq;
};

static inline int
stream_id_cmp(struct stream_id a, struct stream_id b)
{
	if (a.ms != b.ms)
		return a.ms < b.ms ? -1 : 1;
	return a.seq < b.seq ? -1 : a.seq > b.seq;
}

#define EVENT_MAX_ATTRIBUTES 32
#define EVENT_MAX_KEY 64
#define EVENT_MAX_TEXT 1024
#define EVENT_MAX_CUSTOMER 128
#define EVENT_MAX_TYPE 64
#define EVENT_MAX_BYTES 65536
#define EVENT_MAX_VALUE 1e12 /* magnitude: sums are kept in millionths */
#define EVENT_MAX_AHEAD (5 * MINUTE_MS)
#define EVENT_MIN_TS (INT64_C(2) * 365 * DAY_MS) /* 1972-01-01 */

struct field {
	struct str key, value;
};

enum entry_kind {
	ENTRY_EVENT,   /* any type that has no meaning of its own here */
	ENTRY_PROFILE, /* type profile */
	ENTRY_MEMBER,  /* type member */
	ENTRY_CLOCK,   /* churnd.clock */
	ENTRY_RULES,   /* churnd.rules: attribute sha256 */
	ENTRY_TASK, /* churnd.task: attributes task, verb, and what task_acts.c says of each verb */
	ENTRY_TAG, /* churnd.tag: attributes tag, remove, expires, who */
};

/* One decoded, validated entry. All that it points to is borrowed from the reader's batch. */
struct entry {
	struct stream_id id;
	enum entry_kind kind;
	uint16_t attribute_count;
	bool has_value;
	bool backfill;
	struct str customer; /* empty for clock and rules */
	struct str type;
	int64_t ts; /* when it happened; the entry's own ms when not given */
	double value;
	struct str user, source, event_id; /* STR_NONE when absent */
	const struct field *attributes;
};

struct str entry_attribute(const struct entry *entry,
			   struct str key); /* STR_NONE when absent */

#endif
