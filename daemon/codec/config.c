/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration's sections, each a table of keys with their defaults. */
#include "codec/config.h"

#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/mem.h"
#include "base/number.h"
#include "codec/config_maker.h"

struct sections {
	const struct yaml_node *redis, *ingest, *partitions, *rules, *webhooks, *people, *http,
		*log;
	int64_t stop_timeout;
};

#define SECTION(word)                                                         \
	{                                                                     \
#word, form_node, offsetof(struct sections, word), 0, 0, NULL \
	}

static const struct form_row section_rows[] = {
	SECTION(redis),
	SECTION(ingest),
	SECTION(partitions),
	{"stop_timeout", form_duration, offsetof(struct sections, stop_timeout), 0, HOUR_MS,
	 NULL},
	SECTION(rules),
	SECTION(webhooks),
	SECTION(http),
	SECTION(log),
	SECTION(people),
	{.word = NULL},
};

/* ---- redis ---- */

/* redis://[user:pass@]host[:port][/db], rediss:// or unix:///path; its parts are for io/redis to read. */
static void
read_redis_url(struct form *form, const struct yaml_node *node, const struct form_row *row,
	       void *into)
{
	static const struct form_row text = {.most = CONFIG_MAX_TEXT};
	struct str url = STR_NONE;

	(void)row;
	form_text(form, node, &text, &url);
	if ((str_starts(url, STR("redis://")) && url.n > strlen("redis://")) ||
	    (str_starts(url, STR("rediss://")) && url.n > strlen("rediss://")) ||
	    str_starts(url, STR("unix:///")))
		*(struct str *)into = url;
	else if (url.n != 0)
		form_complain(form, node, "E401", STR_NONE, STR_NONE);
}

#define TEXT(word, field, most)                                                \
	{                                                                      \
		word, form_text, offsetof(struct config, field), 0, most, NULL \
	}

static const struct form_row redis_rows[] = {
	{"url", read_redis_url, offsetof(struct config, redis_url), 0, 0, NULL},
	TEXT("password_file", redis_password_file, CONFIG_MAX_TEXT),
	TEXT("prefix", prefix, CONFIG_MAX_NAME),
	TEXT("ca_file", redis_ca_file, CONFIG_MAX_TEXT),
	TEXT("cert_file", redis_cert_file, CONFIG_MAX_TEXT),
	TEXT("key_file", redis_key_file, CONFIG_MAX_TEXT),
	{.word = NULL},
};

/* Who names a CA believes that TLS is spoken. */
static void
read_redis(struct form *form, const struct yaml_node *node, struct config *config)
{
	form_read(form, node, redis_rows, config);
	if ((config->redis_cert_file.n == 0) != (config->redis_key_file.n == 0))
		form_complain(form, node, "E410", STR_NONE, STR_NONE);
	else if ((config->redis_ca_file.n > 0 || config->redis_cert_file.n > 0) &&
		 !str_starts(config->redis_url, STR("rediss://")))
		form_complain(form, node, "E427", STR_NONE, STR_NONE);
}

/* ---- ingest ---- */

struct ingest_text {
	struct str group;
	int start;
	int64_t batch, keep, keep_output, max_len;
};

static const char *const start_words[] = {"beginning", "now", NULL};

static const struct form_row ingest_rows[] = {
	{"group", form_text, offsetof(struct ingest_text, group), 0, CONFIG_MAX_NAME, NULL},
	{"start", form_word, offsetof(struct ingest_text, start), 0, 0, start_words},
	{"batch", form_int, offsetof(struct ingest_text, batch), 1, 10000, NULL},
	{"keep", form_duration, offsetof(struct ingest_text, keep), MINUTE_MS, 40000 * DAY_MS,
	 NULL},
	{"keep_output", form_duration, offsetof(struct ingest_text, keep_output), MINUTE_MS,
	 40000 * DAY_MS, NULL},
	{"max_len", form_int, offsetof(struct ingest_text, max_len), 0, INT64_C(1000000000000),
	 NULL},
	{.word = NULL},
};

