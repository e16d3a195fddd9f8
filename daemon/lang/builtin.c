/* SPDX-License-Identifier: Apache-2.0 */
/* The table of functions an expression may call. */
#include "lang/builtin.h"

static const struct str weekdays[] = {{"mon", 3}, {"tue", 3}, {"wed", 3}, {"thu", 3},
				      {"fri", 3}, {"sat", 3}, {"sun", 3}};
const struct enum_def builtin_weekdays = {
	.name = {"weekday", 7}, .words = weekdays, .count = 7, .ordered = true};

/* clang-format off */
#define RANGE_PARAM {.type = TYPE_RANGE}
#define SIGNAL_PARAM {.type = TYPE_SIGNAL}
#define ITEMS_PARAM {.type = TYPE_ITEMS}
#define NUM_PARAM {.type = TYPE_NUM}
#define MIN_EVENTS_PARAM \
	{.name = "min_events", .type = TYPE_NUM, .optional = true, .named_only = true}

#define GAP_FLAGS (FN_WINDOW | FN_ACTIVE_DAYS)
#define MODEL_FLAGS (FN_STEPS | FN_ACTIVE_DAYS | FN_MODEL)

static const struct builtin rows[] = {
	{.name = "count", .op = FN_COUNT, .result = TYPE_INT, .flags = FN_WINDOW,
	 .param_count = 1, .params = {RANGE_PARAM},
	 .en = "events in the range", .zh = "区间内的事件数"},
	{.name = "sum", .op = FN_SUM, .result = TYPE_NUM, .flags = FN_WINDOW | FN_NEEDS_SUM,
	 .param_count = 1, .params = {RANGE_PARAM},
	 .en = "sum of the values in the range", .zh = "区间内数值之和"},
	{.name = "max", .op = FN_MAX, .result = TYPE_NUM, .flags = FN_WINDOW | FN_NEEDS_SUM,
	 .param_count = 1, .params = {RANGE_PARAM},
	 .en = "largest of the values in the range; unknown when there is none",
	 .zh = "区间内数值的最大者；没有则未知"},
	{.name = "min", .op = FN_MIN, .result = TYPE_NUM, .flags = FN_WINDOW | FN_NEEDS_SUM,
	 .param_count = 1, .params = {RANGE_PARAM},
	 .en = "smallest of the values in the range; unknown when there is none",
	 .zh = "区间内数值的最小者；没有则未知"},
	{.name = "avg", .op = FN_AVG, .result = TYPE_NUM, .flags = FN_WINDOW | FN_NEEDS_SUM,
	 .param_count = 1, .params = {RANGE_PARAM},
	 .en = "mean of the values in the range; unknown when there is none",
	 .zh = "区间内数值的平均；没有则未知"},
	{.name = "days", .op = FN_DAYS, .result = TYPE_INT, .flags = FN_WINDOW | FN_DAYS_ONLY,
	 .param_count = 1, .params = {RANGE_PARAM},
	 .en = "days of the range with an event", .zh = "区间内有事件的天数"},
	{.name = "observed", .op = FN_OBSERVED, .result = TYPE_INT,
	 .flags = FN_WINDOW | FN_DAYS_ONLY, .param_count = 1, .params = {RANGE_PARAM},
	 .en = "days of the range that were observed: not before the customer or the signal was known",
	 .zh = "区间内被观测到的天数：不含客户或信号尚未出现之时"},
	{.name = "rate", .op = FN_RATE, .result = TYPE_NUM, .flags = FN_WINDOW | FN_DAYS_ONLY,
	 .param_count = 1, .params = {RANGE_PARAM},
	 .en = "events (of a sum: signal, the sum) per observed day",
	 .zh = "每个观测日的事件数（sum: 信号则为数值之和）"},
	{.name = "ratio", .op = FN_RATIO, .result = TYPE_NUM, .flags = FN_WINDOW | FN_DAYS_ONLY,
	 .param_count = 3, .params = {RANGE_PARAM, RANGE_PARAM, MIN_EVENTS_PARAM},
	 .en = "rate of the first range over rate of the second; unknown under min_events in the second",
	 .zh = "前一区间的日均与后一区间的日均之比；后者事件数不足 min_events 时未知"},
	{.name = "change", .op = FN_CHANGE, .result = TYPE_NUM, .flags = FN_WINDOW | FN_DAYS_ONLY,
	 .param_count = 3, .params = {RANGE_PARAM, RANGE_PARAM, MIN_EVENTS_PARAM},
	 .en = "ratio less 1: -0.5 is a fall by half", .zh = "比值减 1:-0.5 即下降一半"},
	{.name = "p_drop", .op = FN_P_DROP, .result = TYPE_PROB, .flags = FN_WINDOW | FN_DAYS_ONLY,
	 .param_count = 2, .params = {RANGE_PARAM, RANGE_PARAM},
	 .en = "chance of so few events in the first range, were the rate that of both",
	 .zh = "若频率未变，前一区间事件如此之少的概率"},
	{.name = "p_rise", .op = FN_P_RISE, .result = TYPE_PROB, .flags = FN_WINDOW | FN_DAYS_ONLY,
	 .param_count = 2, .params = {RANGE_PARAM, RANGE_PARAM},
	 .en = "chance of so many events in the first range, were the rate that of both",
	 .zh = "若频率未变，前一区间事件如此之多的概率"},
	{.name = "trend", .op = FN_TREND, .result = TYPE_NUM, .flags = FN_WINDOW | FN_DAYS_ONLY,
	 .param_count = 1, .params = {RANGE_PARAM},
	 .en = "slope per day of the events (of a sum: signal, the sum) over the observed days; unknown below 3 of them",
	 .zh = "各观测日事件数（sum: 信号则为数值之和）每天的斜率；不足 3 个观测日则未知"},
	{.name = "ewma", .op = FN_EWMA, .result = TYPE_NUM, .flags = FN_WINDOW | FN_CLOSED_DAYS,
	 .param_count = 2, .params = {SIGNAL_PARAM, {.type = TYPE_DURATION, .literal = true,
						     .bound = BOUND_SPAN}},
	 .en = "smoothed daily rate over observed closed days; a day weighs half as much per half-life it lies back",
	 .zh = "已结束观测日的平滑日均；每往前一个半衰期，权重减半"},
	{.name = "cusum_drop", .op = FN_CUSUM_DROP, .result = TYPE_NUM,
	 .flags = FN_WINDOW | FN_CLOSED_DAYS, .param_count = 2,
	 .params = {SIGNAL_PARAM, {.type = TYPE_NUM, .literal = true, .bound = BOUND_DROP}},
	 .en = "evidence in nats, gathered over the last 91 days, that the rate fell to rho times that of the 91 days before; unknown under min_events in those",
	 .zh = "近 91 天累积的证据（奈特）：频率已降为此前 91 天的 rho 倍；此前事件不足 min_events 则未知"},
	{.name = "cusum_rise", .op = FN_CUSUM_RISE, .result = TYPE_NUM,
	 .flags = FN_WINDOW | FN_CLOSED_DAYS, .param_count = 2,
	 .params = {SIGNAL_PARAM, {.type = TYPE_NUM, .literal = true, .bound = BOUND_RISE}},
	 .en = "the same that it rose to rho times that", .zh = "同上，频率已升为 rho 倍"},
	{.name = "typical_gap", .op = FN_TYPICAL_GAP, .result = TYPE_DURATION, .flags = GAP_FLAGS,
	 .param_count = 1, .params = {SIGNAL_PARAM},
	 .en = "the customer's own rhythm: median gap between active days; unknown below 3 gaps",
	 .zh = "客户自身的节奏：活跃日间隔的中位数；不足 3 个间隔则未知"},
	{.name = "gap_mean", .op = FN_GAP_MEAN, .result = TYPE_DURATION, .flags = GAP_FLAGS,
	 .param_count = 1, .params = {SIGNAL_PARAM},
	 .en = "mean gap between active days", .zh = "活跃日间隔的平均"},
	{.name = "gap_sd", .op = FN_GAP_SD, .result = TYPE_DURATION, .flags = GAP_FLAGS, .param_count = 1,
	 .params = {SIGNAL_PARAM},
	 .en = "standard deviation of the gaps", .zh = "间隔的标准差"},
	{.name = "gap_max", .op = FN_GAP_MAX, .result = TYPE_DURATION, .flags = GAP_FLAGS, .param_count = 1,
	 .params = {SIGNAL_PARAM},
	 .en = "longest gap between active days", .zh = "最长的活跃日间隔"},
	{.name = "gap_quantile", .op = FN_GAP_QUANTILE, .result = TYPE_DURATION, .flags = GAP_FLAGS,
	 .param_count = 2,
	 .params = {SIGNAL_PARAM, {.type = TYPE_NUM, .literal = true, .bound = BOUND_SHARE}},
	 .en = "the gap that a share q of the gaps stays under", .zh = "间隔的 q 分位数"},
	{.name = "gap_ewma", .op = FN_GAP_EWMA, .result = TYPE_DURATION, .flags = GAP_FLAGS,
	 .param_count = 2,
	 .params = {SIGNAL_PARAM, {.type = TYPE_NUM, .literal = true, .bound = BOUND_WEIGHT}},
	 .en = "smoothed gap: each new one weighs w", .zh = "平滑的间隔：每个新间隔的权重为 w"},
	{.name = "p_silent", .op = FN_P_SILENT, .result = TYPE_PROB, .flags = MODEL_FLAGS, .param_count = 2,
	 .params = {SIGNAL_PARAM, {.type = TYPE_DURATION}},
	 .en = "chance of no event in the next so much time, by the signal's model",
	 .zh = "按信号的模型，今后这段时间内没有事件的概率"},
	{.name = "p_gap", .op = FN_P_GAP, .result = TYPE_PROB, .flags = MODEL_FLAGS, .param_count = 2,
	 .params = {SIGNAL_PARAM, {.type = TYPE_DURATION}},
	 .en = "chance that the present silence reaches that length, by the signal's model",
	 .zh = "按信号的模型，当前沉默达到该时长的概率"},
	{.name = "p_alive", .op = FN_P_ALIVE, .result = TYPE_PROB, .flags = MODEL_FLAGS, .param_count = 1,
	 .params = {SIGNAL_PARAM},
	 .en = "chance that the customer has not left for good, by the signal's model",
	 .zh = "按信号的模型，客户尚未永久离开的概率"},
	{.name = "since", .op = FN_SINCE, .result = TYPE_DURATION, .flags = FN_GROWS | FN_ONE_SIGNAL,
	 .param_count = 2,
	 .params = {SIGNAL_PARAM, {.name = "by", .type = TYPE_STRING, .optional = true,
				   .named_only = true}},
	 .en = "time since the last event, of the member with that id or role if by= is given; "
	       "unknown if there was none",
	 .zh = "距最近一次事件的时间；给出 by= 时只看该编号或角色的成员；从未发生则未知"},
	{.name = "silent", .op = FN_SILENT, .result = TYPE_DURATION,
	 .flags = FN_GROWS | FN_ONE_SIGNAL, .param_count = 1, .params = {SIGNAL_PARAM},
	 .en = "time since the last event, or age() if there was none",
	 .zh = "距最近一次事件的时间；从未发生则为 age()"},
	{.name = "seen", .op = FN_SEEN, .result = TYPE_BOOL, .flags = FN_ONE_SIGNAL,
	 .param_count = 1, .params = {SIGNAL_PARAM},
	 .en = "whether there ever was an event", .zh = "是否曾有事件"},
	{.name = "after", .op = FN_AFTER, .result = TYPE_DURATION, .flags = FN_GROWS,
	 .param_count = 2, .params = {SIGNAL_PARAM, SIGNAL_PARAM},
	 .en = "time since the oldest first event that no second one has settled; 0s when none is open",
	 .zh = "最早一个尚未被后者了结的前者距今的时间；没有则为 0s"},
	{.name = "age", .op = FN_AGE, .result = TYPE_DURATION, .flags = FN_GROWS,
	 .en = "time since the customer was first seen (or profile.customer_since)",
	 .zh = "距首次见到客户（或 profile.customer_since）的时间"},
	{.name = "open", .op = FN_OPEN, .result = TYPE_INT, .flags = FN_ITEMS, .param_count = 2,
	 .params = {ITEMS_PARAM, {.type = TYPE_BOOL, .optional = true, .condition = true}},
	 .en = "items open now, of those the ones for which the condition is true",
	 .zh = "当前未关闭的条目数；给出条件时只计满足条件的"},
	{.name = "oldest", .op = FN_OLDEST, .result = TYPE_DURATION,
	 .flags = FN_GROWS | FN_ITEMS, .param_count = 1, .params = {ITEMS_PARAM},
	 .en = "time since the oldest open item was opened; 0s when none is open",
	 .zh = "最早的未关闭条目距今的时间；没有则为 0s"},
	{.name = "until_due", .op = FN_UNTIL_DUE, .result = TYPE_DURATION,
	 .flags = FN_STEPS | FN_ITEMS | FN_NONE_IS_FALSE, .param_count = 1,
	 .params = {ITEMS_PARAM},
	 .en = "calendar days to the nearest due date of an open item, negative after it; "
	       "with none any comparison is false",
	 .zh = "距未关闭条目中最近到期日的日历天数，过后为负；没有则任何比较均不成立"},
	{.name = "users", .op = FN_USERS, .result = TYPE_INT,
	 .flags = FN_WINDOW | FN_DAYS_ONLY | FN_MEMBERS, .param_count = 1,
	 .params = {RANGE_PARAM},
	 .en = "distinct members with an event in the range", .zh = "区间内有事件的成员数"},
	{.name = "share_of_top", .op = FN_SHARE_OF_TOP, .result = TYPE_PROB,
	 .flags = FN_WINDOW | FN_DAYS_ONLY | FN_MEMBERS, .param_count = 1,
	 .params = {RANGE_PARAM},
	 .en = "share of the busiest member in the members' events of the range",
	 .zh = "最活跃成员占区间内成员事件的比例"},
	{.name = "last", .op = FN_LAST, .result = TYPE_NUM, .flags = FN_NEEDS_LAST,
	 .param_count = 2,
	 .params = {SIGNAL_PARAM, {.type = TYPE_DURATION, .optional = true, .literal = true,
				  .whole_days = true}},
	 .en = "latest value of a last: signal; last(s, 30d) as it stood 30 days ago",
	 .zh = "last: 信号的最新值；last(s, 30d) 为 30 天前的值"},
	{.name = "until", .op = FN_UNTIL, .result = TYPE_DURATION, .flags = FN_STEPS,
	 .param_count = 1, .params = {{.type = TYPE_DATE}},
	 .en = "calendar days from today to the date, negative after it",
	 .zh = "从今天到该日期的日历天数，过后为负"},
	{.name = "hour", .op = FN_HOUR, .result = TYPE_INT, .flags = FN_EDGES,
	 .en = "hour that local clocks show, 0..23", .zh = "当地时钟的小时，0..23"},
	{.name = "weekday", .op = FN_WEEKDAY, .result = TYPE_ENUM, .words = &builtin_weekdays,
	 .flags = FN_EDGES,
	 .en = "day of the week: mon tue wed thu fri sat sun, mon the least",
	 .zh = "星期：mon tue wed thu fri sat sun,mon 最小"},
	{.name = "month", .op = FN_MONTH, .result = TYPE_INT, .flags = FN_EDGES,
	 .en = "month of the local date, 1..12", .zh = "当地日期的月份，1..12"},
	{.name = "now", .op = FN_NOW, .result = TYPE_TIME, .flags = FN_GROWS,
	 .en = "this instant", .zh = "此刻"},
	{.name = "is_workday", .op = FN_IS_WORKDAY, .result = TYPE_BOOL, .flags = FN_EDGES,
	 .en = "whether today is a working day of the calendar", .zh = "按日历今天是否为工作日"},
	{.name = "holiday", .op = FN_HOLIDAY, .result = TYPE_BOOL, .flags = FN_EDGES,
	 .param_count = 1, .params = {{.type = TYPE_STRING, .literal = true}},
	 .en = "whether today is the calendar's holiday of that name",
	 .zh = "今天是否为日历中的该节假日"},
	{.name = "workdays", .op = FN_WORKDAYS, .result = TYPE_INT, .flags = FN_EDGES,
	 .param_count = 1, .params = {{.type = TYPE_DURATION}},
	 .en = "working days that began in the last so much time, today included",
	 .zh = "最近该时长内开始的工作日数，含今天"},
	{.name = "risk", .op = FN_RISK, .result = TYPE_INT, .flags = FN_FOLLOWS,
	 .en = "risk from the rules above, 0..100", .zh = "由以上规则得出的风险，0..100"},
	{.name = "level", .op = FN_LEVEL, .result = TYPE_ENUM, .flags = FN_SCORES,
	 .en = "the customer's level before this step", .zh = "本步之前客户所处的等级"},
	{.name = "tag", .op = FN_TAG, .result = TYPE_BOOL, .flags = FN_SCORES,
	 .param_count = 1, .params = {{.type = TYPE_STRING, .literal = true}},
	 .en = "whether the customer has the tag", .zh = "客户是否有该标签"},
	{.name = "risk_rise", .op = FN_RISK_RISE, .result = TYPE_INT, .flags = FN_FOLLOWS,
	 .param_count = 1,
	 .params = {{.type = TYPE_DURATION, .literal = true, .whole_days = true}},
	 .en = "risk() less what the risk was at that close so many days ago; unknown across a change of rules",
	 .zh = "risk() 减去若干天前日终时的风险；其间规则有变更则未知"},
	{.name = "stage", .op = FN_STAGE, .result = TYPE_ENUM, .flags = FN_SCORES,
	 .en = "the customer's stage before this step; unknown while it is in none",
	 .zh = "本步之前客户所处的阶段；不在任何阶段则未知"},
	{.name = "stage_age", .op = FN_STAGE_AGE, .result = TYPE_DURATION,
	 .flags = FN_GROWS | FN_SCORES,
	 .en = "time in this stage; unknown while it is in none",
	 .zh = "处于当前阶段的时间；不在任何阶段则未知"},
	{.name = "firing", .op = FN_FIRING, .result = TYPE_BOOL,
	 .flags = FN_FOLLOWS | FN_NAMES_RULE, .param_count = 1,
	 .params = {{.type = TYPE_STRING, .literal = true}},
	 .en = "whether the rule, one further up in the file, fires now",
	 .zh = "该规则（须在文件中更靠前）此刻是否触发"},
	{.name = "fired_within", .op = FN_FIRED_WITHIN, .result = TYPE_BOOL,
	 .flags = FN_FOLLOWS | FN_NAMES_RULE | FN_EDGES, .param_count = 2,
	 .params = {{.type = TYPE_STRING, .literal = true}, {.type = TYPE_DURATION}},
	 .en = "whether a firing of the rule, one further up in the file, began less than so long ago",
	 .zh = "该规则（须在文件中更靠前）的某次触发是否始于这段时间之内"},
	{.name = "contains", .op = FN_CONTAINS, .result = TYPE_BOOL, .param_count = 2,
	 .params = {{.type = TYPE_STRING}, {.type = TYPE_STRING}},
	 .en = "whether the first text holds the second", .zh = "前一文本是否包含后一文本"},
	{.name = "abs", .op = FN_ABS, .result = TYPE_NUM, .param_count = 1, .params = {NUM_PARAM},
	 .en = "the number without its sign", .zh = "绝对值"},
	{.name = "exp", .op = FN_EXP, .result = TYPE_NUM, .param_count = 1, .params = {NUM_PARAM},
	 .en = "e to the power of the number", .zh = "e 的该次幂"},
	{.name = "log", .op = FN_LOG, .result = TYPE_NUM, .param_count = 1, .params = {NUM_PARAM},
	 .en = "natural logarithm; unknown for 0 and below", .zh = "自然对数；不大于 0 时未知"},
	{.name = "logistic", .op = FN_LOGISTIC, .result = TYPE_PROB, .param_count = 1,
	 .params = {NUM_PARAM},
	 .en = "1 / (1 + exp(-x)): a score as a probability", .zh = "1 / (1 + exp(-x)):把评分化为概率"},
	{.name = "least", .op = FN_LEAST, .result = TYPE_NUM, .param_count = 1,
	 .params = {NUM_PARAM}, .variadic = true,
	 .en = "the smallest of the numbers", .zh = "最小的数"},
	{.name = "most", .op = FN_MOST, .result = TYPE_NUM, .param_count = 1,
	 .params = {NUM_PARAM}, .variadic = true,
	 .en = "the largest of the numbers", .zh = "最大的数"},
};

/* clang-format on */

const struct builtin *
builtin_at(unsigned index)
{
	return index < sizeof rows / sizeof *rows ? &rows[index] : NULL;
}

const struct builtin *
builtin_find(struct str name)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (str_is(name, rows[i].name))
			return &rows[i];
	return NULL;
}

int
builtin_ewma_days(int64_t half_life)
{
	if (half_life >= GAP_REACH_DAYS * DAY_MS / EWMA_HALF_LIVES)
		return GAP_REACH_DAYS;
	return (int)((half_life * EWMA_HALF_LIVES + DAY_MS - 1) / DAY_MS);
}

void
builtin_signature(struct buf *out, const struct builtin *fn)
{
	buf_text(out, fn->name);
	buf_char(out, '(');
	for (unsigned i = 0; i < fn->param_count; i++) {
		const struct param *param = &fn->params[i];

		if (i > 0)
			buf_text(out, ", ");
		if (param->name)
			buf_printf(out, "%s=", param->name);
		buf_text(out, param->condition ? "'condition'" : type_name(param->type, false));
	}
	buf_text(out, fn->variadic ? ", ...)" : ")");
}
