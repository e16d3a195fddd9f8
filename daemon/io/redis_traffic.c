/* SPDX-License-Identifier: Apache-2.0 */
/* What goes over a connection to Redis: commands out, replies in. */
#include <assert.h>
#include <stdarg.h>
#include <sys/socket.h>

#include <event2/buffer.h>

#include "codec/resp.h"
#include "io/log.h"
#include "io/redis_inside.h"

/* One turn of the loop reads at most this much from one connection, so that others get theirs. */
#define READS_PER_TURN 4
#define PEEK_CHUNKS 16

void
redis_log_denied(void *ctx, struct str error)
{
	(void)ctx;
	log_warn("redis", "the ACL user lacks a right that the README lists: %.*s",
		 STR_ARG(error));
}

/* Many a reply is of no interest to whoever sent the command, but that a right is lacking always is. */
static void
denial_tell(struct redis *redis, const struct reply *reply)
{
	uint64_t bit = 0;

	if (redis->hooks.denied == NULL || !reply_error_is(reply, "NOPERM"))
		return;
	for (size_t i = 0; i < reply->text.n; i++)
		bit = bit * 31 + (unsigned char)reply->text.p[i];
	bit = UINT64_C(1) << (bit % 64);
	if (redis->denials & bit)
		return;
	redis->denials |= bit;
	redis->hooks.denied(redis->hooks.ctx, reply->text);
}

enum delivered {
	DELIVERED_ALL,	/* there is no whole reply any more */
	DELIVERED_SOME, /* there may be more: another piece, or what was found ahead */
	DELIVERED_NONE	/* the connection ended meanwhile */
};

/* The next reply or piece of one, or NULL. */
static bool
reply_next_take(struct redis *redis, bool in_pieces, const struct reply **out, struct err *why)
{
	*out = redis->ahead;
	redis->ahead = NULL;
	redis->apart = false;
	if (*out != NULL)
		return true;
	return in_pieces ? reply_reader_next_piece(redis->reader, out, why)
			 : reply_reader_next(redis->reader, out, why);
}

/* Hands over every whole reply, up to a piece of one or one that was found ahead. */
static enum delivered
replies_deliver(struct redis *redis)
{
	struct bufferevent *bev = redis->bev;
	bool in_pieces = false;

	do {
		const struct owed *first = owed_first(&redis->owed);
		const struct reply *reply;
		struct owed owed;
		struct err why;

		in_pieces = first != NULL && first->in_pieces;
		if (!reply_next_take(redis, in_pieces, &reply, &why)) {
			redis_lose(redis, &why, false);
			return DELIVERED_NONE;
		}
		if (reply == NULL)
			return DELIVERED_ALL;
		if (first == NULL) {
			redis_lose_saying(redis, "it sent a reply that nobody asked for");
			return DELIVERED_NONE;
		}
		owed = *first;
		if (reply->more == 0)
			owed_pop(&redis->owed);
		denial_tell(redis, reply);
		redis->at_hand = true;
		owed.fn(owed.ctx, reply);
		redis->at_hand = false;
		if (redis->bev != bev || !redis_is_connected(redis))
			return DELIVERED_NONE;
	} while (!in_pieces && redis->ahead == NULL);
	return DELIVERED_SOME;
}

/* Bytes of the socket, on their way to the reader; false when the connection ended meanwhile. */
static bool
bytes_take(struct redis *redis, const char *bytes, size_t n)
{
	if (redis->tls != NULL)
		return redis_secure_take(redis, bytes, n);
	reply_reader_feed(redis->reader, bytes, n);
	return true;
}

/* What libevent has read already. Its buffers are taken as they lie. */
static bool
buffered_take(struct redis *redis)
{
	struct evbuffer *input = bufferevent_get_input(redis->bev);
	struct evbuffer_iovec chunks[PEEK_CHUNKS];

	while (evbuffer_get_length(input) > 0) {
		int n = evbuffer_peek(input, -1, NULL, chunks, PEEK_CHUNKS);
		size_t bytes = 0;

		for (int i = 0; i < n && i < PEEK_CHUNKS; i++) {
			if (!bytes_take(redis, chunks[i].iov_base, chunks[i].iov_len))
				return false;
			bytes += chunks[i].iov_len;
		}
		evbuffer_drain(input, bytes);
	}
	return true;
}

/* libevent 2.1 reads 4 KiB at a time, too little for replies of a megabyte: the rest is taken from
 * the socket here. An end or error of it is left for libevent to find and tell. */
static size_t
socket_read(struct redis *redis)
{
	ssize_t n = recv(bufferevent_getfd(redis->bev), redis->inbox, REDIS_INBOX_BYTES,
			 MSG_DONTWAIT);

	return n > 0 ? (size_t)n : 0;
}

