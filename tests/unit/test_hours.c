/* SPDX-License-Identifier: Apache-2.0 */
/* Hours of endpoints in a zone and a calendar. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/zone.h"
#include "codec/hours.h"

static struct almanac *almanac;

/* An hour east of UTC, from 2026-03-29T01:00Z on two; Friday 2026-05-01 is a holiday, Saturday the 2nd made up. */
static int
begin(void **state)
{
	struct calendar calendar = calendar_plain();
	struct zone *zone = zone_create(STR("Test"), HOUR_MS);
	struct str holiday = STR("holiday");
	struct calendar_day days[2] = {{.name = 0}, {.name = -1}};

	(void)state;
	assert_true(parse_date(STR("2026-05-01"), &days[0].day));
	assert_true(parse_date(STR("2026-05-02"), &days[1].day));
	calendar.names = &holiday;
	calendar.name_count = 1;
	calendar.days = days;
	calendar.day_count = 2;
	calendar_finish(&calendar);
	zone_add_change(zone, civil_day_of((struct civil_date){2026, 3, 29}) * DAY_MS + HOUR_MS,
			2 * HOUR_MS);
	zone_finish_changes(zone);
	almanac = almanac_copy(zone, &calendar);
	zone_destroy(zone);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	almanac_destroy(almanac);
	return 0;
}

static void
check(const struct quiet *hours, const char *at, bool open, const char *until)
{
	char text[INSTANT_TEXT] = "never";
	struct err err;
	int64_t instant, changes;

	if (!parse_instant(str_of(at), &instant, &err))
		fail_msg("%s", err.text);
	if (hours_open(almanac, hours, instant, &changes) != open)
		fail_msg("at %s they are %s", at, open ? "closed" : "open");
	if (changes != NEVER)
		print_instant(changes, text);
	assert_string_equal(text, until);
}

static void
hours_are_those_of_the_zone(void **state)
{
	const struct quiet hours = {.given = true, .from = 9 * HOUR_MS, .to = 21 * HOUR_MS};

	(void)state;
	check(&hours, "2026-03-28T07:59:59.999Z", false, "2026-03-28T08:00:00.000Z");
	check(&hours, "2026-03-28T08:00:00Z", true, "2026-03-28T20:00:00.000Z");
	check(&hours, "2026-03-28T19:59:59.999Z", true, "2026-03-28T20:00:00.000Z");
	check(&hours, "2026-03-28T20:00:00Z", false, "2026-03-29T07:00:00.000Z"); /* summer */
}

static void
workdays_are_those_of_the_calendar(void **state)
{
	const struct quiet hours = {
		.given = true, .from = 9 * HOUR_MS, .to = 21 * HOUR_MS, .workdays = true};

	(void)state;
	check(&hours, "2026-04-30T19:00:00Z", false, "2026-05-02T07:00:00.000Z");
	check(&hours, "2026-05-02T10:00:00Z", true, "2026-05-02T19:00:00.000Z");
	check(&hours, "2026-05-02T19:00:00Z", false, "2026-05-04T07:00:00.000Z");
}

static void
a_whole_day_ends_with_it(void **state)
{
	const struct quiet hours = {.given = true, .from = 0, .to = DAY_MS};

	(void)state;
	check(&hours, "2026-05-01T12:00:00Z", true, "2026-05-01T22:00:00.000Z");
	check(&hours, "2026-05-01T22:00:00Z", true, "2026-05-02T22:00:00.000Z");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(hours_are_those_of_the_zone, begin, end),
		cmocka_unit_test_setup_teardown(workdays_are_those_of_the_calendar, begin, end),
		cmocka_unit_test_setup_teardown(a_whole_day_ends_with_it, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
