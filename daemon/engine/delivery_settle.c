/* SPDX-License-Identifier: Apache-2.0 */
/* Decides what becomes of alerts by the reply to their request, or by their age. */
#include <assert.h>

#include "engine/delivery_inside.h"

#define NONE BACKLOG_NONE
#define MIN_THROTTLE SECOND_MS /* "Retry-After: 0" is no invitation to spin */

static void
sleep_until(struct delivery_queue *queue, struct delivery *delivery, int64_t due_at)
{
	delivery->state = DELIVERY_SLEEPING;
	delivery->due_at = due_at;
	queue->sleeping++;
	heap_push(&queue->sleepers, due_at, backlog_slot(&queue->backlog, delivery));
}

static void
wake_list(struct delivery_queue *queue, uint32_t slot)
{
	for (; slot != NONE; slot = queue->backlog.slots[slot].newer)
		if (queue->backlog.slots[slot].state == DELIVERY_SLEEPING)
			delivery_make_ready(queue, slot);
}

/* The endpoint is back: what waited only because it was away need not wait any longer. */
static void
wake_all(struct delivery_queue *queue)
{
	wake_list(queue, queue->backlog.order.oldest);
	wake_list(queue, queue->backlog.again.oldest);
}

/* The account of its failures stands: who fails again waits as long as it would have. */
void
delivery_hurry(struct delivery_queue *queue)
{
	wake_all(queue);
	if (queue->circuit.state == CIRCUIT_OPEN)
		queue->circuit.probe_at = queue->active_at;
}

void
delivery_rest(struct delivery_queue *queue, int64_t until)
{
	queue->throttled_until = delivery_later(queue->throttled_until, until);
}

struct delivery_landed
delivery_land(struct delivery_queue *queue, enum retry_outcome outcome, int64_t after,
	      int64_t now)
{
	struct delivery_landed landed = {.outcome = outcome};
	int64_t rest = after >= 0 ? after : queue->policy.throttle;

	delivery_advance(queue, now);
	assert(queue->flying > 0);
	queue->flying--;
	if (outcome == RETRY_LATER || outcome == RETRY_DENIED) {
		landed.opened = circuit_failed(&queue->circuit, now);
		return landed;
	}
	landed.closed = circuit_answered(&queue->circuit);
	if (landed.closed)
		wake_all(queue);
	if (outcome == RETRY_GONE) {
		landed.paused = !queue->paused;
		queue->paused = true;
	}
	if (outcome == RETRY_THROTTLED)
		delivery_rest(queue, now + delivery_later(rest, MIN_THROTTLE));
	return landed;
}

/* A request is not under way any more, and nobody answered: a probe may be another. */
static void
call_off(struct delivery_queue *queue)
{
	assert(queue->flying > 0);
	queue->flying--;
	rate_limit_return(&queue->rate);
	if (queue->circuit.state == CIRCUIT_PROBING && queue->flying == 0)
		queue->circuit.state = CIRCUIT_OPEN;
}

struct delivery_landed
delivery_unsayable(struct delivery_queue *queue, int64_t now)
{
	delivery_advance(queue, now);
	call_off(queue);
	return (struct delivery_landed){.outcome = RETRY_REFUSED, .unsayable = true};
}

/* A failed delivery goes back to where it waits; one that rode behind another of its customer waits behind it. */
static struct delivery_settled
try_again(struct delivery_queue *queue, struct delivery *delivery, enum retry_outcome outcome,
	  int64_t now)
{
	int64_t due_at = now;

	if (!backlog_is_first(&queue->backlog, backlog_slot(&queue->backlog, delivery))) {
		delivery->state = DELIVERY_BEHIND;
		return (struct delivery_settled){.verdict = DELIVERY_AGAIN};
	}
	if (outcome == RETRY_THROTTLED)
		due_at = queue->throttled_until;
	else if (outcome != RETRY_GONE)
		due_at = now + retry_delay(&queue->policy.retry, delivery->id, delivery->waits);
	sleep_until(queue, delivery, due_at);
	return (struct delivery_settled){.verdict = DELIVERY_AGAIN, .wait = due_at - now};
}

