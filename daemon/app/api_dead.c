/* SPDX-License-Identifier: Apache-2.0 */
/* Dead letters over HTTP: deliveries that were given up; read, sent once more, or dropped. */
#include <inttypes.h>
#include <string.h>

#include "app/api_room.h"
#include "base/number.h"
#include "codec/event_fields.h"
#include "codec/resp.h"
#include "codec/stream_id.h"
#include "io/log.h"

#define LETTERS \
	"200" /* taken by one go of the script: what a person may wait for, and Redis too */

/* --- reading --- */

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

	if (reply->type == REPLY_ERROR) {
		ask_fail(ask, 503, "redis_error", "Redis says %.*s", STR_ARG(reply->text));
		return;
	}
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

static bool
check_letter_id(struct ask *ask)
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

	if (!check_letter_id(ask))
		return;
	resp_array(&command, 4);
	resp_text(&command, "XRANGE");
	resp_arg(&command, ask->api->dead_key);
	resp_arg(&command, ask->id);
	resp_arg(&command, ask->id);
	(void)!ask_redis(ask, buf_view(&command), 1, take_letter);
	buf_finish(&command);
}

/* --- acts --- */

/* From, to, how many, what is done, and the endpoints whose letters it is done with. A letter moves in one
 * step, so that two who press at once send it once. Answers how many it took, how many it looked at, the
 * last one's id, and up to where it is to go on: what dies again meanwhile is not taken again. */
static const char script[] =
	"local mine, took, seen, last = {}, 0, 0, ''\n"
	"for i = 5, #ARGV do mine[ARGV[i]] = true end\n"
	"local to = ARGV[2]\n"
	"if to == '+' then\n"
	"  local newest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)\n"
	"  if #newest == 0 then return {0, 0, '', ''} end\n"
	"  to = newest[1][1]\n"
	"end\n"
	"local letters = redis.call('XRANGE', KEYS[1], ARGV[1], to, 'COUNT', ARGV[3])\n"
	"for _, letter in ipairs(letters) do\n"
	"  local f = {}\n"
	"  for i = 1, #letter[2], 2 do f[letter[2][i]] = letter[2][i + 1] end\n"
	"  if mine['*'] or mine[f.endpoint or ''] then\n"
	"    if ARGV[4] == 'retry' then\n"
	"      redis.call('XADD', KEYS[2], '*', 'id', f.id or '', 'endpoint', f.endpoint,\n"
	"        'customer', f.customer or '', 'body', f.body or '')\n"
	"    end\n"
	"    took = took + redis.call('XDEL', KEYS[1], letter[1])\n"
	"  end\n"
	"  seen, last = seen + 1, letter[1]\n"
	"end\n"
	"return {took, seen, last, to}\n";

struct dead_act {
	bool retry, all;
	struct str endpoint, who;
	int64_t took;
};

static bool
is_endpoint(const struct ask *ask, struct str name)
{
	struct outbox_status endpoints[CONFIG_MAX_WEBHOOKS];
	unsigned count = api_endpoints(ask, endpoints);

	for (unsigned i = 0; i < count; i++) {
		if (str_eq(endpoints[i].name, name))
			return true;
	}
	return false;
}

static void take_moved(struct ask *ask, const struct reply *reply);

/* A letter of an endpoint that is configured no more can be dropped; sent again, nobody would take it. */
static void
move(struct ask *ask, struct str from, struct str to)
{
	const struct dead_act *act = ask->state;
	struct outbox_status endpoints[CONFIG_MAX_WEBHOOKS];
	struct buf command = {0};
	unsigned count = 1;

	endpoints[0].name = act->endpoint.n > 0 ? act->endpoint : STR("*");
	if (act->endpoint.n == 0 && act->retry)
		count = api_endpoints(ask, endpoints);
	resp_array(&command, 9 + (size_t)count);
	resp_text(&command, "EVAL");
	resp_text(&command, script);
	resp_text(&command, "2");
	resp_arg(&command, ask->api->dead_key);
	resp_arg(&command, ask->api->resend_key);
	resp_arg(&command, from);
	resp_arg(&command, to);
	resp_text(&command, LETTERS);
	resp_text(&command, act->retry ? "retry" : "drop");
	for (unsigned i = 0; i < count; i++)
		resp_arg(&command, endpoints[i].name);
	(void)!ask_redis(ask, buf_view(&command), 1, take_moved);
	buf_finish(&command);
}

