/* SPDX-License-Identifier: Apache-2.0 */
/* Day and hour sums of a customer's signals: events into them, windows out of them. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/number.h"
#include "engine/track_block.h"

#define SUM_MAX INT64_C(9000000000000000000)

#define PACKED_CELLS \
	(TRACK_MAX_CELLS + 1) /* a gauge's keeps one beyond its reach; one comes in between */
#define PACKED_HEAD (2 * VARINT_MAX + CELL_NUMBER_MAX)
#define PACKED_MAX (PACKED_HEAD + PACKED_CELLS * CELL_MAX + 8)

/* A track and the cells behind it. */
struct thawed {
	struct track track;
	const uint8_t *cells;
	size_t n; /* bytes of them */
};

/* What is packed, but for the cells; false when it makes no sense. */
static bool
unpack_head(struct thawed *it, bool hours, enum signal_kind kind, const uint8_t *p,
	    const uint8_t *end)
{
	struct cell_cursor number;
	uint64_t life = 0, gap = 0;

	if (!hours) {
		p = read_varint(p, end, &life);
		p = read_varint(p, end, &gap);
		if (!p || life > UINT16_MAX || gap > it->track.cell ||
		    it->track.cell - gap > UINT16_MAX)
			return false;
		it->track.life_days = (uint16_t)life;
		it->track.first_cell = (uint16_t)(it->track.cell - gap);
	}
	if (kind != SIGNAL_COUNT) {
		number = cell_cursor_of(p, (size_t)(end - p), 0);
		cell_take_number(&number, kind);
		memcpy(&it->track.u, &number.at.u, sizeof it->track.u);
		p = number.p - number.have / 8;
		if (number.bad)
			return false;
	}
	it->cells = p;
	it->n = (size_t)(end - p);
	return true;
}

static bool
thaw(const struct tracks *tracks, unsigned signal, bool hours, enum signal_kind kind,
     struct thawed *out)
{
	struct track_place place;

	*out = (struct thawed){0};
	if (!block_find(tracks, signal, hours, &place))
		return false;
	block_newest(&place, hours, &out->track);
	bool sound = unpack_head(out, hours, kind, place.packed, place.packed + place.n);
	assert(sound); /* what lies in a block was written by freeze() */
	return sound;
}

static struct cell_cursor
cursor_of(const struct thawed *it)
{
	return cell_cursor_of(it->cells, it->n, it->track.cell);
}

static struct cell
newest_cell(const struct track *track)
{
	struct cell cell = {.cell = track->cell, .count = track->count};

	memcpy(&cell.u, &track->u, sizeof cell.u);
	return cell;
}

static size_t
pack(const struct thawed *it, bool hours, enum signal_kind kind, uint8_t out[PACKED_MAX])
{
	struct cell cell = newest_cell(&it->track);
	uint8_t *p = out;

	if (!hours) {
		p = put_varint(p, it->track.life_days);
		p = put_varint(p, it->track.cell - it->track.first_cell);
	}
	if (kind != SIGNAL_COUNT)
		p += number_write(p, &cell, kind);
	if (it->n > 0)
		memcpy(p, it->cells, it->n);
	return (size_t)(p - out) + it->n;
}

static void
freeze(struct tracks *tracks, unsigned signal, bool hours, enum signal_kind kind,
       const struct thawed *it)
{
	uint8_t packed[PACKED_MAX];
	size_t n = pack(it, hours, kind, packed);

	block_put(tracks, signal, hours, &it->track, packed, n);
}

bool
track_get(const struct tracks *tracks, unsigned signal, bool hours, enum signal_kind kind,
	  struct track *out)
{
	struct thawed it;

	if (!thaw(tracks, signal, hours, kind, &it))
		return false;
	*out = it.track;
	return true;
}

bool
track_newest(const struct tracks *tracks, unsigned signal, bool hours, struct track *out)
{
	struct track_place place;

	if (!block_find_newest(tracks, signal, hours, &place))
		return false;
	block_newest(&place, hours, out);
	return true;
}

