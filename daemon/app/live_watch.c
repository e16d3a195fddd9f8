/* SPDX-License-Identifier: Apache-2.0 */
/* Looks after the streams: how far behind we are, what others removed unread, what may be trimmed. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/live_room.h"
#include "codec/stream_id.h"
#include "io/log.h"

#define WATCH_MS 10000
#define WATCH_BEHIND_MS 2000
#define TRIM_A_TIME 20000 /* entries, so that Redis is never busy for long */
#define OUTPUTS_MS (10 * MINUTE_MS)
#define REJECTED_MAX "1000000" /* entries: a producer of rubbish must not fill Redis */

static const struct stream_id id_max = {INT64_MAX, UINT64_MAX};

/* ---- trimming ---- */

static void
trim(struct live *live, redis_reply_fn *fn, struct str key, const char *by,
     const char *threshold)
{
	char limit[24];

	snprintf(limit, sizeof limit, "%d", TRIM_A_TIME);
	redis_command(live->redis, fn, live, "XTRIM", key.p, by, "~", threshold, "LIMIT", limit,
		      NULL);
}

static void trim_send(struct live *live);

static void
on_trimmed(void *ctx, const struct reply *reply)
{
	struct live *live = ctx;

	if (reply->type == REPLY_ERROR)
		log_warn("stream", "%s cannot be trimmed: Redis says %.*s", live->events.p,
			 STR_ARG(reply->text));
	else if (reply->integer >= TRIM_A_TIME / 2 && live->recovered)
		trim_send(live);
}

/* What recovery needs stays, what others have not read, and what is younger than `keep`. */
static void
trim_send(struct live *live)
{
	const struct config *config = live->options.config;
	struct stream_id oldest = store_mark(live->store)->low;
	struct stream_id young = {engine_clock(live->engine) - config->keep, 0};
	char id[STREAM_ID_TEXT];

	if (stream_id_cmp(young, oldest) < 0)
		oldest = young;
	if (!live->groups_overruled && stream_id_cmp(live->group_low, oldest) < 0)
		oldest = live->group_low;
	if (oldest.ms <= 0)
		return;
	stream_id_print(oldest, id);
	trim(live, on_trimmed, live->events, "MINID", id);
}

static void outputs_trim_send(struct live *live);

/* Redis takes LIMIT entries away at most: where there were so many there may be more. */
static void
on_output_trimmed(void *ctx, const struct reply *reply)
{
	struct live *live = ctx;

	live->trims_asked--;
	if (reply->type == REPLY_INTEGER && reply->integer >= TRIM_A_TIME / 2)
		live->trim_again = true;
	if (live->trims_asked == 0 && live->trim_again && live->recovered)
		outputs_trim_send(live);
}

static void
output_trim(struct live *live, struct str key, const char *by, const char *threshold)
{
	live->trims_asked++;
	trim(live, on_output_trimmed, key, by, threshold);
}

static void
output_trim_before(struct live *live, struct str key, struct stream_id before)
{
	char id[STREAM_ID_TEXT];

	stream_id_print(before, id);
	output_trim(live, key, "MINID", id);
}

/* What an endpoint has not taken has to be among the dead letters first. */
static void
alerts_trim(struct live *live, struct stream_id before)
{
	const struct live_hooks *hooks = &live->options.hooks;
	struct stream_id may = before;

	if (hooks->alerts_old != NULL)
		may = hooks->alerts_old(hooks->ctx, before);
	if (may.ms > 0)
		output_trim_before(live, live->alerts, may);
	if (stream_id_cmp(may, before) < 0)
		live->outputs_trimmed_at = 0; /* the rest at the next look */
}

