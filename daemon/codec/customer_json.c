/* SPDX-License-Identifier: Apache-2.0 */
/* Writes what is known of a customer, for those who look after it. */
#include "codec/alert_json.h"
#include "codec/json_parts.h"
#include "engine/sla.h"
#include "engine/items.h"
#include "engine/members.h"

static void
put_standing(struct json *json, struct engine *engine, const struct customer *customer,
	     int64_t now)
{
	parts_who(json, engine, customer);
	json_put_str(json, "level", parts_level(engine_rules(engine), customer->level));
	json_put_int(json, "risk", customer->risk);
	json_put_int(json, "health", 100 - customer->risk);
	parts_stage(json, "stage", engine_rules(engine), customer->stage);
	json_key(json, "value");
	parts_value(json, engine_value(engine, customer, now));
}

static void
put_episode(struct json *json, const struct engine *engine, const struct customer *customer)
{
	bool is_ill = customer->flags & CUSTOMER_EPISODE;
	char key[ORDER_ID];

	json_key(json, "episode");
	if (!is_ill) {
		json_none(json);
		return;
	}
	json_open(json, '{');
	json_put_int(json, "number", customer_seen_cold(customer)->episode);
	engine_episode_key(engine, customer, key);
	json_put_str(json, "key", str_of(key));
	parts_at(json, "since", customer_seen_cold(customer)->episode_at);
	json_close(json, '}');
}

static void
put_reasons(struct json *json, struct engine *engine, const struct customer *customer,
	    int64_t now, bool in_short)
{
	const struct ruleset *rules = engine_rules(engine);
	const struct reason *reasons;
	struct arena arena;
	unsigned count;

	arena_init(&arena);
	count = engine_reasons(engine, customer, now, &arena, &reasons);
	if (!in_short) {
		parts_reasons(json, rules, reasons, count);
	} else {
		json_key(json, "reasons");
		json_open(json, '[');
		for (unsigned i = 0; i < count; i++) {
			parts_reason_open(json, rules, &reasons[i]);
			json_close(json, '}');
		}
		json_close(json, ']');
	}
	arena_finish(&arena);
}

/* --- parts of the whole --- */

static void
put_window(struct json *json, const struct engine *engine, const struct customer *customer,
	   unsigned slot, int days)
{
	bool has_sum = engine_rules(engine)->signals[slot].kind == SIGNAL_SUM;
	struct buf key = {0};
	int64_t events, last_at;
	double sum;

	if (!engine_signal(engine, customer, slot, days, &events, &sum, &last_at))
		return;
	buf_printf(&key, "events_%dd", days);
	json_key_str(json, buf_view(&key));
	json_int(json, events);
	if (has_sum) {
		buf_clear(&key);
		buf_printf(&key, "sum_%dd", days);
		json_key_str(json, buf_view(&key));
		json_number(json, sum);
	}
	buf_finish(&key);
}

static void
put_signal(struct json *json, const struct engine *engine, const struct customer *customer,
	   unsigned slot)
{
	const struct signal *signal = &engine_rules(engine)->signals[slot];
	struct track track;

	if (signal->hidden || !track_get(&customer->tracks, slot, false, signal->kind, &track))
		return;
	json_open(json, '{');
	json_put_str(json, "signal", signal->name);
	parts_at(json, "last_at", track.last_at);
	if (signal->kind == SIGNAL_LAST) {
		json_key(json, "value");
		json_number(json, track.u.value);
	}
	put_window(json, engine, customer, slot, 7);
	put_window(json, engine, customer, slot, 28);
	put_window(json, engine, customer, slot, 91);
	json_put_int(json, "active_days", track.life_days);
	json_close(json, '}');
}

static void
put_signals(struct json *json, const struct engine *engine, const struct customer *customer)
{
	json_key(json, "signals");
	json_open(json, '[');
	for (unsigned slot = 0; slot < engine_rules(engine)->signal_count; slot++)
		put_signal(json, engine, customer, slot);
	json_close(json, ']');
}

static void
put_rule(struct json *json, const struct ruleset *rules, const struct rule_state *state,
	 const struct item *item)
{
	if (state->phase == PHASE_IDLE && state->announced_at == 0)
		return;
	json_open(json, '{');
	json_put_str(json, "rule", rules->rules[state->rule].name);
	if (item)
		json_put_str(json, "item", item->key);
	json_put_str(json, "state", str_of(parts_phase(state)));
	parts_at(json, "since", state->phase == PHASE_IDLE ? NEVER : state->since_at);
	parts_at(json, "fired_at", state->fired_at);
	parts_at(json, "announced_at", state->announced_at);
	json_put_int(json, "firing", state->firing);
	json_close(json, '}');
}

static void
put_rules(struct json *json, const struct ruleset *rules, const struct customer *customer)
{
	struct state_walk walk = {0};
	const struct rule_state *state;
	struct item *item;

	json_key(json, "rules");
	json_open(json, '[');
	while ((state = state_next(customer, &walk, &item)))
		put_rule(json, rules, state, item);
	json_close(json, ']');
}

static void
put_kept(struct json *json, const struct item_def *def, const struct item *item)
{
	for (unsigned i = 0; i < def->kept_count; i++) {
		if (item->kept[i].n == 0)
			continue;
		json_key_str(json, def->kept[i]);
		json_str(json, item->kept[i]);
	}
}

static void
put_item(struct json *json, const struct ruleset *rules, const struct item *item)
{
	const struct item_def *def = &rules->items[item->def];
	struct value due = item_due(rules, item);

	json_open(json, '{');
	json_put_str(json, "items", def->name);
	json_put_str(json, "key", item->key);
	parts_at(json, "opened_at", item->opened_at);
	if (due.known) {
		json_key(json, "due");
		parts_value(json, due);
	}
	json_key(json, "kept");
	json_open(json, '{');
	put_kept(json, def, item);
	json_close(json, '}');
	json_close(json, '}');
}

