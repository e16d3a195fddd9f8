/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON writer, read back by jansson. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/civil.h"
#include "base/json.h"
#include "unit/lcg.h"

static void
commas_and_keys_stand_where_they_must(void **state)
{
	struct buf buf = {0};
	struct json json;

	(void)state;
	json_init(&json, &buf);
	json_open(&json, '{');
	json_key(&json, "a");
	json_int(&json, -1);
	json_key_str(&json, STR("b"));
	json_open(&json, '[');
	json_open(&json, '[');
	json_close(&json, ']');
	json_open(&json, '{');
	json_close(&json, '}');
	json_bool(&json, true);
	json_bool(&json, false);
	json_none(&json);
	json_close(&json, ']');
	json_key(&json, "c");
	json_number(&json, 2.5);
	json_key(&json, "d");
	json_raw(&json, STR("[1,2]"));
	json_key(&json, "e");
	json_text(&json, "x");
	json_close(&json, '}');
	assert_string_equal(
		buf.p,
		"{\"a\":-1,\"b\":[[],{},true,false,null],\"c\":2.5,\"d\":[1,2],\"e\":\"x\"}");
	buf_finish(&buf);
}

static void
values_at_the_root_are_not_joined(void **state)
{
	struct buf buf = {0};
	struct json json;

	(void)state;
	json_init(&json, &buf);
	for (int i = 0; i < 2; i++) {
		json_open(&json, '[');
		json_int(&json, i);
		json_close(&json, ']');
		buf_char(&buf, '\n');
	}
	assert_string_equal(buf.p, "[0]\n[1]\n");
	buf_finish(&buf);
}

static void
thirty_two_levels_keep_their_commas(void **state)
{
	struct buf buf = {0};
	struct json json;

	(void)state;
	json_init(&json, &buf);
	for (int i = 0; i < 32; i++) {
		json_open(&json, '[');
		json_int(&json, i);
	}
	for (int i = 0; i < 32; i++) {
		json_int(&json, -1);
		json_close(&json, ']');
	}
	json_t *read = json_loads(buf.p, 0, NULL), *level = read;

	for (int i = 0; i < 32; i++) {
		assert_int_equal(json_array_size(level), i < 31 ? 3 : 2);
		assert_int_equal(json_integer_value(json_array_get(level, 0)), i);
		level = json_array_get(level, 1);
	}
	json_decref(read);
	buf_finish(&buf);
}

static void
text_is_escaped(void **state)
{
	static const struct {
		const char *text;
		size_t n;
		const char *want;
	} rows[] = {
		{"", 0, "\"\""},
		{"plain", 5, "\"plain\""},
		{"\"\\/", 3, "\"\\\"\\\\/\""},
		{"\b\f\n\r\t", 5, "\"\\b\\f\\n\\r\\t\""},
		{"\0\x1f\x7f", 3, "\"\\u0000\\u001f\\u007f\""},
		{"\xe5\xa4\xa9", 3, "\"\xe5\xa4\xa9\""},
		{"a\xff"
		 "b",
		 3,
		 "\"a\xef\xbf\xbd"
		 "b\""},
		{"\xe5\xa4", 2, "\"\xef\xbf\xbd\xef\xbf\xbd\""},
	};
	struct buf buf = {0};
	struct json json;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		buf_clear(&buf);
		json_init(&json, &buf);
		json_str(&json, (struct str){rows[i].text, rows[i].n});
		assert_string_equal(buf.p, rows[i].want);
	}
	buf_finish(&buf);
}

static void
any_bytes_become_json_that_reads_back(void **state)
{
	struct lcg lcg = {13};
	struct buf buf = {0};

	(void)state;
	for (int round = 0; round < 3000; round++) {
		char bytes[40];
		struct str text = {bytes, (size_t)lcg_below(&lcg, sizeof bytes)};
		struct json json;

		for (size_t i = 0; i < text.n; i++)
			bytes[i] = (char)lcg_below(&lcg, round % 2 ? 256 : 128);
		buf_clear(&buf);
		json_init(&json, &buf);
		json_open(&json, '{');
		json_key_str(&json, STR("k"));
		json_str(&json, text);
		json_close(&json, '}');
		json_t *read = json_loads(buf.p, JSON_ALLOW_NUL, NULL);
		json_t *value = json_object_get(read, "k");

		assert_non_null(value);
		struct str back = {json_string_value(value), json_string_length(value)};

		assert_int_equal(utf8_count(back), utf8_count(text));
		assert_true(!utf8_valid(text) || str_eq(back, text));
		json_decref(read);
	}
	buf_finish(&buf);
}

static void
what_json_cannot_say_is_null(void **state)
{
	struct buf buf = {0};
	struct json json;

	(void)state;
	json_init(&json, &buf);
	json_open(&json, '[');
	json_number(&json, NAN);
	json_number(&json, -INFINITY);
	json_instant(&json, NEVER);
	json_instant(&json, INT64_MIN);
	json_instant(&json, 1);
	json_close(&json, ']');
	assert_string_equal(buf.p, "[null,null,null,null,\"1970-01-01T00:00:00.001Z\"]");
	buf_finish(&buf);
}

/* Texts are looked at by words: wherever the byte that cannot stand lies, it is seen, and no other. */
static void
a_byte_that_cannot_stand_is_seen_at_any_place(void **state)
{
	static const char *const odd[] = {"\"",	  "\\", "\x1f", "\x7f", "\n",
					  "\xff", " ",	"~",	"!",	"\xc3\xa9"};
	static const char *const shown[] = {"\\\"", "\\\\",	    "\\u001f", "\\u007f",
					    "\\n",  "\xef\xbf\xbd", " ",       "~",
					    "!",    "\xc3\xa9"};

	(void)state;
	for (size_t kind = 0; kind < sizeof odd / sizeof odd[0]; kind++) {
		for (size_t n = 0; n < 20; n++) {
			for (size_t at = 0; at <= n; at++) {
				char text[40] = "abcdefghijklmnopqrst", expected[60];
				struct buf buf = {0};
				struct json json;

				snprintf(text + at, sizeof text - at, "%s%.*s", odd[kind],
					 (int)(n - at), &"abcdefghijklmnopqrst"[at]);
				snprintf(expected, sizeof expected, "\"%.*s%s%.*s\"", (int)at,
					 text, shown[kind], (int)(n - at),
					 &"abcdefghijklmnopqrst"[at]);
				json_init(&json, &buf);
				json_text(&json, text);
				assert_string_equal(buf.p, expected);
				buf_finish(&buf);
			}
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commas_and_keys_stand_where_they_must),
		cmocka_unit_test(values_at_the_root_are_not_joined),
		cmocka_unit_test(thirty_two_levels_keep_their_commas),
		cmocka_unit_test(text_is_escaped),
		cmocka_unit_test(any_bytes_become_json_that_reads_back),
		cmocka_unit_test(what_json_cannot_say_is_null),
		cmocka_unit_test(a_byte_that_cannot_stand_is_seen_at_any_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
