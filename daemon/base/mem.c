/* SPDX-License-Identifier: Apache-2.0 */
/* Allocation that ends the process instead of failing. */
#define _DEFAULT_SOURCE /* madvise */
#include "base/mem.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static void (*on_failure)(void) = abort;

void
mem_on_failure(void (*last_words)(void))
{
	on_failure = last_words;
}

void
mem_fail(void)
{
	on_failure();
	abort();
}

static void *
sure(void *p)
{
	if (p == NULL)
		mem_fail();
	return p;
}

static size_t
product(size_t count, size_t size)
{
	if (size != 0 && count > SIZE_MAX / size)
		mem_fail();
	return count * size;
}

void *
mem_alloc(size_t size)
{
	return sure(calloc(1, size ? size : 1));
}

void *
mem_array(size_t count, size_t size)
{
	return mem_alloc(product(count, size));
}

/* ---- huge pages ---- */

static _Atomic(void *) pages_ahead[MEM_PAGES_AHEAD];

static void *
page_take(void)
{
	void *page = NULL;

	for (unsigned i = 0; i < MEM_PAGES_AHEAD && page == NULL; i++)
		page = atomic_exchange(&pages_ahead[i], NULL);
	return page;
}

static bool
page_put(void *page)
{
	for (unsigned i = 0; i < MEM_PAGES_AHEAD; i++) {
		void *none = NULL;

		if (atomic_compare_exchange_strong(&pages_ahead[i], &none, page))
			return true;
	}
	return false;
}

/* Not zeroed; NULL: there is no memory. */
static void *
huge_make(size_t bytes)
{
	void *p = aligned_alloc(MEM_HUGE_PAGE, bytes);

	if (p != NULL)
		(void)madvise(p, bytes, MADV_HUGEPAGE);
	return p;
}

unsigned
mem_pages_waiting(void)
{
	unsigned count = 0;

	for (unsigned i = 0; i < MEM_PAGES_AHEAD; i++)
		count += atomic_load(&pages_ahead[i]) != NULL;
	return count;
}

bool
mem_page_ahead(void)
{
	void *page = mem_pages_waiting() < MEM_PAGES_AHEAD ? huge_make(MEM_HUGE_PAGE) : NULL;

	if (page == NULL)
		return false;
	if (!page_put(memset(page, 0, MEM_HUGE_PAGE)))
		mem_free(page); /* another thread was faster */
	return true;
}

void
mem_pages_drop(void)
{
	void *page;

	while ((page = page_take()) != NULL)
		mem_free(page);
}

void *
mem_table(size_t count, size_t size)
{
	size_t bytes = product(count, size), align = bytes < MEM_HUGE_PAGE ? 64 : MEM_HUGE_PAGE;
	void *p = bytes == MEM_HUGE_PAGE ? page_take() : NULL;

	if (p != NULL)
		return p;
	bytes = product(bytes / align + (bytes % align != 0 || bytes == 0), align);
	p = sure(align == MEM_HUGE_PAGE ? huge_make(bytes) : aligned_alloc(align, bytes));
	return memset(p, 0, bytes);
}

void *
mem_bytes(size_t size)
{
	return mem_resize(NULL, size);
}

void *
mem_resize(void *p, size_t size)
{
	return sure(realloc(p, size ? size : 1));
}

char *
mem_copy_text(const char *text)
{
	size_t size = strlen(text) + 1;

	return memcpy(mem_bytes(size), text, size);
}

void
mem_free(void *p)
{
	free(p);
}

void
mem_reserve(void **items, size_t *cap, size_t need, size_t size)
{
	size_t grown = *cap > SIZE_MAX / 2 ? need : *cap * 2;
	void *p;

	if (need <= *cap)
		return;
	if (grown < need)
		grown = need;
	if (grown < 8)
		grown = 8;
	/* *items is some T *: its bytes are copied, because a void * may not alias it. */
	memcpy(&p, items, sizeof p);
	p = mem_resize(p, product(grown, size));
	memcpy(items, &p, sizeof p);
	*cap = grown;
}
