/* SPDX-License-Identifier: Apache-2.0 */
/* Borrowed text, UTF-8, growing buffers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "unit/lcg.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void
none_equals_the_empty_text(void **state)
{
	(void)state;
	assert_true(str_eq(STR_NONE, STR("")));
	assert_true(str_is(STR_NONE, ""));
	assert_int_equal(str_cmp(STR_NONE, STR("")), 0);
	assert_null(str_of(NULL).p);
	assert_true(str_starts(STR("abc"), STR_NONE));
}

static void
order_is_by_bytes_and_prefix_first(void **state)
{
	static const char *const sorted[] = {"",   "A",	 "a", "a\x01",
					     "aa", "ab", "b", "\xe5\xa4\xa9"};

	(void)state;
	for (size_t i = 0; i < COUNT(sorted); i++)
		for (size_t j = 0; j < COUNT(sorted); j++) {
			int order = str_cmp(str_of(sorted[i]), str_of(sorted[j]));

			assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
			assert_int_equal(str_eq(str_of(sorted[i]), str_of(sorted[j])), i == j);
		}
}

static void
slices_stay_inside(void **state)
{
	struct str text = STR("hello");

	(void)state;
	assert_true(str_is(str_slice(text, 1, 3), "el"));
	assert_true(str_is(str_slice(text, 1, 99), "ello"));
	assert_true(str_is(str_slice(text, 4, 2), ""));
	assert_true(str_is(str_slice(text, 99, 100), ""));
	assert_true(str_is(str_slice(STR_NONE, 0, 3), ""));
	assert_true(str_is(str_trim(STR(" \t a b\t ")), "a b"));
	assert_true(str_is(str_trim(STR(" \t ")), ""));
	assert_true(str_starts(text, STR("hel")) && !str_starts(text, STR("hello!")));
	assert_true(str_ends(text, STR("llo")) && !str_ends(text, STR("hell")));
}

static const struct {
	const char *text;
	size_t n;
	bool valid;
	size_t count;
} utf8[] = {
	{"", 0, true, 0},
	{"abcdefghijk", 11, true, 11},
	{"a\0b", 3, true, 3},
	{"\xc3\xa9", 2, true, 1},
	{"\xe5\xa4\xa9\xe6\xb0\x94", 6, true, 2},
	{"\xf0\x9f\x98\x80", 4, true, 1},
	{"\xf4\x8f\xbf\xbf", 4, true, 1},
	{"\xef\xbf\xbf", 3, true, 1},
	{"\xed\x9f\xbf\xee\x80\x80", 6, true, 2},
	{"\xc0\x80", 2, false, 2},	   /* overlong */
	{"\xc1\xbf", 2, false, 2},	   /* overlong */
	{"\xe0\x9f\xbf", 3, false, 3},	   /* overlong */
	{"\xf0\x8f\xbf\xbf", 4, false, 4}, /* overlong */
	{"\xed\xa0\x80", 3, false, 3},	   /* surrogate */
	{"\xf4\x90\x80\x80", 4, false, 4}, /* beyond U+10FFFF */
	{"\xf5\x80\x80\x80", 4, false, 4}, /* no such head */
	{"\x80", 1, false, 1},		   /* a tail alone */
	{"\xe5\xa4", 2, false, 2},	   /* torn */
	{"12345678\xff", 9, false, 9},	   /* behind a word of ASCII */
	{"1234567\xc3\xa9"
	 "12345678",
	 17, true, 16}, /* across the word's edge */
};

static void
utf8_is_judged(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(utf8); i++) {
		struct str text = {utf8[i].text, utf8[i].n};

		assert_int_equal(utf8_valid(text), utf8[i].valid);
		assert_int_equal(utf8_count(text), utf8[i].count);
	}
}

