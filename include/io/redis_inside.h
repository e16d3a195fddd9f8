/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of io/redis share among themselves: nobody else includes this. */
#ifndef IO_REDIS_INSIDE_H
#define IO_REDIS_INSIDE_H

#include <event2/bufferevent.h>

#include "io/redis.h"
#include "io/redis_lookup.h"

#define REDIS_CONNECT_MS 5000 /* from the first SYN to the end of the greeting, TLS included */
#define REDIS_BACKOFF_FIRST_MS 50
#define REDIS_BACKOFF_MAX_MS 5000
#define REDIS_CALL_MS 10000
#define REDIS_SILENCE_MS 60000		      /* between two looks whether it still answers */
#define REDIS_INBOX_BYTES ((size_t)256 << 10) /* one read from the socket */
#define REDIS_AHEAD_BYTES \
	((size_t)16 << 20) /* of replies that come in pieces, read before they are worked on */

enum redis_state {
	REDIS_IDLE,	/* made, redis_connect not called yet */
	REDIS_DIALLING, /* a socket is connecting */
	REDIS_SECURING, /* connected; the TLS handshake goes on */
	REDIS_GREETING,
	REDIS_UP,
	REDIS_PAUSED, /* lost; the timer tries again */
	REDIS_GONE,   /* destroyed; libevent still holds it for this turn */
};

/* Replies owed: a ring in the order of sending. */
struct owed {
	redis_reply_fn *fn;
	void *ctx; /* borrowed */
	unsigned left;
	bool in_pieces; /* as redis_send_pieces() was asked for it */
};

struct owed_ring {
	struct owed *slots; /* owned; a power of two */
	size_t cap, first, count;
	size_t replies; /* the sum of left */
};

void owed_push(struct owed_ring *ring, struct owed owed);
const struct owed *owed_first(const struct owed_ring *ring); /* NULL: none */
void owed_pop(struct owed_ring *ring);			     /* one reply of the first */
void owed_clear(struct owed_ring *ring);
void owed_finish(struct owed_ring *ring);

struct redis {
	struct event_base *base;      /* borrowed */
	struct redis_address address; /* its strings borrowed */
	char *name;		      /* owned */
	struct redis_hooks hooks;
	enum redis_state state;
	struct event *timer; /* owned: the connect timeout, the next try, or the next look */
	struct bufferevent *bev;	   /* owned; NULL without a socket */
	struct redis_tls *tls;		   /* owned; NULL without rediss:// or a connection */
	struct redis_lookup *lookup;	   /* owned: of the host's name, while dialling */
	struct evutil_addrinfo *addresses; /* owned: what it found */
	const struct evutil_addrinfo *next_address; /* borrowed from addresses */
	struct reply_reader *reader; /* owned; what the socket holds goes into it */
	/* While one looks ahead of a reply, that reply lies in the other reader. */
	struct reply_reader *other; /* owned, or NULL: nobody has looked ahead yet */
	const struct reply *ahead;  /* of the reader: what was found, whole; or NULL */
	bool at_hand;		    /* a reply is being told of ... */
	bool apart;		    /* ... and lies in the other reader */
	struct event *turn;	    /* owned: the loop's next turn, for replies that are here */
	struct owed_ring owed;
	struct buf out; /* scratch for commands */
	char *inbox;	/* owned: REDIS_INBOX_BYTES */
	unsigned greeting_step;
	int64_t client_id;
	int64_t backoff_ms;
	int call_ms;	/* how long redis_call waits; a test makes it short */
	int silence_ms; /* REDIS_SILENCE_MS; a test makes it short */
	bool heard; /* since the last look it has said something, or owed nothing for a while */
	uint64_t connection; /* counts the times it was up */
	struct err reason;   /* why it is down; empty when it never was or is up */
	uint64_t denials;    /* a bit for each text of NOPERM that was told */
	uint64_t refusals; /* counts the times the reason was one that waiting does not mend */
};

static inline bool
redis_is_connected(const struct redis *redis)
{
	return redis->state == REDIS_GREETING || redis->state == REDIS_UP;
}

/* io/redis.c */
void redis_socket_open(struct redis *redis); /* a new one, not connected yet */
void redis_connected(struct redis *redis);   /* bytes may be exchanged: the greeting begins */
void redis_greeted(struct redis *redis);
/* The hook is called last in these: it may destroy the connection. */
void redis_lose(struct redis *redis, const struct err *reason, bool hopeless);
void redis_lose_saying(struct redis *redis,
		       const char *what); /* "lost Redis at ADDRESS: what" */

const char *redis_silence_explain(const struct redis *redis); /* what is waited for in vain */

/* io/redis_traffic.c */
void redis_read(struct redis *redis); /* takes what there is, hands over whole replies */
/* As redis_send, while the greeting goes on too. */
void redis_write(struct redis *redis, struct str bytes, struct owed owed);
void redis_write_bytes(struct redis *redis,
		       struct str bytes); /* onto the socket, as they are */

/* io/redis_secure.c: the handshake ends in redis_connected or redis_lose. */
void redis_secure_begin(struct redis *redis);
/* Bytes of the socket, of which the reader gets what Redis said. false: the connection is lost. */
bool redis_secure_take(struct redis *redis, const char *bytes, size_t n) MUST_CHECK;
void redis_secure_write(struct redis *redis, struct str bytes);

/* io/redis_greeting.c: sends its commands one by one; ends in redis_greeted or redis_lose. */
void redis_greeting_begin(struct redis *redis);
/* "redis_version:7.0.15" of INFO: at least 7.0? */
bool redis_version_check(struct str info, struct err *err) MUST_CHECK;

/* io/redis_dial.c: ends in an event of redis->bev or in redis_lose. */
void redis_dial_begin(struct redis *redis);
/* The address at hand failed, and why: on to the next one, if there is one. */
void redis_dial_next(struct redis *redis, const char *why);
void redis_dial_end(struct redis *redis);     /* forgets name and addresses */
void redis_dial_options(struct redis *redis); /* of the connected socket: no delay, keepalive */
/* "cannot connect to redis://host:port/0: Connection refused" */
void redis_dial_error(const struct redis *redis, struct err *err, const char *why);

#endif
