/* SPDX-License-Identifier: Apache-2.0 */
/* Inside `churnctl backtest`: what its files share, and nobody else includes. */
#ifndef APP_BACKTEST_ROOM_H
#define APP_BACKTEST_ROOM_H

#include <jansson.h>

#include "app/backtest.h"
#include "app/feed.h"
#include "app/past.h"
#include "app/rules_open.h"
#include "codec/expectation.h"
#include "engine/bootstrap.h"
#include "engine/turns.h"

/* ---- items in the order in which they came, in pieces that stay where they are (backtest_log.c) ---- */

#define LOG_PIECE 16384

struct backtest_log {
	char **pieces; /* owned */
	size_t piece_count, piece_cap;
	size_t count, size; /* size: bytes of one item */
};
void *backtest_log_add(struct backtest_log *log); /* zeroed */
void *backtest_log_at(const struct backtest_log *log, size_t i);
/* One piece less, which nobody looks at any more. */
void backtest_log_drop(struct backtest_log *log, size_t piece);
void backtest_log_finish(struct backtest_log *log);

/* Items by customer: of customer c those from starts[c] to starts[c + 1], in their order. */
struct backtest_index {
	uint32_t *starts; /* owned */
	uint32_t *items;  /* owned: their numbers in the log; NULL until filled */
};
/* customer_of: BACKTEST_NOBODY: nobody's. */
#define BACKTEST_NOBODY UINT32_MAX
void backtest_index_make(struct backtest_index *index, const struct backtest_log *log,
			 size_t customers, uint32_t (*customer_of)(const void *ctx, size_t i),
			 const void *ctx);
void backtest_index_finish(struct backtest_index *index);

/* ---- the command line ---- */

struct backtest_options {
	struct option_list rules, against, events, expects;
	const char *signal, *horizon, *min_days, *churned;
	const char *from, *until, *train_until;
	const char *split, *rank, *every;
	const char *rounds, *seed, *html;
};

/* ---- what is looked at ---- */

/* Which asks of a rule set are whose. */
enum backtest_ask { ASK_SPLIT, ASK_CHURNED, ASK_RANK, BACKTEST_ASKS };

#define BACKTEST_PERIODS 2
#define BACKTEST_SPLITS 32    /* different values; more are "other" */
#define BACKTEST_RANKED 30000 /* customers ranked at one moment */

/* One row of events with its customer, when the signal counted it on a new day. */
struct active_day {
	uint16_t day;
	uint16_t low, high; /* of the customer's number */
};

struct told_churn {
	int64_t at;
	uint32_t customer;
};

/* A customer at a moment of ranking. */
struct ranked_row {
	uint32_t customer;
	uint16_t moment;
	uint8_t risk;
};

struct backtest;

/* Customers of a period: all of them, or one split of the judged one. */
struct backtest_group {
	unsigned period;
	int split; /* -1: all */
	size_t churns, watched;
	uint32_t *churns_by_lot; /* owned */
};

/* What a line did to a group. */
struct backtest_tally {
	size_t alerts, verdicts[VERDICTS], again, flaps, caught;
	struct lot_counts *lots; /* owned; NULL: nothing yet */
	struct lead *leads;	 /* owned: of hits */
	size_t lead_count, lead_cap;
};

struct backtest_week {
	uint32_t alerts, hits, alarms_false;
};

/* A warning of the judged period, first of what it is about. */
struct backtest_said {
	int64_t at, about; /* as in struct judge_warning */
	uint32_t customer; /* of the first side */
	uint16_t line;
	int8_t verdict; /* enum verdict; -1: not judged */
};

/* One rule set and what it did. */
struct backtest_side {
	struct backtest *all; /* borrowed */
	const struct option_list *files;
	struct feed *feed;	       /* owned */
	bool is_first;		       /* it also says what happened */
	uint8_t ask_of[BACKTEST_ASKS]; /* enum backtest_ask of each of its asks */
	int64_t day, day_from, day_to; /* a local day and its instants, remembered */
	bool begun;		       /* a row was seen */
	bool sampled;		       /* not all customers are ranked */
	int64_t from;		       /* day of the period, or of the first row */
	int64_t next_day, next_stop;   /* day that may be a stop, and its last ms */
	struct backtest_log moves;     /* struct move */
	struct backtest_log rows;      /* struct ranked_row */
	struct backtest_log *scores;   /* owned: double, by ask of ASK_RANK, beside rows */
	unsigned score_count;
	int64_t *stops; /* owned; rising */
	size_t stop_count, stop_cap;
	size_t moments;	      /* of ranking so far */
	int64_t *moment_days; /* owned */
	size_t moment_cap;
	uint32_t *numbers; /* owned: its customers' numbers on the first side; NULL: the same */
	bool *joins;	   /* owned: rules of "any rule" */
	uint8_t thresholds[100];
	struct move_lines lines;
	struct backtest_index by_customer; /* of moves */
	struct backtest_tally *tallies;	   /* owned: by group and line */
	struct backtest_week *weeks;	   /* owned: by line (thresholds without) and week */
	uint32_t *overlap;	  /* owned: by rule and rule: warned by both; by itself */
	struct backtest_log said; /* struct backtest_said: with --against */
};

