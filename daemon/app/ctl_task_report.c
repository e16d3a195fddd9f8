/* SPDX-License-Identifier: Apache-2.0 */
/* churnctl tasks report: how care work goes, by queue, person and kind of task. */
#include <stdio.h>
#include <string.h>

#include "app/ctl.h"
#include "app/ctl_tasks.h"
#include "base/civil.h"

#define COLUMNS 10

/* The groupings of the report, and what stands over their names. */
static const struct {
	const char *by, *key;
	const char *head[2];
} groupings[] = {
	{"queue", "queues", {"QUEUE", "队列"}},
	{"assignee", "assignees", {"ASSIGNEE", "负责人"}},
	{"task", "tasks", {"TASK", "任务"}},
};

static void
put_number(struct ctl_table *table, const json_t *group, const char *key)
{
	ctl_table_cell(table, arena_printf(&table->arena, "%lld",
					   (long long)ctl_json_int(group, key)));
}

static void
put_median(struct ctl_table *table, const json_t *group, const char *key, bool zh)
{
	struct buf text = {0};

	if (json_is_integer(json_object_get(group, key)))
		buf_duration_words(&text, ctl_json_int(group, key) * SECOND_MS, zh);
	ctl_table_cell(table, buf_view(&text));
	buf_finish(&text);
}

/* "saved 3, other 1" */
static void
put_outcomes(struct ctl_table *table, const json_t *group, bool zh)
{
	static const char *const names[][3] = {{"saved", "saved", "已挽回"},
					       {"churned", "churned", "已流失"},
					       {"false_alarm", "false alarm", "误报"},
					       {"no_answer", "no answer", "无应答"},
					       {"other", "other", "其他"}};
	const json_t *outcomes = json_object_get(group, "outcomes");
	struct buf text = {0};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		int64_t count = ctl_json_int(outcomes, names[i][0]);

		if (count > 0)
			buf_printf(&text, "%s%s %lld", text.n ? ", " : "", names[i][1 + zh],
				   (long long)count);
	}
	ctl_table_cell(table, buf_view(&text));
	buf_finish(&text);
}

static void
put_group(struct ctl_table *table, const json_t *group, bool zh)
{
	const char *name = json_string_value(json_object_get(group, "name"));

	ctl_table_text(table, !name ? (zh ? "其余" : "the rest") : *name ? name : "-");
	put_number(table, group, "open");
	put_number(table, group, "snoozed");
	put_number(table, group, "overdue");
	put_number(table, group, "breached");
	put_number(table, group, "done");
	put_number(table, group, "cancelled");
	put_median(table, group, "ack_median_s", zh);
	put_median(table, group, "resolve_median_s", zh);
	put_outcomes(table, group, zh);
}

static void
print_grouping(const struct ctl *ctl, json_t *groups, const char *head)
{
	static const char *const heads[2][COLUMNS - 1] = {
		{"OPEN", "SNOOZED", "OVERDUE", "BREACHED", "DONE", "CANCELLED", "FIRST TOUCH",
		 "RESOLUTION", "OUTCOMES"},
		{"未结", "已推迟", "已超时", "曾违约", "已完成", "已取消", "首次响应",
		 "解决用时", "结果"}};
	const char *all[COLUMNS] = {head};
	struct ctl_table table;
	json_t *group;
	size_t i;

	memcpy(all + 1, heads[ctl->zh], sizeof heads[0]);
	ctl_table_init(&table, all, COLUMNS, 0x7e);
	for (i = 0; (group = json_array_get(groups, i)) != NULL; i++)
		put_group(&table, group, ctl->zh);
	ctl_table_print(&table);
}

static void
print_report(const struct ctl *ctl, const json_t *json, const char *by)
{
	bool first = true;

	if (json_array_size(json_object_get(json, "all")) == 0) {
		puts(ctl->zh ? "没有任务" : "no tasks");
		return;
	}
	for (size_t i = 0; i < sizeof groupings / sizeof *groupings; i++) {
		if (by && strcmp(by, groupings[i].by) != 0)
			continue;
		if (!first)
			putchar('\n');
		print_grouping(ctl, json_object_get(json, groupings[i].key),
			       groupings[i].head[ctl->zh]);
		first = false;
	}
}

static enum status
report(struct ctl_home *home, const char *by)
{
	json_t *json;
	enum status status;

	if (home->ctl->json)
		return ctl_http_print(home, "/v1/tasks/report");
	status = ctl_http_get(home, "/v1/tasks/report", &json, NULL);
	if (status == STATUS_DONE)
		print_report(home->ctl, json, by);
	json_decref(json);
	return status;
}

enum status
tasks_report_run(const struct ctl *ctl, int argc, char **argv)
{
	const char *by = NULL;
	const struct option options[] = {{"--by", OPTION_TEXT, {.text = &by}}};
	struct ctl_home home;
	enum status status;

	if (!options_take(options, 1, &argc, argv))
		return STATUS_USAGE;
	if (argc != 1)
		return ctl_usage("tasks");
	if (by && strcmp(by, "queue") != 0 && strcmp(by, "assignee") != 0 &&
	    strcmp(by, "task") != 0)
		return ctl_fail(STATUS_USAGE, "--by is queue, assignee or task, not \"%s\"",
				by);
	if (!ctl_home_open(ctl, &home))
		return STATUS_USAGE;
	status = report(&home, by);
	ctl_home_close(&home);
	return status;
}
