/* SPDX-License-Identifier: Apache-2.0 */
/* Figures and names of a backtest in words. */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "app/report.h"
#include "base/mem.h"

/* Decimals where the whole number would say too little, or all or nothing. */
static struct str
percent(struct report *report, double share)
{
	double value = share * 100;

	if (share <= 0 || share >= 1)
		return arena_printf(&report->arena, "%.0f", value);
	return arena_printf(&report->arena,
			    value < 0.95		    ? "%.2g"
			    : value < 9.95 || value >= 99.5 ? "%.1f"
							    : "%.0f",
			    value);
}

struct str
report_share(struct report *report, const json_t *value)
{
	if (!json_is_number(value))
		return STR("-");
	return arena_printf(&report->arena, "%.*s%%",
			    STR_ARG(percent(report, json_number_value(value))));
}

struct str
report_interval(struct report *report, const json_t *share)
{
	struct str value = report_share(report, json_object_get(share, "value"));
	const json_t *low = json_object_get(share, "low"),
		     *high = json_object_get(share, "high");

	if (!json_is_number(low) || !json_is_number(high))
		return value;
	return arena_printf(&report->arena, "%.*s (%.*s-%.*s)", STR_ARG(value),
			    STR_ARG(percent(report, json_number_value(low))),
			    STR_ARG(percent(report, json_number_value(high))));
}

struct str
report_number(struct report *report, const json_t *value)
{
	double number = json_number_value(value);

	if (!json_is_number(value))
		return STR("-");
	return arena_printf(&report->arena,
			    fabs(number) < 1	 ? "%.2g"
			    : fabs(number) < 100 ? "%.3g"
						 : "%.0f",
			    number);
}

struct str
report_lead(struct report *report, const json_t *lead)
{
	const json_t *median = json_object_get(lead, "median");
	const json_t *q1 = json_object_get(lead, "q1"), *q3 = json_object_get(lead, "q3");

	if (!json_is_number(q1) || !json_is_number(q3))
		return report_number(report, median);
	return arena_printf(
		&report->arena, "%.*s (%.*s-%.*s)", STR_ARG(report_number(report, median)),
		STR_ARG(report_number(report, q1)), STR_ARG(report_number(report, q3)));
}

struct str
report_digits(struct report *report, int64_t number)
{
	char digits[32];
	int n = snprintf(digits, sizeof digits, "%lld", (long long)number);
	struct buf text = {0};
	struct str made;

	for (int i = 0; i < n; i++) {
		if (i > 0 && (n - i) % 3 == 0 && digits[i - 1] != '-')
			buf_char(&text, ',');
		buf_char(&text, digits[i]);
	}
	made = arena_str(&report->arena, buf_view(&text));
	buf_finish(&text);
	return made;
}

struct str
report_count(struct report *report, const json_t *object, const char *key)
{
	return report_digits(report, ctl_json_int(object, key));
}

struct str
report_name(struct report *report, const json_t *line)
{
	const char *of = ctl_json_text(line, "of"), *name = ctl_json_text(line, "name");

	if (strcmp(of, "any") == 0)
		return report->zh ? STR("任一规则") : STR("any rule");
	if (strcmp(of, "level") == 0)
		return arena_printf(&report->arena, report->zh ? "级别 %s" : "level %s", name);
	return str_of(name);
}

const char *
report_judged(const struct report *report)
{
	const json_t *periods = json_object_get(report->doc, "periods");
	size_t count = json_array_size(periods);

	return count ? ctl_json_text(json_array_get(periods, count - 1), "name") : "judge";
}

const char *
report_words(const struct report *report, const json_t *value)
{
	const char *text = json_string_value(value);

	if (!text)
		text = ctl_json_text(value, report->zh ? "zh" : "en");
	return *text ? text : ctl_json_text(value, report->zh ? "en" : "zh");
}

/* --- tables --- */

void
report_head(struct report_table *table, const char *head, bool right)
{
	assert(table->columns < REPORT_COLUMNS);
	table->right |= (uint32_t)right << table->columns;
	table->heads[table->columns++] = head;
}

void
report_cell(struct report_table *table, struct str text)
{
	MEM_RESERVE(table->cells, table->cap, table->count + 1);
	table->cells[table->count++] = text;
}

void
report_table_write(struct report *report, struct report_table *table)
{
	if (table->count)
		report->pen->table(report, table);
	mem_free(table->cells);
	*table = (struct report_table){0};
}
