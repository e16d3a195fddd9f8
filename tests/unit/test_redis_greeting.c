/* SPDX-License-Identifier: Apache-2.0 */
/* What a server may say to our greeting, and what an admin then reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "io/redis_inside.h"
#include "support/fake_redis.h"
#include "support/redis_watch.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct fake_answer all_fits[] = {{NULL, NULL}};

struct room {
	struct redis_watch watch;
	struct fake_redis *fake;
};

/* `user` stands between unix:// and the path: "u:p@", or nothing; `query` behind it. */
static void
room_open(struct room *room, const char *user, const char *query,
	  const struct fake_answer *answers)
{
	char url[192];
	struct event_base *base = event_base_new();

	room->fake = fake_redis_create(base, answers);
	snprintf(url, sizeof url, "unix://%s%s%s", user,
		 fake_redis_url(room->fake) + strlen("unix://"), query);
	redis_watch_init(&room->watch, base, url);
}

static void
room_close(struct room *room)
{
	fake_redis_destroy(room->fake);
	redis_watch_finish(&room->watch);
}

#define CLIENT_GREETING                                                 \
	"*3\r\n$6\r\nCLIENT\r\n$7\r\nSETNAME\r\n$11\r\nchurnd-test\r\n" \
	"*2\r\n$6\r\nCLIENT\r\n$2\r\nID\r\n"                            \
	"*2\r\n$4\r\nINFO\r\n$6\r\nserver\r\n"                          \
	"*1\r\n$4\r\nPING\r\n"

static void
it_is_said_in_order_and_only_what_is_needed(void **state)
{
	static const struct {
		const char *user, *query, *heard;
	} rows[] = {
		{"", "", CLIENT_GREETING},
		{"", "?db=12", "*2\r\n$6\r\nSELECT\r\n$2\r\n12\r\n" CLIENT_GREETING},
		{":pass%20word@", "",
		 "*2\r\n$4\r\nAUTH\r\n$9\r\npass word\r\n" CLIENT_GREETING},
		{"ann@", "", "*3\r\n$4\r\nAUTH\r\n$3\r\nann\r\n$0\r\n\r\n" CLIENT_GREETING},
		{"ann:p@", "?db=1",
		 "*3\r\n$4\r\nAUTH\r\n$3\r\nann\r\n$1\r\np\r\n"
		 "*2\r\n$6\r\nSELECT\r\n$1\r\n1\r\n" CLIENT_GREETING},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct room room;

		room_open(&room, rows[i].user, rows[i].query, all_fits);
		redis_watch_up(&room.watch);
		assert_string_equal(fake_redis_heard(room.fake), rows[i].heard);
		assert_true(redis_is_up(room.watch.redis));
		assert_int_equal(redis_client_id(room.watch.redis), 7);
		room_close(&room);
	}
}

