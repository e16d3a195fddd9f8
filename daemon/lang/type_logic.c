/* SPDX-License-Identifier: Apache-2.0 */
/* Logic and comparisons: which types they take. */
#include "lang/type.h"

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

static void
complain_compare(struct typer *t, const struct node *node)
{
	const struct node *at = type_culprit(node);
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
