/* SPDX-License-Identifier: Apache-2.0 */
/* What a backtest was made of: the truth, the periods, the data; what was expected of it, and what to mind. */
#include <string.h>

#include "app/report.h"

/* --- what was judged --- */

static void
write_events(struct report *report)
{
	const json_t *events = json_object_get(report->doc, "events"), *file;
	struct buf files = {0};
	size_t i;

	json_array_foreach(json_object_get(events, "files"), i, file)
	{
		buf_printf(&files, "%s%s", i ? ", " : "", json_string_value(file));
	}
	report->pen->line(
		report, REPORT_MUTED,
		arena_printf(&report->arena,
			     report->zh ? "数据：%.*s；%.*s 条事件，%.*s 个客户，%s 至 %s"
					: "Data: %.*s; %.*s events of %.*s customers, %s to %s",
			     STR_ARG(buf_view(&files)),
			     STR_ARG(report_count(report, events, "rows")),
			     STR_ARG(report_count(report, events, "customers")),
			     ctl_json_text(events, "first"), ctl_json_text(events, "last")));
	buf_finish(&files);
}

static void
write_truth(struct report *report)
{
	const json_t *truth = json_object_get(report->doc, "truth");
	struct str days = report_number(report, json_object_get(truth, "horizon_days"));
	struct str text;

	if (strcmp(ctl_json_text(truth, "kind"), "silence") == 0)
		text = arena_printf(
			&report->arena,
			report->zh
				? "流失：客户（至少有 %.*s 个活跃日）的 %s 连续停止超过 %.*s 天"
				: "Lost: a customer (of at least %.*s active days) whose %s "
				  "stop for more than %.*s days",
			STR_ARG(report_count(report, truth, "min_days")),
			ctl_json_text(truth, "signal"), STR_ARG(days));
	else
		text = arena_printf(
			&report->arena,
			report->zh ? "流失：出现 %s；告警后 %.*s 天内出现，告警即为正确"
				   : "Lost: at %s; a warning is right when that follows within "
				     "%.*s days",
			ctl_json_text(truth, "by"), STR_ARG(days));
	report->pen->line(report, REPORT_MUTED, text);
}

static void
write_period(struct report *report, const json_t *period)
{
	bool tune = strcmp(ctl_json_text(period, "name"), report_judged(report)) != 0;
	const char *what =
		report->zh ? (tune ? "调参期" : "评判期") : (tune ? "Tuned on" : "Judged on");

	report->pen->line(
		report, REPORT_MUTED,
		arena_printf(&report->arena,
			     report->zh
				     ? "%s：%s 至 %s（%.*s 周），流失 %.*s 次，观察客户 %.*s 个"
				     : "%s: %s to %s (%.*s weeks); %.*s losses, %.*s customers "
				       "watched",
			     what, ctl_json_text(period, "from"), ctl_json_text(period, "to"),
			     STR_ARG(report_number(report, json_object_get(period, "weeks"))),
			     STR_ARG(report_count(report, period, "churns")),
			     STR_ARG(report_count(report, period, "watched"))));
}

static void
write_side(struct report *report, const json_t *side)
{
	const char *sha = ctl_json_text(side, "sha256");

	if (strncmp(sha, "sha256:", 7) == 0)
		sha += 7;
	report->pen->line(report, REPORT_MUTED,
			  arena_printf(&report->arena,
				       report->zh ? "规则：%s（sha256 %.12s）"
						  : "Rules: %s (sha256 %.12s)",
				       ctl_json_text(side, "name"), sha));
}

void
report_write_subject(struct report *report)
{
	const json_t *period;
	size_t i;

	write_truth(report);
	json_array_foreach(json_object_get(report->doc, "periods"), i, period)
	{
		write_period(report, period);
	}
}

void
report_write_sources(struct report *report)
{
	const json_t *side;
	size_t i;

	write_events(report);
	json_array_foreach(json_object_get(report->doc, "sides"), i, side)
	{
		write_side(report, side);
	}
}

/* --- expectations and cautions --- */

/* So many digits that nobody wonders why 0.91 is not 0.91. */
static struct str
exact(struct report *report, const json_t *value)
{
	if (!json_is_number(value))
		return STR("-");
	return arena_printf(&report->arena, "%.6g", json_number_value(value));
}

static void
write_expectation(struct report *report, const json_t *expect)
{
	bool holds = json_is_true(json_object_get(expect, "holds"));

	report->pen->line(
		report, holds ? REPORT_GOOD : REPORT_BAD,
		arena_printf(&report->arena,
			     report->zh ? "%s %s（实际 %.*s）" : "%s %s (it is %.*s)",
			     holds ? "\xe2\x9c\x93" : "\xe2\x9c\x97",
			     ctl_json_text(expect, "text"),
			     STR_ARG(exact(report, json_object_get(expect, "value")))));
}

void
report_write_expectations(struct report *report)
{
	const json_t *expects = json_object_get(report->doc, "expect"), *expect;
	size_t i;

	if (json_array_size(expects) == 0)
		return;
	report->pen->heading(report, report->zh ? STR("预期") : STR("Expectations"));
	json_array_foreach(expects, i, expect) write_expectation(report, expect);
}

void
report_write_cautions(struct report *report)
{
	const json_t *cautions = json_object_get(report->doc, "warnings"), *caution;
	int64_t rejected = ctl_json_int(json_object_get(report->doc, "events"), "rejected");
	size_t i;

	json_array_foreach(cautions, i, caution)
	{
		report->pen->line(report, REPORT_FAIR,
				  arena_printf(&report->arena,
					       report->zh ? "注意：%s" : "Note: %s",
					       report_words(report, caution)));
	}
	if (rejected > 0)
		report->pen->line(report, REPORT_FAIR,
				  arena_printf(&report->arena,
					       report->zh ? "注意：%lld 行数据被拒绝"
							  : "Note: %lld rows were rejected",
					       (long long)rejected));
}
