/* SPDX-License-Identifier: Apache-2.0 */
/* An endpoint's queue with a clock of our own: order, retries, circuit, throttle, progress. */
#include "unit/queue_settle.h"

static const struct delivery_policy policy = {
	PATIENT, .concurrency = 2, .opens_after = 10, .window = 20, .window_bytes = 1000,
};

static int
begin(void **state)
{
	(void)state;
	return queue_begin(&policy);
}

static void
print_range(void *ctx, struct backlog_range range)
{
	buf_printf(ctx, " %d..%d", (int)range.from.ms, (int)range.to.ms);
}

static void
progress_is(const char *expected)
{
	struct buf out = {0};

	buf_printf(&out, "%d:", (int)backlog_position(&queue.backlog).ms);
	backlog_ranges(&queue.backlog, print_range, &out);
	assert_string_equal(out.p, expected);
	buf_finish(&out);
}

static void
alerts_leave_in_stream_order(void **state)
{
	(void)state;
	stream("abc");
	deliver('a');
	deliver('b');
	deliver('c');
	sends_nothing();
	assert_int_equal(delivery_wakes_at(&queue), NEVER);
	progress_is("3:");
}

static void
a_customer_has_one_request_in_flight(void **state)
{
	struct delivery *a, *b;

	(void)state;
	stream("aaab");
	a = sends('a');
	b = sends('b');
	sends_nothing();
	settle(b, 200);
	sends_nothing();
	settle(a, 200);
	assert_int_equal((a = sends('a'))->at.ms, 2);
	sends_nothing();
	settle(a, 200);
	assert_int_equal((a = sends('a'))->at.ms, 3);
	settle(a, 200);
	sends_nothing();
}

static void
no_more_leave_than_the_endpoint_bears(void **state)
{
	struct delivery *a;

	(void)state;
	stream("abc");
	a = sends('a');
	sends('b');
	sends_nothing();
	assert_int_equal(delivery_wakes_at(&queue), NEVER); /* a reply wakes it */
	settle(a, 200);
	sends('c');
}

static void
later_alerts_wait_behind_a_retried_one_and_others_go_on(void **state)
{
	struct settled settled;

	(void)state;
	stream("aaab");
	settled = settle(sends('a'), 500);
	assert_int_equal(settled.verdict, DELIVERY_AGAIN);
	assert_int_equal(settled.wait, SECOND_MS);
	deliver('b');
	sends_nothing();
	assert_int_equal(delivery_wakes_at(&queue), now + SECOND_MS);
	now += SECOND_MS - 1;
	sends_nothing();
	now += 1;
	assert_int_equal(settle(sends('a'), 500).wait, 2 * SECOND_MS);
	now += 2 * SECOND_MS;
	deliver('a');
	deliver('a');
	deliver('a');
	progress_is("4:");
}

static void
it_is_given_up_when_its_time_has_passed(void **state)
{
	struct delivery *a;

	(void)state;
	stream("aa");
	while (settle(a = sends('a'), 500).verdict == DELIVERY_AGAIN) {
		/* Another customer's success keeps the circuit closed. */
		stream("b");
		deliver('b');
		now += MINUTE_MS;
		assert_true(now <= START + 2 * HOUR_MS);
	}
	assert_int_equal(now, START + HOUR_MS);
	assert_int_equal(a->state, DELIVERY_DEAD);
	assert_int_equal(a->attempts, 61);
	sends_nothing(); /* the customer waits until the dead letter is written */
	progress_is("1: 3..62");
	delivery_bury(&queue, a);
	deliver('a');
	progress_is("62:");
}

static void
what_is_refused_three_times_is_given_up(void **state)
{
	struct delivery *a;

	(void)state;
	stream("ab");
	assert_int_equal(settle(sends('a'), 500).verdict, DELIVERY_AGAIN);
	deliver('b');
	now += SECOND_MS;
	assert_int_equal(settle(sends('a'), 422).verdict, DELIVERY_AGAIN);
	now += 2 * SECOND_MS;
	assert_int_equal(settle(sends('a'), 404).verdict, DELIVERY_AGAIN);
	now += 4 * SECOND_MS;
	{
		struct settled settled = settle(a = sends('a'), 400);

		assert_int_equal(settled.verdict, DELIVERY_GIVEN_UP);
		assert_true(settled.refused);
	}
	assert_int_equal(a->attempts, 4);
	delivery_bury(&queue, a);
	assert_int_equal(queue.backlog.held, 0);
	assert_int_equal(queue.backlog.bytes, 0);
}

static void
refusals_open_no_circuit(void **state)
{
	(void)state;
	for (int i = 0; i < 12; i++) {
		char customer[2] = {(char)('a' + i), 0};

		stream(customer);
		assert_false(settle(sends(customer[0]), 422).opened);
	}
	assert_int_equal(queue.circuit.state, CIRCUIT_CLOSED);
}

