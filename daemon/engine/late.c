/* SPDX-License-Identifier: Apache-2.0 */
/* Late events: what fired and was true before one, so that it is seen what the event undid. */
#include "engine/core.h"

const bool *
late_before(struct step *step)
{
	const struct ruleset *rules = step->engine->rules;
	struct look *look = &step->look;
	struct state_walk walk = {0};
	struct rule_state *state;
	struct item *item;
	bool *was_true = NULL;
	look_begin(look, step->engine, step->customer, NULL, step->now);
	/* As if it were looked at just before the event: midnight may have passed since the last look. */
	look->env.look = step->now;
	look->live_day = clock_day(&step->engine->clock, step->now);
	while ((state = state_next(step->customer, &walk, &item))) {
		const struct rule *rule = &rules->rules[state->rule];
		bool asked = life_fires(state) && rule->kind == RULE_STATE;
		if (!was_true && asked && !item)
			was_true = arena_alloc(&step->engine->scratch, rules->rule_count);
		look_take_rule(look, state->rule);
		look_take_item(look, item);
		bool truth = asked && value_is_true(look_eval(look, rule->when));
		if (item)
			state->was_true = truth;
		else if (was_true)
			was_true[state->rule] = truth;
	}
	return was_true;
}

bool
late_was_true(const struct step *step, unsigned slot, const struct rule_state *state,
	      const struct item *item)
{
	if (item)
		return step->late && state && state->was_true;
	return step->was_true && step->was_true[slot];
}
