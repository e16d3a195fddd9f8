/* SPDX-License-Identifier: Apache-2.0 */
/* The sections that name things for expressions: signals, lists, macros; and teams. */
#include <assert.h>
#include <string.h>

#include "codec/rules_maker.h"
#include "lang/builtin.h"

struct signal_text {
	const struct yaml_node *on, *where, *sum, *last;
};

static const struct form_row signal_rows[] = {
	{"on", form_node, offsetof(struct signal_text, on), 0, 0, NULL},
	{"where", form_node, offsetof(struct signal_text, where), 0, 0, NULL},
	{"sum", form_node, offsetof(struct signal_text, sum), 0, 0, NULL},
	{"last", form_node, offsetof(struct signal_text, last), 0, 0, NULL},
	{.word = NULL},
};

static void
read_kind(struct maker *maker, const struct signal_text *text, struct signal *signal)
{
	static const struct form_row row = {.most = 64};
	const struct yaml_node *field = text->sum ? text->sum : text->last;

	if (text->sum != NULL && text->last != NULL)
		form_complain(&maker->form, text->last, "E218", STR_NONE, STR_NONE);
	signal->kind = text->sum ? SIGNAL_SUM : text->last ? SIGNAL_LAST : SIGNAL_COUNT;
	if (field != NULL)
		form_text(&maker->form, field, &row, &signal->field);
}

static void
read_signal(struct maker *maker, const struct yaml_node *key, const struct yaml_node *value)
{
	struct ruleset *rules = maker->rules;
	struct signal *signal = &rules->signals[rules->signal_count];
	struct signal_text text = {0};
	struct str_list types = {NULL, 0};

	if (rules->signal_count == RULESET_MAX_SIGNALS || !maker_claim(maker, NAMES_EXPR, key))
		return;
	form_read(&maker->form, value, signal_rows, &text);
	if (text.on != NULL)
		maker_event_types(maker, text.on, &types);
	else if (value->kind == YAML_MAP)
		form_complain(&maker->form, key, "E048", STR("on"), STR_NONE);
	signal->name = key->text;
	signal->types = types.words;
	signal->type_count = types.count;
	signal->born_at = signal->member_born_at = INT64_MIN;
	read_kind(maker, &text, signal);
	maker->signal_names[rules->signal_count] = key;
	maker->signal_wheres[rules->signal_count++] = text.where;
}

void
maker_signals(struct maker *maker)
{
	struct ruleset *rules = maker->rules;
	struct scope_signal *names;

	maker_count(maker, "signals", RULESET_MAX_SIGNALS);
	rules->signals =
		arena_array(maker->form.arena, RULESET_MAX_SIGNALS, sizeof *rules->signals);
	maker_each(maker, "signals", YAML_MAP, read_signal);
	names = arena_array(maker->form.arena, rules->signal_count, sizeof *names);
	for (unsigned i = 0; i < rules->signal_count; i++)
		names[i] =
			(struct scope_signal){rules->signals[i].name, rules->signals[i].kind};
	maker->scope.signals = names;
	maker->scope.signal_count = rules->signal_count;
	maker->scope.extremes = maker->extremes;
}

int
maker_signal(struct maker *maker, const struct yaml_node *name)
{
	const struct scope *scope = &maker->scope;
	struct str names[RULESET_MAX_SIGNALS];

	for (unsigned i = 0; i < scope->signal_count; i++) {
		if (str_eq(scope->signals[i].name, name->text))
			return (int)i;
		names[i] = scope->signals[i].name;
	}
	form_propose(&maker->form, name, "E135", name->text, names, scope->signal_count);
	return -1;
}

/* A signal's `where` is judged while an event comes in: nothing that depends on signals may stand in it. */
static void
refuse_state(void *ctx, const struct node *node)
{
	struct maker *maker = ctx;

	if (node->kind == NODE_CALL && node->builtin->op < FN_FIRST_PURE)
		maker_complain_node(
			maker, node, "E219",
			arena_printf(maker->form.arena, "%s()", node->builtin->name), STR_NONE);
}

static bool
is_same_signal(const struct signal *a, const struct signal *b)
{
	struct buf x = {0}, y = {0};

	ruleset_signal_text(&x, a);
	ruleset_signal_text(&y, b);
	bool same = str_eq(buf_view(&x), buf_view(&y)) ||
		    ruleset_key(buf_view(&x)) == ruleset_key(buf_view(&y));

	buf_finish(&x);
	buf_finish(&y);
	return same;
}

/* A signal's state is found by what defines it, so two cannot be defined alike. */
static void
check_twins(struct maker *maker, unsigned at)
{
	const struct signal *signals = maker->rules->signals;

	for (unsigned i = 0; i < at && signals[at].type_count > 0; i++)
		if (is_same_signal(&signals[i], &signals[at]))
			form_complain(&maker->form, maker->signal_names[at], "E220",
				      signals[at].name, signals[i].name);
}

