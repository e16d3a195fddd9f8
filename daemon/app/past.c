/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the words that the commands about a past share. */
#include "app/past.h"

#include <math.h>
#include <string.h>

#include "base/number.h"

/* ---- numbers ---- */

bool
past_read_day(const char *option, const char *text, int64_t *out)
{
	if (!text || parse_date(str_of(text), out))
		return true;
	(void)ctl_fail(STATUS_USAGE, "%s \"%s\": a date such as 2026-01-31", option, text);
	return false;
}

bool
past_read_days(const char *option, const char *text, int64_t most, int64_t *out)
{
	int64_t ms, days;

	if (!text)
		return true;
	if (!parse_int64(str_of(text), &days)) {
		if (!parse_duration(str_of(text), false, &ms) || ms % DAY_MS != 0)
			ms = 0;
		days = ms / DAY_MS;
	}
	if (days < 1 || days > most) {
		(void)ctl_fail(STATUS_USAGE,
			       "%s \"%s\": a number of days such as 28d, up to %lldd", option,
			       text, (long long)most);
		return false;
	}
	*out = days;
	return true;
}

bool
past_read_count(const char *option, const char *text, int64_t least, int64_t most, int64_t *out)
{
	int64_t count;

	if (!text)
		return true;
	if (!parse_int64(str_of(text), &count) || count < least || count > most) {
		(void)ctl_fail(STATUS_USAGE, "%s \"%s\": a number from %lld to %lld", option,
			       text, (long long)least, (long long)most);
		return false;
	}
	*out = count;
	return true;
}

/* ---- churn ---- */

/* [A-Za-z0-9_.:-]+, as long as it reads no profile. */
bool
past_is_type(struct str churned)
{
	if (str_starts(churned, STR("profile.")))
		return false;
	for (size_t i = 0; i < churned.n; i++) {
		char c = churned.p[i];
		bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			    (c >= '0' && c <= '9');

		if (!word && !memchr("_.:-", c, 4))
			return false;
	}
	return churned.n > 0;
}

/* ---- signals ---- */

static unsigned
list_signals(const struct ruleset *rules, struct str names[RULESET_MAX_SIGNALS],
	     unsigned slots[RULESET_MAX_SIGNALS])
{
	unsigned count = 0;

	for (unsigned i = 0; i < rules->signal_count; i++) {
		if (rules->signals[i].hidden)
			continue;
		names[count] = rules->signals[i].name;
		slots[count++] = i;
	}
	return count;
}

bool
past_find_signal(const struct ruleset *rules, const char *name, unsigned *slot)
{
	struct str names[RULESET_MAX_SIGNALS], wanted = str_of(name);
	unsigned slots[RULESET_MAX_SIGNALS], count = list_signals(rules, names, slots);

	for (unsigned i = 0; i < count; i++)
		if (str_eq(names[i], wanted)) {
			*slot = slots[i];
			return true;
		}
	struct str near = str_nearest(wanted, names, count);

	(void)ctl_fail(STATUS_USAGE,
		       near.n ? "--signal: there is no signal %.*s; did you mean %.*s?"
			      : "--signal: there is no signal %.*s%.*s",
		       STR_ARG(wanted), STR_ARG(near));
	return false;
}

unsigned
past_count_signals(const struct ruleset *rules, unsigned *slot)
{
	struct str names[RULESET_MAX_SIGNALS];
	unsigned slots[RULESET_MAX_SIGNALS], count = list_signals(rules, names, slots);

	if (count > 0)
		*slot = slots[count - 1];
	return count;
}

/* ---- what counts as churn ---- */

static bool
take_only_signal(const struct ruleset *rules, struct past_churn *out)
{
	if (past_count_signals(rules, &out->signal) == 1)
		return true;
	(void)ctl_fail(
		STATUS_USAGE,
		"say what a churn is: --signal S --horizon 91d (a silence of that "
		"signal), or --churned TYPE --horizon 28d; or `churn:` in the rule file");
	return false;
}

static void
take_rules(const struct ruleset *rules, struct past_churn *out)
{
	const struct churn_def *churn = &rules->churn;

	out->by_silence = churn->kind == CHURN_SILENT;
	if (out->by_silence)
		out->signal = churn->signal;
	if (out->by_silence && out->min_days == 0)
		out->min_days = churn->min_days;
	out->types = churn->types;
	out->type_count = churn->kind == CHURN_ON ? churn->type_count : 0;
	out->when = churn->kind == CHURN_WHEN ? churn->when : NULL;
	if (out->horizon == 0)
		out->horizon = (rules->horizon + DAY_MS - 1) / DAY_MS;
	if (out->when)
		out->by = out->when->source->text;
	else if (out->type_count)
		out->by = out->types[0];
}

static bool
take_words(const struct ruleset *rules, const struct past_words *words, struct past_churn *out)
{
	if (words->signal && !past_find_signal(rules, words->signal, &out->signal))
		return false;
	if (!words->churned) {
		out->by_silence = true;
		return words->signal || take_only_signal(rules, out);
	}
	out->by = out->named[0] = str_of(words->churned);
	out->types = out->named;
	out->type_count = past_is_type(out->by);
	return true;
}

bool
past_find_churn(const struct ruleset *rules, const struct past_words *words,
		struct past_churn *out)
{
	bool said = words->signal || words->churned || rules->churn.kind == CHURN_SAID;

	*out = (struct past_churn){.signal = PAST_ANY_SIGNAL,
				   .horizon = words->horizon,
				   .min_days = words->min_days};
	if (!said)
		take_rules(rules, out);
	else if (!take_words(rules, words, out))
		return false;
	if (out->min_days == 0)
		out->min_days = out->by_silence ? CHURN_MIN_DAYS : 1;
	return true;
}

/* ---- values ---- */

double
past_number(struct value value)
{
	if (!value.known)
		return (double)NAN;
	if (value.type == TYPE_BOOL)
		return value.u.b ? 1 : 0;
	if (value.type == TYPE_DURATION)
		return (double)value.u.i / DAY_MS;
	return value_as_number(value);
}
