/* SPDX-License-Identifier: Apache-2.0 */
/* Tells the service manager how we are: sd_notify's datagrams on $NOTIFY_SOCKET. */
#include "io/notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/number.h"

/* A path, or an abstract name that begins with '@' and goes onto the wire with a zero byte. */
static bool
address_of(const char *name, struct sockaddr_un *out, socklen_t *size)
{
	size_t n = strlen(name);

	*out = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (n < 2 || n >= sizeof out->sun_path || (name[0] != '/' && name[0] != '@'))
		return false;
	memcpy(out->sun_path, name, n);
	if (name[0] == '@')
		out->sun_path[0] = '\0';
	*size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
	return true;
}

void
notify_send(const char *state)
{
	const char *name = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address;
	socklen_t size;
	int fd;

	if (name == NULL || !address_of(name, &address, &size))
		return;
	fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	if (fd < 0)
		return;
	(void)sendto(fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT,
		     (const struct sockaddr *)&address, size);
	close(fd);
}

int64_t
notify_watchdog_interval(void)
{
	const char *usec = getenv("WATCHDOG_USEC");
	const char *pid = getenv("WATCHDOG_PID");
	int64_t interval, meant;

	if (usec == NULL || !parse_int64(str_of(usec), &interval) || interval <= 0)
		return 0;
	if (pid != NULL && (!parse_int64(str_of(pid), &meant) || meant != getpid()))
		return 0;
	return interval >= 2000 ? interval / 2000 : 1;
}
