/* SPDX-License-Identifier: Apache-2.0 */
/* Writes packed cells, and what is rare in reading them. */
#include "engine/cell.h"

#include <math.h>

#include "base/number.h"

enum scale { SCALE_WHOLE, SCALE_HUNDREDTHS, SCALE_MILLIONTHS, SCALE_RAW };

/* So many of the scale are one. */
static const int64_t scales[] = {1, 100, 1000000};

#define ZIGZAG_MAX (UINT64_C(1) << 61) /* from there on a number is raw */
#define EXACT_MAX 9007199254740992.0   /* 2^53: the whole numbers below are doubles */

/* ---- bits ---- */

static void
put(struct cell_writer *writer, uint64_t number, unsigned n) /* n <= 56 */
{
	writer->bits |= number << (64 - n) >> writer->have;
	writer->have += n;
	for (; writer->have >= 8; writer->have -= 8) {
		*writer->p++ = (uint8_t)(writer->bits >> 56);
		writer->bits <<= 8;
	}
}

static void
put_gamma(struct cell_writer *writer, uint32_t number)
{
	unsigned behind = 31 - (unsigned)__builtin_clz(number);

	if (behind > 0)
		put(writer, 0, behind);
	put(writer, number, behind + 1);
}

void
cell_write_bits(struct cell_writer *writer, struct cell_cursor from, size_t bits)
{
	for (unsigned n; bits > 0; bits -= n) {
		n = bits < 56 ? (unsigned)bits : 56;
		put(writer, cell_take(&from, n), n);
	}
}

uint8_t *
cell_write_end(struct cell_writer *writer)
{
	if (writer->have > 0)
		put(writer, 0, 8 - writer->have);
	return writer->p;
}

/* ---- numbers ---- */

/* The least scale in which the number is exact. */
static enum scale
scale_of_sum(int64_t micro, int64_t *out)
{
	for (enum scale scale = SCALE_WHOLE; scale < SCALE_RAW; scale++) {
		*out = micro / (scales[SCALE_MILLIONTHS] / scales[scale]);
		if (*out * (scales[SCALE_MILLIONTHS] / scales[scale]) == micro &&
		    zigzag(*out) < ZIGZAG_MAX)
			return scale;
	}
	return SCALE_RAW;
}

static enum scale
scale_of_value(double value, int64_t *out)
{
	for (enum scale scale = SCALE_WHOLE; scale < SCALE_RAW; scale++) {
		double scaled = rint(value * (double)scales[scale]);

		if (fabs(scaled) < EXACT_MAX && scaled / (double)scales[scale] == value &&
		    (scaled != 0 || !signbit(value))) {
			*out = (int64_t)scaled;
			return scale;
		}
	}
	return SCALE_RAW;
}

static size_t
write_raw(uint8_t out[CELL_NUMBER_MAX], const struct cell *cell)
{
	uint64_t bits;

	memcpy(&bits, &cell->u, sizeof bits);
	out[0] = SCALE_RAW;
	for (unsigned i = 0; i < 8; i++)
		out[1 + i] = (uint8_t)(bits >> 8 * i);
	return 9;
}

size_t
number_write(uint8_t out[CELL_NUMBER_MAX], const struct cell *cell, enum signal_kind kind)
{
	int64_t scaled = 0;
	enum scale scale = kind == SIGNAL_LAST ? scale_of_value(cell->u.value, &scaled)
					       : scale_of_sum(cell->u.sum, &scaled);
	uint64_t number = zigzag(scaled) << 2 | (uint64_t)scale;

	if (scale == SCALE_RAW)
		return write_raw(out, cell);
	return (size_t)(put_varint(out, number) - out);
}

static void
take_raw(struct cell_cursor *cursor)
{
	uint64_t bits = 0;

	for (unsigned i = 0; i < 8; i++)
		bits |= cell_take(cursor, 8) << 8 * i;
	memcpy(&cursor->at.u, &bits, sizeof bits);
}

void
cell_take_number(struct cell_cursor *cursor, enum signal_kind kind)
{
	uint64_t number = 0, byte = 128;
	unsigned scale;

	for (unsigned shift = 0; byte & 128 && shift < 64 && !cursor->bad; shift += 7) {
		byte = cell_take(cursor, 8);
		number |= (byte & 127) << shift;
	}
	scale = number & 3;
	if (byte & 128)
		cursor->bad = true;
	else if (scale == SCALE_RAW)
		take_raw(cursor);
	else if (kind == SIGNAL_LAST)
		cursor->at.u.value = (double)unzigzag(number >> 2) / (double)scales[scale];
	else if (number >> 2 >= ZIGZAG_MAX ||
		 __builtin_mul_overflow(unzigzag(number >> 2),
					scales[SCALE_MILLIONTHS] / scales[scale],
					&cursor->at.u.sum))
		cursor->bad = true;
}

void
cell_write(struct cell_writer *writer, uint32_t gap, const struct cell *cell,
	   enum signal_kind kind)
{
	uint8_t bytes[CELL_NUMBER_MAX];

	put_gamma(writer, gap);
	put_gamma(writer, cell->count);
	if (kind == SIGNAL_COUNT)
		return;
	for (size_t i = 0, n = number_write(bytes, cell, kind); i < n; i++)
		put(writer, bytes[i], 8);
}
