/* SPDX-License-Identifier: Apache-2.0 */
/* churnctl backtest: what rules would have said of a past that is known, and how right it was. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "app/backtest_room.h"
#include "base/mem.h"

/* ---- rule sets ---- */

/* The first set also answers what split and churn are; both rank. */
static unsigned
make_asks(const struct backtest *all, struct backtest_side *side,
	  struct rules_ask asks[BACKTEST_ASKS])
{
	unsigned count = 0;

	if (side->is_first && all->options.split) {
		side->ask_of[count] = ASK_SPLIT;
		asks[count++] = (struct rules_ask){STR("--split"), str_of(all->options.split),
						   TYPE_COUNT};
	}
	if (side->is_first && backtest_churned_expr(all).n) {
		side->ask_of[count] = ASK_CHURNED;
		asks[count++] = (struct rules_ask){STR("--churned"), backtest_churned_expr(all),
						   TYPE_BOOL};
	}
	if (all->options.rank) {
		side->ask_of[count] = ASK_RANK;
		asks[count++] = (struct rules_ask){STR("--rank"), str_of(all->options.rank),
						   TYPE_COUNT};
	}
	return count;
}

static bool
ranks_number(enum type type)
{
	return type == TYPE_BOOL || type == TYPE_INT || type == TYPE_NUM || type == TYPE_PROB ||
	       type == TYPE_DURATION || type == TYPE_TIME || type == TYPE_DATE ||
	       type == TYPE_ENUM;
}

static bool
take_asks(struct backtest *all, struct backtest_side *side, const struct ruleset *rules)
{
	unsigned counts[BACKTEST_ASKS] = {0};

	for (unsigned i = 0; i < rules->ask_count; i++) {
		const struct outside_expr *ask = &rules->asks[i];
		enum backtest_ask what = side->ask_of[ask->of];

		counts[what]++;
		if (what == ASK_SPLIT)
			all->split = ask->expr;
		if (what == ASK_RANK && !ranks_number(ask->expr->root->type)) {
			(void)ctl_fail(STATUS_USAGE, "--rank: %.*s is no number to rank by",
				       STR_ARG(ask->name));
			return false;
		}
	}
	if (counts[ASK_SPLIT] > 1 || counts[ASK_CHURNED] > 1) {
		(void)ctl_fail(STATUS_USAGE, "%s takes one expression",
			       counts[ASK_SPLIT] > 1 ? "--split" : "--churned");
		return false;
	}
	side->score_count = counts[ASK_RANK];
	return true;
}

static void
begin_side(struct backtest_side *side, struct ruleset *rules)
{
	side->feed = feed_create(rules, backtest_sink(side));
	side->moves.size = sizeof(struct move);
	side->rows.size = sizeof(struct ranked_row);
	side->scores = mem_array(side->score_count + 1u, sizeof *side->scores);
	for (unsigned i = 0; i < side->score_count; i++)
		side->scores[i].size = sizeof(double);
}

static enum status
open_side(struct backtest *all, struct backtest_side *side, const struct option_list *files)
{
	struct rules_names names = {0};
	struct rules_ask asks[BACKTEST_ASKS];
	struct ruleset *rules;

	side->all = all;
	side->files = files;
	side->is_first = side == &all->sides[0];
	for (unsigned i = 0; i < files->count; i++)
		rules_names_add(&names, files->items[i]);
	const struct rules_reads reads = {.a_signal = true, .signal = all->options.signal};
	enum status status = rules_open_asking(all->ctl, &names, asks,
					       make_asks(all, side, asks), reads, &rules);

	if (!rules)
		return status;
	all->side_count++;
	bool good = take_asks(all, side, rules);

	begin_side(side, rules);
	if (good && side->is_first)
		good = backtest_find_truth(all, rules);
	return good ? STATUS_DONE : STATUS_USAGE;
}

static enum status
open_sides(struct backtest *all)
{
	enum status status = open_side(all, &all->sides[0], &all->options.rules);

	if (status == STATUS_DONE && all->options.against.count)
		status = open_side(all, &all->sides[1], &all->options.against);
	return status;
}

/* ---- the run ---- */

static enum status
live_through(struct backtest *all)
{
	struct feed *feeds[2];

	for (unsigned i = 0; i < all->side_count; i++) {
		feeds[i] = all->sides[i].feed;
		backtest_look_on(&all->sides[i]);
	}
	enum status status =
		feed_files(all->ctl, feeds, all->side_count, &all->options.events, NEVER);

	if (status == STATUS_DONE && all->last_at < all->first_at)
		return ctl_fail(STATUS_USAGE, "there are no events in %s%s",
				feed_file_name(all->options.events.items[0]),
				all->options.events.count > 1 ? " and the files after it" : "");
	backtest_split_rest(all);
	return status;
}

