/* SPDX-License-Identifier: Apache-2.0 */
/* Holds what a daemon left against a replay of the stream it left: see verify.h. */
#include "support/verify.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "codec/alert_json.h"
#include "codec/event.h"
#include "codec/guard_record.h"
#include "codec/partition.h"
#include "codec/quality_record.h"
#include "codec/record.h"
#include "codec/stream_id.h"
#include "codec/teams_record.h"
#include "engine/guard.h"
#include "io/shard.h"
#include "support/same_engine.h"
#include "support/task_ledger.h"

#define PAGE "2000"

struct lines {
	struct str *list;
	size_t count, cap;
};

struct verify {
	const struct verify_source *source;
	const char *prefix;
	struct arena arena; /* replies and lines: all of it */
	const struct rule_files *genesis;
	struct commit_mark mark;
	struct engine *engine;
	bool mute;
	struct lines alerts, tasks, rejects;
	struct task_ledger ledger;
	size_t entries;
};

static _Noreturn void differ(const struct verify *verify, const char *fmt, ...)
	PRINTF_LIKE(2, 3);

static _Noreturn void
differ(const struct verify *verify, const char *fmt, ...)
{
	char sentence[16384];
	va_list args;
	va_start(args, fmt);
	vsnprintf(sentence, sizeof sentence, fmt, args);
	va_end(args);
	verify->source->differ(sentence);
}

static const char *
key(struct verify *verify, const char *name)
{
	return arena_printf(&verify->arena, "%s%s", verify->prefix, name).p;
}

/* A command of up to six words. */
static const struct reply *
ask(const struct verify *verify, struct arena *arena, const char *a, const char *b,
    const char *c, const char *d, const char *e, const char *f)
{
	const char *const words[] = {a, b, c, d, e, f, NULL};
	struct err err;
	const struct reply *reply =
		verify->source->call(verify->source->ctx, arena, &err, words);
	if (!reply)
		differ(verify, "%s", err.text);
	if (reply->type == REPLY_ERROR)
		differ(verify, "redis: %.*s", STR_ARG(reply->text));
	return reply;
}

static const struct reply *
ask_of_key(struct verify *verify, const char *command, const char *name)
{
	return ask(verify, &verify->arena, command, name, NULL, NULL, NULL, NULL);
}

static void
line_add(struct verify *verify, struct lines *lines, struct str line)
{
	MEM_RESERVE(lines->list, lines->cap, lines->count + 1);
	lines->list[lines->count++] = arena_str(&verify->arena, line);
}

/* ---- the replay's side ---- */

static void
say_alert(struct verify *verify, const struct order *order)
{
	struct buf line = {0}, type = {0};
	struct str name = alert_json_type(&type, order);
	bool task = order->kind == ORDER_TASK;
	struct str customer = order->customer ? customer_id(order->customer) : STR_NONE;
	buf_printf(&line, "id=%s type=%.*s customer=%.*s at=%" PRId64 " to=",
		   task ? order->u.task.notice_id : order->u.alert.id, STR_ARG(name),
		   STR_ARG(customer), task ? order->u.task.at : order->u.alert.at);
	const struct str *to = task ? order->u.task.endpoints : order->u.alert.to;
	unsigned count = task ? order->u.task.endpoint_count : order->u.alert.to_count;
	for (unsigned i = 0; i < count; i++)
		buf_printf(&line, "%s%.*s", i ? "," : "", STR_ARG(to[i]));
	buf_text(&line, " body=");
	if (task)
		task_alert_json(&line, verify->engine, order);
	else
		alert_json(&line, verify->engine, order);
	line_add(verify, &verify->alerts, buf_view(&line));
	buf_finish(&line);
	buf_finish(&type);
}

static void
say_task(struct verify *verify, const struct order *order)
{
	const struct task_change *change = &order->u.task;
	struct str line = arena_printf(&verify->arena,
				       "id=%s customer=%.*s verb=%s state=%s at=%" PRId64
				       " who=%.*s from=%.*s to=%.*s note=%.*s",
				       change->id, STR_ARG(customer_id(order->customer)),
				       task_verb_name(change->verb),
				       task_state_name((enum task_state)change->task->state),
				       change->at, STR_ARG(change->who), STR_ARG(change->from),
				       STR_ARG(change->to), STR_ARG(change->note));
	line_add(verify, &verify->tasks, line);
	task_ledger_note(&verify->ledger, verify->engine, order);
}

