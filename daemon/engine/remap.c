/* SPDX-License-Identifier: Apache-2.0 */
/* A customer from one rule set to the next: state follows what defines it, not its slot. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/core.h"
#include "engine/items.h"
#include "engine/members.h"

static int
slot_of_signal(const struct ruleset *rules, uint32_t key)
{
	for (unsigned i = 0; i < rules->signal_count; i++)
		if (rules->signals[i].key == key)
			return (int)i;
	return -1;
}

static int
slot_of_rule(const struct ruleset *rules, uint32_t key)
{
	for (unsigned i = 0; i < rules->rule_count; i++)
		if (rules->rules[i].key == key)
			return (int)i;
	return -1;
}

static int
slot_of_task(const struct ruleset *rules, uint32_t key)
{
	for (unsigned i = 0; i < rules->task_count; i++)
		if (rules->tasks[i].key == key)
			return (int)i;
	return -1;
}

static bool
remap_track(struct tracks_draft *into, const struct tracks *from, unsigned old, unsigned slot,
	    bool hours, enum signal_kind kind)
{
	struct track_kept kept = {.signal = (uint8_t)slot, .hours = hours, .kind = kind};
	return track_packed(from, old, hours, &kept.newest, &kept.packed) &&
	       tracks_draft_add(into, &kept);
}

static bool
remap_tracks(struct tracks *tracks, const struct ruleset *from, const struct ruleset *to)
{
	struct tracks_draft draft;
	struct tracks into = {0};
	bool lost = false;
	tracks_draft_begin(&draft);
	for (unsigned old = 0; old < from->signal_count; old++) {
		int slot = slot_of_signal(to, from->signals[old].key);
		for (int hours = 0; hours < 2; hours++) {
			if (!track_has(tracks, old, hours))
				continue;
			if (slot < 0 || (hours && !to->signals[slot].reach_hours) ||
			    !remap_track(&draft, tracks, old, (unsigned)slot, hours,
					 to->signals[slot].kind))
				lost = true;
		}
	}
	tracks_make(&into, &draft);
	tracks_finish(tracks);
	*tracks = into;
	return lost;
}

/* The same word in the new set's enum; false: it is no more. */
static bool
remap_word(const struct attribute *from, const struct attribute *to, struct value *value,
	   bool *moved)
{
	struct str word = from->words.words[value->u.i];
	for (unsigned i = 0; i < to->words.count; i++) {
		if (!str_eq(to->words.words[i], word))
			continue;
		*moved |= value->u.i != i;
		*value = value_enum(&to->words, i);
		return true;
	}
	return false;
}

static bool
remap_cell(struct customer *into, const struct customer *old, unsigned slot, int64_t ts,
	   const struct ruleset *from, const struct ruleset *to)
{
	const struct attribute *attribute = &from->attributes[slot];
	int now = ruleset_attribute(to, attribute->name);
	bool changed = false;
	if (now < 0 || to->attributes[now].type != attribute->type)
		return true;
	struct value value = value_unknown(attribute->type);
	if (!(old->cold->unset_mask >> slot & 1))
		value = customer_profile(old, from, slot);
	if (value.known && attribute->type == TYPE_ENUM &&
	    !remap_word(attribute, &to->attributes[now], &value, &changed)) {
		changed = true;
		value = value_unknown(TYPE_ENUM);
	}
	customer_set_profile(into, (unsigned)now, attribute->type, value, ts);
	return changed;
}

static bool
remap_profile(struct customer *customer, const struct ruleset *from, const struct ruleset *to)
{
	struct cold *cold = customer->cold;
	struct customer into = {0};
	bool changed = false;
	unsigned at = 0;
	for (uint64_t left = cold->profile_mask; left; left &= left - 1, at++)
		changed |= remap_cell(&into, customer, (unsigned)__builtin_ctzll(left),
				      cold->profile[at].ts, from, to);
	struct cold *made = customer_cold(&into), old = *cold;
	cold->profile = made->profile;
	cold->profile_mask = made->profile_mask;
	cold->unset_mask = made->unset_mask;
	cold->text_mask = made->text_mask;
	made->profile = old.profile;
	made->profile_mask = old.profile_mask;
	made->unset_mask = old.unset_mask;
	made->text_mask = old.text_mask;
	customer_finish(&into);
	return changed;
}

static int
compare_rules(const void *a, const void *b)
{
	const struct rule_state *x = a, *y = b;
	return (int)x->rule - (int)y->rule;
}

static bool
remap_states(struct rule_state *states, uint16_t *count, const struct ruleset *from,
	     const struct ruleset *to)
{
	unsigned kept = 0;
	for (unsigned i = 0; i < *count; i++) {
		int slot = slot_of_rule(to, from->rules[states[i].rule].key);
		if (slot < 0)
			continue;
		states[kept] = states[i];
		states[kept++].rule = (uint16_t)slot;
	}
	bool lost = kept != *count;
	*count = (uint16_t)kept;
	if (kept > 1)
		qsort(states, kept, sizeof *states, compare_rules);
	return lost;
}

/* What the new set keeps by the same name stays; what it keeps anew is not known of those opened before. */
static bool
remap_kept(struct item *item, const struct item_def *from, const struct item_def *to)
{
	struct str kept[RULESET_MAX_KEPT] = {{0}};
	bool lost = false;
	for (unsigned i = 0; i < from->kept_count; i++) {
		unsigned k = 0;
		while (k < to->kept_count && to->kept_keys[k] != from->kept_keys[i])
			k++;
		if (k < to->kept_count) {
			kept[k] = item->kept[i];
			continue;
		}
		lost |= item->kept[i].n > 0;
		text_set(&item->kept[i], STR_NONE);
	}
	memcpy(item->kept, kept, sizeof kept);
	return lost;
}

