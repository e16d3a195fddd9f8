/* SPDX-License-Identifier: Apache-2.0 */
/* One HTTP request: a signed POST to an endpoint, over libcurl on the event loop. */
#ifndef IO_WEBHOOK_H
#define IO_WEBHOOK_H

#include "codec/config.h"
#include "io/webhook_loop.h"

/* An endpoint as libcurl has to know it. The configuration's texts are copied; relative files are found in
 * folder. NULL: a file cannot be read, a network in `allow` or a header is wrong. */
struct webhook_target;
struct webhook_target *webhook_target_create(struct webhook_loop *loop,
					     const struct endpoint_config *config,
					     struct str folder, struct err *err) MUST_CHECK;
/* Its calls are cancelled; NULL allowed, not from inside webhook_done_fn. */
void webhook_target_destroy(struct webhook_target *target);

#define WEBHOOK_REPLY_MAX ((size_t)64 << 10) /* bytes of a reply's body that are read */

struct webhook_reply {
	int status;	 /* 0: no whole reply came, error says why */
	int64_t after;	 /* ms of Retry-After, or RETRY_NO_AFTER */
	struct str body; /* the first WEBHOOK_REPLY_MAX bytes */
	const char *
		error; /* a sentence without the URL, which may be a secret; empty with a status */
};

/* Everything is valid during the call only. */
typedef void webhook_done_fn(void *ctx, const struct webhook_reply *reply);

/* Posts body, which has to live until fn is called (never before webhook_post returns) or the call is
 * cancelled. signature: the value of webhook-signature; timestamp in seconds. */
struct webhook_call;
struct webhook_call *webhook_post(struct webhook_target *target, struct str id,
				  int64_t timestamp, struct str signature, struct str body,
				  webhook_done_fn *fn, void *ctx);
void webhook_cancel(struct webhook_call *call); /* fn is not called */

#endif
