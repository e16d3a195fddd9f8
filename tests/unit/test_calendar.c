/* SPDX-License-Identifier: Apache-2.0 */
/* Working calendars: what they say of days, and what rules make of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/calendar.h"
#include "base/mem.h"
#include "codec/rules_yaml.h"
#include "engine/core.h"
#include "support/scene.h"

static int64_t
day_of(const char *date)
{
	int64_t day;

	assert_true(parse_date(str_of(date), &day));
	return day;
}

/* The golden week of 2026 with the days worked for it. */
static struct calendar
golden_week(struct calendar_day days[16])
{
	static const struct str names[] = {{"mid_autumn", 10}, {"national_day", 12}};
	struct calendar calendar = calendar_plain();

	for (int i = 0; i < 7; i++)
		days[calendar.day_count++] =
			(struct calendar_day){.day = day_of("2026-10-07") - i, .name = 1};
	for (int i = 0; i < 3; i++)
		days[calendar.day_count++] =
			(struct calendar_day){.day = day_of("2026-09-25") + i, .name = 0};
	days[calendar.day_count++] =
		(struct calendar_day){.day = day_of("2026-09-20"), .name = -1};
	days[calendar.day_count++] =
		(struct calendar_day){.day = day_of("2026-10-10"), .name = -1};
	calendar.names = names;
	calendar.name_count = 2;
	calendar.days = days;
	calendar_finish(&calendar);
	return calendar;
}

static void
without_days_of_its_own_a_calendar_is_monday_to_friday(void **state)
{
	struct calendar plain = calendar_plain();

	(void)state;
	assert_true(calendar_is_workday(&plain, day_of("2026-03-02")));
	assert_true(calendar_is_workday(&plain, day_of("2026-03-06")));
	assert_false(calendar_is_workday(&plain, day_of("2026-03-07")));
	assert_false(calendar_is_workday(&plain, day_of("2026-03-08")));
	assert_int_equal(calendar_workdays(&plain, day_of("2026-03-02"), day_of("2026-03-15")),
			 10);
	assert_int_equal(calendar_workdays(&plain, day_of("2026-03-07"), day_of("2026-03-06")),
			 0);
}

static void
holidays_rest_and_make_up_days_work(void **state)
{
	struct calendar_day days[16];
	struct calendar calendar = golden_week(days);

	(void)state;
	assert_false(calendar_is_workday(&calendar, day_of("2026-10-01")));
	assert_true(calendar_is_workday(&calendar, day_of("2026-10-08")));
	assert_true(calendar_is_workday(&calendar, day_of("2026-10-10")));
	assert_false(calendar_is_workday(&calendar, day_of("2026-10-11")));
	assert_true(calendar_is_holiday(&calendar, day_of("2026-10-07"), 1));
	assert_false(calendar_is_holiday(&calendar, day_of("2026-10-07"), 0));
	assert_false(calendar_is_holiday(&calendar, day_of("2026-10-10"), 0));
	assert_false(calendar_is_holiday(&calendar, day_of("2026-10-08"), 1));
}

static void
working_days_between_two_dates_are_those_counted_one_by_one(void **state)
{
	struct calendar_day days[16];
	struct calendar calendar = golden_week(days);
	int64_t begin = day_of("2026-09-10");

	(void)state;
	for (int64_t first = begin; first < begin + 45; first++) {
		int64_t count = 0;

		for (int64_t last = first; last < begin + 45; last++) {
			count += calendar_is_workday(&calendar, last);
			assert_int_equal(calendar_workdays(&calendar, first, last), count);
		}
	}
	/* Before 1970 too. */
	assert_int_equal(calendar_workdays(&calendar, -20000, -20000 + 699), 500);
}

static void
the_nearest_working_day_lies_before_or_after(void **state)
{
	struct calendar_day days[16];
	struct calendar calendar = golden_week(days);

	(void)state;
	assert_int_equal(calendar_nearest_workday(&calendar, day_of("2026-10-03"), -1),
			 day_of("2026-09-30"));
	assert_int_equal(calendar_nearest_workday(&calendar, day_of("2026-10-03"), 1),
			 day_of("2026-10-08"));
	assert_int_equal(calendar_nearest_workday(&calendar, day_of("2026-10-10"), -1),
			 day_of("2026-10-10"));
	calendar.week = 0;
	assert_int_equal(calendar_nearest_workday(&calendar, day_of("2027-10-10"), 1),
			 day_of("2027-10-10"));
}

/* ---- In rules ---- */

#define GOLDEN                                                                                   \
	"timezone: Asia/Shanghai\n"                                                              \
	"calendar:\n"                                                                            \
	"  hours: '09:00-18:00'\n"                                                               \
	"  week: [mon, tue, wed, thu, fri]\n"                                                    \
	"  holidays: {2026-10-01: national_day, 2026-10-02: national_day, 2026-09-25: 中秋}\n" \
	"  workdays: [2026-10-10]\n"                                                             \
	"signals: {login: {on: login}}\n"

