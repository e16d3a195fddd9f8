/* SPDX-License-Identifier: Apache-2.0 */
/* Shows that state records of every older version are still read: those of tests/fuzz/corpus/record. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/mem.h"
#include "codec/record_format.h"
#include "engine/track.h"
#include "support/sample.h"

static void
drop(struct customer *customer)
{
	customer_finish(customer);
	mem_free(customer);
}

/* A record that this version wrote under these rules. */
static struct customer *
old_record(const struct ruleset *rules, unsigned version, unsigned i)
{
	char path[64], bytes[8192];
	FILE *file;
	struct customer *customer;
	struct stream_id id;
	struct err err;
	size_t n;

	snprintf(path, sizeof path, "tests/fuzz/corpus/record/v%u-%u", version, i);
	file = fopen(path, "rb");
	assert_non_null(file);
	n = fread(bytes, 1, sizeof bytes, file);
	fclose(file);
	assert_int_equal(bytes[0], version);
	customer = record_decode(rules, STR("c42"), (struct str){bytes, n}, &id, &err);
	if (!customer)
		fail_msg("%s: %s", path, err.text);
	return customer;
}

static void
a_record_of_version_1_is_still_read(void **state)
{
	struct ruleset *rules = sample_rules();

	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		struct customer *customer = old_record(rules, 1, i);

		for (unsigned k = 0; customer->cold && k < customer->cold->tag_count; k++)
			assert_int_equal(customer->cold->tags[k].by, TAG_BY_HAND);
		drop(customer);
	}
	ruleset_destroy(rules);
}

/* Which rules a task had, that version did not know. */
static void
a_record_of_version_2_is_still_read(void **state)
{
	struct ruleset *rules = sample_rules();
	unsigned tasks = 0;

	(void)state;
	for (unsigned i = 8; i < 16; i++) { /* those before were damaged by hand */
		struct customer *customer = old_record(rules, 2, i);

		for (unsigned k = 0; customer->cold && k < customer->cold->task_count; k++) {
			const struct task_held *task = &customer->cold->tasks[k];

			assert_int_equal(task->rule_count, 0);
			assert_int_equal(task->snooze_count, 0);
			assert_int_equal(task->acked_at,
					 task->state == TASK_CLAIMED ? task->changed_at : 0);
			tasks++;
		}
		drop(customer);
	}
	assert_true(tasks > 0);
	ruleset_destroy(rules);
}

static void
a_record_of_version_3_is_still_read(void **state)
{
	struct ruleset *rules = sample_rules();
	unsigned listed = 0, snoozed = 0;

	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		struct customer *customer = old_record(rules, 3, i);

		for (unsigned k = 0; customer->cold && k < customer->cold->task_count; k++) {
			const struct task_held *task = &customer->cold->tasks[k];

			listed += task->rule_count;
			snoozed += task->snooze_count;
		}
		drop(customer);
	}
	assert_true(listed > 0);
	assert_true(snoozed > 0);
	ruleset_destroy(rules);
}

static void
a_record_of_version_4_is_still_read(void **state)
{
	struct ruleset *rules = sample_rules();
	unsigned open = 0, churned = 0;

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		struct customer *customer = old_record(rules, 4, i);

		for (unsigned k = 0; customer->cold && k < customer->cold->rule_count; k++)
			open += customer->cold->rules[k].open > 0;
		churned += customer->cold && customer->cold->churned_at > 0;
		drop(customer);
	}
	assert_true(open > 0);
	assert_true(churned > 0);
	ruleset_destroy(rules);
}

/* What was said once for both clocks is not said again. */
static void
what_was_said_of_a_task_before_version_5_is_not_said_again(void **state)
{
	struct ruleset *rules = sample_rules();
	unsigned warned = 0;

	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		struct customer *customer = old_record(rules, 3, i);

		for (unsigned k = 0; customer->cold && k < customer->cold->task_count; k++) {
			const struct task_held *task = &customer->cold->tasks[k];
			int told = task->escalated >= 100 ? 15 : task->escalated ? 5 : 0;

			assert_int_equal(task->told, told);
			warned += task->escalated > 0;
		}
		drop(customer);
	}
	assert_true(warned > 0);
	ruleset_destroy(rules);
}

static void
a_record_of_version_5_is_still_read(void **state)
{
	struct ruleset *rules = sample_rules();
	unsigned told = 0;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct customer *customer = old_record(rules, 5, i);

		for (unsigned k = 0; customer->cold && k < customer->cold->task_count; k++)
			told |= customer->cold->tasks[k].told;
		drop(customer);
	}
	assert_int_equal(told, 15);
	ruleset_destroy(rules);
}

static void
a_record_of_version_6_is_still_read(void **state)
{
	struct ruleset *rules = sample_rules();

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct customer *customer = old_record(rules, 6, i);

		assert_true(customer->flags & CUSTOMER_GONE);
		assert_true(customer->cold->alert_count > 1);
		drop(customer);
	}
	ruleset_destroy(rules);
}