/* By the definition of the encoding: a code point decoded and encoded again gives the same bytes. */
static size_t
encode(uint32_t c, unsigned char out[4])
{
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	for (size_t i = n - 1; i > 0; i--, c >>= 6)
		out[i] = (unsigned char)(0x80 | (c & 0x3f));
	out[0] = (unsigned char)(n == 1 ? c : (0xf00u >> n & 0xff) | c);
	return n;
}

static void
every_code_point_but_surrogates_is_valid(void **state)
{
	(void)state;
	for (uint32_t c = 0; c < 0x110800; c++) {
		unsigned char bytes[4];
		struct str text = {(const char *)bytes, encode(c, bytes)};
		bool valid = !(c >= 0xd800 && c < 0xe000) && c < 0x110000;

		if (utf8_valid(text) != valid)
			fail_msg("U+%04X", c);
		if (utf8_char(text, 0) != (valid ? text.n : 0))
			fail_msg("U+%04X", c);
	}
}

static void
cut_keeps_characters_whole(void **state)
{
	struct str text = STR("a\xc3\xa9\xe5\xa4\xa9\xf0\x9f\x98\x80z");
	static const size_t want[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11};

	(void)state;
	for (size_t i = 0; i < COUNT(want); i++)
		assert_int_equal(utf8_cut(text, i), want[i]);
	assert_int_equal(utf8_cut(STR("\x80\x80\x80\x80\x80"), 3), 3);
	assert_int_equal(utf8_cut(STR_NONE, 3), 0);
}

static void
cut_of_valid_text_is_valid_and_loses_less_than_a_character(void **state)
{
	struct lcg lcg = {2};

	(void)state;
	for (int round = 0; round < 2000; round++) {
		unsigned char bytes[200];
		size_t n = 0;

		while (n < 190) {
			uint32_t c = (uint32_t)(lcg_any_size(&lcg) & 0xffff);

			n += encode(c >= 0xd800 && c < 0xe000 ? '-' : c, bytes + n);
		}
		struct str text = {(const char *)bytes, n};
		size_t limit = (size_t)lcg_below(&lcg, n);
		size_t cut = utf8_cut(text, limit);

		assert_true(cut <= limit && limit - cut < 3);
		assert_true(utf8_valid(str_slice(text, 0, cut)));
	}
}

static void
control_characters_are_seen(void **state)
{
	(void)state;
	for (int c = 0; c < 256; c++) {
		char text[] = {'a', (char)c};

		assert_int_equal(text_has_control((struct str){text, 2}), c < 32 || c == 127);
	}
	assert_false(text_has_control(STR_NONE));
}

static void
nearest_name_is_proposed(void **state)
{
	static const struct {
		const char *wrong, *want;
	} rows[] = {
		{"logn", "login"},
		{"lgoin", "login"},
		{"login", "login"},
		{"paymentfailed", "payment_failed"},
		{"xyz", ""},
		{"complain", "complaint"},
		{"", ""},
		{"nsp", "nps"},
		{"\xe6\x8a\x95\xe8\xaf\x89", "\xe6\x8a\x95\xe8\xa8\xb4"},
	};
	struct str names[] = {STR("payment_failed"), STR("complaint"), STR("login"), STR("nps"),
			      STR("\xe6\x8a\x95\xe8\xa8\xb4")};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct str got = str_nearest(str_of(rows[i].wrong), names, COUNT(names));

		if (!str_is(got, rows[i].want))
			fail_msg("%s: %.*s", rows[i].wrong, STR_ARG(got));
	}
	assert_null(str_nearest(STR("login"), NULL, 0).p);
}

static void
nearest_ignores_endless_names(void **state)
{
	char text[400];
	struct str names[] = {{text, sizeof text}, STR("abc")};

	(void)state;
	memset(text, 'a', sizeof text);
	assert_null(str_nearest(names[0], names, 2).p);
	assert_true(str_is(str_nearest(STR("abd"), names, 2), "abc"));
}

