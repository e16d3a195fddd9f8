/* SPDX-License-Identifier: Apache-2.0 */
/* Day and hour sums of a customer's signals, all in one block of memory. */
#include "engine/track.h"

#include <assert.h>
#include <string.h>

#include "base/bits.h"
#include "base/mem.h"
#include "engine/cell.h"

/* The block: the customer's tracks (days by signal, then hours by signal), then the packed cells of each
 * in the same order. */

#define SUM_MAX INT64_C(9000000000000000000)

static inline bool
has_track(const struct tracks *tracks, unsigned signal, bool hours)
{
	return (hours ? tracks->hours : tracks->days) >> signal & 1;
}

static inline size_t
index_of(const struct tracks *tracks, unsigned signal, bool hours)
{
	uint64_t below = (UINT64_C(1) << signal) - 1;

	if (!hours)
		return bits_count(tracks->days & below);
	return bits_count(tracks->days) + bits_count(tracks->hours & below);
}

static inline size_t
track_count(const struct tracks *tracks)
{
	return bits_count(tracks->days) + bits_count(tracks->hours);
}

/* Where the packed cells of track `index` begin in the block; of the index past the last: its size. */
static size_t
packed_offset(const struct tracks *tracks, size_t index)
{
	size_t at = track_count(tracks) * sizeof *tracks->tracks;

	for (size_t i = 0; i < index; i++)
		at += tracks->tracks[i].packed;
	return at;
}

size_t
track_bytes(const struct tracks *tracks)
{
	return packed_offset(tracks, track_count(tracks));
}

static struct cell_cursor
cursor_of(const struct tracks *tracks, size_t index)
{
	const struct track *track = &tracks->tracks[index];
	const uint8_t *p = (const uint8_t *)tracks->tracks + packed_offset(tracks, index);

	return cell_cursor_of(p, track->packed, track->cell - track->span);
}

void
tracks_finish(struct tracks *tracks)
{
	mem_free(tracks->tracks);
	*tracks = (struct tracks){0};
}

/* --- the block --- */

struct track *
track_find(const struct tracks *tracks, unsigned signal, bool hours)
{
	if (!has_track(tracks, signal, hours))
		return NULL;
	return &tracks->tracks[index_of(tracks, signal, hours)];
}

static struct track *
track_insert(struct tracks *tracks, unsigned signal, bool hours)
{
	size_t index = index_of(tracks, signal, hours);
	size_t bytes = track_bytes(tracks), at = index * sizeof(struct track);
	char *block = mem_resize(tracks->tracks, bytes + sizeof(struct track));

	memmove(block + at + sizeof(struct track), block + at, bytes - at);
	memset(block + at, 0, sizeof(struct track));
	tracks->tracks = (struct track *)(void *)block;
	*(hours ? &tracks->hours : &tracks->days) |= UINT64_C(1) << signal;
	return &tracks->tracks[index];
}

struct track *
track_make(struct tracks *tracks, unsigned signal, bool hours)
{
	assert(signal < RULESET_MAX_SIGNALS);
	if (has_track(tracks, signal, hours))
		return &tracks->tracks[index_of(tracks, signal, hours)];
	return track_insert(tracks, signal, hours);
}

/* Puts n bytes in the place of the packed bytes from..to of a track. */
static void
splice(struct tracks *tracks, size_t index, size_t from, size_t to, const uint8_t *bytes,
       size_t n)
{
	size_t old_size = track_bytes(tracks), size = old_size - (to - from) + n;
	size_t at = packed_offset(tracks, index) + from, tail = at + (to - from);
	size_t packed = tracks->tracks[index].packed - (to - from) + n;
	uint8_t *block;

	assert(packed <= UINT16_MAX);
	if (size > old_size)
		tracks->tracks = mem_resize(tracks->tracks, size);
	block = (uint8_t *)tracks->tracks;
	memmove(block + at + n, block + tail, old_size - tail);
	if (n > 0)
		memcpy(block + at, bytes, n);
	tracks->tracks[index].packed = (uint16_t)packed;
	if (size < old_size)
		tracks->tracks = mem_resize(tracks->tracks, size);
}

static void
append_cell(struct tracks *tracks, size_t index, uint32_t gap, const struct cell *cell,
	    enum signal_kind kind)
{
	size_t end = tracks->tracks[index].packed;
	uint8_t bytes[CELL_MAX];

	splice(tracks, index, end, end, bytes, cell_write(bytes, gap, cell, kind));
}

/* --- an event --- */

