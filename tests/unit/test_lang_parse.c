/* SPDX-License-Identifier: Apache-2.0 */
/* The grammar: what binds closer, what is said about text that is none, and at which place. */
#include <stdio.h>
#include <string.h>

#include "unit/lang.h"

struct row {
	const char *text;
	const char *expected; /* canonical text, or the complaints */
};

static struct str
outcome(const char *text, struct buf *out)
{
	const struct node *tree;

	buf_clear(&world.said);
	world.complaints = 0;
	buf_clear(out);
	tree = expr_parse(&world.arena, world_source(&world, str_of(text)), world_sink(&world));
	assert_int_equal(tree == NULL, world.complaints > 0);
	if (!tree)
		return str_slice(buf_view(&world.said), 0, world.said.n - 1);
	expr_unparse(out, tree);
	return buf_view(out);
}

static void
run(const struct row *rows, size_t count)
{
	struct buf out = {0};

	for (size_t i = 0; i < count; i++) {
		struct str got = outcome(rows[i].text, &out);

		if (!str_is(got, rows[i].expected))
			fail_msg("%s\n  gave     %.*s\n  expected %s", rows[i].text,
				 STR_ARG(got), rows[i].expected);
	}
	buf_finish(&out);
}

#define RUN(rows) run(rows, sizeof(rows) / sizeof *(rows))

static void
operators_bind_as_everywhere(void **state)
{
	static const struct row rows[] = {
		{"a or b and c", "a or b and c"},
		{"(a or b) and c", "(a or b) and c"},
		{"a or (b and c)", "a or b and c"},
		{"a and (b and (c and d))", "a and b and c and d"},
		{"not a and b", "not a and b"},
		{"not (a and b)", "not (a and b)"},
		{"not a == b", "not a == b"},
		{"(not a) == b", "(not a) == b"},
		{"not not a", "not not a"},
		{"1 + 2 * 3", "1 + 2 * 3"},
		{"(1 + 2) * 3", "(1 + 2) * 3"},
		{"1 - (2 - 3)", "1 - (2 - 3)"},
		{"(1 - 2) - 3", "1 - 2 - 3"},
		{"1 / (2 * 3)", "1 / (2 * 3)"},
		{"-1 * 2", "-1 * 2"},
		{"-(1 * 2)", "-(1 * 2)"},
		{"- - 1", "--1"},
		{"1 + 2 > 3 - 4", "1 + 2 > 3 - 4"},
		{"(1 > 2) == (3 > 4)", "(1 > 2) == (3 > 4)"},
		{"a not in b", "not a in b"},
		{"a + 1 in [1, -2]", "a + 1 in [1, -2]"},
		{"x in []", "x in []"},
	};
	(void)state;
	RUN(rows);
}

static void
text_becomes_canonical(void **state)
{
	static const struct row rows[] = {
		{"  a\n\tand\r\n  b ", "a and b"},
		{"'x' == \"it's\"", "\"x\" == \"it's\""},
		{"'say \"x\"'", "'say \"x\"'"},
		{"1w", "7d"},
		{"1d12h", "36h"},
		{"120s", "2m"},
		{"1.50", "1.5"},
		{"2.0", "2.0"},
		{"1e3", "1000.0"},
		{"007", "7"},
		{"usage[ 4w offset 1w ]", "usage[28d offset 7d]"},
		{"usage[24h live]", "usage[24h live]"},
		{"usage [14d live]", "usage[14d live]"},
		{"f(a,b , c=1)", "f(a, b, c=1)"},
		{"pick(x,a=1,\"on hold\"=2,'7d'=3,else=4)",
		 "pick(x, a=1, \"on hold\"=2, \"7d\"=3, else=4)"},
		{"if(a,b,c)", "if(a, b, c)"},
		{"coalesce(a,b,c)", "coalesce(a, b, c)"},
		{"profile.in", "profile.in"},
		{"客户_1 and profile.等级 == \"金\"", "客户_1 and profile.等级 == \"金\""},
		{"a\xe3\x80\x80"
		 "and\xc2\xa0"
		 "b",
		 "a and b"},
	};
	(void)state;
	RUN(rows);
}

