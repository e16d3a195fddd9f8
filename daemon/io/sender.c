/* SPDX-License-Identifier: Apache-2.0 */
/* Speaks to one endpoint: makes each request of its alerts, and says what the reply means. */
#include <assert.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "codec/alert_speak.h"
#include "io/log.h"
#include "io/progress.h"
#include "io/sender_inside.h"

/* --- going ------------------------------------------------------------------------------------------ */

static void
call_destroy(struct sender_call *call)
{
	buf_finish(&call->headers);
	buf_finish(&call->body);
	buf_finish(&call->error);
	buf_finish(&call->why);
	buf_finish(&call->reply);
	connector_request_finish(&call->request);
	mem_free(call->bodies);
	mem_free(call);
}

static void
sender_destroy(struct sender *sender)
{
	const struct sender_options options = sender->options;
	struct sender_call *next;

	for (struct sender_call *call = sender->idle; call != NULL; call = next) {
		next = call->next;
		call_destroy(call);
	}
	webhook_target_destroy(sender->target);
	sender_token_finish(sender);
	webhook_signer_destroy(sender->signer);
	secrets_finish(&sender->secrets);
	scrub_finish(&sender->scrub);
	event_free(sender->soon);
	mem_free(sender);
	if (options.gone != NULL)
		options.gone(options.ctx);
}

void
sender_go(struct sender *sender)
{
	if (sender->released && sender->telling == 0 && sender->calls == NULL)
		sender_destroy(sender);
}

/* --- the reply -------------------------------------------------------------------------------------- */

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

void
sender_tell(struct sender_call *call, struct sender_result *result)
{
	struct sender *sender = call->sender;

	if (result->outcome != RETRY_DELIVERED)
		result->error = call->error.n > 0 ? call->error.p : "";
	retire(call);
	sender->telling++;
	call->fn(call->ctx, result);
	sender->telling--;
	sender_go(sender);
}

void
sender_refuse(struct sender_call *call, enum retry_outcome outcome, const char *why)
{
	buf_clear(&call->error);
	buf_text(&call->error, why);
	call->state = CALL_REFUSED;
	call->refused = outcome;
	event_active(call->sender->soon, 0, 0);
}

static void
on_soon(evutil_socket_t fd, short what, void *ctx)
{
	struct sender *sender = ctx;
	struct sender_call *call;

	(void)fd, (void)what;
	sender->telling++;
	do {
		for (call = sender->calls; call != NULL && call->state != CALL_REFUSED;)
			call = call->next;
		if (call != NULL)
			sender_tell(call, &(struct sender_result){.outcome = call->refused,
								  .unsayable = call->refused ==
									       RETRY_REFUSED,
								  .after = RETRY_NO_AFTER});
	} while (call != NULL);
	sender->telling--;
	sender_go(sender);
}

/* What went wrong, for people: never the URL, never what we sent. */
static void
say_why(struct buf *out, enum retry_outcome outcome, int status, struct str why)
{
	buf_printf(out, "answered %d", status);
	if (why.n > 0) {
		buf_text(out, ": ");
		buf_str(out, why);
	} else if (status >= 300 && status < 400) {
		buf_text(out, ": its URL has moved, and redirects are not followed");
	} else if (outcome == RETRY_DENIED) {
		buf_text(out, ": it does not accept our secret or headers");
	} else if (outcome == RETRY_GONE) {
		buf_text(out, ": it wants no more");
	} else if (outcome == RETRY_THROTTLED) {
		buf_text(out, ": too often");
	}
}

static enum retry_outcome
judge(struct sender_call *call, const struct webhook_reply *reply)
{
	const struct connector *connector = call->sender->config->connector;

	buf_clear(&call->why);
	if (connector == NULL || reply->status == 0)
		return retry_classify(reply->status, reply->after);
	return connector_judge(connector, reply->status, reply->after, reply->body, &call->why);
}

/* The other side may repeat what it was told: neither the log nor a dead letter does. */
static void
say_failure(struct sender_call *call, const struct webhook_reply *reply,
	    struct sender_result *result)
{
	const struct sender *sender = call->sender;
	const struct str token = buf_view(&sender->token.text);
	struct str shown = {reply->body.p,
			    utf8_cut(reply->body, (size_t)2 * PROGRESS_REPLY_MAX)};
	struct buf said = {0};

