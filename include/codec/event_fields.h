/* SPDX-License-Identifier: Apache-2.0 */
/* The fields of an event as text, out of one flat JSON object; instants as producers write them. */
#ifndef CODEC_EVENT_FIELDS_H
#define CODEC_EVENT_FIELDS_H

#include "base/arena.h"
#include "engine/entry.h"

/* Fields one event may carry at most: those with a name of their own, attributes, and `arrived`. */
#define EVENT_MAX_FIELDS (EVENT_MAX_ATTRIBUTES + 16)

/* One JSON object to its fields, in its order: texts unescaped, numbers as written, true and false as
 * words; null is as if not there, arrays and objects inside are refused. `fields` holds EVENT_MAX_FIELDS.
 * What needs unescaping goes into arena, the rest is borrowed from text. Keys may come twice. */
bool event_fields_json(struct str text, struct arena *arena, struct field *fields, unsigned *count,
		       struct err *err) MUST_CHECK;

/* ms since the epoch, or RFC 3339 with an offset. *is_number: it was the former. */
bool event_instant(struct str text, int64_t *out, bool *is_number, struct err *err) MUST_CHECK;

/* The text in quotes for a sentence: cut, without what would break a terminal. */
#define EVENT_SHOWN 64
const char *event_shown(char out[EVENT_SHOWN], struct str text);

#endif
