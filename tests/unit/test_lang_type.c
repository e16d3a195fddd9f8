/* SPDX-License-Identifier: Apache-2.0 */
/* Expressions and their types, or what is said about them, at which place, with which proposal. */
#include <stdio.h>
#include <string.h>

#include "unit/lang_types.h"

static void
values_have_types(void **state)
{
	static const struct row rows[] = {
		{"true", "bool"},
		{"14", "int"},
		{"1.5", "num"},
		{"2e-3", "num"},
		{"14d", "duration"},
		{"1d12h30m", "duration"},
		{"-2w", "duration"},
		{"\"a text\"", "string"},
		{"'a \"text\"'", "string"},
		{"profile.tier", "enum"},
		{"profile.contract_end", "date"},
		{"profile.trial_end", "time"},
		{"profile.vip", "bool"},
		{"level()", "enum"},
		{"count(usage[7d])", "int"},
		{"days(usage[2w])", "int"},
		{"sum(orders[28d offset 1w])", "num"},
		{"ratio(usage[7d], usage[28d offset 7d], min_events=5)", "num"},
		{"p_drop(usage[14d live], usage[77d offset 13d])", "prob"},
		{"since(login)", "duration"},
		{"after(login, orders)", "duration"},
		{"last(seats)", "num"},
		{"last(seats, 30d)", "num"},
		{"until(profile.contract_end)", "duration"},
		{"until(\"2026-12-31\")", "duration"},
		{"tag(\"vip\")", "bool"},
		{"risk()", "int"},
		{"logistic(1 + 2 * count(login[24h live]))", "prob"},
		{"since(登录)", "duration"},
		{"if(profile.vip, 1, 2)", "int"},
		{"if(profile.vip, 1, 2.5)", "num"},
		{"if(profile.vip, 7d, profile.quiet)", "duration"},
		{"pick(profile.tier, enterprise=7d, else=14d)", "duration"},
		{"pick(profile.tier, free=1, team=2, business=3, enterprise=4)", "int"},
		{"pick(profile.status, \"on hold\"=1, 7d=2, else=3)", "int"},
		{"coalesce(since(login), 14d)", "duration"},
		{"coalesce(profile.mrr, 1)", "num"},
		{"coalesce(profile.tier, \"free\")", "enum"},
		{"coalesce(\"2026-12-31\", profile.contract_end)", "date"},
		{"least(1, 2.5, count(login[1d]))", "num"},
		{"patience", "duration"},
		{"key", "bool"},
	};
	(void)state;
	RUN(rows);
}

static void
arithmetic_keeps_units(void **state)
{
	static const struct row rows[] = {
		{"1 + 2", "int"},
		{"7 / 2", "num"},
		{"1 + 2.5", "num"},
		{"p_drop(usage[7d], usage[28d]) * 2", "num"},
		{"2 * 3d", "duration"},
		{"3d * 0.5", "duration"},
		{"3d / 2", "duration"},
		{"3d / 1h", "num"},
		{"3d - 1h", "duration"},
		{"profile.trial_end - profile.trial_end", "duration"},
		{"profile.trial_end + 3d", "time"},
		{"3d + profile.trial_end", "time"},
		{"profile.contract_end - 30d", "date"},
		{"profile.contract_end - profile.contract_end", "duration"},
		{"-profile.quiet", "duration"},
		{"3d * 2d", "E106 6+2: cannot compute duration * duration"},
		{"3d + 2", "E106 6+1: cannot compute duration + int; did you mean 2d?"},
		{"2 / 3d", "E106 5+2: cannot compute int / duration"},
		{"profile.trial_end + profile.trial_end",
		 "E106 21+17: cannot compute time + time"},
		{"profile.contract_end - profile.trial_end",
		 "E106 24+17: cannot compute date - time"},
		{"profile.phone + 1", "E106 17+1: cannot compute string + int"},
		{"-profile.phone", "E106 2+13: cannot compute - string"},
		{"-true", "E106 2+4: cannot compute - bool"},
	};
	(void)state;
	RUN(rows);
}

