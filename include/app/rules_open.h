/* SPDX-License-Identifier: Apache-2.0 */
/* Rule files for commands that need no daemon: opened, and their mistakes printed. */
#ifndef APP_RULES_OPEN_H
#define APP_RULES_OPEN_H

#include "app/command.h"
#include "base/arena.h"
#include "codec/rules_yaml.h"

struct rules_names {
	struct arena arena; /* owned */
	struct str folder;
	struct str names[64];
	unsigned count;
};

enum rules_open_for {
	RULES_OPEN_CHECK, /* mistakes are the answer: --json prints them on stdout, status 1 */
	RULES_OPEN_USE,	  /* mistakes are in the way: stderr, status 2 */
	RULES_OPEN_PEEK /* the same, before they are opened for use: warnings are left to that */
};

/* What a command does with a rule set beside running it: no warning speaks of that. */
struct rules_reads {
	bool a_signal;
	const char *signal; /* its name; NULL: the only one */
	bool fits;	    /* it makes models: that there is none, or of whom, is no news */
};

void rules_names_add(struct rules_names *names, const char *name);
/* Those of the configuration; false after a sentence. */
bool rules_names_of_config(const struct ctl *ctl, struct rules_names *names) MUST_CHECK;
void rules_names_finish(struct rules_names *names);
/* *out is set, or stays NULL when there was an error. */
enum status rules_open(const struct ctl *ctl, const struct rules_names *names,
		       enum rules_open_for purpose, struct ruleset **out);
/* The same for use, with expressions of the command's options; their answers are (*out)->asks. */
enum status rules_open_asking(const struct ctl *ctl, const struct rules_names *names,
			      const struct rules_ask *asks, unsigned ask_count,
			      struct rules_reads reads, struct ruleset **out);

#endif
