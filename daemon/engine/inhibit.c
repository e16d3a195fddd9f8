/* SPDX-License-Identifier: Apache-2.0 */
/* Which of the rules that fire count: a live rule of `inhibited_by` that fires takes points and actions away. */
#include "engine/core.h"

/* An inhibitor counts though itself inhibited, a shadow never: so that no order of rules matters. */
bool
rule_is_inhibited(const struct look *look, unsigned slot, unsigned limit)
{
	const struct rule *rules = look->engine->rules->rules, *rule = &rules[slot];

	for (unsigned i = 0; i < rule->inhibitor_count; i++) {
		unsigned by = rule->inhibitors[i];

		if (by < limit && rules[by].mode == MODE_LIVE &&
		    customer_fires(look->customer, by))
			return true;
	}
	return false;
}

bool
rule_counts(const struct look *look, const struct rule_state *state)
{
	return life_fires(state) && look->engine->rules->rules[state->rule].mode == MODE_LIVE &&
	       !rule_is_inhibited(look, state->rule, RULESET_MAX_RULES);
}

void
rules_lift(struct step *step)
{
	struct state_walk walk = {0};
	struct rule_state *state;
	struct item *item;

	while (step->engine->has_inhibited &&
	       (state = state_next(step->customer, &walk, &item))) {
		struct announcement *said;

		if (!(state->flags & RULE_WITHHELD) || !rule_counts(&step->look, state))
			continue;
		state->flags &= (uint8_t)~RULE_WITHHELD;
		int64_t before = state->announced_at;

		state->announced_at = step->now;
		verdict_moved(step, state, before);
		said = orders_announce(step, ALERT_RULE_FIRED);
		said->rule = state->rule;
		said->item = item;
		said->firing = state->firing;
	}
}
