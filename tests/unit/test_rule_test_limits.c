/* SPDX-License-Identifier: Apache-2.0 */
/* Rule tests at their ends: how many there may be of everything, and what of one moment comes first. */
#include "unit/made.h"

static const char rules_text[] =
	"churnd: 1\nname: t\ntimezone: Asia/Shanghai\n"
	"levels: {watch: {enter: 30, leave: 20}}\n"
	"signals:\n"
	"  login: {on: login}\n"
	"  orders: {on: order_paid, sum: value}\n"
	"  seats: {on: seats, last: amount}\n"
	"  bad: {on: nps, where: 'event.value <= 6'}\n"
	"rules:\n- {rule: r, expr: 'count(login[7d]) + count(bad[7d]) + sum(orders[7d]) > last(seats)', points: 30}\n";

static void
make(struct made *made, const char *test)
{
	make_of(made, rules_text, test);
}

/* So often these words, with commas between them. */
static void
put_times(struct buf *out, unsigned times, const char *words)
{
	for (unsigned i = 0; i < times; i++)
		buf_printf(out, "%s%s", i > 0 ? ", " : "", words);
}

/* The only thing said of the test, as "code argument". */
static void
expect_said(const char *rules, const char *test, const char *code, const char *argument)
{
	struct made made;
	struct buf said = {0};

	assert_false(read_of(&made, rules, test));
	diags_print(&said, &made.diags, false, false);
	if (made.diags.errors != 1 || strcmp(made.diags.list[0].message->code, code) != 0 ||
	    !str_is(made.diags.list[0].args[0], argument))
		fail_msg("%.300s", said.p);
	buf_finish(&said);
	drop(&made);
}

static void
of_a_population_one_customer_may_do_something_alone(void **state)
{
	struct made made;

	(void)state;
	make(&made, "  customers: {count: 12, prefix: x}\n"
		    "  input: [{at: 1d, type: login}, {at: 2d, customer: x07, type: login}]\n");
	assert_int_equal(made.count, 12 + 1);
	assert_int_equal(made.events[12].ts, START + 2 * DAY_MS + 12 * HOUR_MS);
	assert_int_equal(made.events[12].customer, 7);
	drop(&made);
}

static void
what_arrives_together_comes_in_the_order_in_which_it_happened(void **state)
{
	struct made made;

	(void)state;
	make(&made,
	     "  customers: 2\n"
	     "  input: [{login: {at: [3d, 2d, 1d, 1d], n: [a, b, c, d]}}, {at: 1d, type: nps},\n"
	     "    {late: {from: 0d, to: 4d, arrives: 5d 10:00}}]\n");
	assert_int_equal(made.count, 10);
	for (size_t i = 0; i < made.count; i++) {
		static const int64_t days[] = {1, 1, 1, 1, 1, 1, 2, 2, 3, 3};
		static const unsigned customers[] = {0, 0, 0, 1, 1, 1, 0, 1, 0, 1};

		assert_int_equal(made.events[i].arrives, START + 5 * DAY_MS + 10 * HOUR_MS);
		assert_int_equal(made.events[i].ts, START + days[i] * DAY_MS + 12 * HOUR_MS);
		assert_int_equal(made.events[i].customer, customers[i]);
	}
	assert_text(field_of(&made, 0, "n"), "c");
	assert_text(field_of(&made, 1, "n"), "d");
	assert_text(field_of(&made, 2, "type"), "nps");
	drop(&made);
}

static void
events_of_one_text_of_days_take_turns_at_one_moment_too(void **state)
{
	struct made made;

	(void)state;
	make(&made,
	     "  input: [{login: {days: '3', n: [a, b, c]}}, {late: {from: 0d, to: 1d, arrives: 1d}}]\n");
	assert_int_equal(made.count, 3);
	assert_text(field_of(&made, 0, "n"), "a");
	assert_text(field_of(&made, 2, "n"), "c");
	drop(&made);
}

