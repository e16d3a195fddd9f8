/* SPDX-License-Identifier: Apache-2.0 */
/* A rule set: everything an admin wrote, checked and resolved to slots; never changes once made. */
#ifndef ENGINE_RULESET_H
#define ENGINE_RULESET_H

#include "base/hash.h"
#include "engine/rhythm.h"
#include "lang/template.h"

#define RULESET_MAX_RULES 1000
#define RULESET_MAX_SIGNALS 64
#define RULESET_MAX_ATTRIBUTES 64 /* with the reserved ones */
#define RULESET_MAX_LEVELS 8	  /* with healthy */
#define RULESET_MAX_TASKS 64
#define RULESET_MAX_TAGS 64 /* by rule */
#define RULESET_MAX_STAGES 64
#define RULESET_MAX_ACTIONS 1000
#define RULESET_MAX_ROUTES 32	   /* of a task */
#define RULESET_MAX_FOLLOWERS 32   /* its steps */
#define RULESET_MAX_ESCALATIONS 16 /* of a task */
#define RULESET_MAX_FILE (1024 * 1024)
#define RULESET_MAX_REACH_DAYS 400
#define RULESET_MAX_REACH_HOURS 72
#define RULESET_MAX_STEPS 32 /* of a date rule */
#define RULESET_MAX_ITEMS 16 /* lists of items */
#define RULESET_MAX_KEPT 8   /* attributes that an item keeps, its due date among them */

/* Always declared, in this order, before the file's own attributes. */
enum reserved_attribute {
	ATTR_NAME,
	ATTR_OWNER,
	ATTR_CUSTOMER_SINCE,
	ATTR_LANG,
	ATTR_CRM_ID,
	ATTR_RESERVED
};

/* Risk band; slot 0 is healthy (enter = leave = 0), then as in the file, lowest first. */
struct level {
	struct str name;
	struct str shown_en, shown_zh; /* `name: {zh: ..}`; default: name */
	struct str color;
	int enter, leave; /* risk 0..100: enter at or above, leave below */
};

struct signal {
	struct str name;
	enum signal_kind kind;
	struct str field;	 /* sum: or last: "value" or an attribute of the event */
	const struct str *types; /* event types that feed it */
	unsigned type_count;
	const struct expr *where; /* NULL: all; may read event.* and profile.* */
	uint8_t largest,
		smallest; /* SIGNAL_SUM: slot + 1 of its companion, where max(), min() ask; 0 */
	bool hidden;	  /* a companion: SIGNAL_MAX, SIGNAL_MIN */
	uint32_t key;	  /* of what defines it (on, where, sum/last); stable over editions */
	unsigned reach_days; /* longest range + offset any expression reads; 0: none */
	unsigned reach_hours;
	/* Where it is read by person: since when it is counted so, found again by a key of its own. */
	uint32_t member_key;
	int64_t member_born_at; /* as born_at */
	int64_t born_at; /* nothing before it was observed; INT64_MIN: always there. Set by the
				    * engine when the set comes into force, the one field that changes */
};

/* Things that open and close, each found by its key. */
struct item_def {
	struct str name;
	const struct str *open_types, *close_types;
	unsigned open_count, close_count;
	struct str field;	/* of the event: the key */
	const struct str *kept; /* attributes of the event that opens it */
	uint32_t kept_keys[RULESET_MAX_KEPT];
	unsigned kept_count;
	int due;      /* which of them is the due date; -1: none */
	uint32_t key; /* of open, close and field: what is kept may be edited */
};
/* How customers of a signal come back, as fitted; the first of its signal whose `when` is true. */
struct signal_model {
	unsigned signal;
	struct rhythm_model parameters;
	const struct expr *when; /* NULL: all; reads profile.* only */
	bool has_fitted, has_until;
	int64_t fitted; /* the day it was fitted, for people */
	int64_t until;	/* the last day of the events that it was fitted on */
};
#define RULESET_MAX_ASKS 256
#define RULESET_MAX_MODELS 256

#define RULESET_MAX_MEMBERS 4096

/* The people inside a customer. */
struct members_def {
	bool given;
	struct str field; /* of an event: who it was */
	unsigned max;	  /* a customer; then the one silent longest goes */
	unsigned reach_days;
	uint32_t key;	  /* of field */
	uint64_t signals; /* derived: bit s: some expression reads signal s by person */
};

enum rule_kind { RULE_STATE, RULE_EVENT, RULE_DATE };
enum rule_mode { MODE_LIVE, MODE_SHADOW, MODE_OFF };
enum category { CAT_USAGE, CAT_SUPPORT, CAT_BILLING, CAT_RELATIONSHIP, CAT_RENEWAL, CAT_OTHER };
const char *category_name(enum category category);

