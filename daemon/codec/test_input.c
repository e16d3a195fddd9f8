/* SPDX-License-Identifier: Apache-2.0 */
/* The input of a rule test: what customers do, and what befalls the feed. */
#include <string.h>

#include "base/civil.h"
#include "base/mem.h"
#include "codec/event.h"
#include "codec/test_maker.h"

/* input  = item | list of items
 * item   = {SIGNAL OR TYPE: series, ...} | {at: moment(s), ...} | {gap: span} | {late: span}
 * series = days | {moment: value, ...} | {days: days, ...attributes} | {at: moment(s), ...attributes}
 *        | list of series */

static struct test_input *
add_input(struct tester *tester, const struct yaml_node *node)
{
	struct test_case *test = tester->test;
	struct test_input *input = &test->inputs[test->input_count++];

	input->line = tester_line(tester, node);
	return input;
}

static bool
has_room(struct tester *tester, const struct yaml_node *node)
{
	if (tester->test->input_count < TEST_MAX_ROWS &&
	    tester->test->trouble_count < TEST_MAX_ROWS)
		return true;
	tester_say(tester, node, "E508", form_int_text(&tester->form, TEST_MAX_ROWS), STR_NONE);
	return false;
}

/* ---- attributes ---- */

static void
add_values(struct tester *tester, struct test_fields *fields, struct str key,
	   const struct yaml_node *node)
{
	bool is_list = node->kind == YAML_LIST;
	unsigned count = is_list ? node->count : 1;
	struct str *values = arena_array(tester->form.arena, count + 1, sizeof *values);

	if (is_list && count == 0)
		tester_say(tester, node, "E044", STR_NONE, STR_NONE);
	for (unsigned i = 0; i < count; i++)
		values[i] = tester_text(tester, is_list ? node->items[i] : node);
	if (str_is(key, "type")) {
		fields->list[0].values = values;
		fields->list[0].value_count = count;
	} else if (fields->count < EVENT_MAX_ATTRIBUTES + 2) {
		fields->list[fields->count++] = (struct test_field){key, values, count};
	} else {
		tester_say(tester, node, "E508",
			   form_int_text(&tester->form, EVENT_MAX_ATTRIBUTES), STR_NONE);
	}
}

static bool
is_one_of(struct str key, const char *const *words)
{
	for (; *words; words++)
		if (str_is(key, *words))
			return true;
	return false;
}

/* All pairs of the map but those. */
static void
add_attributes(struct tester *tester, struct test_fields *fields, const struct yaml_node *map,
	       const char *const *but)
{
	for (unsigned i = 0; i < map->count; i++)
		if (!is_one_of(map->keys[i]->text, but))
			add_values(tester, fields, map->keys[i]->text, map->items[i]);
}

/* What event_decode() would reject at run time is said here. */
static void
check_event(struct tester *tester, const struct yaml_node *node, const struct test_input *input)
{
	struct field fields[TESTER_MAX_FIELDS + 2] = {{STR("customer"), STR("c")}};
	struct arena arena;
	struct entry entry;
	struct err err;
	unsigned count = 1;
	const struct str *own = input->run_count > 0 ? input->runs[0].value : NULL;

	for (unsigned i = 0; i < input->field_count; i++)
		if (own == NULL || !str_is(input->fields[i].key, "value"))
			fields[count++] = (struct field){input->fields[i].key,
							 input->fields[i].values[0]};
	if (own != NULL)
		fields[count++] = (struct field){STR("value"), *own};
	arena_init(&arena);
	if (!event_decode((struct stream_id){tester->latest > 0 ? tester->latest : DAY_MS, 1},
			  fields, count, &arena, &entry, &err))
		tester_say(tester, node, "E512",
			   arena_str(tester->form.arena, str_of(err.text)), STR_NONE);
	arena_finish(&arena);
}

static void
finish_input(struct tester *tester, const struct yaml_node *node, struct test_input *input,
	     const struct test_fields *fields)
{
	input->fields = fields->list;
	input->field_count = fields->count;
	for (unsigned i = 0; i < fields->count; i++)
		if (fields->list[i].value_count == 0)
			return; /* complained */
	check_event(tester, node, input);
}

