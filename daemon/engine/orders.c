/* SPDX-License-Identifier: Apache-2.0 */
/* Orders of a step: what was announced becomes alerts with reasons, endpoints and tasks. */
#include <assert.h>
#include <string.h>

#include "engine/core.h"

static struct arena *
scratch(const struct step *step)
{
	return &step->engine->scratch;
}

static const struct ruleset *
rules_of(const struct step *step)
{
	return step->engine->rules;
}

struct announcement *
orders_announce(struct step *step, enum alert_type type)
{
	if (step->announcement_count == step->announcement_cap) {
		unsigned cap = step->announcement_cap ? step->announcement_cap * 2 : 8;
		struct announcement *more = arena_array(scratch(step), cap, sizeof *more);
		for (unsigned i = 0; i < step->announcement_count; i++)
			more[i] = step->announcements[i];
		step->announcements = more;
		step->announcement_cap = cap;
	}
	struct announcement *said = &step->announcements[step->announcement_count++];
	*said = (struct announcement){.type = type, .rule = -1, .cause = step->cause};
	return said;
}

void
orders_reject(struct engine *engine, const struct customer *customer,
	      const struct order_sink *sink, const char *sentence)
{
	struct order order = {.kind = ORDER_REJECT,
			      .customer = customer,
			      .cause = CAUSE_EVENT,
			      .caused_by = engine->applying};
	order.u.reject = str_of(sentence);
	sink->take(sink->ctx, &order);
}

/* The number of the next order at this ms, for ids. */
uint32_t
order_number(struct customer *customer, int64_t now)
{
	struct cold *cold = customer_cold(customer);
	if (cold->order_at != now) {
		cold->order_at = now;
		cold->order_n = 0;
	}
	return cold->order_n++;
}

/* ---- actions ---- */

/* From and to are stages. */
static bool
action_stage_fits(const struct action *action, const struct alert *alert)
{
	return (action->from < 0 || (unsigned)action->from + 1 == alert->previous_stage) &&
	       (action->to < 0 || (unsigned)action->to + 1 == alert->stage);
}

static bool
action_level_fits(const struct action *action, const struct alert *alert)
{
	if (alert->type == ALERT_STAGE_CHANGED)
		return action_stage_fits(action, alert);
	if (action->from >= 0 && (unsigned)action->from != alert->previous_level)
		return false;
	if (action->to >= 0 && (unsigned)action->to != alert->level)
		return false;
	unsigned meant =
		alert->type == ALERT_LEVEL_LOWERED ? alert->previous_level : alert->level;
	return action->at_least < 0 || meant >= (unsigned)action->at_least;
}

static bool
action_fits(struct step *step, const struct action *action, const struct alert *alert)
{
	if (action->on != alert->type)
		return false;
	if (action->rule >= 0 && action->rule != alert->rule)
		return false;
	if (action->category >= 0 &&
	    (alert->rule < 0 ||
	     (int)rules_of(step)->rules[alert->rule].category != action->category))
		return false;
	if (action->tag.n && !str_eq(action->tag, alert->tag))
		return false;
	if (!action_level_fits(action, alert))
		return false;
	return !action->when || value_is_true(look_eval(&step->look, action->when));
}

void
orders_add_endpoint(struct alert *alert, struct str *to, struct str name)
{
	for (unsigned i = 0; i < alert->to_count; i++)
		if (str_eq(to[i], name))
			return;
	to[alert->to_count++] = name;
}

/* A rule's alert has endpoints and tasks while the rule is live and not inhibited; of a firing that was told
 * to nobody the end is told to nobody. */
static bool
alert_acts(const struct step *step, const struct alert *alert)
{
	if (alert->rule < 0)
		return true;
	unsigned slot = (unsigned)alert->rule;
	const struct rule_state *state = rule_state_of(step->customer, slot, alert->item);
	if (rules_of(step)->rules[slot].mode != MODE_LIVE ||
	    rule_is_inhibited(&step->look, slot, RULESET_MAX_RULES))
		return false;
	return alert->type == ALERT_RULE_FIRED || !(state->flags & RULE_WITHHELD);
}

