/* SPDX-License-Identifier: Apache-2.0 */
/* Shows that day sums keep what they were given, in any order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "engine/track.h"

#define CELLS 1000
#define FIRST_CELL 20000u

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

/* --- a reference: one array slot a day --- */

struct model {
	int64_t count[CELLS], sum[CELLS];
	double value[CELLS];
	int64_t last_at;
	int newest;
};

static int64_t
joined(enum signal_kind kind, int64_t a, int64_t b)
{
	if (kind == SIGNAL_MAX)
		return a > b ? a : b;
	if (kind == SIGNAL_MIN)
		return a < b ? a : b;
	return a + b;
}

static void
model_add(struct model *model, const struct track_event *event)
{
	int cell = (int)(event->cell - FIRST_CELL);

	model->sum[cell] = model->count[cell]++
				   ? joined(event->kind, model->sum[cell], event->micro)
				   : event->micro;
	if (event->ts >= model->last_at || cell < model->newest)
		model->value[cell] = event->gauge;
	if (event->ts > model->last_at)
		model->last_at = event->ts;
	if (cell > model->newest)
		model->newest = cell;
}

static struct window
model_window(const struct model *model, enum signal_kind kind, int64_t first, int64_t last,
	     int reach)
{
	struct window window = {0, 0, 0};

	for (int i = 0; i < CELLS; i++) {
		int64_t cell = i + (int64_t)FIRST_CELL;

		if (cell < first || cell > last || i < model->newest - reach ||
		    !model->count[i])
			continue;
		window.count += model->count[i];
		window.sum =
			window.days++ ? joined(kind, window.sum, model->sum[i]) : model->sum[i];
	}
	return window;
}

static struct track_event
random_event(uint64_t *seed, enum signal_kind kind, uint32_t spread, uint32_t reach)
{
	struct track_event event = {.kind = kind, .reach = reach};

	event.cell = FIRST_CELL + random_below(seed, spread);
	event.ts = (int64_t)event.cell * DAY_MS + random_below(seed, (uint32_t)DAY_MS);
	event.micro = (int64_t)random_below(seed, 2000000) * 1000 - 1000000000;
	event.gauge = random_below(seed, 1000) / 4.0;
	return event;
}

static struct customer *
new_customer(void)
{
	return customer_create(STR("c1"));
}

static void
drop_customer(struct customer *customer)
{
	customer_finish(customer);
	mem_free(customer);
}

static struct track
track_of(const struct customer *customer, unsigned signal, enum signal_kind kind)
{
	struct track track;

	assert_true(track_get(&customer->tracks, signal, false, kind, &track));
	return track;
}

static void
windows_equal_a_plain_array(void **state)
{
	static const uint32_t spreads[] = {1, 5, 40, 300, CELLS};
	uint64_t seed = 7;

	(void)state;
	for (int round = 0; round < 300; round++) {
		enum signal_kind kind = (enum signal_kind)(round % 5);
		uint32_t spread = spreads[round / 5 % 5], reach = random_below(&seed, 401);
		struct customer *customer = new_customer();
		struct model model = {.last_at = INT64_MIN, .newest = -1};

		for (uint32_t i = 0; i < 1 + random_below(&seed, 300); i++) {
			struct track_event event = random_event(&seed, kind, spread, reach);

			model_add(&model, &event);
			track_add(&customer->tracks, 3, false, &event);
		}
		for (int i = 0; i < 20; i++) {
			int64_t first = FIRST_CELL + random_below(&seed, CELLS) - 10;
			int64_t last = first + random_below(&seed, 90);
			/* A gauge keeps one day more, which no window asks for. */
			if (kind == SIGNAL_LAST &&
			    first < (int64_t)FIRST_CELL + model.newest - reach)
				first = last = FIRST_CELL + CELLS;
			struct window want =
				model_window(&model, kind, first, last, (int)reach);
			struct window got =
				track_window(&customer->tracks, 3, false, kind, first, last);

			assert_int_equal(got.count, want.count);
			assert_int_equal(got.days, want.days);
			assert_int_equal(got.sum, signal_has_sum(kind) ? want.sum : 0);
		}
		assert_int_equal(track_of(customer, 3, kind).last_at, model.last_at);
		drop_customer(customer);
	}
}

