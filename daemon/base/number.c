/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers read from text, never through the locale. */
#include "base/number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* digits = [0-9]+ */
bool
parse_uint64(struct str text, uint64_t *out)
{
	uint64_t number = 0;

	if (text.n == 0)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (!is_digit(text.p[i]))
			return false;
		uint64_t digit = (uint64_t)(text.p[i] - '0');

		if (number > (UINT64_MAX - digit) / 10)
			return false;
		number = number * 10 + digit;
	}
	*out = number;
	return true;
}

/* int64 = [+-]? digits */
bool
parse_int64(struct str text, int64_t *out)
{
	bool has_sign = text.n > 0 && (text.p[0] == '-' || text.p[0] == '+');
	bool is_negative = has_sign && text.p[0] == '-';
	uint64_t size;

	if (!parse_uint64(str_slice(text, has_sign, text.n), &size))
		return false;
	if (size > (uint64_t)INT64_MAX + is_negative)
		return false;
	*out = is_negative ? (int64_t)(0 - size) : (int64_t)size;
	return true;
}

#define EXACT_POWERS 23 /* of ten are doubles */

static const double powers[EXACT_POWERS] = {
	1e0,  1e1,  1e2,  1e3,	1e4,  1e5,  1e6,  1e7,	1e8,  1e9,  1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
};

#define SHORT_DIGITS 15 /* of any such number are exact */

/* The numbers that come by the million. short = "-"? digits, with a "." before, among or behind them */
static bool
read_short(struct str text, double *out)
{
	size_t begin = text.n > 0 && text.p[0] == '-', point = SIZE_MAX;
	uint64_t head = 0;

	if (text.n - begin > SHORT_DIGITS)
		return false;
	for (size_t i = begin; i < text.n; i++) {
		if (is_digit(text.p[i]))
			head = head * 10 + (uint64_t)(text.p[i] - '0');
		else if (text.p[i] == '.' && point == SIZE_MAX)
			point = i;
		else
			return false;
	}
	if (text.n - begin <= (point != SIZE_MAX))
		return false;
	double number = (double)head;

	if (point != SIZE_MAX)
		number /= powers[text.n - 1 - point];
	*out = begin ? -number : number;
	return true;
}

/* A double's exact value needs at most 767 significant digits to decide its rounding; of the rest
 * it matters only whether one of them is not 0. */
#define DIGITS_MAX 780

/* A decimal number as 0 or digits without leading zeros, times 10^exponent. */
struct decimal {
	char digits[DIGITS_MAX];
	size_t n;
	int64_t exponent;
	uint64_t head; /* value of the digits while n <= 19 */
	bool is_negative;
};

static void
add_digit(struct decimal *d, char c)
{
	if (d->n == 0 && c == '0')
		return;
	if (d->n < DIGITS_MAX - 1) {
		d->digits[d->n++] = c;
		d->head = d->head * 10 + (uint64_t)(c - '0');
		return;
	}
	d->exponent++;
	if (c != '0')
		d->digits[d->n - 1] = '1'; /* sticky: "a little more" */
}

/* exponent = [eE] [+-]? digits */
static bool
read_exponent(struct str text, struct decimal *d)
{
	int64_t exponent;

	if (text.n == 0)
		return true;
	if (text.p[0] != 'e' && text.p[0] != 'E')
		return false;
	if (!parse_int64(str_slice(text, 1, text.n), &exponent))
		return false;
	/* Nobody means it, and the sums below stay far from overflow. */
	if (exponent > INT32_MAX || exponent < INT32_MIN)
		return false;
	d->exponent += exponent;
	return true;
}

/* number = [+-]? (digits ("." digits?)? | "." digits) exponent? */
static bool
read_decimal(struct str text, struct decimal *d)
{
	size_t at = 0, count = 0;

	d->n = 0;
	d->head = 0;
	d->exponent = 0;
	d->is_negative = text.n > 0 && text.p[0] == '-';
	if (text.n > 0 && (text.p[0] == '-' || text.p[0] == '+'))
		at++;
	for (; at < text.n && is_digit(text.p[at]); at++, count++)
		add_digit(d, text.p[at]);
	if (at < text.n && text.p[at] == '.')
		for (at++; at < text.n && is_digit(text.p[at]); at++, count++) {
			add_digit(d, text.p[at]);
			d->exponent--;
		}
	return count > 0 && read_exponent(str_slice(text, at, text.n), d);
}

/* Exact when digits and power are both exact doubles: one rounding (Clinger 1990). */
static bool
convert_exactly(const struct decimal *d, double *out)
{
	if (d->n > 19 || d->head > UINT64_C(1) << 53 || d->exponent <= -EXACT_POWERS ||
	    d->exponent >= EXACT_POWERS)
		return false;
	if (d->exponent < 0)
		*out = (double)d->head / powers[-d->exponent];
	else
		*out = (double)d->head * powers[d->exponent];
	return true;
}

/* strtod on "DIGITSe-12": without a point no locale can misread it. */
static double
convert_slowly(const struct decimal *d)
{
	struct buf text = {0};
	double number;

	if (d->n == 0)
		return 0;
	buf_add(&text, d->digits, d->n);
	buf_char(&text, 'e');
	buf_int(&text, d->exponent);
	number = strtod(text.p, NULL);
	buf_finish(&text);
	return number;
}

bool
parse_number(struct str text, double *out)
{
	struct decimal d;
	double number;

	if (read_short(text, out))
		return true;
	if (!read_decimal(text, &d))
		return false;
	if (!convert_exactly(&d, &number))
		number = convert_slowly(&d);
	if (!isfinite(number))
		return false;
	*out = d.is_negative ? -number : number;
	return true;
}
