/* SPDX-License-Identifier: Apache-2.0 */
/* A min-heap of (instant, item); entries are never removed from the middle (the owner checks on pop). */
#ifndef BASE_HEAP_H
#define BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heap_entry {
	int64_t at; /* ms */
	uint32_t item;
} __attribute__((packed, aligned(4))); /* of 12 bytes */

struct heap {
	struct heap_entry *entries; /* owned */
	size_t count, cap;
};

void heap_finish(struct heap *heap);
void heap_push(struct heap *heap, int64_t at, uint32_t item);
bool heap_peek(const struct heap *heap, struct heap_entry *out); /* false when empty */
bool heap_pop(struct heap *heap, struct heap_entry *out);
/* The latest instant up to `to` by which at most so many entries are due, but not before the first one's. */
int64_t heap_until(const struct heap *heap, int64_t to, size_t most);

#endif
