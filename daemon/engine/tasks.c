/* SPDX-License-Identifier: Apache-2.0 */
/* Care tasks: one open task a customer and kind, ordered by alerts, worked on by people. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engine/core.h"

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

static void refuse(struct step *step, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void
refuse(struct step *step, const char *fmt, ...)
{
	char sentence[512];
	va_list args;
	va_start(args, fmt);
	vsnprintf(sentence, sizeof sentence, fmt, args);
	va_end(args);
	orders_reject(step->engine, step->customer, step->sink, sentence);
}

/* ---- telling of a change ---- */

static void
join(struct arena *arena, struct str *list, struct str more, const char *between)
{
	*list = list->n ? arena_printf(arena, "%.*s%s%.*s", STR_ARG(*list), between,
				       STR_ARG(more))
			: more;
}

static void
fill_reasons(struct step *step, const struct alert *alert, struct task_change *change)
{
	const struct rule *rules = step->engine->rules->rules;
	if (!alert)
		return;
	memcpy(change->alert_id, alert->id, ORDER_ID);
	for (unsigned i = 0; i < alert->reason_count; i++) {
		join(scratch(step), &change->reasons, alert->reasons[i].en, "; ");
		join(scratch(step), &change->rules, rules[alert->reasons[i].rule].name, ",");
	}
	if (alert->about && alert->about->points == 0) {
		join(scratch(step), &change->reasons, alert->about->en, "; ");
		join(scratch(step), &change->rules, rules[alert->rule].name, ",");
	}
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
	task->changed_at = step->now;
	change->verb = verb;
	change->task = task;
	change->at = step->now;
	name_task(rules, customer, task, change->id);
	step->look.key = task->item;
	change->title_en = reasons_text(&step->look, scratch(step), &def->title, false, false);
	change->title_zh = reasons_text(&step->look, scratch(step), &def->title, true, false);
	step->look.key = STR_NONE;
	fill_reasons(step, alert, change);
	if (customer->flags & CUSTOMER_EPISODE)
		name_episode(rules, customer, change->key);
	change->value = look_eval(&step->look, rules->value);
	change->ack_by = def->ack_within ? task->clock_at + def->ack_within : NEVER;
	change->resolve_by = def->resolve_within ? task->clock_at + def->resolve_within : NEVER;
	teams_note_task(step->engine, task);
	verdict_task(step, task, verb, change->who);
	struct happening what = {
		.type = arena_printf(scratch(step), "task.%s", task_verb_name(verb)),
		.customer = customer->id,
		.moved = def->name,
		.at = step->now,
		.n = order_number(customer, step->now)};
	name_make(change->notice_id, "al_", rules, &what);
	change->seq = ++customer->seq;
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

/* Why a task is ordered: by an alert, or by a step of another task. */
struct task_reason {
	const struct alert *alert; /* NULL: a step */
	struct str item;
	unsigned step; /* its number and 1 */
	struct str note;
};

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

/* The rule whose alert it is first. */
static void
note_reasons(const struct ruleset *rules, struct task_held *task, const struct alert *alert)
{
	if (!alert)
		return;
	if (alert->rule >= 0)
		note_rule(task, rules->rules[alert->rule].key);
	for (unsigned i = 0; i < alert->reason_count; i++)
		note_rule(task, rules->rules[alert->reasons[i].rule].key);
}

/* The first route whose condition is true says what differs from the task's own words. */
static void
task_route(struct step *step, const struct task_def *def, struct task_held *task)
{
	const struct assignment *assign = &def->assign;
	for (unsigned i = 0; i < def->route_count; i++) {
		const struct task_route *route = &def->routes[i];
		if (route->when && !value_is_true(look_eval(&step->look, route->when)))
			continue;
		text_set(&task->queue, route->queue);
		if (route->priority >= 0)
			task->priority = (uint8_t)route->priority;
		if (route->assigns)
			assign = &route->assign;
		break;
	}
	text_set(&task->assignee, teams_choose(step, assign, false));
}

static void
task_create(struct step *step, unsigned slot, const struct task_reason *why)
{
	const struct ruleset *rules = step->engine->rules;
	const struct task_def *def = &rules->tasks[slot];
	forget_old(rules, step->customer, step->now);
	if (customer_cold(step->customer)->task_count == CUSTOMER_MAX_TASKS) {
		refuse(step, "customer %.*s has %d open tasks; one more %.*s was not made",
		       STR_ARG(step->customer->id), CUSTOMER_MAX_TASKS, STR_ARG(def->name));
		return;
	}
	struct task_change said = {.step = why->step, .note = why->note};
	struct task_held *task = customer_add_task(step->customer);
	task->def = (uint16_t)slot;
	task->state = TASK_OPEN;
	task->priority = (uint8_t)def->priority;
	task->created_at = task->clock_at = task->stepped_at = step->now;
	task->created_n = (uint16_t)order_number(step->customer, step->now);
	task->episode = step->customer->episode;
	text_set(&task->item, why->item);
	note_reasons(rules, task, why->alert);
	task_route(step, def, task);
	step->tasks_made = true;
	care_due(step, task);
	task_tell(step, task, VERB_CREATED, why->alert, &said);
}

/* Within 14 days of done it reopens: its clocks begin anew, its steps go on where they are. */
static void
task_reopen(struct step *step, struct task_held *task, const struct task_reason *why)
{
	struct task_change said = {.step = why->step, .note = why->note};
	task->state = TASK_OPEN;
	task->closed_at = 0;
	task->clock_at = task->stepped_at = step->now;
	task->escalated = 0;
	text_set(&task->outcome, STR_NONE);
	note_reasons(step->engine->rules, task, why->alert);
	step->tasks_made = true;
	care_due(step, task);
	task_tell(step, task, VERB_REOPENED, why->alert, &said);
}

/* A second order adds its reason and raises the priority. */
static void
task_add(struct step *step, struct task_held *task, const struct alert *alert)
{
	unsigned before = task->rule_count;
	note_reasons(step->engine->rules, task, alert);
	if (task->rule_count == before)
		return;
	if (task->priority < PRIORITY_URGENT)
		task->priority++;
	task_tell(step, task, VERB_ADDED, alert, NULL);
}

static void
task_order(struct step *step, unsigned slot, const struct task_reason *why)
{
	struct task_held *task = task_find(step->customer, slot, why->item);
	if (task && task_is_open(task))
		task_add(step, task, why->alert);
	else if (task && task->state == TASK_DONE && step->now <= task->closed_at + TASK_REOPEN)
		task_reopen(step, task, why);
	else
		task_create(step, slot, why);
}

void
task_follow(struct step *step, unsigned slot, struct str item, unsigned number, struct str note)
{
	task_order(step, slot,
		   &(struct task_reason){.item = item, .step = number, .note = note});
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

void
orders_cancel_tasks(struct step *step, const char *note)
{
	struct cold *cold = step->customer->cold;
	for (unsigned i = 0; cold && i < cold->task_count; i++) {
		struct task_held *task = &cold->tasks[i];
		task->stepped_at = NEVER;
		if (!task_is_open(task))
			continue;
		struct task_change said = {.note = str_of(note),
					   .from = str_of(task_state_name(task->state)),
					   .to = STR("cancelled")};
		task->state = TASK_CANCELLED;
		task->closed_at = step->now;
		task_tell(step, task, VERB_CANCELLED, NULL, &said);
	}
}

/* ---- people's acts ---- */

static struct task_held *
task_of_id(struct step *step, struct str id)
{
	struct cold *cold = step->customer->cold;
	for (unsigned i = 0; cold && i < cold->task_count; i++) {
		char name[ORDER_ID];
		name_task(step->engine->rules, step->customer, &cold->tasks[i], name);
		if (str_is(id, name))
			return &cold->tasks[i];
	}
	return NULL;
}

static void
act_claim(struct step *step, struct task_held *task, struct task_change *said)
{
	if (said->who.n == 0) {
		refuse(step, "to claim a task, say who: field who is missing");
		return;
	}
	if (task->state == TASK_CLAIMED && !str_eq(task->assignee, said->who)) {
		refuse(step, "conflict: the task is already claimed by %.*s",
		       STR_ARG(task->assignee));
		return;
	}
	said->from = arena_str(scratch(step), task->assignee);
	said->to = said->who;
	text_set(&task->assignee, said->who);
	task->state = TASK_CLAIMED;
	task_tell(step, task, VERB_CLAIMED, NULL, said);
}

static bool
outcome_known(struct str outcome)
{
	static const char *const known[] = {"saved", "churned", "false_alarm", "no_answer",
					    "other"};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (str_is(outcome, known[i]))
			return true;
	return false;
}

static void
act_done(struct step *step, struct task_held *task, struct task_change *said)
{
	if (said->outcome.n == 0)
		said->outcome = STR("other");
	if (!outcome_known(said->outcome)) {
		refuse(step,
		       "outcome \"%.*s\" is none of saved, churned, false_alarm, no_answer, other",
		       STR_ARG(said->outcome));
		return;
	}
	said->from = str_of(task_state_name(task->state));
	said->to = STR("done");
	task->state = TASK_DONE;
	task->closed_at = step->now;
	text_set(&task->outcome, said->outcome);
	task_tell(step, task, VERB_DONE, NULL, said);
}

static void
act_cancel(struct step *step, struct task_held *task, struct task_change *said)
{
	said->from = str_of(task_state_name(task->state));
	said->to = STR("cancelled");
	task->state = TASK_CANCELLED;
	task->closed_at = step->now;
	task_tell(step, task, VERB_CANCELLED, NULL, said);
}

static const struct act {
	const char *verb;
	void (*act)(struct step *, struct task_held *, struct task_change *);
} acts[] = {
	{"claim", act_claim},
	{"done", act_done},
	{"cancel", act_cancel},
};

void
orders_task_act(struct step *step)
{
	const struct entry *entry = step->entry;
	struct str verb = entry_attribute(entry, STR("verb")),
		   id = entry_attribute(entry, STR("task"));
	struct task_change said = {
		.who = entry_attribute(entry, STR("who")),
		.note = entry_attribute(entry, STR("note")),
		.outcome = entry_attribute(entry, STR("outcome")),
		.reason_code = entry_attribute(entry, STR("reason_code")),
	};
	const struct act *act = NULL;
	for (size_t i = 0; i < sizeof acts / sizeof *acts; i++)
		if (str_is(verb, acts[i].verb))
			act = &acts[i];
	if (!act) {
		refuse(step, "unknown task verb \"%.*s\"; known are claim, done, cancel",
		       STR_ARG(verb));
		return;
	}
	struct task_held *task = task_of_id(step, id);
	if (!task)
		refuse(step, "customer %.*s has no task %.*s", STR_ARG(step->customer->id),
		       STR_ARG(id));
	else if (!task_is_open(task))
		refuse(step, "conflict: the task is already %s", task_state_name(task->state));
	else
		act->act(step, task, &said);
}
