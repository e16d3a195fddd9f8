/* SPDX-License-Identifier: Apache-2.0 */
/* Calm: which events cannot change what any rule says, so that nothing needs to be judged.
 *
 * Most rules read the moment of a signal's last event only against thresholds (silent(login) >= 14d). Where the
 * silence before an event was shorter than every such threshold, each of these comparisons says after the event
 * what it said before; it will only turn later than the wake that is set already. Such rules are looked at when
 * an event ends a silence that is long enough to matter, and when time comes to it. */
#include "base/mem.h"
#include "engine/core.h"
#include "lang/builtin.h"

struct calm_walk {
	int64_t *calm;	/* by signal: least threshold */
	uint64_t eager; /* signals whose every event has to be looked at */
	uint64_t daily; /* signals of whose events the first of a day has to be */
};

/* The least duration the still side can be; 0 when that is not known. */
static int64_t
least_threshold(const struct node *node)
{
	int64_t least = NEVER;
	if (node->kind == NODE_CONST)
		return node->type == TYPE_DURATION && node->value.known ? node->value.u.i : 0;
	if (node->kind != NODE_PICK && node->kind != NODE_IF && node->kind != NODE_COALESCE)
		return 0;
	for (unsigned i = expr_first_branch(node); i < node->kid_count; i++) {
		int64_t kid = least_threshold(node->kids[i]);
		if (kid < least)
			least = kid;
	}
	return least;
}

static uint64_t
bit(unsigned signal)
{
	return UINT64_C(1) << signal;
}

static void walk(struct calm_walk *walk_state, const struct node *node);

static void
walk_kids(struct calm_walk *state, const struct node *node)
{
	for (unsigned i = 0; i < node->kid_count; i++)
		if (node->kids[i])
			walk(state, node->kids[i]);
}

static bool
walk_threshold(struct calm_walk *state, const struct node *node)
{
	const struct node *moving = node->kids[node->swapped],
			  *still = node->kids[!node->swapped];
	if (node->moves != MOVES_LINEAR || moving->kind != NODE_CALL)
		return false;
	if (moving->builtin->op == FN_AGE) {
		walk(state, still);
		return true;
	}
	if (moving->builtin->op != FN_SINCE && moving->builtin->op != FN_SILENT)
		return false;
	/* Of one member: the silence of the others says nothing. */
	if (moving->kid_count > 1 && moving->kids[1])
		return false;
	unsigned signal = moving->kids[0]->value.u.signal;
	int64_t least = least_threshold(still);
	if (least < state->calm[signal])
		state->calm[signal] = least;
	walk(state, still);
	return true;
}

/* seen() is settled by the first event, what reads active days only by the first of a day, what reads closed
 * days by their close; everything else that names a signal may follow each. */
static void
walk_call(struct calm_walk *state, const struct node *node)
{
	unsigned flags = node->builtin->flags;
	for (unsigned i = 0; i < node->kid_count; i++) {
		if (!node->kids[i] || node->kids[i]->kind != NODE_SIGNAL)
			continue;
		if (flags & FN_ACTIVE_DAYS)
			state->daily |= bit(node->kids[i]->value.u.signal);
		else if (node->builtin->op != FN_SEEN && !(flags & FN_CLOSED_DAYS))
			state->eager |= bit(node->kids[i]->value.u.signal);
	}
}

static void
walk(struct calm_walk *state, const struct node *node)
{
	if (node->kind == NODE_COMPARE && walk_threshold(state, node))
		return;
	if (node->kind == NODE_RANGE && (node->range.live || node->range.hours))
		state->eager |= bit(node->range.signal);
	if (node->kind == NODE_CALL)
		walk_call(state, node);
	walk_kids(state, node);
}

static void
walk_expr(struct calm_walk *state, const struct expr *expr)
{
	if (expr)
		walk(state, expr->root);
}

static uint64_t
eager_signals(struct calm_walk *state, const struct rule *rule)
{
	state->eager = 0;
	if (rule->kind != RULE_DATE)
		walk_expr(state, rule->when);
	walk_expr(state, rule->clear);
	walk_expr(state, rule->points_expr);
	return state->eager;
}

/* Of tags, stages and close_when together. */
static uint64_t
eager_watching(struct calm_walk *state, const struct ruleset *rules)
{
	state->eager = 0;
	for (unsigned i = 0; i < rules->tag_count; i++) {
		walk_expr(state, rules->tags[i].when);
		walk_expr(state, rules->tags[i].leave);
	}
	for (unsigned i = 0; i < rules->stage_count; i++)
		walk_expr(state, rules->stages[i].when);
	for (unsigned i = 0; i < rules->task_count; i++) {
		walk_expr(state, rules->tasks[i].close_when);
		walk_expr(state, rules->tasks[i].exit);
	}
	return state->eager;
}

void
calm_finish(struct calm *calm)
{
	mem_free(calm->rules);
	mem_free(calm->uses);
	*calm = (struct calm){0};
}

void
calm_make(struct calm *calm, const struct ruleset *rules)
{
	struct calm_walk state = {.calm = calm->least};
	size_t most = 0, used = 0;
	calm_finish(calm);
	for (unsigned s = 0; s < RULESET_MAX_SIGNALS; s++)
		calm->least[s] = NEVER;
	for (unsigned u = 0; u < rules->use_count; u++)
		most += rules->uses[u].rule_count;
	uint64_t *eager = mem_array(rules->rule_count + 1u, sizeof *eager);
	for (unsigned r = 0; r < rules->rule_count; r++)
		eager[r] = eager_signals(&state, &rules->rules[r]);
	uint64_t watching = eager_watching(&state, rules);
	calm->rules = mem_array(most + 1, sizeof *calm->rules);
	calm->uses = mem_array(rules->use_count + 1u, sizeof *calm->uses);
	for (unsigned u = 0; u < rules->use_count; u++) {
		const struct type_use *use = &rules->uses[u];
		calm->uses[u].rules = calm->rules + used;
		calm->uses[u].watching =
			(watching & use->signals) != 0 ||
			(rules->watching.reads_items & (use->opens | use->closes)) != 0;
		for (unsigned i = 0; i < use->rule_count; i++) {
			const struct rule *rule = &rules->rules[use->rules[i]];
			bool items = rule->reads_items & (use->opens | use->closes);
			if (rule->kind == RULE_EVENT || items ||
			    (eager[use->rules[i]] & use->signals))
				calm->rules[used++] = use->rules[i];
		}
		calm->uses[u].count = (unsigned)(calm->rules + used - calm->uses[u].rules);
	}
	calm->daily = state.daily;
	mem_free(eager);
}

/* Neither a late event nor one that is ahead has the newest day without that having been an active day. */
bool
calm_is(struct engine *engine, const struct customer *customer, const struct type_use *use,
	const struct entry *entry)
{
	const struct calm *calm = &engine->calm;
	int64_t day = 0;
	if (calm->daily & use->signals)
		day = clock_day(&engine->clock, entry->ts);
	for (uint64_t left = use->signals; left; left &= left - 1) {
		unsigned signal = (unsigned)__builtin_ctzll(left);
		struct track track;
		if (!track_newest(&customer->tracks, signal, false, &track) ||
		    entry->id.ms - track.last_at >= calm->least[signal])
			return false;
		if (calm->daily >> signal & 1 && (int64_t)track.cell != day)
			return false;
	}
	return true;
}
