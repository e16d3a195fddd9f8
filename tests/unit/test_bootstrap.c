/* SPDX-License-Identifier: Apache-2.0 */
/* Intervals, leads and rankings against what tests/golden/backtest.py finds another way. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "engine/bootstrap.h"
#include "golden_rows.h"

#define GOLDEN "tests/golden/backtest.txt"
#define MOST 400

static void
assert_near(double got, double want, double off)
{
	if (!(fabs(got - want) <= off))
		fail_msg("%.17g, not %.17g", got, want);
}

static size_t
read_leads(char *p, struct lead leads[MOST])
{
	size_t count = 0;

	for (; *p; p += *p == ',') {
		leads[count] = (struct lead){
			.days = strtof(p, &p), .lot = (uint16_t)count, .count = 1};
		count++;
	}
	return count;
}

static size_t
read_ranked(char *p, struct ranked rows[MOST])
{
	size_t count = 0;

	for (; *p; p += *p == ',') {
		rows[count].score = strtod(p, &p);
		rows[count].churned = p[1] == '1';
		while (*p && *p != ',')
			p++;
		rows[count].lot = (uint16_t)count;
		count++;
	}
	return count;
}

static void
check_leads(const struct golden_row *row, unsigned number)
{
	struct bootstrap bootstrap;
	struct lead leads[MOST];
	struct lead_figures figures;
	size_t count = read_leads(row->words[0], leads);

	(void)number;
	bootstrap_init(&bootstrap, 10, 1, count);
	bootstrap_leads(&bootstrap, leads, &count, &figures);
	assert_near(figures.q1, row->values[0], 1e-12);
	assert_near(figures.median, row->values[1], 1e-12);
	assert_near(figures.q3, row->values[2], 1e-12);
	bootstrap_finish(&bootstrap);
}

static void
check_auc(const struct golden_row *row, unsigned number)
{
	struct bootstrap bootstrap;
	struct ranked rows[MOST];
	struct interval auc;
	size_t count = read_ranked(row->words[0], rows);

	(void)number;
	bootstrap_init(&bootstrap, 10, 1, count);
	bootstrap_auc(&bootstrap, rows, count, &auc);
	assert_near(auc.value, row->values[0], 1e-12);
	bootstrap_finish(&bootstrap);
}

static void
check_intervals(const struct golden_row *row, unsigned number)
{
	struct bootstrap bootstrap;
	struct lot_counts lots[MOST];
	uint32_t churns[MOST];
	struct rates rates;
	size_t count = 0;

	(void)number;
	for (char *p = row->words[0]; *p; p += *p == ',') {
		lots[count].hits = lots[count].caught = (uint32_t)strtoul(p, &p, 10);
		lots[count].alarms_false = (uint32_t)strtoul(p + 1, &p, 10);
		churns[count] = lots[count].caught + (uint32_t)strtoul(p + 1, &p, 10);
		count++;
	}
	bootstrap_init(&bootstrap, 4000, 1, count);
	bootstrap_rates(&bootstrap, lots, churns, &rates);
	assert_near(rates.precision.low, row->values[0], 0.006);
	assert_near(rates.precision.high, row->values[1], 0.006);
	assert_near(rates.recall.low, row->values[2], 0.006);
	assert_near(rates.recall.high, row->values[3], 0.006);
	assert_near(rates.f1.low, row->values[4], 0.006);
	assert_near(rates.f1.high, row->values[5], 0.006);
	bootstrap_finish(&bootstrap);
}

static void
check_auc_interval(const struct golden_row *row, unsigned number)
{
	struct bootstrap bootstrap;
	struct ranked rows[MOST];
	struct interval auc;
	size_t count = read_ranked(row->words[0], rows);

	(void)number;
	bootstrap_init(&bootstrap, 4000, 1, count);
	bootstrap_auc(&bootstrap, rows, count, &auc);
	assert_near(auc.low, row->values[0], 0.012);
	assert_near(auc.high, row->values[1], 0.012);
	bootstrap_finish(&bootstrap);
}

static void
check_lead_interval(const struct golden_row *row, unsigned number)
{
	struct bootstrap bootstrap;
	struct lead leads[MOST];
	struct lead_figures figures;
	size_t count = read_leads(row->words[0], leads);

	(void)number;
	bootstrap_init(&bootstrap, 4000, 1, count);
	bootstrap_leads(&bootstrap, leads, &count, &figures);
	assert_near(figures.low, row->values[0], 1);
	assert_near(figures.high, row->values[1], 1);
	bootstrap_finish(&bootstrap);
}

static void
quartiles_of_leads_are_exact(void **state)
{
	(void)state;
	golden_check(GOLDEN, "leads", 5, check_leads);
}

static void
auc_counts_pairs_and_halves_ties(void **state)
{
	(void)state;
	golden_check(GOLDEN, "auc", 4, check_auc);
}

static void
intervals_are_near_those_of_customers_drawn_one_by_one(void **state)
{
	(void)state;
	golden_check(GOLDEN, "intervals", 1, check_intervals);
	golden_check(GOLDEN, "auc_interval", 1, check_auc_interval);
	golden_check(GOLDEN, "lead_interval", 1, check_lead_interval);
}

/* 20,000 customers, half of whom give a hit and half a false alarm: p = 0.5 +- 1.96 sqrt(p (1 - p) / n). */
static void
lots_vary_as_their_customers_do(void **state)
{
	const uint32_t customers = 20000;
	struct bootstrap bootstrap;
	struct lot_counts *lots;
	uint32_t *churns;
	struct rates rates;

	(void)state;
	bootstrap_init(&bootstrap, 2000, 7, customers);
	assert_int_equal(bootstrap.lots, BOOTSTRAP_LOTS);
	lots = mem_array(bootstrap.lots, sizeof *lots);
	churns = mem_array(bootstrap.lots, sizeof *churns);
	for (uint32_t c = 0; c < customers; c++) {
		struct lot_counts *lot = &lots[bootstrap_lot(&bootstrap, c)];

		lot->hits += c % 2;
		lot->alarms_false += 1 - c % 2;
	}
	bootstrap_rates(&bootstrap, lots, churns, &rates);
	assert_near(rates.precision.value, 0.5, 0);
	assert_near(rates.precision.high - rates.precision.low,
		    2 * 1.96 * sqrt(0.25 / customers), 0.0025);
	mem_free(lots);
	mem_free(churns);
	bootstrap_finish(&bootstrap);
}

