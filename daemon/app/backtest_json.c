/* SPDX-License-Identifier: Apache-2.0 */
/* The document of a backtest. */
#include <math.h>
#include <string.h>

#include "app/backtest_room.h"
#include "base/mem.h"

/* ---- parts ---- */

json_t *
backtest_number_json(double number)
{
	return isfinite(number) ? json_real(number) : json_null();
}

json_t *
backtest_text_json(struct str text)
{
	json_t *json = json_stringn(text.n ? text.p : "", text.n);

	return json ? json : json_string("?");
}

static json_t *
count_json(size_t count)
{
	return json_integer((json_int_t)count);
}

static json_t *
day_json(int64_t day)
{
	char text[INSTANT_TEXT];

	print_date(day, text);
	return json_string(text);
}

static void
put(json_t *object, const char *key, json_t *value)
{
	json_object_set_new(object, key, value);
}

void
backtest_warn(struct backtest *all, const char *en, const char *zh)
{
	json_t *pair = json_object();

	put(pair, "en", json_string(en));
	put(pair, "zh", json_string(zh));
	json_array_append_new(all->warnings, pair);
}

const char *
backtest_period_name(const struct backtest *all, unsigned period)
{
	return period + 1 == all->period_count ? "judge" : "tune";
}

static json_t *
names_json(const struct option_list *list)
{
	json_t *out = json_array();

	for (unsigned i = 0; i < list->count; i++)
		json_array_append_new(out, json_string(feed_file_name(list->items[i])));
	return out;
}

/* ---- what was looked at ---- */

static json_t *
events_json(const struct backtest *all)
{
	json_t *out = json_object();

	put(out, "files", names_json(&all->options.events));
	put(out, "rows", count_json(all->rows));
	put(out, "rejected", count_json(feed_rejected(all->sides[0].feed)));
	put(out, "customers", count_json(all->customers));
	put(out, "first", day_json(judge_day(&all->judge, all->first_at)));
	put(out, "last", day_json(judge_day(&all->judge, all->last_at)));
	return out;
}

static json_t *
truth_json(const struct backtest *all, const struct ruleset *rules)
{
	const struct past_churn *truth = &all->truth;
	json_t *out = json_object();

	put(out, "kind", json_string(truth->by_silence ? "silence" : "churned"));
	if (!truth->by_silence)
		put(out, "by", backtest_text_json(truth->by));
	if (truth->signal != PAST_ANY_SIGNAL)
		put(out, "signal", backtest_text_json(rules->signals[truth->signal].name));
	put(out, "horizon_days", json_integer(truth->horizon));
	put(out, "min_days", json_integer(truth->min_days));
	return out;
}

static json_t *
periods_json(const struct backtest *all)
{
	json_t *out = json_array();

	for (unsigned i = 0; i < all->period_count; i++) {
		json_t *row = json_object();
		double weeks = judge_weeks(&all->judge, all->periods[i]);

		put(row, "name", json_string(backtest_period_name(all, i)));
		put(row, "from", day_json(all->periods[i].from));
		put(row, "to", day_json(all->periods[i].to));
		put(row, "churns", count_json(all->groups[i].churns));
		put(row, "watched", count_json(all->groups[i].watched));
		put(row, "weeks", json_real(weeks > 0 ? weeks : 0));
		json_array_append_new(out, row);
	}
	return out;
}

/* ---- lines ---- */

/* Without its numbers: what stands in holes is "…". */
static json_t *
template_json(struct arena *arena, const struct template_text *text)
{
	struct str out = STR_NONE;

	for (unsigned i = 0; i < text->count; i++) {
		const struct template_piece *piece = &text->pieces[i];
		bool hole = piece->expr || piece->word != WORD_NONE;
		struct str part = hole ? STR("…") : piece->literal;

		out = arena_printf(arena, "%.*s%.*s", STR_ARG(out), STR_ARG(part));
	}
	return backtest_text_json(out);
}

static json_t *
title_json(struct backtest *all, const struct backtest_side *side, unsigned line)
{
	const struct ruleset *rules = engine_rules(feed_engine(side->feed));
	json_t *out = json_object();

	if (line == move_line_of_any(&side->lines)) {
		put(out, "en", json_string("any rule"));
		put(out, "zh", json_string("任一规则"));
	} else if (line >= rules->rule_count) {
		const struct level *level = &rules->levels[line - rules->rule_count + 1];

		put(out, "en", backtest_text_json(level->shown_en));
		put(out, "zh", backtest_text_json(level->shown_zh));
	} else {
		const struct text_pair *reason = &rules->rules[line].reason;
		const struct template_text *en = reason->has_en ? &reason->en : &reason->zh;
		const struct template_text *zh = reason->has_zh ? &reason->zh : &reason->en;

		put(out, "en", template_json(&all->arena, en));
		put(out, "zh", template_json(&all->arena, zh));
	}
	return out;
}

