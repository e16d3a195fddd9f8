/* SPDX-License-Identifier: Apache-2.0 */
/* Prints the generated parts of rules/README.md, from the tables the program itself runs on.
 *
 *   reference functions|messages|limits */
#include <stdio.h>
#include <string.h>

#include "engine/guard.h"
#include "engine/ruleset.h"
#include "lang/builtin.h"
#include "lang/message.h"

/* A pipe would end the cell of a table, and nothing in a cell may be taken for a tag. */
static void
cell(const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '|')
			putchar('\\');
		fputs(*text == '<'   ? "&lt;"
		      : *text == '>' ? "&gt;"
				     : (char[]){*text, '\0'},
		      stdout);
	}
}

static void
notes(const struct builtin *fn)
{
	static const struct {
		unsigned flag;
		const char *note;
	} rows[] = {
		{FN_DAYS_ONLY, "days only"},	  {FN_NEEDS_SUM, "needs `sum:`"},
		{FN_NEEDS_LAST, "needs `last:`"}, {FN_GROWS | FN_STEPS, "exact in time"},
		{FN_EDGES, "exact at its edges"},
	};
	const char *between = "";

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if ((fn->flags & rows[i].flag) == 0)
			continue;
		printf("%s%s", between, rows[i].note);
		between = ", ";
	}
}

static void
functions(void)
{
	struct buf signature = {0};
	const struct builtin *fn;

	puts("| function | gives | meaning | notes |\n| --- | --- | --- | --- |");
	for (unsigned i = 0; (fn = builtin_at(i)) != NULL; i++) {
		buf_clear(&signature);
		builtin_signature(&signature, fn);
		printf("| `%.*s` | %s | ", STR_ARG(buf_view(&signature)),
		       type_name(fn->result, false));
		cell(fn->en);
		fputs(" | ", stdout);
		notes(fn);
		puts(" |");
	}
	buf_finish(&signature);
}

static void
messages(void)
{
	const struct message *message;

	puts("| code | sentence |\n| --- | --- |");
	for (size_t i = 0; (message = message_at(i)) != NULL; i++) {
		printf("| %s | ", message->code);
		cell(message->en);
		puts(" |");
	}
}

static void
limits(void)
{
	static const struct {
		const char *what;
		long most;
	} rows[] = {
		{"rules", RULESET_MAX_RULES},
		{"signals", RULESET_MAX_SIGNALS},
		{"profile attributes, the reserved ones included", RULESET_MAX_ATTRIBUTES},
		{"levels, `healthy` included", RULESET_MAX_LEVELS},
		{"kinds of tasks", RULESET_MAX_TASKS},
		{"actions", RULESET_MAX_ACTIONS},
		{"bytes of a rule file", RULESET_MAX_FILE},
		{"bytes of a text with holes", TEMPLATE_MAX_BYTES},
		{"holes in a text", TEMPLATE_MAX_HOLES},
		{"days that a range reaches back, offset included", RULESET_MAX_REACH_DAYS},
		{"hours that a range of hours reaches back", RULESET_MAX_REACH_HOURS},
		{"days that are listed in a calendar", CALENDAR_MAX_DAYS},
		{"steps of a date rule", RULESET_MAX_STEPS},
		{"feeds (pairs of event type and source) that are guarded", GUARD_MAX_FEEDS},
		{"suspect times of one feed that are remembered", GUARD_MAX_SPANS},
		{"arguments of a function that is not `least` or `most`", FN_MAX_ARGS},
	};

	puts("| at most | |\n| ---: | --- |");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		printf("| %ld | %s |\n", rows[i].most, rows[i].what);
}

static const struct {
	const char *name;
	void (*print)(void);
} parts[] = {
	{"functions", functions},
	{"messages", messages},
	{"limits", limits},
};

int
main(int argc, char **argv)
{
	for (size_t i = 0; argc == 2 && i < sizeof parts / sizeof *parts; i++) {
		if (strcmp(argv[1], parts[i].name) == 0) {
			parts[i].print();
			return fflush(stdout) == 0 ? 0 : 1;
		}
	}
	fputs("usage: reference functions|messages|limits\n", stderr);
	return 2;
}
