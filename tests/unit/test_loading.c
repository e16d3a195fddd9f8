/* SPDX-License-Identifier: Apache-2.0 */
/* A start from records: each customer is as of the entry at which its own was written, and none counts twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/mem.h"
#include "codec/record.h"
#include "engine/core.h"
#include "support/scene.h"

#define LEVELS "levels: {watch: {enter: 30, leave: 20}}\nsignals: {login: {on: login}}\n"
#define RULES(days)                                                                       \
	LEVELS "rules:\n- {rule: busy, expr: 'count(login[7d live]) >= 3', points: 40}\n" \
	       "- {rule: quiet, expr: 'silent(login) >= " days "d', points: 5}\n"
#define T0 at("2026-03-02 10:00")
#define AFTER(hours) (T0 + (hours)*HOUR_MS)

static struct buf
written_at(struct scene *w, const char *id, struct stream_id applied)
{
	const struct customer *customer = engine_find(w->engine, str_of(id));
	struct buf bytes = {0};

	record_encode_due(&bytes, engine_rules(w->engine), customer, applied,
			  engine_due_at(w->engine, customer));
	return bytes;
}

/* As its record has it when it is written now. */
static struct buf
written(struct scene *w, const char *id)
{
	return written_at(w, id, engine_position(w->engine));
}

static bool
load(struct scene *w, const char *id, const struct buf *bytes, struct err *err)
{
	struct stream_id applied;
	struct customer *customer = record_decode(engine_rules(w->engine), str_of(id),
						  buf_view(bytes), &applied, err);

	assert_non_null(customer);
	return engine_load(w->engine, customer, applied, err);
}

static void
begin_at(struct scene *w, const char *rules, int64_t low)
{
	scene_init(w, rules);
	engine_resume(w->engine, (struct stream_id){low, 0});
	w->at = low;
}

static int64_t
logins(const struct scene *w, const char *id)
{
	int64_t events, last_at;
	double sum;

	assert_true(engine_signal(w->engine, engine_find(w->engine, str_of(id)), 0, 7, &events,
				  &sum, &last_at));
	return events;
}

static void
what_a_record_holds_already_is_not_applied_again(void **state)
{
	struct scene was, is;
	struct buf c1, c2;
	struct err err;

	(void)state;
	scene_init(&was, RULES("9"));
	scene_send(&was, T0, "c1", "login", NULL);
	scene_send(&was, AFTER(1), "c2", "login", NULL);
	c2 = written(&was, "c2");
	scene_send(&was, AFTER(2), "c1", "login", NULL);
	c1 = written(&was, "c1");
	begin_at(&is, RULES("9"), AFTER(1));
	assert_true(load(&is, "c1", &c1, &err));
	assert_true(load(&is, "c2", &c2, &err));
	scene_send(&is, AFTER(2), "c1", "login", NULL);
	scene_expect(&is, "");
	for (int i = 0; i < 2; i++) {
		struct scene *w = i ? &is : &was;

		scene_send(w, AFTER(3), "c2", "login", NULL);
		scene_send(w, AFTER(4), "c1", "login", NULL);
		scene_expect(w, "2026-03-02T14:00:00.000Z c1 rule.fired busy risk=40 "
				"cause=event\n"
				"2026-03-02T14:00:00.000Z c1 customer.level_raised watch from "
				"healthy risk=40 cause=event\n");
	}
	for (int i = 0; i < 2; i++) {
		struct buf a = written(&was, i ? "c2" : "c1"),
			   b = written(&is, i ? "c2" : "c1");

		assert_true(str_eq(buf_view(&a), buf_view(&b)));
		buf_finish(&a);
		buf_finish(&b);
	}
	buf_finish(&c1);
	buf_finish(&c2);
	scene_finish(&was);
	scene_finish(&is);
}

static void
a_customer_has_one_record(void **state)
{
	struct scene was, is;
	struct buf c1;
	struct err err = {{0}};

	(void)state;
	scene_init(&was, RULES("9"));
	scene_send(&was, T0, "c1", "login", NULL);
	c1 = written(&was, "c1");
	begin_at(&is, RULES("9"), T0);
	assert_true(load(&is, "c1", &c1, &err));
	assert_false(load(&is, "c1", &c1, &err));
	assert_string_equal(err.text, "customer c1 has two records");
	assert_int_equal(engine_customers(is.engine), 1);
	buf_finish(&c1);
	scene_finish(&was);
	scene_finish(&is);
}

static int64_t
due_of(struct scene *w, const char *id)
{
	return engine_due_at(w->engine, engine_find(w->engine, str_of(id)));
}

