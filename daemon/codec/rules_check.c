/* SPDX-License-Identifier: Apache-2.0 */
/* Warnings: what the language allows and an admin will regret. */
#include <math.h>
#include <string.h>

#include "codec/rules_maker.h"
#include "lang/builtin.h"

/* On one line, however the admin broke it. */
static struct str
as_text(struct maker *maker, const struct node *node)
{
	struct buf buf = {0};
	struct str out;

	expr_unparse(&buf, node);
	out = arena_str(maker->form.arena, buf_view(&buf));
	buf_finish(&buf);
	return out;
}

static bool
is_call(const struct node *node, enum builtin_op op)
{
	return node->kind == NODE_CALL && node->builtin->op == op;
}

/* ---- baselines that overlap what they are compared with ---- */

/* Days back that a range covers, from..to; today is 0, the last closed day 1. */
struct days_back {
	int from, to;
};

static struct days_back
days_of(const struct range *range)
{
	int from = range->offset + (range->live ? 0 : 1);

	return (struct days_back){from, from + range->length - 1};
}

static bool
overlaps(const struct node *call)
{
	const struct node *a = call->kids[0], *b = call->kids[1];

	if (a->kind != NODE_RANGE || b->kind != NODE_RANGE || a->range.hours ||
	    b->range.hours || a->range.signal != b->range.signal)
		return false;
	struct days_back x = days_of(&a->range), y = days_of(&b->range);

	return x.from <= y.to && y.from <= x.to;
}

static bool
compares_ranges(const struct node *node)
{
	return is_call(node, FN_RATIO) || is_call(node, FN_CHANGE) ||
	       is_call(node, FN_P_DROP) || is_call(node, FN_P_RISE);
}

/* A closed range with offset o begins on day o + 1, so this one ends right before the other begins. */
static void
check_baseline(struct maker *maker, const struct node *call)
{
	const struct node *b = call->kids[1];
	int offset = days_of(&call->kids[0]->range).to;
	struct complaint complaint = {
		.code = "W201",
		.source = b->source,
		.at = b->at,
		.width = b->width,
		.args = {as_text(maker, b), as_text(maker, call->kids[0]),
			 arena_printf(maker->form.arena, "offset %dd", offset)}};

	maker_sink(maker).take(maker, &complaint);
}

/* ---- comparisons that can never be true ---- */

/* The largest and smallest value of a function, where they are known. */
static void
bounds_of(const struct node *node, double *least, double *most)
{
	*least = -INFINITY;
	*most = INFINITY;
	if (node->kind != NODE_CALL)
		return;
	enum builtin_op op = node->builtin->op;

	if (op == FN_COUNT || op == FN_SINCE || op == FN_SILENT || op == FN_AGE ||
	    op == FN_RATIO || node->type == TYPE_PROB || op == FN_RISK || op == FN_DAYS ||
	    op == FN_OBSERVED)
		*least = 0;
	if (node->type == TYPE_PROB)
		*most = 1;
	if (op == FN_RISK)
		*most = 100;
	if (op == FN_HOUR || op == FN_MONTH) {
		*least = op == FN_MONTH;
		*most = op == FN_MONTH ? 12 : 23;
	}
	if ((op == FN_DAYS || op == FN_OBSERVED) && node->kids[0]->kind == NODE_RANGE &&
	    !node->kids[0]->range.hours)
		*most = node->kids[0]->range.length;
}

static bool
never(enum compare_op op, double least, double most, double x)
{
	switch (op) {
	case CMP_EQ:
		return x < least || x > most;
	case CMP_NE:
		return false;
	case CMP_LT:
		return least >= x;
	case CMP_LE:
		return least > x;
	case CMP_GT:
		return most <= x;
	case CMP_GE:
		return most < x;
	}
	return false;
}

static enum compare_op
mirrored(enum compare_op op)
{
	static const enum compare_op mirror[] = {
		[CMP_EQ] = CMP_EQ, [CMP_NE] = CMP_NE, [CMP_LT] = CMP_GT,
		[CMP_LE] = CMP_GE, [CMP_GT] = CMP_LT, [CMP_GE] = CMP_LE};

	return mirror[op];
}

static bool
is_number(const struct node *node)
{
	enum type type = node->type;

	return node->kind == NODE_CONST && node->value.known &&
	       (type == TYPE_INT || type == TYPE_NUM || type == TYPE_PROB ||
		type == TYPE_DURATION);
}

static void
check_bounds(struct maker *maker, const struct node *node)
{
	const struct node *left = node->kids[0], *right = node->kids[1];
	enum compare_op op = (enum compare_op)node->op;
	double least, most;

	if (is_number(left)) {
		const struct node *kept = left;

		left = right;
		right = kept;
		op = mirrored(op);
	}
	bounds_of(left, &least, &most);
	if (is_number(right) && never(op, least, most, value_as_number(right->value)))
		maker_complain_node(maker, node, "W208", as_text(maker, node), STR_NONE);
}

/* Once a signal. */
static void
check_model(struct maker *maker, const struct node *call)
{
	unsigned signal = call->kids[0]->value.u.signal;

	if (ruleset_is_modelled(maker->rules, signal) || maker->guessed >> signal & 1)
		return;
	maker->guessed |= UINT64_C(1) << signal;
	maker_complain_node(maker, call, "W209", as_text(maker, call->kids[0]), STR_NONE);
}

