/* SPDX-License-Identifier: Apache-2.0 */
/* Holds what an endpoint has not done with, and knows what of the stream around it is done. */
#include "engine/backlog.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"

#define NONE BACKLOG_NONE

void
backlog_init(struct backlog *backlog, uint32_t window, struct hash_seed seed)
{
	uint32_t buckets = 16;

	assert(window > 0 && window < UINT32_C(1) << 24);
	while (buckets < window)
		buckets *= 2;
	*backlog = (struct backlog){
		.slots = mem_array(window, sizeof *backlog->slots),
		.window = window,
		.free_first = NONE,
		.buckets = mem_array(buckets, sizeof *backlog->buckets),
		.bucket_mask = buckets - 1,
		.seed = seed,
		.order = {NONE, NONE},
		.again = {NONE, NONE},
	};
	for (uint32_t i = 0; i < buckets; i++)
		backlog->buckets[i] = NONE;
}

void
backlog_finish(struct backlog *backlog)
{
	for (uint32_t i = 0; i < backlog->slots_used; i++)
		mem_free(backlog->slots[i].text);
	mem_free(backlog->done);
	mem_free(backlog->buckets);
	mem_free(backlog->slots);
	*backlog = (struct backlog){0};
}

void
backlog_restore(struct backlog *backlog, struct stream_id position,
		const struct backlog_range *done, size_t count)
{
	assert(backlog->held == 0 && backlog->done == NULL);
	backlog->read_to = position;
	backlog->done = mem_array(count, sizeof *done);
	backlog->done_count = count;
	for (size_t i = 0; i < count; i++)
		backlog->done[i] = done[i];
}

void
backlog_reads(const struct backlog *backlog, struct stream_id *after, struct stream_id *before)
{
	*after = backlog->read_to;
	*before = (struct stream_id){0, 0};
	if (backlog->done_next < backlog->done_count)
		*before = backlog->done[backlog->done_next].from;
}

/* Every entry read is told here, in order, so that a delivery learns its neighbours. */
static void
read_over(struct backlog *backlog, struct stream_id from, struct stream_id to)
{
	assert(stream_id_cmp(from, backlog->read_to) > 0 && stream_id_cmp(from, to) <= 0);
	if (backlog->order.newest != NONE) {
		struct delivery *newest = &backlog->slots[backlog->order.newest];

		if (stream_id_cmp(newest->at, backlog->read_to) == 0)
			newest->after = from;
	}
	backlog->read_to = to;
}

void
backlog_pass(struct backlog *backlog, struct stream_id at)
{
	read_over(backlog, at, at);
}

void
backlog_jump(struct backlog *backlog)
{
	const struct backlog_range *range = &backlog->done[backlog->done_next];

	assert(backlog->done_next < backlog->done_count);
	backlog->done_next++;
	read_over(backlog, range->from, range->to);
}

static uint32_t *
bucket_of(const struct backlog *backlog, struct str customer)
{
	uint64_t hash = hash_bytes(customer.p ? customer.p : "", customer.n, backlog->seed);

	return &backlog->buckets[hash & backlog->bucket_mask];
}

static uint32_t
first_of(const struct backlog *backlog, struct str customer)
{
	uint32_t slot = *bucket_of(backlog, customer);

	while (slot != NONE && !str_eq(backlog->slots[slot].customer, customer))
		slot = backlog->slots[slot].bucket_next;
	return slot;
}

static void
make_first(struct backlog *backlog, uint32_t slot)
{
	uint32_t *bucket = bucket_of(backlog, backlog->slots[slot].customer);

	backlog->slots[slot].bucket_next = *bucket;
	*bucket = slot;
}

static void
join_customer(struct backlog *backlog, uint32_t slot)
{
	uint32_t first = first_of(backlog, backlog->slots[slot].customer);
	struct delivery *head;

	if (first == NONE) {
		make_first(backlog, slot);
		return;
	}
	head = &backlog->slots[first];
	if (head->behind == NONE)
		head->behind = slot;
	else
		backlog->slots[head->last_behind].behind = slot;
	head->last_behind = slot;
}

/* Takes the first of a customer out of the table; the one behind it comes in. */
static uint32_t
leave_customer(struct backlog *backlog, uint32_t slot)
{
	const struct delivery *head = &backlog->slots[slot];
	uint32_t *link = bucket_of(backlog, head->customer);
	uint32_t next = head->behind;

	while (*link != slot) {
		assert(*link != NONE);
		link = &backlog->slots[*link].bucket_next;
	}
	*link = head->bucket_next;
	if (next == NONE)
		return NONE;
	backlog->slots[next].last_behind = head->last_behind == next ? NONE : head->last_behind;
	make_first(backlog, next);
	return next;
}

bool
backlog_is_first(const struct backlog *backlog, uint32_t slot)
{
	return first_of(backlog, backlog->slots[slot].customer) == slot;
}

