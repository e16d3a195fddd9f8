/* SPDX-License-Identifier: Apache-2.0 */
/* A file of events from the disk: plain, gzip or standard input. */
#ifndef APP_EVENT_INPUT_H
#define APP_EVENT_INPUT_H

#include "codec/event.h"

#define EVENT_INPUT_PIECE ((size_t)32 << 10)

/* Who takes the rows. */
struct event_taker {
	void *ctx;
	/* That of event_file_feed; its false ends the reading, and is no error. */
	bool (*take)(void *ctx, const struct event_row *row, const char *error);
	/* Where the next piece of a file goes, EVENT_INPUT_PIECE bytes that are the taker's; NULL: he keeps none. */
	char *(*room)(void *ctx);
};

/* Reads file `name` into `file`, made for it. "-" is standard input; gzip is recognised by its first bytes. With
 * progress a bar goes to stderr. */
bool event_input_read(struct event_file *file, const char *name, bool progress,
		      const struct event_taker *taker, struct err *err) MUST_CHECK;

#endif
