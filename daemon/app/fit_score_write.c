/* SPDX-License-Identifier: Apache-2.0 */
/* A score as a rule file that an admin can read and change, and as JSON. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "app/fit_score.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/number.h"
#include "lang/expr.h"

/* ---- words ---- */

static void
add_date(struct buf *out, int64_t day)
{
	char text[INSTANT_TEXT];

	print_date(day, text);
	buf_text(out, text);
}

static struct str
signal_name(const struct score_story *story)
{
	return story->terms->rules->signals[story->terms->truth.signal].name;
}

/* ---- the formula ---- */

/* (x - mean) / deviation: where x is unknown it stands at its mean, and says nothing. */
static void
add_standard(struct buf *out, const struct expr *expr, const struct score_term_figures *figures)
{
	bool shaky = figures->unknown > 0 || score_term_may_be_unknown(expr);
	bool tight = expr->root->kind == NODE_CALL && expr->root->type != TYPE_DURATION;

	buf_text(out, shaky ? "(coalesce(" : tight ? "(" : "((");
	score_term_text(out, expr);
	if (shaky)
		buf_printf(out, ", %.4g", figures->mean);
	buf_printf(out, "%s %c %.4g) / %.4g", shaky || !tight ? ")" : "",
		   figures->mean < 0 ? '+' : '-', fabs(figures->mean), figures->deviation);
}

struct ranked {
	double weight;
	unsigned term;
};

static int
heavier_first(const void *left, const void *right)
{
	const struct ranked *a = left, *b = right;

	if (fabs(a->weight) != fabs(b->weight))
		return fabs(a->weight) < fabs(b->weight) ? 1 : -1;
	return (a->term > b->term) - (a->term < b->term);
}

static void
rank_terms(const struct score_story *story, struct ranked *ranked)
{
	for (unsigned i = 0; i < story->terms->count; i++)
		ranked[i] = (struct ranked){story->figures->fit.weight[i], i};
	qsort(ranked, story->terms->count, sizeof *ranked, heavier_first);
}

static void
add_formula(struct buf *out, const struct score_story *story, const struct ranked *ranked)
{
	buf_printf(out, "logistic(%.4g", story->figures->fit.intercept);
	for (unsigned i = 0; i < story->terms->count; i++) {
		unsigned term = ranked[i].term;
		if (story->figures->term[term].deviation == 0 || ranked[i].weight == 0)
			continue;
		buf_printf(out, "\n      %c %.4g * ", ranked[i].weight < 0 ? '-' : '+',
			   fabs(ranked[i].weight));
		add_standard(out, story->terms->term[term]->expr, &story->figures->term[term]);
	}
	buf_char(out, ')');
}

/* ---- the comments ---- */

static void
add_files(struct buf *out, const struct option_list *files)
{
	for (unsigned i = 0; i < files->count; i++)
		buf_printf(out, "%s%s", i ? ", " : "", feed_file_name(files->items[i]));
}

static void
add_churn(struct buf *out, const struct score_story *story)
{
	const struct score_truth *truth = &story->terms->truth;

	if (truth->by_silence)
		buf_printf(out, "no %.*s on any of the %" PRId64 " days that follow",
			   STR_ARG(signal_name(story)), truth->horizon);
	else
		buf_printf(out, "%.*s within the %" PRId64 " days that follow",
			   STR_ARG(truth->by), truth->horizon);
}

static void
add_whom(struct buf *out, const struct score_story *story)
{
	const struct score_truth *truth = &story->terms->truth;

	buf_printf(out, "\n#   of whom         customers who have not churned, with ");
	if (truth->signal < 0)
		buf_text(out, "an event");
	else
		buf_printf(out, "%.*s on at least %" PRId64 " days so far and",
			   STR_ARG(signal_name(story)), truth->min_days);
	buf_printf(out, " in the last %" PRId64 " days", truth->horizon);
	if (story->wish->among)
		buf_printf(out, ", and for whom %s", story->wish->among);
	if (story->rows->one_in > 1)
		buf_printf(out, "; one in %" PRIu64 " of them", story->rows->one_in);
}