struct backtest {
	const struct ctl *ctl;
	struct backtest_options options;
	struct arena arena;
	struct backtest_side sides[2];
	unsigned side_count;
	struct past_churn truth;
	bool when_moves; /* its condition does, with time: asked of everybody at the end of each day */
	const struct expr *split;    /* NULL: none */
	struct expectation *expects; /* owned */
	/* Days as asked for; INT64_MIN, INT64_MAX: not. */
	int64_t from, until, train_until;
	int64_t every; /* days between moments of ranking */
	unsigned rounds;
	uint64_t seed;
	/* What happened, by customers of the first side: */
	uint64_t rows;
	int64_t first_at, last_at;  /* ts of rows; INT64_MAX, INT64_MIN: none */
	struct backtest_log days;   /* struct active_day */
	struct backtest_log churns; /* struct told_churn */
	uint16_t *last_days;	    /* owned: by customer: last day that was noted */
	size_t last_cap;
	uint8_t *gone; /* owned: by customer: truth.when was true */
	size_t gone_cap;
	uint8_t *split_of; /* owned: by customer: 1 and its split; 0: not known yet */
	size_t split_cap;
	struct str splits[BACKTEST_SPLITS];
	unsigned split_count;
	/* Afterwards: */
	size_t customers;
	uint32_t *day_starts; /* owned: by customer */
	uint16_t *day_list;   /* owned */
	uint32_t *churn_starts;
	int64_t *churn_list;
	struct judge judge;
	int64_t *starts;			       /* owned: of judge */
	struct judge_period periods[BACKTEST_PERIODS]; /* the last one is judged */
	unsigned period_count;
	struct judge judges[BACKTEST_PERIODS]; /* of each: the same, up to where its data end */
	struct bootstrap bootstrap;
	struct backtest_group groups[BACKTEST_PERIODS + BACKTEST_SPLITS]; /* periods first */
	unsigned group_count;
	int64_t first_week; /* a Monday */
	size_t week_count;
	json_t *warnings; /* owned */
};

/* backtest_options.c: false: it has complained. */
bool backtest_read_options(struct backtest *all) MUST_CHECK;
/* backtest_truth.c: what is to be asked of the first set, and, once it is open, what counts as churn. */
struct str backtest_churned_expr(
	const struct backtest *all); /* STR_NONE: it is an event type, or nothing */
bool backtest_find_truth(struct backtest *all, const struct ruleset *rules) MUST_CHECK;
/* backtest_collect.c */
struct order_sink backtest_sink(struct backtest_side *side);
void backtest_look_on(struct backtest_side *side);
void backtest_watch(struct backtest_side *side);
void backtest_split_rest(struct backtest *all);
/* backtest_past.c: false: it has complained. */
bool backtest_make_past(struct backtest *all) MUST_CHECK;
struct judge_past backtest_past(const struct backtest *all, uint32_t customer);
struct judge_past backtest_past_of(const struct backtest *all, uint32_t customer,
				   unsigned period);
uint32_t backtest_number(const struct backtest_side *side, uint32_t customer);
/* backtest_tally.c */
void backtest_tally(struct backtest *all);
unsigned backtest_shown_lines(const struct backtest_side *side); /* without thresholds */
bool backtest_shows(const struct backtest_side *side, unsigned line);
struct backtest_tally *backtest_tally_of(const struct backtest_side *side, unsigned group,
					 unsigned line);
/* backtest_rank.c: into the side's object: ranking, calibration. */
void backtest_rank(struct backtest *all, struct backtest_side *side, json_t *out);
/* backtest_against.c */
json_t *backtest_against(struct backtest *all);
/* backtest_expect.c: false: it has complained. */
bool backtest_read_expects(struct backtest *all) MUST_CHECK;
/* The answers; *holds: all of them. */
json_t *backtest_expect(const struct backtest *all, const json_t *doc, bool *holds);
/* backtest_json.c */
json_t *backtest_document(struct backtest *all);
json_t *backtest_number_json(double number); /* null when it is none */
json_t *backtest_text_json(struct str text);
void backtest_warn(struct backtest *all, const char *en, const char *zh);
const char *backtest_period_name(const struct backtest *all, unsigned period);
/* backtest_warn.c */
void backtest_warn_all(struct backtest *all);

#endif
