/* SPDX-License-Identifier: Apache-2.0 */
/* The history of a score: customers at moments, asked by the engine stopped there, and what came of them since. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "app/fit_score.h"
#include "base/hash.h"
#include "base/mem.h"
#include "engine/track.h"
#include "io/random_seed.h"

#define MOMENTS_MOST 600
#define ROWS_MOST ((size_t)400000) /* past it every other customer is left out, and again */
#define BACK (DAY_MS) /* who does anything so long after a churn is a customer again */

/* The engine stops at the end of these days: to ask, to see what came of those asked, or both. */
struct stop {
	int64_t day;
	int moment, judged; /* -1: none */
};

struct churn {
	struct str customer; /* in the arena */
	int64_t at;	     /* arrival */
};

struct history {
	const struct score_wish *wish;
	const struct score_terms *terms;
	struct score_rows *rows;
	struct stop stops[2 * MOMENTS_MOST];
	int64_t instants[2 * MOMENTS_MOST];
	size_t stop_count, stopped;
	int64_t first_at; /* arrival of the first row; NEVER: none came */
	/* Churns by event type: those that arrived, in order, and of those behind the last of each customer. */
	struct arena texts;
	struct churn *churns; /* owned */
	size_t churn_count, churn_cap, churn_passed;
	struct map last; /* customer -> index of its last churn */
};

/* ---- stops ---- */

static int
by_day(const void *left, const void *right)
{
	const struct stop *a = left, *b = right;

	return (a->day > b->day) - (a->day < b->day);
}

/* Moments lie `every` days apart; what came of the last one is known on the last day. */
static void
lay_out(struct history *history)
{
	const struct score_wish *wish = history->wish;
	const struct zone *zone = history->terms->rules->zone;
	int64_t horizon = history->terms->truth.horizon;
	struct stop *stops = history->stops;
	size_t count = 0;

	for (int i = 0; i < MOMENTS_MOST; i++) {
		int64_t judged = wish->until - (MOMENTS_MOST - 1 - i) * wish->every;
		if (judged - horizon < EVENT_MIN_TS / DAY_MS)
			continue;
		stops[count++] = (struct stop){judged - horizon, i, -1};
		stops[count++] = (struct stop){judged, -1, i};
	}
	qsort(stops, count, sizeof *stops, by_day);
	for (size_t i = 0; i < count; i++) {
		struct stop *last =
			history->stop_count > 0 ? &stops[history->stop_count - 1] : NULL;
		if (last && last->day == stops[i].day) {
			last->moment = stops[i].moment >= 0 ? stops[i].moment : last->moment;
			last->judged = stops[i].judged >= 0 ? stops[i].judged : last->judged;
			continue;
		}
		stops[history->stop_count++] = stops[i];
	}
	for (size_t i = 0; i < history->stop_count; i++)
		history->instants[i] = zone_day_start(zone, stops[i].day + 1) - 1;
}

/* ---- who ---- */

static uint64_t
hash_of(struct str id)
{
	return hash_bytes(id.p, id.n, (struct hash_seed){.k0 = 5, .k1 = 6});
}

static const struct churn *
last_churn(const struct history *history, struct str customer)
{
	uint32_t index;

	return map_get(&history->last, customer, &index) ? &history->churns[index] : NULL;
}

/* Churns that had arrived by then become the last ones of their customers. */
static void
pass_churns(struct history *history, int64_t at)
{
	while (history->churn_passed < history->churn_count &&
	       history->churns[history->churn_passed].at <= at) {
		size_t i = history->churn_passed++;
		map_put(&history->last, history->churns[i].customer, (uint32_t)i);
	}
}

/* Churned, and not seen on a later day. */
static bool
is_gone(const struct history *history, struct engine *engine, const struct customer *customer,
	int64_t at)
{
	const struct past_churn *truth = &history->terms->truth;
	const struct zone *zone = history->terms->rules->zone;
	const struct churn *churn;

	if (truth->when)
		return value_is_true(engine_ask(engine, customer, truth->when, at));
	churn = last_churn(history, customer_id(customer));
	return churn && zone_day(zone, churn->at) >= zone_day(zone, customer->event_at);
}

