/* SPDX-License-Identifier: Apache-2.0 */
/* Long replies, in pieces and whole, from a real, private redis-server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "codec/resp.h"
#include "io/redis_inside.h"
#include "support/redis_server.h"
#include "support/redis_watch.h"

#define TEXTS 50000u
#define TEXT 200

struct slow {
	const struct redis *redis; /* borrowed */
	unsigned texts;
	size_t most; /* bytes that lay there unread */
};

static void
take_slowly(void *ctx, const struct reply *reply)
{
	struct slow *slow = ctx;
	size_t unread = reply_reader_unread(slow->redis->reader);

	for (uint32_t i = 0; i < reply->count; i++)
		assert_int_equal(reply[1 + i].text.n, TEXT);
	slow->texts += reply->count;
	if (unread > slow->most)
		slow->most = unread;
	(void)redis_watch_heard(slow->redis, 1); /* more comes than is worked on */
}

static void
count(void *ctx, const struct reply *reply)
{
	assert_int_equal(reply->type, REPLY_INTEGER);
	++*(unsigned *)ctx;
}

static void
push_texts(struct redis_watch *watch)
{
	unsigned replies = 0;
	char text[TEXT];
	struct buf command = {0};

	memset(text, 'x', sizeof text);
	resp_array(&command, 2 + TEXTS);
	resp_text(&command, "RPUSH");
	resp_text(&command, "long");
	for (unsigned i = 0; i < TEXTS; i++)
		resp_arg(&command, (struct str){text, sizeof text});
	redis_send(watch->redis, buf_view(&command), 1, count, &replies);
	buf_finish(&command);
	redis_watch_until(watch, &replies, 1);
}

/* Redis can go on with its work as soon as it is rid of what it has said. */
static void
what_comes_in_pieces_is_read_ahead_while_they_are_worked_on(void **state)
{
	static const struct redis_server_options options = {.tcp = true};
	struct redis_server *server = redis_server_create(&options);
	const char *const urls[] = {redis_server_url(server), redis_server_tcp_url(server)};
	struct buf command = {0};

	(void)state;
	redis_server_start(server);
	resp_command(&command, "LRANGE", "long", "0", "-1", NULL);
	for (size_t i = 0; i < 2; i++) {
		struct redis_watch watch;
		struct slow slow = {0};

		redis_watch_init(&watch, event_base_new(), urls[i]);
		redis_watch_up(&watch);
		if (i == 0)
			push_texts(&watch);
		slow.redis = watch.redis;
		redis_send_pieces(watch.redis, buf_view(&command), take_slowly, &slow);
		redis_watch_until(&watch, &slow.texts, TEXTS);
		assert_in_range(slow.most, REDIS_AHEAD_BYTES / 2,
				REDIS_AHEAD_BYTES + REDIS_INBOX_BYTES);
		redis_watch_finish(&watch);
	}
	buf_finish(&command);
	redis_server_destroy(server);
}

#define LARGE "67108863" /* the last byte's place */

static void
take_large(void *ctx, const struct reply *reply)
{
	*(size_t *)ctx = reply->text.n;
}

/* And not 4 KiB a turn of the loop, as libevent reads. */
static void
what_comes_whole_is_read_as_fast_as_it_comes(void **state)
{
	struct redis_server *server = redis_server_create(NULL);
	struct redis_watch watch;
	struct err err;
	size_t n = 0;
	unsigned turns = 0;

	(void)state;
	redis_server_start(server);
	redis_watch_init(&watch, event_base_new(), redis_server_url(server));
	redis_watch_up(&watch);
	assert_non_null(redis_call(watch.redis, &watch.arena, &err, "SETRANGE", "large", LARGE,
				   "x", NULL));
	redis_command(watch.redis, take_large, &n, "GET", "large", NULL);
	while (n == 0) {
		event_base_loop(watch.base, EVLOOP_ONCE);
		turns++;
	}
	assert_int_equal(n, (size_t)64 << 20);
	assert_in_range(turns, 1, n / 8192);
	redis_watch_finish(&watch);
	redis_server_destroy(server);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_comes_in_pieces_is_read_ahead_while_they_are_worked_on),
		cmocka_unit_test(what_comes_whole_is_read_as_fast_as_it_comes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
