/* SPDX-License-Identifier: Apache-2.0 */
/* Carries commands and replies between bufferevents and the fake Redis, well or badly. */
#include "sim/wire.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>

#include "base/mem.h"
#include "sim/sim.h"

#define WORDS_MAX 8192
#define COMMANDS_MAX 500000

struct wire_conn {
	struct wire_conn *next;
	struct bufferevent *far; /* owned: our end */
	struct event *timer;	 /* owned: the stall, or the end of a blocked read */
	struct event *piece;	 /* owned: the rest of a reply */
	struct fake_client client;
	bool dialled, stalled, closed, piecing;
	struct buf out; /* replies on their way */
};

static struct {
	struct event_base *base;
	struct fake_server *server;
	struct wire_conn *conns; /* owned */
	struct wire_habits habits;
	unsigned befalls_in; /* commands; 0: not */
	enum wire_moment moment;
	void (*befall)(void *ctx, struct wire_conn *conn);
	void *ctx;
	uint64_t commands;
	struct str words[WORDS_MAX];
} wire;

static void
timer_set(struct event *timer, int64_t ms)
{
	const struct timeval wait = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

	event_add(timer, &wait);
}

/* The daemon's end; NULL: it has let go. */
static struct bufferevent *
near_of(const struct wire_conn *conn)
{
	return bufferevent_pair_get_partner(conn->far);
}

/* ---- replies ---- */

static void
conn_write(struct wire_conn *conn, size_t n)
{
	bufferevent_write(conn->far, conn->out.p, n);
	conn->out.n -= n;
	memmove(conn->out.p, conn->out.p + n, conn->out.n);
}

static void
conn_flush(struct wire_conn *conn)
{
	size_t n = conn->out.n;

	if (n == 0 || conn->piecing || conn->closed)
		return;
	if (near_of(conn) == NULL) {
		buf_clear(&conn->out);
		return;
	}
	if (n > 1 && wire.habits.pieces > 0 && sim_chance(wire.habits.pieces)) {
		conn_write(conn, (size_t)sim_span(1, (int64_t)n - 1));
		conn->piecing = true;
		timer_set(conn->piece, sim_span(0, 3));
	} else {
		conn_write(conn, n);
	}
}

static void
on_piece(evutil_socket_t fd, short what, void *ctx)
{
	struct wire_conn *conn = ctx;

	(void)fd, (void)what;
	conn->piecing = false;
	conn_flush(conn);
}

/* ---- commands ---- */

/* One line "<mark>number\r\n"; NULL: not all of it is there. */
static const char *
line_take(const char *p, const char *end, char mark, long *number)
{
	const char *newline = p < end ? memchr(p, '\n', (size_t)(end - p)) : NULL;

	if (newline == NULL)
		return NULL;
	if (*p != mark)
		sim_fail("the daemon sends what is no RESP");
	*number = strtol(p + 1, NULL, 10);
	return newline + 1;
}

/* Bytes of the whole command that lies there, its words in wire.words; 0: not all of it is there. */
static size_t
command_parse(const char *bytes, size_t n, unsigned *count)
{
	const char *p = bytes, *end = bytes + n;
	long words, length;

	p = line_take(p, end, '*', &words);
	if (p == NULL)
		return 0;
	if (words < 1 || words > WORDS_MAX)
		sim_fail("a command of %ld words", words);
	for (long i = 0; i < words; i++) {
		p = line_take(p, end, '$', &length);
		if (p == NULL || end - p < length + 2)
			return 0;
		wire.words[i] = (struct str){p, (size_t)length};
		p += length + 2;
	}
	*count = (unsigned)words;
	return (size_t)(p - bytes);
}

/* True when something befell the connection: it is not to go on. */
static bool
befalls(struct wire_conn *conn, enum wire_moment moment)
{
	void (*fn)(void *ctx, struct wire_conn *conn) = wire.befall;
	bool was_near = near_of(conn) != NULL;

	if (wire.befalls_in != 1 || wire.moment != moment)
		return false;
	wire.befalls_in = 0;
	fn(wire.ctx, conn);
	if (conn->closed)
		return true;
	/* What a dead daemon has sent is executed, as far as it got. */
	return was_near && near_of(conn) == NULL && (moment == WIRE_BEFORE || sim_chance(50));
}

