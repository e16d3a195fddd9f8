/* SPDX-License-Identifier: Apache-2.0 */
/* Fetches the token that a connector's requests need: one request at a time, for all who wait. */
#include <openssl/crypto.h>

#include "io/log.h"
#include "io/sender_inside.h"

bool
sender_has_token(const struct sender *sender)
{
	return sender->token.text.n > 0 && clock_wall() < sender->token.expires_at;
}

static void
wipe(struct buf *buf)
{
	if (buf->p != NULL)
		OPENSSL_cleanse(buf->p, buf->cap);
	buf_clear(buf);
}

void
sender_drop_token(struct sender *sender, unsigned number)
{
	if (number == sender->token.number)
		wipe(&sender->token.text);
}

static struct sender_call *
first_waiting(const struct sender *sender, const struct sender_call *before)
{
	struct sender_call *found = NULL;

	for (struct sender_call *call = sender->calls; call != NULL; call = call->next)
		if (call->state == CALL_TOKENLESS && call->token_number < before->token_number)
			found = call;
	return found;
}

/* Those that come while they are told ask anew: they carry a higher number. */
static void
tell_waiting(struct sender *sender, const struct sender_result *result)
{
	struct sender_call limit = {.token_number = sender->token.number + 1}, *call;

	sender->token.number++;
	sender->telling++;
	while ((call = first_waiting(sender, &limit)) != NULL) {
		struct sender_result copy = *result;

		if (result->outcome == RETRY_DELIVERED) {
			sender_make_request(call);
			continue;
		}
		buf_clear(&call->error);
		buf_text(&call->error, result->error);
		sender_tell(call, &copy);
	}
	sender->telling--;
	sender_go(sender);
}

/* What hinders a token hinders every alert: it is never their own fault. */
static enum retry_outcome
outcome_of(int status, int64_t after)
{
	enum retry_outcome outcome = retry_classify(status, after);

	if (outcome == RETRY_LATER || outcome == RETRY_THROTTLED)
		return outcome;
	return RETRY_DENIED;
}

static void
on_token(void *ctx, const struct webhook_reply *reply)
{
	struct sender *sender = ctx;
	struct token *token = &sender->token;
	struct sender_result result = {.outcome = RETRY_DELIVERED,
				       .status = reply->status,
				       .after = reply->after,
				       .error = ""};
	struct err err = {""};

	token->post = NULL;
	if (!connector_token_read(sender->config->connector, reply->status, reply->body,
				  clock_wall(), &token->text, &token->expires_at, &err)) {
		wipe(&token->text);
		result.outcome = outcome_of(reply->status, reply->after);
		result.error = reply->status == 0 ? reply->error : err.text;
	}
	wipe(&token->request.body);
	wipe(&token->request.headers);
	wipe(&token->request.url);
	log_debug("webhook", "%.*s: a token was asked for: %d %s",
		  STR_ARG(sender->config->name), reply->status, result.error);
	tell_waiting(sender, &result);
}

void
sender_fetch_token(struct sender *sender)
{
	struct token *token = &sender->token;
	const struct connector_settings settings = sender_settings(sender);
	struct sender_call *call;
	struct err err;

	if (token->post != NULL)
		return;
	if (!connector_token_make(sender->config->connector, &settings, clock_wall(),
				  &token->request, &err)) {
		for (call = sender->calls; call != NULL; call = call->next)
			if (call->state == CALL_TOKENLESS)
				sender_refuse(call, RETRY_DENIED, err.text);
		return;
	}
	token->post = webhook_send(sender->target,
				   &(struct webhook_request){
					   .method = token->request.method,
					   .url = buf_view(&token->request.url),
					   .headers = buf_view(&token->request.headers),
					   .body = buf_view(&token->request.body),
					   .bare = true,
				   },
				   on_token, sender);
}

void
sender_token_finish(struct sender *sender)
{
	wipe(&sender->token.text);
	buf_finish(&sender->token.text);
	wipe(&sender->token.request.body);
	connector_request_finish(&sender->token.request);
}