static void
read_ingest(struct form *form, const struct yaml_node *node, struct config *config)
{
	struct ingest_text text = {config->group,	0, config->batch, config->keep,
				   config->keep_output, 0};

	if (node != NULL)
		form_read(form, node, ingest_rows, &text);
	config->group = text.group;
	config->start_now = text.start == 1;
	config->batch = (unsigned)text.batch;
	config->keep = text.keep;
	config->keep_output = text.keep_output;
	config->max_len = (uint64_t)text.max_len;
}

static void
read_partitions(struct form *form, const struct yaml_node *node)
{
	static const struct form_row row = {.least = 1, .most = 1024};
	int64_t partitions = 1;

	form_int(form, node, &row, &partitions);
	if (partitions != 1)
		form_complain(form, node, form->unsupported,
			      arena_printf(form->arena, "partitions: %d", (int)partitions),
			      STR_NONE);
}

static void
read_rules(struct form *form, const struct yaml_node *node, struct config *config)
{
	static const struct form_row row = {.most = CONFIG_MAX_TEXT};
	struct str_list files = {NULL, 0};

	form_texts(form, node, &row, &files);
	if (files.count > CONFIG_MAX_RULE_FILES)
		form_complain(form, node->items[CONFIG_MAX_RULE_FILES], "E210", STR("rules"),
			      form_int_text(form, CONFIG_MAX_RULE_FILES));
	config->rules = arena_array(form->arena, files.count, sizeof *config->rules);
	for (unsigned i = 0; i < files.count; i++)
		config->rules[i] = files.words[i];
	config->rule_count = files.count;
}

/* ---- http ---- */

struct http_text {
	const struct yaml_node *listen;
	struct str token_file;
};

static const struct form_row http_rows[] = {
	{"listen", form_node, offsetof(struct http_text, listen), 0, 0, NULL},
	{"token_file", form_text, offsetof(struct http_text, token_file), 0, CONFIG_MAX_TEXT,
	 NULL},
	{.word = NULL},
};

/* host ":" port, the host of IPv6 in brackets */
static bool
parse_listen(struct str text, struct str *host)
{
	size_t colon = text.n;
	int64_t port;

	while (colon > 0 && text.p[colon - 1] != ':')
		colon--;
	if (colon < 2 || !parse_int64(str_slice(text, colon, text.n), &port) || port < 1 ||
	    port > 65535)
		return false;
	*host = str_slice(text, 0, colon - 1);
	if (host->p[0] == '[' && host->p[host->n - 1] == ']')
		*host = str_slice(*host, 1, host->n - 1);
	for (size_t i = 0; i < host->n; i++)
		if (strchr(" /[]@", host->p[i]) != NULL)
			return false;
	return host->n > 0;
}

static bool
is_loopback(struct str host)
{
	return str_is(host, "localhost") || str_is(host, "::1") ||
	       str_starts(host, STR("127."));
}

static void
read_listen(struct form *form, const struct yaml_node *node, struct config *config)
{
	static const struct form_row row = {.most = CONFIG_MAX_TEXT};
	struct str text = STR_NONE, host;
	bool is_unix, is_tcp;

	form_text(form, node, &row, &text);
	if (text.n == 0)
		return;
	is_unix = str_starts(text, STR("unix:")) && text.n > strlen("unix:");
	is_tcp = !is_unix && parse_listen(text, &host);
	if (is_tcp && !is_loopback(host) && config->http_token_file.n == 0)
		form_complain(form, node, "E411", STR_NONE, STR_NONE);
	else if (is_unix || is_tcp)
		config->http_listen = text;
	else
		form_complain(form, node, "E412", STR_NONE, STR_NONE);
}

