/* SPDX-License-Identifier: Apache-2.0 */
/* The webhooks section: endpoints, and how they are to be treated. */
#include <string.h>

#include "base/civil.h"
#include "base/number.h"
#include "codec/config_maker.h"
#include "codec/connector_inside.h"
#include "codec/header_name.h"

static const struct form_row path_row = {.most = CONFIG_MAX_TEXT};

/* "20%" or 0.2 */
static void
read_share(struct form *form, const struct yaml_node *node, const struct form_row *row,
	   void *into)
{
	struct str text = STR_NONE;
	double number, scale = 1;

	(void)row;
	form_text(form, node, &path_row, &text);
	if (text.n == 0)
		return;
	if (str_ends(text, STR("%"))) {
		text = str_slice(text, 0, text.n - 1);
		scale = 100;
	}
	if (parse_number(text, &number) && number >= 0 && number <= scale)
		*(double *)into = number / scale;
	else
		form_complain(form, node, "E409", STR_NONE, STR_NONE);
}

/* http(s)://host...; what is in it is for libcurl, what it may reach for io/address_guard. */
static void
read_url(struct form *form, const struct yaml_node *node, const struct form_row *row,
	 void *into)
{
	struct str url = STR_NONE;
	size_t scheme;

	form_text(form, node, row, &url);
	scheme = str_starts(url, STR("http://")) ? 7 : str_starts(url, STR("https://")) ? 8 : 0;
	if (url.n == 0)
		return;
	if (scheme == 0 || url.n == scheme || strchr(":/?#", url.p[scheme]) != NULL ||
	    memchr(url.p, ' ', url.n) != NULL)
		form_complain(form, node, "E402", STR_NONE, STR_NONE);
	else
		*(struct str *)into = url;
}

#define SPAN(word, field, least)                                                            \
	{                                                                                   \
		word, form_duration, offsetof(struct retry, field), least, CONFIG_MAX_SPAN, \
			NULL                                                                \
	}

static const struct form_row retry_rows[] = {
	SPAN("first", first, 1),
	SPAN("max", max, 1),
	SPAN("give_up_after", give_up_after, 0),
	{"factor", form_number, offsetof(struct retry, factor), 1, 100, NULL},
	{"jitter", read_share, offsetof(struct retry, jitter), 0, 0, NULL},
	{.word = NULL},
};

static void
read_retry(struct form *form, const struct yaml_node *node, const struct form_row *row,
	   void *into)
{
	struct retry *retry = into;

	(void)row;
	form_read(form, node, retry_rows, retry);
	if (retry->first > retry->max)
		form_complain(form, node, "E413", STR("first"), STR("max"));
}

/* ---- headers ---- */

/* A value with a line break would be a header of its own choosing: form_text() refuses control characters. */
static void
read_header(struct form *form, const struct yaml_node *key, const struct yaml_node *value,
	    struct endpoint_config *endpoint)
{
	static const struct form_row row = {.least = -1, .most = CONFIG_MAX_TEXT};
	struct header *header = &endpoint->headers[endpoint->header_count];

	if (!header_name_is_valid(key->text)) {
		form_complain(form, key, "E406", key->text, STR_NONE);
	} else if (header_name_is_own(key->text) || header_name_is(key->text, "content-type")) {
		form_complain(form, key, "E407", key->text, STR_NONE);
	} else {
		header->name = key->text;
		header->value = STR("");
		form_text(form, value, &row, &header->value);
		endpoint->header_count++;
	}
}

static void
read_headers(struct form *form, const struct yaml_node *node, const struct form_row *row,
	     void *into)
{
	struct endpoint_config *endpoint = into;
	unsigned count = node->count;

	(void)row;
	if (!form_is_map(form, node))
		return;
	if (count > CONFIG_MAX_HEADERS) {
		count = CONFIG_MAX_HEADERS;
		form_complain(form, node->keys[count], "E210", STR("headers"),
			      form_int_text(form, CONFIG_MAX_HEADERS));
	}
	endpoint->headers = arena_array(form->arena, count, sizeof *endpoint->headers);
	for (unsigned i = 0; i < count; i++)
		read_header(form, node->keys[i], node->items[i], endpoint);
}

/* ---- allow ---- */

/* Four numbers up to 255, dots between. */
static bool
is_ipv4(struct str text)
{
	size_t from = 0;
	int parts = 0;

	for (size_t i = 0; i <= text.n; i++) {
		uint64_t part;

		if (i < text.n && text.p[i] != '.')
			continue;
		if (!parse_uint64(str_slice(text, from, i), &part) || part > 255)
			return false;
		parts++;
		from = i + 1;
	}
	return parts == 4;
}

/* Only its looks: io/address_guard reads it in full. */
static bool
is_ipv6(struct str text)
{
	unsigned colons = 0;

	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		colons += c == ':';
		if (c == '\0' || strchr("0123456789abcdefABCDEF:.", c) == NULL)
			return false;
	}
	return colons >= 2 && colons <= 8;
}

static bool
is_network(struct str text)
{
	size_t slash = 0;
	uint64_t bits = 0;

	while (slash < text.n && text.p[slash] != '/')
		slash++;
	struct str address = str_slice(text, 0, slash);
	bool v4 = is_ipv4(address);

	if (slash < text.n && !parse_uint64(str_slice(text, slash + 1, text.n), &bits))
		return false;
	return (v4 || is_ipv6(address)) && bits <= (v4 ? 32 : 128);
}

