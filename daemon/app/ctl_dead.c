/* SPDX-License-Identifier: Apache-2.0 */
/* churnctl dead: deliveries that were given up; read, sent once more, or dropped. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/ctl.h"
#include "base/json.h"
#include "codec/http_head.h"

/* --- list --- */

#define COLUMNS 7

static void
print_list(const struct ctl *ctl, json_t *json)
{
	static const char *const heads[2][COLUMNS] = {
		{"DEAD LETTER", "LAST TRY", "ENDPOINT", "CUSTOMER", "STATUS", "TRIES",
		 "REASON"},
		{"死信", "最后尝试", "端点", "客户", "状态码", "次数", "原因"}};
	json_t *letters = json_object_get(json, "dead"), *letter;
	struct ctl_table table;
	size_t i;

	if (json_array_size(letters) == 0) {
		puts(ctl->zh ? "没有死信" : "no dead letters");
		return;
	}
	ctl_table_init(&table, heads[ctl->zh], COLUMNS, 1u << 4 | 1u << 5);
	json_array_foreach(letters, i, letter)
	{
		ctl_table_text(&table, ctl_json_text(letter, "id"));
		ctl_table_cell(&table, ctl_json_time(&table.arena, letter, "last_at"));
		ctl_table_text(&table, ctl_json_text(letter, "endpoint"));
		ctl_table_text(&table, ctl_json_text(letter, "customer"));
		ctl_table_cell(&table, ctl_json_number(&table.arena, letter, "status"));
		ctl_table_cell(&table, ctl_json_number(&table.arena, letter, "attempts"));
		ctl_table_text(&table, ctl_json_text(letter, "reason"));
	}
	ctl_table_print(&table);
	if (json_is_string(json_object_get(json, "next")))
		puts(ctl->zh ? "还有更多：用 -n 显示更多行" : "and more: -n N shows as many");
}

static enum status
list_run(const struct ctl *ctl, int argc, char **argv)
{
	const char *endpoint = NULL, *customer = NULL, *most = NULL;
	const struct option options[] = {
		{"--endpoint", OPTION_TEXT, {.text = &endpoint}},
		{"--customer", OPTION_TEXT, {.text = &customer}},
		{"-n", OPTION_TEXT, {.text = &most}},
	};
	struct buf path = {0};
	enum status status;

	if (!options_take(options, 3, &argc, argv))
		return STATUS_USAGE;
	if (argc > 1 && !(argc == 2 && strcmp(argv[1], "list") == 0))
		return ctl_usage("dead");
	buf_text(&path, "/v1/dead");
	ctl_http_parameter(&path, "endpoint", endpoint);
	ctl_http_parameter(&path, "customer", customer);
	ctl_http_parameter(&path, "limit", most);
	status = ctl_show_path(ctl, path.p, print_list);
	buf_finish(&path);
	return status;
}

/* --- one --- */

static void
print_text(struct arena *arena, const char *label, const json_t *letter, const char *key)
{
	struct str at = ctl_json_time(arena, letter, key);
	struct str number = ctl_json_number(arena, letter, key);
	const char *text = ctl_json_text(letter, key);

	if (at.n > 0 || number.n > 0)
		printf("%s: %s\n", label, at.n > 0 ? at.p : number.p);
	else if (*text)
		printf("%s: %s\n", label, ctl_clean(arena, text).p);
}

static void
print_letter(const struct ctl *ctl, json_t *json)
{
	static const char *const rows[][3] = {
		{"id", "dead letter", "死信"},	     {"alert", "alert", "告警"},
		{"endpoint", "endpoint", "端点"},    {"customer", "customer", "客户"},
		{"reason", "reason", "原因"},	     {"status", "status", "状态码"},
		{"attempts", "tries", "次数"},	     {"first_at", "first try", "首次尝试"},
		{"last_at", "last try", "最后尝试"}, {"reply", "reply", "应答"}};
	char *body = json_dumps(json_object_get(json, "body"),
				JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_ENCODE_ANY);
	struct arena arena;

	arena_init(&arena);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		print_text(&arena, rows[i][ctl->zh ? 2 : 1], json, rows[i][0]);
	/* Control characters are escaped in JSON; what turns the direction of writing is not. */
	for (char *line = body, *end; line && *line; line = end) {
		end = strchr(line, '\n');
		if (end)
			*end++ = '\0';
		puts(ctl_clean(&arena, line).p);
		end = end ? end : line + strlen(line);
	}
	arena_finish(&arena);
	free(body);
}

