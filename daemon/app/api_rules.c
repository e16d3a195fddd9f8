/* SPDX-License-Identifier: Apache-2.0 */
/* The rules in force, their last changes, and how others are put in force. */
#include <stdlib.h>
#include <string.h>

#include "app/api_room.h"
#include "codec/alert_json.h"
#include "codec/event_fields.h"
#include "codec/json_parts.h"

/* --- what is known of them --- */

static void
key_text(struct json *json, const char *key, const char *text)
{
	json_key(json, key);
	json_text(json, text);
}

static void
change_json(struct json *json, const struct rule_change *change)
{
	char version[80];

	memcpy(version, "sha256:", 7);
	memcpy(version + 7, change->sha_hex, sizeof change->sha_hex);
	key_text(json, "rules_version", version);
	key_text(json, "by", change->by);
	key_text(json, "why", change->why);
}

void
api_rule_changes_json(struct ask *ask, const char *key)
{
	unsigned count;
	const struct rule_change *changes = live_rule_changes(ask->api->options.live, &count);

	json_key(&ask->json, key);
	json_open(&ask->json, '[');
	for (unsigned i = 0; i < count; i++) {
		json_open(&ask->json, '{');
		json_key(&ask->json, "at");
		json_instant(&ask->json, changes[i].at.ms);
		change_json(&ask->json, &changes[i]);
		json_close(&ask->json, '}');
	}
	json_close(&ask->json, ']');
}

void
api_rules_refused_json(struct ask *ask, const char *key)
{
	const struct reload *reload = ask->api->options.reload;

	json_key(&ask->json, key);
	if (reload == NULL || *reload_why(reload) == '\0') {
		json_none(&ask->json);
		return;
	}
	json_open(&ask->json, '{');
	json_key(&ask->json, "at");
	json_instant(&ask->json, reload_refused_at(reload));
	key_text(&ask->json, "why", reload_why(reload));
	json_close(&ask->json, '}');
}

static void
rule_json(struct json *json, const struct rule *rule)
{
	struct buf expr = {0};

	json_open(json, '{');
	json_key(json, "rule");
	json_str(json, rule->name);
	key_text(json, "category", category_name(rule->category));
	key_text(json, "mode", parts_mode(rule->mode));
	json_key(json, "points");
	if (rule->points_expr != NULL)
		json_none(json);
	else
		json_int(json, rule->points);
	if (rule->when != NULL) {
		expr_unparse(&expr, rule->when->root);
		json_key(json, "expr");
		json_str(json, buf_view(&expr));
	}
	json_close(json, '}');
	buf_finish(&expr);
}

void
api_rules(struct ask *ask)
{
	struct engine *engine = ask_engine(ask);
	const struct ruleset *rules;

	if (engine == NULL)
		return;
	rules = engine_rules(engine);
	json_open(&ask->json, '{');
	json_key(&ask->json, "name");
	json_str(&ask->json, rules->name);
	key_text(&ask->json, "sha256", rules->sha_hex);
	json_key(&ask->json, "rules");
	json_open(&ask->json, '[');
	for (unsigned i = 0; i < rules->rule_count; i++)
		rule_json(&ask->json, &rules->rules[i]);
	json_close(&ask->json, ']');
	api_rule_changes_json(ask, "changes");
	api_rules_refused_json(ask, "refused");
	json_close(&ask->json, '}');
	ask_answer(ask, 200);
}

/* --- a customer's time, with the changes of rules in it --- */

enum happening {
	HAPPENED_RULES,
	HAPPENED_RISK,
	HAPPENED_FIRED,
	HAPPENED_TAG,
	HAPPENED_STAGE,
	HAPPENED_TASK,
	HAPPENED_CLOSED
};

struct moment {
	int64_t at;
	enum happening what;
	union {
		const struct rule_change *change;
		const struct risk_point *risk;
		const struct rule_state *state;
		const struct tag_state *tag;
		const struct task_held *task;
	} of;
};

struct timeline {
	struct moment *list; /* in the arena */
	unsigned count;
};

static int
by_time(const void *a, const void *b)
{
	const struct moment *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return (int)x->what - (int)y->what;
}

