/* SPDX-License-Identifier: Apache-2.0 */
/* Drives libcurl's multi handle from libevent: its sockets, its one timer, its finished transfers. */
#include "io/webhook_loop.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/log.h"

struct webhook_loop {
	struct event_base *base; /* borrowed */
	CURLM *multi;		 /* owned; NULL: no request was made yet */
	struct event *timer;	 /* owned */
};

void
webhook_loop_fail(const char *what, const char *why)
{
	log_error("webhook", "libcurl: %s: %s", what, why);
	abort();
}

static void
check(CURLMcode code, const char *what)
{
	if (code != CURLM_OK)
		webhook_loop_fail(what, libcurl.multi_strerror(code));
}

/* The only place where the end of a transfer is seen. The message dies with the removal of its handle, and
 * whoever is told may add and remove others. */
static void
tell_ends(struct webhook_loop *loop)
{
	CURLMsg *message;
	int left;

	while ((message = libcurl.multi_info_read(loop->multi, &left)) != NULL) {
		CURL *easy = message->easy_handle;
		CURLcode code = message->data.result;
		struct webhook_transfer *transfer;

		if (message->msg != CURLMSG_DONE)
			continue;
		libcurl.easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
		transfer->end(transfer->ctx, code);
	}
}

static void
act(struct webhook_loop *loop, curl_socket_t fd, int what)
{
	int running;

	check(libcurl.multi_socket_action(loop->multi, fd, what, &running), "socket_action");
	tell_ends(loop);
}

static void
on_socket(evutil_socket_t fd, short what, void *ctx)
{
	act(ctx, fd,
	    (what & EV_READ ? CURL_CSELECT_IN : 0) | (what & EV_WRITE ? CURL_CSELECT_OUT : 0));
}

static void
on_timer(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd, (void)what;
	act(ctx, CURL_SOCKET_TIMEOUT, 0);
}

/* libcurl wants its timer set. Not the moment to call it: that would be a call inside its own callback. */
static int
set_timer(CURLM *multi, long ms, void *ctx)
{
	struct webhook_loop *loop = ctx;
	const struct timeval wait = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

	(void)multi;
	if (ms < 0)
		evtimer_del(loop->timer);
	else
		evtimer_add(loop->timer, &wait);
	return 0;
}

/* libcurl wants a socket watched, or not any more: said before it closes it, so that the event is gone
 * when the descriptor's number is used again. */
static int
watch_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *watching)
{
	struct webhook_loop *loop = ctx;
	struct event *event = watching;
	short flags = (short)((what & CURL_POLL_IN ? EV_READ : 0) |
			      (what & CURL_POLL_OUT ? EV_WRITE : 0) | EV_PERSIST);

	(void)easy;
	if (event != NULL)
		event_free(event);
	if (what == CURL_POLL_REMOVE) {
		libcurl.multi_assign(loop->multi, fd, NULL);
		return 0;
	}
	event = event_new(loop->base, fd, flags, on_socket, loop);
	if (event == NULL || event_add(event, NULL) != 0)
		webhook_loop_fail("event_add", "out of memory");
	libcurl.multi_assign(loop->multi, fd, event);
	return 0;
}

struct webhook_loop *
webhook_loop_create(struct event_base *base)
{
	struct webhook_loop *loop = mem_alloc(sizeof *loop);

	loop->base = base;
	loop->timer = evtimer_new(base, on_timer, loop);
	assert(loop->timer != NULL);
	return loop;
}

/* It was there at the start: its files have been replaced meanwhile, or no descriptor is left. */
static void
load_again(void)
{
	struct err err;

	if (libcurl_load(&err))
		return;
	log_error("webhook", "%s; ending, the next start delivers", err.text);
	_exit(1);
}

static void
wake(struct webhook_loop *loop)
{
	load_again();
	if (libcurl.global_init_mem(CURL_GLOBAL_DEFAULT, mem_bytes, mem_free, mem_resize,
				    mem_copy_text, mem_array) != CURLE_OK)
		webhook_loop_fail("curl_global_init", "failed");
	loop->multi = libcurl.multi_init();
	if (loop->multi == NULL)
		webhook_loop_fail("curl_multi_init", "out of memory");
	check(libcurl.multi_setopt(loop->multi, CURLMOPT_SOCKETFUNCTION, watch_socket),
	      "setopt");
	check(libcurl.multi_setopt(loop->multi, CURLMOPT_SOCKETDATA, loop), "setopt");
	check(libcurl.multi_setopt(loop->multi, CURLMOPT_TIMERFUNCTION, set_timer), "setopt");
	check(libcurl.multi_setopt(loop->multi, CURLMOPT_TIMERDATA, loop), "setopt");
}

CURL *
webhook_loop_easy(struct webhook_loop *loop)
{
	CURL *easy;

	if (loop->multi == NULL)
		wake(loop);
	easy = libcurl.easy_init();
	if (easy == NULL)
		webhook_loop_fail("curl_easy_init", "out of memory");
	return easy;
}

void
webhook_loop_rest(struct webhook_loop *loop)
{
	if (loop->multi == NULL)
		libcurl_unload();
}

void
webhook_loop_destroy(struct webhook_loop *loop)
{
	if (loop == NULL)
		return;
	if (loop->multi != NULL) {
		check(libcurl.multi_cleanup(loop->multi), "cleanup");
		libcurl.global_cleanup();
	}
	event_free(loop->timer);
	mem_free(loop);
}

void
webhook_loop_add(struct webhook_loop *loop, CURL *easy)
{
	check(libcurl.multi_add_handle(loop->multi, easy), "add_handle");
}

void
webhook_loop_remove(struct webhook_loop *loop, CURL *easy)
{
	check(libcurl.multi_remove_handle(loop->multi, easy), "remove_handle");
}
