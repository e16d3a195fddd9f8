/* SPDX-License-Identifier: Apache-2.0 */
/* Ids of stream entries: "1795255200000-0". */
#ifndef CODEC_STREAM_ID_H
#define CODEC_STREAM_ID_H

#include "base/text.h"
#include "engine/entry.h"

#define STREAM_ID_TEXT 44
void stream_id_print(struct stream_id id, char out[STREAM_ID_TEXT]);
bool stream_id_parse(struct str text, struct stream_id *out) MUST_CHECK;

#endif
