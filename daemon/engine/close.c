/* SPDX-License-Identifier: Apache-2.0 */
/* Closes: which rules a day's close can turn for a customer, without asking them.
 *
 * As a day closes, every window moves by one: one day enters it, one leaves. Nothing changes for a customer who
 * was not active on any of these days, and most are not on most. So the edges of all windows over a signal are
 * distances from the day that closed, each with the parts of the rule set that it belongs to, and the customer's active
 * days are held against them: only parts on an edge of whose own such a day lies are asked. Expressions that may change
 * at any close are looked at at every one. */
#include <assert.h>

#include "base/mem.h"
#include "engine/core.h"
#include "lang/builtin.h"

enum close_kind {
	CLOSE_DAILY,  /* may change at each close: what is not listed here */
	CLOSE_WINDOW, /* when a day enters or leaves one of its ranges */
	CLOSE_GAUGE,  /* when the value of so many days ago is another */
	CLOSE_RATE,   /* as CLOSE_WINDOW, and while the days observed still grow */
	CLOSE_PEOPLE, /* as CLOSE_WINDOW, and while the signal has been counted by person for too short */
	CLOSE_GAPS, /* when an active day is too old to be part of the rhythm */
	CLOSE_NEVER /* has wakes of its own, or follows what others do */
};

static enum close_kind
close_kind(const struct builtin *fn)
{
	/* clang-format off */
	static const unsigned char kinds[FN_OPS] = {
		[FN_COUNT] = CLOSE_WINDOW,
		[FN_SUM] = CLOSE_WINDOW,
		[FN_USERS] = CLOSE_PEOPLE,
		[FN_SHARE_OF_TOP] = CLOSE_PEOPLE,
		[FN_DAYS] = CLOSE_WINDOW,
		[FN_RATIO] = CLOSE_RATE,
		[FN_P_DROP] = CLOSE_RATE,
		[FN_P_RISE] = CLOSE_RATE,
		[FN_LAST] = CLOSE_GAUGE,
		[FN_SINCE] = CLOSE_NEVER,
		[FN_SILENT] = CLOSE_NEVER,
		[FN_SEEN] = CLOSE_NEVER,
		[FN_AFTER] = CLOSE_NEVER,
		[FN_AGE] = CLOSE_NEVER,
		[FN_UNTIL] = CLOSE_NEVER,
		[FN_RISK] = CLOSE_NEVER,
		[FN_OPEN] = CLOSE_NEVER,
		[FN_OLDEST] = CLOSE_NEVER,
		[FN_UNTIL_DUE] = CLOSE_NEVER,
		[FN_LEVEL] = CLOSE_NEVER,
		[FN_TAG] = CLOSE_NEVER,
		[FN_MAX] = CLOSE_WINDOW,
		[FN_MIN] = CLOSE_WINDOW,
		[FN_AVG] = CLOSE_WINDOW,
		[FN_CHANGE] = CLOSE_RATE,
		[FN_TYPICAL_GAP] = CLOSE_GAPS,
		[FN_GAP_MEAN] = CLOSE_GAPS,
		[FN_GAP_SD] = CLOSE_GAPS,
		[FN_GAP_MAX] = CLOSE_GAPS,
		[FN_GAP_QUANTILE] = CLOSE_GAPS,
		[FN_GAP_EWMA] = CLOSE_GAPS,
		[FN_P_SILENT] = CLOSE_GAPS,
		[FN_P_GAP] = CLOSE_GAPS,
		[FN_P_ALIVE] = CLOSE_GAPS,
		[FN_HOUR] = CLOSE_NEVER,
		[FN_WEEKDAY] = CLOSE_NEVER,
		[FN_MONTH] = CLOSE_NEVER,
		[FN_NOW] = CLOSE_NEVER,
		[FN_IS_WORKDAY] = CLOSE_NEVER,
		[FN_HOLIDAY] = CLOSE_NEVER,
		[FN_WORKDAYS] = CLOSE_NEVER,
		[FN_STAGE] = CLOSE_NEVER,
		[FN_STAGE_AGE] = CLOSE_NEVER,
		[FN_FIRING] = CLOSE_NEVER,
		[FN_FIRED_WITHIN] = CLOSE_NEVER,
	};
	/* clang-format on */
	return fn->op >= FN_FIRST_PURE ? CLOSE_NEVER : (enum close_kind)kinds[fn->op];
}

