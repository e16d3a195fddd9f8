/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers written as text, the same on every machine. */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

char *
print_uint64(uint64_t number, char out[UINT64_DIGITS])
{
	char digits[UINT64_DIGITS];
	size_t at = sizeof digits;

	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number != 0);
	memcpy(out, digits + at, sizeof digits - at);
	return out + (sizeof digits - at);
}

char *
print_int64(int64_t number, char out[INT64_DIGITS])
{
	if (number < 0)
		*out++ = '-';
	return print_uint64(number < 0 ? 0 - (uint64_t)number : (uint64_t)number, out);
}

/* Rounded decimal digits d.dddd * 10^exponent, without trailing zeros. */
struct digits {
	char text[18];
	int n;
	int exponent;
};

/* Of a positive finite number; takes only digits from snprintf, whose point is the locale's. */
static struct digits
round_digits(double number, int count)
{
	struct digits d = {.n = 0};
	char text[40];
	const char *p = text;

	snprintf(text, sizeof text, "%.*e", count - 1, number);
	for (; *p != 'e'; p++)
		if (*p >= '0' && *p <= '9')
			d.text[d.n++] = *p;
	d.exponent = atoi(p + 1);
	while (d.n > 1 && d.text[d.n - 1] == '0')
		d.n--;
	return d;
}

static void
add_zeros(struct buf *buf, int count)
{
	while (count-- > 0)
		buf_char(buf, '0');
}

static void
add_scientific(struct buf *buf, const struct digits *d)
{
	buf_char(buf, d->text[0]);
	if (d->n > 1)
		buf_char(buf, '.');
	buf_add(buf, d->text + 1, (size_t)d->n - 1);
	buf_printf(buf, "e%c%02d", d->exponent < 0 ? '-' : '+', abs(d->exponent));
}

static void
add_plain(struct buf *buf, const struct digits *d)
{
	int whole = d->exponent + 1; /* digits before the point */

	if (whole <= 0) {
		buf_text(buf, "0.");
		add_zeros(buf, -whole);
		buf_add(buf, d->text, (size_t)d->n);
	} else if (whole >= d->n) {
		buf_add(buf, d->text, (size_t)d->n);
		add_zeros(buf, whole - d->n);
	} else {
		buf_add(buf, d->text, (size_t)whole);
		buf_char(buf, '.');
		buf_add(buf, d->text + whole, (size_t)(d->n - whole));
	}
}

/* What needs no rounding: "null" and integers. */
static bool
add_simple(struct buf *buf, double number, double limit)
{
	if (!isfinite(number))
		buf_text(buf, "null");
	else if (fabs(number) < limit && number == trunc(number))
		buf_int(buf, (int64_t)number);
	else
		return false;
	return true;
}

void
buf_number(struct buf *buf, double number)
{
	if (add_simple(buf, number, 1e15))
		return;
	struct digits d = round_digits(fabs(number), 6);

	if (number < 0)
		buf_char(buf, '-');
	if (d.exponent >= -4 && fabs(number) < 1e15)
		add_plain(buf, &d);
	else
		add_scientific(buf, &d);
}

static bool
reads_back(const struct digits *d, double number)
{
	char text[40];

	snprintf(text, sizeof text, "%.*se%d", d->n, d->text, d->exponent - d->n + 1);
	return strtod(text, NULL) == number;
}

/* The next larger number of as many digits, when that has no carry. */
static struct digits
step_up(struct digits d, int count)
{
	while (d.n < count)
		d.text[d.n++] = '0';
	if (d.text[d.n - 1] != '9')
		d.text[d.n - 1]++;
	return d;
}

/* A normal double keeps any 15 digits, so a shorter text shows as zeros at their end; a denormal keeps
 * fewer. A power of two is nearer to its lower neighbour: there the nearest text of some length may
 * miss while the one above it reads back. */
static struct digits
shortest_digits(double number)
{
	for (int count = number < 1e-300 ? 1 : 15; count < 17; count++) {
		struct digits d = round_digits(number, count);

		if (reads_back(&d, number))
			return d;
		d = step_up(d, count);
		if (reads_back(&d, number))
			return d;
	}
	return round_digits(number, 17);
}

void
buf_number_exact(struct buf *buf, double number)
{
	if (number == 0 && signbit(number)) {
		buf_text(buf, "-0");
		return;
	}
	if (add_simple(buf, number, 0x1p53))
		return;
	struct digits d = shortest_digits(fabs(number));

	if (number < 0)
		buf_char(buf, '-');
	if (d.exponent >= -4 && d.exponent < 16)
		add_plain(buf, &d);
	else
		add_scientific(buf, &d);
}
