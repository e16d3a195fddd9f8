/* SPDX-License-Identifier: Apache-2.0 */
/* Feed guard: volumes by hour of arrival, judged once when their slot closes (rules.md, "Guards"). */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/core.h"

#define WEEK_HOURS (7 * 24)
#define KNOWN_LEAST 2 /* weeks before which nothing is expected of a feed */
#define HORIZON ((GUARD_WEEKS + 1) * WEEK_HOURS) /* behind it all that is known counts 0 */

/* ---- feeds ---- */

bool
feed_is_suspect(const struct feed *feed)
{
	return feed->span_count && feed->spans[feed->span_count - 1].ended_at == NEVER;
}

uint32_t
feed_volume(const struct guard *guard, const struct feed *feed, int64_t hour)
{
	if (hour > guard->hour || hour <= guard->hour - GUARD_HOURS || hour < feed->since)
		return 0;
	return feed->hours[hour % GUARD_HOURS];
}

static void
feed_destroy(struct feed *feed)
{
	text_set(&feed->type, STR_NONE);
	text_set(&feed->source, STR_NONE);
	mem_free(feed->spans);
	mem_free(feed);
}

struct feed *
guard_add_feed(struct guard *guard, struct str type, struct str source)
{
	struct feed *feed = mem_alloc(sizeof *feed);
	text_set(&feed->type, type);
	text_set(&feed->source, source);
	feed->next = GUARD_MAX_FEEDS;
	guard->feeds =
		mem_resize(guard->feeds, (guard->feed_count + 1u) * sizeof(struct feed *));
	guard->feeds[guard->feed_count++] = feed;
	return feed;
}

void
guard_finish(struct guard *guard)
{
	for (unsigned i = 0; i < guard->feed_count; i++)
		feed_destroy(guard->feeds[i]);
	for (size_t i = 0; i < guard->cap_count; i++)
		cap_finish(&guard->caps[i]);
	for (unsigned i = 0; i < RULESET_MAX_SIGNALS; i++) {
		mem_free(guard->views[i].times);
		mem_free(guard->views[i].days);
	}
	mem_free(guard->feeds);
	mem_free(guard->caps);
	mem_free(guard->first);
	*guard = (struct guard){0};
}

void
guard_init(struct guard *guard)
{
	*guard = (struct guard){.hour = INT64_MIN,
				.next_at = INT64_MIN,
				.view_from = INT64_MIN,
				.view_to = INT64_MIN};
}

void
guard_touch(struct engine *engine)
{
	struct guard *guard = &engine->guard;
	if (!guard->dirty)
		guard->before = engine->position;
	guard->dirty = true;
}

/* Which feeds a type has, and whether anything reads it, under the rules in force. */
void
guard_take_rules(struct engine *engine)
{
	struct guard *guard = &engine->guard;
	const struct ruleset *rules = engine->rules;
	mem_free(guard->first);
	guard->first = mem_array(rules->use_count + 1u, sizeof *guard->first);
	for (unsigned i = 0; i < rules->use_count; i++)
		guard->first[i] = GUARD_MAX_FEEDS;
	for (unsigned i = guard->feed_count; i-- > 0;) {
		struct feed *feed = guard->feeds[i];
		const struct type_use *use = ruleset_use(rules, feed->type);
		feed->counts = use && use->signals;
		feed->next = GUARD_MAX_FEEDS;
		if (!feed->counts)
			continue;
		feed->next = guard->first[use - rules->uses];
		guard->first[use - rules->uses] = (uint16_t)i;
	}
	guard->next_at = guard->view_to = INT64_MIN;
}

