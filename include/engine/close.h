/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the engine: what a day's close can change for a customer, without asking its rules (close.c). */
#ifndef ENGINE_CLOSE_H
#define ENGINE_CLOSE_H

#include "engine/track.h"

struct builtin;
struct engine;

/* What a day's close can change when nothing else is due: see close.c. It has parts, each a bit: of the rules and tags below
 * one each, or some together where there are many; and these. */
#define CLOSE_PARTS 61 /* of rules and tags */
#define CLOSE_STAGES (UINT64_C(1) << 61)
#define CLOSE_WATCHING (UINT64_C(1) << 62) /* close_when and exit of tasks */
#define CLOSE_WHOLE (UINT64_C(1) << 63)	   /* `only`, `churn:`: the customer is looked at */

struct close_plan {
	struct close_rule {
		uint16_t rule;
		uint64_t part;
	} * rules; /* owned, in file order */
	unsigned rule_count;
	struct close_tag {
		uint16_t tag;
		uint64_t part;
	} * tags; /* owned, likewise */
	unsigned tag_count;
	uint64_t daily;	  /* parts that may turn at each close */
	uint64_t signals; /* windows some expression reads */
	uint64_t people;  /* of these: read by users() and share_of_top() */
	struct close_signal {
		/* Owned. At n + 1: parts with a window that a day n days before the one that closes enters or
		 * leaves. */
		struct track_edges edges;
		uint64_t parts; /* that read a window of it */
		/* Owned, likewise: parts with a window whose days observed grow when the first of all days lies n days
		 * before. */
		uint64_t *grows;
		unsigned grow_count;
	} by_signal[RULESET_MAX_SIGNALS];
};

struct close_view {
	uint64_t parts; /* that may turn at this close, besides those of each day */
	bool reaches;	/* some window may change at a later close */
	int64_t next; /* unless entries come, nothing of this changes before that day's close */
};

bool close_moves(const struct builtin
			 *fn); /* a close may change what it says, and sets no wake for it */
void close_make(struct close_plan *plan, const struct ruleset *rules); /* frees what it held */
void close_finish(struct close_plan *plan);
struct close_view close_look(struct engine *engine, const struct customer *customer,
			     int64_t day); /* the day that closes */

#endif