/* Whom a digest's refusal is about shows when each goes alone. */
static void
count_failure(struct delivery_queue *queue, struct delivery *delivery,
	      const struct delivery_landed *landed)
{
	enum retry_outcome outcome = landed->outcome;

	delivery->attempts++;
	delivery->waits += outcome != RETRY_THROTTLED && outcome != RETRY_GONE;
	if (outcome == RETRY_REFUSED && !delivery->in_digest)
		delivery->refusals += landed->unsayable ? RETRY_REFUSALS : 1;
	delivery->alone |= outcome == RETRY_REFUSED && delivery->in_digest;
	if (delivery->first_active < 0)
		delivery->first_active = queue->active;
}

static bool
is_given_up(const struct delivery_queue *queue, const struct delivery *delivery,
	    enum retry_outcome outcome)
{
	if (!backlog_is_first(&queue->backlog, backlog_slot(&queue->backlog, delivery)))
		return false;
	return delivery->refusals >= RETRY_REFUSALS ||
	       (outcome != RETRY_GONE &&
		queue->active - delivery->first_active >= queue->policy.retry.give_up_after);
}

static void
mark_dead(struct delivery_queue *queue, struct delivery *delivery)
{
	delivery->state = DELIVERY_DEAD;
	queue->dead++;
}

struct delivery_settled
delivery_settle(struct delivery_queue *queue, struct delivery *delivery,
		const struct delivery_landed *landed, int64_t now)
{
	assert(delivery->state == DELIVERY_FLYING);
	if (landed->outcome == RETRY_DELIVERED) {
		delivery_remove(queue, delivery);
		return (struct delivery_settled){.verdict = DELIVERY_DONE};
	}
	count_failure(queue, delivery, landed);
	if (!is_given_up(queue, delivery, landed->outcome))
		return try_again(queue, delivery, landed->outcome, now);
	mark_dead(queue, delivery);
	return (struct delivery_settled){.verdict = DELIVERY_GIVEN_UP,
					 .refused = delivery->refusals >= RETRY_REFUSALS};
}

/* Those that died while they were ready are taken out of that list. */
static void
clear_ready(struct delivery_queue *queue)
{
	for (unsigned left = queue->ready.count; left > 0; left--) {
		uint32_t slot = delivery_ready_pop(queue);

		if (queue->backlog.slots[slot].state == DELIVERY_READY)
			delivery_ready_push(queue, slot);
	}
}

/* From the first of a customer on, as far as all are old and at rest. */
static void
expire_customer(struct delivery_queue *queue, uint32_t slot, struct stream_id before,
		void (*fn)(void *ctx, struct delivery *delivery), void *ctx)
{
	for (; slot != NONE; slot = queue->backlog.slots[slot].behind) {
		struct delivery *delivery = &queue->backlog.slots[slot];

		if (stream_id_cmp(delivery->at, before) >= 0 ||
		    delivery->state == DELIVERY_FLYING)
			return;
		if (delivery->state == DELIVERY_DEAD)
			continue;
		queue->sleeping -= delivery->state == DELIVERY_SLEEPING;
		mark_dead(queue, delivery);
		fn(ctx, delivery);
	}
}

static void
expire_list(struct delivery_queue *queue, uint32_t slot, struct stream_id before,
	    void (*fn)(void *ctx, struct delivery *delivery), void *ctx)
{
	for (; slot != NONE && stream_id_cmp(queue->backlog.slots[slot].at, before) < 0;
	     slot = queue->backlog.slots[slot].newer)
		if (backlog_is_first(&queue->backlog, slot))
			expire_customer(queue, slot, before, fn, ctx);
}

/* Those to be sent again too, by when somebody asked for it: else one of them, at the head of a paused endpoint, would
 * keep what is behind it in the alerts stream for ever. */
void
delivery_expire(struct delivery_queue *queue, struct stream_id before,
		void (*fn)(void *ctx, struct delivery *delivery), void *ctx)
{
	unsigned dead = queue->dead;

	expire_list(queue, queue->backlog.again.oldest, before, fn, ctx);
	expire_list(queue, queue->backlog.order.oldest, before, fn, ctx);
	if (queue->dead > dead)
		clear_ready(queue);
}

void
delivery_bury(struct delivery_queue *queue, struct delivery *delivery)
{
	assert(delivery->state == DELIVERY_DEAD && queue->dead > 0);
	queue->dead--;
	delivery_remove(queue, delivery);
}