	if (reply->status == 0)
		buf_text(&said, reply->error);
	else
		say_why(&said, result->outcome, reply->status, buf_view(&call->why));
	buf_clear(&call->error);
	scrub_text(&sender->scrub, token, buf_view(&said), &call->error);
	buf_clear(&call->reply);
	scrub_text(&sender->scrub, token, shown, &call->reply);
	result->reply = buf_view(&call->reply);
	buf_finish(&said);
}

/* Once for each call; the schedule comes after that. */
static bool
renews_token(struct sender_call *call, const struct webhook_reply *reply)
{
	struct sender *sender = call->sender;
	const struct connector *connector = sender->config->connector;

	if (connector == NULL || !connector_has_token(connector) ||
	    !connector_token_is_stale(connector, reply->status, reply->body))
		return false;
	sender_drop_token(sender, call->token_number);
	if (call->renewed)
		return false;
	call->renewed = true;
	return true;
}

static void
on_reply(void *ctx, const struct webhook_reply *reply)
{
	struct sender_call *call = ctx;
	struct sender_result result = {
		.status = reply->status, .after = reply->after, .error = ""};

	call->post = NULL;
	if (renews_token(call, reply)) {
		sender_make_request(call);
		return;
	}
	result.outcome = judge(call, reply);
	if (result.outcome != RETRY_DELIVERED)
		say_failure(call, reply, &result);
	sender_tell(call, &result);
}

/* --- the request ------------------------------------------------------------------------------------ */

/* The bytes signed are the bytes sent. */
static void
sign(struct sender_call *call, struct str body)
{
	int64_t timestamp = clock_wall() / SECOND_MS;

	buf_text(&call->headers, "webhook-id: ");
	buf_str(&call->headers, call->id);
	buf_text(&call->headers, "\nwebhook-timestamp: ");
	buf_int(&call->headers, timestamp);
	buf_text(&call->headers, "\nwebhook-signature: ");
	webhook_signer_sign(call->sender->signer, &call->headers, call->id, timestamp, body);
	buf_char(&call->headers, '\n');
}

static void
post(struct sender_call *call, struct webhook_request *request)
{
	request->headers = buf_view(&call->headers);
	call->state = CALL_POSTED;
	call->post = webhook_send(call->sender->target, request, on_reply, call);
}

/* Standard: the alert as it stands in the stream, in the endpoint's language. */
static void
post_plain(struct sender_call *call)
{
	struct str body = call->bodies[0];

	buf_clear(&call->body);
	if (alert_speak(&call->body, body, call->sender->config->lang))
		body = buf_view(&call->body);
	sign(call, body);
	post(call, &(struct webhook_request){.body = body});
}

static bool
is_configured(const struct endpoint_config *config, struct str line)
{
	for (unsigned i = 0; i < config->header_count; i++) {
		struct str name = config->headers[i].name;

		if (line.n > name.n && line.p[name.n] == ':' &&
		    strncasecmp(line.p, name.p, name.n) == 0)
			return true;
	}
	return false;
}

/* The connector's headers, but for those that the configuration says otherwise. */
static void
add_headers(struct sender_call *call, struct str headers)
{
	for (size_t from = 0, to; from < headers.n; from = to + 1) {
		const char *end = memchr(headers.p + from, '\n', headers.n - from);

		to = end != NULL ? (size_t)(end - headers.p) : headers.n;
		if (is_configured(call->sender->config, str_slice(headers, from, to)))
			continue;
		buf_str(&call->headers, str_slice(headers, from, to));
		buf_char(&call->headers, '\n');
	}
}

struct connector_settings
sender_settings(const struct sender *sender)
{
	const struct endpoint_config *config = sender->config;

	return (struct connector_settings){
		.url = config->url,
		.lang = config->lang,
		.secret = secrets_first(&sender->secrets),
		.set = config->set,
		.set_count = config->set_count,
		.people = sender->options.config->people,
		.people_count = sender->options.config->people_count,
		.zone = almanac_zone(*sender->options.almanac),
	};
}

static void
post_connector(struct sender_call *call)
{
	struct sender *sender = call->sender;
	const struct connector *connector = sender->config->connector;
	const struct connector_settings settings = sender_settings(sender);
	const struct connector_message message = {
		.bodies = call->bodies,
		.count = (unsigned)call->count,
		.now = clock_wall(),
		.token = buf_view(&sender->token.text),
	};
	struct connector_request *made = &call->request;
	struct err err;

	call->token_number = sender->token.number;
	if (!connector_make(connector, &settings, &message, made, &err)) {
		sender_refuse(call, RETRY_REFUSED, err.text);
		return;
	}
	add_headers(call, buf_view(&made->headers));
	if (connector_signs(connector))
		sign(call, buf_view(&made->body));
	post(call, &(struct webhook_request){.method = made->method,
					     .url = buf_view(&made->url),
					     .body = buf_view(&made->body)});
}