static const struct refusal {
	const char *word, *bytes; /* the fake's answer */
	const char *says;	  /* in the reason */
} refusals[] = {
	{"AUTH", "-WRONGPASS invalid username-password pair or user is disabled.\r\n",
	 "redis.password_file"},
	{"AUTH", "-ERR AUTH <password> called without any password configured\r\n",
	 "remove redis.password_file"},
	{"AUTH", "-ERR unknown command, with args beginning with: 'ann' 'hunter2'\r\n",
	 "Redis refused AUTH: ERR"},
	{"AUTH", "-hunter2\r\n", "Redis refused AUTH: an error"},
	{"AUTH", "+hunter2\r\n", "did not say OK"},
	{"AUTH", "-DENIED Redis is running in protected mode because\r\n", "protected mode"},
	{"AUTH", "-ERR max number of clients reached\r\n", "maxclients"},
	{"AUTH", "", "it closed the connection"},
	{"SELECT", "-ERR DB index is out of range\r\n", "SELECT: ERR DB index is out of range"},
	{"SETNAME", "-NOAUTH Authentication required.\r\n", "redis.password_file"},
	{"SETNAME", "-NOPERM this user has no permissions to run\r\n", "CLIENT SETNAME"},
	{"SETNAME", ":1\r\n", "not Redis"},
	{"\r\nID\r\n", "+OK\r\n", "not Redis"},
	{"INFO", "-LOADING Redis is loading the dataset in memory\r\n", "loading"},
	{"INFO", "+OK\r\n", "not Redis"},
	{"INFO", "$19\r\nredis_version:6.2.0\r\n", "6.2.0 is too old"},
	{"INFO", "$19\r\nredis_version:5.0.1\r\n", "5.0.1 is too old"},
	{"INFO", "$17\r\nredis_version:x.y\r\n", "no version"},
	{"INFO", "$10\r\n# Server\r\n\r\n", "tells no version"},
	{"INFO", "$0\r\n\r\n", "tells no version"},
	{"PING", "-LOADING Redis is loading the dataset in memory\r\n", "loading"},
	{"PING", "-BUSY Redis is busy running a script.\r\n", "busy"},
	{"PING", "-MASTERDOWN Link with MASTER is down\r\n", "replica"},
	{"PING", "HTTP/1.1 400 Bad Request\r\n\r\n", "no RESP2 reply"},
	{"PING", "+PONG\r\n+PONG\r\n", "nobody asked for"},
	{"PING", "%1\r\n+a\r\n+b\r\n", "no RESP2 reply"},
};

static void
refusal_check(const struct refusal *refusal)
{
	const struct fake_answer answers[] = {{refusal->word, refusal->bytes}, {NULL, NULL}};
	struct room room;

	room_open(&room, "ann:hunter2@", "?db=1", answers);
	redis_connect(room.watch.redis);
	redis_watch_until(&room.watch, &room.watch.downs, 1);
	if (strstr(room.watch.reason.text, refusal->says) == NULL)
		fail_msg("%s: %s", refusal->bytes, room.watch.reason.text);
	assert_null(strstr(room.watch.reason.text, "hunter2"));
	assert_false(redis_is_up(room.watch.redis));
	assert_int_equal(redis_client_id(room.watch.redis), 0);
	assert_int_equal(redis_waiting(room.watch.redis), 0);
	/* Once the cause is mended it comes up by itself. */
	fake_redis_answer(room.fake, all_fits);
	redis_watch_until(&room.watch, &room.watch.ups, room.watch.ups + 1);
	room_close(&room);
}

static void
every_refusal_is_one_sentence_and_ends_when_it_is_mended(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refusals); i++)
		refusal_check(&refusals[i]);
}

static void
a_server_that_cannot_save_can_be_read(void **state)
{
	static const struct fake_answer answers[] = {
		{"PING", "-MISCONF Redis is configured to save RDB snapshots\r\n"},
		{NULL, NULL}};
	struct room room;

	(void)state;
	room_open(&room, "", "", answers);
	redis_watch_up(&room.watch);
	room_close(&room);
}

