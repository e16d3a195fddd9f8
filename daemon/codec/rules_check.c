/* SPDX-License-Identifier: Apache-2.0 */
/* Warnings: what the language allows and an admin will regret. */
#include <math.h>
#include <string.h>

#include "codec/rules_maker.h"
#include "lang/builtin.h"

static bool
is_call(const struct node *node, enum builtin_op op)
{
	return node->kind == NODE_CALL && node->builtin->op == op;
}

/* ---- baselines that overlap what they are compared with ---- */

/* Days back that a range covers, from..to; today is 0, the last closed day 1. */
struct days_back {
	int from, to;
};

static struct days_back
days_of(const struct range *range)
{
	int from = range->offset + (range->live ? 0 : 1);

	return (struct days_back){from, from + range->length - 1};
}

static bool
overlaps(const struct node *call)
{
	const struct node *a = call->kids[0], *b = call->kids[1];

	if (a->kind != NODE_RANGE || b->kind != NODE_RANGE || a->range.hours ||
	    b->range.hours || a->range.signal != b->range.signal)
		return false;
	struct days_back x = days_of(&a->range), y = days_of(&b->range);

	return x.from <= y.to && y.from <= x.to;
}

static bool
compares_ranges(const struct node *node)
{
	return is_call(node, FN_RATIO) || is_call(node, FN_CHANGE) ||
	       is_call(node, FN_P_DROP) || is_call(node, FN_P_RISE);
}

/* A closed range with offset o begins on day o + 1, so this one ends right before the other begins. */
static void
check_baseline(struct maker *maker, const struct node *call)
{
	const struct node *b = call->kids[1];
	int offset = days_of(&call->kids[0]->range).to;
	struct complaint complaint = {
		.code = "W201",
		.source = b->source,
		.at = b->at,
		.width = b->width,
		.args = {expr_text(maker->form.arena, b),
			 expr_text(maker->form.arena, call->kids[0]),
			 arena_printf(maker->form.arena, "offset %dd", offset)}};

	maker_sink(maker).take(maker, &complaint);
}

static enum compare_op
mirrored(enum compare_op op)
{
	static const enum compare_op mirror[] = {
		[CMP_EQ] = CMP_EQ, [CMP_NE] = CMP_NE, [CMP_LT] = CMP_GT,
		[CMP_LE] = CMP_GE, [CMP_GT] = CMP_LT, [CMP_GE] = CMP_LE};

	return mirror[op];
}

static bool
is_number(const struct node *node)
{
	enum type type = node->type;

	return node->kind == NODE_CONST && node->value.known &&
	       (type == TYPE_INT || type == TYPE_NUM || type == TYPE_PROB ||
		type == TYPE_DURATION);
}

/* Once a signal. */
static void
check_model(struct maker *maker, const struct node *call)
{
	unsigned signal = call->kids[0]->value.u.signal;

	if (ruleset_is_modelled(maker->rules, signal) || maker->guessed >> signal & 1)
		return;
	maker->guessed |= UINT64_C(1) << signal;
	maker_complain_node(maker, call, "W209", expr_text(maker->form.arena, call->kids[0]),
			    STR_NONE);
}

/* Any name is an attribute of some sender; but event.vlaue is none. */
static void
check_event_field(struct maker *maker, const struct node *path)
{
	static const struct str fields[] = {
		{"value", 5}, {"type", 4}, {"user", 4}, {"source", 6}, {"ts", 2}};
	struct str near;

	if (path->op != PATH_EVENT || path->slot != EVENT_ATTRIBUTE)
		return;
	near = str_nearest(path->name, fields, sizeof fields / sizeof *fields);
	if (near.n > 0)
		maker_complain_node(
			maker, path, "W220",
			arena_printf(maker->form.arena, "event.%.*s", STR_ARG(path->name)),
			arena_printf(maker->form.arena, "event.%.*s", STR_ARG(near)));
}

/* A range read by person has to be kept for each of them. */
static void
check_members(struct maker *maker, const struct node *call)
{
	const struct node *range = call->kids[0];
	int kept = (int)maker->rules->members.reach_days;

	if (range->kind == NODE_RANGE && range->range.length + range->range.offset > kept)
		maker_complain_node(maker, range, "E249", expr_text(maker->form.arena, range),
				    arena_printf(maker->form.arena, "%dd", kept));
}

