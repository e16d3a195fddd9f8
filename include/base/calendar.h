/* SPDX-License-Identifier: Apache-2.0 */
/* A working calendar: a week, holidays and make-up days, on local days. */
#ifndef BASE_CALENDAR_H
#define BASE_CALENDAR_H

#include "base/text.h"

#define CALENDAR_MAX_DAYS 4000 /* holidays and make-up days together */
#define CALENDAR_MAX_SHIFT 31  /* days that a working day is looked for */

/* One day that is not as its weekday says. */
struct calendar_day {
	int64_t day; /* since 1970-01-01 */
	int name;    /* of a holiday: index into names; -1: a make-up workday */
	int balance; /* by calendar_finish: working days up to this one less those of the bare week */
};

struct calendar {
	unsigned week;		 /* bit w: a working day, 0 Monday .. 6 Sunday */
	int64_t opens, closes;	 /* working hours, ms after midnight */
	const struct str *names; /* of holidays, each once; borrowed */
	unsigned name_count;
	struct calendar_day *days; /* borrowed; each day once */
	unsigned day_count;
	bool is_missing; /* its file could not be read: nothing is known of its names */
};

/* Monday to Friday, 09:00 to 18:00, no holidays. */
struct calendar calendar_plain(void);
/* After the days were filled in, in any order: sorts them and sums up. */
void calendar_finish(struct calendar *calendar);
const struct calendar_day *calendar_find(const struct calendar *calendar,
					 int64_t day); /* or NULL */
bool calendar_is_workday(const struct calendar *calendar, int64_t day);
bool calendar_is_holiday(const struct calendar *calendar, int64_t day, unsigned name);
/* The first day after `day` that has this name; INT64_MAX: none. */
int64_t calendar_next_holiday(const struct calendar *calendar, int64_t day, unsigned name);
/* Working days among first..last, both included; 0 when last is before first. */
int64_t calendar_workdays(const struct calendar *calendar, int64_t first, int64_t last);
/* The day, or the nearest working day after (step 1) or before it (-1); the day itself when there is none
 * within CALENDAR_MAX_SHIFT. */
int64_t calendar_nearest_workday(const struct calendar *calendar, int64_t day, int step);

#endif
