/* SPDX-License-Identifier: Apache-2.0 */
/* Writes and reads the guard's record, and trusts none of its bytes. */
#include "codec/guard_record.h"

#include "base/mem.h"
#include "base/number.h"
#include "codec/record_take.h"
#include "engine/track.h"

#define WHAT "the guard's record"
#define PAST "the guard's record of hours gone by"

enum { CAP_TOLD = 1, CAP_FULL = 2, SPAN_ENDED = 1 };

#define CAPS_LIMIT 1000000 /* of the hours since the last low; more is damage */

/* ---- writing ---- */

static void
put_little(struct buf *out, uint32_t number, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		buf_char(out, (char)(number >> 8 * i & 255));
}

static void
put_cap(struct buf *out, const struct cap *cap)
{
	put_little(out, cap->rule, 4);
	record_text_put(out, cap->name);
	buf_zigzag(out, cap->hour);
	buf_varint(out, cap->taken);
	buf_varint(out, cap->muted);
	buf_char(out, (char)((cap->told ? CAP_TOLD : 0) | (cap->full ? CAP_FULL : 0)));
	if (!cap->full)
		return;
	buf_zigzag(out, cap->full_at);
	buf_varint(out, cap->full_entry);
	buf_varint(out, cap->full_n);
	record_text_put(out, cap->full_customer);
}

static bool
is_kept(const struct guard *guard, const struct cap *cap, int64_t from)
{
	return cap->hour >= guard->hour || (cap->hour + 1) * HOUR_MS > from;
}

void
guard_encode(struct buf *out, const struct guard *guard, struct stream_id applied, int64_t from)
{
	size_t begin = out->n;
	unsigned caps = 0;

	buf_char(out, GUARD_RECORD_VERSION);
	buf_zigzag(out, applied.ms);
	buf_varint(out, applied.seq);
	buf_zigzag(out, guard->hour);
	buf_varint(out, guard->unguarded);
	buf_varint(out, guard->feed_count);
	for (unsigned i = 0; i < guard->feed_count; i++)
		buf_varint(out, feed_volume(guard, guard->feeds[i], guard->hour));
	for (size_t i = 0; i < guard->cap_count; i++)
		caps += is_kept(guard, &guard->caps[i], from);
	buf_varint(out, caps);
	for (size_t i = 0; i < guard->cap_count; i++)
		if (is_kept(guard, &guard->caps[i], from))
			put_cap(out, &guard->caps[i]);
	record_sum_put(out, begin);
}

static void
put_span(struct buf *out, const struct feed_span *span)
{
	bool ended = span->ended_at != NEVER;

	buf_zigzag(out, span->from / HOUR_MS);
	buf_zigzag(out, span->judged_at / HOUR_MS);
	buf_char(out, ended ? SPAN_ENDED : 0);
	if (!ended)
		return;
	buf_zigzag(out, span->to / HOUR_MS);
	buf_zigzag(out, span->ended_at / HOUR_MS);
}

/* The first hour of which a volume is kept. */
static int64_t
oldest_hour(const struct guard *guard, const struct feed *feed)
{
	int64_t oldest = guard->hour - GUARD_HOURS + 1;

	return feed->since > oldest ? feed->since : oldest;
}

static void
put_feed(struct buf *out, const struct guard *guard, const struct feed *feed)
{
	record_text_put(out, feed->type);
	record_text_put(out, feed->source);
	buf_zigzag(out, feed->since);
	buf_varint(out, feed->span_count);
	for (unsigned i = 0; i < feed->span_count; i++)
		put_span(out, &feed->spans[i]);
	for (int64_t hour = oldest_hour(guard, feed); hour < guard->hour; hour++)
		buf_varint(out, feed_volume(guard, feed, hour));
}

void
guard_encode_past(struct buf *out, const struct guard *guard)
{
	size_t begin = out->n;

	buf_char(out, GUARD_RECORD_VERSION);
	buf_zigzag(out, guard->hour);
	buf_varint(out, guard->feed_count);
	for (unsigned i = 0; i < guard->feed_count; i++)
		put_feed(out, guard, guard->feeds[i]);
	record_sum_put(out, begin);
}

/* ---- reading ---- */

