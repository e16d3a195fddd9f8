/* SPDX-License-Identifier: Apache-2.0 */
/* What makes a warning right: by a silence that follows, or by a churn that is told. Pure arithmetic. */
#ifndef ENGINE_TRUTH_H
#define ENGINE_TRUTH_H

#include <stdbool.h>
#include <stdint.h>

/* Instants are ms, days are local days of the rule file's zone (zone_day()), both INT64_MAX when there is none. */
#define TRUTH_NONE INT64_MAX

enum verdict {
	VERDICT_HIT,	   /* it came true, and the warning came before */
	VERDICT_FALSE,	   /* it did not come true */
	VERDICT_LATE,	   /* it had come true already */
	VERDICT_UNRESOLVED /* the data end before it is known */
};
#define VERDICTS 4
const char *truth_name(enum verdict verdict); /* "hit" "false" "late" "unresolved" */

struct judgement {
	enum verdict verdict;
	double lead_days; /* VERDICT_HIT: from the warning to the churn, above 0; else 0 */
};

/* ---- by silence ----
 * A customer's days of activity, each once, cut its life into silences: one begins with each of them (once it has
 * so many active days as are asked for) and ends with the next. It is a churn when it lasts longer than the
 * horizon, which is known once the data reach the day last + horizon. The first warning of a silence counts; those
 * after it are said again, and not judged. */
struct silence {
	int64_t last; /* the day it begins with */
	int64_t next; /* the next day of activity; TRUTH_NONE: not in the data */
};

enum silence_outcome {
	SILENCE_CHURN, /* longer than the horizon */
	SILENCE_BACK,  /* back on last + horizon or before */
	SILENCE_OPEN   /* the data end first */
};

/* horizon: days, at least 1; end: the day of the last row of all the data. */
enum silence_outcome truth_silence_outcome(struct silence silence, int64_t horizon,
					   int64_t end);
/* The warning of the day `warned` (last <= warned), the first of its silence: a hit on the days before
 * last + horizon, with the days until then as its lead; late from then on. */
struct judgement truth_by_silence(struct silence silence, int64_t horizon, int64_t end,
				  int64_t warned);

/* ---- by what is told: an event, or a condition that becomes true ----
 * Each warning is judged: a hit when the first churn after it comes within the horizon. Instants and horizon in ms;
 * end: of the last row of all the data. */
struct judgement truth_by_churn(int64_t warned_at, int64_t churned_at, int64_t horizon,
				int64_t end);
/* Whether a churn at churned_at was foreseen: the last warning before it (TRUTH_NONE: none was) was raised within the
 * horizon before it, or is still on. */
bool truth_foreseen(int64_t churned_at, int64_t warned_at, bool still_on, int64_t horizon);

/* ---- figures; NAN: nothing to divide ---- */
double truth_precision(int64_t hits, int64_t alarms_false);
double truth_recall(int64_t caught, int64_t churns);
double truth_f1(double precision,
		double recall); /* harmonic mean (van Rijsbergen 1979); 0 of 0 and 0 */

#endif
