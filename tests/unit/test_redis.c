/* SPDX-License-Identifier: Apache-2.0 */
/* The connection with real, private redis-servers: up, down and up again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "base/mem.h"
#include "codec/resp.h"
#include "io/redis_inside.h"
#include "support/redis_server.h"
#include "support/redis_watch.h"

#define COMMANDS 10000

static struct redis_server *server; /* has a port too; one for all tests */

static int
server_up(void **state)
{
	static const struct redis_server_options options = {.tcp = true};

	(void)state;
	server = redis_server_create(&options);
	redis_server_start(server);
	return 0;
}

static int
server_gone(void **state)
{
	(void)state;
	redis_server_destroy(server);
	return 0;
}

/* A test that failed half-way may have left it dead or full. */
static int
server_fresh(void **state)
{
	(void)state;
	if (redis_server_pid(server) != 0)
		redis_server_kill(server);
	redis_server_start(server);
	return 0;
}

static void
over_a_unix_socket_it_comes_up_with_name_and_database(void **state)
{
	struct redis_watch watch;
	char url[160];
	const struct reply *list, *id;

	(void)state;
	snprintf(url, sizeof url, "%s?db=5", redis_server_url(server));
	redis_watch_init(&watch, event_base_new(), url);
	redis_watch_up(&watch);
	list = redis_watch_call(&watch, "CLIENT", "INFO", NULL);
	assert_true(redis_watch_holds(list, "name=churnd-test"));
	assert_true(redis_watch_holds(list, "db=5"));
	id = redis_watch_call(&watch, "CLIENT", "ID", NULL);
	assert_int_equal(id->integer, redis_client_id(watch.redis));
	assert_true(id->integer > 0);
	redis_watch_finish(&watch);
}

static int
socket_option(const struct redis_watch *watch, int level, int name)
{
	int value = 0;
	socklen_t n = sizeof value;

	assert_int_equal(
		getsockopt(bufferevent_getfd(watch->redis->bev), level, name, &value, &n), 0);
	return value;
}

static void
over_tcp_it_comes_up_and_notices_a_dead_peer(void **state)
{
	struct redis_watch watch;

	(void)state;
	redis_watch_init(&watch, event_base_new(), redis_server_tcp_url(server));
	redis_watch_up(&watch);
	assert_true(reply_is(redis_watch_call(&watch, "PING", NULL, NULL), "PONG"));
	assert_int_equal(socket_option(&watch, SOL_SOCKET, SO_KEEPALIVE), 1);
	assert_int_equal(socket_option(&watch, IPPROTO_TCP, TCP_NODELAY), 1);
	redis_watch_finish(&watch);
}

/* The server listens on 127.0.0.1 only; localhost is often ::1 first. */
static void
every_address_of_a_name_is_tried(void **state)
{
	struct redis_watch watch;
	char url[64];

	(void)state;
	snprintf(url, sizeof url, "redis://localhost:%d", redis_server_port(server));
	redis_watch_init(&watch, event_base_new(), url);
	redis_watch_up(&watch);
	assert_int_equal(watch.downs, 0);
	redis_watch_finish(&watch);
}

static void
user_add(struct redis_watch *admin, const char *password)
{
	struct err err;
	const struct reply *reply =
		redis_call(admin->redis, &admin->arena, &err, "ACL", "SETUSER", "churnd",
			   "reset", "on", password, "~*", "&*", "+@all", NULL);

	assert_true(reply != NULL && reply_is(reply, "OK"));
}

static void
an_acl_user_needs_the_right_password(void **state)
{
	struct redis_watch admin, watch;
	char url[160];

	(void)state;
	redis_watch_init(&admin, event_base_new(), redis_server_url(server));
	redis_watch_up(&admin);
	user_add(&admin, ">another");
	snprintf(url, sizeof url, "redis://churnd:hunter2@127.0.0.1:%d",
		 redis_server_port(server));
	redis_watch_init(&watch, event_base_new(), url);
	redis_connect(watch.redis);
	redis_watch_until(&watch, &watch.downs, 1);
	assert_non_null(strstr(watch.reason.text, "redis.password_file"));
	assert_null(strstr(watch.reasons.p, "hunter2"));
	user_add(&admin, ">hunter2");
	redis_watch_until(&watch, &watch.ups, 1);
	assert_true(reply_is(redis_watch_call(&watch, "ACL", "WHOAMI", NULL), "churnd"));
	redis_watch_finish(&watch);
	redis_watch_finish(&admin);
}

