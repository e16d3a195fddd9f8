/* SPDX-License-Identifier: Apache-2.0 */
/* Days, instants, durations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/civil.h"
#include "unit/lcg.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int
days_in_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool is_leap = year % 400 == 0 || (year % 4 == 0 && year % 100 != 0);

	return days[month - 1] + (month == 2 && is_leap);
}

/* Counts up from the first day of year -400: a calendar that only knows how long a month is. */
static void
every_day_of_three_thousand_years_follows_the_one_before(void **state)
{
	struct civil_date date = {-400, 1, 1};
	int64_t day = -865625;

	(void)state;
	assert_int_equal(civil_day_of((struct civil_date){1970, 1, 1}), 0);
	assert_int_equal(civil_weekday(0), 3);
	for (; date.year < 2600; day++) {
		struct civil_date got = civil_date_of(day);

		if (civil_day_of(date) != day || got.year != date.year ||
		    got.month != date.month || got.day != date.day ||
		    civil_weekday(day) != (day + 7 * 1000000 + 3) % 7)
			fail_msg("%d-%02d-%02d", date.year, date.month, date.day);
		if (++date.day <= days_in_month(date.year, date.month))
			continue;
		date.day = 1;
		if (++date.month > 12)
			date = (struct civil_date){date.year + 1, 1, 1};
	}
}

/* Fliegel and Van Flandern, CACM 11 (1968) 657: Julian day from a date, with truncating division. */
static int64_t
julian_day(int64_t y, int64_t m, int64_t d)
{
	return (1461 * (y + 4800 + (m - 14) / 12)) / 4 +
	       (367 * (m - 2 - 12 * ((m - 14) / 12))) / 12 -
	       (3 * ((y + 4900 + (m - 14) / 12) / 100)) / 4 + d - 32075;
}

static void
days_agree_with_the_julian_day_formula(void **state)
{
	struct lcg lcg = {14};

	(void)state;
	for (int round = 0; round < 100000; round++) {
		int64_t day = (int64_t)lcg_below(&lcg, 100000000) - 2000000;
		struct civil_date date = civil_date_of(day);

		assert_true(julian_day(date.year, date.month, date.day) - 2440588 == day);
		assert_true(civil_day_of(date) == day);
	}
}

static void
instants_are_read(void **state)
{
	static const struct {
		const char *text;
		int64_t want;
	} rows[] = {
		{"1970-01-01T00:00:00Z", 0},
		{"1970-01-01T00:00:00.001Z", 1},
		{"1969-12-31T23:59:59.999Z", -1},
		{"2026-11-21T10:00:00.123+08:00", 1795226400123},
		{"2026-11-21t02:00:00.123z", 1795226400123},
		{"2026-11-21 02:00:00.1239999Z", 1795226400123},
		{"2026-11-20T21:30:00.1-04:30", 1795226400100},
		{"2024-02-29T00:00:00-00:00", 1709164800000},
		{"2016-12-31T23:59:60Z", 1483228800000},
		{"0000-01-01T00:00:00Z", -62167219200000},
		{"9999-12-31T23:59:59.999Z", 253402300799999},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct err err;
		int64_t at;

		if (!parse_instant(str_of(rows[i].text), &at, &err))
			fail_msg("%s: %s", rows[i].text, err.text);
		assert_true(at == rows[i].want);
	}
}

static void
what_is_no_instant_is_refused_with_the_reason(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{"", "is not an instant"},
		{"2026-11-21", "is not an instant"},
		{"2026-11-21T10:00Z", "is not an instant"},
		{"2026-13-21T10:00:00Z", "is not an instant"},
		{"2026-02-29T10:00:00Z", "is not an instant"},
		{"2026-00-10T10:00:00Z", "is not an instant"},
		{"2026-01-00T10:00:00Z", "is not an instant"},
		{"2026-11-21T24:00:00Z", "is not an instant"},
		{"2026-11-21T10:60:00Z", "is not an instant"},
		{"2026-11-21T10:00:61Z", "is not an instant"},
		{"2026-11-21_10:00:00Z", "is not an instant"},
		{"26-11-21T10:00:00Z", "is not an instant"},
		{"1763704800", "is not an instant"},
		{"2026-11-21T10:00:00", "has no offset"},
		{"2026-11-21T10:00:00.5", "has no offset"},
		{"2026-11-21T10:00:00+0800", "does not end in Z"},
		{"2026-11-21T10:00:00+24:00", "does not end in Z"},
		{"2026-11-21T10:00:00+08:60", "does not end in Z"},
		{"2026-11-21T10:00:00.Z", "does not end in Z"},
		{"2026-11-21T10:00:00Z ", "does not end in Z"},
		{"2026-11-21T10:00:00 CET", "does not end in Z"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct err err = {""};
		int64_t at = 42;

		if (parse_instant(str_of(rows[i].text), &at, &err) || at != 42 ||
		    strstr(err.text, rows[i].why) == NULL)
			fail_msg("%s: %s", rows[i].text, err.text);
	}
}

