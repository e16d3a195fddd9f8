/* SPDX-License-Identifier: Apache-2.0 */
/* Writes packed cells, checks those that come from outside. */
#include "engine/cell.h"

#include <math.h>

static uint8_t *
write_varint(uint8_t *out, uint64_t number)
{
	for (; number >= 128; number >>= 7)
		*out++ = (uint8_t)(number | 128);
	*out++ = (uint8_t)number;
	return out;
}

static uint8_t *
write_double(uint8_t *out, double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof bits);
	for (int i = 0; i < 8; i++)
		*out++ = (uint8_t)(bits >> 8 * i);
	return out;
}

static uint64_t
zigzag(int64_t number)
{
	return (uint64_t)number << 1 ^ (number < 0 ? UINT64_MAX : 0);
}

size_t
cell_write(uint8_t out[CELL_MAX], uint32_t gap, const struct cell *cell, enum signal_kind kind)
{
	uint32_t high = gap < CELL_MORE ? gap : CELL_MORE;
	uint32_t low = cell->count < CELL_MORE ? cell->count : CELL_MORE;
	uint8_t *p = out;

	*p++ = (uint8_t)(high << 4 | low);
	if (high == CELL_MORE)
		p = write_varint(p, gap - CELL_MORE);
	if (low == CELL_MORE)
		p = write_varint(p, cell->count - CELL_MORE);
	if (signal_has_sum(kind))
		p = write_varint(p, zigzag(cell->u.sum));
	else if (kind == SIGNAL_LAST)
		p = write_double(p, cell->u.value);
	return (size_t)(p - out);
}

/* True when the byte string holds a whole cell at p, so that a cursor may read it. */
static bool
cell_is_whole(const uint8_t *p, const uint8_t *end, enum signal_kind kind)
{
	int varints = (*p >> 4 == CELL_MORE) + ((*p & 15) == CELL_MORE) + signal_has_sum(kind);

	for (p++; varints > 0; varints--) {
		int length = 1;

		for (; p < end && *p & 128; p++)
			length++;
		if (p++ >= end || length > 10)
			return false;
	}
	return kind != SIGNAL_LAST || end - p >= 8;
}

bool
cells_are_sound(struct cell_cursor cursor, enum signal_kind kind, uint32_t newest)
{
	const uint8_t *begin = cursor.p;
	uint8_t bytes[CELL_MAX];

	while (cursor.p < cursor.end) {
		size_t n;

		if (!cell_is_whole(cursor.p, cursor.end, kind) || !cell_next(&cursor, kind))
			return false;
		if ((cursor.start == begin) != (cursor.at.cell == cursor.before) ||
		    cursor.at.cell < cursor.before || cursor.at.cell >= newest ||
		    cursor.at.count == 0 ||
		    (kind == SIGNAL_LAST && !isfinite(cursor.at.u.value)))
			return false;
		n = cell_write(bytes, cursor.at.cell - cursor.before, &cursor.at, kind);
		if (n != (size_t)(cursor.p - cursor.start) ||
		    memcmp(bytes, cursor.start, n) != 0)
			return false;
	}
	return true;
}
