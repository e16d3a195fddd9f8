/* SPDX-License-Identifier: Apache-2.0 */
/* A backtest in words and tables on a terminal. */
#include <stdio.h>

#include "app/report.h"

static const char *
color_of(enum report_tone tone)
{
	switch (tone) {
	case REPORT_PLAIN:
		return "";
	case REPORT_GOOD:
		return "\033[32m";
	case REPORT_FAIR:
		return "\033[33m";
	case REPORT_BAD:
		return "\033[31m";
	case REPORT_MUTED:
		return "\033[2m";
	}
	return "";
}

static void
print_colored(struct report *report, const char *color, struct str text)
{
	struct buf clean = {0};
	bool colored = *color && ctl_text_colors();

	(void)report;
	ctl_text_clean(&clean, text);
	printf("%s%.*s%s", colored ? color : "", STR_ARG(buf_view(&clean)),
	       colored ? "\033[0m" : "");
	buf_finish(&clean);
}

static void
print_heading(struct report *report, struct str text)
{
	putchar('\n');
	print_colored(report, "\033[1m", text);
	putchar('\n');
}

static void
print_line(struct report *report, enum report_tone tone, struct str text)
{
	print_colored(report, color_of(tone), text);
	putchar('\n');
}

/* "broken: Yes: worth a call" with its sentence below; figures stand in the table. */
static void
print_answer(struct report *report, const struct report_answer *answer)
{
	print_colored(report, "\033[1m", answer->name);
	fputs(" - ", stdout);
	print_colored(report, color_of(answer->tone), answer->verdict);
	putchar('\n');
	if (answer->sentence.n == 0)
		return;
	fputs("  ", stdout);
	print_line(report, REPORT_PLAIN, answer->sentence);
}

/* Heads are in capitals on a terminal. */
static struct str
capitals(struct report *report, const char *text)
{
	struct str made = arena_str(&report->arena, str_of(text));
	char *p = arena_alloc(&report->arena, made.n + 1);

	for (size_t i = 0; i < made.n; i++)
		p[i] = made.p[i] >= 'a' && made.p[i] <= 'z' ? (char)(made.p[i] - 'a' + 'A')
							    : made.p[i];
	return (struct str){p, made.n};
}

static void
print_table(struct report *report, const struct report_table *table)
{
	const char *heads[REPORT_COLUMNS];
	struct ctl_table out;

	if (table->caption.n) {
		print_colored(report, "", table->caption);
		putchar('\n');
	}
	for (unsigned i = 0; i < table->columns; i++)
		heads[i] = capitals(report, table->heads[i]).p;
	ctl_table_init(&out, heads, table->columns, table->right);
	for (size_t i = 0; i < table->count; i++)
		ctl_table_cell(&out, table->cells[i]);
	ctl_table_print(&out);
}

/* What matters most comes last: it is what stays on the screen. */
void
backtest_print(const struct ctl *ctl, const json_t *doc)
{
	static const struct report_pen pen = {.heading = print_heading,
					      .line = print_line,
					      .answer = print_answer,
					      .table = print_table,
					      .moves = 5,
					      .rows = 6};
	struct report report = {.pen = &pen, .doc = doc, .zh = ctl->zh};

	arena_init(&report.arena);
	report_write_subject(&report);
	report_write_sources(&report);
	report_write_lines(&report);
	report_write_overlap(&report);
	report_write_curve(&report);
	report_write_rankings(&report);
	report_write_calibration(&report);
	report_write_moves(&report);
	report_write_expectations(&report);
	report_write_answers(&report);
	report_write_cautions(&report);
	arena_finish(&report.arena);
}
