/* SPDX-License-Identifier: Apache-2.0 */
/* How a state record lies in its bytes: what its writer and its reader share. */
#ifndef CODEC_RECORD_FORMAT_H
#define CODEC_RECORD_FORMAT_H

#include "codec/record.h"

/* record = version:1 tag:8 id:text applied-ms:zigzag applied-seq:varint has:varint part* crc32:4
 *
 *   has    bit p: part p follows; parts come in the order of enum record_part
 *   at     an instant: zigzag of applied-ms - instant (wrapping), so that recent ones are short
 *   key    4 bytes, least first
 *   text   length:varint bytes
 *   list   count:varint item*; an item of a key is followed by length:varint and that many bytes, so that
 *          what the reader's rule set does not know is passed over
 *
 * Ritual for a change: raise RECORD_VERSION; the reader keeps reading every older version, by branches on
 * reader.version where they differ; the writer writes the newest. Keep one record of each version as a
 * corpus file of tests/fuzz/fuzz_record.c. A new part at the end of the enum is such a change too.
 *
 *   2  parts from PART_LEVEL on; a tag says who set it; a task for which item it is, where it
 *      was sent, and how far its clocks and steps went
 *   3  a task by the keys of its rules, where 1 and 2 had bits of their slots, which say nothing any more;
 *      who lent it, what others call it, who took it when, and when it was put off
 *   4  a rule's `has` is a varint, and which of its alerts are open; when the customer churned
 *   5  what was said of a task's two clocks; before, once for both
 *   6  parts from PART_GONE on
 *   7  a track's cells in bits, newest first; before, in bytes, oldest first (record_cells.c); when its
 *      newest event was, from the beginning of its newest cell on; PART_DUE
 *   8  whose it is, so that records are loaded without the names of their fields; newer ones keep it there. What
 *      lies beside records and is no customer's begins with a version below 8 */
#define RECORD_VERSION 8
#define RECORD_WHOSE 8 /* the first that says whose it is */
#define RECORD_HEAD 9  /* version, tag */
#define RECORD_TAIL 4  /* CRC-32 (zlib) of all before it */

enum record_part {
	/* numbers, omitted when 0: rows of record_numbers[] */
	PART_FIRST_SEEN,
	PART_EVENT_AT,
	PART_SEQ,
	PART_ORDER_AT,
	PART_DAYS,    /* list of tracks by signal key */
	PART_PROFILE, /* list of cells by attribute key */
	PART_RULES,   /* list of states by rule key */
	PART_RISK,
	PART_HELD, /* list of level names */
	PART_FIRINGS,
	PART_EPISODE_N,
	PART_EPISODE_AT,
	PART_ORDER_N,
	PART_BACKFILLED_AT,
	PART_EPISODE, /* flags: nothing follows */
	PART_QUIET,
	PART_RESTS,
	PART_HOURS, /* as PART_DAYS */
	PART_IDS,
	PART_TASKS,
	PART_TAGS,
	PART_AFTERS,
	PART_LEVEL,   /* its name, where it is not the highest one held */
	PART_STAGE,   /* its name, since when */
	PART_RISKS,   /* list of points of the risk's history */
	PART_ITEMS,   /* list of items by the key of their list */
	PART_MEMBERS, /* key of what names them, list of members */
	PART_MOVED,   /* a flag */
	PART_CHURNED, /* an instant */
	PART_GONE,    /* a flag */
	PART_ALERTS, /* count:varint (key of the rule, key of the item, at)*: open beside a later one */
	PART_DUE, /* which program says so, minutes from applied-ms: varints; see record_encode_due() */
	PART_COUNT,
	PART_COUNT_1 = PART_LEVEL,   /* what version 1 knew */
	PART_COUNT_3 = PART_CHURNED, /* what 2 and 3 did */
	PART_COUNT_5 = PART_GONE,    /* what 4 and 5 did */
	PART_COUNT_6 = PART_DUE	     /* what 6 did */
};

/* What a byte says of a task: these follow, or are so. */
enum record_task {
	TASK_FOLLOWS = 1, /* stepped_at */
	TASK_ACKED = 2,	  /* acked_at */
	TASK_GIVEN = 4,	  /* given_at */
	TASK_WAS_CLAIMED = 8,
	TASK_TOLD = 16 /* times enum task_told */
};

/* A number of struct customer, or of its cold part. */
struct record_number {
	uint8_t part;
	uint8_t size; /* 1, 4 or 8 bytes */
	bool is_at;   /* an instant */
	bool is_cold;
	uint16_t offset;
};

#define RECORD_NUMBERS 10
extern const struct record_number record_numbers[RECORD_NUMBERS]; /* by part */
/* The struct that it is of, made where it is missing. */
void *record_number_of(const struct record_number *number, struct customer *customer);

/* A customer_flag that is kept. */
struct record_flag {
	uint8_t part, flag;
};

#define RECORD_FLAGS 5
extern const struct record_flag record_flags[RECORD_FLAGS];

/* The numbers of a rule's state: bit i of `has` says that row i is not 0. */
#define RECORD_RULE_NUMBERS 9
extern const struct record_number record_rule_numbers[RECORD_RULE_NUMBERS];

unsigned record_due_program(void);

void record_text_put(struct buf *out, struct str text); /* its length before it */
/* The checksum of what was written from `begin` on, behind it: RECORD_TAIL bytes. */
void record_sum_put(struct buf *out, size_t begin);
/* Of bytes that end with one, at least RECORD_TAIL: does it fit what is before it? */
bool record_sum_fits(struct str bytes) MUST_CHECK;

#endif
