/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the log: one line an occurrence, each in one write(2), so that lines never mix. */
#include "io/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/civil.h"
#include "base/json.h"

#define SENTENCE_MAX 2048

static const char *const level_names[] = {
	[LOG_LEVEL_DEBUG] = "debug",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_WARN] = "warn",
	[LOG_LEVEL_ERROR] = "error",
};
#define LEVELS (sizeof level_names / sizeof *level_names)

static enum log_level least_level = LOG_LEVEL_INFO;
static bool as_json;
static struct buf line;

void
log_setup(enum log_level least, bool json)
{
	least_level = least;
	as_json = json;
}

bool
log_level_parse(struct str name, enum log_level *out)
{
	for (unsigned i = 0; i < LEVELS; i++) {
		if (str_is(name, level_names[i])) {
			*out = (enum log_level)i;
			return true;
		}
	}
	return false;
}

static int64_t
clock_read(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * SECOND_MS + now.tv_nsec / 1000000;
}

int64_t
clock_wall(void)
{
	return clock_read(CLOCK_REALTIME);
}

int64_t
clock_monotonic(void)
{
	return clock_read(CLOCK_MONOTONIC);
}

static void
line_json(enum log_level level, const char *at, const char *sentence)
{
	struct json json;

	json_init(&json, &line);
	json_open(&json, '{');
	json_key(&json, "time");
	json_instant(&json, clock_wall());
	json_key(&json, "level");
	json_text(&json, level_names[level]);
	json_key(&json, "at");
	json_text(&json, at);
	json_key(&json, "message");
	json_text(&json, sentence);
	json_close(&json, '}');
}

static void
line_text(enum log_level level, const char *at, const char *sentence)
{
	char now[INSTANT_TEXT];

	print_instant(clock_wall(), now);
	buf_printf(&line, "%s %-5s at=%s ", now, level_names[level], at);
	for (const char *p = sentence; *p != '\0'; p++) {
		unsigned char c = (unsigned char)*p;

		if (c < ' ' || c == 127)
			buf_printf(&line, "\\x%02x", (unsigned)c);
		else
			buf_char(&line, *p);
	}
}

/* A log that cannot be written is nobody's reason to stop: the rest of the line is dropped. */
static void
line_write(void)
{
	size_t done = 0;

	while (done < line.n) {
		ssize_t n = write(STDERR_FILENO, line.p + done, line.n - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		done += (size_t)n;
	}
}

void
log_at(enum log_level level, const char *at, const char *fmt, ...)
{
	char sentence[SENTENCE_MAX];
	va_list args;

	if (level < least_level)
		return;
	va_start(args, fmt);
	vsnprintf(sentence, sizeof sentence, fmt, args);
	va_end(args);
	buf_clear(&line);
	if (as_json)
		line_json(level, at, sentence);
	else
		line_text(level, at, sentence);
	buf_char(&line, '\n');
	line_write();
}
