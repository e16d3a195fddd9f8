/* SPDX-License-Identifier: Apache-2.0 */
/* Shows that rows which are taken at once are what their fields decode to, and which rows are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "codec/event_plain.h"
#include "support/rows.h"

/* However it is read and cut, a file tells the same. */
static void
reads_alike(struct str text)
{
	struct buf fields = rows_told(text, text.n, true);

	for (size_t piece = 1; piece < 70; piece++) {
		struct buf plain = rows_told(text, piece == 69 ? text.n : piece, false);

		assert_int_equal(plain.n, fields.n);
		assert_memory_equal(plain.p ? plain.p : "", fields.p ? fields.p : "", fields.n);
		buf_finish(&plain);
	}
	buf_finish(&fields);
}

static const char *
read_one(struct plain *plain, const char *line, struct entry *out)
{
	static struct arena arena;

	arena_finish(&arena);
	return plain_read(plain, line, line + strlen(line), &arena, out);
}

static bool
takes(const char *line)
{
	struct plain plain;
	struct entry entry;
	const char *next, *end = strchr(line, '\n') + 1;

	plain_init(&plain);
	next = read_one(&plain, line, &entry);
	plain_finish(&plain);
	if (next)
		assert_ptr_equal(next, end);
	return next != NULL;
}

#define TS "1795255200000"
#define ROW "\"customer\":\"c1\",\"type\":\"login\",\"ts\":" TS

static const char *const plain_lines[] = {
	"{" ROW "}\n",
	"{" ROW "}\r\n",
	"{" ROW ",\"value\":4,\"source\":\"app\"}\n",
	"{" ROW ", \"value\": -4.25e1, \"user\": \"\", \"id\": \"7\", \"backfill\": 1}\n",
	"{" ROW ",\"arrived\":\"2026-11-21T10:00:00-08:00\"}\n{",
	"{\"type\":\"profile\",\"customer\":17,\"arrived\":5,\"plan\":\"\xe9\xab\x98\"}\n",
	("{\"ts\":\"2026-11-21 10:00:00.123456Z\",\"type\":\"member\",\"customer\":\"c\","
	 "\"user\":\"u\",\"an attribute whose name is longer than two words\":\"x\"}\n"),
	"{\"ts\":\"63072000000\",\"type\":\"a\",\"customer\":\"\xe5\xae\xa2\",\"x\":1,\"y\":2}\n",
};

static const char *const other_lines[] = {
	"{}\n",
	"\n",
	" {" ROW "}\n",
	"{ " ROW "}\n",
	"{" ROW "} \n",
	"{" ROW "},\n",
	"{" ROW ",}\n",
	"{" ROW ",\"a\" :1}\n",
	"{" ROW ",\"a\":  1}\n",
	"{" ROW ",\"a\":\"x\\n\"}\n",
	"{" ROW ",\"a\\u0062\":\"x\"}\n",
	"{" ROW ",\"a\":\"x\ty\"}\n",
	"{" ROW ",\"a\":null}\n",
	"{" ROW ",\"a\":true}\n",
	"{" ROW ",\"a\":[]}\n",
	"{" ROW ",\"a\":01}\n",
	"{" ROW ",\"a\":1.}\n",
	"{" ROW ",\"a\":1,\"a\":1}\n",
	"{" ROW ",\"type\":\"login\"}\n",
	"{" ROW ",\"arrived\":\"\"}\n",
	"{" ROW ",\"arrived\":-9223372036854775808}\n",
	"{" ROW ",\"arrived\":1795254000000}\n", /* ts lies 20 minutes ahead of it */
	"{" ROW ",\"value\":1e13}\n",
	"{" ROW ",\"value\":\"four\"}\n",
	"{" ROW ",\"value\":\"\"}\n",
	"{" ROW ",\"backfill\":2}\n",
	"{" ROW ",\"data\":\"{}\"}\n",
	"{" ROW ",\"\":1}\n",
	"{" ROW ",\"\x7f\":1}\n",
	"{\"customer\":\"c1\",\"type\":\"login\"}\n",
	"{\"customer\":\"\",\"type\":\"login\",\"ts\":" TS "}\n",
	"{\"customer\":\"\xff\",\"type\":\"login\",\"ts\":" TS "}\n",
	"{\"customer\":\"c\x7f\",\"type\":\"login\",\"ts\":" TS "}\n",
	"{\"customer\":\"c\",\"type\":\"Login\",\"ts\":" TS "}\n",
	"{\"customer\":\"c\",\"type\":\"churnd.tag\",\"ts\":" TS "}\n",
	"{\"customer\":\"c\",\"type\":\"member\",\"ts\":" TS "}\n",
	"{\"type\":\"login\",\"ts\":" TS "}\n",
	"{\"customer\":\"c\",\"ts\":" TS "}\n",
	"{\"customer\":\"c\",\"type\":\"a\",\"ts\":63071999999}\n",
	"{\"customer\":\"c\",\"type\":\"a\",\"ts\":253402300800000}\n",
	"{\"customer\":\"c\",\"type\":\"a\",\"ts\":\"noon\"}\n",
};

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

