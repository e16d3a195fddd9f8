/* SPDX-License-Identifier: Apache-2.0 */
/* Shows that blocks keep their bytes wherever they move to, and leave no holes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/blocks.h"

#define HOLDERS 3000

struct holder {
	uint8_t *block;
	size_t size;
};

struct holders {
	struct blocks blocks;
	struct holder all[HOLDERS];
	unsigned moves;
};

static void
note_move(void *ctx, uint32_t holder, void *p)
{
	struct holders *holders = ctx;

	holders->all[holder].block = p;
	holders->moves++;
}

static uint64_t
next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static uint8_t
byte_of(uint32_t holder, size_t i)
{
	return (uint8_t)(holder * 31 + i * 7);
}

static void
fill(struct holder *it, uint32_t holder, size_t from)
{
	for (size_t i = from; i < it->size; i++)
		it->block[i] = byte_of(holder, i);
}

static void
check(const struct holder *it, uint32_t holder)
{
	for (size_t i = 0; i < it->size; i++)
		assert_int_equal(it->block[i], byte_of(holder, i));
}

static void
change(struct holders *holders, uint32_t holder, uint64_t *seed)
{
	struct holder *it = &holders->all[holder];
	size_t size = 1 + next_random(seed) % (next_random(seed) % 20 ? 100 : 700),
	       old = it->size;

	if (!it->block) {
		it->block = block_join(&holders->blocks, holder, NULL, size);
		old = 0;
	} else if (next_random(seed) % 5 == 0) {
		block_free(it->block);
		*it = (struct holder){0};
		return;
	} else {
		it->block = block_resize(it->block, size);
	}
	it->size = size;
	fill(it, holder, old < size ? old : size);
}

static void
bytes_stay_wherever_a_block_moves_to(void **state)
{
	static struct holders holders;
	uint64_t seed = 5;

	(void)state;
	blocks_init(&holders.blocks, note_move, &holders);
	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < HOLDERS; i++)
			change(&holders, (uint32_t)(next_random(&seed) % HOLDERS), &seed);
		for (uint32_t i = 0; i < HOLDERS; i++)
			check(&holders.all[i], i);
	}
	assert_true(holders.moves > HOLDERS);
	for (uint32_t i = 0; i < HOLDERS; i++)
		block_free(holders.all[i].block);
	blocks_finish(&holders.blocks);
}

/* All grow by a few bytes at a time, as customers do from day to day: what they leave is used again. */
static void
what_is_given_back_serves_every_size(void **state)
{
	static struct holders holders;
	size_t most = 0;

	(void)state;
	memset(&holders, 0, sizeof holders);
	blocks_init(&holders.blocks, note_move, &holders);
	for (size_t size = 4; size <= 400; size += 8) {
		for (uint32_t i = 0; i < HOLDERS; i++) {
			struct holder *it = &holders.all[i];

			it->block = it->block ? block_resize(it->block, size)
					      : block_join(&holders.blocks, i, NULL, size);
		}
		most = blocks_bytes(&holders.blocks);
	}
	assert_in_range(most, HOLDERS * 408, HOLDERS * 408 + (2 << 20));
	for (uint32_t i = 0; i < HOLDERS; i++)
		block_free(holders.all[i].block);
	blocks_finish(&holders.blocks);
}

static void
a_block_by_itself_joins_the_others_with_its_bytes(void **state)
{
	static struct holders holders;
	uint8_t *block = block_make(10);

	(void)state;
	memset(&holders, 0, sizeof holders);
	blocks_init(&holders.blocks, note_move, &holders);
	memcpy(block, "0123456789", 10);
	block = block_resize(block, 300);
	block = block_resize(block, 10);
	assert_memory_equal(block, "0123456789", 10);
	block = block_join(&holders.blocks, 7, block, 10);
	assert_memory_equal(block, "0123456789", 10);
	assert_true(blocks_bytes(&holders.blocks) > 0);
	block_free(block);
	block_free(NULL);
	blocks_finish(&holders.blocks);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_stay_wherever_a_block_moves_to),
		cmocka_unit_test(what_is_given_back_serves_every_size),
		cmocka_unit_test(a_block_by_itself_joins_the_others_with_its_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
