/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers as packed bytes: LEB128 and zigzag. */
#include "base/number.h"

#include "base/words.h"

void
buf_varint(struct buf *buf, uint64_t number)
{
	uint8_t *p = (uint8_t *)buf_space(buf, VARINT_MAX);
	uint8_t *end = put_varint(p, number);

	*end = '\0';
	buf->n += (size_t)(end - p);
}

void
buf_zigzag(struct buf *buf, int64_t number)
{
	buf_varint(buf, zigzag(number));
}

/* The low seven bits of each byte, closed up. */
static uint64_t
word_sevens(uint64_t word)
{
	word = (word & UINT64_C(0x7f007f007f007f00)) >> 1 |
	       (word & UINT64_C(0x007f007f007f007f));
	word = (word & UINT64_C(0x3fff00003fff0000)) >> 2 |
	       (word & UINT64_C(0x00003fff00003fff));
	return (word & UINT64_C(0x0fffffff00000000)) >> 4 | (word & UINT64_C(0x0fffffff));
}

const uint8_t *
read_varint(const uint8_t *p, const uint8_t *end, uint64_t *out)
{
	uint64_t number = 0;

	if (p == NULL)
		return NULL;
	if (end - p >= 8) { /* without a branch for each byte */
		uint64_t word = word_load((const char *)p), last = ~word & WORD_HIGH;

		if (last != 0) {
			*out = word_sevens(word & (last ^ (last - 1)));
			return p + word_first(last) + 1;
		}
	}
	for (unsigned shift = 0; p < end && shift < 7 * VARINT_MAX; shift += 7) {
		uint64_t byte = *p++;

		number |= (byte & 0x7f) << shift;
		if (byte < 0x80) {
			if (shift == 63 && byte > 1)
				return NULL; /* more than 64 bits */
			*out = number;
			return p;
		}
	}
	return NULL;
}

const uint8_t *
read_zigzag(const uint8_t *p, const uint8_t *end, int64_t *out)
{
	uint64_t bits;

	p = read_varint(p, end, &bits);
	if (p != NULL)
		*out = unzigzag(bits);
	return p;
}
