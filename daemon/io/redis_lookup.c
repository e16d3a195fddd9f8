/* SPDX-License-Identifier: Apache-2.0 */
/* Asks the system's resolver in a thread, because it may take many seconds to give up. */
#include "io/redis_lookup.h"

#include <assert.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"

/* What the thread reads and writes. It belongs to both sides; whoever is the last frees it. */
struct question {
	char host[LOOKUP_MAX_HOST + 1], port[8];
	int done_fd; /* owned by the thread: a byte goes in when the answer is there */
	int failure;
	struct evutil_addrinfo *addresses; /* owned, unless the loop took them */
	atomic_bool answered;		   /* failure and addresses are written */
	atomic_int owners;
};

struct redis_lookup {
	struct question *question; /* shared with the thread */
	struct event *event;	   /* owned */
	redis_lookup_fn *fn;
	void *ctx; /* borrowed */
	int fd;	   /* owned: the other end of done_fd */
};

static void
question_release(struct question *question)
{
	if (atomic_fetch_sub(&question->owners, 1) > 1)
		return;
	if (question->addresses != NULL)
		evutil_freeaddrinfo(question->addresses);
	mem_free(question);
}

static int
resolve(const char *host, const char *port, int flags, struct evutil_addrinfo **addresses)
{
	const struct evutil_addrinfo hints = {.ai_family = AF_UNSPEC,
					      .ai_socktype = SOCK_STREAM,
					      .ai_protocol = IPPROTO_TCP,
					      .ai_flags = flags};

	return evutil_getaddrinfo(host, port, &hints, addresses);
}

static void *
answer(void *ctx)
{
	struct question *question = ctx;

	question->failure = resolve(question->host, question->port, EVUTIL_AI_ADDRCONFIG,
				    &question->addresses);
	atomic_store(&question->answered, true);
	/* When nobody listens any more this fails, and that is all right. */
	(void)send(question->done_fd, "", 1, MSG_NOSIGNAL);
	close(question->done_fd);
	question_release(question);
	return NULL;
}

/* Signals are for the loop's thread. False when there can be no more threads. */
static bool
thread_start(struct question *question)
{
	sigset_t all, before;
	pthread_t thread;
	int failure;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	failure = pthread_create(&thread, NULL, answer, question);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (failure == 0)
		pthread_detach(thread);
	return failure == 0;
}

static void
on_answer(evutil_socket_t fd, short what, void *ctx)
{
	struct redis_lookup *lookup = ctx;
	struct question *question = lookup->question;
	bool answered = atomic_load(&question->answered);
	struct evutil_addrinfo *addresses = question->addresses;

	(void)fd, (void)what;
	assert(answered);
	question->addresses = NULL;
	lookup->fn(lookup->ctx, question->failure, addresses);
}

static struct question *
question_create(struct str host, int port, int done_fd)
{
	struct question *question = mem_alloc(sizeof *question);

	snprintf(question->host, sizeof question->host, "%.*s", STR_ARG(host));
	snprintf(question->port, sizeof question->port, "%d", port);
	question->done_fd = done_fd;
	atomic_init(&question->answered, false);
	atomic_init(&question->owners, 2);
	return question;
}

/* In place of the thread, when there can be none. */
static void
question_refuse(struct question *question)
{
	question->failure = EVUTIL_EAI_MEMORY;
	atomic_store(&question->answered, true);
	if (question->done_fd >= 0)
		close(question->done_fd);
	question_release(question);
}

struct redis_lookup *
redis_lookup_begin(struct event_base *base, struct str host, int port, redis_lookup_fn *fn,
		   void *ctx)
{
	struct redis_lookup *lookup = mem_alloc(sizeof *lookup);
	evutil_socket_t pair[2];

	if (evutil_socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		pair[0] = pair[1] = -1;
	*lookup = (struct redis_lookup){
		.question = question_create(host, port, pair[1]),
		.fn = fn,
		.ctx = ctx,
		.fd = pair[0],
	};
	lookup->event = event_new(base, pair[0], pair[0] < 0 ? 0 : EV_READ, on_answer, lookup);
	assert(lookup->event != NULL);
	event_add(lookup->event, NULL);
	if (pair[0] < 0 || !thread_start(lookup->question)) {
		question_refuse(lookup->question);
		event_active(lookup->event, EV_READ, 0);
	}
	return lookup;
}

static void
lookup_free(struct event *event, void *ctx)
{
	struct redis_lookup *lookup = ctx;

	(void)event;
	if (lookup->fd >= 0)
		close(lookup->fd);
	question_release(lookup->question);
	mem_free(lookup);
}

/* The memory goes when on_answer cannot be running: libevent's finalizer calls lookup_free. */
void
redis_lookup_end(struct redis_lookup *lookup)
{
	if (lookup != NULL)
		event_free_finalize(0, lookup->event, lookup_free);
}

int
redis_lookup_figures(struct str host, int port, struct evutil_addrinfo **addresses)
{
	char name[LOOKUP_MAX_HOST + 1], service[8];

	snprintf(name, sizeof name, "%.*s", STR_ARG(host));
	snprintf(service, sizeof service, "%d", port);
	return resolve(name, service, EVUTIL_AI_NUMERICHOST, addresses);
}
