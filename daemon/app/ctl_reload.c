/* SPDX-License-Identifier: Apache-2.0 */
/* churnctl reload: tells the daemon to put its rule files in force as they are now. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/ctl.h"
#include "base/json.h"

static void
put_word(struct json *json, const char *key, const char *text)
{
	if (text == NULL)
		return;
	json_key(json, key);
	json_text(json, text);
}

static void
tell(const struct ctl *ctl, const json_t *json, struct str text)
{
	bool changed = json_is_true(json_object_get(json, "changed"));
	int64_t count = ctl_json_int(json, "rules");

	if (ctl->json)
		printf("%.*s", STR_ARG(text));
	else if (changed)
		printf(ctl->zh ? "新规则已生效：%" PRId64 " 条规则，sha256 %.12s\n"
			       : "other rules are in force: %" PRId64 " rules, sha256 %.12s\n",
		       count, ctl_json_text(json, "sha256"));
	else
		puts(ctl->zh ? "规则没有变化" : "the rules are the same");
}

enum status
reload_run(const struct ctl *ctl, int argc, char **argv)
{
	const char *by = NULL, *why = NULL;
	const struct option options[] = {{"--by", OPTION_TEXT, {.text = &by}},
					 {"--why", OPTION_TEXT, {.text = &why}}};
	struct buf body = {0}, text = {0};
	struct ctl_home home;
	struct json json;
	enum status status;
	json_t *said = NULL;

	if (!options_take(options, 2, &argc, argv))
		return STATUS_USAGE;
	if (argc != 1)
		return ctl_usage(argv[0]);
	if (!ctl_home_open(ctl, &home))
		return STATUS_USAGE;
	json_init(&json, &body);
	json_open(&json, '{');
	put_word(&json, "by", by);
	put_word(&json, "why", why);
	json_close(&json, '}');
	status = ctl_http_post(&home, "/v1/reload", buf_view(&body), &said, &text);
	if (status == STATUS_DONE)
		tell(ctl, said, buf_view(&text));
	json_decref(said);
	buf_finish(&body);
	buf_finish(&text);
	ctl_home_close(&home);
	return status;
}
