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

#define READ_COUNT 200u /* entries a read */

/* For "%.*s". */
#define NAME(endpoint) STR_ARG((endpoint)->config->name)

/* --- reading --------------------------------------------------------------------------------------- */

/* Is `name` one of the names in `to`, which are joined by commas? */
static bool
names_endpoint(struct str to, struct str name)
{
	for (size_t from = 0, end; from < to.n; from = end + 1) {
		for (end = from; end < to.n && to.p[end] != ','; end++)
			;
		if (str_eq(str_slice(to, from, end), name))
			return true;
	}
	return false;
}

struct alert_entry {
	struct str id, customer, to, body;
};

static struct alert_entry
fields_of(const struct reply *fields)
{
	struct alert_entry entry = {0};
	const struct reply *name = fields + 1;

	for (uint32_t i = 0; i + 1 < fields->count; i += 2) {
		const struct reply *value = reply_next(name);

		if (str_is(name->text, "id"))
			entry.id = value->text;
		else if (str_is(name->text, "customer"))
			entry.customer = value->text;
		else if (str_is(name->text, "to"))
			entry.to = value->text;
		else if (str_is(name->text, "body"))
			entry.body = value->text;
		name = reply_next(value);
	}
	return entry;
}

/* Entry = [id, [name, value, ...]]. */
static void
take_entry(struct endpoint *endpoint, const struct reply *reply)
{
	const struct reply *id = reply_at(reply, 0), *fields = reply_at(reply, 1);
	const struct progress_first *first;
	struct stream_id at, read_to = endpoint->queue.backlog.read_to;
	struct alert_entry entry;

	if (id == NULL || fields == NULL || fields->type != REPLY_ARRAY ||
	    !stream_id_parse(id->text, &at) || stream_id_cmp(at, read_to) <= 0)
		return;
	entry = fields_of(fields);
	if (!names_endpoint(entry.to, endpoint->config->name)) {
		backlog_pass(&endpoint->queue.backlog, at);
		endpoint->moved = true;
		return;
	}
	if (entry.id.n == 0 || text_has_control(entry.id)) {
		log_warn("outbox",
			 "%.*s: entry %.*s of the alerts has no proper id, passed over",
			 NAME(endpoint), STR_ARG(id->text));
		backlog_pass(&endpoint->queue.backlog, at);
		endpoint->moved = true;
		return;
	}
	first = progress_first(&endpoint->record, at);
	delivery_take(&endpoint->queue, at, entry.id, entry.customer, entry.body,
		      first ? first->active : -1, first ? first->wall : 0);
}

static void
on_read(void *ctx, const struct reply *reply)
{
	struct endpoint *endpoint = ctx;
	struct stream_id after, before;
	const struct reply *entry = reply + 1;

	endpoint->reading = false;
	if (reply->type == REPLY_ERROR) {
		/* The next poll tries again. */
		log_warn("outbox", "%.*s: the alerts cannot be read: %.*s", NAME(endpoint),
			 STR_ARG(reply->text));
		return;
	}
	if (reply->type != REPLY_ARRAY && reply->type != REPLY_NIL)
		return;
	for (uint32_t i = 0; reply->type == REPLY_ARRAY && i < reply->count; i++) {
		take_entry(endpoint, entry);
		entry = reply_next(entry);
	}
	if (reply->type == REPLY_ARRAY && reply->count >= endpoint->asked) {
		endpoint->more = true;
	} else {
		backlog_reads(&endpoint->queue.backlog, &after, &before);
		if (before.ms != 0 || before.seq != 0) {
			backlog_jump(&endpoint->queue.backlog);
			endpoint->more = true;
		}
	}
	endpoint_pump(endpoint);
}

/* Under load rather a whole read at a time than one alert for each that is done. */
static bool
should_read(const struct endpoint *endpoint)
{
	unsigned room = delivery_room(&endpoint->queue);

	if (!endpoint->loaded || endpoint->stopping || endpoint->reading || !endpoint->more ||
	    !redis_is_up(endpoint->home.redis))
		return false;
	return room >= READ_COUNT ||
	       (room > 0 && endpoint->queue.ready.count < endpoint->policy.concurrency);
}

