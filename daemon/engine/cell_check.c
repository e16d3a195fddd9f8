/* SPDX-License-Identifier: Apache-2.0 */
/* Whether bytes are what would be written of the cells that lie in them. */
#include <math.h>
#include <stdatomic.h>

#include "engine/cell.h"

static size_t
bits_left(const struct cell_cursor *cursor)
{
	return (size_t)(cursor->end - cursor->p) * 8 + cursor->have;
}

/* Takes a number, and whether it would be written so. */
static bool
number_is_sound(struct cell_cursor *cursor, enum signal_kind kind)
{
	struct cell_cursor again = *cursor;
	uint8_t bytes[CELL_NUMBER_MAX];
	size_t n;

	cell_take_number(cursor, kind);
	if (cursor->bad || (kind == SIGNAL_LAST && !isfinite(cursor->at.u.value)))
		return false;
	n = number_write(bytes, &cursor->at, kind);
	for (size_t i = 0; i < n; i++)
		if (cell_take(&again, 8) != bytes[i])
			return false;
	return !again.bad && bits_left(&again) == bits_left(cursor);
}

/* ---- what is common: how many bits it takes of those given, if it is sound; 0: somebody else has to look ---- */

#define AT_HAND 56 /* bits */

static inline unsigned
gamma_bits(uint64_t bits)
{
	return 2 * (unsigned)__builtin_clzll(bits | 1) + 1;
}

#define WHOLE_BYTES 6 /* of a whole number that is one for every kind: under 2^39, either way */

static inline unsigned
whole_bits(uint64_t bits)
{
	unsigned more = 0;

	if (bits >> 56 & 3)
		return 0;
	while (bits >> 63 && more < WHOLE_BYTES) {
		bits <<= 8;
		more++;
	}
	return more == 0 ? 8 : more < WHOLE_BYTES && bits >> 56 != 0 ? 8 * more + 8 : 0;
}

static inline unsigned
cell_bits(uint64_t bits, enum signal_kind kind, uint32_t *gap)
{
	unsigned n = gamma_bits(bits), number;

	*gap = 0;
	if (n > AT_HAND)
		return 0;
	*gap = (uint32_t)(bits >> (64 - n));
	n += gamma_bits(bits << n);
	if (n > AT_HAND)
		return 0;
	if (kind == SIGNAL_COUNT)
		return n;
	number = whole_bits(bits << n);
	return number > 0 && n + number <= AT_HAND ? n + number : 0;
}

/* ---- cells of SIGNAL_COUNT, several at a glance ---- */

#define GLANCE 12 /* bits */
#define GLANCE_MADE 0x8000u

/* Of the cells that lie whole in these bits: how many bits they take, 4 bits; the sum of their gaps, 11; GLANCE_MADE. */
static uint16_t
glance_make(unsigned of)
{
	uint64_t bits = (uint64_t)of << (64 - GLANCE);
	unsigned left = GLANCE, n;
	uint32_t gap, gaps = 0;

	while ((n = cell_bits(bits, SIGNAL_COUNT, &gap)) > 0 && n <= left) {
		bits <<= n;
		left -= n;
		gaps += gap;
	}
	return (uint16_t)((GLANCE - left) | gaps << 4 | GLANCE_MADE);
}

/* Whoever comes first makes it; two at once make the same. */
static inline unsigned
glance(uint64_t bits)
{
	static _Atomic uint16_t made[1u << GLANCE];
	unsigned of = (unsigned)(bits >> (64 - GLANCE));
	uint16_t seen = atomic_load_explicit(&made[of], memory_order_relaxed);

	if (seen == 0) {
		seen = glance_make(of);
		atomic_store_explicit(&made[of], seen, memory_order_relaxed);
	}
	return seen & ~GLANCE_MADE;
}

/* Takes some cells at once; false: they have to be looked at one by one. */
static inline bool
glance_take(struct cell_cursor *cursor, uint32_t *cell)
{
	unsigned seen, n;

	if (cursor->have < GLANCE)
		cell_fill(cursor);
	seen = glance(cursor->bits);
	n = seen & 15u;
	if (n == 0 || n > cursor->have || seen >> 4 > *cell)
		return false;
	cursor->bits <<= n;
	cursor->have -= n;
	*cell -= seen >> 4;
	return true;
}

/* ---- cells ---- */

static bool
cell_is_sound(struct cell_cursor *cursor, enum signal_kind kind)
{
	if (!cell_next(cursor, SIGNAL_COUNT))
		return false;
	return kind == SIGNAL_COUNT || number_is_sound(cursor, kind);
}

/* The cursor stays in registers: nobody else has its address. */
static inline bool
walk(struct cell_cursor cursor, enum signal_kind kind, uint32_t reach)
{
	uint32_t newest = cursor.at.cell, cell = newest, before = newest;

	for (;;) {
		uint32_t gap;
		unsigned n;

		if (kind == SIGNAL_COUNT && glance_take(&cursor, &cell))
			continue;
		n = cell_bits(cursor.bits, kind, &gap);
		if (n == 0 || n > cursor.have) { /* more may be had */
			cell_fill(&cursor);
			if (cursor.bits == 0)
				break;
			n = cell_bits(cursor.bits, kind, &gap);
		}
		before = cell;
		if (n > 0 && n <= cursor.have && gap <= cell) {
			cursor.bits <<= n;
			cursor.have -= n;
			cell -= gap;
			continue;
		}
		struct cell_cursor slow = cursor;
		slow.at.cell = cell;
		if (!cell_is_sound(&slow, kind))
			return false;
		cell = slow.at.cell;
		cursor = slow;
	}
	if (kind != SIGNAL_LAST)
		before = cell;
	return cursor.have < 8 && newest - before <= reach;
}

bool
cells_are_sound(const uint8_t *p, size_t n, enum signal_kind kind, uint32_t newest,
		uint32_t reach)
{
	struct cell_cursor cursor = cell_cursor_of(p, n, newest);

	if (kind == SIGNAL_COUNT)
		return walk(cursor, SIGNAL_COUNT, reach);
	if (kind == SIGNAL_LAST)
		return walk(cursor, SIGNAL_LAST, reach);
	return walk(cursor, kind, reach);
}

const uint8_t *
number_check(const uint8_t *p, const uint8_t *end, enum signal_kind kind)
{
	struct cell_cursor cursor = cell_cursor_of(p, (size_t)(end - p), 0);
	unsigned n;

	cell_fill(&cursor);
	n = whole_bits(cursor.bits);
	if (n > 0 && n <= cursor.have)
		return p + n / 8;
	return number_is_sound(&cursor, kind) ? cursor.p - cursor.have / 8 : NULL;
}
