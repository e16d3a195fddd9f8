/* SPDX-License-Identifier: Apache-2.0 */
/* How right rules have been, and what came of tasks: figures of a partition, in the order of the stream. */
#ifndef ENGINE_QUALITY_H
#define ENGINE_QUALITY_H

#include "engine/order.h"

/* A rule's alert is a firing that was announced. It is open until it is judged, once:
 *   by the outcome that a person gives a task which the rule ordered: saved or churned is useful, false_alarm is
 *   false, anything else leaves it open;
 *   by the customer's churn within `horizon` after it: useful.
 * While one is open and its horizon is not over, further alerts of the same rule about the same customer (or item)
 * are repeats: they are judged with it, as one, and its lead counts from the first of them. When the horizon after the
 * last of them is over, to the end of that UTC day, it has lapsed: nothing came of it. A person may still judge it.
 * A churn is an event of type `churned` that is not backfilled, or a profile entry after which `only` is false;
 * within a horizon of the customer's last one it is the same churn. It is missed by each rule that announced nothing
 * of this customer in the horizon before it.
 * By `churn:` of the rules (struct churn_def) there are more, and truth.h judges: of a silence the first alert, a hit,
 * late, or false when the customer comes back; of what an event or a condition tells each alert, a hit or, when it
 * lapses, false. Who was so before the engine could see it come is noted (cold.churned_at) and judges nothing. */

/* It can raise the risk. Others are good news or reminders, and are not judged. */
bool rule_warns(const struct rule *rule);

#define QUALITY_NOISE_LEAST 10 /* judged alerts before a rule is called noisy */
#define QUALITY_CHUNKS 16      /* records: figures by their key modulo this */

enum outcome {
	OUTCOME_SAVED,
	OUTCOME_CHURNED,
	OUTCOME_FALSE_ALARM,
	OUTCOME_NO_ANSWER,
	OUTCOME_OTHER,
	OUTCOMES
};
const char *outcome_name(enum outcome outcome); /* "saved" .. "other" */
int outcome_of(struct str name);		/* enum outcome; -1 */

/* Of what the figures are. */
enum figures_kind { FIGURES_ALL, FIGURES_RULE, FIGURES_TASK };

/* Numbers, recorded by their place: new ones go to the end. */
enum figure {
	FIGURE_ALERTS,	/* rule: firings that were announced */
	FIGURE_REPEATS, /* of these: judged with the one before */
	FIGURE_SAVED,	/* judged useful: the customer was saved */
	FIGURE_LOST,	/* judged useful: the customer churned */
	FIGURE_FALSE,	/* judged false */
	FIGURE_MISSED,	/* churns before which the rule said nothing */
	FIGURE_CREATED, /* task */
	FIGURE_REOPENED,
	FIGURE_CANCELLED,
	FIGURE_BY_ITSELF, /* done by close_when: nobody's judgement */
	FIGURE_DONE,	  /* five: done by people, by enum outcome */
	FIGURE_CHURNS = FIGURE_DONE +
			OUTCOMES, /* all: customers that churned; rule: since it is there */
	FIGURE_FORESEEN,	  /* of these: some rule, or it, had announced something */
	FIGURE_LAPSED, /* rule: as of the last change of its figures; see figures_lapsed() */
	FIGURE_LATE,   /* rule: of a silence that was a churn already */
	FIGURES
};

/* Lead times in whole hours: each of 0..7 h has a bucket, then each octave eight; the last one is open. */
#define LEAD_BUCKETS 104
#define OPEN_DAYS 512 /* more than the longest horizon */

struct figures {
	uint8_t kind;	  /* enum figures_kind */
	uint32_t key;	  /* of the rule, of the task; 0 for all */
	int64_t since_at; /* of the first thing counted; INT64_MAX: none yet */
	uint32_t counts[FIGURES];
	uint32_t leads[LEAD_BUCKETS]; /* rule: of FIGURE_LOST */
	int64_t open_from; /* rule: UTC day; those of before have lapsed or were judged */
	uint32_t open
		[OPEN_DAYS]; /* open alerts by the day of the last announcement, at day % OPEN_DAYS */
};

/* So long an alert may be open, ms: the horizon; by silence until the day is over that ends it, in any zone. */
int64_t quality_open_for(const struct ruleset *rules);
/* What nothing came of was false, where an event or a condition says which customers go. */
bool quality_lapsed_is_false(const struct ruleset *rules);

/* Pure arithmetic. Lead in ms, not negative. */
void figures_add_lead(struct figures *figures, int64_t lead);
/* The lead below which the share q (0..1) of leads lies, by nearest rank, ms; -1 without any. Half an hour from the
 * true one at most under 8 h, above that a sixteenth of it at most. */
int64_t figures_lead(const struct figures *figures, double q);
/* An alert that was announced then is open, is so no more. */
void figures_open(struct figures *figures, int64_t announced_at);
void figures_close(struct figures *figures, int64_t announced_at);
/* Counts what has lapsed by now; before anything else is done with open ones. */
void figures_lapse(struct figures *figures, int64_t now, int64_t horizon);
/* The same for reading: how many have lapsed, how many are open. */
uint32_t figures_lapsed(const struct figures *figures, int64_t now, int64_t horizon);
uint32_t figures_still_open(const struct figures *figures, int64_t now, int64_t horizon);
/* As they are read at `now` under these rules: what has lapsed is counted, as false where that is what it is. */
struct figures figures_as_of(const struct figures *figures, const struct ruleset *rules,
			     int64_t now);
uint32_t figures_useful(const struct figures *figures);
uint32_t figures_judged(const struct figures *figures);
uint32_t figures_done(const struct figures *figures); /* task: by people */
/* Of the judged alerts the useful share; of customers saved or lost the saved share (of a rule, of a task); -1:
 * nothing to divide. */
double figures_precision(const struct figures *figures);
/* Of the churns that a rule could have told of, or of all, the share that it did; -1: there was none. */
double figures_recall(const struct figures *figures);
double figures_save_rate(const struct figures *figures);
/* More than `noise` of at least QUALITY_NOISE_LEAST judged alerts were false. noise < 0: no limit. */
bool figures_are_noisy(const struct figures *figures, double noise);

/* All figures of a partition: at most one of each rule and task in force and one of all. */
struct quality {
	struct figures *list; /* owned, by kind and key */
	size_t count, cap;
	uint16_t dirty; /* bit c: the record of chunk c has to be written */
	struct stream_id
		before; /* dirty: the position before the first change that is not taken */
	/* By chunk: its record held the entries up to it; 0-0: none was loaded. Where Redis tore a commit, some
	 * chunks' records are of it and others are not. */
	struct stream_id applied[QUALITY_CHUNKS];
};

void quality_finish(struct quality *quality);
/* NULL: nothing was counted yet. */
const struct figures *quality_find(const struct quality *quality, enum figures_kind kind,
				   uint32_t key);
/* Makes it when there is none. Valid until the next is made. */
struct figures *quality_make(struct quality *quality, enum figures_kind kind, uint32_t key);
unsigned quality_chunk(uint32_t key);

#endif
