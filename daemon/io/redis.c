/* SPDX-License-Identifier: Apache-2.0 */
/* The life of one connection to Redis: dial, greet, pipeline, lose, come back. */
#include "io/redis.h"

#include <assert.h>
#include <signal.h>
#include <string.h>

#include <event2/util.h>

#include "base/mem.h"
#include "io/redis_inside.h"

#define BIT(state) (1u << (state))

/* From which states each may be reached. */
static const unsigned reached_from[] = {
	[REDIS_IDLE] = 0,
	[REDIS_DIALLING] = BIT(REDIS_IDLE) | BIT(REDIS_PAUSED),
	[REDIS_SECURING] = BIT(REDIS_DIALLING),
	[REDIS_GREETING] = BIT(REDIS_DIALLING) | BIT(REDIS_SECURING),
	[REDIS_UP] = BIT(REDIS_GREETING),
	[REDIS_PAUSED] =
		BIT(REDIS_DIALLING) | BIT(REDIS_SECURING) | BIT(REDIS_GREETING) | BIT(REDIS_UP),
	[REDIS_GONE] = BIT(REDIS_IDLE) | BIT(REDIS_DIALLING) | BIT(REDIS_SECURING) |
		       BIT(REDIS_GREETING) | BIT(REDIS_UP) | BIT(REDIS_PAUSED),
};

static void
state_move(struct redis *redis, enum redis_state to)
{
	assert(reached_from[to] & BIT(redis->state));
	redis->state = to;
}

static void
timer_set(struct redis *redis, int64_t ms)
{
	const struct timeval wait = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

	event_add(redis->timer, &wait);
}

/* libevent keeps the bufferevent alive until its own callback has returned. */
static void
socket_close(struct redis *redis)
{
	if (redis->bev != NULL)
		bufferevent_free(redis->bev);
	redis->bev = NULL;
	redis_tls_destroy(redis->tls);
	redis->tls = NULL;
	redis->ahead = NULL;
	event_del(redis->turn);
}

static void
connection_drop(struct redis *redis)
{
	socket_close(redis);
	redis_dial_end(redis);
	owed_clear(&redis->owed);
	redis->client_id = 0;
}

/* Between 1/2 and 1 of the present pause, which then doubles. */
static int64_t
backoff_take(struct redis *redis)
{
	int64_t pause = redis->backoff_ms;
	uint16_t luck;

	evutil_secure_rng_get_bytes(&luck, sizeof luck);
	redis->backoff_ms = pause * 2 < REDIS_BACKOFF_MAX_MS ? pause * 2 : REDIS_BACKOFF_MAX_MS;
	return pause / 2 + (pause - pause / 2) * luck / UINT16_MAX;
}

/* The hook comes last: it may destroy the connection. */
void
redis_lose(struct redis *redis, const struct err *reason, bool hopeless)
{
	bool was_up = redis->state == REDIS_UP;
	bool news = was_up || strcmp(redis->reason.text, reason->text) != 0;

	state_move(redis, REDIS_PAUSED);
	connection_drop(redis);
	redis->reason = *reason;
	redis->refusals += hopeless;
	timer_set(redis, backoff_take(redis));
	if (news && redis->hooks.down != NULL)
		redis->hooks.down(redis->hooks.ctx, redis->reason.text);
}

void
redis_lose_saying(struct redis *redis, const char *what)
{
	struct buf where = {0};
	struct err reason;

	redis_address_print(&where, &redis->address);
	err_set(&reason, "lost Redis at %s: %s", where.p, what);
	buf_finish(&where);
	redis_lose(redis, &reason, false);
}

void
redis_greeted(struct redis *redis)
{
	state_move(redis, REDIS_UP);
	timer_set(redis, redis->silence_ms);
	redis->backoff_ms = REDIS_BACKOFF_FIRST_MS;
	redis->reason.text[0] = '\0';
	redis->connection++;
	redis->denials = 0;
	if (redis->hooks.up != NULL)
		redis->hooks.up(redis->hooks.ctx);
}

static void
on_read(struct bufferevent *bev, void *ctx)
{
	struct redis *redis = ctx;

	assert(bev == redis->bev);
	redis_read(redis);
}

static void
on_turn(evutil_socket_t fd, short what, void *ctx)
{
	struct redis *redis = ctx;

	(void)fd, (void)what;
	redis_read(redis);
}

void
redis_connected(struct redis *redis)
{
	state_move(redis, REDIS_GREETING);
	redis_greeting_begin(redis);
}

static void
on_socket_connected(struct redis *redis)
{
	redis_dial_end(redis);
	redis_dial_options(redis);
	if (!redis->address.tls) {
		redis_connected(redis);
		return;
	}
	state_move(redis, REDIS_SECURING);
	redis_secure_begin(redis);
}

/* A peer that hangs up before it has said anything often stands on the other kind of port. */
static const char *
end_explain(const struct redis *redis, const char *why)
{
	if (redis->state == REDIS_SECURING)
		return "it ended the TLS handshake: begin redis.url with redis:// if that is not "
		       "its tls-port";
	if (redis->state == REDIS_GREETING && redis->tls == NULL && redis->address.path.n == 0)
		return "it closed the connection at our first word: begin redis.url with "
		       "rediss:// if that is its tls-port";
	return why;
}

