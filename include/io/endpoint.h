/* SPDX-License-Identifier: Apache-2.0 */
/* One endpoint: takes its alerts from the stream, sends them, keeps account of it in Redis. */
#ifndef IO_ENDPOINT_H
#define IO_ENDPOINT_H

#include "codec/hours.h"
#include "engine/entry.h"
#include "io/outbox.h"
#include "io/sender.h"

/* What the endpoints of an outbox share; borrowed. */
struct endpoint_home {
	struct event_base *base;
	struct redis *redis;
	struct str prefix, alerts, dead, resend; /* keys: <prefix>, <prefix>alerts ... */
	struct almanac *const *almanac; /* for their hours; NULL in it: not known yet */
	int64_t probe_every;		/* ms, 0: DELIVERY_PROBE_EVERY */
	/* After endpoint_stop: nothing is in flight, nothing unsaved. */
	void (*rested)(void *ctx);
	/* It has read all there was: whatever comes after `at` is to be handed to it. */
	void (*follows)(void *ctx, struct stream_id at);
	void *ctx;
};

struct endpoint;
/* The sender becomes its own, and lives at least as long as what config points to. */
struct endpoint *endpoint_create(const struct endpoint_home *home,
				 const struct endpoint_config *config, struct sender *sender);
/* The same endpoint, configured otherwise: requests in flight end as they began. */
void endpoint_configure(struct endpoint *endpoint, const struct endpoint_config *config,
			struct sender *sender);
/* Cancels its requests; NULL allowed. Redis may owe it nothing any more, or is gone. */
void endpoint_destroy(struct endpoint *endpoint);
bool endpoint_is_owed(const struct endpoint *endpoint);

struct str endpoint_name(const struct endpoint *endpoint);
struct sender *endpoint_sender(
	const struct endpoint *endpoint); /* for requests beside the queue */
/* The connection is up: asks for its progress. *last, the last id the stream has given out, is read when that comes. */
void endpoint_load(struct endpoint *endpoint, const struct stream_id *last);
void endpoint_down(struct endpoint *endpoint); /* replies that were owed will not come */
void endpoint_wake(struct endpoint *endpoint); /* there may be more in the stream */
void endpoint_poll(struct endpoint *endpoint,
		   bool state); /* the same; state: did somebody pause it? */
void endpoint_hours_changed(struct endpoint *endpoint); /* the almanac did */
/* A person wants it so; why: a sentence about it. */
void endpoint_pause(struct endpoint *endpoint, bool paused, struct str why);
void endpoint_stop(struct endpoint *endpoint);	/* sends nothing new */
void endpoint_start(struct endpoint *endpoint); /* after a stop: not so */
/* What it knows may be old: it does nothing before it is loaded again. */
void endpoint_forget(struct endpoint *endpoint);
bool endpoint_is_resting(const struct endpoint *endpoint); /* stopped, all ended and saved */
void endpoint_status(const struct endpoint *endpoint, struct outbox_status *out);

/* Alerts before `before` are about to be trimmed: what is not done becomes dead letters. Up to where everything is
 * done, and known to be in Redis; 0-0: not known. */
struct stream_id endpoint_expire(struct endpoint *endpoint, struct stream_id before);

/* An entry of the alerts (`to`: names, joined by commas) or of those to be sent again (`to`: one). */
struct endpoint_entry {
	struct stream_id at;
	struct str id, customer, to, body;
};
bool endpoint_entry_read(const struct reply *entry, struct endpoint_entry *out) MUST_CHECK;
bool endpoint_follows(const struct endpoint *endpoint);
/* The next entry of the alerts, for whom it may be; then endpoint_go_on. */
void endpoint_hand(struct endpoint *endpoint, const struct endpoint_entry *entry);
void endpoint_go_on(struct endpoint *endpoint);
void endpoint_hand_again(struct endpoint *endpoint, const struct endpoint_entry *entry);

#endif