static void
put_name(const struct backtest_side *side, unsigned line, json_t *row)
{
	const struct ruleset *rules = engine_rules(feed_engine(side->feed));
	bool any = line == move_line_of_any(&side->lines), is_rule = line < rules->rule_count;

	put(row, "of", json_string(any ? "any" : is_rule ? "rule" : "level"));
	if (any)
		put(row, "name", json_string("any rule"));
	else if (is_rule)
		put(row, "name", backtest_text_json(rules->rules[line].name));
	else
		put(row, "name",
		    backtest_text_json(rules->levels[line - rules->rule_count + 1].name));
}

static json_t *
interval_json(const struct interval *interval)
{
	json_t *out = json_object();

	put(out, "value", backtest_number_json(interval->value));
	put(out, "low", backtest_number_json(interval->low));
	put(out, "high", backtest_number_json(interval->high));
	return out;
}

static json_t *
lead_json(const struct backtest *all, struct backtest_tally *tally)
{
	struct lead_figures figures;
	json_t *out = json_object();

	bootstrap_leads(&all->bootstrap, tally->leads, &tally->lead_count, &figures);
	put(out, "q1", backtest_number_json(figures.q1));
	put(out, "median", backtest_number_json(figures.median));
	put(out, "q3", backtest_number_json(figures.q3));
	put(out, "low", backtest_number_json(figures.low));
	put(out, "high", backtest_number_json(figures.high));
	return out;
}

static double
rate_of(const struct backtest *all, const struct backtest_group *group, size_t alerts)
{
	double weeks = judge_weeks(&all->judge, all->periods[group->period]);

	if (weeks <= 0 || group->watched == 0)
		return (double)NAN;
	return (double)alerts / weeks / (double)group->watched * 1000;
}

static void
put_counts(const struct backtest_tally *tally, json_t *row)
{
	static const struct {
		const char *key;
		enum verdict verdict;
	} rows[VERDICTS] = {{"hits", VERDICT_HIT},
			    {"false", VERDICT_FALSE},
			    {"unresolved", VERDICT_UNRESOLVED},
			    {"late", VERDICT_LATE}};

	for (unsigned i = 0; i < VERDICTS; i++)
		put(row, rows[i].key, count_json(tally->verdicts[rows[i].verdict]));
	put(row, "rewarnings", count_json(tally->again));
	put(row, "flaps", count_json(tally->flaps));
}

static json_t *
split_json(const struct backtest *all, const struct backtest_group *group)
{
	if (group->split < 0)
		return json_null();
	json_t *out = json_object();

	put(out, "by", json_string(all->options.split));
	put(out, "value", backtest_text_json(all->splits[group->split]));
	return out;
}

static json_t *
line_json(struct backtest *all, struct backtest_side *side, unsigned g, unsigned line)
{
	const struct ruleset *rules = engine_rules(feed_engine(side->feed));
	const struct backtest_group *group = &all->groups[g];
	struct backtest_tally *tally = backtest_tally_of(side, g, line);
	bool shadow = line < rules->rule_count && rules->rules[line].mode == MODE_SHADOW;
	struct rates rates;
	json_t *row = json_object();

	if (!tally->lots)
		tally->lots = mem_array(all->bootstrap.lots + 1u, sizeof *tally->lots);
	bootstrap_rates(&all->bootstrap, tally->lots, group->churns_by_lot, &rates);
	put_name(side, line, row);
	put(row, "title", title_json(all, side, line));
	put(row, "mode", json_string(shadow ? "shadow" : "live"));
	put(row, "period", json_string(backtest_period_name(all, group->period)));
	put(row, "split", split_json(all, group));
	put(row, "alerts", count_json(tally->alerts));
	put(row, "alerts_per_1000_per_week",
	    backtest_number_json(rate_of(all, group, tally->alerts)));
	put_counts(tally, row);
	put(row, "churns", count_json(group->churns));
	put(row, "caught", count_json(tally->caught));
	put(row, "precision", interval_json(&rates.precision));
	put(row, "recall", interval_json(&rates.recall));
	put(row, "f1", interval_json(&rates.f1));
	put(row, "lead_days", lead_json(all, tally));
	return row;
}

static json_t *
lines_json(struct backtest *all, struct backtest_side *side)
{
	json_t *out = json_array();

	for (unsigned g = 0; g < all->group_count; g++)
		for (unsigned line = 0; line < backtest_shown_lines(side); line++)
			if (backtest_shows(side, line))
				json_array_append_new(out, line_json(all, side, g, line));
	return out;
}