static void
add(struct timeline *timeline, struct moment moment)
{
	timeline->list[timeline->count++] = moment;
}

/* Made, and closed for the last time. */
static void
gather_tasks(struct timeline *timeline, const struct cold *cold)
{
	for (unsigned i = 0; cold && i < cold->task_count; i++) {
		const struct task_held *task = &cold->tasks[i];

		add(timeline, (struct moment){task->created_at, HAPPENED_TASK, {.task = task}});
		if (task->state == TASK_DONE || task->state == TASK_CANCELLED)
			add(timeline,
			    (struct moment){task->closed_at, HAPPENED_CLOSED, {.task = task}});
	}
}

/* The risk at each day's close, where some rule reads risk_rise(); and since when what holds now does. */
static void
gather(struct timeline *timeline, const struct ruleset *rules, const struct customer *customer)
{
	const struct cold *cold = customer->cold;

	for (unsigned i = 0; cold && i < cold->risk_count; i++)
		add(timeline,
		    (struct moment){zone_day_start(rules->zone, cold->risks[i].day + 1),
				    HAPPENED_RISK,
				    {.risk = &cold->risks[i]}});
	for (unsigned i = 0; cold && i < cold->rule_count; i++)
		if (cold->rules[i].phase == PHASE_FIRING ||
		    cold->rules[i].phase == PHASE_CLEARING)
			add(timeline, (struct moment){cold->rules[i].fired_at,
						      HAPPENED_FIRED,
						      {.state = &cold->rules[i]}});
	for (unsigned i = 0; cold && i < cold->tag_count; i++)
		add(timeline, (struct moment){cold->tags[i].since_at,
					      HAPPENED_TAG,
					      {.tag = &cold->tags[i]}});
	if (customer->stage > 0)
		add(timeline, (struct moment){.at = customer_seen_cold(customer)->stage_at,
					      .what = HAPPENED_STAGE});
	gather_tasks(timeline, cold);
}

static void
task_moment_json(struct json *json, const struct ruleset *rules, const struct moment *moment)
{
	const struct task_held *task = moment->of.task;

	json_key(json, "task");
	json_str(json, rules->tasks[task->def].name);
	if (task->item.n > 0) {
		json_key(json, "item");
		json_str(json, task->item);
	}
	if (moment->what == HAPPENED_TASK)
		return;
	key_text(json, "state", task_state_name((enum task_state)task->state));
	if (task->outcome.n > 0) {
		json_key(json, "outcome");
		json_str(json, task->outcome);
	}
}

static void
moment_json(struct json *json, const struct ruleset *rules, const struct customer *customer,
	    const struct moment *moment)
{
	static const char *const types[] = {
		[HAPPENED_RULES] = "rules",  [HAPPENED_RISK] = "risk",
		[HAPPENED_FIRED] = "fired",  [HAPPENED_TAG] = "tag",
		[HAPPENED_STAGE] = "stage",  [HAPPENED_TASK] = "task",
		[HAPPENED_CLOSED] = "closed"};

	json_open(json, '{');
	key_text(json, "type", types[moment->what]);
	json_key(json, "at");
	json_instant(json, moment->at);
	switch (moment->what) {
	case HAPPENED_RULES:
		change_json(json, moment->of.change);
		break;
	case HAPPENED_RISK:
		json_key(json, "risk");
		json_int(json, moment->of.risk->risk);
		break;
	case HAPPENED_FIRED:
		json_key(json, "rule");
		json_str(json, rules->rules[moment->of.state->rule].name);
		break;
	case HAPPENED_TAG:
		json_key(json, "tag");
		json_str(json, moment->of.tag->name);
		break;
	case HAPPENED_STAGE:
		parts_stage(json, "stage", rules, customer->stage);
		break;
	case HAPPENED_TASK:
	case HAPPENED_CLOSED:
		task_moment_json(json, rules, moment);
		break;
	}
	json_close(json, '}');
}

