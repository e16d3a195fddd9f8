/* SPDX-License-Identifier: Apache-2.0 */
/* Writes and reads the teams' record, and trusts none of its bytes. */
#include "codec/teams_record.h"

#include "base/number.h"
#include "codec/record_take.h"

#define TURNS_LIMIT 100000 /* more is damage */

void
teams_encode(struct buf *out, const struct engine *engine)
{
	size_t begin = out->n, count = engine_turns(engine);

	buf_char(out, TEAMS_RECORD_VERSION);
	buf_varint(out, count);
	for (size_t i = 0; i < count; i++) {
		struct str team;
		uint64_t taken = engine_turn(engine, i, &team);

		buf_varint(out, team.n);
		buf_str(out, team);
		buf_varint(out, taken);
	}
	record_sum_put(out, begin);
}

static bool
check_bytes(struct str bytes, struct err *err)
{
	const uint8_t *p = (const uint8_t *)bytes.p;

	if (bytes.n < 1 + RECORD_TAIL)
		return err_set(err, "the teams' record is cut short");
	if (!record_sum_fits(bytes))
		return err_set(err, "the teams' record is damaged: its checksum differs");
	if (p[0] > TEAMS_RECORD_VERSION)
		return err_set(err,
			       "the teams' record is of version %d; this churnd reads up to %d",
			       p[0], TEAMS_RECORD_VERSION);
	return true;
}

bool
teams_decode(struct str bytes, struct engine *engine, struct err *err)
{
	const uint8_t *p = (const uint8_t *)bytes.p;
	struct reader reader;

	if (!check_bytes(bytes, err))
		return false;
	reader = (struct reader){.p = p + 1, .end = p + bytes.n - RECORD_TAIL};
	for (uint64_t left = record_take_below(&reader, TURNS_LIMIT); left > 0 && reader.p;
	     left--) {
		struct str team = record_take_text(&reader);
		uint64_t taken = record_take_number(&reader);

		if (reader.p)
			engine_load_turn(engine, team, taken);
	}
	if (!record_is_taken(&reader))
		return err_set(err, "the teams' record is damaged: it makes no sense");
	return true;
}
