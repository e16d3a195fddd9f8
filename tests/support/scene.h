/* SPDX-License-Identifier: Apache-2.0 */
/* A small scene for tests of the engine: rules from text, entries at instants, orders as lines. */
#ifndef SUPPORT_SCENE_H
#define SUPPORT_SCENE_H

#include "engine/engine.h"

struct scene {
	struct engine *engine;
	struct buf said; /* one line an order since scene_clear(), oldest first */
	int64_t at;	 /* ms of the last entry */
	uint64_t seq;
	bool wordy; /* changes of tasks end in " WHO: FROM > TO (NOTE)" */
};

/* The rules file's text after "churnd: 1\nname: t\n"; fails the test with the diagnostics. */
void scene_init(struct scene *scene, const char *rules);
void scene_finish(struct scene *scene);
struct ruleset *scene_rules(const char *rules);

/* "2026-03-02 10:00" (also with :SS and .mmm), UTC. */
int64_t at(const char *text);
/* One entry; fields are "key=value" words: scene_send(w, at("..."), "c1", "login", "value=3", NULL). */
void scene_send(struct scene *scene, int64_t when, const char *customer, const char *type, ...)
	__attribute__((sentinel));
void scene_advance(struct scene *scene, int64_t to);
/* The same before an entry, in goes of so many customers; how many goes it took. */
unsigned scene_prepare(struct scene *scene, int64_t to, size_t budget);
void scene_change(struct scene *scene, int64_t when, const char *rules);
void scene_clear(struct scene *scene);
/* The lines said since the last clear equal the text; then clears. Lines:
 *   2026-03-16T10:00:00.000Z c1 rule.fired login_silence risk=25 level=watch cause=time
 *   2026-03-16T10:00:00.000Z c1 customer.level_raised watch from healthy risk=25 cause=time
 *   2026-03-16T10:00:00.000Z c1 customer.stage_changed active from new risk=25 cause=time
 *   2026-03-16T10:00:00.000Z c1 task.created save_call
 *   rejected: sentence
 * An alert that goes to an endpoint ends in " to=NAME", its first one. */
void scene_expect(struct scene *scene, const char *lines);
int scene_risk(const struct scene *scene, const char *customer);

#endif
