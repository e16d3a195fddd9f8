/* SPDX-License-Identifier: Apache-2.0 */
/* The teams' record: how many turns each team has taken. */
#ifndef CODEC_TEAMS_RECORD_H
#define CODEC_TEAMS_RECORD_H

#include "engine/engine.h"

/* It lies among the customers' records, under an id that no customer can have. */
#define TEAMS_RECORD_ID "\001teams"

/* record = version:1 count:varint turn* crc32:4
 *   turn = team's name:text taken:varint
 *
 * It is as of the commit that wrote it, as are the records of all customers for whom somebody was chosen.
 * Ritual for a change: as record_format.h says. */
#define TEAMS_RECORD_VERSION 1

void teams_encode(struct buf *out, const struct engine *engine);
bool teams_decode(struct str bytes, struct engine *engine, struct err *err) MUST_CHECK;

#endif
