/* SPDX-License-Identifier: Apache-2.0 */
/* How the daemon is: for people, for probes, for Prometheus. */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "app/api_guard.h"
#include "app/api_quality.h"
#include "app/api_room.h"
#include "codec/quality_json.h"
#include "codec/stream_id.h"
#include "io/log.h"

#ifndef CHURND_VERSION
#define CHURND_VERSION "0.1"
#endif

#define ENDPOINTS_MAX CONFIG_MAX_WEBHOOKS

static void
key_text(struct json *json, const char *key, const char *text)
{
	json_key(json, key);
	json_text(json, text ? text : "");
}

static void
key_int(struct json *json, const char *key, uint64_t number)
{
	json_key(json, key);
	json_int(json, (int64_t)number);
}

static void
key_bool(struct json *json, const char *key, bool value)
{
	json_key(json, key);
	json_bool(json, value);
}

static void
key_id(struct json *json, const char *key, struct stream_id id)
{
	char text[STREAM_ID_TEXT];

	stream_id_print(id, text);
	key_text(json, key, text);
}

static void
key_instant(struct json *json, const char *key, int64_t at)
{
	json_key(json, key);
	if (at > 0 && at != NEVER)
		json_instant(json, at);
	else
		json_none(json);
}

/* --- endpoints --- */

static void
endpoint_json(struct json *json, const struct outbox_status *endpoint)
{
	json_open(json, '{');
	json_key(json, "name");
	json_str(json, endpoint->name);
	key_text(json, "state", endpoint->state);
	key_int(json, "waiting", endpoint->waiting);
	key_int(json, "delivered", endpoint->delivered);
	key_int(json, "failed", endpoint->failed);
	key_int(json, "dead", endpoint->dead);
	json_key(json, "last_error");
	json_str(json, endpoint->last_error);
	json_close(json, '}');
}

static unsigned
endpoints_of(const struct ask *ask, struct outbox_status out[ENDPOINTS_MAX])
{
	const struct outbox *outbox = ask->api->options.outbox;

	return outbox ? outbox_status(outbox, out, ENDPOINTS_MAX) : 0;
}

static void
endpoints_json(struct ask *ask, const char *key)
{
	struct outbox_status endpoints[ENDPOINTS_MAX];
	unsigned count = endpoints_of(ask, endpoints);

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
	endpoints_json(ask, "webhooks");
	json_close(&ask->json, '}');
	ask_answer(ask, 200);
}

/* --- status --- */

static void
place_json(struct json *json, const struct live_status *status)
{
	key_text(json, "state", live_state_name(status->state));
	key_text(json, "why", status->why);
	key_text(json, "holder", status->holder);
	key_bool(json, "drained", status->drained);
	key_bool(json, "held", status->held);
	key_int(json, "lag", status->lag);
	key_id(json, "position", status->position);
	key_id(json, "committed", status->committed);
	key_id(json, "low", status->low);
	key_int(json, "fence", status->fence);
	key_int(json, "seq", status->seq);
	key_instant(json, "clock", status->clock);
	key_instant(json, "next_due", status->next_due);
}

static const struct counter_row {
	const char *name, *help;
	size_t offset;
} counters[] = {
#define COUNTER(field, help)                                      \
	{                                                         \
#field, help, offsetof(struct live_status, field) \
	}
	COUNTER(entries, "entries applied"),
	COUNTER(rejected, "entries rejected"),
	COUNTER(alerts, "alerts committed"),
	COUNTER(tasks, "changes of tasks committed"),
	COUNTER(commits, "commits"),
	COUNTER(clock_entries, "clock entries appended"),
	COUNTER(recoveries, "recoveries from the records"),
	COUNTER(lost, "entries that somebody trimmed or deleted unread"),
#undef COUNTER
};

static uint64_t
counter_of(const struct live_status *status, const struct counter_row *row)
{
	uint64_t number;

	memcpy(&number, (const char *)status + row->offset, sizeof number);
	return number;
}

static void
rules_json(struct ask *ask, struct live *live, const struct live_status *status)
{
	struct json *json = &ask->json;
	const struct engine *engine = live_engine(live);

	json_key(json, "rules");
	json_open(json, '{');
	json_key(json, "name");
	json_str(json, engine ? engine_rules(engine)->name : STR_NONE);
	key_text(json, "sha256", status->rules_sha);
	key_int(json, "count", engine ? engine_rules(engine)->rule_count : 0);
	api_rule_changes_json(ask, "changes");
	api_rules_refused_json(ask, "refused");
	if (engine)
		quality_noisy_json(json, "noisy", engine);
	json_close(json, '}');
}