static void
buffer_grows_and_stays_terminated(void **state)
{
	struct buf buf = {0};
	struct lcg lcg = {3};
	char shadow[4096];
	size_t n = 0;

	(void)state;
	assert_true(str_eq(buf_view(&buf), STR_NONE));
	for (;;) {
		char piece[64];
		size_t length = (size_t)lcg_below(&lcg, sizeof piece);

		if (n + length >= sizeof shadow)
			break;
		memset(piece, 'a' + (int)(n % 26), sizeof piece);
		memcpy(shadow + n, piece, length);
		n += length;
		buf_add(&buf, piece, length);
		assert_int_equal(buf.n, n);
		assert_int_equal(buf.p[n], '\0');
	}
	assert_memory_equal(buf.p, shadow, n);
	buf_clear(&buf);
	assert_string_equal(buf.p, "");
	buf_finish(&buf);
	assert_null(buf.p);
}

static void
buffer_takes_text_characters_and_formats(void **state)
{
	struct buf buf = {0};

	(void)state;
	buf_str(&buf, STR_NONE);
	assert_string_equal(buf.p, "");
	buf_str(&buf, STR("ab"));
	buf_char(&buf, '-');
	buf_text(&buf, "cd");
	buf_printf(&buf, "%s%d", "!", 5);
	assert_string_equal(buf.p, "ab-cd!5");
	buf_clear(&buf);
	buf_printf(&buf, "%0500d", 7);
	assert_int_equal(buf.n, 500);
	assert_int_equal(buf.p[499], '7');
	memcpy(buf_space(&buf, 1000), "xyz", 3);
	assert_int_equal(buf.n, 500);
	buf_finish(&buf);
}

static void
buffer_prints_every_integer(void **state)
{
	static const struct {
		int64_t number;
		const char *want;
	} rows[] = {
		{0, "0"},
		{-1, "-1"},
		{10, "10"},
		{INT64_MAX, "9223372036854775807"},
		{INT64_MIN, "-9223372036854775808"},
	};
	struct buf buf = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		buf_clear(&buf);
		buf_int(&buf, rows[i].number);
		assert_string_equal(buf.p, rows[i].want);
	}
	buf_finish(&buf);
}

static void
buffer_gives_back_what_was_needed_once(void **state)
{
	struct buf buf = {0};
	size_t lately = 0;
	int rounds = 0;

	(void)state;
	(void)buf_space(&buf, 8 * BUF_KEPT);
	buf.n = 8 * BUF_KEPT;
	buf_settle(&buf, &lately);
	assert_int_equal(buf.n, 0);
	assert_true(buf.cap > 8 * BUF_KEPT); /* the next may be like it */
	for (; buf.cap > BUF_KEPT; rounds++) {
		buf_text(&buf, "a few bytes");
		buf_settle(&buf, &lately);
		assert_true(rounds < 200);
	}
	assert_true(rounds > 32);
	assert_null(buf.p);
	for (int i = 0; i < 200; i++) {
		(void)buf_space(&buf, BUF_KEPT / 2);
		buf_settle(&buf, &lately);
	}
	assert_non_null(buf.p); /* so little is kept */
	buf_finish(&buf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(none_equals_the_empty_text),
		cmocka_unit_test(order_is_by_bytes_and_prefix_first),
		cmocka_unit_test(slices_stay_inside),
		cmocka_unit_test(utf8_is_judged),
		cmocka_unit_test(every_code_point_but_surrogates_is_valid),
		cmocka_unit_test(cut_keeps_characters_whole),
		cmocka_unit_test(cut_of_valid_text_is_valid_and_loses_less_than_a_character),
		cmocka_unit_test(control_characters_are_seen),
		cmocka_unit_test(nearest_name_is_proposed),
		cmocka_unit_test(nearest_ignores_endless_names),
		cmocka_unit_test(buffer_grows_and_stays_terminated),
		cmocka_unit_test(buffer_takes_text_characters_and_formats),
		cmocka_unit_test(buffer_prints_every_integer),
		cmocka_unit_test(buffer_gives_back_what_was_needed_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
