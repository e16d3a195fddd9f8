/* SPDX-License-Identifier: Apache-2.0 */
/* Thresholds that time alone crosses: solved at the event, and nobody is looked at in between. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ask.h"

/* Gaps 2 1 4 1 7 3. */
static const int rhythm[] = {0, 2, 3, 7, 8, 15, 18, -1};

#define BARE "signals: {a: {on: a}}\n"
#define BARE_RULE(expr) BARE "rules:\n- {rule: r, expr: '" expr "', points: 10, cooldown: 0s}\n"

/* Looks since `since`: each takes a number of its own. */
static unsigned
looks(const struct scene *scene, uint32_t since)
{
	return scene->engine->stamp - since;
}

/* Time goes on as it does in a history in which others act every few hours. */
static void
pass_time(struct scene *scene, int64_t to)
{
	while (scene->engine->now < to) {
		int64_t next = scene->engine->now + 5 * HOUR_MS;

		scene_advance(scene, next < to ? next : to);
	}
}

/* The first ms at which the rule's condition is true, asked as of then: it turns once. */
static int64_t
find_turn(const struct scene *scene)
{
	const struct expr *when = engine_rules(scene->engine)->rules[0].when;
	const struct customer *customer = engine_at(scene->engine, 0);
	int64_t low = scene->engine->now, high = low + 300 * DAY_MS;

	assert_false(value_is_true(engine_ask(scene->engine, customer, when, low)));
	while (high - low > 1) {
		int64_t middle = low + (high - low) / 2;

		if (value_is_true(engine_ask(scene->engine, customer, when, middle)))
			high = middle;
		else
			low = middle;
	}
	return high;
}

/* A wake that an earlier event asked for, or the crossing: whether it changes, the step, and when next. */
#define WAKE 3

static void
expect_one_crossing(const char *rules)
{
	struct scene scene;
	uint32_t before;

	scene_init(&scene, rules);
	send_days(&scene, "a", rhythm);
	scene_clear(&scene);
	int64_t turn = find_turn(&scene);

	before = scene.engine->stamp;
	pass_time(&scene, turn - 1);
	if (looks(&scene, before) > WAKE)
		fail_msg("%s: %u looks before the crossing", rules, looks(&scene, before));
	assert_int_equal(scene_risk(&scene, "c"), 0);
	before = scene.engine->stamp;
	pass_time(&scene, turn);
	assert_int_equal(scene_risk(&scene, "c"), 10);
	pass_time(&scene, turn + 200 * DAY_MS);
	if (looks(&scene, before) > WAKE)
		fail_msg("%s: %u looks from the crossing on", rules, looks(&scene, before));
	scene_finish(&scene);
}