/* ---- one event ---- */

/* A profile's attributes, dates as days from the start too. */
static bool
check_attribute(struct tester *tester, const struct yaml_node *key, int *slot)
{
	const struct ruleset *rules = tester->rules;
	struct str names[RULESET_MAX_ATTRIBUTES];

	*slot = ruleset_attribute(rules, key->text);
	if (*slot >= 0)
		return true;
	for (unsigned i = 0; i < rules->attribute_count; i++)
		names[i] = rules->attributes[i].name;
	form_propose(&tester->form, key, "E513", key->text, names, rules->attribute_count);
	return false;
}

/* A word that is none of an attribute's is said with those it has. */
static bool
check_words(struct tester *tester, const struct yaml_node *node,
	    const struct attribute *attribute)
{
	for (unsigned i = 0; i < attribute->words.count; i++)
		if (str_eq(attribute->words.words[i], node->text))
			return true;
	if (attribute->type != TYPE_ENUM || node->text.n == 0)
		return true;
	form_complain_word(&tester->form, node, "E514", attribute->name, attribute->words.words,
			   attribute->words.count);
	return false;
}

void
tester_profile(struct tester *tester, const struct yaml_node *map, struct test_fields *fields)
{
	int slot;

	if (!form_is_map(&tester->form, map))
		return;
	for (unsigned i = 0; i < map->count; i++) {
		const struct attribute *attribute;
		struct str text;

		if (!check_attribute(tester, map->keys[i], &slot) ||
		    !form_is_text(&tester->form, map->items[i]))
			continue;
		attribute = &tester->rules->attributes[slot];
		text = map->items[i]->text;
		if (!check_words(tester, map->items[i], attribute))
			continue;
		if (attribute->type == TYPE_DATE)
			text = tester_date(tester, text);
		tester_add_field(tester, fields, attribute->name, text);
	}
}

static void
read_tag(struct tester *tester, const struct yaml_node *item, struct test_fields *fields)
{
	const struct yaml_node *node = yaml_get(item, "remove");
	static const char *const but[] = {"at", "arrives", "customer", "remove", NULL};
	bool remove = false;

	add_attributes(tester, fields, item, but);
	if (node != NULL)
		form_flag(&tester->form, node, NULL, &remove);
	if (remove)
		tester_add_field(tester, fields, STR("remove"), STR("1"));
	fields->list[0].values = NULL;
	fields->list[0].value_count = 0;
}

static void
set_type(struct tester *tester, struct test_fields *fields, struct str type)
{
	struct str *value = arena_alloc(tester->form.arena, sizeof *value);

	*value = type;
	fields->list[0].values = value;
	fields->list[0].value_count = 1;
}

/* False after a complaint. */
static bool
read_what(struct tester *tester, const struct yaml_node *item, struct test_fields *fields)
{
	static const char *const but[] = {"at", "arrives", "customer", "signal", NULL};
	const struct yaml_node *profile = yaml_get(item, "profile");
	const struct yaml_node *signal = yaml_get(item, "signal");
	const struct yaml_node *type = yaml_get(item, "type");

	if (profile != NULL) {
		tester_profile(tester, profile, fields);
		set_type(tester, fields, STR("profile"));
		return true;
	}
	if (yaml_get(item, "tag") != NULL && type == NULL) {
		read_tag(tester, item, fields);
		set_type(tester, fields, STR("churnd.tag"));
		return true;
	}
	add_attributes(tester, fields, item, but);
	if (type != NULL && type->kind == YAML_TEXT)
		tester_check_type(tester, type);
	if (signal != NULL && form_is_text(&tester->form, signal))
		return tester_feed(tester, signal, fields, false);
	if (test_fields_type(fields).n > 0)
		return true;
	tester_say(tester, item, "E515", STR_NONE, STR_NONE);
	return false;
}