static void
only_like_types_compare(void **state)
{
	static const struct row rows[] = {
		{"since(login) >= 14d", "bool"},
		{"1 < 2.5", "bool"},
		{"p_drop(usage[7d], usage[28d offset 7d]) < 0.001", "bool"},
		{"profile.tier == \"team\"", "bool"},
		{"\"team\" == profile.tier", "bool"},
		{"level() >= \"at_risk\"", "bool"},
		{"profile.contract_end < \"2026-12-31\"", "bool"},
		{"profile.trial_end < \"2026-12-31T00:00:00+08:00\"", "bool"},
		{"profile.vip == true", "bool"},
		{"profile.phone == \"x\"", "bool"},
		{"profile.tier == gold", "bool"},
		{"profile.tier == if(profile.vip, \"free\", \"team\")", "bool"},
		{"level() < pick(profile.tier, free=\"watch\", else=\"critical\")", "bool"},
		{"since(login) >= 14",
		 "E104 17+2: cannot compare duration with int; did you mean 14d?"},
		{"since(login) > -14",
		 "E104 16+3: cannot compare duration with int; did you mean -14d?"},
		{"since(login) > 1.5",
		 "E104 16+3: cannot compare duration with num; did you mean 36h?"},
		{"14 < since(login)",
		 "E104 1+2: cannot compare int with duration; did you mean 14d?"},
		{"count(login[7d]) > 3d", "E104 20+2: cannot compare int with duration"},
		{"profile.contract_end < 30d",
		 "E104 24+3: cannot compare date with duration; did you mean until(profile.contract_end)?"},
		{"profile.tier == 5", "E104 17+1: cannot compare enum with int"},
		{"profile.tier == profile.status", "E104 17+14: cannot compare enum with enum"},
		{"profile.tier == \"bussiness\"",
		 "E105 17+11: \"bussiness\" is not a value of tier; it takes: free, team, business, "
		 "enterprise; did you mean \"business\"?"},
		{"profile.tier == \"gold\"",
		 "E105 17+6: \"gold\" is not a value of tier; it takes: free, team, business, enterprise"},
		{"level() == if(profile.vip, \"watch\", \"wathc\")",
		 "E105 37+7: \"wathc\" is not a value of level; it takes: healthy, watch, at_risk, "
		 "critical; did you mean \"watch\"?"},
		{"profile.tier >= \"team\"", "E116 1+22: enum has no order; use == or !="},
		{"profile.phone < \"x\"", "E116 1+19: string has no order; use == or !="},
		{"profile.vip > false", "E116 1+19: bool has no order; use == or !="},
		{"profile.contract_end < \"soon\"",
		 "E146 24+6: \"soon\" is not a date; dates are written \"2026-11-21\""},
		{"profile.trial_end < \"2026-12-31\"",
		 "E147 21+12: \"2026-12-31\" is not an instant; instants are written "
		 "\"2026-11-21T10:00:00+08:00\""},
	};
	(void)state;
	RUN(rows);
}

static void
logic_takes_yes_or_no(void **state)
{
	static const struct row rows[] = {
		{"not profile.vip or true and false", "bool"},
		{"count(login[7d]) and true",
		 "E107 1+16: expected bool, this is int; did you mean count(login[7d]) > 0?"},
		{"not since(login)", "E107 5+12: expected bool, this is duration"},
		{"if(1, 2, 3)", "E107 4+1: expected bool, this is int; did you mean 1 > 0?"},
		{"if(true, 2)",
		 "E108 1+2: wrong number of arguments; it is if(bool, value, value)"},
		{"if(true, 2, 3d)",
		 "E113 10+1: the branches are of different types: duration and int; "
		 "did you mean 2d?"},
		{"if(stage = \"x\", 1, 2)", "E121 4+5: stage= has no place in an expression; "
					    "did you mean stage ==?"},
	};
	(void)state;
	RUN(rows);
}

static void
lists_hold_what_is_asked_of_them(void **state)
{
	static const struct row rows[] = {
		{"profile.tier in core", "bool"},
		{"profile.tier in [\"free\", \"team\"]", "bool"},
		{"profile.tier not in core", "bool"},
		{"profile.phone in hot", "bool"},
		{"profile.phone in warm", "bool"},
		{"profile.phone in nobody", "bool"},
		{"profile.seats_bought in [1, 2.5, -3]", "bool"},
		{"profile.quiet in [1d, 2d]", "bool"},
		{"profile.tier in odd",
		 "E143 17+3: list odd holds \"gold\", which is not a value of tier"},
		{"profile.tier in [\"free\", \"tema\"]",
		 "E105 26+6: \"tema\" is not a value of tier; it takes: free, team, business, enterprise; "
		 "did you mean \"team\"?"},
		{"profile.tier in cores", "E142 17+5: unknown list cores; did you mean core?"},
		{"profile.mrr in hot", "E104 16+3: cannot compare num with string"},
		{"profile.quiet in [1, 2d]",
		 "E138 22+2: a list holds constants of one type; this is "
		 "duration among int"},
		{"profile.quiet in [1]",
		 "E104 19+1: cannot compare duration with int; did you mean 1d?"},
		{"profile.mrr in [risk()]",
		 "E112 17+6: risk() must be written as a constant here"},
		{"profile.tier in [free]",
		 "E101 18+4: unknown name free; did you mean \"free\"?"},
		{"profile.tier in \"free\"", "E107 17+6: expected list, this is string"},
		{"hot == \"x\"", "E134 1+3: hot is a list; a list stands only after in"},
	};
	(void)state;
	RUN(rows);
}

