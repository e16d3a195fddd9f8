/* SPDX-License-Identifier: Apache-2.0 */
/* Goes over the customers, and counts what each line said of them and what came of it. */
#include <string.h>

#include "app/backtest_room.h"
#include "base/mem.h"
#include "engine/quality.h"

/* ---- groups ---- */

static bool
is_in(const struct backtest *all, const struct backtest_group *group, uint32_t customer)
{
	return group->split < 0 || (customer < all->split_cap && all->split_of &&
				    all->split_of[customer] == group->split + 1);
}

static void
make_groups(struct backtest *all)
{
	all->group_count = all->period_count;
	for (unsigned i = 0; i < all->period_count; i++)
		all->groups[i] = (struct backtest_group){.period = i, .split = -1};
	for (unsigned i = 0; i < all->split_count; i++)
		all->groups[all->group_count++] = (struct backtest_group){
			.period = all->period_count - 1, .split = (int)i};
	for (unsigned i = 0; i < all->group_count; i++)
		all->groups[i].churns_by_lot =
			mem_array(all->bootstrap.lots + 1u, sizeof(uint32_t));
}

static void
count_group(struct backtest *all, struct backtest_group *group, uint32_t customer)
{
	struct judge_period period = all->periods[group->period];
	const struct judge *judge = &all->judges[group->period];
	struct judge_past past = backtest_past_of(all, customer, group->period);

	if (!is_in(all, group, customer))
		return;
	size_t churns = judge_churns(judge, period, &past);

	group->churns += churns;
	group->churns_by_lot[bootstrap_lot(&all->bootstrap, customer)] += (uint32_t)churns;
	group->watched += judge_watches(judge, period, &past);
}

static void
count_groups(struct backtest *all)
{
	make_groups(all);
	for (unsigned i = 0; i < all->group_count; i++)
		for (size_t c = 0; c < all->customers; c++)
			count_group(all, &all->groups[i], (uint32_t)c);
}

/* ---- lines ---- */

static void
make_lines(struct backtest_side *side)
{
	const struct ruleset *rules = engine_rules(feed_engine(side->feed));
	bool seen[101] = {false};

	side->joins = mem_array(rules->rule_count + 1u, sizeof *side->joins);
	for (unsigned i = 0; i < rules->rule_count; i++)
		side->joins[i] =
			rules->rules[i].mode == MODE_LIVE && rule_warns(&rules->rules[i]);
	for (size_t i = 0; i < side->moves.count; i++) {
		const struct move *move = backtest_log_at(&side->moves, i);

		if (move->what == MOVE_RISK)
			seen[move->to] = seen[move->from] = true;
	}
	side->lines = (struct move_lines){.rule_count = rules->rule_count,
					  .level_count = rules->level_count,
					  .joins = side->joins,
					  .thresholds = side->thresholds};
	for (unsigned risk = 1; risk <= 100; risk++)
		if (seen[risk])
			side->thresholds[side->lines.threshold_count++] = (uint8_t)risk;
}

/* A rule that is off says nothing, one that takes points away praises. */
bool
backtest_shows(const struct backtest_side *side, unsigned line)
{
	const struct ruleset *rules = engine_rules(feed_engine(side->feed));
	const struct rule *rule = &rules->rules[line];

	if (line >= rules->rule_count)
		return line < backtest_shown_lines(side);
	return rule->mode != MODE_OFF && (rule_warns(rule) || rule->points == 0);
}

unsigned
backtest_shown_lines(const struct backtest_side *side)
{
	return move_line_of_any(&side->lines) + 1;
}

struct backtest_tally *
backtest_tally_of(const struct backtest_side *side, unsigned group, unsigned line)
{
	return &side->tallies[(size_t)group * move_line_count(&side->lines) + line];
}

/* ---- one line of one customer ---- */

struct said_of {
	struct backtest *all;
	struct backtest_side *side;
	uint32_t customer;
	unsigned lot, line;
	bool judged; /* the judged period, else the one before it */
	int group;   /* beside that of the period; -1: none */
	/* Of the judged period: what the rules' warnings were about, for overlaps. */
	struct about {
		int64_t about;
		unsigned line;
	} * abouts; /* owned */
	size_t about_count, about_cap;
};

