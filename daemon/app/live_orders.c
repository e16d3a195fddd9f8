/* SPDX-License-Identifier: Apache-2.0 */
/* Orders into the commands of the coming commit: alerts, care tasks, rejected entries. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/live_room.h"
#include "base/json.h"
#include "codec/alert_json.h"
#include "codec/resp.h"
#include "codec/stream_id.h"

#define TASK_FIELDS 40
#define REJECT_FIELDS 64      /* of an entry that are kept in its rejection */
#define REJECT_FIELD_MAX 4096 /* bytes of each */

static void
pair_text(struct buf *out, const char *key, const char *value)
{
	resp_text(out, key);
	resp_text(out, value);
}

static void
pair_str(struct buf *out, const char *key, struct str value)
{
	resp_text(out, key);
	resp_arg(out, value);
}

static void
pair_int(struct buf *out, const char *key, int64_t value)
{
	resp_text(out, key);
	resp_int(out, value);
}

/* ---- alerts ---- */

struct alert_entry {
	struct stream_id caused_by;
	const char *id;
	struct str type, customer;
	int64_t at;
	struct str to; /* names, "," between */
	struct str body;
};

static void
alert_add(struct live *live, const struct alert_entry *alert)
{
	char entry_id[STREAM_ID_TEXT];
	struct buf *out;

	live->adding_alerts = true;
	if (!live_output_id(live, OUTPUT_ALERTS, alert->caused_by, entry_id))
		return;
	out = store_add_command(live->store, 3 + 2 * 6);
	resp_text(out, "XADD");
	resp_arg(out, live->alerts);
	resp_text(out, entry_id);
	pair_text(out, "id", alert->id);
	pair_str(out, "type", alert->type);
	pair_str(out, "customer", alert->customer);
	pair_int(out, "at", alert->at);
	pair_str(out, "to", alert->to);
	pair_str(out, "body", alert->body);
	live->count.alerts++;
}

/* Names, "," between. */
static void
put_endpoints(struct buf *out, const struct str *names, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (i > 0)
			buf_char(out, ',');
		buf_str(out, names[i]);
	}
}

static void
order_alert(struct live *live, const struct order *order)
{
	const struct alert *alert = &order->u.alert;
	struct buf to = {0}, type = {0};

	put_endpoints(&to, alert->to, alert->to_count);
	buf_clear(&live->body);
	alert_json(&live->body, live->engine, order);
	alert_add(live,
		  &(struct alert_entry){
			  .caused_by = order->caused_by,
			  .id = alert->id,
			  .type = alert_json_type(&type, order),
			  .customer = order->customer != NULL ? customer_id(order->customer)
							      : STR_NONE,
			  .at = alert->at,
			  .to = buf_view(&to),
			  .body = buf_view(&live->body),
		  });
	buf_finish(&to);
	buf_finish(&type);
}

/* ---- tasks ---- */

static struct str
task_key(struct live *live, const char *id)
{
	buf_clear(&live->scratch);
	buf_str(&live->scratch, live->options.config->prefix);
	buf_printf(&live->scratch, "task:%s", id);
	return buf_view(&live->scratch);
}

static void
task_hash_add(struct live *live, const struct order *order)
{
	struct field fields[TASK_FIELDS];
	struct arena arena;
	struct buf *out;
	unsigned count;

	arena_init(&arena);
	count = task_fields(&arena, live->engine, order, fields, TASK_FIELDS);
	out = store_add_command(live->store, 2 + 2 * (size_t)count);
	resp_text(out, "HSET");
	resp_arg(out, task_key(live, order->u.task.id));
	for (unsigned i = 0; i < count; i++) {
		resp_arg(out, fields[i].key);
		resp_arg(out, fields[i].value);
	}
	arena_finish(&arena);
}

/* A closed task's hash goes when its entries go; one that is open again stays. */
static void
task_expiry_add(struct live *live, const struct task_change *change)
{
	enum task_state state = (enum task_state)change->task->state;
	bool closed = state == TASK_DONE || state == TASK_CANCELLED;
	struct buf *out;

	if (!closed && change->verb != VERB_REOPENED)
		return;
	out = store_add_command(live->store, closed ? 3 : 2);
	resp_text(out, closed ? "PEXPIRE" : "PERSIST");
	resp_arg(out, task_key(live, change->id));
	if (closed)
		resp_int(out, live->options.config->keep_output);
}

