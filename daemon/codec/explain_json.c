/* SPDX-License-Identifier: Apache-2.0 */
/* Writes why a customer's risk is what it is, rule by rule. */
#include "codec/alert_json.h"
#include "codec/json_parts.h"
#include "lang/builtin.h"

/* {"customer", "name", "owner", "at", "level", "risk", "health", "value", "stage", "tags", "rules_version",
 *  "rules": [{"rule", "category", "mode", "state", "since", "firing", "announced_at", "points", "result",
 *             "rests", "text", "texts", "next_at", "cooldown_until", "expr", "nodes", "clear",
 *             "clear_result", "clear_nodes", "date"}],
 *  "standing": [{"tag" or "stage", "held", "when" or "leave", "result", "nodes", "next_at"}], "points"}
 *
 * date: of a date rule; its next_at is the next step, and its expr is asked then.
 *
 * why: see enum explained_why; kind: state, event, date. missing, of an unknown figure: event (it is read when
 * one comes), not_set, gaps (under 3 of them), few (events to compare with), never (seen).
 * nodes: [{"depth", "expr", "result" or "value" and "unit", "text", "texts"}], parents first. result is PASS,
 * FAIL or UNKNOWN. next_at: when time alone could turn it. */

static void
put_result(struct json *json, const char *key, struct value value)
{
	json_key(json, key);
	json_text(json, !value.known ? "UNKNOWN" : value.u.b ? "PASS" : "FAIL");
}

static void
put_expr(struct json *json, const char *key, const struct node *node)
{
	struct buf text = {0};

	expr_unparse(&text, node);
	json_put_str(json, key, buf_view(&text));
	buf_finish(&text);
}

/* What a constant, list, range or signal is, stands in the node above it. */
static bool
is_shown(const struct node *node)
{
	return node->kind != NODE_CONST && node->kind != NODE_LIST &&
	       node->kind != NODE_RANGE && node->kind != NODE_SIGNAL;
}

static void
put_figure(struct json *json, struct value value, const struct zone *zone)
{
	struct buf en = {0}, zh = {0};

	parts_value_unit(json, value);
	value_print(&en, value, zone, false);
	value_print(&zh, value, zone, true);
	parts_texts(json, "text", "texts", buf_view(&en), buf_view(&zh), true);
	buf_finish(&en);
	buf_finish(&zh);
}

/* Why a figure is unknown, where its function says it: people ask that first. */
static void
put_missing(struct json *json, const struct node *node)
{
	const char *word = NULL;

	if (node->kind == NODE_PATH)
		word = node->op == PATH_EVENT ? "event" : "not_set";
	else if (node->kind == NODE_CALL && node->builtin->flags & FN_ACTIVE_DAYS)
		word = "gaps";
	else if (node->kind == NODE_CALL && node->builtin->flags & FN_WINDOW)
		word = "few";
	else if (node->kind == NODE_CALL && node->builtin->flags & FN_ONE_SIGNAL)
		word = "never";
	if (word == NULL)
		return;
	json_key(json, "missing");
	json_text(json, word);
}

static void
put_nodes(struct json *json, const char *key, const struct explained_node *nodes,
	  unsigned count, const struct zone *zone)
{
	json_key(json, key);
	json_open(json, '[');
	for (unsigned i = 0; i < count; i++) {
		if (!is_shown(nodes[i].node))
			continue;
		json_open(json, '{');
		json_key(json, "depth");
		json_int(json, nodes[i].depth);
		put_expr(json, "expr", nodes[i].node);
		if (nodes[i].node->type == TYPE_BOOL)
			put_result(json, "result", nodes[i].value);
		else
			put_figure(json, nodes[i].value, zone);
		if (!nodes[i].value.known)
			put_missing(json, nodes[i].node);
		json_close(json, '}');
	}
	json_close(json, ']');
}

/* Of a date rule. */
static void
put_date(struct json *json, const struct ruleset *rules, const struct date_plan *plan)
{
	struct buf text = {0};

	if (!plan)
		return;
	if (plan->date)
		expr_unparse(&text, plan->date->root);
	else
		buf_printf(&text, "holiday(\"%.*s\")",
			   STR_ARG(rules->calendar.names[plan->holiday]));
	json_put_str(json, "date", buf_view(&text));
	buf_finish(&text);
}

struct explaining {
	struct json *json;
	const struct ruleset *rules;
	int points;
};

