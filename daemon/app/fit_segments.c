/* SPDX-License-Identifier: Apache-2.0 */
/* Fits what was collected: a model for each large segment, and one for all others. */
#include <stdio.h>
#include <stdlib.h>

#include "app/fit.h"

/* ---- progress ---- */

struct progress {
	struct str name;
	int last;
	bool shown;
};

static void
show(void *ctx, double share)
{
	struct progress *progress = ctx;
	int percent = (int)(share * 100);

	if (percent == progress->last)
		return;
	progress->last = percent;
	progress->shown = true;
	fprintf(stderr, "\rfit %.*s %3d %%", STR_ARG(progress->name), percent);
}

/* ---- one segment ---- */

enum rhythm_kind
fit_other_kind(enum rhythm_kind kind)
{
	return kind == RHYTHM_BG_NBD ? RHYTHM_MBG_NBD : RHYTHM_BG_NBD;
}

static bool
fit_one(const struct fit_job *job, struct fit_segment *segment, struct str name,
	struct err *err)
{
	struct progress progress = {.name = name, .last = -1};
	struct fit_watch watch = {&progress, show};

	fit_data_merge(&segment->data);
	segment->fitted = fit_nbd(&segment->data, job->kind, job->ctl->progress ? &watch : NULL,
				  &segment->result, err);
	if (segment->fitted) {
		(void)fit_round(&segment->data, &segment->result.model, &segment->rounded);
		segment->likelihood = fit_likelihood(&segment->data, &segment->rounded);
		segment->other = fit_compare(&segment->data, fit_other_kind(job->kind));
	}
	if (progress.shown)
		fputs("\r\033[K", stderr);
	return segment->fitted;
}

double
fit_share_left(const struct fit_segment *segment)
{
	double left = 0;

	for (size_t i = 0; i < segment->data.count; i++) {
		const struct fit_cell *cell = &segment->data.cells[i];
		struct rhythm rhythm = {cell->x, cell->tx};

		left += cell->count * (1 - rhythm_alive(&segment->rounded, rhythm, cell->t));
	}
	return left / (double)segment->data.customers;
}

/* ---- all of them ---- */

static int
by_size(const void *one, const void *other)
{
	const struct fit_segment *a = one, *b = other;

	if (a->data.customers != b->data.customers)
		return a->data.customers < b->data.customers ? 1 : -1;
	return str_cmp(a->value, b->value);
}

static bool
is_large(const struct fit_data *data)
{
	return data->customers >= FIT_SEGMENT_CUSTOMERS &&
	       data->repeaters >= FIT_SEGMENT_REPEATERS;
}

/* Customers of segments that are small, or hold no model, are judged by one model together. */
static void
fit_large_ones(struct fit_job *job)
{
	unsigned models = 1;
	struct err err;

	for (unsigned i = 0; i < job->segment_count; i++) {
		struct fit_segment *segment = &job->segments[i];

		if (is_large(&segment->data) && models < RULESET_MAX_MODELS) {
			models++;
			if (fit_one(job, segment, segment->value, &err))
				continue;
			fprintf(stderr, "churnctl: %.*s: %s\n", STR_ARG(segment->value),
				err.text);
		}
		fit_data_add_all(&job->rest.data, &segment->data);
	}
}

/* What stands without `when` is asked for everyone who comes later, too: there is always one. */
static enum status
fit_rest(struct fit_job *job)
{
	struct err err;

	job->rest_is_all = job->segment_count == 0 || !is_large(&job->rest.data);
	if (job->rest_is_all)
		for (unsigned i = 0; i < job->segment_count; i++)
			if (job->segments[i].fitted)
				fit_data_add_all(&job->rest.data, &job->segments[i].data);
	if (!fit_one(job, &job->rest, job->name, &err))
		return ctl_fail(STATUS_NO, "%.*s: %s", STR_ARG(job->name), err.text);
	return STATUS_DONE;
}

enum status
fit_segments(struct fit_job *job)
{
	if (job->segment_count > 0)
		qsort(job->segments, job->segment_count, sizeof *job->segments, by_size);
	fit_large_ones(job);
	return fit_rest(job);
}
