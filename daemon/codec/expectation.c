/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and judges expectations of a backtest. */
#include "codec/expectation.h"

#include <math.h>

#include "base/civil.h"
#include "base/number.h"

#define SHOWN 80 /* bytes of a text in a sentence */

static const char *const figures[FIGURES_ASKED] = {
	"precision",  "recall", "f1",
	"lead",	      "alerts", "false",
	"rewarnings", "flaps",	"alerts_per_1000_per_week",
	"auc"};

/* Longer ones first. */
static const struct {
	const char *text;
	enum expected_op op;
} ops[] = {{">=", EXPECT_GE}, {"<=", EXPECT_LE}, {"==", EXPECT_EQ},
	   {"!=", EXPECT_NE}, {">", EXPECT_GT},	 {"<", EXPECT_LT}};

const char *
expectation_figure(enum figure_asked figure)
{
	return figures[figure];
}

/* Names may hold such signs, numbers do not: the last one counts. */
static bool
find_op(struct str text, size_t *at, size_t *width, enum expected_op *op)
{
	for (*at = text.n; (*at)-- > 0;)
		for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
			struct str sign = str_of(ops[i].text);

			*width = sign.n;
			*op = ops[i].op;
			if (str_starts(str_slice(text, *at, text.n), sign))
				return true;
		}
	return false;
}

static bool
read_number(struct str text, enum figure_asked figure, double *out)
{
	int64_t ms;

	if (text.n > 1 && text.p[text.n - 1] == '%') {
		if (!parse_number(str_slice(text, 0, text.n - 1), out))
			return false;
		*out /= 100;
		return true;
	}
	if (figure == ASKED_LEAD && parse_duration(text, false, &ms)) {
		*out = (double)ms / (double)DAY_MS;
		return true;
	}
	return parse_number(text, out);
}

static bool
read_figure(struct str word, enum figure_asked *out, struct err *err)
{
	struct str names[FIGURES_ASKED];

	for (unsigned i = 0; i < FIGURES_ASKED; i++) {
		names[i] = str_of(figures[i]);
		if (str_eq(names[i], word)) {
			*out = (enum figure_asked)i;
			return true;
		}
	}
	struct str near = str_nearest(word, names, FIGURES_ASKED);

	if (near.n)
		return err_set(err, "there is no figure %.*s; did you mean %.*s?",
			       (int)utf8_cut(word, SHOWN), word.p, STR_ARG(near));
	return err_set(
		err,
		"there is no figure %.*s; there are precision, recall, f1, lead, alerts, "
		"false, rewarnings, flaps, alerts_per_1000_per_week, auc",
		(int)utf8_cut(word, SHOWN), word.p);
}

static bool
is_shape(struct str text, struct err *err)
{
	return err_set(err,
		       "\"%.*s\" is not NAME.FIGURE >= NUMBER, such as broken.precision >= 0.9",
		       (int)utf8_cut(text, SHOWN), text.n ? text.p : "");
}

bool
expectation_parse(struct str text, struct expectation *out, struct err *err)
{
	struct expectation made = {0};
	size_t at, width;

	if (!find_op(text, &at, &width, &made.op))
		return is_shape(text, err);
	struct str left = str_trim(str_slice(text, 0, at));
	struct str right = str_trim(str_slice(text, at + width, text.n));
	size_t dot = left.n;

	while (dot > 0 && left.p[dot - 1] != '.')
		dot--;
	if (dot < 2 || dot == left.n || right.n == 0)
		return is_shape(text, err);
	made.name = str_trim(str_slice(left, 0, dot - 1));
	if (!read_figure(str_slice(left, dot, left.n), &made.figure, err))
		return false;
	if (!read_number(right, made.figure, &made.number))
		return err_set(err, "\"%.*s\" is no number", (int)utf8_cut(right, SHOWN),
			       right.p);
	*out = made;
	return true;
}

bool
expectation_holds(const struct expectation *expectation, double value)
{
	double number = expectation->number;

	if (isnan(value))
		return false;
	switch (expectation->op) {
	case EXPECT_GE:
		return value >= number;
	case EXPECT_LE:
		return value <= number;
	case EXPECT_EQ:
		return value == number;
	case EXPECT_NE:
		return value != number;
	case EXPECT_GT:
		return value > number;
	case EXPECT_LT:
		return value < number;
	}
	return false;
}
