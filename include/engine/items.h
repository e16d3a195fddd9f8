/* SPDX-License-Identifier: Apache-2.0 */
/* The items of a customer: opened and closed by key, in whatever order the events arrive. */
#ifndef ENGINE_ITEMS_H
#define ENGINE_ITEMS_H

#include "engine/track.h"

static inline bool
item_is_open(const struct item *item)
{
	return item->opened_at > item->closed_at;
}

/* The items of one list, in the order of their keys; *count may be 0. */
struct item *items_of(const struct customer *customer, unsigned def, unsigned *count);
struct item *item_find(const struct customer *customer, unsigned def, struct str key);
/* Made when missing, neither opened nor closed; the caller sees to CUSTOMER_MAX_ITEMS. Pointers to items
 * last until the next one is made or forgotten. */
struct item *item_make(struct customer *customer, unsigned def, struct str key);
void items_finish(struct cold *cold);
void item_finish(struct item *item); /* frees what it owns, not itself */
/* The state of a rule that is judged for each item; NULL: never left idle. */
struct rule_state *item_rule(const struct item *item, unsigned rule);
struct rule_state *item_rule_make(struct item *item, unsigned rule);

/* The state of a rule, for the customer or for one of its items. */
struct rule_state *rule_state_of(const struct customer *customer, unsigned rule,
				 const struct item *item);
/* Goes through all states that are kept: the customer's by slot, then those of its items, item by item.
 * Begins with zeros; *item is NULL where the state is the customer's. */
struct state_walk {
	unsigned item, rule;
};
struct rule_state *state_next(const struct customer *customer, struct state_walk *walk,
			      struct item **item);
/* Does the rule fire for this customer, or for an item of its? */
bool customer_fires(const struct customer *customer, unsigned rule);

/* Would the event be one too many, or hold a text too long? A sentence says so. */
bool items_check(const struct ruleset *rules, const struct customer *customer,
		 const struct entry *entry, const struct type_use *use,
		 struct err *err) MUST_CHECK;
void items_take(const struct ruleset *rules, struct customer *customer,
		const struct entry *entry, const struct type_use *use);

/* The text of the event under that name, which may be an attribute or a field; STR_NONE: none. `room` takes
 * a number's digits. */
#define ITEM_NUMBER 32
struct str item_text(const struct entry *entry, struct str name, char room[ITEM_NUMBER]);
/* The local day on which it is due; unknown: none. */
struct value item_due(const struct ruleset *rules, const struct item *item);

#endif
