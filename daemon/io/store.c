/* SPDX-License-Identifier: Apache-2.0 */
/* Sends commits, one at a time, and keeps each one's bytes until Redis has it for sure.
 *
 * A commit is MULTI, the orders, the records, the group's position, the partition with the mark, EXEC. Behind
 * it WATCH and GET of the mark are pipelined: they say what lies there now, and arm the next EXEC against
 * every other writer. */
#include "io/store.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "codec/resp.h"
#include "codec/stream_id.h"
#include "io/log.h"

#define PAUSE_FIRST_MS 500
#define PAUSE_MAX_MS 5000

enum store_state {
	STORE_COLD,    /* no mark, or no connection */
	STORE_ARMING,  /* WATCH and GET are under way, nothing else */
	STORE_READY,   /* watched; nothing is under way */
	STORE_SENT,    /* a commit is under way */
	STORE_PAUSED,  /* Redis cannot take it now: the same bytes again when the timer ends */
	STORE_STOPPED, /* lost or broken */
};

/* What the replies to one commit said so far. */
struct verdict {
	unsigned replies;
	bool refused; /* a passing error: again later */
	bool groupless;
	bool broken;
	struct err why;
};

struct store {
	struct store_options options;
	enum store_state state;
	struct event *timer; /* owned */
	int64_t pause_ms;
	struct buf adding; /* MULTI and the coming commit's orders */
	unsigned adding_count;
	struct buf sending; /* the commit under way, MULTI to EXEC, and the fence behind it */
	unsigned sending_count; /* commands between MULTI and EXEC */
	bool is_sending;	/* sending has not been acknowledged */
	size_t lately;		/* bytes of a commit, for buf_settle() */
	struct buf scratch;
	struct buf mark_key, partition_key;
	struct commit_mark mark; /* acknowledged */
	struct commit_mark sent; /* of sending */
	struct verdict verdict;
};

static void
timer_set(struct store *store, int64_t ms)
{
	const struct timeval wait = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

	event_add(store->timer, &wait);
}

/* ---- what the replies say ---- */

static const char *
line_end(const char *p, const char *end)
{
	return (const char *)memchr(p, '\n', (size_t)(end - p)) + 1;
}

/* The first two words of the index-th command of a pipeline of our own making. */
static void
command_words(struct str bytes, unsigned index, struct str words[2])
{
	const char *p = bytes.p, *end = bytes.p + bytes.n;

	words[0] = words[1] = STR_NONE;
	for (unsigned command = 0; p < end; command++) {
		long args = strtol(p + 1, NULL, 10);

		p = line_end(p, end);
		for (long i = 0; i < args; i++) {
			size_t n = (size_t)strtoul(p + 1, NULL, 10);

			p = line_end(p, end);
			if (command == index && i < 2)
				words[i] = (struct str){p, n};
			p += n + 2;
		}
		if (command == index)
			return;
	}
}

/* What only a person can mend; `index` counts MULTI as 0. */
static void
verdict_break(struct store *store, unsigned index, const struct reply *error)
{
	struct verdict *verdict = &store->verdict;
	struct str words[2];

	if (verdict->broken)
		return;
	verdict->broken = true;
	command_words(buf_view(&store->sending), index, words);
	err_set(&verdict->why, "cannot commit: Redis answers %.*s %.*s with: %.*s",
		STR_ARG(words[0]), STR_ARG(words[1]), STR_ARG(error->text));
}

static void
verdict_refuse(struct store *store, const struct reply *error)
{
	struct verdict *verdict = &store->verdict;

	verdict->refused = true;
	if (verdict->why.text[0] == '\0')
		err_set(&verdict->why, "Redis says %.*s", STR_ARG(error->text));
}

/* The group's command is the last but one. It fails when somebody removed the group or the stream. */
static void
verdict_exec(struct store *store, const struct reply *reply)
{
	struct verdict *verdict = &store->verdict;
	const struct reply *item = reply + 1;

	/* EXECABORT says in other words what a command or EXEC itself was refused for. */
	if (reply->type == REPLY_ERROR) {
		if (reply_error_is(reply, "EXECABORT") || redis_error_is_passing(reply))
			verdict_refuse(store, reply);
		else
			verdict_break(store, store->sending_count + 1, reply);
	}
	if (reply->type != REPLY_ARRAY)
		return;
	for (uint32_t i = 0; i < reply->count; i++, item = reply_next(item)) {
		if (item->type != REPLY_ERROR)
			continue;
		if (i + 2 == reply->count)
			verdict->groupless = true;
		else
			verdict_break(store, i + 1, item);
	}
}

/* ---- sending ---- */

static void on_commit_reply(void *ctx, const struct reply *reply);
static void on_watch_reply(void *ctx, const struct reply *reply);
static void on_mark_reply(void *ctx, const struct reply *reply);