static void
figures_of_nothing_are_no_numbers(void **state)
{
	struct bootstrap bootstrap;
	struct rates rates;
	struct lead_figures figures;
	struct interval auc;
	size_t none = 0;
	struct ranked rows[2] = {{1, 0, 1}, {2, 0, 1}};

	(void)state;
	bootstrap_init(&bootstrap, 10, 1, 1);
	bootstrap_rates(&bootstrap, &(struct lot_counts){0}, &(uint32_t){0}, &rates);
	assert_true(isnan(rates.precision.value) && isnan(rates.precision.low));
	assert_true(isnan(rates.f1.value) && isnan(rates.f1.high));
	bootstrap_leads(&bootstrap, NULL, &none, &figures);
	assert_true(isnan(figures.median) && isnan(figures.low));
	bootstrap_auc(&bootstrap, rows, 2, &auc); /* nobody stayed */
	assert_true(isnan(auc.value) && isnan(auc.low));
	bootstrap_auc(&bootstrap, rows, 0, &auc);
	assert_true(isnan(auc.value));
	bootstrap_finish(&bootstrap);
}

static void
equal_seeds_draw_equal_customers(void **state)
{
	struct bootstrap a, b, c;

	(void)state;
	bootstrap_init(&a, 50, 3, 40);
	bootstrap_init(&b, 50, 3, 40);
	bootstrap_init(&c, 50, 4, 40);
	assert_memory_equal(a.times, b.times, 50 * 40);
	assert_memory_not_equal(a.times, c.times, 50 * 40);
	bootstrap_finish(&a);
	bootstrap_finish(&b);
	bootstrap_finish(&c);
}

static void
bins_are_of_equal_width_where_there_is_a_scale_else_of_equal_size(void **state)
{
	const struct ranked rows[] = {{0, 0, 0},  {5, 0, 1},  {10, 0, 0},
				      {40, 0, 0}, {40, 0, 1}, {100, 0, 1}};
	struct ranked_bin bins[10];

	(void)state;
	assert_int_equal(ranked_bins(rows, 6, 0, 100, 10, bins), 10);
	assert_int_equal(bins[0].customers, 2);
	assert_int_equal(bins[0].churned, 1);
	assert_near(bins[0].mean, 2.5, 0);
	assert_int_equal(bins[1].customers, 1);
	assert_int_equal(bins[4].customers, 2);
	assert_true(isnan(bins[5].mean));
	assert_int_equal(bins[9].customers, 1);
	assert_int_equal(ranked_bins(rows, 6, 0, 0, 3, bins), 3);
	assert_int_equal(bins[0].customers, 2);
	assert_int_equal(bins[1].customers, 3); /* 40 is like 40 */
	assert_near(bins[1].from, 10, 0);
	assert_near(bins[1].to, 40, 0);
	assert_int_equal(bins[2].customers, 1);
	assert_int_equal(ranked_bins(rows, 0, 0, 0, 3, bins), 0);
}

static void
few_customers_are_drawn_one_by_one_and_many_by_lots(void **state)
{
	struct bootstrap few, many;

	(void)state;
	bootstrap_init(&few, 1, 3, BOOTSTRAP_EXACT);
	bootstrap_init(&many, 1, 3, BOOTSTRAP_EXACT + 1);
	assert_int_equal(few.lots, BOOTSTRAP_EXACT);
	for (uint32_t c = 0; c < BOOTSTRAP_EXACT; c++) {
		assert_int_equal(bootstrap_lot(&few, c), c);
		assert_in_range(bootstrap_lot(&many, c), 0, BOOTSTRAP_LOTS - 1);
	}
	bootstrap_finish(&few);
	bootstrap_finish(&many);
}

