/* SPDX-License-Identifier: Apache-2.0 */
/* Finds Redis' addresses and begins to connect to them, one after the other. */
#define _DEFAULT_SOURCE /* TCP_KEEPIDLE and its kin */
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <event2/util.h>

#include "io/redis_inside.h"

/* A peer that is gone without a word is noticed after idle + count * interval seconds. */
#define KEEPALIVE_IDLE_S 30
#define KEEPALIVE_INTERVAL_S 10
#define KEEPALIVE_COUNT 3

void
redis_dial_error(const struct redis *redis, struct err *err, const char *why)
{
	struct buf where = {0};

	redis_address_print(&where, &redis->address);
	err_set(err, "cannot connect to Redis at %s: %s", where.p, why);
	buf_finish(&where);
}

static void
give_up(struct redis *redis, const char *why)
{
	struct err err;

	redis_dial_error(redis, &err, why);
	redis_lose(redis, &err, false);
}

static bool
dial(struct redis *redis, const struct sockaddr *address, socklen_t n)
{
	redis_socket_open(redis);
	errno = 0;
	return bufferevent_socket_connect(redis->bev, address, (int)n) == 0;
}

static void
dial_path(struct redis *redis)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct str path = redis->address.path;

	assert(path.n < sizeof address.sun_path);
	memcpy(address.sun_path, path.p, path.n);
	if (!dial(redis, (const struct sockaddr *)&address, sizeof address))
		give_up(redis, strerror(errno));
}

void
redis_dial_next(struct redis *redis, const char *why)
{
	while (redis->next_address != NULL) {
		const struct evutil_addrinfo *address = redis->next_address;

		redis->next_address = address->ai_next;
		if (dial(redis, address->ai_addr, address->ai_addrlen))
			return;
		why = strerror(errno);
	}
	give_up(redis, why);
}

static void
on_looked_up(void *ctx, int failure, struct evutil_addrinfo *addresses)
{
	struct redis *redis = ctx;

	redis->addresses = addresses;
	redis->next_address = addresses;
	redis_dial_next(redis, failure != 0 ? evutil_gai_strerror(failure) : "no address");
}

void
redis_dial_begin(struct redis *redis)
{
	const struct redis_address *address = &redis->address;
	struct evutil_addrinfo *addresses = NULL;

	if (address->path.n > 0)
		dial_path(redis);
	else if (redis_lookup_figures(address->host, address->port, &addresses) == 0)
		on_looked_up(redis, 0, addresses);
	else
		redis->lookup = redis_lookup_begin(redis->base, address->host, address->port,
						   on_looked_up, redis);
}

void
redis_dial_end(struct redis *redis)
{
	redis_lookup_end(redis->lookup);
	redis->lookup = NULL;
	if (redis->addresses != NULL)
		evutil_freeaddrinfo(redis->addresses);
	redis->addresses = NULL;
	redis->next_address = NULL;
}

/* Best effort: without these the connection works, a dead peer is only noticed later. */
void
redis_dial_options(struct redis *redis)
{
	static const struct {
		int level, name, value;
	} options[] = {
		{IPPROTO_TCP, TCP_NODELAY, 1},
		{SOL_SOCKET, SO_KEEPALIVE, 1},
		{IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S},
		{IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S},
		{IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_COUNT},
		/* The same for a peer that takes no bytes: milliseconds. */
		{IPPROTO_TCP, TCP_USER_TIMEOUT,
		 (KEEPALIVE_IDLE_S + KEEPALIVE_COUNT * KEEPALIVE_INTERVAL_S) * 1000},
	};

	if (redis->address.path.n > 0)
		return;
	for (size_t i = 0; i < sizeof options / sizeof *options; i++)
		(void)setsockopt(bufferevent_getfd(redis->bev), options[i].level,
				 options[i].name, &options[i].value, sizeof options[i].value);
}
