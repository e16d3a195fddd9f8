/* SPDX-License-Identifier: Apache-2.0 */
/* Events that need no judging (calm.c), and their short way (lane.c). */
#ifndef ENGINE_LANE_H
#define ENGINE_LANE_H

#include "engine/customer.h"

/* Which events need no judging: see calm.c. */
struct calm {
	int64_t least
		[RULESET_MAX_SIGNALS]; /* a shorter silence before an event changes no comparison */
	struct calm_use {
		const uint16_t *rules; /* to look at even so */
		unsigned count;
		bool watching; /* tags and stages too */
		/* Whom a silence that ends concerns from what length on, of each rule of the use: while it is idle, and
		 * at any time; and of tags and stages. */
		const int64_t *idle, *ever;
		int64_t watched;
	} * uses;	   /* owned, as ruleset->uses */
	uint16_t *rules;   /* owned */
	int64_t *silences; /* owned */
	uint64_t daily;	   /* signals whose first event of a day has to be looked at */
};

/* What an event of a type does, where all it can do is to be counted. */
struct lane_use {
	uint64_t signals;
	uint64_t counts; /* of these: SIGNAL_COUNT */
	bool open;	 /* it is such a type */
	uint8_t group; /* bit of the rules that are asked even so, of which a customer may be settled; 0: none is */
};

#define UNTIL_CLOSE \
	0x8000u /* of customer.settled_on: not beyond the next close; the rest is a number */
#define LANE_GROUPS 8 /* bits of customer.settled */
#define LANE_TYPES 64 /* remembered: a power of two */

struct lane {
	struct lane_use *uses; /* owned: as ruleset->uses, and one more for all other types */
	bool open; /* no rule of the set has to be asked at every event; tests shut it */
	/* What arrives in [from, to), outside of the time between a midnight and the day's close, and happened in
	 * [day_from, day_to), belongs to this day, and no day closes meanwhile. */
	int64_t from, to;
	int64_t day_from, day_to;
	uint32_t day;
	uint64_t daily; /* signals whose first event of a day goes the long way */
	/* Customers are settled under numbers that rise with each close, and when all of them are unsettled: valid from
	 * this one on when it was until a close, from that one on otherwise. */
	uint16_t number, closed_from, settled_from;
	const uint16_t *groups[LANE_GROUPS]; /* borrowed from calm: such rules */
	unsigned group_sizes[LANE_GROUPS], group_count;
	uint64_t taken; /* events */
	struct lane_type {
		size_t n; /* 0: free */
		struct text_words words;
		const struct type_use *use;  /* NULL: nothing reads it */
		const struct lane_use *lane; /* borrowed from `uses` */
	} types[LANE_TYPES];
	struct lane_type longer; /* of the last type that is too long to be remembered */
};

struct engine;
struct step;

void calm_make(struct calm *calm, const struct ruleset *rules); /* frees what it held */
void calm_finish(struct calm *calm);
/* Before the event is taken in. */
bool calm_is(struct engine *engine, const struct customer *customer, const struct type_use *use,
	     const struct entry *entry);

/* Of one that is not: how long the silence is that it ends, where that is all that it does besides being counted, and all
 * time counts; else NEVER. */
int64_t calm_silence(struct engine *engine, const struct customer *customer,
		     const struct type_use *use, const struct entry *entry);
/* Slots of the rules that it concerns, in their order; how many. */
unsigned calm_pick(const struct engine *engine, const struct customer *customer,
		   const struct type_use *use, int64_t silence,
		   uint16_t slots[RULESET_MAX_RULES]);
/* `guess`: the number of the customer whose it may be, UINT32_MAX: nobody's. false: it has to go the long way, and
 * nothing was done. */
bool lane_take(struct engine *engine, const struct entry *entry, uint32_t guess);
/* At the end of a step that took this event in: the next of its type will find its rules settled, if they are, without a
 * look at what lies far from the customer's line. */
void lane_settle(struct engine *engine, uint32_t index, const struct entry *entry);
void lane_make(struct engine *engine); /* under its rules; after calm_make() */
void lane_finish(struct lane *lane);
/* What is noted of the customer's rules still holds: `settled` of them no event moves. */
static inline bool
lane_knows(const struct lane *lane, const struct customer *customer)
{
	unsigned number = customer->settled_on & (UNTIL_CLOSE - 1);
	return number >=
	       (customer->settled_on & UNTIL_CLOSE ? lane->closed_from : lane->settled_from);
}
void lane_unsettle(struct customer *customer);
void lane_unsettle_all(struct engine *engine);
/* It may follow every event of some signal. */
bool node_is_blind(const struct node *node);

#endif