bool
track_find(const struct tracks *tracks, unsigned signal, struct track_spot *out)
{
	if (!block_find_newest(tracks, signal, false, &out->place))
		return false;
	block_newest(&out->place, false, &out->newest);
	return true;
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

static void
set_newest(struct track *track, const struct track_event *event)
{
	struct cell cell = cell_of(event);

	track->cell = cell.cell;
	track->count = cell.count;
	memcpy(&track->u, &cell.u, sizeof track->u);
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

/* An event of the newest cell. */
static void
join_newest(struct track *track, const struct track_event *event)
{
	track->count = count_add(track->count);
	if (signal_has_sum(event->kind))
		track->u.sum = sum_join(event->kind, track->u.sum, event->micro);
	else if (event->kind == SIGNAL_LAST && event->ts >= track->last_at)
		track->u.value = event->gauge;
}

/* How many bits of the cells are of those that are kept once the newest is event->cell: of a gauge also the one
 * whose value stood at the reach's end. */
static size_t
bits_kept(const struct thawed *it, const struct track_event *event, uint32_t oldest)
{
	bool gauge = event->kind == SIGNAL_LAST && event->reach > TRACK_MARGIN;
	struct cell_cursor cursor = cursor_of(it);
	uint32_t last = it->track.cell;
	size_t kept = 0;

	while (!(gauge && last <= oldest) && cell_next(&cursor, event->kind) &&
	       (gauge || cursor.at.cell >= oldest)) {
		last = cursor.at.cell;
		kept = (size_t)(cursor.p - it->cells) * 8 - cursor.have;
	}
	return kept;
}

/* The first event of a newer cell: the newest one joins the packed ones, which go to `out`. */
static void
roll(struct thawed *it, const struct track_event *event, uint8_t out[PACKED_MAX])
{
	struct cell_writer writer = {.p = out};
	struct cell old = newest_cell(&it->track);
	uint32_t oldest = event->cell > event->reach ? event->cell - event->reach : 0;
	bool stands = event->kind == SIGNAL_LAST && event->reach > TRACK_MARGIN;

	if (old.cell >= oldest || stands) {
		cell_write(&writer, event->cell - old.cell, &old, event->kind);
		cell_write_bits(&writer, cursor_of(it), bits_kept(it, event, oldest));
	}
	it->cells = out;
	it->n = (size_t)(cell_write_end(&writer) - out);
	set_newest(&it->track, event);
}

/* All cells, newest first; how many. */
static unsigned
cells_read(const struct thawed *it, enum signal_kind kind, struct cell cells[PACKED_CELLS])
{
	struct cell_cursor cursor = cursor_of(it);
	unsigned count = 0;

	while (count < PACKED_CELLS && cell_next(&cursor, kind))
		cells[count++] = cursor.at;
	return count;
}

static void
cells_write(struct thawed *it, enum signal_kind kind, const struct cell *cells, unsigned count,
	    uint8_t out[PACKED_MAX])
{
	struct cell_writer writer = {.p = out};
	uint32_t newer = it->track.cell;

	for (unsigned i = 0; i < count; i++) {
		cell_write(&writer, newer - cells[i].cell, &cells[i], kind);
		newer = cells[i].cell;
	}
	it->cells = out;
	it->n = (size_t)(cell_write_end(&writer) - out);
}

/* An event before the newest cell, within reach; true when its cell is new. */
static bool
add_older(struct thawed *it, const struct track_event *event, uint8_t out[PACKED_MAX])
{
	struct cell cells[PACKED_CELLS + 1];
	unsigned count = cells_read(it, event->kind, cells), at = 0;
	bool is_new;

	while (at < count && cells[at].cell > event->cell)
		at++;
	is_new = at == count || cells[at].cell != event->cell;
	if (is_new) {
		memmove(cells + at + 1, cells + at, (count - at) * sizeof *cells);
		cells[at] = cell_of(event);
		count++;
	} else {
		cells[at].count = count_add(cells[at].count);
		if (signal_has_sum(event->kind))
			cells[at].u.sum = sum_join(event->kind, cells[at].u.sum, event->micro);
		else if (event->kind == SIGNAL_LAST)
			cells[at].u.value = event->gauge;
	}
	cells_write(it, event->kind, cells, count, out);
	return is_new;
}

bool
track_add_one(const struct track_spot *spot, int64_t ts)
{
	return block_count(&spot->place, false, ts);
}

/* The common case, an event of the newest cell that needs no other place. */
static bool
add_in_place(struct tracks *tracks, unsigned signal, bool hours,
	     const struct track_event *event)
{
	struct track_place place;
	struct track track;

	if (event->kind != SIGNAL_COUNT || !block_find_newest(tracks, signal, hours, &place))
		return false;
	block_newest(&place, hours, &track);
	return event->cell == track.cell && block_count(&place, hours, event->ts);
}

void
track_add(struct tracks *tracks, unsigned signal, bool hours, const struct track_event *event)
{
	uint8_t cells[PACKED_MAX];
	struct thawed it;
	bool new_day = true;

	assert(signal < RULESET_MAX_SIGNALS && event->reach <= TRACK_MAX_REACH);
	if (add_in_place(tracks, signal, hours, event))
		return;
	if (!thaw(tracks, signal, hours, event->kind, &it)) {
		set_newest(&it.track, event);
		it.track.last_at = event->ts;
	} else if (event->cell == it.track.cell) {
		join_newest(&it.track, event);
		new_day = false;
	} else if (event->cell > it.track.cell) {
		roll(&it, event, cells);
	} else if (it.track.cell - event->cell <= event->reach) {
		new_day = add_older(&it, event, cells);
	} else {
		new_day = event->cell < it.track.first_cell;
	}
	if (new_day && !hours)
		count_life(&it.track, event->cell);
	if (event->ts > it.track.last_at)
		it.track.last_at = event->ts;
	freeze(tracks, signal, hours, event->kind, &it);
}

/* --- reading --- */

static inline void
window_add(struct window *window, enum signal_kind kind, const struct cell *cell)
{
	window->count += cell->count;
	if (signal_has_sum(kind))
		window->sum =
			window->days ? sum_join(kind, window->sum, cell->u.sum) : cell->u.sum;
	window->days++;
}

struct window
track_window(const struct tracks *tracks, unsigned signal, bool hours, enum signal_kind kind,
	     int64_t first, int64_t last)
{
	struct window window = {0, 0, 0};
	struct thawed it;
	struct cell_cursor cursor;
	struct cell newest;

	if (!thaw(tracks, signal, hours, kind, &it) || first > it.track.cell)
		return window;
	newest = newest_cell(&it.track);
	if (last >= it.track.cell)
		window_add(&window, kind, &newest);
	cursor = cursor_of(&it);
	while (cell_next(&cursor, kind) && cursor.at.cell >= first)
		if (cursor.at.cell <= last)
			window_add(&window, kind, &cursor.at);
	return window;
}

static inline void
touch_cell(const struct track_edges *edges, int64_t base, uint32_t cell, uint64_t *parts,
	   int64_t *next)
{
	int64_t away = base - cell;
	uint16_t further;

	if (away >= (int64_t)edges->count)
		return;
	if (away >= 0)
		*parts |= edges->parts[away];
	further = edges->next[away >= 0 ? away + 1 : 0];
	if (further != TRACK_NO_EDGE && cell + (int64_t)further < *next)
		*next = cell + (int64_t)further;
}

uint64_t
track_touch(const struct tracks *tracks, unsigned signal, enum signal_kind kind, int64_t base,
	    const struct track_edges *edges, int64_t *next)
{
	struct cell_cursor cursor;
	uint64_t parts = 0;
	struct thawed it;

	*next = INT64_MAX;
	if (!thaw(tracks, signal, false, kind, &it))
		return 0;
	touch_cell(edges, base, it.track.cell, &parts, next);
	cursor = cursor_of(&it);
	while (cell_next(&cursor, kind))
		touch_cell(edges, base, cursor.at.cell, &parts, next);
	return parts;
}

unsigned
track_cells(const struct tracks *tracks, unsigned signal, enum signal_kind kind, int64_t first,
	    int64_t last, struct cell cells[TRACK_MAX_CELLS])
{
	struct cell_cursor cursor;
	struct thawed it;
	unsigned count = 0;

	assert(last - first < TRACK_MAX_CELLS);
	if (!thaw(tracks, signal, false, kind, &it) || first > it.track.cell)
		return 0;
	if (last >= it.track.cell)
		cells[count++] = newest_cell(&it.track);
	cursor = cursor_of(&it);
	while (cell_next(&cursor, kind) && cursor.at.cell >= first)
		if (cursor.at.cell <= last)
			cells[count++] = cursor.at;
	for (unsigned i = 0; i < count / 2; i++) {
		struct cell cell = cells[i];

		cells[i] = cells[count - 1 - i];
		cells[count - 1 - i] = cell;
	}
	return count;
}

bool
track_gauge(const struct tracks *tracks, unsigned signal, int64_t last, double *out)
{
	struct cell_cursor cursor;
	struct thawed it;

	if (!thaw(tracks, signal, false, SIGNAL_LAST, &it))
		return false;
	*out = it.track.u.value;
	if (last >= it.track.cell)
		return true;
	cursor = cursor_of(&it);
	while (cell_next(&cursor, SIGNAL_LAST)) {
		*out = cursor.at.u.value;
		if (cursor.at.cell <= last)
			return true;
	}
	return false;
}

/* --- records --- */

bool
track_packed(const struct tracks *tracks, unsigned signal, bool hours, struct track *newest,
	     struct str *packed)
{
	struct track_place place;

	if (!block_find(tracks, signal, hours, &place))
		return false;
	block_newest(&place, hours, newest);
	*packed = (struct str){(const char *)place.packed, place.n};
	return true;
}

/* Cells come newest first: within the longest reach, but for the one that a gauge keeps beyond it. */
static bool
cells_fit(const struct thawed *it, enum signal_kind kind, const struct cell *cells,
	  unsigned count)
{
	unsigned beyond = 0;

	for (unsigned i = 0; i < count; i++) {
		if (cells[i].cell >= (i > 0 ? cells[i - 1].cell : it->track.cell) ||
		    cells[i].count == 0 || (kind == SIGNAL_LAST && !isfinite(cells[i].u.value)))
			return false;
		beyond += it->track.cell - cells[i].cell > TRACK_MAX_REACH;
	}
	return it->track.count > 0 && beyond <= (kind == SIGNAL_LAST) &&
	       (kind != SIGNAL_LAST || isfinite(it->track.u.value));
}

bool
track_rebuild(struct tracks *tracks, unsigned signal, bool hours, enum signal_kind kind,
	      const struct track *track, const struct cell *cells, unsigned count)
{
	struct thawed it = {.track = *track};
	struct cell newest_first[PACKED_CELLS];
	uint8_t bits[PACKED_MAX];

	if (track_has(tracks, signal, hours) || count > PACKED_CELLS)
		return false;
	for (unsigned i = 0; i < count; i++)
		newest_first[i] = cells[count - 1 - i];
	if (!cells_fit(&it, kind, newest_first, count))
		return false;
	cells_write(&it, kind, newest_first, count, bits);
	freeze(tracks, signal, hours, kind, &it);
	return true;
}
