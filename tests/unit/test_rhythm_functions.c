/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of a customer's own rhythm: gaps, models, and when their chances turn. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ask.h"

/* Gaps 2 1 4 1 7 3. */
static const int rhythm[] = {0, 2, 3, 7, 8, 15, 18, -1};

/* ---- gaps ---- */

static const struct {
	const char *rules;
	double days;
} gap_rows[] = {
	{RULE("typical_gap(a) > 1d"), 2.5},	     {RULE("gap_mean(a) > 1d"), 3},
	{RULE("gap_sd(a) > 1d"), 2.280350850198276}, {RULE("gap_max(a) > 1d"), 7},
	{RULE("gap_quantile(a, 0.25) > 1d"), 1.25},  {RULE("gap_quantile(a, 0.9) > 1d"), 5.5},
	{RULE("gap_ewma(a, 0.3) > 1d"), 3.33677},
};

static void
gap_functions_read_gaps_between_active_days(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof gap_rows / sizeof *gap_rows; i++) {
		struct scene scene;
		int64_t now = DAY0 + 19 * DAY_MS;
		double ms = round(gap_rows[i].days * DAY_MS);

		scene_init(&scene, gap_rows[i].rules);
		send_days(&scene, "a", rhythm);
		assert_number(&scene, now, ms / SECOND_MS);
		/* A second event of an active day changes nothing. */
		scene_send(&scene, DAY0 + 18 * DAY_MS + 20 * HOUR_MS, "c", "a", NULL);
		assert_number(&scene, now, ms / SECOND_MS);
		scene_finish(&scene);
	}
}

static void
gap_functions_are_unknown_below_3_gaps(void **state)
{
	static const int few[] = {0, 2, 3, -1};

	(void)state;
	for (size_t i = 0; i < sizeof gap_rows / sizeof *gap_rows; i++) {
		struct scene scene;

		scene_init(&scene, gap_rows[i].rules);
		send_days(&scene, "a", few);
		assert_unknown(&scene, DAY0 + 4 * DAY_MS);
		scene_send(&scene, DAY0 + 5 * DAY_MS, "c", "a", NULL);
		assert_true(left_side(&scene, DAY0 + 5 * DAY_MS, true).known);
		scene_finish(&scene);
	}
}

/* The first gap is left as its first day is 400 days old: at that close, with no event. */
static void
gaps_are_those_of_the_last_400_days(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene, RULE("gap_max(a) > 10d"));
	for (int day = 0; day <= 390; day += day ? 10 : 30)
		scene_send(&scene, DAY0 + day * DAY_MS, "c", "a", NULL);
	scene_clear(&scene);
	scene_advance(&scene, DAY0 + 410 * DAY_MS);
	scene_expect(&scene, "2027-04-05T00:10:00.000Z c rule.cleared r risk=0 cause=time\n");
	scene_finish(&scene);
}

static void
a_silence_is_held_against_the_customer_s_own_rhythm(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene, RULE("silent(a) >= 3 * typical_gap(a)"));
	send_days(&scene, "a", rhythm);
	scene_clear(&scene);
	scene_advance(&scene, DAY0 + 60 * DAY_MS);
	scene_expect(&scene, "2026-03-26T22:00:00.000Z c rule.fired r risk=10 cause=time\n");
	scene_finish(&scene);
}

/* ---- models ---- */

static void
p_alive_p_silent_p_gap_are_those_of_the_model(void **state)
{
	static const struct {
		const char *rules;
		double p;
	} rows[] = {
		{RULE("p_alive(a) < 0.5"), 0.8910195647775225},
		{RULE("p_silent(a, 30d) > 0.5"), 0.17616792109819357},
		{RULE("p_gap(a, 30d) > 0.5"), 0.17819404167415898},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct scene scene;

		scene_init(&scene, rows[i].rules);
		send_days(&scene, "a", rhythm);
		assert_number(&scene, DAY0 + 18 * DAY_MS + 10 * HOUR_MS, rows[i].p);
		scene_finish(&scene);
	}
}