static void
put_state(struct json *json, const struct explained_rule *explained)
{
	const struct rule_state *state = explained->state;
	bool is_idle = !state || state->phase == PHASE_IDLE;

	json_put_str(json, "state", str_of(parts_phase(state)));
	parts_at(json, "since", is_idle ? NEVER : state->since_at);
	if (!is_idle && state->firing > 0) {
		json_key(json, "firing");
		json_int(json, state->firing);
		parts_at(json, "fired_at", state->fired_at);
	}
	json_put_str(json, "why", str_of(explained_why_name(explained->why)));
	parts_at(json, "ends_at", explained->ends_at);
	parts_at(json, "rests_until", explained->rests_until);
	json_key(json, "announced");
	json_bool(json, explained->announced);
	parts_at(json, "announced_at", state ? state->announced_at : NEVER);
	parts_at(json, "cooldown_until", explained->cooldown_until);
	json_key(json, "rests");
	if (explained->rests)
		json_text(json, explained->rests);
	else
		json_none(json);
	parts_at(json, "next_at", explained->next_at);
}

static const char *const kinds[] = {
	[RULE_STATE] = "state", [RULE_EVENT] = "event", [RULE_DATE] = "date"};

static void
put_rule(void *ctx, const struct explained_rule *explained)
{
	struct explaining *explaining = ctx;
	const struct rule *rule = &explaining->rules->rules[explained->rule];
	const struct zone *zone = explaining->rules->zone;
	struct json *json = explaining->json;

	explaining->points += explained->points;
	json_open(json, '{');
	json_put_str(json, "rule", rule->name);
	if (explained->item)
		json_put_str(json, "item", explained->item->key);
	json_put_str(json, "category", str_of(category_name(rule->category)));
	json_put_str(json, "mode", str_of(parts_mode(rule->mode)));
	json_put_str(json, "kind", str_of(kinds[rule->kind]));
	if (explained->inhibitor >= 0)
		json_put_str(json, "inhibited_by",
			     explaining->rules->rules[explained->inhibitor].name);
	if (rule->floor > 0)
		json_put_str(json, "level", parts_level(explaining->rules, rule->floor));
	json_key(json, "points");
	json_int(json, explained->points);
	put_state(json, explained);
	parts_texts(json, "text", "texts", explained->en, explained->zh,
		    rule->reason.has_en && rule->reason.has_zh);
	put_date(json, explaining->rules, rule->dates);
	put_expr(json, "expr", rule->when->root);
	put_result(json, "result", explained->when);
	put_nodes(json, "nodes", explained->nodes, explained->node_count, zone);
	if (rule->clear) {
		put_expr(json, "clear", rule->clear->root);
		put_result(json, "clear_result", explained->clear);
		put_nodes(json, "clear_nodes", explained->clear_nodes,
			  explained->clear_node_count, zone);
	}
	json_close(json, '}');
}

static void
put_standing(void *ctx, const struct explained_standing *it)
{
	struct explaining *explaining = ctx;
	const struct ruleset *rules = explaining->rules;
	const struct tag_rule *tag = &rules->tags[it->slot];
	const struct stage *stage = &rules->stages[it->slot];
	struct json *json = explaining->json;

	json_open(json, '{');
	json_put_str(json, it->is_stage ? "stage" : "tag",
		     it->is_stage ? stage->name : tag->name);
	json_key(json, "held");
	json_bool(json, it->held);
	put_expr(json, it->leaving ? "leave" : "when",
		 (it->is_stage	? stage->when
		  : it->leaving ? tag->leave
				: tag->when)
			 ->root);
	put_result(json, "result", it->when);
	put_nodes(json, "nodes", it->nodes, it->node_count, rules->zone);
	parts_at(json, "next_at", it->next_at);
	json_close(json, '}');
}

void
explain_json(struct buf *out, struct engine *engine, const struct customer *customer,
	     int64_t now)
{
	const struct ruleset *rules = engine_rules(engine);
	struct json json;
	struct explaining explaining = {&json, rules, 0};
	struct arena arena;

	arena_init(&arena);
	json_init(&json, out);
	json_open(&json, '{');
	parts_who(&json, engine, customer);
	parts_at(&json, "at", now);
	json_put_str(&json, "level", parts_level(rules, customer->level));
	json_key(&json, "risk");
	json_int(&json, customer->risk);
	json_key(&json, "health");
	json_int(&json, 100 - customer->risk);
	json_key(&json, "value");
	parts_value(&json, engine_value(engine, customer, now));
	parts_stage(&json, "stage", rules, customer->stage);
	parts_tags(&json, customer);
	json_put_str(&json, "rules_version", arena_printf(&arena, "sha256:%s", rules->sha_hex));
	json_key(&json, "rules");
	json_open(&json, '[');
	engine_explain(engine, customer, now, &arena, put_rule, &explaining);
	json_close(&json, ']');
	json_key(&json, "standing");
	json_open(&json, '[');
	engine_explain_standing(engine, customer, now, &arena, put_standing, &explaining);
	json_close(&json, ']');
	json_key(&json, "points");
	json_int(&json, explaining.points);
	json_close(&json, '}');
	arena_finish(&arena);
}
