/* SPDX-License-Identifier: Apache-2.0 */
/* Writes figures of rules and tasks as JSON. */
#include "codec/quality_json.h"

#include "base/civil.h"
#include "codec/json_parts.h"

/* To four digits: what follows them is of no weight. */
static void
key_share(struct json *json, const char *key, double share)
{
	json_key(json, key);
	if (share < 0)
		json_none(json);
	else
		json_number(json, (double)(int64_t)(share * 10000 + 0.5) / 10000);
}

static void
key_lead(struct json *json, const char *key, const struct figures *figures, double q)
{
	int64_t lead = figures_lead(figures, q);

	json_key(json, key);
	if (lead < 0)
		json_none(json);
	else
		json_int(json, lead / SECOND_MS);
}

static const struct figures *
or_none(const struct figures *figures)
{
	static const struct figures none = {.since_at = INT64_MAX};

	return figures ? figures : &none;
}

struct figures
quality_of_rule(const struct engine *engine, unsigned slot, int64_t now)
{
	const struct ruleset *rules = engine_rules(engine);

	return figures_as_of(or_none(quality_find(engine_quality(engine), FIGURES_RULE,
						  rules->rules[slot].key)),
			     rules, now);
}

bool
quality_rule_is_noisy(const struct engine *engine, unsigned slot)
{
	double noise = engine_rules(engine)->rules[slot].noise;

	if (noise < 0)
		return false;
	struct figures figures = quality_of_rule(engine, slot, engine_clock(engine));

	return figures_are_noisy(&figures, noise);
}

static void
rule_json(struct json *json, const struct engine *engine, unsigned slot, int64_t now)
{
	const struct ruleset *rules = engine_rules(engine);
	const struct rule *rule = &rules->rules[slot];
	struct figures read = quality_of_rule(engine, slot, now), *figures = &read;
	const uint32_t *counts = figures->counts;

	json_open(json, '{');
	json_key(json, "rule");
	json_str(json, rule->name);
	json_key(json, "mode");
	json_text(json, parts_mode(rule->mode));
	json_put_instant(json, "since", figures->since_at);
	json_put_int(json, "alerts", counts[FIGURE_ALERTS]);
	json_put_int(json, "repeats", counts[FIGURE_REPEATS]);
	json_put_int(json, "judged", figures_judged(figures));
	json_put_int(json, "useful", figures_useful(figures));
	json_put_int(json, "saved", counts[FIGURE_SAVED]);
	json_put_int(json, "lost", counts[FIGURE_LOST]);
	json_put_int(json, "false", counts[FIGURE_FALSE]);
	json_put_int(json, "late", counts[FIGURE_LATE]);
	json_put_int(json, "lapsed", counts[FIGURE_LAPSED]);
	json_put_int(json, "open", figures_still_open(figures, now, quality_open_for(rules)));
	key_share(json, "precision", figures_precision(figures));
	json_put_int(json, "churns", counts[FIGURE_CHURNS]);
	json_put_int(json, "caught", counts[FIGURE_FORESEEN]);
	json_put_int(json, "missed", counts[FIGURE_MISSED]);
	key_share(json, "recall", figures_recall(figures));
	key_share(json, "save_rate", figures_save_rate(figures));
	json_key(json, "lead");
	json_open(json, '{');
	key_lead(json, "p25", figures, 0.25);
	key_lead(json, "median", figures, 0.5);
	key_lead(json, "p75", figures, 0.75);
	json_close(json, '}');
	key_share(json, "noise", rule->noise);
	json_key(json, "noisy");
	json_bool(json, figures_are_noisy(figures, rule->noise));
	json_close(json, '}');
}

