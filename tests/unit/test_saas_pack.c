/* SPDX-License-Identifier: Apache-2.0 */
/* rules/saas.yaml loads as it stands and weighs signs as its comments say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "codec/rules_yaml.h"
#include "lang/builtin.h"

/* The time zone of the pack, without the system's tables: it changes nothing here. */
static const char shanghai[] = "TZif\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
			       "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\4"
			       "\0\0\x70\x80\0\0CST";

static bool
find_zone(void *ctx, struct str name, struct str *tzif)
{
	(void)ctx;
	*tzif = (struct str){shanghai, sizeof shanghai};
	return str_is(name, "Asia/Shanghai");
}

static int
load_pack(void **state)
{
	const struct rules_loader loader = {.ctx = NULL, .zone = find_zone};
	struct arena arena;
	struct diags diags;
	struct buf text = {0}, said = {0};
	struct ruleset *rules;
	FILE *file = fopen("rules/saas.yaml", "rb");
	size_t n;

	if (file == NULL)
		return -1;
	while ((n = fread(buf_space(&text, 4096), 1, 4096, file)) > 0)
		text.n += n;
	fclose(file);
	const struct diag_file pack = {STR("rules/saas.yaml"), buf_view(&text)};

	arena_init(&arena);
	diags_init(&diags, &arena);
	rules = rules_load(&pack, 1, &loader, (struct hash_seed){1, 2}, &diags);
	diags_print(&said, &diags, false, false);
	if (said.n > 0) { /* a warning is too much for a pack to start with */
		print_error("%s", said.p);
		ruleset_destroy(rules);
		rules = NULL;
	}
	buf_finish(&said);
	buf_finish(&text);
	diags_finish(&diags);
	arena_finish(&arena);
	*state = rules;
	return rules == NULL ? -1 : 0;
}

static int
unload_pack(void **state)
{
	ruleset_destroy(*state);
	return 0;
}

static void
every_rule_says_why_and_what_to_do_in_two_languages(void **state)
{
	const struct ruleset *rules = *state;

	assert_true(rules->rule_count >= 14 && rules->rule_count <= 28);
	for (unsigned i = 0; i < rules->rule_count; i++) {
		const struct rule *rule = &rules->rules[i];

		assert_true(rule->reason.has_en && rule->reason.has_zh);
		assert_true(rule->points < 0 || (rule->advice.has_en && rule->advice.has_zh));
	}
}

static void
no_rule_is_looked_at_at_every_event(void **state)
{
	const struct ruleset *rules = *state;
	const struct type_use *view = ruleset_use(rules, STR("page_view"));

	for (unsigned i = 0; i < rules->rule_count; i++)
		assert_false(rules->rules[i].reads_coarse);
	assert_non_null(view); /* the most frequent event wakes nothing before its day closes */
	assert_int_equal(view->rule_count, 0);
}

static int
points_of(const struct ruleset *rules, const char *name)
{
	int slot = ruleset_rule(rules, str_of(name));

	assert_true(slot >= 0);
	return rules->rules[slot].points;
}

static void
one_sign_is_watch_two_are_at_risk_and_three_are_critical(void **state)
{
	const struct ruleset *rules = *state;
	const struct level *level = rules->levels;
	int silence = points_of(rules, "login_silence");
	int complaint = points_of(rules, "complaint_severe");
	int payment = points_of(rules, "payment_failed");

	assert_int_equal(rules->level_count, 4);
	assert_true(silence >= level[1].enter && silence < level[2].enter);
	assert_true(complaint >= level[1].enter && complaint < level[2].enter);
	assert_true(silence + complaint >= level[2].enter &&
		    silence + complaint < level[3].enter);
	assert_true(complaint + payment >= level[2].enter &&
		    complaint + payment < level[3].enter);
	assert_true(silence + complaint + payment >= level[3].enter);
}

static void
the_owner_gets_the_call_when_it_is_critical(void **state)
{
	const struct ruleset *rules = *state;
	const struct action *found = NULL;

	for (unsigned i = 0; i < rules->action_count; i++)
		if (rules->actions[i].on == ALERT_LEVEL_RAISED && rules->actions[i].task >= 0)
			found = &rules->actions[i];
	assert_non_null(found);
	assert_string_equal(rules->levels[found->at_least].name.p, "critical");
	assert_string_equal(rules->tasks[found->task].name.p, "save_call");
	assert_int_equal(rules->tasks[found->task].assign.kind, ASSIGN_ATTRIBUTE);
	assert_int_equal(rules->tasks[found->task].assign.slot, ATTR_OWNER);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_rule_says_why_and_what_to_do_in_two_languages),
		cmocka_unit_test(no_rule_is_looked_at_at_every_event),
		cmocka_unit_test(one_sign_is_watch_two_are_at_risk_and_three_are_critical),
		cmocka_unit_test(the_owner_gets_the_call_when_it_is_critical),
	};

	return cmocka_run_group_tests(tests, load_pack, unload_pack);
}
