/* SPDX-License-Identifier: Apache-2.0 */
/* Durations as the rule language writes them, as people say them. */
#include "base/civil.h"
#include "base/number.h"

/* In falling order: a compound names each unit once and the larger first. */
static const struct unit {
	const char *suffix;
	int64_t ms;
	const char *one, *many, *zh; /* NULL: no word for people */
} units[] = {
	{"w", 7 * DAY_MS, NULL, NULL, NULL},
	{"d", DAY_MS, "day", "days", "天"},
	{"h", HOUR_MS, "hour", "hours", "小时"},
	{"m", MINUTE_MS, "minute", "minutes", "分钟"},
	{"s", SECOND_MS, "second", "seconds", "秒"},
	{"ms", 1, NULL, NULL, NULL},
};

#define UNITS (sizeof units / sizeof units[0])

static size_t
span(struct str text, size_t at, bool of_digits)
{
	size_t n = 0;

	for (; at + n < text.n; n++)
		if ((text.p[at + n] >= '0' && text.p[at + n] <= '9') != of_digits)
			break;
	return n;
}

/* Among the units from `first` on; UNITS when there is none. */
static size_t
find_unit(struct str suffix, size_t first)
{
	size_t i = first;

	while (i < UNITS && !str_is(suffix, units[i].suffix))
		i++;
	return i;
}

/* duration = "-"? (digits unit)+ */
bool
parse_duration(struct str text, bool ms_too, int64_t *out)
{
	bool is_negative = text.n > 0 && text.p[0] == '-';
	size_t at = is_negative, next_unit = 0;
	int64_t sum = 0, count;

	if (at == text.n)
		return false;
	while (at < text.n) {
		size_t digits = span(text, at, true), letters = span(text, at + digits, false);
		struct str number = str_slice(text, at, at + digits);
		struct str suffix = str_slice(text, at + digits, at + digits + letters);
		size_t unit = find_unit(suffix, next_unit);

		if (unit == UNITS || (units[unit].ms == 1 && !ms_too))
			return false;
		if (digits == 0 || !parse_int64(number, &count))
			return false;
		if (count > (INT64_MAX - sum) / units[unit].ms)
			return false;
		sum += count * units[unit].ms;
		at += digits + letters;
		next_unit = unit + 1;
	}
	*out = is_negative ? -sum : sum;
	return true;
}

/* Weeks are never printed: "14d" says how many days a range has. */
void
buf_duration(struct buf *buf, int64_t ms)
{
	size_t i = 1;

	if (ms == 0) {
		buf_text(buf, "0s");
		return;
	}
	while (ms % units[i].ms != 0)
		i++;
	buf_int(buf, ms / units[i].ms);
	buf_text(buf, units[i].suffix);
}

/* A unit is used from two of it on, or when it is exactly one: "1 day", but "36 hours". */
void
buf_duration_words(struct buf *buf, int64_t ms, bool zh)
{
	uint64_t size = ms < 0 ? 0 - (uint64_t)ms : (uint64_t)ms;
	const struct unit *unit = &units[1];

	while (unit->ms > SECOND_MS && size < 2 * (uint64_t)unit->ms &&
	       size != (uint64_t)unit->ms)
		unit++;
	uint64_t count = size / (uint64_t)unit->ms;

	if (ms < 0 && count > 0)
		buf_char(buf, '-');
	buf_int(buf, (int64_t)count);
	buf_char(buf, ' ');
	buf_text(buf, zh ? unit->zh : count == 1 ? unit->one : unit->many);
}
