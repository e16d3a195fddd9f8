/* SPDX-License-Identifier: Apache-2.0 */
/* The moments of `replay --snapshot`, at each of which every customer is written down. */
#ifndef APP_SNAPSHOT_H
#define APP_SNAPSHOT_H

#include <stdio.h>

#include "app/feed.h"

#define SNAPSHOT_MOMENTS 1000

struct snapshot;

/* Of DATE[,DATE...] in each of `dates`, in the order of time. `out` is borrowed. NULL: it has complained. */
struct snapshot *snapshot_create(const struct ctl *ctl, const struct option_list *dates,
				 const struct ruleset *rules, FILE *out);
void snapshot_destroy(struct snapshot *snapshot); /* NULL too */
int64_t snapshot_last(const struct snapshot *snapshot);
/* Has the feed stop at each moment; writes the header, then the rows. */
void snapshot_watch(struct snapshot *snapshot, struct feed *feed);
/* Says on stderr which moments lie behind the last row, or before the first. */
void snapshot_finish(const struct snapshot *snapshot, const struct feed *feed);

#endif