static int64_t
sum_add(int64_t a, int64_t b)
{
	int64_t sum;

	if (__builtin_add_overflow(a, b, &sum))
		return b < 0 ? -SUM_MAX : SUM_MAX;
	return sum > SUM_MAX ? SUM_MAX : sum < -SUM_MAX ? -SUM_MAX : sum;
}

/* What two events, or two cells, come to together. */
static inline int64_t
sum_join(enum signal_kind kind, int64_t a, int64_t b)
{
	if (kind == SIGNAL_MAX)
		return a > b ? a : b;
	if (kind == SIGNAL_MIN)
		return a < b ? a : b;
	return sum_add(a, b);
}

static inline uint32_t
count_add(uint32_t count)
{
	return count + (count < UINT32_MAX);
}

static struct cell
cell_of(const struct track_event *event)
{
	struct cell cell = {.cell = event->cell, .count = 1};

	if (signal_has_sum(event->kind))
		cell.u.sum = sum_add(0, event->micro);
	else if (event->kind == SIGNAL_LAST)
		cell.u.value = event->gauge;
	return cell;
}

static struct cell
newest_cell(const struct track *track, enum signal_kind kind)
{
	struct cell cell = {.cell = track->cell, .count = track->count};

	if (kind == SIGNAL_LAST)
		cell.u.value = track->u.value;
	else
		cell.u.sum = track->u.sum;
	return cell;
}

static void
set_newest(struct track *track, const struct track_event *event)
{
	struct cell cell = cell_of(event);

	track->cell = cell.cell;
	track->count = cell.count;
	if (event->kind == SIGNAL_LAST)
		track->u.value = cell.u.value;
	else
		track->u.sum = cell.u.sum;
}

static void
count_life(struct track *track, uint32_t day)
{
	uint16_t first = (uint16_t)(day < UINT16_MAX ? day : UINT16_MAX);

	if (track->life_days == 0 || first < track->first_cell)
		track->first_cell = first;
	if (track->life_days < UINT16_MAX)
		track->life_days++;
}

/* Drops packed cells before `oldest`; returns the newest packed cell, and in *first the oldest left.
 * false: none is left. */
static bool
drop_before(struct tracks *tracks, size_t index, uint32_t oldest, enum signal_kind kind,
	    uint32_t *first, uint32_t *last)
{
	struct cell_cursor cursor = cursor_of(tracks, index);
	const uint8_t *base = cursor.p;
	uint8_t bytes[CELL_MAX];
	bool more;

	while ((more = cell_next(&cursor, kind)) && cursor.at.cell < oldest)
		continue;
	if (more) {
		struct cell kept = cursor.at;
		size_t end = (size_t)(cursor.p - base);
		bool dropped = cursor.start != base;

		while (cell_next(&cursor, kind))
			continue;
		*first = kept.cell;
		*last = cursor.at.cell;
		if (dropped)
			splice(tracks, index, 0, end, bytes, cell_write(bytes, 0, &kept, kind));
	} else if (tracks->tracks[index].packed > 0) {
		splice(tracks, index, 0, tracks->tracks[index].packed, NULL, 0);
	}
	return more;
}

/* The cell from which on cells are kept: of a gauge also the one whose value stood at the reach's end. */
static uint32_t
oldest_kept(const struct tracks *tracks, size_t index, const struct track_event *event)
{
	uint32_t oldest = event->cell > event->reach ? event->cell - event->reach : 0;
	uint32_t standing = oldest;
	struct cell_cursor cursor = cursor_of(tracks, index);

	if (event->kind != SIGNAL_LAST || event->reach <= TRACK_MARGIN)
		return oldest;
	while (cell_next(&cursor, SIGNAL_LAST) && cursor.at.cell <= oldest)
		standing = cursor.at.cell;
	if (tracks->tracks[index].cell <= oldest)
		standing = tracks->tracks[index].cell;
	return event->cell - standing <= UINT16_MAX ? standing : oldest;
}

/* The first event of a newer cell: the newest one joins the packed ones. */
static void
roll(struct tracks *tracks, size_t index, const struct track_event *event)
{
	struct cell old = newest_cell(&tracks->tracks[index], event->kind);
	uint32_t oldest = oldest_kept(tracks, index, event);
	uint32_t first = old.cell, last = old.cell;
	bool kept = old.cell >= oldest;
	struct track *track;

	drop_before(tracks, index, oldest, event->kind, &first, &last);
	if (kept)
		append_cell(tracks, index, old.cell - last, &old, event->kind);
	track = &tracks->tracks[index];
	track->span = (uint16_t)(kept ? event->cell - first : 0);
	set_newest(track, event);
}

