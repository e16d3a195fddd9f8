/* SPDX-License-Identifier: Apache-2.0 */
/* What rules, levels and risk did to one customer, as the turns of each line that may warn. Pure. */
#ifndef ENGINE_TURNS_H
#define ENGINE_TURNS_H

#include "engine/judge.h"

/* What moved: a rule's slot (from 0 to 1: it fired; from 1 to 0: it cleared), or one of these. */
#define MOVE_LEVEL 0xffff /* from slot to slot */
#define MOVE_RISK 0xfffe  /* from 0..100 to 0..100 */

struct move {
	int64_t at;
	uint32_t customer;
	uint16_t what;
	uint8_t from, to;
};

/* Lines, in this order: the rules by slot; the levels above healthy; any rule; risk from a threshold on. */
struct move_lines {
	unsigned rule_count;
	unsigned level_count;	   /* with healthy */
	const bool *joins;	   /* borrowed, by rule: it belongs to "any rule" */
	const uint8_t *thresholds; /* borrowed, rising, 1..100 */
	unsigned threshold_count;
};
static inline unsigned
move_line_of_level(const struct move_lines *lines, unsigned level)
{
	return lines->rule_count + level - 1;
}
static inline unsigned
move_line_of_any(const struct move_lines *lines)
{
	return lines->rule_count + lines->level_count - 1;
}
static inline unsigned
move_line_of_threshold(const struct move_lines *lines, unsigned i)
{
	return move_line_of_any(lines) + 1 + i;
}
static inline unsigned
move_line_count(const struct move_lines *lines)
{
	return move_line_of_threshold(lines, lines->threshold_count);
}

/* One customer's turns, by line; {0} and the lines, then turns_sort() as often as wanted, then turns_finish(). */
struct turns {
	const struct move_lines *lines; /* borrowed */
	struct judge_turn *list;	/* owned */
	size_t cap;
	unsigned *touched; /* owned: lines with turns, rising */
	unsigned touched_count;
	size_t *ends; /* owned: by line; of touched ones: where its turns end */
};
/* The moves are the customer's, in order. */
void turns_sort(struct turns *turns, const struct move *moves, size_t count);
/* Of the i-th touched line. */
const struct judge_turn *turns_of(const struct turns *turns, unsigned i, size_t *count);
void turns_finish(struct turns *turns);

#endif
