/* SPDX-License-Identifier: Apache-2.0 */
/* A typed tree written back is read as the same tree, with macros and lists put in. */
#include <stdio.h>
#include <string.h>

#include "unit/lang.h"

static void
typed_trees_have_one_text(void **state)
{
	static const struct {
		const char *text, *expected;
	} rows[] = {
		{"key", "profile.status == \"active\" and profile.mrr > 0 and "
			"profile.tier in [\"business\", \"enterprise\"]"},
		{"not paying", "not (profile.status == \"active\" and profile.mrr > 0)"},
		{"patience * 2 > 20d", "pick(profile.tier, enterprise=7d, else=14d) * 2 > 20d"},
		{"coalesce(profile.mrr ,twice) * 2",
		 "coalesce(profile.mrr, 1 + 1 + (1 + 1)) * 2"},
		{"pick(profile.tier, else=2, free=1)", "pick(profile.tier, free=1, else=2)"},
		{"pick(profile.tier, team=2, free=1, enterprise=4, business=3, else=5)",
		 "pick(profile.tier, free=1, team=2, business=3, enterprise=4)"},
		{"pick(profile.status, trial=1, 'on hold'=2, \"7d\"=3, else=4)",
		 "pick(profile.status, trial=1, \"on hold\"=2, \"7d\"=3, else=4)"},
		{"ratio(min_events=5, recent, usage[4w offset 1w])",
		 "ratio(usage[7d], usage[28d offset 7d], min_events=5)"},
		{"2 * (twice + 1)", "2 * (1 + 1 + (1 + 1) + 1)"},
		{"-(2d) < -since(login)", "-2d < -since(login)"},
		{"1 - (-2) - (-(3))", "1 - -2 - -3"},
		{"profile.contract_end < '2026-12-31'",
		 "profile.contract_end < \"2026-12-31\""},
		{"profile.trial_end < \"2026-12-31T08:00:00+08:00\"",
		 "profile.trial_end < \"2026-12-31T00:00:00.000Z\""},
		{"profile.phone not in warm", "not profile.phone in [\"high\", \"urgent\"]"},
		{"event.note == 'say \"x\"'", "event.note == 'say \"x\"'"},
		{"least(3, 2.0, 1e20)", "least(3, 2.0, 1e+20)"},
		{"tag('vip') and last(seats, 2w) > 3", "tag(\"vip\") and last(seats, 14d) > 3"},
		{"count(登录[3h live])", "count(登录[3h live])"},
	};
	struct buf out = {0};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct expr *expr = world_compile(&world, rows[i].text, TYPE_COUNT);

		if (!expr)
			fail_msg("%s: %s", rows[i].text, world.said.p);
		buf_clear(&out);
		expr_unparse(&out, expr->root);
		assert_string_equal(out.p, rows[i].expected);
	}
	buf_finish(&out);
}

/* ---- Random trees ---- */

static uint32_t
roll(uint32_t *seed, uint32_t below)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (*seed >> 8) % below;
}

/* "%d" is a place for a duration, "%n" for a number, "%b" for a truth. */
static const char *const durations[] = {"14d",
					"-36h",
					"90s",
					"since(login)",
					"%d + %d",
					"%d - %d",
					"%n * %d",
					"%d / %n",
					"(%d)",
					"-%d",
					"patience",
					"if(%b, %d, %d)",
					"profile.quiet",
					"event.wait + %d",
					"pick(profile.tier, team=%d, else=%d)"};
static const char *const numbers[] = {"1",
				      "2.5",
				      "count(usage[7d])",
				      "%n + %n",
				      "%n - %n",
				      "%n * %n",
				      "%n / %n",
				      "-%n",
				      "(%n)",
				      "%d / %d",
				      "profile.mrr",
				      "twice",
				      "risk()",
				      "least(%n, %n, %n)",
				      "event.amount",
				      "ratio(recent, usage[28d offset 7d], min_events=%n)"};
