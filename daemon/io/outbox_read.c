/* SPDX-License-Identifier: Apache-2.0 */
/* Reads once for all endpoints: the end of the alerts, what is to be sent again, what people wrote. */
#include "codec/resp.h"
#include "codec/stream_id.h"
#include "io/log.h"
#include "io/outbox_inside.h"

#define READ_COUNT 200u /* entries a read */
/* For alerts that came, and pauses that people made, without a word to us: often when something came just now, and the
 * longer nothing came, the more seldom. */
#define POLL_FIRST_MS 250
#define POLL_MAX_MS 8000
#define STATES_MS 1000 /* pauses that people wrote into Redis by hand: no oftener */

static void
range_send(struct outbox *outbox, struct str stream, struct stream_id after, redis_reply_fn *fn)
{
	struct buf commands = {0};
	char from[1 + STREAM_ID_TEXT] = "(";

	stream_id_print(after, from + 1);
	resp_array(&commands, 6);
	resp_text(&commands, "XRANGE");
	resp_arg(&commands, stream);
	resp_text(&commands, from);
	resp_text(&commands, "+");
	resp_text(&commands, "COUNT");
	resp_int(&commands, READ_COUNT);
	redis_send(outbox->redis, buf_view(&commands), 1, fn, outbox);
	buf_finish(&commands);
}

static unsigned
followers(const struct outbox *outbox)
{
	unsigned n = 0;

	for (unsigned i = 0; i < outbox->count; i++)
		n += endpoint_follows(outbox->endpoints[i]);
	return n;
}

/* --- the end of the alerts ------------------------------------------------------------------------- */

/* The first to follow says where; the others stand there or beyond, and pass over what they know. */
void
outbox_follows(void *ctx, struct stream_id at)
{
	struct outbox *outbox = ctx;

	if (followers(outbox) == 1)
		outbox->tail = at;
	outbox->tail_more = true;
}

static void
hand_out(struct outbox *outbox, const struct reply *reply)
{
	const struct reply *item = reply + 1;
	struct endpoint_entry entry;

	for (uint32_t i = 0; i < reply->count; i++, item = reply_next(item)) {
		if (!endpoint_entry_read(item, &entry))
			continue;
		for (unsigned k = 0; k < outbox->count; k++)
			endpoint_hand(outbox->endpoints[k], &entry);
		outbox->tail = entry.at;
	}
}

static void
on_tail(void *ctx, const struct reply *reply)
{
	struct outbox *outbox = ctx;

	outbox->tail_reading = false;
	if (reply->type == REPLY_ERROR)
		log_warn("outbox", "the alerts cannot be read: %.*s", STR_ARG(reply->text));
	if (reply->type != REPLY_ARRAY)
		return;
	hand_out(outbox, reply);
	outbox->tail_more |= reply->count >= READ_COUNT;
	if (reply->count > 0) {
		outbox_poll_soon(outbox);
		for (unsigned i = 0; i < outbox->count; i++)
			endpoint_go_on(outbox->endpoints[i]);
	}
	if (outbox->tail_more)
		outbox_read_tail(outbox);
}

void
outbox_read_tail(struct outbox *outbox)
{
	outbox->tail_more = true;
	if (outbox->tail_reading || outbox->stopping || outbox->held ||
	    !redis_is_up(outbox->redis) || followers(outbox) == 0)
		return;
	outbox->tail_reading = true;
	outbox->tail_more = false;
	range_send(outbox, buf_view(&outbox->alerts), outbox->tail, on_tail);
}

/* --- those to be sent again ------------------------------------------------------------------------ */

static void read_again(struct outbox *outbox);

static void
on_again(void *ctx, const struct reply *reply)
{
	struct outbox *outbox = ctx;
	const struct reply *item = reply + 1;
	struct endpoint_entry entry;

	outbox->again_reading = false;
	if (reply->type != REPLY_ARRAY)
		return;
	for (uint32_t i = 0; i < reply->count; i++, item = reply_next(item)) {
		struct endpoint *endpoint;

		if (!endpoint_entry_read(item, &entry))
			continue;
		endpoint = outbox_find(outbox, entry.to);
		if (endpoint != NULL)
			endpoint_hand_again(endpoint, &entry);
		outbox->again_to = entry.at;
	}
	if (reply->count > 0)
		outbox_poll_soon(outbox);
	if (reply->count >= READ_COUNT)
		read_again(outbox);
}

static void
read_again(struct outbox *outbox)
{
	if (outbox->again_reading || !outbox->again_known)
		return;
	outbox->again_reading = true;
	range_send(outbox, buf_view(&outbox->resend), outbox->again_to, on_again);
}

/* At first the endpoints read for themselves what there is; a Redis that has gone back in time is followed. Where Redis
 * does not say, all is handed out once more: they know what they have. */
static void
on_again_last(void *ctx, const struct reply *reply)
{
	struct outbox *outbox = ctx;
	struct endpoint_entry last = {.at = {0, 0}};

	if (reply->type == REPLY_ARRAY && reply->count > 0)
		(void)!endpoint_entry_read(reply + 1, &last);
	if (!outbox->again_known || stream_id_cmp(last.at, outbox->again_to) < 0)
		outbox->again_to = last.at;
	outbox->again_known = true;
}

/* --- up, down, and now and then -------------------------------------------------------------------- */

void
outbox_read_up(struct outbox *outbox)
{
	redis_command(outbox->redis, on_again_last, outbox, "XREVRANGE", outbox->resend.p, "+",
		      "-", "COUNT", "1", NULL);
}

void
outbox_read_down(struct outbox *outbox)
{
	outbox->tail_reading = outbox->again_reading = false;
}

static void
poll_add(struct outbox *outbox)
{
	const struct timeval wait = {.tv_sec = outbox->poll_ms / 1000,
				     .tv_usec = outbox->poll_ms % 1000 * 1000};

	event_add(outbox->poll, &wait);
}

void
outbox_poll_soon(struct outbox *outbox)
{
	bool sooner = outbox->poll_ms != POLL_FIRST_MS;

	outbox->poll_ms = POLL_FIRST_MS;
	if (sooner)
		poll_add(outbox);
}

static bool
all_follow(const struct outbox *outbox)
{
	return followers(outbox) == outbox->count && outbox->leaving_count == 0 &&
	       redis_is_up(outbox->redis);
}

static void
look(struct outbox *outbox)
{
	int64_t now = clock_monotonic();
	bool states = now - outbox->state_at >= STATES_MS;

	if (states)
		outbox->state_at = now;
	outbox_read_tail(outbox);
	read_again(outbox);
	for (unsigned i = 0; i < outbox->count; i++)
		endpoint_poll(outbox->endpoints[i], states);
}

/* One look for all: new alerts and dead letters to be sent again; now and then, what people wrote. */
void
outbox_on_poll(evutil_socket_t fd, short what, void *ctx)
{
	struct outbox *outbox = ctx;

	(void)fd, (void)what;
	outbox->poll_ms = all_follow(outbox) ? outbox->poll_ms * 2 : POLL_FIRST_MS;
	if (outbox->poll_ms > POLL_MAX_MS)
		outbox->poll_ms = POLL_MAX_MS;
	poll_add(outbox);
	outbox_sweep(outbox);
	if (redis_is_up(outbox->redis) && !outbox->stopping && !outbox->held)
		look(outbox);
}
