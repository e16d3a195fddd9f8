/* SPDX-License-Identifier: Apache-2.0 */
/* Draws numbers from a seed. */
#include "base/chance.h"

#include <assert.h>

#define GOLDEN UINT64_C(0x9e3779b97f4a7c15)
#define PART 8.0 /* above it e^-mean loses what the search adds up */

static uint64_t
mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

struct chance
chance_of(uint64_t seed, uint64_t a, uint64_t b, uint64_t c)
{
	uint64_t state = mix(seed + GOLDEN);

	state = mix(state ^ (a + GOLDEN));
	state = mix(state ^ (b + GOLDEN));
	return (struct chance){mix(state ^ (c + GOLDEN))};
}

uint64_t
chance_next(struct chance *chance)
{
	chance->state += GOLDEN;
	return mix(chance->state);
}

double
chance_share(struct chance *chance)
{
	return (double)(chance_next(chance) >> 11) * 0x1p-53;
}

/* e^-x for 0 <= x <= 8: the series at x / 64, then squared six times. */
static double
decay(double x)
{
	double small = x / 64, term = 1, sum = 1;

	for (int k = 1; k <= 14; k++) {
		term *= -small / k;
		sum += term;
	}
	for (int i = 0; i < 6; i++)
		sum *= sum;
	return sum;
}

static uint64_t
search(struct chance *chance, double mean)
{
	double u = chance_share(chance), p = decay(mean), total = p;
	uint64_t k = 0;

	while (u >= total && k < 100) {
		k++;
		p *= mean / (double)k;
		total += p;
	}
	return k;
}

uint64_t
chance_poisson(struct chance *chance, double mean)
{
	uint64_t sum = 0;

	assert(mean >= 0 && mean <= CHANCE_MAX_MEAN);
	while (mean > PART) {
		mean -= PART;
		sum += search(chance, PART);
	}
	return sum + search(chance, mean);
}
