/* SPDX-License-Identifier: Apache-2.0 */
/* What a duration in words other than ours probably means. */
#include <math.h>

#include "base/civil.h"
#include "base/number.h"
#include "lang/units.h"

static const struct {
	const char *name; /* in lower case, without a plural s */
	int64_t ms;
} units[] = {
	{"s", SECOND_MS},      {"sec", SECOND_MS},  {"second", SECOND_MS},
	{"秒", SECOND_MS},     {"m", MINUTE_MS},    {"min", MINUTE_MS},
	{"minute", MINUTE_MS}, {"分钟", MINUTE_MS}, {"h", HOUR_MS},
	{"hr", HOUR_MS},       {"hour", HOUR_MS},   {"小时", HOUR_MS},
	{"d", DAY_MS},	       {"day", DAY_MS},	    {"天", DAY_MS},
	{"日", DAY_MS},	       {"w", 7 * DAY_MS},   {"week", 7 * DAY_MS},
	{"周", 7 * DAY_MS},    {"mo", 30 * DAY_MS}, {"month", 30 * DAY_MS},
	{"月", 30 * DAY_MS},   {"y", 365 * DAY_MS}, {"year", 365 * DAY_MS},
	{"年", 365 * DAY_MS},
};

static bool
same_folded(struct str text, const char *name)
{
	struct str known = str_of(name);

	if (text.n != known.n)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (c != known.p[i])
			return false;
	}
	return true;
}

static bool
find_unit(struct str text, int64_t *ms)
{
	struct str single = text;

	if (text.n > 1 && (text.p[text.n - 1] == 's' || text.p[text.n - 1] == 'S'))
		single.n--;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (same_folded(single, units[i].name)) {
			*ms = units[i].ms;
			return true;
		}
	return false;
}

static size_t
digits_of(struct str text)
{
	size_t n = 0;

	while (n < text.n && ((text.p[n] >= '0' && text.p[n] <= '9') || text.p[n] == '.'))
		n++;
	return n;
}

bool
units_guess(struct str text, int64_t *ms)
{
	size_t digits = digits_of(text);
	int64_t unit;
	double count, guess;

	if (!parse_number(str_slice(text, 0, digits), &count))
		return false;
	if (!find_unit(str_slice(text, digits, text.n), &unit))
		return false;
	/* To the second: an expression has no shorter unit. */
	guess = round(count * (double)unit / (double)SECOND_MS);
	if (guess > (double)(10000 * 365 * (DAY_MS / SECOND_MS)))
		return false;
	*ms = (int64_t)guess * SECOND_MS;
	return true;
}
