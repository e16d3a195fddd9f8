/* SPDX-License-Identifier: Apache-2.0 */
/* Two sides of a backtest: by how much they differ, which warnings only one of them gives and whom that concerns. */
#include <stdlib.h>
#include <string.h>

#include "app/report.h"

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

void
report_write_difference(struct report *report)
{
	static const char *const heads[2][11] = {
		{"Rule or level", "Warnings", "+/-", "A week per 1,000", "+/-", "Precision",
		 "+/-", "Recall", "+/-", "Lead in days", "+/-"},
		{"规则或级别", "告警", "差", "次/周/千客户", "差", "准确率", "差", "召回率",
		 "差", "提前天数", "差"}};
	json_t *sides = json_object_get(report->doc, "sides"), *own, *others;
	struct report_table table = {0};
	const char *key;
	json_t *line;

	if (json_array_size(sides) < 2)
		return;
	for (unsigned i = 0; i < 11; i++)
		report_head(&table, heads[report->zh][i], i > 0);
	own = index_of(report, json_array_get(sides, 0));
	others = index_of(report, json_array_get(sides, 1));
	json_object_foreach(own, key, line)
	{
		const json_t *other = json_object_get(others, key);

		if (other)
			put_difference(report, &table, line, other);
	}
	table.caption = arena_printf(&report->arena, report->zh ? "%s 减 %s" : "%s less %s",
				     ctl_json_text(json_array_get(sides, 0), "name"),
				     ctl_json_text(json_array_get(sides, 1), "name"));
	report_table_write(report, &table);
	json_decref(own);
	json_decref(others);
}

/* --- what appears, what vanishes --- */

static const char *
verdict_word(const struct report *report, const char *verdict)
{
	static const char *const words[][3] = {{"hit", "right", "正确"},
					       {"false", "wrong", "误报"},
					       {"late", "too late", "太迟"},
					       {"unresolved", "open", "未定"}};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (strcmp(verdict, words[i][0]) == 0)
			return words[i][1 + report->zh];
	}
	return verdict;
}

static void
put_move(struct report *report, struct report_table *table, const json_t *move)
{
	report_cell(table, str_of(ctl_json_text(move, "customer")));
	report_cell(table, arena_printf(&report->arena, "%.10s", ctl_json_text(move, "at")));
	report_cell(table, report_name(report, move));
	report_cell(table, str_of(verdict_word(report, ctl_json_text(move, "verdict"))));
	report_cell(table, report_number(report, json_object_get(move, "lead_days")));
}

static void
write_moved(struct report *report, const json_t *against, const char *key, struct str caption)
{
	static const char *const heads[2][5] = {
		{"Customer", "Warned on", "By", "It was", "Days ahead"},
		{"客户", "告警日期", "来自", "结果", "提前天数"}};
	const json_t *moves = json_object_get(against, key), *move;
	struct report_table table = {.caption = caption};
	size_t i;

	for (i = 0; i < 5; i++)
		report_head(&table, heads[report->zh][i], i == 4);
	json_array_foreach(moves, i, move)
	{
		if (i < report->pen->moves)
			put_move(report, &table, move);
	}
	report_table_write(report, &table);
}

/* "30 right, 7 wrong" of those that are listed. */
static void
count_verdicts(const struct report *report, const json_t *moves, struct buf *out)
{
	static const char *const verdicts[] = {"hit", "false", "late", "unresolved"};
	unsigned counts[4] = {0};
	const json_t *move;
	size_t i;

	json_array_foreach(moves, i, move)
	{
		for (unsigned v = 0; v < 4; v++)
			counts[v] += strcmp(ctl_json_text(move, "verdict"), verdicts[v]) == 0;
	}
	for (unsigned v = 0; v < 4; v++) {
		if (counts[v])
			buf_printf(out, "%s%u %s", out->n ? ", " : "", counts[v],
				   verdict_word(report, verdicts[v]));
	}
}

static void
write_moves(struct report *report, const json_t *against, const char *key, const char *only)
{
	const json_t *moves = json_object_get(against, key);
	struct buf count_key = {0}, verdicts = {0};
	int64_t count, shown = (int64_t)json_array_size(moves);

	buf_printf(&count_key, "%s_count", key);
	count = ctl_json_int(against, count_key.p);
	count_verdicts(report, moves, &verdicts);
	shown = shown < report->pen->moves ? shown : report->pen->moves;
	write_moved(report, against, key,
		    arena_printf(&report->arena,
				 report->zh ? "只有 %s 告警：%lld 次（%.*s）"
					    : "Only %s warns: %lld times (%.*s)",
				 only, (long long)count, STR_ARG(buf_view(&verdicts))));
	if (count > shown)
		report->pen->line(report, REPORT_MUTED,
				  arena_printf(&report->arena,
					       report->zh ? "另有 %lld 次" : "and %lld more",
					       (long long)(count - shown)));
	buf_finish(&count_key);
	buf_finish(&verdicts);
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
	report_write_difference(report);
	report->pen->line(report, REPORT_PLAIN,
			  arena_printf(&report->arena,
				       report->zh ? "两者都有的告警：%.*s 次"
						  : "Warnings that both give: %.*s",
				       STR_ARG(report_count(report, against, "same"))));
	write_moves(report, against, "appear", ctl_json_text(json_array_get(sides, 0), "name"));
	write_moves(report, against, "vanish", ctl_json_text(json_array_get(sides, 1), "name"));
}
