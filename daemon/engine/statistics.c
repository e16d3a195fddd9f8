/* SPDX-License-Identifier: Apache-2.0 */
/* Probabilities of counts. */
#include <assert.h>
#include <math.h>

#include "engine/core.h"

#define FRACTION_STEPS 500
#define FRACTION_TINY 1e-300

/* Continued fraction of the incomplete beta function by the modified Lentz method
 * (Abramowitz and Stegun 26.5.8; Lentz 1976, Thompson and Barnett 1986). */
static double
beta_fraction(double a, double b, double x)
{
	double c = 1, d = 1 - (a + b) * x / (a + 1);
	if (fabs(d) < FRACTION_TINY)
		d = FRACTION_TINY;
	d = 1 / d;
	double h = d;
	for (int m = 1; m <= FRACTION_STEPS; m++) {
		double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
		double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
		double before = h;
		for (int half = 0; half < 2; half++) {
			double term = half ? odd : even;
			d = 1 + term * d;
			c = 1 + term / c;
			if (fabs(d) < FRACTION_TINY)
				d = FRACTION_TINY;
			if (fabs(c) < FRACTION_TINY)
				c = FRACTION_TINY;
			d = 1 / d;
			h *= d * c;
		}
		if (fabs(h - before) <= 1e-15 * fabs(h))
			break;
	}
	return h;
}

/* I_x(a, b), a and b > 0, 0 <= x <= 1. */
static double
beta_regularised(double a, double b, double x)
{
	if (x <= 0)
		return 0;
	if (x >= 1)
		return 1;
	double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
	if (x < (a + 1) / (a + b + 2))
		return front * beta_fraction(a, b, x) / a;
	return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

/* P(X <= k) = I_{1-p}(n-k, k+1) (Abramowitz and Stegun 26.5.24). */
double
binomial_at_most(int64_t k, int64_t n, double p)
{
	assert(n >= 0);
	if (k < 0)
		return 0;
	if (k >= n)
		return 1;
	return beta_regularised((double)(n - k), (double)k + 1, 1 - p);
}

double
binomial_at_least(int64_t k, int64_t n, double p)
{
	assert(n >= 0);
	if (k <= 0)
		return 1;
	if (k > n)
		return 0;
	return beta_regularised((double)k, (double)(n - k) + 1, p);
}
