/* SPDX-License-Identifier: Apache-2.0 */
/* From the lease to a running engine: what lies in Redis, the fence, the rules, the records.
 *
 * boot -> look at what is there -> first start, or one more fence -> rules in force at low -> records
 * (live_records.c) -> entries after low, muted up to the position -> recovered. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/live_room.h"
#include "base/number.h"
#include "codec/resp.h"
#include "codec/stream_id.h"
#include "io/log.h"

#define BOOT_AGAIN_MS 1000

/* ---- what is there ---- */

static void
boot_again(struct live *live, const char *why)
{
	log_warn("redis", "starting pauses: %s", why);
	live_timer(live->again, BOOT_AGAIN_MS);
}

void
live_boot_again(struct live *live, const char *why)
{
	live_forget(live);
	live_move(live, LIVE_STARTING);
	boot_again(live, why);
}

/* What Redis refuses for a while is asked again, with all the rest. */
static bool
is_refused(struct live *live, const struct reply *reply)
{
	if (!redis_error_is_passing(reply))
		return false;
	live->boot_refused = true;
	err_set(&live->boot_error, "Redis says %.*s", STR_ARG(reply->text));
	return true;
}

/* Without it the fence would be written over somebody else's. */
static void
on_boot_watch(void *ctx, const struct reply *reply)
{
	struct live *live = ctx;

	if (!is_refused(live, reply) && reply->type == REPLY_ERROR)
		err_set(&live->boot_error, "cannot watch %s: Redis says %.*s",
			live_key(live, "commit").p, STR_ARG(reply->text));
}

static void
on_boot_mark(void *ctx, const struct reply *reply)
{
	struct live *live = ctx;

	if (is_refused(live, reply))
		return;
	live->boot_has_mark = reply->type == REPLY_STRING;
	if (reply->type == REPLY_ERROR)
		err_set(&live->boot_error, "cannot read the commit mark: Redis says %.*s",
			STR_ARG(reply->text));
	else if (live->boot_has_mark &&
		 !commit_mark_parse(reply->text, &live->boot_mark, &live->boot_error))
		live->boot_has_mark = false;
}

static void
on_boot_partition(void *ctx, const struct reply *reply)
{
	struct live *live = ctx;

	if (is_refused(live, reply))
		return;
	partition_finish(&live->partition);
	live->boot_has_partition =
		reply->type == REPLY_STRING &&
		partition_parse(reply->text, &live->partition, &live->boot_error);
}

bool
live_stream_info(const struct reply *reply, struct stream_info *out)
{
	const struct reply *name = reply + 1;

	*out = (struct stream_info){0};
	if (reply->type != REPLY_ARRAY)
		return reply_error_is(reply, "ERR") && reply->text.n >= 11 &&
		       memcmp(reply->text.p, "ERR no such", 11) == 0;
	for (uint32_t i = 0; i + 1 < reply->count; i += 2) {
		const struct reply *value = reply_next(name);

		if (reply_is(name, "length"))
			out->length = (uint64_t)value->integer;
		else if (reply_is(name, "entries-added"))
			out->added = (uint64_t)value->integer;
		else if (reply_is(name, "last-generated-id") &&
			 !stream_id_parse(value->text, &out->last))
			return false;
		else if (reply_is(name, "first-entry") && value->type == REPLY_ARRAY &&
			 !stream_id_parse(value[1].text, &out->first))
			return false;
		name = reply_next(value);
	}
	out->exists = true;
	return true;
}

static void
on_boot_stream(void *ctx, const struct reply *reply)
{
	struct live *live = ctx;

	if (!is_refused(live, reply) && !live_stream_info(reply, &live->boot_stream))
		err_set(&live->boot_error, "cannot read the stream %s: Redis says %.*s",
			live->events.p, STR_ARG(reply->text));
}

static void
on_boot_type(void *ctx, const struct reply *reply)
{
	struct live *live = ctx;

	if (!is_refused(live, reply) && !reply_is(reply, "none") &&
	    !reply_is(reply, "stream") && reply->type != REPLY_ERROR)
		err_set(&live->boot_error,
			"one of %s, %s, %s is a %.*s in Redis where a stream was expected: is "
			"redis.prefix right?",
			live->alerts.p, live->tasks.p, live->rejected.p, STR_ARG(reply->text));
}

static void boot_first(struct live *live);
static void boot_fence(struct live *live);

