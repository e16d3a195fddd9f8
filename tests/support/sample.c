/* SPDX-License-Identifier: Apache-2.0 */
/* Makes a rule set with one of everything, and customers at random. */
#include "support/sample.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "engine/items.h"
#include "engine/members.h"

static struct str
text(struct ruleset *rules, const char *prefix, unsigned n)
{
	return arena_printf(&rules->arena, "%s%u", prefix, n);
}

static void
make_signals(struct ruleset *rules)
{
	rules->signal_count = 7;
	rules->signals = arena_array(&rules->arena, 7, sizeof *rules->signals);
	for (unsigned i = 0; i < 7; i++) {
		rules->signals[i].name = text(rules, "signal", i);
		rules->signals[i].kind = (enum signal_kind)(i % 3);
		/* The last is defined as the first is: one key. */
		rules->signals[i].key = 0x1000001u * (i == 6 ? 1 : i + 1);
		rules->signals[i].reach_days = 90;
		rules->signals[i].reach_hours = i < 3 ? 48 : 0;
	}
}

static void
make_attributes(struct ruleset *rules)
{
	static const enum type types[] = {TYPE_STRING, TYPE_STRING, TYPE_DATE,	   TYPE_STRING,
					  TYPE_STRING, TYPE_ENUM,   TYPE_NUM,	   TYPE_BOOL,
					  TYPE_INT,    TYPE_TIME,   TYPE_DURATION, TYPE_STRING};
	static const char *const names[] = {
		"name", "owner", "customer_since", "lang",    "crm_id", "tier",
		"mrr",	"trial", "seats",	   "renewed", "term",	"phone"};
	static const struct str words[] = {{"free", 4}, {"team", 4}, {"business", 8}};

	rules->attribute_count = 12;
	rules->attributes = arena_array(&rules->arena, 12, sizeof *rules->attributes);
	for (unsigned i = 0; i < 12; i++) {
		rules->attributes[i].name = str_of(names[i]);
		rules->attributes[i].type = types[i];
		rules->attributes[i].initial = value_unknown(types[i]);
		rules->attributes[i].key = ruleset_attribute_key(&rules->attributes[i]);
	}
	rules->attributes[5].words = (struct enum_def){STR("tier"), words, 3, false};
	rules->attributes[11].private_ = true;
}

static void
make_rules(struct ruleset *rules)
{
	rules->rule_count = 9;
	rules->rules = arena_array(&rules->arena, 9, sizeof *rules->rules);
	for (unsigned i = 0; i < 9; i++) {
		rules->rules[i].name = text(rules, "rule", i);
		rules->rules[i].key = 0x9e3779b1u * (i + 1);
		rules->rules[i].category = (enum category)(i % 6);
		rules->rules[i].points = 10;
	}
	rules->task_count = 2;
	rules->tasks = arena_array(&rules->arena, 2, sizeof *rules->tasks);
	for (unsigned i = 0; i < 2; i++) {
		rules->tasks[i].name = text(rules, "task", i);
		rules->tasks[i].key = 77 + i;
		rules->tasks[i].queue = STR("csm");
	}
	rules->after_count = 2;
	rules->afters = arena_array(&rules->arena, 2, sizeof *rules->afters);
	rules->afters[0].key = 5;
	rules->afters[1].key = 500;
}

static void
make_items(struct ruleset *rules)
{
	static const struct str kept[] = {{"priority", 8}, {"warranty_end", 12}};

	rules->members = (struct members_def){
		.given = true, .max = 8, .reach_days = 60, .key = 99, .signals = 3};
	rules->item_count = 2;
	rules->items = arena_array(&rules->arena, 2, sizeof *rules->items);
	for (unsigned i = 0; i < 2; i++) {
		struct item_def *def = &rules->items[i];

		*def = (struct item_def){.name = text(rules, "items", i), .key = 31 + i};
		def->kept = kept;
		def->kept_count = i + 1;
		def->due = (int)i * 2 - 1;
		def->kept_keys[0] = 3;
		def->kept_keys[1] = 4;
	}
}

struct ruleset *
sample_rules(void)
{
	static const char *const names[] = {"watch", "at_risk", "critical"};
	struct ruleset *rules = ruleset_create();

	rules->name = STR("sample");
	for (unsigned i = 0; i < 3; i++) {
		rules->levels[i + 1].name = str_of(names[i]);
		rules->levels[i + 1].enter = (int)(30 + 25 * i);
		rules->levels[i + 1].leave = (int)(20 + 25 * i);
	}
	rules->level_count = 4;
	rules->stage_count = 2;
	rules->stages = arena_array(&rules->arena, 2, sizeof *rules->stages);
	rules->stages[0].name = STR("new");
	rules->stages[1].name = STR("active");
	hash_sha256(STR("sample"), rules->sha);
	hash_sha256_hex(STR("sample"), rules->sha_hex);
	make_signals(rules);
	make_attributes(rules);
	make_rules(rules);
	make_items(rules);
	return rules;
}

