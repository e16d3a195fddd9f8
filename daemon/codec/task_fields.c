/* SPDX-License-Identifier: Apache-2.0 */
/* A task as the fields of its hash in Redis. */
#include <assert.h>
#include <inttypes.h>

#include "base/number.h"
#include "codec/alert_json.h"

struct maker {
	struct arena *arena;
	struct field *fields;
	unsigned count, max;
};

static void
put(struct maker *maker, const char *key, struct str value)
{
	assert(maker->count < maker->max);
	maker->fields[maker->count++] = (struct field){str_of(key), value};
}

/* What only some changes know stays as an earlier one wrote it. */
static void
put_given(struct maker *maker, const char *key, struct str value)
{
	if (value.n > 0)
		put(maker, key, value);
}

/* ms since the epoch; empty when there is no such instant. */
static void
put_at(struct maker *maker, const char *key, int64_t at)
{
	put(maker, key, at == NEVER ? STR_NONE : arena_printf(maker->arena, "%" PRId64, at));
}

static void
put_value(struct maker *maker, const char *key, struct value value)
{
	struct buf text = {0};

	if (value.known)
		buf_number(&text, value_as_number(value));
	put(maker, key, arena_str(maker->arena, buf_view(&text)));
	buf_finish(&text);
}

static struct str
profile_text(const struct engine *engine, const struct customer *customer, unsigned slot)
{
	struct value value = engine_profile(engine, customer, slot);

	return value.known ? value.u.s : STR_NONE;
}

/* In Chinese too, where the rule file gives both. */
static struct str
second_title(const struct task_def *def, const struct task_change *change)
{
	bool both = def->title.has_en && def->title.has_zh;

	return both && !str_eq(change->title_en, change->title_zh) ? change->title_zh
								   : STR_NONE;
}

static void
put_reasons(struct maker *maker, const struct task_change *change)
{
	bool differ = !str_eq(change->reasons, change->reasons_zh);

	if (change->reasons.n == 0)
		return;
	put(maker, "reasons", change->reasons);
	put(maker, "reasons_zh", differ ? change->reasons_zh : STR_NONE);
}

/* Why it was done last time is not why it is open again. */
static void
put_why(struct maker *maker, const struct task_change *change)
{
	if (change->verb == VERB_REOPENED)
		put(maker, "reason_code", STR_NONE);
	else
		put_given(maker, "reason_code", change->reason_code);
}

unsigned
task_fields(struct arena *arena, const struct engine *engine, const struct order *order,
	    struct field *fields, unsigned max)
{
	const struct task_change *change = &order->u.task;
	const struct task_held *task = change->task;
	const struct task_def *def = &engine_rules(engine)->tasks[task->def];
	bool is_closed = task->state == TASK_DONE || task->state == TASK_CANCELLED;
	struct maker maker = {arena, fields, 0, max};

	put(&maker, "id", arena_str(arena, str_of(change->id)));
	put(&maker, "task", def->name);
	put(&maker, "customer", customer_id(order->customer));
	put(&maker, "name", profile_text(engine, order->customer, ATTR_NAME));
	put(&maker, "title", change->title_en.n > 0 ? change->title_en : change->title_zh);
	put(&maker, "title_zh", second_title(def, change));
	put(&maker, "queue", task_queue(def, task));
	put(&maker, "priority", str_of(priority_name((enum priority)task->priority)));
	put(&maker, "assignee", task->assignee);
	put(&maker, "state", str_of(task_state_name((enum task_state)task->state)));
	put_given(&maker, "item", task->item);
	put_reasons(&maker, change);
	put_given(&maker, "rules", change->rules);
	put_why(&maker, change);
	put_value(&maker, "value", change->value);
	put_given(&maker, "alert_id", arena_str(arena, str_of(change->alert_id)));
	put_given(&maker, "key", arena_str(arena, str_of(change->key)));
	put_at(&maker, "created_at", task->created_at);
	put_at(&maker, "changed_at", change->at);
	put_at(&maker, "ack_by", change->ack_by);
	put_at(&maker, "resolve_by", change->resolve_by);
	put_at(&maker, "acked_at", task->acked_at ? task->acked_at : NEVER);
	put(&maker, "sla_state", str_of(task_sla_state(def, task)));
	put_at(&maker, "snoozed_until", task_snoozed_until(task));
	put(&maker, "lender", task->lender);
	if (change->step > 0)
		put(&maker, "step", arena_printf(arena, "%u", change->step));
	put_at(&maker, "closed_at", is_closed ? task->closed_at : NEVER);
	put(&maker, "outcome", task->outcome);
	put_given(&maker, "note", change->note);
	put_given(&maker, "external_id", task->external_id);
	return maker.count;
}