static void
add_asked(struct buf *out, const struct score_story *story)
{
	const struct score_wish *wish = story->wish;
	const struct score_rows *rows = story->rows;

	buf_printf(out, "#   asked           at the end of %u days, ", rows->moments);
	add_date(out, rows->first_day);
	buf_text(out, " to ");
	add_date(out, rows->last_day);
	buf_printf(out, ", every %" PRId64 " days", wish->every);
	add_whom(out, story);
	buf_printf(out,
		   "\n#   rows            %zu of %zu customers; %zu (%.1f %%) end in a churn\n",
		   rows->count, rows->customers, rows->churns,
		   100.0 * (double)rows->churns / (double)rows->count);
}

static void
add_figures(struct buf *out, const struct score_story *story)
{
	const struct score_figures *figures = story->figures;

	buf_printf(out, "#   lambda          %.4g%s\n", figures->lambda,
		   figures->lambda_found ? ", which says most of customers left out" : "");
	buf_printf(
		out,
		"#   log-likelihood  a row: %.4f, %.4f of customers left out, %.4f if all were "
		"alike\n",
		figures->in_log, figures->out_log, figures->base_log);
	buf_printf(out, "#   AUC             %.3f, %.3f of customers left out", figures->in_auc,
		   figures->out_auc);
	if (!isnan(figures->last_auc)) {
		buf_printf(out, "; %.3f on ", figures->last_auc);
		add_date(out, story->rows->last_day);
		buf_text(out, " by what was known then");
	}
	buf_char(out, '\n');
}

