/* SPDX-License-Identifier: Apache-2.0 */
/* The queue of one endpoint: which alert leaves next, and what becomes of it by the reply. Pure. */
#ifndef ENGINE_DELIVERY_H
#define ENGINE_DELIVERY_H

#include "base/heap.h"
#include "engine/backlog.h"
#include "engine/rate_limit.h"
#include "engine/retry.h"

struct delivery_policy {
	struct retry_policy retry;
	int64_t throttle; /* ms the endpoint rests when it says "too often" without Retry-After */
	unsigned concurrency; /* requests in flight */
	unsigned rate_count;  /* requests in rate_per ms; 0: as many as it bears */
	int64_t rate_per;
	unsigned digest_max;  /* alerts in one request; 0 and 1: each goes alone */
	unsigned opens_after; /* failures in a row that open the circuit */
	int64_t probe_every;  /* ms, while the circuit is open */
	unsigned window;      /* alerts held at most */
	size_t window_bytes;  /* of their bodies: full at this */
};

#define DELIVERY_OPENS_AFTER 10u
#define DELIVERY_PROBE_EVERY MINUTE_MS
#define DELIVERY_WINDOW 2000u
#define DELIVERY_DIGEST_MAX 64u /* digest_max is cut to it */
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
	unsigned flying;	    /* requests */
	unsigned sleeping, dead;
	struct circuit circuit;
	struct rate_limit rate;
	bool paused;
	bool gathers; /* what waited for its hours, a token or its rest goes out as digests */
	int64_t throttled_until; /* 0: not */
	int64_t quiet_until;	 /* outside of its hours; 0: not */
	int64_t active; /* ms up to active_at, neither paused nor quiet nor the circuit open */
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

/* A dead letter that is to be sent again, `at` in its own stream: behind what is held of its customer. */
void delivery_take_again(struct delivery_queue *queue, struct stream_id at, struct str id,
			 struct str customer, struct str body);

/* The next request to send now: its first alert (it is then in flight, and so are those joined with it), or NULL; and
 * when to ask again if nothing else happens before (NEVER: no need). */
struct delivery *delivery_next(struct delivery_queue *queue, int64_t now);
int64_t delivery_wakes_at(const struct delivery_queue *queue);
/* The next one in the same request, in the order in which it is told; or NULL. Ask before it is settled. */
struct delivery *delivery_joined(const struct delivery_queue *queue,
				 const struct delivery *delivery);

/* A request ended: what that says about the endpoint. Then each of its alerts is settled, in order. */
struct delivery_landed {
	enum retry_outcome outcome;
	bool opened, closed; /* the circuit, by this */
	bool paused;	     /* the endpoint, by this */
	bool unsayable;	     /* it never left: no request can be made of it */
};
/* No request could be made: that says nothing about the endpoint. */
struct delivery_landed delivery_unsayable(struct delivery_queue *queue, int64_t now);
struct delivery_landed delivery_land(struct delivery_queue *queue, enum retry_outcome outcome,
				     int64_t after, int64_t now);

enum delivery_verdict { DELIVERY_DONE, DELIVERY_AGAIN, DELIVERY_GIVEN_UP };
struct delivery_settled {
	enum delivery_verdict verdict;
	bool refused; /* GIVEN_UP: for its replies, not for its time */
	int64_t wait; /* AGAIN: ms until its turn */
};
/* What comes of it. After DELIVERY_DONE it is gone; DELIVERY_GIVEN_UP waits for delivery_bury. */
struct delivery_settled delivery_settle(struct delivery_queue *queue, struct delivery *delivery,
					const struct delivery_landed *landed, int64_t now);
/* Alerts of entries before `before` will be trimmed: those that are not in flight are given up, and told in the order
 * in which they have to be buried. */
void delivery_expire(struct delivery_queue *queue, struct stream_id before,
		     void (*fn)(void *ctx, struct delivery *delivery), void *ctx);
/* Its dead letter is written: it is gone. */
void delivery_bury(struct delivery_queue *queue, struct delivery *delivery);

void delivery_pause(struct delivery_queue *queue, int64_t now);
void delivery_resume(struct delivery_queue *queue, int64_t now);
/* It may have been mended: what sleeps is tried now, but for a rest it asked for. Who resumes it ends that too. */
void delivery_hurry(struct delivery_queue *queue);
/* Nothing leaves before `until`: it said "too often". */
void delivery_rest(struct delivery_queue *queue, int64_t until);
/* Outside of its hours until then (NEVER: for ever); not after now: they have begun. */
void delivery_quiet(struct delivery_queue *queue, int64_t until, int64_t now);
/* The configuration says otherwise now. The window stays as it is. */
void delivery_set_policy(struct delivery_queue *queue, const struct delivery_policy *policy);
/* ms up to now in which the endpoint was neither paused nor quiet nor its circuit open. */
int64_t delivery_active(struct delivery_queue *queue, int64_t now);

#endif