static struct feed *
feed_of(struct engine *engine, const struct type_use *use, struct str source)
{
	struct guard *guard = &engine->guard;
	uint16_t *first = &guard->first[use - engine->rules->uses], *link = first;
	for (; *link != GUARD_MAX_FEEDS; link = &guard->feeds[*link]->next) {
		struct feed *found = guard->feeds[*link];
		if (!str_eq(found->source, source))
			continue;
		if (link == first)
			return found;
		/* The one that comes most often is found first. */
		uint16_t index = *link;
		*link = found->next;
		found->next = *first;
		*first = index;
		return found;
	}
	if (guard->feed_count == GUARD_MAX_FEEDS)
		return NULL;
	*link = (uint16_t)guard->feed_count;
	struct feed *feed = guard_add_feed(guard, use->type, source);
	feed->since = guard->hour;
	feed->counts = true;
	guard->rolled = true;
	return feed;
}

/* One event has arrived. History being loaded says nothing about a feed. */
void
guard_count(struct engine *engine, const struct type_use *use, const struct entry *entry)
{
	struct guard *guard = &engine->guard;
	if (!use || !use->signals || entry->kind != ENTRY_EVENT || entry->backfill ||
	    stream_id_cmp(entry->id, guard->applied) <= 0)
		return;
	struct feed *feed = feed_of(engine, use, entry->source);
	guard_touch(engine);
	guard->stale = true;
	if (!feed) {
		guard->unguarded++;
		return;
	}
	uint32_t *volume = &feed->hours[guard->hour % GUARD_HOURS];
	if (*volume < UINT32_MAX) {
		++*volume;
		feed->total++;
	}
}

/* ---- a slot ---- */

enum verdict { VERDICT_NONE, VERDICT_FINE, VERDICT_SUSPECT };

struct slot {
	int64_t first, hours; /* UTC hours since 1970-01-01 */
	uint64_t volume;
	uint64_t expected2; /* twice the median of the same slot in the weeks before */
};

static uint64_t
slot_volume(const struct guard *guard, const struct feed *feed, int64_t first, int64_t hours)
{
	uint64_t volume = 0;
	for (int64_t hour = first; hour < first + hours; hour++)
		volume += feed_volume(guard, feed, hour);
	return volume;
}

/* Twice the median, so that it stays whole; 0 while too little is known. */
static uint64_t
slot_expected(const struct guard *guard, const struct feed *feed, const struct slot *slot)
{
	uint64_t known[GUARD_WEEKS];
	unsigned count = 0;
	for (int64_t week = 1; week <= GUARD_WEEKS; week++) {
		int64_t first = slot->first - week * WEEK_HOURS;
		if (first < feed->since)
			break;
		uint64_t volume = slot_volume(guard, feed, first, slot->hours);
		unsigned i = count++;
		for (; i > 0 && known[i - 1] > volume; i--)
			known[i] = known[i - 1];
		known[i] = volume;
	}
	if (count < KNOWN_LEAST)
		return 0;
	return known[(count - 1) / 2] + known[count / 2];
}

static bool
slot_is_judged(const struct engine *engine, const struct feed *feed, struct slot *slot)
{
	slot->expected2 = slot_expected(&engine->guard, feed, slot);
	return slot->expected2 >= 2 * (uint64_t)engine->rules->min_volume;
}

/* Under 30 % of the median. */
static enum verdict
slot_judge(const struct engine *engine, const struct feed *feed, struct slot *slot)
{
	if (!slot_is_judged(engine, feed, slot))
		return VERDICT_NONE;
	slot->volume = slot_volume(&engine->guard, feed, slot->first, slot->hours);
	return slot->volume * 20 < slot->expected2 * 3 ? VERDICT_SUSPECT : VERDICT_FINE;
}

/* ---- when the next slot closes that can be judged ---- */

static bool
edge_is_judged(const struct engine *engine, const struct feed *feed, int64_t edge)
{
	struct slot hour = {.first = edge - 1, .hours = 1};
	struct slot day = {.first = edge - 24, .hours = 24};
	return slot_is_judged(engine, feed, &hour) ||
	       (edge % 24 == 0 && slot_is_judged(engine, feed, &day));
}

/* Whether some hour, or some whole day, of those kept is large enough for a median to be. */
struct peaks {
	bool hour, day;
};

