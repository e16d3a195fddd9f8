/* SPDX-License-Identifier: Apache-2.0 */
/* The table of routes, and how one is found; openapi.json beside it says the same to others. */
#include <stdio.h>

#include "app/api_room.h"

static const char *const list_customers[] = {"level", "at_least", "owner",  "tag", "rule",
					     "sort",  "limit",	  "cursor", NULL};
static const char *const list_alerts[] = {"customer", "type",  "rule",	 "endpoint", "since",
					  "until",    "limit", "cursor", NULL};
static const char *const list_dead[] = {"endpoint", "customer", "limit", "cursor", NULL};
static const char *const list_tasks[] = {"state",    "assignee", "lender", "queue",
					 "customer", "overdue",	 "sla",	   "task",
					 "limit",    "cursor",	 NULL};

/* Adding a route is adding a row; a row that is more special stands above. */
static const struct route routes[] = {
	{"GET", "/healthz", api_healthz, NULL, true},
	{"GET", "/readyz", api_readyz, NULL, true},
	{"GET", "/metrics", api_metrics, NULL, false},
	{"GET", "/v1/openapi.json", api_openapi, NULL, true},
	{"GET", "/v1/status", api_status, NULL, false},
	{"GET", "/v1/alerts", api_alerts, list_alerts, false},
	{"GET", "/v1/webhooks", api_webhooks, NULL, false},
	{"GET", "/v1/webhooks/*", api_webhook, NULL, false},
	{"POST", "/v1/webhooks/*/pause", api_webhook_act, NULL, false},
	{"POST", "/v1/webhooks/*/resume", api_webhook_act, NULL, false},
	{"POST", "/v1/webhooks/*/test", api_webhook_act, NULL, false},
	{"GET", "/v1/dead", api_dead, list_dead, false},
	{"POST", "/v1/dead/retry", api_dead_act, NULL, false},
	{"POST", "/v1/dead/drop", api_dead_act, NULL, false},
	{"GET", "/v1/dead/*", api_letter, NULL, false},
	{"POST", "/v1/dead/*/retry", api_letter_act, NULL, false},
	{"POST", "/v1/dead/*/drop", api_letter_act, NULL, false},
	{"GET", "/v1/customers", api_customers, list_customers, false},
	{"GET", "/v1/customers/*", api_customer, NULL, false},
	{"GET", "/v1/customers/*/explain", api_explain, NULL, false},
	{"GET", "/v1/customers/*/timeline", api_timeline, NULL, false},
	{"GET", "/v1/rules", api_rules, NULL, false},
	{"GET", "/v1/rules/stats", api_rules_stats, NULL, false},
	{"POST", "/v1/reload", api_reload, NULL, false},
	{"GET", "/v1/tasks", api_tasks, list_tasks, false},
	{"GET", "/v1/tasks/report", api_task_report, NULL, false},
	{"GET", "/v1/tasks/*", api_task, NULL, false},
	{"POST", "/v1/tasks/*/claim", api_task_act, NULL, false},
	{"POST", "/v1/tasks/*/done", api_task_act, NULL, false},
	{"POST", "/v1/tasks/*/cancel", api_task_act, NULL, false},
	{"POST", "/v1/tasks/*/snooze", api_task_act, NULL, false},
	{"POST", "/v1/tasks/*/assign", api_task_act, NULL, false},
	{"POST", "/v1/tasks/*/transfer", api_task_act, NULL, false},
	{"POST", "/v1/tasks/*/link", api_task_act, NULL, false},
	{"POST", "/v1/events", api_events, NULL, false},
	{"GET", "/v1/entries/*", api_entry, NULL, false},
};

#define ROUTES (sizeof routes / sizeof *routes)
_Static_assert(ROUTES < API_ROUTES_MAX,
	       "api->answers has a slot for each route, and one for none");

unsigned
api_route_count(void)
{
	return ROUTES;
}

const struct route *
api_route_at(unsigned slot)
{
	return slot < ROUTES ? &routes[slot] : NULL;
}

unsigned
api_route_slot(const struct route *route)
{
	return route ? (unsigned)(route - routes) : ROUTES;
}

/* Segment by segment; "*" takes any that is not empty. */
static bool
path_fits(const char *pattern, struct str path, struct str *segment)
{
	size_t i = 0;

	for (; *pattern; pattern++) {
		if (*pattern != '*') {
			if (i == path.n || path.p[i++] != *pattern)
				return false;
			continue;
		}
		size_t from = i;

		while (i < path.n && path.p[i] != '/')
			i++;
		if (i == from)
			return false;
		*segment = str_slice(path, from, i);
	}
	return i == path.n;
}

const struct route *
api_route_find(struct str method, struct str path, struct str *segment, char allowed[API_ALLOW])
{
	*allowed = '\0';
	if (str_is(method, "HEAD"))
		method = STR("GET");
	for (size_t i = 0; i < ROUTES; i++) {
		struct str found = STR_NONE;

		if (!path_fits(routes[i].path, path, &found))
			continue;
		if (str_is(method, routes[i].method)) {
			*segment = found;
			return &routes[i];
		}
		snprintf(allowed, API_ALLOW, "Allow: %s\r\n", routes[i].method);
	}
	return NULL;
}