static void
task_entry_add(struct live *live, const struct order *order)
{
	const struct task_change *change = &order->u.task;
	const struct ruleset *rules = engine_rules(live->engine);
	char entry_id[STREAM_ID_TEXT];
	struct buf *out;

	if (!live_output_id(live, OUTPUT_TASKS, order->caused_by, entry_id))
		return;
	out = store_add_command(live->store, 3 + 2 * 14);
	resp_text(out, "XADD");
	resp_arg(out, live->tasks);
	resp_text(out, entry_id);
	pair_text(out, "id", change->id);
	pair_str(out, "task", rules->tasks[change->task->def].name);
	pair_str(out, "customer", customer_id(order->customer));
	pair_text(out, "verb", task_verb_name(change->verb));
	pair_text(out, "state", task_state_name((enum task_state)change->task->state));
	pair_int(out, "at", change->at);
	pair_str(out, "who", change->who);
	pair_str(out, "from", change->from);
	pair_str(out, "to", change->to);
	pair_str(out, "note", change->note);
	pair_str(out, "outcome", change->outcome);
	pair_str(out, "reason_code", change->reason_code);
	pair_str(out, "external_id", change->external_id);
	pair_text(out, "alert_id", change->alert_id);
}

static void
order_task(struct live *live, const struct order *order)
{
	struct buf type = {0}, to = {0};

	put_endpoints(&to, order->u.task.endpoints, order->u.task.endpoint_count);
	task_hash_add(live, order);
	task_expiry_add(live, &order->u.task);
	task_entry_add(live, order);
	buf_clear(&live->body);
	task_alert_json(&live->body, live->engine, order);
	alert_add(live, &(struct alert_entry){
				.caused_by = order->caused_by,
				.id = order->u.task.notice_id,
				.type = alert_json_type(&type, order),
				.customer = customer_id(order->customer),
				.at = order->u.task.at,
				.to = buf_view(&to),
				.body = buf_view(&live->body),
			});
	buf_finish(&to);
	buf_finish(&type);
	live->count.tasks++;
}

/* ---- rejects ---- */

static struct str
cut(struct str text)
{
	return str_slice(text, 0, utf8_cut(text, REJECT_FIELD_MAX));
}

/* The entry's fields as one JSON object. */
static void
fields_json(struct buf *out, const struct reply *item)
{
	const struct reply *list = item + 2;
	struct json json;

	json_init(&json, out);
	json_open(&json, '{');
	for (uint32_t i = 0; i + 1 < list->count && i < 2 * REJECT_FIELDS; i += 2) {
		json_key_str(&json, cut(list[1 + i].text));
		json_str(&json, cut(list[2 + i].text));
	}
	json_close(&json, '}');
}

void
live_reject(struct live *live, struct stream_id id, const struct reply *item,
	    const char *sentence)
{
	char text[STREAM_ID_TEXT], entry_id[STREAM_ID_TEXT];
	struct buf *out;

	live->count.rejected++;
	live_append_noted(live, id, sentence);
	if (!live_output_id(live, OUTPUT_REJECTED, id, entry_id))
		return;
	out = store_add_command(live->store, 3 + 2 * 3);
	stream_id_print(id, text);
	buf_clear(&live->body);
	if (item != NULL)
		fields_json(&live->body, item);
	resp_text(out, "XADD");
	resp_arg(out, live->rejected);
	resp_text(out, entry_id);
	pair_text(out, "id", text);
	pair_text(out, "error", sentence);
	pair_str(out, "fields", buf_view(&live->body));
}

/* The entry of the chunk at work with this id. */
static const struct reply *
item_find(const struct live *live, struct stream_id id)
{
	for (unsigned i = 0; i < live->entry_count; i++)
		if (stream_id_cmp(live->entries[i].id, id) == 0)
			return live->items[i];
	return NULL;
}

void
live_order(void *ctx, const struct order *order)
{
	struct live *live = ctx;
	char sentence[512];

	switch (order->kind) {
	case ORDER_ALERT:
		order_alert(live, order);
		break;
	case ORDER_TASK:
		order_task(live, order);
		break;
	case ORDER_REJECT:
		snprintf(sentence, sizeof sentence, "%.*s", STR_ARG(order->u.reject));
		live_reject(live, order->caused_by, item_find(live, order->caused_by),
			    sentence);
		break;
	}
}
