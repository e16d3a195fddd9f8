/* SPDX-License-Identifier: Apache-2.0 */
/* TZif files made here: footers far into the future, and everything that can be wrong with a file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/civil.h"
#include "unit/lcg.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct change {
	int64_t at; /* s */
	uint8_t kind;
};

/* What a file says; its two data blocks say the same. */
struct content {
	char version; /* '1' writes a file without a second block */
	const struct change *changes;
	size_t count;
	int32_t offsets[4]; /* s, by kind */
	size_t kinds;
	uint32_t leaps;
	const char *footer; /* with its line ends */
};

static void
add_big_endian(struct buf *out, uint64_t number, size_t bytes)
{
	while (bytes-- > 0)
		buf_char(out, (char)(bytes < 8 ? number >> (8 * bytes) & 0xff : 0));
}

static void
add_block(struct buf *out, const struct content *content, size_t time_bytes)
{
	const uint32_t counts[] = {
		0, 0, content->leaps, (uint32_t)content->count, (uint32_t)content->kinds, 4};

	buf_text(out, "TZif");
	buf_char(out, content->version == '1' ? '\0' : content->version);
	add_big_endian(out, 0, 15);
	for (size_t i = 0; i < COUNT(counts); i++)
		add_big_endian(out, counts[i], 4);
	for (size_t i = 0; i < content->count; i++)
		add_big_endian(out, (uint64_t)content->changes[i].at, time_bytes);
	for (size_t i = 0; i < content->count; i++)
		buf_char(out, (char)content->changes[i].kind);
	for (size_t i = 0; i < content->kinds; i++) {
		add_big_endian(out, (uint32_t)content->offsets[i], 4);
		add_big_endian(out, 0, 2);
	}
	buf_add(out, "LMT", 4);
	add_big_endian(out, 0, content->leaps * (time_bytes + 4));
}

static void
write_file(struct buf *out, const struct content *content)
{
	buf_clear(out);
	add_block(out, content, 4);
	if (content->version == '1')
		return;
	add_block(out, content, 8);
	buf_text(out, content->footer);
}

/* Parsed from a copy of its exact size, so that the sanitizer sees a read beyond it. */
static struct zone *
parse_copy(struct str tzif, struct err *err)
{
	char *copy = malloc(tzif.n + 1);
	struct zone *zone;

	memcpy(copy, tzif.p, tzif.n);
	copy = realloc(copy, tzif.n ? tzif.n : 1);
	zone = zone_parse(STR("Test/Zone"), (struct str){copy, tzif.n}, err);
	free(copy);
	return zone;
}

static struct zone *
zone_with(const struct content *content, struct err *err)
{
	struct buf file = {0};

	write_file(&file, content);
	struct zone *zone = parse_copy(buf_view(&file), err);

	buf_finish(&file);
	return zone;
}

static struct zone *
zone_with_rule(const char *rule, int32_t offset, struct err *err)
{
	char footer[200] = "\n";

	strcat(strcat(footer, rule), "\n");
	return zone_with(
		&(struct content){
			.version = '3', .offsets = {offset}, .kinds = 1, .footer = footer},
		err);
}

/* Seconds, from python3's zoneinfo (day 59, which it counts from 1 against POSIX, from the C library):
 * the two changes of one year, with the offsets they bring. */