static void
a_server_that_wants_a_password_is_said_so(void **state)
{
	struct redis_watch admin, watch;

	(void)state;
	redis_watch_init(&admin, event_base_new(), redis_server_url(server));
	redis_watch_up(&admin);
	assert_true(reply_is(redis_call(admin.redis, &admin.arena, NULL, "CONFIG", "SET",
					"requirepass", "hunter2", NULL),
			     "OK"));
	redis_watch_init(&watch, event_base_new(), redis_server_url(server));
	redis_connect(watch.redis);
	redis_watch_until(&watch, &watch.downs, 1);
	assert_non_null(strstr(watch.reason.text, "asks for a password"));
	redis_watch_finish(&watch);
	redis_watch_finish(&admin);
}

static void
never_called(void *ctx, const struct reply *reply)
{
	(void)ctx, (void)reply;
	fail_msg("a callback of a lost connection was called");
}

static void
killed_and_restarted_it_is_up_again_and_what_waited_is_dropped(void **state)
{
	struct redis_watch watch;
	int64_t id;

	(void)state;
	redis_watch_init(&watch, event_base_new(), redis_server_url(server));
	redis_watch_up(&watch);
	id = redis_client_id(watch.redis);
	redis_command(watch.redis, never_called, NULL, "BLPOP", "nothing", "0", NULL);
	redis_command(watch.redis, never_called, NULL, "PING", NULL);
	assert_int_equal(redis_waiting(watch.redis), 2);
	redis_server_kill(server);
	redis_watch_until(&watch, &watch.downs, 1);
	assert_non_null(strstr(watch.reason.text, "lost Redis at unix:///"));
	assert_false(redis_is_up(watch.redis));
	assert_int_equal(redis_waiting(watch.redis), 0);
	assert_int_equal(redis_client_id(watch.redis), 0);
	assert_true(id > 0);
	redis_server_start(server);
	redis_watch_until(&watch, &watch.ups, 2);
	assert_true(reply_is(redis_watch_call(&watch, "PING", NULL, NULL), "PONG"));
	redis_watch_finish(&watch);
}

static void
a_client_that_is_killed_comes_back(void **state)
{
	struct redis_watch watch;

	(void)state;
	redis_watch_init(&watch, event_base_new(), redis_server_tcp_url(server));
	redis_watch_up(&watch);
	for (unsigned i = 1; i <= 3; i++) {
		char id[24];
		struct err err;
		const struct reply *reply;

		snprintf(id, sizeof id, "%lld", (long long)redis_client_id(watch.redis));
		reply = redis_call(watch.redis, &watch.arena, &err, "CLIENT", "KILL", "ID", id,
				   "SKIPME", "no", NULL);
		assert_true(reply == NULL || reply->type == REPLY_INTEGER);
		redis_watch_until(&watch, &watch.ups, i + 1);
	}
	redis_watch_finish(&watch);
}

static void
while_nobody_listens_it_tries_ever_slower_and_says_so_once(void **state)
{
	struct redis_watch watch;

	(void)state;
	redis_server_kill(server);
	redis_watch_init(&watch, event_base_new(), redis_server_url(server));
	redis_connect(watch.redis);
	while (watch.redis->backoff_ms < 8 * REDIS_BACKOFF_FIRST_MS)
		event_base_loop(watch.base, EVLOOP_ONCE);
	assert_int_equal(watch.downs, 1);
	assert_non_null(strstr(watch.reason.text, "cannot connect to Redis at unix:///"));
	redis_server_start(server);
	redis_watch_until(&watch, &watch.ups, 1);
	assert_int_equal(watch.redis->backoff_ms, REDIS_BACKOFF_FIRST_MS);
	redis_watch_finish(&watch);
}

