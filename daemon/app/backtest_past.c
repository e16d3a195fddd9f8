/* SPDX-License-Identifier: Apache-2.0 */
/* What happened, by customer, once all rows are read: active days, churns, the calendar they lie in. */
#include <stdlib.h>
#include <string.h>

#include "app/backtest_room.h"
#include "base/mem.h"

/* ---- days of activity ---- */

static uint32_t
customer_of_day(const void *ctx, size_t i)
{
	const struct backtest *all = ctx;
	const struct active_day *day = backtest_log_at(&all->days, i);

	return day->low | (uint32_t)day->high << 16;
}

static int
compare_days(const void *a, const void *b)
{
	return (int)*(const uint16_t *)a - (int)*(const uint16_t *)b;
}

/* Rising, each once; what came late came out of order. Returns how many are left. */
static size_t
tidy_days(uint16_t *days, size_t count)
{
	size_t kept = 0;

	for (size_t i = 1; i < count; i++) {
		if (days[i] > days[i - 1])
			continue;
		qsort(days, count, sizeof *days, compare_days);
		break;
	}
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || days[kept - 1] != days[i])
			days[kept++] = days[i];
	return kept;
}

static void
make_days(struct backtest *all)
{
	struct backtest_log *log = &all->days;
	uint32_t *starts = mem_array(all->customers + 2, sizeof *starts), kept = 0;
	uint16_t *list = mem_array(log->count + 1, sizeof *list);

	for (size_t i = 0; i < log->count; i++)
		starts[customer_of_day(all, i) + 2]++;
	for (size_t c = 2; c < all->customers + 2; c++)
		starts[c] += starts[c - 1];
	for (size_t i = 0; i < log->count; i++) {
		const struct active_day *day = backtest_log_at(log, i);

		list[starts[customer_of_day(all, i) + 1]++] = day->day;
		if ((i + 1) % LOG_PIECE == 0)
			backtest_log_drop(log, i / LOG_PIECE);
	}
	backtest_log_finish(log);
	for (size_t c = 0, from = 0; c < all->customers; c++) {
		size_t to = starts[c + 1], count = tidy_days(list + from, to - from);

		memmove(list + kept, list + from, count * sizeof *list);
		from = to;
		starts[c] = kept;
		kept += (uint32_t)count;
	}
	starts[all->customers] = kept;
	all->day_starts = starts;
	all->day_list = list;
}

/* ---- churns ---- */

static uint32_t
customer_of_churn(const void *ctx, size_t i)
{
	const struct backtest *all = ctx;
	const struct told_churn *churn = backtest_log_at(&all->churns, i);

	return churn->customer;
}

