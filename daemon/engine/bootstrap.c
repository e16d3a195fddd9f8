/* SPDX-License-Identifier: Apache-2.0 */
/* Draws customers again and again, and says between what figures lay. */
#include "engine/bootstrap.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/chance.h"
#include "base/mem.h"
#include "engine/truth.h"

/* ---- who is drawn ---- */

static uint32_t
draw(struct chance *chance, unsigned below)
{
	return (uint32_t)((chance_next(chance) >> 32) * below >> 32);
}

void
bootstrap_init(struct bootstrap *bootstrap, unsigned rounds, uint64_t seed, size_t customers)
{
	unsigned lots = customers <= BOOTSTRAP_EXACT ? (unsigned)customers : BOOTSTRAP_LOTS;

	*bootstrap = (struct bootstrap){
		.rounds = rounds, .lots = lots, .seed = seed, .customers = customers};
	bootstrap->times = mem_array((size_t)rounds * lots + 1, sizeof *bootstrap->times);
	for (unsigned round = 0; round < rounds; round++) {
		uint8_t *times = bootstrap->times + (size_t)round * lots;
		struct chance chance = chance_of(seed, 1, round, 0);

		for (unsigned i = 0; i < lots; i++)
			times[draw(&chance, lots)]++;
	}
}

void
bootstrap_finish(struct bootstrap *bootstrap)
{
	mem_free(bootstrap->times);
}

unsigned
bootstrap_lot(const struct bootstrap *bootstrap, uint32_t customer)
{
	if (bootstrap->customers <= BOOTSTRAP_EXACT)
		return customer;
	struct chance chance = chance_of(bootstrap->seed, 2, customer, 0);

	return draw(&chance, bootstrap->lots);
}

static const uint8_t *
times_of(const struct bootstrap *bootstrap, unsigned round)
{
	return bootstrap->times + (size_t)round * bootstrap->lots;
}

/* ---- what came out ---- */

struct results {
	double *values; /* owned */
	size_t count;
};

static void
results_add(struct results *results, double value)
{
	if (!isnan(value))
		results->values[results->count++] = value;
}

