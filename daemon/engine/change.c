/* SPDX-License-Identifier: Apache-2.0 */
/* A change of rules: every customer under the new set, at one entry of the stream. */
#include <string.h>

#include "base/mem.h"
#include "engine/core.h"

static const struct signal *
same_signal(const struct ruleset *rules, uint32_t key)
{
	for (unsigned i = 0; i < rules->signal_count; i++)
		if (rules->signals[i].key == key)
			return &rules->signals[i];
	return NULL;
}

/* Counted by person from now on, unless it was so before. */
static void
give_member_birth(const struct engine *engine, const struct ruleset *to, struct signal *signal,
		  int64_t now)
{
	const struct ruleset *from = engine->rules;
	int64_t kept = now - (int64_t)from->members.reach_days * DAY_MS;
	if (signal->member_key == 0)
		return;
	signal->member_born_at = now;
	for (unsigned i = 0; i < from->signal_count; i++)
		if (from->signals[i].member_key == signal->member_key)
			signal->member_born_at = from->signals[i].member_born_at;
	if (to->members.reach_days > from->members.reach_days && kept > signal->member_born_at)
		signal->member_born_at = kept;
}

/* A new signal is born now; one whose reach grows was observed only as far as it was kept. */
static void
give_births(struct engine *engine, struct ruleset *to, int64_t now)
{
	for (unsigned i = 0; i < to->signal_count; i++) {
		struct signal *signal = &to->signals[i];
		const struct signal *old = same_signal(engine->rules, signal->key);
		signal->born_at = old ? old->born_at : now;
		give_member_birth(engine, to, signal, now);
		if (!old || old->reach_days >= signal->reach_days)
			continue;
		int64_t kept = now - (int64_t)old->reach_days * DAY_MS;
		if (kept > signal->born_at)
			signal->born_at = kept;
	}
}

static bool
has_rule(const struct ruleset *rules, uint32_t key)
{
	for (unsigned i = 0; i < rules->rule_count; i++)
		if (rules->rules[i].key == key)
			return true;
	return false;
}

static bool *
rules_missing(const struct ruleset *of, const struct ruleset *in)
{
	bool *missing = mem_array(of->rule_count + 1u, sizeof *missing);
	for (unsigned i = 0; i < of->rule_count; i++)
		missing[i] = !has_rule(in, of->rules[i].key);
	return missing;
}

static bool *
tags_missing(const struct ruleset *of, const struct ruleset *in)
{
	bool *missing = mem_array(of->tag_count + 1u, sizeof *missing);
	for (unsigned i = 0; i < of->tag_count; i++)
		missing[i] = ruleset_tag(in, of->tags[i].name) < 0;
	return missing;
}

static bool *
stages_missing(const struct ruleset *of, const struct ruleset *in)
{
	bool *missing = mem_array(of->stage_count + 1u, sizeof *missing);
	for (unsigned i = 0; i < of->stage_count; i++)
		missing[i] = ruleset_stage(in, of->stages[i].name) < 0;
	return missing;
}

static void
all_due(struct engine *engine)
{
	MEM_RESERVE(engine->due, engine->due_cap, engine->customers + 1);
	for (uint32_t i = 0; i < engine->customers; i++)
		engine->due[i] = i;
	engine->due_count = engine->customers;
	engine_sort_due(engine);
}

static void
remove_rules(struct engine *engine, const bool *removed, const struct ruleset *to, int64_t now,
	     const struct order_sink *sink)
{
	for (size_t i = 0; i < engine->due_count; i++)
		if (!engine_is_ahead(engine, engine->due[i], now))
			(void)step_remove_rules(engine, engine->due[i], removed, to, now, sink);
}

static void
remap_all(struct engine *engine, const struct ruleset *to)
{
	for (uint32_t i = 0; i < engine->customers; i++) {
		struct customer *customer = engine_at(engine, i);
		if (remap_customer(customer, engine->rules, to))
			engine_mark_dirty(engine, i);
		tracks_join(&customer->tracks, &engine->tracks, i);
		*engine_wake(engine, i) = NEVER;
		engine_forget_looks(customer);
		engine_set_day(engine, i, false);
	}
	heap_finish(&engine->wakes);
	engine->wakes = (struct heap){0};
}

void
engine_change_rules(struct engine *engine, const struct entry *entry, struct ruleset *rules,
		    const struct order_sink *sink)
{
	int64_t now = entry->id.ms;
	engine_begin_entry(engine, entry->id, sink);
	if (memcmp(rules->sha, engine->rules->sha, sizeof rules->sha) == 0) {
		ruleset_destroy(rules);
		engine_end_entry(engine, entry->id);
		return;
	}
	bool *removed = rules_missing(engine->rules, rules);
	bool *added = rules_missing(rules, engine->rules);
	bool *new_tags = tags_missing(rules, engine->rules);
	bool *new_stages = stages_missing(rules, engine->rules);
	all_due(engine);
	remove_rules(engine, removed, rules, now, sink);
	give_births(engine, rules, now);
	remap_all(engine, rules);
	struct ruleset *old = engine->rules;
	engine_take_rules(engine, rules);
	ruleset_destroy(old);
	quality_forget(engine, entry->id);
	engine->rules_at = now;
	engine->rule_is_new = added;
	engine->tag_is_new = new_tags;
	engine->stage_is_new = new_stages;
	for (size_t i = 0; i < engine->due_count; i++)
		(void)step_customer(engine, engine->due[i], NULL, STEP_RULES, now, sink);
	engine->rule_is_new = engine->tag_is_new = engine->stage_is_new = NULL;
	mem_free(removed);
	mem_free(added);
	mem_free(new_tags);
	mem_free(new_stages);
	engine_end_entry(engine, entry->id);
}