bool
close_moves(const struct builtin *fn)
{
	return close_kind(fn) != CLOSE_NEVER;
}

/* What the expressions walked so far read at a close. */
struct reading {
	struct close_plan *plan;
	const struct ruleset *rules;
	uint64_t part;	  /* theirs */
	uint64_t signals; /* whose windows */
	bool daily;
};

static void
read_signal(struct reading *reading, unsigned signal)
{
	reading->plan->by_signal[signal].parts |= reading->part;
	reading->signals |= UINT64_C(1) << signal;
}

static void
add_edge(struct reading *reading, unsigned signal, int days)
{
	struct track_edges *edges = &reading->plan->by_signal[signal].edges;
	unsigned at = (unsigned)(days + 1);
	assert(days >= -1 && at < TRACK_EDGES);
	if (!edges->parts)
		edges->parts = mem_array(TRACK_EDGES, sizeof *edges->parts);
	edges->parts[at] |= reading->part;
	edges->count = edges->count > at + 1 ? edges->count : at + 1;
	read_signal(reading, signal);
}

/* Live windows moved at midnight, which is a day further on than the day that closes. */
static void
read_range(struct reading *reading, const struct range *range)
{
	int first = range->live ? range->offset - 1 : range->offset;
	if (range->hours)
		return;
	add_edge(reading, range->signal, first);
	add_edge(reading, range->signal, first + range->length);
}

static void
read_gauge(struct reading *reading, const struct node *node)
{
	if (node->kid_count >= 2 && node->kids[1])
		add_edge(reading, node->kids[0]->value.u.signal,
			 (int)(node->kids[1]->value.u.i / DAY_MS));
}

/* A model that all customers have reads life totals only. Gaps are those of a live window, which lies a day
 * further on than the day that closes. */
static void
read_gaps(struct reading *reading, const struct node *node)
{
	unsigned signal = node->kids[0]->value.u.signal;
	if (node->builtin->flags & FN_MODEL && ruleset_is_modelled(reading->rules, signal))
		return;
	add_edge(reading, signal, -1 + GAP_REACH_DAYS);
}

/* While a range holds the first day, or begins to. */
static void
read_rates(struct reading *reading, const struct node *node)
{
	for (unsigned i = 0; i < 2; i++) {
		const struct range *range = &node->kids[i]->range;
		struct close_signal *plan = &reading->plan->by_signal[range->signal];
		unsigned at = (unsigned)(range->offset + !range->live),
			 end = at + (unsigned)range->length + 1;
		assert(range->offset >= 0 && end <= TRACK_EDGES);
		if (!plan->grows)
			plan->grows = mem_array(TRACK_EDGES, sizeof *plan->grows);
		plan->grow_count = plan->grow_count > end ? plan->grow_count : end;
		for (; at < end; at++)
			plan->grows[at] |= reading->part;
	}
}

static void
read_node(void *ctx, const struct node *node)
{
	struct reading *reading = ctx;
	if (node->kind == NODE_RANGE)
		read_range(reading, &node->range);
	if (node->kind != NODE_CALL)
		return;
	reading->daily |= close_kind(node->builtin) == CLOSE_DAILY;
	if (close_kind(node->builtin) == CLOSE_GAUGE)
		read_gauge(reading, node);
	if (close_kind(node->builtin) == CLOSE_RATE)
		read_rates(reading, node);
	if (close_kind(node->builtin) == CLOSE_PEOPLE)
		reading->plan->people |= UINT64_C(1) << node->kids[0]->range.signal;
	if (close_kind(node->builtin) == CLOSE_GAPS)
		read_gaps(reading, node);
}

