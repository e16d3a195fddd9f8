/* SPDX-License-Identifier: Apache-2.0 */
/* Borrowed bytes and their UTF-8. */
#include "base/text.h"

#include <string.h>

#include "base/mem.h"

struct str
str_of(const char *text)
{
	return text ? (struct str){text, strlen(text)} : STR_NONE;
}

bool
str_is(struct str a, const char *text)
{
	return str_eq(a, str_of(text));
}

int
str_cmp(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n ? memcmp(a.p, b.p, n) : 0;

	return order ? order : (a.n > b.n) - (a.n < b.n);
}

bool
str_starts(struct str text, struct str prefix)
{
	return text.n >= prefix.n && str_eq(str_slice(text, 0, prefix.n), prefix);
}

bool
str_ends(struct str text, struct str suffix)
{
	return text.n >= suffix.n && str_eq(str_slice(text, text.n - suffix.n, text.n), suffix);
}

/* Both ends are brought inside the text. */
struct str
str_slice(struct str text, size_t from, size_t to)
{
	if (to > text.n)
		to = text.n;
	if (from > to)
		from = to;
	return text.p ? (struct str){text.p + from, to - from} : STR_NONE;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

struct str
str_trim(struct str text)
{
	size_t from = 0, to = text.n;

	while (from < to && is_blank(text.p[from]))
		from++;
	while (to > from && is_blank(text.p[to - 1]))
		to--;
	return str_slice(text, from, to);
}

static bool
is_tail(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

/* Unicode 15, table 3-7: only the second byte's range depends on the first. */
size_t
utf8_char(struct str text, size_t at)
{
	const unsigned char *p = (const unsigned char *)text.p + at;
	size_t left = text.n - at;
	unsigned char low = 0x80, high = 0xbf;
	size_t n;

	if (left == 0)
		return 0;
	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (p[0] == 0xe0)
		low = 0xa0;
	else if (p[0] == 0xed)
		high = 0x9f;
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xf4)
		high = 0x8f;
	if (left < n || p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++)
		if (!is_tail(p[i]))
			return 0;
	return n;
}

/* Eight bytes of ASCII at `at`. */
static bool
is_ascii_word(struct str text, size_t at)
{
	uint64_t word;

	if (text.n - at < sizeof word)
		return false;
	memcpy(&word, text.p + at, sizeof word);
	return (word & UINT64_C(0x8080808080808080)) == 0;
}

bool
utf8_valid(struct str text)
{
	size_t at = 0;

	while (at < text.n) {
		size_t n = is_ascii_word(text, at) ? 8 : utf8_char(text, at);

		if (n == 0)
			return false;
		at += n;
	}
	return true;
}

bool
text_has_control(struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] < 32 || text.p[i] == 127)
			return true;
	return false;
}

size_t
utf8_count(struct str text)
{
	size_t count = 0;

	for (size_t at = 0; at < text.n; count++) {
		size_t n = utf8_char(text, at);

		at += n ? n : 1;
	}
	return count;
}

/* A broken byte is a character of its own here too, so a cut never needs more than 3 steps back. */
size_t
utf8_cut(struct str text, size_t bytes)
{
	if (text.n <= bytes)
		return text.n;
	for (size_t back = 1; back <= 3 && back <= bytes; back++) {
		size_t n = utf8_char(text, bytes - back);

		if (n > back)
			return bytes - back;
		if (n != 0)
			break;
	}
	return bytes;
}

#define NEAREST_MAX 64 /* characters; a longer name is no typing error */

static size_t
decode(struct str text, uint32_t out[NEAREST_MAX])
{
	size_t count = 0;

	for (size_t at = 0; at < text.n && count < NEAREST_MAX; count++) {
		size_t n = utf8_char(text, at);
		size_t step = n ? n : 1;
		uint32_t c = 0;

		for (size_t i = 0; i < step; i++)
			c = c << 8 | (unsigned char)text.p[at + i];
		out[count] = c;
		at += step;
	}
	return count;
}

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Optimal string alignment: insert, delete, replace, swap of neighbours, each costs 1. */
static size_t
edit_distance(const uint32_t *a, size_t an, const uint32_t *b, size_t bn)
{
	size_t rows[3][NEAREST_MAX + 1];
	size_t *before = rows[0], *above = rows[1], *row = rows[2];

	for (size_t j = 0; j <= bn; j++)
		above[j] = j;
	for (size_t i = 1; i <= an; i++) {
		row[0] = i;
		for (size_t j = 1; j <= bn; j++) {
			size_t cost = above[j - 1] + (a[i - 1] != b[j - 1]);

			cost = least(cost, least(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				cost = least(cost, before[j - 2] + 1);
			row[j] = cost;
		}
		size_t *oldest = before;

		before = above;
		above = row;
		row = oldest;
	}
	return above[bn];
}

struct str
str_nearest(struct str wrong, const struct str *names, size_t count)
{
	uint32_t a[NEAREST_MAX], b[NEAREST_MAX];
	size_t an = decode(wrong, a);
	size_t best = an / 3 > 1 ? an / 3 : 1; /* the farthest that still counts */
	struct str nearest = STR_NONE;

	if (utf8_count(wrong) > NEAREST_MAX)
		return nearest;
	for (size_t i = 0; i < count; i++) {
		if (utf8_count(names[i]) > NEAREST_MAX)
			continue;
		size_t distance = edit_distance(a, an, b, decode(names[i], b));

		if (distance < best || (distance == best && nearest.p == NULL)) {
			best = distance;
			nearest = names[i];
		}
	}
	return nearest;
}
