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

/* Hands over every whole reply; false when the connection ended meanwhile. */
static bool
replies_deliver(struct redis *redis)
{
	struct bufferevent *bev = redis->bev;
	const struct reply *reply;
	struct owed owed;
	struct err why;

	for (;;) {
		if (!reply_reader_next(redis->reader, &reply, &why)) {
			redis_lose(redis, &why, false);
			return false;
		}
		if (reply == NULL)
			return true;
		if (!owed_pop(&redis->owed, &owed)) {
			redis_lose_saying(redis, "it sent a reply that nobody asked for");
			return false;
		}
		denial_tell(redis, reply);
		owed.fn(owed.ctx, reply);
		if (redis->bev != bev || !redis_is_connected(redis))
			return false;
	}
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

void
redis_read(struct redis *redis)
{
	redis->heard = true;
	if (!buffered_take(redis))
		return;
	for (int i = 0; i < READS_PER_TURN; i++) {
		size_t n = socket_read(redis);

		if (n > 0 && !bytes_take(redis, redis->inbox, n))
			return;
		if (!replies_deliver(redis) || n < REDIS_INBOX_BYTES / 2)
			return;
	}
}

/* When Redis has nothing of ours to do, it gets the bytes now and not at the end of this turn: the
 * next read goes out before this reply is worked on. Returns how many it took. */
static size_t
write_now(struct redis *redis, struct str bytes)
{
	ssize_t n;

	if (redis->owed.count > 0 ||
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
redis_write(struct redis *redis, struct str bytes, unsigned replies, redis_reply_fn *fn,
	    void *ctx)
{
	if (redis->owed.count == 0)
		redis->heard = true; /* nothing was to be heard until now */
	if (redis->tls != NULL)
		redis_secure_write(redis, bytes);
	else
		redis_write_bytes(redis, bytes);
	owed_push(&redis->owed, replies, fn, ctx);
}

void
redis_send(struct redis *redis, struct str commands, unsigned replies, redis_reply_fn *fn,
	   void *ctx)
{
	assert(redis->state == REDIS_UP && commands.n > 0);
	redis_write(redis, commands, replies, fn, ctx);
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
