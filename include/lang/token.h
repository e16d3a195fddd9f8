/* SPDX-License-Identifier: Apache-2.0 */
/* The words of an expression, with their places. */
#ifndef LANG_TOKEN_H
#define LANG_TOKEN_H

#include "lang/message.h"

enum token_kind {
	TOKEN_END,
	TOKEN_NAME,
	TOKEN_INT,	/* .u.i */
	TOKEN_NUM,	/* .u.n */
	TOKEN_DURATION, /* .u.i, ms */
	TOKEN_STRING,
	TOKEN_TRUE,
	TOKEN_FALSE,
	TOKEN_AND,
	TOKEN_OR,
	TOKEN_NOT,
	TOKEN_IN,
	TOKEN_OPEN,	  /* ( */
	TOKEN_CLOSE,	  /* ) */
	TOKEN_OPEN_LIST,  /* [ */
	TOKEN_CLOSE_LIST, /* ] */
	TOKEN_COMMA,
	TOKEN_DOT,
	TOKEN_ASSIGN, /* = */
	TOKEN_EQ,
	TOKEN_NE,
	TOKEN_LT,
	TOKEN_LE,
	TOKEN_GT,
	TOKEN_GE,
	TOKEN_PLUS,
	TOKEN_MINUS,
	TOKEN_STAR,
	TOKEN_SLASH,
	TOKEN_KINDS
};

struct token {
	enum token_kind kind;
	uint32_t at, width; /* in source->text; a string's quotes belong to it */
	union {
		int64_t i;
		double n;
	} u;
};

struct tokens {
	struct token *items; /* owned; the last is TOKEN_END, right behind the last word */
	size_t count, cap;
};

/* Cuts source->text[from..to) into words. What has an evident meaning ("&&", "14days") is complained
 * about and read as that; false after something that has none. */
bool tokens_read(struct tokens *tokens, struct arena *arena, const struct source *source,
		 size_t from, size_t to, struct sink sink) MUST_CHECK;
void tokens_finish(struct tokens *tokens);

/* The token as written; for a string what its quotes hold. */
struct str token_text(const struct token *token, const struct source *source);
bool token_is_word(enum token_kind kind); /* a name or a keyword */

#endif
