/* SPDX-License-Identifier: Apache-2.0 */
/* What a rule test expects: how a customer stands at a moment, and the complete list of alerts. */
#include <string.h>

#include "base/number.h"
#include "codec/test_maker.h"

static const char *const alert_types[] = {
	"customer.level_raised",
	"customer.level_lowered",
	"rule.fired",
	"rule.cleared",
	"customer.stage_changed",
	"customer.tagged",
	"customer.untagged",
	"customer.owner_changed",
	"task.created",
	"task.claimed",
	"task.done",
	"task.snoozed",
	"task.resumed",
	"task.assigned",
	"task.cancelled",
	"task.reopened",
	"task.transferred",
	"task.linked",
	"task.escalated",
	"task.breached",
	"task.reason_added",
	"feed.silent",
	"feed.back",
	"rule.muted",
};
#define TYPES (sizeof alert_types / sizeof *alert_types)

static const char *const states[] = {"inactive", "pending", "firing", "clearing", NULL};

static const char *const filter_names[TEST_FILTERS] = {
	[TEST_RULE] = "rule",	[TEST_CUSTOMER] = "customer", [TEST_LEVEL] = "level",
	[TEST_STAGE] = "stage", [TEST_FROM] = "from",	      [TEST_TO] = "to",
	[TEST_TAG] = "tag",	[TEST_TASK] = "task",	      [TEST_CAUSE] = "cause",
	[TEST_OWNER] = "owner", [TEST_ITEM] = "item",
};

const char *
test_filter_name(enum test_filter filter)
{
	return filter_names[filter];
}

/* ---- readers of values ---- */

/* number = [ ">=" | "<=" | ">" | "<" ] integer */
static void
read_number(struct form *form, const struct yaml_node *node, const struct form_row *row,
	    void *into)
{
	static const struct {
		const char *mark;
		enum test_bound bound;
	} marks[] = {{">=", TEST_LEAST},
		     {"<=", TEST_MOST},
		     {">", TEST_ABOVE},
		     {"<", TEST_BELOW},
		     {"", TEST_EQUAL}};
	struct test_number *out = into;
	size_t i = 0;

	(void)row;
	if (!form_is_text(form, node))
		return;
	while (!str_starts(node->text, str_of(marks[i].mark)))
		i++;
	if (!parse_int64(str_trim(str_slice(node->text, strlen(marks[i].mark), node->text.n)),
			 &out->number)) {
		form_complain(form, node, "E521", node->text, STR_NONE);
		return;
	}
	out->given = true;
	out->bound = marks[i].bound;
	out->text = node->text;
}

/* As a list: `[]` says none at all. */
static void
read_words(struct form *form, const struct yaml_node *node, const struct form_row *row,
	   void *into)
{
	struct test_words *out = into;
	struct str_list list = {0};

	out->given = true;
	if (node->kind == YAML_LIST && node->count == 0)
		return;
	form_texts(form, node, row, &list);
	out->words = list.words;
	out->count = list.count;
}

/* ---- names ---- */

static void
check_rule(struct tester *tester, const struct yaml_node *node, struct str name)
{
	const struct ruleset *rules = tester->rules;
	struct str *names;

	if (name.n == 0 || ruleset_rule(rules, name) >= 0)
		return;
	names = arena_array(tester->form.arena, rules->rule_count + 1, sizeof *names);
	for (unsigned i = 0; i < rules->rule_count; i++)
		names[i] = rules->rules[i].name;
	form_propose(&tester->form, node, "E522", name, names, rules->rule_count);
}

/* One name or a list of them. */
static void
check_rules(struct tester *tester, const struct yaml_node *node)
{
	if (node != NULL && node->kind == YAML_TEXT)
		check_rule(tester, node, node->text);
	for (unsigned i = 0; node != NULL && node->kind == YAML_LIST && i < node->count; i++)
		check_rule(tester, node->items[i], node->items[i]->text);
}

/* `what`: "level" or "stage". */
static void
check_word(struct tester *tester, const struct yaml_node *map, const char *key, struct str name,
	   const char *what)
{
	const struct enum_def *words = strcmp(what, "stage") == 0 ? &tester->rules->stage_words
								  : &tester->rules->level_words;
	const struct yaml_node *node = yaml_get(map, key);

	for (unsigned i = 0; i < words->count; i++)
		if (name.n == 0 || str_eq(words->words[i], name))
			return;
	if (node != NULL && name.n > 0)
		form_complain_word(&tester->form, node, "E514", str_of(what), words->words,
				   words->count);
}

