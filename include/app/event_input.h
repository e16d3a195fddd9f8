/* SPDX-License-Identifier: Apache-2.0 */
/* A file of events from the disk: plain, gzip or standard input. */
#ifndef APP_EVENT_INPUT_H
#define APP_EVENT_INPUT_H

#include "codec/event.h"

/* "-" is standard input; gzip is recognised by its first bytes. With progress a bar goes to stderr. take
 * is that of event_file_feed; its false ends the reading, and is no error. */
bool event_input_read(const char *name, bool progress,
		      bool (*take)(void *ctx, const struct event_row *row, const char *error),
		      void *ctx, struct err *err) MUST_CHECK;

#endif
