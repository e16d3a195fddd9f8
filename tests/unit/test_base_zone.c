/* SPDX-License-Identifier: Apache-2.0 */
/* Local clocks and calendars of real zones, against what python3's zoneinfo says of them. */
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

/* Only what is history: rules for years to come change with every tzdata. */
static const char *const names[] = {
	"Asia/Shanghai", "America/New_York", "Europe/Berlin",	  "Australia/Lord_Howe",
	"Africa/Cairo",	 "Pacific/Apia",     "America/Sao_Paulo", "America/St_Johns",
};

static struct zone *zones[COUNT(names)];

static int
load_zones(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		static char bytes[1 << 16];
		char path[256];
		struct err err;

		snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", names[i]);
		FILE *file = fopen(path, "rb");

		if (file == NULL) {
			print_error("# %s is missing: the package tzdata\n", path);
			return -1;
		}
		struct str tzif = {bytes, fread(bytes, 1, sizeof bytes, file)};

		fclose(file);
		zones[i] = zone_parse(str_of(names[i]), tzif, &err);
		if (zones[i] == NULL) {
			print_error("# %s\n", err.text);
			return -1;
		}
	}
	return 0;
}

static int
destroy_zones(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		zone_destroy(zones[i]);
	return 0;
}

static const struct zone *
zone_of(const char *name)
{
	size_t i = 0;

	while (strcmp(names[i], name) != 0)
		i++;
	return zones[i];
}

