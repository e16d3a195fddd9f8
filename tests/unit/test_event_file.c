/* SPDX-License-Identifier: Apache-2.0 */
/* Shows that files of events become the same rows however their bytes are cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/number.h"
#include "codec/event.h"
#include "codec/event_fields.h"

struct told {
	struct buf text; /* "LINE@ARRIVED key=value key=value|" or "error|" */
	unsigned rows, stop_after;
};

static bool
tell(void *ctx, const struct event_row *row, const char *error)
{
	struct told *told = ctx;

	told->rows++;
	if (error) {
		buf_printf(&told->text, "%s|", error);
	} else {
		buf_printf(&told->text, "%d", (int)row->line);
		if (row->arrived != INT64_MIN)
			buf_printf(&told->text, "@%lld", (long long)row->arrived);
		for (unsigned i = 0; i < row->count; i++) {
			buf_char(&told->text, ' ');
			buf_str(&told->text, row->fields[i].key);
			buf_char(&told->text, '=');
			buf_str(&told->text, row->fields[i].value);
		}
		buf_char(&told->text, '|');
	}
	return told->rows != told->stop_after;
}

static void
feed(struct told *told, const char *bytes, size_t n, size_t piece)
{
	struct event_file *file = event_file_create(STR("f"));
	bool more = true;

	for (size_t at = 0; at < n && more; at += piece) {
		size_t length = piece < n - at ? piece : n - at;
		char *copy = mem_alloc(length); /* so that reading past the piece is seen */

		memcpy(copy, bytes + at, length);
		more = event_file_feed(file, copy, length, tell, told);
		mem_free(copy);
	}
	if (more)
		event_file_feed(file, NULL, 0, tell, told);
	event_file_destroy(file);
}

static void
gives(const char *text, const char *rows)
{
	for (size_t piece = 1; piece < 40; piece++) {
		struct told told = {0};

		buf_str(&told.text, STR_NONE);
		buf_text(&told.text, "");
		feed(&told, text, strlen(text), piece == 39 ? strlen(text) + 1 : piece);
		assert_string_equal(told.text.p ? told.text.p : "", rows);
		buf_finish(&told.text);
	}
}

static void
ndjson_lines_are_rows(void **state)
{
	(void)state;
	gives("{\"customer\":\"c1\",\"type\":\"login\",\"ts\":1795255200000}\n"
	      "\r\n"
	      " { \"customer\" : \"c\\t2\", \"value\" : -1.5e3 , \"n\" : null, \"ok\":false}\r\n"
	      "{\"customer\":\"c3\",\"arrived\":\"2026-11-21T10:00:00Z\",\"ts\":5}",
	      "1@1795255200000 customer=c1 type=login ts=1795255200000|"
	      "3 customer=c\t2 value=-1.5e3 ok=false|"
	      "4@1795255200000 customer=c3 ts=5|");
}

static void
csv_rows_take_the_names_of_the_header(void **state)
{
	(void)state;
	gives("customer,type, ts ,arrived,note\r\n"
	      "c1,login,1795255200000,,\n"
	      "c2,note,1795255200000,1795255200001,\"say \"\"hi\"\", or\r\nnot\"\n"
	      "c3,a,,,\"\"\r\n"
	      "\n"
	      "c4,5\" disk,,,x",
	      "2@1795255200000 customer=c1 type=login ts=1795255200000|"
	      "3@1795255200001 customer=c2 type=note ts=1795255200000 note=say \"hi\", or\r\nnot|"
	      "5 customer=c3 type=a note=|"
	      "7 customer=c4 type=5\" disk note=x|");
}

