/* SPDX-License-Identifier: Apache-2.0 */
/* Packed cells: the older days or hours of a track as bits. */
#ifndef ENGINE_CELL_H
#define ENGINE_CELL_H

#include <string.h>

#include "lang/expr.h"

/* Bits from the highest of each byte on, newest cell first, zeros up to the end of the last byte:
 *
 *   cell    = gap count [number]
 *   gap       gamma: cells up to the next newer one; of the newest packed one, up to the newest of all
 *   count     gamma: events
 *   number    SIGNAL_SUM, _MAX, _MIN: millionths; SIGNAL_LAST: the value
 *
 *   gamma   = Elias': as many zeros as there are bits behind the first one, then the number, which is not 0. Most
 *             days follow the one before, with one event: two bits
 *   number  = varint (least seven bits first, the eighth: more follow) of zigzag << 2 | scale; scale 0: whole,
 *             1: hundredths, 2: millionths, the least that is exact; 3, and no zigzag: 8 bytes follow, least
 *             first: the millionths, or the double, that fit none of these
 *
 * Every number has one encoding, so equal tracks are equal bytes. The bytes lie in state records: a change
 * here is a new version of those (codec/record.c). */
#define CELL_NUMBER_MAX 10 /* bytes of a number */
#define CELL_MAX \
	26 /* bytes of a cell, which need not begin with one: at most 63 + 63 + 80 bits */

struct cell {
	uint32_t cell, count;
	union {
		int64_t sum;
		double value;
	} u;
};

/* ---- reading: of any bytes; what makes no sense ends it ---- */

struct cell_cursor {
	const uint8_t *p, *end; /* what is not in `bits` yet */
	uint64_t bits;		/* the next ones, from the highest on; zeros behind them */
	unsigned have;		/* so many */
	bool bad;
	struct cell at; /* the last read */
};

/* `newest`: the cell that comes after them. */
static inline struct cell_cursor
cell_cursor_of(const uint8_t *p, size_t n, uint32_t newest)
{
	return (struct cell_cursor){.p = p, .end = p + n, .at = {.cell = newest}};
}

/* At least 56 bits, where there are as many. */
static inline void
cell_fill(struct cell_cursor *cursor)
{
	if (cursor->end - cursor->p >= 8) {
		const uint8_t *p = cursor->p;
		uint64_t next = (uint64_t)p[0] << 56 | (uint64_t)p[1] << 48 |
				(uint64_t)p[2] << 40 | (uint64_t)p[3] << 32 |
				(uint64_t)p[4] << 24 | (uint64_t)p[5] << 16 |
				(uint64_t)p[6] << 8 | p[7];
		unsigned bytes = (63 - cursor->have) / 8;

		cursor->p += bytes;
		cursor->bits |= next >> cursor->have;
		cursor->have += bytes * 8;
		cursor->bits &= ~UINT64_C(0) << (64 - cursor->have); /* read again next time */
		return;
	}
	while (cursor->have <= 56 && cursor->p < cursor->end) {
		cursor->bits |= (uint64_t)*cursor->p++ << (56 - cursor->have);
		cursor->have += 8;
	}
}

/* 1 to 56 bits. */
static inline uint64_t
cell_take(struct cell_cursor *cursor, unsigned n)
{
	uint64_t taken;

	if (cursor->have < n)
		cell_fill(cursor);
	if (cursor->have < n) {
		cursor->bad = true;
		return 1;
	}
	taken = cursor->bits >> (64 - n);
	cursor->bits <<= n;
	cursor->have -= n;
	return taken;
}

/* 1 to UINT32_MAX. */
static inline uint32_t
cell_take_gamma(struct cell_cursor *cursor)
{
	unsigned zeros;
	uint64_t number;

	for (int filled = 0;; filled++) {
		zeros = cursor->bits ? (unsigned)__builtin_clzll(cursor->bits) : 64;
		if (2 * zeros + 1 <= cursor->have && zeros <= 31) {
			number = cursor->bits >> (63 - 2 * zeros);
			cursor->bits = cursor->bits << (2 * zeros) << 1;
			cursor->have -= 2 * zeros + 1;
			return (uint32_t)number;
		}
		if (filled)
			break;
		cell_fill(cursor); /* mostly all of it is there already */
	}
	if (zeros > 31) {
		cursor->bad = true;
		return 1;
	}
	cursor->bits <<= zeros;
	cursor->have -= zeros;
	return (uint32_t)cell_take(cursor, zeros + 1);
}

/* A number of that kind, into the cell's u. */
void cell_take_number(struct cell_cursor *cursor, enum signal_kind kind);

/* The next older cell; false when there is none, `at` then stays the last read. */
static inline bool
cell_next(struct cell_cursor *cursor, enum signal_kind kind)
{
	uint32_t gap, count;

	if (cursor->bits == 0)
		cell_fill(cursor);
	if (cursor->bits == 0 || cursor->bad)
		return false;
	gap = cell_take_gamma(cursor);
	count = cell_take_gamma(cursor);
	if (cursor->bad || gap > cursor->at.cell) {
		cursor->bad = true;
		return false;
	}
	if (kind != SIGNAL_COUNT)
		cell_take_number(cursor, kind);
	cursor->at.cell -= gap;
	cursor->at.count = count;
	return !cursor->bad;
}

/* ---- writing ---- */

struct cell_writer {
	uint8_t *p;    /* room for what is written, and 8 bytes more */
	uint64_t bits; /* not written yet, from the highest on */
	unsigned have; /* so many: under 8 between calls */
};

void cell_write(struct cell_writer *writer, uint32_t gap, const struct cell *cell,
		enum signal_kind kind);
/* So many bits of what the other would read next. */
void cell_write_bits(struct cell_writer *writer, struct cell_cursor from, size_t bits);
uint8_t *cell_write_end(struct cell_writer *writer); /* where the bytes end */

/* ---- what others wrote ---- */

/* Is it what would be written of some cells before `newest`, all within `reach` of it, of a gauge but for the last
 * of them? Not of SIGNAL_COUNT. */
bool cells_are_sound(const uint8_t *p, size_t n, enum signal_kind kind, uint32_t newest,
		     uint32_t reach);
/* The same of SIGNAL_COUNT, of 1 to CELLS_ABREAST tracks at once: the oldest cell lies `most` before the newest at most. */
#define CELLS_ABREAST 3
struct counts {
	const uint8_t *p;
	size_t n;
	uint32_t most;
};
bool counts_are_sound(const struct counts *counts, unsigned count);
/* What follows a number by itself; NULL: it is none that number_write() writes. */
const uint8_t *number_check(const uint8_t *p, const uint8_t *end, enum signal_kind kind);

/* A number by itself, in bytes. */
size_t number_write(uint8_t out[CELL_NUMBER_MAX], const struct cell *cell,
		    enum signal_kind kind);

#endif
