/* SPDX-License-Identifier: Apache-2.0 */
/* The least value of a function of a few numbers, without its derivatives. */
#ifndef BASE_MINIMISE_H
#define BASE_MINIMISE_H

#include <stdbool.h>

#define MINIMISE_MAX 16 /* numbers */

struct minimise {
	double (*value)(void *ctx, const double *x); /* infinite or NAN: not allowed there */
	void *ctx;
	unsigned count; /* 1..MINIMISE_MAX */
	double step;	/* edge of the first simplex, above 0: how far to look around */
	double near; /* ends when all corners lie within this of the best one, in each number, */
	double level;	 /* and their values within this of its value */
	unsigned budget; /* values asked for, at most about so many */
};

struct minimum {
	double value;
	unsigned spent; /* values asked for */
	bool found;	/* false: the budget ended first; x is the best so far */
};

/* The simplex of Nelder and Mead 1965 with their coefficients (reflection 1, expansion 2, contraction 1/2, shrinking 1/2).
 * It may end on a slope; so it starts again around what it found, with an edge of a quarter of the last
 * one (never under 8 `near`), until that no longer gains `level`. Same input, same steps: no chance in it. `x` is where it
 * begins, and becomes the place of the least value. */
struct minimum minimise(const struct minimise *problem, double *x);

#endif
