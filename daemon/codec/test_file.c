/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a file of rule tests, section by section. */
#include "codec/test_file.h"

#include <string.h>

#include "codec/event.h"
#include "codec/test_maker.h"

#define MAX_NAME 200
#define LEAST_START INT64_C(730)  /* 1972-01-01 */
#define MOST_START INT64_C(58000) /* 2128: with TEST_MAX_DAYS still inside the zones' tables */

int
tester_line(struct tester *tester, const struct yaml_node *node)
{
	return diags_line(tester->form.diags, node->file, node->at);
}

void
tester_say(struct tester *tester, const struct yaml_node *node, const char *code,
	   struct str arg0, struct str arg1)
{
	form_complain(&tester->form, node, code, arg0, arg1);
}

struct str
tester_text(struct tester *tester, const struct yaml_node *node)
{
	static const struct form_row row = {.least = -1, .most = EVENT_MAX_TEXT};
	struct str text = STR_NONE;

	form_text(&tester->form, node, &row, &text);
	return text;
}

/* ---- what comes first: the rules it is about ---- */

struct head {
	struct test_file *file;
	struct str_list rules;
	const struct yaml_node *churnd;
};

static void
read_rules(struct form *form, const struct yaml_node *node, const struct form_row *row,
	   void *into)
{
	form_texts(form, node, row, &((struct head *)into)->rules);
}

static void
read_part(struct form *form, const struct yaml_node *node, const struct form_row *row,
	  void *into)
{
	struct test_file *file = ((struct head *)into)->file;
	const struct yaml_node **parts[] = {&file->start, &file->tests, &file->customer};

	(void)form;
	*parts[row->least] = node;
}

static const struct form_row head_rows[] = {
	{"rules", read_rules, 0, 0, 1024, NULL},
	{"start", read_part, 0, 0, 0, NULL},
	{"tests", read_part, 0, 1, 0, NULL},
	{"customer", read_part, 0, 2, 0, NULL},
	{.word = NULL},
};

struct test_file *
test_file_open(struct str name, struct str text, struct diags *diags)
{
	struct form form = {.arena = diags->arena, .diags = diags, .unsupported = "E290"};
	struct test_file *file = arena_alloc(diags->arena, sizeof *file);
	struct yaml_node *root =
		yaml_read(diags->arena, diags_add_file(diags, name, text), diags);
	struct head head = {.file = file};

	if (root == NULL)
		return NULL;
	form_read(&form, root, head_rows, &head);
	if (root->kind == YAML_MAP && yaml_get(root, "rules") == NULL)
		form_complain(&form, root, "E500", STR_NONE, STR_NONE);
	else if (head.rules.count > DIAG_FILES)
		form_complain(&form, yaml_get(root, "rules"), "E508",
			      form_int_text(&form, DIAG_FILES), STR_NONE);
	if (root->kind == YAML_MAP && file->start == NULL)
		form_complain(&form, root, "E501", STR_NONE, STR_NONE);
	if (root->kind == YAML_MAP && file->tests == NULL)
		form_complain(&form, root, "E505", STR_NONE, STR_NONE);
	file->name = name;
	file->rules = arena_array(diags->arena, head.rules.count + 1, sizeof *file->rules);
	for (unsigned i = 0; i < head.rules.count && i < DIAG_FILES; i++)
		file->rules[file->rule_count++] = head.rules.words[i];
	return file->rule_count > 0 && file->start != NULL && file->tests != NULL ? file : NULL;
}

/* ---- who ---- */

static void
own_profile(struct tester *tester, struct test_fields *fields)
{
	struct test_case *test = tester->test;

	test->profile = fields->list;
	test->profile_count = fields->count;
}

/* An attribute of the file's `customer:` is that of every test which does not give it itself. */
static void
add_defaults(struct tester *tester, struct test_fields *fields)
{
	const struct test_fields *all = &tester->defaults;

	for (unsigned i = 1; i < all->count; i++)
		if (tester_field(fields, all->list[i].key.p) == NULL)
			tester_add_field(tester, fields, all->list[i].key,
					 all->list[i].values[0]);
}

/* The map without the keys that say who, as a map of its own. */
static struct yaml_node *
map_without(struct tester *tester, const struct yaml_node *map, const char *a, const char *b)
{
	struct yaml_node *rest = arena_alloc(tester->form.arena, sizeof *rest);

	*rest = *map;
	rest->keys = arena_array(tester->form.arena, map->count + 1, sizeof *rest->keys);
	rest->items = arena_array(tester->form.arena, map->count + 1, sizeof *rest->items);
	rest->count = 0;
	for (unsigned i = 0; i < map->count; i++)
		if (!str_is(map->keys[i]->text, a) && !str_is(map->keys[i]->text, b)) {
			rest->keys[rest->count] = map->keys[i];
			rest->items[rest->count++] = map->items[i];
		}
	return rest;
}

static void
read_id(struct tester *tester, const struct yaml_node *node)
{
	static const struct form_row row = {.most = EVENT_MAX_CUSTOMER - 10};

	form_text(&tester->form, node, &row, &tester->test->id);
}

/* customer = id | {id: .., attribute: .., ...} */
static void
read_customer(struct tester *tester, const struct yaml_node *node, struct test_fields *fields)
{
	const struct yaml_node *id = yaml_get(node, "id");

	if (node->kind == YAML_TEXT) {
		read_id(tester, node);
		return;
	}
	if (id != NULL)
		read_id(tester, id);
	if (form_is_map(&tester->form, node))
		tester_profile(tester, map_without(tester, node, "id", "id"), fields);
}

