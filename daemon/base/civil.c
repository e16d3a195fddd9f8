/* SPDX-License-Identifier: Apache-2.0 */
/* Days of the proleptic Gregorian calendar and RFC 3339 instants. */
#include "base/civil.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define CYCLE_DAYS INT64_C(146097) /* 400 years */
#define EPOCH_DAYS INT64_C(719468) /* from 0000-03-01 to 1970-01-01 */

static int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* Years that begin in March end in the leap day; 153 days are five months, March to July. */
int64_t
civil_day_of(struct civil_date date)
{
	assert(date.month >= 1 && date.month <= 12);
	int64_t year = (int64_t)date.year - (date.month <= 2);
	int64_t month = (date.month + 9) % 12;
	int64_t leaps = floor_div(year, 4) - floor_div(year, 100) + floor_div(year, 400);

	return 365 * year + leaps + (153 * month + 2) / 5 + date.day - 1 - EPOCH_DAYS;
}

struct civil_date
civil_date_of(int64_t day)
{
	int64_t cycle = floor_div(day + EPOCH_DAYS, CYCLE_DAYS);
	int64_t in_cycle = day + EPOCH_DAYS - cycle * CYCLE_DAYS;
	/* Without its leap days the cycle is years of 365. */
	int64_t leaps = in_cycle / 1460 - in_cycle / 36524 + in_cycle / 146096;
	int64_t year = (in_cycle - leaps) / 365;
	int64_t in_year = in_cycle - (365 * year + year / 4 - year / 100);
	int64_t month = (5 * in_year + 2) / 153;
	bool is_next = month >= 10; /* January and February */

	return (struct civil_date){
		.year = (int)(cycle * 400 + year + is_next),
		.month = (int)(is_next ? month - 9 : month + 3),
		.day = (int)(in_year - (153 * month + 2) / 5 + 1),
	};
}

