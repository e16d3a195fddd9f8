/* SPDX-License-Identifier: Apache-2.0 */
/* What the rules made of the customer: risk, level, tags, and which of them fire. */
#include "engine/functions.h"

struct value
fn_risk(const struct call *call)
{
	return value_int(risk_now(call->look, call->look->rule));
}

struct value
fn_level(const struct call *call)
{
	return value_enum(&call->look->engine->rules->level_words, call->look->customer->level);
}

struct value
fn_tag(const struct call *call)
{
	const struct cold *cold = call->look->customer->cold;
	for (unsigned i = 0; cold && i < cold->tag_count; i++)
		if (str_eq(cold->tags[i].name, call->args[0].u.s))
			return value_bool(true);
	return value_bool(false);
}

struct value
fn_firing(const struct call *call)
{
	return value_bool(rule_fires(call->look->customer, call->node->slot));
}

/* As of now, and to be looked at again when it ends. */
struct value
fn_fired_within(const struct call *call)
{
	const struct rule_state *state = customer_rule(call->look->customer, call->node->slot);
	struct env *env = &call->look->env;
	int64_t end;
	if (!call->args[1].known)
		return value_unknown(TYPE_BOOL);
	if (!state || state->firing == 0 ||
	    __builtin_add_overflow(state->fired_at, call->args[1].u.i, &end) || end <= env->now)
		return value_bool(false);
	if (end < env->next)
		env->next = end;
	return value_bool(true);
}
