/* SPDX-License-Identifier: Apache-2.0 */
/* How an endpoint is spoken to: alerts into a signed request, its reply into an outcome. Knows no queue. */
#ifndef IO_SENDER_H
#define IO_SENDER_H

#include "codec/config.h"
#include "codec/hours.h"
#include "engine/retry.h"
#include "io/webhook_loop.h"

struct sender;
struct sender_options {
	struct event_base *base;
	struct webhook_loop *loop;
	struct almanac *const
		*almanac; /* whose zone dates are said in; borrowed; NULL in it: UTC */
	const struct config *config; /* for `people`; borrowed, as long as the sender lives */
	const struct endpoint_config *endpoint; /* one of its webhooks */
	struct str folder;			/* for relative files; during the call only */
	void (*gone)(void *ctx);		/* NULL, or: config is not used any more */
	void *ctx;
};
/* NULL: a file cannot be read, a secret or header is wrong (one sentence, without the secret). */
struct sender *sender_create(const struct sender_options *options, struct err *err) MUST_CHECK;
/* No new requests; it goes by itself, at once or when the last one under way has ended or was cancelled (which has
 * to happen before the loop is destroyed). NULL allowed. */
void sender_release(struct sender *sender);

/* One alert, or several as a digest: bodies as they stand in the stream. The array is copied, the texts have to live
 * until fn is called or the call is cancelled. */
struct sender_message {
	struct str id; /* of the first */
	const struct str *bodies;
	unsigned count;
};

struct sender_result {
	enum retry_outcome outcome;
	bool unsayable;	  /* REFUSED: no request can be made of the message, it was not sent */
	int status;	  /* 0: no reply came */
	int64_t after;	  /* ms of Retry-After, or RETRY_NO_AFTER */
	struct str reply; /* the first bytes of its body */
	const char *
		error; /* a sentence about the endpoint ("answered 500"), empty when delivered; never the URL,
			      never what was sent */
};
/* Called once, never before sender_post returns; everything is valid during the call only. */
typedef void sender_done_fn(void *ctx, const struct sender_result *result);

struct sender_call;
struct sender_call *sender_post(struct sender *sender, const struct sender_message *message,
				sender_done_fn *fn, void *ctx);
void sender_cancel(struct sender_call *call); /* fn is not called */

#endif