static void
say_reject(struct verify *verify, struct stream_id id, const char *sentence)
{
	char text[STREAM_ID_TEXT];
	stream_id_print(id, text);
	line_add(verify, &verify->rejects,
		 arena_printf(&verify->arena, "id=%s error=%s", text, sentence));
}

static void
take_order(void *ctx, const struct order *order)
{
	struct verify *verify = ctx;
	if (verify->mute)
		return;
	if (order->kind == ORDER_REJECT) {
		say_reject(verify, order->caused_by, order->u.reject.p);
		return;
	}
	if (order->kind == ORDER_TASK)
		say_task(verify, order);
	say_alert(verify, order);
}

static const struct reply *
hash_value(const struct reply *hash, const char *name)
{
	for (uint32_t i = 0; i + 1 < hash->count; i += 2)
		if (str_is(hash[1 + i].text, name))
			return &hash[2 + i];
	return NULL;
}

static struct ruleset *
make_rules(const struct rule_files *files)
{
	struct arena arena;
	struct diags diags;
	arena_init(&arena);
	diags_init(&diags, &arena);
	struct ruleset *rules = rule_files_load(files, (struct hash_seed){11, 12}, &diags);
	diags_finish(&diags);
	arena_finish(&arena);
	return rules;
}

/* NULL when Redis has no such text: the daemon had to reject the entry. */
static struct ruleset *
rules_of_sha(struct verify *verify, struct str sha)
{
	struct str name =
		arena_printf(&verify->arena, "%srules:%.*s", verify->prefix, STR_ARG(sha));
	const struct reply *hash = ask_of_key(verify, "HGETALL", name.p);
	struct diag_file files[DIAG_FILES];
	unsigned count = 0;
	for (; count < DIAG_FILES; count++) {
		char field[32];
		snprintf(field, sizeof field, "text:%u", count);
		const struct reply *text = hash_value(hash, field);
		if (!text)
			break;
		files[count] = (struct diag_file){.name = STR("stored"), .text = text->text};
	}
	if (!count)
		return NULL;
	struct rule_files *made = rule_files_make(files, count);
	struct ruleset *rules = make_rules(made);
	rule_files_destroy(made);
	return rules;
}

static void
apply_entry(struct verify *verify, struct stream_id id, const struct reply *fields)
{
	struct field list[512];
	struct arena arena;
	struct entry entry;
	struct err err;
	struct order_sink sink = {.ctx = verify, .take = take_order};
	unsigned count = fields->count / 2;
	arena_init(&arena);
	for (unsigned i = 0; i < count && i < 512; i++)
		list[i] = (struct field){fields[1 + 2 * i].text, fields[2 + 2 * i].text};
	if (!event_decode(id, list, count, &arena, &entry, &err)) {
		engine_skip(verify->engine, id, &sink);
		if (!verify->mute)
			say_reject(verify, id, err.text);
	} else if (entry.kind == ENTRY_RULES) {
		struct ruleset *rules =
			rules_of_sha(verify, entry_attribute(&entry, STR("sha256")));
		if (rules) {
			engine_change_rules(verify->engine, &entry, rules, &sink);
		} else {
			engine_skip(verify->engine, id, &sink);
			if (!verify->mute)
				say_reject(verify, id, "rules");
		}
	} else {
		(void)engine_apply(verify->engine, &entry, 1, &sink);
	}
	arena_finish(&arena);
}

