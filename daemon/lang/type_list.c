/* SPDX-License-Identifier: Apache-2.0 */
/* Lists: constants of one type, and what may be looked for in them. */
#include "lang/type.h"

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
			complaint.args[0] = expr_text(t->arena, kid);
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

static bool
check_is_list(struct typer *t, const struct node *operand)
{
	struct complaint complaint = type_complaint("E107", operand);

	if (operand->type == TYPE_LIST)
		return true;
	complaint.args[0] = type_text(TYPE_LIST);
	complaint.args[1] = type_text(operand->type);
	type_say(t, &complaint);
	return false;
}

/* `x in list`: event text takes the type of the list, the list's words that of the subject. */
struct node *
type_in(struct typer *t, const struct node *in)
{
	struct node *out = type_copy(t, in);
	struct node *subject = type_value(t, in->kids[0]);
	struct node *list = type_list_operand(t, in->kids[1]);
	enum type want = TYPE_STRING;

	if (!subject || !list || !check_is_list(t, list))
		return NULL;
	out->kids[0] = subject;
	out->kids[1] = list;
	out->type = TYPE_BOOL;
	if (list->kid_count > 0)
		want = list->kids[0]->type;
	if (subject->type == TYPE_TEXT_ANY && !type_want(t, subject, want))
		return NULL;
	if (!fit_list(t, subject, list))
		return NULL;
	moves_classify_in(out);
	return out;
}
