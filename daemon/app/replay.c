/* SPDX-License-Identifier: Apache-2.0 */
/* churnctl replay: a file of events through the live engine on the virtual clock. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/command.h"
#include "app/event_input.h"
#include "app/rules_open.h"
#include "base/number.h"
#include "codec/alert_json.h"
#include "codec/event.h"

#define BATCH 256
#define OUT_BYTES ((size_t)256 << 10)

struct replay {
	const struct ctl *ctl;
	struct engine *engine;
	struct order_sink sink;
	struct entry entries[BATCH];
	size_t waiting;
	struct arena texts; /* of the entries waiting */
	struct stream_id last;
	int64_t until; /* NEVER: to the last row */
	const char *only;
	struct buf out, scratch;
	uint64_t rejected, alerts;
	const char *file;
	bool failed, enough;
};

/* ---- orders ---- */

static bool
type_wanted(const char *only, struct str type)
{
	while (only) {
		const char *comma = strchr(only, ',');
		size_t n = comma ? (size_t)(comma - only) : strlen(only);
		if (n == type.n && memcmp(only, type.p, n) == 0)
			return true;
		only = comma ? comma + 1 : NULL;
	}
	return false;
}

static void
write_out(struct replay *replay)
{
	fwrite(replay->out.p ? replay->out.p : "", 1, replay->out.n, stdout);
	buf_clear(&replay->out);
}

static void
complain(struct replay *replay, const char *where, const char *sentence)
{
	replay->rejected++;
	if (replay->rejected <= 20)
		fprintf(stderr, "%s: rejected: %s\n", where, sentence);
}

static void
take_order(void *ctx, const struct order *order)
{
	struct replay *replay = ctx;
	if (order->kind == ORDER_REJECT) {
		char where[300];
		snprintf(where, sizeof where, "%s (event of %" PRId64 ")", replay->file,
			 order->caused_by.ms);
		complain(replay, where, order->u.reject.p);
		return;
	}
	struct str type = alert_json_type(&replay->scratch, order);
	if (replay->only && !type_wanted(replay->only, type))
		return;
	if (order->kind == ORDER_ALERT)
		alert_json(&replay->out, replay->engine, order);
	else
		task_alert_json(&replay->out, replay->engine, order);
	buf_char(&replay->out, '\n');
	replay->alerts++;
	if (replay->out.n > OUT_BYTES)
		write_out(replay);
}

/* ---- rows ---- */

static void
flush_entries(struct replay *replay)
{
	(void)engine_apply(replay->engine, replay->entries, replay->waiting, &replay->sink);
	replay->waiting = 0;
	arena_reset(&replay->texts);
}

static void
keep(struct arena *arena, struct str *text)
{
	if (!text->p || text->n == 0)
		return;
	char *copy = arena_alloc(arena, text->n);
	memcpy(copy, text->p, text->n);
	text->p = copy;
}

/* The row's text goes with the row; the entry waits for its batch. */
static void
keep_entry(struct arena *arena, struct entry *entry)
{
	keep(arena, &entry->customer);
	keep(arena, &entry->type);
	keep(arena, &entry->user);
	keep(arena, &entry->source);
	keep(arena, &entry->event_id);
	for (unsigned i = 0; i < entry->attribute_count; i++) {
		keep(arena, &entry->attributes[i].key);
		keep(arena, &entry->attributes[i].value);
	}
}

/* Ids as an import writes them: the ms of arrival, then 0, 1, 2.. within it. */
static bool
next_id(struct replay *replay, const struct event_row *row, struct stream_id *id)
{
	struct stream_id last = replay->last;
	if (row->arrived == INT64_MIN)
		return !ctl_fail(STATUS_USAGE, "%s:%" PRIu64 ": the row has neither arrived nor ts",
				 replay->file, row->line);
	if (row->arrived < last.ms) {
		(void)ctl_fail(STATUS_USAGE,
			       "%s:%" PRIu64 ": the row arrived before the one above it; rows must "
			       "be in the order of arrived (default ts)",
			       replay->file, row->line);
		return false;
	}
	bool same = row->arrived == last.ms && (last.ms || last.seq);
	*id = (struct stream_id){.ms = row->arrived, .seq = same ? last.seq + 1 : 0};
	if (id->ms == 0 && id->seq == 0)
		id->seq = 1;
	return true;
}

