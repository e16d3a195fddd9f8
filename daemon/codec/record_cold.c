/* SPDX-License-Identifier: Apache-2.0 */
/* Reads what not every customer has: profile, rules, tags, ids, tasks. */
#include <string.h>

#include "base/mem.h"
#include "codec/record_take.h"
#include "engine/track.h"

static struct value
find_word(const struct attribute *attribute, struct str word)
{
	for (unsigned i = 0; i < attribute->words.count; i++) {
		if (str_eq(attribute->words.words[i], word))
			return value_enum(&attribute->words, i);
	}
	return value_unknown(TYPE_ENUM); /* the rule set has it no more */
}

static struct value
read_profile_value(struct reader *item, const struct attribute *attribute)
{
	struct value value = {.type = attribute->type, .known = true};

	switch (attribute->type) {
	case TYPE_NUM:
	case TYPE_PROB:
		value.u.n = record_take_double(item);
		return value;
	case TYPE_STRING:
		value.u.s = record_take_rest(item);
		return value;
	case TYPE_ENUM:
		return find_word(attribute, record_take_rest(item));
	case TYPE_BOOL:
		value.u.b = record_take_signed(item) != 0;
		return value;
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
		value.u.i = record_take_signed(item);
		return value;
	}
	return value;
}

static void
read_cell(struct reader *item, unsigned slot)
{
	const struct attribute *attribute = &item->rules->attributes[slot];
	struct value value = value_unknown(attribute->type);
	int64_t ts = record_take_at(item);
	uint64_t is_set = record_take_little(item, 1);

	if (is_set > 1 || !item->p) {
		record_spoil(item);
		return;
	}
	if (is_set)
		value = read_profile_value(item, attribute);
	if (item->p)
		customer_set_profile(item->customer, slot, attribute->type, value, ts);
}

struct rule_state
record_take_rule(struct reader *item, unsigned rule)
{
	uint8_t state = (uint8_t)record_take_little(item, 1);
	uint64_t has = item->version < 4 ? record_take_little(item, 1)
					 : record_take_below(item, 1u << RECORD_RULE_NUMBERS);
	struct rule_state read = {.rule = (uint16_t)rule};

	read.phase = state & 3;
	read.flags = state >> 2;
	for (unsigned i = 0; i < RECORD_RULE_NUMBERS; i++) {
		if (has >> i & 1)
			record_take_field(item, &record_rule_numbers[i], &read);
	}
	if ((item->version == 1 && state >> 7) || (read.open && read.announced_at <= 0))
		record_spoil(item);
	return read;
}

static void
read_rule(struct reader *item, unsigned rule)
{
	struct rule_state read = record_take_rule(item, rule);

	if (customer_rule(item->customer, rule))
		record_spoil(item);
	if (item->p)
		*customer_rule_make(item->customer, rule) = read;
}

static void
read_tag(struct reader *reader)
{
	struct str name = record_take_text(reader);
	int64_t since = record_take_at(reader), expires = NEVER;
	uint64_t by = reader->version == 1 ? TAG_BY_HAND : record_take_little(reader, 1);
	uint64_t ends = record_take_little(reader, 1);
	struct tag_state *tag;

	if (ends)
		expires = record_take_at(reader);
	if (!reader->p || ends > 1 || name.n == 0 || by == 0 || by > 3) {
		record_spoil(reader);
		return;
	}
	tag = customer_tag_make(reader->customer, name);
	tag->since_at = since;
	tag->expires_at = expires;
	tag->by = (uint8_t)by;
}

void
record_read_tags(struct reader *reader)
{
	uint64_t count = record_take_below(reader, 2 * CUSTOMER_MAX_TAGS + 1);

	for (uint64_t left = count; left > 0 && reader->p; left--)
		read_tag(reader);
	if (reader->p && customer_cold(reader->customer)->tag_count != count)
		record_spoil(reader); /* one came twice */
}

void
record_read_risks(struct reader *reader)
{
	uint64_t count = record_take_below(reader, RISK_DAYS + 2);
	struct cold *cold = customer_cold(reader->customer);

	if (!reader->p)
		return;
	cold->risks = mem_array(count, sizeof *cold->risks);
	cold->risk_count = (uint16_t)count;
	for (uint64_t i = 0; i < count; i++) {
		int64_t day = reader->base / DAY_MS - record_take_signed(reader);
		uint64_t risk = record_take_little(reader, 1);

		cold->risks[i] = (struct risk_point){(uint16_t)day, risk & 127, risk >> 7 & 1};
		if (day < 0 || day > UINT16_MAX || (risk & 127) > 100 ||
		    (i > 0 && day <= cold->risks[i - 1].day))
			record_spoil(reader);
	}
}

void
record_read_alerts(struct reader *reader)
{
	uint64_t count = record_take_below(reader, CUSTOMER_MAX_OPEN + 1);

	for (uint64_t left = count; left > 0 && reader->p; left--) {
		struct open_alert *alert = customer_add_alert(reader->customer);

		alert->rule = (uint32_t)record_take_little(reader, 4);
		alert->item = (uint32_t)record_take_little(reader, 4);
		alert->at = record_take_at(reader);
	}
	if (count == 0)
		record_spoil(reader); /* it is left out then */
}

void
record_read_ids(struct reader *reader)
{
	uint64_t count = record_take_below(reader, CUSTOMER_MAX_IDS + 1);
	struct cold *cold = customer_cold(reader->customer);

	if (!reader->p)
		return;
	cold->ids = mem_array(count, sizeof *cold->ids);
	cold->id_count = (uint16_t)count;
	for (uint64_t i = 0; i < count; i++) {
		cold->ids[i].hash = record_take_little(reader, 8);
		cold->ids[i].at = record_take_at(reader);
	}
}

