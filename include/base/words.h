/* SPDX-License-Identifier: Apache-2.0 */
/* Text eight bytes at a time. */
#ifndef BASE_WORDS_H
#define BASE_WORDS_H

#include <stdint.h>
#include <string.h>

#define WORD_EACH(byte) (UINT64_C(0x0101010101010101) * (byte))
#define WORD_HIGH WORD_EACH(0x80)

/* Eight bytes, the first in the lowest place. */
static inline uint64_t
word_load(const char *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof word);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	return word;
}

/* The high bit of each byte that is below n (at most 128); exact up to and including the lowest one. */
static inline uint64_t
word_below(uint64_t word, unsigned char n)
{
	return (word - WORD_EACH(n)) & ~word & WORD_HIGH;
}

/* The same of each byte that is c. */
static inline uint64_t
word_is(uint64_t word, char c)
{
	return word_below(word ^ WORD_EACH((unsigned char)c), 1);
}

/* The place of the lowest byte marked. */
static inline unsigned
word_first(uint64_t marks)
{
	return (unsigned)__builtin_ctzll(marks) / 8;
}

/* A word in which each of the last 8 bytes of a text stands at least once, in any order; of n bytes, at least 1. */
static inline uint64_t
word_of_last(const char *p, size_t n)
{
	uint32_t low, high;

	if (n >= 8)
		return word_load(p + n - 8);
	if (n < 4)
		return WORD_EACH((unsigned char)p[0]) ^
		       ((uint64_t)(unsigned char)p[0] ^ (unsigned char)p[n / 2]) ^
		       ((uint64_t)((unsigned char)p[0] ^ (unsigned char)p[n - 1]) << 8);
	memcpy(&low, p, sizeof low);
	memcpy(&high, p + n - 4, sizeof high);
	return (uint64_t)high << 32 | low;
}

/* Marks each byte from `from` to `to` (both below 128); exact. */
static inline uint64_t
word_within(uint64_t word, unsigned char from, unsigned char to)
{
	uint64_t low = word & ~WORD_HIGH;

	return (low + WORD_EACH(0x80u - from)) & ~(low + WORD_EACH(0x7fu - to)) & ~word &
	       WORD_HIGH;
}

/* Marks what is not printable ASCII; exact as to whether there is any. */
static inline uint64_t
word_odd(uint64_t word)
{
	return word_below(word, 32) | word_is(word, 127) | (word & WORD_HIGH);
}

/* 0: marks() marks no byte of the text. */
static inline uint64_t
words_marked(const char *p, size_t n, uint64_t (*marks)(uint64_t word))
{
	uint64_t marked = 0;

	if (n == 0)
		return 0;
	for (size_t i = 0; i + 8 < n; i += 8)
		marked |= marks(word_load(p + i));
	return marked | marks(word_of_last(p, n));
}

static inline int
word_is_digits(uint64_t word)
{
	return ((word & WORD_EACH(0xf0)) == WORD_EACH(0x30)) &
	       (((word + WORD_EACH(6)) & WORD_EACH(0xf0)) == WORD_EACH(0x30));
}

/* The number that eight digits write: pairs, then fours, then all. */
static inline uint32_t
word_number(uint64_t word)
{
	word = (word & WORD_EACH(0x0f)) * 2561 >> 8;
	word = (word & UINT64_C(0x00ff00ff00ff00ff)) * 6553601 >> 16;
	return (uint32_t)((word & UINT64_C(0x0000ffff0000ffff)) * UINT64_C(42949672960001) >>
			  32);
}

/* The number that the last n (0 to 8) of eight bytes write, whatever stands before them; false: not all of these are digits. */
static inline int
word_take_number(const char *p, size_t n, uint32_t *out)
{
	uint64_t word = word_load(p), others = n < 8 ? UINT64_MAX >> 8 * n : 0;

	word = (word & ~others) | (WORD_EACH('0') & others);
	*out = word_number(word);
	return word_is_digits(word);
}

#endif
