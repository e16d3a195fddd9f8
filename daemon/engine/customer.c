/* SPDX-License-Identifier: Apache-2.0 */
/* A customer's memory: profile, rule states, tags and tasks, kept small, in an order that never varies. */
#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "base/bits.h"
#include "base/mem.h"
#include "engine/items.h"
#include "engine/members.h"

/* A profile text: its length stands before the bytes, since it may hold any byte. */
struct text_cell {
	uint32_t n;
	char text[];
};

static const char *const state_names[] = {
	[TASK_OPEN] = "open", [TASK_CLAIMED] = "claimed",     [TASK_SNOOZED] = "snoozed",
	[TASK_DONE] = "done", [TASK_CANCELLED] = "cancelled",
};

const char *
task_state_name(enum task_state state)
{
	return state_names[state];
}

void
text_set(struct str *owned, struct str text)
{
	char *copy = NULL;

	if (text.n > 0) {
		copy = mem_alloc(text.n + 1);
		memcpy(copy, text.p, text.n);
	}
	mem_free((char *)(uintptr_t)owned->p);
	*owned = (struct str){copy, text.n};
}

/* A customer by itself. */
struct made {
	struct customer customer;
	int64_t due_at;
	char id[];
};

struct customer *
customer_create(struct str id)
{
	struct made *made = mem_bytes(sizeof *made + id.n);
	struct customer *customer = &made->customer;
	char *text = made->id;

	assert(id.n <= UINT8_MAX);
	memset(made, 0, sizeof *made);
	if (id.n <= CUSTOMER_SHORT_ID)
		text = customer->id.brief.text;
	else
		customer->id.longer.text = text;
	customer->id.brief.n = (uint8_t)id.n;
	if (id.n > 0)
		memcpy(text, id.p, id.n);
	return customer;
}

int64_t *
customer_due_at(struct customer *made)
{
	return &((struct made *)made)->due_at;
}

const struct cold *
customer_seen_cold(const struct customer *customer)
{
	static const struct cold none;

	return customer->cold ? customer->cold : &none;
}

struct cold *
customer_cold(struct customer *customer)
{
	if (!customer->cold)
		customer->cold = mem_alloc(sizeof *customer->cold);
	return customer->cold;
}

/* A zeroed gap at `at` in an array of *count elements; returns the array, which may have moved. */
static void *
open_gap(void *items, uint16_t *count, size_t at, size_t size)
{
	char *p;

	assert(at <= *count && *count < UINT16_MAX);
	p = mem_resize(items, (*count + (size_t)1) * size);
	memmove(p + (at + 1) * size, p + at * size, (*count - at) * size);
	memset(p + at * size, 0, size);
	++*count;
	return p;
}

static void
close_gap(void *items, uint16_t *count, size_t at, size_t size)
{
	char *p = items;

	memmove(p + at * size, p + (at + 1) * size, (*count - at - 1) * size);
	--*count;
}

/* --- profile --- */

static unsigned
rank_of(uint64_t mask, unsigned slot)
{
	return bits_count(mask & ((UINT64_C(1) << slot) - 1));
}

static void
text_cell_free(char *text)
{
	if (text)
		mem_free(text - offsetof(struct text_cell, text));
}

static char *
text_cell_make(struct str text)
{
	struct text_cell *cell = mem_alloc(sizeof *cell + text.n + 1);

	cell->n = (uint32_t)text.n;
	if (text.n > 0)
		memcpy(cell->text, text.p, text.n);
	return cell->text;
}

static struct str
text_cell_str(const char *text)
{
	uint32_t n;

	memcpy(&n, text - offsetof(struct text_cell, text), sizeof n);
	return (struct str){text, n};
}

static struct profile_cell *
profile_make(struct cold *cold, unsigned slot)
{
	uint16_t count = (uint16_t)bits_count(cold->profile_mask);
	unsigned at = rank_of(cold->profile_mask, slot);

	if (!(cold->profile_mask >> slot & 1)) {
		cold->profile = open_gap(cold->profile, &count, at, sizeof *cold->profile);
		cold->profile_mask |= UINT64_C(1) << slot;
		cold->profile[at].ts = INT64_MIN;
	}
	return &cold->profile[at];
}

