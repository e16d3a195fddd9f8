/* SPDX-License-Identifier: Apache-2.0 */
/* Hands out pieces of ever larger chunks that all end together. */
#include "base/arena.h"

#include <assert.h>
#include <stdarg.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define ALIGN ((size_t)16)
#define FIRST_CHUNK ((size_t)4096)
#define LARGEST_STEP ((size_t)1 << 20) /* chunks stop doubling here */

struct arena_chunk {
	struct arena_chunk *older; /* owned */
	size_t size;		   /* of bytes */
	alignas(16) unsigned char bytes[];
};

void
arena_init(struct arena *arena)
{
	*arena = (struct arena){0};
}

static void
free_chunks(struct arena_chunk *chunk)
{
	while (chunk != NULL) {
		struct arena_chunk *older = chunk->older;

		mem_free(chunk);
		chunk = older;
	}
}

void
arena_finish(struct arena *arena)
{
	free_chunks(arena->chunks);
	arena_init(arena);
}

void
arena_reset(struct arena *arena)
{
	struct arena_chunk *largest = NULL, *chunk, *older;

	for (chunk = arena->chunks; chunk != NULL; chunk = older) {
		older = chunk->older;
		if (largest != NULL && largest->size >= chunk->size) {
			mem_free(chunk);
			continue;
		}
		mem_free(largest);
		largest = chunk;
	}
	if (largest != NULL)
		largest->older = NULL;
	*arena = (struct arena){.chunks = largest};
}

static void
add_chunk(struct arena *arena, size_t need)
{
	size_t size = arena->chunks ? arena->chunks->size * 2 : FIRST_CHUNK;
	struct arena_chunk *chunk;

	if (size > LARGEST_STEP)
		size = LARGEST_STEP;
	if (size < need)
		size = need;
	chunk = mem_resize(NULL, sizeof *chunk + size);
	chunk->older = arena->chunks;
	chunk->size = size;
	arena->chunks = chunk;
	arena->used = 0;
}

/* At least size bytes, of any value. */
static unsigned char *
take(struct arena *arena, size_t size, size_t *taken)
{
	if (size > SIZE_MAX / 4)
		mem_fail();
	size_t need = (size + (size == 0) + ALIGN - 1) & ~(ALIGN - 1);

	if (arena->chunks == NULL || arena->chunks->size - arena->used < need)
		add_chunk(arena, need);
	unsigned char *p = arena->chunks->bytes + arena->used;

	arena->used += need;
	arena->total += need;
	*taken = need;
	return p;
}

void *
arena_alloc(struct arena *arena, size_t size)
{
	size_t taken;
	unsigned char *p = take(arena, size, &taken);

	return memset(p, 0, taken);
}

void *
arena_copy(struct arena *arena, const void *bytes, size_t n)
{
	size_t taken;
	unsigned char *p = take(arena, n, &taken);

	return n > 0 ? memcpy(p, bytes, n) : p;
}

void *
arena_array(struct arena *arena, size_t count, size_t size)
{
	if (size != 0 && count > SIZE_MAX / size)
		mem_fail();
	return arena_alloc(arena, count * size);
}

struct str
arena_str(struct arena *arena, struct str text)
{
	char *p = arena_alloc(arena, text.n + 1);

	if (text.n != 0)
		memcpy(p, text.p, text.n);
	return (struct str){p, text.n};
}

struct str
arena_join(struct arena *arena, const struct str *parts, size_t count)
{
	size_t n = 0, taken;

	for (size_t i = 0; i < count; i++)
		n += parts[i].n;
	char *begin = (char *)take(arena, n + 1, &taken), *p = begin;

	for (size_t i = 0; i < count; i++) {
		if (parts[i].n != 0)
			memcpy(p, parts[i].p, parts[i].n);
		p += parts[i].n;
	}
	*p = '\0';
	return (struct str){begin, n};
}

struct str
arena_printf(struct arena *arena, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	int n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	assert(n >= 0);
	char *p = arena_alloc(arena, (size_t)n + 1);

	va_start(args, fmt);
	vsnprintf(p, (size_t)n + 1, fmt, args);
	va_end(args);
	return (struct str){p, (size_t)n};
}
