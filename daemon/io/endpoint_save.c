/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps account in Redis of what an endpoint has done: at once when idle, now and then under load. */
#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "codec/resp.h"
#include "io/endpoint_inside.h"
#include "io/log.h"

#define SAVE_EVERY INT64_C(50) /* ms, while alerts come and go */
#define SAVE_COUNT 64u	       /* alerts done */
#define SAVE_MOVED SECOND_MS   /* when only alerts of others went by */
#define SAVE_AGAIN SECOND_MS   /* after Redis refused a write */
#define TELL_EVERY (10 * SECOND_MS)

bool
endpoint_is_saved(const struct endpoint *endpoint)
{
	return endpoint->owed == 0 && endpoint->unsaved == 0 && endpoint->pending_count == 0 &&
	       !endpoint->moved;
}

int64_t
endpoint_save_due(const struct endpoint *endpoint)
{
	const struct delivery_queue *queue = &endpoint->queue;
	int64_t due;

	if (!endpoint->loaded || endpoint->loading || !redis_is_up(endpoint->home.redis) ||
	    endpoint->owed > 0)
		return NEVER;
	if (endpoint->unsaved == 0 && endpoint->pending_count == 0 && !endpoint->moved)
		return NEVER;
	due = endpoint->written_at + SAVE_EVERY;
	if (endpoint->unsaved >= SAVE_COUNT || endpoint->stopping ||
	    (queue->flying == 0 && queue->ready.count == 0))
		due = 0;
	if (endpoint->unsaved == 0 && endpoint->pending_count == 0 && !endpoint->stopping)
		due = endpoint->written_at + SAVE_MOVED;
	return due > endpoint->not_before ? due : endpoint->not_before;
}

/* What was sent has arrived. */
static void
written(struct endpoint *endpoint)
{
	struct buf *pending = &endpoint->pending;
	size_t left = endpoint->dead_count - endpoint->dead_sent;

	if (endpoint->sent_bytes > 0) {
		pending->n -= endpoint->sent_bytes;
		memmove(pending->p, pending->p + endpoint->sent_bytes, pending->n);
	}
	endpoint->pending_count -= endpoint->sent_count;
	if (endpoint->pending_count == 0) {
		endpoint->state_pending = false;
		endpoint->wish = WISH_NOTHING;
	}
	for (size_t i = 0; i < endpoint->dead_sent; i++)
		delivery_bury(&endpoint->queue, endpoint->dead[i]);
	for (size_t i = 0; i < left; i++)
		endpoint->dead[i] = endpoint->dead[endpoint->dead_sent + i];
	endpoint->dead_count = left;
	endpoint->dead_sent = endpoint->sent_bytes = endpoint->sent_count = 0;
	endpoint->acked = endpoint->writes;
	endpoint->saved_position = endpoint->sent_position;
}

/* It goes into the next write again. */
static void
not_written(struct endpoint *endpoint)
{
	endpoint->dead_sent = endpoint->sent_bytes = endpoint->sent_count = 0;
	endpoint->unsaved++;
}

static void
tell_refusal(struct endpoint *endpoint, const struct reply *reply)
{
	int64_t now = clock_monotonic();

	if (endpoint->write_failed || now < endpoint->save_quiet_until)
		return;
	endpoint->save_quiet_until = now + TELL_EVERY;
	log_warn("outbox", "%.*s: progress cannot be written, trying again: %.*s",
		 STR_ARG(endpoint->config->name), STR_ARG(reply->text));
}

static void
on_written(void *ctx, const struct reply *reply)
{
	struct endpoint *endpoint = ctx;
	const struct reply *part = reply + 1;

	assert(endpoint->owed > 0);
	if (reply->type == REPLY_ERROR) {
		tell_refusal(endpoint, reply);
		endpoint->write_failed = true;
	}
	for (uint32_t i = 0; reply->type == REPLY_ARRAY && i < reply->count; i++) {
		if (part->type == REPLY_ERROR) {
			tell_refusal(endpoint, part);
			endpoint->write_failed = true;
		}
		part = reply_next(part);
	}
	if (--endpoint->owed > 0)
		return;
	if (endpoint->write_failed) {
		not_written(endpoint);
		endpoint->not_before = clock_monotonic() + SAVE_AGAIN;
	} else {
		written(endpoint);
	}
	endpoint_pump(endpoint);
}