void
api_status(struct ask *ask)
{
	struct live *live = ask->api->options.live;
	struct json *json = &ask->json;
	struct live_status status;

	live_get_status(live, &status);
	json_open(json, '{');
	key_text(json, "version", CHURND_VERSION);
	place_json(json, &status);
	key_int(json, "customers", status.customers);
	key_int(json, "dirty", status.dirty);
	rules_json(ask, live, &status);
	api_guard_json(json, live_engine(live));
	key_instant(json, "started_at", status.started_at);
	json_key(json, "since_start");
	json_open(json, '{');
	for (size_t i = 0; i < sizeof counters / sizeof *counters; i++)
		key_int(json, counters[i].name, counter_of(&status, &counters[i]));
	json_close(json, '}');
	endpoints_json(ask, "webhooks");
	json_close(json, '}');
	ask_answer(ask, 200);
}

/* --- probes --- */

void
api_healthz(struct ask *ask)
{
	json_open(&ask->json, '{');
	key_bool(&ask->json, "alive", true);
	json_close(&ask->json, '}');
	ask_answer(ask, 200);
}

/* Ready: it reads; how far behind it is, is said. */
void
api_readyz(struct ask *ask)
{
	struct live_status status;
	bool ready;

	live_get_status(ask->api->options.live, &status);
	ready = status.state == LIVE_RUNNING;
	json_open(&ask->json, '{');
	key_bool(&ask->json, "ready", ready);
	key_text(&ask->json, "state", live_state_name(status.state));
	key_text(&ask->json, "why", status.why);
	key_bool(&ask->json, "drained", status.drained);
	key_int(&ask->json, "lag", status.lag);
	json_close(&ask->json, '}');
	ask_answer(ask, ready ? 200 : 503);
}

/* --- Prometheus' text format --- */

static void
metric(struct buf *out, const char *name, const char *kind, const char *help)
{
	buf_printf(out, "# HELP churnd_%s %s\n# TYPE churnd_%s %s\n", name, help, name, kind);
}

static void
gauge(struct buf *out, const char *name, const char *help, int64_t value)
{
	metric(out, name, "gauge", help);
	buf_printf(out, "churnd_%s %" PRId64 "\n", name, value);
}

static void
live_metrics(struct buf *out, const struct live_status *status)
{
	gauge(out, "up", "1 while the stream is read", status->state == LIVE_RUNNING);
	gauge(out, "lag_entries", "entries of the stream that were not read yet",
	      (int64_t)status->lag);
	gauge(out, "drained", "1 when nothing to read was left", status->drained);
	gauge(out, "customers", "customers known", (int64_t)status->customers);
	gauge(out, "dirty_records", "records that wait to be written", (int64_t)status->dirty);
	for (size_t i = 0; i < sizeof counters / sizeof *counters; i++) {
		char name[64];

		snprintf(name, sizeof name, "%s_total", counters[i].name);
		metric(out, name, "counter", counters[i].help);
		buf_printf(out, "churnd_%s %" PRIu64 "\n", name,
			   counter_of(status, &counters[i]));
	}
}

/* Names of endpoints have letters, digits, "_" and "-" only. */
static const struct endpoint_row {
	const char *name, *kind, *help;
	size_t offset;
} endpoint_rows[] = {
	{"webhook_delivered_total", "counter", "alerts that an endpoint took",
	 offsetof(struct outbox_status, delivered)},
	{"webhook_failed_total", "counter", "tries that failed",
	 offsetof(struct outbox_status, failed)},
	{"webhook_dead_total", "counter", "alerts that were given up",
	 offsetof(struct outbox_status, dead)},
	{"webhook_waiting", "gauge", "alerts that wait for an endpoint",
	 offsetof(struct outbox_status, waiting)},
};

static void
endpoint_metrics(struct ask *ask, struct buf *out)
{
	struct outbox_status endpoints[ENDPOINTS_MAX];
	unsigned count = endpoints_of(ask, endpoints);

	for (size_t i = 0; count > 0 && i < sizeof endpoint_rows / sizeof *endpoint_rows; i++) {
		const struct endpoint_row *row = &endpoint_rows[i];

		metric(out, row->name, row->kind, row->help);
		for (unsigned k = 0; k < count; k++) {
			uint64_t number;

			memcpy(&number, (const char *)&endpoints[k] + row->offset,
			       sizeof number);
			buf_printf(out, "churnd_%s{webhook=\"%.*s\"} %" PRIu64 "\n", row->name,
				   STR_ARG(endpoints[k].name), number);
		}
	}
}

void
api_metrics(struct ask *ask)
{
	struct live_status status;

	live_get_status(ask->api->options.live, &status);
	live_metrics(&ask->out, &status);
	api_guard_metrics(&ask->out, live_engine(ask->api->options.live));
	api_quality_metrics(&ask->out, live_engine(ask->api->options.live));
	endpoint_metrics(ask, &ask->out);
	gauge(&ask->out, "http_connections", "open HTTP connections",
	      http_connections(ask->api->http));
	metric(&ask->out, "http_requests_total", "counter", "HTTP requests");
	buf_printf(&ask->out, "churnd_http_requests_total %" PRIu64 "\n", ask->api->requests);
	metric(&ask->out, "http_errors_total", "counter", "HTTP answers of 400 and above");
	buf_printf(&ask->out, "churnd_http_errors_total %" PRIu64 "\n", ask->api->errors);
	ask_answer_text(ask, 200);
}
