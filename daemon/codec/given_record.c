/* SPDX-License-Identifier: Apache-2.0 */
/* Writes and reads the record of those who were given somebody, and trusts none of its bytes. */
#include "codec/given_record.h"

#include "codec/record_take.h"

#define WHAT "the record of those who were given somebody"

void
given_begin(struct buf *out)
{
	buf_char(out, GIVEN_RECORD_VERSION);
}

void
given_put(struct buf *out, struct str id, struct str record)
{
	record_text_put(out, id);
	record_text_put(out, record);
}

void
given_end(struct buf *out)
{
	record_sum_put(out, 0);
}

bool
given_decode(struct str bytes, void (*take)(void *ctx, struct str id, struct str record),
	     void *ctx, struct err *err)
{
	struct reader reader;

	if (!record_open(&reader, bytes, GIVEN_RECORD_VERSION, WHAT, err))
		return false;
	while (reader.p && reader.p < reader.end) {
		struct str id = record_take_text(&reader);
		struct str record = record_take_text(&reader);

		if (reader.p)
			take(ctx, id, record);
	}
	return record_close(&reader, WHAT, err);
}
