/* SPDX-License-Identifier: Apache-2.0 */
/* Files of events into an engine on the virtual clock: what replays and past explanations share. */
#ifndef APP_FEED_H
#define APP_FEED_H

#include "app/command.h"
#include "engine/engine.h"

struct feed;

/* `rules` becomes the feed's. What the engine orders goes to sink, whose take may be NULL. */
struct feed *feed_create(struct ruleset *rules, struct order_sink sink);
void feed_destroy(struct feed *feed); /* NULL too */
struct engine *feed_engine(const struct feed *feed);
/* Rows that its engine would not take, and those that were none. */
uint64_t feed_rejected(const struct feed *feed);

/* A file as people are told of it: without its folder; "stdin". */
const char *feed_file_name(const char *path);
/* Afterwards: the files went on after `until`. */
bool feed_has_later(const struct feed *feed);

/* For those who look on. Each may be NULL. */
struct feed_watch {
	void *ctx;
	/* Rows, in order, before the engine takes them. */
	void (*entries)(void *ctx, const struct entry *entries, size_t count);
	/* Time has come to the next of `stops` (they rise): all that is due up to it is done, and no later row. */
	void (*stop)(void *ctx, struct engine *engine, int64_t at);
	const int64_t *stops; /* borrowed */
	size_t stop_count;
};
void feed_watch(struct feed *feed, const struct feed_watch *watch);

/* Feeds the files in order, read once for all the feeds, up to `until`, what is due then, and the stops before it; NEVER:
 * up to the last row and to the last stop. Rows that are rejected are said on stderr. */
enum status feed_files(const struct ctl *ctl, struct feed *const *feeds, unsigned count,
		       const struct option_list *files, int64_t until);
/* What stands behind an option such as --until: a date (its last ms), an instant, ms; NULL: NEVER. false: it
 * has complained. */
bool feed_instant(const char *option, const char *text, const struct ruleset *rules,
		  int64_t *out) MUST_CHECK;

#endif
