/* SPDX-License-Identifier: Apache-2.0 */
/* An endpoint's queue with a clock of the test's own. */
#ifndef UNIT_QUEUE_H
#define UNIT_QUEUE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "engine/delivery.h"

#define START INT64_C(1795255200000)

/* What all policies of these tests have. */
#define PATIENT                             \
	.retry = {.first = SECOND_MS,       \
		  .max = MINUTE_MS,         \
		  .give_up_after = HOUR_MS, \
		  .factor = 2,              \
		  .jitter = 0},             \
	.throttle = 30 * SECOND_MS, .probe_every = MINUTE_MS

static struct delivery_queue queue;
static int64_t now;
static int64_t next_entry;

static inline int
queue_begin(const struct delivery_policy *policy)
{
	now = START;
	next_entry = 1;
	delivery_queue_init(&queue, policy, now);
	return 0;
}

static inline int
end(void **state)
{
	(void)state;
	delivery_queue_finish(&queue);
	return 0;
}

static inline struct stream_id
entry_id(int64_t n)
{
	return (struct stream_id){n, 0};
}

/* The next entries of the stream, one a character: a customer's, or '.' for another endpoint's. */
static inline void
stream(const char *customers)
{
	for (; *customers; customers++, next_entry++) {
		char id[24];

		snprintf(id, sizeof id, "al_%d", (int)next_entry);
		if (*customers == '.')
			backlog_pass(&queue.backlog, entry_id(next_entry));
		else
			delivery_take(&queue, entry_id(next_entry), str_of(id),
				      (struct str){customers, 1}, STR("{}"), -1, 0);
	}
}

#endif
