/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that cannot fail: running out ends the process, because the truth is committed in Redis. */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>

/* Says that there is no more, and ends the process: by last_words, else by abort(). */
_Noreturn void mem_fail(void);
void mem_on_failure(
	void (*last_words)(void)); /* it does not return, and has no memory to work with */

void *mem_alloc(size_t size);		    /* zeroed; size 0 gives a valid pointer */
void *mem_array(size_t count, size_t size); /* zeroed, overflow-checked */
void *mem_bytes(size_t size);		    /* malloc that cannot fail */
void *mem_resize(void *p, size_t size);	    /* realloc that cannot fail; new bytes undefined */
#define MEM_HUGE_PAGE ((size_t)2 << 20)
/* Zeroed and aligned to 64 bytes; large ones are asked for in huge pages, and aligned to them, since a table that is read
 * at random spends most of its time on looking up pages. Given back with mem_free. */
void *mem_table(size_t count, size_t size);
/* The first touch of a huge page takes a millisecond, for the system empties it. Another thread can have done it when
 * one is asked for, that is a table of just MEM_HUGE_PAGE. */
bool mem_page_ahead(
	void); /* touches one more; false: MEM_PAGES_AHEAD wait, or there is no memory */
void mem_pages_drop(void); /* those that nobody asked for */
#define MEM_PAGES_AHEAD 8
unsigned mem_pages_waiting(void);
char *mem_copy_text(const char *text);
void mem_free(void *p);

/* Asks for the cache line of p, which may be NULL. The asm does nothing: gcc takes a function of prefetches alone for one
 * without effect, and drops its calls. */
static inline void
mem_prefetch(const void *p)
{
	__builtin_prefetch(p);
	__asm__ volatile("");
}

/* Grows *items (element `size` bytes) so that at least `need` fit; *cap is in elements and doubles. */
void mem_reserve(void **items, size_t *cap, size_t need, size_t size);
#define MEM_RESERVE(items, cap, need) \
	mem_reserve((void **)&(items), &(cap), (need), sizeof *(items))

#endif
