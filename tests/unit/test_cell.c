/* SPDX-License-Identifier: Apache-2.0 */
/* Shows that packed cells and their numbers read as they were written. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "engine/cell.h"

static uint64_t
next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static uint32_t
random_below(uint64_t *state, uint32_t bound)
{
	return (uint32_t)(next_random(state) >> 33) % bound;
}

static void
numbers_are_written_as_shortly_as_is_exact(void **state)
{
	static const struct {
		double value;
		size_t n;
	} cases[] = {{0, 1},	 {9, 1},       {-16, 1},	  {16, 2},
		     {40, 2},	 {1e15, 8},    {4.5, 2},	  {19.99, 2},
		     {0.25, 2},	 {0.05, 1},    {0.123456, 3},	  {-0.0, 9},
		     {1e300, 9}, {1.0 / 3, 9}, {7 + 1.0 / 15, 9}, {1e16, 9}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct cell cell = {.u.value = cases[i].value};
		uint8_t bytes[CELL_NUMBER_MAX];
		size_t n = number_write(bytes, &cell, SIGNAL_LAST);
		struct cell_cursor cursor = cell_cursor_of(bytes, n, 0);

		assert_int_equal(n, cases[i].n);
		cell_take_number(&cursor, SIGNAL_LAST);
		assert_false(cursor.bad);
		assert_memory_equal(&cursor.at.u, &cell.u, sizeof cell.u);
	}
}

#define SOME 40

/* Some cells, newest first, and their bits; how many. */
static unsigned
random_cells(uint64_t *seed, enum signal_kind kind, struct cell cells[SOME],
	     struct cell_writer *writer)
{
	static const uint32_t bounds[] = {2, 4, 20, 3000, UINT32_MAX};
	uint32_t at = UINT32_MAX;
	unsigned count = 0;

	for (unsigned wanted = random_below(seed, SOME); count < wanted; count++) {
		struct cell *cell = &cells[count];
		uint32_t gap = 1 + random_below(seed, bounds[random_below(seed, 5)]);

		if (gap > at)
			break;
		at -= gap;
		*cell = (struct cell){.cell = at, .count = 1};
		cell->count += random_below(seed, bounds[random_below(seed, 5)]);
		if (signal_has_sum(kind))
			cell->u.sum = (int64_t)(next_random(seed) >> random_below(seed, 64));
		else if (kind == SIGNAL_LAST)
			cell->u.value = random_below(seed, 1000) / 8.0;
		cell_write(writer, gap, cell, kind);
	}
	return count;
}

static void
cells_read_as_they_were_written(void **state)
{
	uint64_t seed = 23;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		enum signal_kind kind = (enum signal_kind)(round % 5);
		uint8_t bytes[SOME * CELL_MAX + 8];
		struct cell_writer writer = {.p = bytes};
		struct cell cells[SOME];
		unsigned count = random_cells(&seed, kind, cells, &writer);
		size_t n = (size_t)(cell_write_end(&writer) - bytes);
		uint8_t *exact = mem_alloc(n); /* nothing behind them may be read */
		struct cell_cursor cursor = cell_cursor_of(exact, n, UINT32_MAX);

		memcpy(exact, bytes, n);
		for (unsigned i = 0; i < count; i++) {
			assert_true(cell_next(&cursor, kind));
			assert_int_equal(cursor.at.cell, cells[i].cell);
			assert_int_equal(cursor.at.count, cells[i].count);
			if (kind != SIGNAL_COUNT)
				assert_memory_equal(&cursor.at.u, &cells[i].u,
						    sizeof cells[i].u);
		}
		assert_false(cell_next(&cursor, kind));
		assert_false(cursor.bad);
		mem_free(exact);
	}
}

#define REACH 404

/* Are they what is written of the cells that are read from them? */
static bool
is_written_so(const uint8_t *bytes, size_t n, enum signal_kind kind, uint32_t newest)
{
	struct cell_cursor cursor = cell_cursor_of(bytes, n, newest);
	uint8_t again[64 * CELL_MAX];
	struct cell_writer writer = {.p = again};
	uint32_t newer = newest, before = newer;

	for (; cell_next(&cursor, kind); newer = cursor.at.cell) {
		if (kind == SIGNAL_LAST && !isfinite(cursor.at.u.value))
			return false;
		cell_write(&writer, newer - cursor.at.cell, &cursor.at, kind);
		before = newer;
	}
	return (size_t)(cell_write_end(&writer) - again) == n && memcmp(again, bytes, n) == 0 &&
	       newest - (kind == SIGNAL_LAST ? before : newer) <= REACH;
}

static double
random_value(uint64_t *seed)
{
	static const double scales[] = {1, 100, 1e6, 7};
	double whole = (double)random_below(seed, 1u << random_below(seed, 31)) *
		       (random_below(seed, 2) ? 1 : -1);

	return whole / scales[random_below(seed, 4)];
}

