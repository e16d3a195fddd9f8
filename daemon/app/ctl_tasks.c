/* SPDX-License-Identifier: Apache-2.0 */
/* churnctl tasks: the list, and one of them. */
#include <stdio.h>
#include <string.h>

#include "app/ctl.h"
#include "app/ctl_tasks.h"
#include "codec/http_head.h"

/* --- list --- */

/* The next moment at which something is expected: of who has it, or of itself. */
static const char *
due_key(const json_t *task)
{
	if (*ctl_json_text(task, "snoozed_until"))
		return "snoozed_until";
	if (*ctl_json_text(task, "closed_at"))
		return "closed_at";
	return *ctl_json_text(task, "ack_by") && !*ctl_json_text(task, "acked_at")
		       ? "ack_by"
		       : "resolve_by";
}

static void
print_due(struct ctl_table *table, const json_t *task, bool zh)
{
	static const struct {
		const char *key, *words[2];
	} rows[] = {{"snoozed_until", {"back ", "恢复于 "}},
		    {"closed_at", {"closed ", "关闭于 "}},
		    {"ack_by", {"claim by ", "认领期限 "}},
		    {"resolve_by", {"do by ", "完成期限 "}}};
	const char *key = due_key(task);
	struct str at = ctl_json_time(&table->arena, task, key);
	unsigned i = 0;

	while (strcmp(rows[i].key, key) != 0)
		i++;
	ctl_table_cell(table, at.n ? arena_printf(&table->arena, "%s%.*s", rows[i].words[zh],
						  STR_ARG(at))
				   : STR_NONE);
}

static void
print_row(struct ctl_table *table, const json_t *task, bool zh)
{
	ctl_table_text(table, ctl_json_text(task, "id"));
	ctl_table_text(table, ctl_json_text(task, "priority"));
	ctl_table_cell(table, ctl_json_number(&table->arena, task, "value"));
	ctl_table_text(table, ctl_json_text(task, "state"));
	ctl_table_text(table, ctl_json_text(task, "assignee"));
	ctl_table_text(table, ctl_json_text(task, "customer"));
	ctl_table_text(table, ctl_json_text(task, "queue"));
	print_due(table, task, zh);
	ctl_table_text(table, ctl_json_text(task, "sla_state"));
	ctl_table_text(table, ctl_json_words(task, "title", "titles", zh));
}

static void
print_list(const struct ctl *ctl, const json_t *json)
{
	static const char *const heads[2][10] = {{"TASK", "PRIORITY", "VALUE", "STATE",
						  "ASSIGNEE", "CUSTOMER", "QUEUE", "DUE", "SLA",
						  "TITLE"},
						 {"任务", "优先级", "价值", "状态", "负责人",
						  "客户", "队列", "期限", "时效", "标题"}};
	json_t *tasks = json_object_get(json, "tasks"), *task;
	struct ctl_table table;
	size_t i;

	if (json_array_size(tasks) == 0) {
		puts(ctl->zh ? "没有任务" : "no tasks");
		return;
	}
	ctl_table_init(&table, heads[ctl->zh], 10, 1u << 2);
	for (i = 0; (task = json_array_get(tasks, i)) != NULL; i++)
		print_row(&table, task, ctl->zh);
	ctl_table_print(&table);
	if (json_is_string(json_object_get(json, "next")))
		puts(ctl->zh ? "还有更多：-n 指定条数"
			     : "there are more: say how many with -n");
}

static enum status
show_list(struct ctl_home *home, const char *path)
{
	json_t *json;
	enum status status;

	if (home->ctl->json)
		return ctl_http_print(home, path);
	status = ctl_http_get(home, path, &json, NULL);
	if (status == STATUS_DONE)
		print_list(home->ctl, json);
	json_decref(json);
	return status;
}

enum { STATE, ASSIGNEE, LENDER, QUEUE, CUSTOMER, KIND, SLA, LIMIT, FILTERS };

static enum status
list_run(const struct ctl *ctl, int argc, char **argv)
{
	static const char *const names[FILTERS] = {"state",    "assignee", "lender", "queue",
						   "customer", "task",	   "sla",    "limit"};
	const char *values[FILTERS] = {NULL};
	bool overdue = false;
	const struct option options[] = {
		{"--state", OPTION_TEXT, {.text = &values[STATE]}},
		{"--assignee", OPTION_TEXT, {.text = &values[ASSIGNEE]}},
		{"--lender", OPTION_TEXT, {.text = &values[LENDER]}},
		{"--queue", OPTION_TEXT, {.text = &values[QUEUE]}},
		{"--customer", OPTION_TEXT, {.text = &values[CUSTOMER]}},
		{"--task", OPTION_TEXT, {.text = &values[KIND]}},
		{"--sla", OPTION_TEXT, {.text = &values[SLA]}},
		{"-n", OPTION_TEXT, {.text = &values[LIMIT]}},
		{"--overdue", OPTION_FLAG, {.flag = &overdue}},
	};
	struct ctl_home home;
	struct buf path = {0};

	if (!options_take(options, FILTERS + 1, &argc, argv))
		return STATUS_USAGE;
	if (argc != 1)
		return ctl_usage("tasks");
	if (!ctl_home_open(ctl, &home))
		return STATUS_USAGE;
	buf_text(&path, "/v1/tasks");
	for (unsigned i = 0; i < FILTERS; i++)
		ctl_http_parameter(&path, names[i], values[i]);
	ctl_http_parameter(&path, "overdue", overdue ? "1" : NULL);
	enum status status = show_list(&home, path.p);

	buf_finish(&path);
	ctl_home_close(&home);
	return status;
}

