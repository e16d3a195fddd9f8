/* SPDX-License-Identifier: Apache-2.0 */
/* An endpoint's queue with a clock of our own: rate, digests, quiet hours, alerts sent again or too old. */
#include <limits.h>

#include "unit/queue.h"

static void
begin(unsigned rate, unsigned digest_max)
{
	const struct delivery_policy policy = {
		PATIENT,
		.concurrency = 8,
		.rate_count = rate,
		.rate_per = MINUTE_MS,
		.digest_max = digest_max,
		.opens_after = 10,
		.window = 100,
		.window_bytes = 100000,
	};

	queue_begin(&policy);
}

/* The next request holds exactly these entries, in this order: "3b 4a". */
static struct delivery *
sends(const char *expected)
{
	struct delivery *first = delivery_next(&queue, now), *at = first;
	struct buf got = {0};

	for (; at != NULL; at = delivery_joined(&queue, at))
		buf_printf(&got, "%s%d%c", at == first ? "" : " ", (int)at->at.ms,
			   at->customer.p[0]);
	if (!str_is(buf_view(&got), expected))
		fail_msg("\"%.*s\" leaves, expected \"%s\"", STR_ARG(buf_view(&got)), expected);
	buf_finish(&got);
	return first;
}

/* How many of its alerts were given up (and are buried). */
static unsigned
settle(struct delivery *delivery, int status)
{
	struct delivery_landed landed = delivery_land(
		&queue, retry_classify(status, RETRY_NO_AFTER), RETRY_NO_AFTER, now);
	unsigned given_up = 0;
	struct delivery *next;

	for (; delivery != NULL; delivery = next) {
		next = delivery_joined(&queue, delivery);
		if (delivery_settle(&queue, delivery, &landed, now).verdict ==
		    DELIVERY_GIVEN_UP) {
			delivery_bury(&queue, delivery);
			given_up++;
		}
	}
	return given_up;
}

static void
no_span_sees_more_than_its_tokens(void **state)
{
	static int64_t taken[1000];
	struct rate_limit rate;
	unsigned count = 0;

	(void)state;
	rate_limit_init(&rate, 20, MINUTE_MS);
	for (now = START; count<1000; now = rate_limit_free_at(&rate)> now
				  ? rate_limit_free_at(&rate)
				  : now) {
		now += count % 7 * 100; /* it is not always asked at once */
		if (rate_limit_tokens(&rate, now) == 0)
			fail_msg("no token at the time that was told");
		rate_limit_take(&rate, now);
		taken[count++] = now;
	}
	for (unsigned i = 20; i < count; i++)
		assert_true(taken[i] - taken[i - 20] >= MINUTE_MS);
	/* And hardly fewer. */
	assert_true(taken[999] - taken[0] < 1000 / 20 * (MINUTE_MS + 4 * SECOND_MS));
}

static void
a_rate_of_any_size_keeps_its_promise(void **state)
{
	static const struct {
		unsigned count;
		int64_t per;
	} rates[] = {{1, 1}, {1, SECOND_MS}, {3, 65}, {190, 10 * SECOND_MS}, {1, DAY_MS}};
	struct rate_limit rate;

	(void)state;
	for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
		int64_t at = START;

		rate_limit_init(&rate, rates[i].count, rates[i].per);
		assert_int_equal(rate_limit_free_at(&rate), 0);
		for (unsigned n = 0; n < rates[i].count; n++) {
			assert_int_equal(rate_limit_tokens(&rate, at), rates[i].count - n);
			rate_limit_take(&rate, at);
		}
		assert_int_equal(rate_limit_tokens(&rate, at + rates[i].per - 1), 0);
		assert_true(rate_limit_free_at(&rate) >= at + rates[i].per);
		assert_true(rate_limit_free_at(&rate) <= at + 2 + rates[i].per * 33 / 32);
		assert_int_equal(rate_limit_tokens(&rate, rate_limit_free_at(&rate)),
				 rates[i].count);
	}
	rate_limit_init(&rate, 0, 0);
	rate_limit_take(&rate, START);
	assert_int_equal(rate_limit_tokens(&rate, START), UINT_MAX);
}

