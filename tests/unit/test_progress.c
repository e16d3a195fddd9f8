/* SPDX-License-Identifier: Apache-2.0 */
/* An endpoint's progress as a hash: what is written is read back, what is broken counts as not done. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "io/progress.h"

/* The reply to HGETALL: names and values, up to a NULL. */
static struct progress_record
record_of(const char *const *texts)
{
	struct reply tape[64] = {{.type = REPLY_ARRAY}};
	struct progress_record record;
	struct err err;
	uint32_t n = 0;

	for (; texts[n] != NULL; n++)
		tape[n + 1] = (struct reply){
			.type = REPLY_STRING, .span = 1, .text = str_of(texts[n])};
	tape[0].count = n;
	tape[0].span = n + 1;
	if (!progress_read(tape, &record, &err))
		fail_msg("%s", err.text);
	return record;
}

static void
a_new_endpoint_begins_at_the_beginning(void **state)
{
	const char *const none[] = {NULL};
	struct progress_record record = record_of(none);
	const struct reply nil = {.type = REPLY_NIL, .span = 1};

	(void)state;
	assert_int_equal(record.position.ms, 0);
	assert_int_equal(record.done_count + record.first_count, 0);
	assert_false(record.paused);
	progress_finish(&record);
	assert_true(progress_read(&nil, &record, NULL));
	progress_finish(&record);
}

static void
all_fields_are_read(void **state)
{
	const char *const texts[] = {"position",    "100-1",
				     "done",	    "101-0..103-7 105-0",
				     "writes",	    "12",
				     "active",	    "5000",
				     "state",	    "paused",
				     "first:104-2", "4000 1795255200000",
				     "first:102-0", "1 2",
				     "rate",	    "7 1795255200001",
				     "rests",	    "1795255260000 1795255230000",
				     NULL};
	struct progress_record record = record_of(texts);
	const struct progress_first *first =
		progress_first(&record, (struct stream_id){104, 2});

	(void)state;
	assert_int_equal(record.position.ms, 100);
	assert_int_equal(record.position.seq, 1);
	assert_int_equal(record.done_count, 2);
	assert_int_equal(record.done[0].from.ms, 101);
	assert_int_equal(record.done[0].to.seq, 7);
	assert_int_equal(record.done[1].from.ms, 105);
	assert_int_equal(record.done[1].to.ms, 105);
	assert_int_equal(record.writes, 12);
	assert_int_equal(record.active, 5000);
	assert_true(record.paused);
	assert_int_equal(record.rests_until, INT64_C(1795255260000));
	assert_int_equal(record.rests_for, 30000);
	assert_int_equal(record.rate_taken, 7);
	assert_int_equal(record.rate_at, INT64_C(1795255200001));
	assert_non_null(first);
	assert_int_equal(first->active, 4000);
	assert_int_equal(first->wall, INT64_C(1795255200000));
	assert_null(progress_first(&record, (struct stream_id){104, 3}));
	progress_finish(&record);
}

