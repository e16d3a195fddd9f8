/* SPDX-License-Identifier: Apache-2.0 */
/* How well risk, and what was asked for, ranked the customers that were active at moments of the past. */
#include <math.h>

#include "app/backtest_room.h"
#include "base/mem.h"

#define BINS 10

/* What became of a row. */
enum fate { FATE_OUT, FATE_STAYED, FATE_CHURNED };

struct ranking {
	struct backtest *all;
	struct backtest_side *side;
	unsigned period;
	uint8_t *fates;	     /* owned: by row */
	struct ranked *rows; /* owned */
	size_t count, moments;
};

/* ---- fates ---- */

/* Its days up to the moment. */
static size_t
days_before(const struct judge_past *past, int64_t day)
{
	size_t low = 0, high = past->day_count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (past->days[middle] <= day)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Churned, and not seen on a later day. */
static bool
is_gone(const struct judge *judge, const struct judge_past *past, int64_t last, int64_t at)
{
	for (size_t i = past->churn_count; i-- > 0;)
		if (past->churns[i] <= at)
			return judge_day(judge, past->churns[i]) >= last;
	return false;
}

static bool
churns_within(const struct judge_past *past, int64_t at, int64_t until)
{
	for (size_t i = 0; i < past->churn_count; i++)
		if (past->churns[i] > at && past->churns[i] <= until)
			return true;
	return false;
}

/* Only the active are ranked: with min_days active days, silent for less than the horizon, not churned. */
static enum fate
fate_of(const struct backtest *all, uint32_t customer, int64_t day)
{
	struct judge_past past = backtest_past(all, customer);
	const struct judge *judge = &all->judge;
	size_t before = days_before(&past, day);

	if (before < judge->min_days || before == 0 ||
	    day - past.days[before - 1] >= judge->horizon)
		return FATE_OUT;
	if (judge->by_silence) {
		bool back =
			before < past.day_count && past.days[before] <= day + judge->horizon;

		return back ? FATE_STAYED : FATE_CHURNED;
	}
	int64_t at = judge_start(judge, day + 1) - 1;

	if (is_gone(judge, &past, past.days[before - 1], at))
		return FATE_OUT;
	return churns_within(&past, at, at + judge->horizon * DAY_MS) ? FATE_CHURNED
								      : FATE_STAYED;
}

/* Moments whose horizon lies in the period's data: of the first of two periods within it, else within all. */
static bool
takes(const struct backtest *all, unsigned period, int64_t day)
{
	bool tunes = period + 1 < all->period_count;
	int64_t from = all->periods[period].from - 1, to = all->periods[period].to;
	int64_t end = tunes ? to : judge_day(&all->judge, all->judge.end_at);

	return day >= from && day <= to && day + all->judge.horizon <= end;
}

static void
find_fates(struct ranking *ranking)
{
	const struct backtest_side *side = ranking->side;

	for (size_t i = 0; i < side->moments; i++)
		ranking->moments += takes(ranking->all, ranking->period, side->moment_days[i]);
	for (size_t i = 0; i < side->rows.count; i++) {
		const struct ranked_row *row = backtest_log_at(&side->rows, i);
		int64_t day = side->moment_days[row->moment];
		uint32_t customer = backtest_number(side, row->customer);

		ranking->fates[i] = FATE_OUT;
		if (customer != BACKTEST_NOBODY && takes(ranking->all, ranking->period, day))
			ranking->fates[i] = (uint8_t)fate_of(ranking->all, customer, day);
	}
}

/* ---- one score ---- */

/* score: NULL: risk. */
static void
fill(struct ranking *ranking, const struct backtest_log *scores)
{
	const struct backtest_side *side = ranking->side;

	ranking->count = 0;
	for (size_t i = 0; i < side->rows.count; i++) {
		const struct ranked_row *row = backtest_log_at(&side->rows, i);
		uint32_t customer = backtest_number(side, row->customer);

		if (ranking->fates[i] == FATE_OUT)
			continue;
		ranking->rows[ranking->count++] = (struct ranked){
			.score = scores ? *(double *)backtest_log_at(scores, i) : row->risk,
			.lot = (uint16_t)bootstrap_lot(&ranking->all->bootstrap, customer),
			.churned = ranking->fates[i] == FATE_CHURNED};
	}
}

static void
put_ranking(const struct ranking *ranking, struct str name, json_t *out)
{
	struct interval auc;
	size_t churned = 0;
	json_t *row = json_object();

	bootstrap_auc(&ranking->all->bootstrap, ranking->rows, ranking->count, &auc);
	for (size_t i = 0; i < ranking->count; i++)
		churned += ranking->rows[i].churned;
	json_object_set_new(row, "name", backtest_text_json(name));
	json_object_set_new(row, "period",
			    json_string(backtest_period_name(ranking->all, ranking->period)));
	json_object_set_new(row, "auc", backtest_number_json(auc.value));
	json_object_set_new(row, "low", backtest_number_json(auc.low));
	json_object_set_new(row, "high", backtest_number_json(auc.high));
	json_object_set_new(row, "active", json_integer((json_int_t)ranking->count));
	json_object_set_new(row, "churned", json_integer((json_int_t)churned));
	json_object_set_new(row, "moments", json_integer((json_int_t)ranking->moments));
	json_array_append_new(out, row);
}

/* Whom a score says nothing of stand first, being lowest. */
static size_t
count_unknown(const struct ranking *ranking, size_t *churned)
{
	size_t count = 0;

	*churned = 0;
	for (; count < ranking->count && isinf(ranking->rows[count].score); count++)
		*churned += ranking->rows[count].churned;
	return count;
}

static void
put_bin(const struct ranked_bin *from, json_t *out)
{
	json_t *bin = json_object();

	json_object_set_new(bin, "from", backtest_number_json(from->from));
	json_object_set_new(bin, "to", backtest_number_json(from->to));
	json_object_set_new(bin, "mean", backtest_number_json(from->mean));
	json_object_set_new(bin, "customers", json_integer((json_int_t)from->customers));
	json_object_set_new(bin, "churned", json_integer((json_int_t)from->churned));
	json_array_append_new(out, bin);
}

/* high: 100 for risk, 1 for a probability, 0 for what has no scale: then groups are of equal size. Whoever has none is a group
 * without bounds. */
static void
put_bins(const struct ranking *ranking, struct str name, double high, json_t *out)
{
	struct ranked_bin bins[BINS];
	size_t churned, unknown = count_unknown(ranking, &churned);
	unsigned count = ranked_bins(ranking->rows + unknown, ranking->count - unknown, 0, high,
				     BINS, bins);
	json_t *row = json_object(), *list = json_array();

	if (unknown > 0)
		put_bin(&(struct ranked_bin){(double)NAN, (double)NAN, (double)NAN, unknown,
					     churned},
			list);
	for (unsigned i = 0; i < count; i++)
		put_bin(&bins[i], list);
	json_object_set_new(row, "name", backtest_text_json(name));
	json_object_set_new(row, "bins", list);
	json_array_append_new(out, row);
}

static void
put_score(struct ranking *ranking, const struct backtest_log *scores, struct str name,
	  double high, json_t *rankings, json_t *bins)
{
	fill(ranking, scores);
	put_ranking(ranking, name, rankings);
	if (ranking->period + 1 == ranking->all->period_count)
		put_bins(ranking, name, high, bins);
}

static void
put_period(struct ranking *ranking, json_t *rankings, json_t *bins)
{
	const struct backtest_side *side = ranking->side;
	const struct ruleset *rules = engine_rules(feed_engine(side->feed));
	unsigned score = 0;

	ranking->moments = 0;
	find_fates(ranking);
	put_score(ranking, NULL, STR("risk"), 100, rankings, bins);
	for (unsigned i = 0; i < rules->ask_count; i++) {
		const struct outside_expr *ask = &rules->asks[i];

		if (side->ask_of[ask->of] == ASK_RANK)
			put_score(ranking, &side->scores[score++], ask->name,
				  ask->expr->root->type == TYPE_PROB ? 1 : 0, rankings, bins);
	}
}

void
backtest_rank(struct backtest *all, struct backtest_side *side, json_t *out)
{
	struct ranking ranking = {.all = all, .side = side};
	json_t *rankings = json_array(), *bins = json_array();

	ranking.fates = mem_array(side->rows.count + 1, sizeof *ranking.fates);
	ranking.rows = mem_array(side->rows.count + 1, sizeof *ranking.rows);
	for (; ranking.period < all->period_count; ranking.period++)
		put_period(&ranking, rankings, bins);
	json_object_set_new(out, "ranking", rankings);
	json_object_set_new(out, "calibration", bins);
	mem_free(ranking.fates);
	mem_free(ranking.rows);
}