static const struct {
	const char *rule;
	int64_t first_at, first, second_at, second;
} rules[] = {
	{"EST5EDT,M3.2.0,M11.1.0", 1710054000, -14400, 1730613600, -18000},
	{"EST5EDT,M3.2.0,M11.1.0", 1772953200, -14400, 1793512800, -18000},
	{"EST5EDT,M3.2.0,M11.1.0", 4108690800, -14400, 4129250400, -18000},
	{"EST5EDT,M3.2.0,M11.1.0", 5654559600, -14400, 5675119200, -18000},
	{"CET-1CEST,M3.5.0,M10.5.0/3", 1711846800, 7200, 1729990800, 3600},
	{"CET-1CEST,M3.5.0,M10.5.0/3", 1774746000, 7200, 1792890000, 3600},
	{"CET-1CEST,M3.5.0,M10.5.0/3", 4109878800, 7200, 4128627600, 3600},
	{"CET-1CEST,M3.5.0,M10.5.0/3", 5656352400, 7200, 5674496400, 3600},
	{"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", 1712415600, 37800, 1728142200, 39600},
	{"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", 1775314800, 37800, 1791041400, 39600},
	{"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", 4110447600, 37800, 4126174200, 39600},
	{"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", 5656921200, 37800, 5672647800, 39600},
	{"IST-1GMT0,M10.5.0,M3.5.0/1", 1711846800, 3600, 1729990800, 0},
	{"IST-1GMT0,M10.5.0,M3.5.0/1", 1774746000, 3600, 1792890000, 0},
	{"IST-1GMT0,M10.5.0,M3.5.0/1", 4109878800, 3600, 4128627600, 0},
	{"IST-1GMT0,M10.5.0,M3.5.0/1", 5656352400, 3600, 5674496400, 0},
	{"EET-2EEST,M4.5.5/0,M10.5.4/24", 1714082400, 10800, 1730408400, 7200},
	{"EET-2EEST,M4.5.5/0,M10.5.4/24", 1776981600, 10800, 1793307600, 7200},
	{"EET-2EEST,M4.5.5/0,M10.5.4/24", 4112719200, 10800, 4128440400, 7200},
	{"EET-2EEST,M4.5.5/0,M10.5.4/24", 5658588000, 10800, 5674914000, 7200},
	{"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", 1711846800, -3600, 1729990800, -7200},
	{"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", 1774746000, -3600, 1792890000, -7200},
	{"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", 4109878800, -3600, 4128627600, -7200},
	{"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", 5656352400, -3600, 5674496400, -7200},
	{"AAA3BBB,J60/2,J300/2", 1709269200, -7200, 1730001600, -10800},
	{"AAA3BBB,J60/2,J300/2", 1772341200, -7200, 1793073600, -10800},
	{"AAA3BBB,J60/2,J300/2", 4107560400, -7200, 4128292800, -10800},
	{"AAA3BBB,J60/2,J300/2", 5653861200, -7200, 5674593600, -10800},
	{"AAA3BBB,J59/2,J300/2", 1709096400, -7200, 1730001600, -10800},
	{"AAA-3:30BBB,59/2,299/2", 1709159400, 16200, 1729891800, 12600},
	{"AAA-3:30BBB,59/2,299/2", 1772317800, 16200, 1793050200, 12600},
	{"AAA-3:30BBB,59/2,299/2", 4107537000, 16200, 4128269400, 12600},
	{"AAA-3:30BBB,59/2,299/2", 5653837800, 16200, 5674570200, 12600},
};

static void
footers_hold_for_all_years(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rules); i++) {
		struct err err;
		struct zone *zone = zone_with_rule(rules[i].rule, 0, &err);

		if (zone == NULL)
			fail_msg("%s", err.text);
		if (zone_offset(zone, rules[i].first_at * SECOND_MS - 1) !=
			    rules[i].second * SECOND_MS ||
		    zone_offset(zone, rules[i].first_at * SECOND_MS) !=
			    rules[i].first * SECOND_MS ||
		    zone_offset(zone, rules[i].second_at * SECOND_MS - 1) !=
			    rules[i].first * SECOND_MS ||
		    zone_offset(zone, rules[i].second_at * SECOND_MS) !=
			    rules[i].second * SECOND_MS)
			fail_msg("%s after %lld", rules[i].rule, (long long)rules[i].first_at);
		zone_destroy(zone);
	}
}

/* Monrovia's until 1972; no zone of today has seconds. */
static void
an_offset_may_have_seconds(void **state)
{
	struct err err;
	struct zone *zone = zone_with_rule("<-004430>0:44:30", -2670, &err);

	(void)state;
	assert_non_null(zone);
	assert_int_equal(zone_offset(zone, 4000000000 * SECOND_MS), -2670 * SECOND_MS);
	zone_destroy(zone);
}

/* RFC 8536, 3.3.1: daylight saving time all year. */
static void
a_change_undone_at_once_is_none(void **state)
{
	struct err err;
	struct zone *zone = zone_with_rule("XXX3EDT4,0/0,J365/23", -14400, &err);

	(void)state;
	assert_non_null(zone);
	for (int64_t day = -25000; day < 65000; day++)
		assert_true(zone_offset(zone, day * DAY_MS) == -4 * HOUR_MS);
	zone_destroy(zone);
}

