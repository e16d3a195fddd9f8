/* SPDX-License-Identifier: Apache-2.0 */
/* The grammar: words to an untyped tree. */
#ifndef LANG_PARSE_H
#define LANG_PARSE_H

#include "lang/expr.h"

/* Parses source->text[from..to), a whole expression. Goes on after an error to say all; NULL when the
 * tree would be a guess (but a tree may be returned after complaints whose meaning was evident). */
struct node *parse_part(struct arena *arena, const struct source *source, size_t from,
			size_t to, struct sink sink);

/* A sink that counts what passes to another one. */
struct counter {
	struct sink to;
	unsigned count;
};
struct sink counter_sink(struct counter *counter);

#endif