static void
bound_print(struct buf *out, struct stream_id id)
{
	char text[STREAM_ID_TEXT];

	stream_id_print(id, text);
	buf_char(out, '(');
	buf_text(out, text);
}

static void
read_more(struct endpoint *endpoint)
{
	struct buf commands = {0}, from = {0}, to = {0};
	struct stream_id after, before;
	unsigned room = delivery_room(&endpoint->queue);

	backlog_reads(&endpoint->queue.backlog, &after, &before);
	bound_print(&from, after);
	if (before.ms != 0 || before.seq != 0)
		bound_print(&to, before);
	else
		buf_char(&to, '+');
	endpoint->asked = room < READ_COUNT ? room : READ_COUNT;
	endpoint->reading = true;
	endpoint->more = false;
	resp_array(&commands, 6);
	resp_text(&commands, "XRANGE");
	resp_arg(&commands, endpoint->home.alerts);
	resp_arg(&commands, buf_view(&from));
	resp_arg(&commands, buf_view(&to));
	resp_text(&commands, "COUNT");
	resp_int(&commands, endpoint->asked);
	redis_send(endpoint->home.redis, buf_view(&commands), 1, on_read, endpoint);
	buf_finish(&commands);
	buf_finish(&from);
	buf_finish(&to);
}

/* --- going on -------------------------------------------------------------------------------------- */

static void
set_timer(struct endpoint *endpoint, int64_t now)
{
	int64_t sends_at = endpoint->stopping ? NEVER : delivery_wakes_at(&endpoint->queue);
	int64_t saves_at = endpoint_save_due(endpoint);
	int64_t at = sends_at < saves_at ? sends_at : saves_at;
	struct timeval wait;

	evtimer_del(endpoint->timer);
	if (at == NEVER)
		return;
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
	while (!endpoint->stopping && (delivery = delivery_next(&endpoint->queue, now)) != NULL)
		endpoint_send(endpoint, delivery);
	if (should_read(endpoint))
		read_more(endpoint);
	endpoint_save(endpoint, now);
	set_timer(endpoint, now);
	if (endpoint_is_resting(endpoint))
		endpoint->home.rested(endpoint->home.ctx);
}

static void
on_timer(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd, (void)what;
	endpoint_pump(ctx);
}

void
endpoint_wake(struct endpoint *endpoint)
{
	endpoint->more = true;
	if (should_read(endpoint))
		read_more(endpoint);
}

