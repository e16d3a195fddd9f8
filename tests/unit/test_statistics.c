/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's mathematics against tables computed another way (tests/golden/statistics.py). */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <stdbool.h>

#include "engine/rhythm.h"
#include "engine/statistics.h"

#define GOLDEN "tests/golden/statistics.txt"
#define WORDS_MAX 16

/* One row: words, then the value. */
struct row {
	char *words[WORDS_MAX];
	unsigned count;
	double value;
};

static double
number(const struct row *row, unsigned word)
{
	assert_true(word < row->count);
	return strtod(row->words[word], NULL);
}

static double
at_most(const struct row *row)
{
	return binomial_at_most((int64_t)number(row, 1), (int64_t)number(row, 2),
				(struct spans){number(row, 3), number(row, 4)});
}

static double
at_least(const struct row *row)
{
	return binomial_at_least((int64_t)number(row, 1), (int64_t)number(row, 2),
				 (struct spans){number(row, 3), number(row, 4)});
}

static struct rhythm_model
model_of(const struct row *row)
{
	return (struct rhythm_model){
		strcmp(row->words[1], "bg_nbd") == 0 ? RHYTHM_BG_NBD : RHYTHM_MBG_NBD,
		number(row, 2), number(row, 3), number(row, 4), number(row, 5)};
}

static struct rhythm
rhythm_of(const struct row *row)
{
	return (struct rhythm){number(row, 6), number(row, 7)};
}

static double
alive(const struct row *row)
{
	struct rhythm_model model = model_of(row);

	return rhythm_alive(&model, rhythm_of(row), number(row, 8));
}

static double
silent(const struct row *row)
{
	struct rhythm_model model = model_of(row);

	return rhythm_silent(&model, rhythm_of(row), number(row, 8), number(row, 9));
}

static double
gap(const struct row *row)
{
	struct rhythm_model model = model_of(row);

	return rhythm_gap(&model, rhythm_of(row), number(row, 8), number(row, 9));
}

static struct gaps
gaps_of(const struct row *row)
{
	struct gaps gaps = {0};

	for (char *p = row->words[1]; *p; p += *p == ',')
		gaps.gap[gaps.count++] = (uint16_t)strtol(p, &p, 10);
	return gaps;
}

static double
mean(const struct row *row)
{
	struct gaps gaps = gaps_of(row);

	return gaps_mean(&gaps);
}

static double
sd(const struct row *row)
{
	struct gaps gaps = gaps_of(row);

	return gaps_sd(&gaps);
}

static double
most(const struct row *row)
{
	struct gaps gaps = gaps_of(row);

	return gaps_max(&gaps);
}

static double
quantile(const struct row *row)
{
	struct gaps gaps = gaps_of(row);

	return gaps_quantile(&gaps, number(row, 2));
}

static double
gap_ewma(const struct row *row)
{
	struct gaps gaps = gaps_of(row);

	return gaps_ewma(&gaps, number(row, 2));
}

static unsigned
days_of(const struct row *row, struct day_count days[GAPS_DAYS])
{
	unsigned count = 0;

	for (char *p = row->words[1]; *p; p += *p == ',') {
		days[count].day = strtol(p, &p, 10);
		days[count].count = strtol(p + 1, &p, 10);
		days[count].amount = (double)days[count].count;
		count++;
	}
	return count;
}

static double
slope(const struct row *row)
{
	struct day_count days[GAPS_DAYS];
	unsigned count = days_of(row, days);

	return days_slope(days, count);
}

static double
ewma(const struct row *row)
{
	struct day_count days[GAPS_DAYS];
	unsigned count = days_of(row, days);

	return days_ewma(days, count, number(row, 2));
}

static double
cusum(const struct row *row)
{
	struct day_count days[GAPS_DAYS];
	unsigned count = days_of(row, days);

	return days_cusum(days, count, number(row, 2), number(row, 3));
}

static const struct table {
	const char *name;
	double (*compute)(const struct row *row);
} tables[] = {
	{"at_most", at_most},	{"at_least", at_least}, {"alive", alive}, {"silent", silent},
	{"gap", gap},		{"mean", mean},		{"sd", sd},	  {"max", most},
	{"quantile", quantile}, {"gap_ewma", gap_ewma}, {"slope", slope}, {"ewma", ewma},
	{"cusum", cusum},
};

/* The next row of that table; false at the end. */
static bool
next_row(FILE *file, const char *name, char **line, size_t *cap, struct row *row)
{
	while (getline(line, cap, file) > 0) {
		char *rest = NULL, *word = strtok_r(*line, " \n", &rest);

		if (word == NULL || strcmp(word, name) != 0)
			continue;
		for (row->count = 0; word && strcmp(word, "=") != 0;
		     word = strtok_r(NULL, " \n", &rest)) {
			assert_true(row->count < WORDS_MAX);
			row->words[row->count++] = word;
		}
		row->value = strtod(rest, NULL);
		return true;
	}
	return false;
}

/* Relative 1e-9, also of what is nearly nothing. */
static void
assert_near(const char *name, unsigned at, double got, double want)
{
	if (fabs(got - want) > 1e-9 * fabs(want) + 1e-300)
		fail_msg("row %u of %s: %.17g, not %.17g", at, name, got, want);
}

