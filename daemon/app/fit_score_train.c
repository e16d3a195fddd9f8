/* SPDX-License-Identifier: Apache-2.0 */
/* The weights of a score: how strong the ridge, the fit, and how well it tells customers apart that it did not see. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/fit_score.h"
#include "base/mem.h"

/* Ridges that are tried, strongest first: 10^0, 10^-0.5 ... */
#define RIDGES 11

struct trainer {
	const struct ctl *ctl;
	struct score_rows *rows;
	struct fit_logistic_rows all;
	double *score; /* owned: of each row by a fit that did not see its customer */
	struct fit_logistic_scored *scored; /* owned: room to sort in */
};

/* To four digits, as the formula says it. */
static double
rounded(double number)
{
	char text[40];

	snprintf(text, sizeof text, "%.4g", number);
	return strtod(text, NULL);
}

/* ---- figures ---- */

static double
mean_log(const struct score_rows *rows, const double *score)
{
	double sum = 0;

	for (size_t i = 0; i < rows->count; i++)
		sum += fit_logistic_log(score[i], rows->happened[i]);
	return sum / (double)rows->count;
}

static double
rank(struct trainer *trainer, const double *score, size_t step, size_t from, bool by_moment)
{
	const struct score_rows *rows = trainer->rows;
	size_t count = 0;

	for (size_t i = from; i < rows->count; i++)
		if (!isnan(score[i * step]))
			trainer->scored[count++] = (struct fit_logistic_scored){
				score[i * step], by_moment ? rows->moment[i] : 0,
				rows->happened[i]};
	return fit_logistic_auc(trainer->scored, count);
}

static void
score_all(struct trainer *trainer, const struct fit_logistic *fit, int fold)
{
	const struct score_rows *rows = trainer->rows;

	for (size_t i = 0; i < rows->count; i++)
		if (fold < 0 || rows->fold[i] == fold)
			trainer->score[i] = fit_logistic_of(fit, rows->x + i * rows->columns,
							    rows->columns);
}

/* ---- the ridge ---- */

/* Fits without each fold in turn, from where `fits` stand; the scores are of the customers left out. */
static bool
cross_validate(struct trainer *trainer, double lambda, struct fit_logistic *fits,
	       struct err *err)
{
	for (int fold = 0; fold < FIT_LOGISTIC_FOLDS; fold++) {
		if (!fit_logistic_solve(&trainer->all, fold, lambda, &fits[fold], err))
			return false;
		score_all(trainer, &fits[fold], fold);
	}
	return true;
}

static void
show_progress(const struct trainer *trainer, int done)
{
	if (!trainer->ctl->progress)
		return;
	fprintf(stderr, "\rweights %d of %d%s", done, RIDGES, done == RIDGES ? "\n" : "");
}

/* The one that says most of customers left out. */
static bool
choose_ridge(struct trainer *trainer, double *lambda, struct err *err)
{
	struct fit_logistic fits[FIT_LOGISTIC_FOLDS] = {0};
	double best = -INFINITY;

	for (int i = 0; i < RIDGES; i++) {
		double strength = pow(10, -i / 2.0), log;
		if (!cross_validate(trainer, strength, fits, err))
			return false;
		log = mean_log(trainer->rows, trainer->score);
		if (log > best) {
			best = log;
			*lambda = rounded(strength);
		}
		show_progress(trainer, i + 1);
	}
	return true;
}

/* ---- the terms ---- */

static void
look_at_terms(struct trainer *trainer, struct score_figures *figures)
{
	struct score_rows *rows = trainer->rows;
	double mean[FIT_LOGISTIC_COLUMNS], deviation[FIT_LOGISTIC_COLUMNS];

	fit_logistic_measure(rows->x, rows->count, rows->columns, mean, deviation);
	for (unsigned j = 0; j < rows->columns; j++) {
		struct score_term_figures *term = &figures->term[j];
		size_t unknown = 0;
		for (size_t i = 0; i < rows->count; i++)
			unknown += isnan(rows->x[i * rows->columns + j]) ? 1 : 0;
		term->unknown = (double)unknown / (double)rows->count;
		term->alone = rank(trainer, rows->x + j, rows->columns, 0, true);
		term->mean = mean[j] = rounded(mean[j]);
		term->deviation = deviation[j] = rounded(deviation[j]);
	}
	fit_logistic_scale(rows->x, rows->count, rows->columns, mean, deviation);
}

