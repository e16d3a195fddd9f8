/* SPDX-License-Identifier: Apache-2.0 */
/* Moves the heap's end once for all that will be asked for. */
#define _DEFAULT_SOURCE /* madvise, sbrk */
#include "io/small_blocks.h"

#include <limits.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"

#define LEAST ((size_t)16 << 20) /* bytes that are worth it */
#define PAD (128 << 10)		 /* glibc's own M_TOP_PAD */
/* Blocks that are not given pages of their own, together more than what is left of the heap. */
#define PIECE ((size_t)100 << 10)
#define PIECES 64u

size_t
small_blocks_used(void)
{
	return mallinfo2().uordblks;
}

/* Rounded up to a huge page. */
static char *
heap_end(void)
{
	uintptr_t end = (uintptr_t)sbrk(0);

	return (char *)((end + MEM_HUGE_PAGE - 1) & ~(uintptr_t)(MEM_HUGE_PAGE - 1));
}

/* malloc moves the end when there is no room left for what is asked for, and then by M_TOP_PAD besides. */
void
small_blocks_ahead(size_t bytes)
{
	void *pieces[PIECES];
	char *before = heap_end(), *end;
	unsigned count = 0;

	if (bytes < LEAST)
		return;
	if (bytes > INT_MAX)
		bytes = INT_MAX;
	(void)mallopt(M_TRIM_THRESHOLD, INT_MAX);
	(void)mallopt(M_TOP_PAD, (int)bytes);
	while (count < PIECES && heap_end() == before)
		pieces[count++] = malloc(PIECE);
	(void)mallopt(M_TOP_PAD, PAD);
	end = heap_end();
	if (end > before)
		(void)madvise(before, (size_t)(end - before) - MEM_HUGE_PAGE, MADV_HUGEPAGE);
	while (count > 0)
		free(pieces[--count]);
}
