/* SPDX-License-Identifier: Apache-2.0 */
/* An endpoint from the inside: for the three files that are it. */
#ifndef IO_ENDPOINT_INSIDE_H
#define IO_ENDPOINT_INSIDE_H

#include "io/endpoint.h"
#include "io/progress.h"
#include "io/sender.h"

/* A request under way. */
struct flight {
	struct endpoint *endpoint; /* borrowed */
	struct delivery *delivery; /* borrowed from the queue */
	struct sender_call *call;  /* borrowed from its sender */
	struct flight *next;
	int64_t began_at; /* monotonic */
};

/* What a person wants of `state`, until it is known to be in Redis. */
enum endpoint_wish { WISH_NOTHING, WISH_PAUSED, WISH_OK };

struct endpoint {
	struct endpoint_home home;
	const struct endpoint_config *config; /* borrowed */
	struct buf key;			      /* owned */
	struct delivery_policy policy;
	struct delivery_queue queue;
	struct sender *sender;	 /* owned */
	struct flight *flights;	 /* owned: under way, linked by next */
	struct flight *landed;	 /* owned: to be used again */
	struct event *timer;	 /* owned: when delivery_wakes_at or a write is due */
	int64_t timer_at;	 /* monotonic, to which it is set; NEVER: it is not */
	enum endpoint_wish wish; /* of a person, and not yet in Redis */
	bool loaded, stopping;
	bool loading; /* its progress was asked for: until it is here, nothing is read or written */
	bool unread; /* and could not be read: it is asked for again */
	bool slipped; /* after a lost connection: the last alert it read is gone, older ones are not */
	const struct stream_id *last; /* borrowed: of the outbox, while it is being loaded */
	int64_t hours_until;	      /* monotonic: until then the hours are as they are */
	struct stream_id expires;     /* alerts before it are about to be trimmed */
	unsigned asks; /* replies of Redis that are owed, reads and writes apart */

	/* Reading. */
	bool reading, more;
	bool follows; /* it has read all; the outbox hands it what comes */
	bool reading_again, again_behind;
	struct stream_id again_read_to; /* of those to be sent again */
	unsigned asked;			/* entries of the read under way */
	struct progress_record record;	/* as loaded, for the firsts */

	/* Writing: commands not yet known to have arrived; sent_*: those in the write under way. */
	struct buf pending;
	unsigned pending_count, sent_count;
	size_t sent_bytes;
	struct delivery **dead; /* owned; their letters are in pending */
	size_t dead_count, dead_cap, dead_sent;
	uint64_t writes, acked; /* writes sent; the last one known to have arrived */
	unsigned owed;		/* replies of the write under way, 0: none is */
	bool write_failed;
	struct stream_id sent_position, saved_position;
	unsigned unsaved;		/* alerts done since the last write */
	bool moved;			/* the position, over alerts of others */
	bool state_pending;		/* our own change of `state` is in pending */
	int64_t written_at, not_before; /* monotonic */

	/* Telling. */
	uint64_t delivered, failed, given_up, digests, resent;
	uint64_t tries[RETRY_OUTCOMES];
	struct histogram durations; /* of tries */
	int last_status;
	int64_t last_delivered_at; /* wall */
	struct buf last_error;
	struct buf paused_why;		   /* a sentence; empty while it is not paused */
	int64_t quiet_until, denied_until; /* monotonic: failures are told now and then */
	int64_t save_quiet_until;
};

/* Does whatever can be done now, then sets the timer. */
void endpoint_pump(struct endpoint *endpoint);

/* endpoint_read.c: asks for what there is room for. */
void endpoint_read(struct endpoint *endpoint);

/* endpoint_send.c */
void endpoint_send(struct endpoint *endpoint, struct delivery *delivery);
void endpoint_cancel_all(struct endpoint *endpoint);
/* Those before `expires` that are not in flight become dead letters. */
void endpoint_send_expired(struct endpoint *endpoint);

/* endpoint_save.c: writes if it is due; when it will be due; forget all that is not written. */
void endpoint_save(struct endpoint *endpoint, int64_t now);
int64_t endpoint_save_due(const struct endpoint *endpoint);
bool endpoint_is_saved(const struct endpoint *endpoint);
void endpoint_save_reset(struct endpoint *endpoint, uint64_t writes);
/* After a lost connection: the hash says that `writes` writes have arrived. False: it cannot be ours. */
bool endpoint_save_resume(struct endpoint *endpoint, uint64_t writes) MUST_CHECK;
void endpoint_save_first(struct endpoint *endpoint, const struct delivery *delivery);
void endpoint_save_drop_first(struct endpoint *endpoint, struct stream_id at);
/* It is about to be settled as delivered. */
void endpoint_save_done(struct endpoint *endpoint, const struct delivery *delivery);
void endpoint_save_letter(struct endpoint *endpoint, struct delivery *delivery,
			  const struct progress_letter *letter);
void endpoint_save_state(struct endpoint *endpoint, bool paused);

#endif