static void
p_functions_turn_at_their_very_millisecond(void **state)
{
	static const struct {
		const char *rules;
		int64_t turns; /* ms after DAY0; found with another root finder */
	} rows[] = {
		{RULE("p_gap(a, 30d) >= 0.9"), INT64_C(3848839068)},
		{RULE("p_alive(a) <= 0.5"), INT64_C(3617034099)},
		{RULE("p_silent(a, 30d) >= 0.75"), INT64_C(4625786613)},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct scene scene;

		scene_init(&scene, rows[i].rules);
		send_days(&scene, "a", rhythm);
		scene_clear(&scene);
		/* No day's close matters to a fitted model. */
		scene_advance(&scene, DAY0 + 20 * DAY_MS);
		assert_int_equal(engine_next_due(scene.engine), DAY0 + rows[i].turns);
		scene_advance(&scene, DAY0 + rows[i].turns - 1);
		scene_expect(&scene, "");
		scene_advance(&scene, DAY0 + rows[i].turns);
		assert_int_equal(scene_risk(&scene, "c"), 10);
		/* It cannot flap inside one silence. */
		scene_clear(&scene);
		scene_advance(&scene, DAY0 + 2000 * DAY_MS);
		scene_expect(&scene, "");
		scene_finish(&scene);
	}
}

static void
p_gap_is_1_once_the_silence_has_that_length(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene, RULE("p_gap(a, 30d) >= 1"));
	send_days(&scene, "a", rhythm);
	assert_number(&scene, DAY0 + 48 * DAY_MS, 1);
	assert_number(&scene, DAY0 + 60 * DAY_MS, 1);
	assert_true(left_side(&scene, DAY0 + 47 * DAY_MS, true).u.n < 1);
	scene_advance(&scene, DAY0 + 100 * DAY_MS);
	scene_expect(&scene, "2026-04-18T00:00:00.000Z c rule.fired r risk=10 cause=time\n");
	scene_finish(&scene);
}

static void
p_functions_are_unknown_before_the_first_event_and_for_a_negative_time(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene, RULE("p_gap(a, 30d) >= 0"));
	scene_send(&scene, DAY0, "c", "other", NULL);
	assert_unknown(&scene, DAY0 + DAY_MS);
	scene_finish(&scene);
	scene_init(&scene, RULE("p_silent(a, -3d) >= 0"));
	send_days(&scene, "a", rhythm);
	assert_unknown(&scene, DAY0 + 19 * DAY_MS);
	scene_finish(&scene);
}

/* Europe/Berlin: two local days after the midnight of 28 March, the 23-hour day between them, are 47 hours. */
static void
tx_is_in_local_days_and_t_in_days_of_24_hours_never_under_tx(void **state)
{
	struct scene scene;
	const struct rhythm_model model = {RHYTHM_MBG_NBD, 0.525, 43.3, 0.891, 1.614};

	(void)state;
	scene_init(&scene, "timezone: Europe/Berlin\n" RULE("p_silent(a, 9d) > 2"));
	scene_send(&scene, at("2026-03-28 08:00"), "c", "a", NULL);
	scene_send(&scene, at("2026-03-29 22:10"), "c", "a", NULL); /* 00:10 on the 30th */
	assert_number(&scene, at("2026-03-29 22:30"),
		      rhythm_silent(&model, (struct rhythm){1, 2}, 2, 9));
	assert_number(&scene, at("2026-03-30 05:00"),
		      rhythm_silent(&model, (struct rhythm){1, 2}, 54.0 / 24, 9));
	scene_finish(&scene);
}

#define SEGMENTS                                                                            \
	"profile: {tier: {enum: [free, team]}}\nsignals: {a: {on: a}}\nmodels:\n  a:\n"     \
	"  - {when: profile.tier == \"team\", r: 0.525, alpha: 43.3, a: 0.891, b: 1.614}\n" \
	"rules:\n- {rule: r, expr: 'p_gap(a, 30d) >= 0.5', points: 10}\n"

