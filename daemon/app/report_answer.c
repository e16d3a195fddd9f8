/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a rule is worth switching on, in words. */
#include <string.h>

#include "app/report.h"

#define ANSWERS 9     /* more are left to the table */
#define ENOUGH 20     /* judged warnings below which nothing is said of a hundred */
#define LATE_DAYS 2.0 /* a median lead below it leaves no time to act */
#define SURE 0.75     /* precision that is worth a person's call */
#define USEFUL 0.5    /* right more often than wrong */
#define LIFT 1.5      /* times as right as warnings by lot: worth something cheap */

enum rating {
	RATING_FEW,
	RATING_SURE,
	RATING_USEFUL,
	RATING_LATE,
	RATING_OPEN,
	RATING_CHEAP,
	RATING_POOR,
	RATING_CHANCE
};

static const struct {
	enum report_tone tone;
	const char *verdict[2];
} ratings[] = {
	[RATING_FEW] = {REPORT_MUTED, {"Too few warnings to say", "告警太少，无法判断"}},
	[RATING_SURE] = {REPORT_GOOD, {"Yes: worth a call", "建议启用：值得致电"}},
	[RATING_USEFUL] = {REPORT_GOOD, {"Yes: mostly right", "建议启用：多数正确"}},
	[RATING_LATE] = {REPORT_FAIR, {"Right, but too late to act", "正确，但来不及行动"}},
	[RATING_OPEN] = {REPORT_FAIR,
			 {"With care: right or wrong, about as often", "谨慎：对错各半"}},
	[RATING_CHEAP] = {REPORT_FAIR,
			  {"Well above chance, yet mostly wrong: for an e-mail, not for a call",
			   "远胜随机，但多数是误报：适合发邮件，不值得致电"}},
	[RATING_POOR] = {REPORT_BAD,
			 {"No: more often wrong than right", "不建议启用：错多于对"}},
	[RATING_CHANCE] = {REPORT_BAD,
			   {"No: not shown to be better than chance",
			    "不建议启用：未见胜于随机"}},
};

static double
number_at(const json_t *object, const char *part, const char *key)
{
	return json_number_value(json_object_get(json_object_get(object, part), key));
}

/* The share of active customers who were about to be lost on the days of the rankings: what warnings by lot would
 * get right. Negative: not known. */
static double
chance(const struct report *report)
{
	const json_t *sides = json_object_get(report->doc, "sides"), *ranking;
	size_t i;

	json_array_foreach(json_object_get(json_array_get(sides, 0), "ranking"), i, ranking)
	{
		double active = json_number_value(json_object_get(ranking, "active"));

		if (strcmp(ctl_json_text(ranking, "period"), report_judged(report)) == 0 &&
		    active > 0)
			return json_number_value(json_object_get(ranking, "churned")) / active;
	}
	return -1;
}

/* By the interval's ends, so that luck makes no rule good and none bad. */
static enum rating
rate(const json_t *line, double by_lot)
{
	int64_t judged = ctl_json_int(line, "hits") + ctl_json_int(line, "false");
	double low = number_at(line, "precision", "low"),
	       high = number_at(line, "precision", "high");

	if (judged < ENOUGH)
		return RATING_FEW;
	if (low <= by_lot)
		return RATING_CHANCE;
	if (high < USEFUL)
		return by_lot >= 0 && low >= LIFT * by_lot ? RATING_CHEAP : RATING_POOR;
	if (low < USEFUL)
		return RATING_OPEN;
	if (number_at(line, "lead_days", "median") < LATE_DAYS)
		return RATING_LATE;
	return low >= SURE ? RATING_SURE : RATING_USEFUL;
}

static struct str
hundredths_of(struct report *report, const json_t *share)
{
	struct str text = report_share(report, share);

	return str_ends(text, STR("%")) ? str_slice(text, 0, text.n - 1) : text;
}

static struct str
hundredths(struct report *report, const json_t *share, const char *key)
{
	return hundredths_of(report, json_object_get(share, key));
}

