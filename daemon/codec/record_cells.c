/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a track's cells as records before version 7 had them: in bytes, oldest first.
 *
 *   track   = [sum:zigzag | value:8] [life:varint first:zigzag] span:varint cell*
 *   cell    = byte [gap:varint] [count:varint] [sum:zigzag | value:8]
 *   byte    = gap << 4 | count    gap: cells since the one before; the oldest has 0, and lies span before the newest
 *             of all; 15: it stands behind, less 15 */
#include "codec/record_take.h"

#define CELL_MORE 15u

static void
take_number(struct reader *item, enum signal_kind kind, struct cell *cell)
{
	if (signal_has_sum(kind))
		cell->u.sum = record_take_signed(item);
	else if (kind == SIGNAL_LAST)
		cell->u.value = record_take_double(item);
}

static uint32_t
take_nibble(struct reader *item, uint64_t nibble)
{
	if (nibble == CELL_MORE)
		nibble += record_take_below(item, UINT32_MAX - CELL_MORE);
	return (uint32_t)nibble;
}

static void
take_cell(struct reader *item, enum signal_kind kind, uint32_t before, struct cell *out)
{
	uint64_t byte = record_take_little(item, 1);

	out->cell = before + take_nibble(item, byte >> 4);
	out->count = take_nibble(item, byte & 15);
	take_number(item, kind, out);
	if (out->cell < before)
		record_spoil(item);
}

void
record_read_cells(struct reader *item, enum signal_kind kind, unsigned signal, bool hours,
		  struct track *track)
{
	struct cell cells[TRACK_MAX_CELLS + 1], newest = {0};
	unsigned count = 0;
	int64_t first = 0;
	uint64_t span;

	take_number(item, kind, &newest);
	track->u.sum = newest.u.sum;
	if (kind == SIGNAL_LAST)
		track->u.value = newest.u.value;
	if (!hours) {
		track->life_days = (uint16_t)record_take_below(item, UINT16_MAX + 1u);
		first = (int64_t)((uint64_t)track->cell - (uint64_t)record_take_signed(item));
		track->first_cell = (uint16_t)first;
	}
	span = record_take_below(item, UINT16_MAX + 1u);
	if (first < 0 || first > UINT16_MAX || first > track->cell || span > track->cell ||
	    (span == 0) != record_is_taken(item))
		record_spoil(item);
	for (uint32_t at = track->cell - (uint32_t)span; item->p && item->p < item->end;
	     count++) {
		if (count == TRACK_MAX_CELLS + 1) {
			record_spoil(item);
			break;
		}
		take_cell(item, kind, at, &cells[count]);
		if (count == 0 && cells[0].cell != at)
			record_spoil(item);
		at = cells[count].cell;
	}
	if (item->p && !track_rebuild(item->tracks, signal, hours, kind, track, cells, count))
		record_spoil(item);
}
