/* SPDX-License-Identifier: Apache-2.0 */
/* The owner of a customer, given by an action: as if a profile entry of that moment said so. */
#include "engine/core.h"

static bool
keeps(const struct step *step, const struct assignment *owner, struct str now)
{
	bool is_team = owner->kind == ASSIGN_ROUND_ROBIN || owner->kind == ASSIGN_LEAST_LOADED;
	return is_team && team_has(&step->engine->rules->teams[owner->slot], now);
}

/* The sender's clock may be ahead: what it said of a later moment stays. */
static bool
is_said_later(const struct customer *customer, int64_t now)
{
	const struct cold *cold = customer->cold;
	uint64_t below = (UINT64_C(1) << ATTR_OWNER) - 1;
	if (!cold || !(cold->profile_mask >> ATTR_OWNER & 1))
		return false;
	return cold->profile[__builtin_popcountll(cold->profile_mask & below)].ts > now;
}

struct order *
owner_take(struct step *step, const struct action *action, const struct order *by)
{
	struct customer *customer = step->customer;
	const struct ruleset *rules = step->engine->rules;
	struct arena *arena = &step->engine->scratch;
	struct value now = customer_profile(customer, rules, ATTR_OWNER);
	struct str before = now.known ? arena_str(arena, now.u.s) : STR_NONE;
	if (keeps(step, &action->owner, before) || is_said_later(customer, step->now))
		return NULL;
	struct str owner = arena_str(arena, teams_choose(step, &action->owner, true));
	if (owner.n == 0 || str_eq(owner, before))
		return NULL;
	customer_set_profile(customer, ATTR_OWNER, TYPE_STRING, value_string(owner), step->now);
	teams_note_owner(step->engine, customer);
	look_forget(&step->look);
	step->owner_moved = step->changed = true;
	struct order *order = arena_alloc(arena, sizeof *order);
	*order = (struct order){.cause = by->cause};
	order->u.alert.type = ALERT_OWNER_CHANGED;
	order->u.alert.rule = -1;
	order->u.alert.previous_owner = before;
	orders_alert_begin(step, &order->u.alert);
	orders_alert_emit(step, order);
	return order;
}
