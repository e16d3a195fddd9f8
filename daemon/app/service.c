/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon as a service: makes its parts, feeds the watchdog, takes signals, and ends in order. */
#include "app/service.h"

#include <assert.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "io/log.h"
#include "io/notify.h"
#include "io/random_seed.h"

#define BEAT_MS 3000

static void
timer_set(struct event *timer, int64_t ms)
{
	const struct timeval wait = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

	event_add(timer, &wait);
}

static struct outbox *
outbox_make(const struct setup *setup, struct event_base *base, struct err *err)
{
	return outbox_create(
		&(struct outbox_options){
			.base = base,
			.redis = &setup->redis,
			.prefix = setup->config->prefix,
			.config = setup->config,
			.folder = setup->folder,
		},
		err);
}

bool
service_check(const struct setup *setup, struct err *err)
{
	struct event_base *base = event_base_new();
	struct outbox *outbox = outbox_make(setup, base, err);

	outbox_destroy(outbox);
	event_base_free(base);
	return outbox != NULL;
}

/* ---- the end ---- */

static void
on_outbox_stopped(void *ctx)
{
	struct service *service = ctx;

	event_base_loopexit(service->base, NULL);
}

static void
stop_outbox(struct service *service)
{
	outbox_stop(service->outbox, on_outbox_stopped, service);
}

static void
stop_begin(struct service *service)
{
	service->stopping = true;
	notify_send("STOPPING=1\nSTATUS=stopping");
	timer_set(service->deadline, service->setup.config->stop_timeout);
}

static void
on_deadline(evutil_socket_t fd, short what, void *ctx)
{
	struct service *service = ctx;

	(void)fd, (void)what;
	log_warn("main", "not all was done within stop_timeout: what is left follows at the "
			 "next start");
	event_base_loopexit(service->base, NULL);
}

static void
on_failed(void *ctx, const char *why)
{
	struct service *service = ctx;

	(void)why;
	service->exit_status = 1;
	if (service->stopping) {
		event_base_loopexit(service->base, NULL);
		return;
	}
	stop_begin(service);
	stop_outbox(service);
}

static void
on_stopped(void *ctx)
{
	stop_outbox(ctx);
}

/* ---- signals ---- */

static void
on_stop_signal(evutil_socket_t signal, short what, void *ctx)
{
	struct service *service = ctx;

	(void)what;
	if (service->stopping) {
		log_warn("main", "a second signal: ending at once");
		event_base_loopexit(service->base, NULL);
		return;
	}
	log_info("main", "%s: stopping", signal == SIGINT ? "SIGINT" : "SIGTERM");
	stop_begin(service);
	api_stop(service->api);
	live_stop(service->live);
}

/* Rules and webhooks together, so that no rule names a webhook that is not there. */
static bool
reload_take(struct service *service, const struct setup *fresh)
{
	struct err err;

	if (!reload_would_take(service->reload, fresh->folder, fresh->config))
		return false;
	if (!outbox_reload(service->outbox, fresh->config, fresh->folder, &err)) {
		log_error("main", "reload refused: %s; all stays as it is", err.text);
		return false;
	}
	reload_set_config(service->reload, fresh->folder, fresh->config);
	setup_log(fresh->config);
	return true;
}

/* Rules, webhooks, people and the log change at once; the rest of the file at the next start. */
static void
on_reload_signal(evutil_socket_t signal, short what, void *ctx)
{
	struct service *service = ctx;
	struct setup fresh;

	(void)signal, (void)what;
	if (service->stopping)
		return;
	if (!setup_read_config(&fresh, service->setup.path.p, service->zh)) {
		log_error("main",
			  "reload refused: %s is in error; webhooks and rules stay as they are",
			  service->setup.path.p);
		return;
	}
	if (reload_take(service, &fresh)) {
		fresh.config = NULL; /* the outbox's now */
		log_info("main",
			 "reload: the webhooks are as configured; redis, ingest and http are "
			 "read again at the next start only");
		(void)reload_rules(service->reload, &(struct reload_asked){.fn = NULL});
	}
	setup_finish(&fresh);
}

/* ---- the beat ---- */

static void
status_tell(struct service *service, const struct live_status *status)
{
	char text[sizeof service->status];

	snprintf(text, sizeof text, "STATUS=%s%s%s", live_state_name(status->state),
		 status->why[0] != '\0' ? ": " : "", status->why);
	if (strcmp(text, service->status) == 0)
		return;
	memcpy(service->status, text, sizeof text);
	notify_send(text);
}

static void
ready_tell(struct service *service)
{
	if (!service->ready_told)
		notify_send("READY=1");
	service->ready_told = true;
}

/* Hours of webhooks are those of the rules in force. */
static void
calendar_tell(struct service *service, const struct live_status *status)
{
	const struct engine *engine = live_engine(service->live);
	const struct ruleset *rules;

	if (engine == NULL || strcmp(status->rules_sha, service->calendar_of) == 0)
		return;
	rules = engine_rules(engine);
	memcpy(service->calendar_of, status->rules_sha, sizeof service->calendar_of);
	outbox_set_calendar(service->outbox, rules->zone, &rules->calendar);
}

