/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the configuration and what it names, and says all that is wrong with them. */
#include <stdio.h>
#include <unistd.h>

#include "app/redis_place.h"
#include "app/service.h"
#include "io/log.h"

static bool
complain(const char *sentence)
{
	fprintf(stderr, "churnd: %s\n", sentence);
	return false;
}

static void
diags_show(struct diags *diags, bool zh)
{
	struct buf out = {0};

	diags_print(&out, diags, zh, isatty(STDERR_FILENO) != 0);
	if (out.n > 0)
		fwrite(out.p, 1, out.n, stderr);
	buf_finish(&out);
}

static bool
config_read(struct setup *setup, bool zh)
{
	struct config_loader loader = rule_files_config_loader(&setup->folder, true);
	struct diags diags;
	struct str text;
	struct err err;

	if (!rule_files_slurp(&setup->arena, setup->path, CONFIG_MAX_BYTES, &text, &err))
		return complain(err.text);
	diags_init(&diags, &setup->arena);
	setup->config = config_load(setup->path, text, &loader, &diags);
	diags_show(&diags, zh);
	diags_finish(&diags);
	return setup->config != NULL;
}

static bool
token_read(struct setup *setup)
{
	struct str name = setup->config->http_token_file;
	struct err err;

	if (name.n == 0)
		return true;
	if (!redis_place_secret(&setup->arena, setup->folder, name, &setup->http_token, &err)) {
		err_prefix(&err, "http.token_file");
		return complain(err.text);
	}
	setup->http_token = str_trim(setup->http_token);
	if (setup->http_token.n == 0)
		return complain("http.token_file: holds no token");
	return true;
}

static bool
redis_read(struct setup *setup)
{
	struct err err;

	if (redis_place_read(&setup->arena, setup->config, setup->folder, &setup->redis, &err))
		return true;
	err_prefix(&err, "%.*s", STR_ARG(setup->path));
	return complain(err.text);
}

static bool
rules_read(struct setup *setup, bool zh)
{
	struct config *config = setup->config;
	struct hash_seed seed = {1, 2};
	struct ruleset *rules;
	struct diags diags;
	struct err err;
	bool good;

	setup->files = rule_files_read(setup->folder, config->rules, config->rule_count, &err);
	if (setup->files == NULL)
		return complain(err.text);
	diags_init(&diags, &setup->arena);
	rules = rule_files_load(setup->files, seed, &diags);
	diags_show(&diags, zh);
	diags_finish(&diags);
	if (rules == NULL)
		return false;
	good = rule_files_check_webhooks(rules, config, &err);
	ruleset_destroy(rules);
	return good || complain(err.text);
}

void
setup_log(const struct config *config)
{
	enum log_level level = LOG_LEVEL_INFO;

	if (config->log_level.n > 0 && !log_level_parse(config->log_level, &level))
		level = LOG_LEVEL_INFO; /* config_load has let no other word through */
	log_setup(level, config->log_json);
}

bool
setup_read_config(struct setup *setup, const char *path, bool zh)
{
	*setup = (struct setup){0};
	arena_init(&setup->arena);
	setup->path = arena_str(&setup->arena, str_of(path));
	setup->folder = rule_files_folder(setup->path.p);
	if (config_read(setup, zh) && redis_read(setup) && token_read(setup))
		return true;
	setup_finish(setup);
	return false;
}

bool
setup_read(struct setup *setup, const char *path, bool zh)
{
	if (!setup_read_config(setup, path, zh))
		return false;
	if (rules_read(setup, zh)) {
		setup_log(setup->config);
		return true;
	}
	setup_finish(setup);
	return false;
}

void
setup_finish(struct setup *setup)
{
	config_destroy(setup->config);
	rule_files_destroy(setup->files);
	arena_finish(&setup->arena);
	*setup = (struct setup){0};
}
