/* SPDX-License-Identifier: Apache-2.0 */
/* Judges a warning by what came after it. */
#include "engine/truth.h"

#include <math.h>

const char *
truth_name(enum verdict verdict)
{
	static const char *const names[VERDICTS] = {"hit", "false", "late", "unresolved"};
	return names[verdict];
}

enum silence_outcome
truth_silence_outcome(struct silence silence, int64_t horizon, int64_t end)
{
	int64_t over = silence.last + horizon;

	if (silence.next != TRUTH_NONE)
		return silence.next > over ? SILENCE_CHURN : SILENCE_BACK;
	return over <= end ? SILENCE_CHURN : SILENCE_OPEN;
}

struct judgement
truth_by_silence(struct silence silence, int64_t horizon, int64_t end, int64_t warned)
{
	int64_t over = silence.last + horizon;

	switch (truth_silence_outcome(silence, horizon, end)) {
	case SILENCE_BACK:
		return (struct judgement){VERDICT_FALSE, 0};
	case SILENCE_OPEN:
		return (struct judgement){VERDICT_UNRESOLVED, 0};
	case SILENCE_CHURN:
		break;
	}
	if (warned >= over)
		return (struct judgement){VERDICT_LATE, 0};
	return (struct judgement){VERDICT_HIT, (double)(over - warned)};
}

struct judgement
truth_by_churn(int64_t warned_at, int64_t churned_at, int64_t horizon, int64_t end)
{
	const double day = 24 * 3600 * 1000;

	if (churned_at != TRUTH_NONE && churned_at <= warned_at + horizon)
		return (struct judgement){VERDICT_HIT, (double)(churned_at - warned_at) / day};
	return (struct judgement){
		warned_at + horizon <= end ? VERDICT_FALSE : VERDICT_UNRESOLVED, 0};
}

bool
truth_foreseen(int64_t churned_at, int64_t warned_at, bool still_on, int64_t horizon)
{
	return warned_at != TRUTH_NONE && (still_on || warned_at >= churned_at - horizon);
}

static double
share(int64_t part, int64_t whole)
{
	return whole > 0 ? (double)part / (double)whole : (double)NAN;
}

double
truth_precision(int64_t hits, int64_t alarms_false)
{
	return share(hits, hits + alarms_false);
}

double
truth_recall(int64_t caught, int64_t churns)
{
	return share(caught, churns);
}

double
truth_f1(double precision, double recall)
{
	if (isnan(precision) || isnan(recall))
		return (double)NAN;
	return precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0;
}
