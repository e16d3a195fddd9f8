/* SPDX-License-Identifier: Apache-2.0 */
/* What is expected of a line's figure, as one writes it behind --expect: "broken.precision >= 0.9". */
#ifndef CODEC_EXPECTATION_H
#define CODEC_EXPECTATION_H

#include "base/text.h"

enum figure_asked {
	ASKED_PRECISION,
	ASKED_RECALL,
	ASKED_F1,
	ASKED_LEAD, /* median, days */
	ASKED_ALERTS,
	ASKED_FALSE,
	ASKED_REWARNINGS,
	ASKED_FLAPS,
	ASKED_RATE, /* alerts per 1,000 customers a week */
	ASKED_AUC
};
#define FIGURES_ASKED 10
const char *expectation_figure(enum figure_asked figure); /* "precision" .. "auc" */

enum expected_op { EXPECT_GE, EXPECT_LE, EXPECT_EQ, EXPECT_NE, EXPECT_GT, EXPECT_LT };

struct expectation {
	struct str name; /* borrowed from the text: of a rule, a level, a ranking; "any" */
	enum figure_asked figure;
	enum expected_op op;
	double number; /* finite */
};

/* NAME.FIGURE OP NUMBER; the number may be percent ("91%"), of a lead days ("13d"). */
bool expectation_parse(struct str text, struct expectation *out, struct err *err) MUST_CHECK;
/* false when the value is no number. */
bool expectation_holds(const struct expectation *expectation, double value);

#endif
