/* SPDX-License-Identifier: Apache-2.0 */
/* Logistic regression with a ridge: what weighs how much in whether something happens. Pure arithmetic. */
#ifndef ENGINE_FIT_LOGISTIC_H
#define ENGINE_FIT_LOGISTIC_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define FIT_LOGISTIC_COLUMNS 64
#define FIT_LOGISTIC_FOLDS 5

/* Rows with a known outcome: P(happened) = 1 / (1 + exp(-(intercept + sum of weight * x))). */
struct fit_logistic_rows {
	const double
		*x; /* borrowed: `columns` numbers a row, finite; best of mean 0, deviation 1 */
	const bool *happened; /* borrowed */
	const uint8_t *fold;  /* borrowed: 0 .. FIT_LOGISTIC_FOLDS - 1 */
	size_t count;
	unsigned columns; /* 0 .. FIT_LOGISTIC_COLUMNS */
};

struct fit_logistic {
	double intercept;
	double weight[FIT_LOGISTIC_COLUMNS];
	double steepness; /* the largest slope, in a row's share, that is left: 0 at the optimum */
	unsigned rounds;
};

/* The mean and the deviation (of a sample) of what is known (not NAN) of each column; both 0 where nothing is.
 * Then x becomes (x - mean) / deviation, 0 where it is unknown or never differs. */
void fit_logistic_measure(const double *x, size_t count, unsigned columns, double *mean,
			  double *deviation);
void fit_logistic_scale(double *x, size_t count, unsigned columns, const double *mean,
			const double *deviation);

/* Finds the most of  log-likelihood / rows - lambda / 2 * sum of weight^2  (the ridge of Hoerl and Kennard 1970 in a
 * logistic model: le Cessie and van Houwelingen 1992; the intercept is free) by Newton's steps, halved while they lead
 * down, from where *fit stands. lambda > 0, so that there is exactly one even where the outcomes can be told apart
 * without fault. Leaves out the rows of one fold; -1: none. false: all rows have one outcome, or it found no end. */
bool fit_logistic_solve(const struct fit_logistic_rows *rows, int without, double lambda,
			struct fit_logistic *fit, struct err *err) MUST_CHECK;

/* intercept + sum of weight * x */
double fit_logistic_of(const struct fit_logistic *fit, const double *x, unsigned columns);
/* ln P of an outcome, for such a sum. */
double fit_logistic_log(double sum, bool happened);

/* The chance that of two rows of one group, of which it happened in one, that one has the higher score (Hanley and
 * McNeil 1982), over all such pairs of all groups; equal scores count half. NAN: there is no pair. Sorts the rows. */
struct fit_logistic_scored {
	double score;
	uint32_t group;
	bool happened;
};
double fit_logistic_auc(struct fit_logistic_scored *rows, size_t count);

#endif
