/* SPDX-License-Identifier: Apache-2.0 */
/* Where the live daemon stands: its connections, its states, what moves it from one to the next.
 *
 *   connecting -> standby -> starting -> loading -> recovering -> running <-> paused -> stopping -> stopped
 *
 * A lost connection leads back to connecting. With the same Redis behind it (its run_id) and nobody's commit
 * in between, standby leads straight to running; else memory is dropped and recovered. */
#include "app/live.h"

#include <assert.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "app/live_room.h"
#include "base/mem.h"
#include "codec/resp.h"
#include "codec/stream_id.h"
#include "io/log.h"

#define INFO_AGAIN_MS 500 /* Redis could not say who it is */

#define BIT(state) (1u << (state))

static const struct {
	const char *name;
	unsigned from; /* states from which it may be reached */
} states[] = {
	[LIVE_CONNECTING] = {"connecting", ~(BIT(LIVE_STOPPED) | BIT(LIVE_FAILED))},
	[LIVE_STANDBY] = {"standby", BIT(LIVE_CONNECTING)},
	[LIVE_STARTING] = {"starting",
			   ~(BIT(LIVE_CONNECTING) | BIT(LIVE_STOPPED) | BIT(LIVE_FAILED))},
	[LIVE_LOADING] = {"loading", BIT(LIVE_STARTING)},
	[LIVE_RECOVERING] = {"recovering", BIT(LIVE_LOADING) | BIT(LIVE_PAUSED)},
	[LIVE_RUNNING] = {"running",
			  BIT(LIVE_RECOVERING) | BIT(LIVE_STANDBY) | BIT(LIVE_PAUSED)},
	[LIVE_PAUSED] = {"paused", BIT(LIVE_RUNNING) | BIT(LIVE_RECOVERING)},
	[LIVE_STOPPING] = {"stopping", BIT(LIVE_RUNNING) | BIT(LIVE_PAUSED)},
	[LIVE_STOPPED] = {"stopped", ~BIT(LIVE_FAILED)},
	[LIVE_FAILED] = {"failed", ~BIT(LIVE_STOPPED)},
};

const char *
live_state_name(enum live_state state)
{
	return states[state].name;
}

void
live_move(struct live *live, enum live_state to)
{
	assert(states[to].from & BIT(live->state));
	log_debug("main", "%s -> %s", states[live->state].name, states[to].name);
	live->state = to;
	if (to != LIVE_PAUSED && to != LIVE_FAILED && to != LIVE_CONNECTING)
		live->why.text[0] = '\0';
}

void
live_ignore(void *ctx, const struct reply *reply)
{
	(void)ctx, (void)reply;
}

void
live_timer(struct event *timer, int64_t ms)
{
	const struct timeval wait = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

	event_add(timer, &wait);
}

void
live_stop_reading(struct live *live)
{
	if (stream_is_running(live->stream))
		stream_stop(live->stream);
}

void
live_fail(struct live *live, const char *why)
{
	if (live->state == LIVE_FAILED || live->state == LIVE_STOPPED)
		return;
	live_stop_reading(live);
	err_set(&live->why, "%s", why);
	live_move(live, LIVE_FAILED);
	log_error("main", "%s", live->why.text);
	live->options.hooks.failed(live->options.hooks.ctx, live->why.text);
}

/* Tells it once; what could not go on is tried again after a while. */
void
live_pause(struct live *live, const char *why, int64_t again_ms)
{
	live_stop_reading(live);
	if (strcmp(live->paused_for.text, why) != 0)
		log_error("stream", "%s", why);
	err_set(&live->paused_for, "%s", why);
	live->why = live->paused_for;
	live_move(live, LIVE_PAUSED);
	live_timer(live->again, again_ms);
}

void
live_forget(struct live *live)
{
	engine_destroy(live->engine);
	live->engine = NULL;
	live->recovered = false;
	partition_finish(&live->partition);
	live_drop_held(live);
	live_drop_given(live);
	live->checkpoint_count = 0;
	live->entry_count = 0;
	live->slice_to = (struct stream_id){0};
	live->slicing = false;
	live->quiet = false;
	shard_batch_clear(&live->records);
	live->sent_records = 0;
	live->ended_count = 0;
	buf_clear(&live->guard_now);
	buf_clear(&live->guard_past);
}

