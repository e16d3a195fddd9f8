/* SPDX-License-Identifier: Apache-2.0 */
/* Each row of tests/connectors/replies.txt is judged so, and no reply of any kind harms or passes for a delivery. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/civil.h"
#include "base/mem.h"
#include "codec/connector.h"

static const struct {
	const char *word;
	enum retry_outcome outcome;
} outcomes[] = {{"delivered", RETRY_DELIVERED}, {"later", RETRY_LATER},
		{"denied", RETRY_DENIED},	{"refused", RETRY_REFUSED},
		{"throttled", RETRY_THROTTLED}, {"paused", RETRY_GONE},
		{"stale", RETRY_DENIED}};

static enum retry_outcome
outcome_of(const char *word)
{
	for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++)
		if (strcmp(outcomes[i].word, word) == 0)
			return outcomes[i].outcome;
	fail_msg("%s is no outcome", word);
	return RETRY_LATER;
}

static const struct connector *
preset(const char *name)
{
	const struct connector *connector = connector_preset(str_of(name));

	if (connector == NULL)
		fail_msg("%s is no preset", name);
	return connector;
}

/* "preset status after outcome body" */
static void
check_line(char *line)
{
	char name[32], after[16], word[16];
	int status, end = 0;
	struct buf why = {0};
	const struct connector *connector;
	enum retry_outcome outcome;
	bool stale;

	line[strcspn(line, "\n")] = '\0';
	assert_int_equal(sscanf(line, "%31s %d %15s %15s%n", name, &status, after, word, &end),
			 4);
	struct str body = str_trim(str_of(line + end));

	connector = preset(name);
	outcome = connector_judge(connector, status,
				  after[0] == '-' ? RETRY_NO_AFTER : atoi(after), body, &why);
	stale = connector_token_is_stale(connector, status, body);
	if (outcome != outcome_of(word) || stale != (strcmp(word, "stale") == 0))
		fail_msg("%s: %d %d", line, outcome, stale);
	assert_true(why.n <= 300);
	buf_finish(&why);
}

static void
replies_mean_what_their_table_says(void **state)
{
	FILE *file = fopen("tests/connectors/replies.txt", "r");
	char line[1024];
	unsigned count = 0;

	(void)state;
	assert_non_null(file);
	while (fgets(line, sizeof line, file) != NULL)
		if (line[0] != '#') {
			check_line(line);
			count++;
		}
	fclose(file);
	assert_true(count > 100);
}

static void
why_is_said_in_one_line_of_at_most_300_bytes(void **state)
{
	struct buf why = {0}, body = {0};

	(void)state;
	connector_judge(preset("wecom"), 200, RETRY_NO_AFTER,
			STR("{\"errcode\":45009,\"errmsg\":\"too\\noften\\u001b[31m\"}"), &why);
	assert_string_equal(why.p, "45009: too often [31m");
	buf_text(&body, "{\"errcode\":1,\"errmsg\":\"");
	for (int i = 0; i < 500; i++)
		buf_text(&body, "频");
	buf_text(&body, "\"}");
	connector_judge(preset("wecom"), 200, RETRY_NO_AFTER, buf_view(&body), &why);
	assert_true(why.n <= 300 && why.n > 290);
	assert_true(utf8_valid(buf_view(&why)));
	connector_judge(preset("wecom"), 200, RETRY_NO_AFTER, STR("{\"errcode\":0}"), &why);
	assert_int_equal(why.n, 0);
	buf_finish(&why);
	buf_finish(&body);
}

/* A connector of one's own: what its rows say of replies of 200. */
static void
a_code_is_found_by_its_pointer_and_compared_as_text(void **state)
{
	static const char yaml[] = "connector: 1\nbody: {a: b}\n"
				   "reply:\n"
				   "  code: [/a~1b, /c~0d, /list/1, /deep/x]\n"
				   "  message: /why\n"
				   "  rows:\n"
				   "  - {is: [0, ok, 'true', 'null'], means: delivered}\n"
				   "  - {is: 'false', means: denied}\n"
				   "  - {says: slowly, means: throttled}\n";
	static const struct {
		const char *body;
		enum retry_outcome outcome;
	} rows[] = {
		{"{\"a/b\":0}", RETRY_DELIVERED},
		{"{\"a/b\":\"ok\"}", RETRY_DELIVERED},
		{"{\"a/b\":true}", RETRY_DELIVERED},
		{"{\"a/b\":null}", RETRY_DELIVERED},
		{"{\"a/b\":false}", RETRY_DENIED},
		{"{\"a/b\":0.5}", RETRY_LATER}, /* is no code */
		{"{\"a/b\":[0]}", RETRY_LATER},
		{"{\"a/b\":1,\"c~d\":0}", RETRY_LATER}, /* the first that is there */
		{"{\"c~d\":0}", RETRY_DELIVERED},
		{"{\"list\":[1,0]}", RETRY_DELIVERED},
		{"{\"list\":[0]}", RETRY_LATER},
		{"{\"deep\":[0]}", RETRY_LATER},
		{"{\"deep\":5}", RETRY_LATER},
		{"{\"a/b\":7,\"why\":\"More SLOWLY, please\"}", RETRY_THROTTLED},
		{"{\"a/b\":7,\"why\":[\"slowly\"]}", RETRY_LATER},
		{"{}", RETRY_LATER},
		{"", RETRY_LATER},
		{"{\"a/b\":0,\"a/b\":0}", RETRY_LATER},
	};
	const struct connector *connector;
	struct arena arena;
	struct diags diags;

	(void)state;
	arena_init(&arena);
	diags_init(&diags, &arena);
	connector = connector_load(&arena, STR("t"), str_of(yaml), &diags);
	assert_non_null(connector);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (connector_judge(connector, 200, RETRY_NO_AFTER, str_of(rows[i].body),
				    NULL) != rows[i].outcome)
			fail_msg("%s", rows[i].body);
	/* delivered is what a success says */
	assert_int_equal(
		connector_judge(connector, 500, RETRY_NO_AFTER, STR("{\"a/b\":0}"), NULL),
		RETRY_LATER);
	assert_int_equal(
		connector_judge(connector, 199, RETRY_NO_AFTER, STR("{\"a/b\":0}"), NULL),
		RETRY_LATER);
	diags_finish(&diags);
	arena_finish(&arena);
}

