/* SPDX-License-Identifier: Apache-2.0 */
/* The hours in which an endpoint may be disturbed, in the rules' zone and calendar. */
#ifndef CODEC_HOURS_H
#define CODEC_HOURS_H

#include "base/worktime.h"
#include "codec/config.h"

/* A copy of a zone and of a calendar's days: rules go, hours stay. */
struct almanac;
struct almanac *almanac_copy(const struct zone *zone, const struct calendar *calendar);
void almanac_destroy(struct almanac *almanac); /* NULL allowed */

const struct zone *almanac_zone(const struct almanac *almanac); /* NULL of NULL */

/* Is `at` within the hours? *until: when that changes; NEVER. */
bool hours_open(const struct almanac *almanac, const struct quiet *hours, int64_t at,
		int64_t *until);

#endif
