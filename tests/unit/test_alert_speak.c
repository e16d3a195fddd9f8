/* SPDX-License-Identifier: Apache-2.0 */
/* An alert's body in another language: what changes, what stays, what is left alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "codec/alert_speak.h"

static void
spoken_is(const char *body, const char *lang, const char *expected)
{
	struct buf out = {0};
	bool changed = alert_speak(&out, str_of(body), str_of(lang));

	assert_int_equal(changed, expected != NULL);
	if (expected != NULL)
		assert_string_equal(out.p, expected);
	else
		assert_int_equal(out.n, 0);
	buf_finish(&out);
}

static void
texts_of_the_language_take_the_place_of_the_text(void **state)
{
	(void)state;
	spoken_is(
		"{\"z\":1,\"reasons\":[{\"rule\":\"r\",\"text\":\"old\",\"texts\":{\"en\":\"old\",\"zh\":\"新\"},"
		"\"a\":2},{\"text\":\"b\",\"texts\":{\"zh\":\"乙\"}}],\"b\":null}",
		"zh",
		"{\"z\":1,\"reasons\":[{\"rule\":\"r\",\"text\":\"新\",\"texts\":{\"en\":\"old\",\"zh\":\"新\"},"
		"\"a\":2},{\"text\":\"乙\",\"texts\":{\"zh\":\"乙\"}}],\"b\":null}");
	spoken_is(
		"{\"advice\":\"x\",\"advices\":{\"zh\":\"y\"},\"title\":\"t\",\"titles\":{\"zh\":\"u\"}}",
		"zh",
		"{\"advice\":\"y\",\"advices\":{\"zh\":\"y\"},\"title\":\"u\",\"titles\":{\"zh\":\"u\"}}");
	spoken_is(
		"{\"task\":{\"reasons\":\"r\",\"reason_texts\":{\"en\":\"r\",\"zh\":\"s\"}}}",
		"zh",
		"{\"task\":{\"reasons\":\"s\",\"reason_texts\":{\"en\":\"r\",\"zh\":\"s\"}}}");
}

static void
numbers_and_escapes_come_back_as_they_were(void **state)
{
	(void)state;
	spoken_is(
		"{\"text\":\"a\",\"texts\":{\"zh\":\"b\"},\"n\":[0.1,5880.25,1e-5,-3,9007199254740993,"
		"123456.789012],\"s\":\"a\\\"b\\\\c\\n/é\\u0001\"}",
		"zh",
		"{\"text\":\"b\",\"texts\":{\"zh\":\"b\"},\"n\":[0.1,5880.25,1e-5,-3,9007199254740993,"
		"123456.789012],\"s\":\"a\\\"b\\\\c\\n/é\\u0001\"}");
}

static void
what_needs_no_change_keeps_its_bytes(void **state)
{
	static const char *const table[] = {
		"{}",
		"[]",
		"{\"text\":\"a\"}",
		"{\"text\":\"a\",\"texts\":{\"en\":\"b\"}}",
		"{\"text\":\"a\",\"texts\":{\"zh\":\"a\"}}",
		"{\"text\":1,\"texts\":{\"zh\":\"a\"}}",
		"{\"text\":\"a\",\"texts\":{\"zh\":1}}",
		"{\"text\":\"a\",\"texts\":[\"zh\"]}",
		"{\"texts\":{\"zh\":\"a\"}}",
		"{\"tag\":\"a\",\"tags\":{\"zh\":\"b\"}}",
		/* not ours to mend */
		"",
		"no json",
		"{\"text\":\"a\",\"texts\":{\"zh\":\"b\"}",
		"{\"text\":\"a\"} x",
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		spoken_is(table[i], "zh", NULL);
	spoken_is("{\"text\":\"a\",\"texts\":{\"zh\":\"b\"}}", "", NULL);
	spoken_is("{\"text\":\"a\",\"texts\":{\"zh\":\"b\"}}", "a language with a long name",
		  NULL);
}

static void
depth_is_bounded(void **state)
{
	struct buf deep = {0}, out = {0};

	(void)state;
	for (int i = 0; i < 1000; i++)
		buf_text(&deep, "{\"a\":");
	buf_text(&deep, "{\"text\":\"a\",\"texts\":{\"zh\":\"b\"}}");
	for (int i = 0; i < 1000; i++)
		buf_char(&deep, '}');
	assert_false(alert_speak(&out, buf_view(&deep), STR("zh")));
	buf_finish(&deep);
	buf_finish(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_of_the_language_take_the_place_of_the_text),
		cmocka_unit_test(numbers_and_escapes_come_back_as_they_were),
		cmocka_unit_test(what_needs_no_change_keeps_its_bytes),
		cmocka_unit_test(depth_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