static void
check_node(void *ctx, const struct node *node)
{
	struct maker *maker = ctx;

	if (node->kind == NODE_RANGE)
		maker->signals_used |= UINT64_C(1) << node->range.signal;
	else if (node->kind == NODE_SIGNAL)
		maker->signals_used |= UINT64_C(1) << node->value.u.signal;
	else if (node->kind == NODE_COMPARE)
		check_bounds(maker, node);
	else if (node->kind == NODE_CALL && node->builtin->flags & FN_MODEL)
		check_model(maker, node);
	else if (compares_ranges(node) && overlaps(node))
		check_baseline(maker, node);
}

void
maker_check_expr(struct maker *maker, const struct expr *expr)
{
	if (expr != NULL)
		expr_walk(expr->root, check_node, maker);
}

void
maker_check_text(struct maker *maker, const struct template_text *text)
{
	for (unsigned i = 0; i < text->count; i++)
		maker_check_expr(maker, text->pieces[i].expr);
}

/* ---- conditions that look right and are not ---- */

struct habits {
	struct maker *maker;
	bool p_drop;
	uint64_t seen; /* signals asked by seen() or silent() */
	bool second;   /* first pass gathers, second complains */
};

/* True when the comparison holds for small values of the call on one of its sides. */
static const struct node *
compared_call(const struct node *compare, bool *small)
{
	enum compare_op op = (enum compare_op)compare->op;
	const struct node *call = compare->kids[0];

	if (call->kind != NODE_CALL) {
		call = compare->kids[1];
		op = mirrored(op);
	}
	*small = op == CMP_LT || op == CMP_LE;
	return call->kind == NODE_CALL && op != CMP_EQ && op != CMP_NE ? call : NULL;
}

static void
check_habit(struct habits *habits, const struct node *compare)
{
	bool small;
	const struct node *call = compared_call(compare, &small);

	if (call == NULL)
		return;
	if (small && is_call(call, FN_RATIO) && !habits->p_drop && !overlaps(call))
		maker_complain_node(habits->maker, call, "W206",
				    as_text(habits->maker, call->kids[0]),
				    as_text(habits->maker, call->kids[1]));
	if (!small && is_call(call, FN_SINCE) &&
	    !(habits->seen >> call->kids[0]->value.u.signal & 1))
		maker_complain_node(habits->maker, call, "W207",
				    as_text(habits->maker, call->kids[0]), STR_NONE);
}

/* With n events in both ranges p_drop is least when all fell into the second, (1 - p)^n, and p_rise when
 * all fell into the first, p^n, where p is the first one's share of the days. */
static void
check_evidence(struct habits *habits, const struct node *compare)
{
	bool small;
	const struct node *call = compared_call(compare, &small);
	const struct node *bound =
		compare->kids[0] == call ? compare->kids[1] : compare->kids[0];

	if (!habits->maker->form.diags->wants_notes || call == NULL || !small ||
	    !is_number(bound) || !(is_call(call, FN_P_DROP) || is_call(call, FN_P_RISE)) ||
	    call->kids[0]->kind != NODE_RANGE || call->kids[1]->kind != NODE_RANGE)
		return;
	double a = call->kids[0]->range.length, b = call->kids[1]->range.length;
	double share = (is_call(call, FN_P_RISE) ? a : b) / (a + b);
	double least = value_as_number(bound->value);

	if (least <= 0 || least >= 1)
		return;
	int64_t events = (int64_t)ceil(log(least) / log(share) - 1e-9);

	if (events > 1)
		maker_complain_node(habits->maker, compare, "N301",
				    as_text(habits->maker, compare),
				    form_int_text(&habits->maker->form, events));
}

static void
habit_node(void *ctx, const struct node *node)
{
	struct habits *habits = ctx;

	if (is_call(node, FN_P_DROP))
		habits->p_drop = true;
	else if (is_call(node, FN_SEEN) || is_call(node, FN_SILENT))
		habits->seen |= UINT64_C(1) << node->kids[0]->value.u.signal;
	else if (habits->second && node->kind == NODE_COMPARE) {
		check_habit(habits, node);
		check_evidence(habits, node);
	}
}

void
maker_check_rule(struct maker *maker, const struct rule *rule)
{
	struct habits habits = {.maker = maker};

	if (rule->when == NULL)
		return;
	expr_walk(rule->when->root, habit_node, &habits);
	habits.second = true;
	expr_walk(rule->when->root, habit_node, &habits);
}

/* ---- what nothing uses or reaches ---- */

static void
check_levels(struct maker *maker)
{
	const struct ruleset *rules = maker->rules;
	const struct yaml_node *levels = maker->singles.levels;
	int64_t most = 0;

	for (unsigned i = 0; i < rules->rule_count; i++) {
		const struct rule *rule = &rules->rules[i];

		if (rule->mode == MODE_LIVE)
			most += rule->points_expr ? 100 : rule->points > 0 ? rule->points : 0;
	}
	for (unsigned i = 1; i < rules->level_count; i++)
		if (rules->levels[i].enter > most)
			form_complain(&maker->form, levels->keys[i - 1], "W205",
				      rules->levels[i].name, form_int_text(&maker->form, most));
}

void
maker_check_set(struct maker *maker)
{
	for (unsigned i = 0; i < maker->scope.signal_count; i++)
		if (!(maker->signals_used >> i & 1))
			form_complain(&maker->form, maker->signal_names[i], "W202",
				      maker->scope.signals[i].name, STR_NONE);
	for (unsigned i = 0; i < maker->scope.macro_count; i++)
		if (!maker->scope.macros[i].used)
			form_complain(&maker->form, maker->macro_names[i], "W203",
				      maker->scope.macros[i].name, STR_NONE);
	for (unsigned i = 0; i < maker->scope.list_count; i++)
		if (!maker->scope.lists[i].used)
			form_complain(&maker->form, maker->list_names[i], "W204",
				      maker->scope.lists[i].name, STR_NONE);
	check_levels(maker);
}
