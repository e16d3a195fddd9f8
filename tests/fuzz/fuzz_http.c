/* SPDX-License-Identifier: Apache-2.0 */
/* Whole streams of bytes into the server: the calls it makes of them do not depend on how they are cut. */
#include <assert.h>
#include <event2/event.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "io/http.h"
#include "support/dial.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the one who answers has seen and what he still owes. */
struct desk {
	struct buf seen; /* method, path, query, body of each call */
	struct http_call *owed;
	struct buf bodies; /* per call: 'H' when its answer has none, else 'B' */
	bool late;	   /* answers in a later turn of the loop */
};

static struct event_base *base;
static struct http *server;
static struct desk desk;

static void
put(struct str text)
{
	buf_int(&desk.seen, (int64_t)text.n);
	buf_char(&desk.seen, ' ');
	buf_str(&desk.seen, text);
}

static void
reply(struct http_call *call)
{
	http_answer(call, 200, "text/plain", NULL, http_call_body(call));
}

static void
take(void *ctx, struct http_call *call)
{
	const struct http_head *head = http_call_head(call);
	struct str body = http_call_body(call);

	(void)ctx;
	assert(head->path.n > 0 && head->path.p[0] == '/');
	assert(body.n <= HTTP_BODY_MAX && (head->chunked || body.n == head->length));
	assert(!(head->chunked && head->has_length));
	buf_char(&desk.bodies, str_is(head->method, "HEAD") ? 'H' : 'B');
	put(head->method);
	put(head->path);
	put(head->query);
	put(body);
	assert(desk.owed == NULL); /* one at a time on a connection */
	if (desk.late)
		desk.owed = call;
	else
		reply(call);
}

static void
turn(void)
{
	struct http_call *call = desk.owed;

	event_base_loop(base, EVLOOP_NONBLOCK);
	if (call == NULL)
		return;
	desk.owed = NULL;
	reply(call);
}

static void
begin(void)
{
	static char listen[64];

	base = event_base_new();
	dial_listen(listen, sizeof listen);
	server = http_create(&(struct http_options){base, str_of(listen), take, NULL}, NULL);
	assert(server != NULL);
}

static const char *
find(const char *text, size_t n, const char *word, size_t length)
{
	for (size_t i = 0; i + length <= n; i++) {
		if (memcmp(text + i, word, length) == 0)
			return text + i;
	}
	return NULL;
}

/* One answer off the front of text: its status. */
static int
take_answer(struct str *text, bool has_body)
{
	static const char mark[] = "\r\nContent-Length: ";
	size_t n = http_head_length(*text), length = 0;
	const char *found;
	int status;

	assert(n > 13 && str_starts(*text, STR("HTTP/1.1 ")));
	status = atoi(text->p + 9);
	found = find(text->p, n, mark, sizeof mark - 1);
	if (found)
		length = (size_t)strtoull(found + sizeof mark - 1, NULL, 10);
	assert(found || status == 100);
	n += has_body ? length : 0;
	assert(n <= text->n);
	*text = str_slice(*text, n, text->n);
	return status;
}

/* As many as there were calls, and at most one refusal, which is the last; that of a HEAD has no body. */
static void
check_answers(struct str text)
{
	size_t answered = 0;

	while (text.n > 0) {
		bool called = answered < desk.bodies.n;
		struct str at = text;
		int status = take_answer(&text, false);

		if (status == 100)
			continue;
		if (called ? desk.bodies.p[answered] == 'B' : text.n > 0) {
			text = at;
			status = take_answer(&text, true);
		}
		assert(called ? status == 200 : status >= 400 && text.n == 0);
		answered += called;
	}
	assert(answered == desk.bodies.n);
}

static void
run(struct str text, size_t step, struct buf *seen)
{
	struct buf answers = {0};

	desk = (struct desk){.late = step % 2};
	dial_exchange(text, step, &answers, turn);
	assert(desk.owed == NULL);
	check_answers(buf_view(&answers));
	buf_finish(&answers);
	buf_finish(&desk.bodies);
	*seen = desk.seen;
}

/* Grammar of an input: step byte, then what a client sends before it ends its side. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = {(const char *)data + 1, size - 1};
	struct buf whole, pieces;

	if (size < 2 || size > 65536)
		return 0;
	if (base == NULL)
		begin();
	run(text, text.n + 1, &whole);
	run(text, data[0] % 32 + 1u, &pieces);
	assert(str_eq(buf_view(&whole), buf_view(&pieces)));
	buf_finish(&whole);
	buf_finish(&pieces);
	assert(http_connections(server) == 0);
	return 0;
}
