/* SPDX-License-Identifier: Apache-2.0 */
/* What a backtest means: what was judged, whether a rule is worth switching on, which expectations hold. */
#include <string.h>

#include "app/report.h"

#define ANSWERS 9     /* more are left to the table */
#define ENOUGH 20     /* judged warnings below which nothing is said of a hundred */
#define LATE_DAYS 2.0 /* a median lead below it leaves no time to act */
#define SURE 0.75     /* precision that is worth a person's call */
#define USEFUL 0.5    /* right more often than wrong */

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

/* --- is it worth switching on? --- */

enum rating {
	RATING_NONE,
	RATING_FEW,
	RATING_SURE,
	RATING_USEFUL,
	RATING_LATE,
	RATING_OPEN,
	RATING_POOR
};

static const struct {
	enum report_tone tone;
	const char *verdict[2];
} ratings[] = {
	[RATING_NONE] = {REPORT_MUTED, {"It never warned", "从未告警"}},
	[RATING_FEW] = {REPORT_MUTED, {"Too few warnings to say", "告警太少，无法判断"}},
	[RATING_SURE] = {REPORT_GOOD, {"Yes: worth a call", "建议启用：值得致电"}},
	[RATING_USEFUL] = {REPORT_GOOD, {"Yes: mostly right", "建议启用：多数正确"}},
	[RATING_LATE] = {REPORT_FAIR, {"Right, but too late to act", "正确，但来不及行动"}},
	[RATING_OPEN] = {REPORT_FAIR,
			 {"With care: right or wrong, about as often", "谨慎：对错各半"}},
	[RATING_POOR] = {REPORT_BAD,
			 {"More often wrong than right: for an e-mail, not for a call",
			  "错多于对：适合发邮件，不值得致电"}},
};

static double
number_at(const json_t *object, const char *part, const char *key)
{
	return json_number_value(json_object_get(json_object_get(object, part), key));
}

/* By the interval's ends, so that luck makes no rule good and none bad. */
static enum rating
rate(const json_t *line)
{
	int64_t judged = ctl_json_int(line, "hits") + ctl_json_int(line, "false");
	double low = number_at(line, "precision", "low"),
	       high = number_at(line, "precision", "high");

	if (ctl_json_int(line, "alerts") == 0)
		return RATING_NONE;
	if (judged < ENOUGH)
		return RATING_FEW;
	if (high < USEFUL)
		return RATING_POOR;
	if (low < USEFUL)
		return RATING_OPEN;
	if (number_at(line, "lead_days", "median") < LATE_DAYS)
		return RATING_LATE;
	return low >= SURE ? RATING_SURE : RATING_USEFUL;
}

static struct str
hundredths(struct report *report, const json_t *share, const char *key)
{
	struct str text = report_share(report, json_object_get(share, key));

	return str_ends(text, STR("%")) ? str_slice(text, 0, text.n - 1) : text;
}

static void
say_right(struct report *report, struct buf *out, const json_t *line)
{
	const json_t *precision = json_object_get(line, "precision");
	int64_t hits = ctl_json_int(line, "hits"), judged = hits + ctl_json_int(line, "false");

	if (judged < ENOUGH)
		buf_printf(
			out,
			report->zh
				? "已判定的告警中，正确 %lld 次，共 %lld 次"
				: "%lld of the %lld warnings that could be judged were right",
			(long long)hits, (long long)judged);
	else
		buf_printf(out,
			   report->zh
				   ? "每 100 次告警，%.*s 次正确（很可能在 %.*s 到 %.*s 之间）"
				   : "Of 100 warnings %.*s were right (likely %.*s to %.*s)",
			   STR_ARG(hundredths(report, precision, "value")),
			   STR_ARG(hundredths(report, precision, "low")),
			   STR_ARG(hundredths(report, precision, "high")));
}

static void
say_early(struct report *report, struct buf *out, const json_t *line)
{
	const json_t *lead = json_object_get(line, "lead_days");
	const json_t *median = json_object_get(lead, "median");

	if (json_is_number(median))
		buf_printf(out,
			   report->zh ? "；正确的告警中，一半至少提前 %.*s 天"
				      : ", half of those at least %.*s days before the "
					"customer was lost",
			   STR_ARG(report_number(report, median)));
	buf_text(out, report->zh ? "。" : ". ");
}

static void
say_found(struct report *report, struct buf *out, const json_t *line)
{
	const json_t *recall = json_object_get(line, "recall");

	if (json_is_number(json_object_get(recall, "value")))
		buf_printf(out,
			   report->zh ? "每 100 次流失，%.*s 次事先有告警。"
				      : "Of 100 losses it had warned of %.*s. ",
			   STR_ARG(hundredths(report, recall, "value")));
	buf_printf(out,
		   report->zh ? "每 1,000 个客户每周约 %.*s 次告警。"
			      : "Expect %.*s warnings a week for every 1,000 customers.",
		   STR_ARG(report_number(report,
					 json_object_get(line, "alerts_per_1000_per_week"))));
}

static struct str
sentence(struct report *report, const json_t *line)
{
	struct buf text = {0};
	struct str made;

	if (ctl_json_int(line, "hits") + ctl_json_int(line, "false") > 0) {
		say_right(report, &text, line);
		say_early(report, &text, line);
	}
	if (ctl_json_int(line, "alerts") > 0)
		say_found(report, &text, line);
	made = arena_str(&report->arena, buf_view(&text));
	buf_finish(&text);
	return made;
}

static void
fact(struct report_answer *answer, unsigned i, struct str value, struct str label)
{
	answer->facts[i].value = value;
	answer->facts[i].label = label;
}

