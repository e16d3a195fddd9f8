/* SPDX-License-Identifier: Apache-2.0 */
/* churnctl alerts: what was said of whom, and to whom, the newest first. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/ctl.h"
#include "base/civil.h"
#include "io/log.h"

#define COLUMNS 7

/* Of what it tells: the rule's own text, the task's title, else the reason with most points. */
static const char *
words_of(const struct ctl *ctl, const json_t *data)
{
	const char *own = ctl_json_words(data, "text", "texts", ctl->zh);
	const json_t *task = json_object_get(data, "task");
	const json_t *reason, *best = NULL;
	size_t i;

	json_array_foreach(json_object_get(data, "reasons"), i,
			   reason) if (!best || ctl_json_int(reason, "points") >
							ctl_json_int(best, "points")) best =
		reason;
	if (*own)
		return own;
	return task ? ctl_json_words(task, "title", "titles", ctl->zh)
		    : ctl_json_words(best, "text", "texts", ctl->zh);
}

static struct str
names_of(struct arena *arena, const json_t *list)
{
	struct buf names = {0};
	const json_t *name;
	struct str made;
	size_t i;

	json_array_foreach(list, i, name)
	{
		if (i > 0)
			buf_char(&names, ',');
		buf_text(&names, json_string_value(name));
	}
	made = arena_str(arena, buf_view(&names));
	buf_finish(&names);
	return made;
}

static void
print_row(const struct ctl *ctl, struct ctl_table *table, const json_t *row)
{
	const json_t *alert = json_object_get(row, "alert");
	const json_t *data = json_object_get(alert, "data");

	ctl_table_cell(table, ctl_json_time(&table->arena, alert, "timestamp"));
	ctl_table_text(table, ctl_json_text(alert, "type"));
	ctl_table_text(table, ctl_json_text(data, "customer"));
	ctl_table_text(table, ctl_json_text(data, "level"));
	ctl_table_cell(table, ctl_json_number(&table->arena, data, "risk"));
	ctl_table_cell(table, names_of(&table->arena, json_object_get(row, "to")));
	ctl_table_text(table, words_of(ctl, data));
}

static void
print_alerts(const struct ctl *ctl, json_t *json)
{
	static const char *const heads[2][COLUMNS] = {
		{"AT", "TYPE", "CUSTOMER", "LEVEL", "RISK", "TO", "WHY"},
		{"时间", "类型", "客户", "级别", "风险", "发往", "原因"}};
	const json_t *alerts = json_object_get(json, "alerts"), *row;
	struct ctl_table table;
	size_t i;

	if (json_array_size(alerts) == 0) {
		puts(ctl->zh ? "没有告警" : "no alerts");
		return;
	}
	ctl_table_init(&table, heads[ctl->zh], COLUMNS, 1u << 4);
	json_array_foreach(alerts, i, row) print_row(ctl, &table, row);
	ctl_table_print(&table);
	if (json_is_string(json_object_get(json, "next")))
		puts(ctl->zh ? "还有更多：用 -n 显示更多行" : "and more: -n N shows as many");
}

/* "7d" is that long ago; instants are the daemon's to read. */
static const char *
moment_of(const char *word, char text[INSTANT_TEXT])
{
	int64_t ago;

	if (!word || !parse_duration(str_of(word), false, &ago) || ago < 0)
		return word;
	print_instant(clock_wall() - ago, text);
	return text;
}

enum status
alerts_run(const struct ctl *ctl, int argc, char **argv)
{
	static const char *const names[] = {"customer", "type",	 "rule", "endpoint",
					    "since",	"until", "limit"};
	const char *values[7] = {NULL};
	const struct option options[] = {
		{"--customer", OPTION_TEXT, {.text = &values[0]}},
		{"--type", OPTION_TEXT, {.text = &values[1]}},
		{"--rule", OPTION_TEXT, {.text = &values[2]}},
		{"--endpoint", OPTION_TEXT, {.text = &values[3]}},
		{"--since", OPTION_TEXT, {.text = &values[4]}},
		{"--until", OPTION_TEXT, {.text = &values[5]}},
		{"-n", OPTION_TEXT, {.text = &values[6]}},
	};
	char since[INSTANT_TEXT], until[INSTANT_TEXT];
	struct buf path = {0};
	enum status status;

	if (!options_take(options, 7, &argc, argv))
		return STATUS_USAGE;
	if (argc != 1)
		return ctl_usage(argv[0]);
	values[4] = moment_of(values[4], since);
	values[5] = moment_of(values[5], until);
	buf_text(&path, "/v1/alerts");
	for (unsigned i = 0; i < 7; i++)
		ctl_http_parameter(&path, names[i], values[i]);
	status = ctl_show_path(ctl, path.p, print_alerts);
	buf_finish(&path);
	return status;
}
