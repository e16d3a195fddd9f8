/* SPDX-License-Identifier: Apache-2.0 */
/* A time zone laid out as intervals of constant offset: what local clocks and calendars show. */
#include "base/zone.h"

#include <assert.h>
#include <string.h>

#include "base/civil.h"
#include "base/mem.h"

/* Far beyond any real instant, so that no sum below overflows. */
#define FAR_MS (INT64_C(1) << 61)
#define FAR_DAY (FAR_MS / DAY_MS)

/* Buckets of 2^33 ms (99 days) from 1900-01-01 to 2150 tell at which interval a search begins; few
 * hold more than one change. */
#define BUCKET_BASE (INT64_C(-25567) * DAY_MS)
#define BUCKET_SHIFT 33
#define BUCKETS 920

struct interval {
	int64_t from;	/* instant; the first: INT64_MIN */
	int64_t offset; /* ms east of UTC */
	/* Local day of the instant before: clocks set back over midnight do not bring it back. */
	int64_t least_day;
};

struct zone {
	char *name;		    /* owned */
	struct interval *intervals; /* owned, at least one, ordered by from */
	size_t count, cap;
	uint16_t buckets[BUCKETS]; /* the interval in force where the bucket begins */
};

struct zone *
zone_create(struct str name, int64_t first_offset)
{
	struct zone *zone = mem_alloc(sizeof *zone);

	zone->name = mem_alloc(name.n + 1);
	if (name.n != 0)
		memcpy(zone->name, name.p, name.n);
	MEM_RESERVE(zone->intervals, zone->cap, 1);
	zone->intervals[0] = (struct interval){INT64_MIN, first_offset, INT64_MIN};
	zone->count = 1;
	return zone;
}

int64_t
zone_last_change(const struct zone *zone)
{
	return zone->intervals[zone->count - 1].from;
}

void
zone_add_change(struct zone *zone, int64_t at, int64_t offset)
{
	assert(at >= zone_last_change(zone) && zone->count < UINT16_MAX);
	if (at == zone_last_change(zone) && zone->count > 1)
		zone->count--;
	if (zone->intervals[zone->count - 1].offset == offset)
		return;
	MEM_RESERVE(zone->intervals, zone->cap, zone->count + 1);
	zone->intervals[zone->count++] = (struct interval){.from = at, .offset = offset};
}

static int64_t
clamp(int64_t x, int64_t limit)
{
	return x < -limit ? -limit : x > limit ? limit : x;
}

static int64_t
larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* floor(ms / DAY_MS) */
static int64_t
day_of(int64_t ms)
{
	return ms / DAY_MS - (ms % DAY_MS < 0);
}

void
zone_finish_changes(struct zone *zone)
{
	size_t current = 0;

	for (size_t i = 1; i < zone->count; i++) {
		const struct interval *before = &zone->intervals[i - 1];
		int64_t last_ms = clamp(zone->intervals[i].from, FAR_MS) - 1 + before->offset;

		zone->intervals[i].least_day = larger(day_of(last_ms), before->least_day);
	}
	/* Bucket 0 stays at interval 0: all earlier instants begin there too. */
	for (size_t i = 1; i < BUCKETS; i++) {
		int64_t begin = BUCKET_BASE + ((int64_t)i << BUCKET_SHIFT);

		while (current + 1 < zone->count && zone->intervals[current + 1].from <= begin)
			current++;
		zone->buckets[i] = (uint16_t)current;
	}
}

struct zone *
zone_utc(void)
{
	struct zone *zone = zone_create(STR("UTC"), 0);

	zone_finish_changes(zone);
	return zone;
}

void
zone_destroy(struct zone *zone)
{
	if (zone == NULL)
		return;
	mem_free(zone->name);
	mem_free(zone->intervals);
	mem_free(zone);
}

struct str
zone_name(const struct zone *zone)
{
	return str_of(zone->name);
}

static size_t
bucket_of(int64_t at)
{
	if (at < BUCKET_BASE)
		return 0;
	uint64_t bucket = ((uint64_t)at - (uint64_t)BUCKET_BASE) >> BUCKET_SHIFT;

	return bucket < BUCKETS ? (size_t)bucket : BUCKETS - 1;
}

static const struct interval *
interval_at(const struct zone *zone, int64_t at)
{
	const struct interval *interval = &zone->intervals[zone->buckets[bucket_of(at)]];
	const struct interval *last = &zone->intervals[zone->count - 1];

	while (interval < last && interval[1].from <= at)
		interval++;
	return interval;
}

int64_t
zone_offset(const struct zone *zone, int64_t at)
{
	return interval_at(zone, at)->offset;
}

int64_t
zone_next_change(const struct zone *zone, int64_t at)
{
	const struct interval *interval = interval_at(zone, at);

	return interval < &zone->intervals[zone->count - 1] ? interval[1].from : NEVER;
}

int64_t
zone_day(const struct zone *zone, int64_t at)
{
	at = clamp(at, FAR_MS);
	const struct interval *interval = interval_at(zone, at);

	return larger(day_of(at + interval->offset), interval->least_day);
}

int64_t
zone_day_start(const struct zone *zone, int64_t day)
{
	return zone_local(zone, day, 0);
}

/* The first instant whose local clock shows this or more. No offset reaches two days, so two days
 * before by UTC clocks it has not come yet. */
int64_t
zone_local(const struct zone *zone, int64_t day, int64_t ms_of_day)
{
	int64_t shown = clamp(day, FAR_DAY) * DAY_MS + clamp(ms_of_day, FAR_MS);
	const struct interval *interval = interval_at(zone, shown - 2 * DAY_MS);
	const struct interval *last = &zone->intervals[zone->count - 1];

	for (;; interval++) {
		int64_t at = larger(interval->from, shown - interval->offset);

		if (interval == last || at < interval[1].from)
			return at;
	}
}
