/* SPDX-License-Identifier: Apache-2.0 */
/* churnctl tasks: the list, one of them, and what is done with it. */
#include <stdio.h>
#include <string.h>

#include "app/ctl.h"
#include "codec/http_head.h"

/* --- list --- */

static void
print_row(struct ctl_table *table, const json_t *task)
{
	ctl_table_text(table, ctl_json_text(task, "id"));
	ctl_table_text(table, ctl_json_text(task, "priority"));
	ctl_table_text(table, ctl_json_text(task, "state"));
	ctl_table_text(table, ctl_json_text(task, "assignee"));
	ctl_table_text(table, ctl_json_text(task, "customer"));
	ctl_table_cell(table, ctl_json_time(&table->arena, task, "created_at"));
	ctl_table_text(table, ctl_json_text(task, "title"));
}

static void
print_list(const struct ctl *ctl, const json_t *json)
{
	static const char *const heads[2][7] = {
		{"TASK", "PRIORITY", "STATE", "ASSIGNEE", "CUSTOMER", "CREATED", "TITLE"},
		{"任务", "优先级", "状态", "负责人", "客户", "创建时间", "标题"}};
	json_t *tasks = json_object_get(json, "tasks"), *task;
	struct ctl_table table;
	size_t i;

	if (json_array_size(tasks) == 0) {
		puts(ctl->zh ? "没有任务" : "no tasks");
		return;
	}
	ctl_table_init(&table, heads[ctl->zh], 7, 0);
	for (i = 0; (task = json_array_get(tasks, i)) != NULL; i++)
		print_row(&table, task);
	ctl_table_print(&table);
	if (json_is_string(json_object_get(json, "next")))
		puts(ctl->zh ? "还有更多:-n 指定条数" : "there are more: say how many with -n");
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

static enum status
list_run(const struct ctl *ctl, int argc, char **argv)
{
	static const char *const names[] = {"state", "assignee", "queue", "customer", "limit"};
	const char *values[5] = {NULL};
	const struct option options[] = {
		{"--state", OPTION_TEXT, {.text = &values[0]}},
		{"--assignee", OPTION_TEXT, {.text = &values[1]}},
		{"--queue", OPTION_TEXT, {.text = &values[2]}},
		{"--customer", OPTION_TEXT, {.text = &values[3]}},
		{"-n", OPTION_TEXT, {.text = &values[4]}},
	};
	struct ctl_home home;
	struct buf path = {0};

	if (!options_take(options, 5, &argc, argv))
		return STATUS_USAGE;
	if (argc != 1)
		return ctl_usage("tasks");
	if (!ctl_home_open(ctl, &home))
		return STATUS_USAGE;
	buf_text(&path, "/v1/tasks");
	for (unsigned i = 0; i < 5; i++)
		ctl_http_parameter(&path, names[i], values[i]);
	enum status status = show_list(&home, path.p);

	buf_finish(&path);
	ctl_home_close(&home);
	return status;
}

/* --- show --- */

static void
print_value(const json_t *value)
{
	struct buf clean = {0};
	size_t i;
	json_t *item;

	if (json_is_string(value)) {
		ctl_text_clean(&clean, str_of(json_string_value(value)));
	} else if (json_is_array(value)) {
		for (i = 0; (item = json_array_get(value, i)) != NULL; i++) {
			buf_text(&clean, i ? ", " : "");
			ctl_text_clean(&clean, str_of(json_string_value(item)));
		}
	} else {
		buf_printf(&clean, "%.15g", json_number_value(value));
	}
	printf("%.*s\n", STR_ARG(buf_view(&clean)));
	buf_finish(&clean);
}

static bool
is_empty(const json_t *value)
{
	return json_is_null(value) || (json_is_string(value) && !*json_string_value(value)) ||
	       (json_is_array(value) && json_array_size(value) == 0);
}

static enum status
show(struct ctl_home *home, const char *path)
{
	const char *key;
	json_t *json, *value;
	enum status status = ctl_http_get(home, path, &json, NULL);

	if (status != STATUS_DONE)
		return status;
	for (void *at = json_object_iter(json); at != NULL;
	     at = json_object_iter_next(json, at)) {
		key = json_object_iter_key(at);
		value = json_object_iter_value(at);
		struct str moment = ctl_json_time(&home->arena, json, key);

		if (is_empty(value))
			continue;
		printf("%-14s", key);
		if (moment.n > 0)
			puts(moment.p);
		else
			print_value(value);
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

/* --- acts --- */

struct act {
	const char *verb, *task, *who, *outcome, *reason, *note;
};

/* Whose task it is: the act is an entry of that customer. */
static enum status
find_customer(struct ctl_redis *redis, const char *task, struct str *out)
{
	struct buf name = {0};
	const struct reply *reply;
	struct err err;

	buf_printf(&name, "task:%s", task);
	reply = redis_call(redis->redis, &redis->arena, &err, "HGET",
			   ctl_home_key(redis->home, name.p).p, "customer", NULL);
	buf_finish(&name);
	if (!reply)
		return ctl_fail(STATUS_AWAY, "%s", err.text);
	if (reply->type != REPLY_STRING)
		return ctl_fail(STATUS_NO, "there is no task %s", task);
	*out = reply->text;
	return STATUS_DONE;
}

static enum status
act(struct ctl_redis *redis, const struct act *said)
{
	const struct field optional[] = {{STR("who"), str_of(said->who)},
					 {STR("outcome"), str_of(said->outcome)},
					 {STR("reason_code"), str_of(said->reason)},
					 {STR("note"), str_of(said->note)}};
	struct field fields[8] = {{STR("type"), STR("churnd.task")},
				  {STR("task"), str_of(said->task)},
				  {STR("verb"), str_of(said->verb)}};
	unsigned count = 4;
	char done[256];
	enum status status = find_customer(redis, said->task, &fields[3].value);

	if (status != STATUS_DONE)
		return status;
	fields[3].key = STR("customer");
	for (unsigned i = 0; i < 4; i++) {
		if (optional[i].value.n > 0)
			fields[count++] = optional[i];
	}
	snprintf(done, sizeof done, "%s: %s", said->task,
		 strcmp(said->verb, "claim") == 0 ? "claimed" : said->verb);
	return ctl_act(redis, fields, count, done);
}

static enum status
act_run(const struct ctl *ctl, int argc, char **argv)
{
	struct act said = {.verb = argv[0]};
	const struct option options[] = {
		{"--who", OPTION_TEXT, {.text = &said.who}},
		{"--outcome", OPTION_TEXT, {.text = &said.outcome}},
		{"--reason", OPTION_TEXT, {.text = &said.reason}},
		{"--note", OPTION_TEXT, {.text = &said.note}},
	};
	struct ctl_home home;
	struct ctl_redis redis;
	enum status status;

	if (!options_take(options, 4, &argc, argv))
		return STATUS_USAGE;
	if (argc != 2)
		return ctl_usage("tasks");
	if (strcmp(said.verb, "claim") == 0 && !said.who)
		return ctl_fail(STATUS_USAGE, "say who claims it: --who NAME");
	said.task = argv[1];
	if (!ctl_home_open(ctl, &home))
		return STATUS_USAGE;
	if (ctl_redis_open(&home, &redis, &status)) {
		status = act(&redis, &said);
		ctl_redis_close(&redis);
	}
	ctl_home_close(&home);
	return status;
}

static const struct {
	const char *name;
	enum status (*run)(const struct ctl *ctl, int argc, char **argv);
} verbs[] = {
	{"list", list_run}, {"show", show_run},	 {"claim", act_run},
	{"done", act_run},  {"cancel", act_run},
};

enum status
tasks_run(const struct ctl *ctl, int argc, char **argv)
{
	if (argc < 2 || argv[1][0] == '-')
		return list_run(ctl, argc, argv);
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
		if (strcmp(argv[1], verbs[i].name) == 0)
			return verbs[i].run(ctl, argc - 1, argv + 1);
	}
	return ctl_fail(STATUS_USAGE,
			"tasks has list, show, claim, done and cancel, not \"%s\"", argv[1]);
}