static void
names_that_are_not_known_bring_the_nearest(void **state)
{
	static const struct row rows[] = {
		{"profile.teir == \"team\"",
		 "E103 1+12: unknown attribute profile.teir; did you mean profile.tier?"},
		{"profile.colour == 1", "E103 1+14: unknown attribute profile.colour"},
		{"silnet(login) > 3d",
		 "E102 1+6: unknown function silnet; did you mean silent?"},
		{"frobnicate(login)", "E102 1+10: unknown function frobnicate"},
		{"since(logn) > 3d", "E135 7+4: unknown signal logn; did you mean login?"},
		{"count(usgae[7d]) > 3", "E135 7+5: unknown signal usgae; did you mean usage?"},
		{"payin and true", "E101 1+5: unknown name payin; did you mean paying?"},
		{"tier == \"team\"", "E101 1+4: unknown name tier; did you mean profile.tier?"},
		{"profile.tier == team",
		 "E101 17+4: unknown name team; did you mean \"team\"?"},
		{"age > 3d", "E101 1+3: unknown name age; did you mean age()?"},
		{"profil.tier == \"team\"",
		 "E101 1+6: unknown name profil; did you mean profile?"},
		{"login > 3",
		 "E132 1+5: login is a signal and no value; did you mean count(login[7d])?"},
		{"login[7d] > 3",
		 "E133 1+9: login[7d] is a range and no value; did you mean count(login[7d])?"},
	};
	(void)state;
	RUN(rows);
}

static void
calls_take_what_their_table_says(void **state)
{
	static const struct row rows[] = {
		{"count()", "E108 1+5: wrong number of arguments; it is count(range)"},
		{"count(login[7d], usage[7d])",
		 "E108 1+5: wrong number of arguments; it is count(range)"},
		{"ratio(usage[7d])",
		 "E108 1+5: wrong number of arguments; it is ratio(range, range, min_events=num)"},
		{"ratio(usage[7d], usage[7d], 5)",
		 "E108 1+5: wrong number of arguments; it is ratio(range, range, min_events=num)"},
		{"least()", "E108 1+5: wrong number of arguments; it is least(num, ...)"},
		{"ratio(usage[7d], usage[7d], min_event=5)",
		 "E109 29+9: ratio has no argument min_event=; did you mean min_events=?"},
		{"ratio(usage[7d], usage[7d], min_events=5, min_events=6)",
		 "E110 43+10: min_events= is given twice"},
		{"count(login)",
		 "E111 7+5: count expects range here, this is signal; did you mean "
		 "login[7d]?"},
		{"since(login[7d])",
		 "E111 7+9: since expects signal here, this is range; did you mean login?"},
		{"since(3)", "E111 7+1: since expects signal here, this is int"},
		{"until(profile.mrr)", "E111 7+11: until expects date here, this is num"},
		{"abs(3d)", "E111 5+2: abs expects num here, this is duration"},
		{"last(seats, 30)",
		 "E111 13+2: last expects duration here, this is int; did you mean 30d?"},
		{"last(seats, 36h)", "E155 13+3: last takes whole days here, 1d to 400d"},
		{"last(seats, profile.quiet)",
		 "E112 13+13: profile.quiet must be written as a constant here"},
		{"tag(profile.phone)",
		 "E112 5+13: profile.phone must be written as a constant here"},
		{"sum(login[7d])", "E136 5+9: sum needs a signal with sum:"},
		{"last(login)", "E136 6+5: last needs a signal with last:"},
		{"rate(login[24h live])",
		 "E137 6+15: rate takes a range of days, not of hours"},
		{"ratio(usage[24h live], usage[7d])",
		 "E137 7+15: ratio takes a range of days, not of hours"},
	};
	(void)state;
	RUN(rows);
}

