/* SPDX-License-Identifier: Apache-2.0 */
/* Names: macros, signals, lists, attributes, and what a wrong one may have meant. */
#include "lang/type.h"

/* ---- Known names ---- */

static struct macro *
find_macro(struct typer *t, struct str name)
{
	for (unsigned i = 0; i < t->scope->macro_count; i++)
		if (str_eq(t->scope->macros[i].name, name))
			return &t->scope->macros[i];
	return NULL;
}

static int
find_signal(struct typer *t, struct str name)
{
	for (unsigned i = 0; i < t->scope->signal_count; i++)
		if (str_eq(t->scope->signals[i].name, name))
			return (int)i;
	return -1;
}

static int
find_items(struct typer *t, struct str name)
{
	for (unsigned i = 0; i < t->scope->item_count; i++)
		if (str_eq(t->scope->items[i].name, name))
			return (int)i;
	return -1;
}

static struct named_list *
find_list(struct typer *t, struct str name)
{
	for (unsigned i = 0; i < t->scope->list_count; i++)
		if (str_eq(t->scope->lists[i].name, name))
			return &t->scope->lists[i];
	return NULL;
}

static const struct attribute *
find_attribute(struct typer *t, struct str name)
{
	for (unsigned i = 0; i < t->scope->profile_count; i++)
		if (str_eq(t->scope->profile[i].name, name))
			return &t->scope->profile[i];
	return NULL;
}

/* ---- What was meant ---- */

static bool
holds_word(const struct str *words, unsigned count, struct str word)
{
	for (unsigned i = 0; i < count; i++)
		if (str_eq(words[i], word))
			return true;
	return false;
}

/* Whether the name is a word of some enum or list, written without its quotes. */
static bool
is_bare_word(struct typer *t, struct str name)
{
	const struct scope *scope = t->scope;

	for (unsigned i = 0; i < scope->profile_count; i++)
		if (holds_word(scope->profile[i].words.words, scope->profile[i].words.count,
			       name))
			return true;
	for (unsigned i = 0; i < scope->list_count; i++)
		if (holds_word(scope->lists[i].words, scope->lists[i].count, name))
			return true;
	if (scope->stages && holds_word(scope->stages->words, scope->stages->count, name))
		return true;
	return scope->levels && holds_word(scope->levels->words, scope->levels->count, name);
}

enum name_kinds {
	NAMES_MACROS = 1,
	NAMES_SIGNALS = 2,
	NAMES_LISTS = 4,
	NAMES_ITEMS = 8,
	NAMES_ALL = 15
};

/* The nearest of the names of these kinds, or none. */
static struct str
nearest(struct typer *t, struct str wrong, unsigned kinds)
{
	const struct scope *scope = t->scope;
	size_t most = (size_t)scope->macro_count + scope->signal_count + scope->list_count +
		      scope->item_count;
	struct str *names = arena_array(t->arena, most, sizeof *names);
	size_t count = 0;

	for (unsigned i = 0; kinds & NAMES_MACROS && i < scope->macro_count; i++)
		names[count++] = scope->macros[i].name;
	for (unsigned i = 0; kinds & NAMES_SIGNALS && i < scope->signal_count; i++)
		names[count++] = scope->signals[i].name;
	for (unsigned i = 0; kinds & NAMES_LISTS && i < scope->list_count; i++)
		names[count++] = scope->lists[i].name;
	for (unsigned i = 0; kinds & NAMES_ITEMS && i < scope->item_count; i++)
		names[count++] = scope->items[i].name;
	return str_nearest(wrong, names, count);
}

static struct node *
complain_name(struct typer *t, const char *code, const struct node *in, struct str meant)
{
	struct complaint complaint = type_complaint(code, in);

	complaint.width = in->name.n;
	complaint.args[0] = in->name;
	if (meant.n)
		message_hint(t->arena, &complaint, "H101", meant);
	type_say(t, &complaint);
	return NULL;
}

static struct node *
unknown_name(struct typer *t, const struct node *in)
{
	struct str meant = STR_NONE;

	if (find_attribute(t, in->name))
		meant = arena_printf(t->arena, "profile.%.*s", STR_ARG(in->name));
	else if (is_bare_word(t, in->name))
		meant = arena_printf(t->arena, "\"%.*s\"", STR_ARG(in->name));
	else if (builtin_find(in->name))
		meant = arena_printf(t->arena, "%.*s()", STR_ARG(in->name));
	else
		meant = nearest(t, in->name, NAMES_ALL);
	return complain_name(t, "E101", in, meant);
}

/* ---- Bare names ---- */

static struct node *
items_node(struct typer *t, const struct node *in, int slot)
{
	struct node *out = type_copy(t, in);

	out->kind = NODE_ITEMS;
	out->type = TYPE_ITEMS;
	out->slot = (unsigned)slot;
	out->value =
		(struct value){.type = TYPE_ITEMS, .known = true, .u.signal = (unsigned)slot};
	return out;
}

static struct node *
signal_node(struct typer *t, const struct node *in, int slot)
{
	struct node *out = type_copy(t, in);

	out->kind = NODE_SIGNAL;
	out->type = TYPE_SIGNAL;
	out->slot = (unsigned)slot;
	out->value = (struct value){.type = TYPE_SIGNAL, .known = true, .u.signal = out->slot};
	return out;
}

static struct node *
list_node(struct typer *t, const struct node *in, struct named_list *list)
{
	struct node *out = type_copy(t, in);

	list->used = true;
	if (!type_count(t, list->count))
		return NULL;
	out->kind = NODE_LIST;
	out->type = TYPE_LIST;
	out->kids = arena_array(t->arena, list->count, sizeof *out->kids);
	for (unsigned i = 0; i < list->count; i++) {
		out->kids[i] = type_copy(t, in);
		out->kids[i]->kind = NODE_CONST;
		out->kids[i]->type = TYPE_STRING;
		out->kids[i]->value = value_string(list->words[i]);
	}
	out->kid_count = (uint16_t)list->count;
	return out;
}

