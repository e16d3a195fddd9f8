/* SPDX-License-Identifier: Apache-2.0 */
/* Judges what one line (a rule, a level) said of one customer in a period of the past. Pure. */
#ifndef ENGINE_JUDGE_H
#define ENGINE_JUDGE_H

#include <stddef.h>

#include "engine/truth.h"

#define JUDGE_STARTUP_DAYS 7 /* by silence: what a set says first about everybody is no rate */
#define JUDGE_FLAP_DAYS 7    /* said again so soon after it was over */

/* What counts as churn, and the data it is looked for in. */
struct judge {
	bool by_silence; /* else by churns that are told */
	int64_t horizon; /* days, at least 1 */
	size_t min_days; /* by silence: so many active days before silences are judged, at least 1 */
	int64_t end_at; /* of the last row of all the data */
	/* Local day d begins at starts[d - first_day]; they hold all days of the data and of what is judged, and one more. */
	int64_t first_day;
	const int64_t *starts; /* borrowed */
	size_t start_count;
};
int64_t judge_start(const struct judge *judge, int64_t day); /* the nearest there is */
int64_t judge_day(const struct judge *judge, int64_t at);

/* Local days, both inside. By silence those silences are judged that begin in it or at most
 * JUDGE_STARTUP_DAYS before it, and warnings of it alone. */
struct judge_period {
	int64_t from, to;
};
/* Weeks of seven local days over which alerts are counted; not above 0: none. */
double judge_weeks(const struct judge *judge, struct judge_period period);

struct judge_past {
	const uint16_t *days; /* of activity, rising, each once */
	size_t day_count;
	const int64_t *churns; /* instants, rising; by churn only */
	size_t churn_count;
};
/* By silence: it had min_days active days at the middle of the period. By churn: it was ever active. */
bool judge_watches(const struct judge *judge, struct judge_period period,
		   const struct judge_past *past);
/* What there was to foresee. */
size_t judge_churns(const struct judge *judge, struct judge_period period,
		    const struct judge_past *past);

/* A line began to warn of the customer, or ended. Of a rule that is judged for each item there may be several on. What
 * is raised and over in one ms counts as on until the next turn. */
struct judge_turn {
	int64_t at;
	bool on;
};

struct judge_warning {
	int64_t at;
	int64_t about; /* by silence: the day it began; else the churn that proves it; TRUTH_NONE */
	bool is_counted; /* in the alerts a week: not in the first JUDGE_STARTUP_DAYS by silence */
	bool is_inside; /* by silence: of a silence that counts; else always */
	bool is_judged; /* by silence: the first of a silence that counts; else always */
	bool is_again; /* by silence: not the first; else within the horizon after the one before */
	bool is_flap;		    /* within JUDGE_FLAP_DAYS after it was over */
	struct judgement judgement; /* when is_judged */
};

struct judge_taker {
	void *ctx;
	/* Each warning of the period, in order. */
	void (*warning)(void *ctx, const struct judge_warning *warning);
	/* Each churn of the period that was foreseen: the day its silence began, or its instant. */
	void (*caught)(void *ctx, int64_t about);
};
/* turns: of one line and the customer, all of them, in order. */
void judge_line(const struct judge *judge, struct judge_period period,
		const struct judge_past *past, const struct judge_turn *turns, size_t count,
		const struct judge_taker *taker);

#endif
