/* SPDX-License-Identifier: Apache-2.0 */
/* What a score's rule file says of itself above its first line: what was learnt from what, and how well it does. */
#include <inttypes.h>
#include <math.h>

#include "app/fit_score.h"
#include "lang/expr.h"

struct str
score_signal(const struct score_story *story)
{
	return story->terms->rules->signals[story->terms->truth.signal].name;
}

/* What was given, in one line: the rest of it would be no comment. */
static void
add_line(struct buf *out, struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		buf_char(out, (unsigned char)text.p[i] < ' ' ? ' ' : text.p[i]);
}

static void
add_date(struct buf *out, int64_t day)
{
	char text[INSTANT_TEXT];

	print_date(day, text);
	buf_text(out, text);
}

static void
add_files(struct buf *out, const struct option_list *files)
{
	for (unsigned i = 0; i < files->count; i++) {
		buf_text(out, i ? ", " : "");
		add_line(out, str_of(feed_file_name(files->items[i])));
	}
}

/* ---- what was learnt from what ---- */

static void
add_churn(struct buf *out, const struct score_story *story)
{
	const struct past_churn *truth = &story->terms->truth;
	struct str by = truth->by_silence ? score_signal(story) : truth->by;

	buf_text(out, story->zh ? "#   流失            " : "#   churn           ");
	if (story->zh)
		buf_printf(out, "此后 %" PRId64 " 天内%s ", truth->horizon,
			   truth->by_silence ? "没有" : "出现");
	else
		buf_text(out, truth->by_silence ? "no " : "");
	add_line(out, by);
	if (!story->zh)
		buf_printf(out, " %s the %" PRId64 " days that follow",
			   truth->by_silence ? "on any of" : "within", truth->horizon);
	buf_char(out, '\n');
}

static void
add_activity(struct buf *out, const struct score_story *story)
{
	const struct past_churn *truth = &story->terms->truth;
	struct str signal = truth->signal == PAST_ANY_SIGNAL ? STR_NONE : score_signal(story);

	if (story->zh && signal.n == 0)
		buf_printf(out, "最近 %" PRId64 " 天内有事件", truth->horizon);
	else if (story->zh)
		buf_printf(out, "至今至少 %" PRId64 " 天有 %.*s、且最近 %" PRId64 " 天内也有",
			   truth->min_days, STR_ARG(signal), truth->horizon);
	else if (signal.n == 0)
		buf_printf(out, "an event in the last %" PRId64 " days", truth->horizon);
	else
		buf_printf(out,
			   "%.*s on at least %" PRId64 " days so far and in the last %" PRId64
			   " days",
			   STR_ARG(signal), truth->min_days, truth->horizon);
}

static void
add_whom(struct buf *out, const struct score_story *story)
{
	bool zh = story->zh;

	buf_text(out, zh ? "#   对象            尚未流失、"
			 : "#   of whom         customers who have not churned, with ");
	add_activity(out, story);
	buf_text(out, zh ? "的客户" : "");
	if (story->wish->among) {
		buf_text(out, zh ? "，并且 " : ", and for whom ");
		add_line(out, str_of(story->wish->among));
	}
	if (story->rows->one_in > 1)
		buf_printf(out,
			   zh ? "；每 %" PRIu64 " 个取一个" : "; one in %" PRIu64 " of them",
			   story->rows->one_in);
	buf_char(out, '\n');
}

static void
add_asked(struct buf *out, const struct score_story *story)
{
	const struct score_rows *rows = story->rows;
	bool zh = story->zh;

	buf_printf(out,
		   zh ? "#   询问时点        %u 个日终，"
		      : "#   asked           at the end of %u days, ",
		   rows->moments);
	add_date(out, rows->first_day);
	buf_text(out, zh ? " 至 " : " to ");
	add_date(out, rows->last_day);
	buf_printf(out, zh ? "，每 %" PRId64 " 天\n" : ", every %" PRId64 " days\n",
		   story->wish->every);
	add_whom(out, story);
	buf_printf(
		out,
		zh ? "#   行数            %zu 行，%zu 个客户；其中 %zu 行（%.1f %%）以流失告终\n"
		   : "#   rows            %zu of %zu customers; %zu (%.1f %%) end in a churn\n",
		rows->count, rows->customers, rows->churns,
		100.0 * (double)rows->churns / (double)rows->count);
}