/* Places of a list are numbers without a zero before them; names are of 63 bytes at most. */
static void
a_pointer_finds_what_it_names_and_nothing_else(void **state)
{
	static const char name[] =
		"a23456789a23456789a23456789a23456789a23456789a23456789a23456789a";
	static const struct {
		const char *pointer, *body;
		enum retry_outcome outcome;
	} rows[] = {
		{"/l/0", "{\"l\":[0]}", RETRY_DELIVERED},
		{"/l/00", "{\"l\":[0]}", RETRY_LATER},
		{"/l/x", "{\"l\":[0]}", RETRY_LATER},
		{"/l/1", "{\"l\":[0]}", RETRY_LATER},
		{"/l/", "{\"l\":{\"\":0}}", RETRY_DELIVERED},
		{"/~0~1", "{\"~/\":0}", RETRY_DELIVERED},
	};
	struct buf yaml = {0}, body = {0};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows + 2; i++) {
		size_t last = sizeof rows / sizeof *rows;
		int n = (int)(sizeof name - 1 - (i - last)); /* 64, 63 */
		enum retry_outcome outcome = i < last	 ? rows[i].outcome
					     : i == last ? RETRY_LATER
							 : RETRY_DELIVERED;
		struct arena arena;
		struct diags diags;

		arena_init(&arena);
		diags_init(&diags, &arena);
		buf_clear(&yaml);
		buf_clear(&body);
		buf_text(&yaml, "connector: 1\nbody: {a: b}\n"
				"reply: {rows: [{is: 0, means: delivered}], code: ");
		if (i < last) {
			buf_printf(&yaml, "%s}\n", rows[i].pointer);
			buf_text(&body, rows[i].body);
		} else {
			buf_printf(&yaml, "/%.*s}\n", n, name);
			buf_printf(&body, "{\"%.*s\":0}", n, name);
		}
		const struct connector *connector =
			connector_load(&arena, STR("t"), buf_view(&yaml), &diags);

		assert_non_null(connector);
		if (connector_judge(connector, 200, RETRY_NO_AFTER, buf_view(&body), NULL) !=
		    outcome)
			fail_msg("%s%s", yaml.p, body.p);
		diags_finish(&diags);
		arena_finish(&arena);
	}
	buf_finish(&yaml);
	buf_finish(&body);
}

static void
a_reply_of_plain_text_is_its_own_code(void **state)
{
	static const char yaml[] = "connector: 1\nbody: {a: b}\n"
				   "reply: {code: text, rows: [{is: ok, means: delivered}]}\n";
	const struct connector *connector;
	struct buf body = {0}, why = {0};
	struct arena arena;
	struct diags diags;

	(void)state;
	arena_init(&arena);
	diags_init(&diags, &arena);
	connector = connector_load(&arena, STR("t"), str_of(yaml), &diags);
	if (connector == NULL) {
		diags_print(&body, &diags, false, false);
		fail_msg("%s", body.p);
	}
	assert_int_equal(connector_judge(connector, 200, RETRY_NO_AFTER, STR("ok \r\n"), &why),
			 RETRY_DELIVERED);
	assert_int_equal(connector_judge(connector, 200, RETRY_NO_AFTER, STR("okay"), &why),
			 RETRY_LATER);
	assert_string_equal(why.p, "okay");
	for (int i = 0; i < 300; i++)
		buf_char(&body, 'x');
	assert_int_equal(connector_judge(connector, 200, RETRY_NO_AFTER, buf_view(&body), &why),
			 RETRY_LATER);
	assert_true(why.n > 200 && why.n <= 300);
	assert_int_equal(connector_judge(connector, 200, RETRY_NO_AFTER, STR(" \n"), &why),
			 RETRY_LATER);
	buf_finish(&body);
	buf_finish(&why);
	diags_finish(&diags);
	arena_finish(&arena);
}