static void
read_count(struct tester *tester, const struct yaml_node *node)
{
	static const struct form_row row = {.least = 1, .most = TEST_MAX_CUSTOMERS};
	int64_t count = 1;

	form_int(&tester->form, node, &row, &count);
	tester->test->customers = (unsigned)count;
}

/* customers = count | {count: .., prefix: .., attribute: .., ...} */
static void
read_customers(struct tester *tester, const struct yaml_node *node, struct test_fields *fields)
{
	const struct yaml_node *count = yaml_get(node, "count"),
			       *prefix = yaml_get(node, "prefix");

	tester->test->is_population = true;
	tester->test->id = STR("p");
	if (node->kind == YAML_TEXT) {
		read_count(tester, node);
		return;
	}
	if (!form_is_map(&tester->form, node))
		return;
	if (count != NULL)
		read_count(tester, count);
	else
		tester_say(tester, node, "E518", STR("count"), STR_NONE);
	if (prefix != NULL)
		read_id(tester, prefix);
	tester_profile(tester, map_without(tester, node, "count", "prefix"), fields);
}

/* ---- a test ---- */

struct case_row {
	struct str name;
	const struct yaml_node *customer, *customers, *input, *expect, *alerts, *until;
};

static const struct form_row case_rows[] = {
	{"name", form_text, offsetof(struct case_row, name), 0, MAX_NAME, NULL},
	{"customer", form_node, offsetof(struct case_row, customer), 0, 0, NULL},
	{"customers", form_node, offsetof(struct case_row, customers), 0, 0, NULL},
	{"input", form_node, offsetof(struct case_row, input), 0, 0, NULL},
	{"expect", form_node, offsetof(struct case_row, expect), 0, 0, NULL},
	{"alerts", form_node, offsetof(struct case_row, alerts), 0, 0, NULL},
	{"until", form_node, offsetof(struct case_row, until), 0, 0, NULL},
	{.word = NULL},
};

static void
read_who(struct tester *tester, const struct yaml_node *node, const struct case_row *row)
{
	struct test_fields fields;

	tester->test->id = STR("c1");
	tester->test->customers = 1;
	test_fields_begin(tester, &fields);
	if (row->customer != NULL && row->customers != NULL)
		tester_say(tester, node, "E506", STR_NONE, STR_NONE);
	if (row->customers != NULL)
		read_customers(tester, row->customers, &fields);
	else if (row->customer != NULL)
		read_customer(tester, row->customer, &fields);
	add_defaults(tester, &fields);
	own_profile(tester, &fields);
}

static void
read_case(struct tester *tester, const struct yaml_node *node)
{
	struct test_file *file = tester->file;
	struct case_row row = {0};
	struct test_moment until;
	unsigned errors = tester->form.diags->errors;

	form_read(&tester->form, node, case_rows, &row);
	if (node->kind != YAML_MAP)
		return;
	tester->test = &file->cases[file->case_count++];
	tester->test->name = row.name;
	tester->test->line = tester_line(tester, node);
	tester->latest = zone_day_start(tester->rules->zone, file->start_day);
	if (yaml_get(node, "name") == NULL)
		tester_say(tester, node, "E518", STR("name"), STR_NONE);
	read_who(tester, node, &row);
	if (row.input != NULL)
		tester_input(tester, row.input);
	if (row.expect != NULL)
		tester_expects(tester, row.expect);
	if (row.alerts != NULL)
		tester_alerts(tester, row.alerts);
	if (row.expect == NULL && row.alerts == NULL && tester->form.diags->errors == errors)
		tester_say(tester, node, "E530", STR_NONE, STR_NONE);
	if (row.until != NULL && tester_moment(tester, row.until, &until))
		tester_lasts(tester, until.is_day ? until.to - 1 : until.from);
	tester->test->until = tester->latest;
}

static bool
read_start(struct tester *tester)
{
	const struct yaml_node *node = tester->file->start;
	int64_t day;

	if (!form_is_text(&tester->form, node))
		return false;
	if (parse_date(node->text, &day) && day >= LEAST_START && day <= MOST_START) {
		tester->file->start_day = day;
		return true;
	}
	tester_say(tester, node, "E502", node->text, STR_NONE);
	return false;
}

bool
test_file_bind(struct test_file *file, const struct ruleset *rules, struct diags *diags)
{
	struct tester tester = {
		.form = {.arena = diags->arena, .diags = diags, .unsupported = "E290"},
		.rules = rules,
		.file = file,
	};
	const struct yaml_node *tests = file->tests;

	if (!read_start(&tester) || !form_is_list(&tester.form, tests))
		return false;
	if (tests->count == 0)
		tester_say(&tester, tests, "E505", STR_NONE, STR_NONE);
	if (tests->count > TEST_MAX_TESTS) {
		tester_say(&tester, tests, "E508", form_int_text(&tester.form, TEST_MAX_TESTS),
			   STR_NONE);
		return false;
	}
	test_fields_begin(&tester, &tester.defaults);
	if (file->customer != NULL)
		tester_profile(&tester, file->customer, &tester.defaults);
	file->cases = arena_array(diags->arena, tests->count + 1, sizeof *file->cases);
	for (unsigned i = 0; i < tests->count; i++)
		read_case(&tester, tests->items[i]);
	return diags->errors == 0;
}
