/* SPDX-License-Identifier: Apache-2.0 */
/* Holds the lease: <prefix>lease = "<client id> <connection's name>", which expires unless renewed.
 *
 * It keeps two instances from working against each other; what keeps them from writing both is the fence in
 * <prefix>commit. So a race here costs a restart, never a record. */
#include "io/lease.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/number.h"
#include "io/log.h"

#define RETRY_MS 500
#define HOLDER_MAX 256

enum lease_state {
	LEASE_IDLE,    /* not asked for, or no connection */
	LEASE_ASKING,  /* GET, SET or CLIENT LIST is under way */
	LEASE_WAITING, /* another's: asked again when the timer ends */
	LEASE_HELD,
	LEASE_RELEASING,
};

struct lease {
	struct lease_options options;
	enum lease_state state;
	struct event *timer; /* owned */
	struct buf key;
	char value[HOLDER_MAX];	 /* ours */
	char holder[HOLDER_MAX]; /* the value we saw last, if another's */
	char told[HOLDER_MAX];	 /* the holder of whom the log was told */
	char holder_name[HOLDER_MAX];
	void (*released)(void *ctx);
	void *released_ctx;
};

static void lease_ask(struct lease *lease);

static void
timer_set(struct lease *lease, int64_t ms)
{
	const struct timeval wait = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

	event_add(lease->timer, &wait);
}

/* Grammar: value = digits " " name. */
static struct str
holder_name(struct str value)
{
	const char *space = value.n > 0 ? memchr(value.p, ' ', value.n) : NULL;

	return space == NULL ? STR_NONE
			     : str_slice(value, (size_t)(space - value.p) + 1, value.n);
}

static bool
is_ours(const struct lease *lease, struct str value)
{
	return str_is(holder_name(value), lease->options.name);
}

static void
held(struct lease *lease)
{
	lease->state = LEASE_HELD;
	lease->holder_name[0] = lease->told[0] = '\0';
	timer_set(lease, LEASE_RENEW_MS);
	lease->options.hooks.taken(lease->options.hooks.ctx);
}

static void
wait_on(struct lease *lease)
{
	lease->state = LEASE_WAITING;
	timer_set(lease, RETRY_MS);
}

/* A reply that is an error: passing ones are waited out, the rest is told. */
static bool
is_refused(struct lease *lease, const struct reply *reply)
{
	char why[512];

	if (reply->type != REPLY_ERROR)
		return false;
	if (redis_error_is_passing(reply)) {
		wait_on(lease);
		return true;
	}
	lease->state = LEASE_IDLE;
	snprintf(why, sizeof why, "cannot take the lease %s: Redis says %.*s", lease->key.p,
		 STR_ARG(reply->text));
	lease->options.hooks.lost(lease->options.hooks.ctx, why);
	return true;
}

static void
on_taken(void *ctx, const struct reply *reply)
{
	struct lease *lease = ctx;

	if (lease->state != LEASE_ASKING || is_refused(lease, reply))
		return;
	if (reply_is(reply, "OK"))
		held(lease);
	else
		lease_ask(lease); /* somebody was faster, or it expired */
}

static void
on_ignored(void *ctx, const struct reply *reply)
{
	(void)ctx, (void)reply;
}

/* condition: "NX", or "XX" when it is ours already. */
static void
lease_set(struct lease *lease, const char *condition, redis_reply_fn *fn)
{
	char ms[24];

	snprintf(ms, sizeof ms, "%d", LEASE_MS);
	snprintf(lease->value, sizeof lease->value, "%" PRId64 " %s",
		 redis_client_id(lease->options.redis), lease->options.name);
	redis_command(lease->options.redis, fn, lease, "SET", lease->key.p, lease->value, "PX",
		      ms, condition, NULL);
}

static void
stand_by(struct lease *lease)
{
	struct str name = holder_name(str_of(lease->holder));

	snprintf(lease->holder_name, sizeof lease->holder_name, "%.*s", STR_ARG(name));
	if (strcmp(lease->told, lease->holder) != 0)
		log_info("redis", "standing by: %s holds the lease %s", lease->holder_name,
			 lease->key.p);
	memcpy(lease->told, lease->holder, sizeof lease->told);
	wait_on(lease);
}

