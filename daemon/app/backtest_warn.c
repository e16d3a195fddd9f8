/* SPDX-License-Identifier: Apache-2.0 */
/* What makes the figures of a backtest worth less than they look. */
#include <stdio.h>

#include "app/backtest_room.h"

#define FEW_CHURNS 30

static void
warn_of_models(struct backtest *all, const struct backtest_side *side)
{
	const struct ruleset *rules = engine_rules(feed_engine(side->feed));
	int64_t first = all->periods[all->period_count - 1].from;
	char en[400], zh[400], until[INSTANT_TEXT], from[INSTANT_TEXT];

	for (unsigned i = 0; i < rules->model_count; i++) {
		const struct signal_model *model = &rules->models[i];

		if (!model->has_until || model->until < first)
			continue;
		print_date(model->until, until);
		print_date(first, from);
		snprintf(
			en, sizeof en,
			"a model of %.*s was fitted on events up to %s, and what is judged begins "
			"on %s: it has seen part of the answers, so the figures flatter",
			STR_ARG(rules->signals[model->signal].name), until, from);
		snprintf(
			zh, sizeof zh,
			"信号 %.*s 的模型用截至 %s 的事件拟合，而评判期从 %s 开始：模型已见过部分答案，"
			"指标偏高",
			STR_ARG(rules->signals[model->signal].name), until, from);
		backtest_warn(all, en, zh);
		return;
	}
}

/* A name that is not what the file calls it shows nothing, and would look like a calm year. */
static bool
warn_of_activity(struct backtest *all)
{
	const struct ruleset *rules = engine_rules(feed_engine(all->sides[0].feed));
	char en[200], zh[200];

	if (all->day_starts[all->customers] > 0 || all->truth.signal == PAST_ANY_SIGNAL)
		return true;
	struct str name = rules->signals[all->truth.signal].name;

	snprintf(
		en, sizeof en,
		"no event of these files counts for %.*s: see the `on` and `where` of that signal",
		STR_ARG(name));
	snprintf(zh, sizeof zh,
		 "这些文件中没有任何事件计入 %.*s：请检查该信号的 `on` 和 `where`",
		 STR_ARG(name));
	backtest_warn(all, en, zh);
	return false;
}

static void
warn_of_churns(struct backtest *all)
{
	size_t churns = all->groups[all->period_count - 1].churns;
	char en[200], zh[200];

	if (churns == 0) {
		backtest_warn(
			all,
			"nobody was lost in the period that is judged: there is nothing to "
			"foresee; a longer file, or a shorter horizon, would show something",
			"评判期内没有客户流失，没有可预见的对象；请用更长的数据或更短的期限");
		return;
	}
	if (churns >= FEW_CHURNS)
		return;
	snprintf(en, sizeof en,
		 "only %zu losses in the period that is judged: read the intervals, not the "
		 "figures",
		 churns);
	snprintf(zh, sizeof zh, "评判期内只有 %zu 次流失：请看区间，不要只看数值", churns);
	backtest_warn(all, en, zh);
}

static bool
judged_nothing(const struct backtest *all)
{
	const struct backtest_side *side = &all->sides[0];
	const struct backtest_tally *tally =
		backtest_tally_of(side, all->period_count - 1, move_line_of_any(&side->lines));

	return tally->verdicts[VERDICT_HIT] + tally->verdicts[VERDICT_FALSE] == 0;
}

/* By silence the horizon of the last day judged has to lie in the data. */
static void
warn_of_end(struct backtest *all)
{
	int64_t last = judge_day(&all->judge, all->last_at);
	int64_t from = all->periods[all->period_count - 1].from;

	if (from + all->judge.horizon > last)
		backtest_warn(all,
			      "the data end before the first horizon of the period that is "
			      "judged is over: most warnings stay unresolved",
			      "数据在评判期的第一个期限结束之前就终止了：多数告警无法判定");
}

void
backtest_warn_all(struct backtest *all)
{
	for (unsigned i = 0; i < all->side_count; i++)
		warn_of_models(all, &all->sides[i]);
	if (warn_of_activity(all))
		warn_of_churns(all);
	warn_of_end(all);
	if (judged_nothing(all))
		backtest_warn(all, "no live rule warned in a way that could be judged",
			      "没有任何生效规则的告警可以判定");
	if (all->sides[0].sampled)
		backtest_warn(
			all,
			"rankings are of a part of the customers, evenly taken, at most 30,000 at a "
			"moment",
			"排序指标按等距抽样计算，每个时点至多三万个客户");
}
