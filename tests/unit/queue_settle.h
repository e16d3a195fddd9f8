/* SPDX-License-Identifier: Apache-2.0 */
/* Requests of one alert each, and what their replies say. */
#ifndef UNIT_QUEUE_SETTLE_H
#define UNIT_QUEUE_SETTLE_H

#include "unit/queue.h"

/* The customer that is sent next must be this one. */
static inline struct delivery *
sends(char customer)
{
	struct delivery *delivery = delivery_next(&queue, now);

	if (delivery == NULL)
		fail_msg("nothing leaves, expected %c", customer);
	assert_int_equal(delivery->customer.p[0], customer);
	return delivery;
}

static inline void
sends_nothing(void)
{
	struct delivery *delivery = delivery_next(&queue, now);

	if (delivery != NULL)
		fail_msg("%.*s leaves", STR_ARG(delivery->id));
}

/* What a reply says of the endpoint and of the alert. */
struct settled {
	enum delivery_verdict verdict;
	bool refused, opened, closed, paused;
	int64_t wait;
};

static inline struct settled
settle_after(struct delivery *delivery, enum retry_outcome outcome, int64_t after)
{
	struct delivery_landed landed = delivery_land(&queue, outcome, after, now);
	struct delivery_settled settled = delivery_settle(&queue, delivery, &landed, now);

	return (struct settled){settled.verdict, settled.refused, landed.opened,
				landed.closed,	 landed.paused,	  settled.wait};
}

static inline struct settled
settle(struct delivery *delivery, int status)
{
	return settle_after(delivery, retry_classify(status, RETRY_NO_AFTER), RETRY_NO_AFTER);
}

static inline void
deliver(char customer)
{
	assert_int_equal(settle(sends(customer), 200).verdict, DELIVERY_DONE);
}

#endif