static void
footer_rules_begin_behind_the_last_change(void **state)
{
	static const struct change changes[] = {{0, 1}, {1000000000, 2}}; /* 2001-09-09 */
	struct err err;
	struct zone *zone = zone_with(&(struct content){.version = '2',
							.changes = changes,
							.count = 2,
							.offsets = {-17762, -14400, -18000},
							.kinds = 3,
							.footer = "\nEST5EDT,M3.2.0,M11.1.0\n"},
				      &err);

	(void)state;
	assert_non_null(zone);
	assert_true(str_is(zone_name(zone), "Test/Zone"));
	assert_true(zone_offset(zone, -1) == -17762 * SECOND_MS);
	assert_true(zone_offset(zone, 0) == -14400 * SECOND_MS);
	assert_true(zone_offset(zone, 1000000000000) == -18000 * SECOND_MS);
	assert_true(zone_offset(zone, 1015743600000 - 1) ==
		    -18000 * SECOND_MS); /* 2002-03-10 */
	assert_true(zone_offset(zone, 1015743600000) == -14400 * SECOND_MS);
	zone_destroy(zone);
}

static void
versions_1_to_4_are_read(void **state)
{
	static const struct change changes[] = {{-1000, 1}};

	(void)state;
	for (int version = '1'; version <= '4'; version++) {
		struct err err;
		struct zone *zone = zone_with(&(struct content){.version = (char)version,
								.changes = changes,
								.count = 1,
								.offsets = {3600, 7200},
								.kinds = 2,
								.footer = "\n\n"},
					      &err);

		assert_non_null(zone);
		assert_true(zone_offset(zone, -1000001) == HOUR_MS);
		assert_true(zone_offset(zone, -1000000) == 2 * HOUR_MS);
		zone_destroy(zone);
	}
}

static void
a_change_at_the_big_bang_is_harmless(void **state)
{
	static const struct change changes[] = {{-(INT64_C(1) << 59), 0}, {0, 1}};
	struct err err;
	struct zone *zone = zone_with(&(struct content){.version = '2',
							.changes = changes,
							.count = 2,
							.offsets = {3600, 7200},
							.kinds = 2,
							.footer = "\n\n"},
				      &err);

	(void)state;
	assert_non_null(zone);
	assert_true(zone_offset(zone, INT64_MIN) == HOUR_MS);
	assert_true(zone_day(zone, -1) == 0);
	assert_true(zone_offset(zone, 0) == 2 * HOUR_MS);
	zone_destroy(zone);
}