/* How a value of the type lies in its cell. */
static void
profile_store(struct profile_cell *cell, enum type type, struct value value)
{
	switch (type) {
	case TYPE_NUM:
	case TYPE_PROB:
		cell->u.n = value.u.n;
		return;
	case TYPE_STRING:
		cell->u.text = text_cell_make(value.u.s);
		return;
	case TYPE_BOOL:
		cell->u.i = value.u.b;
		return;
	case TYPE_INT:
	case TYPE_DURATION:
	case TYPE_TIME:
	case TYPE_DATE:
	case TYPE_ENUM:
		cell->u.i = value.u.i;
		return;
	case TYPE_LIST:
	case TYPE_RANGE:
	case TYPE_SIGNAL:
	case TYPE_ITEMS:
	case TYPE_TEXT_ANY:
	case TYPE_COUNT:
		assert(type == TYPE_ENUM); /* no attribute has these */
		return;
	}
}

void
customer_set_profile(struct customer *customer, unsigned slot, enum type type,
		     struct value value, int64_t ts)
{
	struct cold *cold = customer_cold(customer);
	uint64_t bit = UINT64_C(1) << (slot & 63);
	struct profile_cell *cell;
	char *old;

	assert(slot < RULESET_MAX_ATTRIBUTES);
	cell = profile_make(cold, slot);
	if (ts < cell->ts)
		return;
	old = cold->text_mask & bit ? cell->u.text : NULL;
	cell->ts = ts;
	cell->u.i = 0;
	cold->text_mask &= ~bit;
	cold->unset_mask |= bit;
	if (value.known) {
		profile_store(cell, type, value);
		cold->unset_mask &= ~bit;
		if (type == TYPE_STRING)
			cold->text_mask |= bit;
	}
	text_cell_free(old);
}

static struct value
profile_load(const struct profile_cell *cell, const struct attribute *attribute)
{
	enum type type = attribute->type;

	/* Each made whole where it is returned: put together it would be read before its parts are written. */
	switch (type) {
	case TYPE_NUM:
	case TYPE_PROB:
		return (struct value){.type = type, .known = true, .u.n = cell->u.n};
	case TYPE_STRING:
		return (struct value){
			.type = type, .known = true, .u.s = text_cell_str(cell->u.text)};
	case TYPE_BOOL:
		return (struct value){.type = type, .known = true, .u.b = cell->u.i != 0};
	case TYPE_ENUM:
		return (struct value){.type = type,
				      .known = true,
				      .words = &attribute->words,
				      .u.i = cell->u.i};
	case TYPE_INT:
	case TYPE_DURATION:
	case TYPE_TIME:
	case TYPE_DATE:
	case TYPE_LIST:
	case TYPE_RANGE:
	case TYPE_SIGNAL:
	case TYPE_ITEMS:
	case TYPE_TEXT_ANY:
	case TYPE_COUNT:
		break;
	}
	return (struct value){.type = type, .known = true, .u.i = cell->u.i};
}

struct value
customer_profile(const struct customer *customer, const struct ruleset *rules, unsigned slot)
{
	const struct attribute *attribute = &rules->attributes[slot];
	const struct cold *cold = customer->cold;

	assert(slot < rules->attribute_count);
	if (!cold || !((cold->profile_mask & ~cold->unset_mask) >> slot & 1))
		return attribute->initial;
	return profile_load(&cold->profile[rank_of(cold->profile_mask, slot)], attribute);
}

static void
profile_finish(struct cold *cold)
{
	unsigned at = 0;

	for (uint64_t left = cold->profile_mask; left; left &= left - 1, at++) {
		if (cold->text_mask & left & (~left + 1))
			text_cell_free(cold->profile[at].u.text);
	}
	mem_free(cold->profile);
}

/* --- rules --- */

