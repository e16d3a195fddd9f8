/* SPDX-License-Identifier: Apache-2.0 */
/* An endpoint's queue through long random lives, checked against what a simple mind remembers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "engine/delivery.h"

static struct delivery_policy policy = {
	.retry = {.first = SECOND_MS,
		  .max = MINUTE_MS,
		  .give_up_after = HOUR_MS,
		  .factor = 2,
		  .jitter = 0.2},
	.throttle = 30 * SECOND_MS,
	.concurrency = 3,
	.opens_after = 10,
	.probe_every = MINUTE_MS,
	.rate_per = SECOND_MS,
	.window = 20,
	.window_bytes = 1000,
};

#define LIFE 2000
#define LIVES 20

static struct delivery_queue queue;
static int64_t now;
static char owner[LIFE + 1]; /* customer of each entry of the stream, '.' for none of ours */
static bool finished[LIFE + 1];
static int64_t last_of[128]; /* entry that was last done, by customer */
static struct delivery *flying[3];
static unsigned in_flight;
static bool away; /* the endpoint does not answer */
static unsigned restarts, openings, digests;

static uint64_t seed;

static unsigned
chance(unsigned n)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(seed >> 33) % n;
}

/* Reads one entry, or jumps over what is done; false at the stream's end. */
static bool
read_one(void)
{
	struct stream_id after, before;
	int64_t next;

	backlog_reads(&queue.backlog, &after, &before);
	next = after.ms + 1;
	if (next == before.ms) {
		backlog_jump(&queue.backlog);
		return true;
	}
	if (next > LIFE)
		return false;
	if (owner[next] == '.')
		backlog_pass(&queue.backlog, (struct stream_id){next, 0});
	else
		delivery_take(&queue, (struct stream_id){next, 0}, STR("al"),
			      (struct str){&owner[next], 1}, STR("{}"), -1, 0);
	return true;
}

struct ranges {
	struct backlog_range list[100];
	size_t count;
};

static void
collect(void *ctx, struct backlog_range range)
{
	struct ranges *ranges = ctx;

	assert_true(ranges->count < 100);
	ranges->list[ranges->count++] = range;
}

/* What the progress claims is exactly what is done, as far as was read. */
static void
check_progress(void)
{
	struct ranges ranges = {.count = 0};
	static bool claimed[LIFE + 1];
	int64_t position = backlog_position(&queue.backlog).ms;

	memset(claimed, 0, sizeof claimed);
	for (int64_t i = 1; i <= position; i++)
		claimed[i] = true;
	backlog_ranges(&queue.backlog, collect, &ranges);
	for (size_t i = 0; i < ranges.count; i++) {
		/* A range of an earlier life may touch what was done since. */
		assert_true(ranges.list[i].from.ms > position);
		position = ranges.list[i].to.ms;
		for (int64_t at = ranges.list[i].from.ms; at <= position; at++)
			claimed[at] = true;
	}
	for (int64_t i = 1; i <= LIFE; i++)
		if (finished[i] ? !claimed[i] : claimed[i] && owner[i] != '.')
			fail_msg("seed %d: entry %d of %c is %sclaimed", (int)seed, (int)i,
				 owner[i], claimed[i] ? "" : "not ");
}

/* The process dies; the next one has nothing but the progress. */
static void
restart(void)
{
	struct ranges ranges = {.count = 0};
	struct stream_id position = backlog_position(&queue.backlog);

	backlog_ranges(&queue.backlog, collect, &ranges);
	delivery_queue_finish(&queue);
	delivery_queue_init(&queue, &policy, now);
	backlog_restore(&queue.backlog, position, ranges.list, ranges.count);
	in_flight = 0;
	restarts++;
}

static void
finish(int64_t at)
{
	unsigned char customer = (unsigned char)owner[at];

	assert_false(finished[at]);
	assert_true(last_of[customer] < at);
	finished[at] = true;
	last_of[customer] = at;
}

static void
settle(struct delivery *delivery, const struct delivery_landed *landed)
{
	int64_t at = delivery->at.ms;
	struct delivery_settled settled = delivery_settle(&queue, delivery, landed, now);

	if (settled.verdict == DELIVERY_AGAIN)
		return;
	finish(at);
	if (settled.verdict == DELIVERY_GIVEN_UP)
		delivery_bury(&queue, delivery);
}

static void
reply_to(struct delivery *delivery)
{
	static const int statuses[] = {200, 200, 200, 200, 200, 500, 422, 429};
	int status = away ? 0 : statuses[chance(8)];
	struct delivery_landed landed;
	struct delivery *next;

	landed = delivery_land(&queue, retry_classify(status, RETRY_NO_AFTER), RETRY_NO_AFTER,
			       now);
	openings += landed.opened;
	digests += delivery_joined(&queue, delivery) != NULL;
	for (; delivery != NULL; delivery = next) {
		next = delivery_joined(&queue, delivery);
		settle(delivery, &landed);
	}
}

/* A reply comes, or time passes; false when there is nothing to wait for. */
static bool
go_on(void)
{
	if (in_flight > 0) {
		unsigned i = chance(in_flight);
		struct delivery *delivery = flying[i];

		flying[i] = flying[--in_flight];
		reply_to(delivery);
		return true;
	}
	if (delivery_wakes_at(&queue) == NEVER)
		return false;
	assert_true(delivery_wakes_at(&queue) > now);
	now = delivery_wakes_at(&queue);
	return true;
}

static void
live(void)
{
	bool more = true;

	do {
		struct delivery *delivery;

		if (chance(100) == 0)
			away = !away;
		if (chance(200) == 0)
			delivery_quiet(&queue, now + HOUR_MS, now);
		if (chance(300) == 0) {
			restart();
			more = true;
		}
		while (more && delivery_room(&queue) > 0 && chance(4))
			more = read_one();
		while ((delivery = delivery_next(&queue, now)) != NULL)
			flying[in_flight++] = delivery;
		if (chance(16) == 0)
			check_progress();
	} while (go_on() || more);
}

static void
nothing_is_lost_or_doubled_and_order_holds_through_restarts(void **state)
{
	(void)state;
	for (int life = 1; life <= LIVES; life++) {
		seed = (uint64_t)life;
		now = INT64_C(1795255200000);
		in_flight = 0;
		away = false;
		/* Every other endpoint has a rate, and takes digests over it. */
		policy.rate_count = life % 2 ? 0 : 10;
		policy.digest_max = life % 2 ? 0 : 4;
		memset(finished, 0, sizeof finished);
		memset(last_of, 0, sizeof last_of);
		for (int i = 1; i <= LIFE; i++)
			owner[i] = chance(3) ? (char)('a' + chance(8)) : '.';
		delivery_queue_init(&queue, &policy, now);
		live();
		for (int i = 1; i <= LIFE; i++)
			if (owner[i] != '.' && !finished[i])
				fail_msg("seed %d: entry %d is lost", life, i);
		assert_int_equal(backlog_position(&queue.backlog).ms, LIFE);
		assert_int_equal(queue.backlog.held, 0);
		delivery_queue_finish(&queue);
	}
	/* These lives were not too easy. */
	assert_true(restarts > 100);
	assert_true(openings > 100);
	assert_true(digests > 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_lost_or_doubled_and_order_holds_through_restarts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
