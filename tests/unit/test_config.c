/* SPDX-License-Identifier: Apache-2.0 */
/* A configuration has defaults for everything, refuses what it does not know, and never shows a secret. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/civil.h"
#include "codec/config.h"

struct fixture {
	struct arena arena;
	struct diags diags;
	struct buf out;
	struct config *config;
};

static int
set_up(void **state)
{
	static struct fixture f;

	memset(&f, 0, sizeof f);
	arena_init(&f.arena);
	diags_init(&f.diags, &f.arena);
	*state = &f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	config_destroy(f->config);
	diags_finish(&f->diags);
	arena_finish(&f->arena);
	buf_finish(&f->out);
	return 0;
}

/* The files that a configuration may name here. */
static bool
read_named(void *ctx, struct arena *arena, struct str *name, size_t most, struct str *text,
	   struct err *err)
{
	(void)ctx, (void)most;
	if (str_is(*name, "token"))
		*text = arena_str(arena, STR("hunter2\n"));
	else if (str_is(*name, "two_lines"))
		*text = arena_str(arena, STR("hunter2\nhunter3\n"));
	else if (str_is(*name, "spaces"))
		*text = arena_str(arena, STR("hunter2 \t\r\n"));
	else if (str_is(*name, "blank"))
		*text = arena_str(arena, STR(" \n"));
	else if (str_is(*name, "broken"))
		*text = arena_str(arena, STR("hunter2\xff"));
	else if (str_is(*name, "own.yaml"))
		*text = arena_str(arena, STR("connector: 1\npeople: own\nsecret: required\n"
					     "parameters: {room: {required: true}}\n"
					     "body: {room: '{set.room}'}\n"));
	else if (str_is(*name, "bad.yaml"))
		*text = arena_str(arena, STR("connector: 1\nbody: {a: '{data.x|daet}'}\n"));
	else
		return err_set(err, "%.*s: no such file", STR_ARG(*name));
	return true;
}

static const struct config_loader loader = {NULL, read_named, true};

static const char *
said(struct fixture *f)
{
	buf_clear(&f->out);
	diags_print(&f->out, &f->diags, false, false);
	return f->out.n > 0 ? f->out.p : "";
}

static struct config *
load(struct fixture *f, const char *text)
{
	config_destroy(f->config);
	diags_finish(&f->diags);
	diags_init(&f->diags, &f->arena);
	f->config = config_load(STR("churnd.yaml"), str_of(text), &loader, &f->diags);
	return f->config;
}

static void
assert_str(struct str text, const char *expected)
{
	if (!str_is(text, expected))
		fail_msg("\"%.*s\" is not \"%s\"", STR_ARG(text), expected);
}

static void
an_empty_file_is_all_defaults(void **state)
{
	struct config *config = load(*state, "");

	assert_non_null(config);
	assert_str(config->redis_url, "redis://127.0.0.1:6379/0");
	assert_str(config->prefix, "churn:");
	assert_str(config->group, "churnd");
	assert_false(config->start_now);
	assert_int_equal(config->batch, 2000);
	assert_int_equal(config->keep, 7 * DAY_MS);
	assert_int_equal(config->keep_output, 90 * DAY_MS);
	assert_int_equal(config->max_len, 0);
	assert_int_equal(config->stop_timeout, 10 * SECOND_MS);
	assert_int_equal(config->rule_count, 0);
	assert_int_equal(config->endpoint_count, 0);
	assert_str(config->http_listen, "127.0.0.1:8787");
	assert_int_equal(config->http_token_file.n, 0);
	assert_str(config->log_level, "info");
	assert_false(config->log_json);
}

