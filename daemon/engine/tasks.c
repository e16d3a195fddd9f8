/* SPDX-License-Identifier: Apache-2.0 */
/* Care tasks: one open task a customer and kind, ordered by alerts. */
#include <stdio.h>
#include <string.h>

#include "engine/core.h"
#include "engine/sla.h"

static struct arena *
scratch(const struct step *step)
{
	return &step->engine->scratch;
}

bool
task_is_open(const struct task_held *task)
{
	return task->state != TASK_DONE && task->state != TASK_CANCELLED;
}

void
task_close(struct step *step, struct task_held *task, enum task_state state)
{
	task_wake(task, step->now);
	task->state = (uint8_t)state;
	task->closed_at = step->now;
	text_set(&task->lender, STR_NONE);
}

/* ---- telling of a change ---- */

static void
join(struct arena *arena, struct str *list, struct str more, struct str between)
{
	*list = list->n ? ARENA_JOIN(arena, *list, between, more) : more;
}

static void
join_reason(struct arena *arena, struct task_change *change, const struct reason *reason)
{
	join(arena, &change->reasons, reason->en, STR("; "));
	join(arena, &change->reasons_zh, reason->zh, STR("；"));
}

static void
fill_reasons(struct step *step, const struct alert *alert, struct task_change *change)
{
	const struct rule *rules = step->engine->rules->rules;
	if (!alert)
		return;
	memcpy(change->alert_id, alert->id, ORDER_ID);
	for (unsigned i = 0; i < alert->reason_count; i++) {
		join_reason(scratch(step), change, &alert->reasons[i]);
		join(scratch(step), &change->rules, rules[alert->reasons[i].rule].name,
		     STR(","));
	}
	if (alert->about && alert->about->points == 0) {
		join_reason(scratch(step), change, alert->about);
		join(scratch(step), &change->rules, rules[alert->rule].name, STR(","));
	}
}

/* "Call {name}: {reasons}" of a customer who has none any more is "Call Acme". */
static struct str
title_of(struct step *step, const struct text_pair *title, bool zh)
{
	static const struct str ends[] = {{" ", 1}, {":", 1}, {"：", 3}};
	struct str text = reasons_text(&step->look, scratch(step), title, zh, false);
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		while (str_ends(text, ends[i])) {
			text.n -= ends[i].n;
			i = 0;
		}
	return text;
}

void
task_tell(struct step *step, struct task_held *task, enum task_verb verb,
	  const struct alert *alert, const struct task_change *said)
{
	const struct ruleset *rules = step->engine->rules;
	const struct task_def *def = &rules->tasks[task->def];
	struct customer *customer = step->customer;
	struct order order = {.kind = ORDER_TASK,
			      .customer = customer,
			      .cause = step->cause,
			      .caused_by = step->engine->applying};
	struct task_change *change = &order.u.task;
	if (said)
		*change = *said;
	if (change->external_id.n)
		text_set(&task->external_id, change->external_id);
	task->due_at = 0;
	task->changed_at = step->now;
	change->verb = verb;
	change->task = task;
	change->at = step->now;
	name_task(rules, customer, task, change->id);
	step->look.key = task->item;
	change->title_en = title_of(step, &def->title, false);
	change->title_zh = title_of(step, &def->title, true);
	step->look.key = STR_NONE;
	fill_reasons(step, alert, change);
	if (customer->flags & CUSTOMER_EPISODE)
		step_episode_key(step, change->key);
	change->value = look_eval(&step->look, rules->value);
	change->ack_by = sla_ack_at(rules, task, SLA_BREACHED);
	change->resolve_by = sla_resolve_at(rules, task, SLA_BREACHED);
	teams_note_task(step->engine, task);
	verdict_task(step, task, verb, change->who);
	struct happening what = {
		.type = ARENA_JOIN(scratch(step), STR("task."), str_of(task_verb_name(verb))),
		.customer = customer_id(customer),
		.moved = def->name,
		.at = step->now,
		.n = order_number(customer, step->now)};
	name_make(change->notice_id, "al_", rules, &what);
	change->seq = ++customer_cold(customer)->seq;
	orders_address_task(step, change);
	step->changed = true;
	step->sink->take(step->sink->ctx, &order);
}

/* ---- ordered by an alert ---- */