static void
coalesce_takes_two_values_of_one_type_or_more(void **state)
{
	static const struct row rows[] = {
		{"coalesce(since(login), 14)",
		 "E113 24+2: the branches are of different types: duration and int; did you mean 14d?"},
		{"coalesce(profile.tier, \"fre\")",
		 "E105 24+5: \"fre\" is not a value of tier; it takes: free, team, business, enterprise; "
		 "did you mean \"free\"?"},
		{"coalesce(1)",
		 "E108 1+8: wrong number of arguments; it is coalesce(value, value, ...)"},
		{"coalesce(login, 1)",
		 "E132 10+5: login is a signal and no value; did you mean count(login[7d])?"},
		{"coalesce(1, x=2)",
		 "E121 13+1: x= has no place in an expression; did you mean x ==?"},
		{"coalese(1, 2)", "E102 1+7: unknown function coalese; did you mean coalesce?"},
	};
	(void)state;
	RUN(rows);
}

static void
picks_name_every_word_or_else(void **state)
{
	static const struct row rows[] = {
		{"pick(profile.tier, free=1, team=2)",
		 "E114 1+4: pick has no else and leaves out: "
		 "business, enterprise"},
		{"pick(profile.tier, freee=1, else=2)",
		 "E105 20+5: \"freee\" is not a value of tier; it takes: free, team, business, enterprise; "
		 "did you mean free?"},
		{"pick(profile.tier, free=1, elze=2)",
		 "E105 28+4: \"elze\" is not a value of tier; it takes: free, team, business, enterprise; "
		 "did you mean else?"},
		{"pick(profile.tier, free=1, free=2, else=3)",
		 "E110 28+4: free= is given twice"},
		{"pick(profile.tier, else=1, else=2)", "E110 28+4: else= is given twice"},
		{"pick(profile.tier, free=1, else=2d)",
		 "E113 25+1: the branches are of different types: duration and int; did you mean 1d?"},
		{"pick(profile.phone, a=1, else=2)",
		 "E115 6+13: pick chooses by an enum, this is string"},
		{"pick(profile.tier)",
		 "E108 1+4: wrong number of arguments; it is pick(enum, word=value, "
		 "..., else=value)"},
		{"pick(profile.tier, 1, else=2)",
		 "E108 1+4: wrong number of arguments; it is pick(enum, "
		 "word=value, ..., else=value)"},
	};
	(void)state;
	RUN(rows);
}

static void
event_fields_stand_in_event_rules_only(void **state)
{
	static const struct row rows[] = {
		{"event.value <= 6",
		 "E117 1+11: event.value stands only in a rule with `on:` or in a "
		 "signal's `where:`"},
		{"item.priority == \"urgent\"",
		 "E118 1+13: item.priority stands only in the condition of "
		 "open() or in a rule with `each:`"},
		{"reads_event",
		 "E117 1+11: event.value stands only in a rule with `on:` or in a signal's "
		 "`where:`"},
	};
	(void)state;
	RUN(rows);
}

static void
event_text_takes_the_type_of_its_place(void **state)
{
	static const struct row rows[] = {
		{"event.value", "num"},
		{"event.type", "string"},
		{"event.ts", "time"},
		{"event.severity", "string"},
		{"event.severity in hot", "bool"},
		{"event.amount * 2", "num"},
		{"coalesce(event.amount, 1)", "num"},
		{"coalesce(event.due, profile.contract_end)", "date"},
		{"event.amount + event.amount", "num"},
		{"event.amount + 2", "num"},
		{"event.wait - 3d", "duration"},
		{"3d * event.factor", "duration"},
		{"now_ == 1 or event.flag", "E101 1+4: unknown name now_"},
		{"event.flag and event.other", "bool"},
		{"event.due - profile.contract_end", "duration"},
		{"profile.trial_end + event.wait", "time"},
		{"event.a == event.b", "bool"},
		{"event.amount >= 5", "bool"},
		{"event.wait > 2d", "bool"},
		{"event.due <= \"2026-11-21\"", "E116 1+25: string has no order; use == or !="},
		{"event.due <= profile.contract_end", "bool"},
		{"event.a < event.b", "E116 1+17: string has no order; use == or !="},
		{"event.plan == profile.tier",
		 "E104 15+12: cannot compare event text with enum"},
		{"if(event.flag, event.a, 3)", "num"},
		{"if(event.flag, event.a, \"x\")", "string"},
		{"contains(event.note, \"refund\")", "bool"},
		{"abs(event.a)", "num"},
		{"-event.a", "num"},
		{"pick(event.a, x=1, else=2)",
		 "E115 6+7: pick chooses by an enum, this is event text"},
		{"event.a in [1, 2]", "bool"},
	};
	world.scope.event_allowed = true;
	(void)state;
	RUN(rows);
}