/* When a rule fires and clears, as local dates (with hours, if they are not midnight's). */
static void
turns(const char *head, const char *expr, const char *from, const char *to, const char *said)
{
	struct buf rules = {0}, lines = {0};
	struct scene w;

	buf_printf(&rules, "%srules:\n- {rule: r, expr: '%s', cooldown: 0s, points: 1}\n", head,
		   expr);
	scene_init(&w, rules.p);
	scene_send(&w, at(from), "c", "login", NULL);
	scene_advance(&w, at(to));
	for (const char *p = w.said.n ? w.said.p : ""; *p; p = strchr(p, '\n') + 1)
		buf_printf(&lines, "%.16s %s\n", p,
			   strncmp(p + 27, "rule.fired", 10) ? "false" : "true");
	assert_string_equal(lines.n ? lines.p : "", said);
	buf_finish(&lines);
	buf_finish(&rules);
	scene_finish(&w);
}

static void
is_workday_turns_at_local_midnight_of_holidays_and_make_up_days(void **state)
{
	(void)state;
	turns(GOLDEN, "not is_workday()", "2026-09-28 00:00", "2026-10-12 00:00",
	      "2026-09-30T16:00 true\n"	 /* Thursday 1 October */
	      "2026-10-04T16:00 false\n" /* Monday */
	      "2026-10-10T16:00 true\n"	 /* Sunday; Saturday is worked */
	      "2026-10-11T16:00 false\n");
}

static void
holiday_is_true_on_the_days_of_that_name(void **state)
{
	(void)state;
	turns(GOLDEN, "holiday(\"national_day\") or holiday(\"中秋\")", "2026-09-20 00:00",
	      "2026-10-12 00:00",
	      "2026-09-24T16:00 true\n2026-09-25T16:00 false\n"
	      "2026-09-30T16:00 true\n2026-10-02T16:00 false\n");
}

static void
workdays_of_a_silence_grow_at_each_working_days_midnight(void **state)
{
	(void)state;
	/* Last heard of on Wednesday 30 September at 15:00: Monday is 1, Tuesday 2, Wednesday 3. */
	turns(GOLDEN, "workdays(since(login)) >= 3", "2026-09-30 07:00", "2026-10-20 00:00",
	      "2026-10-06T16:00 true\n");
	turns("signals: {login: {on: login}}\n", "workdays(silent(login)) >= 2",
	      "2026-03-06 23:59:59.999", "2026-03-20 00:00", "2026-03-10T00:00 true\n");
}

static void
workdays_of_a_fixed_time_turn_where_it_leaves_a_day_behind(void **state)
{
	(void)state;
	/* 36 hours hold today and, until noon, yesterday as well. */
	turns("signals: {login: {on: login}}\n", "workdays(36h) == 2", "2026-03-02 00:00",
	      "2026-03-04 18:00",
	      "2026-03-03T00:00 true\n2026-03-03T12:00 false\n"
	      "2026-03-04T00:00 true\n2026-03-04T12:00 false\n");
	turns("signals: {login: {on: login}}\n", "workdays(7d) < 5", "2026-03-02 00:00",
	      "2026-03-30 00:00", "");
	turns(GOLDEN, "workdays(7d) < 5", "2026-09-21 00:00", "2026-10-20 00:00",
	      "2026-09-24T16:00 true\n" /* Mid-autumn */
	      "2026-10-08T16:00 false\n");
}

static void
a_look_between_edges_does_not_move_workdays(void **state)
{
	struct scene w;

	(void)state;
	scene_init(&w, "signals: {login: {on: login}, x: {on: x}}\n"
		       "rules:\n"
		       "- {rule: r, expr: 'workdays(since(login)) >= 2', cooldown: 0s}\n"
		       "- {rule: s, expr: 'count(x[1d live]) > 100'}\n");
	scene_send(&w, at("2026-03-03 23:00"), "c", "login", NULL);
	/* The day before closes at 00:10; what is asked at midnight is asked as of midnight. */
	scene_advance(&w, at("2026-03-04 23:59:59.999"));
	scene_send(&w, at("2026-03-04 23:59:59.999"), "c", "x", NULL);
	scene_expect(&w, "");
	scene_advance(&w, at("2026-03-05 12:00"));
	scene_expect(&w, "2026-03-05T00:00:00.000Z c rule.fired r risk=0 cause=time\n");
	scene_finish(&w);
}

/* ---- From a file ---- */

static void
load(const struct diag_file *files, unsigned count, struct ruleset **out, struct buf *said)
{
	const struct rules_loader loader = {0};
	struct arena arena;
	struct diags diags;

	arena_init(&arena);
	diags_init(&diags, &arena);
	*out = rules_load(files, count, &loader, (struct hash_seed){1, 2}, &diags);
	diags_print(said, &diags, false, false);
	diags_finish(&diags);
	arena_finish(&arena);
}

static const char asks[] = "churnd: 1\nname: t\ncalendar: cal.yaml\n"
			   "rules: [{rule: r, expr: holiday(\"may_day\")}]\n";

