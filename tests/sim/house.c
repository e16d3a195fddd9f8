/* SPDX-License-Identifier: Apache-2.0 */
/* A churnd without its process: no signals, no HTTP, and a death at any moment. */
#include "sim/house.h"

#include <string.h>

#include "app/rule_files.h"
#include "sim/sim.h"

#define BEAT_MS 1000

static const struct redis_address address = {.path = {"/sim/redis.sock", 15}};

void
house_init(struct house *house, struct event_base *base, const struct config *config,
	   const char *name)
{
	*house = (struct house){.base = base, .config = config, .name = name};
}

static struct rule_files *
files_of(struct str rules)
{
	const struct diag_file file = {STR("world.yaml"), rules};

	return rule_files_make(&file, 1);
}

/* ---- what the service does ---- */

static void
beat_set(struct house *house)
{
	const struct timeval wait = {.tv_sec = BEAT_MS / 1000};

	event_add(house->beat, &wait);
}

static void
calendar_tell(struct house *house, const struct live_status *status)
{
	const struct engine *engine = live_engine(house->live);

	if (engine == NULL || strcmp(status->rules_sha, house->calendar_of) == 0)
		return;
	memcpy(house->calendar_of, status->rules_sha, sizeof house->calendar_of);
	outbox_set_calendar(house->outbox, engine_rules(engine)->zone,
			    &engine_rules(engine)->calendar);
}

static void
on_beat(evutil_socket_t fd, short what, void *ctx)
{
	struct house *house = ctx;
	struct live_status status;

	(void)fd, (void)what;
	beat_set(house);
	live_get_status(house->live, &status);
	calendar_tell(house, &status);
	if (status.state == LIVE_STANDBY && status.holder != NULL)
		outbox_hold(house->outbox, true);
	if (status.state >= LIVE_STARTING && status.state <= LIVE_PAUSED)
		outbox_hold(house->outbox, false);
}

static void
on_ready(void *ctx)
{
	struct house *house = ctx;

	outbox_hold(house->outbox, false);
	outbox_wake(house->outbox);
}

static void
on_alerts(void *ctx)
{
	outbox_wake(((struct house *)ctx)->outbox);
}

static struct stream_id
on_alerts_old(void *ctx, struct stream_id before)
{
	return outbox_expire(((struct house *)ctx)->outbox, before);
}

static void
on_outbox_stopped(void *ctx)
{
	((struct house *)ctx)->over = true;
}

/* Only what another instance or a Redis that went back in time can bring about. */
static bool
is_expected(const char *why)
{
	return strstr(why, "another writer was here") != NULL ||
	       strstr(why, "was taken by") != NULL;
}

static void
on_failed(void *ctx, const char *why)
{
	struct house *house = ctx;

	if (!is_expected(why))
		sim_fail("%s gives up: %s", house->name, why);
	sim_sayf(house->name, "failed: %s", why);
	house->clean = false;
	house->failures++;
	if (house->ending)
		house->over = true;
	house->ending = true;
	outbox_stop(house->outbox, on_outbox_stopped, house);
}

static void
on_stopped(void *ctx)
{
	struct house *house = ctx;

	outbox_stop(house->outbox, on_outbox_stopped, house);
}

/* ---- for the world ---- */

bool
house_runs(const struct house *house)
{
	return house->live != NULL;
}

void
house_start(struct house *house, struct str rules)
{
	struct err err;

	house->ending = house->over = house->clean = false;
	house->calendar_of[0] = '\0';
	house->lives++;
	house->outbox = outbox_create(&(struct outbox_options){.base = house->base,
							       .redis = &address,
							       .prefix = house->config->prefix,
							       .config = house->config,
							       .probe_every = 700},
				      &err);
	if (house->outbox == NULL)
		sim_fail("no outbox: %s", err.text);
	house->live = live_create(&(struct live_options){
		.base = house->base,
		.config = house->config,
		.redis = &address,
		.files = files_of(rules),
		.seed = {sim_random(), sim_random()},
		.hooks = {house, on_ready, on_alerts, on_alerts_old, on_failed, on_stopped},
	});
	house->beat = event_new(house->base, -1, 0, on_beat, house);
	beat_set(house);
	live_start(house->live);
	sim_sayf(house->name, "starts");
}

void
house_kill(struct house *house)
{
	if (house->live == NULL)
		return;
	live_destroy(house->live);
	outbox_destroy(house->outbox);
	event_free(house->beat);
	house->live = NULL;
	house->outbox = NULL;
	house->beat = NULL;
	sim_sayf(house->name, "dead");
}

void
house_stop(struct house *house)
{
	if (house->live == NULL || house->ending)
		return;
	sim_sayf(house->name, "is asked to stop");
	house->ending = house->clean = true;
	live_stop(house->live);
}

void
house_settle(struct house *house)
{
	if (house->live != NULL && house->over)
		house_kill(house);
}

void
house_reload(struct house *house, struct str rules)
{
	const struct live_reload reload = {.files = files_of(rules)};

	(void)live_reload(house->live, &reload);
}

void
house_reload_webhooks(struct house *house, struct config *config)
{
	struct err err;

	if (!outbox_reload(house->outbox, config, STR_NONE, &err))
		sim_fail("other webhooks are refused: %s", err.text);
	sim_sayf(house->name, "has other webhooks");
}

bool
house_is_drained(const struct house *house, struct stream_id last)
{
	struct live_status status;

	if (house->live == NULL || house->ending)
		return false;
	live_get_status(house->live, &status);
	return status.state == LIVE_RUNNING && status.drained &&
	       stream_id_cmp(status.position, last) == 0 &&
	       stream_id_cmp(status.committed, last) == 0 && status.dirty == 0;
}
