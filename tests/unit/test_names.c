/* SPDX-License-Identifier: Apache-2.0 */
/* Names: what the file's own name is part of, and that names may be of any script. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "engine/core.h"
#include "engine/names.h"
#include "support/scene.h"

static void
the_files_name_is_part_of_every_id(void **state)
{
	struct ruleset *rules = scene_rules("");
	char staging[ORDER_ID], production[ORDER_ID], again[ORDER_ID];
	struct happening what = {.type = STR("rule.fired"),
				 .customer = STR("c1"),
				 .moved = STR("quiet"),
				 .at = 1000,
				 .n = 1};

	(void)state;
	name_make(staging, "al_", rules, &what);
	name_make(again, "al_", rules, &what);
	assert_string_equal(staging, again);
	rules->name = STR("prod");
	name_make(production, "al_", rules, &what);
	assert_string_not_equal(staging, production);
	ruleset_destroy(rules);
}

static void
ids_differ_by_type_customer_rule_moment_and_number(void **state)
{
	struct ruleset *rules = scene_rules("");
	const struct happening plain = {.type = STR("rule.fired"),
					.customer = STR("c1"),
					.moved = STR("quiet"),
					.at = 1000,
					.n = 1};
	struct happening others[5] = {plain, plain, plain, plain, plain};
	char id[ORDER_ID], other[ORDER_ID];

	(void)state;
	others[0].type = STR("rule.cleared");
	others[1].customer = STR("c2");
	others[2].moved = STR("quiets");
	others[3].at = 1001;
	others[4].n = 2;
	name_make(id, "al_", rules, &plain);
	for (int i = 0; i < 5; i++) {
		name_make(other, "al_", rules, &others[i]);
		assert_string_not_equal(id, other);
	}
	ruleset_destroy(rules);
}

static void
names_may_be_of_any_script(void **state)
{
	struct scene w;

	(void)state;
	scene_init(
		&w,
		"profile: {等级: {enum: [普通, 贵宾], default: 普通}}\n"
		"levels: {关注: {enter: 30, leave: 20}}\n"
		"signals: {登录: {on: login}}\n"
		"lists: {重点: [贵宾]}\n"
		"macros: {要客: 'profile.等级 in 重点'}\n"
		"rules:\n- {rule: 久未登录, expr: '要客 and silent(登录) >= 3d', points: 40}\n"
		"tags: {沉默: 'firing(\"久未登录\")'}\n");
	scene_send(&w, at("2026-03-01 10:00"), "客户一", "profile", "等级=贵宾", NULL);
	scene_send(&w, at("2026-03-01 10:00"), "客户一", "login", NULL);
	scene_advance(&w, at("2026-03-05 10:00"));
	assert_non_null(strstr(w.said.p, "2026-03-04T10:00:00.000Z 客户一 rule.fired 久未登录 "
					 "risk=40 cause=time\n"));
	assert_non_null(strstr(w.said.p, "customer.level_raised 关注 from healthy"));
	assert_non_null(strstr(w.said.p, "customer.tagged 沉默"));
	scene_finish(&w);
}

/* What an id is made of is hashed whole: nothing is cut off, however long. */
static void
a_long_name_counts_to_its_last_byte(void **state)
{
	struct ruleset *rules = scene_rules("");
	char moved[1001], one[ORDER_ID], other[ORDER_ID], again[ORDER_ID];
	struct happening what = {.type = STR("rule.fired"), .customer = STR("c1"), .at = 1};

	(void)state;
	memset(moved, 'x', sizeof moved);
	what.moved = (struct str){moved, sizeof moved};
	name_make(one, "al_", rules, &what);
	name_make(again, "al_", rules, &what);
	assert_string_equal(one, again);
	moved[sizeof moved - 1] = 'y';
	name_make(other, "al_", rules, &what);
	assert_string_not_equal(one, other);
	what.moved.n--;
	name_make(again, "al_", rules, &what);
	assert_string_not_equal(one, again);
	ruleset_destroy(rules);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_files_name_is_part_of_every_id),
		cmocka_unit_test(ids_differ_by_type_customer_rule_moment_and_number),
		cmocka_unit_test(names_may_be_of_any_script),
		cmocka_unit_test(a_long_name_counts_to_its_last_byte),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
