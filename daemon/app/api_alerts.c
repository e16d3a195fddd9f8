/* SPDX-License-Identifier: Apache-2.0 */
/* Alerts over HTTP: what was said of whom, the newest first. */
#include <jansson.h>
#include <string.h>

#include "app/api_room.h"
#include "base/number.h"

struct alert_filter {
	struct str customer, type, rule, endpoint;
	int64_t since, until; /* ms: since <= at < until */
};

/* names = name *( "," name ) */
static bool
names_hold(struct str names, struct str wanted)
{
	for (size_t from = 0, to; from < names.n; from = to + 1) {
		for (to = from; to < names.n && names.p[to] != ','; to++)
			;
		if (str_eq(str_slice(names, from, to), wanted))
			return true;
	}
	return false;
}

static bool
is_text(const json_t *value, struct str wanted)
{
	return json_is_string(value) &&
	       str_eq((struct str){json_string_value(value), json_string_length(value)},
		      wanted);
}

/* Does the alert tell of this rule, or name it among its reasons? */
static bool
tells_of_rule(struct str body, struct str rule)
{
	json_t *alert = json_loadb(body.p, body.n, JSON_ALLOW_NUL, NULL);
	const json_t *data = json_object_get(alert, "data"), *reason;
	bool found = is_text(json_object_get(data, "rule"), rule);
	size_t i;

	json_array_foreach(json_object_get(data, "reasons"), i, reason) found =
		found || is_text(json_object_get(reason, "rule"), rule);
	json_decref(alert);
	return found;
}

/* The engine's clock never goes back, so nothing older than `since` follows. */
static enum page_verdict
judge(struct ask *ask, const struct reply *fields)
{
	const struct alert_filter *filter = ask->state;
	struct str body = entry_field(fields, "body");
	int64_t at;

	if (!parse_int64(entry_field(fields, "at"), &at))
		return PAGE_SKIP;
	if (at < filter->since)
		return PAGE_STOP;
	if (at >= filter->until ||
	    (filter->customer.n > 0 &&
	     !str_eq(filter->customer, entry_field(fields, "customer"))) ||
	    (filter->type.n > 0 && !str_eq(filter->type, entry_field(fields, "type"))) ||
	    (filter->endpoint.n > 0 &&
	     !names_hold(entry_field(fields, "to"), filter->endpoint)) ||
	    (filter->rule.n > 0 && (body.n == 0 || !tells_of_rule(body, filter->rule))))
		return PAGE_SKIP;
	return PAGE_TAKE;
}

void
api_body_json(struct json *json, const char *key, struct str body)
{
	json_t *alert = json_loadb(body.n ? body.p : "", body.n, JSON_ALLOW_NUL, NULL);

	json_key(json, key);
	if (json_is_object(alert))
		json_raw(json, body);
	else
		json_none(json);
	json_decref(alert);
}

static void
names_json(struct json *json, const char *key, struct str names)
{
	json_key(json, key);
	json_open(json, '[');
	for (size_t from = 0, to; from < names.n; from = to + 1) {
		for (to = from; to < names.n && names.p[to] != ','; to++)
			;
		json_str(json, str_slice(names, from, to));
	}
	json_close(json, ']');
}

static void
write_row(struct ask *ask, struct str id, const struct reply *fields)
{
	struct json *json = &ask->json;

	json_open(json, '{');
	json_key(json, "entry");
	json_str(json, id);
	names_json(json, "to", entry_field(fields, "to"));
	api_body_json(json, "alert", entry_field(fields, "body"));
	json_close(json, '}');
}

void
api_alerts(struct ask *ask)
{
	static const struct page_hooks hooks = {"alerts", judge, write_row};
	struct alert_filter *filter = arena_alloc(ask->arena, sizeof *filter);

	if (!ask_instant(ask, "since", INT64_MIN, &filter->since) ||
	    !ask_instant(ask, "until", INT64_MAX, &filter->until))
		return;
	filter->customer = ask_parameter(ask, "customer");
	filter->type = ask_parameter(ask, "type");
	filter->rule = ask_parameter(ask, "rule");
	filter->endpoint = ask_parameter(ask, "endpoint");
	ask->state = filter;
	page_begin(ask, ask->api->alerts_key, &hooks);
}