void
live_read_on(struct live *live)
{
	char id[24];

	if ((live->state != LIVE_RUNNING && live->state != LIVE_RECOVERING) ||
	    !stream_is_up(live->stream) || stream_is_running(live->stream) || live->slicing ||
	    live->fetching[0] != '\0' || live_is_full(live) ||
	    strcmp(live->run_id, live->reader_run_id) != 0)
		return;
	/* A read that still waits on this connection would keep the new one waiting. */
	snprintf(id, sizeof id, "%lld", (long long)stream_client_id(live->stream));
	redis_command(live->redis, live_ignore, NULL, "CLIENT", "UNBLOCK", id, NULL);
	live->caught_up = false;
	stream_start(live->stream, engine_position(live->engine));
}

/* ---- the connections ---- */

static void
on_info(void *ctx, const struct reply *reply)
{
	struct live *live = ctx;
	char run_id[STREAM_RUN_ID];

	if (live->state != LIVE_CONNECTING)
		return;
	if (reply->type == REPLY_ERROR) {
		live_timer(live->again, INFO_AGAIN_MS);
		return;
	}
	stream_run_id(reply, run_id);
	if (strcmp(run_id, live->run_id) != 0 && live->recovered) {
		log_warn("redis", "Redis was restarted or replaced: memory is dropped and "
				  "recovered from it");
		live_forget(live);
	}
	memcpy(live->run_id, run_id, sizeof run_id);
	live_time_ask(live);
	live_move(live, LIVE_STANDBY);
	lease_acquire(live->lease);
}

static void
on_up(void *ctx)
{
	struct live *live = ctx;

	if (live->state == LIVE_CONNECTING)
		redis_command(live->redis, on_info, live, "INFO", "server", NULL);
}

static void
on_again(evutil_socket_t fd, short what, void *ctx)
{
	struct live *live = ctx;

	(void)fd, (void)what;
	if (live->state == LIVE_CONNECTING && redis_is_up(live->redis)) {
		on_up(live);
	} else if (live->state == LIVE_STARTING) {
		live_boot(live);
	} else if (live->state == LIVE_PAUSED) {
		live_move(live, live->recovered ? LIVE_RUNNING : LIVE_RECOVERING);
		live_read_on(live);
	} else if (live->state == LIVE_STOPPED) {
		live->options.hooks.stopped(live->options.hooks.ctx);
	}
}

static void
on_down(void *ctx, const char *reason)
{
	struct live *live = ctx;

	if (live->state == LIVE_FAILED || live->state == LIVE_STOPPED)
		return;
	log_warn("redis", "%s", reason);
	event_del(live->again);
	lease_suspend(live->lease);
	store_suspend(live->store);
	shard_load_drop(live->load);
	live->load = NULL;
	live->fetching[0] = '\0';
	live->due_asked = false;
	live->trims_asked = 0;
	live_stop_reading(live);
	live_append_lost(live);
	if (!live->recovered)
		live_forget(live);
	if (live->state == LIVE_STOPPING || live->stop_wanted) {
		live_move(live, LIVE_STOPPED);
		live_timer(live->again, 0);
		return;
	}
	err_set(&live->why, "%s", reason);
	live_move(live, LIVE_CONNECTING);
}

/* The two connections may reach different servers while a failover is under way: the commands' connection is
 * made anew, until both reach the same. */
static void
on_reader_up(void *ctx, const char *run_id)
{
	struct live *live = ctx;

	snprintf(live->reader_run_id, sizeof live->reader_run_id, "%s", run_id);
	if (redis_is_up(live->redis) && live->run_id[0] != '\0' &&
	    live->state != LIVE_CONNECTING && strcmp(live->run_id, run_id) != 0) {
		log_warn("redis",
			 "two connections reach two different servers: connecting anew");
		redis_command(live->redis, live_ignore, NULL, "QUIT", NULL);
		return;
	}
	if (live->state == LIVE_RUNNING)
		live->why.text[0] = '\0';
	live_read_on(live);
}

/* Both connections go together when Redis does; where this one goes alone, that is all there is to see for a minute. */
static void
on_reader_down(void *ctx, const char *reason)
{
	struct live *live = ctx;

	live->reader_run_id[0] = '\0';
	if (live->state != LIVE_RUNNING || live->why.text[0] != '\0') {
		log_debug("stream", "%s", reason);
		return;
	}
	log_warn("stream", "%s", reason);
	err_set(&live->why, "%s", reason);
}

