/* SPDX-License-Identifier: Apache-2.0 */
/* Shows that a customer's profile, tags, rule states and tasks keep what they were given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/mem.h"
#include "engine/track.h"
#include "support/scene.h"

static struct customer *
new_customer(void)
{
	return customer_create(STR("c1"));
}

static void
drop_customer(struct customer *customer)
{
	customer_finish(customer);
	mem_free(customer);
}

static struct ruleset *
profile_rules(struct attribute *attributes, unsigned count)
{
	struct ruleset *rules = mem_alloc(sizeof *rules);

	rules->attributes = attributes;
	rules->attribute_count = count;
	return rules;
}

static void
older_profile_values_do_not_overwrite_even_unset_ones(void **state)
{
	struct attribute attributes[3] = {
		{.name = STR("name"), .type = TYPE_STRING, .initial = {.type = TYPE_STRING}},
		{.name = STR("mrr"), .type = TYPE_NUM, .initial = {.type = TYPE_NUM}},
		{.name = STR("seats"), .type = TYPE_INT}};
	struct ruleset *rules = profile_rules(attributes, 3);
	struct customer *customer = new_customer();

	(void)state;
	attributes[2].initial = (struct value){.type = TYPE_INT, .known = true, .u.i = 5};
	assert_false(customer_profile(customer, rules, 0).known);
	assert_int_equal(customer_profile(customer, rules, 2).u.i, 5);
	customer_set_profile(customer, 2, TYPE_INT,
			     (struct value){.type = TYPE_INT, .known = true, .u.i = 7}, 100);
	customer_set_profile(
		customer, 0, TYPE_STRING,
		(struct value){.type = TYPE_STRING, .known = true, .u.s = STR("Acme")}, 100);
	customer_set_profile(customer, 1, TYPE_NUM,
			     (struct value){.type = TYPE_NUM, .known = true, .u.n = 2.5}, 100);
	assert_int_equal(customer_profile(customer, rules, 2).u.i, 7);
	assert_true(str_is(customer_profile(customer, rules, 0).u.s, "Acme"));
	assert_true(customer_profile(customer, rules, 1).u.n == 2.5);
	customer_set_profile(customer, 0, TYPE_STRING, (struct value){.type = TYPE_STRING},
			     200);
	assert_false(customer_profile(customer, rules, 0).known);
	customer_set_profile(
		customer, 0, TYPE_STRING,
		(struct value){.type = TYPE_STRING, .known = true, .u.s = STR("Old")}, 150);
	assert_false(customer_profile(customer, rules, 0).known);
	customer_set_profile(
		customer, 0, TYPE_STRING,
		(struct value){.type = TYPE_STRING, .known = true, .u.s = STR("New")}, 200);
	assert_true(str_is(customer_profile(customer, rules, 0).u.s, "New"));
	customer_set_profile(customer, 2, TYPE_INT, (struct value){.type = TYPE_INT}, 300);
	assert_int_equal(customer_profile(customer, rules, 2).u.i, 5); /* as if never set */
	drop_customer(customer);
	mem_free(rules);
}

static void
tags_stand_by_name_and_rules_by_slot(void **state)
{
	struct customer *customer = new_customer();

	(void)state;
	assert_true(customer_tag_make(customer, STR("vip"))->expires_at == NEVER);
	(void)customer_tag_make(customer, STR("angry"));
	customer_tag_make(customer, STR("vip"))->since_at = 3;
	assert_ptr_equal(customer_tag(customer, STR("vip")), &customer->cold->tags[1]);
	assert_null(customer_tag(customer, STR("none")));
	assert_int_equal(customer->cold->tag_count, 2);
	assert_true(str_is(customer->cold->tags[0].name, "angry"));
	assert_int_equal(customer->cold->tags[1].since_at, 3);
	assert_false(customer_drop_tag(customer, STR("none")));
	assert_true(customer_drop_tag(customer, STR("angry")));
	assert_int_equal(customer->cold->tag_count, 1);
	assert_null(customer_rule(customer, 4));
	customer_rule_make(customer, 9)->firing = 9;
	customer_rule_make(customer, 4)->firing = 4;
	customer_rule_make(customer, 6)->firing = 6;
	assert_ptr_equal(customer_rule_make(customer, 9), customer_rule(customer, 9));
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(customer->cold->rules[i].firing,
				 customer->cold->rules[i].rule);
	assert_int_equal(customer->cold->rules[0].rule, 4);
	drop_customer(customer);
}

static void
tasks_own_their_texts(void **state)
{
	struct customer *customer = new_customer();
	struct task_held *task = customer_add_task(customer);

	(void)state;
	text_set(&task->assignee, STR("li"));
	text_set(&task->assignee, task->assignee);
	customer_add_task(customer);
	assert_true(str_is(customer->cold->tasks[0].assignee, "li"));
	text_set(&customer->cold->tasks[0].assignee, STR_NONE);
	assert_null(customer->cold->tasks[0].assignee.p);
	assert_string_equal(task_state_name(TASK_SNOOZED), "snoozed");
	drop_customer(customer);
}

/* Ids longer than a customer's own line, more of them than one piece of memory takes. */
static void
ids_of_any_length_are_found(void **state)
{
	enum { MANY = 20000 };
	struct scene w;
	char id[129];

	(void)state;
	scene_init(&w, "signals: {a: {on: a}}\nrules:\n- {rule: r, expr: 'seen(a)'}\n");
	for (int pass = 0; pass < 2; pass++)
		for (int i = 0; i < MANY; i++) {
			snprintf(id, sizeof id, "%0*d", 8 + i % 121, i);
			if (pass == 0)
				scene_send(&w, at("2026-03-02 10:00"), id, "a", NULL);
			else
				assert_true(str_is(
					customer_id(engine_find(w.engine, str_of(id))), id));
		}
	assert_int_equal(engine_customers(w.engine), MANY);
	engine_destroy(NULL);
	scene_finish(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(older_profile_values_do_not_overwrite_even_unset_ones),
		cmocka_unit_test(tags_stand_by_name_and_rules_by_slot),
		cmocka_unit_test(tasks_own_their_texts),
		cmocka_unit_test(ids_of_any_length_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
