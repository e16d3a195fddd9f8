/* SPDX-License-Identifier: Apache-2.0 */
/* Tracks out of a record, on their way into a block. */
#include <assert.h>

#include "base/number.h"
#include "engine/track_block.h"

/* A number that takes no more bytes than it needs. */
static const uint8_t *
take_short(const uint8_t *p, const uint8_t *end, uint64_t *out)
{
	const uint8_t *behind;

	if (p && p < end && *p < 0x80) { /* most are so short */
		*out = *p;
		return p + 1;
	}
	behind = read_varint(p, end, out);
	return behind && (behind == p + 1 || behind[-1] != 0) ? behind : NULL;
}

/* Those that wait. */
static bool
counts_check(struct tracks_draft *draft)
{
	unsigned count = draft->waiting;

	draft->waiting = 0;
	return count == 0 || counts_are_sound(draft->waits, count);
}

/* But for counts, which wait until there are as many as are gone through at once. */
static bool
cells_check(struct tracks_draft *draft, const struct track_kept *kept, const uint8_t *p,
	    size_t n)
{
	uint32_t newest = kept->newest.cell;

	if (kept->kind != SIGNAL_COUNT)
		return cells_are_sound(p, n, kept->kind, newest, TRACK_MAX_REACH);
	draft->waits[draft->waiting++] =
		(struct counts){p, n, newest < TRACK_MAX_REACH ? newest : TRACK_MAX_REACH};
	return draft->waiting < CELLS_ABREAST || counts_check(draft);
}

static bool
track_check(struct tracks_draft *draft, const struct track_kept *kept)
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
	return p && kept->newest.count > 0 && cells_check(draft, kept, p, (size_t)(end - p));
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
	draft->count = draft->waiting = 0;
	draft->days = draft->hours = 0;
}

bool
tracks_draft_has(const struct tracks_draft *draft, unsigned signal, bool hours)
{
	return (hours ? draft->hours : draft->days) >> signal & 1;
}

static bool
draft_may_take(struct tracks_draft *draft, const struct track_kept *kept)
{
	return !tracks_draft_has(draft, kept->signal, kept->hours) && track_check(draft, kept);
}

static bool
draft_put(struct tracks_draft *draft, const struct track_kept *kept)
{
	unsigned at = draft->count;

	for (; at > 0 && kept_place(&draft->kept[at - 1]) > kept_place(kept); at--)
		draft->kept[at] = draft->kept[at - 1];
	draft->kept[at] = *kept;
	draft->count++;
	*(kept->hours ? &draft->hours : &draft->days) |= UINT64_C(1) << kept->signal;
	return true;
}

bool
tracks_draft_add(struct tracks_draft *draft, const struct track_kept *kept)
{
	assert(draft->waiting == 0);
	return draft_may_take(draft, kept) && counts_check(draft) && draft_put(draft, kept);
}

bool
tracks_draft_take(struct tracks_draft *draft, const struct track_kept *kept)
{
	return draft_may_take(draft, kept) && draft_put(draft, kept);
}

bool
tracks_draft_is_sound(struct tracks_draft *draft)
{
	return counts_check(draft);
}

void
tracks_make(struct tracks *tracks, const struct tracks_draft *draft)
{
	if (draft->count == 0)
		return;
	assert(!tracks->block && draft->waiting == 0);
	block_build(tracks, draft);
}
