/* SPDX-License-Identifier: Apache-2.0 */
/* The texts of rule sets: into Redis, out of it, and the entry that puts them in force. */
#include <stdio.h>
#include <string.h>

#include "app/live_room.h"
#include "base/mem.h"
#include "base/number.h"
#include "codec/resp.h"
#include "io/log.h"

#define FETCH_AGAIN_MS 1000

/* <prefix>rules:<sha> is a hash: count, then name:<i> and text:<i> for each file. */

static struct str
rules_key(struct live *live, const char *sha, struct buf *out)
{
	buf_clear(out);
	buf_str(out, live->options.config->prefix);
	buf_printf(out, "rules:%s", sha);
	return buf_view(out);
}

static size_t
texts_words(const struct rule_files *files)
{
	return 4 + 4 * (size_t)files->count;
}

/* HSET <prefix>rules:<sha> count n name:0 .. text:0 .. */
static void
texts_write(struct live *live, struct buf *out, const struct rule_files *files)
{
	struct buf name = {0};

	resp_text(out, "HSET");
	resp_arg(out, rules_key(live, files->sha_hex, &name));
	resp_text(out, "count");
	resp_int(out, files->count);
	for (unsigned i = 0; i < files->count; i++) {
		buf_clear(&name);
		buf_printf(&name, "name:%u", i);
		resp_arg(out, buf_view(&name));
		resp_arg(out, files->files[i].name);
		buf_clear(&name);
		buf_printf(&name, "text:%u", i);
		resp_arg(out, buf_view(&name));
		resp_arg(out, files->files[i].text);
	}
	buf_finish(&name);
}

/* They may have been in force before and be about to expire. */
static void
persist_write(struct live *live, struct buf *out, const struct rule_files *files)
{
	struct buf key = {0};

	resp_text(out, "PERSIST");
	resp_arg(out, rules_key(live, files->sha_hex, &key));
	buf_finish(&key);
}

void
live_rules_keep(struct live *live, const struct rule_files *files)
{
	texts_write(live, store_add_command(live->store, texts_words(files)), files);
	persist_write(live, store_add_command(live->store, 2), files);
}

void
live_rules_ended(struct live *live, const struct epoch *epoch)
{
	MEM_RESERVE(live->ended, live->ended_cap, live->ended_count + 1);
	memcpy(live->ended[live->ended_count++].hex, epoch->sha_hex, sizeof epoch->sha_hex);
}

static bool
is_needed(const struct live *live, const char *sha)
{
	for (size_t i = 0; i < live->partition.epoch_count; i++)
		if (strcmp(live->partition.epochs[i].sha_hex, sha) == 0)
			return true;
	return false;
}

void
live_rules_expire(struct live *live)
{
	struct buf out = {0}, key = {0};

	for (size_t i = 0; i < live->ended_count; i++) {
		if (is_needed(live, live->ended[i].hex))
			continue;
		buf_clear(&out);
		resp_array(&out, 3);
		resp_text(&out, "PEXPIRE");
		resp_arg(&out, rules_key(live, live->ended[i].hex, &key));
		resp_int(&out, live->options.config->keep_output);
		redis_send(live->redis, buf_view(&out), 1, live_ignore, NULL);
	}
	live->ended_count = 0;
	buf_finish(&out);
	buf_finish(&key);
}

void
live_rules_store(struct live *live, const struct rule_files *files)
{
	struct buf out = {0};

	resp_array(&out, texts_words(files));
	texts_write(live, &out, files);
	resp_array(&out, 2);
	persist_write(live, &out, files);
	redis_send(live->redis, buf_view(&out), 2, live_ignore, NULL);
	buf_finish(&out);
}

static struct str
hash_field(const struct reply *hash, const char *name, unsigned i)
{
	char whole[32];

	snprintf(whole, sizeof whole, "%s:%u", name, i);
	for (uint32_t k = 0; k + 1 < hash->count; k += 2)
		if (str_is(hash[1 + k].text, whole))
			return hash[2 + k].text;
	return STR_NONE;
}

static struct rule_files *
files_of_reply(const struct reply *hash)
{
	struct diag_file files[DIAG_FILES];
	unsigned count = 0;

	if (hash->type != REPLY_ARRAY)
		return NULL;
	while (count < DIAG_FILES && hash_field(hash, "text", count).p != NULL) {
		files[count].name = hash_field(hash, "name", count);
		files[count].text = hash_field(hash, "text", count);
		count++;
	}
	return count > 0 ? rule_files_make(files, count) : NULL;
}

