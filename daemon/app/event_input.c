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

#define PIECE ((size_t)256 << 10)
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

static bool
read_gz(gzFile gz, struct event_file *file, struct bar *bar, const char *name,
	bool (*take)(void *ctx, const struct event_row *row, const char *error), void *ctx,
	struct err *err)
{
	char *piece = mem_alloc(PIECE);
	bool good = true;
	for (;;) {
		int n = gzread(gz, piece, (unsigned)PIECE);
		int code = Z_OK;
		const char *why = gzerror(gz, &code);
		if (n < 0)
			good = err_set(err, "%s: cannot be read: %s", name, why);
		else if (n == 0 && code != Z_OK)
			good = err_set(err,
				       "%s: ends too early: the compressed file is not whole",
				       name);
		if (n <= 0)
			break;
		bar_show(bar, (off_t)gzoffset(gz));
		if (!event_file_feed(file, piece, (size_t)n, take, ctx))
			goto done;
	}
	if (good)
		(void)!event_file_feed(file, NULL, 0, take, ctx);
done:
	mem_free(piece);
	return good;
}

bool
event_input_read(const char *name, bool progress,
		 bool (*take)(void *ctx, const struct event_row *row, const char *error),
		 void *ctx, struct err *err)
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
	(void)gzbuffer(gz, (unsigned)PIECE);
	struct bar bar = {.shown = progress,
			  .size = about.st_size,
			  .last = -1,
			  .name = is_stdin(name) ? "stdin" : name};
	struct event_file *file = event_file_create(str_of(name));
	bool good = read_gz(gz, file, &bar, name, take, ctx, err);
	bar_end(&bar);
	event_file_destroy(file);
	gzclose(gz);
	return good;
}
