/* SPDX-License-Identifier: Apache-2.0 */
/* What counts as churn in a backtest: by the options, else by the rule file's `churn`. */
#include "app/backtest_room.h"
#include "lang/builtin.h"

struct str
backtest_churned_expr(const struct backtest *all)
{
	struct str text = str_of(all->options.churned);

	return text.p && !past_is_type(text) ? text : STR_NONE;
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

/* A condition of --churned was compiled with the set. */
static void
take_condition(struct backtest *all, const struct ruleset *rules)
{
	for (unsigned i = 0; i < rules->ask_count; i++)
		if (all->sides[0].ask_of[rules->asks[i].of] == ASK_CHURNED)
			all->truth.when = rules->asks[i].expr;
}

bool
backtest_find_truth(struct backtest *all, const struct ruleset *rules)
{
	struct past_churn *truth = &all->truth;
	struct past_words words = {.signal = all->options.signal,
				   .churned = all->options.churned};

	if (!past_read_days("--horizon", all->options.horizon, 3650, &words.horizon) ||
	    !past_read_count("--min-days", all->options.min_days, 1, 1000, &words.min_days) ||
	    !past_find_churn(rules, &words, truth))
		return false;
	if (backtest_churned_expr(all).n > 0)
		take_condition(all, rules);
	all->when_moves = truth->when && reads_more(truth->when->root);
	if (truth->horizon == 0)
		(void)ctl_fail(STATUS_USAGE,
			       "say how many days of silence are a churn, or how "
			       "many days before it a warning is right: --horizon "
			       "91d");
	return truth->horizon > 0;
}
