/* SPDX-License-Identifier: Apache-2.0 */
/* Records of figures: how right rules have been, and what came of tasks, in QUALITY_CHUNKS pieces. */
#ifndef CODEC_QUALITY_RECORD_H
#define CODEC_QUALITY_RECORD_H

#include "engine/engine.h"
#include "engine/quality.h"

/* They lie among the customers' records, under ids that no customer can have: this, and the chunk's number. */
#define QUALITY_RECORD_ID "\001quality."
#define QUALITY_RECORD_ID_SIZE 16

/* record = version:1 applied-ms:zigzag applied-seq:varint count:varint figures* crc32:4
 *   figures = kind:1 key:4 since:varint numbers numbers open-from:varint numbers    counts, leads, open from that day on
 *   numbers = count:varint (place:varint number:varint)*          those that are not 0, places rising
 *
 * It is as of the commit that wrote it: no figure of the chunk has changed between that and the next record.
 * Ritual for a change: as record_format.h says; new figures at the end of their enum are none. */
#define QUALITY_RECORD_VERSION 1

void quality_record_id(unsigned chunk, char out[QUALITY_RECORD_ID_SIZE]);
bool quality_record_is(struct str id);
/* Deterministic: equal figures, equal bytes. */
void quality_encode(struct buf *out, const struct quality *quality, unsigned chunk,
		    struct stream_id applied);
/* Into the engine; false: damaged, or of a newer version, and the engine is not to be used. */
bool quality_decode(struct str bytes, struct engine *engine, struct err *err) MUST_CHECK;

#endif
