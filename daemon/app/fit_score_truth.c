/* SPDX-License-Identifier: Apache-2.0 */
/* What counts as churn for a score: by the options, else by the rule files' `churn`, else a silence of the only signal. */
#include "app/fit_score.h"
#include "app/past.h"

#define SILENT_DAYS 91 /* where nothing is said */
#define TOLD_DAYS 28

static bool
take_signal(const struct score_wish *wish, const struct ruleset *rules,
	    struct score_truth *truth)
{
	unsigned slot = 0;

	if (wish->signal && !past_find_signal(rules, wish->signal, &slot))
		return false;
	if (!wish->signal && past_count_signals(rules, &slot) != 1)
		return past_lacks_churn();
	truth->signal = (int)slot;
	return true;
}

/* A condition that the option gives is compiled with the list. */
static void
take_churned(const struct score_wish *wish, struct score_truth *truth)
{
	truth->by = truth->named[0] = str_of(wish->churned);
	truth->types = truth->named;
	truth->type_count = past_is_type(truth->by);
}

static void
take_churn(const struct ruleset *rules, struct score_truth *truth)
{
	const struct churn_def *churn = &rules->churn;

	truth->by_silence = churn->kind == CHURN_SILENT;
	truth->horizon = (rules->horizon + DAY_MS - 1) / DAY_MS;
	truth->min_days = churn->min_days;
	if (truth->by_silence)
		truth->signal = (int)churn->signal;
	truth->types = churn->types;
	truth->type_count = churn->kind == CHURN_ON ? churn->type_count : 0;
	truth->when = churn->kind == CHURN_WHEN ? churn->when : NULL;
	truth->by = truth->when		? STR("the condition of `churn`")
		    : truth->type_count ? truth->types[0]
					: STR_NONE;
}

bool
score_truth_find(const struct score_wish *wish, const struct ruleset *rules,
		 struct score_truth *truth)
{
	*truth = (struct score_truth){.signal = -1};
	if (wish->churned)
		take_churned(wish, truth);
	else if (!wish->signal && rules->churn.kind != CHURN_SAID)
		take_churn(rules, truth);
	else
		truth->by_silence = true;
	if ((wish->signal || (truth->by_silence && truth->signal < 0)) &&
	    !take_signal(wish, rules, truth))
		return false;
	if (wish->horizon > 0 || truth->horizon == 0)
		truth->horizon = wish->horizon	     ? wish->horizon
				 : truth->by_silence ? SILENT_DAYS
						     : TOLD_DAYS;
	if (wish->min_days > 0 || truth->min_days == 0)
		truth->min_days = wish->min_days ? wish->min_days : truth->by_silence ? 2 : 1;
	return true;
}
