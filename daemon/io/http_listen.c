/* SPDX-License-Identifier: Apache-2.0 */
/* Opens the sockets that the HTTP server listens on. */
#include "io/http_listen.h"

#include <errno.h>
#include <event2/util.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/number.h"

#define UNIX_PREFIX STR("unix:")
#define BACKLOG 128

bool
http_address_split(struct str address, char host[256], char port[8], struct err *err)
{
	size_t colon = address.n;
	uint64_t number;
	struct str name;

	while (colon > 0 && address.p[colon - 1] != ':')
		colon--;
	name = str_slice(address, 0, colon > 0 ? colon - 1 : 0);
	if (name.n > 1 && name.p[0] == '[' && name.p[name.n - 1] == ']')
		name = str_slice(name, 1, name.n - 1);
	else if (name.n > 0 && memchr(name.p, ':', name.n))
		name = STR_NONE;
	address = str_slice(address, colon, address.n);
	if (name.n == 0 || name.n > 255 || address.n > 5 || !parse_uint64(address, &number) ||
	    number > 65535)
		return err_set(err, "http.listen is HOST:PORT, [IPV6]:PORT or unix:PATH");
	snprintf(host, 256, "%.*s", STR_ARG(name));
	snprintf(port, 8, "%.*s", STR_ARG(address));
	return true;
}

static bool
is_loopback(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, address, sizeof in);
		return ntohl(in.sin_addr.s_addr) >> 24 == 127;
	}
	if (address->sa_family == AF_INET6) {
		struct sockaddr_in6 in;

		memcpy(&in, address, sizeof in);
		return IN6_IS_ADDR_LOOPBACK(&in.sin6_addr);
	}
	return false;
}

static bool
open_tcp(struct http_listener *out, struct event_base *base, struct str address,
	 evconnlistener_cb take, void *ctx, struct err *err)
{
	struct evutil_addrinfo hints = {.ai_family = AF_UNSPEC,
					.ai_socktype = SOCK_STREAM,
					.ai_flags = EVUTIL_AI_PASSIVE};
	struct evutil_addrinfo *found = NULL;
	char host[256], port[8];
	int failed;

	if (!http_address_split(address, host, port, err))
		return false;
	failed = evutil_getaddrinfo(host, port, &hints, &found);
	if (failed != 0)
		return err_set(err, "http.listen %.*s: %s", STR_ARG(address),
			       evutil_gai_strerror(failed));
	out->local = is_loopback(found->ai_addr);
	out->listener = evconnlistener_new_bind(
		base, take, ctx,
		LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE, BACKLOG,
		found->ai_addr, (int)found->ai_addrlen);
	failed = errno;
	evutil_freeaddrinfo(found);
	out->busy = out->listener == NULL && failed == EADDRINUSE;
	if (out->listener == NULL)
		return err_set(err, "http.listen %.*s: %s", STR_ARG(address), strerror(failed));
	return true;
}

/* A file left by a process that was killed is in the way; one that answers is somebody's. */
static void
remove_stale(const struct sockaddr_un *address)
{
	struct stat about;
	int fd;

	if (lstat(address->sun_path, &about) != 0 || !S_ISSOCK(about.st_mode))
		return;
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd >= 0 &&
	    connect(fd, (const struct sockaddr *)address, (socklen_t)sizeof *address) != 0 &&
	    errno == ECONNREFUSED)
		unlink(address->sun_path);
	if (fd >= 0)
		close(fd);
}

static bool
open_unix(struct http_listener *out, struct event_base *base, struct str path,
	  evconnlistener_cb take, void *ctx, struct err *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	mode_t mask;

	if (path.n == 0 || path.n >= sizeof address.sun_path)
		return err_set(err, "http.listen: the path of a unix socket has 1 to %zu bytes",
			       sizeof address.sun_path - 1);
	memcpy(address.sun_path, path.p, path.n);
	remove_stale(&address);
	mask = umask(0117); /* its user and group may connect */
	out->listener = evconnlistener_new_bind(
		base, take, ctx, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, BACKLOG,
		(const struct sockaddr *)&address, (int)sizeof address);
	int failed = errno;
	umask(mask);
	out->local = true;
	out->busy = out->listener == NULL && failed == EADDRINUSE;
	if (out->listener == NULL)
		return err_set(err, "http.listen unix:%s: %s", address.sun_path,
			       strerror(failed));
	out->path = mem_copy_text(address.sun_path);
	return true;
}

bool
http_listener_open(struct http_listener *out, struct event_base *base, struct str address,
		   evconnlistener_cb take, void *ctx, struct err *err)
{
	*out = (struct http_listener){0};
	if (str_starts(address, UNIX_PREFIX))
		return open_unix(out, base, str_slice(address, UNIX_PREFIX.n, address.n), take,
				 ctx, err);
	return open_tcp(out, base, address, take, ctx, err);
}

void
http_listener_close(struct http_listener *listener)
{
	if (listener->listener)
		evconnlistener_free(listener->listener);
	if (listener->path)
		unlink(listener->path);
	mem_free(listener->path);
	listener->listener = NULL;
	listener->path = NULL;
}
