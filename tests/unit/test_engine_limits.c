/* SPDX-License-Identifier: Apache-2.0 */
/* Customers who do far more than others: their state stays small and their figures right. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/record.h"
#include "engine/core.h"
#include "support/scene.h"

#define MANY 1000000
#define BATCH 1000

static void
ignore_order(void *ctx, const struct order *order)
{
	(void)ctx;
	(void)order;
}

/* A million events in ten days, every one of a day's at its own millisecond. */
static void
send_many(struct scene *scene, int64_t start)
{
	static struct entry entries[BATCH];
	const struct order_sink sink = {NULL, ignore_order};
	int64_t step = 10 * DAY_MS / MANY;

	for (int64_t i = 0; i < MANY; i += BATCH) {
		for (int64_t k = 0; k < BATCH; k++)
			entries[k] = (struct entry){.kind = ENTRY_EVENT,
						    .customer = STR("c"),
						    .type = STR("a"),
						    .id = {start + (i + k) * step, 1},
						    .ts = start + (i + k) * step,
						    .value = 1e12,
						    .has_value = true};
		assert_int_equal(engine_apply(scene->engine, entries, BATCH, &sink), BATCH);
	}
}

static void
a_customer_with_a_million_events_stays_small(void **state)
{
	int64_t start = at("2026-03-01 00:00"), events, last_at;
	struct scene scene;
	struct buf record = {0};
	double sum;

	(void)state;
	scene_init(&scene, "signals: {a: {on: a}, s: {on: a, sum: value}}\nrules:\n"
			   "- {rule: r, expr: 'count(a[30d live]) >= 1000000', points: 30}\n"
			   "- {rule: h, expr: 'count(a[5h live]) >= 20833', points: 10}\n"
			   "- {rule: s, expr: 'sum(s[30d live]) > 1', points: 1}\n");
	send_many(&scene, start);
	assert_int_equal(scene_risk(&scene, "c"), 41);
	assert_true(engine_signal(scene.engine, engine_customer_at(scene.engine, 0), 0, 30,
				  &events, &sum, &last_at));
	assert_int_equal(events, MANY);
	record_encode(&record, engine_rules(scene.engine), engine_customer_at(scene.engine, 0),
		      engine_position(scene.engine));
	assert_true(record.n < 1024);
	buf_finish(&record);
	scene_finish(&scene);
}

/* Sums end at what 64 bits of millionths hold; they do not wrap round into the negative. */
static void
sums_without_bounds_end_at_a_bound(void **state)
{
	int64_t start = at("2026-03-01 00:00"), events, last_at;
	struct scene scene;
	double sum;

	(void)state;
	scene_init(&scene, "signals: {s: {on: a, sum: value}}\nrules:\n"
			   "- {rule: s, expr: 'sum(s[30d live]) > 8.9e12', points: 1}\n");
	send_many(&scene, start);
	assert_int_equal(scene_risk(&scene, "c"), 1);
	assert_true(engine_signal(scene.engine, engine_customer_at(scene.engine, 0), 0, 30,
				  &events, &sum, &last_at));
	assert_true(sum > 8.9e12);
	scene_finish(&scene);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_customer_with_a_million_events_stays_small),
		cmocka_unit_test(sums_without_bounds_end_at_a_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
