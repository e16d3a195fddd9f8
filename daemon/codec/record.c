/* SPDX-License-Identifier: Apache-2.0 */
/* Writes a customer's state record. */
#include "codec/record.h"

#include <stddef.h>
#include <string.h>
#include <zlib.h>

#include "base/number.h"
#include "codec/record_format.h"
#include "engine/items.h"
#include "engine/members.h"

/* --- pieces --- */

struct writer {
	struct buf *out;
	const struct ruleset *rules;
	int64_t base; /* applied.ms */
	int64_t due_at;
};

static void
put_at(const struct writer *writer, int64_t at)
{
	buf_zigzag(writer->out, (int64_t)((uint64_t)writer->base - (uint64_t)at));
}

static void
put_little(struct buf *out, uint64_t number, unsigned bytes)
{
	char p[8];

	for (unsigned i = 0; i < bytes; i++)
		p[i] = (char)(number >> 8 * i & 255);
	buf_add(out, p, bytes);
}

static void
put_key(const struct writer *writer, uint32_t key)
{
	put_little(writer->out, key, 4);
}

static void
put_double(struct buf *out, double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof bits);
	put_little(out, bits, 8);
}

static void
put_text(const struct writer *writer, struct str text)
{
	buf_varint(writer->out, text.n);
	buf_str(writer->out, text);
}

/* Puts the length of what was written since `begin` before it. */
static void
close_item(const struct writer *writer, size_t begin)
{
	struct buf *out = writer->out;
	size_t n = out->n - begin, shift;
	char length[VARINT_MAX];

	buf_varint(out, n);
	shift = out->n - begin - n;
	memcpy(length, out->p + begin + n, shift);
	memmove(out->p + begin + shift, out->p + begin, n);
	memcpy(out->p + begin, length, shift);
}

/* --- parts --- */

static void
put_numbers(const struct writer *writer, const struct customer *customer, unsigned part)
{
	for (unsigned i = 0; i < RECORD_NUMBERS; i++) {
		uint64_t number = record_number_get(&record_numbers[i], customer);

		if (record_numbers[i].part != part)
			continue;
		if (record_numbers[i].is_at)
			put_at(writer, (int64_t)number);
		else
			buf_varint(writer->out, number);
	}
}

static void
put_held(const struct writer *writer, const struct customer *customer)
{
	buf_varint(writer->out, (uint64_t)__builtin_popcount(customer->held));
	for (unsigned l = 0; l < RULESET_MAX_LEVELS; l++) {
		if (customer->held >> l & 1)
			put_text(writer, writer->rules->levels[l].name);
	}
}

static unsigned
held_most(const struct customer *customer)
{
	unsigned most = 0;

	for (unsigned l = 1; l < RULESET_MAX_LEVELS; l++)
		if (customer->held >> l & 1)
			most = l;
	return most;
}

static void
put_track(const struct writer *writer, const struct tracks *tracks, unsigned signal, bool hours)
{
	int64_t unit = hours ? HOUR_MS : DAY_MS;
	struct buf *out = writer->out;
	struct track track;
	struct str packed;
	size_t begin;

	if (!track_packed(tracks, signal, hours, &track, &packed))
		return;
	put_key(writer, writer->rules->signals[signal].key);
	begin = out->n;
	buf_zigzag(out, writer->base / unit - track.cell);
	buf_varint(out, track.count);
	buf_zigzag(out, (int64_t)((uint64_t)track.last_at - track.cell * (uint64_t)unit));
	buf_str(out, packed);
	close_item(writer, begin);
}

static void
put_tracks(const struct writer *writer, const struct customer *customer, bool hours)
{
	uint64_t signals = hours ? track_hours(&customer->tracks) : customer->tracks.days;

	buf_varint(writer->out, (uint64_t)__builtin_popcountll(signals));
	for (; signals; signals &= signals - 1) {
		unsigned signal = (unsigned)__builtin_ctzll(signals);

		put_track(writer, &customer->tracks, signal, hours);
	}
}

/* An enum's word is written out: its place among the words may change with the rule set. */
static void
put_profile_value(const struct writer *writer, struct value value)
{
	switch (value.type) {
	case TYPE_NUM:
	case TYPE_PROB:
		put_double(writer->out, value.u.n);
		return;
	case TYPE_STRING:
		buf_str(writer->out, value.u.s);
		return;
	case TYPE_ENUM:
		buf_str(writer->out, value.words->words[value.u.i]);
		return;
	case TYPE_BOOL:
		buf_zigzag(writer->out, value.u.b);
		return;
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
		buf_zigzag(writer->out, value.u.i);
		return;
	}
}