void
sender_make_request(struct sender_call *call)
{
	struct sender *sender = call->sender;
	const struct connector *connector = sender->config->connector;

	buf_clear(&call->headers);
	if (connector == NULL) {
		post_plain(call);
	} else if (!connector_has_token(connector) || sender_has_token(sender)) {
		post_connector(call);
	} else {
		call->state = CALL_TOKENLESS;
		call->token_number = sender->token.number;
		sender_fetch_token(sender);
	}
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
	return call;
}

struct sender_call *
sender_post(struct sender *sender, const struct sender_message *message, sender_done_fn *fn,
	    void *ctx)
{
	struct sender_call *call = take_call(sender);

	assert(!sender->released && message->count > 0);
	call->fn = fn;
	call->ctx = ctx;
	call->id = message->id;
	call->renewed = false;
	call->count = message->count;
	MEM_RESERVE(call->bodies, call->cap, call->count);
	for (unsigned i = 0; i < message->count; i++)
		call->bodies[i] = message->bodies[i];
	sender_make_request(call);
	return call;
}

void
sender_cancel(struct sender_call *call)
{
	struct sender *sender = call->sender;

	if (call->state == CALL_POSTED)
		webhook_cancel(call->post);
	retire(call);
	sender_go(sender);
}

/* --- coming ----------------------------------------------------------------------------------------- */

/* URL = scheme "://" [login "@"] host ["/" path]; none: empty. */
static struct str
login_of(struct str url)
{
	size_t from = str_starts(url, STR("https://")) ? 8 : 7, end = from, at = from;

	while (end < url.n && strchr("/?#", url.p[end]) == NULL)
		end++;
	for (size_t i = from; i < end; i++)
		at = url.p[i] == '@' ? i : at;
	return url.n > from ? str_slice(url, from, at) : STR_NONE;
}

#define SECRET_LEAST \
	12 /* bytes: what is shorter in a way, a parameter or a header is hardly a secret */

static void
learn_word(struct sender *sender, struct str word)
{
	if (word.n >= SECRET_LEAST)
		scrub_add(&sender->scrub, word);
}

/* The way to the endpoint is a secret of many robots, as a whole or in one of its parts. */
static void
learn_way(struct sender *sender, struct str way)
{
	scrub_add(&sender->scrub, way);
	for (size_t from = 0, to; from < way.n; from = to + 1) {
		for (to = from; to < way.n && strchr("/?&=#", way.p[to]) == NULL; to++)
			;
		learn_word(sender, str_slice(way, from, to));
	}
}

static void
learn_secrets(struct sender *sender)
{
	const struct endpoint_config *config = sender->config;
	const struct buf *lines = &sender->secrets.lines;
	struct str url = config->url;
	size_t way = 8; /* past the scheme; a query may follow the host without a path */

	while (way < url.n && strchr("/?#", url.p[way]) == NULL)
		way++;
	if (way < url.n)
		learn_way(sender, str_slice(url, way + 1, url.n));
	scrub_add_login(&sender->scrub, login_of(url));
	for (size_t i = 0; i < lines->n; i += strlen(lines->p + i) + 1)
		scrub_add(&sender->scrub, str_of(lines->p + i));
	for (unsigned i = 0; i < config->set_count; i++)
		learn_word(sender, config->set[i].value);
	for (unsigned i = 0; i < config->header_count; i++)
		learn_word(sender, config->headers[i].value);
}

struct sender *
sender_create(const struct sender_options *options, struct err *err)
{
	struct sender *sender = mem_alloc(sizeof *sender);
	const struct connector *connector = options->endpoint->connector;
	bool signs = connector == NULL || connector_signs(connector);

	sender->options = *options;
	sender->config = options->endpoint;
	sender->soon = event_new(options->base, -1, 0, on_soon, sender);
	assert(sender->soon != NULL);
	if (secrets_read(&sender->secrets, sender->config, options->folder, signs, err) &&
	    (sender->target = webhook_target_create(options->loop, sender->config,
						    options->folder, err))) {
		learn_secrets(sender);
		if (signs)
			sender->signer = webhook_signer_create(sender->secrets.keys,
							       sender->secrets.count);
		return sender;
	}
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
	sender_go(sender);
}
