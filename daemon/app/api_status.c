/* SPDX-License-Identifier: Apache-2.0 */
/* How the daemon is: for people, for probes, for Prometheus. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "app/api_guard.h"
#include "app/api_room.h"
#include "codec/exposition.h"
#include "codec/quality_json.h"
#include "codec/stream_id.h"
#include "io/log.h"

#ifndef CHURND_VERSION
#define CHURND_VERSION "0.1"
#endif

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
	api_endpoints_json(ask, "webhooks");
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
	ready = status.reads;
	json_open(&ask->json, '{');
	key_bool(&ask->json, "ready", ready);
	key_text(&ask->json, "state", live_state_name(status.state));
	key_text(&ask->json, "why", status.why);
	key_bool(&ask->json, "drained", status.drained);
	key_int(&ask->json, "lag", status.lag);
	json_close(&ask->json, '}');
	ask_answer(ask, ready ? 200 : 503);
}

/* --- Prometheus --- */

static void
gauge(struct buf *out, const char *name, const char *help, uint64_t value)
{
	metric_one(out, name, "gauge", help, (double)value);
}

void
api_live_metrics(struct ask *ask)
{
	struct buf *out = &ask->out;
	struct live_status status;

	live_get_status(ask->api->options.live, &status);
	gauge(out, "up", "1 while the stream is read", status.reads);
	gauge(out, "lag_entries", "entries of the stream that were not read yet", status.lag);
	gauge(out, "drained", "1 when nothing to read was left", status.drained);
	gauge(out, "customers", "customers known", status.customers);
	gauge(out, "dirty_records", "records that wait to be written", status.dirty);
	for (size_t i = 0; i < sizeof counters / sizeof *counters; i++) {
		char name[64];

		snprintf(name, sizeof name, "%s_total", counters[i].name);
		metric_one(out, name, "counter", counters[i].help,
			   (double)counter_of(&status, &counters[i]));
	}
}