static void
check_node(void *ctx, const struct node *node)
{
	struct maker *maker = ctx;

	if (node->kind == NODE_RANGE)
		maker->signals_used |= UINT64_C(1) << node->range.signal;
	else if (node->kind == NODE_SIGNAL)
		maker->signals_used |= UINT64_C(1) << node->value.u.signal;
	else if (node->kind == NODE_CALL && node->builtin->flags & FN_MEMBERS)
		check_members(maker, node);
	else if (node->kind == NODE_CALL && node->builtin->flags & FN_MODEL)
		check_model(maker, node);
	else if (node->kind == NODE_PATH)
		check_event_field(maker, node);
	else if (compares_ranges(node) && overlaps(node))
		check_baseline(maker, node);
}

void
maker_check_expr(struct maker *maker, const struct expr *expr)
{
	if (expr == NULL)
		return;
	expr_walk(expr->root, check_node, maker);
	maker_check_never(maker, expr);
}

void
maker_check_text(struct maker *maker, const struct template_text *text)
{
	for (unsigned i = 0; i < text->count; i++)
		maker_check_expr(maker, text->pieces[i].expr);
}

/* ---- conditions that look right and are not ---- */

struct habits {
	struct maker *maker;
	bool p_drop;
	uint64_t seen; /* signals asked by seen() or silent() */
	bool second;   /* first pass gathers, second complains */
};

/* True when the comparison holds for small values of the call on one of its sides. */
static const struct node *
compared_call(const struct node *compare, bool *small)
{
	enum compare_op op = (enum compare_op)compare->op;
	const struct node *call = compare->kids[0];

	if (call->kind != NODE_CALL) {
		call = compare->kids[1];
		op = mirrored(op);
	}
	*small = op == CMP_LT || op == CMP_LE;
	return call->kind == NODE_CALL && op != CMP_EQ && op != CMP_NE ? call : NULL;
}

static void
check_habit(struct habits *habits, const struct node *compare)
{
	bool small;
	const struct node *call = compared_call(compare, &small);

	if (call == NULL)
		return;
	if (small && is_call(call, FN_RATIO) && !habits->p_drop && !overlaps(call))
		maker_complain_node(habits->maker, call, "W206",
				    expr_text(habits->maker->form.arena, call->kids[0]),
				    expr_text(habits->maker->form.arena, call->kids[1]));
	if (!small && is_call(call, FN_SINCE) && !call->kids[1] &&
	    !(habits->seen >> call->kids[0]->value.u.signal & 1))
		maker_complain_node(habits->maker, call, "W207",
				    expr_text(habits->maker->form.arena, call->kids[0]),
				    STR_NONE);
}

/* With n events in both ranges p_drop is least when all fell into the second, (1 - p)^n, and p_rise when
 * all fell into the first, p^n, where p is the first one's share of the days. */
static void
check_evidence(struct habits *habits, const struct node *compare)
{
	bool small;
	const struct node *call = compared_call(compare, &small);
	const struct node *bound =
		compare->kids[0] == call ? compare->kids[1] : compare->kids[0];

	if (!habits->maker->form.diags->wants_notes || call == NULL || !small ||
	    !is_number(bound) || !(is_call(call, FN_P_DROP) || is_call(call, FN_P_RISE)) ||
	    call->kids[0]->kind != NODE_RANGE || call->kids[1]->kind != NODE_RANGE)
		return;
	double a = call->kids[0]->range.length, b = call->kids[1]->range.length;
	double share = (is_call(call, FN_P_RISE) ? a : b) / (a + b);
	double least = value_as_number(bound->value);

	if (least <= 0 || least >= 1)
		return;
	int64_t events = (int64_t)ceil(log(least) / log(share) - 1e-9);

	if (events > 1)
		maker_complain_node(habits->maker, compare, "N301",
				    expr_text(habits->maker->form.arena, compare),
				    form_int_text(&habits->maker->form, events));
}

static void
habit_node(void *ctx, const struct node *node)
{
	struct habits *habits = ctx;

	if (is_call(node, FN_P_DROP))
		habits->p_drop = true;
	else if (is_call(node, FN_SEEN) || is_call(node, FN_SILENT))
		habits->seen |= UINT64_C(1) << node->kids[0]->value.u.signal;
	else if (habits->second && node->kind == NODE_COMPARE) {
		check_habit(habits, node);
		check_evidence(habits, node);
	}
}

void
maker_check_rule(struct maker *maker, const struct rule *rule)
{
	struct habits habits = {.maker = maker};

	if (rule->when == NULL)
		return;
	expr_walk(rule->when->root, habit_node, &habits);
	habits.second = true;
	expr_walk(rule->when->root, habit_node, &habits);
}

/* ---- what nothing uses or reaches ---- */