static void
put_profile(const struct writer *writer, const struct customer *customer)
{
	const struct cold *cold = customer->cold;
	uint64_t left = cold->profile_mask;

	buf_varint(writer->out, (uint64_t)__builtin_popcountll(left));
	for (unsigned at = 0; left; left &= left - 1, at++) {
		unsigned slot = (unsigned)__builtin_ctzll(left);
		bool is_set = !(cold->unset_mask >> slot & 1);
		size_t begin;

		put_key(writer, record_attribute_key(&writer->rules->attributes[slot]));
		begin = writer->out->n;
		put_at(writer, cold->profile[at].ts);
		buf_char(writer->out, (char)is_set);
		if (is_set)
			put_profile_value(writer,
					  customer_profile(customer, writer->rules, slot));
		close_item(writer, begin);
	}
}

static void
put_rule(const struct writer *writer, const struct rule_state *state)
{
	unsigned has = 0;
	size_t begin;

	put_key(writer, writer->rules->rules[state->rule].key);
	begin = writer->out->n;
	for (unsigned i = 0; i < RECORD_RULE_NUMBERS; i++)
		has |= (unsigned)(record_rule_number_get(&record_rule_numbers[i], state) != 0)
		       << i;
	buf_char(writer->out, (char)(state->phase | state->flags << 2));
	buf_varint(writer->out, has);
	for (unsigned i = 0; i < RECORD_RULE_NUMBERS; i++) {
		uint64_t number = record_rule_number_get(&record_rule_numbers[i], state);

		if (number == 0)
			continue;
		if (record_rule_numbers[i].is_at)
			put_at(writer, (int64_t)number);
		else
			buf_varint(writer->out, number);
	}
	close_item(writer, begin);
}

static void
put_rules(const struct writer *writer, const struct customer *customer)
{
	buf_varint(writer->out, customer->cold->rule_count);
	for (unsigned i = 0; i < customer->cold->rule_count; i++)
		put_rule(writer, &customer->cold->rules[i]);
}

static void
put_tags(const struct writer *writer, const struct customer *customer)
{
	buf_varint(writer->out, customer->cold->tag_count);
	for (unsigned i = 0; i < customer->cold->tag_count; i++) {
		const struct tag_state *tag = &customer->cold->tags[i];

		put_text(writer, tag->name);
		put_at(writer, tag->since_at);
		buf_char(writer->out, (char)tag->by);
		buf_char(writer->out, tag->expires_at != NEVER);
		if (tag->expires_at != NEVER)
			put_at(writer, tag->expires_at);
	}
}

static void
put_ids(const struct writer *writer, const struct customer *customer)
{
	buf_varint(writer->out, customer->cold->id_count);
	for (unsigned i = 0; i < customer->cold->id_count; i++) {
		put_little(writer->out, customer->cold->ids[i].hash, 8);
		put_at(writer, customer->cold->ids[i].at);
	}
}

/* Its instants, those that there are, and when it was put off. */
static void
put_care(const struct writer *writer, const struct task_held *task)
{
	put_at(writer, task->clock_at);
	buf_char(writer->out,
		 (char)((task->stepped_at != NEVER ? TASK_FOLLOWS : 0) |
			(task->acked_at ? TASK_ACKED : 0) | (task->given_at ? TASK_GIVEN : 0) |
			(task->was_claimed ? TASK_WAS_CLAIMED : 0) | task->told * TASK_TOLD));
	if (task->stepped_at != NEVER)
		put_at(writer, task->stepped_at);
	if (task->acked_at)
		put_at(writer, task->acked_at);
	if (task->given_at)
		put_at(writer, task->given_at);
	buf_varint(writer->out, task->snooze_count);
	for (unsigned i = 0; i < task->snooze_count; i++) {
		put_at(writer, task->snoozes[i].from);
		put_at(writer, task->snoozes[i].to);
	}
}

static void
put_task(const struct writer *writer, const struct task_held *task)
{
	size_t begin;

	put_key(writer, writer->rules->tasks[task->def].key);
	begin = writer->out->n;
	buf_char(writer->out, (char)(task->state | task->priority << 4));
	buf_varint(writer->out, task->created_n);
	put_at(writer, task->created_at);
	put_at(writer, task->changed_at);
	put_at(writer, task->closed_at);
	put_text(writer, task->assignee);
	put_text(writer, task->outcome);
	put_text(writer, task->item);
	put_text(writer, task->queue);
	put_text(writer, task->lender);
	put_text(writer, task->external_id);
	put_care(writer, task);
	buf_varint(writer->out, task->escalated);
	buf_varint(writer->out, task->episode);
	buf_varint(writer->out, task->rule_count);
	for (unsigned i = 0; i < task->rule_count; i++)
		put_key(writer, task->rules[i]);
	close_item(writer, begin);
}