static void
bad_rows_are_told_and_passed_over(void **state)
{
	(void)state;
	gives("{\"a\":1\n{\"a\":[]}\n[]\n{\"ts\":\"noon\"}\n{\"arrived\":\"1\",\"arrived\":\"2\"}\n{}\n",
	      "f:1: JSON ends early: a comma or } expected|"
	      "f:2: \"a\" holds an array; an event is flat: texts and numbers only|"
	      "f:3: JSON is wrong at byte 1: an object such as {\"customer\": \"c42\", ...} expected|"
	      "f:4: ts: \"noon\" is not an instant such as 2026-11-21T10:00:00Z|"
	      "f:5: the field \"arrived\" is given twice|"
	      "6|");
	gives("customer,type\nc1\nc1,a,b\nc1,\"a\"b\nc1,b\nc1,\"b\n",
	      "f:2: the row has 1 of the header's 2 columns|"
	      "f:3: the row has more columns than the header, 2|"
	      "f:4: text follows a closing quote; a quote inside quotes is doubled|"
	      "5 customer=c1 type=b|"
	      "f:6: a quote is opened and not closed|");
}

static void
what_is_no_file_of_events_is_refused_at_once(void **state)
{
	(void)state;
	gives("[{\"customer\":\"c\"}]",
	      "f:1: this is a JSON array; one object a line is expected|");
	gives("c1,login\nc2,login\n",
	      "f:1: the header has no column \"customer\"; the first line of a CSV file names its "
	      "columns|");
	gives("customer,type,type\n1,2,3\n", "f:1: the header names \"type\" twice|");
	gives("customer,,type\n1,2,3\n", "f:1: column 2 of the header has no name|");
	gives("", "");
	gives(" \n\n", "");
	gives("customer,type\n", "");
}

static void
a_byte_order_mark_is_passed_over(void **state)
{
	(void)state;
	gives("\xef\xbb\xbf{\"customer\":\"c\"}", "1 customer=c|");
	gives("\xef\xbb\xbf"
	      "customer,type\nc,t",
	      "2 customer=c type=t|");
	gives("\xef\xbbx",
	      "f:1: the header has no column \"customer\"; the first line of a CSV file "
	      "names its columns|");
}

static void
a_row_is_at_most_64_kib(void **state)
{
	static const size_t pieces[] = {1000, 65535, 65536, 65537, 1000000};
	size_t n = 0, whole = 65536 - strlen("{\"a\":\"\"}");
	char *text = mem_alloc(300000);

	(void)state;
	n += (size_t)strlen(strcpy(text + n, "{\"a\":\""));
	memset(text + n, 'x', whole);
	n += whole;
	n += (size_t)strlen(strcpy(text + n, "\"}\n{\"b\":\""));
	memset(text + n, 'y', whole + 1);
	n += whole + 1;
	n += (size_t)strlen(strcpy(text + n, "\"}\n{\"c\":\"1\"}\n"));
	for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
		struct told told = {0};

		feed(&told, text, n, pieces[i]);
		assert_int_equal(told.rows, 3);
		assert_non_null(
			strstr(told.text.p, "|f:2: the row is longer than 65536 bytes|3 c=1|"));
		buf_finish(&told.text);
	}
	mem_free(text);
}

static void
a_quote_never_closed_costs_one_row_of_64_kib(void **state)
{
	struct buf text = {0};

	(void)state;
	buf_text(&text, "customer,type\nc1,\"open\n");
	for (int i = 0; i < 9000; i++)
		buf_printf(&text, "c%d,login\n", i % 10);
	for (size_t piece = 777; piece < 200000; piece *= 3) {
		struct told told = {0};

		feed(&told, text.p, text.n, piece);
		assert_non_null(
			strstr(told.text.p, "f:2: the row is longer than 65536 bytes|"));
		assert_non_null(strstr(told.text.p, "9002 customer=c9 type=login|"));
		buf_finish(&told.text);
	}
	buf_finish(&text);
}

static void
the_taker_may_stop(void **state)
{
	const char *text = "{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n";
	struct told told = {.stop_after = 2};

	(void)state;
	feed(&told, text, strlen(text), 1000);
	assert_string_equal(told.text.p, "1 a=1|2 a=2|");
	buf_finish(&told.text);
}