static void
on_event(struct bufferevent *bev, short what, void *ctx)
{
	struct redis *redis = ctx;
	int code = EVUTIL_SOCKET_ERROR();
	const char *why = what & BEV_EVENT_EOF ? "it closed the connection"
					       : evutil_socket_error_to_string(code);

	assert(bev == redis->bev);
	if (what & BEV_EVENT_CONNECTED)
		on_socket_connected(redis);
	else if (redis->state == REDIS_DIALLING)
		redis_dial_next(redis, why);
	else
		redis_lose_saying(redis, end_explain(redis, why));
}

void
redis_socket_open(struct redis *redis)
{
	socket_close(redis);
	reply_reader_destroy(redis->reader);
	reply_reader_destroy(redis->other);
	redis->reader = reply_reader_create();
	redis->other = NULL;
	redis->bev = bufferevent_socket_new(redis->base, -1,
					    BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
	assert(redis->bev != NULL);
	bufferevent_set_max_single_read(redis->bev, REDIS_INBOX_BYTES);
	bufferevent_set_max_single_write(redis->bev, REDIS_INBOX_BYTES);
	bufferevent_setcb(redis->bev, on_read, NULL, on_event, redis);
	bufferevent_enable(redis->bev, EV_READ | EV_WRITE);
}

static void
try_again(struct redis *redis)
{
	state_move(redis, REDIS_DIALLING);
	timer_set(redis, REDIS_CONNECT_MS);
	redis_dial_begin(redis);
}

const char *
redis_silence_explain(const struct redis *redis)
{
	switch (redis->state) {
	case REDIS_SECURING:
		return "no answer to the TLS handshake: begin redis.url with redis:// if that is "
		       "not its tls-port";
	case REDIS_GREETING:
		return "it does not answer";
	case REDIS_IDLE:
	case REDIS_DIALLING:
	case REDIS_UP:
	case REDIS_PAUSED:
	case REDIS_GONE:
		break;
	}
	return "no answer in time";
}

/* A peer that is gone is the kernel's to find; one that stands there and says nothing, or whose proxy does, is ours. */
static void
silence_look(struct redis *redis)
{
	if (redis->owed.count > 0 && !redis->heard) {
		redis_lose_saying(redis, "it takes what is sent and does not answer");
		return;
	}
	redis->heard = false;
	timer_set(redis, redis->silence_ms);
}

static void
on_timer(evutil_socket_t fd, short what, void *ctx)
{
	struct redis *redis = ctx;
	struct err why;

	(void)fd, (void)what;
	if (redis->state == REDIS_UP) {
		silence_look(redis);
		return;
	}
	if (redis->state == REDIS_IDLE || redis->state == REDIS_PAUSED) {
		try_again(redis);
		return;
	}
	redis_dial_error(redis, &why, redis_silence_explain(redis));
	redis_lose(redis, &why, false);
}

struct redis *
redis_create(struct event_base *base, const struct redis_address *address, const char *name,
	     struct redis_hooks hooks)
{
	struct redis *redis = mem_alloc(sizeof *redis);

	redis->base = base;
	redis->address = *address;
	redis->name = mem_copy_text(name);
	redis->hooks = hooks;
	redis->backoff_ms = REDIS_BACKOFF_FIRST_MS;
	redis->call_ms = REDIS_CALL_MS;
	redis->silence_ms = REDIS_SILENCE_MS;
	redis->inbox = mem_alloc(REDIS_INBOX_BYTES);
	redis->timer = event_new(base, -1, 0, on_timer, redis);
	redis->turn = event_new(base, -1, 0, on_turn, redis);
	assert(redis->timer != NULL && redis->turn != NULL);
	/* libevent writes with writev(), which has no MSG_NOSIGNAL. */
	signal(SIGPIPE, SIG_IGN);
	return redis;
}

/* From the loop's next turn on, so that no hook is called inside. */
void
redis_connect(struct redis *redis)
{
	assert(redis->state == REDIS_IDLE);
	timer_set(redis, 0);
}

static void
redis_free(struct event *timer, void *ctx)
{
	struct redis *redis = ctx;

	(void)timer;
	event_free(redis->turn);
	reply_reader_destroy(redis->reader);
	reply_reader_destroy(redis->other);
	owed_finish(&redis->owed);
	buf_finish(&redis->out);
	mem_free(redis->inbox);
	mem_free(redis->name);
	mem_free(redis);
}

/* The memory goes when no callback of ours can be running: libevent's finalizer calls redis_free. */
void
redis_destroy(struct redis *redis)
{
	if (redis == NULL)
		return;
	state_move(redis, REDIS_GONE);
	connection_drop(redis);
	event_free_finalize(0, redis->timer, redis_free);
}

bool
redis_is_up(const struct redis *redis)
{
	return redis->state == REDIS_UP;
}

size_t
redis_waiting(const struct redis *redis)
{
	return redis->owed.replies;
}

int64_t
redis_client_id(const struct redis *redis)
{
	return redis->state == REDIS_UP ? redis->client_id : 0;
}