/* When a record says it is due goes by the rules that were in force when it was written. */
static void
when_it_is_due_is_found_anew_where_the_rules_changed_since(void **state)
{
	struct scene was;
	struct buf c1;
	struct err err;

	(void)state;
	scene_init(&was, RULES("9"));
	scene_send(&was, T0, "c1", "login", NULL);
	c1 = written(&was, "c1");
	assert_int_equal(due_of(&was, "c1"), T0 + 9 * DAY_MS);
	for (int changed = 0; changed < 4; changed++) {
		struct scene is;

		begin_at(&is, changed & 1 ? RULES("4") : RULES("9"), T0);
		if (changed & 2)
			engine_rules_since(is.engine, T0);
		assert_true(load(&is, "c1", &c1, &err));
		assert_int_equal(due_of(&is, "c1"), T0 + (changed & 1 ? 4 : 9) * DAY_MS);
		scene_finish(&is);
	}
	buf_finish(&c1);
	scene_finish(&was);
}

static void
ignore(void *ctx, const struct order *order)
{
	(void)order;
	++*(unsigned *)ctx;
}

/* Who waits for the instant that is being worked off has no wake of its own: the record must not say that it has. */
static void
while_an_instant_is_worked_off_no_record_says_when_it_is_due(void **state)
{
	unsigned orders = 0;
	struct order_sink sink = {.ctx = &orders, .take = ignore};
	const struct customer *c9;
	struct scene w;

	(void)state;
	scene_init(&w, RULES("9"));
	for (int i = 0; i < 10; i++) {
		char id[16];

		snprintf(id, sizeof id, "c%d", i);
		scene_send(&w, T0, id, "login", NULL);
	}
	c9 = engine_find(w.engine, STR("c9"));
	assert_int_equal(engine_due_at(w.engine, c9), T0 + 9 * DAY_MS);
	struct stream_id then = {T0 + 9 * DAY_MS, 0};
	assert_false(engine_prepare(w.engine, then, 1, &sink));
	assert_int_equal(engine_due_at(w.engine, c9), 0);
	while (!engine_prepare(w.engine, then, 1, &sink))
		;
	assert_int_equal(orders, 10);
	assert_true(engine_due_at(w.engine, c9) > then.ms);
	scene_finish(&w);
}

/* More customers than one piece of memory holds, of whom the first and the last, or the last alone, are ahead. */
static void
who_is_ahead_is_known_of_any_number_of_customers(void **state)
{
	enum { MANY = 2 * CUSTOMER_CHUNK + 2 };
	struct buf first[2], last[2];
	char id[16] = "";
	struct scene was;
	struct err err;

	(void)state;
	scene_init(&was, RULES("9"));
	for (int i = 0; i < MANY; i++) {
		snprintf(id, sizeof id, "c%d", i);
		scene_send(&was, T0, id, "login", NULL);
	}
	for (int i = 0; i < 2; i++) {
		first[i] = written(&was, "c0");
		last[i] = written(&was, id);
		if (i == 0) {
			scene_send(&was, AFTER(1), "c0", "login", NULL);
			scene_send(&was, AFTER(1), id, "login", NULL);
		}
	}
	for (int both = 0; both < 2; both++) {
		struct scene is;

		begin_at(&is, RULES("9"), T0 + 1);
		assert_true(load(&is, "c0", &first[both], &err));
		for (int i = 1; i < MANY - 1; i++) {
			char other[16];

			snprintf(other, sizeof other, "c%d", i);
			struct buf bytes = written_at(&was, other, (struct stream_id){T0, 0});

			assert_true(load(&is, other, &bytes, &err));
			buf_finish(&bytes);
		}
		assert_true(load(&is, id, &last[1], &err));
		assert_int_equal(engine_number(is.engine, engine_find(is.engine, str_of(id))),
				 MANY - 1);
		scene_send(&is, AFTER(1), "c0", "login", NULL);
		scene_send(&is, AFTER(1), id, "login", NULL);
		scene_send(&is, AFTER(1), "c1", "login", NULL);
		assert_int_equal(logins(&is, "c0"), 2);
		assert_int_equal(logins(&is, id), 2);
		assert_int_equal(logins(&is, "c1"), 2);
		assert_int_equal(logins(&is, "c2"), 1);
		scene_finish(&is);
	}
	for (int i = 0; i < 2; i++) {
		buf_finish(&first[i]);
		buf_finish(&last[i]);
	}
	scene_finish(&was);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_record_holds_already_is_not_applied_again),
		cmocka_unit_test(a_customer_has_one_record),
		cmocka_unit_test(when_it_is_due_is_found_anew_where_the_rules_changed_since),
		cmocka_unit_test(while_an_instant_is_worked_off_no_record_says_when_it_is_due),
		cmocka_unit_test(who_is_ahead_is_known_of_any_number_of_customers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
