/* SPDX-License-Identifier: Apache-2.0 */
/* Shows that day sums and a customer's memory keep what they were given, in any order. */
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
		assert_int_equal(track_find(&customer->tracks, 3, false)->last_at,
				 model.last_at);
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
		assert_memory_equal(a->tracks.tracks, b->tracks.tracks,
				    track_bytes(&a->tracks));
		drop_customer(a);
		drop_customer(b);
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
		assert_int_equal(track_bytes(&a->tracks), track_bytes(&b->tracks));
		for (int i = __builtin_popcountll(a->tracks.days);
		     i-- > 0;) /* only earlier ones add */
			a->tracks.tracks[i].life_days = b->tracks.tracks[i].life_days;
		assert_memory_equal(a->tracks.tracks, b->tracks.tracks,
				    track_bytes(&a->tracks));
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

static void
life_counts_each_active_day_once(void **state)
{
	struct customer *customer = new_customer();
	const struct track *track;

	(void)state;
	put(customer, 1000, 10);
	put(customer, 1000, 10);
	put(customer, 1005, 10);
	put(customer, 1003, 10);
	put(customer, 1003, 10);
	put(customer, 1000, 10);
	track = track_find(&customer->tracks, 0, false);
	assert_int_equal(track->life_days, 3);
	assert_int_equal(track->first_cell, 1000);
	put(customer, 2000, 10);
	put(customer, 1500, 10); /* beyond reach, not the first: it may have been counted */
	track = track_find(&customer->tracks, 0, false);
	assert_int_equal(track->life_days, 4);
	put(customer, 900, 10);
	track = track_find(&customer->tracks, 0, false);
	assert_int_equal(track->life_days, 5);
	assert_int_equal(track->first_cell, 900);
	assert_int_equal(track->packed, 0);
	assert_int_equal(track->last_at, 2000 * DAY_MS);
	drop_customer(customer);
}

static void
a_day_with_few_events_takes_one_byte(void **state)
{
	struct customer *customer = new_customer();

	(void)state;
	for (uint32_t day = 0; day <= 90; day++)
		put(customer, 5000 + day, 90);
	assert_int_equal(track_find(&customer->tracks, 0, false)->packed, 90);
	for (uint32_t day = 91; day <= 400; day++)
		put(customer, 5000 + day, 90);
	assert_int_equal(track_find(&customer->tracks, 0, false)->packed, 90);
	drop_customer(customer);
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
	assert_int_equal(track_find(&customer->tracks, 0, false)->u.sum,
			 INT64_C(9000000000000000000));
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
		uint32_t count = 1 + random_below(&seed, 200);

		for (uint32_t i = 0; i < count; i++) {
			struct track_event event = random_event(&seed, kind, 300, 300);

			track_add(&from->tracks, i % 7, i % 2, &event);
			if (i % 3 == 0) /* counts that need the escape */
				for (int n = 0; n < 20; n++)
					track_add(&from->tracks, i % 7, i % 2, &event);
		}
		for (unsigned i = 14; i-- > 0;) {
			const struct track *track = track_find(&from->tracks, i % 7, i >= 7);

			if (track)
				assert_true(track_restore(
					&to->tracks, i % 7, i >= 7, kind, track,
					track_packed(&from->tracks, i % 7, i >= 7)));
		}
		assert_int_equal(track_bytes(&from->tracks), track_bytes(&to->tracks));
		assert_memory_equal(from->tracks.tracks, to->tracks.tracks,
				    track_bytes(&from->tracks));
		drop_customer(from);
		drop_customer(to);
	}
}

static bool
restores(enum signal_kind kind, uint16_t span, struct str packed)
{
	struct customer *customer = new_customer();
	struct track track = {.cell = 1000, .count = 1, .span = span};
	bool ok = track_restore(&customer->tracks, 0, false, kind, &track, packed);

	drop_customer(customer);
	return ok;
}

static void
malformed_cells_are_refused(void **state)
{
	(void)state;
	assert_true(restores(SIGNAL_COUNT, 5, STR("\x01\x12\x11")));
	assert_true(restores(SIGNAL_COUNT, 0, STR_NONE));
	assert_false(restores(SIGNAL_COUNT, 5, STR_NONE));
	assert_false(restores(SIGNAL_COUNT, 0, STR("\x01")));
	assert_false(restores(SIGNAL_COUNT, 500, STR("\x01")));	      /* beyond any reach */
	assert_false(restores(SIGNAL_COUNT, 5, STR("\x11")));	      /* the oldest has a gap */
	assert_false(restores(SIGNAL_COUNT, 5, STR("\x01\x01")));     /* the same cell twice */
	assert_false(restores(SIGNAL_COUNT, 5, STR("\x01\x51")));     /* reaches the newest */
	assert_false(restores(SIGNAL_COUNT, 5, STR("\x01\x20")));     /* no event */
	assert_false(restores(SIGNAL_COUNT, 5, STR("\x0f")));	      /* ends early */
	assert_false(restores(SIGNAL_COUNT, 5, STR("\x0f\x80\x00"))); /* two ways to say it */
	assert_false(
		restores(SIGNAL_COUNT, 5, STR("\x0f\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff")));
	assert_false(restores(SIGNAL_SUM, 5, STR("\x01")));
	assert_true(restores(SIGNAL_SUM, 5, STR("\x01\x02")));
	assert_false(restores(SIGNAL_LAST, 5, STR("\x01\x02\x03")));
	assert_true(restores(SIGNAL_LAST, 5, STR("\x01\0\0\0\0\0\0\xf0\x3f")));
	assert_false(restores(SIGNAL_LAST, 5, STR("\x01\0\0\0\0\0\0\xf0\x7f"))); /* infinite */
}

