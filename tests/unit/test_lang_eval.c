/* SPDX-License-Identifier: Apache-2.0 */
/* What expressions come to: values, unknowns, Kleene's logic, what the recorder sees. */
#include <stdio.h>
#include <string.h>

#include "unit/lang.h"

static struct value
value_of(const char *text)
{
	const struct expr *expr = world_compile(&world, text, TYPE_COUNT);
	struct env env = world_env(&world, WORLD_NOW);
	struct value value;

	if (!expr)
		fail_msg("%s: %s", text, world.said.p);
	value = eval(&env, expr->root);
	assert_int_equal(value.type, expr->root->type);
	return value;
}

struct row {
	const char *text;
	const char *expected; /* as value_print says it */
};

static void
run(const struct row *rows, size_t count)
{
	struct buf out = {0};

	for (size_t i = 0; i < count; i++) {
		buf_clear(&out);
		value_print(&out, value_of(rows[i].text), world.zone, false);
		if (!str_is(buf_view(&out), rows[i].expected))
			fail_msg("%s\n  gave     %.*s\n  expected %s", rows[i].text,
				 STR_ARG(buf_view(&out)), rows[i].expected);
	}
	buf_finish(&out);
}

#define RUN(rows) run(rows, sizeof(rows) / sizeof *(rows))

static void
arithmetic_is_as_at_school(void **state)
{
	static const struct row rows[] = {
		{"1 + 2 * 3", "7"},
		{"7 / 2", "3.5"},
		{"-7 - -2", "-5"},
		{"2 * 3.5", "7"},
		{"0.1 + 0.2", "0.3"},
		{"3 * 4h", "12 hours"},
		{"4h * 0.25", "1 hour"},
		{"14d / 2", "7 days"},
		{"14d / 1w", "2"},
		{"36h - 1d", "12 hours"},
		{"profile.trial_end + 1d", "2026-10-23 10:00"},
		{"1d + profile.trial_end", "2026-10-23 10:00"},
		{"profile.trial_end - profile.trial_end", "0 seconds"},
		{"profile.contract_end + 2d", "2026-12-15"},
		{"profile.contract_end - 13d", "2026-11-30"},
		{"profile.contract_end - (profile.contract_end - 5d)", "5 days"},
		{"profile.contract_end + 36h", "unknown"},
		{"profile.contract_end + 99999999d", "unknown"},
		{"-profile.quiet", "-3 days"},
		{"1 + profile.mrr", "491"},
	};
	(void)state;
	RUN(rows);
}

static void
what_has_no_answer_is_unknown(void **state)
{
	static const struct row rows[] = {
		{"1 / 0", "unknown"},
		{"1d / 0s", "unknown"},
		{"1d / 0", "unknown"},
		{"0.0 / 0.0", "unknown"},
		{"9223372036854775807 + 1", "unknown"},
		{"-9223372036854775807 - 2", "unknown"},
		{"9223372036854775807 * 2", "unknown"},
		{"100000000d * 1000000", "unknown"},
		{"100000000d * 1000000.5", "unknown"},
		{"profile.trial_end + 100000000000d + 100000000000d", "unknown"},
		{"1e308 * 10", "unknown"},
		{"log(0)", "unknown"},
		{"log(-1)", "unknown"},
		{"exp(1000)", "unknown"},
		{"profile.empty + 1", "unknown"},
		{"-profile.empty", "unknown"},
		{"since(never)", "unknown"},
		{"since(never) > 3d", "unknown"},
		{"3d < since(never)", "unknown"},
		{"profile.empty == profile.empty", "unknown"},
		{"profile.empty in [1, 2]", "unknown"},
		{"if(profile.empty > 0, 1, 2)", "unknown"},
		{"least(1, profile.empty)", "unknown"},
		{"most(profile.empty, 1)", "unknown"},
		{"abs(profile.empty)", "unknown"},
		{"ratio(usage[7d], usage[28d offset 7d], min_events=200)", "unknown"},
	};
	(void)state;
	RUN(rows);
}