/* DEL of the takeover: its refusal says why the EXEC behind it comes to nothing. */
static void
on_queued(void *ctx, const struct reply *reply)
{
	struct lease *lease = ctx;

	if (lease->state == LEASE_ASKING)
		(void)is_refused(lease, reply);
}

/* EXEC of the takeover: nil when the lease changed meanwhile, EXECABORT when Redis cannot take it now. */
static void
on_exec(void *ctx, const struct reply *reply)
{
	struct lease *lease = ctx;

	if (lease->state != LEASE_ASKING)
		return;
	if (reply_error_is(reply, "EXECABORT")) {
		wait_on(lease);
		return;
	}
	if (is_refused(lease, reply))
		return;
	if (reply->type == REPLY_ARRAY)
		log_info("redis", "took over the lease %s: the connection of %.*s is gone",
			 lease->key.p, STR_ARG(holder_name(str_of(lease->holder))));
	lease_ask(lease);
}

/* A line of CLIENT LIST that names him: "... name=NAME ...". */
static bool
lists_holder(struct str lines, struct str name)
{
	static const char mark[] = " name=";
	size_t n = sizeof mark - 1;

	for (size_t i = 0; name.n > 0 && i + n + name.n < lines.n; i++)
		if (memcmp(lines.p + i, mark, n) == 0 &&
		    memcmp(lines.p + i + n, name.p, name.n) == 0 &&
		    lines.p[i + n + name.n] == ' ')
			return true;
	return false;
}

/* WATCH and GET came before: the EXEC fails if the lease is not what GET saw. */
static void
on_client_list(void *ctx, const struct reply *reply)
{
	struct lease *lease = ctx;
	struct redis *redis = lease->options.redis;

	if (lease->state != LEASE_ASKING)
		return;
	if (reply->type != REPLY_STRING ||
	    lists_holder(reply->text, holder_name(str_of(lease->holder)))) {
		redis_command(redis, on_ignored, NULL, "UNWATCH", NULL);
		stand_by(lease);
		return;
	}
	redis_command(redis, on_ignored, NULL, "MULTI", NULL);
	redis_command(redis, on_queued, lease, "DEL", lease->key.p, NULL);
	redis_command(redis, on_exec, lease, "EXEC", NULL);
}

static void
holder_check(struct lease *lease)
{
	char id[24];
	const char *space = strchr(lease->holder, ' ');
	int64_t number;

	if (space == NULL ||
	    !parse_int64((struct str){lease->holder, (size_t)(space - lease->holder)},
			 &number) ||
	    number <= 0) {
		redis_command(lease->options.redis, on_ignored, NULL, "UNWATCH", NULL);
		stand_by(lease); /* not of our making: it has to expire */
		return;
	}
	snprintf(id, sizeof id, "%" PRId64, number);
	redis_command(lease->options.redis, on_client_list, lease, "CLIENT", "LIST", "ID", id,
		      NULL);
}

static void
on_asked(void *ctx, const struct reply *reply)
{
	struct lease *lease = ctx;

	if (lease->state != LEASE_ASKING || is_refused(lease, reply))
		return;
	if (reply->type == REPLY_STRING && !is_ours(lease, reply->text)) {
		snprintf(lease->holder, sizeof lease->holder, "%.*s",
			 (int)utf8_cut(reply->text, HOLDER_MAX - 1), reply->text.p);
		holder_check(lease);
		return;
	}
	redis_command(lease->options.redis, on_ignored, NULL, "UNWATCH", NULL);
	lease_set(lease, reply->type == REPLY_STRING ? "XX" : "NX", on_taken);
}

static void
lease_ask(struct lease *lease)
{
	lease->state = LEASE_ASKING;
	redis_command(lease->options.redis, on_ignored, NULL, "WATCH", lease->key.p, NULL);
	redis_command(lease->options.redis, on_asked, lease, "GET", lease->key.p, NULL);
}

