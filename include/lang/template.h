/* SPDX-License-Identifier: Apache-2.0 */
/* Texts with holes: "no login for {silent(login)}". */
#ifndef LANG_TEMPLATE_H
#define LANG_TEMPLATE_H

#include "lang/eval.h"

#define TEMPLATE_MAX_BYTES 4096
#define TEMPLATE_MAX_HOLES 32

/* Words that stand for something of the alert itself, not for an expression. */
enum template_word {
	WORD_NAME,
	WORD_REASONS,
	WORD_CUSTOMER,
	WORD_OWNER,
	WORD_LEVEL,
	WORD_RISK,
	WORD_KEY, /* only where the scope has one */
	WORD_NONE
};

struct template_piece {
	struct str literal; /* when expr is NULL and word is WORD_NONE; "{{" has become "{" */
	const struct expr *expr; /* {expression} */
	enum template_word word; /* {name} {reasons} {customer} {owner} {level} {risk} {key} */
};

struct template_text {
	const struct template_piece *pieces;
	unsigned count;
};

/* One text in one or both languages; a missing language falls back to the other. */
struct text_pair {
	struct template_text en, zh;
	bool has_en, has_zh;
};

/* Holes are a word or an expression of any type; "{{" and "}}" are braces. Says all that is wrong. */
bool template_parse(struct arena *arena, const struct source *source, const struct scope *scope,
		    struct sink sink, struct template_text *out) MUST_CHECK;

/* word(ctx, which, out) prints a template_word. */
void template_print(struct buf *out, const struct template_text *text, struct env *env,
		    const struct zone *zone, bool zh,
		    void (*word)(void *ctx, enum template_word which, struct buf *out),
		    void *ctx);

#endif
