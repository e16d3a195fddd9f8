/* SPDX-License-Identifier: Apache-2.0 */
/* Fits the models of rhythm.h to customers by maximum likelihood. */
#ifndef ENGINE_FIT_NBD_H
#define ENGINE_FIT_NBD_H

#include <stddef.h>

#include "base/err.h"
#include "engine/rhythm.h"

/* Customers who did the same, in whole days. */
struct fit_cell {
	uint32_t x; /* active days less one */
	uint32_t tx,
		t; /* from the first active day to the last one, and to the last day looked at; tx <= t */
	uint32_t count; /* of them */
};

/* Customers to fit a model to. {0}: none. */
struct fit_data {
	struct fit_cell *cells; /* owned; once merged by x, tx, t, each once */
	size_t count, cap;
	uint64_t customers, repeaters, repeats; /* those of x > 0; the sum of x */
	uint32_t longest;			/* largest t */
	double *logs;				/* owned scratch: of alpha + day */
};
void fit_data_add(struct fit_data *data, struct fit_cell cell);
void fit_data_add_all(struct fit_data *data, const struct fit_data *from);
/* Sorts, and makes one of equal cells; to be called before the functions below. */
void fit_data_merge(struct fit_data *data);
void fit_data_finish(struct fit_data *data);

/* Log-likelihood of the histories, the density of their active days per day:
 *   log G(r+x) - log G(r) + r log alpha - (r+x) log(alpha+t) + log B(a,b+n) - log B(a,b) + log(1 + odds)
 * with the odds of having left that rhythm_alive() has, n = x chances to leave that were not taken (bg_nbd: Fader, Hardie,
 * Lee 2005, formula 6) or x + 1 (mbg_nbd: Batislam, Denizel, Filiztekin 2007). Per `unit` days instead of one it
 * is larger by repeats * log(unit): published figures are per week. */
double fit_likelihood(struct fit_data *data, const struct rhythm_model *model);

enum fit_parameter { FIT_R, FIT_ALPHA, FIT_A, FIT_B, FIT_PARAMETERS };
double *fit_parameter(struct rhythm_model *model, enum fit_parameter parameter);
const char *fit_parameter_name(enum fit_parameter parameter); /* "alpha" */

/* Below these there is nothing to fit. */
#define FIT_LEAST_CUSTOMERS 30
#define FIT_LEAST_REPEATERS 10
/* r, a, b are looked for within 1/FIT_BOUND..FIT_BOUND, alpha within the same times the mean time between
 * active days: beyond the upper ones the model says the same. */
#define FIT_BOUND 1000.0

struct fit_result {
	struct rhythm_model model;
	double likelihood;	       /* per day */
	double errors[FIT_PARAMETERS]; /* standard errors, by the curvature at the maximum */
	bool has_errors;	       /* false: it is no maximum there, or too flat */
	unsigned high, low;	       /* bit p: parameter p ended at its upper, lower bound */
	unsigned spent;		       /* likelihoods computed */
	bool found;		       /* false: the search was cut short */
};

/* For those who wait: `share` 0..1 of the search is behind. NULL: nobody does. */
struct fit_watch {
	void *ctx;
	void (*progress)(void *ctx, double share);
};

/* false: it cannot be fitted, and a sentence that says why and what to do. */
bool fit_nbd(struct fit_data *data, enum rhythm_kind kind, const struct fit_watch *watch,
	     struct fit_result *out, struct err *err) MUST_CHECK;

/* The greatest log-likelihood of a kind to 0.5 or so, for comparisons, in a fraction of the time; -INFINITY: it cannot be
 * fitted. */
double fit_compare(struct fit_data *data, enum rhythm_kind kind);

/* The parameters to as few digits, at least 4, as cost less than 1e-3 of log-likelihood. Returns how many. */
int fit_round(struct fit_data *data, const struct rhythm_model *model,
	      struct rhythm_model *rounded);

#endif
