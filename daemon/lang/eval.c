/* SPDX-License-Identifier: Apache-2.0 */
/* The evaluator: total, without allocation, no deeper than EXPR_MAX_HEIGHT. */
#include <assert.h>

#include "lang/compute.h"
#include "lang/turn.h"

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

static inline void
record(struct env *env, const struct node *node, const struct value *value)
{
	if (env->record)
		env->record(env->record_ctx, node, *value);
}

/* ---- Operands ---- */

static inline bool
is_ready(const struct env *env, const struct node *node)
{
	return !env->record && (node->kind == NODE_CONST || node->kind == NODE_RANGE ||
				node->kind == NODE_SIGNAL || node->kind == NODE_ITEMS);
}

/* The value of a node, by reference: what the tree holds is not copied. */
static inline const struct value *
operand(struct env *env, const struct node *node, struct value *room)
{
	if (is_ready(env, node))
		return &node->value;
	*room = eval_node(env, node);
	return room;
}

/* ---- Choices ---- */

/* The chosen branch, or unknown with chosen 0. */
static struct value
eval_branch(struct env *env, const struct node *node, unsigned chosen)
{
	for (unsigned i = 1; env->record && i < node->kid_count; i++)
		if (chosen == 0 || node->kids[i] != node->kids[chosen])
			see_kid(env, node, i);
	if (chosen == 0)
		return value_unknown(node->type);
	return compute_as(eval_node(env, node->kids[chosen]), node->type);
}

static struct value
eval_if(struct env *env, const struct node *node)
{
	enum truth c = eval_truth(env, node->kids[0]);

	return eval_branch(env, node, c == TRUTH_UNKNOWN ? 0 : c == TRUTH_YES ? 1 : 2);
}

static struct value
eval_pick(struct env *env, const struct node *node)
{
	struct value word = eval_node(env, node->kids[0]);
	bool valid = word.known && word.u.i >= 0 && word.u.i + 1 < node->kid_count;

	return eval_branch(env, node, valid ? 1 + (unsigned)word.u.i : 0);
}

static struct value
eval_coalesce(struct env *env, const struct node *node)
{
	for (unsigned i = 0; i < node->kid_count; i++) {
		struct value v = eval_node(env, node->kids[i]);

		if (v.known) {
			see_kids(env, node, i + 1);
			return compute_as(v, node->type);
		}
	}
	return value_unknown(node->type);
}

/* ---- Arithmetic ---- */

/* False when a side is unknown; the right one is not looked at when the left one is. */
static bool
eval_sides(struct env *env, const struct node *node, struct value room[2],
	   const struct value *sides[2])
{
	sides[0] = operand(env, node->kids[0], &room[0]);
	if (!sides[0]->known) {
		see_kid(env, node, 1);
		return false;
	}
	sides[1] = operand(env, node->kids[1], &room[1]);
	return sides[1]->known;
}

static struct value
eval_arith(struct env *env, const struct node *node)
{
	struct value room[2];
	const struct value *sides[2];

	if (!eval_sides(env, node, room, sides))
		return value_unknown(node->type);
	return compute_arith((enum arith_op)node->op, *sides[0], *sides[1], node->type);
}

/* ---- Calls ---- */

static struct value
eval_extreme(struct env *env, const struct node *node)
{
	bool least = node->builtin->op == FN_LEAST;
	struct value best = compute_as(eval_node(env, node->kids[0]), TYPE_NUM);

	for (unsigned i = 1; i < node->kid_count; i++) {
		struct value v;

		if (!best.known) {
			see_kids(env, node, i);
			return best;
		}
		v = compute_as(eval_node(env, node->kids[i]), TYPE_NUM);
		if (!v.known || (least ? v.u.n < best.u.n : v.u.n > best.u.n))
			best = v;
	}
	return best;
}

static void
eval_args(struct env *env, const struct node *node, struct value args[FN_MAX_ARGS])
{
	bool exact = env->exact;

	/* What has edges answers as of now, and so do its arguments. */
	env->exact = exact || node->builtin->flags & FN_EDGES;
	args[0] = value_unknown(TYPE_COUNT);
	for (unsigned i = 0; i < node->kid_count; i++) {
		const struct node *kid = node->kids[i];

		if (!kid || builtin_is_condition(node->builtin, i))
			args[i] = value_unknown(TYPE_COUNT);
		else
			args[i] = compute_as(*operand(env, kid, &args[i]),
					     node->builtin->params[i].type);
	}
	env->exact = exact;
}

