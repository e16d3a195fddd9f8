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

/* The bits from the pos-th on, at least 57 of them, with zeros behind the last; pos lies within the bytes or right behind. */
static inline uint64_t
bits_at(const uint8_t *p, size_t n, size_t pos)
{
	const uint8_t *at = p + pos / 8;
	size_t left = n - pos / 8;
	uint64_t bits = 0;

	if (left >= 8)
		bits = (uint64_t)at[0] << 56 | (uint64_t)at[1] << 48 | (uint64_t)at[2] << 40 |
		       (uint64_t)at[3] << 32 | (uint64_t)at[4] << 24 | (uint64_t)at[5] << 16 |
		       (uint64_t)at[6] << 8 | at[7];
	else
		for (size_t i = 0; i < left; i++)
			bits |= (uint64_t)at[i] << (56 - 8 * i);
	return bits << pos % 8;
}

/* One cell where a glance says nothing: how many bits it takes; 0: it makes no sense. */
static size_t
one_bits(const uint8_t *p, size_t n, size_t pos, uint64_t *gaps)
{
	struct cell_cursor cursor = cell_cursor_of(p + pos / 8, n - pos / 8, UINT32_MAX);
	size_t before;

	if (pos % 8 > 0)
		(void)cell_take(&cursor, pos % 8);
	before = bits_left(&cursor);
	if (!cell_next(&cursor, SIGNAL_COUNT))
		return 0;
	*gaps += UINT32_MAX - cursor.at.cell;
	return before - bits_left(&cursor);
}

#define GLANCES 4 /* for which one look at the bytes suffices */

/* With few branches, for each that is guessed wrongly takes as long as two glances. */
static bool
counts_are_sound(const uint8_t *p, size_t n, uint64_t reach)
{
	size_t pos = 0, end = n * 8, before;
	uint64_t gaps = 0;

	for (;;) {
		uint64_t bits = bits_at(p, n, pos), left = bits;

		before = pos;
		for (unsigned i = 0; i < GLANCES; i++) {
			unsigned seen = glance(left);

			left <<= seen & 15;
			pos += seen & 15;
			gaps += seen >> 4;
		}
		if (pos > end || gaps > reach)
			return false;
		if (pos > before)
			continue;
		if (bits == 0)
			return end - pos < 8;
		pos += one_bits(p, n, pos, &gaps);
		if (pos == before || gaps > reach)
			return false;
	}
}

/* ---- cells ---- */

static bool
cell_is_sound(struct cell_cursor *cursor, enum signal_kind kind)
{
	return cell_next(cursor, SIGNAL_COUNT) && number_is_sound(cursor, kind);
}

/* The cursor stays in registers: nobody else has its address. */
static inline bool
walk(struct cell_cursor cursor, enum signal_kind kind, uint32_t reach)
{
	uint32_t newest = cursor.at.cell, cell = newest, before = newest;

	for (;;) {
		uint32_t gap;
		unsigned n;

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
		return counts_are_sound(p, n, reach < newest ? reach : newest);
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