static void
put_tasks(const struct writer *writer, const struct customer *customer)
{
	buf_varint(writer->out, customer->cold->task_count);
	for (unsigned i = 0; i < customer->cold->task_count; i++)
		put_task(writer, &customer->cold->tasks[i]);
}

static void
put_after(const struct writer *writer, const struct after_state *after)
{
	size_t begin;

	put_key(writer, after->key);
	begin = writer->out->n;
	buf_varint(writer->out, after->settled);
	buf_varint(writer->out, after->count);
	for (uint32_t i = 0; i < after->count; i++)
		put_at(writer, after->at[i]);
	close_item(writer, begin);
}

/* key, instants that there are, attributes by the keys of their names, states of rules. */
static void
put_item(const struct writer *writer, const struct item *item)
{
	const struct item_def *def = &writer->rules->items[item->def];
	bool opened = item->opened_at != INT64_MIN, closed = item->closed_at != INT64_MIN;
	size_t begin;

	put_key(writer, def->key);
	begin = writer->out->n;
	put_text(writer, item->key);
	buf_char(writer->out, (char)(opened | closed << 1));
	if (opened)
		put_at(writer, item->opened_at);
	if (closed)
		put_at(writer, item->closed_at);
	buf_varint(writer->out, def->kept_count);
	for (unsigned i = 0; i < def->kept_count; i++) {
		put_key(writer, def->kept_keys[i]);
		put_text(writer, item->kept[i]);
	}
	buf_varint(writer->out, item->rule_count);
	for (unsigned i = 0; i < item->rule_count; i++)
		put_rule(writer, &item->rules[i]);
	close_item(writer, begin);
}

static void
put_items(const struct writer *writer, const struct customer *customer)
{
	buf_varint(writer->out, customer->cold->item_count);
	for (unsigned i = 0; i < customer->cold->item_count; i++)
		put_item(writer, &customer->cold->items[i]);
}

static void
put_member(const struct writer *writer, const struct member *member)
{
	bool role = member->role_at != INT64_MIN, left = member->left_at != INT64_MIN;
	uint64_t signals = member->tracks.days;
	size_t begin = writer->out->n;

	put_text(writer, member->id);
	put_text(writer, member->role);
	buf_char(writer->out, (char)(role | left << 1 | (int)member->left << 2));
	put_at(writer, member->seen_at);
	if (role)
		put_at(writer, member->role_at);
	if (left)
		put_at(writer, member->left_at);
	buf_varint(writer->out, (uint64_t)__builtin_popcountll(signals));
	for (; signals; signals &= signals - 1)
		put_track(writer, &member->tracks, (unsigned)__builtin_ctzll(signals), false);
	close_item(writer, begin);
}

/* The key of what names them: under another one they are others. */
static void
put_members(const struct writer *writer, const struct customer *customer)
{
	put_key(writer, writer->rules->members.key);
	buf_varint(writer->out, customer->cold->member_count);
	for (unsigned i = 0; i < customer->cold->member_count; i++)
		put_member(writer, &customer->cold->members[i]);
}

static void
put_afters(const struct writer *writer, const struct customer *customer)
{
	buf_varint(writer->out, customer->cold->after_count);
	for (unsigned i = 0; i < customer->cold->after_count; i++)
		put_after(writer, &customer->cold->afters[i]);
}

static void
put_stage(const struct writer *writer, const struct customer *customer)
{
	put_text(writer, writer->rules->stages[customer->stage - 1].name);
	put_at(writer, customer_seen_cold(customer)->stage_at);
}

static void
put_risks(const struct writer *writer, const struct customer *customer)
{
	buf_varint(writer->out, customer->cold->risk_count);
	for (unsigned i = 0; i < customer->cold->risk_count; i++) {
		const struct risk_point *point = &customer->cold->risks[i];

		buf_zigzag(writer->out, writer->base / DAY_MS - point->day);
		buf_char(writer->out, (char)(point->risk | point->first << 7));
	}
}

static void
put_alerts(const struct writer *writer, const struct customer *customer)
{
	buf_varint(writer->out, customer->cold->alert_count);
	for (unsigned i = 0; i < customer->cold->alert_count; i++) {
		put_key(writer, customer->cold->alerts[i].rule);
		put_key(writer, customer->cold->alerts[i].item);
		put_at(writer, customer->cold->alerts[i].at);
	}
}

/* --- the record --- */

static uint64_t
part_bit(bool has, enum record_part part)
{
	return (uint64_t)has << part;
}

/* Of the version of churnd that works out instants: another may come to others. */
unsigned
record_due_program(void)
{
	static const char version[] = CHURND_VERSION;

	return (unsigned)crc32(0, (const Bytef *)version, sizeof version) & 0x7f; /* a byte */
}

