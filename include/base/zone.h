/* SPDX-License-Identifier: Apache-2.0 */
/* How a zone is made, for its readers of files; what it can do stands in base/civil.h. */
#ifndef BASE_ZONE_H
#define BASE_ZONE_H

#include "base/text.h"

struct zone;

/* No offset may lie beyond this (RFC 8536 asks for less than 26 h). */
#define ZONE_OFFSET_MAX (INT64_C(26) * 3600 * 1000)
#define ZONE_CHANGES_MAX 20000

/* One offset for all time; then changes in the order of time, then zone_finish_changes. */
struct zone *zone_create(struct str name, int64_t first_offset);
/* ms, not before the last one; at the same instant the later call counts. */
void zone_add_change(struct zone *zone, int64_t at, int64_t offset);
int64_t zone_last_change(const struct zone *zone); /* INT64_MIN: none so far */
void zone_finish_changes(struct zone *zone);

#endif
