/* SPDX-License-Identifier: Apache-2.0 */
/* Equal parts of a rule set's expressions, so that a look evaluates each only once.
 *
 * Rules repeat themselves: macros stand in many of them, `clear` says again what `expr` said, and a ratio and
 * its test read the same two windows. Trees stay as they are; equal conditions get one memo number, equal
 * ranges one range number, and the evaluator remembers what it found under them during one look. */
#ifndef LANG_SHARE_H
#define LANG_SHARE_H

#include "base/hash.h"
#include "lang/expr.h"

#define SHARE_MAX 4096 /* memo numbers, and range numbers; what comes after is not shared */

struct share {
	struct arena *arena; /* borrowed: keys and classes live there */
	struct map classes;  /* of a tree's shape: index of its class */
	struct share_class *list;
	size_t count, cap;
	unsigned memo_count, range_count; /* numbers given, and 1: 0 is none */
};

void share_init(struct share *share, struct arena *arena, struct hash_seed seed);
void share_finish(struct share *share);
/* Numbers the conditions and ranges of one typed tree. */
void share_tree(struct share *share, struct node *root);

#endif