int
civil_weekday(int64_t day)
{
	return (int)((day % 7 + 7 + 3) % 7); /* 1970-01-01 was a Thursday */
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Two digits as a number; 100 when they are not both digits. */
static int
pair_at(struct str text, size_t at)
{
	const char *p = text.p + at;

	return is_digit(p[0]) && is_digit(p[1]) ? (p[0] - '0') * 10 + (p[1] - '0') : 100;
}

/* yyyy "-" mm "-" dd, at the text's start */
static bool
read_date(struct str text, int64_t *day)
{
	if (text.n < 10 || text.p[4] != '-' || text.p[7] != '-')
		return false;
	int century = pair_at(text, 0), year = pair_at(text, 2);
	struct civil_date date = {century * 100 + year, pair_at(text, 5), pair_at(text, 8)};

	if (century > 99 || year > 99 || date.month < 1 || date.month > 12 || date.day < 1 ||
	    date.day > 31)
		return false;
	int64_t found = civil_day_of(date);

	/* February 30 is another day's name; every month has 28. */
	if (date.day > 28 && civil_date_of(found).day != date.day)
		return false;
	*day = found;
	return true;
}

bool
parse_date(struct str text, int64_t *day)
{
	return text.n == 10 && read_date(text, day);
}

/* hh ":" mm */
bool
parse_clock(struct str text, int64_t *ms)
{
	static const int places[] = {0, 1, 3, 4};
	int digits[4];

	if (text.n != 5 || text.p[2] != ':')
		return false;
	for (int i = 0; i < 4; i++) {
		if (!is_digit(text.p[places[i]]))
			return false;
		digits[i] = text.p[places[i]] - '0';
	}
	int64_t minutes = (digits[0] * 10 + digits[1]) * 60 + digits[2] * 10 + digits[3];

	if (digits[2] > 5 || minutes > 24 * 60)
		return false;
	*ms = minutes * MINUTE_MS;
	return true;
}

/* ("." digits)?, in ms; *at moves behind it */
static int64_t
read_fraction(struct str text, size_t *at)
{
	int64_t ms = 0, unit = 100;
	size_t i = *at + 1;

	if (i >= text.n || text.p[*at] != '.' || !is_digit(text.p[i]))
		return 0;
	for (; i < text.n && is_digit(text.p[i]); i++, unit /= 10)
		ms += (text.p[i] - '0') * unit;
	*at = i;
	return ms;
}

/* time = hh ":" mm ":" ss fraction; *at moves behind it. A leap second is the next one's first. */
static bool
read_time(struct str text, size_t *at, int64_t *ms)
{
	struct str rest = str_slice(text, *at, text.n);

	if (rest.n < 8 || rest.p[2] != ':' || rest.p[5] != ':')
		return false;
	int hour = pair_at(rest, 0), minute = pair_at(rest, 3), second = pair_at(rest, 6);

	if (hour > 23 || minute > 59 || second > 60)
		return false;
	*at += 8;
	*ms = hour * HOUR_MS + minute * MINUTE_MS + second * SECOND_MS +
	      read_fraction(text, at);
	return true;
}

/* offset = "Z" | "z" | [+-] hh ":" mm, the whole rest of the text */
static bool
read_offset(struct str text, int64_t *ms)
{
	if (text.n == 1 && (text.p[0] == 'Z' || text.p[0] == 'z')) {
		*ms = 0;
		return true;
	}
	if (text.n != 6 || (text.p[0] != '+' && text.p[0] != '-') || text.p[3] != ':')
		return false;
	int hour = pair_at(text, 1), minute = pair_at(text, 4);

	if (hour > 23 || minute > 59)
		return false;
	*ms = (hour * HOUR_MS + minute * MINUTE_MS) * (text.p[0] == '-' ? -1 : 1);
	return true;
}

static bool
is_separator(struct str text, size_t at)
{
	return at < text.n && (text.p[at] == 'T' || text.p[at] == 't' || text.p[at] == ' ');
}

/* instant = date ("T" | "t" | " ") time offset */
bool
parse_instant(struct str text, int64_t *out, struct err *err)
{
	struct str shown = str_slice(text, 0, utf8_cut(text, 64));
	int64_t day, ms, offset;
	size_t at = 11;

	if (!read_date(text, &day) || !is_separator(text, 10) || !read_time(text, &at, &ms))
		return err_set(err, "\"%.*s\" is not an instant such as 2026-11-21T10:00:00Z",
			       STR_ARG(shown));
	if (at == text.n)
		return err_set(err,
			       "\"%.*s\" has no offset: end it in Z or in one such as +08:00",
			       STR_ARG(shown));
	if (!read_offset(str_slice(text, at, text.n), &offset))
		return err_set(err, "\"%.*s\" does not end in Z or in an offset such as +08:00",
			       STR_ARG(shown));
	*out = day * DAY_MS + ms - offset;
	return true;
}

/* Two digits, and what stands behind them. */
static char *
put_pair(char *p, unsigned number, char behind)
{
	*p++ = (char)('0' + number / 10);
	*p++ = (char)('0' + number % 10);
	*p++ = behind;
	return p;
}

char *
print_date(int64_t day, char out[INSTANT_TEXT])
{
	struct civil_date date = civil_date_of(day);

	if (date.year < 0 || date.year > 9999)
		return out + snprintf(out, INSTANT_TEXT, "%04d-%02d-%02d", date.year,
				      date.month, date.day);
	char *p = put_pair(out, (unsigned)date.year / 100, '-');

	p = put_pair(p - 1, (unsigned)date.year % 100, '-');
	p = put_pair(p, (unsigned)date.month, '-');
	return put_pair(p, (unsigned)date.day, '\0') - 1;
}

char *
print_instant(int64_t at, char out[INSTANT_TEXT])
{
	int64_t day = floor_div(at, DAY_MS);
	unsigned ms = (unsigned)(at - day * DAY_MS);
	char *p = print_date(day, out);

	*p++ = 'T';
	p = put_pair(p, ms / 3600000, ':');
	p = put_pair(p, ms / 60000 % 60, ':');
	p = put_pair(p, ms / 1000 % 60, '.');
	*p++ = (char)('0' + ms / 100 % 10);
	p = put_pair(p, ms % 100, 'Z');
	*p = '\0';
	return p;
}
