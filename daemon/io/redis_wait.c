/* SPDX-License-Identifier: Apache-2.0 */
/* Redis for programs that do one thing at a time: waits where the daemon would go on. */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <event2/event.h>

#include "codec/resp.h"
#include "io/redis_inside.h"

/* A moment after which waiting ends. */
struct deadline {
	struct event *timer; /* owned */
	bool passed;
};

static void
on_deadline(evutil_socket_t fd, short what, void *ctx)
{
	struct deadline *deadline = ctx;

	(void)fd, (void)what;
	deadline->passed = true;
}

static void
deadline_init(struct deadline *deadline, struct redis *redis, int ms)
{
	const struct timeval wait = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

	deadline->passed = false;
	deadline->timer = event_new(redis->base, -1, 0, on_deadline, deadline);
	assert(deadline->timer != NULL);
	event_add(deadline->timer, &wait);
}

static void
deadline_finish(struct deadline *deadline)
{
	event_free(deadline->timer);
}

/* One turn of the loop; an error or an empty loop counts as the end of the time. */
static void
deadline_turn(struct deadline *deadline, struct redis *redis)
{
	if (event_base_loop(redis->base, EVLOOP_ONCE) != 0)
		deadline->passed = true;
}

/* A refusal that only a person can mend ends the waiting, if it was said while we waited. */
static bool
wait_up(struct redis *redis, struct deadline *deadline, struct err *err)
{
	uint64_t refusals = redis->refusals;

	while (!redis_is_up(redis) && redis->refusals == refusals && !deadline->passed)
		deadline_turn(deadline, redis);
	if (redis_is_up(redis))
		return true;
	if (redis->reason.text[0] != '\0')
		return err_set(err, "%s", redis->reason.text);
	redis_dial_error(redis, err, redis_silence_explain(redis));
	return false;
}

bool
redis_wait_up(struct redis *redis, int timeout_ms, struct err *err)
{
	struct deadline deadline;
	bool up;

	if (redis->state == REDIS_IDLE && !event_pending(redis->timer, EV_TIMEOUT, NULL))
		redis_connect(redis);
	deadline_init(&deadline, redis, timeout_ms);
	up = wait_up(redis, &deadline, err);
	deadline_finish(&deadline);
	return up;
}

struct call {
	struct arena *arena;	   /* borrowed from the caller */
	const struct reply *reply; /* in arena; NULL until it is there */
};

static void
on_call_reply(void *ctx, const struct reply *reply)
{
	struct call *call = ctx;
	struct reply *items = arena_array(call->arena, reply->span, sizeof *items);

	memcpy(items, reply, reply->span * sizeof *items);
	for (uint32_t i = 0; i < reply->span; i++)
		if (items[i].text.p != NULL)
			items[i].text = arena_str(call->arena, items[i].text);
	call->reply = items;
}

/* Waits for the reply on the connection that the command was sent on. */
static bool
call_wait(struct redis *redis, struct call *call, struct deadline *deadline, struct err *err)
{
	uint64_t connection = redis->connection;

	while (call->reply == NULL && redis_is_up(redis) && redis->connection == connection &&
	       !deadline->passed)
		deadline_turn(deadline, redis);
	if (call->reply != NULL)
		return true;
	if (deadline->passed && redis_is_up(redis)) {
		/* The reply may still come: with the connection goes the claim to it. */
		redis_dial_error(redis, err, "a command was not answered in time");
		redis_lose(redis, err, false);
		return false;
	}
	return err_set(err, "%s", redis->reason.text);
}

const struct reply *
redis_call(struct redis *redis, struct arena *arena, struct err *err, ...)
{
	struct call call = {.arena = arena};
	struct deadline deadline;
	struct buf command = {0};
	va_list words;

	va_start(words, err);
	resp_command_v(&command, words);
	va_end(words);
	deadline_init(&deadline, redis, redis->call_ms);
	if (wait_up(redis, &deadline, err)) {
		redis_send(redis, buf_view(&command), 1, on_call_reply, &call);
		if (!call_wait(redis, &call, &deadline, err))
			call.reply = NULL;
	}
	deadline_finish(&deadline);
	buf_finish(&command);
	return call.reply;
}
