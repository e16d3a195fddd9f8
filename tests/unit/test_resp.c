/* SPDX-License-Identifier: Apache-2.0 */
/* Commands as bytes, and the ids of stream entries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "codec/resp.h"
#include "codec/stream_id.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void
assert_bytes(struct buf *out, const char *expected)
{
	assert_string_equal(out->p, expected);
	assert_int_equal(out->n, strlen(expected));
	buf_finish(out);
}

static void
a_command_is_an_array_of_bulk_strings(void **state)
{
	struct buf out = {0};

	(void)state;
	resp_command(&out, "XGROUP", "CREATE", "churn:events", "", NULL);
	assert_bytes(&out,
		     "*4\r\n$6\r\nXGROUP\r\n$6\r\nCREATE\r\n$12\r\nchurn:events\r\n$0\r\n\r\n");
}

static void
arguments_hold_any_bytes(void **state)
{
	static const char expected[] = "*2\r\n$3\r\nSET\r\n$5\r\na\0\r\nb\r\n";
	struct buf out = {0};

	(void)state;
	resp_array(&out, 2);
	resp_text(&out, "SET");
	resp_arg(&out, (struct str){"a\0\r\nb", 5});
	assert_int_equal(out.n, sizeof expected - 1);
	assert_memory_equal(out.p, expected, sizeof expected);
	buf_finish(&out);
}

static void
no_text_is_an_empty_argument(void **state)
{
	struct buf out = {0};

	(void)state;
	resp_arg(&out, STR_NONE);
	assert_bytes(&out, "$0\r\n\r\n");
}

static void
numbers_are_decimal_to_their_ends(void **state)
{
	static const struct {
		int64_t number;
		const char *bytes;
	} rows[] = {
		{0, "$1\r\n0\r\n"},
		{-1, "$2\r\n-1\r\n"},
		{1795255200000, "$13\r\n1795255200000\r\n"},
		{INT64_MAX, "$19\r\n9223372036854775807\r\n"},
		{INT64_MIN, "$20\r\n-9223372036854775808\r\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct buf out = {0};

		resp_int(&out, rows[i].number);
		assert_bytes(&out, rows[i].bytes);
	}
}

static void
long_counts_are_written_whole(void **state)
{
	struct buf out = {0};

	(void)state;
	resp_array(&out, 1234567890);
	assert_bytes(&out, "*1234567890\r\n");
}

static void
commands_follow_one_another_in_a_buffer(void **state)
{
	struct buf out = {0};

	(void)state;
	buf_text(&out, "before");
	resp_command(&out, "PING", NULL);
	resp_command(&out, "PING", NULL);
	assert_bytes(&out, "before*1\r\n$4\r\nPING\r\n*1\r\n$4\r\nPING\r\n");
}

static void
ids_print_and_read_back(void **state)
{
	static const struct {
		struct stream_id id;
		const char *text;
	} rows[] = {
		{{0, 0}, "0-0"},
		{{0, 1}, "0-1"},
		{{1795255200000, 12}, "1795255200000-12"},
		{{INT64_MAX, UINT64_MAX}, "9223372036854775807-18446744073709551615"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[STREAM_ID_TEXT];
		struct stream_id id = {-1, 0};

		stream_id_print(rows[i].id, text);
		assert_string_equal(text, rows[i].text);
		assert_true(stream_id_parse(str_of(text), &id));
		assert_int_equal(stream_id_cmp(id, rows[i].id), 0);
	}
}

/* Ids of today's length are read eight bytes at a time: each byte of them counts. */
static void
each_byte_of_an_id_is_read(void **state)
{
	static const char odd[] = {'/', ':', '-', ' ', '\0', 'a', (char)0xb1};
	struct stream_id id = {.ms = 1795255243219, .seq = 1}, read;

	(void)state;
	for (unsigned digits = 1; digits <= 12; digits++, id.seq = id.seq * 10 + digits % 10) {
		char text[STREAM_ID_TEXT];

		stream_id_print(id, text);
		assert_true(stream_id_parse(str_of(text), &read));
		assert_int_equal(stream_id_cmp(id, read), 0);
		for (size_t at = 0, n = 14 + digits; at < n; at++) {
			char kept = text[at];

			for (size_t i = 0; i < COUNT(odd); i++) {
				text[at] = odd[i];
				assert_int_equal(stream_id_parse((struct str){text, n}, &read),
						 odd[i] == kept);
			}
			text[at] = kept == '9' ? '8' : '9';
			assert_true(!stream_id_parse((struct str){text, n}, &read) ||
				    (kept != '-' && stream_id_cmp(id, read) != 0));
			text[at] = kept;
		}
	}
}

static void
zeros_before_an_id_change_nothing(void **state)
{
	struct stream_id id;

	(void)state;
	assert_true(stream_id_parse(STR("000000000000000000000000012-0000000000000000000034"),
				    &id));
	assert_true(id.ms == 12 && id.seq == 34);
}

static void
what_is_no_id_is_refused_and_changes_nothing(void **state)
{
	static const char *const texts[] = {
		"",
		"-",
		"1",
		"1-",
		"-1",
		"1-2-3",
		"a-1",
		"1-a",
		" 1-1",
		"1-1 ",
		"+1-1",
		"-1-1",
		"0x1-1",
		"1--1",
		"*",
		"1-*",
		"$",
		"9223372036854775808-0",
		"99999999999999999999-0",
		"1-18446744073709551616",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct stream_id id = {7, 8};

		assert_false(stream_id_parse(str_of(texts[i]), &id));
		assert_true(id.ms == 7 && id.seq == 8);
	}
	assert_false(stream_id_parse(STR_NONE, &(struct stream_id){0}));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_command_is_an_array_of_bulk_strings),
		cmocka_unit_test(arguments_hold_any_bytes),
		cmocka_unit_test(no_text_is_an_empty_argument),
		cmocka_unit_test(numbers_are_decimal_to_their_ends),
		cmocka_unit_test(long_counts_are_written_whole),
		cmocka_unit_test(commands_follow_one_another_in_a_buffer),
		cmocka_unit_test(ids_print_and_read_back),
		cmocka_unit_test(each_byte_of_an_id_is_read),
		cmocka_unit_test(zeros_before_an_id_change_nothing),
		cmocka_unit_test(what_is_no_id_is_refused_and_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
