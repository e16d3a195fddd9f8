/* SPDX-License-Identifier: Apache-2.0 */
/* The rules section: first all names, so that an override finds what it replaces, then each rule. */
#include <string.h>

#include "base/civil.h"
#include "base/number.h"
#include "codec/rules_maker.h"
#include "lang/builtin.h"

#define MAX_SPAN (400 * DAY_MS) /* of `for` and its like */
#define DAY_FOR_EVENT_RULES (7 * DAY_MS)

struct rule_text {
	const struct yaml_node *rule, *expr, *clear, *points, *reason, *advice, *on,
		*inhibited_by, *level, *each;
	int64_t hold, keep, cooldown, warmup; /* -1: not given */
	const struct yaml_node *hold_node;
	struct dates_text dates;
	const struct yaml_node *map;
	int category, mode, guard;
	double noise; /* -1: not given */
	bool override;
};

static const char *const category_words[] = {"usage",	"support", "billing", "relationship",
					     "renewal", "other",   NULL};
static const char *const mode_words[] = {"live", "shadow", "off", NULL};
static const char *const guard_words[] = {"on", "off", NULL};

static void
read_hold(struct form *form, const struct yaml_node *node, const struct form_row *row,
	  void *into)
{
	struct rule_text *text = into;

	text->hold_node = node;
	form_duration(form, node, row, &text->hold);
}

#define NODE(word, field)                                                      \
	{                                                                      \
		word, form_node, offsetof(struct rule_text, field), 0, 0, NULL \
	}
#define SPAN(word, field)                                                                 \
	{                                                                                 \
		word, form_duration, offsetof(struct rule_text, field), 0, MAX_SPAN, NULL \
	}
#define LATER(word)                       \
	{                                 \
		word, NULL, 0, 0, 0, NULL \
	}

static const struct form_row rule_rows[] = {
	NODE("rule", rule),
	NODE("expr", expr),
	NODE("clear", clear),
	{"for", read_hold, 0, 0, MAX_SPAN, NULL},
	SPAN("keep_firing_for", keep),
	SPAN("cooldown", cooldown),
	SPAN("warmup", warmup),
	NODE("points", points),
	{"category", form_word, offsetof(struct rule_text, category), 0, 0, category_words},
	NODE("reason", reason),
	NODE("advice", advice),
	{"mode", form_word, offsetof(struct rule_text, mode), 0, 0, mode_words},
	NODE("on", on),
	{"override", form_flag, offsetof(struct rule_text, override), 0, 0, NULL},
	{"guard", form_word, offsetof(struct rule_text, guard), 0, 0, guard_words},
	{"noise", form_number, offsetof(struct rule_text, noise), 0, 1, NULL},
	NODE("date", dates.date),
	NODE("steps", dates.steps),
	NODE("every", dates.every),
	NODE("at", dates.at),
	NODE("workday", dates.workday),
	NODE("each", each),
	NODE("inhibited_by", inhibited_by),
	NODE("level", level),
	{.word = NULL},
};

/* The rules as written, in the order in which they will be judged. */
struct rule_list {
	struct rule_text *texts;
	unsigned count;
};

static void
override_rule(struct maker *maker, struct rule_list *list, const struct rule_text *text)
{
	struct str *names = arena_array(maker->form.arena, list->count, sizeof *names);

	for (unsigned i = 0; i < list->count; i++) {
		names[i] = list->texts[i].rule->text;
		if (str_eq(names[i], text->rule->text)) {
			list->texts[i] = *text;
			return;
		}
	}
	form_propose(&maker->form, text->rule, "E221", text->rule->text, names, list->count);
}

static void
list_rule(struct maker *maker, const struct yaml_node *node, struct rule_list *list)
{
	struct rule_text text = {
		.hold = -1, .keep = -1, .cooldown = -1, .warmup = -1, .noise = -1};

	text.category = CAT_OTHER;
	form_read(&maker->form, node, rule_rows, &text);
	if (node->kind != YAML_MAP)
		return;
	text.map = node;
	if (text.rule == NULL)
		form_complain(&maker->form, node, "E048", STR("rule"), STR_NONE);
	else if (text.override)
		override_rule(maker, list, &text);
	else if (maker_claim(maker, NAMES_RULES, text.rule) && list->count < RULESET_MAX_RULES)
		list->texts[list->count++] = text;
}

