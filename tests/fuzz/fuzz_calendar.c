/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a calendar file: no crash, and what it says of single days adds up. */
#include <stdint.h>
#include <stdlib.h>

#include "codec/rules_yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static const char rule_file[] = "churnd: 1\n"
				"name: f\n"
				"calendar: calendar.yaml\n"
				"rules: [{rule: r, expr: is_workday()}]\n";

static void
require(bool holds)
{
	if (!holds)
		abort();
}

static void
check_days(const struct calendar *calendar, int64_t from)
{
	int64_t count = 0;

	for (int64_t day = from; day < from + 50; day++) {
		int64_t after = calendar_nearest_workday(calendar, day, 1);
		int64_t before = calendar_nearest_workday(calendar, day, -1);

		count += calendar_is_workday(calendar, day);
		require(calendar_workdays(calendar, from, day) == count);
		require(after >= day && after <= day + CALENDAR_MAX_SHIFT);
		require(before <= day && before >= day - CALENDAR_MAX_SHIFT);
	}
}

static void
check_calendar(const struct calendar *calendar)
{
	require(calendar->opens < calendar->closes && calendar->closes <= 24 * HOUR_MS);
	require(calendar->week > 0 && calendar->week < 128);
	require(calendar->day_count <= CALENDAR_MAX_DAYS);
	check_days(calendar, -20);
	for (unsigned i = 0; i < calendar->day_count && i < 20; i++) {
		require(calendar_find(calendar, calendar->days[i].day) == &calendar->days[i]);
		check_days(calendar, calendar->days[i].day - 10);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	const struct diag_file files[] = {
		{STR("rules.yaml"), {rule_file, sizeof rule_file - 1}},
		{STR("calendar.yaml"), {(const char *)bytes, n}}};
	const struct rules_loader loader = {0};
	struct arena arena;
	struct diags diags;
	struct buf out = {0};
	struct ruleset *rules;

	arena_init(&arena);
	diags_init(&diags, &arena);
	rules = rules_load(files, 2, &loader, (struct hash_seed){1, 2}, &diags);
	require((rules == NULL) == (diags.errors > 0));
	if (rules != NULL)
		check_calendar(&rules->calendar);
	ruleset_destroy(rules);
	diags_print(&out, &diags, false, false);
	diags_print(&out, &diags, true, false);
	buf_finish(&out);
	diags_finish(&diags);
	arena_finish(&arena);
	return 0;
}
