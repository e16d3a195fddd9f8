/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a stream: when it waits for entries, and when it only asks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "io/redis.h"
#include "io/stream.h"
#include "support/fake_redis.h"

#define ENTRY(id) "*2\r\n$3\r\n" id "\r\n*2\r\n$4\r\ntype\r\n$1\r\nx\r\n"
#define REPLY(count, entries) "*1\r\n*2\r\n$1\r\ns\r\n*" count "\r\n" entries

static const struct fake_answer full[] = {
	{"XREAD", REPLY("2", ENTRY("5-1") ENTRY("5-2"))},
	{NULL, NULL},
};
static const struct fake_answer half[] = {
	{"XREAD", REPLY("1", ENTRY("5-3"))},
	{NULL, NULL},
};
static const struct fake_answer nothing[] = {
	{"XREAD", "*-1\r\n"},
	{NULL, NULL},
};

/* What each read is answered with, in turn; then the loop ends. */
struct room {
	struct event_base *base;
	struct fake_redis *fake;
	struct stream *stream;
	struct arena arena;
	const struct fake_answer *const *turns;
	unsigned takes, last_count;
	bool last_full;
};

static unsigned
times_heard(const struct room *room, const char *word)
{
	const char *p = fake_redis_heard(room->fake);
	unsigned times = 0;

	for (; (p = strstr(p, word)) != NULL; p += strlen(word))
		times++;
	return times;
}

static void
on_up(void *ctx, const char *run_id)
{
	struct room *room = ctx;

	(void)run_id;
	stream_start(room->stream, (struct stream_id){5, 0});
}

static void
on_down(void *ctx, const char *reason)
{
	(void)ctx, (void)reason;
	fail_msg("the connection was lost: %s", reason);
}

static void
on_fail(void *ctx, const char *why)
{
	(void)ctx;
	fail_msg("%s", why);
}

static void
on_take(void *ctx, const struct stream_batch *batch)
{
	struct room *room = ctx;

	room->last_count = batch->count;
	room->last_full = batch->full;
	if (room->turns[++room->takes] != NULL) {
		fake_redis_answer(room->fake, room->turns[room->takes]);
		return;
	}
	stream_stop(room->stream);
	event_base_loopbreak(room->base);
}

/* Reads until the turns are over. */
static void
play(struct room *room, const struct fake_answer *const *turns)
{
	static struct redis_address address;
	const struct timeval patience = {.tv_sec = 20};
	struct err err;

	*room = (struct room){.base = event_base_new(), .turns = turns};
	arena_init(&room->arena);
	room->fake = fake_redis_create(room->base, turns[0]);
	assert_true(redis_address_parse(&room->arena, str_of(fake_redis_url(room->fake)),
					&address, &err));
	room->stream = stream_create(&(struct stream_options){
		.base = room->base,
		.redis = &address,
		.name = "churnd-test",
		.key = STR("s"),
		.batch = 2,
		.hooks = {room, on_take, on_up, on_down, on_fail},
	});
	stream_connect(room->stream);
	event_base_loopexit(room->base, &patience);
	event_base_dispatch(room->base);
}

static void
leave(struct room *room)
{
	stream_destroy(room->stream);
	fake_redis_destroy(room->fake);
	event_base_loop(room->base, EVLOOP_NONBLOCK);
	event_base_free(room->base);
	arena_finish(&room->arena);
}

/* Whoever takes a full batch cannot know whether it was the last; it shall not wait for that. */
static void
after_a_full_batch_it_asks_and_does_not_wait(void **state)
{
	const struct fake_answer *const turns[] = {full, full, nothing, NULL};
	struct room room;

	(void)state;
	play(&room, turns);
	assert_int_equal(room.takes, 3);
	assert_int_equal(room.last_count, 0);
	assert_false(room.last_full);
	assert_int_equal(times_heard(&room, "XREAD"), 3);
	assert_int_equal(times_heard(&room, "BLOCK"), 0);
	leave(&room);
}

static void
when_there_was_no_more_the_next_read_waits(void **state)
{
	const struct fake_answer *const turns[] = {full, half, nothing, NULL};
	struct room room;

	(void)state;
	play(&room, turns);
	assert_int_equal(room.takes, 3);
	assert_int_equal(times_heard(&room, "XREAD"), 3);
	assert_int_equal(times_heard(&room, "BLOCK"), 1);
	leave(&room);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(after_a_full_batch_it_asks_and_does_not_wait),
		cmocka_unit_test(when_there_was_no_more_the_next_read_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
