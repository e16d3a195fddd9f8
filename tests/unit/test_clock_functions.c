/* SPDX-License-Identifier: Apache-2.0 */
/* hour() weekday() month() now(): they turn at the very millisecond at which local clocks do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "engine/core.h"
#include "support/scene.h"

/* What a rule with this expression says, by time alone, from its customer's first event on. */
static void
turns(const char *zone, const char *expr, const char *from, const char *to, const char *said)
{
	struct buf rules = {0}, lines = {0};
	struct scene w;

	buf_printf(&rules,
		   "timezone: %s\n"
		   "profile: {t: time, limit: duration}\n"
		   "signals: {login: {on: login}}\n"
		   "rules:\n"
		   "- {rule: r, expr: '%s', cooldown: 0s, points: 1}\n",
		   zone, expr);
	scene_init(&w, rules.p);
	scene_send(&w, at(from), "c", "login", NULL);
	scene_advance(&w, at(to));
	for (const char *p = w.said.n ? w.said.p : ""; *p;) {
		const char *end = strchr(p, '\n');

		buf_printf(&lines, "%.16s %s\n", p,
			   strstr(p, "fired") && strstr(p, "fired") < end ? "true" : "false");
		assert_memory_equal(p + 17, "00.000", 6);
		p = end + 1;
	}
	assert_string_equal(lines.n ? lines.p : "", said);
	buf_finish(&lines);
	buf_finish(&rules);
	scene_finish(&w);
}

static void
hour_is_what_local_clocks_show(void **state)
{
	(void)state;
	turns("Asia/Shanghai", "hour() >= 9 and hour() < 18", "2026-03-02 00:00",
	      "2026-03-03 02:00",
	      "2026-03-02T01:00 true\n2026-03-02T10:00 false\n2026-03-03T01:00 true\n");
	turns("Asia/Kolkata", "hour() == 9", "2026-03-02 00:00", "2026-03-03 00:00",
	      "2026-03-02T03:30 true\n2026-03-02T04:30 false\n");
}

static void
an_hour_that_clocks_show_twice_is_there_twice(void **state)
{
	(void)state;
	/* 01:00 to 02:00 in summer time, then again. */
	turns("America/New_York", "hour() == 1", "2026-10-31 12:00", "2026-11-02 00:00",
	      "2026-11-01T05:00 true\n2026-11-01T07:00 false\n");
	turns("Europe/Berlin", "hour() == 2", "2026-10-24 12:00", "2026-10-25 22:00",
	      "2026-10-25T00:00 true\n2026-10-25T02:00 false\n");
	/* Half an hour: 01:00 to 02:00, then 01:30 to 02:00. */
	turns("Australia/Lord_Howe", "hour() == 1", "2026-04-04 06:00", "2026-04-05 10:00",
	      "2026-04-04T14:00 true\n2026-04-04T15:30 false\n");
}

static void
an_hour_that_clocks_skip_is_never_there(void **state)
{
	(void)state;
	turns("America/New_York", "hour() == 2", "2026-03-08 05:00", "2026-03-09 05:00", "");
	turns("America/New_York", "hour() == 3", "2026-03-08 05:00", "2026-03-09 05:00",
	      "2026-03-08T07:00 true\n2026-03-08T08:00 false\n");
	turns("Europe/Berlin", "hour() == 2", "2026-03-28 12:00", "2026-03-29 12:00", "");
	/* Half of it is skipped. */
	turns("Australia/Lord_Howe", "hour() == 2", "2026-10-03 12:00", "2026-10-04 10:00",
	      "2026-10-03T15:30 true\n2026-10-03T16:00 false\n");
}

static void
weekday_turns_with_the_local_date(void **state)
{
	(void)state;
	turns("Asia/Shanghai", "weekday() == \"mon\"", "2026-03-01 00:00", "2026-03-04 00:00",
	      "2026-03-01T16:00 true\n2026-03-02T16:00 false\n");
	turns("UTC", "weekday() in [\"sat\", \"sun\"]", "2026-03-02 00:00", "2026-03-10 00:00",
	      "2026-03-07T00:00 true\n2026-03-09T00:00 false\n");
	turns("UTC", "weekday() > \"thu\"", "2026-03-02 00:00", "2026-03-10 00:00",
	      "2026-03-06T00:00 true\n2026-03-09T00:00 false\n");
}

