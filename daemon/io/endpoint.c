/* SPDX-License-Identifier: Apache-2.0 */
/* One endpoint's life: reads the stream where it stands, and has its alerts sent. */
#include "io/endpoint.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "codec/resp.h"
#include "codec/stream_id.h"
#include "io/endpoint_inside.h"
#include "io/log.h"

#define HOURS_EVERY MINUTE_MS /* the clock on the wall may be set */

/* For "%.*s". */
#define NAME(endpoint) STR_ARG((endpoint)->config->name)

/* --- going on -------------------------------------------------------------------------------------- */

/* Do its hours begin or end? They are those of the wall, the queue's clock is another. */
static void
keep_hours(struct endpoint *endpoint, int64_t now)
{
	const struct almanac *almanac = *endpoint->home.almanac;
	int64_t wall = clock_wall(), until = NEVER, wait = HOURS_EVERY;

	if (!endpoint->config->hours.given || now < endpoint->hours_until)
		return;
	if (almanac == NULL) {
		delivery_quiet(&endpoint->queue, NEVER, now); /* until the rules are known */
	} else if (hours_open(almanac, &endpoint->config->hours, wall, &until)) {
		delivery_quiet(&endpoint->queue, 0, now);
	} else {
		delivery_quiet(&endpoint->queue, until == NEVER ? NEVER : now + (until - wall),
			       now);
	}
	if (until - wall < wait)
		wait = until - wall;
	endpoint->hours_until = now + wait;
}

static void
set_timer(struct endpoint *endpoint, int64_t now)
{
	int64_t sends_at = endpoint->stopping ? NEVER : delivery_wakes_at(&endpoint->queue);
	int64_t saves_at = endpoint_save_due(endpoint);
	int64_t at = sends_at < saves_at ? sends_at : saves_at;
	struct timeval wait;

	if (endpoint->config->hours.given && endpoint->hours_until < at)
		at = endpoint->hours_until;
	if (at == endpoint->timer_at)
		return;
	endpoint->timer_at = at;
	if (at == NEVER) {
		evtimer_del(endpoint->timer);
		return;
	}
	at = at > now ? at - now : 0;
	wait = (struct timeval){.tv_sec = at / 1000, .tv_usec = at % 1000 * 1000};
	evtimer_add(endpoint->timer, &wait);
}

void
endpoint_pump(struct endpoint *endpoint)
{
	int64_t now = clock_monotonic();
	struct delivery *delivery;

	if (!endpoint->loaded)
		return;
	keep_hours(endpoint, now);
	while (!endpoint->stopping && (delivery = delivery_next(&endpoint->queue, now)) != NULL)
		endpoint_send(endpoint, delivery);
	endpoint_read(endpoint);
	if (endpoint->expires.ms > 0)
		endpoint_send_expired(endpoint);
	endpoint_save(endpoint, now);
	set_timer(endpoint, now);
	if (endpoint_is_resting(endpoint))
		endpoint->home.rested(endpoint->home.ctx);
}

static void
on_timer(evutil_socket_t fd, short what, void *ctx)
{
	struct endpoint *endpoint = ctx;

	(void)fd, (void)what;
	endpoint->timer_at = NEVER;
	endpoint_pump(endpoint);
}

void
endpoint_wake(struct endpoint *endpoint)
{
	endpoint->more |= !endpoint->follows;
	endpoint_read(endpoint);
}

bool
endpoint_follows(const struct endpoint *endpoint)
{
	return endpoint->follows && endpoint->loaded;
}

void
endpoint_go_on(struct endpoint *endpoint)
{
	endpoint_pump(endpoint);
}

void
endpoint_hours_changed(struct endpoint *endpoint)
{
	endpoint->hours_until = 0;
	endpoint_pump(endpoint);
}

struct stream_id
endpoint_expire(struct endpoint *endpoint, struct stream_id before)
{
	/* A Redis that was started again may have forgotten what this one knows. */
	if (!endpoint->loaded || endpoint->loading || !redis_is_up(endpoint->home.redis))
		return (struct stream_id){0, 0};
	if (stream_id_cmp(endpoint->expires, before) < 0)
		endpoint->expires = before;
	endpoint_pump(endpoint);
	return endpoint->saved_position;
}

static void
set_why(struct endpoint *endpoint, struct str why)
{
	buf_clear(&endpoint->paused_why);
	buf_str(&endpoint->paused_why, why);
}

static void
set_paused(struct endpoint *endpoint, bool paused)
{
	if (!paused)
		delivery_resume(&endpoint->queue, clock_monotonic());
	else if (!endpoint->queue.paused)
		delivery_pause(&endpoint->queue, clock_monotonic());
}

