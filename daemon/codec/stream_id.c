/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and prints the ids of stream entries. */
#include "codec/stream_id.h"

#include <string.h>

#include "base/number.h"

void
stream_id_print(struct stream_id id, char out[STREAM_ID_TEXT])
{
	*out = '-';
	out = print_uint64(id.ms < 0 ? 0 - (uint64_t)id.ms : (uint64_t)id.ms,
			   out + (id.ms < 0));
	*out++ = '-';
	*print_uint64(id.seq, out) = '\0';
}

/* Decimal digits only, at least one; false past UINT64_MAX. */
static bool
digits_parse(const char *p, const char *end, uint64_t *out)
{
	uint64_t number = 0;

	if (p == end)
		return false;
	for (; p < end; p++) {
		unsigned digit = (unsigned)(unsigned char)*p - '0';

		if (digit > 9 || number > (UINT64_MAX - digit) / 10)
			return false;
		number = number * 10 + digit;
	}
	*out = number;
	return true;
}

/* Grammar: id = digits "-" digits. */
bool
stream_id_parse(struct str text, struct stream_id *out)
{
	uint64_t ms, seq;
	const char *dash = text.n > 0 ? memchr(text.p, '-', text.n) : NULL;

	if (dash == NULL || !digits_parse(text.p, dash, &ms) || ms > INT64_MAX ||
	    !digits_parse(dash + 1, text.p + text.n, &seq))
		return false;
	*out = (struct stream_id){.ms = (int64_t)ms, .seq = seq};
	return true;
}
