/* SPDX-License-Identifier: Apache-2.0 */
/* A tree back to its canonical text. */
#include <assert.h>
#include <string.h>

#include "base/number.h"
#include "lang/builtin.h"
#include "lang/expr.h"

/* What binds closer has the higher number; the grammar in parse.c, bottom up. */
enum tightness {
	BINDS_OR,
	BINDS_AND,
	BINDS_NOT,
	BINDS_COMPARE,
	BINDS_SUM,
	BINDS_PRODUCT,
	BINDS_UNARY,
	BINDS_PRIMARY
};

static bool
is_negative_constant(const struct node *node)
{
	if (node->type == TYPE_INT || node->type == TYPE_DURATION)
		return node->value.u.i < 0;
	return node->type == TYPE_NUM && node->value.u.n < 0;
}

static enum tightness
tightness_of(const struct node *node)
{
	switch (node->kind) {
	case NODE_OR:
		return BINDS_OR;
	case NODE_AND:
		return BINDS_AND;
	case NODE_NOT:
		return BINDS_NOT;
	case NODE_COMPARE:
	case NODE_IN:
		return BINDS_COMPARE;
	case NODE_ARITH:
		return node->op == ARITH_ADD || node->op == ARITH_SUB ? BINDS_SUM
								      : BINDS_PRODUCT;
	case NODE_NEGATE:
		return BINDS_UNARY;
	case NODE_CONST:
		return is_negative_constant(node) ? BINDS_UNARY : BINDS_PRIMARY;
	case NODE_LIST:
	case NODE_PATH:
	case NODE_CALL:
	case NODE_IF:
	case NODE_PICK:
	case NODE_COALESCE:
	case NODE_RANGE:
	case NODE_SIGNAL:
	case NODE_ITEMS:
	case NODE_NAME:
	case NODE_ARG:
	case NODE_KINDS:
		break;
	}
	return BINDS_PRIMARY;
}

/* In brackets when it binds looser than its place asks for. */
static void
unparse_kid(struct buf *out, const struct node *kid, enum tightness at_least)
{
	bool brackets = tightness_of(kid) < at_least;

	if (brackets)
		buf_char(out, '(');
	expr_unparse(out, kid);
	if (brackets)
		buf_char(out, ')');
}

static void
unparse_chain(struct buf *out, const struct node *node)
{
	enum tightness own = tightness_of(node);

	for (unsigned i = 0; i < node->kid_count; i++) {
		if (i > 0)
			buf_text(out, node->kind == NODE_OR ? " or " : " and ");
		unparse_kid(out, node->kids[i], own);
	}
}

static void
unparse_sides(struct buf *out, const struct node *node, const char *sign, enum tightness left,
	      enum tightness right)
{
	unparse_kid(out, node->kids[0], left);
	buf_printf(out, " %s ", sign);
	unparse_kid(out, node->kids[1], right);
}

static void
unparse_arith(struct buf *out, const struct node *node)
{
	static const char *const signs[] = {"+", "-", "*", "/"};
	enum tightness own = tightness_of(node);

	unparse_sides(out, node, signs[node->op], own, own + 1);
}

static void
unparse_compare(struct buf *out, const struct node *node)
{
	static const char *const signs[] = {"==", "!=", "<", "<=", ">", ">="};

	unparse_sides(out, node, signs[node->op], BINDS_SUM, BINDS_SUM);
}

/* ---- Constants ---- */

/* A text holds one kind of quote at most: there is no way to write both. */
static void
unparse_text(struct buf *out, struct str text)
{
	char quote = text.n && memchr(text.p, '"', text.n) ? '\'' : '"';

	buf_char(out, quote);
	buf_str(out, text);
	buf_char(out, quote);
}

/* With a point or an exponent, so that it is read back as a num. */
static void
unparse_num(struct buf *out, double n)
{
	size_t start = out->n;

	buf_number_exact(out, n);
	if (!memchr(out->p + start, '.', out->n - start) &&
	    !memchr(out->p + start, 'e', out->n - start))
		buf_text(out, ".0");
}

static void
unparse_date(struct buf *out, const struct value *v)
{
	char text[INSTANT_TEXT];

	if (v->type == TYPE_DATE)
		print_date(v->u.i, text);
	else
		print_instant(v->u.i, text);
	unparse_text(out, str_of(text));
}

static void
unparse_constant(struct buf *out, const struct value *v)
{
	switch (v->type) {
	case TYPE_BOOL:
		buf_text(out, v->u.b ? "true" : "false");
		return;
	case TYPE_INT:
		buf_int(out, v->u.i);
		return;
	case TYPE_NUM:
	case TYPE_PROB:
		unparse_num(out, v->u.n);
		return;
	case TYPE_DURATION:
		buf_duration(out, v->u.i);
		return;
	case TYPE_TIME:
	case TYPE_DATE:
		unparse_date(out, v);
		return;
	case TYPE_STRING:
	case TYPE_TEXT_ANY:
		unparse_text(out, v->u.s);
		return;
	case TYPE_ENUM:
		unparse_text(out, v->words->words[v->u.i]);
		return;
	case TYPE_LIST:
	case TYPE_RANGE:
	case TYPE_SIGNAL:
	case TYPE_ITEMS:
	case TYPE_COUNT:
		return;
	}
}

