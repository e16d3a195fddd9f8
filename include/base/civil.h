/* SPDX-License-Identifier: Apache-2.0 */
/* Civil time: instants (ms since 1970-01-01T00:00Z), local days, zones, durations. Reads no clock. */
#ifndef BASE_CIVIL_H
#define BASE_CIVIL_H

#include "base/text.h"

#define SECOND_MS INT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)
#define NEVER INT64_MAX /* an instant that does not come */

/* Proleptic Gregorian; day 0 is 1970-01-01. */
struct civil_date {
	int year, month, day;
};
int64_t civil_day_of(struct civil_date date);
struct civil_date civil_date_of(int64_t day);
int civil_weekday(int64_t day); /* 0 Monday .. 6 Sunday */

/* A time zone, made from the bytes of a TZif file (RFC 8536, versions 1 to 4, its footer too:
 * transitions are laid out to the year 2150). Instants outside 1900..2150 take the nearest rule. */
struct zone;
/* NULL: error */
struct zone *zone_parse(struct str name, struct str tzif, struct err *err) MUST_CHECK;
struct zone *zone_utc(void); /* a new one, to be destroyed like any other */
void zone_destroy(struct zone *zone);
struct str zone_name(const struct zone *zone);
int64_t zone_offset(const struct zone *zone, int64_t at); /* ms east of UTC */
/* The first instant after `at` from which another offset holds; NEVER. */
int64_t zone_next_change(const struct zone *zone, int64_t at);
/* Local calendar day. It never falls back: where clocks are set back over midnight, the hour that
 * comes again belongs to the new day, so zone_day_start(d) <= at < zone_day_start(d + 1). */
int64_t zone_day(const struct zone *zone, int64_t at);
/* The first instant of a local date: nearly always 23 to 25 h before the next one's; a date that the
 * zone skips begins where the next one does. zone_day(zone_day_start(d)) == d unless d is skipped. */
int64_t zone_day_start(const struct zone *zone, int64_t day);
/* The instant at which local clocks show day + ms after midnight; in a gap the instant after it,
 * in an overlap the first. */
int64_t zone_local(const struct zone *zone, int64_t day, int64_t ms_of_day);

/* RFC 3339 with an offset or Z ("2026-11-21T10:00:00.123+08:00", also a space for T, lower case);
 * digits beyond the millisecond are cut. Without an offset: an error that says so. */
bool parse_instant(struct str text, int64_t *out, struct err *err) MUST_CHECK;
bool parse_date(struct str text, int64_t *day) MUST_CHECK; /* "2026-11-21" */
bool parse_clock(struct str text, int64_t *ms) MUST_CHECK; /* "09:00", at most "24:00" */
/* "90s 5m 4h 14d 2w", also compound "1d12h", negative, and "500ms" when ms_too. */
bool parse_duration(struct str text, bool ms_too, int64_t *out) MUST_CHECK;

#define INSTANT_TEXT 32
/* "2026-11-21T10:00:00.000Z"; both return where the text ends. */
char *print_instant(int64_t at, char out[INSTANT_TEXT]);
char *print_date(int64_t day, char out[INSTANT_TEXT]);
/* As the rule language writes it: the largest unit that divides it ("14d", "36h", "90s", "1500ms"). */
void buf_duration(struct buf *buf, int64_t ms);
/* For people: "14 days", "36 hours", "1 day"; zh "14 天". Rounded down to the largest unit (days from
 * 48 h on, else hours from 2 h, minutes, seconds). */
void buf_duration_words(struct buf *buf, int64_t ms, bool zh);

#endif
