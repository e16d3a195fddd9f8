/* SPDX-License-Identifier: Apache-2.0 */
/* What comes while a reply is worked on: replies of a private redis-server, and reads of a stream of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "io/stream.h"
#include "support/redis_server.h"
#include "support/redis_watch.h"

#define PATIENCE_MS 20000
#define LONG 100000 /* elements of a reply that no socket holds */

static struct redis_server *server;

static int
server_up(void **state)
{
	(void)state;
	server = redis_server_create(NULL);
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

/* ---- replies ---- */

struct looking {
	struct redis_watch watch;
	const struct reply *ahead; /* what was found */
	unsigned replies;
	bool dies;
};

static const struct reply *
look_until_found(struct redis *redis)
{
	const struct reply *found;

	while ((found = redis_look_ahead(redis)) == NULL)
		assert_true(redis_watch_heard(redis, PATIENCE_MS));
	return found;
}

static void
on_other(void *ctx, const struct reply *reply)
{
	struct looking *looking = ctx;

	assert_true(reply_is(reply, "third"));
	looking->replies++;
}

static void
on_found(void *ctx, const struct reply *reply)
{
	struct looking *looking = ctx;

	assert_ptr_equal(reply, looking->ahead);
	assert_int_equal(reply->count, LONG);
	assert_true(str_is(reply[LONG].text, "an element"));
	redis_command(looking->watch.redis, on_other, looking, "ECHO", "third", NULL);
	looking->replies++;
}

static void
on_first(void *ctx, const struct reply *reply)
{
	struct looking *looking = ctx;
	struct redis *redis = looking->watch.redis;

	assert_null(redis_look_ahead(redis)); /* nobody asked for more */
	redis_command(redis, on_found, looking, "LRANGE", "long", "0", "-1", NULL);
	looking->ahead = look_until_found(redis);
	assert_non_null(looking->ahead);
	assert_ptr_equal(redis_look_ahead(redis), looking->ahead);
	assert_int_equal(reply->count, 2);
	assert_true(str_is(reply[1].text, "one"));
	assert_true(str_is(reply[2].text, "two"));
	looking->replies++;
	if (looking->dies)
		redis_server_kill(server);
}

static void
looking_begin(struct looking *looking)
{
	struct redis_watch *watch = &looking->watch;
	struct err err;

	redis_watch_init(watch, event_base_new(), redis_server_url(server));
	redis_watch_up(watch);
	(void)redis_watch_call(watch, "FLUSHALL", NULL, NULL);
	assert_non_null(redis_call(watch->redis, &watch->arena, &err, "RPUSH", "short", "one",
				   "two", NULL));
	assert_non_null(redis_call(watch->redis, &watch->arena, &err, "EVAL",
				   "for i = 1, tonumber(ARGV[1]) do "
				   "redis.call('RPUSH', 'long', 'an element') end",
				   "0", "100000", NULL));
	redis_command(watch->redis, on_first, looking, "LRANGE", "short", "0", "-1", NULL);
}

static void
a_long_reply_comes_whole_while_another_is_worked_on(void **state)
{
	struct looking looking = {.replies = 0};

	(void)state;
	looking_begin(&looking);
	redis_watch_until(&looking.watch, &looking.replies, 3);
	redis_watch_finish(&looking.watch);
}

static void
on_ahead(void *ctx, const struct reply *reply)
{
	struct looking *looking = ctx;

	assert_ptr_equal(reply, looking->ahead);
	assert_int_equal(reply->count, LONG);
	looking->replies++;
}

/* Nothing is at hand then, and nothing is heard of the socket any more. */
static void
what_was_found_between_replies_is_handed_over_too(void **state)
{
	struct looking looking = {.replies = 0};

	(void)state;
	looking_begin(&looking);
	redis_watch_until(&looking.watch, &looking.replies, 3);
	redis_command(looking.watch.redis, on_ahead, &looking, "LRANGE", "long", "0", "-1",
		      NULL);
	looking.ahead = look_until_found(looking.watch.redis);
	assert_non_null(looking.ahead);
	assert_int_equal(looking.replies, 3);
	redis_watch_until(&looking.watch, &looking.replies, 4);
	redis_watch_finish(&looking.watch);
}

static void
on_both(void *ctx, const struct reply *reply)
{
	struct looking *looking = ctx;

	assert_int_equal(reply->count, 2);
	assert_true(str_is(reply[1].text, "one"));
	if (looking->replies++ == 0)
		assert_null(redis_look_ahead(looking->watch.redis));
	assert_true(str_is(reply[2].text, "two"));
}

/* They lie in one place then, and reading more could move the first. */
static void
nothing_is_found_where_two_replies_came_together(void **state)
{
	struct looking looking = {.replies = 0};
	static const char one[] =
		"*4\r\n$6\r\nLRANGE\r\n$5\r\nshort\r\n$1\r\n0\r\n$2\r\n-1\r\n";
	struct buf two = {0};

	(void)state;
	looking_begin(&looking);
	redis_watch_until(&looking.watch, &looking.replies, 3);
	looking.replies = 0;
	buf_text(&two, one);
	buf_text(&two, one);
	redis_send(looking.watch.redis, buf_view(&two), 2, on_both, &looking);
	redis_watch_until(&looking.watch, &looking.replies, 2);
	buf_finish(&two);
	redis_watch_finish(&looking.watch);
}

static void
what_was_found_of_a_server_that_died_is_handed_over_or_dropped(void **state)
{
	struct looking looking = {.dies = true};

	(void)state;
	looking_begin(&looking);
	redis_watch_until(&looking.watch, &looking.watch.downs, 1);
	assert_in_range(looking.replies, 1, 2);
	redis_server_start(server);
	redis_watch_until(&looking.watch, &looking.watch.ups, 2);
	assert_true(reply_is(redis_watch_call(&looking.watch, "PING", NULL, NULL), "PONG"));
	redis_watch_finish(&looking.watch);
}

/* ---- reads of a stream ---- */

#define BATCH 1000
#define BATCHES 4

struct reading {
	struct redis_watch admin; /* on a loop of its own */
	struct event_base *base;
	struct arena arena;
	struct redis_address address;
	struct stream *stream;
	unsigned takes;
	unsigned slow_at; /* this take is too much; 0: none */
	struct stream_id last;
	unsigned asked[BATCHES + 1]; /* reads that Redis knows of while each was worked on */
};

static unsigned
reads_asked(struct reading *reading)
{
	const struct reply *info =
		redis_watch_call(&reading->admin, "INFO", "commandstats", NULL);
	const char *p = strstr(info->text.p, "cmdstat_xread:calls=");
	unsigned calls = 0;

	if (p != NULL)
		(void)sscanf(p, "cmdstat_xread:calls=%u", &calls);
	return calls;
}

/* Asks Redis again and again, which answers one after the other: what it has read before it answers is counted. Where
 * a read is not to come, it does not come in all that. */
static unsigned
look_for_reads(struct reading *reading, unsigned expected)
{
	unsigned asked = 0;

	for (int i = 0; asked < expected && i < 1000; i++) {
		stream_look_ahead(reading->stream);
		asked = reads_asked(reading);
	}
	return asked;
}

static void
on_take(void *ctx, const struct stream_batch *batch)
{
	struct reading *reading = ctx;
	struct stream_fields fields = {0};
	struct stream_id id;
	unsigned take = ++reading->takes;

	if (batch->count == 0) {
		event_base_loopbreak(reading->base);
		return;
	}
	if (take <= BATCHES)
		reading->asked[take] = look_for_reads(reading, take + 2);
	assert_true(stream_read_entry(batch->entries, &id, &fields));
	assert_int_equal(fields.count, 1);
	assert_true(str_is(fields.items[0].value, "a value"));
	stream_fields_finish(&fields);
	assert_int_equal(id.ms, reading->last.ms + 1);
	reading->last = batch->last;
	if (take != reading->slow_at)
		return;
	stream_stop(reading->stream);
	stream_slow(reading->stream, BATCH / 2);
	reading->last = id;
	stream_start(reading->stream, id);
}

static void
on_up(void *ctx, const char *run_id)
{
	struct reading *reading = ctx;

	(void)run_id;
	stream_start(reading->stream, (struct stream_id){0, 0});
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
read_all(struct reading *reading)
{
	struct redis_watch *admin = &reading->admin;
	const struct timeval patience = {.tv_sec = 20};
	struct err err;

	redis_watch_init(admin, event_base_new(), redis_server_url(server));
	redis_watch_up(admin);
	(void)redis_watch_call(admin, "FLUSHALL", NULL, NULL);
	(void)redis_watch_call(admin, "CONFIG", "RESETSTAT", NULL);
	assert_non_null(redis_call(admin->redis, &admin->arena, &err, "EVAL",
				   "for i = 1, 4000 do redis.call('XADD', 's', i .. '-0', "
				   "'key', 'a value') end",
				   "0", NULL));
	reading->base = event_base_new();
	arena_init(&reading->arena);
	assert_true(redis_address_parse(&reading->arena, str_of(redis_server_url(server)),
					&reading->address, &err));
	reading->stream = stream_create(&(struct stream_options){
		.base = reading->base,
		.redis = &reading->address,
		.name = "churnd-test",
		.key = STR("s"),
		.batch = BATCH,
		.hooks = {reading, on_take, on_up, on_down, on_fail},
	});
	stream_connect(reading->stream);
	event_base_loopexit(reading->base, &patience);
	event_base_dispatch(reading->base);
	stream_destroy(reading->stream);
	event_base_loop(reading->base, EVLOOP_NONBLOCK);
	event_base_free(reading->base);
	arena_finish(&reading->arena);
	redis_watch_finish(admin);
}

static void
while_a_batch_is_worked_on_the_one_after_the_next_is_asked_for(void **state)
{
	struct reading reading = {.takes = 0};

	(void)state;
	read_all(&reading);
	assert_int_equal(reading.takes, BATCHES + 1);
	assert_int_equal(reading.last.ms, BATCHES * BATCH);
	assert_int_equal(reading.asked[1], 3);
	assert_int_equal(reading.asked[2], 4);
	/* The fifth finds nothing, so that none is asked for beyond it. */
	assert_int_equal(reading.asked[BATCHES], BATCHES + 1);
}

/* What was asked for after it is thrown away; and until reads have grown again there is one ahead, no more. */
static void
after_a_batch_that_was_too_much_there_is_one_read_ahead(void **state)
{
	struct reading reading = {.slow_at = 2};

	(void)state;
	read_all(&reading);
	assert_int_equal(reading.last.ms, BATCHES * BATCH);
	/* Two thrown away, the one at hand and the one ahead of it. */
	assert_int_equal(reading.asked[2], 4);
	assert_int_equal(reading.asked[3], 6);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_long_reply_comes_whole_while_another_is_worked_on),
		cmocka_unit_test(what_was_found_between_replies_is_handed_over_too),
		cmocka_unit_test(nothing_is_found_where_two_replies_came_together),
		cmocka_unit_test(
			what_was_found_of_a_server_that_died_is_handed_over_or_dropped),
		cmocka_unit_test(
			while_a_batch_is_worked_on_the_one_after_the_next_is_asked_for),
		cmocka_unit_test(after_a_batch_that_was_too_much_there_is_one_read_ahead),
	};

	return cmocka_run_group_tests(tests, server_up, server_gone);
}