static struct peaks
feed_peaks(const struct engine *engine, const struct feed *feed)
{
	const struct guard *guard = &engine->guard;
	uint64_t least = (uint64_t)engine->rules->min_volume, hour_most = 0, day_most = 0;
	int64_t day = (guard->hour - GUARD_HOURS + 1) / 24;
	if (feed->total < least)
		return (struct peaks){false, false};
	for (; day <= guard->hour / 24; day++) {
		uint64_t sum = 0;
		for (int64_t hour = day * 24; hour < day * 24 + 24; hour++) {
			uint64_t volume = feed_volume(guard, feed, hour);
			sum += volume;
			hour_most = volume > hour_most ? volume : hour_most;
		}
		day_most = sum > day_most ? sum : day_most;
	}
	return (struct peaks){hour_most >= least, day_most >= least};
}

/* The first hour's edge at which this feed can be judged; NEVER. As if no more events came: those only move
 * what is expected a week later. */
static int64_t
feed_next_edge(const struct engine *engine, const struct feed *feed, int64_t hours)
{
	const struct guard *guard = &engine->guard;
	struct peaks peaks = {false, false};
	if (feed->counts)
		peaks = feed_peaks(engine, feed);
	if (!peaks.day)
		return NEVER;
	for (int64_t edge = guard->hour + 1; edge <= guard->hour + hours; edge++)
		if ((peaks.hour || edge % 24 == 0) && edge_is_judged(engine, feed, edge))
			return edge * HOUR_MS;
	return NEVER;
}

int64_t
span_forgotten_at(const struct feed_span *span)
{
	return span->to == NEVER ? NEVER : span->to + GUARD_KEEP;
}

/* Instants at which what is known of suspect time becomes another: ahead of us only where a record was ahead,
 * and where it is forgotten. */
static int64_t
feed_next_change(const struct feed *feed, int64_t now)
{
	int64_t next = NEVER;
	for (unsigned i = 0; i < feed->span_count; i++) {
		const struct feed_span *span = &feed->spans[i];
		const int64_t at[] = {span->judged_at, span->ended_at, span_forgotten_at(span)};
		for (unsigned k = 0; k < 3; k++)
			if (at[k] > now)
				sooner(&next, at[k]);
	}
	return next;
}

static int64_t
find_next(const struct engine *engine)
{
	const struct guard *guard = &engine->guard;
	int64_t next = caps_next(guard), edge = (guard->hour + 1) * HOUR_MS;
	for (unsigned i = 0; i < guard->feed_count; i++) {
		const struct feed *feed = guard->feeds[i];
		sooner(&next, feed_next_change(feed, engine->now));
		sooner(&next,
		       feed_is_suspect(feed) ? edge : feed_next_edge(engine, feed, HORIZON));
	}
	return next;
}

/* Exact for instants up to `to`. */
int64_t
guard_next(struct engine *engine, int64_t to)
{
	struct guard *guard = &engine->guard;
	if (guard->hour == INT64_MIN)
		return NEVER;
	int64_t sure = (guard->next_hour + WEEK_HOURS) * HOUR_MS;
	bool stale = guard->stale && guard->next_at > sure && to >= sure;
	if (guard->next_at <= engine->now || stale) {
		guard->next_at = find_next(engine);
		guard->next_hour = guard->hour;
		guard->stale = false;
	}
	return guard->next_at;
}

/* ---- judging ---- */

static void
span_add(struct feed *feed, const struct feed_span *span)
{
	if (feed->span_count == GUARD_MAX_SPANS) {
		feed->span_count--;
		memmove(feed->spans, feed->spans + 1, feed->span_count * sizeof *feed->spans);
	}
	feed->spans = mem_resize(feed->spans, (feed->span_count + 1u) * sizeof *feed->spans);
	feed->spans[feed->span_count++] = *span;
}

struct judging {
	struct engine *engine;
	struct feed *feed;
	int64_t at;
	const struct order_sink *sink;
};

