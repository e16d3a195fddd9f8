/* SPDX-License-Identifier: Apache-2.0 */
/* Date rules: their date, steps, repetition, hour and working days. */
#include "base/civil.h"
#include "base/number.h"
#include "codec/rules_maker.h"
#include "lang/builtin.h"

#define MAX_STEP_DAYS 400

/* ---- What goes with what ---- */

static void
refuse_key(struct maker *maker, const struct yaml_node *map, const char *key, const char *code)
{
	for (unsigned i = 0; i < map->count; i++)
		if (str_is(map->keys[i]->text, key))
			form_complain(&maker->form, map->keys[i], code, str_of(key), STR_NONE);
}

void
maker_refuse_dates(struct maker *maker, const struct yaml_node *map, const struct rule *rule)
{
	static const char *const not_dated[] = {"for", "clear", "cooldown", "on"};
	static const char *const dated[] = {"steps", "every", "at", "workday"};

	for (unsigned i = 0; i < 4; i++)
		if (rule->kind == RULE_DATE)
			refuse_key(maker, map, not_dated[i], "E238");
		else
			refuse_key(maker, map, dated[i], "E239");
}

/* ---- The date ---- */

static void
take_nothing(void *ctx, const struct complaint *complaint)
{
	(void)ctx;
	(void)complaint;
}

/* Whether it is holiday("name"), which stands for days of the calendar here and not for a question. */
static bool
asks_holiday(struct maker *maker, const struct yaml_node *date)
{
	struct source source = {form_line(date), NULL};
	const struct node *tree =
		expr_parse(maker->form.arena, &source, (struct sink){NULL, take_nothing});

	return tree != NULL && tree->kind == NODE_CALL && str_is(tree->name, "holiday");
}

/* Steps are known ahead, so a date cannot depend on what a customer does. */
static void
refuse_state(void *ctx, const struct node *node)
{
	struct maker *maker = ctx;

	if (node->kind == NODE_CALL && node->builtin->op < FN_FIRST_PURE)
		maker_complain_node(
			maker, node, "E173",
			arena_printf(maker->form.arena, "%s()", node->builtin->name), STR_NONE);
}

static void
read_date(struct maker *maker, const struct yaml_node *date, struct date_plan *plan)
{
	const struct expr *expr;

	if (!form_is_text(&maker->form, date))
		return;
	if (asks_holiday(maker, date)) {
		expr = maker_expr(maker, date, TYPE_BOOL, false);
		plan->holiday = expr != NULL ? expr->root->slot : 0;
		return;
	}
	plan->date = maker_expr(maker, date, TYPE_DATE, false);
	if (plan->date != NULL)
		expr_walk(plan->date->root, refuse_state, maker);
	maker_check_expr(maker, plan->date);
}

/* ---- Steps ---- */

static void
complain_step(struct maker *maker, const struct yaml_node *node)
{
	struct complaint complaint = {.code = "E235", .args = {node->text}};
	int64_t plain;

	if (parse_int64(node->text, &plain))
		message_hint(maker->form.arena, &complaint, "H101",
			     arena_printf(maker->form.arena, "%.*sd", STR_ARG(node->text)));
	form_complain_at(&maker->form, node, 0, node->text.n, &complaint);
}

static bool
read_step(struct maker *maker, const struct yaml_node *node, int *days)
{
	int64_t ms;

	if (!form_is_text(&maker->form, node))
		return false;
	if (!parse_duration(node->text, false, &ms) || ms % DAY_MS != 0 ||
	    ms < -MAX_STEP_DAYS * DAY_MS || ms > MAX_STEP_DAYS * DAY_MS) {
		complain_step(maker, node);
		return false;
	}
	*days = (int)(ms / DAY_MS);
	return true;
}

static bool
is_among(const int *steps, unsigned count, int days)
{
	for (unsigned i = 0; i < count; i++)
		if (steps[i] == days)
			return true;
	return false;
}