static void
add_term(struct buf *out, const struct score_story *story, const struct ranked *ranked)
{
	const struct score_term_figures *figures = &story->figures->term[ranked->term];

	if (figures->deviation == 0)
		buf_text(out, "#      none");
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
add_table(struct buf *out, const struct score_story *story, const struct ranked *ranked)
{
	buf_text(
		out,
		"#\n"
		"# What each term adds for one standard deviation more of it (above 0: likelier to "
		"churn), its AUC alone,\n"
		"# the share of rows in which it is unknown and stands at its mean:\n"
		"#    weight  alone   unknown  term\n");
	for (unsigned i = 0; i < story->terms->count; i++)
		add_term(out, story, &ranked[i]);
}

static void
add_comments(struct buf *out, const struct score_story *story, const struct ranked *ranked)
{
	buf_text(out,
		 "# The chance of a churn, 0 to 1, as a weighted sum: churnctl fit --score, ");
	add_date(out, story->today);
	buf_text(out, ".\n# Load it together with ");
	add_files(out, &story->wish->rules);
	buf_text(out, "; terms and weights may be changed by hand.\n#   churn           ");
	add_churn(out, story);
	buf_text(out, "\n#   data            ");
	add_files(out, &story->wish->events);
	buf_text(out, ", until ");
	add_date(out, story->wish->until);
	buf_char(out, '\n');
	add_asked(out, story);
	add_figures(out, story);
	add_table(out, story, ranked);
}

/* ---- the file ---- */

/* By silence: from the first event of the signal on. Where churn is told: whoever it gives a point. */
static void
add_rule(struct buf *out, const struct score_story *story)
{
	const char *name = story->wish->name;

	buf_printf(out,
		   "rules:\n"
		   "# The points follow the score, at each event and each day's close: 100 is "
		   "certain.\n"
		   "- rule: %s\n",
		   name);
	if (!story->terms->truth.by_silence)
		buf_printf(out, "  expr: %s >= 0.005\n", name);
	else
		buf_printf(out, "  expr: seen(%.*s)\n", STR_ARG(signal_name(story)));
	buf_printf(out,
		   "  points: 100 * %s\n"
		   "  reason: {en: \"chance of leaving within %" PRId64
		   " days: {%s}\", zh: \"%" PRId64 " 天内流失的概率：{%s}\"}\n",
		   name, story->terms->truth.horizon, name, story->terms->truth.horizon, name);
}

bool
score_write_rules(struct buf *out, const struct score_story *story, struct err *err)
{
	struct ranked ranked[FIT_LOGISTIC_COLUMNS];

	rank_terms(story, ranked);
	add_comments(out, story, ranked);
	buf_printf(out, "churnd: 1\nmacros:\n  %s: |\n    ", story->wish->name);
	size_t from = out->n;
	add_formula(out, story, ranked);
	if (out->n - from > EXPR_MAX_BYTES)
		return err_set(
			err,
			"the formula would have %zu bytes, and an expression takes %d: name "
			"fewer, or make macros of them",
			out->n - from, EXPR_MAX_BYTES);
	buf_char(out, '\n');
	add_rule(out, story);
	return true;
}

/* ---- JSON ---- */

static void
json_four(struct json *json, const char *key, double number)
{
	json_key(json, key);
	json_number(json, number);
}

static void
json_day(struct json *json, const char *key, int64_t day)
{
	char text[INSTANT_TEXT];

	print_date(day, text);
	json_key(json, key);
	json_text(json, text);
}

static void
json_term(struct json *json, const struct score_story *story, unsigned term)
{
	const struct score_term_figures *figures = &story->figures->term[term];
	struct buf text = {0};

	score_term_text(&text, story->terms->term[term]->expr);
	json_open(json, '{');
	json_key(json, "term");
	json_str(json, buf_view(&text));
	json_four(json, "weight", story->figures->fit.weight[term]);
	json_four(json, "mean", figures->mean);
	json_four(json, "deviation", figures->deviation);
	json_four(json, "unknown", figures->unknown);
	json_four(json, "auc", figures->alone);
	json_close(json, '}');
	buf_finish(&text);
}

static void
json_rows(struct json *json, const struct score_story *story)
{
	const struct score_rows *rows = story->rows;

	json_day(json, "from", rows->first_day);
	json_day(json, "to", rows->last_day);
	json_day(json, "until", story->wish->until);
	json_key(json, "moments");
	json_int(json, rows->moments);
	json_key(json, "rows");
	json_int(json, (int64_t)rows->count);
	json_key(json, "customers");
	json_int(json, (int64_t)rows->customers);
	json_key(json, "one_in");
	json_int(json, (int64_t)rows->one_in);
	json_key(json, "churns");
	json_int(json, (int64_t)rows->churns);
}

static void
json_figures(struct json *json, const struct score_figures *figures)
{
	json_four(json, "lambda", figures->lambda);
	json_key(json, "log_likelihood");
	json_open(json, '{');
	json_four(json, "in", figures->in_log);
	json_four(json, "out", figures->out_log);
	json_four(json, "alike", figures->base_log);
	json_close(json, '}');
	json_key(json, "auc");
	json_open(json, '{');
	json_four(json, "in", figures->in_auc);
	json_four(json, "out", figures->out_auc);
	json_four(json, "last", figures->last_auc);
	json_close(json, '}');
	json_four(json, "intercept", figures->fit.intercept);
}

void
score_write_json(struct buf *out, const struct score_story *story, struct str rules)
{
	struct json json;

	json_init(&json, out);
	json_open(&json, '{');
	json_key(&json, "fit");
	json_text(&json, "score");
	json_key(&json, "name");
	json_text(&json, story->wish->name);
	json_day(&json, "fitted", story->today);
	json_rows(&json, story);
	json_figures(&json, story->figures);
	json_key(&json, "terms");
	json_open(&json, '[');
	for (unsigned i = 0; i < story->terms->count; i++)
		json_term(&json, story, i);
	json_close(&json, ']');
	json_key(&json, "rules");
	json_str(&json, rules);
	json_close(&json, '}');
	buf_char(out, '\n');
}
