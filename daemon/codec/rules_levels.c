/* SPDX-License-Identifier: Apache-2.0 */
/* The levels section: bands of the risk. */
#include <string.h>

#include "codec/rules_maker.h"

struct shown {
	struct str en, zh;
};

static const struct form_row shown_rows[] = {
	{"en", form_text, offsetof(struct shown, en), 0, RULES_MAX_NAME, NULL},
	{"zh", form_text, offsetof(struct shown, zh), 0, RULES_MAX_NAME, NULL},
	{.word = NULL},
};

static void
read_shown(struct form *form, const struct yaml_node *node, const struct form_row *row,
	   void *into)
{
	struct shown *shown = into;

	if (node->kind == YAML_MAP) {
		form_read(form, node, shown_rows, shown);
	} else {
		form_text(form, node, row, &shown->en);
		shown->zh = shown->en;
	}
}

struct level_text {
	int64_t enter, leave;
	struct shown shown;
	struct str color;
};

static const struct form_row level_rows[] = {
	{"enter", form_int, offsetof(struct level_text, enter), 1, 100, NULL},
	{"leave", form_int, offsetof(struct level_text, leave), 0, 100, NULL},
	{"name", read_shown, offsetof(struct level_text, shown), 0, RULES_MAX_NAME, NULL},
	{"color", form_text, offsetof(struct level_text, color), 0, RULES_MAX_NAME, NULL},
	{.word = NULL},
};

/* Levels rise in the file: each is entered above the one before. */
static void
check_order(struct maker *maker, const struct yaml_node *key, const struct level *level)
{
	const struct level *before = level - 1;
	struct form *form = &maker->form;

	if (level->leave > level->enter)
		form_complain(form, key, "E212", form_int_text(form, level->leave),
			      form_int_text(form, level->enter));
	if (before->enter > 0 && level->enter <= before->enter)
		form_complain(form, key, "E211", before->name,
			      form_int_text(form, before->enter));
	else if (before->enter > 0 && level->leave < before->leave)
		form_complain(form, key, "E240", before->name,
			      form_int_text(form, before->leave));
}

static void
read_level(struct maker *maker, const struct yaml_node *key, const struct yaml_node *value)
{
	struct ruleset *rules = maker->rules;
	struct level *level = &rules->levels[rules->level_count];
	struct level_text text = {.enter = -1, .leave = -1};
	bool complained;

	if (!maker_is_label(maker, key))
		return;
	if (str_is(key->text, "healthy")) {
		form_complain(&maker->form, key, "E213", STR_NONE, STR_NONE);
		return;
	}
	form_read(&maker->form, value, level_rows, &text);
	if (value->kind == YAML_MAP && yaml_get(value, "enter") == NULL)
		form_complain(&maker->form, key, "E048", STR("enter"), STR_NONE);
	complained = text.enter < 0;
	if (complained) /* whatever rises */
		text.enter = level[-1].enter + 1;
	level->name = key->text;
	level->shown_en = text.shown.en.n ? text.shown.en : key->text;
	level->shown_zh = text.shown.zh.n ? text.shown.zh : level->shown_en;
	level->color = text.color;
	level->enter = (int)text.enter;
	level->leave = text.leave < 0 || complained ? level->enter : (int)text.leave;
	if (!complained)
		check_order(maker, key, level);
	rules->level_count++;
}

void
maker_levels(struct maker *maker)
{
	const struct yaml_node *levels = maker->singles.levels;
	struct ruleset *rules = maker->rules;
	struct str *words = arena_array(maker->form.arena, RULESET_MAX_LEVELS, sizeof *words);

	if (levels != NULL && form_is_map(&maker->form, levels)) {
		for (unsigned i = 0; i < levels->count && i < RULESET_MAX_LEVELS - 1; i++)
			read_level(maker, levels->keys[i], levels->items[i]);
		if (levels->count >= RULESET_MAX_LEVELS)
			form_complain(&maker->form, levels->keys[RULESET_MAX_LEVELS - 1],
				      "E210", STR("levels"),
				      form_int_text(&maker->form, RULESET_MAX_LEVELS - 1));
	}
	for (unsigned i = 0; i < rules->level_count; i++)
		words[i] = rules->levels[i].name;
	rules->level_words =
		(struct enum_def){STR("level()"), words, rules->level_count, .ordered = true};
	maker->scope.levels = &rules->level_words;
}
