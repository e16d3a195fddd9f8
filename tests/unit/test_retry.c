/* SPDX-License-Identifier: Apache-2.0 */
/* Retry arithmetic: what a reply means, how long to wait, when the circuit opens and closes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "engine/retry.h"

static const struct retry_policy policy = {
	.first = 5 * SECOND_MS,
	.max = HOUR_MS,
	.give_up_after = 72 * HOUR_MS,
	.factor = 2,
	.jitter = 0.2,
};

static void
each_status_has_its_outcome(void **state)
{
	static const struct {
		int status;
		int64_t after;
		enum retry_outcome outcome;
	} table[] = {
		{0, -1, RETRY_LATER},	    {100, -1, RETRY_LATER},
		{199, -1, RETRY_LATER},	    {200, -1, RETRY_DELIVERED},
		{201, -1, RETRY_DELIVERED}, {202, -1, RETRY_DELIVERED},
		{204, -1, RETRY_DELIVERED}, {299, -1, RETRY_DELIVERED},
		{300, -1, RETRY_LATER},	    {301, -1, RETRY_LATER},
		{302, -1, RETRY_LATER},	    {304, -1, RETRY_LATER},
		{307, -1, RETRY_LATER},	    {308, -1, RETRY_LATER},
		{400, -1, RETRY_REFUSED},   {401, -1, RETRY_DENIED},
		{402, -1, RETRY_LATER},	    {403, -1, RETRY_DENIED},
		{404, -1, RETRY_REFUSED},   {405, -1, RETRY_REFUSED},
		{406, -1, RETRY_LATER},	    {408, -1, RETRY_LATER},
		{409, -1, RETRY_LATER},	    {410, -1, RETRY_GONE},
		{413, -1, RETRY_REFUSED},   {414, -1, RETRY_LATER},
		{415, -1, RETRY_REFUSED},   {422, -1, RETRY_REFUSED},
		{425, -1, RETRY_LATER},	    {429, -1, RETRY_THROTTLED},
		{429, 0, RETRY_THROTTLED},  {429, 1000, RETRY_THROTTLED},
		{500, -1, RETRY_LATER},	    {500, 1000, RETRY_LATER},
		{502, -1, RETRY_LATER},	    {503, -1, RETRY_LATER},
		{503, 0, RETRY_THROTTLED},  {503, 1000, RETRY_THROTTLED},
		{504, -1, RETRY_LATER},	    {599, -1, RETRY_LATER},
		{999, -1, RETRY_LATER},	    {200, 1000, RETRY_DELIVERED},
		{410, 1000, RETRY_GONE},    {301, 1000, RETRY_LATER},
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (retry_classify(table[i].status, table[i].after) != table[i].outcome)
			fail_msg("%d (after %d): outcome %d", table[i].status,
				 (int)table[i].after,
				 (int)retry_classify(table[i].status, table[i].after));
}

/* 2026-11-21T10:00:00Z */
#define NOW INT64_C(1795255200000)