/* The last of the replies. */
static void
on_boot_looked(void *ctx, const struct reply *reply)
{
	struct live *live = ctx;

	if (live->state != LIVE_STARTING)
		return;
	on_boot_type(live, reply);
	if (live->boot_refused)
		boot_again(live, live->boot_error.text);
	else if (live->boot_error.text[0] != '\0')
		live_fail(live, live->boot_error.text);
	else if (live->boot_has_mark && live->boot_has_partition)
		boot_fence(live);
	else if (!live->boot_has_mark && !live->boot_has_partition)
		boot_first(live);
	else
		live_fail(live, "of the keys 'commit' and 'partition' one is missing in Redis: "
				"restore it, or delete both and 'state:*' to begin anew");
}

/* WATCH lasts until the EXEC of the fence. */
void
live_boot(struct live *live)
{
	struct redis *redis = live->redis;

	live_move(live, LIVE_STARTING);
	live->boot_error.text[0] = '\0';
	live->boot_refused = false;
	live->count.recoveries++;
	redis_command(redis, on_boot_watch, live, "WATCH", live_key(live, "commit").p, NULL);
	redis_command(redis, on_boot_mark, live, "GET", live_key(live, "commit").p, NULL);
	redis_command(redis, on_boot_partition, live, "GET", live_key(live, "partition").p,
		      NULL);
	redis_command(redis, on_boot_stream, live, "XINFO", "STREAM", live->events.p, NULL);
	redis_command(redis, on_boot_type, live, "TYPE", live->alerts.p, NULL);
	redis_command(redis, on_boot_type, live, "TYPE", live->tasks.p, NULL);
	redis_command(redis, on_boot_looked, live, "TYPE", live->rejected.p, NULL);
}

/* ---- the fence ---- */

static void boot_rules(struct live *live);

static void
on_fenced(void *ctx, const struct reply *reply)
{
	struct live *live = ctx;
	char why[400];

	if (live->state != LIVE_STARTING)
		return;
	if (reply->type == REPLY_ARRAY && reply->count > 0 && reply[1].type != REPLY_ERROR) {
		live_outputs_look(live, boot_rules);
	} else if (reply->type == REPLY_NIL) {
		live_boot(live); /* somebody wrote meanwhile: look again */
	} else if (redis_error_is_passing(reply) || reply_error_is(reply, "EXECABORT")) {
		snprintf(why, sizeof why, "Redis says %.*s", STR_ARG(reply->text));
		boot_again(live, why);
	} else {
		snprintf(why, sizeof why, "cannot write the commit mark: Redis says %.*s",
			 STR_ARG(reply->type == REPLY_ARRAY ? reply[1].text : reply->text));
		live_fail(live, why);
	}
}

/* What EXEC says then names no command. */
static void
on_mark_queued(void *ctx, const struct reply *reply)
{
	char why[400];

	if (!reply_error_is(reply, "NOPERM"))
		return;
	snprintf(why, sizeof why, "cannot write the commit mark: Redis says %.*s",
		 STR_ARG(reply->text));
	live_fail(ctx, why);
}

/* The mark, and with it the partition as it was read: of a commit that Redis tore both may come to light behind us when
 * it starts once more, and then the first transaction after it puts them right. */
static void
boot_mark_send(struct live *live)
{
	char mark[COMMIT_MARK_TEXT];

	commit_mark_print(&live->boot_mark, mark);
	buf_clear(&live->scratch);
	partition_print(&live->scratch, &live->partition);
	redis_command(live->redis, on_mark_queued, live, "MSET", live_key(live, "partition").p,
		      live->scratch.p, live_key(live, "commit").p, mark, NULL);
	redis_command(live->redis, on_fenced, live, "EXEC", NULL);
}

static void
boot_fence(struct live *live)
{
	live->boot_mark.fence++;
	redis_command(live->redis, live_ignore, NULL, "MULTI", NULL);
	boot_mark_send(live);
}

static void
on_group(void *ctx, const struct reply *reply)
{
	struct live *live = ctx;

	/* What passes refuses the transaction behind it too, or the first commit finds that there is no group. */
	if (reply->type == REPLY_ERROR && !reply_error_is(reply, "BUSYGROUP") &&
	    !redis_error_is_passing(reply))
		err_set(&live->boot_error, "cannot make the consumer group: Redis says %.*s",
			STR_ARG(reply->text));
}

static void
group_make(struct live *live, const char *id)
{
	struct buf group = {0};

	buf_str(&group, live->options.config->group);
	redis_command(live->redis, on_group, live, "XGROUP", "CREATE", live->events.p, group.p,
		      id, "MKSTREAM", NULL);
	buf_finish(&group);
}

