/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the endpoints together on one connection to Redis: up, down, stop, status. */
#include "io/outbox.h"

#include <assert.h>

#include "base/mem.h"
#include "codec/resp.h"
#include "codec/stream_id.h"
#include "io/endpoint.h"
#include "io/log.h"
#include "io/outbox_test.h"

/* For alerts that came, and pauses that people made, without a word to us. */
#define POLL_EVERY_MS 250

struct outbox {
	struct event_base *base;		 /* borrowed */
	struct redis *redis;			 /* owned */
	struct webhook_loop *loop;		 /* owned */
	struct event *poll;			 /* owned */
	struct event *stopped;			 /* owned: calls done outside of outbox_stop */
	struct buf prefix, alerts, dead, resend, folder; /* owned */
	const struct config *config;		 /* borrowed */
	struct outbox_test *tests;		 /* owned, linked by next */
	struct endpoint **endpoints;		 /* owned, each of them too */
	unsigned count, loaded;
	struct stream_id last; /* that the stream has given out, as of the last connect */
	bool stopping, told;
	void (*done)(void *ctx);
	void *done_ctx;
};

static void
check_rested(void *ctx)
{
	struct outbox *outbox = ctx;

	if (!outbox->stopping || outbox->told)
		return;
	for (unsigned i = 0; i < outbox->count; i++)
		if (!endpoint_is_resting(outbox->endpoints[i]))
			return;
	outbox->told = true;
	event_active(outbox->stopped, 0, 0);
}

static void
on_stopped(evutil_socket_t fd, short what, void *ctx)
{
	struct outbox *outbox = ctx;

	(void)fd, (void)what;
	outbox->done(outbox->done_ctx);
}

/* XINFO STREAM is a flat list of names and values; no stream yet is an error. */
static void
on_info(void *ctx, const struct reply *reply)
{
	struct outbox *outbox = ctx;

	outbox->last = (struct stream_id){0, 0};
	outbox->loaded = 0;
	for (uint32_t i = 0; reply->type == REPLY_ARRAY && i + 1 < reply->count; i += 2)
		if (str_is(reply_at(reply, i)->text, "last-generated-id") &&
		    !stream_id_parse(reply_at(reply, i + 1)->text, &outbox->last))
			log_error("outbox", "the alerts have no last id");
}

/* One for each endpoint, in order. */
static void
on_progress(void *ctx, const struct reply *reply)
{
	struct outbox *outbox = ctx;

	assert(outbox->loaded < outbox->count);
	endpoint_load(outbox->endpoints[outbox->loaded++], reply, outbox->last);
}

static void
on_up(void *ctx)
{
	struct outbox *outbox = ctx;
	struct buf commands = {0};

	redis_command(outbox->redis, on_info, outbox, "XINFO", "STREAM", outbox->alerts.p,
		      NULL);
	for (unsigned i = 0; i < outbox->count; i++) {
		resp_array(&commands, 2);
		resp_text(&commands, "HGETALL");
		resp_arg(&commands, endpoint_key(outbox->endpoints[i]));
	}
	if (outbox->count > 0)
		redis_send(outbox->redis, buf_view(&commands), outbox->count, on_progress,
			   outbox);
	buf_finish(&commands);
}

static void
on_down(void *ctx, const char *reason)
{
	struct outbox *outbox = ctx;

	log_warn("outbox", "%s", reason);
	for (unsigned i = 0; i < outbox->count; i++)
		endpoint_down(outbox->endpoints[i]);
}

static void
on_poll(evutil_socket_t fd, short what, void *ctx)
{
	struct outbox *outbox = ctx;

	(void)fd, (void)what;
	for (unsigned i = 0; i < outbox->count; i++)
		endpoint_poll(outbox->endpoints[i]);
}

static struct sender *
make_sender(struct outbox *outbox, const struct endpoint_config *endpoint, struct err *err)
{
	const struct sender_options options = {
		.loop = outbox->loop,
		.config = outbox->config,
		.endpoint = endpoint,
		.folder = buf_view(&outbox->folder),
	};
	struct sender *sender = sender_create(&options, err);

	if (sender == NULL)
		err_prefix(err, "webhooks: %.*s", STR_ARG(endpoint->name));
	return sender;
}

static bool
add_endpoints(struct outbox *outbox, const struct outbox_options *options, struct err *err)
{
	const struct config *config = options->config;
	const struct endpoint_home home = {
		.base = options->base,
		.redis = outbox->redis,
		.prefix = buf_view(&outbox->prefix),
		.alerts = buf_view(&outbox->alerts),
		.dead = buf_view(&outbox->dead),
		.resend = buf_view(&outbox->resend),
		.probe_every = options->probe_every,
		.rested = check_rested,
		.ctx = outbox,
	};

	outbox->endpoints = mem_array(config->endpoint_count, sizeof *outbox->endpoints);
	for (; outbox->count < config->endpoint_count; outbox->count++) {
		const struct endpoint_config *endpoint = &config->endpoints[outbox->count];
		struct sender *sender = make_sender(outbox, endpoint, err);

		if (sender == NULL)
			return false;
		outbox->endpoints[outbox->count] = endpoint_create(&home, endpoint, sender);
	}
	return true;
}