static void
conn_say(struct wire_conn *conn, const char *what, const char *bytes, size_t n)
{
	sim_say(conn->client.name[0] != '\0' ? conn->client.name : "somebody", what,
		(struct str){bytes, n});
}

/* False: the connection is not to go on. */
static bool
command_execute(struct wire_conn *conn, const char *bytes, size_t n, unsigned count)
{
	size_t before = conn->out.n;

	if (befalls(conn, WIRE_BEFORE))
		return false;
	conn_say(conn, ">", bytes, n);
	fake_execute(&conn->client, wire.words, count, &conn->out);
	if (++wire.commands > COMMANDS_MAX)
		sim_fail("the daemon says more and more");
	conn_say(conn, "<", conn->out.p + before, conn->out.n - before);
	if (befalls(conn, WIRE_AFTER))
		return false;
	if (wire.befalls_in > 1)
		wire.befalls_in--;
	return true;
}

static void
conn_run(struct wire_conn *conn)
{
	struct evbuffer *input = bufferevent_get_input(conn->far);
	size_t size = evbuffer_get_length(input), used = 0, n;
	const char *bytes;
	unsigned count;

	if (size == 0)
		return;
	bytes = (const char *)evbuffer_pullup(input, -1);
	while (!conn->client.blocked && !conn->client.quit && used < size) {
		n = command_parse(bytes + used, size - used, &count);
		if (n == 0)
			break;
		used += n;
		if (!command_execute(conn, bytes + used - n, n, count)) {
			used = size;
			break;
		}
	}
	evbuffer_drain(input, used);
}

static void
conn_work(struct wire_conn *conn)
{
	if (conn->closed || conn->stalled || conn->client.blocked)
		return;
	conn_run(conn);
	if (conn->client.blocked)
		timer_set(conn->timer, conn->client.blocked_until - sim_monotonic());
	conn_flush(conn);
	if (conn->client.quit)
		wire_close(conn);
	wire_wake();
}

static void
on_timer(evutil_socket_t fd, short what, void *ctx)
{
	struct wire_conn *conn = ctx;

	(void)fd, (void)what;
	conn->stalled = false;
	if (conn->closed)
		return;
	if (conn->client.blocked) {
		wire_wake();
		return;
	}
	conn_work(conn);
}

static void
on_read(struct bufferevent *far, void *ctx)
{
	struct wire_conn *conn = ctx;

	(void)far;
	if (conn->stalled || conn->closed || conn->client.blocked)
		return;
	if (wire.habits.stalls > 0 && sim_chance(wire.habits.stalls)) {
		conn->stalled = true;
		timer_set(conn->timer, wire.habits.hangs > 0 && sim_chance(wire.habits.hangs)
					       ? sim_span(5000, 12000)
					       : sim_span(0, wire.habits.wait));
		return;
	}
	conn_work(conn);
}

/* ---- connections ---- */

static void
conn_free(struct wire_conn *conn)
{
	bufferevent_free(conn->far);
	event_free(conn->timer);
	event_free(conn->piece);
	fake_client_finish(&conn->client);
	buf_finish(&conn->out);
	mem_free(conn);
}

/* Those whose other end is gone, and who have nothing to execute any more. */
static void
conns_sweep(void)
{
	struct wire_conn **link = &wire.conns, *conn;

	while ((conn = *link) != NULL) {
		bool idle = conn->closed || conn->client.blocked ||
			    evbuffer_get_length(bufferevent_get_input(conn->far)) == 0;

		if (near_of(conn) == NULL && idle) {
			*link = conn->next;
			conn_free(conn);
		} else {
			link = &conn->next;
		}
	}
}

struct bufferevent *
bufferevent_socket_new(struct event_base *base, evutil_socket_t fd, int options)
{
	struct wire_conn *conn = mem_alloc(sizeof *conn);
	struct bufferevent *pair[2];

	assert(fd == -1 && base == wire.base);
	conns_sweep();
	if (bufferevent_pair_new(base, options, pair) != 0)
		abort();
	conn->far = pair[1];
	conn->timer = event_new(base, -1, 0, on_timer, conn);
	conn->piece = event_new(base, -1, 0, on_piece, conn);
	conn->next = wire.conns;
	wire.conns = conn;
	return pair[0];
}