static void
choose_endpoints(struct step *step, struct alert *alert)
{
	const struct ruleset *rules = rules_of(step);
	unsigned most = 0;
	for (unsigned i = 0; i < rules->action_count; i++)
		most += rules->actions[i].webhook_count;
	struct str *to = arena_array(scratch(step), most, sizeof *to);
	alert->to = to;
	for (unsigned i = 0; i < rules->action_count && alert->acts; i++) {
		const struct action *action = &rules->actions[i];
		if (action->webhook_count == 0 || !action_fits(step, action, alert))
			continue;
		for (unsigned w = 0; w < action->webhook_count; w++)
			orders_add_endpoint(alert, to, action->webhooks[w]);
	}
}

void
orders_address_task(struct step *step, struct task_change *change)
{
	const struct ruleset *rules = rules_of(step);
	struct alert alert = {.type = ALERT_TASK, .rule = -1};
	unsigned most = 0;
	for (unsigned i = 0; i < rules->action_count; i++)
		most += rules->actions[i].on == ALERT_TASK ? rules->actions[i].webhook_count
							   : 0;
	if (most == 0)
		return;
	struct str *to = arena_array(scratch(step), most, sizeof *to);
	for (unsigned i = 0; i < rules->action_count; i++) {
		const struct action *action = &rules->actions[i];
		if (action->verb != (int)change->verb || !action_fits(step, action, &alert))
			continue;
		for (unsigned w = 0; w < action->webhook_count; w++)
			orders_add_endpoint(&alert, to, action->webhooks[w]);
	}
	change->endpoints = to;
	change->endpoint_count = alert.to_count;
}

/* ---- alerts ---- */

static struct str
moved_name(const struct step *step, const struct alert *alert)
{
	if (alert->type == ALERT_OWNER_CHANGED)
		return customer_profile(step->customer, rules_of(step), ATTR_OWNER).u.s;
	if (alert->rule >= 0)
		return rules_of(step)->rules[alert->rule].name;
	if (alert->type == ALERT_STAGE_CHANGED)
		return ruleset_stage_name(rules_of(step), alert->stage);
	if (alert->tag.p)
		return alert->tag;
	return rules_of(step)->levels[alert->level].name;
}

void
step_episode_key(struct step *step, char out[ORDER_ID])
{
	uint32_t episode = customer_seen_cold(step->customer)->episode;
	if (step->key_of == 0 || step->key_of != episode)
		name_episode(rules_of(step), step->customer, step->key);
	step->key_of = episode;
	memcpy(out, step->key, ORDER_ID);
}

void
orders_alert_begin(struct step *step, struct alert *alert)
{
	struct customer *customer = step->customer;
	bool ill = customer->flags & CUSTOMER_EPISODE;
	alert->at = step->now;
	alert->level = customer->level;
	alert->previous_level = step->previous_level;
	alert->stage = customer->stage;
	alert->previous_stage = step->previous_stage;
	alert->risk = customer->risk;
	alert->previous_risk = step->previous_risk;
	alert->closed = !ill;
	if (ill || step->was_episode) {
		alert->episode = customer_seen_cold(customer)->episode;
		step_episode_key(step, alert->key);
	}
	alert->seq = ++customer_cold(customer)->seq;
	alert->value = look_eval(&step->look, rules_of(step)->value);
	alert->reason_count = reasons_collect(&step->look, scratch(step), &alert->reasons);
}

void
orders_alert_emit(struct step *step, struct order *order)
{
	struct alert *alert = &order->u.alert;
	uint32_t n = order_number(step->customer, step->now);
	struct happening what = {.type = str_of(alert_type_name(alert->type)),
				 .customer = customer_id(step->customer),
				 .moved = moved_name(step, alert),
				 .item = alert->item ? alert->item->key : STR_NONE,
				 .at = step->now,
				 .n = n};
	name_make(alert->id, "al_", rules_of(step), &what);
	alert->acts = alert_acts(step, alert);
	if (alert->type == ALERT_RULE_FIRED) {
		struct rule_state *state =
			rule_state_of(step->customer, (unsigned)alert->rule, alert->item);
		state->announced_n = (uint16_t)n;
		if (!alert->acts && rules_of(step)->rules[alert->rule].mode == MODE_LIVE)
			state->flags |= RULE_WITHHELD;
	}
	if (alert->acts && cap_mutes(step, alert, n))
		alert->acts = false;
	choose_endpoints(step, alert);
	order->kind = ORDER_ALERT;
	order->customer = step->customer;
	order->caused_by = step->engine->applying;
	step->changed = true;
	step->sink->take(step->sink->ctx, order);
}

