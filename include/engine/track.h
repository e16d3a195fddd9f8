/* SPDX-License-Identifier: Apache-2.0 */
/* Day and hour sums of a customer's signals: put an event in, read a window out. */
#ifndef ENGINE_TRACK_H
#define ENGINE_TRACK_H

#include "base/blocks.h"
#include "engine/cell.h"
#include "engine/customer.h"

/* Cells that a track keeps before its newest: what is read of closed days, and a margin for one that is not
 * closed yet and one a little ahead. */
#define TRACK_MARGIN 2
#define TRACK_MAX_REACH (RULESET_MAX_REACH_DAYS + 1 + TRACK_MARGIN)
#define TRACK_MAX_CELLS (TRACK_MAX_REACH + 1)

/* Sums over cells first..last, both included. */
struct window {
	int64_t count; /* events */
	int64_t sum;   /* millionths: their sum, or the extreme; 0 when there is none */
	int32_t days;  /* cells with an event */
};

/* The sums of one signal, by local day or UTC hour; the newest cell apart, older ones packed.
 * Sums are int64 millionths, clamped; integers, so that the order of arrival changes nothing. */
struct track {
	int64_t last_at; /* newest event's ts */
	union {
		int64_t sum;  /* SIGNAL_SUM, _MAX, _MIN: of the newest cell */
		double value; /* SIGNAL_LAST: latest value */
	} u;
	uint32_t cell;	     /* newest cell: local day (since 1970-01-01) or UTC hour */
	uint32_t count;	     /* events in it, not 0 */
	uint16_t life_days;  /* active days of the whole life (saturates); 0 for hours */
	uint16_t first_cell; /* first active day of the whole life; 0 for hours */
};

/* The track of a signal; false when it has none. */
bool track_get(const struct tracks *tracks, unsigned signal, bool hours, enum signal_kind kind,
	       struct track *out) MUST_CHECK;
/* The same without what takes longer: last_at, cell and count, the rest undefined. */
bool track_newest(const struct tracks *tracks, unsigned signal, bool hours,
		  struct track *out) MUST_CHECK;
/* Where a track is: for engine/track_block.c. */
struct track_place {
	uint8_t *head;
	uint8_t *tail, *packed;
	size_t n; /* of packed */
};

/* The newest day where it stands, until something is added to these tracks; false: there is none. */
struct track_spot {
	struct track newest; /* as track_newest() has it */
	struct track_place place;
};
bool track_find(const struct tracks *tracks, unsigned signal,
		struct track_spot *out) MUST_CHECK;
/* One more event of SIGNAL_COUNT at instant ts of that day; false, and nothing was done: it takes track_add(). */
bool track_add_one(const struct track_spot *spot, int64_t ts) MUST_CHECK;
uint64_t track_hours(const struct tracks *tracks); /* bit s: signal s has an hour track */
static inline bool
track_has(const struct tracks *tracks, unsigned signal, bool hours)
{
	return (hours ? track_hours(tracks) : tracks->days) >> signal & 1;
}

/* Event for event, the order of arrival changes nothing, but for this: among values of a gauge with equal
 * ts, and among those of a day that is no longer the newest, the one that arrived last stands; and an event
 * older than `reach` adds an active day only when it is earlier than the first.
 * Puts one event of value `micro` (sum) or `gauge` (last) at instant ts into `cell`; cells older than
 * `reach` cells before the newest are dropped, of a gauge but for the last of them (an event older than that changes totals only). */
struct track_event {
	uint32_t cell;
	int64_t ts;
	int64_t micro;
	double gauge;
	enum signal_kind kind;
	uint32_t reach;
};
void track_add(struct tracks *tracks, unsigned signal, bool hours,
	       const struct track_event *event);
struct window track_window(const struct tracks *tracks, unsigned signal, bool hours,
			   enum signal_kind kind, int64_t first, int64_t last);
/* Distances from an active day at which something happens. */
#define TRACK_EDGES (RULESET_MAX_REACH_DAYS + 3)
#define TRACK_NO_EDGE UINT16_MAX
struct track_edges {
	uint64_t *parts; /* by distance, TRACK_EDGES of them: of whom it is an edge */
	uint16_t *next;	 /* by distance and 1: the next edge beyond; TRACK_NO_EDGE */
	unsigned count;	 /* the furthest edge, and 1 */
};
/* Of whom some active day's edge is `base`; *next: the least day after it that is an edge of some active day's, INT64_MAX:
 * there is none. */