struct outbox *
outbox_create(const struct outbox_options *options, struct err *err)
{
	const struct timeval every = {.tv_usec = POLL_EVERY_MS * 1000};
	struct outbox *outbox = mem_alloc(sizeof *outbox);

	outbox->base = options->base;
	outbox->config = options->config;
	buf_str(&outbox->prefix, options->prefix);
	buf_printf(&outbox->alerts, "%.*salerts", STR_ARG(options->prefix));
	buf_printf(&outbox->dead, "%.*sdead", STR_ARG(options->prefix));
	buf_printf(&outbox->resend, "%.*sresend", STR_ARG(options->prefix));
	buf_str(&outbox->folder, options->folder);
	outbox->loop = webhook_loop_create(options->base);
	outbox->redis = redis_create(options->base, options->redis, "churnd-outbox",
				     (struct redis_hooks){outbox, on_up, on_down});
	outbox->poll = event_new(options->base, -1, EV_PERSIST, on_poll, outbox);
	outbox->stopped = event_new(options->base, -1, 0, on_stopped, outbox);
	assert(outbox->poll != NULL && outbox->stopped != NULL);
	if (!add_endpoints(outbox, options, err)) {
		outbox_destroy(outbox);
		return NULL;
	}
	if (outbox->count > 0) {
		event_add(outbox->poll, &every);
		redis_connect(outbox->redis);
	}
	return outbox;
}

void
outbox_wake(struct outbox *outbox)
{
	for (unsigned i = 0; i < outbox->count; i++)
		endpoint_wake(outbox->endpoints[i]);
}

void
outbox_stop(struct outbox *outbox, void (*done)(void *ctx), void *ctx)
{
	if (outbox->stopping) /* the first call's done is on its way */
		return;
	outbox->stopping = true;
	outbox->done = done;
	outbox->done_ctx = ctx;
	for (unsigned i = 0; i < outbox->count; i++)
		endpoint_stop(outbox->endpoints[i]);
	check_rested(outbox);
}

void
outbox_destroy(struct outbox *outbox)
{
	if (outbox == NULL)
		return;
	redis_destroy(outbox->redis);
	while (outbox->tests != NULL)
		outbox_test_cancel(outbox->tests);
	for (unsigned i = 0; i < outbox->count; i++)
		endpoint_destroy(outbox->endpoints[i]);
	webhook_loop_destroy(outbox->loop);
	if (outbox->poll)
		event_free(outbox->poll);
	if (outbox->stopped)
		event_free(outbox->stopped);
	buf_finish(&outbox->prefix);
	buf_finish(&outbox->alerts);
	buf_finish(&outbox->dead);
	buf_finish(&outbox->resend);
	buf_finish(&outbox->folder);
	mem_free(outbox->endpoints);
	mem_free(outbox);
}

/* --- for people --------------------------------------------------------------------------------------- */

static struct endpoint *
find(const struct outbox *outbox, struct str name)
{
	for (unsigned i = 0; i < outbox->count; i++)
		if (str_eq(endpoint_name(outbox->endpoints[i]), name))
			return outbox->endpoints[i];
	return NULL;
}

static bool
set_paused(struct outbox *outbox, struct str name, bool paused)
{
	struct endpoint *endpoint = find(outbox, name);

	if (endpoint != NULL)
		endpoint_pause(endpoint, paused);
	return endpoint != NULL;
}

bool
outbox_pause(struct outbox *outbox, struct str name)
{
	return set_paused(outbox, name, true);
}

bool
outbox_resume(struct outbox *outbox, struct str name)
{
	return set_paused(outbox, name, false);
}

struct outbox_test *
outbox_test(struct outbox *outbox, struct str name, outbox_test_fn *fn, void *ctx,
	    struct err *err)
{
	struct endpoint *endpoint = find(outbox, name);

	if (endpoint == NULL) {
		err_set(err, "there is no webhook %.*s", STR_ARG(name));
		return NULL;
	}
	return outbox_test_begin(&outbox->tests, endpoint_sender(endpoint), fn, ctx, err);
}

unsigned
outbox_status(const struct outbox *outbox, struct outbox_status *out, unsigned max)
{
	unsigned n = outbox->count < max ? outbox->count : max;

	for (unsigned i = 0; i < n; i++)
		endpoint_status(outbox->endpoints[i], &out[i]);
	return n;
}

bool
outbox_status_of(const struct outbox *outbox, struct str name, struct outbox_status *out)
{
	const struct endpoint *endpoint = find(outbox, name);

	if (endpoint != NULL)
		endpoint_status(endpoint, out);
	return endpoint != NULL;
}
