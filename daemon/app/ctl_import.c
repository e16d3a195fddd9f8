/* SPDX-License-Identifier: Apache-2.0 */
/* churnctl import: a file of events into the stream. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "app/ctl.h"
#include "app/event_input.h"
#include "base/mem.h"
#include "codec/event.h"
#include "codec/event_fields.h"
#include "codec/stream_id.h"
#include "io/log.h"

#define BATCH_BYTES ((size_t)128 << 10)
#define BATCH_ROWS 500
#define IN_FLIGHT 4000	/* rows on their way to Redis */
#define STALL_MS 30000	/* Redis answers nothing for so long */
#define COMPLAINTS 20	/* rows that are said to be wrong; the others are counted */
#define FOLLOW_MS 10000 /* the daemon does not move for so long: no more waiting */

struct import {
	struct ctl_redis *redis;
	const char *file;
	struct str key;
	bool as_live, backfill;
	int64_t offset;	       /* Redis' time less the monotonic clock's */
	struct stream_id last; /* as live: of the row before */
	bool has_first;
	struct stream_id first; /* as live: of the first row */
	struct buf commands;	/* owned */
	unsigned waiting;	/* rows in commands */
	uint64_t sent, answered, rejected;
	uint64_t refused;   /* by Redis, of those answered */
	bool failed;	    /* err says why */
	enum status status; /* of the failure */
	struct err err;
};

static volatile sig_atomic_t interrupted;

static void
on_signal(int signal)
{
	(void)signal;
	interrupted = 1;
}

/* --- sending --- */

static bool
fail(struct import *import, enum status status, const char *sentence)
{
	if (import->failed)
		return false;
	err_set(&import->err, "%s", sentence);
	import->status = status;
	import->failed = true;
	return false;
}

static void
on_reply(void *ctx, const struct reply *reply)
{
	struct import *import = ctx;
	char why[400];

	import->answered++;
	if (reply->type != REPLY_ERROR)
		return;
	import->refused++;
	snprintf(why, sizeof why, "%s: Redis says %.*s", import->file, STR_ARG(reply->text));
	(void)fail(import, STATUS_AWAY, why);
}

static void
on_stall(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd, (void)what;
	(void)fail(ctx, STATUS_AWAY, "Redis does not answer any more");
}

/* Turns the loop until at most so many rows are unanswered. */
static bool
await(struct import *import, uint64_t most)
{
	const struct timeval stall = {STALL_MS / 1000, 0};
	struct event *timer = evtimer_new(import->redis->base, on_stall, import);

	event_add(timer, &stall);
	while (!import->failed && import->sent - import->answered > most) {
		uint64_t before = import->answered;

		if (!redis_is_up(import->redis->redis))
			(void)fail(import, STATUS_AWAY,
				   "the connection to Redis was lost; what was on its way may "
				   "be in the stream");
		else
			event_base_loop(import->redis->base, EVLOOP_ONCE);
		if (import->answered != before)
			event_add(timer, &stall);
	}
	event_free(timer);
	return !import->failed;
}

static bool
flush(struct import *import)
{
	if (import->waiting == 0)
		return true;
	if (!redis_is_up(import->redis->redis))
		return fail(import, STATUS_AWAY, "the connection to Redis was lost");
	redis_send(import->redis->redis, buf_view(&import->commands), import->waiting, on_reply,
		   import);
	import->sent += import->waiting;
	import->waiting = 0;
	buf_clear(&import->commands);
	return await(import, IN_FLIGHT);
}

/* --- rows --- */

static void
reject(struct import *import, uint64_t line, const char *sentence)
{
	if (++import->rejected > COMPLAINTS)
		return;
	if (line > 0)
		fprintf(stderr, "%s:%" PRIu64 ": rejected: %s\n", import->file, line, sentence);
	else
		fprintf(stderr, "%s\n", sentence); /* it says where itself */
}

