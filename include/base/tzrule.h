/* SPDX-License-Identifier: Apache-2.0 */
/* The rule in a TZif file's footer: a POSIX TZ string (IEEE 1003.1-2008, 8.3) as RFC 8536 widens it. */
#ifndef BASE_TZRULE_H
#define BASE_TZRULE_H

#include "base/text.h"

/* One of the two days in a year on which clocks change, and when on that day. */
struct tz_date {
	enum {
		TZ_DATE_JULIAN,	 /* day 1..365, February 29 is never counted */
		TZ_DATE_ORDINAL, /* day 0..365 */
		TZ_DATE_WEEKDAY, /* day 0 Sunday .. 6 of week 1..5 (5: the last) of month */
	} kind;
	int month, week, day;
	int64_t time; /* ms after local midnight, may be negative or beyond 24 h */
};

struct tz_rule {
	int64_t offset;	    /* standard time, ms east of UTC */
	int64_t dst_offset; /* the other time's, when has_dst */
	bool has_dst;
	struct tz_date dst_begins, dst_ends;
};

struct tz_change {
	int64_t at;
	int64_t offset; /* ms east of UTC from then on */
};

bool tz_rule_parse(struct str text, struct tz_rule *out, struct err *err) MUST_CHECK;
/* The two changes of a year in the order of time. Only when the rule has_dst. */
void tz_rule_changes(const struct tz_rule *rule, int year, struct tz_change out[2]);

#endif
