/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP interface of the daemon: what CRM systems and churnctl read, and what they may tell it. */
#ifndef APP_API_H
#define APP_API_H

#include "app/live.h"
#include "app/reload.h"
#include "io/outbox.h"

struct api;

struct api_options {
	struct event_base *base;
	struct live *live;     /* borrowed */
	struct outbox *outbox; /* borrowed; NULL: no endpoints */
	struct reload *reload; /* borrowed */
	struct str listen;     /* http.listen */
	struct str token;      /* copied; empty: none is asked for */
};

/* NULL: it cannot listen there, or an address that others can reach has no token. */
struct api *api_create(const struct api_options *options, struct err *err) MUST_CHECK;
/* Takes no more connections; what is asked already is answered. */
void api_stop(struct api *api);
/* What still waits for live is answered with 503. Before live_destroy; NULL allowed. */
void api_destroy(struct api *api);

#endif