/* A macro is put in as if written in brackets. What is wrong in it is said at its first use. */
static struct node *
expand(struct typer *t, const struct node *in, struct macro *macro)
{
	unsigned complaints = t->complaints;
	struct node *out;

	macro->used = true;
	if (macro->open)
		return complain_name(t, "E119", in, STR_NONE);
	if (macro->told || !macro->tree)
		return NULL;
	macro->open = true;
	t->macros++;
	out = type_node(t, macro->tree);
	t->macros--;
	macro->open = false;
	if (!t->stopped && t->complaints > complaints)
		macro->told = true;
	return out;
}

struct node *
type_name_node(struct typer *t, const struct node *in)
{
	struct macro *macro = find_macro(t, in->name);
	struct named_list *list;
	int slot;

	if (macro)
		return expand(t, in, macro);
	if ((slot = find_signal(t, in->name)) >= 0)
		return signal_node(t, in, slot);
	if ((slot = find_items(t, in->name)) >= 0)
		return items_node(t, in, slot);
	if ((list = find_list(t, in->name)) != NULL)
		return list_node(t, in, list);
	return unknown_name(t, in);
}

static bool
is_unknown(struct typer *t, const struct node *in)
{
	return in->kind == NODE_NAME && !find_macro(t, in->name) &&
	       find_signal(t, in->name) < 0 && find_items(t, in->name) < 0 &&
	       !find_list(t, in->name);
}

struct node *
type_signal_or_range(struct typer *t, const struct node *in)
{
	if (is_unknown(t, in))
		return complain_name(t, "E135", in, nearest(t, in->name, NAMES_SIGNALS));
	return type_node(t, in);
}

struct node *
type_items(struct typer *t, const struct node *in)
{
	if (is_unknown(t, in))
		return complain_name(t, "E176", in, nearest(t, in->name, NAMES_ITEMS));
	return type_node(t, in);
}

struct node *
type_list_operand(struct typer *t, const struct node *in)
{
	if (is_unknown(t, in))
		return complain_name(t, "E142", in, nearest(t, in->name, NAMES_LISTS));
	return type_node(t, in);
}

struct node *
type_range(struct typer *t, const struct node *in)
{
	int signal = find_signal(t, in->name);
	struct node *out;

	if (signal < 0)
		return complain_name(t, "E135", in, nearest(t, in->name, NAMES_SIGNALS));
	out = type_copy(t, in);
	out->type = TYPE_RANGE;
	out->slot = (unsigned)signal;
	out->range.signal = (unsigned)signal;
	out->value = (struct value){.type = TYPE_RANGE, .known = true, .u.range = &out->range};
	return out;
}

/* ---- Paths ---- */

static struct node *
unknown_attribute(struct typer *t, const struct node *in)
{
	struct complaint complaint = type_complaint("E103", in);
	unsigned count = t->scope->profile_count;
	struct str *names = arena_array(t->arena, count, sizeof *names), near;

	for (unsigned i = 0; i < count; i++)
		names[i] = t->scope->profile[i].name;
	near = str_nearest(in->name, names, count);
	complaint.args[0] = arena_printf(t->arena, "profile.%.*s", STR_ARG(in->name));
	if (near.n)
		message_hint(t->arena, &complaint, "H101",
			     arena_printf(t->arena, "profile.%.*s", STR_ARG(near)));
	type_say(t, &complaint);
	return NULL;
}

static struct node *
profile_path(struct typer *t, const struct node *in)
{
	const struct attribute *attribute = find_attribute(t, in->name);
	struct node *out;

	if (!attribute)
		return unknown_attribute(t, in);
	out = type_copy(t, in);
	out->type = attribute->type;
	out->slot = (unsigned)(attribute - t->scope->profile);
	if (attribute->type == TYPE_ENUM)
		out->words = &attribute->words;
	return out;
}

/* Event and item fields exist only where there is an event or item. */
struct node *
type_misplaced_path(struct typer *t, const char *code, const struct node *in)
{
	struct complaint complaint = type_complaint(code, in);

	complaint.args[0] = str_slice(in->source->text, in->at, in->at + in->width);
	type_say(t, &complaint);
	return NULL;
}

static struct node *
event_path(struct typer *t, const struct node *in)
{
	static const struct {
		const char *name;
		enum type type;
	} fields[EVENT_ATTRIBUTE] = {
		[EVENT_VALUE] = {"value", TYPE_NUM},  [EVENT_TYPE] = {"type", TYPE_STRING},
		[EVENT_USER] = {"user", TYPE_STRING}, [EVENT_SOURCE] = {"source", TYPE_STRING},
		[EVENT_TS] = {"ts", TYPE_TIME},
	};
	struct node *out;

	if (!t->scope->event_allowed)
		return type_misplaced_path(t, "E117", in);
	out = type_copy(t, in);
	out->type = TYPE_TEXT_ANY;
	for (out->slot = 0; out->slot < EVENT_ATTRIBUTE; out->slot++)
		if (str_is(in->name, fields[out->slot].name)) {
			out->type = fields[out->slot].type;
			break;
		}
	return out;
}

struct node *
type_path(struct typer *t, const struct node *in)
{
	switch ((enum path_root)in->op) {
	case PATH_PROFILE:
		return profile_path(t, in);
	case PATH_EVENT:
		return event_path(t, in);
	case PATH_ITEM:
		break;
	}
	return type_item_path(t, in);
}
