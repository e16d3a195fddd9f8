/* SPDX-License-Identifier: Apache-2.0 */
/* churnctl webhooks: the list of endpoints, and what a person does with one. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/ctl.h"
#include "base/json.h"
#include "codec/http_head.h"

/* --- the list --- */

#define COLUMNS 8

void
ctl_webhooks_print(const struct ctl *ctl, const json_t *json)
{
	static const char *const heads[2][COLUMNS] = {
		{"WEBHOOK", "FORMAT", "STATE", "WAITING", "OLDEST", "DELIVERED", "FAILED",
		 "LAST ERROR"},
		{"名称", "格式", "状态", "等待", "最早", "已送达", "失败", "最近错误"}};
	json_t *webhooks = json_object_get(json, "webhooks"), *webhook;
	struct ctl_table table;
	size_t i;

	if (json_array_size(webhooks) == 0) {
		puts(ctl->zh ? "没有配置 webhook" : "no webhooks are configured");
		return;
	}
	ctl_table_init(&table, heads[ctl->zh], COLUMNS, 1u << 3 | 1u << 5 | 1u << 6);
	json_array_foreach(webhooks, i, webhook)
	{
		ctl_table_text(&table, ctl_json_text(webhook, "name"));
		ctl_table_text(&table, ctl_json_text(webhook, "format"));
		ctl_table_text(&table, ctl_json_text(webhook, "state"));
		ctl_table_cell(&table, ctl_json_number(&table.arena, webhook, "waiting"));
		ctl_table_cell(&table, ctl_json_time(&table.arena, webhook, "oldest_at"));
		ctl_table_cell(&table, ctl_json_number(&table.arena, webhook, "delivered"));
		ctl_table_cell(&table, ctl_json_number(&table.arena, webhook, "failed"));
		ctl_table_text(&table, ctl_json_text(webhook, "last_error"));
	}
	ctl_table_print(&table);
}

static void
print_trouble(void *ctx, const char *webhook, bool stands, const char *sentence)
{
	(void)ctx, (void)stands;
	printf("%s: %s\n", webhook, sentence);
}

static enum status
list(struct ctl_home *home)
{
	const struct ctl_trouble trouble = {print_trouble, NULL};
	json_t *json;
	enum status status;

	if (home->ctl->json)
		return ctl_http_print(home, "/v1/webhooks");
	status = ctl_http_get(home, "/v1/webhooks", &json, NULL);
	if (status == STATUS_DONE) {
		ctl_webhooks_print(home->ctl, json);
		ctl_webhooks_troubles(home, json_object_get(json, "webhooks"), &trouble);
	}
	json_decref(json);
	return status;
}

/* --- acts --- */

struct webhook_act {
	const char *verb, *name, *who;
};

static enum status
tell_test(const struct ctl *ctl, const struct webhook_act *act, const json_t *json)
{
	bool good = json_is_true(json_object_get(json, "delivered"));
	int64_t status = ctl_json_int(json, "status"), ms = ctl_json_int(json, "ms");
	struct buf why = {0};

	ctl_text_clean(&why, str_of(ctl_json_text(json, "why")));
	if (good)
		printf(ctl->zh ? "%s：已接收测试消息（HTTP %" PRId64 "，%" PRId64 " 毫秒）\n"
			       : "%s took the test: HTTP %" PRId64 " after %" PRId64 " ms\n",
		       act->name, status, ms);
	else
		fprintf(stderr,
			ctl->zh ? "%s：未接收测试消息（%" PRId64 " 毫秒）：%s\n"
				: "%s did not take the test, after %" PRId64 " ms: %s\n",
			act->name, ms, why.p);
	buf_finish(&why);
	return good ? STATUS_DONE : STATUS_NO;
}

static enum status
tell_moved(const struct ctl *ctl, const struct webhook_act *act, const json_t *json)
{
	bool paused = strcmp(act->verb, "pause") == 0;
	struct buf waiting = {0};

	ctl_webhooks_waiting(&waiting, json, ctl->zh);
	if (ctl->zh)
		printf("%s：已%s，%s\n", act->name, paused ? "暂停" : "恢复", waiting.p);
	else
		printf("%s is %s; %s\n", act->name, paused ? "paused" : "resumed", waiting.p);
	buf_finish(&waiting);
	return STATUS_DONE;
}

static void
put_who(struct buf *body, const char *who)
{
	struct json json;

	json_init(&json, body);
	json_open(&json, '{');
	if (who) {
		json_key(&json, "who");
		json_text(&json, who);
	}
	json_close(&json, '}');
}

/* The daemon answers when the endpoint has, or when that endpoint's time is over. */
static void
allow_time(struct ctl_home *home, const char *name)
{
	for (unsigned i = 0; i < home->config->endpoint_count; i++) {
		if (str_is(home->config->endpoints[i].name, name))
			home->http_ms = CTL_HTTP_MS + (long)home->config->endpoints[i].timeout;
	}
}

static enum status
act(struct ctl_home *home, const struct webhook_act *act)
{
	bool test = strcmp(act->verb, "test") == 0;
	struct buf path = {0}, body = {0}, text = {0};
	enum status status;
	json_t *json;

	buf_text(&path, "/v1/webhooks/");
	http_encode(&path, str_of(act->name));
	buf_printf(&path, "/%s", act->verb);
	put_who(&body, act->who);
	if (test)
		allow_time(home, act->name);
	status = ctl_http_post(home, path.p, buf_view(&body), &json, &text);
	if (status == STATUS_DONE && home->ctl->json) {
		fwrite(text.p, 1, text.n, stdout);
		if (test && !json_is_true(json_object_get(json, "delivered")))
			status = STATUS_NO;
	} else if (status == STATUS_DONE) {
		status = test ? tell_test(home->ctl, act, json)
			      : tell_moved(home->ctl, act, json);
	}
	json_decref(json);
	buf_finish(&path);
	buf_finish(&body);
	buf_finish(&text);
	return status;
}

static enum status
run(const struct ctl *ctl, const struct webhook_act *asked)
{
	struct ctl_home home;
	enum status status;

	if (!ctl_home_open(ctl, &home))
		return STATUS_USAGE;
	status = asked ? act(&home, asked) : list(&home);
	ctl_home_close(&home);
	return status;
}

enum status
webhooks_run(const struct ctl *ctl, int argc, char **argv)
{
	static const char *const verbs[] = {"test", "pause", "resume"};
	struct webhook_act asked = {.verb = NULL};
	const struct option options[] = {{"--who", OPTION_TEXT, {.text = &asked.who}}};

	if (!options_take(options, 1, &argc, argv))
		return STATUS_USAGE;
	if ((argc == 1 || (argc == 2 && strcmp(argv[1], "list") == 0)) && !asked.who)
		return run(ctl, NULL);
	for (size_t i = 0; argc == 3 && i < sizeof verbs / sizeof *verbs; i++) {
		if (strcmp(argv[1], verbs[i]) != 0)
			continue;
		asked.verb = verbs[i];
		asked.name = argv[2];
		return run(ctl, &asked);
	}
	return ctl_usage("webhooks");
}
