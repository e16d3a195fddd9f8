/* SPDX-License-Identifier: Apache-2.0 */
/* Orders: what a step wants done in the world, as values; nobody acts on them before they are committed. */
#ifndef ENGINE_ORDER_H
#define ENGINE_ORDER_H

#include "engine/customer.h"

enum cause {
	CAUSE_EVENT,
	CAUSE_TIME,
	CAUSE_LATE_EVENT,
	CAUSE_NO_EVIDENCE,
	CAUSE_RULE_REMOVED,
	CAUSE_RULES_CHANGED,
	CAUSE_PROFILE,
	CAUSE_PERSON,
	CAUSE_FEED
};
const char *cause_name(enum cause cause);

#define ORDER_ID 32 /* "al_" + 26 + NUL */

struct evidence {
	struct str expr; /* canonical text */
	struct value value;
	struct str en, zh; /* the value as people read it */
};

/* A rule that gives points now. Texts are in the step's arena. */
struct reason {
	unsigned rule;
	const struct item *item; /* for which it fires; NULL: for the customer */
	int points;
	int64_t since_at;
	struct str en, zh;		 /* reason */
	struct str advice_en, advice_zh; /* may be empty */
	const struct evidence *evidence;
	unsigned evidence_count;
};

struct feed_news; /* guard.h */

struct alert {
	enum alert_type type;
	char id[ORDER_ID];
	int64_t at;
	unsigned level, previous_level; /* slots; equal unless a level moved */
	int risk, previous_risk;
	uint32_t episode;   /* 0: healthy before and after */
	char key[ORDER_ID]; /* of the episode; empty when episode is 0 */
	bool closed;	    /* status */
	uint32_t seq;
	struct value value;	      /* what is at stake */
	const struct reason *reasons; /* every rule that gives points, in file order */
	unsigned reason_count;
	/* rule.fired, rule.cleared: */
	int rule;		 /* slot, -1: none */
	const struct item *item; /* for which it was judged; NULL: for the customer */
	const struct reason
		*about; /* its own text and evidence (a shadow or 0-point rule is in no list) */
	uint32_t firing;
	char opened_by[ORDER_ID]; /* rule.cleared: the rule.fired it closes; empty: none */
	struct str tag;
	struct str previous_owner;	/* customer.owner_changed */
	unsigned stage, previous_stage; /* slot and 1, 0: none; equal unless the stage moved */
	bool acts; /* false: no endpoints and no tasks, whatever the actions say */
	const struct feed_news *feed; /* feed.silent, feed.back */
	uint32_t muted; /* rule.muted: so many of `hour_at` were recorded and not sent */
	int64_t hour_at;
	struct str muted_rule; /* its name; rule is -1 when it is no more */
	const struct str *to;  /* endpoint names */
	unsigned to_count;
};

enum task_verb {
	VERB_CREATED,
	VERB_CLAIMED,
	VERB_DONE,
	VERB_CANCELLED,
	VERB_REOPENED,
	VERB_ADDED,
	VERB_ESCALATED,
	VERB_BREACHED,
	VERB_SNOOZED,
	VERB_RESUMED, /* it came back from that */
	VERB_ASSIGNED,
	VERB_TRANSFERRED,
	VERB_LINKED, /* another system said what it calls it */
	TASK_VERBS
};
const char *task_verb_name(enum task_verb verb); /* "created" .. "linked" */

/* One change of a task: the whole of its hash as it is now, and the entry of <prefix>tasks. */
struct task_change {
	enum task_verb verb;
	char id[ORDER_ID];
	const struct task_held *task; /* after the change */
	int64_t at;
	struct str title_en, title_zh;
	struct str
		reasons; /* texts of the reasons at this moment, "; " between (created, reopened, added) */
	struct str reasons_zh;	  /* the same in Chinese, "；" between */
	struct str rules;	  /* names, "," between */
	char notice_id[ORDER_ID]; /* of the alert task.<verb> that tells of this change */
	uint32_t seq;		  /* of that alert */
	char alert_id[ORDER_ID];  /* that ordered it; empty for people's acts */
	char key[ORDER_ID];
	struct value value;
	int64_t ack_by, resolve_by; /* NEVER: none */
	unsigned step;		    /* created: by that step and 1 */
	struct str who, from, to, note, outcome, reason_code, external_id; /* people's acts */
	struct str note_zh;	     /* of what churnd itself notes; none: as people wrote it */
	struct str until;	     /* as it was said */
	const struct str *endpoints; /* that the alert goes to */
	unsigned endpoint_count;
};

/* When it comes back; NEVER: it is not put off. */
int64_t task_snoozed_until(const struct task_held *task);
/* In it, or where a route sent it. */
struct str task_queue(const struct task_def *def, const struct task_held *task);
/* "ok", "warned" or "breached"; empty for a task without times. */
const char *task_sla_state(const struct task_def *def, const struct task_held *task);

enum order_kind { ORDER_ALERT, ORDER_TASK, ORDER_REJECT };

struct order {
	enum order_kind kind;
	const struct customer *customer; /* as after the step; NULL for a reject without one */
	enum cause cause;
	struct stream_id
		caused_by; /* the entry being applied (for due work: the one that let it be) */
	union {
		struct alert alert;
		struct task_change task;
		struct str reject; /* a sentence: the entry could not be applied */
	} u;
};

struct order_sink {
	void *ctx;
	/* Called in stream order; everything pointed to is valid during the call only. */
	void (*take)(void *ctx, const struct order *order);
};

#endif
