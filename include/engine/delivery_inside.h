/* SPDX-License-Identifier: Apache-2.0 */
/* The queue of an endpoint from the inside: for the files that are it. */
#ifndef ENGINE_DELIVERY_INSIDE_H
#define ENGINE_DELIVERY_INSIDE_H

#include "engine/delivery.h"

static inline int64_t
delivery_later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* delivery.c: the list of those ready, first in, first out. */
void delivery_ready_push(struct delivery_queue *queue, uint32_t slot);
uint32_t delivery_ready_pop(struct delivery_queue *queue);
void delivery_make_ready(struct delivery_queue *queue, uint32_t slot); /* it slept */
/* Up to now it was as the queue's state says: call before the state changes. */
void delivery_advance(struct delivery_queue *queue, int64_t now);
/* It is gone. The one behind it may leave, unless it is under way in the same request, or dead too. */
void delivery_remove(struct delivery_queue *queue, const struct delivery *delivery);

/* digest.c: the first one ready has been taken; others join it. Returns the one that begins the request. */
struct delivery *delivery_join_others(struct delivery_queue *queue, struct delivery *first);

#endif
