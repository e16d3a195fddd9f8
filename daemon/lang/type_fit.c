/* SPDX-License-Identifier: Apache-2.0 */
/* Which types go together, and what takes its type from its place. */
#include <math.h>

#include "lang/type.h"

bool
type_is_number(enum type type)
{
	return type == TYPE_INT || type == TYPE_NUM || type == TYPE_PROB;
}

/* Its type may still change: event text, or words in quotes. */
static bool
is_soft(const struct node *node)
{
	return node->type == TYPE_TEXT_ANY || node->type == TYPE_STRING;
}

/* ---- Words in quotes ---- */

static struct str
join_words(struct typer *t, const struct enum_def *words)
{
	struct buf buf = {0};
	struct str out;

	for (unsigned i = 0; i < words->count; i++) {
		buf_text(&buf, i ? ", " : "");
		buf_str(&buf, words->words[i]);
	}
	out = arena_str(t->arena, buf_view(&buf));
	buf_finish(&buf);
	return out;
}

static enum fit
take_word(struct typer *t, struct node *node, const struct enum_def *words)
{
	struct complaint complaint = type_complaint("E105", node);
	struct str wrong = node->value.u.s, near;

	for (unsigned i = 0; i < words->count; i++)
		if (str_eq(words->words[i], wrong)) {
			node->value = value_enum(words, i);
			node->words = words;
			node->type = TYPE_ENUM;
			return FIT_YES;
		}
	complaint.args[0] = wrong;
	complaint.args[1] = words->name;
	complaint.args[2] = join_words(t, words);
	near = str_nearest(wrong, words->words, words->count);
	if (near.n)
		message_hint(t->arena, &complaint, "H101",
			     arena_printf(t->arena, "\"%.*s\"", STR_ARG(near)));
	type_say(t, &complaint);
	return FIT_TOLD;
}

static enum fit
take_calendar(struct typer *t, struct node *node, enum type type)
{
	struct complaint complaint = type_complaint(type == TYPE_DATE ? "E146" : "E147", node);
	struct str text = node->value.u.s;
	int64_t i;

	if (type == TYPE_DATE ? parse_date(text, &i) : parse_instant(text, &i, NULL)) {
		node->value = type == TYPE_DATE ? value_date(i) : value_time(i);
		node->type = type;
		return FIT_YES;
	}
	complaint.args[0] = str_slice(node->source->text, node->at, node->at + node->width);
	type_say(t, &complaint);
	return FIT_TOLD;
}

static enum fit
take_constant(struct typer *t, struct node *node, enum type type, const struct enum_def *words)
{
	if (type == TYPE_ENUM && words)
		return take_word(t, node, words);
	if (type == TYPE_DATE || type == TYPE_TIME)
		return take_calendar(t, node, type);
	return FIT_NO;
}

/* ---- One value ---- */

static enum fit
take_event_text(struct node *node, enum type type)
{
	if (type == TYPE_ENUM || type == TYPE_LIST || type == TYPE_RANGE ||
	    type == TYPE_SIGNAL || type == TYPE_ITEMS)
		return FIT_NO;
	node->type = type_is_number(type) ? TYPE_NUM : type;
	return FIT_YES;
}

/* Each branch of an if, pick or coalesce takes the type. */
static enum fit
take_branches(struct typer *t, struct node *node, enum type type, const struct enum_def *words)
{
	enum fit worst = FIT_YES;
	unsigned first = expr_first_branch(node);

	for (unsigned i = first; i < node->kid_count; i++) {
		enum fit fit = expr_kid_repeats(node, i)
				       ? FIT_YES
				       : type_take(t, node->kids[i], type, words);
		if (fit == FIT_TOLD || worst == FIT_YES)
			worst = fit;
	}
	if (worst == FIT_YES) {
		node->type = node->kids[first]->type;
		node->words = words;
	}
	return worst;
}