static void
a_test_may_have_no_events_at_all(void **state)
{
	struct made made;

	(void)state;
	make(&made, "  input: {login: '0x9'}\n");
	assert_int_equal(made.count, 0);
	assert_int_equal(made.test->until, START + 9 * DAY_MS);
	drop(&made);
}

static void
a_clock_may_have_seconds(void **state)
{
	struct made made;

	(void)state;
	make(&made, "  input: [{at: 1d 10:30:15, type: login}, {at: '2026-03-05T10:00:00Z', "
		    "type: login}]\n  until: 9d 10:00\n");
	assert_int_equal(made.events[0].ts,
			 START + DAY_MS + 10 * HOUR_MS + 30 * MINUTE_MS + 15 * SECOND_MS);
	assert_int_equal(made.events[1].ts, START + 3 * DAY_MS + 18 * HOUR_MS);
	assert_int_equal(made.test->until, START + 9 * DAY_MS + 10 * HOUR_MS);
	drop(&made);
}

static void
what_a_text_of_days_gives_is_the_value_and_no_other(void **state)
{
	struct made made;
	struct field fields[TEST_MAX_FIELDS];

	(void)state;
	make(&made, "  input: [{orders: {days: '1 1=5', value: 7}}, {bad: '1=9'}]\n");
	assert_int_equal(test_event_fields(made.test, &made.events[2], fields), 2);
	assert_text(field_of(&made, 0, "value"), "7");
	assert_text(field_of(&made, 1, "value"), "9"); /* the admin knows */
	assert_text(field_of(&made, 2, "value"), "5");
	drop(&made);
	make(&made, "  input: {orders: {days: '1=5', value: 7}}\n");
	assert_text(field_of(&made, 0, "value"), "5");
	drop(&made);
}

static void
a_tag_is_set_or_taken_away(void **state)
{
	struct made made;

	(void)state;
	make(&made, "  input: [{at: 1d, tag: vip}, {at: 2d, tag: vip, remove: true},\n"
		    "    {at: 3d, tag: vip, remove: false}]\n");
	assert_text(field_of(&made, 0, "tag"), "vip");
	assert_true(field_of(&made, 0, "remove").p == NULL);
	assert_text(field_of(&made, 1, "remove"), "1");
	assert_true(field_of(&made, 2, "remove").p == NULL);
	drop(&made);
}

/* Yes is no word of ours: that the tag were set instead would be the opposite. */
static void
whether_a_tag_is_taken_away_is_said_by_true_and_false(void **state)
{
	(void)state;
	expect_said(rules_text, "  input: {at: 1d, tag: vip, remove: yes}\n", "E041", "");
	expect_said(rules_text, "  input: {at: 1d, tag: vip, remove: '1'}\n", "E041", "");
}

static void
conditions_that_are_not_plain_have_to_be_told(void **state)
{
	static const char *const rows[] = {
		"event.a == event.b",
		"event.a == event.b or event.b == event.c",
		"event.price == profile.mrr",
		"profile.mrr < event.value",
		"event.a == \"x\" and event.a == event.b",
		"contains(event.a, \"x\")",
		"not event.a == \"x\"",
		"event.type == \"none\"",
		"event.type in few",
	};
	struct buf rules = {0};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct made made;

		buf_clear(&rules);
		buf_printf(&rules,
			   "churnd: 1\nname: t\ntimezone: Asia/Shanghai\n"
			   "profile: {mrr: num}\nlists: {few: [one, two]}\n"
			   "signals:\n  s: {on: [a, b], where: '%s'}\n"
			   "rules:\n- {rule: r, expr: 'count(s[7d]) > 0', points: 30}\n",
			   rows[i]);
		assert_false(read_of(&made, rules.p, "  input: {s: '1'}\n"));
		assert_int_equal(made.diags.errors, 1);
		if (strcmp(made.diags.list[0].message->code, "E510") != 0)
			fail_msg("%s: %s", rows[i], made.diags.list[0].message->code);
		drop(&made);
	}
	buf_finish(&rules);
}