/* That a text cannot be read now does not mean that there is none. */
static void
fetch_again(struct live *live, const struct reply *reply)
{
	char why[400];

	snprintf(why, sizeof why, "the rules %s cannot be read: Redis says %.*s",
		 live->fetching, STR_ARG(reply->text));
	live->fetching[0] = '\0';
	if (live->state == LIVE_STARTING)
		live_boot_again(live, why);
	else if (live->state == LIVE_RUNNING || live->state == LIVE_RECOVERING)
		live_pause(live, why, FETCH_AGAIN_MS);
}

static void
on_fetched(void *ctx, const struct reply *reply)
{
	struct live *live = ctx;
	struct rule_files *files;

	if (live->fetching[0] == '\0' || live->state >= LIVE_STOPPING)
		return;
	if (redis_error_is_passing(reply)) {
		fetch_again(live, reply);
		return;
	}
	files = files_of_reply(reply);
	if (files != NULL && strcmp(files->sha_hex, live->fetching) == 0) {
		rule_files_destroy(live->fetched);
		live->fetched = files;
	} else {
		rule_files_destroy(files);
		memcpy(live->missing, live->fetching, sizeof live->missing);
	}
	live->fetching[0] = '\0';
	live->after_fetch(live);
}

enum live_rules
live_rules_find(struct live *live, struct str sha, const struct rule_files **out,
		void (*fetched)(struct live *live))
{
	struct buf key = {0};

	if (str_is(sha, live->files->sha_hex)) {
		*out = live->files;
		return RULES_HERE;
	}
	if (live->fetched != NULL && str_is(sha, live->fetched->sha_hex)) {
		*out = live->fetched;
		return RULES_HERE;
	}
	if (sha.n != 64 || str_is(sha, live->missing)) {
		live->missing[0] = '\0'; /* it may be there the next time */
		return RULES_MISSING;
	}
	snprintf(live->fetching, sizeof live->fetching, "%.*s", STR_ARG(sha));
	live->after_fetch = fetched;
	rules_key(live, live->fetching, &key);
	redis_command(live->redis, on_fetched, live, "HGETALL", key.p, NULL);
	buf_finish(&key);
	return RULES_FETCHING;
}

struct ruleset *
live_rules_make(struct live *live, const struct rule_files *files)
{
	struct arena arena;
	struct diags diags;
	struct ruleset *rules;

	arena_init(&arena);
	diags_init(&diags, &arena);
	rules = rule_files_load(files, live->options.seed, &diags);
	if (rules == NULL) {
		struct buf out = {0};

		diags_print(&out, &diags, false, false);
		log_error("rules", "rules %s cannot be put in force: %.*s", files->sha_hex,
			  STR_ARG(buf_view(&out)));
		buf_finish(&out);
	}
	diags_finish(&diags);
	arena_finish(&arena);
	return rules;
}

static const char *
last_announced(const struct live *live)
{
	return live->announced[0] != '\0' ? live->announced
					  : engine_rules(live->engine)->sha_hex;
}

/* ---- a reload, from its entry's appending to its commit ---- */

struct reload_waiter {
	struct reload_waiter *next; /* owned by the list */
	struct live *live;
	void (*fn)(void *ctx, const struct live_outcome *outcome); /* NULL: nobody, or gone */
	void *ctx;
};

static void
waiter_answer(struct reload_waiter *waiter, const struct live_outcome *outcome)
{
	struct reload_waiter **link = &waiter->live->reloads;

	while (*link != waiter)
		link = &(*link)->next;
	*link = waiter->next;
	if (waiter->fn != NULL)
		waiter->fn(waiter->ctx, outcome);
	mem_free(waiter);
}

static void
on_announced(void *ctx, const struct live_outcome *outcome)
{
	struct reload_waiter *waiter = ctx;
	struct live *live = waiter->live;

	if (outcome->result != LIVE_APPLIED && live->state < LIVE_STOPPING) {
		live->announced[0] = '\0';
		live->announce_due = outcome->result != LIVE_REJECTED;
		log_warn("rules", "the change of rules was not written%s: %s",
			 live->announce_due ? " and is tried again" : "", outcome->why);
	}
	waiter_answer(waiter, outcome);
}

