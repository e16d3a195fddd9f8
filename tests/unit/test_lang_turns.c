/* SPDX-License-Identifier: Apache-2.0 */
/* When a comparison turns by time alone: told to the millisecond, checked against stepping there. */
#include <stdio.h>
#include <string.h>

#include "unit/lang.h"

static const struct expr *
compiled(const char *text)
{
	const struct expr *expr = world_compile(&world, text, TYPE_BOOL);

	if (!expr)
		fail_msg("%s: %s", text, world.said.p);
	return expr;
}

/* ---- Which comparisons are exact ---- */

static enum moves
moves_of(const char *text)
{
	const struct expr *expr = compiled(text);

	assert_int_equal(expr->root->kind, NODE_COMPARE);
	return (enum moves)expr->root->moves;
}

static void
a_bare_moving_side_is_exact(void **state)
{
	static const struct {
		const char *text;
		enum moves moves;
	} rows[] = {
		{"risk() > 3", MOVES_NOT},
		{"count(usage[7d]) > 3", MOVES_NOT},
		{"since(login) >= 36h", MOVES_LINEAR},
		{"36h <= since(login)", MOVES_LINEAR},
		{"silent(login) > 1d * count(usage[7d])", MOVES_LINEAR},
		{"age() != 3d", MOVES_LINEAR},
		{"after(login, usage) > profile.quiet", MOVES_LINEAR},
		{"since(login) >= patience", MOVES_LINEAR},
		{"since(login) >= if(age() < 30d, 1d, 2d)", MOVES_LINEAR},
		{"until(profile.contract_end) < 30d", MOVES_MONOTONE},
		{"30d > until(profile.contract_end - 3d)", MOVES_MONOTONE},
		{"p_gap(login, 90d) >= 0.9", MOVES_MONOTONE},
		{"0.2 > p_alive(login)", MOVES_MONOTONE},
		{"p_silent(login, profile.quiet) > 0.5", MOVES_MONOTONE},
		{"1 - p_gap(login, 90d) < 0.1", MOVES_COARSE},
		{"typical_gap(login) > 3d", MOVES_NOT},
		{"silent(login) >= 3 * typical_gap(login)", MOVES_LINEAR},
		{"ewma(login, 7d) < trend(usage[28d])", MOVES_NOT},
		{"hour() >= 9", MOVES_EDGES},
		{"12 == month()", MOVES_EDGES},
		{"hour() >= month()", MOVES_NOT},
		{"weekday() == \"mon\"", MOVES_EDGES},
		{"since(login) > if(month() == 12, 1d, 2d)", MOVES_LINEAR},
		{"since(login) * 2 > if(hour() == 3, 1d, 2d)", MOVES_COARSE},
		{"now() > profile.trial_end", MOVES_LINEAR},
		{"profile.trial_end + 3d <= now()", MOVES_LINEAR},
		{"now() - profile.trial_end > 3d", MOVES_COARSE},
		{"workdays(since(login)) >= 3", MOVES_NOT},
		{"since(login) * 2 > 3d", MOVES_COARSE},
		{"since(login) > since(usage)", MOVES_COARSE},
		{"since(login) - 1d > 3d", MOVES_COARSE},
		{"since(login) > until(profile.contract_end)", MOVES_COARSE},
		{"if(profile.vip, age(), 3d) > 3d", MOVES_COARSE},
		{"since(login) > if(since(usage) * 2 > 1d, 1d, 2d)", MOVES_COARSE},
		{"(since(login) > 3d) == (since(usage) > 3d)", MOVES_NOT},
		{"(since(login) > 3d) == (since(usage) * 2 > 3d)", MOVES_COARSE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (moves_of(rows[i].text) != rows[i].moves)
			fail_msg("%s: %d", rows[i].text, moves_of(rows[i].text));
}

/* ---- Linear ---- */

static int
answer(const struct expr *expr, int64_t now, int64_t *next)
{
	struct env env = world_env(&world, now);
	struct value value = eval(&env, expr->root);

	assert_true(env.now == now);
	assert_false(env.exact);
	assert_true(env.next > now);
	*next = env.next;
	return !value.known ? 2 : value.u.b;
}

/* Follows `next` from `now` and checks that nothing else turned the answer on the way, by stepping. */
static unsigned
follow(const char *text, int64_t now, int64_t until, int64_t step)
{
	const struct expr *expr = compiled(text);
	unsigned turns = 0;
	int64_t next, unused;
	int last = answer(expr, now, &next);

	for (int64_t at = now + step; at <= until; at += step) {
		int got;

		while (next <= at) {
			int before = answer(expr, next - 1, &unused), after;

			assert_int_equal(before, last);
			after = answer(expr, next, &unused);
			turns += after != last;
			last = after;
			(void)answer(expr, next, &next);
		}
		got = answer(expr, at, &unused);
		if (got != last)
			fail_msg("%s: %d became %d unannounced by %lld", text, last, got,
				 (long long)(at - now));
	}
	return turns;
}

static void
linear_comparisons_turn_to_the_millisecond(void **state)
{
	static const struct {
		const char *text;
		unsigned turns;
	} rows[] = {
		{"since(login) >= 3s", 1},
		{"since(login) > 3s", 1},
		{"since(login) < 3s", 1},
		{"since(login) <= 3s", 1},
		{"since(login) == 3s", 2},
		{"since(login) != 3s", 2},
		{"3s <= since(login)", 1},
		{"3s < since(login)", 1},
		{"3s > since(login)", 1},
		{"3s >= since(login)", 1},
		{"since(login) >= 3s and not since(usage) >= 5s", 2},
		{"since(login) > 2s or since(usage) > 4s", 1},
		{"since(never) > 2s or since(usage) > 4s", 1},
		{"since(login) >= if(age() < 2s, 1s, 4s)", 3},
		{"(since(login) > 2s) == (since(usage) > 4s)", 2},
		{"pick(profile.tier, business=since(login) > 3s, else=false)", 1},
		{"coalesce(since(never) > 2s, since(usage) > 4s)", 1},
		{"since(login) >= coalesce(profile.empty * 1s, 4s)", 1},
	};

	(void)state;
	world.heard_at[WORLD_LOGIN] = world.heard_at[WORLD_USAGE] = world.first_seen_at =
		WORLD_NOW;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		unsigned turns = follow(rows[i].text, WORLD_NOW, WORLD_NOW + 6000, 1);

		if (turns != rows[i].turns)
			fail_msg("%s turned %u times", rows[i].text, turns);
	}
}

static void
what_is_past_or_unknown_has_no_turn(void **state)
{
	static const char *const texts[] = {
		"since(login) >= 3d", /* true for good */
		"since(login) < 3d",  /* false for good */
		"since(login) == 3d", /* past */
		"since(never) >= 3d", /* unknown */
		"since(login) >= 1d * profile.empty",
		"since(login) * 2 > 300d", /* coarse */
		"count(usage[7d]) > 100",
		"until(profile.contract_end) < 100d",
		"until(profile.contract_end + 1h) < 1d",
		"since(login) > -9223372036854775s - 10d",
	};
	int64_t next;

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		(void)answer(compiled(texts[i]), WORLD_NOW, &next);
		if (next != NEVER)
			fail_msg("%s: %lld", texts[i], (long long)(next - WORLD_NOW));
	}
}