static void
read_expr(struct reading *reading, const struct expr *expr)
{
	if (expr)
		expr_walk(expr->root, read_node, reading);
}

/* Returns whether a close moves anything of what was read. */
static bool
note_reading(const struct reading *reading)
{
	struct close_plan *plan = reading->plan;
	plan->signals |= reading->signals;
	if (reading->daily)
		plan->daily |= reading->part;
	return reading->daily || reading->signals;
}

/* For a rule or tag that has none yet. */
static uint64_t
next_part(const struct close_plan *plan)
{
	return UINT64_C(1) << (plan->rule_count + plan->tag_count) % CLOSE_PARTS;
}

static void
read_rule(struct close_plan *plan, const struct ruleset *rules, uint16_t slot)
{
	const struct rule *rule = &rules->rules[slot];
	struct reading reading = {.plan = plan,
				  .rules = rules,
				  .part = next_part(plan),
				  .daily = rule->reads_coarse};
	if (rule->kind != RULE_DATE)
		read_expr(&reading, rule->when);
	read_expr(&reading, rule->clear);
	if (note_reading(&reading))
		plan->rules[plan->rule_count++] =
			(struct close_rule){.rule = slot, .part = reading.part};
}

static void
read_tag(struct close_plan *plan, const struct ruleset *rules, uint16_t slot)
{
	struct reading reading = {.plan = plan,
				  .rules = rules,
				  .part = next_part(plan),
				  .daily = rules->watching.coarse};
	read_expr(&reading, rules->tags[slot].when);
	read_expr(&reading, rules->tags[slot].leave);
	if (note_reading(&reading))
		plan->tags[plan->tag_count++] =
			(struct close_tag){.tag = slot, .part = reading.part};
}

/* A tag that reads another one moves with it, and so does a stage: they are asked anew once that has turned. */
static void
read_watching(struct close_plan *plan, const struct ruleset *rules)
{
	struct reading reading = {.plan = plan,
				  .rules = rules,
				  .part = CLOSE_WATCHING,
				  .daily = rules->watching.coarse};
	for (unsigned i = 0; i < rules->task_count; i++) {
		read_expr(&reading, rules->tasks[i].close_when);
		read_expr(&reading, rules->tasks[i].exit);
	}
	(void)note_reading(&reading);
	reading.part = CLOSE_STAGES;
	reading.signals = 0;
	for (unsigned i = 0; i < rules->stage_count; i++)
		read_expr(&reading, rules->stages[i].when);
	(void)note_reading(&reading);
}

static void
read_whole(struct close_plan *plan, const struct ruleset *rules)
{
	struct reading reading = {.plan = plan, .rules = rules, .part = CLOSE_WHOLE};
	read_expr(&reading, rules->only);
	read_expr(&reading, rules->churn.when);
	reading.daily |= rules->only_reads == UINT64_MAX;
	(void)note_reading(&reading);
}

/* From each distance to the next edge beyond it. */
static void
lay_out(struct track_edges *edges)
{
	uint16_t next = TRACK_NO_EDGE;
	edges->next = mem_array(edges->count + 1u, sizeof *edges->next);
	for (unsigned at = edges->count + 1; at-- > 0;) {
		edges->next[at] = next;
		if (at > 0 && edges->parts[at - 1])
			next = (uint16_t)(at - 1);
	}
}

void
close_finish(struct close_plan *plan)
{
	for (unsigned s = 0; s < RULESET_MAX_SIGNALS; s++) {
		mem_free(plan->by_signal[s].edges.parts);
		mem_free(plan->by_signal[s].edges.next);
		mem_free(plan->by_signal[s].grows);
	}
	mem_free(plan->rules);
	mem_free(plan->tags);
	*plan = (struct close_plan){0};
}

