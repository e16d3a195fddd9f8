/* SPDX-License-Identifier: Apache-2.0 */
/* What Prometheus reads: the daemon, its guards, endpoints, requests, and the tasks that are open. */
#include "app/api_guard.h"
#include "app/api_quality.h"
#include "app/api_room.h"
#include "codec/exposition.h"
#include "engine/sla.h"

/* --- requests: by route, so that their number is bounded whatever is asked for --- */

void
api_count_answer(struct ask *ask, int status)
{
	struct api *api = ask->api;
	unsigned family = (unsigned)status / 100;

	api->answers[api_route_slot(ask->route)][family < 6 ? family : 0]++;
	histogram_add(&api->durations, clock_monotonic() - ask->began_at);
}

static void
request_metrics(struct ask *ask)
{
	static const char *const families[] = {"other", "1xx", "2xx", "3xx", "4xx", "5xx"};
	const struct api *api = ask->api;
	struct buf *out = &ask->out;

	metric_one(out, "http_connections", "gauge", "open HTTP connections",
		   http_connections(api->http));
	metric_head(out, "http_requests_total", "counter", "HTTP requests that were answered");
	for (unsigned slot = 0; slot <= api_route_count(); slot++) {
		const struct route *route = api_route_at(slot);

		for (unsigned family = 0; family < 6; family++) {
			const struct metric_label labels[] = {
				{"method", str_of(route ? route->method : "")},
				{"route", str_of(route ? route->path : "")},
				{"status", str_of(families[family])}};

			if (api->answers[slot][family] > 0)
				metric_row(out, "http_requests_total", labels, 3,
					   (double)api->answers[slot][family]);
		}
	}
	metric_head(out, "http_request_seconds", "histogram",
		    "from the head of a request to its answer");
	metric_histogram(out, "http_request_seconds", NULL, 0, &api->durations);
}

/* --- tasks: counted customer by customer, in slices --- */

struct task_tally {
	unsigned defs;
	int64_t now;
	struct {
		uint64_t states[TASK_CANCELLED + 1], overdue;
	} * list; /* in the arena, by slot */
};

static void
visit(struct ask *ask, struct engine *engine, const struct customer *customer)
{
	struct task_tally *tally = ask->state;
	const struct ruleset *rules = engine_rules(engine);
	const struct cold *cold = customer->cold;

	for (unsigned i = 0; cold && i < cold->task_count; i++) {
		const struct task_held *task = &cold->tasks[i];

		if (task->def >= tally->defs || task->state > TASK_CANCELLED)
			continue;
		tally->list[task->def].states[task->state]++;
		tally->list[task->def].overdue += sla_is_overdue(rules, task, tally->now);
	}
}

static void
done(struct ask *ask, const struct row *rows, unsigned count)
{
	static const enum task_state open[] = {TASK_OPEN, TASK_CLAIMED, TASK_SNOOZED};
	const struct task_tally *tally = ask->state;
	const struct ruleset *rules = engine_rules(live_engine(ask->api->options.live));
	struct buf *out = &ask->out;

	(void)rows, (void)count;
	metric_head(out, "tasks", "gauge", "care tasks that are to be done");
	for (unsigned i = 0; i < tally->defs && i < rules->task_count; i++) {
		for (size_t k = 0; k < sizeof open / sizeof *open; k++) {
			const struct metric_label labels[] = {
				{"task", rules->tasks[i].name},
				{"state", str_of(task_state_name(open[k]))}};

			metric_row(out, "tasks", labels, 2,
				   (double)tally->list[i].states[open[k]]);
		}
	}
	metric_head(out, "tasks_overdue", "gauge",
		    "care tasks whose time to claim or to do them is over");
	for (unsigned i = 0; i < tally->defs && i < rules->task_count; i++)
		metric_row(out, "tasks_overdue",
			   &(struct metric_label){"task", rules->tasks[i].name}, 1,
			   (double)tally->list[i].overdue);
	ask_answer_text(ask, 200);
}

static void
task_metrics(struct ask *ask)
{
	const struct engine *engine = live_engine(ask->api->options.live);
	struct task_tally *tally = arena_alloc(ask->arena, sizeof *tally);

	/* Prometheus would rather have no figure of tasks than none at all. */
	if (engine == NULL || engine_rules(engine)->task_count == 0 ||
	    ask->api->scans == API_SCANS) {
		ask_answer_text(ask, 200);
		return;
	}
	tally->defs = engine_rules(engine)->task_count;
	tally->now = ask_now(ask);
	tally->list = arena_array(ask->arena, tally->defs, sizeof *tally->list);
	ask->state = tally;
	scan_begin(ask, (struct scan_hooks){NULL, visit, done});
}

void
api_metrics(struct ask *ask)
{
	api_live_metrics(ask);
	api_guard_metrics(&ask->out, live_engine(ask->api->options.live));
	api_quality_metrics(&ask->out, live_engine(ask->api->options.live));
	api_endpoint_metrics(ask);
	request_metrics(ask);
	task_metrics(ask);
}
