/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the HTTP interface: what its files share, and nobody else includes. */
#ifndef APP_API_ROOM_H
#define APP_API_ROOM_H

#include "app/api.h"
#include "base/json.h"
#include "codec/exposition.h"
#include "io/http.h"
#include "io/log.h"

#define API_WAIT_MS 5000 /* for Redis, and for an act to be applied */
#define API_LIMIT 50	 /* rows of a list unless limit= says more */
#define API_LIMIT_MAX 1000
#define API_SCANS 8	    /* lists under way at once */
#define API_SCAN_SLICE 1024 /* customers looked at in one turn of the loop */
#define API_ROUTES_MAX 96
#define API_APPENDS 65536 /* events on their way to Redis at once */

struct ask;

struct route {
	const char *method;
	const char *path; /* "*": one segment, decoded into ask->id */
	void (*run)(struct ask *ask);
	const char *const *parameters; /* of the query, up to a NULL; NULL: none */
	bool open;		       /* asks for no token */
};

/* One request, from its route to its answer. */
struct ask {
	struct api *api;
	struct ask *before, *after; /* in api's list */
	struct http_call *call;
	struct arena *arena; /* the call's */
	const struct route *route;
	struct str id;
	struct http_parameter parameters[HTTP_MAX_PARAMETERS];
	unsigned parameter_count;
	struct ticket *ticket;	  /* what Redis owes it; NULL: nothing */
	struct event *timer;	  /* owned; NULL: nothing is waited for */
	struct buf out;		  /* owned: the answer's body */
	struct json json;	  /* writes there */
	struct scan *scan;	  /* owned; NULL: none */
	struct page *page;	  /* in the arena; NULL: none */
	struct outbox_test *test; /* under way; NULL: none */
	void (*reply)(struct ask *ask, const struct reply *reply); /* Redis' next one */
	void *state;	  /* the handler's, in the arena */
	int64_t began_at; /* monotonic */
	size_t appends;	  /* its share of api->appends */
	bool acts;	  /* live has its address */
};

/* Replies that Redis owes us. The ask may have ended before they come, and those of a connection that was
 * lost never come: those tickets are thrown away when the next is made. */
struct ticket {
	struct ticket *next;
	struct api *api;
	struct ask *ask; /* NULL: ended */
	int64_t connection;
	unsigned left;
};

struct api {
	struct api_options options;
	char *token_bytes; /* owned */
	struct str token;
	struct http *http;			       /* owned */
	struct str events_key, rejected_key, task_key; /* borrowed from live */
	struct str alerts_key, dead_key, resend_key;   /* borrowed from live */
	struct ask *asks;			       /* owned */
	struct ticket *tickets;			       /* owned */
	unsigned scans;
	size_t appends;
	uint64_t answers[API_ROUTES_MAX]
			[6]; /* by route, one behind the last for none; by status / 100 */
	struct histogram durations;
};

/* api_routes.c: the table of routes; slot api_route_count() is that of no route, NULL. */
unsigned api_route_count(void);
const struct route *api_route_at(unsigned slot);
unsigned api_route_slot(const struct route *route);
/* *segment: what "*" stands for, as it was sent. NULL: there is none; then `allowed` is a header line that names
 * the method that path takes, or empty. */
#define API_ALLOW 64
const struct route *api_route_find(struct str method, struct str path, struct str *segment,
				   char allowed[API_ALLOW]);

/* api.c: how an ask ends, and how it waits. */
void ask_answer(struct ask *ask, int status); /* with ask->out, which is JSON */
void ask_answer_text(struct ask *ask, int status);
void ask_fail(struct ask *ask, int status, const char *code, const char *fmt, ...)
	PRINTF_LIKE(4, 5);
/* An act of which Redis took nothing, or nobody knows whether it did. */
/* Whether the reply is an error, which then is the answer: 503. */
bool ask_is_refused(struct ask *ask, const struct reply *reply);

void ask_fail_commit(struct ask *ask, const struct live_outcome *outcome);
struct str ask_parameter(const struct ask *ask, const char *name); /* STR_NONE: not given */
bool ask_limit(struct ask *ask, unsigned *out) MUST_CHECK;	   /* or it has failed */
/* The engine, or NULL after 503. */
struct engine *ask_engine(struct ask *ask) MUST_CHECK;
int64_t ask_now(const struct ask *ask); /* the instant at which customers are looked at */
void ask_wait(struct ask *ask);		/* 504 unless it is answered within API_WAIT_MS */
/* Commands to Redis; `reply` is called for each reply. false: it has failed with 503. */
bool ask_redis(struct ask *ask, struct str commands, unsigned replies,
	       void (*reply)(struct ask *ask, const struct reply *reply)) MUST_CHECK;
