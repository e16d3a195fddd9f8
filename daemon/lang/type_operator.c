/* SPDX-License-Identifier: Apache-2.0 */
/* Operators: which types they take and give. */
#include "lang/type.h"

/* ---- Logic ---- */

struct node *
type_logic(struct typer *t, const struct node *in)
{
	struct node *out = type_copy(t, in);
	bool fine = type_kids(t, out, in);

	for (unsigned i = 0; i < out->kid_count; i++)
		if (out->kids[i] && !type_want(t, out->kids[i], TYPE_BOOL))
			fine = false;
	out->type = TYPE_BOOL;
	return fine ? out : NULL;
}

struct node *
type_not(struct typer *t, const struct node *in)
{
	return type_logic(t, in);
}

/* ---- Two sides ---- */

/* The side a complaint about both points at: the one written as a constant, else the right one. */
static const struct node *
culprit(const struct node *node)
{
	bool left = node->kids[0]->kind == NODE_CONST && node->kids[1]->kind != NODE_CONST;

	return node->kids[left ? 0 : 1];
}

static void
complain_compare(struct typer *t, const struct node *node)
{
	const struct node *at = culprit(node);
	struct complaint complaint = type_complaint("E104", at);

	complaint.args[0] = type_text(node->kids[0]->type);
	complaint.args[1] = type_text(node->kids[1]->type);
	type_propose(t, &complaint, at, node->kids[at == node->kids[0]]);
	type_say(t, &complaint);
}

static bool
has_order(const struct node *side)
{
	if (side->type == TYPE_ENUM)
		return side->words->ordered;
	return side->type != TYPE_BOOL && side->type != TYPE_STRING;
}

static bool
check_order(struct typer *t, const struct node *node)
{
	struct complaint complaint = type_complaint("E116", node);

	if (node->op == CMP_EQ || node->op == CMP_NE || has_order(node->kids[0]))
		return true;
	complaint.args[0] = type_text(node->kids[0]->type);
	type_say(t, &complaint);
	return false;
}

struct node *
type_compare(struct typer *t, const struct node *in)
{
	struct node *out = type_copy(t, in);
	enum fit fit;

	if (!type_kids(t, out, in))
		return NULL;
	out->type = TYPE_BOOL;
	fit = type_meet(t, out->kids[0], out->kids[1]);
	if (fit == FIT_NO)
		complain_compare(t, out);
	if (fit != FIT_YES || !check_order(t, out))
		return NULL;
	moves_classify(out);
	return out;
}

/* ---- Lists ---- */

/* The constants of a list become of one type; numbers may mix. */
static bool
check_list(struct typer *t, const struct node *list)
{
	bool fine = true;

	for (unsigned i = 0; i < list->kid_count; i++) {
		const struct node *kid = list->kids[i], *first = list->kids[0];
		struct complaint complaint = type_complaint("E138", kid);
		bool alike = kid->type == first->type ||
			     (type_is_number(kid->type) && type_is_number(first->type));

		if (kid->kind == NODE_CONST && alike)
			continue;
		fine = false;
		complaint.args[0] = type_text(kid->type);
		complaint.args[1] = type_text(first->type);
		if (kid->kind != NODE_CONST) {
			complaint.code = "E112";
			complaint.args[0] = type_unparsed(t, kid);
		}
		type_say(t, &complaint);
	}
	return fine;
}

struct node *
type_list(struct typer *t, const struct node *in)
{
	struct node *out = type_copy(t, in);

	out->type = TYPE_LIST;
	if (!type_kids(t, out, in) || !check_list(t, out))
		return NULL;
	return out;
}

/* A word of a named list that the enum does not have: the list's name is at fault. */
static bool
complain_list_word(struct typer *t, const struct node *list, const struct node *subject)
{
	struct complaint complaint = type_complaint("E143", list);

	for (unsigned i = 0; i < list->kid_count; i++) {
		struct str word = list->kids[i]->value.u.s;
		bool known = false;

		for (unsigned j = 0; j < subject->words->count; j++)
			known = known || str_eq(subject->words->words[j], word);
		if (known)
			continue;
		complaint.args[0] = list->name;
		complaint.args[1] = word;
		complaint.args[2] = subject->words->name;
		type_say(t, &complaint);
		return true;
	}
	return false;
}

static bool
fit_list(struct typer *t, const struct node *subject, struct node *list)
{
	if (list->name.n && subject->type == TYPE_ENUM && complain_list_word(t, list, subject))
		return false;
	for (unsigned i = 0; i < list->kid_count; i++) {
		struct node *kid = list->kids[i];
		struct complaint complaint = type_complaint("E104", kid);
		enum fit fit = type_take(t, kid, subject->type, subject->words);

		complaint.args[0] = type_text(subject->type);
		complaint.args[1] = type_text(kid->type);
		if (fit == FIT_NO) {
			type_propose(t, &complaint, kid, subject);
			type_say(t, &complaint);
		}
		if (fit != FIT_YES)
			return false;
	}
	return true;
}

/* `x in list`: event text takes the type of the list, the list's words that of the subject. */
struct node *
type_in(struct typer *t, const struct node *in)
{
	struct node *out = type_copy(t, in), *list;
	struct node *subject = out->kids[0] = type_value(t, in->kids[0]);

	out->type = TYPE_BOOL;
	list = out->kids[1] = type_list_operand(t, in->kids[1]);
	if (!subject || !list)
		return NULL;
	if (list->type != TYPE_LIST) {
		struct complaint complaint = type_complaint("E107", list);

		complaint.args[0] = type_text(TYPE_LIST);
		complaint.args[1] = type_text(list->type);
		type_say(t, &complaint);
		return NULL;
	}
	if (subject->type == TYPE_TEXT_ANY &&
	    !type_want(t, subject, list->kid_count ? list->kids[0]->type : TYPE_STRING))
		return NULL;
	return fit_list(t, subject, list) ? out : NULL;
}

/* ---- Arithmetic ---- */

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
find_sum(const struct node *node, enum type *result)
{
	enum type left = node->kids[0]->type, right = node->kids[1]->type;

	for (size_t i = 0; i < sizeof sums / sizeof *sums; i++) {
		if (sums[i].op != node->op || sums[i].left != broad(left) ||
		    sums[i].right != broad(right))
			continue;
		*result = sums[i].result;
		if (left == TYPE_INT && right == TYPE_INT && node->op != ARITH_DIV)
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
	const struct node *at = culprit(node);
	struct complaint complaint = type_complaint("E106", at);

	complaint.args[0] =
		arena_printf(t->arena, "%s %s %s", type_name(node->kids[0]->type, false),
			     signs[node->op], type_name(node->kids[1]->type, false));
	if (node->op == ARITH_ADD || node->op == ARITH_SUB) {
		enum type other = node->kids[at == node->kids[0]]->type;

		if (other == TYPE_DURATION || other == TYPE_TIME || other == TYPE_DATE)
			type_propose_duration(t, &complaint, at);
	}
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
	if (!find_sum(out, &out->type))
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