/* What there is, unless that is far ahead of the piece that is worked on; false when the connection ended meanwhile. */
static bool
socket_take(struct redis *redis, size_t *n)
{
	const struct owed *first = owed_first(&redis->owed);

	*n = 0;
	if (!buffered_take(redis))
		return false;
	if (first == NULL || !first->in_pieces ||
	    reply_reader_unread(redis->reader) <= REDIS_AHEAD_BYTES)
		*n = socket_read(redis);
	return *n == 0 || bytes_take(redis, redis->inbox, *n);
}

void
redis_read(struct redis *redis)
{
	enum delivered delivered = DELIVERED_SOME;

	redis->heard = true;
	for (int i = 0; i < READS_PER_TURN; i++) {
		size_t n = 0;

		/* Where a reply lies that was found ahead no byte is added: that might move it. */
		if (redis->ahead == NULL && !socket_take(redis, &n))
			return;
		delivered = replies_deliver(redis);
		if (delivered == DELIVERED_NONE ||
		    (delivered == DELIVERED_ALL && n < REDIS_INBOX_BYTES / 2))
			return;
		if (redis->ahead != NULL)
			break; /* others get their turn before it */
	}
	if (delivered == DELIVERED_SOME) /* what was read already calls nobody */
		event_add(redis->turn, &(struct timeval){0});
}

/* What comes now goes elsewhere than where the reply at hand lies; not possible when what follows it lies there too. */
static bool
readers_part(struct redis *redis)
{
	struct reply_reader *at_hand = redis->reader;

	if (reply_reader_unread(at_hand) > 0)
		return false;
	redis->reader = redis->other != NULL ? redis->other : reply_reader_create();
	redis->other = at_hand;
	redis->apart = true;
	return true;
}

const struct reply *
redis_look_ahead(struct redis *redis)
{
	const struct owed *next = owed_first(&redis->owed);
	struct err err;
	size_t n;

	if (redis->ahead != NULL || redis->tls != NULL || next == NULL || next->in_pieces)
		return redis->ahead;
	if (redis->at_hand && !redis->apart && !readers_part(redis))
		return NULL;
	/* What is no reply is told of in its turn. */
	if (!socket_take(redis, &n) || !reply_reader_next(redis->reader, &redis->ahead, &err))
		redis->ahead = NULL;
	if (redis->ahead != NULL && !redis->at_hand) /* what was read already calls nobody */
		event_add(redis->turn, &(struct timeval){0});
	return redis->ahead;
}

/* When Redis has nothing of ours to do, it gets the bytes now and not at the end of this turn: the
 * next read goes out before this reply is worked on. Returns how many it took. */
static size_t
write_now(struct redis *redis, struct str bytes)
{
	size_t here = redis->ahead != NULL;
	ssize_t n;

	if (redis->owed.replies > here ||
	    evbuffer_get_length(bufferevent_get_output(redis->bev)) > 0)
		return 0;
	n = send(bufferevent_getfd(redis->bev), bytes.p, bytes.n, MSG_DONTWAIT | MSG_NOSIGNAL);
	return n > 0 ? (size_t)n : 0;
}

void
redis_write_bytes(struct redis *redis, struct str bytes)
{
	size_t n = write_now(redis, bytes);

	if (n < bytes.n)
		bufferevent_write(redis->bev, bytes.p + n, bytes.n - n);
}

void
redis_write(struct redis *redis, struct str bytes, struct owed owed)
{
	if (redis->owed.count == 0)
		redis->heard = true; /* nothing was to be heard until now */
	if (redis->tls != NULL)
		redis_secure_write(redis, bytes);
	else
		redis_write_bytes(redis, bytes);
	owed_push(&redis->owed, owed);
}

void
redis_send(struct redis *redis, struct str commands, unsigned replies, redis_reply_fn *fn,
	   void *ctx)
{
	assert(redis->state == REDIS_UP && commands.n > 0);
	redis_write(redis, commands, (struct owed){.fn = fn, .ctx = ctx, .left = replies});
}

void
redis_send_pieces(struct redis *redis, struct str command, redis_reply_fn *fn, void *ctx)
{
	assert(redis->state == REDIS_UP && command.n > 0);
	redis_write(redis, command,
		    (struct owed){.fn = fn, .ctx = ctx, .left = 1, .in_pieces = true});
}

void
redis_command(struct redis *redis, redis_reply_fn *fn, void *ctx, ...)
{
	va_list words;

	buf_clear(&redis->out);
	va_start(words, ctx);
	resp_command_v(&redis->out, words);
	va_end(words);
	redis_send(redis, buf_view(&redis->out), 1, fn, ctx);
}

bool
redis_error_is_passing(const struct reply *reply)
{
	static const char *const words[] = {
		"LOADING",    "BUSY",	  "MISCONF",	 "OOM",	  "READONLY", "MASTERDOWN",
		"NOREPLICAS", "TRYAGAIN", "CLUSTERDOWN", "MOVED", "ASK",      "UNBLOCKED"};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (reply_error_is(reply, words[i]))
			return true;
	return false;
}