/* at: one moment or several; `fields` is shared by all of them. */
static void
add_moments(struct tester *tester, const struct yaml_node *at, const struct yaml_node *arrives,
	    struct str key, struct str customer, const struct test_fields *fields)
{
	bool is_list = at->kind == YAML_LIST;
	struct test_moment moment, late;

	for (unsigned i = 0; i < (is_list ? at->count : 1); i++) {
		const struct yaml_node *node = is_list ? at->items[i] : at;
		struct test_input *input;

		if (!tester_moment(tester, node, &moment) || !has_room(tester, node))
			continue;
		input = add_input(tester, node);
		input->key = key;
		input->customer = customer;
		input->turn = i;
		input->at = input->arrives = tester_event_at(tester, &moment);
		if (arrives != NULL && tester_moment(tester, arrives, &late))
			input->arrives = tester_event_at(tester, &late);
		if (input->arrives < input->at)
			tester_say(tester, arrives, "E516", STR_NONE, STR_NONE);
		tester_lasts(tester, input->arrives);
		finish_input(tester, node, input, fields);
	}
}

static void
read_event(struct tester *tester, const struct yaml_node *item)
{
	const struct yaml_node *customer = yaml_get(item, "customer");
	struct test_fields fields;

	test_fields_begin(tester, &fields);
	if (read_what(tester, item, &fields))
		add_moments(tester, yaml_get(item, "at"), yaml_get(item, "arrives"), STR("at"),
			    customer ? tester_text(tester, customer) : STR_NONE, &fields);
}

/* ---- series ---- */

static void
add_days(struct tester *tester, const struct yaml_node *key, const struct yaml_node *days,
	 struct test_fields *fields)
{
	unsigned count = 0;
	bool has_value = false;
	const struct test_run *runs;
	struct test_input *input;

	if (!form_is_text(&tester->form, days))
		return;
	runs = tester_days(tester, days, &count);
	for (unsigned i = 0; i < count; i++)
		has_value |= runs[i].value != NULL;
	if (runs == NULL || !has_room(tester, days) ||
	    !tester_feed(tester, key, fields, has_value))
		return;
	input = add_input(tester, days);
	input->key = key->text;
	input->runs = runs;
	input->run_count = count;
	finish_input(tester, days, input, fields);
}

/* {12d: 9, '40d 10:00': 3} */
static void
add_values_at(struct tester *tester, const struct yaml_node *key, const struct yaml_node *map)
{
	for (unsigned i = 0; i < map->count; i++) {
		struct test_fields fields;

		test_fields_begin(tester, &fields);
		add_values(tester, &fields, STR("value"), map->items[i]);
		if (tester_feed(tester, key, &fields, true))
			add_moments(tester, map->keys[i], NULL, key->text, STR_NONE, &fields);
	}
}

static void
read_series(struct tester *tester, const struct yaml_node *key, const struct yaml_node *node)
{
	static const char *const but[] = {"at", "arrives", "days", NULL};
	const struct yaml_node *days = yaml_get(node, "days"), *at = yaml_get(node, "at");
	struct test_fields fields;

	test_fields_begin(tester, &fields);
	if (node->kind == YAML_TEXT) {
		add_days(tester, key, node, &fields);
	} else if (node->kind == YAML_LIST) {
		for (unsigned i = 0; i < node->count; i++)
			if (node->items[i]->kind == YAML_LIST)
				(void)form_is_map(&tester->form, node->items[i]);
			else
				read_series(tester, key, node->items[i]);
	} else if (node->count > 0 && tester_is_moment(node->keys[0]->text)) {
		add_values_at(tester, key, node);
	} else if (days == NULL && at == NULL) {
		tester_say(tester, node, "E517", STR_NONE, STR_NONE);
	} else {
		add_attributes(tester, &fields, node, but);
		if (days != NULL)
			add_days(tester, key, days, &fields);
		else if (tester_feed(tester, key, &fields, false))
			add_moments(tester, at, yaml_get(node, "arrives"), key->text, STR_NONE,
				    &fields);
	}
}

/* ---- the feed ---- */

struct span {
	const struct yaml_node *from, *to, *arrives;
	struct str_list only;
};