enum date_repeat { REPEAT_ONCE, REPEAT_DAYS, REPEAT_MONTHS };

/* When a date rule fires: at each step before or after its date. */
struct date_plan {
	const struct expr *
		date; /* reads profile.* (of `each`: item.*); NULL: a holiday of the calendar */
	unsigned holiday; /* its name's index */
	const int *steps; /* days before the date, negative: after it; at least one */
	unsigned step_count;
	enum date_repeat repeat; /* from the date on, never before it */
	int every;		 /* so many days or months */
	int64_t at;		 /* ms after local midnight */
	int shift;		 /* off a day that is not worked: -1 before, 1 after, 0 stays */
	/* Of a holiday, by ruleset_finish(): all its instants, each once, in order. */
	int64_t *instants;
	unsigned instant_count;
};

struct rule {
	struct str name;
	uint32_t key; /* of the name: finds its state again after an edit */
	enum rule_kind kind;
	enum rule_mode mode;
	enum category category;
	const struct expr
		*when; /* `expr`; of a date rule: asked at each step, `true` if not given */
	struct date_plan *dates;	/* RULE_DATE; else NULL */
	const struct expr *clear;	/* NULL: when it is not true */
	const struct expr *points_expr; /* NULL: points */
	int points;			/* -100..100 */
	int64_t hold;			/* `for`, ms */
	int64_t keep;			/* `keep_firing_for`, ms; event rules default 7 d */
	int64_t cooldown;		/* ms */
	int64_t warmup;			/* ms */
	bool unguarded;			/* guard: off */
	double noise;  /* more false alarms of those judged, 0..1, are reported; -1: not */
	int64_t reach; /* ms: longest range + offset it reads, at least 1 d */
	struct text_pair reason, advice; /* reason defaults to the rule's name */
	const struct str *types;	 /* `on`: event rules */
	unsigned each; /* judged for each item of this list and 1; 0: for the customer */
	unsigned type_count;
	const uint16_t *inhibitors; /* `inhibited_by`: slots */
	unsigned inhibitor_count;
	unsigned floor; /* `level`: slot of the least level while it fires; 0: none */
	/* Derived by ruleset_finish(): */
	uint64_t
		reads; /* bit s: an event of signal s may change when, clear or points at once */
	bool reads_coarse; /* has a COARSE comparison: looked at on every event of the customer */
	bool reads_standing; /* level(), tag(): looked at again in a step in which one moved */
	bool reads_risk;     /* risk(): no part of what risk() says in other rules */
	uint32_t
		reads_items; /* bit i: an event that opens or closes one of list i may change it */
	bool follows; /* risk(), firing(): looked at in every step in which a rule above turned */
	bool reads_owner; /* profile.owner: looked at again in a step that gave the customer to another */
	uint64_t fed_by; /* bit s: signal s is read; while its feed is suspect the rule holds */
	bool by_profile; /* RULE_DATE: `when` stands still until the customer's profile is told anew */
};

/* A tag by rule: entered when `when` is true, left when `leave` is; unknown changes nothing. */
struct tag_rule {
	struct str name;
	const struct expr *when;
	const struct expr *leave; /* NULL: when `when` is false */
};

/* The customer is in the first stage whose condition is true. */
struct stage {
	struct str name;
	const struct expr *when;
};

enum alert_type {
	ALERT_LEVEL_RAISED,
	ALERT_LEVEL_LOWERED,
	ALERT_RULE_FIRED,
	ALERT_RULE_CLEARED,
	ALERT_TAGGED,
	ALERT_UNTAGGED,
	ALERT_STAGE_CHANGED,
	ALERT_OWNER_CHANGED,
	ALERT_FEED_SILENT, /* these three have no customer */
	ALERT_FEED_BACK,
	ALERT_RULE_MUTED,
	ALERT_TASK, /* task.<verb> */
	ALERT_TYPES
};
const char *alert_type_name(
	enum alert_type type); /* "customer.level_raised"; "task" for ALERT_TASK */

/* Who gets a task, or a customer. Of a team the next one in turn, or the one with the least to do. */
enum assign_kind {
	ASSIGN_NOBODY,
	ASSIGN_NAME,
	ASSIGN_ATTRIBUTE,
	ASSIGN_ROUND_ROBIN,
	ASSIGN_LEAST_LOADED
};