static struct task_held *
task_find(struct customer *customer, unsigned def, struct str item)
{
	struct cold *cold = customer->cold;
	struct task_held *found = NULL;
	for (unsigned i = 0; cold && i < cold->task_count; i++)
		if (cold->tasks[i].def == def && str_eq(cold->tasks[i].item, item))
			found = &cold->tasks[i];
	return found;
}

/* Those done more than 14 days ago are history: the hash in Redis keeps it. */
static void
forget_old(const struct ruleset *rules, struct customer *customer, int64_t now)
{
	struct cold *cold = customer->cold;
	unsigned kept = 0;
	for (unsigned i = 0; cold && i < cold->task_count; i++) {
		struct task_held *task = &cold->tasks[i];
		bool old = !task_is_open(task) && task->closed_at + TASK_REOPEN < now &&
			   !care_has_steps_left(rules, task);
		bool room = cold->task_count - i <= CUSTOMER_MAX_TASKS - 1 - kept;
		if (task_is_open(task) || (!old && room)) {
			cold->tasks[kept++] = *task;
			continue;
		}
		task_finish(task);
	}
	if (cold)
		cold->task_count = (uint16_t)kept;
}

static void
note_rule(struct task_held *task, uint32_t key)
{
	for (unsigned i = 0; i < task->rule_count; i++)
		if (task->rules[i] == key)
			return;
	if (task->rule_count < TASK_MAX_RULES)
		task->rules[task->rule_count++] = key;
}

/* The rule whose alert it is first; of a step the rules of the task before. */
static void
note_reasons(const struct ruleset *rules, struct task_held *task, const struct task_reason *why)
{
	const struct alert *alert = why->alert;
	for (unsigned i = 0; i < why->rule_count; i++)
		note_rule(task, why->rules[i]);
	if (!alert)
		return;
	if (alert->rule >= 0)
		note_rule(task, rules->rules[alert->rule].key);
	for (unsigned i = 0; i < alert->reason_count; i++)
		note_rule(task, rules->rules[alert->reasons[i].rule].key);
}

/* One of the rules that ordered it, or gave it reasons, is that one, or of that category. */
static bool
route_is_of(const struct ruleset *rules, const struct task_route *route,
	    const struct task_held *task)
{
	if (route->rule < 0 && route->category < 0)
		return true;
	for (unsigned i = 0; i < task->rule_count; i++)
		for (unsigned k = 0; k < rules->rule_count; k++) {
			const struct rule *rule = &rules->rules[k];
			if (rule->key == task->rules[i] &&
			    (route->rule < 0 || (unsigned)route->rule == k) &&
			    (route->category < 0 || route->category == (int)rule->category))
				return true;
		}
	return false;
}

/* The first route whose condition is true says what differs from the task's own words. */
static void
task_route(struct step *step, const struct task_def *def, struct task_held *task)
{
	const struct assignment *assign = &def->assign;
	for (unsigned i = 0; i < def->route_count; i++) {
		const struct task_route *route = &def->routes[i];
		if (!route_is_of(step->engine->rules, route, task) ||
		    (route->when && !value_is_true(look_eval(&step->look, route->when))))
			continue;
		text_set(&task->queue, route->queue);
		if (route->priority >= 0)
			task->priority = (uint8_t)route->priority;
		if (route->assigns)
			assign = &route->assign;
		break;
	}
	text_set(&task->assignee, teams_choose(step, assign, false));
	task->given_at = task->assignee.n ? step->now : 0;
}

static void
task_create(struct step *step, unsigned slot, const struct task_reason *why)
{
	const struct ruleset *rules = step->engine->rules;
	const struct task_def *def = &rules->tasks[slot];
	forget_old(rules, step->customer, step->now);
	if (customer_cold(step->customer)->task_count == CUSTOMER_MAX_TASKS) {
		char sentence[512];
		snprintf(sentence, sizeof sentence,
			 "customer %.*s has %d open tasks; one more %.*s was not made",
			 STR_ARG(customer_id(step->customer)), CUSTOMER_MAX_TASKS,
			 STR_ARG(def->name));
		orders_reject(step->engine, step->customer, step->sink, sentence);
		return;
	}
	struct task_change said = {
		.step = why->step, .note = why->note, .note_zh = why->note_zh};
	struct task_held *task = customer_add_task(step->customer);
	task->def = (uint16_t)slot;
	task->state = TASK_OPEN;
	task->priority = (uint8_t)def->priority;
	task->created_at = task->clock_at = task->stepped_at = step->now;
	task->created_n = (uint16_t)order_number(step->customer, step->now);
	task->episode = customer_seen_cold(step->customer)->episode;
	text_set(&task->item, why->item);
	note_reasons(rules, task, why);
	task_route(step, def, task);
	step->tasks_made = true;
	care_due(step, task);
	task_tell(step, task, VERB_CREATED, why->alert, &said);
}