static const struct form_row gap_rows[] = {
	{"from", form_node, offsetof(struct span, from), 0, 0, NULL},
	{"to", form_node, offsetof(struct span, to), 0, 0, NULL},
	{"only", form_texts, offsetof(struct span, only), 0, EVENT_MAX_TYPE, NULL},
	{.word = NULL},
};

static const struct form_row late_rows[] = {
	{"from", form_node, offsetof(struct span, from), 0, 0, NULL},
	{"to", form_node, offsetof(struct span, to), 0, 0, NULL},
	{"arrives", form_node, offsetof(struct span, arrives), 0, 0, NULL},
	{"only", form_texts, offsetof(struct span, only), 0, EVENT_MAX_TYPE, NULL},
	{.word = NULL},
};

static bool
needs(struct tester *tester, const struct yaml_node *map, const struct yaml_node *node,
      const char *word)
{
	if (node == NULL)
		tester_say(tester, map, "E518", str_of(word), STR_NONE);
	return node != NULL;
}

static void
read_trouble(struct tester *tester, const struct yaml_node *map, bool is_late)
{
	struct test_trouble *trouble;
	struct test_moment from, to, arrives;
	struct span span = {0};

	form_read(&tester->form, map, is_late ? late_rows : gap_rows, &span);
	if (map->kind != YAML_MAP || !has_room(tester, map) ||
	    !needs(tester, map, span.from, "from") || !needs(tester, map, span.to, "to") ||
	    (is_late && !needs(tester, map, span.arrives, "arrives")) ||
	    !tester_moment(tester, span.from, &from) || !tester_moment(tester, span.to, &to) ||
	    (is_late && !tester_moment(tester, span.arrives, &arrives)))
		return;
	trouble = &tester->test->troubles[tester->test->trouble_count++];
	*trouble = (struct test_trouble){
		from.from, to.from, NEVER, {.given = span.only.count > 0}};
	trouble->only.words = span.only.words;
	trouble->only.count = span.only.count;
	if (is_late)
		trouble->arrives = tester_event_at(tester, &arrives);
	if (trouble->to <= trouble->from || trouble->arrives < trouble->to)
		tester_say(tester, is_late ? span.arrives : span.to, "E520", STR_NONE,
			   STR_NONE);
	else
		tester_lasts(tester, is_late ? trouble->arrives : trouble->to);
}

static void
read_item(struct tester *tester, const struct yaml_node *item)
{
	const struct yaml_node *gap, *late;

	if (!form_is_map(&tester->form, item))
		return;
	gap = yaml_get(item, "gap");
	late = yaml_get(item, "late");
	if (yaml_get(item, "at") != NULL) {
		read_event(tester, item);
	} else if (gap != NULL || late != NULL) {
		read_trouble(tester, gap != NULL ? gap : late, gap == NULL);
	} else {
		for (unsigned i = 0; i < item->count; i++)
			read_series(tester, item->keys[i], item->items[i]);
	}
}

/* Room for all rows: the events that a text of days makes are counted elsewhere. */
void
tester_input(struct tester *tester, const struct yaml_node *node)
{
	struct test_case *test = tester->test;

	test->inputs = mem_array(TEST_MAX_ROWS, sizeof *test->inputs);
	test->troubles = mem_array(TEST_MAX_ROWS, sizeof *test->troubles);
	if (node->kind == YAML_LIST)
		for (unsigned i = 0; i < node->count; i++)
			read_item(tester, node->items[i]);
	else
		read_item(tester, node);

	void *inputs = test->inputs, *troubles = test->troubles;

	test->inputs =
		arena_array(tester->form.arena, test->input_count + 1, sizeof *test->inputs);
	test->troubles = arena_array(tester->form.arena, test->trouble_count + 1,
				     sizeof *test->troubles);
	memcpy(test->inputs, inputs, test->input_count * sizeof *test->inputs);
	memcpy(test->troubles, troubles, test->trouble_count * sizeof *test->troubles);
	mem_free(inputs);
	mem_free(troubles);
}
