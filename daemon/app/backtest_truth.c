/* SPDX-License-Identifier: Apache-2.0 */
/* What counts as churn in a backtest: by the options, else by the rule file's `churn`. */
#include "app/backtest_room.h"
#include "app/past.h"
#include "lang/builtin.h"

struct str
backtest_churned_expr(const struct backtest *all)
{
	struct str text = str_of(all->options.churned);

	return text.p && !past_is_type(text) ? text : STR_NONE;
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
	int64_t min_days = 0;
	if (!past_read_days("--horizon", all->options.horizon, 3650, &truth->horizon) ||
	    !past_read_count("--min-days", all->options.min_days, 1, 1000, &min_days))
		return false;
	truth->min_days = (unsigned)min_days;
	if (silent && !past_find_signal(rules, all->options.signal, &truth->signal))
		return false;
	if (all->options.churned) {
		take_churned(all, rules);
	} else if (silent || rules->churn.kind == CHURN_SAID) {
		truth->by_silence = true;
		if (!silent && past_count_signals(rules, &truth->signal) != 1)
			return past_lacks_churn();
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
