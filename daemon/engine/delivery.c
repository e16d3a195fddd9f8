/* SPDX-License-Identifier: Apache-2.0 */
/* Decides which alert of an endpoint leaves next: one of a customer at a time, the rest behind it. */
#include "engine/delivery.h"

#include <assert.h>

#define NONE BACKLOG_NONE
#define MIN_THROTTLE SECOND_MS /* "Retry-After: 0" is no invitation to spin */

static void
list_push(struct delivery_queue *queue, struct delivery_list *list, uint32_t slot)
{
	struct delivery *slots = queue->backlog.slots;

	slots[slot].next = NONE;
	if (list->count++ == 0)
		list->first = slot;
	else
		slots[list->last].next = slot;
	list->last = slot;
}

static uint32_t
list_pop(const struct delivery_queue *queue, struct delivery_list *list)
{
	uint32_t slot = list->first;

	assert(list->count > 0);
	list->first = queue->backlog.slots[slot].next;
	list->count--;
	return slot;
}

void
delivery_queue_init(struct delivery_queue *queue, const struct delivery_policy *policy,
		    int64_t now)
{
	assert(policy->concurrency > 0);
	*queue = (struct delivery_queue){
		.policy = *policy,
		.circuit = {.opens_after = policy->opens_after,
			    .probe_every = policy->probe_every},
		.active_at = now,
	};
	backlog_init(&queue->backlog, policy->window,
		     (struct hash_seed){(uint64_t)now, (uint64_t)(uintptr_t)queue});
}

void
delivery_queue_finish(struct delivery_queue *queue)
{
	backlog_finish(&queue->backlog);
	heap_finish(&queue->sleepers);
}

unsigned
delivery_room(const struct delivery_queue *queue)
{
	if (queue->backlog.bytes >= queue->policy.window_bytes)
		return 0;
	return queue->policy.window - queue->backlog.held;
}

/* The first of its customer may leave. */
static void
begin_customer(struct delivery_queue *queue, uint32_t slot)
{
	queue->backlog.slots[slot].state = DELIVERY_READY;
	list_push(queue, &queue->ready, slot);
}

void
delivery_take(struct delivery_queue *queue, struct stream_id at, struct str id,
	      struct str customer, struct str body, int64_t first_active, int64_t first_at)
{
	uint32_t slot = backlog_take(&queue->backlog, at, id, customer, body);

	queue->backlog.slots[slot].first_active = first_active;
	queue->backlog.slots[slot].first_at = first_at;
	queue->backlog.slots[slot].state = DELIVERY_BEHIND;
	if (backlog_is_first(&queue->backlog, slot))
		begin_customer(queue, slot);
}

static void
remove_delivery(struct delivery_queue *queue, const struct delivery *delivery)
{
	uint32_t next =
		backlog_remove(&queue->backlog, backlog_slot(&queue->backlog, delivery));

	if (next != NONE)
		begin_customer(queue, next);
}

/* Up to now it was as the queue's state says: call before the state changes. */
static void
advance(struct delivery_queue *queue, int64_t now)
{
	if (now <= queue->active_at)
		return;
	if (!queue->paused && queue->circuit.state == CIRCUIT_CLOSED)
		queue->active += now - queue->active_at;
	queue->active_at = now;
}

static void
make_ready(struct delivery_queue *queue, uint32_t slot)
{
	assert(queue->backlog.slots[slot].state == DELIVERY_SLEEPING);
	queue->backlog.slots[slot].state = DELIVERY_READY;
	queue->sleeping--;
	list_push(queue, &queue->ready, slot);
}

/* The sleeper that wakes first, stale entries thrown away; false when nobody sleeps. */
static bool
first_sleeper(struct delivery_queue *queue, struct heap_entry *out)
{
	struct heap_entry entry;

	while (heap_peek(&queue->sleepers, out)) {
		const struct delivery *delivery = &queue->backlog.slots[out->item];

		if (delivery->state == DELIVERY_SLEEPING && delivery->due_at == out->at)
			return true;
		(void)heap_pop(&queue->sleepers, &entry);
	}
	return false;
}

static void
wake_sleepers(struct delivery_queue *queue, int64_t now)
{
	struct heap_entry entry;

	while (first_sleeper(queue, &entry) && entry.at <= now)
		make_ready(queue, entry.item);
}

static struct delivery *
send_ready(struct delivery_queue *queue)
{
	struct delivery *delivery = &queue->backlog.slots[list_pop(queue, &queue->ready)];

	delivery->state = DELIVERY_FLYING;
	queue->flying++;
	return delivery;
}

/* While the circuit is not closed: one at a time, and rather one that has not been tried yet. */
static struct delivery *
next_probe(struct delivery_queue *queue, int64_t now)
{
	struct heap_entry entry;

	if (!circuit_lets_through(&queue->circuit, now))
		return NULL;
	if (queue->ready.count == 0) {
		if (!first_sleeper(queue, &entry))
			return NULL;
		make_ready(queue, entry.item);
	}
	circuit_probe(&queue->circuit);
	return send_ready(queue);
}

struct delivery *
delivery_next(struct delivery_queue *queue, int64_t now)
{
	advance(queue, now);
	if (queue->paused || now < queue->throttled_until)
		return NULL;
	queue->throttled_until = 0;
	if (queue->flying >= queue->policy.concurrency)
		return NULL;
	if (queue->circuit.state != CIRCUIT_CLOSED)
		return next_probe(queue, now);
	wake_sleepers(queue, now);
	return queue->ready.count > 0 ? send_ready(queue) : NULL;
}