static void
lines_that_are_written_plainly_are_taken_at_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(plain_lines); i++) {
		assert_true(takes(plain_lines[i]));
		reads_alike(str_of(plain_lines[i]));
	}
}

static void
others_are_left_to_who_can_say_what_is_wrong(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(other_lines); i++) {
		assert_false(takes(other_lines[i]));
		reads_alike(str_of(other_lines[i]));
	}
}

/* The keys of a line are foreseen from those of the lines before it, and these may be any. */
static void
lines_of_all_kinds_may_follow_each_other(void **state)
{
	struct buf text = {0};
	unsigned luck = 1;

	(void)state;
	buf_text(&text, plain_lines[0]);
	for (int i = 0; i < 300; i++) {
		size_t at = (luck = luck * 1103515245 + 12345) >> 16;

		at %= COUNT(plain_lines) + COUNT(other_lines);
		buf_text(&text, at < COUNT(plain_lines) ? plain_lines[at]
							: other_lines[at - COUNT(plain_lines)]);
		if (i % 3 == 0)
			buf_printf(&text, "{" ROW ",\"key%d\":1}\n", i);
	}
	reads_alike(buf_view(&text));
	buf_finish(&text);
}

static void
names_without_end_are_left_to_the_others(void **state)
{
	struct buf text = {0};
	struct plain plain;
	struct entry entry;

	(void)state;
	plain_init(&plain);
	for (int i = 0; i < 2 * PLAIN_MAX_KEYS; i++) {
		char line[100];

		snprintf(line, sizeof line, "{" ROW ",\"key%d\":1}\n", i);
		assert_int_equal(read_one(&plain, line, &entry) != NULL,
				 i < PLAIN_MAX_KEYS - 3);
		buf_text(&text, line);
	}
	assert_non_null(read_one(&plain, plain_lines[0], &entry));
	plain_finish(&plain);
	reads_alike(buf_view(&text));
	buf_finish(&text);
}

static void
attributes_are_at_most_32(void **state)
{
	for (int n = 31; n < 50; n++) {
		struct buf text = {0};

		(void)state;
		buf_text(&text, "{" ROW);
		for (int i = 0; i < n; i++)
			buf_printf(&text, ",\"a%d\":1", i);
		buf_text(&text, "}\n");
		assert_int_equal(takes(text.p), n <= 32);
		reads_alike(buf_view(&text));
		buf_finish(&text);
	}
}

static void
csv_reads_alike(const char *header, const char *rows)
{
	struct buf text = {0};

	buf_text(&text, header);
	buf_text(&text, rows);
	reads_alike(buf_view(&text));
	buf_finish(&text);
}

