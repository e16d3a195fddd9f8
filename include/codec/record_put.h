/* SPDX-License-Identifier: Apache-2.0 */
/* The numbers of a state record on their way into its bytes. Inline: there are dozens in every record. */
#ifndef CODEC_RECORD_PUT_H
#define CODEC_RECORD_PUT_H

#include "base/number.h"
#include "codec/record_format.h"

struct record_writer {
	struct buf *out;
	const struct ruleset *rules;
	int64_t base; /* applied.ms */
	int64_t due_at;
};

static inline uint8_t *
record_room(const struct record_writer *writer, size_t bytes)
{
	return (uint8_t *)buf_space(writer->out, bytes);
}

/* It was filled up to `end`. */
static inline void
record_fill(const struct record_writer *writer, uint8_t *end)
{
	*end = '\0';
	writer->out->n = (size_t)((char *)end - writer->out->p);
}

static inline void
record_put_byte(const struct record_writer *writer, unsigned byte)
{
	uint8_t *p = record_room(writer, 1);

	*p = (uint8_t)byte;
	record_fill(writer, p + 1);
}

static inline void
record_put_number(const struct record_writer *writer, uint64_t number)
{
	record_fill(writer, put_varint(record_room(writer, VARINT_MAX), number));
}

static inline void
record_put_signed(const struct record_writer *writer, int64_t number)
{
	record_put_number(writer, zigzag(number));
}

static inline void
record_put_at(const struct record_writer *writer, int64_t at)
{
	record_put_signed(writer, (int64_t)((uint64_t)writer->base - (uint64_t)at));
}

static inline void
record_put_little(const struct record_writer *writer, uint64_t number, unsigned bytes)
{
	uint8_t *p = record_room(writer, bytes);

	for (unsigned i = 0; i < bytes; i++)
		p[i] = (uint8_t)(number >> 8 * i);
	record_fill(writer, p + bytes);
}

static inline void
record_put_key(const struct record_writer *writer, uint32_t key)
{
	record_put_little(writer, key, 4);
}

static inline void
record_put_double(const struct record_writer *writer, double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof bits);
	record_put_little(writer, bits, 8);
}

static inline void
record_put_bytes(const struct record_writer *writer, struct str bytes)
{
	uint8_t *p = record_room(writer, bytes.n);

	if (bytes.n > 0)
		memcpy(p, bytes.p, bytes.n);
	record_fill(writer, p + bytes.n);
}

static inline void
record_put_text(const struct record_writer *writer, struct str text)
{
	record_put_number(writer, text.n);
	record_put_bytes(writer, text);
}

#endif
