/* SPDX-License-Identifier: Apache-2.0 */
/* A binary min-heap; equal instants leave in the order of their items, whatever the history. */
#include "base/heap.h"

#include "base/mem.h"

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
	while (hole > 0 && is_sooner(entry, heap->entries[(hole - 1) / 2])) {
		heap->entries[hole] = heap->entries[(hole - 1) / 2];
		hole = (hole - 1) / 2;
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

/* Lets `entry` sink from the root of a heap whose root is a hole. */
static void
sink(struct heap *heap, struct heap_entry entry)
{
	struct heap_entry *entries = heap->entries;
	size_t hole = 0, child;

	while ((child = 2 * hole + 1) < heap->count) {
		if (child + 1 < heap->count && is_sooner(entries[child + 1], entries[child]))
			child++;
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