int64_t
delivery_wakes_at(const struct delivery_queue *queue)
{
	struct heap_entry entry;

	if (queue->paused || queue->ready.count + queue->sleeping == 0 ||
	    queue->flying >= queue->policy.concurrency)
		return NEVER;
	if (queue->throttled_until > 0)
		return queue->throttled_until;
	if (queue->circuit.state == CIRCUIT_PROBING)
		return NEVER;
	if (queue->circuit.state == CIRCUIT_OPEN)
		return queue->circuit.probe_at;
	if (queue->ready.count > 0)
		return 0;
	return heap_peek(&queue->sleepers, &entry) ? entry.at : NEVER;
}

static void
land(struct delivery_queue *queue, struct delivery *delivery)
{
	assert(delivery->state == DELIVERY_FLYING && queue->flying > 0);
	queue->flying--;
}

static void
sleep_until(struct delivery_queue *queue, struct delivery *delivery, int64_t due_at)
{
	delivery->state = DELIVERY_SLEEPING;
	delivery->due_at = due_at;
	queue->sleeping++;
	heap_push(&queue->sleepers, due_at, backlog_slot(&queue->backlog, delivery));
}

/* The endpoint is back: what waited only because it was away need not wait any longer. */
static void
wake_all(struct delivery_queue *queue)
{
	for (uint32_t slot = queue->backlog.oldest; slot != NONE;
	     slot = queue->backlog.slots[slot].newer)
		if (queue->backlog.slots[slot].state == DELIVERY_SLEEPING)
			make_ready(queue, slot);
}

/* What the outcome says about the endpoint, and not about this message. */
static void
judge_endpoint(struct delivery_queue *queue, enum retry_outcome outcome, int64_t after,
	       int64_t now, struct delivery_settled *settled)
{
	int64_t rest = after >= 0 ? after : queue->policy.throttle;

	if (outcome == RETRY_LATER || outcome == RETRY_DENIED) {
		settled->opened = circuit_failed(&queue->circuit, now);
		return;
	}
	settled->closed = circuit_answered(&queue->circuit);
	if (settled->closed)
		wake_all(queue);
	if (outcome == RETRY_GONE) {
		settled->paused = !queue->paused;
		queue->paused = true;
	}
	if (outcome == RETRY_THROTTLED) {
		rest = now + (rest < MIN_THROTTLE ? MIN_THROTTLE : rest);
		if (rest > queue->throttled_until)
			queue->throttled_until = rest;
	}
}

/* A failed delivery goes back to where it waits. */
static void
try_again(struct delivery_queue *queue, struct delivery *delivery, enum retry_outcome outcome,
	  int64_t now, struct delivery_settled *settled)
{
	int64_t due_at = now;

	if (outcome == RETRY_THROTTLED)
		due_at = queue->throttled_until;
	else if (outcome != RETRY_GONE)
		due_at = now + retry_delay(&queue->policy.retry, delivery->id, delivery->waits);
	settled->verdict = DELIVERY_AGAIN;
	settled->wait = due_at - now;
	sleep_until(queue, delivery, due_at);
}

struct delivery_settled
delivery_settle(struct delivery_queue *queue, struct delivery *delivery,
		enum retry_outcome outcome, int64_t after, int64_t now)
{
	struct delivery_settled settled = {.verdict = DELIVERY_DONE};

	advance(queue, now);
	land(queue, delivery);
	judge_endpoint(queue, outcome, after, now, &settled);
	if (outcome == RETRY_DELIVERED) {
		remove_delivery(queue, delivery);
		return settled;
	}
	delivery->attempts++;
	delivery->waits += outcome != RETRY_THROTTLED && outcome != RETRY_GONE;
	delivery->refusals += outcome == RETRY_REFUSED;
	if (delivery->first_active < 0)
		delivery->first_active = queue->active;
	settled.refused = delivery->refusals >= RETRY_REFUSALS;
	if (settled.refused ||
	    (outcome != RETRY_GONE &&
	     queue->active - delivery->first_active >= queue->policy.retry.give_up_after)) {
		settled.verdict = DELIVERY_GIVEN_UP;
		delivery->state = DELIVERY_DEAD;
		queue->dead++;
		return settled;
	}
	try_again(queue, delivery, outcome, now, &settled);
	return settled;
}

void
delivery_bury(struct delivery_queue *queue, struct delivery *delivery)
{
	assert(delivery->state == DELIVERY_DEAD && queue->dead > 0);
	queue->dead--;
	remove_delivery(queue, delivery);
}

void
delivery_unsend(struct delivery_queue *queue, struct delivery *delivery)
{
	land(queue, delivery);
	if (queue->circuit.state == CIRCUIT_PROBING && queue->flying == 0)
		queue->circuit.state = CIRCUIT_OPEN;
	sleep_until(queue, delivery, queue->active_at);
}

void
delivery_pause(struct delivery_queue *queue, int64_t now)
{
	advance(queue, now);
	queue->paused = true;
}

void
delivery_resume(struct delivery_queue *queue, int64_t now)
{
	advance(queue, now);
	queue->paused = false;
}

int64_t
delivery_active(struct delivery_queue *queue, int64_t now)
{
	advance(queue, now);
	return queue->active;
}