static void
gauge_of_a_day_is_that_of_its_close(void **state)
{
	uint64_t seed = 11;

	(void)state;
	for (int round = 0; round < 100; round++) {
		struct customer *customer = new_customer();
		struct model model = {.last_at = INT64_MIN, .newest = -1};

		for (uint32_t i = 0; i < 60; i++) {
			struct track_event event = random_event(&seed, SIGNAL_LAST, 100, 400);

			model_add(&model, &event);
			track_add(&customer->tracks, 0, false, &event);
		}
		for (int cell = 0; cell < 110; cell++) {
			double want = 0, got = 0;
			bool known = false;

			for (int i = 0; i <= cell && i < CELLS; i++) {
				if (model.count[i]) {
					known = true;
					want = model.value[i];
				}
			}
			assert_int_equal(track_gauge(&customer->tracks, 0,
						     cell + (int64_t)FIRST_CELL, &got),
					 known);
			if (known)
				assert_true(got == want);
		}
		drop_customer(customer);
	}
}

static void
cells_are_those_of_the_days_asked_for(void **state)
{
	struct customer *customer = new_customer();
	struct cell cells[TRACK_MAX_CELLS];
	struct track_event event = {.kind = SIGNAL_COUNT, .reach = 400};

	(void)state;
	assert_int_equal(track_cells(&customer->tracks, 0, SIGNAL_COUNT, 0, 9, cells), 0);
	for (uint32_t day = 0; day < 50; day += 7) {
		event.cell = FIRST_CELL + day;
		track_add(&customer->tracks, 0, false, &event);
		track_add(&customer->tracks, 0, false, &event);
	}
	assert_int_equal(track_cells(&customer->tracks, 0, SIGNAL_COUNT, FIRST_CELL + 7,
				     FIRST_CELL + 28, cells),
			 4);
	assert_int_equal(cells[0].cell, FIRST_CELL + 7);
	assert_int_equal(cells[3].cell, FIRST_CELL + 28);
	assert_int_equal(cells[3].count, 2);
	assert_int_equal(track_cells(&customer->tracks, 0, SIGNAL_COUNT, FIRST_CELL + 49,
				     FIRST_CELL + 90, cells),
			 1);
	drop_customer(customer);
}

static void
shuffle(struct track_event *events, uint32_t count, uint64_t *seed)
{
	for (uint32_t i = count; i > 1; i--) {
		uint32_t j = random_below(seed, i);
		struct track_event event = events[i - 1];

		events[i - 1] = events[j];
		events[j] = event;
	}
}

static struct customer *
play(const struct track_event *events, uint32_t count)
{
	struct customer *customer = new_customer();

	for (uint32_t i = 0; i < count; i++) {
		track_add(&customer->tracks, 2, false, &events[i]);
		track_add(&customer->tracks, 5, true, &events[i]);
		track_add(&customer->tracks, events[i].cell % 2 ? 9 : 1, false, &events[i]);
	}
	return customer;
}

/* A price that was set half a year ago still stood 30 days ago, however little is kept. */
static void
a_gauge_s_value_at_the_end_of_its_reach_is_kept(void **state)
{
	struct customer *customer = new_customer();
	struct track_event event = {.kind = SIGNAL_LAST, .reach = 30};
	double got = 0;

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		static const uint32_t days[] = {100, 200, 395};

		event.cell = FIRST_CELL + days[i];
		event.ts = (int64_t)event.cell * DAY_MS;
		event.gauge = days[i];
		track_add(&customer->tracks, 0, false, &event);
	}
	event.cell = FIRST_CELL + 400;
	event.ts = (int64_t)event.cell * DAY_MS;
	track_add(&customer->tracks, 0, false, &event);
	assert_true(track_gauge(&customer->tracks, 0, FIRST_CELL + 370, &got));
	assert_true(got == 200);
	assert_false(track_gauge(&customer->tracks, 0, FIRST_CELL + 150, &got));
	drop_customer(customer);
}

static void
order_of_arrival_changes_no_byte(void **state)
{
	uint64_t seed = 13;

	(void)state;
	for (int round = 0; round < 200; round++) {
		static const enum signal_kind kinds[] = {SIGNAL_COUNT, SIGNAL_SUM, SIGNAL_MAX,
							 SIGNAL_MIN};
		enum signal_kind kind = kinds[round % 4];
		uint32_t spread = 1 + random_below(&seed, 200),
			 count = 1 + random_below(&seed, 80);
		struct track_event events[80];
		struct customer *a, *b;

		for (uint32_t i = 0; i < count; i++)
			events[i] = random_event(&seed, kind, spread, spread);
		a = play(events, count);
		shuffle(events, count, &seed);
		b = play(events, count);
		assert_int_equal(track_bytes(&a->tracks), track_bytes(&b->tracks));
		assert_memory_equal(a->tracks.block, b->tracks.block, track_bytes(&a->tracks));
		drop_customer(a);
		drop_customer(b);
	}
}

