/* SPDX-License-Identifier: Apache-2.0 */
/* Takes pieces out of a state record's bytes. */
#include "codec/record_take.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

double
record_take_double(struct reader *reader)
{
	uint64_t bits = record_take_little(reader, 8);
	double value;

	memcpy(&value, &bits, sizeof value);
	if (isfinite(value))
		return value;
	record_spoil(reader);
	return 0;
}

/* --- records of no customer --- */

bool
record_open(struct reader *reader, struct str bytes, unsigned newest, const char *what,
	    struct err *err)
{
	const uint8_t *p = (const uint8_t *)bytes.p;

	if (bytes.n < 1 + RECORD_TAIL)
		return err_set(err, "%s is cut short", what);
	if (!record_sum_fits(bytes))
		return err_set(err, "%s is damaged: its checksum differs", what);
	if (p[0] > newest)
		return err_set(err, "%s is of version %d; this churnd reads up to %u", what,
			       p[0], newest);
	*reader = (struct reader){.p = p + 1, .end = p + bytes.n - RECORD_TAIL};
	return true;
}

bool
record_close(const struct reader *reader, const char *what, struct err *err)
{
	return record_is_taken(reader) ||
	       err_set(err, "%s is damaged: it makes no sense", what);
}

/* --- slots of keys --- */

static unsigned
keyed_count(const struct ruleset *rules, enum keyed kind)
{
	switch (kind) {
	case KEYED_SIGNAL:
		return rules->signal_count;
	case KEYED_ATTRIBUTE:
		return rules->attribute_count;
	case KEYED_RULE:
		return rules->rule_count;
	case KEYED_TASK:
		return rules->task_count;
	case KEYED_AFTER:
		return rules->after_count;
	case KEYED_ITEM:
		return rules->item_count;
	}
	return 0;
}

static uint32_t
keyed_key(const struct ruleset *rules, enum keyed kind, unsigned slot)
{
	switch (kind) {
	case KEYED_SIGNAL:
		return rules->signals[slot].key;
	case KEYED_ATTRIBUTE:
		return rules->attributes[slot].key;
	case KEYED_RULE:
		return rules->rules[slot].key;
	case KEYED_TASK:
		return rules->tasks[slot].key;
	case KEYED_AFTER:
		return rules->afters[slot].key;
	case KEYED_ITEM:
		return rules->items[slot].key;
	}
	return 0;
}

/* The slot of the next key, looked for from the one found last; -1: the rule set does not know it. */
static int
take_slot(struct reader *reader, enum keyed kind)
{
	unsigned count = keyed_count(reader->rules, kind);
	uint32_t key = (uint32_t)record_take_little(reader, 4);

	for (unsigned i = 0; reader->p && i < count; i++) {
		unsigned slot = (reader->found + i) % count;

		if (keyed_key(reader->rules, kind, slot) == key) {
			reader->found = slot + 1;
			return (int)slot;
		}
	}
	return -1;
}

void
record_take_items(struct reader *reader, enum keyed kind, uint64_t limit,
		  void (*take)(struct reader *item, unsigned slot))
{
	for (uint64_t left = record_take_below(reader, limit + 1); left > 0; left--) {
		int slot = take_slot(reader, kind);
		struct reader item = record_take_item(reader);

		if (!reader->p)
			return;
		if (slot < 0)
			continue;
		take(&item, (unsigned)slot);
		if (!record_is_taken(&item))
			record_spoil(reader);
	}
}

/* --- numbers --- */

static void
set_number(void *of, const struct record_number *number, uint64_t value)
{
	char *p = (char *)of + number->offset;
	uint32_t word = (uint32_t)value;
	uint16_t half = (uint16_t)value;
	uint8_t byte = (uint8_t)value;

	if (number->size == 8)
		memcpy(p, &value, 8);
	else if (number->size == 4)
		memcpy(p, &word, 4);
	else if (number->size == 2)
		memcpy(p, &half, 2);
	else
		memcpy(p, &byte, 1);
}

void
record_take_field(struct reader *reader, const struct record_number *number, void *of)
{
	uint64_t value =
		number->is_at ? (uint64_t)record_take_at(reader) : record_take_number(reader);

	if (value == 0 || (number->size < 8 && value >> 8 * number->size != 0))
		record_spoil(reader); /* 0 is not written */
	else
		set_number(of, number, value);
}
