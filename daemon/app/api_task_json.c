/* SPDX-License-Identifier: Apache-2.0 */
/* A task's hash, as it lies in Redis, to JSON. */
#include "app/api_room.h"
#include "base/number.h"
#include "codec/json_parts.h"
#include "engine/sla.h"

enum task_value { TASK_TEXT, TASK_INSTANT, TASK_NUMBER, TASK_LIST };

/* What is no text in the contract's list of fields. */
static const struct {
	const char *name;
	enum task_value kind;
} kinds[] = {
	{"created_at", TASK_INSTANT}, {"changed_at", TASK_INSTANT},
	{"ack_by", TASK_INSTANT},     {"acked_at", TASK_INSTANT},
	{"resolve_by", TASK_INSTANT}, {"snoozed_until", TASK_INSTANT},
	{"closed_at", TASK_INSTANT},  {"value", TASK_NUMBER},
	{"step", TASK_NUMBER},	      {"rules", TASK_LIST},
};

static enum task_value
kind_of(struct str name)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (str_is(name, kinds[i].name))
			return kinds[i].kind;
	}
	return TASK_TEXT;
}

static void
list_json(struct json *json, struct str text)
{
	json_open(json, '[');
	for (size_t from = 0; from < text.n;) {
		size_t to = from;

		while (to < text.n && text.p[to] != ',')
			to++;
		json_str(json, str_slice(text, from, to));
		from = to + 1;
	}
	json_close(json, ']');
}

static void
instant_json(struct json *json, struct str text)
{
	int64_t at;

	if (text.n > 0 && parse_int64(text, &at) && at > 0)
		json_instant(json, at);
	else
		json_none(json);
}

static void
number_json(struct json *json, struct str text)
{
	double number;

	if (text.n > 0 && parse_number(text, &number))
		json_number(json, number);
	else
		json_none(json);
}

/* --- as it is now --- */

static struct str
field_of(const struct reply *hash, const char *name)
{
	for (uint32_t i = 0; i + 1 < hash->count; i += 2)
		if (str_is(hash[1 + i].text, name))
			return hash[2 + i].text;
	return STR_NONE;
}

/* The open task of that customer's hash; NULL: it is not held. */
static const struct task_held *
held_of(const struct engine *engine, const struct customer *customer, const struct reply *hash)
{
	const struct cold *cold = customer ? customer->cold : NULL;
	struct str id = field_of(hash, "id");
	char text[ORDER_ID];
	int64_t created_at;

	if (!parse_int64(field_of(hash, "created_at"), &created_at))
		return NULL;
	for (unsigned i = 0; cold && i < cold->task_count; i++) {
		if (cold->tasks[i].created_at != created_at)
			continue; /* an id is work, and a customer may have hundreds */
		engine_task_id(engine, customer, &cold->tasks[i], text);
		if (str_is(id, text))
			return cold->tasks[i].state <= TASK_SNOOZED ? &cold->tasks[i] : NULL;
	}
	return NULL;
}

/* What an edit of the rules or time moves, and the hash shows as it was when the task last changed. */
static bool
moved_json(struct ask *ask, const struct customer *customer, const struct task_held *task,
	   struct str name)
{
	struct engine *engine = live_engine(ask->api->options.live);
	const struct ruleset *rules = engine_rules(engine);
	const struct task_def *def = &rules->tasks[task->def];
	struct json *json = &ask->json;

	if (str_is(name, "value"))
		parts_value(json, engine_value(engine, customer, ask_now(ask)));
	else if (str_is(name, "ack_by"))
		json_instant(json, sla_ack_at(rules, task, SLA_BREACHED));
	else if (str_is(name, "resolve_by"))
		json_instant(json, sla_resolve_at(rules, task, SLA_BREACHED));
	else if (str_is(name, "sla_state"))
		json_text(json, task_sla_state(def, task));
	else
		return false;
	return true;
}

/* As alerts say it: both languages, where the rule file gives both. */
static void
texts_json(struct json *json, const char *key, struct str en, struct str zh)
{
	if (zh.n == 0)
		return;
	json_key(json, key);
	json_open(json, '{');
	json_key(json, "en");
	json_str(json, en);
	json_key(json, "zh");
	json_str(json, zh);
	json_close(json, '}');
}

static bool
second_json(struct json *json, const struct reply *hash, struct str name, struct str value)
{
	if (str_is(name, "title_zh"))
		texts_json(json, "titles", field_of(hash, "title"), value);
	else if (str_is(name, "reasons_zh"))
		texts_json(json, "reason_texts", field_of(hash, "reasons"), value);
	else
		return false;
	return true;
}

static void
value_json(struct json *json, struct str name, struct str value)
{
	switch (kind_of(name)) {
	case TASK_TEXT:
		json_str(json, value);
		return;
	case TASK_INSTANT:
		instant_json(json, value);
		return;
	case TASK_NUMBER:
		number_json(json, value);
		return;
	case TASK_LIST:
		list_json(json, value);
		return;
	}
}

bool
api_task_json(struct ask *ask, const struct reply *hash)
{
	struct engine *engine = live_engine(ask->api->options.live);
	struct json *json = &ask->json;
	const struct customer *customer;
	const struct task_held *held;

	if (hash->type != REPLY_ARRAY || hash->count < 2)
		return false;
	customer = engine ? engine_find(engine, field_of(hash, "customer")) : NULL;
	held = held_of(engine, customer, hash);
	json_open(json, '{');
	for (uint32_t i = 0; i + 1 < hash->count; i += 2) {
		struct str name = hash[1 + i].text, value = hash[2 + i].text;

		if (second_json(json, hash, name, value))
			continue;
		json_key_str(json, name);
		if (!held || !moved_json(ask, customer, held, name))
			value_json(json, name, value);
	}
	json_close(json, '}');
	return true;
}
