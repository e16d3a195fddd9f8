/* SPDX-License-Identifier: Apache-2.0 */
/* Arithmetic and order on values whose types fit. */
#include <math.h>
#include <string.h>

#include "lang/compute.h"

/* Dates stay within what a calendar can show. */
#define DATE_MOST INT64_C(3000000)

int
compute_order_of_kind(const struct value *a, const struct value *b)
{
	double x, y;

	if (a->type == TYPE_STRING)
		return !str_eq(a->u.s, b->u.s);
	if (a->type == TYPE_BOOL)
		return a->u.b != b->u.b;
	x = value_as_number(*a);
	y = value_as_number(*b);
	return (x > y) - (x < y);
}

/* ---- Sums ---- */

static bool
int_sum(enum arith_op op, int64_t a, int64_t b, int64_t *out)
{
	switch (op) {
	case ARITH_ADD:
		return !__builtin_add_overflow(a, b, out);
	case ARITH_SUB:
		return !__builtin_sub_overflow(a, b, out);
	case ARITH_MUL:
		return !__builtin_mul_overflow(a, b, out);
	case ARITH_DIV:
		break;
	}
	return false;
}

static struct value
sum_of_ints(enum arith_op op, struct value a, struct value b, enum type result)
{
	struct value v = {.type = result};

	v.known = int_sum(op, a.u.i, b.u.i, &v.u.i);
	return v;
}

static double
num_sum(enum arith_op op, double a, double b)
{
	switch (op) {
	case ARITH_ADD:
		return a + b;
	case ARITH_SUB:
		return a - b;
	case ARITH_MUL:
		return a * b;
	case ARITH_DIV:
		return b == 0 ? (double)NAN : a / b;
	}
	return (double)NAN;
}

/* duration * num, num * duration, duration / num: to the nearest millisecond. */
static struct value
scaled(enum arith_op op, struct value a, struct value b)
{
	bool left = a.type == TYPE_DURATION;
	struct value span = left ? a : b, factor = left ? b : a;
	double ms;

	if (op == ARITH_MUL && factor.type == TYPE_INT)
		return sum_of_ints(op, span, factor, TYPE_DURATION);
	ms = round(num_sum(op, (double)span.u.i, value_as_number(factor)));
	if (!(fabs(ms) < 9.2e18))
		return value_unknown(TYPE_DURATION);
	return value_duration((int64_t)ms);
}

static struct value
duration_sum(enum arith_op op, struct value a, struct value b)
{
	struct value days;

	if (op == ARITH_MUL || op == ARITH_DIV)
		return scaled(op, a, b);
	if (a.type != TYPE_DATE)
		return sum_of_ints(op, a, b, TYPE_DURATION);
	days = sum_of_ints(op, a, b, TYPE_DURATION);
	if (!days.known)
		return days;
	return sum_of_ints(ARITH_MUL, days, value_duration(DAY_MS), TYPE_DURATION);
}

/* date + duration, duration + date, date - duration: whole days only. */
static struct value
date_sum(enum arith_op op, struct value a, struct value b)
{
	struct value day = a.type == TYPE_DATE ? a : b, span = a.type == TYPE_DATE ? b : a;

	if (span.u.i % DAY_MS != 0)
		return value_unknown(TYPE_DATE);
	span.u.i /= DAY_MS;
	day = sum_of_ints(op, day, span, TYPE_DATE);
	if (day.known && (day.u.i > DATE_MOST || day.u.i < -DATE_MOST))
		return value_unknown(TYPE_DATE);
	return day;
}

struct value
compute_arith(enum arith_op op, struct value a, struct value b, enum type result)
{
	if (!a.known || !b.known)
		return value_unknown(result);
	if (result == TYPE_DURATION)
		return duration_sum(op, a, b);
	if (result == TYPE_DATE)
		return date_sum(op, a, b);
	if (result == TYPE_INT || result == TYPE_TIME)
		return sum_of_ints(op, a, b, result);
	return value_num(num_sum(op, value_as_number(a), value_as_number(b)));
}

struct value
compute_negation(struct value v, enum type result)
{
	if (!v.known)
		return value_unknown(result);
	if (compute_is_fractional(&v))
		return value_num(-v.u.n);
	return sum_of_ints(ARITH_SUB, (struct value){.type = result, .known = true}, v, result);
}

/* ---- Functions ---- */

static bool
text_contains(struct str text, struct str part)
{
	size_t at = 0;

	if (part.n == 0)
		return true;
	while (at + part.n <= text.n) {
		const char *found = memchr(text.p + at, part.p[0], text.n - at - part.n + 1);

		if (!found)
			return false;
		if (memcmp(found, part.p, part.n) == 0)
			return true;
		at = (size_t)(found - text.p) + 1;
	}
	return false;
}

static double
number_function(enum builtin_op op, double x)
{
	if (op == FN_ABS)
		return fabs(x);
	if (op == FN_EXP)
		return exp(x);
	if (op == FN_LOG)
		return x > 0 ? log(x) : (double)NAN;
	return 1 / (1 + exp(-x));
}

struct value
compute_function(enum builtin_op op, const struct value *args)
{
	if (op == FN_CONTAINS) {
		if (!args[0].known || !args[1].known)
			return value_unknown(TYPE_BOOL);
		return value_bool(text_contains(args[0].u.s, args[1].u.s));
	}
	if (!args[0].known)
		return value_unknown(op == FN_LOGISTIC ? TYPE_PROB : TYPE_NUM);
	if (op == FN_LOGISTIC)
		return value_prob(number_function(op, value_as_number(args[0])));
	return value_num(number_function(op, value_as_number(args[0])));
}
