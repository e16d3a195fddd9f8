/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers as packed bytes: LEB128 and zigzag. */
#include "base/number.h"

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

const uint8_t *
read_varint(const uint8_t *p, const uint8_t *end, uint64_t *out)
{
	uint64_t number = 0;

	if (p == NULL)
		return NULL;
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
