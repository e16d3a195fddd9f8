/* SPDX-License-Identifier: Apache-2.0 */
/* Rule files (YAML) to a rule set, with every mistake of every file in one run. */
#ifndef CODEC_RULES_YAML_H
#define CODEC_RULES_YAML_H

#include "codec/diag.h"
#include "engine/ruleset.h"

/* Expressions from outside the files, such as those of a command's option. They may name whatever the files define;
 * what they read is kept for them, and nothing that rules say is changed by them. */
struct rules_ask {
	struct str place; /* what mistakes are said of: "--columns" */
	struct str
		text; /* [NAME =] EXPR, and more of them after commas; several lines are as one */
	enum type want; /* TYPE_COUNT: any; TYPE_NUM: int and prob too */
};

/* Pure: files come as bytes; zone bytes through the caller. */
struct rules_loader {
	void *ctx;
	/* The TZif bytes of an IANA name (valid until the rule set is made), or false when unknown. */
	bool (*zone)(void *ctx, struct str name, struct str *tzif);
	const struct rules_ask *asks;
	unsigned ask_count;
};

/* The file that `calendar: PATH` of a rule file names: beside it, unless the path is absolute. */
struct str rules_calendar_path(struct arena *arena, struct str rule_file, struct str path);
/* The same for a rule file's text; false when it names none. What is wrong with the file is not said here. */
bool rules_calendar_of(struct arena *arena, const struct diag_file *file, struct str *path);

/* Files in order: later ones add; `override: true` on a rule replaces one of that name. A calendar file that
 * `calendar:` of one of them names stands behind them, by the name that rules_calendar_path() gives. Adds to diags
 * (which must have no files yet) and returns NULL when there was an error; warnings do not fail it.
 * The set's sha is SHA-256 over, for each file in order: its text's length as decimal, ":", its text
 * (names of files do not matter). Known words that this version does not do yet are error E290 "... is not supported yet". */
struct ruleset *rules_load(const struct diag_file *files, unsigned count,
			   const struct rules_loader *loader, struct hash_seed seed,
			   struct diags *diags) MUST_CHECK;

#endif
