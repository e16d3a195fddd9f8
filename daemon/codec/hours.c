/* SPDX-License-Identifier: Apache-2.0 */
/* Tells whether the hours of an endpoint have begun, and when that changes. */
#include "codec/hours.h"

#include "base/mem.h"
#include "base/zone.h"

struct almanac {
	struct zone *zone;	   /* owned */
	struct calendar calendar;  /* without the holidays' names */
	struct calendar_day *days; /* owned */
};

static struct zone *
zone_copy(const struct zone *zone)
{
	int64_t at = zone_next_change(zone, INT64_MIN);
	struct zone *copy = zone_create(zone_name(zone), zone_offset(zone, INT64_MIN));

	for (; at != NEVER; at = zone_next_change(zone, at))
		zone_add_change(copy, at, zone_offset(zone, at));
	zone_finish_changes(copy);
	return copy;
}

struct almanac *
almanac_copy(const struct zone *zone, const struct calendar *calendar)
{
	struct almanac *almanac = mem_alloc(sizeof *almanac);

	almanac->zone = zone_copy(zone);
	almanac->calendar = *calendar;
	almanac->days = mem_array(calendar->day_count, sizeof *almanac->days);
	for (unsigned i = 0; i < calendar->day_count; i++)
		almanac->days[i] = calendar->days[i];
	almanac->calendar.days = almanac->days;
	almanac->calendar.names = NULL;
	almanac->calendar.name_count = 0;
	return almanac;
}

void
almanac_destroy(struct almanac *almanac)
{
	if (almanac == NULL)
		return;
	zone_destroy(almanac->zone);
	mem_free(almanac->days);
	mem_free(almanac);
}

const struct zone *
almanac_zone(const struct almanac *almanac)
{
	return almanac != NULL ? almanac->zone : NULL;
}

bool
hours_open(const struct almanac *almanac, const struct quiet *hours, int64_t at, int64_t *until)
{
	struct calendar calendar = almanac->calendar;
	const struct worktime work = {almanac->zone, &calendar};
	int64_t tomorrow = zone_day_start(work.zone, zone_day(work.zone, at) + 1);

	calendar.opens = hours->from;
	calendar.closes = hours->to;
	if (!hours->workdays) {
		calendar.week = 0x7f;
		calendar.day_count = 0;
	}
	if (worktime_is(&work, at)) {
		*until = at + worktime_between(&work, at, tomorrow);
		return true;
	}
	*until = worktime_next(&work, at);
	return false;
}
