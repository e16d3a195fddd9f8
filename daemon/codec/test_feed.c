/* SPDX-License-Identifier: Apache-2.0 */
/* Finds an event that a signal takes: its type, and what its `where` asks for. */
#include "base/number.h"
#include "codec/event.h"
#include "codec/test_maker.h"

/* Only plain conditions are solved (event.x == "y", event.value >= 3, event.x in list, and/or of them);
 * for others the admin names the attributes. */

struct test_field *
tester_field(struct test_fields *fields, const char *key)
{
	for (unsigned i = 0; i < fields->count; i++)
		if (str_is(fields->list[i].key, key) && fields->list[i].value_count > 0)
			return &fields->list[i];
	return NULL;
}

void
tester_add_field(struct tester *tester, struct test_fields *fields, struct str key,
		 struct str value)
{
	struct str *values = arena_alloc(tester->form.arena, sizeof *values);

	if (fields->count == TESTER_MAX_FIELDS)
		return; /* event_decode() says that they are too many */
	*values = value;
	fields->list[fields->count++] = (struct test_field){key, values, 1};
}

void
test_fields_begin(struct tester *tester, struct test_fields *fields)
{
	fields->list = arena_array(tester->form.arena, TESTER_MAX_FIELDS, sizeof *fields->list);
	fields->list[0].key = STR("type");
	fields->count = 1;
}

struct str
test_fields_type(const struct test_fields *fields)
{
	return fields->list[0].value_count > 0 ? fields->list[0].values[0] : STR_NONE;
}

struct solver {
	struct tester *tester;
	struct test_fields *fields;
	bool has_value;
};

static const char *
key_of(struct solver *solver, const struct node *path)
{
	static const char *const known[] = {"value", "type", "user", "source", "ts"};

	if (path->slot < EVENT_ATTRIBUTE)
		return known[path->slot];
	return arena_str(solver->tester->form.arena, path->name).p;
}

static bool
is_event_path(const struct node *node)
{
	return node->kind == NODE_PATH && node->op == PATH_EVENT;
}

/* A number that compares so with `number`. */
static double
beside(enum compare_op op, double number)
{
	switch (op) {
	case CMP_NE:
	case CMP_GT:
		return number + 1;
	case CMP_LT:
		return number - 1;
	case CMP_EQ:
	case CMP_LE:
	case CMP_GE:
		return number;
	}
	return number;
}

static bool
text_of(struct solver *solver, const struct value *value, enum compare_op op, struct str *out)
{
	struct buf text = {0};

	if (!value->known)
		return false;
	if (value->type == TYPE_STRING) {
		*out = op == CMP_NE ? STR("other") : value->u.s;
		return op == CMP_EQ || op == CMP_NE;
	}
	if (value->type != TYPE_INT && value->type != TYPE_NUM && value->type != TYPE_PROB)
		return false;
	buf_number_exact(&text,
			 beside(op, value->type == TYPE_INT ? (double)value->u.i : value->u.n));
	*out = arena_str(solver->tester->form.arena, buf_view(&text));
	buf_finish(&text);
	return true;
}

static bool
set(struct solver *solver, const struct node *path, struct str text)
{
	const char *key = key_of(solver, path);
	const struct test_field *given = tester_field(solver->fields, key);

	if (path->slot == EVENT_TYPE)
		return str_eq(test_fields_type(solver->fields), text);
	if (given != NULL || (path->slot == EVENT_VALUE && solver->has_value))
		return true; /* the admin knows */
	tester_add_field(solver->tester, solver->fields, str_of(key), text);
	return true;
}

static enum compare_op
turned(enum compare_op op)
{
	static const enum compare_op around[] = {
		[CMP_EQ] = CMP_EQ, [CMP_NE] = CMP_NE, [CMP_LT] = CMP_GT,
		[CMP_LE] = CMP_GE, [CMP_GT] = CMP_LT, [CMP_GE] = CMP_LE,
	};

	return around[op];
}

static bool
solve_compare(struct solver *solver, const struct node *node)
{
	const struct node *a = node->kids[0], *b = node->kids[1];
	enum compare_op op = (enum compare_op)node->op;
	struct str text;

	if (a->kind == NODE_CONST) {
		const struct node *c = a;

		a = b;
		b = c;
		op = turned(op);
	}
	if (!is_event_path(a) || b->kind != NODE_CONST)
		return false;
	if (a->slot == EVENT_TYPE && op == CMP_NE)
		return !str_eq(test_fields_type(solver->fields), b->value.u.s);
	return text_of(solver, &b->value, op, &text) && set(solver, a, text);
}

