/* SPDX-License-Identifier: Apache-2.0 */
/* The evaluator: total, without allocation, no deeper than EXPR_MAX_HEIGHT. */
#include <assert.h>

#include "lang/compute.h"
#include "lang/eval.h"

#define HORIZON (4000 * DAY_MS) /* how far a turn of a MONOTONE comparison is looked for */

/* ---- For the recorder ---- */

/* What was skipped is seen too when someone records, and leaves `next` as it would have been. */
static void
see_kid(struct env *env, const struct node *node, unsigned i)
{
	int64_t next = env->next;

	if (!env->record || expr_kid_repeats(node, i))
		return;
	(void)eval(env, node->kids[i]);
	env->next = next;
}

static void
see_kids(struct env *env, const struct node *node, unsigned from)
{
	for (unsigned i = from; env->record && i < node->kid_count; i++)
		see_kid(env, node, i);
}

static void
record(struct env *env, const struct node *node, struct value value)
{
	if (env->record)
		env->record(env->record_ctx, node, value);
}

/* ---- Logic ---- */

/* One kid that is true decides an or, one that is false an and. */
static struct value
eval_chain(struct env *env, const struct node *node)
{
	bool decisive = node->kind == NODE_OR, unknown = false;

	for (unsigned i = 0; i < node->kid_count; i++) {
		struct value v = eval(env, node->kids[i]);

		if (v.known && v.u.b == decisive) {
			see_kids(env, node, i + 1);
			return v;
		}
		unknown = unknown || !v.known;
	}
	return unknown ? value_unknown(TYPE_BOOL) : value_bool(!decisive);
}

static struct value
eval_not(struct env *env, const struct node *node)
{
	struct value v = eval(env, node->kids[0]);

	v.u.b = v.known && !v.u.b;
	return v;
}

/* The chosen branch, or unknown with chosen 0. */
static struct value
eval_branch(struct env *env, const struct node *node, unsigned chosen)
{
	struct value v = value_unknown(node->type);

	for (unsigned i = 1; env->record && i < node->kid_count; i++)
		if (chosen == 0 || node->kids[i] != node->kids[chosen])
			see_kid(env, node, i);
	if (chosen > 0)
		v = compute_as(eval(env, node->kids[chosen]), node->type);
	return v;
}

static struct value
eval_if(struct env *env, const struct node *node)
{
	struct value c = eval(env, node->kids[0]);

	return eval_branch(env, node, !c.known ? 0 : c.u.b ? 1 : 2);
}

static struct value
eval_pick(struct env *env, const struct node *node)
{
	struct value word = eval(env, node->kids[0]);
	bool valid = word.known && word.u.i >= 0 && word.u.i + 1 < node->kid_count;

	return eval_branch(env, node, valid ? 1 + (unsigned)word.u.i : 0);
}

static struct value
eval_in(struct env *env, const struct node *node)
{
	struct value v = eval(env, node->kids[0]);
	const struct node *list = node->kids[1];

	if (!v.known)
		return value_unknown(TYPE_BOOL);
	for (unsigned i = 0; i < list->kid_count; i++)
		if (compute_order(v, list->kids[i]->value) == 0)
			return value_bool(true);
	return value_bool(false);
}

/* ---- Arithmetic ---- */

/* False when a side is unknown; the right one is not looked at when the left one is. */
static bool
eval_sides(struct env *env, const struct node *node, struct value *a, struct value *b)
{
	*a = eval(env, node->kids[0]);
	if (!a->known) {
		see_kid(env, node, 1);
		return false;
	}
	*b = eval(env, node->kids[1]);
	return b->known;
}

static struct value
eval_arith(struct env *env, const struct node *node)
{
	struct value a, b;

	if (!eval_sides(env, node, &a, &b))
		return value_unknown(node->type);
	return compute_arith((enum arith_op)node->op, a, b, node->type);
}

/* ---- Calls ---- */

static struct value
eval_extreme(struct env *env, const struct node *node)
{
	bool least = node->builtin->op == FN_LEAST;
	struct value best = compute_as(eval(env, node->kids[0]), TYPE_NUM);

	for (unsigned i = 1; i < node->kid_count; i++) {
		struct value v;

		if (!best.known) {
			see_kids(env, node, i);
			return best;
		}
		v = compute_as(eval(env, node->kids[i]), TYPE_NUM);
		if (!v.known || (least ? v.u.n < best.u.n : v.u.n > best.u.n))
			best = v;
	}
	return best;
}

static void
eval_args(struct env *env, const struct node *node, struct value args[FN_MAX_ARGS])
{
	args[0] = value_unknown(TYPE_COUNT);
	for (unsigned i = 0; i < node->kid_count; i++) {
		args[i] = value_unknown(TYPE_COUNT);
		if (node->kids[i])
			args[i] = compute_as(eval(env, node->kids[i]),
					     node->builtin->params[i].type);
	}
}

static struct value
eval_call(struct env *env, const struct node *node)
{
	struct value args[FN_MAX_ARGS];

	if (node->builtin->variadic)
		return eval_extreme(env, node);
	eval_args(env, node, args);
	if (node->builtin->op >= FN_FIRST_PURE)
		return compute_function(node->builtin->op, args);
	return env->ops->call(env, node, args);
}

/* ---- Comparisons that turn as time passes ---- */

struct turning {
	const struct node *moving;
	struct value args[FN_MAX_ARGS];
	struct value still;
	enum compare_op op; /* moving op still */
};

static void
note_turn(struct env *env, int64_t delta)
{
	int64_t at;

	if (delta > 0 && !__builtin_add_overflow(env->now, delta, &at) && at < env->next)
		env->next = at;
}

