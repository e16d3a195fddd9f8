/* SPDX-License-Identifier: Apache-2.0 */
/* Which of the rules that fire count: a live rule of `inhibited_by` that fires takes points and actions away. */
#include "engine/core.h"

bool
rule_fires(const struct customer *customer, unsigned slot)
{
	return life_fires(customer_rule(customer, slot));
}

/* An inhibitor counts though itself inhibited, a shadow never: so that no order of rules matters. */
bool
rule_is_inhibited(const struct look *look, unsigned slot, unsigned limit)
{
	const struct rule *rules = look->engine->rules->rules, *rule = &rules[slot];

	for (unsigned i = 0; i < rule->inhibitor_count; i++) {
		unsigned by = rule->inhibitors[i];

		if (by < limit && rules[by].mode == MODE_LIVE && rule_fires(look->customer, by))
			return true;
	}
	return false;
}

bool
rule_counts(const struct look *look, unsigned slot)
{
	return look->engine->rules->rules[slot].mode == MODE_LIVE &&
	       rule_fires(look->customer, slot) &&
	       !rule_is_inhibited(look, slot, RULESET_MAX_RULES);
}

void
rules_lift(struct step *step)
{
	const struct cold *cold = step->customer->cold;

	if (!step->engine->has_inhibited)
		return;
	for (unsigned i = 0; cold && i < cold->rule_count; i++) {
		struct rule_state *state = &cold->rules[i];
		struct announcement *said;

		if (!(state->flags & RULE_WITHHELD) || !rule_counts(&step->look, state->rule))
			continue;
		state->flags &= (uint8_t)~RULE_WITHHELD;
		state->announced_at = step->now;
		said = orders_announce(step, ALERT_RULE_FIRED);
		said->rule = state->rule;
		said->firing = state->firing;
	}
}
