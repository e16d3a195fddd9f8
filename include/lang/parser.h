/* SPDX-License-Identifier: Apache-2.0 */
/* The parser's hands: looking ahead, complaining once, making nodes. For parse.c and operand.c. */
#ifndef LANG_PARSER_H
#define LANG_PARSER_H

#include "lang/parse.h"
#include "lang/token.h"

struct parser {
	struct arena *arena;
	const struct source *source;
	struct sink sink;
	struct tokens tokens;
	size_t at;	/* the token looked at */
	size_t quiet;	/* no complaint about tokens before this one: they have had theirs */
	unsigned depth; /* nesting, at most EXPR_MAX_DEPTH */
	bool lost;	/* a mistake was met whose meaning is not evident */
	struct node **pending; /* owned: kids of nodes that are not complete, a stack */
	size_t pending_count, pending_cap;
};

typedef struct node *parser_rule(struct parser *p); /* never NULL */

const struct token *parser_peek(const struct parser *p);
enum token_kind parser_kind(const struct parser *p);   /* of the token looked at */
enum token_kind parser_second(const struct parser *p); /* of the one behind it */
struct str parser_text(const struct parser *p, const struct token *token); /* with quotes */
const struct token *parser_advance(struct parser *p);
bool parser_accept(struct parser *p, enum token_kind kind);
void parser_expect(struct parser *p, enum token_kind kind, const char *what);

/* A complaint about the token looked at, after which the tree is a guess; one a token. */
void parser_complain_here(struct parser *p, const char *code, struct str first,
			  struct str second);
/* After a mistake: on to where the next operand or argument may begin. */
void parser_skip_operand(struct parser *p);

/* Nesting costs stack, so it is bounded; past the bound nothing more is read. */
bool parser_enter(struct parser *p);
struct node *parser_leave(struct parser *p, struct node *node);

struct node *parser_node(struct parser *p, enum node_kind kind, const struct token *token);
struct node *parser_constant(struct parser *p, const struct token *token, struct value value);
struct node *parser_nothing(struct parser *p); /* stands where an operand is missing */
/* Ends the node's place where the last token read ended. */
struct node *parser_spanned(struct parser *p, struct node *node);
void parser_push(struct parser *p, struct node *node);
/* Makes what was pushed since `base` the node's kids. */
struct node *parser_take_kids(struct parser *p, struct node *node, size_t base);
/* A node of two kids that begins where the first begins. */
struct node *parser_join(struct parser *p, enum node_kind kind, unsigned op, struct node *left,
			 struct node *right);

parser_rule parse_or, parse_unary, parse_primary;

#endif
