/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of items: how many are open, since when, and when they are due. */
#include "engine/functions.h"
#include "engine/items.h"

/* The open items of a list that this look sees: all, or the one for which a rule is judged. */
struct seen_items {
	struct item *items;
	unsigned count;
};

static struct seen_items
items_seen(const struct look *look, unsigned def)
{
	struct seen_items seen = {0};
	if (look->each && look->each->def == def)
		return (struct seen_items){look->each, 1};
	seen.items = items_of(look->customer, def, &seen.count);
	return seen;
}

/* Asked of one item after the other; nothing of it is recorded. */
static bool
satisfies(struct look *look, const struct node *condition, struct item *item)
{
	struct item *before = look->item;
	void (*record)(void *, const struct node *, struct value) = look->env.record;
	look->item = item;
	look->env.record = NULL;
	bool truth = eval_truth(&look->env, condition) == TRUTH_YES;
	look->env.record = record;
	look->item = before;
	return truth;
}

struct value
fn_open(const struct call *call)
{
	struct seen_items seen = items_seen(call->look, call->args[0].u.signal);
	const struct node *condition = call->node->kids[1];
	int64_t count = 0;
	for (unsigned i = 0; i < seen.count; i++)
		if (item_is_open(&seen.items[i]))
			count += !condition || satisfies(call->look, condition, &seen.items[i]);
	return value_int(count);
}

struct value
fn_oldest(const struct call *call)
{
	struct seen_items seen = items_seen(call->look, call->args[0].u.signal);
	int64_t moment = look_moment(call->look), oldest = moment;
	for (unsigned i = 0; i < seen.count; i++)
		if (item_is_open(&seen.items[i]) && seen.items[i].opened_at < oldest)
			oldest = seen.items[i].opened_at;
	return value_duration(moment - oldest);
}

struct value
fn_until_due(const struct call *call)
{
	struct seen_items seen = items_seen(call->look, call->args[0].u.signal);
	struct value nearest = value_unknown(TYPE_DATE);
	for (unsigned i = 0; i < seen.count; i++) {
		if (!item_is_open(&seen.items[i]))
			continue;
		struct value due = item_due(call->look->engine->rules, &seen.items[i]);
		if (due.known && (!nearest.known || due.u.i < nearest.u.i))
			nearest = due;
	}
	return days_until(call->look, nearest);
}

struct value
item_field(const struct look *look, const struct node *node)
{
	const struct item *item = look->item;
	if (!item)
		return value_unknown(node->type);
	if (node->slot == ITEM_KEY)
		return value_string(item->key);
	if (node->slot == ITEM_OPENED)
		return value_time(item->opened_at);
	if (node->slot == ITEM_DUE)
		return item_due(look->engine->rules, item);
	return look_text(item->kept[node->slot - ITEM_KEPT], node);
}