/* A customer that the test does not have can do nothing. */
static void
check_customer(struct tester *tester, const struct yaml_node *map, struct str name)
{
	char id[TEST_ID_TEXT];

	for (unsigned i = 0; i < tester->test->customers && name.n > 0; i++)
		if (str_eq(test_customer_id(tester->test, i, id), name))
			return;
	if (name.n > 0)
		tester_say(tester, yaml_get(map, "customer"), "E523", name,
			   test_customer_id(tester->test, 0, id));
}

/* ---- expectations ---- */

struct expect_row {
	struct test_expect expect;
	const struct yaml_node *at;
	int state;
};

#define TEXT(word, field)                                                                      \
	{                                                                                      \
		word, form_text, offsetof(struct expect_row, expect.field), 0, EVENT_MAX_TEXT, \
			NULL                                                                   \
	}
#define NUMBER(word, field)                                                              \
	{                                                                                \
		word, read_number, offsetof(struct expect_row, expect.field), 0, 0, NULL \
	}
#define WORDS(word, field)                                                      \
	{                                                                       \
		word, read_words, offsetof(struct expect_row, expect.field), 0, \
			EVENT_MAX_TEXT, NULL                                    \
	}

static const struct form_row expect_rows[] = {
	{"at", form_node, offsetof(struct expect_row, at), 0, 0, NULL},
	TEXT("customer", customer),
	TEXT("rule", rule),
	TEXT("item", item),
	{"state", form_word, offsetof(struct expect_row, state), 0, 0, states},
	NUMBER("points", points),
	NUMBER("risk", risk),
	TEXT("level", level),
	TEXT("stage", stage),
	WORDS("tags", tags),
	WORDS("firing", firing),
	WORDS("tasks", tasks),
	NUMBER("count", count),
	{.word = NULL},
};
#undef TEXT
#undef NUMBER
#undef WORDS

static bool
asks_something(const struct test_expect *expect)
{
	return expect->state.n > 0 || expect->level.n > 0 || expect->stage.n > 0 ||
	       expect->risk.given || expect->points.given || expect->tags.given ||
	       expect->firing.given || expect->tasks.given;
}

static void
check_expect(struct tester *tester, const struct yaml_node *map,
	     const struct test_expect *expect)
{
	bool of_rule = expect->state.n > 0 || expect->points.given;

	if (expect->rule.n > 0 && !of_rule)
		tester_say(tester, yaml_get(map, "rule"), "E526", STR_NONE, STR_NONE);
	else if (of_rule && expect->rule.n == 0)
		tester_say(tester, map, "E524", STR_NONE, STR_NONE);
	else if (!asks_something(expect))
		tester_say(tester, map, "E525", STR_NONE, STR_NONE);
	if (expect->count.given && expect->customer.n > 0)
		tester_say(tester, yaml_get(map, "count"), "E527", STR_NONE, STR_NONE);
	check_rule(tester, yaml_get(map, "rule"), expect->rule);
	check_word(tester, map, "level", expect->level, "level");
	check_word(tester, map, "stage", expect->stage, "stage");
	check_customer(tester, map, expect->customer);
	check_rules(tester, yaml_get(map, "firing"));
}

static void
read_expect(struct tester *tester, const struct yaml_node *map)
{
	struct expect_row row = {.state = -1};
	unsigned errors = tester->form.diags->errors;

	form_read(&tester->form, map, expect_rows, &row);
	if (map->kind != YAML_MAP)
		return;
	if (row.state >= 0)
		row.expect.state = str_of(states[row.state]);
	row.expect.line = tester_line(tester, map);
	if (row.at == NULL)
		tester_say(tester, map, "E518", STR("at"), STR_NONE);
	else if (tester_moment(tester, row.at, &row.expect.at))
		tester_lasts(tester,
			     row.expect.at.is_day ? row.expect.at.to - 1 : row.expect.at.from);
	if (tester->form.diags->errors == errors)
		check_expect(tester, map, &row.expect);
	tester->test->expects[tester->test->expect_count++] = row.expect;
}

static unsigned
count_rows(struct tester *tester, const struct yaml_node *list)
{
	if (!form_is_list(&tester->form, list))
		return 0;
	if (list->count <= TEST_MAX_ROWS)
		return list->count;
	tester_say(tester, list->items[TEST_MAX_ROWS], "E508",
		   form_int_text(&tester->form, TEST_MAX_ROWS), STR_NONE);
	return TEST_MAX_ROWS;
}

void
tester_expects(struct tester *tester, const struct yaml_node *list)
{
	unsigned count = count_rows(tester, list);

	tester->test->expects =
		arena_array(tester->form.arena, count + 1, sizeof *tester->test->expects);
	for (unsigned i = 0; i < count; i++)
		read_expect(tester, list->items[i]);
}