static void
a_decided_chain_waits_only_for_what_decides(void **state)
{
	int64_t next;

	(void)state;
	(void)answer(compiled("risk() > 100 and since(login) > 20d"), WORLD_NOW, &next);
	assert_true(next == NEVER);
	(void)answer(compiled("risk() > 1 or since(login) > 20d"), WORLD_NOW, &next);
	assert_true(next == NEVER);
	(void)answer(compiled("since(login) > 20d and since(usage) > 21d"), WORLD_NOW, &next);
	assert_true(next == WORLD_NOW + 10 * DAY_MS + 1);
}

static void
after_stands_still_while_nothing_is_owed(void **state)
{
	const struct expr *expr = compiled("after(login, usage) >= 5d");
	int64_t next;

	(void)state;
	assert_int_equal(answer(expr, WORLD_NOW, &next), 0);
	assert_true(next == WORLD_NOW + 2 * DAY_MS);
	world.owed_at = WORLD_NOW;
	assert_int_equal(answer(expr, WORLD_NOW, &next), 0);
	assert_true(next == WORLD_NOW + 5 * DAY_MS);
	world.owed_at = INT64_MIN;
	assert_int_equal(answer(expr, WORLD_NOW, &next), 0);
	assert_true(next == NEVER);
}

static void
a_signal_a_little_ahead_is_waited_for_again(void **state)
{
	const struct expr *expr = compiled("since(login) >= 1h");
	int64_t next;

	(void)state;
	world.heard_at[WORLD_LOGIN] = WORLD_NOW + 4 * MINUTE_MS;
	assert_int_equal(answer(expr, WORLD_NOW, &next), 0);
	assert_true(next == WORLD_NOW + HOUR_MS);
	assert_int_equal(answer(expr, next, &next), 0);
	assert_true(next == WORLD_NOW + 64 * MINUTE_MS);
	assert_int_equal(answer(expr, next, &next), 1);
}

/* ---- Monotone ---- */

