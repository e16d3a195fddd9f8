/* SPDX-License-Identifier: Apache-2.0 */
/* Reads rule files and time zones from the disk. */
#include "app/rule_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "engine/order.h"

#define ZONE_FOLDER "/usr/share/zoneinfo"
#define ZONE_MAX_BYTES ((size_t)256 << 10)

/* Reads to the end; false with errno: EFBIG when there is more than max. */
static bool
read_all(int fd, struct buf *out, size_t max)
{
	for (;;) {
		char *to = buf_space(out, 16384);
		ssize_t n = read(fd, to, 16384);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0;
		out->n += (size_t)n;
		errno = EFBIG;
		if (out->n > max)
			return false;
	}
}

bool
rule_files_slurp(struct arena *arena, struct str path, size_t max, struct str *out,
		 struct err *err)
{
	struct str name = arena_str(arena, path);
	struct buf text = {0};
	int fd = open(name.p, O_RDONLY | O_CLOEXEC);
	bool good = fd >= 0 && read_all(fd, &text, max);

	if (good)
		*out = arena_str(arena, buf_view(&text));
	else if (errno == EFBIG)
		err_set(err, "%s: is larger than %zu bytes", name.p, max);
	else
		err_set(err, "%s: cannot be read: %s", name.p, strerror(errno));
	if (fd >= 0)
		close(fd);
	buf_finish(&text);
	return good;
}

struct str
rule_files_folder(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? (struct str){path, (size_t)(slash - path) + (slash == path)} : STR_NONE;
}

struct str
rule_files_path(struct arena *arena, struct str folder, struct str name)
{
	if (name.n == 0)
		return STR("");
	if (folder.n == 0 || str_starts(name, STR("/")))
		return arena_str(arena, name);
	return arena_printf(arena, "%.*s/%.*s", STR_ARG(folder), STR_ARG(name));
}

static bool
read_named(void *ctx, struct arena *arena, struct str *name, size_t most, struct str *text,
	   struct err *err)
{
	const struct str *folder = ctx;

	*name = rule_files_path(arena, *folder, *name);
	return rule_files_slurp(arena, *name, most, text, err);
}

struct config_loader
rule_files_config_loader(struct str *folder, bool with_secrets)
{
	return (struct config_loader){folder, read_named, with_secrets};
}

static void
sha_make(struct rule_files *files)
{
	struct buf all = {0};

	for (unsigned i = 0; i < files->count; i++) {
		buf_int(&all, (int64_t)files->files[i].text.n);
		buf_char(&all, ':');
		buf_str(&all, files->files[i].text);
	}
	hash_sha256_hex(buf_view(&all), files->sha_hex);
	buf_finish(&all);
}

static struct rule_files *
files_create(unsigned count)
{
	struct rule_files *files = mem_alloc(sizeof *files);

	arena_init(&files->arena);
	/* Each rule file may name a calendar. */
	files->files = arena_array(&files->arena, 2 * count + 1, sizeof *files->files);
	files->count = count;
	return files;
}

static bool
is_there(const struct rule_files *files, struct str name)
{
	for (unsigned i = 0; i < files->count; i++)
		if (str_eq(files->files[i].name, name))
			return true;
	return false;
}

/* Calendar files stand behind the rule files that name them. One that cannot be read is missed where it is
 * named, when the rules are made. */
static void
read_calendars(struct rule_files *files)
{
	unsigned count = files->count;

	for (unsigned i = 0; i < count && files->count < DIAG_RULE_FILES; i++) {
		struct diag_file *file = &files->files[files->count];

		if (rules_calendar_of(&files->arena, &files->files[i], &file->name) &&
		    !is_there(files, file->name) &&
		    rule_files_slurp(&files->arena, file->name, RULESET_MAX_FILE, &file->text,
				     NULL))
			files->count++;
	}
}

struct rule_files *
rule_files_read(struct str folder, const struct str *names, unsigned count, struct err *err)
{
	struct rule_files *files;

	if (count == 0) {
		err_set(err, "no rule files are named: give at least one under 'rules:'");
		return NULL;
	}
	if (count > DIAG_RULE_FILES) {
		err_set(err, "%u rule files are too many: at most %d", count, DIAG_RULE_FILES);
		return NULL;
	}
	files = files_create(count);
	for (unsigned i = 0; i < count; i++) {
		struct diag_file *file = &files->files[i];

		file->name = rule_files_path(&files->arena, folder, names[i]);
		if (!rule_files_slurp(&files->arena, file->name, RULESET_MAX_FILE, &file->text,
				      err)) {
			rule_files_destroy(files);
			return NULL;
		}
	}
	read_calendars(files);
	sha_make(files);
	return files;
}