static void
weekday_lasts_23_to_25_hours_where_clocks_change(void **state)
{
	(void)state;
	turns("America/New_York", "weekday() == \"sun\"", "2026-03-07 12:00",
	      "2026-03-10 00:00", "2026-03-08T05:00 true\n2026-03-09T04:00 false\n");
	turns("Europe/Berlin", "weekday() == \"sun\"", "2026-10-24 12:00", "2026-10-27 00:00",
	      "2026-10-24T22:00 true\n2026-10-25T23:00 false\n");
	turns("Australia/Lord_Howe", "weekday() == \"sun\"", "2026-04-04 06:00",
	      "2026-04-07 00:00", "2026-04-04T13:00 true\n2026-04-05T13:30 false\n");
}

static void
a_day_begins_at_the_first_instant_of_its_date_where_midnight_is_skipped(void **state)
{
	(void)state;
	/* On 29 March clocks in Beirut go from 00:00 to 01:00, on 6 September so in Santiago. */
	turns("Asia/Beirut", "weekday() == \"sun\"", "2026-03-28 12:00", "2026-03-31 00:00",
	      "2026-03-28T22:00 true\n2026-03-29T21:00 false\n");
	turns("Asia/Beirut", "weekday() == \"sun\" and hour() == 0", "2026-03-28 12:00",
	      "2026-03-31 00:00", "");
	turns("America/Santiago", "weekday() == \"sun\"", "2026-09-05 12:00",
	      "2026-09-08 00:00", "2026-09-06T04:00 true\n2026-09-07T03:00 false\n");
	/* On 5 April midnight comes twice in Santiago: Saturday has 25 hours, its 23rd is there again. */
	turns("America/Santiago", "weekday() == \"sat\"", "2026-04-03 12:00",
	      "2026-04-07 00:00", "2026-04-04T03:00 true\n2026-04-05T04:00 false\n");
	turns("America/Santiago", "weekday() == \"sat\" and hour() == 23", "2026-04-03 12:00",
	      "2026-04-07 00:00", "2026-04-05T02:00 true\n2026-04-05T04:00 false\n");
}

static void
month_turns_with_the_local_date(void **state)
{
	(void)state;
	turns("Asia/Shanghai", "month() == 12", "2026-11-20 00:00", "2027-03-01 00:00",
	      "2026-11-30T16:00 true\n2026-12-31T16:00 false\n");
	turns("America/New_York", "month() in [2, 3]", "2026-01-15 00:00", "2026-06-01 00:00",
	      "2026-02-01T05:00 true\n2026-04-01T04:00 false\n");
}

static void
now_passes_an_instant_at_that_instant(void **state)
{
	struct scene w;

	(void)state;
	turns("Asia/Shanghai", "now() >= \"2026-03-02T10:30:00+08:00\"", "2026-03-02 00:00",
	      "2026-03-03 00:00", "2026-03-02T02:30 true\n");
	scene_init(&w, "profile: {t: time}\n"
		       "signals: {login: {on: login}}\n"
		       "rules:\n"
		       "- {rule: r, expr: 'now() > profile.t', cooldown: 0s, points: 1}\n");
	scene_send(&w, at("2026-03-02 00:00"), "c", "profile", "t=2026-03-05T10:00:00Z", NULL);
	assert_int_equal(engine_next_due(w.engine), at("2026-03-05 10:00") + 1);
	scene_advance(&w, at("2026-03-06 00:00"));
	scene_expect(&w, "2026-03-05T10:00:00.001Z c rule.fired r risk=1 cause=time\n");
	scene_finish(&w);
}

static void
a_clock_function_beside_others_turns_at_its_edge(void **state)
{
	(void)state;
	/* Two days of silence at 12:00, but calls are made from 9 to 18 o'clock of workdays only. */
	turns("UTC",
	      "silent(login) >= 60h and weekday() < \"sat\" and hour() >= 9 and hour() < 18",
	      "2026-03-05 12:00", "2026-03-10 00:00",
	      "2026-03-09T09:00 true\n2026-03-09T18:00 false\n");
	turns("UTC", "silent(login) >= if(hour() < 12, 20h, 60h)", "2026-03-05 12:00",
	      "2026-03-07 04:00",
	      "2026-03-06T08:00 true\n2026-03-06T12:00 false\n2026-03-07T00:00 true\n");
	turns("UTC", "count(login[7d]) > hour() - 2", "2026-03-05 12:00", "2026-03-07 12:00",
	      "2026-03-06T00:00 true\n2026-03-06T03:00 false\n2026-03-07T00:00 true\n"
	      "2026-03-07T03:00 false\n");
}

