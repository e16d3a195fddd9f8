/* SPDX-License-Identifier: Apache-2.0 */
/* A Redis reply as a flat tape: no object, no allocation per element. */
#ifndef IO_REPLY_H
#define IO_REPLY_H

#include "base/arena.h"

enum reply_type {
	REPLY_STRING,
	REPLY_STATUS,
	REPLY_ERROR,
	REPLY_INTEGER,
	REPLY_NIL,
	REPLY_ARRAY
};

/* Pre-order: an array's elements follow it; `span` items (itself included) belong to an element, so the
 * next sibling is item + item->span. Valid until the callback that got it returns. */
struct reply {
	enum reply_type type;
	uint32_t span;
	uint32_t count; /* REPLY_ARRAY: elements (0 for the nil array, which is REPLY_NIL) */
	uint32_t more;	/* REPLY_ARRAY, of a piece: elements that are still to come */
	union {
		int64_t integer;
		uint32_t last; /* REPLY_ARRAY: from it to its last element */
	};
	struct str text; /* STRING, STATUS, ERROR */
};

static inline const struct reply *
reply_next(const struct reply *reply)
{
	return reply + reply->span;
}

/* The i-th element of an array (walks siblings), or NULL. */
const struct reply *reply_at(const struct reply *array, uint32_t i);
bool reply_is(const struct reply *reply, const char *status); /* STATUS or STRING equal to it */
bool reply_error_is(const struct reply *reply, const char *word); /* "LOADING", "NOAUTH", ... */

#define REPLY_MAX_DEPTH 7		   /* arrays inside arrays; XREAD inside EXEC has 5 */
#define REPLY_MAX_ITEMS ((size_t)16 << 20) /* of one reply */
#define REPLY_MAX_BYTES ((size_t)1 << 30)  /* of one reply, as it comes from the socket */

/* The reader: hiredis' parser with functions of ours that write a tape. */
struct reply_reader;
struct reply_reader *reply_reader_create(void);
void reply_reader_destroy(struct reply_reader *reader);
void reply_reader_feed(struct reply_reader *reader, const char *bytes, size_t n);
void reply_reader_limit(struct reply_reader *reader,
			size_t bytes); /* instead of REPLY_MAX_BYTES */
/* true: *out is the next whole reply (valid until the next call), or NULL when more bytes are needed.
 * false: the bytes are no RESP; the connection has to be closed. */
bool reply_reader_next(struct reply_reader *reader, const struct reply **out,
		       struct err *err) MUST_CHECK;
/* The same, but an array of texts alone, which may be long, comes in pieces: arrays of at most REPLY_PIECE elements,
 * and of an even number of them as long as there are more. */
bool reply_reader_next_piece(struct reply_reader *reader, const struct reply **out,
			     struct err *err) MUST_CHECK;
/* Far fewer bytes than a socket holds: between two pieces it is read, and while it is full Redis waits. */
#define REPLY_PIECE 64u
size_t reply_reader_unread(
	const struct reply_reader *reader); /* bytes fed and not handed out */

#endif
