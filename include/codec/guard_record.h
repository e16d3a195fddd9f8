/* SPDX-License-Identifier: Apache-2.0 */
/* The guard's record: what a partition's feeds and rules did in this hour, and before it. */
#ifndef CODEC_GUARD_RECORD_H
#define CODEC_GUARD_RECORD_H

#include "engine/guard.h"

/* They lie among the customers' records, under ids that no customer can have. */
#define GUARD_RECORD_ID "\001guard"	   /* written with every commit that has news */
#define GUARD_RECORD_PAST "\001guard.past" /* when an hour begins, or a feed comes */

/* now  = version:1 applied-ms:zigzag applied-seq:varint hour:zigzag unguarded:varint
 *        count:varint volume:varint* count:varint cap* crc32:4
 *   cap  = rule-key:4 name:text hour:zigzag taken:varint muted:varint flags:1
 *          [full-at:zigzag full-entry:varint full-n:varint full-customer:text]     flags: 1 told, 2 full
 * past = version:1 hour:zigzag count:varint feed* crc32:4
 *   feed = type:text source:text since:zigzag count:varint span* volume:varint*
 *   span = from:zigzag judged-at:zigzag flags:1 [to:zigzag ended-at:zigzag]        flags: 1 ended; in hours
 *   volumes are of the hours from the later of `since` and the oldest kept to the one before `hour`
 *
 * Ritual for a change: as record_format.h says. */
#define GUARD_RECORD_VERSION 1

/* Caps of hours that ended at or before `from` are left out. */
void guard_encode(struct buf *out, const struct guard *guard, struct stream_id applied,
		  int64_t from);
void guard_encode_past(struct buf *out, const struct guard *guard);
/* `past` empty: there is none. */
bool guard_decode(struct str now, struct str past, struct guard *out, struct stream_id *applied,
		  struct err *err) MUST_CHECK;

#endif
