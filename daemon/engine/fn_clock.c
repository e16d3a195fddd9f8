/* SPDX-License-Identifier: Apache-2.0 */
/* What local clocks and calendars show, and when they will show something else. */
#include "engine/functions.h"

/* These functions answer as of now and tell their next edge: a look there sees them turn to the very
 * millisecond, and between two edges they stand still. */
static void
clock_edge(struct look *look, int64_t at)
{
	if (at > look->env.now)
		look_due(look, at);
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

/* Its next edge is where it turns, not each midnight. */
struct value
fn_is_workday(const struct call *call)
{
	struct look *look = call->look;
	const struct ruleset *rules = look->engine->rules;
	int64_t today = clock_day(&look->engine->clock, look->env.now), day = today + 1;
	bool works = calendar_is_workday(&rules->calendar, today);

	while (day < today + CALENDAR_MAX_SHIFT &&
	       calendar_is_workday(&rules->calendar, day) == works)
		day++;
	clock_edge(look, zone_day_start(rules->zone, day));
	return value_bool(works);
}

struct value
fn_holiday(const struct call *call)
{
	struct look *look = call->look;
	const struct ruleset *rules = look->engine->rules;
	int64_t today = clock_day(&look->engine->clock, look->env.now);
	bool holds = calendar_is_holiday(&rules->calendar, today, call->node->slot);
	int64_t day = holds ? today + 1
			    : calendar_next_holiday(&rules->calendar, today, call->node->slot);

	if (day != INT64_MAX)
		clock_edge(look, zone_day_start(rules->zone, day));
	return value_bool(holds);
}

#define FAR (4000000 * DAY_MS)

/* Local days that began in the last so much time. Of a duration that stands still the beginning moves, and
 * leaves a day behind at an edge of its own; of one that grows (since) it stands still. */
struct value
fn_workdays(const struct call *call)
{
	struct look *look = call->look;
	const struct zone *zone = look->engine->rules->zone;
	const struct node *span = call->node->kids[0];
	int64_t today = clock_today(look), length = call->args[0].u.i;

	if (!call->args[0].known || length > FAR)
		return value_unknown(TYPE_INT);
	if (length <= 0)
		return value_int(0);
	int64_t begin = zone_day(zone, look->env.now - length);
	if (span->kind != NODE_CALL || !(span->builtin->flags & FN_GROWS))
		clock_edge(look, zone_day_start(zone, begin + 1) + length);
	return value_int(calendar_workdays(&look->engine->rules->calendar, begin + 1, today));
}
