/* SPDX-License-Identifier: Apache-2.0 */
/* churnd: watches customers' events in Redis and raises alerts and care tasks before they leave. */
#include <stdio.h>
#include <string.h>

#include "app/memory.h"
#include "app/service.h"

#define DEFAULT_CONFIG "/etc/churnd/churnd.yaml"

enum { EXIT_DONE = 0, EXIT_STUCK = 1, EXIT_USAGE = 2 };

static const char usage[] =
	"usage: churnd [-c FILE] [-t] [--lang en|zh]\n"
	"\n"
	"  -c FILE      configuration (" DEFAULT_CONFIG ")\n"
	"  -t           check the configuration and the rules, then exit\n"
	"  --lang LANG  of what is said about files: en, zh\n"
	"  --version    print the version\n"
	"\n"
	"SIGHUP reloads rules, webhooks (with secrets, certificates, templates), people and log;\n"
	"all else in the configuration waits for a restart. SIGTERM and SIGINT commit and stop.\n"
	"Exit status: 0 stopped in order; 1 cannot go on; 2 wrong usage, or a file in error.\n";

struct command_line {
	const char *config;
	bool test, zh;
};

/* Returns -1 to go on, else the exit status. */
static int
command_line_read(struct command_line *line, int argc, char **argv)
{
	*line = (struct command_line){.config = DEFAULT_CONFIG};
	for (int i = 1; i < argc; i++) {
		const char *word = argv[i];
		const char *next = i + 1 < argc ? argv[i + 1] : NULL;

		if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
			fputs(usage, stdout);
			return EXIT_DONE;
		}
		if (strcmp(word, "--version") == 0) {
			puts("churnd " CHURND_VERSION);
			return EXIT_DONE;
		}
		if (strcmp(word, "-t") == 0) {
			line->test = true;
		} else if (strcmp(word, "-c") == 0 && next != NULL) {
			line->config = argv[++i];
		} else if (strcmp(word, "--lang") == 0 && next != NULL &&
			   (strcmp(next, "en") == 0 || strcmp(next, "zh") == 0)) {
			line->zh = strcmp(argv[++i], "zh") == 0;
		} else {
			fprintf(stderr, "churnd: '%s' is not understood here\n%s", word, usage);
			return EXIT_USAGE;
		}
	}
	return -1;
}

static int
check(struct setup *setup)
{
	struct err err;
	bool good = service_check(setup, &err);

	if (good)
		printf("%.*s: the configuration and its rules are good\n",
		       STR_ARG(setup->path));
	else
		fprintf(stderr, "churnd: %s\n", err.text);
	setup_finish(setup);
	return good ? EXIT_DONE : EXIT_USAGE;
}

int
main(int argc, char **argv)
{
	struct command_line line;
	struct setup setup;
	int status;

	memory_setup("churnd: out of memory\n", EXIT_STUCK);
	status = command_line_read(&line, argc, argv);
	if (status >= 0)
		return status;
	if (!setup_read(&setup, line.config, line.zh))
		return EXIT_USAGE;
	return line.test ? check(&setup) : service_run(&setup, line.zh);
}