static void
no_character_of_an_instant_may_be_another(void **state)
{
	static const char good[] = "2026-11-21T10:00:00.123+08:00";

	(void)state;
	for (size_t i = 0; i < sizeof good - 1; i++) {
		static const char others[] = "x/:\xb0";

		for (size_t j = 0; j < sizeof others; j++) {
			char text[sizeof good];
			int64_t at = 42;

			memcpy(text, good, sizeof good);
			text[i] = others[j];
			if (strcmp(text, good) == 0)
				continue;
			assert_false(
				parse_instant((struct str){text, sizeof good - 1}, &at, NULL));
			assert_true(at == 42);
		}
	}
}

static void
a_long_wrong_instant_is_quoted_in_part(void **state)
{
	char text[5000];
	struct err err;
	int64_t at;

	(void)state;
	memset(text, '9', sizeof text);
	assert_false(parse_instant((struct str){text, sizeof text}, &at, &err));
	assert_non_null(strstr(err.text, "is not an instant"));
}

static void
instants_survive_the_round_trip(void **state)
{
	struct lcg lcg = {15};

	(void)state;
	for (int round = 0; round < 50000; round++) {
		int64_t at = (int64_t)lcg_below(&lcg, 315569519999999) - 62167219200000, back;
		char text[INSTANT_TEXT];

		print_instant(at, text);
		assert_int_equal(strlen(text), 24);
		assert_true(parse_instant(str_of(text), &back, NULL));
		assert_true(back == at);
	}
}

static void
the_ends_of_time_fit_their_text(void **state)
{
	char text[INSTANT_TEXT];

	(void)state;
	print_instant(INT64_MAX, text);
	assert_string_equal(text, "292278994-08-17T07:12:55.807Z");
	print_instant(INT64_MIN, text);
	assert_string_equal(text, "-292275055-05-16T16:47:04.192Z");
	print_date(-1, text);
	assert_string_equal(text, "1969-12-31");
}

static void
dates_take_the_whole_text(void **state)
{
	static const char *const wrong[] = {"",		  "2026-11-2",	"2026-11-211",
					    "2026-11-31", "2026/11/21", "2025-02-29",
					    "2026-1-021", "-026-11-21"};
	int64_t day = 42;

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_false(parse_date(str_of(wrong[i]), &day));
	assert_true(day == 42);
	assert_true(parse_date(STR("2026-11-21"), &day));
	assert_true(day == 20778);
	assert_true(parse_date(STR("2000-02-29"), &day));
	assert_true(day == 11016);
}

static void
times_of_day_take_the_whole_text(void **state)
{
	static const char *const wrong[] = {"",	     "9:00",  "09:0",  "09:60", "24:01",
					    "25:00", "09-00", "09:0x", "09:00 "};
	int64_t ms = 42;

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_false(parse_clock(str_of(wrong[i]), &ms));
	assert_true(ms == 42);
	assert_true(parse_clock(STR("00:00"), &ms) && ms == 0);
	assert_true(parse_clock(STR("09:30"), &ms) && ms == 9 * HOUR_MS + 30 * MINUTE_MS);
	assert_true(parse_clock(STR("24:00"), &ms) && ms == DAY_MS);
}

static void
durations_are_read(void **state)
{
	static const struct {
		const char *text;
		int64_t want;
	} rows[] = {
		{"90s", 90 * SECOND_MS},
		{"5m", 5 * MINUTE_MS},
		{"4h", 4 * HOUR_MS},
		{"14d", 14 * DAY_MS},
		{"2w", 14 * DAY_MS},
		{"1d12h", 36 * HOUR_MS},
		{"-14d", -14 * DAY_MS},
		{"-1h30m", -90 * MINUTE_MS},
		{"0s", 0},
		{"1w1d1h1m1s", 694861000},
		{"500ms", 500},
		{"1s500ms", 1500},
		{"9223372036854775807ms", INT64_MAX},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		bool has_ms = strstr(rows[i].text, "ms") != NULL;
		int64_t ms = 42;

		assert_true(parse_duration(str_of(rows[i].text), true, &ms));
		assert_true(ms == rows[i].want);
		assert_int_equal(parse_duration(str_of(rows[i].text), false, &ms), !has_ms);
	}
}

static void
what_is_no_duration_is_refused(void **state)
{
	static const char *const rows[] = {
		"",
		"-",
		"d",
		"14",
		"-d",
		"1 d",
		"1d ",
		" 1d",
		"+1d",
		"1.5h",
		"1D",
		"1day",
		"1d1",
		"12h1d",
		"1d1d",
		"1d-1h",
		"--1d",
		"1ns",
		"1mo",
		"9223372036854775808ms",
		"99999999999999999999s",
		"9223372036854775807s",
		"15250284452w4d",
		"1m500m",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t ms = 42;

		if (parse_duration(str_of(rows[i]), true, &ms) || ms != 42)
			fail_msg("\"%s\" is read as %lld", rows[i], (long long)ms);
	}
}

