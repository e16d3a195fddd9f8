/* SPDX-License-Identifier: Apache-2.0 */
/* Pseudo-random numbers for tests: the same ones on every machine and in every run. */
#ifndef UNIT_LCG_H
#define UNIT_LCG_H

#include <stdint.h>

struct lcg {
	uint64_t state; /* any seed */
};

/* Knuth's MMIX constants; the high bits, mixed, because an LCG's low bits are poor. */
static inline uint64_t
lcg_next(struct lcg *lcg)
{
	lcg->state = lcg->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	uint64_t x = lcg->state ^ lcg->state >> 33;

	x *= UINT64_C(0xff51afd7ed558ccd);
	return x ^ x >> 33;
}

/* 0 .. limit - 1 */
static inline uint64_t
lcg_below(struct lcg *lcg, uint64_t limit)
{
	return lcg_next(lcg) % limit;
}

/* Of every size between 1 and 64 bits equally often. */
static inline uint64_t
lcg_any_size(struct lcg *lcg)
{
	uint64_t bits = lcg_below(lcg, 64);

	return lcg_next(lcg) >> bits;
}

#endif