static void
open_the_circuit(void)
{
	stream("abcdefghij");
	for (char c = 'a'; c <= 'j'; c++)
		assert_int_equal(settle(sends(c), 0).opened, c == 'j');
}

static void
an_open_circuit_sends_a_probe_a_minute(void **state)
{
	struct delivery *probe;

	(void)state;
	open_the_circuit();
	stream("k");
	sends_nothing();
	assert_int_equal(delivery_wakes_at(&queue), now + MINUTE_MS);
	now += MINUTE_MS;
	probe = sends('k');
	sends_nothing();
	assert_int_equal(delivery_wakes_at(&queue), NEVER);
	settle(probe, 0);
	sends_nothing();
	now += MINUTE_MS;
	/* The one that has waited longest is next: a broken message alone keeps no circuit open. */
	sends('a');
}

static void
an_answered_probe_closes_the_circuit_and_wakes_all(void **state)
{
	struct settled settled;

	(void)state;
	open_the_circuit();
	now += MINUTE_MS;
	settled = settle(sends('a'), 200);
	assert_true(settled.closed);
	for (char c = 'b'; c <= 'j'; c++)
		deliver(c);
	sends_nothing();
	progress_is("10:");
}

static void
a_refused_probe_shows_that_the_endpoint_is_back(void **state)
{
	(void)state;
	open_the_circuit();
	now += MINUTE_MS;
	assert_true(settle(sends('a'), 422).closed);
	deliver('b');
}

static void
time_with_the_circuit_open_or_paused_does_not_count(void **state)
{
	(void)state;
	open_the_circuit();
	assert_int_equal(delivery_active(&queue, now), 0);
	now += DAY_MS;
	assert_int_equal(settle(sends('a'), 0).verdict, DELIVERY_AGAIN);
	now += DAY_MS;
	assert_int_equal(settle(sends('b'), 0).verdict, DELIVERY_AGAIN);
	now += MINUTE_MS;
	settle(sends('c'), 200);
	assert_int_equal(delivery_active(&queue, now), 0);
	now += 500;
	delivery_pause(&queue, now);
	now += DAY_MS;
	sends_nothing();
	assert_int_equal(delivery_wakes_at(&queue), NEVER);
	delivery_resume(&queue, now);
	assert_int_equal(delivery_active(&queue, now), 500);
	deliver('a');
}

static void
a_throttled_endpoint_rests_as_a_whole(void **state)
{
	struct settled settled;

	(void)state;
	stream("ab");
	settled = settle_after(sends('a'), RETRY_THROTTLED, 7 * SECOND_MS);
	assert_int_equal(settled.wait, 7 * SECOND_MS);
	sends_nothing();
	assert_int_equal(delivery_wakes_at(&queue), now + 7 * SECOND_MS);
	now += 7 * SECOND_MS;
	deliver('b');
	deliver('a');
}

static void
without_retry_after_it_rests_as_configured(void **state)
{
	(void)state;
	stream("a");
	assert_int_equal(settle(sends('a'), 429).wait, policy.throttle);
	now += policy.throttle - 1;
	sends_nothing();
	now++;
	/* "Again at once" is no invitation to spin. */
	assert_int_equal(settle_after(sends('a'), RETRY_THROTTLED, 0).wait, SECOND_MS);
}

static void
who_resumes_an_endpoint_has_it_tried_at_once(void **state)
{
	(void)state;
	stream("ab");
	settle(sends('a'), 500);
	settle_after(sends('b'), RETRY_THROTTLED, DAY_MS);
	sends_nothing();
	delivery_resume(&queue, now);
	deliver('a');
	deliver('b');
}

static void
who_mends_an_endpoint_need_not_wait_for_the_next_probe(void **state)
{
	(void)state;
	open_the_circuit();
	sends_nothing();
	assert_true(delivery_wakes_at(&queue) > now);
	delivery_hurry(&queue);
	assert_true(delivery_wakes_at(&queue) <= now);
	settle(sends('a'), 200);
}

static void
other_settings_do_not_end_the_rest_that_it_asked_for(void **state)
{
	(void)state;
	stream("a");
	settle_after(sends('a'), RETRY_THROTTLED, HOUR_MS);
	delivery_hurry(&queue);
	sends_nothing();
	now += HOUR_MS;
	deliver('a');
}

static void
gone_pauses_until_somebody_resumes(void **state)
{
	struct delivery *a, *b;

	(void)state;
	stream("abc");
	a = sends('a');
	b = sends('b');
	assert_true(settle(a, 410).paused);
	assert_false(settle(b, 410).paused); /* it was */
	now += DAY_MS;
	sends_nothing();
	delivery_resume(&queue, now);
	deliver('c');
	deliver('a');
	deliver('b');
}

