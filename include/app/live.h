/* SPDX-License-Identifier: Apache-2.0 */
/* The live daemon's heart: the stream into the engine, the engine's orders into Redis. */
#ifndef APP_LIVE_H
#define APP_LIVE_H

#include "app/rule_files.h"
#include "codec/partition.h"
#include "engine/engine.h"
#include "io/redis.h"

struct live;

enum live_state {
	LIVE_CONNECTING, /* no connection to Redis */
	LIVE_STANDBY,	 /* another instance holds the lease, or it is being asked for */
	LIVE_STARTING,	 /* ours: the fence, the rules */
	LIVE_LOADING,	 /* reads the records */
	LIVE_RECOVERING, /* reads again what the records do not hold yet */
	LIVE_RUNNING,
	LIVE_PAUSED, /* does not read on until `why` is mended */
	LIVE_STOPPING,
	LIVE_STOPPED,
	LIVE_FAILED
};
const char *live_state_name(enum live_state state);

struct live_hooks {
	void *ctx;
	/* Recovered: from here on it reads and writes. Again after each recovery. */
	void (*ready)(void *ctx);
	/* A commit with alerts is in Redis. */
	void (*alerts)(void *ctx);
	/* Alerts before this id are older than keep_output: up to where may they be trimmed now? 0-0: not at all. */
	struct stream_id (*alerts_old)(void *ctx, struct stream_id before);
	/* It cannot go on; the process has to end with 1. */
	void (*failed)(void *ctx, const char *why);
	/* live_stop() has come to its end: all is committed, the lease released. */
	void (*stopped)(void *ctx);
};

struct live_options {
	struct event_base *base;
	const struct config *config;	   /* borrowed */
	const struct redis_address *redis; /* borrowed */
	struct rule_files *files;	   /* checked; becomes live's */
	struct hash_seed seed;
	struct live_hooks hooks;
};

struct live *live_create(const struct live_options *options);
void live_destroy(struct live *live); /* NULL allowed; not inside a hook */
void live_start(struct live *live);
/* Stops reading, commits all records, releases the lease, then calls stopped() (never at once). */
void live_stop(struct live *live);
struct live_outcome;
/* Other rule files. Their text goes to Redis and an entry into the stream: they are in force when that is
 * read back. */
struct live_reload {
	struct rule_files *files; /* checked; they become live's */
	struct str by, why;	  /* what a person said of it, or none */
	/* Unless NULL: called once, when they are in force and that is committed, or will not be. Not at all
	 * when live_reload() returns false. */
	void (*fn)(void *ctx, const struct live_outcome *outcome);
	void *ctx;
};
/* false: the same as those in force (or on their way). */
bool live_reload(struct live *live, const struct live_reload *reload);
/* Who waits has gone: fn will not be called for this ctx. */
void live_reload_forget(struct live *live, const void *ctx);
/* The last changes of rules, oldest first; NULL while nothing is known. */
const struct rule_change *live_rule_changes(const struct live *live, unsigned *count);

/* NULL until it has recovered (LIVE_RUNNING, LIVE_PAUSED, LIVE_STOPPING). Its customers are as of
 * engine_position(), which may be ahead of what is committed. */
struct engine *live_engine(struct live *live);
/* Redis' time in ms as far as we know, a little behind it; 0: not known yet. */
int64_t live_now(const struct live *live);
/* The connection for single reads (XRANGE, HGETALL ...); NULL while it is down. No MULTI, no WATCH, nothing
 * that blocks. */
struct redis *live_redis(struct live *live);
/* "<prefix>name", valid as long as live. */
struct str live_key(struct live *live, const char *name);

struct live_status {
	enum live_state state;
	const char *why; /* of PAUSED, FAILED, CONNECTING, or if it does not read; or empty */
	const char
		*holder; /* STANDBY: connection name of the one who holds the lease; or NULL */
	bool reads;	 /* RUNNING, and Redis answers the reader */
	bool drained;	 /* reads, and nothing to read was left at the last look */
	bool held;	 /* <prefix>hold exists: time stands still */
	uint64_t lag;	 /* entries of the stream that were not read, at the last look */
	struct stream_id position; /* applied */
	struct stream_id committed, low;
	uint64_t fence, seq;
	int64_t clock;	  /* the engine's; 0 before it has one */
	int64_t next_due; /* NEVER; as of the last time it was drained */
	size_t customers, dirty;
	char rules_sha[65]; /* in force */
	/* Since this process began: */
	uint64_t entries, rejected, alerts, tasks, commits, clock_entries, recoveries;
	uint64_t lost;	    /* entries that somebody trimmed or deleted unread */
	int64_t started_at; /* wall clock */
};
void live_get_status(struct live *live, struct live_status *out);

enum live_result {
	LIVE_APPLIED,  /* applied and committed */
	LIVE_REJECTED, /* read, and rejected: `why` */
	LIVE_REFUSED,  /* not appended: `why` */
	LIVE_UNSURE /* the connection was lost before Redis answered: it may be in the stream */
};
struct live_outcome {
	enum live_result result;
	struct stream_id id;
	const char *why; /* a sentence; empty when applied */
};
typedef void live_append_fn(void *ctx, const struct live_outcome *outcome);
/* Appends one entry with these fields to the stream (XADD *); fn is called once, when the entry is applied
 * and committed, or will not be. May be called at once (with LIVE_REFUSED) when Redis is down. */
void live_append(struct live *live, const struct field *fields, unsigned count,
		 live_append_fn *fn, void *ctx);
/* The caller has gone: fn will not be called for this ctx. */
void live_append_forget(struct live *live, const void *ctx);

#endif
