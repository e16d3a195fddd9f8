/* SPDX-License-Identifier: Apache-2.0 */
/* Chance from a seed: the same numbers on every machine, for tests and simulations. */
#ifndef BASE_CHANCE_H
#define BASE_CHANCE_H

#include <stdint.h>

/* SplitMix64 (Steele, Lea, Flood, 2014: Fast splittable pseudorandom number generators). */
struct chance {
	uint64_t state;
};

/* A stream of its own for each (seed, a, b, c): what is drawn for one says nothing of another. */
struct chance chance_of(uint64_t seed, uint64_t a, uint64_t b, uint64_t c);
uint64_t chance_next(struct chance *chance);
double chance_share(struct chance *chance); /* 0 <= u < 1, multiples of 2^-53 */

#define CHANCE_MAX_MEAN 100000.0
/* Poisson with this mean, by inversion (sequential search, Devroye 1986, X.3.3) of parts of at most 8.
 * Uses + - * / only, no library function, so that no libm can change a draw. */
uint64_t chance_poisson(struct chance *chance, double mean);

#endif
