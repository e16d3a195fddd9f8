/* SPDX-License-Identifier: Apache-2.0 */
/* What a connector's file defines by name: parameters, tables of words, texts and their limits. */
#include <stddef.h>
#include <string.h>

#include "codec/connector_inside.h"

#define NAME_MOST 64

/* Letters, digits and _ : what a path may hold. */
static bool
is_name(struct form *form, const struct yaml_node *key)
{
	struct str name = key->text;
	bool good = name.n > 0 && name.n <= NAME_MOST;

	for (size_t i = 0; i < name.n; i++)
		good &= (name.p[i] >= 'a' && name.p[i] <= 'z') ||
			(name.p[i] >= '0' && name.p[i] <= '9') || name.p[i] == '_';
	if (!good)
		form_complain(form, key, "E448", name, STR_NONE);
	return good;
}

static bool
has_room(struct form *form, const struct yaml_node *key, unsigned count, unsigned most)
{
	if (count < most)
		return true;
	form_complain(form, key, "E508", form_int_text(form, most), STR_NONE);
	return false;
}

/* A copy with room to grow, for what is built upon must not change. */
static void *
grown(struct form *form, const void *from, unsigned count, unsigned most, size_t size)
{
	void *out = arena_array(form->arena, most, size);

	if (count > 0)
		memcpy(out, from, count * size);
	return out;
}

/* ---- parameters ---- */

static const struct form_row parameter_rows[] = {
	{"default", form_text, offsetof(struct connector_parameter, value), -1, 1024, NULL},
	{"required", form_flag, offsetof(struct connector_parameter, required), 0, 0, NULL},
	{"secret", form_flag, offsetof(struct connector_parameter, secret), 0, 0, NULL},
	{"about", form_ignore, 0, 0, 0, NULL},
	{.word = NULL},
};

static void
read_parameter(struct form *form, const struct yaml_node *key, const struct yaml_node *value,
	       struct connector *connector)
{
	struct connector_parameter parameter = {.name = key->text, .value = STR("")};
	unsigned at = 0;

	if (!is_name(form, key))
		return;
	form_read(form, value, parameter_rows, &parameter);
	while (at < connector->parameter_count &&
	       !str_eq(connector->parameters[at].name, key->text))
		at++;
	if (!has_room(form, key, at, CONNECTOR_MAX_PARAMETERS))
		return;
	connector->parameters[at] = parameter;
	if (at == connector->parameter_count)
		connector->parameter_count++;
}

void
connector_read_parameters(struct form *form, const struct yaml_node *node,
			  struct connector *connector)
{
	if (!form_is_map(form, node))
		return;
	connector->parameters = grown(form, connector->parameters, connector->parameter_count,
				      CONNECTOR_MAX_PARAMETERS, sizeof *connector->parameters);
	for (unsigned i = 0; i < node->count; i++)
		read_parameter(form, node->keys[i], node->items[i], connector);
}

/* ---- texts in one or both languages ---- */

struct both_text {
	const struct yaml_node *en, *zh;
};

static const struct form_row both_rows[] = {
	{"en", form_node, offsetof(struct both_text, en), 0, 0, NULL},
	{"zh", form_node, offsetof(struct both_text, zh), 0, 0, NULL},
	{.word = NULL},
};

/* text | {en: text, zh: text}; a missing one is as the other */
static bool
read_both(struct form *form, const struct yaml_node *node, struct both_text *out)
{
	*out = (struct both_text){node, node};
	if (node->kind == YAML_TEXT)
		return true;
	*out = (struct both_text){NULL, NULL};
	form_read(form, node, both_rows, out);
	if (out->en == NULL && out->zh == NULL) {
		if (node->kind == YAML_MAP && node->count == 0)
			form_complain(form, node, "E049", STR_NONE, STR_NONE);
		return false;
	}
	if (out->en == NULL)
		out->en = out->zh;
	if (out->zh == NULL)
		out->zh = out->en;
	return true;
}

/* ---- maps ---- */

static void
read_row(struct form *form, const struct yaml_node *key, const struct yaml_node *value,
	 struct word_table *table)
{
	static const struct form_row row = {.least = -1, .most = 256};
	struct word_row *out = &table->rows[table->count];
	struct both_text both;

	if (!read_both(form, value, &both))
		return;
	out->word = key->text;
	form_text(form, both.en, &row, &out->en);
	form_text(form, both.zh, &row, &out->zh);
	table->count++;
}

static void
read_table(struct form *form, const struct yaml_node *key, const struct yaml_node *value,
	   struct connector *connector)
{
	struct word_table table = {.name = key->text};
	unsigned at = 0;

	if (!is_name(form, key) || !form_is_map(form, value) ||
	    (value->count > CONNECTOR_MAX_ROWS &&
	     !has_room(form, value->keys[CONNECTOR_MAX_ROWS], value->count,
		       CONNECTOR_MAX_ROWS)))
		return;
	while (at < connector->table_count && !str_eq(connector->tables[at].name, key->text))
		at++;
	if (!has_room(form, key, at, CONNECTOR_MAX_TABLES))
		return;
	table.rows = arena_array(form->arena, value->count, sizeof *table.rows);
	for (unsigned i = 0; i < value->count; i++)
		read_row(form, value->keys[i], value->items[i], &table);
	connector->tables[at] = table;
	if (at == connector->table_count)
		connector->table_count++;
}

void
connector_read_tables(struct form *form, const struct yaml_node *node,
		      struct connector *connector)
{
	if (!form_is_map(form, node))
		return;
	connector->tables = grown(form, connector->tables, connector->table_count,
				  CONNECTOR_MAX_TABLES, sizeof *connector->tables);
	for (unsigned i = 0; i < node->count; i++)
		read_table(form, node->keys[i], node->items[i], connector);
}