static void
newer_versions_and_kin_are_taken(void **state)
{
	static const char *const infos[] = {
		"# Server\r\nredis_version:7.0.0\r\nredis_git_sha1:0\r\n",
		"redis_version:7.2.4\r\n",
		"redis_version:8.2.1\nredis_mode:standalone\n",
		"server_name:valkey\r\nredis_version:7.2.4\r\nvalkey_version:8.0.1",
		"redis_version:10",
		"redis_version:255.255.255\r\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(infos); i++)
		assert_true(redis_version_check(str_of(infos[i]), NULL));
}

/* The timer is set off by hand: five seconds are long. */
static void
a_server_that_says_nothing_is_given_up(void **state)
{
	static const struct fake_answer silence[] = {{"PING", NULL}, {NULL, NULL}};
	struct room room;

	(void)state;
	room_open(&room, "", "", silence);
	redis_connect(room.watch.redis);
	while (strstr(fake_redis_heard(room.fake), "PING") == NULL)
		event_base_loop(room.watch.base, EVLOOP_ONCE);
	assert_true(event_pending(room.watch.redis->timer, EV_TIMEOUT, NULL));
	event_active(room.watch.redis->timer, EV_TIMEOUT, 0);
	redis_watch_until(&room.watch, &room.watch.downs, 1);
	assert_non_null(strstr(room.watch.reason.text, "it does not answer"));
	fake_redis_answer(room.fake, all_fits);
	redis_watch_until(&room.watch, &room.watch.ups, 1);
	room_close(&room);
}

static void
waiting_for_up_ends_at_once_when_only_a_person_can_help(void **state)
{
	static const struct fake_answer answers[] = {
		{"SETNAME", "-NOAUTH Authentication required.\r\n"}, {NULL, NULL}};
	struct room room;
	struct err err = {""};

	(void)state;
	room_open(&room, "", "", answers);
	assert_false(redis_wait_up(room.watch.redis, 3600 * 1000, &err));
	assert_non_null(strstr(err.text, "redis.password_file"));
	fake_redis_answer(room.fake, all_fits);
	assert_true(redis_wait_up(room.watch.redis, 20 * 1000, &err));
	room_close(&room);
}

static void
a_call_that_is_not_answered_ends_with_a_sentence(void **state)
{
	static const struct fake_answer answers[] = {{"GET", NULL}, {NULL, NULL}};
	struct room room;
	struct err err = {""};

	(void)state;
	room_open(&room, "", "", answers);
	redis_watch_up(&room.watch);
	room.watch.redis->call_ms = 20;
	assert_null(redis_call(room.watch.redis, &room.watch.arena, &err, "GET", "k", NULL));
	assert_non_null(strstr(err.text, "not answered in time"));
	/* The next one cannot get the late reply of this one: the connection is another. */
	assert_int_equal(room.watch.downs, 1);
	room.watch.redis->call_ms = 20 * 1000;
	assert_true(reply_is(redis_watch_call(&room.watch, "PING", NULL, NULL), "PONG"));
	room_close(&room);
}

static void
ignore(void *ctx, const struct reply *reply)
{
	(void)ctx, (void)reply;
}

static void
a_server_that_owes_an_answer_and_is_silent_is_left(void **state)
{
	static const struct fake_answer answers[] = {{"GET", NULL}, {NULL, NULL}};
	struct room room;

	(void)state;
	room_open(&room, "", "", answers);
	room.watch.redis->silence_ms = 20;
	redis_watch_up(&room.watch);
	/* What owes nothing may be silent. */
	redis_command(room.watch.redis, ignore, NULL, "PING", NULL);
	room.watch.redis->heard = false;
	event_base_loop(room.watch.base, EVLOOP_ONCE);
	assert_int_equal(room.watch.downs, 0);
	/* Its time begins with the question, however long nothing was asked before. */
	while (redis_waiting(room.watch.redis) > 0)
		event_base_loop(room.watch.base, EVLOOP_ONCE);
	room.watch.redis->heard = false;
	redis_command(room.watch.redis, ignore, NULL, "GET", "k", NULL);
	assert_true(room.watch.redis->heard);
	redis_watch_until(&room.watch, &room.watch.downs, 1);
	assert_non_null(strstr(room.watch.reason.text, "does not answer"));
	redis_watch_until(&room.watch, &room.watch.ups, 2);
	room_close(&room);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_said_in_order_and_only_what_is_needed),
		cmocka_unit_test(every_refusal_is_one_sentence_and_ends_when_it_is_mended),
		cmocka_unit_test(a_server_that_cannot_save_can_be_read),
		cmocka_unit_test(newer_versions_and_kin_are_taken),
		cmocka_unit_test(a_server_that_says_nothing_is_given_up),
		cmocka_unit_test(waiting_for_up_ends_at_once_when_only_a_person_can_help),
		cmocka_unit_test(a_call_that_is_not_answered_ends_with_a_sentence),
		cmocka_unit_test(a_server_that_owes_an_answer_and_is_silent_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
