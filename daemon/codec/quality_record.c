/* SPDX-License-Identifier: Apache-2.0 */
/* Writes and reads records of figures, and trusts none of their bytes. */
#include "codec/quality_record.h"

#include <stdio.h>

#include "base/number.h"
#include "codec/record_take.h"

#define WHAT "the record of figures"

#define DAYS_LIMIT 10000000					  /* later is damage */
#define FIGURES_LIMIT (RULESET_MAX_RULES + RULESET_MAX_TASKS + 2) /* more is damage */

void
quality_record_id(unsigned chunk, char out[QUALITY_RECORD_ID_SIZE])
{
	snprintf(out, QUALITY_RECORD_ID_SIZE, "%s%u", QUALITY_RECORD_ID, chunk);
}

bool
quality_record_is(struct str id)
{
	return str_starts(id, STR(QUALITY_RECORD_ID));
}

/* ---- writing ---- */

static void
put_little(struct buf *out, uint32_t number)
{
	for (unsigned i = 0; i < 4; i++)
		buf_char(out, (char)(number >> 8 * i & 255));
}

static void
put_numbers(struct buf *out, const uint32_t *numbers, unsigned count)
{
	unsigned some = 0;

	for (unsigned i = 0; i < count; i++)
		some += numbers[i] != 0;
	buf_varint(out, some);
	for (unsigned i = 0; i < count; i++) {
		if (numbers[i] == 0)
			continue;
		buf_varint(out, i);
		buf_varint(out, numbers[i]);
	}
}

static void
put_open(struct buf *out, const struct figures *figures)
{
	uint32_t open[OPEN_DAYS];

	for (int64_t i = 0; i < OPEN_DAYS; i++)
		open[i] = figures->open[(figures->open_from + i) % OPEN_DAYS];
	buf_varint(out, (uint64_t)figures->open_from);
	put_numbers(out, open, OPEN_DAYS);
}

static void
put_figures(struct buf *out, const struct figures *figures)
{
	buf_char(out, (char)figures->kind);
	put_little(out, figures->key);
	buf_varint(out, (uint64_t)figures->since_at);
	put_numbers(out, figures->counts, FIGURES);
	put_numbers(out, figures->leads, LEAD_BUCKETS);
	put_open(out, figures);
}

void
quality_encode(struct buf *out, const struct quality *quality, unsigned chunk,
	       struct stream_id applied)
{
	size_t begin = out->n, count = 0;

	for (size_t i = 0; i < quality->count; i++)
		count += quality_chunk(quality->list[i].key) == chunk;
	buf_char(out, QUALITY_RECORD_VERSION);
	buf_zigzag(out, applied.ms);
	buf_varint(out, applied.seq);
	buf_varint(out, count);
	for (size_t i = 0; i < quality->count; i++)
		if (quality_chunk(quality->list[i].key) == chunk)
			put_figures(out, &quality->list[i]);
	record_sum_put(out, begin);
}

/* ---- reading ---- */

static void
take_numbers(struct reader *reader, uint32_t *numbers, unsigned count)
{
	uint64_t least = 0;

	for (uint64_t left = record_take_below(reader, count + 1u); left > 0 && reader->p;
	     left--) {
		uint64_t place = record_take_below(reader, count);
		uint64_t number = record_take_below(reader, UINT64_C(1) << 32);

		if (place < least || number == 0)
			record_spoil(reader);
		if (!reader->p)
			return;
		numbers[place] = (uint32_t)number;
		least = place + 1;
	}
}

static void
take_open(struct reader *reader, struct figures *figures)
{
	uint32_t open[OPEN_DAYS] = {0};

	figures->open_from = (int64_t)record_take_below(reader, DAYS_LIMIT);
	take_numbers(reader, open, OPEN_DAYS);
	for (int64_t i = 0; i < OPEN_DAYS && reader->p; i++)
		figures->open[(figures->open_from + i) % OPEN_DAYS] = open[i];
}

static void
take_figures(struct reader *reader, struct engine *engine, struct stream_id applied)
{
	struct figures figures = {0};

	figures.kind = (uint8_t)record_take_little(reader, 1);
	figures.key = (uint32_t)record_take_little(reader, 4);
	figures.since_at = (int64_t)record_take_below(reader, (uint64_t)INT64_MAX + 1);
	take_numbers(reader, figures.counts, FIGURES);
	take_numbers(reader, figures.leads, LEAD_BUCKETS);
	take_open(reader, &figures);
	if (figures.kind > FIGURES_TASK)
		record_spoil(reader);
	if (reader->p)
		engine_load_figures(engine, &figures, applied);
}

bool
quality_decode(struct str bytes, struct engine *engine, struct err *err)
{
	struct stream_id applied;
	struct reader reader;

	if (!record_open(&reader, bytes, QUALITY_RECORD_VERSION, WHAT, err))
		return false;
	applied.ms = record_take_signed(&reader);
	applied.seq = record_take_number(&reader);
	for (uint64_t left = record_take_below(&reader, FIGURES_LIMIT); left > 0 && reader.p;
	     left--)
		take_figures(&reader, engine, applied);
	return record_close(&reader, WHAT, err);
}