static int
compare_items(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	return x->def != y->def ? (int)x->def - (int)y->def : str_cmp(x->key, y->key);
}

static bool
remap_items(struct cold *cold, const struct ruleset *from, const struct ruleset *to)
{
	bool lost = false;
	unsigned kept = 0;
	for (unsigned i = 0; i < cold->item_count; i++) {
		struct item item = cold->items[i];
		const struct item_def *def = &from->items[item.def];
		int slot = ruleset_items(to, def->key);
		if (slot < 0) {
			item_finish(&item);
			continue;
		}
		lost |= remap_kept(&item, def, &to->items[slot]);
		lost |= remap_states(item.rules, &item.rule_count, from, to);
		item.def = (uint16_t)slot;
		cold->items[kept++] = item;
	}
	lost |= kept != cold->item_count;
	cold->item_count = (uint16_t)kept;
	if (kept > 1)
		qsort(cold->items, kept, sizeof *cold->items, compare_items);
	return lost;
}

/* Only what the new set reads by person goes on. */
static bool
remap_member(struct member *member, const struct ruleset *from, const struct ruleset *to)
{
	struct tracks *old = &member->tracks, into = {0};
	struct tracks_draft draft;
	bool lost = false;
	tracks_draft_begin(&draft);
	for (uint64_t left = old->days; left; left &= left - 1) {
		unsigned at = (unsigned)__builtin_ctzll(left);
		int slot = slot_of_signal(to, from->signals[at].key);
		if (slot < 0 || !(to->members.signals >> slot & 1) ||
		    !remap_track(&draft, old, at, (unsigned)slot, false, SIGNAL_COUNT))
			lost = true;
	}
	tracks_make(&into, &draft);
	tracks_finish(old);
	*old = into;
	return lost;
}

static bool
remap_members(struct cold *cold, const struct ruleset *from, const struct ruleset *to)
{
	unsigned count = cold->member_count;
	bool lost = false;
	if (count == 0)
		return false;
	if (!to->members.given || to->members.key != from->members.key) {
		members_finish(cold);
		return true;
	}
	members_cut(cold, to->members.max);
	for (unsigned i = 0; i < cold->member_count; i++)
		lost |= remap_member(&cold->members[i], from, to);
	return lost || cold->member_count != count;
}

static bool
remap_tasks(struct cold *cold, const struct ruleset *from, const struct ruleset *to)
{
	unsigned kept = 0;
	for (unsigned i = 0; i < cold->task_count; i++) {
		struct task_held *task = &cold->tasks[i];
		int slot = slot_of_task(to, from->tasks[task->def].key);
		if (slot >= 0) {
			task->def = (uint16_t)slot;
			task->due_at = 0;
			cold->tasks[kept++] = *task;
			continue;
		}
		task_finish(task);
	}
	bool lost = kept != cold->task_count;
	cold->task_count = (uint16_t)kept;
	return lost;
}

static bool
remap_afters(struct cold *cold, const struct ruleset *to)
{
	unsigned kept = 0;
	for (unsigned i = 0; i < cold->after_count; i++) {
		bool known = false;
		for (unsigned j = 0; j < to->after_count; j++)
			known |= to->afters[j].key == cold->afters[i].key;
		if (known)
			cold->afters[kept++] = cold->afters[i];
		else
			mem_free(cold->afters[i].at);
	}
	bool lost = kept != cold->after_count;
	cold->after_count = (uint16_t)kept;
	return lost;
}

static bool
remap_levels(struct customer *customer, const struct ruleset *from, const struct ruleset *to)
{
	uint8_t held = 0, top = 0;
	for (unsigned l = 1; l < from->level_count; l++) {
		int slot = ruleset_level(to, from->levels[l].name);
		if (!(customer->held >> l & 1) || slot < 0)
			continue;
		held |= (uint8_t)(1u << slot);
		top = slot > top ? (uint8_t)slot : top;
	}
	/* Lifted above what is held, by a rule: until that is judged again. */
	int shown = ruleset_level(to, from->levels[customer->level].name);
	if (shown > top)
		top = (uint8_t)shown;
	bool changed = held != customer->held || top != customer->level;
	customer->held = held;
	customer->level = top;
	return changed;
}

/* A customer of a stage that is no more is in none, until it is judged. */
static bool
remap_stage(struct customer *customer, const struct ruleset *from, const struct ruleset *to)
{
	if (customer->stage == 0)
		return false;
	int slot = ruleset_stage(to, ruleset_stage_name(from, customer->stage));
	bool changed = slot + 1 != customer->stage;
	customer->stage = (uint8_t)(slot + 1);
	if (slot < 0)
		customer_cold(customer)->stage_at = 0;
	return changed;
}

bool
remap_customer(struct customer *customer, const struct ruleset *from, const struct ruleset *to)
{
	bool changed = remap_tracks(&customer->tracks, from, to);
	changed |= remap_levels(customer, from, to);
	changed |= remap_stage(customer, from, to);
	if (!customer->cold)
		return changed;
	changed |= remap_profile(customer, from, to);
	changed |= remap_states(customer->cold->rules, &customer->cold->rule_count, from, to);
	changed |= remap_items(customer->cold, from, to);
	changed |= remap_members(customer->cold, from, to);
	changed |= remap_tasks(customer->cold, from, to);
	changed |= remap_afters(customer->cold, to);
	return changed;
}
