/* SPDX-License-Identifier: Apache-2.0 */
/* Opens rule files by name or from the configuration. */
#include "app/rules_open.h"

#include <stdio.h>
#include <string.h>

#include "app/rule_files.h"
#include "codec/config.h"

#define DEFAULT_CONFIG "/etc/churnd/churnd.yaml"

/* Replays and checks give the same bytes each time whatever the seed is. */
static const struct hash_seed fixed_seed = {.k0 = 1, .k1 = 2};

void
rules_names_add(struct rules_names *names, const char *name)
{
	if (names->count < sizeof names->names / sizeof *names->names)
		names->names[names->count++] = str_of(name);
}

void
rules_names_finish(struct rules_names *names)
{
	arena_finish(&names->arena);
}

static void
print_diags(const struct ctl *ctl, struct diags *diags, enum rules_open_for purpose)
{
	struct buf out = {0};
	bool json = ctl->json && purpose == RULES_OPEN_CHECK;
	if (json)
		diags_print_json(&out, diags, ctl->zh);
	else
		diags_print(&out, diags, ctl->zh, ctl->color);
	fwrite(out.p ? out.p : "", 1, out.n, json ? stdout : stderr);
	if (json)
		fputc('\n', stdout);
	buf_finish(&out);
}

static struct str
folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? (struct str){path, (size_t)(slash - path) + (slash == path)} : STR_NONE;
}

bool
rules_names_of_config(const struct ctl *ctl, struct rules_names *names)
{
	const char *path = ctl->config ? ctl->config : DEFAULT_CONFIG;
	struct arena arena;
	struct diags diags;
	struct str text;
	struct err err;
	bool good = false;
	arena_init(&arena);
	arena_init(&names->arena);
	diags_init(&diags, &arena);
	if (!rule_files_slurp(&arena, str_of(path), 1024 * 1024, &text, &err)) {
		(void)ctl_fail(STATUS_USAGE, "%s", err.text);
	} else {
		struct str folder = folder_of(path);
		struct config_loader loader = rule_files_config_loader(&folder, false);
		struct config *config = config_load(str_of(path), text, &loader, &diags);
		print_diags(ctl, &diags, RULES_OPEN_USE);
		names->folder = arena_str(&names->arena, folder_of(path));
		for (unsigned i = 0; config && i < config->rule_count; i++)
			names->names[names->count++] =
				arena_str(&names->arena, config->rules[i]);
		good = config && names->count;
		if (config && !good)
			(void)ctl_fail(STATUS_USAGE, "%s: names no rule files", path);
		config_destroy(config);
	}
	diags_finish(&diags);
	arena_finish(&arena);
	return good;
}

static struct str
only_signal(const struct ruleset *rules)
{
	struct str name = STR_NONE;
	unsigned count = 0;

	for (unsigned i = 0; i < rules->signal_count; i++) {
		if (rules->signals[i].hidden)
			continue;
		name = rules->signals[i].name;
		count++;
	}
	return count == 1 ? name : STR_NONE;
}

static void
drop_known(struct diags *diags, const struct ruleset *rules, struct rules_reads reads)
{
	struct str signal = reads.signal ? str_of(reads.signal) : only_signal(rules);

	if (reads.a_signal && signal.n > 0)
		diags_drop(diags, "W202", signal);
	if (reads.fits) {
		diags_drop(diags, "W209", STR_NONE);
		diags_drop(diags, "W211", STR_NONE);
	}
}

static enum status
open_files(const struct ctl *ctl, const struct rules_names *names, const struct rules_ask *asks,
	   unsigned ask_count, struct rules_reads reads, enum rules_open_for purpose,
	   struct ruleset **out)
{
	struct arena arena;
	struct diags diags;
	struct err err;
	struct rule_files *files =
		rule_files_read(names->folder, names->names, names->count, &err);
	*out = NULL;
	if (!files)
		return ctl_fail(STATUS_USAGE, "%s", err.text);
	arena_init(&arena);
	diags_init(&diags, &arena);
	diags.wants_notes = purpose == RULES_OPEN_CHECK;
	*out = rule_files_load_asking(files, asks, ask_count, fixed_seed, &diags);
	if (*out)
		drop_known(&diags, *out, reads);
	if (!*out || purpose != RULES_OPEN_PEEK)
		print_diags(ctl, &diags, purpose);
	diags_finish(&diags);
	arena_finish(&arena);
	rule_files_destroy(files);
	if (*out)
		return STATUS_DONE;
	return purpose == RULES_OPEN_CHECK ? STATUS_NO : STATUS_USAGE;
}

enum status
rules_open(const struct ctl *ctl, const struct rules_names *names, enum rules_open_for purpose,
	   struct ruleset **out)
{
	return open_files(ctl, names, NULL, 0, (struct rules_reads){0}, purpose, out);
}

enum status
rules_open_asking(const struct ctl *ctl, const struct rules_names *names,
		  const struct rules_ask *asks, unsigned ask_count, struct rules_reads reads,
		  struct ruleset **out)
{
	return open_files(ctl, names, asks, ask_count, reads, RULES_OPEN_USE, out);
}
