/* SPDX-License-Identifier: Apache-2.0 */
/* The profile section: attributes of a customer and their types. */
#include <string.h>

#include "base/number.h"
#include "codec/rules_maker.h"

static const char *const type_words[] = {"bool", "int",	 "num",	   "duration",
					 "time", "date", "string", NULL};
static const enum type types[] = {TYPE_BOOL, TYPE_INT,	TYPE_NUM,   TYPE_DURATION,
				  TYPE_TIME, TYPE_DATE, TYPE_STRING};

struct attribute_text {
	int type; /* index into types, -1: not given */
	const struct yaml_node *words, *initial;
	bool private_;
};

static const struct form_row attribute_rows[] = {
	{.word = "type",
	 .read = form_word,
	 .offset = offsetof(struct attribute_text, type),
	 .words = type_words},
	{"enum", form_node, offsetof(struct attribute_text, words), 0, 0, NULL},
	{"default", form_node, offsetof(struct attribute_text, initial), 0, 0, NULL},
	{"private", form_flag, offsetof(struct attribute_text, private_), 0, 0, NULL},
	{.word = NULL},
};

static bool
parse_enum(struct str text, const struct attribute *attribute, struct value *out)
{
	for (unsigned i = 0; i < attribute->words.count; i++)
		if (str_eq(attribute->words.words[i], text)) {
			*out = value_enum(&attribute->words, i);
			return true;
		}
	return false;
}

static bool
parse_bool(struct str text, struct value *out)
{
	*out = value_bool(str_is(text, "true"));
	return str_is(text, "true") || str_is(text, "false");
}

/* The value that a text stands for, by the attribute's type. */
static bool
parse_value(struct str text, const struct attribute *attribute, struct value *out)
{
	int64_t i = 0;
	double n = 0;
	bool fits = false;

	if (attribute->type == TYPE_ENUM)
		return parse_enum(text, attribute, out);
	if (attribute->type == TYPE_BOOL)
		return parse_bool(text, out);
	if (attribute->type == TYPE_STRING) {
		*out = value_string(text);
		return !text_has_control(text);
	}
	if (attribute->type == TYPE_NUM) {
		fits = parse_number(text, &n);
		*out = value_num(n);
		return fits;
	}
	if (attribute->type == TYPE_INT)
		fits = parse_int64(text, &i);
	else if (attribute->type == TYPE_DURATION)
		fits = parse_duration(text, false, &i);
	else if (attribute->type == TYPE_DATE)
		fits = parse_date(text, &i);
	else if (attribute->type == TYPE_TIME)
		fits = parse_instant(text, &i, NULL);
	*out = (struct value){.type = attribute->type, .known = true, .u.i = i};
	return fits;
}

static void
read_initial(struct maker *maker, const struct yaml_node *node, struct attribute *attribute)
{
	struct value value;

	if (!form_is_text(&maker->form, node))
		return;
	if (parse_value(node->text, attribute, &value))
		attribute->initial = value;
	else if (attribute->type == TYPE_ENUM)
		form_complain_word(&maker->form, node, "E105", attribute->words.name,
				   attribute->words.words, attribute->words.count);
	else
		form_complain(&maker->form, node, "E214", node->text,
			      str_of(type_name(attribute->type, false)));
}

static void
read_words(struct maker *maker, const struct yaml_node *node, struct attribute *attribute)
{
	static const struct form_row row = {.most = RULES_MAX_NAME};
	struct str_list words = {NULL, 0};

	form_texts(&maker->form, node, &row, &words);
	attribute->type = TYPE_ENUM;
	attribute->words = (struct enum_def){
		arena_printf(maker->form.arena, "profile.%.*s", STR_ARG(attribute->name)),
		words.words, words.count, false};
}

static void
read_described(struct maker *maker, const struct yaml_node *key, const struct yaml_node *value,
	       struct attribute *attribute)
{
	struct attribute_text text = {.type = -1};

	form_read(&maker->form, value, attribute_rows, &text);
	attribute->private_ = text.private_;
	if (text.words != NULL && text.type >= 0)
		form_complain(&maker->form, text.words, "E215", STR_NONE, STR_NONE);
	if (text.words != NULL)
		read_words(maker, text.words, attribute);
	else if (text.type >= 0)
		attribute->type = types[text.type];
	else if (yaml_get(value, "type") == NULL)
		form_complain(&maker->form, key, "E216", STR_NONE, STR_NONE);
	attribute->initial = value_unknown(attribute->type);
	if (text.initial != NULL)
		read_initial(maker, text.initial, attribute);
}

static void
read_attribute(struct maker *maker, const struct yaml_node *key, const struct yaml_node *value)
{
	static const struct form_row row = {.words = type_words};
	struct ruleset *rules = maker->rules;
	struct attribute *attribute = &rules->attributes[rules->attribute_count];
	int type = -1;

	if (rules->attribute_count == RULESET_MAX_ATTRIBUTES)
		return; /* maker_count() has complained */
	if (ruleset_attribute(rules, key->text) >= 0 &&
	    maker_claimed(maker, NAMES_PROFILE, key->text) == NULL) {
		form_complain(&maker->form, key, "E217", key->text, STR_NONE);
		return;
	}
	if (!maker_claim(maker, NAMES_PROFILE, key))
		return;
	*attribute = (struct attribute){.name = key->text, .type = TYPE_STRING};
	if (value->kind == YAML_MAP) {
		read_described(maker, key, value, attribute);
	} else {
		form_word(&maker->form, value, &row, &type);
		if (type >= 0)
			attribute->type = types[type];
		attribute->initial = value_unknown(attribute->type);
	}
	rules->attribute_count++;
}

/* Their order is enum reserved_attribute's. */
static const struct {
	const char *name;
	enum type type;
} reserved[ATTR_RESERVED] = {
	[ATTR_NAME] = {"name", TYPE_STRING},
	[ATTR_OWNER] = {"owner", TYPE_STRING},
	[ATTR_CUSTOMER_SINCE] = {"customer_since", TYPE_DATE},
	[ATTR_LANG] = {"lang", TYPE_STRING},
	[ATTR_CRM_ID] = {"crm_id", TYPE_STRING},
};

void
maker_profile(struct maker *maker)
{
	struct ruleset *rules = maker->rules;

	rules->attributes = arena_array(maker->form.arena, RULESET_MAX_ATTRIBUTES,
					sizeof *rules->attributes);
	for (unsigned i = 0; i < ATTR_RESERVED; i++)
		rules->attributes[i] = (struct attribute){
			.name = str_of(reserved[i].name),
			.type = reserved[i].type,
			.initial = value_unknown(reserved[i].type),
		};
	rules->attribute_count = ATTR_RESERVED;
	maker_count(maker, "profile", RULESET_MAX_ATTRIBUTES - ATTR_RESERVED);
	maker_each(maker, "profile", YAML_MAP, read_attribute);
	maker->scope.profile = rules->attributes;
	maker->scope.profile_count = rules->attribute_count;
}
