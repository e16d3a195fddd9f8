/* SPDX-License-Identifier: Apache-2.0 */
/* Questions from outside the rule files: what they may name, where their mistakes are, what they answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "codec/rules_yaml.h"
#include "engine/engine.h"

#define RULES                                                              \
	"churnd: 1\nname: t\nsignals: {orders: {on: order, sum: value}}\n" \
	"macros: {twice: 'count(orders[40d]) * 2'}\n"                      \
	"rules:\n- {rule: r, expr: silent(orders) > 9d, points: 10}\n"

static struct ruleset *
load(const char *columns, struct diags *diags)
{
	const struct rules_ask ask = {STR("--columns"), str_of(columns), TYPE_COUNT};
	const struct rules_loader loader = {.asks = &ask, .ask_count = 1};
	const struct diag_file file = {STR("r.yaml"), STR(RULES)};

	return rules_load(&file, 1, &loader, (struct hash_seed){1, 2}, diags);
}

static void
expect_said(const char *columns, const char *said)
{
	struct arena arena;
	struct diags diags;
	struct buf out = {0};

	arena_init(&arena);
	diags_init(&diags, &arena);
	ruleset_destroy(load(columns, &diags));
	diags_print(&out, &diags, false, false);
	assert_string_equal(out.p ? out.p : "", said);
	buf_finish(&out);
	diags_finish(&diags);
	arena_finish(&arena);
}

static void
a_mistake_is_shown_where_it_stands(void **state)
{
	(void)state;
	expect_said("count(orders[7d]), sicne(orders)",
		    "--columns:1:20: error E102: unknown function sicne\n"
		    "    1 | count(orders[7d]), sicne(orders)\n"
		    "      |                    ^^^^^ did you mean since?\n");
	expect_said("1 ~ 2", "--columns:1:3: error E121: ~ has no place in an expression\n"
			     "    1 | 1 ~ 2\n"
			     "      |   ^\n");
	expect_said("1,, 2", "--columns:1:3: error E145: the expression is empty\n"
			     "    1 | 1,, 2\n"
			     "      |   ^\n");
}

static void
more_than_are_answered_are_refused(void **state)
{
	struct arena arena;
	struct diags diags;
	struct buf text = {0};

	(void)state;
	arena_init(&arena);
	diags_init(&diags, &arena);
	buf_text(&text, " \r\n\t1");
	for (int i = 1; i < RULESET_MAX_ASKS; i++)
		buf_text(&text, " ,\t1\r\n");
	struct ruleset *rules = load(text.p, &diags);

	assert_non_null(rules);
	assert_int_equal(rules->ask_count, RULESET_MAX_ASKS);
	assert_true(str_is(rules->asks[RULESET_MAX_ASKS - 1].name, "1"));
	ruleset_destroy(rules);
	diags_finish(&diags);
	diags_init(&diags, &arena);
	buf_text(&text, ", 2");
	assert_null(load(text.p, &diags));
	assert_int_equal(diags.errors, 1);
	assert_string_equal(diags.list[0].message->code, "E210");
	assert_true(str_is(diags.list[0].args[0], "--columns"));
	buf_finish(&text);
	diags_finish(&diags);
	arena_finish(&arena);
}

static struct entry
order_of(int64_t at)
{
	return (struct entry){.id = {at, 1},
			      .customer = STR("c"),
			      .type = STR("order"),
			      .ts = at,
			      .value = 2.5,
			      .has_value = true};
}

static void
answers_are_as_of_the_moment_asked(void **state)
{
	const int64_t at = 40 * DAY_MS;
	struct arena arena;
	struct diags diags;
	struct entry entry = order_of(at);

	(void)state;
	arena_init(&arena);
	diags_init(&diags, &arena);
	struct ruleset *rules = load("since(orders), twice, if(seen(orders), 1, 2),"
				     "sum(orders[40d live])",
				     &diags);

	assert_non_null(rules);
	assert_int_equal(rules->ask_count, 4);
	assert_true(str_is(rules->asks[0].name, "since(orders)"));
	assert_true(str_is(rules->asks[1].name, "twice"));
	assert_true(str_is(rules->asks[2].name, "if(seen(orders), 1, 2)"));
	struct engine *engine = engine_create(rules, (struct hash_seed){1, 2});

	assert_int_equal(engine_apply(engine, &entry, 1, &(struct order_sink){0}), 1);
	const struct customer *customer = engine_find(engine, STR("c"));
	int64_t now = at + 3 * DAY_MS + 5;

	engine_advance(engine, now, &(struct order_sink){0});
	assert_int_equal(engine_ask(engine, customer, rules->asks[0].expr, now).u.i,
			 3 * DAY_MS + 5);
	assert_int_equal(engine_ask(engine, customer, rules->asks[1].expr, now).u.i, 2);
	assert_true(engine_ask(engine, customer, rules->asks[3].expr, now).u.n == 2.5);
	engine_destroy(engine);
	diags_finish(&diags);
	arena_finish(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mistake_is_shown_where_it_stands),
		cmocka_unit_test(more_than_are_answered_are_refused),
		cmocka_unit_test(answers_are_as_of_the_moment_asked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
