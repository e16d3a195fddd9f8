/* SPDX-License-Identifier: Apache-2.0 */
/* The block in which tracks lie: finds them, makes room for them. */
#include "engine/track_block.h"

#include <string.h>

#include "base/bits.h"

#define HEAD sizeof(struct track_head)
#define WIDE sizeof(struct track_wide)

static size_t
index_of(const struct tracks *tracks, unsigned signal, bool hours)
{
	uint64_t below = (UINT64_C(1) << signal) - 1;

	if (!hours)
		return bits_count(tracks->days & below);
	return bits_count(tracks->days) + bits_count(track_hours(tracks) & below);
}

uint64_t
track_hours(const struct tracks *tracks)
{
	uint64_t signals = 0;

	for (unsigned i = 1; tracks->block && i <= tracks->block[0]; i++)
		signals |= UINT64_C(1) << tracks->block[i];
	return signals;
}

static size_t
track_count(const struct tracks *tracks)
{
	return bits_count(tracks->days) + tracks->block[0];
}

static uint8_t *
heads_of(const struct tracks *tracks)
{
	return tracks->block + 1 + tracks->block[0];
}

static struct track_head
head_of(const uint8_t *p)
{
	struct track_head head;

	memcpy(&head, p, HEAD);
	return head;
}

static struct track_wide
wide_of(const uint8_t *p)
{
	struct track_wide wide;

	memcpy(&wide, p, WIDE);
	return wide;
}

static size_t
tail_size(const uint8_t *head, const uint8_t *tail)
{
	size_t bytes = head_of(head).bytes;

	return bytes < BLOCK_WIDE ? bytes : WIDE + wide_of(tail).packed;
}

/* Where the tail of track `index` begins; of the index past the last: the block's size. */
static size_t
tail_offset(const struct tracks *tracks, size_t index)
{
	const uint8_t *heads = heads_of(tracks);
	size_t at = 1u + tracks->block[0] + track_count(tracks) * HEAD;

	for (size_t i = 0; i < index; i++)
		at += tail_size(heads + i * HEAD, tracks->block + at);
	return at;
}

size_t
track_bytes(const struct tracks *tracks)
{
	return tracks->block ? tail_offset(tracks, track_count(tracks)) : 0;
}

void
tracks_finish(struct tracks *tracks)
{
	block_free(tracks->block);
	*tracks = (struct tracks){0};
}

void
tracks_join(struct tracks *tracks, struct blocks *blocks, uint32_t holder)
{
	bool empty = !tracks->block;

	tracks->block =
		block_join(blocks, holder, tracks->block, empty ? 1 : track_bytes(tracks));
	if (empty)
		tracks->block[0] = 0;
}

static struct track_place
place_at(const struct tracks *tracks, size_t index)
{
	uint8_t *head = heads_of(tracks) + index * HEAD;
	uint8_t *tail = tracks->block + tail_offset(tracks, index);
	size_t size = tail_size(head, tail);
	size_t wide = head_of(head).bytes == BLOCK_WIDE ? WIDE : 0;

	return (struct track_place){head, tail, tail + wide, size - wide};
}

bool
block_find(const struct tracks *tracks, unsigned signal, bool hours, struct track_place *out)
{
	if (!track_has(tracks, signal, hours))
		return false;
	*out = place_at(tracks, index_of(tracks, signal, hours));
	return true;
}

bool
block_find_newest(const struct tracks *tracks, unsigned signal, bool hours,
		  struct track_place *out)
{
	size_t index;

	if (!track_has(tracks, signal, hours))
		return false;
	index = index_of(tracks, signal, hours);
	out->head = heads_of(tracks) + index * HEAD;
	if (head_of(out->head).bytes == BLOCK_WIDE)
		*out = place_at(tracks, index);
	return true;
}

/* ---- heads ---- */

/* false: it takes a wide one. */
static bool
head_make(const struct track *track, bool hours, size_t packed, struct track_head *out)
{
	int64_t day, into;

	if (track->last_at < 0 || track->count > UINT8_MAX || packed >= BLOCK_WIDE ||
	    (hours && track->last_at / HOUR_MS != (int64_t)track->cell))
		return false;
	day = hours ? track->last_at / DAY_MS : (int64_t)track->cell;
	into = track->last_at - day * DAY_MS;
	if (day > UINT16_MAX || into < INT32_MIN || into > INT32_MAX)
		return false;
	*out = (struct track_head){.into = (int32_t)into,
				   .day = (uint16_t)day,
				   .count = (uint8_t)track->count,
				   .bytes = (uint8_t)packed};
	return true;
}

void
block_newest(const struct track_place *place, bool hours, struct track *out)
{
	struct track_head head = head_of(place->head);
	struct track_wide wide;

	if (head.bytes == BLOCK_WIDE) {
		wide = wide_of(place->tail);
		out->last_at = wide.last_at;
		out->cell = wide.cell;
		out->count = wide.count;
		return;
	}
	out->last_at = head.day * DAY_MS + head.into;
	out->cell = hours ? (uint32_t)(out->last_at / HOUR_MS) : head.day;
	out->count = head.count;
}

/* It does not fit a head; what stands in its place. */
static size_t
wide_put(const struct track_place *place, const struct track *track)
{
	struct track_wide wide = {track->last_at, track->cell, track->count, place->n};
	struct track_head head = {.bytes = BLOCK_WIDE};

	memcpy(place->head, &head, HEAD);
	memcpy(place->tail, &wide, WIDE);
	return WIDE;
}