static void
functions_give_their_values(void **state)
{
	static const struct row rows[] = {
		{"count(usage[7d])", "7"},
		{"count(never[7d])", "0"},
		{"sum(orders[4d])", "6"},
		{"ratio(usage[7d], usage[28d offset 7d])", "0.4"},
		{"since(login)", "10 days"},
		{"silent(never)", "400 days"},
		{"seen(never)", "no"},
		{"after(login, usage)", "3 days"},
		{"age()", "400 days"},
		{"last(seats)", "42"},
		{"last(seats, 30d)", "30"},
		{"until(profile.contract_end)", "22 days"},
		{"until(\"2026-11-20\")", "-1 day"},
		{"risk()", "55"},
		{"level()", "watch"},
		{"tag(\"vip\")", "yes"},
		{"tag(\"lost\")", "no"},
		{"contains(profile.phone, \"30\")", "yes"},
		{"contains(profile.phone, \"31\")", "no"},
		{"contains(profile.phone, \"\")", "yes"},
		{"contains(profile.phone, \"+49 30 12345\")", "no"},
		{"contains(profile.phone, \"234\")", "yes"},
		{"abs(-3)", "3"},
		{"exp(0)", "1"},
		{"log(exp(2))", "2"},
		{"logistic(0)", "0.5"},
		{"logistic(1000)", "1"},
		{"least(3, 1.5, 2)", "1.5"},
		{"most(3, 1.5, 2)", "3"},
		{"least(7)", "7"},
	};
	(void)state;
	RUN(rows);
}

static void
scores_are_written_with_logistic_log_exp_abs_least_and_most(void **state)
{
	static const struct row rows[] = {
		{"logistic(log(3))", "0.75"},
		{"logistic(-1000)", "0"},
		{"logistic(profile.empty)", "unknown"},
		{"log(0)", "unknown"},
		{"log(-1)", "unknown"},
		{"log(profile.mrr / 490)", "0"},
		{"exp(1)", "2.71828"},
		{"exp(-1000)", "0"},
		{"abs(-0.5)", "0.5"},
		{"abs(2 - 5)", "3"},
		{"least(3, 2.5, count(never[7d]))", "0"},
		{"most(1, profile.mrr, 2.5)", "490"},
		{"most(1, log(0))", "unknown"},
		{"100 * logistic(-2 + 0.5 * least(4, most(0, profile.mrr)))", "50"},
	};
	(void)state;
	RUN(rows);
}

static void
choices_choose(void **state)
{
	static const struct row rows[] = {
		{"if(profile.vip, 1, 2)", "1"},
		{"if(not profile.vip, 1, 2.5)", "2.5"},
		{"if(profile.vip, 1, 2.5) * 1.0", "1"},
		{"pick(profile.tier, business=7d, else=14d)", "7 days"},
		{"pick(profile.tier, enterprise=7d, else=14d)", "14 days"},
		{"pick(profile.tier, enterprise=1, else=profile.mrr)", "490"},
		{"pick(level(), healthy=1, watch=2, at_risk=3, critical=4)", "2"},
		{"patience", "14 days"},
	};
	(void)state;
	RUN(rows);
}

static void
coalesce_is_the_first_of_its_values_that_is_known(void **state)
{
	static const struct row rows[] = {
		{"coalesce(profile.mrr, 1)", "490"},
		{"coalesce(profile.empty, 1.5)", "1.5"},
		{"coalesce(profile.empty, 1 / 0, 3, 4)", "3"},
		{"coalesce(profile.empty, profile.empty)", "unknown"},
		{"coalesce(profile.empty > 1, true)", "yes"},
		{"coalesce(profile.empty, 1) * 2.0", "2"},
		{"coalesce(level(), \"critical\") == \"watch\"", "yes"},
		{"coalesce(1 / 0, 2) + coalesce(since(login), 3d) / 1d", "12"},
		{"not coalesce(profile.empty > 1, false)", "yes"},
	};
	(void)state;
	RUN(rows);
}

