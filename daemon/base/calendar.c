/* SPDX-License-Identifier: Apache-2.0 */
/* Which days are working days, and how many lie between two. */
#include "base/calendar.h"

#include <stdlib.h>

#include "base/civil.h"

#define MONDAY_TO_FRIDAY 0x1fu

struct calendar
calendar_plain(void)
{
	return (struct calendar){
		.week = MONDAY_TO_FRIDAY, .opens = 9 * HOUR_MS, .closes = 18 * HOUR_MS};
}

static bool
week_works(const struct calendar *calendar, int64_t day)
{
	return calendar->week >> civil_weekday(day) & 1;
}

static int
by_day(const void *a, const void *b)
{
	const struct calendar_day *x = a, *y = b;

	return (x->day > y->day) - (x->day < y->day);
}

void
calendar_finish(struct calendar *calendar)
{
	int balance = 0;

	if (calendar->day_count > 0)
		qsort(calendar->days, calendar->day_count, sizeof *calendar->days, by_day);
	for (unsigned i = 0; i < calendar->day_count; i++) {
		struct calendar_day *day = &calendar->days[i];

		balance += (day->name < 0) - week_works(calendar, day->day);
		day->balance = balance;
	}
}

/* The last listed day that is not after `day`, or NULL. */
static const struct calendar_day *
last_until(const struct calendar *calendar, int64_t day)
{
	unsigned low = 0, high = calendar->day_count;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;

		if (calendar->days[middle].day <= day)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 ? &calendar->days[low - 1] : NULL;
}

const struct calendar_day *
calendar_find(const struct calendar *calendar, int64_t day)
{
	const struct calendar_day *last = last_until(calendar, day);

	return last != NULL && last->day == day ? last : NULL;
}

bool
calendar_is_workday(const struct calendar *calendar, int64_t day)
{
	const struct calendar_day *listed = calendar_find(calendar, day);

	return listed != NULL ? listed->name < 0 : week_works(calendar, day);
}

bool
calendar_is_holiday(const struct calendar *calendar, int64_t day, unsigned name)
{
	const struct calendar_day *listed = calendar_find(calendar, day);

	return listed != NULL && listed->name == (int)name;
}

int64_t
calendar_next_holiday(const struct calendar *calendar, int64_t day, unsigned name)
{
	const struct calendar_day *last = last_until(calendar, day);
	unsigned i = last != NULL ? (unsigned)(last - calendar->days) + 1 : 0;

	while (i < calendar->day_count && calendar->days[i].name != (int)name)
		i++;
	return i < calendar->day_count ? calendar->days[i].day : INT64_MAX;
}

static int64_t
count_bits(unsigned bits)
{
	return __builtin_popcount(bits);
}

/* Working days from some Monday long ago to `day`. */
static int64_t
workdays_until(const struct calendar *calendar, int64_t day)
{
	const struct calendar_day *last = last_until(calendar, day);
	int weekday = civil_weekday(day);
	int64_t weeks = (day - weekday + 3) / 7; /* day 0 is a Thursday; exact, so no floor */

	return weeks * count_bits(calendar->week) +
	       count_bits(calendar->week & ((2u << weekday) - 1)) +
	       (last != NULL ? last->balance : 0);
}

int64_t
calendar_workdays(const struct calendar *calendar, int64_t first, int64_t last)
{
	if (last < first)
		return 0;
	return workdays_until(calendar, last) - workdays_until(calendar, first - 1);
}

int64_t
calendar_nearest_workday(const struct calendar *calendar, int64_t day, int step)
{
	for (int i = 0; i <= CALENDAR_MAX_SHIFT; i++)
		if (calendar_is_workday(calendar, day + i * step))
			return day + i * step;
	return day;
}
