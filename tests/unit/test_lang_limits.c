/* SPDX-License-Identifier: Apache-2.0 */
/* Text that means harm: every bound is named, said, and reached without harm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/lang_world.h"

static struct world world;
static struct buf text;

static int
begin(void **state)
{
	(void)state;
	world_init(&world);
	buf_clear(&text);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	world_finish(&world);
	buf_finish(&text);
	text = (struct buf){0};
	return 0;
}

static void
repeat(const char *what, int times)
{
	for (int i = 0; i < times; i++)
		buf_text(&text, what);
}

static const struct expr *
compiled(void)
{
	return world_compile_str(&world, buf_view(&text), TYPE_COUNT);
}

static void
assert_said(const char *code)
{
	if (strncmp(world.said.p, code, strlen(code)) != 0)
		fail_msg("said %s", world.said.p);
}

/* begin x times, middle, end x times */
static void
nest(const char *open, const char *middle, const char *close, int depth)
{
	buf_clear(&text);
	repeat(open, depth);
	buf_text(&text, middle);
	repeat(close, depth);
}

static void
nesting_is_bounded_as_written(void **state)
{
	static const struct {
		const char *open, *middle, *close;
	} shapes[] = {
		{"(", "1", ")"},
		{"abs(", "1", ")"},
		{"-", "1", ""},
		{"not ", "true", ""},
		{"if(true, ", "1", ", 2)"},
		{"coalesce(", "1", ", 2)"},
		{"pick(profile.tier, else=", "1", ")"},
		{"1 + (", "1", ")"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
		nest(shapes[i].open, shapes[i].middle, shapes[i].close, EXPR_MAX_DEPTH - 1);
		if (!compiled())
			fail_msg("%s: %s", shapes[i].open, world.said.p);
		nest(shapes[i].open, shapes[i].middle, shapes[i].close, EXPR_MAX_DEPTH);
		assert_null(compiled());
		assert_said("E125");
		assert_int_equal(world.complaints, 1);
		nest(shapes[i].open, shapes[i].middle, shapes[i].close,
		     (EXPR_MAX_BYTES - 10) /
			     (int)(strlen(shapes[i].open) + strlen(shapes[i].close)));
		assert_null(compiled());
		assert_said("E125");
	}
}

static void
length_is_bounded(void **state)
{
	(void)state;
	buf_text(&text, "1");
	repeat(" ", EXPR_MAX_BYTES - 1);
	assert_non_null(compiled());
	buf_text(&text, " ");
	assert_null(compiled());
	assert_string_equal(world.said.p,
			    "E124 1+1: the expression is longer than 4096 bytes\n");
}

static void
long_chains_of_logic_are_flat(void **state)
{
	struct env env = world_env(&world, WORLD_NOW);
	const struct expr *expr;

	(void)state;
	buf_text(&text, "1>2");
	repeat(" or 1>2", 500);
	expr = compiled();
	assert_non_null(expr);
	assert_int_equal(expr->nodes, 1 + 501 * 3);
	assert_false(value_is_true(eval(&env, expr->root)));
}

static void
long_sums_are_as_high_as_recursion_allows(void **state)
{
	struct env env = world_env(&world, WORLD_NOW);
	const struct expr *expr;

	(void)state;
	buf_text(&text, "1");
	repeat("+1", EXPR_MAX_HEIGHT - 1);
	expr = compiled();
	assert_non_null(expr);
	assert_int_equal(eval(&env, expr->root).u.i, EXPR_MAX_HEIGHT);
	buf_text(&text, "+1");
	assert_null(compiled());
	assert_string_equal(world.said.p,
			    "E125 1+1: the expression is nested deeper than 256\n");
}

static void
macros_do_not_explode(void **state)
{
	const struct expr *expr;

	(void)state;
	buf_text(&text, "most_of_it");
	expr = compiled();
	assert_non_null(expr);
	assert_true(expr->nodes < EXPR_MAX_NODES);
	buf_clear(&text);
	buf_text(&text, "most_of_it + most_of_it + most_of_it + most_of_it");
	assert_null(compiled());
	assert_string_equal(world.said.p,
			    "E126 40+10: the expression has more than 2048 parts once "
			    "its macros are put in\n");
	buf_clear(&text);
	buf_text(&text, "most_of_it"); /* not the macro's fault */
	assert_non_null(compiled());
}

/* m0: "1 + 1", m1: "m0 + m0", ...: 2^40 parts when put in. */
static void
a_tower_of_macros_is_stopped_at_the_bound(void **state)
{
	struct macro *macros = arena_array(&world.arena, 40, sizeof *macros);

	(void)state;
	for (int i = 0; i < 40; i++) {
		macros[i].name = arena_printf(&world.arena, "m%d", i);
		macros[i].source.text =
			i ? arena_printf(&world.arena, "m%d + m%d", i - 1, i - 1)
			  : STR("1 + 1");
		macros[i].tree =
			expr_parse(&world.arena, &macros[i].source, world_sink(&world));
	}
	world.scope.macros = macros;
	world.scope.macro_count = 40;
	buf_text(&text, "m39");
	assert_null(compiled());
	assert_said("E126 1+3");
	assert_int_equal(world.complaints, 1);
}

/* A pick whose words all fall to one branch that is again such a pick: 4^60 ways, one tree. */
static void
shared_branches_cost_one_branch(void **state)
{
	struct env env = world_env(&world, WORLD_NOW);
	struct buf out = {0};
	const struct expr *expr;

	(void)state;
	nest("pick(profile.tier, else=", "risk()", ")", 60);
	expr = compiled();
	assert_non_null(expr);
	assert_int_equal(eval(&env, expr->root).u.i, 55);
	assert_int_equal(world.calls, 1);
	expr_unparse(&out, expr->root);
	assert_string_equal(out.p, text.p);
	buf_finish(&out);
	nest("pick(profile.tier, else=", "since(login) > 3d", ")", 60);
	assert_non_null(compiled());
	nest("pick(profile.tier, else=", "\"watch\"", ")", 60);
	buf_text(&text, " == level()");
	assert_non_null(compiled());
}

static void
lists_count_as_parts(void **state)
{
	struct named_list *list = arena_alloc(&world.arena, sizeof *list);
	struct str *words = arena_array(&world.arena, 70000, sizeof *words);

	(void)state;
	for (int i = 0; i < 70000; i++)
		words[i] = STR("w");
	*list = (struct named_list){.name = STR("huge"), .words = words, .count = 2000};
	world.scope.lists = list;
	world.scope.list_count = 1;
	buf_text(&text, "profile.phone in huge");
	assert_non_null(compiled());
	list->count = 70000;
	assert_null(compiled());
	assert_said("E126");
}

static void
absurd_numbers_are_numbers_or_said(void **state)
{
	static const struct {
		const char *text, *code;
	} rows[] = {
		{"9223372036854775807", NULL},
		{"99999999999999999999999999", NULL},
		{"1e308", NULL},
		{"1e309", "E123"},
		{"1e99999999999", "E123"},
		{"106751991167d", NULL},
		{"106751991168d", "E123"},
		{"9999999999999999999d", "E123"},
		{"1d1d", "E123"},
		{"1h1d", "E123"},
		{"0x10", "E123"},
		{"1_000", "E123"},
		{"1.", "E139"},
		{".5", "E120"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct expr *expr = world_compile(&world, rows[i].text, TYPE_COUNT);

		if ((expr == NULL) != (rows[i].code != NULL))
			fail_msg("%s: %s", rows[i].text, world.said.p);
		if (rows[i].code)
			assert_said(rows[i].code);
	}
}

static void
bytes_that_are_no_text_are_refused(void **state)
{
	static const struct str texts[] = {
		{"a\0b", 3},	 {"\xff\xfe", 2}, {"a == \"\xc3\"", 8}, {"\xed\xa0\x80", 3},
		{"1 \x01 2", 5}, {"\x7f", 1},	  {"\"a\nb\"", 5},
	};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		assert_null(world_compile_str(&world, texts[i], TYPE_COUNT));
}

static void
a_call_has_no_more_arguments_than_its_table(void **state)
{
	(void)state;
	buf_text(&text, "count(usage[7d]");
	repeat(",usage[7d]", 400);
	buf_text(&text, ")");
	assert_null(compiled());
	assert_said("E108");
	buf_clear(&text);
	buf_text(&text, "most(1");
	repeat(",1", 2000);
	buf_text(&text, ")");
	assert_non_null(compiled());
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(nesting_is_bounded_as_written),
		TEST(length_is_bounded),
		TEST(long_chains_of_logic_are_flat),
		TEST(long_sums_are_as_high_as_recursion_allows),
		TEST(macros_do_not_explode),
		TEST(a_tower_of_macros_is_stopped_at_the_bound),
		TEST(shared_branches_cost_one_branch),
		TEST(lists_count_as_parts),
		TEST(absurd_numbers_are_numbers_or_said),
		TEST(bytes_that_are_no_text_are_refused),
		TEST(a_call_has_no_more_arguments_than_its_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
