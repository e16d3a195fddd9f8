/* SPDX-License-Identifier: Apache-2.0 */
/* The typer's frame: copies and checks a tree node by node within its bounds. */
#include <assert.h>

#include "lang/type.h"

struct complaint
type_complaint(const char *code, const struct node *at)
{
	return (struct complaint){
		.code = code, .source = at->source, .at = at->at, .width = at->width};
}

void
type_say(struct typer *t, const struct complaint *complaint)
{
	t->complaints++;
	t->sink.take(t->sink.ctx, complaint);
}

struct str
type_text(enum type type)
{
	return str_of(type_name(type, false));
}

/* Said once, at the place outside all macros; nothing is typed any more. */
static bool
stop(struct typer *t, const char *code, int limit)
{
	struct complaint complaint = type_complaint(code, t->place);

	if (!t->stopped) {
		complaint.args[0] = arena_printf(t->arena, "%d", limit);
		type_say(t, &complaint);
	}
	t->stopped = true;
	return false;
}

bool
type_count(struct typer *t, unsigned nodes)
{
	t->nodes += nodes;
	return t->nodes <= EXPR_MAX_NODES || stop(t, "E126", EXPR_MAX_NODES);
}

struct node *
type_copy(struct typer *t, const struct node *in)
{
	struct node *out = arena_alloc(t->arena, sizeof *out);

	*out = *in;
	out->kids = arena_array(t->arena, in->kid_count, sizeof *out->kids);
	return out;
}

bool
type_kids(struct typer *t, struct node *out, const struct node *in)
{
	bool fine = true;

	for (unsigned i = 0; i < in->kid_count; i++) {
		out->kids[i] = type_value(t, in->kids[i]);
		fine = fine && out->kids[i];
	}
	return fine;
}

static struct node *
type_constant(struct typer *t, const struct node *in)
{
	return type_copy(t, in);
}

/* `name=` where no name is asked for. */
static struct node *
type_stray_argument(struct typer *t, const struct node *in)
{
	struct complaint complaint = type_complaint("E121", in);

	complaint.args[0] = arena_printf(t->arena, "%.*s=", STR_ARG(in->name));
	message_hint(t->arena, &complaint, "H101",
		     arena_printf(t->arena, "%.*s ==", STR_ARG(in->name)));
	type_say(t, &complaint);
	return NULL;
}

struct node *
type_node(struct typer *t, const struct node *in)
{
	static type_rule *const rules[NODE_KINDS] = {
		[NODE_CONST] = type_constant,
		[NODE_LIST] = type_list,
		[NODE_PATH] = type_path,
		[NODE_CALL] = type_call,
		[NODE_NOT] = type_not,
		[NODE_AND] = type_logic,
		[NODE_OR] = type_logic,
		[NODE_COMPARE] = type_compare,
		[NODE_IN] = type_in,
		[NODE_ARITH] = type_arith,
		[NODE_NEGATE] = type_negate,
		[NODE_IF] = type_if,
		[NODE_PICK] = type_pick,
		[NODE_RANGE] = type_range,
		[NODE_NAME] = type_name_node,
		[NODE_ARG] = type_stray_argument,
		[NODE_COALESCE] = type_coalesce,
	};
	struct node *out = NULL;

	if (t->stopped)
		return NULL;
	if (t->macros == 0)
		t->place = in;
	assert(rules[in->kind]);
	if (t->height == EXPR_MAX_HEIGHT) {
		stop(t, "E125", EXPR_MAX_HEIGHT);
		return NULL;
	}
	t->height++;
	if (type_count(t, 1))
		out = rules[in->kind](t, in);
	t->height--;
	return out;
}

/* What a signal, range or list might have meant where a value is asked for. */
static void
refuse(struct typer *t, const struct node *node)
{
	struct complaint complaint = type_complaint("E134", node);
	struct str text = node->name, hint = STR_NONE;

	if (text.n == 0 || node->type == TYPE_RANGE)
		text = expr_text(t->arena, node);
	complaint.args[0] = text;
	if (node->type == TYPE_SIGNAL) {
		complaint.code = "E132";
		hint = arena_printf(t->arena, "count(%.*s[7d])", STR_ARG(text));
	} else if (node->type == TYPE_RANGE) {
		complaint.code = "E133";
		hint = arena_printf(t->arena, "count(%.*s)", STR_ARG(text));
	} else if (node->type == TYPE_ITEMS) {
		complaint.code = "E175";
		hint = arena_printf(t->arena, "open(%.*s)", STR_ARG(text));
	}
	if (hint.n)
		message_hint(t->arena, &complaint, "H101", hint);
	type_say(t, &complaint);
}

struct node *
type_value(struct typer *t, const struct node *in)
{
	struct node *out = type_node(t, in);

	if (!out)
		return NULL;
	if (out->type != TYPE_SIGNAL && out->type != TYPE_RANGE && out->type != TYPE_LIST &&
	    out->type != TYPE_ITEMS)
		return out;
	refuse(t, out);
	return NULL;
}

/* A number where a yes or no is asked for: probably "is it more than 0". */
static void
propose_question(struct typer *t, struct complaint *complaint, const struct node *node)
{
	if (type_is_number(node->type))
		message_hint(
			t->arena, complaint, "H101",
			arena_printf(t->arena, "%.*s > 0", STR_ARG(expr_text(t->arena, node))));
}

bool
type_want(struct typer *t, struct node *node, enum type want)
{
	struct complaint complaint = type_complaint("E107", node);
	enum fit fit = type_take(t, node, want, NULL);

	if (fit != FIT_NO)
		return fit == FIT_YES;
	complaint.args[0] = type_text(want);
	complaint.args[1] = type_text(node->type);
	if (want == TYPE_BOOL)
		propose_question(t, &complaint, node);
	else if (want == TYPE_DURATION)
		type_propose_duration(t, &complaint, node);
	type_say(t, &complaint);
	return false;
}
