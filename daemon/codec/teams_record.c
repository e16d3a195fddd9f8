/* SPDX-License-Identifier: Apache-2.0 */
/* Writes and reads the teams' record, and trusts none of its bytes. */
#include "codec/teams_record.h"

#include "base/number.h"
#include "codec/record_take.h"

#define WHAT "the teams' record"
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

		record_text_put(out, team);
		buf_varint(out, taken);
	}
	record_sum_put(out, begin);
}

bool
teams_decode(struct str bytes, struct engine *engine, struct err *err)
{
	struct reader reader;

	if (!record_open(&reader, bytes, TEAMS_RECORD_VERSION, WHAT, err))
		return false;
	for (uint64_t left = record_take_below(&reader, TURNS_LIMIT); left > 0 && reader.p;
	     left--) {
		struct str team = record_take_text(&reader);
		uint64_t taken = record_take_number(&reader);

		if (reader.p)
			engine_load_turn(engine, team, taken);
	}
	return record_close(&reader, WHAT, err);
}
