/* SPDX-License-Identifier: Apache-2.0 */
/* Reads files of events, with a progress bar. */
#include "app/event_input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/mem.h"

#define BAR_STEPS 40

struct bar {
	bool shown;
	off_t size;
	int last;
	const char *name;
};

static void
bar_show(struct bar *bar, off_t at)
{
	int percent = bar->size > 0 ? (int)(at * 100 / bar->size) : 100;
	if (!bar->shown || bar->size <= 0 || percent == bar->last)
		return;
	bar->last = percent;
	char line[BAR_STEPS + 1];
	for (int i = 0; i < BAR_STEPS; i++)
		line[i] = i < percent * BAR_STEPS / 100 ? '#' : '.';
	line[BAR_STEPS] = '\0';
	fprintf(stderr, "\r%s [%s] %3d %%", bar->name, line, percent);
}

static void
bar_end(struct bar *bar)
{
	if (bar->last >= 0)
		fputc('\n', stderr);
}

static bool
is_stdin(const char *name)
{
	return strcmp(name, "-") == 0;
}

static int
open_input(const char *name)
{
	return is_stdin(name) ? dup(STDIN_FILENO) : open(name, O_RDONLY | O_CLOEXEC);
}

/* One piece. *n is 0 at the end. */
static bool
read_piece(gzFile gz, char *piece, size_t *n, const char *name, struct err *err)
{
	int got = gzread(gz, piece, (unsigned)EVENT_INPUT_PIECE), code = Z_OK;
	const char *why = gzerror(gz, &code);
	*n = got > 0 ? (size_t)got : 0;
	if (got < 0)
		return err_set(err, "%s: cannot be read: %s", name, why);
	if (got == 0 && code != Z_OK)
		return err_set(err, "%s: ends too early: the compressed file is not whole",
			       name);
	return true;
}

static bool
read_gz(gzFile gz, struct event_file *file, struct bar *bar, const char *name,
	const struct event_taker *taker, struct err *err)
{
	char *own = taker->room ? NULL : mem_alloc(EVENT_INPUT_PIECE);
	bool good, more = true;
	while (more) {
		char *piece = taker->room ? taker->room(taker->ctx) : own;
		size_t n;
		good = read_piece(gz, piece, &n, name, err);
		if (!good)
			break;
		if (n > 0)
			bar_show(bar, (off_t)gzoffset(gz));
		more = event_file_feed(file, piece, n, taker->take, taker->ctx) && n > 0;
	}
	mem_free(own);
	return good;
}

bool
event_input_read(struct event_file *file, const char *name, bool progress,
		 const struct event_taker *taker, struct err *err)
{
	struct stat about;
	int fd = open_input(name);
	if (fd < 0 || fstat(fd, &about) != 0) {
		int why = errno;
		if (fd >= 0)
			close(fd);
		return err_set(err, "%s: cannot be opened: %s", name, strerror(why));
	}
	gzFile gz = gzdopen(fd, "rb");
	if (!gz) {
		close(fd);
		return err_set(err, "%s: cannot be read", name);
	}
	/* So small that what is not compressed goes where it is wanted at once. */
	(void)gzbuffer(gz, (unsigned)(EVENT_INPUT_PIECE / 4));
	struct bar bar = {.shown = progress,
			  .size = about.st_size,
			  .last = -1,
			  .name = is_stdin(name) ? "stdin" : name};
	bool good = read_gz(gz, file, &bar, name, taker, err);
	bar_end(&bar);
	gzclose(gz);
	return good;
}
