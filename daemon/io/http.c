/* SPDX-License-Identifier: Apache-2.0 */
/* Connections of the HTTP server: what a client sends becomes calls, answers go back in order. */
#include "io/http.h"

#include <assert.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/json.h"
#include "base/mem.h"
#include "io/http_listen.h"
#include "io/log.h"

/* A connection is one of these; http_move() is the one that changes it. */
enum http_state {
	HTTP_IDLE,	/* between two requests, nothing read */
	HTTP_HEAD,	/* part of a head was read */
	HTTP_BODY,	/* the head is whole */
	HTTP_CALLED,	/* with the one who answers */
	HTTP_ANSWERING, /* the answer is on its way */
	HTTP_LINGERING	/* the last answer is out; what still comes is dropped */
};

struct http_call {
	struct http *http;
	struct http_call *before, *after; /* in http's list, oldest state first */
	struct bufferevent *bev;	  /* owned */
	struct event *timer;		  /* owned: the deadline of the state */
	enum http_state state;
	struct buf head_text, body; /* owned */
	struct http_head head;	    /* borrowed from head_text */
	struct http_chunks chunks;
	struct arena arena;
	bool last;   /* no further request on this connection */
	bool ended;  /* the client sends no more than what was read already */
	bool broken; /* the client has gone; the answer will be dropped */
};

struct http {
	struct http_options options;
	struct http_listener listener;
	struct http_call *first, *last; /* owned */
	struct event *retry;		/* owned: until the address is free */
	unsigned count;
	bool stopped;
};

#define HTTP_RETRY_MS 2000

static void read_on(struct http_call *call);

/* --- connections --- */

static void
unlink_call(struct http_call *call)
{
	struct http *http = call->http;

	*(call->before ? &call->before->after : &http->first) = call->after;
	*(call->after ? &call->after->before : &http->last) = call->before;
	call->before = call->after = NULL;
}

static void
link_last(struct http_call *call)
{
	struct http *http = call->http;

	call->before = http->last;
	*(http->last ? &http->last->after : &http->first) = call;
	http->last = call;
}

static void
call_free(struct http_call *call)
{
	assert(call->state != HTTP_CALLED);
	unlink_call(call);
	call->http->count--;
	bufferevent_free(call->bev);
	event_free(call->timer);
	buf_finish(&call->head_text);
	buf_finish(&call->body);
	arena_finish(&call->arena);
	mem_free(call);
}

static int
deadline_of(enum http_state state)
{
	static const int ms[] = {
		[HTTP_IDLE] = HTTP_REQUEST_MS,	   [HTTP_HEAD] = HTTP_REQUEST_MS,
		[HTTP_BODY] = HTTP_REQUEST_MS,	   [HTTP_CALLED] = 0,
		[HTTP_ANSWERING] = HTTP_ANSWER_MS, [HTTP_LINGERING] = HTTP_LINGER_MS};
	return ms[state];
}

/* The deadline of a request runs from its first byte: head and body share it. */
static void
http_move(struct http_call *call, enum http_state to)
{
	int ms = deadline_of(to);

	if (!(call->state == HTTP_HEAD && to == HTTP_BODY)) {
		struct timeval after = {ms / 1000, ms % 1000 * 1000};

		event_del(call->timer);
		if (ms > 0)
			event_add(call->timer, &after);
	}
	call->state = to;
	unlink_call(call);
	link_last(call);
}

static void
on_deadline(int fd, short what, void *ctx)
{
	(void)fd, (void)what;
	call_free(ctx);
}

/* --- answers --- */

static const char *
reason_of(int status)
{
	static const struct {
		int status;
		const char *reason;
	} reasons[] = {
		{200, "OK"},
		{202, "Accepted"},
		{400, "Bad Request"},
		{401, "Unauthorized"},
		{403, "Forbidden"},
		{404, "Not Found"},
		{405, "Method Not Allowed"},
		{409, "Conflict"},
		{413, "Content Too Large"},
		{417, "Expectation Failed"},
		{431, "Request Header Fields Too Large"},
		{500, "Internal Server Error"},
		{501, "Not Implemented"},
		{503, "Service Unavailable"},
		{504, "Gateway Timeout"},
		{505, "HTTP Version Not Supported"},
	};

	for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
		if (reasons[i].status == status)
			return reasons[i].reason;
	}
	return "Other";
}

static void
write_answer(struct http_call *call, int status, const char *type, const char *more,
	     struct str body)
{
	struct evbuffer *out = bufferevent_get_output(call->bev);

	evbuffer_add_printf(
		out,
		"HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
		"Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n%s%s\r\n",
		status, reason_of(status), type, body.n, more ? more : "",
		call->last ? "Connection: close\r\n" : "");
	if (!str_is(call->head.method, "HEAD"))
		evbuffer_add(out, body.p, body.n);
	http_move(call, HTTP_ANSWERING);
}