static struct reload_waiter *
waiter_add(struct live *live, const struct live_reload *reload)
{
	struct reload_waiter *waiter = mem_alloc(sizeof *waiter);

	waiter->next = live->reloads;
	waiter->live = live;
	waiter->fn = reload != NULL ? reload->fn : NULL;
	waiter->ctx = reload != NULL ? reload->ctx : NULL;
	live->reloads = waiter;
	return waiter;
}

void
live_reload_forget(struct live *live, const void *ctx)
{
	for (struct reload_waiter *waiter = live->reloads; waiter != NULL;
	     waiter = waiter->next)
		if (waiter->ctx == ctx)
			waiter->fn = NULL;
}

/* One pipeline on one connection: the text is there before anyone reads the entry. */
static void
announce(struct live *live, struct reload_waiter *waiter)
{
	const char *sha = live->files->sha_hex;
	struct field fields[4] = {{STR("type"), STR("churnd.rules")},
				  {STR("sha256"), str_of(sha)}};
	unsigned count = 2;

	if (strcmp(sha, last_announced(live)) != 0)
		log_info("rules", "other rules: %s follows %s", sha, last_announced(live));
	memcpy(live->announced, sha, sizeof live->announced);
	if (live->announce_by[0] != '\0')
		fields[count++] = (struct field){STR("by"), str_of(live->announce_by)};
	if (live->announce_why[0] != '\0')
		fields[count++] = (struct field){STR("why"), str_of(live->announce_why)};
	live_rules_store(live, live->files);
	live_append(live, fields, count, on_announced, waiter);
}

static bool
can_announce(const struct live *live)
{
	return live->recovered && redis_is_up(live->redis);
}

void
live_rules_announce(struct live *live)
{
	if (!can_announce(live))
		return;
	live->announce_due = false;
	if (strcmp(live->files->sha_hex, last_announced(live)) != 0)
		announce(live, waiter_add(live, NULL));
}

static void
words_keep(struct live *live, struct str by, struct str why)
{
	snprintf(live->announce_by, sizeof live->announce_by, "%.*s",
		 (int)utf8_cut(by, CHANGE_MAX_BY), by.n > 0 ? by.p : "");
	snprintf(live->announce_why, sizeof live->announce_why, "%.*s",
		 (int)utf8_cut(why, CHANGE_MAX_WHY), why.n > 0 ? why.p : "");
}

/* The file was seen to change, and only now somebody says who and why. */
static bool
says_why(const struct live *live, const struct live_reload *reload)
{
	return (reload->by.n > 0 || reload->why.n > 0) && can_announce(live) &&
	       (live->announced[0] != '\0' || partition_change_unsaid(&live->partition));
}

bool
live_reload(struct live *live, const struct live_reload *reload)
{
	static const struct live_outcome later = {
		LIVE_REFUSED,
		{0, 0},
		"Redis is not connected; the rules are put in force when it is back"};
	const char *now = live->recovered ? last_announced(live) : live->files->sha_hex;
	bool other = strcmp(reload->files->sha_hex, now) != 0;

	rule_files_destroy(live->files);
	live->files = reload->files;
	live->announce_due = !can_announce(live) || !other;
	if (!other && !says_why(live, reload))
		return false;
	words_keep(live, reload->by, reload->why);
	if (can_announce(live))
		announce(live, waiter_add(live, reload));
	else if (reload->fn != NULL)
		reload->fn(reload->ctx, &later);
	return true;
}

void
live_rules_changed(struct live *live, const struct entry *entry)
{
	const char *sha = engine_rules(live->engine)->sha_hex;
	struct str by = entry_attribute(entry, STR("by"));
	struct str why = entry_attribute(entry, STR("why"));

	log_info("rules", "rules %s are in force%s%.*s%s%.*s", sha, by.n > 0 ? ", by " : "",
		 STR_ARG(by), why.n > 0 ? ": " : "", STR_ARG(why));
	partition_note_change(&live->partition, entry->id, sha, by, why);
	live->noise_due = true;
	if (strcmp(sha, live->announced) == 0)
		live->announced[0] = '\0';
}

const struct rule_change *
live_rule_changes(const struct live *live, unsigned *count)
{
	*count = live->recovered ? live->partition.change_count : 0;
	return live->recovered ? live->partition.changes : NULL;
}