static struct value
eval_call(struct env *env, const struct node *node)
{
	struct value args[FN_MAX_ARGS];

	if (node->args && !env->record && node->builtin->op < FN_FIRST_PURE)
		return env->ops->call(env, node, node->args);
	if (node->builtin->variadic)
		return eval_extreme(env, node);
	eval_args(env, node, args);
	if (node->builtin->op >= FN_FIRST_PURE)
		return compute_function(node->builtin->op, args);
	return env->ops->call(env, node, args);
}

/* ---- Comparisons ---- */

static inline enum compare_op
mirrored(enum compare_op op)
{
	static const enum compare_op mirror[] = {CMP_EQ, CMP_NE, CMP_GT,
						 CMP_GE, CMP_LT, CMP_LE};

	return mirror[op];
}

static struct value
eval_moving(struct env *env, struct turning *turning, struct value args[FN_MAX_ARGS])
{
	const struct node *moving = turning->moving;
	struct value v;

	turning->args = moving->args;
	if (!moving->args || env->record) {
		eval_args(env, moving, args);
		turning->args = args;
	}
	v = turn_moving_at(env, moving, turning->args, env->now);
	record(env, moving, &v);
	return v;
}

/* until_due() where nothing is due. */
static enum truth
truth_unknown(const struct node *side)
{
	bool none = side->kind == NODE_CALL && side->builtin->flags & FN_NONE_IS_FALSE;

	return none ? TRUTH_NO : TRUTH_UNKNOWN;
}

/* A comparison that turns at an instant which can be told. Sides are looked at as written. */
static enum truth
truth_turning(struct env *env, const struct node *node)
{
	struct value args[FN_MAX_ARGS], v, room;
	struct turning turning = {.moving = node->kids[node->swapped], .now = &v};

	turning.op = (enum compare_op)node->op;
	if (node->swapped) {
		turning.op = mirrored(turning.op);
		turning.still = operand(env, node->kids[0], &room);
	}
	v = eval_moving(env, &turning, args);
	if (!node->swapped)
		turning.still = operand(env, node->kids[1], &room);
	if (!v.known)
		return truth_unknown(turning.moving);
	if (!turning.still->known)
		return TRUTH_UNKNOWN;
	if (node->moves == MOVES_LINEAR)
		turn_note_linear(env, &turning);
	else
		turn_note_monotone(env, &turning);
	return compute_holds(turning.op, compute_order(&v, turning.still)) ? TRUTH_YES
									   : TRUTH_NO;
}

static enum truth
truth_compare(struct env *env, const struct node *node)
{
	struct value room[2];
	const struct value *sides[2];
	bool holds;

	if (!eval_sides(env, node, room, sides))
		return truth_unknown(node->kids[sides[0]->known]);
	holds = compute_holds((enum compare_op)node->op, compute_order(sides[0], sides[1]));
	return holds ? TRUTH_YES : TRUTH_NO;
}

static bool
is_among(const struct node *list, const struct value *v)
{
	for (unsigned i = 0; i < list->kid_count; i++)
		if (compute_order(v, &list->kids[i]->value) == 0)
			return true;
	return false;
}

static enum truth
truth_in(struct env *env, const struct node *node)
{
	struct value v = eval_node(env, node->kids[0]);

	if (!v.known)
		return TRUTH_UNKNOWN;
	return is_among(node->kids[1], &v) ? TRUTH_YES : TRUTH_NO;
}

/* ---- Edges ---- */

#define EDGES_MAX 32 /* looked ahead; hours of a day and more */

static bool
holds_for(const struct node *node, const struct value *v)
{
	enum compare_op op = (enum compare_op)node->op;

	if (node->kind == NODE_IN)
		return is_among(node->kids[1], v);
	if (node->swapped)
		op = mirrored(op);
	return compute_holds(op, compute_order(v, &node->kids[!node->swapped]->value));
}

/* The moving side lowers env->next to its next edge; edges at which the answer stays the same are passed over,
 * so that `hour() >= 9` is looked at twice a day and not 24 times. */
static enum truth
truth_at_edges(struct env *env, const struct node *node)
{
	const struct value none = value_unknown(TYPE_COUNT);
	int64_t limit = env->next;
	enum truth truth =
		node->kind == NODE_IN ? truth_in(env, node) : truth_compare(env, node);

	for (int i = 0; i < EDGES_MAX && env->next < limit; i++) {
		int64_t edge = env->next;
		struct value v;

		env->next = limit;
		v = turn_moving_at(env, node->kids[node->swapped], &none, edge);
		if (holds_for(node, &v) != (truth == TRUTH_YES)) {
			env->next = edge;
			break;
		}
	}
	if (env->next < env->apart)
		env->apart = env->next;
	return truth;
}

/* ---- Logic ---- */

