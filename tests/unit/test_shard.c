/* SPDX-License-Identifier: Apache-2.0 */
/* Records go into the shard of their customer, one command a shard, in the order they were taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "engine/track.h"
#include "io/shard.h"

static void
crc16_is_the_one_of_redis_cluster(void **state)
{
	(void)state;
	assert_int_equal(shard_crc16(STR("123456789")), 0x31c3);
	assert_int_equal(shard_crc16(STR("")), 0);
	assert_int_equal(shard_of(STR("123456789")), 0x31c3 % SHARD_COUNT);
}

static unsigned
count_of(struct str text, const char *word)
{
	unsigned count = 0;

	for (size_t i = 0; i + strlen(word) <= text.n; i++)
		count += memcmp(text.p + i, word, strlen(word)) == 0;
	return count;
}

static void
add(struct shard_batch *batch, const struct ruleset *rules, const char *id)
{
	struct customer *customer = customer_create(str_of(id));

	shard_batch_add(batch, rules, customer, (struct stream_id){5, 0}, 0);
	customer_finish(customer);
	mem_free(customer);
}

static void
one_command_a_shard_holds_all_of_its_records(void **state)
{
	struct ruleset *rules = ruleset_create();
	struct shard_batch batch = {0};
	struct buf out = {0};
	unsigned shards[SHARD_COUNT] = {0}, expected = 0, commands;

	(void)state;
	ruleset_finish(rules, (struct hash_seed){1, 2});
	for (unsigned i = 0; i < 3000; i++) {
		char id[16];

		snprintf(id, sizeof id, "c%u", i);
		add(&batch, rules, id);
		expected += shards[shard_of(str_of(id))]++ == 0;
	}
	commands = shard_batch_write(&batch, STR("p:"), &out);
	assert_int_equal(commands, expected);
	assert_int_equal(count_of(buf_view(&out), "\r\n$4\r\nHSET\r\n"), expected);
	assert_int_equal(count_of(buf_view(&out), "\r\n$5\r\nc2999\r\n"), 1);
	assert_int_equal(batch.count, 0);
	assert_int_equal(shard_batch_write(&batch, STR("p:"), &out), 0);
	shard_batch_finish(&batch);
	buf_finish(&out);
	ruleset_destroy(rules);
}

/* What is torn after it holds all of it; before it, no customer's record. */
static void
what_is_shared_is_one_command_before_all_others(void **state)
{
	static const char first[] = "*6\r\n$4\r\nHSET\r\n$14\r\np:state:shared\r\n"
				    "$2\r\n\1a\r\n$3\r\none\r\n$2\r\n\1b\r\n$3\r\ntwo\r\n";
	struct ruleset *rules = ruleset_create();
	struct shard_batch batch = {0};
	struct buf out = {0};

	(void)state;
	ruleset_finish(rules, (struct hash_seed){1, 2});
	add(&batch, rules, "c1");
	shard_batch_add_shared(&batch, STR("\1a"), STR("one"));
	add(&batch, rules, "c2");
	add(&batch, rules, "c3");
	shard_batch_add_shared(&batch, STR("\1b"), STR("two"));
	assert_true(str_is(shard_batch_last(&batch), "two"));
	assert_int_equal(shard_batch_write(&batch, STR("p:"), &out), 4);
	assert_true(str_starts(buf_view(&out), str_of(first)));
	assert_int_equal(count_of(buf_view(&out), "p:state:"), 4);
	shard_batch_finish(&batch);
	buf_finish(&out);
	ruleset_destroy(rules);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(crc16_is_the_one_of_redis_cluster),
		cmocka_unit_test(one_command_a_shard_holds_all_of_its_records),
		cmocka_unit_test(what_is_shared_is_one_command_before_all_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