/* "[[[[...": jansson's own limit of depth answers, not the stack. */
static void
deep_and_large_replies_are_unreadable(void **state)
{
	struct buf body = {0};

	(void)state;
	for (int i = 0; i < 60000; i++)
		buf_char(&body, '[');
	assert_int_equal(
		connector_judge(preset("wecom"), 200, RETRY_NO_AFTER, buf_view(&body), NULL),
		RETRY_LATER);
	buf_clear(&body);
	buf_text(&body, "{\"errcode\":0,\"errmsg\":\"");
	for (int i = 0; i < 70000; i++)
		buf_char(&body, 'x');
	buf_text(&body, "\"}");
	assert_int_equal(
		connector_judge(preset("wecom"), 200, RETRY_NO_AFTER, buf_view(&body), NULL),
		RETRY_LATER);
	buf_finish(&body);
}

static void
a_token_is_read_with_its_expiry(void **state)
{
	static const struct {
		const char *preset, *body, *token;
		int64_t life; /* ms */
	} rows[] = {
		{"wecom_app", "{\"errcode\":0,\"access_token\":\"A\",\"expires_in\":7200}", "A",
		 7200 * SECOND_MS - 5 * MINUTE_MS},
		{"wecom_app", "{\"errcode\":0,\"access_token\":\"A\",\"expires_in\":\"600\"}",
		 "A", 9 * MINUTE_MS},
		{"wecom_app", "{\"errcode\":0,\"access_token\":\"A\",\"expires_in\":-1}", "A",
		 2 * HOUR_MS - 5 * MINUTE_MS},
		{"wecom_app", "{\"errcode\":0,\"access_token\":\"A\",\"expires_in\":\"soon\"}",
		 "A", 2 * HOUR_MS - 5 * MINUTE_MS},
		{"wecom_app",
		 "{\"errcode\":0,\"access_token\":\"A\",\"expires_in\":99999999999}", "A",
		 2 * HOUR_MS - 5 * MINUTE_MS},
		{"wecom_app", "{\"errcode\":0,\"access_token\":\"A\",\"expires_in\":true}", "A",
		 2 * HOUR_MS - 5 * MINUTE_MS},
		{"wecom_app", "{\"errcode\":0}", NULL, 0},
		{"wecom_app", "{\"errcode\":40013,\"errmsg\":\"A secret\"}", NULL, 0},
		{"wecom_app", "{\"errcode\":0,\"access_token\":\"\"}", NULL, 0},
		{"wecom_app", "{\"errcode\":0,\"access_token\":5}", NULL, 0},
		{"wecom_app", "{\"errcode\":0,\"access_token\":\"a\\nb\"}", NULL, 0},
		{"feishu_app", "{\"code\":0,\"tenant_access_token\":\"t-1\",\"expire\":3600}",
		 "t-1", 55 * MINUTE_MS},
		{"salesforce", "{\"access_token\":\"00D\",\"instance_url\":\"x\"}", "00D",
		 27 * MINUTE_MS},
		{"zoho", "{\"access_token\":\"1000.x\",\"expires_in\":3600}", "1000.x",
		 55 * MINUTE_MS},
		{"zoho", "{\"error\":\"invalid_code\"}", NULL, 0},
		{"fxiaoke", "{\"errorCode\":0,\"corpAccessToken\":\"F\",\"expiresIn\":7200}",
		 "F", 7200 * SECOND_MS - 5 * MINUTE_MS},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf token = {0};
		int64_t expires_at = 0;
		struct err err;
		bool good =
			connector_token_read(preset(rows[i].preset), 200, str_of(rows[i].body),
					     1000, &token, &expires_at, &err);

		if (good != (rows[i].token != NULL))
			fail_msg("%s", rows[i].body);
		if (good) {
			assert_string_equal(token.p, rows[i].token);
			assert_int_equal(expires_at, 1000 + rows[i].life);
		} else {
			assert_null(strstr(err.text, "secret"));
		}
		buf_finish(&token);
	}
}

static void
a_token_needs_a_success(void **state)
{
	struct buf token = {0};
	int64_t expires_at;
	struct err err;

	(void)state;
	assert_false(connector_token_read(preset("zoho"), 500, STR("{\"access_token\":\"x\"}"),
					  0, &token, &expires_at, &err));
	assert_false(connector_token_read(preset("zoho"), 0, STR_NONE, 0, &token, &expires_at,
					  &err));
	buf_finish(&token);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replies_mean_what_their_table_says),
		cmocka_unit_test(why_is_said_in_one_line_of_at_most_300_bytes),
		cmocka_unit_test(a_code_is_found_by_its_pointer_and_compared_as_text),
		cmocka_unit_test(a_pointer_finds_what_it_names_and_nothing_else),
		cmocka_unit_test(a_reply_of_plain_text_is_its_own_code),
		cmocka_unit_test(deep_and_large_replies_are_unreadable),
		cmocka_unit_test(a_token_is_read_with_its_expiry),
		cmocka_unit_test(a_token_needs_a_success),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