static const char *const truths[] = {"true",
				     "%n < %n",
				     "%d >= %d",
				     "%b and %b",
				     "%b or %b",
				     "not %b",
				     "(%b)",
				     "key",
				     "profile.vip",
				     "%n in [1, 2.5]",
				     "(%b) == (%b)",
				     "event.flag",
				     "level() >= \"watch\"",
				     "profile.tier not in core",
				     "(%d) != (%d)"};

#define COUNT(array) (uint32_t)(sizeof(array) / sizeof *(array))

static void
grow(struct buf *out, char what, uint32_t *seed, unsigned depth)
{
	uint32_t simple = depth == 0;
	const char *form;

	if (what == 'd')
		form = durations[roll(seed, simple ? 4 : COUNT(durations))];
	else if (what == 'n')
		form = numbers[roll(seed, simple ? 3 : COUNT(numbers))];
	else
		form = truths[simple ? 0 : roll(seed, COUNT(truths))];
	for (; *form; form++) {
		if (*form != '%') {
			buf_char(out, *form);
			continue;
		}
		form++;
		/* A sum in a place that binds closer needs brackets, or it is another tree (or none). */
		buf_char(out, '(');
		grow(out, *form, seed, depth - 1);
		buf_char(out, ')');
	}
}

static bool
same_tree(const struct node *a, const struct node *b)
{
	if (!a || !b)
		return a == b;
	if (a->kind == NODE_AND || a->kind == NODE_OR) /* brackets in chains mean nothing */
		return a->kind == b->kind;
	if (a->kind != b->kind || a->type != b->type || a->op != b->op ||
	    a->moves != b->moves || a->kid_count != b->kid_count)
		return false;
	for (unsigned i = 0; i < a->kid_count; i++)
		if (!same_tree(a->kids[i], b->kids[i]))
			return false;
	return true;
}

static void
what_was_written_back_is_read_the_same(void **state)
{
	uint32_t seed = 42, fine = 0;
	struct buf text = {0}, once = {0}, twice = {0};

	(void)state;
	for (int round = 0; round < 2000; round++) {
		const struct expr *first, *second;
		struct env env = world_env(&world, WORLD_NOW), again = env;
		struct value a, b;

		buf_clear(&text);
		grow(&text, 'b', &seed, 1 + roll(&seed, 4));
		first = world_compile_str(&world, buf_view(&text), TYPE_BOOL);
		if (!first)
			fail_msg("%s: %s", text.p, world.said.p);
		buf_clear(&once);
		expr_unparse(&once, first->root);
		second = world_compile_str(&world, buf_view(&once), TYPE_BOOL);
		if (!second)
			fail_msg("%s: %s: %s", text.p, once.p, world.said.p);
		buf_clear(&twice);
		expr_unparse(&twice, second->root);
		assert_string_equal(once.p, twice.p);
		if (!same_tree(first->root, second->root))
			fail_msg("%s: %s", text.p, once.p);
		a = eval(&env, first->root);
		b = eval(&again, second->root);
		assert_int_equal(a.known, b.known);
		assert_true(!a.known || a.u.b == b.u.b);
		assert_true(env.next == again.next);
		fine++;
	}
	assert_int_equal(fine, 2000);
	buf_finish(&text);
	buf_finish(&once);
	buf_finish(&twice);
}

static unsigned visits;

static void
visit(void *ctx, const struct node *node)
{
	(void)ctx;
	(void)node;
	visits++;
}

static void
a_walk_meets_every_node_once(void **state)
{
	const struct expr *expr = world_compile(
		&world, "pick(profile.status, trial=1, else=risk() + 2)", TYPE_NUM);

	(void)state;
	assert_non_null(expr);
	visits = 0;
	expr_walk(expr->root, visit, NULL);
	assert_int_equal(visits, 6); /* pick, path, 1, +, risk(), 2 */
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin_with_event, end)
	const struct CMUnitTest tests[] = {
		TEST(typed_trees_have_one_text),
		TEST(what_was_written_back_is_read_the_same),
		TEST(a_walk_meets_every_node_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