/* All entries of a stream behind `from`, which is overwritten, up to `to`, in pages. */
static void
read_stream(struct verify *verify, const char *stream, char from[STREAM_ID_TEXT + 1],
	    const char *to,
	    void (*fn)(struct verify *, void *, struct stream_id, const struct reply *),
	    void *ctx)
{
	uint32_t count;
	do {
		struct arena page;
		arena_init(&page);
		const struct reply *reply = ask(verify, &page, "XRANGE", key(verify, stream),
						from, to, "COUNT", PAGE);
		const struct reply *item = reply + 1;
		count = reply->count;
		for (uint32_t i = 0; i < count; i++, item = reply_next(item)) {
			struct stream_id id;
			if (!stream_id_parse(item[1].text, &id))
				differ(verify, "%s has an id that is none", stream);
			fn(verify, ctx, id, item + 2);
			from[0] = '(';
			stream_id_print(id, from + 1);
		}
		arena_finish(&page);
	} while (count > 0);
}

static void
apply_event(struct verify *verify, void *ctx, struct stream_id id, const struct reply *fields)
{
	(void)ctx;
	apply_entry(verify, id, fields);
	verify->entries += !verify->mute;
}

/* All entries in (after, to]. */
static void
run_stream(struct verify *verify, struct stream_id after, struct stream_id to)
{
	char from[STREAM_ID_TEXT + 1] = "(", end[STREAM_ID_TEXT];
	stream_id_print(after, from + 1);
	stream_id_print(to, end);
	read_stream(verify, "events", from, end, apply_event, NULL);
}

/* ---- Redis' side ---- */

static struct str
field_of(const struct reply *fields, const char *name)
{
	const struct reply *value = hash_value(fields, name);
	return value ? value->text : STR_NONE;
}

static struct str
line_of_alert(struct verify *verify, const struct reply *f)
{
	return arena_printf(&verify->arena,
			    "id=%.*s type=%.*s customer=%.*s at=%.*s to=%.*s body=%.*s",
			    STR_ARG(field_of(f, "id")), STR_ARG(field_of(f, "type")),
			    STR_ARG(field_of(f, "customer")), STR_ARG(field_of(f, "at")),
			    STR_ARG(field_of(f, "to")), STR_ARG(field_of(f, "body")));
}

static struct str
line_of_task(struct verify *verify, const struct reply *f)
{
	return arena_printf(&verify->arena,
			    "id=%.*s customer=%.*s verb=%.*s state=%.*s at=%.*s who=%.*s "
			    "from=%.*s to=%.*s note=%.*s",
			    STR_ARG(field_of(f, "id")), STR_ARG(field_of(f, "customer")),
			    STR_ARG(field_of(f, "verb")), STR_ARG(field_of(f, "state")),
			    STR_ARG(field_of(f, "at")), STR_ARG(field_of(f, "who")),
			    STR_ARG(field_of(f, "from")), STR_ARG(field_of(f, "to")),
			    STR_ARG(field_of(f, "note")));
}

static struct str
line_of_reject(struct verify *verify, const struct reply *f)
{
	return arena_printf(&verify->arena, "id=%.*s error=%.*s", STR_ARG(field_of(f, "id")),
			    STR_ARG(field_of(f, "error")));
}

struct comparison {
	const char *stream;
	const struct lines *want;
	struct str (*line_of)(struct verify *, const struct reply *);
	size_t at;
};

static void
compare_entry(struct verify *verify, void *ctx, struct stream_id id, const struct reply *fields)
{
	struct comparison *with = ctx;
	struct str got = with->line_of(verify, fields);
	(void)id;
	if (with->at == with->want->count)
		differ(verify, "%s: one too many: %.*s", with->stream, STR_ARG(got));
	struct str want = with->want->list[with->at];
	/* Sentences about rules that are not there are worded by the daemon alone. */
	if (!str_ends(want, STR(" error=rules")) && !str_eq(got, want))
		differ(verify, "%s differs at %zu\n  redis:  %.*s\n  replay: %.*s",
		       with->stream, with->at, STR_ARG(got), STR_ARG(want));
	with->at++;
}

static void
compare(struct verify *verify, const char *stream, const struct lines *want,
	struct str (*line_of)(struct verify *, const struct reply *))
{
	struct comparison with = {stream, want, line_of, 0};
	char from[STREAM_ID_TEXT + 1] = "-";
	read_stream(verify, stream, from, "+", compare_entry, &with);
	if (with.at != want->count)
		differ(verify, "%s: %zu missing, the first is %.*s", stream,
		       want->count - with.at, STR_ARG(want->list[with.at]));
}

