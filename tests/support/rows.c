/* SPDX-License-Identifier: Apache-2.0 */
/* Prints files of events as what is understood of them. */
#include "support/rows.h"

#include <string.h>

#include "base/mem.h"
#include "codec/event.h"

struct teller {
	struct buf told;
	struct arena arena;
	struct entry entry;
};

static void
put(struct buf *told, const char *name, struct str text)
{
	buf_printf(told, " %s[%zu]=", name, text.n);
	buf_str(told, text);
}

static void
tell_entry(struct buf *told, const struct entry *entry)
{
	buf_printf(told, "%lld-%llu kind %d ts %lld", (long long)entry->id.ms,
		   (unsigned long long)entry->id.seq, (int)entry->kind, (long long)entry->ts);
	if (entry->has_value)
		buf_printf(told, " value %a", entry->value);
	if (entry->backfill)
		buf_text(told, " backfill");
	put(told, "customer", entry->customer);
	put(told, "type", entry->type);
	put(told, "user", entry->user);
	put(told, "source", entry->source);
	put(told, "id", entry->event_id);
	for (unsigned i = 0; i < entry->attribute_count; i++) {
		put(told, "key", entry->attributes[i].key);
		put(told, "is", entry->attributes[i].value);
	}
}

static bool
tell(void *ctx, const struct event_row *row, const char *error)
{
	struct teller *teller = ctx;
	struct stream_id id;
	struct err err;

	if (error) {
		buf_printf(&teller->told, "%s\n", error);
		return true;
	}
	buf_printf(&teller->told, "%llu@%lld: ", (unsigned long long)row->line,
		   (long long)row->arrived);
	id = (struct stream_id){row->arrived, 0};
	if (row->is_decoded ||
	    event_decode(id, row->fields, row->count, &teller->arena, &teller->entry, &err))
		tell_entry(&teller->told, &teller->entry);
	else
		buf_text(&teller->told, err.text);
	buf_char(&teller->told, '\n');
	return true;
}

struct buf
rows_told(struct str bytes, size_t piece, bool by_fields)
{
	struct event_file *file = event_file_create(STR("f"));
	struct teller teller = {.told = {0}};
	bool more = true;

	arena_init(&teller.arena);
	if (!by_fields)
		event_file_decode(file, &teller.entry, &teller.arena);
	for (size_t at = 0; at < bytes.n && more; at += piece) {
		size_t length = piece < bytes.n - at ? piece : bytes.n - at;
		char *copy = mem_alloc(length); /* so that reading past the piece is seen */

		memcpy(copy, bytes.p + at, length);
		more = event_file_feed(file, copy, length, tell, &teller);
		mem_free(copy);
	}
	if (more)
		event_file_feed(file, NULL, 0, tell, &teller);
	event_file_destroy(file);
	arena_finish(&teller.arena);
	return teller.told;
}
