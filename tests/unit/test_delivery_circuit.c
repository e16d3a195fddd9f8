/* SPDX-License-Identifier: Apache-2.0 */
/* An endpoint's queue with a clock of our own: a circuit that the first failure opens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "engine/delivery.h"

#define START INT64_C(1795255200000)

static struct delivery_queue queue;
static int64_t now;

static int
begin(void **state)
{
	const struct delivery_policy policy = {
		.retry = {.first = SECOND_MS,
			  .max = MINUTE_MS,
			  .give_up_after = HOUR_MS,
			  .factor = 2,
			  .jitter = 0},
		.throttle = 30 * SECOND_MS,
		.concurrency = 2,
		.opens_after = 1,
		.probe_every = MINUTE_MS,
		.window = 20,
		.window_bytes = 1000,
	};

	(void)state;
	now = START;
	delivery_queue_init(&queue, &policy, now);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	delivery_queue_finish(&queue);
	return 0;
}

/* An alert of each customer, a character each. */
static void
stream(const char *customers)
{
	static int64_t entry = 1;

	for (; *customers; customers++) {
		char id[24];

		snprintf(id, sizeof id, "al_%c", *customers);
		delivery_take(&queue, (struct stream_id){++entry, 0}, str_of(id),
			      (struct str){customers, 1}, STR("{}"), -1, 0);
	}
}

static struct delivery *
sends(char customer)
{
	struct delivery *delivery = delivery_next(&queue, now);

	assert_non_null(delivery);
	assert_int_equal(delivery->customer.p[0], customer);
	return delivery;
}

static enum delivery_verdict
settle(struct delivery *delivery, int status, struct delivery_landed *landed)
{
	*landed = delivery_land(&queue, retry_classify(status, RETRY_NO_AFTER), RETRY_NO_AFTER,
				now);
	return delivery_settle(&queue, delivery, landed, now).verdict;
}

static void
deliver(char customer)
{
	struct delivery_landed landed;

	assert_int_equal(settle(sends(customer), 200, &landed), DELIVERY_DONE);
}

/* What was given up left nobody to ask; the next alert is what asks. */
static void
an_open_circuit_with_nothing_to_send_waits_for_an_alert(void **state)
{
	struct delivery_landed landed;
	struct delivery *a;

	(void)state;
	queue.active = 2 * HOUR_MS; /* it failed in an earlier life */
	delivery_take(&queue, (struct stream_id){1, 0}, STR("al_0"), STR("a"), STR("{}"), 0, 0);
	a = sends('a');
	assert_int_equal(settle(a, 500, &landed), DELIVERY_GIVEN_UP);
	assert_true(landed.opened);
	delivery_bury(&queue, a);
	assert_int_equal(queue.circuit.state, CIRCUIT_OPEN);
	now += MINUTE_MS;
	assert_null(delivery_next(&queue, now));
	assert_int_equal(delivery_wakes_at(&queue), NEVER);
	stream("b");
	deliver('b');
	assert_int_equal(queue.circuit.state, CIRCUIT_CLOSED);
}

static void
who_is_denied_counts_as_a_failure_of_the_endpoint(void **state)
{
	struct delivery_landed landed;

	(void)state;
	stream("a");
	assert_int_equal(settle(sends('a'), 401, &landed), DELIVERY_AGAIN);
	assert_true(landed.opened && !landed.paused);
}

static void
hours_that_have_begun_already_change_nothing(void **state)
{
	(void)state;
	stream("a");
	delivery_quiet(&queue, now, now);
	delivery_quiet(&queue, now - 1, now);
	deliver('a');
}

/* The probe said nothing of the endpoint; another request is under way, and its answer will. */
static void
a_probe_that_cannot_be_said_waits_for_who_is_under_way(void **state)
{
	struct delivery *a, *b, *c;
	struct delivery_landed landed;

	(void)state;
	stream("abcd");
	a = sends('a');
	b = sends('b');
	assert_int_equal(settle(a, 500, &landed), DELIVERY_AGAIN);
	assert_true(landed.opened);
	now += MINUTE_MS;
	c = sends('c');
	landed = delivery_unsayable(&queue, now);
	assert_int_equal(delivery_settle(&queue, c, &landed, now).verdict, DELIVERY_GIVEN_UP);
	delivery_bury(&queue, c);
	assert_null(delivery_next(&queue, now));
	assert_int_equal(settle(b, 200, &landed), DELIVERY_DONE);
	assert_true(landed.closed);
	deliver('d');
	deliver('a');
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			an_open_circuit_with_nothing_to_send_waits_for_an_alert, begin, end),
		cmocka_unit_test_setup_teardown(
			who_is_denied_counts_as_a_failure_of_the_endpoint, begin, end),
		cmocka_unit_test_setup_teardown(hours_that_have_begun_already_change_nothing,
						begin, end),
		cmocka_unit_test_setup_teardown(
			a_probe_that_cannot_be_said_waits_for_who_is_under_way, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
