/* SPDX-License-Identifier: Apache-2.0 */
/* A customer's state: what is kept between entries, and nothing that can be derived. */
#ifndef ENGINE_CUSTOMER_H
#define ENGINE_CUSTOMER_H

#include "engine/entry.h"
#include "engine/ruleset.h"

/* Sums by signal in one block, packed: of a customer, or of one of its members. engine/track.h reads it. */
struct tracks {
	uint8_t *block; /* owned: of base/blocks.h; NULL: no track */
	uint64_t days;	/* bit s: signal s has a day track */
};

#define ALERT_LATE UINT32_MAX
#define ALERT_AGAIN (UINT32_MAX - 1)

enum phase { PHASE_IDLE, PHASE_PENDING, PHASE_FIRING, PHASE_CLEARING };

enum rule_flag {
	RULE_ANNOUNCED = 1, /* this firing was announced (rule.fired) */
	RULE_PAUSED = 2,    /* pending: `for` stands still since since_at */
	RULE_BLIND = 4,	    /* firing: clear unknown since blind_at */
	RULE_RESTED =
		8, /* at rest (`only`, warmup): its phase is kept, judged again afterwards */
	RULE_MARKED = 16,  /* marked firing by first_run: never announced */
	RULE_WITHHELD = 32 /* announced while inhibited: its actions are still to be taken */
};

/* A rule that was ever not idle for this customer. */
struct rule_state {
	uint16_t rule; /* slot */
	uint8_t phase, flags;
	uint16_t announced_n; /* order number within announced_at, for opened_by */
	uint16_t was_true;    /* of an item's rule: before the late event of the step at work */
	uint32_t firing;      /* its number: counted per customer over all rules */
	/* 0: no alert of it is open (engine/quality.h); ALERT_LATE: it came when the silence was a churn
	 * already; ALERT_AGAIN: of a silence of which an alert of an earlier day was judged; else 1 and the
	 * seconds from the first open one to announced_at. */
	uint32_t open;
	int64_t since_at;     /* this phase began */
	int64_t fired_at;     /* this firing began */
	int64_t served;	      /* pending: ms of `for` served before since_at */
	int64_t blind_at;     /* RULE_BLIND */
	int64_t until_at;     /* event rules: fires until then */
	int64_t announced_at; /* last announced firing; 0: never */
};

struct profile_cell {
	int64_t ts;
	union {
		int64_t i;
		double n;
		char *text; /* owned, counted: struct text_cell in customer.c; see customer_profile() */
	} u;
};

#define CUSTOMER_MAX_TAGS 64 /* by hand; as many again by rule */
#define CUSTOMER_MAX_IDS 64
#define CUSTOMER_MAX_TASKS 512 /* open ones and those done within 14 days */
#define TASK_REOPEN (14 * DAY_MS)
#define DEDUP_REACH (24 * HOUR_MS)

struct tag_state {
	struct str name; /* owned */
	int64_t since_at;
	int64_t expires_at; /* by hand: NEVER: does not */
	uint8_t by;	    /* enum tag_by, one or both */
};

enum tag_by {
	TAG_BY_HAND = 1, /* a person set it; no rule takes it away */
	TAG_BY_RULE = 2
};

#define RISK_DAYS 400 /* of risk_rise() */

/* The risk as of the close of that day, and until the next one. */
struct risk_point {
	uint16_t day; /* local */
	uint8_t risk;
	uint8_t first; /* 1: nothing is known of the days before */
};

struct seen_id {
	uint64_t hash; /* of the producer's id */
	int64_t at;    /* arrival */
};

#define AFTER_MAX 64 /* instants kept for one after(a, b) */

/* after(a, b): the instants of a that may still be unsettled, and how many b there were for them. */
struct after_state {
	uint32_t key; /* of the pair: ruleset.after */
	uint32_t
		settled; /* so many of `at`, oldest first, are settled; more than count: in advance */
	uint32_t count;
	int64_t *at; /* owned, sorted */
};

