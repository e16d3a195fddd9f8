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

static int
heavier_first(const void *left, const void *right)
{
	const struct score_ranked *a = left, *b = right;

	if (fabs(a->weight) != fabs(b->weight))
		return fabs(a->weight) < fabs(b->weight) ? 1 : -1;
	return (a->term > b->term) - (a->term < b->term);
}

static void
rank_terms(const struct score_story *story, struct score_ranked *ranked)
{
	for (unsigned i = 0; i < story->terms->count; i++)
		ranked[i] = (struct score_ranked){story->figures->fit.weight[i], i};
	qsort(ranked, story->terms->count, sizeof *ranked, heavier_first);
}

static void
add_formula(struct buf *out, const struct score_story *story, const struct score_ranked *ranked)
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

/* ---- the file ---- */

/* By silence: from the first event of the signal on. Where churn is told: whoever it gives a point. */
static void
add_rule(struct buf *out, const struct score_story *story)
{
	const char *name = story->wish->name;

	buf_text(out, "rules:\n");
	buf_text(out, story->zh ? "# 得分随每个事件和每日结算更新，100 分为必然流失。\n"
				: "# The points follow the score, at each event and each day's "
				  "close: 100 is certain.\n");
	buf_printf(out, "- rule: %s\n", name);
	if (!story->terms->truth.by_silence)
		buf_printf(out, "  expr: %s >= 0.005\n", name);
	else
		buf_printf(out, "  expr: seen(%.*s)\n", STR_ARG(score_signal(story)));
	buf_printf(out,
		   "  points: 100 * %s\n"
		   "  reason: {en: \"chance of leaving within %" PRId64
		   " days: {%s}\", zh: \"%" PRId64 " 天内流失的概率：{%s}\"}\n",
		   name, story->terms->truth.horizon, name, story->terms->truth.horizon, name);
}

bool
score_write_rules(struct buf *out, const struct score_story *story, struct err *err)
{
	struct score_ranked ranked[FIT_LOGISTIC_COLUMNS];

	rank_terms(story, ranked);
	score_write_comments(out, story, ranked);
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
	json_put_number(json, "weight", story->figures->fit.weight[term]);
	json_put_number(json, "mean", figures->mean);
	json_put_number(json, "deviation", figures->deviation);
	json_put_number(json, "unknown", figures->unknown);
	json_put_number(json, "auc", figures->alone);
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
	json_put_number(json, "lambda", figures->lambda);
	json_key(json, "log_likelihood");
	json_open(json, '{');
	json_put_number(json, "in", figures->in_log);
	json_put_number(json, "out", figures->out_log);
	json_put_number(json, "alike", figures->base_log);
	json_close(json, '}');
	json_key(json, "auc");
	json_open(json, '{');
	json_put_number(json, "in", figures->in_auc);
	json_put_number(json, "out", figures->out_auc);
	json_put_number(json, "last", figures->last_auc);
	json_close(json, '}');
	json_put_number(json, "intercept", figures->fit.intercept);
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
