/* SPDX-License-Identifier: Apache-2.0 */
/* Figures of rules and tasks: counts, lead times, shares; no more than one of each rule and task in force. */
#include "engine/quality.h"

#include <string.h>

#include "base/civil.h"
#include "base/mem.h"
#include "engine/core.h"

static const char *const outcomes[] = {
	[OUTCOME_SAVED] = "saved",
	[OUTCOME_CHURNED] = "churned",
	[OUTCOME_FALSE_ALARM] = "false_alarm",
	[OUTCOME_NO_ANSWER] = "no_answer",
	[OUTCOME_OTHER] = "other",
};

const char *
outcome_name(enum outcome outcome)
{
	return outcomes[outcome];
}

int
outcome_of(struct str name)
{
	for (int i = 0; i < OUTCOMES; i++)
		if (str_is(name, outcomes[i]))
			return i;
	return -1;
}

bool
rule_warns(const struct rule *rule)
{
	return rule->mode != MODE_OFF &&
	       (rule->points_expr || rule->points > 0 || rule->floor > 0);
}

int64_t
quality_open_for(const struct ruleset *rules)
{
	bool silent = rules->churn.kind == CHURN_SILENT;
	return rules->horizon + (silent ? 2 * DAY_MS : 0);
}

bool
quality_lapsed_is_false(const struct ruleset *rules)
{
	return rules->churn.kind == CHURN_ON || rules->churn.kind == CHURN_WHEN;
}

/* ---- lead times ---- */

#define EXACT 8 /* buckets of one hour; then so many an octave */

static unsigned
lead_bucket(int64_t lead)
{
	uint64_t hours = (uint64_t)(lead / HOUR_MS);
	unsigned octave = 0;
	if (hours < EXACT)
		return (unsigned)hours;
	while (hours >> octave >= (uint64_t)2 * EXACT)
		octave++;
	unsigned bucket = EXACT * (octave + 1) + (unsigned)(hours >> octave) - EXACT;
	return bucket < LEAD_BUCKETS ? bucket : LEAD_BUCKETS - 1;
}

/* Its middle, ms. */
static int64_t
bucket_lead(unsigned bucket)
{
	if (bucket < EXACT)
		return bucket * HOUR_MS + HOUR_MS / 2;
	unsigned octave = bucket / EXACT - 1;
	int64_t from = (int64_t)(bucket % EXACT + EXACT) << octave, width = INT64_C(1)
									    << octave;
	return from * HOUR_MS + width * HOUR_MS / 2;
}

void
figures_add_lead(struct figures *figures, int64_t lead)
{
	figures->leads[lead_bucket(lead)]++;
}

int64_t
figures_lead(const struct figures *figures, double q)
{
	uint64_t total = 0, below = 0;
	for (unsigned i = 0; i < LEAD_BUCKETS; i++)
		total += figures->leads[i];
	for (unsigned i = 0; i < LEAD_BUCKETS && total; i++) {
		below += figures->leads[i];
		if (below && (double)below >= q * (double)total)
			return bucket_lead(i);
	}
	return -1;
}

/* ---- open alerts ---- */

static uint32_t *
day_slot(struct figures *figures, int64_t day)
{
	return &figures->open[day % OPEN_DAYS];
}

void
figures_open(struct figures *figures, int64_t announced_at)
{
	++*day_slot(figures, announced_at / DAY_MS);
}

void
figures_close(struct figures *figures, int64_t announced_at)
{
	int64_t day = announced_at / DAY_MS;
	uint32_t *count = day < figures->open_from ? &figures->counts[FIGURE_LAPSED]
						   : day_slot(figures, day);
	if (*count)
		--*count;
}

/* The first day of which some alert may still be proved right. */
static int64_t
first_open_day(const struct figures *figures, int64_t now, int64_t horizon)
{
	int64_t first = (now - horizon) / DAY_MS;
	return first > figures->open_from ? first : figures->open_from;
}

/* Of the days from..to, at most all that are kept. */
static uint32_t
count_open(const struct figures *figures, int64_t from, int64_t to)
{
	uint32_t count = 0;
	if (to > from + OPEN_DAYS)
		to = from + OPEN_DAYS;
	for (int64_t day = from; day < to; day++)
		count += figures->open[day % OPEN_DAYS];
	return count;
}

void
figures_lapse(struct figures *figures, int64_t now, int64_t horizon)
{
	int64_t from = figures->open_from, to = first_open_day(figures, now, horizon);
	figures->counts[FIGURE_LAPSED] += count_open(figures, from, to);
	for (int64_t day = from; day < to && day < from + OPEN_DAYS; day++)
		*day_slot(figures, day) = 0;
	figures->open_from = to;
}

uint32_t
figures_lapsed(const struct figures *figures, int64_t now, int64_t horizon)
{
	return figures->counts[FIGURE_LAPSED] +
	       count_open(figures, figures->open_from, first_open_day(figures, now, horizon));
}

uint32_t
figures_still_open(const struct figures *figures, int64_t now, int64_t horizon)
{
	int64_t from = first_open_day(figures, now, horizon);
	return count_open(figures, from, figures->open_from + OPEN_DAYS);
}

struct figures
figures_as_of(const struct figures *figures, const struct ruleset *rules, int64_t now)
{
	struct figures read = *figures;
	figures_lapse(&read, now, quality_open_for(rules));
	if (quality_lapsed_is_false(rules)) {
		read.counts[FIGURE_FALSE] += read.counts[FIGURE_LAPSED];
		read.counts[FIGURE_LAPSED] = 0;
	}
	return read;
}