static void
check_table(const char *name, unsigned least)
{
	FILE *file = fopen(GOLDEN, "r");
	struct row row = {.count = 0};
	char *line = NULL;
	size_t cap = 0;
	unsigned rows = 0, t = 0;

	while (strcmp(tables[t].name, name) != 0)
		t++;
	assert_non_null(file);
	while (next_row(file, name, &line, &cap, &row))
		assert_near(name, ++rows, tables[t].compute(&row), row.value);
	fclose(file);
	free(line);
	assert_true(rows >= least);
}

static void
binomial_tails_are_exact_up_to_a_million(void **state)
{
	(void)state;
	check_table("at_most", 200);
	check_table("at_least", 200);
}

static void
binomial_tails_are_certain_outside_the_counts(void **state)
{
	const struct spans spans = {1, 3};

	(void)state;
	assert_true(binomial_at_most(-1, 5, spans) == 0);
	assert_true(binomial_at_most(5, 5, spans) == 1);
	assert_true(binomial_at_most(0, 0, spans) == 1);
	assert_true(binomial_at_least(0, 0, spans) == 1);
	assert_true(binomial_at_least(6, 5, spans) == 0);
}

static void
p_alive_is_that_of_the_papers_likelihoods(void **state)
{
	(void)state;
	check_table("alive", 100);
}

static void
p_silent_is_the_likelihood_of_more_silence(void **state)
{
	(void)state;
	check_table("silent", 400);
}

static void
p_gap_is_the_likelihood_that_silence_reaches_a_length(void **state)
{
	(void)state;
	check_table("gap", 400);
}

/* No repeat within 39 weeks of a new customer: Fader, Hardie, Lee 2005 with their published parameters. */
static void
a_new_customer_of_cdnow_stays_away_as_published(void **state)
{
	const struct rhythm_model model = {RHYTHM_BG_NBD, 0.243, 4.414, 0.793, 2.426};

	(void)state;
	assert_true(fabs(rhythm_silent(&model, (struct rhythm){0, 0}, 0, 39) - 0.573786) <
		    1e-6);
}

static void
inverses_find_the_moment_a_probability_is_crossed(void **state)
{
	const struct rhythm_model model = {RHYTHM_MBG_NBD, 0.525, 43.3, 0.891, 1.614};
	const struct rhythm rhythm = {7, 200};
	double t = rhythm_gap_at(&model, rhythm, 90, 0.9);

	(void)state;
	assert_true(t > 200 && t < 290);
	assert_true(fabs(rhythm_gap(&model, rhythm, t, 90) - 0.9) < 1e-12);
	t = rhythm_alive_at(&model, rhythm, 0.25);
	assert_true(fabs(rhythm_alive(&model, rhythm, t) - 0.25) < 1e-12);
	assert_true(isnan(rhythm_gap_at(&model, rhythm, 90, 0.01))); /* it never was so small */
}

static void
models_stay_probabilities_where_powers_overflow(void **state)
{
	const struct rhythm_model model = {RHYTHM_MBG_NBD, 1, 1e-3, 0.7, 1.5};
	const struct rhythm rhythm = {1e6, 1};

	(void)state;
	assert_true(rhythm_alive(&model, rhythm, 1e6) == 0);
	assert_true(rhythm_silent(&model, rhythm, 1e6, 1) == 1);
	assert_true(rhythm_gap(&model, rhythm, 1, 1e6) <= 1);
}

static void
gap_statistics_are_exact(void **state)
{
	(void)state;
	check_table("mean", 6);
	check_table("sd", 6);
	check_table("max", 6);
	check_table("quantile", 30);
	check_table("gap_ewma", 12);
}

static void
slopes_and_smoothed_rates_are_exact(void **state)
{
	(void)state;
	check_table("slope", 5);
	check_table("ewma", 15);
}

static void
cusum_is_the_largest_sum_that_ends_today(void **state)
{
	(void)state;
	check_table("cusum", 20);
}

static void
nothing_is_said_of_no_days(void **state)
{
	(void)state;
	assert_true(isnan(days_ewma(NULL, 0, 7)));
	assert_true(isnan(days_slope(NULL, 0)));
	assert_true(days_cusum(NULL, 0, 1, 2) == 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(binomial_tails_are_exact_up_to_a_million),
		cmocka_unit_test(binomial_tails_are_certain_outside_the_counts),
		cmocka_unit_test(p_alive_is_that_of_the_papers_likelihoods),
		cmocka_unit_test(p_silent_is_the_likelihood_of_more_silence),
		cmocka_unit_test(p_gap_is_the_likelihood_that_silence_reaches_a_length),
		cmocka_unit_test(a_new_customer_of_cdnow_stays_away_as_published),
		cmocka_unit_test(inverses_find_the_moment_a_probability_is_crossed),
		cmocka_unit_test(models_stay_probabilities_where_powers_overflow),
		cmocka_unit_test(gap_statistics_are_exact),
		cmocka_unit_test(slopes_and_smoothed_rates_are_exact),
		cmocka_unit_test(cusum_is_the_largest_sum_that_ends_today),
		cmocka_unit_test(nothing_is_said_of_no_days),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