/* Within 14 days of done it reopens: its clocks begin anew, its steps go on where they are. */
static void
task_reopen(struct step *step, struct task_held *task, const struct task_reason *why)
{
	struct task_change said = {
		.step = why->step, .note = why->note, .note_zh = why->note_zh};
	task->state = TASK_OPEN;
	task->closed_at = task->acked_at = 0;
	task->clock_at = task->stepped_at = step->now;
	task->given_at = task->assignee.n ? step->now : 0;
	task->escalated = task->snooze_count = task->told = 0;
	text_set(&task->outcome, STR_NONE);
	note_reasons(step->engine->rules, task, why);
	step->tasks_made = true;
	care_due(step, task);
	task_tell(step, task, VERB_REOPENED, why->alert, &said);
}

/* A second order adds its reason and raises the priority. */
static void
task_add(struct step *step, struct task_held *task, const struct task_reason *why)
{
	unsigned before = task->rule_count;
	note_reasons(step->engine->rules, task, why);
	if (task->rule_count == before || !why->alert)
		return;
	if (task->priority < PRIORITY_URGENT)
		task->priority++;
	task_tell(step, task, VERB_ADDED, why->alert, NULL);
}

static void
task_order(struct step *step, unsigned slot, const struct task_reason *why)
{
	struct task_held *task = task_find(step->customer, slot, why->item);
	if (task && task_is_open(task))
		task_add(step, task, why);
	else if (task && task->state == TASK_DONE && step->now <= task->closed_at + TASK_REOPEN)
		task_reopen(step, task, why);
	else
		task_create(step, slot, why);
}

void
task_follow(struct step *step, unsigned slot, const struct task_reason *why)
{
	task_order(step, slot, why);
}

void
tasks_ordered_by(struct step *step, const struct alert *alert,
		 bool (*fits)(struct step *, const struct action *, const struct alert *))
{
	const struct ruleset *rules = step->engine->rules;
	struct task_reason why = {.alert = alert,
				  .item = alert->item ? alert->item->key : STR_NONE};
	for (unsigned i = 0; i < rules->action_count; i++) {
		const struct action *action = &rules->actions[i];
		if (action->task >= 0 && fits(step, action, alert))
			task_order(step, (unsigned)action->task, &why);
	}
}

static void
cancel(struct step *step, struct task_held *task, struct str note, struct str note_zh)
{
	struct task_change said = {.note = note, .note_zh = note_zh, .to = STR("cancelled")};
	task->stepped_at = NEVER;
	if (!task_is_open(task))
		return;
	said.from = str_of(task_state_name((enum task_state)task->state));
	task_close(step, task, TASK_CANCELLED);
	task_tell(step, task, VERB_CANCELLED, NULL, &said);
}

void
orders_cancel_tasks(struct step *step, struct str note, struct str note_zh)
{
	struct cold *cold = step->customer->cold;
	for (unsigned i = 0; cold && i < cold->task_count; i++)
		cancel(step, &cold->tasks[i], note, note_zh);
}

static bool
has_task(const struct ruleset *rules, uint32_t key)
{
	for (unsigned i = 0; i < rules->task_count; i++)
		if (rules->tasks[i].key == key)
			return true;
	return false;
}

void
orders_forget_tasks(struct step *step, const struct ruleset *to)
{
	struct cold *cold = step->customer->cold;
	for (unsigned i = 0; cold && i < cold->task_count; i++) {
		struct task_held *task = &cold->tasks[i];
		if (!has_task(to, step->engine->rules->tasks[task->def].key))
			cancel(step, task, STR("the rules have no such task any more"),
			       STR("规则中已没有这类任务"));
	}
}
