/* SPDX-License-Identifier: Apache-2.0 */
/* What event text becomes beside other values, what functions take at their bounds, and what is said past them. */
#include "unit/lang_types.h"

static void
event_text_becomes_what_makes_the_operation_possible(void **state)
{
	static const struct row rows[] = {
		{"event.a + event.b", "num"},
		{"-event.a", "num"},
		{"event.a * 3d", "duration"},
		{"event.a + 3d", "duration"},
		{"event.a / profile.mrr", "num"},
		{"profile.trial_end + event.a", "time"},
		{"event.a + profile.contract_end", "date"},
		{"event.a - profile.trial_end", "duration"},
		{"coalesce(event.a, event.b)", "string"},
		{"event.a in [1, 2]", "bool"},
		{"event.a in [\"x\"]", "bool"},
	};

	(void)state;
	RUN(rows);
}

static void
event_text_is_no_word_no_signal_and_no_text_to_add(void **state)
{
	static const struct row rows[] = {
		{"event.a + profile.phone", "E106 11+13: cannot compute num + string"},
		{"event.a + true", "E106 11+4: cannot compute num + bool"},
		{"profile.vip + event.a", "E106 15+7: cannot compute bool + num"},
		{"profile.tier == event.a", "E104 17+7: cannot compare enum with event text"},
		{"if(event.a == \"x\", event.b, profile.tier)",
		 "E113 20+7: the branches are of different types: enum and event text"},
		{"count(event.a)", "E111 7+7: count expects range here, this is event text"},
		{"since(event.a)", "E111 7+7: since expects signal here, this is event text"},
		{"open(event.a)", "E111 6+7: open expects items here, this is event text"},
		{"pick(event.a, x=1, else=2)",
		 "E115 6+7: pick chooses by an enum, this is event text"},
	};

	(void)state;
	RUN(rows);
}

static void
a_number_beside_a_duration_is_proposed_as_one(void **state)
{
	static const struct row rows[] = {
		{"profile.trial_end - 2",
		 "E106 21+1: cannot compute time - int; did you mean 2d?"},
		{"profile.quiet + 1.5",
		 "E106 17+3: cannot compute duration + num; did you mean 36h?"},
		{"profile.quiet - 0.0", "E106 17+3: cannot compute duration - num"},
		{"profile.quiet + profile.seats_bought",
		 "E106 17+20: cannot compute duration + int"},
		{"2 - profile.trial_end", "E106 1+1: cannot compute int - time"},
		{"2 + profile.trial_end",
		 "E106 1+1: cannot compute int + time; did you mean 2d?"},
		{"2 / profile.quiet",
		 "E106 1+1: cannot compute int / duration; did you mean 2d?"},
		{"profile.contract_end > 3d",
		 "E104 24+2: cannot compare date with duration; did "
		 "you mean until(profile.contract_end)?"},
		{"3d < profile.contract_end",
		 "E104 1+2: cannot compare duration with date; did "
		 "you mean until(profile.contract_end)?"},
	};

	(void)state;
	RUN(rows);
}

static void
functions_take_what_lies_within_their_bounds(void **state)
{
	static const struct row rows[] = {
		{"cusum_drop(login, 0.5)", "num"},
		{"cusum_drop(login, 0)", "E160 19+1: cusum_drop asks for 0 < rho < 1 here"},
		{"cusum_drop(login, 1)", "E160 19+1: cusum_drop asks for 0 < rho < 1 here"},
		{"cusum_drop(login, -1)", "E160 19+2: cusum_drop asks for 0 < rho < 1 here"},
		{"cusum_rise(login, 1)", "E160 19+1: cusum_rise asks for rho > 1 here"},
		{"gap_quantile(login, 0)", "duration"},
		{"gap_quantile(login, 1)", "duration"},
		{"gap_quantile(login, -0.1)",
		 "E160 21+4: gap_quantile asks for 0 <= q <= 1 here"},
		{"gap_quantile(login, 1.5)",
		 "E160 21+3: gap_quantile asks for 0 <= q <= 1 here"},
		{"gap_ewma(login, 1)", "duration"},
		{"gap_ewma(login, 0)", "E160 17+1: gap_ewma asks for 0 < w <= 1 here"},
		{"gap_ewma(login, 1.5)", "E160 17+3: gap_ewma asks for 0 < w <= 1 here"},
		{"ewma(login, 0d)", "E160 13+2: ewma asks for half_life > 0s here"},
		{"last(seats, 400d)", "num"},
		{"last(seats, 0d)", "E155 13+2: last takes whole days here, 1d to 400d"},
		{"last(seats, 36h)", "E155 13+3: last takes whole days here, 1d to 400d"},
		{"last(seats, 401d)", "E155 13+4: last takes whole days here, 1d to 400d"},
		{"risk_rise(-1d)", "E155 11+3: risk_rise takes whole days here, 1d to 400d"},
	};

	(void)state;
	RUN(rows);
}

static void
arguments_and_signs_out_of_place_are_told_where_they_stand(void **state)
{
	static const struct row rows[] = {
		{"since(login, by=)", "E120 17+1: a value is missing before )"},
		{"since(login, by=profile.phone, by=profile.phone)",
		 "E110 32+2: by= is given twice"},
		{"since(login, login)",
		 "E108 1+5: wrong number of arguments; it is since(signal, by=string)"},
		{"ratio(login[7d], login[28d], 3, 4)",
		 "E108 1+5: wrong number of arguments; it is ratio(range, range, min_events=num)"},
		{"profile.mrr = 3",
		 "E121 13+1: = has no place in an expression; did you mean ==?"},
		{"profile.mrr == = 3", "E120 16+1: a value is missing before ="},
		{"not in [\"a\"]", "E120 5+2: a value is missing before in"},
		{"profile.tier not \"free\"", "E139 14+3: not is not expected here"},
	};

	(void)state;
	RUN(rows);
}

/* A level, a stage or a word of a list that is written bare is a word: it is proposed in quotes. */
static void
a_bare_word_of_the_file_is_proposed_in_quotes(void **state)
{
	static const struct row rows[] = {
		{"healthy", "E101 1+7: unknown name healthy; did you mean \"healthy\"?"},
		{"churned", "E101 1+7: unknown name churned; did you mean \"churned\"?"},
		{"profile.healthy", "E103 1+15: unknown attribute profile.healthy"},
	};
	static const struct row without[] = {
		{"healthy", "E101 1+7: unknown name healthy"},
		{"churned", "E101 1+7: unknown name churned"},
	};

	(void)state;
	RUN(rows);
	world.scope.levels = NULL;
	world.scope.stages = NULL;
	RUN(without);
}

int
main(void)
{
#define EDGE_TEST(f) cmocka_unit_test_setup_teardown(f, begin_with_event, end)
	const struct CMUnitTest tests[] = {
		EDGE_TEST(event_text_becomes_what_makes_the_operation_possible),
		EDGE_TEST(event_text_is_no_word_no_signal_and_no_text_to_add),
		EDGE_TEST(a_number_beside_a_duration_is_proposed_as_one),
		EDGE_TEST(functions_take_what_lies_within_their_bounds),
		EDGE_TEST(arguments_and_signs_out_of_place_are_told_where_they_stand),
		EDGE_TEST(a_bare_word_of_the_file_is_proposed_in_quotes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
