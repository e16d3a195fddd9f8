/* SPDX-License-Identifier: Apache-2.0 */
/* Histories judged as tests/golden/backtest.py judges them by plain search; lines that turn with moves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/civil.h"
#include "base/mem.h"
#include "engine/turns.h"
#include "golden_rows.h"

#define GOLDEN "tests/golden/backtest.txt"
#define FIRST_DAY 9900
#define DAYS 500
#define MOST 64

struct found {
	double verdicts[VERDICTS], again, caught, alerts, flaps;
	int64_t last_at;
};

static void
take_warning(void *ctx, const struct judge_warning *warning)
{
	struct found *found = ctx;

	assert_true(warning->at >= found->last_at);
	found->last_at = warning->at;
	found->again += warning->is_inside && warning->is_again;
	found->alerts += warning->is_counted;
	found->flaps += warning->is_flap;
	if (warning->is_judged)
		found->verdicts[warning->judgement.verdict]++;
}

static void
take_caught(void *ctx, int64_t about)
{
	struct found *found = ctx;

	(void)about;
	found->caught++;
}

static int64_t starts[DAYS];

static struct judge
judge_of(const struct golden_row *row, bool by_silence)
{
	for (int64_t i = 0; i < DAYS; i++)
		starts[i] = (FIRST_DAY + i) * DAY_MS;
	return (struct judge){.by_silence = by_silence,
			      .horizon = golden_int(row, 0),
			      .min_days = (size_t)golden_int(row, 1),
			      .end_at = golden_int(row, 4),
			      .first_day = FIRST_DAY,
			      .starts = starts,
			      .start_count = DAYS};
}

static size_t
read_numbers(const char *word, int64_t out[MOST])
{
	size_t count = 0;
	char *p;

	if (*word == '-')
		return 0;
	for (out[count++] = strtoll(word, &p, 10); *p == ','; out[count++] = strtoll(p, &p, 10))
		p++;
	return count;
}

static size_t
read_turns(char *p, struct judge_turn out[MOST])
{
	size_t count = 0;

	for (; *p && *p != '-'; p += *p == ',') {
		out[count].at = strtoll(p, &p, 10);
		p++;
		out[count++].on = *p == '1';
		while (*p && *p != ',')
			p++;
	}
	return count;
}

static void
assert_values(const struct golden_row *row, unsigned number, const double got[10])
{
	assert_int_equal(row->value_count, 10);
	for (unsigned i = 0; i < 10; i++)
		if (got[i] != row->values[i])
			fail_msg("row %u, value %u: %g, not %g", number, i, got[i],
				 row->values[i]);
}

static void
check_row(const struct golden_row *row, unsigned number, bool by_silence)
{
	const struct judge judge = judge_of(row, by_silence);
	const struct judge_period period = {golden_int(row, 2), golden_int(row, 3)};
	int64_t days[MOST], churns[MOST];
	uint16_t packed[MOST];
	struct judge_turn turns[MOST];
	struct judge_past past = {.days = packed, .churns = churns};
	struct found found = {.last_at = INT64_MIN};

	past.day_count = read_numbers(row->words[5], days);
	past.churn_count = read_numbers(row->words[6], churns);
	for (size_t i = 0; i < past.day_count; i++)
		packed[i] = (uint16_t)days[i];
	judge_line(&judge, period, &past, turns, read_turns(row->words[7], turns),
		   &(struct judge_taker){&found, take_warning, take_caught});
	assert_values(row, number,
		      (const double[10]){
			      found.verdicts[VERDICT_HIT], found.verdicts[VERDICT_FALSE],
			      found.verdicts[VERDICT_LATE], found.verdicts[VERDICT_UNRESOLVED],
			      found.again, found.caught,
			      (double)judge_churns(&judge, period, &past), found.alerts,
			      found.flaps, judge_watches(&judge, period, &past)});
}

static void
check_silence(const struct golden_row *row, unsigned number)
{
	check_row(row, number, true);
}

static void
check_churn(const struct golden_row *row, unsigned number)
{
	check_row(row, number, false);
}

static void
warnings_are_judged_by_silence_as_by_plain_search(void **state)
{
	(void)state;
	golden_check(GOLDEN, "silence", 400, check_silence);
}

static void
warnings_are_judged_by_churn_as_by_plain_search(void **state)
{
	(void)state;
	golden_check(GOLDEN, "churn", 400, check_churn);
}

static void
weeks_leave_out_the_start_by_silence_alone(void **state)
{
	int64_t days[40];
	struct judge judge = {.by_silence = true, .starts = days, .start_count = 40};

	(void)state;
	for (int64_t i = 0; i < 40; i++)
		days[i] = i * DAY_MS + (i > 20 ? HOUR_MS : 0); /* the clocks are put back */
	assert_true(judge_weeks(&judge, (struct judge_period){1, 28}) == 3);
	judge.by_silence = false;
	assert_true(judge_weeks(&judge, (struct judge_period){1, 28}) == 4);
}

/* A day of 23 hours and one of 25. */
static void
a_day_is_found_where_clocks_change(void **state)
{
	const int64_t days[] = {0, 24 * HOUR_MS, 47 * HOUR_MS, 71 * HOUR_MS, 96 * HOUR_MS};
	const struct judge judge = {.first_day = 100, .starts = days, .start_count = 5};

	(void)state;
	assert_int_equal(judge_day(&judge, 47 * HOUR_MS - 1), 101);
	assert_int_equal(judge_day(&judge, 47 * HOUR_MS), 102);
	assert_int_equal(judge_day(&judge, 96 * HOUR_MS - 1), 103);
	assert_int_equal(judge_day(&judge, 96 * HOUR_MS), 104);
	assert_int_equal(judge_day(&judge, -1), 100);
	assert_int_equal(judge_start(&judge, 300), 96 * HOUR_MS);
}

