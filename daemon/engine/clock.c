/* SPDX-License-Identifier: Apache-2.0 */
/* Local days and their closes as instants, remembered between questions. */
#include "engine/core.h"

void
clock_init(struct calendar_clock *clock, const struct zone *zone, int64_t lateness)
{
	*clock = (struct calendar_clock){.zone = zone, .lateness = lateness};
}

static const struct day_span *
clock_span(struct calendar_clock *clock, int64_t day)
{
	struct day_span *span = &clock->days[(uint64_t)day % 4];
	if (span->day != day || span->to == 0) {
		span->day = day;
		span->from = zone_day_start(clock->zone, day);
		span->to = zone_day_start(clock->zone, day + 1);
	}
	return span;
}

struct day_span
clock_span_of(struct calendar_clock *clock, int64_t day)
{
	return *clock_span(clock, day);
}

int64_t
clock_day(struct calendar_clock *clock, int64_t at)
{
	for (int i = 0; i < 4; i++)
		if (at >= clock->days[i].from && at < clock->days[i].to)
			return clock->days[i].day;
	return clock_span(clock, zone_day(clock->zone, at))->day;
}

/* A day closes `lateness` after the first instant of the next one. */
static int64_t
clock_close(struct calendar_clock *clock, int64_t day)
{
	return clock_span(clock, day)->to + clock->lateness;
}

int64_t
clock_closed_day(struct calendar_clock *clock, int64_t at, int64_t *close_at,
		 int64_t *next_close)
{
	struct day_span *closed = &clock->closed;
	if (at < closed->from || at >= closed->to) {
		int64_t day = clock_day(clock, at);
		while (clock_close(clock, day) > at)
			day--;
		*closed = (struct day_span){.day = day,
					    .from = clock_close(clock, day),
					    .to = clock_close(clock, day + 1)};
		/* A day that a zone skips closes together with its neighbour. */
		while (closed->to <= at) {
			closed->day++;
			closed->from = closed->to;
			closed->to = clock_close(clock, closed->day + 1);
		}
	}
	*close_at = closed->from;
	*next_close = closed->to;
	return closed->day;
}

int64_t
signal_first_day(struct engine *engine, const struct customer *customer, unsigned signal)
{
	int64_t born = engine->rules->signals[signal].born_at, seen = customer->first_seen_at;
	return clock_day(&engine->clock, born > seen ? born : seen);
}
