/* SPDX-License-Identifier: Apache-2.0 */
/* Errors by value, memory, arenas. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/mem.h"
#include "unit/lcg.h"

static void
error_holds_its_sentence_and_returns_false(void **state)
{
	struct err err;

	(void)state;
	assert_false(err_set(&err, "line %d: %s", 7, "expected a name"));
	assert_string_equal(err.text, "line 7: expected a name");
}

static void
prefix_goes_before_the_sentence(void **state)
{
	struct err err;

	(void)state;
	(void)err_set(&err, "no such file");
	assert_false(err_prefix(&err, "rules/%s.yaml", "saas"));
	assert_string_equal(err.text, "rules/saas.yaml: no such file");
}

static void
error_may_quote_itself(void **state)
{
	struct err err;

	(void)state;
	(void)err_set(&err, "inner");
	(void)err_set(&err, "outer (%s)", err.text);
	assert_string_equal(err.text, "outer (inner)");
}

static void
null_error_is_ignored(void **state)
{
	(void)state;
	assert_false(err_set(NULL, "%d", 1));
	assert_false(err_prefix(NULL, "%d", 1));
}

static void
long_error_is_cut_on_a_character_edge(void **state)
{
	(void)state;
	for (int pad = 0; pad < 3; pad++) {
		struct err err;
		char text[700] = "";

		memset(text, 'x', (size_t)pad);
		while (strlen(text) < 600)
			strcat(text, "\xe5\xa4\xa9");
		(void)err_set(&err, "%s", text);
		size_t n = strlen(err.text);

		assert_in_range(n, sizeof err.text - 3, sizeof err.text - 1);
		assert_int_equal((n - (size_t)pad) % 3, 0);
		assert_memory_equal(err.text, text, n);
	}
}

static void
long_prefix_leaves_a_terminated_text(void **state)
{
	struct err err;
	char text[1000];

	(void)state;
	memset(text, 'p', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	(void)err_set(&err, "lost");
	(void)err_prefix(&err, "%s", text);
	assert_int_equal(strlen(err.text), sizeof err.text - 1);
}

static void
allocations_are_zeroed_and_never_null(void **state)
{
	unsigned char *bytes = mem_array(100, 7);
	void *nothing = mem_alloc(0);

	(void)state;
	for (size_t i = 0; i < 700; i++)
		assert_int_equal(bytes[i], 0);
	assert_non_null(nothing);
	mem_free(bytes);
	mem_free(nothing);
	mem_free(NULL);
}

static void
copied_text_is_apart_from_its_source(void **state)
{
	char source[] = "abc";
	char *copy = mem_copy_text(source);

	(void)state;
	source[0] = 'x';
	assert_string_equal(copy, "abc");
	mem_free(copy);
}

static void
reserve_doubles_and_keeps_the_items(void **state)
{
	uint32_t *items = NULL;
	size_t cap = 0, growths = 0;

	(void)state;
	for (uint32_t i = 0; i < 10000; i++) {
		size_t before = cap;

		MEM_RESERVE(items, cap, (size_t)i + 1);
		growths += cap != before;
		assert_true(cap > i);
		items[i] = i * 3;
	}
	assert_in_range(growths, 5, 14);
	for (uint32_t i = 0; i < 10000; i++)
		assert_int_equal(items[i], i * 3);
	mem_free(items);
}

static void
reserve_does_nothing_when_there_is_room(void **state)
{
	char *items = NULL;
	size_t cap = 0;

	(void)state;
	MEM_RESERVE(items, cap, 1000);
	char *before = items;
	size_t cap_before = cap;

	MEM_RESERVE(items, cap, 1000);
	assert_ptr_equal(items, before);
	assert_int_equal(cap, cap_before);
	mem_free(items);
}

/* Each piece is filled with its own mark; at the end all marks must still stand. */
static void
arena_pieces_do_not_touch(void **state)
{
	struct arena arena;
	struct lcg lcg = {1};
	unsigned char *pieces[500];
	size_t sizes[500];

	(void)state;
	arena_init(&arena);
	for (size_t i = 0; i < 500; i++) {
		sizes[i] = (size_t)lcg_below(&lcg, i % 50 == 0 ? 20000 : 300);
		pieces[i] = arena_alloc(&arena, sizes[i]);
		assert_int_equal((uintptr_t)pieces[i] % 16, 0);
		for (size_t j = 0; j < sizes[i]; j++) {
			assert_int_equal(pieces[i][j], 0);
			pieces[i][j] = (unsigned char)i;
		}
	}
	for (size_t i = 0; i < 500; i++)
		for (size_t j = 0; j < sizes[i]; j++)
			assert_int_equal(pieces[i][j], (unsigned char)i);
	arena_finish(&arena);
}

static void
arena_reset_reuses_its_memory_zeroed(void **state)
{
	struct arena arena;
	unsigned char *first = NULL;

	(void)state;
	arena_init(&arena);
	memset(arena_alloc(&arena, 100000), 0xff, 100000);
	arena_alloc(&arena, 10);
	assert_true(arena.total >= 100010);
	for (int round = 0; round < 3; round++) {
		arena_reset(&arena);
		assert_int_equal(arena.total, 0);
		unsigned char *p = arena_array(&arena, 1000, 100);

		for (size_t i = 0; i < 100000; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, 100000);
		assert_true(first == NULL || first == p);
		first = p;
	}
	arena_finish(&arena);
}

static void
arena_texts_are_terminated_copies(void **state)
{
	struct arena arena;
	char source[] = "hello";

	(void)state;
	arena_init(&arena);
	struct str copy = arena_str(&arena, (struct str){source, 4});
	struct str made = arena_printf(&arena, "%s-%0300d", "n", 5);

	source[0] = 'x';
	assert_string_equal(copy.p, "hell");
	assert_int_equal(copy.n, 4);
	assert_int_equal(made.n, 302);
	assert_int_equal(strlen(made.p), 302);
	assert_int_equal(made.p[301], '5');
	assert_string_equal(arena_str(&arena, STR_NONE).p, "");
	struct str joined = ARENA_JOIN(&arena, copy, STR_NONE, STR(" and "), copy);
	assert_string_equal(joined.p, "hell and hell");
	assert_int_equal(joined.n, 13);
	assert_string_equal(arena_join(&arena, NULL, 0).p, "");
	arena_finish(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(error_holds_its_sentence_and_returns_false),
		cmocka_unit_test(prefix_goes_before_the_sentence),
		cmocka_unit_test(error_may_quote_itself),
		cmocka_unit_test(null_error_is_ignored),
		cmocka_unit_test(long_error_is_cut_on_a_character_edge),
		cmocka_unit_test(long_prefix_leaves_a_terminated_text),
		cmocka_unit_test(allocations_are_zeroed_and_never_null),
		cmocka_unit_test(copied_text_is_apart_from_its_source),
		cmocka_unit_test(reserve_doubles_and_keeps_the_items),
		cmocka_unit_test(reserve_does_nothing_when_there_is_room),
		cmocka_unit_test(arena_pieces_do_not_touch),
		cmocka_unit_test(arena_reset_reuses_its_memory_zeroed),
		cmocka_unit_test(arena_texts_are_terminated_copies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