static void
over_its_rate_an_endpoint_waits(void **state)
{
	int64_t free_at;

	(void)state;
	begin(2, 0);
	stream("aab");
	settle(sends("1a"), 200);
	settle(sends("3b"), 200);
	sends("");
	free_at = delivery_wakes_at(&queue);
	assert_true(free_at >= now + MINUTE_MS && free_at <= now + MINUTE_MS + 2 * SECOND_MS);
	now = free_at - 1;
	sends("");
	now = free_at;
	settle(sends("2a"), 200);
}

static void
failures_take_tokens_too(void **state)
{
	(void)state;
	begin(1, 0);
	stream("a");
	settle(sends("1a"), 500);
	now += 10 * SECOND_MS;
	sends("");
	assert_true(delivery_wakes_at(&queue) >= START + MINUTE_MS);
}

static void
over_its_rate_alerts_are_joined_in_the_streams_order(void **state)
{
	(void)state;
	begin(2, 4);
	stream("ab");
	settle(sends("1a"), 200); /* two tokens, two ready: alone */
	settle(sends("2b"), 200);
	stream("aabcb");
	sends("");
	now = delivery_wakes_at(&queue);
	settle(sends("3a 4a 5b 7b"), 200); /* those of a customer ride along */
	settle(sends("6c"), 200);
	sends("");
	assert_int_equal(queue.backlog.held, 0);
	assert_int_equal(backlog_position(&queue.backlog).ms, 7);
}

static void
with_the_last_token_a_customers_next_alerts_ride_along(void **state)
{
	(void)state;
	begin(2, 3);
	stream("aaaaa");
	settle(sends("1a"), 200);
	settle(sends("2a 3a 4a"), 200);
	sends("");
	now = delivery_wakes_at(&queue);
	settle(sends("5a"), 200);
}

static void
a_digest_that_failed_waits_as_a_whole_and_keeps_each_customers_order(void **state)
{
	(void)state;
	begin(1, 10);
	stream("aab");
	settle(sends("1a 2a 3b"), 500);
	stream("ab");
	sends("");
	assert_int_equal(queue.sleeping, 2);
	now += MINUTE_MS + 2 * SECOND_MS;
	settle(sends("1a 2a 3b 4a 5b"), 200);
	assert_int_equal(queue.backlog.held, 0);
}

static void
a_refused_digest_goes_on_as_singles_and_only_the_bad_one_dies(void **state)
{
	unsigned given_up = 0;

	(void)state;
	begin(1, 10);
	stream("aab");
	assert_int_equal(settle(sends("1a 2a 3b"), 400), 0);
	for (int i = 0; i < 5; i++) {
		struct delivery *delivery;

		now += 10 * MINUTE_MS;
		delivery = delivery_next(&queue, now);
		assert_null(delivery_joined(&queue, delivery));
		given_up += settle(delivery, delivery->at.ms == 1 ? 400 : 200);
	}
	assert_int_equal(given_up, 1); /* entry 1, after three tries of its own */
	assert_int_equal(queue.backlog.held, 0);
}

static void
what_cannot_be_said_dies_at_once_and_says_nothing_of_the_endpoint(void **state)
{
	struct delivery_landed landed;
	struct delivery *delivery;

	(void)state;
	begin(0, 0);
	stream("abcdefghijk");
	for (int i = 1; i <= 10; i++)
		settle(delivery_next(&queue, now), 500);
	assert_int_equal(queue.circuit.state, CIRCUIT_OPEN);
	now += MINUTE_MS;
	delivery = sends("11k"); /* the probe */
	landed = delivery_unsayable(&queue, now);
	assert_int_equal(delivery_settle(&queue, delivery, &landed, now).verdict,
			 DELIVERY_GIVEN_UP);
	delivery_bury(&queue, delivery);
	assert_int_equal(queue.circuit.state, CIRCUIT_OPEN);
	settle(sends("1a"), 200);
	assert_int_equal(queue.circuit.state, CIRCUIT_CLOSED);
}