static void
check_ids(struct verify *verify)
{
	struct map seen;
	map_init(&seen, (struct hash_seed){13, 14});
	for (size_t i = 0; i < verify->alerts.count; i++) {
		struct str id = str_slice(verify->alerts.list[i], 3, 32);
		uint32_t at;
		if (map_get(&seen, id, &at))
			differ(verify, "alert id %.*s comes twice", STR_ARG(id));
		map_put(&seen, id, (uint32_t)i);
	}
	map_finish(&seen);
}

static void
check_tasks(struct verify *verify)
{
	for (size_t i = 0; i < verify->ledger.count; i++) {
		const char *name =
			key(verify, task_ledger_key(&verify->ledger, i, &verify->arena));
		const struct field *field = task_ledger_differs(
			&verify->ledger, i, ask_of_key(verify, "HGETALL", name));
		if (field)
			differ(verify, "%s: %.*s is not '%.*s'", name, STR_ARG(field->key),
			       STR_ARG(field->value));
	}
}

/* ---- records ---- */

struct held {
	struct str id, bytes;
};

struct records {
	struct held *list;
	size_t count, cap;
};

/* What is shared may lie among the customers' records as well, as an older version left it: that no longer counts. */
static bool
is_there(const struct records *records, struct str id)
{
	for (size_t i = 0; id.p[0] == 1 && i < records->count; i++)
		if (str_eq(records->list[i].id, id))
			return true;
	return false;
}

static void
read_hash(struct verify *verify, const char *name, struct records *records)
{
	const struct reply *hash = ask_of_key(verify, "HGETALL", name);
	for (uint32_t i = 0; i + 1 < hash->count; i += 2) {
		if (is_there(records, hash[1 + i].text))
			continue;
		MEM_RESERVE(records->list, records->cap, records->count + 1);
		records->list[records->count++] =
			(struct held){hash[1 + i].text, hash[2 + i].text};
	}
}

static void
read_records(struct verify *verify, struct records *records)
{
	struct str name = arena_printf(&verify->arena, "%sstate:shared", verify->prefix);
	read_hash(verify, name.p, records);
	for (unsigned shard = 0; shard < SHARD_COUNT; shard++) {
		name = arena_printf(&verify->arena, "%sstate:%u", verify->prefix, shard);
		read_hash(verify, name.p, records);
	}
}

static void
must_be_same(const struct verify *verify, bool same, const struct err *why)
{
	if (!same)
		differ(verify, "%s", why->text);
}

static void
load_guard(struct verify *verify, struct engine *again, struct str now, struct str past)
{
	struct stream_id applied;
	struct guard guard;
	struct err err;
	if (now.n == 0)
		return;
	if (!guard_decode(now, past, &guard, &applied, &err))
		differ(verify, "%s", err.text);
	if (stream_id_cmp(applied, verify->mark.position) > 0)
		differ(verify, "the guard's record is ahead of the position");
	engine_load_guard(again, &guard, applied);
}

/* What lies there is as of the position, under whatever rules it came to be; unless the daemon was amid its work, and the
 * last commit's records are still to come. */
static void
check_figures(struct verify *verify, const struct records *records)
{
	if (stream_id_cmp(verify->mark.low, verify->mark.position) != 0)
		return;
	struct engine *bare =
		engine_create(make_rules(verify->genesis), (struct hash_seed){19, 20});
	struct err err;
	for (size_t i = 0; i < records->count; i++)
		if (quality_record_is(records->list[i].id) &&
		    !quality_decode(records->list[i].bytes, bare, &err))
			differ(verify, "%s", err.text);
	must_be_same(verify, same_figures(verify->engine, bare, &err), &err);
	engine_destroy(bare);
}

