/* SPDX-License-Identifier: Apache-2.0 */
/* Caps: at most so many alerts of one rule in an hour; what is past it is recorded and not sent. */
#include <string.h>

#include "base/mem.h"
#include "engine/core.h"

#define CAPS_MAX 8192 /* kept of hours gone by: more than any recovery looks at */

void
cap_finish(struct cap *cap)
{
	text_set(&cap->name, STR_NONE);
	text_set(&cap->full_customer, STR_NONE);
}

struct cap *
guard_add_cap(struct guard *guard, uint32_t rule, struct str name, int64_t hour)
{
	MEM_RESERVE(guard->caps, guard->cap_cap, guard->cap_count + 1);
	struct cap *cap = &guard->caps[guard->cap_count++];
	*cap = (struct cap){.rule = rule, .hour = hour};
	text_set(&cap->name, name);
	return cap;
}

static struct cap *
cap_find(struct guard *guard, uint32_t rule, int64_t hour)
{
	for (size_t i = guard->cap_count; i > 0; i--)
		if (guard->caps[i - 1].rule == rule && guard->caps[i - 1].hour == hour)
			return &guard->caps[i - 1];
	return NULL;
}

/* Where an alert stands among all: what is due comes before entries of the same ms, customers by the bytes of
 * their id. */
struct place {
	int64_t at;
	uint64_t entry; /* 0: due */
	struct str customer;
	uint32_t n;
};

static bool
is_at_or_behind(const struct place *place, const struct cap *cap)
{
	if (place->at != cap->full_at)
		return place->at > cap->full_at;
	if (place->entry != cap->full_entry)
		return place->entry > cap->full_entry;
	int order = str_cmp(place->customer, cap->full_customer);
	return order ? order > 0 : place->n >= cap->full_n;
}

static bool
is_entry(const struct step *step)
{
	return step->entry || step->cause == CAUSE_RULES_CHANGED ||
	       step->cause == CAUSE_RULE_REMOVED;
}

bool
step_is_recorded(const struct step *step, struct stream_id applied)
{
	if (is_entry(step))
		return stream_id_cmp(step->engine->applying, applied) <= 0;
	return step->now <= applied.ms;
}

static bool
cap_count(struct step *step, const struct rule *rule, const struct place *place)
{
	struct guard *guard = &step->engine->guard;
	struct cap *cap = cap_find(guard, rule->key, guard->hour);
	guard_touch(step->engine);
	if (!cap)
		cap = guard_add_cap(guard, rule->key, rule->name, guard->hour);
	if (cap->taken < step->engine->rules->max_alerts) {
		cap->taken++;
		return false;
	}
	if (cap->muted++ == 0) {
		cap->full = true;
		cap->full_at = place->at;
		cap->full_entry = place->entry;
		cap->full_n = place->n;
		text_set(&cap->full_customer, place->customer);
		guard->next_at = INT64_MIN;
	}
	return true;
}

bool
cap_mutes(struct step *step, const struct alert *alert, uint32_t n)
{
	struct engine *engine = step->engine;
	if (alert->rule < 0)
		return false;
	const struct rule *rule = &engine->rules->rules[alert->rule];
	if (rule->kind == RULE_DATE)
		return false;
	struct place place = {.at = step->now,
			      .entry = is_entry(step) ? engine->applying.seq + 1 : 0,
			      .customer = customer_id(step->customer),
			      .n = n};
	if (!step_is_recorded(step, engine->guard.applied))
		return cap_count(step, rule, &place);
	const struct cap *cap = cap_find(&engine->guard, rule->key, step->now / HOUR_MS);
	return cap && cap->full && is_at_or_behind(&place, cap);
}

int64_t
caps_next(const struct guard *guard)
{
	for (size_t i = guard->cap_count; i > 0; i--)
		if (guard->caps[i - 1].muted && !guard->caps[i - 1].told)
			return (guard->caps[i - 1].hour + 1) * HOUR_MS;
	return NEVER;
}

static void
caps_keep(struct guard *guard, bool (*keeps)(const struct guard *, const struct cap *, int64_t),
	  int64_t by)
{
	size_t kept = 0;
	for (size_t i = 0; i < guard->cap_count; i++) {
		if (keeps(guard, &guard->caps[i], by))
			guard->caps[kept++] = guard->caps[i];
		else
			cap_finish(&guard->caps[i]);
	}
	guard->cap_count = kept;
}

static bool
is_open_or_full(const struct guard *guard, const struct cap *cap, int64_t by)
{
	(void)by;
	return cap->hour >= guard->hour || (cap->full && guard->cap_count <= CAPS_MAX);
}

/* The hour is over: says how many were muted. */
void
caps_end_hour(struct engine *engine, int64_t at, const struct order_sink *sink)
{
	struct guard *guard = &engine->guard;
	for (size_t i = 0; i < guard->cap_count; i++) {
		struct cap *cap = &guard->caps[i];
		if (cap->hour >= guard->hour || cap->told)
			continue;
		cap->told = true;
		if (cap->muted)
			notice_muted(engine, cap, at, sink);
	}
	caps_keep(guard, is_open_or_full, 0);
}

static bool
is_after(const struct guard *guard, const struct cap *cap, int64_t by)
{
	return cap->hour >= guard->hour || (cap->hour + 1) * HOUR_MS > by;
}

/* What happened before `low` is worked out no more. */
void
caps_forget(struct guard *guard, struct stream_id low)
{
	caps_keep(guard, is_after, low.ms);
}
