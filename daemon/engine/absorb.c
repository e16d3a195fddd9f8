/* SPDX-License-Identifier: Apache-2.0 */
/* An entry into a customer's state: sums, profile, tags; judges nothing. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/number.h"
#include "engine/core.h"
#include "engine/items.h"
#include "engine/members.h"
#include "lang/builtin.h"

/* Its day had closed when it arrived. */
bool
entry_is_late(struct engine *engine, const struct entry *entry)
{
	int64_t close_at, next_close;
	int64_t closed = clock_closed_day(&engine->clock, entry->id.ms, &close_at, &next_close);
	return clock_day(&engine->clock, entry->ts) <= closed;
}

/* ---- the producer's own ids ---- */

/* A fixed seed: which id is a duplicate must not differ from one run to the next. Whoever finds two ids that collide
 * has an event of his own customer taken for its own duplicate, which he could as well not have sent; there is no
 * table that could grow long chains, and at most CUSTOMER_MAX_IDS are looked at. */
static uint64_t
id_hash(struct str id)
{
	return hash_bytes(id.p, id.n, (struct hash_seed){.k0 = 0x636875726e64, .k1 = 1});
}

static bool
remember_id(struct customer *customer, struct str id, int64_t now)
{
	struct cold *cold = customer_cold(customer);
	uint64_t hash = id_hash(id);
	unsigned old = 0;
	while (old < cold->id_count && cold->ids[old].at <= now - DEDUP_REACH)
		old++;
	for (unsigned i = old; i < cold->id_count; i++)
		if (cold->ids[i].hash == hash)
			return false;
	if (old == 0 && cold->id_count == CUSTOMER_MAX_IDS)
		old = 1;
	unsigned kept = cold->id_count - old;
	if (kept && old)
		memmove(cold->ids, cold->ids + old, kept * sizeof *cold->ids);
	cold->ids = mem_resize(cold->ids, (kept + 1) * sizeof *cold->ids);
	cold->ids[kept] = (struct seen_id){.hash = hash, .at = now};
	cold->id_count = (uint16_t)(kept + 1);
	return true;
}

/* ---- signals ---- */

static bool
signal_takes(struct look *look, const struct signal *signal)
{
	return !signal->where || value_is_true(look_eval(look, signal->where));
}

/* The value a sum or gauge reads; false: the event has none, and does not count for it. */
static bool
signal_value(const struct signal *signal, const struct entry *entry, double *out)
{
	if (str_is(signal->field, "value")) {
		*out = entry->value;
		return entry->has_value;
	}
	double number;
	if (!parse_number(entry_attribute(entry, signal->field), &number))
		return false;
	*out = number;
	return fabs(number) <= EVENT_MAX_VALUE;
}

bool
absorb_signal(struct engine *engine, struct customer *customer, unsigned slot,
	      const struct entry *entry)
{
	const struct signal *signal = &engine->rules->signals[slot];
	double value = 0;
	if (signal->kind != SIGNAL_COUNT && !signal_value(signal, entry, &value))
		return false;
	struct track_event event = {
		.ts = entry->ts,
		.micro = signal_has_sum(signal->kind) ? (int64_t)llround(value * 1e6) : 0,
		.gauge = value,
		.kind = signal->kind,
	};
	event.cell = (uint32_t)clock_day(&engine->clock, entry->ts);
	event.reach = signal->reach_days + TRACK_MARGIN;
	track_add(&customer->tracks, slot, false, &event);
	if (signal->reach_hours) {
		event.cell = (uint32_t)(entry->ts / HOUR_MS);
		event.reach = signal->reach_hours;
		track_add(&customer->tracks, slot, true, &event);
	}
	return true;
}

/* ---- after(a, b) ---- */

static struct after_state *
after_make(struct cold *cold, uint32_t key)
{
	unsigned i = 0;
	while (i < cold->after_count && cold->afters[i].key < key)
		i++;
	if (i < cold->after_count && cold->afters[i].key == key)
		return &cold->afters[i];
	cold->afters =
		mem_resize(cold->afters, (cold->after_count + 1u) * sizeof *cold->afters);
	memmove(cold->afters + i + 1, cold->afters + i,
		(cold->after_count - i) * sizeof *cold->afters);
	cold->afters[i] = (struct after_state){.key = key};
	cold->after_count++;
	return &cold->afters[i];
}

/* One more a: settled ones are forgotten first, then the newest, when there are too many. */
static void
after_open(struct after_state *after, int64_t ts)
{
	if (after->count == AFTER_MAX) {
		if (after->settled == 0) {
			if (ts >= after->at[AFTER_MAX - 1])
				return;
			after->count--;
		} else {
			memmove(after->at, after->at + 1, (AFTER_MAX - 1) * sizeof *after->at);
			after->count--;
			after->settled--;
		}
	}
	after->at = mem_resize(after->at, (after->count + 1) * sizeof *after->at);
	uint32_t i = after->count;
	for (; i > 0 && after->at[i - 1] > ts; i--)
		after->at[i] = after->at[i - 1];
	after->at[i] = ts;
	after->count++;
}

static void
feed_afters(const struct ruleset *rules, struct customer *customer, uint64_t fed, int64_t ts)
{
	for (unsigned i = 0; i < rules->after_count; i++) {
		const struct after_pair *pair = &rules->afters[i];
		if (fed >> pair->a & 1)
			after_open(after_make(customer_cold(customer), pair->key), ts);
		if (fed >> pair->b & 1) {
			struct after_state *after =
				after_make(customer_cold(customer), pair->key);
			if (after->settled < UINT32_MAX)
				after->settled++;
		}
	}
}

