/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP interface: the life of a request, from its route to its answer. */
#include "app/api.h"

#include <assert.h>
#include <inttypes.h>
#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "app/api_room.h"
#include "base/mem.h"
#include "base/number.h"
#include "codec/event_fields.h"
#include "io/log.h"

/* --- how an ask ends --- */

static void
ask_free(struct ask *ask)
{
	struct api *api = ask->api;

	*(ask->before ? &ask->before->after : &api->asks) = ask->after;
	if (ask->after)
		ask->after->before = ask->before;
	if (ask->ticket)
		ask->ticket->ask = NULL;
	if (ask->acts) {
		live_append_forget(api->options.live, ask);
		live_reload_forget(api->options.live, ask);
	}
	if (ask->scan) {
		scan_destroy(ask->scan);
		api->scans--;
	}
	if (ask->test)
		outbox_test_cancel(ask->test);
	if (ask->timer)
		event_free(ask->timer);
	api->appends -= ask->appends;
	buf_finish(&ask->out);
	mem_free(ask);
}

static void
answer(struct ask *ask, int status, const char *type, const char *more)
{
	api_count_answer(ask, status);
	http_answer(ask->call, status, type, more, buf_view(&ask->out));
	ask_free(ask);
}

void
ask_answer(struct ask *ask, int status)
{
	buf_char(&ask->out, '\n');
	answer(ask, status, "application/json", status == 503 ? "Retry-After: 1\r\n" : NULL);
}

void
ask_answer_text(struct ask *ask, int status)
{
	answer(ask, status, "text/plain; version=0.0.4; charset=utf-8", NULL);
}

static void
fail_with(struct ask *ask, int status, const char *more, const char *code, const char *sentence)
{
	buf_clear(&ask->out);
	json_init(&ask->json, &ask->out);
	json_open(&ask->json, '{');
	json_key(&ask->json, "error");
	json_open(&ask->json, '{');
	json_key(&ask->json, "code");
	json_text(&ask->json, code);
	json_key(&ask->json, "message");
	json_text(&ask->json, sentence);
	json_close(&ask->json, '}');
	json_close(&ask->json, '}');
	buf_char(&ask->out, '\n');
	answer(ask, status, "application/json", more);
}

