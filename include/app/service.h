/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon as a service: its files, its signals, its parts from the first to the last. */
#ifndef APP_SERVICE_H
#define APP_SERVICE_H

#include <event2/event.h>

#include "app/api.h"
#include "app/live.h"
#include "app/reload.h"
#include "io/outbox.h"

/* What the configuration and the rule files say, checked. */
struct setup {
	struct arena arena;
	struct str path, folder;
	struct config *config;	    /* owned */
	struct rule_files *files;   /* owned, until a live takes it */
	struct redis_address redis; /* its strings are in arena */
	struct str http_token;	    /* in arena; empty: none */
};

/* Complains to stderr as far as it comes; false: in error. */
bool setup_read_config(struct setup *setup, const char *path,
		       bool zh) MUST_CHECK; /* without the rules */
bool setup_read(struct setup *setup, const char *path, bool zh) MUST_CHECK;
void setup_log(const struct config *config); /* the log is as configured from here on */
void setup_finish(struct setup *setup);

struct service {
	struct setup setup;
	struct event_base *base;
	struct live *live;
	struct outbox *outbox;
	struct reload *reload;
	struct api *api;
	struct event *signals[4], *beat, *deadline;
	int64_t watchdog_ms, fed_at;
	bool ready_told, stopping, zh;
	char calendar_of[65]; /* sha of the rules whose calendar the outbox was told */
	char status[200];     /* what the service manager was told last */
	int exit_status;
};

/* Checks what only shows when the parts are made: secrets, certificates. */
bool service_check(const struct setup *setup, struct err *err) MUST_CHECK;
/* Runs until a signal or a failure; the exit status. Takes over what setup owns. */
int service_run(struct setup *setup, bool zh);

#endif
