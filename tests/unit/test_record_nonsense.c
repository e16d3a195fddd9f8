/* SPDX-License-Identifier: Apache-2.0 */
/* A record whose bytes are whole, and which says of a customer what cannot be, is refused as it stands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "codec/record.h"
#include "engine/items.h"
#include "engine/members.h"
#include "support/sample.h"

#define NOW INT64_C(1795255200000)

static char long_text[ITEM_MAX_TEXT + 2];

static struct item *
item(struct customer *customer, const char *key)
{
	struct item *made = item_make(customer, 0, str_of(key));

	made->opened_at = NOW - HOUR_MS;
	return made;
}

static struct task_held *
task(struct customer *customer)
{
	struct cold *cold = customer_cold(customer);

	cold->tasks = mem_resize(cold->tasks, (cold->task_count + 1u) * sizeof *cold->tasks);
	struct task_held *made = &cold->tasks[cold->task_count++];

	*made = (struct task_held){.created_at = NOW - HOUR_MS,
				   .changed_at = NOW - HOUR_MS,
				   .clock_at = NOW - HOUR_MS,
				   .stepped_at = NOW - HOUR_MS};
	return made;
}

static struct after_state *
after(struct customer *customer, uint32_t key, uint32_t count)
{
	struct cold *cold = customer_cold(customer);

	cold->afters =
		mem_resize(cold->afters, (cold->after_count + 1u) * sizeof *cold->afters);
	struct after_state *made = &cold->afters[cold->after_count++];

	*made = (struct after_state){.key = key, .count = count};
	made->at = mem_array(count, sizeof *made->at);
	for (uint32_t i = 0; i < count; i++)
		made->at[i] = NOW - HOUR_MS;
	return made;
}

/* ---- what can be ---- */

static void
nothing(struct customer *customer)
{
	customer->first_seen_at = NOW;
}

static void
the_most(struct customer *customer)
{
	char key[8];

	for (int i = 0; i < CUSTOMER_MAX_ITEMS; i++) {
		snprintf(key, sizeof key, "k%d", i % 1000);
		item(customer, key);
	}
	text_set(&customer->cold->items[0].kept[0], (struct str){long_text, ITEM_MAX_TEXT});
	text_set(&customer->cold->items[1].key, (struct str){long_text, ITEM_MAX_KEY});
	customer->risk = 100;
	task(customer)->state = TASK_CANCELLED;
	task(customer)->priority = 3;
	after(customer, 5, 2);
	after(customer, 500, 0);
}

/* ---- what cannot ---- */

static void
risk_above_100(struct customer *customer)
{
	customer->risk = 101;
}

static void
kept_text_too_long(struct customer *customer)
{
	text_set(&item(customer, "a")->kept[0], (struct str){long_text, ITEM_MAX_TEXT + 1});
}

static void
item_key_too_long(struct customer *customer)
{
	text_set(&item(customer, "a")->key, (struct str){long_text, ITEM_MAX_KEY + 1});
}

static void
item_without_key(struct customer *customer)
{
	text_set(&item(customer, "a")->key, STR_NONE);
}

static void
item_twice(struct customer *customer)
{
	item(customer, "a");
	text_set(&item(customer, "b")->key, STR("a"));
}

static void
one_item_more(struct customer *customer)
{
	the_most(customer);
	item(customer, "more");
}

static void
rule_of_an_item_twice(struct customer *customer)
{
	struct item *made = item(customer, "a");

	item_rule_make(made, 0)->since_at = NOW;
	item_rule_make(made, 1)->since_at = NOW;
	made->rules[1].rule = 0;
}

static void
member_without_id(struct customer *customer)
{
	struct member *made = member_make(customer, STR("ann"));

	made->seen_at = NOW;
	text_set(&made->id, STR_NONE);
}

static void
member_twice(struct customer *customer)
{
	member_make(customer, STR("ann"))->seen_at = NOW;
	struct member *made = member_make(customer, STR("bob"));

	made->seen_at = NOW;
	text_set(&made->id, STR("ann"));
}

static void
task_of_no_state(struct customer *customer)
{
	task(customer)->state = TASK_CANCELLED + 1;
}

static void
task_of_no_priority(struct customer *customer)
{
	task(customer)->priority = 4;
}

static void
rule_of_a_task_twice(struct customer *customer)
{
	struct task_held *made = task(customer);

	made->rules[0] = made->rules[1] = 7;
	made->rule_count = 2;
}

static void
afters_out_of_order(struct customer *customer)
{
	after(customer, 500, 1);
	after(customer, 5, 1);
}

static void
after_twice(struct customer *customer)
{
	after(customer, 5, 1);
	after(customer, 5, 1);
}

static void
instants_out_of_order(struct customer *customer)
{
	after(customer, 5, 2)->at[1] = NOW - 2 * HOUR_MS;
}

struct row {
	const char *name;
	void (*make)(struct customer *customer);
	bool can_be;
};

#define CAN(make)                 \
	{                         \
#make, make, true \
	}
#define CANNOT(make)               \
	{                          \
#make, make, false \
	}

static void
what_cannot_be_of_a_customer_is_refused(void **state)
{
	static const struct row rows[] = {
		CAN(nothing),
		CAN(the_most),
		CANNOT(risk_above_100),
		CANNOT(kept_text_too_long),
		CANNOT(item_key_too_long),
		CANNOT(item_without_key),
		CANNOT(item_twice),
		CANNOT(one_item_more),
		CANNOT(rule_of_an_item_twice),
		CANNOT(member_without_id),
		CANNOT(member_twice),
		CANNOT(task_of_no_state),
		CANNOT(task_of_no_priority),
		CANNOT(rule_of_a_task_twice),
		CANNOT(afters_out_of_order),
		CANNOT(after_twice),
		CANNOT(instants_out_of_order),
	};
	struct ruleset *rules = sample_rules();
	struct stream_id applied = {NOW, 7}, read;

	(void)state;
	memset(long_text, 'x', sizeof long_text - 1);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct customer *customer = customer_create(STR("c42")), *again;
		struct buf bytes = {0};
		struct err err;

		rows[i].make(customer);
		record_encode(&bytes, rules, customer, applied);
		again = record_decode(rules, STR("c42"), buf_view(&bytes), &read, &err);
		if ((again != NULL) != rows[i].can_be)
			fail_msg("%s: %s", rows[i].name, again ? "taken" : err.text);
		if (again == NULL)
			assert_string_equal(err.text,
					    "the record of customer c42 makes no sense");
		else
			customer_finish(again);
		mem_free(again);
		buf_finish(&bytes);
		customer_finish(customer);
		mem_free(customer);
	}
	ruleset_destroy(rules);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_cannot_be_of_a_customer_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
