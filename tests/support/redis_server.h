/* SPDX-License-Identifier: Apache-2.0 */
/* A private redis-server for a test: in a folder of its own, gone when the test is. */
#ifndef SUPPORT_REDIS_SERVER_H
#define SUPPORT_REDIS_SERVER_H

#include <stdbool.h>

struct redis_server;

struct redis_server_options {
	bool tcp; /* a port on loopback too */
	/* More of redis-server's command line, up to a NULL; may be NULL. Borrowed: must outlive the
	 * server. Without any nothing is saved, and what was written dies with the process. */
	const char *const *arguments;
};

/* A fresh folder, no process yet. options may be NULL. A test cannot go on without its server, so
 * whatever fails here aborts with a sentence on stderr. */
struct redis_server *redis_server_create(const struct redis_server_options *options);
/* Kills the process if it runs and removes the folder. NULL allowed. */
void redis_server_destroy(struct redis_server *server);

/* Starts the process and waits until it answers PING with anything but LOADING. */
void redis_server_start(struct redis_server *server);
/* The same, with arguments of this start only and without waiting for LOADING to end. */
void redis_server_start_with(struct redis_server *server, const char *const *arguments,
			     bool ready);
void redis_server_kill(struct redis_server *server); /* SIGKILL, reaped */
void redis_server_stop(struct redis_server *server); /* SIGTERM, reaped: it may save */

const char *redis_server_url(const struct redis_server *server); /* unix://... */
const char *redis_server_tcp_url(
	const struct redis_server *server); /* redis://127.0.0.1:PORT */
const char *redis_server_folder(const struct redis_server *server);
const char *redis_server_socket(const struct redis_server *server); /* a path */
int redis_server_port(const struct redis_server *server);	    /* 0 without tcp */
int redis_server_pid(const struct redis_server *server); /* 0 while it does not run */

#endif