/* Ids as replays count them: the ms of arrival, then 0, 1, 2.. within it. */
static bool
next_id(struct import *import, const struct event_row *row, struct stream_id *id)
{
	struct stream_id last = import->last;
	char why[400];
	bool same = row->arrived == last.ms && (last.ms || last.seq);

	if (row->arrived == INT64_MIN || row->arrived < 0 || row->arrived < last.ms) {
		snprintf(why, sizeof why,
			 "%s:%" PRIu64
			 ": the row %s; rows must be in the order of arrived (default "
			 "ts)",
			 import->file, row->line,
			 row->arrived == INT64_MIN ? "has neither arrived nor ts"
						   : "arrived before the one above it");
		return fail(import, STATUS_USAGE, why);
	}
	*id = (struct stream_id){.ms = row->arrived, .seq = same ? last.seq + 1 : 0};
	if (id->ms == 0 && id->seq == 0)
		id->seq = 1;
	import->last = *id;
	if (!import->has_first)
		import->first = *id;
	import->has_first = true;
	return true;
}

static bool
check_row(void *ctx, const struct event_row *row, const char *error)
{
	struct stream_id id;

	(void)error;
	return !row || next_id(ctx, row, &id);
}

static bool
has_field(const struct event_row *row, const char *name)
{
	for (unsigned i = 0; i < row->count; i++) {
		if (str_is(row->fields[i].key, name))
			return true;
	}
	return false;
}

static void
add_row(struct import *import, const struct event_row *row, const char *id)
{
	struct field fields[EVENT_MAX_FIELDS + 2];
	unsigned count = row->count;

	memcpy(fields, row->fields, count * sizeof *fields);
	if (import->backfill && !has_field(row, "backfill"))
		fields[count++] = (struct field){STR("backfill"), STR("1")};
	ctl_redis_command(&import->commands, import->key, id, fields, count);
	import->waiting++;
}

static bool
take_row(void *ctx, const struct event_row *row, const char *error)
{
	struct import *import = ctx;
	struct stream_id id = {clock_monotonic() + import->offset, 0};
	char text[STREAM_ID_TEXT] = "*";
	struct err err;

	if (interrupted || import->failed)
		return false;
	if (!row) {
		reject(import, 0, error);
		return true;
	}
	if (import->as_live) {
		if (!next_id(import, row, &id))
			return false;
		stream_id_print(id, text);
	}
	bool good = import->as_live ? event_check_history(row->fields, row->count, id.ms, &err)
				    : event_check(row->fields, row->count, id.ms, &err);

	if (!good) {
		reject(import, row->line, err.text);
		return true;
	}
	add_row(import, row, text);
	return (import->waiting < BATCH_ROWS && import->commands.n < BATCH_BYTES) ||
	       flush(import);
}

static bool
read_rows(struct import *import, bool progress,
	  bool (*take)(void *ctx, const struct event_row *row, const char *error),
	  struct err *err)
{
	const struct event_taker taker = {.ctx = import, .take = take};
	struct event_file *file = event_file_create(str_of(import->file));
	bool good = event_input_read(file, import->file, progress, &taker, err);

	event_file_destroy(file);
	return good;
}

/* --- as live --- */

/* All rows are looked at before the first is sent: half a history cannot be taken back. */
static bool
check_order(struct import *import)
{
	struct err err;

	if (strcmp(import->file, "-") == 0)
		return true;
	if (!read_rows(import, false, check_row, &err))
		return fail(import, STATUS_USAGE, err.text);
	import->last = (struct stream_id){0, 0};
	return !import->failed;
}

static bool
check_stream(struct import *import)
{
	char there[STREAM_ID_TEXT], first[INSTANT_TEXT], why[400];
	struct stream_id last;
	struct err err;

	if (!ctl_redis_last(import->redis, &last, &err))
		return fail(import, STATUS_AWAY, err.text);
	if (!import->has_first || stream_id_cmp(last, import->first) < 0)
		return true;
	stream_id_print(last, there);
	print_instant(import->first.ms, first);
	snprintf(
		why, sizeof why,
		"the stream %.*s has come to %s, which is not before the first row (%s): history is "
		"imported as live into an empty stream, or where it goes on",
		STR_ARG(import->key), there, first);
	return fail(import, STATUS_NO, why);
}

/* --- the daemon follows --- */

static bool
group_lag(struct import *import, int64_t *lag)
{
	struct err err;
	json_t *json;
	int status = ctl_http_try(import->redis->home, "/v1/status", &json, NULL, &err);
	struct stream_id committed = {0, 0}, last;
	bool known = status == 200 &&
		     stream_id_parse(str_of(ctl_json_text(json, "committed")), &committed) &&
		     strcmp(ctl_json_text(json, "state"), "running") == 0 &&
		     ctl_redis_last(import->redis, &last, &err);

	*lag = 0;
	if (known && stream_id_cmp(committed, last) < 0)
		*lag = 1 + ctl_json_int(json, "lag");
	json_decref(json);
	return known;
}