static void
a_pick_of_an_unknown_is_unknown_else_or_not(void **state)
{
	static const struct row rows[] = {
		{"pick(profile.tier, enterprise=7d, else=14d)", "unknown"},
		{"pick(profile.tier, free=1, team=1, business=1, enterprise=1)", "unknown"},
	};
	(void)state;
	world.profile_unknown = true;
	RUN(rows);
}

static void
comparisons_compare(void **state)
{
	static const struct row rows[] = {
		{"1 == 1.0", "yes"},
		{"1 != 1.5", "yes"},
		{"2 < 1.5", "no"},
		{"9223372036854775807 > 9223372036854775806", "yes"},
		{"profile.tier == \"business\"", "yes"},
		{"profile.tier != \"business\"", "no"},
		{"level() >= \"at_risk\"", "no"},
		{"\"at_risk\" > level()", "yes"},
		{"profile.phone == \"+49 30 1234\"", "yes"},
		{"profile.contract_end > \"2026-12-12\"", "yes"},
		{"profile.contract_end <= \"2026-12-12\"", "no"},
		{"profile.vip != false", "yes"},
		{"profile.tier in core", "yes"},
		{"profile.tier in [\"free\"]", "no"},
		{"profile.tier not in core", "no"},
		{"profile.tier in nobody", "no"},
		{"event.severity in hot", "yes"},
		{"event.severity in warm", "yes"},
		{"profile.seats_bought in [24.5, 25]", "yes"},
		{"event.amount + 1 == 7", "yes"},
		{"since(login) >= 10d", "yes"},
		{"since(login) > 10d", "no"},
		{"key", "yes"},
	};
	(void)state;
	RUN(rows);
}

/* 0 false, 1 true, 2 unknown. */
static int
kleene_of(struct value value)
{
	return !value.known ? 2 : value.u.b;
}

static void
logic_is_kleenes(void **state)
{
	static const char *const operand[] = {"profile.mrr < 0", "profile.mrr > 0",
					      "profile.empty > 0"};
	static const int both[3][3] = {{0, 0, 0}, {0, 1, 2}, {0, 2, 2}};
	static const int either[3][3] = {{0, 1, 2}, {1, 1, 1}, {2, 1, 2}};
	static const int opposite[3] = {1, 0, 2};
	char text[128];

	(void)state;
	for (int a = 0; a < 3; a++) {
		snprintf(text, sizeof text, "not %s", operand[a]);
		assert_int_equal(kleene_of(value_of(text)), opposite[a]);
		for (int b = 0; b < 3; b++) {
			snprintf(text, sizeof text, "%s and %s", operand[a], operand[b]);
			assert_int_equal(kleene_of(value_of(text)), both[a][b]);
			snprintf(text, sizeof text, "%s or %s", operand[a], operand[b]);
			assert_int_equal(kleene_of(value_of(text)), either[a][b]);
			snprintf(text, sizeof text, "true and (%s or %s or false)", operand[a],
				 operand[b]);
			assert_int_equal(kleene_of(value_of(text)), either[a][b]);
		}
	}
}

static void
a_decided_answer_asks_no_more(void **state)
{
	const struct expr *expr;
	struct env env = world_env(&world, WORLD_NOW);

	(void)state;
	expr = world_compile(&world, "false and risk() > 3 or true or risk() > 4", TYPE_BOOL);
	assert_non_null(expr);
	assert_true(value_is_true(eval(&env, expr->root)));
	assert_int_equal(world.calls, 0);
	expr = world_compile(&world,
			     "if(true, 1, risk()) + pick(profile.tier, free=risk(), else=2)",
			     TYPE_NUM);
	assert_non_null(expr);
	assert_int_equal(eval(&env, expr->root).u.i, 3);
	assert_int_equal(world.calls, 0);
	expr = world_compile(&world, "coalesce(1, risk())", TYPE_NUM);
	assert_non_null(expr);
	assert_int_equal(eval(&env, expr->root).u.i, 1);
	assert_int_equal(world.calls, 0);
}

