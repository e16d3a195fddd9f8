/* SPDX-License-Identifier: Apache-2.0 */
/* The queue of one endpoint: which alert leaves next, and what becomes of it by the reply. Pure. */
#ifndef ENGINE_DELIVERY_H
#define ENGINE_DELIVERY_H

#include "base/heap.h"
#include "engine/backlog.h"
#include "engine/retry.h"

struct delivery_policy {
	struct retry_policy retry;
	int64_t throttle; /* ms the endpoint rests when it says "too often" without Retry-After */
	unsigned concurrency; /* requests in flight */
	unsigned opens_after; /* failures in a row that open the circuit */
	int64_t probe_every;  /* ms, while the circuit is open */
	unsigned window;      /* alerts held at most */
	size_t window_bytes;  /* of their bodies: full at this */
};

#define DELIVERY_OPENS_AFTER 10u
#define DELIVERY_PROBE_EVERY MINUTE_MS
#define DELIVERY_WINDOW 2000u
#define DELIVERY_WINDOW_BYTES ((size_t)16 << 20)

struct delivery_list {
	uint32_t first, last; /* linked by next */
	unsigned count;
};

struct delivery_queue {
	struct delivery_policy policy;
	struct backlog backlog;
	struct delivery_list ready; /* at most one of a customer */
	struct heap sleepers;	    /* an entry whose delivery woke otherwise is stale */
	unsigned flying, sleeping, dead;
	struct circuit circuit;
	bool paused;
	int64_t throttled_until; /* 0: not */
	int64_t active;		 /* ms up to active_at, neither paused nor the circuit open */
	int64_t active_at;
};

void delivery_queue_init(struct delivery_queue *queue, const struct delivery_policy *policy,
			 int64_t now);
void delivery_queue_finish(struct delivery_queue *queue);

/* How many more alerts it holds. */
unsigned delivery_room(const struct delivery_queue *queue);
/* The next entry of the stream is for this endpoint; first_active and first_at as recorded, or
 * -1 and 0. The entries that are
 * not, and where to read on, are the backlog's. */
void delivery_take(struct delivery_queue *queue, struct stream_id at, struct str id,
		   struct str customer, struct str body, int64_t first_active,
		   int64_t first_at);

/* The next one to send now (it is then in flight), or NULL; and when to ask again if nothing else happens
 * before (NEVER: no need). */
struct delivery *delivery_next(struct delivery_queue *queue, int64_t now);
int64_t delivery_wakes_at(const struct delivery_queue *queue);

enum delivery_verdict { DELIVERY_DONE, DELIVERY_AGAIN, DELIVERY_GIVEN_UP };
struct delivery_settled {
	enum delivery_verdict verdict;
	bool refused;	     /* GIVEN_UP: for its replies, not for its time */
	bool opened, closed; /* the circuit, by this */
	bool paused;	     /* the endpoint, by this */
	int64_t wait;	     /* AGAIN: ms until its turn */
};
/* What came of it. After DELIVERY_DONE it is gone; DELIVERY_GIVEN_UP waits for delivery_bury. */
struct delivery_settled delivery_settle(struct delivery_queue *queue, struct delivery *delivery,
					enum retry_outcome outcome, int64_t after, int64_t now);
/* Its dead letter is written: it is gone. */
void delivery_bury(struct delivery_queue *queue, struct delivery *delivery);
/* The request was taken back: as if it had not left. */
void delivery_unsend(struct delivery_queue *queue, struct delivery *delivery);

void delivery_pause(struct delivery_queue *queue, int64_t now);
void delivery_resume(struct delivery_queue *queue, int64_t now);
/* ms up to now in which the endpoint was neither paused nor its circuit open. */
int64_t delivery_active(struct delivery_queue *queue, int64_t now);

#endif