/* Enough active days, and silent for less than the horizon. */
static bool
is_active(const struct history *history, const struct customer *customer, int64_t day)
{
	const struct past_churn *truth = &history->terms->truth;
	const struct zone *zone = history->terms->rules->zone;
	struct track track;

	if (truth->signal == PAST_ANY_SIGNAL)
		return day - zone_day(zone, customer->event_at) < truth->horizon;
	return track_get(&customer->tracks, truth->signal, false,
			 history->terms->rules->signals[truth->signal].kind, &track) &&
	       track.life_days >= truth->min_days && day - track.cell < truth->horizon;
}

static bool
is_asked(const struct history *history, struct engine *engine, const struct customer *customer,
	 const struct stop *stop, int64_t at)
{
	const struct score_terms *terms = history->terms;
	const struct expr *only = terms->rules->only;

	if (!is_active(history, customer, stop->day))
		return false;
	if (!terms->truth.by_silence && is_gone(history, engine, customer, at))
		return false;
	if (only && !value_is_true(engine_ask(engine, customer, only, at)))
		return false;
	return !terms->among || value_is_true(engine_ask(engine, customer, terms->among, at));
}

/* ---- rows ---- */

static void
move_row(struct score_rows *rows, size_t to, size_t from)
{
	memmove(rows->x + to * rows->columns, rows->x + from * rows->columns,
		rows->columns * sizeof *rows->x);
	rows->happened[to] = rows->happened[from];
	rows->fold[to] = rows->fold[from];
	rows->moment[to] = rows->moment[from];
	rows->customer[to] = rows->customer[from];
}

static bool
is_left_out(const struct score_rows *rows, uint64_t hash)
{
	return hash / FIT_LOGISTIC_FOLDS % rows->one_in != 0;
}

static void
leave_out_half(struct score_rows *rows, const struct engine *engine)
{
	size_t kept = 0;

	rows->one_in *= 2;
	for (size_t i = 0; i < rows->count; i++)
		if (!is_left_out(rows, hash_of(customer_id(
					       engine_customer_at(engine, rows->customer[i])))))
			move_row(rows, kept++, i);
	rows->count = kept;
}

static void
reserve_row(struct score_rows *rows)
{
	size_t cap = rows->cap ? rows->cap * 2 : 1024;

	if (rows->count < rows->cap)
		return;
	rows->x = mem_resize(rows->x, cap * (rows->columns + 1) * sizeof *rows->x);
	rows->happened = mem_resize(rows->happened, cap * sizeof *rows->happened);
	rows->fold = mem_resize(rows->fold, cap * sizeof *rows->fold);
	rows->moment = mem_resize(rows->moment, cap * sizeof *rows->moment);
	rows->customer = mem_resize(rows->customer, cap * sizeof *rows->customer);
	rows->cap = cap;
}

static void
add_row(struct history *history, struct engine *engine, size_t index, const struct stop *stop,
	int64_t at)
{
	const struct customer *customer = engine_customer_at(engine, index);
	struct score_rows *rows = history->rows;
	uint64_t hash = hash_of(customer_id(customer));

	if (is_left_out(rows, hash) || !is_asked(history, engine, customer, stop, at))
		return;
	reserve_row(rows);
	for (unsigned j = 0; j < rows->columns; j++)
		rows->x[rows->count * rows->columns + j] = past_number(
			engine_ask(engine, customer, history->terms->term[j]->expr, at));
	rows->happened[rows->count] = false;
	rows->fold[rows->count] = (uint8_t)(hash % FIT_LOGISTIC_FOLDS);
	rows->moment[rows->count] = (uint32_t)stop->moment;
	rows->customer[rows->count++] = (uint32_t)index;
	if (rows->count > ROWS_MOST)
		leave_out_half(rows, engine);
}

/* ---- what came of it ---- */

static bool
has_churned(const struct history *history, struct engine *engine,
	    const struct customer *customer, int64_t asked_day, int64_t at)
{
	const struct past_churn *truth = &history->terms->truth;
	const struct churn *churn;
	struct track track;

	if (truth->when)
		return is_gone(history, engine, customer, at);
	if (truth->by_silence)
		return !track_newest(&customer->tracks, truth->signal, false, &track) ||
		       track.cell <= asked_day;
	churn = last_churn(history, customer_id(customer));
	return churn && churn->at >= zone_day_start(history->terms->rules->zone, asked_day + 1);
}

