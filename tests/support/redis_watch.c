/* SPDX-License-Identifier: Apache-2.0 */
/* Remembers what a connection to Redis told its hooks. */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "io/redis_inside.h"
#include "support/redis_watch.h"

#define PATIENCE_S 20

static void
destroy_now(struct redis_watch *watch)
{
	redis_destroy(watch->redis);
	watch->redis = NULL;
}

static void
on_up(void *ctx)
{
	struct redis_watch *watch = ctx;

	watch->ups++;
	if (watch->destroy_on_up)
		destroy_now(watch);
}

static void
on_down(void *ctx, const char *reason)
{
	struct redis_watch *watch = ctx;

	watch->downs++;
	err_set(&watch->reason, "%s", reason);
	buf_printf(&watch->reasons, "%s\n", reason);
	if (watch->destroy_on_down)
		destroy_now(watch);
}

void
redis_watch_init(struct redis_watch *watch, struct event_base *base, const char *url)
{
	struct redis_address address;
	struct err err;

	*watch = (struct redis_watch){.base = base};
	arena_init(&watch->arena);
	if (!redis_address_parse(&watch->arena, str_of(url), &address, &err))
		fail_msg("%s", err.text);
	watch->redis =
		redis_create(watch->base, &address, "churnd-test",
			     (struct redis_hooks){.ctx = watch, .up = on_up, .down = on_down});
}

void
redis_watch_finish(struct redis_watch *watch)
{
	redis_destroy(watch->redis);
	event_base_free(watch->base);
	arena_finish(&watch->arena);
	buf_finish(&watch->reasons);
}

static void
on_patience_end(evutil_socket_t fd, short what, void *ctx)
{
	bool *over = ctx;

	(void)fd, (void)what;
	*over = true;
}

void
redis_watch_until(struct redis_watch *watch, const unsigned *count, unsigned least)
{
	const struct timeval patience = {.tv_sec = PATIENCE_S};
	bool over = false;
	struct event *timer = event_new(watch->base, -1, 0, on_patience_end, &over);

	event_add(timer, &patience);
	while (*count < least && !over)
		event_base_loop(watch->base, EVLOOP_ONCE);
	event_free(timer);
	if (over)
		fail_msg("waited %d s in vain; up %u, down %u times: %s", PATIENCE_S,
			 watch->ups, watch->downs, watch->reason.text);
}

void
redis_watch_up(struct redis_watch *watch)
{
	unsigned before = watch->ups;

	redis_connect(watch->redis);
	redis_watch_until(watch, &watch->ups, before + 1);
}

const struct reply *
redis_watch_call(struct redis_watch *watch, const char *word, const char *second,
		 const char *third)
{
	struct err err;
	const struct reply *reply =
		redis_call(watch->redis, &watch->arena, &err, word, second, third, NULL);

	if (reply == NULL)
		fail_msg("%s %s: %s", word, second != NULL ? second : "", err.text);
	return reply;
}

bool
redis_watch_holds(const struct reply *reply, const char *text)
{
	return reply->type == REPLY_STRING && strstr(reply->text.p, text) != NULL;
}

bool
redis_watch_heard(const struct redis *redis, int ms)
{
	struct pollfd socket = {.fd = bufferevent_getfd(redis->bev), .events = POLLIN};

	return poll(&socket, 1, ms) == 1;
}
