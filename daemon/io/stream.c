/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a stream with XREAD on a connection of its own, at most two reads ahead of the work. */
#include "io/stream.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "codec/resp.h"
#include "codec/stream_id.h"
#include "io/log.h"

#define BLOCK_MS 5000	/* a read waits so long for entries */
#define SILENCE_MS 5000 /* no answer for so long, beyond BLOCK_MS: the peer is gone */
#define AGAIN_MS 500	/* pause after a passing error */
#define GROWTH \
	8 /* after a slow-down each full read is an eighth longer than the one before it */

struct stream {
	struct stream_options options;
	struct redis *redis; /* owned */
	struct event *timer; /* owned: the watch on the read under way, or the pause */
	struct buf out;
	struct stream_id next;	/* the coming read begins after it */
	struct stream_id asked; /* the read under way began after it */
	unsigned count;		/* entries of the coming read, at most */
	unsigned asked_count;	/* of the read under way */
	unsigned under_way;	/* replies owed */
	unsigned stale;		/* of those, the first so many are thrown away */
	bool up, running, held, wait;
};

static void on_reply(void *ctx, const struct reply *reply);

static void
timer_set(struct stream *stream, int64_t ms)
{
	const struct timeval wait = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

	event_add(stream->timer, &wait);
}

/* XREAD COUNT n [BLOCK ms] STREAMS key id */
static void
read_next(struct stream *stream)
{
	char from[STREAM_ID_TEXT];

	buf_clear(&stream->out);
	resp_array(&stream->out, stream->wait ? 8 : 6);
	resp_text(&stream->out, "XREAD");
	resp_text(&stream->out, "COUNT");
	resp_int(&stream->out, stream->count);
	if (stream->wait) {
		resp_text(&stream->out, "BLOCK");
		resp_int(&stream->out, BLOCK_MS);
	}
	resp_text(&stream->out, "STREAMS");
	resp_arg(&stream->out, stream->options.key);
	stream_id_print(stream->next, from);
	resp_text(&stream->out, from);
	stream->asked = stream->next;
	stream->asked_count = stream->count;
	stream->under_way++;
	redis_send(stream->redis, buf_view(&stream->out), 1, on_reply, stream);
	timer_set(stream, BLOCK_MS + SILENCE_MS);
}

static bool
has_fresh_read(const struct stream *stream)
{
	return stream->under_way > stream->stale;
}

static void
read_on(struct stream *stream)
{
	if (stream->running && !stream->held && !has_fresh_read(stream))
		read_next(stream);
}

/* The one stream's part of XREAD's reply: [[key, [entry ...]]]. */
static bool
batch_of(const struct reply *reply, struct stream_batch *batch)
{
	const struct reply *entries, *last;

	if (reply->type != REPLY_ARRAY || reply->count != 1 || reply[1].type != REPLY_ARRAY ||
	    reply[1].count != 2 || reply[3].type != REPLY_ARRAY || reply[3].count == 0)
		return false;
	entries = &reply[3];
	batch->entries = entries + 1;
	batch->count = entries->count;
	last = entries + entries->last;
	return last->type == REPLY_ARRAY && last->count == 2 &&
	       stream_id_parse(last[1].text, &batch->last);
}

static void
refused(struct stream *stream, const struct reply *reply)
{
	char why[512];

	if (redis_error_is_passing(reply)) {
		log_warn("stream", "reading pauses: Redis says %.*s", STR_ARG(reply->text));
		timer_set(stream, AGAIN_MS);
		return;
	}
	stream_stop(stream);
	snprintf(why, sizeof why, "cannot read the stream %.*s: Redis says %.*s",
		 STR_ARG(stream->options.key), STR_ARG(reply->text));
	stream->options.hooks.fail(stream->options.hooks.ctx, why);
}

static void
grow(struct stream *stream)
{
	stream->count += (stream->count + GROWTH - 1) / GROWTH;
	if (stream->count > stream->options.batch)
		stream->count = stream->options.batch;
}

/* The next read goes out first, then the work on this one begins. */
static void
on_reply(void *ctx, const struct reply *reply)
{
	struct stream *stream = ctx;
	struct stream_batch batch = {.last = stream->next};

	event_del(stream->timer);
	if (--stream->under_way > 0)
		timer_set(stream, BLOCK_MS + SILENCE_MS);
	if (stream->stale > 0) {
		stream->stale--;
		read_on(stream);
		return;
	}
	if (!stream->running)
		return;
	if (reply->type == REPLY_ERROR) {
		refused(stream, reply);
		return;
	}
	if (reply->type != REPLY_NIL && !batch_of(reply, &batch)) {
		stream_stop(stream);
		stream->options.hooks.fail(stream->options.hooks.ctx,
					   "Redis answers XREAD with what is no stream");
		return;
	}
	batch.full = batch.count >= stream->asked_count;
	if (batch.full)
		grow(stream);
	stream->next = batch.last;
	/* After a full batch it asks rather than waits, so that take() soon learns whether that was all. */
	stream->wait = !batch.full;
	read_on(stream);
	stream->options.hooks.take(stream->options.hooks.ctx, &batch);
}

void
stream_look_ahead(struct stream *stream)
{
	struct stream_batch batch;
	const struct reply *reply;

	if (!stream->running || stream->held || stream->under_way != 1 || stream->stale > 0 ||
	    stream->count < stream->options.batch)
		return;
	reply = redis_look_ahead(stream->redis);
	if (reply == NULL || !batch_of(reply, &batch) || batch.count < stream->asked_count)
		return;
	stream->next = batch.last;
	stream->wait = false;
	read_next(stream);
}