static void
judge_rows(struct history *history, struct engine *engine, const struct stop *stop, int64_t at)
{
	struct score_rows *rows = history->rows;

	for (size_t i = 0; i < rows->count; i++)
		if (rows->moment[i] == (uint32_t)stop->judged)
			rows->happened[i] = has_churned(
				history, engine, engine_customer_at(engine, rows->customer[i]),
				stop->day - history->terms->truth.horizon, at);
}

/* ---- looking on ---- */

static bool
is_churn(const struct past_churn *truth, const struct entry *entry)
{
	for (unsigned i = 0; i < truth->type_count; i++)
		if (str_eq(entry->type, truth->types[i]))
			return true;
	return false;
}

static void
take_entries(void *ctx, const struct entry *entries, size_t count)
{
	struct history *history = ctx;

	if (count > 0 && history->first_at == NEVER)
		history->first_at = entries[0].id.ms;
	for (size_t i = 0; i < count; i++) {
		if (!is_churn(&history->terms->truth, &entries[i]))
			continue;
		MEM_RESERVE(history->churns, history->churn_cap, history->churn_count + 1);
		history->churns[history->churn_count++] = (struct churn){
			arena_str(&history->texts, entries[i].customer), entries[i].id.ms};
	}
}

/* Some history must lie behind a moment: as much as is asked of the time after it. */
static bool
has_history(const struct history *history, int64_t at)
{
	return history->first_at != NEVER &&
	       at - history->first_at >= history->terms->truth.horizon * DAY_MS;
}

static void
take_stop(void *ctx, struct engine *engine, int64_t at)
{
	struct history *history = ctx;
	const struct stop *stop = &history->stops[history->stopped++];
	size_t before = history->rows->count;

	pass_churns(history, at);
	if (stop->judged >= 0)
		judge_rows(history, engine, stop, at);
	if (stop->moment < 0 || !has_history(history, at))
		return;
	for (size_t i = 0; i < engine_customers(engine); i++)
		add_row(history, engine, i, stop, at);
	if (history->rows->count == before)
		return;
	history->rows->last_day = stop->day;
}

/* ---- the whole ---- */

static void
count_up(struct score_rows *rows)
{
	bool *seen = mem_array(1, sizeof *seen);
	size_t most = 0;

	for (size_t i = 0; i < rows->count; i++)
		most = rows->customer[i] >= most ? rows->customer[i] + (size_t)1 : most;
	seen = mem_resize(seen, most + 1);
	memset(seen, 0, most + 1);
	for (size_t i = 0; i < rows->count; i++) {
		rows->customers += !seen[rows->customer[i]];
		seen[rows->customer[i]] = true;
		rows->churns += rows->happened[i];
		rows->moments += i == 0 || rows->moment[i] != rows->moment[i - 1];
	}
	mem_free(seen);
}

enum status
score_rows_collect(const struct ctl *ctl, const struct score_wish *wish,
		   const struct score_terms *terms, struct feed *feed, struct score_rows *rows)
{
	struct history *history = mem_alloc(sizeof *history);
	const struct past_churn *truth = &terms->truth;
	int64_t until = zone_day_start(terms->rules->zone, wish->until + 1) - 1;

	*history =
		(struct history){.wish = wish, .terms = terms, .rows = rows, .first_at = NEVER};
	*rows = (struct score_rows){.columns = terms->count, .one_in = 1};
	arena_init(&history->texts);
	map_init(&history->last, random_seed());
	lay_out(history);
	feed_watch(feed, &(struct feed_watch){history, take_entries, take_stop,
					      history->instants, history->stop_count});
	enum status status = feed_files(ctl, &feed, 1, &wish->events, until);
	if (status == STATUS_DONE && history->first_at == NEVER)
		status = ctl_fail(STATUS_USAGE,
				  "there is no event in these files up to that day");
	count_up(rows);
	if (rows->count > 0)
		rows->first_day = wish->until - truth->horizon -
				  (int64_t)(MOMENTS_MOST - 1 - rows->moment[0]) * wish->every;
	map_finish(&history->last);
	mem_free(history->churns);
	arena_finish(&history->texts);
	mem_free(history);
	return status;
}

void
score_rows_finish(struct score_rows *rows)
{
	mem_free(rows->x);
	mem_free(rows->happened);
	mem_free(rows->fold);
	mem_free(rows->moment);
	mem_free(rows->customer);
}
