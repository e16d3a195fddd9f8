/* SPDX-License-Identifier: Apache-2.0 */
/* The periods and numbers of a backtest's command line. */
#include "app/backtest_room.h"
#include "base/number.h"

static bool
read_day(const char *option, const char *text, int64_t *out)
{
	if (!text || parse_date(str_of(text), out))
		return true;
	(void)ctl_fail(STATUS_USAGE, "%s \"%s\": a date such as 2026-01-31", option, text);
	return false;
}

static bool
read_count(const char *option, const char *text, int64_t least, int64_t most, int64_t *out)
{
	if (!text || (parse_int64(str_of(text), out) && *out >= least && *out <= most))
		return true;
	(void)ctl_fail(STATUS_USAGE, "%s \"%s\": a number from %lld to %lld", option, text,
		       (long long)least, (long long)most);
	return false;
}

static bool
read_every(const char *text, int64_t *out)
{
	int64_t ms;

	if (!text)
		return true;
	if (parse_duration(str_of(text), false, &ms) && ms % DAY_MS == 0 && ms >= DAY_MS &&
	    ms <= 366 * DAY_MS) {
		*out = ms / DAY_MS;
		return true;
	}
	(void)ctl_fail(STATUS_USAGE, "--every \"%s\": a number of days such as 28d", text);
	return false;
}

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
	if (!read_day("--from", options->from, &all->from) ||
	    !read_day("--until", options->until, &all->until) ||
	    !read_day("--train-until", options->train_until, &all->train_until) ||
	    !read_every(options->every, &all->every) ||
	    !read_count("--rounds", options->rounds, 10, BOOTSTRAP_ROUNDS_MAX, &rounds) ||
	    !read_count("--seed", options->seed, 0, INT64_MAX, &seed) || !in_order(all))
		return false;
	all->rounds = (unsigned)rounds;
	all->seed = (uint64_t)seed;
	return true;
}