static int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* Seconds: an instant at which clocks change, the offsets before and from it on. */
static const struct {
	const char *zone;
	int64_t at, before, after;
} changes[] = {
	{"Asia/Shanghai", 515527200, 28800, 32400},
	{"Asia/Shanghai", 527014800, 32400, 28800},
	{"Asia/Shanghai", 545162400, 28800, 32400},
	{"Asia/Shanghai", 558464400, 32400, 28800},
	{"Asia/Shanghai", 577216800, 28800, 32400},
	{"Asia/Shanghai", 589914000, 32400, 28800},
	{"Asia/Shanghai", 608666400, 28800, 32400},
	{"Asia/Shanghai", 621968400, 32400, 28800},
	{"Asia/Shanghai", 640116000, 28800, 32400},
	{"Asia/Shanghai", 653418000, 32400, 28800},
	{"Asia/Shanghai", 671565600, 28800, 32400},
	{"Asia/Shanghai", 684867600, 32400, 28800},
	{"America/New_York", -84387600, -18000, -14400},
	{"America/New_York", 57736800, -14400, -18000},
	{"America/New_York", 199263600, -18000, -14400},
	{"America/New_York", 341388000, -14400, -18000},
	{"America/New_York", 483519600, -18000, -14400},
	{"America/New_York", 625644000, -14400, -18000},
	{"America/New_York", 765356400, -18000, -14400},
	{"America/New_York", 909295200, -14400, -18000},
	{"America/New_York", 1049612400, -18000, -14400},
	{"America/New_York", 1194156000, -14400, -18000},
	{"America/New_York", 1331449200, -18000, -14400},
	{"America/New_York", 1478412000, -14400, -18000},
	{"America/New_York", 1615705200, -18000, -14400},
	{"America/New_York", 1762063200, -14400, -18000},
	{"Europe/Berlin", 323830800, 3600, 7200},
	{"Europe/Berlin", 433299600, 7200, 3600},
	{"Europe/Berlin", 543978000, 3600, 7200},
	{"Europe/Berlin", 654656400, 7200, 3600},
	{"Europe/Berlin", 764730000, 3600, 7200},
	{"Europe/Berlin", 877827600, 7200, 3600},
	{"Europe/Berlin", 985482000, 3600, 7200},
	{"Europe/Berlin", 1099184400, 7200, 3600},
	{"Europe/Berlin", 1206838800, 3600, 7200},
	{"Europe/Berlin", 1319936400, 7200, 3600},
	{"Europe/Berlin", 1427590800, 3600, 7200},
	{"Europe/Berlin", 1540688400, 7200, 3600},
	{"Europe/Berlin", 1648342800, 3600, 7200},
	{"Europe/Berlin", 1761440400, 7200, 3600},
	{"Australia/Lord_Howe", 352216800, 36000, 37800},
	{"Australia/Lord_Howe", 447172200, 41400, 37800},
	{"Australia/Lord_Howe", 562087800, 37800, 39600},
	{"Australia/Lord_Howe", 667926000, 39600, 37800},
	{"Australia/Lord_Howe", 783444600, 37800, 39600},
	{"Australia/Lord_Howe", 891097200, 39600, 37800},
	{"Australia/Lord_Howe", 1004196600, 37800, 39600},
	{"Australia/Lord_Howe", 1099150200, 37800, 39600},
	{"Australia/Lord_Howe", 1207407600, 39600, 37800},
	{"Australia/Lord_Howe", 1317483000, 37800, 39600},
	{"Australia/Lord_Howe", 1428159600, 39600, 37800},
	{"Australia/Lord_Howe", 1538839800, 37800, 39600},
	{"Australia/Lord_Howe", 1648911600, 39600, 37800},
	{"Australia/Lord_Howe", 1759591800, 37800, 39600},
	{"Africa/Cairo", 483750000, 7200, 10800},
	{"Africa/Cairo", 546822000, 7200, 10800},
	{"Africa/Cairo", 623203200, 10800, 7200},
	{"Africa/Cairo", 704674800, 7200, 10800},
	{"Africa/Cairo", 780969600, 10800, 7200},
	{"Africa/Cairo", 861919200, 7200, 10800},
	{"Africa/Cairo", 938725200, 10800, 7200},
	{"Africa/Cairo", 1001624400, 10800, 7200},
	{"Africa/Cairo", 1083276000, 7200, 10800},
	{"Africa/Cairo", 1158872400, 10800, 7200},
	{"Africa/Cairo", 1240524000, 7200, 10800},
	{"Africa/Cairo", 1285880400, 10800, 7200},
	{"Africa/Cairo", 1682632800, 7200, 10800},
	{"Africa/Cairo", 1761858000, 10800, 7200},
	{"Pacific/Apia", 1285498800, -39600, -36000},
	{"Pacific/Apia", 1301752800, -36000, -39600},
	{"Pacific/Apia", 1325239200, -36000, 50400},
	{"Pacific/Apia", 1348927200, 46800, 50400},
	{"Pacific/Apia", 1365256800, 50400, 46800},
	{"Pacific/Apia", 1396706400, 50400, 46800},
	{"Pacific/Apia", 1428156000, 50400, 46800},
	{"Pacific/Apia", 1443276000, 46800, 50400},
	{"Pacific/Apia", 1474725600, 46800, 50400},
	{"Pacific/Apia", 1506175200, 46800, 50400},
	{"Pacific/Apia", 1522504800, 50400, 46800},
	{"Pacific/Apia", 1554559200, 50400, 46800},
	{"Pacific/Apia", 1586008800, 50400, 46800},
	{"Pacific/Apia", 1617458400, 50400, 46800},
	{"America/Sao_Paulo", 499748400, -10800, -7200},
	{"America/Sao_Paulo", 571197600, -7200, -10800},
	{"America/Sao_Paulo", 656478000, -10800, -7200},
	{"America/Sao_Paulo", 728445600, -7200, -10800},
	{"America/Sao_Paulo", 813726000, -10800, -7200},
	{"America/Sao_Paulo", 888717600, -7200, -10800},
	{"America/Sao_Paulo", 970974000, -10800, -7200},
	{"America/Sao_Paulo", 1066532400, -10800, -7200},
	{"America/Sao_Paulo", 1140314400, -7200, -10800},
	{"America/Sao_Paulo", 1224385200, -10800, -7200},
	{"America/Sao_Paulo", 1298167200, -7200, -10800},
	{"America/Sao_Paulo", 1382238000, -10800, -7200},
	{"America/Sao_Paulo", 1456020000, -7200, -10800},
	{"America/Sao_Paulo", 1550368800, -7200, -10800},
};

/* Seconds: the first instant whose local date is this one or a later one. */
static const struct {
	const char *zone, *date;
	int64_t start;
} starts[] = {
	{"Asia/Shanghai", "1986-05-04", 515520000},
	{"Asia/Shanghai", "2026-02-17", 1771257600},
	{"America/New_York", "2026-03-08", 1772946000},
	{"America/New_York", "2026-03-09", 1773028800},
	{"America/New_York", "2025-11-02", 1762056000},
	{"America/New_York", "2025-11-03", 1762146000},
	{"Europe/Berlin", "2025-03-30", 1743289200},
	{"Europe/Berlin", "2025-03-31", 1743372000},
	{"Europe/Berlin", "2025-10-26", 1761429600},
	{"Europe/Berlin", "2025-10-27", 1761519600},
	{"Australia/Lord_Howe", "2025-10-05", 1759584600},
	{"Australia/Lord_Howe", "2025-10-06", 1759669200},
	{"Australia/Lord_Howe", "2025-04-06", 1743858000},
	{"Australia/Lord_Howe", "2025-04-07", 1743946200},
	{"Africa/Cairo", "2024-04-26", 1714082400},
	{"Africa/Cairo", "2024-04-27", 1714165200},
	{"Africa/Cairo", "2024-10-31", 1730322000},
	{"Africa/Cairo", "2024-11-01", 1730412000},
	{"Pacific/Apia", "2011-12-29", 1325152800},
	{"Pacific/Apia", "2011-12-30", 1325239200},
	{"Pacific/Apia", "2011-12-31", 1325239200},
	{"Pacific/Apia", "2012-01-01", 1325325600},
	{"America/Sao_Paulo", "2018-02-17", 1518832800},
	{"America/Sao_Paulo", "2018-02-18", 1518922800},
	{"America/Sao_Paulo", "2018-11-04", 1541300400},
	{"America/Sao_Paulo", "2018-11-05", 1541383200},
	{"America/St_Johns", "2005-10-30", 1130639400},
	{"America/St_Johns", "2005-10-31", 1130729400},
};

