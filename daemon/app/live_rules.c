/* SPDX-License-Identifier: Apache-2.0 */
/* The texts of rule sets: into Redis, out of it, and the entry that puts them in force. */
#include <stdio.h>
#include <string.h>

#include "app/live_room.h"
#include "base/mem.h"
#include "base/number.h"
#include "codec/resp.h"
#include "io/log.h"

/* <prefix>rules:<sha> is a hash: count, then name:<i> and text:<i> for each file. */

static struct str
rules_key(struct live *live, const char *sha, struct buf *out)
{
	buf_clear(out);
	buf_str(out, live->options.config->prefix);
	buf_printf(out, "rules:%s", sha);
	return buf_view(out);
}

void
live_rules_store(struct live *live, const struct rule_files *files)
{
	struct buf key = {0}, out = {0}, field = {0};

	resp_array(&out, 4 + 4 * (size_t)files->count);
	resp_text(&out, "HSET");
	resp_arg(&out, rules_key(live, files->sha_hex, &key));
	resp_text(&out, "count");
	resp_int(&out, files->count);
	for (unsigned i = 0; i < files->count; i++) {
		buf_clear(&field);
		buf_printf(&field, "name:%u", i);
		resp_arg(&out, buf_view(&field));
		resp_arg(&out, files->files[i].name);
		buf_clear(&field);
		buf_printf(&field, "text:%u", i);
		resp_arg(&out, buf_view(&field));
		resp_arg(&out, files->files[i].text);
	}
	redis_send(live->redis, buf_view(&out), 1, live_ignore, NULL);
	buf_finish(&key);
	buf_finish(&out);
	buf_finish(&field);
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

static void
on_fetched(void *ctx, const struct reply *reply)
{
	struct live *live = ctx;
	struct rule_files *files = files_of_reply(reply);

	if (live->fetching[0] == '\0') {
		rule_files_destroy(files);
		return;
	}
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

static void
on_announced(void *ctx, const struct reply *reply)
{
	struct live *live = ctx;

	if (reply->type != REPLY_ERROR)
		return;
	log_error("rules", "the change of rules could not be written: Redis says %.*s",
		  STR_ARG(reply->text));
	live->announced[0] = '\0';
	live->announce_due = true;
}

/* One pipeline on one connection: the text is there before anyone reads the entry. */
void
live_rules_announce(struct live *live)
{
	const char *sha = live->files->sha_hex;

	if (!live->recovered || !redis_is_up(live->redis))
		return;
	live->announce_due = false;
	if (strcmp(sha, last_announced(live)) == 0)
		return;
	log_info("rules", "other rules: %s follows %s", sha, last_announced(live));
	memcpy(live->announced, sha, sizeof live->announced);
	live_rules_store(live, live->files);
	redis_command(live->redis, on_announced, live, "XADD", live->events.p, "*", "type",
		      "churnd.rules", "sha256", sha, NULL);
}

bool
live_reload(struct live *live, struct rule_files *files)
{
	const char *now = live->recovered ? last_announced(live) : live->files->sha_hex;
	bool other = strcmp(files->sha_hex, now) != 0;

	rule_files_destroy(live->files);
	live->files = files;
	live->announce_due = true;
	live_rules_announce(live);
	return other;
}