static struct lot_counts *
lot_of(const struct said_of *said, struct backtest_tally *tally)
{
	if (!tally->lots)
		tally->lots = mem_array(said->all->bootstrap.lots + 1u, sizeof *tally->lots);
	return &tally->lots[said->lot];
}

static void
add_lead(const struct said_of *said, struct backtest_tally *tally, double days)
{
	MEM_RESERVE(tally->leads, tally->lead_cap, tally->lead_count + 1);
	tally->leads[tally->lead_count++] =
		(struct lead){.days = (float)days, .lot = (uint16_t)said->lot, .count = 1};
}

static void
add_warning(const struct said_of *said, struct backtest_tally *tally,
	    const struct judge_warning *warning)
{
	enum verdict verdict = warning->judgement.verdict;

	tally->alerts += warning->is_counted;
	tally->again += warning->is_inside && warning->is_again;
	tally->flaps += warning->is_flap;
	if (!warning->is_judged)
		return;
	tally->verdicts[verdict]++;
	if (verdict == VERDICT_HIT) {
		add_lead(said, tally, warning->judgement.lead_days);
		lot_of(said, tally)->hits++;
	} else if (verdict == VERDICT_FALSE) {
		lot_of(said, tally)->alarms_false++;
	}
}

static unsigned
period_group(const struct said_of *said)
{
	return said->judged ? said->all->period_count - 1 : 0;
}

static void
add_week(const struct said_of *said, const struct judge_warning *warning)
{
	const struct backtest *all = said->all;
	int64_t day = judge_day(&all->judge, warning->at);
	struct backtest_week *week = &said->side->weeks[said->line * all->week_count +
							(size_t)((day - all->first_week) / 7)];

	week->alerts++;
	if (warning->is_judged) {
		week->hits += warning->judgement.verdict == VERDICT_HIT;
		week->alarms_false += warning->judgement.verdict == VERDICT_FALSE;
	}
}

static void
add_said(const struct said_of *said, const struct judge_warning *warning)
{
	struct backtest_said *kept;

	if (said->all->judge.by_silence && warning->is_again)
		return;
	kept = backtest_log_add(&said->side->said);
	*kept = (struct backtest_said){
		.at = warning->at,
		.about = warning->about,
		.customer = said->customer,
		.line = (uint16_t)said->line,
		.verdict = warning->is_judged ? (int8_t)warning->judgement.verdict : -1};
}

static void
add_about(struct said_of *said, int64_t about)
{
	if (said->line >= said->side->lines.rule_count)
		return;
	MEM_RESERVE(said->abouts, said->about_cap, said->about_count + 1);
	said->abouts[said->about_count++] = (struct about){about, said->line};
}

static bool
is_threshold(const struct said_of *said)
{
	return said->line >= backtest_shown_lines(said->side);
}

static void
take_warning(void *ctx, const struct judge_warning *warning)
{
	struct said_of *said = ctx;
	struct backtest_side *side = said->side;

	add_warning(said, backtest_tally_of(side, period_group(said), said->line), warning);
	if (is_threshold(said))
		return;
	add_week(said, warning);
	if (!said->judged)
		return;
	if (said->group >= 0)
		add_warning(said, backtest_tally_of(side, (unsigned)said->group, said->line),
			    warning);
	if (said->all->judge.by_silence && warning->is_judged)
		add_about(said, warning->about);
	if (said->all->side_count > 1 && said->line != move_line_of_any(&side->lines))
		add_said(said, warning);
}

static void
add_caught(const struct said_of *said, unsigned group)
{
	struct backtest_tally *tally = backtest_tally_of(said->side, group, said->line);

	tally->caught++;
	lot_of(said, tally)->caught++;
}

static void
take_caught(void *ctx, int64_t about)
{
	struct said_of *said = ctx;

	add_caught(said, period_group(said));
	if (said->judged && said->group >= 0 && !is_threshold(said))
		add_caught(said, (unsigned)said->group);
	if (said->judged && !said->all->judge.by_silence)
		add_about(said, about);
}

