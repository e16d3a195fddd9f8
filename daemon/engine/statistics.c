/* SPDX-License-Identifier: Apache-2.0 */
/* Probabilities of counts, and what a row of days says. */
#include "engine/statistics.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>

#define FRACTION_STEPS 100000
#define FRACTION_TINY 1e-300
#define LOG_ROOT_2PI 0.918938533204672741780329736406

/* What Stirling's formula lacks: log(n!) - log(sqrt(2 pi n) (n/e)^n) (Abramowitz and Stegun 6.1.41). */
static double
stirling_error(double n)
{
	double inverse = 1 / (n * n);

	if (n <= 15)
		return lgamma(n + 1) - (n + 0.5) * log(n) + n - LOG_ROOT_2PI;
	return (1.0 / 12 -
		(1.0 / 360 - (1.0 / 1260 - (1.0 / 1680 - inverse / 1188) * inverse) * inverse) *
			inverse) /
	       n;
}

/* x log(x/mean) + mean - x, without the cancellation where both are near (Loader 2000). */
static double
deviance(double x, double mean)
{
	double v = (x - mean) / (x + mean), power = 2 * x * v, sum = (x - mean) * v;

	if (fabs(x - mean) >= 0.1 * (x + mean))
		return x * log(x / mean) + mean - x;
	for (int j = 1; j < 1000; j++) {
		double before = sum;

		power *= v * v;
		sum += power / (2 * j + 1);
		if (sum == before)
			break;
	}
	return sum;
}

/* P(Bin(n, p) = k), 0 < k < n, by its saddle point (Loader 2000). q = 1 - p. */
static double
binomial_density(double k, double n, double p, double q)
{
	double exponent = stirling_error(n) - stirling_error(k) - stirling_error(n - k) -
			  deviance(k, n * p) - deviance(n - k, n * q);

	return exp(exponent - LOG_ROOT_2PI) * sqrt(n / (k * (n - k)));
}

static double
away_from_zero(double x)
{
	return fabs(x) < FRACTION_TINY ? FRACTION_TINY : x;
}

/* Continued fraction of the incomplete beta function by the modified Lentz method
 * (Abramowitz and Stegun 26.5.8; Lentz 1976, Thompson and Barnett 1986). */
static double
beta_fraction(double a, double b, double x)
{
	double c = 1, d = 1 / away_from_zero(1 - (a + b) * x / (a + 1)), h = d;

	for (int m = 1; m <= FRACTION_STEPS; m++) {
		double terms[2] = {m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
				   -(a + m) * (a + b + m) * x /
					   ((a + 2 * m) * (a + 2 * m + 1))};
		double before = h;

		for (int half = 0; half < 2; half++) {
			d = 1 / away_from_zero(1 + terms[half] * d);
			c = away_from_zero(1 + terms[half] / c);
			h *= d * c;
		}
		if (fabs(h - before) <= 1e-15 * fabs(h))
			break;
	}
	return h;
}

/* I_x(a, b) for whole a, b >= 1 and 0 < x < 1; y = 1 - x. */
static double
beta_regularised(double a, double b, double x, double y)
{
	double front = binomial_density(a, a + b, x, y) / (a + b);

	if (x < (a + 1) / (a + b + 2))
		return front * b * beta_fraction(a, b, x);
	return 1 - front * a * beta_fraction(b, a, y);
}

double
binomial_at_most(int64_t k, int64_t n, struct spans spans)
{
	double all = spans.span + spans.other;

	assert(n >= 0 && spans.span > 0 && spans.other > 0);
	if (k < 0)
		return 0;
	if (k >= n)
		return 1;
	return beta_regularised((double)(n - k), (double)k + 1, spans.other / all,
				spans.span / all);
}

double
binomial_at_least(int64_t k, int64_t n, struct spans spans)
{
	double all = spans.span + spans.other;

	assert(n >= 0 && spans.span > 0 && spans.other > 0);
	if (k <= 0)
		return 1;
	if (k > n)
		return 0;
	return beta_regularised((double)k, (double)(n - k) + 1, spans.span / all,
				spans.other / all);
}

double
days_slope(const struct day_count *days, unsigned count)
{
	double mean_day = 0, mean = 0, over = 0, under = 0;

	for (unsigned i = 0; i < count; i++) {
		mean_day += (double)(days[i].day - days[0].day) / count;
		mean += days[i].amount / count;
	}
	for (unsigned i = 0; i < count; i++) {
		double x = (double)(days[i].day - days[0].day) - mean_day;

		over += x * (days[i].amount - mean);
		under += x * x;
	}
	return count < 2 ? (double)NAN : over / under;
}

double
days_ewma(const struct day_count *days, unsigned count, double half_life)
{
	double over = 0, under = 0;

	for (unsigned i = 0; i < count; i++) {
		double age = (double)(days[count - 1].day - days[i].day);
		double weight = exp2(-age / half_life);

		over += weight * days[i].amount;
		under += weight;
	}
	return count == 0 ? (double)NAN : over / under;
}

double
days_cusum(const struct day_count *days, unsigned count, double lambda, double rho)
{
	double s = 0, factor = log(rho), drift = lambda * (rho - 1);

	for (unsigned i = 0; i < count; i++)
		s = fmax(0, s + (double)days[i].count * factor - drift);
	return s;
}