static void
what_is_missing_is_said_where_it_is_missing(void **state)
{
	static const struct row rows[] = {
		{"", "E145 1+0: the expression is empty"},
		{"  \n", "E145 1+0: the expression is empty"},
		{"1 +", "E149 4+0: the expression ends where a value is missing"},
		{"1 + * 2", "E120 5+1: a value is missing before *"},
		{"and a", "E120 1+3: a value is missing before and"},
		{"a and", "E149 6+0: the expression ends where a value is missing"},
		{"(a and b", "E153 9+0: the expression ends where ) is missing"},
		{"count(login[7d]", "E153 16+0: the expression ends where ) is missing"},
		{"count(login[7d)", "E148 15+1: ] is missing before )"},
		{"f(a b)", "E148 5+1: ) is missing before b"},
		{"a b", "E139 3+1: b is not expected here"},
		{"a)", "E139 2+1: ) is not expected here"},
		{"f(,)",
		 "E120 3+1: a value is missing before ,\nE120 4+1: a value is missing before )"},
		{"profile.", "E154 9+0: a name is missing after the dot"},
		{"profile.1", "E154 9+1: a name is missing after the dot"},
		{"usage[]",
		 "E127 7+1: a range is whole days or hours, such as [7d] or [24h live]; this is []"},
		{"1 < 2 < 3", "E141 7+1: comparisons cannot be chained; join them by and"},
		{"(1 +) and (2 *)", "E120 5+1: a value is missing before )\n"
				    "E120 15+1: a value is missing before )"},
		{"profil.tier == 1", "E101 1+6: unknown name profil; did you mean profile?"},
	};
	(void)state;
	RUN(rows);
}

static void
ranges_are_whole_days_or_live_hours(void **state)
{
	static const struct row rows[] = {
		{"u[400d]", "u[400d]"},
		{"u[393d offset 7d]", "u[393d offset 7d]"},
		{"u[72h live]", "u[72h live]"},
		{"u[7d offset 0d]", "u[7d]"},
		{"u[401d]", "E130 3+4: range and offset together are longer than 400d"},
		{"u[394d offset 7d]",
		 "E130 3+4: range and offset together are longer than 400d"},
		{"u[9999999999w]", "E130 3+11: range and offset together are longer than 400d"},
		{"u[24h]", "E128 3+3: a range of hours needs live"},
		{"u[73h live]", "E129 3+3: a range of hours goes back 72h at most"},
		{"u[14d live offset 7d]", "E131 19+2: offset cannot be used with live"},
		{"u[7]",
		 "E127 3+1: a range is whole days or hours, such as [7d] or [24h live]; this is "
		 "[7]; did you mean 7d?"},
		{"u[0d]",
		 "E127 3+2: a range is whole days or hours, such as [7d] or [24h live]; this is "
		 "[0d]"},
		{"u[90m live]",
		 "E127 3+3: a range is whole days or hours, such as [7d] or [24h live]; "
		 "this is [90m]"},
		{"u[1d12h live]",
		 "E127 3+5: a range is whole days or hours, such as [7d] or [24h live]; "
		 "this is [1d12h]"},
		{"u[7d offset 12h]",
		 "E127 13+3: a range is whole days or hours, such as [7d] or "
		 "[24h live]; this is [12h]"},
		{"u[7d off 7d]", "E148 6+3: ] is missing before off"},
	};
	(void)state;
	RUN(rows);
}

