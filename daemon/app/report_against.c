/* SPDX-License-Identifier: Apache-2.0 */
/* Two sides of a backtest: by how much they differ, which warnings only one of them gives and whom that concerns. */
#include <stdlib.h>
#include <string.h>

#include "app/report.h"

#define SENTENCES 4 /* the table has the rest */

/* --- side by side --- */

enum measure { MEASURE_COUNT, MEASURE_NUMBER, MEASURE_SHARE };

static double
measured(const json_t *line, const char *name, const char *key, bool *has)
{
	const json_t *value = json_object_get(line, name);

	if (key)
		value = json_object_get(value, key);
	*has = json_is_number(value);
	return json_number_value(value);
}

static struct str
signed_text(struct report *report, double difference, enum measure kind)
{
	struct str text;

	switch (kind) {
	case MEASURE_COUNT:
		text = arena_printf(&report->arena, "%+.0f", difference);
		break;
	case MEASURE_NUMBER:
		text = arena_printf(&report->arena, "%+.2g", difference);
		break;
	case MEASURE_SHARE:
		text = arena_printf(&report->arena, "%+.1f", difference * 100);
		break;
	}
	return strtod(text.p, NULL) == 0 ? STR("=") : text;
}

/* The line's figure and, in a cell of its own, by how much it is above the other side's. */
static void
put_measure(struct report *report, struct report_table *table, const json_t *own,
	    const json_t *other, const char *name, const char *key, enum measure kind)
{
	bool here, there;
	double value = measured(own, name, key, &here),
	       against = measured(other, name, key, &there);
	const json_t *shown = json_object_get(own, name);

	if (key)
		shown = json_object_get(shown, key);
	report_cell(table, kind == MEASURE_SHARE   ? report_share(report, shown)
			   : kind == MEASURE_COUNT ? report_count(report, own, name)
						   : report_number(report, shown));
	report_cell(table,
		    here && there ? signed_text(report, value - against, kind) : STR("-"));
}

static void
put_difference(struct report *report, struct report_table *table, const json_t *own,
	       const json_t *other)
{
	report_cell(table, report_name(report, own));
	put_measure(report, table, own, other, "alerts", NULL, MEASURE_COUNT);
	put_measure(report, table, own, other, "alerts_per_1000_per_week", NULL,
		    MEASURE_NUMBER);
	put_measure(report, table, own, other, "precision", "value", MEASURE_SHARE);
	put_measure(report, table, own, other, "recall", "value", MEASURE_SHARE);
	put_measure(report, table, own, other, "lead_days", "median", MEASURE_NUMBER);
}

/* Of what only the other side has. */
static void
put_missing(struct report *report, struct report_table *table, const json_t *other)
{
	report_cell(table, report_name(report, other));
	for (unsigned i = 1; i < table->columns; i++)
		report_cell(table, STR("-"));
}

/* By what they are of: the whole lines of the period that is judged. */
static json_t *
index_of(const struct report *report, const json_t *side)
{
	json_t *lines = json_object_get(side, "lines"), *line, *index = json_object();
	struct buf key = {0};
	size_t i;

	json_array_foreach(lines, i, line)
	{
		if (json_is_object(json_object_get(line, "split")) ||
		    strcmp(ctl_json_text(line, "period"), report_judged(report)) != 0)
			continue;
		buf_clear(&key);
		buf_printf(&key, "%s/%s", ctl_json_text(line, "of"),
			   ctl_json_text(line, "name"));
		json_object_set(index, key.p, line);
	}
	buf_finish(&key);
	return index;
}

struct pair {
	json_t *own, *other; /* owned: lines by what they are of */
	const char *own_name, *other_name;
};

static struct pair
pair_of(const struct report *report)
{
	const json_t *sides = json_object_get(report->doc, "sides");
	const json_t *own = json_array_get(sides, 0), *other = json_array_get(sides, 1);

	return (struct pair){index_of(report, own), index_of(report, other),
			     ctl_json_text(own, "name"), ctl_json_text(other, "name")};
}

static void
pair_finish(struct pair *pair)
{
	json_decref(pair->own);
	json_decref(pair->other);
}