static void
everything_can_be_said(void **state)
{
	struct config *config = load(
		*state,
		"redis:\n  url: unix:///run/redis.sock\n  password_file: /run/pw\n"
		"  prefix: \"{churn}:\"\n"
		"ingest: {group: g, start: now, batch: 100, keep: 2d, keep_output: 30d,\n"
		"  max_len: 1000000}\n"
		"partitions: 1\nstop_timeout: 1500ms\nrules: [a.yaml, b.yaml]\n"
		"webhooks:\n  crm:\n    url: https://crm.example.com/hooks/churn\n"
		"    secret: whsec_MDEyMzQ1Njc4OWFiY2RlZg==\n    format: standard\n"
		"    lang: zh\n    headers: {X-Tenant: acme, X-Empty: ''}\n"
		"    ca_file: /ca\n    cert_file: /cert\n    key_file: /key\n"
		"    timeout: 3s\n"
		"    retry: {first: 1s, factor: 1.5, max: 10m, give_up_after: 1d, jitter: 5%}\n"
		"    throttle: 0s\n    concurrency: 2\n    allow: [10.0.0.0/8, 'fd00::/8']\n"
		"http: {listen: \"0.0.0.0:9\", token_file: /token}\n"
		"log: {level: debug, format: json}\n");
	struct endpoint_config *crm;

	assert_non_null(config);
	assert_str(config->redis_url, "unix:///run/redis.sock");
	assert_str(config->redis_password_file, "/run/pw");
	assert_str(config->prefix, "{churn}:");
	assert_true(config->start_now);
	assert_int_equal(config->batch, 100);
	assert_int_equal(config->keep_output, 30 * DAY_MS);
	assert_int_equal(config->max_len, 1000000);
	assert_int_equal(config->stop_timeout, 1500);
	assert_int_equal(config->rule_count, 2);
	assert_str(config->rules[1], "b.yaml");
	assert_str(config->http_listen, "0.0.0.0:9");
	assert_str(config->log_level, "debug");
	assert_true(config->log_json);
	assert_int_equal(config->endpoint_count, 1);
	crm = config->endpoints;
	assert_str(crm->name, "crm");
	assert_str(crm->secrets[0], "whsec_MDEyMzQ1Njc4OWFiY2RlZg==");
	assert_str(crm->lang, "zh");
	assert_int_equal(crm->header_count, 2);
	assert_str(crm->headers[0].name, "X-Tenant");
	assert_str(crm->headers[0].value, "acme");
	assert_str(crm->key_file, "/key");
	assert_int_equal(crm->timeout, 3000);
	assert_int_equal(crm->retry.first, 1000);
	assert_int_equal(crm->retry.max, 10 * MINUTE_MS);
	assert_true(crm->retry.factor > 1.49 && crm->retry.factor < 1.51);
	assert_true(crm->retry.jitter > 0.049 && crm->retry.jitter < 0.051);
	assert_int_equal(crm->throttle, 0);
	assert_int_equal(crm->concurrency, 2);
	assert_int_equal(crm->allow_count, 2);
	assert_str(crm->allow[1], "fd00::/8");
}

static void
an_endpoint_has_the_contracts_defaults(void **state)
{
	struct config *config =
		load(*state, "webhooks: {a: {url: http://127.0.0.1:1/, secret_file: s}}");
	struct endpoint_config *a;

	assert_non_null(config);
	a = config->endpoints;
	assert_int_equal(a->timeout, 10 * SECOND_MS);
	assert_int_equal(a->throttle, 60 * SECOND_MS);
	assert_int_equal(a->concurrency, 8);
	assert_int_equal(a->retry.first, 5 * SECOND_MS);
	assert_int_equal(a->retry.max, HOUR_MS);
	assert_int_equal(a->retry.give_up_after, 72 * HOUR_MS);
	assert_true(a->retry.factor > 1.99 && a->retry.factor < 2.01);
	assert_true(a->retry.jitter > 0.199 && a->retry.jitter < 0.201);
	assert_int_equal(a->lang.n, 0);
	assert_int_equal(a->allow_count, 0);
}

static void
texts_are_never_expanded(void **state)
{
	struct config *config =
		load(*state, "redis: {password_file: '${HOME}/x', prefix: $x}\n");

	assert_non_null(config);
	assert_str(config->redis_password_file, "${HOME}/x");
	assert_str(config->prefix, "$x");
}

static void
an_unknown_key_is_an_error_and_the_nearest_is_proposed(void **state)
{
	struct fixture *f = *state;

	assert_null(load(f, "redis: {ulr: redis://x}\n"));
	assert_non_null(strstr(said(f), "churnd.yaml:1:9: error E030: unknown key ulr"));
	assert_non_null(strstr(said(f), "did you mean url?"));
}

static void
what_a_later_version_does_is_said_to_be_missing(void **state)
{
	static const char *const files[] = {
		"partitions: 4\n",
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		assert_null(load(f, files[i]));
		assert_int_equal(f->diags.errors, 1);
		assert_string_equal(f->diags.list[0].message->code, "E490");
	}
}