/* The first start: the rules of the configuration are in force from the beginning. */
static void
boot_first(struct live *live)
{
	const struct stream_info *stream = &live->boot_stream;
	bool now = live->options.config->start_now;
	struct stream_id start = now ? stream->last : (struct stream_id){0, 0};
	struct ruleset *rules = live_rules_make(live, live->files);
	char from[STREAM_ID_TEXT];

	if (rules == NULL)
		return;
	live->partition.read = live->partition.low_read =
		now ? stream->added : stream->added - stream->length;
	partition_add_epoch(&live->partition, (struct stream_id){0, 0}, rules);
	ruleset_destroy(rules);
	live->boot_mark = (struct commit_mark){.fence = 1, .position = start, .low = start};
	stream_id_print(start, from);
	log_info("main", "first start: reading %s from %s", live->events.p, from);
	group_make(live, from);
	redis_command(live->redis, live_ignore, NULL, "MULTI", NULL);
	live_rules_store(live, live->files);
	boot_mark_send(live);
}

/* ---- the rules in force at low, and the engine ---- */

/* What lies between low and the stream's first entry was trimmed by others before it was in any record. */
static void
lost_tell(struct live *live)
{
	const struct stream_info *stream = &live->boot_stream;
	uint64_t removed = stream->added - stream->length;
	struct stream_id low = live->boot_mark.low;
	char id[STREAM_ID_TEXT];

	stream_id_print(low, id);
	if (stream->exists && removed > live->read && stream_id_cmp(stream->first, low) > 0) {
		uint64_t lost = removed - live->read;

		log_error("stream",
			  "%" PRIu64 " entries after %s were removed from %s before "
			  "they were read: what they said is lost",
			  lost, id, live->events.p);
		live->count.lost += lost;
		live->read = removed;
	}
	if (stream_id_cmp(stream->last, live->boot_mark.position) < 0)
		log_error("stream",
			  "%s ends before the position of the last commit: it was "
			  "removed or rolled back, and entries after %s are lost",
			  live->events.p, id);
}

static void
boot_engine(struct live *live, struct ruleset *rules)
{
	epoch_bear(&live->partition.epochs[0], rules);
	live->engine = engine_create(rules, live->options.seed);
	engine_group_records(live->engine, SHARD_COUNT, shard_of);
	engine_resume(live->engine, live->boot_mark.low);
	engine_rules_since(live->engine, (int64_t)live->partition.epochs[0].from.ms);
	live->read = live->partition.low_read;
	live->recover_to = live->boot_mark.position;
	live->epoch = 0;
	lost_tell(live);
	live->checkpoint_count = 0;
	live_checkpoint(live);
	live_move(live, LIVE_LOADING);
	live_load_records(live);
}

static void
boot_rules(struct live *live)
{
	const struct rule_files *files;
	const char *sha = live->partition.epochs[0].sha_hex;
	struct ruleset *rules;
	char why[300];

	if (live->boot_error.text[0] != '\0') { /* the group */
		live_fail(live, live->boot_error.text);
		return;
	}
	switch (live_rules_find(live, str_of(sha), &files, boot_rules)) {
	case RULES_FETCHING:
		return;
	case RULES_MISSING:
		snprintf(why, sizeof why, "the rules in force, %srules:%s, are gone from Redis",
			 live_key(live, "").p, sha);
		live_fail(live, why);
		return;
	case RULES_HERE:
		break;
	}
	rules = live_rules_make(live, files);
	if (rules == NULL)
		live_fail(live, "the rules in force are in error for this version of churnd");
	else
		boot_engine(live, rules);
}

/* ---- the end of recovery ---- */

static void
order_mute(void *ctx, const struct order *order)
{
	(void)ctx, (void)order;
}

/* Every entry up to the position of the last commit was read: from here on orders are meant. */
void
live_recovered(struct live *live)
{
	const struct order_sink mute = {live, order_mute};
	char position[STREAM_ID_TEXT];

	assert(live->state == LIVE_RECOVERING && !live->recovered);
	if (stream_id_cmp(engine_position(live->engine), live->recover_to) < 0)
		engine_skip(live->engine, live->recover_to, &mute);
	if (live->epoch + 1 < live->partition.epoch_count) {
		live_fail(
			live,
			"an entry that changed the rules is gone from the stream, and records "
			"made under those rules cannot be read: restore the stream");
		return;
	}
	live_drop_held(live);
	live_given_note(live);
	live->recovered = true;
	if (live->read < live->partition.read)
		live->read = live->partition.read;
	live_move(live, LIVE_RUNNING);
	stream_id_print(live->recover_to, position);
	log_info("main", "running: %zu customers as of %s, fence %" PRIu64,
		 engine_customers(live->engine), position, live->boot_mark.fence);
	live->announce_due = true;
	live_noise_look(live);
	live_time_start(live);
	live_timer(live->watch_timer, 1000);
	live->options.hooks.ready(live->options.hooks.ctx);
}
