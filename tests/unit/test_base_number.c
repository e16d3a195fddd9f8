/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers as text and as packed bytes. */
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/number.h"
#include "unit/lcg.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void
integers_take_the_whole_text_or_fail(void **state)
{
	static const struct {
		const char *text;
		bool is_int64, is_uint64;
		int64_t want;
	} rows[] = {
		{"0", true, true, 0},
		{"007", true, true, 7},
		{"-5", true, false, -5},
		{"+5", true, false, 5},
		{"9223372036854775807", true, true, INT64_MAX},
		{"-9223372036854775808", true, false, INT64_MIN},
		{"9223372036854775808", false, true, INT64_MIN},
		{"18446744073709551615", false, true, -1},
		{"18446744073709551616", false, false, 0},
		{"-9223372036854775809", false, false, 0},
		{"", false, false, 0},
		{"-", false, false, 0},
		{"--1", false, false, 0},
		{" 1", false, false, 0},
		{"1 ", false, false, 0},
		{"1.0", false, false, 0},
		{"0x1", false, false, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t number = 42;
		uint64_t natural = 42;

		assert_int_equal(parse_int64(str_of(rows[i].text), &number), rows[i].is_int64);
		assert_int_equal(parse_uint64(str_of(rows[i].text), &natural),
				 rows[i].is_uint64);
		assert_true(number == (rows[i].is_int64 ? rows[i].want : 42));
		assert_true(natural == (rows[i].is_uint64 ? (uint64_t)rows[i].want : 42));
	}
}

static void
integers_survive_the_round_trip(void **state)
{
	struct lcg lcg = {4};
	struct buf buf = {0};

	(void)state;
	for (int round = 0; round < 20000; round++) {
		int64_t number = (int64_t)lcg_any_size(&lcg), back;

		buf_clear(&buf);
		buf_int(&buf, number);
		assert_true(parse_int64(buf_view(&buf), &back));
		assert_true(back == number);
	}
	buf_finish(&buf);
}

static void
decimal_numbers_are_read_exactly(void **state)
{
	static const struct {
		const char *text;
		double want;
	} rows[] = {
		{"1", 1},
		{"-2.5", -2.5},
		{"1e3", 1000},
		{"+1E+3", 1000},
		{".5", .5},
		{"5.", 5},
		{"0", 0},
		{"-0", -0.0},
		{"000.000", 0},
		{"0e2000000000", 0},
		{"0.1", 0.1},
		{"0.3", 0.3},
		{"1e22", 1e22},
		{"1e23", 1e23},
		{"123456789.123456789", 123456789.123456789},
		{"9007199254740993", 9007199254740992.0},
		{"9007199254740993.0000000000000000000000001", 9007199254740994.0},
		{"1.7976931348623157e308", 1.7976931348623157e308},
		{"4.9e-324", 0x1p-1074},
		{"2.2250738585072011e-308", 2.2250738585072011e-308},
		{"1e-400", 0},
		{"0.000000000000000000000000000000001e33", 1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		double number;

		if (!parse_number(str_of(rows[i].text), &number) ||
		    memcmp(&number, &rows[i].want, sizeof number) != 0)
			fail_msg("%s", rows[i].text);
	}
}

static void
what_is_no_finite_decimal_number_is_refused(void **state)
{
	static const char *const rows[] = {
		"",
		" ",
		"-",
		"+",
		".",
		"-.",
		"e5",
		".e5",
		"1e",
		"1e+",
		"1e1.5",
		"1 ",
		" 1",
		"1,5",
		"0x10",
		"inf",
		"-inf",
		"nan",
		"NaN",
		"infinity",
		"1e309",
		"-1e999",
		"1e99999999999",
		"1e-99999999999999999999",
		"1_000",
		"--1",
		"1.2.3",
		"1f",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		double number = 42;

		if (parse_number(str_of(rows[i]), &number) || number != 42)
			fail_msg("\"%s\" is read as %g", rows[i], number);
	}
}

/* The 781st digit and those behind it still decide an exact half: 2^53 + 1 + 10^-900. */
static void
digits_beyond_any_limit_decide_a_half(void **state)
{
	struct buf buf = {0};
	double number;

	(void)state;
	buf_text(&buf, "9007199254740993.");
	for (int i = 0; i < 900; i++)
		buf_char(&buf, '0');
	assert_true(parse_number(buf_view(&buf), &number));
	assert_true(number == 9007199254740992.0);
	buf_char(&buf, '1');
	assert_true(parse_number(buf_view(&buf), &number));
	assert_true(number == 9007199254740994.0);
	buf_clear(&buf);
	for (int i = 0; i < 2000; i++)
		buf_char(&buf, '1');
	buf_text(&buf, "e-2000");
	assert_true(parse_number(buf_view(&buf), &number));
	assert_true(number == 1.0 / 9);
	buf_finish(&buf);
}

/* Finite doubles of any bits. */
static double
any_double(struct lcg *lcg)
{
	for (;;) {
		uint64_t bits = lcg_next(lcg);
		double number;

		memcpy(&number, &bits, sizeof number);
		if (isfinite(number))
			return number;
	}
}

/* What people send: few digits and a point somewhere. */
static double
usual_double(struct lcg *lcg)
{
	static const double scales[] = {1, 10, 100, 1000, 1e6, 0.01};

	return (double)(int64_t)lcg_below(lcg, 2000000) /
		       scales[lcg_below(lcg, COUNT(scales))] -
	       1000;
}

static void
reading_agrees_with_the_c_library(void **state)
{
	struct lcg lcg = {5};

	(void)state;
	for (int round = 0; round < 100000; round++) {
		double want = round % 2 ? any_double(&lcg) : usual_double(&lcg), number;
		char text[64];

		snprintf(text, sizeof text, "%.*g", 3 + round % 18, want);
		want = strtod(text, NULL);
		bool ok = parse_number(str_of(text), &number);

		if (ok != isfinite(want) || (ok && memcmp(&number, &want, sizeof want) != 0))
			fail_msg("%s", text);
	}
}

static void
numbers_print_for_people(void **state)
{
	static const struct {
		double number;
		const char *want;
	} rows[] = {
		{0, "0"},
		{-0.0, "0"},
		{1, "1"},
		{-3, "-3"},
		{0.1, "0.1"},
		{1.0 / 3, "0.333333"},
		{2.0 / 3, "0.666667"},
		{100.5, "100.5"},
		{1234567, "1234567"},
		{1234567.25, "1234570"},
		{-1234567.25, "-1234570"},
		{123456.5, "123456"},
		{123457.5, "123458"},
		{999999.5, "1000000"},
		{0.9999999, "1"},
		{99.99999, "100"},
		{1e-4, "0.0001"},
		{0.00012345678, "0.000123457"},
		{1e-5, "1e-05"},
		{-2.5e-7, "-2.5e-07"},
		{999999999999999, "999999999999999"},
		{999999999999998.5, "1000000000000000"},
		{1e15, "1e+15"},
		{1.5e300, "1.5e+300"},
		{5e-324, "4.94066e-324"},
		{INFINITY, "null"},
		{-INFINITY, "null"},
		{NAN, "null"},
	};
	struct buf buf = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		buf_clear(&buf);
		buf_number(&buf, rows[i].number);
		assert_string_equal(buf.p, rows[i].want);
	}
	buf_finish(&buf);
}

static void
small_fractions_print_as_six_digits_of_the_c_library(void **state)
{
	struct lcg lcg = {6};
	struct buf buf = {0};

	(void)state;
	for (int round = 0; round < 50000; round++) {
		double number = usual_double(&lcg) * (round % 3 ? 1 : 0.37);
		char want[64];

		if (number == trunc(number) || fabs(number) < 1e-4 || fabs(number) >= 999999.5)
			continue;
		snprintf(want, sizeof want, "%.6g", number);
		buf_clear(&buf);
		buf_number(&buf, number);
		assert_string_equal(buf.p, want);
	}
	buf_finish(&buf);
}

static void
exact_numbers_are_short(void **state)
{
	static const struct {
		double number;
		const char *want;
	} rows[] = {
		{0, "0"},
		{-0.0, "-0"},
		{0.1, "0.1"},
		{0.1 + 0.2, "0.30000000000000004"},
		{1.0 / 3, "0.3333333333333333"},
		{1e21, "1e+21"},
		{9007199254740991, "9007199254740991"},
		{5e-324, "5e-324"},
		{0x1p-44, "5.684341886080802e-14"},
		{1.7976931348623157e308, "1.7976931348623157e+308"},
		{2.2250738585072014e-308, "2.2250738585072014e-308"},
		{123.456, "123.456"},
		{-1e-4, "-0.0001"},
		{INFINITY, "null"},
		{NAN, "null"},
	};
	struct buf buf = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		buf_clear(&buf);
		buf_number_exact(&buf, rows[i].number);
		assert_string_equal(buf.p, rows[i].want);
	}
	buf_finish(&buf);
}