/* The body as one flat JSON object; an empty body has no fields. false: it has failed. */
bool ask_body_fields(struct ask *ask, struct field *fields, unsigned *count) MUST_CHECK;

/* api_scan.c: the best rows of all customers, a slice a turn. Of rows that are alike in what stands above, what stands
 * below decides. */
struct row {
	double key;    /* higher comes first */
	double then;   /* the same; worked out only if scan_wants() the key */
	int64_t at;    /* lower comes first */
	struct str id; /* of the customer, borrowed from it */
	unsigned n;
	const struct customer *customer;
};
struct scan_hooks {
	const char *order; /* a word: cursors of another are refused; NULL: it gives out none */
	/* Puts what fits into the rows, through scan_offer(). */
	void (*visit)(struct ask *ask, struct engine *engine, const struct customer *customer);
	void (*done)(struct ask *ask, const struct row *rows, unsigned count);
};
void scan_begin(struct ask *ask, struct scan_hooks hooks);
/* false: no row with that key comes into the page, whatever its `then`. */
bool scan_wants(const struct ask *ask, double key) MUST_CHECK;
void scan_offer(struct ask *ask, const struct row *row);
/* "next": the cursor of the page that follows, or null; and "at". */
void scan_finish_json(struct ask *ask);
void scan_destroy(struct scan *scan);

/* api_stream.c: pages of a stream, newest first. */
enum page_verdict { PAGE_TAKE, PAGE_SKIP, PAGE_STOP /* nor does any older one fit */ };
struct page_hooks {
	const char *name; /* of the list in the answer */
	enum page_verdict (*judge)(struct ask *ask, const struct reply *fields);
	void (*write)(struct ask *ask, struct str id, const struct reply *fields);
};
void page_begin(struct ask *ask, struct str key, const struct page_hooks *hooks);
/* A field of an entry (an array of names and values); STR_NONE. Valid as long as the reply. */
struct str entry_field(const struct reply *fields, const char *name);
/* A parameter that is an instant, ms or RFC 3339; `none` when it was not given. false: it has failed. */
bool ask_instant(struct ask *ask, const char *name, int64_t none, int64_t *out) MUST_CHECK;
/* An alert's body as the object that it is; null when it is none. */
void api_body_json(struct json *json, const char *key, struct str body);

/* api_webhooks.c, api_webhook_metrics.c: as many as are configured; "key": [...]; Prometheus' text of them. */
unsigned api_endpoints(const struct ask *ask, struct outbox_status out[CONFIG_MAX_WEBHOOKS]);
void api_endpoints_json(struct ask *ask, const char *key);
void api_endpoint_metrics(struct ask *ask);

/* api_dead.c: false: ask->id is none, and it has failed. */
bool api_letter_id(struct ask *ask) MUST_CHECK;

/* api_metrics.c, api_status.c: Prometheus' text. */
void api_count_answer(struct ask *ask, int status);
void api_live_metrics(struct ask *ask);

/* The handlers, by file. */
void api_healthz(struct ask *ask);
void api_readyz(struct ask *ask);
void api_metrics(struct ask *ask);
void api_status(struct ask *ask);
void api_webhooks(struct ask *ask);
void api_webhook(struct ask *ask);
void api_webhook_act(struct ask *ask);
void api_alerts(struct ask *ask);
void api_dead(struct ask *ask);
void api_letter(struct ask *ask);
void api_letter_act(struct ask *ask);
void api_dead_act(struct ask *ask);
void api_customers(struct ask *ask);
void api_customer(struct ask *ask);
void api_explain(struct ask *ask);
void api_timeline(struct ask *ask);
void api_rules(struct ask *ask);
void api_rules_stats(struct ask *ask);
void api_reload(struct ask *ask);
void api_tasks(struct ask *ask);
void api_task(struct ask *ask);
void api_task_act(struct ask *ask);
void api_task_report(struct ask *ask);
void api_events(struct ask *ask);
void api_entry(struct ask *ask);
void api_openapi(struct ask *ask);

/* daemon/app/openapi.json: change it with the table of routes. */
struct str api_openapi_text(void);

/* The customer that ask->id names, or NULL after 404. */
const struct customer *api_find_customer(struct ask *ask, struct engine *engine) MUST_CHECK;
/* What is at stake, as a key of rows; unknown comes behind all others. */
double api_value_key(struct engine *engine, const struct customer *customer, int64_t now);
/* api_rules.c: key: [{at, rules_version, by, why}]; key: {at, why} of files on the disk that are in error, or
 * null. */
void api_rule_changes_json(struct ask *ask, const char *key);
void api_rules_refused_json(struct ask *ask, const char *key);

/* api_task_json.c: a task's hash as JSON; of one that is to be done, with its times as they are by the rules in force, and
 * what is at stake now. false: there is none. */
bool api_task_json(struct ask *ask, const struct reply *hash) MUST_CHECK;

#endif
