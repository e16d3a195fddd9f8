/* SPDX-License-Identifier: Apache-2.0 */
/* A min-heap; equal instants leave in the order of their items, whatever the history. */
#include "base/heap.h"

#include "base/mem.h"

/* Four children a node: half as deep as a binary heap, and the children lie side by side. A million entries are far
 * from the processor. */
#define CHILDREN 4

void
heap_finish(struct heap *heap)
{
	mem_free(heap->entries);
	*heap = (struct heap){0};
}

static bool
is_sooner(struct heap_entry a, struct heap_entry b)
{
	return a.at != b.at ? a.at < b.at : a.item < b.item;
}

void
heap_push(struct heap *heap, int64_t at, uint32_t item)
{
	struct heap_entry entry = {at, item};
	size_t hole = heap->count;

	MEM_RESERVE(heap->entries, heap->cap, heap->count + 1);
	heap->count++;
	while (hole > 0 && is_sooner(entry, heap->entries[(hole - 1) / CHILDREN])) {
		heap->entries[hole] = heap->entries[(hole - 1) / CHILDREN];
		hole = (hole - 1) / CHILDREN;
	}
	heap->entries[hole] = entry;
}

bool
heap_peek(const struct heap *heap, struct heap_entry *out)
{
	if (heap->count == 0)
		return false;
	*out = heap->entries[0];
	return true;
}

static size_t
soonest(const struct heap *heap, size_t first)
{
	size_t end = first + CHILDREN < heap->count ? first + CHILDREN : heap->count;
	size_t best = first;

	for (size_t i = first + 1; i < end; i++)
		if (is_sooner(heap->entries[i], heap->entries[best]))
			best = i;
	return best;
}

/* Lets `entry` sink from the root of a heap whose root is a hole. */
static void
sink(struct heap *heap, struct heap_entry entry)
{
	struct heap_entry *entries = heap->entries;
	size_t hole = 0, child;

	while ((child = CHILDREN * hole + 1) < heap->count) {
		child = soonest(heap, child);
		if (!is_sooner(entries[child], entry))
			break;
		entries[hole] = entries[child];
		hole = child;
	}
	entries[hole] = entry;
}

bool
heap_pop(struct heap *heap, struct heap_entry *out)
{
	if (!heap_peek(heap, out))
		return false;
	heap->count--;
	if (heap->count > 0)
		sink(heap, heap->entries[heap->count]);
	return true;
}

/* How many of the heap under this node lie at or before the instant; `most` are enough. */
static size_t
count_until(const struct heap *heap, size_t node, int64_t at, size_t most)
{
	size_t count = 1;

	if (most == 0 || node >= heap->count || heap->entries[node].at > at)
		return 0;
	for (size_t i = 1; i <= CHILDREN; i++)
		count += count_until(heap, CHILDREN * node + i, at, most - count);
	return count;
}

int64_t
heap_until(const struct heap *heap, int64_t to, size_t most)
{
	int64_t low, middle;

	if (heap->count == 0 || heap->entries[0].at >= to)
		return to;
	low = heap->entries[0].at;
	while (low < to) {
		middle = low + (to - low + 1) / 2;
		if (count_until(heap, 0, middle, most + 1) <= most)
			low = middle;
		else
			to = middle - 1;
	}
	return low;
}
