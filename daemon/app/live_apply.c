/* SPDX-License-Identifier: Apache-2.0 */
/* Batches of the stream into the engine: decode straight from the reply's tape, apply, order, reject. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "app/live_room.h"
#include "codec/event.h"
#include "codec/stream_id.h"
#include "io/log.h"

#define FUTURE_AGAIN_MS 3000
/* Entries between two looks at what has come: a socket that is full makes Redis wait. */
#define LOOK_AHEAD 32

static void
order_mute(void *ctx, const struct order *order)
{
	(void)ctx, (void)order;
}

/* Up to the position of the last commit orders were given already. */
struct order_sink
live_sink(struct live *live)
{
	return (struct order_sink){live, live->recovered ? live_order : order_mute};
}

static void
chunk_apply(struct live *live)
{
	const struct order_sink sink = live_sink(live);
	size_t applied;

	if (live->entry_count == 0)
		return;
	applied = engine_apply(live->engine, live->entries, live->entry_count, &sink);
	assert(applied == live->entry_count);
	live->read += applied;
	live->count.entries += applied;
	live->entry_count = 0;
}

/* An entry that changes nobody: time moves on to it. */
static void
entry_skip(struct live *live, struct stream_id id)
{
	const struct order_sink sink = live_sink(live);

	engine_skip(live->engine, id, &sink);
	live->read++;
	live->count.entries++;
}

static void
entry_reject(struct live *live, struct stream_id id, const struct reply *item,
	     const char *sentence)
{
	chunk_apply(live);
	entry_skip(live, id);
	if (live->recovered)
		live_reject(live, id, item, sentence);
}

/* ---- a change of rules ---- */

static void
rules_change(struct live *live, const struct entry *entry, const struct rule_files *files,
	     struct ruleset *rules)
{
	const struct order_sink sink = live_sink(live);
	struct partition *partition = &live->partition;
	size_t epoch = partition_epoch_at(partition, entry->id);

	if (live->recovered)
		live_rules_keep(live, files);
	engine_change_rules(live->engine, entry, rules, &sink);
	live->read++;
	live->count.entries++;
	if (stream_id_cmp(partition->epochs[epoch].from, entry->id) < 0) {
		partition_add_epoch(partition, entry->id, engine_rules(live->engine));
		epoch = partition->epoch_count - 1;
	}
	live->epoch = epoch;
	if (!live->recovered)
		live_load_held(live, epoch);
	live_rules_changed(live, entry);
}

/* false: reading has stopped until the text is here. */
static bool
take_rules(struct live *live, const struct entry *entry, const struct reply *item)
{
	struct str sha = entry_attribute(entry, STR("sha256"));
	const struct rule_files *files;
	struct ruleset *rules;

	chunk_apply(live);
	if (str_is(sha, engine_rules(live->engine)->sha_hex)) {
		entry_skip(live, entry->id);
		live_rules_changed(live, entry);
		return true;
	}
	switch (live_rules_find(live, sha, &files, live_read_on)) {
	case RULES_FETCHING:
		live_stop_reading(live);
		return false;
	case RULES_MISSING:
		entry_reject(live, entry->id, item,
			     "Redis has no text of the rules with this sha256");
		return true;
	case RULES_HERE:
		break;
	}
	rules = live_rules_make(live, files);
	if (rules == NULL)
		entry_reject(live, entry->id, item, "the rules with this sha256 are in error");
	else
		rules_change(live, entry, files, rules);
	return true;
}

/* ---- one entry ---- */

/* It would carry the engine's clock ahead of Redis'. Where that stands ahead already, because Redis' own clock was set
 * back, what comes at the same ms carries it no further: it is taken. */
static bool
is_future(const struct live *live, struct stream_id id)
{
	return live->time_known && id.ms > live_now(live) + EVENT_MAX_AHEAD &&
	       id.ms > engine_position(live->engine).ms;
}

