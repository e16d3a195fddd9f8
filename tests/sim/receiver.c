/* SPDX-License-Identifier: Apache-2.0 */
/* Answers webhooks without HTTP: stands in for io/webhook.h and its loop. */
#include "sim/receiver.h"

#include <string.h>

#include "base/mem.h"
#include "engine/retry.h"
#include "io/webhook.h"
#include "sim/sim.h"

struct webhook_loop {
	struct event_base *base; /* borrowed */
};

struct webhook_target {
	struct webhook_loop *loop;  /* borrowed */
	struct str name;	    /* borrowed from the configuration */
	int64_t timeout;	    /* ms */
	struct webhook_call *calls; /* owned: in flight */
};

struct webhook_call {
	struct webhook_target *target;
	struct webhook_call *next;
	struct event *timer; /* owned */
	webhook_done_fn *fn;
	void *ctx;
	char id[64];
	/* What is to come. */
	int status; /* 0: nothing */
	int64_t after;
	bool takes;
};

static struct {
	struct receiver_hooks hooks;
	enum mood mood;
	uint64_t requests;
} receiver;

void
receiver_begin(const struct receiver_hooks *hooks)
{
	receiver.hooks = *hooks;
	receiver.mood = MOOD_GOOD;
	receiver.requests = 0;
}

void
receiver_mood(enum mood mood)
{
	receiver.mood = mood;
}

uint64_t
receiver_requests(void)
{
	return receiver.requests;
}

/* ---- a reply ---- */

static void
call_free(struct webhook_call *call)
{
	struct webhook_call **link = &call->target->calls;

	while (*link != call)
		link = &(*link)->next;
	*link = call->next;
	event_free(call->timer);
	mem_free(call);
}

static void
on_timer(evutil_socket_t fd, short what, void *ctx)
{
	struct webhook_call *call = ctx;
	struct webhook_call told = *call;
	const struct webhook_reply reply = {
		.status = call->status,
		.after = call->after,
		.body = call->status >= 400 ? STR("no") : STR_NONE,
		.error = call->status == 0 ? "no whole reply came" : "",
	};

	(void)fd, (void)what;
	if (call->takes)
		receiver.hooks.taken(receiver.hooks.ctx, call->target->name, str_of(call->id));
	sim_sayf("receiver", "%.*s %s: %d", STR_ARG(call->target->name), call->id,
		 call->status);
	call_free(call);
	told.fn(told.ctx, &reply);
}

/* ---- a request ---- */

static enum mood
mood_now(void)
{
	return receiver.mood != MOOD_MIXED ? receiver.mood : (enum mood)sim_below(MOODS);
}

/* What the call will come to; ms until then. */
static int64_t
decide(struct webhook_call *call)
{
	static const int ill[] = {500, 502, 503, 504, 408, 425};
	static const int fussy[] = {400, 404, 422, 429, 401, 403, 301};

	call->after = RETRY_NO_AFTER;
	switch (mood_now()) {
	case MOOD_GOOD:
	case MOOD_MIXED:
	case MOODS:
		call->status = 200;
		call->takes = true;
		return sim_span(0, 2);
	case MOOD_SLOW:
		call->status = 202;
		call->takes = true;
		return sim_span(20, call->target->timeout - 1);
	case MOOD_DOWN:
		return sim_chance(50) ? 0 : call->target->timeout;
	case MOOD_ILL:
		call->status = SIM_PICK(ill);
		return sim_span(0, 20);
	case MOOD_FUSSY:
		call->status = SIM_PICK(fussy);
		if (call->status == 429 && sim_chance(50))
			call->after = sim_span(0, 2000);
		return sim_span(0, 20);
	case MOOD_CUT:
		call->takes = true;
		return sim_span(0, call->target->timeout);
	}
	return 0;
}

/* The value behind "webhook-id: ". */
static struct str
id_of(struct str headers)
{
	const struct str name = STR("webhook-id: ");
	const char *end;

	if (!str_starts(headers, name))
		sim_fail("a request without a webhook-id in front: %.*s", STR_ARG(headers));
	end = memchr(headers.p, '\n', headers.n);
	return str_slice(headers, name.n, (size_t)(end - headers.p));
}

struct webhook_call *
webhook_send(struct webhook_target *target, const struct webhook_request *request,
	     webhook_done_fn *fn, void *ctx)
{
	struct webhook_call *call = mem_alloc(sizeof *call);
	struct str id = id_of(request->headers);
	struct timeval wait;
	int64_t ms;

	receiver.requests++;
	call->target = target;
	call->next = target->calls;
	target->calls = call;
	call->fn = fn;
	call->ctx = ctx;
	memcpy(call->id, id.p, id.n < sizeof call->id ? id.n : sizeof call->id - 1);
	call->timer = evtimer_new(target->loop->base, on_timer, call);
	sim_say("receiver", ">", request->headers);
	sim_say("receiver", ">", request->body);
	receiver.hooks.came(receiver.hooks.ctx, target->name, id, request->body);
	ms = decide(call);
	wait = (struct timeval){.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
	evtimer_add(call->timer, &wait);
	return call;
}

/* Who asked has gone; the request may have arrived all the same. */
void
webhook_cancel(struct webhook_call *call)
{
	if (call->takes && sim_chance(50))
		receiver.hooks.taken(receiver.hooks.ctx, call->target->name, str_of(call->id));
	call_free(call);
}

/* ---- targets ---- */

struct webhook_target *
webhook_target_create(struct webhook_loop *loop, const struct endpoint_config *config,
		      struct str folder, struct err *err)
{
	struct webhook_target *target = mem_alloc(sizeof *target);

	(void)folder, (void)err;
	target->loop = loop;
	target->name = config->name;
	target->timeout = config->timeout;
	return target;
}

void
webhook_target_destroy(struct webhook_target *target)
{
	if (target == NULL)
		return;
	while (target->calls != NULL)
		webhook_cancel(target->calls);
	mem_free(target);
}

struct webhook_loop *
webhook_loop_create(struct event_base *base)
{
	struct webhook_loop *loop = mem_alloc(sizeof *loop);

	loop->base = base;
	return loop;
}

void
webhook_loop_destroy(struct webhook_loop *loop)
{
	mem_free(loop);
}

void
webhook_loop_rest(struct webhook_loop *loop)
{
	(void)loop;
}