/* ---- The recorder ---- */

struct seen {
	struct buf text;
	unsigned count;
};

static void
see(void *ctx, const struct node *node, struct value value)
{
	struct seen *seen = ctx;

	seen->count++;
	if (node->kind != NODE_CALL)
		return;
	expr_unparse(&seen->text, node);
	buf_text(&seen->text, "=");
	value_print(&seen->text, value, world.zone, false);
	buf_text(&seen->text, " ");
}

static void
the_recorder_sees_every_call_once(void **state)
{
	struct seen seen = {0};
	struct env env = world_env(&world, WORLD_NOW);
	const struct expr *expr = world_compile(
		&world,
		"silent(login) >= 14d and count(usage[7d]) > 3 "
		"or if(true, risk(), last(seats)) > 9 or 3 < pick(profile.tier, free=1, else=age() / 1d)",
		TYPE_BOOL);

	(void)state;
	assert_non_null(expr);
	env.record = see;
	env.record_ctx = &seen;
	assert_true(value_is_true(eval(&env, expr->root)));
	assert_string_equal(seen.text.p,
			    "silent(login)=10 days count(usage[7d])=7 last(seats)=42 "
			    "risk()=55 age()=400 days ");
	buf_finish(&seen.text);
}

static void
recording_changes_neither_answer_nor_next(void **state)
{
	static const char *const texts[] = {
		"silent(login) >= 14d and silent(usage) >= 21d",
		"silent(login) >= 5d or silent(usage) >= 21d",
		"since(never) > 3d or silent(login) > 30d",
		"if(since(login) > 1d, since(usage) > 30d, since(usage) > 25d)",
		"coalesce(since(login) > 11d, since(usage) > 25d)",
		"coalesce(since(never) > 11d, since(usage) > 25d)",
		"until(profile.contract_end) < 10d and silent(usage) >= 21d",
	};
	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		const struct expr *expr = world_compile(&world, texts[i], TYPE_BOOL);
		struct env plain = world_env(&world, WORLD_NOW), recording = plain;
		struct seen seen = {0};
		struct value a, b;

		assert_non_null(expr);
		recording.record = see;
		recording.record_ctx = &seen;
		a = eval(&plain, expr->root);
		b = eval(&recording, expr->root);
		assert_int_equal(kleene_of(a), kleene_of(b));
		assert_true(plain.next == recording.next);
		assert_true(seen.count > 3);
		buf_finish(&seen.text);
	}
}

static void
only_the_moving_side_is_asked_as_of_now(void **state)
{
	const struct expr *expr = world_compile(
		&world, "since(login) >= 10d and since(login) * 2 > 20d", TYPE_BOOL);
	struct env env = world_env(&world, WORLD_NOW + DAY_MS);

	(void)state;
	assert_non_null(expr);
	env.look = WORLD_NOW; /* the last look saw since(login) == 10d */
	assert_false(value_is_true(eval(&env, expr->root)));
	assert_int_equal(world.exact_calls, 1);
	assert_int_equal(world.calls, 2);
	assert_false(env.exact);
	env.look = env.now;
	assert_true(value_is_true(eval(&env, expr->root)));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin_with_event, end)
	const struct CMUnitTest tests[] = {
		TEST(arithmetic_is_as_at_school),
		TEST(what_has_no_answer_is_unknown),
		TEST(functions_give_their_values),
		TEST(scores_are_written_with_logistic_log_exp_abs_least_and_most),
		TEST(choices_choose),
		TEST(coalesce_is_the_first_of_its_values_that_is_known),
		TEST(a_pick_of_an_unknown_is_unknown_else_or_not),
		TEST(comparisons_compare),
		TEST(logic_is_kleenes),
		TEST(a_decided_answer_asks_no_more),
		TEST(the_recorder_sees_every_call_once),
		TEST(recording_changes_neither_answer_nor_next),
		TEST(only_the_moving_side_is_asked_as_of_now),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