static void
what_cannot_be_said_takes_no_token(void **state)
{
	struct delivery_landed landed;
	struct delivery *delivery;

	(void)state;
	begin(1, 0);
	stream("abc");
	delivery = sends("1a");
	landed = delivery_unsayable(&queue, now);
	assert_int_equal(delivery_settle(&queue, delivery, &landed, now).verdict,
			 DELIVERY_GIVEN_UP);
	delivery_bury(&queue, delivery);
	settle(sends("2b"), 200);
	sends("");
}

static void
outside_of_its_hours_nothing_leaves_and_then_one_digest(void **state)
{
	(void)state;
	begin(0, 10);
	stream("a");
	delivery_quiet(&queue, now + 8 * HOUR_MS, now);
	sends("");
	assert_int_equal(delivery_wakes_at(&queue), now + 8 * HOUR_MS);
	now += 8 * HOUR_MS - 1;
	stream("bab");
	sends("");
	now++;
	settle(sends("1a 2b 3a 4b"), 200);
	sends("");
	stream("ab");
	settle(sends("5a"), 200); /* now it is as always */
	settle(sends("6b"), 200);
}

static void
what_waited_for_a_token_goes_as_one_digest(void **state)
{
	(void)state;
	begin(2, 10);
	stream("a");
	settle(sends("1a"), 200);
	stream("b");
	settle(sends("2b"), 200);
	stream("ab");
	sends("");
	now += 2 * MINUTE_MS; /* both tokens are back */
	settle(sends("3a 4b"), 200);
	stream("a");
	settle(sends("5a"), 200);
}

static void
what_waited_for_the_end_of_a_rest_goes_as_one_digest(void **state)
{
	(void)state;
	begin(0, 10);
	stream("a");
	settle(sends("1a"), 429);
	stream("ba");
	sends("");
	now += MINUTE_MS;
	settle(sends("1a 2b 3a"), 200);
	stream("a");
	settle(sends("4a"), 200);
}

static void
without_digests_what_waited_in_quiet_hours_goes_one_by_one(void **state)
{
	(void)state;
	begin(0, 0);
	delivery_quiet(&queue, now + HOUR_MS, now);
	stream("ab");
	now += HOUR_MS;
	settle(sends("1a"), 200);
	settle(sends("2b"), 200);
}

static void
time_in_quiet_hours_does_not_count(void **state)
{
	(void)state;
	begin(0, 0);
	stream("a");
	settle(sends("1a"), 500);
	now += MINUTE_MS;
	delivery_quiet(&queue, now + 12 * HOUR_MS, now);
	now += 13 * HOUR_MS;
	assert_int_equal(delivery_active(&queue, now), MINUTE_MS + HOUR_MS);
	delivery_quiet(&queue, NEVER, now);
	assert_int_equal(delivery_wakes_at(&queue), NEVER);
	now += DAY_MS;
	assert_int_equal(delivery_active(&queue, now), MINUTE_MS + HOUR_MS);
	delivery_quiet(&queue, 0, now); /* other hours: open at once */
	assert_int_equal(settle(sends("1a"), 500), 1);
}

