/* SPDX-License-Identifier: Apache-2.0 */
/* Where texts and numbers of JSON end. */
#ifndef CODEC_EVENT_SCAN_H
#define CODEC_EVENT_SCAN_H

#include "base/words.h"

/* The first quote, backslash or control character. */
static inline const char *
event_find_special(const char *p, const char *end)
{
	for (; end - p >= 8; p += 8) {
		uint64_t word = word_load(p);
		uint64_t special =
			word_below(word, 32) | word_is(word, '"') | word_is(word, '\\');

		if (special)
			return p + word_first(special);
	}
	while (p < end && *p != '"' && *p != '\\' && (unsigned char)*p >= 32)
		p++;
	return p;
}

static inline const char *
event_skip_digits(const char *p, const char *end)
{
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p;
}

/* number = "-"? ("0" | [1-9] digit*) ("." digit+)? ([eE] [+-]? digit+)?; NULL when it is none */
static inline const char *
event_skip_number(const char *p, const char *end)
{
	const char *digits;

	p += p < end && *p == '-';
	digits = p;
	p = event_skip_digits(p, end);
	if (p == digits || (*digits == '0' && p - digits > 1))
		return NULL;
	if (p < end && *p == '.') {
		digits = ++p;
		p = event_skip_digits(p, end);
		if (p == digits)
			return NULL;
	}
	if (p < end && (*p | 32) == 'e') {
		p++;
		p += p < end && (*p == '+' || *p == '-');
		digits = p;
		p = event_skip_digits(p, end);
		if (p == digits)
			return NULL;
	}
	return p;
}

#endif