/* --- show --- */

/* What a person wants to know first stands first; what is not here comes last. */
static const struct {
	const char *key, *zh;
} rows[] = {
	{"title", "标题"},
	{"customer", "客户"},
	{"name", "客户名称"},
	{"state", "状态"},
	{"priority", "优先级"},
	{"assignee", "负责人"},
	{"lender", "借出人"},
	{"queue", "队列"},
	{"ack_by", "认领期限"},
	{"acked_at", "首次响应"},
	{"resolve_by", "完成期限"},
	{"snoozed_until", "推迟至"},
	{"closed_at", "关闭时间"},
	{"sla_state", "时效"},
	{"outcome", "结果"},
	{"reason_code", "原因代码"},
	{"note", "备注"},
	{"reasons", "原因"},
	{"rules", "规则"},
	{"item", "对象"},
	{"value", "价值"},
	{"created_at", "创建时间"},
	{"changed_at", "最近变更"},
	{"task", "任务类型"},
	{"step", "步骤"},
	{"id", "任务"},
	{"external_id", "外部编号"},
	{"alert_id", "告警"},
	{"key", "关联键"},
};
#define ROWS (sizeof rows / sizeof *rows)
#define LABEL 14 /* columns */

static void
add_text(struct buf *out, const json_t *value)
{
	size_t i;
	json_t *item;

	if (json_is_string(value)) {
		ctl_text_clean(out, str_of(json_string_value(value)));
	} else if (json_is_array(value)) {
		for (i = 0; (item = json_array_get(value, i)) != NULL; i++) {
			buf_text(out, i ? ", " : "");
			add_text(out, item);
		}
	} else if (json_is_number(value)) {
		buf_printf(out, "%.15g", json_number_value(value));
	}
}

static void
print_field(struct ctl_home *home, const json_t *task, const char *key, const char *label)
{
	struct str moment = ctl_json_time(&home->arena, task, key);
	int gap = LABEL - (int)ctl_text_width(str_of(label));
	const char *both = strcmp(key, "title") == 0	 ? "titles"
			   : strcmp(key, "reasons") == 0 ? "reason_texts"
							 : NULL;
	struct buf text = {0};

	if (both)
		ctl_text_clean(&text, str_of(ctl_json_words(task, key, both, home->ctl->zh)));
	else if (moment.n > 0)
		buf_str(&text, moment);
	else
		add_text(&text, json_object_get(task, key));
	if (text.n > 0)
		printf("%s%*s%.*s\n", label, gap > 0 ? gap : 1, "", STR_ARG(buf_view(&text)));
	buf_finish(&text);
}

static bool
has_row(const char *key)
{
	for (size_t i = 0; i < ROWS; i++)
		if (strcmp(rows[i].key, key) == 0)
			return true;
	return strcmp(key, "titles") == 0 || strcmp(key, "reason_texts") == 0;
}

static enum status
show(struct ctl_home *home, const char *path)
{
	const char *key;
	json_t *json, *value;
	enum status status = ctl_http_get(home, path, &json, NULL);

	if (status != STATUS_DONE)
		return status;
	for (size_t i = 0; i < ROWS; i++)
		print_field(home, json, rows[i].key, home->ctl->zh ? rows[i].zh : rows[i].key);
	json_object_foreach(json, key, value)
	{
		if (!has_row(key))
			print_field(home, json, key, key);
	}
	json_decref(json);
	return status;
}

static enum status
show_run(const struct ctl *ctl, int argc, char **argv)
{
	struct ctl_home home;
	struct buf path = {0};
	enum status status;

	if (!options_take(NULL, 0, &argc, argv))
		return STATUS_USAGE;
	if (argc != 2)
		return ctl_usage("tasks");
	if (!ctl_home_open(ctl, &home))
		return STATUS_USAGE;
	buf_text(&path, "/v1/tasks/");
	http_encode(&path, str_of(argv[1]));
	status = ctl->json ? ctl_http_print(&home, path.p) : show(&home, path.p);
	buf_finish(&path);
	ctl_home_close(&home);
	return status;
}

/* --- the commands below --- */

static const struct {
	const char *name;
	enum status (*run)(const struct ctl *ctl, int argc, char **argv);
} commands_below[] = {
	{"list", list_run},	      {"show", show_run},	 {"claim", tasks_act_run},
	{"done", tasks_act_run},      {"snooze", tasks_act_run}, {"assign", tasks_act_run},
	{"transfer", tasks_act_run},  {"cancel", tasks_act_run}, {"link", tasks_act_run},
	{"report", tasks_report_run},
};

enum status
tasks_run(const struct ctl *ctl, int argc, char **argv)
{
	if (argc < 2 || argv[1][0] == '-')
		return list_run(ctl, argc, argv);
	for (size_t i = 0; i < sizeof commands_below / sizeof *commands_below; i++) {
		if (strcmp(argv[1], commands_below[i].name) == 0)
			return commands_below[i].run(ctl, argc - 1, argv + 1);
	}
	return ctl_fail(STATUS_USAGE,
			"tasks has list, show, claim, done, snooze, assign, transfer, cancel, "
			"link and report, not \"%s\"",
			argv[1]);
}
