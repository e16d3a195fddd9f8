/* SPDX-License-Identifier: Apache-2.0 */
/* Holds what a daemon left in Redis against a replay of the stream it left.
 *
 * The whole stream must still be there. It checks that
 *   alerts, task entries and rejects up to `position` are those of the replay, none missing, none twice, in
 *   the same order, byte for byte, and nothing follows them;
 *   no alert id comes twice;
 *   each task's hash says what the last order of it said;
 *   the figures of rules and tasks that lie there are the replay's;
 *   all records loaded, and (low, position] run again, give the replay's state bit for bit. */
#ifndef SUPPORT_VERIFY_H
#define SUPPORT_VERIFY_H

#include "app/rule_files.h"
#include "engine/engine.h"
#include "io/reply.h"

struct verify_source {
	void *ctx;
	/* One command, words up to a NULL: its reply in the arena; NULL: there is none. */
	const struct reply *(*call)(void *ctx, struct arena *arena, struct err *err,
				    const char *const *words);
	/* What differs; does not return. */
	void (*differ)(const char *sentence) __attribute__((noreturn));
};

struct verify_counts {
	size_t entries, customers, alerts, tasks, rejects;
};

/* genesis: the rules that were in force from the beginning. live, unless NULL: an engine that has applied everything
 * up to `position`, and has to be the replay's bit for bit. */
void verify_run(const struct verify_source *source, const char *prefix,
		const struct rule_files *genesis, const struct engine *live,
		struct verify_counts *out);

#endif
