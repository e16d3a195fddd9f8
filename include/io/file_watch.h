/* SPDX-License-Identifier: Apache-2.0 */
/* Files that people edit: says when one of them may have changed, once it has settled. */
#ifndef IO_FILE_WATCH_H
#define IO_FILE_WATCH_H

#include <event2/event.h>

#include "base/text.h"

#define WATCH_SETTLE_MS 200 /* editors write, rename and touch in a burst */
#define WATCH_PATIENCE_MS \
	5000 /* a burst, or a file held open for writing, is not waited for longer */
#define WATCH_FOLDERS 64

/* Folders are watched, not files: editors put a new file in the old one's place, and a tree of links (git,
 * Kubernetes) changes only far from the name. So `changed` also comes for neighbours; it should compare. */
struct file_watch;

struct file_watch *file_watch_create(struct event_base *base, void (*changed)(void *ctx),
				     void *ctx);
void file_watch_destroy(struct file_watch *watch); /* NULL allowed */
/* The files from now on; their folders, and those of what they link to. One that cannot be watched yet is
 * tried again every now and then. */
void file_watch_set(struct file_watch *watch, const struct str *paths, unsigned count);

#endif