static void
what_is_sent_again_waits_behind_its_customer_and_moves_no_position(void **state)
{
	const struct stream_id at = {START, 7};
	struct delivery *first;

	(void)state;
	begin(0, 0);
	stream("ab");
	delivery_take_again(&queue, at, STR("al_x"), STR("a"), STR("{}"));
	assert_true(backlog_holds_again(&queue.backlog, at));
	stream("a");
	first = sends("1a");
	settle(sends("2b"), 200);
	sends("");
	settle(first, 200);
	assert_int_equal(backlog_position(&queue.backlog).ms, 2);
	first = delivery_next(&queue, now);
	assert_true(first->again && str_is(first->id, "al_x"));
	settle(first, 200);
	assert_false(backlog_holds_again(&queue.backlog, at));
	settle(sends("3a"), 200);
	assert_int_equal(backlog_position(&queue.backlog).ms, 3);
	assert_int_equal(queue.backlog.held, 0);
}

static void
what_is_sent_again_wakes_when_the_endpoint_is_back(void **state)
{
	(void)state;
	begin(0, 0);
	delivery_take_again(&queue, (struct stream_id){START, 7}, STR("al_x"), STR("z"),
			    STR("{}"));
	stream("abcdefghij");
	for (int i = 0; i < 10; i++) /* the tenth failure in a row opens the circuit */
		settle(delivery_next(&queue, now), 500);
	now += MINUTE_MS;
	settle(sends("10j"), 200);
	assert_int_equal(queue.sleeping, 0);
	assert_int_equal(queue.ready.count, 10);
}

static void
what_is_sent_again_goes_with_a_digest_in_its_customers_order(void **state)
{
	struct delivery *first;

	(void)state;
	begin(1, 10);
	delivery_take_again(&queue, (struct stream_id){START, 7}, STR("al_x"), STR("a"),
			    STR("{}"));
	stream("ab");
	first = delivery_next(&queue, now);
	assert_int_equal(first->customer.p[0], 'b');
	assert_true(delivery_joined(&queue, first)->again);
	assert_int_equal(settle(first, 200), 0);
	assert_int_equal(queue.backlog.held, 0);
}

static char expired[64];

static void
note_expired(void *ctx, struct delivery *delivery)
{
	(void)ctx;
	snprintf(expired + strlen(expired), sizeof expired - strlen(expired), "%d%c ",
		 (int)delivery->at.ms, delivery->customer.p[0]);
}

static void
bury(int64_t at)
{
	struct delivery *slots = queue.backlog.slots;

	for (uint32_t i = 0; i < queue.backlog.slots_used; i++)
		if (slots[i].state == DELIVERY_DEAD && slots[i].at.ms == at) {
			delivery_bury(&queue, &slots[i]);
			return;
		}
	fail_msg("entry %d is not dead", (int)at);
}

static void
what_is_trimmed_expires_also_while_paused(void **state)
{
	struct delivery *flying;

	(void)state;
	begin(0, 0);
	stream("abaac");
	flying = sends("1a");
	settle(sends("2b"), 500); /* sleeps */
	delivery_pause(&queue, now);
	expired[0] = '\0';
	delivery_expire(&queue, (struct stream_id){4, 0}, note_expired, NULL);
	assert_string_equal(expired, "2b "); /* 1a is under way, 3a behind it */
	settle(flying, 500);
	delivery_expire(&queue, (struct stream_id){4, 0}, note_expired, NULL);
	assert_string_equal(expired, "2b 1a 3a ");
	assert_int_equal(backlog_position(&queue.backlog).ms, 3);
	bury(2);
	bury(1);
	bury(3);
	delivery_resume(&queue, now);
	settle(sends("5c"), 200);
	settle(sends("4a"), 200);
	sends("");
	assert_int_equal(queue.backlog.held, 0);
	assert_int_equal(queue.sleeping, 0);
}

