/* SPDX-License-Identifier: Apache-2.0 */
/* Writes alerts as the contract prints them. */
#include "codec/alert_json.h"

#include <assert.h>
#include <string.h>

#include "codec/json_parts.h"
#include "codec/stream_id.h"
#include "engine/guard.h"

#define TYPE_TEXT 64

static struct str
task_type(enum task_verb verb, char text[TYPE_TEXT])
{
	struct str begin = STR("task."), name = str_of(task_verb_name(verb));

	assert(begin.n + name.n <= TYPE_TEXT);
	memcpy(text, begin.p, begin.n);
	memcpy(text + begin.n, name.p, name.n);
	return (struct str){text, begin.n + name.n};
}

static struct str
type_of(const struct order *order, char text[TYPE_TEXT])
{
	switch (order->kind) {
	case ORDER_ALERT:
		return str_of(alert_type_name(order->u.alert.type));
	case ORDER_TASK:
		return task_type(order->u.task.verb, text);
	case ORDER_REJECT:
		return STR("rejected");
	}
	return STR_NONE;
}

struct str
alert_json_type(struct buf *scratch, const struct order *order)
{
	char text[TYPE_TEXT];
	struct str type = type_of(order, text);

	if (order->kind != ORDER_TASK)
		return type;
	buf_clear(scratch);
	buf_str(scratch, type);
	return buf_view(scratch);
}

/* What an alert and a task's alert say alike. */
struct envelope {
	const struct engine *engine;
	const struct order *order;
	const char *id, *key;
	int64_t at;
	unsigned level, previous_level, stage, previous_stage;
	int risk, previous_risk;
	uint32_t episode, seq; /* episode 0: healthy */
	bool closed;
	struct value value;
};

/* An id, or null where there is none. */
static void
put_id(struct json *json, const char *key, const char *text)
{
	json_key(json, key);
	if (*text)
		json_plain(json, str_of(text));
	else
		json_none(json);
}

static void
open_alert(struct json *json, const struct envelope *envelope)
{
	char text[TYPE_TEXT];

	json_open(json, '{');
	json_key(json, "type");
	json_plain(json, type_of(envelope->order, text));
	json_key(json, "id");
	json_plain(json, str_of(envelope->id));
	json_put_instant(json, "timestamp", envelope->at);
	json_put_int(json, "version", 1);
	json_key(json, "data");
	json_open(json, '{');
}

static void
put_standing(struct json *json, const struct envelope *envelope)
{
	const struct ruleset *rules = engine_rules(envelope->engine);

	json_put_str(json, "level", parts_level(rules, envelope->level));
	json_put_str(json, "previous_level", parts_level(rules, envelope->previous_level));
	json_put_int(json, "risk", envelope->risk);
	json_put_int(json, "previous_risk", envelope->previous_risk);
	json_put_int(json, "health", 100 - envelope->risk);
	parts_stage(json, "stage", rules, envelope->stage);
	if (envelope->stage != envelope->previous_stage)
		parts_stage(json, "previous_stage", rules, envelope->previous_stage);
	json_key(json, "episode");
	if (envelope->episode)
		json_int(json, envelope->episode);
	else
		json_none(json);
}

static void
put_cause(struct json *json, const struct envelope *envelope)
{
	char id[STREAM_ID_TEXT];

	stream_id_print(envelope->order->caused_by, id);
	json_put_int(json, "seq", envelope->seq);
	put_id(json, "key", envelope->key);
	json_key(json, "status");
	json_plain(json, envelope->closed ? STR("closed") : STR("open"));
	json_key(json, "cause");
	json_plain(json, str_of(cause_name(envelope->order->cause)));
	json_key(json, "caused_by");
	json_plain(json, str_of(id));
	json_key(json, "value");
	parts_value(json, envelope->value);
}

static void
put_rules_version(struct json *json, const struct ruleset *rules)
{
	char text[7 + sizeof rules->sha_hex] = "sha256:";

	memcpy(text + 7, rules->sha_hex, sizeof rules->sha_hex);
	json_key(json, "rules_version");
	json_plain(json, str_of(text));
}

static void
put_background(struct json *json, const struct envelope *envelope)
{
	const struct customer *customer = envelope->order->customer;

	parts_profile(json, envelope->engine, customer, ATTR_CUSTOMER_SINCE, false);
	parts_tags(json, customer);
	put_rules_version(json, engine_rules(envelope->engine));
}