static struct wire_conn *
conn_of(struct bufferevent *near)
{
	struct wire_conn *conn = wire.conns;

	while (conn != NULL && near_of(conn) != near)
		conn = conn->next;
	assert(conn != NULL);
	return conn;
}

int
bufferevent_socket_connect(struct bufferevent *near, const struct sockaddr *address, int n)
{
	struct wire_conn *conn = conn_of(near);

	(void)address, (void)n;
	if (wire.server->down_until > sim_monotonic()) {
		conn->closed = true;
		errno = ECONNREFUSED;
		bufferevent_trigger_event(near, BEV_EVENT_ERROR, 0);
		return 0;
	}
	fake_client_init(&conn->client, wire.server);
	conn->dialled = true;
	bufferevent_setcb(conn->far, on_read, NULL, NULL, conn);
	bufferevent_enable(conn->far, EV_READ | EV_WRITE);
	bufferevent_trigger_event(near, BEV_EVENT_CONNECTED, 0);
	return 0;
}

void
wire_close(struct wire_conn *conn)
{
	struct bufferevent *near = near_of(conn);

	if (conn->closed)
		return;
	/* Some of what was answered may have got through. */
	if (conn->out.n > 0 && near != NULL && !conn->client.quit)
		conn_write(conn, (size_t)sim_span(0, (int64_t)conn->out.n));
	conn->closed = true;
	bufferevent_disable(conn->far, EV_READ | EV_WRITE);
	conn_say(conn, "closed", "", 0);
	if (near != NULL)
		bufferevent_trigger_event(near, BEV_EVENT_EOF | BEV_EVENT_READING, 0);
}

void
wire_close_all(const struct fake_server *server)
{
	for (struct wire_conn *conn = wire.conns; conn != NULL; conn = conn->next)
		if (conn->dialled && conn->client.server == server)
			wire_close(conn);
}

/* ---- for the server ---- */

void
wire_wake(void)
{
	for (struct wire_conn *conn = wire.conns; conn != NULL; conn = conn->next) {
		size_t before = conn->out.n;

		if (conn->closed || !conn->client.blocked || near_of(conn) == NULL ||
		    !fake_wake(&conn->client, &conn->out))
			continue;
		conn_say(conn, "<", conn->out.p + before, conn->out.n - before);
		conn_flush(conn);
		timer_set(conn->timer, 0); /* what was sent behind it */
	}
}

static struct wire_conn *
conn_find(const struct fake_server *server, int64_t id)
{
	for (struct wire_conn *conn = wire.conns; conn != NULL; conn = conn->next)
		if (conn->dialled && !conn->closed && conn->client.server == server &&
		    conn->client.id == id && near_of(conn) != NULL)
			return conn;
	return NULL;
}

bool
wire_unblock(const struct fake_server *server, int64_t id)
{
	struct wire_conn *conn = conn_find(server, id);

	if (conn == NULL || !conn->client.blocked)
		return false;
	conn->client.blocked_until = sim_monotonic();
	timer_set(conn->timer, 0);
	return true;
}

const char *
wire_name_of(const struct fake_server *server, int64_t id)
{
	struct wire_conn *conn = conn_find(server, id);

	return conn != NULL ? conn->client.name : NULL;
}

/* ---- for the world ---- */

void
wire_begin(struct event_base *base)
{
	wire.base = base;
	wire.conns = NULL;
	wire.habits = (struct wire_habits){0};
	wire.befalls_in = 0;
	wire.commands = 0;
}

void
wire_end(void)
{
	while (wire.conns != NULL) {
		struct wire_conn *conn = wire.conns;

		wire.conns = conn->next;
		conn_free(conn);
	}
}

void
wire_habits(const struct wire_habits *habits)
{
	wire.habits = *habits;
}

void
wire_point(struct fake_server *server)
{
	wire.server = server;
}

void
wire_befall(unsigned n, enum wire_moment moment, void (*fn)(void *ctx, struct wire_conn *conn),
	    void *ctx)
{
	wire.befalls_in = n;
	wire.moment = moment;
	wire.befall = fn;
	wire.ctx = ctx;
}

void
wire_spare(void)
{
	wire.befalls_in = 0;
}

uint64_t
wire_commands(void)
{
	return wire.commands;
}
