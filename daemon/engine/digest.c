/* SPDX-License-Identifier: Apache-2.0 */
/* Joins alerts of an endpoint in one request, each customer's in their order. */
#include "engine/delivery_inside.h"

#define NONE BACKLOG_NONE

/* Those that go together; key: rises along a customer's chain, so that sorting by it keeps that order. */
struct digest {
	struct delivery *list[DELIVERY_DIGEST_MAX];
	struct stream_id keys[DELIVERY_DIGEST_MAX];
	unsigned count, max;
};

static void
digest_add(struct digest *digest, struct delivery *delivery, struct stream_id key)
{
	unsigned at = digest->count++;

	for (; at > 0 && stream_id_cmp(digest->keys[at - 1], key) > 0; at--) {
		digest->keys[at] = digest->keys[at - 1];
		digest->list[at] = digest->list[at - 1];
	}
	digest->keys[at] = key;
	digest->list[at] = delivery;
}

/* A customer's first, and those behind it as far as there is room. */
static void
digest_add_customer(struct delivery_queue *queue, struct digest *digest,
		    struct delivery *delivery)
{
	struct delivery *slots = queue->backlog.slots;
	struct stream_id key = delivery->at;

	for (;;) {
		if (stream_id_cmp(key, delivery->at) < 0)
			key = delivery->at;
		digest_add(digest, delivery, key);
		if (delivery->behind == NONE || digest->count == digest->max)
			return;
		delivery = &slots[delivery->behind];
		if (delivery->state != DELIVERY_BEHIND)
			return;
	}
}

static void
digest_fill(struct delivery_queue *queue, struct digest *digest)
{
	unsigned left = queue->ready.count;

	for (; left > 0 && digest->count < digest->max; left--) {
		struct delivery *delivery = &queue->backlog.slots[delivery_ready_pop(queue)];

		if (delivery->alone)
			delivery_ready_push(queue, backlog_slot(&queue->backlog, delivery));
		else
			digest_add_customer(queue, digest, delivery);
	}
}

struct delivery *
delivery_join_others(struct delivery_queue *queue, struct delivery *first)
{
	struct digest digest = {.max = queue->policy.digest_max};

	if (digest.max > DELIVERY_DIGEST_MAX)
		digest.max = DELIVERY_DIGEST_MAX;
	digest_add_customer(queue, &digest, first);
	digest_fill(queue, &digest);
	for (unsigned i = 0; i < digest.count; i++) {
		struct delivery *delivery = digest.list[i];

		delivery->state = DELIVERY_FLYING;
		delivery->in_digest = digest.count > 1;
		delivery->joined = i + 1 < digest.count
					   ? backlog_slot(&queue->backlog, digest.list[i + 1])
					   : NONE;
	}
	return digest.list[0];
}