#define CUSTOMER_MAX_ITEMS 256 /* of one list; the closed ones wait for what comes late */
#define ITEM_MAX_KEY 128       /* bytes */
#define ITEM_MAX_TEXT 256      /* bytes of an attribute that is kept */

/* A thing that was opened or closed. Both instants are the latest of their kind, whatever the order of
 * arrival was: it is open when it was opened after it was closed. */
struct item {
	uint16_t def; /* slot */
	uint16_t rule_count;
	struct str key;			   /* owned */
	int64_t opened_at, closed_at;	   /* INT64_MIN: never */
	struct str kept[RULESET_MAX_KEPT]; /* owned; of the event that opened it last */
	struct rule_state *rules; /* owned, by slot: of rules that are judged for each item */
};

/* A person inside the customer. What is told of one later does not undo what was told of a later moment. */
struct member {
	struct str id, role;	  /* owned; role may be none */
	int64_t role_at, left_at; /* ts of the entries that said so; INT64_MIN: none did */
	bool left;		  /* as of left_at: does not count */
	int64_t seen_at;	  /* newest ts of an event or entry of this person */
	struct tracks tracks; /* days, as SIGNAL_COUNT, of signals that are read by person */
};

#define CUSTOMER_MAX_OPEN 256 /* of more the first is not kept */

/* An alert that is open beside a later one of its rule, where each is judged by itself. */
struct open_alert {
	uint32_t rule; /* its key */
	uint32_t item; /* made of the item's key; 0: of the customer */
	int64_t at;
};

enum task_state { TASK_OPEN, TASK_CLAIMED, TASK_SNOOZED, TASK_DONE, TASK_CANCELLED };
const char *task_state_name(enum task_state state);

#define TASK_MAX_RULES 16
#define TASK_MAX_SNOOZES 32 /* since its clocks began */

/* It was put off from then to then, in ms; the last one may lie ahead. */
struct snooze {
	int64_t from, to;
};

/* What was said of its two clocks, each once. */
enum task_told {
	TOLD_ACK_WARNED = 1,
	TOLD_ACK_BREACHED = 2,
	TOLD_RESOLVE_WARNED = 4,
	TOLD_RESOLVE_BREACHED = 8
};

/* A care task of this customer: enough to write its hash again and to judge what people send back. */
struct task_held {
	uint16_t def; /* slot */
	uint8_t state, priority;
	uint16_t created_n; /* order number within created_at, for the id */
	uint16_t escalated; /* share of the last step of its list, percent; 0: none yet */
	uint8_t told;	    /* enum task_told */
	uint8_t rule_count, snooze_count;
	bool was_claimed; /* TASK_SNOOZED: and is so again when it comes back */
	uint32_t episode;
	int64_t created_at, changed_at, closed_at;
	struct str assignee; /* owned */
	struct str outcome;  /* owned; when done */
	struct str item;     /* owned: the key of the item it is about, or none */
	struct str queue;    /* owned: where a route sent it; empty: the definition's */
	struct str lender; /* owned: who gets it back from the assignee; none: it is not lent */
	struct str external_id; /* owned: what another system calls it */
	int64_t clock_at;	/* its times to claim and to do it run from here */
	int64_t acked_at;	/* somebody first took it in hand; 0: nobody has */
	int64_t given_at; /* the assignee's time to claim it runs from here; 0: there is no need to */
	int64_t stepped_at;	/* steps due up to then were taken; NEVER: none will be */
	struct snooze *snoozes; /* owned, oldest first, apart from each other */
	int64_t due_at;		/* derived: its clocks do nothing before; 0: to be worked out */
	uint32_t counted_for;	/* derived: who of the teams has it to do, index and 1 */
	/* Rules that ordered it or gave it reasons, by rule.key, each once, the first that ordered it first; of
	 * more than fit the later ones are not kept. */
	uint32_t rules[TASK_MAX_RULES];
};

