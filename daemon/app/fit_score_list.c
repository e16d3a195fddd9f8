/* SPDX-License-Identifier: Apache-2.0 */
/* The expressions of a score: the list given or a default one, compiled with the rule files. */
#include <string.h>

#include "app/fit_score.h"
#include "base/mem.h"
#include "lang/builtin.h"

#define SILENT_DAYS 91 /* the horizon where nothing is said */
#define TOLD_DAYS 28

#define LIST_SIGNALS 8 /* of which the default list speaks where churn is told */

/* ---- default lists ---- */

/* By silence, of the signal alone: how likely (in log odds, within bounds), how long, how much lately and in all, and
 * how it compares with the customer's own rhythm. S and H stand for the signal and the horizon. */
static const char rhythm_list[] =
	"log((p_silent(S, H) + 0.001) / (1.001 - p_silent(S, H))), p_alive(S), "
	"log(1 + silent(S) / 1d), log(1 + count(S[28d])), log(1 + count(S[56d])), "
	"log(1 + days(S[400d])), log(1 + gap_max(S) / 1d), gap_ewma(S, 0.5) / gap_mean(S), "
	"gap_sd(S) / gap_mean(S)";

static void
list_of_rhythm(struct buf *out, struct str signal, int64_t days)
{
	for (const char *p = rhythm_list; *p; p++)
		if (*p == 'S')
			buf_str(out, signal);
		else if (*p == 'H')
			buf_printf(out, "%dd", (int)days);
		else
			buf_char(out, *p);
}

/* Where churn is told: of each signal its silence and how much of it there was lately. */
static void
list_of_signals(struct buf *out, const struct ruleset *rules)
{
	unsigned listed = 0;

	for (unsigned i = 0; i < rules->signal_count && listed < LIST_SIGNALS; i++) {
		struct str s = rules->signals[i].name;
		if (rules->signals[i].hidden)
			continue;
		buf_printf(out,
			   "%slog(1 + silent(%.*s) / 1d), log(1 + count(%.*s[14d])), "
			   "log(1 + count(%.*s[56d]))",
			   listed++ ? ", " : "", STR_ARG(s), STR_ARG(s), STR_ARG(s));
		if (rules->signals[i].kind == SIGNAL_LAST)
			buf_printf(out, ", last(%.*s)", STR_ARG(s));
	}
}

/* ---- compiling ---- */

struct texts {
	struct buf of[SCORE_ASKS];
};

static void
write_texts(const struct score_wish *wish, const struct ruleset *rules,
	    const struct past_churn *truth, struct texts *texts)
{
	struct buf *list = &texts->of[SCORE_LIST];

	if (strcmp(wish->list, "default") != 0)
		buf_text(list, wish->list);
	else if (truth->by_silence)
		list_of_rhythm(list, rules->signals[truth->signal].name, truth->horizon);
	else
		list_of_signals(list, rules);
	if (truth->signal != PAST_ANY_SIGNAL)
		buf_printf(&texts->of[SCORE_SILENT], "silent(%.*s)",
			   STR_ARG(rules->signals[truth->signal].name));
	if (wish->churn.churned && !past_is_type(str_of(wish->churn.churned)))
		buf_text(&texts->of[SCORE_CHURNED], wish->churn.churned);
	if (wish->among)
		buf_text(&texts->of[SCORE_AMONG], wish->among);
}

static struct ruleset *
compile(const struct ctl *ctl, const struct rules_names *names, const struct texts *texts)
{
	static const struct {
		const char *place;
		enum type want;
	} kinds[SCORE_ASKS] = {[SCORE_LIST] = {"--score", TYPE_COUNT},
			       [SCORE_SILENT] = {"--signal", TYPE_DURATION},
			       [SCORE_CHURNED] = {"--churned", TYPE_BOOL},
			       [SCORE_AMONG] = {"--among", TYPE_BOOL}};
	struct rules_ask asks[SCORE_ASKS];
	struct ruleset *rules;
	unsigned count = 0;
	for (unsigned i = 0; i < SCORE_ASKS; i++)
		if (texts->of[i].n > 0)
			asks[count++] = (struct rules_ask){
				str_of(kinds[i].place), buf_view(&texts->of[i]), kinds[i].want};
	(void)rules_open_asking(ctl, names, asks, count, (struct rules_reads){.fits = true},
				&rules);
	return rules;
}

static bool
is_number(enum type type)
{
	return type == TYPE_BOOL || type == TYPE_INT || type == TYPE_NUM || type == TYPE_PROB ||
	       type == TYPE_DURATION;
}

static bool
take_term(struct score_terms *terms, const struct outside_expr *ask)
{
	if (!is_number(ask->expr->root->type)) {
		(void)ctl_fail(STATUS_USAGE,
			       "--score: %.*s is no number, duration or condition",
			       STR_ARG(ask->name));
		return false;
	}
	if (terms->count == FIT_LOGISTIC_COLUMNS) {
		(void)ctl_fail(STATUS_USAGE, "--score takes at most %d expressions",
			       FIT_LOGISTIC_COLUMNS);
		return false;
	}
	terms->term[terms->count++] = ask;
	return true;
}

