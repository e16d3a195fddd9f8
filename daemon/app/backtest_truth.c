/* SPDX-License-Identifier: Apache-2.0 */
/* What counts as churn in a backtest: by the options, else by the rule file's `churn`. */
#include <string.h>

#include "app/backtest_room.h"
#include "base/mem.h"
#include "base/number.h"
#include "lang/builtin.h"

/* ---- options ---- */

/* [A-Za-z0-9_.:-]+ is the type of an event, as long as it reads no profile. */
static bool
is_type(struct str text)
{
	if (str_starts(text, STR("profile.")))
		return false;
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			    (c >= '0' && c <= '9');

		if (!word && !memchr("_.:-", c, 4))
			return false;
	}
	return text.n > 0;
}

struct str
backtest_churned_expr(const struct backtest *all)
{
	struct str text = str_of(all->options.churned);

	return text.p && !is_type(text) ? text : STR_NONE;
}

/* Whole days: "91d", "13w", "91". */
static bool
read_horizon(struct backtest *all)
{
	const char *text = all->options.horizon;
	int64_t ms, days;

	if (!text)
		return true;
	if (!parse_int64(str_of(text), &days)) {
		if (!parse_duration(str_of(text), false, &ms) || ms % DAY_MS != 0)
			ms = 0;
		days = ms / DAY_MS;
	}
	if (days < 1 || days > 3650) {
		(void)ctl_fail(STATUS_USAGE,
			       "--horizon \"%s\": a number of days such as 91d, up to 3650d",
			       text);
		return false;
	}
	all->truth.horizon = days;
	return true;
}

static bool
read_min_days(struct backtest *all)
{
	const char *text = all->options.min_days;
	int64_t days;

	if (!text)
		return true;
	if (!parse_int64(str_of(text), &days) || days < 1 || days > 1000) {
		(void)ctl_fail(STATUS_USAGE, "--min-days \"%s\": a number from 1 to 1000",
			       text);
		return false;
	}
	all->truth.min_days = (unsigned)days;
	return true;
}

/* ---- signals ---- */

static unsigned
signal_names(const struct ruleset *rules, struct str names[RULESET_MAX_SIGNALS],
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

static bool
find_signal(struct backtest *all, const struct ruleset *rules)
{
	struct str names[RULESET_MAX_SIGNALS], wanted = str_of(all->options.signal);
	unsigned slots[RULESET_MAX_SIGNALS], count = signal_names(rules, names, slots);

	for (unsigned i = 0; i < count; i++)
		if (str_eq(names[i], wanted)) {
			all->truth.signal = slots[i];
			return true;
		}
	struct str near = str_nearest(wanted, names, count);

	(void)ctl_fail(STATUS_USAGE,
		       near.n ? "--signal: there is no signal %.*s; did you mean %.*s?"
			      : "--signal: there is no signal %.*s%.*s",
		       STR_ARG(wanted), STR_ARG(near));
	return false;
}

/* Without an option and without `churn` it is the only one there is. */
static bool
only_signal(struct backtest *all, const struct ruleset *rules)
{
	struct str names[RULESET_MAX_SIGNALS];
	unsigned slots[RULESET_MAX_SIGNALS], count = signal_names(rules, names, slots);

	if (count != 1) {
		(void)ctl_fail(STATUS_USAGE,
			       "say what a churn is: --signal S --horizon 91d (a silence of "
			       "that signal), or --churned TYPE --horizon 28d; or `churn:` in "
			       "the rule file");
		return false;
	}
	all->truth.signal = slots[0];
	return true;
}

/* ---- the rule file's ---- */

static void
take_churn(struct backtest *all, const struct ruleset *rules)
{
	struct backtest_truth *truth = &all->truth;
	const struct churn_def *churn = &rules->churn;

	truth->by_silence = churn->kind == CHURN_SILENT;
	if (churn->kind == CHURN_SILENT)
		truth->signal = churn->signal;
	truth->types = churn->types;
	truth->type_count = churn->kind == CHURN_ON ? churn->type_count : 0;
	truth->when = churn->kind == CHURN_WHEN ? churn->when : NULL;
	if (truth->min_days == 0 && truth->by_silence)
		truth->min_days = churn->min_days;
	if (truth->horizon == 0)
		truth->horizon = (rules->horizon + DAY_MS - 1) / DAY_MS;
	if (truth->when)
		truth->by = expr_text(&all->arena, truth->when->root);
	else if (truth->type_count)
		truth->by = truth->types[0];
}

static void
take_churned(struct backtest *all, const struct ruleset *rules)
{
	struct backtest_truth *truth = &all->truth;

	truth->by = truth->named[0] = str_of(all->options.churned);
	if (backtest_churned_expr(all).n == 0) {
		truth->types = truth->named;
		truth->type_count = 1;
		return;
	}
	for (unsigned i = 0; i < rules->ask_count; i++)
		if (all->sides[0].ask_of[rules->asks[i].of] == ASK_CHURNED)
			truth->when = rules->asks[i].expr;
}

/* Something beside the profile, so that time or any entry may turn it. */
static bool
reads_more(const struct node *node)
{
	if (node->kind == NODE_CALL && node->builtin->op < FN_FIRST_PURE)
		return true;
	for (unsigned i = 0; i < node->kid_count; i++)
		if (node->kids[i] && reads_more(node->kids[i]))
			return true;
	return false;
}

bool
backtest_find_truth(struct backtest *all, const struct ruleset *rules)
{
	struct backtest_truth *truth = &all->truth;
	bool silent = all->options.signal != NULL;

	truth->signal = BACKTEST_ANY_SIGNAL;
	if (!read_horizon(all) || !read_min_days(all))
		return false;
	if (silent && !find_signal(all, rules))
		return false;
	if (all->options.churned) {
		take_churned(all, rules);
	} else if (silent || rules->churn.kind == CHURN_SAID) {
		truth->by_silence = true;
		if (!silent && !only_signal(all, rules))
			return false;
	} else {
		take_churn(all, rules);
	}
	if (truth->min_days == 0)
		truth->min_days = truth->by_silence ? 2 : 1;
	truth->when_moves = truth->when && reads_more(truth->when->root);
	if (truth->horizon == 0)
		(void)ctl_fail(STATUS_USAGE,
			       "say how many days of silence are a churn, or how "
			       "many days before it a warning is right: --horizon "
			       "91d");
	return truth->horizon > 0;
}
