/* SPDX-License-Identifier: Apache-2.0 */
/* Decides what a reply means and how long to wait before the next try. */
#include "engine/retry.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/number.h"

const char *
retry_outcome_name(enum retry_outcome outcome)
{
	static const char *const names[] = {
		[RETRY_DELIVERED] = "delivered", [RETRY_LATER] = "later",
		[RETRY_DENIED] = "denied",	 [RETRY_REFUSED] = "refused",
		[RETRY_THROTTLED] = "throttled", [RETRY_GONE] = "gone"};

	return names[outcome];
}

/* The rows of the default classifier that are not simply "retry"; the first that fits decides. */
static const struct {
	int from, to;
	bool with_after; /* only with Retry-After */
	enum retry_outcome outcome;
} rows[] = {
	{200, 299, false, RETRY_DELIVERED}, {400, 400, false, RETRY_REFUSED},
	{404, 405, false, RETRY_REFUSED},   {413, 413, false, RETRY_REFUSED},
	{415, 415, false, RETRY_REFUSED},   {422, 422, false, RETRY_REFUSED},
	{401, 401, false, RETRY_DENIED},    {403, 403, false, RETRY_DENIED},
	{410, 410, false, RETRY_GONE},	    {429, 429, false, RETRY_THROTTLED},
	{503, 503, true, RETRY_THROTTLED},
};

enum retry_outcome
retry_classify(int status, int64_t after)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (status >= rows[i].from && status <= rows[i].to &&
		    (!rows[i].with_after || after >= 0))
			return rows[i].outcome;
	return RETRY_LATER;
}

/* "Nov" to 11; 0 for anything else. */
static int
month_of(const char *name)
{
	static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

	for (int i = 0; i < 12; i++)
		if (strcmp(name, months[i]) == 0)
			return i + 1;
	return 0;
}

/* Two digits of a year are the one nearest to now that is not more than 50 years ahead (RFC 9110). */
static int
year_of(int year, int64_t now)
{
	int this_year = civil_date_of(now / DAY_MS).year;

	if (year >= 100)
		return year;
	year += this_year - this_year % 100;
	return year > this_year + 50 ? year - 100 : year;
}

/* HTTP-date = IMF-fixdate | rfc850-date | asctime-date, each with the order in which it writes its parts. */
static bool
http_date_parse(struct str value, int64_t now, int64_t *at)
{
	char text[48], month[4];
	int year, day, hour, minute, second, end = 0;

	if (value.n >= sizeof text || memchr(value.p, '\0', value.n) != NULL)
		return false;
	memcpy(text, value.p, value.n);
	text[value.n] = '\0';
	if (sscanf(text, "%*3[A-Za-z], %2d %3s %4d %2d:%2d:%2d GMT%n", &day, month, &year,
		   &hour, &minute, &second, &end) != 6 &&
	    sscanf(text, "%*9[A-Za-z], %2d-%3[A-Za-z]-%2d %2d:%2d:%2d GMT%n", &day, month,
		   &year, &hour, &minute, &second, &end) != 6 &&
	    sscanf(text, "%*3[A-Za-z] %3s %2d %2d:%2d:%2d %4d%n", month, &day, &hour, &minute,
		   &second, &year, &end) != 6)
		return false;
	if (end == 0 || (size_t)end != value.n || month_of(month) == 0 || day < 1 || day > 31 ||
	    hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
		return false;
	*at = civil_day_of((struct civil_date){year_of(year, now), month_of(month), day}) *
		      DAY_MS +
	      hour * HOUR_MS + minute * MINUTE_MS + second * SECOND_MS;
	return true;
}

static int64_t
within(int64_t low, int64_t x, int64_t high)
{
	return x < low ? low : x > high ? high : x;
}

/* Grammar: Retry-After = 1*DIGIT | HTTP-date. */
bool
retry_after_parse(struct str value, int64_t now, int64_t *after)
{
	int64_t at;
	struct str text = str_trim(value);
	size_t digits = 0;

	while (digits < text.n && text.p[digits] >= '0' && text.p[digits] <= '9')
		digits++;
	if (digits > 0 && digits == text.n) {
		uint64_t seconds;

		/* More digits than fit are a very long time, not nonsense. */
		if (!parse_uint64(text, &seconds) || seconds > RETRY_AFTER_MAX / SECOND_MS)
			seconds = RETRY_AFTER_MAX / SECOND_MS;
		*after = (int64_t)seconds * SECOND_MS;
		return true;
	}
	if (text.n == 0 || !http_date_parse(text, now, &at))
		return false;
	*after = within(0, at - now, RETRY_AFTER_MAX);
	return true;
}

/* -1 to 1, even, decided by id and attempt alone. */
static double
spread_of(struct str id, unsigned attempt)
{
	/* A fixed seed: nobody gains by aiming at a waiting time, and it has to be the same everywhere. */
	const struct hash_seed seed = {UINT64_C(0x6368726e2d726574), attempt};
	uint64_t hash = hash_bytes(id.p ? id.p : "", id.n, seed);

	return (double)(hash >> 11) / (double)(UINT64_C(1) << 52) - 1.0;
}

int64_t
retry_delay(const struct retry_policy *policy, struct str id, unsigned attempt)
{
	double delay = (double)policy->first;

	assert(attempt >= 1);
	for (unsigned i = 1; i < attempt && delay < (double)policy->max; i++) {
		double next = delay * policy->factor;

		if (next <=
		    delay) /* a factor of 1 stands still, and need not be multiplied on */
			break;
		delay = next;
	}
	if (delay > (double)policy->max)
		delay = (double)policy->max;
	delay *= 1.0 + policy->jitter * spread_of(id, attempt);
	return delay < 1.0 ? 1 : (int64_t)delay;
}

bool
circuit_lets_through(const struct circuit *circuit, int64_t now)
{
	switch (circuit->state) {
	case CIRCUIT_CLOSED:
		return true;
	case CIRCUIT_OPEN:
		return now >= circuit->probe_at;
	case CIRCUIT_PROBING:
		return false;
	}
	return false;
}

void
circuit_probe(struct circuit *circuit)
{
	assert(circuit->state == CIRCUIT_OPEN);
	circuit->state = CIRCUIT_PROBING;
}

bool
circuit_answered(struct circuit *circuit)
{
	bool closed = circuit->state != CIRCUIT_CLOSED;

	circuit->state = CIRCUIT_CLOSED;
	circuit->failures = 0;
	return closed;
}

bool
circuit_failed(struct circuit *circuit, int64_t now)
{
	bool was_closed = circuit->state == CIRCUIT_CLOSED;

	circuit->failures++;
	if (was_closed && circuit->failures < circuit->opens_after)
		return false;
	/* Requests that left before the circuit opened may still fail: they move no probe. */
	if (circuit->state != CIRCUIT_OPEN)
		circuit->probe_at = now + circuit->probe_every;
	circuit->state = CIRCUIT_OPEN;
	return was_closed;
}