struct assignment {
	enum assign_kind kind;
	unsigned slot;	 /* of the attribute, of the team */
	struct str name; /* of the person */
};

/* What to do on an alert. Filters that are not given are -1, NULL or empty. */
struct action {
	enum alert_type on;
	int rule; /* slot */
	int from,
		to; /* level slots: level_raised / level_lowered moved from, to; stage slots */
	int at_least;	/* level slot: of the level entered (raised) or left (lowered) */
	int category;	/* enum category */
	int verb;	/* task.<verb>: enum task_verb */
	struct str tag; /* customer.tagged / untagged */
	const struct expr *when;
	const struct str *webhooks; /* endpoint names of the configuration */
	unsigned webhook_count;
	int task;		 /* slot in tasks */
	struct assignment owner; /* of the customer */
};

enum priority { PRIORITY_LOW, PRIORITY_NORMAL, PRIORITY_HIGH, PRIORITY_URGENT };
const char *priority_name(enum priority priority);

/* Where a task goes when it is made: the first route that fits, and whose `when` is true. */
struct task_route {
	int rule;		 /* slot of one of its rules; -1: any */
	int category;		 /* enum category of one of them; -1: any */
	const struct expr *when; /* NULL: always */
	struct str queue;	 /* empty: the task's own */
	int priority;		 /* -1: the task's own */
	struct assignment assign;
	bool assigns; /* else the task's own `assign` */
};

/* Once a task: another one is made so long after it was. */
struct task_step {
	unsigned task;
	int64_t after;		   /* ms */
	const struct expr *when;   /* not true then: it is not made; NULL: always */
	const struct expr *unless; /* true then: it is not made; NULL: never */
};

/* When so much of the time to claim it, or to do it, is over (sla.h). */
struct task_escalation {
	int share;     /* percent; they rise; from 100 on it is a breach */
	unsigned team; /* one of its people gets it */
};

struct task_def {
	struct str name;
	uint32_t key;
	struct text_pair title;
	struct str queue;
	enum priority priority;
	int64_t ack_within, resolve_within; /* ms; 0: none */
	struct assignment assign;
	const struct expr *close_when; /* true: it is done by itself; NULL: never */
	const struct expr *exit;       /* true: no step follows any more; NULL: never */
	const struct task_route *routes;
	unsigned route_count;
	const struct task_step *steps; /* earliest first */
	unsigned step_count;
	const struct task_escalation *escalations;
	unsigned escalation_count;
	uint64_t
		fed_by; /* derived: signals of close_when and exit; while one's feed is suspect it holds */
};

/* An expression that no file holds: see codec/rules_yaml.h. */
struct outside_expr {
	unsigned of;	 /* which of the loader's asks it stands in */
	struct str name; /* as given, or its canonical text */
	const struct expr *expr;
};

struct team {
	struct str name;
	const struct str *people;
	unsigned count;
};

/* What counts as a churn beside what people say: an event `churned`, a profile that ends `only`. */
enum churn_kind {
	CHURN_SAID,   /* nothing: no `churn:` is given */
	CHURN_SILENT, /* a silence of the signal that is longer than the horizon */
	CHURN_ON,     /* each event of these types */
	CHURN_WHEN    /* the condition becomes true; once it was not, it may again */
};

#define CHURN_MIN_DAYS 2

struct churn_def {
	enum churn_kind kind;
	unsigned signal;	 /* CHURN_SILENT */
	unsigned min_days;	 /* active days from which on a silence counts */
	const struct str *types; /* CHURN_ON */
	unsigned type_count;
	const struct expr *when; /* CHURN_WHEN: reads what `only` may */
};

struct type_use; /* derived: which signals and event rules an event type feeds */