static uint32_t
take_slot(struct backlog *backlog)
{
	uint32_t slot = backlog->free_first;

	assert(backlog->held < backlog->window);
	backlog->held++;
	if (slot == NONE)
		return backlog->slots_used++;
	backlog->free_first = backlog->slots[slot].next;
	return slot;
}

static struct str
place(char **to, struct str text)
{
	struct str placed = {*to, text.n};

	if (text.n > 0)
		memcpy(*to, text.p, text.n);
	*to += text.n;
	return placed;
}

static void
join_order(struct backlog *backlog, struct backlog_list *list, uint32_t slot)
{
	backlog->slots[slot].older = list->newest;
	backlog->slots[slot].newer = NONE;
	if (list->newest == NONE)
		list->oldest = slot;
	else
		backlog->slots[list->newest].newer = slot;
	list->newest = slot;
}

static uint32_t
hold(struct backlog *backlog, struct stream_id at, struct str id, struct str customer,
     struct str body)
{
	char *text = mem_resize(NULL, id.n + customer.n + body.n), *to = text;
	uint32_t slot = take_slot(backlog);

	backlog->slots[slot] = (struct delivery){
		.at = at,
		.id = place(&to, id),
		.customer = place(&to, customer),
		.body = place(&to, body),
		.first_active = -1,
		.next = NONE,
		.joined = NONE,
		.text = text,
		.behind = NONE,
		.last_behind = NONE,
		.bucket_next = NONE,
	};
	backlog->bytes += body.n;
	join_customer(backlog, slot);
	return slot;
}

uint32_t
backlog_take(struct backlog *backlog, struct stream_id at, struct str id, struct str customer,
	     struct str body)
{
	struct stream_id before = backlog->read_to;
	uint32_t slot;

	read_over(backlog, at, at);
	slot = hold(backlog, at, id, customer, body);
	backlog->slots[slot].before = before;
	join_order(backlog, &backlog->order, slot);
	return slot;
}

uint32_t
backlog_take_again(struct backlog *backlog, struct stream_id at, struct str id,
		   struct str customer, struct str body)
{
	uint32_t slot = hold(backlog, at, id, customer, body);

	backlog->slots[slot].again = true;
	join_order(backlog, &backlog->again, slot);
	return slot;
}

bool
backlog_holds_again(const struct backlog *backlog, struct stream_id at)
{
	uint32_t slot = backlog->again.newest;

	while (slot != NONE && stream_id_cmp(backlog->slots[slot].at, at) != 0)
		slot = backlog->slots[slot].older;
	return slot != NONE;
}

static void
leave_order(struct backlog *backlog, const struct delivery *delivery)
{
	struct backlog_list *list = delivery->again ? &backlog->again : &backlog->order;

	if (delivery->older == NONE)
		list->oldest = delivery->newer;
	else
		backlog->slots[delivery->older].newer = delivery->newer;
	if (delivery->newer == NONE)
		list->newest = delivery->older;
	else
		backlog->slots[delivery->newer].older = delivery->older;
}

uint32_t
backlog_remove(struct backlog *backlog, uint32_t slot)
{
	struct delivery *delivery = &backlog->slots[slot];
	uint32_t next = leave_customer(backlog, slot);

	leave_order(backlog, delivery);
	backlog->bytes -= delivery->body.n;
	mem_free(delivery->text);
	*delivery = (struct delivery){.state = DELIVERY_FREE, .next = backlog->free_first};
	backlog->free_first = slot;
	backlog->held--;
	return next;
}

/* From this one on, the oldest that is neither done nor dead. */
static uint32_t
skip_dead(const struct backlog *backlog, uint32_t slot)
{
	while (slot != NONE && backlog->slots[slot].state == DELIVERY_DEAD)
		slot = backlog->slots[slot].newer;
	return slot;
}

struct stream_id
backlog_position(const struct backlog *backlog)
{
	uint32_t first = skip_dead(backlog, backlog->order.oldest);

	return first == NONE ? backlog->read_to : backlog->slots[first].before;
}

void
backlog_ranges(const struct backlog *backlog, void (*fn)(void *ctx, struct backlog_range range),
	       void *ctx)
{
	uint32_t slot = skip_dead(backlog, backlog->order.oldest), next;

	for (; slot != NONE; slot = next) {
		const struct delivery *at = &backlog->slots[slot], *then;

		next = skip_dead(backlog, at->newer);
		then = next == NONE ? NULL : &backlog->slots[next];
		if (then != NULL && stream_id_cmp(at->after, then->at) != 0)
			fn(ctx, (struct backlog_range){at->after, then->before});
		if (then == NULL && stream_id_cmp(at->at, backlog->read_to) != 0)
			fn(ctx, (struct backlog_range){at->after, backlog->read_to});
	}
	for (size_t i = backlog->done_next; i < backlog->done_count; i++)
		fn(ctx, backlog->done[i]);
}
