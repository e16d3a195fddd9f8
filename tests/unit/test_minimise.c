/* SPDX-License-Identifier: Apache-2.0 */
/* The simplex finds the bottoms of valleys, keeps out of what is not allowed, and ends. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/minimise.h"

struct world {
	unsigned count, asked;
	double wall; /* x[0] may not pass it */
};

/* A banana-shaped valley with its bottom at 1, 1, ..: Rosenbrock 1960. */
static double
rosenbrock(void *ctx, const double *x)
{
	struct world *world = ctx;
	double sum = 0;

	world->asked++;
	for (unsigned i = 0; i + 1 < world->count; i++)
		sum += 100 * pow(x[i + 1] - x[i] * x[i], 2) + pow(1 - x[i], 2);
	return sum;
}

/* Bottom at 1, 2, 3 .., and steeper by 10 in each direction. */
static double
bowl(void *ctx, const double *x)
{
	struct world *world = ctx;
	double sum = 0, steep = 1;

	world->asked++;
	for (unsigned i = 0; i < world->count; i++) {
		sum += steep * pow(x[i] - (i + 1), 2);
		steep *= 10;
	}
	return sum;
}

/* A valley with an edge at its ground, along which all numbers must go together to 1. */
static double
gorge(void *ctx, const double *x)
{
	struct world *world = ctx;
	double sum = 0;

	world->asked++;
	for (unsigned i = 0; i < world->count; i++)
		sum += pow(fabs(x[i] - 1), 1.2) + (i > 0 ? 30 * fabs(x[i] - x[i - 1]) : 0);
	return sum;
}

static double
walled_bowl(void *ctx, const double *x)
{
	struct world *world = ctx;

	return x[0] > world->wall ? (double)NAN : bowl(ctx, x);
}

/* Falls without end. */
static double
slope(void *ctx, const double *x)
{
	struct world *world = ctx;

	world->asked++;
	return -x[0] - x[1];
}

static struct minimise
problem_of(double (*value)(void *ctx, const double *x), struct world *world)
{
	return (struct minimise){value, world, world->count, 0.5, 1e-7, 1e-12, 20000};
}

static void
the_bottom_of_a_bent_valley_is_found(void **state)
{
	struct world world = {.count = 4};
	struct minimise problem = problem_of(rosenbrock, &world);
	double x[4] = {-1.2, 1, -1.2, 1};

	(void)state;
	struct minimum found = minimise(&problem, x);

	assert_true(found.found);
	for (unsigned i = 0; i < 4; i++)
		assert_true(fabs(x[i] - 1) < 1e-5);
	assert_int_equal(found.spent, world.asked);
}

/* A simplex alone ends there on the edge, far from the bottom. */
static void
a_simplex_that_ends_on_its_way_is_started_again(void **state)
{
	struct world world = {.count = 6};
	struct minimise problem = problem_of(gorge, &world);
	double x[6] = {-1.2, 1.3, -1.2, 1.3, -1.2, 1.3};

	(void)state;
	assert_true(minimise(&problem, x).found);
	for (unsigned i = 0; i < 6; i++)
		assert_true(fabs(x[i] - 1) < 1e-4);
}

static void
one_number_or_many_of_unlike_steepness(void **state)
{
	(void)state;
	for (unsigned count = 1; count <= 6; count++) {
		struct world world = {.count = count};
		struct minimise problem = problem_of(bowl, &world);
		double x[6] = {0};

		assert_true(minimise(&problem, x).found);
		for (unsigned i = 0; i < count; i++)
			assert_true(fabs(x[i] - (i + 1)) < 1e-5);
	}
}

/* The bottom lies behind the wall; the lowest place before it is at the wall. */
static void
what_is_not_allowed_is_not_entered(void **state)
{
	struct world world = {.count = 3, .wall = 0.25};
	struct minimise problem = problem_of(walled_bowl, &world);
	double x[3] = {-3, 0, 0};

	(void)state;
	(void)minimise(&problem, x);
	assert_true(x[0] <= 0.25 && x[0] > 0.24);
	assert_true(fabs(x[1] - 2) < 1e-2 && fabs(x[2] - 3) < 1e-2);
}

static void
where_there_is_no_bottom_it_ends_by_its_budget_and_says_so(void **state)
{
	struct world world = {.count = 2};
	struct minimise problem = problem_of(slope, &world);
	double x[2] = {0, 0};

	(void)state;
	problem.budget = 500;
	struct minimum found = minimise(&problem, x);

	assert_false(found.found);
	assert_in_range(world.asked, 500, 520);
	assert_true(found.value == -x[0] - x[1]);
}

static void
the_same_problem_takes_the_same_steps(void **state)
{
	struct world world = {.count = 2};
	struct minimise problem = problem_of(rosenbrock, &world);
	double x[2] = {-1.2, 1}, again[2] = {-1.2, 1};

	(void)state;
	struct minimum one = minimise(&problem, x), other = minimise(&problem, again);

	assert_memory_equal(x, again, sizeof x);
	assert_int_equal(one.spent, other.spent);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_bottom_of_a_bent_valley_is_found),
		cmocka_unit_test(a_simplex_that_ends_on_its_way_is_started_again),
		cmocka_unit_test(one_number_or_many_of_unlike_steepness),
		cmocka_unit_test(what_is_not_allowed_is_not_entered),
		cmocka_unit_test(where_there_is_no_bottom_it_ends_by_its_budget_and_says_so),
		cmocka_unit_test(the_same_problem_takes_the_same_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
