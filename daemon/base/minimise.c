/* SPDX-License-Identifier: Apache-2.0 */
/* The simplex of Nelder and Mead, started again until it stays. */
#include "base/minimise.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define REFLECT 1.0
#define EXPAND 2.0
#define CONTRACT 0.5
#define SHRINK 0.5

struct corner {
	double x[MINIMISE_MAX];
	double value; /* never NAN */
};

struct simplex {
	const struct minimise *problem;
	struct corner corners[MINIMISE_MAX + 1]; /* best first */
	unsigned spent;
};

static void
ask(struct simplex *simplex, struct corner *corner)
{
	const struct minimise *problem = simplex->problem;

	corner->value = problem->value(problem->ctx, corner->x);
	if (isnan(corner->value))
		corner->value = (double)INFINITY;
	simplex->spent++;
}

/* Of equal ones the older stays in front. */
static void
put_in_place(struct simplex *simplex, unsigned at)
{
	struct corner corner = simplex->corners[at];

	for (; at > 0 && simplex->corners[at - 1].value > corner.value; at--)
		simplex->corners[at] = simplex->corners[at - 1];
	simplex->corners[at] = corner;
}

static void
spread_out(struct simplex *simplex, const double *x, double step)
{
	unsigned count = simplex->problem->count;

	for (unsigned i = 0; i <= count; i++) {
		struct corner *corner = &simplex->corners[i];

		memcpy(corner->x, x, count * sizeof *x);
		if (i > 0)
			corner->x[i - 1] += step;
		ask(simplex, corner);
		put_in_place(simplex, i);
	}
}

static bool
is_together(const struct simplex *simplex)
{
	const struct minimise *problem = simplex->problem;
	const struct corner *best = &simplex->corners[0];

	if (!(simplex->corners[problem->count].value - best->value <= problem->level))
		return false;
	for (unsigned i = 1; i <= problem->count; i++)
		for (unsigned k = 0; k < problem->count; k++)
			if (fabs(simplex->corners[i].x[k] - best->x[k]) > problem->near)
				return false;
	return true;
}

/* From the worst corner through the centre of the others: 1 as far behind it, under 0 before it. */
static struct corner
try_along(struct simplex *simplex, double far)
{
	unsigned count = simplex->problem->count;
	struct corner corner;

	for (unsigned k = 0; k < count; k++) {
		double centre = 0;

		for (unsigned i = 0; i < count; i++)
			centre += simplex->corners[i].x[k];
		centre /= count;
		corner.x[k] = centre + far * (centre - simplex->corners[count].x[k]);
	}
	ask(simplex, &corner);
	return corner;
}

static void
replace_worst(struct simplex *simplex, const struct corner *corner)
{
	unsigned count = simplex->problem->count;

	simplex->corners[count] = *corner;
	put_in_place(simplex, count);
}

static void
shrink(struct simplex *simplex)
{
	unsigned count = simplex->problem->count;

	for (unsigned i = 1; i <= count; i++) {
		struct corner *corner = &simplex->corners[i];

		for (unsigned k = 0; k < count; k++)
			corner->x[k] = simplex->corners[0].x[k] +
				       SHRINK * (corner->x[k] - simplex->corners[0].x[k]);
		ask(simplex, corner);
	}
	for (unsigned i = 1; i <= count; i++)
		put_in_place(simplex, i);
}

static void
contract(struct simplex *simplex, const struct corner *reflected)
{
	unsigned count = simplex->problem->count;
	bool outside = reflected->value < simplex->corners[count].value;
	double worst = outside ? reflected->value : simplex->corners[count].value;
	struct corner corner = try_along(simplex, outside ? CONTRACT : -CONTRACT);

	if (corner.value < worst)
		replace_worst(simplex, &corner);
	else
		shrink(simplex);
}

static void
move(struct simplex *simplex)
{
	unsigned count = simplex->problem->count;
	struct corner reflected = try_along(simplex, REFLECT), further;

	if (reflected.value < simplex->corners[0].value) {
		further = try_along(simplex, EXPAND);
		replace_worst(simplex, further.value < reflected.value ? &further : &reflected);
	} else if (reflected.value < simplex->corners[count - 1].value) {
		replace_worst(simplex, &reflected);
	} else {
		contract(simplex, &reflected);
	}
}

/* One simplex from x to where it ends. */
static double
descend(struct simplex *simplex, double *x, double step)
{
	const struct minimise *problem = simplex->problem;

	spread_out(simplex, x, step);
	while (!is_together(simplex) && simplex->spent < problem->budget)
		move(simplex);
	memcpy(x, simplex->corners[0].x, problem->count * sizeof *x);
	return simplex->corners[0].value;
}

struct minimum
minimise(const struct minimise *problem, double *x)
{
	struct simplex simplex = {.problem = problem};
	double step = problem->step, value, before;

	assert(problem->count > 0 && problem->count <= MINIMISE_MAX && step > 0);
	value = descend(&simplex, x, step);
	do {
		before = value;
		step = fmax(step / 4, 8 * problem->near);
		value = descend(&simplex, x, step);
	} while (before - value > problem->level && simplex.spent < problem->budget);
	return (struct minimum){value, simplex.spent, simplex.spent < problem->budget};
}