static void
assert_same_but_for_life(const struct customer *a, const struct customer *b, unsigned signal,
			 uint32_t reach)
{
	struct cell x[TRACK_MAX_CELLS], y[TRACK_MAX_CELLS];
	struct track track;
	unsigned count;

	assert_int_equal(track_has(&a->tracks, signal, false),
			 track_has(&b->tracks, signal, false));
	if (!track_get(&a->tracks, signal, false, SIGNAL_SUM, &track))
		return;
	assert_int_equal(track.last_at, track_of(b, signal, SIGNAL_SUM).last_at);
	assert_int_equal(track.first_cell, track_of(b, signal, SIGNAL_SUM).first_cell);
	count = track_cells(&a->tracks, signal, SIGNAL_SUM, track.cell - (int64_t)reach,
			    track.cell, x);
	assert_int_equal(track_cells(&b->tracks, signal, SIGNAL_SUM,
				     track.cell - (int64_t)reach, track.cell, y),
			 count);
	for (unsigned i = 0; i < count; i++) {
		assert_int_equal(x[i].cell, y[i].cell);
		assert_int_equal(x[i].count, y[i].count);
		assert_int_equal(x[i].u.sum, y[i].u.sum);
	}
}

static void
order_of_arrival_decides_nothing_about_what_is_beyond_reach(void **state)
{
	uint64_t seed = 17;

	(void)state;
	for (int round = 0; round < 200; round++) {
		uint32_t reach = random_below(&seed, 60), count = 1 + random_below(&seed, 80);
		struct track_event events[80];
		struct customer *a, *b;

		for (uint32_t i = 0; i < count; i++)
			events[i] = random_event(&seed, SIGNAL_SUM, 200, reach);
		a = play(events, count);
		shuffle(events, count, &seed);
		b = play(events, count);
		assert_same_but_for_life(a, b, 1, reach); /* only earlier ones add */
		assert_same_but_for_life(a, b, 2, reach);
		assert_same_but_for_life(a, b, 9, reach);
		drop_customer(a);
		drop_customer(b);
	}
}

static void
put(struct customer *customer, uint32_t cell, uint32_t reach)
{
	struct track_event event = {
		.cell = cell, .ts = cell * DAY_MS, .kind = SIGNAL_COUNT, .reach = reach};

	track_add(&customer->tracks, 0, false, &event);
}

static size_t
packed_bytes(const struct customer *customer)
{
	struct track track;
	struct str packed;

	assert_true(track_packed(&customer->tracks, 0, false, &track, &packed));
	return packed.n;
}

static void
life_counts_each_active_day_once(void **state)
{
	struct customer *customer = new_customer();
	struct track track;

	(void)state;
	put(customer, 1000, 10);
	put(customer, 1000, 10);
	put(customer, 1005, 10);
	put(customer, 1003, 10);
	put(customer, 1003, 10);
	put(customer, 1000, 10);
	track = track_of(customer, 0, SIGNAL_COUNT);
	assert_int_equal(track.life_days, 3);
	assert_int_equal(track.first_cell, 1000);
	put(customer, 2000, 10);
	put(customer, 1500, 10); /* beyond reach, not the first: it may have been counted */
	track = track_of(customer, 0, SIGNAL_COUNT);
	assert_int_equal(track.life_days, 4);
	put(customer, 900, 10);
	track = track_of(customer, 0, SIGNAL_COUNT);
	assert_int_equal(track.life_days, 5);
	assert_int_equal(track.first_cell, 900);
	assert_int_equal(packed_bytes(customer), 3); /* no cell */
	assert_int_equal(track.last_at, 2000 * DAY_MS);
	drop_customer(customer);
}

static void
days_with_one_event_take_a_few_bits(void **state)
{
	struct customer *every = new_customer(), *second = new_customer();

	(void)state;
	for (uint32_t day = 0; day <= 400; day++)
		put(every, 5000 + day, 90);
	/* 90 of 2 bits, with 2 + 2 bytes of 401 days of life */
	assert_int_equal(packed_bytes(every), 4 + 23);
	for (uint32_t day = 0; day <= 400; day += 2)
		put(second, 5000 + day, 90);

	assert_int_equal(packed_bytes(second), 4 + 23);
	assert_int_equal(track_bytes(&second->tracks), 1 + 8 + 4 + 23); /* 45 of 4 bits */
	drop_customer(every);
	drop_customer(second);
}

