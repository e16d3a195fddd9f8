/* SPDX-License-Identifier: Apache-2.0 */
/* Hashes, the string map, the heap of instants. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/heap.h"
#include "unit/lcg.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* SipHash-1-3 written down once more from the paper, byte by byte and slow. */
static uint64_t
slow_siphash(const unsigned char *bytes, size_t n, struct hash_seed seed)
{
	uint64_t v[4] = {
		seed.k0 ^ UINT64_C(0x736f6d6570736575), seed.k1 ^ UINT64_C(0x646f72616e646f6d),
		seed.k0 ^ UINT64_C(0x6c7967656e657261), seed.k1 ^ UINT64_C(0x7465646279746573)};
	size_t words = n / 8 + 1;

	for (size_t w = 0; w < words + 3; w++) {
		uint64_t word = 0;

		if (w == words)
			v[2] ^= 0xff;
		for (size_t i = 0; i < 8 && w < words; i++) {
			size_t at = 8 * w + i;
			uint64_t byte = at < n ? bytes[at] : at == 8 * words - 1 ? n & 0xff : 0;

			word |= byte << (8 * i);
		}
		v[3] ^= word;
#define ROTATE(x, by) ((x) = (x) << (by) | (x) >> (64 - (by)))
		v[0] += v[1], ROTATE(v[1], 13), v[1] ^= v[0], ROTATE(v[0], 32);
		v[2] += v[3], ROTATE(v[3], 16), v[3] ^= v[2];
		v[0] += v[3], ROTATE(v[3], 21), v[3] ^= v[0];
		v[2] += v[1], ROTATE(v[1], 17), v[1] ^= v[2], ROTATE(v[2], 32);
		v[0] ^= word;
	}
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static void
table_hash_is_siphash_of_every_length(void **state)
{
	struct lcg lcg = {9};
	unsigned char bytes[100];

	(void)state;
	for (size_t n = 0; n < sizeof bytes; n++) {
		struct hash_seed seed = {lcg_next(&lcg), lcg_next(&lcg)};

		for (size_t i = 0; i < n; i++)
			bytes[i] = (unsigned char)lcg_next(&lcg);
		assert_true(hash_bytes(bytes, n, seed) == slow_siphash(bytes, n, seed));
	}
	assert_true(hash_bytes(NULL, 0, (struct hash_seed){1, 2}) ==
		    hash_bytes("", 0, (struct hash_seed){1, 2}));
}

static void
table_hash_depends_on_the_seed(void **state)
{
	(void)state;
	uint64_t hash = hash_bytes("customer", 8, (struct hash_seed){1, 2});

	assert_true(hash != hash_bytes("customer", 8, (struct hash_seed){2, 2}));
	assert_true(hash != hash_bytes("customer", 8, (struct hash_seed){1, 3}));
}

/* The examples of FIPS 180. */
static void
sha256_is_the_standards(void **state)
{
	char hex[65];

	(void)state;
	hash_sha256_hex(STR("abc"), hex);
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223"
				 "b00361a396177a9cb410ff61f20015ad");
	hash_sha256_hex(STR_NONE, hex);
	assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb924"
				 "27ae41e4649b934ca495991b7852b855");
}

/* From python3: base64.b32encode(sha256(text)).lower()[:26]. */
static void
ids_are_base32_of_sha256(void **state)
{
	char id[27];

	(void)state;
	hash_id26(STR("abc"), id);
	assert_string_equal(id, "xj4bnp4pahh6uqkbidpf3lrceo");
	hash_id26(STR(""), id);
	assert_string_equal(id, "4oymiquy7qobjgx36tejs35zeq");
}

static void
empty_map_holds_nothing(void **state)
{
	struct map map;
	uint32_t value = 42;

	(void)state;
	map_init(&map, (struct hash_seed){1, 2});
	assert_false(map_get(&map, STR("a"), &value));
	assert_int_equal(value, 42);
	map_finish(&map);
}

static void
map_keeps_the_last_value_of_each_key(void **state)
{
	struct map map;
	struct arena arena;
	struct lcg lcg = {10};
	int64_t want[3000];
	size_t count = 0;

	(void)state;
	map_init(&map, (struct hash_seed){3, 4});
	arena_init(&arena);
	for (size_t i = 0; i < COUNT(want); i++)
		want[i] = -1;
	for (int round = 0; round < 6000; round++) {
		size_t key = (size_t)lcg_below(&lcg, COUNT(want));
		uint32_t value = (uint32_t)lcg_next(&lcg);

		count += want[key] < 0;
		want[key] = value;
		map_put(&map, arena_printf(&arena, "key-%zu", key), value);
		assert_int_equal(map.count, count);
	}
	for (size_t i = 0; i < COUNT(want); i++) {
		uint32_t value = 0;
		bool found = map_get(&map, arena_printf(&arena, "key-%zu", i), &value);

		assert_int_equal(found, want[i] >= 0);
		assert_true(!found || value == want[i]);
	}
	arena_finish(&arena);
	map_finish(&map);
}

