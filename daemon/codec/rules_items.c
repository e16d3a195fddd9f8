/* SPDX-License-Identifier: Apache-2.0 */
/* The sections of what is kept inside a customer: items and members. */
#include <string.h>

#include "base/civil.h"
#include "codec/rules_maker.h"

struct item_text {
	const struct yaml_node *open, *close, *key, *keep, *due;
};

static const struct form_row item_rows[] = {
	{"open", form_node, offsetof(struct item_text, open), 0, 0, NULL},
	{"close", form_node, offsetof(struct item_text, close), 0, 0, NULL},
	{"key", form_node, offsetof(struct item_text, key), 0, 0, NULL},
	{"keep", form_node, offsetof(struct item_text, keep), 0, 0, NULL},
	{"due", form_node, offsetof(struct item_text, due), 0, 0, NULL},
	{.word = NULL},
};

static const struct form_row field_row = {.most = 64};

static void
read_types(struct maker *maker, const struct yaml_node *key, const char *word,
	   const struct yaml_node *node, const struct str **types, unsigned *count)
{
	struct str_list list = {NULL, 0};

	if (node == NULL)
		form_complain(&maker->form, key, "E048", str_of(word), STR_NONE);
	else
		maker_event_types(maker, node, &list);
	*types = list.words;
	*count = list.count;
}

/* An event that did both would leave open what the other order of the two had closed. */
static void
check_both(struct maker *maker, const struct item_text *text, const struct item_def *def)
{
	for (unsigned i = 0; i < def->open_count; i++)
		for (unsigned k = 0; k < def->close_count; k++)
			if (str_eq(def->open_types[i], def->close_types[k]))
				form_complain(&maker->form, text->close, "E251",
					      def->open_types[i], STR_NONE);
}

static bool
is_taken(struct str name)
{
	return str_is(name, "key") || str_is(name, "opened") || str_is(name, "due");
}

static const struct yaml_node *
node_of(const struct yaml_node *list, unsigned i)
{
	return list->kind == YAML_LIST && i < list->count ? list->items[i] : list;
}

static void
add_kept(struct item_def *def, struct str *kept, struct str name)
{
	for (unsigned i = 0; i < def->kept_count; i++)
		if (str_eq(kept[i], name))
			return;
	kept[def->kept_count++] = name;
}

static int
slot_of(const struct item_def *def, struct str name)
{
	for (unsigned i = 0; i < def->kept_count; i++)
		if (str_eq(def->kept[i], name))
			return (int)i;
	return -1;
}

/* The due date is kept like the rest. */
static void
read_kept(struct maker *maker, const struct item_text *text, struct item_def *def)
{
	struct str *kept = arena_array(maker->form.arena, RULESET_MAX_KEPT, sizeof *kept);
	struct str_list list = {NULL, 0};
	struct str due = STR_NONE;

	def->kept = kept;
	if (text->due != NULL)
		form_text(&maker->form, text->due, &field_row, &due);
	if (text->keep != NULL)
		form_texts(&maker->form, text->keep, &field_row, &list);
	for (unsigned i = 0; i < list.count; i++)
		if (is_taken(list.words[i]) && !str_eq(list.words[i], due))
			form_complain(&maker->form, node_of(text->keep, i), "E250",
				      list.words[i], STR_NONE);
	if (list.count + (due.n > 0) > RULESET_MAX_KEPT) {
		form_complain(&maker->form, text->keep, "E210", STR("keep"),
			      form_int_text(&maker->form, RULESET_MAX_KEPT - (due.n > 0)));
		return;
	}
	for (unsigned i = 0; i < list.count; i++)
		add_kept(def, kept, list.words[i]);
	if (due.n > 0)
		add_kept(def, kept, due);
	def->due = due.n > 0 ? slot_of(def, due) : -1;
}

static bool
is_same(const struct str *a, unsigned n, const struct str *b, unsigned m)
{
	for (unsigned i = 0; i < n; i++) {
		bool found = false;

		for (unsigned k = 0; k < m; k++)
			found |= str_eq(a[i], b[k]);
		if (!found)
			return false;
	}
	return n == m;
}

/* Items are found by what defines them, so two lists cannot be defined alike. */
static void
check_twins(struct maker *maker, const struct yaml_node *key)
{
	const struct ruleset *rules = maker->rules;
	const struct item_def *def = &rules->items[rules->item_count];

	for (unsigned i = 0; i < rules->item_count && def->open_count > 0; i++) {
		const struct item_def *other = &rules->items[i];

		if (is_same(def->open_types, def->open_count, other->open_types,
			    other->open_count) &&
		    is_same(def->close_types, def->close_count, other->close_types,
			    other->close_count) &&
		    str_eq(def->field, other->field))
			form_complain(&maker->form, key, "E252", def->name, other->name);
	}
}

static void
read_item(struct maker *maker, const struct yaml_node *key, const struct yaml_node *value)
{
	struct ruleset *rules = maker->rules;
	struct item_def *def = &rules->items[rules->item_count];
	struct item_text text = {0};

	if (rules->item_count == RULESET_MAX_ITEMS || !maker_claim(maker, NAMES_EXPR, key))
		return;
	form_read(&maker->form, value, item_rows, &text);
	if (value->kind != YAML_MAP)
		return;
	*def = (struct item_def){.name = key->text, .due = -1};
	read_types(maker, key, "open", text.open, &def->open_types, &def->open_count);
	read_types(maker, key, "close", text.close, &def->close_types, &def->close_count);
	if (text.key == NULL)
		form_complain(&maker->form, key, "E048", STR("key"), STR_NONE);
	else
		form_text(&maker->form, text.key, &field_row, &def->field);
	read_kept(maker, &text, def);
	if (text.close != NULL)
		check_both(maker, &text, def);
	check_twins(maker, key);
	rules->item_count++;
}

void
maker_items(struct maker *maker)
{
	struct ruleset *rules = maker->rules;
	struct scope_items *scope;

	maker_count(maker, "items", RULESET_MAX_ITEMS);
	rules->items = arena_array(maker->form.arena, RULESET_MAX_ITEMS, sizeof *rules->items);
	maker_each(maker, "items", YAML_MAP, read_item);
	scope = arena_array(maker->form.arena, rules->item_count, sizeof *scope);
	for (unsigned i = 0; i < rules->item_count; i++) {
		const struct item_def *def = &rules->items[i];

		scope[i] = (struct scope_items){def->name, def->kept, def->kept_count,
						def->due >= 0};
	}
	maker->scope.items = scope;
	maker->scope.item_count = rules->item_count;
}

/* ---- members ---- */

struct members_text {
	struct str key;
	int64_t max, reach;
};

static const struct form_row members_rows[] = {
	{"key", form_text, offsetof(struct members_text, key), 0, 64, NULL},
	{"max", form_int, offsetof(struct members_text, max), 1, RULESET_MAX_MEMBERS, NULL},
	{"reach", form_duration, offsetof(struct members_text, reach), DAY_MS,
	 RULESET_MAX_REACH_DAYS *DAY_MS, NULL},
	{.word = NULL},
};

void
maker_members(struct maker *maker)
{
	struct members_def *members = &maker->rules->members;
	struct members_text text = {STR("user"), 256, 91 * DAY_MS};

	if (maker->singles.members == NULL)
		return;
	form_read(&maker->form, maker->singles.members, members_rows, &text);
	members->given = maker->scope.has_members = true;
	members->field = text.key;
	members->max = (unsigned)text.max;
	members->reach_days = (unsigned)(text.reach / DAY_MS);
}
