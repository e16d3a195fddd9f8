/* SPDX-License-Identifier: Apache-2.0 */
/* Files of events into an engine on the virtual clock: what replays and past explanations share. */
#ifndef APP_FEED_H
#define APP_FEED_H

#include "app/command.h"
#include "engine/engine.h"

struct feed;

/* `rules` becomes the feed's. What the engine orders goes to sink, whose take may be NULL; rows that are
 * rejected are said on stderr and counted. */
struct feed *feed_create(const struct ctl *ctl, struct ruleset *rules, struct order_sink sink);
void feed_destroy(struct feed *feed);
struct engine *feed_engine(const struct feed *feed);
uint64_t feed_rejected(const struct feed *feed);

/* Feeds the files in order, up to `until` and what is due then; NEVER: up to the last row. */
enum status feed_files(struct feed *feed, const struct option_list *files, int64_t until);
/* What stands behind an option such as --until: a date (its last ms), an instant, ms; NULL: NEVER. false: it
 * has complained. */
bool feed_instant(const char *option, const char *text, const struct ruleset *rules,
		  int64_t *out) MUST_CHECK;

#endif