static void
do_wish(struct endpoint *endpoint)
{
	bool paused = endpoint->wish == WISH_PAUSED;

	if (endpoint->wish == WISH_NOTHING)
		return;
	set_paused(endpoint, paused);
	endpoint_save_state(endpoint, paused);
}

void
endpoint_pause(struct endpoint *endpoint, bool paused, struct str why)
{
	set_why(endpoint, paused ? why : STR_NONE);
	endpoint->wish = paused ? WISH_PAUSED : WISH_OK;
	if (!endpoint->loaded)
		return;
	do_wish(endpoint);
	endpoint_pump(endpoint);
}

/* `state` as it stands in Redis, unless we are about to change it. */
static void
on_state(void *ctx, const struct reply *reply)
{
	struct endpoint *endpoint = ctx;
	bool paused = reply_is(reply, "paused");

	endpoint->asks--;
	if (endpoint->state_pending || reply->type == REPLY_ERROR || !endpoint->loaded ||
	    paused == endpoint->queue.paused)
		return;
	set_why(endpoint, paused ? STR("somebody wrote it into Redis") : STR_NONE);
	set_paused(endpoint, paused);
	log_info("outbox", "%.*s is %s: somebody wrote so in Redis", NAME(endpoint),
		 paused ? "paused" : "resumed");
	endpoint_pump(endpoint);
}

void
endpoint_poll(struct endpoint *endpoint, bool state)
{
	if (state && endpoint->unread)
		endpoint_load(endpoint, endpoint->last);
	if (!endpoint->loaded || endpoint->stopping || !redis_is_up(endpoint->home.redis))
		return;
	if (state) {
		endpoint->asks++;
		redis_command(endpoint->home.redis, on_state, endpoint, "HGET", endpoint->key.p,
			      "state", NULL);
	}
	if (!endpoint->follows || endpoint->again_behind)
		endpoint_wake(endpoint);
}

/* --- coming and going ------------------------------------------------------------------------------ */

/* First failures of alerts that are long done, left behind by a crash. */
static void
drop_old_firsts(struct endpoint *endpoint)
{
	const struct progress_record *record = &endpoint->record;
	size_t range = 0;

	for (size_t i = 0; i < record->first_count; i++) {
		struct stream_id at = record->firsts[i].at;

		while (range < record->done_count &&
		       stream_id_cmp(record->done[range].to, at) < 0)
			range++;
		if (stream_id_cmp(at, record->position) <= 0 ||
		    (range < record->done_count &&
		     stream_id_cmp(record->done[range].from, at) <= 0))
			endpoint_save_drop_first(endpoint, at);
	}
}

/* What was sent before a restart counts: as if it had been sent now, at the worst. */
static void
restore_rate(struct endpoint *endpoint, int64_t now)
{
	const struct progress_record *record = &endpoint->record;
	struct rate_limit *rate = &endpoint->queue.rate;
	int64_t age = clock_wall() - record->rate_at;

	if (age < 0 || age >= rate->per)
		return;
	for (unsigned i = 0; i < record->rate_taken && i < rate->count; i++)
		rate_limit_take(rate, now);
}

/* It said "too often" to the one before us. A clock that was set back since makes no longer rest of it. */
static void
restore_rest(struct endpoint *endpoint, int64_t now)
{
	const struct progress_record *record = &endpoint->record;
	int64_t left = record->rests_until - clock_wall();

	if (left > 0)
		delivery_rest(&endpoint->queue,
			      now + (left < record->rests_for ? left : record->rests_for));
}

/* As Redis says, and nothing else. */
static void
begin_anew(struct endpoint *endpoint)
{
	int64_t now = clock_monotonic();
	const struct progress_record *record = &endpoint->record;

	endpoint_cancel_all(endpoint);
	delivery_queue_finish(&endpoint->queue);
	delivery_queue_init(&endpoint->queue, &endpoint->policy, now);
	backlog_restore(&endpoint->queue.backlog, record->position, record->done,
			record->done_count);
	endpoint->queue.active = record->active;
	restore_rate(endpoint, now);
	restore_rest(endpoint, now);
	endpoint_save_reset(endpoint, record->writes);
	endpoint->saved_position = record->position;
	endpoint->follows = false;
	endpoint->again_behind = true;
	endpoint->again_read_to = (struct stream_id){0, 0};
	endpoint->hours_until = 0;
	drop_old_firsts(endpoint);
	if (endpoint->wish == WISH_NOTHING)
		set_why(endpoint, record->paused ? buf_view(&record->why) : STR_NONE);
	if (record->paused) {
		delivery_pause(&endpoint->queue, now);
		log_warn("outbox", "%.*s is paused: nothing is sent until somebody resumes it",
			 NAME(endpoint));
	}
	endpoint->loaded = true;
	do_wish(endpoint);
}

