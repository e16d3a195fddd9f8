/* SPDX-License-Identifier: Apache-2.0 */
/* Looks on while engines live through the events, and notes what a backtest needs. */
#include <string.h>

#include "app/backtest_room.h"
#include "base/mem.h"

/* ---- days ---- */

static const struct zone *
zone_of(const struct backtest *all)
{
	return engine_rules(feed_engine(all->sides[0].feed))->zone;
}

/* Nearly every question is about the same day. */
static int64_t
day_of(struct backtest_side *side, int64_t at)
{
	if (at < side->day_from || at >= side->day_to) {
		const struct zone *zone = zone_of(side->all);

		side->day = zone_day(zone, at);
		side->day_from = zone_day_start(zone, side->day);
		side->day_to = zone_day_start(zone, side->day + 1);
	}
	return side->day;
}

/* Every `every` days from the eve of each period on. */
static bool
is_moment(const struct backtest_side *side, int64_t day)
{
	const struct backtest *all = side->all;
	int64_t eve = day >= all->train_until ? all->train_until : side->from - 1;

	return day >= eve && day <= all->until && (day - eve) % all->every == 0;
}

/* Whether the judged period has begun. */
static bool
is_judged(const struct backtest *all, int64_t day)
{
	return all->train_until == INT64_MAX || day >= all->train_until;
}

/* ---- what rules, levels and risk do ---- */

static void
note_move(struct backtest_side *side, struct move move)
{
	struct move *kept = backtest_log_add(&side->moves);

	*kept = move;
}

static void
take_order(void *ctx, const struct order *order)
{
	struct backtest_side *side = ctx;
	const struct alert *alert = &order->u.alert;
	struct move move = {.at = alert->at};

	if (order->kind != ORDER_ALERT || !order->customer)
		return;
	if (alert->type == ALERT_RULE_FIRED || alert->type == ALERT_RULE_CLEARED) {
		move.what = (uint16_t)alert->rule;
		move.from = alert->type == ALERT_RULE_CLEARED;
		move.to = alert->type == ALERT_RULE_FIRED;
	} else if (alert->type == ALERT_LEVEL_RAISED || alert->type == ALERT_LEVEL_LOWERED) {
		move.what = MOVE_LEVEL;
		move.from = (uint8_t)alert->previous_level;
		move.to = (uint8_t)alert->level;
	} else {
		return;
	}
	if (alert->type == ALERT_RULE_CLEARED && alert->rule < 0)
		return;
	move.customer = engine_number(feed_engine(side->feed), order->customer);
	note_move(side, move);
}

static void
see_risk(void *ctx, uint32_t customer, int64_t at, int before, int after)
{
	note_move(ctx, (struct move){at, customer, MOVE_RISK, (uint8_t)before, (uint8_t)after});
}

/* ---- what happens, on the first side ---- */

static void
note_day(struct backtest *all, uint32_t customer, int64_t day)
{
	size_t before = all->last_cap;

	MEM_RESERVE(all->last_days, all->last_cap, customer + 1u);
	if (all->last_cap > before)
		memset(all->last_days + before, 0,
		       (all->last_cap - before) * sizeof *all->last_days);
	if (all->last_days[customer] == day)
		return;
	all->last_days[customer] = (uint16_t)day;
	struct active_day *kept = backtest_log_add(&all->days);

	*kept = (struct active_day){(uint16_t)day, (uint16_t)customer,
				    (uint16_t)(customer >> 16)};
}

static void
note_churn(struct backtest *all, uint32_t customer, int64_t at)
{
	struct told_churn *kept = backtest_log_add(&all->churns);

	*kept = (struct told_churn){at, customer};
}

static bool
is_told(const struct past_churn *truth, const struct entry *entry)
{
	for (unsigned i = 0; i < truth->type_count; i++)
		if (str_eq(truth->types[i], entry->type))
			return true;
	return false;
}

/* It churns when the condition becomes true; unknown is as good as false. */
static void
ask_churned(struct backtest_side *side, uint32_t customer, int64_t at)
{
	struct backtest *all = side->all;
	struct engine *engine = feed_engine(side->feed);
	size_t before = all->gone_cap;

	MEM_RESERVE(all->gone, all->gone_cap, customer + 1u);
	if (all->gone_cap > before)
		memset(all->gone + before, 0, all->gone_cap - before);
	bool gone = value_is_true(
		engine_ask(engine, engine_customer_at(engine, customer), all->truth.when, at));

	if (gone && !all->gone[customer])
		note_churn(all, customer, at);
	all->gone[customer] = gone;
}

static void
see_applied(void *ctx, uint32_t customer, const struct entry *entry, uint64_t counted)
{
	struct backtest_side *side = ctx;
	struct backtest *all = side->all;
	const struct past_churn *truth = &all->truth;
	bool active = truth->signal == PAST_ANY_SIGNAL ? entry->kind == ENTRY_EVENT
						       : counted >> truth->signal & 1;

	if (active)
		note_day(all, customer, day_of(side, entry->ts));
	if (is_told(truth, entry))
		note_churn(all, customer, entry->ts);
	if (truth->when && (all->when_moves || entry->kind == ENTRY_PROFILE))
		ask_churned(side, customer, entry->id.ms);
}

/* ---- moments ---- */

