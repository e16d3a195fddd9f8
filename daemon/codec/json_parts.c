/* SPDX-License-Identifier: Apache-2.0 */
/* Writes what the JSON of alerts, tasks and customers has in common. */
#include "codec/json_parts.h"

static void
put_date(struct json *json, int64_t day)
{
	char text[INSTANT_TEXT];

	print_date(day, text);
	json_text(json, text);
}

void
parts_value(struct json *json, struct value value)
{
	if (!value.known) {
		json_none(json);
		return;
	}
	switch (value.type) {
	case TYPE_BOOL:
		json_bool(json, value.u.b);
		return;
	case TYPE_INT:
		json_int(json, value.u.i);
		return;
	case TYPE_NUM:
	case TYPE_PROB:
	case TYPE_DURATION:
		json_number(json, value_as_number(value));
		return;
	case TYPE_TIME:
		json_instant(json, value.u.i);
		return;
	case TYPE_DATE:
		put_date(json, value.u.i);
		return;
	case TYPE_STRING:
	case TYPE_TEXT_ANY:
		json_str(json, value.u.s);
		return;
	case TYPE_ENUM:
		json_str(json, value.words->words[value.u.i]);
		return;
	case TYPE_LIST:
	case TYPE_RANGE:
	case TYPE_SIGNAL:
	case TYPE_ITEMS:
	case TYPE_COUNT:
		json_none(json);
		return;
	}
}

void
parts_value_unit(struct json *json, struct value value)
{
	json_key(json, "value");
	parts_value(json, value);
	if (value.type == TYPE_DURATION) {
		json_key(json, "unit");
		json_text(json, "s");
	}
}

void
parts_at(struct json *json, const char *key, int64_t at)
{
	json_put_instant(json, key, at == 0 ? NEVER : at);
}

void
parts_texts(struct json *json, const char *key, const char *keys, struct str en, struct str zh,
	    bool both)
{
	if (en.n == 0 && zh.n == 0)
		return;
	json_key(json, key);
	json_str(json, en.n > 0 ? en : zh);
	if (!both || str_eq(en, zh))
		return;
	json_key(json, keys);
	json_open(json, '{');
	json_key(json, "en");
	json_str(json, en);
	json_key(json, "zh");
	json_str(json, zh);
	json_close(json, '}');
}

static bool
has_both(const struct text_pair *pair)
{
	return pair->has_en && pair->has_zh;
}

void
parts_evidence(struct json *json, const struct ruleset *rules, const struct reason *reason)
{
	bool both = has_both(&rules->rules[reason->rule].reason);

	json_key(json, "evidence");
	json_open(json, '[');
	for (unsigned i = 0; i < reason->evidence_count; i++) {
		const struct evidence *evidence = &reason->evidence[i];

		json_open(json, '{');
		json_key(json, "expr");
		json_str(json, evidence->expr);
		parts_value_unit(json, evidence->value);
		parts_texts(json, "text", "texts", evidence->en, evidence->zh, both);
		json_close(json, '}');
	}
	json_close(json, ']');
}

void
parts_reason_open(struct json *json, const struct ruleset *rules, const struct reason *reason)
{
	const struct rule *rule = &rules->rules[reason->rule];

	json_open(json, '{');
	json_key(json, "rule");
	json_str(json, rule->name);
	if (reason->item) {
		json_key(json, "item");
		json_str(json, reason->item->key);
	}
	json_key(json, "category");
	json_text(json, category_name(rule->category));
	json_key(json, "points");
	json_int(json, reason->points);
	parts_texts(json, "text", "texts", reason->en, reason->zh, has_both(&rule->reason));
	parts_texts(json, "advice", "advices", reason->advice_en, reason->advice_zh,
		    has_both(&rule->advice));
	json_key(json, "since");
	json_instant(json, reason->since_at);
}

void
parts_reasons(struct json *json, const struct ruleset *rules, const struct reason *reasons,
	      unsigned count)
{
	json_key(json, "reasons");
	json_open(json, '[');
	for (unsigned i = 0; i < count; i++) {
		parts_reason_open(json, rules, &reasons[i]);
		parts_evidence(json, rules, &reasons[i]);
		json_close(json, '}');
	}
	json_close(json, ']');
}

/* --- who --- */

static void
put_attribute(struct json *json, const struct engine *engine, const struct customer *customer,
	      unsigned slot)
{
	if (customer)
		parts_value(json, engine_profile(engine, customer, slot));
	else
		json_none(json);
}

void
parts_who(struct json *json, const struct engine *engine, const struct customer *customer)
{
	json_key(json, "customer");
	json_str(json, customer ? customer_id(customer) : STR_NONE);
	json_key(json, "name");
	put_attribute(json, engine, customer, ATTR_NAME);
	json_key(json, "owner");
	put_attribute(json, engine, customer, ATTR_OWNER);
}

void
parts_profile(struct json *json, const struct engine *engine, const struct customer *customer,
	      unsigned first, bool with_private)
{
	const struct ruleset *rules = engine_rules(engine);
	const struct cold *cold = customer ? customer->cold : NULL;
	uint64_t said = cold ? cold->profile_mask : 0;

	json_key(json, "profile");
	json_open(json, '{');
	for (unsigned slot = first; customer && slot < rules->attribute_count; slot++) {
		const struct attribute *attribute = &rules->attributes[slot];
		struct value value = attribute->initial;

		if (said >> slot & 1)
			value = engine_profile(engine, customer, slot);
		if (!value.known || (attribute->private_ && !with_private))
			continue;
		json_key_str(json, attribute->name);
		parts_value(json, value);
	}
	json_close(json, '}');
}

void
parts_tags(struct json *json, const struct customer *customer)
{
	const struct cold *cold = customer ? customer->cold : NULL;

	json_key(json, "tags");
	json_open(json, '[');
	for (unsigned i = 0; cold && i < cold->tag_count; i++)
		json_str(json, cold->tags[i].name);
	json_close(json, ']');
}

struct str
parts_level(const struct ruleset *rules, unsigned level)
{
	return rules->levels[level].name;
}

void
parts_stage(struct json *json, const char *key, const struct ruleset *rules, unsigned stage)
{
	json_key(json, key);
	if (stage)
		json_str(json, ruleset_stage_name(rules, stage));
	else
		json_none(json);
}

/* --- words --- */

const char *
parts_phase(const struct rule_state *state)
{
	static const char *const names[] = {
		[PHASE_IDLE] = "idle",
		[PHASE_PENDING] = "pending",
		[PHASE_FIRING] = "firing",
		[PHASE_CLEARING] = "clearing",
	};

	return names[state ? state->phase : PHASE_IDLE];
}

const char *
parts_mode(enum rule_mode mode)
{
	static const char *const names[] = {
		[MODE_LIVE] = "live", [MODE_SHADOW] = "shadow", [MODE_OFF] = "off"};

	return names[mode];
}