void
maker_wheres(struct maker *maker)
{
	struct ruleset *rules = maker->rules;

	maker->scope.above_rules = true;
	for (unsigned i = 0; i < rules->signal_count; i++) {
		const struct yaml_node *where = maker->signal_wheres[i];

		if (where != NULL)
			rules->signals[i].where = maker_expr(maker, where, TYPE_BOOL, true);
		maker_check_expr(maker, rules->signals[i].where);
		if (rules->signals[i].where != NULL)
			expr_walk(rules->signals[i].where->root, refuse_state, maker);
		if (where == NULL || rules->signals[i].where != NULL)
			check_twins(maker, i);
	}
	maker->scope.above_rules = false;
}

/* The companion of a sum: fed alike, it keeps each day's largest or smallest value. */
static unsigned
add_companion(struct maker *maker, unsigned of, enum signal_kind kind)
{
	struct ruleset *rules = maker->rules;
	struct str name =
		arena_printf(maker->form.arena, "%s(%.*s)", kind == SIGNAL_MAX ? "max" : "min",
			     STR_ARG(rules->signals[of].name));

	if (rules->signal_count == RULESET_MAX_SIGNALS) {
		form_complain(&maker->form, maker->signal_names[of], "E231", name,
			      form_int_text(&maker->form, RULESET_MAX_SIGNALS));
		return 0;
	}
	rules->signals[rules->signal_count] = rules->signals[of];
	rules->signals[rules->signal_count].name = name;
	rules->signals[rules->signal_count].kind = kind;
	rules->signals[rules->signal_count].hidden = true;
	return ++rules->signal_count;
}

void
maker_extremes(struct maker *maker)
{
	struct signal *signals = maker->rules->signals;

	for (unsigned i = 0; i < maker->scope.signal_count; i++) {
		if (maker->extremes[0] >> i & 1)
			signals[i].largest = (uint8_t)add_companion(maker, i, SIGNAL_MAX);
		if (maker->extremes[1] >> i & 1)
			signals[i].smallest = (uint8_t)add_companion(maker, i, SIGNAL_MIN);
	}
}

static void
read_list(struct maker *maker, const struct yaml_node *key, const struct yaml_node *value)
{
	static const struct form_row row = {.most = 1024};
	struct str_list words = {NULL, 0};

	if (maker->scope.list_count == RULES_MAX_NAMES || !maker_claim(maker, NAMES_EXPR, key))
		return;
	form_texts(&maker->form, value, &row, &words);
	maker->list_names[maker->scope.list_count] = key;
	maker->scope.lists[maker->scope.list_count++] = (struct named_list){
		.name = key->text, .words = words.words, .count = words.count};
}

static size_t
at_most(struct maker *maker, const char *section)
{
	unsigned count = maker_count(maker, section, RULES_MAX_NAMES);

	return count < RULES_MAX_NAMES ? count : RULES_MAX_NAMES;
}

void
maker_lists(struct maker *maker)
{
	size_t count = at_most(maker, "lists");

	maker->scope.lists = arena_array(maker->form.arena, count, sizeof *maker->scope.lists);
	maker->list_names = arena_array(maker->form.arena, count, sizeof *maker->list_names);
	maker_each(maker, "lists", YAML_MAP, read_list);
}

/* A macro's mistakes in meaning show where it is used; what is no expression at all shows here. */
static void
read_macro(struct maker *maker, const struct yaml_node *key, const struct yaml_node *value)
{
	struct macro *macro = &maker->scope.macros[maker->scope.macro_count];

	if (maker->scope.macro_count == RULES_MAX_NAMES ||
	    !maker_claim(maker, NAMES_EXPR, key) || !form_is_text(&maker->form, value))
		return;
	macro->name = key->text;
	macro->source = *maker_source(maker, value);
	macro->tree = expr_parse(maker->form.arena, &macro->source, maker_sink(maker));
	maker->macro_names[maker->scope.macro_count++] = key;
}

void
maker_macros(struct maker *maker)
{
	size_t count = at_most(maker, "macros");

	maker->scope.macros =
		arena_array(maker->form.arena, count, sizeof *maker->scope.macros);
	maker->macro_names = arena_array(maker->form.arena, count, sizeof *maker->macro_names);
	maker_each(maker, "macros", YAML_MAP, read_macro);
}

static void
read_team(struct maker *maker, const struct yaml_node *key, const struct yaml_node *value)
{
	static const struct form_row row = {.most = RULES_MAX_NAME};
	struct ruleset *rules = maker->rules;
	struct str_list people = {NULL, 0};

	if (rules->team_count == RULES_MAX_NAMES || !maker_claim(maker, NAMES_TEAMS, key))
		return;
	form_texts(&maker->form, value, &row, &people);
	rules->teams[rules->team_count++] =
		(struct team){key->text, people.words, people.count};
}

void
maker_teams(struct maker *maker)
{
	size_t count = at_most(maker, "teams");

	maker->rules->teams =
		arena_array(maker->form.arena, count, sizeof *maker->rules->teams);
	maker_each(maker, "teams", YAML_MAP, read_team);
}