/* What not every customer has. */
struct cold {
	uint64_t profile_mask;	      /* bit a: attribute slot a has a cell */
	uint64_t unset_mask;	      /* of these: unset, the cell remembers since which ts */
	uint64_t text_mask;	      /* of these: the cell owns a text */
	struct profile_cell *profile; /* owned, in slot order */
	struct rule_state *rules;     /* owned, by slot */
	struct tag_state *tags;	      /* owned, by name */
	struct seen_id *ids;	      /* owned, oldest first */
	struct task_held *tasks;      /* owned, oldest first */
	struct after_state *afters;   /* owned, by key */
	struct risk_point *risks;     /* owned, by day; kept where rules read risk_rise() */
	struct item *items;	      /* owned, by list and key */
	struct member *members;	      /* owned, by id */
	struct open_alert *alerts;    /* owned, as they were followed by a later one */
	int64_t churned_at;	      /* ts of the last churn; 0: none */
	int64_t backfilled_at;	      /* CUSTOMER_QUIET: arrival of the last backfilled event */
	int64_t order_at;	      /* ms of the last order */
	int64_t episode_at;	      /* CUSTOMER_EPISODE: it began */
	int64_t stage_at;	      /* of customer.stage: since when */
	uint32_t order_n;	      /* orders at order_at */
	uint32_t seq;		      /* alerts so far */
	uint32_t episode;	      /* episodes so far */
	uint32_t firings;	      /* firings so far */
	uint16_t rule_count, tag_count, id_count, task_count, after_count, risk_count,
		item_count, member_count, alert_count;
	uint32_t counted_for; /* derived: the owner, as of a task */
	/* Derived (wake.c): time moves nothing but tasks before that instant, unless that signal has been silent for so
	 * long before. 0: not known; NEVER: no length is too long. */
	int64_t judged_to, silent_for;
	uint8_t silent_of;
};

enum customer_flag {
	CUSTOMER_DIRTY = 1, /* its record has to be written */
	CUSTOMER_DAY = 2,   /* has something in reach: looked at at each day's close */
	CUSTOMER_RESTS =
		4, /* `only` is not true: derived at each look, kept for the transition */
	CUSTOMER_EPISODE = 8, /* not healthy */
	CUSTOMER_QUIET = 16,  /* backfilled: nothing is due before look_due_at */
	CUSTOMER_GIVEN = 32,  /* its record has to go with the next commit: see teams.c */
	CUSTOMER_MOVED = 64,  /* by a second look: who reads that waits, see settle.c */
	CUSTOMER_GONE = 128   /* `when` of `churn:` is true: kept for the transition */
};

#define CUSTOMER_SHORT_ID 15 /* bytes that fit the customer's own line */

/* One cache line, where it lies in the engine's chunks; what only some have, or an event seldom touches, lies in its
 * cold part. */
struct customer {
	union {
		struct {
			uint8_t n;
			char text[CUSTOMER_SHORT_ID];
		} brief;
		struct {
			uint8_t n;	  /* more than CUSTOMER_SHORT_ID */
			const char *text; /* borrowed: see customer_create() */
		} longer;
	} id; /* customer_id() */
	struct tracks tracks;
	struct cold *cold;     /* owned, NULL: nothing of it */
	int64_t event_at;      /* arrival of the last entry of its own: a look */
	int64_t first_seen_at; /* least ts */
	uint8_t risk, level;   /* level: slot of the highest held */
	uint8_t held;	       /* bit l: level l is held */
	uint8_t flags;
	uint8_t stage;	 /* slot and 1; 0: none */
	uint8_t settled; /* derived, with settled_on: see lane.c */
	uint16_t settled_on;
};

const struct cold *customer_seen_cold(
	const struct customer *customer); /* an empty one when missing */
static inline struct str
customer_id(const struct customer *customer)
{
	uint8_t n = customer->id.brief.n;

	return (struct str){
		n <= CUSTOMER_SHORT_ID ? customer->id.brief.text : customer->id.longer.text, n};
}

#endif
