/* SPDX-License-Identifier: Apache-2.0 */
/* How well the risk tells who leaves: rankings, calibration, warnings by threshold; and which rules say the same. */
#include <stdlib.h>
#include <string.h>

#include "app/report.h"
#include "base/mem.h"

static const json_t *
own_side(const struct report *report, const char *key)
{
	return json_object_get(json_array_get(json_object_get(report->doc, "sides"), 0), key);
}

static void
put_heads(struct report_table *table, const char *const *heads, unsigned count, uint32_t right)
{
	for (unsigned i = 0; i < count; i++)
		report_head(table, heads[i], right >> i & 1);
}

/* --- rankings --- */

static void
put_ranking(struct report *report, struct report_table *table, const json_t *side,
	    const json_t *ranking)
{
	const json_t *low = json_object_get(ranking, "low"),
		     *high = json_object_get(ranking, "high");
	struct buf auc = {0};

	if (json_is_number(json_object_get(ranking, "auc")))
		buf_printf(&auc, "%.3f", json_number_value(json_object_get(ranking, "auc")));
	if (json_is_number(low) && json_is_number(high))
		buf_printf(&auc, " (%.3f-%.3f)", json_number_value(low),
			   json_number_value(high));
	report_cell(table, str_of(ctl_json_text(ranking, "name")));
	report_cell(table, str_of(ctl_json_text(side, "name")));
	report_cell(table, arena_str(&report->arena, auc.n ? buf_view(&auc) : STR("-")));
	report_cell(table, report_count(report, ranking, "active"));
	report_cell(table, report_count(report, ranking, "churned"));
	report_cell(table, report_count(report, ranking, "moments"));
	buf_finish(&auc);
}

void
report_write_rankings(struct report *report)
{
	static const char *const heads[2][6] = {
		{"Sorted by", "Rules", "AUC", "Active customers", "Of them lost", "Moments"},
		{"排序依据", "规则", "AUC", "活跃客户", "其中流失", "时刻数"}};
	const json_t *sides = json_object_get(report->doc, "sides"), *side, *ranking;
	struct report_table table = {0};
	size_t i, j;

	put_heads(&table, heads[report->zh], 6, 0x3c);
	json_array_foreach(sides, i, side)
	{
		json_array_foreach(json_object_get(side, "ranking"), j, ranking)
		{
			if (strcmp(ctl_json_text(ranking, "period"), report_judged(report)) ==
			    0)
				put_ranking(report, &table, side, ranking);
		}
	}
	if (table.count == 0) {
		report_table_write(report, &table);
		return;
	}
	report->pen->heading(report,
			     report->zh ? STR("谁排在前面") : STR("Who is on top of the list"));
	report_table_write(report, &table);
	report->pen->line(
		report, REPORT_MUTED,
		report->zh
			? STR("AUC：任取一个将流失的和一个会留下的活跃客户，前者排得更高的概率；0.5 "
			      "等于抛硬币。")
			: STR("AUC: of two active customers of whom one will be lost and one "
			      "will stay, the chance that the one who will be lost is on "
			      "top; 0.5 is a coin."));
}

/* --- calibration --- */

static void
put_bin(struct report *report, struct report_table *table, const json_t *name,
	const json_t *bin)
{
	int64_t customers = ctl_json_int(bin, "customers"),
		churned = ctl_json_int(bin, "churned");
	json_t *share = customers ? json_real((double)churned / (double)customers) : NULL;

	report_cell(
		table,
		!json_is_number(json_object_get(bin, "from"))
			? arena_printf(&report->arena, report->zh ? "%s 未知" : "%s unknown",
				       json_string_value(name))
			: arena_printf(
				  &report->arena, "%s %.*s-%.*s", json_string_value(name),
				  STR_ARG(report_number(report, json_object_get(bin, "from"))),
				  STR_ARG(report_number(report, json_object_get(bin, "to")))));
	report_cell(table, report_number(report, json_object_get(bin, "mean")));
	report_cell(table, report_share(report, share));
	report_cell(table, report_count(report, bin, "churned"));
	report_cell(table, report_count(report, bin, "customers"));
	json_decref(share);
}

static void
plot_calibration(struct report *report, const json_t *calibration)
{
	const json_t *first = json_array_get(calibration, 0),
		     *bins = json_object_get(first, "bins"), *bin;
	struct buf text = {0};
	size_t i;

	json_array_foreach(bins, i, bin)
	{
		int64_t customers = ctl_json_int(bin, "customers");

		if (customers == 0)
			continue;
		buf_printf(&text,
			   report->zh ? "%s%s 为 %g 至 %g 的客户有 %.0f%% 流失"
				      : "%s%s %g to %g: %.0f%% lost",
			   text.n ? "; " : "", ctl_json_text(first, "name"),
			   json_number_value(json_object_get(bin, "from")),
			   json_number_value(json_object_get(bin, "to")),
			   100.0 * (double)ctl_json_int(bin, "churned") / (double)customers);
	}
	report->pen->plot(report, &(struct report_plot){
					  "calibration",
					  report->zh ? STR("校准：预测与实际")
						     : STR("Calibration: foretold and seen"),
					  buf_view(&text)});
	buf_finish(&text);
}