uint64_t track_touch(const struct tracks *tracks, unsigned signal, enum signal_kind kind,
		     int64_t base, const struct track_edges *edges, int64_t *next);
/* The day cells first..last that have an event, oldest first; how many. */
unsigned track_cells(const struct tracks *tracks, unsigned signal, enum signal_kind kind,
		     int64_t first, int64_t last, struct cell cells[TRACK_MAX_CELLS]);
/* The gauge as of the end of cell `last`; false when it has no value that old in reach. */
bool track_gauge(const struct tracks *tracks, unsigned signal, int64_t last, double *out);

/* For its record: as track_newest(), and what lies packed of it: life totals and number, then the cells. */
bool track_packed(const struct tracks *tracks, unsigned signal, bool hours,
		  struct track *newest, struct str *packed) MUST_CHECK;
struct track_kept {
	uint8_t signal;
	bool hours;
	enum signal_kind kind;
	struct track newest; /* last_at, cell and count */
	struct str packed;   /* borrowed */
};

/* Tracks out of a record, on their way into a block that is made once, as large as it has to be. */
struct tracks_draft {
	unsigned count;
	uint64_t days, hours; /* bit s: it has that track of signal s */
	struct track_kept kept[2 * RULESET_MAX_SIGNALS]; /* as they will lie */
	unsigned waiting;
	struct counts waits[CELLS_ABREAST]; /* not looked at yet */
};
void tracks_draft_begin(struct tracks_draft *draft);
bool tracks_draft_has(const struct tracks_draft *draft, unsigned signal, bool hours);
/* false when it is not as track_packed() would give it, or there is one already. */
bool tracks_draft_add(struct tracks_draft *draft, const struct track_kept *kept) MUST_CHECK;
/* For a record, which is refused as a whole: the same, but cells may be looked at later, several tracks at once; then
 * this tells whether those that were taken are all sound. */
bool tracks_draft_take(struct tracks_draft *draft, const struct track_kept *kept) MUST_CHECK;
bool tracks_draft_is_sound(struct tracks_draft *draft) MUST_CHECK;
/* Of a customer or member that has none. */
void tracks_make(struct tracks *tracks, const struct tracks_draft *draft);
/* Of cells, oldest first, that lie before track->cell; false when they do not, or there is one already. */
bool track_rebuild(struct tracks *tracks, unsigned signal, bool hours, enum signal_kind kind,
		   const struct track *track, const struct cell *cells,
		   unsigned count) MUST_CHECK;

/* Bytes of the tracks with their packed cells. */
size_t track_bytes(const struct tracks *tracks);
/* Its block lies with the others from now on, and is the holder's; a customer's that has no track yet too. */
void tracks_join(struct tracks *tracks, struct blocks *blocks, uint32_t holder);
void tracks_finish(struct tracks *tracks);

/* Customer memory; its id lies behind it. Pointers into a cold part's arrays last until the next call that adds to the same. */
struct customer *customer_create(struct str id);
/* Of one that was made so, and is no engine's yet: when its record says that it is due; 0: it does not. */
int64_t *customer_due_at(struct customer *made);
void customer_finish(struct customer *customer);       /* frees what it owns, not itself */
struct cold *customer_cold(struct customer *customer); /* made when missing */
/* Does nothing when the slot has a value of a newer ts; of equal ones the last wins. */
void customer_set_profile(struct customer *customer, unsigned slot, enum type type,
			  struct value value,
			  int64_t ts); /* unknown value: unset, remembers ts */
struct value customer_profile(const struct customer *customer, const struct ruleset *rules,
			      unsigned slot); /* with the default */
struct rule_state *customer_rule(const struct customer *customer, unsigned rule); /* or NULL */
struct rule_state *customer_rule_make(struct customer *customer, unsigned rule);
/* Tags and tasks: the caller sees to CUSTOMER_MAX_TAGS and CUSTOMER_MAX_TASKS. */
struct tag_state *customer_tag(const struct customer *customer, struct str name); /* or NULL */
struct tag_state *customer_tag_make(struct customer *customer, struct str name);
bool customer_drop_tag(struct customer *customer, struct str name);
struct task_held *customer_add_task(struct customer *customer);
/* Open alerts beside later ones: the caller sees to CUSTOMER_MAX_OPEN. */
struct open_alert *customer_add_alert(struct customer *customer);
void customer_drop_alert(struct customer *customer, unsigned at);
void task_finish(struct task_held *task);	   /* frees what it owns */
void text_set(struct str *owned, struct str text); /* frees the old copy; empty: STR_NONE */

#endif
