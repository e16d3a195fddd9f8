/* SPDX-License-Identifier: Apache-2.0 */
/* The actions section: what is to be done on which alert. */
#include <string.h>

#include "codec/rules_maker.h"
#include "engine/order.h"

struct action_text {
	const struct yaml_node *on, *rule, *tag, *from, *to, *at_least, *category, *when,
		*webhook, *task, *owner;
};

#define NODE(word)                                                               \
	{                                                                        \
#word, form_node, offsetof(struct action_text, word), 0, 0, NULL \
	}

static const struct form_row action_rows[] = {
	NODE(on),	NODE(rule), NODE(tag),	   NODE(from), NODE(to),    NODE(at_least),
	NODE(category), NODE(when), NODE(webhook), NODE(task), NODE(owner), {.word = NULL},
};

/* Which alerts a filter has a meaning for. */
enum about {
	ABOUT_LEVEL = 1,
	ABOUT_RULE = 2,
	ABOUT_TAG = 4,
	ABOUT_NOBODY = 8,
	ABOUT_STAGE = 16,
	ABOUT_CARE = 32 /* orders nothing more */
};

static const struct on_row {
	const char *word;
	enum alert_type type;
	int about;
	int verb; /* of ALERT_TASK */
} on_rows[] = {
	{"customer.level_raised", ALERT_LEVEL_RAISED, ABOUT_LEVEL, 0},
	{"customer.level_lowered", ALERT_LEVEL_LOWERED, ABOUT_LEVEL, 0},
	{"rule.fired", ALERT_RULE_FIRED, ABOUT_RULE, 0},
	{"rule.cleared", ALERT_RULE_CLEARED, ABOUT_RULE, 0},
	{"customer.tagged", ALERT_TAGGED, ABOUT_TAG, 0},
	{"customer.untagged", ALERT_UNTAGGED, ABOUT_TAG, 0},
	{"customer.stage_changed", ALERT_STAGE_CHANGED, ABOUT_STAGE, 0},
	{"customer.owner_changed", ALERT_OWNER_CHANGED, 0, 0},
	{"feed.silent", ALERT_FEED_SILENT, ABOUT_NOBODY, 0},
	{"feed.back", ALERT_FEED_BACK, ABOUT_NOBODY, 0},
	{"rule.muted", ALERT_RULE_MUTED, ABOUT_RULE | ABOUT_NOBODY, 0},
	{"task.created", ALERT_TASK, ABOUT_CARE, VERB_CREATED},
	{"task.claimed", ALERT_TASK, ABOUT_CARE, VERB_CLAIMED},
	{"task.done", ALERT_TASK, ABOUT_CARE, VERB_DONE},
	{"task.cancelled", ALERT_TASK, ABOUT_CARE, VERB_CANCELLED},
	{"task.reopened", ALERT_TASK, ABOUT_CARE, VERB_REOPENED},
	{"task.reason_added", ALERT_TASK, ABOUT_CARE, VERB_ADDED},
	{"task.escalated", ALERT_TASK, ABOUT_CARE, VERB_ESCALATED},
	{"task.breached", ALERT_TASK, ABOUT_CARE, VERB_BREACHED},
	{"task.snoozed", ALERT_TASK, ABOUT_CARE, VERB_SNOOZED},
	{"task.resumed", ALERT_TASK, ABOUT_CARE, VERB_RESUMED},
	{"task.assigned", ALERT_TASK, ABOUT_CARE, VERB_ASSIGNED},
	{"task.transferred", ALERT_TASK, ABOUT_CARE, VERB_TRANSFERRED},
	{"task.linked", ALERT_TASK, ABOUT_CARE, VERB_LINKED},
};

static const struct on_row *
read_on(struct maker *maker, const struct yaml_node *node)
{
	size_t count = sizeof on_rows / sizeof *on_rows;
	struct str words[sizeof on_rows / sizeof *on_rows];
	const struct on_row *row = NULL;

	if (!form_is_text(&maker->form, node))
		return NULL;
	for (size_t i = 0; i < count; i++) {
		words[i] = str_of(on_rows[i].word);
		if (str_eq(words[i], node->text))
			row = &on_rows[i];
	}
	if (row == NULL)
		form_propose(&maker->form, node, "E225", node->text, words, count);
	return row;
}

static bool
filter_fits(struct maker *maker, const struct yaml_node *node, const char *word, int about,
	    const struct on_row *on)
{
	if (node == NULL)
		return false;
	if (on != NULL && (on->about & about) == 0) {
		form_complain(&maker->form, node, "E226", str_of(word), str_of(on->word));
		return false;
	}
	return form_is_text(&maker->form, node);
}

static void
read_level_filter(struct maker *maker, const struct yaml_node *node, const char *word,
		  const struct on_row *on, int *out)
{
	if (!filter_fits(maker, node, word, ABOUT_LEVEL, on))
		return;
	*out = ruleset_level(maker->rules, node->text);
	if (*out < 0)
		form_propose(&maker->form, node, "E227", node->text,
			     maker->rules->level_words.words, maker->rules->level_count);
}

/* From and to: of levels or of stages. */
static void
read_move_filter(struct maker *maker, const struct yaml_node *node, const char *word,
		 const struct on_row *on, int *out)
{
	const struct ruleset *rules = maker->rules;

	if (on == NULL || on->about != ABOUT_STAGE) {
		read_level_filter(maker, node, word, on, out);
		return;
	}
	if (!filter_fits(maker, node, word, ABOUT_STAGE, on))
		return;
	*out = ruleset_stage(rules, node->text);
	if (*out < 0)
		form_propose(&maker->form, node, "E259", node->text, rules->stage_words.words,
			     rules->stage_count);
}

