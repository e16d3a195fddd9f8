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
	uint64_t bits = 0;
	size_t at = 0;

	if (n >= 8) {
		at = pos / 8 < n - 8 ? pos / 8 : n - 8;
		p += at;
		bits = (uint64_t)p[0] << 56 | (uint64_t)p[1] << 48 | (uint64_t)p[2] << 40 |
		       (uint64_t)p[3] << 32 | (uint64_t)p[4] << 24 | (uint64_t)p[5] << 16 |
		       (uint64_t)p[6] << 8 | p[7];
	} else {
		for (size_t i = 0; i < n; i++)
			bits |= (uint64_t)p[i] << (56 - 8 * i);
	}
	pos -= at * 8;
	return pos < 64 ? bits << pos : 0;
}

/* Counts on their way: of what lies before `pos` the gaps are added up. */
struct counting {
	const uint8_t *p;
	size_t n, pos; /* bytes; bits */
	uint64_t gaps;
};

/* One cell where a glance says nothing; false: it makes no sense. */
static bool
count_one(struct counting *it)
{
	struct cell_cursor cursor =
		cell_cursor_of(it->p + it->pos / 8, it->n - it->pos / 8, UINT32_MAX);

	if (it->pos % 8 > 0)
		(void)cell_take(&cursor, it->pos % 8);
	if (!cell_next(&cursor, SIGNAL_COUNT))
		return false;
	it->gaps += UINT32_MAX - cursor.at.cell;
	it->pos = it->n * 8 - bits_left(&cursor);
	return true;
}

#define GLANCES 4 /* for which one look at the bytes suffices */

static inline uint64_t
count_glance(struct counting *it, uint64_t left)
{
	unsigned seen = glance(left), n = seen & 15;

	it->pos += n;
	it->gaps += seen >> 4;
	return left << n;
}

/* What takes zeros behind the end for its own stands beyond it. */
static inline bool
is_beyond(const struct counting *it)
{
	return it->pos > it->n * 8;
}

/* As far as glances go, or one of them beyond its end. With few branches, for each that is guessed wrongly takes as long as
 * two glances; and each glance waits for the one before it, so that three take little longer than one. */
static void
count_abreast(struct counting it[CELLS_ABREAST])
{
	struct counting a = it[0], b = it[1], c = it[2];
	size_t before;

	do {
		uint64_t of_a = bits_at(a.p, a.n, a.pos), of_b = bits_at(b.p, b.n, b.pos),
			 of_c = bits_at(c.p, c.n, c.pos);

		before = a.pos + b.pos + c.pos;
		for (unsigned i = 0; i < GLANCES; i++) {
			of_a = count_glance(&a, of_a);
			of_b = count_glance(&b, of_b);
			of_c = count_glance(&c, of_c);
		}
	} while (a.pos + b.pos + c.pos > before && !is_beyond(&a) && !is_beyond(&b) &&
		 !is_beyond(&c));
	it[0] = a;
	it[1] = b;
	it[2] = c;
}

/* What glances have left of it. */
static bool
count_rest(struct counting it, uint64_t most)
{
	for (;;) {
		size_t before = it.pos;
		uint64_t left;

		if (is_beyond(&it) || it.gaps > most)
			return false;
		left = bits_at(it.p, it.n, it.pos);
		if (left == 0)
			return it.n * 8 - it.pos < 8;
		(void)count_glance(&it, left);
		if (it.pos == before && !count_one(&it))
			return false;
	}
}

bool
counts_are_sound(const struct counts *counts, unsigned count)
{
	struct counting it[CELLS_ABREAST] = {{0}};
	bool sound = true;

	for (unsigned i = 0; i < CELLS_ABREAST; i++)
		it[i].p = counts[0].p; /* of those that there are not: no bytes */
	for (unsigned i = 0; i < count; i++)
		it[i] = (struct counting){.p = counts[i].p, .n = counts[i].n};
	count_abreast(it);
	for (unsigned i = 0; i < count; i++)
		sound &= count_rest(it[i], counts[i].most);
	return sound;
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

	return kind == SIGNAL_LAST ? walk(cursor, SIGNAL_LAST, reach)
				   : walk(cursor, kind, reach);
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