static void
a_signal_that_adds_up_another_attribute_has_to_be_given_it(void **state)
{
	struct made made;

	(void)state;
	expect_said(rules_text, "  input: {seats: '1=5'}\n", "E511", "seats");
	expect_said(rules_text, "  input: {seats: {days: '1', value: 5}}\n", "E511", "seats");
	make(&made, "  input: {seats: {days: '1', amount: 5}}\n");
	assert_text(field_of(&made, 0, "amount"), "5");
	drop(&made);
}

static void
a_list_has_ten_thousand_rows_at_most(void **state)
{
	struct buf text = {0};
	struct made made;

	(void)state;
	buf_text(&text, "  input: {login: {at: [");
	put_times(&text, TEST_MAX_ROWS, "1d");
	buf_text(&text, "]}}\n");
	make(&made, text.p);
	assert_int_equal(made.count, TEST_MAX_ROWS);
	drop(&made);
	buf_clear(&text);
	buf_text(&text, "  input: {login: {at: [");
	put_times(&text, TEST_MAX_ROWS + 1, "1d");
	buf_text(&text, "]}}\n");
	expect_said(rules_text, text.p, "E508", "10000");
	buf_clear(&text);
	buf_text(&text, "  input: [{login: {at: [");
	put_times(&text, TEST_MAX_ROWS, "1d");
	buf_text(&text, "]}}, {login: '1'}]\n");
	expect_said(rules_text, text.p, "E508", "10000");
	buf_finish(&text);
}

/* What befalls the feed is counted too. */
static void
a_test_has_ten_thousand_gaps_at_most(void **state)
{
	struct buf text = {0};
	struct made made;

	(void)state;
	buf_text(&text, "  input: [");
	put_times(&text, TEST_MAX_ROWS, "{gap: {from: 1d, to: 2d}}");
	buf_text(&text, "]\n");
	make(&made, text.p);
	assert_int_equal(made.test->trouble_count, TEST_MAX_ROWS);
	drop(&made);
	buf_clear(&text);
	buf_text(&text, "  input: [");
	put_times(&text, TEST_MAX_ROWS + 1, "{gap: {from: 1d, to: 2d}}");
	buf_text(&text, "]\n");
	expect_said(rules_text, text.p, "E508", "10000");
	buf_finish(&text);
}

static void
what_is_expected_has_ten_thousand_rows_at_most(void **state)
{
	struct buf text = {0};

	(void)state;
	buf_text(&text, "  expect: [");
	put_times(&text, TEST_MAX_ROWS + 1, "{at: 1d, risk: 0}");
	buf_text(&text, "]\n");
	expect_said(rules_text, text.p, "E508", "10000");
	buf_finish(&text);
}

static void
a_text_of_days_has_ten_thousand_runs_at_most(void **state)
{
	struct buf text = {0};

	(void)state;
	buf_text(&text, "  input: {login: '");
	for (int i = 0; i <= TEST_MAX_RUNS; i++)
		buf_text(&text, "1x0 ");
	buf_text(&text, "'}\n");
	expect_said(rules_text, text.p, "E508", "10000");
	buf_finish(&text);
}

