/* SPDX-License-Identifier: Apache-2.0 */
/* The heap that is made ready at once for many small blocks. */
#define _DEFAULT_SOURCE /* sbrk */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "io/small_blocks.h"

#define BLOCKS 100000u
#define BLOCK 200u
#define AHEAD ((size_t)32 << 20)

static size_t
heap_grows(size_t bytes)
{
	const char *before = sbrk(0);

	small_blocks_ahead(bytes);
	return (size_t)((const char *)sbrk(0) - before);
}

static void
little_is_not_asked_for_ahead(void **state)
{
	(void)state;
	assert_int_equal(heap_grows((size_t)1 << 20), 0);
}

static void
blocks_that_were_announced_lie_in_what_was_made_ready(void **state)
{
	static void *blocks[BLOCKS];
	size_t used = small_blocks_used();
	const char *end;

	(void)state;
	if (heap_grows(AHEAD) < AHEAD)
		skip(); /* a malloc that is not the C library's: under a sanitizer, under valgrind */
	end = sbrk(0);
	for (unsigned i = 0; i < BLOCKS; i++)
		blocks[i] = mem_alloc(BLOCK);
	assert_ptr_equal(sbrk(0), end);
	assert_true(small_blocks_used() >= used + (size_t)BLOCKS * BLOCK);
	for (unsigned i = 0; i < BLOCKS; i++)
		mem_free(blocks[i]);
	assert_ptr_equal(sbrk(0), end);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(little_is_not_asked_for_ahead),
		cmocka_unit_test(blocks_that_were_announced_lie_in_what_was_made_ready),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
