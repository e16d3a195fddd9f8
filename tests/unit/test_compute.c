/* SPDX-License-Identifier: Apache-2.0 */
/* Arithmetic on values: what is not known, does not fit, or has no answer in mathematics is not known. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lang/compute.h"

#define DAYS(n) value_duration((n)*DAY_MS)

static void
assert_known(struct value v, enum type type, int64_t wanted)
{
	assert_int_equal(v.type, type);
	assert_true(v.known);
	assert_int_equal(v.u.i, wanted);
}

static void
assert_open(struct value v, enum type type)
{
	assert_int_equal(v.type, type);
	assert_false(v.known);
}

static void
what_is_computed_from_an_unknown_is_unknown(void **state)
{
	static const enum type types[] = {TYPE_INT, TYPE_NUM, TYPE_DURATION, TYPE_DATE,
					  TYPE_TIME};

	(void)state;
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		struct value none = value_unknown(types[i]),
			     one = {.type = types[i], .known = true};

		assert_open(compute_arith(ARITH_ADD, none, one, types[i]), types[i]);
		assert_open(compute_arith(ARITH_ADD, one, none, types[i]), types[i]);
		assert_open(compute_negation(none, types[i]), types[i]);
	}
	struct value text[2] = {value_string(STR("a")), value_unknown(TYPE_STRING)};

	assert_open(compute_function(FN_CONTAINS, text), TYPE_BOOL);
	text[0] = text[1];
	text[1] = value_string(STR("a"));
	assert_open(compute_function(FN_CONTAINS, text), TYPE_BOOL);
	text[0] = value_unknown(TYPE_NUM);
	assert_open(compute_function(FN_LOGISTIC, text), TYPE_PROB);
	assert_open(compute_function(FN_ABS, text), TYPE_NUM);
}

static void
whole_numbers_do_not_wrap_around(void **state)
{
	const struct value most = value_int(INT64_MAX), least = value_int(INT64_MIN);
	const struct value one = value_int(1), two = value_int(2);

	(void)state;
	assert_known(compute_arith(ARITH_SUB, most, one, TYPE_INT), TYPE_INT, INT64_MAX - 1);
	assert_open(compute_arith(ARITH_ADD, most, one, TYPE_INT), TYPE_INT);
	assert_open(compute_arith(ARITH_SUB, least, one, TYPE_INT), TYPE_INT);
	assert_open(compute_arith(ARITH_MUL, most, two, TYPE_INT), TYPE_INT);
	assert_open(compute_negation(least, TYPE_INT), TYPE_INT);
	assert_open(compute_arith(ARITH_DIV, one, value_int(0), TYPE_NUM), TYPE_NUM);
	assert_open(compute_arith(ARITH_MUL, value_num(1e300), value_num(1e300), TYPE_NUM),
		    TYPE_NUM);
	assert_open(compute_arith(ARITH_MUL, DAYS(1000000), value_num(1e9), TYPE_DURATION),
		    TYPE_DURATION);
	assert_open(compute_arith(ARITH_MUL, DAYS(1000000), most, TYPE_DURATION),
		    TYPE_DURATION);
}

static void
a_date_moves_by_whole_days_from_either_side_within_what_calendars_show(void **state)
{
	const struct value day = value_date(20000);

	(void)state;
	assert_known(compute_arith(ARITH_ADD, day, DAYS(3), TYPE_DATE), TYPE_DATE, 20003);
	assert_known(compute_arith(ARITH_ADD, DAYS(3), day, TYPE_DATE), TYPE_DATE, 20003);
	assert_known(compute_arith(ARITH_SUB, day, DAYS(3), TYPE_DATE), TYPE_DATE, 19997);
	assert_open(compute_arith(ARITH_ADD, day, value_duration(DAY_MS + 1), TYPE_DATE),
		    TYPE_DATE);
	assert_open(compute_arith(ARITH_ADD, day, DAYS(3000000), TYPE_DATE), TYPE_DATE);
	assert_open(compute_arith(ARITH_SUB, day, DAYS(3100000), TYPE_DATE), TYPE_DATE);
	assert_known(compute_arith(ARITH_SUB, day, value_date(19000), TYPE_DURATION),
		     TYPE_DURATION, 1000 * DAY_MS);
	assert_open(compute_arith(ARITH_SUB, value_date(INT64_MIN), day, TYPE_DURATION),
		    TYPE_DURATION);
	assert_open(compute_arith(ARITH_SUB, value_date(INT64_MAX / 2), day, TYPE_DURATION),
		    TYPE_DURATION);
}

static void
a_number_is_taken_for_another_kind_of_number_and_nothing_else(void **state)
{
	struct value v = compute_as(value_int(3), TYPE_NUM);

	(void)state;
	assert_true(v.type == TYPE_NUM && v.known && v.u.n == 3);
	v = compute_as(value_unknown(TYPE_INT), TYPE_PROB);
	assert_open(v, TYPE_PROB);
	v = compute_as(value_num(0.5), TYPE_PROB);
	assert_true(v.type == TYPE_PROB && v.u.n == 0.5);
	v = compute_as(value_num(0.5), TYPE_NUM);
	assert_true(v.type == TYPE_NUM && v.u.n == 0.5);
	assert_known(compute_as(DAYS(1), TYPE_TIME), TYPE_DURATION, DAY_MS);
}

static void
a_text_is_found_wherever_it_begins(void **state)
{
	static const struct {
		const char *text, *part;
		bool holds;
	} table[] = {{"aab", "ab", true},  {"aab", "", true},	 {"", "", true},
		     {"", "a", false},	   {"aab", "b", true},	 {"aab", "ba", false},
		     {"aab", "x", false},  {"ab", "abc", false}, {"aaab", "aab", true},
		     {"aaaa", "ab", false}};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct value args[2] = {value_string(str_of(table[i].text)),
					value_string(str_of(table[i].part))};
		struct value v = compute_function(FN_CONTAINS, args);

		assert_true(v.known);
		if (v.u.b != table[i].holds)
			fail_msg("\"%s\" in \"%s\": %d", table[i].part, table[i].text, v.u.b);
	}
}

static void
types_have_a_name_in_both_languages(void **state)
{
	(void)state;
	assert_string_equal(type_name(TYPE_DURATION, false), "duration");
	assert_string_equal(type_name(TYPE_DURATION, true), "时长");
	for (int type = 0; type < TYPE_COUNT; type++)
		assert_string_not_equal(type_name((enum type)type, true),
					type_name((enum type)type, false));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_computed_from_an_unknown_is_unknown),
		cmocka_unit_test(whole_numbers_do_not_wrap_around),
		cmocka_unit_test(
			a_date_moves_by_whole_days_from_either_side_within_what_calendars_show),
		cmocka_unit_test(a_number_is_taken_for_another_kind_of_number_and_nothing_else),
		cmocka_unit_test(a_text_is_found_wherever_it_begins),
		cmocka_unit_test(types_have_a_name_in_both_languages),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