static void
outputs_trim_send(struct live *live)
{
	struct stream_id before = {0, 0};

	live->trim_again = false;
	/* By the engine's clock where history flows through: its ids are of that time. */
	before.ms = engine_clock(live->engine) < live_now(live) ? engine_clock(live->engine)
								: live_now(live);
	before.ms -= live->options.config->keep_output;
	if (before.ms <= 0)
		return;
	alerts_trim(live, before);
	output_trim_before(live, live->tasks, before);
	output_trim_before(live, live->rejected, before);
	output_trim_before(live, live_key(live, "dead"), before);
	output_trim(live, live->rejected, "MAXLEN", REJECTED_MAX);
}

static void
outputs_trim(struct live *live)
{
	int64_t now = clock_monotonic();

	if (live->trims_asked > 0 ||
	    (live->outputs_trimmed_at != 0 && now - live->outputs_trimmed_at < OUTPUTS_MS))
		return;
	live->outputs_trimmed_at = now;
	outputs_trim_send(live);
}

/* ---- other groups ---- */

static void
group_look(struct live *live, const struct reply *group)
{
	const struct reply *name = group + 1;
	struct str who = STR_NONE;
	struct stream_id read = {0, 0};

	for (uint32_t i = 0; i + 1 < group->count; i += 2) {
		const struct reply *value = reply_next(name);

		if (reply_is(name, "name"))
			who = value->text;
		else if (reply_is(name, "last-delivered-id") &&
			 !stream_id_parse(value->text, &read))
			return;
		name = reply_next(value);
	}
	if (!str_eq(who, live->options.config->group) &&
	    stream_id_cmp(read, live->group_low) < 0)
		live->group_low = read;
}

static void
overrule(struct live *live)
{
	uint64_t max = live->options.config->max_len;
	bool over = max > 0 && live->length > max && stream_id_cmp(live->group_low, id_max) < 0;

	if (over && !live->groups_overruled)
		log_warn("stream",
			 "%s is longer than ingest.max_len: what other groups have not read is "
			 "trimmed",
			 live->events.p);
	live->groups_overruled = over;
}

static void
on_groups(void *ctx, const struct reply *reply)
{
	struct live *live = ctx;
	const struct reply *group = reply + 1;

	if (reply->type != REPLY_ARRAY || !live->recovered)
		return;
	live->group_low = id_max;
	for (uint32_t i = 0; i < reply->count; i++, group = reply_next(group))
		if (group->type == REPLY_ARRAY)
			group_look(live, group);
	overrule(live);
	if (live->state == LIVE_RUNNING)
		trim_send(live);
}

/* ---- lag and loss ---- */

static void
loss_tell(struct live *live, const struct stream_info *info)
{
	uint64_t lost;

	if (stream_id_cmp(info->last, engine_position(live->engine)) != 0 ||
	    info->added == live->read)
		return;
	if (info->added > live->read) {
		lost = info->added - live->read;
		log_error("stream",
			  "%" PRIu64 " entries of %s were removed before they were read", lost,
			  live->events.p);
		live->count.lost += lost;
	}
	live->read = info->added;
	live_checkpoint(live);
}

static void
on_stream(void *ctx, const struct reply *reply)
{
	struct live *live = ctx;
	struct stream_info info;

	if (!live->recovered || !live_stream_info(reply, &info) || !info.exists)
		return;
	live->length = info.length;
	live->lag = info.added > live->read ? info.added - live->read : 0;
	if (live->caught_up)
		loss_tell(live, &info);
}

void
live_on_watch_timer(evutil_socket_t fd, short what, void *ctx)
{
	struct live *live = ctx;

	(void)fd, (void)what;
	live_timer(live->watch_timer, live->caught_up ? WATCH_MS : WATCH_BEHIND_MS);
	if (!live->recovered || !redis_is_up(live->redis) || live->state == LIVE_CONNECTING ||
	    live->state == LIVE_STANDBY)
		return;
	redis_command(live->redis, on_stream, live, "XINFO", "STREAM", live->events.p, NULL);
	redis_command(live->redis, on_groups, live, "XINFO", "GROUPS", live->events.p, NULL);
	outputs_trim(live);
}