static void
check_levels(struct maker *maker)
{
	const struct ruleset *rules = maker->rules;
	const struct yaml_node *levels = maker->singles.levels;
	unsigned floor = 0; /* the highest that some rule sets */
	int64_t most = 0;

	for (unsigned i = 0; i < rules->rule_count; i++) {
		const struct rule *rule = &rules->rules[i];

		if (rule->mode != MODE_LIVE)
			continue;
		most += rule->points_expr ? 100 : rule->points > 0 ? rule->points : 0;
		floor = rule->floor > floor ? rule->floor : floor;
	}
	for (unsigned i = 1; i < rules->level_count; i++)
		if (rules->levels[i].enter > most && i > floor)
			form_complain(&maker->form, levels->keys[i - 1], "W205",
				      rules->levels[i].name, form_int_text(&maker->form, most));
}

static bool
follows(const struct task_def *task, unsigned other)
{
	bool found = false;

	for (unsigned i = 0; i < task->step_count; i++)
		found |= task->steps[i].task == other;
	return found;
}

static void
check_tasks(struct maker *maker)
{
	const struct ruleset *rules = maker->rules;

	for (unsigned i = 0; i < rules->task_count; i++) {
		bool used = false;

		for (unsigned k = 0; k < rules->action_count && !used; k++)
			used = rules->actions[k].task == (int)i;
		for (unsigned k = 0; k < rules->task_count && !used; k++)
			used = follows(&rules->tasks[k], i);
		if (!used)
			form_complain(&maker->form,
				      maker_claimed(maker, NAMES_TASKS, rules->tasks[i].name),
				      "W219", rules->tasks[i].name, STR_NONE);
	}
}

static bool
is_always_true(const struct expr *expr)
{
	const struct node *root = expr != NULL ? expr->root : NULL;

	return root != NULL && root->kind == NODE_CONST && root->type == TYPE_BOOL &&
	       root->value.known && root->value.u.b;
}

/* The first that is true ends the search. */
static void
check_stages(struct maker *maker)
{
	const struct ruleset *rules = maker->rules;

	for (unsigned i = 0; i + 1 < rules->stage_count; i++) {
		if (!is_always_true(rules->stages[i].when))
			continue;
		maker_complain_node(maker, rules->stages[i + 1].when->root, "W221",
				    rules->stages[i + 1].name, rules->stages[i].name);
		return;
	}
}

/* ---- rules that say the same ---- */

static bool
same_types(const struct rule *a, const struct rule *b)
{
	bool same = a->kind == b->kind && a->type_count == b->type_count;

	for (unsigned i = 0; same && i < a->type_count; i++)
		same = str_eq(a->types[i], b->types[i]);
	return same;
}

/* Another `for`, warm-up or mode of the same condition is a way to work. */
static bool
fires_alike(const struct rule *a, const struct rule *b)
{
	return same_types(a, b) && a->hold == b->hold && a->warmup == b->warmup &&
	       a->mode == b->mode && a->mode != MODE_OFF;
}

static void
check_twins(struct maker *maker)
{
	const struct ruleset *rules = maker->rules;
	struct map seen;

	map_init(&seen, (struct hash_seed){1, 2});
	for (unsigned i = 0; i < rules->rule_count; i++) {
		const struct rule *rule = &rules->rules[i];
		struct str text;
		uint32_t first;

		if (rule->when == NULL || rule->kind == RULE_DATE)
			continue;
		text = expr_text(maker->form.arena, rule->when->root);
		if (!map_get(&seen, text, &first))
			map_put(&seen, text, i);
		else if (fires_alike(rule, &rules->rules[first]))
			maker_complain_node(maker, rule->when->root, "W217",
					    rules->rules[first].name, STR_NONE);
	}
	map_finish(&seen);
}

void
maker_check_set(struct maker *maker)
{
	for (unsigned i = 0; i < maker->scope.signal_count; i++)
		if (!(maker->signals_used >> i & 1))
			form_complain(&maker->form, maker->signal_names[i], "W202",
				      maker->scope.signals[i].name, STR_NONE);
	for (unsigned i = 0; i < maker->scope.macro_count; i++)
		if (!maker->scope.macros[i].used)
			form_complain(&maker->form, maker->macro_names[i], "W203",
				      maker->scope.macros[i].name, STR_NONE);
	for (unsigned i = 0; i < maker->scope.list_count; i++)
		if (!maker->scope.lists[i].used)
			form_complain(&maker->form, maker->list_names[i], "W204",
				      maker->scope.lists[i].name, STR_NONE);
	check_levels(maker);
	check_tasks(maker);
	check_stages(maker);
	check_twins(maker);
}
