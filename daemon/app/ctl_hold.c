/* SPDX-License-Identifier: Apache-2.0 */
/* <prefix>hold: while it exists the daemon lets no time pass. */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "app/ctl.h"

static const char *
hold_key(struct ctl_redis *redis)
{
	return ctl_home_key(redis->home, "hold").p;
}

bool
ctl_hold_take(struct ctl_redis *redis, const char *file, enum status *status)
{
	const char *key = hold_key(redis);
	char host[64] = "?", name[sizeof redis->holder];
	const struct reply *reply;
	struct err err;

	(void)gethostname(host, sizeof host - 1);
	snprintf(name, sizeof name, "import of %.100s, process %ld on %s, since %ld", file,
		 (long)getpid(), host, (long)time(NULL));
	reply = redis_call(redis->redis, &redis->arena, &err, "SET", key, name, "NX", NULL);
	if (reply && reply_is(reply, "OK")) {
		memcpy(redis->holder, name, sizeof name);
		return true;
	}
	if (reply && reply->type == REPLY_NIL) {
		reply = redis_call(redis->redis, &redis->arena, &err, "GET", key, NULL);
		*status = ctl_fail(STATUS_NO,
				   "time is held already: %.*s; if that is dead, run churnctl "
				   "import --release",
				   STR_ARG(reply ? reply->text : STR("?")));
		return false;
	}
	*status = ctl_fail(STATUS_AWAY, "%.*s", reply ? (int)reply->text.n : 512,
			   reply ? reply->text.p : err.text);
	return false;
}

/* Compared and deleted in one breath: it may have been released, and taken by another one. */
void
ctl_hold_give(struct ctl_redis *redis)
{
	static const char script[] =
		"if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) "
		"end return 0";
	struct err err = {""};

	if (!*redis->holder)
		return;
	if (!redis_call(redis->redis, &redis->arena, &err, "EVAL", script, "1", hold_key(redis),
			redis->holder, NULL))
		(void)ctl_fail(
			STATUS_AWAY,
			"time is still held (%s): run churnctl import --release when Redis "
			"is back",
			err.text);
	*redis->holder = '\0';
}

enum status
ctl_hold_release(struct ctl_redis *redis)
{
	struct err err;
	const struct reply *held =
		redis_call(redis->redis, &redis->arena, &err, "GET", hold_key(redis), NULL);
	const struct reply *gone = held ? redis_call(redis->redis, &redis->arena, &err, "DEL",
						     hold_key(redis), NULL)
					: NULL;

	if (!gone)
		return ctl_fail(STATUS_AWAY, "%s", err.text);
	if (gone->type == REPLY_ERROR)
		return ctl_fail(STATUS_AWAY, "Redis says %.*s", STR_ARG(gone->text));
	if (gone->integer == 0)
		puts("nothing was held");
	else
		printf("released: %.*s\n", STR_ARG(held->text));
	return STATUS_DONE;
}