static void
what_cannot_be_read_is_rather_sent_again(void **state)
{
	static const struct {
		const char *done;
		size_t count;
	} table[] = {
		{"", 0},
		{" ", 0},
		{"x", 0},
		{"101-0..", 0},
		{"..101-0", 0},
		{"101-0..100-5", 0},
		{"101-0 x 105-0", 1},
		{"101-0  105-0", 1},
		{"105-0 101-0", 1},
		{"101-0..103-0 102-0", 1},
		{"101-0..103-0..105-0", 0},
		{"101", 0},
		{"50-0 101-0", 1},
		{"100-0", 0},
		{"101-0,105-0", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		const char *const texts[] = {
			"position", "100-0",   "done", table[i].done, "writes", "-1", "active",
			"-5",	    "first:x", "1 2",  "first:101-0", "1",	NULL};
		struct progress_record record = record_of(texts);

		if (record.done_count != table[i].count)
			fail_msg("\"%s\": %zu ranges", table[i].done, record.done_count);
		assert_int_equal(record.writes, 0);
		assert_int_equal(record.active, 0);
		assert_int_equal(record.first_count, 0);
		progress_finish(&record);
	}
}

static void
another_reply_is_an_error(void **state)
{
	const struct reply wrong = {.type = REPLY_ERROR, .span = 1, .text = STR("WRONGTYPE x")};
	const struct reply number = {.type = REPLY_INTEGER, .span = 1};
	struct progress_record record;
	struct err err;

	(void)state;
	assert_false(progress_read(&wrong, &record, &err));
	assert_non_null(strstr(err.text, "WRONGTYPE"));
	assert_false(progress_read(&number, &record, &err));
}

static void
a_stream_that_fell_back_takes_the_progress_with_it(void **state)
{
	const char *const texts[] = {"position", "100-0", "done",
				     "102-0..110-0 120-0..130-0 140-0", NULL};
	struct progress_record record = record_of(texts);

	(void)state;
	progress_clamp(&record, (struct stream_id){150, 0});
	assert_int_equal(record.done_count, 3);
	progress_clamp(&record, (struct stream_id){125, 0});
	assert_int_equal(record.done_count, 2);
	assert_int_equal(record.done[1].to.ms, 125);
	progress_clamp(&record, (struct stream_id){101, 0});
	assert_int_equal(record.done_count, 0);
	assert_int_equal(record.position.ms, 100);
	progress_clamp(&record, (struct stream_id){7, 3});
	assert_int_equal(record.position.ms, 7);
	assert_int_equal(record.position.seq, 3);
	progress_finish(&record);
}

static void
progress_is_one_command(void **state)
{
	const struct delivery_policy policy = {
		.concurrency = 1, .window = 8, .window_bytes = 100};
	struct delivery_queue queue;
	struct buf out = {0};

	(void)state;
	delivery_queue_init(&queue, &policy, 0);
	queue.active = 77;
	backlog_pass(&queue.backlog, (struct stream_id){5, 0});
	delivery_take(&queue, (struct stream_id){6, 1}, STR("al"), STR("c"), STR("{}"), -1, 0);
	backlog_pass(&queue.backlog, (struct stream_id){7, 0});
	backlog_pass(&queue.backlog, (struct stream_id){7, 1});
	delivery_take(&queue, (struct stream_id){8, 0}, STR("al"), STR("c"), STR("{}"), -1, 0);
	backlog_pass(&queue.backlog, (struct stream_id){9, 0});
	progress_write(&out, STR("t:delivery:e"), &queue, 3, 1000);
	assert_string_equal(
		out.p,
		"*12\r\n$4\r\nHSET\r\n$12\r\nt:delivery:e\r\n$8\r\nposition\r\n$3\r\n5-0\r\n"
		"$4\r\ndone\r\n$12\r\n7-0..7-1 9-0\r\n$6\r\nwrites\r\n$1\r\n3\r\n"
		"$6\r\nactive\r\n$2\r\n77\r\n$5\r\nrests\r\n$1\r\n0\r\n");
	buf_finish(&out);
	delivery_queue_finish(&queue);
}

static void
tokens_taken_are_kept_where_there_is_a_rate(void **state)
{
	const struct delivery_policy policy = {.concurrency = 1,
					       .rate_count = 20,
					       .rate_per = MINUTE_MS,
					       .window = 10,
					       .window_bytes = 100};
	struct delivery_queue queue;
	struct buf out = {0};

	(void)state;
	delivery_queue_init(&queue, &policy, 0);
	rate_limit_take(&queue.rate, 0);
	rate_limit_take(&queue.rate, 0);
	progress_write(&out, STR("t:delivery:e"), &queue, 3, 1000);
	assert_non_null(strstr(out.p, "*14\r\n"));
	assert_non_null(strstr(out.p, "$4\r\nrate\r\n$6\r\n2 1000\r\n"));
	buf_finish(&out);
	delivery_queue_finish(&queue);
}

static void
a_rest_is_kept_by_the_clock_on_the_wall(void **state)
{
	const struct delivery_policy policy = {
		.concurrency = 1, .window = 10, .window_bytes = 100};
	struct delivery_queue queue;
	struct buf out = {0};

	(void)state;
	delivery_queue_init(&queue, &policy, 500);
	delivery_rest(&queue, 60500);
	progress_write(&out, STR("t:delivery:e"), &queue, 3, 1795255200000);
	assert_non_null(strstr(out.p, "$5\r\nrests\r\n$27\r\n1795255260000 1795255200000\r\n"));
	buf_clear(&out);
	(void)delivery_active(&queue, 60500);
	progress_write(&out, STR("t:delivery:e"), &queue, 4, 1795255260000);
	assert_non_null(strstr(out.p, "$5\r\nrests\r\n$1\r\n0\r\n"));
	buf_finish(&out);
	delivery_queue_finish(&queue);
}

static void
a_dead_letter_keeps_the_beginning_of_the_reply(void **state)
{
	struct delivery delivery = {.id = STR("al"),
				    .customer = STR("c"),
				    .body = STR("{}"),
				    .attempts = 3,
				    .first_at = 10};
	struct progress_letter letter = {
		.endpoint = STR("e"), .reason = STR("r"), .status = 422, .last_at = 20};
	char reply[4096];
	struct buf out = {0};

	(void)state;
	memset(reply, 'x', sizeof reply);
	memcpy(reply + PROGRESS_REPLY_MAX - 1, "\xc3\xa9", 2); /* a character over the edge */
	letter.reply = (struct str){reply, sizeof reply};
	progress_write_letter(&out, STR("t:dead"), &delivery, &letter);
	assert_non_null(strstr(out.p, "*23\r\n$4\r\nXADD\r\n$6\r\nt:dead\r\n$1\r\n*\r\n"));
	assert_non_null(strstr(out.p, "$5\r\nreply\r\n$2047\r\nxxx"));
	assert_non_null(strstr(out.p, "$6\r\nstatus\r\n$3\r\n422\r\n"));
	assert_non_null(
		strstr(out.p, "$8\r\nfirst_at\r\n$2\r\n10\r\n$7\r\nlast_at\r\n$2\r\n20\r\n"));
	buf_finish(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_endpoint_begins_at_the_beginning),
		cmocka_unit_test(all_fields_are_read),
		cmocka_unit_test(what_cannot_be_read_is_rather_sent_again),
		cmocka_unit_test(another_reply_is_an_error),
		cmocka_unit_test(a_stream_that_fell_back_takes_the_progress_with_it),
		cmocka_unit_test(progress_is_one_command),
		cmocka_unit_test(tokens_taken_are_kept_where_there_is_a_rate),
		cmocka_unit_test(a_rest_is_kept_by_the_clock_on_the_wall),
		cmocka_unit_test(a_dead_letter_keeps_the_beginning_of_the_reply),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
