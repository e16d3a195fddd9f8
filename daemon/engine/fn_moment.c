/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of moments: how long ago, how far away. */
#include "engine/functions.h"

static int64_t
first_known_at(const struct look *look)
{
	struct value since =
		customer_profile(look->customer, look->engine->rules, ATTR_CUSTOMER_SINCE);
	if (since.known && since.type == TYPE_TIME)
		return since.u.i;
	if (since.known && since.type == TYPE_DATE)
		return zone_day_start(look->engine->rules->zone, since.u.i);
	return look->customer->first_seen_at;
}

static struct value
elapsed(const struct look *look, int64_t since)
{
	int64_t moment = look_moment(look);
	return value_duration(moment > since ? moment - since : 0);
}

/* The same of signals: suspect time does not count. */
static struct value
elapsed_of(const struct look *look, uint64_t signals, int64_t since)
{
	int64_t moment = look_moment(look);
	if (moment <= since)
		return value_duration(0);
	return value_duration(moment - since - look_paused(look, signals, since, moment));
}

static uint64_t
bit(unsigned signal)
{
	return UINT64_C(1) << signal;
}

/* When the newest event of a signal was, from whichever track there is; false: there was none. */
static bool
look_last_at(const struct look *look, unsigned signal, int64_t *out)
{
	const struct tracks *tracks = &look->customer->tracks;
	struct track track;
	if (!track_newest(tracks, signal, false, &track) &&
	    !track_newest(tracks, signal, true, &track))
		return false;
	*out = track.last_at;
	return true;
}

static bool
is_seen(const struct look *look, unsigned signal)
{
	const struct tracks *tracks = &look->customer->tracks;
	return track_has(tracks, signal, false) || track_has(tracks, signal, true);
}

/* Of the member who has that id or role. */
static struct value
since_by(const struct call *call, const struct value *who)
{
	unsigned signal = call->args[0].u.signal;
	int64_t last = who->known ? member_last_at(call->look, signal, who->u.s) : INT64_MIN;
	if (last == INT64_MIN)
		return value_unknown(TYPE_DURATION);
	return elapsed_of(call->look, bit(signal), last);
}

struct value
fn_since(const struct call *call)
{
	int64_t last_at;
	if (call->node->kids[1])
		return since_by(call, &call->args[1]);
	if (!look_last_at(call->look, call->args[0].u.signal, &last_at))
		return value_unknown(TYPE_DURATION);
	return elapsed_of(call->look, bit(call->args[0].u.signal), last_at);
}

struct value
fn_silent(const struct call *call)
{
	int64_t last_at;
	if (!look_last_at(call->look, call->args[0].u.signal, &last_at))
		last_at = first_known_at(call->look);
	return elapsed_of(call->look, bit(call->args[0].u.signal), last_at);
}

struct value
fn_seen(const struct call *call)
{
	return value_bool(is_seen(call->look, call->args[0].u.signal));
}

static const struct after_state *
after_find(const struct look *look, unsigned a, unsigned b)
{
	const struct ruleset *rules = look->engine->rules;
	const struct cold *cold = look->customer->cold;
	for (unsigned i = 0; cold && i < rules->after_count; i++) {
		if (rules->afters[i].a != a || rules->afters[i].b != b)
			continue;
		for (unsigned j = 0; j < cold->after_count; j++)
			if (cold->afters[j].key == rules->afters[i].key)
				return &cold->afters[j];
	}
	return NULL;
}

struct value
fn_after(const struct call *call)
{
	unsigned a = call->args[0].u.signal, b = call->args[1].u.signal;
	const struct after_state *after = after_find(call->look, a, b);
	if (after && after->settled < after->count)
		return elapsed_of(call->look, bit(a) | bit(b), after->at[after->settled]);
	if ((after && after->count > 0) || is_seen(call->look, a))
		return value_duration(0);
	return value_unknown(TYPE_DURATION);
}

struct value
fn_age(const struct call *call)
{
	return elapsed(call->look, first_known_at(call->look));
}

struct value
days_until(const struct look *look, struct value date)
{
	int64_t today, days;
	if (!date.known)
		return value_unknown(TYPE_DURATION);
	today = clock_day(&look->engine->clock, look_moment(look));
	if (__builtin_sub_overflow(date.u.i, today, &days) || days > 4000000 || days < -4000000)
		return value_unknown(TYPE_DURATION);
	return value_duration(days * DAY_MS);
}

struct value
fn_until(const struct call *call)
{
	return days_until(call->look, call->args[0]);
}