static void
sums_are_clamped_not_wrapped(void **state)
{
	struct customer *customer = new_customer();
	struct track_event event = {
		.cell = 10, .micro = INT64_MAX, .kind = SIGNAL_SUM, .reach = 9};

	(void)state;
	for (int i = 0; i < 3; i++)
		track_add(&customer->tracks, 0, false, &event);
	assert_int_equal(track_of(customer, 0, SIGNAL_SUM).u.sum, INT64_C(9000000000000000000));
	event.cell = 9;
	event.micro = INT64_MIN;
	for (int i = 0; i < 3; i++)
		track_add(&customer->tracks, 0, false, &event);
	assert_int_equal(track_window(&customer->tracks, 0, false, SIGNAL_SUM, 9, 9).sum,
			 -INT64_C(9000000000000000000));
	drop_customer(customer);
}

static void
restored_tracks_are_the_same_bytes(void **state)
{
	uint64_t seed = 19;

	(void)state;
	for (int round = 0; round < 200; round++) {
		struct customer *from = new_customer(), *to = new_customer();
		enum signal_kind kind = (enum signal_kind)(round % 3);
		struct tracks_draft draft;
		uint32_t count = 1 + random_below(&seed, 200);

		for (uint32_t i = 0; i < count; i++) {
			struct track_event event = random_event(&seed, kind, 300, 300);

			track_add(&from->tracks, i % 7, i % 2, &event);
			if (i % 3 == 0) /* counts that need the escape */
				for (int n = 0; n < 20; n++)
					track_add(&from->tracks, i % 7, i % 2, &event);
		}
		tracks_draft_begin(&draft);
		for (unsigned i = 14; i-- > 0;) {
			struct track_kept kept = {
				.signal = (uint8_t)(i % 7), .hours = i >= 7, .kind = kind};

			if (track_packed(&from->tracks, i % 7, i >= 7, &kept.newest,
					 &kept.packed)) {
				assert_true(tracks_draft_add(&draft, &kept));
				assert_false(tracks_draft_add(&draft, &kept));
			}
		}
		tracks_make(&to->tracks, &draft);
		assert_int_equal(track_bytes(&from->tracks), track_bytes(&to->tracks));
		assert_memory_equal(from->tracks.block, to->tracks.block,
				    track_bytes(&from->tracks));
		drop_customer(from);
		drop_customer(to);
	}
}

static bool
restores(enum signal_kind kind, struct str packed)
{
	const struct track_kept kept = {
		.kind = kind, .newest = {.cell = 1000, .count = 1}, .packed = packed};
	struct tracks_draft draft;

	tracks_draft_begin(&draft);
	return tracks_draft_add(&draft, &kept);
}

/* Several at once, so that one that is not sound may be found only when all are taken. */
static void
tracks_of_a_record_are_refused_if_one_is_not_sound(void **state)
{
	(void)state;
	for (unsigned count = 1; count <= 7; count++)
		for (unsigned bad = 0; bad <= count; bad++) { /* count: none is */
			struct tracks_draft draft;
			bool taken = true;

			tracks_draft_begin(&draft);
			for (unsigned i = 0; i < count; i++) {
				const struct track_kept kept = {
					.signal = (uint8_t)i,
					.kind = SIGNAL_COUNT,
					.newest = {.cell = 1000, .count = 1},
					.packed = i == bad ? STR("\x05\x05\x00")
							   : STR("\x05\x05\xff")};

				taken = taken && tracks_draft_take(&draft, &kept);
			}
			assert_int_equal(taken && tracks_draft_is_sound(&draft), bad == count);
		}
}

/* A record may hold any time: its track is kept as it is, in days and in hours. */
static void
newest_of_any_time_is_kept(void **state)
{
	static const int64_t times[] = {INT64_MIN, INT64_MIN / 2, -1,
					0,	   INT64_MAX / 2, INT64_MAX};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(times) / sizeof(times[0]); i++) {
		const struct track_kept kept = {
			.hours = i % 2,
			.kind = SIGNAL_COUNT,
			.newest = {.last_at = times[i / 2], .cell = 1000, .count = 1},
			.packed = STR("\x05\x05")};
		struct customer *customer = new_customer();
		struct tracks_draft draft;
		struct track track;

		tracks_draft_begin(&draft);
		assert_true(tracks_draft_add(&draft, &kept));
		tracks_make(&customer->tracks, &draft);
		assert_true(track_newest(&customer->tracks, 0, kept.hours, &track));
		assert_true(track.last_at == kept.newest.last_at);
		assert_int_equal(track.cell, kept.newest.cell);
		drop_customer(customer);
	}
}

