/* SPDX-License-Identifier: Apache-2.0 */
/* A churnd in the simulation: its live and its outbox, wired as app/service wires them, from start to death. */
#ifndef SIM_HOUSE_H
#define SIM_HOUSE_H

#include "app/live.h"
#include "io/outbox.h"

struct house {
	struct event_base *base;     /* borrowed */
	const struct config *config; /* borrowed */
	const char *name;	     /* for the trace */
	struct live *live;	     /* owned; NULL: it does not run */
	struct outbox *outbox;	     /* owned */
	struct event *beat;	     /* owned */
	char calendar_of[65];
	bool ending; /* asked to end, or failed: dies when that is done */
	bool over;   /* and it is */
	bool clean;  /* it was asked, and has not failed */
	struct err failure;
	unsigned lives, failures;
};

void house_init(struct house *house, struct event_base *base, const struct config *config,
		const char *name);
/* rules: the text of the only rule file. */
void house_start(struct house *house, struct str rules);
bool house_runs(const struct house *house);
/* SIGKILL: from here on it does nothing. */
void house_kill(struct house *house);
/* SIGTERM; house_settle() says when it has ended. */
void house_stop(struct house *house);
/* To be called now and then: clears away what has ended by itself. */
void house_settle(struct house *house);
void house_reload(struct house *house, struct str rules);
/* Other webhooks, until it dies; config is its own. */
void house_reload_webhooks(struct house *house, struct config *config);
/* Drained: everything up to `last` is applied and committed. */
bool house_is_drained(const struct house *house, struct stream_id last);

#endif