static int64_t
past(struct lcg *lcg, int64_t now)
{
	return now - (int64_t)lcg_below(lcg, (uint64_t)(200 * DAY_MS));
}

static void
add_events(const struct ruleset *rules, struct customer *customer, struct lcg *lcg, int64_t now)
{
	for (uint64_t left = lcg_below(lcg, 60); left > 0; left--) {
		unsigned slot = (unsigned)lcg_below(lcg, 6);
		const struct signal *signal = &rules->signals[slot];
		struct track_event event = {.kind = signal->kind, .ts = past(lcg, now)};

		event.micro = (int64_t)lcg_any_size(lcg) >> 20;
		event.gauge = (double)lcg_below(lcg, 1000) / 8;
		event.cell = (uint32_t)(event.ts / DAY_MS);
		event.reach = signal->reach_days;
		for (uint64_t times = 1 + lcg_below(lcg, 20); times > 0; times--)
			track_add(&customer->tracks, slot, false, &event);
		if (slot == 0) /* 6 is defined alike */
			track_add(&customer->tracks, 6, false, &event);
		event.cell = (uint32_t)(event.ts / HOUR_MS);
		event.reach = signal->reach_hours;
		if (signal->reach_hours > 0)
			track_add(&customer->tracks, slot, true, &event);
	}
}

static void
add_profile(const struct ruleset *rules, struct customer *customer, struct lcg *lcg,
	    int64_t now)
{
	for (unsigned slot = 0; slot < rules->attribute_count; slot++) {
		struct value value = value_unknown(rules->attributes[slot].type);

		value.known = lcg_below(lcg, 3) > 0;
		if (value.type == TYPE_STRING)
			value.u.s = rules->attributes[lcg_below(lcg, 5)].name;
		else if (value.type == TYPE_ENUM)
			value = value_enum(&rules->attributes[slot].words,
					   (unsigned)lcg_below(lcg, 3));
		else if (value.type == TYPE_NUM)
			value.u.n = (double)lcg_below(lcg, 99999) / 7;
		else if (value.type == TYPE_BOOL)
			value.u.b = lcg_below(lcg, 2);
		else
			value.u.i = (int64_t)lcg_any_size(lcg);
		if (lcg_below(lcg, 2))
			customer_set_profile(customer, slot, value.type, value, past(lcg, now));
	}
}

static void
set_state(struct rule_state *state, struct lcg *lcg, int64_t now)
{
	state->phase = (uint8_t)lcg_below(lcg, 4);
	state->flags = (uint8_t)lcg_below(lcg, 32);
	state->since_at = past(lcg, now);
	state->firing = (uint32_t)(lcg_any_size(lcg) >> 32);
	state->served = (int64_t)lcg_below(lcg, 1000);
	state->announced_n = (uint16_t)lcg_below(lcg, 3);
	state->fired_at = lcg_below(lcg, 2) ? past(lcg, now) : 0;
	state->blind_at = lcg_below(lcg, 4) ? 0 : past(lcg, now);
	state->until_at = lcg_below(lcg, 4) ? 0 : now + DAY_MS;
	state->announced_at = lcg_below(lcg, 2) ? past(lcg, now) : 0;
	state->open = state->announced_at ? (uint32_t)lcg_below(lcg, 9000000) : 0;
}

static void
add_rules(const struct ruleset *rules, struct customer *customer, struct lcg *lcg, int64_t now)
{
	for (unsigned slot = 0; slot < rules->rule_count; slot++)
		if (lcg_below(lcg, 2) == 0)
			set_state(customer_rule_make(customer, slot), lcg, now);
}

static void
add_members(const struct ruleset *rules, struct customer *customer, struct lcg *lcg,
	    int64_t now)
{
	for (uint64_t left = lcg_below(lcg, 6); left > 0; left--) {
		struct member *member = member_make(customer, rules->rules[left].name);
		struct track_event event = {.kind = SIGNAL_COUNT, .ts = past(lcg, now)};

		member->seen_at = past(lcg, now);
		member->role_at = lcg_below(lcg, 2) ? past(lcg, now) : INT64_MIN;
		member->left_at = lcg_below(lcg, 2) ? past(lcg, now) : INT64_MIN;
		member->left = lcg_below(lcg, 2);
		text_set(&member->role, lcg_below(lcg, 2) ? STR("champion") : STR_NONE);
		event.cell = (uint32_t)(event.ts / DAY_MS);
		event.reach = rules->members.reach_days;
		for (uint64_t n = lcg_below(lcg, 9); n > 0; n--, event.cell++)
			track_add(&member->tracks, (unsigned)lcg_below(lcg, 2), false, &event);
	}
}