static void
rows_of_csv_are_taken_at_once(void **state)
{
	const struct str names[] = {STR("customer"), STR("type"), STR("ts"), STR("note")};
	struct plain plain;
	struct entry entry;

	(void)state;
	plain_init(&plain);
	plain_set_columns(&plain, names, 4);
	assert_non_null(read_one(&plain, "c1,login," TS ",5\" disk\r\n", &entry));
	assert_int_equal(entry.attribute_count, 1);
	assert_int_equal(entry.attributes[0].value.n, 7);
	assert_non_null(read_one(&plain, "c1,login," TS ",\n", &entry));
	assert_int_equal(entry.attribute_count, 0);
	assert_null(read_one(&plain, "c1,login," TS ",\"\"\n", &entry));
	assert_null(read_one(&plain, "c1,login," TS "\n", &entry));
	assert_null(read_one(&plain, "c1,login," TS ",,\n", &entry));
	assert_null(read_one(&plain, ",login," TS ",\n", &entry));
	assert_null(read_one(&plain, "c1,login,,\n", &entry));
	assert_null(read_one(&plain, "c1,login," TS ",x", &entry));
	plain_finish(&plain);
}

static void
csv_of_all_kinds_reads_alike(void **state)
{
	static const char rows[] = "c1,login," TS ",4,app,x\n"
				   "c1,login," TS ",,,\r\n"
				   "c1,login," TS ",,,\r\r\n"
				   "c1,login," TS ",1,a\rb,5\" disk\n"
				   "\n  \r\nc1\n"
				   "c1,login," TS ",\"4\",\"a\nb\",\"\"\n"
				   "c1,Login," TS ",,,\n"
				   ",login," TS ",,,\n"
				   "c1,login,,,,\n"
				   "c1,login,noon,,,\n"
				   "c1,login," TS ",x,,\n"
				   "c1,login," TS ",1,,,\n"
				   "c1,profile," TS ",.5,,3\n"
				   "c1,login," TS ",+1e2,,\xff\n"
				   "c1,login," TS ",5.,\"x";

	(void)state;
	csv_reads_alike("customer,type,ts,value,source,note\n", rows);
	csv_reads_alike("customer,type,ts,value,source,arrived\n", rows);
	csv_reads_alike("customer,type,arrived,value,user,id\r\n", rows);
	csv_reads_alike("customer,type,ts,backfill,\xe6\xb8\xa0\xe9\x81\x93,a\x7f\n", rows);
	csv_reads_alike("customer,type,ts,value,data,a\n", rows);
}

/* An entry has at most 64 KiB, the names of its fields included; so has a row, of CSV without them. */
static void
rows_near_the_limit_read_alike(void **state)
{
	(void)state;
	for (size_t n = 62000; n < 66000; n += n < 65300 ? 100 : 1) {
		struct buf text = {0}, fields, plain;

		buf_text(&text, "customer,type,ts,value");
		for (int i = 0; i < 16; i++)
			buf_printf(&text, ",attribute%d", i);
		buf_text(&text, "\nc1,login," TS ",0.");
		for (size_t i = 0; i < n; i++)
			buf_char(&text, '1');
		buf_text(&text, ",1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16\n");
		fields = rows_told(buf_view(&text), text.n, true);
		plain = rows_told(buf_view(&text), text.n, false);
		assert_string_equal(plain.p, fields.p);
		buf_finish(&plain);
		buf_finish(&fields);
		buf_finish(&text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_that_are_written_plainly_are_taken_at_once),
		cmocka_unit_test(others_are_left_to_who_can_say_what_is_wrong),
		cmocka_unit_test(lines_of_all_kinds_may_follow_each_other),
		cmocka_unit_test(names_without_end_are_left_to_the_others),
		cmocka_unit_test(attributes_are_at_most_32),
		cmocka_unit_test(rows_of_csv_are_taken_at_once),
		cmocka_unit_test(csv_of_all_kinds_reads_alike),
		cmocka_unit_test(rows_near_the_limit_read_alike),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
