/* SPDX-License-Identifier: Apache-2.0 */
/* The lease: one owner a partition, known to the others by a key that expires. */
#ifndef IO_LEASE_H
#define IO_LEASE_H

#include "io/redis.h"

#define LEASE_MS 10000
#define LEASE_RENEW_MS 4000

struct lease;

struct lease_hooks {
	void *ctx;
	void (*taken)(void *ctx);
	/* Somebody else took it, or what Redis says of it makes no sense. */
	void (*lost)(void *ctx, const char *why);
};

struct lease_options {
	struct event_base *base;
	struct redis *redis; /* borrowed */
	struct str prefix;   /* borrowed */
	const char *name;    /* of redis' connection; no other process has the same. Borrowed */
	struct lease_hooks hooks;
};

struct lease *lease_create(const struct lease_options *options);
void lease_destroy(struct lease *lease); /* NULL allowed; safe inside hooks */

/* Takes it, or waits for it: taken() is called, then it is renewed until the connection is lost. A holder
 * whose connection Redis does not know any more has no claim. */
void lease_acquire(struct lease *lease);
/* The connection was lost: lease_acquire() has to follow when it is back. */
void lease_suspend(struct lease *lease);
/* Another process holds it, as far as we know; its connection's name, or NULL. */
const char *lease_holder(const struct lease *lease);
/* Deletes it if it is ours, then calls done (also when the connection is lost meanwhile: never). */
void lease_release(struct lease *lease, void (*done)(void *ctx), void *ctx);

#endif
