/* SPDX-License-Identifier: Apache-2.0 */
/* The outbox: carries committed alerts from the stream to their endpoints, each at its own pace. */
#ifndef IO_OUTBOX_H
#define IO_OUTBOX_H

#include <event2/event.h>

#include "codec/config.h"
#include "io/redis.h"

struct outbox;

struct outbox_options {
	struct event_base *base;
	const struct redis_address *redis; /* it opens a connection of its own */
	struct str prefix;
	const struct endpoint_config *endpoints;
	unsigned endpoint_count;
	struct str folder;   /* for relative secret_file, ca_file: the configuration's */
	int64_t probe_every; /* ms between tries while a circuit is open; 0: a minute */
};

/* NULL: a secret or certificate file cannot be read (one sentence, without the secret). */
struct outbox *outbox_create(const struct outbox_options *options, struct err *err) MUST_CHECK;
/* Alerts were committed: look for new ones now (it also looks when its connection comes back). */
void outbox_wake(struct outbox *outbox);
/* Starts nothing new, lets requests in flight end, records progress; then calls done (also when there
 * was nothing to wait for, but never before outbox_stop returned). */
void outbox_stop(struct outbox *outbox, void (*done)(void *ctx), void *ctx);
void outbox_destroy(struct outbox *outbox);

struct outbox_status {
	struct str name;
	const char *state;		  /* "ok", "retrying", "open" (circuit), "paused" */
	uint64_t delivered, failed, dead; /* since start */
	uint64_t waiting;		  /* taken from the stream, not delivered */
	struct str last_error;		  /* one sentence or empty */
};
unsigned outbox_status(const struct outbox *outbox, struct outbox_status *out, unsigned max);

#endif
