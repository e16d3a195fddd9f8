/* SPDX-License-Identifier: Apache-2.0 */
/* The outbox from the inside: for the files that are it. */
#ifndef IO_OUTBOX_INSIDE_H
#define IO_OUTBOX_INSIDE_H

#include "codec/hours.h"
#include "io/endpoint.h"
#include "io/outbox.h"

/* A configuration, as long as anything made of it lives. */
struct config_share {
	const struct config *config;
	struct config *owned; /* the same, or NULL: borrowed */
	unsigned users;
};

struct outbox {
	struct event_base *base;		 /* borrowed */
	struct redis *redis;			 /* owned */
	struct webhook_loop *loop;		 /* owned */
	struct event *poll;			 /* owned */
	struct event *stopped;			 /* owned: calls done outside of outbox_stop */
	struct buf prefix, alerts, dead, resend; /* owned */
	struct config_share *share;		 /* of the configuration in force */
	struct almanac *almanac;		 /* owned; NULL: not told yet */
	struct endpoint_home home;
	struct endpoint **endpoints; /* owned, each of them too; in the configuration's order */
	unsigned count;
	struct endpoint **leaving; /* owned: no longer configured, and not yet at rest */
	size_t leaving_count, leaving_cap;
	struct outbox_test *tests; /* owned, linked by next */
	struct stream_id last;	   /* that the stream has given out, as of the last connect */
	bool connected;		   /* redis_connect was called */
	bool held;		   /* another process delivers */
	bool stopping, told;
	void (*done)(void *ctx);
	void *done_ctx;

	/* outbox_read.c */
	struct stream_id tail; /* up to it the alerts are handed to those who follow */
	bool tail_reading, tail_more;
	struct stream_id again_to; /* up to it those to be sent again are handed out */
	bool again_reading, again_known;
	int64_t state_at; /* monotonic: when pauses written by hand were looked for */
	int64_t poll_ms;  /* until the next look */
};

/* outbox_read.c: what is read once for all endpoints. */
void outbox_read_up(struct outbox *outbox);
void outbox_read_down(struct outbox *outbox);
void outbox_read_tail(struct outbox *outbox);
void outbox_follows(void *ctx, struct stream_id at); /* an endpoint has read up to there */
void outbox_poll_soon(struct outbox *outbox);	     /* something came: more may follow */
void outbox_on_poll(evutil_socket_t fd, short what, void *ctx);

/* outbox_reload.c */
struct config_share *config_share_create(const struct config *config, struct config *owned);
void config_share_drop(void *ctx); /* a struct config_share: one user less */
struct sender *outbox_make_sender(struct outbox *outbox, struct config_share *share,
				  const struct endpoint_config *endpoint, struct str folder,
				  struct err *err) MUST_CHECK;

/* outbox.c */
struct endpoint *outbox_find(const struct outbox *outbox, struct str name);
void outbox_connect(struct outbox *outbox); /* unless it is, or there is no endpoint */
void outbox_load(struct outbox *outbox,
		 struct endpoint *endpoint); /* one more, while it is up */
void outbox_sweep(struct outbox *outbox);    /* those who leave and are at rest go */

#endif