/* Of very many customers an even part, by their numbers. */
static void
rank_customers(struct backtest_side *side, struct engine *engine, int64_t at)
{
	const struct ruleset *rules = engine_rules(engine);
	size_t count = engine_customers(engine);
	size_t step = (count + BACKTEST_RANKED - 1) / BACKTEST_RANKED;

	for (size_t i = 0; i < count; i += step) {
		const struct customer *customer = engine_customer_at(engine, i);
		struct ranked_row *row = backtest_log_add(&side->rows);
		unsigned score = 0;

		*row = (struct ranked_row){(uint32_t)i, (uint16_t)side->moments,
					   customer->risk};
		for (unsigned a = 0; a < rules->ask_count; a++) {
			if (side->ask_of[rules->asks[a].of] != ASK_RANK)
				continue;
			double *kept = backtest_log_add(&side->scores[score++]);
			double number = past_number(
				engine_ask(engine, customer, rules->asks[a].expr, at));

			*kept = isnan(number) ? -(double)INFINITY : number;
		}
	}
	side->sampled |= step > 1;
}

static uint8_t
split_number(struct backtest *all, struct value value)
{
	struct buf text = {0};
	unsigned i = 0;

	value_print(&text, value, zone_of(all), false);
	while (i < all->split_count && !str_eq(all->splits[i], buf_view(&text)))
		i++;
	if (i > BACKTEST_SPLITS - 1)
		i = BACKTEST_SPLITS - 1;
	if (i == all->split_count)
		all->splits[all->split_count++] =
			i < BACKTEST_SPLITS - 1 ? arena_str(&all->arena, buf_view(&text))
						: STR("other");
	buf_finish(&text);
	return (uint8_t)(i + 1);
}

/* Of those of whom it is not known yet: no hindsight beyond the first moment at which it is. At the end nobody is left
 * out. */
static void
split_customers(struct backtest_side *side, struct engine *engine, int64_t at, bool ends)
{
	struct backtest *all = side->all;
	size_t count = engine_customers(engine), before = all->split_cap;

	MEM_RESERVE(all->split_of, all->split_cap, count + 1);
	if (all->split_cap > before)
		memset(all->split_of + before, 0, all->split_cap - before);
	for (size_t i = 0; i < count; i++) {
		if (all->split_of[i])
			continue;
		struct value value =
			engine_ask(engine, engine_customer_at(engine, i), all->split, at);

		if (value.known || ends)
			all->split_of[i] = split_number(all, value);
	}
}

static void
see_stop(void *ctx, struct engine *engine, int64_t at)
{
	struct backtest_side *side = ctx;
	struct backtest *all = side->all;
	int64_t day = zone_day(zone_of(all), at);

	if (side->is_first && all->when_moves)
		for (size_t i = 0; i < engine_customers(engine); i++)
			ask_churned(side, (uint32_t)i, at);
	if (!is_moment(side, day))
		return;
	rank_customers(side, engine, at);
	MEM_RESERVE(side->moment_days, side->moment_cap, side->moments + 1);
	side->moment_days[side->moments++] = day;
	if (side->is_first && all->split && is_judged(all, day))
		split_customers(side, engine, at, false);
}

/* Stops are made as the rows come to them, so that none lies behind the last row. */
static void
make_stops(struct backtest_side *side, int64_t until)
{
	struct backtest *all = side->all;
	bool daily = side->is_first && all->when_moves;

	while (side->next_stop < until) {
		if (daily || is_moment(side, side->next_day)) {
			MEM_RESERVE(side->stops, side->stop_cap, side->stop_count + 1);
			side->stops[side->stop_count++] = side->next_stop;
		}
		side->next_day++;
		side->next_stop = zone_day_start(zone_of(all), side->next_day + 1) - 1;
	}
}

static void
begin(struct backtest_side *side, const struct entry *entry)
{
	struct backtest *all = side->all;

	side->from = all->from != INT64_MIN ? all->from : zone_day(zone_of(all), entry->ts);
	side->next_day = zone_day(zone_of(all), entry->id.ms);
	if (side->next_day >= side->from)
		side->next_day = side->from - 1;
	side->next_stop = zone_day_start(zone_of(all), side->next_day + 1) - 1;
	side->begun = true;
}

static void
see_entries(void *ctx, const struct entry *entries, size_t count)
{
	struct backtest_side *side = ctx;
	struct backtest *all = side->all;

	if (count == 0)
		return;
	if (!side->begun)
		begin(side, entries);
	for (size_t i = 0; side->is_first && i < count; i++) {
		int64_t ts = entries[i].ts;

		all->first_at = ts < all->first_at ? ts : all->first_at;
		all->last_at = ts > all->last_at ? ts : all->last_at;
	}
	if (side->is_first)
		all->rows += count;
	if (side->next_stop >= entries[count - 1].id.ms)
		return;
	make_stops(side, entries[count - 1].id.ms);
	backtest_watch(side);
}

void
backtest_watch(struct backtest_side *side)
{
	feed_watch(side->feed, &(struct feed_watch){.ctx = side,
						    .entries = see_entries,
						    .stop = see_stop,
						    .stops = side->stops,
						    .stop_count = side->stop_count});
}

struct order_sink
backtest_sink(struct backtest_side *side)
{
	return (struct order_sink){side, take_order};
}

void
backtest_look_on(struct backtest_side *side)
{
	struct engine_watch watch = {.ctx = side, .risk = see_risk};

	if (side->is_first)
		watch.applied = see_applied;
	engine_watch(feed_engine(side->feed), &watch);
	engine_be_brief(feed_engine(side->feed));
	backtest_watch(side);
}

/* Those of whom no moment knew it: as of the end. */
void
backtest_split_rest(struct backtest *all)
{
	struct engine *engine = feed_engine(all->sides[0].feed);

	if (all->split)
		split_customers(&all->sides[0], engine, engine_clock(engine), true);
}
