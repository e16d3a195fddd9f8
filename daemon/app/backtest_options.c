/* SPDX-License-Identifier: Apache-2.0 */
/* The periods and numbers of a backtest's command line. */
#include "app/backtest_room.h"
#include "app/past.h"

static bool
in_order(const struct backtest *all)
{
	if (all->until < all->from) {
		(void)ctl_fail(STATUS_USAGE, "--until lies before --from");
		return false;
	}
	if (all->train_until != INT64_MAX &&
	    (all->train_until < all->from || all->train_until >= all->until)) {
		(void)ctl_fail(STATUS_USAGE,
			       "--train-until has to lie between --from and --until");
		return false;
	}
	return true;
}

bool
backtest_read_options(struct backtest *all)
{
	const struct backtest_options *options = &all->options;
	int64_t rounds = 1000, seed = 1;

	all->from = INT64_MIN;
	all->until = all->train_until = INT64_MAX;
	all->every = 28;
	if (!past_read_day("--from", options->from, &all->from) ||
	    !past_read_day("--until", options->until, &all->until) ||
	    !past_read_day("--train-until", options->train_until, &all->train_until) ||
	    !past_read_days("--every", options->every, 366, &all->every) ||
	    !past_read_count("--rounds", options->rounds, 10, BOOTSTRAP_ROUNDS_MAX, &rounds) ||
	    !past_read_count("--seed", options->seed, 0, INT64_MAX, &seed) || !in_order(all))
		return false;
	all->rounds = (unsigned)rounds;
	all->seed = (uint64_t)seed;
	return true;
}
