/* SPDX-License-Identifier: Apache-2.0 */
/* Host names become addresses while the loop goes on. */
#ifndef IO_REDIS_LOOKUP_H
#define IO_REDIS_LOOKUP_H

#include <event2/event.h>
#include <event2/util.h>

#include "base/text.h"

#define LOOKUP_MAX_HOST 255

/* `failure` is 0 or for evutil_gai_strerror; the addresses become the callee's (evutil_freeaddrinfo). */
typedef void redis_lookup_fn(void *ctx, int failure, struct evutil_addrinfo *addresses);

struct redis_lookup;

/* The resolver of the system waits in a thread of its own, /etc/hosts and all. fn is called from the
 * loop, once; the lookup stays until redis_lookup_end. */
struct redis_lookup *redis_lookup_begin(struct event_base *base, struct str host, int port,
					redis_lookup_fn *fn, void *ctx);
/* Also before its end, and inside fn; NULL allowed. fn is not called any more. */
void redis_lookup_end(struct redis_lookup *lookup);
/* An address in figures needs no waiting: 0, or the failure. */
int redis_lookup_figures(struct str host, int port, struct evutil_addrinfo **addresses);

#endif