static void
empty_text_is_a_key_like_any_other(void **state)
{
	struct map map;
	uint32_t value;

	(void)state;
	map_init(&map, (struct hash_seed){5, 6});
	map_put(&map, STR_NONE, 1);
	map_put(&map, STR(""), 2);
	assert_int_equal(map.count, 1);
	assert_true(map_get(&map, STR_NONE, &value));
	assert_int_equal(value, 2);
	map_finish(&map);
}

static void
empty_heap_gives_nothing(void **state)
{
	struct heap heap = {0};
	struct heap_entry entry = {42, 42};

	(void)state;
	assert_false(heap_peek(&heap, &entry));
	assert_false(heap_pop(&heap, &entry));
	assert_int_equal(entry.item, 42);
	heap_push(&heap, 1, 2);
	assert_true(heap_pop(&heap, &entry));
	assert_false(heap_pop(&heap, &entry));
	heap_finish(&heap);
}

static int
by_instant(const void *a, const void *b)
{
	const struct heap_entry *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return (x->item > y->item) - (x->item < y->item);
}

static void
heap_empties_in_the_order_of_instants_then_items(void **state)
{
	struct heap heap = {0};
	struct lcg lcg = {11};
	struct heap_entry entries[2000], got;

	(void)state;
	for (uint32_t i = 0; i < COUNT(entries); i++) {
		entries[i].at = (int64_t)lcg_below(&lcg, 300) - 150;
		entries[i].item = (uint32_t)lcg_below(&lcg, 1000);
		heap_push(&heap, entries[i].at, entries[i].item);
	}
	qsort(entries, COUNT(entries), sizeof entries[0], by_instant);
	for (uint32_t i = 0; i < COUNT(entries); i++) {
		assert_true(heap_peek(&heap, &got));
		assert_int_equal(by_instant(&got, &entries[i]), 0);
		assert_true(heap_pop(&heap, &got));
		assert_int_equal(by_instant(&got, &entries[i]), 0);
	}
	assert_int_equal(heap.count, 0);
	heap_finish(&heap);
}

/* Pushes and pops mixed, against a list that is searched for its least. */
static void
heap_gives_the_least_at_any_time(void **state)
{
	struct heap heap = {0};
	struct lcg lcg = {12};
	struct heap_entry list[400], got;
	size_t count = 0;

	(void)state;
	for (uint32_t i = 0; i < 20000; i++) {
		if (count < COUNT(list) && lcg_below(&lcg, 100) < 52) {
			list[count] = (struct heap_entry){(int64_t)lcg_next(&lcg), i};
			heap_push(&heap, list[count].at, i);
			count++;
			continue;
		}
		assert_int_equal(heap_pop(&heap, &got), count > 0);
		if (count == 0)
			continue;
		qsort(list, count, sizeof list[0], by_instant);
		assert_int_equal(by_instant(&got, &list[0]), 0);
		list[0] = list[--count];
	}
	heap_finish(&heap);
}

static void
heap_says_by_when_so_many_are_due(void **state)
{
	struct heap heap = {0};
	struct lcg lcg = {7};
	int64_t at[300];

	(void)state;
	assert_int_equal(heap_until(&heap, 50, 1), 50);
	for (uint32_t i = 0; i < 300; i++) {
		at[i] = 10 + (int64_t)lcg_below(&lcg, 100);
		heap_push(&heap, at[i], i);
	}
	for (size_t most = 0; most <= 310; most += 5) {
		int64_t until = heap_until(&heap, 200, most), first = 200;
		size_t by_then = 0, one_later = 0;

		for (unsigned i = 0; i < 300; i++) {
			by_then += at[i] <= until;
			one_later += at[i] <= until + 1;
			first = at[i] < first ? at[i] : first;
		}
		assert_true(by_then <= most || until == first);
		assert_true(one_later > most || until == 200);
	}
	assert_int_equal(heap_until(&heap, 5, 0), 5);
	heap_finish(&heap);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_hash_is_siphash_of_every_length),
		cmocka_unit_test(table_hash_depends_on_the_seed),
		cmocka_unit_test(sha256_is_the_standards),
		cmocka_unit_test(ids_are_base32_of_sha256),
		cmocka_unit_test(empty_map_holds_nothing),
		cmocka_unit_test(map_keeps_the_last_value_of_each_key),
		cmocka_unit_test(empty_text_is_a_key_like_any_other),
		cmocka_unit_test(empty_heap_gives_nothing),
		cmocka_unit_test(heap_empties_in_the_order_of_instants_then_items),
		cmocka_unit_test(heap_gives_the_least_at_any_time),
		cmocka_unit_test(heap_says_by_when_so_many_are_due),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