struct rule_files *
rule_files_make(const struct diag_file *from, unsigned count)
{
	struct rule_files *files = files_create(count);

	for (unsigned i = 0; i < count; i++) {
		files->files[i].name = arena_str(&files->arena, from[i].name);
		files->files[i].text = arena_str(&files->arena, from[i].text);
	}
	sha_make(files);
	return files;
}

void
rule_files_destroy(struct rule_files *files)
{
	if (files == NULL)
		return;
	arena_finish(&files->arena);
	mem_free(files);
}

/* Grammar of what may become a path: name = part { "/" part }; part = letter { letter | digit | "_+-" }. */
static bool
is_zone_name(struct str name)
{
	bool begins = true;

	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		bool other = (c >= '0' && c <= '9') || c == '_' || c == '+' || c == '-';

		if (c == '/' && !begins)
			begins = true;
		else if (letter || (other && !begins))
			begins = false;
		else
			return false;
	}
	return name.n > 0 && name.n < 100 && !begins;
}

static bool
zone_read(void *ctx, struct str name, struct str *tzif)
{
	struct arena *arena = ctx;
	struct str path;

	if (!is_zone_name(name))
		return false;
	path = arena_printf(arena, "%s/%.*s", ZONE_FOLDER, STR_ARG(name));
	return rule_files_slurp(arena, path, ZONE_MAX_BYTES, tzif, NULL);
}

struct ruleset *
rule_files_load_asking(const struct rule_files *files, const struct rules_ask *asks,
		       unsigned ask_count, struct hash_seed seed, struct diags *diags)
{
	struct arena zones;
	struct rules_loader loader = {&zones, zone_read, asks, ask_count};
	struct ruleset *rules;

	arena_init(&zones);
	rules = rules_load(files->files, files->count, &loader, seed, diags);
	arena_finish(&zones);
	return rules;
}

struct ruleset *
rule_files_load(const struct rule_files *files, struct hash_seed seed, struct diags *diags)
{
	return rule_files_load_asking(files, NULL, 0, seed, diags);
}

static const struct endpoint_config *
find_webhook(const struct config *config, struct str name)
{
	for (unsigned i = 0; i < config->endpoint_count; i++)
		if (str_eq(config->endpoints[i].name, name))
			return &config->endpoints[i];
	return NULL;
}

static bool
check_webhook(const struct action *action, unsigned number, struct str name,
	      const struct config *config, struct err *err)
{
	const struct endpoint_config *webhook = find_webhook(config, name);
	char type[EVENT_MAX_TYPE];

	if (action->on == ALERT_TASK)
		snprintf(type, sizeof type, "task.%s",
			 task_verb_name((enum task_verb)action->verb));
	else
		snprintf(type, sizeof type, "%s", alert_type_name(action->on));
	if (webhook == NULL)
		return err_set(err,
			       "action %u (%s) names the webhook '%.*s', which the "
			       "configuration does not know under 'webhooks:'",
			       number, type, STR_ARG(name));
	if (webhook->connector != NULL && !connector_accepts(webhook->connector, str_of(type)))
		return err_set(err,
			       "action %u (%s) names the webhook '%.*s', whose format %.*s "
			       "does not take %s: it would become a dead letter each time",
			       number, type, STR_ARG(name), STR_ARG(webhook->format), type);
	return true;
}

bool
rule_files_check_webhooks(const struct ruleset *rules, const struct config *config,
			  struct err *err)
{
	/* With no endpoint at all nothing was misspelt: alerts stay in the outbox, tasks are written. */
	if (config->endpoint_count == 0)
		return true;
	for (unsigned i = 0; i < rules->action_count; i++) {
		const struct action *action = &rules->actions[i];

		for (unsigned k = 0; k < action->webhook_count; k++)
			if (!check_webhook(action, i + 1, action->webhooks[k], config, err))
				return false;
	}
	return true;
}
