/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a customer's state record, and trusts none of its bytes. */
#include <stddef.h>
#include <string.h>

#include "base/mem.h"
#include "codec/record_take.h"
#include "engine/track.h"

static void
read_numbers(struct reader *reader, unsigned part)
{
	for (unsigned i = 0; i < RECORD_NUMBERS; i++) {
		if (record_numbers[i].part == part)
			record_take_field(
				reader, &record_numbers[i],
				record_number_of(&record_numbers[i], reader->customer));
	}
	if (reader->customer->risk > 100)
		record_spoil(reader);
}

static void
read_flag(struct reader *reader, unsigned part)
{
	for (unsigned i = 0; i < RECORD_FLAGS; i++) {
		if (record_flags[i].part == part)
			reader->customer->flags |= record_flags[i].flag;
	}
}

static void
read_held(struct reader *reader)
{
	struct customer *customer = reader->customer;

	for (uint64_t left = record_take_below(reader, RULESET_MAX_LEVELS + 1); left > 0;
	     left--) {
		int slot = ruleset_level(reader->rules, record_take_text(reader));

		if (!reader->p)
			return;
		if (slot < 0)
			continue;
		customer->held |= (uint8_t)(1u << slot);
		if (slot > customer->level)
			customer->level = (uint8_t)slot;
	}
}

static void
read_level(struct reader *reader)
{
	int slot = ruleset_level(reader->rules, record_take_text(reader));

	if (reader->p && slot >= 0)
		reader->customer->level = (uint8_t)slot;
}

static void
read_stage(struct reader *reader)
{
	int slot = ruleset_stage(reader->rules, record_take_text(reader));
	int64_t at = record_take_at(reader);

	if (!reader->p || slot < 0)
		return;
	reader->customer->stage = (uint8_t)(slot + 1);
	customer_cold(reader->customer)->stage_at = at;
}

bool
record_has_track(const struct reader *reader, unsigned signal, bool hours)
{
	return tracks_draft_has(reader->draft, signal, hours) ||
	       track_has(reader->tracks, signal, hours);
}

void
record_read_track(struct reader *item, enum signal_kind kind, unsigned signal, bool hours)
{
	int64_t unit = hours ? HOUR_MS : DAY_MS;
	int64_t cell = hours ? item->base / HOUR_MS : item->base / DAY_MS; /* by constants */
	struct track_kept kept = {.signal = (uint8_t)signal, .hours = hours, .kind = kind};
	struct track *track = &kept.newest;

	cell = (int64_t)((uint64_t)cell - (uint64_t)record_take_signed(item));
	track->count = (uint32_t)record_take_below(item, UINT64_C(1) << 32);
	track->last_at = item->version < 7 ? record_take_at(item)
					   : (int64_t)((uint64_t)record_take_signed(item) +
						       (uint64_t)cell * (uint64_t)unit);
	if (cell < 0 || cell > UINT32_MAX || !item->p) {
		record_spoil(item);
		return;
	}
	track->cell = (uint32_t)cell;
	if (item->version < 7) {
		record_read_cells(item, kind, signal, hours, track);
		return;
	}
	kept.packed = record_take_rest(item);
	if (!tracks_draft_take(item->draft, &kept))
		record_spoil(item);
}

void
record_make_tracks(struct reader *reader)
{
	if (tracks_draft_is_sound(reader->draft))
		tracks_make(reader->tracks, reader->draft);
	else
		record_spoil(reader);
}

/* Signals of one definition have one key: the second track of a key belongs to the second of them. */
static int
free_signal(const struct reader *reader, unsigned slot, bool hours)
{
	const struct signal *signals = reader->rules->signals;

	for (unsigned s = 0; s < reader->rules->signal_count; s++) {
		if (signals[s].key == signals[slot].key && !record_has_track(reader, s, hours))
			return (int)s;
	}
	return -1;
}

static void
read_day_track(struct reader *item, unsigned slot)
{
	int signal = free_signal(item, slot, false);

	if (signal >= 0)
		record_read_track(item, item->rules->signals[signal].kind, (unsigned)signal,
				  false);
	else
		(void)record_take_rest(item);
}

/* Hours that no rule reads any more are not kept: nothing would go on filling them. */
static void
read_hour_track(struct reader *item, unsigned slot)
{
	int signal = free_signal(item, slot, true);

	if (signal >= 0 && item->rules->signals[signal].reach_hours > 0)
		record_read_track(item, item->rules->signals[signal].kind, (unsigned)signal,
				  true);
	else
		(void)record_take_rest(item);
}

static void
read_due(struct reader *reader)
{
	bool ours = record_take_number(reader) == record_due_program();
	uint64_t minutes = record_take_below(reader, UINT64_C(1) << 32);
	uint64_t at = (uint64_t)reader->base + (minutes - 1) * MINUTE_MS;

	if (ours && reader->same_rules)
		*customer_due_at(reader->customer) = minutes == 0 ? NEVER : (int64_t)at;
}

