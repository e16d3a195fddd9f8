/* SPDX-License-Identifier: Apache-2.0 */
/* The fake Redis' streams: adding, reading, waiting, trimming, and their groups. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "codec/stream_id.h"
#include "sim/redis.h"
#include "sim/sim.h"

#define WORD(call, i) ((call)->words[i])

static const struct stream_id id_max = {INT64_MAX, UINT64_MAX};

static void
reply_id(struct buf *out, struct stream_id id)
{
	char text[STREAM_ID_TEXT];

	stream_id_print(id, text);
	reply_text(out, str_of(text));
}

static void
reply_entry(struct buf *out, const struct fake_entry *entry)
{
	reply_array(out, 2);
	reply_id(out, entry->id);
	reply_array(out, entry->count);
	for (unsigned i = 0; i < entry->count; i++)
		reply_text(out, entry->words[i]);
}

/* The stream under a key as the client sees it; NULL: none (or another type, and that is said). */
static struct fake_value *
stream_of(struct fake_call *call, struct str key, bool *wrong)
{
	struct fake_value *value = fake_look(call, key);

	*wrong = !fake_type_fits(call, value, FAKE_STREAM);
	return *wrong ? NULL : value;
}

/* Index of the first entry with an id of at least `from`. */
static size_t
entry_at(const struct fake_stream *stream, struct stream_id from)
{
	size_t low = 0, high = stream->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (stream_id_cmp(stream->entries[middle].id, from) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct stream_id
id_after(struct stream_id id)
{
	if (id.seq == UINT64_MAX)
		return (struct stream_id){id.ms + 1, 0};
	return (struct stream_id){id.ms, id.seq + 1};
}

/* ---- adding ---- */

/* id = "*" | ms "-*" | ms "-" seq */
static bool
id_make(const struct fake_call *call, struct stream_id last, struct str text,
	struct stream_id *out)
{
	struct stream_id id = {fake_server_now(call->server), 0};
	bool open = str_ends(text, STR("*"));

	if (text.n > 1 && open &&
	    !parse_int64(str_slice(text, 0, text.n - 2), &id.ms)) /* "ms-*" */
		return false;
	if (!open && !stream_id_parse(text, &id))
		return false;
	if (text.n == 1 && id.ms < last.ms)
		id.ms = last.ms;
	if (open && id.ms == last.ms)
		id.seq = last.seq + 1;
	*out = id;
	return stream_id_cmp(id, last) > 0;
}

static struct fake_entry *
entry_add(struct fake_server *server, struct fake_stream *stream)
{
	if (stream->count == stream->cap) {
		size_t cap = stream->cap > 0 ? stream->cap * 2 : 16;
		struct fake_entry *entries =
			arena_array(&server->data.arena, cap, sizeof *entries);

		if (stream->count > 0)
			memcpy(entries, stream->entries, stream->count * sizeof *entries);
		stream->entries = entries;
		stream->cap = cap;
	}
	stream->live++;
	stream->added++;
	return &stream->entries[stream->count++];
}

static void
log_added(struct fake_call *call, struct stream_id id)
{
	struct str *words;
	char text[STREAM_ID_TEXT];

	if (call->server->replaying)
		return;
	words = arena_array(call->server->words, call->count, sizeof *words);
	memcpy(words, call->words, call->count * sizeof *words);
	stream_id_print(id, text);
	words[2] = arena_str(call->server->words, str_of(text));
	fake_log(call, words, call->count);
}

/* XADD key id name value ... */
static void
run_xadd(struct fake_call *call)
{
	struct fake_server *server = call->server;
	struct fake_value *value;
	struct fake_entry *entry;
	struct stream_id id;
	bool wrong;

	value = stream_of(call, WORD(call, 1), &wrong);
	if (wrong)
		return;
	if (!id_make(call, value != NULL ? value->stream.last : (struct stream_id){0, 0},
		     WORD(call, 2), &id)) {
		reply_error(call->out, "ERR The ID specified in XADD is equal or smaller than "
				       "the target stream top item");
		return;
	}
	if (value == NULL)
		value = fake_make(server, WORD(call, 1), FAKE_STREAM);
	entry = entry_add(server, &value->stream);
	*entry = (struct fake_entry){
		.id = id, .words = call->words + 3, .count = call->count - 3};
	value->stream.last = id;
	fake_touch(server, value);
	log_added(call, id);
	if (!server->replaying && server->on_entry != NULL)
		server->on_entry(server, WORD(call, 1), entry);
	reply_id(call->out, id);
}

/* ---- reading ---- */

/* From the entry on that `from` finds: up to `most` that are there and not beyond `to`. */
static void
reply_range(struct fake_call *call, const struct fake_stream *stream, size_t from,
	    struct stream_id to, unsigned most)
{
	unsigned count = 0;
	size_t end = from;

	for (; end < stream->count && count < most; end++) {
		if (stream_id_cmp(stream->entries[end].id, to) > 0)
			break;
		count += call->client->judge || !stream->entries[end].gone;
	}
	reply_array(call->out, count);
	for (size_t i = from; i < end; i++)
		if (call->client->judge || !stream->entries[i].gone)
			reply_entry(call->out, &stream->entries[i]);
}

/* bound = "-" | "+" | ["("] id */
static struct stream_id
bound_parse(struct str text, bool is_start)
{
	struct stream_id id = {0, 0};

	if (str_is(text, "-"))
		return id;
	if (str_is(text, "+"))
		return id_max;
	if (!str_starts(text, STR("("))) {
		if (!stream_id_parse(text, &id))
			sim_fail("XRANGE: %.*s is no id", STR_ARG(text));
		return id;
	}
	if (!stream_id_parse(str_slice(text, 1, text.n), &id))
		sim_fail("XRANGE: %.*s is no id", STR_ARG(text));
	if (is_start)
		return id_after(id);
	return id.seq > 0 ? (struct stream_id){id.ms, id.seq - 1}
			  : (struct stream_id){id.ms - 1, UINT64_MAX};
}

/* XRANGE key from to [COUNT n] */
static void
run_xrange(struct fake_call *call)
{
	struct fake_value *value;
	uint64_t most = UINT32_MAX;
	bool wrong;

	value = stream_of(call, WORD(call, 1), &wrong);
	if (wrong)
		return;
	if (call->count == 6)
		(void)!parse_uint64(WORD(call, 5), &most);
	if (value == NULL)
		reply_array(call->out, 0);
	else
		reply_range(call, &value->stream,
			    entry_at(&value->stream, bound_parse(WORD(call, 2), true)),
			    bound_parse(WORD(call, 3), false), (unsigned)most);
}

/* XREVRANGE key + - COUNT 1: the last that is there. */
static void
run_xrevrange(struct fake_call *call)
{
	struct fake_value *value;
	size_t at;
	bool wrong;

	value = stream_of(call, WORD(call, 1), &wrong);
	if (wrong)
		return;
	at = value != NULL ? value->stream.count : 0;
	while (at > 0 && value->stream.entries[at - 1].gone)
		at--;
	reply_array(call->out, at > 0);
	if (at > 0)
		reply_entry(call->out, &value->stream.entries[at - 1]);
}

static bool
read_now(struct fake_call *call, struct str key, struct stream_id after, unsigned most)
{
	struct fake_value *value;
	size_t at;
	bool wrong;

	value = stream_of(call, key, &wrong);
	if (wrong)
		return true;
	at = value != NULL ? entry_at(&value->stream, id_after(after)) : 0;
	while (value != NULL && at < value->stream.count && value->stream.entries[at].gone)
		at++;
	if (value == NULL || at == value->stream.count)
		return false;
	reply_array(call->out, 1);
	reply_array(call->out, 2);
	reply_text(call->out, key);
	reply_range(call, &value->stream, at, id_max, most);
	return true;
}

/* XREAD COUNT n [BLOCK ms] STREAMS key id */
static void
run_xread(struct fake_call *call)
{
	struct fake_client *client = call->client;
	unsigned last = call->count - 1;
	struct stream_id after;
	uint64_t count = 0;
	int64_t wait = -1;

	if (!parse_uint64(WORD(call, 2), &count) || !stream_id_parse(WORD(call, last), &after))
		sim_fail("an XREAD that is not understood");
	if (call->count == 8 && !parse_int64(WORD(call, 4), &wait))
		sim_fail("an XREAD that is not understood");
	if (read_now(call, WORD(call, last - 1), after, (unsigned)count))
		return;
	if (wait < 0) {
		reply_nil_array(call->out);
		return;
	}
	client->blocked = true;
	client->blocked_until = sim_monotonic() + wait;
	client->blocked_key = arena_str(call->server->words, WORD(call, last - 1));
	client->blocked_after = after;
	client->blocked_count = (unsigned)count;
}

bool
fake_wake(struct fake_client *client, struct buf *out)
{
	struct fake_call call = {client, client->server, NULL, 0, out};

	if (read_now(&call, client->blocked_key, client->blocked_after,
		     client->blocked_count)) {
		client->blocked = false;
	} else if (client->blocked_until <= sim_monotonic()) {
		client->blocked = false;
		reply_nil_array(out);
	}
	return !client->blocked;
}

/* ---- removing ---- */

static void
run_xdel(struct fake_call *call)
{
	struct fake_value *value;
	struct stream_id id;
	size_t at;
	bool wrong, found = false;

	value = stream_of(call, WORD(call, 1), &wrong);
	if (wrong)
		return;
	if (value != NULL && stream_id_parse(WORD(call, 2), &id)) {
		at = entry_at(&value->stream, id);
		found = at < value->stream.count && !value->stream.entries[at].gone &&
			stream_id_cmp(value->stream.entries[at].id, id) == 0;
		if (found) {
			value->stream.entries[at].gone = true;
			value->stream.live--;
			fake_touch(call->server, value);
			fake_log_as_is(call);
		}
	}
	reply_int(call->out, found);
}

static int64_t
trim_before(struct fake_stream *stream, size_t to)
{
	int64_t gone = 0;

	for (size_t i = 0; i < to; i++) {
		gone += !stream->entries[i].gone;
		stream->entries[i].gone = true;
	}
	stream->live -= (size_t)gone;
	return gone;
}

/* XTRIM key MINID|MAXLEN ~|= what [LIMIT n]. Redis may leave some with ~: by chance here, and as it is in the log. */
static void
run_xtrim(struct fake_call *call)
{
	struct fake_value *value;
	struct stream_id least = {0, 0};
	struct str *words;
	size_t to = 0;
	bool wrong;

	value = stream_of(call, WORD(call, 1), &wrong);
	if (wrong)
		return;
	if (value != NULL && fake_is(WORD(call, 2), "MINID") &&
	    stream_id_parse(WORD(call, 4), &least))
		to = entry_at(&value->stream, least);
	if (to > 0 && str_is(WORD(call, 3), "~"))
		to = (size_t)sim_span(0, (int64_t)to);
	if (to > 0 && !call->server->replaying) {
		char text[STREAM_ID_TEXT];

		words = arena_array(call->server->words, 5, sizeof *words);
		memcpy(words, call->words, 5 * sizeof *words);
		stream_id_print(id_after(value->stream.entries[to - 1].id), text);
		words[3] = STR("=");
		words[4] = arena_str(call->server->words, str_of(text));
		fake_log(call, words, 5);
	}
	reply_int(call->out, to > 0 ? trim_before(&value->stream, to) : 0);
}

/* ---- what is known of them ---- */

static void
pair_int(struct buf *out, const char *name, int64_t number)
{
	reply_text(out, str_of(name));
	reply_int(out, number);
}

static const struct fake_entry *
first_of(const struct fake_stream *stream)
{
	for (size_t i = 0; i < stream->count; i++)
		if (!stream->entries[i].gone)
			return &stream->entries[i];
	return NULL;
}

static void
info_stream(struct fake_call *call, const struct fake_stream *stream)
{
	const struct fake_entry *first = first_of(stream);

	reply_array(call->out, 8);
	pair_int(call->out, "length", (int64_t)stream->live);
	reply_text(call->out, STR("last-generated-id"));
	reply_id(call->out, stream->last);
	pair_int(call->out, "entries-added", (int64_t)stream->added);
	reply_text(call->out, STR("first-entry"));
	if (first != NULL)
		reply_entry(call->out, first);
	else
		reply_nil(call->out);
}

static void
info_groups(struct fake_call *call, const struct fake_stream *stream)
{
	reply_array(call->out, stream->group_count);
	for (unsigned i = 0; i < stream->group_count; i++) {
		const struct fake_group *group = &stream->groups[i];

		reply_array(call->out, 6);
		reply_text(call->out, STR("name"));
		reply_text(call->out, group->name);
		reply_text(call->out, STR("last-delivered-id"));
		reply_id(call->out, group->read);
		pair_int(call->out, "entries-read", group->entries_read);
	}
}

/* XINFO STREAM|GROUPS key */
static void
run_xinfo(struct fake_call *call)
{
	struct fake_value *value;
	bool wrong;

	value = stream_of(call, WORD(call, 2), &wrong);
	if (wrong)
		return;
	if (value == NULL)
		reply_error(call->out, "ERR no such key");
	else if (fake_is(WORD(call, 1), "STREAM"))
		info_stream(call, &value->stream);
	else
		info_groups(call, &value->stream);
}

static struct fake_group *
group_find(struct fake_stream *stream, struct str name)
{
	for (unsigned i = 0; i < stream->group_count; i++)
		if (str_eq(stream->groups[i].name, name))
			return &stream->groups[i];
	return NULL;
}

static void
group_create(struct fake_call *call, struct fake_value *value)
{
	struct fake_group *group;

	if (value == NULL)
		value = fake_make(call->server, WORD(call, 2), FAKE_STREAM);
	if (group_find(&value->stream, WORD(call, 3)) != NULL) {
		reply_error(call->out, "BUSYGROUP Consumer Group name already exists");
		return;
	}
	if (value->stream.group_count == FAKE_GROUPS)
		sim_fail("too many groups");
	group = &value->stream.groups[value->stream.group_count++];
	*group = (struct fake_group){.name = WORD(call, 3)};
	(void)!stream_id_parse(WORD(call, 4), &group->read);
	fake_touch(call->server, value);
	fake_log_as_is(call);
	reply_status(call->out, "OK");
}

static void
group_destroy(struct fake_call *call, struct fake_value *value, struct fake_group *group)
{
	*group = value->stream.groups[--value->stream.group_count];
	fake_touch(call->server, value);
	fake_log_as_is(call);
	reply_int(call->out, 1);
}

/* XGROUP CREATE key group id MKSTREAM | SETID key group id ENTRIESREAD n | DESTROY key group */
static void
run_xgroup(struct fake_call *call)
{
	struct fake_value *value;
	struct fake_group *group;
	bool wrong;

	value = stream_of(call, WORD(call, 2), &wrong);
	if (wrong)
		return;
	if (fake_is(WORD(call, 1), "CREATE")) {
		group_create(call, value);
		return;
	}
	if (value == NULL) {
		reply_error(call->out, "ERR The XGROUP subcommand requires the key to exist.");
		return;
	}
	group = group_find(&value->stream, WORD(call, 3));
	if (group == NULL) {
		reply_error(call->out, "NOGROUP No such consumer group for key name");
		return;
	}
	if (fake_is(WORD(call, 1), "DESTROY")) {
		group_destroy(call, value, group);
		return;
	}
	(void)!stream_id_parse(WORD(call, 4), &group->read);
	(void)!parse_int64(WORD(call, 6), &group->entries_read);
	fake_touch(call->server, value);
	fake_log_as_is(call);
	reply_status(call->out, "OK");
}

static const struct fake_command commands[] = {
	{"XADD", run_xadd, 5, FAKE_WRITES | FAKE_GROWS},
	{"XREAD", run_xread, 6, 0},
	{"XRANGE", run_xrange, 4, 0},
	{"XGROUP", run_xgroup, 4, FAKE_WRITES | FAKE_GROWS},
	{"XREVRANGE", run_xrevrange, 4, 0},
	{"XDEL", run_xdel, 3, FAKE_WRITES},
	{"XTRIM", run_xtrim, 5, FAKE_WRITES},
	{"XINFO", run_xinfo, 3, 0},
};

const struct fake_command *
fake_stream_command(struct str name)
{
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		if (str_is(name, commands[i].name))
			return &commands[i];
	return NULL;
}
