/* SPDX-License-Identifier: Apache-2.0 */
/* Customers as they stood at a moment, a row each: CSV as in RFC 4180, or NDJSON. */
#ifndef CODEC_SNAPSHOT_TEXT_H
#define CODEC_SNAPSHOT_TEXT_H

#include "engine/engine.h"

/* The first names; those of the rule set's asks follow. */
#define SNAPSHOT_COLUMNS 5 /* at, customer, risk, level, stage */

/* false: two columns have the name that is in *name. */
bool snapshot_names_differ(const struct ruleset *rules, struct str *name) MUST_CHECK;
/* The header of the CSV. */
void snapshot_head(struct buf *out, const struct ruleset *rules);
/* A line, as of `now` (see engine_ask); `at` is how its moment was given. Unknown: nothing in CSV, where the
 * empty text is "", and null in JSON. Numbers: the shortest text that reads back to the same double.
 * Durations: days, to six decimals (a tenth of a second). Instants and dates as in any JSON of churnd. */
struct snapshot_row {
	struct engine *engine;
	const struct customer *customer;
	struct str at;
	int64_t now;
};
void snapshot_csv(struct buf *out, const struct snapshot_row *row);
void snapshot_json(struct buf *out, const struct snapshot_row *row);

#endif