/* One kid that is true decides an or, one that is false an and. */
static enum truth
truth_chain(struct env *env, const struct node *node)
{
	enum truth decisive = node->kind == NODE_OR ? TRUTH_YES : TRUTH_NO;
	enum truth otherwise = node->kind == NODE_OR ? TRUTH_NO : TRUTH_YES;

	for (unsigned i = 0; i < node->kid_count; i++) {
		enum truth truth = eval_truth(env, node->kids[i]);

		if (truth == decisive) {
			see_kids(env, node, i + 1);
			return decisive;
		}
		if (truth == TRUTH_UNKNOWN)
			otherwise = TRUTH_UNKNOWN;
	}
	return otherwise;
}

static enum truth
truth_not(struct env *env, const struct node *node)
{
	static const enum truth opposite[] = {[TRUTH_NO] = TRUTH_YES,
					      [TRUTH_YES] = TRUTH_NO,
					      [TRUTH_UNKNOWN] = TRUTH_UNKNOWN};

	return opposite[eval_truth(env, node->kids[0])];
}

/* ---- Dispatch ---- */

static inline bool
is_logic(const struct node *node)
{
	_Static_assert(NODE_IN - NODE_NOT == 4, "not, and, or, compare, in stand together");
	return node->kind >= NODE_NOT && node->kind <= NODE_IN;
}

static enum truth
truth_of_logic(struct env *env, const struct node *node)
{
	if (node->kind == NODE_AND || node->kind == NODE_OR)
		return truth_chain(env, node);
	if (node->kind == NODE_NOT)
		return truth_not(env, node);
	if (node->moves == MOVES_EDGES)
		return truth_at_edges(env, node);
	if (node->kind == NODE_IN)
		return truth_in(env, node);
	if (node->moves == MOVES_LINEAR || node->moves == MOVES_MONOTONE)
		return truth_turning(env, node);
	return truth_compare(env, node);
}

static struct value
eval_kind(struct env *env, const struct node *node)
{
	switch (node->kind) {
	case NODE_CONST:
	case NODE_RANGE:
	case NODE_SIGNAL:
	case NODE_ITEMS:
		return node->value;
	case NODE_PATH:
		return env->ops->path(env, node);
	case NODE_CALL:
		return eval_call(env, node);
	case NODE_ARITH:
		return eval_arith(env, node);
	case NODE_NEGATE:
		return compute_negation(eval_node(env, node->kids[0]), node->type);
	case NODE_IF:
		return eval_if(env, node);
	case NODE_PICK:
		return eval_pick(env, node);
	case NODE_COALESCE:
		return eval_coalesce(env, node);
	case NODE_NOT:
	case NODE_AND:
	case NODE_OR:
	case NODE_COMPARE:
	case NODE_IN:
	case NODE_LIST:
	case NODE_NAME:
	case NODE_ARG:
	case NODE_KINDS:
		break;
	}
	assert(node->kind == NODE_LIST);
	return value_unknown(node->type);
}

static inline struct value
value_of(enum truth truth)
{
	return truth == TRUTH_UNKNOWN ? value_unknown(TYPE_BOOL)
				      : value_bool(truth == TRUTH_YES);
}

/* A condition that stands in several places of the rule set is evaluated once a look; when it turns was
 * noted then. */
static enum truth
truth_remembered(struct env *env, const struct node *node)
{
	struct memo *memo = &env->memos[node->memo];

	if (memo->stamp != env->stamp) {
		memo->truth = truth_of_logic(env, node);
		memo->stamp = env->stamp;
	}
	return (enum truth)memo->truth;
}

enum truth
eval_truth(struct env *env, const struct node *node)
{
	struct value v;
	enum truth truth;

	if (is_logic(node)) {
		if (node->memo && env->memos && !env->record)
			return truth_remembered(env, node);
		truth = truth_of_logic(env, node);
		if (env->record) {
			v = value_of(truth);
			record(env, node, &v);
		}
		return truth;
	}
	v = eval_node(env, node);
	return !v.known ? TRUTH_UNKNOWN : v.u.b ? TRUTH_YES : TRUTH_NO;
}

static bool
all_hold(struct env *env, const struct node *node)
{
	for (unsigned i = 0; i < node->kid_count; i++)
		if (!eval_holds(env, node->kids[i]))
			return false;
	return true;
}

bool
eval_holds(struct env *env, const struct node *node)
{
	bool remembered = node->memo && env->memos;

	if (node->kind == NODE_AND && !remembered && !env->record)
		return all_hold(env, node);
	return eval_truth(env, node) == TRUTH_YES;
}

struct value
eval_node(struct env *env, const struct node *node)
{
	struct value v;

	if (is_logic(node))
		return value_of(eval_truth(env, node));
	if (!env->record)
		return eval_kind(env, node);
	v = eval_kind(env, node);
	record(env, node, &v);
	return v;
}
