/* SPDX-License-Identifier: Apache-2.0 */
/* The parser's hands: looking ahead, complaining once, making nodes. */
#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "lang/parser.h"

const struct token *
parser_peek(const struct parser *p)
{
	return &p->tokens.items[p->at];
}

enum token_kind
parser_kind(const struct parser *p)
{
	return parser_peek(p)->kind;
}

enum token_kind
parser_second(const struct parser *p)
{
	return parser_kind(p) == TOKEN_END ? TOKEN_END : p->tokens.items[p->at + 1].kind;
}

struct str
parser_text(const struct parser *p, const struct token *token)
{
	return str_slice(p->source->text, token->at, token->at + token->width);
}

const struct token *
parser_advance(struct parser *p)
{
	const struct token *token = parser_peek(p);

	if (token->kind != TOKEN_END)
		p->at++;
	return token;
}

bool
parser_accept(struct parser *p, enum token_kind kind)
{
	if (parser_kind(p) != kind)
		return false;
	parser_advance(p);
	return true;
}

static void
complain(struct parser *p, const char *code, const struct token *token, struct str first,
	 struct str second)
{
	struct complaint complaint = {.code = code,
				      .source = p->source,
				      .at = token->at,
				      .width = token->width,
				      .args = {first, second}};

	p->sink.take(p->sink.ctx, &complaint);
}

/* A complaint about the token looked at, after which the tree is a guess; one a token. */
void
parser_complain_here(struct parser *p, const char *code, struct str first, struct str second)
{
	p->lost = true;
	if (p->at < p->quiet)
		return;
	p->quiet = p->at + 1;
	complain(p, code, parser_peek(p), first, second);
}

static void
complain_missing(struct parser *p, const char *what)
{
	if (parser_kind(p) == TOKEN_END)
		parser_complain_here(p, "E153", str_of(what), STR_NONE);
	else
		parser_complain_here(p, "E148", str_of(what), parser_text(p, parser_peek(p)));
}

void
parser_expect(struct parser *p, enum token_kind kind, const char *what)
{
	if (!parser_accept(p, kind))
		complain_missing(p, what);
}

/* After a mistake: on to where the next operand or argument may begin. */
void
parser_skip_operand(struct parser *p)
{
	unsigned open = 0;

	for (;; parser_advance(p)) {
		enum token_kind kind = parser_kind(p);
		bool closes = kind == TOKEN_CLOSE || kind == TOKEN_CLOSE_LIST;

		if (kind == TOKEN_END)
			return;
		if (open == 0 &&
		    (closes || kind == TOKEN_COMMA || kind == TOKEN_AND || kind == TOKEN_OR))
			return;
		if (kind == TOKEN_OPEN || kind == TOKEN_OPEN_LIST)
			open++;
		else if (closes)
			open--;
	}
}

/* Nesting costs stack, so it is bounded; past the bound nothing more is read. */
bool
parser_enter(struct parser *p)
{
	if (++p->depth <= EXPR_MAX_DEPTH)
		return true;
	parser_complain_here(p, "E125", arena_printf(p->arena, "%d", EXPR_MAX_DEPTH), STR_NONE);
	p->at = p->tokens.count - 1;
	p->quiet = p->tokens.count;
	return false;
}

struct node *
parser_leave(struct parser *p, struct node *node)
{
	p->depth--;
	return node;
}

struct node *
parser_node(struct parser *p, enum node_kind kind, const struct token *token)
{
	struct node *node = arena_alloc(p->arena, sizeof *node);

	node->kind = kind;
	node->type = TYPE_COUNT;
	node->source = p->source;
	node->at = token->at;
	node->width = token->width;
	return node;
}

/* Ends the node's place where the last token read ended. */
struct node *
parser_spanned(struct parser *p, struct node *node)
{
	const struct token *last = &p->tokens.items[p->at > 0 ? p->at - 1 : 0];

	if (last->at + last->width > node->at)
		node->width = last->at + last->width - node->at;
	return node;
}

void
parser_push(struct parser *p, struct node *node)
{
	MEM_RESERVE(p->pending, p->pending_cap, p->pending_count + 1);
	p->pending[p->pending_count++] = node;
}

/* Makes what was pushed since `base` the node's kids. */
struct node *
parser_take_kids(struct parser *p, struct node *node, size_t base)
{
	size_t count = p->pending_count - base;

	node->kids = arena_array(p->arena, count, sizeof *node->kids);
	if (count)
		memcpy(node->kids, p->pending + base, count * sizeof *node->kids);
	assert(count <= UINT16_MAX);
	node->kid_count = (uint16_t)count;
	p->pending_count = base;
	return parser_spanned(p, node);
}

/* A node that begins where its first kid begins. */
struct node *
parser_join(struct parser *p, enum node_kind kind, unsigned op, struct node *left,
	    struct node *right)
{
	struct node *node = parser_node(p, kind, parser_peek(p));
	size_t base = p->pending_count;

	node->op = (uint8_t)op;
	node->at = left->at;
	parser_push(p, left);
	parser_push(p, right);
	return parser_take_kids(p, node, base);
}

struct node *
parser_constant(struct parser *p, const struct token *token, struct value value)
{
	struct node *node = parser_node(p, NODE_CONST, token);

	node->type = value.type;
	node->value = value;
	return node;
}

/* Stands where an operand is missing. */
struct node *
parser_nothing(struct parser *p)
{
	return parser_constant(p, parser_peek(p), value_unknown(TYPE_BOOL));
}