static void
bad_rules_are_refused_where_they_break(void **state)
{
	static const struct {
		const char *rule, *from;
	} rows[] = {
		{"X", "\"\""},
		{"EST", "\"\""},
		{"EST5EDT", "\"\""},
		{"ES5", "\"5\""},
		{"EST25", "\"\""},
		{"EST5:60", "\"\""},
		{"EST5EDT,", "\"\""},
		{"EST5EDT,M3.2.0", "\"\""},
		{"EST5EDT,M13.2.0,M11.1.0", "\".2.0,"},
		{"EST5EDT,M3.6.0,M11.1.0", "\".0,"},
		{"EST5EDT,M3.2.7,M11.1.0", "\",M11"},
		{"EST5EDT,J0,J300", "\",J300"},
		{"EST5EDT,366,300", "\",300"},
		{"EST5EDT,M3.2.0/168,M11.1.0", "\",M11"},
		{"EST5EDT,M3.2.0,M11.1.0x", "\"x\""},
		{"<EST5EDT,M3.2.0,M11.1.0", "\",M3"},
		{"EST5 EDT", "\" EDT\""},
		{"5", "\"5\""},
		{"EST{", "\"{\""},
		{"EST0005", "\"5\""},
		{"EST5:30:60", "\"\""},
		{"EST5:30:x", "\"x\""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct err err = {""};

		if (zone_with_rule(rows[i].rule, 0, &err) != NULL ||
		    strstr(err.text, "time zone \"Test/Zone\": its footer") == NULL ||
		    strstr(err.text, rows[i].from) == NULL)
			fail_msg("%s: %s", rows[i].rule, err.text);
	}
}

static void
bad_content_is_refused_with_the_reason(void **state)
{
	static const struct change falling[] = {{5, 0}, {5, 0}}, unknown[] = {{5, 1}};
	static const struct {
		struct content content;
		const char *why;
	} rows[] = {
		{{.version = '2', .kinds = 0, .footer = "\n\n"}, "0 kinds"},
		{{.version = '2', .kinds = 1, .leaps = 27, .footer = "\n\n"}, "leap seconds"},
		{{.version = '2', .kinds = 1, .offsets = {93601}, .footer = "\n\n"},
		 "beyond 26 h"},
		{{.version = '2', .kinds = 1, .offsets = {-93601}, .footer = "\n\n"},
		 "beyond 26 h"},
		{{.version = '2', .kinds = 1, .changes = falling, .count = 2, .footer = "\n\n"},
		 "change 2 is not later"},
		{{.version = '2', .kinds = 1, .changes = unknown, .count = 1, .footer = "\n\n"},
		 "change 1 is of an unknown kind"},
		{{.version = '2', .kinds = 1, .footer = ""}, "line ends"},
		{{.version = '2', .kinds = 1, .footer = "\n"}, "line ends"},
		{{.version = '2', .kinds = 1, .footer = "\nUTC0"}, "line ends"},
		{{.version = '2', .kinds = 1, .footer = "UTC0\n"}, "line ends"},
		{{.version = '5', .kinds = 1, .footer = "\n\n"}, "version 1 to 4"},
		{{.version = 'x', .kinds = 1, .footer = "\n\n"}, "version 1 to 4"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct err err = {""};

		if (zone_with(&rows[i].content, &err) != NULL ||
		    strstr(err.text, rows[i].why) == NULL)
			fail_msg("row %zu, %s: %s", i, rows[i].why, err.text);
	}
	assert_null(zone_parse(STR("x"), STR_NONE, NULL));
}

static const struct change some_changes[] = {{-1000000000, 1}, {0, 2}, {500000000, 1}};
static const struct content whole = {
	.version = '2',
	.changes = some_changes,
	.count = 3,
	.offsets = {-17762, -18000, -14400},
	.kinds = 3,
	.footer = "\nEST5EDT,M3.2.0,M11.1.0\n",
};

static void
no_file_that_ends_early_is_read(void **state)
{
	struct buf file = {0};

	(void)state;
	write_file(&file, &whole);
	for (size_t n = 0; n < file.n; n++) {
		struct err err = {""};

		if (parse_copy((struct str){file.p, n}, &err) != NULL || err.text[0] == '\0')
			fail_msg("%zu of %zu bytes are read as a zone", n, file.n);
	}
	struct zone *zone = parse_copy(buf_view(&file), NULL);

	assert_non_null(zone);
	zone_destroy(zone);
	buf_finish(&file);
}

/* Whatever is accepted must still tile time with days. */
static void
check_days(const struct zone *zone, struct lcg *lcg)
{
	for (int i = 0; i < 50; i++) {
		int64_t at = (int64_t)lcg_next(lcg) >> lcg_below(lcg, 40);
		int64_t day = zone_day(zone, at);

		if (at > INT64_C(1) << 60 || at < -(INT64_C(1) << 60))
			continue;
		assert_true(zone_day_start(zone, day) <= at);
		assert_true(at < zone_day_start(zone, day + 1));
	}
}

static void
damaged_files_are_refused_or_read_as_some_zone(void **state)
{
	struct lcg lcg = {18};
	struct buf file = {0};
	size_t read = 0, refused = 0;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		write_file(&file, &whole);
		for (uint64_t hits = 1 + lcg_below(&lcg, 3); hits > 0; hits--) {
			char *hit = &file.p[lcg_below(&lcg, file.n)];

			*hit = (char)(*hit ^ (char)(1 << lcg_below(&lcg, 8)));
		}
		struct err err = {""};
		struct zone *zone = parse_copy(buf_view(&file), &err);

		if (zone == NULL) {
			assert_string_not_equal(err.text, "");
			refused++;
			continue;
		}
		check_days(zone, &lcg);
		zone_destroy(zone);
		read++;
	}
	assert_true(read > 1000 && refused > 1000);
	buf_finish(&file);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(footers_hold_for_all_years),
		cmocka_unit_test(an_offset_may_have_seconds),
		cmocka_unit_test(a_change_undone_at_once_is_none),
		cmocka_unit_test(footer_rules_begin_behind_the_last_change),
		cmocka_unit_test(versions_1_to_4_are_read),
		cmocka_unit_test(a_change_at_the_big_bang_is_harmless),
		cmocka_unit_test(bad_rules_are_refused_where_they_break),
		cmocka_unit_test(bad_content_is_refused_with_the_reason),
		cmocka_unit_test(no_file_that_ends_early_is_read),
		cmocka_unit_test(damaged_files_are_refused_or_read_as_some_zone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
