/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a stream on a connection of its own: the next read is under way before the last is worked on. */
#ifndef IO_STREAM_H
#define IO_STREAM_H

#include "engine/entry.h"
#include "io/redis.h"

struct stream;

#define STREAM_RUN_ID 48
/* The run_id of INFO server's reply; empty when there is none. */
void stream_run_id(const struct reply *info, char out[STREAM_RUN_ID]);

/* Consecutive entries as they lie on the reply's tape; valid while take() runs. */
struct stream_batch {
	const struct reply *entries; /* the first; the next is reply_next() */
	uint32_t count;		     /* 0: nothing newer was there */
	struct stream_id last;	     /* of the last entry, or where the read began */
	bool full;		     /* there may be more at once */
};

struct stream_hooks {
	void *ctx;
	void (*take)(void *ctx, const struct stream_batch *batch);
	/* The connection came back or was lost; it reads on only after stream_start(). run_id says which
	 * life of which Redis this is (INFO server). */
	void (*up)(void *ctx, const char *run_id);
	void (*down)(void *ctx, const char *reason);
	/* Redis refused the read for a reason that waiting does not mend; the stream has stopped. */
	void (*fail)(void *ctx, const char *why);
};

struct stream_options {
	struct event_base *base;
	const struct redis_address *redis;
	const char *name; /* of the connection */
	struct str key;	  /* borrowed */
	unsigned batch;	  /* entries a read, at most, at least 1 */
	struct stream_hooks hooks;
};

struct stream *stream_create(const struct stream_options *options);
void stream_destroy(struct stream *stream); /* NULL allowed; safe inside hooks */
void stream_connect(struct stream *stream);
bool stream_is_up(const struct stream *stream);
bool stream_is_running(const struct stream *stream);
int64_t stream_client_id(const struct stream *stream); /* for CLIENT UNBLOCK; 0 when down */

/* Reads what follows `after`; the first read does not wait for entries, so that take() soon says
 * whether there are any. Asserts that it is up. */
void stream_start(struct stream *stream, struct stream_id after);
/* No take() from here on; a read under way is thrown away. */
void stream_stop(struct stream *stream);
/* Held: what is under way is still handed over, no new read begins. */
void stream_hold(struct stream *stream, bool held);
/* So many entries were as much as could be taken: the coming reads are no longer, and then grow again. */
void stream_slow(struct stream *stream, unsigned count);
/* Amid long work, of take() too: when the next batch is here already, and full, the one after it is asked for, so that
 * Redis never waits for this one to be worked on. Not after stream_slow(), until they have grown again: what is read
 * ahead then may have to be read again. */
void stream_look_ahead(struct stream *stream);
/* The fields of an entry, borrowed from the tape. */
struct stream_fields {
	struct field *items; /* owned */
	size_t cap;
	unsigned count;
};
void stream_fields_finish(struct stream_fields *fields);
/* false: the tape holds something that is no entry. */
bool stream_read_entry(const struct reply *entry, struct stream_id *id,
		       struct stream_fields *fields) MUST_CHECK;

#endif