static void
tell(const struct judging *judging, enum alert_type type, const struct slot *slot,
     const struct feed_span *span)
{
	struct feed_news news = {.type = judging->feed->type,
				 .source = judging->feed->source,
				 .from = span->from,
				 .to = span->to,
				 .day = slot && slot->hours > 1,
				 .given_up = !slot,
				 .volume = slot ? (int64_t)slot->volume : 0,
				 .expected = slot ? (double)slot->expected2 / 2 : 0};
	if (type == ALERT_FEED_BACK)
		notice_feed_id(judging->engine, ALERT_FEED_SILENT, &news, span->judged_at,
			       news.opened_by);
	notice_feed(judging->engine, type, &news, judging->at, judging->sink);
}

static void
feed_falls_silent(const struct judging *judging, const struct slot *slot)
{
	struct feed_span span = {.from = slot->first * HOUR_MS,
				 .to = NEVER,
				 .judged_at = judging->at,
				 .ended_at = NEVER};
	span_add(judging->feed, &span);
	tell(judging, ALERT_FEED_SILENT, slot, &span);
}

/* NULL: nothing is expected of it any more. */
static void
feed_is_back(const struct judging *judging, const struct slot *slot)
{
	struct feed_span *span = &judging->feed->spans[judging->feed->span_count - 1];
	span->to = slot ? slot->first * HOUR_MS : judging->at;
	span->ended_at = judging->at;
	tell(judging, ALERT_FEED_BACK, slot, span);
}

static void
judge_hour(const struct judging *judging)
{
	struct slot slot = {.first = judging->at / HOUR_MS - 1, .hours = 1};
	bool suspect = feed_is_suspect(judging->feed);
	switch (slot_judge(judging->engine, judging->feed, &slot)) {
	case VERDICT_SUSPECT:
		if (!suspect)
			feed_falls_silent(judging, &slot);
		return;
	case VERDICT_FINE:
		if (suspect)
			feed_is_back(judging, &slot);
		return;
	case VERDICT_NONE:
		return;
	}
}

/* Some hour of the slot was told of already. */
static bool
is_told(const struct feed *feed, const struct slot *slot)
{
	for (unsigned i = 0; i < feed->span_count; i++)
		if (feed->spans[i].to > slot->first * HOUR_MS)
			return true;
	return false;
}

/* A day that is suspect counts for nothing as a whole, though some of its hours were fine: known only now. */
static void
judge_day(const struct judging *judging)
{
	struct feed *feed = judging->feed;
	struct slot slot = {.first = judging->at / HOUR_MS - 24, .hours = 24};
	struct feed_span day = {.from = slot.first * HOUR_MS,
				.to = judging->at,
				.judged_at = judging->at,
				.ended_at = judging->at};
	struct feed_span last = {0};
	bool suspect = feed_is_suspect(feed);
	if (suspect)
		last = feed->spans[feed->span_count - 1];
	switch (slot_judge(judging->engine, feed, &slot)) {
	case VERDICT_SUSPECT:
		if (!is_told(feed, &slot)) {
			feed_falls_silent(judging, &slot);
		} else if (!suspect) {
			span_add(feed, &day);
		} else if (last.from > day.from) {
			feed->span_count--;
			span_add(feed, &day);
			span_add(feed, &last);
		}
		return;
	case VERDICT_FINE:
		if (suspect && last.from <= day.from)
			feed_is_back(judging, &slot);
		return;
	case VERDICT_NONE:
		return;
	}
}

static void
judge_feed(const struct judging *judging)
{
	struct feed *feed = judging->feed;
	if (!feed->counts) {
		if (feed_is_suspect(feed))
			feed_is_back(judging, NULL);
		return;
	}
	judge_hour(judging);
	if (judging->at % DAY_MS == 0)
		judge_day(judging);
	if (feed_is_suspect(feed) &&
	    feed_next_edge(judging->engine, feed, WEEK_HOURS + 24) == NEVER)
		feed_is_back(judging, NULL);
}

/* ---- time ---- */

