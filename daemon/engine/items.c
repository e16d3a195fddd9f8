/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the items of a customer: what is open, and enough of what was closed to know what comes late. */
#include "engine/items.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/number.h"

static int
compare(const struct item *item, unsigned def, struct str key)
{
	if (item->def != def)
		return item->def < def ? -1 : 1;
	return str_cmp(item->key, key);
}

/* Where it stands, or would stand. */
static size_t
place(const struct cold *cold, unsigned def, struct str key)
{
	size_t low = 0, high = cold ? cold->item_count : 0;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (compare(&cold->items[middle], def, key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct item *
items_of(const struct customer *customer, unsigned def, unsigned *count)
{
	const struct cold *cold = customer->cold;
	size_t first = place(cold, def, STR_NONE), end = place(cold, def + 1, STR_NONE);
	*count = (unsigned)(end - first);
	return *count ? &cold->items[first] : NULL;
}

struct item *
item_find(const struct customer *customer, unsigned def, struct str key)
{
	const struct cold *cold = customer->cold;
	size_t at = place(cold, def, key);
	bool found = cold && at < cold->item_count && compare(&cold->items[at], def, key) == 0;
	return found ? &cold->items[at] : NULL;
}

struct item *
item_make(struct customer *customer, unsigned def, struct str key)
{
	struct item *found = item_find(customer, def, key);
	struct cold *cold = customer_cold(customer);
	size_t at = place(cold, def, key);
	if (found)
		return found;
	cold->items = mem_resize(cold->items, (cold->item_count + 1u) * sizeof *cold->items);
	memmove(cold->items + at + 1, cold->items + at,
		(cold->item_count - at) * sizeof *cold->items);
	cold->items[at] = (struct item){
		.def = (uint16_t)def, .opened_at = INT64_MIN, .closed_at = INT64_MIN};
	text_set(&cold->items[at].key, key);
	cold->item_count++;
	return &cold->items[at];
}

struct rule_state *
item_rule(const struct item *item, unsigned rule)
{
	for (unsigned i = 0; i < item->rule_count; i++)
		if (item->rules[i].rule == rule)
			return &item->rules[i];
	return NULL;
}

struct rule_state *
item_rule_make(struct item *item, unsigned rule)
{
	struct rule_state *found = item_rule(item, rule);
	unsigned at = 0;
	if (found)
		return found;
	while (at < item->rule_count && item->rules[at].rule < rule)
		at++;
	item->rules = mem_resize(item->rules, (item->rule_count + 1u) * sizeof *item->rules);
	memmove(item->rules + at + 1, item->rules + at,
		(item->rule_count - at) * sizeof *item->rules);
	item->rules[at] = (struct rule_state){.rule = (uint16_t)rule};
	item->rule_count++;
	return &item->rules[at];
}

void
item_finish(struct item *item)
{
	text_set(&item->key, STR_NONE);
	for (unsigned i = 0; i < RULESET_MAX_KEPT; i++)
		text_set(&item->kept[i], STR_NONE);
	mem_free(item->rules);
}

static void
item_forget(struct cold *cold, struct item *item)
{
	size_t at = (size_t)(item - cold->items);
	item_finish(item);
	memmove(item, item + 1, (cold->item_count - at - 1) * sizeof *item);
	cold->item_count--;
}

void
items_finish(struct cold *cold)
{
	for (unsigned i = 0; i < cold->item_count; i++)
		item_finish(&cold->items[i]);
	mem_free(cold->items);
	cold->items = NULL;
	cold->item_count = 0;
}

/* ---- states of rules ---- */

struct rule_state *
rule_state_of(const struct customer *customer, unsigned rule, const struct item *item)
{
	return item ? item_rule(item, rule) : customer_rule(customer, rule);
}

struct rule_state *
state_next(const struct customer *customer, struct state_walk *walk, struct item **item)
{
	const struct cold *cold = customer->cold;
	*item = NULL;
	if (!cold)
		return NULL;
	if (walk->item == 0 && walk->rule < cold->rule_count)
		return &cold->rules[walk->rule++];
	if (walk->item == 0) {
		walk->item = 1;
		walk->rule = 0;
	}
	for (; walk->item <= cold->item_count; walk->item++, walk->rule = 0) {
		struct item *at = &cold->items[walk->item - 1];
		if (walk->rule == at->rule_count)
			continue;
		*item = at;
		return &at->rules[walk->rule++];
	}
	return NULL;
}

bool
customer_fires(const struct customer *customer, unsigned rule)
{
	struct state_walk walk = {0};
	struct rule_state *state;
	struct item *item;
	while ((state = state_next(customer, &walk, &item)))
		if (state->rule == rule &&
		    (state->phase == PHASE_FIRING || state->phase == PHASE_CLEARING))
			return true;
	return false;
}

/* ---- an event ---- */

struct str
item_text(const struct entry *entry, struct str name, char room[ITEM_NUMBER])
{
	if (str_is(name, "user"))
		return entry->user;
	if (str_is(name, "source"))
		return entry->source;
	if (!str_is(name, "value"))
		return entry_attribute(entry, name);
	if (!entry->has_value)
		return STR_NONE;
	snprintf(room, ITEM_NUMBER, "%.17g", entry->value);
	return str_of(room);
}

/* The one that would be forgotten for another: closed longest ago; not one for which a rule still fires. */
static struct item *
oldest_closed(const struct customer *customer, unsigned def)
{
	unsigned count;
	struct item *items = items_of(customer, def, &count), *oldest = NULL;
	for (unsigned i = 0; i < count; i++) {
		bool fires = false;
		for (unsigned r = 0; r < items[i].rule_count; r++)
			fires |= items[i].rules[r].phase >= PHASE_FIRING;
		if (item_is_open(&items[i]) || fires)
			continue;
		if (!oldest || items[i].closed_at < oldest->closed_at)
			oldest = &items[i];
	}
	return oldest;
}

static bool
is_full(const struct customer *customer, unsigned def)
{
	unsigned count;
	(void)items_of(customer, def, &count);
	return count >= CUSTOMER_MAX_ITEMS;
}

static bool
check_texts(const struct item_def *def, const struct entry *entry, struct str key,
	    struct err *err)
{
	char room[ITEM_NUMBER];
	if (key.n > ITEM_MAX_KEY)
		return err_set(err, "%.*s is the key of an item and longer than %d bytes",
			       STR_ARG(def->field), ITEM_MAX_KEY);
	for (unsigned i = 0; i < def->kept_count; i++)
		if (item_text(entry, def->kept[i], room).n > ITEM_MAX_TEXT)
			return err_set(err,
				       "%.*s is kept with an item and longer than %d bytes",
				       STR_ARG(def->kept[i]), ITEM_MAX_TEXT);
	return true;
}

bool
items_check(const struct ruleset *rules, const struct customer *customer,
	    const struct entry *entry, const struct type_use *use, struct err *err)
{
	char room[ITEM_NUMBER];
	for (uint32_t left = use->opens | use->closes; left; left &= left - 1) {
		unsigned slot = (unsigned)__builtin_ctz(left);
		const struct item_def *def = &rules->items[slot];
		struct str key = item_text(entry, def->field, room);
		if (key.n == 0)
			continue;
		if (!check_texts(def, entry, key, err))
			return false;
		if (use->opens >> slot & 1 && customer && !item_find(customer, slot, key) &&
		    is_full(customer, slot) && !oldest_closed(customer, slot))
			return err_set(err, "%d items of %.*s are open already; close some",
				       CUSTOMER_MAX_ITEMS, STR_ARG(def->name));
	}
	return true;
}

/* Where a new one would be one too many, the one closed longest ago makes room; NULL: that is this one. */
static struct item *
make_room(struct customer *customer, unsigned slot, struct str key, int64_t closed_at)
{
	struct item *found = item_find(customer, slot, key), *oldest;
	if (found || !is_full(customer, slot))
		return found ? found : item_make(customer, slot, key);
	oldest = oldest_closed(customer, slot);
	if (!oldest || closed_at < oldest->closed_at)
		return NULL;
	item_forget(customer->cold, oldest);
	return item_make(customer, slot, key);
}

/* Of two openings at one ms the greater text stands, so that their order changes nothing. */
static void
keep_texts(const struct item_def *def, struct item *item, const struct entry *entry, bool newer)
{
	char room[ITEM_NUMBER];
	for (unsigned i = 0; i < def->kept_count; i++) {
		struct str text = item_text(entry, def->kept[i], room);
		if (newer || str_cmp(text, item->kept[i]) > 0)
			text_set(&item->kept[i], text);
	}
}

static void
open_one(const struct ruleset *rules, struct customer *customer, unsigned slot, struct str key,
	 const struct entry *entry)
{
	struct item *item = make_room(customer, slot, key, INT64_MAX);
	if (!item || entry->ts < item->opened_at)
		return;
	keep_texts(&rules->items[slot], item, entry, entry->ts > item->opened_at);
	item->opened_at = entry->ts;
}

static void
close_one(struct customer *customer, unsigned slot, struct str key, int64_t ts)
{
	struct item *item = make_room(customer, slot, key, ts);
	if (item && ts > item->closed_at)
		item->closed_at = ts;
}

void
items_take(const struct ruleset *rules, struct customer *customer, const struct entry *entry,
	   const struct type_use *use)
{
	char room[ITEM_NUMBER];
	for (uint32_t left = use->opens | use->closes; left; left &= left - 1) {
		unsigned slot = (unsigned)__builtin_ctz(left);
		struct str key = item_text(entry, rules->items[slot].field, room);
		if (key.n == 0)
			continue;
		if (use->opens >> slot & 1)
			open_one(rules, customer, slot, key, entry);
		else
			close_one(customer, slot, key, entry->ts);
	}
}

struct value
item_due(const struct ruleset *rules, const struct item *item)
{
	int due = rules->items[item->def].due;
	int64_t at;
	if (due < 0 || item->kept[due].n == 0)
		return value_unknown(TYPE_DATE);
	if (parse_date(item->kept[due], &at))
		return value_date(at);
	if (parse_instant(item->kept[due], &at, NULL))
		return value_date(zone_day(rules->zone, at));
	return value_unknown(TYPE_DATE);
}
