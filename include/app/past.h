/* SPDX-License-Identifier: Apache-2.0 */
/* Words that the commands about a past share: days, horizons, signals, what a churn is. */
#ifndef APP_PAST_H
#define APP_PAST_H

#include "app/command.h"
#include "engine/ruleset.h"

/* Of each: text NULL: *out stays as it is. false: it has complained. */
bool past_read_day(const char *option, const char *text, int64_t *out) MUST_CHECK;
/* Whole days from 1 to most: "91d", "13w", "91". */
bool past_read_days(const char *option, const char *text, int64_t most,
		    int64_t *out) MUST_CHECK;
bool past_read_count(const char *option, const char *text, int64_t least, int64_t most,
		     int64_t *out) MUST_CHECK;

#define PAST_ANY_SIGNAL UINT32_MAX

/* What the options say of it; NULL and 0: nothing. */
struct past_words {
	const char *signal;	   /* its silence is churn */
	const char *churned;	   /* an event type or a condition */
	int64_t horizon, min_days; /* days */
};

/* What counts as churn in a past. */
struct past_churn {
	bool by_silence;
	unsigned
		signal; /* slot, whose activity counts; PAST_ANY_SIGNAL: any event is activity */
	const struct str *types; /* of events that are one; borrowed; none: `when` */
	unsigned type_count;
	const struct expr *when; /* the condition that is one; NULL: none */
	int64_t horizon;	 /* days; 0: nobody said */
	int64_t min_days;	 /* active days of those who are looked at, at least 1 */
	struct str by;		 /* the type or the condition, as it was written; borrowed */
	struct str named[1];	 /* the type of the option: `types` may point here */
};

/* By the options, else by the rule files' `churn`, else a silence of their only signal. A condition of --churned is the
 * caller's to compile and to put into `when`. false: it has complained. */
bool past_find_churn(const struct ruleset *rules, const struct past_words *words,
		     struct past_churn *out) MUST_CHECK;
/* Of --churned: the type of an event; else it is a condition. */
bool past_is_type(struct str churned);
/* The slot of the signal of that name. false: it has complained. */
bool past_find_signal(const struct ruleset *rules, const char *name, unsigned *slot) MUST_CHECK;
/* How many signals the rule files define; *slot is of the last of them. */
unsigned past_count_signals(const struct ruleset *rules, unsigned *slot);

/* A value as a number: durations in days, as everywhere that people read them; NAN: unknown. */
double past_number(struct value value);

#endif
