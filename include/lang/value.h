/* SPDX-License-Identifier: Apache-2.0 */
/* Values of the rule language: every one may be unknown. */
#ifndef LANG_VALUE_H
#define LANG_VALUE_H

#include <assert.h>
#include <math.h>

#include "base/civil.h"
#include "base/text.h"

enum type {
	TYPE_BOOL,
	TYPE_INT,
	TYPE_NUM,
	TYPE_PROB,     /* a num within 0..1 */
	TYPE_DURATION, /* ms in .i */
	TYPE_TIME,     /* an instant, ms in .i */
	TYPE_DATE,     /* a local calendar day, days since 1970-01-01 in .i */
	TYPE_STRING,
	TYPE_ENUM,     /* index into its enum_def in .i */
	TYPE_LIST,     /* only as a constant on the right of `in` */
	TYPE_RANGE,    /* only as an argument */
	TYPE_SIGNAL,   /* only as an argument */
	TYPE_ITEMS,    /* only as an argument: a list of items */
	TYPE_TEXT_ANY, /* event.x: text that takes the type its use asks for */
	TYPE_COUNT
};

const char *type_name(enum type type, bool zh);

/* The closed set of words an attribute, level() or stage() may take. */
struct enum_def {
	struct str name;
	const struct str *words; /* borrowed from the rule set's arena */
	unsigned count;
	bool ordered; /* levels: < and >= are allowed */
};

/* A range such as usage[28d offset 7d]; meanings in rules.md, "Ranges and functions". */
#define RANGE_MAX_DAYS 400 /* length + offset */
#define RANGE_MAX_HOURS 72

struct range {
	unsigned signal; /* slot */
	bool hours;	 /* UTC hours, always live; else local days */
	bool live;
	int length;	 /* days or hours, 1.. */
	int offset;	 /* days, 0.. */
	unsigned number; /* equal ranges of a rule set share one; 0: none (lang/share.h) */
};

struct value {
	enum type type;
	bool known;
	const struct enum_def *words; /* TYPE_ENUM only */
	union {
		bool b;
		int64_t i;
		double n;
		struct str s; /* borrowed: from the rule set, the customer or the event */
		const struct range *range;
		unsigned signal;
	} u;
};

/* Makers and readers stand here because the evaluator lives on them. */
static inline struct value
value_unknown(enum type type)
{
	return (struct value){.type = type};
}

static inline struct value
value_bool(bool b)
{
	return (struct value){.type = TYPE_BOOL, .known = true, .u.b = b};
}

static inline struct value
value_int(int64_t i)
{
	return (struct value){.type = TYPE_INT, .known = true, .u.i = i};
}

static inline struct value
value_duration(int64_t ms)
{
	return (struct value){.type = TYPE_DURATION, .known = true, .u.i = ms};
}

static inline struct value
value_time(int64_t at)
{
	return (struct value){.type = TYPE_TIME, .known = true, .u.i = at};
}

static inline struct value
value_date(int64_t day)
{
	return (struct value){.type = TYPE_DATE, .known = true, .u.i = day};
}

static inline struct value
value_num(double n) /* not finite: unknown */
{
	return (struct value){.type = TYPE_NUM, .known = isfinite(n), .u.n = n};
}

static inline struct value
value_prob(double p) /* not finite: unknown */
{
	return (struct value){.type = TYPE_PROB, .known = isfinite(p), .u.n = p};
}

static inline struct value
value_string(struct str s)
{
	return (struct value){.type = TYPE_STRING, .known = true, .u.s = s};
}

static inline struct value
value_enum(const struct enum_def *words, unsigned index)
{
	assert(index < words->count);
	return (struct value){.type = TYPE_ENUM, .known = true, .words = words, .u.i = index};
}

/* The number of an int, num or prob; for durations its seconds. Undefined for other types. */
static inline double
value_as_number(struct value v)
{
	if (v.type == TYPE_INT)
		return (double)v.u.i;
	if (v.type == TYPE_DURATION)
		return (double)v.u.i / (double)SECOND_MS;
	return v.u.n;
}

static inline bool
value_is_true(struct value v) /* known and true */
{
	assert(v.type == TYPE_BOOL || !v.known);
	return v.known && v.u.b;
}

/* As a person reads it: "14 days" / "14 天", 6 significant digits, dates as 2026-11-21, instants as
 * local "2026-11-21 10:00", unknown as "unknown" / "未知". */
void value_print(struct buf *out, struct value v, const struct zone *zone, bool zh);

#endif