static int
compare_instants(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static void
make_churns(struct backtest *all)
{
	struct backtest_index index = {0};

	backtest_index_make(&index, &all->churns, all->customers, customer_of_churn, all);
	all->churn_list = mem_array(all->churns.count + 1, sizeof *all->churn_list);
	for (size_t i = 0; i < all->churns.count; i++) {
		const struct told_churn *churn = backtest_log_at(&all->churns, index.items[i]);

		all->churn_list[i] = churn->at;
	}
	for (size_t c = 0; c < all->customers; c++)
		qsort(all->churn_list + index.starts[c], index.starts[c + 1] - index.starts[c],
		      sizeof *all->churn_list, compare_instants);
	all->churn_starts = index.starts;
	mem_free(index.items);
}

struct judge_past
backtest_past(const struct backtest *all, uint32_t customer)
{
	uint32_t day = all->day_starts[customer], churn = all->churn_starts[customer];

	return (struct judge_past){
		.days = all->day_list + day,
		.day_count = all->day_starts[customer + 1] - day,
		.churns = all->churn_list + churn,
		.churn_count = all->churn_starts[customer + 1] - churn,
	};
}

/* Of a period to tune on nothing is known that came after it, as if the file ended there. */
struct judge_past
backtest_past_of(const struct backtest *all, uint32_t customer, unsigned period)
{
	struct judge_past past = backtest_past(all, customer);
	int64_t end = all->judges[period].end_at;

	while (past.day_count > 0 &&
	       past.days[past.day_count - 1] > judge_day(&all->judge, end))
		past.day_count--;
	while (past.churn_count > 0 && past.churns[past.churn_count - 1] > end)
		past.churn_count--;
	return past;
}

/* ---- the calendar ---- */

/* Options and rows have a day in common in each period. */
static bool
periods_are_there(const struct backtest *all, int64_t first, int64_t last)
{
	char from[INSTANT_TEXT], to[INSTANT_TEXT];

	for (unsigned i = 0; i < all->period_count; i++) {
		if (all->periods[i].from <= all->periods[i].to &&
		    all->periods[i].from <= last && all->periods[i].to >= first)
			continue;
		print_date(first, from);
		print_date(last, to);
		(void)ctl_fail(STATUS_USAGE,
			       "the events are of %s to %s: no day of them lies in the period "
			       "that --from, --until and --train-until leave",
			       from, to);
		return false;
	}
	return true;
}

static bool
make_periods(struct backtest *all, const struct zone *zone)
{
	int64_t first = zone_day(zone, all->first_at), last = zone_day(zone, all->last_at);

	if (all->from == INT64_MIN)
		all->from = first;
	if (all->until == INT64_MAX)
		all->until = last;
	all->period_count = 1;
	all->periods[0] = (struct judge_period){all->from, all->until};
	if (all->train_until != INT64_MAX) {
		all->period_count = 2;
		all->periods[0].to = all->train_until;
		all->periods[1] = (struct judge_period){all->train_until + 1, all->until};
	}
	return periods_are_there(all, first, last);
}

static void
make_calendar(struct backtest *all, const struct zone *zone)
{
	int64_t first = zone_day(zone, all->first_at), last = zone_day(zone, all->last_at);

	first = (all->from < first ? all->from : first) - JUDGE_STARTUP_DAYS - 1;
	last = (all->until > last ? all->until : last) + JUDGE_STARTUP_DAYS + 2;
	all->starts = mem_array((size_t)(last - first + 1), sizeof *all->starts);
	for (int64_t day = first; day <= last; day++)
		all->starts[day - first] = zone_day_start(zone, day);
	all->judge = (struct judge){
		.by_silence = all->truth.by_silence,
		.horizon = all->truth.horizon,
		.min_days = (unsigned)all->truth.min_days,
		.end_at = all->last_at,
		.first_day = first,
		.starts = all->starts,
		.start_count = (size_t)(last - first + 1),
	};
	all->judges[0] = all->judges[all->period_count - 1] = all->judge;
	int64_t tuned = judge_start(&all->judge, all->periods[0].to + 1) - 1;

	if (all->period_count > 1 && tuned < all->last_at)
		all->judges[0].end_at = tuned;
}

/* ---- customers of the other side, as they are numbered on the first one ---- */

static void
number_customers(const struct engine *first, struct backtest_side *side)
{
	const struct engine *engine = feed_engine(side->feed);
	size_t count = engine_customers(engine);

	side->numbers = mem_array(count + 1, sizeof *side->numbers);
	for (size_t i = 0; i < count; i++) {
		const struct customer *found =
			engine_find(first, customer_id(engine_customer_at(engine, i)));

		side->numbers[i] = found ? engine_number(first, found) : BACKTEST_NOBODY;
	}
}

uint32_t
backtest_number(const struct backtest_side *side, uint32_t customer)
{
	return side->numbers ? side->numbers[customer] : customer;
}

bool
backtest_make_past(struct backtest *all)
{
	const struct engine *first = feed_engine(all->sides[0].feed);
	const struct zone *zone = engine_rules(first)->zone;

	all->customers = engine_customers(first);
	if (!make_periods(all, zone))
		return false;
	make_calendar(all, zone);
	make_days(all);
	make_churns(all);
	if (all->side_count > 1)
		number_customers(first, &all->sides[1]);
	return true;
}