void
stream_run_id(const struct reply *info, char out[STREAM_RUN_ID])
{
	static const char mark[] = "run_id:";
	size_t n = sizeof mark - 1;
	unsigned length = 0;

	out[0] = '\0';
	if (info->type != REPLY_STRING)
		return;
	for (size_t i = 0; i + n < info->text.n; i++) {
		if (memcmp(info->text.p + i, mark, n) != 0)
			continue;
		for (i += n; i < info->text.n && info->text.p[i] > ' '; i++)
			if (length + 1 < STREAM_RUN_ID)
				out[length++] = info->text.p[i];
		out[length] = '\0';
		return;
	}
}

/* A Redis that cannot say who it is now is asked again. */
static void
on_info(void *ctx, const struct reply *reply)
{
	struct stream *stream = ctx;
	char run_id[STREAM_RUN_ID];

	if (reply->type == REPLY_ERROR) {
		timer_set(stream, AGAIN_MS);
		return;
	}
	stream_run_id(reply, run_id);
	stream->up = true;
	stream->options.hooks.up(stream->options.hooks.ctx, run_id);
}

static void
on_up(void *ctx)
{
	struct stream *stream = ctx;

	redis_command(stream->redis, on_info, stream, "INFO", "server", NULL);
}

static void
on_down(void *ctx, const char *reason)
{
	struct stream *stream = ctx;

	stream->under_way = stream->stale = 0;
	stream->up = stream->running = false;
	event_del(stream->timer);
	stream->options.hooks.down(stream->options.hooks.ctx, reason);
}

static void
connection_make(struct stream *stream)
{
	stream->redis =
		redis_create(stream->options.base, stream->options.redis, stream->options.name,
			     (struct redis_hooks){stream, on_up, on_down, redis_log_denied});
}

/* A read under way that got no answer although its time is over: the connection is made anew. */
static void
on_timer(evutil_socket_t fd, short what, void *ctx)
{
	struct stream *stream = ctx;

	(void)fd, (void)what;
	if (stream->under_way == 0) {
		if (!stream->up && redis_is_up(stream->redis))
			on_up(stream);
		read_on(stream);
		return;
	}
	redis_destroy(stream->redis);
	connection_make(stream);
	redis_connect(stream->redis);
	on_down(stream, "Redis does not answer a read");
}

struct stream *
stream_create(const struct stream_options *options)
{
	struct stream *stream = mem_alloc(sizeof *stream);

	assert(options->batch > 0);
	stream->options = *options;
	stream->count = options->batch;
	stream->timer = event_new(options->base, -1, 0, on_timer, stream);
	assert(stream->timer != NULL);
	connection_make(stream);
	return stream;
}

static void
stream_free(struct event *timer, void *ctx)
{
	struct stream *stream = ctx;

	(void)timer;
	buf_finish(&stream->out);
	mem_free(stream);
}

void
stream_destroy(struct stream *stream)
{
	if (stream == NULL)
		return;
	stream->running = false;
	redis_destroy(stream->redis);
	event_free_finalize(0, stream->timer, stream_free);
}

void
stream_connect(struct stream *stream)
{
	redis_connect(stream->redis);
}

bool
stream_is_up(const struct stream *stream)
{
	return stream->up;
}

bool
stream_is_running(const struct stream *stream)
{
	return stream->running;
}

int64_t
stream_client_id(const struct stream *stream)
{
	return redis_client_id(stream->redis);
}

void
stream_start(struct stream *stream, struct stream_id after)
{
	assert(stream_is_up(stream) && !stream->running);
	stream->running = true;
	stream->held = false;
	stream->wait = false;
	stream->next = after;
	/* All but a read that began at the same place is in the way. */
	if (stream->under_way == 1 && stream_id_cmp(stream->asked, after) == 0)
		stream->stale = 0;
	else
		stream->stale = stream->under_way;
	read_on(stream);
}

void
stream_stop(struct stream *stream)
{
	stream->running = false;
	stream->stale = stream->under_way;
	if (stream->under_way == 0)
		event_del(stream->timer);
}

void
stream_hold(struct stream *stream, bool held)
{
	stream->held = held;
	if (!held && stream_is_up(stream) && !event_pending(stream->timer, EV_TIMEOUT, NULL))
		read_on(stream);
}

void
stream_slow(struct stream *stream, unsigned count)
{
	if (count < stream->count)
		stream->count = count > 0 ? count : 1;
}

void
stream_fields_finish(struct stream_fields *fields)
{
	mem_free(fields->items);
	*fields = (struct stream_fields){0};
}

/* An entry is [id, [key, value ...]]. */
bool
stream_read_entry(const struct reply *entry, struct stream_id *id, struct stream_fields *fields)
{
	const struct reply *list = entry + 2;
	unsigned pairs;

	if (entry->type != REPLY_ARRAY || entry->count != 2 ||
	    !stream_id_parse(entry[1].text, id) || list->type != REPLY_ARRAY ||
	    list->count % 2 != 0)
		return false;
	pairs = list->count / 2;
	MEM_RESERVE(fields->items, fields->cap, pairs + 1);
	for (unsigned i = 0; i < pairs; i++) {
		fields->items[i].key = list[1 + 2 * i].text;
		fields->items[i].value = list[2 + 2 * i].text;
	}
	fields->count = pairs;
	return true;
}
