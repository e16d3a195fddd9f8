/* SPDX-License-Identifier: Apache-2.0 */
/* The grammar of expressions, by recursive descent; it stands above each function. */
#include "base/mem.h"
#include "lang/parser.h"

static parser_rule parse_and, parse_not, parse_comparison, parse_sum, parse_product;

static struct node *
parse_chain(struct parser *p, enum node_kind kind, enum token_kind word, parser_rule *operand)
{
	struct node *first = operand(p), *node;
	size_t base = p->pending_count;

	if (parser_kind(p) != word)
		return first;
	node = parser_node(p, kind, parser_peek(p));
	node->at = first->at;
	parser_push(p, first);
	while (parser_accept(p, word))
		parser_push(p, operand(p));
	return parser_take_kids(p, node, base);
}

/* or = and {"or" and} */
struct node *
parse_or(struct parser *p)
{
	if (!parser_enter(p))
		return parser_leave(p, parser_nothing(p));
	return parser_leave(p, parse_chain(p, NODE_OR, TOKEN_OR, parse_and));
}

/* and = not {"and" not} */
static struct node *
parse_and(struct parser *p)
{
	return parse_chain(p, NODE_AND, TOKEN_AND, parse_not);
}

/* A NODE_NOT that begins at `at`. */
static struct node *
negation(struct parser *p, uint32_t at, struct node *of)
{
	struct node *node = parser_node(p, NODE_NOT, parser_peek(p));
	size_t base = p->pending_count;

	node->at = at;
	parser_push(p, of);
	return parser_take_kids(p, node, base);
}

/* not = "not" not | comparison */
static struct node *
parse_not(struct parser *p)
{
	const struct token *word = parser_peek(p);

	if (!parser_accept(p, TOKEN_NOT))
		return parse_comparison(p);
	if (!parser_enter(p))
		return parser_leave(p, parser_nothing(p));
	return parser_leave(p, negation(p, word->at, parse_not(p)));
}

/* "=" is read as "==", with a complaint (unless its full-width form has had one). */
static bool
accept_compare(struct parser *p, enum compare_op *op)
{
	static const enum compare_op ops[] = {CMP_EQ, CMP_NE, CMP_LT, CMP_LE, CMP_GT, CMP_GE};
	const struct token *token = parser_peek(p);
	struct complaint complaint = {
		.code = "E121", .source = p->source, .at = token->at, .width = token->width};

	if (token->kind < TOKEN_ASSIGN || token->kind > TOKEN_GE)
		return false;
	parser_advance(p);
	*op = token->kind == TOKEN_ASSIGN ? CMP_EQ : ops[token->kind - TOKEN_EQ];
	if (token->kind == TOKEN_ASSIGN && token->width == 1) {
		complaint.args[0] = parser_text(p, token);
		message_hint(p->arena, &complaint, "H101", STR("=="));
		p->sink.take(p->sink.ctx, &complaint);
	}
	return true;
}

/* comparison = sum [("==" | "!=" | "<" | "<=" | ">" | ">=") sum | ["not"] "in" sum] */
static struct node *
parse_comparison(struct parser *p)
{
	struct node *left = parse_sum(p);
	const struct token *word = parser_peek(p);
	enum compare_op op;

	if (parser_accept(p, TOKEN_IN))
		return parser_join(p, NODE_IN, 0, left, parse_sum(p));
	if (word->kind == TOKEN_NOT && parser_second(p) == TOKEN_IN) {
		p->at += 2;
		return negation(p, left->at, parser_join(p, NODE_IN, 0, left, parse_sum(p)));
	}
	if (!accept_compare(p, &op))
		return left;
	left = parser_join(p, NODE_COMPARE, op, left, parse_sum(p));
	if (parser_kind(p) >= TOKEN_ASSIGN && parser_kind(p) <= TOKEN_GE) {
		parser_complain_here(p, "E141", STR_NONE, STR_NONE);
		parser_skip_operand(p);
	}
	return left;
}

/* sum = product {("+" | "-") product} */
static struct node *
parse_sum(struct parser *p)
{
	struct node *left = parse_product(p);

	for (;;) {
		if (parser_accept(p, TOKEN_PLUS))
			left = parser_join(p, NODE_ARITH, ARITH_ADD, left, parse_product(p));
		else if (parser_accept(p, TOKEN_MINUS))
			left = parser_join(p, NODE_ARITH, ARITH_SUB, left, parse_product(p));
		else
			return left;
	}
}

/* product = unary {("*" | "/") unary} */
static struct node *
parse_product(struct parser *p)
{
	struct node *left = parse_unary(p);

	for (;;) {
		if (parser_accept(p, TOKEN_STAR))
			left = parser_join(p, NODE_ARITH, ARITH_MUL, left, parse_unary(p));
		else if (parser_accept(p, TOKEN_SLASH))
			left = parser_join(p, NODE_ARITH, ARITH_DIV, left, parse_unary(p));
		else
			return left;
	}
}

/* unary = "-" unary | primary */
struct node *
parse_unary(struct parser *p)
{
	const struct token *sign = parser_peek(p);
	struct node *node;
	size_t base = p->pending_count;

	if (!parser_accept(p, TOKEN_MINUS))
		return parse_primary(p);
	if (!parser_enter(p))
		return parser_leave(p, parser_nothing(p));
	node = parser_node(p, NODE_NEGATE, sign);
	parser_push(p, parse_unary(p));
	return parser_leave(p, parser_take_kids(p, node, base));
}

/* expression = or END */
static struct node *
parse_whole(struct parser *p)
{
	struct node *root;

	if (parser_kind(p) == TOKEN_END) {
		parser_complain_here(p, "E145", STR_NONE, STR_NONE);
		return NULL;
	}
	root = parse_or(p);
	if (parser_kind(p) != TOKEN_END)
		parser_complain_here(p, "E139", parser_text(p, parser_peek(p)), STR_NONE);
	return root;
}

/* Length and UTF-8 come first: everything behind relies on them. */
static bool
text_is_fit(struct arena *arena, const struct source *source, size_t from, size_t to,
	    struct sink sink)
{
	struct complaint complaint = {.source = source, .at = from, .width = 1};

	if (to - from > EXPR_MAX_BYTES) {
		complaint.code = "E124";
		complaint.args[0] = arena_printf(arena, "%d", EXPR_MAX_BYTES);
	} else if (!utf8_valid(str_slice(source->text, from, to))) {
		complaint.code = "E140";
	} else {
		return true;
	}
	sink.take(sink.ctx, &complaint);
	return false;
}

struct node *
parse_part(struct arena *arena, const struct source *source, size_t from, size_t to,
	   struct sink sink)
{
	struct parser p = {.arena = arena, .source = source, .sink = sink};
	struct node *root = NULL;

	if (!text_is_fit(arena, source, from, to, sink))
		return NULL;
	if (tokens_read(&p.tokens, arena, source, from, to, sink))
		root = parse_whole(&p);
	tokens_finish(&p.tokens);
	mem_free(p.pending);
	return p.lost ? NULL : root;
}

static void
count_and_pass(void *ctx, const struct complaint *complaint)
{
	struct counter *counter = ctx;

	counter->count++;
	counter->to.take(counter->to.ctx, complaint);
}

struct sink
counter_sink(struct counter *counter)
{
	return (struct sink){.ctx = counter, .take = count_and_pass};
}

struct node *
expr_parse(struct arena *arena, const struct source *source, struct sink sink)
{
	struct counter counter = {.to = sink};
	struct node *root =
		parse_part(arena, source, 0, source->text.n, counter_sink(&counter));

	return counter.count ? NULL : root;
}