static void
task_json(struct json *json, const struct engine *engine, unsigned slot)
{
	const struct task_def *def = &engine_rules(engine)->tasks[slot];
	const struct figures *figures =
		or_none(quality_find(engine_quality(engine), FIGURES_TASK, def->key));

	json_open(json, '{');
	json_key(json, "task");
	json_str(json, def->name);
	json_put_instant(json, "since", figures->since_at);
	json_put_int(json, "created", figures->counts[FIGURE_CREATED]);
	json_put_int(json, "reopened", figures->counts[FIGURE_REOPENED]);
	json_key(json, "done");
	json_open(json, '{');
	for (unsigned i = 0; i < OUTCOMES; i++)
		json_put_int(json, outcome_name((enum outcome)i),
			     figures->counts[FIGURE_DONE + i]);
	json_close(json, '}');
	json_put_int(json, "by_itself", figures->counts[FIGURE_BY_ITSELF]);
	json_put_int(json, "cancelled", figures->counts[FIGURE_CANCELLED]);
	key_share(json, "save_rate", figures_save_rate(figures));
	json_close(json, '}');
}

static void
key_types(struct json *json, const struct churn_def *churn)
{
	struct buf types = {0};

	for (unsigned i = 0; i < churn->type_count; i++)
		buf_printf(&types, "%s%.*s", i ? ", " : "", STR_ARG(churn->types[i]));
	json_key(json, "by");
	json_str(json, buf_view(&types));
	buf_finish(&types);
}

static void
key_condition(struct json *json, const struct churn_def *churn)
{
	struct buf text = {0};

	expr_unparse(&text, churn->when->root);
	json_key(json, "by");
	json_str(json, buf_view(&text));
	buf_finish(&text);
}

/* What counts as a churn, as backtest says it. */
static void
churn_json(struct json *json, const struct ruleset *rules)
{
	const struct churn_def *churn = &rules->churn;

	json_key(json, "churn");
	json_open(json, '{');
	json_key(json, "kind");
	json_text(json, churn->kind == CHURN_SAID     ? "said"
			: churn->kind == CHURN_SILENT ? "silence"
						      : "churned");
	if (churn->kind == CHURN_SILENT) {
		json_key(json, "signal");
		json_str(json, rules->signals[churn->signal].name);
		json_put_int(json, "min_days", churn->min_days);
	} else if (churn->kind == CHURN_ON) {
		key_types(json, churn);
	} else if (churn->kind == CHURN_WHEN) {
		key_condition(json, churn);
	}
	json_close(json, '}');
}

void
quality_json(struct json *json, const struct engine *engine, int64_t now)
{
	const struct ruleset *rules = engine_rules(engine);
	const struct figures *all =
		or_none(quality_find(engine_quality(engine), FIGURES_ALL, 0));

	json_open(json, '{');
	json_put_instant(json, "at", now);
	json_key(json, "horizon");
	json_int(json, rules->horizon / SECOND_MS);
	churn_json(json, rules);
	json_put_int(json, "churned", all->counts[FIGURE_CHURNS]);
	json_put_int(json, "foreseen", all->counts[FIGURE_FORESEEN]);
	json_key(json, "rules");
	json_open(json, '[');
	for (unsigned i = 0; i < rules->rule_count; i++)
		if (rule_warns(&rules->rules[i]))
			rule_json(json, engine, i, now);
	json_close(json, ']');
	json_key(json, "tasks");
	json_open(json, '[');
	for (unsigned i = 0; i < rules->task_count; i++)
		task_json(json, engine, i);
	json_close(json, ']');
	json_close(json, '}');
}

void
quality_noisy_json(struct json *json, const char *key, const struct engine *engine)
{
	const struct ruleset *rules = engine_rules(engine);

	json_key(json, key);
	json_open(json, '[');
	for (unsigned i = 0; i < rules->rule_count; i++) {
		if (!quality_rule_is_noisy(engine, i))
			continue;
		struct figures figures = quality_of_rule(engine, i, engine_clock(engine));

		json_open(json, '{');
		json_key(json, "rule");
		json_str(json, rules->rules[i].name);
		json_put_int(json, "false", figures.counts[FIGURE_FALSE]);
		json_put_int(json, "judged", figures_judged(&figures));
		key_share(json, "noise", rules->rules[i].noise);
		json_close(json, '}');
	}
	json_close(json, ']');
}
