/* SPDX-License-Identifier: Apache-2.0 */
/* The table of functions: adding one is adding a row here and a case where it is computed. */
#ifndef LANG_BUILTIN_H
#define LANG_BUILTIN_H

#include "lang/value.h"

enum builtin_op {
	/* computed by the engine (they read a customer) */
	FN_COUNT,
	FN_SUM,
	FN_MAX,
	FN_MIN,
	FN_AVG,
	FN_DAYS,
	FN_OBSERVED,
	FN_RATE,
	FN_RATIO,
	FN_CHANGE,
	FN_P_DROP,
	FN_P_RISE,
	FN_TREND,
	FN_EWMA,
	FN_CUSUM_DROP,
	FN_CUSUM_RISE,
	FN_TYPICAL_GAP,
	FN_GAP_MEAN,
	FN_GAP_SD,
	FN_GAP_MAX,
	FN_GAP_QUANTILE,
	FN_GAP_EWMA,
	FN_P_SILENT,
	FN_P_GAP,
	FN_P_ALIVE,
	FN_SINCE,
	FN_SILENT,
	FN_SEEN,
	FN_AFTER,
	FN_AGE,
	FN_OPEN,
	FN_OLDEST,
	FN_UNTIL_DUE,
	FN_USERS,
	FN_SHARE_OF_TOP,
	FN_LAST,
	FN_UNTIL,
	FN_HOUR,
	FN_WEEKDAY,
	FN_MONTH,
	FN_NOW,
	FN_IS_WORKDAY,
	FN_HOLIDAY,
	FN_WORKDAYS,
	FN_RISK,
	FN_LEVEL,
	FN_TAG,
	FN_RISK_RISE,
	FN_STAGE,
	FN_STAGE_AGE,
	FN_FIRING,
	FN_FIRED_WITHIN,
	/* computed by the language */
	FN_CONTAINS,
	FN_ABS,
	FN_EXP,
	FN_LOG,
	FN_LOGISTIC,
	FN_LEAST,
	FN_MOST,
	FN_OPS
};

#define FN_FIRST_PURE FN_CONTAINS
#define FN_MAX_ARGS 4

enum builtin_flag {
	FN_GROWS = 1,	     /* as time passes with no event, grows by 1 ms a ms */
	FN_STEPS = 2,	     /* monotone in time, but not linear */
	FN_WINDOW = 4,	     /* reads a range: changes at a day's (or hour's) close */
	FN_SCORES = 8,	     /* level(), tag(): looked at again when one of them moved */
	FN_ONE_SIGNAL = 16,  /* reads the moment of a signal's last event */
	FN_DAYS_ONLY = 32,   /* takes no range of hours */
	FN_NEEDS_SUM = 64,   /* its signal must have sum: */
	FN_NEEDS_LAST = 128, /* its signal must have last: */
	/* Stands still between edges that are known ahead: answers as of env->now and lowers env->next to
	 * its next edge by itself, so that no comparison has to look for it. */
	FN_EDGES = 256,
	/* Reads a signal's active days only, at most GAP_REACH_DAYS back: a further event on a day that had
	 * one changes nothing. */
	FN_ACTIVE_DAYS = 512,
	FN_MODEL = 1024, /* by a model of `models:` */
	FN_CLOSED_DAYS =
		2048,	   /* reads closed days of its signal only: changes at a day's close */
	FN_FOLLOWS = 4096, /* risk(), firing(): what the rules above say in this step */
	/* Its first argument names a rule; the call's slot is that rule's. */
	FN_NAMES_RULE = 8192,
	FN_ITEMS = 1 << 16,	    /* reads the items of a list */
	FN_MEMBERS = 1 << 17,	    /* reads the people inside a customer */
	FN_NONE_IS_FALSE = 1 << 18, /* where it is unknown, a comparison with it is false */
};

/* Days that functions of a signal (not of a range) look back. */
#define GAP_REACH_DAYS 400
#define CUSUM_REACH_DAYS 182 /* half of it is the baseline */
#define EWMA_HALF_LIVES 10   /* at most GAP_REACH_DAYS */

/* What a constant must keep to; complaints spell it out. */
enum bound {
	BOUND_NONE,
	BOUND_DROP,   /* 0 < rho < 1 */
	BOUND_RISE,   /* rho > 1 */
	BOUND_SHARE,  /* 0 <= q <= 1 */
	BOUND_WEIGHT, /* 0 < w <= 1 */
	BOUND_SPAN    /* half_life > 0s */
};

struct param {
	const char *name; /* for `name=`; NULL: by position only */
	enum type type;	  /* TYPE_NUM takes int and prob */
	bool optional;
	bool named_only; /* min_events= */
	bool whole_days; /* a duration of whole days, 1 to RANGE_MAX_DAYS */
	bool literal;	 /* must be a constant, so that it is known when the file is loaded */
	bool condition; /* an expression over item.*, written in quotes; evaluated by the function */
	enum bound bound; /* of a literal */
};

struct builtin {
	const char *name;
	enum builtin_op op;
	enum type
		result; /* FN_LAST, FN_LEAST...: TYPE_NUM; FN_LEVEL: TYPE_ENUM over scope->levels */
	const struct enum_def
		*words; /* TYPE_ENUM: of its own, where they do not depend on the file */
	unsigned flags;
	unsigned param_count;
	struct param params[FN_MAX_ARGS];
	bool variadic;	     /* least, most: one or more of the last parameter */
	const char *en, *zh; /* one line each for the reference */
};

extern const struct enum_def builtin_weekdays; /* mon first */
/* Whether argument i is a condition: evaluated once an item, and not with the other arguments. */
static inline bool
builtin_is_condition(const struct builtin *fn, unsigned i)
{
	return fn && !fn->variadic && i < FN_MAX_ARGS && fn->params[i].condition;
}

const struct builtin *builtin_find(struct str name);
const struct builtin *builtin_at(unsigned index); /* NULL past the end */
/* Days that an EWMA of that half-life (ms) looks back. */
int builtin_ewma_days(int64_t half_life);
/* How it is called: "ratio(range, range, min_events=num)". */
void builtin_signature(struct buf *out, const struct builtin *fn);

#endif
