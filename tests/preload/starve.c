/* SPDX-License-Identifier: Apache-2.0 */
/* Loaded before the C library, it lets a program run out of memory at a moment of the test's choice.
 *
 *   STARVE_AT=N       the N-th allocation since the program began fails
 *   STARVE_ON=1       and all after it
 *   STARVE_COUNT=FILE how many there were is written there at the end
 *   STARVE_KEEP=N     every N-th free() is forgotten: a leak, for tests of what finds leaks
 *
 * What the loader itself allocates before is not counted. */
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *p, size_t size);
void *__libc_memalign(size_t align, size_t size);
void __libc_free(void *p);

static atomic_ulong allocations, frees;
static unsigned long at, keep;
static bool on, begun;
static const char *count_file;

static unsigned long
number(const char *name)
{
	const char *text = getenv(name);

	return text != NULL ? strtoul(text, NULL, 10) : 0;
}

__attribute__((constructor)) static void
begin(void)
{
	at = number("STARVE_AT");
	on = number("STARVE_ON") != 0;
	keep = number("STARVE_KEEP");
	count_file = getenv("STARVE_COUNT");
	begun = true;
}

__attribute__((destructor)) static void
end(void)
{
	unsigned long count = allocations;
	FILE *file = NULL;

	at = 0;
	if (count_file != NULL)
		file = fopen(count_file, "w");
	if (file == NULL)
		return;
	fprintf(file, "%lu\n", count);
	fclose(file);
}

static bool
fails(void)
{
	unsigned long n;

	if (!begun)
		return false;
	n = atomic_fetch_add(&allocations, 1) + 1;
	if (at == 0 || (on ? n < at : n != at))
		return false;
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
