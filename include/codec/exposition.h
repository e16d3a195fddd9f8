/* SPDX-License-Identifier: Apache-2.0 */
/* Prometheus' text format, version 0.0.4: families, samples with labels, histograms. */
#ifndef CODEC_EXPOSITION_H
#define CODEC_EXPOSITION_H

#include "base/text.h"

struct metric_label {
	const char *name;
	struct str value; /* any bytes: they are escaped */
};

/* The head of a family; its samples follow at once. Names are without their "churnd_"; kind: counter, gauge
 * or histogram. */
void metric_head(struct buf *out, const char *name, const char *kind, const char *help);
void metric_row(struct buf *out, const char *name, const struct metric_label *labels,
		unsigned count, double value);
/* A family of one sample without labels. */
void metric_one(struct buf *out, const char *name, const char *kind, const char *help,
		double value);

/* How long something took: the same bounds for all, so that they can be added up. {0} is empty. */
#define HISTOGRAM_BOUNDS 10
struct histogram {
	uint64_t counts[HISTOGRAM_BOUNDS + 1]; /* the last: longer than all bounds */
	double sum;			       /* seconds */
};
void histogram_add(struct histogram *histogram, int64_t ms);
/* Its samples: _bucket with le, _sum, _count. */
void metric_histogram(struct buf *out, const char *name, const struct metric_label *labels,
		      unsigned count, const struct histogram *histogram);

#endif
