/* SPDX-License-Identifier: Apache-2.0 */
/* Working time: spans of working days, over nights, holidays, made-up days and changes of clocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/worktime.h"

static int64_t
at(const char *text)
{
	int64_t instant;

	assert_true(parse_instant(str_of(text), &instant, NULL));
	return instant;
}

static int64_t
day_of(const char *date)
{
	int64_t day;

	assert_true(parse_date(str_of(date), &day));
	return day;
}

/* UTC; Monday 2026-03-02 is a working day, the Thursday after it a holiday, the Saturday made up for it. */
struct office {
	struct zone *zone;
	struct calendar_day days[2];
	struct calendar calendar;
	struct worktime work;
};

static void
office_open(struct office *office)
{
	static const struct str names[] = {{"fair", 4}};

	office->zone = zone_utc();
	office->days[0] = (struct calendar_day){.day = day_of("2026-03-05"), .name = 0};
	office->days[1] = (struct calendar_day){.day = day_of("2026-03-07"), .name = -1};
	office->calendar = calendar_plain();
	office->calendar.names = names;
	office->calendar.name_count = 1;
	office->calendar.days = office->days;
	office->calendar.day_count = 2;
	calendar_finish(&office->calendar);
	office->work = (struct worktime){office->zone, &office->calendar};
}

static void
it_begins_when_the_day_opens_and_ends_when_it_closes(void **state)
{
	struct office office;

	(void)state;
	office_open(&office);
	assert_false(worktime_is(&office.work, at("2026-03-02T08:59:59.999Z")));
	assert_true(worktime_is(&office.work, at("2026-03-02T09:00:00Z")));
	assert_true(worktime_is(&office.work, at("2026-03-02T17:59:59.999Z")));
	assert_false(worktime_is(&office.work, at("2026-03-02T18:00:00Z")));
	assert_false(worktime_is(&office.work, at("2026-03-05T12:00:00Z")));
	assert_true(worktime_is(&office.work, at("2026-03-07T12:00:00Z")));
	assert_false(worktime_is(&office.work, at("2026-03-08T12:00:00Z")));
	zone_destroy(office.zone);
}

static void
the_next_of_it_is_now_or_when_a_day_opens(void **state)
{
	struct office office;

	(void)state;
	office_open(&office);
	assert_int_equal(worktime_next(&office.work, at("2026-03-02T10:30:00Z")),
			 at("2026-03-02T10:30:00Z"));
	assert_int_equal(worktime_next(&office.work, at("2026-03-02T03:00:00Z")),
			 at("2026-03-02T09:00:00Z"));
	assert_int_equal(worktime_next(&office.work, at("2026-03-04T18:00:00Z")),
			 at("2026-03-06T09:00:00Z"));
	assert_int_equal(worktime_next(&office.work, at("2026-03-07T18:00:00Z")),
			 at("2026-03-09T09:00:00Z"));
	zone_destroy(office.zone);
}

static void
what_takes_longer_than_a_day_goes_on_when_the_next_one_opens(void **state)
{
	struct office office;

	(void)state;
	office_open(&office);
	assert_int_equal(worktime_after(&office.work, at("2026-03-02T16:00:00Z"), 2 * HOUR_MS),
			 at("2026-03-02T18:00:00Z"));
	assert_int_equal(
		worktime_after(&office.work, at("2026-03-02T16:00:00Z"), 2 * HOUR_MS + 1),
		at("2026-03-03T09:00:00.001Z"));
	/* Wednesday noon: 6 h then, 9 h on Friday, 9 on the Saturday made up. */
	assert_int_equal(worktime_after(&office.work, at("2026-03-04T12:00:00Z"), 25 * HOUR_MS),
			 at("2026-03-09T10:00:00Z"));
	assert_int_equal(worktime_after(&office.work, at("2026-03-04T20:00:00Z"), 0),
			 at("2026-03-06T09:00:00Z"));
	zone_destroy(office.zone);
}

static void
between_two_instants_only_working_time_counts(void **state)
{
	struct office office;

	(void)state;
	office_open(&office);
	assert_int_equal(worktime_between(&office.work, at("2026-03-02T00:00:00Z"),
					  at("2026-03-09T00:00:00Z")),
			 5 * 9 * HOUR_MS);
	assert_int_equal(worktime_between(&office.work, at("2026-03-02T10:00:00Z"),
					  at("2026-03-02T10:00:00Z")),
			 0);
	assert_int_equal(worktime_between(&office.work, at("2026-03-02T17:30:00Z"),
					  at("2026-03-03T09:30:00Z")),
			 HOUR_MS);
	zone_destroy(office.zone);
}

static void
an_office_that_never_opens_has_none(void **state)
{
	struct office office;

	(void)state;
	office_open(&office);
	office.calendar = calendar_plain();
	office.calendar.week = 0;
	assert_int_equal(worktime_next(&office.work, at("2026-03-02T10:00:00Z")), NEVER);
	assert_int_equal(worktime_after(&office.work, at("2026-03-02T10:00:00Z"), 1), NEVER);
	zone_destroy(office.zone);
}

static void
a_day_that_closes_at_midnight_runs_into_the_next(void **state)
{
	struct office office;

	(void)state;
	office_open(&office);
	office.calendar.opens = 0;
	office.calendar.closes = DAY_MS;
	assert_int_equal(worktime_after(&office.work, at("2026-03-02T23:00:00Z"), 2 * HOUR_MS),
			 at("2026-03-03T01:00:00Z"));
	zone_destroy(office.zone);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_begins_when_the_day_opens_and_ends_when_it_closes),
		cmocka_unit_test(the_next_of_it_is_now_or_when_a_day_opens),
		cmocka_unit_test(what_takes_longer_than_a_day_goes_on_when_the_next_one_opens),
		cmocka_unit_test(between_two_instants_only_working_time_counts),
		cmocka_unit_test(an_office_that_never_opens_has_none),
		cmocka_unit_test(a_day_that_closes_at_midnight_runs_into_the_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
