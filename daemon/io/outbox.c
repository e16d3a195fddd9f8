/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the endpoints together on one connection to Redis: up, down, stop, and what people ask. */
#include "io/outbox.h"

#include <assert.h>

#include "base/mem.h"
#include "codec/resp.h"
#include "codec/stream_id.h"
#include "io/log.h"
#include "io/outbox_inside.h"
#include "io/outbox_test.h"

static void
check_rested(void *ctx)
{
	struct outbox *outbox = ctx;

	if (!outbox->stopping || outbox->told)
		return;
	for (unsigned i = 0; i < outbox->count; i++)
		if (!endpoint_is_resting(outbox->endpoints[i]))
			return;
	for (size_t i = 0; i < outbox->leaving_count; i++)
		if (!endpoint_is_resting(outbox->leaving[i]))
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

/* XINFO STREAM is a flat list of names and values; no stream yet is an error. After any other one nobody takes what is
 * done for what a Redis that has gone back in time does not know. */
static void
on_info(void *ctx, const struct reply *reply)
{
	struct outbox *outbox = ctx;

	outbox->last = (struct stream_id){0, 0};
	if (reply->type == REPLY_ERROR && !str_ends(reply->text, STR("no such key"))) {
		log_warn("outbox", "the alerts' last id cannot be read: %.*s",
			 STR_ARG(reply->text));
		outbox->last = (struct stream_id){INT64_MAX, UINT64_MAX};
	}
	for (uint32_t i = 0; reply->type == REPLY_ARRAY && i + 1 < reply->count; i += 2)
		if (str_is(reply_at(reply, i)->text, "last-generated-id") &&
		    !stream_id_parse(reply_at(reply, i + 1)->text, &outbox->last))
			log_error("outbox", "the alerts have no last id");
}

static void
ask_last(struct outbox *outbox)
{
	redis_command(outbox->redis, on_info, outbox, "XINFO", "STREAM", outbox->alerts.p,
		      NULL);
}

void
outbox_load(struct outbox *outbox, struct endpoint *endpoint)
{
	ask_last(outbox);
	endpoint_load(endpoint, &outbox->last);
}

static void
on_up(void *ctx)
{
	struct outbox *outbox = ctx;

	ask_last(outbox);
	for (unsigned i = 0; i < outbox->count; i++)
		endpoint_load(outbox->endpoints[i], &outbox->last);
	for (size_t i = 0; i < outbox->leaving_count; i++)
		endpoint_load(outbox->leaving[i], &outbox->last);
	outbox_read_up(outbox);
}

static void
on_down(void *ctx, const char *reason)
{
	struct outbox *outbox = ctx;

	log_warn("outbox", "%s", reason);
	outbox_read_down(outbox);
	for (size_t i = 0; i < outbox->leaving_count; i++)
		endpoint_down(outbox->leaving[i]);
	for (unsigned i = 0; i < outbox->count; i++)
		endpoint_down(outbox->endpoints[i]);
}

static void
make_keys(struct outbox *outbox, const struct outbox_options *options)
{
	buf_str(&outbox->prefix, options->prefix);
	buf_printf(&outbox->alerts, "%.*salerts", STR_ARG(options->prefix));
	buf_printf(&outbox->dead, "%.*sdead", STR_ARG(options->prefix));
	buf_printf(&outbox->resend, "%.*sresend", STR_ARG(options->prefix));
}

static void
make_home(struct outbox *outbox, const struct outbox_options *options)
{
	outbox->home = (struct endpoint_home){
		.base = options->base,
		.redis = outbox->redis,
		.prefix = buf_view(&outbox->prefix),
		.alerts = buf_view(&outbox->alerts),
		.dead = buf_view(&outbox->dead),
		.resend = buf_view(&outbox->resend),
		.almanac = &outbox->almanac,
		.probe_every = options->probe_every,
		.rested = check_rested,
		.follows = outbox_follows,
		.ctx = outbox,
	};
}

static bool
add_endpoints(struct outbox *outbox, struct str folder, struct err *err)
{
	const struct config *config = outbox->share->config;

	outbox->endpoints = mem_array(config->endpoint_count, sizeof *outbox->endpoints);
	for (; outbox->count < config->endpoint_count; outbox->count++) {
		const struct endpoint_config *endpoint = &config->endpoints[outbox->count];
		struct sender *sender =
			outbox_make_sender(outbox, outbox->share, endpoint, folder, err);

		if (sender == NULL)
			return false;
		outbox->endpoints[outbox->count] =
			endpoint_create(&outbox->home, endpoint, sender);
	}
	return true;
}

/* Without endpoints there is nothing to do there. */
void
outbox_connect(struct outbox *outbox)
{
	if (outbox->connected || outbox->held || outbox->count == 0)
		return;
	outbox->connected = true;
	outbox_poll_soon(outbox);
	redis_connect(outbox->redis);
}

struct outbox *
outbox_create(const struct outbox_options *options, struct err *err)
{
	struct outbox *outbox = mem_alloc(sizeof *outbox);

	outbox->base = options->base;
	outbox->held = true;
	outbox->share = config_share_create(options->config, NULL);
	make_keys(outbox, options);
	outbox->loop = webhook_loop_create(options->base);
	outbox->redis =
		redis_create(options->base, options->redis, "churnd-outbox",
			     (struct redis_hooks){outbox, on_up, on_down, redis_log_denied});
	outbox->poll = event_new(options->base, -1, 0, outbox_on_poll, outbox);
	outbox->stopped = event_new(options->base, -1, 0, on_stopped, outbox);
	assert(outbox->poll != NULL && outbox->stopped != NULL);
	make_home(outbox, options);
	if (!add_endpoints(outbox, options->folder, err)) {
		outbox_destroy(outbox);
		return NULL;
	}
	webhook_loop_rest(outbox->loop);
	return outbox;
}

static void
take_up(struct outbox *outbox, struct endpoint *endpoint)
{
	endpoint_forget(endpoint);
	endpoint_start(endpoint);
	if (redis_is_up(outbox->redis))
		outbox_load(outbox, endpoint);
}

void
outbox_hold(struct outbox *outbox, bool held)
{
	if (held == outbox->held || outbox->stopping)
		return;
	outbox->held = held;
	for (unsigned i = 0; i < outbox->count; i++)
		if (held)
			endpoint_stop(outbox->endpoints[i]);
		else
			take_up(outbox, outbox->endpoints[i]);
	outbox_connect(outbox);
}

void
outbox_wake(struct outbox *outbox)
{
	outbox_read_tail(outbox);
	if (outbox->connected)
		outbox_poll_soon(outbox);
	for (unsigned i = 0; i < outbox->count; i++)
		if (!endpoint_follows(outbox->endpoints[i]))
			endpoint_wake(outbox->endpoints[i]);
}

void
outbox_set_calendar(struct outbox *outbox, const struct zone *zone,
		    const struct calendar *calendar)
{
	almanac_destroy(outbox->almanac);
	outbox->almanac = almanac_copy(zone, calendar);
	for (unsigned i = 0; i < outbox->count; i++)
		endpoint_hours_changed(outbox->endpoints[i]);
}

struct stream_id
outbox_expire(struct outbox *outbox, struct stream_id before)
{
	struct stream_id least = before;

	for (unsigned i = 0; i < outbox->count; i++) {
		struct stream_id done = endpoint_expire(outbox->endpoints[i], before);

		if (stream_id_cmp(done, least) < 0)
			least = done;
	}
	return least;
}

void
outbox_sweep(struct outbox *outbox)
{
	size_t kept = 0;

	for (size_t i = 0; i < outbox->leaving_count; i++) {
		struct endpoint *endpoint = outbox->leaving[i];

		if (endpoint_is_resting(endpoint) && !endpoint_is_owed(endpoint))
			endpoint_destroy(endpoint);
		else
			outbox->leaving[kept++] = endpoint;
	}
	outbox->leaving_count = kept;
}

void
outbox_stop(struct outbox *outbox, void (*done)(void *ctx), void *ctx)
{
	if (outbox->stopping) /* the first call's done is on its way */
		return;
	outbox->stopping = true;
	outbox->done = done;
	outbox->done_ctx = ctx;
	log_debug("outbox", "no request is begun any more");
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
	for (size_t i = 0; i < outbox->leaving_count; i++)
		endpoint_destroy(outbox->leaving[i]);
	config_share_drop(outbox->share);
	almanac_destroy(outbox->almanac);
	webhook_loop_destroy(outbox->loop);
	if (outbox->poll)
		event_free(outbox->poll);
	if (outbox->stopped)
		event_free(outbox->stopped);
	buf_finish(&outbox->prefix);
	buf_finish(&outbox->alerts);
	buf_finish(&outbox->dead);
	buf_finish(&outbox->resend);
	mem_free(outbox->endpoints);
	mem_free(outbox->leaving);
	mem_free(outbox);
}

/* --- for people --------------------------------------------------------------------------------------- */

struct endpoint *
outbox_find(const struct outbox *outbox, struct str name)
{
	for (unsigned i = 0; i < outbox->count; i++)
		if (str_eq(endpoint_name(outbox->endpoints[i]), name))
			return outbox->endpoints[i];
	return NULL;
}

static bool
set_paused(struct outbox *outbox, struct str name, bool paused, struct str why)
{
	struct endpoint *endpoint = outbox_find(outbox, name);

	if (endpoint != NULL)
		endpoint_pause(endpoint, paused, why);
	return endpoint != NULL;
}

bool
outbox_pause(struct outbox *outbox, struct str name, struct str why)
{
	return set_paused(outbox, name, true, why);
}

bool
outbox_resume(struct outbox *outbox, struct str name)
{
	return set_paused(outbox, name, false, STR_NONE);
}

struct outbox_test *
outbox_test(struct outbox *outbox, struct str name, outbox_test_fn *fn, void *ctx,
	    struct err *err)
{
	struct endpoint *endpoint = outbox_find(outbox, name);

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