/* Minutes after midnight, seconds: the first instant whose local clock shows this or more. */
static const struct {
	const char *zone, *date;
	int64_t minute, at;
} clocks[] = {
	{"America/New_York", "2026-03-08", 150, 1772953200},
	{"America/New_York", "2025-11-02", 90, 1762061400},
	{"America/New_York", "2025-11-02", 120, 1762066800},
	{"Europe/Berlin", "2025-03-30", 120, 1743296400},
	{"Europe/Berlin", "2025-10-26", 179, 1761440340},
	{"Australia/Lord_Howe", "2025-10-05", 135, 1759591800},
	{"Australia/Lord_Howe", "2025-04-06", 105, 1743864300},
	{"Asia/Shanghai", "2026-11-21", 600, 1795226400},
	{"Pacific/Apia", "2011-12-30", 720, 1325239200},
	{"America/Sao_Paulo", "2018-11-04", 30, 1541300400},
	{"America/Sao_Paulo", "2018-02-17", 1410, 1518917400},
};

static void
offsets_change_where_history_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(changes); i++) {
		const struct zone *zone = zone_of(changes[i].zone);
		int64_t at = changes[i].at * SECOND_MS;

		if (zone_offset(zone, at - 1) != changes[i].before * SECOND_MS ||
		    zone_offset(zone, at) != changes[i].after * SECOND_MS)
			fail_msg("%s at %lld", changes[i].zone, (long long)changes[i].at);
		assert_true(zone_day(zone, at) ==
			    floor_div(at + changes[i].after * SECOND_MS, DAY_MS));
	}
}

static void
the_next_change_is_where_another_offset_begins(void **state)
{
	struct zone *utc = zone_utc();

	(void)state;
	for (size_t i = 0; i < COUNT(changes); i++) {
		const struct zone *zone = zone_of(changes[i].zone);
		int64_t at = changes[i].at * SECOND_MS;

		if (changes[i].before == changes[i].after)
			continue;
		assert_int_equal(zone_next_change(zone, at - 1), at);
		assert_true(zone_next_change(zone, at) > at);
	}
	assert_true(zone_next_change(utc, 0) == NEVER);
	zone_destroy(utc);
}

static void
days_begin_where_history_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(starts); i++) {
		int64_t day;

		assert_true(parse_date(str_of(starts[i].date), &day));
		if (zone_day_start(zone_of(starts[i].zone), day) != starts[i].start * SECOND_MS)
			fail_msg("%s %s", starts[i].zone, starts[i].date);
	}
}

static void
local_clocks_lead_to_their_first_instant(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(clocks); i++) {
		const struct zone *zone = zone_of(clocks[i].zone);
		int64_t day;

		assert_true(parse_date(str_of(clocks[i].date), &day));
		if (zone_local(zone, day, clocks[i].minute * MINUTE_MS) !=
		    clocks[i].at * SECOND_MS)
			fail_msg("%s %s", clocks[i].zone, clocks[i].date);
	}
}

static void
a_skipped_date_is_empty(void **state)
{
	const struct zone *apia = zone_of("Pacific/Apia");
	int64_t skipped;

	(void)state;
	assert_true(parse_date(STR("2011-12-30"), &skipped));
	int64_t start = zone_day_start(apia, skipped);

	assert_true(start == zone_day_start(apia, skipped + 1));
	assert_true(zone_day(apia, start) == skipped + 1);
	assert_true(zone_day(apia, start - 1) == skipped - 1);
}

