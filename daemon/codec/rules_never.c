/* SPDX-License-Identifier: Apache-2.0 */
/* Warnings of what can never be true, or never be anything else: values folded over their bounds. */
#include <math.h>

#include "codec/rules_maker.h"
#include "lang/builtin.h"

/* Every value that a node can have when it is known; open ends where `open_*`. */
struct span {
	double least, most;
	bool open_least, open_most;
};

static const struct span any_span = {-INFINITY, INFINITY, false, false};

static struct span span_of(const struct maker *maker, const struct node *node);

/* ---- bounds of functions ---- */

/* Durations as numbers are in seconds. */
#define DAY_S ((double)DAY_MS / 1000)
#define GAP_MOST (GAP_REACH_DAYS * DAY_S)
#define LIFE_MOST (200 * 365.25 * DAY_S) /* nothing here is older, or waits longer */

/* Where a most is not given there is none; DAYS: the days of the range. */
enum most { MOST_NONE, MOST_GIVEN, MOST_DAYS };

static const struct bounds_row {
	enum builtin_op op;
	double least;
	enum most kind;
	double most;
	bool counts; /* only of events: a sum may be negative */
} bounds[] = {
	{FN_COUNT, 0, MOST_NONE, 0, false},
	{FN_DAYS, 0, MOST_DAYS, 0, false},
	{FN_OBSERVED, 0, MOST_DAYS, 0, false},
	{FN_RATE, 0, MOST_NONE, 0, true},
	{FN_RATIO, 0, MOST_NONE, 0, true},
	{FN_CHANGE, -1, MOST_NONE, 0, true},
	{FN_EWMA, 0, MOST_NONE, 0, true},
	{FN_CUSUM_DROP, 0, MOST_NONE, 0, false},
	{FN_CUSUM_RISE, 0, MOST_NONE, 0, false},
	{FN_TYPICAL_GAP, DAY_S, MOST_GIVEN, GAP_MOST, false},
	{FN_GAP_MEAN, DAY_S, MOST_GIVEN, GAP_MOST, false},
	{FN_GAP_MAX, DAY_S, MOST_GIVEN, GAP_MOST, false},
	{FN_GAP_SD, 0, MOST_GIVEN, GAP_MOST, false},
	{FN_SINCE, 0, MOST_GIVEN, LIFE_MOST, false},
	{FN_SILENT, 0, MOST_GIVEN, LIFE_MOST, false},
	{FN_AFTER, 0, MOST_GIVEN, LIFE_MOST, false},
	{FN_AGE, 0, MOST_GIVEN, LIFE_MOST, false},
	{FN_OPEN, 0, MOST_NONE, 0, false},
	{FN_OLDEST, 0, MOST_GIVEN, LIFE_MOST, false},
	{FN_USERS, 0, MOST_NONE, 0, false},
	{FN_HOUR, 0, MOST_GIVEN, 23, false},
	{FN_MONTH, 1, MOST_GIVEN, 12, false},
	{FN_WORKDAYS, 0, MOST_NONE, 0, false},
	{FN_RISK, 0, MOST_GIVEN, 100, false},
	{FN_ABS, 0, MOST_NONE, 0, false},
	{FN_EXP, 0, MOST_NONE, 0, false},
};

static bool
row_fits(const struct maker *maker, const struct bounds_row *row, const struct node *call)
{
	const struct node *first = call->kid_count > 0 ? call->kids[0] : NULL;

	if (row->op != call->builtin->op)
		return false;
	if (!row->counts || first == NULL)
		return true;
	return first->kind == NODE_RANGE
		       ? maker->scope.signals[first->range.signal].kind == SIGNAL_COUNT
		       : first->kind == NODE_SIGNAL &&
				 maker->scope.signals[first->value.u.signal].kind ==
					 SIGNAL_COUNT;
}

static double
most_of(const struct bounds_row *row, const struct node *call)
{
	const struct node *first = call->kid_count > 0 ? call->kids[0] : NULL;

	if (row->kind == MOST_GIVEN)
		return row->most;
	if (row->kind == MOST_DAYS && first != NULL && first->kind == NODE_RANGE &&
	    !first->range.hours)
		return first->range.length;
	return INFINITY;
}

