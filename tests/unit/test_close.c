/* SPDX-License-Identifier: Apache-2.0 */
/* Which days' closes can change something for a customer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/core.h"
#include "support/scene.h"

#define HEAD "signals: {a: {on: a}, b: {on: b, last: value}}\nrules:\n"
#define RULE(expr) HEAD "- {rule: r, expr: '" expr "', points: 30}\n"

/* The customer is old: first seen long before, so that the days observed grow no more. */
static void
begin(struct scene *scene, const char *rules)
{
	scene_init(scene, rules);
	scene_send(scene, at("2024-01-01 10:00"), "c", "other", NULL);
	scene_send(scene, at("2026-03-01 10:00"), "c", "a", NULL);
	scene_send(scene, at("2026-03-01 11:00"), "c", "b", "value=5", NULL);
}

/* Days after 2026-03-01 whose close can change a window, as a text of 0 and 1 from that day on. */
static void
expect_closes(struct scene *scene, const char *expected)
{
	const struct customer *customer = engine_customer_at(scene->engine, 0);
	int64_t first = clock_day(&scene->engine->clock, at("2026-03-01 12:00"));
	char found[32] = {0};

	for (int i = 0; expected[i]; i++)
		found[i] = close_look(scene->engine, customer, first + i).signals ? '1' : '0';
	assert_string_equal(found, expected);
	scene_finish(scene);
}

static void
a_closed_window_changes_as_an_active_day_enters_and_as_it_leaves(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, RULE("count(a[3d]) > 1"));
	expect_closes(&scene, "100100000");
	begin(&scene, RULE("count(a[3d offset 2d]) > 1"));
	expect_closes(&scene, "001001000");
}

/* Today is in it: the day entered at midnight, and its events were looks. It leaves a close earlier. */
static void
a_live_window_changes_as_an_active_day_leaves(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, RULE("count(a[3d live]) > 1"));
	expect_closes(&scene, "001000000");
}

static void
a_gauge_of_days_ago_changes_as_its_day_comes(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, RULE("last(b, 4d) < 9"));
	expect_closes(&scene, "000010000");
}

static void
a_young_customer_s_windows_grow_with_each_day(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene, RULE("ratio(a[2d], a[2d offset 2d], min_events=1) < 0.5"));
	scene_send(&scene, at("2026-03-01 10:00"), "c", "a", NULL);
	expect_closes(&scene, "111110000");
}

static void
what_is_out_of_reach_reaches_no_close(void **state)
{
	struct scene scene;
	const struct customer *customer;
	int64_t first;

	(void)state;
	begin(&scene, RULE("count(a[3d]) > 1"));
	customer = engine_customer_at(scene.engine, 0);
	first = clock_day(&scene.engine->clock, at("2026-03-01 12:00"));
	assert_true(close_look(scene.engine, customer, first + 3).reaches);
	assert_false(close_look(scene.engine, customer, first + 4).reaches);
	scene_finish(&scene);
}

static void
what_may_move_any_day_is_asked_each_day(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, RULE("since(a) * 2 > 3d and count(a[3d]) > 0"));
	assert_true(scene.engine->close.daily);
	scene_finish(&scene);
	begin(&scene, RULE("since(a) > 3d and count(a[3d]) > 0"));
	assert_false(scene.engine->close.daily);
	scene_finish(&scene);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_closed_window_changes_as_an_active_day_enters_and_as_it_leaves),
		cmocka_unit_test(a_live_window_changes_as_an_active_day_leaves),
		cmocka_unit_test(a_gauge_of_days_ago_changes_as_its_day_comes),
		cmocka_unit_test(a_young_customer_s_windows_grow_with_each_day),
		cmocka_unit_test(what_is_out_of_reach_reaches_no_close),
		cmocka_unit_test(what_may_move_any_day_is_asked_each_day),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
