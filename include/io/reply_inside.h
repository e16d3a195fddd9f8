/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of io/reply share: nobody else includes this. */
#ifndef IO_REPLY_INSIDE_H
#define IO_REPLY_INSIDE_H

#include <hiredis/hiredis.h>

#include "base/mem.h"
#include "io/reply.h"

struct chunk; /* of text */

struct open_array {
	uint32_t item; /* its place on the tape */
	uint32_t left; /* elements still to come */
};

/* The head of a text or an array, of at most two digits: `number` of bytes or elements. */
struct reply_head {
	uint64_t bytes;	 /* itself, and all bits set in the bytes beyond it */
	uint64_t beyond; /* those bits */
	uint8_t number;
	uint8_t size; /* of itself */
};

#define REPLY_SHAPE \
	40 /* texts of an entry of which something is known beforehand: twenty fields */

/* The heads of an entry as they were last; zeroed, nothing is like them. */
struct reply_shape {
	struct reply_head id, list, texts[REPLY_SHAPE];
};

struct reply_reader {
	redisReader *parser; /* owned */
	struct reply *items; /* owned: the tape */
	size_t count, cap;
	struct open_array open[REPLY_MAX_DEPTH];
	unsigned depth;
	struct chunk *chunks; /* owned, first to last */
	struct chunk *chunk;  /* borrowed from chunks: the one being filled */
	size_t used;	      /* of it */
	size_t pending;	      /* bytes fed since the last whole reply */
	size_t limit;	      /* of pending */
	const char *refused;  /* what is wrong, in words; NULL while nothing is */
	bool handed_out;      /* the tape holds a whole reply */
	bool parsing;	      /* hiredis is at work on this reply */
	size_t scanned;	      /* bytes of this reply that the scan has passed */
	uintptr_t scanned_at; /* where this reply, or piece, lay then */
	size_t paired;	/* likewise, behind the last even element of the outermost array */
	bool in_pieces; /* what is scanned may be handed out before it is whole */
	uint32_t more;	/* elements of an array whose first ones were handed out */
	bool resumed;	/* the array on the tape is the rest of one */
	struct reply_shape shape;
};

static inline struct reply *
tape_add(struct reply_reader *reader, enum reply_type type)
{
	struct reply *item;

	if (reader->count == reader->cap)
		MEM_RESERVE(reader->items, reader->cap, reader->count + 1);
	if (reader->depth > 0 && reader->open[reader->depth - 1].left == 1) {
		uint32_t array = reader->open[reader->depth - 1].item;

		reader->items[array].last = (uint32_t)reader->count - array;
	}
	item = &reader->items[reader->count++];
	*item = (struct reply){.type = type, .span = 1, .text = STR_NONE};
	return item;
}

/* io/reply.c: an element ended the innermost array, and so perhaps the ones around it. */
void reply_tape_close(struct reply_reader *reader);

/* After each element. Gives what hiredis holds as "the object": anything that is not NULL, which
 * would be out of memory. */
static inline void *
tape_done(struct reply_reader *reader)
{
	if (reader->depth > 0 && --reader->open[reader->depth - 1].left == 0)
		reply_tape_close(reader);
	return reader;
}

/* io/reply_scan.c */
enum scan {
	SCAN_WHOLE,
	SCAN_SHORT,  /* bytes are missing */
	SCAN_STRANGE /* it is for hiredis to read */
};

/* Goes on where it stopped for want of bytes. */
enum scan reply_scan(struct reply_reader *reader);
/* The scanned reply, or piece, was read by its owner: hiredis forgets its bytes. */
void reply_scan_consume(struct reply_reader *reader);
/* It turned out strange: hiredis reads it from its first byte. */
void reply_scan_abandon(struct reply_reader *reader);

/* io/reply_entry.c: an entry of a stream that lies whole before `end`, onto the tape; *at moves past it. false, and nothing is
 * changed: it is something else, has long texts or many, or comes close to the end. */
bool reply_scan_entry(struct reply_reader *reader, const char **at, const char *end);

#endif
