/* SPDX-License-Identifier: Apache-2.0 */
/* Expectations as people write them, and what is said of wrong ones. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "codec/expectation.h"

static void
what_is_written_is_read(void **state)
{
	static const struct {
		const char *text, *name;
		enum figure_asked figure;
		enum expected_op op;
		double number;
	} rows[] = {
		{"broken.precision >= 0.91", "broken", ASKED_PRECISION, EXPECT_GE, 0.91},
		{"broken.precision>=91%", "broken", ASKED_PRECISION, EXPECT_GE, 0.91},
		{" any.alerts < 1e3 ", "any", ASKED_ALERTS, EXPECT_LT, 1000},
		{"at_risk.lead > 13d", "at_risk", ASKED_LEAD, EXPECT_GT, 13},
		{"at_risk.lead >= 36h", "at_risk", ASKED_LEAD, EXPECT_GE, 1.5},
		{"x.false == 0", "x", ASKED_FALSE, EXPECT_EQ, 0},
		{"x.flaps != -1", "x", ASKED_FLAPS, EXPECT_NE, -1},
		{"p_silent(a >= 1.5, 91d).auc >= .7", "p_silent(a >= 1.5, 91d)", ASKED_AUC,
		 EXPECT_GE, .7},
		{"x.alerts_per_1000_per_week <= 20", "x", ASKED_RATE, EXPECT_LE, 20},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct expectation got;
		struct err err;

		if (!expectation_parse(str_of(rows[i].text), &got, &err))
			fail_msg("%s: %s", rows[i].text, err.text);
		assert_true(str_is(got.name, rows[i].name));
		assert_int_equal(got.figure, rows[i].figure);
		assert_int_equal(got.op, rows[i].op);
		assert_true(fabs(got.number - rows[i].number) < 1e-12);
	}
}

static void
what_is_wrong_is_said(void **state)
{
	static const struct {
		const char *text, *said;
	} rows[] = {
		{"", "\"\" is not NAME.FIGURE >= NUMBER, such as broken.precision >= 0.9"},
		{"broken >= 3", "\"broken >= 3\" is not NAME.FIGURE >= NUMBER, such as "
				"broken.precision >= 0.9"},
		{".recall >= 3", "\".recall >= 3\" is not NAME.FIGURE >= NUMBER, such as "
				 "broken.precision >= 0.9"},
		{"a.recal > 1", "there is no figure recal; did you mean recall?"},
		{"a.size > 1",
		 "there is no figure size; there are precision, recall, f1, lead, alerts, "
		 "false, rewarnings, flaps, alerts_per_1000_per_week, auc"},
		{"a.recall > 13d", "\"13d\" is no number"},
		{"a.recall > nan", "\"nan\" is no number"},
		{"a.recall => 0.5", "there is no figure recall =; did you mean recall?"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct expectation got;
		struct err err;

		assert_false(expectation_parse(str_of(rows[i].text), &got, &err));
		assert_string_equal(err.text, rows[i].said);
	}
}

static void
a_figure_that_is_none_meets_no_expectation(void **state)
{
	struct expectation expectation = {.op = EXPECT_NE, .number = 1};

	(void)state;
	assert_false(expectation_holds(&expectation, (double)NAN));
	assert_true(expectation_holds(&expectation, 2));
	expectation.op = EXPECT_GE;
	assert_true(expectation_holds(&expectation, 1));
	assert_false(expectation_holds(&expectation, 0.999));
	expectation.op = EXPECT_GT;
	assert_false(expectation_holds(&expectation, 1));
	expectation.op = EXPECT_LE;
	assert_true(expectation_holds(&expectation, 1));
	expectation.op = EXPECT_LT;
	assert_false(expectation_holds(&expectation, 1));
	expectation.op = EXPECT_EQ;
	assert_true(expectation_holds(&expectation, 1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(what_is_wrong_is_said),
		cmocka_unit_test(a_figure_that_is_none_meets_no_expectation),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
