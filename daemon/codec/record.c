/* SPDX-License-Identifier: Apache-2.0 */
/* Writes a customer's state record. */
#include "codec/record.h"

#include <stddef.h>
#include <string.h>

#include "base/bits.h"
#include "base/crc.h"
#include "codec/record_put.h"
#include "engine/items.h"
#include "engine/members.h"

/* --- pieces --- */

/* Leaves a byte for the length of what follows; returns where that begins. */
static size_t
open_item(struct record_writer *writer)
{
	record_put_byte(writer, 0);
	return record_written(writer);
}

/* Puts the length of what was written since `begin` before it. */
static void
close_item(struct record_writer *writer, size_t begin)
{
	size_t n = record_written(writer) - begin, more;
	uint8_t length[VARINT_MAX], *at;

	more = (size_t)(put_varint(length, n) - length) - 1;
	if (more > 0) {
		uint8_t *end = record_room(writer, more);

		memmove(end - n + more, end - n, n);
		writer->p += more;
	}
	at = (uint8_t *)writer->out->p + begin;
	memcpy(at - 1, length, more + 1);
}

/* --- parts --- */

static void
put_held(struct record_writer *writer, const struct customer *customer)
{
	record_put_number(writer, bits_count(customer->held));
	for (unsigned l = 0; l < RULESET_MAX_LEVELS; l++) {
		if (customer->held >> l & 1)
			record_put_text(writer, writer->rules->levels[l].name);
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
put_track(struct record_writer *writer, const struct tracks *tracks, unsigned signal,
	  bool hours)
{
	int64_t unit = hours ? HOUR_MS : DAY_MS;
	struct track track;
	struct str packed;
	size_t begin;

	if (!track_packed(tracks, signal, hours, &track, &packed))
		return;
	record_put_key(writer, writer->rules->signals[signal].key);
	begin = open_item(writer);
	record_put_signed(writer, writer->base / unit - track.cell);
	record_put_number(writer, track.count);
	record_put_signed(writer,
			  (int64_t)((uint64_t)track.last_at - track.cell * (uint64_t)unit));
	record_put_bytes(writer, packed);
	close_item(writer, begin);
}

static void
put_tracks(struct record_writer *writer, const struct customer *customer, bool hours)
{
	uint64_t signals = hours ? track_hours(&customer->tracks) : customer->tracks.days;

	record_put_number(writer, bits_count(signals));
	for (; signals; signals &= signals - 1) {
		unsigned signal = (unsigned)__builtin_ctzll(signals);

		put_track(writer, &customer->tracks, signal, hours);
	}
}

/* An enum's word is written out: its place among the words may change with the rule set. */
static void
put_profile_value(struct record_writer *writer, struct value value)
{
	switch (value.type) {
	case TYPE_NUM:
	case TYPE_PROB:
		record_put_double(writer, value.u.n);
		return;
	case TYPE_STRING:
		record_put_bytes(writer, value.u.s);
		return;
	case TYPE_ENUM:
		record_put_bytes(writer, value.words->words[value.u.i]);
		return;
	case TYPE_BOOL:
		record_put_signed(writer, value.u.b);
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
		record_put_signed(writer, value.u.i);
		return;
	}
}

static void
put_profile(struct record_writer *writer, const struct customer *customer)
{
	const struct cold *cold = customer->cold;
	uint64_t left = cold->profile_mask;

	record_put_number(writer, bits_count(left));
	for (unsigned at = 0; left; left &= left - 1, at++) {
		unsigned slot = (unsigned)__builtin_ctzll(left);
		bool is_set = !(cold->unset_mask >> slot & 1);
		size_t begin;

		record_put_key(writer, writer->rules->attributes[slot].key);
		begin = open_item(writer);
		record_put_at(writer, cold->profile[at].ts);
		record_put_byte(writer, is_set);
		if (is_set)
			put_profile_value(writer,
					  customer_profile(customer, writer->rules, slot));
		close_item(writer, begin);
	}
}

/* Which of record_rule_numbers[] are not 0. */
static unsigned
rule_numbers_of(const struct rule_state *state)
{
	return (unsigned)(state->since_at != 0) | (unsigned)(state->fired_at != 0) << 1 |
	       (unsigned)(state->firing != 0) << 2 | (unsigned)(state->announced_at != 0) << 3 |
	       (unsigned)(state->announced_n != 0) << 4 | (unsigned)(state->served != 0) << 5 |
	       (unsigned)(state->blind_at != 0) << 6 | (unsigned)(state->until_at != 0) << 7 |
	       (unsigned)(state->open != 0) << 8;
}

static void
put_at_if(struct record_writer *writer, int64_t at)
{
	if (at != 0)
		record_put_at(writer, at);
}

static void
put_number_if(struct record_writer *writer, uint64_t number)
{
	if (number != 0)
		record_put_number(writer, number);
}

static void
put_rule(struct record_writer *writer, const struct rule_state *state)
{
	size_t begin;

	record_put_key(writer, writer->rules->rules[state->rule].key);
	begin = open_item(writer);
	record_put_byte(writer, (unsigned)(state->phase | state->flags << 2));
	record_put_number(writer, rule_numbers_of(state));
	put_at_if(writer, state->since_at);
	put_at_if(writer, state->fired_at);
	put_number_if(writer, state->firing);
	put_at_if(writer, state->announced_at);
	put_number_if(writer, state->announced_n);
	put_number_if(writer, (uint64_t)state->served);
	put_at_if(writer, state->blind_at);
	put_at_if(writer, state->until_at);
	put_number_if(writer, state->open);
	close_item(writer, begin);
}

static void
put_rules(struct record_writer *writer, const struct customer *customer)
{
	record_put_number(writer, customer->cold->rule_count);
	for (unsigned i = 0; i < customer->cold->rule_count; i++)
		put_rule(writer, &customer->cold->rules[i]);
}

static void
put_tags(struct record_writer *writer, const struct customer *customer)
{
	record_put_number(writer, customer->cold->tag_count);
	for (unsigned i = 0; i < customer->cold->tag_count; i++) {
		const struct tag_state *tag = &customer->cold->tags[i];

		record_put_text(writer, tag->name);
		record_put_at(writer, tag->since_at);
		record_put_byte(writer, (unsigned)tag->by);
		record_put_byte(writer, tag->expires_at != NEVER);
		if (tag->expires_at != NEVER)
			record_put_at(writer, tag->expires_at);
	}
}

static void
put_ids(struct record_writer *writer, const struct customer *customer)
{
	record_put_number(writer, customer->cold->id_count);
	for (unsigned i = 0; i < customer->cold->id_count; i++) {
		record_put_little(writer, customer->cold->ids[i].hash, 8);
		record_put_at(writer, customer->cold->ids[i].at);
	}
}

/* Its instants, those that there are, and when it was put off. */
static void
put_care(struct record_writer *writer, const struct task_held *task)
{
	record_put_at(writer, task->clock_at);
	record_put_byte(writer, (unsigned)((task->stepped_at != NEVER ? TASK_FOLLOWS : 0) |
					   (task->acked_at ? TASK_ACKED : 0) |
					   (task->given_at ? TASK_GIVEN : 0) |
					   (task->was_claimed ? TASK_WAS_CLAIMED : 0) |
					   task->told * TASK_TOLD));
	if (task->stepped_at != NEVER)
		record_put_at(writer, task->stepped_at);
	if (task->acked_at)
		record_put_at(writer, task->acked_at);
	if (task->given_at)
		record_put_at(writer, task->given_at);
	record_put_number(writer, task->snooze_count);
	for (unsigned i = 0; i < task->snooze_count; i++) {
		record_put_at(writer, task->snoozes[i].from);
		record_put_at(writer, task->snoozes[i].to);
	}
}

static void
put_task(struct record_writer *writer, const struct task_held *task)
{
	size_t begin;

	record_put_key(writer, writer->rules->tasks[task->def].key);
	begin = open_item(writer);
	record_put_byte(writer, (unsigned)(task->state | task->priority << 4));
	record_put_number(writer, task->created_n);
	record_put_at(writer, task->created_at);
	record_put_at(writer, task->changed_at);
	record_put_at(writer, task->closed_at);
	record_put_text(writer, task->assignee);
	record_put_text(writer, task->outcome);
	record_put_text(writer, task->item);
	record_put_text(writer, task->queue);
	record_put_text(writer, task->lender);
	record_put_text(writer, task->external_id);
	put_care(writer, task);
	record_put_number(writer, task->escalated);
	record_put_number(writer, task->episode);
	record_put_number(writer, task->rule_count);
	for (unsigned i = 0; i < task->rule_count; i++)
		record_put_key(writer, task->rules[i]);
	close_item(writer, begin);
}

static void
put_tasks(struct record_writer *writer, const struct customer *customer)
{
	record_put_number(writer, customer->cold->task_count);
	for (unsigned i = 0; i < customer->cold->task_count; i++)
		put_task(writer, &customer->cold->tasks[i]);
}

static void
put_after(struct record_writer *writer, const struct after_state *after)
{
	size_t begin;

	record_put_key(writer, after->key);
	begin = open_item(writer);
	record_put_number(writer, after->settled);
	record_put_number(writer, after->count);
	for (uint32_t i = 0; i < after->count; i++)
		record_put_at(writer, after->at[i]);
	close_item(writer, begin);
}

/* key, instants that there are, attributes by the keys of their names, states of rules. */
static void
put_item(struct record_writer *writer, const struct item *item)
{
	const struct item_def *def = &writer->rules->items[item->def];
	bool opened = item->opened_at != INT64_MIN, closed = item->closed_at != INT64_MIN;
	size_t begin;

	record_put_key(writer, def->key);
	begin = open_item(writer);
	record_put_text(writer, item->key);
	record_put_byte(writer, (unsigned)(opened | closed << 1));
	if (opened)
		record_put_at(writer, item->opened_at);
	if (closed)
		record_put_at(writer, item->closed_at);
	record_put_number(writer, def->kept_count);
	for (unsigned i = 0; i < def->kept_count; i++) {
		record_put_key(writer, def->kept_keys[i]);
		record_put_text(writer, item->kept[i]);
	}
	record_put_number(writer, item->rule_count);
	for (unsigned i = 0; i < item->rule_count; i++)
		put_rule(writer, &item->rules[i]);
	close_item(writer, begin);
}

static void
put_items(struct record_writer *writer, const struct customer *customer)
{
	record_put_number(writer, customer->cold->item_count);
	for (unsigned i = 0; i < customer->cold->item_count; i++)
		put_item(writer, &customer->cold->items[i]);
}

static void
put_member(struct record_writer *writer, const struct member *member)
{
	bool role = member->role_at != INT64_MIN, left = member->left_at != INT64_MIN;
	uint64_t signals = member->tracks.days;
	size_t begin = open_item(writer);

	record_put_text(writer, member->id);
	record_put_text(writer, member->role);
	record_put_byte(writer, (unsigned)(role | left << 1 | (int)member->left << 2));
	record_put_at(writer, member->seen_at);
	if (role)
		record_put_at(writer, member->role_at);
	if (left)
		record_put_at(writer, member->left_at);
	record_put_number(writer, bits_count(signals));
	for (; signals; signals &= signals - 1)
		put_track(writer, &member->tracks, (unsigned)__builtin_ctzll(signals), false);
	close_item(writer, begin);
}

/* The key of what names them: under another one they are others. */
static void
put_members(struct record_writer *writer, const struct customer *customer)
{
	record_put_key(writer, writer->rules->members.key);
	record_put_number(writer, customer->cold->member_count);
	for (unsigned i = 0; i < customer->cold->member_count; i++)
		put_member(writer, &customer->cold->members[i]);
}

static void
put_afters(struct record_writer *writer, const struct customer *customer)
{
	record_put_number(writer, customer->cold->after_count);
	for (unsigned i = 0; i < customer->cold->after_count; i++)
		put_after(writer, &customer->cold->afters[i]);
}

static void
put_stage(struct record_writer *writer, const struct customer *customer)
{
	record_put_text(writer, writer->rules->stages[customer->stage - 1].name);
	record_put_at(writer, customer_seen_cold(customer)->stage_at);
}

static void
put_risks(struct record_writer *writer, const struct customer *customer)
{
	record_put_number(writer, customer->cold->risk_count);
	for (unsigned i = 0; i < customer->cold->risk_count; i++) {
		const struct risk_point *point = &customer->cold->risks[i];

		record_put_signed(writer, writer->base / DAY_MS - point->day);
		record_put_byte(writer, (unsigned)(point->risk | point->first << 7));
	}
}

static void
put_alerts(struct record_writer *writer, const struct customer *customer)
{
	record_put_number(writer, customer->cold->alert_count);
	for (unsigned i = 0; i < customer->cold->alert_count; i++) {
		record_put_key(writer, customer->cold->alerts[i].rule);
		record_put_key(writer, customer->cold->alerts[i].item);
		record_put_at(writer, customer->cold->alerts[i].at);
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
	static unsigned program; /* found at first use */

	if (program == 0)
		program = crc32_of(version, sizeof version) | 0x80;
	return program & 0x7f; /* a byte */
}

/* 0 minutes: time alone never changes anything. */
static void
put_due(struct record_writer *writer)
{
	record_put_number(writer, record_due_program());
	record_put_number(writer,
			  writer->due_at == NEVER
				  ? 0
				  : (uint64_t)(writer->due_at - writer->base) / MINUTE_MS + 1);
}

static uint64_t
parts_of(const struct customer *customer)
{
	const struct cold *cold = customer_seen_cold(customer);
	uint64_t has = 0;

	for (unsigned i = 0; i < RECORD_FLAGS; i++)
		has |= part_bit(customer->flags & record_flags[i].flag, record_flags[i].part);
	return has | part_bit(customer->first_seen_at, PART_FIRST_SEEN) |
	       part_bit(customer->event_at, PART_EVENT_AT) | part_bit(cold->seq, PART_SEQ) |
	       part_bit(cold->order_at, PART_ORDER_AT) | part_bit(customer->risk, PART_RISK) |
	       part_bit(cold->firings, PART_FIRINGS) | part_bit(cold->episode, PART_EPISODE_N) |
	       part_bit(cold->episode_at, PART_EPISODE_AT) |
	       part_bit(cold->order_n, PART_ORDER_N) |
	       part_bit(cold->backfilled_at, PART_BACKFILLED_AT) |
	       part_bit(customer->held, PART_HELD) |
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

/* Nothing follows a flag. */
static void
put_number(struct record_writer *writer, const struct customer *customer, enum record_part part)
{
	switch (part) {
	case PART_FIRST_SEEN:
		record_put_at(writer, customer->first_seen_at);
		return;
	case PART_EVENT_AT:
		record_put_at(writer, customer->event_at);
		return;
	case PART_SEQ:
		record_put_number(writer, customer->cold->seq);
		return;
	case PART_ORDER_AT:
		record_put_at(writer, customer->cold->order_at);
		return;
	case PART_RISK:
		record_put_number(writer, customer->risk);
		return;
	case PART_FIRINGS:
		record_put_number(writer, customer->cold->firings);
		return;
	case PART_EPISODE_N:
		record_put_number(writer, customer->cold->episode);
		return;
	case PART_EPISODE_AT:
		record_put_at(writer, customer->cold->episode_at);
		return;
	case PART_ORDER_N:
		record_put_number(writer, customer->cold->order_n);
		return;
	case PART_BACKFILLED_AT:
		record_put_at(writer, customer->cold->backfilled_at);
		return;
	case PART_CHURNED:
		record_put_at(writer, customer->cold->churned_at);
		return;
	default:
		return;
	}
}

_Static_assert(PART_COUNT == 32, "a new part is written in put_part() or put_number()");

static void
put_part(struct record_writer *writer, const struct customer *customer, enum record_part part)
{
	switch (part) {
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
		record_put_text(writer, writer->rules->levels[customer->level].name);
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
	case PART_ALERTS:
		put_alerts(writer, customer);
		return;
	case PART_DUE:
		put_due(writer);
		return;
	default:
		put_number(writer, customer, part);
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
	struct record_writer writer = record_begin(out, rules, applied.ms, due_at);
	size_t begin = out->n;
	uint64_t has =
		parts_of(customer) | part_bit(due_at != 0 && due_at > applied.ms, PART_DUE);

	record_put_byte(&writer, RECORD_VERSION);
	record_put_bytes(&writer, (struct str){(const char *)rules->sha, 8});
	record_put_text(&writer, customer_id(customer));
	record_put_signed(&writer, applied.ms);
	record_put_number(&writer, applied.seq);
	record_put_number(&writer, has);
	for (uint64_t left = has; left; left &= left - 1)
		put_part(&writer, customer, (enum record_part)__builtin_ctzll(left));
	record_end(&writer);
	record_sum_put(out, begin);
}