static struct rule_list
list_rules(struct maker *maker)
{
	unsigned count = maker_count(maker, "rules", RULESET_MAX_RULES);
	struct rule_list list = {0};

	list.texts = arena_array(maker->form.arena, count, sizeof *list.texts);
	for (unsigned i = 0; i < maker->file_count; i++) {
		const struct yaml_node *section = yaml_get(maker->files[i], "rules");

		if (section == NULL || !form_is_list(&maker->form, section))
			continue;
		for (unsigned k = 0; k < section->count; k++)
			list_rule(maker, section->items[k], &list);
	}
	return list;
}

static void
read_points(struct maker *maker, const struct yaml_node *node, struct rule *rule)
{
	int64_t points;
	double fraction;

	if (!form_is_text(&maker->form, node))
		return;
	if (parse_int64(node->text, &points) && points >= -100 && points <= 100)
		rule->points = (int)points;
	else if (parse_number(node->text, &fraction))
		form_complain(&maker->form, node, "E036", STR("-100"), STR("100"));
	else
		rule->points_expr = maker_expr(maker, node, TYPE_NUM, false);
	maker_check_expr(maker, rule->points_expr);
}

/* An event rule is judged when its event comes; what needs time to pass has no meaning for it. */
static void
read_event_rule(struct maker *maker, const struct rule_text *text, struct rule *rule)
{
	struct str_list types = {NULL, 0};

	rule->kind = RULE_EVENT;
	maker_event_types(maker, text->on, &types);
	rule->types = types.words;
	rule->type_count = types.count;
	if (text->hold_node != NULL)
		form_complain(&maker->form, text->hold_node, "E222", STR_NONE, STR_NONE);
	if (text->keep < 0)
		rule->keep = DAY_FOR_EVENT_RULES;
}

static void
read_expressions(struct maker *maker, const struct rule_text *text, struct rule *rule)
{
	bool event = rule->kind == RULE_EVENT;

	if (text->expr != NULL)
		rule->when = maker_expr(maker, text->expr, TYPE_BOOL, event);
	else if (rule->kind == RULE_DATE)
		rule->when = maker_constant(maker, STR("true"));
	else
		form_complain(&maker->form, text->rule, "E048", STR("expr"), STR_NONE);
	if (text->clear != NULL)
		rule->clear = maker_expr(maker, text->clear, TYPE_BOOL, event);
	maker_refuse_event(maker, rule->clear, "E209");
	maker_check_expr(maker, rule->when);
	maker_check_expr(maker, rule->clear);
	maker_check_rule(maker, rule);
	maker_check_hold(maker, rule, text->hold_node);
	if (text->points != NULL)
		read_points(maker, text->points, rule);
}

static int
find_name(const struct scope *scope, struct str name)
{
	for (unsigned i = 0; i < scope->rule_total; i++)
		if (str_eq(scope->rules[i], name))
			return (int)i;
	return -1;
}

static void
add_inhibitor(struct maker *maker, const struct yaml_node *node, struct rule *rule,
	      uint16_t *slots)
{
	const struct scope *scope = &maker->scope;
	int slot = find_name(scope, form_line(node));

	if (slot < 0)
		form_propose(&maker->form, node, "E228", form_line(node), scope->rules,
			     scope->rule_total);
	else if ((unsigned)slot == scope->rule_count)
		form_complain(&maker->form, node, "E257", rule->name, STR_NONE);
	else
		slots[rule->inhibitor_count++] = (uint16_t)slot;
}

/* Any rule may inhibit, one further down too: it is decided when all are judged. */
static void
read_inhibitors(struct maker *maker, const struct yaml_node *node, struct rule *rule)
{
	static const struct form_row row = {.most = RULES_MAX_NAME};
	struct str_list names = {NULL, 0};
	uint16_t *slots;

	form_texts(&maker->form, node, &row, &names);
	slots = arena_array(maker->form.arena, names.count, sizeof *slots);
	rule->inhibitors = slots;
	if (node->kind == YAML_TEXT && names.count == 1)
		add_inhibitor(maker, node, rule, slots);
	for (unsigned i = 0; node->kind == YAML_LIST && i < node->count; i++)
		if (node->items[i]->kind == YAML_TEXT && rule->inhibitor_count < names.count)
			add_inhibitor(maker, node->items[i], rule, slots);
}

