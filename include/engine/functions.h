/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of the rule language that read a customer: what they share, and their table's rows. */
#ifndef ENGINE_FUNCTIONS_H
#define ENGINE_FUNCTIONS_H

#include "engine/core.h"
#include "engine/statistics.h"
#include "lang/builtin.h"

/* One call. args: as eval.h says: an absent one is not known. */
struct call {
	struct look *look;
	const struct node *node;
	const struct value *args;
};
typedef struct value call_rule(const struct call *call);

/* fn_rows.c: rows of days. */
call_rule fn_trend, fn_ewma, fn_cusum_drop, fn_cusum_rise;
/* fn_rhythm.c: the customer's own rhythm. */
call_rule fn_typical_gap, fn_gap_mean, fn_gap_sd, fn_gap_max, fn_gap_quantile, fn_gap_ewma,
	fn_p_silent, fn_p_gap, fn_p_alive;
/* fn_days.c: sums over ranges of days or hours. */
call_rule fn_count, fn_sum, fn_days, fn_observed, fn_rate, fn_ratio, fn_p_drop, fn_p_rise,
	fn_last, fn_max, fn_min, fn_avg, fn_change;
/* fn_moment.c: time since something, time to something. */
call_rule fn_since, fn_silent, fn_seen, fn_after, fn_age, fn_until;
/* fn_clock.c: what local clocks and calendars show. */
call_rule fn_hour, fn_weekday, fn_month, fn_now, fn_is_workday, fn_holiday, fn_workdays;
/* fn_standing.c: what the rules made of the customer. */
call_rule fn_risk, fn_level, fn_tag, fn_risk_rise, fn_stage, fn_stage_age, fn_firing,
	fn_fired_within;
/* fn_items.c: what is open. */
call_rule fn_open, fn_oldest, fn_until_due;
/* fn_members.c: people. */
call_rule fn_users, fn_share_of_top;
int64_t member_last_at(const struct look *look, unsigned signal, struct str who);
struct value item_field(const struct look *look, const struct node *node); /* item.x */

/* Moving functions answer as of now inside an exact comparison, else as of the last look. */
static inline int64_t
look_moment(const struct look *look)
{
	return look->env.exact ? look->env.now : look->env.look;
}

/* Calendar days from today to the date. */
struct value days_until(const struct look *look, struct value date);
/* Text as the type its use asked for; unknown when it is none. */
struct value look_text(struct str text, const struct node *node);

/* Cells of a range as of the look, both included. */
struct cells {
	int64_t first, last;
};
struct cells look_cells(const struct look *look, const struct range *range);
/* How a customer came back so far, as models see it. */
struct silence {
	struct rhythm rhythm;
	int64_t begin;	/* the midnight that begins the first active day */
	int64_t paused; /* ms since then that were suspect: they do not count */
	double t;	/* days of 24 h from then to the moment asked for, at least tx */
};
/* false: the signal was never seen. */
bool look_silence(struct look *look, unsigned signal, struct silence *out);

/* Suspect time does not count (rules.md, "Guards"). ms of [from, to) that are suspect for any of the signals
 * (bits); how many days of first..last, both included, are for one signal; the days themselves, merged, in
 * order. All are 0 for a rule with guard: off. */
int64_t look_paused(const struct look *look, uint64_t signals, int64_t from, int64_t to);
int64_t look_count_suspect(const struct look *look, unsigned signal, int64_t first,
			   int64_t last);
unsigned look_suspect_days(const struct look *look, unsigned signal,
			   const struct suspect_days **out);
/* For env_ops. */
int64_t look_guess(struct env *env, const struct node *node, const struct value *args,
		   const struct value *still);

#endif