/* least() and most() of what they are given. */
static struct span
span_of_several(const struct maker *maker, const struct node *call)
{
	bool is_least = call->builtin->op == FN_LEAST;
	struct span all = span_of(maker, call->kids[0]);

	for (unsigned i = 1; i < call->kid_count; i++) {
		struct span one = span_of(maker, call->kids[i]);

		all.least = is_least ? fmin(all.least, one.least) : fmax(all.least, one.least);
		all.most = is_least ? fmin(all.most, one.most) : fmax(all.most, one.most);
	}
	return all;
}

static struct span
span_of_call(const struct maker *maker, const struct node *call)
{
	enum builtin_op op = call->builtin->op;

	if (op == FN_LEAST || op == FN_MOST)
		return span_of_several(maker, call);
	if (call->type == TYPE_PROB)
		return (struct span){0, 1, false, false};
	for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++)
		if (row_fits(maker, &bounds[i], call))
			return (struct span){bounds[i].least, most_of(&bounds[i], call), false,
					     false};
	return any_span;
}

/* ---- bounds of arithmetic ---- */

static struct span
product(struct span a, struct span b)
{
	const double all[4] = {a.least * b.least, a.least * b.most, a.most * b.least,
			       a.most * b.most};
	struct span out = {all[0], all[0], false, false};

	for (unsigned i = 0; i < 4; i++) {
		if (isnan(all[i])) /* nothing times no end */
			return any_span;
		out.least = fmin(out.least, all[i]);
		out.most = fmax(out.most, all[i]);
	}
	return out;
}

static struct span
span_of_arith(const struct maker *maker, const struct node *node)
{
	struct span a = span_of(maker, node->kids[0]), b = span_of(maker, node->kids[1]);

	switch ((enum arith_op)node->op) {
	case ARITH_ADD:
		return (struct span){a.least + b.least, a.most + b.most, false, false};
	case ARITH_SUB:
		return (struct span){a.least - b.most, a.most - b.least, false, false};
	case ARITH_MUL:
		return product(a, b);
	case ARITH_DIV:
		if (b.least > 0 || b.most < 0)
			return product(a, (struct span){1 / b.most, 1 / b.least, false, false});
		break;
	}
	return any_span;
}

static struct span
span_of_branches(const struct maker *maker, const struct node *node)
{
	struct span all = {INFINITY, -INFINITY, false, false};

	for (unsigned i = expr_first_branch(node); i < node->kid_count; i++) {
		struct span one;

		if (node->kids[i] == NULL || expr_kid_repeats(node, i))
			continue;
		one = span_of(maker, node->kids[i]);
		all.least = fmin(all.least, one.least);
		all.most = fmax(all.most, one.most);
	}
	return all;
}

static bool
is_number(const struct node *node)
{
	enum type type = node->type;

	return type == TYPE_INT || type == TYPE_NUM || type == TYPE_PROB ||
	       type == TYPE_DURATION;
}

static struct span
span_of(const struct maker *maker, const struct node *node)
{
	struct span out = any_span;

	if (!is_number(node))
		return out;
	if (node->kind == NODE_CONST && node->value.known)
		out.least = out.most = value_as_number(node->value);
	else if (node->kind == NODE_CALL)
		out = span_of_call(maker, node);
	else if (node->kind == NODE_ARITH)
		out = span_of_arith(maker, node);
	else if (node->kind == NODE_IF || node->kind == NODE_PICK ||
		 node->kind == NODE_COALESCE)
		out = span_of_branches(maker, node);
	else if (node->kind == NODE_NEGATE) {
		out = span_of(maker, node->kids[0]);
		out = (struct span){-out.most, -out.least, false, false};
	}
	return isnan(out.least) || isnan(out.most) ? any_span : out;
}

/* ---- one comparison ---- */

static bool
never(enum compare_op op, struct span a, struct span b)
{
	switch (op) {
	case CMP_EQ:
		return a.most < b.least || a.least > b.most;
	case CMP_NE:
		return a.least == a.most && b.least == b.most && a.least == b.least;
	case CMP_LT:
		return a.least >= b.most;
	case CMP_LE:
		return a.least > b.most;
	case CMP_GT:
		return a.most <= b.least;
	case CMP_GE:
		return a.most < b.least;
	}
	return false;
}

static enum compare_op
opposite(enum compare_op op)
{
	static const enum compare_op table[] = {
		[CMP_EQ] = CMP_NE, [CMP_NE] = CMP_EQ, [CMP_LT] = CMP_GE,
		[CMP_LE] = CMP_GT, [CMP_GT] = CMP_LE, [CMP_GE] = CMP_LT};

	return table[op];
}

