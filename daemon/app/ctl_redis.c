/* SPDX-License-Identifier: Apache-2.0 */
/* churnctl's own connection to Redis. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/ctl.h"
#include "app/redis_place.h"
#include "base/number.h"
#include "codec/resp.h"
#include "codec/stream_id.h"

/* A Redis that loads will soon be there; one that refuses will not be for a person who waits. */
static void
on_down(void *ctx, const char *reason)
{
	struct ctl_redis *redis = ctx;

	redis->refused = strstr(reason, "LOADING") == NULL;
}

static bool
wait_up(struct ctl_redis *redis, struct err *err)
{
	for (int ms = 0; ms < CTL_REDIS_MS && !redis->refused; ms += CTL_REDIS_STEP_MS) {
		if (redis_wait_up(redis->redis, CTL_REDIS_STEP_MS, err))
			return true;
	}
	return false;
}

bool
ctl_redis_open(struct ctl_home *home, struct ctl_redis *redis, enum status *status)
{
	struct err err;

	*redis = (struct ctl_redis){.home = home};
	if (!redis_place_read(&home->arena, home->config, home->folder, &redis->address,
			      &err)) {
		*status = ctl_fail(STATUS_USAGE, "%s", err.text);
		return false;
	}
	arena_init(&redis->arena);
	redis->base = event_base_new();
	redis->redis = redis_create(redis->base, &redis->address, "churnctl",
				    (struct redis_hooks){.ctx = redis, .down = on_down});
	if (wait_up(redis, &err))
		return true;
	*status = ctl_fail(STATUS_AWAY, "%s", err.text);
	ctl_redis_close(redis);
	return false;
}

void
ctl_redis_close(struct ctl_redis *redis)
{
	redis_destroy(redis->redis);
	if (redis->base) {
		event_base_loop(redis->base, EVLOOP_NONBLOCK);
		event_base_free(redis->base);
		arena_finish(&redis->arena);
	}
	*redis = (struct ctl_redis){0};
}

void
ctl_redis_command(struct buf *out, struct str key, const char *id, const struct field *fields,
		  unsigned count)
{
	resp_array(out, 3 + 2 * (size_t)count);
	resp_text(out, "XADD");
	resp_arg(out, key);
	resp_text(out, id);
	for (unsigned i = 0; i < count; i++) {
		resp_arg(out, fields[i].key);
		resp_arg(out, fields[i].value);
	}
}

struct appended {
	struct stream_id *id;
	struct err *err;
	bool answered, good;
};

static void
on_appended(void *ctx, const struct reply *reply)
{
	struct appended *appended = ctx;

	appended->answered = true;
	appended->good =
		reply->type == REPLY_STRING && stream_id_parse(reply->text, appended->id);
	if (!appended->good)
		err_set(appended->err, "Redis says %.*s", STR_ARG(reply->text));
}

/* Texts may hold any byte, so the command is made by hand; PING behind it says when it is answered. */
bool
ctl_redis_append(struct ctl_redis *redis, const char *id, const struct field *fields,
		 unsigned count, struct stream_id *out, struct err *err)
{
	struct appended appended = {.id = out, .err = err};
	struct buf command = {0};

	ctl_redis_command(&command, ctl_home_key(redis->home, "events"), id, fields, count);
	redis_send(redis->redis, buf_view(&command), 1, on_appended, &appended);
	buf_finish(&command);
	if (!redis_call(redis->redis, &redis->arena, err, "PING", NULL) && !appended.answered)
		return false;
	return appended.good;
}

bool
ctl_redis_now(struct ctl_redis *redis, int64_t *out, struct err *err)
{
	const struct reply *reply = redis_call(redis->redis, &redis->arena, err, "TIME", NULL);
	int64_t seconds, micros;

	if (!reply)
		return false;
	if (reply->type != REPLY_ARRAY || reply->count != 2 ||
	    !parse_int64(reply[1].text, &seconds) || !parse_int64(reply[2].text, &micros))
		return err_set(err, "TIME of Redis is no time");
	*out = seconds * 1000 + micros / 1000;
	return true;
}

bool
ctl_redis_last(struct ctl_redis *redis, struct stream_id *out, struct err *err)
{
	const struct reply *reply =
		redis_call(redis->redis, &redis->arena, err, "XINFO", "STREAM",
			   ctl_home_key(redis->home, "events").p, NULL);
	const struct reply *item;

	*out = (struct stream_id){0, 0};
	if (!reply)
		return false;
	if (reply_error_is(reply, "ERR") && memcmp(reply->text.p, "ERR no such key", 15) == 0)
		return true;
	if (reply->type != REPLY_ARRAY)
		return err_set(err, "Redis says %.*s", STR_ARG(reply->text));
	item = reply + 1;
	for (uint32_t i = 0; i + 1 < reply->count; i += 2) {
		const struct reply *value = reply_next(item);

		if (reply_is(item, "last-generated-id") && !stream_id_parse(value->text, out))
			return err_set(err, "XINFO STREAM gives no last-generated-id");
		item = reply_next(value);
	}
	return true;
}
