/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the reports of a backtest: one content, which a terminal and a page write each in its way. */
#ifndef APP_REPORT_H
#define APP_REPORT_H

#include "app/backtest.h"
#include "app/ctl.h"

#define REPORT_COLUMNS CTL_TABLE_COLUMNS
#define REPORT_FACTS 4

enum report_tone { REPORT_PLAIN, REPORT_GOOD, REPORT_FAIR, REPORT_BAD, REPORT_MUTED };

struct report_table {
	struct str caption;
	const char *heads[REPORT_COLUMNS];
	unsigned columns;
	uint32_t right;	   /* bit c: column c is aligned to the right */
	struct str *cells; /* owned, row by row; their text is the report's arena's */
	size_t count, cap;
};

/* Of one rule, level or all of them: should it be switched on? */
struct report_answer {
	enum report_tone tone;
	struct str verdict, name, sentence;
	struct {
		struct str value, label;
	} facts[REPORT_FACTS]; /* no value: there is none */
};

struct report_plot {
	const char *kind; /* as backtest.js knows it */
	struct str title;
	struct str summary; /* what it shows, for who does not see it */
};

struct report;
/* How it is written down; texts come as they are, the pen cleans and escapes them. */
struct report_pen {
	void (*heading)(struct report *report, struct str text);
	void (*line)(struct report *report, enum report_tone tone, struct str text);
	void (*answers)(struct report *report, bool begin); /* around them; may be NULL */
	void (*answer)(struct report *report, const struct report_answer *answer);
	void (*table)(struct report *report, const struct report_table *table);
	void (*plot)(struct report *report, const struct report_plot *plot); /* may be NULL */
	unsigned moves; /* of what appears and vanishes so many are shown */
	unsigned rows;	/* so many of a list that only illustrates */
};

struct report {
	const struct report_pen *pen;
	const json_t *doc; /* borrowed */
	bool zh;
	struct arena arena;
	struct buf *out; /* borrowed; of a page */
};

/* --- report_text.c: figures and names in words --- */

/* A share as "92%", "3.7%" or "99.8%"; "-" for none. */
struct str report_share(struct report *report, const json_t *value);
/* Of {"value":x,"low":x,"high":x}: "92% (88-95)". */
struct str report_interval(struct report *report, const json_t *share);
/* Of {"q1":x,"median":x,"q3":x}: "14 (8-20)". */
struct str report_lead(struct report *report, const json_t *lead);
/* Three significant digits, two below 1, "-" for none. */
struct str report_number(struct report *report, const json_t *value);
struct str report_digits(struct report *report, int64_t number); /* "1,234" */
struct str report_count(struct report *report, const json_t *object, const char *key);
/* What a line is of, in words: "broken", "level at_risk", "any rule". */
struct str report_name(struct report *report, const json_t *line);
/* The name of the period that is judged: the last one's. */
const char *report_judged(const struct report *report);
/* A member that is text in one language or {"en":..,"zh":..}. */
const char *report_words(const struct report *report, const json_t *value);

void report_head(struct report_table *table, const char *head, bool right);
void report_cell(struct report_table *table, struct str text);
void report_table_write(struct report *report, struct report_table *table); /* and ends it */

/* --- report_answer.c: what it means --- */

void report_write_answers(struct report *report);

/* --- report_subject.c: what was judged, what was expected --- */

void report_write_expectations(struct report *report);
void report_write_cautions(struct report *report);
void report_write_subject(struct report *report); /* what was judged */
void report_write_sources(struct report *report); /* on which data, by which rules */

/* --- report_lines.c: the figures --- */

void report_write_lines(struct report *report);

/* --- report_against.c: two sides --- */

void report_write_comparison(struct report *report); /* in sentences; nothing for one side */
void report_write_moves(struct report *report);

/* --- report_risk.c: how well the risk ranks --- */

void report_write_rankings(struct report *report);
void report_write_calibration(struct report *report);
void report_write_curve(struct report *report);
void report_write_overlap(struct report *report);

/* --- report_plots.c: what plots show --- */

void report_write_plots(struct report *report); /* of lead and of weeks */

#endif
