/* SPDX-License-Identifier: Apache-2.0 */
/* Events over HTTP: checked, appended, answered with their ids; and what became of an entry. */
#include <stdio.h>
#include <string.h>

#include "app/api_room.h"
#include "base/mem.h"
#include "codec/event.h"
#include "codec/event_fields.h"
#include "codec/resp.h"
#include "codec/stream_id.h"
#include "io/log.h"

/* --- the body: one object, an array of them, or one a line --- */

static size_t
skip_space(struct str body, size_t at, bool comma)
{
	while (at < body.n && body.p[at] != '\0' &&
	       strchr(comma ? " \t\r\n," : " \t\r\n", body.p[at]))
		at++;
	return at;
}

/* The object that begins at `from`: up to the brace that closes it, whatever is inside. 0: none does. */
static size_t
object_end(struct str body, size_t from)
{
	size_t depth = 0;
	bool quoted = false;

	for (size_t i = from; i < body.n; i++) {
		char c = body.p[i];

		if (quoted && c == '\\')
			i++;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && (c == '{' || c == '['))
			depth++;
		else if (!quoted && (c == '}' || c == ']') && --depth == 0)
			return i + 1;
	}
	return 0;
}

struct posted {
	struct str *objects; /* owned, borrowed from the body */
	size_t count, cap;
};

static bool
split_body(struct str body, struct posted *posted, struct err *err)
{
	size_t at = skip_space(body, 0, false);
	bool array = at < body.n && body.p[at] == '[';

	at = skip_space(body, at + array, false);
	while (at < body.n && body.p[at] == '{') {
		size_t end = object_end(body, at);

		if (end == 0)
			return err_set(err, "event %zu does not end", posted->count);
		MEM_RESERVE(posted->objects, posted->cap, posted->count + 1);
		posted->objects[posted->count++] = str_slice(body, at, end);
		at = skip_space(body, end, array);
	}
	if (array && (at == body.n || body.p[at] != ']'))
		return err_set(err, "the array of events does not end after event %zu",
			       posted->count);
	if (skip_space(body, at + array, false) < body.n)
		return err_set(err, "what follows event %zu is no event", posted->count);
	return posted->count > 0 ||
	       err_set(err, "the body holds no event: one JSON object, an array, or NDJSON");
}

/* --- checked and appended --- */

struct result {
	struct stream_id id;
	bool good;
	struct str why;
};

struct append {
	struct result *results;
	size_t count, next, appended;
};

static bool
take_object(struct ask *ask, struct str object, struct buf *commands, struct result *result)
{
	struct field *fields = arena_array(ask->arena, EVENT_MAX_FIELDS, sizeof *fields);
	int64_t now = live_now(ask->api->options.live);
	unsigned count = 0;
	struct err err;

	result->good = event_fields_json(object, ask->arena, fields, &count, &err) &&
		       event_check(fields, count, now > 0 ? now : clock_wall(), &err);
	if (!result->good) {
		result->why = arena_str(ask->arena, str_of(err.text));
		return false;
	}
	resp_array(commands, 3 + 2 * (size_t)count);
	resp_text(commands, "XADD");
	resp_arg(commands, ask->api->events_key);
	resp_text(commands, "*");
	for (unsigned i = 0; i < count; i++) {
		resp_arg(commands, fields[i].key);
		resp_arg(commands, fields[i].value);
	}
	return true;
}

static void
write_id(struct json *json, const struct result *result)
{
	char text[STREAM_ID_TEXT];

	if (!result->good) {
		json_none(json);
		return;
	}
	stream_id_print(result->id, text);
	json_text(json, text);
}

static void
write_error(struct json *json, const struct append *append)
{
	size_t i = 0;

	while (append->results[i].good)
		i++;
	json_key(json, "error");
	json_open(json, '{');
	json_key(json, "code");
	json_text(json, "rejected");
	json_key(json, "message");
	json_str(json, append->results[i].why);
	json_close(json, '}');
}