static void
write_difference(struct report *report)
{
	static const char *const heads[2][11] = {
		{"Rule or level", "Warnings", "+/-", "A week per 1,000", "+/-", "Precision",
		 "+/-", "Recall", "+/-", "Lead in days", "+/-"},
		{"规则或级别", "告警", "差", "次/周/千客户", "差", "准确率", "差", "召回率",
		 "差", "提前天数", "差"}};
	struct report_table table = {0};
	struct pair pair = pair_of(report);
	const char *key;
	json_t *line;

	for (unsigned i = 0; i < 11; i++)
		report_head(&table, heads[report->zh][i], i > 0);
	json_object_foreach(pair.own, key, line)
	{
		put_difference(report, &table, line, json_object_get(pair.other, key));
	}
	json_object_foreach(pair.other, key, line)
	{
		if (!json_object_get(pair.own, key))
			put_missing(report, &table, line);
	}
	table.caption = arena_printf(&report->arena, report->zh ? "%s 减 %s" : "%s less %s",
				     pair.own_name, pair.other_name);
	report_table_write(report, &table);
	pair_finish(&pair);
}

/* --- in sentences --- */

static struct str
part(struct report *report, const json_t *line, const char *name, const char *key)
{
	const json_t *value = json_object_get(json_object_get(line, name), key);

	return strcmp(name, "lead_days") == 0 ? report_number(report, value)
					      : report_share(report, value);
}

static void
say_difference(struct report *report, const json_t *own, const json_t *other)
{
	report->pen->line(
		report, REPORT_PLAIN,
		arena_printf(
			&report->arena,
			report->zh
				? "%.*s：告警正确 %.*s，原为 %.*s；提前 %.*s 天，原为 %.*s 天；"
				  "预见流失 %.*s，原为 %.*s；告警 %.*s 次，原为 %.*s 次。"
				: "%.*s: %.*s of warnings right instead of %.*s, %.*s days ahead "
				  "instead of %.*s, %.*s of losses foreseen instead of %.*s; "
				  "%.*s warnings instead of %.*s.",
			STR_ARG(report_name(report, own)),
			STR_ARG(part(report, own, "precision", "value")),
			STR_ARG(part(report, other, "precision", "value")),
			STR_ARG(part(report, own, "lead_days", "median")),
			STR_ARG(part(report, other, "lead_days", "median")),
			STR_ARG(part(report, own, "recall", "value")),
			STR_ARG(part(report, other, "recall", "value")),
			STR_ARG(report_count(report, own, "alerts")),
			STR_ARG(report_count(report, other, "alerts"))));
}

static bool
is_changed(const json_t *own, const json_t *other)
{
	static const char *const keys[] = {"alerts", "precision", "recall", "lead_days"};

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		if (!json_equal(json_object_get(own, keys[i]), json_object_get(other, keys[i])))
			return true;
	}
	return false;
}

static void
say_rest(struct report *report, unsigned changed)
{
	if (changed == 0)
		report->pen->line(report, REPORT_PLAIN,
				  report->zh ? STR("共有的规则和级别没有差别。")
					     : STR("No rule or level that both have differs."));
	else if (changed > SENTENCES)
		report->pen->line(
			report, REPORT_MUTED,
			arena_printf(&report->arena,
				     report->zh ? "另有 %u 项不同，见表格"
						: "and %u more that differ, in the table",
				     changed - SENTENCES));
}

void
report_write_comparison(struct report *report)
{
	struct pair pair;
	unsigned changed = 0;
	const char *key;
	json_t *line;

	if (json_array_size(json_object_get(report->doc, "sides")) < 2)
		return;
	pair = pair_of(report);
	report->pen->heading(report,
			     arena_printf(&report->arena,
					  report->zh ? "与 %s 相比" : "Compared with %s",
					  pair.other_name));
	json_object_foreach(pair.own, key, line)
	{
		const json_t *other = json_object_get(pair.other, key);

		if (other && is_changed(line, other) && changed++ < SENTENCES)
			say_difference(report, line, other);
	}
	say_rest(report, changed);
	pair_finish(&pair);
}

/* --- what appears, what vanishes --- */

/* Of nothing: a second warning of the same, or one outside of what is judged. */
static const struct {
	const char *verdict, *words[2];
} verdicts[] = {{"hit", {"right", "正确"}},
		{"false", {"wrong", "误报"}},
		{"late", {"too late", "太迟"}},
		{"unresolved", {"open", "未定"}},
		{"none", {"not judged", "未评判"}}};

#define VERDICTS_SHOWN (sizeof verdicts / sizeof *verdicts)

static size_t
verdict_of(const json_t *move)
{
	const char *name = ctl_json_text(move, "verdict");
	size_t i = 0;

	while (i + 1 < VERDICTS_SHOWN && strcmp(name, verdicts[i].verdict) != 0)
		i++;
	return i;
}

