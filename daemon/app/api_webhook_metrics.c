/* SPDX-License-Identifier: Apache-2.0 */
/* Endpoints for Prometheus. */
#include <string.h>

#include "app/api_room.h"
#include "codec/exposition.h"

static double
age_of(const struct outbox_status *endpoint)
{
	int64_t age = clock_wall() - endpoint->oldest_at;

	return endpoint->oldest_at > 0 && age > 0 ? (double)age / 1000 : 0;
}

static double
is_paused(const struct outbox_status *endpoint)
{
	return strcmp(endpoint->state, "paused") == 0;
}

static double
is_open(const struct outbox_status *endpoint)
{
	return strcmp(endpoint->state, "open") == 0;
}

#define FIGURE(field)                                                  \
	static double field##_of(const struct outbox_status *endpoint) \
	{                                                              \
		return (double)endpoint->field;                        \
	}
FIGURE(delivered)
FIGURE(failed)
FIGURE(dead)
FIGURE(resent)
FIGURE(digests)
FIGURE(waiting)
#undef FIGURE

static const struct endpoint_row {
	const char *name, *kind, *help;
	double (*figure)(const struct outbox_status *endpoint);
} endpoint_rows[] = {
	{"webhook_delivered_total", "counter", "alerts that an endpoint took", delivered_of},
	{"webhook_failed_total", "counter", "tries that failed", failed_of},
	{"webhook_dead_total", "counter", "alerts that were given up", dead_of},
	{"webhook_resent_total", "counter", "dead letters that were delivered after all",
	 resent_of},
	{"webhook_digests_total", "counter", "requests that carried more than one alert",
	 digests_of},
	{"webhook_waiting", "gauge", "alerts that wait for an endpoint", waiting_of},
	{"webhook_oldest_seconds", "gauge", "age of the oldest alert that waits", age_of},
	{"webhook_paused", "gauge", "1 while an endpoint is paused", is_paused},
	{"webhook_open", "gauge", "1 while an endpoint's circuit is open", is_open},
};

static void
tries_metrics(struct buf *out, const struct outbox_status *endpoints, unsigned count)
{
	metric_head(out, "webhook_tries_total", "counter", "requests, by what came of them");
	for (unsigned i = 0; i < count; i++) {
		for (unsigned k = 0; k < RETRY_OUTCOMES; k++) {
			const struct metric_label labels[] = {
				{"webhook", endpoints[i].name},
				{"outcome", str_of(retry_outcome_name((enum retry_outcome)k))}};

			metric_row(out, "webhook_tries_total", labels, 2,
				   (double)endpoints[i].tries[k]);
		}
	}
	metric_head(out, "webhook_try_seconds", "histogram",
		    "from a request to its reply, or to the end of waiting for it");
	for (unsigned i = 0; i < count; i++)
		metric_histogram(out, "webhook_try_seconds",
				 &(struct metric_label){"webhook", endpoints[i].name}, 1,
				 endpoints[i].durations);
}

void
api_endpoint_metrics(struct ask *ask)
{
	struct outbox_status endpoints[CONFIG_MAX_WEBHOOKS];
	unsigned count = api_endpoints(ask, endpoints);

	for (size_t i = 0; count > 0 && i < sizeof endpoint_rows / sizeof *endpoint_rows; i++) {
		const struct endpoint_row *row = &endpoint_rows[i];

		metric_head(&ask->out, row->name, row->kind, row->help);
		for (unsigned k = 0; k < count; k++)
			metric_row(&ask->out, row->name,
				   &(struct metric_label){"webhook", endpoints[k].name}, 1,
				   row->figure(&endpoints[k]));
	}
	if (count > 0)
		tries_metrics(&ask->out, endpoints, count);
}