static void
read_steps(struct maker *maker, const struct yaml_node *node, struct date_plan *plan)
{
	const struct yaml_node *const one[] = {node};
	const struct yaml_node *const *items = one;
	unsigned count = 1;
	int *steps = arena_array(maker->form.arena, RULESET_MAX_STEPS, sizeof *steps);

	if (node->kind == YAML_LIST) {
		items = (const struct yaml_node *const *)node->items;
		count = node->count;
	}
	if (count == 0)
		form_complain(&maker->form, node, "E044", STR_NONE, STR_NONE);
	if (count > RULESET_MAX_STEPS)
		form_complain(&maker->form, items[RULESET_MAX_STEPS], "E047",
			      form_int_text(&maker->form, RULESET_MAX_STEPS), STR_NONE);
	for (unsigned i = 0; i < count && i < RULESET_MAX_STEPS; i++) {
		int days;

		if (!read_step(maker, items[i], &days))
			continue;
		if (is_among(steps, plan->step_count, days))
			form_complain(&maker->form, items[i], "E045", items[i]->text, STR_NONE);
		else
			steps[plan->step_count++] = days;
	}
	plan->steps = steps;
}

/* ---- Repetition, hour, working days ---- */

static void
read_every(struct maker *maker, const struct yaml_node *node, struct date_plan *plan)
{
	int64_t ms;

	if (!form_is_text(&maker->form, node))
		return;
	plan->repeat = REPEAT_MONTHS;
	if (str_is(node->text, "month")) {
		plan->every = 1;
	} else if (str_is(node->text, "year")) {
		plan->every = 12;
	} else if (parse_duration(node->text, false, &ms) && ms > 0 && ms % DAY_MS == 0 &&
		   ms <= MAX_STEP_DAYS * DAY_MS) {
		plan->repeat = REPEAT_DAYS;
		plan->every = (int)(ms / DAY_MS);
	} else {
		form_complain(&maker->form, node, "E237", node->text, STR_NONE);
	}
}

static void
read_at(struct maker *maker, const struct yaml_node *node, struct date_plan *plan)
{
	int64_t at;

	if (!form_is_text(&maker->form, node))
		return;
	if (parse_clock(node->text, &at) && at < DAY_MS)
		plan->at = at;
	else
		form_complain(&maker->form, node, "E236", node->text, STR_NONE);
}

static void
read_workday(struct maker *maker, const struct yaml_node *node, struct date_plan *plan)
{
	static const char *const words[] = {"before", "after", "off", NULL};
	static const int shifts[] = {-1, 1, 0};
	static const struct form_row row = {.words = words};
	int word = 2;

	form_word(&maker->form, node, &row, &word);
	plan->shift = shifts[word];
}

void
maker_dates(struct maker *maker, const struct yaml_node *map, const struct dates_text *text,
	    struct rule *rule)
{
	static const int on_the_day[] = {0};
	struct date_plan *plan = arena_alloc(maker->form.arena, sizeof *plan);

	*plan = (struct date_plan){.every = 1};
	rule->dates = plan;
	read_date(maker, text->date, plan);
	if (text->steps != NULL)
		read_steps(maker, text->steps, plan);
	if (text->every != NULL && plan->date == NULL && asks_holiday(maker, text->date))
		form_complain(&maker->form, text->every, "E174", STR_NONE, STR_NONE);
	else if (text->every != NULL)
		read_every(maker, text->every, plan);
	if (text->at != NULL)
		read_at(maker, text->at, plan);
	if (text->workday != NULL)
		read_workday(maker, text->workday, plan);
	if (plan->step_count == 0) {
		plan->steps = on_the_day;
		plan->step_count = 1;
	}
	if (rule->keep == 0)
		form_complain(&maker->form, yaml_get(map, "keep_firing_for"), "E039", STR("1s"),
			      STR("400d"));
}
