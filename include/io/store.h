/* SPDX-License-Identifier: Apache-2.0 */
/* The commit: everything a batch decided goes into Redis in one MULTI, once, or not at all. */
#ifndef IO_STORE_H
#define IO_STORE_H

#include "codec/partition.h"
#include "io/shard.h"

struct store;

struct store_hooks {
	void *ctx;
	/* The commit is in Redis. */
	void (*done)(void *ctx);
	/* <prefix>commit holds what we did not write; memory is worthless. */
	void (*lost)(void *ctx, const char *why);
	/* Redis refused part of it for a reason that only a person can mend. */
	void (*broken)(void *ctx, const char *why);
	/* The consumer group is gone: it has to be made again at the position. */
	void (*groupless)(void *ctx);
};

struct store_options {
	struct event_base *base;
	struct redis *redis;		  /* borrowed */
	struct str prefix, events, group; /* borrowed; events: the stream's key */
	struct store_hooks hooks;
};

struct store *store_create(const struct store_options *options);
void store_destroy(struct store *store); /* NULL allowed; safe inside hooks */

/* The mark that lies in Redis; from here on it is watched, and commits may follow. What was added and
 * not committed is forgotten. */
void store_begin(struct store *store, const struct commit_mark *mark);
/* The connection was lost: nothing is sent before store_resume() or store_begin(). */
void store_suspend(struct store *store);
/* It came back, to the same Redis: finds out whether the commit under way got there, and sends it
 * again when it did not. */
void store_resume(struct store *store);

/* One more command for the coming commit; the caller appends exactly argc arguments. */
struct buf *store_add_command(struct store *store, size_t argc);
size_t store_added_bytes(const struct store *store);
bool store_has_orders(const struct store *store);

/* True when store_commit() may be called: nothing is under way. */
bool store_is_ready(const struct store *store);

struct store_commit {
	struct stream_id position, low;
	const struct partition *partition; /* read: entries up to position, for the group */
	struct shard_batch *records;	   /* emptied */
};
void store_commit(struct store *store, const struct store_commit *commit);
/* The newest that is known to be in Redis. */
const struct commit_mark *store_mark(const struct store *store);

#endif