static int
compare_numbers(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* Between two results the line (type 7). */
static double
results_quantile(const struct results *results, double q)
{
	double place = q * (double)(results->count - 1);
	size_t low = (size_t)place;
	size_t high = low + 1 < results->count ? low + 1 : low;

	return results->values[low] +
	       (place - (double)low) * (results->values[high] - results->values[low]);
}

static void
results_end(struct results *results, double *low, double *high)
{
	*low = *high = (double)NAN;
	if (results->count) {
		qsort(results->values, results->count, sizeof *results->values,
		      compare_numbers);
		*low = results_quantile(results, (1 - BOOTSTRAP_LEVEL) / 2);
		*high = results_quantile(results, (1 + BOOTSTRAP_LEVEL) / 2);
	}
	mem_free(results->values);
}

static struct results
results_begin(const struct bootstrap *bootstrap)
{
	return (struct results){.values = mem_array(bootstrap->rounds + 1u, sizeof(double))};
}

/* ---- precision, recall, F1 ---- */

struct sums {
	int64_t hits, alarms_false, caught, churns;
};

static void
sums_add(struct sums *sums, const struct lot_counts *lot, uint32_t churns, int64_t times)
{
	sums->hits += times * lot->hits;
	sums->alarms_false += times * lot->alarms_false;
	sums->caught += times * lot->caught;
	sums->churns += times * churns;
}

static void
rates_of(const struct sums *sums, double out[3])
{
	out[0] = truth_precision(sums->hits, sums->alarms_false);
	out[1] = truth_recall(sums->caught, sums->churns);
	out[2] = truth_f1(out[0], out[1]);
}

void
bootstrap_rates(const struct bootstrap *bootstrap, const struct lot_counts *lots,
		const uint32_t *churns, struct rates *out)
{
	struct interval *const intervals[3] = {&out->precision, &out->recall, &out->f1};
	struct results results[3];
	struct sums all = {0};
	double rates[3];

	for (unsigned lot = 0; lot < bootstrap->lots; lot++)
		sums_add(&all, &lots[lot], churns[lot], 1);
	for (unsigned i = 0; i < 3; i++)
		results[i] = results_begin(bootstrap);
	for (unsigned round = 0; round < bootstrap->rounds; round++) {
		const uint8_t *times = times_of(bootstrap, round);
		struct sums sums = {0};

		for (unsigned lot = 0; lot < bootstrap->lots; lot++)
			sums_add(&sums, &lots[lot], churns[lot], times[lot]);
		rates_of(&sums, rates);
		for (unsigned i = 0; i < 3; i++)
			results_add(&results[i], rates[i]);
	}
	rates_of(&all, rates);
	for (unsigned i = 0; i < 3; i++) {
		intervals[i]->value = rates[i];
		results_end(&results[i], &intervals[i]->low, &intervals[i]->high);
	}
}

/* ---- lead ---- */

static int
compare_leads(const void *a, const void *b)
{
	const struct lead *x = a, *y = b;

	if (x->days != y->days)
		return x->days < y->days ? -1 : 1;
	return x->lot < y->lot ? -1 : x->lot > y->lot;
}

static size_t
merge_leads(struct lead *leads, size_t count)
{
	size_t kept = 0;

	if (count > 0)
		qsort(leads, count, sizeof *leads, compare_leads);
	for (size_t i = 0; i < count; i++) {
		if (kept > 0 && compare_leads(&leads[kept - 1], &leads[i]) == 0)
			leads[kept - 1].count += leads[i].count;
		else
			leads[kept++] = leads[i];
	}
	return kept;
}

/* The number of that rank, from 0; times NULL: each once. */
static double
lead_at(const struct lead *leads, const uint8_t *times, uint64_t rank)
{
	uint64_t below = 0;
	size_t i = 0;

	for (;; i++) {
		below += (uint64_t)leads[i].count * (times ? times[leads[i].lot] : 1);
		if (below > rank)
			return leads[i].days;
	}
}

static uint64_t
leads_drawn(const struct lead *leads, size_t count, const uint8_t *times)
{
	uint64_t total = 0;

	for (size_t i = 0; i < count; i++)
		total += (uint64_t)leads[i].count * (times ? times[leads[i].lot] : 1);
	return total;
}

static double
lead_quantile(const struct lead *leads, const uint8_t *times, uint64_t total, double q)
{
	double place = q * (double)(total - 1);
	uint64_t low = (uint64_t)place;
	double a = lead_at(leads, times, low), share = place - (double)low;

	return share > 0 ? a + share * (lead_at(leads, times, low + 1) - a) : a;
}

void
bootstrap_leads(const struct bootstrap *bootstrap, struct lead *leads, size_t *count,
		struct lead_figures *out)
{
	struct results medians = results_begin(bootstrap);

	*count = merge_leads(leads, *count);
	uint64_t total = leads_drawn(leads, *count, NULL);

	out->q1 = total ? lead_quantile(leads, NULL, total, 0.25) : (double)NAN;
	out->median = total ? lead_quantile(leads, NULL, total, 0.5) : (double)NAN;
	out->q3 = total ? lead_quantile(leads, NULL, total, 0.75) : (double)NAN;
	if (*count > BOOTSTRAP_LEADS) {
		for (size_t i = 0; i < *count; i++)
			leads[i].days = roundf(leads[i].days);
		*count = merge_leads(leads, *count);
	}
	for (unsigned round = 0; round < bootstrap->rounds; round++) {
		const uint8_t *times = times_of(bootstrap, round);
		uint64_t drawn = leads_drawn(leads, *count, times);

		if (drawn > 0)
			results_add(&medians, lead_quantile(leads, times, drawn, 0.5));
	}
	results_end(&medians, &out->low, &out->high);
}

/* ---- ranking ---- */

static int
compare_ranked(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->score != y->score)
		return x->score < y->score ? -1 : 1;
	if (x->lot != y->lot)
		return x->lot < y->lot ? -1 : 1;
	return (int)x->churned - (int)y->churned;
}

/* By lot: [0] of those that stayed, [1] of those that churned: rows, and the shares of the others that they are on the
 * right side of. */