static bool
is_sound(const uint8_t *bytes, size_t n, enum signal_kind kind, uint32_t newest)
{
	struct counts counts = {bytes, n, newest < REACH ? newest : REACH};

	if (kind == SIGNAL_COUNT)
		return counts_are_sound(&counts, 1);
	return cells_are_sound(bytes, n, kind, newest, REACH);
}

/* Cells as they are written, of which one bit may be another. */
static size_t
spoilt_cells(uint64_t *seed, enum signal_kind kind, uint8_t bytes[8 * CELL_MAX])
{
	struct cell_writer writer = {.p = bytes};
	size_t n, bit;

	for (uint32_t left = random_below(seed, 6); left > 0; left--) {
		struct cell cell = {.count = 1 + random_below(seed, 20)};
		double value = random_value(seed);

		if (kind == SIGNAL_LAST)
			cell.u.value = value;
		else if (kind != SIGNAL_COUNT)
			cell.u.sum = (int64_t)(value * 1e6);
		cell_write(&writer, 1 + random_below(seed, random_below(seed, 2) ? 3 : 300),
			   &cell, kind);
	}
	n = (size_t)(cell_write_end(&writer) - bytes);
	bit = random_below(seed, (uint32_t)(16 * n + 1));
	if (bit < 8 * n)
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
	return n;
}

static void
cells_are_taken_only_as_they_are_written(void **state)
{
	static const enum signal_kind kinds[] = {SIGNAL_COUNT, SIGNAL_SUM, SIGNAL_MIN,
						 SIGNAL_LAST};
	uint64_t seed = 29;

	(void)state;
	for (unsigned k = 0; k < sizeof kinds / sizeof *kinds; k++) {
		unsigned good = 0, bad = 0;

		for (int round = 0; round < 20000; round++) {
			uint8_t bytes[8 * CELL_MAX];
			size_t n = spoilt_cells(&seed, kinds[k], bytes);
			bool is_good = is_written_so(bytes, n, kinds[k], 1000);

			good += is_good;
			bad += !is_good;
			assert_int_equal(is_sound(bytes, n, kinds[k], 1000), is_good);
		}
		assert_true(good > 1000 && bad > 1000);
	}
}

/* Long gaps, or most bits set, which are many cells, more than there are days before the newest; and nothing at all. */
static void
counts_are_taken_only_as_they_are_written(void **state)
{
	uint64_t seed = 29;
	unsigned good = 0, bad = 0;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		uint8_t bytes[12];
		size_t n = random_below(&seed, 13);
		bool dense = round % 2;
		uint32_t newest = round % 4 == 1 ? 30 : 1000;

		for (size_t i = 0; i < n; i++) {
			uint32_t two = random_below(&seed, 1 << 16);

			bytes[i] = (uint8_t)(dense ? two | two >> 8 : two & two >> 8);
		}
		bool is_good = is_written_so(bytes, n, SIGNAL_COUNT, newest);

		good += is_good;
		bad += !is_good;
		assert_int_equal(is_sound(bytes, n, SIGNAL_COUNT, newest), is_good);
	}
	assert_true(good > 1000 && bad > 1000);
}

/* Of different lengths, each right behind the one before it. */
static void
counts_of_several_tracks_are_taken_if_each_is(void **state)
{
	uint64_t seed = 31;
	unsigned good[CELLS_ABREAST + 1] = {0};

	(void)state;
	for (int round = 0; round < 40000; round++) {
		uint8_t bytes[CELLS_ABREAST * 8 * CELL_MAX], *p = bytes;
		struct counts counts[CELLS_ABREAST];
		unsigned count = 1 + random_below(&seed, CELLS_ABREAST), fine = 0;

		for (unsigned i = 0; i < count; i++) {
			uint8_t made[8 * CELL_MAX];
			size_t n = spoilt_cells(&seed, SIGNAL_COUNT, made);

			memcpy(p, made, n);
			counts[i] = (struct counts){p, n, REACH};
			p += n;
			fine += is_written_so(made, n, SIGNAL_COUNT, 1000);
		}
		assert_int_equal(counts_are_sound(counts, count), fine == count);
		good[fine]++;
	}
	for (unsigned i = 0; i <= CELLS_ABREAST; i++)
		assert_true(good[i] > 500);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_written_as_shortly_as_is_exact),
		cmocka_unit_test(cells_read_as_they_were_written),
		cmocka_unit_test(cells_are_taken_only_as_they_are_written),
		cmocka_unit_test(counts_are_taken_only_as_they_are_written),
		cmocka_unit_test(counts_of_several_tracks_are_taken_if_each_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
