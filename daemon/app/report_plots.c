/* SPDX-License-Identifier: Apache-2.0 */
/* What the plots of a page show, in a sentence for whoever does not see them. */
#include <string.h>

#include "app/report.h"

#define TOLD 6 /* lines a sentence tells of */

static const json_t *
own_side(const struct report *report, const char *key)
{
	return json_object_get(json_array_get(json_object_get(report->doc, "sides"), 0), key);
}

static bool
is_plotted(const struct report *report, const json_t *line)
{
	return !json_is_object(json_object_get(line, "split")) &&
	       strcmp(ctl_json_text(line, "period"), report_judged(report)) == 0 &&
	       json_is_number(json_object_get(json_object_get(line, "precision"), "value")) &&
	       json_is_number(json_object_get(json_object_get(line, "lead_days"), "median"));
}

static void
tell_line(struct report *report, struct buf *out, const json_t *line)
{
	const json_t *lead = json_object_get(line, "lead_days"),
		     *precision = json_object_get(line, "precision");

	buf_printf(out,
		   report->zh ? "%.*s 正确 %.*s，提前 %.*s 天"
			      : "%.*s: %.*s right, %.*s days ahead",
		   STR_ARG(report_name(report, line)),
		   STR_ARG(report_share(report, json_object_get(precision, "value"))),
		   STR_ARG(report_number(report, json_object_get(lead, "median"))));
}

/* Of the lines that are plotted; false: none is. */
static bool
tell_lines(struct report *report, struct buf *out)
{
	const json_t *line;
	unsigned told = 0;
	size_t i;

	json_array_foreach(own_side(report, "lines"), i, line)
	{
		if (!is_plotted(report, line) || told++ >= TOLD)
			continue;
		if (told > 1)
			buf_text(out, report->zh ? "；" : "; ");
		tell_line(report, out, line);
	}
	if (told > TOLD)
		buf_printf(out,
			   report->zh ? "；另有 %u 项见表格" : "; and %u more in the table",
			   told - TOLD);
	buf_text(out, report->zh ? "。" : ".");
	return told > 0;
}

static void
plot_early(struct report *report)
{
	report->pen->plot(
		report,
		&(struct report_plot){
			"early",
			report->zh ? STR("提前多少天？")
				   : STR("How early do right warnings come?"),
			report->zh
				? STR("菱形为中位数，条形为中间一半；数字见表格。")
				: STR("The diamond is the median, the bar the middle half; the "
				      "table has the figures.")});
}

static void
plot_lead(struct report *report)
{
	struct buf text = {0};

	buf_text(&text, report->zh ? "越高越准，越右越早。"
				   : "Higher is more often right, further right is earlier. ");
	if (tell_lines(report, &text)) {
		report->pen->plot(report, &(struct report_plot){
						  "lead",
						  report->zh ? STR("准确与提前")
							     : STR("How right, and how early?"),
						  buf_view(&text)});
		plot_early(report);
	}
	buf_finish(&text);
}

/* --- week by week --- */

/* All rules together when that is there, else what comes first. */
static const json_t *
find_weekly(const json_t *weekly)
{
	const json_t *row;
	size_t i;

	json_array_foreach(weekly, i, row)
	{
		if (strcmp(ctl_json_text(row, "of"), "any") == 0)
			return row;
	}
	return json_array_get(weekly, 0);
}

struct weeks {
	unsigned weeks;
	int64_t alerts, most;
	const char *most_in;
};

static void
add_week(struct weeks *weeks, const json_t *row)
{
	int64_t alerts = ctl_json_int(row, "alerts");

	weeks->weeks++;
	weeks->alerts += alerts;
	if (alerts > weeks->most) {
		weeks->most = alerts;
		weeks->most_in = ctl_json_text(row, "week");
	}
}

static void
plot_weekly(struct report *report)
{
	const json_t *weekly = own_side(report, "weekly"), *row, *one = find_weekly(weekly);
	struct weeks weeks = {0};
	struct str text;
	size_t i;

	json_array_foreach(weekly, i, row)
	{
		if (strcmp(ctl_json_text(row, "of"), ctl_json_text(one, "of")) == 0 &&
		    strcmp(ctl_json_text(row, "name"), ctl_json_text(one, "name")) == 0)
			add_week(&weeks, row);
	}
	if (weeks.alerts == 0)
		return;
	text = arena_printf(&report->arena,
			    report->zh
				    ? "%.*s：%u 周内告警 %.*s 次，最多一周 %.*s 次（%s 起）。"
				    : "%.*s: in %u weeks with warnings %.*s of them, at most "
				      "%.*s in one (from %s).",
			    STR_ARG(report_name(report, one)), weeks.weeks,
			    STR_ARG(report_digits(report, weeks.alerts)),
			    STR_ARG(report_digits(report, weeks.most)), weeks.most_in);
	report->pen->plot(report,
			  &(struct report_plot){"weekly",
						report->zh ? STR("每周告警")
							   : STR("Warnings week by week"),
						text});
}

void
report_write_plots(struct report *report)
{
	if (json_array_size(own_side(report, "lines")) == 0)
		return;
	report->pen->heading(report, report->zh ? STR("一图看懂") : STR("In pictures"));
	plot_lead(report);
	plot_weekly(report);
}
