/* SPDX-License-Identifier: Apache-2.0 */
/* The mathematics of a customer's own rhythm: gaps between active days, and models of who comes back. */
#ifndef ENGINE_RHYTHM_H
#define ENGINE_RHYTHM_H

#include <stdint.h>

/* Gaps between active days within the last GAPS_DAYS, in days, in the order of time. */
#define GAPS_DAYS 400
#define GAPS_LEAST 3 /* below it nothing is said about a rhythm */

struct gaps {
	unsigned count;
	uint16_t gap[GAPS_DAYS];
};

/* All in days; of at least one gap, gaps_sd of two. */
double gaps_mean(const struct gaps *gaps);
double gaps_sd(const struct gaps *gaps); /* of a sample: n - 1 */
double gaps_max(const struct gaps *gaps);
/* 0 <= q <= 1; linear between order statistics: type 7 of Hyndman and Fan 1996. */
double gaps_quantile(const struct gaps *gaps, double q);
/* e = w g + (1 - w) e, from the first gap on (Roberts 1959). */
double gaps_ewma(const struct gaps *gaps, double w);

/* Buying while alive with a gamma mixed rate (shape r, rate alpha, in days), leaving after an active day with
 * a beta mixed chance (a, b).
 *   bg_nbd   leaves only after a repeated one: Fader, Hardie, Lee 2005
 *   mbg_nbd  may leave after the first, too: Batislam, Denizel, Filiztekin 2007 */
enum rhythm_kind { RHYTHM_BG_NBD, RHYTHM_MBG_NBD };

struct rhythm_model {
	enum rhythm_kind kind;
	double r, alpha, a, b; /* above 0 */
};

struct rhythm {
	double x;  /* active days less one, >= 0 */
	double tx; /* from the first to the last of them, days, >= 0 */
};

/* At t days after the first active day began, t >= tx: the chance that the customer has not left:
 * 1 / (1 + k ((alpha+t)/(alpha+tx))^(r+x)), k = a/(b+x), or a/(b+x-1) and 0 for x = 0. */
double rhythm_alive(const struct rhythm_model *model, struct rhythm rhythm, double t);
/* That nothing comes within the next `more` days (>= 0):
 * 1 - alive (1 - ((alpha+t)/(alpha+t+more))^(r+x)). */
double rhythm_silent(const struct rhythm_model *model, struct rhythm rhythm, double t,
		     double more);
/* That the present silence reaches `length` days: the same up to max(t, tx + length). 1 once it has. */
double rhythm_gap(const struct rhythm_model *model, struct rhythm rhythm, double t,
		  double length);

/* Their inverses: t at which rhythm_alive falls to p, at which rhythm_gap rises to p; NAN: never, or before
 * tx. Rounded as floating point is: for a first guess. */
double rhythm_alive_at(const struct rhythm_model *model, struct rhythm rhythm, double p);
double rhythm_gap_at(const struct rhythm_model *model, struct rhythm rhythm, double length,
		     double p);

#endif