static void
macros_are_put_in_and_fail_in_their_own_text(void **state)
{
	static const struct row rows[] = {
		{"ratio(recent, usage[28d offset 7d])", "num"},
		{"patience > 10d", "bool"},
		{"twice + 1", "int"},
		{"hasty", "E104 17+2: cannot compare duration with int; did you mean 14d?"},
		{"hasty or hasty",
		 "E104 17+2: cannot compare duration with int; did you mean 14d?"},
		{"chicken", "E119 5+7: macro chicken uses itself"},
	};
	(void)state;
	RUN(rows);
}

static void
all_mistakes_are_said_in_one_run(void **state)
{
	static const struct row rows[] = {
		{"profile.teir == \"x\" and silnet(login) > 3d or since(login) >= 14",
		 "E103 1+12: unknown attribute profile.teir; did you mean profile.tier?\n"
		 "E102 25+6: unknown function silnet; did you mean silent?\n"
		 "E104 63+2: cannot compare duration with int; did you mean 14d?"},
		{"pick(profile.teir, a=foo, b=bar)",
		 "E103 6+12: unknown attribute profile.teir; did you mean profile.tier?\n"
		 "E101 22+3: unknown name foo\nE101 29+3: unknown name bar"},
		{"ratio(usgae[7d], 5)", "E135 7+5: unknown signal usgae; did you mean usage?\n"
					"E111 18+1: ratio expects range here, this is int"},
		{"profile.tier = \"tema\" && since(login) > 14days",
		 "E121 23+2: && has no place in an expression; write and\n"
		 "E123 41+6: 14days is neither a number nor a duration (90s 5m 4h 14d 2w); did you mean "
		 "14d?\n"
		 "E121 14+1: = has no place in an expression; did you mean ==?\n"
		 "E105 16+6: \"tema\" is not a value of tier; it takes: free, team, business, enterprise; "
		 "did you mean \"team\"?"},
	};
	(void)state;
	RUN(rows);
}

static void
the_root_has_the_type_its_place_wants(void **state)
{
	(void)state;
	assert_non_null(world_compile(&world, "true", TYPE_BOOL));
	assert_non_null(world_compile(&world, "count(login[7d])", TYPE_NUM));
	assert_non_null(world_compile(&world, "p_drop(usage[7d], usage[28d])", TYPE_NUM));
	assert_null(world_compile(&world, "count(login[7d])", TYPE_BOOL));
	assert_string_equal(world.said.p, "E107 1+16: expected bool, this is int; did you mean "
					  "count(login[7d]) > 0?\n");
	assert_null(world_compile(&world, "14", TYPE_DURATION));
	assert_string_equal(world.said.p,
			    "E107 1+2: expected duration, this is int; did you mean 14d?\n");
}

static void
complaints_come_in_chinese_too(void **state)
{
	(void)state;
	world.zh = true;
	assert_null(world_compile(&world, "since(login) >= 14", TYPE_BOOL));
	assert_string_equal(world.said.p,
			    "E104 17+2: duration 与 int 不能比较; 是否想写 14d?\n");
}

static void
what_was_read_is_marked_used(void **state)
{
	(void)state;
	assert_non_null(world_compile(&world, "key", TYPE_BOOL));
	for (unsigned i = 0; i < world.scope.macro_count; i++) {
		const struct macro *macro = &world.scope.macros[i];

		assert_int_equal(macro->used,
				 str_is(macro->name, "key") || str_is(macro->name, "paying"));
	}
	for (unsigned i = 0; i < world.scope.list_count; i++)
		assert_int_equal(world.scope.lists[i].used,
				 str_is(world.scope.lists[i].name, "core"));
}

static void
levels_must_be_there_to_be_asked_for(void **state)
{
	(void)state;
	world.scope.levels = NULL;
	assert_null(world_compile(&world, "level() == \"watch\"", TYPE_BOOL));
	assert_string_equal(world.said.p, "E144 1+5: no levels are defined\n");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(values_have_types),
		TEST(arithmetic_keeps_units),
		TEST(only_like_types_compare),
		TEST(logic_takes_yes_or_no),
		TEST(lists_hold_what_is_asked_of_them),
		TEST(names_that_are_not_known_bring_the_nearest),
		TEST(calls_take_what_their_table_says),
		TEST(coalesce_takes_two_values_of_one_type_or_more),
		TEST(picks_name_every_word_or_else),
		TEST(event_fields_stand_in_event_rules_only),
		TEST(event_text_takes_the_type_of_its_place),
		TEST(macros_are_put_in_and_fail_in_their_own_text),
		TEST(all_mistakes_are_said_in_one_run),
		TEST(the_root_has_the_type_its_place_wants),
		TEST(complaints_come_in_chinese_too),
		TEST(what_was_read_is_marked_used),
		TEST(levels_must_be_there_to_be_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