/* An event of a packed cell that is there: cursor stands on it. */
static void
merge(struct tracks *tracks, size_t index, const struct cell_cursor *cursor, size_t start,
      const struct track_event *event)
{
	struct cell cell = cursor->at;
	size_t length = (size_t)(cursor->p - cursor->start);
	uint8_t bytes[CELL_MAX];

	cell.count = count_add(cell.count);
	if (signal_has_sum(event->kind))
		cell.u.sum = sum_join(event->kind, cell.u.sum, event->micro);
	else if (event->kind == SIGNAL_LAST)
		cell.u.value = event->gauge;
	splice(tracks, index, start, start + length, bytes,
	       cell_write(bytes, cell.cell - cursor->before, &cell, event->kind));
}

/* A new packed cell before the one on which the cursor stands. */
static void
insert_before(struct tracks *tracks, size_t index, const struct cell_cursor *cursor,
	      size_t start, const struct track_event *event)
{
	struct cell cell = cell_of(event);
	uint32_t gap = start > 0 ? cell.cell - cursor->before : 0;
	size_t length = (size_t)(cursor->p - cursor->start), n;
	uint8_t bytes[2 * CELL_MAX];

	n = cell_write(bytes, gap, &cell, event->kind);
	n += cell_write(bytes + n, cursor->at.cell - cell.cell, &cursor->at, event->kind);
	splice(tracks, index, start, start + length, bytes, n);
}

/* An event before the newest cell, within reach; true when its cell is new. */
static bool
add_older(struct tracks *tracks, size_t index, const struct track_event *event)
{
	struct cell_cursor cursor = cursor_of(tracks, index);
	const uint8_t *base = cursor.p;
	struct track *track;
	uint32_t span;
	bool more;

	while ((more = cell_next(&cursor, event->kind)) && cursor.at.cell < event->cell)
		continue;
	if (more && cursor.at.cell == event->cell) {
		merge(tracks, index, &cursor, (size_t)(cursor.start - base), event);
		return false;
	}
	if (more) {
		insert_before(tracks, index, &cursor, (size_t)(cursor.start - base), event);
	} else {
		struct cell cell = cell_of(event);
		uint32_t gap = cursor.p == base ? 0 : cell.cell - cursor.at.cell;

		append_cell(tracks, index, gap, &cell, event->kind);
	}
	track = &tracks->tracks[index];
	span = track->cell - event->cell;
	if (span > track->span)
		track->span = (uint16_t)span;
	return true;
}

static void
add_elsewhere(struct tracks *tracks, size_t index, bool hours, const struct track_event *event)
{
	struct track *track = &tracks->tracks[index];
	bool new_day = true;

	if (track->count == 0)
		set_newest(track, event);
	else if (event->cell > track->cell)
		roll(tracks, index, event);
	else if (track->cell - event->cell <= event->reach)
		new_day = add_older(tracks, index, event);
	else
		new_day = event->cell < track->first_cell;
	if (new_day && !hours)
		count_life(&tracks->tracks[index], event->cell);
}

void
track_add(struct tracks *tracks, unsigned signal, bool hours, const struct track_event *event)
{
	struct track *track = track_make(tracks, signal, hours);

	assert(event->reach <= TRACK_MAX_REACH);
	if (event->cell == track->cell && track->count > 0) {
		track->count = count_add(track->count);
		if (signal_has_sum(event->kind))
			track->u.sum = sum_join(event->kind, track->u.sum, event->micro);
		else if (event->kind == SIGNAL_LAST && event->ts >= track->last_at)
			track->u.value = event->gauge;
		if (event->ts > track->last_at)
			track->last_at = event->ts;
	} else {
		size_t index = (size_t)(track - tracks->tracks);
		int64_t last_at = track->count > 0 ? track->last_at : INT64_MIN;

		add_elsewhere(tracks, index, hours, event);
		tracks->tracks[index].last_at = event->ts > last_at ? event->ts : last_at;
	}
}

/* --- reading --- */

static inline void
window_add(struct window *window, enum signal_kind kind, uint32_t count, int64_t sum)
{
	window->count += count;
	if (signal_has_sum(kind))
		window->sum = window->days ? sum_join(kind, window->sum, sum) : sum;
	window->days++;
}

struct window
track_window(const struct tracks *tracks, unsigned signal, bool hours, enum signal_kind kind,
	     int64_t first, int64_t last)
{
	const struct track *track = track_find(tracks, signal, hours);
	struct window window = {0, 0, 0};
	struct cell_cursor cursor;

	if (!track || track->count == 0 || first > track->cell ||
	    last < track->cell - track->span)
		return window;
	if (first < track->cell && track->packed > 0) {
		cursor = cursor_of(tracks, (size_t)(track - tracks->tracks));
		while (cell_next(&cursor, kind) && cursor.at.cell <= last) {
			if (cursor.at.cell >= first)
				window_add(&window, kind, cursor.at.count, cursor.at.u.sum);
		}
	}
	if (first <= track->cell && last >= track->cell)
		window_add(&window, kind, track->count, track->u.sum);
	return window;
}

