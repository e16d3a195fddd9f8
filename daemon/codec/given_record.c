/* SPDX-License-Identifier: Apache-2.0 */
/* Writes and reads the record of those who were given somebody, and trusts none of its bytes. */
#include "codec/given_record.h"

#include "base/number.h"
#include "codec/record_take.h"

void
given_begin(struct buf *out)
{
	buf_char(out, GIVEN_RECORD_VERSION);
}

static void
put_text(struct buf *out, struct str text)
{
	buf_varint(out, text.n);
	buf_str(out, text);
}

void
given_put(struct buf *out, struct str id, struct str record)
{
	put_text(out, id);
	put_text(out, record);
}

void
given_end(struct buf *out)
{
	record_sum_put(out, 0);
}

static bool
check_bytes(struct str bytes, struct err *err)
{
	const uint8_t *p = (const uint8_t *)bytes.p;

	if (bytes.n < 1 + RECORD_TAIL)
		return err_set(err, "the record of those who were given somebody is cut short");
	if (!record_sum_fits(bytes))
		return err_set(err, "the record of those who were given somebody is damaged: "
				    "its checksum differs");
	if (p[0] > GIVEN_RECORD_VERSION)
		return err_set(err,
			       "the record of those who were given somebody is of version %d; "
			       "this churnd reads up to %d",
			       p[0], GIVEN_RECORD_VERSION);
	return true;
}

bool
given_decode(struct str bytes, void (*take)(void *ctx, struct str id, struct str record),
	     void *ctx, struct err *err)
{
	const uint8_t *p = (const uint8_t *)bytes.p;
	struct reader reader;

	if (!check_bytes(bytes, err))
		return false;
	reader = (struct reader){.p = p + 1, .end = p + bytes.n - RECORD_TAIL};
	while (reader.p && reader.p < reader.end) {
		struct str id = record_take_text(&reader);
		struct str record = record_take_text(&reader);

		if (reader.p)
			take(ctx, id, record);
	}
	if (!record_is_taken(&reader))
		return err_set(err, "the record of those who were given somebody is damaged: "
				    "it makes no sense");
	return true;
}
