/* SPDX-License-Identifier: Apache-2.0 */
/* Calm: which events cannot change what any rule says, so that nothing needs to be judged.
 *
 * Most rules read the moment of a signal's last event only against thresholds (silent(login) >= 14d). Where the
 * silence before an event was shorter than every such threshold, each of these comparisons says after the event
 * what it said before; it will only turn later than the wake that is set already. Such rules are looked at when
 * an event ends a silence that is long enough to matter, and when time comes to it. */
#include <string.h>

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

/* What is known of a rule, or of tags, stages and close_when together. */
struct calm_facts {
	uint64_t eager;
	int64_t idle[RULESET_MAX_SIGNALS]; /* least thresholds: of `when` */
	int64_t ever[RULESET_MAX_SIGNALS];
};

static void
facts_begin(struct calm_walk *state, struct calm_facts *facts)
{
	*state = (struct calm_walk){.calm = facts->idle};
	for (unsigned s = 0; s < RULESET_MAX_SIGNALS; s++)
		facts->idle[s] = facts->ever[s] = NEVER;
}

/* What is walked now concerns those who are idle no less than others, what is walked later only others. */
static void
facts_of_idle(struct calm_walk *state, struct calm_facts *facts)
{
	memcpy(facts->ever, facts->idle, sizeof facts->ever);
	state->calm = facts->ever;
}

static void
facts_end(const struct calm_walk *state, struct calm_facts *facts, struct calm *calm)
{
	facts->eager = state->eager;
	calm->daily |= state->daily;
	for (unsigned s = 0; s < RULESET_MAX_SIGNALS; s++)
		if (facts->ever[s] < calm->least[s])
			calm->least[s] = facts->ever[s];
}

static void
rule_facts(struct calm_facts *facts, const struct rule *rule, struct calm *calm)
{
	struct calm_walk state;
	facts_begin(&state, facts);
	if (rule->kind != RULE_DATE)
		walk_expr(&state, rule->when);
	facts_of_idle(&state, facts);
	walk_expr(&state, rule->clear);
	walk_expr(&state, rule->points_expr);
	facts_end(&state, facts, calm);
}

static void
watching_facts(struct calm_facts *facts, const struct ruleset *rules, struct calm *calm)
{
	struct calm_walk state;
	facts_begin(&state, facts);
	for (unsigned i = 0; i < rules->tag_count; i++) {
		walk_expr(&state, rules->tags[i].when);
		walk_expr(&state, rules->tags[i].leave);
	}
	for (unsigned i = 0; i < rules->stage_count; i++)
		walk_expr(&state, rules->stages[i].when);
	for (unsigned i = 0; i < rules->task_count; i++) {
		walk_expr(&state, rules->tasks[i].close_when);
		walk_expr(&state, rules->tasks[i].exit);
	}
	facts_of_idle(&state, facts);
	facts_end(&state, facts, calm);
}

static int64_t
least_of(const int64_t least[RULESET_MAX_SIGNALS], uint64_t signals)
{
	int64_t found = NEVER;
	for (uint64_t left = signals; left; left &= left - 1)
		if (least[__builtin_ctzll(left)] < found)
			found = least[__builtin_ctzll(left)];
	return found;
}

void
calm_finish(struct calm *calm)
{
	mem_free(calm->rules);
	mem_free(calm->silences);
	mem_free(calm->uses);
	*calm = (struct calm){0};
}

/* Where the arrays of the next use begin. */
struct calm_room {
	uint16_t *rules;
	int64_t *silences;
};

static void
use_make(struct calm_use *calm, const struct type_use *use, const struct ruleset *rules,
	 const struct calm_facts *facts, struct calm_room *room)
{
	const struct calm_facts *watching = &facts[rules->rule_count];
	int64_t *idle = room->silences, *ever = idle + use->rule_count;
	*calm = (struct calm_use){.rules = room->rules, .idle = idle, .ever = ever};
	calm->watching = (watching->eager & use->signals) != 0 ||
			 (rules->watching.reads_items & (use->opens | use->closes)) != 0;
	calm->watched = calm->watching ? INT64_MIN : least_of(watching->ever, use->signals);
	for (unsigned i = 0; i < use->rule_count; i++) {
		const struct rule *rule = &rules->rules[use->rules[i]];
		const struct calm_facts *about = &facts[use->rules[i]];
		bool items = rule->reads_items & (use->opens | use->closes);
		bool always =
			rule->kind == RULE_EVENT || items || (about->eager & use->signals);
		if (always)
			*room->rules++ = use->rules[i];
		idle[i] = always ? INT64_MIN : least_of(about->idle, use->signals);
		ever[i] = always ? INT64_MIN : least_of(about->ever, use->signals);
	}
	calm->count = (unsigned)(room->rules - calm->rules);
	room->silences = ever + use->rule_count;
}

void
calm_make(struct calm *calm, const struct ruleset *rules)
{
	struct calm_facts *facts = mem_array(rules->rule_count + 1u, sizeof *facts);
	struct calm_room room;
	size_t most = 0;
	calm_finish(calm);
	for (unsigned s = 0; s < RULESET_MAX_SIGNALS; s++)
		calm->least[s] = NEVER;
	for (unsigned u = 0; u < rules->use_count; u++)
		most += rules->uses[u].rule_count;
	for (unsigned r = 0; r < rules->rule_count; r++)
		rule_facts(&facts[r], &rules->rules[r], calm);
	watching_facts(&facts[rules->rule_count], rules, calm);
	room.rules = calm->rules = mem_array(most + 1, sizeof *calm->rules);
	room.silences = calm->silences = mem_array(2 * most + 1, sizeof *calm->silences);
	calm->uses = mem_array(rules->use_count + 1u, sizeof *calm->uses);
	for (unsigned u = 0; u < rules->use_count; u++)
		use_make(&calm->uses[u], &rules->uses[u], rules, facts, &room);
	mem_free(facts);
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

int64_t
calm_silence(struct engine *engine, const struct customer *customer, const struct type_use *use,
	     const struct entry *entry)
{
	int64_t day = clock_day(&engine->clock, entry->ts), longest = 0;
	if (engine->guard.paused)
		return NEVER;
	for (uint64_t left = use->signals; left; left &= left - 1) {
		unsigned signal = (unsigned)__builtin_ctzll(left);
		struct track track;
		if (!track_newest(&customer->tracks, signal, false, &track) ||
		    (engine->calm.daily >> signal & 1 && (int64_t)track.cell != day))
			return NEVER;
		if (entry->id.ms - track.last_at > longest)
			longest = entry->id.ms - track.last_at;
	}
	return longest;
}

unsigned
calm_pick(const struct engine *engine, const struct customer *customer,
	  const struct type_use *use, int64_t silence, uint16_t slots[RULESET_MAX_RULES])
{
	const struct calm_use *calm = &engine->calm.uses[use - engine->rules->uses];
	unsigned count = 0;
	for (unsigned i = 0; i < use->rule_count; i++) {
		const struct rule *rule = &engine->rules->rules[use->rules[i]];
		if (calm->idle[i] > silence) {
			if (calm->ever[i] > silence)
				continue;
			const struct rule_state *state = customer_rule(customer, use->rules[i]);
			if (!rule->each && (!state || state->phase == PHASE_IDLE))
				continue;
		}
		slots[count++] = use->rules[i];
	}
	return count;
}