static void
what_is_sent_again_keeps_nothing_from_expiring(void **state)
{
	(void)state;
	begin(0, 0);
	delivery_take_again(&queue, (struct stream_id){3, 7}, STR("al_x"), STR("a"), STR("{}"));
	delivery_pause(&queue, now);
	stream("aa");
	expired[0] = '\0';
	delivery_expire(&queue, (struct stream_id){3, 0}, note_expired, NULL);
	assert_string_equal(expired, ""); /* somebody asked for it after that */
	delivery_expire(&queue, (struct stream_id){4, 0}, note_expired, NULL);
	assert_string_equal(expired, "3a 1a 2a ");
	bury(3);
	bury(1);
	bury(2);
	assert_int_equal(queue.backlog.held, 0);
	assert_int_equal(queue.ready.count, 0);
}

#define QUEUE_TEST(f) cmocka_unit_test_teardown(f, end)

static void
another_rate_begins_with_all_its_tokens_and_the_same_one_goes_on(void **state)
{
	struct delivery_policy other;

	(void)state;
	begin(1, 0);
	stream("abcd");
	settle(sends("1a"), 200);
	other = queue.policy;
	other.throttle = MINUTE_MS;
	delivery_set_policy(&queue, &other);
	assert_null(delivery_next(&queue, now));
	other.rate_count = 2;
	delivery_set_policy(&queue, &other);
	settle(sends("2b"), 200);
	settle(sends("3c"), 200);
	assert_null(delivery_next(&queue, now));
	other.rate_per = HOUR_MS;
	delivery_set_policy(&queue, &other);
	settle(sends("4d"), 200);
}

/* However many a format would take in one request. */
static void
a_digest_joins_no_more_than_its_bound(void **state)
{
	unsigned joined = 0;

	(void)state;
	begin(1, 10 * DELIVERY_DIGEST_MAX);
	for (unsigned i = 0; i < DELIVERY_DIGEST_MAX + 5; i++)
		stream("a");
	for (struct delivery *at = delivery_next(&queue, now); at != NULL;
	     at = delivery_joined(&queue, at))
		assert_int_equal(at->at.ms, ++joined);
	assert_int_equal(joined, DELIVERY_DIGEST_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_span_sees_more_than_its_tokens),
		cmocka_unit_test(a_rate_of_any_size_keeps_its_promise),
		QUEUE_TEST(over_its_rate_an_endpoint_waits),
		QUEUE_TEST(failures_take_tokens_too),
		QUEUE_TEST(over_its_rate_alerts_are_joined_in_the_streams_order),
		QUEUE_TEST(
			a_digest_that_failed_waits_as_a_whole_and_keeps_each_customers_order),
		QUEUE_TEST(with_the_last_token_a_customers_next_alerts_ride_along),
		QUEUE_TEST(a_refused_digest_goes_on_as_singles_and_only_the_bad_one_dies),
		QUEUE_TEST(what_cannot_be_said_dies_at_once_and_says_nothing_of_the_endpoint),
		QUEUE_TEST(what_cannot_be_said_takes_no_token),
		QUEUE_TEST(outside_of_its_hours_nothing_leaves_and_then_one_digest),
		QUEUE_TEST(what_waited_for_a_token_goes_as_one_digest),
		QUEUE_TEST(what_waited_for_the_end_of_a_rest_goes_as_one_digest),
		QUEUE_TEST(without_digests_what_waited_in_quiet_hours_goes_one_by_one),
		QUEUE_TEST(time_in_quiet_hours_does_not_count),
		QUEUE_TEST(what_is_sent_again_waits_behind_its_customer_and_moves_no_position),
		QUEUE_TEST(what_is_sent_again_wakes_when_the_endpoint_is_back),
		QUEUE_TEST(what_is_sent_again_goes_with_a_digest_in_its_customers_order),
		QUEUE_TEST(what_is_trimmed_expires_also_while_paused),
		QUEUE_TEST(what_is_sent_again_keeps_nothing_from_expiring),
		cmocka_unit_test_setup_teardown(
			another_rate_begins_with_all_its_tokens_and_the_same_one_goes_on, NULL,
			end),
		cmocka_unit_test_setup_teardown(a_digest_joins_no_more_than_its_bound, NULL,
						end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
