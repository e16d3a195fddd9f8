/* SPDX-License-Identifier: Apache-2.0 */
/* A start asks Redis for records alone where they say whose they are, and for their names where they do not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/mem.h"
#include "codec/record_format.h"
#include "engine/track.h"
#include "io/shard.h"
#include "support/redis_server.h"
#include "support/redis_watch.h"

#define MOST 4000

struct house {
	struct redis_server *server;
	struct redis_watch watch;
	struct ruleset *rules;
	struct shard_batch batch;
	struct buf out;
	unsigned written;
	struct arena arena;
	struct map names; /* of what was loaded, to how it begins */
	unsigned told, shared, loaded, shards, ended;
	struct err why;
};

static void
on_ahead(void *ctx, struct str id)
{
	struct house *house = ctx;

	assert_in_range(id.n, 1, 128);
	house->told++;
}

static void
on_shared(void *ctx, struct str id, struct str bytes)
{
	struct house *house = ctx;

	assert_int_equal(house->loaded, 0);
	assert_true(str_is(id, "\001some") && str_is(bytes, "\001y"));
	house->shared++;
}

static void
on_record(void *ctx, struct str id, struct str bytes)
{
	struct house *house = ctx;
	uint32_t before;

	assert_true(house->told > house->loaded);
	assert_false(map_get(&house->names, id, &before));
	map_put(&house->names, arena_str(&house->arena, id), (uint8_t)bytes.p[0]);
	house->loaded++;
}

static void
on_shard(void *ctx, unsigned shards)
{
	struct house *house = ctx;

	assert_int_equal(shards, ++house->shards);
}

static void
on_done(void *ctx)
{
	struct house *house = ctx;

	house->ended = 1;
}

static void
on_fail(void *ctx, const char *why, bool passing)
{
	struct house *house = ctx;

	assert_false(passing);
	err_set(&house->why, "%s", why);
	house->ended = 1;
}

static void
house_open(struct house *house)
{
	*house = (struct house){.server = redis_server_create(NULL), .rules = ruleset_create()};
	ruleset_finish(house->rules, (struct hash_seed){1, 2});
	arena_init(&house->arena);
	redis_server_start(house->server);
	redis_watch_init(&house->watch, event_base_new(), redis_server_url(house->server));
	redis_watch_up(&house->watch);
}

static void
house_close(struct house *house)
{
	redis_watch_finish(&house->watch);
	redis_server_destroy(house->server);
	shard_batch_finish(&house->batch);
	buf_finish(&house->out);
	map_finish(&house->names);
	arena_finish(&house->arena);
	ruleset_destroy(house->rules);
}

static void
on_written(void *ctx, const struct reply *reply)
{
	struct house *house = ctx;

	assert_int_equal(reply->type, REPLY_INTEGER);
	house->written++;
}

static void
flush(struct house *house)
{
	unsigned commands;

	buf_clear(&house->out);
	house->written = 0;
	commands = shard_batch_write(&house->batch, STR("p:"), &house->out);
	redis_send(house->watch.redis, buf_view(&house->out), commands, on_written, house);
	redis_watch_until(&house->watch, &house->written, commands);
}

/* The same as version 7 wrote it: which did not say whose it is. */
static void
age(struct buf *record, struct str id)
{
	char *p = record->p + RECORD_HEAD, *behind = p + 1 + id.n;

	memmove(p, behind, record->n - RECORD_HEAD - 1 - id.n);
	record->n -= 1 + id.n + RECORD_TAIL;
	record->p[0] = 7;
	record_sum_put(record, 0);
}

static void
add(struct house *house, unsigned i, bool old)
{
	char name[16];
	struct str id = {name, (size_t)snprintf(name, sizeof name, "c%u", i)};
	struct customer *customer = customer_create(id);
	struct buf record = {0};

	record_encode(&record, house->rules, customer, (struct stream_id){5, 0});
	if (old)
		age(&record, id);
	shard_batch_add_bytes(&house->batch, id, buf_view(&record));
	buf_finish(&record);
	customer_finish(customer);
	mem_free(customer);
}

static void
load(struct house *house)
{
	map_finish(&house->names);
	map_init(&house->names, (struct hash_seed){1, 2});
	house->told = house->shared = house->loaded = house->shards = house->ended = 0;
	(void)!shard_load_begin(house->watch.redis, STR("p:"),
				(struct shard_hooks){house, on_ahead, on_shared, on_record,
						     on_shard, on_done, on_fail});
	redis_watch_until(&house->watch, &house->ended, 1);
}

/* Calls of a command that Redis has executed. */
static unsigned
calls(struct house *house, const char *command)
{
	const struct reply *said =
		redis_watch_call(&house->watch, "INFO", "commandstats", NULL);
	char sought[64];
	const char *at;
	unsigned count = 0;
	struct str text = said->text;

	snprintf(sought, sizeof sought, "cmdstat_%s:calls=", command);
	for (at = text.p; at + strlen(sought) < text.p + text.n; at++)
		if (memcmp(at, sought, strlen(sought)) == 0)
			sscanf(at + strlen(sought), "%u", &count);
	return count;
}

