/* SPDX-License-Identifier: Apache-2.0 */
/* Loaded before the C library, it lets a program's clock of the day jump: what it says is the time and as many
 * milliseconds more as the file CLOCK_FILE holds, an int64_t that may change at any moment. The monotonic clocks go on
 * as they do. (libfaketime would do, but for redis-server: its jemalloc asks for the time before anything is ready.) */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t zero, *shared;

static int64_t
offset(void)
{
	const char *path;
	void *map;
	int fd;

	if (shared != NULL)
		return *shared;
	shared = &zero;
	path = getenv("CLOCK_FILE");
	fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (fd < 0)
		return 0;
	map = mmap(NULL, sizeof *shared, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (map != MAP_FAILED)
		shared = map;
	return *shared;
}

int
clock_gettime(clockid_t clock, struct timespec *now)
{
	int64_t more, ns;

	if (syscall(SYS_clock_gettime, clock, now) != 0)
		return -1;
	if (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE)
		return 0;
	more = offset();
	ns = now->tv_nsec + more % 1000 * 1000000;
	now->tv_sec += more / 1000 + (ns >= 1000000000) - (ns < 0);
	now->tv_nsec = ns - ((ns >= 1000000000) - (ns < 0)) * 1000000000;
	return 0;
}

int
gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	struct timespec then;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &then);
	now->tv_sec = then.tv_sec;
	now->tv_usec = then.tv_nsec / 1000;
	return 0;
}

time_t
time(time_t *out)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (out != NULL)
		*out = now.tv_sec;
	return now.tv_sec;
}