/* Returns the signals that counted it. */
static uint64_t
feed_signals(struct engine *engine, struct customer *customer, const struct entry *entry,
	     const struct type_use *use)
{
	const struct ruleset *rules = engine->rules;
	if (!use || !use->signals)
		return 0;
	uint64_t fed = 0, counted = 0;
	for (uint64_t left = use->signals; left; left &= left - 1) {
		unsigned slot = (unsigned)__builtin_ctzll(left);
		if (rules->signals[slot].where) {
			struct look look;
			look_begin(&look, engine, customer, entry, entry->id.ms);
			if (!signal_takes(&look, &rules->signals[slot]))
				continue;
		}
		if (absorb_signal(engine, customer, slot, entry))
			counted |= UINT64_C(1) << slot;
		fed |= UINT64_C(1) << slot;
	}
	if (rules->after_count)
		feed_afters(rules, customer, fed, entry->ts);
	return counted;
}

/* ---- profile ---- */

static bool
enum_value(const struct attribute *attribute, struct str text, struct value *out)
{
	for (unsigned i = 0; i < attribute->words.count; i++) {
		if (str_eq(attribute->words.words[i], text)) {
			*out = value_enum(&attribute->words, i);
			return true;
		}
	}
	return false;
}

static bool
bool_value(struct str text, struct value *out)
{
	bool yes = str_is(text, "true") || str_is(text, "1") || str_is(text, "yes");
	if (!yes && !str_is(text, "false") && !str_is(text, "0") && !str_is(text, "no"))
		return false;
	*out = value_bool(yes);
	return true;
}

static bool
time_value(struct str text, struct value *out)
{
	int64_t at;
	if (!parse_int64(text, &at) && !parse_instant(text, &at, NULL))
		return false;
	*out = value_time(at);
	return true;
}

static bool
attribute_value(const struct attribute *attribute, struct str text, struct value *out)
{
	int64_t integer;
	double number;
	switch (attribute->type) {
	case TYPE_BOOL:
		return bool_value(text, out);
	case TYPE_INT:
		*out = value_int(0);
		return parse_int64(text, &out->u.i);
	case TYPE_NUM:
	case TYPE_PROB:
		if (!parse_number(text, &number))
			return false;
		*out = value_num(number);
		return true;
	case TYPE_DURATION:
		if (!parse_duration(text, true, &integer))
			return false;
		*out = value_duration(integer);
		return true;
	case TYPE_TIME:
		return time_value(text, out);
	case TYPE_DATE:
		if (!parse_date(text, &integer))
			return false;
		*out = value_date(integer);
		return true;
	case TYPE_STRING:
		*out = value_string(text);
		return true;
	case TYPE_ENUM:
		return enum_value(attribute, text, out);
	case TYPE_LIST:
	case TYPE_RANGE:
	case TYPE_SIGNAL:
	case TYPE_ITEMS:
	case TYPE_TEXT_ANY:
	case TYPE_COUNT:
		break;
	}
	return false;
}

/* All attributes or none: what does not fit its type rejects the entry. */
bool
absorb_check(const struct engine *engine, const struct entry *entry, struct err *err)
{
	const struct ruleset *rules = engine->rules;
	for (unsigned i = 0; i < entry->attribute_count; i++) {
		const struct field *field = &entry->attributes[i];
		int slot = ruleset_attribute(rules, field->key);
		struct value value;
		if (slot < 0 || field->value.n == 0)
			continue;
		const struct attribute *attribute = &rules->attributes[slot];
		if (!attribute_value(attribute, field->value, &value))
			return err_set(
				err,
				"profile attribute %.*s is declared as %s; \"%.*s\" is not one",
				STR_ARG(field->key), type_name(attribute->type, false),
				(int)utf8_cut(field->value, 60), field->value.p);
	}
	return true;
}

static void
profile_take(const struct ruleset *rules, struct customer *customer, const struct entry *entry)
{
	for (unsigned i = 0; i < entry->attribute_count; i++) {
		const struct field *field = &entry->attributes[i];
		int slot = ruleset_attribute(rules, field->key);
		if (slot < 0)
			continue;
		const struct attribute *attribute = &rules->attributes[slot];
		struct value value = value_unknown(attribute->type);
		if (field->value.n)
			(void)!attribute_value(attribute, field->value, &value);
		customer_set_profile(customer, (unsigned)slot, attribute->type, value,
				     entry->ts);
	}
}

/* ---- the whole ---- */

static void
note_seen(struct customer *customer, const struct entry *entry)
{
	if (entry->ts < customer->first_seen_at)
		customer->first_seen_at = entry->ts;
	if (entry->backfill) {
		customer->flags |= CUSTOMER_QUIET;
		customer_cold(customer)->backfilled_at = entry->id.ms;
	}
}

bool
absorb_entry(struct engine *engine, struct customer *customer, const struct entry *entry,
	     const struct type_use *use)
{
	if (entry->event_id.p && !remember_id(customer, entry->event_id, entry->id.ms))
		return false;
	note_seen(customer, entry);
	customer->event_at = entry->id.ms;
	if (entry->kind == ENTRY_PROFILE)
		profile_take(engine->rules, customer, entry);
	uint64_t counted = engine->counted = feed_signals(engine, customer, entry, use);
	if (engine->rules->members.given && entry->kind != ENTRY_PROFILE)
		engine->member_went = members_take(engine->rules, customer, entry, counted,
						   clock_day(&engine->clock, entry->ts)) &&
				      engine->rules->members.signals;
	if (use && (use->opens | use->closes))
		items_take(engine->rules, customer, entry, use);
	return true;
}
