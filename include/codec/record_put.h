/* SPDX-License-Identifier: Apache-2.0 */
/* The numbers of a state record on their way into its bytes. Inline: there are dozens in every record. */
#ifndef CODEC_RECORD_PUT_H
#define CODEC_RECORD_PUT_H

#include "base/number.h"
#include "codec/record_format.h"

/* What is written lies behind what `out` holds, and is its own from record_end() on. */
struct record_writer {
	uint8_t *p, *end; /* the next byte; where the room ends */
	struct buf *out;
	const struct ruleset *rules;
	int64_t base; /* applied.ms */
	int64_t due_at;
};

#define RECORD_ROOM 512 /* at first: of most records */

/* Room for so many bytes more. */
static inline void
record_grow(struct record_writer *writer, size_t bytes)
{
	struct buf *out = writer->out;

	if (writer->p)
		out->n = (size_t)((char *)writer->p - out->p);
	writer->p = (uint8_t *)buf_space(out, bytes);
	writer->end = (uint8_t *)out->p + out->cap - 1; /* a NUL goes behind it */
}

static inline struct record_writer
record_begin(struct buf *out, const struct ruleset *rules, int64_t base, int64_t due_at)
{
	struct record_writer writer = {
		.out = out, .rules = rules, .base = base, .due_at = due_at};

	record_grow(&writer, RECORD_ROOM);
	return writer;
}

static inline void
record_end(struct record_writer *writer)
{
	*writer->p = '\0';
	writer->out->n = (size_t)((char *)writer->p - writer->out->p);
}

/* Bytes that the buffer holds by now. */
static inline size_t
record_written(const struct record_writer *writer)
{
	return (size_t)((char *)writer->p - writer->out->p);
}

static inline uint8_t *
record_room(struct record_writer *writer, size_t bytes)
{
	if ((size_t)(writer->end - writer->p) < bytes)
		record_grow(writer, bytes);
	return writer->p;
}

static inline void
record_put_byte(struct record_writer *writer, unsigned byte)
{
	*record_room(writer, 1) = (uint8_t)byte;
	writer->p++;
}

static inline void
record_put_number(struct record_writer *writer, uint64_t number)
{
	writer->p = put_varint(record_room(writer, VARINT_MAX), number);
}

static inline void
record_put_signed(struct record_writer *writer, int64_t number)
{
	record_put_number(writer, zigzag(number));
}

static inline void
record_put_at(struct record_writer *writer, int64_t at)
{
	record_put_signed(writer, (int64_t)((uint64_t)writer->base - (uint64_t)at));
}

static inline void
record_put_little(struct record_writer *writer, uint64_t number, unsigned bytes)
{
	uint8_t *p = record_room(writer, bytes);

	for (unsigned i = 0; i < bytes; i++)
		p[i] = (uint8_t)(number >> 8 * i);
	writer->p = p + bytes;
}

static inline void
record_put_key(struct record_writer *writer, uint32_t key)
{
	record_put_little(writer, key, 4);
}

static inline void
record_put_double(struct record_writer *writer, double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof bits);
	record_put_little(writer, bits, 8);
}

static inline void
record_put_bytes(struct record_writer *writer, struct str bytes)
{
	uint8_t *p = record_room(writer, bytes.n);

	if (bytes.n > 0)
		memcpy(p, bytes.p, bytes.n);
	writer->p = p + bytes.n;
}

static inline void
record_put_text(struct record_writer *writer, struct str text)
{
	record_put_number(writer, text.n);
	record_put_bytes(writer, text);
}

#endif