/* 40 days of leads, 1000 different ones a day: too many to keep each, and the figures are hardly others. */
static void
very_many_leads_are_rounded_to_days_behind_their_quartiles(void **state)
{
	enum { LEADS = 40000 };
	struct bootstrap bootstrap;
	struct lead_figures figures;
	struct lead *leads = mem_array(LEADS, sizeof *leads);
	size_t count = LEADS;

	(void)state;
	bootstrap_init(&bootstrap, 50, 3, LEADS);
	for (uint32_t i = 0; i < LEADS; i++)
		leads[i] = (struct lead){(float)i / 1000, (uint16_t)(i % 2), 1};
	bootstrap_leads(&bootstrap, leads, &count, &figures);
	assert_near(figures.q1, 10, 0.001);
	assert_near(figures.median, 20, 0.001);
	assert_near(figures.q3, 30, 0.001);
	assert_int_equal(count, 2 * 41);
	for (size_t i = 0; i < count; i++)
		assert_near(leads[i].days, roundf(leads[i].days), 0);
	assert_near(figures.low, 20, 1);
	assert_near(figures.high, 20, 1);
	mem_free(leads);
	bootstrap_finish(&bootstrap);
}

static void
equal_leads_of_a_lot_are_counted_together(void **state)
{
	struct lead leads[] = {{3, 1, 1}, {3, 0, 2}, {1, 1, 1}, {3, 1, 4}, {3, 0, 1}};
	struct bootstrap bootstrap;
	struct lead_figures figures;
	size_t count = 5;

	(void)state;
	bootstrap_init(&bootstrap, 1, 3, 2);
	bootstrap_leads(&bootstrap, leads, &count, &figures);
	assert_int_equal(count, 3);
	assert_int_equal(leads[1].lot, 0);
	assert_int_equal(leads[1].count, 3);
	assert_int_equal(leads[2].count, 5);
	assert_near(figures.low, figures.high, 0); /* of one round */
	bootstrap_finish(&bootstrap);
}

/* Sums of what rows lie above can leave the scale; a share of pairs cannot. */
static void
an_interval_of_shares_ends_at_none_and_at_all(void **state)
{
	for (uint8_t up = 0; up < 2; up++) {
		const uint8_t down = up ? 0 : 1;
		struct ranked rows[] = {{0, 0, down}, {3, 1, up}, {5, 2, down}, {6, 3, up}};
		struct bootstrap bootstrap;
		struct interval auc;

		bootstrap_init(&bootstrap, 200, 3, 4);
		bootstrap_auc(&bootstrap, rows, 4, &auc);
		assert_near(auc.value, up ? 0.75 : 0.25, 1e-12);
		assert_true(auc.low >= 0 && auc.high <= 1 && auc.low < auc.high);
		assert_near(up ? auc.high : auc.low, up, 0);
		bootstrap_finish(&bootstrap);
	}
	(void)state;
}

/* The same score from several customers: half a pair each, in whatever order they come. */
static void
ties_of_several_customers_are_half_in_any_order(void **state)
{
	struct ranked rows[] = {{1, 2, 0}, {1, 1, 1}, {1, 0, 0},
				{1, 2, 1}, {1, 0, 1}, {1, 1, 0}};
	struct bootstrap bootstrap;
	struct interval auc;

	(void)state;
	bootstrap_init(&bootstrap, 20, 3, 3);
	bootstrap_auc(&bootstrap, rows, 6, &auc);
	assert_near(auc.value, 0.5, 1e-12);
	for (int i = 1; i < 6; i++)
		assert_true(rows[i - 1].lot <= rows[i].lot);
	bootstrap_finish(&bootstrap);
}

static void
a_bin_that_nobody_reaches_is_empty(void **state)
{
	const struct ranked rows[] = {{10, 0, 0}, {20, 1, 1}};
	struct ranked_bin bins[4];

	(void)state;
	assert_int_equal(ranked_bins(rows, 2, 0, 100, 4, bins), 4);
	assert_int_equal(bins[0].customers, 2);
	for (int i = 1; i < 4; i++)
		assert_true(bins[i].customers == 0 && isnan(bins[i].mean));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quartiles_of_leads_are_exact),
		cmocka_unit_test(auc_counts_pairs_and_halves_ties),
		cmocka_unit_test(intervals_are_near_those_of_customers_drawn_one_by_one),
		cmocka_unit_test(lots_vary_as_their_customers_do),
		cmocka_unit_test(figures_of_nothing_are_no_numbers),
		cmocka_unit_test(equal_seeds_draw_equal_customers),
		cmocka_unit_test(
			bins_are_of_equal_width_where_there_is_a_scale_else_of_equal_size),
		cmocka_unit_test(few_customers_are_drawn_one_by_one_and_many_by_lots),
		cmocka_unit_test(very_many_leads_are_rounded_to_days_behind_their_quartiles),
		cmocka_unit_test(equal_leads_of_a_lot_are_counted_together),
		cmocka_unit_test(an_interval_of_shares_ends_at_none_and_at_all),
		cmocka_unit_test(ties_of_several_customers_are_half_in_any_order),
		cmocka_unit_test(a_bin_that_nobody_reaches_is_empty),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