/* ---- overlap ---- */

static void
count_overlap(struct said_of *said)
{
	unsigned rules = said->side->lines.rule_count;

	for (size_t i = 0; i < said->about_count; i++)
		for (size_t j = i; j < said->about_count; j++)
			if (said->abouts[i].about == said->abouts[j].about &&
			    (i == j || said->abouts[i].line != said->abouts[j].line))
				said->side->overlap[said->abouts[i].line * rules +
						    said->abouts[j].line]++;
	said->about_count = 0;
}

/* ---- the whole ---- */

static int
split_group(const struct backtest *all, uint32_t customer)
{
	for (unsigned i = all->period_count; i < all->group_count; i++)
		if (is_in(all, &all->groups[i], customer))
			return (int)i;
	return -1;
}

static uint32_t
customer_of_move(const void *ctx, size_t i)
{
	const struct backtest_side *side = ctx;
	const struct move *move = backtest_log_at(&side->moves, i);

	return backtest_number(side, move->customer);
}

static size_t
gather(const struct backtest_side *side, uint32_t customer, struct move **moves, size_t *cap)
{
	const struct backtest_index *index = &side->by_customer;
	uint32_t from = index->starts[customer], to = index->starts[customer + 1];

	MEM_RESERVE(*moves, *cap, to - from);
	for (uint32_t i = from; i < to; i++)
		memcpy(&(*moves)[i - from], backtest_log_at(&side->moves, index->items[i]),
		       sizeof **moves);
	return to - from;
}

static void
judge_customer(struct said_of *said, const struct turns *turns)
{
	struct backtest *all = said->all;
	const struct judge_taker taker = {said, take_warning, take_caught};

	said->lot = bootstrap_lot(&all->bootstrap, said->customer);
	said->group = split_group(all, said->customer);
	for (unsigned p = 0; p < all->period_count; p++) {
		struct judge_past past = backtest_past_of(all, said->customer, p);

		said->judged = p + 1 == all->period_count;
		for (unsigned i = 0; i < turns->touched_count; i++) {
			size_t count;
			const struct judge_turn *list = turns_of(turns, i, &count);

			said->line = turns->touched[i];
			if (said->judged || !is_threshold(said))
				judge_line(&all->judges[p], all->periods[p], &past, list, count,
					   &taker);
		}
	}
	count_overlap(said);
}

static void
tally_side(struct backtest *all, struct backtest_side *side)
{
	struct said_of said = {.all = all, .side = side};
	struct turns turns = {.lines = &side->lines};
	struct move *moves = NULL;
	size_t cap = 0, rules;

	make_lines(side);
	backtest_index_make(&side->by_customer, &side->moves, all->customers, customer_of_move,
			    side);
	rules = side->lines.rule_count;
	side->tallies = mem_array((size_t)all->group_count * move_line_count(&side->lines),
				  sizeof *side->tallies);
	side->weeks =
		mem_array(backtest_shown_lines(side) * all->week_count, sizeof *side->weeks);
	side->overlap = mem_array(rules * rules + 1, sizeof *side->overlap);
	side->said.size = sizeof(struct backtest_said);
	for (size_t c = 0; c < all->customers; c++) {
		size_t count = gather(side, (uint32_t)c, &moves, &cap);

		said.customer = (uint32_t)c;
		turns_sort(&turns, moves, count);
		judge_customer(&said, &turns);
	}
	turns_finish(&turns);
	backtest_index_finish(&side->by_customer);
	backtest_log_finish(&side->moves);
	mem_free(said.abouts);
	mem_free(moves);
}

void
backtest_tally(struct backtest *all)
{
	int64_t from = all->periods[0].from;

	all->first_week = from - civil_weekday(from);
	all->week_count = (size_t)((all->until - all->first_week) / 7 + 1);
	bootstrap_init(&all->bootstrap, all->rounds, all->seed, all->customers);
	count_groups(all);
	for (unsigned i = 0; i < all->side_count; i++)
		tally_side(all, &all->sides[i]);
}