/* The events of v6-3: sums, gauges and counts, by days and hours, some that took more than a nibble. */
static void
put_events(const struct ruleset *rules, struct tracks *tracks, unsigned signal, bool hours)
{
	int64_t unit = hours ? HOUR_MS : DAY_MS;

	for (int cell = 0; cell < 60; cell++) {
		int times = cell % 11 == 0 ? 21 : (int)(signal % 3) + 1;

		for (int i = 0; i < times && (cell * 7 + (int)signal) % 5 <= 2; i++) {
			struct track_event event = {.ts = INT64_C(1790000000000) + cell * unit +
							  i * 1000,
						    .micro = cell * INT64_C(1250000) - 20000000,
						    .gauge = cell / 3.0 + (cell % 2 ? 0 : 1),
						    .kind = rules->signals[signal].kind,
						    .reach = hours ? 72 : 90};

			event.cell = (uint32_t)(event.ts / unit);
			track_add(tracks, signal, hours, &event);
		}
	}
}

static void
tracks_of_version_6_are_those_of_their_events(void **state)
{
	struct ruleset *rules = sample_rules();
	struct customer *customer = old_record(rules, 6, 3);
	struct tracks tracks = {0};

	(void)state;
	for (unsigned s = 0; s < rules->signal_count; s++) {
		put_events(rules, &tracks, s, false);
		if (rules->signals[s].reach_hours)
			put_events(rules, &tracks, s, true);
	}
	assert_int_equal(customer->tracks.days, tracks.days);
	assert_int_equal(track_hours(&customer->tracks), 7);
	assert_int_equal(track_bytes(&customer->tracks), track_bytes(&tracks));
	assert_memory_equal(customer->tracks.block, tracks.block, track_bytes(&tracks));
	tracks_finish(&tracks);
	drop(customer);
	ruleset_destroy(rules);
}

static void
a_record_of_version_7_is_still_read(void **state)
{
	struct ruleset *rules = sample_rules();

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct customer *customer = old_record(rules, 7, i);

		assert_true(customer->tracks.days != 0);
		assert_true(customer->cold->member_count > 0);
		drop(customer);
	}
	ruleset_destroy(rules);
}

static void
a_record_of_version_8_says_whose_it_is(void **state)
{
	struct ruleset *rules = sample_rules();

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct customer *customer = old_record(rules, 8, i);

		assert_true(customer->tracks.days != 0);
		assert_true(customer->cold->member_count > 0);
		drop(customer);
	}
	ruleset_destroy(rules);
}

/* As if it had been written so. */
static void
seal(struct buf *record)
{
	record->n -= RECORD_TAIL;
	record_sum_put(record, 0);
}

/* A start believes it: what is not whole, or of before version 8, does not say whose it is. */
static void
whose_a_record_is_it_says_when_it_is_whole(void **state)
{
	struct ruleset *rules = sample_rules();
	struct customer *customer = customer_create(STR("c42"));
	struct buf bytes = {0};
	struct stream_id id;
	struct err err;

	(void)state;
	record_encode(&bytes, rules, customer, (struct stream_id){5, 0});
	assert_true(str_is(record_whose(buf_view(&bytes)), "c42"));
	assert_true(record_says_whose(buf_view(&bytes)));
	assert_null(record_decode(rules, STR("c43"), buf_view(&bytes), &id, &err));
	assert_string_equal(err.text, "the record of customer c43 makes no sense");
	for (size_t n = 0; n < bytes.n; n++)
		assert_false(record_says_whose((struct str){bytes.p, n}));
	for (size_t i = 0; i < bytes.n; i++) {
		bytes.p[i] ^= 1;
		assert_false(record_says_whose(buf_view(&bytes)));
		bytes.p[i] ^= 1;
	}
	bytes.p[0] = 7;
	seal(&bytes);
	assert_false(record_says_whose(buf_view(&bytes)));
	bytes.p[0] = 8;
	bytes.p[RECORD_HEAD] = 127; /* longer than all */
	seal(&bytes);
	assert_null(record_whose(buf_view(&bytes)).p);
	assert_false(record_says_whose(buf_view(&bytes)));
	bytes.p[RECORD_HEAD] = 0;
	seal(&bytes);
	assert_false(record_says_whose(buf_view(&bytes)));
	assert_false(record_says_whose(STR_NONE));
	buf_finish(&bytes);
	drop(customer);
	ruleset_destroy(rules);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_of_version_1_is_still_read),
		cmocka_unit_test(a_record_of_version_2_is_still_read),
		cmocka_unit_test(a_record_of_version_3_is_still_read),
		cmocka_unit_test(a_record_of_version_4_is_still_read),
		cmocka_unit_test(what_was_said_of_a_task_before_version_5_is_not_said_again),
		cmocka_unit_test(a_record_of_version_5_is_still_read),
		cmocka_unit_test(a_record_of_version_6_is_still_read),
		cmocka_unit_test(tracks_of_version_6_are_those_of_their_events),
		cmocka_unit_test(a_record_of_version_7_is_still_read),
		cmocka_unit_test(a_record_of_version_8_says_whose_it_is),
		cmocka_unit_test(whose_a_record_is_it_says_when_it_is_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