static void
watch_send(struct store *store)
{
	struct redis *redis = store->options.redis;

	redis_command(redis, on_watch_reply, store, "WATCH", store->mark_key.p, NULL);
	redis_command(redis, on_mark_reply, store, "GET", store->mark_key.p, NULL);
}

static void
commit_send(struct store *store)
{
	store->verdict = (struct verdict){0};
	store->state = STORE_SENT;
	redis_send(store->options.redis, buf_view(&store->sending), store->sending_count + 4,
		   on_commit_reply, store);
}

static void
fence_send(struct store *store)
{
	store->verdict = (struct verdict){0};
	store->state = STORE_ARMING;
	watch_send(store);
}

static void
pause_begin(struct store *store)
{
	if (store->pause_ms == 0) {
		log_warn("commit",
			 "commits pause: %s; the same is sent again until it is taken",
			 store->verdict.why.text);
		store->pause_ms = PAUSE_FIRST_MS;
	} else if (store->pause_ms * 2 <= PAUSE_MAX_MS) {
		store->pause_ms *= 2;
	}
	store->state = STORE_PAUSED;
	timer_set(store, store->pause_ms);
}

/* By way of the fence: meanwhile the mark may have become another's. */
static void
on_timer(evutil_socket_t fd, short what, void *ctx)
{
	struct store *store = ctx;

	(void)fd, (void)what;
	if (store->state == STORE_PAUSED && redis_is_up(store->options.redis))
		fence_send(store);
}

static void
acknowledged(struct store *store)
{
	bool groupless = store->verdict.groupless;

	if (store->pause_ms > 0)
		log_info("commit", "commits go on");
	store->pause_ms = 0;
	store->mark = store->sent;
	store->is_sending = false;
	buf_settle(&store->sending,
		   &store->lately); /* after a silence a commit can be of many MB */
	store->state = STORE_READY;
	if (groupless)
		store->options.hooks.groupless(store->options.hooks.ctx);
	store->options.hooks.done(store->options.hooks.ctx);
}

static void
lost(struct store *store, struct str found)
{
	char ours[COMMIT_MARK_TEXT];
	char why[512];

	store->state = STORE_STOPPED;
	commit_mark_print(&store->mark, ours);
	snprintf(why, sizeof why, "%s holds '%.*s' where we left '%s': another writer was here",
		 store->mark_key.p, (int)utf8_cut(found, 100), found.p != NULL ? found.p : "",
		 ours);
	store->options.hooks.lost(store->options.hooks.ctx, why);
}

static bool
mark_is(struct str text, const struct commit_mark *mark)
{
	char expected[COMMIT_MARK_TEXT];

	commit_mark_print(mark, expected);
	return str_is(text, expected);
}

/* What lies there decides; the replies of EXEC only say why. */
static void
decide(struct store *store, const struct reply *reply)
{
	struct verdict *verdict = &store->verdict;

	if (verdict->broken) {
		store->state = STORE_STOPPED;
		store->options.hooks.broken(store->options.hooks.ctx, verdict->why.text);
	} else if (reply->type == REPLY_ERROR && redis_error_is_passing(reply)) {
		err_set(&verdict->why, "Redis says %.*s", STR_ARG(reply->text));
		pause_begin(store);
	} else if (reply->type == REPLY_ERROR) {
		err_set(&verdict->why, "cannot read %s: Redis says %.*s", store->mark_key.p,
			STR_ARG(reply->text));
		store->state = STORE_STOPPED;
		store->options.hooks.broken(store->options.hooks.ctx, verdict->why.text);
	} else if (store->is_sending && mark_is(reply->text, &store->sent)) {
		acknowledged(store);
	} else if (!mark_is(reply->text, &store->mark)) {
		lost(store, reply->text);
	} else if (!store->is_sending) {
		store->state = STORE_READY;
		store->options.hooks.done(store->options.hooks.ctx);
	} else if (verdict->refused) {
		pause_begin(store);
	} else {
		commit_send(store);
	}
}

static void
on_commit_reply(void *ctx, const struct reply *reply)
{
	struct store *store = ctx;
	unsigned index = store->verdict.replies++;

	if (index == store->sending_count + 3)
		on_mark_reply(store, reply);
	else if (index == store->sending_count + 2)
		on_watch_reply(store, reply);
	else if (index == store->sending_count + 1)
		verdict_exec(store, reply);
	else if (reply->type == REPLY_ERROR && redis_error_is_passing(reply))
		verdict_refuse(store, reply);
	else if (reply->type == REPLY_ERROR)
		verdict_break(store, index, reply);
}

