/* SPDX-License-Identifier: Apache-2.0 */
/* Every sentence said about a rule or configuration file, by stable code, in English and Chinese. */
#ifndef LANG_MESSAGE_H
#define LANG_MESSAGE_H

#include "base/arena.h"

/* One row a message lives in daemon/lang/message.c (X-macro MESSAGES there is fine to move here):
 * code, English, Chinese; {0} {1} {2} stand for the complaint's arguments.
 *   E0xx  YAML and the shape of a file       E1xx  expressions
 *   E2xx  names, limits, meaning of a rule   E4xx  configuration
 *   E5xx  rule tests
 *   W2xx  warnings                           N3xx  notes
 *   H1xx  hints: what stands behind the caret */
struct message {
	const char *code; /* "E104" */
	const char *en, *zh;
};

/* A text an expression or file came from. Owned by whoever made it, lives as long as the rule set. */
struct source {
	struct str text;
	void *origin; /* the maker's: maps an offset in text to file, line, column */
};

struct complaint {
	const char *code; /* a row's code */
	const struct source *source;
	size_t at, width; /* bytes in source->text; width 0 counts as 1 */
	struct str args[3];
	struct str hint; /* "did you mean 14d?" already worded by message_hint, or none */
	struct str hint_zh; /* the same in Chinese; none: hint serves both */
};

struct sink {
	void *ctx;
	void (*take)(void *ctx, const struct complaint *complaint);
};

const struct message *message_find(const char *code); /* asserts that the row exists */
const struct message *message_at(size_t index);	      /* NULL past the end: for docs and tests */
/* Words the hint of row `code` ("H101") about `what`, in both languages, into the arena. */
void message_hint(struct arena *arena, struct complaint *complaint, const char *code, struct str what);
/* The sentence of a complaint, without place or code. */
void message_print(struct buf *out, const struct complaint *complaint, bool zh);

#endif
