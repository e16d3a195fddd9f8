/* SPDX-License-Identifier: Apache-2.0 */
/* zlib's CRC-32, several times as fast where the processor multiplies without carry: a start checks every record.
 *
 * Gopal and others, "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction" (Intel, 2009), bits
 * reflected. What lies before a message as zeros changes no remainder, so the first block is filled up with them. */
#include "base/crc.h"

#include <zlib.h>

static uint32_t
crc_zlib(const void *bytes, size_t n)
{
	return (uint32_t)crc32_z(0, bytes, n);
}

#if defined(__x86_64__)
#include <immintrin.h>

#define BLOCK 16
#define CRC_TARGET __attribute__((target("pclmul,sse4.1")))

/* Remainders of powers of x by the polynomial, as the paper's section 4 has them. */
#define X_160 INT64_C(0x1751997d0)
#define X_96 INT64_C(0x0ccaa009e)
#define X_64 INT64_C(0x163cd6124)
#define POLYNOMIAL INT64_C(0x1db710641)
#define QUOTIENT INT64_C(0x1f7011641) /* of x^64 by it */

/* Read from n on: the first n bytes move to the end, behind zeros; from BLOCK + n on: the others to the front. */
static const uint8_t moves[3 * BLOCK] = {
	0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
	0x80, 0x80, 0x80, 0x80, 0,    1,    2,	  3,	4,    5,    6,	  7,
	8,    9,    10,	  11,	12,   13,   14,	  15,	0x80, 0x80, 0x80, 0x80,
	0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
};

static inline __m128i
load(const void *p)
{
	return _mm_loadu_si128(p);
}

CRC_TARGET static inline __m128i
fold(__m128i sum, __m128i by, __m128i next)
{
	return _mm_xor_si128(_mm_xor_si128(_mm_clmulepi64_si128(sum, by, 0x00),
					   _mm_clmulepi64_si128(sum, by, 0x11)),
			     next);
}

/* 128 bits to the remainder. */
CRC_TARGET static inline uint32_t
reduce(__m128i sum)
{
	const __m128i low = _mm_setr_epi32(-1, 0, 0, 0);
	const __m128i by = _mm_set_epi64x(QUOTIENT, POLYNOMIAL);
	__m128i rest;

	sum = _mm_xor_si128(_mm_srli_si128(sum, 8),
			    _mm_clmulepi64_si128(sum, _mm_cvtsi64_si128(X_96), 0x00));
	sum = _mm_xor_si128(
		_mm_srli_si128(sum, 4),
		_mm_clmulepi64_si128(_mm_and_si128(sum, low), _mm_cvtsi64_si128(X_64), 0x00));
	rest = _mm_clmulepi64_si128(_mm_and_si128(sum, low), by, 0x10);
	rest = _mm_clmulepi64_si128(_mm_and_si128(rest, low), by, 0x00);
	return (uint32_t)_mm_extract_epi32(_mm_xor_si128(sum, rest), 1);
}

/* Of at least two blocks. */
CRC_TARGET static uint32_t
crc_multiplied(const uint8_t *p, size_t n)
{
	const __m128i by = _mm_set_epi64x(X_96, X_160), first = _mm_setr_epi32(-1, 0, 0, 0);
	size_t odd = n % BLOCK;
	const uint8_t *end = p + n;
	__m128i sum, start = _mm_xor_si128(load(p), first);

	sum = _mm_shuffle_epi8(start, load(moves + odd));
	start = _mm_shuffle_epi8(first, load(moves + BLOCK + odd)); /* what of it is left */
	p += odd;
	sum = fold(sum, by, _mm_xor_si128(load(p), start));
	for (p += BLOCK; p < end; p += BLOCK)
		sum = fold(sum, by, load(p));
	return ~reduce(sum);
}

uint32_t
crc32_of(const void *bytes, size_t n)
{
	if (n >= 2 * BLOCK && __builtin_cpu_supports("pclmul") &&
	    __builtin_cpu_supports("sse4.1"))
		return crc_multiplied(bytes, n);
	return crc_zlib(bytes, n);
}

#else

uint32_t
crc32_of(const void *bytes, size_t n)
{
	return crc_zlib(bytes, n);
}
#endif