static void
the_taker_may_stop_at_a_bad_row_too(void **state)
{
	const char *text = "{\"a\":1}\n{\"a\"}\n{\"a\":3}\n";
	struct told told = {.stop_after = 2};
	struct event_file *file = event_file_create(STR_NONE);

	(void)state;
	assert_false(event_file_feed(file, text, strlen(text), tell, &told));
	assert_non_null(strstr(told.text.p, "1 a=1|:2: "));
	assert_null(strstr(told.text.p, "a=3"));
	assert_false(event_file_feed(file, text, strlen(text), tell, &told));
	assert_false(event_file_feed(file, NULL, 0, tell, &told));
	assert_int_equal(told.rows, 2);
	event_file_destroy(file);
	event_file_destroy(NULL);
	buf_finish(&told.text);
}

/* Rows that are read in one pass, without a list of fields, can stop it as well. */
static void
the_taker_may_stop_at_a_plain_row(void **state)
{
	const char *text = "{\"customer\":\"c\",\"type\":\"a\",\"ts\":1795255200000}\n"
			   "{\"customer\":\"d\",\"type\":\"a\",\"ts\":1795255200000}\n";
	struct told told = {.stop_after = 1};
	struct event_file *file = event_file_create(STR("f"));
	struct entry entry;
	struct arena arena;

	(void)state;
	arena_init(&arena);
	event_file_decode(file, &entry, &arena);
	assert_false(event_file_feed(file, text, strlen(text), tell, &told));
	assert_int_equal(told.rows, 1);
	assert_true(str_is(entry.customer, "c"));
	event_file_destroy(file);
	arena_finish(&arena);
	buf_finish(&told.text);
}

/* Half a byte order mark is a name of the first column. */
static void
only_a_whole_byte_order_mark_is_one(void **state)
{
	(void)state;
	gives("\xef\xbb\xbf\n\n{\"a\":1}\n", "3 a=1|");
	gives("\xef\xbb\xbf\xef\xbb\xbf{\"a\":1}\n",
	      "f:1: the header has no column \"customer\"; the first line of a CSV file names its columns|");
	gives("\xef\xbbx,customer,type\n1,c,t\n", "2 \xef\xbbx=1 customer=c type=t|");
}

static void
of_many_columns_so_many_may_be_filled(void **state)
{
	struct told told = {0};
	struct buf text = {0};

	(void)state;
	buf_text(&text, "customer,type");
	for (int i = 0; i < EVENT_MAX_FIELDS; i++)
		buf_printf(&text, ",a%d", i);
	buf_text(&text, "\nc,t");
	for (int i = 0; i < EVENT_MAX_FIELDS; i++)
		buf_text(&text, ",");
	buf_text(&text, "\nc,t");
	for (int i = 0; i < EVENT_MAX_FIELDS; i++)
		buf_text(&text, ",x");
	feed(&told, text.p, text.n, 100);
	assert_string_equal(told.text.p, "2 customer=c type=t|f:3: more than 32 attributes|");
	buf_finish(&told.text);
	buf_finish(&text);
}

static void
too_many_columns_are_refused(void **state)
{
	struct told told = {0};
	struct buf text = {0};

	(void)state;
	buf_text(&text, "customer,type");
	for (int i = 0; i < 255; i++)
		buf_printf(&text, ",a%d", i);
	feed(&told, text.p, text.n, 100);
	assert_string_equal(told.text.p, "f:1: the header has more than 256 columns|");
	buf_finish(&told.text);
	buf_finish(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ndjson_lines_are_rows),
		cmocka_unit_test(csv_rows_take_the_names_of_the_header),
		cmocka_unit_test(bad_rows_are_told_and_passed_over),
		cmocka_unit_test(what_is_no_file_of_events_is_refused_at_once),
		cmocka_unit_test(a_byte_order_mark_is_passed_over),
		cmocka_unit_test(a_row_is_at_most_64_kib),
		cmocka_unit_test(a_quote_never_closed_costs_one_row_of_64_kib),
		cmocka_unit_test(the_taker_may_stop),
		cmocka_unit_test(the_taker_may_stop_at_a_bad_row_too),
		cmocka_unit_test(the_taker_may_stop_at_a_plain_row),
		cmocka_unit_test(only_a_whole_byte_order_mark_is_one),
		cmocka_unit_test(of_many_columns_so_many_may_be_filled),
		cmocka_unit_test(too_many_columns_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