static void
add_items(const struct ruleset *rules, struct customer *customer, struct lcg *lcg, int64_t now)
{
	for (uint64_t left = lcg_below(lcg, 6); left > 0; left--) {
		const struct item_def *def = &rules->items[lcg_below(lcg, 2)];
		struct item *item = item_make(customer, (unsigned)(def - rules->items),
					      rules->rules[lcg_below(lcg, 9)].name);

		item->opened_at = lcg_below(lcg, 4) ? past(lcg, now) : INT64_MIN;
		item->closed_at = lcg_below(lcg, 2) ? past(lcg, now) : INT64_MIN;
		for (unsigned i = 0; i < def->kept_count; i++)
			text_set(&item->kept[i],
				 lcg_below(lcg, 2) ? STR("2026-06-01") : STR_NONE);
		for (uint64_t n = lcg_below(lcg, 3); n > 0; n--)
			set_state(item_rule_make(item, (unsigned)lcg_below(lcg, 9)), lcg, now);
	}
}

static void
add_snoozes(struct task_held *task, struct lcg *lcg, int64_t at)
{
	task->snooze_count =
		(uint8_t)(lcg_below(lcg, 2) * lcg_below(lcg, TASK_MAX_SNOOZES + 1));
	task->snoozes = mem_array(task->snooze_count, sizeof *task->snoozes);
	for (unsigned i = 0; i < task->snooze_count; i++) {
		int64_t from = at + (int64_t)lcg_below(lcg, DAY_MS);

		at = from + (int64_t)lcg_below(lcg, DAY_MS);
		task->snoozes[i] = (struct snooze){from, at};
	}
}

static void
add_tasks(const struct ruleset *rules, struct customer *customer, struct lcg *lcg, int64_t now)
{
	for (uint64_t left = lcg_below(lcg, 4); left > 0; left--) {
		struct task_held *task = customer_add_task(customer);

		task->def = (uint16_t)lcg_below(lcg, rules->task_count);
		task->state = (uint8_t)lcg_below(lcg, TASK_CANCELLED + 1);
		task->priority = (uint8_t)lcg_below(lcg, PRIORITY_URGENT + 1);
		task->created_n = (uint16_t)lcg_below(lcg, 9);
		task->created_at = past(lcg, now);
		task->changed_at = past(lcg, now);
		task->closed_at = lcg_below(lcg, 2) ? NEVER : past(lcg, now);
		task->episode = (uint32_t)lcg_below(lcg, 9);
		task->rule_count = (uint8_t)lcg_below(lcg, TASK_MAX_RULES + 1);
		for (unsigned i = 0; i < task->rule_count; i++)
			task->rules[i] = 0x9e3779b1u * (i + 1);
		text_set(&task->lender, lcg_below(lcg, 4) ? STR_NONE : STR("wang"));
		text_set(&task->external_id, lcg_below(lcg, 2) ? STR_NONE : STR("00T5g01"));
		task->acked_at = lcg_below(lcg, 2) ? 0 : past(lcg, now);
		task->given_at = lcg_below(lcg, 2) ? 0 : past(lcg, now);
		task->was_claimed = lcg_below(lcg, 2);
		add_snoozes(task, lcg, past(lcg, now));
		text_set(&task->assignee, lcg_below(lcg, 2) ? STR("li") : STR_NONE);
		text_set(&task->outcome, lcg_below(lcg, 2) ? STR("saved") : STR_NONE);
		text_set(&task->item, lcg_below(lcg, 2) ? STR("T-1") : STR_NONE);
		text_set(&task->queue, lcg_below(lcg, 2) ? STR("vip") : STR_NONE);
		task->clock_at = past(lcg, now);
		task->stepped_at = lcg_below(lcg, 2) ? NEVER : past(lcg, now);
		task->escalated = (uint16_t)(lcg_below(lcg, 3) * 80);
		task->told = (uint8_t)lcg_below(lcg, 16);
	}
}

