/* SPDX-License-Identifier: Apache-2.0 */
/* An HTTP/1.1 server on the event loop, bounded in every direction. */
#ifndef IO_HTTP_H
#define IO_HTTP_H

#include <event2/event.h>

#include "codec/http_head.h"

/* libevent's own evhttp has neither a cap on connections nor a limit on the time of a whole request, so
 * that a client that sends a byte now and then would hold its connection for hours. */
#define HTTP_MAX_CONNECTIONS 256
#define HTTP_REQUEST_MS 10000 /* for a whole request, and for idling between two */
#define HTTP_ANSWER_MS 30000  /* for a client to take a whole answer */
#define HTTP_LINGER_MS 1000   /* what a refused client still sends is read and dropped */

struct http;
struct http_call; /* one request, until it is answered */

struct http_options {
	struct event_base *base; /* borrowed */
	struct str listen;	 /* HOST:PORT, [::1]:PORT or unix:PATH */
	/* Every request has to be answered once, now or later. */
	void (*take)(void *ctx, struct http_call *call);
	void *ctx;
};

/* NULL: cannot listen there. When somebody else does it is tried again until it can be had. options.listen is
 * borrowed. */
struct http *http_create(const struct http_options *options, struct err *err) MUST_CHECK;
void http_stop(struct http *http); /* takes no more connections */
/* All calls have to be answered before. NULL allowed. */
void http_destroy(struct http *http);
unsigned http_connections(const struct http *http);
/* Can only this host reach it? */
bool http_is_local(const struct http *http);

/* Of a request, valid until it is answered. */
const struct http_head *http_call_head(const struct http_call *call);
struct str http_call_body(const struct http_call *call);
struct arena *http_call_arena(struct http_call *call);

/* The call is gone afterwards. more: further header lines, each with its CR LF, or NULL. */
void http_answer(struct http_call *call, int status, const char *type, const char *more,
		 struct str body);

#endif