/* Renewal: the value is asked for and its time prolonged in one go. Between the two it may become
 * another's, whose time is then a little longer; the next renewal finds out. */
static void
on_renewed(void *ctx, const struct reply *reply)
{
	struct lease *lease = ctx;
	char why[HOLDER_MAX + 100];

	if (lease->state != LEASE_HELD || reply->type == REPLY_ERROR)
		return;
	if (reply->type == REPLY_STRING && is_ours(lease, reply->text))
		return;
	if (reply->type ==
	    REPLY_NIL) { /* expired while Redis or we stood still: the next renewal sees */
		lease_set(lease, "NX", on_ignored);
		return;
	}
	lease->state = LEASE_IDLE;
	snprintf(why, sizeof why, "the lease %s was taken by %.*s", lease->key.p,
		 STR_ARG(holder_name(reply->text)));
	lease->options.hooks.lost(lease->options.hooks.ctx, why);
}

static void
lease_renew(struct lease *lease)
{
	char ms[24];

	snprintf(ms, sizeof ms, "%d", LEASE_MS);
	redis_command(lease->options.redis, on_renewed, lease, "GET", lease->key.p, NULL);
	redis_command(lease->options.redis, on_ignored, NULL, "PEXPIRE", lease->key.p, ms,
		      NULL);
	timer_set(lease, LEASE_RENEW_MS);
}

static void
on_timer(evutil_socket_t fd, short what, void *ctx)
{
	struct lease *lease = ctx;

	(void)fd, (void)what;
	if (!redis_is_up(lease->options.redis))
		return;
	if (lease->state == LEASE_WAITING)
		lease_ask(lease);
	else if (lease->state == LEASE_HELD)
		lease_renew(lease);
}

struct lease *
lease_create(const struct lease_options *options)
{
	struct lease *lease = mem_alloc(sizeof *lease);

	lease->options = *options;
	lease->timer = event_new(options->base, -1, 0, on_timer, lease);
	assert(lease->timer != NULL && strlen(options->name) < HOLDER_MAX / 2);
	buf_str(&lease->key, options->prefix);
	buf_text(&lease->key, "lease");
	return lease;
}

static void
lease_free(struct event *timer, void *ctx)
{
	struct lease *lease = ctx;

	(void)timer;
	buf_finish(&lease->key);
	mem_free(lease);
}

void
lease_destroy(struct lease *lease)
{
	if (lease == NULL)
		return;
	lease->state = LEASE_IDLE;
	event_free_finalize(0, lease->timer, lease_free);
}

void
lease_acquire(struct lease *lease)
{
	assert(lease->state == LEASE_IDLE);
	lease_ask(lease);
}

void
lease_suspend(struct lease *lease)
{
	lease->state = LEASE_IDLE;
	event_del(lease->timer);
}

const char *
lease_holder(const struct lease *lease)
{
	return lease->holder_name[0] != '\0' ? lease->holder_name : NULL;
}

static void
on_deleted(void *ctx, const struct reply *reply)
{
	struct lease *lease = ctx;

	(void)reply;
	lease->state = LEASE_IDLE;
	lease->released(lease->released_ctx);
}

static void
on_release_read(void *ctx, const struct reply *reply)
{
	struct lease *lease = ctx;
	struct redis *redis = lease->options.redis;

	if (reply->type != REPLY_STRING || !is_ours(lease, reply->text)) {
		on_deleted(lease, reply);
		return;
	}
	redis_command(redis, on_ignored, NULL, "MULTI", NULL);
	redis_command(redis, on_ignored, NULL, "DEL", lease->key.p, NULL);
	redis_command(redis, on_deleted, lease, "EXEC", NULL);
}

void
lease_release(struct lease *lease, void (*done)(void *ctx), void *ctx)
{
	lease->released = done;
	lease->released_ctx = ctx;
	lease->state = LEASE_RELEASING;
	event_del(lease->timer);
	redis_command(lease->options.redis, on_ignored, NULL, "WATCH", lease->key.p, NULL);
	redis_command(lease->options.redis, on_release_read, lease, "GET", lease->key.p, NULL);
}