struct placed {
	double shares[2];
	double rows[2];
};

static size_t
count_churned(const struct ranked *rows, size_t count)
{
	size_t churned = 0;

	for (size_t i = 0; i < count; i++)
		churned += rows[i].churned;
	return churned;
}

static void
place(const struct ranked *rows, size_t count, struct placed *lots)
{
	double churned = (double)count_churned(rows, count), stayed = (double)count - churned;
	double churned_below = 0, stayed_below = 0;

	for (size_t from = 0, to; from < count; from = to) {
		for (to = from; to < count && rows[to].score == rows[from].score;)
			to++;
		double here = (double)count_churned(rows + from, to - from);
		double stayed_here = (double)(to - from) - here;

		for (size_t i = from; i < to; i++) {
			struct placed *lot = &lots[rows[i].lot];
			double share = rows[i].churned
					       ? (stayed_below + stayed_here / 2) / stayed
					       : (churned - churned_below - here / 2) / churned;

			lot->shares[rows[i].churned] += share;
			lot->rows[rows[i].churned]++;
		}
		churned_below += here;
		stayed_below += stayed_here;
	}
}

/* Of each kind the mean share; times NULL: each once. */
static void
placed_means(const struct bootstrap *bootstrap, const struct placed *lots, const uint8_t *times,
	     double out[2])
{
	for (unsigned kind = 0; kind < 2; kind++) {
		double shares = 0, rows = 0;

		for (unsigned lot = 0; lot < bootstrap->lots; lot++) {
			double n = times ? times[lot] : 1;

			shares += n * lots[lot].shares[kind];
			rows += n * lots[lot].rows[kind];
		}
		out[kind] = rows > 0 ? shares / rows : (double)NAN;
	}
}

void
bootstrap_auc(const struct bootstrap *bootstrap, struct ranked *rows, size_t count,
	      struct interval *out)
{
	struct placed *lots = mem_array(bootstrap->lots + 1u, sizeof *lots);
	struct results results = results_begin(bootstrap);
	double means[2];

	qsort(rows, count, sizeof *rows, compare_ranked);
	place(rows, count, lots);
	placed_means(bootstrap, lots, NULL, means);
	out->value = isnan(means[0]) ? (double)NAN : means[1];
	for (unsigned round = 0; round < bootstrap->rounds; round++) {
		placed_means(bootstrap, lots, times_of(bootstrap, round), means);
		double auc = means[0] + means[1] - out->value;

		results_add(&results, auc < 0 ? 0 : auc > 1 ? 1 : auc);
	}
	results_end(&results, &out->low, &out->high);
	mem_free(lots);
}

static void
fill_bin(const struct ranked *rows, size_t count, struct ranked_bin *bin)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += rows[i].score;
	bin->mean = count ? sum / (double)count : (double)NAN;
	bin->customers = count;
	bin->churned = count_churned(rows, count);
}

/* Where the bin ends; of equal size: behind all that are like the last one that belongs to it. */
static size_t
bin_end(const struct ranked *rows, size_t count, size_t from, size_t size, double to)
{
	size_t end = from;

	if (size == 0) {
		while (end < count && rows[end].score < to)
			end++;
		return end;
	}
	end = from + size < count ? from + size : count;
	while (end < count && rows[end].score == rows[end - 1].score)
		end++;
	return end;
}

unsigned
ranked_bins(const struct ranked *rows, size_t count, double low, double high, unsigned bins,
	    struct ranked_bin *out)
{
	bool wide = low < high;
	size_t size = wide ? 0 : (count + bins - 1) / bins, from = 0;
	unsigned made = 0;

	while (made < bins && (wide || from < count)) {
		struct ranked_bin *bin = &out[made++];
		double to = low + (high - low) * made / bins;
		size_t end =
			wide && made == bins ? count : bin_end(rows, count, from, size, to);

		bin->from = wide ? low + (high - low) * (made - 1) / bins : rows[from].score;
		bin->to = wide ? to : rows[end - 1].score;
		fill_bin(rows + from, end - from, bin);
		from = end;
	}
	return made;
}
