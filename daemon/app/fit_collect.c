/* SPDX-License-Identifier: Apache-2.0 */
/* Customers as the engine knows them on the last day, by segment. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "app/feed.h"
#include "app/fit.h"
#include "app/past.h"
#include "base/mem.h"
#include "engine/track.h"
#include "io/random_seed.h"
#include "lang/builtin.h"
#include "lang/expr.h"

struct collecting {
	struct fit_job *job;
	struct engine *engine;
	const struct expr *by; /* NULL: all are one segment */
	int64_t now;	       /* the last ms of the last day */
	int64_t newest;	       /* arrival of the last row; INT64_MIN: there was none */
};

/* ---- the signal ---- */

/* The one that is named, or the only one. */
static enum status
find_signal(struct fit_job *job, const struct ruleset *rules)
{
	unsigned count = job->signal == NULL ? past_count_signals(rules, &job->slot) : 1;

	if (count != 1)
		return ctl_fail(STATUS_USAGE,
				"the rules define %u signals; say which one with --signal",
				count);
	if (job->signal != NULL && !past_find_signal(rules, job->signal, &job->slot))
		return STATUS_USAGE;
	job->name = arena_str(&job->arena, rules->signals[job->slot].name);
	return STATUS_DONE;
}

/* ---- segments ---- */

static bool
can_divide(const struct expr *by)
{
	switch (by->root->type) {
	case TYPE_BOOL:
	case TYPE_INT:
	case TYPE_STRING:
	case TYPE_ENUM:
		return true;
	default:
		return false;
	}
}

/* Segments are of people, not of what they do: `when` of a model reads profile.* only. */
static void
find_state(void *ctx, const struct node *node)
{
	const struct node **found = ctx;

	if (*found == NULL && node->kind == NODE_CALL && node->builtin->op < FN_FIRST_PURE)
		*found = node;
}

static enum status
check_division(const struct expr *by)
{
	const struct node *state = NULL;

	expr_walk(by->root, find_state, (void *)&state);
	if (state != NULL)
		return ctl_fail(
			STATUS_USAGE,
			"--by: %s() cannot stand in a model's `when`; it may read profile.*",
			state->builtin->name);
	if (!can_divide(by))
		return ctl_fail(STATUS_USAGE,
				"--by divides customers by a word, a text, a whole number or a "
				"condition such as \"profile.mrr > 100\", not by a %s",
				type_name(by->root->type, false));
	return STATUS_DONE;
}

static struct str
value_text(struct arena *arena, const struct value *value)
{
	switch (value->type) {
	case TYPE_BOOL:
		return value->u.b ? STR("true") : STR("false");
	case TYPE_INT:
		return arena_printf(arena, "%" PRId64, value->u.i);
	case TYPE_ENUM:
		return value->words->words[value->u.i];
	default:
		return value->u.s;
	}
}

/* EXPR, not EXPR, EXPR == value. */
static struct str
condition_text(struct arena *arena, const struct expr *by, const struct value *value)
{
	struct node constant = {.kind = NODE_CONST, .type = value->type, .value = *value};
	struct node *kids[] = {arena_alloc(arena, sizeof *kids[0]), &constant};
	struct node node = {.kind = NODE_COMPARE,
			    .type = TYPE_BOOL,
			    .op = CMP_EQ,
			    .kid_count = 2,
			    .kids = kids};

	*kids[0] = *by->root;
	if (value->type == TYPE_BOOL && value->u.b)
		return expr_text(arena, by->root);
	if (value->type == TYPE_BOOL) {
		node.kind = NODE_NOT;
		node.kid_count = 1;
	}
	return expr_text(arena, &node);
}

/* A text with a line break or both kinds of quotes has no place in an expression. */
static bool
can_be_written(const struct value *value)
{
	struct str text = value->u.s;

	return value->type != TYPE_STRING ||
	       (!text_has_control(text) &&
		!(memchr(text.p ? text.p : "", '"', text.n) != NULL &&
		  memchr(text.p ? text.p : "", '\'', text.n) != NULL));
}

/* NULL: it has no segment; *full: there are too many values. */
static struct fit_segment *
segment_of(struct collecting *it, const struct customer *customer, bool *full)
{
	struct fit_job *job = it->job;
	struct value value = engine_ask(it->engine, customer, it->by, it->now);
	uint32_t at;

	if (!value.known || !can_be_written(&value))
		return &job->rest;
	struct str text = value_text(&job->arena, &value);

	if (map_get(&job->values, text, &at))
		return &job->segments[at];
	*full = job->segment_count == FIT_MAX_SEGMENTS;
	if (*full)
		return &job->rest;
	struct fit_segment *segment = &job->segments[job->segment_count];

	segment->value = arena_str(&job->arena, text);
	segment->when = condition_text(&job->arena, it->by, &value);
	map_put(&job->values, segment->value, job->segment_count++);
	return segment;
}

