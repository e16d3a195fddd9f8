/* SPDX-License-Identifier: Apache-2.0 */
/* Dead letters sent once more or dropped: one of them, or all. */
#include <inttypes.h>
#include <string.h>

#include "app/api_room.h"
#include "codec/event_fields.h"
#include "codec/resp.h"
#include "io/log.h"

#define LETTERS 200 /* taken by one go of the script: what Redis may stand still for */

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
	resp_int(&command, LETTERS);
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

	if (ask_is_refused(ask, reply))
		return;
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
		if (field->value.n == 0) {
			ask_fail(ask, 400, "bad_body", "endpoint is \"\", and no name");
			return false;
		}
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

	if (!api_letter_id(ask) || !read_act(ask, &act))
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
