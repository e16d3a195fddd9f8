/* SPDX-License-Identifier: Apache-2.0 */
/* Sorts a customer's moves by the lines that they turn. */
#include "engine/turns.h"

#include <string.h>

#include "base/mem.h"

/* Lines that lie side by side. */
struct span {
	unsigned from, to; /* [from, to) */
};

static unsigned
thresholds_up_to(const struct move_lines *lines, unsigned risk)
{
	unsigned i = 0;

	while (i < lines->threshold_count && lines->thresholds[i] <= risk)
		i++;
	return i;
}

/* Those between both, whichever way it went. */
static struct span
span_of(unsigned a, unsigned b, unsigned first)
{
	return a < b ? (struct span){first + a, first + b}
		     : (struct span){first + b, first + a};
}

static unsigned
spans_of(const struct move_lines *lines, const struct move *move, struct span out[2])
{
	unsigned any = move_line_of_any(lines);

	if (move->what == MOVE_LEVEL) {
		out[0] = span_of(move->from, move->to, lines->rule_count);
		return 1;
	}
	if (move->what == MOVE_RISK) {
		out[0] = span_of(thresholds_up_to(lines, move->from),
				 thresholds_up_to(lines, move->to), any + 1);
		return 1;
	}
	out[0] = (struct span){move->what, move->what + 1u};
	out[1] = (struct span){any, any + 1};
	return lines->joins[move->what] ? 2 : 1;
}

static void
reserve(struct turns *turns)
{
	unsigned count = move_line_count(turns->lines);

	if (turns->ends)
		return;
	turns->ends = mem_array(count + 1u, sizeof *turns->ends);
	turns->touched = mem_array(count + 1u, sizeof *turns->touched);
}

/* ends[line] counts its turns. */
static void
count_turns(struct turns *turns, const struct move *moves, size_t count)
{
	memset(turns->ends, 0, (move_line_count(turns->lines) + 1u) * sizeof *turns->ends);
	for (size_t i = 0; i < count; i++) {
		struct span spans[2];
		unsigned n = spans_of(turns->lines, &moves[i], spans);

		for (unsigned s = 0; s < n; s++)
			for (unsigned line = spans[s].from; line < spans[s].to; line++)
				turns->ends[line]++;
	}
}

/* Counts become beginnings. */
static size_t
lay_out(struct turns *turns)
{
	size_t total = 0;

	turns->touched_count = 0;
	for (unsigned line = 0; line < move_line_count(turns->lines); line++) {
		size_t count = turns->ends[line];

		turns->ends[line] = total;
		total += count;
		if (count)
			turns->touched[turns->touched_count++] = line;
	}
	return total;
}

void
turns_sort(struct turns *turns, const struct move *moves, size_t count)
{
	reserve(turns);
	count_turns(turns, moves, count);
	MEM_RESERVE(turns->list, turns->cap, lay_out(turns));
	for (size_t i = 0; i < count; i++) {
		struct span spans[2];
		unsigned n = spans_of(turns->lines, &moves[i], spans);
		struct judge_turn turn = {moves[i].at, moves[i].to > moves[i].from};

		for (unsigned s = 0; s < n; s++)
			for (unsigned line = spans[s].from; line < spans[s].to; line++)
				turns->list[turns->ends[line]++] = turn;
	}
}

const struct judge_turn *
turns_of(const struct turns *turns, unsigned i, size_t *count)
{
	size_t from = i > 0 ? turns->ends[turns->touched[i - 1]] : 0;

	*count = turns->ends[turns->touched[i]] - from;
	return turns->list + from;
}

void
turns_finish(struct turns *turns)
{
	mem_free(turns->list);
	mem_free(turns->touched);
	mem_free(turns->ends);
}
