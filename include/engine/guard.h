/* SPDX-License-Identifier: Apache-2.0 */
/* What a partition keeps for its guards: volumes of its feeds, their suspect time, alerts of this hour. */
#ifndef ENGINE_GUARD_H
#define ENGINE_GUARD_H

#include "engine/order.h"

#define GUARD_MAX_FEEDS 256 /* pairs of type and source; past it new ones are not guarded */
#define GUARD_WEEKS 4
#define GUARD_HOURS ((GUARD_WEEKS * 7 + 1) * 24) /* kept: the same day 4 weeks ago, whole */
#define GUARD_MAX_SPANS 128	  /* suspect times kept of one feed: the oldest goes first */
#define GUARD_KEEP (400 * DAY_MS) /* so long a suspect time is remembered */

/* One suspect time of a feed. What is known of it at an instant t follows from t alone: nothing before
 * judged_at; that it holds, since `from`, before ended_at; [from, to) from then on. So a customer whose record
 * is older than ours is brought forward as if it were then. */
struct feed_span {
	int64_t from, to;	     /* whole hours; to: NEVER while it holds */
	int64_t judged_at, ended_at; /* when a slot closed; ended_at: NEVER while it holds */
};

/* Events of one type from one source, by the UTC hour in which they arrived. */
struct feed {
	struct str type, source; /* owned; source empty: none given */
	int64_t since;		 /* first hour (since 1970-01-01) that was counted */
	uint64_t total;		 /* of all hours kept */
	struct feed_span *spans; /* owned, in order of coming; only the last may hold */
	unsigned span_count;
	bool counts;		     /* derived: some signal of the rules reads the type */
	uint16_t next;		     /* derived: chain of one type; GUARD_MAX_FEEDS: none */
	uint32_t hours[GUARD_HOURS]; /* hour h at h % GUARD_HOURS */
};

/* Alerts of one rule in one UTC hour. */
struct cap {
	uint32_t rule;	 /* its key */
	struct str name; /* owned: of the rule */
	int64_t hour;
	uint32_t taken, muted;
	bool told; /* rule.muted is out */
	/* Where the first muted alert stood: it and what stands behind it are muted, also when they are worked out
	 * again. */
	bool full;
	int64_t full_at;
	uint64_t full_entry; /* 0: it was due; else seq + 1 of its entry */
	uint32_t full_n;
	struct str full_customer; /* owned */
};

/* Suspect time of one signal as of an instant: derived. */
struct suspect_time {
	int64_t from, to; /* NEVER: it holds */
};
struct suspect_days {
	int64_t first, last; /* local days, both included; NEVER: it holds */
};
struct suspect {
	struct suspect_time *times; /* owned; merged, in order */
	struct suspect_days *days;  /* owned; merged, in order */
	unsigned time_count, day_count;
};

struct guard {
	struct feed **feeds; /* owned, in order of coming */
	unsigned feed_count;
	int64_t hour; /* present UTC hour of arrival; INT64_MIN: nothing was counted yet */
	uint64_t unguarded; /* events of pairs past GUARD_MAX_FEEDS */
	struct cap *caps;   /* owned */
	size_t cap_count, cap_cap;
	struct stream_id
		applied;    /* its record held the entries up to it; 0-0: none was loaded */
	bool dirty, rolled; /* the record, its history have to be written */
	struct stream_id before; /* dirty: the position before */
	/* Derived: */
	uint16_t *first;	    /* owned: by type_use, its first feed */
	int64_t next_at;	    /* something of it is due; INT64_MIN: to be found */
	int64_t next_hour;	    /* found in that hour */
	bool stale;		    /* events came since */
	int64_t view_from, view_to; /* the view below is of [view_from, view_to) */
	uint64_t paused;	    /* bit s: signal s has suspect time */
	uint64_t suspect;	    /* bit s: its feed is suspect now */
	struct suspect views[RULESET_MAX_SIGNALS];
};

/* What a feed.silent or feed.back says. */
struct feed_news {
	struct str type, source;
	int64_t from, to;	  /* suspect time; to: NEVER in feed.silent */
	bool day;		  /* the slot judged was a day */
	bool given_up;		  /* feed.back: nothing is expected of it any more */
	int64_t volume;		  /* of the slot judged */
	double expected;	  /* median of the same slot */
	char opened_by[ORDER_ID]; /* feed.back */
};

/* Rules that read a signal of a suspect feed hold, event rules do not. */
static inline bool
rule_holds(const struct rule *rule, uint64_t suspect)
{
	return (rule->fed_by & suspect) && rule->kind == RULE_STATE && !rule->unguarded;
}

/* For reading. */
bool feed_is_suspect(const struct feed *feed);
/* Volume of an hour (since 1970-01-01); 0 outside of what is kept. */
uint32_t feed_volume(const struct guard *guard, const struct feed *feed, int64_t hour);

/* For the record: makes what it read. */
void guard_init(struct guard *guard);
void guard_finish(struct guard *guard);
struct feed *guard_add_feed(struct guard *guard, struct str type, struct str source);
struct cap *guard_add_cap(struct guard *guard, uint32_t rule, struct str name, int64_t hour);

#endif
