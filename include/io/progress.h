/* SPDX-License-Identifier: Apache-2.0 */
/* How far an endpoint has come, as it stands in Redis: the hash <prefix>delivery:<endpoint>. */
#ifndef IO_PROGRESS_H
#define IO_PROGRESS_H

#include "engine/delivery.h"
#include "io/reply.h"

/* Fields: `position`, an entry's id: every alert up to it is done. `done`, ranges of entries beyond it that
 * are done: "id..id id id..id". `writes`, counts the writes: whoever lost the connection sees whether the
 * last one arrived. `active`, ms in which the endpoint was neither paused nor its circuit open.
 * `first:<entry id>`, "active at" of an alert's first failure. `why`, a sentence: it is paused. `state`,
 * "paused" or absent or else; written by people too, and therefore only when it changes. `rate`, "taken
 * wall": tokens of its rate that were taken, and not back, at that instant. `rests`,
 * "until wall": at that instant it said "too often", and is left alone until then; 0: it is not. */

struct progress_first {
	struct stream_id at;
	int64_t active, wall; /* ms: the queue's active time, and the clock on the wall */
};

struct progress_record {
	struct stream_id position;
	struct backlog_range *done; /* owned */
	size_t done_count, done_cap;
	uint64_t writes;
	int64_t active;
	bool paused;
	struct buf why;	     /* owned: it is paused */
	unsigned rate_taken; /* tokens */
	int64_t rate_at;     /* ms on the wall */
	int64_t rests_until; /* ms on the wall */
	int64_t rests_for;   /* ms it had to rest when that was written: never longer */
	struct progress_first *firsts; /* owned; by entry */
	size_t first_count, first_cap;
};

/* The reply to HGETALL (an empty one is a new endpoint); false when it is something else. What cannot be
 * read in it counts as absent, so that an alert is rather sent again than lost. */
bool progress_read(const struct reply *reply, struct progress_record *out,
		   struct err *err) MUST_CHECK;
void progress_finish(struct progress_record *record);
/* The stream ends before where we stood (Redis lost its last moments): what comes now is new. */
void progress_clamp(struct progress_record *record, struct stream_id last);
/* NULL when it has not failed yet. */
const struct progress_first *progress_first(const struct progress_record *record,
					    struct stream_id at);

/* Appends one HSET of everything but `first:` and `state`, as of queue->active_at; wall: the same instant. */
void progress_write(struct buf *commands, struct str key, const struct delivery_queue *queue,
		    uint64_t writes, int64_t wall);
/* Append one HSET, one HDEL. */
void progress_write_first(struct buf *commands, struct str key,
			  const struct delivery *delivery);
void progress_drop_first(struct buf *commands, struct str key, struct stream_id at);

/* Appends the XDEL of an entry of the stream of those to be sent again. */
void progress_drop_again(struct buf *commands, struct str stream, struct stream_id at);

/* What is written when an alert is given up. */
struct progress_letter {
	struct str endpoint, reason, reply;
	int status;
	int64_t last_at;
};
#define PROGRESS_REPLY_MAX 2048 /* bytes of the reply that a dead letter keeps */
/* Appends the XADD of the dead letter to `stream`. */
void progress_write_letter(struct buf *commands, struct str stream,
			   const struct delivery *delivery,
			   const struct progress_letter *letter);

#endif