static void
forget_spans(struct feed *feed, int64_t at)
{
	/* A week more, for records that are to be brought forward from before. */
	while (feed->span_count && feed->spans[0].to < at - GUARD_KEEP - 7 * DAY_MS) {
		feed->span_count--;
		memmove(feed->spans, feed->spans + 1, feed->span_count * sizeof *feed->spans);
	}
}

/* Makes room for the hour that begins, and forgets feeds of which nothing is left. */
static void
begin_hour(struct engine *engine, int64_t at)
{
	struct guard *guard = &engine->guard;
	unsigned kept = 0;
	for (unsigned i = 0; i < guard->feed_count; i++) {
		struct feed *feed = guard->feeds[i];
		uint32_t *oldest = &feed->hours[guard->hour % GUARD_HOURS];
		feed->total -= *oldest;
		*oldest = 0;
		forget_spans(feed, at);
		if ((feed->counts && feed->total) || feed->span_count)
			guard->feeds[kept++] = feed;
		else
			feed_destroy(feed);
	}
	if (kept == guard->feed_count)
		return;
	guard->feed_count = kept;
	guard_take_rules(engine);
}

/* What happened at hours' edges up to `to`, each at its own; an edge at which something is due was asked for
 * by guard_next() and has its own instant. */
static void
guard_roll(struct engine *engine, int64_t to, const struct order_sink *sink)
{
	struct guard *guard = &engine->guard;
	int64_t hour = to / HOUR_MS;
	/* Of a guard that holds nothing no record is due, but the next one is of this hour with its past. */
	if (guard->feed_count == 0 && guard->cap_count == 0 && guard->hour < hour) {
		guard->hour = hour;
		guard->rolled = true;
	}
	while (guard->hour < hour) {
		int64_t at = (guard->hour + 1) * HOUR_MS;
		guard_touch(engine);
		guard->rolled = true;
		for (unsigned i = 0; i < guard->feed_count; i++)
			judge_feed(&(struct judging){engine, guard->feeds[i], at, sink});
		guard->hour++;
		caps_end_hour(engine, at, sink);
		begin_hour(engine, at);
		guard->next_at = INT64_MIN;
	}
}

bool
guard_run(struct engine *engine, int64_t at, const struct order_sink *sink)
{
	struct guard *guard = &engine->guard;
	guard_roll(engine, at, sink);
	for (unsigned i = 0; at % HOUR_MS == 0 && i < guard->feed_count; i++) {
		const struct feed *feed = guard->feeds[i];
		for (unsigned k = 0; k < feed->span_count; k++) {
			const struct feed_span *span = &feed->spans[k];
			if (span->judged_at == at || span->ended_at == at ||
			    span_forgotten_at(span) == at) {
				guard->view_to = INT64_MIN;
				return true;
			}
		}
	}
	return false;
}

/* ---- the record ---- */

const struct guard *
engine_guard(const struct engine *engine)
{
	return &engine->guard;
}

bool
engine_take_guard(struct engine *engine, struct stream_id low, bool *rolled)
{
	struct guard *guard = &engine->guard;
	if (!guard->dirty)
		return false;
	caps_forget(guard, low);
	*rolled = guard->rolled;
	guard->dirty = guard->rolled = false;
	return true;
}

/* Wakes were worked out without it; where no time was suspect they are the same. */
void
engine_load_guard(struct engine *engine, struct guard *guard, struct stream_id applied)
{
	bool spans = false;
	guard_finish(&engine->guard);
	engine->guard = *guard;
	engine->idle_to = INT64_MIN;
	guard_take_rules(engine);
	if (stream_id_cmp(applied, engine->position) < 0)
		applied = engine->position;
	engine->guard.applied = applied;
	for (unsigned i = 0; i < engine->guard.feed_count; i++)
		spans |= engine->guard.feeds[i]->span_count > 0;
	for (uint32_t i = 0; spans && i < engine->customers; i++)
		engine_wake_loaded(engine, i);
}