static void
a_crossing_is_solved_at_the_event_and_nobody_is_looked_at_before_it(void **state)
{
	static const char *const rules[] = {
		RULE("since(a) >= 40d"),
		RULE("silent(a) > 40d"),
		RULE("p_gap(a, 30d) >= 0.9"),
		RULE("p_silent(a, 30d) >= 0.75"),
		RULE("p_alive(a) <= 0.5"),
		RULE("0.9 <= p_gap(a, 30d) and seen(a)"),
		RULE("p_gap(a, 30d) >= 0.9 and p_silent(a, 30d) >= 0.75"),
		BARE_RULE("p_gap(a, 90d) >= 0.9"),
		BARE_RULE("p_silent(a, 90d) >= 0.9"),
		BARE_RULE("p_alive(a) < 0.2"),
		BARE_RULE("silent(a) >= 14 * typical_gap(a)"),
		BARE_RULE("silent(a) >= coalesce(14 * typical_gap(a), 60d)"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
		expect_one_crossing(rules[i]);
}

/* Not even to find that there is nothing to do: no day's close asks for such a customer. */
static void
what_a_fitted_model_says_reaches_no_close(void **state)
{
	static const char *const rules[] = {
		RULE("since(a) >= 40d"),
		RULE("p_gap(a, 30d) >= 0.9"),
		RULE("p_silent(a, 30d) >= 0.75"),
		RULE("p_alive(a) <= 0.5"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
		struct scene scene;

		scene_init(&scene, rules[i]);
		send_days(&scene, "a", rhythm);
		scene_advance(&scene, DAY0 + 20 * DAY_MS);
		assert_int_equal(scene.engine->day_customers, 0);
		scene_finish(&scene);
	}
}

/* A gap grows too old to count after 400 days: without a model that is one more look, and the last. */
static void
gaps_that_grow_too_old_are_looked_at_as_they_leave(void **state)
{
	struct scene scene;
	uint32_t before;

	(void)state;
	scene_init(&scene, BARE_RULE("p_gap(a, 90d) >= 0.9"));
	send_days(&scene, "a", rhythm);
	scene_advance(&scene, DAY0 + 390 * DAY_MS);
	before = scene.engine->stamp;
	pass_time(&scene, DAY0 + 2000 * DAY_MS);
	assert_in_range(looks(&scene, before), 1, 7 * WAKE);
	scene_finish(&scene);
}

/* Who comes back each day moves the crossing each time; the wake that was set is followed once in its while. */
static void
an_event_that_moves_the_crossing_costs_its_own_look_only(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene, RULE("p_gap(a, 30d) >= 0.9"));
	for (int i = 0; i < 30; i++)
		scene_send(&scene, DAY0 + i * DAY_MS, "c", "a", NULL);
	uint32_t before = scene.engine->stamp;

	for (int i = 30; i < 1030; i++) {
		pass_time(&scene, DAY0 + i * DAY_MS - 1);
		scene_send(&scene, DAY0 + i * DAY_MS, "c", "a", NULL);
	}
	assert_in_range(looks(&scene, before), 1000, 1000 * WAKE);
	assert_int_equal(scene_risk(&scene, "c"), 0);
	scene_finish(&scene);
}

/* ---- whole lives ---- */

static void
active_days_first_and_last_are_of_the_whole_life_in_a_few_bytes(void **state)
{
	const struct rhythm_model model = {RHYTHM_MBG_NBD, 0.525, 43.3, 0.891, 1.614};
	struct scene scene;
	size_t full = 0;

	(void)state;
	scene_init(&scene, RULE("p_silent(a, 30d) >= 0.75 and gap_mean(a) > 0d"));
	for (int i = 0; i <= 120; i++) {
		scene_send(&scene, DAY0 + i * 30 * DAY_MS, "c", "a", NULL);
		if (i == 20)
			full = track_bytes(&engine_at(scene.engine, 0)->tracks);
	}
	const struct tracks *tracks = &engine_at(scene.engine, 0)->tracks;
	struct track track;

	assert_true(track_get(tracks, 0, false, SIGNAL_COUNT, &track));
	assert_int_equal(track.life_days, 121);
	assert_int_equal(track.first_cell, DAY0 / DAY_MS);
	assert_int_equal(track.cell, DAY0 / DAY_MS + 3600);
	assert_int_equal(track_bytes(tracks), full);
	int64_t now = DAY0 + 3610 * DAY_MS;

	scene_advance(&scene, now);
	assert_true(fabs(engine_ask(scene.engine, engine_at(scene.engine, 0),
				    &(struct expr){.root = engine_rules(scene.engine)
								   ->rules[0]
								   .when->root->kids[0]
								   ->kids[0]},
				    now)
				 .u.n -
			 rhythm_silent(&model, (struct rhythm){120, 3600}, 3610, 30)) < 1e-12);
	scene_finish(&scene);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_crossing_is_solved_at_the_event_and_nobody_is_looked_at_before_it),
		cmocka_unit_test(what_a_fitted_model_says_reaches_no_close),
		cmocka_unit_test(gaps_that_grow_too_old_are_looked_at_as_they_leave),
		cmocka_unit_test(an_event_that_moves_the_crossing_costs_its_own_look_only),
		cmocka_unit_test(
			active_days_first_and_last_are_of_the_whole_life_in_a_few_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