/* ---- alerts ---- */

struct alert_row {
	struct test_alert alert;
	const struct yaml_node *at;
	struct test_number at_least, at_most;
};

#define FILTER(word, slot)                                             \
	{                                                              \
		word, form_text,                                       \
			offsetof(struct alert_row, alert) +            \
				offsetof(struct test_alert, filters) + \
				(slot) * sizeof(struct str),           \
			0, EVENT_MAX_TEXT, NULL                        \
	}

static const struct form_row alert_rows[] = {
	{"type", form_text, offsetof(struct alert_row, alert.type), 0, 64, NULL},
	{"at", form_node, offsetof(struct alert_row, at), 0, 0, NULL},
	FILTER("rule", TEST_RULE),
	FILTER("customer", TEST_CUSTOMER),
	FILTER("level", TEST_LEVEL),
	FILTER("stage", TEST_STAGE),
	FILTER("from", TEST_FROM),
	FILTER("to", TEST_TO),
	FILTER("tag", TEST_TAG),
	FILTER("task", TEST_TASK),
	FILTER("cause", TEST_CAUSE),
	FILTER("owner", TEST_OWNER),
	FILTER("item", TEST_ITEM),
	{"count", read_number, offsetof(struct alert_row, alert.count), 0, 0, NULL},
	{"at_least", read_number, offsetof(struct alert_row, at_least), 0, 0, NULL},
	{"at_most", read_number, offsetof(struct alert_row, at_most), 0, 0, NULL},
	{.word = NULL},
};
#undef FILTER

static void
check_type(struct tester *tester, const struct yaml_node *map, struct str type)
{
	struct str names[TYPES];

	for (size_t i = 0; i < TYPES; i++) {
		names[i] = str_of(alert_types[i]);
		if (str_eq(names[i], type))
			return;
	}
	if (type.n > 0)
		form_propose(&tester->form, yaml_get(map, "type"), "E528", type, names, TYPES);
	else if (yaml_get(map, "type") == NULL)
		tester_say(tester, map, "E518", STR("type"), STR_NONE);
}

/* What a level or stage moved from and to. */
static void
check_moves(struct tester *tester, const struct yaml_node *map, const struct test_alert *alert)
{
	const char *what = str_starts(alert->type, STR("customer.level_")) ? "level"
			   : str_is(alert->type, "customer.stage_changed") ? "stage"
									   : NULL;

	if (what == NULL)
		return;
	check_word(tester, map, "from", alert->filters[TEST_FROM], what);
	check_word(tester, map, "to", alert->filters[TEST_TO], what);
}

/* at_least: 2 is count: '>= 2', and reads better. */
static void
take_bounds(struct tester *tester, const struct yaml_node *map, struct alert_row *row)
{
	struct test_number *count = &row->alert.count;

	if (row->at_least.given + row->at_most.given + count->given > 1)
		tester_say(tester, map, "E529", STR_NONE, STR_NONE);
	if (row->at_least.given) {
		*count = row->at_least;
		count->bound = TEST_LEAST;
	} else if (row->at_most.given) {
		*count = row->at_most;
		count->bound = TEST_MOST;
	}
}

static void
read_alert(struct tester *tester, const struct yaml_node *map)
{
	struct alert_row row = {0};
	struct test_alert *alert = &row.alert;

	form_read(&tester->form, map, alert_rows, &row);
	if (map->kind != YAML_MAP)
		return;
	alert->line = tester_line(tester, map);
	check_type(tester, map, alert->type);
	if (row.at != NULL && tester_moment(tester, row.at, &alert->at)) {
		alert->has_at = true;
		tester_lasts(tester, alert->at.to - 1);
	}
	take_bounds(tester, map, &row);
	check_rule(tester, yaml_get(map, "rule"), alert->filters[TEST_RULE]);
	check_word(tester, map, "level", alert->filters[TEST_LEVEL], "level");
	check_word(tester, map, "stage", alert->filters[TEST_STAGE], "stage");
	check_moves(tester, map, alert);
	check_customer(tester, map, alert->filters[TEST_CUSTOMER]);
	tester->test->alerts[tester->test->alert_count++] = *alert;
}

void
tester_alerts(struct tester *tester, const struct yaml_node *list)
{
	unsigned count = count_rows(tester, list);

	tester->test->has_alerts = true;
	tester->test->alerts_line = tester_line(tester, list);
	tester->test->alerts =
		arena_array(tester->form.arena, count + 1, sizeof *tester->test->alerts);
	for (unsigned i = 0; i < count; i++)
		read_alert(tester, list->items[i]);
}
