/* SPDX-License-Identifier: Apache-2.0 */
/* A small world for tests of the engine: rules from text, entries at instants, orders as lines. */
#ifndef SUPPORT_WORLD_H
#define SUPPORT_WORLD_H

#include "engine/engine.h"

struct world {
	struct engine *engine;
	struct buf said; /* one line an order since world_clear(), oldest first */
	int64_t at;	 /* ms of the last entry */
	uint64_t seq;
};

/* The rules file's text after "churnd: 1\nname: t\n"; fails the test with the diagnostics. */
void world_init(struct world *world, const char *rules);
void world_finish(struct world *world);
struct ruleset *world_rules(const char *rules);

/* "2026-03-02 10:00" (also with :SS and .mmm), UTC. */
int64_t at(const char *text);
/* One entry; fields are "key=value" words: world_send(w, at("..."), "c1", "login", "value=3", NULL). */
void world_send(struct world *world, int64_t when, const char *customer, const char *type, ...)
	__attribute__((sentinel));
void world_advance(struct world *world, int64_t to);
void world_change(struct world *world, int64_t when, const char *rules);
void world_clear(struct world *world);
/* The lines said since the last clear equal the text; then clears. Lines:
 *   2026-03-16T10:00:00.000Z c1 rule.fired login_silence risk=25 level=watch cause=time
 *   2026-03-16T10:00:00.000Z c1 customer.level_raised watch from healthy risk=25 cause=time
 *   2026-03-16T10:00:00.000Z c1 task.created save_call
 *   rejected: sentence */
void world_expect(struct world *world, const char *lines);
int world_risk(const struct world *world, const char *customer);

#endif