static void
say_right(struct report *report, struct buf *out, const json_t *line)
{
	const json_t *precision = json_object_get(line, "precision");
	int64_t hits = ctl_json_int(line, "hits"), judged = hits + ctl_json_int(line, "false");

	if (judged < ENOUGH)
		buf_printf(out,
			   report->zh ? "正确 %lld 次，可判定的共 %lld 次"
				      : "%lld right of %lld that could be judged",
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

/* Where most are, their number in the table says little of what the rule is worth. */
static void
say_late(struct report *report, struct buf *out, const json_t *line)
{
	int64_t judged = ctl_json_int(line, "hits") + ctl_json_int(line, "false");

	if (ctl_json_int(line, "late") > judged)
		buf_printf(out,
			   report->zh ? "另有 %.*s 次告警时，客户已经流失。"
				      : "%.*s came when the customer was lost already. ",
			   STR_ARG(report_count(report, line, "late")));
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
	say_late(report, &text, line);
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
	enum rating rating = rate(line, chance(report));
	const char *title = report_words(report, json_object_get(line, "title"));
	struct report_answer answer = {.tone = ratings[rating].tone,
				       .verdict = str_of(ratings[rating].verdict[report->zh]),
				       .name = report_name(report, line),
				       .sentence = sentence(report, line)};

	if (*title && strcmp(title, ctl_json_text(line, "name")) != 0 &&
	    !str_is(answer.name, title))
		answer.name = arena_printf(&report->arena, report->zh ? "%.*s：%s" : "%.*s: %s",
					   STR_ARG(answer.name), title);
	if (strcmp(ctl_json_text(line, "mode"), "shadow") == 0)
		answer.name = arena_printf(&report->arena,
					   report->zh ? "%.*s（影子）" : "%.*s (shadow)",
					   STR_ARG(answer.name));
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

static void
write_chance(struct report *report)
{
	json_t *share = json_real(chance(report));

	if (json_number_value(share) >= 0)
		report->pen->line(
			report, REPORT_MUTED,
			arena_printf(
				&report->arena,
				report->zh
					? "作为比较：任意一天，每 100 个活跃客户中有 %.*s 个即将流失"
					: "For comparison: of 100 active customers on any "
					  "day %.*s were about to be lost",
				STR_ARG(hundredths_of(report, share))));
	json_decref(share);
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
	unsigned told = 0;
	const json_t *line;

	for (unsigned turn = 0; turn < 2; turn++) {
		for (size_t i = 0; (line = json_array_get(lines, i)) != NULL; i++) {
			bool any = strcmp(ctl_json_text(line, "of"), "any") == 0;

			if (!is_judged(report, line) || any != (turn == 0) ||
			    ctl_json_int(line, "alerts") == 0 ||
			    is_repetition(lines, report, line))
				continue;
			if (told++ < ANSWERS)
				write_answer(report, line);
		}
	}
	return told > ANSWERS ? told - ANSWERS : 0;
}

/* In one line: they need no answer each. */
static void
write_silent(struct report *report, const json_t *lines)
{
	struct buf names = {0};
	const json_t *line;
	size_t i;

	json_array_foreach(lines, i, line)
	{
		if (!is_judged(report, line) || ctl_json_int(line, "alerts") > 0 ||
		    strcmp(ctl_json_text(line, "of"), "any") == 0)
			continue;
		buf_text(&names, names.n == 0 ? "" : report->zh ? "、" : ", ");
		buf_str(&names, report_name(report, line));
	}
	if (names.n)
		report->pen->line(
			report, REPORT_MUTED,
			arena_printf(&report->arena,
				     report->zh ? "从未告警：%.*s" : "Never warned: %.*s",
				     STR_ARG(buf_view(&names))));
	buf_finish(&names);
}

void
report_write_answers(struct report *report)
{
	const json_t *sides = json_object_get(report->doc, "sides");
	const struct report_pen *pen = report->pen;
	const json_t *lines = json_object_get(json_array_get(sides, 0), "lines");
	unsigned left;

	pen->heading(report, report->zh ? STR("该不该启用？") : STR("Should we switch it on?"));
	if (pen->answers)
		pen->answers(report, true);
	left = write_side_answers(report, lines);
	if (pen->answers)
		pen->answers(report, false);
	write_rest(report, left);
	write_silent(report, lines);
	write_chance(report);
	report_write_comparison(report);
}
