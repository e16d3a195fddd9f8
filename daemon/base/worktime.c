/* SPDX-License-Identifier: Apache-2.0 */
/* Walks the working days of a calendar, and counts the time in them. */
#include "base/worktime.h"

#include <assert.h>

struct span {
	int64_t from, to; /* [from, to); empty on a day off */
};

static struct span
span_of(const struct worktime *work, int64_t day)
{
	const struct calendar *calendar = work->calendar;
	struct span span = {0, 0};

	if (!calendar_is_workday(calendar, day))
		return span;
	span.from = zone_local(work->zone, day, calendar->opens);
	span.to = calendar->closes == DAY_MS ? zone_day_start(work->zone, day + 1)
					     : zone_local(work->zone, day, calendar->closes);
	return span;
}

bool
worktime_is(const struct worktime *work, int64_t at)
{
	struct span span = span_of(work, zone_day(work->zone, at));

	return at >= span.from && at < span.to;
}

int64_t
worktime_next(const struct worktime *work, int64_t at)
{
	int64_t day = zone_day(work->zone, at);

	for (int64_t last = day + WORKTIME_MAX_DAYS; day <= last; day++) {
		struct span span = span_of(work, day);

		if (at < span.to && span.from < span.to)
			return at > span.from ? at : span.from;
	}
	return NEVER;
}

int64_t
worktime_after(const struct worktime *work, int64_t at, int64_t ms)
{
	int64_t day = zone_day(work->zone, at);

	assert(ms >= 0);
	if (ms == 0)
		return worktime_next(work, at);
	for (int64_t last = day + WORKTIME_MAX_DAYS; day <= last; day++) {
		struct span span = span_of(work, day);

		if (span.from < at)
			span.from = at;
		if (span.from >= span.to)
			continue;
		if (ms <= span.to - span.from)
			return span.from + ms;
		ms -= span.to - span.from;
	}
	return NEVER;
}

int64_t
worktime_between(const struct worktime *work, int64_t from, int64_t to)
{
	int64_t sum = 0;

	if (to <= from)
		return 0;
	for (int64_t day = zone_day(work->zone, from), last = zone_day(work->zone, to);
	     day <= last; day++) {
		struct span span = span_of(work, day);

		if (span.from < from)
			span.from = from;
		if (span.to > to)
			span.to = to;
		if (span.from < span.to)
			sum += span.to - span.from;
	}
	return sum;
}
