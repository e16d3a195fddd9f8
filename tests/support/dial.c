/* SPDX-License-Identifier: Apache-2.0 */
/* Connects, sends and reads without waiting: the server's loop turns in between. */
#include "support/dial.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static char path[64];

static void
remove_file(void)
{
	unlink(path);
}

void
dial_listen(char *out, size_t size)
{
	snprintf(path, sizeof path, "/tmp/churnd-fuzz-%ld.sock", (long)getpid());
	snprintf(out, size, "unix:%s", path);
	unlink(path);
	atexit(remove_file);
}

static int
connect_there(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	memcpy(address.sun_path, path, sizeof path);
	assert(fd >= 0);
	assert(connect(fd, (const struct sockaddr *)&address, (socklen_t)sizeof address) == 0);
	assert(fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
	return fd;
}

/* true: something was read. *ended: nothing will come any more. */
static bool
read_some(int fd, struct buf *answers, bool *ended)
{
	char bytes[4096];
	ssize_t n = recv(fd, bytes, sizeof bytes, 0);

	*ended = n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
	if (n > 0)
		buf_add(answers, bytes, (size_t)n);
	return n > 0;
}

void
dial_exchange(struct str text, size_t step, struct buf *answers, void (*turn)(void))
{
	int fd = connect_there();
	bool ended = false, said_all = false;
	size_t at = 0;

	while (!ended) {
		size_t piece = text.n - at < step ? text.n - at : step;
		ssize_t n = piece > 0 ? send(fd, text.p + at, piece, MSG_NOSIGNAL) : 0;

		if (n > 0)
			at += (size_t)n;
		else if (n < 0 && errno != EAGAIN)
			at = text.n; /* the server has heard enough */
		if (at == text.n && !said_all) {
			shutdown(fd, SHUT_WR);
			said_all = true;
		}
		turn();
		while (!ended && read_some(fd, answers, &ended))
			;
	}
	close(fd);
	for (unsigned i = 0; i < 4; i++)
		turn();
}
