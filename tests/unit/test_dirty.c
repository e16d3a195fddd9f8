/* SPDX-License-Identifier: Apache-2.0 */
/* Who has to be written, in which order, and up to where all is written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "engine/engine.h"
#include "support/scene.h"

static const char rules[] = "signals: {login: {on: login}}\n";

static void
send(struct scene *w, const char *customer)
{
	scene_send(w, w->at + 1, customer, "login", NULL);
}

static void
name_add(void *ctx, const struct customer *customer)
{
	struct buf *names = ctx;

	buf_str(names, customer_id(customer));
	buf_char(names, ' ');
}

static void
expect_taken(struct scene *w, size_t max, const char *expected)
{
	struct buf names = {0};

	buf_add(&names, "", 0);
	engine_take_dirty(w->engine, max, name_add, &names);
	assert_string_equal(names.p, expected);
	buf_finish(&names);
}

/* Of names of a letter and a figure. */
static unsigned
by_figure(struct str id)
{
	return (unsigned)(id.p[1] - '0');
}

/* Of the customers alone: what the guard counted is written before. */
static void
expect_low(struct scene *w, struct stream_id id)
{
	bool rolled;

	engine_take_guard(w->engine, engine_low(w->engine), &rolled);
	assert_int_equal(stream_id_cmp(engine_low(w->engine), id), 0);
}

static void
begin(struct scene *w)
{
	scene_init(w, rules);
	engine_group_records(w->engine, 3, by_figure);
	w->at = at("2026-03-02 10:00");
}

static void
without_a_round_the_longest_dirty_is_taken_first(void **state)
{
	struct scene w;
	(void)state;
	begin(&w);
	send(&w, "b2");
	send(&w, "a1");
	send(&w, "b2");
	assert_int_equal(engine_dirty(w.engine), 2);
	expect_taken(&w, 1, "b2 ");
	expect_taken(&w, 9, "a1 ");
	assert_int_equal(engine_dirty(w.engine), 0);
	scene_finish(&w);
}

static void
a_round_goes_by_group_and_before_those_who_come_later(void **state)
{
	struct scene w;
	(void)state;
	begin(&w);
	send(&w, "b2");
	send(&w, "a1");
	send(&w, "c2");
	send(&w, "d0");
	engine_begin_round(w.engine);
	send(&w, "e0");
	assert_int_equal(engine_dirty(w.engine), 5);
	assert_int_equal(engine_round_left(w.engine), 4);
	expect_taken(&w, 2, "d0 a1 ");
	expect_taken(&w, 9, "b2 c2 e0 ");
	assert_int_equal(engine_round_left(w.engine), 0);
	scene_finish(&w);
}

static void
who_changes_while_the_round_goes_on_is_written_once_or_once_more(void **state)
{
	struct scene w;
	(void)state;
	begin(&w);
	send(&w, "a1");
	send(&w, "b2");
	engine_begin_round(w.engine);
	expect_taken(&w, 1, "a1 ");
	send(&w, "a1"); /* taken already: once more */
	send(&w, "b2"); /* not yet: once */
	assert_int_equal(engine_dirty(w.engine), 2);
	expect_taken(&w, 9, "b2 a1 ");
	scene_finish(&w);
}

static void
low_stays_where_the_first_of_the_round_was_until_the_round_is_over(void **state)
{
	struct scene w;
	struct stream_id before_b, before_c;
	(void)state;
	begin(&w);
	send(&w, "z0");
	expect_taken(&w, 9, "z0 ");
	expect_low(&w, engine_position(w.engine));
	before_b = engine_position(w.engine);
	send(&w, "b2");
	send(&w, "a1");
	engine_begin_round(w.engine);
	before_c = engine_position(w.engine);
	send(&w, "c0");
	expect_taken(&w, 1, "a1 ");
	expect_low(&w, before_b);
	expect_taken(&w, 1, "b2 ");
	expect_low(&w, before_c);
	engine_begin_round(w.engine);
	expect_low(&w, before_c);
	expect_taken(&w, 9, "c0 ");
	expect_low(&w, engine_position(w.engine));
	scene_finish(&w);
}

static void
a_round_of_nobody_is_over_at_once(void **state)
{
	struct scene w;
	(void)state;
	begin(&w);
	engine_begin_round(w.engine);
	assert_int_equal(engine_round_left(w.engine), 0);
	expect_taken(&w, 9, "");
	scene_finish(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_round_the_longest_dirty_is_taken_first),
		cmocka_unit_test(a_round_goes_by_group_and_before_those_who_come_later),
		cmocka_unit_test(
			who_changes_while_the_round_goes_on_is_written_once_or_once_more),
		cmocka_unit_test(
			low_stays_where_the_first_of_the_round_was_until_the_round_is_over),
		cmocka_unit_test(a_round_of_nobody_is_over_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