/* The timer is set off by hand: each time one try that fails at once. */
static void
the_pause_between_tries_is_bounded(void **state)
{
	struct redis_watch watch;
	struct timeval due, now;

	(void)state;
	redis_watch_init(&watch, event_base_new(), "unix:///nonexistent/redis.sock");
	redis_connect(watch.redis);
	for (int i = 0; i < 20; i++) {
		event_active(watch.redis->timer, EV_TIMEOUT, 0);
		event_base_loop(watch.base, EVLOOP_NONBLOCK);
		assert_int_equal(watch.redis->state, REDIS_PAUSED);
		assert_true(watch.redis->backoff_ms <= REDIS_BACKOFF_MAX_MS);
	}
	assert_int_equal(watch.downs, 1);
	assert_int_equal(watch.redis->backoff_ms, REDIS_BACKOFF_MAX_MS);
	assert_true(event_pending(watch.redis->timer, EV_TIMEOUT, &due));
	evutil_gettimeofday(&now, NULL);
	assert_in_range(due.tv_sec - now.tv_sec, 1, REDIS_BACKOFF_MAX_MS / 1000);
	redis_watch_finish(&watch);
}

/* No resolver has to be asked for a label of more than 63 letters. */
static void
a_name_that_does_not_exist_is_said_so(void **state)
{
	struct redis_watch watch;

	(void)state;
	redis_watch_init(
		&watch, event_base_new(),
		"redis://xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
	redis_connect(watch.redis);
	redis_watch_until(&watch, &watch.downs, 1);
	assert_non_null(strstr(watch.reason.text, "xxx:6379/0: "));
	assert_null(strstr(watch.reason.text, "in time"));
	redis_watch_finish(&watch);
}

static void
it_may_be_destroyed_while_a_name_is_looked_up(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) {
		struct redis_watch watch;

		redis_watch_init(&watch, event_base_new(), "redis://localhost:1");
		redis_connect(watch.redis);
		event_base_loop(watch.base, EVLOOP_ONCE);
		assert_int_equal(watch.redis->state, REDIS_DIALLING);
		if (i % 2 == 0) {
			redis_destroy(watch.redis);
			watch.redis = NULL;
			event_base_loop(watch.base, 0);
		}
		redis_watch_finish(&watch);
	}
}

static void
fill(struct redis_watch *watch, const char *count)
{
	struct err err;
	const struct reply *reply = redis_call(watch->redis, &watch->arena, &err, "DEBUG",
					       "POPULATE", count, "k", "100", NULL);

	assert_true(reply != NULL && reply_is(reply, "OK"));
	assert_true(reply_is(redis_watch_call(watch, "SAVE", NULL, NULL), "OK"));
}

static void
while_the_server_loads_it_waits(void **state)
{
	static const char *const slowly[] = {"--enable-debug-command",
					     "yes",
					     "--key-load-delay",
					     "2000",
					     "--loading-process-events-interval-bytes",
					     "1024",
					     NULL};
	static const char *const debug[] = {"--enable-debug-command", "yes", NULL};
	struct redis_watch watch;
	struct redis_server *loader = redis_server_create(NULL);

	(void)state;
	redis_server_start_with(loader, debug, true);
	redis_watch_init(&watch, event_base_new(), redis_server_url(loader));
	redis_watch_up(&watch);
	fill(&watch, "800");
	redis_server_kill(loader);
	redis_watch_until(&watch, &watch.downs, 1);
	redis_server_start_with(loader, slowly, false);
	redis_watch_until(&watch, &watch.ups, 2);
	assert_non_null(strstr(watch.reasons.p, "LOADING"));
	assert_int_equal(redis_watch_call(&watch, "DBSIZE", NULL, NULL)->integer, 800);
	redis_watch_finish(&watch);
	redis_server_destroy(loader);
}

struct counting {
	unsigned replies;
	bool in_order;
};

static void
count_in_order(void *ctx, const struct reply *reply)
{
	struct counting *counting = ctx;

	counting->replies++;
	counting->in_order = counting->in_order && reply->type == REPLY_INTEGER &&
			     reply->integer == counting->replies;
}

static void
ten_thousand_commands_are_answered_in_order(void **state)
{
	struct redis_watch watch;
	struct counting counting = {.in_order = true};

	(void)state;
	redis_watch_init(&watch, event_base_new(), redis_server_url(server));
	redis_watch_up(&watch);
	for (int i = 0; i < COMMANDS; i++)
		redis_command(watch.redis, count_in_order, &counting, "INCR", "n", NULL);
	assert_int_equal(redis_waiting(watch.redis), COMMANDS);
	redis_watch_until(&watch, &counting.replies, COMMANDS);
	assert_true(counting.in_order);
	assert_int_equal(redis_waiting(watch.redis), 0);
	redis_watch_finish(&watch);
}

