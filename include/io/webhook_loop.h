/* SPDX-License-Identifier: Apache-2.0 */
/* libcurl's multi handle on the event loop: every request of the process goes through one. */
#ifndef IO_WEBHOOK_LOOP_H
#define IO_WEBHOOK_LOOP_H

#include <event2/event.h>

#include "io/libcurl.h"

struct webhook_loop;
struct webhook_loop *webhook_loop_create(struct event_base *base);
/* Nothing may be in flight any more; NULL allowed. */
void webhook_loop_destroy(struct webhook_loop *loop);

/* A handle for requests on it. The first one loads libcurl, for good. */
CURL *webhook_loop_easy(struct webhook_loop *loop);
/* Unless a request was made, libcurl is not needed for now. */
void webhook_loop_rest(struct webhook_loop *loop);

/* What CURLOPT_PRIVATE of each easy handle points to. end is called from the loop, never from inside
 * webhook_loop_add; it may add and remove. */
struct webhook_transfer {
	void (*end)(void *ctx, CURLcode code);
	void *ctx;
};
void webhook_loop_add(struct webhook_loop *loop, CURL *easy);
void webhook_loop_remove(struct webhook_loop *loop, CURL *easy); /* before or after its end */

/* libcurl refused what it cannot refuse, but for want of memory: aborts, saying what. */
void webhook_loop_fail(const char *what, const char *why) __attribute__((noreturn));

#endif
