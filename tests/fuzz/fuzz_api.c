/* SPDX-License-Identifier: Apache-2.0 */
/* Any parameters and bodies to any route of a running daemon on a real Redis: every answer is good JSON. */
#include <assert.h>
#include <event2/event.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/api_room.h"
#include "app/service.h"
#include "support/dial.h"
#include "support/redis_server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char rules_text[] =
	"churnd: 1\nname: fuzz\nlevels:\n  watch: {enter: 30, leave: 20}\n"
	"profile:\n  mrr: num\nvalue: profile.mrr\nsignals:\n  complaint: {on: complaint}\n"
	"rules:\n- rule: complaints\n  expr: count(complaint[14d live]) >= 1\n  points: 40\n"
	"actions:\n- {on: customer.level_raised, task: call}\n"
	"tasks:\n  call: {title: Call, queue: csm, ack_within: 4h}\n";
/* What a segment and a cursor can stand for. */
static const char *const seeds[][2] = {
	{"events", "customer c1 type complaint value 1"},
	{"dead", "id al_1 endpoint crm customer c1 reason gone status 404 reply no attempts 3 "
		 "first_at 1795000000000 last_at 1795000000001 body {\"a\":1}"},
};

static struct redis_server *server;
static struct setup setup;
static struct event_base *base;
static struct live *live;
static struct reload *reload;
static struct api *api;

static void
turn(void)
{
	event_base_loop(base, EVLOOP_NONBLOCK);
}

static void
on_nothing(void *ctx)
{
	(void)ctx;
}

static void
on_failed(void *ctx, const char *why)
{
	(void)ctx;
	fprintf(stderr, "%s\n", why);
	abort();
}

static void
on_seeded(void *ctx, const struct reply *reply)
{
	(void)ctx;
	assert(reply->type == REPLY_STRING);
}

static void
put_file(const char *name, const char *text, char *path, size_t size)
{
	FILE *file;

	snprintf(path, size, "%s/%s", redis_server_folder(server), name);
	file = fopen(path, "w");
	assert(file != NULL);
	fputs(text, file);
	fclose(file);
}

static void
finish(void)
{
	api_destroy(api);
	reload_destroy(reload);
	live_destroy(live);
	turn();
	event_base_free(base);
	setup_finish(&setup);
	redis_server_destroy(server);
}

static void
seed(const char *key, const char *words)
{
	struct buf command = {0};
	unsigned count = 3;

	for (const char *p = words; p; p = strchr(p + 1, ' '))
		count++;
	buf_printf(&command, "*%u\r\n$4\r\nXADD\r\n$%zu\r\nchurn:%s\r\n$1\r\n*\r\n", count,
		   strlen(key) + 6, key);
	for (const char *p = words; *p;) {
		size_t n = strcspn(p, " ");

		buf_printf(&command, "$%zu\r\n%.*s\r\n", n, (int)n, p);
		p += n + (p[n] == ' ');
	}
	redis_send(live_redis(live), buf_view(&command), 1, on_seeded, NULL);
	buf_finish(&command);
}

static void
begin(void)
{
	char listen[64], text[512], path[256], sha[65];
	struct err err;

	server = redis_server_create(NULL);
	redis_server_start(server);
	dial_listen(listen, sizeof listen);
	snprintf(text, sizeof text,
		 "redis: {url: \"%s\"}\nrules: [rules.yaml]\nhttp: {listen: \"%s\"}\n"
		 "log: {level: error}\n",
		 redis_server_url(server), listen);
	put_file("rules.yaml", rules_text, path, sizeof path);
	put_file("churnd.yaml", text, path, sizeof path);
	assert(setup_read(&setup, path, false));
	log_setup(LOG_LEVEL_ERROR, false);
	base = event_base_new();
	memcpy(sha, setup.files->sha_hex, sizeof sha);
	live = live_create(&(struct live_options){.base = base,
						  .config = setup.config,
						  .redis = &setup.redis,
						  .files = setup.files,
						  .hooks = {.ready = on_nothing,
							    .alerts = on_nothing,
							    .failed = on_failed,
							    .stopped = on_nothing}});
	setup.files = NULL;
	reload = reload_create(&(struct reload_options){.base = base,
							.live = live,
							.config = setup.config,
							.folder = setup.folder,
							.sha_hex = sha});
	api = api_create(&(struct api_options){.base = base,
					       .live = live,
					       .reload = reload,
					       .listen = setup.config->http_listen},
			 &err);
	assert(api != NULL);
	live_start(live);
	while (live_engine(live) == NULL)
		event_base_loop(base, EVLOOP_ONCE);
	for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++)
		seed(seeds[i][0], seeds[i][1]);
	atexit(finish);
}

/* The route's path with the segment in it, then the query. */
static void
put_target(struct buf *out, const char *pattern, struct str segment, struct str query)
{
	for (; *pattern; pattern++) {
		if (*pattern == '*')
			http_encode(out, segment);
		else
			buf_char(out, *pattern);
	}
	if (query.n > 0)
		buf_char(out, '?');
	for (size_t i = 0; i < query.n; i++) {
		unsigned char c = (unsigned char)query.p[i];

		if (c <= 32 || c >= 127)
			buf_printf(out, "%%%02X", c);
		else
			buf_char(out, query.p[i]);
	}
}

static void
check_answer(struct str text, bool json)
{
	size_t n = http_head_length(text);
	int status;

	assert(n > 13 && str_starts(text, STR("HTTP/1.1 ")));
	status = atoi(text.p + 9);
	assert(status >= 200 && status != 500);
	json_t *body = json_loadb(text.p + n, text.n - n, 0, NULL);

	assert(!json || body != NULL || status < 400);
	assert(status < 400 ||
	       json_is_string(json_object_get(json_object_get(body, "error"), "message")));
	json_decref(body);
}

static struct str
take_line(struct str *rest)
{
	const char *end = rest->n > 0 ? memchr(rest->p, '\n', rest->n) : NULL;
	size_t n = end ? (size_t)(end - rest->p) : rest->n;
	struct str line = str_slice(*rest, 0, n);

	*rest = str_slice(*rest, n + (end != NULL), rest->n);
	return line;
}

/* "GET /v1/tasks" names one; anything else is as good as some other. */
static const struct route *
choose_route(struct str line)
{
	unsigned sum = 0;
	char name[128];

	for (unsigned i = 0; i < api_route_count(); i++) {
		snprintf(name, sizeof name, "%s %s", api_route_at(i)->method,
			 api_route_at(i)->path);
		if (str_is(line, name))
			return api_route_at(i);
	}
	for (size_t i = 0; i < line.n; i++)
		sum = sum * 31 + (unsigned char)line.p[i];
	return api_route_at(sum % api_route_count());
}

/* Grammar of an input: route LF segment LF query LF body. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = {(const char *)data, size}, segment, query;
	struct buf request = {0}, answer = {0};
	const struct route *route;

	if (size > 16384)
		return 0;
	if (base == NULL)
		begin();
	route = choose_route(take_line(&rest));
	segment = take_line(&rest);
	query = take_line(&rest);
	buf_printf(&request, "%s ", route->method);
	put_target(&request, route->path, segment.n ? segment : STR("c1"), query);
	if (request.n < HTTP_HEAD_MAX - 256) {
		buf_printf(&request,
			   " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
			   "Content-Length: %zu\r\n\r\n",
			   rest.n);
		buf_str(&request, rest);
		dial_exchange(buf_view(&request), request.n, &answer, turn);
		check_answer(buf_view(&answer), strcmp(route->path, "/metrics") != 0);
	}
	buf_finish(&request);
	buf_finish(&answer);
	return 0;
}
