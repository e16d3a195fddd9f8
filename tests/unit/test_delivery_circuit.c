/* SPDX-License-Identifier: Apache-2.0 */
/* An endpoint's queue with a clock of our own: a circuit that the first failure opens. */
#include "unit/queue_settle.h"

static int
begin(void **state)
{
	const struct delivery_policy policy = {
		PATIENT, .concurrency = 2, .opens_after = 1, .window = 20, .window_bytes = 1000,
	};

	(void)state;
	return queue_begin(&policy);
}

/* What was given up left nobody to ask; the next alert is what asks. */
static void
an_open_circuit_with_nothing_to_send_waits_for_an_alert(void **state)
{
	struct settled settled;
	struct delivery *a;

	(void)state;
	queue.active = 2 * HOUR_MS; /* it failed in an earlier life */
	delivery_take(&queue, entry_id(next_entry++), STR("al_0"), STR("a"), STR("{}"), 0, 0);
	a = sends('a');
	settled = settle(a, 500);
	assert_int_equal(settled.verdict, DELIVERY_GIVEN_UP);
	assert_true(settled.opened);
	delivery_bury(&queue, a);
	assert_int_equal(queue.circuit.state, CIRCUIT_OPEN);
	now += MINUTE_MS;
	sends_nothing();
	assert_int_equal(delivery_wakes_at(&queue), NEVER);
	stream("b");
	deliver('b');
	assert_int_equal(queue.circuit.state, CIRCUIT_CLOSED);
}

static void
who_is_denied_counts_as_a_failure_of_the_endpoint(void **state)
{
	struct settled settled;

	(void)state;
	stream("a");
	settled = settle(sends('a'), 401);
	assert_int_equal(settled.verdict, DELIVERY_AGAIN);
	assert_true(settled.opened && !settled.paused);
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
	struct settled settled;

	(void)state;
	stream("abcd");
	a = sends('a');
	b = sends('b');
	settled = settle(a, 500);
	assert_int_equal(settled.verdict, DELIVERY_AGAIN);
	assert_true(settled.opened);
	now += MINUTE_MS;
	c = sends('c');
	landed = delivery_unsayable(&queue, now);
	assert_int_equal(delivery_settle(&queue, c, &landed, now).verdict, DELIVERY_GIVEN_UP);
	delivery_bury(&queue, c);
	sends_nothing();
	settled = settle(b, 200);
	assert_int_equal(settled.verdict, DELIVERY_DONE);
	assert_true(settled.closed);
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