static int64_t
take_hours(struct reader *reader)
{
	int64_t hours = record_take_signed(reader);

	if (hours > INT64_MAX / HOUR_MS / 4 || hours < 0)
		record_spoil(reader);
	return reader->p ? hours * HOUR_MS : 0;
}

static void
take_span(struct reader *reader, struct feed_span *span)
{
	*span = (struct feed_span){.to = NEVER, .ended_at = NEVER};
	span->from = take_hours(reader);
	span->judged_at = take_hours(reader);
	if (record_take_little(reader, 1) & SPAN_ENDED) {
		span->to = take_hours(reader);
		span->ended_at = take_hours(reader);
	}
}

static void
take_feed(struct reader *reader, struct guard *guard)
{
	struct str type = record_take_text(reader);
	struct feed *feed = guard_add_feed(guard, type, record_take_text(reader));

	feed->since = take_hours(reader) / HOUR_MS;
	feed->span_count = (unsigned)record_take_below(reader, GUARD_MAX_SPANS + 1);
	feed->spans = mem_array(feed->span_count + 1u, sizeof *feed->spans);
	for (unsigned i = 0; i < feed->span_count; i++)
		take_span(reader, &feed->spans[i]);
	for (int64_t hour = oldest_hour(guard, feed); reader->p && hour < guard->hour; hour++) {
		uint32_t volume = (uint32_t)record_take_below(reader, UINT64_C(1) << 32);

		feed->hours[hour % GUARD_HOURS] = volume;
		feed->total += volume;
	}
}

static void
take_past(struct reader *reader, struct guard *guard)
{
	if (take_hours(reader) / HOUR_MS != guard->hour)
		record_spoil(reader);
	for (uint64_t left = record_take_below(reader, GUARD_MAX_FEEDS + 1);
	     left > 0 && reader->p; left--)
		take_feed(reader, guard);
}

static void
take_volumes(struct reader *reader, struct guard *guard)
{
	if (record_take_below(reader, GUARD_MAX_FEEDS + 1) != guard->feed_count)
		record_spoil(reader);
	for (unsigned i = 0; i < guard->feed_count; i++) {
		struct feed *feed = guard->feeds[i];
		uint32_t volume = (uint32_t)record_take_below(reader, UINT64_C(1) << 32);

		feed->hours[guard->hour % GUARD_HOURS] = volume;
		feed->total += volume;
	}
}

static void
take_cap(struct reader *reader, struct guard *guard)
{
	uint32_t rule = (uint32_t)record_take_little(reader, 4);
	struct str name = record_take_text(reader);
	struct cap *cap = guard_add_cap(guard, rule, name, take_hours(reader) / HOUR_MS);
	uint64_t flags;

	cap->taken = (uint32_t)record_take_below(reader, UINT64_C(1) << 32);
	cap->muted = (uint32_t)record_take_below(reader, UINT64_C(1) << 32);
	flags = record_take_little(reader, 1);
	cap->told = flags & CAP_TOLD;
	cap->full = flags & CAP_FULL;
	if (!cap->full)
		return;
	cap->full_at = record_take_signed(reader);
	cap->full_entry = record_take_number(reader);
	cap->full_n = (uint32_t)record_take_below(reader, UINT64_C(1) << 32);
	text_set(&cap->full_customer, record_take_text(reader));
}

bool
guard_decode(struct str now, struct str past, struct guard *out, struct stream_id *applied,
	     struct err *err)
{
	bool has_past = past.n > 0, good;
	struct guard guard;
	struct reader reader, before;

	if (!record_open(&reader, now, GUARD_RECORD_VERSION, WHAT, err) ||
	    (has_past && !record_open(&before, past, GUARD_RECORD_VERSION, PAST, err)))
		return false;
	guard_init(&guard);
	applied->ms = record_take_signed(&reader);
	applied->seq = record_take_number(&reader);
	guard.hour = take_hours(&reader) / HOUR_MS;
	guard.unguarded = record_take_number(&reader);
	if (reader.p && has_past)
		take_past(&before, &guard);
	take_volumes(&reader, &guard);
	for (uint64_t left = record_take_below(&reader, CAPS_LIMIT); left > 0 && reader.p;
	     left--)
		take_cap(&reader, &guard);
	good = record_close(&reader, WHAT, err) &&
	       (!has_past || record_close(&before, PAST, err));
	if (good)
		*out = guard;
	else
		guard_finish(&guard);
	return good;
}
