/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the items and members of a customer out of its record. */
#include "codec/record_take.h"
#include "engine/items.h"
#include "engine/members.h"

static int
kept_slot(const struct item_def *def, uint32_t key)
{
	for (unsigned i = 0; i < def->kept_count; i++)
		if (def->kept_keys[i] == key)
			return (int)i;
	return -1;
}

/* What the list keeps no more is passed over. */
static void
read_kept(struct reader *item, const struct item_def *def)
{
	for (uint64_t left = record_take_below(item, RULESET_MAX_KEPT + 1); left > 0; left--) {
		int slot = kept_slot(def, (uint32_t)record_take_little(item, 4));
		struct str text = record_take_text(item);

		if (text.n > ITEM_MAX_TEXT)
			record_spoil(item);
		if (item->p && slot >= 0)
			text_set(&item->item->kept[slot], text);
	}
}

static void
read_rule(struct reader *reader, unsigned rule)
{
	struct rule_state read = record_take_rule(reader, rule);

	if (item_rule(reader->item, rule))
		record_spoil(reader);
	if (reader->p)
		*item_rule_make(reader->item, rule) = read;
}

static bool
may_make(const struct customer *customer, unsigned slot, struct str key)
{
	unsigned count;

	(void)items_of(customer, slot, &count);
	return count < CUSTOMER_MAX_ITEMS && key.n > 0 && key.n <= ITEM_MAX_KEY &&
	       !item_find(customer, slot, key);
}

static void
read_item(struct reader *item, unsigned slot)
{
	struct str key = record_take_text(item);
	uint64_t has = record_take_little(item, 1);

	if (!item->p || has > 3 || !may_make(item->customer, slot, key)) {
		record_spoil(item);
		return;
	}
	item->item = item_make(item->customer, slot, key);
	if (has & 1)
		item->item->opened_at = record_take_at(item);
	if (has & 2)
		item->item->closed_at = record_take_at(item);
	read_kept(item, &item->rules->items[slot]);
	item->found = 0;
	record_take_items(item, KEYED_RULE, RULESET_MAX_RULES, read_rule);
}

void
record_read_list_items(struct reader *reader)
{
	record_take_items(reader, KEYED_ITEM, RULESET_MAX_ITEMS * CUSTOMER_MAX_ITEMS,
			  read_item);
}

/* --- members --- */

/* What is not read by person any more is passed over. */
static void
read_member_track(struct reader *item, unsigned slot)
{
	if (!(item->rules->members.signals >> slot & 1) || record_has_track(item, slot, false))
		(void)record_take_rest(item);
	else
		record_read_track(item, SIGNAL_COUNT, slot, false);
}

static void
read_member(struct reader *item)
{
	struct str id = record_take_text(item), role = record_take_text(item);
	uint64_t has = record_take_little(item, 1);

	if (!item->p || id.n == 0 || has > 7 || member_find(item->customer, id)) {
		record_spoil(item);
		return;
	}
	item->member = member_make(item->customer, id);
	text_set(&item->member->role, role);
	item->member->left = has >> 2 & 1;
	item->member->seen_at = record_take_at(item);
	if (has & 1)
		item->member->role_at = record_take_at(item);
	if (has & 2)
		item->member->left_at = record_take_at(item);
	item->found = 0;
	item->tracks = &item->member->tracks;
	tracks_draft_begin(item->draft);
	record_take_items(item, KEYED_SIGNAL, RULESET_MAX_SIGNALS, read_member_track);
	record_make_tracks(item);
}

void
record_read_members(struct reader *reader)
{
	const struct members_def *members = &reader->rules->members;
	uint32_t key = (uint32_t)record_take_little(reader, 4);
	bool same = members->given && members->key == key;
	struct tracks_draft draft;

	for (uint64_t left = record_take_below(reader, RULESET_MAX_MEMBERS + 1); left > 0;
	     left--) {
		struct reader item = record_take_item(reader);

		if (!reader->p)
			return;
		if (!same)
			continue;
		item.draft = &draft;
		read_member(&item);
		if (!record_is_taken(&item))
			record_spoil(reader);
	}
	if (same && reader->p)
		members_cut(customer_cold(reader->customer), members->max);
}