void
report_write_calibration(struct report *report)
{
	static const char *const heads[2][5] = {
		{"Customers with", "Mean", "Were lost", "Lost", "Customers"},
		{"客户", "平均值", "流失比例", "流失", "客户数"}};
	const json_t *calibration = own_side(report, "calibration"), *one, *bin;
	struct report_table table = {0};
	size_t i, j;

	if (json_array_size(calibration) == 0)
		return;
	report->pen->heading(report, report->zh ? STR("风险高的客户真的流失吗？")
						: STR("Are those at high risk really lost?"));
	if (report->pen->plot)
		plot_calibration(report, calibration);
	put_heads(&table, heads[report->zh], 5, 0x1e);
	json_array_foreach(calibration, i, one)
	{
		json_array_foreach(json_object_get(one, "bins"), j, bin)
		{
			if (ctl_json_int(bin, "customers") > 0)
				put_bin(report, &table, json_object_get(one, "name"), bin);
		}
	}
	report_table_write(report, &table);
	report->pen->line(
		report, REPORT_MUTED,
		report->zh ? STR("风险是得分之和，不是概率：它不必等于流失比例，但应随之上升。")
			   : STR("The risk is a sum of points and no probability: it need "
				 "not equal the share that was lost, but must rise with it."));
}

/* --- thresholds --- */

static void
put_threshold(struct report *report, struct report_table *table, const json_t *point)
{
	report_cell(table, report_number(report, json_object_get(point, "risk")));
	report_cell(table, report_count(report, point, "alerts"));
	report_cell(table, report_share(report, json_object_get(point, "precision")));
	report_cell(table, report_share(report, json_object_get(point, "recall")));
	report_cell(table, report_number(report, json_object_get(point, "lead_days")));
}

/* Of many thresholds some, evenly, the first and the last among them. */
void
report_write_curve(struct report *report)
{
	static const char *const heads[2][5] = {
		{"Warning at a risk of", "Warnings", "Precision", "Recall", "Lead in days"},
		{"告警风险阈值", "告警", "准确率", "召回率", "提前天数"}};
	const json_t *curve = own_side(report, "curve");
	size_t count = json_array_size(curve), rows = report->pen->rows;
	struct report_table table = {0};

	if (count < 2)
		return;
	report->pen->heading(report,
			     report->zh ? STR("阈值取多少？") : STR("At which risk to warn?"));
	put_heads(&table, heads[report->zh], 5, 0x1f);
	rows = rows < count ? rows : count;
	for (size_t i = 0; i < rows; i++)
		put_threshold(
			report, &table,
			json_array_get(curve, i * (count - 1) / (rows > 1 ? rows - 1 : 1)));
	report_table_write(report, &table);
}

/* --- overlap --- */

static int
compare_overlap(const void *left, const void *right)
{
	const json_t *const *a = left, *const *b = right;
	int64_t x = ctl_json_int(*a, "both"), y = ctl_json_int(*b, "both");

	if (x != y)
		return x > y ? -1 : 1;
	if (strcmp(ctl_json_text(*a, "a"), ctl_json_text(*b, "a")) != 0)
		return strcmp(ctl_json_text(*a, "a"), ctl_json_text(*b, "a"));
	return strcmp(ctl_json_text(*a, "b"), ctl_json_text(*b, "b"));
}

static void
put_overlap(struct report *report, struct report_table *table, const json_t *pair)
{
	report_cell(table, str_of(ctl_json_text(pair, "a")));
	report_cell(table, str_of(ctl_json_text(pair, "b")));
	report_cell(table, report_count(report, pair, "both"));
	report_cell(table, report_count(report, pair, "a_only"));
	report_cell(table, report_count(report, pair, "b_only"));
}

/* The pairs that say the same most often. */
void
report_write_overlap(struct report *report)
{
	static const char *const heads[2][5] = {
		{"Rule", "And rule", "Both warned", "Only the first", "Only the second"},
		{"规则", "与规则", "都告警", "只有前者", "只有后者"}};
	const json_t *pairs = own_side(report, "overlap");
	size_t count = json_array_size(pairs), shown = 0;
	const json_t **sorted = mem_array(count + 1, sizeof *sorted);
	struct report_table table = {0};

	for (size_t i = 0; i < count; i++)
		sorted[i] = json_array_get(pairs, i);
	qsort(sorted, count, sizeof *sorted, compare_overlap);
	put_heads(&table, heads[report->zh], 5, 0x1c);
	while (shown < count && shown < report->pen->rows &&
	       ctl_json_int(sorted[shown], "both") > 0)
		put_overlap(report, &table, sorted[shown++]);
	if (shown)
		report->pen->heading(report, report->zh ? STR("哪些规则说的是同一件事？")
							: STR("Which rules say the same?"));
	report_table_write(report, &table);
	mem_free(sorted);
}
