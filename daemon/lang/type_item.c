/* SPDX-License-Identifier: Apache-2.0 */
/* Items: item.x, and the condition on one item that open() takes in quotes. */
#include "lang/parse.h"
#include "lang/type.h"

/* ---- item.x ---- */

static const char *const field_names[ITEM_KEPT] = {
	[ITEM_KEY] = "key", [ITEM_OPENED] = "opened", [ITEM_DUE] = "due"};
static const enum type field_types[ITEM_KEPT] = {
	[ITEM_KEY] = TYPE_STRING, [ITEM_OPENED] = TYPE_TIME, [ITEM_DUE] = TYPE_DATE};

static bool
has_field(const struct scope_items *items, unsigned field)
{
	return field != ITEM_DUE || items->has_due;
}

/* All that may stand behind "item." */
static unsigned
all_names(const struct scope_items *items, struct str *names)
{
	unsigned count = 0;

	for (unsigned i = 0; i < ITEM_KEPT; i++)
		if (has_field(items, i))
			names[count++] = str_of(field_names[i]);
	for (unsigned i = 0; i < items->kept_count; i++)
		names[count++] = items->kept[i];
	return count;
}

static struct str
join(struct typer *t, const struct str *names, unsigned count)
{
	struct buf buf = {0};
	struct str out;

	for (unsigned i = 0; i < count; i++) {
		buf_text(&buf, i ? ", " : "");
		buf_str(&buf, names[i]);
	}
	out = arena_str(t->arena, buf_view(&buf));
	buf_finish(&buf);
	return out;
}

static struct node *
unknown_field(struct typer *t, const struct node *in)
{
	const struct scope_items *items = t->scope->item;
	struct complaint complaint = type_complaint("E179", in);
	struct str *names =
		arena_array(t->arena, items->kept_count + (size_t)ITEM_KEPT, sizeof *names);
	unsigned count = all_names(items, names);
	struct str near = str_nearest(in->name, names, count);

	complaint.args[0] = items->name;
	complaint.args[1] = in->name;
	complaint.args[2] = join(t, names, count);
	if (near.n)
		message_hint(t->arena, &complaint, "H101",
			     arena_printf(t->arena, "item.%.*s", STR_ARG(near)));
	type_say(t, &complaint);
	return NULL;
}

static int
find_field(const struct scope_items *items, struct str name)
{
	for (unsigned i = 0; i < ITEM_KEPT; i++)
		if (str_is(name, field_names[i]) && has_field(items, i))
			return (int)i;
	for (unsigned i = 0; i < items->kept_count; i++)
		if (str_eq(name, items->kept[i]))
			return (int)(ITEM_KEPT + i);
	return -1;
}

/* What an item keeps is text that takes the type its use asks for, as event.x is. */
struct node *
type_item_path(struct typer *t, const struct node *in)
{
	const struct scope_items *items = t->scope->item;
	struct node *out;
	int field;

	if (!items)
		return type_misplaced_path(t, "E118", in);
	field = find_field(items, in->name);
	if (field < 0)
		return unknown_field(t, in);
	out = type_copy(t, in);
	out->slot = (unsigned)field;
	out->type = field < ITEM_KEPT ? field_types[field] : TYPE_TEXT_ANY;
	return out;
}

/* ---- the condition ---- */

static struct node *
refuse_condition(struct typer *t, const struct node *items, const struct node *in)
{
	struct complaint complaint = type_complaint("E177", in);

	complaint.args[0] = items->name;
	type_say(t, &complaint);
	return NULL;
}

/* In the text's own place, so that a mistake is shown inside the quotes. */
static struct node *
parse_condition(struct typer *t, const struct node *in)
{
	struct counter counter = {.to = t->sink};
	struct node *tree = parse_part(t->arena, in->source, in->at + 1,
				       (size_t)in->at + in->width - 1, counter_sink(&counter));

	t->complaints += counter.count;
	return tree;
}

struct node *
type_condition(struct typer *t, const struct node *items, const struct node *in)
{
	const struct scope *outer = t->scope;
	struct scope inner = *outer;
	struct node *tree, *out;

	if (in->kind != NODE_CONST || in->value.type != TYPE_STRING || in->width < 2)
		return refuse_condition(t, items, in);
	tree = parse_condition(t, in);
	if (!tree)
		return NULL;
	inner.item = &outer->items[items->slot];
	inner.event_allowed = false;
	t->scope = &inner;
	t->in_condition = true;
	out = type_value(t, tree);
	if (out && !type_want(t, out, TYPE_BOOL))
		out = NULL;
	t->in_condition = false;
	t->scope = outer;
	return out;
}
