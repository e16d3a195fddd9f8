/* SPDX-License-Identifier: Apache-2.0 */
/* Where the HTTP server listens: http.listen of the configuration. */
#ifndef IO_HTTP_LISTEN_H
#define IO_HTTP_LISTEN_H

#include <event2/listener.h>

#include "base/text.h"

struct http_listener {
	struct evconnlistener *listener; /* owned */
	char *path;			 /* owned: of a unix socket, removed at the end */
	bool local;			 /* only this host can reach it */
	bool busy;			 /* after a failure: somebody else listens there now */
};

/* HOST:PORT, [::1]:PORT or unix:PATH. A socket file that nobody listens on any more is taken over. */
bool http_listener_open(struct http_listener *out, struct event_base *base, struct str address,
			evconnlistener_cb take, void *ctx, struct err *err) MUST_CHECK;
void http_listener_close(struct http_listener *listener); /* also when it is closed already */

/* HOST:PORT into its parts, the host terminated and without brackets. */
bool http_address_split(struct str address, char host[256], char port[8],
			struct err *err) MUST_CHECK;

#endif