/* One after the other. */
static void
read_snoozes(struct reader *item, struct task_held *task)
{
	uint64_t count = record_take_below(item, TASK_MAX_SNOOZES + 1);
	int64_t before = INT64_MIN;

	if (!item->p || count == 0)
		return;
	task->snoozes = mem_array(count, sizeof *task->snoozes);
	task->snooze_count = (uint8_t)count;
	for (uint64_t i = 0; i < count; i++) {
		struct snooze snooze = {record_take_at(item), 0};

		snooze.to = record_take_at(item);
		if (snooze.from < before || snooze.to < snooze.from)
			record_spoil(item);
		before = snooze.to;
		task->snoozes[i] = snooze;
	}
}

static uint8_t
told_before(const struct task_held *task)
{
	return (task->escalated >= 80 ? TOLD_ACK_WARNED | TOLD_RESOLVE_WARNED : 0) |
	       (task->escalated >= 100 ? TOLD_ACK_BREACHED | TOLD_RESOLVE_BREACHED : 0);
}

static void
read_care(struct reader *item, struct task_held *task)
{
	uint64_t has;

	text_set(&task->item, record_take_text(item));
	text_set(&task->queue, record_take_text(item));
	if (item->version > 2) {
		text_set(&task->lender, record_take_text(item));
		text_set(&task->external_id, record_take_text(item));
	}
	task->clock_at = record_take_at(item);
	has = record_take_little(item, 1);
	task->stepped_at = has & TASK_FOLLOWS ? record_take_at(item) : NEVER;
	task->acked_at = has & TASK_ACKED ? record_take_at(item) : 0;
	task->given_at = has & TASK_GIVEN ? record_take_at(item) : 0;
	task->was_claimed = has & TASK_WAS_CLAIMED;
	if (item->version > 2)
		read_snoozes(item, task);
	task->escalated = (uint16_t)record_take_below(item, UINT16_MAX + 1u);
	task->told = item->version > 4 ? (uint8_t)(has / TASK_TOLD) : told_before(task);
	if (has > (item->version > 4   ? UINT8_MAX
		   : item->version > 2 ? 15
				       : 1) ||
	    (has & TASK_ACKED && !task->acked_at) || (has & TASK_GIVEN && !task->given_at))
		record_spoil(item);
}

/* What was there before was no list of rules: it is not known which they were. */
static void
read_task_rules(struct reader *item, struct task_held *task)
{
	uint64_t count;

	if (item->version < 3) {
		(void)record_take_number(item);
		return;
	}
	count = record_take_below(item, TASK_MAX_RULES + 1);
	for (uint64_t i = 0; i < count; i++) {
		task->rules[i] = (uint32_t)record_take_little(item, 4);
		for (uint64_t k = 0; k < i; k++)
			if (task->rules[k] == task->rules[i])
				record_spoil(item);
	}
	task->rule_count = (uint8_t)count;
}

static void
read_task(struct reader *item, unsigned def)
{
	struct task_held *task = customer_add_task(item->customer);
	uint8_t state = (uint8_t)record_take_little(item, 1);

	task->def = (uint16_t)def;
	task->state = state & 15;
	task->priority = state >> 4;
	task->created_n = (uint16_t)record_take_below(item, UINT16_MAX + 1u);
	task->created_at = record_take_at(item);
	task->changed_at = record_take_at(item);
	task->closed_at = record_take_at(item);
	text_set(&task->assignee, record_take_text(item));
	text_set(&task->outcome, record_take_text(item));
	if (item->version > 1)
		read_care(item, task);
	else
		task->clock_at = task->stepped_at = task->created_at;
	task->episode = (uint32_t)record_take_below(item, UINT64_C(1) << 32);
	if (item->version < 3 && task->state == TASK_CLAIMED)
		task->acked_at = task->changed_at; /* at that time, or before it */
	read_task_rules(item, task);
	if (task->state > TASK_CANCELLED || task->priority > PRIORITY_URGENT)
		record_spoil(item);
}

static void
read_after(struct reader *item, unsigned slot)
{
	uint32_t key = item->rules->afters[slot].key;
	struct cold *cold = customer_cold(item->customer);
	struct after_state *after;

	if (cold->after_count > 0 && cold->afters[cold->after_count - 1].key >= key) {
		record_spoil(item);
		return;
	}
	cold->afters = mem_resize(cold->afters, (cold->after_count + 1u) * sizeof *after);
	after = &cold->afters[cold->after_count++];
	*after = (struct after_state){.key = key};
	after->settled = (uint32_t)record_take_below(item, UINT64_C(1) << 32);
	after->count = (uint32_t)record_take_below(item, AFTER_MAX + 1);
	after->at = mem_array(after->count, sizeof *after->at);
	for (uint32_t i = 0; i < after->count; i++) {
		after->at[i] = record_take_at(item);
		if (i > 0 && after->at[i] < after->at[i - 1])
			record_spoil(item);
	}
}

/* --- lists --- */

void
record_read_profile(struct reader *reader)
{
	record_take_items(reader, KEYED_ATTRIBUTE, RULESET_MAX_ATTRIBUTES, read_cell);
}

void
record_read_rules(struct reader *reader)
{
	record_take_items(reader, KEYED_RULE, RULESET_MAX_RULES, read_rule);
}

void
record_read_tasks(struct reader *reader)
{
	record_take_items(reader, KEYED_TASK, CUSTOMER_MAX_TASKS, read_task);
}

void
record_read_afters(struct reader *reader)
{
	record_take_items(reader, KEYED_AFTER, RULESET_MAX_SIGNALS * RULESET_MAX_SIGNALS,
			  read_after);
}