/* Those that are open. */
static void
put_items(struct json *json, const struct ruleset *rules, const struct customer *customer)
{
	const struct cold *cold = customer->cold;

	json_key(json, "items");
	json_open(json, '[');
	for (unsigned i = 0; cold && i < cold->item_count; i++)
		if (item_is_open(&cold->items[i]))
			put_item(json, rules, &cold->items[i]);
	json_close(json, ']');
}

static void
put_tags(struct json *json, const struct customer *customer)
{
	const struct cold *cold = customer->cold;

	json_key(json, "tags");
	json_open(json, '[');
	for (unsigned i = 0; cold && i < cold->tag_count; i++) {
		json_open(json, '{');
		json_put_str(json, "tag", cold->tags[i].name);
		json_key(json, "by");
		json_text(json, cold->tags[i].by == TAG_BY_HAND	  ? "hand"
				: cold->tags[i].by == TAG_BY_RULE ? "rule"
								  : "both");
		parts_at(json, "since", cold->tags[i].since_at);
		parts_at(json, "expires", cold->tags[i].expires_at);
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void
put_task(struct json *json, const struct engine *engine, const struct customer *customer,
	 const struct task_held *task)
{
	const struct ruleset *rules = engine_rules(engine);
	const struct task_def *def = &rules->tasks[task->def];
	bool is_closed = task->state == TASK_DONE || task->state == TASK_CANCELLED;
	char id[ORDER_ID];

	engine_task_id(engine, customer, task, id);
	json_open(json, '{');
	json_put_str(json, "id", str_of(id));
	json_put_str(json, "task", def->name);
	json_put_str(json, "state", str_of(task_state_name((enum task_state)task->state)));
	json_put_str(json, "priority", str_of(priority_name((enum priority)task->priority)));
	json_put_str(json, "queue", task_queue(def, task));
	json_put_str(json, "assignee", task->assignee);
	if (task->lender.n > 0)
		json_put_str(json, "lender", task->lender);
	if (task->item.n > 0)
		json_put_str(json, "item", task->item);
	parts_at(json, "created_at", task->created_at);
	parts_at(json, "changed_at", task->changed_at);
	parts_at(json, "ack_by", sla_ack_at(rules, task, SLA_BREACHED));
	parts_at(json, "resolve_by", sla_resolve_at(rules, task, SLA_BREACHED));
	json_put_str(json, "sla_state", str_of(task_sla_state(def, task)));
	parts_at(json, "snoozed_until", task_snoozed_until(task));
	parts_at(json, "closed_at", is_closed ? task->closed_at : NEVER);
	if (task->outcome.n > 0)
		json_put_str(json, "outcome", task->outcome);
	json_close(json, '}');
}

static void
put_tasks(struct json *json, const struct engine *engine, const struct customer *customer)
{
	const struct cold *cold = customer->cold;

	json_key(json, "tasks");
	json_open(json, '[');
	for (unsigned i = 0; cold && i < cold->task_count; i++)
		put_task(json, engine, customer, &cold->tasks[i]);
	json_close(json, ']');
}

void
customer_json(struct buf *out, struct engine *engine, const struct customer *customer,
	      int64_t now)
{
	struct json json;

	json_init(&json, out);
	json_open(&json, '{');
	put_standing(&json, engine, customer, now);
	parts_at(&json, "at", now);
	parts_at(&json, "stage_since",
		 customer->stage ? customer_seen_cold(customer)->stage_at : NEVER);
	put_episode(&json, engine, customer);
	json_put_int(&json, "seq", customer_seen_cold(customer)->seq);
	parts_at(&json, "first_seen", customer->first_seen_at);
	parts_at(&json, "last_entry", customer->event_at);
	json_key(&json, "rests");
	json_bool(&json, customer->flags & CUSTOMER_RESTS);
	json_key(&json, "backfilling");
	json_bool(&json, customer->flags & CUSTOMER_QUIET);
	put_reasons(&json, engine, customer, now, false);
	parts_profile(&json, engine, customer, 0, true);
	put_tags(&json, customer);
	put_signals(&json, engine, customer);
	if (engine_rules(engine)->members.given)
		json_put_int(&json, "members", members_count(customer));
	if (engine_rules(engine)->item_count > 0)
		put_items(&json, engine_rules(engine), customer);
	put_rules(&json, engine_rules(engine), customer);
	put_tasks(&json, engine, customer);
	json_close(&json, '}');
}

static int64_t
count_open_tasks(const struct customer *customer)
{
	const struct cold *cold = customer->cold;
	int64_t count = 0;

	for (unsigned i = 0; cold && i < cold->task_count; i++)
		count += cold->tasks[i].state != TASK_DONE &&
			 cold->tasks[i].state != TASK_CANCELLED;
	return count;
}

void
customer_line_json(struct buf *out, struct engine *engine, const struct customer *customer,
		   int64_t now)
{
	struct json json;

	json_init(&json, out);
	json_open(&json, '{');
	put_standing(&json, engine, customer, now);
	parts_at(&json, "since",
		 customer->flags & CUSTOMER_EPISODE ? customer_seen_cold(customer)->episode_at
						    : NEVER);
	parts_at(&json, "last_entry", customer->event_at);
	put_reasons(&json, engine, customer, now, true);
	parts_tags(&json, customer);
	json_put_int(&json, "open_tasks", count_open_tasks(customer));
	json_close(&json, '}');
}