void
endpoint_save(struct endpoint *endpoint, int64_t now)
{
	struct buf commands = {0};

	if (endpoint_save_due(endpoint) > now)
		return;
	resp_command(&commands, "MULTI", NULL);
	buf_str(&commands, buf_view(&endpoint->pending));
	delivery_active(&endpoint->queue, now);
	progress_write(&commands, buf_view(&endpoint->key), &endpoint->queue,
		       ++endpoint->writes, clock_wall());
	resp_command(&commands, "EXEC", NULL);
	endpoint->sent_position = backlog_position(&endpoint->queue.backlog);
	endpoint->sent_bytes = endpoint->pending.n;
	endpoint->sent_count = endpoint->pending_count;
	endpoint->dead_sent = endpoint->dead_count;
	endpoint->owed = 3 + endpoint->pending_count;
	endpoint->write_failed = false;
	endpoint->unsaved = 0;
	endpoint->moved = false;
	endpoint->written_at = now;
	redis_send(endpoint->home.redis, buf_view(&commands), endpoint->owed, on_written,
		   endpoint);
	buf_finish(&commands);
}

void
endpoint_save_reset(struct endpoint *endpoint, uint64_t writes)
{
	buf_clear(&endpoint->pending);
	endpoint->pending_count = endpoint->sent_count = endpoint->owed = endpoint->unsaved = 0;
	endpoint->sent_bytes = endpoint->dead_count = endpoint->dead_sent = 0;
	endpoint->moved = endpoint->state_pending = false;
	endpoint->writes = endpoint->acked = writes;
}

bool
endpoint_save_resume(struct endpoint *endpoint, uint64_t writes)
{
	if (writes < endpoint->acked || writes > endpoint->writes)
		return false;
	if (writes == endpoint->writes && writes > endpoint->acked)
		written(endpoint);
	else if (writes < endpoint->writes)
		not_written(endpoint);
	return true;
}

/* What is sent again has as long as at first; after a restart, once more. */
void
endpoint_save_first(struct endpoint *endpoint, const struct delivery *delivery)
{
	if (delivery->again)
		return;
	progress_write_first(&endpoint->pending, buf_view(&endpoint->key), delivery);
	endpoint->pending_count++;
}

void
endpoint_save_drop_first(struct endpoint *endpoint, struct stream_id at)
{
	progress_drop_first(&endpoint->pending, buf_view(&endpoint->key), at);
	endpoint->pending_count++;
}

/* Nothing about it is needed any more. */
static void
forget(struct endpoint *endpoint, const struct delivery *delivery)
{
	if (delivery->again) {
		progress_drop_again(&endpoint->pending, endpoint->home.resend, delivery->at);
		endpoint->pending_count++;
	} else if (delivery->first_active >= 0) {
		endpoint_save_drop_first(endpoint, delivery->at);
	}
	endpoint->unsaved++;
}

void
endpoint_save_done(struct endpoint *endpoint, const struct delivery *delivery)
{
	forget(endpoint, delivery);
}

void
endpoint_save_letter(struct endpoint *endpoint, struct delivery *delivery,
		     const struct progress_letter *letter)
{
	progress_write_letter(&endpoint->pending, endpoint->home.dead, delivery, letter);
	endpoint->pending_count++;
	MEM_RESERVE(endpoint->dead, endpoint->dead_cap, endpoint->dead_count + 1);
	endpoint->dead[endpoint->dead_count++] = delivery;
	endpoint->given_up++;
	forget(endpoint, delivery);
}

void
endpoint_save_state(struct endpoint *endpoint, bool paused)
{
	resp_array(&endpoint->pending, 6);
	resp_text(&endpoint->pending, "HSET");
	resp_arg(&endpoint->pending, buf_view(&endpoint->key));
	resp_text(&endpoint->pending, "state");
	resp_text(&endpoint->pending, paused ? "paused" : "ok");
	resp_text(&endpoint->pending, "why");
	resp_arg(&endpoint->pending, buf_view(&endpoint->paused_why));
	endpoint->pending_count++;
	endpoint->state_pending = true;
}
