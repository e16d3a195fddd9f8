/* SPDX-License-Identifier: Apache-2.0 */
/* Other rules while it runs: reads the files, refuses them with sentences, or hands them to live. */
#include "app/reload.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "io/file_watch.h"
#include "io/log.h"

#define WHY_MAX 600
#define SAID_MAX 20 /* lines of the log that one refused file may take */

struct reload {
	struct reload_options options;
	struct arena arena; /* owned: folder and names */
	struct str folder;
	struct str names[DIAG_FILES];
	unsigned count;
	struct file_watch *watch; /* owned */
	char seen[65]; /* sha of what was looked at last: a neighbour's change is no news */
	char why[WHY_MAX];
	int64_t refused_at;
};

/* ---- refused ---- */

static void
why_set(struct reload *reload, struct str sentence)
{
	snprintf(reload->why, sizeof reload->why, "%.*s", (int)utf8_cut(sentence, WHY_MAX - 1),
		 sentence.n > 0 ? sentence.p : "");
	reload->refused_at = clock_wall();
}

/* The log says each mistake on a line of its own; the status the first one. */
static void
mistakes_tell(struct reload *reload, struct diags *diags)
{
	bool zh = reload->options.zh, first = true;
	struct buf line = {0};
	unsigned said = 0;

	diags_sort(diags);
	for (size_t i = 0; i < diags->count && said < SAID_MAX; i++) {
		if (diags->list[i].message->code[0] != 'E')
			continue;
		buf_clear(&line);
		diags_print_line(&line, diags, &diags->list[i], zh);
		log_error("rules", "%.*s", STR_ARG(buf_view(&line)));
		if (first)
			why_set(reload, buf_view(&line));
		first = false;
		said++;
	}
	buf_finish(&line);
}

static enum reload_result
refused(void)
{
	log_error("rules", "reload refused: the rules in force stay in force");
	return RELOAD_REFUSED;
}

static bool
is_good(struct reload *reload, const struct rule_files *files, const struct config *config)
{
	struct arena arena;
	struct diags diags;
	struct ruleset *rules;
	struct err err;
	bool good = false;

	arena_init(&arena);
	diags_init(&diags, &arena);
	rules = rule_files_load(files, (struct hash_seed){1, 2}, &diags);
	if (rules == NULL) {
		mistakes_tell(reload, &diags);
	} else if (!rule_files_check_webhooks(rules, config, &err)) {
		log_error("rules", "%s", err.text);
		why_set(reload, str_of(err.text));
	} else {
		good = true;
	}
	ruleset_destroy(rules);
	diags_finish(&diags);
	arena_finish(&arena);
	return good;
}

/* ---- taken ---- */

/* Before they are read, so that what is written after the reading is seen. */
static void
files_watch(struct reload *reload, const struct rule_files *also)
{
	struct str paths[2 * DIAG_FILES];
	struct arena arena;
	unsigned count = 0;

	arena_init(&arena);
	for (unsigned i = 0; i < reload->count; i++)
		paths[count++] = rule_files_path(&arena, reload->folder, reload->names[i]);
	for (unsigned i = 0; also != NULL && i < also->count; i++)
		paths[count++] = also->files[i].name;
	file_watch_set(reload->watch, paths, count);
	arena_finish(&arena);
}

static enum reload_result
files_take(struct reload *reload, struct rule_files *files, const struct reload_asked *asked)
{
	const struct live_reload to = {files, asked->by, asked->why, asked->fn, asked->ctx};

	files_watch(reload, files);
	reload->why[0] = '\0';
	if (live_reload(reload->options.live, &to)) {
		log_info("rules", "reload: other rules are on their way into the stream");
		return RELOAD_CHANGED;
	}
	return RELOAD_SAME;
}

static struct rule_files *
files_read(struct reload *reload, struct err *err)
{
	files_watch(reload, NULL);
	return rule_files_read(reload->folder, reload->names, reload->count, err);
}

static enum reload_result
files_judge(struct reload *reload, struct rule_files *files, const struct reload_asked *asked)
{
	memcpy(reload->seen, files->sha_hex, sizeof reload->seen);
	if (is_good(reload, files, reload->options.config))
		return files_take(reload, files, asked);
	rule_files_destroy(files);
	return refused();
}

static enum reload_result
files_missing(struct reload *reload, const struct err *err)
{
	reload->seen[0] = '\0';
	log_error("rules", "%s", err->text);
	why_set(reload, str_of(err->text));
	return refused();
}

enum reload_result
reload_rules(struct reload *reload, const struct reload_asked *asked)
{
	enum reload_result result;
	struct rule_files *files;
	struct err err;

	files = files_read(reload, &err);
	if (files == NULL)
		return files_missing(reload, &err);
	result = files_judge(reload, files, asked);
	if (result == RELOAD_SAME)
		log_info("rules", "reload: the rules are the same");
	return result;
}

bool
reload_would_take(struct reload *reload, struct str folder, const struct config *config)
{
	struct rule_files *files;
	struct err err;
	bool good;

	files = rule_files_read(folder, config->rules, config->rule_count, &err);
	if (files == NULL) {
		(void)files_missing(reload, &err);
		return false;
	}
	good = is_good(reload, files, config);
	rule_files_destroy(files);
	if (!good)
		(void)refused();
	return good;
}

/* Something happened near the files: nothing is said unless their bytes are others. */
static void
on_changed(void *ctx)
{
	static const struct reload_asked nobody = {.fn = NULL};
	struct reload *reload = ctx;
	struct rule_files *files;
	struct err err;

	files = files_read(reload, &err);
	if (files == NULL && reload->seen[0] != '\0') {
		(void)files_missing(reload, &err);
	} else if (files != NULL && strcmp(files->sha_hex, reload->seen) != 0) {
		log_info("rules", "the rule files changed");
		(void)files_judge(reload, files, &nobody);
	} else {
		rule_files_destroy(files);
	}
}

/* ---- for the owner ---- */

void
reload_set_config(struct reload *reload, struct str folder, const struct config *config)
{
	reload->options.config = config;
	arena_reset(&reload->arena);
	reload->folder = arena_str(&reload->arena, folder);
	reload->count = 0;
	for (unsigned i = 0; i < config->rule_count && i < DIAG_FILES; i++)
		reload->names[reload->count++] = arena_str(&reload->arena, config->rules[i]);
}

struct reload *
reload_create(const struct reload_options *options)
{
	struct reload *reload = mem_alloc(sizeof *reload);

	reload->options = *options;
	arena_init(&reload->arena);
	reload_set_config(reload, options->folder, options->config);
	reload->watch = file_watch_create(options->base, on_changed, reload);
	snprintf(reload->seen, sizeof reload->seen, "%s", options->sha_hex);
	on_changed(
		reload); /* begins to watch; they may have been edited since they were read */
	return reload;
}

void
reload_destroy(struct reload *reload)
{
	if (reload == NULL)
		return;
	file_watch_destroy(reload->watch);
	arena_finish(&reload->arena);
	mem_free(reload);
}

const char *
reload_why(const struct reload *reload)
{
	return reload->why;
}

int64_t
reload_refused_at(const struct reload *reload)
{
	return reload->refused_at;
}
