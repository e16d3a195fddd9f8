/* SPDX-License-Identifier: Apache-2.0 */
/* Tracks out of a record, on their way into a block. */
#include <assert.h>

#include "base/number.h"
#include "engine/track_block.h"

/* A number that takes no more bytes than it needs. */
static const uint8_t *
take_short(const uint8_t *p, const uint8_t *end, uint64_t *out)
{
	const uint8_t *behind = read_varint(p, end, out);

	return behind && (behind == p + 1 || behind[-1] != 0) ? behind : NULL;
}

static bool
track_is_sound(const struct track_kept *kept)
{
	static const uint8_t none[1];
	const uint8_t *p = kept->packed.n > 0 ? (const uint8_t *)kept->packed.p : none;
	const uint8_t *end = p + kept->packed.n;
	uint32_t newest = kept->newest.cell;
	uint64_t life, gap;

	if (!kept->hours) {
		p = take_short(p, end, &life);
		p = take_short(p, end, &gap);
		if (!p || life > UINT16_MAX || gap > newest || newest - gap > UINT16_MAX)
			return false;
	}
	if (kept->kind != SIGNAL_COUNT)
		p = number_check(p, end, kept->kind);
	return p && kept->newest.count > 0 &&
	       cells_are_sound(p, (size_t)(end - p), kept->kind, newest, TRACK_MAX_REACH);
}

/* Days in signal order, then hours. */
static unsigned
kept_place(const struct track_kept *kept)
{
	return (kept->hours ? RULESET_MAX_SIGNALS : 0u) + kept->signal;
}

void
tracks_draft_begin(struct tracks_draft *draft)
{
	draft->count = 0;
	draft->days = draft->hours = 0;
}

bool
tracks_draft_has(const struct tracks_draft *draft, unsigned signal, bool hours)
{
	return (hours ? draft->hours : draft->days) >> signal & 1;
}

bool
tracks_draft_add(struct tracks_draft *draft, const struct track_kept *kept)
{
	unsigned at = draft->count;

	if (tracks_draft_has(draft, kept->signal, kept->hours) || !track_is_sound(kept))
		return false;
	for (; at > 0 && kept_place(&draft->kept[at - 1]) > kept_place(kept); at--)
		draft->kept[at] = draft->kept[at - 1];
	draft->kept[at] = *kept;
	draft->count++;
	*(kept->hours ? &draft->hours : &draft->days) |= UINT64_C(1) << kept->signal;
	return true;
}

void
tracks_make(struct tracks *tracks, const struct tracks_draft *draft)
{
	if (draft->count == 0)
		return;
	assert(!tracks->block);
	block_build(tracks, draft);
}