static enum compare_op
mirrored(enum compare_op op)
{
	static const enum compare_op table[] = {
		[CMP_EQ] = CMP_EQ, [CMP_NE] = CMP_NE, [CMP_LT] = CMP_GT,
		[CMP_LE] = CMP_GE, [CMP_GT] = CMP_LT, [CMP_GE] = CMP_LE};

	return table[op];
}

enum fate { FATE_OPEN, FATE_NEVER, FATE_ALWAYS };

static enum fate
fate_of(const struct maker *maker, const struct node *compare)
{
	enum compare_op op = (enum compare_op)compare->op;
	struct span a, b;

	if (!is_number(compare->kids[0]) || !is_number(compare->kids[1]))
		return FATE_OPEN;
	a = span_of(maker, compare->kids[0]);
	b = span_of(maker, compare->kids[1]);
	return never(op, a, b)		   ? FATE_NEVER
	       : never(opposite(op), a, b) ? FATE_ALWAYS
					   : FATE_OPEN;
}

/* ---- several comparisons of one thing ---- */

#define TERMS_MAX 32

/* `value OP constant`, as a span or, of words, as the one word that fits or does not. */
struct term {
	const struct node *compare, *value;
	struct str text; /* of the value */
	enum compare_op op;
	struct value constant;
};

struct terms {
	struct maker *maker;
	struct term list[TERMS_MAX];
	unsigned count;
};

static bool
is_constant(const struct node *node)
{
	return node->kind == NODE_CONST && node->value.known;
}

static void
term_add(struct terms *terms, const struct node *compare)
{
	bool swapped = is_constant(compare->kids[0]);
	const struct node *value = compare->kids[swapped], *constant = compare->kids[!swapped];
	enum compare_op op = (enum compare_op)compare->op;

	if (terms->count == TERMS_MAX || is_constant(value) || !is_constant(constant) ||
	    !(is_number(constant) || constant->type == TYPE_ENUM ||
	      constant->type == TYPE_STRING))
		return;
	if (is_number(constant) && fate_of(terms->maker, compare) != FATE_OPEN)
		return;
	terms->list[terms->count++] =
		(struct term){compare, value, expr_text(terms->maker->form.arena, value),
			      swapped ? mirrored(op) : op, constant->value};
}

/* The comparisons that `kind` (and, or) joins, however nested. */
static void
terms_collect(struct terms *terms, const struct node *node, enum node_kind kind)
{
	if (node->kind == NODE_COMPARE)
		term_add(terms, node);
	for (unsigned i = 0; node->kind == kind && i < node->kid_count; i++)
		terms_collect(terms, node->kids[i], kind);
}

static struct span
span_of_term(enum compare_op op, double x)
{
	struct span out = any_span;

	if (op == CMP_EQ || op == CMP_GT || op == CMP_GE)
		out.least = x;
	if (op == CMP_EQ || op == CMP_LT || op == CMP_LE)
		out.most = x;
	out.open_least = op == CMP_GT;
	out.open_most = op == CMP_LT;
	return out;
}

static struct span
both(struct span a, struct span b)
{
	struct span out = a;

	if (b.least > a.least || (b.least == a.least && b.open_least)) {
		out.least = b.least;
		out.open_least = b.open_least;
	}
	if (b.most < a.most || (b.most == a.most && b.open_most)) {
		out.most = b.most;
		out.open_most = b.open_most;
	}
	return out;
}

static bool
is_empty(struct span span)
{
	return span.least > span.most ||
	       (span.least == span.most && (span.open_least || span.open_most));
}

/* x != 3 leaves nothing over from x == 3 only. */
static bool
excludes(enum compare_op op, enum compare_op other, bool same)
{
	if (op == CMP_EQ && other == CMP_EQ)
		return !same;
	return same && ((op == CMP_EQ && other == CMP_NE) || (op == CMP_NE && other == CMP_EQ));
}

static bool
is_same(struct value a, struct value b)
{
	return a.type == TYPE_STRING ? str_eq(a.u.s, b.u.s) : a.u.i == b.u.i;
}

