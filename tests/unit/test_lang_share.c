/* SPDX-License-Identifier: Apache-2.0 */
/* Equal conditions are evaluated once a look, and only where that says the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lang/share.h"
#include "support/lang_world.h"

#define QUIET "silent(login) >= 7d"

static struct world world;
static struct share share;

static int
begin(void **state)
{
	(void)state;
	world_init(&world);
	share_init(&share, &world.arena, (struct hash_seed){1, 2});
	world.scope.share = &share;
	return 0;
}

static int
end(void **state)
{
	(void)state;
	share_finish(&share);
	world_finish(&world);
	return 0;
}

static const struct node *
tree(const char *text)
{
	const struct expr *expr = world_compile(&world, text, TYPE_BOOL);

	if (!expr)
		fail_msg("%s: %s", text, world.said.p);
	return expr->root;
}

static void
equal_conditions_of_two_rules_share_a_number(void **state)
{
	const struct node *a = tree(QUIET), *b = tree("seen(login) and " QUIET),
			  *c = tree("silent(login) >= 8d");

	(void)state;
	assert_int_not_equal(a->memo, 0);
	assert_int_equal(a->memo, b->kids[1]->memo);
	assert_int_equal(c->memo, 0);
}

static void
what_moves_within_a_step_is_never_remembered(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(tree("risk() >= 40")->memo, 0);
		assert_int_equal(tree("level() >= \"watch\"")->memo, 0);
		assert_int_equal(tree("tag(\"vip\") and risk() > 1")->memo, 0);
	}
}

static void
equal_ranges_share_a_number_and_others_have_their_own(void **state)
{
	const struct node *a = tree("count(login[7d]) > 1"), *b = tree("days(login[7d]) > 2"),
			  *c = tree("count(login[7d live]) > 1");
	unsigned number = a->kids[0]->kids[0]->range.number;

	(void)state;
	assert_int_not_equal(number, 0);
	assert_int_equal(b->kids[0]->kids[0]->range.number, number);
	assert_int_not_equal(c->kids[0]->kids[0]->range.number, number);
	assert_int_not_equal(c->kids[0]->kids[0]->range.number, 0);
}

static void
a_shared_condition_is_asked_once_a_look_and_again_in_the_next(void **state)
{
	const struct node *a = tree(QUIET), *b = tree(QUIET);
	struct memo memos[4] = {{0, 0}};
	struct env env = world_env(&world, WORLD_NOW);

	(void)state;
	env.memos = memos;
	env.stamp = 1;
	world.heard_at[WORLD_LOGIN] = WORLD_NOW - 8 * DAY_MS;
	world.calls = 0;
	assert_int_equal(eval_truth(&env, a), TRUTH_YES);
	assert_int_equal(eval_truth(&env, b), TRUTH_YES);
	assert_int_equal(world.calls, 1);
	world.heard_at[WORLD_LOGIN] = WORLD_NOW;
	env.stamp = 2;
	assert_int_equal(eval_truth(&env, b), TRUTH_NO);
	assert_int_equal(eval_truth(&env, a), TRUTH_NO);
	assert_int_equal(world.calls, 2);
}

static void
texts_and_numbers_of_the_same_bytes_are_not_the_same(void **state)
{
	const struct node *a = tree("event.plan == \"1\""), *b = tree("event.plan == \"2\"");

	(void)state;
	assert_int_equal(a->memo, 0);
	assert_int_equal(b->memo, 0);
	assert_int_not_equal(tree("event.plan == \"1\"")->memo, 0);
	assert_int_equal(tree("event.plan == 1")->memo, 0);
}

static int
begin_with_event(void **state)
{
	(void)begin(state);
	world.scope.event_allowed = true;
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(equal_conditions_of_two_rules_share_a_number),
		TEST(what_moves_within_a_step_is_never_remembered),
		TEST(equal_ranges_share_a_number_and_others_have_their_own),
		TEST(a_shared_condition_is_asked_once_a_look_and_again_in_the_next),
		cmocka_unit_test_setup_teardown(
			texts_and_numbers_of_the_same_bytes_are_not_the_same, begin_with_event,
			end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
