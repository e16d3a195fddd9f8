/* SPDX-License-Identifier: Apache-2.0 */
/* Rule files, in the order in which their sections depend on each other, to one rule set. */
#include "codec/rules_yaml.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/mem.h"
#include "codec/rules_maker.h"
#include "lang/share.h"

static void
read_once(struct form *form, const struct yaml_node *node, const struct form_row *row,
	  void *into)
{
	const struct yaml_node **kept = into;

	if (*kept == NULL)
		*kept = node;
	else
		form_complain(form, node, "E201", str_of(row->word), form_place(form, *kept));
}

static void
read_version(struct form *form, const struct yaml_node *node, const struct form_row *row,
	     void *into)
{
	(void)row;
	(void)into;
	if (form_is_text(form, node) && !str_is(node->text, "1"))
		form_complain(form, node, "E200", node->text, STR_NONE);
}

#define ONCE(field) .read = read_once, .offset = offsetof(struct singles, field)

static const struct form_row file_rows[] = {
	{.word = "churnd", .read = read_version},
	{.word = "name", ONCE(name)},
	{.word = "timezone", ONCE(timezone)},
	{.word = "lateness", ONCE(lateness)},
	{.word = "levels", ONCE(levels)},
	{.word = "profile", .read = form_ignore},
	{.word = "only", ONCE(only)},
	{.word = "value", ONCE(value)},
	{.word = "signals", .read = form_ignore},
	{.word = "lists", .read = form_ignore},
	{.word = "macros", .read = form_ignore},
	{.word = "teams", .read = form_ignore},
	{.word = "defaults", ONCE(defaults)},
	{.word = "first_run", ONCE(first_run)},
	{.word = "churn", ONCE(churn)},
	{.word = "rules", .read = form_ignore},
	{.word = "actions", .read = form_ignore},
	{.word = "tasks", .read = form_ignore},
	{.word = "calendar", ONCE(calendar)},
	{.word = "items", .read = form_ignore},
	{.word = "members", ONCE(members)},
	{.word = "models", .read = form_ignore},
	{.word = "tags", .read = form_ignore},
	{.word = "stages", .read = form_ignore},
	{.word = NULL},
};

static void
read_rule_file(struct maker *maker, const struct yaml_node *root)
{
	struct form *form = &maker->form;

	form_read(form, root, file_rows, &maker->singles);
	if (root->kind != YAML_MAP)
		return;
	if (yaml_get(root, "churnd") == NULL)
		form_complain(form, root, "E202", STR_NONE, STR_NONE);
	maker->files[maker->file_count++] = root;
}

static void
read_files(struct maker *maker)
{
	struct diags *diags = maker->form.diags;
	bool is_calendar[DIAG_FILES] = {false};

	for (unsigned i = 0; i < diags->file_count; i++) {
		struct yaml_node *root = yaml_read(maker->form.arena, i, diags);
		int calendar;

		if (root == NULL)
			continue;
		if (is_calendar[i]) {
			maker->calendar_roots[i] = root;
			continue;
		}
		calendar = maker_calendar_file(maker, root);
		if (calendar >= 0)
			is_calendar[calendar] = true;
		read_rule_file(maker, root);
	}
}

static void
read_name(struct maker *maker)
{
	const struct yaml_node *name = maker->singles.name;

	if (name != NULL && maker_is_label(maker, name))
		maker->rules->name = name->text;
	else if (name == NULL && maker->file_count > 0)
		form_complain(&maker->form, maker->files[0], "E203", STR_NONE, STR_NONE);
}

static void
read_timezone(struct maker *maker)
{
	const struct yaml_node *name = maker->singles.timezone;
	struct str tzif;
	struct err err;
	struct zone *zone = NULL;

	if (name == NULL || !form_is_text(&maker->form, name))
		return;
	if (maker->loader->zone(maker->loader->ctx, name->text, &tzif))
		zone = zone_parse(arena_str(maker->form.arena, name->text), tzif, &err);
	if (zone == NULL) {
		form_complain(&maker->form, name, "E204", name->text, STR_NONE);
		return;
	}
	zone_destroy(maker->rules->zone);
	maker->rules->zone = zone;
}

struct defaults {
	int64_t cooldown, min_events, min_volume, max_alerts, horizon;
};

