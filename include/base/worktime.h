/* SPDX-License-Identifier: Apache-2.0 */
/* Working time: the hours of a calendar's working days, as instants of a zone. */
#ifndef BASE_WORKTIME_H
#define BASE_WORKTIME_H

#include "base/calendar.h"
#include "base/civil.h"

/* On each working day the instants from local `opens` to local `closes` count, in real milliseconds: a span in
 * which clocks are set forward is an hour shorter, one in which they are set back an hour longer. Both are
 * borrowed. */
struct worktime {
	const struct zone *zone;
	const struct calendar *calendar;
};

#define WORKTIME_MAX_DAYS 4000 /* looked through; beyond them there is none */

bool worktime_is(const struct worktime *work, int64_t at);
/* The first instant from `at` on that is working time; NEVER. */
int64_t worktime_next(const struct worktime *work, int64_t at);
/* When `ms` (at least 0) of working time will have passed since `at`; NEVER. With 0 it is worktime_next(). What
 * ends with a working day ends when that day closes, not when the next one opens. */
int64_t worktime_after(const struct worktime *work, int64_t at, int64_t ms);
/* Working time between two instants, at least 0. */
int64_t worktime_between(const struct worktime *work, int64_t from, int64_t to);

#endif