/* Far more than a socket takes at once. */
static void
a_buffer_of_ten_thousand_commands_goes_out_whole(void **state)
{
	struct redis_watch watch;
	struct counting counting = {.in_order = true};
	struct buf commands = {0};
	char text[1024];

	(void)state;
	memset(text, 'x', sizeof text);
	redis_watch_init(&watch, event_base_new(), redis_server_tcp_url(server));
	redis_watch_up(&watch);
	for (int i = 0; i < COMMANDS; i++) {
		resp_array(&commands, 3);
		resp_text(&commands, "RPUSH");
		resp_text(&commands, "list");
		resp_arg(&commands, (struct str){text, sizeof text});
	}
	redis_send(watch.redis, buf_view(&commands), COMMANDS, count_in_order, &counting);
	buf_finish(&commands);
	redis_watch_until(&watch, &counting.replies, COMMANDS);
	assert_true(counting.in_order);
	redis_watch_finish(&watch);
}

static void
large_replies_arrive_whole(void **state)
{
	struct redis_watch watch;
	struct buf text = {0};
	const struct reply *reply;
	struct err err;

	(void)state;
	redis_watch_init(&watch, event_base_new(), redis_server_url(server));
	redis_watch_up(&watch);
	for (int i = 0; i < 1000000; i++)
		buf_printf(&text, "%08d", i);
	buf_char(&text, '.');
	reply = redis_call(watch.redis, &watch.arena, &err, "SET", "large", text.p, NULL);
	assert_true(reply != NULL && reply_is(reply, "OK"));
	reply = redis_watch_call(&watch, "GET", "large", NULL);
	assert_true(str_eq(reply->text, buf_view(&text)));
	buf_finish(&text);
	redis_watch_finish(&watch);
}

static void
errors_of_commands_are_replies(void **state)
{
	struct redis_watch watch;
	struct err err = {""};
	const struct reply *reply;

	(void)state;
	redis_watch_init(&watch, event_base_new(), redis_server_url(server));
	redis_watch_up(&watch);
	reply = redis_watch_call(&watch, "NONSENSE", NULL, NULL);
	assert_true(reply_error_is(reply, "ERR"));
	reply = redis_call(watch.redis, &watch.arena, &err, "EVAL",
			   "return {1, {'a', false}, redis.error_reply('X y')}", "0", NULL);
	assert_int_equal(reply->span, 6);
	assert_true(reply_error_is(reply_at(reply, 2), "X"));
	assert_int_equal(reply_at(reply_at(reply, 1), 1)->type, REPLY_NIL);
	redis_watch_finish(&watch);
}

static void
a_call_whose_server_dies_says_so(void **state)
{
	struct redis_watch watch;
	struct err err = {""};

	(void)state;
	redis_watch_init(&watch, event_base_new(), redis_server_url(server));
	redis_watch_up(&watch);
	assert_null(redis_call(watch.redis, &watch.arena, &err, "SHUTDOWN", "NOSAVE", NULL));
	assert_non_null(strstr(err.text, "lost Redis"));
	redis_server_kill(server);
	redis_server_start(server);
	assert_true(reply_is(redis_watch_call(&watch, "PING", NULL, NULL), "PONG"));
	redis_watch_finish(&watch);
}

static void
waiting_for_up_where_nobody_listens_ends_in_time(void **state)
{
	struct redis_watch watch;
	struct err err = {""};

	(void)state;
	redis_watch_init(&watch, event_base_new(), "unix:///nonexistent/redis.sock");
	assert_false(redis_wait_up(watch.redis, 100, &err));
	assert_non_null(strstr(err.text, "unix:///nonexistent/redis.sock"));
	redis_watch_finish(&watch);
}

struct ending {
	struct redis_watch *watch;
	unsigned called;
};

