/* SPDX-License-Identifier: Apache-2.0 */
/* The connections between the daemons and the fake Redis: pairs of bufferevents instead of sockets.
 *
 * bufferevent_socket_new() and bufferevent_socket_connect() are answered here, so that all of io/redis is the
 * daemon's own. Commands are executed one by one as they come in, across all connections; before or after any of them
 * something may befall. */
#ifndef SIM_WIRE_H
#define SIM_WIRE_H

#include <event2/event.h>

#include "sim/redis.h"

struct wire_conn;

enum wire_moment { WIRE_BEFORE, WIRE_AFTER };

/* How bad the wire is, in percent of chances. */
struct wire_habits {
	unsigned pieces; /* a reply comes in parts */
	unsigned stalls; /* commands wait */
	unsigned hangs;	 /* of those: for many seconds */
	int64_t wait;	 /* ms, at most, of the others */
};

void wire_begin(struct event_base *base);
void wire_end(void);
void wire_habits(const struct wire_habits *habits);
/* New connections reach this server; those there are stay where they are. */
void wire_point(struct fake_server *server);
/* Once, at the n-th command from now (1: the next). fn may close connections, kill daemons, restart servers. */
void wire_befall(unsigned n, enum wire_moment moment,
		 void (*fn)(void *ctx, struct wire_conn *conn), void *ctx);
void wire_spare(void); /* it will not happen, if it has not yet */
/* Whoever is at the other end is told; what was not executed is lost. */
void wire_close(struct wire_conn *conn);
void wire_close_all(const struct fake_server *server);
/* Somebody else wrote: who waits for it is answered. */
void wire_wake(void);
uint64_t wire_commands(void); /* executed, since wire_begin() */

#endif
