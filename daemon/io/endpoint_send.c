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
tell_failure(struct endpoint *endpoint, const struct delivery_landed *landed, int64_t wait,
	     int64_t now)
{
	const char *error = endpoint->last_error.p;
	bool denied = landed->outcome == RETRY_DENIED;
	int64_t *quiet = denied ? &endpoint->denied_until : &endpoint->quiet_until;

	if (landed->paused)
		log_error(
			"webhook",
			"%.*s %s: paused until somebody resumes it (churnctl webhooks resume)",
			NAME(endpoint), error);
	else if (landed->opened)
		log_warn("webhook",
			 "%.*s fails again and again (%s): resting, one try every %" PRId64
			 " s",
			 NAME(endpoint), error, endpoint->policy.probe_every / SECOND_MS);
	else if (now >= *quiet) {
		log_warn("webhook", "%.*s: %s; trying again in %" PRId64 " ms", NAME(endpoint),
			 error, wait);
		*quiet = now + (denied ? TELL_DENIED : TELL_EVERY);
	}
}

static void
say_reason(struct buf *out, const struct endpoint *endpoint, bool refused,
	   const struct sender_result *result)
{
	if (result->unsayable) {
		buf_printf(out, "it cannot be told: %s", result->error);
		return;
	}
	if (refused) {
		buf_printf(out, "refused %u times, the last time it %s", RETRY_REFUSALS,
			   result->error);
		return;
	}
	buf_text(out, "not delivered within ");
	buf_duration_words(out, endpoint->policy.retry.give_up_after, false);
	buf_printf(out, ": %s", result->error);
}

static void
give_up(struct endpoint *endpoint, struct delivery *delivery, bool refused,
	const struct sender_result *result)
{
	struct buf reason = {0};

	say_reason(&reason, endpoint, refused, result);
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
}

static void
on_expired(void *ctx, struct delivery *delivery)
{
	struct endpoint *endpoint = ctx;

	log_warn("webhook", "%.*s: %.*s expired before it was delivered", NAME(endpoint),
		 STR_ARG(delivery->id));
	endpoint_save_letter(endpoint, delivery,
			     &(struct progress_letter){
				     .endpoint = endpoint->config->name,
				     .reason = STR("expired"),
				     .last_at = delivery->first_at,
			     });
}

void
endpoint_send_expired(struct endpoint *endpoint)
{
	delivery_expire(&endpoint->queue, endpoint->expires, on_expired, endpoint);
}

/* The failure of one alert of a request; ms until it is tried again. */
static int64_t
settle_failure(struct endpoint *endpoint, struct delivery *delivery,
	       const struct delivery_landed *landed, const struct sender_result *result,
	       int64_t now)
{
	bool first = delivery->first_active < 0;
	struct delivery_settled settled;

	if (first)
		delivery->first_at = clock_wall();
	settled = delivery_settle(&endpoint->queue, delivery, landed, now);
	if (settled.verdict == DELIVERY_GIVEN_UP)
		give_up(endpoint, delivery, settled.refused, result);
	else if (first)
		endpoint_save_first(endpoint, delivery);
	return settled.wait;
}

static void
on_failure(struct endpoint *endpoint, struct delivery *delivery,
	   const struct delivery_landed *landed, const struct sender_result *result,
	   int64_t now)
{
	struct delivery *next;
	int64_t wait = 0;

	endpoint->failed++;
	buf_clear(&endpoint->last_error);
	buf_text(&endpoint->last_error, result->error);
	if (landed->paused) {
		buf_clear(&endpoint->paused_why);
		buf_text(&endpoint->paused_why, result->error);
		endpoint_save_state(endpoint, true);
	}
	for (; delivery != NULL; delivery = next) {
		int64_t own;

		next = delivery_joined(&endpoint->queue, delivery);
		own = settle_failure(endpoint, delivery, landed, result, now);
		wait = own > wait ? own : wait;
	}
	endpoint->moved |= landed->outcome == RETRY_THROTTLED; /* until when it rests is kept */
	tell_failure(endpoint, landed, wait, now);
}

static void
settle_delivered(struct endpoint *endpoint, struct delivery *delivery,
		 const struct delivery_landed *landed, int64_t now)
{
	endpoint->delivered++;
	endpoint->resent += delivery->again;
	endpoint_save_done(endpoint, delivery);
	(void)delivery_settle(&endpoint->queue, delivery, landed, now);
}

static void
on_delivered(struct endpoint *endpoint, struct delivery *delivery,
	     const struct delivery_landed *landed, int64_t now)
{
	struct delivery *next;

	endpoint->last_delivered_at = clock_wall();
	for (; delivery != NULL; delivery = next) {
		next = delivery_joined(&endpoint->queue, delivery);
		settle_delivered(endpoint, delivery, landed, now);
	}
	if (landed->closed)
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
	struct delivery_landed landed;

	land(flight);
	landed = result->unsayable
			 ? delivery_unsayable(&endpoint->queue, now)
			 : delivery_land(&endpoint->queue, result->outcome, result->after, now);
	endpoint->last_status = result->status;
	endpoint->tries[result->outcome]++;
	histogram_add(&endpoint->durations, now - flight->began_at);
	log_debug("webhook", "%.*s: %.*s: %d %s", NAME(endpoint), STR_ARG(delivery->id),
		  result->status, result->error);
	if (result->outcome == RETRY_DELIVERED)
		on_delivered(endpoint, delivery, &landed, now);
	else
		on_failure(endpoint, delivery, &landed, result, now);
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
	struct str bodies[DELIVERY_DIGEST_MAX];
	struct sender_message message = {.id = delivery->id, .bodies = bodies};

	flight->began_at = clock_monotonic();
	flight->delivery = delivery;
	for (; delivery != NULL; delivery = delivery_joined(&endpoint->queue, delivery))
		bodies[message.count++] = delivery->body;
	endpoint->digests += message.count > 1;
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