static void
timeline_make(struct ask *ask, struct timeline *timeline, const struct ruleset *rules,
	      const struct customer *customer)
{
	const struct cold *cold = customer->cold;
	unsigned most = 1; /* the stage */
	const struct rule_change *changes;
	unsigned count;

	if (cold)
		most += (unsigned)(cold->risk_count + cold->rule_count + cold->tag_count +
				   2 * cold->task_count);
	changes = live_rule_changes(ask->api->options.live, &count);
	timeline->list = arena_array(ask->arena, most + count, sizeof *timeline->list);
	for (unsigned i = 0; i < count; i++)
		add(timeline,
		    (struct moment){changes[i].at.ms, HAPPENED_RULES, {.change = &changes[i]}});
	gather(timeline, rules, customer);
	qsort(timeline->list, timeline->count, sizeof *timeline->list, by_time);
}

void
api_timeline(struct ask *ask)
{
	struct engine *engine = ask_engine(ask);
	const struct customer *customer = engine ? api_find_customer(ask, engine) : NULL;
	struct timeline timeline = {NULL, 0};

	if (customer == NULL)
		return;
	timeline_make(ask, &timeline, engine_rules(engine), customer);
	json_open(&ask->json, '{');
	json_key(&ask->json, "customer");
	json_str(&ask->json, customer_id(customer));
	json_key(&ask->json, "at");
	json_instant(&ask->json, ask_now(ask));
	json_key(&ask->json, "timeline");
	json_open(&ask->json, '[');
	for (unsigned i = 0; i < timeline.count; i++)
		moment_json(&ask->json, engine_rules(engine), customer, &timeline.list[i]);
	json_close(&ask->json, ']');
	json_close(&ask->json, '}');
	ask_answer(ask, 200);
}

/* --- reload --- */

static void
answer_reloaded(struct ask *ask, bool changed)
{
	struct engine *engine = live_engine(ask->api->options.live);

	json_open(&ask->json, '{');
	json_key(&ask->json, "changed");
	json_bool(&ask->json, changed);
	key_text(&ask->json, "sha256", engine != NULL ? engine_rules(engine)->sha_hex : "");
	json_key(&ask->json, "rules");
	json_int(&ask->json, engine != NULL ? engine_rules(engine)->rule_count : 0);
	json_close(&ask->json, '}');
	ask_answer(ask, 200);
}

static void
on_reloaded(void *ctx, const struct live_outcome *outcome)
{
	struct ask *ask = ctx;

	ask->acts = false;
	switch (outcome->result) {
	case LIVE_APPLIED:
		answer_reloaded(ask, true);
		break;
	case LIVE_REJECTED:
		ask_fail(ask, 422, "rules_in_error", "%s", outcome->why);
		break;
	case LIVE_REFUSED:
	case LIVE_UNSURE:
		ask_fail_commit(ask, outcome);
		break;
	}
}

static bool
read_asked(struct ask *ask, struct reload_asked *asked)
{
	struct field fields[EVENT_MAX_FIELDS];
	unsigned count;

	if (!ask_body_fields(ask, fields, &count))
		return false;
	for (unsigned i = 0; i < count; i++) {
		bool by = str_is(fields[i].key, "by"), why = str_is(fields[i].key, "why");
		size_t most = by ? CHANGE_MAX_BY : CHANGE_MAX_WHY;

		if (!by && !why) {
			ask_fail(ask, 400, "bad_body", "the body has by and why, not \"%.*s\"",
				 STR_ARG(fields[i].key));
			return false;
		}
		if (fields[i].value.n > most || text_has_control(fields[i].value)) {
			ask_fail(ask, 400, "bad_body",
				 "%s has at most %zu bytes without control characters",
				 by ? "by" : "why", most);
			return false;
		}
		*(by ? &asked->by : &asked->why) = fields[i].value;
	}
	return true;
}

void
api_reload(struct ask *ask)
{
	struct reload *reload = ask->api->options.reload;
	struct reload_asked asked = {.fn = on_reloaded, .ctx = ask};

	if (ask_engine(ask) == NULL || !read_asked(ask, &asked))
		return;
	ask->acts = true;
	ask_wait(ask);
	switch (reload_rules(reload, &asked)) {
	case RELOAD_CHANGED: /* answered by on_reloaded, perhaps already */
		break;
	case RELOAD_SAME:
		answer_reloaded(ask, false);
		break;
	case RELOAD_REFUSED:
		ask_fail(ask, 422, "rules_in_error", "%s", reload_why(reload));
		break;
	}
}
