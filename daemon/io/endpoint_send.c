/* SPDX-License-Identifier: Apache-2.0 */
/* Sends an endpoint's alerts, and draws the consequences of each reply. */
#include <assert.h>
#include <inttypes.h>

#include "base/mem.h"
#include "io/endpoint_inside.h"
#include "io/log.h"

#define TELL_EVERY (10 * SECOND_MS) /* failures, in the log */
#define TELL_DENIED MINUTE_MS

#define NAME(endpoint) STR_ARG((endpoint)->config->name)

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
	const struct sender_result *result)
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
				     .reply = result->reply,
				     .status = result->status,
				     .last_at = clock_wall(),
			     });
	buf_finish(&reason);
	endpoint->given_up++;
	endpoint->unsaved++;
}

static void
on_failure(struct endpoint *endpoint, struct delivery *delivery,
	   const struct sender_result *result, int64_t now)
{
	bool first = delivery->first_active < 0;
	struct delivery_settled settled;

	endpoint->failed++;
	buf_clear(&endpoint->last_error);
	buf_text(&endpoint->last_error, result->error);
	if (first)
		delivery->first_at = clock_wall();
	settled = delivery_settle(&endpoint->queue, delivery, result->outcome, result->after,
				  now);
	if (settled.paused)
		endpoint_save_state(endpoint, true);
	if (settled.verdict == DELIVERY_GIVEN_UP) {
		if (!first)
			endpoint_save_drop_first(endpoint, delivery->at);
		give_up(endpoint, delivery, settled.refused, result);
		return;
	}
	if (first)
		endpoint_save_first(endpoint, delivery);
	tell_failure(endpoint, result->outcome, &settled, now);
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
	endpoint->last_delivered_at = clock_wall();
	endpoint->unsaved++;
	if (failed_before)
		endpoint_save_drop_first(endpoint, at);
	if (settled.closed)
		log_info("webhook", "%.*s takes alerts again", NAME(endpoint));
}

static void
land(struct flight *flight)
{
	struct endpoint *endpoint = flight->endpoint;
	struct flight **link = &endpoint->flights;

	while (*link != flight)
		link = &(*link)->next;
	*link = flight->next;
	flight->next = endpoint->landed;
	endpoint->landed = flight;
}

static void
on_reply(void *ctx, const struct sender_result *result)
{
	struct flight *flight = ctx;
	struct endpoint *endpoint = flight->endpoint;
	struct delivery *delivery = flight->delivery;
	int64_t now = clock_monotonic();

	land(flight);
	endpoint->last_status = result->status;
	log_debug("webhook", "%.*s: %.*s: %d %s", NAME(endpoint), STR_ARG(delivery->id),
		  result->status, result->error);
	if (result->outcome == RETRY_DELIVERED)
		on_delivered(endpoint, delivery, now);
	else
		on_failure(endpoint, delivery, result, now);
	endpoint_pump(endpoint);
}

static struct flight *
take_off(struct endpoint *endpoint)
{
	struct flight *flight = endpoint->landed;

	if (flight != NULL)
		endpoint->landed = flight->next;
	else
		flight = mem_alloc(sizeof *flight);
	flight->endpoint = endpoint;
	flight->next = endpoint->flights;
	endpoint->flights = flight;
	return flight;
}

void
endpoint_send(struct endpoint *endpoint, struct delivery *delivery)
{
	struct flight *flight = take_off(endpoint);
	const struct sender_message message = {delivery->id, &delivery->body, 1};

	flight->delivery = delivery;
	flight->call = sender_post(endpoint->sender, &message, on_reply, flight);
}

void
endpoint_cancel_all(struct endpoint *endpoint)
{
	while (endpoint->flights != NULL) {
		struct flight *flight = endpoint->flights;

		land(flight);
		sender_cancel(flight->call);
	}
}