/* Its head, or what stands in its place. */
static size_t
head_put(const struct track_place *place, bool hours, const struct track *track)
{
	struct track_head head;

	if (!head_make(track, hours, place->n, &head))
		return wide_put(place, track);
	memcpy(place->head, &head, HEAD);
	return 0;
}

static bool
wide_count(const struct track_place *place, bool hours, int64_t ts)
{
	struct track_wide wide = wide_of(place->tail);
	struct track track = {.cell = wide.cell};
	struct track_head head;

	track.count = wide.count + (wide.count < UINT32_MAX);
	track.last_at = ts > wide.last_at ? ts : wide.last_at;
	if (head_make(&track, hours, place->n, &head))
		return false;
	(void)head_put(place, hours, &track);
	return true;
}

bool
block_count(const struct track_place *place, bool hours, int64_t ts)
{
	struct track_head head = head_of(place->head);
	int64_t into = ts - head.day * DAY_MS;

	if (head.bytes == BLOCK_WIDE)
		return wide_count(place, hours, ts);
	if (head.count == UINT8_MAX || into > INT32_MAX ||
	    (hours && into / HOUR_MS != head.into / HOUR_MS))
		return false;
	head.count++;
	if (into > head.into)
		head.into = (int32_t)into;
	memcpy(place->head, &head, HEAD);
	return true;
}

/* ---- room ---- */

/* Puts n bytes of room in the place of the old ones at `at`. */
static void
make_room(struct tracks *tracks, size_t size, size_t at, size_t old, size_t n)
{
	if (n > old)
		tracks->block = block_resize(tracks->block, size - old + n);
	memmove(tracks->block + at + n, tracks->block + at + old, size - at - old);
	if (n < old)
		tracks->block = block_resize(tracks->block, size - old + n);
}

static void
head_insert(struct tracks *tracks, unsigned signal, bool hours)
{
	size_t index, size, at;

	if (!tracks->block)
		*(tracks->block = block_make(1)) = 0;
	index = index_of(tracks, signal, hours);
	size = track_bytes(tracks);
	if (hours) {
		at = 1 + index - bits_count(tracks->days);
		make_room(tracks, size++, at, 0, 1);
		tracks->block[at] = (uint8_t)signal;
		tracks->block[0]++;
	} else {
		tracks->days |= UINT64_C(1) << signal;
	}
	at = 1u + tracks->block[0] + index * HEAD;
	make_room(tracks, size, at, 0, HEAD);
	memset(tracks->block + at, 0, HEAD);
}

void
block_put(struct tracks *tracks, unsigned signal, bool hours, const struct track *track,
	  const uint8_t *packed, size_t n)
{
	struct track_place place;
	struct track_head head;
	size_t index, at, size;

	if (!track_has(tracks, signal, hours))
		head_insert(tracks, signal, hours);
	index = index_of(tracks, signal, hours);
	at = tail_offset(tracks, index);
	size = n + (head_make(track, hours, n, &head) ? 0 : WIDE);
	make_room(tracks, track_bytes(tracks), at,
		  tail_size(heads_of(tracks) + index * HEAD, tracks->block + at), size);
	place.head = heads_of(tracks) + index * HEAD;
	place.tail = tracks->block + at;
	place.n = n;
	place.packed = place.tail + head_put(&place, hours, track);
	if (n > 0)
		memcpy(place.packed, packed, n);
}

/* ---- all at once ---- */

/* The heads of those that fit one; .bytes of the others is BLOCK_WIDE. */
struct draft_heads {
	struct track_head of[2 * RULESET_MAX_SIGNALS];
};

static size_t
draft_size(const struct tracks_draft *draft, struct draft_heads *heads)
{
	size_t size = 1 + bits_count(draft->hours) + draft->count * HEAD;

	for (unsigned i = 0; i < draft->count; i++) {
		const struct track_kept *kept = &draft->kept[i];

		size += kept->packed.n;
		if (head_make(&kept->newest, kept->hours, kept->packed.n, &heads->of[i]))
			continue;
		heads->of[i].bytes = BLOCK_WIDE;
		size += WIDE;
	}
	return size;
}

void
block_build(struct tracks *tracks, const struct tracks_draft *draft)
{
	struct draft_heads heads;
	uint8_t *p = block_make(draft_size(draft, &heads));
	struct track_place place;

	tracks->block = p;
	tracks->days = draft->days;
	*p++ = (uint8_t)bits_count(draft->hours);
	for (uint64_t left = draft->hours; left; left &= left - 1)
		*p++ = (uint8_t)__builtin_ctzll(left);
	place.head = p;
	place.tail = p + draft->count * HEAD;
	for (unsigned i = 0; i < draft->count; i++, place.head += HEAD) {
		const struct track_kept *kept = &draft->kept[i];

		place.n = kept->packed.n;
		place.packed = place.tail;
		if (heads.of[i].bytes == BLOCK_WIDE)
			place.packed += wide_put(&place, &kept->newest);
		else
			memcpy(place.head, &heads.of[i], HEAD);
		if (place.n > 0)
			memcpy(place.packed, kept->packed.p, place.n);
		place.tail = place.packed + place.n;
	}
}
