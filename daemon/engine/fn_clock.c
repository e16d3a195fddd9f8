/* SPDX-License-Identifier: Apache-2.0 */
/* What local clocks and calendars show, and when they will show something else. */
#include "engine/functions.h"

/* These functions answer as of now and tell their next edge: a look there sees them turn to the very
 * millisecond, and between two edges they stand still. */
static void
clock_edge(struct look *look, int64_t at)
{
	if (at > look->env.now && at < look->env.next)
		look->env.next = at;
}

static int64_t
clock_today(struct look *look)
{
	int64_t day = clock_day(&look->engine->clock, look->env.now);

	clock_edge(look, zone_day_start(look->engine->rules->zone, day + 1));
	return day;
}

/* Clocks show 00..23 as they are set: an hour that comes again is there twice, a skipped one never, and
 * one that is cut short ends where the clocks change. */
struct value
fn_hour(const struct call *call)
{
	struct look *look = call->look;
	const struct zone *zone = look->engine->rules->zone;
	int64_t shown = look->env.now + zone_offset(zone, look->env.now);
	int64_t into = (shown % HOUR_MS + HOUR_MS) % HOUR_MS;

	clock_edge(look, look->env.now - into + HOUR_MS);
	clock_edge(look, zone_next_change(zone, look->env.now));
	return value_int(((shown - into) / HOUR_MS % 24 + 24) % 24);
}

struct value
fn_weekday(const struct call *call)
{
	unsigned weekday = (unsigned)civil_weekday(clock_today(call->look));

	return value_enum(&builtin_weekdays, weekday);
}

struct value
fn_month(const struct call *call)
{
	struct look *look = call->look;
	struct civil_date date = civil_date_of(clock_day(&look->engine->clock, look->env.now));
	struct civil_date next = {date.year + (date.month == 12), date.month % 12 + 1, 1};

	clock_edge(look, zone_day_start(look->engine->rules->zone, civil_day_of(next)));
	return value_int(date.month);
}

struct value
fn_now(const struct call *call)
{
	return value_time(look_moment(call->look));
}