void
endpoint_forget(struct endpoint *endpoint)
{
	endpoint->loaded = endpoint->follows = false;
}

static void
on_progress(void *ctx, const struct reply *hash)
{
	struct endpoint *endpoint = ctx;
	struct stream_id last = *endpoint->last;
	struct progress_record record;
	struct err err;

	endpoint->asks--;
	if (!progress_read(hash, &record, &err)) {
		if (!endpoint->unread)
			log_error("outbox", "%.*s: progress cannot be read, trying again: %s",
				  NAME(endpoint), err.text);
		endpoint->unread = true;
		return;
	}
	endpoint->loading = endpoint->unread = false;
	progress_clamp(&record, last);
	if (!endpoint->loaded || endpoint->slipped ||
	    stream_id_cmp(endpoint->queue.backlog.read_to, last) > 0 ||
	    !endpoint_save_resume(endpoint, record.writes)) {
		if (endpoint->loaded)
			log_warn("outbox", "%.*s: Redis has gone back in time, and so do we",
				 NAME(endpoint));
		progress_finish(&endpoint->record);
		endpoint->record = record;
		begin_anew(endpoint);
	} else {
		progress_finish(&record);
	}
	endpoint->follows = false;
	endpoint->more = true;
	endpoint_pump(endpoint);
}

/* The newest alert up to where it has read. Another one than that: Redis has gone back in time, and alerts may have
 * come since that lie before it. None: they were all trimmed. */
static void
on_newest_read(void *ctx, const struct reply *reply)
{
	struct endpoint *endpoint = ctx;
	struct endpoint_entry entry;

	endpoint->asks--;
	endpoint->slipped = reply->type == REPLY_ARRAY && reply->count > 0 &&
			    endpoint_entry_read(reply + 1, &entry) &&
			    stream_id_cmp(entry.at, endpoint->queue.backlog.read_to) != 0;
}

static void
ask_newest_read(struct endpoint *endpoint)
{
	char read_to[STREAM_ID_TEXT];

	endpoint->slipped = false;
	if (!endpoint->loaded)
		return;
	stream_id_print(endpoint->queue.backlog.read_to, read_to);
	endpoint->asks++;
	redis_command(endpoint->home.redis, on_newest_read, endpoint, "XREVRANGE",
		      endpoint->home.alerts.p, read_to, "-", "COUNT", "1", NULL);
}

void
endpoint_load(struct endpoint *endpoint, const struct stream_id *last)
{
	endpoint->last = last;
	endpoint->loading = true;
	ask_newest_read(endpoint);
	endpoint->asks++;
	redis_command(endpoint->home.redis, on_progress, endpoint, "HGETALL", endpoint->key.p,
		      NULL);
}

void
endpoint_down(struct endpoint *endpoint)
{
	endpoint->reading = endpoint->reading_again = endpoint->follows = false;
	endpoint->owed = endpoint->asks = 0;
	endpoint_pump(endpoint);
}

bool
endpoint_is_owed(const struct endpoint *endpoint)
{
	return endpoint->reading || endpoint->reading_again || endpoint->owed > 0 ||
	       endpoint->asks > 0;
}

void
endpoint_stop(struct endpoint *endpoint)
{
	endpoint->stopping = true;
	endpoint_pump(endpoint);
}

/* What came meanwhile was not handed to it. */
void
endpoint_start(struct endpoint *endpoint)
{
	endpoint->stopping = endpoint->follows = false;
	endpoint->more = endpoint->again_behind = true;
	endpoint_pump(endpoint);
}

bool
endpoint_is_resting(const struct endpoint *endpoint)
{
	if (!endpoint->stopping || (endpoint->loaded && endpoint->queue.flying > 0))
		return false;
	/* What cannot be written now is sent again after the next start. */
	return !endpoint->loaded || !redis_is_up(endpoint->home.redis) || endpoint->unread ||
	       endpoint->write_failed || endpoint_is_saved(endpoint);
}

static struct delivery_policy
policy_of(const struct endpoint *endpoint)
{
	const struct endpoint_config *config = endpoint->config;
	const struct connector *connector = config->connector;
	int64_t probe_every = endpoint->home.probe_every;
	struct rate rate = config->rate;

	if (rate.count == 0 && connector != NULL)
		rate = connector_rate(connector);

	return (struct delivery_policy){
		.retry = {.first = config->retry.first,
			  .max = config->retry.max,
			  .give_up_after = config->retry.give_up_after,
			  .factor = config->retry.factor,
			  .jitter = config->retry.jitter},
		.throttle = config->throttle,
		.concurrency = config->concurrency > 0 ? config->concurrency : 1,
		.rate_count = rate.count,
		.rate_per = rate.per,
		.digest_max = connector != NULL ? connector_digest_max(connector) : 0,
		.opens_after = DELIVERY_OPENS_AFTER,
		.probe_every = probe_every > 0 ? probe_every : DELIVERY_PROBE_EVERY,
		.window = DELIVERY_WINDOW,
		.window_bytes = DELIVERY_WINDOW_BYTES,
	};
}