static void
add_others(const struct ruleset *rules, struct customer *customer, struct lcg *lcg, int64_t now)
{
	struct cold *cold = customer_cold(customer);

	for (uint64_t left = lcg_below(lcg, 4); left > 0; left--) {
		struct tag_state *tag =
			customer_tag_make(customer, rules->rules[lcg_below(lcg, 9)].name);

		tag->since_at = past(lcg, now);
		tag->by = (uint8_t)(1 + lcg_below(lcg, 3));
		tag->expires_at = lcg_below(lcg, 2) ? NEVER : now + DAY_MS;
	}
	cold->risk_count = (uint16_t)lcg_below(lcg, 6);
	cold->risks = mem_array(cold->risk_count, sizeof *cold->risks);
	for (unsigned i = 0; i < cold->risk_count; i++)
		cold->risks[i] = (struct risk_point){(uint16_t)(now / DAY_MS - 10 + i),
						     (uint8_t)lcg_below(lcg, 101), i == 0};
	cold->churned_at = lcg_below(lcg, 2) ? past(lcg, now) : 0;
	for (uint64_t left = lcg_below(lcg, 4); left > 0; left--)
		*customer_add_alert(customer) =
			(struct open_alert){rules->rules[left].key, left == 2, past(lcg, now)};
	cold->id_count = (uint16_t)lcg_below(lcg, CUSTOMER_MAX_IDS + 1);
	cold->ids = mem_array(cold->id_count, sizeof *cold->ids);
	for (unsigned i = 0; i < cold->id_count; i++)
		cold->ids[i] = (struct seen_id){lcg_next(lcg), now - DAY_MS + i};
	cold->after_count = (uint16_t)lcg_below(lcg, 3);
	cold->afters = mem_array(cold->after_count, sizeof *cold->afters);
	for (unsigned i = 0; i < cold->after_count; i++) {
		struct after_state *after = &cold->afters[i];

		after->key = rules->afters[i].key;
		after->settled = (uint32_t)lcg_below(lcg, 5);
		after->count = (uint32_t)lcg_below(lcg, AFTER_MAX + 1);
		after->at = mem_array(after->count, sizeof *after->at);
		for (uint32_t n = 0; n < after->count; n++)
			after->at[n] = now - (int64_t)(after->count - n) * HOUR_MS;
	}
}

static void
set_numbers(struct customer *customer, struct lcg *lcg, int64_t now)
{
	customer->first_seen_at = lcg_below(lcg, 9) ? past(lcg, now) : INT64_MAX;
	customer->event_at = now;
	customer_cold(customer)->backfilled_at = lcg_below(lcg, 3) ? 0 : past(lcg, now);
	customer_cold(customer)->order_at = lcg_below(lcg, 2) ? 0 : past(lcg, now);
	customer_cold(customer)->episode_at = lcg_below(lcg, 2) ? 0 : past(lcg, now);
	customer_cold(customer)->order_n = (uint32_t)lcg_below(lcg, 3);
	customer_cold(customer)->seq = (uint32_t)(lcg_any_size(lcg) >> 32);
	customer_cold(customer)->episode = (uint32_t)lcg_below(lcg, 3);
	customer_cold(customer)->firings = (uint32_t)lcg_below(lcg, 300);
	customer->risk = (uint8_t)lcg_below(lcg, 101);
	customer->held = (uint8_t)(lcg_below(lcg, 8) << 1);
	customer->level = customer->held & 8   ? 3
			  : customer->held & 4 ? 2
			  : customer->held & 2 ? 1
					       : 0;
	if (lcg_below(lcg, 2)) /* lifted by a rule */
		customer->level = 3;
	customer->stage = (uint8_t)lcg_below(lcg, 3);
	customer_cold(customer)->stage_at = customer->stage ? past(lcg, now) : 0;
	uint64_t flags = lcg_below(lcg, 32);
	customer->flags = (uint8_t)((flags & 7) << 2); /* RESTS, EPISODE, QUIET */
	if (flags & 8)
		customer->flags |= CUSTOMER_MOVED;
	if (flags & 16)
		customer->flags |= CUSTOMER_GONE;
}

struct customer *
sample_customer(const struct ruleset *rules, struct lcg *lcg, int64_t now)
{
	struct customer *customer = customer_create(STR("c42"));

	set_numbers(customer, lcg, now);
	add_events(rules, customer, lcg, now);
	if (lcg_below(lcg, 2)) {
		add_profile(rules, customer, lcg, now);
		add_rules(rules, customer, lcg, now);
		add_items(rules, customer, lcg, now);
		add_members(rules, customer, lcg, now);
	}
	if (lcg_below(lcg, 2)) {
		add_tasks(rules, customer, lcg, now);
		add_others(rules, customer, lcg, now);
	}
	return customer;
}