static void
monotone_comparisons_turn_at_the_step(void **state)
{
	static const struct {
		const char *text;
		unsigned turns;
	} rows[] = {
		{"until(profile.contract_end) < 15d", 1},
		{"until(profile.contract_end) <= 15d", 1},
		{"until(profile.contract_end) > 15d", 1},
		{"until(profile.contract_end) >= 15d", 1},
		{"until(profile.contract_end) == 15d", 2},
		{"until(profile.contract_end) != 15d", 2},
		{"15d == until(profile.contract_end)", 2},
		{"until(profile.contract_end) == 36h", 0},
		{"-3d > until(profile.contract_end)", 1},
		{"until(profile.contract_end) < 10d and since(login) < 25d", 2},
		{"until(profile.contract_end) < if(since(login) < 15d, 30d, 10d)", 2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		unsigned turns = follow(rows[i].text, WORLD_NOW, WORLD_NOW + 40 * DAY_MS,
					17 * MINUTE_MS + 13);

		if (turns != rows[i].turns)
			fail_msg("%s turned %u times", rows[i].text, turns);
	}
}

static void
a_monotone_turn_is_the_very_millisecond(void **state)
{
	int64_t next, midnight = (20800 - 14) * DAY_MS;

	(void)state;
	(void)answer(compiled("until(profile.contract_end) < 15d"), WORLD_NOW, &next);
	assert_true(next == midnight);
	(void)answer(compiled("until(profile.contract_end) < 15d"), midnight - 1, &next);
	assert_true(next == midnight);
	(void)answer(compiled("until(\"2999-12-31\") < 15d"), WORLD_NOW, &next);
	assert_true(next == NEVER); /* beyond the horizon: looked at again before that */
}

static void
a_search_costs_little_and_none_behind_the_next_turn(void **state)
{
	const struct expr *expr =
		compiled("since(login) > 10d and until(profile.contract_end) > 3d");
	int64_t next;

	(void)state;
	(void)answer(expr, WORLD_NOW + 1, &next);
	assert_true(next == (20800 - 3) * DAY_MS);
	assert_in_range(world.calls, 2, 60);
	world.calls = 0;
	world.heard_at[WORLD_LOGIN] = WORLD_NOW;
	expr = compiled("since(login) < 1s and until(profile.contract_end) > 3d");
	(void)answer(expr, WORLD_NOW, &next);
	assert_true(next == WORLD_NOW + SECOND_MS);
	assert_int_equal(world.calls,
			 3); /* both sides, and one look at the end of the second */
}

/* A guess saves most of the search; a wrong one costs a little, and never the right answer. */
static void
a_guessed_turn_is_the_very_millisecond_however_wrong_the_guess(void **state)
{
	static const int64_t offs[] = {0, 1, -1, 5, -DAY_MS, 40 * DAY_MS, -400 * DAY_MS};
	int64_t next,
		turn = WORLD_NOW + 35 * DAY_MS; /* heard 10 days ago: half is left at 30 */

	(void)state;
	for (size_t i = 0; i < 2 * sizeof offs / sizeof *offs; i++) {
		world.guesses = i % 2;
		world.off = offs[i / 2];
		world.calls = 0;
		(void)answer(compiled("p_gap(login, 90d) >= 0.6"), WORLD_NOW, &next);
		assert_true(next == turn);
		assert_in_range(world.calls, 2, i == 1 ? 6 : 60);
		(void)answer(compiled("p_alive(login) < 0.4"), WORLD_NOW, &next);
		assert_true(next == turn + 1);
	}
}

/* ---- Random ---- */

static uint32_t
roll(uint32_t *seed, uint32_t below)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (*seed >> 8) % below;
}

static void
random_chains_turn_when_told(void **state)
{
	static const char *const sides[] = {"since(login)", "silent(usage)", "age()",
					    "after(login, usage)"};
	static const char *const signs[] = {"<", "<=", ">", ">=", "==", "!="};
	static const char *const joins[] = {" and ", " or ", " and not ", " or not "};
	uint32_t seed = 20261121;

	(void)state;
	world.heard_at[WORLD_LOGIN] = WORLD_NOW - 400;
	world.heard_at[WORLD_USAGE] = WORLD_NOW - 90;
	world.first_seen_at = WORLD_NOW - 777;
	world.owed_at = WORLD_NOW;
	for (int round = 0; round < 150; round++) {
		char text[512] = "";
		size_t n = 0;

		for (uint32_t i = 0, parts = 1 + roll(&seed, 4); i < parts; i++)
			n += (size_t)snprintf(text + n, sizeof text - n, "%s%s %s %us",
					      i ? joins[roll(&seed, 4)] : "",
					      sides[roll(&seed, 4)], signs[roll(&seed, 6)],
					      (unsigned)roll(&seed, 4));
		(void)follow(text, WORLD_NOW, WORLD_NOW + 4500, 1);
	}
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(a_bare_moving_side_is_exact),
		TEST(linear_comparisons_turn_to_the_millisecond),
		TEST(what_is_past_or_unknown_has_no_turn),
		TEST(a_decided_chain_waits_only_for_what_decides),
		TEST(after_stands_still_while_nothing_is_owed),
		TEST(a_signal_a_little_ahead_is_waited_for_again),
		TEST(monotone_comparisons_turn_at_the_step),
		TEST(a_monotone_turn_is_the_very_millisecond),
		TEST(a_search_costs_little_and_none_behind_the_next_turn),
		TEST(a_guessed_turn_is_the_very_millisecond_however_wrong_the_guess),
		TEST(random_chains_turn_when_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
