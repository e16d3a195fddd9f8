/* SPDX-License-Identifier: Apache-2.0 */
/* How a comparison behaves as time passes: whether the instant at which it turns can be told. */
#include "lang/type.h"

#define MOVING (FN_GROWS | FN_STEPS)

/* Whether the value changes with time between looks. A comparison that is exact in itself tells its
 * own turning points, and between them it stands still; so does a function with edges. */
bool
moves_with_time(const struct node *node)
{
	if (node->kind == NODE_COMPARE)
		return node->moves == MOVES_COARSE;
	if (node->kind == NODE_CALL && node->builtin->flags & FN_EDGES)
		return false;
	if (node->kind == NODE_CALL && node->builtin->flags & MOVING)
		return true;
	for (unsigned i = 0; i < node->kid_count; i++)
		if (node->kids[i] && !expr_kid_repeats(node, i) &&
		    moves_with_time(node->kids[i]))
			return true;
	return false;
}

/* FN_GROWS or FN_STEPS when the side is nothing but a moving function of things that stand still. */
unsigned
moves_bare(const struct node *side)
{
	if (side->kind != NODE_CALL)
		return 0;
	for (unsigned i = 0; i < side->kid_count; i++)
		if (side->kids[i] && moves_with_time(side->kids[i]))
			return 0;
	return side->builtin->flags & MOVING;
}

/* hour(), weekday(), month(): what they say at an edge to come depends on nothing else. */
static bool
has_edges_alone(const struct node *side)
{
	return side->kind == NODE_CALL && side->builtin->flags & FN_EDGES &&
	       side->builtin->param_count == 0;
}

void
moves_classify_in(struct node *in)
{
	in->moves = has_edges_alone(in->kids[0]) ? MOVES_EDGES : MOVES_NOT;
}

static bool
classify_edges(struct node *compare)
{
	for (unsigned i = 0; i < 2; i++) {
		if (!has_edges_alone(compare->kids[i]) ||
		    compare->kids[1 - i]->kind != NODE_CONST)
			continue;
		compare->moves = MOVES_EDGES;
		compare->swapped = i == 1;
		return true;
	}
	return false;
}

void
moves_classify(struct node *compare)
{
	unsigned movement;

	if (classify_edges(compare))
		return;
	compare->moves = MOVES_COARSE;
	if (!moves_with_time(compare->kids[0]) && !moves_with_time(compare->kids[1])) {
		compare->moves = MOVES_NOT;
		return;
	}
	compare->swapped = moves_with_time(compare->kids[1]);
	movement = moves_bare(compare->kids[compare->swapped]);
	if (moves_with_time(compare->kids[!compare->swapped]))
		movement = 0;
	if (movement & FN_GROWS)
		compare->moves = MOVES_LINEAR;
	else if (movement & FN_STEPS)
		compare->moves = MOVES_MONOTONE;
	else
		compare->swapped = false;
}
