/* SPDX-License-Identifier: Apache-2.0 */
/* Of everything that a rule file may name there is a most, and one more is said at its own place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/civil.h"
#include "codec/rules_maker.h"
#include "codec/rules_yaml.h"

/* `head`, then so many times `each`, in which %1$d counts. */
struct row {
	const char *head, *each;
	int most;
	const char *what;
};

#define HEAD "churnd: 1\nname: t\nsignals: {a: {on: a}}\n"
#define RULE "rules: [{rule: r, expr: seen(a), points: 5}]\n"

static const struct row rows[] = {
	{HEAD RULE "tags:\n", "  t%1$d: {when: seen(a)}\n", RULESET_MAX_TAGS, "tags"},
	{HEAD RULE "stages:\n", "- {stage: s%1$d, when: age() < %1$dd}\n", RULESET_MAX_STAGES,
	 "stages"},
	{HEAD RULE "tasks:\n", "  t%1$d: {queue: q}\n", RULESET_MAX_TASKS, "tasks"},
	{HEAD RULE "teams:\n", "  t%1$d: [li]\n", RULES_MAX_NAMES, "teams"},
	{HEAD RULE "lists:\n", "  l%1$d: [x]\n", RULES_MAX_NAMES, "lists"},
	{HEAD RULE "macros:\n", "  m%1$d: seen(a)\n", RULES_MAX_NAMES, "macros"},
	{HEAD RULE "items:\n", "  i%1$d: {open: o%1$d, close: c%1$d, key: k}\n",
	 RULESET_MAX_ITEMS, "items"},
	{HEAD RULE "tasks: {call: {}}\nactions:\n",
	 "- {on: rule.fired, rule: r, task: call} #%1$d\n", RULESET_MAX_ACTIONS, "actions"},
	{HEAD RULE "profile: {mrr: num}\nmodels:\n  a:\n",
	 "  - {kind: mbg_nbd, r: 0.5, alpha: 43, a: 0.9, b: 1.6, fitted: 2026-01-01, "
	 "when: profile.mrr > %1$d}\n",
	 RULESET_MAX_MODELS, "models"},
};

/* "code line argument argument" of each error. */
static void
answer(struct buf *out, const struct diag_file *file)
{
	const struct rules_loader loader = {.ctx = NULL};
	struct arena arena;
	struct diags diags;

	arena_init(&arena);
	diags_init(&diags, &arena);
	ruleset_destroy(rules_load(file, 1, &loader, (struct hash_seed){1, 2}, &diags));
	for (unsigned i = 0; i < diags.count; i++) {
		const struct diag *diag = &diags.list[i];

		if (diag->message->code[0] == 'E')
			buf_printf(out, "%s %d %.*s %.*s;", diag->message->code, diag->line,
				   STR_ARG(diag->args[0]), STR_ARG(diag->args[1]));
	}
	diags_finish(&diags);
	arena_finish(&arena);
}

static void
put_rows(struct buf *text, const struct row *row, int count)
{
	buf_clear(text);
	buf_text(text, row->head);
	for (int i = 1; i <= count; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		buf_printf(text, row->each, i);
#pragma GCC diagnostic pop
	}
}

static int
lines_of(const struct buf *text)
{
	int lines = 0;

	for (size_t i = 0; i < text->n; i++)
		lines += text->p[i] == '\n';
	return lines;
}

static void
the_most_is_taken_and_one_more_is_said_where_it_stands(void **state)
{
	struct buf text = {0}, said = {0}, wanted = {0};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct row *row = &rows[i];
		struct diag_file file = {.name = STR("r.yaml")};

		put_rows(&text, row, row->most);
		file.text = buf_view(&text);
		buf_clear(&said);
		answer(&said, &file);
		if (said.n > 0)
			fail_msg("%d %s: %s", row->most, row->what, said.p);
		put_rows(&text, row, row->most + 1);
		file.text = buf_view(&text);
		buf_clear(&wanted);
		buf_printf(&wanted, "E210 %d %s %d;", lines_of(&text), row->what, row->most);
		answer(&said, &file);
		if (!str_eq(buf_view(&said), buf_view(&wanted)))
			fail_msg("%s, not %s", said.n > 0 ? said.p : "nothing", wanted.p);
	}
	buf_finish(&text);
	buf_finish(&said);
	buf_finish(&wanted);
}

static void
a_calendar_has_four_thousand_days_at_most(void **state)
{
	struct buf text = {0}, said = {0};
	struct diag_file file = {.name = STR("r.yaml")};
	char date[INSTANT_TEXT];

	(void)state;
	buf_text(&text, HEAD RULE "calendar:\n  holidays:\n");
	for (int day = 1; day <= CALENDAR_MAX_DAYS + 1; day++) {
		print_date(day, date);
		buf_printf(&text, "    %s: rest\n", date);
	}
	file.text = buf_view(&text);
	answer(&said, &file);
	assert_string_equal(said.p, "E210 4007 days 4000;");
	buf_finish(&text);
	buf_finish(&said);
}

static void
a_calendar_is_looked_for_beside_the_file_that_names_it(void **state)
{
	static const struct {
		const char *name, *text, *path;
	} files[] = {
		{"/etc/churnd/r.yaml", "calendar: cn.yaml\n", "/etc/churnd/cn.yaml"},
		{"rules/r.yaml", "calendar: /srv/cn.yaml\n", "/srv/cn.yaml"},
		{"r.yaml", "calendar: cn.yaml\n", "cn.yaml"},
		{"r.yaml", "name: calendar\n", NULL},
		{"r.yaml", "# no calendar\n", NULL},
		{"r.yaml", "calendar: {hours: '09:00-18:00'}\n", NULL},
		{"r.yaml", "calendar: ''\n", NULL},
		{"r.yaml", "calendar: [\n", NULL},
		{"r.yaml", "- calendar\n", NULL},
		{"r.yaml", "name: x\n", NULL},
		{"r.yaml", "", NULL},
	};
	struct arena arena;

	(void)state;
	arena_init(&arena);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		const struct diag_file file = {str_of(files[i].name), str_of(files[i].text)};
		struct str path = STR_NONE;

		assert_int_equal(rules_calendar_of(&arena, &file, &path),
				 files[i].path != NULL);
		if (!str_eq(path, str_of(files[i].path)))
			fail_msg("%s of %s: %.*s", files[i].text, files[i].name, STR_ARG(path));
	}
	arena_finish(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_most_is_taken_and_one_more_is_said_where_it_stands),
		cmocka_unit_test(a_calendar_has_four_thousand_days_at_most),
		cmocka_unit_test(a_calendar_is_looked_for_beside_the_file_that_names_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
