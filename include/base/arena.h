/* SPDX-License-Identifier: Apache-2.0 */
/* An arena: many small allocations that end together. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

#include "base/text.h"

struct arena_chunk;

struct arena {
	struct arena_chunk *chunks; /* owned, newest first */
	size_t used;		    /* bytes used in the newest chunk */
	size_t total;		    /* bytes handed out since init or reset */
};

void arena_init(struct arena *arena);
void arena_finish(struct arena *arena);
/* Forgets all allocations, keeps the largest chunk for reuse. */
void arena_reset(struct arena *arena);
void *arena_alloc(struct arena *arena, size_t size); /* zeroed, 16-byte aligned */
/* A copy of n bytes that lives in the arena. */
void *arena_copy(struct arena *arena, const void *bytes, size_t n);
void *arena_array(struct arena *arena, size_t count, size_t size);
/* A copy that lives in the arena, with a terminating NUL that .n does not count. */
struct str arena_str(struct arena *arena, struct str text);
/* These texts, one behind the other. */
struct str arena_join(struct arena *arena, const struct str *parts, size_t count);
#define ARENA_JOIN(arena, ...)                               \
	arena_join(arena, (const struct str[]){__VA_ARGS__}, \
		   sizeof((const struct str[]){__VA_ARGS__}) / sizeof(struct str))
struct str arena_printf(struct arena *arena, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