static void
on_fail(void *ctx, const char *why)
{
	live_fail(ctx, why);
}

/* ---- the lease and the mark ---- */

static void
on_lease_taken(void *ctx)
{
	struct live *live = ctx;

	if (live->state != LIVE_STANDBY)
		return;
	if (live->recovered) {
		live->reconciling = true;
		store_resume(live->store);
	} else {
		live_boot(live);
	}
}

static void
on_mark_lost(void *ctx, const char *why)
{
	struct live *live = ctx;

	if (!live->reconciling) {
		live_fail(live, why);
		return;
	}
	log_warn("commit", "%s: memory is dropped and recovered from Redis", why);
	live->reconciling = false;
	live_forget(live);
	live_stop_reading(live);
	live_boot(live);
}

static void
on_group_made(void *ctx, const struct reply *reply)
{
	struct live *live = ctx;
	char why[400];

	/* What passes is tried again: the next commit misses the group too. */
	if (reply->type != REPLY_ERROR || reply_error_is(reply, "BUSYGROUP") ||
	    redis_error_is_passing(reply))
		return;
	snprintf(why, sizeof why, "cannot make the consumer group again: Redis says %.*s",
		 STR_ARG(reply->text));
	live_fail(live, why);
}

static void
on_groupless(void *ctx)
{
	struct live *live = ctx;
	char id[STREAM_ID_TEXT];
	struct buf group = {0};

	log_warn("commit", "the consumer group %.*s or its stream was removed: made again",
		 STR_ARG(live->options.config->group));
	buf_str(&group, live->options.config->group);
	stream_id_print(store_mark(live->store)->position, id);
	redis_command(live->redis, on_group_made, live, "XGROUP", "CREATE", live->events.p,
		      group.p, id, "MKSTREAM", NULL);
	buf_finish(&group);
}

/* ---- for the owner ---- */

static void
names_make(struct live *live)
{
	unsigned char luck[8];
	char hex[17];

	RAND_bytes(luck, sizeof luck);
	for (unsigned i = 0; i < sizeof luck; i++)
		snprintf(hex + 2 * (size_t)i, 3, "%02x", luck[i]);
	snprintf(live->name, sizeof live->name, "churnd-%s", hex);
	snprintf(live->reader_name, sizeof live->reader_name, "churnd-%s-reader", hex);
}

struct str
live_key(struct live *live, const char *name)
{
	return arena_printf(&live->arena, "%.*s%s", STR_ARG(live->options.config->prefix),
			    name);
}

static void
keys_make(struct live *live)
{
	live->events = live_key(live, "events");
	live->alerts = live_key(live, "alerts");
	live->tasks = live_key(live, "tasks");
	live->rejected = live_key(live, "rejected");
	live->hold = live_key(live, "hold");
}

static void
parts_make(struct live *live)
{
	const struct live_options *options = &live->options;
	struct str prefix = options->config->prefix;

	live->redis =
		redis_create(options->base, options->redis, live->name,
			     (struct redis_hooks){live, on_up, on_down, redis_log_denied});
	live->lease = lease_create(&(struct lease_options){
		.base = options->base,
		.redis = live->redis,
		.prefix = prefix,
		.name = live->name,
		.hooks = {live, on_lease_taken, on_fail},
	});
	live->store = store_create(&(struct store_options){
		.base = options->base,
		.redis = live->redis,
		.prefix = prefix,
		.events = live->events,
		.group = options->config->group,
		.hooks = {live, live_committed, on_mark_lost, on_fail, on_groupless},
	});
	live->stream = stream_create(&(struct stream_options){
		.base = options->base,
		.redis = options->redis,
		.name = live->reader_name,
		.key = live->events,
		.batch = options->config->batch,
		.hooks = {live, live_take, on_reader_up, on_reader_down, on_fail},
	});
}

