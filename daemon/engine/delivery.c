/* SPDX-License-Identifier: Apache-2.0 */
/* Decides which alerts of an endpoint leave next: one of a customer at a time, the rest behind it. */
#include "engine/delivery.h"

#include <assert.h>

#include "engine/delivery_inside.h"

#define NONE BACKLOG_NONE

void
delivery_ready_push(struct delivery_queue *queue, uint32_t slot)
{
	struct delivery *slots = queue->backlog.slots;
	struct delivery_list *list = &queue->ready;

	slots[slot].next = NONE;
	if (list->count++ == 0)
		list->first = slot;
	else
		slots[list->last].next = slot;
	list->last = slot;
}

uint32_t
delivery_ready_pop(struct delivery_queue *queue)
{
	struct delivery_list *list = &queue->ready;
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
	rate_limit_init(&queue->rate, policy->rate_count, policy->rate_per);
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
	delivery_ready_push(queue, slot);
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

void
delivery_take_again(struct delivery_queue *queue, struct stream_id at, struct str id,
		    struct str customer, struct str body)
{
	uint32_t slot = backlog_take_again(&queue->backlog, at, id, customer, body);

	queue->backlog.slots[slot].state = DELIVERY_BEHIND;
	if (backlog_is_first(&queue->backlog, slot))
		begin_customer(queue, slot);
}

void
delivery_remove(struct delivery_queue *queue, const struct delivery *delivery)
{
	uint32_t next =
		backlog_remove(&queue->backlog, backlog_slot(&queue->backlog, delivery));

	if (next != NONE && queue->backlog.slots[next].state == DELIVERY_BEHIND)
		begin_customer(queue, next);
}

void
delivery_advance(struct delivery_queue *queue, int64_t now)
{
	int64_t from = queue->active_at;

	if (now <= from)
		return;
	if (queue->quiet_until > from)
		from = queue->quiet_until < now ? queue->quiet_until : now;
	if (!queue->paused && queue->circuit.state == CIRCUIT_CLOSED)
		queue->active += now - from;
	queue->active_at = now;
}

void
delivery_make_ready(struct delivery_queue *queue, uint32_t slot)
{
	assert(queue->backlog.slots[slot].state == DELIVERY_SLEEPING);
	queue->backlog.slots[slot].state = DELIVERY_READY;
	queue->sleeping--;
	delivery_ready_push(queue, slot);
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
		delivery_make_ready(queue, entry.item);
}

static struct delivery *
send_ready(struct delivery_queue *queue, int64_t now)
{
	struct delivery *delivery = &queue->backlog.slots[delivery_ready_pop(queue)];

	delivery->state = DELIVERY_FLYING;
	delivery->joined = NONE;
	delivery->in_digest = false;
	queue->flying++;
	rate_limit_take(&queue->rate, now);
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
		delivery_make_ready(queue, entry.item);
	}
	circuit_probe(&queue->circuit);
	return send_ready(queue, now);
}

/* More is ready than may leave one by one. With the last token whatever else there is rides along. */
static bool
is_over_rate(const struct delivery_queue *queue, unsigned tokens)
{
	return queue->gathers || queue->ready.count > tokens || tokens == 1;
}

static struct delivery *
next_request(struct delivery_queue *queue, int64_t now)
{
	unsigned tokens = rate_limit_tokens(&queue->rate, now);
	bool joins = queue->policy.digest_max > 1 && is_over_rate(queue, tokens);
	struct delivery *first = send_ready(queue, now);

	return joins && !first->alone ? delivery_join_others(queue, first) : first;
}

struct delivery *
delivery_joined(const struct delivery_queue *queue, const struct delivery *delivery)
{
	return delivery->joined == NONE ? NULL : &queue->backlog.slots[delivery->joined];
}

/* Neither paused nor resting nor outside of its hours. */
static bool
is_open(struct delivery_queue *queue, int64_t now)
{
	if (queue->paused || now < queue->throttled_until || now < queue->quiet_until)
		return false;
	/* What waited goes together. */
	if (queue->quiet_until > 0 || queue->throttled_until > 0)
		queue->gathers = true;
	queue->throttled_until = queue->quiet_until = 0;
	return true;
}

struct delivery *
delivery_next(struct delivery_queue *queue, int64_t now)
{
	delivery_advance(queue, now);
	if (!is_open(queue, now) || queue->flying >= queue->policy.concurrency)
		return NULL;
	if (rate_limit_tokens(&queue->rate, now) == 0) {
		queue->gathers |= queue->ready.count > 0;
		return NULL;
	}
	if (queue->circuit.state != CIRCUIT_CLOSED)
		return next_probe(queue, now);
	wake_sleepers(queue, now);
	if (queue->ready.count > 0)
		return next_request(queue, now);
	queue->gathers = false;
	return NULL;
}

int64_t
delivery_wakes_at(const struct delivery_queue *queue)
{
	struct heap_entry entry;
	int64_t closed_until;

	if (queue->paused || queue->ready.count + queue->sleeping == 0 ||
	    queue->flying >= queue->policy.concurrency)
		return NEVER;
	/* Until then no token, no hours, a rest. */
	closed_until =
		delivery_later(rate_limit_free_at(&queue->rate),
			       delivery_later(queue->throttled_until, queue->quiet_until));
	if (queue->circuit.state == CIRCUIT_PROBING)
		return NEVER;
	if (queue->circuit.state == CIRCUIT_OPEN)
		return delivery_later(queue->circuit.probe_at, closed_until);
	if (queue->ready.count > 0)
		return closed_until;
	return heap_peek(&queue->sleepers, &entry) ? delivery_later(entry.at, closed_until)
						   : NEVER;
}

void
delivery_pause(struct delivery_queue *queue, int64_t now)
{
	delivery_advance(queue, now);
	queue->paused = true;
}

void
delivery_resume(struct delivery_queue *queue, int64_t now)
{
	delivery_advance(queue, now);
	queue->paused = false;
	queue->gathers |= queue->throttled_until > 0;
	queue->throttled_until = 0;
	delivery_hurry(queue);
}

void
delivery_quiet(struct delivery_queue *queue, int64_t until, int64_t now)
{
	delivery_advance(queue, now);
	if (until > now)
		queue->quiet_until = until;
	else if (queue->quiet_until > now)
		queue->quiet_until = now; /* the next request sees that they have begun */
}

void
delivery_set_policy(struct delivery_queue *queue, const struct delivery_policy *policy)
{
	if (policy->rate_count != queue->policy.rate_count ||
	    policy->rate_per != queue->policy.rate_per)
		rate_limit_init(&queue->rate, policy->rate_count, policy->rate_per);
	queue->policy = *policy;
	queue->circuit.opens_after = policy->opens_after;
	queue->circuit.probe_every = policy->probe_every;
}

int64_t
delivery_active(struct delivery_queue *queue, int64_t now)
{
	delivery_advance(queue, now);
	return queue->active;
}