/* rule.fired, rule.cleared: the rule's own words; it may be in no list of reasons. */
static void
put_rule(struct json *json, const struct ruleset *rules, const struct alert *alert)
{
	const struct rule *rule = &rules->rules[alert->rule];
	const struct reason *about = alert->about;

	json_put_str(json, "rule", rule->name);
	if (alert->item)
		json_put_str(json, "item", alert->item->key);
	json_put_int(json, "points", about ? about->points : 0);
	if (about) {
		parts_texts(json, "text", "texts", about->en, about->zh,
			    rule->reason.has_en && rule->reason.has_zh);
		parts_texts(json, "advice", "advices", about->advice_en, about->advice_zh,
			    rule->advice.has_en && rule->advice.has_zh);
		parts_evidence(json, rules, about);
	}
	json_put_int(json, "firing", alert->firing);
	if (alert->type == ALERT_RULE_CLEARED)
		put_id(json, "opened_by", alert->opened_by);
}

/* --- alerts that are about no customer --- */

/* "login from web" */
static void
print_feed(struct buf *out, const struct feed_news *news, bool zh)
{
	if (news->source.n && zh)
		buf_printf(out, "来自 %.*s 的 %.*s", STR_ARG(news->source),
			   STR_ARG(news->type));
	else if (news->source.n)
		buf_printf(out, "%.*s from %.*s", STR_ARG(news->type), STR_ARG(news->source));
	else
		buf_str(out, news->type);
}

static void
print_feed_text(struct buf *out, const struct alert *alert, bool zh)
{
	static const char *const words[2][4] = {
		{"feed ", " is silent", " is back",
		 " is watched no more: nothing is expected of it"},
		{"数据源 ", " 中断", " 恢复", " 不再受监视：已无预期数据量"},
	};
	const struct feed_news *news = alert->feed;
	const char *slot = zh ? (news->day ? "天" : "小时") : news->day ? "day" : "hour";
	unsigned what = news->given_up ? 3 : alert->type == ALERT_FEED_BACK ? 2 : 1;

	buf_text(out, words[zh][0]);
	print_feed(out, news, zh);
	buf_text(out, words[zh][what]);
	if (news->given_up)
		return;
	if (zh)
		buf_printf(out, "：最近 1 %s %lld 条事件，通常约 %.15g 条", slot,
			   (long long)news->volume, news->expected);
	else
		buf_printf(out, ": %lld events in the last %s, where %.15g are usual",
			   (long long)news->volume, slot, news->expected);
}

static void
put_feed(struct json *json, const struct alert *alert)
{
	const struct feed_news *news = alert->feed;
	struct buf en = {0}, zh = {0};

	json_put_str(json, "event_type", news->type);
	json_put_str(json, "source", news->source);
	json_put_instant(json, "from", news->from);
	json_put_instant(json, "to", news->to);
	json_put_str(json, "slot", news->day ? STR("day") : STR("hour"));
	json_put_int(json, "volume", news->volume);
	json_key(json, "expected");
	json_number(json, news->expected);
	print_feed_text(&en, alert, false);
	print_feed_text(&zh, alert, true);
	parts_texts(json, "text", "texts", buf_view(&en), buf_view(&zh), true);
	if (alert->type == ALERT_FEED_BACK) {
		put_id(json, "opened_by", news->opened_by);
		json_key(json, "given_up");
		json_bool(json, news->given_up);
	}
	buf_finish(&en);
	buf_finish(&zh);
}

static void
put_muted(struct json *json, const struct alert *alert)
{
	struct str rule = alert->muted_rule;
	struct buf en = {0}, zh = {0};

	json_put_str(json, "rule", rule);
	json_put_int(json, "muted", alert->muted);
	json_put_instant(json, "from", alert->hour_at);
	json_put_instant(json, "to", alert->hour_at + HOUR_MS);
	buf_printf(&en, "%u more alerts of %.*s in this hour were recorded and not sent",
		   (unsigned)alert->muted, STR_ARG(rule));
	buf_printf(&zh, "规则 %.*s 本小时另有 %u 条告警仅记录，未发送", STR_ARG(rule),
		   (unsigned)alert->muted);
	parts_texts(json, "text", "texts", buf_view(&en), buf_view(&zh), true);
	buf_finish(&en);
	buf_finish(&zh);
}

static void
notice_json(struct json *json, const struct envelope *envelope)
{
	const struct alert *alert = &envelope->order->u.alert;
	char id[STREAM_ID_TEXT];

	open_alert(json, envelope);
	json_put_str(json, "customer", STR(""));
	stream_id_print(envelope->order->caused_by, id);
	json_key(json, "cause");
	json_text(json, cause_name(envelope->order->cause));
	json_key(json, "caused_by");
	json_text(json, id);
	if (alert->feed)
		put_feed(json, alert);
	else
		put_muted(json, alert);
	put_rules_version(json, engine_rules(envelope->engine));
	json_close(json, '}');
	json_close(json, '}');
}

static void
put_previous_owner(struct json *json, const struct alert *alert)
{
	json_key(json, "previous_owner");
	if (alert->previous_owner.n > 0)
		json_str(json, alert->previous_owner);
	else
		json_none(json);
}