static bool
contradict(const struct term *a, const struct term *b, bool negated)
{
	enum compare_op x = negated ? opposite(a->op) : a->op;
	enum compare_op y = negated ? opposite(b->op) : b->op;
	double p, q;

	if (!is_number(a->value))
		return (x == CMP_EQ || x == CMP_NE) && (y == CMP_EQ || y == CMP_NE) &&
		       excludes(x, y, is_same(a->constant, b->constant));
	p = value_as_number(a->constant);
	q = value_as_number(b->constant);
	if (x == CMP_NE || y == CMP_NE)
		return excludes(x, y, p == q);
	return is_empty(both(span_of_term(x, p), span_of_term(y, q)));
}

static void
terms_compare(struct terms *terms, const char *code, bool negated)
{
	struct maker *maker = terms->maker;

	for (unsigned i = 1; i < terms->count; i++)
		for (unsigned k = 0; k < i; k++) {
			const struct term *a = &terms->list[k], *b = &terms->list[i];

			if (!str_eq(a->text, b->text) || !contradict(a, b, negated))
				continue;
			maker_complain_node(maker, b->compare, code,
					    expr_text(maker->form.arena, a->compare),
					    expr_text(maker->form.arena, b->compare));
			break;
		}
}

/* ---- the whole ---- */

static void
check_compare(struct maker *maker, const struct node *node)
{
	enum fate fate = fate_of(maker, node);

	if (fate != FATE_OPEN)
		maker_complain_node(maker, node, fate == FATE_NEVER ? "W208" : "W214",
				    expr_text(maker->form.arena, node), STR_NONE);
	if (node->moves == MOVES_COARSE)
		maker_complain_node(maker, node, "N310", expr_text(maker->form.arena, node),
				    STR_NONE);
}

/* Each chain of and (or) is looked at once, at its top. */
static void
check_chain(struct maker *maker, const struct node *node, enum node_kind above)
{
	struct terms terms = {.maker = maker};
	bool chain = node->kind == NODE_AND || node->kind == NODE_OR;

	if (node->kind == NODE_COMPARE)
		check_compare(maker, node);
	if (node->kind == NODE_IN && node->kids[1]->kind == NODE_LIST &&
	    node->kids[1]->kid_count == 0)
		maker_complain_node(maker, node, "W208", expr_text(maker->form.arena, node),
				    STR_NONE);
	if (chain && node->kind != above) {
		terms_collect(&terms, node, node->kind);
		terms_compare(&terms, node->kind == NODE_AND ? "W213" : "W215",
			      node->kind == NODE_OR);
	}
	for (unsigned i = 0; i < node->kid_count; i++)
		if (node->kids[i] != NULL && !expr_kid_repeats(node, i))
			check_chain(maker, node->kids[i], node->kind);
}

void
maker_check_never(struct maker *maker, const struct expr *expr)
{
	check_chain(maker, expr->root, NODE_KINDS);
}

/* ---- `for` ---- */

/* `silent(s) >= 3d and silent(s) < 5d` holds for two days at a stretch: an event ends it, and it begins
 * anew. So `for: 3d` never ends. */
static bool
ends_by_itself(const struct node *value, struct span span)
{
	if (value->kind != NODE_CALL || (value->kid_count > 1 && value->kids[1] != NULL))
		return false;
	if (value->builtin->op == FN_AGE)
		return true;
	return (value->builtin->op == FN_SINCE || value->builtin->op == FN_SILENT) &&
	       span.least > 0;
}

void
maker_check_hold(struct maker *maker, const struct rule *rule, const struct yaml_node *hold)
{
	struct terms terms = {.maker = maker};

	if (rule->when == NULL || hold == NULL)
		return;
	terms_collect(&terms, rule->when->root, NODE_AND);
	for (unsigned i = 0; i < terms.count; i++) {
		const struct term *term = &terms.list[i];
		struct span span = span_of(maker, term->value);

		for (unsigned k = 0; k < terms.count; k++)
			if (str_eq(terms.list[k].text, term->text) && is_number(term->value))
				span = both(
					span,
					span_of_term(terms.list[k].op,
						     value_as_number(terms.list[k].constant)));
		if (!ends_by_itself(term->value, span) ||
		    span.most - span.least > (double)rule->hold / 1000)
			continue;
		form_complain(&maker->form, hold, "W216", rule->name,
			      form_duration_text(&maker->form,
						 (int64_t)((span.most - span.least) * 1000)));
		return;
	}
}
