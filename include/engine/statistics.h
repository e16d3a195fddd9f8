/* SPDX-License-Identifier: Apache-2.0 */
/* The mathematics of counts: each formula with its source. Pure numbers, no customer. */
#ifndef ENGINE_STATISTICS_H
#define ENGINE_STATISTICS_H

#include <stdint.h>

/* The conditional test of two Poisson rates (Przyborowski and Wilenski 1940): of n events in two spans of time,
 * so many fell into the first, whose share of the time is p = span / (span + other). P(Bin(n, p) <= k) and
 * P(Bin(n, p) >= k), by the incomplete beta function (Abramowitz and Stegun 26.5.24). Relative error under
 * 1e-11 up to n = 1e6. Spans above 0, n >= 0. */
struct spans {
	double span, other;
};
double binomial_at_most(int64_t k, int64_t n, struct spans spans);
double binomial_at_least(int64_t k, int64_t n, struct spans spans);

/* One observed day of a signal. */
struct day_count {
	int64_t day;
	int64_t count; /* events */
	double amount; /* of a `sum:` signal the sum, else the events */
};

/* Slope per day of the least squares line through the amounts (Legendre 1805); NAN below 2 days. */
double days_slope(const struct day_count *days, unsigned count);
/* Mean of the amounts, each weighing half as much per half_life (in days) that it lies further back: the
 * exponentially weighted average of Roberts 1959, over days that were observed. NAN without any. */
double days_ewma(const struct day_count *days, unsigned count, double half_life);
/* One-sided Poisson CUSUM in nats (Lucas 1985, as a log likelihood ratio): over the days in their order
 * S = max(0, S + y ln rho - lambda (rho - 1)), y the day's events, lambda the rate before, rho the factor
 * looked for: under 1 a drop, above 1 a rise. lambda and rho above 0. */
double days_cusum(const struct day_count *days, unsigned count, double lambda, double rho);

#endif
