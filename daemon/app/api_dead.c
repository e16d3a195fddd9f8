/* SPDX-License-Identifier: Apache-2.0 */
/* Dead letters over HTTP: deliveries that were given up, a page of them or one. */
#include "app/api_room.h"
#include "base/number.h"
#include "codec/resp.h"
#include "codec/stream_id.h"

static void
key_str(struct json *json, const char *key, struct str text)
{
	json_key(json, key);
	json_str(json, text);
}

static void
key_int(struct json *json, const char *key, struct str text)
{
	int64_t number;

	json_key(json, key);
	if (parse_int64(text, &number))
		json_int(json, number);
	else
		json_none(json);
}

static void
key_instant(struct json *json, const char *key, struct str text)
{
	int64_t at;

	json_key(json, key);
	if (parse_int64(text, &at) && at > 0)
		json_instant(json, at);
	else
		json_none(json);
}

static void
letter_json(struct json *json, struct str id, const struct reply *fields)
{
	key_str(json, "id", id);
	key_str(json, "alert", entry_field(fields, "id"));
	key_str(json, "endpoint", entry_field(fields, "endpoint"));
	key_str(json, "customer", entry_field(fields, "customer"));
	key_str(json, "reason", entry_field(fields, "reason"));
	key_int(json, "status", entry_field(fields, "status"));
	key_int(json, "attempts", entry_field(fields, "attempts"));
	key_instant(json, "first_at", entry_field(fields, "first_at"));
	key_instant(json, "last_at", entry_field(fields, "last_at"));
}

static enum page_verdict
judge(struct ask *ask, const struct reply *fields)
{
	struct str endpoint = ask_parameter(ask, "endpoint");
	struct str customer = ask_parameter(ask, "customer");

	if ((endpoint.n > 0 && !str_eq(endpoint, entry_field(fields, "endpoint"))) ||
	    (customer.n > 0 && !str_eq(customer, entry_field(fields, "customer"))))
		return PAGE_SKIP;
	return PAGE_TAKE;
}

static void
write_row(struct ask *ask, struct str id, const struct reply *fields)
{
	json_open(&ask->json, '{');
	letter_json(&ask->json, id, fields);
	json_close(&ask->json, '}');
}

void
api_dead(struct ask *ask)
{
	static const struct page_hooks hooks = {"dead", judge, write_row};

	page_begin(ask, ask->api->dead_key, &hooks);
}

static void
take_letter(struct ask *ask, const struct reply *reply)
{
	const struct reply *entry = reply_at(reply, 0);
	const struct reply *fields = entry ? reply_at(entry, 1) : NULL;

	if (ask_is_refused(ask, reply))
		return;
	if (fields == NULL || fields->type != REPLY_ARRAY) {
		ask_fail(ask, 404, "not_found", "there is no dead letter %.*s",
			 STR_ARG(ask->id));
		return;
	}
	json_open(&ask->json, '{');
	letter_json(&ask->json, ask->id, fields);
	key_str(&ask->json, "reply", entry_field(fields, "reply"));
	api_body_json(&ask->json, "body", entry_field(fields, "body"));
	json_close(&ask->json, '}');
	ask_answer(ask, 200);
}

bool
api_letter_id(struct ask *ask)
{
	struct stream_id id;

	if (stream_id_parse(ask->id, &id))
		return true;
	ask_fail(ask, 400, "bad_path", "a dead letter's id is MS-N");
	return false;
}

void
api_letter(struct ask *ask)
{
	struct buf command = {0};

	if (!api_letter_id(ask))
		return;
	resp_array(&command, 4);
	resp_text(&command, "XRANGE");
	resp_arg(&command, ask->api->dead_key);
	resp_arg(&command, ask->id);
	resp_arg(&command, ask->id);
	(void)!ask_redis(ask, buf_view(&command), 1, take_letter);
	buf_finish(&command);
}