void
ask_fail(struct ask *ask, int status, const char *code, const char *fmt, ...)
{
	char sentence[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(sentence, sizeof sentence, fmt, args);
	va_end(args);
	fail_with(ask, status, status == 503 ? "Retry-After: 1\r\n" : NULL, code, sentence);
}

/* --- what handlers share --- */

bool
ask_is_refused(struct ask *ask, const struct reply *reply)
{
	if (reply->type != REPLY_ERROR)
		return false;
	ask_fail(ask, 503, "redis_error", "Redis says %.*s", STR_ARG(reply->text));
	return true;
}

void
ask_fail_commit(struct ask *ask, const struct live_outcome *outcome)
{
	if (outcome->result == LIVE_REFUSED)
		ask_fail(ask, 503, "redis_away", "%s", outcome->why);
	else
		ask_fail(ask, 504, "unsure", "%s; it may take effect yet", outcome->why);
}

struct str
ask_parameter(const struct ask *ask, const char *name)
{
	for (unsigned i = 0; i < ask->parameter_count; i++) {
		if (str_is(ask->parameters[i].name, name))
			return ask->parameters[i].value;
	}
	return STR_NONE;
}

bool
ask_limit(struct ask *ask, unsigned *out)
{
	struct str text = ask_parameter(ask, "limit");
	uint64_t number = API_LIMIT;

	if (text.n > 0 &&
	    (!parse_uint64(text, &number) || number < 1 || number > API_LIMIT_MAX)) {
		ask_fail(ask, 400, "bad_parameter", "limit is 1 to %d", API_LIMIT_MAX);
		return false;
	}
	*out = (unsigned)number;
	return true;
}

struct engine *
ask_engine(struct ask *ask)
{
	struct engine *engine = live_engine(ask->api->options.live);
	struct live_status status;

	if (engine)
		return engine;
	live_get_status(ask->api->options.live, &status);
	ask_fail(ask, 503, "not_ready", "churnd is %s and knows no customers yet%s%s",
		 live_state_name(status.state), status.why && *status.why ? ": " : "",
		 status.why ? status.why : "");
	return NULL;
}

/* Time that has passed with nothing due changes nothing but how long ago things were. */
int64_t
ask_now(const struct ask *ask)
{
	struct live *live = ask->api->options.live;
	int64_t clock = engine_clock(live_engine(live)), now = live_now(live);
	struct live_status status;

	live_get_status(live, &status);
	if (status.held || !status.drained || now < clock)
		return clock;
	if (now >= status.next_due)
		return status.next_due > clock ? status.next_due - 1 : clock;
	return now;
}

static void
on_wait_over(int fd, short what, void *ctx)
{
	(void)fd, (void)what;
	ask_fail(ctx, 504, "timeout",
		 "no answer from Redis within %d s; what was sent may be done",
		 API_WAIT_MS / 1000);
}

void
ask_wait(struct ask *ask)
{
	struct timeval after = {API_WAIT_MS / 1000, 0};

	if (ask->timer == NULL)
		ask->timer = evtimer_new(ask->api->options.base, on_wait_over, ask);
	event_add(ask->timer, &after);
}

static void
ticket_drop(struct ticket **link)
{
	struct ticket *ticket = *link;

	*link = ticket->next;
	if (ticket->ask)
		ticket->ask->ticket = NULL;
	mem_free(ticket);
}

static void
tickets_sweep(struct api *api, int64_t connection)
{
	for (struct ticket **link = &api->tickets; *link;) {
		if ((*link)->connection != connection)
			ticket_drop(link);
		else
			link = &(*link)->next;
	}
}

static void
on_reply(void *ctx, const struct reply *reply)
{
	struct ticket *ticket = ctx, **link = &ticket->api->tickets;
	struct ask *ask = ticket->ask;

	if (--ticket->left == 0) {
		while (*link != ticket)
			link = &(*link)->next;
		ticket_drop(link);
	}
	if (ask)
		ask->reply(ask, reply);
}

bool
ask_redis(struct ask *ask, struct str commands, unsigned replies,
	  void (*reply)(struct ask *ask, const struct reply *reply))
{
	struct api *api = ask->api;
	struct redis *redis = live_redis(api->options.live);
	struct ticket *ticket;

	if (redis == NULL || !redis_is_up(redis)) {
		ask_fail(ask, 503, "redis_away", "Redis is not connected");
		return false;
	}
	assert(ask->ticket == NULL && replies > 0);
	tickets_sweep(api, redis_client_id(redis));
	ticket = mem_alloc(sizeof *ticket);
	*ticket = (struct ticket){api->tickets, api, ask, redis_client_id(redis), replies};
	api->tickets = ask->ticket = ticket;
	ask->reply = reply;
	ask_wait(ask);
	redis_send(redis, commands, replies, on_reply, ticket);
	return true;
}

bool
ask_body_fields(struct ask *ask, struct field *fields, unsigned *count)
{
	struct str body = http_call_body(ask->call);
	struct err err;

	*count = 0;
	if (body.n == 0 || event_fields_json(body, ask->arena, fields, count, &err))
		return true;
	ask_fail(ask, 400, "bad_body", "%s", err.text);
	return false;
}

/* --- the way of a request --- */

static bool
check_parameters(struct ask *ask)
{
	const char *const *known = ask->route->parameters;

	for (unsigned i = 0; i < ask->parameter_count; i++) {
		struct str name = ask->parameters[i].name;
		unsigned k = 0;

		while (known && known[k] && !str_is(name, known[k]))
			k++;
		if (!known || !known[k]) {
			ask_fail(ask, 400, "bad_parameter", "%s has no parameter \"%.*s\"",
				 ask->route->path, STR_ARG(name));
			return false;
		}
	}
	return true;
}

static bool
token_fits(const struct api *api, struct str authorization)
{
	static const char scheme[] = "bearer ";
	size_t n = sizeof scheme - 1;

	if (authorization.n != n + api->token.n)
		return false;
	for (size_t i = 0; i < n; i++) {
		char c = authorization.p[i];

		if ((c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c) != scheme[i])
			return false;
	}
	return CRYPTO_memcmp(authorization.p + n, api->token.p, api->token.n) == 0;
}

/* origin = scheme "://" host */
static bool
is_own_origin(struct str origin, struct str host)
{
	for (size_t i = 0; i + 2 < origin.n; i++)
		if (memcmp(origin.p + i, "://", 3) == 0)
			return str_eq(str_slice(origin, i + 3, origin.n), host);
	return false;
}

/* Without a token whoever reaches us may ask; but a web page in a browser on this host must not: it comes
 * with a foreign Origin, or under a foreign name that was made to lead here, and then the two are alike. */
static bool
is_foreign_page(const struct api *api, const struct http_head *head)
{
	struct str origin = head->origin;

	if (api->token.n > 0)
		return false;
	if (origin.p && !is_own_origin(origin, head->host))
		return true;
	return head->has_host && !http_host_is_plain(head->host);
}

static bool
admit(struct ask *ask, const struct http_head *head)
{
	struct api *api = ask->api;

	if (is_foreign_page(api, head)) {
		ask_fail(
			ask, 403, "foreign_page",
			"requests of web pages, or under another name than localhost, need a token "
			"(http: token_file)");
		return false;
	}
	if (api->token.n == 0 || ask->route->open || token_fits(api, head->authorization))
		return true;
	fail_with(ask, 401, "WWW-Authenticate: Bearer\r\n", "unauthorized",
		  "the header Authorization: Bearer TOKEN is missing or wrong");
	return false;
}

static void
run(struct ask *ask, const struct http_head *head)
{
	char allowed[API_ALLOW];
	struct err err;

	ask->route = api_route_find(head->method, head->path, &ask->id, allowed);
	if (ask->route == NULL && *allowed)
		fail_with(ask, 405, allowed, "method_not_allowed",
			  "this path does not take that method");
	else if (ask->route == NULL)
		ask_fail(ask, 404, "not_found", "there is no %.*s", STR_ARG(head->path));
	else if (!admit(ask, head))
		return;
	else if (!http_query_parse(ask->arena, head->query, ask->parameters,
				   &ask->parameter_count, &err))
		ask_fail(ask, 400, "bad_parameter", "%s", err.text);
	else if (!http_decode(ask->arena, ask->id, false, &ask->id))
		ask_fail(ask, 400, "bad_path", "the path is not percent-encoded");
	else if (check_parameters(ask))
		ask->route->run(ask);
}

static void
take(void *ctx, struct http_call *call)
{
	struct api *api = ctx;
	struct ask *ask = mem_alloc(sizeof *ask);

	ask->api = api;
	ask->began_at = clock_monotonic();
	ask->call = call;
	ask->arena = http_call_arena(call);
	ask->after = api->asks;
	if (api->asks)
		api->asks->before = ask;
	api->asks = ask;
	json_init(&ask->json, &ask->out);
	run(ask, http_call_head(call));
}

/* --- the whole --- */

struct api *
api_create(const struct api_options *options, struct err *err)
{
	struct api *api = mem_alloc(sizeof *api);
	const struct http_options http = {options->base, options->listen, take, api};

	api->options = *options;
	api->events_key = live_key(options->live, "events");
	api->rejected_key = live_key(options->live, "rejected");
	api->task_key = live_key(options->live, "task:");
	api->alerts_key = live_key(options->live, "alerts");
	api->dead_key = live_key(options->live, "dead");
	api->resend_key = live_key(options->live, "resend");
	api->http = http_create(&http, err);
	if (api->http != NULL && options->token.n == 0 && !http_is_local(api->http)) {
		err_set(err,
			"http.listen %.*s can be reached by others: give a token_file, or listen "
			"on 127.0.0.1 or a unix socket",
			STR_ARG(options->listen));
		http_destroy(api->http);
		api->http = NULL;
	}
	if (api->http == NULL) {
		mem_free(api);
		return NULL;
	}
	api->token_bytes = mem_alloc(options->token.n + 1);
	memcpy(api->token_bytes, options->token.n ? options->token.p : "", options->token.n);
	api->token = (struct str){api->token_bytes, options->token.n};
	return api;
}

void
api_stop(struct api *api)
{
	http_stop(api->http);
}

void
api_destroy(struct api *api)
{
	if (api == NULL)
		return;
	while (api->asks)
		ask_fail(api->asks, 503, "stopping", "churnd stops");
	tickets_sweep(api, INT64_MIN);
	http_destroy(api->http);
	mem_free(api->token_bytes);
	mem_free(api);
}