/* {"appended":1,"rejected":1,"ids":["1-0",null],"rejects":[{"index":1,"error":"..."}]} */
static void
answer_append(struct ask *ask)
{
	const struct append *append = ask->state;
	struct json *json = &ask->json;

	json_open(json, '{');
	if (append->appended == 0)
		write_error(json, append);
	json_key(json, "appended");
	json_int(json, (int64_t)append->appended);
	json_key(json, "rejected");
	json_int(json, (int64_t)(append->count - append->appended));
	json_key(json, "ids");
	json_open(json, '[');
	for (size_t i = 0; i < append->count; i++)
		write_id(json, &append->results[i]);
	json_close(json, ']');
	json_key(json, "rejects");
	json_open(json, '[');
	for (size_t i = 0; i < append->count; i++) {
		if (append->results[i].good)
			continue;
		json_open(json, '{');
		json_key(json, "index");
		json_int(json, (int64_t)i);
		json_key(json, "error");
		json_str(json, append->results[i].why);
		json_close(json, '}');
	}
	json_close(json, ']');
	json_close(json, '}');
	ask_answer(ask, append->appended > 0 ? 200 : 400);
}

static void
take_id(struct ask *ask, const struct reply *reply)
{
	struct append *append = ask->state;
	struct result *result;

	while (!append->results[append->next].good)
		append->next++;
	result = &append->results[append->next++];
	if (reply->type != REPLY_STRING || !stream_id_parse(reply->text, &result->id)) {
		result->good = false;
		result->why = arena_printf(ask->arena, "Redis says %.*s", STR_ARG(reply->text));
		append->appended--;
	}
	if (ask->ticket != NULL)
		return;
	if (append->appended > 0 || !ask_is_refused(ask, reply))
		answer_append(ask);
}

static void
append_all(struct ask *ask, const struct posted *posted)
{
	struct append *append = arena_alloc(ask->arena, sizeof *append);
	struct buf commands = {0};

	append->count = posted->count;
	append->results = arena_array(ask->arena, posted->count, sizeof *append->results);
	for (size_t i = 0; i < posted->count; i++)
		append->appended +=
			take_object(ask, posted->objects[i], &commands, &append->results[i]);
	ask->state = append;
	ask->appends = append->appended;
	ask->api->appends += ask->appends;
	if (append->appended == 0)
		answer_append(ask);
	else
		(void)!ask_redis(ask, buf_view(&commands), (unsigned)append->appended, take_id);
	buf_finish(&commands);
}

void
api_events(struct ask *ask)
{
	struct posted posted = {0};
	struct err err;

	if (!split_body(http_call_body(ask->call), &posted, &err))
		ask_fail(ask, 400, "bad_body", "%s", err.text);
	else if (ask->api->appends + posted.count > API_APPENDS)
		ask_fail(ask, 503, "busy", "%d events are on their way already", API_APPENDS);
	else
		append_all(ask, &posted);
	mem_free(posted.objects);
}

/* --- what became of an entry --- */

static void
answer_entry(struct ask *ask, bool applied, struct str why)
{
	struct json *json = &ask->json;

	json_open(json, '{');
	json_key(json, "id");
	json_str(json, ask->id);
	json_key(json, "applied");
	json_bool(json, applied && why.n == 0);
	json_key(json, "rejected");
	json_bool(json, why.n > 0);
	json_key(json, "message");
	json_str(json, why);
	json_close(json, '}');
	ask_answer(ask, 200);
}

/* Of the rejections since then, the one that tells of this entry. */
static void
take_rejected(struct ask *ask, const struct reply *reply)
{
	struct str why = STR_NONE;
	const struct reply *item = reply + 1;

	if (ask_is_refused(ask, reply))
		return;
	for (uint32_t i = 0; i < reply->count; i++) {
		const struct reply *fields = reply_at(item, 1);

		if (fields && fields->type == REPLY_ARRAY &&
		    str_eq(entry_field(fields, "id"), ask->id))
			why = entry_field(fields, "error");
		item = reply_next(item);
	}
	answer_entry(ask, true, why);
}

#define REJECTED_READ "1000"

void
api_entry(struct ask *ask)
{
	struct live_status status;
	struct buf command = {0};
	struct stream_id id;
	char from[STREAM_ID_TEXT], key[256];

	if (!stream_id_parse(ask->id, &id)) {
		ask_fail(ask, 400, "bad_path", "an entry's id is MS-N");
		return;
	}
	live_get_status(ask->api->options.live, &status);
	if (live_engine(ask->api->options.live) == NULL ||
	    stream_id_cmp(id, status.committed) > 0) {
		answer_entry(ask, false, STR_NONE);
		return;
	}
	stream_id_print((struct stream_id){id.ms, 0}, from);
	snprintf(key, sizeof key, "%.*s", STR_ARG(ask->api->rejected_key));
	resp_command(&command, "XRANGE", key, from, "+", "COUNT", REJECTED_READ, NULL);
	(void)!ask_redis(ask, buf_view(&command), 1, take_rejected);
	buf_finish(&command);
}