struct endpoint *
endpoint_create(const struct endpoint_home *home, const struct endpoint_config *config,
		struct sender *sender)
{
	struct endpoint *endpoint = mem_alloc(sizeof *endpoint);

	endpoint->home = *home;
	endpoint->config = config;
	endpoint->sender = sender;
	endpoint->policy = policy_of(endpoint);
	delivery_queue_init(&endpoint->queue, &endpoint->policy, clock_monotonic());
	buf_printf(&endpoint->key, "%.*sdelivery:%.*s", STR_ARG(home->prefix),
		   STR_ARG(config->name));
	endpoint->timer = evtimer_new(home->base, on_timer, endpoint);
	assert(endpoint->timer != NULL);
	endpoint->timer_at = NEVER;
	return endpoint;
}

void
endpoint_configure(struct endpoint *endpoint, const struct endpoint_config *config,
		   struct sender *sender)
{
	sender_release(endpoint->sender);
	endpoint->config = config;
	endpoint->sender = sender;
	endpoint->policy = policy_of(endpoint);
	delivery_set_policy(&endpoint->queue, &endpoint->policy);
	delivery_hurry(&endpoint->queue);
	endpoint->hours_until = 0;
	if (!config->hours.given)
		delivery_quiet(&endpoint->queue, 0, clock_monotonic());
	endpoint_pump(endpoint);
}

void
endpoint_destroy(struct endpoint *endpoint)
{
	struct flight *next;

	if (endpoint == NULL)
		return;
	endpoint_cancel_all(endpoint);
	for (struct flight *flight = endpoint->landed; flight != NULL; flight = next) {
		next = flight->next;
		mem_free(flight);
	}
	sender_release(endpoint->sender);
	event_free(endpoint->timer);
	delivery_queue_finish(&endpoint->queue);
	progress_finish(&endpoint->record);
	buf_finish(&endpoint->pending);
	buf_finish(&endpoint->last_error);
	buf_finish(&endpoint->paused_why);
	buf_finish(&endpoint->key);
	mem_free(endpoint->dead);
	mem_free(endpoint);
}

struct str
endpoint_name(const struct endpoint *endpoint)
{
	return endpoint->config->name;
}

struct sender *
endpoint_sender(const struct endpoint *endpoint)
{
	return endpoint->sender;
}

/* What a person wants holds at once, though it can wait for the progress to be read. */
static bool
is_paused(const struct endpoint *endpoint)
{
	return endpoint->wish == WISH_NOTHING ? endpoint->queue.paused
					      : endpoint->wish == WISH_PAUSED;
}

static const char *
state_name(const struct endpoint *endpoint, int64_t now)
{
	const struct delivery_queue *queue = &endpoint->queue;

	if (is_paused(endpoint))
		return "paused";
	if (queue->quiet_until > now)
		return "quiet";
	if (queue->circuit.state != CIRCUIT_CLOSED)
		return "open";
	return queue->sleeping > 0 || queue->throttled_until > 0 ? "retrying" : "ok";
}

/* A monotonic instant on the wall; 0: it is not to come. */
static int64_t
on_wall(int64_t at, int64_t now)
{
	return at == NEVER ? NEVER : at > now ? clock_wall() + (at - now) : 0;
}

void
endpoint_status(const struct endpoint *endpoint, struct outbox_status *out)
{
	const struct delivery_queue *queue = &endpoint->queue;
	int64_t now = clock_monotonic();

	*out = (struct outbox_status){
		.name = endpoint->config->name,
		.format = endpoint->config->format,
		.state = state_name(endpoint, now),
		.delivered = endpoint->delivered,
		.failed = endpoint->failed,
		.dead = endpoint->given_up,
		.digests = endpoint->digests,
		.resent = endpoint->resent,
		.waiting = queue->backlog.held,
		.backlog = !endpoint->follows,
		.oldest_at = backlog_oldest_ms(&queue->backlog),
		.last_status = endpoint->last_status,
		.last_error = buf_view(&endpoint->last_error),
		.paused_why = buf_view(&endpoint->paused_why),
		.last_delivered_at = endpoint->last_delivered_at,
		.throttled_until = on_wall(queue->throttled_until, now),
		.quiet_until = on_wall(queue->quiet_until, now),
		.tries = endpoint->tries,
		.durations = &endpoint->durations,
	};
	if (queue->circuit.state != CIRCUIT_CLOSED)
		out->probe_at = on_wall(queue->circuit.probe_at, now);
}
