/* SPDX-License-Identifier: Apache-2.0 */
/* Asks for memory some customers before it is read: a customer's line, what hangs on it, and what that leads to. */
#ifndef ENGINE_AHEAD_H
#define ENGINE_AHEAD_H

#include "base/mem.h"
#include "engine/customer.h"

/* Asks for what hangs on a customer that is in the cache already. */
static inline void
ahead_customer(const struct customer *customer)
{
	mem_prefetch(customer->tracks.block);
	mem_prefetch(customer->cold);
}

/* Then for the rest of its cold part, and what that leads to. */
static inline void
ahead_cold(const struct customer *customer)
{
	const struct cold *cold = customer->cold;
	if (!cold)
		return;
	mem_prefetch(&cold->risks);
	mem_prefetch(&cold->rule_count);
	mem_prefetch(cold->profile);
	mem_prefetch(cold->rules);
}

#endif
