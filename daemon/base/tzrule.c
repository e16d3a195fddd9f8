/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a POSIX TZ string and lays its rule out, year by year. */
#include "base/tzrule.h"

#include "base/civil.h"

/* What is left to read; a reader that fails leaves it anywhere. */
struct reader {
	struct str rest;
};

static bool
take(struct reader *in, char c)
{
	if (in->rest.n == 0 || in->rest.p[0] != c)
		return false;
	in->rest = str_slice(in->rest, 1, in->rest.n);
	return true;
}

static char
peek(const struct reader *in)
{
	return in->rest.n ? in->rest.p[0] : '\0';
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_letter(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* number = 1 to 3 digits, least..most */
static bool
read_number(struct reader *in, int least, int most, int *out)
{
	int number = 0, digits = 0;

	for (; is_digit(peek(in)) && digits < 3; digits++) {
		number = number * 10 + (peek(in) - '0');
		take(in, peek(in));
	}
	*out = number;
	return digits > 0 && number >= least && number <= most;
}

/* name = letter{3,} | "<" (letter | digit | "+" | "-"){3,} ">" */
static bool
read_name(struct reader *in)
{
	bool is_quoted = take(in, '<');
	int n = 0;

	for (char c; (c = peek(in)) != '\0'; n++) {
		if (!is_letter(c) && !(is_quoted && (is_digit(c) || c == '+' || c == '-')))
			break;
		take(in, c);
	}
	return n >= 3 && (!is_quoted || take(in, '>'));
}

/* time = [+-]? hh (":" mm (":" ss)?)? */
static bool
read_time(struct reader *in, int most_hours, int64_t *ms)
{
	bool is_negative = take(in, '-');
	int hour, minute = 0, second = 0;

	if (!is_negative)
		take(in, '+');
	if (!read_number(in, 0, most_hours, &hour))
		return false;
	if (take(in, ':') && !read_number(in, 0, 59, &minute))
		return false;
	if (take(in, ':') && !read_number(in, 0, 59, &second))
		return false;
	*ms = (hour * HOUR_MS + minute * MINUTE_MS + second * SECOND_MS) *
	      (is_negative ? -1 : 1);
	return true;
}

/* day = "M" month "." week "." weekday | "J" 1..365 | 0..365 */
static bool
read_day(struct reader *in, struct tz_date *date)
{
	if (take(in, 'M')) {
		date->kind = TZ_DATE_WEEKDAY;
		return read_number(in, 1, 12, &date->month) && take(in, '.') &&
		       read_number(in, 1, 5, &date->week) && take(in, '.') &&
		       read_number(in, 0, 6, &date->day);
	}
	date->kind = take(in, 'J') ? TZ_DATE_JULIAN : TZ_DATE_ORDINAL;
	return read_number(in, date->kind == TZ_DATE_JULIAN, 365, &date->day);
}

/* date = "," day ("/" time)?, at 2 o'clock without a time */
static bool
read_date(struct reader *in, struct tz_date *date)
{
	*date = (struct tz_date){.time = 2 * HOUR_MS};
	if (!take(in, ',') || !read_day(in, date))
		return false;
	return !take(in, '/') || read_time(in, 167, &date->time);
}

/* The string counts hours west of UTC. */
static bool
read_offset(struct reader *in, int64_t *offset)
{
	int64_t west;

	if (!read_time(in, 24, &west))
		return false;
	*offset = -west;
	return true;
}

/* rule = name offset (name offset? date date)? */
static bool
read_rule(struct reader *in, struct tz_rule *rule)
{
	if (!read_name(in) || !read_offset(in, &rule->offset))
		return false;
	rule->has_dst = in->rest.n > 0;
	if (!rule->has_dst)
		return true;
	if (!read_name(in))
		return false;
	rule->dst_offset = rule->offset + HOUR_MS;
	if (peek(in) != ',' && !read_offset(in, &rule->dst_offset))
		return false;
	return read_date(in, &rule->dst_begins) && read_date(in, &rule->dst_ends) &&
	       in->rest.n == 0;
}

bool
tz_rule_parse(struct str text, struct tz_rule *out, struct err *err)
{
	struct reader in = {text};
	struct tz_rule rule = {0};

	if (!read_rule(&in, &rule))
		return err_set(err, "its footer is not a POSIX TZ rule, from \"%.*s\" on",
			       STR_ARG(str_slice(in.rest, 0, utf8_cut(in.rest, 40))));
	*out = rule;
	return true;
}

static bool
is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Of a month of a year; one week too far goes back to the last. */
static int64_t
weekday_of_month(const struct tz_date *date, int year)
{
	int64_t first = civil_day_of((struct civil_date){year, date->month, 1});
	struct civil_date after = {year + (date->month == 12), date->month % 12 + 1, 1};
	int first_weekday = (civil_weekday(first) + 1) % 7; /* 0 Sunday */
	int64_t day = first + (date->day - first_weekday + 7) % 7 + 7 * (date->week - 1);

	return day < civil_day_of(after) ? day : day - 7;
}

static int64_t
day_in_year(const struct tz_date *date, int year)
{
	int64_t new_year = civil_day_of((struct civil_date){year, 1, 1});

	switch (date->kind) {
	case TZ_DATE_JULIAN:
		return new_year + date->day - 1 + (is_leap(year) && date->day >= 60);
	case TZ_DATE_ORDINAL:
		return new_year + date->day;
	case TZ_DATE_WEEKDAY:
		break;
	}
	return weekday_of_month(date, year);
}

/* A change's time of day is told by the clock that it ends. */
static struct tz_change
change_of(const struct tz_date *date, int year, int64_t before, int64_t after)
{
	return (struct tz_change){
		.at = day_in_year(date, year) * DAY_MS + date->time - before,
		.offset = after,
	};
}

void
tz_rule_changes(const struct tz_rule *rule, int year, struct tz_change out[2])
{
	struct tz_change on =
		change_of(&rule->dst_begins, year, rule->offset, rule->dst_offset);
	struct tz_change off = change_of(&rule->dst_ends, year, rule->dst_offset, rule->offset);
	bool is_on_first = on.at < off.at;

	out[0] = is_on_first ? on : off;
	out[1] = is_on_first ? off : on;
}