static void
durations_print_in_the_rule_language(void **state)
{
	static const struct {
		int64_t ms;
		const char *want;
	} rows[] = {
		{14 * DAY_MS, "14d"},
		{36 * HOUR_MS, "36h"},
		{90 * SECOND_MS, "90s"},
		{1500, "1500ms"},
		{60 * SECOND_MS, "1m"},
		{-7 * DAY_MS, "-7d"},
		{0, "0s"},
		{-1, "-1ms"},
		{INT64_MIN, "-9223372036854775808ms"},
	};
	struct lcg lcg = {16};
	struct buf buf = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		buf_clear(&buf);
		buf_duration(&buf, rows[i].ms);
		assert_string_equal(buf.p, rows[i].want);
	}
	for (int round = 0; round < 10000; round++) {
		static const int64_t units[] = {1, SECOND_MS, MINUTE_MS, HOUR_MS, DAY_MS};
		int64_t unit = units[lcg_below(&lcg, COUNT(units))];
		int64_t ms = ((int64_t)lcg_below(&lcg, 100000) - 50000) * unit, back;

		buf_clear(&buf);
		buf_duration(&buf, ms);
		assert_true(parse_duration(buf_view(&buf), true, &back));
		assert_true(back == ms);
	}
	buf_finish(&buf);
}

static void
durations_print_for_people(void **state)
{
	static const struct {
		int64_t ms;
		const char *en, *zh;
	} rows[] = {
		{14 * DAY_MS, "14 days", "14 天"},
		{48 * HOUR_MS, "2 days", "2 天"},
		{71 * HOUR_MS, "2 days", "2 天"},
		{48 * HOUR_MS - 1, "47 hours", "47 小时"},
		{36 * HOUR_MS, "36 hours", "36 小时"},
		{DAY_MS, "1 day", "1 天"},
		{2 * HOUR_MS, "2 hours", "2 小时"},
		{HOUR_MS, "1 hour", "1 小时"},
		{90 * MINUTE_MS, "90 minutes", "90 分钟"},
		{MINUTE_MS, "1 minute", "1 分钟"},
		{119 * SECOND_MS, "119 seconds", "119 秒"},
		{1999, "1 second", "1 秒"},
		{999, "0 seconds", "0 秒"},
		{-999, "0 seconds", "0 秒"},
		{-3 * DAY_MS, "-3 days", "-3 天"},
		{0, "0 seconds", "0 秒"},
	};
	struct buf buf = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		buf_clear(&buf);
		buf_duration_words(&buf, rows[i].ms, false);
		assert_string_equal(buf.p, rows[i].en);
		buf_clear(&buf);
		buf_duration_words(&buf, rows[i].ms, true);
		assert_string_equal(buf.p, rows[i].zh);
	}
	buf_clear(&buf);
	buf_duration_words(&buf, INT64_MIN, false);
	assert_string_equal(buf.p, "-106751991167 days");
	buf_finish(&buf);
}

static void
instants_are_printed_digit_by_digit(void **state)
{
	(void)state;
	for (int64_t day = -800000; day < 3000000; day += 997) {
		struct civil_date date = civil_date_of(day);
		int64_t ms = (day * 7919 % DAY_MS + DAY_MS) % DAY_MS;
		char expected[64], text[INSTANT_TEXT];

		snprintf(expected, sizeof expected, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
			 date.year, date.month, date.day, (int)(ms / HOUR_MS),
			 (int)(ms / MINUTE_MS % 60), (int)(ms / SECOND_MS % 60),
			 (int)(ms % SECOND_MS));
		print_instant(day * DAY_MS + ms, text);
		assert_string_equal(text, expected);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_day_of_three_thousand_years_follows_the_one_before),
		cmocka_unit_test(days_agree_with_the_julian_day_formula),
		cmocka_unit_test(instants_are_read),
		cmocka_unit_test(what_is_no_instant_is_refused_with_the_reason),
		cmocka_unit_test(no_character_of_an_instant_may_be_another),
		cmocka_unit_test(a_long_wrong_instant_is_quoted_in_part),
		cmocka_unit_test(instants_survive_the_round_trip),
		cmocka_unit_test(the_ends_of_time_fit_their_text),
		cmocka_unit_test(dates_take_the_whole_text),
		cmocka_unit_test(times_of_day_take_the_whole_text),
		cmocka_unit_test(durations_are_read),
		cmocka_unit_test(what_is_no_duration_is_refused),
		cmocka_unit_test(durations_print_in_the_rule_language),
		cmocka_unit_test(durations_print_for_people),
		cmocka_unit_test(instants_are_printed_digit_by_digit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
