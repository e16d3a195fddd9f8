/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies: a tree of YAML whose texts have holes, printed as JSON or as a form. */
#include <string.h>

#include "base/json.h"
#include "base/number.h"
#include "codec/connector_inside.h"

#define JSON_TEXT "{json}"

/* ---- reading ---- */

static bool
is_literal(const struct yaml_node *node)
{
	double number;

	return node->style == YAML_PLAIN &&
	       (str_is(node->text, "true") || str_is(node->text, "false") ||
		str_is(node->text, "null") || parse_number(node->text, &number));
}

/* YAML lets a number begin with + or end with a point, JSON does not. */
static struct str
literal_of(struct form *form, struct str text)
{
	struct buf buf = {0};
	struct str out = text;
	double number;

	if (parse_number(text, &number)) {
		buf_number_exact(&buf, number);
		out = arena_str(form->arena, buf_view(&buf));
	}
	buf_finish(&buf);
	return out;
}

static bool
parse_text(struct form *form, const struct yaml_node *node, const struct wording_names *names,
	   struct shape *out)
{
	if (is_literal(node)) {
		out->kind = SHAPE_LITERAL;
		out->literal = literal_of(form, node->text);
		return true;
	}
	out->kind = SHAPE_TEXT;
	if (!wording_parse(form, node, MARKUP_PLAIN, names, &out->wording))
		return false;
	if (wording_is_raw(&out->wording))
		out->kind = SHAPE_RAW;
	return true;
}

static bool
is_block(struct str key)
{
	return str_starts(key, STR("{if ")) || str_starts(key, STR("{each "));
}

/* A key may have holes too, and end in "?". */
static bool
parse_key(struct form *form, const struct yaml_node *key, const struct wording_names *names,
	  struct shape *out)
{
	struct yaml_node bare = *key;

	out->optional = str_ends(key->text, STR("?"));
	out->key = bare.text = str_slice(key->text, 0, key->text.n - out->optional);
	if (bare.text.n == 0 || memchr(bare.text.p, '{', bare.text.n) == NULL)
		return true;
	out->has_key_wording = true;
	return wording_parse(form, &bare, MARKUP_PLAIN, names, &out->key_wording);
}

/* A pair, or an item of a list that is one pair whose key is a block. */
static bool
parse_pair(struct form *form, const struct yaml_node *key, const struct yaml_node *value,
	   const struct wording_names *names, struct shape *out)
{
	struct shape *child;

	if (!is_block(key->text)) {
		bool good = shape_parse(form, value, names, out);

		return parse_key(form, key, names, out) && good;
	}
	child = arena_alloc(form->arena, sizeof *child);
	out->kind = SHAPE_BLOCK;
	out->children = child;
	out->count = 1;
	return wording_parse_block(form, key, names, &out->block) &&
	       shape_parse(form, value, names, child);
}

static bool
has_pairs(const struct shape *block)
{
	return block->children->kind == SHAPE_MAP && block->block.kind == PIECE_IF;
}

static bool
parse_map(struct form *form, const struct yaml_node *node, const struct wording_names *names,
	  struct shape *out)
{
	struct shape *children = arena_array(form->arena, node->count, sizeof *children);
	bool good = true;

	out->kind = SHAPE_MAP;
	for (unsigned i = 0; i < node->count; i++) {
		if (!parse_pair(form, node->keys[i], node->items[i], names, &children[i])) {
			good = false;
		} else if (children[i].kind == SHAPE_BLOCK && !has_pairs(&children[i])) {
			form_complain(form, node->keys[i], "E442", STR_NONE, STR_NONE);
			good = false;
		}
	}
	out->children = children;
	out->count = node->count;
	return good;
}

static bool
parse_item(struct form *form, const struct yaml_node *node, const struct wording_names *names,
	   struct shape *out)
{
	if (node->kind == YAML_MAP && node->count == 1 && is_block(node->keys[0]->text))
		return parse_pair(form, node->keys[0], node->items[0], names, out);
	return shape_parse(form, node, names, out);
}

static bool
parse_list(struct form *form, const struct yaml_node *node, const struct wording_names *names,
	   struct shape *out)
{
	struct shape *children = arena_array(form->arena, node->count, sizeof *children);
	bool good = true;

	out->kind = SHAPE_LIST;
	for (unsigned i = 0; i < node->count; i++)
		good &= parse_item(form, node->items[i], names, &children[i]);
	out->children = children;
	out->count = node->count;
	return good;
}

static bool
parse_json_text(struct form *form, const struct yaml_node *node,
		const struct wording_names *names, struct shape *out)
{
	struct shape *child = arena_alloc(form->arena, sizeof *child);

	out->kind = SHAPE_JSON_TEXT;
	out->children = child;
	out->count = 1;
	return shape_parse(form, node->items[0], names, child);
}

bool
shape_parse(struct form *form, const struct yaml_node *node, const struct wording_names *names,
	    struct shape *out)
{
	switch (node->kind) {
	case YAML_TEXT:
		return parse_text(form, node, names, out);
	case YAML_LIST:
		return parse_list(form, node, names, out);
	case YAML_MAP:
		if (node->count == 1 && str_is(node->keys[0]->text, JSON_TEXT))
			return parse_json_text(form, node, names, out);
		return parse_map(form, node, names, out);
	}
	return false;
}

/* ---- printing ---- */

/* Printed so far at one level of brackets. */
struct level {
	struct buf *out;
	bool has_item;
};