/* Who reads the events also tells of them: two would tell everything twice. */
static void
outbox_tell(struct service *service, const struct live_status *status)
{
	switch (status->state) {
	case LIVE_STANDBY:
		if (status->holder != NULL)
			outbox_hold(service->outbox, true);
		break;
	case LIVE_STARTING:
	case LIVE_LOADING:
	case LIVE_RECOVERING:
	case LIVE_RUNNING:
	case LIVE_PAUSED:
		outbox_hold(service->outbox, false);
		break;
	case LIVE_CONNECTING:
	case LIVE_STOPPING:
	case LIVE_STOPPED:
	case LIVE_FAILED:
		break;
	}
}

static void
on_beat(evutil_socket_t fd, short what, void *ctx)
{
	struct service *service = ctx;
	struct live_status status;
	int64_t now = clock_monotonic();

	(void)fd, (void)what;
	timer_set(service->beat, BEAT_MS);
	if (service->watchdog_ms > 0 && now - service->fed_at >= service->watchdog_ms / 2) {
		service->fed_at = now;
		notify_send("WATCHDOG=1");
	}
	live_get_status(service->live, &status);
	status_tell(service, &status);
	calendar_tell(service, &status);
	outbox_tell(service, &status);
	/* A second instance has done its part when it stands by. */
	if (status.state == LIVE_STANDBY && status.holder != NULL)
		ready_tell(service);
}

static void
on_ready(void *ctx)
{
	struct service *service = ctx;

	ready_tell(service);
	outbox_hold(service->outbox, false);
	outbox_wake(service->outbox);
}

static struct stream_id
on_alerts_old(void *ctx, struct stream_id before)
{
	return outbox_expire(((struct service *)ctx)->outbox, before);
}

static void
on_alerts(void *ctx)
{
	outbox_wake(((struct service *)ctx)->outbox);
}

/* ---- the parts ---- */

static bool
parts_make(struct service *service, struct err *err)
{
	char sha[sizeof service->setup.files->sha_hex];
	struct live_options options = {
		.base = service->base,
		.config = service->setup.config,
		.redis = &service->setup.redis,
		.files = service->setup.files,
		.seed = random_seed(),
		.hooks = {service, on_ready, on_alerts, on_alerts_old, on_failed, on_stopped},
	};

	service->outbox = outbox_make(&service->setup, service->base, err);
	if (service->outbox == NULL)
		return false;
	memcpy(sha, service->setup.files->sha_hex, sizeof sha);
	service->setup.files = NULL;
	service->live = live_create(&options);
	service->reload = reload_create(&(struct reload_options){
		.base = service->base,
		.live = service->live,
		.config = service->setup.config,
		.folder = service->setup.folder,
		.sha_hex = sha,
		.zh = service->zh,
	});
	service->api = api_create(
		&(struct api_options){
			.base = service->base,
			.live = service->live,
			.outbox = service->outbox,
			.reload = service->reload,
			.listen = service->setup.config->http_listen,
			.token = service->setup.http_token,
		},
		err);
	if (service->api != NULL)
		return true;
	reload_destroy(service->reload);
	live_destroy(service->live);
	outbox_destroy(service->outbox);
	return false;
}

static void
events_make(struct service *service)
{
	struct event_base *base = service->base;

	service->signals[0] = evsignal_new(base, SIGTERM, on_stop_signal, service);
	service->signals[1] = evsignal_new(base, SIGINT, on_stop_signal, service);
	service->signals[2] = evsignal_new(base, SIGHUP, on_reload_signal, service);
	for (unsigned i = 0; i < 3; i++)
		event_add(service->signals[i], NULL);
	service->beat = event_new(base, -1, 0, on_beat, service);
	service->deadline = event_new(base, -1, 0, on_deadline, service);
	service->watchdog_ms = notify_watchdog_interval();
	timer_set(service->beat, 0);
}

static void
parts_finish(struct service *service)
{
	api_destroy(service->api);
	reload_destroy(service->reload);
	live_destroy(service->live);
	outbox_destroy(service->outbox);
	for (unsigned i = 0; i < 3; i++)
		event_free(service->signals[i]);
	event_free(service->beat);
	event_free(service->deadline);
	/* What the parts left to libevent to free is freed in one more turn. */
	event_base_loop(service->base, EVLOOP_NONBLOCK);
}

int
service_run(struct setup *setup, bool zh)
{
	struct service service = {.setup = *setup, .zh = zh};
	struct err err;

	service.base = event_base_new();
	assert(service.base != NULL);
	if (parts_make(&service, &err)) {
		events_make(&service);
		log_info("main", "churnd " CHURND_VERSION " starts");
		live_start(service.live);
		if (event_base_dispatch(service.base) < 0) {
			log_error("main", "the event loop cannot go on");
			service.exit_status = 1;
		}
		parts_finish(&service);
		log_info("main", "churnd ends with %d", service.exit_status);
	} else {
		fprintf(stderr, "churnd: %s\n", err.text);
		service.exit_status = 2;
	}
	event_base_free(service.base);
	setup_finish(&service.setup);
	return service.exit_status;
}