/* The moving side as of `at`. */
static struct value
moving_at(struct env *env, const struct turning *turning, int64_t at)
{
	int64_t now = env->now;
	bool exact = env->exact;
	struct value v;

	env->now = at;
	env->exact = true;
	v = env->ops->call(env, turning->moving, turning->args);
	env->now = now;
	env->exact = exact;
	return v;
}

/* v grows by 1 ms a ms: it reaches the other side when the distance has passed. */
static void
note_linear(struct env *env, const struct turning *turning, struct value v)
{
	bool past = turning->op == CMP_GT || turning->op == CMP_LE;
	int64_t delta;

	if (__builtin_sub_overflow(turning->still.u.i, v.u.i, &delta))
		return;
	if (delta == 0 && (turning->op == CMP_EQ || turning->op == CMP_NE))
		past = true;
	if (__builtin_add_overflow(delta, (int64_t)past, &delta) || delta <= 0)
		return;
	/* after() stands still at 0 while nothing is open. */
	if (turning->moving->builtin->op == FN_AFTER && v.u.i == 0 &&
	    moving_at(env, turning, env->now + 1).u.i == 0)
		return;
	note_turn(env, delta);
}

/* What a MONOTONE comparison is watched for: its answer, and for == and != the side it is on, because
 * their answer may be the same on both. */
static int
state_of(const struct turning *turning, struct value v)
{
	int order;

	if (!v.known)
		return 2;
	order = compute_order(v, turning->still);
	if (turning->op == CMP_EQ || turning->op == CMP_NE)
		return order;
	return compute_holds(turning->op, order);
}

static bool
turned_at(struct env *env, const struct turning *turning, int state, int64_t at)
{
	return state_of(turning, moving_at(env, turning, at)) != state;
}

/* Doubling steps, then halving, between now (not turned) and `turned`. */
static int64_t
first_turn(struct env *env, const struct turning *turning, int state, int64_t turned)
{
	int64_t before = env->now, step = HOUR_MS;

	while (step < turned - env->now && !turned_at(env, turning, state, env->now + step)) {
		before = env->now + step;
		step *= 2;
	}
	if (step < turned - env->now)
		turned = env->now + step;
	while (turned - before > 1) {
		int64_t middle = before + (turned - before) / 2;

		if (turned_at(env, turning, state, middle))
			turned = middle;
		else
			before = middle;
	}
	return turned;
}

/* Nothing behind `next` matters, and up to it all else stands still. */
static void
note_monotone(struct env *env, const struct turning *turning, struct value v)
{
	int state = state_of(turning, v);
	int64_t end;

	if (__builtin_add_overflow(env->now, HORIZON, &end) || end > env->next)
		end = env->next;
	if (end <= env->now || !turned_at(env, turning, state, end))
		return;
	end = first_turn(env, turning, state, end);
	if (end < env->next)
		env->next = end;
}

static enum compare_op
mirrored(enum compare_op op)
{
	static const enum compare_op mirror[] = {CMP_EQ, CMP_NE, CMP_GT,
						 CMP_GE, CMP_LT, CMP_LE};

	return mirror[op];
}

static struct value
eval_turning(struct env *env, const struct node *node)
{
	const struct node *still = node->kids[!node->swapped];
	struct turning turning = {.moving = node->kids[node->swapped],
				  .op = (enum compare_op)node->op};
	struct value v;

	if (node->swapped) {
		turning.op = mirrored(turning.op);
		turning.still = eval(env, still);
	}
	eval_args(env, turning.moving, turning.args);
	v = moving_at(env, &turning, env->now);
	record(env, turning.moving, v);
	if (!node->swapped)
		turning.still = eval(env, still);
	if (!v.known || !turning.still.known)
		return value_unknown(TYPE_BOOL);
	if (node->moves == MOVES_LINEAR)
		note_linear(env, &turning, v);
	else
		note_monotone(env, &turning, v);
	return value_bool(compute_holds(turning.op, compute_order(v, turning.still)));
}

static struct value
eval_compare(struct env *env, const struct node *node)
{
	struct value a, b;

	if (node->moves == MOVES_LINEAR || node->moves == MOVES_MONOTONE)
		return eval_turning(env, node);
	if (!eval_sides(env, node, &a, &b))
		return value_unknown(TYPE_BOOL);
	return value_bool(compute_holds((enum compare_op)node->op, compute_order(a, b)));
}

/* ---- Dispatch ---- */

static struct value
eval_kind(struct env *env, const struct node *node)
{
	switch (node->kind) {
	case NODE_CONST:
	case NODE_RANGE:
	case NODE_SIGNAL:
		return node->value;
	case NODE_PATH:
		return env->ops->path(env, node);
	case NODE_CALL:
		return eval_call(env, node);
	case NODE_NOT:
		return eval_not(env, node);
	case NODE_AND:
	case NODE_OR:
		return eval_chain(env, node);
	case NODE_COMPARE:
		return eval_compare(env, node);
	case NODE_IN:
		return eval_in(env, node);
	case NODE_ARITH:
		return eval_arith(env, node);
	case NODE_NEGATE:
		return compute_negation(eval(env, node->kids[0]), node->type);
	case NODE_IF:
		return eval_if(env, node);
	case NODE_PICK:
		return eval_pick(env, node);
	case NODE_LIST:
	case NODE_NAME:
	case NODE_ARG:
	case NODE_KINDS:
		break;
	}
	assert(node->kind == NODE_LIST);
	return value_unknown(node->type);
}

struct value
eval_node(struct env *env, const struct node *node)
{
	struct value v = eval_kind(env, node);

	record(env, node, v);
	return v;
}