static void
set_paused(struct endpoint *endpoint, bool paused)
{
	if (paused == endpoint->queue.paused)
		return;
	if (paused)
		delivery_pause(&endpoint->queue, clock_monotonic());
	else
		delivery_resume(&endpoint->queue, clock_monotonic());
	log_info("outbox", "%.*s is %s", NAME(endpoint), paused ? "paused" : "resumed");
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
endpoint_pause(struct endpoint *endpoint, bool paused)
{
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

	if (endpoint->state_pending || reply->type == REPLY_ERROR || !endpoint->loaded ||
	    paused == endpoint->queue.paused)
		return;
	set_paused(endpoint, paused);
	endpoint_pump(endpoint);
}

void
endpoint_poll(struct endpoint *endpoint)
{
	if (!endpoint->loaded || endpoint->stopping || !redis_is_up(endpoint->home.redis))
		return;
	redis_command(endpoint->home.redis, on_state, endpoint, "HGET", endpoint->key.p,
		      "state", NULL);
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
	endpoint_save_reset(endpoint, record->writes);
	drop_old_firsts(endpoint);
	if (record->paused) {
		delivery_pause(&endpoint->queue, now);
		log_warn("outbox", "%.*s is paused: nothing is sent until somebody resumes it",
			 NAME(endpoint));
	}
	endpoint->loaded = true;
	do_wish(endpoint);
}

void
endpoint_load(struct endpoint *endpoint, const struct reply *hash, struct stream_id last)
{
	struct progress_record record;
	struct err err;

	if (!progress_read(hash, &record, &err)) {
		log_error("outbox", "%.*s: progress cannot be read: %s", NAME(endpoint),
			  err.text);
		return;
	}
	progress_clamp(&record, last);
	if (!endpoint->loaded || stream_id_cmp(endpoint->queue.backlog.read_to, last) > 0 ||
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
	endpoint->more = true;
	endpoint_pump(endpoint);
}

void
endpoint_down(struct endpoint *endpoint)
{
	endpoint->reading = false;
	endpoint->owed = 0;
	endpoint_pump(endpoint);
}

void
endpoint_stop(struct endpoint *endpoint)
{
	endpoint->stopping = true;
}

bool
endpoint_is_resting(const struct endpoint *endpoint)
{
	if (!endpoint->stopping || (endpoint->loaded && endpoint->queue.flying > 0))
		return false;
	/* What cannot be written now is sent again after the next start. */
	return !endpoint->loaded || !redis_is_up(endpoint->home.redis) ||
	       endpoint->write_failed || endpoint_is_saved(endpoint);
}

static struct delivery_policy
policy_of(const struct endpoint_config *config)
{
	return (struct delivery_policy){
		.retry = {.first = config->retry.first,
			  .max = config->retry.max,
			  .give_up_after = config->retry.give_up_after,
			  .factor = config->retry.factor,
			  .jitter = config->retry.jitter},
		.throttle = config->throttle,
		.concurrency = config->concurrency > 0 ? config->concurrency : 1,
		.rate_count = config->rate.count,
		.rate_per = config->rate.per,
		.opens_after = DELIVERY_OPENS_AFTER,
		.probe_every = DELIVERY_PROBE_EVERY,
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
	endpoint->policy = policy_of(config);
	if (home->probe_every > 0)
		endpoint->policy.probe_every = home->probe_every;
	delivery_queue_init(&endpoint->queue, &endpoint->policy, clock_monotonic());
	buf_printf(&endpoint->key, "%.*sdelivery:%.*s", STR_ARG(home->prefix),
		   STR_ARG(config->name));
	endpoint->timer = evtimer_new(home->base, on_timer, endpoint);
	assert(endpoint->timer != NULL);
	return endpoint;
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

struct str
endpoint_key(const struct endpoint *endpoint)
{
	return buf_view(&endpoint->key);
}

static const char *
state_name(const struct delivery_queue *queue)
{
	if (queue->paused)
		return "paused";
	if (queue->circuit.state != CIRCUIT_CLOSED)
		return "open";
	return queue->sleeping > 0 || queue->throttled_until > 0 ? "retrying" : "ok";
}

/* A monotonic instant on the wall; 0: it is not to come. */
static int64_t
on_wall(int64_t at, int64_t now)
{
	return at > now ? clock_wall() + (at - now) : 0;
}

void
endpoint_status(const struct endpoint *endpoint, struct outbox_status *out)
{
	const struct delivery_queue *queue = &endpoint->queue;
	int64_t now = clock_monotonic();

	*out = (struct outbox_status){
		.name = endpoint->config->name,
		.format = endpoint->config->format,
		.state = state_name(queue),
		.delivered = endpoint->delivered,
		.failed = endpoint->failed,
		.dead = endpoint->given_up,
		.digests = endpoint->digests,
		.resent = endpoint->resent,
		.waiting = queue->backlog.held,
		.backlog = endpoint->more || endpoint->reading,
		.oldest_at = backlog_oldest_ms(&queue->backlog),
		.last_status = endpoint->last_status,
		.last_error = buf_view(&endpoint->last_error),
		.last_delivered_at = endpoint->last_delivered_at,
		.throttled_until = on_wall(queue->throttled_until, now),
	};
	if (queue->circuit.state != CIRCUIT_CLOSED)
		out->probe_at = on_wall(queue->circuit.probe_at, now);
}
