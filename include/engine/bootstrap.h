/* SPDX-License-Identifier: Apache-2.0 */
/* How sure figures are: the bootstrap over customers (Efron 1979), by percentiles. Pure, and the same for a seed. */
#ifndef ENGINE_BOOTSTRAP_H
#define ENGINE_BOOTSTRAP_H

#include <stddef.h>
#include <stdint.h>

#define BOOTSTRAP_LEVEL 0.95
#define BOOTSTRAP_ROUNDS_MAX 10000

/* What a customer gave is drawn, or not, as a whole. Of more than BOOTSTRAP_EXACT customers each is dealt by chance into
 * one of BOOTSTRAP_LOTS lots, which are drawn instead: sums of lots vary as sums of customers do. */
#define BOOTSTRAP_EXACT 4096
#define BOOTSTRAP_LOTS 256

struct bootstrap {
	unsigned rounds, lots;
	uint64_t seed;
	size_t customers;
	uint8_t *times; /* owned: by round and lot: so often it was drawn */
};
void bootstrap_init(struct bootstrap *bootstrap, unsigned rounds, uint64_t seed,
		    size_t customers);
void bootstrap_finish(struct bootstrap *bootstrap);
unsigned bootstrap_lot(const struct bootstrap *bootstrap, uint32_t customer);

/* NAN: nothing to divide, in the data or in each round. */
struct interval {
	double value, low, high;
};

/* What one lot gave to a line. */
struct lot_counts {
	uint32_t hits, alarms_false, caught;
};
struct rates {
	struct interval precision, recall, f1;
};
/* lots, churns (what there was to catch): by lot. */
void bootstrap_rates(const struct bootstrap *bootstrap, const struct lot_counts *lots,
		     const uint32_t *churns, struct rates *out);

struct lead {
	float days;
	uint16_t lot;
	uint32_t count; /* so often, at least 1 */
};
struct lead_figures {
	double q1, median,
		q3; /* of the leads: between two the line (type 7 of Hyndman and Fan 1996) */
	double low, high; /* of the median */
};
/* Sorts them, and draws together those that are alike; *count is what is left. Beyond BOOTSTRAP_EXACT customers, and
 * BOOTSTRAP_LEADS different ones, the interval is of leads that are rounded to whole days. */
#define BOOTSTRAP_LEADS 32768
void bootstrap_leads(const struct bootstrap *bootstrap, struct lead *leads, size_t *count,
		     struct lead_figures *out);

/* AUC: the share of pairs of a customer that churned and one that did not in which the former has the higher score; a tie
 * is half a pair (Mann and Whitney 1947). The interval: of the sum of what each customer's rows lie above (DeLong,
 * DeLong and Clarke-Pearson 1988, by customer as in Obuchowski 1997), drawn again. */
struct ranked {
	double score;
	uint16_t lot;
	uint8_t churned;
};
/* Sorts them by score. */
void bootstrap_auc(const struct bootstrap *bootstrap, struct ranked *rows, size_t count,
		   struct interval *out);

/* Groups of sorted rows: [from, to), the last one with `to`. */
struct ranked_bin {
	double from, to, mean; /* NAN: no row */
	size_t customers, churned;
};
/* Into `bins` groups: of equal width from low to high, or of equal size when low == high. Returns how many. */
unsigned ranked_bins(const struct ranked *rows, size_t count, double low, double high,
		     unsigned bins, struct ranked_bin *out);

#endif