enum fit
type_take(struct typer *t, struct node *node, enum type type, const struct enum_def *words)
{
	if (type_is_number(node->type) && type_is_number(type))
		return FIT_YES;
	if (node->type == type && (type != TYPE_ENUM || node->words == words))
		return FIT_YES;
	if (!is_soft(node))
		return FIT_NO;
	if (node->kind == NODE_IF || node->kind == NODE_PICK || node->kind == NODE_COALESCE)
		return take_branches(t, node, type, words);
	if (node->type == TYPE_TEXT_ANY)
		return take_event_text(node, type);
	if (node->kind == NODE_CONST)
		return take_constant(t, node, type, words);
	return FIT_NO;
}

/* ---- Two values, many values ---- */

enum fit
type_meet(struct typer *t, struct node *a, struct node *b)
{
	if (is_soft(a) && !is_soft(b))
		return type_take(t, a, b->type, b->words);
	if (is_soft(b) && !is_soft(a))
		return type_take(t, b, a->type, a->words);
	if (is_soft(a)) {
		enum fit fit = type_take(t, a, TYPE_STRING, NULL);

		return fit == FIT_YES ? type_take(t, b, TYPE_STRING, NULL) : fit;
	}
	return type_take(t, b, a->type, a->words);
}

/* How firmly a branch's type stands: event text yields to text, text and numbers to the rest. */
static int
firmness(const struct node *node)
{
	if (node->type == TYPE_TEXT_ANY)
		return 0;
	if (node->type == TYPE_STRING)
		return 1;
	return type_is_number(node->type) ? 2 : 3;
}

/* The branch whose type the others take: the first of the firmest. */
static struct node *
leading_branch(struct node **branches, unsigned count)
{
	struct node *lead = branches[0];

	for (unsigned i = 1; i < count; i++)
		if (firmness(branches[i]) > firmness(lead))
			lead = branches[i];
	return lead;
}

static enum type
number_of_both(enum type a, enum type b)
{
	return a == b ? a : TYPE_NUM;
}

bool
type_branches(struct typer *t, struct node *out, struct node **branches, unsigned count)
{
	const struct node *lead = leading_branch(branches, count);
	bool fine = true;

	out->type = lead->type;
	out->words = lead->words;
	for (unsigned i = 0; i < count; i++) {
		struct complaint complaint = type_complaint("E113", branches[i]);
		enum fit fit = type_take(t, branches[i], lead->type, lead->words);

		if (fit == FIT_NO) {
			complaint.args[0] = type_text(lead->type);
			complaint.args[1] = type_text(branches[i]->type);
			if (lead->type == TYPE_DURATION)
				type_propose_duration(t, &complaint, branches[i]);
			type_say(t, &complaint);
		}
		fine = fine && fit == FIT_YES;
		if (fine && type_is_number(out->type))
			out->type = number_of_both(out->type, branches[i]->type);
	}
	return fine;
}

/* ---- Proposals ---- */

const struct node *
type_culprit(const struct node *node)
{
	bool left = node->kids[0]->kind == NODE_CONST && node->kids[1]->kind != NODE_CONST;

	return node->kids[left ? 0 : 1];
}

void
type_propose_duration(struct typer *t, struct complaint *complaint, const struct node *literal)
{
	struct str text =
		str_slice(literal->source->text, literal->at, literal->at + literal->width);
	struct buf buf = {0};
	double seconds;

	if (literal->kind != NODE_CONST)
		return;
	if (literal->type == TYPE_INT)
		buf_printf(&buf, "%.*sd", STR_ARG(text));
	seconds = literal->type == TYPE_NUM ? round(literal->value.u.n * 86400.0) : 0;
	if (seconds != 0 && fabs(seconds) < 1e9)
		buf_duration(&buf, (int64_t)seconds * SECOND_MS);
	if (buf.n)
		message_hint(t->arena, complaint, "H101", buf_view(&buf));
	buf_finish(&buf);
}

void
type_propose(struct typer *t, struct complaint *complaint, const struct node *literal,
	     const struct node *other)
{
	if (other->type == TYPE_DURATION)
		type_propose_duration(t, complaint, literal);
	else if (other->type == TYPE_DATE && literal->type == TYPE_DURATION)
		message_hint(t->arena, complaint, "H101",
			     arena_printf(t->arena, "until(%.*s)",
					  STR_ARG(expr_text(t->arena, other))));
}
