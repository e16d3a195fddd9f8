/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of a record's layout, and the keys in it that are made for it alone. */
#include "codec/record_format.h"

#include <stddef.h>
#include <string.h>

#include "base/crc.h"
#include "base/number.h"
#include "engine/track.h"

#define NUMBER(part, of, member, is_at)                                      \
	{                                                                    \
		part, sizeof(((struct of *)0)->member), is_at, IS_COLD_##of, \
			offsetof(struct of, member)                          \
	}
#define IS_COLD_customer false
#define IS_COLD_cold true

const struct record_number record_numbers[RECORD_NUMBERS] = {
	NUMBER(PART_FIRST_SEEN, customer, first_seen_at, true),
	NUMBER(PART_EVENT_AT, customer, event_at, true),
	NUMBER(PART_SEQ, cold, seq, false),
	NUMBER(PART_ORDER_AT, cold, order_at, true),
	NUMBER(PART_RISK, customer, risk, false),
	NUMBER(PART_FIRINGS, cold, firings, false),
	NUMBER(PART_EPISODE_N, cold, episode, false),
	NUMBER(PART_EPISODE_AT, cold, episode_at, true),
	NUMBER(PART_ORDER_N, cold, order_n, false),
	NUMBER(PART_BACKFILLED_AT, cold, backfilled_at, true),
};

const struct record_flag record_flags[RECORD_FLAGS] = {
	{PART_EPISODE, CUSTOMER_EPISODE}, {PART_QUIET, CUSTOMER_QUIET},
	{PART_RESTS, CUSTOMER_RESTS},	  {PART_MOVED, CUSTOMER_MOVED},
	{PART_GONE, CUSTOMER_GONE},
};

#define RULE_NUMBER(bit, member, is_at)                                      \
	{                                                                    \
		bit, sizeof(((struct rule_state *)0)->member), is_at, false, \
			offsetof(struct rule_state, member)                  \
	}

const struct record_number record_rule_numbers[RECORD_RULE_NUMBERS] = {
	RULE_NUMBER(0, since_at, true),	    RULE_NUMBER(1, fired_at, true),
	RULE_NUMBER(2, firing, false),	    RULE_NUMBER(3, announced_at, true),
	RULE_NUMBER(4, announced_n, false), RULE_NUMBER(5, served, false),
	RULE_NUMBER(6, blind_at, true),	    RULE_NUMBER(7, until_at, true),
	RULE_NUMBER(8, open, false),
};

void *
record_number_of(const struct record_number *number, struct customer *customer)
{
	if (number->is_cold)
		return customer_cold(customer);
	return customer;
}

void
record_text_put(struct buf *out, struct str text)
{
	buf_varint(out, text.n);
	buf_str(out, text);
}

void
record_sum_put(struct buf *out, size_t begin)
{
	uint32_t sum = crc32_of(out->p + begin, out->n - begin);

	for (unsigned i = 0; i < RECORD_TAIL; i++)
		buf_char(out, (char)(sum >> 8 * i & 255));
}

bool
record_sum_fits(struct str bytes)
{
	const uint8_t *tail = (const uint8_t *)bytes.p + bytes.n - RECORD_TAIL;
	uint32_t sum = 0;

	for (unsigned i = 0; i < RECORD_TAIL; i++)
		sum |= (uint32_t)tail[i] << 8 * i;
	return crc32_of(bytes.p, bytes.n - RECORD_TAIL) == sum;
}