/* What passes is wrong with GET too; an ACL user who may not WATCH would commit without a fence. */
static void
on_watch_reply(void *ctx, const struct reply *reply)
{
	struct store *store = ctx;

	if (reply->type != REPLY_ERROR || redis_error_is_passing(reply))
		return;
	store->verdict.broken = true;
	err_set(&store->verdict.why, "cannot watch %s: Redis says %.*s", store->mark_key.p,
		STR_ARG(reply->text));
}

static void
on_mark_reply(void *ctx, const struct reply *reply)
{
	struct store *store = ctx;

	if (store->state != STORE_STOPPED)
		decide(store, reply);
}

/* ---- for the owner ---- */

struct store *
store_create(const struct store_options *options)
{
	struct store *store = mem_alloc(sizeof *store);

	store->options = *options;
	store->timer = event_new(options->base, -1, 0, on_timer, store);
	assert(store->timer != NULL);
	buf_str(&store->mark_key, options->prefix);
	buf_text(&store->mark_key, "commit");
	buf_str(&store->partition_key, options->prefix);
	buf_text(&store->partition_key, "partition");
	return store;
}

static void
store_free(struct event *timer, void *ctx)
{
	struct store *store = ctx;

	(void)timer;
	buf_finish(&store->adding);
	buf_finish(&store->sending);
	buf_finish(&store->scratch);
	buf_finish(&store->mark_key);
	buf_finish(&store->partition_key);
	mem_free(store);
}

void
store_destroy(struct store *store)
{
	if (store == NULL)
		return;
	store->state = STORE_STOPPED;
	event_free_finalize(0, store->timer, store_free);
}

static void
adding_clear(struct store *store)
{
	buf_clear(&store->adding);
	resp_command(&store->adding, "MULTI", NULL);
	store->adding_count = 0;
}

void
store_begin(struct store *store, const struct commit_mark *mark)
{
	store->mark = *mark;
	store->is_sending = false;
	store->pause_ms = 0;
	adding_clear(store);
	fence_send(store);
}

void
store_suspend(struct store *store)
{
	if (store->state != STORE_STOPPED)
		store->state = STORE_COLD;
	event_del(store->timer);
}

void
store_resume(struct store *store)
{
	assert(store->state == STORE_COLD);
	fence_send(store);
}

struct buf *
store_add_command(struct store *store, size_t argc)
{
	store->adding_count++;
	resp_array(&store->adding, argc);
	return &store->adding;
}

size_t
store_added_bytes(const struct store *store)
{
	return store->adding.n;
}

bool
store_has_orders(const struct store *store)
{
	return store->adding_count > 0;
}

bool
store_is_ready(const struct store *store)
{
	return store->state == STORE_READY;
}

const struct commit_mark *
store_mark(const struct store *store)
{
	return &store->mark;
}

/* XGROUP SETID key group id ENTRIESREAD n */
static void
group_add(struct store *store, struct stream_id position, uint64_t read)
{
	struct buf *out = store_add_command(store, 7);
	char id[STREAM_ID_TEXT];

	stream_id_print(position, id);
	resp_text(out, "XGROUP");
	resp_text(out, "SETID");
	resp_arg(out, store->options.events);
	resp_arg(out, store->options.group);
	resp_text(out, id);
	resp_text(out, "ENTRIESREAD");
	resp_int(out, (int64_t)read);
}

/* One command, so that neither lies there without the other. */
static void
mark_add(struct store *store, const struct partition *partition)
{
	struct buf *out = store_add_command(store, 5);
	char mark[COMMIT_MARK_TEXT];

	commit_mark_print(&store->sent, mark);
	buf_clear(&store->scratch);
	partition_print(&store->scratch, partition);
	resp_text(out, "MSET");
	resp_arg(out, buf_view(&store->partition_key));
	resp_arg(out, buf_view(&store->scratch));
	resp_arg(out, buf_view(&store->mark_key));
	resp_text(out, mark);
}

void
store_commit(struct store *store, const struct store_commit *commit)
{
	struct buf spare = store->sending;

	assert(store_is_ready(store) && !store->is_sending);
	store->sent = (struct commit_mark){
		.fence = store->mark.fence,
		.seq = store->mark.seq + 1,
		.position = commit->position,
		.low = commit->low,
	};
	store->adding_count +=
		shard_batch_write(commit->records, store->options.prefix, &store->adding);
	group_add(store, commit->position, commit->partition->read);
	mark_add(store, commit->partition);
	resp_command(&store->adding, "EXEC", NULL);
	resp_command(&store->adding, "WATCH", store->mark_key.p, NULL);
	resp_command(&store->adding, "GET", store->mark_key.p, NULL);
	store->sending = store->adding;
	store->sending_count = store->adding_count;
	store->adding = spare;
	store->is_sending = true;
	adding_clear(store);
	commit_send(store);
}