/* Recovery as the law says: all records, then what they do not hold yet. */
static void
check_records(struct verify *verify)
{
	struct records records = {0};
	struct engine *full = verify->engine;
	struct partition partition;
	struct err err;
	read_records(verify, &records);
	check_figures(verify, &records);
	const struct reply *text = ask_of_key(verify, "GET", key(verify, "partition"));
	if (!partition_parse(text->text, &partition, &err))
		differ(verify, "%s", err.text);
	if (partition.epoch_count > 1) {
		/* Recovery across a change of rules is the daemon's to show: see tests/fault. */
		partition_finish(&partition);
		mem_free(records.list);
		return;
	}
	struct ruleset *rules =
		strcmp(partition.epochs[0].sha_hex, verify->genesis->sha_hex) == 0
			? make_rules(verify->genesis)
			: rules_of_sha(verify, str_of(partition.epochs[0].sha_hex));
	epoch_bear(&partition.epochs[0], rules);
	struct engine *again = engine_create(rules, (struct hash_seed){17, 18});
	engine_resume(again, verify->mark.low);
	struct str now = STR_NONE, past = STR_NONE;
	for (size_t i = 0; i < records.count; i++) {
		struct stream_id applied;
		if (str_is(records.list[i].id, GUARD_RECORD_ID))
			now = records.list[i].bytes;
		if (str_is(records.list[i].id, GUARD_RECORD_PAST))
			past = records.list[i].bytes;
		if (str_is(records.list[i].id, TEAMS_RECORD_ID) &&
		    !teams_decode(records.list[i].bytes, again, &err))
			differ(verify, "%s", err.text);
		if (quality_record_is(records.list[i].id) &&
		    !quality_decode(records.list[i].bytes, again, &err))
			differ(verify, "%s", err.text);
		if (records.list[i].id.p[0] == 1)
			continue;
		struct customer *customer = record_decode(
			rules, records.list[i].id, records.list[i].bytes, &applied, &err);
		if (!customer || !engine_load(again, customer, applied, &err))
			differ(verify, "%s", err.text);
		if (stream_id_cmp(applied, verify->mark.position) > 0)
			differ(verify, "a record is ahead of the position");
	}
	load_guard(verify, again, now, past);
	verify->engine = again;
	run_stream(verify, verify->mark.low, verify->mark.position);
	verify->engine = full;
	must_be_same(verify, same_engine(verify->engine, again, &err), &err);
	engine_destroy(again);
	partition_finish(&partition);
	mem_free(records.list);
}

static void
read_mark(struct verify *verify)
{
	struct err err;
	const struct reply *mark = ask_of_key(verify, "GET", key(verify, "commit"));
	if (mark->type != REPLY_STRING)
		differ(verify, "there is no commit");
	if (!commit_mark_parse(mark->text, &verify->mark, &err))
		differ(verify, "%s", err.text);
}

void
verify_run(const struct verify_source *source, const char *prefix,
	   const struct rule_files *genesis, const struct engine *live,
	   struct verify_counts *out)
{
	struct verify verify = {.source = source, .prefix = prefix, .genesis = genesis};
	struct err err;
	arena_init(&verify.arena);
	task_ledger_init(&verify.ledger);
	read_mark(&verify);
	struct ruleset *rules = make_rules(genesis);
	if (!rules)
		differ(&verify, "the rules are in error");
	verify.engine = engine_create(rules, (struct hash_seed){9, 10});
	run_stream(&verify, (struct stream_id){0, 0}, verify.mark.position);
	compare(&verify, "alerts", &verify.alerts, line_of_alert);
	compare(&verify, "tasks", &verify.tasks, line_of_task);
	compare(&verify, "rejected", &verify.rejects, line_of_reject);
	check_ids(&verify);
	check_tasks(&verify);
	check_records(&verify);
	if (live)
		must_be_same(&verify, same_engine(verify.engine, live, &err), &err);
	*out = (struct verify_counts){verify.entries, engine_customers(verify.engine),
				      verify.alerts.count, verify.tasks.count,
				      verify.rejects.count};
	engine_destroy(verify.engine);
	mem_free(verify.alerts.list);
	mem_free(verify.tasks.list);
	mem_free(verify.rejects.list);
	task_ledger_finish(&verify.ledger);
	arena_finish(&verify.arena);
}