/* The last moment, by those whose outcome was known by then. */
static bool
judge_last(struct trainer *trainer, int64_t every, int64_t horizon,
	   struct score_figures *figures)
{
	struct score_rows *rows = trainer->rows;
	uint8_t *later = mem_array(rows->count, sizeof *later);
	uint32_t last = rows->moment[rows->count - 1];
	struct fit_logistic_rows known = trainer->all;
	struct fit_logistic fit = {0};
	size_t from = rows->count;

	for (size_t i = 0; i < rows->count; i++)
		later[i] = (last - rows->moment[i]) * every < horizon;
	while (from > 0 && rows->moment[from - 1] == last)
		from--;
	known.fold = later;
	bool good = fit_logistic_solve(&known, 1, figures->lambda, &fit, NULL);
	if (good) {
		score_all(trainer, &fit, -1);
		figures->last_auc = rank(trainer, trainer->score, 1, from, true);
	}
	mem_free(later);
	return good;
}

/* ---- the whole ---- */

static bool
fit_as_written(struct trainer *trainer, struct score_figures *figures, struct err *err)
{
	struct fit_logistic *fit = &figures->fit;

	*fit = (struct fit_logistic){0};
	if (!fit_logistic_solve(&trainer->all, -1, figures->lambda, fit, err))
		return false;
	fit->intercept = rounded(fit->intercept);
	for (unsigned j = 0; j < trainer->all.columns; j++)
		fit->weight[j] = rounded(fit->weight[j]);
	score_all(trainer, fit, -1);
	figures->in_log = mean_log(trainer->rows, trainer->score);
	figures->in_auc = rank(trainer, trainer->score, 1, 0, true);
	return true;
}

static bool
fit_left_out(struct trainer *trainer, struct score_figures *figures, struct err *err)
{
	struct fit_logistic fits[FIT_LOGISTIC_FOLDS] = {0};

	if (!cross_validate(trainer, figures->lambda, fits, err))
		return false;
	figures->out_log = mean_log(trainer->rows, trainer->score);
	figures->out_auc = rank(trainer, trainer->score, 1, 0, true);
	return true;
}

static double
log_of_the_mean(const struct score_rows *rows)
{
	double share = (double)rows->churns / (double)rows->count;

	return share * log(share) + (1 - share) * log1p(-share);
}

static bool
train(struct trainer *trainer, const struct score_wish *wish, int64_t horizon,
      struct score_figures *figures, struct err *err)
{
	look_at_terms(trainer, figures);
	figures->lambda_found = wish->lambda == 0;
	figures->lambda = wish->lambda;
	if (figures->lambda_found && !choose_ridge(trainer, &figures->lambda, err))
		return false;
	figures->base_log = log_of_the_mean(trainer->rows);
	figures->last_auc = (double)NAN;
	if (!fit_left_out(trainer, figures, err))
		return false;
	(void)judge_last(trainer, wish->every, horizon, figures);
	return fit_as_written(trainer, figures, err);
}

bool
score_train(const struct ctl *ctl, const struct score_wish *wish, int64_t horizon,
	    struct score_rows *rows, struct score_figures *figures, struct err *err)
{
	struct trainer trainer = {
		.ctl = ctl,
		.rows = rows,
		.all = {rows->x, rows->happened, rows->fold, rows->count, rows->columns}};

	if (rows->count == 0)
		return err_set(err,
			       "no customer was active early enough: nothing to learn from");
	trainer.score = mem_array(rows->count, sizeof *trainer.score);
	trainer.scored = mem_array(rows->count, sizeof *trainer.scored);
	bool good = train(&trainer, wish, horizon, figures, err);
	mem_free(trainer.score);
	mem_free(trainer.scored);
	return good;
}