#define LIFE "\x05\x05" /* five days, the first of them five before the newest */

static void
malformed_cells_are_refused(void **state)
{
	(void)state;
	assert_true(restores(SIGNAL_COUNT, STR(LIFE)));
	assert_true(restores(SIGNAL_COUNT, STR(LIFE "\xc0")));	  /* 1 1: the day before */
	assert_true(restores(SIGNAL_COUNT, STR(LIFE "\xd4")));	  /* and 010 1, padded */
	assert_false(restores(SIGNAL_COUNT, STR(LIFE "\xd4\0"))); /* a byte too many */
	assert_false(restores(SIGNAL_COUNT, STR(LIFE "\0")));
	assert_false(restores(SIGNAL_COUNT, STR(LIFE "\x80")));		/* a gap alone */
	assert_false(restores(SIGNAL_COUNT, STR(LIFE "\xc1")));		/* and half of one */
	assert_false(restores(SIGNAL_COUNT, STR(LIFE "\x00\x3e\x98"))); /* before day 0 */
	assert_false(restores(SIGNAL_COUNT, STR(LIFE "\x00\xca\x80"))); /* beyond any reach */
	assert_false(restores(SIGNAL_COUNT, STR(LIFE "\0\0\0\0\xff\xff\xff\xff\xff")));
	assert_false(restores(SIGNAL_COUNT, STR(LIFE "\xd4\0\0\0\0\0\0\0\0\xff")));
	assert_false(restores(SIGNAL_COUNT, STR("")));
	assert_false(restores(SIGNAL_COUNT, STR("\x05")));
	assert_false(restores(SIGNAL_COUNT, STR("\x85\x00\x05"))); /* two ways to say it */
	assert_false(restores(SIGNAL_COUNT, STR("\x05\xe9\x07"))); /* first before day 0 */
	assert_false(restores(SIGNAL_SUM, STR(LIFE)));
	assert_true(restores(SIGNAL_SUM, STR(LIFE "\x10")));
	assert_true(restores(SIGNAL_SUM, STR(LIFE "\x10\xc4\x00"))); /* and 2 */
	assert_false(restores(SIGNAL_SUM, STR(LIFE "\xc1\x0c")));    /* 200 hundredths */
	assert_true(restores(SIGNAL_SUM, STR(LIFE "\xc9\x0c")));     /* 201 */
	assert_false(
		restores(SIGNAL_SUM, STR(LIFE "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff")));
	assert_false(restores(SIGNAL_SUM, STR(LIFE "\x03\1\0\0\0\0\0\0\0"))); /* is shorter */
	assert_true(restores(SIGNAL_SUM, STR(LIFE "\x03\1\0\0\0\0\0\0\x70")));
	assert_false(restores(SIGNAL_LAST, STR(LIFE "\x03\1\2\3")));
	assert_true(restores(SIGNAL_LAST, STR(LIFE "\x03\0\0\0\1\0\0\xf0\x3f")));
	assert_false(restores(SIGNAL_LAST, STR(LIFE "\x03\0\0\0\0\0\0\xf0\x3f"))); /* 1 */
	assert_false(
		restores(SIGNAL_LAST, STR(LIFE "\x03\0\0\0\0\0\0\xf0\x7f"))); /* infinite */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(windows_equal_a_plain_array),
		cmocka_unit_test(gauge_of_a_day_is_that_of_its_close),
		cmocka_unit_test(a_gauge_s_value_at_the_end_of_its_reach_is_kept),
		cmocka_unit_test(cells_are_those_of_the_days_asked_for),
		cmocka_unit_test(order_of_arrival_changes_no_byte),
		cmocka_unit_test(order_of_arrival_decides_nothing_about_what_is_beyond_reach),
		cmocka_unit_test(life_counts_each_active_day_once),
		cmocka_unit_test(days_with_one_event_take_a_few_bits),
		cmocka_unit_test(sums_are_clamped_not_wrapped),
		cmocka_unit_test(restored_tracks_are_the_same_bytes),
		cmocka_unit_test(newest_of_any_time_is_kept),
		cmocka_unit_test(tracks_of_a_record_are_refused_if_one_is_not_sound),
		cmocka_unit_test(malformed_cells_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
