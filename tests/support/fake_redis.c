/* SPDX-License-Identifier: Apache-2.0 */
/* Listens where Redis should and answers by a table. */
#include "support/fake_redis.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>

#include "base/mem.h"
#include "base/text.h"

#define MAX_CLIENTS 64

struct fake_redis {
	struct event_base *base;		  /* borrowed */
	struct evconnlistener *listener;	  /* owned */
	const struct fake_answer *answers;	  /* borrowed */
	struct bufferevent *clients[MAX_CLIENTS]; /* owned */
	size_t client_count;
	struct buf heard;
	char folder[64], path[96], url[128];
};

static const struct fake_answer fitting[] = {
	{"AUTH", "+OK\r\n"},
	{"SELECT", "+OK\r\n"},
	{"SETNAME", "+OK\r\n"},
	{"\r\nID\r\n", ":7\r\n"},
	{"INFO", "$22\r\nredis_version:7.0.15\r\n\r\n"},
	{"PING", "+PONG\r\n"},
	{NULL, NULL},
};

static const struct fake_answer *
answer_find(const struct fake_answer *answers, const char *command)
{
	const struct fake_answer *answer = answers;

	while (answer->word != NULL && strstr(command, answer->word) == NULL)
		answer++;
	return answer->word != NULL ? answer : NULL;
}

/* The greeting sends one command at a time: what lies there is one. */
static void
on_read(struct bufferevent *client, void *ctx)
{
	struct fake_redis *fake = ctx;
	struct evbuffer *input = bufferevent_get_input(client);
	const struct fake_answer *answer;
	size_t n = evbuffer_get_length(input), before = fake->heard.n;

	buf_add(&fake->heard, evbuffer_pullup(input, -1), n);
	evbuffer_drain(input, n);
	answer = answer_find(fake->answers, fake->heard.p + before);
	if (answer == NULL)
		answer = answer_find(fitting, fake->heard.p + before);
	if (answer == NULL || answer->bytes == NULL)
		return;
	if (answer->bytes[0] == '\0')
		shutdown(bufferevent_getfd(client), SHUT_RDWR);
	else
		bufferevent_write(client, answer->bytes, strlen(answer->bytes));
}

static void
on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address, int n,
	  void *ctx)
{
	struct fake_redis *fake = ctx;
	struct bufferevent *client =
		bufferevent_socket_new(fake->base, fd, BEV_OPT_CLOSE_ON_FREE);

	(void)listener, (void)address, (void)n;
	assert(fake->client_count < MAX_CLIENTS);
	fake->clients[fake->client_count++] = client;
	bufferevent_setcb(client, on_read, NULL, NULL, fake);
	bufferevent_enable(client, EV_READ | EV_WRITE);
}

struct fake_redis *
fake_redis_create(struct event_base *base, const struct fake_answer *answers)
{
	struct fake_redis *fake = mem_alloc(sizeof *fake);
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	fake->base = base;
	fake->answers = answers;
	snprintf(fake->folder, sizeof fake->folder, "/tmp/churnd-fake-XXXXXX");
	if (mkdtemp(fake->folder) == NULL)
		abort();
	snprintf(fake->path, sizeof fake->path, "%s/redis.sock", fake->folder);
	snprintf(fake->url, sizeof fake->url, "unix://%s", fake->path);
	memcpy(address.sun_path, fake->path, strlen(fake->path) + 1);
	fake->listener = evconnlistener_new_bind(
		base, on_accept, fake, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 16,
		(const struct sockaddr *)&address, sizeof address);
	assert(fake->listener != NULL);
	return fake;
}

void
fake_redis_answer(struct fake_redis *fake, const struct fake_answer *answers)
{
	fake->answers = answers;
}

void
fake_redis_destroy(struct fake_redis *fake)
{
	for (size_t i = 0; i < fake->client_count; i++)
		bufferevent_free(fake->clients[i]);
	evconnlistener_free(fake->listener);
	unlink(fake->path);
	rmdir(fake->folder);
	buf_finish(&fake->heard);
	mem_free(fake);
}

const char *
fake_redis_url(const struct fake_redis *fake)
{
	return fake->url;
}

const char *
fake_redis_heard(const struct fake_redis *fake)
{
	return fake->heard.p != NULL ? fake->heard.p : "";
}
