/* SPDX-License-Identifier: Apache-2.0 */
/* The figures of a backtest: a row for each rule and level, its splits below it. */
#include <stdlib.h>
#include <string.h>

#include "app/report.h"
#include "base/mem.h"

/* Rows stand by what they are of, in the order in which that first comes; the period that is judged before the
 * one that was tuned on, the whole before its splits. */
struct row {
	const json_t *line;
	unsigned rank, split, tuned;
	size_t place;
};

struct rows {
	struct row *rows; /* owned */
	size_t count;
};

static unsigned
rank_of(json_t *ranks, const json_t *line)
{
	struct buf key = {0};
	json_t *rank;

	buf_printf(&key, "%s/%s", ctl_json_text(line, "of"), ctl_json_text(line, "name"));
	rank = json_object_get(ranks, key.p);
	if (!rank) {
		rank = json_integer((json_int_t)json_object_size(ranks));
		json_object_set_new(ranks, key.p, rank);
	}
	buf_finish(&key);
	return (unsigned)json_integer_value(rank);
}

static int
compare_rows(const void *left, const void *right)
{
	const struct row *a = left, *b = right;

	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	if (a->split != b->split)
		return a->split < b->split ? -1 : 1;
	if (a->split == 0 && a->tuned != b->tuned)
		return a->tuned < b->tuned ? -1 : 1;
	return a->place < b->place ? -1 : 1;
}

static struct rows
rows_of(const struct report *report, const json_t *side)
{
	const json_t *lines = json_object_get(side, "lines"), *line;
	struct rows rows = {mem_array(json_array_size(lines) + 1, sizeof *rows.rows), 0};
	json_t *ranks = json_object();
	size_t i;

	json_array_foreach(lines, i, line)
	{
		const char *period = ctl_json_text(line, "period");

		rows.rows[rows.count++] =
			(struct row){line, rank_of(ranks, line),
				     json_is_object(json_object_get(line, "split")),
				     strcmp(period, report_judged(report)) != 0, i};
	}
	json_decref(ranks);
	qsort(rows.rows, rows.count, sizeof *rows.rows, compare_rows);
	return rows;
}

/* --- the table --- */

static struct str
row_name(struct report *report, const struct row *row)
{
	const json_t *split = json_object_get(row->line, "split");
	struct str name = report_name(report, row->line);

	if (row->split)
		return arena_printf(&report->arena, "  %s = %s", ctl_json_text(split, "by"),
				    ctl_json_text(split, "value"));
	if (strcmp(ctl_json_text(row->line, "mode"), "shadow") == 0)
		return arena_printf(&report->arena,
				    report->zh ? "%.*s（影子）" : "%.*s (shadow)",
				    STR_ARG(name));
	return name;
}

static struct str
period_name(const struct report *report, const struct row *row)
{
	if (report->zh)
		return row->tuned ? STR("调参") : STR("评判");
	return row->tuned ? STR("tuned") : STR("judged");
}

static void
put_row(struct report *report, struct report_table *table, const struct row *row, bool periods)
{
	const json_t *line = row->line;

	report_cell(table, row_name(report, row));
	if (periods)
		report_cell(table, period_name(report, row));
	report_cell(table, report_count(report, line, "alerts"));
	report_cell(table,
		    report_number(report, json_object_get(line, "alerts_per_1000_per_week")));
	report_cell(table, report_interval(report, json_object_get(line, "precision")));
	report_cell(table, report_interval(report, json_object_get(line, "recall")));
	report_cell(table, report_interval(report, json_object_get(line, "f1")));
	report_cell(table, report_lead(report, json_object_get(line, "lead_days")));
	report_cell(table, report_count(report, line, "rewarnings"));
	report_cell(table, report_count(report, line, "flaps"));
}

static void
put_heads(const struct report *report, struct report_table *table, bool periods)
{
	static const char *const heads[2][10] = {
		{"Rule or level", "Period", "Warnings", "A week per 1,000", "Precision",
		 "Recall", "F1", "Lead in days", "Re-warnings", "Flaps"},
		{"规则或级别", "时期", "告警", "次/周/千客户", "准确率", "召回率", "F1",
		 "提前天数", "重复告警", "抖动"}};

	for (unsigned i = 0; i < 10; i++) {
		if (i != 1 || periods)
			report_head(table, heads[report->zh][i], i > 1);
	}
}

static void
write_side(struct report *report, const json_t *side)
{
	bool periods = json_array_size(json_object_get(report->doc, "periods")) > 1;
	struct rows rows = rows_of(report, side);
	struct report_table table = {.caption = str_of(ctl_json_text(side, "name"))};

	put_heads(report, &table, periods);
	for (size_t i = 0; i < rows.count; i++)
		put_row(report, &table, &rows.rows[i], periods);
	report_table_write(report, &table);
	mem_free(rows.rows);
}

static void
explain_columns(struct report *report)
{
	const json_t *bootstrap = json_object_get(report->doc, "bootstrap");
	struct str level = report_share(report, json_object_get(bootstrap, "level"));
	struct str rounds = report_count(report, bootstrap, "rounds");

	report->pen->line(
		report, REPORT_MUTED,
		report->zh
			? STR("准确率：可判定的告警中正确的比例。召回率：流失中事先有告警的比例。提前天数："
			      "告警到流失的天数，中位数（四分位）。重复告警：同一次沉默（流失前同一段时间）"
			      "内的再次告警。抖动：撤销后又告警。")
			: STR("Precision: of the warnings that could be judged, the share that "
			      "were right. Recall: of the losses, the share with a warning "
			      "before. Lead: days from the warning to the loss, median "
			      "(quartiles). Re-warnings: more than one for the same loss or "
			      "return. Flaps: cleared and soon given again."));
	report->pen->line(
		report, REPORT_MUTED,
		arena_printf(
			&report->arena,
			report->zh
				? "准确率、召回率、F1 括号内：%.*s 区间，按客户重抽样 %.*s 次"
				: "In brackets after shares: where %.*s of %.*s "
				  "drawings of other customers fall",
			STR_ARG(level), STR_ARG(rounds)));
}

void
report_write_lines(struct report *report)
{
	const json_t *sides = json_object_get(report->doc, "sides"), *side;
	size_t i;

	report->pen->heading(report, report->zh ? STR("各规则与级别") : STR("Rule by rule"));
	json_array_foreach(sides, i, side) write_side(report, side);
	explain_columns(report);
}
