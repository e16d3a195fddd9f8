/* SPDX-License-Identifier: Apache-2.0 */
/* A Redis of our own: the keys and commands that the daemon uses, a log to come back from, and troubles.
 *
 * A server keeps what it executed as a log of plain commands, as the append-only file does; to die is to be made
 * again from a beginning of it. Streams remember what was trimmed, so that a judge can read what once was there. */
#ifndef SIM_REDIS_H
#define SIM_REDIS_H

#include "base/arena.h"
#include "base/hash.h"
#include "engine/entry.h"

/* ---- data ---- */

struct fake_entry {
	struct stream_id id;
	const struct str *words; /* name, value ... */
	unsigned count;
	bool gone; /* trimmed or deleted: only a judge sees it */
};

struct fake_group {
	struct str name;
	struct stream_id read;
	int64_t entries_read;
};

#define FAKE_GROUPS 4

struct fake_stream {
	struct fake_entry *entries; /* in the data's arena */
	size_t count, cap, live;    /* live: those not gone */
	struct stream_id last;
	uint64_t added;
	struct fake_group groups[FAKE_GROUPS];
	unsigned group_count;
};

struct fake_pair {
	struct str name, value;
};

struct fake_hash {
	struct fake_pair *pairs;
	size_t count, cap;
};

enum fake_type { FAKE_NONE, FAKE_STRING, FAKE_HASH, FAKE_STREAM };

struct fake_value {
	struct str key;
	enum fake_type type; /* FAKE_NONE: deleted */
	int64_t expires;     /* Redis' time, ms; 0: never */
	uint64_t version;    /* changes with each write */
	struct str string;
	struct fake_hash hash;
	struct fake_stream stream;
};

struct fake_data {
	struct arena arena; /* owned: all of it */
	struct fake_value **values;
	size_t count, cap;
	struct map keys; /* to the index in values */
	uint64_t version;
};

/* ---- a server ---- */

enum fake_trouble {
	TROUBLE_NONE,
	TROUBLE_LOADING, /* and no connection gets through its greeting */
	TROUBLE_MISCONF,
	TROUBLE_OOM,
	TROUBLE_READONLY,
	TROUBLE_BUSY
};

struct fake_logged {
	const struct str *words;
	unsigned count;
	unsigned group; /* of one transaction, or alone */
	int64_t at;	/* monotonic */
	bool transaction;
	bool torn; /* of a transaction whose EXEC never was written */
};

struct fake_server {
	struct arena *words; /* borrowed: the bytes of all that was ever written */
	struct fake_data data;
	struct fake_logged *log; /* owned */
	size_t log_count, log_cap;
	unsigned group; /* of the transaction at work */
	int64_t offset; /* of its clock, ms beyond sim_monotonic() */
	int64_t next_client;
	char run_id[41];
	enum fake_trouble trouble;
	int64_t trouble_until; /* monotonic */
	int64_t down_until;    /* takes no connection */
	bool replaying;
	/* What the world looks at; each may be NULL. */
	void (*on_mark)(struct fake_server *server, struct str old, struct str now);
	void (*on_entry)(struct fake_server *server, struct str stream,
			 const struct fake_entry *entry);
	void *ctx;
};

void fake_server_init(struct fake_server *server, struct arena *words, int64_t now);
void fake_server_finish(struct fake_server *server);
int64_t fake_server_now(const struct fake_server *server); /* its TIME, ms */
/* It died, and holds what was written before `since` (monotonic); or up to a commit about then, which is torn: the
 * first `torn` commands of it, or all, lie in the log without their EXEC, as Redis up to 8 leaves them. They come to
 * light when it starts once more, if a transaction was written behind them meanwhile. */
void fake_server_restore(struct fake_server *server, int64_t since, unsigned torn);
/* Another server with a copy of what was written before `since`. */
void fake_server_copy(struct fake_server *to, const struct fake_server *from, int64_t since);

bool fake_server_is_torn(const struct fake_server *server); /* such commands lie there */

struct fake_value *fake_find(struct fake_data *data, struct str key); /* NULL: not there */
struct fake_stream *fake_find_stream(struct fake_data *data, const char *key); /* or NULL */

/* ---- commands ---- */

struct fake_client {
	struct fake_server *server;
	int64_t id;
	char name[80];
	struct arena arena; /* of the transaction being queued */
	bool in_multi, aborted;
	struct buf abort_why;
	struct fake_queued *queue; /* owned */
	size_t queue_count, queue_cap;
	struct fake_watch {
		struct str key;
		uint64_t version;
		bool was_there;
	} watches[4];
	unsigned watch_count;
	/* Set by XREAD when it has to wait: until then, on that key, after that id. */
	bool blocked, quit;
	int64_t blocked_until; /* monotonic */
	struct str blocked_key;
	struct stream_id blocked_after;
	unsigned blocked_count;
	bool judge; /* sees what is gone and what expired */
};

struct fake_queued {
	struct str *words;
	unsigned count;
};

void fake_client_init(struct fake_client *client, struct fake_server *server);
void fake_client_finish(struct fake_client *client);
/* Executes or queues one command; appends the reply, if there is one now (else client->blocked). */
void fake_execute(struct fake_client *client, const struct str *words, unsigned count,
		  struct buf *out);
/* The same from words in C: for the world itself. False: refused. */
bool fake_do(struct fake_server *server, struct buf *out, const char *const *words);
/* The answer to a blocked read, if there is one now. */
bool fake_wake(struct fake_client *client, struct buf *out) MUST_CHECK;
/* CLIENT UNBLOCK and LIST ask the wire. */
bool wire_unblock(const struct fake_server *server, int64_t id);
const char *wire_name_of(const struct fake_server *server, int64_t id); /* NULL: gone */

/* ---- between the files of the fake ---- */

struct fake_call {
	struct fake_client *client;
	struct fake_server *server;
	const struct str *words;
	unsigned count;
	struct buf *out;
};

enum fake_flags {
	FAKE_WRITES = 1,
	FAKE_GROWS = 2,
	FAKE_LOADING = 4,
	FAKE_ALWAYS = 8,
	FAKE_SAVES = 16
};
struct fake_command {
	const char *name;
	void (*run)(struct fake_call *call);
	unsigned least; /* words */
	unsigned flags;
};
const struct fake_command *fake_stream_command(struct str name); /* NULL: none of streams */
const struct fake_command *fake_hash_command(struct str name);	 /* likewise of hashes */

void fake_log(struct fake_call *call, const struct str *words, unsigned count);
void fake_log_as_is(struct fake_call *call);
struct fake_value *fake_make(struct fake_server *server, struct str key, enum fake_type type);
/* As the client sees it: NULL when it expired. */
struct fake_value *fake_look(const struct fake_call *call, struct str key);
void fake_touch(struct fake_server *server, struct fake_value *value);
bool fake_is(struct str word, const char *name); /* without case */

void reply_status(struct buf *out, const char *text);
void reply_error(struct buf *out, const char *text);
void reply_int(struct buf *out, int64_t number);
void reply_nil(struct buf *out);
void reply_nil_array(struct buf *out);
void reply_array(struct buf *out, size_t count);
void reply_text(struct buf *out, struct str text);
/* False, and said so: it holds another type. */
bool fake_type_fits(struct fake_call *call, const struct fake_value *value,
		    enum fake_type type);

#endif