/* Without a model: r = 1, alpha the mean gap, a = 0.7, b = 1.5, kind mbg_nbd; unknown below 3 gaps. */
static void
the_first_model_whose_segment_fits_is_taken_or_a_default_of_the_mean_gap(void **state)
{
	struct scene scene;
	const struct rhythm_model guessed = {RHYTHM_MBG_NBD, 1, 3, 0.7, 1.5};
	int64_t now = DAY0 + 18 * DAY_MS + 10 * HOUR_MS;

	(void)state;
	scene_init(&scene, SEGMENTS);
	for (int i = 0; i < 3; i++)
		scene_send(&scene, DAY0 + rhythm[i] * DAY_MS + 10 * HOUR_MS, "c", "a", NULL);
	assert_unknown(&scene, DAY0 + 4 * DAY_MS);
	send_days(&scene, "a", rhythm + 3);
	assert_number(&scene, now,
		      rhythm_gap(&guessed, (struct rhythm){6, 18}, 18 + 10.0 / 24, 30));
	scene_send(&scene, now + 1, "c", "profile", "tier=team", NULL);
	assert_number(&scene, now, 0.17819404167415898);
	scene_finish(&scene);
}

/* So that a rule on rhythms costs nothing while a busy day goes on. */
static void
a_second_event_of_a_day_needs_no_look_for_rhythms(void **state)
{
	struct scene scene;
	int64_t day = DAY0 + 20 * DAY_MS;

	(void)state;
	scene_init(&scene, RULE("p_gap(a, 30d) >= 0.9"));
	send_days(&scene, "a", rhythm);
	const struct type_use *use = ruleset_use(engine_rules(scene.engine), STR("a"));
	struct entry entry = {
		.kind = ENTRY_EVENT, .id = {day + HOUR_MS, 0}, .ts = day + HOUR_MS};
	assert_false(calm_is(scene.engine, engine_at(scene.engine, 0), use, &entry));
	scene_send(&scene, day, "c", "a", NULL);
	assert_true(calm_is(scene.engine, engine_at(scene.engine, 0), use, &entry));
	int64_t due = *engine_wake(scene.engine, 0);
	scene_send(&scene, day + HOUR_MS, "c", "a", NULL);
	assert_int_equal(*engine_wake(scene.engine, 0), due);
	scene_finish(&scene);
}

/* ---- suspect time ---- */

static void
gaps_and_silences_stand_still_while_the_feed_is_suspect(void **state)
{
	struct scene scene;
	int64_t now = DAY0 + 18 * DAY_MS + 10 * HOUR_MS;
	const struct rhythm_model model = {RHYTHM_MBG_NBD, 0.525, 43.3, 0.891, 1.614};

	(void)state;
	scene_init(&scene, RULE("gap_max(a) > 1d"));
	send_days(&scene, "a", rhythm);
	suspect_days(&scene, 9, 12);
	assert_number(&scene, now,
		      4.0 * DAY_MS / SECOND_MS); /* the 7 days from 8 to 15 are 3 */
	scene_finish(&scene);
	scene_init(&scene, RULE("p_gap(a, 30d) > 1"));
	send_days(&scene, "a", rhythm);
	suspect_days(&scene, 9, 12);
	assert_number(&scene, now,
		      rhythm_gap(&model, (struct rhythm){6, 14}, 14 + 10.0 / 24, 30));
	scene_finish(&scene);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gap_functions_read_gaps_between_active_days),
		cmocka_unit_test(gap_functions_are_unknown_below_3_gaps),
		cmocka_unit_test(gaps_are_those_of_the_last_400_days),
		cmocka_unit_test(a_silence_is_held_against_the_customer_s_own_rhythm),
		cmocka_unit_test(p_alive_p_silent_p_gap_are_those_of_the_model),
		cmocka_unit_test(p_functions_turn_at_their_very_millisecond),
		cmocka_unit_test(tx_is_in_local_days_and_t_in_days_of_24_hours_never_under_tx),
		cmocka_unit_test(p_gap_is_1_once_the_silence_has_that_length),
		cmocka_unit_test(
			p_functions_are_unknown_before_the_first_event_and_for_a_negative_time),
		cmocka_unit_test(
			the_first_model_whose_segment_fits_is_taken_or_a_default_of_the_mean_gap),
		cmocka_unit_test(a_second_event_of_a_day_needs_no_look_for_rhythms),
		cmocka_unit_test(gaps_and_silences_stand_still_while_the_feed_is_suspect),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
