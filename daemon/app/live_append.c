/* SPDX-License-Identifier: Apache-2.0 */
/* Entries that people and programs append through us, each answered when it is applied and committed. */
#include <stdio.h>
#include <string.h>

#include "app/live_room.h"
#include "base/mem.h"
#include "codec/resp.h"
#include "codec/stream_id.h"

/* In the order of appending, which is the order of ids. */
struct append_waiter {
	struct append_waiter *next; /* owned by the list */
	struct live *live;
	live_append_fn *fn; /* NULL: forgotten */
	void *ctx;
	struct stream_id id;
	bool has_id;
	bool rejected;
	struct err why;
};

/* A rejection whose waiter may not know its id yet: the reader can be faster than XADD's reply. */
struct append_note {
	struct append_note *next;
	struct stream_id id;
	struct err why;
};

static void
waiter_answer(struct append_waiter *waiter, enum live_result result)
{
	const struct live_outcome outcome = {result, waiter->id, waiter->why.text};

	if (waiter->fn != NULL)
		waiter->fn(waiter->ctx, &outcome);
	mem_free(waiter);
}

static void
waiter_unlink(struct live *live, struct append_waiter *waiter)
{
	struct append_waiter **link = &live->first, *last = NULL;

	while (*link != waiter) {
		last = *link;
		link = &last->next;
	}
	*link = waiter->next;
	if (live->last == waiter)
		live->last = last;
}

static bool
some_have_no_id(const struct live *live)
{
	return live->last != NULL && !live->last->has_id;
}

static void
notes_drop(struct live *live)
{
	while (live->notes != NULL) {
		struct append_note *next = live->notes->next;

		mem_free(live->notes);
		live->notes = next;
	}
}

void
live_append_noted(struct live *live, struct stream_id id, const char *sentence)
{
	struct append_note *note;

	for (struct append_waiter *waiter = live->first; waiter != NULL;
	     waiter = waiter->next) {
		if (waiter->has_id && stream_id_cmp(waiter->id, id) == 0) {
			waiter->rejected = true;
			err_set(&waiter->why, "%s", sentence);
			return;
		}
	}
	if (!some_have_no_id(live))
		return;
	note = mem_alloc(sizeof *note);
	note->id = id;
	err_set(&note->why, "%s", sentence);
	note->next = live->notes;
	live->notes = note;
}

static void
note_take(struct live *live, struct append_waiter *waiter)
{
	for (struct append_note *note = live->notes; note != NULL; note = note->next) {
		if (stream_id_cmp(note->id, waiter->id) == 0) {
			waiter->rejected = true;
			waiter->why = note->why;
		}
	}
	if (!some_have_no_id(live))
		notes_drop(live);
}

void
live_append_committed(struct live *live, struct stream_id position)
{
	while (live->first != NULL && live->first->has_id &&
	       stream_id_cmp(live->first->id, position) <= 0) {
		struct append_waiter *waiter = live->first;

		waiter_unlink(live, waiter);
		waiter_answer(waiter, waiter->rejected ? LIVE_REJECTED : LIVE_APPLIED);
	}
}

static void
on_appended(void *ctx, const struct reply *reply)
{
	struct append_waiter *waiter = ctx;
	struct live *live = waiter->live;

	if (reply->type != REPLY_STRING || !stream_id_parse(reply->text, &waiter->id)) {
		waiter_unlink(live, waiter);
		err_set(&waiter->why, "Redis says %.*s", STR_ARG(reply->text));
		waiter_answer(waiter, LIVE_REFUSED);
		return;
	}
	waiter->has_id = true;
	note_take(live, waiter);
	if (live->recovered)
		live_append_committed(live, store_mark(live->store)->position);
}

void
live_append(struct live *live, const struct field *fields, unsigned count, live_append_fn *fn,
	    void *ctx)
{
	static const struct live_outcome down = {
		LIVE_REFUSED, {0, 0}, "Redis is not connected"};
	struct append_waiter *waiter;
	struct buf out = {0};

	if (!redis_is_up(live->redis)) {
		fn(ctx, &down);
		return;
	}
	waiter = mem_alloc(sizeof *waiter);
	waiter->live = live;
	waiter->fn = fn;
	waiter->ctx = ctx;
	if (live->last != NULL)
		live->last->next = waiter;
	else
		live->first = waiter;
	live->last = waiter;
	resp_array(&out, 3 + 2 * (size_t)count);
	resp_text(&out, "XADD");
	resp_arg(&out, live->events);
	resp_text(&out, "*");
	for (unsigned i = 0; i < count; i++) {
		resp_arg(&out, fields[i].key);
		resp_arg(&out, fields[i].value);
	}
	redis_send(live->redis, buf_view(&out), 1, on_appended, waiter);
	buf_finish(&out);
}

void
live_append_forget(struct live *live, const void *ctx)
{
	for (struct append_waiter *waiter = live->first; waiter != NULL; waiter = waiter->next)
		if (waiter->ctx == ctx)
			waiter->fn = NULL;
}

/* Those that know their id wait on: what they appended is read sooner or later. */
void
live_append_lost(struct live *live)
{
	struct append_waiter *next;

	notes_drop(live);
	for (struct append_waiter *waiter = live->first; waiter != NULL; waiter = next) {
		next = waiter->next;
		if (waiter->has_id)
			continue;
		waiter_unlink(live, waiter);
		err_set(&waiter->why, "the connection to Redis was lost before it answered");
		waiter_answer(waiter, LIVE_UNSURE);
	}
}

void
live_append_finish(struct live *live)
{
	notes_drop(live);
	while (live->first != NULL) {
		struct append_waiter *waiter = live->first;

		waiter_unlink(live, waiter);
		err_set(&waiter->why, "churnd stops");
		waiter_answer(waiter, LIVE_UNSURE);
	}
}