/* At 00:01 clocks went back to 23:01 of the day before: that hour stays with the new day. */
static void
a_date_does_not_come_back(void **state)
{
	const struct zone *zone = zone_of("America/St_Johns");
	int64_t day;

	(void)state;
	assert_true(parse_date(STR("2005-10-30"), &day));
	int64_t start = zone_day_start(zone, day);

	assert_true(zone_offset(zone, start) - zone_offset(zone, start + MINUTE_MS) == HOUR_MS);
	for (int64_t at = start; at < start + 3 * HOUR_MS; at += MINUTE_MS)
		assert_true(zone_day(zone, at) == day);
	assert_true(zone_day(zone, start - 1) == day - 1);
	assert_true(zone_day_start(zone, day + 1) - start == 25 * HOUR_MS);
}

/* From 1900 to 2150: each day is the half-open span between its start and the next one's. St. John's
 * moved its clocks by two hours in 1988. */
static void
days_tile_all_time(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		int64_t first = civil_day_of((struct civil_date){1900, 1, 1});
		int64_t last = civil_day_of((struct civil_date){2150, 1, 1});
		int64_t start = zone_day_start(zones[i], first);

		for (int64_t day = first; day < last; day++) {
			int64_t next = zone_day_start(zones[i], day + 1);
			bool is_skipped = next == start;

			if (is_skipped ? zone_day(zones[i], start) != day + 1
				       : zone_day(zones[i], start) != day ||
						 zone_day(zones[i], next - 1) != day)
				fail_msg("%s, day %lld", names[i], (long long)day);
			if (!is_skipped &&
			    (next - start < 22 * HOUR_MS || next - start > 26 * HOUR_MS))
				fail_msg("%s, day %lld", names[i], (long long)day);
			start = next;
		}
	}
}

static void
any_instant_lies_in_its_day(void **state)
{
	struct lcg lcg = {17};

	(void)state;
	for (int round = 0; round < 200000; round++) {
		const struct zone *zone = zones[lcg_below(&lcg, COUNT(names))];
		int64_t at = (int64_t)lcg_below(&lcg, 8000000) * 1000003 - 2300000000000;
		int64_t day = zone_day(zone, at);

		assert_true(zone_day_start(zone, day) <= at);
		assert_true(at < zone_day_start(zone, day + 1));
		int64_t shown = at + zone_offset(zone, at);
		int64_t back = zone_local(zone, floor_div(shown, DAY_MS),
					  shown - floor_div(shown, DAY_MS) * DAY_MS);

		/* In an hour that comes twice the first one is meant. */
		assert_true(back <= at && back + zone_offset(zone, back) == shown);
	}
}

static void
the_far_ends_of_time_are_answered(void **state)
{
	static const int64_t ends[] = {INT64_MIN,	 INT64_MIN + 1, -(INT64_C(1) << 61),
				       INT64_C(1) << 61, INT64_MAX - 1, NEVER};

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		for (size_t j = 0; j < COUNT(ends); j++) {
			int64_t offset = zone_offset(zones[i], ends[j]);

			assert_true(offset > -DAY_MS && offset < DAY_MS);
			assert_int_equal(zone_day(zones[i], ends[j]) > 0, ends[j] > 0);
			assert_int_equal(zone_day_start(zones[i], ends[j]) > 0, ends[j] > 0);
		}
	}
}

static void
utc_has_days_of_24_hours(void **state)
{
	struct zone *utc = zone_utc();

	(void)state;
	assert_true(str_is(zone_name(utc), "UTC"));
	for (int64_t day = -30000; day < 70000; day += 7) {
		assert_true(zone_day_start(utc, day) == day * DAY_MS);
		assert_true(zone_day(utc, day * DAY_MS - 1) == day - 1);
		assert_true(zone_day(utc, day * DAY_MS) == day);
		assert_true(zone_local(utc, day, HOUR_MS) == day * DAY_MS + HOUR_MS);
	}
	zone_destroy(utc);
	zone_destroy(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(offsets_change_where_history_says),
		cmocka_unit_test(the_next_change_is_where_another_offset_begins),
		cmocka_unit_test(days_begin_where_history_says),
		cmocka_unit_test(local_clocks_lead_to_their_first_instant),
		cmocka_unit_test(a_skipped_date_is_empty),
		cmocka_unit_test(a_date_does_not_come_back),
		cmocka_unit_test(days_tile_all_time),
		cmocka_unit_test(any_instant_lies_in_its_day),
		cmocka_unit_test(the_far_ends_of_time_are_answered),
		cmocka_unit_test(utc_has_days_of_24_hours),
	};

	return cmocka_run_group_tests(tests, load_zones, destroy_zones);
}
