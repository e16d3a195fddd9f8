/* SPDX-License-Identifier: Apache-2.0 */
/* Puts TLS between the socket and what is said to Redis (rediss://). */
#include "io/redis_inside.h"

#define PLAIN_BYTES 16384 /* a TLS record holds no more */

/* A failure here is for a person to mend; waiting would not. */
static bool
refuse(struct redis *redis, const struct err *why)
{
	struct err err;

	redis_dial_error(redis, &err, why->text);
	redis_lose(redis, &err, true);
	return false;
}

static void
flush(struct redis *redis)
{
	struct str bytes = redis_tls_outgoing(redis->tls);

	if (bytes.n == 0)
		return;
	redis_write_bytes(redis, bytes);
	redis_tls_sent(redis->tls);
}

/* As far as it goes for now. */
static bool
shake(struct redis *redis, bool *done)
{
	struct err why;

	if (!redis_tls_shake(redis->tls, done, &why)) {
		flush(redis); /* it is told why */
		return refuse(redis, &why);
	}
	flush(redis);
	return true;
}

void
redis_secure_begin(struct redis *redis)
{
	bool done;
	struct err why;

	redis->tls = redis_tls_create(&redis->address.tls_files, redis->address.host, &why);
	if (redis->tls == NULL)
		refuse(redis, &why);
	else
		(void)shake(redis, &done);
}

/* Hands the reader what there is. An end that Redis tells of while it greets is its refusal of us: with
 * TLS 1.3 it looks at our certificate only after our side is done. */
static bool
replies_feed(struct redis *redis)
{
	char plain[PLAIN_BYTES];
	struct err why;
	size_t n;

	do {
		if (!redis_tls_read(redis->tls, plain, sizeof plain, &n, &why)) {
			if (redis->state == REDIS_GREETING)
				return refuse(redis, &why);
			redis_lose_saying(redis, why.text);
			return false;
		}
		reply_reader_feed(redis->reader, plain, n);
	} while (n > 0);
	flush(redis); /* new keys may have been agreed on */
	return true;
}

bool
redis_secure_take(struct redis *redis, const char *bytes, size_t n)
{
	redis_tls_feed(redis->tls, bytes, n);
	if (redis->state == REDIS_SECURING) {
		bool done;

		if (!shake(redis, &done))
			return false;
		if (!done)
			return true;
		redis_connected(redis);
	}
	return replies_feed(redis);
}

void
redis_secure_write(struct redis *redis, struct str bytes)
{
	redis_tls_write(redis->tls, bytes);
	flush(redis);
}
