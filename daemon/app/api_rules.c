/* SPDX-License-Identifier: Apache-2.0 */
/* The rules in force, their last changes, and how others are put in force. */
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
	json_key(json, "at");
	json_instant(json, change->at.ms);
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

void
api_timeline(struct ask *ask)
{
	struct engine *engine = ask_engine(ask);
	const struct customer *customer = engine ? api_find_customer(ask, engine) : NULL;
	const struct rule_change *changes;
	unsigned count;

	if (customer == NULL)
		return;
	changes = live_rule_changes(ask->api->options.live, &count);
	json_open(&ask->json, '{');
	json_key(&ask->json, "customer");
	json_str(&ask->json, customer->id);
	json_key(&ask->json, "at");
	json_instant(&ask->json, ask_now(ask));
	json_key(&ask->json, "timeline");
	json_open(&ask->json, '[');
	for (unsigned i = 0; i < count; i++) {
		json_open(&ask->json, '{');
		key_text(&ask->json, "type", "rules");
		change_json(&ask->json, &changes[i]);
		json_close(&ask->json, '}');
	}
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
		ask_fail(ask, 503, "redis_away", "%s", outcome->why);
		break;
	case LIVE_UNSURE:
		ask_fail(ask, 504, "unsure", "%s; it may take effect yet", outcome->why);
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
