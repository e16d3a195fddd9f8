/* SPDX-License-Identifier: Apache-2.0 */
/* Packed cells: the older days or hours of a track as bytes. */
#ifndef ENGINE_CELL_H
#define ENGINE_CELL_H

#include <string.h>

#include "lang/expr.h"

/* A packed cell, oldest first:
 *
 *   byte    = gap << 4 | count    gap: cells since the one before; the oldest has 0
 *   [gap]     varint of gap - 15, when its nibble is 15
 *   [count]   varint of count - 15, when its nibble is 15
 *   [sum]     SIGNAL_SUM, _MAX, _MIN: zigzag varint, millionths
 *   [value]   SIGNAL_LAST: the double's 8 bytes, least first
 *
 * Every number has one encoding, so equal tracks are equal bytes. The bytes lie in state records: a change
 * here is a new version of those (codec/record.c). */
#define CELL_MORE 15u
#define CELL_MAX 24 /* bytes of one: at most 1 + 5 + 5 + 10 */

struct cell {
	uint32_t cell, count;
	union {
		int64_t sum;
		double value;
	} u;
};

/* Reads cells that were written by cell_write() or checked by cells_are_sound(): it checks nothing. */
struct cell_cursor {
	const uint8_t *start, *p, *end; /* start: of the cell last read */
	struct cell at;
	uint32_t before; /* cell before it; its own when it is the oldest */
};

size_t cell_write(uint8_t out[CELL_MAX], uint32_t gap, const struct cell *cell,
		  enum signal_kind kind);
/* True when the bytes are whole cells as cell_write() makes them, in order, before `newest`. */
bool cells_are_sound(struct cell_cursor cursor, enum signal_kind kind, uint32_t newest);

static inline struct cell_cursor
cell_cursor_of(const uint8_t *p, size_t n, uint32_t oldest)
{
	return (struct cell_cursor){p, p, p + n, {.cell = oldest}, oldest};
}

static inline const uint8_t *
cell_take_varint(const uint8_t *p, uint64_t *out)
{
	uint64_t number = *p & 127;

	for (unsigned shift = 7; *p++ & 128; shift += 7)
		number |= (uint64_t)(*p & 127) << shift;
	*out = number;
	return p;
}

static inline const uint8_t *
cell_take_double(const uint8_t *p, double *out)
{
	uint64_t bits = 0;

	for (int i = 0; i < 8; i++)
		bits |= (uint64_t)p[i] << 8 * i;
	memcpy(out, &bits, sizeof bits);
	return p + 8;
}

/* The next cell; false past the newest packed one, `at` then stays the last read. */
static inline bool
cell_next(struct cell_cursor *cursor, enum signal_kind kind)
{
	const uint8_t *p = cursor->p;
	uint32_t gap, count;
	uint64_t more;

	cursor->start = p;
	if (p == cursor->end)
		return false;
	gap = (uint32_t)*p >> 4;
	count = *p & 15;
	p++;
	if (gap == CELL_MORE) {
		p = cell_take_varint(p, &more);
		gap += (uint32_t)more;
	}
	if (count == CELL_MORE) {
		p = cell_take_varint(p, &more);
		count += (uint32_t)more;
	}
	if (signal_has_sum(kind)) {
		p = cell_take_varint(p, &more);
		cursor->at.u.sum = (int64_t)(more >> 1 ^ (more & 1 ? UINT64_MAX : 0));
	} else if (kind == SIGNAL_LAST) {
		p = cell_take_double(p, &cursor->at.u.value);
	}
	cursor->before = cursor->at.cell;
	cursor->at.cell += gap;
	cursor->at.count = count;
	cursor->p = p;
	return true;
}

#endif