/* 0 minutes: time alone never changes anything. */
static void
put_due(const struct writer *writer)
{
	buf_varint(writer->out, record_due_program());
	buf_varint(writer->out,
		   writer->due_at == NEVER
			   ? 0
			   : (uint64_t)(writer->due_at - writer->base) / MINUTE_MS + 1);
}

static uint64_t
parts_of(const struct customer *customer)
{
	const struct cold none = {0}, *cold = customer->cold ? customer->cold : &none;
	uint64_t has = 0;

	for (unsigned i = 0; i < RECORD_NUMBERS; i++)
		has |= part_bit(record_number_get(&record_numbers[i], customer) != 0,
				record_numbers[i].part);
	for (unsigned i = 0; i < RECORD_FLAGS; i++)
		has |= part_bit(customer->flags & record_flags[i].flag, record_flags[i].part);
	return has | part_bit(customer->held, PART_HELD) |
	       part_bit(customer->tracks.days, PART_DAYS) |
	       part_bit(track_hours(&customer->tracks), PART_HOURS) |
	       part_bit(cold->profile_mask, PART_PROFILE) |
	       part_bit(cold->rule_count, PART_RULES) | part_bit(cold->tag_count, PART_TAGS) |
	       part_bit(cold->id_count, PART_IDS) | part_bit(cold->task_count, PART_TASKS) |
	       part_bit(cold->after_count, PART_AFTERS) |
	       part_bit(customer->level != held_most(customer), PART_LEVEL) |
	       part_bit(customer->stage, PART_STAGE) | part_bit(cold->risk_count, PART_RISKS) |
	       part_bit(cold->item_count, PART_ITEMS) |
	       part_bit(cold->member_count, PART_MEMBERS) |
	       part_bit(cold->churned_at, PART_CHURNED) |
	       part_bit(cold->alert_count, PART_ALERTS);
}

static void
put_part(const struct writer *writer, const struct customer *customer, enum record_part part)
{
	switch (part) {
	case PART_FIRST_SEEN:
	case PART_EVENT_AT:
	case PART_SEQ:
	case PART_ORDER_AT:
	case PART_RISK:
	case PART_FIRINGS:
	case PART_EPISODE_N:
	case PART_EPISODE_AT:
	case PART_ORDER_N:
	case PART_BACKFILLED_AT:
		put_numbers(writer, customer, part);
		return;
	case PART_DAYS:
	case PART_HOURS:
		put_tracks(writer, customer, part == PART_HOURS);
		return;
	case PART_PROFILE:
		put_profile(writer, customer);
		return;
	case PART_RULES:
		put_rules(writer, customer);
		return;
	case PART_HELD:
		put_held(writer, customer);
		return;
	case PART_IDS:
		put_ids(writer, customer);
		return;
	case PART_TASKS:
		put_tasks(writer, customer);
		return;
	case PART_TAGS:
		put_tags(writer, customer);
		return;
	case PART_AFTERS:
		put_afters(writer, customer);
		return;
	case PART_LEVEL:
		put_text(writer, writer->rules->levels[customer->level].name);
		return;
	case PART_STAGE:
		put_stage(writer, customer);
		return;
	case PART_RISKS:
		put_risks(writer, customer);
		return;
	case PART_ITEMS:
		put_items(writer, customer);
		return;
	case PART_MEMBERS:
		put_members(writer, customer);
		return;
	case PART_CHURNED:
		put_at(writer, customer->cold->churned_at);
		return;
	case PART_ALERTS:
		put_alerts(writer, customer);
		return;
	case PART_DUE:
		put_due(writer);
		return;
	case PART_EPISODE:
	case PART_QUIET:
	case PART_RESTS:
	case PART_MOVED:
	case PART_GONE:
	case PART_COUNT:
		return;
	}
}

void
record_encode(struct buf *out, const struct ruleset *rules, const struct customer *customer,
	      struct stream_id applied)
{
	record_encode_due(out, rules, customer, applied, 0);
}

void
record_encode_due(struct buf *out, const struct ruleset *rules, const struct customer *customer,
		  struct stream_id applied, int64_t due_at)
{
	struct writer writer = {out, rules, applied.ms, due_at};
	size_t begin = out->n;
	uint64_t has =
		parts_of(customer) | part_bit(due_at != 0 && due_at > applied.ms, PART_DUE);

	buf_char(out, RECORD_VERSION);
	buf_add(out, rules->sha, 8);
	buf_zigzag(out, applied.ms);
	buf_varint(out, applied.seq);
	buf_varint(out, has);
	for (uint64_t left = has; left; left &= left - 1)
		put_part(&writer, customer, (enum record_part)__builtin_ctzll(left));
	put_little(out, crc32(0, (const Bytef *)out->p + begin, (uInt)(out->n - begin)), 4);
}