/* Until a daemon, if one runs, has committed all: then what it says is about the whole file. */
static void
follow(struct import *import)
{
	const struct timespec pause = {0, 20000000L};
	int64_t lag, least = INT64_MAX, moved_at = clock_monotonic();
	bool shown = false;

	while (!interrupted && group_lag(import, &lag) && lag > 0 &&
	       clock_monotonic() - moved_at < FOLLOW_MS) {
		if (lag < least)
			moved_at = clock_monotonic();
		least = lag < least ? lag : least;
		if (import->redis->home->ctl->progress) {
			fprintf(stderr, "\rchurnd is %" PRId64 " entries behind   ", lag);
			shown = true;
		}
		nanosleep(&pause, NULL);
	}
	if (shown)
		fputc('\n', stderr);
}

/* --- the whole --- */

static bool
send_rows(struct import *import)
{
	const struct ctl *ctl = import->redis->home->ctl;
	struct err err;

	if (!read_rows(import, ctl->progress, take_row, &err) && !interrupted)
		return fail(import, STATUS_USAGE, err.text);
	return !import->failed && flush(import) && await(import, 0);
}

static void
report(const struct import *import, int64_t ms)
{
	double seconds = (double)ms / 1000;
	uint64_t events = import->answered - import->refused;

	if (import->redis->home->ctl->json)
		printf("{\"events\":%" PRIu64 ",\"rejected\":%" PRIu64 ",\"seconds\":%.3f}\n",
		       events, import->rejected, seconds);
	else
		printf("import: %" PRIu64 " events, %" PRIu64 " rejected, %.1f s\n", events,
		       import->rejected, seconds);
}

static void
watch_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal};

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

static enum status
import_file(struct import *import)
{
	int64_t began = clock_monotonic();
	enum status status = STATUS_USAGE;

	if (import->as_live && !check_order(import))
		return ctl_fail(import->status, "%s", import->err.text);
	watch_signals();
	if (import->as_live && !ctl_hold_take(import->redis, import->file, &status))
		return status;
	bool good = (!import->as_live || check_stream(import)) && send_rows(import);

	if (good && !interrupted && import->as_live)
		follow(import);
	ctl_hold_give(import->redis);
	if (import->sent > 0 || good)
		report(import, clock_monotonic() - began);
	if (!good)
		return ctl_fail(import->status, "%s", import->err.text);
	if (interrupted)
		return ctl_fail(STATUS_NO, "interrupted");
	return import->answered == 0 && import->rejected > 0 ? STATUS_USAGE : STATUS_DONE;
}

static enum status
import_or_release(struct import *import, bool release)
{
	struct err err;
	int64_t now;
	enum status status;

	if (release)
		return ctl_hold_release(import->redis);
	if (!ctl_redis_now(import->redis, &now, &err))
		return ctl_fail(STATUS_AWAY, "%s", err.text);
	import->offset = now - clock_monotonic();
	import->key = ctl_home_key(import->redis->home, "events");
	status = import_file(import);
	buf_finish(&import->commands);
	return status;
}

enum status
import_run(const struct ctl *ctl, int argc, char **argv)
{
	struct import import = {0};
	bool release = false;
	const struct option options[] = {
		{"--backfill", OPTION_FLAG, {.flag = &import.backfill}},
		{"--as-live", OPTION_FLAG, {.flag = &import.as_live}},
		{"--release", OPTION_FLAG, {.flag = &release}},
	};
	struct ctl_home home;
	struct ctl_redis redis;
	enum status status;

	if (!options_take(options, 3, &argc, argv))
		return STATUS_USAGE;
	if (argc != (release ? 1 : 2) || import.backfill + import.as_live + release > 1)
		return ctl_usage(argv[0]);
	import.file = argv[1];
	if (!ctl_home_open(ctl, &home))
		return STATUS_USAGE;
	if (ctl_redis_open(&home, &redis, &status)) {
		import.redis = &redis;
		status = import_or_release(&import, release);
		ctl_redis_close(&redis);
	}
	ctl_home_close(&home);
	return status;
}