static void
make_facts(struct report *report, const json_t *line, struct report_answer *answer)
{
	bool zh = report->zh;
	const json_t *median = json_object_get(json_object_get(line, "lead_days"), "median");

	fact(answer, 0,
	     report_share(report, json_object_get(json_object_get(line, "precision"), "value")),
	     zh ? STR("告警正确") : STR("of warnings right"));
	fact(answer, 1, report_number(report, median),
	     zh ? STR("天提前量") : STR("days ahead"));
	fact(answer, 2,
	     report_share(report, json_object_get(json_object_get(line, "recall"), "value")),
	     zh ? STR("流失被预见") : STR("of losses foreseen"));
	fact(answer, 3,
	     report_number(report, json_object_get(line, "alerts_per_1000_per_week")),
	     zh ? STR("次/周/千客户") : STR("a week per 1,000"));
}

static void
write_answer(struct report *report, const json_t *line)
{
	enum rating rating = rate(line);
	const char *title = report_words(report, json_object_get(line, "title"));
	struct report_answer answer = {.tone = ratings[rating].tone,
				       .verdict = str_of(ratings[rating].verdict[report->zh]),
				       .name = report_name(report, line),
				       .sentence = sentence(report, line)};

	if (*title)
		answer.name = arena_printf(&report->arena, report->zh ? "%.*s:%s" : "%.*s: %s",
					   STR_ARG(answer.name), title);
	if (strcmp(ctl_json_text(line, "mode"), "shadow") == 0)
		answer.name = arena_printf(&report->arena,
					   report->zh ? "%.*s（影子）" : "%.*s (shadow)",
					   STR_ARG(answer.name));
	if (rating != RATING_NONE)
		make_facts(report, line, &answer);
	report->pen->answer(report, &answer);
}

/* A whole line of the period that is judged. */
static bool
is_judged(const struct report *report, const json_t *line)
{
	return !json_is_object(json_object_get(line, "split")) &&
	       strcmp(ctl_json_text(line, "period"), report_judged(report)) == 0;
}

/* All rules together say nothing new of a single one. */
static bool
is_repetition(const json_t *lines, const struct report *report, const json_t *line)
{
	const json_t *other;
	unsigned rules = 0;
	size_t i;

	if (strcmp(ctl_json_text(line, "of"), "any") != 0)
		return false;
	json_array_foreach(lines, i, other)
	{
		rules += is_judged(report, other) &&
			 strcmp(ctl_json_text(other, "of"), "rule") == 0;
	}
	return rules < 2;
}

static const json_t *
find_whole(const struct report *report, const json_t *side)
{
	const json_t *lines = json_object_get(side, "lines"), *line, *first = NULL;
	size_t i;

	json_array_foreach(lines, i, line)
	{
		if (!is_judged(report, line))
			continue;
		first = first ? first : line;
		if (strcmp(ctl_json_text(line, "of"), "any") == 0)
			return line;
	}
	return first;
}

static struct str
part(struct report *report, const json_t *line, const char *name, const char *key, bool share)
{
	const json_t *value = json_object_get(json_object_get(line, name), key);

	return share ? report_share(report, value) : report_number(report, value);
}

static void
write_comparison(struct report *report, const json_t *sides)
{
	const json_t *own = find_whole(report, json_array_get(sides, 0));
	const json_t *other = find_whole(report, json_array_get(sides, 1));

	if (!own || !other)
		return;
	report->pen->line(
		report, REPORT_PLAIN,
		arena_printf(
			&report->arena,
			report->zh
				? "与 %s 相比（所有规则合计）：告警正确 %.*s，对方 %.*s；提前 %.*s 天，对方 "
				  "%.*s 天；预见流失 %.*s，对方 %.*s。"
				: "Compared with %s, all rules together: %.*s of warnings "
				  "right, there %.*s; %.*s days ahead, there %.*s; %.*s of "
				  "losses foreseen, there %.*s.",
			ctl_json_text(json_array_get(sides, 1), "name"),
			STR_ARG(part(report, own, "precision", "value", true)),
			STR_ARG(part(report, other, "precision", "value", true)),
			STR_ARG(part(report, own, "lead_days", "median", false)),
			STR_ARG(part(report, other, "lead_days", "median", false)),
			STR_ARG(part(report, own, "recall", "value", true)),
			STR_ARG(part(report, other, "recall", "value", true))));
}

static void
write_rest(struct report *report, unsigned left)
{
	if (left)
		report->pen->line(report, REPORT_MUTED,
				  arena_printf(&report->arena,
					       report->zh ? "另有 %u 项，见表格"
							  : "and %u more, in the table",
					       left));
}

/* All rules together first, when that says more than a single one. How many were left out. */
static unsigned
write_side_answers(struct report *report, const json_t *lines)
{
	unsigned told = 0, left = 0;
	const json_t *line;

	for (unsigned turn = 0; turn < 2; turn++) {
		for (size_t i = 0; (line = json_array_get(lines, i)) != NULL; i++) {
			bool any = strcmp(ctl_json_text(line, "of"), "any") == 0;

			if (!is_judged(report, line) || any != (turn == 0) ||
			    is_repetition(lines, report, line))
				continue;
			if (told < ANSWERS)
				write_answer(report, line);
			left += told >= ANSWERS;
			told++;
		}
	}
	return left;
}

void
report_write_answers(struct report *report)
{
	const json_t *sides = json_object_get(report->doc, "sides");
	const struct report_pen *pen = report->pen;
	unsigned left;

	pen->heading(report, report->zh ? STR("该不该启用？") : STR("Should we switch it on?"));
	if (pen->answers)
		pen->answers(report, true);
	left = write_side_answers(report, json_object_get(json_array_get(sides, 0), "lines"));
	if (pen->answers)
		pen->answers(report, false);
	write_rest(report, left);
	if (json_array_size(sides) > 1)
		write_comparison(report, sides);
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