static void
read_rule_filter(struct maker *maker, const struct yaml_node *node, const struct on_row *on,
		 struct action *action)
{
	if (!filter_fits(maker, node, "rule", ABOUT_RULE, on))
		return;
	action->rule = ruleset_rule(maker->rules, node->text);
	if (action->rule < 0)
		form_propose(&maker->form, node, "E228", node->text, maker->scope.rules,
			     maker->scope.rule_count);
	else if (maker->rules->rules[action->rule].mode != MODE_LIVE)
		form_complain(&maker->form, node, "W218", node->text, STR_NONE);
}

static void
read_category_filter(struct maker *maker, const struct yaml_node *node, const struct on_row *on,
		     struct action *action)
{
	static const char *const words[] = {"usage",   "support", "billing", "relationship",
					    "renewal", "other",	  NULL};
	static const struct form_row row = {.words = words};

	if (filter_fits(maker, node, "category", ABOUT_RULE, on))
		form_word(&maker->form, node, &row, &action->category);
}

static void
read_task_order(struct maker *maker, const struct yaml_node *node, struct action *action)
{
	const struct ruleset *rules = maker->rules;
	struct str names[RULESET_MAX_TASKS];

	if (!form_is_text(&maker->form, node))
		return;
	for (unsigned i = 0; i < rules->task_count; i++) {
		names[i] = rules->tasks[i].name;
		if (str_eq(names[i], node->text))
			action->task = (int)i;
	}
	if (action->task < 0)
		form_propose(&maker->form, node, "E229", node->text, names, rules->task_count);
}

/* Names of endpoints: whether the configuration has them is for the configuration's reader. */
static void
read_webhooks(struct maker *maker, const struct yaml_node *node, struct action *action)
{
	static const struct form_row row = {.most = RULES_MAX_NAME};
	struct str_list names = {NULL, 0};

	form_texts(&maker->form, node, &row, &names);
	action->webhooks = names.words;
	action->webhook_count = names.count;
}

/* What is heard of a task, or of an owner, sets nothing of its kind going. */
static void
refuse_circle(struct maker *maker, const struct action_text *text, const struct on_row *on)
{
	if (on == NULL)
		return;
	if (on->type == ALERT_TASK && text->task != NULL)
		form_complain(&maker->form, text->task, "E260", STR_NONE, STR_NONE);
	if ((on->type == ALERT_TASK || on->type == ALERT_OWNER_CHANGED) && text->owner != NULL)
		form_complain(&maker->form, text->owner, "E301", str_of(on->word), STR_NONE);
}

/* A condition, a task and an owner need a customer. */
static void
refuse_customer(struct maker *maker, const struct action_text *text, const struct on_row *on)
{
	if (on == NULL || (on->about & ABOUT_NOBODY) == 0)
		return;
	if (text->owner != NULL)
		form_complain(&maker->form, text->owner, "E302", str_of(on->word), STR_NONE);
	if (text->when != NULL)
		form_complain(&maker->form, text->when, "E267", str_of(on->word), STR_NONE);
	if (text->task != NULL)
		form_complain(&maker->form, text->task, "E268", str_of(on->word), STR_NONE);
}

static void
read_orders(struct maker *maker, const struct yaml_node *node, const struct action_text *text,
	    struct action *action)
{
	if (text->webhook != NULL)
		read_webhooks(maker, text->webhook, action);
	if (text->task != NULL)
		read_task_order(maker, text->task, action);
	if (text->owner != NULL)
		maker_assignment(maker, text->owner, &action->owner);
	if (text->webhook == NULL && text->task == NULL && text->owner == NULL)
		form_complain(&maker->form, node, "E230", STR_NONE, STR_NONE);
}

static void
read_action(struct maker *maker, const struct yaml_node *key, const struct yaml_node *node)
{
	struct ruleset *rules = maker->rules;
	struct action action = {.rule = -1,
				.from = -1,
				.to = -1,
				.at_least = -1,
				.category = -1,
				.task = -1,
				.verb = -1};
	struct action_text text = {0};
	const struct on_row *on = NULL;

	(void)key;
	form_read(&maker->form, node, action_rows, &text);
	if (node->kind != YAML_MAP || rules->action_count == RULESET_MAX_ACTIONS)
		return;
	if (text.on != NULL)
		on = read_on(maker, text.on);
	else
		form_complain(&maker->form, node, "E048", STR("on"), STR_NONE);
	action.on = on ? on->type : ALERT_RULE_FIRED;
	action.verb = on && on->type == ALERT_TASK ? on->verb : -1;
	read_rule_filter(maker, text.rule, on, &action);
	read_category_filter(maker, text.category, on, &action);
	read_move_filter(maker, text.from, "from", on, &action.from);
	read_move_filter(maker, text.to, "to", on, &action.to);
	read_level_filter(maker, text.at_least, "at_least", on, &action.at_least);
	if (filter_fits(maker, text.tag, "tag", ABOUT_TAG, on) &&
	    maker_is_label(maker, text.tag))
		action.tag = text.tag->text;
	if (text.when != NULL)
		action.when = maker_expr(maker, text.when, TYPE_BOOL, false);
	maker_check_expr(maker, action.when);
	refuse_customer(maker, &text, on);
	refuse_circle(maker, &text, on);
	read_orders(maker, node, &text, &action);
	rules->actions[rules->action_count++] = action;
}

void
maker_actions(struct maker *maker)
{
	unsigned count = maker_count(maker, "actions", RULESET_MAX_ACTIONS);

	if (count > RULESET_MAX_ACTIONS)
		count = RULESET_MAX_ACTIONS;
	maker->rules->actions = arena_array(maker->form.arena, count, sizeof(struct action));
	maker_each(maker, "actions", YAML_LIST, read_action);
}
