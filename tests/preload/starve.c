/* SPDX-License-Identifier: Apache-2.0 */
/* Loaded before the C library, it lets a program run out of memory at a moment of the test's choice.
 *
 *   STARVE_STACK=HASH  the STARVE_NTH-th (first) allocation with this call stack fails
 *   STARVE_ON=1        and all after it
 *   STARVE_STACKS=FILE at the end a line for each call stack: HASH, how many, the number of the first
 *   STARVE_KEEP=N      every N-th free() is forgotten: a leak, for tests of what finds leaks
 *
 * A call stack is the STARVE_FRAMES (12) innermost return addresses, each as its distance from where its
 * library lies: the same in each run. What the loader itself allocates before is not counted. */
#define _GNU_SOURCE
#include <errno.h>
#include <execinfo.h>
#include <link.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define STACKS (UINT64_C(1) << 16)
#define FRAMES 64
#define OWN 2 /* frames of this file at least */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *p, size_t size);
void *__libc_memalign(size_t align, size_t size);
void __libc_free(void *p);

static struct stack {
	uint64_t hash;
	unsigned long count, first;
} stacks[STACKS];
static pthread_mutex_t stacks_lock = PTHREAD_MUTEX_INITIALIZER;

static atomic_ulong allocations, frees;
static atomic_bool starving;
static unsigned long nth, keep, frames;
static uint64_t wanted;
static bool on, begun;
static const char *stacks_file;

static unsigned long
number(const char *name)
{
	const char *text = getenv(name);

	return text != NULL ? strtoul(text, NULL, 10) : 0;
}

__attribute__((constructor)) static void
begin(void)
{
	const char *hash = getenv("STARVE_STACK");
	void *first[1];

	on = number("STARVE_ON") != 0;
	keep = number("STARVE_KEEP");
	nth = number("STARVE_NTH");
	frames = number("STARVE_FRAMES");
	if (frames == 0 || frames > FRAMES - OWN)
		frames = 12;
	wanted = hash != NULL ? strtoull(hash, NULL, 16) : 0;
	stacks_file = getenv("STARVE_STACKS");
	backtrace(first, 1); /* it loads a library when it is called first */
	begun = true;
}

__attribute__((destructor)) static void
end(void)
{
	FILE *file;

	begun = false;
	file = stacks_file != NULL ? fopen(stacks_file, "w") : NULL;
	if (file == NULL)
		return;
	for (size_t i = 0; i < STACKS; i++)
		if (stacks[i].count > 0)
			fprintf(file, "%016llx %lu %lu\n", (unsigned long long)stacks[i].hash,
				stacks[i].count, stacks[i].first);
	fclose(file);
}

/* Where the library lies that has this address. */
static uintptr_t
base_of(void *address)
{
	struct dl_find_object found;

	return _dl_find_object(address, &found) == 0 ? (uintptr_t)found.dlfo_map_start : 0;
}

static uint64_t
stack_here(void)
{
	void *calls[FRAMES];
	int count = backtrace(calls, (int)(frames + OWN));
	uint64_t hash = UINT64_C(14695981039346656037);

	for (int i = 0; i < count; i++)
		hash = (hash ^ ((uintptr_t)calls[i] - base_of(calls[i]))) *
		       UINT64_C(1099511628211);
	return hash | 1;
}

/* How many have had it, this one counted. */
static unsigned long
stack_note(uint64_t hash, unsigned long n)
{
	uint64_t i = hash >> 48 & (STACKS - 1);
	unsigned long count;

	pthread_mutex_lock(&stacks_lock);
	while (stacks[i].count > 0 && stacks[i].hash != hash)
		i = (i + 1) & (STACKS - 1);
	if (stacks[i].count == 0)
		stacks[i] = (struct stack){.hash = hash, .first = n};
	count = ++stacks[i].count;
	pthread_mutex_unlock(&stacks_lock);
	return count;
}

static bool
is_the_one(unsigned long n)
{
	uint64_t hash;
	unsigned long count;

	if (wanted == 0 && stacks_file == NULL)
		return false;
	hash = stack_here();
	count = stack_note(hash, n);
	return hash == wanted && count == (nth > 0 ? nth : 1);
}

static __attribute__((noinline)) bool
fails(void)
{
	unsigned long n;

	if (!begun)
		return false;
	n = atomic_fetch_add(&allocations, 1) + 1;
	if (!(starving && on)) {
		if (starving || !is_the_one(n))
			return false;
		starving = true;
	}
	errno = ENOMEM;
	return true;
}

void *
malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

void *
calloc(size_t count, size_t size)
{
	return fails() ? NULL : __libc_calloc(count, size);
}

void *
realloc(void *p, size_t size)
{
	return fails() ? NULL : __libc_realloc(p, size);
}

void *
aligned_alloc(size_t align, size_t size)
{
	return fails() ? NULL : __libc_memalign(align, size);
}

void *
memalign(size_t align, size_t size)
{
	return aligned_alloc(align, size);
}

int
posix_memalign(void **out, size_t align, size_t size)
{
	void *p = aligned_alloc(align, size);

	if (p == NULL)
		return ENOMEM;
	*out = p;
	return 0;
}

void
free(void *p)
{
	if (keep == 0 || atomic_fetch_add(&frees, 1) % keep != 0)
		__libc_free(p);
}
