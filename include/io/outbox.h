/* SPDX-License-Identifier: Apache-2.0 */
/* The outbox: carries committed alerts from the stream to their endpoints, each at its own pace. */
#ifndef IO_OUTBOX_H
#define IO_OUTBOX_H

#include <event2/event.h>

#include "base/calendar.h"
#include "base/civil.h"
#include "codec/config.h"
#include "codec/exposition.h"
#include "engine/entry.h"
#include "engine/retry.h"
#include "io/redis.h"

struct outbox;

struct outbox_options {
	struct event_base *base;
	const struct redis_address *redis; /* it opens a connection of its own */
	struct str prefix;
	const struct config *config; /* borrowed: its webhooks and people */
	struct str folder;   /* for relative secret_file, ca_file: the configuration's */
	int64_t probe_every; /* ms between tries while a circuit is open; 0: a minute */
};

/* NULL: a secret or certificate file cannot be read (one sentence, without the secret). */
struct outbox *outbox_create(const struct outbox_options *options, struct err *err) MUST_CHECK;
/* Another process delivers: nothing is read and nothing new is sent. So it begins; when that is over, every endpoint
 * takes up where Redis says. */
void outbox_hold(struct outbox *outbox, bool held);
/* Alerts were committed: look for new ones now (it also looks when its connection comes back). */
void outbox_wake(struct outbox *outbox);
/* Other webhooks: all or nothing; on success config is the outbox's own. Files of secrets and certificates are read
 * again. Endpoints that stay go on where they are, requests in flight end as they began; one that goes lets its
 * requests end, and its progress stays in Redis. */
bool outbox_reload(struct outbox *outbox, struct config *config, struct str folder,
		   struct err *err) MUST_CHECK;
/* The zone and the calendar of the rules in force, for the endpoints' hours (copied). Those with hours send nothing
 * before they are told. */
void outbox_set_calendar(struct outbox *outbox, const struct zone *zone,
			 const struct calendar *calendar);
/* Alerts before `before` are about to be trimmed from the stream: those that are not done become dead letters
 * (`expired`), and what may be trimmed now is what lies before the id returned (0-0: nothing yet). */
struct stream_id outbox_expire(struct outbox *outbox, struct stream_id before);
/* Starts nothing new, lets requests in flight end, records progress; then calls done (also when there
 * was nothing to wait for, but never before outbox_stop returned). */
void outbox_stop(struct outbox *outbox, void (*done)(void *ctx), void *ctx);
void outbox_destroy(struct outbox *outbox);

/* A person pauses or resumes an endpoint: in force at once, in Redis (`state` of <prefix>delivery:NAME, "paused" or
 * "ok") with the next write. False: there is no such endpoint. */
bool outbox_pause(struct outbox *outbox, struct str name,
		  struct str why); /* why: a sentence, kept with it */
bool outbox_resume(struct outbox *outbox, struct str name);

/* Sends one alert of the type webhook.test to an endpoint now: outside of its queue, also while it is paused. */
struct outbox_test_result {
	enum retry_outcome outcome;
	int status; /* 0: no reply came */
	int64_t ms; /* from the asking to the reply */
	struct str
		why; /* a sentence for people, without secrets; empty when it was delivered */
};
/* Called once, never before outbox_test returns; the result is valid during the call. */
typedef void outbox_test_fn(void *ctx, const struct outbox_test_result *result);
#define OUTBOX_TESTS_MAX 16 /* at a time */
struct outbox_test;
/* NULL: there is no such endpoint, or too many tests are under way. */
struct outbox_test *outbox_test(struct outbox *outbox, struct str name, outbox_test_fn *fn,
				void *ctx, struct err *err) MUST_CHECK;
void outbox_test_cancel(struct outbox_test *test); /* who asked has gone: fn is not called */

/* Dead letters: the stream <prefix>dead, one entry each:
 *   id, endpoint, customer, body  of the alert, as they stood in the alerts stream
 *   reason    a sentence; `expired` when it was trimmed before the endpoint took it
 *   status    of the last reply; 0: none came
 *   reply     its first 2 KiB
 *   attempts, first_at, last_at   tries, and ms since the epoch of the first and the last; 0: never tried
 * To send one again (with the same webhook-id): in one atomic script XDEL it and XADD an entry with
 * its `id`, `endpoint`, `customer` and `body` to the stream <prefix>resend. The endpoint removes that entry when it
 * has delivered it or given it up again. An entry for an endpoint that does not exist stays. */

struct outbox_status {
	struct str name, format;
	const char *state; /* "ok", "retrying", "open" (circuit), "paused", "quiet" (hours) */
	uint64_t delivered, failed, dead; /* since start: alerts, tries, alerts */
	uint64_t digests;		  /* requests that carried more than one alert */
	uint64_t resent;		  /* dead letters that were delivered after all */
	uint64_t waiting;		  /* taken from the stream, not delivered */
	bool backlog;			  /* and there is more in the stream */
	int64_t oldest_at;     /* when the oldest that waits was decided on; 0: none waits */
	int last_status;       /* of the last reply; 0: none, or none came */
	struct str last_error; /* one sentence or empty */
	struct str paused_why; /* the same; empty while it is not paused */
	/* Wall clock, ms; 0: not. */
	int64_t last_delivered_at, throttled_until, probe_at, quiet_until;
	const uint64_t *tries;		   /* since start, by enum retry_outcome; borrowed */
	const struct histogram *durations; /* of tries; borrowed */
};
unsigned outbox_status(const struct outbox *outbox, struct outbox_status *out, unsigned max);

#endif