static void
read_allow(struct form *form, const struct yaml_node *node, const struct form_row *row,
	   void *into)
{
	struct endpoint_config *endpoint = into;
	struct str_list networks = {NULL, 0};

	(void)row;
	form_texts(form, node, &path_row, &networks);
	if (networks.count > CONFIG_MAX_NETWORKS)
		form_complain(form, node->items[CONFIG_MAX_NETWORKS], "E210", STR("networks"),
			      form_int_text(form, CONFIG_MAX_NETWORKS));
	endpoint->allow = arena_array(form->arena, networks.count, sizeof *endpoint->allow);
	for (unsigned i = 0; i < networks.count; i++) {
		endpoint->allow[endpoint->allow_count++] = networks.words[i];
		if (!is_network(networks.words[i]))
			form_complain(form, node->kind == YAML_LIST ? node->items[i] : node,
				      "E408", networks.words[i], STR_NONE);
	}
}

/* ---- one endpoint ---- */

struct endpoint_text {
	struct endpoint_config out;
	int lang; /* -1: not given */
	int64_t concurrency;
};

static const char *const lang_words[] = {"en", "zh", NULL};

#define TEXT(word, field)                                                                   \
	{                                                                                   \
		word, form_text, offsetof(struct endpoint_text, field), 0, CONFIG_MAX_TEXT, \
			NULL                                                                \
	}

static const struct form_row endpoint_rows[] = {
	{"url", read_url, offsetof(struct endpoint_text, out.url), 0, CONFIG_MAX_TEXT, NULL},
	{"secret", form_ignore, 0, 0, 0, NULL}, /* config_format() */
	TEXT("secret_file", out.secret_file),
	{"format", form_text, offsetof(struct endpoint_text, out.format), 0, CONFIG_MAX_NAME,
	 NULL},
	TEXT("template", out.template_file),
	{"set", form_ignore, 0, 0, 0, NULL},
	{"lang", form_word, offsetof(struct endpoint_text, lang), 0, 0, lang_words},
	{"headers", read_headers, offsetof(struct endpoint_text, out), 0, 0, NULL},
	TEXT("ca_file", out.ca_file),
	TEXT("cert_file", out.cert_file),
	TEXT("key_file", out.key_file),
	{"timeout", form_duration, offsetof(struct endpoint_text, out.timeout), 1, HOUR_MS,
	 NULL},
	{"retry", read_retry, offsetof(struct endpoint_text, out.retry), 0, 0, NULL},
	{"throttle", form_duration, offsetof(struct endpoint_text, out.throttle), 0, DAY_MS,
	 NULL},
	{"concurrency", form_int, offsetof(struct endpoint_text, concurrency), 1, 1000, NULL},
	{"allow", read_allow, offsetof(struct endpoint_text, out), 0, 0, NULL},
	{"rate", connector_read_rate, offsetof(struct endpoint_text, out.rate), 0, 0, NULL},
	{"hours", config_hours, offsetof(struct endpoint_text, out.hours), 0, 0, NULL},
	{.word = NULL},
};

static struct endpoint_text
endpoint_defaults(void)
{
	struct endpoint_text text = {.lang = -1, .concurrency = 8};

	text.out.format = STR("standard");
	text.out.timeout = 10 * SECOND_MS;
	text.out.throttle = 60 * SECOND_MS;
	text.out.retry = (struct retry){.first = 5 * SECOND_MS,
					.max = HOUR_MS,
					.give_up_after = 72 * HOUR_MS,
					.factor = 2,
					.jitter = 0.2};
	return text;
}

/* Names go into the `to` of alerts, commas between, and into keys of Redis. */
static bool
is_endpoint_name(struct form *form, const struct yaml_node *key)
{
	static const struct form_row row = {.most = CONFIG_MAX_NAME};
	struct str name = STR_NONE;

	form_text(form, key, &row, &name);
	for (size_t i = 0; i < name.n; i++)
		if (strchr(", \"{}", name.p[i]) != NULL) {
			form_complain(form, key, "E414", name, STR_NONE);
			return false;
		}
	return name.n > 0;
}

static void
read_endpoint(struct config_reading *reading, const struct yaml_node *key,
	      const struct yaml_node *value)
{
	struct form *form = reading->form;
	struct config *config = reading->config;
	struct endpoint_text text = endpoint_defaults();
	struct endpoint_config *endpoint = &config->endpoints[config->endpoint_count];

	if (!is_endpoint_name(form, key))
		return;
	form_read(form, value, endpoint_rows, &text);
	if (value->kind != YAML_MAP)
		return;
	*endpoint = text.out;
	endpoint->name = key->text;
	endpoint->lang = text.lang >= 0 ? str_of(lang_words[text.lang]) : STR("");
	endpoint->concurrency = (unsigned)text.concurrency;
	config_format(reading, key, value, endpoint);
	if ((endpoint->cert_file.n == 0) != (endpoint->key_file.n == 0))
		form_complain(form, key, "E410", STR_NONE, STR_NONE);
	config->endpoint_count++;
}

void
config_webhooks(struct config_reading *reading, const struct yaml_node *webhooks)
{
	struct form *form = reading->form;
	struct config *config = reading->config;
	unsigned count = webhooks->count;

	if (!form_is_map(form, webhooks))
		return;
	if (count > CONFIG_MAX_WEBHOOKS) {
		count = CONFIG_MAX_WEBHOOKS;
		form_complain(form, webhooks->keys[count], "E210", STR("webhooks"),
			      form_int_text(form, CONFIG_MAX_WEBHOOKS));
	}
	config->endpoints = arena_array(form->arena, count, sizeof *config->endpoints);
	for (unsigned i = 0; i < count; i++)
		read_endpoint(reading, webhooks->keys[i], webhooks->items[i]);
}
