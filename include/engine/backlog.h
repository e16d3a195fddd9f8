/* SPDX-License-Identifier: Apache-2.0 */
/* What an endpoint has not done with: in the stream's order, and customer by customer. Pure. */
#ifndef ENGINE_BACKLOG_H
#define ENGINE_BACKLOG_H

#include "base/hash.h"
#include "engine/entry.h"

#define BACKLOG_NONE UINT32_MAX

/* An alert that this endpoint has not done with. */
struct delivery {
	/* For the one who sends it. */
	struct stream_id at;	       /* in the alerts stream, or of those to be sent again */
	bool again;		       /* a dead letter that somebody sends again */
	struct str id, customer, body; /* in text */
	unsigned attempts;	       /* failures since it was taken */
	int64_t first_active;	       /* the queue's active time at its first failure, or -1 */
	int64_t first_at;	       /* ms on the wall at that moment; the sender's to keep */

	/* Of the queue (delivery.h). */
	enum delivery_state {
		DELIVERY_FREE,
		DELIVERY_BEHIND,   /* another of the same customer comes first */
		DELIVERY_READY,	   /* in the ready list */
		DELIVERY_FLYING,   /* with the one who sends it */
		DELIVERY_SLEEPING, /* until due_at */
		DELIVERY_DEAD	   /* given up; holds its customer until it is buried */
	} state;
	unsigned refusals; /* failures that are forgiven only three times */
	unsigned waits;	   /* failures that moved it along the schedule */
	int64_t due_at;
	uint32_t next;	 /* in the ready list, or in the list of free slots */
	uint32_t joined; /* FLYING: the next one in the same request */
	bool in_digest;	 /* FLYING: not alone in its request */
	bool alone; /* a digest with it was refused: it goes without company from then on */

	/* Of the backlog. */
	char *text;			/* owned */
	struct stream_id before, after; /* its neighbours in the stream */
	uint32_t older, newer; /* in stream order, among those not done, or among those again */
	uint32_t behind;       /* the next of the same customer */
	uint32_t last_behind;  /* the last one; kept by the first of the customer */
	uint32_t bucket_next;  /* firsts of customers in the same bucket */
};

struct backlog_list {
	uint32_t oldest, newest;
};

/* Entries of the stream, both ends included. */
struct backlog_range {
	struct stream_id from, to;
};

struct backlog {
	struct delivery *slots; /* owned: `window` of them, so that pointers stay */
	uint32_t window;
	uint32_t slots_used, free_first;
	uint32_t *buckets; /* owned: by customer, to the first delivery of each customer */
	uint32_t bucket_mask;
	struct hash_seed seed;
	struct stream_id read_to;
	struct backlog_range *done; /* owned: those not read over yet begin at done_next */
	size_t done_count, done_next;
	struct backlog_list order; /* of those not done */
	struct backlog_list
		again; /* those that are not of the alerts stream, which come and go beside it */
	unsigned held;
	size_t bytes; /* of the bodies held */
};

void backlog_init(struct backlog *backlog, uint32_t window, struct hash_seed seed);
void backlog_finish(struct backlog *backlog);
/* Where it stood: everything up to position is done, and every entry of the ranges (in order, beyond it).
 * Before anything is taken. */
void backlog_restore(struct backlog *backlog, struct stream_id position,
		     const struct backlog_range *done, size_t count);

/* What to read next: entries after `after` and, unless it is 0-0, before `before`. */
void backlog_reads(const struct backlog *backlog, struct stream_id *after,
		   struct stream_id *before);
/* The next entry read: for this endpoint (texts are copied) or not. There has to be room. */
uint32_t backlog_take(struct backlog *backlog, struct stream_id at, struct str id,
		      struct str customer, struct str body);
void backlog_pass(struct backlog *backlog, struct stream_id at);
/* One to be sent again: it takes its place behind what is held of its customer, and moves no position. `at` tells it
 * from the others of its kind. */
uint32_t backlog_take_again(struct backlog *backlog, struct stream_id at, struct str id,
			    struct str customer, struct str body);
bool backlog_holds_again(const struct backlog *backlog, struct stream_id at);
/* Nothing is left to read before `before`: what lies there is done, reading goes on behind it. */
void backlog_jump(struct backlog *backlog);
/* Is it the first of its customer? The others wait behind that one. */
bool backlog_is_first(const struct backlog *backlog, uint32_t slot);
/* It is done; it has to be the first of its customer. Returns the one that was behind it and is now the
 * first, or BACKLOG_NONE. */
uint32_t backlog_remove(struct backlog *backlog, uint32_t slot);

/* ms of the entry of the oldest that is not done; 0: there is none. */
static inline int64_t
backlog_oldest_ms(const struct backlog *backlog)
{
	uint32_t oldest = backlog->order.oldest;

	return oldest == BACKLOG_NONE ? 0 : backlog->slots[oldest].at.ms;
}

static inline uint32_t
backlog_slot(const struct backlog *backlog, const struct delivery *delivery)
{
	return (uint32_t)(delivery - backlog->slots);
}

/* Progress as if the dead were done: everything up to the position is, and so are the ranges beyond it. */
struct stream_id backlog_position(const struct backlog *backlog);
void backlog_ranges(const struct backlog *backlog,
		    void (*fn)(void *ctx, struct backlog_range range), void *ctx);

#endif