/* ---- customers ---- */

/* In whole days: t counts from the midnight that begins the first active day to the end of the last day looked at. */
static bool
history_of(struct collecting *it, const struct customer *customer, struct fit_cell *out)
{
	struct rhythm rhythm;
	struct track track;
	double t;

	if (!track_get(&customer->tracks, it->job->slot, false,
		       engine_rules(it->engine)->signals[it->job->slot].kind, &track) ||
	    track.first_cell > it->job->until ||
	    !engine_rhythm(it->engine, customer, it->job->slot, it->now, &rhythm, &t))
		return false;
	if (track.first_cell < it->job->first)
		it->job->first = track.first_cell;
	out->count = 1;
	out->x = (uint32_t)rhythm.x;
	out->tx = (uint32_t)llround(rhythm.tx);
	t = (double)llround(t) - 1;
	out->t = t > out->tx ? (uint32_t)t : out->tx;
	return true;
}

static enum status
collect_customers(struct collecting *it)
{
	struct fit_job *job = it->job;
	struct fit_segment *segment = &job->rest;
	bool full = false;

	for (size_t i = 0; i < engine_customers(it->engine); i++) {
		const struct customer *customer = engine_customer_at(it->engine, i);
		struct fit_cell cell;

		if (!history_of(it, customer, &cell))
			continue;
		if (it->by != NULL)
			segment = segment_of(it, customer, &full);
		if (full)
			return ctl_fail(STATUS_USAGE,
					"--by \"%s\" has more than %d values; segments are few "
					"and large: a tier, a region",
					job->by, FIT_MAX_SEGMENTS);
		fit_data_add(&segment->data, cell);
		job->customers++;
	}
	if (job->customers == 0)
		return ctl_fail(STATUS_NO, "%.*s: nobody has such an event in these files%s",
				STR_ARG(job->name), job->has_until ? " up to that day" : "");
	return STATUS_DONE;
}

/* ---- events ---- */

static void
see_rows(void *ctx, const struct entry *entries, size_t count)
{
	struct collecting *it = ctx;

	if (count > 0)
		it->newest = entries[count - 1].id.ms;
}

static void
drop_order(void *ctx, const struct order *order)
{
	(void)ctx;
	(void)order;
}

/* Without --until the last day is that of the last row. */
static enum status
read_events(struct collecting *it, struct feed *feed)
{
	struct fit_job *job = it->job;
	const struct zone *zone = engine_rules(it->engine)->zone;
	int64_t until = job->has_until ? zone_day_start(zone, job->until + 1) - 1 : NEVER;
	const struct feed_watch watch = {.ctx = it, .entries = see_rows};

	feed_watch(feed, &watch);
	enum status status = feed_files(job->ctl, &feed, 1, job->events, until);

	if (status != STATUS_DONE)
		return status;
	if (it->newest == INT64_MIN)
		return ctl_fail(STATUS_NO, "there is no event in these files%s",
				job->has_until ? " up to that day" : "");
	if (!job->has_until)
		job->until = zone_day(zone, it->newest);
	it->now = zone_day_start(zone, job->until + 1) - 1;
	engine_advance(it->engine, it->now, &(struct order_sink){.take = drop_order});
	job->rejected = feed_rejected(feed);
	return STATUS_DONE;
}

static enum status
prepare(struct collecting *it, const struct ruleset *rules)
{
	enum status status = find_signal(it->job, rules);

	if (status != STATUS_DONE || it->job->by == NULL)
		return status;
	if (rules->ask_count != 1)
		return ctl_fail(STATUS_USAGE, "--by takes one expression, not %u",
				rules->ask_count);
	it->by = rules->asks[0].expr;
	return check_division(it->by);
}

enum status
fit_collect(struct fit_job *job, struct ruleset *rules)
{
	struct collecting it = {.job = job, .newest = INT64_MIN};
	struct feed *feed = feed_create(rules, (struct order_sink){.take = drop_order});

	it.engine = feed_engine(feed);
	job->first = INT64_MAX;
	job->segments = mem_array(FIT_MAX_SEGMENTS, sizeof *job->segments);
	map_init(&job->values, random_seed());
	enum status status = prepare(&it, rules);

	if (status == STATUS_DONE)
		status = read_events(&it, feed);
	if (status == STATUS_DONE)
		status = collect_customers(&it);
	feed_destroy(feed);
	return status;
}
