/* SPDX-License-Identifier: Apache-2.0 */
/* Sends an endpoint's alerts, and draws the consequences of each reply. */
#include <assert.h>
#include <inttypes.h>

#include "codec/alert_speak.h"
#include "io/endpoint_inside.h"
#include "io/log.h"

#define TELL_EVERY (10 * SECOND_MS) /* failures, in the log */
#define TELL_DENIED MINUTE_MS

#define NAME(endpoint) STR_ARG((endpoint)->config->name)

/* What went wrong, for people: never the URL, never what we sent. */
static void
note_error(struct endpoint *endpoint, enum retry_outcome outcome,
	   const struct webhook_reply *reply)
{
	struct buf *out = &endpoint->last_error;

	buf_clear(out);
	if (reply->status == 0) {
		buf_text(out, reply->error);
		return;
	}
	buf_printf(out, "answered %d", reply->status);
	if (reply->status >= 300 && reply->status < 400)
		buf_text(out, ": its URL has moved, and redirects are not followed");
	else if (outcome == RETRY_DENIED)
		buf_text(out, ": it does not accept our secret or headers");
	else if (outcome == RETRY_GONE)
		buf_text(out, ": it wants no more");
	else if (outcome == RETRY_THROTTLED)
		buf_text(out, ": too often");
}

/* Every failure counts, not every one is worth a line. */
static void
tell_failure(struct endpoint *endpoint, enum retry_outcome outcome,
	     const struct delivery_settled *settled, int64_t now)
{
	const char *error = endpoint->last_error.p;
	int64_t *quiet =
		outcome == RETRY_DENIED ? &endpoint->denied_until : &endpoint->quiet_until;

	if (settled->paused)
		log_error(
			"webhook",
			"%.*s %s: paused until somebody resumes it (churnctl webhooks resume)",
			NAME(endpoint), error);
	else if (settled->opened)
		log_warn("webhook",
			 "%.*s fails again and again (%s): resting, one try every %" PRId64
			 " s",
			 NAME(endpoint), error, endpoint->policy.probe_every / SECOND_MS);
	else if (now >= *quiet) {
		log_warn("webhook", "%.*s: %s; trying again in %" PRId64 " ms", NAME(endpoint),
			 error, settled->wait);
		*quiet = now + (outcome == RETRY_DENIED ? TELL_DENIED : TELL_EVERY);
	}
}

static void
give_up(struct endpoint *endpoint, struct delivery *delivery, bool refused,
	const struct webhook_reply *reply)
{
	struct buf reason = {0};

	if (refused) {
		buf_printf(&reason, "refused %u times, the last time it %s", RETRY_REFUSALS,
			   endpoint->last_error.p);
	} else {
		buf_text(&reason, "not delivered within ");
		buf_duration_words(&reason, endpoint->policy.retry.give_up_after, false);
		buf_printf(&reason, ": %s", endpoint->last_error.p);
	}
	log_warn("webhook", "%.*s: %.*s is given up: %s", NAME(endpoint), STR_ARG(delivery->id),
		 reason.p);
	endpoint_save_letter(endpoint, delivery,
			     &(struct progress_letter){
				     .endpoint = endpoint->config->name,
				     .reason = buf_view(&reason),
				     .reply = reply->body,
				     .status = reply->status,
				     .last_at = clock_wall(),
			     });
	buf_finish(&reason);
	endpoint->given_up++;
	endpoint->unsaved++;
}

static void
on_failure(struct endpoint *endpoint, struct delivery *delivery, enum retry_outcome outcome,
	   const struct webhook_reply *reply, int64_t now)
{
	bool first = delivery->first_active < 0;
	struct delivery_settled settled;

	endpoint->failed++;
	note_error(endpoint, outcome, reply);
	if (first)
		delivery->first_at = clock_wall();
	settled = delivery_settle(&endpoint->queue, delivery, outcome, reply->after, now);
	if (settled.paused)
		endpoint_save_paused(endpoint);
	if (settled.verdict == DELIVERY_GIVEN_UP) {
		if (!first)
			endpoint_save_drop_first(endpoint, delivery->at);
		give_up(endpoint, delivery, settled.refused, reply);
		return;
	}
	if (first)
		endpoint_save_first(endpoint, delivery);
	tell_failure(endpoint, outcome, &settled, now);
}

static void
on_delivered(struct endpoint *endpoint, struct delivery *delivery, int64_t now)
{
	struct stream_id at = delivery->at;
	bool failed_before = delivery->first_active >= 0;
	struct delivery_settled settled;

	settled = delivery_settle(&endpoint->queue, delivery, RETRY_DELIVERED, RETRY_NO_AFTER,
				  now);
	assert(settled.verdict == DELIVERY_DONE);
	endpoint->delivered++;
	endpoint->unsaved++;
	if (failed_before)
		endpoint_save_drop_first(endpoint, at);
	if (settled.closed)
		log_info("webhook", "%.*s takes alerts again", NAME(endpoint));
}

static void
on_reply(void *ctx, const struct webhook_reply *reply)
{
	struct flight *flight = ctx;
	struct endpoint *endpoint = flight->endpoint;
	struct delivery *delivery = flight->delivery;
	enum retry_outcome outcome = retry_classify(reply->status, reply->after);
	int64_t now = clock_monotonic();

	flight->delivery = NULL;
	flight->call = NULL;
	log_debug("webhook", "%.*s: %.*s: %d %s", NAME(endpoint), STR_ARG(delivery->id),
		  reply->status, reply->error);
	if (outcome == RETRY_DELIVERED)
		on_delivered(endpoint, delivery, now);
	else
		on_failure(endpoint, delivery, outcome, reply, now);
	endpoint_pump(endpoint);
}

static struct flight *
free_flight(struct endpoint *endpoint)
{
	struct flight *flight = endpoint->flights;

	while (flight->delivery != NULL)
		flight++;
	assert(flight < endpoint->flights + endpoint->policy.concurrency);
	return flight;
}

void
endpoint_send(struct endpoint *endpoint, struct delivery *delivery)
{
	struct flight *flight = free_flight(endpoint);
	int64_t timestamp = clock_wall() / SECOND_MS;
	struct buf signature = {0};
	struct str body = delivery->body;

	buf_clear(&flight->body);
	if (alert_speak(&flight->body, body, endpoint->config->lang))
		body = buf_view(&flight->body);
	webhook_sign(&signature, endpoint->secrets, endpoint->secret_count, delivery->id,
		     timestamp, body);
	flight->endpoint = endpoint;
	flight->delivery = delivery;
	flight->call = webhook_post(endpoint->target, delivery->id, timestamp,
				    buf_view(&signature), body, on_reply, flight);
	buf_finish(&signature);
}

void
endpoint_cancel_all(struct endpoint *endpoint)
{
	for (unsigned i = 0; i < endpoint->policy.concurrency; i++) {
		struct flight *flight = &endpoint->flights[i];

		if (flight->delivery == NULL)
			continue;
		webhook_cancel(flight->call);
		flight->delivery = NULL;
		flight->call = NULL;
	}
}
