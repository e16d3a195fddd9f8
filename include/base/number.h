/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers as text and as packed bytes; every parse takes the whole text or fails. */
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

#include "base/text.h"

bool parse_int64(struct str text, int64_t *out) MUST_CHECK;   /* decimal, optional sign */
bool parse_uint64(struct str text, uint64_t *out) MUST_CHECK; /* decimal, no sign */
/* Finite decimal number ("1", "-2.5", "1e3"); no hex, inf, nan, spaces. Independent of the locale. */
bool parse_number(struct str text, double *out) MUST_CHECK;

/* Decimal digits to out, not terminated; returns what follows them. */
#define UINT64_DIGITS 20
char *print_uint64(uint64_t number, char out[UINT64_DIGITS]);
#define INT64_DIGITS 20 /* with its sign */
char *print_int64(int64_t number, char out[INT64_DIGITS]);

/* 6 significant digits as %.6g, without an exponent when |x| is in [1e-4, 1e15) (1234567.25 is
 * "1234570"); an integer under 1e15 prints whole; never "-0", "inf" or "nan" (those print "null"). */
void buf_number(struct buf *buf, double number);
/* Shortest text that reads back to the same double. */
void buf_number_exact(struct buf *buf, double number);

#define VARINT_MAX 10 /* bytes */
/* LEB128 varints, zigzag for signed: the bytes of state records. The readers return NULL when the
 * bytes end early or a varint is longer than 10 bytes; at NULL they stay NULL (chains need one check). */
void buf_varint(struct buf *buf, uint64_t number);
void buf_zigzag(struct buf *buf, int64_t number);
const uint8_t *read_varint(const uint8_t *p, const uint8_t *end, uint64_t *out);
const uint8_t *read_zigzag(const uint8_t *p, const uint8_t *end, int64_t *out);

/* Returns what follows it; out has room for VARINT_MAX bytes. */
static inline uint8_t *
put_varint(uint8_t *out, uint64_t number)
{
	for (; number >= 0x80; number >>= 7)
		*out++ = (uint8_t)(number | 0x80);
	*out++ = (uint8_t)number;
	return out;
}

/* 0 -1 1 -2 2 ... become 0 1 2 3 4 ... */
static inline uint64_t
zigzag(int64_t number)
{
	return (uint64_t)number << 1 ^ (number < 0 ? UINT64_MAX : 0);
}

static inline int64_t
unzigzag(uint64_t number)
{
	return (int64_t)(number >> 1 ^ (number & 1 ? UINT64_MAX : 0));
}

#endif