/* The first bit from `bit` on that is set; TRACK_MASK: none. */
static int64_t
mask_next(const uint64_t *mask, int64_t bit)
{
	uint64_t word;
	if (bit < 0)
		bit = 0;
	if (bit >= TRACK_MASK)
		return TRACK_MASK;
	word = mask[bit / 64] >> bit % 64 << bit % 64;
	while (word == 0 && (bit = (bit / 64 + 1) * 64) < TRACK_MASK)
		word = mask[bit / 64];
	return word ? bit / 64 * 64 + __builtin_ctzll(word) : TRACK_MASK;
}

static void
lower_touch(int64_t *least, int64_t base, const uint64_t *mask, uint32_t cell)
{
	int64_t bit = mask_next(mask, base - cell);

	if (bit < TRACK_MASK && cell + bit < *least)
		*least = cell + bit;
}

int64_t
track_next_touch(const struct tracks *tracks, unsigned signal, enum signal_kind kind,
		 int64_t base, const uint64_t *mask)
{
	const struct track *track = track_find(tracks, signal, false);
	struct cell_cursor cursor;
	int64_t least = INT64_MAX;

	if (!track)
		return least;
	lower_touch(&least, base, mask, track->cell);
	if (track->packed == 0)
		return least;
	cursor = cursor_of(tracks, (size_t)(track - tracks->tracks));
	while (least > base && cell_next(&cursor, kind))
		lower_touch(&least, base, mask, cursor.at.cell);
	return least;
}

unsigned
track_cells(const struct tracks *tracks, unsigned signal, enum signal_kind kind, int64_t first,
	    int64_t last, struct cell cells[TRACK_MAX_CELLS])
{
	const struct track *track = track_find(tracks, signal, false);
	struct cell_cursor cursor;
	unsigned count = 0;

	if (!track || track->count == 0)
		return 0;
	assert(last - first < TRACK_MAX_CELLS);
	if (track->packed > 0) {
		cursor = cursor_of(tracks, (size_t)(track - tracks->tracks));
		while (cell_next(&cursor, kind) && cursor.at.cell <= last)
			if (cursor.at.cell >= first)
				cells[count++] = cursor.at;
	}
	if (first <= track->cell && last >= track->cell)
		cells[count++] = newest_cell(track, kind);
	return count;
}

bool
track_gauge(const struct tracks *tracks, unsigned signal, int64_t last, double *out)
{
	const struct track *track = track_find(tracks, signal, false);
	struct cell_cursor cursor;
	bool found = false;

	if (!track || track->count == 0)
		return false;
	if (last >= track->cell) {
		*out = track->u.value;
		return true;
	}
	cursor = cursor_of(tracks, (size_t)(track - tracks->tracks));
	while (cell_next(&cursor, SIGNAL_LAST) && cursor.at.cell <= last) {
		*out = cursor.at.u.value;
		found = true;
	}
	return found;
}

/* --- records --- */

struct str
track_packed(const struct tracks *tracks, unsigned signal, bool hours)
{
	size_t index;

	if (!has_track(tracks, signal, hours))
		return STR_NONE;
	index = index_of(tracks, signal, hours);
	return (struct str){(const char *)tracks->tracks + packed_offset(tracks, index),
			    tracks->tracks[index].packed};
}

bool
track_restore(struct tracks *tracks, unsigned signal, bool hours, enum signal_kind kind,
	      const struct track *track, struct str packed)
{
	const uint8_t *p = (const uint8_t *)packed.p;
	uint32_t oldest = track->cell - track->span;
	struct track *made;

	if (has_track(tracks, signal, hours) || track->count == 0 || packed.n > UINT16_MAX ||
	    (kind != SIGNAL_LAST && track->span > TRACK_MAX_REACH) ||
	    track->span > track->cell || (track->span == 0) != (packed.n == 0))
		return false;
	if (packed.n > 0 &&
	    !cells_are_sound(cell_cursor_of(p, packed.n, oldest), kind, track->cell))
		return false;
	made = track_insert(tracks, signal, hours);
	*made = *track;
	made->packed = 0;
	splice(tracks, index_of(tracks, signal, hours), 0, 0, p, packed.n);
	return true;
}
