/* SPDX-License-Identifier: Apache-2.0 */
/* One HTTP request to an endpoint, over libcurl on the event loop. */
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
/* Its calls are cancelled; NULL allowed. */
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

/* One request. The texts of headers and URL are copied; body has to live until fn is called or the call is
 * cancelled. */
struct webhook_request {
	struct str method;  /* none: POST */
	struct str url;	    /* none: the configured one */
	struct str headers; /* "Name: value\n" each, no other control characters */
	struct str body;
	bool bare; /* for somebody else: without the headers of the configuration */
};

/* fn is never called before webhook_send returns. */
struct webhook_call;
struct webhook_call *webhook_send(struct webhook_target *target,
				  const struct webhook_request *request, webhook_done_fn *fn,
				  void *ctx);
void webhook_cancel(struct webhook_call *call); /* fn is not called */

#endif
