/* SPDX-License-Identifier: Apache-2.0 */
/* The log: one line an occurrence on stderr, as text or JSON. */
#ifndef IO_LOG_H
#define IO_LOG_H

#include "base/text.h"

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };

void log_setup(enum log_level least, bool json);
bool log_level_parse(struct str name, enum log_level *out) MUST_CHECK;
/* at: the station of the data's way ("stream", "decode", "rules", "commit", "outbox", "webhook",
 * "task", "http", "redis", "main"); the sentence. Control characters are escaped. */
void log_at(enum log_level level, const char *at, const char *fmt, ...) PRINTF_LIKE(3, 4);
#define log_info(at, ...) log_at(LOG_LEVEL_INFO, at, __VA_ARGS__)
#define log_warn(at, ...) log_at(LOG_LEVEL_WARN, at, __VA_ARGS__)
#define log_error(at, ...) log_at(LOG_LEVEL_ERROR, at, __VA_ARGS__)
#define log_debug(at, ...) log_at(LOG_LEVEL_DEBUG, at, __VA_ARGS__)

/* Wall clock and monotonic clock in ms: floor 4 is the only one with a clock. */
int64_t clock_wall(void);
int64_t clock_monotonic(void);

#endif
