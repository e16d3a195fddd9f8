/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the small files that the configuration names. */
#include "io/files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

char *
files_text(struct str text)
{
	char *copy = mem_alloc(text.n + 1);

	if (text.n > 0)
		memcpy(copy, text.p, text.n);
	return copy;
}

char *
files_path(struct str folder, struct str name)
{
	struct buf path = {0};

	if (folder.n > 0 && !str_starts(name, STR("/"))) {
		buf_str(&path, folder);
		buf_char(&path, '/');
	}
	buf_str(&path, name);
	buf_char(&path, '\0');
	return path.p;
}

static int
open_file(const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		err_set(err, "%s cannot be read: %s", path, strerror(errno));
	return fd;
}

bool
files_check(const char *path, struct err *err)
{
	int fd = open_file(path, err);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

static bool
read_all(int fd, const char *path, size_t max, struct buf *out, struct err *err)
{
	size_t began = out->n;

	for (;;) {
		size_t room = max + 1 - (out->n - began);
		ssize_t n = read(fd, buf_space(out, room), room);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(err, "%s cannot be read: %s", path, strerror(errno));
		if (n == 0)
			return true;
		out->n += (size_t)n;
		if (out->n - began > max)
			return err_set(err, "%s is larger than %zu bytes", path, max);
	}
}

bool
files_read(const char *path, size_t max, struct buf *out, struct err *err)
{
	int fd = open_file(path, err);
	size_t began = out->n;
	bool good;

	if (fd < 0)
		return false;
	good = read_all(fd, path, max, out, err);
	close(fd);
	if (!good)
		out->n = began;
	return good;
}
