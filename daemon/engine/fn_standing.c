/* SPDX-License-Identifier: Apache-2.0 */
/* What the rules made of the customer: risk, level, tags, and which of them fire. */
#include "engine/functions.h"

struct value
fn_risk(const struct call *call)
{
	return value_int(risk_now(call->look, call->look->rule));
}

struct value
fn_risk_rise(const struct call *call)
{
	struct look *look = call->look;
	int before;
	if (!history_at(look, look->closed_day - call->args[0].u.i / DAY_MS, &before))
		return value_unknown(TYPE_INT);
	return value_int(risk_now(look, look->rule) - before);
}

struct value
fn_level(const struct call *call)
{
	return value_enum(&call->look->engine->rules->level_words, call->look->customer->level);
}

struct value
fn_tag(const struct call *call)
{
	return value_bool(customer_tag(call->look->customer, call->args[0].u.s) != NULL);
}

struct value
fn_stage(const struct call *call)
{
	unsigned stage = call->look->customer->stage;
	if (stage == 0)
		return value_unknown(TYPE_ENUM);
	return value_enum(&call->look->engine->rules->stage_words, stage - 1);
}

struct value
fn_stage_age(const struct call *call)
{
	const struct customer *customer = call->look->customer;
	int64_t moment = look_moment(call->look);
	if (customer->stage == 0)
		return value_unknown(TYPE_DURATION);
	int64_t since = customer_seen_cold(customer)->stage_at;
	return value_duration(moment > since ? moment - since : 0);
}

struct value
fn_firing(const struct call *call)
{
	return value_bool(customer_fires(call->look->customer, call->node->slot));
}

/* For the customer or for one of its items; INT64_MIN: never. */
static int64_t
last_fired(const struct customer *customer, unsigned rule)
{
	int64_t fired_at = INT64_MIN;
	struct state_walk walk = {0};
	struct rule_state *state;
	struct item *item;
	while ((state = state_next(customer, &walk, &item)))
		if (state->rule == rule && state->firing && state->fired_at > fired_at)
			fired_at = state->fired_at;
	return fired_at;
}

/* As of now, and to be looked at again when it ends. */
struct value
fn_fired_within(const struct call *call)
{
	struct env *env = &call->look->env;
	int64_t end, fired_at = last_fired(call->look->customer, call->node->slot);
	if (!call->args[1].known)
		return value_unknown(TYPE_BOOL);
	if (fired_at == INT64_MIN ||
	    __builtin_add_overflow(fired_at, call->args[1].u.i, &end) || end <= env->now)
		return value_bool(false);
	look_due(call->look, end);
	return value_bool(true);
}