static void
exact_numbers_read_back(void **state)
{
	struct lcg lcg = {7};
	struct buf buf = {0};

	(void)state;
	for (int round = 0; round < 50000; round++) {
		double number = round % 2 ? any_double(&lcg) : usual_double(&lcg), back;

		buf_clear(&buf);
		buf_number_exact(&buf, number);
		if (!parse_number(buf_view(&buf), &back) ||
		    memcmp(&back, &number, sizeof back) != 0)
			fail_msg("%a is printed as %s", number, buf.p);
	}
	buf_finish(&buf);
}

/* No locale with a comma need be installed; where one is, it must change nothing. */
static void
the_locale_changes_nothing(void **state)
{
	static const char *const names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE"};
	struct buf buf = {0};
	double number;

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		if (setlocale(LC_ALL, names[i]) != NULL)
			break;
	buf_number(&buf, 0.25);
	buf_char(&buf, ' ');
	buf_number_exact(&buf, 1.5e-10);
	assert_true(parse_number(STR("0.30000000000000004"), &number));
	setlocale(LC_ALL, "C");
	assert_true(number == 0.1 + 0.2);
	assert_string_equal(buf.p, "0.25 1.5e-10");
	buf_finish(&buf);
}

static void
varints_have_the_bytes_of_leb128(void **state)
{
	static const struct {
		uint64_t number;
		const char *bytes;
		size_t n;
	} rows[] = {
		{0, "\0", 1},
		{1, "\1", 1},
		{127, "\x7f", 1},
		{128, "\x80\1", 2},
		{300, "\xac\2", 2},
		{16383, "\xff\x7f", 2},
		{16384, "\x80\x80\1", 3},
		{UINT64_MAX, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\1", 10},
	};
	struct buf buf = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		buf_clear(&buf);
		buf_varint(&buf, rows[i].number);
		assert_int_equal(buf.n, rows[i].n);
		assert_memory_equal(buf.p, rows[i].bytes, rows[i].n);
	}
	buf_clear(&buf);
	for (int64_t i = -2; i <= 2; i++)
		buf_zigzag(&buf, i);
	assert_memory_equal(buf.p, "\3\1\0\2\4", 5);
	buf_finish(&buf);
}