/* ---- shares ---- */

uint32_t
figures_useful(const struct figures *figures)
{
	return figures->counts[FIGURE_SAVED] + figures->counts[FIGURE_LOST];
}

uint32_t
figures_judged(const struct figures *figures)
{
	return figures_useful(figures) + figures->counts[FIGURE_FALSE];
}

uint32_t
figures_done(const struct figures *figures)
{
	uint32_t done = 0;
	for (unsigned i = 0; i < OUTCOMES; i++)
		done += figures->counts[FIGURE_DONE + i];
	return done;
}

static double
share(uint32_t part, uint32_t whole)
{
	return whole ? (double)part / whole : -1;
}

double
figures_precision(const struct figures *figures)
{
	return share(figures_useful(figures), figures_judged(figures));
}

double
figures_recall(const struct figures *figures)
{
	return share(figures->counts[FIGURE_FORESEEN], figures->counts[FIGURE_CHURNS]);
}

double
figures_save_rate(const struct figures *figures)
{
	bool task = figures->kind == FIGURES_TASK;
	uint32_t saved = figures->counts[task ? FIGURE_DONE + OUTCOME_SAVED : FIGURE_SAVED];
	uint32_t lost = figures->counts[task ? FIGURE_DONE + OUTCOME_CHURNED : FIGURE_LOST];
	return share(saved, saved + lost);
}

bool
figures_are_noisy(const struct figures *figures, double noise)
{
	uint32_t judged = figures_judged(figures);
	return noise >= 0 && judged >= QUALITY_NOISE_LEAST &&
	       figures->counts[FIGURE_FALSE] > noise * judged;
}

/* ---- the list ---- */

void
quality_finish(struct quality *quality)
{
	mem_free(quality->list);
	*quality = (struct quality){0};
}

static bool
is_before(const struct figures *figures, enum figures_kind kind, uint32_t key)
{
	return figures->kind != kind ? figures->kind < kind : figures->key < key;
}

/* Where it is, or would be. */
static size_t
place_of(const struct quality *quality, enum figures_kind kind, uint32_t key)
{
	size_t from = 0, to = quality->count;
	while (from < to) {
		size_t middle = from + (to - from) / 2;
		if (is_before(&quality->list[middle], kind, key))
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

static bool
is_there(const struct quality *quality, size_t place, enum figures_kind kind, uint32_t key)
{
	return place < quality->count && quality->list[place].kind == kind &&
	       quality->list[place].key == key;
}

const struct figures *
quality_find(const struct quality *quality, enum figures_kind kind, uint32_t key)
{
	size_t place = place_of(quality, kind, key);
	return is_there(quality, place, kind, key) ? &quality->list[place] : NULL;
}

struct figures *
quality_make(struct quality *quality, enum figures_kind kind, uint32_t key)
{
	size_t place = place_of(quality, kind, key);
	if (is_there(quality, place, kind, key))
		return &quality->list[place];
	MEM_RESERVE(quality->list, quality->cap, quality->count + 1);
	struct figures *made = &quality->list[place];
	memmove(made + 1, made, (quality->count++ - place) * sizeof *made);
	*made = (struct figures){.kind = (uint8_t)kind, .key = key, .since_at = INT64_MAX};
	return made;
}

unsigned
quality_chunk(uint32_t key)
{
	return key % QUALITY_CHUNKS;
}

/* ---- of an engine ---- */

static bool
is_in_force(const struct ruleset *rules, const struct figures *figures)
{
	bool found = figures->kind == FIGURES_ALL;
	for (unsigned i = 0; i < rules->rule_count && figures->kind == FIGURES_RULE; i++)
		found |= rules->rules[i].key == figures->key;
	for (unsigned i = 0; i < rules->task_count && figures->kind == FIGURES_TASK; i++)
		found |= rules->tasks[i].key == figures->key;
	return found;
}

void
quality_touch(struct engine *engine, unsigned chunk)
{
	struct quality *quality = &engine->quality;
	if (!quality->dirty)
		quality->before = engine->position;
	quality->dirty |= (uint16_t)(1u << chunk);
}

/* Records that hold a later entry than this change are as that one left them. */
void
quality_forget(struct engine *engine, struct stream_id change)
{
	struct quality *quality = &engine->quality;
	size_t kept = 0;
	for (size_t i = 0; i < quality->count; i++) {
		const struct figures *figures = &quality->list[i];
		unsigned chunk = quality_chunk(figures->key);
		if (stream_id_cmp(change, quality->applied[chunk]) <= 0 ||
		    is_in_force(engine->rules, figures))
			quality->list[kept++] = *figures;
		else
			quality_touch(engine, chunk);
	}
	quality->count = kept;
}

const struct quality *
engine_quality(const struct engine *engine)
{
	return &engine->quality;
}

bool
engine_take_quality(struct engine *engine, unsigned chunk)
{
	bool dirty = engine->quality.dirty >> chunk & 1;
	engine->quality.dirty &= (uint16_t) ~(1u << chunk);
	return dirty;
}

void
engine_load_figures(struct engine *engine, const struct figures *figures,
		    struct stream_id applied)
{
	struct quality *quality = &engine->quality;
	*quality_make(quality, (enum figures_kind)figures->kind, figures->key) = *figures;
	quality->applied[quality_chunk(figures->key)] = applied;
}
