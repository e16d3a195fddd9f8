/* SPDX-License-Identifier: Apache-2.0 */
/* Finds Redis' addresses and begins to connect to them, one after the other. */
#define _DEFAULT_SOURCE /* TCP_KEEPIDLE and its kin */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
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

static bool
dial(struct redis *redis, const struct sockaddr *address, socklen_t n, struct err *err)
{
	errno = 0;
	if (bufferevent_socket_connect(redis->bev, address, (int)n) == 0)
		return true;
	redis_dial_error(redis, err, strerror(errno));
	return false;
}

static bool
dial_path(struct redis *redis, struct err *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct str path = redis->address.path;

	if (path.n >= sizeof address.sun_path) {
		redis_dial_error(redis, err, "the path of the socket is too long");
		return false;
	}
	memcpy(address.sun_path, path.p, path.n);
	return dial(redis, (const struct sockaddr *)&address, sizeof address, err);
}

/* Looks the name up; this waits for the resolver unless it is an address in figures. */
static bool
look_up(struct redis *redis, struct err *err)
{
	const struct evutil_addrinfo hints = {.ai_family = AF_UNSPEC,
					      .ai_socktype = SOCK_STREAM,
					      .ai_protocol = IPPROTO_TCP,
					      .ai_flags = EVUTIL_AI_ADDRCONFIG};
	char host[256], port[8];
	int failure;

	snprintf(host, sizeof host, "%.*s", STR_ARG(redis->address.host));
	snprintf(port, sizeof port, "%d", redis->address.port);
	failure = evutil_getaddrinfo(host, port, &hints, &redis->addresses);
	if (failure != 0) {
		redis_dial_error(redis, err, evutil_gai_strerror(failure));
		return false;
	}
	redis->next_address = redis->addresses;
	return true;
}

bool
redis_dial_has_next(const struct redis *redis)
{
	return redis->next_address != NULL;
}

bool
redis_dial_next(struct redis *redis, struct err *err)
{
	const struct evutil_addrinfo *address = redis->next_address;

	redis->next_address = address->ai_next;
	return dial(redis, address->ai_addr, address->ai_addrlen, err);
}

bool
redis_dial_first(struct redis *redis, struct err *err)
{
	if (redis->address.path.n > 0)
		return dial_path(redis, err);
	return look_up(redis, err) && redis_dial_next(redis, err);
}

void
redis_dial_finish(struct redis *redis)
{
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