static void
read_part(struct reader *reader, enum record_part part)
{
	reader->found = 0;
	switch (part) {
	case PART_FIRST_SEEN:
	case PART_EVENT_AT:
	case PART_SEQ:
	case PART_ORDER_AT:
	case PART_RISK:
	case PART_FIRINGS:
	case PART_EPISODE_N:
	case PART_EPISODE_AT:
	case PART_ORDER_N:
	case PART_BACKFILLED_AT:
		read_numbers(reader, part);
		return;
	case PART_EPISODE:
	case PART_QUIET:
	case PART_RESTS:
	case PART_MOVED:
	case PART_GONE:
		read_flag(reader, part);
		return;
	case PART_DAYS:
		record_take_items(reader, KEYED_SIGNAL, RULESET_MAX_SIGNALS, read_day_track);
		return;
	case PART_HOURS:
		record_take_items(reader, KEYED_SIGNAL, RULESET_MAX_SIGNALS, read_hour_track);
		return;
	case PART_PROFILE:
		record_read_profile(reader);
		return;
	case PART_RULES:
		record_read_rules(reader);
		return;
	case PART_HELD:
		read_held(reader);
		return;
	case PART_IDS:
		record_read_ids(reader);
		return;
	case PART_TASKS:
		record_read_tasks(reader);
		return;
	case PART_TAGS:
		record_read_tags(reader);
		return;
	case PART_AFTERS:
		record_read_afters(reader);
		return;
	case PART_LEVEL:
		read_level(reader);
		return;
	case PART_STAGE:
		read_stage(reader);
		return;
	case PART_RISKS:
		record_read_risks(reader);
		return;
	case PART_ITEMS:
		record_read_list_items(reader);
		return;
	case PART_MEMBERS:
		record_read_members(reader);
		return;
	case PART_CHURNED:
		customer_cold(reader->customer)->churned_at = record_take_at(reader);
		return;
	case PART_ALERTS:
		record_read_alerts(reader);
		return;
	case PART_DUE:
		read_due(reader);
		return;
	case PART_COUNT:
		return;
	}
}

/* --- the record --- */

/* `whose`: STR_NONE if it does not say so. */
static bool
read_head(struct reader *reader, uint64_t *tag, struct str *whose, struct stream_id *applied)
{
	uint64_t version = record_take_little(reader, 1);

	*tag = record_take_little(reader, 8);
	*whose = version >= RECORD_WHOSE ? record_take_text(reader) : STR_NONE;
	applied->ms = record_take_signed(reader);
	applied->seq = record_take_number(reader);
	reader->base = applied->ms;
	reader->version = (uint8_t)version;
	return reader->p && version >= 1 && version <= RECORD_VERSION;
}

bool
record_peek(struct str bytes, uint64_t *rules_tag, struct stream_id *applied)
{
	const uint8_t *p = (const uint8_t *)bytes.p;
	struct reader reader = {.p = p, .end = p ? p + bytes.n : NULL};
	struct stream_id id;
	struct str whose;
	uint64_t tag;

	if (!p || !read_head(&reader, &tag, &whose, &id))
		return false;
	*rules_tag = tag;
	*applied = id;
	return true;
}

struct str
record_whose(struct str bytes)
{
	const uint8_t *p = (const uint8_t *)bytes.p;
	struct reader reader = {.p = p + RECORD_HEAD, .end = p + bytes.n};

	if (bytes.n < RECORD_HEAD + RECORD_TAIL || p[0] < RECORD_WHOSE)
		return STR_NONE;
	return record_take_text(&reader);
}

bool
record_says_whose(struct str bytes)
{
	return record_whose(bytes).n > 0 && record_sum_fits(bytes);
}

static bool
check_bytes(struct str id, struct str bytes, struct err *err)
{
	const uint8_t *p = (const uint8_t *)bytes.p;

	if (bytes.n < RECORD_HEAD + RECORD_TAIL)
		return err_set(err, "the record of customer %.*s is cut short", STR_ARG(id));
	if (!record_sum_fits(bytes))
		return err_set(err,
			       "the record of customer %.*s is damaged: its checksum differs",
			       STR_ARG(id));
	if (p[0] > RECORD_VERSION)
		return err_set(
			err,
			"the record of customer %.*s is of version %d; this churnd reads "
			"up to %d",
			STR_ARG(id), p[0], RECORD_VERSION);
	return true;
}

static bool
read_parts(struct reader *reader)
{
	unsigned parts = reader->version == 1  ? (unsigned)PART_COUNT_1
			 : reader->version < 4 ? (unsigned)PART_COUNT_3
			 : reader->version < 6 ? (unsigned)PART_COUNT_5
			 : reader->version < 7 ? (unsigned)PART_COUNT_6
					       : (unsigned)PART_COUNT;
	uint64_t has = record_take_below(reader, UINT64_C(1) << parts);

	tracks_draft_begin(reader->draft);
	for (; has && reader->p; has &= has - 1)
		read_part(reader, (enum record_part)__builtin_ctzll(has));
	record_make_tracks(reader);
	return record_is_taken(reader);
}

struct customer *
record_decode(const struct ruleset *rules, struct str id, struct str bytes,
	      struct stream_id *applied, struct err *err)
{
	const uint8_t *p = (const uint8_t *)bytes.p;
	struct tracks_draft draft;
	struct reader reader = {.p = p, .rules = rules, .draft = &draft};
	struct stream_id read = {0, 0};
	struct str whose;
	uint64_t tag;

	if (!check_bytes(id, bytes, err))
		return NULL;
	reader.end = p + bytes.n - RECORD_TAIL;
	reader.customer = customer_create(id);
	reader.tracks = &reader.customer->tracks;
	reader.same_rules = memcmp(p + 1, rules->sha, 8) == 0;
	if (read_head(&reader, &tag, &whose, &read) &&
	    (reader.version < RECORD_WHOSE || str_eq(whose, id)) && read_parts(&reader)) {
		*applied = read;
		return reader.customer;
	}
	customer_finish(reader.customer);
	mem_free(reader.customer);
	err_set(err, "the record of customer %.*s makes no sense", STR_ARG(id));
	return NULL;
}
