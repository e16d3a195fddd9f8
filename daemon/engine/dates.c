/* SPDX-License-Identifier: Apache-2.0 */
/* Date rules: from a date, its steps and its repetitions to instants. */
#include <stdlib.h>

#include "engine/core.h"

/* An instant lies at most so many days off its occurrence less its step: a shift to a working day, an hour of
 * the day, a zone. */
#define SLACK (CALENDAR_MAX_SHIFT + 3)

/* The first instant of `at` on a day, or on the working day that stands for it. */
static int64_t
instant_of(const struct ruleset *rules, const struct date_plan *plan, int64_t day)
{
	if (plan->shift != 0)
		day = calendar_nearest_workday(&rules->calendar, day, plan->shift);
	return zone_local(rules->zone, day, plan->at);
}

static int64_t
first_of_month(int64_t month)
{
	int64_t year = month / 12 - (month % 12 < 0);

	return civil_day_of((struct civil_date){(int)year, (int)(month - year * 12) + 1, 1});
}

/* So many months later: the same day of the month, or its last one (31 January, 28 February, 31 March). */
static int64_t
add_months(int64_t base, int64_t months)
{
	struct civil_date date = civil_date_of(base);
	int64_t month = date.year * INT64_C(12) + date.month - 1 + months;
	int64_t begin = first_of_month(month), length = first_of_month(month + 1) - begin;

	return begin + (date.day < length ? date.day : length) - 1;
}

static int64_t
occurrence(const struct date_plan *plan, int64_t base, int64_t number)
{
	if (plan->repeat == REPEAT_ONCE)
		return base;
	if (plan->repeat == REPEAT_MONTHS)
		return add_months(base, number * plan->every);
	return base + number * plan->every;
}

/* How many repetitions fit between base and day, to within one. */
static int64_t
repetitions(const struct date_plan *plan, int64_t base, int64_t day)
{
	struct civil_date from = civil_date_of(base), to = civil_date_of(day);

	if (plan->repeat == REPEAT_DAYS)
		return (day - base) / plan->every;
	return ((to.year - from.year) * INT64_C(12) + to.month - from.month) / plan->every;
}

static void
take_instant(struct date_steps *around, int64_t at, int64_t now)
{
	if (at <= now && at > around->last)
		around->last = at;
	if (at > now && at < around->next)
		around->next = at;
}

static int64_t
at_least_0(int64_t number)
{
	return number > 0 ? number : 0;
}

/* One step of all repetitions: the first instant after now, by halving, and the one before it. */
static void
take_step(const struct ruleset *rules, const struct date_plan *plan, int64_t base, int step,
	  struct date_steps *around, int64_t now)
{
	int64_t day = zone_day(rules->zone, now) + step;
	int64_t slack = plan->repeat == REPEAT_MONTHS ? 3 : SLACK / plan->every + 2;
	int64_t about = repetitions(plan, base, day);
	int64_t low = at_least_0(about - slack), high = at_least_0(about + slack);

	while (low < high) {
		int64_t middle = low + (high - low) / 2;

		if (instant_of(rules, plan, occurrence(plan, base, middle) - step) > now)
			high = middle;
		else
			low = middle + 1;
	}
	take_instant(around, instant_of(rules, plan, occurrence(plan, base, low) - step), now);
	if (low > 0)
		take_instant(around,
			     instant_of(rules, plan, occurrence(plan, base, low - 1) - step),
			     now);
}

/* ---- Holidays: their instants are the same for all customers ---- */

static struct date_steps
around_holiday(const struct date_plan *plan, int64_t now)
{
	struct date_steps around = {.last = INT64_MIN, .next = NEVER};
	unsigned low = 0, high = plan->instant_count;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;

		if (plan->instants[middle] <= now)
			low = middle + 1;
		else
			high = middle;
	}
	if (low > 0)
		around.last = plan->instants[low - 1];
	if (low < plan->instant_count)
		around.next = plan->instants[low];
	return around;
}

static int
by_time(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* A festival of several days is greeted once: its date is the first of them. */
static bool
begins_holiday(const struct calendar *calendar, const struct calendar_day *day, unsigned name)
{
	return day->name == (int)name && !calendar_is_holiday(calendar, day->day - 1, name);
}

void
dates_lay_out(struct ruleset *rules, struct date_plan *plan)
{
	const struct calendar *calendar = &rules->calendar;
	size_t count = 0;

	if (plan->date != NULL)
		return;
	for (unsigned i = 0; i < calendar->day_count; i++)
		count += begins_holiday(calendar, &calendar->days[i], plan->holiday);
	plan->instants =
		arena_array(&rules->arena, count * plan->step_count, sizeof *plan->instants);
	count = 0;
	for (unsigned i = 0; i < calendar->day_count; i++)
		for (unsigned k = 0;
		     k < plan->step_count &&
		     begins_holiday(calendar, &calendar->days[i], plan->holiday);
		     k++)
			plan->instants[count++] =
				instant_of(rules, plan, calendar->days[i].day - plan->steps[k]);
	if (count > 0)
		qsort(plan->instants, count, sizeof *plan->instants, by_time);
	plan->instant_count = (unsigned)count;
}

struct date_steps
dates_around(const struct ruleset *rules, const struct date_plan *plan, struct value base,
	     int64_t now)
{
	struct date_steps around = {.last = INT64_MIN, .next = NEVER};

	if (plan->date == NULL)
		return around_holiday(plan, now);
	if (!base.known)
		return around;
	for (unsigned i = 0; i < plan->step_count; i++) {
		if (plan->repeat == REPEAT_ONCE)
			take_instant(&around,
				     instant_of(rules, plan, base.u.i - plan->steps[i]), now);
		else
			take_step(rules, plan, base.u.i, plan->steps[i], &around, now);
	}
	return around;
}