/* ---- how well it does ---- */

static void
add_figures(struct buf *out, const struct score_story *story)
{
	const struct score_figures *figures = story->figures;
	bool zh = story->zh;

	buf_printf(out, "#   lambda          %.4g", figures->lambda);
	if (figures->lambda_found)
		buf_text(out, zh ? "，用它对留出的客户预测得最好"
				 : ", which says most of customers left out");
	buf_printf(
		out,
		zh ? "\n#   对数似然        每行 %.4f，留出的客户 %.4f，若客户全都一样 %.4f\n"
		   : "\n#   log-likelihood  a row: %.4f, %.4f of customers left out, %.4f if "
		     "all were alike\n",
		figures->in_log, figures->out_log, figures->base_log);
	buf_printf(out,
		   zh ? "#   AUC             %.3f，留出的客户 %.3f"
		      : "#   AUC             %.3f, %.3f of customers left out",
		   figures->in_auc, figures->out_auc);
	if (!isnan(figures->last_auc)) {
		buf_text(out, zh ? "；只凭此前所知，" : "; ");
		buf_printf(out, zh ? "%.3f（" : "%.3f on ", figures->last_auc);
		add_date(out, story->rows->last_day);
		buf_text(out, zh ? "）" : " by what was known then");
	}
	buf_char(out, '\n');
}

static void
add_term(struct buf *out, const struct score_story *story, const struct score_ranked *ranked)
{
	const struct score_term_figures *figures = &story->figures->term[ranked->term];

	if (figures->deviation == 0)
		buf_text(out, story->zh ? "#        无" : "#      none");
	else
		buf_printf(out, "#   %+7.3f", ranked->weight);
	if (isnan(figures->alone))
		buf_text(out, "      -  ");
	else
		buf_printf(out, "  %5.3f  ", figures->alone);
	buf_printf(out, "%6.1f %%  ", 100 * figures->unknown);
	score_term_text(out, story->terms->term[ranked->term]->expr);
	buf_char(out, '\n');
}

static void
add_table(struct buf *out, const struct score_story *story, const struct score_ranked *ranked)
{
	buf_text(out,
		 story->zh
			 ? "#\n"
			   "# 各项每增加一个标准差的权重（大于 0：更可能流失）、单独的 AUC、\n"
			   "# 未知（此时取平均值）的行所占比例：\n"
			   "#      权重   单独      未知  项\n"
			 : "#\n"
			   "# What each term adds for one standard deviation more of it (above "
			   "0: likelier to churn), its AUC alone,\n"
			   "# the share of rows in which it is unknown and stands at its "
			   "mean:\n"
			   "#    weight  alone   unknown  term\n");
	for (unsigned i = 0; i < story->terms->count; i++)
		add_term(out, story, &ranked[i]);
}

void
score_write_comments(struct buf *out, const struct score_story *story,
		     const struct score_ranked *ranked)
{
	bool zh = story->zh;

	buf_text(out, zh ? "# 流失的概率（0 到 1），由加权和算出：churnctl fit --score，"
			 : "# The chance of a churn, 0 to 1, as a weighted sum: churnctl fit "
			   "--score, ");
	add_date(out, story->today);
	buf_text(out, zh ? "。\n# 请与 " : ".\n# Load it together with ");
	add_files(out, &story->wish->rules);
	buf_text(out, zh ? " 一起加载；各项和权重可以手工修改。\n"
			 : "; terms and weights may be changed by hand.\n");
	add_churn(out, story);
	buf_text(out, zh ? "#   数据            " : "#   data            ");
	add_files(out, &story->wish->events);
	buf_text(out, zh ? "，截至 " : ", until ");
	add_date(out, story->wish->until);
	buf_char(out, '\n');
	add_asked(out, story);
	add_figures(out, story);
	add_table(out, story, ranked);
}