static void
expect_line(struct turns *turns, unsigned line, const char *text)
{
	char got[100] = "";

	for (unsigned i = 0; i < turns->touched_count; i++) {
		size_t count;
		const struct judge_turn *list = turns_of(turns, i, &count);

		for (size_t t = 0; turns->touched[i] == line && t < count; t++)
			snprintf(got + strlen(got), sizeof got - strlen(got), "%s%d%c",
				 t ? " " : "", (int)list[t].at, list[t].on ? '+' : '-');
	}
	assert_string_equal(got, text);
}

static void
moves_turn_each_line_between_before_and_after(void **state)
{
	static const bool joins[] = {true, false, true};
	static const uint8_t thresholds[] = {10, 40, 50};
	static const struct move moves[] = {
		{1, 0, 0, 0, 1},	  {1, 0, MOVE_RISK, 0, 40}, {1, 0, MOVE_LEVEL, 0, 2},
		{2, 0, 1, 0, 1},	  {3, 0, 2, 0, 1},	    {3, 0, MOVE_RISK, 40, 50},
		{4, 0, MOVE_RISK, 50, 9}, {4, 0, MOVE_LEVEL, 2, 1}, {4, 0, 0, 1, 0},
	};
	const struct move_lines lines = {3, 3, joins, thresholds, 3};
	struct turns turns = {.lines = &lines};

	(void)state;
	for (unsigned again = 0; again < 2; again++) {
		turns_sort(&turns, moves, sizeof moves / sizeof *moves);
		expect_line(&turns, 0, "1+ 4-");
		expect_line(&turns, 1, "2+");
		expect_line(&turns, 2, "3+");
		expect_line(&turns, move_line_of_level(&lines, 1), "1+");
		expect_line(&turns, move_line_of_level(&lines, 2), "1+ 4-");
		expect_line(&turns, move_line_of_any(&lines), "1+ 3+ 4-");
		expect_line(&turns, move_line_of_threshold(&lines, 0), "1+ 4-");
		expect_line(&turns, move_line_of_threshold(&lines, 1), "1+ 4-");
		expect_line(&turns, move_line_of_threshold(&lines, 2), "3+ 4-");
		turns_sort(&turns, moves, 0);
		assert_int_equal(turns.touched_count, 0);
	}
	turns_finish(&turns);
}

/* Days of 23 and 25 hours: the division by 24 is off by one, either way. */
static void
days_are_as_long_as_their_clocks_say(void **state)
{
	static const int64_t begins[] = {0,
					 23 * HOUR_MS,
					 48 * HOUR_MS,
					 71 * HOUR_MS,
					 94 * HOUR_MS,
					 117 * HOUR_MS,
					 165 * HOUR_MS};
	const struct judge judge = {.first_day = 100, .starts = begins, .start_count = 7};

	(void)state;
	for (int64_t i = 0; i < 6; i++) {
		assert_int_equal(judge_start(&judge, 100 + i), begins[i]);
		assert_int_equal(judge_day(&judge, begins[i]), 100 + i);
		assert_int_equal(judge_day(&judge, begins[i + 1] - 1), 100 + i);
	}
	/* The nearest there is. */
	assert_int_equal(judge_start(&judge, 99), begins[0]);
	assert_int_equal(judge_start(&judge, 200), begins[6]);
	assert_int_equal(judge_day(&judge, -5 * DAY_MS), 100);
	assert_int_equal(judge_day(&judge, 500 * DAY_MS), 106);
}

/* What is told to be over without having begun turns nothing on later than it is. */
static void
an_end_without_a_beginning_is_none(void **state)
{
	static const uint16_t days[] = {FIRST_DAY};
	static const int64_t churns[] = {(FIRST_DAY + 40) * DAY_MS};
	const struct judge_turn turns[] = {{(FIRST_DAY + 1) * DAY_MS, false},
					   {(FIRST_DAY + 2) * DAY_MS, false},
					   {(FIRST_DAY + 30) * DAY_MS, true},
					   {(FIRST_DAY + 31) * DAY_MS, false}};
	const struct judge_past past = {days, 1, churns, 1};
	struct found found = {.last_at = 0};
	const struct judge_taker taker = {&found, take_warning, take_caught};
	struct judge judge = {.horizon = 14,
			      .min_days = 1,
			      .end_at = (FIRST_DAY + 90) * DAY_MS,
			      .first_day = FIRST_DAY,
			      .starts = starts,
			      .start_count = DAYS};

	(void)state;
	for (int64_t i = 0; i < DAYS; i++)
		starts[i] = (FIRST_DAY + i) * DAY_MS;
	judge_line(&judge, (struct judge_period){FIRST_DAY + 10, FIRST_DAY + 90}, &past, turns,
		   4, &taker);
	assert_true(found.alerts == 1 && found.verdicts[VERDICT_HIT] == 1);
	assert_true(found.caught == 1 && found.flaps == 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(warnings_are_judged_by_silence_as_by_plain_search),
		cmocka_unit_test(warnings_are_judged_by_churn_as_by_plain_search),
		cmocka_unit_test(weeks_leave_out_the_start_by_silence_alone),
		cmocka_unit_test(a_day_is_found_where_clocks_change),
		cmocka_unit_test(moves_turn_each_line_between_before_and_after),
		cmocka_unit_test(days_are_as_long_as_their_clocks_say),
		cmocka_unit_test(an_end_without_a_beginning_is_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