static void
packed_numbers_survive_the_round_trip(void **state)
{
	struct lcg lcg = {8};
	struct buf buf = {0};

	(void)state;
	for (int i = 0; i < 20000; i++) {
		uint64_t number = lcg_any_size(&lcg);

		buf_varint(&buf, number);
		buf_zigzag(&buf, (int64_t)number);
		buf_zigzag(&buf, -(int64_t)(number >> 1));
	}
	const uint8_t *p = (const uint8_t *)buf.p, *end = p + buf.n;

	lcg = (struct lcg){8};
	for (int i = 0; i < 20000; i++) {
		uint64_t number = lcg_any_size(&lcg), got;
		int64_t wide, half;

		p = read_varint(p, end, &got);
		p = read_zigzag(p, end, &wide);
		p = read_zigzag(p, end, &half);
		assert_non_null(p);
		assert_true(got == number);
		assert_true(wide == (int64_t)number);
		assert_true(half == -(int64_t)(number >> 1));
	}
	assert_ptr_equal(p, end);
	buf_finish(&buf);
}

static void
torn_and_overlong_varints_are_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
	} rows[] = {
		{"", 0},
		{"\x80", 1},
		{"\xff\xff\xff\xff\xff\xff\xff\xff\xff", 9},
		{"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10},
		{"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00", 11},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t copy[16];
		uint64_t number = 42;
		int64_t wide = 42;

		memcpy(copy, rows[i].bytes, rows[i].n);
		assert_null(read_varint(copy, copy + rows[i].n, &number));
		assert_null(read_zigzag(copy, copy + rows[i].n, &wide));
		assert_true(number == 42 && wide == 42);
	}
	uint64_t number = 42;

	assert_null(read_varint(NULL, NULL, &number));
	assert_true(number == 42);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers_take_the_whole_text_or_fail),
		cmocka_unit_test(integers_survive_the_round_trip),
		cmocka_unit_test(decimal_numbers_are_read_exactly),
		cmocka_unit_test(what_is_no_finite_decimal_number_is_refused),
		cmocka_unit_test(digits_beyond_any_limit_decide_a_half),
		cmocka_unit_test(reading_agrees_with_the_c_library),
		cmocka_unit_test(numbers_print_for_people),
		cmocka_unit_test(small_fractions_print_as_six_digits_of_the_c_library),
		cmocka_unit_test(exact_numbers_are_short),
		cmocka_unit_test(exact_numbers_read_back),
		cmocka_unit_test(the_locale_changes_nothing),
		cmocka_unit_test(varints_have_the_bytes_of_leb128),
		cmocka_unit_test(packed_numbers_survive_the_round_trip),
		cmocka_unit_test(torn_and_overlong_varints_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
