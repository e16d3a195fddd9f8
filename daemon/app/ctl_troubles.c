/* SPDX-License-Identifier: Apache-2.0 */
/* What ails endpoints: a sentence each, with what to do, for webhooks list, status and doctor. */
#include <inttypes.h>
#include <string.h>

#include "app/ctl.h"

void
ctl_webhooks_waiting(struct buf *out, const json_t *webhook, bool zh)
{
	bool more = json_is_true(json_object_get(webhook, "backlog"));

	buf_printf(out, zh ? "%" PRId64 "%s 条等待" : "%" PRId64 "%s waiting",
		   ctl_json_int(webhook, "waiting"),
		   !more ? ""
		   : zh	 ? " 多"
			 : " and more");
}

static void
tell_state(const json_t *webhook, bool zh, const struct ctl_trouble *trouble)
{
	const char *name = ctl_json_text(webhook, "name"), *why = NULL;
	const char *state = ctl_json_text(webhook, "state");
	bool paused = strcmp(state, "paused") == 0;
	struct buf out = {0};

	if (!paused && strcmp(state, "open") != 0)
		return;
	why = ctl_json_text(webhook, paused ? "paused_why" : "last_error");
	buf_text(&out, paused ? zh ? "已暂停" : "paused"
		       : zh   ? "没有正常应答"
			      : "does not take alerts");
	if (*why) {
		buf_text(&out, zh ? "（" : " (");
		ctl_text_clean(&out, str_of(why));
		buf_text(&out, zh ? "）" : ")");
	}
	buf_text(&out, zh ? "；" : "; ");
	ctl_webhooks_waiting(&out, webhook, zh);
	if (paused)
		buf_printf(&out,
			   zh ? "。处理后运行 churnctl webhooks resume %s"
			      : "; when it is mended: churnctl webhooks resume %s",
			   name);
	else
		buf_printf(&out,
			   zh ? "，每分钟重试一次，恢复后自动补发。查看原因：churnctl "
				"webhooks test %s"
			      : ", one try a minute, all follows once it answers; to see "
				"what it says: churnctl webhooks test %s",
			   name);
	trouble->say(trouble->ctx, name, paused, out.p);
	buf_finish(&out);
}

static void
tell_dead(const char *name, size_t count, bool more, bool zh, const struct ctl_trouble *trouble)
{
	struct buf out = {0};

	buf_printf(
		&out,
		zh ? "%zu%s 封死信，已放弃投递：churnctl dead list --endpoint %s；重发 churnctl "
		     "dead retry --all --endpoint %s"
		   : "given up: %zu%s; see churnctl dead list --endpoint "
		     "%s; once more: churnctl dead retry --all --endpoint %s",
		count,
		!more ? ""
		: zh  ? " 多"
		      : " or more",
		name, name);
	trouble->say(trouble->ctx, name, false, out.p);
	buf_finish(&out);
}

static size_t
count_letters(const json_t *letters, const char *endpoint)
{
	const json_t *letter;
	size_t i, count = 0;

	json_array_foreach(letters, i, letter) count +=
		strcmp(ctl_json_text(letter, "endpoint"), endpoint) == 0;
	return count;
}

static void
tell_gone(const char *name, size_t count, bool zh, const struct ctl_trouble *trouble)
{
	struct buf out = {0};

	buf_printf(
		&out,
		zh ? "%zu 封死信属于已不在配置中的端点：churnctl dead drop --all --endpoint %s"
		   : "configured no more, and has dead letters: %zu; churnctl "
		     "dead drop --all --endpoint %s",
		count, name);
	trouble->say(trouble->ctx, name, false, out.p);
	buf_finish(&out);
}

static bool
is_configured(const json_t *webhooks, const char *name)
{
	const json_t *webhook;
	size_t i;

	json_array_foreach(webhooks, i, webhook) if (strcmp(ctl_json_text(webhook, "name"),
							    name) == 0) return true;
	return false;
}

/* The first letter of each speaks for all of them. */
static void
tell_strangers(struct ctl_home *home, const json_t *letters, const json_t *webhooks,
	       const struct ctl_trouble *trouble)
{
	const json_t *letter;
	size_t i;

	json_array_foreach(letters, i, letter)
	{
		const char *name = ctl_clean(&home->arena, ctl_json_text(letter, "endpoint")).p;
		size_t k = 0;

		while (k < i &&
		       strcmp(ctl_json_text(json_array_get(letters, k), "endpoint"), name) != 0)
			k++;
		if (k == i && !is_configured(webhooks, name))
			tell_gone(name, count_letters(letters, name), home->ctl->zh, trouble);
	}
}

void
ctl_webhooks_troubles(struct ctl_home *home, const json_t *webhooks,
		      const struct ctl_trouble *trouble)
{
	const json_t *webhook, *letters;
	json_t *dead = NULL;
	struct err err;
	size_t i, count;

	(void)ctl_http_try(home, "/v1/dead?limit=1000", &dead, NULL, &err);
	letters = json_object_get(dead, "dead");
	json_array_foreach(webhooks, i, webhook)
	{
		tell_state(webhook, home->ctl->zh, trouble);
		count = count_letters(letters, ctl_json_text(webhook, "name"));
		if (count > 0)
			tell_dead(ctl_json_text(webhook, "name"), count,
				  json_is_string(json_object_get(dead, "next")), home->ctl->zh,
				  trouble);
	}
	tell_strangers(home, letters, webhooks, trouble);
	json_decref(dead);
}
