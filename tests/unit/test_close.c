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

static bool
close_changes(const struct scene *scene, const struct customer *customer, int64_t day)
{
	struct close_view view = close_look(scene->engine, customer, day);

	return view.parts & scene->engine->close.rules[0].part;
}

/* Days after 2026-03-01 whose close can change a window, as a text of 0 and 1 from that day on. */
static void
expect_closes(struct scene *scene, const char *expected)
{
	const struct customer *customer = engine_customer_at(scene->engine, 0);
	int64_t first = clock_day(&scene->engine->clock, at("2026-03-01 12:00"));
	char found[32] = {0};

	for (int i = 0; expected[i]; i++)
		found[i] = close_changes(scene, customer, first + i) ? '1' : '0';
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
a_count_does_not_ask_how_many_days_were_observed(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene, RULE("count(a[3d]) > 1"));
	scene_send(&scene, at("2026-03-01 10:00"), "c", "a", NULL);
	expect_closes(&scene, "100100000");
}

/* The closes between one and the next that may concern the customer change nothing. */
static void
expect_skips(const char *rules)
{
	struct scene scene;
	const struct customer *customer;
	int64_t day, end;

	scene_init(&scene, rules);
	for (int i = 0; i < 5; i++)
		scene_send(&scene, at("2026-03-01 10:00") + i * i * 3 * DAY_MS, "c", "a", NULL);
	scene_send(&scene, at("2026-05-01 10:00"), "c", "b", "value=5", NULL);
	customer = engine_customer_at(scene.engine, 0);
	day = clock_day(&scene.engine->clock, at("2026-05-01 10:00"));
	for (end = day + 60; day < end; day++) {
		struct close_view view = close_look(scene.engine, customer, day);

		for (int64_t d = day + 1; d < end && d < view.next; d++) {
			struct close_view skipped = close_look(scene.engine, customer, d);

			assert_int_equal(skipped.parts, 0);
			assert_true(skipped.reaches);
		}
	}
	scene_finish(&scene);
}

static void
closes_that_are_skipped_change_nothing(void **state)
{
	(void)state;
	expect_skips(RULE("count(a[3d offset 20d]) > 1"));
	expect_skips(RULE("count(a[9d]) > 1 and count(a[40d live]) > 2"));
	expect_skips(RULE("last(b, 30d) < 9 and count(a[9d]) > 1"));
	expect_skips(RULE("ratio(a[20d], a[20d offset 20d], min_events=1) < 0.5"));
}

static void
the_next_close_is_told(void **state)
{
	struct scene scene;
	const struct customer *customer;
	int64_t first;

	(void)state;
	begin(&scene, RULE("count(a[3d offset 20d]) > 1"));
	customer = engine_customer_at(scene.engine, 0);
	first = clock_day(&scene.engine->clock, at("2026-03-01 12:00"));
	assert_int_equal(close_look(scene.engine, customer, first).next, first + 20);
	assert_int_equal(close_look(scene.engine, customer, first + 20).next, first + 23);
	assert_int_equal(close_look(scene.engine, customer, first + 23).next, first + 24);
	scene_finish(&scene);
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
	assert_int_equal(scene.engine->close.daily, 1);
	scene_finish(&scene);
	begin(&scene, RULE("since(a) > 3d and count(a[3d]) > 0"));
	assert_int_equal(scene.engine->close.daily, 0);
	scene_finish(&scene);
}

static void
a_comparison_that_keeps_its_value_between_looks_turns_at_a_close(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene, RULE("since(a) * 2 > 50h"));
	scene_send(&scene, at("2026-03-01 10:00"), "c", "a", NULL);
	scene_advance(&scene, at("2026-03-02 23:00"));
	scene_expect(&scene, "");
	scene_advance(&scene, at("2026-03-03 01:00"));
	scene_expect(&scene, "2026-03-03T00:10:00.000Z c rule.fired r risk=30 cause=time\n");
	scene_finish(&scene);
}

/* Whether a part of the rules is asked at the close of 2026-03-01 and of the days after it. */
static void
expect_part(struct scene *scene, uint64_t part, const char *expected)
{
	const struct customer *customer = engine_customer_at(scene->engine, 0);
	int64_t first = clock_day(&scene->engine->clock, at("2026-03-01 12:00"));

	for (int i = 0; expected[i]; i++) {
		uint64_t parts = close_look(scene->engine, customer, first + i).parts;

		assert_int_equal((parts & part) != 0, expected[i] == '1');
	}
}

/* Windows over the same signal, each asked at its own closes. */
static void
each_rule_is_asked_on_its_own_edges(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene,
	      HEAD "- {rule: r, expr: 'count(a[3d]) > 1', points: 30}\n"
		   "- {rule: q, expr: 'count(a[5d]) > 1', points: 30}\n"
		   "tags: {t: {when: 'count(a[6d]) > 1'}, n: {when: 'risk() > 9'}, u: {when: "
		   "'count(a[8d]) > 1', leave: 'count(a[2d]) < 1'}}\n"
		   "stages: [{stage: s, when: 'count(a[7d]) > 1'}]\n");
	expect_part(&scene, 1, "1001000000");
	expect_part(&scene, 2, "1000010000");
	assert_int_equal(scene.engine->close.tag_count, 2);
	expect_part(&scene, scene.engine->close.tags[0].part, "1000001000");
	expect_part(&scene, scene.engine->close.tags[1].part, "1010000010");
	expect_part(&scene, CLOSE_WATCHING, "0000000000");
	expect_part(&scene, CLOSE_STAGES, "1000000100");
	scene_finish(&scene);
}