static void
read_floor(struct maker *maker, const struct yaml_node *node, struct rule *rule)
{
	const struct ruleset *rules = maker->rules;
	int slot;

	if (!form_is_text(&maker->form, node))
		return;
	slot = ruleset_level(rules, node->text);
	if (slot > 0)
		rule->floor = (unsigned)slot;
	else if (slot == 0)
		form_complain(&maker->form, node, "E258", STR_NONE, STR_NONE);
	else
		form_propose(&maker->form, node, "E227", node->text, rules->level_words.words,
			     rules->level_count);
}

/* What the rule reads of an item is compiled for the items of this list. */
static void
read_each(struct maker *maker, const struct yaml_node *node, struct rule *rule)
{
	struct scope *scope = &maker->scope;
	struct str *names = arena_array(maker->form.arena, scope->item_count, sizeof *names);

	if (!form_is_text(&maker->form, node))
		return;
	for (unsigned i = 0; i < scope->item_count; i++) {
		names[i] = scope->items[i].name;
		if (str_eq(names[i], form_line(node)))
			rule->each = i + 1;
	}
	if (rule->each == 0)
		form_propose(&maker->form, node, "E176", form_line(node), names,
			     scope->item_count);
}

static int64_t
given(int64_t span, int64_t otherwise)
{
	return span >= 0 ? span : otherwise;
}

static void
read_rule(struct maker *maker, const struct rule_text *text, struct rule *rule)
{
	rule->name = text->rule->text;
	rule->mode = (enum rule_mode)text->mode;
	rule->unguarded = text->guard == 1;
	rule->noise = text->noise;
	rule->category = (enum category)text->category;
	rule->hold = given(text->hold, 0);
	rule->keep = given(text->keep, 0);
	rule->cooldown = given(text->cooldown, maker->rules->default_cooldown);
	rule->warmup = given(text->warmup, 0);
	if (text->each != NULL)
		read_each(maker, text->each, rule);
	maker->scope.item = rule->each ? &maker->scope.items[rule->each - 1] : NULL;
	maker->scope.has_key = rule->each > 0;
	if (text->dates.date != NULL) {
		rule->kind = RULE_DATE;
		rule->cooldown = 0;
		rule->keep = given(text->keep, DAY_MS);
		maker_dates(maker, text->map, &text->dates, rule);
	} else if (text->on != NULL) {
		read_event_rule(maker, text, rule);
	}
	maker_refuse_dates(maker, text->map, rule);
	read_expressions(maker, text, rule);
	if (text->inhibited_by != NULL)
		read_inhibitors(maker, text->inhibited_by, rule);
	if (text->level != NULL)
		read_floor(maker, text->level, rule);
	if (text->reason != NULL)
		maker_text(maker, text->reason, &rule->reason);
	else
		rule->reason = maker_literal(maker, rule->name);
	if (text->advice != NULL)
		maker_text(maker, text->advice, &rule->advice);
	maker->scope.item = NULL;
	maker->scope.has_key = false;
}

/* Two names whose keys collide would share their state. One in a million files of 100 rules has it. */
static void
check_keys(struct maker *maker, const struct rule_list *list)
{
	struct ruleset *rules = maker->rules;

	for (unsigned i = 0; i < rules->rule_count; i++)
		rules->rules[i].key = ruleset_key(rules->rules[i].name);
	for (unsigned i = 0; i < rules->rule_count; i++)
		for (unsigned k = 0; k < i; k++)
			if (rules->rules[i].key == rules->rules[k].key)
				form_complain(&maker->form, list->texts[i].rule, "E223",
					      rules->rules[i].name, rules->rules[k].name);
}

void
maker_rules(struct maker *maker)
{
	struct rule_list list = list_rules(maker);
	struct ruleset *rules = maker->rules;
	struct str *names = arena_array(maker->form.arena, list.count, sizeof *names);

	rules->rules = arena_array(maker->form.arena, list.count, sizeof *rules->rules);
	maker->scope.rules = names;
	maker->scope.rule_total = list.count;
	for (unsigned i = 0; i < list.count; i++)
		names[i] = list.texts[i].rule->text;
	for (unsigned i = 0; i < list.count; i++) {
		maker->scope.rule_count = i;
		read_rule(maker, &list.texts[i], &rules->rules[i]);
		rules->rule_count = i + 1;
	}
	maker->scope.rule_count = rules->rule_count;
	check_keys(maker, &list);
}