static bool
solve_in(struct solver *solver, const struct node *node)
{
	const struct node *list = node->kids[1];
	struct str text;

	if (!is_event_path(node->kids[0]) || list->kind != NODE_LIST)
		return false;
	for (unsigned i = 0; i < list->kid_count; i++)
		if (text_of(solver, &list->kids[i]->value, CMP_EQ, &text) &&
		    set(solver, node->kids[0], text))
			return true;
	return false;
}

static void
note_event(void *ctx, const struct node *node)
{
	*(bool *)ctx |= is_event_path(node);
}

static bool
solve(struct solver *solver, const struct node *node)
{
	bool reads_event = false;
	unsigned before = solver->fields->count;

	expr_walk(node, note_event, &reads_event);
	if (!reads_event)
		return true; /* of the profile: the test says it */
	if (node->kind == NODE_COMPARE)
		return solve_compare(solver, node);
	if (node->kind == NODE_IN)
		return solve_in(solver, node);
	if (node->kind == NODE_AND) {
		for (unsigned i = 0; i < node->kid_count; i++)
			if (!solve(solver, node->kids[i]))
				return false;
		return true;
	}
	for (unsigned i = 0; node->kind == NODE_OR && i < node->kid_count; i++) {
		solver->fields->count = before;
		if (solve(solver, node->kids[i]))
			return true;
	}
	return false;
}

static const struct signal *
find_signal(const struct ruleset *rules, struct str name)
{
	for (unsigned i = 0; i < rules->signal_count; i++)
		if (str_eq(rules->signals[i].name, name))
			return &rules->signals[i];
	return NULL;
}

static void
put_type(struct tester *tester, struct test_fields *fields, struct str type)
{
	struct str *value = arena_alloc(tester->form.arena, sizeof *value);

	*value = type;
	fields->list[0].values = value;
	fields->list[0].value_count = 1;
}

/* A type the signal is fed by. */
static bool
check_type(struct tester *tester, const struct yaml_node *key, const struct signal *signal,
	   struct str type)
{
	for (unsigned i = 0; i < signal->type_count; i++)
		if (str_eq(signal->types[i], type))
			return true;
	form_propose(&tester->form, key, "E519", type, signal->types, signal->type_count);
	return false;
}

static bool
feed_signal(struct tester *tester, const struct yaml_node *key, const struct signal *signal,
	    struct test_fields *fields, bool has_value)
{
	struct solver solver = {tester, fields, has_value};
	struct str given = test_fields_type(fields);
	unsigned before = fields->count;
	bool is_found = false;

	if (given.n > 0 && !check_type(tester, key, signal, given))
		return false;
	for (unsigned i = 0; i < signal->type_count && !is_found; i++) {
		if (given.n > 0 && !str_eq(signal->types[i], given))
			continue;
		fields->count = before;
		put_type(tester, fields, signal->types[i]);
		is_found = signal->where == NULL || solve(&solver, signal->where->root);
	}
	if (!is_found) {
		tester_say(tester, key, "E510", key->text, STR_NONE);
		return false;
	}
	if (signal->kind != SIGNAL_COUNT && !(has_value && str_is(signal->field, "value")) &&
	    tester_field(fields, arena_str(tester->form.arena, signal->field).p) == NULL) {
		tester_say(tester, key, "E511", key->text, signal->field);
		return false;
	}
	return true;
}

/* ---- event types ---- */

static void
complain_unknown(struct tester *tester, const struct yaml_node *key)
{
	const struct ruleset *rules = tester->rules;
	unsigned most = rules->signal_count + rules->use_count, count = 0;
	struct str *names = arena_array(tester->form.arena, most, sizeof *names);

	for (unsigned i = 0; i < rules->signal_count; i++)
		names[count++] = rules->signals[i].name;
	for (unsigned i = 0; i < rules->use_count; i++)
		names[count++] = rules->uses[i].type;
	form_propose(&tester->form, key, "E509", key->text, names, count);
}

void
tester_check_type(struct tester *tester, const struct yaml_node *type)
{
	const struct ruleset *rules = tester->rules;
	struct str *names =
		arena_array(tester->form.arena, rules->use_count + 1, sizeof *names);

	for (unsigned i = 0; i < rules->use_count; i++)
		names[i] = rules->uses[i].type;
	if (ruleset_use(rules, type->text) == NULL && !str_is(type->text, "member") &&
	    !str_is(type->text, "profile") &&
	    str_nearest(type->text, names, rules->use_count).n > 0)
		form_propose(&tester->form, type, "E509", type->text, names, rules->use_count);
}

bool
tester_feed(struct tester *tester, const struct yaml_node *key, struct test_fields *fields,
	    bool has_value)
{
	const struct signal *signal = find_signal(tester->rules, key->text);

	if (signal != NULL)
		return feed_signal(tester, key, signal, fields, has_value);
	if (ruleset_use(tester->rules, key->text) == NULL) {
		complain_unknown(tester, key);
		return false;
	}
	put_type(tester, fields, key->text);
	return true;
}