static void
forget_calls(struct house *house)
{
	(void)redis_watch_call(&house->watch, "CONFIG", "RESETSTAT", NULL);
}

static uint32_t
version_of(struct house *house, unsigned i)
{
	char name[16];
	uint32_t version = 0;

	snprintf(name, sizeof name, "c%u", i);
	assert_true(map_get(&house->names, str_of(name), &version));
	return version;
}

static void
records_that_say_whose_they_are_come_without_names(void **state)
{
	struct house house;

	(void)state;
	house_open(&house);
	for (unsigned i = 0; i < MOST; i++)
		add(&house, i, false);
	flush(&house);
	load(&house);
	assert_int_equal(house.loaded, MOST);
	assert_int_equal(house.told, MOST);
	assert_int_equal(house.shards, SHARD_COUNT);
	assert_int_equal(calls(&house, "hvals"), SHARD_COUNT);
	assert_int_equal(calls(&house, "hgetall"), 1);
	for (unsigned i = 0; i < MOST; i++)
		assert_int_equal(version_of(&house, i), 8);
	house_close(&house);
}

/* A few old ones, one that is damaged, and what is of no customer. */
static void
names_are_asked_for_where_some_do_not_say(void **state)
{
	static const unsigned old[] = {3, 77, 1234};
	struct house house;

	(void)state;
	house_open(&house);
	for (unsigned i = 0; i < MOST; i++)
		add(&house, i, i == old[0] || i == old[1] || i == old[2]);
	shard_batch_add_bytes(&house.batch, STR("\001none"), STR("\001x"));
	shard_batch_add_shared(&house.batch, STR("\001some"), STR("\001y"));
	add(&house, MOST, false);
	house.batch.bytes.p[house.batch.bytes.n - 1] ^= 1;
	flush(&house);
	load(&house);
	assert_int_equal(house.shared, 1);
	assert_int_equal(house.loaded, MOST + 2);
	assert_int_equal(house.shards, SHARD_COUNT);
	assert_int_equal(calls(&house, "hvals"), SHARD_COUNT);
	assert_int_equal(calls(&house, "hgetall"), 1 + 5);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(version_of(&house, old[i]), 7);
	assert_int_equal(version_of(&house, 4), 8);
	assert_int_equal(version_of(&house, MOST), 8);
	house_close(&house);
}

static void
where_many_do_not_say_names_are_asked_for_from_then_on(void **state)
{
	struct house house;
	unsigned asked;

	(void)state;
	house_open(&house);
	for (unsigned i = 0; i < 2 * MOST; i++)
		add(&house, i, i % 10 != 0);
	flush(&house);
	load(&house);
	assert_int_equal(house.loaded, 2 * MOST);
	asked = calls(&house, "hvals");
	assert_in_range(asked, 1, 64);
	assert_int_equal(calls(&house, "hgetall"), 1 + SHARD_COUNT);
	for (unsigned i = 0; i < 2 * MOST; i++)
		assert_int_equal(version_of(&house, i), i % 10 != 0 ? 7 : 8);
	house_close(&house);
}

/* A user of Redis who was made for an older churnd may not. */
static void
who_may_not_ask_for_values_alone_asks_for_all(void **state)
{
	struct house house;
	struct err err;

	(void)state;
	house_open(&house);
	for (unsigned i = 0; i < MOST; i++)
		add(&house, i, false);
	flush(&house);
	assert_non_null(redis_call(house.watch.redis, &house.watch.arena, &err, "ACL",
				   "SETUSER", "default", "-hvals", NULL));
	forget_calls(&house);
	load(&house);
	assert_int_equal(house.loaded, MOST);
	assert_int_equal(calls(&house, "hgetall"), 1 + SHARD_COUNT);
	assert_non_null(redis_call(house.watch.redis, &house.watch.arena, &err, "ACL",
				   "SETUSER", "default", "-hgetall", NULL));
	load(&house);
	assert_string_equal(house.why.text,
			    "cannot load p:state:shared: Redis says NOPERM this user has no "
			    "permissions to run the 'hgetall' command");
	house_close(&house);
}

static void
what_is_no_hash_is_told_of(void **state)
{
	struct house house;

	(void)state;
	house_open(&house);
	(void)redis_watch_call(&house.watch, "SET", "p:state:700", "x");
	load(&house);
	assert_non_null(
		strstr(house.why.text, "cannot load p:state:700: Redis says WRONGTYPE"));
	assert_int_equal(house.shards, 700);
	house_close(&house);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_that_say_whose_they_are_come_without_names),
		cmocka_unit_test(names_are_asked_for_where_some_do_not_say),
		cmocka_unit_test(where_many_do_not_say_names_are_asked_for_from_then_on),
		cmocka_unit_test(who_may_not_ask_for_values_alone_asks_for_all),
		cmocka_unit_test(what_is_no_hash_is_told_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