/* --- the rest of a customer --- */

static struct ruleset *
profile_rules(struct attribute *attributes, unsigned count)
{
	struct ruleset *rules = mem_alloc(sizeof *rules);

	rules->attributes = attributes;
	rules->attribute_count = count;
	return rules;
}

static void
older_profile_values_do_not_overwrite_even_unset_ones(void **state)
{
	struct attribute attributes[3] = {
		{.name = STR("name"), .type = TYPE_STRING, .initial = {.type = TYPE_STRING}},
		{.name = STR("mrr"), .type = TYPE_NUM, .initial = {.type = TYPE_NUM}},
		{.name = STR("seats"), .type = TYPE_INT}};
	struct ruleset *rules = profile_rules(attributes, 3);
	struct customer *customer = new_customer();

	(void)state;
	attributes[2].initial = (struct value){.type = TYPE_INT, .known = true, .u.i = 5};
	assert_false(customer_profile(customer, rules, 0).known);
	assert_int_equal(customer_profile(customer, rules, 2).u.i, 5);
	customer_set_profile(customer, 2, TYPE_INT,
			     (struct value){.type = TYPE_INT, .known = true, .u.i = 7}, 100);
	customer_set_profile(
		customer, 0, TYPE_STRING,
		(struct value){.type = TYPE_STRING, .known = true, .u.s = STR("Acme")}, 100);
	customer_set_profile(customer, 1, TYPE_NUM,
			     (struct value){.type = TYPE_NUM, .known = true, .u.n = 2.5}, 100);
	assert_int_equal(customer_profile(customer, rules, 2).u.i, 7);
	assert_true(str_is(customer_profile(customer, rules, 0).u.s, "Acme"));
	assert_true(customer_profile(customer, rules, 1).u.n == 2.5);
	customer_set_profile(customer, 0, TYPE_STRING, (struct value){.type = TYPE_STRING},
			     200);
	assert_false(customer_profile(customer, rules, 0).known);
	customer_set_profile(
		customer, 0, TYPE_STRING,
		(struct value){.type = TYPE_STRING, .known = true, .u.s = STR("Old")}, 150);
	assert_false(customer_profile(customer, rules, 0).known);
	customer_set_profile(
		customer, 0, TYPE_STRING,
		(struct value){.type = TYPE_STRING, .known = true, .u.s = STR("New")}, 200);
	assert_true(str_is(customer_profile(customer, rules, 0).u.s, "New"));
	customer_set_profile(customer, 2, TYPE_INT, (struct value){.type = TYPE_INT}, 300);
	assert_int_equal(customer_profile(customer, rules, 2).u.i, 5); /* as if never set */
	drop_customer(customer);
	mem_free(rules);
}

static void
tags_stand_by_name_and_rules_by_slot(void **state)
{
	struct customer *customer = new_customer();

	(void)state;
	assert_true(customer_tag_make(customer, STR("vip"))->expires_at == NEVER);
	(void)customer_tag_make(customer, STR("angry"));
	customer_tag_make(customer, STR("vip"))->since_at = 3;
	assert_ptr_equal(customer_tag(customer, STR("vip")), &customer->cold->tags[1]);
	assert_null(customer_tag(customer, STR("none")));
	assert_int_equal(customer->cold->tag_count, 2);
	assert_true(str_is(customer->cold->tags[0].name, "angry"));
	assert_int_equal(customer->cold->tags[1].since_at, 3);
	assert_false(customer_drop_tag(customer, STR("none")));
	assert_true(customer_drop_tag(customer, STR("angry")));
	assert_int_equal(customer->cold->tag_count, 1);
	assert_null(customer_rule(customer, 4));
	customer_rule_make(customer, 9)->firing = 9;
	customer_rule_make(customer, 4)->firing = 4;
	customer_rule_make(customer, 6)->firing = 6;
	assert_ptr_equal(customer_rule_make(customer, 9), customer_rule(customer, 9));
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(customer->cold->rules[i].firing,
				 customer->cold->rules[i].rule);
	assert_int_equal(customer->cold->rules[0].rule, 4);
	drop_customer(customer);
}

static void
tasks_own_their_texts(void **state)
{
	struct customer *customer = new_customer();
	struct task_held *task = customer_add_task(customer);

	(void)state;
	text_set(&task->assignee, STR("li"));
	text_set(&task->assignee, task->assignee);
	customer_add_task(customer);
	assert_true(str_is(customer->cold->tasks[0].assignee, "li"));
	text_set(&customer->cold->tasks[0].assignee, STR_NONE);
	assert_null(customer->cold->tasks[0].assignee.p);
	assert_string_equal(task_state_name(TASK_SNOOZED), "snoozed");
	drop_customer(customer);
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
		cmocka_unit_test(a_day_with_few_events_takes_one_byte),
		cmocka_unit_test(sums_are_clamped_not_wrapped),
		cmocka_unit_test(restored_tracks_are_the_same_bytes),
		cmocka_unit_test(malformed_cells_are_refused),
		cmocka_unit_test(older_profile_values_do_not_overwrite_even_unset_ones),
		cmocka_unit_test(tags_stand_by_name_and_rules_by_slot),
		cmocka_unit_test(tasks_own_their_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