static json_t *
weekly_json(const struct backtest *all, const struct backtest_side *side)
{
	json_t *out = json_array();

	for (unsigned line = 0; line < backtest_shown_lines(side); line++)
		for (size_t w = 0; w < all->week_count; w++) {
			const struct backtest_week *week =
				&side->weeks[line * all->week_count + w];
			json_t *row;

			if (!backtest_shows(side, line) || week->alerts == 0)
				continue;
			row = json_object();
			put(row, "week", day_json(all->first_week + 7 * (int64_t)w));
			put_name(side, line, row);
			put(row, "alerts", count_json(week->alerts));
			put(row, "hits", count_json(week->hits));
			put(row, "false", count_json(week->alarms_false));
			json_array_append_new(out, row);
		}
	return out;
}

static json_t *
overlap_json(const struct backtest_side *side)
{
	const struct ruleset *rules = engine_rules(feed_engine(side->feed));
	unsigned count = rules->rule_count;
	json_t *out = json_array();

	for (unsigned a = 0; a < count; a++)
		for (unsigned b = a + 1; b < count; b++) {
			uint32_t both = side->overlap[a * count + b];
			json_t *row;

			if (both == 0)
				continue;
			row = json_object();
			put(row, "a", backtest_text_json(rules->rules[a].name));
			put(row, "b", backtest_text_json(rules->rules[b].name));
			put(row, "both", count_json(both));
			put(row, "a_only", count_json(side->overlap[a * count + a] - both));
			put(row, "b_only", count_json(side->overlap[b * count + b] - both));
			json_array_append_new(out, row);
		}
	return out;
}

/* Thresholds that say the same as the one before them are left out. */
static json_t *
curve_json(struct backtest *all, struct backtest_side *side)
{
	unsigned g = all->period_count - 1;
	const struct backtest_group *group = &all->groups[g];
	json_t *out = json_array();

	for (unsigned i = 0; i < side->lines.threshold_count; i++) {
		struct backtest_tally *tally =
			backtest_tally_of(side, g, move_line_of_threshold(&side->lines, i));
		size_t hits = tally->verdicts[VERDICT_HIT];
		size_t wrong = tally->verdicts[VERDICT_FALSE];
		struct lead_figures figures;
		json_t *row = json_object();

		bootstrap_leads(&(struct bootstrap){0}, tally->leads, &tally->lead_count,
				&figures);
		put(row, "risk", json_integer(side->thresholds[i]));
		put(row, "alerts", count_json(tally->alerts));
		put(row, "alerts_per_1000_per_week",
		    backtest_number_json(rate_of(all, group, tally->alerts)));
		put(row, "precision",
		    backtest_number_json(truth_precision((int64_t)hits, (int64_t)wrong)));
		put(row, "recall",
		    backtest_number_json(
			    truth_recall((int64_t)tally->caught, (int64_t)group->churns)));
		put(row, "lead_days", backtest_number_json(figures.median));
		json_array_append_new(out, row);
	}
	return out;
}

static json_t *
side_json(struct backtest *all, struct backtest_side *side)
{
	const struct ruleset *rules = engine_rules(feed_engine(side->feed));
	json_t *out = json_object(), *files = names_json(side->files);

	put(out, "name", json_string(json_string_value(json_array_get(files, 0))));
	put(out, "files", files);
	put(out, "sha256", json_string(rules->sha_hex));
	put(out, "lines", lines_json(all, side));
	put(out, "weekly", weekly_json(all, side));
	put(out, "overlap", overlap_json(side));
	put(out, "curve", curve_json(all, side));
	backtest_rank(all, side, out);
	return out;
}

json_t *
backtest_document(struct backtest *all)
{
	const struct ruleset *rules = engine_rules(feed_engine(all->sides[0].feed));
	json_t *out = json_object(), *sides = json_array(), *bootstrap = json_object();

	put(out, "backtest", json_integer(1));
	put(out, "events", events_json(all));
	put(out, "truth", truth_json(all, rules));
	put(out, "periods", periods_json(all));
	put(bootstrap, "rounds", json_integer(all->rounds));
	put(bootstrap, "seed", json_integer((json_int_t)all->seed));
	put(bootstrap, "level", json_real(BOOTSTRAP_LEVEL));
	put(out, "bootstrap", bootstrap);
	put(out, "warnings", json_incref(all->warnings));
	for (unsigned i = 0; i < all->side_count; i++)
		json_array_append_new(sides, side_json(all, &all->sides[i]));
	put(out, "sides", sides);
	put(out, "against", all->side_count > 1 ? backtest_against(all) : json_null());
	return out;
}
