/* SPDX-License-Identifier: Apache-2.0 */
/* Options of a command line, taken out by a table. */
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/command.h"

static const struct option *
find_option(const struct option *options, unsigned count, const char *word, size_t *name_length)
{
	const char *equals = strchr(word, '=');
	*name_length = equals ? (size_t)(equals - word) : strlen(word);
	for (unsigned i = 0; i < count; i++)
		if (strlen(options[i].name) == *name_length &&
		    strncmp(options[i].name, word, *name_length) == 0)
			return &options[i];
	return NULL;
}

static bool
is_option(const char *word)
{
	return word[0] == '-' && word[1] != '\0' && !(word[1] >= '0' && word[1] <= '9');
}

/* Returns how many words after argv[i] belong to the option, or -1 after a complaint. */
static int
take_option(const struct option *option, int argc, char **argv, int i, size_t name_length)
{
	const char *value = argv[i][name_length] == '=' ? argv[i] + name_length + 1 : NULL;
	int taken = 0;
	if (option->kind == OPTION_FLAG) {
		*option->to.flag = true;
		return 0;
	}
	if (!value && i + 1 < argc && !(is_option(argv[i + 1]) && strlen(argv[i + 1]) > 1)) {
		value = argv[i + 1];
		taken = 1;
	}
	if (!value) {
		(void)ctl_fail(STATUS_USAGE, "%s wants a value", option->name);
		return -1;
	}
	if (option->kind == OPTION_TEXT) {
		*option->to.text = value;
		return taken;
	}
	struct option_list *list = option->to.list;
	for (;;) {
		if (list->count == OPTION_MAX_ITEMS) {
			(void)ctl_fail(STATUS_USAGE, "%s takes at most %d values", option->name,
				       OPTION_MAX_ITEMS);
			return -1;
		}
		list->items[list->count++] = value;
		if (i + taken + 1 >= argc || is_option(argv[i + taken + 1]))
			return taken;
		value = argv[i + ++taken];
	}
}

static bool
take_all(const struct option *options, unsigned count, int *argc, char **argv, bool strict)
{
	int kept = 1;
	for (int i = 1; i < *argc; i++) {
		size_t length;
		if (strcmp(argv[i], "--") == 0 && strict) {
			while (++i < *argc)
				argv[kept++] = argv[i];
			break;
		}
		const struct option *option = find_option(options, count, argv[i], &length);
		if (!option) {
			if (strict && is_option(argv[i])) {
				(void)ctl_fail(STATUS_USAGE, "%s: no option %s", argv[0],
					       argv[i]);
				return false;
			}
			argv[kept++] = argv[i];
			continue;
		}
		int taken = take_option(option, *argc, argv, i, length);
		if (taken < 0)
			return false;
		i += taken;
	}
	*argc = kept;
	argv[kept] = NULL;
	return true;
}

bool
options_take(const struct option *options, unsigned count, int *argc, char **argv)
{
	return take_all(options, count, argc, argv, true);
}

bool
options_common(const struct option *options, unsigned count, int *argc, char **argv)
{
	return take_all(options, count, argc, argv, false);
}

enum status
ctl_fail(enum status status, const char *fmt, ...)
{
	va_list args;
	fputs("churnctl: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	return status;
}

/* A file that is not there yet is one of its folder. */
bool
ctl_can_write(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;
	char folder[PATH_MAX] = ".";

	if (!path || access(path, W_OK) == 0)
		return true;
	if (errno == ENOENT) {
		if (slash)
			snprintf(folder, sizeof folder, "%.*s",
				 (int)(slash - path) + (slash == path), path);
		if (access(folder, W_OK | X_OK) == 0)
			return true;
	}
	(void)ctl_fail(STATUS_USAGE, "%s: cannot be written: %s", path, strerror(errno));
	return false;
}

enum status
ctl_usage(const char *name)
{
	for (const struct command *row = commands; row->name; row++)
		if (strcmp(row->name, name) == 0)
			fprintf(stderr, "usage: churnctl %s %s\n", row->name, row->args);
	return STATUS_USAGE;
}
