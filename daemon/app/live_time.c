/* SPDX-License-Identifier: Apache-2.0 */
/* Redis' time, and the clock entries that let time pass when nothing else does. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/live_room.h"
#include "base/number.h"
#include "codec/stream_id.h"
#include "io/log.h"

#define TIME_MS 10000 /* between two looks at Redis' time */
#define SPACING_MS 50 /* between two clock entries */
#define ASK_MOST 2048 /* customers asked in one turn of the loop for when something is due */
/* Customers whose time has come with one clock entry: what they order is one commit, and a long one keeps Redis from all else. */
#define DUE_MOST 128
#define HELD_MS 1000	/* between two looks at the hold */
#define AGAIN_MS 250	/* after a refused id */
#define PASSING_MS 1000 /* after an error that passes */
#define UNREAD_MS \
	5000 /* a clock entry that was not read back by then was removed by somebody */

/* ---- Redis' time ---- */

int64_t
live_now(const struct live *live)
{
	return live->time_known ? clock_monotonic() + live->time_offset : 0;
}

/* The reply was on its way for a while: our time is a little behind Redis', never ahead. */
static void
on_time(void *ctx, const struct reply *reply)
{
	struct live *live = ctx;
	int64_t seconds, micros;

	if (reply->type != REPLY_ARRAY || reply->count != 2 ||
	    !parse_int64(reply[1].text, &seconds) || !parse_int64(reply[2].text, &micros))
		return;
	live->time_offset = seconds * SECOND_MS + micros / 1000 - clock_monotonic();
	live->time_known = true;
	live_time_arm(live);
}

void
live_time_ask(struct live *live)
{
	redis_command(live->redis, on_time, live, "TIME", NULL);
}

void
live_on_time_timer(evutil_socket_t fd, short what, void *ctx)
{
	struct live *live = ctx;

	(void)fd, (void)what;
	live_timer(live->time_timer, TIME_MS);
	if (live->due_asked && clock_monotonic() - live->due_sent_at > UNREAD_MS)
		live->due_asked = false;
	if (redis_is_up(live->redis) && live->state != LIVE_CONNECTING)
		live_time_ask(live);
}

void
live_time_start(struct live *live)
{
	live_timer(live->time_timer, TIME_MS);
}

/* ---- clock entries ---- */

static bool
may_tick(const struct live *live)
{
	return live->state == LIVE_RUNNING && live->caught_up && !live->due_asked &&
	       live->time_known && redis_is_up(live->redis);
}

void
live_time_arm(struct live *live)
{
	int64_t wait, earliest;
	bool sure;

	if (!may_tick(live) || live->is_held)
		return;
	sure = engine_ask_due(live->engine, ASK_MOST, &live->next_due);
	if (live->next_due == NEVER) {
		event_del(live->due_timer);
		return;
	}
	wait = live->next_due - live_now(live);
	earliest = live->due_sent_at + SPACING_MS - clock_monotonic();
	if (wait < earliest && !live->due_short)
		wait = earliest;
	if (wait < 0 || !sure)
		wait = 0;
	live_timer(live->due_timer, wait < TIME_MS ? wait : TIME_MS);
}

/* The clock entry, or a newer one, was read back. */
void
live_time_applied(struct live *live)
{
	if (live->due_asked && stream_id_cmp(live->due_id, engine_position(live->engine)) <= 0)
		live->due_asked = false;
}

static void
tick_held(struct live *live)
{
	if (!live->is_held)
		log_info("stream", "time stands still: %s exists", live->hold.p);
	live->is_held = true;
	live_timer(live->due_timer, HELD_MS);
}

static bool
says(struct str text, const char *words)
{
	size_t n = strlen(words);

	for (size_t i = 0; i + n <= text.n; i++)
		if (memcmp(text.p + i, words, n) == 0)
			return true;
	return false;
}

/* A refused id: something newer is there, or is to be read. */
static void
tick_refused(struct live *live, const struct reply *reply)
{
	char why[400];

	if (says(reply->text, "The ID specified in XADD is equal or smaller")) {
		live_timer(live->due_timer, AGAIN_MS);
		return;
	}
	if (redis_error_is_passing(reply)) {
		live_timer(live->due_timer, PASSING_MS);
		return;
	}
	snprintf(why, sizeof why, "cannot write a clock entry: Redis says %.*s",
		 STR_ARG(reply->text));
	live_fail(live, why);
}

enum { TICK_HELD, TICK_AHEAD };

/* One of these, or the entry's id. */
static void
on_tick(void *ctx, const struct reply *reply)
{
	struct live *live = ctx;

	if (reply->type == REPLY_STRING && stream_id_parse(reply->text, &live->due_id)) {
		live->count.clock_entries++;
		if (live->is_held)
			log_info("stream", "time goes on");
		live->is_held = false;
		if (live->engine != NULL)
			live_time_applied(live);
		live_time_arm(live);
		return;
	}
	live->due_asked = false;
	if (live->state != LIVE_RUNNING)
		return;
	if (reply->type == REPLY_ERROR)
		tick_refused(live, reply);
	else if (reply->integer == TICK_AHEAD)
		live_time_ask(live); /* its clock was set back since we asked last */
	else
		tick_held(live);
}

/* The hold is looked at in the same breath, so that no entry slips in behind an importer's back; and so is the clock, for
 * reading would stop before an entry of the future until that has come. */
static void
tick_send(struct live *live, int64_t at)
{
	static const char script[] =
		"if redis.call('EXISTS', KEYS[2]) == 1 then return 0 end "
		"local seconds = tonumber(redis.call('TIME')[1]) "
		"if tonumber(ARGV[2]) > seconds * 1000 + 1000 then return 1 end "
		"return redis.pcall('XADD', KEYS[1], ARGV[1], 'type', 'churnd.clock')";
	char id[32], ms[32];

	snprintf(id, sizeof id, "%" PRId64 "-*", at);
	snprintf(ms, sizeof ms, "%" PRId64, at);
	live->due_asked = true;
	live->due_id = (struct stream_id){INT64_MAX, UINT64_MAX};
	live->due_sent_at = clock_monotonic();
	redis_command(live->redis, on_tick, live, "EVAL", script, "2", live->events.p,
		      live->hold.p, id, ms, NULL);
}

void
live_on_due_timer(evutil_socket_t fd, short what, void *ctx)
{
	struct live *live = ctx;
	int64_t due, now, until;

	(void)fd, (void)what;
	if (!may_tick(live))
		return;
	if (!engine_ask_due(live->engine, ASK_MOST, &due)) {
		live_timer(live->due_timer, 0);
		return;
	}
	now = live_now(live);
	if (due > now) {
		live->is_held = false;
		live_time_arm(live);
		return;
	}
	until = engine_due_until(live->engine, now, DUE_MOST);
	live->due_short = until < now;
	tick_send(live, until);
}