static void
retry_after_reads_seconds_and_all_three_dates(void **state)
{
	static const struct {
		const char *value;
		int64_t after;
	} table[] = {
		{"0", 0},
		{"1", SECOND_MS},
		{"120", 120 * SECOND_MS},
		{" 7 ", 7 * SECOND_MS},
		{"007", 7 * SECOND_MS},
		{"86400", DAY_MS},
		{"86401", RETRY_AFTER_MAX},
		{"99999999999999999999999", RETRY_AFTER_MAX},
		{"Sat, 21 Nov 2026 10:00:30 GMT", 30 * SECOND_MS},
		{"Sat, 21 Nov 2026 10:00:60 GMT", MINUTE_MS}, /* a leap second */
		{"Sat, 21 Nov 2026 09:59:00 GMT", 0},
		{"Fri, 01 Jan 2100 00:00:00 GMT", RETRY_AFTER_MAX},
		{"Saturday, 21-Nov-26 10:01:00 GMT", MINUTE_MS},
		{"Sunday, 06-Nov-94 08:49:37 GMT", 0},
		{"Sat Nov 21 10:00:05 2026", 5 * SECOND_MS},
		{"Sun Nov  6 08:49:37 1994", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		int64_t after = -7;

		if (!retry_after_parse(str_of(table[i].value), NOW, &after) ||
		    after != table[i].after)
			fail_msg("\"%s\": %lld", table[i].value, (long long)after);
	}
}

static void
retry_after_that_is_neither_is_refused(void **state)
{
	static const char *const table[] = {
		"",
		" ",
		"-1",
		"+1",
		"1.5",
		"1s",
		"soon",
		"0x10",
		"Sat, 21 Nov 2026 10:00:30",
		"Sat, 21 Nov 2026 10:00:30 CET",
		"Sat, 21 Foo 2026 10:00:30 GMT",
		"Sat, 41 Nov 2026 10:00:30 GMT",
		"Sat, 21 Nov 2026 25:00:30 GMT",
		"Sat, 21 Nov 2026 10:61:30 GMT",
		"Sat, 00 Nov 2026 10:00:30 GMT",
		"Sat, 21 Nov 2026 -1:00:30 GMT",
		"Sat, 21 Nov 2026 10:-1:30 GMT",
		"Sat, 21 Nov 2026 10:00:-1 GMT",
		"Sat, 21 Nov 2026 10:00:61 GMT",
		"Sat, 21 Nov 2026 10:00:30 GMT, 21",
		"2026-11-21T10:00:00Z",
		"Sat, 21 Nov 2026 10:00:30 GMT and a very long tail behind it",
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		int64_t after = -7;

		if (retry_after_parse(str_of(table[i]), NOW, &after) || after != -7)
			fail_msg("\"%s\" was read", table[i]);
	}
	assert_false(retry_after_parse((struct str){"1\0", 2}, NOW, &(int64_t){0}));
}

static void
waits_grow_by_the_factor_up_to_the_longest(void **state)
{
	struct retry_policy still = policy;

	(void)state;
	still.jitter = 0;
	assert_int_equal(retry_delay(&still, STR("al_a"), 1), 5 * SECOND_MS);
	assert_int_equal(retry_delay(&still, STR("al_a"), 2), 10 * SECOND_MS);
	assert_int_equal(retry_delay(&still, STR("al_a"), 5), 80 * SECOND_MS);
	assert_int_equal(retry_delay(&still, STR("al_a"), 10), 2560 * SECOND_MS);
	assert_int_equal(retry_delay(&still, STR("al_a"), 11), HOUR_MS);
	assert_int_equal(retry_delay(&still, STR("al_a"), UINT32_MAX), HOUR_MS);
	still.factor = 1;
	assert_int_equal(retry_delay(&still, STR("al_a"), UINT32_MAX), 5 * SECOND_MS);
}

static void
jitter_stays_in_its_band_and_fills_it(void **state)
{
	int64_t least = INT64_MAX, most = 0, sum = 0;

	(void)state;
	for (unsigned i = 0; i < 10000; i++) {
		char id[32];
		int64_t delay;

		snprintf(id, sizeof id, "al_%u", i);
		delay = retry_delay(&policy, str_of(id), 1);
		least = delay < least ? delay : least;
		most = delay > most ? delay : most;
		sum += delay;
	}
	assert_in_range(least, 4000, 4010);
	assert_in_range(most, 5990, 6000);
	assert_in_range(sum / 10000, 4980, 5020);
}

static void
jitter_is_decided_by_id_and_attempt(void **state)
{
	(void)state;
	assert_int_equal(retry_delay(&policy, STR("al_a"), 3),
			 retry_delay(&policy, STR("al_a"), 3));
	assert_int_not_equal(retry_delay(&policy, STR("al_a"), 3),
			     retry_delay(&policy, STR("al_b"), 3));
	/* Past the cap only the attempt differs. */
	assert_int_not_equal(retry_delay(&policy, STR("al_a"), 20),
			     retry_delay(&policy, STR("al_a"), 21));
}

static void
ten_failures_in_a_row_open_the_circuit(void **state)
{
	struct circuit circuit = {.opens_after = 10, .probe_every = MINUTE_MS};

	(void)state;
	for (int i = 0; i < 9; i++)
		assert_false(circuit_failed(&circuit, NOW));
	assert_false(circuit_answered(&circuit)); /* the row is broken */
	for (int i = 0; i < 9; i++)
		assert_false(circuit_failed(&circuit, NOW));
	assert_true(circuit_lets_through(&circuit, NOW));
	assert_true(circuit_failed(&circuit, NOW));
	assert_int_equal(circuit.state, CIRCUIT_OPEN);
	assert_false(circuit_lets_through(&circuit, NOW));
}

static void
an_open_circuit_lets_one_probe_a_minute_through(void **state)
{
	struct circuit circuit = {.opens_after = 1, .probe_every = MINUTE_MS};

	(void)state;
	assert_true(circuit_failed(&circuit, NOW));
	assert_false(circuit_lets_through(&circuit, NOW + MINUTE_MS - 1));
	assert_true(circuit_lets_through(&circuit, NOW + MINUTE_MS));
	circuit_probe(&circuit);
	assert_false(circuit_lets_through(&circuit, NOW + HOUR_MS));
	assert_false(circuit_failed(&circuit, NOW + HOUR_MS)); /* it was open before */
	assert_false(circuit_lets_through(&circuit, NOW + HOUR_MS + MINUTE_MS - 1));
	assert_true(circuit_lets_through(&circuit, NOW + HOUR_MS + MINUTE_MS));
	circuit_probe(&circuit);
	assert_true(circuit_answered(&circuit));
	assert_true(circuit_lets_through(&circuit, NOW));
}

static void
late_failures_do_not_put_the_probe_off(void **state)
{
	struct circuit circuit = {.opens_after = 1, .probe_every = MINUTE_MS};

	(void)state;
	assert_true(circuit_failed(&circuit, NOW));
	assert_false(circuit_failed(&circuit, NOW + MINUTE_MS - 1));
	assert_true(circuit_lets_through(&circuit, NOW + MINUTE_MS));
}

/* However wide the jitter: a wait of nothing would try without end. */
static void
a_wait_is_never_nothing(void **state)
{
	const struct retry_policy wide = {.first = 1, .max = 1, .factor = 1, .jitter = 1};
	bool shortened = false;

	(void)state;
	for (unsigned i = 1; i < 100; i++) {
		int64_t delay = retry_delay(&wide, STR("al_a"), i);

		assert_in_range(delay, 1, 2);
		shortened |= retry_delay(&policy, STR("al_a"), i) < policy.first;
	}
	assert_true(shortened);
	assert_int_equal(retry_delay(&policy, STR_NONE, 3), retry_delay(&policy, STR(""), 3));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_status_has_its_outcome),
		cmocka_unit_test(retry_after_reads_seconds_and_all_three_dates),
		cmocka_unit_test(retry_after_that_is_neither_is_refused),
		cmocka_unit_test(waits_grow_by_the_factor_up_to_the_longest),
		cmocka_unit_test(jitter_stays_in_its_band_and_fills_it),
		cmocka_unit_test(jitter_is_decided_by_id_and_attempt),
		cmocka_unit_test(ten_failures_in_a_row_open_the_circuit),
		cmocka_unit_test(an_open_circuit_lets_one_probe_a_minute_through),
		cmocka_unit_test(late_failures_do_not_put_the_probe_off),
		cmocka_unit_test(a_wait_is_never_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