static void
future_pause(struct live *live, struct stream_id id)
{
	char text[STREAM_ID_TEXT];
	char why[300];

	stream_id_print(id, text);
	snprintf(why, sizeof why,
		 "entry %s of %s lies more than 5 minutes ahead of Redis' time: reading has "
		 "stopped before it; `churnctl repair` mends such a stream",
		 text, live->events.p);
	live_pause(live, why, FUTURE_AGAIN_MS);
	live_time_ask(live); /* it may be Redis' clock that was set ahead */
}

/* Muting ends with the first entry after the position of the last commit. */
static void
end_of_mute(struct live *live, struct stream_id id)
{
	if (live->recovered || stream_id_cmp(id, live->recover_to) <= 0)
		return;
	chunk_apply(live);
	live_recovered(live);
}

static bool
decoded(struct live *live, const struct entry *entry, const struct reply *item)
{
	if (entry->kind == ENTRY_RULES)
		return take_rules(live, entry, item);
	if (live_is_held(live, entry->customer)) {
		struct stream_id id = entry->id;

		chunk_apply(live);
		entry_skip(live, id);
		return true;
	}
	live->items[live->entry_count] = item;
	if (++live->entry_count == LIVE_CHUNK)
		chunk_apply(live);
	if (live->entry_count % LOOK_AHEAD == 0)
		stream_look_ahead(live->stream);
	return true;
}

/* A day that closes before this entry is worked off in slices, unless that is quickly done. */
static bool
is_prepared(struct live *live, struct stream_id id)
{
	if (id.ms < live->close_at)
		return true;
	chunk_apply(live);
	if (!live_slice_begin(live, id))
		return false;
	live->close_at = engine_next_close(live->engine);
	return true;
}

/* false: reading has stopped before or at this entry. */
static bool
take_entry(struct live *live, const struct reply *item, bool may_be_future)
{
	struct stream_id id;
	struct err err;

	if (!stream_read_entry(item, &id, &live->fields)) {
		live_fail(live, "Redis answers XREAD with what is no entry");
		return false;
	}
	end_of_mute(live, id);
	if (live->state == LIVE_FAILED)
		return false;
	if (may_be_future && is_future(live, id)) {
		chunk_apply(live);
		future_pause(live, id);
		return false;
	}
	if (!is_prepared(live, id))
		return false;
	if (live->entry_count == 0)
		arena_reset(&live->decode);
	if (event_decode(id, live->fields.items, live->fields.count, &live->decode,
			 &live->entries[live->entry_count], &err))
		return decoded(live, &live->entries[live->entry_count], item);
	entry_reject(live, id, item, err.text);
	return true;
}

/* What these entries ordered is enough for one commit: the rest of the batch is read again after it. */
static bool
is_enough(struct live *live, uint32_t taken)
{
	if (live->entry_count > 0 || !live_is_full(live))
		return false;
	live_stop_reading(live);
	stream_slow(live->stream, taken);
	return true;
}

static bool
take_entries(struct live *live, const struct stream_batch *batch)
{
	const struct reply *item = batch->entries;
	bool may_be_future = is_future(live, batch->last);

	live->close_at = engine_next_close(live->engine);

	for (uint32_t i = 0; i < batch->count; i++, item = reply_next(item))
		if (!take_entry(live, item, may_be_future) || is_enough(live, i + 1))
			return false;
	chunk_apply(live);
	return true;
}

void
live_take(void *ctx, const struct stream_batch *batch)
{
	struct live *live = ctx;

	live->caught_up = take_entries(live, batch) && !batch->full;
	if (live->state == LIVE_RECOVERING && live->caught_up)
		live_recovered(live);
	if (!live->recovered || live->state == LIVE_FAILED)
		return;
	/* Not before: what is still to be read may hold this change already. */
	if (live->caught_up && live->announce_due)
		live_rules_announce(live);
	live_checkpoint(live);
	live_time_applied(live);
	live_rounds_rearm(live, batch->count > 0);
	live_commit(live);
	stream_hold(live->stream, live_is_full(live));
	live_time_arm(live);
	if (live->stop_wanted && !live_is_amid(live))
		live_stop(live);
}
