/* SPDX-License-Identifier: Apache-2.0 */
/* Of everything that a connector's file may name there is a most, and one more is said at its own place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "codec/connector_inside.h"

#define HEAD "connector: 1\nbody: {a: b}\n"

/* HEAD and `head`, then so many lines of `before`, a number, `behind`. */
static const struct row {
	const char *head, *before, *behind;
	unsigned most;
} rows[] = {
	{"parameters:\n", "  p", ": {default: x}\n", CONNECTOR_MAX_PARAMETERS},
	{"maps:\n", "  m", ": {a: b}\n", CONNECTOR_MAX_TABLES},
	{"maps:\n  m:\n", "    k", ": v\n", CONNECTOR_MAX_ROWS},
	{"texts:\n", "  t", ": x\n", CONNECTOR_MAX_TEXTS},
	{"headers:\n", "  X-", ": x\n", CONNECTOR_MAX_HEADERS},
	{"reply:\n  code: /a\n  rows:\n", "  - {is: c", ", means: delivered}\n",
	 CONNECTOR_MAX_ROWS},
	{"reply:\n  rows: [{is: 0, means: delivered}]\n  code:\n", "  - /p", "\n",
	 REPLY_MAX_POINTERS},
};

static struct diags diags;
static struct arena arena;

static int
set_up(void **state)
{
	(void)state;
	arena_init(&arena);
	diags_init(&diags, &arena);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	diags_finish(&diags);
	arena_finish(&arena);
	return 0;
}

static const struct connector *
load_row(struct buf *text, const struct row *row, unsigned count)
{
	diags_finish(&diags);
	diags_init(&diags, &arena);
	buf_clear(text);
	buf_text(text, HEAD);
	buf_text(text, row->head);
	for (unsigned i = 1; i <= count; i++)
		buf_printf(text, "%s%u%s", row->before, i, row->behind);
	return connector_load(&arena, STR("t.yaml"), buf_view(text), &diags);
}

static void
the_most_is_taken_and_one_more_is_refused(void **state)
{
	struct buf text = {0}, said = {0};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (load_row(&text, &rows[i], rows[i].most) == NULL) {
			diags_print(&said, &diags, false, false);
			fail_msg("%u: %s", rows[i].most, said.p);
		}
		assert_null(load_row(&text, &rows[i], rows[i].most + 1));
		if (diags.errors != 1 || strcmp(diags.list[0].message->code, "E508") != 0) {
			diags_print(&said, &diags, false, false);
			fail_msg("%u and one: %s", rows[i].most, said.p);
		}
	}
	buf_finish(&text);
	buf_finish(&said);
}

/* "code line column" of the first mistake. */
static void
expect_said(const char *yaml, const char *wanted)
{
	struct buf said = {0};

	diags_finish(&diags);
	diags_init(&diags, &arena);
	assert_null(connector_load(&arena, STR("t.yaml"), str_of(yaml), &diags));
	buf_printf(&said, "%s %d %d", diags.list[0].message->code, diags.list[0].line,
		   diags.list[0].column);
	if (strcmp(said.p, wanted) != 0) {
		buf_text(&said, ": ");
		diags_print(&said, &diags, false, false);
		fail_msg("%s", said.p);
	}
	buf_finish(&said);
}

static void
mistakes_are_said_where_they_stand(void **state)
{
	(void)state;
	expect_said("connector: 2\nbody: {a: b}\n", "E447 1 1");
	expect_said("- connector\n", "E032 1 1");
	expect_said(HEAD "home: ftp://h\n", "E402 3 7");
	expect_said(HEAD "parameters: {'': {}}\n", "E448 3 14");
	expect_said(HEAD "parameters: {A: {}}\n", "E448 3 14");
	expect_said(HEAD "parameters: {a-b: {}}\n", "E448 3 14");
	expect_said(HEAD "parameters: [a]\n", "E032 3 13");
	expect_said(HEAD "maps: {m: {a: {}}}\n", "E049 3 15");
	expect_said(HEAD "maps: [m]\n", "E032 3 7");
	expect_said(HEAD "texts: [m]\n", "E032 3 8");
	expect_said(HEAD "texts: {t: {en: a, zh: '{'}}\n", "E439 3 25");
	expect_said(HEAD "headers: [m]\n", "E032 3 10");
	expect_said(HEAD "headers: {'a b': m}\n", "E406 3 11");
	expect_said(HEAD "url: ftp://h\n", "E402 3 6");
	expect_said(HEAD "method: post\n", "E451 3 9");
	expect_said(HEAD "reply: {code: a, rows: [{is: 0, means: delivered}]}\n", "E446 3 15");
	expect_said(HEAD "reply: {code: /a~2, rows: [{is: 0, means: delivered}]}\n",
		    "E446 3 15");
	expect_said(HEAD "reply: {code: /a~, rows: [{is: 0, means: delivered}]}\n",
		    "E446 3 15");
	expect_said(HEAD "reply: {code: /a, rows: [{is: 0, means: gone}]}\n", "E040 3 41");
	expect_said(HEAD "reply: {code: /a, rows: [{is: 0}]}\n", "E048 3 26");
	expect_said(HEAD "reply: {rows: [{status: 6xx, means: refused}]}\n", "E450 3 25");
	expect_said(HEAD "reply: {rows: [{status: 600, means: refused}]}\n", "E450 3 25");
	expect_said(HEAD "reply: {rows: [{status: 1xx, means: refused}]}\n", "E450 3 25");
	expect_said(HEAD "reply: {rows: [{status: [404], means: refused}]}\n", "E034 3 25");
	expect_said(HEAD "reply: {rows: {status: 404}}\n", "E033 3 15");
	expect_said(HEAD "rate: 5\n", "E416 3 7");
	expect_said(HEAD "rate: 0/s\n", "E416 3 7");
	expect_said(HEAD "rate: 9999999/s\n", "E416 3 7");
	expect_said(HEAD "rate: [5]\n", "E034 3 7");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(the_most_is_taken_and_one_more_is_refused),
		TEST(mistakes_are_said_where_they_stand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