struct live *
live_create(const struct live_options *options)
{
	struct live *live = mem_alloc(sizeof *live);

	live->options = *options;
	live->files = options->files;
	live->started_at = clock_wall();
	live->next_due = NEVER;
	arena_init(&live->arena);
	arena_init(&live->decode);
	arena_init(&live->held_arena);
	map_init(&live->held_ids, options->seed);
	map_init(&live->given_ids, options->seed);
	live->entries = mem_array(LIVE_CHUNK, sizeof *live->entries);
	live->again = event_new(options->base, -1, 0, on_again, live);
	live->time_timer = event_new(options->base, -1, 0, live_on_time_timer, live);
	live->due_timer = event_new(options->base, -1, 0, live_on_due_timer, live);
	live->slice_timer = event_new(options->base, -1, 0, live_on_slice, live);
	live->quiet_timer = event_new(options->base, -1, 0, live_on_quiet, live);
	live->watch_timer = event_new(options->base, -1, 0, live_on_watch_timer, live);
	names_make(live);
	keys_make(live);
	parts_make(live);
	return live;
}

void
live_start(struct live *live)
{
	redis_connect(live->redis);
	stream_connect(live->stream);
}

void
live_destroy(struct live *live)
{
	if (live == NULL)
		return;
	redis_destroy(live->redis);
	stream_destroy(live->stream);
	lease_destroy(live->lease);
	store_destroy(live->store);
	shard_load_drop(live->load);
	live_forget(live);
	live_append_finish(live);
	rule_files_destroy(live->files);
	rule_files_destroy(live->fetched);
	map_finish(&live->held_ids);
	mem_free(live->held);
	map_finish(&live->given_ids);
	mem_free(live->given);
	mem_free(live->ended);
	buf_finish(&live->given_bytes);
	mem_free(live->noisy);
	mem_free(live->entries);
	mem_free(live->checkpoints);
	mem_free(live->torn);
	stream_fields_finish(&live->fields);
	shard_batch_finish(&live->records);
	buf_finish(&live->scratch);
	buf_finish(&live->body);
	buf_finish(&live->guard_now);
	buf_finish(&live->guard_past);
	event_free(live->again);
	event_free(live->time_timer);
	event_free(live->due_timer);
	event_free(live->slice_timer);
	event_free(live->quiet_timer);
	event_free(live->watch_timer);
	arena_finish(&live->arena);
	arena_finish(&live->decode);
	arena_finish(&live->held_arena);
	mem_free(live);
}

void
live_stop(struct live *live)
{
	if (live->state >= LIVE_STOPPING)
		return;
	live->stop_wanted = live->state == LIVE_RUNNING && live_is_amid(live);
	if (live->stop_wanted)
		return;
	live_stop_reading(live);
	event_del(live->due_timer);
	if (live->recovered && (live->state == LIVE_RUNNING || live->state == LIVE_PAUSED)) {
		live_move(live, LIVE_STOPPING);
		live_commit(live);
		return;
	}
	live_move(live, LIVE_STOPPED);
	live_timer(live->again, 0);
}

static void
on_released(void *ctx)
{
	struct live *live = ctx;

	if (live->state != LIVE_STOPPING)
		return;
	live_move(live, LIVE_STOPPED);
	live_timer(live->again, 0);
}

void
live_all_committed(struct live *live)
{
	if (live->releasing)
		return;
	live->releasing = true;
	lease_release(live->lease, on_released, live);
}

struct engine *
live_engine(struct live *live)
{
	return live->recovered ? live->engine : NULL;
}

struct redis *
live_redis(struct live *live)
{
	return redis_is_up(live->redis) ? live->redis : NULL;
}

void
live_get_status(struct live *live, struct live_status *out)
{
	const struct commit_mark *mark = store_mark(live->store);

	*out = live->count;
	out->state = live->state;
	out->why = live->why.text;
	out->holder = live->state == LIVE_STANDBY ? lease_holder(live->lease) : NULL;
	out->reads = live->state == LIVE_RUNNING && live->reader_run_id[0] != '\0';
	out->drained = out->reads && live->caught_up;
	out->held = live->is_held;
	out->lag = out->drained ? 0 : live->lag;
	out->committed = mark->position;
	out->low = mark->low;
	out->fence = mark->fence;
	out->seq = mark->seq;
	out->next_due = live->next_due;
	out->started_at = live->started_at;
	if (live->engine == NULL)
		return;
	out->position = engine_position(live->engine);
	out->clock = engine_clock(live->engine);
	out->customers = engine_customers(live->engine);
	out->dirty = engine_dirty(live->engine) + live->records.count + live->sent_records;
	memcpy(out->rules_sha, engine_rules(live->engine)->sha_hex, sizeof out->rules_sha);
}
