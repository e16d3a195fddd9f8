/* SPDX-License-Identifier: Apache-2.0 */
/* churnctl fit: from files of events to the models of a signal. */
#ifndef APP_FIT_H
#define APP_FIT_H

#include "app/command.h"
#include "base/arena.h"
#include "base/hash.h"
#include "engine/fit_nbd.h"
#include "engine/ruleset.h"

/* Fewer are no segment of their own. */
#define FIT_SEGMENT_CUSTOMERS 200
#define FIT_SEGMENT_REPEATERS 50
#define FIT_MAX_SEGMENTS 1000 /* values of --by */

/* Customers who share a value of --by, and the model that was fitted to them. */
struct fit_segment {
	struct str value; /* for people, and for the order; none: all others */
	struct str when;  /* none: all others, or it cannot be written */
	struct fit_data data;
	bool fitted;
	struct fit_result result; /* of the kind asked for */
	double other;		  /* log-likelihood of the other kind, about (fit_compare()) */
	struct rhythm_model rounded;
	double likelihood; /* of the rounded model */
};

struct fit_job {
	const struct ctl *ctl; /* borrowed */
	const struct option_list *events;
	const char *signal, *by; /* as given; NULL */
	enum rhythm_kind kind;
	bool has_until;
	int64_t until, fitted; /* local days */
	/* Then: */
	struct arena arena;
	unsigned slot; /* of the signal */
	struct str name;
	int64_t first;		      /* earliest first active day */
	struct fit_segment *segments; /* owned, FIT_MAX_SEGMENTS; most customers first */
	unsigned segment_count;
	struct map values; /* value -> its segment */
	struct fit_segment
		rest;	  /* customers of no segment; once fitted, what stands without `when` */
	bool rest_is_all; /* they were too few: it is the model of all customers */
	uint64_t customers, rejected;
};

/* Reads the events into segments; `rules` becomes its own. */
enum status fit_collect(struct fit_job *job, struct ruleset *rules);
/* Fits each segment that is large enough, and what is left. */
enum status fit_segments(struct fit_job *job);
/* The block to paste, or JSON, on stdout. */
void fit_print(const struct fit_job *job);
void fit_print_json(const struct fit_job *job);
enum rhythm_kind fit_other_kind(enum rhythm_kind kind);
const char *fit_kind_name(enum rhythm_kind kind); /* "bg_nbd" */
/* "{kind: mbg_nbd, r: 0.5248, ...}", with `when` where it has one. */
void fit_model_text(const struct fit_job *job, const struct fit_segment *segment,
		    struct buf *out);
/* The expected share of these customers that has left for good by the last day. */
double fit_share_left(const struct fit_segment *segment);

#endif