static bool
take_row(void *ctx, const struct event_row *row, const char *error)
{
	struct replay *replay = ctx;
	struct stream_id id;
	struct err err;
	if (!row) {
		complain(replay, "replay", error);
		return true;
	}
	if (!next_id(replay, row, &id)) {
		replay->failed = true;
		return false;
	}
	if (id.ms > replay->until) {
		replay->enough = true;
		return false;
	}
	replay->last = id;
	struct entry *entry = &replay->entries[replay->waiting];
	if (!event_decode(id, row->fields, row->count, &replay->texts, entry, &err)) {
		char where[300];
		snprintf(where, sizeof where, "%s:%" PRIu64, replay->file, row->line);
		flush_entries(replay);
		engine_skip(replay->engine, id, &replay->sink);
		complain(replay, where, err.text);
		return true;
	}
	keep_entry(&replay->texts, entry);
	if (++replay->waiting == BATCH)
		flush_entries(replay);
	return true;
}

/* ---- the command ---- */

static bool
parse_until(const char *text, const struct ruleset *rules, int64_t *out)
{
	struct err err;
	int64_t day;
	if (!text) {
		*out = NEVER;
		return true;
	}
	if (parse_date(str_of(text), &day)) {
		*out = zone_day_start(rules->zone, day + 1) - 1;
		return true;
	}
	if (parse_int64(str_of(text), out) || parse_instant(str_of(text), out, &err))
		return true;
	(void)ctl_fail(STATUS_USAGE, "--until \"%s\" is no date, instant or ms", text);
	return false;
}

static enum status
replay_files(struct replay *replay, const struct option_list *files)
{
	for (unsigned i = 0; i < files->count && !replay->enough && !replay->failed; i++) {
		struct err err;
		replay->file = files->items[i];
		if (!event_input_read(replay->file, replay->ctl->progress, take_row, replay, &err))
			return ctl_fail(STATUS_USAGE, "%s", err.text);
	}
	if (replay->failed)
		return STATUS_USAGE;
	flush_entries(replay);
	if (replay->until != NEVER)
		engine_advance(replay->engine, replay->until, &replay->sink);
	write_out(replay);
	if (replay->rejected)
		fprintf(stderr, "churnctl: %" PRIu64 " rows were rejected\n", replay->rejected);
	return STATUS_DONE;
}

enum status
replay_run(const struct ctl *ctl, int argc, char **argv)
{
	struct option_list rules = {0}, events = {0};
	const char *until = NULL, *only = NULL;
	const struct option options[] = {
		{"--rules", OPTION_LIST, {.list = &rules}},
		{"--events", OPTION_LIST, {.list = &events}},
		{"--until", OPTION_TEXT, {.text = &until}},
		{"--only", OPTION_TEXT, {.text = &only}},
	};
	struct rules_names names = {0};
	struct ruleset *set;
	if (!options_take(options, sizeof options / sizeof *options, &argc, argv))
		return STATUS_USAGE;
	if (argc != 1 || rules.count == 0 || events.count == 0)
		return ctl_usage("replay");
	for (unsigned i = 0; i < rules.count; i++)
		rules_names_add(&names, rules.items[i]);
	enum status status = rules_open(ctl, &names, RULES_OPEN_USE, &set);
	if (!set)
		return status;
	struct replay *replay = calloc(1, sizeof *replay);
	if (!replay)
		abort();
	replay->ctl = ctl;
	replay->only = only;
	replay->engine = engine_create(set, (struct hash_seed){.k0 = 3, .k1 = 4});
	replay->sink = (struct order_sink){.ctx = replay, .take = take_order};
	arena_init(&replay->texts);
	status = STATUS_USAGE;
	if (parse_until(until, set, &replay->until))
		status = replay_files(replay, &events);
	if (fflush(stdout) != 0)
		status = ctl_fail(STATUS_USAGE, "the output could not be written");
	engine_destroy(replay->engine);
	arena_finish(&replay->texts);
	buf_finish(&replay->out);
	buf_finish(&replay->scratch);
	free(replay);
	return status;
}