static void
done(struct ask *ask)
{
	const struct dead_act *act = ask->state;
	struct str what = !act->all	    ? ask->id
			  : act->endpoint.n ? act->endpoint
					    : STR("all endpoints");

	if (act->took > 0)
		log_info("webhook", "dead letters %s: %" PRId64 " (%.*s)%s%.*s",
			 act->retry ? "sent again" : "dropped", act->took, STR_ARG(what),
			 act->who.n ? ", by " : "", STR_ARG(act->who));
	json_open(&ask->json, '{');
	json_key(&ask->json, act->retry ? "retried" : "dropped");
	json_int(&ask->json, act->took);
	json_close(&ask->json, '}');
	ask_answer(ask, 200);
}

static void
tell_why_not(struct ask *ask, bool seen)
{
	if (seen)
		ask_fail(ask, 409, "no_endpoint",
			 "the endpoint of dead letter %.*s is configured no more: drop it",
			 STR_ARG(ask->id));
	else
		ask_fail(ask, 409, "gone",
			 "there is no dead letter %.*s: somebody was faster, or it was too old",
			 STR_ARG(ask->id));
}

static void
take_moved(struct ask *ask, const struct reply *reply)
{
	struct dead_act *act = ask->state;
	const struct reply *took = reply_at(reply, 0), *seen = reply_at(reply, 1);
	const struct reply *last = reply_at(reply, 2), *to = reply_at(reply, 3);

	if (reply->type != REPLY_ARRAY || reply->count != 4) {
		ask_fail(ask, 503, "redis_error", "Redis says %.*s", STR_ARG(reply->text));
		return;
	}
	act->took += took->integer;
	if (act->retry && took->integer > 0 && ask->api->options.outbox)
		outbox_wake(ask->api->options.outbox);
	if (!act->all && act->took == 0)
		tell_why_not(ask, seen->integer > 0);
	else if (act->all && seen->integer > 0)
		move(ask, arena_printf(ask->arena, "(%.*s", STR_ARG(last->text)),
		     arena_str(ask->arena, to->text));
	else
		done(ask);
}

static bool
take_word(struct ask *ask, struct dead_act *act, const struct field *field)
{
	if (str_is(field->key, "who") && field->value.n <= 128 &&
	    !text_has_control(field->value)) {
		act->who = field->value;
		return true;
	}
	if (str_is(field->key, "endpoint") && strchr(ask->route->path, '*') == NULL) {
		act->endpoint = field->value;
		if (!act->retry || is_endpoint(ask, field->value))
			return true;
		ask_fail(ask, 404, "not_found", "there is no endpoint %.*s",
			 STR_ARG(field->value));
		return false;
	}
	ask_fail(ask, 400, "bad_body", "the body has who (at most 128 bytes)%s, not \"%.*s\"",
		 strchr(ask->route->path, '*') ? "" : " and endpoint", STR_ARG(field->key));
	return false;
}

static bool
read_act(struct ask *ask, struct dead_act **out)
{
	struct dead_act *act = arena_alloc(ask->arena, sizeof *act);
	struct field fields[EVENT_MAX_FIELDS];
	unsigned count;

	act->retry = str_ends(str_of(ask->route->path), STR("/retry"));
	if (!ask_body_fields(ask, fields, &count))
		return false;
	for (unsigned i = 0; i < count; i++) {
		if (!take_word(ask, act, &fields[i]))
			return false;
	}
	*out = act;
	return true;
}

void
api_letter_act(struct ask *ask)
{
	struct dead_act *act;

	if (!check_letter_id(ask) || !read_act(ask, &act))
		return;
	ask->state = act;
	move(ask, ask->id, ask->id);
}

/* All of one endpoint, or of all that are configured. */
void
api_dead_act(struct ask *ask)
{
	struct dead_act *act;

	if (!read_act(ask, &act))
		return;
	act->all = true;
	ask->state = act;
	move(ask, STR("-"), STR("+"));
}
