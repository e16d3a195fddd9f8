/* SPDX-License-Identifier: Apache-2.0 */
/* Points to risk, risk to level, level to episode. */
#include <math.h>

#include "engine/core.h"

int
points_now(struct look *look, const struct rule *rule)
{
	if (!rule->points_expr)
		return rule->points;
	struct value value = look_eval(look, rule->points_expr);
	if (!value.known)
		return 0;
	double points = round(value_as_number(value));
	return points > 100 ? 100 : points < -100 ? -100 : (int)points;
}

int
points_of(struct look *look, const struct rule *rule, struct item *item)
{
	struct item *before = look->each;
	if (!item || !rule->points_expr)
		return points_now(look, rule);
	look_take_item(look, item);
	int points = points_now(look, rule);
	look_take_item(look, before);
	return points;
}

int
risk_now(struct look *look, int rule)
{
	const struct ruleset *rules = look->engine->rules;
	struct state_walk walk = {0};
	const struct rule_state *state;
	struct item *item;
	int sum = 0;
	while ((state = state_next(look->customer, &walk, &item))) {
		const struct rule *other = &rules->rules[state->rule];
		unsigned judged = rule >= 0 ? (unsigned)rule : RULESET_MAX_RULES;
		if (!life_fires(state) || other->mode != MODE_LIVE)
			continue;
		if (rule >= 0 && (state->rule >= rule || other->reads_risk))
			continue;
		if (rule_is_inhibited(look, state->rule, judged))
			continue;
		sum += points_of(look, other, item);
	}
	return sum < 0 ? 0 : sum > 100 ? 100 : sum;
}

/* The least level that rules with `level` allow: it is not held, and ends with them. */
static unsigned
risk_floor(const struct look *look, unsigned level)
{
	const struct ruleset *rules = look->engine->rules;
	struct state_walk walk = {0};
	const struct rule_state *state;
	struct item *item;
	while (rules->has_floors && (state = state_next(look->customer, &walk, &item))) {
		const struct rule *rule = &rules->rules[state->rule];
		if (rule->floor > level && rule_counts(look, state))
			level = rule->floor;
	}
	return level;
}

/* Each level is entered and left on its own; the highest one held is the customer's. */
static void
risk_levels(struct step *step, int risk)
{
	const struct ruleset *rules = step->engine->rules;
	struct customer *customer = step->customer;
	unsigned held = 0, top = 0;
	for (unsigned l = 1; l < rules->level_count; l++) {
		const struct level *level = &rules->levels[l];
		bool holds = customer->held >> l & 1;
		if (risk >= level->enter || (holds && risk >= level->leave)) {
			held |= 1u << l;
			top = l;
		}
	}
	customer->held = (uint8_t)held;
	customer->level = (uint8_t)risk_floor(&step->look, top);
}

static void
risk_episode(struct step *step)
{
	struct customer *customer = step->customer;
	bool ill = customer->level > 0, was = customer->flags & CUSTOMER_EPISODE;
	if (ill && !was) {
		customer->flags |= CUSTOMER_EPISODE;
		customer_cold(customer)->episode++;
		customer_cold(customer)->episode_at = step->now;
	} else if (!ill && was) {
		customer->flags &= (uint8_t)~CUSTOMER_EPISODE;
	}
}

bool
risk_settle(struct step *step)
{
	struct customer *customer = step->customer;
	int risk = risk_now(&step->look, -1);
	if (risk != customer->risk) {
		customer->risk = (uint8_t)risk;
		step->changed = true;
	}
	if (step->engine->rules->reads_rise)
		history_note(step, false);
	risk_levels(step, risk);
	risk_episode(step);
	return customer->level != step->previous_level;
}

bool
risk_may_move(const struct step *step)
{
	struct state_walk walk = {0};
	const struct rule_state *state;
	struct item *item;
	while (step->engine->has_points_expr &&
	       (state = state_next(step->customer, &walk, &item)))
		if (life_fires(state) && step->engine->rules->rules[state->rule].points_expr)
			return true;
	return false;
}
