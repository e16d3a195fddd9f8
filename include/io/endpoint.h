/* SPDX-License-Identifier: Apache-2.0 */
/* One endpoint: takes its alerts from the stream, sends them, keeps account of it in Redis. */
#ifndef IO_ENDPOINT_H
#define IO_ENDPOINT_H

#include "engine/entry.h"
#include "io/outbox.h"
#include "io/sender.h"

/* What the endpoints of an outbox share; borrowed. */
struct endpoint_home {
	struct event_base *base;
	struct redis *redis;
	struct str prefix, alerts, dead, resend; /* keys: <prefix>, <prefix>alerts ... */
	int64_t probe_every;			 /* ms, 0: DELIVERY_PROBE_EVERY */
	void (*rested)(
		void *ctx); /* after endpoint_stop: nothing is in flight, nothing unsaved */
	void *ctx;
};

struct endpoint;
struct endpoint *endpoint_create(const struct endpoint_home *home,
				 const struct endpoint_config *config, struct sender *sender);
void endpoint_destroy(struct endpoint *endpoint); /* cancels its requests; NULL allowed */

struct str endpoint_name(const struct endpoint *endpoint);
struct sender *endpoint_sender(
	const struct endpoint *endpoint);		  /* for requests beside the queue */
struct str endpoint_key(const struct endpoint *endpoint); /* <prefix>delivery:<name> */
/* The connection is up: HGETALL of the key, and the last id the stream has given out. */
void endpoint_load(struct endpoint *endpoint, const struct reply *hash, struct stream_id last);
void endpoint_down(struct endpoint *endpoint); /* replies that were owed will not come */
void endpoint_wake(struct endpoint *endpoint); /* there may be more in the stream */
void endpoint_poll(
	struct endpoint *endpoint); /* the same, and see whether somebody paused it */
void endpoint_pause(struct endpoint *endpoint, bool paused); /* a person wants it so */
void endpoint_stop(struct endpoint *endpoint);		     /* sends nothing new */
bool endpoint_is_resting(const struct endpoint *endpoint);   /* stopped, all ended and saved */
void endpoint_status(const struct endpoint *endpoint, struct outbox_status *out);

#endif