static void
put_comma(struct level *level)
{
	if (level->has_item)
		buf_char(level->out, ',');
	level->has_item = true;
}

static void
put_string(struct buf *out, struct str text)
{
	struct json json;

	json_init(&json, out);
	json_str(&json, text);
}

static void
print_text(struct buf *out, const struct shape *shape, struct wording_env *env)
{
	struct buf text = {0};

	wording_print(&text, &shape->wording, env);
	put_string(out, buf_view(&text));
	buf_finish(&text);
}

static bool
is_nothing(struct str json)
{
	return json.n == 0 || str_is(json, "\"\"") || str_is(json, "null") ||
	       str_is(json, "{}") || str_is(json, "[]");
}

static bool
is_left_out(const struct shape *shape, const struct buf *key, const struct buf *value)
{
	return shape->optional && (key->n == 0 || is_nothing(buf_view(value)));
}

static void
print_pair(struct level *level, const struct shape *shape, struct wording_env *env)
{
	struct buf key = {0}, value = {0};

	if (shape->has_key_wording)
		wording_print(&key, &shape->key_wording, env);
	else
		buf_str(&key, shape->key);
	shape_print(&value, shape, env);
	if (!is_left_out(shape, &key, &value)) {
		put_comma(level);
		put_string(level->out, buf_view(&key));
		buf_char(level->out, ':');
		buf_str(level->out, buf_view(&value));
	}
	buf_finish(&key);
	buf_finish(&value);
}

static void
print_pairs(struct level *level, const struct shape *map, struct wording_env *env)
{
	for (unsigned i = 0; i < map->count && !env->too_much; i++) {
		const struct shape *child = &map->children[i];

		if (child->kind != SHAPE_BLOCK)
			print_pair(level, child, env);
		else if (wording_test_holds(env, child->block.test))
			print_pairs(level, child->children, env);
	}
}

static void
print_item(struct level *level, const struct shape *shape, struct wording_env *env)
{
	put_comma(level);
	shape_print(level->out, shape, env);
}

static bool
may_go_on(struct wording_env *env)
{
	if (env->steps == 0)
		env->too_much = true;
	else
		env->steps--;
	return !env->too_much;
}

static void
print_alerts(struct level *level, const struct shape *child, struct wording_env *env)
{
	struct wording_env before = *env;

	for (unsigned i = 0; i < before.count && may_go_on(env); i++) {
		wording_enter_alert(env, before.alerts[i]);
		print_item(level, child, env);
	}
	env->alert = before.alert;
	env->item = before.item;
	env->family = before.family;
}

static void
print_each(struct level *level, const struct shape *block, struct wording_env *env)
{
	json_t *before = env->item, *list;

	if (block->block.test->value.root == ROOT_ALERTS) {
		print_alerts(level, block->children, env);
		return;
	}
	list = wording_list(env, block->block.test);
	if (!json_is_array(list))
		return;
	for (size_t i = 0; i < json_array_size(list) && i < WORDING_MAX_ITEMS && may_go_on(env);
	     i++) {
		env->item = json_array_get(list, i);
		print_item(level, block->children, env);
	}
	env->item = before;
}

static void
print_items(struct level *level, const struct shape *list, struct wording_env *env)
{
	for (unsigned i = 0; i < list->count && !env->too_much; i++) {
		const struct shape *child = &list->children[i];

		if (child->kind != SHAPE_BLOCK)
			print_item(level, child, env);
		else if (child->block.kind == PIECE_EACH)
			print_each(level, child, env);
		else if (wording_test_holds(env, child->block.test))
			print_item(level, child->children, env);
	}
}

static void
print_raw(struct buf *out, const struct shape *shape, struct wording_env *env)
{
	size_t before = out->n;

	wording_print_raw(out, &shape->wording, env);
	if (out->n == before)
		buf_text(out, "null");
}

void
shape_print(struct buf *out, const struct shape *shape, struct wording_env *env)
{
	struct level level = {out, false};
	struct buf inner = {0};

	if (!may_go_on(env))
		return;
	switch (shape->kind) {
	case SHAPE_TEXT:
		print_text(out, shape, env);
		return;
	case SHAPE_LITERAL:
		buf_str(out, shape->literal);
		return;
	case SHAPE_RAW:
		print_raw(out, shape, env);
		return;
	case SHAPE_MAP:
		buf_char(out, '{');
		print_pairs(&level, shape, env);
		buf_char(out, '}');
		return;
	case SHAPE_LIST:
		buf_char(out, '[');
		print_items(&level, shape, env);
		buf_char(out, ']');
		return;
	case SHAPE_JSON_TEXT:
		shape_print(&inner, shape->children, env);
		put_string(out, buf_view(&inner));
		buf_finish(&inner);
		return;
	case SHAPE_BLOCK: /* stands in lists and maps only */
		return;
	}
}

void
shape_print_form(struct buf *out, const struct shape *map, struct wording_env *env)
{
	for (unsigned i = 0; i < map->count; i++) {
		const struct shape *child = &map->children[i];
		struct buf text = {0};

		if (child->kind == SHAPE_LITERAL)
			buf_str(&text, child->literal);
		else if (child->kind == SHAPE_TEXT)
			wording_print(&text, &child->wording, env);
		if (text.n > 0 || !child->optional) {
			if (out->n > 0)
				buf_char(out, '&');
			markup_escape(out, MARKUP_URL, child->key);
			buf_char(out, '=');
			markup_escape(out, MARKUP_URL, buf_view(&text));
		}
		buf_finish(&text);
	}
}