/* The asks that have a text are numbered in the order of enum score_of. */
static bool
take_asks(const struct texts *texts, struct score_terms *terms)
{
	const struct ruleset *rules = terms->rules;
	unsigned of[SCORE_ASKS], given = 0;

	for (unsigned i = 0; i < SCORE_ASKS; i++)
		of[i] = texts->of[i].n > 0 ? given++ : SCORE_ASKS;
	for (unsigned i = 0; i < rules->ask_count; i++) {
		const struct outside_expr *ask = &rules->asks[i];
		if (ask->of == of[SCORE_CHURNED])
			terms->truth.when = ask->expr;
		else if (ask->of == of[SCORE_AMONG])
			terms->among = ask->expr;
		else if (ask->of == of[SCORE_LIST] && !take_term(terms, ask))
			return false;
	}
	return true;
}

static bool
find_churn(const struct score_wish *wish, const struct ruleset *rules, struct past_churn *out)
{
	if (!past_find_churn(rules, &wish->churn, out))
		return false;
	if (out->horizon == 0)
		out->horizon = out->by_silence ? SILENT_DAYS : TOLD_DAYS;
	return true;
}

/* `peeked`: the rule files alone, which say what the list must know. */
static bool
open_terms(const struct ctl *ctl, const struct score_wish *wish,
	   const struct rules_names *names, const struct ruleset *peeked,
	   struct score_terms *terms)
{
	struct texts texts = {0};
	bool good = find_churn(wish, peeked, &terms->truth);

	if (good) {
		write_texts(wish, peeked, &terms->truth, &texts);
		terms->rules = compile(ctl, names, &texts);
		good = terms->rules && find_churn(wish, terms->rules, &terms->truth) &&
		       take_asks(&texts, terms);
	}
	for (unsigned i = 0; i < SCORE_ASKS; i++)
		buf_finish(&texts.of[i]);
	return good;
}

bool
score_terms_open(const struct ctl *ctl, const struct score_wish *wish,
		 struct score_terms *terms)
{
	struct rules_names names = {0};
	struct ruleset *peeked;
	bool good;

	for (unsigned i = 0; i < wish->rules.count; i++)
		rules_names_add(&names, wish->rules.items[i]);
	*terms = (struct score_terms){0};
	(void)rules_open(ctl, &names, RULES_OPEN_PEEK, &peeked);
	if (!peeked)
		return false;
	good = open_terms(ctl, wish, &names, peeked, terms);
	ruleset_destroy(peeked);
	if (!good)
		ruleset_destroy(terms->rules);
	return good;
}

/* ---- as text ---- */

void
score_term_text(struct buf *out, const struct expr *expr)
{
	const struct node *root = expr->root;
	bool days = root->type == TYPE_DURATION, tight = root->kind == NODE_CALL;

	buf_text(out, root->type == TYPE_BOOL ? "if(" : days && !tight ? "(" : "");
	expr_unparse(out, root);
	buf_text(out, root->type == TYPE_BOOL ? ", 1, 0)"
		      : days		      ? tight ? " / 1d" : ") / 1d"
					      : "");
}

/* Of these functions a value is always known. */
static bool
always_known(enum builtin_op op)
{
	return op == FN_COUNT || op == FN_SUM || op == FN_DAYS || op == FN_SILENT ||
	       op == FN_SEEN || op == FN_AGE || op == FN_OPEN || op == FN_OLDEST;
}

static bool
may_be_unknown(const struct node *node)
{
	switch (node->kind) {
	case NODE_CONST:
	case NODE_RANGE:
	case NODE_SIGNAL:
	case NODE_ITEMS:
		return false;
	case NODE_CALL:
		if (!always_known(node->builtin->op))
			return true;
		break;
	case NODE_ARITH:
		if (node->op == ARITH_DIV && node->kids[1]->kind != NODE_CONST)
			return true;
		break;
	default:
		return true;
	}
	for (unsigned i = 0; i < node->kid_count; i++)
		if (node->kids[i] && may_be_unknown(node->kids[i]))
			return true;
	return false;
}

/* log(1 + x) of a count or a time is known too. */
bool
score_term_may_be_unknown(const struct expr *expr)
{
	const struct node *node = expr->root;

	if (node->kind == NODE_CALL && node->builtin->op == FN_LOG) {
		node = node->kids[0];
		if (node->kind != NODE_ARITH || node->op != ARITH_ADD ||
		    node->kids[0]->kind != NODE_CONST ||
		    !(value_as_number(node->kids[0]->value) > 0))
			return true;
	}
	return may_be_unknown(node);
}
