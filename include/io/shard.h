/* SPDX-License-Identifier: Apache-2.0 */
/* Customers' records in Redis: 1024 hashes, so that they load in large pieces; and one hash more of what concerns all
 * customers. Its fields are written by one command, before any customer's: where Redis tore a commit, all of them are
 * there or none, and without them no customer's. */
#ifndef IO_SHARD_H
#define IO_SHARD_H

#include "codec/record.h"
#include "io/redis.h"

#define SHARD_COUNT 1024
#define SHARD_SHARED SHARD_COUNT /* "state:shared" */

/* CRC-16 (XMODEM, as Redis Cluster's) of the customer's id, modulo SHARD_COUNT. */
unsigned shard_of(struct str customer);
uint16_t shard_crc16(struct str text);

struct shard_item {
	unsigned shard;
	size_t at, id_n, record_n; /* in bytes: the id, then the record */
};

/* Records on their way into a commit. {0} is empty. */
struct shard_batch {
	struct shard_item *items; /* owned */
	size_t count, cap;
	struct shard_item *sorted; /* owned: scratch */
	size_t sorted_cap;
	struct buf bytes;
};

/* due_at: as record_encode_due() has it. */
void shard_batch_add(struct shard_batch *batch, const struct ruleset *rules,
		     const struct customer *customer, struct stream_id applied, int64_t due_at);
void shard_batch_add_bytes(struct shard_batch *batch, struct str id, struct str record);
/* A record that is of no customer, under an id that no customer can have. */
void shard_batch_add_shared(struct shard_batch *batch, struct str id, struct str record);
struct str shard_batch_last(const struct shard_batch *batch); /* the record added last */
/* One HSET a shard, the shared one first, appended to out; empties the batch. Returns the number of commands. */
unsigned shard_batch_write(struct shard_batch *batch, struct str prefix, struct buf *out);
void shard_batch_clear(struct shard_batch *batch);
void shard_batch_finish(struct shard_batch *batch);

/* Reads what is shared, then all shards, a few ahead; the loader ends itself with done() or fail(), when no reply is owed any more.
 * passing: Redis cannot be read now; all that was read so far is to be thrown away. */
struct shard_hooks {
	void *ctx;
	void (*ahead)(void *ctx, struct str id); /* its record will come soon */
	void (*shared)(void *ctx, struct str id, struct str bytes);
	void (*record)(void *ctx, struct str id, struct str bytes);
	void (*shard)(void *ctx, unsigned shards); /* so many are read, of SHARD_COUNT */
	void (*done)(void *ctx);
	void (*fail)(void *ctx, const char *why, bool passing);
};
struct shard_load;
struct shard_load *shard_load_begin(struct redis *redis, struct str prefix,
				    struct shard_hooks hooks);
/* When the connection was lost: the loader is no more, its hooks are not called. NULL allowed. */
void shard_load_drop(struct shard_load *load);

#endif
