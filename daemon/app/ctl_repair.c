/* SPDX-License-Identifier: Apache-2.0 */
/* churnctl repair: a stream whose last id lies in the future gets its present back. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/ctl.h"
#include "base/civil.h"
#include "base/number.h"
#include "codec/partition.h"
#include "codec/stream_id.h"

/* More would keep Redis from everybody else for too long: they are moved in one breath, since producers go on
 * appending behind the last id, in the future too. */
#define MOVE_MAX 200000

/* Lua can hand over so many words at once, and some more; no event has a hundredth of them. */
#define WORDS_MAX 7000

/* KEYS[1]: events. ARGV: the last id that may stay; the daemon's position; MOVE_MAX; WORDS_MAX. Moves every
 * entry after the first to the present, with its fields. Returns how many, and what the last id was set back
 * to. What it can't do it says before the first entry is touched: -1, too many entries; -2 and the id of one
 * that has too many words. */
static const char script[] =
	"local key, limit, position = KEYS[1], ARGV[1], ARGV[2] "
	"local function parts(id) local ms, seq = id:match('^(%d+)-(%d+)$') "
	"  return tonumber(ms), tonumber(seq) end "
	"local function later(a, b) local am, as = parts(a) local bm, bs = parts(b) "
	"  return am > bm or (am == bm and as > bs) end "
	"local info, about = redis.call('XINFO', 'STREAM', key), {} "
	"for i = 1, #info, 2 do about[info[i]] = info[i + 1] end "
	"local rows = redis.call('XRANGE', key, '(' .. limit, '+', 'COUNT', tonumber(ARGV[3]) + 1) "
	"if #rows > tonumber(ARGV[3]) then return {-1, ''} end "
	"for _, row in ipairs(rows) do "
	"  if #row[2] > tonumber(ARGV[4]) then return {-2, row[1]} end end "
	"for _, row in ipairs(rows) do redis.call('XDEL', key, row[1]) end "
	"local top = redis.call('XREVRANGE', key, '+', '-', 'COUNT', 1) "
	"local floor = position "
	"if top[1] and later(top[1][1], floor) then floor = top[1][1] end "
	"if floor == '0-0' then floor = '0-1' end "
	"local deleted = about['max-deleted-entry-id'] or '0-0' "
	"if later(deleted, floor) then deleted = floor end "
	"redis.call('XSETID', key, floor, 'ENTRIESADDED', "
	"  math.max(about['entries-added'] - #rows, redis.call('XLEN', key)), "
	"  'MAXDELETEDID', deleted) "
	"for _, group in ipairs(redis.call('XINFO', 'GROUPS', key)) do "
	"  local of = {} for i = 1, #group, 2 do of[group[i]] = group[i + 1] end "
	"  if later(of['last-delivered-id'], floor) then "
	"    redis.call('XGROUP', 'SETID', key, of['name'], floor) end end "
	"for _, row in ipairs(rows) do redis.call('XADD', key, '*', unpack(row[2])) end "
	"return {#rows, floor}";

struct repair {
	struct ctl_redis *redis;
	const char *key;
	int64_t now;
	struct stream_id last, position;
	char limit[STREAM_ID_TEXT]; /* the last id that may stay */
};

/* Where the daemon stands: what it has applied cannot be moved any more. */
static bool
read_position(struct repair *repair, struct err *err)
{
	const struct reply *reply =
		redis_call(repair->redis->redis, &repair->redis->arena, err, "GET",
			   ctl_home_key(repair->redis->home, "commit").p, NULL);
	struct commit_mark mark;

	if (!reply)
		return false;
	repair->position = (struct stream_id){0, 0};
	if (reply->type != REPLY_STRING)
		return true;
	if (!commit_mark_parse(reply->text, &mark, err))
		return false;
	repair->position = mark.position;
	return true;
}

static bool
count_ahead(struct repair *repair, int64_t *out, bool *more, struct err *err)
{
	char from[STREAM_ID_TEXT + 1];
	const struct reply *reply;

	snprintf(from, sizeof from, "(%s", repair->limit);
	reply = redis_call(repair->redis->redis, &repair->redis->arena, err, "XRANGE",
			   repair->key, from, "+", "COUNT", "10000", NULL);
	if (!reply)
		return false;
	if (reply->type != REPLY_ARRAY && reply->type != REPLY_NIL)
		return err_set(err, "Redis says %.*s", STR_ARG(reply->text));
	*out = reply->count;
	*more = reply->count == 10000;
	return true;
}