static void
a_calendar_file_stands_beside_the_rule_file_and_is_part_of_the_set(void **state)
{
	struct diag_file files[] = {
		{STR("rules/a.yaml"), STR("")},
		{STR("rules/cal.yaml"), STR("holidays: {2026-05-01: may_day}\n")}};
	struct ruleset *rules, *other;
	struct buf said = {0};

	(void)state;
	files[0].text = str_of(asks);
	load(files, 2, &rules, &said);
	assert_non_null(rules);
	assert_true(calendar_is_holiday(&rules->calendar, day_of("2026-05-01"), 0));
	files[1].text = STR("holidays: {2026-05-02: may_day}\n");
	load(files, 2, &other, &said);
	assert_string_not_equal(rules->sha_hex, other->sha_hex);
	ruleset_destroy(rules);
	ruleset_destroy(other);
	buf_finish(&said);
}

static void
mistakes_in_a_calendar_file_are_told_with_its_own_line_and_column(void **state)
{
	struct diag_file files[] = {
		{STR("a.yaml"), STR("")},
		{STR("cal.yaml"), STR("week: [mon]\nholidays:\n  2026-02-30: may_day\n")}};
	struct ruleset *rules;
	struct buf said = {0};

	(void)state;
	files[0].text = str_of(asks);
	load(files, 2, &rules, &said);
	assert_null(rules);
	assert_non_null(strstr(said.p, "cal.yaml:3:3: error E244: 2026-02-30 is not a date"));
	buf_clear(&said);
	load(files, 1, &rules, &said);
	assert_null(rules);
	assert_non_null(strstr(
		said.p, "a.yaml:3:11: error E243: the calendar file cal.yaml cannot be read"));
	buf_finish(&said);
}

static void
the_path_of_a_calendar_starts_at_the_rule_files_folder(void **state)
{
	const struct diag_file file = {STR("/etc/churnd/rules/a.yaml"),
				       STR("calendar: ../cn.yaml\n")};
	const struct diag_file inlined = {STR("a.yaml"), STR("calendar: {week: [mon]}\n")};
	struct arena arena;
	struct str path;

	(void)state;
	arena_init(&arena);
	assert_true(rules_calendar_of(&arena, &file, &path));
	assert_true(str_is(path, "/etc/churnd/rules/../cn.yaml"));
	assert_true(
		str_is(rules_calendar_path(&arena, STR("a.yaml"), STR("cn.yaml")), "cn.yaml"));
	assert_true(
		str_is(rules_calendar_path(&arena, file.name, STR("/cn.yaml")), "/cn.yaml"));
	assert_false(rules_calendar_of(&arena, &inlined, &path));
	arena_finish(&arena);
}

static void
the_shipped_calendar_of_2026_loads_and_has_248_working_days(void **state)
{
	struct diag_file files[] = {
		{STR("rules/x.yaml"),
		 STR("churnd: 1\nname: t\ncalendar: cn-2026.yaml\nrules:\n"
		     "- {rule: r, expr: 'holiday(\"spring_festival\") or is_workday()'}\n")},
		{STR("rules/cn-2026.yaml"), STR("")}};
	struct ruleset *rules;
	struct buf said = {0}, text = {0};
	FILE *file = fopen("rules/cn-2026.yaml", "rb");

	(void)state;
	assert_non_null(file);
	text.n = fread(buf_space(&text, 65536), 1, 65536, file);
	fclose(file);
	files[1].text = buf_view(&text);
	load(files, 2, &rules, &said);
	assert_true(rules != NULL && said.n == 0);
	assert_int_equal(
		calendar_workdays(&rules->calendar, day_of("2026-01-01"), day_of("2026-12-31")),
		248);
	assert_int_equal(rules->calendar.day_count, 33 + 6);
	assert_int_equal(rules->calendar.name_count, 7);
	ruleset_destroy(rules);
	buf_finish(&text);
	buf_finish(&said);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_days_of_its_own_a_calendar_is_monday_to_friday),
		cmocka_unit_test(holidays_rest_and_make_up_days_work),
		cmocka_unit_test(working_days_between_two_dates_are_those_counted_one_by_one),
		cmocka_unit_test(the_nearest_working_day_lies_before_or_after),
		cmocka_unit_test(
			is_workday_turns_at_local_midnight_of_holidays_and_make_up_days),
		cmocka_unit_test(holiday_is_true_on_the_days_of_that_name),
		cmocka_unit_test(workdays_of_a_silence_grow_at_each_working_days_midnight),
		cmocka_unit_test(workdays_of_a_fixed_time_turn_where_it_leaves_a_day_behind),
		cmocka_unit_test(a_look_between_edges_does_not_move_workdays),
		cmocka_unit_test(
			a_calendar_file_stands_beside_the_rule_file_and_is_part_of_the_set),
		cmocka_unit_test(
			mistakes_in_a_calendar_file_are_told_with_its_own_line_and_column),
		cmocka_unit_test(the_path_of_a_calendar_starts_at_the_rule_files_folder),
		cmocka_unit_test(the_shipped_calendar_of_2026_loads_and_has_248_working_days),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