static const struct form_row default_rows[] = {
	{"cooldown", form_duration, offsetof(struct defaults, cooldown), 0, 400 * DAY_MS, NULL},
	{"min_events", form_int, offsetof(struct defaults, min_events), 0, 1000000, NULL},
	{"min_volume", form_int, offsetof(struct defaults, min_volume), 1, 1000000000, NULL},
	{"max_alerts_per_hour", form_int, offsetof(struct defaults, max_alerts), 1, 1000000,
	 NULL},
	{"horizon", form_duration, offsetof(struct defaults, horizon), DAY_MS, 400 * DAY_MS,
	 NULL},
	{.word = NULL},
};

static void
read_settings(struct maker *maker)
{
	static const struct form_row lateness = {.most = 12 * HOUR_MS};
	static const char *const words[] = {"mark_only", "alert", NULL};
	static const struct form_row first_run = {.words = words};
	struct ruleset *rules = maker->rules;
	struct defaults defaults = {rules->default_cooldown, rules->default_min_events,
				    rules->min_volume, rules->max_alerts, rules->horizon};
	int runs = 0;

	if (maker->singles.lateness != NULL)
		form_duration(&maker->form, maker->singles.lateness, &lateness,
			      &rules->lateness);
	if (maker->singles.first_run != NULL)
		form_word(&maker->form, maker->singles.first_run, &first_run, &runs);
	if (maker->singles.defaults != NULL)
		form_read(&maker->form, maker->singles.defaults, default_rows, &defaults);
	rules->first_run_alerts = runs == 1;
	rules->default_cooldown = defaults.cooldown;
	rules->default_min_events = (int)defaults.min_events;
	rules->min_volume = defaults.min_volume;
	rules->max_alerts = defaults.max_alerts;
	rules->horizon = defaults.horizon;
}

static void
read_only(struct maker *maker)
{
	struct ruleset *rules = maker->rules;

	maker->scope.above_rules = true;
	if (maker->singles.only != NULL)
		rules->only = maker_expr(maker, maker->singles.only, TYPE_BOOL, false);
	maker->scope.above_rules = false;
	maker_check_expr(maker, rules->only);
}

static void
read_value(struct maker *maker)
{
	struct ruleset *rules = maker->rules;

	if (maker->singles.value != NULL)
		rules->value = maker_expr(maker, maker->singles.value, TYPE_NUM, false);
	maker_check_expr(maker, rules->value);
}

/* Each step may name what the steps before it made. */
static void
make(struct maker *maker)
{
	read_files(maker);
	read_name(maker);
	read_timezone(maker);
	read_settings(maker);
	maker_calendar(maker);
	maker_levels(maker);
	maker_profile(maker);
	maker_signals(maker);
	maker_items(maker);
	maker_members(maker);
	maker_lists(maker);
	maker_macros(maker);
	maker_teams(maker);
	maker_standing(maker);
	maker_wheres(maker);
	maker_models(maker);
	maker_churn(maker);
	read_only(maker);
	maker_rules(maker);
	maker_watching(maker);
	read_value(maker);
	maker_tasks(maker);
	maker_actions(maker);
	maker_asks(maker);
	maker_extremes(maker);
}

static void
hash_files(struct ruleset *rules, const struct diag_file *files, unsigned count)
{
	struct buf all = {0};

	for (unsigned i = 0; i < count; i++) {
		buf_printf(&all, "%zu:", files[i].text.n);
		buf_str(&all, files[i].text);
	}
	hash_sha256(buf_view(&all), rules->sha);
	hash_sha256_hex(buf_view(&all), rules->sha_hex);
	buf_finish(&all);
}

struct ruleset *
rules_load(const struct diag_file *files, unsigned count, const struct rules_loader *loader,
	   struct hash_seed seed, struct diags *diags)
{
	struct ruleset *rules = ruleset_create();
	struct maker maker = {.form = {&rules->arena, diags, "E290", false},
			      .rules = rules,
			      .loader = loader};

	assert(diags->file_count == 0 && count <= DIAG_FILES);
	for (unsigned i = 0; i < count; i++)
		diags_add_file(diags, files[i].name, files[i].text);
	struct share share;

	map_init(&maker.claims, seed);
	share_init(&share, &rules->arena, seed);
	maker.scope.share = &share;
	make(&maker);
	rules->memo_count = share.memo_count;
	rules->range_count = share.range_count;
	share_finish(&share);
	if (diags->errors == 0) {
		ruleset_finish(rules, seed);
		maker_check_set(&maker);
	}
	map_finish(&maker.claims);
	mem_free(maker.claimed);
	if (diags->errors > 0) {
		ruleset_destroy(rules);
		return NULL;
	}
	hash_files(rules, files, count);
	return rules;
}
