/* SPDX-License-Identifier: Apache-2.0 */
/* What the benchmarks share: the clock, the processor's time, a connection to a private Redis. */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static inline double
bench_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static inline double
bench_cpu_seconds(void)
{
	struct rusage use;

	getrusage(RUSAGE_SELF, &use);
	return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
	       (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
}

static inline void
bench_die(const char *what)
{
	perror(what);
	exit(2);
}

static inline uint64_t
bench_number(const char *text)
{
	return strtoull(text, NULL, 10);
}

static inline int
bench_connect(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof address) != 0)
		bench_die(path);
	return fd;
}

static inline void
bench_send(int fd, const char *bytes, size_t n)
{
	while (n > 0) {
		ssize_t sent = write(fd, bytes, n);

		if (sent <= 0)
			bench_die("write");
		bytes += sent;
		n -= (size_t)sent;
	}
}

static inline size_t
bench_receive(int fd, char *bytes, size_t n)
{
	ssize_t got = read(fd, bytes, n);

	if (got <= 0)
		bench_die("read");
	return (size_t)got;
}

/* One word of a command; returns what follows it. */
static inline char *
bench_word(char *out, const char *text, size_t n)
{
	char digits[24], *p = digits + sizeof digits;
	size_t left = n;

	do {
		*--p = (char)('0' + left % 10);
	} while ((left /= 10) > 0);
	*out++ = '$';
	memcpy(out, p, (size_t)(digits + sizeof digits - p));
	out += digits + sizeof digits - p;
	*out++ = '\r';
	*out++ = '\n';
	memcpy(out, text, n);
	out += n;
	*out++ = '\r';
	*out++ = '\n';
	return out;
}

static inline char *
bench_text(char *out, const char *text)
{
	return bench_word(out, text, strlen(text));
}

/* Waits for `owed` more replies of one bulk string each (what XADD answers). What comes beyond them counts for
 * the next call. */
static inline void
bench_await_bulks(int fd, int64_t owed)
{
	static char bytes[1 << 16];
	static char before = '\n';
	static int64_t ahead;

	for (ahead -= owed; ahead < 0;) {
		size_t n = bench_receive(fd, bytes, sizeof bytes);

		for (size_t i = 0; i < n; before = bytes[i++]) {
			ahead += bytes[i] == '$';
			if (bytes[i] == '-' && before == '\n') {
				fprintf(stderr, "Redis says %.*s\n", (int)(n - i), bytes + i);
				exit(2);
			}
		}
	}
}

#endif