/* A CA in the file and a url that needs none would be a false peace of mind. */
static void
files_of_tls_need_a_url_of_tls(void **state)
{
	static const struct {
		const char *file, *code;
	} rows[] = {
		{"redis: {url: 'rediss://h', ca_file: a, cert_file: b, key_file: c}\n", NULL},
		{"redis: {url: 'rediss://h:1/2'}\n", NULL},
		{"redis: {url: 'rediss://'}\n", "E401"},
		{"redis: {url: 'rediss://h', cert_file: b}\n", "E410"},
		{"redis: {url: 'rediss://h', key_file: b}\n", "E410"},
		{"redis: {url: 'redis://h', ca_file: a}\n", "E427"},
		{"redis: {url: 'unix:///h', cert_file: b, key_file: c}\n", "E427"},
		{"redis: {ca_file: a}\n", "E427"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct config *config = load(f, rows[i].file);

		if (rows[i].code == NULL) {
			assert_non_null(config);
		} else {
			assert_null(config);
			assert_string_equal(f->diags.list[0].message->code, rows[i].code);
		}
	}
}

static void
secrets_are_never_shown(void **state)
{
	static const char *const files[] = {
		"webhooks: {a: {url: x, secret: hunter2}}\n",
		"webhooks: {a: {url: http://h, secret: hunter2}}\n",
		"webhooks:\n  a:\n    url: http://h\n    secret:\n      hunter2\n",
		"webhooks:\n  a:\n    url: http://h\n    Secret: hunter2\n",
		"webhooks:\n  a:\n    url: http://h\n    secret: [hunter2]\n",
		"webhooks:\n  a:\n    secret: hunter2 \"\n    url: [\n",
		"redis: {url: 'http://u:hunter2@h'}\n",
		"redis: {password: hunter2}\n",
		("webhooks: {a: {url: http://h, secret_file: s, headers: {Authorization: "
		 "\"hunter2\\n\"}}}\n"),
		"webhooks: {a: {url: http://h, secret: whsec_hunter2!}}\n",
		"http: {token: hunter2}\n",
		"webhooks: {a: {url: http://h, format: wecom, set: {appkey: hunter2}}}\n",
		"webhooks: {a: {format: hubspot, set: {access_token: hunter2}, bogus: 1}}\n",
		"webhooks:\n  a:\n    format: hubspot\n    set:\n      access_token: [hunter2]\n",
		"webhooks:\n  a:\n    format: zoho\n    set: {client_id: c, client_secret: hunter2,\n"
		"      refresh_token: hunter2}\n    rate: x\n",
		"webhooks: {a: {format: hubspot, set: {access_token_file: two_lines}}}\n",
		"webhooks: {a: {url: 'http://h?key=hunter2 ', format: wecom}}\n",
		"webhooks: {a: {url: http://h, secret: [whsec_MDEyMw==, hunter2]}}\n",
		"webhooks: {a: {url: http://h, format: feishu, secret: [hunter2, {a: hunter2}]}}\n",
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		assert_null(load(f, files[i]));
		assert_non_null(strstr(said(f), "error"));
		assert_null(strstr(said(f), "hunter2"));
	}
}

static void
an_endpoint_speaks_as_its_format_says(void **state)
{
	struct config *config = load(
		*state,
		"webhooks:\n"
		"  chat: {url: http://h/x, format: wecom, set: {keyword: churn}, rate: 5/s,\n"
		"    hours: '09:00-21:30 workdays'}\n"
		"  crm: {format: hubspot, set: {access_token_file: token, path: /x}}\n"
		"  own: {url: http://h, format: template, template: own.yaml, secret: 'a b',\n"
		"    set: {room: r1}, hours: 08:00-24:00}\n"
		"  two: {url: http://h, secret: [whsec_MDEyMw==, whsec_MDEyNA==]}\n"
		"people:\n  li: {wecom: lisi, own: l}\n  wang: {hubspot: '7'}\n");
	struct endpoint_config *endpoints;

	assert_non_null(config);
	endpoints = config->endpoints;
	assert_ptr_equal(endpoints[0].connector, connector_preset(STR("wecom")));
	assert_str(endpoints[0].set[0].value, "churn");
	assert_int_equal(endpoints[0].rate.count, 5);
	assert_int_equal(endpoints[0].rate.per, SECOND_MS);
	assert_true(endpoints[0].hours.given && endpoints[0].hours.workdays);
	assert_int_equal(endpoints[0].hours.from, 9 * HOUR_MS);
	assert_int_equal(endpoints[0].hours.to, 21 * HOUR_MS + 30 * MINUTE_MS);
	assert_int_equal(endpoints[0].secret_count, 0);
	assert_str(endpoints[1].url, "https://api.hubapi.com");
	assert_str(endpoints[1].set[0].key, "access_token");
	assert_str(endpoints[1].set[0].value, "hunter2");
	assert_str(connector_people(endpoints[2].connector), "own");
	assert_str(endpoints[2].secrets[0], "a b");
	assert_false(endpoints[2].hours.workdays);
	assert_null(endpoints[3].connector);
	assert_int_equal(endpoints[3].secret_count, 2);
	assert_false(endpoints[3].hours.given);
	assert_int_equal(config->people_count, 2);
	assert_str(config->people[0].name, "li");
	assert_str(config->people[0].names[1].key, "own");
	assert_str(config->people[1].names[0].value, "7");
}

static void
a_mistake_in_a_template_is_said_in_its_own_file(void **state)
{
	struct fixture *f = *state;

	assert_null(load(
		f, "webhooks: {a: {url: http://h, format: template, template: bad.yaml}}"));
	assert_non_null(strstr(said(f), "bad.yaml:2:20: error E433: unknown filter daet"));
	assert_non_null(strstr(said(f), "did you mean date?"));
}

static void
what_a_format_needs_is_asked_for(void **state)
{
	static const struct {
		const char *endpoint, *code;
	} rows[] = {
		{"{url: http://h, format: slak}", "E415"},
		{"{url: http://h, format: template}", "E418"},
		{"{url: http://h, format: slack, template: own.yaml}", "E418"},
		{"{url: http://h, format: template, template: none.yaml}", "E423"},
		{"{url: http://h, format: wecom, set: {keywort: x}}", "E419"},
		{"{url: http://h, format: template, template: own.yaml, secret: s}", "E420"},
		{"{url: http://h, format: template, template: own.yaml, set: {room: r}}",
		 "E421"},
		{"{url: http://h, format: slack, secret: s}", "E422"},
		{"{url: http://h, format: cloudevents}", "E421"},
		{"{url: http://h, format: cloudevents, secret: plain}", "E403"},
		{"{format: hubspot, set: {access_token_file: none}}", "E423"},
		{"{format: hubspot, set: {access_token_file: two_lines}}", "E426"},
		{"{format: hubspot, set: {access_token: x, access_token_file: token}}", "E424"},
		{"{format: slack}", "E048"},
		{"{url: http://h, secret_file: s, set: {a: b}}", "E419"},
		{"{url: http://h, secret_file: s, rate: 20/day}", "E416"},
		{"{url: http://h, secret_file: s, rate: 0/s}", "E416"},
		{"{url: http://h, secret_file: s, hours: 21:00-09:00}", "E417"},
		{"{url: http://h, secret_file: s, hours: 09:00-25:00}", "E417"},
		{"{url: http://h, secret_file: s, hours: 9-10 weekdays}", "E417"},
		{"{url: http://h, secret: []}", "E044"},
	};
	struct fixture *f = *state;
	struct buf text = {0};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		buf_clear(&text);
		buf_printf(&text, "webhooks:\n  a: %s\n", rows[i].endpoint);
		assert_null(load(f, text.p));
		if (strcmp(f->diags.list[0].message->code, rows[i].code) != 0 ||
		    f->diags.errors != 1)
			fail_msg("%s: %s", rows[i].endpoint, said(f));
	}
	assert_null(load(f, "people: {li: {weком: x}}\n"));
	assert_null(load(f, "people: {li: {wecon: x}}\n"));
	assert_string_equal(f->diags.list[0].message->code, "E425");
	buf_finish(&text);
}

