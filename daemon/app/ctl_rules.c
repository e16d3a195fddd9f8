/* SPDX-License-Identifier: Apache-2.0 */
/* churnctl rules stats: how right each rule has been, and what came of each kind of task. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/ctl.h"
#include "base/civil.h"
#include "engine/quality.h"

/* A share in percent, "-" where there is none. */
static struct str
share_text(struct arena *arena, const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_number(value))
		return STR("-");
	return arena_printf(arena, "%.0f%%", json_number_value(value) * 100);
}

static struct str
number_text(struct arena *arena, const json_t *object, const char *key)
{
	return arena_printf(arena, "%" PRId64, ctl_json_int(object, key));
}

static struct str
lead_text(const struct ctl *ctl, struct arena *arena, const json_t *rule)
{
	const json_t *median = json_object_get(json_object_get(rule, "lead"), "median");
	struct buf text = {0};
	struct str made;

	if (!json_is_integer(median))
		return STR("-");
	buf_duration_words(&text, json_integer_value(median) * SECOND_MS, ctl->zh);
	made = arena_str(arena, buf_view(&text));
	buf_finish(&text);
	return made;
}

/* --- rules --- */

static void
print_rule(const struct ctl *ctl, struct ctl_table *table, const json_t *rule)
{
	static const char *const counts[] = {"alerts", "judged", "useful", "false", "lapsed"};

	ctl_table_text(table, ctl_json_text(rule, "rule"));
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
		ctl_table_cell(table, number_text(&table->arena, rule, counts[i]));
	ctl_table_cell(table, share_text(&table->arena, rule, "precision"));
	ctl_table_cell(table, number_text(&table->arena, rule, "missed"));
	ctl_table_cell(table, share_text(&table->arena, rule, "recall"));
	ctl_table_cell(table, lead_text(ctl, &table->arena, rule));
	ctl_table_cell(table, share_text(&table->arena, rule, "save_rate"));
	ctl_table_cell(table, share_text(&table->arena, rule, "noise"));
}

static void
print_rules(const struct ctl *ctl, const json_t *rules)
{
	static const char *const heads[2][12] = {
		{"RULE", "ALERTS", "JUDGED", "USEFUL", "FALSE", "LAPSED", "PRECISION", "MISSED",
		 "RECALL", "MEDIAN LEAD", "SAVE RATE", "NOISE LIMIT"},
		{"规则", "告警", "已判定", "有用", "误报", "未应验", "准确率", "漏报", "召回率",
		 "提前量中位数", "挽回率", "噪声上限"}};
	struct ctl_table table;
	const json_t *rule;
	size_t i;

	ctl_table_init(&table, heads[ctl->zh], 12, 0xffe);
	json_array_foreach(rules, i, rule) print_rule(ctl, &table, rule);
	ctl_table_print(&table);
}

static void
print_noisy(const struct ctl *ctl, const json_t *rules)
{
	const json_t *rule;
	size_t i;

	json_array_foreach(rules, i, rule)
	{
		if (!json_is_true(json_object_get(rule, "noisy")))
			continue;
		printf(ctl->zh ? "规则 %s 噪声过大：%" PRId64 " 次误报，共判定 %" PRId64 " 次\n"
			       : "rule %s is noisy: %" PRId64 " false alarms of %" PRId64
				 " judged alerts\n",
		       ctl_json_text(rule, "rule"), ctl_json_int(rule, "false"),
		       ctl_json_int(rule, "judged"));
	}
}

/* --- tasks --- */

static void
print_task(struct ctl_table *table, const json_t *task)
{
	const json_t *done = json_object_get(task, "done");

	ctl_table_text(table, ctl_json_text(task, "task"));
	ctl_table_cell(table, number_text(&table->arena, task, "created"));
	for (unsigned i = 0; i < OUTCOMES; i++)
		ctl_table_cell(table,
			       number_text(&table->arena, done, outcome_name((enum outcome)i)));
	ctl_table_cell(table, number_text(&table->arena, task, "by_itself"));
	ctl_table_cell(table, number_text(&table->arena, task, "cancelled"));
	ctl_table_cell(table, share_text(&table->arena, task, "save_rate"));
}

static void
print_tasks(const struct ctl *ctl, const json_t *tasks)
{
	static const char *const heads[2][10] = {
		{"TASK", "CREATED", "SAVED", "CHURNED", "FALSE ALARM", "NO ANSWER", "OTHER",
		 "BY ITSELF", "CANCELLED", "SAVE RATE"},
		{"任务", "创建", "挽回", "流失", "误报", "未联系上", "其他", "自动完成", "取消",
		 "挽回率"}};
	struct ctl_table table;
	const json_t *task;
	size_t i;

	if (json_array_size(tasks) == 0)
		return;
	putchar('\n');
	ctl_table_init(&table, heads[ctl->zh], 10, 0x3fe);
	json_array_foreach(tasks, i, task) print_task(&table, task);
	ctl_table_print(&table);
}

/* --- the whole --- */

/* What counts as a churn, beside what people say. */
static void
print_churn(const struct ctl *ctl, const json_t *json)
{
	const json_t *churn = json_object_get(json, "churn");
	const char *kind = ctl_json_text(churn, "kind"), *by = ctl_json_text(churn, "by");
	struct buf horizon = {0};

	buf_duration_words(&horizon, ctl_json_int(json, "horizon") * SECOND_MS, ctl->zh);
	if (strcmp(kind, "silence") == 0)
		printf(ctl->zh ? "流失：%s 沉默超过 %.*s\n"
			       : "churn: a silence of %s longer than %.*s\n",
		       ctl_json_text(churn, "signal"), STR_ARG(buf_view(&horizon)));
	else if (strcmp(kind, "churned") == 0)
		printf(ctl->zh ? "流失：%s；告警在其前 %.*s 内为有用\n"
			       : "churn: %s; an alert is right in the %.*s before it\n",
		       by, STR_ARG(buf_view(&horizon)));
	buf_finish(&horizon);
}

static void
print_stats(const struct ctl *ctl, const json_t *json)
{
	const json_t *rules = json_object_get(json, "rules");
	int64_t churned = ctl_json_int(json, "churned"),
		foreseen = ctl_json_int(json, "foreseen");

	print_churn(ctl, json);
	if (churned > 0 && ctl->zh)
		printf("流失客户 %" PRId64 " 个，其中 %" PRId64 " 个事先有告警\n\n", churned,
		       foreseen);
	else if (churned > 0)
		printf("%" PRId64 " customer%s churned, %" PRId64 " of them after an alert\n\n",
		       churned, churned == 1 ? "" : "s", foreseen);
	print_rules(ctl, rules);
	print_noisy(ctl, rules);
	print_tasks(ctl, json_object_get(json, "tasks"));
}

static enum status
stats(struct ctl_home *home)
{
	json_t *json;
	enum status status;

	if (home->ctl->json)
		return ctl_http_print(home, "/v1/rules/stats");
	status = ctl_http_get(home, "/v1/rules/stats", &json, NULL);
	if (status == STATUS_DONE)
		print_stats(home->ctl, json);
	json_decref(json);
	return status;
}

enum status
rules_run(const struct ctl *ctl, int argc, char **argv)
{
	struct ctl_home home;
	enum status status;

	if (!options_take(NULL, 0, &argc, argv))
		return STATUS_USAGE;
	if (argc != 2 || !str_is(str_of(argv[1]), "stats"))
		return ctl_usage(argv[0]);
	if (!ctl_home_open(ctl, &home))
		return STATUS_USAGE;
	status = stats(&home);
	ctl_home_close(&home);
	return status;
}
