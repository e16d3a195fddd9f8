/* SPDX-License-Identifier: Apache-2.0 */
/* The tags and stages sections: what rules make of a customer. */
#include <string.h>

#include "codec/rules_maker.h"

struct tag_text {
	const struct yaml_node *when, *leave;
};

static const struct form_row tag_rows[] = {
	{"when", form_node, offsetof(struct tag_text, when), 0, 0, NULL},
	{"leave", form_node, offsetof(struct tag_text, leave), 0, 0, NULL},
	{.word = NULL},
};

struct stage_text {
	const struct yaml_node *stage, *when;
};

static const struct form_row stage_rows[] = {
	{"stage", form_node, offsetof(struct stage_text, stage), 0, 0, NULL},
	{"when", form_node, offsetof(struct stage_text, when), 0, 0, NULL},
	{.word = NULL},
};

/* ---- names ---- */

static void
name_tag(struct maker *maker, const struct yaml_node *key, const struct yaml_node *value)
{
	struct ruleset *rules = maker->rules;

	if (rules->tag_count == RULESET_MAX_TAGS || !maker_claim(maker, NAMES_TAGS, key))
		return;
	maker->tag_texts[rules->tag_count] = value;
	rules->tags[rules->tag_count++].name = key->text;
}

static void
name_stage(struct maker *maker, const struct yaml_node *key, const struct yaml_node *value)
{
	struct ruleset *rules = maker->rules;
	struct stage_text text = {NULL, NULL};

	(void)key;
	form_read(&maker->form, value, stage_rows, &text);
	if (value->kind != YAML_MAP)
		return;
	if (text.stage == NULL)
		form_complain(&maker->form, value, "E048", STR("stage"), STR_NONE);
	if (text.when == NULL)
		form_complain(&maker->form, value, "E048", STR("when"), STR_NONE);
	if (text.stage == NULL || rules->stage_count == RULESET_MAX_STAGES ||
	    !maker_claim(maker, NAMES_STAGES, text.stage))
		return;
	maker->stage_whens[rules->stage_count] = text.when;
	rules->stages[rules->stage_count++].name = text.stage->text;
}

void
maker_standing(struct maker *maker)
{
	struct ruleset *rules = maker->rules;
	struct arena *arena = maker->form.arena;
	struct str *words = arena_array(arena, RULESET_MAX_STAGES, sizeof *words);

	maker_count(maker, "tags", RULESET_MAX_TAGS);
	maker_count(maker, "stages", RULESET_MAX_STAGES);
	rules->tags = arena_array(arena, RULESET_MAX_TAGS, sizeof *rules->tags);
	rules->stages = arena_array(arena, RULESET_MAX_STAGES, sizeof *rules->stages);
	maker_each(maker, "tags", YAML_MAP, name_tag);
	maker_each(maker, "stages", YAML_LIST, name_stage);
	for (unsigned i = 0; i < rules->stage_count; i++)
		words[i] = rules->stages[i].name;
	rules->stage_words =
		(struct enum_def){STR("stage()"), words, rules->stage_count, false};
	if (rules->stage_count > 0)
		maker->scope.stages = &rules->stage_words;
}

/* ---- conditions ---- */

static const struct expr *
condition(struct maker *maker, const struct yaml_node *text)
{
	const struct expr *expr = maker_expr(maker, text, TYPE_BOOL, false);

	maker_check_expr(maker, expr);
	return expr;
}

/* A bare text is `when`. */
static void
read_tag(struct maker *maker, const struct yaml_node *node, struct tag_rule *tag)
{
	struct tag_text text = {NULL, NULL};

	if (node->kind == YAML_TEXT)
		text.when = node;
	else
		form_read(&maker->form, node, tag_rows, &text);
	if (text.when != NULL)
		tag->when = condition(maker, text.when);
	else if (node->kind == YAML_MAP)
		form_complain(&maker->form, node, "E048", STR("when"), STR_NONE);
	if (text.leave != NULL)
		tag->leave = condition(maker, text.leave);
}

void
maker_watching(struct maker *maker)
{
	struct ruleset *rules = maker->rules;
	struct scope *scope = &maker->scope;
	struct str *names = arena_array(maker->form.arena, RULESET_MAX_TAGS, sizeof *names);

	for (unsigned i = 0; i < rules->tag_count; i++)
		names[i] = rules->tags[i].name;
	scope->tags = names;
	scope->tag_total = rules->tag_count;
	for (unsigned i = 0; i < rules->tag_count; i++) {
		scope->tag_count = i;
		read_tag(maker, maker->tag_texts[i], &rules->tags[i]);
	}
	scope->tag_count = scope->tag_total = 0;
	for (unsigned i = 0; i < rules->stage_count; i++)
		if (maker->stage_whens[i] != NULL)
			rules->stages[i].when = condition(maker, maker->stage_whens[i]);
}