static void
a_header_cannot_break_its_line(void **state)
{
	static const char *const values[] = {"\"a\\r\\nX: y\"", "\"a\\ny\"", "\"a\\ry\"",
					     "\"a\\0y\"", "|\n        a\n        b"};
	struct fixture *f = *state;
	struct buf text = {0};

	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		buf_clear(&text);
		buf_printf(&text,
			   "webhooks:\n  a:\n    url: http://h\n    secret_file: s\n"
			   "    headers:\n      X-A: %s\n",
			   values[i]);
		assert_null(load(f, text.p));
		assert_string_equal(f->diags.list[0].message->code, "E043");
	}
	buf_finish(&text);
}

static void
loopback_needs_no_token_and_anything_else_does(void **state)
{
	static const struct {
		const char *listen;
		bool fits;
	} rows[] = {{"127.0.0.1:1", true},  {"localhost:65535", true},
		    {"'[::1]:8787'", true}, {"unix:/run/x", true},
		    {"0.0.0.0:1", false},   {"'[::]:1'", false},
		    {"10.0.0.1:80", false}, {"host.example:80", false},
		    {"127.0.0.1:0", false}, {"127.0.0.1:65536", false},
		    {"127.0.0.1", false},   {"'unix:'", false},
		    {"':80'", false}};
	struct fixture *f = *state;
	struct buf text = {0};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		buf_clear(&text);
		buf_printf(&text, "http: {listen: %s}\n", rows[i].listen);
		if ((load(f, text.p) != NULL) != rows[i].fits)
			fail_msg("%s", rows[i].listen);
	}
	buf_finish(&text);
}

