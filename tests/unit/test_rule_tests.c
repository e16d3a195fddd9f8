/* SPDX-License-Identifier: Apache-2.0 */
/* Test files become the events they describe, by the same chance everywhere. */
#include <math.h>

#include "base/chance.h"
#include "unit/made.h"

static const char rules_text[] =
	"churnd: 1\n"
	"name: t\n"
	"timezone: Asia/Shanghai\n"
	"levels: {watch: {enter: 30, leave: 20}}\n"
	"profile: {tier: {enum: [free, team]}, end: date}\n"
	"lists: {loud: [high, urgent]}\n"
	"signals:\n"
	"  login: {on: [login, sso_login]}\n"
	"  orders: {on: order_paid, sum: value}\n"
	"  bad: {on: nps, where: 'event.value <= 6'}\n"
	"  hot: {on: [complaint, ticket], where: 'event.type == \"ticket\" and event.severity in loud'}\n"
	"rules:\n"
	"- rule: r\n"
	"  expr: silent(login) > 3d and sum(orders[7d]) < 3 and count(bad[7d]) + count(hot[7d]) > 0\n"
	"  points: 30\n";

static void
make(struct made *made, const char *test)
{
	make_of(made, rules_text, test);
}

static void
one_event_a_day_stands_at_local_noon(void **state)
{
	struct made made;

	(void)state;
	make(&made, "  input: {login: '1x2 0x3 1'}\n");
	assert_int_equal(made.count, 3);
	assert_int_equal(made.events[0].ts, START + 12 * HOUR_MS);
	assert_int_equal(made.events[1].ts, START + 36 * HOUR_MS);
	assert_int_equal(made.events[2].ts, START + 5 * DAY_MS + 12 * HOUR_MS);
	assert_int_equal(made.test->until, START + 6 * DAY_MS);
	drop(&made);
}

static void
several_events_a_day_are_spread_evenly(void **state)
{
	struct made made;

	(void)state;
	make(&made, "  input: {login: '4'}\n");
	for (int k = 0; k < 4; k++)
		assert_int_equal(made.events[k].ts, START + 3 * HOUR_MS + k * 6 * HOUR_MS);
	drop(&made);
}

static void
a_group_repeats(void **state)
{
	struct made made;

	(void)state;
	make(&made, "  input: {login: '(1 0x6)x3 (2 (1)x2)x2'}\n");
	assert_int_equal(made.count, 3 + 2 * 4);
	assert_int_equal(made.events[2].ts, START + 14 * DAY_MS + 12 * HOUR_MS);
	assert_int_equal(made.test->until, START + (21 + 6) * DAY_MS);
	drop(&made);
}

static void
values_stand_behind_the_days_or_take_turns(void **state)
{
	struct made made;

	(void)state;
	make(&made,
	     "  input: [{orders: '1x2=50 1=7.5'}, {orders: {days: '0x5 1x3', value: [1, 2]}}, {orders: '0x8 (1 1=6)x2=5'}]\n");
	assert_text(field_of(&made, 0, "value"), "50");
	assert_text(field_of(&made, 2, "value"), "7.5");
	assert_text(field_of(&made, 3, "value"), "1");
	assert_text(field_of(&made, 4, "value"), "2");
	assert_text(field_of(&made, 5, "value"), "1");
	assert_text(field_of(&made, 6, "value"), "5");
	assert_text(field_of(&made, 7, "value"), "6");
	assert_text(field_of(&made, 8, "value"), "5");
	drop(&made);
}

static void
moments_may_hold_values(void **state)
{
	struct made made;

	(void)state;
	make(&made, "  input: {orders: {3d: 9, '4d 10:30': 3, 2026-03-09: 1, 36h: 2}}\n");
	assert_int_equal(made.events[0].ts, START + 36 * HOUR_MS);
	assert_int_equal(made.events[1].ts, START + 3 * DAY_MS + 12 * HOUR_MS);
	assert_int_equal(made.events[2].ts, START + 4 * DAY_MS + 10 * HOUR_MS + 30 * MINUTE_MS);
	assert_int_equal(made.events[3].ts, START + 7 * DAY_MS + 12 * HOUR_MS);
	assert_text(field_of(&made, 2, "value"), "3");
	drop(&made);
}