static void
an_event_has_as_many_attributes_as_the_stream_takes(void **state)
{
	struct buf text = {0}, rules = {0};
	struct made made;

	(void)state;
	buf_text(&text, "  input: {login: {days: '1'");
	for (int i = 0; i < EVENT_MAX_ATTRIBUTES + 2; i++)
		buf_printf(&text, ", a%d: x", i);
	buf_text(&text, "}}\n");
	assert_false(read_of(&made, rules_text, text.p));
	assert_string_equal(made.diags.list[0].message->code, "E508");
	assert_string_equal(made.diags.list[1].message->code, "E512");
	drop(&made);

	buf_text(&rules, rules_text);
	buf_text(&rules, "profile: {");
	for (int i = 0; i < EVENT_MAX_ATTRIBUTES + 8; i++)
		buf_printf(&rules, "%sa%d: num", i > 0 ? ", " : "", i);
	buf_text(&rules, "}\n");
	buf_clear(&text);
	buf_text(&text, "  input: {at: 1d, profile: {a0: 1");
	for (int i = 1; i < EVENT_MAX_ATTRIBUTES + 8; i++)
		buf_printf(&text, ", a%d: 1", i);
	buf_text(&text, "}}\n");
	expect_said(rules.p, text.p, "E512", "more than 32 attributes");
	buf_finish(&text);
	buf_finish(&rules);
}

static void
a_test_has_two_million_events_at_most(void **state)
{
	struct made made;
	struct test_event *events;
	size_t count;

	(void)state;
	assert_true(
		read_of(&made, rules_text,
			"  customers: 2\n  input: [{login: '100000x21'}, {orders: '1=1'}]\n"));
	assert_false(
		test_events_make(&made.file->cases[0], made.file, made.rules, &events, &count));
	drop(&made);
}

static void
a_file_has_a_thousand_tests_at_most_and_names_as_many_rules_as_are_read(void **state)
{
	struct buf text = {0};
	struct made made;
	struct diags diags;

	(void)state;
	for (int i = 0; i < TEST_MAX_TESTS - 1; i++)
		buf_text(&text, "  alerts: []\n- name: t\n");
	assert_true(read_of(&made, rules_text, text.p));
	assert_int_equal(made.file->case_count, TEST_MAX_TESTS);
	drop(&made);
	buf_text(&text, "  alerts: []\n- name: t\n");
	expect_said(rules_text, text.p, "E508", "1000");

	assert_true(read_of(&made, rules_text, ""));
	diags_init(&diags, &made.arena);
	buf_clear(&text);
	buf_text(&text, "rules: [");
	for (int i = 0; i <= DIAG_FILES; i++)
		buf_printf(&text, "%sr%d.yaml", i > 0 ? ", " : "", i);
	buf_text(&text, "]\nstart: 2026-03-02\ntests: []\n");
	(void)test_file_open(STR("t"), buf_view(&text), &diags);
	assert_int_equal(diags.errors, 1);
	assert_string_equal(diags.list[0].message->code, "E508");
	diags_finish(&diags);
	drop(&made);
	buf_finish(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_a_population_one_customer_may_do_something_alone),
		cmocka_unit_test(what_arrives_together_comes_in_the_order_in_which_it_happened),
		cmocka_unit_test(events_of_one_text_of_days_take_turns_at_one_moment_too),
		cmocka_unit_test(a_test_may_have_no_events_at_all),
		cmocka_unit_test(a_clock_may_have_seconds),
		cmocka_unit_test(what_a_text_of_days_gives_is_the_value_and_no_other),
		cmocka_unit_test(a_tag_is_set_or_taken_away),
		cmocka_unit_test(whether_a_tag_is_taken_away_is_said_by_true_and_false),
		cmocka_unit_test(conditions_that_are_not_plain_have_to_be_told),
		cmocka_unit_test(a_signal_that_adds_up_another_attribute_has_to_be_given_it),
		cmocka_unit_test(a_list_has_ten_thousand_rows_at_most),
		cmocka_unit_test(a_test_has_ten_thousand_gaps_at_most),
		cmocka_unit_test(what_is_expected_has_ten_thousand_rows_at_most),
		cmocka_unit_test(a_text_of_days_has_ten_thousand_runs_at_most),
		cmocka_unit_test(an_event_has_as_many_attributes_as_the_stream_takes),
		cmocka_unit_test(a_test_has_two_million_events_at_most),
		cmocka_unit_test(
			a_file_has_a_thousand_tests_at_most_and_names_as_many_rules_as_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
