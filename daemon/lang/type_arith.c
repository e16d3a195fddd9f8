/* SPDX-License-Identifier: Apache-2.0 */
/* Arithmetic: which types it takes and gives. */
#include "lang/type.h"

/* TYPE_NUM stands for any number; int op int is an int, but for "/". */
static const struct {
	enum arith_op op;
	enum type left, right, result;
} sums[] = {
	{ARITH_ADD, TYPE_NUM, TYPE_NUM, TYPE_NUM},
	{ARITH_ADD, TYPE_DURATION, TYPE_DURATION, TYPE_DURATION},
	{ARITH_ADD, TYPE_TIME, TYPE_DURATION, TYPE_TIME},
	{ARITH_ADD, TYPE_DURATION, TYPE_TIME, TYPE_TIME},
	{ARITH_ADD, TYPE_DATE, TYPE_DURATION, TYPE_DATE},
	{ARITH_ADD, TYPE_DURATION, TYPE_DATE, TYPE_DATE},
	{ARITH_SUB, TYPE_NUM, TYPE_NUM, TYPE_NUM},
	{ARITH_SUB, TYPE_DURATION, TYPE_DURATION, TYPE_DURATION},
	{ARITH_SUB, TYPE_TIME, TYPE_TIME, TYPE_DURATION},
	{ARITH_SUB, TYPE_TIME, TYPE_DURATION, TYPE_TIME},
	{ARITH_SUB, TYPE_DATE, TYPE_DATE, TYPE_DURATION},
	{ARITH_SUB, TYPE_DATE, TYPE_DURATION, TYPE_DATE},
	{ARITH_MUL, TYPE_NUM, TYPE_NUM, TYPE_NUM},
	{ARITH_MUL, TYPE_NUM, TYPE_DURATION, TYPE_DURATION},
	{ARITH_MUL, TYPE_DURATION, TYPE_NUM, TYPE_DURATION},
	{ARITH_DIV, TYPE_NUM, TYPE_NUM, TYPE_NUM},
	{ARITH_DIV, TYPE_DURATION, TYPE_DURATION, TYPE_NUM},
	{ARITH_DIV, TYPE_DURATION, TYPE_NUM, TYPE_DURATION},
};

static enum type
broad(enum type type)
{
	return type_is_number(type) ? TYPE_NUM : type;
}

static bool
find_sum(enum arith_op op, enum type left, enum type right, enum type *result)
{
	for (size_t i = 0; i < sizeof sums / sizeof *sums; i++) {
		if (sums[i].op != op || sums[i].left != broad(left) ||
		    sums[i].right != broad(right))
			continue;
		*result = sums[i].result;
		if (left == TYPE_INT && right == TYPE_INT && op != ARITH_DIV)
			*result = TYPE_INT;
		return true;
	}
	return false;
}

/* What event text becomes beside the other side: the same, or what makes the operation possible. */
static enum type
beside(enum type other, enum arith_op op, bool is_left)
{
	switch (op) {
	case ARITH_ADD:
		return other == TYPE_TIME || other == TYPE_DATE ? TYPE_DURATION : other;
	case ARITH_SUB:
		return other;
	case ARITH_MUL:
		return TYPE_NUM;
	case ARITH_DIV:
		return is_left ? other : TYPE_NUM;
	}
	return other;
}

static void
settle_event_text(struct typer *t, struct node *node)
{
	for (unsigned i = 0; i < 2; i++) {
		struct node *kid = node->kids[i];
		enum type other = node->kids[1 - i]->type;

		if (kid->type != TYPE_TEXT_ANY)
			continue;
		if (other == TYPE_TEXT_ANY || other == TYPE_STRING || other == TYPE_BOOL)
			other = TYPE_NUM;
		(void)type_take(t, kid, beside(other, (enum arith_op)node->op, i == 0), NULL);
	}
}

static struct node *
complain_arith(struct typer *t, const struct node *node)
{
	static const char *const signs[] = {"+", "-", "*", "/"};
	const struct node *at = type_culprit(node);
	struct complaint complaint = type_complaint("E106", at);
	enum type left = node->kids[0]->type, right = node->kids[1]->type, result;
	bool is_left = at == node->kids[0];

	complaint.args[0] = arena_printf(t->arena, "%s %s %s", type_name(left, false),
					 signs[node->op], type_name(right, false));
	if (find_sum((enum arith_op)node->op, is_left ? TYPE_DURATION : left,
		     is_left ? right : TYPE_DURATION, &result))
		type_propose_duration(t, &complaint, at);
	type_say(t, &complaint);
	return NULL;
}

struct node *
type_arith(struct typer *t, const struct node *in)
{
	struct node *out = type_copy(t, in);

	if (!type_kids(t, out, in))
		return NULL;
	settle_event_text(t, out);
	if (!find_sum((enum arith_op)out->op, out->kids[0]->type, out->kids[1]->type,
		      &out->type))
		return complain_arith(t, out);
	return out;
}

/* "-14d" is a constant like any other. */
static struct node *
fold_negation(struct node *out)
{
	const struct value v = out->kids[0]->value;

	out->kind = NODE_CONST;
	out->kid_count = 0;
	out->value = v;
	if (v.type == TYPE_NUM)
		out->value.u.n = -v.u.n;
	else
		out->value.u.i = -v.u.i; /* INT64_MIN cannot be written: it fits */
	return out;
}

struct node *
type_negate(struct typer *t, const struct node *in)
{
	struct node *out = type_copy(t, in), *kid;
	struct complaint complaint;

	if (!type_kids(t, out, in))
		return NULL;
	kid = out->kids[0];
	(void)type_take(t, kid, TYPE_NUM, NULL);
	if (type_is_number(kid->type) || kid->type == TYPE_DURATION) {
		out->type = kid->type == TYPE_PROB ? TYPE_NUM : kid->type;
		return kid->kind == NODE_CONST ? fold_negation(out) : out;
	}
	complaint = type_complaint("E106", kid);
	complaint.args[0] = arena_printf(t->arena, "- %s", type_name(kid->type, false));
	type_say(t, &complaint);
	return NULL;
}