static void
refuse(struct http_call *call, int status, const char *sentence)
{
	struct buf body = {0};
	struct json json;

	json_init(&json, &body);
	json_open(&json, '{');
	json_key(&json, "error");
	json_open(&json, '{');
	json_key(&json, "code");
	json_text(&json, status == 413 || status == 431 ? "too_large" : "bad_request");
	json_key(&json, "message");
	json_text(&json, sentence);
	json_close(&json, '}');
	json_close(&json, '}');
	buf_char(&body, '\n');
	call->last = true;
	write_answer(call, status, "application/json", NULL, buf_view(&body));
	buf_finish(&body);
}

void
http_answer(struct http_call *call, int status, const char *type, const char *more,
	    struct str body)
{
	assert(call->state == HTTP_CALLED);
	call->last = call->last || call->http->stopped || !call->head.keep_alive;
	write_answer(call, status, type, more, body);
	if (call->broken)
		call_free(call);
}

static bool
is_reading(const struct http_call *call)
{
	return call->state == HTTP_IDLE || call->state == HTTP_HEAD || call->state == HTTP_BODY;
}

static void
begin_next(struct http_call *call)
{
	buf_clear(&call->head_text);
	buf_clear(&call->body);
	arena_reset(&call->arena);
	call->head = (struct http_head){0};
	call->chunks = (struct http_chunks){0};
	http_move(call, HTTP_IDLE);
	read_on(call);
	if (call->ended && is_reading(call))
		call_free(call);
}

/* The answer has left. A client that is still sending would lose it to a reset if we closed now. */
static void
on_written(struct bufferevent *bev, void *ctx)
{
	struct http_call *call = ctx;

	if (call->state != HTTP_ANSWERING)
		return;
	if (!call->last) {
		begin_next(call);
		return;
	}
	if (call->ended) {
		call_free(call);
		return;
	}
	http_move(call, HTTP_LINGERING);
	shutdown(bufferevent_getfd(bev), SHUT_WR);
	evbuffer_drain(bufferevent_get_input(bev), SIZE_MAX);
}

/* --- requests --- */

static void
hand_over(struct http_call *call)
{
	http_move(call, HTTP_CALLED);
	call->http->options.take(call->http->options.ctx, call);
}

/* Moves one whole head out of the input; false when there is none yet, or it was refused. */
static bool
take_head(struct http_call *call, struct evbuffer *in)
{
	size_t n = evbuffer_get_length(in);
	const char *bytes;
	struct err err;
	int status = 400;

	n = n < HTTP_HEAD_MAX + 1 ? n : HTTP_HEAD_MAX + 1;
	bytes = (const char *)evbuffer_pullup(in, (ev_ssize_t)n);
	while (n > 0 && call->state == HTTP_IDLE && (*bytes == '\r' || *bytes == '\n')) {
		evbuffer_drain(in, 1); /* left by the request before */
		bytes = (const char *)evbuffer_pullup(in, (ev_ssize_t)--n);
	}
	if (n == 0)
		return false;
	if (call->state == HTTP_IDLE)
		http_move(call, HTTP_HEAD);
	size_t length = http_head_length((struct str){bytes, n});

	if (length == 0 || length > HTTP_HEAD_MAX) {
		if (n > HTTP_HEAD_MAX)
			refuse(call, 431, "the request's head is larger than 16 KiB");
		return false;
	}
	buf_add(&call->head_text, bytes, length);
	evbuffer_drain(in, length);
	if (!http_head_parse(buf_view(&call->head_text), &call->head, &status, &err)) {
		refuse(call, status, err.text);
		return false;
	}
	http_move(call, HTTP_BODY);
	if (call->head.expect.n > 0 && evbuffer_get_length(in) == 0)
		bufferevent_write(call->bev, "HTTP/1.1 100 Continue\r\n\r\n", 25);
	return true;
}

/* true when the body is whole. */
static bool
take_body(struct http_call *call, struct evbuffer *in)
{
	size_t n = evbuffer_get_length(in), used = 0;
	const char *bytes = n > 0 ? (const char *)evbuffer_pullup(in, -1) : NULL;
	int status;

	if (!call->head.chunked) {
		size_t wanted = (size_t)call->head.length - call->body.n;

		n = n < wanted ? n : wanted;
		if (n > 0)
			buf_add(&call->body, bytes, n);
		evbuffer_drain(in, n);
		return call->body.n == call->head.length;
	}
	if (n > 0 && !http_chunks_feed(&call->chunks, bytes, n, &call->body, HTTP_BODY_MAX,
				       &used, &status)) {
		refuse(call, status,
		       status == 413 ? "a body may have 1 MiB at most"
				     : "a chunk is malformed");
		return false;
	}
	evbuffer_drain(in, used);
	return call->chunks.at == CHUNK_DONE;
}

static void
read_on(struct http_call *call)
{
	struct evbuffer *in = bufferevent_get_input(call->bev);

	if (call->state == HTTP_LINGERING)
		evbuffer_drain(in, SIZE_MAX);
	if (is_reading(call) && call->state != HTTP_BODY && !take_head(call, in))
		return;
	if (call->state == HTTP_BODY && take_body(call, in))
		hand_over(call);
}