static void
describe(const struct repair *repair, struct buf *out)
{
	char last[STREAM_ID_TEXT];

	stream_id_print(repair->last, last);
	buf_printf(out, "the last id of %s is %s, ", repair->key, last);
	buf_duration_words(out, repair->last.ms - repair->now, false);
	buf_text(out, " ahead of Redis' clock");
}

static enum status
plan(struct repair *repair, const char *what)
{
	struct err err;
	int64_t count = 0;
	bool more = false;

	if (!count_ahead(repair, &count, &more, &err))
		return ctl_fail(STATUS_AWAY, "%s", err.text);
	printf("%s.\nWith --yes: %" PRId64
	       "%s entries that lie ahead get ids of the present, in their "
	       "order and with their fields, and the stream goes on from there. Nothing is lost; "
	       "other consumer groups that had read them read them again. A ts of their own stays, and "
	       "is rejected where it lies more than 5 minutes ahead.\n",
	       what, count, more ? " or more" : "");
	return STATUS_NO;
}

static enum status
refuse(const struct reply *reply)
{
	if (reply[1].integer == -2)
		return ctl_fail(
			STATUS_NO,
			"the entry %.*s has more than %d fields, and is no event: take it "
			"away (XDEL), then repair",
			STR_ARG(reply[2].text), WORDS_MAX / 2);
	return ctl_fail(STATUS_NO,
			"more than %d entries lie ahead: too many to move while everybody "
			"waits; let time catch up",
			MOVE_MAX);
}

static enum status
carry_out(struct repair *repair)
{
	char position[STREAM_ID_TEXT], most[16], words[16];
	const struct reply *reply;
	struct err err;

	stream_id_print(repair->position, position);
	snprintf(most, sizeof most, "%d", MOVE_MAX);
	snprintf(words, sizeof words, "%d", WORDS_MAX);
	reply = redis_call(repair->redis->redis, &repair->redis->arena, &err, "EVAL", script,
			   "1", repair->key, repair->limit, position, most, words, NULL);
	if (!reply)
		return ctl_fail(STATUS_AWAY, "%s", err.text);
	if (reply->type != REPLY_ARRAY || reply->count != 2)
		return ctl_fail(STATUS_AWAY, "Redis says %.*s", STR_ARG(reply->text));
	if (reply[1].integer < 0)
		return refuse(reply);
	printf("repaired: %" PRId64
	       " entries moved to the present, the stream went on from %.*s\n",
	       reply[1].integer, STR_ARG(reply[2].text));
	return STATUS_DONE;
}

static enum status
repair_stream(struct repair *repair, bool yes)
{
	struct buf what = {0};
	enum status status;

	if (repair->last.ms <= repair->now + EVENT_MAX_AHEAD) {
		puts("nothing to repair: the stream's last id does not lie in the future");
		return STATUS_DONE;
	}
	describe(repair, &what);
	if (repair->position.ms > repair->now + EVENT_MAX_AHEAD)
		status =
			ctl_fail(STATUS_NO,
				 "%s, and churnd has applied entries up to there already: they "
				 "cannot be taken back, Redis' clock has to catch up",
				 what.p);
	else
		status = yes ? carry_out(repair) : plan(repair, what.p);
	buf_finish(&what);
	return status;
}

static enum status
look_and_repair(struct ctl_redis *redis, bool yes)
{
	struct repair repair = {.redis = redis};
	struct err err;

	repair.key = ctl_home_key(redis->home, "events").p;
	if (!ctl_redis_now(redis, &repair.now, &err) ||
	    !ctl_redis_last(redis, &repair.last, &err) || !read_position(&repair, &err))
		return ctl_fail(STATUS_AWAY, "%s", err.text);
	stream_id_print((struct stream_id){repair.now + EVENT_MAX_AHEAD, UINT64_MAX},
			repair.limit);
	return repair_stream(&repair, yes);
}

enum status
repair_run(const struct ctl *ctl, int argc, char **argv)
{
	bool yes = false;
	const struct option options[] = {{"--yes", OPTION_FLAG, {.flag = &yes}}};
	struct ctl_home home;
	struct ctl_redis redis;
	enum status status;

	if (!options_take(options, 1, &argc, argv))
		return STATUS_USAGE;
	if (argc != 1)
		return ctl_usage(argv[0]);
	if (!ctl_home_open(ctl, &home))
		return STATUS_USAGE;
	if (ctl_redis_open(&home, &redis, &status)) {
		status = look_and_repair(&redis, yes);
		ctl_redis_close(&redis);
	}
	ctl_home_close(&home);
	return status;
}
