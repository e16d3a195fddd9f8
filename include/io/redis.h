/* SPDX-License-Identifier: Apache-2.0 */
/* One connection to Redis on the event loop: connect, greet, pipeline, lose, come back. */
#ifndef IO_REDIS_H
#define IO_REDIS_H

#include <event2/event.h>

#include "io/redis_tls.h"
#include "io/reply.h"

/* redis.url of the configuration: redis://[user[:pass]@]host[:port][/db], the same with rediss:// (TLS), or
 * unix:///path[?db=N]. */
struct redis_address {
	struct str host; /* or */
	struct str path; /* unix socket */
	int port, db;
	bool tls;
	struct redis_tls_files
		tls_files; /* not of the URL: whoever reads the configuration sets them */
	struct str user, password;
};

/* Password and user of the URL are percent-decoded; the error never repeats the password. */
bool redis_address_parse(struct arena *arena, struct str url, struct redis_address *out,
			 struct err *err) MUST_CHECK;
/* For logs: without the password. */
void redis_address_print(struct buf *out, const struct redis_address *address);

struct redis;

typedef void redis_reply_fn(void *ctx, const struct reply *reply);

struct redis_hooks {
	void *ctx;
	/* Connected, greeted (AUTH, SELECT, CLIENT SETNAME), version at least 7.0, not LOADING. */
	void (*up)(void *ctx);
	/* Lost or could not be reached; reason is one sentence. Every callback still waiting has been
	 * dropped (not called). It reconnects by itself: 50 ms doubling to 5 s, with jitter. Also called
	 * for each failed try whose reason differs from the last one's. */
	void (*down)(void *ctx, const char *reason);
	/* The ACL user lacks a right (NOPERM ...): each text about once a connection, before the reply
	 * goes to whom it is for. May be NULL. */
	void (*denied)(void *ctx, struct str error);
};

/* `name`: CLIENT SETNAME. Options and hooks are copied; strings in address are borrowed. SIGPIPE is
 * ignored from here on: libevent cannot write without it. */
struct redis *redis_create(struct event_base *base, const struct redis_address *address,
			   const char *name, struct redis_hooks hooks);
void redis_connect(struct redis *redis);
void redis_destroy(
	struct redis *redis); /* NULL allowed; no hook is called; safe inside callbacks */
bool redis_is_up(const struct redis *redis);
size_t redis_waiting(const struct redis *redis);    /* replies that are still owed */
int64_t redis_client_id(const struct redis *redis); /* of the live connection, 0 when down */

/* For hooks.denied: a warning in the log. */
void redis_log_denied(void *ctx, struct str error);

/* Sends bytes holding `replies` whole commands (codec/resp.h); fn is called once for each reply, in
 * order. Asserts that it is up. With no other reply owed the bytes go to the socket at once. */
void redis_send(struct redis *redis, struct str commands, unsigned replies, redis_reply_fn *fn,
		void *ctx);
/* The same for one command whose reply may be a long array of texts: fn is called for each piece of it as it comes
 * (reply_reader_next_piece()), while the next bytes are on their way. */
void redis_send_pieces(struct redis *redis, struct str command, redis_reply_fn *fn, void *ctx);
/* Takes what the socket holds by now, so that Redis can write on. The next reply, behind the one that a redis_reply_fn
 * has at hand, as soon as it is whole, else NULL (always so over TLS); it is handed over in its turn of the loop. */
const struct reply *redis_look_ahead(struct redis *redis);
/* One command of words: redis_command(redis, fn, ctx, "GET", key, NULL). */
void redis_command(struct redis *redis, redis_reply_fn *fn, void *ctx, ...)
	__attribute__((sentinel));

/* For programs that do one thing at a time (churnctl, tests): connects, waiting up to timeout_ms;
 * and one or more commands, waiting for the last reply (copied to the caller's arena). */
bool redis_wait_up(struct redis *redis, int timeout_ms, struct err *err) MUST_CHECK;
const struct reply *redis_call(struct redis *redis, struct arena *arena, struct err *err, ...)
	__attribute__((sentinel))
	MUST_CHECK; /* NULL: lost or timed out (10 s); errors are REPLY_ERROR */

/* LOADING, BUSY, MISCONF, OOM, READONLY, MASTERDOWN, NOREPLICAS, TRYAGAIN, CLUSTERDOWN, MOVED, ASK, UNBLOCKED
 * (a blocked read of a server that became a replica): pause and come back. */
bool redis_error_is_passing(const struct reply *reply);

#endif