void
close_make(struct close_plan *plan, const struct ruleset *rules)
{
	close_finish(plan);
	plan->rules = mem_array(rules->rule_count + 1u, sizeof *plan->rules);
	for (unsigned r = 0; r < rules->rule_count; r++)
		read_rule(plan, rules, (uint16_t)r);
	plan->tags = mem_array(rules->tag_count + 1u, sizeof *plan->tags);
	for (unsigned t = 0; t < rules->tag_count; t++)
		read_tag(plan, rules, (uint16_t)t);
	read_watching(plan, rules);
	read_whole(plan, rules);
	for (uint64_t left = plan->signals; left; left &= left - 1)
		lay_out(&plan->by_signal[__builtin_ctzll(left)].edges);
}

/* Signals that have been counted by person since a day some range still goes back to: unknown becomes known. */
static uint64_t
still_unknown(struct engine *engine, int64_t day)
{
	uint64_t signals = 0;
	for (uint64_t left = engine->close.people; left; left &= left - 1) {
		const struct signal *signal = &engine->rules->signals[__builtin_ctzll(left)];
		int64_t born = signal->member_born_at;
		if (born != INT64_MIN &&
		    clock_day(&engine->clock, born) >= day - (int64_t)signal->reach_days - 1)
			signals |= left & -left;
	}
	return signals;
}

/* Its first day is observed, and how many there are since grows with each close. */
static void
look_growing(struct engine *engine, const struct customer *customer, unsigned signal,
	     int64_t day, struct close_view *view)
{
	const struct close_signal *plan = &engine->close.by_signal[signal];
	int64_t first = signal_first_day(engine, customer, signal), at = day + 1 - first;
	if (at >= (int64_t)plan->grow_count)
		return;
	if (at >= 0)
		view->parts |= plan->grows[at];
	for (at = at < 0 ? 0 : at + 1; at < (int64_t)plan->grow_count; at++)
		if (plan->grows[at])
			break;
	if (at < (int64_t)plan->grow_count && first + at - 1 < view->next)
		view->next = first + at - 1;
}

/* One signal that reaches: what of it changes at this close, and at which one something may next. */
static void
look_signal(struct engine *engine, const struct customer *customer, unsigned signal,
	    int64_t day, struct close_view *view)
{
	const struct close_signal *plan = &engine->close.by_signal[signal];
	const struct signal *about = &engine->rules->signals[signal];
	int64_t next;
	view->parts |= track_touch(&customer->tracks, signal, about->kind, day + 1,
				   &plan->edges, &next);
	if (next < NEVER && next - 1 < view->next)
		view->next = next - 1;
	if (plan->grow_count)
		look_growing(engine, customer, signal, day, view);
}

struct close_view
close_look(struct engine *engine, const struct customer *customer, int64_t day)
{
	const struct close_plan *plan = &engine->close;
	uint64_t unknown = still_unknown(engine, day);
	struct close_view view = {.reaches = unknown != 0, .next = NEVER};
	int64_t gone = 0; /* the day at whose close the last of them is out of reach */
	for (uint64_t left = unknown; left; left &= left - 1)
		view.parts |= plan->by_signal[__builtin_ctzll(left)].parts;
	for (uint64_t left = plan->signals & customer->tracks.days; left; left &= left - 1) {
		unsigned signal = (unsigned)__builtin_ctzll(left);
		int64_t reach = engine->rules->signals[signal].reach_days;
		bool paused = engine->guard.paused >> signal & 1;
		struct track track;
		if (!track_newest(&customer->tracks, signal, false, &track))
			continue;
		if ((int64_t)track.cell < day - reach && !paused)
			continue;
		view.reaches = true;
		if ((int64_t)track.cell + reach + 1 > gone)
			gone = (int64_t)track.cell + reach + 1;
		if (paused)
			view.parts |= plan->by_signal[signal].parts;
		look_signal(engine, customer, signal, day, &view);
	}
	if (gone < view.next)
		view.next = gone;
	if (engine->guard.paused || unknown)
		view.next = day + 1;
	return view;
}
