/* SPDX-License-Identifier: Apache-2.0 */
/* Endpoints over HTTP: how they are; paused, resumed, tried out. */
#include <string.h>

#include "app/api_room.h"
#include "codec/event_fields.h"

static void
key_int(struct json *json, const char *key, uint64_t number)
{
	json_key(json, key);
	json_int(json, (int64_t)number);
}

static void
key_str(struct json *json, const char *key, struct str text)
{
	json_key(json, key);
	json_str(json, text);
}

static void
key_instant(struct json *json, const char *key, int64_t at)
{
	json_key(json, key);
	if (at > 0)
		json_instant(json, at);
	else
		json_none(json);
}

static void
endpoint_json(struct json *json, const struct outbox_status *endpoint)
{
	json_open(json, '{');
	key_str(json, "name", endpoint->name);
	key_str(json, "format", endpoint->format);
	key_str(json, "state", str_of(endpoint->state));
	key_int(json, "waiting", endpoint->waiting);
	json_key(json, "backlog");
	json_bool(json, endpoint->backlog);
	key_instant(json, "oldest_at", endpoint->oldest_at);
	key_int(json, "delivered", endpoint->delivered);
	key_int(json, "failed", endpoint->failed);
	key_int(json, "dead", endpoint->dead);
	key_int(json, "digests", endpoint->digests);
	key_int(json, "resent", endpoint->resent);
	key_int(json, "last_status", (uint64_t)endpoint->last_status);
	key_str(json, "last_error", endpoint->last_error);
	key_str(json, "paused_why", endpoint->paused_why);
	key_instant(json, "last_delivered_at", endpoint->last_delivered_at);
	key_instant(json, "throttled_until", endpoint->throttled_until);
	key_instant(json, "probe_at", endpoint->probe_at);
	key_instant(json, "quiet_until", endpoint->quiet_until);
	json_close(json, '}');
}

unsigned
api_endpoints(const struct ask *ask, struct outbox_status out[CONFIG_MAX_WEBHOOKS])
{
	const struct outbox *outbox = ask->api->options.outbox;

	return outbox ? outbox_status(outbox, out, CONFIG_MAX_WEBHOOKS) : 0;
}

void
api_endpoints_json(struct ask *ask, const char *key)
{
	struct outbox_status endpoints[CONFIG_MAX_WEBHOOKS];
	unsigned count = api_endpoints(ask, endpoints);

	json_key(&ask->json, key);
	json_open(&ask->json, '[');
	for (unsigned i = 0; i < count; i++)
		endpoint_json(&ask->json, &endpoints[i]);
	json_close(&ask->json, ']');
}

void
api_webhooks(struct ask *ask)
{
	json_open(&ask->json, '{');
	api_endpoints_json(ask, "webhooks");
	json_close(&ask->json, '}');
	ask_answer(ask, 200);
}

/* --- one --- */

static void
endpoint_missing(struct ask *ask, const struct outbox_status *endpoints, unsigned count)
{
	struct str names[CONFIG_MAX_WEBHOOKS], near;

	for (unsigned i = 0; i < count; i++)
		names[i] = endpoints[i].name;
	near = str_nearest(ask->id, names, count);
	ask_fail(ask, 404, "not_found", "there is no webhook %.*s%s%.*s%s", STR_ARG(ask->id),
		 near.n ? "; did you mean " : "", STR_ARG(near), near.n ? "?" : "");
}

/* The endpoint that ask->id names; false after 404. */
static bool
find_endpoint(struct ask *ask, struct outbox_status *out)
{
	struct outbox_status endpoints[CONFIG_MAX_WEBHOOKS];
	unsigned count = api_endpoints(ask, endpoints);

	for (unsigned i = 0; i < count; i++) {
		if (str_eq(endpoints[i].name, ask->id)) {
			*out = endpoints[i];
			return true;
		}
	}
	endpoint_missing(ask, endpoints, count);
	return false;
}

void
api_webhook(struct ask *ask)
{
	struct outbox_status endpoint;

	if (!find_endpoint(ask, &endpoint))
		return;
	endpoint_json(&ask->json, &endpoint);
	ask_answer(ask, 200);
}

/* --- acts --- */

/* The body says at most who does it. */
static bool
read_who(struct ask *ask, struct str *who)
{
	struct field fields[EVENT_MAX_FIELDS];
	unsigned count;

	*who = STR_NONE;
	if (!ask_body_fields(ask, fields, &count))
		return false;
	for (unsigned i = 0; i < count; i++) {
		if (!str_is(fields[i].key, "who") || fields[i].value.n > 128 ||
		    text_has_control(fields[i].value)) {
			ask_fail(ask, 400, "bad_body",
				 "the body has who (at most 128 bytes), not \"%.*s\"",
				 STR_ARG(fields[i].key));
			return false;
		}
		*who = fields[i].value;
	}
	return true;
}

static void
on_tested(void *ctx, const struct outbox_test_result *result)
{
	struct ask *ask = ctx;
	struct json *json = &ask->json;

	ask->test = NULL;
	json_open(json, '{');
	json_key(json, "delivered");
	json_bool(json, result->outcome == RETRY_DELIVERED);
	key_int(json, "status", (uint64_t)result->status);
	key_int(json, "ms", (uint64_t)result->ms);
	key_str(json, "why", result->why);
	json_close(json, '}');
	ask_answer(ask, 200);
}

static void
test(struct ask *ask)
{
	struct err err;

	ask->test = outbox_test(ask->api->options.outbox, ask->id, on_tested, ask, &err);
	if (ask->test == NULL)
		ask_fail(ask, 503, "busy", "%s", err.text);
}

/* Who stands by would do as he is told when he takes over, maybe in months. */
static bool
delivers(struct ask *ask)
{
	struct live_status status;

	live_get_status(ask->api->options.live, &status);
	if (status.state != LIVE_STANDBY || status.holder == NULL)
		return true;
	ask_fail(ask, 503, "not_ready", "churnd stands by: %s delivers, ask there",
		 status.holder);
	return false;
}

static void
pause_or_resume(struct ask *ask, bool pause, struct str who)
{
	struct outbox *outbox = ask->api->options.outbox;

	if (!delivers(ask))
		return;
	if (pause)
		(void)!outbox_pause(outbox, ask->id,
				    arena_printf(ask->arena, "%.*s paused it",
						 STR_ARG(who.n ? who : STR("somebody"))));
	else
		(void)!outbox_resume(outbox, ask->id);
	log_info("webhook", "%.*s is %s by %.*s", STR_ARG(ask->id),
		 pause ? "paused" : "resumed",
		 STR_ARG(who.n ? who : STR("somebody who gave no name")));
	api_webhook(ask);
}

void
api_webhook_act(struct ask *ask)
{
	const char *verb = strrchr(ask->route->path, '/') + 1;
	struct outbox_status endpoint;
	struct str who;

	if (!find_endpoint(ask, &endpoint) || !read_who(ask, &who))
		return;
	if (strcmp(verb, "test") == 0)
		test(ask);
	else
		pause_or_resume(ask, strcmp(verb, "pause") == 0, who);
}