static void
progress_names_what_is_done_beyond_the_position(void **state)
{
	struct delivery *a, *c;

	(void)state;
	progress_is("0:");
	stream(".a..b.c.");
	progress_is("1: 3..4 6..6 8..8");
	a = sends('a');
	deliver('b');
	progress_is("1: 3..6 8..8");
	c = sends('c');
	settle(c, 200);
	progress_is("1: 3..8");
	stream("d.");
	progress_is("1: 3..8 10..10");
	settle(a, 200);
	progress_is("8: 10..10");
	deliver('d');
	progress_is("10:");
}

static void
progress_counts_the_dead_as_done(void **state)
{
	(void)state;
	stream("ab");
	for (int i = 0; i < 3; i++) {
		settle(sends('a'), 400);
		if (i == 0)
			deliver('b');
		now += MINUTE_MS;
	}
	assert_int_equal(queue.dead, 1);
	progress_is("2:");
}

static void
reading_goes_on_where_it_stood_and_skips_what_is_done(void **state)
{
	const struct backlog_range done[] = {{entry_id(3), entry_id(6)},
					     {entry_id(8), entry_id(8)}};
	struct stream_id after, before;

	(void)state;
	backlog_restore(&queue.backlog, entry_id(1), done, 2);
	next_entry = 2;
	progress_is("1: 3..6 8..8");
	backlog_reads(&queue.backlog, &after, &before);
	assert_int_equal(after.ms, 1);
	assert_int_equal(before.ms, 3);
	stream("a");
	backlog_jump(&queue.backlog);
	progress_is("1: 3..6 8..8");
	next_entry = 7;
	backlog_reads(&queue.backlog, &after, &before);
	assert_int_equal(after.ms, 6);
	assert_int_equal(before.ms, 8);
	stream("b");
	backlog_jump(&queue.backlog);
	backlog_reads(&queue.backlog, &after, &before);
	assert_int_equal(after.ms, 8);
	assert_int_equal(before.ms, 0);
	progress_is("1: 3..6 8..8");
	deliver('a');
	progress_is("6: 8..8");
	deliver('b');
	progress_is("8:");
}

static void
a_first_failure_of_an_earlier_life_still_counts(void **state)
{
	(void)state;
	queue.active = 2 * HOUR_MS;
	delivery_take(&queue, entry_id(1), STR("al_1"), STR("a"), STR("{}"), 30 * MINUTE_MS, 0);
	assert_int_equal(settle(sends('a'), 500).verdict, DELIVERY_GIVEN_UP);
}

static void
the_window_is_bounded_in_alerts_and_in_bytes(void **state)
{
	char body[999];

	(void)state;
	assert_int_equal(delivery_room(&queue), 20);
	stream("aaaaaaaaaaaaaaaaaaa.");
	assert_int_equal(delivery_room(&queue), 1);
	stream("b");
	assert_int_equal(delivery_room(&queue), 0);
	deliver('a');
	assert_int_equal(delivery_room(&queue), 1);
	deliver('b');
	memset(body, ' ', sizeof body);
	delivery_take(&queue, entry_id(100), STR("al"), STR("c"),
		      (struct str){body, sizeof body}, -1, 0);
	assert_int_equal(delivery_room(&queue), 0);
	deliver('a');
	deliver('c');
	assert_int_equal(delivery_room(&queue), 3);
}

#define QUEUE_TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		QUEUE_TEST(alerts_leave_in_stream_order),
		QUEUE_TEST(a_customer_has_one_request_in_flight),
		QUEUE_TEST(no_more_leave_than_the_endpoint_bears),
		QUEUE_TEST(later_alerts_wait_behind_a_retried_one_and_others_go_on),
		QUEUE_TEST(it_is_given_up_when_its_time_has_passed),
		QUEUE_TEST(what_is_refused_three_times_is_given_up),
		QUEUE_TEST(refusals_open_no_circuit),
		QUEUE_TEST(an_open_circuit_sends_a_probe_a_minute),
		QUEUE_TEST(an_answered_probe_closes_the_circuit_and_wakes_all),
		QUEUE_TEST(a_refused_probe_shows_that_the_endpoint_is_back),
		QUEUE_TEST(time_with_the_circuit_open_or_paused_does_not_count),
		QUEUE_TEST(a_throttled_endpoint_rests_as_a_whole),
		QUEUE_TEST(without_retry_after_it_rests_as_configured),
		QUEUE_TEST(who_resumes_an_endpoint_has_it_tried_at_once),
		QUEUE_TEST(other_settings_do_not_end_the_rest_that_it_asked_for),
		QUEUE_TEST(who_mends_an_endpoint_need_not_wait_for_the_next_probe),
		QUEUE_TEST(gone_pauses_until_somebody_resumes),
		QUEUE_TEST(progress_names_what_is_done_beyond_the_position),
		QUEUE_TEST(progress_counts_the_dead_as_done),
		QUEUE_TEST(reading_goes_on_where_it_stood_and_skips_what_is_done),
		QUEUE_TEST(a_first_failure_of_an_earlier_life_still_counts),
		QUEUE_TEST(the_window_is_bounded_in_alerts_and_in_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
