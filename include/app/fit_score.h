/* SPDX-License-Identifier: Apache-2.0 */
/* The rooms of `churnctl fit --score`: what is asked, of whom, what came of it, and the rule file that says so. */
#ifndef APP_FIT_SCORE_H
#define APP_FIT_SCORE_H

#include "app/command.h"
#include "app/feed.h"
#include "app/past.h"
#include "app/rules_open.h"
#include "engine/fit_logistic.h"

bool fit_score_asked(int argc, char **argv); /* --score is among the words */
enum status fit_score_run(const struct ctl *ctl, int argc, char **argv);

/* What the command line says. */
struct score_wish {
	struct option_list rules, events;
	struct past_words churn; /* of the option, the rule files, or the usual */
	const char *list;	 /* of expressions; "default": made from the rule files */
	const char *among; /* a condition: of whom it is asked; NULL: of all who are active */
	const char *name, *out;
	int64_t every; /* days */
	int64_t until; /* the last day of the history that is looked at, local */
	double lambda; /* 0: it is looked for */
};

/* Expressions beside the list: which of the asks holds them. */
enum score_of { SCORE_LIST, SCORE_SILENT, SCORE_CHURNED, SCORE_AMONG, SCORE_ASKS };

/* The rule set, with all that is asked of a customer. */
struct score_terms {
	struct ruleset *rules;	 /* owned by the feed once it is made */
	struct past_churn truth; /* its horizon is at least 1 */
	const struct outside_expr *term[FIT_LOGISTIC_COLUMNS];
	const struct expr *among; /* NULL: all */
	unsigned count;
};

/* A customer at a moment, and what came of it: rows, by moment, then in the order in which customers came. */
struct score_rows {
	double *x;	/* owned: the terms' values, NAN: unknown; durations in days */
	bool *happened; /* owned */
	uint8_t *fold;	/* owned: of the customer, by its id */
	uint32_t *moment, *customer; /* owned */
	size_t count, cap;
	unsigned columns;
	uint64_t one_in; /* of so many customers: a history may be large */
	size_t customers, churns;
	unsigned moments;
	int64_t first_day, last_day; /* local, of the moments */
};

/* --- fit_score_list.c: expressions --- */

/* The signal, the list and the conditions, compiled with the rule files. false: it has complained. */
bool score_terms_open(const struct ctl *ctl, const struct score_wish *wish,
		      struct score_terms *terms) MUST_CHECK;
/* A term as a number of the rule language: durations in days, conditions as 0 or 1. */
void score_term_text(struct buf *out, const struct expr *expr);
/* Whether it may be unknown for somebody. */
bool score_term_may_be_unknown(const struct expr *expr);

/* --- fit_score_rows.c: history --- */

/* Runs the files up to `until` through the engine and asks at each moment. */
enum status score_rows_collect(const struct ctl *ctl, const struct score_wish *wish,
			       const struct score_terms *terms, struct feed *feed,
			       struct score_rows *rows);
void score_rows_finish(struct score_rows *rows);

/* --- fit_score_train.c: weights --- */

struct score_term_figures {
	double mean, deviation; /* as written in the formula; deviation 0: says nothing */
	double unknown;		/* share of the rows */
	double alone;		/* AUC of its value by itself; NAN */
};

/* Per row: log-likelihoods; AUC within the moments. */
struct score_figures {
	struct fit_logistic fit; /* as written: in rounded numbers */
	double lambda;
	bool lambda_found;
	double in_log, out_log,
		base_log; /* of all rows; of customers left out; of the mean alone */
	double in_auc, out_auc;
	double last_auc; /* of the last moment, by what had come of earlier ones then; NAN: none */
	struct score_term_figures term[FIT_LOGISTIC_COLUMNS];
};

/* horizon: days. Scales rows->x on the way. false: a sentence is in err. */
bool score_train(const struct ctl *ctl, const struct score_wish *wish, int64_t horizon,
		 struct score_rows *rows, struct score_figures *figures,
		 struct err *err) MUST_CHECK;

/* --- fit_score_write.c: the rule file --- */

struct score_story {
	const struct score_wish *wish;
	const struct score_terms *terms;
	const struct score_rows *rows;
	const struct score_figures *figures;
	int64_t today; /* UTC day */
	bool zh;       /* the language of its comments */
};
/* A term by its place in the list, and what it weighs. */
struct score_ranked {
	double weight;
	unsigned term;
};
/* false: the formula is larger than an expression may be; in err. */
bool score_write_rules(struct buf *out, const struct score_story *story,
		       struct err *err) MUST_CHECK;
void score_write_json(struct buf *out, const struct score_story *story, struct str rules);

/* --- fit_score_comments.c: what the file says of itself --- */

/* ranked: as many as there are terms. */
void score_write_comments(struct buf *out, const struct score_story *story,
			  const struct score_ranked *ranked);
struct str score_signal(const struct score_story *story); /* whose activity counts */

#endif