struct ruleset {
	struct arena arena;	   /* owned: everything below lives here */
	uint8_t sha[SHA256_BYTES]; /* over all files, see codec/rules_yaml.h */
	char sha_hex[65];
	struct str name;
	struct zone *zone;	  /* owned */
	int64_t lateness;	  /* ms, 0..12 h */
	struct calendar calendar; /* of working days; plain when none is given */
	bool has_calendar;	  /* one is: clocks of tasks run in its hours */
	struct level levels[RULESET_MAX_LEVELS];
	struct enum_def level_words; /* names of levels, ordered */
	unsigned level_count;	     /* with healthy */
	struct attribute *attributes;
	unsigned attribute_count; /* with the reserved ones */
	struct signal *signals;
	unsigned signal_count;
	struct item_def *items;
	unsigned item_count;
	struct members_def members;
	struct signal_model *models; /* in the order of the file */
	unsigned model_count;
	struct rule *rules;
	unsigned rule_count;
	struct action *actions;
	unsigned action_count;
	struct task_def *tasks;
	unsigned task_count;
	struct team *teams;
	unsigned team_count;
	struct tag_rule *tags;
	unsigned tag_count;
	struct stage *stages;
	struct enum_def stage_words; /* names of stages */
	unsigned stage_count;
	const struct expr *only;   /* NULL: all customers */
	const struct expr *value;  /* what is at stake; NULL: unknown */
	struct outside_expr *asks; /* in order */
	unsigned ask_count;
	bool first_run_alerts;	  /* first_run: alert */
	int64_t default_cooldown; /* defaults: */
	int default_min_events;
	int64_t min_volume; /* a feed whose median is below it is not judged */
	int64_t max_alerts; /* of one rule in an hour */
	int64_t horizon; /* ms: so long after an alert a churn proves it right; of a silence whole days */
	struct churn_def churn;
	/* Derived by ruleset_finish(): */
	struct map type_index; /* event type -> index into uses */
	struct type_use *uses;
	unsigned use_count;
	bool has_floors; /* some rule has `level` */
	bool reads_rise; /* some expression reads risk_rise(): the risk's history is kept */
	unsigned owner_count; /* actions that give the customer an owner */
	bool balances;	      /* some least_loaded(): who has how much to do is counted */
	bool closes_tasks;    /* some task has close_when or exit */
	struct watching { /* what tags, stages and close_when read, together, as a rule's fields */
		uint64_t reads;
		uint32_t reads_items;
		uint64_t fed_by; /* while one of their feeds is suspect they hold, together */
		bool coarse;
		bool follows; /* what rules said or made: risk(), firing(), level(), stage() ... */
		bool owner;	  /* profile.owner */
		bool reads_stage; /* a tag or stage does: the stage of before */
	} watching;
	uint64_t only_reads; /* as rule.reads; all ones when it reads time */
	uint32_t only_reads_items;
	struct after_pair {
		unsigned a, b; /* signals */
		uint32_t key;  /* of both signals' keys */
	} * afters;	       /* every after(a, b) that some expression reads */
	unsigned after_count;
	bool has_edges; /* some expression reads a clock: hour(), is_workday() */
	unsigned memo_count, range_count; /* of lang/share.h; 0: nothing is shared */
};

/* What one event type feeds. Rules are listed once, in file order. */
struct type_use {
	struct str type;
	uint64_t signals;	/* bit s: feeds signal s (before its `where`) */
	uint32_t opens, closes; /* bit i: an item of list i */
	uint16_t *rules;	/* state rules to look at, and event rules of this type */
	unsigned rule_count;
	bool looks_only;     /* `only` reads one of the signals */
	bool looks_watching; /* a tag, stage or close_when does */
};

/* Allocates an empty rule set with defaults (UTC, healthy level, cooldown 14 d, min_events 20). */
struct ruleset *ruleset_create(void);
void ruleset_destroy(struct ruleset *rules);
/* After the maker has filled it in: computes what is marked derived, reaches of signals and rules, and
 * keys. Asserts what the maker had to check. */
void ruleset_finish(struct ruleset *rules, struct hash_seed seed);
/* For ruleset_finish(): the instants of a holiday's date rule. */
void dates_lay_out(struct ruleset *rules, struct date_plan *plan);
const struct type_use *ruleset_use(const struct ruleset *rules, struct str type); /* or NULL */
int ruleset_level(const struct ruleset *rules, struct str name); /* slot or -1 */
int ruleset_tag(const struct ruleset *rules, struct str name);	 /* by rule */
int ruleset_stage(const struct ruleset *rules, struct str name);
struct str ruleset_stage_name(const struct ruleset *rules,
			      unsigned stage); /* slot and 1; 0: "" */
/* Some model of the signal is for all customers. */
bool ruleset_is_modelled(const struct ruleset *rules, unsigned signal);
int ruleset_rule(const struct ruleset *rules, struct str name);
int ruleset_attribute(const struct ruleset *rules, struct str name);
/* Finds state again after an edit: the first 4 bytes of SHA-256, for rule, task and signal keys. */
uint32_t ruleset_key(struct str text);
uint32_t ruleset_attribute_key(const struct attribute *attribute); /* of its name and type */
/* Slot of the list of items; -1. */
int ruleset_items(const struct ruleset *rules, uint32_t key);
/* What defines a signal, in one text that no rewording of its file changes: its key is made of it. */
void ruleset_signal_text(struct buf *out, const struct signal *signal);

#endif