static void
destroy_in_reply(void *ctx, const struct reply *reply)
{
	struct ending *ending = ctx;

	assert_int_equal(reply->integer, ++ending->called);
	if (ending->called == 2) {
		redis_destroy(ending->watch->redis);
		ending->watch->redis = NULL;
	}
	assert_true(ending->called <= 2);
}

static void
it_may_be_destroyed_inside_a_reply(void **state)
{
	struct redis_watch watch;
	struct ending ending = {.watch = &watch};

	(void)state;
	server_fresh(NULL);
	redis_watch_init(&watch, event_base_new(), redis_server_url(server));
	redis_watch_up(&watch);
	for (int i = 0; i < 5; i++)
		redis_command(watch.redis, destroy_in_reply, &ending, "INCR", "n", NULL);
	redis_watch_until(&watch, &ending.called, 2);
	event_base_loop(watch.base, 0);
	assert_int_equal(ending.called, 2);
	redis_watch_finish(&watch);
}

/* With the loop going on and without: nothing may be left either way. */
static void
it_may_be_destroyed_inside_its_hooks(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		struct redis_watch watch;
		bool on_up = i % 2 == 0, goes_on = i < 2;

		redis_watch_init(&watch, event_base_new(),
				 on_up ? redis_server_url(server) : "unix:///nonexistent");
		watch.destroy_on_up = on_up;
		watch.destroy_on_down = !on_up;
		redis_connect(watch.redis);
		redis_watch_until(&watch, on_up ? &watch.ups : &watch.downs, 1);
		assert_null(watch.redis);
		if (goes_on)
			event_base_loop(watch.base, 0);
		redis_watch_finish(&watch);
	}
}

static void
it_may_be_destroyed_when_its_server_dies(void **state)
{
	struct redis_watch watch;

	(void)state;
	redis_watch_init(&watch, event_base_new(), redis_server_tcp_url(server));
	redis_watch_up(&watch);
	watch.destroy_on_down = true;
	redis_command(watch.redis, never_called, NULL, "BLPOP", "nothing", "0", NULL);
	redis_server_kill(server);
	redis_watch_until(&watch, &watch.downs, 1);
	event_base_loop(watch.base, 0);
	redis_watch_finish(&watch);
}

static void
it_may_be_destroyed_before_it_was_ever_up(void **state)
{
	struct redis_watch watch;

	(void)state;
	redis_watch_init(&watch, event_base_new(), redis_server_tcp_url(server));
	redis_watch_finish(&watch);
	redis_watch_init(&watch, event_base_new(), redis_server_tcp_url(server));
	redis_connect(watch.redis);
	event_base_loop(watch.base, EVLOOP_ONCE);
	redis_watch_finish(&watch);
	redis_destroy(NULL);
}

#define TEST(name) cmocka_unit_test_setup(name, server_fresh)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(over_a_unix_socket_it_comes_up_with_name_and_database),
		TEST(over_tcp_it_comes_up_and_notices_a_dead_peer),
		TEST(every_address_of_a_name_is_tried),
		TEST(an_acl_user_needs_the_right_password),
		TEST(a_server_that_wants_a_password_is_said_so),
		TEST(killed_and_restarted_it_is_up_again_and_what_waited_is_dropped),
		TEST(a_client_that_is_killed_comes_back),
		TEST(while_nobody_listens_it_tries_ever_slower_and_says_so_once),
		TEST(the_pause_between_tries_is_bounded),
		TEST(a_name_that_does_not_exist_is_said_so),
		TEST(while_the_server_loads_it_waits),
		TEST(ten_thousand_commands_are_answered_in_order),
		TEST(a_buffer_of_ten_thousand_commands_goes_out_whole),
		TEST(large_replies_arrive_whole),
		TEST(errors_of_commands_are_replies),
		TEST(a_call_whose_server_dies_says_so),
		TEST(waiting_for_up_where_nobody_listens_ends_in_time),
		TEST(it_may_be_destroyed_inside_a_reply),
		TEST(it_may_be_destroyed_inside_its_hooks),
		TEST(it_may_be_destroyed_when_its_server_dies),
		TEST(it_may_be_destroyed_while_a_name_is_looked_up),
		TEST(it_may_be_destroyed_before_it_was_ever_up),
	};

	return cmocka_run_group_tests(tests, server_up, server_gone);
}
