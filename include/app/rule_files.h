/* SPDX-License-Identifier: Apache-2.0 */
/* Rule files as bytes: from the disk or from Redis, and what they make together. */
#ifndef APP_RULE_FILES_H
#define APP_RULE_FILES_H

#include "codec/config.h"
#include "codec/rules_yaml.h"

/* The texts of one rule set. */
struct rule_files {
	struct arena arena; /* owned: names and texts */
	struct diag_file *files;
	unsigned count;
	char sha_hex[65]; /* over the texts, as codec/rules_yaml.h says */
};

/* Reads them from the disk, names relative to `folder` (may be empty). NULL: one sentence. */
struct rule_files *rule_files_read(struct str folder, const struct str *names, unsigned count,
				   struct err *err) MUST_CHECK;
/* A copy of texts that came from elsewhere. */
struct rule_files *rule_files_make(const struct diag_file *from, unsigned count);
void rule_files_destroy(struct rule_files *files);

/* Every mistake goes to diags; zones are read from /usr/share/zoneinfo. */
struct ruleset *rule_files_load(const struct rule_files *files, struct hash_seed seed,
				struct diags *diags) MUST_CHECK;
struct ruleset *rule_files_load_asking(const struct rule_files *files,
				       const struct rules_ask *asks, unsigned ask_count,
				       struct hash_seed seed, struct diags *diags) MUST_CHECK;
/* The first webhook an action names and the configuration does not know: one sentence. A configuration
 * without any webhooks is a first day, and fits all rules. */
bool rule_files_check_webhooks(const struct ruleset *rules, const struct config *config,
			       struct err *err) MUST_CHECK;

/* A whole file into the arena, at most `max` bytes. */
bool rule_files_slurp(struct arena *arena, struct str path, size_t max, struct str *out,
		      struct err *err) MUST_CHECK;
/* Reads what a configuration in `folder` names. */
struct config_loader rule_files_config_loader(struct str *folder, bool with_secrets);
/* Where a file lies, borrowed from its path; none when that has no slash. */
struct str rule_files_folder(const char *path);
/* folder/name, or name when it is absolute or there is no folder; terminated. No name: no path. */
struct str rule_files_path(struct arena *arena, struct str folder, struct str name);

#endif