static void
what_other_languages_write_is_understood_and_corrected(void **state)
{
	static const struct row rows[] = {
		{"a && b", "E121 3+2: && has no place in an expression; write and"},
		{"a || !b", "E121 3+2: || has no place in an expression; write or\n"
			    "E121 6+1: ! has no place in an expression; write not"},
		{"a = 1", "E121 3+1: = has no place in an expression; did you mean ==?"},
		{"a <> 1", "E121 3+2: <> has no place in an expression; write !="},
		{"a AND b", "E121 3+3: AND has no place in an expression; write and"},
		{"f\xef\xbc\x88"
		 "a\xef\xbc\x89",
		 "E121 2+3: \xef\xbc\x88 has no place in an expression; write (\n"
		 "E121 6+3: \xef\xbc\x89 has no place in an expression; write )"},
		{"a \xe2\x89\xa5 1",
		 "E121 3+3: \xe2\x89\xa5 has no place in an expression; write >="},
		{"a == \xe2\x80\x9cx\xe2\x80\x9d",
		 "E121 6+3: \xe2\x80\x9c has no place in an expression; write \"\n"
		 "E121 10+3: \xe2\x80\x9d has no place in an expression; write \""},
		{"a > 14days",
		 "E123 5+6: 14days is neither a number nor a duration (90s 5m 4h 14d 2w); "
		 "did you mean 14d?"},
		{"a > 1.5h",
		 "E123 5+4: 1.5h is neither a number nor a duration (90s 5m 4h 14d 2w); "
		 "did you mean 90m?"},
		{"a > 3months",
		 "E123 5+7: 3months is neither a number nor a duration (90s 5m 4h 14d 2w); "
		 "did you mean 90d?"},
		{"a > 30天",
		 "E123 5+5: 30天 is neither a number nor a duration (90s 5m 4h 14d 2w); "
		 "did you mean 30d?"},
		{"a > 12q",
		 "E123 5+3: 12q is neither a number nor a duration (90s 5m 4h 14d 2w)"},
		{"a > 1.2.3",
		 "E123 5+5: 1.2.3 is neither a number nor a duration (90s 5m 4h 14d 2w)"},
		{"50% > a", "E121 3+1: % has no place in an expression"},
		{"a @ b # c", "E121 3+1: @ has no place in an expression\n"
			      "E121 7+1: # has no place in an expression"},
		{"a == \"x", "E122 6+2: the text is not closed by \""},
		{"a == 'x\n and b'", "E122 6+2: the text is not closed by '\n"
				     "E122 15+1: the text is not closed by '"},
	};
	(void)state;
	RUN(rows);
}

static void
names_that_expressions_can_say_are_told_apart(void **state)
{
	static const char *const fine[] = {"login", "_x",     "等级", "a1",
					   "live",  "offset", "andy", "iff"};
	static const char *const wrong[] = {"",	    "1a", "a-b",  "a b",     "and",
					    "not",  "in", "true", "profile", "event",
					    "else", "if", "AND",  "a.b",     "\xff"};
	(void)state;
	for (size_t i = 0; i < sizeof fine / sizeof *fine; i++)
		assert_true(expr_name_ok(str_of(fine[i])));
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_false(expr_name_ok(str_of(wrong[i])));
}

static void
places_span_what_was_written(void **state)
{
	const char *text = "(since(login) + 1d) >= 14d and not profile.vip";
	const struct node *root;

	(void)state;
	root = expr_parse(&world.arena, world_source(&world, str_of(text)), world_sink(&world));
	assert_non_null(root);
	assert_int_equal(root->at, 1); /* where its first operand begins */
	assert_int_equal(root->at + root->width, strlen(text));
	assert_int_equal(root->kids[0]->kids[0]->at, 1);
	assert_int_equal(root->kids[0]->kids[0]->width, strlen("since(login) + 1d"));
	assert_int_equal(root->kids[1]->at, 31);
	assert_int_equal(root->kids[1]->width, strlen("not profile.vip"));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(operators_bind_as_everywhere),
		TEST(text_becomes_canonical),
		TEST(what_is_missing_is_said_where_it_is_missing),
		TEST(ranges_are_whole_days_or_live_hours),
		TEST(what_other_languages_write_is_understood_and_corrected),
		TEST(names_that_expressions_can_say_are_told_apart),
		TEST(places_span_what_was_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
