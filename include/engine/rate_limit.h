/* SPDX-License-Identifier: Apache-2.0 */
/* A bucket of tokens, each of which comes back a while after it was taken. Pure. */
#ifndef ENGINE_RATE_LIMIT_H
#define ENGINE_RATE_LIMIT_H

#include "base/text.h"

#define RATE_SLICES 64

/* At most `count` tokens in any span of `per` ms, wherever it begins: so robots count. (A bucket that is refilled
 * evenly would let nearly twice as many through in its first span.) Tokens are remembered by slices of a 64th of
 * the span, and come back up to two slices late. */
struct rate_limit {
	unsigned count; /* 0: no limit */
	int64_t per;	/* ms, at least 1 */

	int64_t slice;	/* ms */
	int64_t span;	/* slices after which one comes back */
	int64_t newest; /* number of the newest slice */
	unsigned taken; /* and not back */
	unsigned slices[RATE_SLICES + 1];
};

void rate_limit_init(struct rate_limit *rate, unsigned count, int64_t per);
/* Tokens there are now; UINT_MAX without a limit. */
unsigned rate_limit_tokens(struct rate_limit *rate, int64_t now);
void rate_limit_take(struct rate_limit *rate, int64_t now); /* also when there is none */
/* The one just taken was not used after all. One that was taken a slice ago or longer stays taken. */
void rate_limit_return(struct rate_limit *rate);
/* As of the last call with a clock: 0 when there is a token, else when the next one is back. */
int64_t rate_limit_free_at(const struct rate_limit *rate);

#endif