static enum status
show_run(const struct ctl *ctl, int argc, char **argv)
{
	struct buf path = {0};
	enum status status;

	if (!options_take(NULL, 0, &argc, argv))
		return STATUS_USAGE;
	if (argc != 2)
		return ctl_usage("dead");
	buf_text(&path, "/v1/dead/");
	http_encode(&path, str_of(argv[1]));
	status = ctl_show_path(ctl, path.p, print_letter);
	buf_finish(&path);
	return status;
}

/* --- acts --- */

struct dead_act {
	const char *verb, *endpoint, *who;
	bool all;
};

static void
put_body(struct buf *out, const struct dead_act *act)
{
	struct json json;

	json_init(&json, out);
	json_open(&json, '{');
	if (act->endpoint) {
		json_key(&json, "endpoint");
		json_text(&json, act->endpoint);
	}
	if (act->who) {
		json_key(&json, "who");
		json_text(&json, act->who);
	}
	json_close(&json, '}');
}

static void
tell(const struct ctl *ctl, const struct dead_act *act, const json_t *json)
{
	bool retry = strcmp(act->verb, "retry") == 0;
	int64_t count = ctl_json_int(json, retry ? "retried" : "dropped");

	if (ctl->zh)
		printf("%s %" PRId64 " 封死信%s\n", retry ? "重发" : "丢弃", count,
		       retry ? "，webhook-id 不变" : "");
	else
		printf("%" PRId64 " dead letter%s %s\n", count, count == 1 ? "" : "s",
		       retry ? "on the way again, with the same webhook-id" : "dropped");
}

/* id NULL: all. */
static enum status
act(struct ctl_home *home, const struct dead_act *act, const char *id)
{
	struct buf path = {0}, body = {0}, text = {0};
	enum status status;
	json_t *json;

	buf_text(&path, "/v1/dead/");
	if (id) {
		http_encode(&path, str_of(id));
		buf_char(&path, '/');
	}
	buf_text(&path, act->verb);
	put_body(&body, act);
	status = ctl_http_post(home, path.p, buf_view(&body), &json, &text);
	if (status == STATUS_DONE && home->ctl->json)
		fwrite(text.p, 1, text.n, stdout);
	else if (status == STATUS_DONE)
		tell(home->ctl, act, json);
	json_decref(json);
	buf_finish(&path);
	buf_finish(&body);
	buf_finish(&text);
	return status;
}

static enum status
act_run(const struct ctl *ctl, int argc, char **argv)
{
	struct dead_act asked = {.verb = argv[0]};
	const struct option options[] = {
		{"--endpoint", OPTION_TEXT, {.text = &asked.endpoint}},
		{"--who", OPTION_TEXT, {.text = &asked.who}},
		{"--all", OPTION_FLAG, {.flag = &asked.all}},
	};
	enum status status = STATUS_DONE, one;
	struct ctl_home home;

	if (!options_take(options, 3, &argc, argv))
		return STATUS_USAGE;
	if (asked.all == (argc > 1) || (asked.endpoint && !asked.all))
		return ctl_usage("dead");
	if (!ctl_home_open(ctl, &home))
		return STATUS_USAGE;
	if (asked.all)
		status = act(&home, &asked, NULL);
	for (int i = 1; i < argc && status != STATUS_AWAY; i++) {
		one = act(&home, &asked, argv[i]);
		status = one > status ? one : status;
	}
	ctl_home_close(&home);
	return status;
}

static const struct {
	const char *name;
	enum status (*run)(const struct ctl *ctl, int argc, char **argv);
} verbs[] = {
	{"show", show_run},
	{"retry", act_run},
	{"drop", act_run},
};

enum status
dead_run(const struct ctl *ctl, int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof verbs / sizeof *verbs; i++) {
		if (strcmp(argv[1], verbs[i].name) == 0)
			return verbs[i].run(ctl, argc - 1, argv + 1);
	}
	return list_run(ctl, argc, argv);
}