/* What is read of a tag is no window: whoever reads it is asked once it has turned. */
static void
a_tag_that_reads_another_turns_with_it(void **state)
{
	struct scene scene;
	const struct customer *customer;

	(void)state;
	begin(&scene,
	      HEAD "- {rule: r, expr: 'count(a[90d]) > 9', points: 30}\n"
		   "tags: {t: {when: 'count(a[2d]) > 0'}, u: {when: 'not tag(\"t\")'}}\n");
	customer = engine_customer_at(scene.engine, 0);
	scene_advance(&scene, at("2026-03-02 12:00"));
	assert_non_null(customer_tag(customer, STR("t")));
	assert_null(customer_tag(customer, STR("u")));
	scene_advance(&scene, at("2026-03-04 12:00"));
	assert_null(customer_tag(customer, STR("t")));
	assert_non_null(customer_tag(customer, STR("u")));
	scene_finish(&scene);
}

/* Days observed grow for a rule until its own windows have left the first one behind. */
static void
each_rule_s_windows_grow_as_far_as_they_go(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene, HEAD
		   "- {rule: r, expr: 'ratio(a[1d], a[2d offset 1d]) < 0.5', points: 30}\n"
		   "- {rule: q, expr: 'ratio(a[2d], a[4d offset 2d]) < 0.5', points: 30}\n");
	scene_send(&scene, at("2026-03-01 10:00"), "c", "a", NULL);
	expect_part(&scene, 1, "1111000000");
	expect_part(&scene, 2, "1111111000");
	scene_finish(&scene);
}

static void
many_rules_share_parts(void **state)
{
	struct buf rules = {0};
	struct scene scene;

	(void)state;
	buf_text(&rules, HEAD);
	for (int i = 0; i < CLOSE_PARTS; i++)
		buf_printf(&rules, "- {rule: r%d, expr: 'count(a[3d]) > 1', points: 1}\n", i);
	buf_text(&rules, "- {rule: last, expr: 'count(a[5d]) > 1', points: 1}\n");
	buf_char(&rules, '\0');
	begin(&scene, rules.p);
	assert_int_equal(scene.engine->close.rules[CLOSE_PARTS].part, 1);
	buf_finish(&rules);
	expect_closes(&scene, "100101000");
}

static void
points_that_move_are_looked_at_at_each_close(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene, HEAD "- {rule: r, expr: 'silent(a) >= 1h', points: 'least(90, "
				"age() / 1d * 10)'}\n");
	scene_send(&scene, at("2026-03-01 10:00"), "c", "a", NULL);
	scene_advance(&scene, at("2026-03-01 12:00"));
	assert_int_equal(scene_risk(&scene, "c"), 0);
	scene_advance(&scene, at("2026-03-03 12:00"));
	assert_int_equal(scene_risk(&scene, "c"), 16);
	scene_finish(&scene);
}

#define CROWD 40

static void
crowd(struct scene *scene)
{
	char name[] = "c00";

	scene_init(scene, HEAD "- {rule: r, expr: 'count(a[3d]) > 0', points: 30}\n"
			       "- {rule: q, expr: 'silent(a) >= 36h', points: 10}\n"
			       "- {rule: h, expr: 'hour() >= 9', points: 1}\n");
	for (int i = 0; i < CROWD; i++) {
		name[1] = (char)('0' + i / 10);
		name[2] = (char)('0' + i % 10);
		scene_send(scene, at("2026-03-01 10:00") + i, name, i % 3 ? "a" : "b", NULL);
	}
}

/* A close of many customers is worked off in goes, and nobody can tell by what comes out. */
static void
work_in_goes_says_what_work_at_once_says(void **state)
{
	int64_t to = at("2026-03-09 12:00");
	struct scene once, goes;

	(void)state;
	crowd(&once);
	crowd(&goes);
	scene_advance(&once, to);
	assert_true(scene_prepare(&goes, to, 3) > CROWD / 3);
	assert_true(once.said.n > 1000);
	assert_int_equal(once.said.n, goes.said.n);
	assert_memory_equal(once.said.p, goes.said.p, once.said.n);
	scene_finish(&once);
	scene_finish(&goes);
}

/* Whoever cannot wait finishes what was begun. */
static void
an_entry_finishes_what_was_begun(void **state)
{
	int64_t to = at("2026-03-09 12:00");
	struct scene once, goes;
	struct order_sink none = {0};

	(void)state;
	crowd(&once);
	crowd(&goes);
	scene_send(&once, to, "c01", "b", NULL);
	assert_false(engine_prepare(goes.engine, (struct stream_id){to, 0}, 5, &none));
	assert_true(engine_next_due(goes.engine) <= engine_clock(goes.engine));
	scene_send(&goes, to, "c01", "b", NULL);
	assert_int_equal(once.said.n, goes.said.n);
	assert_memory_equal(once.said.p, goes.said.p, once.said.n);
	scene_finish(&once);
	scene_finish(&goes);
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
		cmocka_unit_test(a_count_does_not_ask_how_many_days_were_observed),
		cmocka_unit_test(closes_that_are_skipped_change_nothing),
		cmocka_unit_test(the_next_close_is_told),
		cmocka_unit_test(what_is_out_of_reach_reaches_no_close),
		cmocka_unit_test(what_may_move_any_day_is_asked_each_day),
		cmocka_unit_test(
			a_comparison_that_keeps_its_value_between_looks_turns_at_a_close),
		cmocka_unit_test(each_rule_is_asked_on_its_own_edges),
		cmocka_unit_test(a_tag_that_reads_another_turns_with_it),
		cmocka_unit_test(each_rule_s_windows_grow_as_far_as_they_go),
		cmocka_unit_test(many_rules_share_parts),
		cmocka_unit_test(points_that_move_are_looked_at_at_each_close),
		cmocka_unit_test(work_in_goes_says_what_work_at_once_says),
		cmocka_unit_test(an_entry_finishes_what_was_begun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