/* ---- texts ---- */

struct text_keys {
	const struct yaml_node *families[FAMILIES], *tail, *en, *zh;
	bool rich, one_line, required;
};

static const struct form_row text_rows[] = {
	{"rich", form_flag, offsetof(struct text_keys, rich), 0, 0, NULL},
	{"one_line", form_flag, offsetof(struct text_keys, one_line), 0, 0, NULL},
	{"required", form_flag, offsetof(struct text_keys, required), 0, 0, NULL},
	{"alert", form_node, offsetof(struct text_keys, families[FAMILY_ALERT]), 0, 0, NULL},
	{"task", form_node, offsetof(struct text_keys, families[FAMILY_TASK]), 0, 0, NULL},
	{"notice", form_node, offsetof(struct text_keys, families[FAMILY_NOTICE]), 0, 0, NULL},
	{"digest", form_node, offsetof(struct text_keys, families[FAMILY_DIGEST]), 0, 0, NULL},
	{"tail", form_node, offsetof(struct text_keys, tail), 0, 0, NULL},
	{"en", form_node, offsetof(struct text_keys, en), 0, 0, NULL},
	{"zh", form_node, offsetof(struct text_keys, zh), 0, 0, NULL},
	{.word = NULL},
};

/* At least one of them; a missing one is as the other. */
static void
read_pair(struct form *form, const struct yaml_node *en, const struct yaml_node *zh,
	  const struct wording_names *names, bool is_rich, struct wording out[2])
{
	const struct yaml_node *first = en != NULL ? en : zh;

	if (!wording_parse(form, first, MARKUP_PLAIN, names, &out[0]))
		return;
	out[1] = out[0];
	if (zh != NULL && zh != first && !wording_parse(form, zh, MARKUP_PLAIN, names, &out[1]))
		return;
	out[0].is_rich = out[1].is_rich = is_rich;
}

static void
read_wordings(struct form *form, const struct yaml_node *node,
	      const struct wording_names *names, bool is_rich, struct wording out[2])
{
	struct both_text both;

	if (read_both(form, node, &both))
		read_pair(form, both.en, both.zh, names, is_rich, out);
}

/* Without families the text is the same for all; {en, zh} or one text alone. */
static void
read_text(struct form *form, const struct yaml_node *node, const struct wording_names *names,
	  struct connector_text *out)
{
	struct text_keys keys = {.rich = false};

	if (node->kind == YAML_TEXT)
		keys.families[FAMILY_ALERT] = node;
	else
		form_read(form, node, text_rows, &keys);
	out->is_rich = keys.rich;
	out->one_line = keys.one_line;
	out->required = keys.required;
	if (keys.families[FAMILY_ALERT] == NULL && (keys.en != NULL || keys.zh != NULL)) {
		read_pair(form, keys.en, keys.zh, names, keys.rich, out->said[FAMILY_ALERT]);
		out->given[FAMILY_ALERT] = true;
	}
	for (unsigned i = 0; i < FAMILIES; i++) {
		if (keys.families[i] == NULL)
			continue;
		read_wordings(form, keys.families[i], names, keys.rich, out->said[i]);
		out->given[i] = true;
	}
	if (!out->given[FAMILY_ALERT])
		form_complain(form, node, "E048", STR("alert"), STR_NONE);
	if (keys.tail != NULL)
		read_wordings(form, keys.tail, names, keys.rich, out->tail);
}

static void
read_text_pair(struct form *form, const struct yaml_node *key, const struct yaml_node *value,
	       struct connector *connector)
{
	struct wording_names names = {.connector = connector};
	struct connector_text text = {.name = key->text};
	unsigned at = 0;

	if (!is_name(form, key))
		return;
	while (at < connector->text_count && !str_eq(connector->texts[at].name, key->text))
		at++;
	if (!has_room(form, key, at, CONNECTOR_MAX_TEXTS))
		return;
	names.text_limit = at;
	text.most = at < connector->text_count ? connector->texts[at].most : 0;
	read_text(form, value, &names, &text);
	connector->texts[at] = text;
	if (at == connector->text_count)
		connector->text_count++;
}

void
connector_read_texts(struct form *form, const struct yaml_node *node,
		     struct connector *connector)
{
	if (!form_is_map(form, node))
		return;
	connector->texts = grown(form, connector->texts, connector->text_count,
				 CONNECTOR_MAX_TEXTS, sizeof *connector->texts);
	for (unsigned i = 0; i < node->count; i++)
		read_text_pair(form, node->keys[i], node->items[i], connector);
}

/* ---- limits ---- */

static void
read_limit(struct form *form, const struct yaml_node *key, const struct yaml_node *value,
	   struct connector *connector)
{
	static const struct form_row row = {.least = 16, .most = 1 << 20};
	struct str known[CONNECTOR_MAX_TEXTS];
	int64_t most = 0;

	form_int(form, value, &row, &most);
	for (unsigned i = 0; i < connector->text_count; i++) {
		known[i] = connector->texts[i].name;
		if (!str_eq(known[i], key->text))
			continue;
		connector->texts[i].most = (size_t)most;
		return;
	}
	form_propose(form, key, "E432", key->text, known, connector->text_count);
}

void
connector_read_limits(struct form *form, const struct yaml_node *node,
		      struct connector *connector)
{
	if (!form_is_map(form, node))
		return;
	connector->texts = grown(form, connector->texts, connector->text_count,
				 CONNECTOR_MAX_TEXTS, sizeof *connector->texts);
	for (unsigned i = 0; i < node->count; i++)
		read_limit(form, node->keys[i], node->items[i], connector);
}