static void
emit_announcement(struct step *step, const struct announcement *said, struct order *order)
{
	struct alert *alert = &order->u.alert;
	*order = (struct order){.cause = said->cause};
	alert->type = said->type;
	alert->rule = said->rule;
	alert->item = said->item;
	alert->firing = said->firing;
	alert->tag = said->tag;
	orders_alert_begin(step, alert);
	if (said->rule >= 0) {
		struct reason *about = arena_alloc(scratch(step), sizeof *about);
		reason_make(&step->look, scratch(step), (unsigned)said->rule, said->item,
			    about);
		alert->about = about;
	}
	if (said->opened_at)
		name_fired(rules_of(step), step->customer, alert, said->opened_at,
			   said->opened_n);
	orders_alert_emit(step, order);
}

static bool
emit_level(struct step *step, struct order *order)
{
	struct customer *customer = step->customer;
	if (customer->level == step->previous_level || step->silent)
		return false;
	*order = (struct order){.cause = step->cause};
	for (unsigned i = 0; i < step->announcement_count; i++)
		if (step->announcements[i].type == ALERT_RULE_CLEARED)
			order->cause = step->announcements[i].cause;
	order->u.alert.type = customer->level > step->previous_level ? ALERT_LEVEL_RAISED
								     : ALERT_LEVEL_LOWERED;
	order->u.alert.rule = -1;
	orders_alert_begin(step, &order->u.alert);
	orders_alert_emit(step, order);
	return true;
}

/* Rules in the order of the file, then the rest in the order it was said. */
static void
sort_announcements(struct step *step)
{
	struct announcement *list = step->announcements;
	for (unsigned i = 1; i < step->announcement_count; i++) {
		struct announcement said = list[i];
		unsigned j = i;
		for (; j > 0 && (unsigned)list[j - 1].rule > (unsigned)said.rule; j--)
			list[j] = list[j - 1];
		list[j] = said;
	}
}

/* Of these alerts, then of those that new owners made. */
static void
order_tasks(struct step *step, struct order *const *orders, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (orders[i]->u.alert.acts)
			tasks_ordered_by(step, &orders[i]->u.alert, action_fits);
}

/* Owners first: a task may go to the new one. */
static void
act(struct step *step, struct order *orders, unsigned count)
{
	const struct ruleset *rules = rules_of(step);
	struct order **all = arena_array(scratch(step),
					 count * (1 + (size_t)rules->owner_count), sizeof *all);
	unsigned n = count;
	for (unsigned i = 0; i < count; i++)
		all[i] = &orders[i];
	for (unsigned i = 0; i < count && rules->owner_count; i++)
		for (unsigned k = 0; k < rules->action_count && orders[i].u.alert.acts; k++) {
			const struct action *action = &rules->actions[k];
			struct order *more = NULL;
			if (action->owner.kind != ASSIGN_NOBODY &&
			    action_fits(step, action, &orders[i].u.alert))
				more = owner_take(step, action, &orders[i]);
			if (more)
				all[n++] = more;
		}
	order_tasks(step, all, n);
}

void
orders_emit(struct step *step)
{
	bool level = step->customer->level != step->previous_level && !step->silent;
	unsigned count = step->announcement_count;
	if (count == 0 && !level)
		return;
	sort_announcements(step);
	struct order *orders = arena_array(scratch(step), count + 1u, sizeof *orders);
	unsigned emitted = 0;
	for (unsigned i = 0; i < count && step->announcements[i].rule >= 0; i++)
		emit_announcement(step, &step->announcements[i], &orders[emitted++]);
	unsigned rules = emitted;
	emitted += emit_level(step, &orders[emitted]);
	for (unsigned i = rules; i < count; i++)
		emit_announcement(step, &step->announcements[i], &orders[emitted++]);
	act(step, orders, emitted);
	step->announcement_count = 0;
}
