/* SPDX-License-Identifier: Apache-2.0 */
/* churnctl: one table of commands. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/command.h"
#include "app/memory.h"

#ifndef CHURND_VERSION
#define CHURND_VERSION "0.1"
#endif

static void
print_help(void)
{
	printf("churnctl: asks and tells the daemon that watches for customers about to leave\n\n"
	       "usage: churnctl [-c FILE] COMMAND [ARGUMENTS] [--json] [--lang en|zh]\n"
	       "       churnctl help [COMMAND]\n\n");
	for (const struct command *row = commands; row->name; row++)
		printf("  %s%s%s\n        %s\n", row->name, *row->args ? " " : "", row->args,
		       row->brief);
	printf("\nexit status: 0 done; 1 the answer is no (check, test: what they check is in error);\n"
	       "2 wrong usage, or a file that is unreadable or in error; 3 Redis or the daemon cannot\n"
	       "be reached; 4 out of memory\n");
}

static const struct command *
find_command(const char *name)
{
	for (const struct command *row = commands; row->name; row++)
		if (strcmp(row->name, name) == 0)
			return row;
	return NULL;
}

static void
suggest(const char *wrong)
{
	struct str names[64];
	size_t count = 0;
	for (const struct command *row = commands; row->name && count < 64; row++)
		names[count++] = str_of(row->name);
	struct str near = str_nearest(str_of(wrong), names, count);
	if (near.n)
		fprintf(stderr, "churnctl: no command \"%s\"; did you mean %.*s?\n", wrong,
			STR_ARG(near));
	else
		fprintf(stderr, "churnctl: no command \"%s\"; see churnctl --help\n", wrong);
}

static bool
set_language(struct ctl *ctl, const char *word)
{
	if (word && strcmp(word, "zh") != 0 && strcmp(word, "en") != 0) {
		(void)ctl_fail(STATUS_USAGE, "--lang takes en or zh, not \"%s\"", word);
		return false;
	}
	ctl->zh = word && strcmp(word, "zh") == 0;
	return true;
}

static enum status
run(int argc, char **argv)
{
	struct ctl ctl = {0};
	bool help = false, version = false;
	const char *lang = NULL;
	const struct option common[] = {
		{"-c", OPTION_TEXT, {.text = &ctl.config}},
		{"--config", OPTION_TEXT, {.text = &ctl.config}},
		{"--json", OPTION_FLAG, {.flag = &ctl.json}},
		{"--lang", OPTION_TEXT, {.text = &lang}},
		{"--help", OPTION_FLAG, {.flag = &help}},
		{"-h", OPTION_FLAG, {.flag = &help}},
		{"--version", OPTION_FLAG, {.flag = &version}},
	};
	if (!options_common(common, sizeof common / sizeof *common, &argc, argv) ||
	    !set_language(&ctl, lang))
		return STATUS_USAGE;
	ctl.color = isatty(STDERR_FILENO) && !getenv("NO_COLOR");
	ctl.progress = isatty(STDERR_FILENO);
	if (version) {
		printf("churnctl %s\n", CHURND_VERSION);
		return STATUS_DONE;
	}
	if (argc > 1 && strcmp(argv[1], "help") == 0) {
		help = true;
		argc--;
		argv++;
	}
	if (argc < 2) {
		print_help();
		return help ? STATUS_DONE : STATUS_USAGE;
	}
	const struct command *row = find_command(argv[1]);
	if (!row) {
		suggest(argv[1]);
		return STATUS_USAGE;
	}
	if (help) {
		printf("usage: churnctl %s%s%s\n%s\n", row->name, *row->args ? " " : "",
		       row->args, row->brief);
		return STATUS_DONE;
	}
	return row->run(&ctl, argc - 1, argv + 1);
}

/* Half an answer on a full disk must not look like a whole one. */
int
main(int argc, char **argv)
{
	enum status status;

	memory_setup("churnctl: out of memory\n", STATUS_MEMORY);
	status = run(argc, argv);
	if ((fflush(stdout) != 0 || ferror(stdout) != 0) && status == STATUS_DONE)
		status = ctl_fail(STATUS_USAGE, "the output could not be written");
	return (int)status;
}
