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

/* Of --churned: the type of an event; else it is a condition. */
bool past_is_type(struct str churned);
/* The slot of the signal of that name. false: it has complained. */
bool past_find_signal(const struct ruleset *rules, const char *name, unsigned *slot) MUST_CHECK;
/* How many signals the rule files define; *slot is of the last of them. */
unsigned past_count_signals(const struct ruleset *rules, unsigned *slot);
/* Says that neither options nor rule files say what a churn is; false. */
bool past_lacks_churn(void);

#endif
