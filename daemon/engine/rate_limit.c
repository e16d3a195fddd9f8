/* SPDX-License-Identifier: Apache-2.0 */
/* Counts the tokens that were taken, by when they come back. */
#include "engine/rate_limit.h"

#include <assert.h>
#include <limits.h>
#include <string.h>

void
rate_limit_init(struct rate_limit *rate, unsigned count, int64_t per)
{
	*rate = (struct rate_limit){.count = count, .per = per};
	if (count == 0)
		return;
	assert(per >= 1);
	rate->slice = (per + RATE_SLICES - 1) / RATE_SLICES;
	rate->span = (per + rate->slice - 1) / rate->slice;
}

static unsigned *
slice_at(struct rate_limit *rate, int64_t number)
{
	return &rate->slices[number % (RATE_SLICES + 1)];
}

/* What lies span + 1 slices back is back as a whole. */
static void
advance(struct rate_limit *rate, int64_t now)
{
	int64_t number = now / rate->slice;

	if (number - rate->newest > rate->span) {
		memset(rate->slices, 0, sizeof rate->slices);
		rate->taken = 0;
		rate->newest = number;
	}
	while (rate->newest < number) {
		unsigned *oldest = slice_at(rate, ++rate->newest + RATE_SLICES - rate->span);

		rate->taken -= *oldest;
		*oldest = 0;
	}
}

unsigned
rate_limit_tokens(struct rate_limit *rate, int64_t now)
{
	if (rate->count == 0)
		return UINT_MAX;
	advance(rate, now);
	return rate->taken < rate->count ? rate->count - rate->taken : 0;
}

void
rate_limit_take(struct rate_limit *rate, int64_t now)
{
	if (rate->count == 0)
		return;
	advance(rate, now);
	++*slice_at(rate, rate->newest);
	rate->taken++;
}

void
rate_limit_return(struct rate_limit *rate)
{
	unsigned *slice = slice_at(rate, rate->newest);

	if (*slice == 0)
		return;
	--*slice;
	rate->taken--;
}

int64_t
rate_limit_free_at(const struct rate_limit *rate)
{
	unsigned excess;

	if (rate->count == 0 || rate->taken < rate->count)
		return 0;
	excess = rate->taken - rate->count + 1;
	for (int64_t number = rate->newest - rate->span;; number++) {
		unsigned back = rate->slices[(number + RATE_SLICES + 1) % (RATE_SLICES + 1)];

		if (back >= excess)
			return (number + rate->span + 1) * rate->slice;
		excess -= back;
	}
}