/* Where slot `rule` stands, or would stand, among the states, which are by slot. */
static size_t
rule_place(const struct cold *cold, unsigned rule)
{
	size_t low = 0, high = cold->rule_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (cold->rules[middle].rule < rule)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct rule_state *
customer_rule(const struct customer *customer, unsigned rule)
{
	const struct cold *cold = customer->cold;
	size_t at;

	if (!cold)
		return NULL;
	at = rule_place(cold, rule);
	return at < cold->rule_count && cold->rules[at].rule == rule ? &cold->rules[at] : NULL;
}

struct rule_state *
customer_rule_make(struct customer *customer, unsigned rule)
{
	struct cold *cold = customer_cold(customer);
	size_t at = rule_place(cold, rule);

	if (at == cold->rule_count || cold->rules[at].rule != rule) {
		cold->rules = open_gap(cold->rules, &cold->rule_count, at, sizeof *cold->rules);
		cold->rules[at].rule = (uint16_t)rule;
	}
	return &cold->rules[at];
}

/* --- tags --- */

/* Where the name stands, or would stand, among the tags, which are by name. */
static size_t
tag_place(const struct cold *cold, struct str name, bool *found)
{
	size_t at = 0;
	int order = 1;

	while (at < cold->tag_count && (order = str_cmp(cold->tags[at].name, name)) < 0)
		at++;
	*found = at < cold->tag_count && order == 0;
	return at;
}

struct tag_state *
customer_tag(const struct customer *customer, struct str name)
{
	const struct cold *cold = customer->cold;

	for (unsigned i = 0; cold && i < cold->tag_count; i++)
		if (str_eq(cold->tags[i].name, name))
			return &cold->tags[i];
	return NULL;
}

struct tag_state *
customer_tag_make(struct customer *customer, struct str name)
{
	struct cold *cold = customer_cold(customer);
	bool found;
	size_t at = tag_place(cold, name, &found);

	if (!found) {
		assert(cold->tag_count < 2 * CUSTOMER_MAX_TAGS);
		cold->tags = open_gap(cold->tags, &cold->tag_count, at, sizeof *cold->tags);
		text_set(&cold->tags[at].name, name);
		cold->tags[at].expires_at = NEVER;
	}
	return &cold->tags[at];
}

bool
customer_drop_tag(struct customer *customer, struct str name)
{
	struct cold *cold = customer->cold;
	bool found = false;
	size_t at = cold ? tag_place(cold, name, &found) : 0;

	if (!found)
		return false;
	text_set(&cold->tags[at].name, STR_NONE);
	close_gap(cold->tags, &cold->tag_count, at, sizeof *cold->tags);
	return true;
}

/* --- tasks --- */

struct task_held *
customer_add_task(struct customer *customer)
{
	struct cold *cold = customer_cold(customer);
	size_t at = cold->task_count;

	assert(at < CUSTOMER_MAX_TASKS);
	cold->tasks = open_gap(cold->tasks, &cold->task_count, at, sizeof *cold->tasks);
	return &cold->tasks[at];
}

struct open_alert *
customer_add_alert(struct customer *customer)
{
	struct cold *cold = customer_cold(customer);
	size_t at = cold->alert_count;

	assert(at < CUSTOMER_MAX_OPEN);
	cold->alerts = open_gap(cold->alerts, &cold->alert_count, at, sizeof *cold->alerts);
	return &cold->alerts[at];
}

void
customer_drop_alert(struct customer *customer, unsigned at)
{
	struct cold *cold = customer_cold(customer);

	assert(at < cold->alert_count);
	close_gap(cold->alerts, &cold->alert_count, at, sizeof *cold->alerts);
}

void
task_finish(struct task_held *task)
{
	text_set(&task->assignee, STR_NONE);
	text_set(&task->outcome, STR_NONE);
	text_set(&task->item, STR_NONE);
	text_set(&task->queue, STR_NONE);
	text_set(&task->lender, STR_NONE);
	text_set(&task->external_id, STR_NONE);
	mem_free(task->snoozes);
	task->snoozes = NULL;
	task->snooze_count = 0;
}

static void
cold_finish(struct cold *cold)
{
	mem_free(cold->alerts);
	profile_finish(cold);
	for (unsigned i = 0; i < cold->tag_count; i++)
		text_set(&cold->tags[i].name, STR_NONE);
	for (unsigned i = 0; i < cold->task_count; i++)
		task_finish(&cold->tasks[i]);
	mem_free(cold->rules);
	mem_free(cold->tags);
	mem_free(cold->ids);
	mem_free(cold->tasks);
	mem_free(cold->risks);
	for (unsigned i = 0; i < cold->after_count; i++)
		mem_free(cold->afters[i].at);
	mem_free(cold->afters);
	items_finish(cold);
	members_finish(cold);
	mem_free(cold);
}

void
customer_finish(struct customer *customer)
{
	tracks_finish(&customer->tracks);
	if (customer->cold)
		cold_finish(customer->cold);
	customer->cold = NULL;
}