/* When the customer is looked at next, by time alone. */
static void
next_look(const char *expr, const char *from, const char *next)
{
	struct buf rules = {0};
	struct scene w;

	buf_printf(
		&rules,
		"timezone: Asia/Shanghai\n"
		"calendar: {holidays: {2026-10-01: national_day, 2026-10-02: national_day}}\n"
		"signals: {login: {on: login}}\nrules:\n- {rule: r, expr: '%s'}\n",
		expr);
	scene_init(&w, rules.p);
	scene_send(&w, at(from), "c", "login", NULL);
	assert_int_equal(engine_next_due(w.engine), next ? at(next) : NEVER);
	buf_finish(&rules);
	scene_finish(&w);
}

static void
edges_at_which_nothing_turns_are_not_looked_at(void **state)
{
	(void)state;
	next_look("hour() >= 9", "2026-03-02 02:00", "2026-03-02 16:00");
	next_look("9 > hour()", "2026-03-02 16:30", "2026-03-03 01:00");
	next_look("hour() in [3, 4]", "2026-03-02 00:00", "2026-03-02 19:00");
	next_look("not (hour() in [3, 4])", "2026-03-02 19:00", "2026-03-02 21:00");
	next_look("weekday() in [\"sat\", \"sun\"]", "2026-03-02 00:00", "2026-03-06 16:00");
	next_look("month() == 12", "2026-03-02 00:00", "2026-11-30 16:00");
	next_look("is_workday()", "2026-09-28 00:00", "2026-09-30 16:00");
	next_look("is_workday()", "2026-10-01 00:00", "2026-10-04 16:00");
	next_look("holiday(\"national_day\")", "2026-03-02 00:00", "2026-09-30 16:00");
	next_look("holiday(\"national_day\")", "2026-10-01 20:00", "2026-10-02 16:00");
	next_look("holiday(\"national_day\")", "2026-10-03 00:00", NULL);
	/* Compared with what is no constant, or computed with: each edge. */
	next_look("hour() * 2 > 18", "2026-03-02 02:00", "2026-03-02 03:00");
	next_look("hour() > count(login[1d])", "2026-03-02 02:00", "2026-03-02 03:00");
}

static void
an_extra_event_between_edges_changes_nothing(void **state)
{
	struct scene w;
	char said[2][400];

	(void)state;
	for (int extra = 0; extra < 2; extra++) {
		scene_init(&w, "signals: {login: {on: login}, x: {on: x}}\n"
			       "rules:\n"
			       "- {rule: r, expr: 'hour() in [3, 5] and silent(login) >= 2h', "
			       "cooldown: 0s, points: 1}\n"
			       "- {rule: s, expr: 'count(x[1d live]) > 100'}\n");
		scene_send(&w, at("2026-03-02 00:00"), "c", "login", NULL);
		if (extra)
			for (int i = 1; i < 20; i++)
				scene_send(&w, at("2026-03-02 00:00") + i * 17 * MINUTE_MS, "c",
					   "x", NULL);
		scene_advance(&w, at("2026-03-02 12:00"));
		snprintf(said[extra], sizeof said[extra], "%s", w.said.p);
		scene_finish(&w);
	}
	assert_string_equal(said[0], said[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hour_is_what_local_clocks_show),
		cmocka_unit_test(an_hour_that_clocks_show_twice_is_there_twice),
		cmocka_unit_test(an_hour_that_clocks_skip_is_never_there),
		cmocka_unit_test(weekday_turns_with_the_local_date),
		cmocka_unit_test(weekday_lasts_23_to_25_hours_where_clocks_change),
		cmocka_unit_test(
			a_day_begins_at_the_first_instant_of_its_date_where_midnight_is_skipped),
		cmocka_unit_test(month_turns_with_the_local_date),
		cmocka_unit_test(now_passes_an_instant_at_that_instant),
		cmocka_unit_test(a_clock_function_beside_others_turns_at_its_edge),
		cmocka_unit_test(edges_at_which_nothing_turns_are_not_looked_at),
		cmocka_unit_test(an_extra_event_between_edges_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