/* ---- Calls ---- */

static void
unparse_argument(struct buf *out, struct str name, const struct node *value, bool *any)
{
	if (*any)
		buf_text(out, ", ");
	*any = true;
	if (name.n) {
		if (expr_name_ok(name) || str_is(name, "else"))
			buf_str(out, name);
		else
			unparse_text(out, name);
		buf_char(out, '=');
	}
	expr_unparse(out, value);
}

/* It stands in quotes; the texts in it have the other kind, or there was no way to write it. */
static void
unparse_condition(struct buf *out, const struct node *condition)
{
	struct buf text = {0};

	expr_unparse(&text, condition);
	buf_text(out, ", ");
	unparse_text(out, buf_view(&text));
	buf_finish(&text);
}

/* Before typing a call holds its arguments as written, after it in the order of the table. */
static void
unparse_call(struct buf *out, const struct node *node)
{
	const struct builtin *fn = node->builtin;
	bool any = false;

	buf_str(out, node->name);
	buf_char(out, '(');
	for (unsigned i = 0; i < node->kid_count; i++) {
		bool named = fn && !fn->variadic && fn->params[i].name;

		if (node->kids[i] && builtin_is_condition(fn, i))
			unparse_condition(out, node->kids[i]);
		else if (node->kids[i])
			unparse_argument(out, named ? str_of(fn->params[i].name) : STR_NONE,
					 node->kids[i], &any);
	}
	buf_char(out, ')');
}

static void
unparse_pick(struct buf *out, const struct node *node)
{
	bool any = false;

	if (node->type == TYPE_COUNT) {
		unparse_call(out, node);
		return;
	}
	buf_text(out, "pick(");
	unparse_argument(out, STR_NONE, node->kids[0], &any);
	for (unsigned i = 1; i < node->kid_count; i++)
		if (node->slot == 0 || node->kids[i] != node->kids[node->slot])
			unparse_argument(out, node->kids[0]->words->words[i - 1], node->kids[i],
					 &any);
	if (node->slot != 0)
		unparse_argument(out, STR("else"), node->kids[node->slot], &any);
	buf_char(out, ')');
}

static void
unparse_range(struct buf *out, const struct node *node)
{
	const struct range *range = &node->range;

	buf_str(out, node->name);
	buf_printf(out, "[%d%c", range->length, range->hours ? 'h' : 'd');
	if (range->offset)
		buf_printf(out, " offset %dd", range->offset);
	buf_text(out, range->live ? " live]" : "]");
}

/* Named lists are put in as macros are: what the text says is what is meant. */
static void
unparse_list(struct buf *out, const struct node *node)
{
	bool any = false;

	buf_char(out, '[');
	for (unsigned i = 0; i < node->kid_count; i++)
		unparse_argument(out, STR_NONE, node->kids[i], &any);
	buf_char(out, ']');
}

static void
unparse_path(struct buf *out, const struct node *node)
{
	static const char *const roots[] = {"profile.", "event.", "item."};

	buf_text(out, roots[node->op]);
	buf_str(out, node->name);
}

static void
unparse_const_node(struct buf *out, const struct node *node)
{
	unparse_constant(out, &node->value);
}

static void
unparse_not(struct buf *out, const struct node *node)
{
	buf_text(out, "not ");
	unparse_kid(out, node->kids[0], BINDS_NOT);
}

static void
unparse_negation(struct buf *out, const struct node *node)
{
	buf_char(out, '-');
	unparse_kid(out, node->kids[0], BINDS_UNARY);
}

static void
unparse_in(struct buf *out, const struct node *node)
{
	unparse_sides(out, node, "in", BINDS_SUM, BINDS_SUM);
}

static void
unparse_name(struct buf *out, const struct node *node)
{
	buf_str(out, node->name);
}

static void
unparse_arg(struct buf *out, const struct node *node)
{
	bool any = false;

	unparse_argument(out, node->name, node->kids[0], &any);
}

void
expr_unparse(struct buf *out, const struct node *node)
{
	static void (*const kinds[NODE_KINDS])(struct buf * out, const struct node *node) = {
		[NODE_CONST] = unparse_const_node,
		[NODE_LIST] = unparse_list,
		[NODE_PATH] = unparse_path,
		[NODE_CALL] = unparse_call,
		[NODE_NOT] = unparse_not,
		[NODE_AND] = unparse_chain,
		[NODE_OR] = unparse_chain,
		[NODE_COMPARE] = unparse_compare,
		[NODE_IN] = unparse_in,
		[NODE_ARITH] = unparse_arith,
		[NODE_NEGATE] = unparse_negation,
		[NODE_IF] = unparse_call,
		[NODE_PICK] = unparse_pick,
		[NODE_COALESCE] = unparse_call,
		[NODE_RANGE] = unparse_range,
		[NODE_SIGNAL] = unparse_name,
		[NODE_ITEMS] = unparse_name,
		[NODE_NAME] = unparse_name,
		[NODE_ARG] = unparse_arg,
	};

	assert(node->kind < NODE_KINDS);
	kinds[node->kind](out, node);
}

struct str
expr_text(struct arena *arena, const struct node *node)
{
	struct buf out = {0};
	struct str text;

	expr_unparse(&out, node);
	text = arena_str(arena, buf_view(&out));
	buf_finish(&out);
	return text;
}