static double
seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static enum status
show(const struct backtest *all, json_t *doc)
{
	struct err err;

	if (all->ctl->json) {
		json_dumpf(doc, stdout, BACKTEST_JSON);
		putchar('\n');
	} else {
		backtest_print(all->ctl, doc);
	}
	if (all->options.html && !backtest_html(doc, all->options.html, all->ctl->zh, &err))
		return ctl_fail(STATUS_USAGE, "%s", err.text);
	return STATUS_DONE;
}

static enum status
report(struct backtest *all, double began)
{
	bool holds;

	if (!backtest_make_past(all))
		return STATUS_USAGE;
	backtest_tally(all);
	backtest_warn_all(all);
	json_t *doc = backtest_document(all);

	json_object_set_new(doc, "expect", backtest_expect(all, doc, &holds));
	json_object_set_new(doc, "seconds", json_real(seconds_now() - began));
	enum status status = show(all, doc);

	json_decref(doc);
	return status != STATUS_DONE ? status : holds ? STATUS_DONE : STATUS_NO;
}

/* ---- the end ---- */

static void
close_side(struct backtest_side *side, unsigned groups)
{
	size_t lines = move_line_count(&side->lines);

	for (size_t i = 0; side->tallies && i < groups * lines; i++) {
		mem_free(side->tallies[i].lots);
		mem_free(side->tallies[i].leads);
	}
	for (unsigned i = 0; i < side->score_count; i++)
		backtest_log_finish(&side->scores[i]);
	feed_destroy(side->feed);
	backtest_log_finish(&side->moves);
	backtest_log_finish(&side->rows);
	backtest_log_finish(&side->said);
	backtest_index_finish(&side->by_customer);
	mem_free(side->scores);
	mem_free(side->stops);
	mem_free(side->moment_days);
	mem_free(side->numbers);
	mem_free(side->joins);
	mem_free(side->tallies);
	mem_free(side->weeks);
	mem_free(side->overlap);
}

static void
finish(struct backtest *all)
{
	for (unsigned i = 0; i < all->side_count; i++)
		close_side(&all->sides[i], all->group_count);
	for (unsigned i = 0; i < all->group_count; i++)
		mem_free(all->groups[i].churns_by_lot);
	backtest_log_finish(&all->days);
	backtest_log_finish(&all->churns);
	bootstrap_finish(&all->bootstrap);
	mem_free(all->last_days);
	mem_free(all->gone);
	mem_free(all->split_of);
	mem_free(all->day_starts);
	mem_free(all->day_list);
	mem_free(all->churn_starts);
	mem_free(all->churn_list);
	mem_free(all->starts);
	mem_free(all->expects);
	json_decref(all->warnings);
	arena_finish(&all->arena);
}

static enum status
run(struct backtest *all)
{
	double began = seconds_now();

	if (!backtest_read_options(all) || !ctl_can_write(all->options.html))
		return STATUS_USAGE;
	enum status status = open_sides(all);

	if (status != STATUS_DONE)
		return status;
	if (!backtest_read_expects(all))
		return STATUS_USAGE;
	status = live_through(all);
	return status == STATUS_DONE ? report(all, began) : status;
}

enum status
backtest_run(const struct ctl *ctl, int argc, char **argv)
{
	struct backtest all = {.ctl = ctl, .first_at = INT64_MAX, .last_at = INT64_MIN};
	struct backtest_options *to = &all.options;
	const struct option options[] = {
		{"--rules", OPTION_LIST, {.list = &to->rules}},
		{"--against", OPTION_LIST, {.list = &to->against}},
		{"--events", OPTION_LIST, {.list = &to->events}},
		{"--signal", OPTION_TEXT, {.text = &to->signal}},
		{"--churned", OPTION_TEXT, {.text = &to->churned}},
		{"--horizon", OPTION_TEXT, {.text = &to->horizon}},
		{"--min-days", OPTION_TEXT, {.text = &to->min_days}},
		{"--from", OPTION_TEXT, {.text = &to->from}},
		{"--until", OPTION_TEXT, {.text = &to->until}},
		{"--train-until", OPTION_TEXT, {.text = &to->train_until}},
		{"--split", OPTION_TEXT, {.text = &to->split}},
		{"--rank", OPTION_TEXT, {.text = &to->rank}},
		{"--every", OPTION_TEXT, {.text = &to->every}},
		{"--expect", OPTION_LIST, {.list = &to->expects}},
		{"--rounds", OPTION_TEXT, {.text = &to->rounds}},
		{"--seed", OPTION_TEXT, {.text = &to->seed}},
		{"--html", OPTION_TEXT, {.text = &to->html}},
	};

	if (!options_take(options, sizeof options / sizeof *options, &argc, argv))
		return STATUS_USAGE;
	if (argc != 1 || to->rules.count == 0 || to->events.count == 0)
		return ctl_usage("backtest");
	arena_init(&all.arena);
	all.days.size = sizeof(struct active_day);
	all.churns.size = sizeof(struct told_churn);
	all.warnings = json_array();
	enum status status = run(&all);

	finish(&all);
	return status;
}
