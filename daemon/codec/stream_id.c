/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and prints the ids of stream entries. */
#include "codec/stream_id.h"

#include "base/number.h"
#include "base/words.h"

void
stream_id_print(struct stream_id id, char out[STREAM_ID_TEXT])
{
	out = print_int64(id.ms, out);
	*out++ = '-';
	*print_uint64(id.seq, out) = '\0';
}

#define SAFE_DIGITS 19 /* fit, whatever they are */

/* Decimal digits, at least one; *p moves past them. false past UINT64_MAX. */
static bool
digits_take(const char **p, const char *end, uint64_t *out)
{
	const char *first = *p, *at = first;
	uint64_t number = 0;
	unsigned digit;

	for (; end - at >= 8 && at - first <= SAFE_DIGITS - 8 && word_is_digits(word_load(at));
	     at += 8)
		number = number * 100000000 + word_number(word_load(at));
	for (; at < end && (digit = (unsigned)(*at - '0')) <= 9; at++) {
		if (at - first >= SAFE_DIGITS && number > (UINT64_MAX - digit) / 10)
			return false;
		number = number * 10 + digit;
	}
	*p = at;
	*out = number;
	return at > first;
}

#define MS_DIGITS 13 /* from 2001 to 2286 */

/* The form that comes by the million: MS_DIGITS "-" one to eight digits. */
static inline bool
read_plain(struct str text, struct stream_id *out)
{
	uint32_t head, tail, seq;

	if (text.n < MS_DIGITS + 2 || text.n > MS_DIGITS + 9 || text.p[MS_DIGITS] != '-' ||
	    !word_take_number(text.p, 8, &head) ||
	    !word_take_number(text.p + MS_DIGITS - 8, MS_DIGITS - 8, &tail) ||
	    !word_take_number(text.p + text.n - 8, text.n - MS_DIGITS - 1, &seq))
		return false;
	*out = (struct stream_id){.ms = head * INT64_C(100000) + tail, .seq = seq};
	return true;
}

/* Grammar: id = digits "-" digits. */
bool
stream_id_parse(struct str text, struct stream_id *out)
{
	const char *p = text.p, *end = text.n > 0 ? p + text.n : p;
	uint64_t ms, seq;

	if (read_plain(text, out))
		return true;
	if (!digits_take(&p, end, &ms) || ms > INT64_MAX || p == end || *p++ != '-' ||
	    !digits_take(&p, end, &seq) || p != end)
		return false;
	*out = (struct stream_id){.ms = (int64_t)ms, .seq = seq};
	return true;
}
