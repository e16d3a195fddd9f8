/* SPDX-License-Identifier: Apache-2.0 */
/* Speaks to one endpoint: makes each request of its alerts, and says what the reply means. */
#include "io/sender.h"

#include <assert.h>

#include "base/mem.h"
#include "codec/alert_speak.h"
#include "io/log.h"
#include "io/secrets.h"
#include "io/webhook.h"

struct sender {
	struct sender_options options;
	const struct endpoint_config *config; /* borrowed */
	struct secrets secrets;		      /* owned */
	struct webhook_target *target;	      /* owned */
	struct sender_call *calls;	      /* owned: under way */
	struct sender_call *idle;	      /* owned, linked by next */
	bool released;
	bool telling; /* fn is running: not the moment to go */
};

struct sender_call {
	struct sender *sender; /* borrowed */
	struct sender_call *next;
	struct webhook_call *post; /* borrowed from the target */
	struct buf headers, body;  /* owned: of the request */
	struct buf error;
	sender_done_fn *fn;
	void *ctx;
};

/* --- going ------------------------------------------------------------------------------------------ */

static void
sender_destroy(struct sender *sender)
{
	const struct sender_options options = sender->options;
	struct sender_call *next;

	for (struct sender_call *call = sender->idle; call != NULL; call = next) {
		next = call->next;
		buf_finish(&call->headers);
		buf_finish(&call->body);
		buf_finish(&call->error);
		mem_free(call);
	}
	webhook_target_destroy(sender->target);
	secrets_finish(&sender->secrets);
	mem_free(sender);
	if (options.gone != NULL)
		options.gone(options.ctx);
}

static void
go_if_released(struct sender *sender)
{
	if (sender->released && !sender->telling && sender->calls == NULL)
		sender_destroy(sender);
}

/* --- the reply -------------------------------------------------------------------------------------- */

/* What went wrong, for people: never the URL, never what we sent. */
static void
say_why(struct buf *out, enum retry_outcome outcome, const struct webhook_reply *reply)
{
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

static void
retire(struct sender_call *call)
{
	struct sender *sender = call->sender;
	struct sender_call **link = &sender->calls;

	while (*link != call)
		link = &(*link)->next;
	*link = call->next;
	call->next = sender->idle;
	sender->idle = call;
	call->post = NULL;
}

static void
on_reply(void *ctx, const struct webhook_reply *reply)
{
	struct sender_call *call = ctx;
	struct sender *sender = call->sender;
	struct sender_result result = {
		.outcome = retry_classify(reply->status, reply->after),
		.status = reply->status,
		.after = reply->after,
		.reply = reply->body,
		.error = "",
	};

	buf_clear(&call->error);
	if (result.outcome != RETRY_DELIVERED) {
		say_why(&call->error, result.outcome, reply);
		result.error = call->error.p;
	}
	retire(call);
	sender->telling = true;
	call->fn(call->ctx, &result);
	sender->telling = false;
	go_if_released(sender);
}

/* --- the request ------------------------------------------------------------------------------------ */

/* The bytes signed are the bytes sent. */
static void
sign(struct sender_call *call, struct str id, struct str body)
{
	const struct secrets *secrets = &call->sender->secrets;
	int64_t timestamp = clock_wall() / SECOND_MS;

	buf_text(&call->headers, "webhook-id: ");
	buf_str(&call->headers, id);
	buf_text(&call->headers, "\nwebhook-timestamp: ");
	buf_int(&call->headers, timestamp);
	buf_text(&call->headers, "\nwebhook-signature: ");
	webhook_sign(&call->headers, secrets->keys, secrets->count, id, timestamp, body);
	buf_char(&call->headers, '\n');
}

static struct sender_call *
take_call(struct sender *sender)
{
	struct sender_call *call = sender->idle;

	if (call != NULL)
		sender->idle = call->next;
	else
		call = mem_alloc(sizeof *call);
	call->sender = sender;
	call->next = sender->calls;
	sender->calls = call;
	buf_clear(&call->headers);
	buf_clear(&call->body);
	return call;
}

struct sender_call *
sender_post(struct sender *sender, const struct sender_message *message, sender_done_fn *fn,
	    void *ctx)
{
	struct sender_call *call = take_call(sender);
	struct str body = message->bodies[0];

	assert(!sender->released && message->count > 0);
	call->fn = fn;
	call->ctx = ctx;
	if (alert_speak(&call->body, body, sender->config->lang))
		body = buf_view(&call->body);
	sign(call, message->id, body);
	call->post = webhook_send(
		sender->target,
		&(struct webhook_request){.headers = buf_view(&call->headers), .body = body},
		on_reply, call);
	return call;
}

void
sender_cancel(struct sender_call *call)
{
	struct sender *sender = call->sender;

	webhook_cancel(call->post);
	retire(call);
	go_if_released(sender);
}

/* --- coming ------------------------------------------------------------------------------------------ */

struct sender *
sender_create(const struct sender_options *options, struct err *err)
{
	struct sender *sender = mem_alloc(sizeof *sender);

	sender->options = *options;
	sender->config = options->endpoint;
	if (secrets_read(&sender->secrets, sender->config, options->folder, true, err) &&
	    (sender->target = webhook_target_create(options->loop, sender->config,
						    options->folder, err)))
		return sender;
	sender->options.gone = NULL;
	sender_destroy(sender);
	return NULL;
}

void
sender_release(struct sender *sender)
{
	if (sender == NULL)
		return;
	sender->released = true;
	go_if_released(sender);
}