/* Moves of one customer at one moment are one row. How many there are from i on. */
static size_t
count_same(const json_t *moves, size_t i)
{
	const json_t *first = json_array_get(moves, i), *move;
	size_t n = 1;

	while ((move = json_array_get(moves, i + n)) != NULL &&
	       json_equal(json_object_get(first, "customer"),
			  json_object_get(move, "customer")) &&
	       json_equal(json_object_get(first, "at"), json_object_get(move, "at")) &&
	       verdict_of(first) == verdict_of(move))
		n++;
	return n;
}

static void
put_moves(struct report *report, struct report_table *table, const json_t *moves, size_t i,
	  size_t count)
{
	const json_t *first = json_array_get(moves, i);
	struct buf names = {0};

	for (size_t n = 0; n < count; n++) {
		buf_text(&names, n == 0 ? "" : report->zh ? "、" : ", ");
		buf_str(&names, report_name(report, json_array_get(moves, i + n)));
	}
	report_cell(table, str_of(ctl_json_text(first, "customer")));
	report_cell(table, arena_printf(&report->arena, "%.10s", ctl_json_text(first, "at")));
	report_cell(table, arena_str(&report->arena, buf_view(&names)));
	report_cell(table, str_of(verdicts[verdict_of(first)].words[report->zh]));
	report_cell(table, report_number(report, json_object_get(first, "lead_days")));
	buf_finish(&names);
}

/* How many are shown. */
static size_t
write_moved(struct report *report, const json_t *moves, struct str caption)
{
	static const char *const heads[2][5] = {
		{"Customer", "Warned on", "By", "It was", "Days ahead"},
		{"客户", "告警日期", "来自", "结果", "提前天数"}};
	struct report_table table = {.caption = caption};
	size_t shown = 0;

	for (unsigned i = 0; i < 5; i++)
		report_head(&table, heads[report->zh][i], i == 4);
	for (unsigned row = 0; row < report->pen->moves && shown < json_array_size(moves);
	     row++) {
		size_t count = count_same(moves, shown);

		put_moves(report, &table, moves, shown, count);
		shown += count;
	}
	report_table_write(report, &table);
	return shown;
}

/* "30 right, 7 wrong" */
static void
count_verdicts(struct report *report, const json_t *counts, struct buf *out)
{
	for (size_t i = 0; i < VERDICTS_SHOWN; i++) {
		if (ctl_json_int(counts, verdicts[i].verdict) > 0)
			buf_printf(out, "%s%.*s %s", out->n ? report->zh ? "，" : ", " : "",
				   STR_ARG(report_count(report, counts, verdicts[i].verdict)),
				   verdicts[i].words[report->zh]);
	}
}

static void
write_moves(struct report *report, const json_t *against, const char *key, const char *only)
{
	const json_t *moves = json_object_get(against, key);
	struct buf count_key = {0}, verdicts_key = {0}, counts = {0};
	int64_t count, shown;

	buf_printf(&count_key, "%s_count", key);
	count = ctl_json_int(against, count_key.p);
	buf_printf(&verdicts_key, "%s_verdicts", key);
	count_verdicts(report, json_object_get(against, verdicts_key.p), &counts);
	shown = (int64_t)write_moved(report, moves,
				     arena_printf(&report->arena,
						  report->zh
							  ? "只有 %s 告警：%.*s 次（%.*s）"
							  : "Only %s warns: %.*s times (%.*s)",
						  only, STR_ARG(report_digits(report, count)),
						  STR_ARG(buf_view(&counts))));
	if (count > shown)
		report->pen->line(report, REPORT_MUTED,
				  arena_printf(&report->arena,
					       report->zh ? "另有 %.*s 次" : "and %.*s more",
					       STR_ARG(report_digits(report, count - shown))));
	buf_finish(&count_key);
	buf_finish(&verdicts_key);
	buf_finish(&counts);
}

void
report_write_moves(struct report *report)
{
	const json_t *against = json_object_get(report->doc, "against"),
		     *sides = json_object_get(report->doc, "sides");

	if (!json_is_object(against))
		return;
	report->pen->heading(report,
			     report->zh ? STR("两者相比") : STR("What would be different"));
	write_difference(report);
	report->pen->line(report, REPORT_PLAIN,
			  arena_printf(&report->arena,
				       report->zh ? "两者都有的告警：%.*s 次"
						  : "Warnings that both give: %.*s",
				       STR_ARG(report_count(report, against, "same"))));
	write_moves(report, against, "appear", ctl_json_text(json_array_get(sides, 0), "name"));
	write_moves(report, against, "vanish", ctl_json_text(json_array_get(sides, 1), "name"));
}
