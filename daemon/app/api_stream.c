/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of a stream, the newest entry first: those that fit, a piece of the stream at a time. */
#include <string.h>

#include "app/api_room.h"
#include "codec/event_fields.h"
#include "codec/resp.h"
#include "codec/stream_id.h"

#define PIECE 256	       /* entries a read */
#define PAGE_LOOK (64 * PIECE) /* entries looked at for one page */

struct page {
	const struct page_hooks *hooks;
	struct str key;
	unsigned limit, rows, looked;
	struct str before; /* read what is older than this id; empty: from the newest */
	struct str last;   /* the last row's id */
	bool more;	   /* a row is left for the next page */
};

struct str
entry_field(const struct reply *fields, const char *name)
{
	for (uint32_t i = 0; i + 1 < fields->count; i += 2) {
		if (str_is(fields[1 + i].text, name))
			return fields[2 + i].text;
	}
	return STR_NONE;
}

bool
ask_instant(struct ask *ask, const char *name, int64_t none, int64_t *out)
{
	struct str text = ask_parameter(ask, name);
	struct err err;
	bool is_number;

	*out = none;
	if (text.n == 0 || event_instant(text, out, &is_number, &err))
		return true;
	ask_fail(ask, 400, "bad_parameter", "%s: %s", name, err.text);
	return false;
}

/* --- reading --- */

static void take_piece(struct ask *ask, const struct reply *reply);

static void
read_piece(struct ask *ask, struct page *page)
{
	struct buf command = {0};

	resp_array(&command, 6);
	resp_text(&command, "XREVRANGE");
	resp_arg(&command, page->key);
	resp_arg(&command, page->before.n
				   ? arena_printf(ask->arena, "(%.*s", STR_ARG(page->before))
				   : STR("+"));
	resp_text(&command, "-");
	resp_text(&command, "COUNT");
	resp_int(&command, PIECE);
	(void)!ask_redis(ask, buf_view(&command), 1, take_piece);
	buf_finish(&command);
}

static void
finish(struct ask *ask, struct str next)
{
	json_close(&ask->json, ']');
	json_key(&ask->json, "next");
	if (next.n > 0)
		json_str(&ask->json, next);
	else
		json_none(&ask->json);
	json_close(&ask->json, '}');
	ask_answer(ask, 200);
}

/* false: the page has come to its end. */
static bool
take_entry(struct ask *ask, struct page *page, struct str id, const struct reply *fields)
{
	switch (page->hooks->judge(ask, fields)) {
	case PAGE_SKIP:
		return true;
	case PAGE_STOP:
		return false;
	case PAGE_TAKE:
		break;
	}
	page->more = page->rows == page->limit;
	if (page->more)
		return false;
	page->rows++;
	page->last = arena_str(ask->arena, id);
	page->hooks->write(ask, id, fields);
	return true;
}

static void
take_piece(struct ask *ask, const struct reply *reply)
{
	struct page *page = ask->page;
	const struct reply *entry = reply + 1;
	bool going = true;

	if (ask_is_refused(ask, reply))
		return;
	for (uint32_t i = 0; going && i < reply->count; i++, entry = reply_next(entry)) {
		const struct reply *id = reply_at(entry, 0), *fields = reply_at(entry, 1);

		if (id == NULL || fields == NULL || fields->type != REPLY_ARRAY)
			continue;
		going = take_entry(ask, page, id->text, fields);
		page->before = id->text;
	}
	page->looked += reply->count;
	page->before = arena_str(ask->arena, page->before);
	if (!going)
		finish(ask, page->more ? page->last : STR_NONE);
	else if (reply->count < PIECE)
		finish(ask, STR_NONE);
	else if (page->looked >= PAGE_LOOK)
		finish(ask, page->before);
	else
		read_piece(ask, page);
}

void
page_begin(struct ask *ask, struct str key, const struct page_hooks *hooks)
{
	struct page *page = arena_alloc(ask->arena, sizeof *page);
	struct stream_id id;

	page->hooks = hooks;
	page->key = key;
	page->before = ask_parameter(ask, "cursor");
	if (!ask_limit(ask, &page->limit))
		return;
	if (page->before.n > 0 && !stream_id_parse(page->before, &id)) {
		ask_fail(ask, 400, "bad_parameter", "cursor is none that was given out here");
		return;
	}
	ask->page = page;
	json_open(&ask->json, '{');
	json_key(&ask->json, hooks->name);
	json_open(&ask->json, '[');
	read_piece(ask, page);
}