static void
a_network_is_an_address_and_its_bits(void **state)
{
	static const struct {
		const char *network;
		bool fits;
	} rows[] = {{"10.0.0.0/8", true},
		    {"10.0.0.1", true},
		    {"255.255.255.255/32", true},
		    {"0.0.0.0/0", true},
		    {"10.0.0.0/33", false},
		    {"256.0.0.0/8", false},
		    {"10.0.0/8", false},
		    {"10.0.0.0.0/8", false},
		    {"10.0..0/8", false},
		    {"10.0.0.0/", false},
		    {"10.0.0.0/x", false},
		    {"fd00::/8", true},
		    {"::1", true},
		    {"FD00::ABcd/128", true},
		    {"fd00::/129", false},
		    {"fd00:/8", false},
		    {"fg00::/8", false},
		    {"1:2:3:4:5:6:7:8:9::/8", false},
		    {"::ffff:10.0.0.1/104", true},
		    {"host.example", false},
		    {"/8", false}};
	struct fixture *f = *state;
	struct buf text = {0};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		buf_clear(&text);
		buf_printf(&text,
			   "webhooks: {a: {url: http://h, secret_file: s, allow: [\"%s\"]}}\n",
			   rows[i].network);
		if ((load(f, text.p) != NULL) != rows[i].fits)
			fail_msg("%s: %s", rows[i].network, said(f));
		if (!rows[i].fits)
			assert_string_equal(f->diags.list[0].message->code, "E408");
	}
	buf_finish(&text);
}

/* The line is the secret; what stands behind it on the line, or no line at all, is none. */
static void
a_secret_of_a_file_is_its_first_line_without_blanks_at_its_end(void **state)
{
	static const char *const refused[] = {"blank", "broken", "two_lines"};
	const struct config_loader blind = {NULL, read_named, false};
	struct fixture *f = *state;
	struct buf text = {0};

	assert_non_null(load(
		f, "webhooks: {a: {format: hubspot, set: {access_token_file: spaces}}}\n"));
	assert_str(f->config->endpoints[0].set[0].value, "hunter2");
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		buf_clear(&text);
		buf_printf(&text,
			   "webhooks: {a: {format: hubspot, set: {access_token_file: %s}}}\n",
			   refused[i]);
		assert_null(load(f, text.p));
		assert_string_equal(f->diags.list[0].message->code, "E426");
		assert_null(strstr(said(f), "hunter"));
	}
	assert_null(
		load(f, "webhooks: {a: {format: hubspot, set: {access_token_file: ''}}}\n"));
	assert_string_equal(f->diags.list[0].message->code, "E035");
	/* Who need not know it does not read it. */
	diags_finish(&f->diags);
	diags_init(&f->diags, &f->arena);
	config_destroy(f->config);
	f->config = config_load(
		STR("churnd.yaml"),
		STR("webhooks: {a: {format: hubspot, set: {access_token_file: none}}}\n"),
		&blind, &f->diags);
	assert_non_null(f->config);
	assert_str(f->config->endpoints[0].set[0].value, "");
	buf_finish(&text);
}

static void
all_errors_come_in_one_run(void **state)
{
	struct fixture *f = *state;

	assert_null(load(f, "ingest: {batch: 0, keep: soon}\nlog: {level: loud}\nzzz: 1\n"));
	assert_int_equal(f->diags.errors, 4);
}

static void
a_file_that_is_no_yaml_is_said_to_be_none(void **state)
{
	struct fixture *f = *state;

	assert_null(load(f, "redis: url: x\n"));
	assert_non_null(strstr(said(f), "churnd.yaml:1:11: error E005"));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(an_empty_file_is_all_defaults),
		TEST(everything_can_be_said),
		TEST(an_endpoint_has_the_contracts_defaults),
		TEST(texts_are_never_expanded),
		TEST(an_unknown_key_is_an_error_and_the_nearest_is_proposed),
		TEST(what_a_later_version_does_is_said_to_be_missing),
		TEST(files_of_tls_need_a_url_of_tls),
		TEST(secrets_are_never_shown),
		TEST(an_endpoint_speaks_as_its_format_says),
		TEST(a_mistake_in_a_template_is_said_in_its_own_file),
		TEST(what_a_format_needs_is_asked_for),
		TEST(a_header_cannot_break_its_line),
		TEST(loopback_needs_no_token_and_anything_else_does),
		TEST(a_network_is_an_address_and_its_bits),
		TEST(a_secret_of_a_file_is_its_first_line_without_blanks_at_its_end),
		TEST(all_errors_come_in_one_run),
		TEST(a_file_that_is_no_yaml_is_said_to_be_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