static void
read_http(struct form *form, const struct yaml_node *node, struct config *config)
{
	struct http_text text = {0};

	form_read(form, node, http_rows, &text);
	config->http_token_file = text.token_file;
	if (text.listen != NULL)
		read_listen(form, text.listen, config);
}

/* ---- log ---- */

static const char *const level_words[] = {"debug", "info", "warn", "error", NULL};
static const char *const format_words[] = {"text", "json", NULL};

struct log_text {
	int level, format;
};

static const struct form_row log_rows[] = {
	{"level", form_word, offsetof(struct log_text, level), 0, 0, level_words},
	{"format", form_word, offsetof(struct log_text, format), 0, 0, format_words},
	{.word = NULL},
};

static void
read_log(struct form *form, const struct yaml_node *node, struct config *config)
{
	struct log_text text = {1, 0};

	form_read(form, node, log_rows, &text);
	config->log_level = str_of(level_words[text.level]);
	config->log_json = text.format == 1;
}

static void
read_sections(struct config_reading *reading, const struct yaml_node *root)
{
	struct form *form = reading->form;
	struct config *config = reading->config;
	struct sections sections = {.stop_timeout = config->stop_timeout};

	form_read(form, root, section_rows, &sections);
	config->stop_timeout = sections.stop_timeout;
	if (sections.redis != NULL)
		read_redis(form, sections.redis, config);
	read_ingest(form, sections.ingest, config);
	if (sections.partitions != NULL)
		read_partitions(form, sections.partitions);
	if (sections.rules != NULL)
		read_rules(form, sections.rules, config);
	if (sections.webhooks != NULL)
		config_webhooks(reading, sections.webhooks);
	if (sections.people != NULL)
		config_people(form, sections.people, config);
	if (sections.http != NULL)
		read_http(form, sections.http, config);
	if (sections.log != NULL)
		read_log(form, sections.log, config);
}

static struct config *
create_with_defaults(void)
{
	struct config *config = mem_alloc(sizeof *config);

	arena_init(&config->arena);
	config->redis_url = STR("redis://127.0.0.1:6379/0");
	config->prefix = STR("churn:");
	config->group = STR("churnd");
	config->batch = 2000;
	config->keep = 7 * DAY_MS;
	config->keep_output = 90 * DAY_MS;
	config->stop_timeout = 10 * SECOND_MS;
	config->http_listen = STR("127.0.0.1:8787");
	config->log_level = STR("info");
	return config;
}

/* Lines of `set:`, of headers and of secrets are never shown, whatever is wrong with them. */
static void
hide_secrets(struct diags *diags, const struct yaml_node *root)
{
	static const char *const secret_keys[] = {"secret", "set", "headers"};
	const struct yaml_node *webhooks = yaml_get(root, "webhooks");

	for (unsigned i = 0; webhooks != NULL && i < webhooks->count; i++)
		for (size_t k = 0; k < sizeof secret_keys / sizeof *secret_keys; k++) {
			const struct yaml_node *node =
				yaml_get(webhooks->items[i], secret_keys[k]);

			if (node != NULL)
				diags_hide(diags, (struct diag_place){node->file, node->at,
								      node->end});
		}
}

struct config *
config_load(struct str name, struct str text, const struct config_loader *loader,
	    struct diags *diags)
{
	struct config *config = create_with_defaults();
	struct form form = {&config->arena, diags, "E490", true};
	struct config_reading reading = {&form, loader, config};
	unsigned before = diags->errors;
	struct yaml_node *root;

	diags->hides_secrets = true;
	root = yaml_read(&config->arena, diags_add_file(diags, name, text), diags);
	if (root != NULL) {
		hide_secrets(diags, root);
		read_sections(&reading, root);
	}
	if (diags->errors == before)
		return config;
	config_destroy(config);
	return NULL;
}

void
config_destroy(struct config *config)
{
	if (config == NULL)
		return;
	arena_finish(&config->arena);
	mem_free(config);
}