void
alert_json(struct buf *out, const struct engine *engine, const struct order *order)
{
	const struct alert *alert = &order->u.alert;
	struct envelope envelope = {
		.engine = engine,
		.order = order,
		.id = alert->id,
		.key = alert->key,
		.at = alert->at,
		.level = alert->level,
		.previous_level = alert->previous_level,
		.stage = alert->stage,
		.previous_stage = alert->type == ALERT_STAGE_CHANGED ? alert->previous_stage
								     : alert->stage,
		.risk = alert->risk,
		.previous_risk = alert->previous_risk,
		.episode = alert->episode,
		.seq = alert->seq,
		.closed = alert->closed,
		.value = alert->value,
	};
	struct json json;

	assert(order->kind == ORDER_ALERT);
	json_init(&json, out);
	if (!order->customer) {
		notice_json(&json, &envelope);
		return;
	}
	open_alert(&json, &envelope);
	parts_who(&json, engine, order->customer);
	put_standing(&json, &envelope);
	put_cause(&json, &envelope);
	parts_reasons(&json, engine_rules(engine), alert->reasons, alert->reason_count);
	put_background(&json, &envelope);
	if (alert->rule >= 0)
		put_rule(&json, engine_rules(engine), alert);
	if (alert->tag.n > 0)
		json_put_str(&json, "tag", alert->tag);
	if (alert->type == ALERT_OWNER_CHANGED)
		put_previous_owner(&json, alert);
	json_close(&json, '}');
	json_close(&json, '}');
}

/* --- tasks --- */

static void
put_given(struct json *json, const char *key, struct str text)
{
	if (text.n > 0)
		json_put_str(json, key, text);
}

static void
put_task(struct json *json, const struct ruleset *rules, const struct task_change *change)
{
	const struct task_held *task = change->task;
	const struct task_def *def = &rules->tasks[task->def];
	bool is_closed = task->state == TASK_DONE || task->state == TASK_CANCELLED;

	json_key(json, "task");
	json_open(json, '{');
	json_key(json, "id");
	json_plain(json, str_of(change->id));
	json_put_str(json, "task", def->name);
	parts_texts(json, "title", "titles", change->title_en, change->title_zh,
		    def->title.has_en && def->title.has_zh);
	json_put_str(json, "queue", task_queue(def, task));
	json_put_str(json, "priority", str_of(priority_name((enum priority)task->priority)));
	json_put_str(json, "assignee", task->assignee);
	put_given(json, "lender", task->lender);
	json_put_str(json, "state", str_of(task_state_name((enum task_state)task->state)));
	put_given(json, "item", task->item);
	parts_texts(json, "reasons", "reason_texts", change->reasons, change->reasons_zh, true);
	put_given(json, "rules", change->rules);
	put_id(json, "alert_id", change->alert_id);
	json_put_instant(json, "created_at", task->created_at);
	json_put_instant(json, "ack_by", change->ack_by);
	json_put_instant(json, "resolve_by", change->resolve_by);
	put_given(json, "sla_state", str_of(task_sla_state(def, task)));
	if (task->state == TASK_SNOOZED)
		json_put_instant(json, "snoozed_until", task_snoozed_until(task));
	if (change->step > 0)
		json_put_int(json, "step", change->step);
	json_put_instant(json, "closed_at", is_closed ? task->closed_at : NEVER);
	put_given(json, "outcome", task->outcome);
	put_given(json, "reason_code", change->reason_code);
	parts_texts(json, "note", "notes", change->note, change->note_zh,
		    change->note_zh.n > 0);
	put_given(json, "who", change->who);
	put_given(json, "from", change->from);
	put_given(json, "to", change->to);
	put_given(json, "external_id", task->external_id);
	json_close(json, '}');
}

void
task_alert_json(struct buf *out, const struct engine *engine, const struct order *order)
{
	const struct task_change *change = &order->u.task;
	const struct customer *customer = order->customer;
	bool is_ill = customer->flags & CUSTOMER_EPISODE;
	struct envelope envelope = {
		.engine = engine,
		.order = order,
		.id = change->notice_id,
		.key = change->key,
		.at = change->at,
		.level = customer->level,
		.previous_level = customer->level,
		.stage = customer->stage,
		.previous_stage = customer->stage,
		.risk = customer->risk,
		.previous_risk = customer->risk,
		.episode = is_ill ? customer_seen_cold(customer)->episode : 0,
		.seq = change->seq,
		.closed = !is_ill,
		.value = change->value,
	};
	struct json json;

	assert(order->kind == ORDER_TASK);
	json_init(&json, out);
	open_alert(&json, &envelope);
	parts_who(&json, engine, customer);
	put_standing(&json, &envelope);
	put_cause(&json, &envelope);
	put_task(&json, engine_rules(engine), change);
	put_background(&json, &envelope);
	json_close(&json, '}');
	json_close(&json, '}');
}
