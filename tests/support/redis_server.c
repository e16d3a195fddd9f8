/* SPDX-License-Identifier: Apache-2.0 */
/* Starts, kills and removes private redis-servers. */
#define _XOPEN_SOURCE 700 /* nftw */
#include "support/redis_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_ARGUMENTS 64
#define TRY_EVERY_MS 2
#define TRIES (30 * 1000 / TRY_EVERY_MS)

struct redis_server {
	struct redis_server_options options;
	char folder[64], socket[96], url[128], tcp_url[64], log[96];
	int port;
	pid_t pid; /* 0: does not run */
};

static _Noreturn void
give_up(const struct redis_server *server, const char *what)
{
	fprintf(stderr, "private redis-server in %s: %s: %s\n", server->folder, what,
		strerror(errno));
	abort();
}

/* A port that was free a moment ago. */
static int
free_port(const struct redis_server *server)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t n = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &n) != 0)
		give_up(server, "no free port");
	close(fd);
	return ntohs(address.sin_port);
}

struct redis_server *
redis_server_create(const struct redis_server_options *options)
{
	struct redis_server *server = calloc(1, sizeof *server);
	const char *parent = getenv("TMPDIR");

	if (server == NULL)
		abort();
	if (options != NULL)
		server->options = *options;
	/* A unix socket's path has at most 107 bytes: a long TMPDIR is not for us. */
	if (parent == NULL || strlen(parent) > 32)
		parent = "/tmp";
	snprintf(server->folder, sizeof server->folder, "%s/churnd-redis-XXXXXX", parent);
	if (mkdtemp(server->folder) == NULL)
		give_up(server, "cannot make the folder");
	snprintf(server->socket, sizeof server->socket, "%s/redis.sock", server->folder);
	snprintf(server->log, sizeof server->log, "%s/redis.log", server->folder);
	snprintf(server->url, sizeof server->url, "unix://%s", server->socket);
	if (server->options.tcp)
		server->port = free_port(server);
	snprintf(server->tcp_url, sizeof server->tcp_url, "redis://127.0.0.1:%d", server->port);
	return server;
}

static void
add_arguments(const char **words, size_t *n, const char *const *arguments)
{
	for (size_t i = 0; arguments != NULL && arguments[i] != NULL; i++)
		if (*n < MAX_ARGUMENTS)
			words[(*n)++] = arguments[i];
}

/* In the child: becomes redis-server, which dies with us. */
static _Noreturn void
become_redis(const struct redis_server *server, const char *const *arguments)
{
	char port[8], *argv[MAX_ARGUMENTS + 1];
	const char *words[MAX_ARGUMENTS + 1] = {"redis-server",
						"--dir",
						server->folder,
						"--unixsocket",
						server->socket,
						"--logfile",
						server->log,
						"--port",
						port,
						"--bind",
						"127.0.0.1",
						"--save",
						"",
						"--appendonly",
						"no"};
	size_t n = 15;

	snprintf(port, sizeof port, "%d", server->port);
	add_arguments(words, &n, server->options.arguments);
	add_arguments(words, &n, arguments);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* execvp would take const words too, had it been born later. */
	memcpy(argv, words, sizeof argv);
	execvp(argv[0], argv);
	_exit(127);
}

static int
dial(const struct redis_server *server)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path, server->socket, strlen(server->socket) + 1);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* Does it answer PING, be it with an error, but not with LOADING unless that will do? */
static bool
answers(const struct redis_server *server, bool ready)
{
	char line[256];
	ssize_t n = 0;
	int fd = dial(server);

	if (fd < 0)
		return false;
	if (send(fd, "PING\r\n", 6, MSG_NOSIGNAL) == 6)
		n = read(fd, line, sizeof line - 1);
	close(fd);
	if (n <= 0)
		return false;
	line[n] = '\0';
	return !ready || strncmp(line, "-LOADING", 8) != 0;
}

static void
show_log(const struct redis_server *server)
{
	char line[512];
	FILE *log = fopen(server->log, "r");

	while (log != NULL && fgets(line, sizeof line, log) != NULL)
		fprintf(stderr, "# %s", line);
	if (log != NULL)
		fclose(log);
}

void
redis_server_start_with(struct redis_server *server, const char *const *arguments, bool ready)
{
	server->pid = fork();
	if (server->pid < 0)
		give_up(server, "fork");
	if (server->pid == 0)
		become_redis(server, arguments);
	for (int i = 0; i < TRIES && !answers(server, ready); i++) {
		if (waitpid(server->pid, NULL, WNOHANG) != 0) {
			show_log(server);
			give_up(server, "it ended at once");
		}
		poll(NULL, 0, TRY_EVERY_MS);
	}
	if (!answers(server, ready)) {
		show_log(server);
		give_up(server, "it does not answer");
	}
}

void
redis_server_start(struct redis_server *server)
{
	redis_server_start_with(server, NULL, true);
}

static void
end_with(struct redis_server *server, int signal_number)
{
	if (server->pid == 0)
		return;
	kill(server->pid, signal_number);
	while (waitpid(server->pid, NULL, 0) < 0 && errno == EINTR)
		;
	server->pid = 0;
}

void
redis_server_kill(struct redis_server *server)
{
	end_with(server, SIGKILL);
}

void
redis_server_stop(struct redis_server *server)
{
	end_with(server, SIGTERM);
}

static int
remove_one(const char *path, const struct stat *status, int kind, struct FTW *place)
{
	(void)status, (void)kind, (void)place;
	return remove(path);
}

void
redis_server_destroy(struct redis_server *server)
{
	if (server == NULL)
		return;
	redis_server_kill(server);
	if (nftw(server->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0)
		give_up(server, "cannot remove the folder");
	free(server);
}

const char *
redis_server_url(const struct redis_server *server)
{
	return server->url;
}

const char *
redis_server_tcp_url(const struct redis_server *server)
{
	return server->tcp_url;
}

const char *
redis_server_folder(const struct redis_server *server)
{
	return server->folder;
}

const char *
redis_server_socket(const struct redis_server *server)
{
	return server->socket;
}

int
redis_server_port(const struct redis_server *server)
{
	return server->port;
}

int
redis_server_pid(const struct redis_server *server)
{
	return (int)server->pid;
}
