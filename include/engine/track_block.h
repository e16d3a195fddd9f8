/* SPDX-License-Identifier: Apache-2.0 */
/* How tracks lie in their block: for engine/track.c and track_draft.c alone. */
#ifndef ENGINE_TRACK_BLOCK_H
#define ENGINE_TRACK_BLOCK_H

#include "engine/track.h"

/* block   = hours:1 signal{hours} head* tail*
 *   signal  of an hour track, 1 byte, rising
 *   head    of each track: days in signal order, then hours; then their tails
 * tail    = [wide] packed
 * packed  = [life first] [number] cells
 *   life    varint: active days                   }  days only
 *   first   varint: newest cell - first    }
 *   number  the newest cell's, as engine/cell.h has it; not of SIGNAL_COUNT
 *   cells   engine/cell.h
 *
 * What does not fit a head stands in `wide`, all of it, and bytes is BLOCK_WIDE. */
struct track_head {
	int32_t into; /* last_at, from the UTC midnight of `day` on, ms */
	uint16_t
		day; /* of days: the newest cell; of hours: the UTC day of last_at, which tells the cell */
	uint8_t count; /* events in the newest cell */
	uint8_t bytes; /* of the tail */
};

#define BLOCK_WIDE UINT8_MAX
struct track_wide {
	int64_t last_at;
	uint32_t cell, count;
	uint64_t packed; /* bytes */
};

bool block_find(const struct tracks *tracks, unsigned signal, bool hours,
		struct track_place *out) MUST_CHECK;
/* last_at, cell and count. */
void block_newest(const struct track_place *place, bool hours, struct track *out);
/* The same for these alone: of most tracks the head, which takes no look at other tails. */
bool block_find_newest(const struct tracks *tracks, unsigned signal, bool hours,
		       struct track_place *out) MUST_CHECK;
/* One more event of SIGNAL_COUNT in the newest cell, of instant ts, where it stands; false, and nothing was done, when
 * the tail would have to grow or shrink for it. */
bool block_count(const struct track_place *place, bool hours, int64_t ts) MUST_CHECK;
/* Makes the track, or changes it; what is packed must not lie in the block. */
void block_put(struct tracks *tracks, unsigned signal, bool hours, const struct track *track,
	       const uint8_t *packed, size_t n);
/* Of all tracks at once, which it then has. */
void block_build(struct tracks *tracks, const struct tracks_draft *draft);

#endif