static void
a_signal_is_fed_by_the_first_type_its_where_can_take(void **state)
{
	struct made made;

	(void)state;
	make(&made,
	     "  input: [{login: '1'}, {hot: '0 1'}, {bad: '0x2 1'}, {login: {at: 3d, type: sso_login}}]\n");
	assert_text(field_of(&made, 0, "type"), "login");
	assert_text(field_of(&made, 1, "type"), "ticket");
	assert_text(field_of(&made, 1, "severity"), "high");
	assert_text(field_of(&made, 2, "value"), "6");
	assert_text(field_of(&made, 3, "type"), "sso_login");
	drop(&made);
}

static void
what_a_signal_asks_of_its_events_they_have(void **state)
{
	static const struct {
		const char *where, *key, *value;
	} rows[] = {
		{"event.value > 3", "value", "4"},
		{"event.value >= 2.5", "value", "2.5"},
		{"event.value < 3", "value", "2"},
		{"event.value == 3", "value", "3"},
		{"event.value != 3", "value", "4"},
		{"3 < event.value", "value", "4"},
		{"3 >= event.value", "value", "3"},
		{"event.share > 0.5", "share", "1.5"},
		{"event.reason == \"price\"", "reason", "price"},
		{"event.reason != \"price\"", "reason", "other"},
		{"\"kim\" == event.user", "user", "kim"},
		{"event.source == \"web\"", "source", "web"},
		{"event.type != \"a\"", "type", "b"},
		{"event.type in late", "type", "b"},
		{"event.reason in few", "reason", "one"},
		{"event.reason == event.user or event.reason in few", "reason", "one"},
		{"profile.tier == \"free\" and event.reason == \"price\"", "reason", "price"},
		{"event.reason == \"price\" and event.value > 1", "value", "2"},
		{"event.reason == \"one\" and event.reason in few", "reason", "one"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf rules = {0};
		struct made made;

		buf_printf(&rules,
			   "churnd: 1\nname: t\ntimezone: Asia/Shanghai\n"
			   "profile: {tier: {enum: [free, team]}}\n"
			   "lists: {few: [one, two], late: [b]}\n"
			   "signals:\n  s: {on: [a, b], where: '%s'}\n"
			   "rules:\n- {rule: r, expr: 'count(s[7d]) > 0', points: 30}\n",
			   rows[i].where);
		make_of(&made, rules.p, "  input: {s: '1'}\n");
		if (!str_is(field_of(&made, 0, rows[i].key), rows[i].value))
			fail_msg("%s: %s is %.*s", rows[i].where, rows[i].key,
				 STR_ARG(field_of(&made, 0, rows[i].key)));
		drop(&made);
		buf_finish(&rules);
	}
}

static void
attributes_that_are_given_are_left_alone(void **state)
{
	struct made made;

	(void)state;
	make(&made, "  input: {hot: {days: '1x2', severity: [urgent, low]}}\n");
	assert_text(field_of(&made, 0, "severity"), "urgent");
	assert_text(field_of(&made, 1, "severity"), "low");
	drop(&made);
}

static void
a_gap_loses_what_happens_in_it(void **state)
{
	struct made made;

	(void)state;
	make(&made,
	     "  input: [{login: '1x5'}, {orders: '1x5=1'}, {gap: {from: 1d, to: 3d, only: login}}]\n");
	assert_int_equal(made.count, 3 + 5);
	drop(&made);
}

static void
a_late_batch_arrives_together_with_its_own_instants(void **state)
{
	struct made made;

	(void)state;
	make(&made,
	     "  input: [{login: '1x5'}, {late: {from: 1d, to: 3d, arrives: 3d 06:00}}]\n");
	assert_int_equal(made.count, 5);
	assert_int_equal(made.events[1].ts, START + DAY_MS + 12 * HOUR_MS);
	assert_int_equal(made.events[1].arrives, START + 3 * DAY_MS + 6 * HOUR_MS);
	assert_int_equal(made.events[2].arrives, START + 3 * DAY_MS + 6 * HOUR_MS);
	assert_int_equal(made.events[3].arrives, START + 3 * DAY_MS + 12 * HOUR_MS);
	drop(&made);
}

static void
one_event_may_arrive_late(void **state)
{
	struct made made;

	(void)state;
	make(&made, "  input: [{at: 1d, arrives: '3d 08:00', type: login}]\n");
	assert_int_equal(made.events[0].ts, START + DAY_MS + 12 * HOUR_MS);
	assert_int_equal(made.events[0].arrives, START + 3 * DAY_MS + 8 * HOUR_MS);
	drop(&made);
}

static void
a_profile_changes_and_its_dates_may_be_days_from_the_start(void **state)
{
	struct made made;

	(void)state;
	make(&made,
	     "  customer: {id: c7, tier: team, end: -30d}\n"
	     "  input: [{at: 2d, profile: {tier: free, end: 60d}}, {at: 3d, tag: vip}]\n");
	assert_text(made.test->id, "c7");
	assert_text(made.test->profile[1].values[0], "team");
	assert_text(made.test->profile[2].values[0], "2026-01-31");
	assert_text(field_of(&made, 0, "type"), "profile");
	assert_text(field_of(&made, 0, "end"), "2026-05-01");
	assert_text(field_of(&made, 1, "type"), "churnd.tag");
	drop(&made);
}

static void
each_customer_of_a_population_has_a_chance_of_its_own(void **state)
{
	struct made made;
	size_t of[2] = {0};
	char id[TEST_ID_TEXT];

	(void)state;
	make(&made, "  customers: {count: 12, prefix: x}\n"
		    "  input: {login: 'poisson(2, seed 7)x30'}\n");
	for (size_t i = 0; i < made.count; i++)
		of[0] += made.events[i].customer == 0, of[1] += made.events[i].customer == 1;
	assert_true(made.count > 12 * 45 && made.count < 12 * 75);
	assert_int_not_equal(of[0], of[1]);
	assert_text(test_customer_id(made.test, 3, id), "x03");
	drop(&made);
}

static void
chance_of_a_day_does_not_hang_on_the_days_before(void **state)
{
	struct made a, b;

	(void)state;
	make(&a, "  input: {login: '0x9 poisson(30, seed 3)'}\n");
	make(&b, "  input: {login: 'poisson(1)x9 poisson(30, seed 3)'}\n");
	assert_true(a.count > 5);
	for (size_t i = 0; i < a.count; i++)
		assert_int_equal(a.events[i].ts, b.events[b.count - a.count + i].ts);
	drop(&a);
	drop(&b);
}

static void
chance_is_the_same_on_every_machine(void **state)
{
	static const unsigned expected[] = {0,	0,  3,	11, 3,	14,  26,  22,  27,  38,
					    52, 54, 69, 78, 91, 107, 138, 158, 171, 195};
	struct chance chance = chance_of(1, 2, 3, 4);

	(void)state;
	assert_true(chance_next(&chance) == UINT64_C(0x47a775734a4c46c9));
	for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
		assert_int_equal(chance_poisson(&chance, 0.5 * (double)(i * i)), expected[i]);
}

static void
poisson_has_its_mean_and_variance(void **state)
{
	static const double means[] = {0.1, 1, 7.9, 8.1, 40};

	(void)state;
	for (size_t m = 0; m < sizeof means / sizeof *means; m++) {
		struct chance chance = chance_of(9, m, 0, 0);
		double sum = 0, squares = 0, n = 20000;

		for (int i = 0; i < (int)n; i++) {
			double k = (double)chance_poisson(&chance, means[m]);

			sum += k;
			squares += k * k;
		}
		double mean = sum / n, variance = squares / n - mean * mean;

		assert_true(fabs(mean - means[m]) < 5 * sqrt(means[m] / n));
		assert_true(fabs(variance / means[m] - 1) < 0.06);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_event_a_day_stands_at_local_noon),
		cmocka_unit_test(several_events_a_day_are_spread_evenly),
		cmocka_unit_test(a_group_repeats),
		cmocka_unit_test(values_stand_behind_the_days_or_take_turns),
		cmocka_unit_test(moments_may_hold_values),
		cmocka_unit_test(a_signal_is_fed_by_the_first_type_its_where_can_take),
		cmocka_unit_test(what_a_signal_asks_of_its_events_they_have),
		cmocka_unit_test(attributes_that_are_given_are_left_alone),
		cmocka_unit_test(a_gap_loses_what_happens_in_it),
		cmocka_unit_test(a_late_batch_arrives_together_with_its_own_instants),
		cmocka_unit_test(one_event_may_arrive_late),
		cmocka_unit_test(a_profile_changes_and_its_dates_may_be_days_from_the_start),
		cmocka_unit_test(each_customer_of_a_population_has_a_chance_of_its_own),
		cmocka_unit_test(chance_of_a_day_does_not_hang_on_the_days_before),
		cmocka_unit_test(chance_is_the_same_on_every_machine),
		cmocka_unit_test(poisson_has_its_mean_and_variance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