static void
on_readable(struct bufferevent *bev, void *ctx)
{
	(void)bev;
	read_on(ctx);
}

/* A client may end its side and still wait for its answers. */
static void
on_event(struct bufferevent *bev, short what, void *ctx)
{
	struct http_call *call = ctx;

	(void)bev;
	call->ended = true;
	call->broken = call->broken || (what & BEV_EVENT_ERROR);
	if (call->state == HTTP_CALLED || (call->state == HTTP_ANSWERING && !call->broken))
		return;
	call_free(call);
}

/* --- accepting --- */

/* The connection that has idled longest makes room. */
static bool
make_room(struct http *http)
{
	if (http->count < HTTP_MAX_CONNECTIONS)
		return true;
	for (struct http_call *call = http->first; call; call = call->after) {
		if (call->state == HTTP_IDLE || call->state == HTTP_LINGERING) {
			call_free(call);
			return true;
		}
	}
	return false;
}

static void
on_accepted(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *from, int n,
	    void *ctx)
{
	static const char full[] = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n"
				   "Content-Length: 0\r\nConnection: close\r\n\r\n";
	struct http *http = ctx;
	struct http_call *call;

	(void)listener, (void)from, (void)n;
	if (!make_room(http)) {
		(void)!write(fd, full, sizeof full - 1);
		evutil_closesocket(fd);
		return;
	}
	call = mem_alloc(sizeof *call);
	call->http = http;
	call->bev = bufferevent_socket_new(http->options.base, fd, BEV_OPT_CLOSE_ON_FREE);
	call->timer = evtimer_new(http->options.base, on_deadline, call);
	arena_init(&call->arena);
	http->count++;
	link_last(call);
	bufferevent_setcb(call->bev, on_readable, on_written, on_event, call);
	/* What lies unread is bounded by one head, or one read of a body. */
	bufferevent_setwatermark(call->bev, EV_READ, 0, HTTP_HEAD_MAX * 4);
	http_move(call, HTTP_IDLE);
	bufferevent_enable(call->bev, EV_READ | EV_WRITE);
}

static void
retry_later(struct http *http)
{
	const struct timeval wait = {HTTP_RETRY_MS / 1000, HTTP_RETRY_MS % 1000 * 1000};

	event_add(http->retry, &wait);
}

/* Too many descriptors are open: it would come again at once, and for as long as that lasts. */
static void
on_accept_error(struct evconnlistener *listener, void *ctx)
{
	log_warn("http", "a connection could not be accepted: %s",
		 evutil_socket_error_to_string(EVUTIL_SOCKET_ERROR()));
	evconnlistener_disable(listener);
	retry_later(ctx);
}

/* Another instance may hold the address, and give it up later: what the daemon is for goes on meanwhile. */
static bool
listen_or_wait(struct http *http, struct err *err)
{
	const struct http_options *options = &http->options;

	if (http_listener_open(&http->listener, options->base, options->listen, on_accepted,
			       http, err)) {
		evconnlistener_set_error_cb(http->listener.listener, on_accept_error);
		return true;
	}
	if (http->listener.busy)
		retry_later(http);
	return false;
}

static void
on_retry(int fd, short what, void *ctx)
{
	struct http *http = ctx;
	struct err err;

	(void)fd, (void)what;
	if (http->stopped)
		return;
	if (http->listener.listener)
		evconnlistener_enable(http->listener.listener);
	else if (listen_or_wait(http, &err))
		log_info("http", "listens on %.*s now", STR_ARG(http->options.listen));
}

struct http *
http_create(const struct http_options *options, struct err *err)
{
	struct http *http = mem_alloc(sizeof *http);
	struct err why;

	http->options = *options;
	http->retry = evtimer_new(options->base, on_retry, http);
	if (listen_or_wait(http, &why))
		return http;
	if (http->listener.busy) {
		log_warn("http", "%s; it is tried again every %d s", why.text,
			 HTTP_RETRY_MS / 1000);
		return http;
	}
	err_set(err, "%s", why.text);
	http_destroy(http);
	return NULL;
}

void
http_stop(struct http *http)
{
	http->stopped = true;
	http_listener_close(&http->listener);
	for (struct http_call *call = http->first, *next; call; call = next) {
		next = call->after;
		if (call->state == HTTP_IDLE)
			call_free(call);
	}
}

void
http_destroy(struct http *http)
{
	if (http == NULL)
		return;
	http_listener_close(&http->listener);
	while (http->first)
		call_free(http->first);
	event_free(http->retry);
	mem_free(http);
}

unsigned
http_connections(const struct http *http)
{
	return http->count;
}

bool
http_is_local(const struct http *http)
{
	return http->listener.local;
}

const struct http_head *
http_call_head(const struct http_call *call)
{
	return &call->head;
}

struct str
http_call_body(const struct http_call *call)
{
	return buf_view(&call->body);
}

struct arena *
http_call_arena(struct http_call *call)
{
	return &call->arena;
}
