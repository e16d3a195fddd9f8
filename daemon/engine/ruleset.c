/* SPDX-License-Identifier: Apache-2.0 */
/* A rule set as a value: made, looked up in, destroyed. */
#include "engine/ruleset.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"

static const char *const alert_names[ALERT_TYPES] = {
	[ALERT_LEVEL_RAISED] = "customer.level_raised",
	[ALERT_LEVEL_LOWERED] = "customer.level_lowered",
	[ALERT_RULE_FIRED] = "rule.fired",
	[ALERT_RULE_CLEARED] = "rule.cleared",
	[ALERT_TAGGED] = "customer.tagged",
	[ALERT_UNTAGGED] = "customer.untagged",
	[ALERT_STAGE_CHANGED] = "customer.stage_changed",
	[ALERT_OWNER_CHANGED] = "customer.owner_changed",
	[ALERT_FEED_SILENT] = "feed.silent",
	[ALERT_FEED_BACK] = "feed.back",
	[ALERT_RULE_MUTED] = "rule.muted",
	[ALERT_TASK] = "task",
};

const char *
alert_type_name(enum alert_type type)
{
	assert(type < ALERT_TYPES);
	return alert_names[type];
}

static const char *const priority_names[] = {
	[PRIORITY_LOW] = "low",
	[PRIORITY_NORMAL] = "normal",
	[PRIORITY_HIGH] = "high",
	[PRIORITY_URGENT] = "urgent",
};

const char *
priority_name(enum priority priority)
{
	assert(priority <= PRIORITY_URGENT);
	return priority_names[priority];
}

static const char *const category_names[] = {
	[CAT_USAGE] = "usage",	   [CAT_SUPPORT] = "support",
	[CAT_BILLING] = "billing", [CAT_RELATIONSHIP] = "relationship",
	[CAT_RENEWAL] = "renewal", [CAT_OTHER] = "other",
};

const char *
category_name(enum category category)
{
	assert(category <= CAT_OTHER);
	return category_names[category];
}

struct ruleset *
ruleset_create(void)
{
	struct ruleset *rules = mem_alloc(sizeof *rules);

	arena_init(&rules->arena);
	rules->zone = zone_utc();
	rules->lateness = 10 * MINUTE_MS;
	rules->calendar = calendar_plain();
	rules->levels[0].name = STR("healthy");
	rules->levels[0].shown_en = STR("healthy");
	rules->levels[0].shown_zh = STR("健康");
	rules->levels[0].color = STR("green");
	rules->level_count = 1;
	rules->default_cooldown = 14 * DAY_MS;
	rules->default_min_events = 20;
	rules->min_volume = 100;
	rules->max_alerts = 1000;
	rules->horizon = 90 * DAY_MS;
	return rules;
}

void
ruleset_destroy(struct ruleset *rules)
{
	if (rules == NULL)
		return;
	map_finish(&rules->type_index);
	zone_destroy(rules->zone);
	arena_finish(&rules->arena);
	mem_free(rules);
}

const struct type_use *
ruleset_use(const struct ruleset *rules, struct str type)
{
	uint32_t index;

	return map_get(&rules->type_index, type, &index) ? &rules->uses[index] : NULL;
}

int
ruleset_level(const struct ruleset *rules, struct str name)
{
	for (unsigned i = 0; i < rules->level_count; i++)
		if (str_eq(rules->levels[i].name, name))
			return (int)i;
	return -1;
}

int
ruleset_tag(const struct ruleset *rules, struct str name)
{
	for (unsigned i = 0; i < rules->tag_count; i++)
		if (str_eq(rules->tags[i].name, name))
			return (int)i;
	return -1;
}

int
ruleset_stage(const struct ruleset *rules, struct str name)
{
	for (unsigned i = 0; i < rules->stage_count; i++)
		if (str_eq(rules->stages[i].name, name))
			return (int)i;
	return -1;
}

struct str
ruleset_stage_name(const struct ruleset *rules, unsigned stage)
{
	return stage ? rules->stages[stage - 1].name : STR("");
}

bool
ruleset_is_modelled(const struct ruleset *rules, unsigned signal)
{
	for (unsigned i = 0; i < rules->model_count; i++)
		if (rules->models[i].signal == signal && !rules->models[i].when)
			return true;
	return false;
}

int
ruleset_rule(const struct ruleset *rules, struct str name)
{
	for (unsigned i = 0; i < rules->rule_count; i++)
		if (str_eq(rules->rules[i].name, name))
			return (int)i;
	return -1;
}

int
ruleset_items(const struct ruleset *rules, uint32_t key)
{
	for (unsigned i = 0; i < rules->item_count; i++)
		if (rules->items[i].key == key)
			return (int)i;
	return -1;
}

int
ruleset_attribute(const struct ruleset *rules, struct str name)
{
	for (unsigned i = 0; i < rules->attribute_count; i++)
		if (str_eq(rules->attributes[i].name, name))
			return (int)i;
	return -1;
}
