/* SPDX-License-Identifier: Apache-2.0 */
/* Decides which alerts of an endpoint leave next: one of a customer at a time, the rest behind it. */
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

void
delivery_take_again(struct delivery_queue *queue, struct stream_id at, struct str id,
		    struct str customer, struct str body)
{
	uint32_t slot = backlog_take_again(&queue->backlog, at, id, customer, body);

	queue->backlog.slots[slot].state = DELIVERY_BEHIND;
	if (backlog_is_first(&queue->backlog, slot))
		begin_customer(queue, slot);
}

/* The one behind it may leave, unless it is under way in the same request, or dead too. */
static void
remove_delivery(struct delivery_queue *queue, const struct delivery *delivery)
{
	uint32_t next =
		backlog_remove(&queue->backlog, backlog_slot(&queue->backlog, delivery));

	if (next != NONE && queue->backlog.slots[next].state == DELIVERY_BEHIND)
		begin_customer(queue, next);
}

/* Up to now it was as the queue's state says: call before the state changes. */
static void
advance(struct delivery_queue *queue, int64_t now)
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
send_ready(struct delivery_queue *queue, int64_t now)
{
	struct delivery *delivery = &queue->backlog.slots[list_pop(queue, &queue->ready)];

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
		make_ready(queue, entry.item);
	}
	circuit_probe(&queue->circuit);
	return send_ready(queue, now);
}

/* --- digests --------------------------------------------------------------------------------------- */

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
		if (delivery->state != DELIVERY_BEHIND || delivery->alone)
			return;
	}
}

/* More is ready than may leave one by one. With the last token whatever else there is rides along. */
static bool
is_over_rate(const struct delivery_queue *queue, unsigned tokens)
{
	return queue->gathers || queue->ready.count > tokens || tokens == 1;
}

static void
digest_fill(struct delivery_queue *queue, struct digest *digest)
{
	unsigned left = queue->ready.count;

	for (; left > 0 && digest->count < digest->max; left--) {
		struct delivery *delivery =
			&queue->backlog.slots[list_pop(queue, &queue->ready)];

		if (delivery->alone)
			list_push(queue, &queue->ready,
				  backlog_slot(&queue->backlog, delivery));
		else
			digest_add_customer(queue, digest, delivery);
	}
}

/* The first one ready has been taken; others join it. Returns the one that begins the request. */
static struct delivery *
join_others(struct delivery_queue *queue, struct delivery *first)
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

static struct delivery *
next_request(struct delivery_queue *queue, int64_t now)
{
	unsigned tokens = rate_limit_tokens(&queue->rate, now);
	bool joins = queue->policy.digest_max > 1 && is_over_rate(queue, tokens);
	struct delivery *first = send_ready(queue, now);

	return joins && !first->alone ? join_others(queue, first) : first;
}

struct delivery *
delivery_joined(const struct delivery_queue *queue, const struct delivery *delivery)
{
	return delivery->joined == NONE ? NULL : &queue->backlog.slots[delivery->joined];
}

/* --- going on -------------------------------------------------------------------------------------- */

/* Neither paused nor resting nor outside of its hours. */
static bool
is_open(struct delivery_queue *queue, int64_t now)
{
	if (queue->paused || now < queue->throttled_until || now < queue->quiet_until)
		return false;
	queue->throttled_until = 0;
	if (queue->quiet_until > 0)
		queue->gathers = true;
	queue->quiet_until = 0;
	return true;
}

struct delivery *
delivery_next(struct delivery_queue *queue, int64_t now)
{
	advance(queue, now);
	if (!is_open(queue, now) || queue->flying >= queue->policy.concurrency ||
	    rate_limit_tokens(&queue->rate, now) == 0)
		return NULL;
	if (queue->circuit.state != CIRCUIT_CLOSED)
		return next_probe(queue, now);
	wake_sleepers(queue, now);
	if (queue->ready.count > 0)
		return next_request(queue, now);
	queue->gathers = false;
	return NULL;
}

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
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
	closed_until = later(rate_limit_free_at(&queue->rate),
			     later(queue->throttled_until, queue->quiet_until));
	if (queue->circuit.state == CIRCUIT_PROBING)
		return NEVER;
	if (queue->circuit.state == CIRCUIT_OPEN)
		return later(queue->circuit.probe_at, closed_until);
	if (queue->ready.count > 0)
		return closed_until;
	return heap_peek(&queue->sleepers, &entry) ? later(entry.at, closed_until) : NEVER;
}

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
			make_ready(queue, slot);
}

/* The endpoint is back: what waited only because it was away need not wait any longer. */
static void
wake_all(struct delivery_queue *queue)
{
	wake_list(queue, queue->backlog.order.oldest);
	wake_list(queue, queue->backlog.again.oldest);
}

struct delivery_landed
delivery_land(struct delivery_queue *queue, enum retry_outcome outcome, int64_t after,
	      int64_t now)
{
	struct delivery_landed landed = {.outcome = outcome};
	int64_t rest = after >= 0 ? after : queue->policy.throttle;

	advance(queue, now);
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
		queue->throttled_until =
			later(queue->throttled_until, now + later(rest, MIN_THROTTLE));
	return landed;
}

/* A request is not under way any more, and nobody answered: a probe may be another. */
static void
call_off(struct delivery_queue *queue)
{
	assert(queue->flying > 0);
	queue->flying--;
	if (queue->circuit.state == CIRCUIT_PROBING && queue->flying == 0)
		queue->circuit.state = CIRCUIT_OPEN;
}

struct delivery_landed
delivery_unsayable(struct delivery_queue *queue, int64_t now)
{
	advance(queue, now);
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
		remove_delivery(queue, delivery);
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
		uint32_t slot = list_pop(queue, &queue->ready);

		if (queue->backlog.slots[slot].state == DELIVERY_READY)
			list_push(queue, &queue->ready, slot);
	}
}

/* From the first of a customer on, as far as all are old, at rest, and of the alerts stream. */
static void
expire_customer(struct delivery_queue *queue, uint32_t slot, struct stream_id before,
		void (*fn)(void *ctx, struct delivery *delivery), void *ctx)
{
	for (; slot != NONE; slot = queue->backlog.slots[slot].behind) {
		struct delivery *delivery = &queue->backlog.slots[slot];

		if (delivery->again || stream_id_cmp(delivery->at, before) >= 0 ||
		    delivery->state == DELIVERY_FLYING)
			return;
		if (delivery->state == DELIVERY_DEAD)
			continue;
		queue->sleeping -= delivery->state == DELIVERY_SLEEPING;
		mark_dead(queue, delivery);
		fn(ctx, delivery);
	}
}

void
delivery_expire(struct delivery_queue *queue, struct stream_id before,
		void (*fn)(void *ctx, struct delivery *delivery), void *ctx)
{
	uint32_t slot = queue->backlog.order.oldest;
	unsigned dead = queue->dead;

	for (; slot != NONE && stream_id_cmp(queue->backlog.slots[slot].at, before) < 0;
	     slot = queue->backlog.slots[slot].newer)
		if (backlog_is_first(&queue->backlog, slot))
			expire_customer(queue, slot, before, fn, ctx);
	if (queue->dead > dead)
		clear_ready(queue);
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
	struct delivery *next;

	call_off(queue);
	for (; delivery != NULL; delivery = next) {
		next = delivery_joined(queue, delivery);
		(void)try_again(queue, delivery, RETRY_GONE, queue->active_at);
	}
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

void
delivery_quiet(struct delivery_queue *queue, int64_t until, int64_t now)
{
	advance(queue, now);
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
	advance(queue, now);
	return queue->active;
}
