/* SPDX-License-Identifier: Apache-2.0 */
/* The operands of an expression: constants, names, calls, paths, ranges, lists. */
#include <string.h>

#include "base/civil.h"
#include "lang/parser.h"

static struct node *
parse_int(struct parser *p)
{
	const struct token *token = parser_advance(p);

	return parser_constant(p, token, value_int(token->u.i));
}

static struct node *
parse_num(struct parser *p)
{
	const struct token *token = parser_advance(p);

	return parser_constant(p, token, value_num(token->u.n));
}

static struct node *
parse_duration_constant(struct parser *p)
{
	const struct token *token = parser_advance(p);

	return parser_constant(p, token, value_duration(token->u.i));
}

static struct node *
parse_string(struct parser *p)
{
	const struct token *token = parser_advance(p);

	return parser_constant(p, token, value_string(token_text(token, p->source)));
}

static struct node *
parse_bool(struct parser *p)
{
	const struct token *token = parser_advance(p);

	return parser_constant(p, token, value_bool(token->kind == TOKEN_TRUE));
}

/* group = "(" or ")" */
static struct node *
parse_group(struct parser *p)
{
	struct node *node;

	parser_advance(p);
	node = parse_or(p);
	parser_expect(p, TOKEN_CLOSE, ")");
	return node;
}

/* list = "[" [unary {"," unary}] "]" */
static struct node *
parse_list(struct parser *p)
{
	struct node *node = parser_node(p, NODE_LIST, parser_advance(p));
	size_t base = p->pending_count;

	if (parser_kind(p) != TOKEN_CLOSE_LIST) {
		do
			parser_push(p, parse_unary(p));
		while (parser_accept(p, TOKEN_COMMA));
	}
	parser_expect(p, TOKEN_CLOSE_LIST, "]");
	return parser_take_kids(p, node, base);
}

static bool
is_argument_word(enum token_kind kind)
{
	return token_is_word(kind) || (kind >= TOKEN_INT && kind <= TOKEN_STRING);
}

/* argument = [word "="] or, word = NAME | STRING | NUMBER | DURATION | keyword */
static struct node *
parse_argument(struct parser *p)
{
	const struct token *word = parser_peek(p);
	size_t base = p->pending_count;
	struct node *node;

	if (!is_argument_word(word->kind) || parser_second(p) != TOKEN_ASSIGN)
		return parse_or(p);
	p->at += 2;
	node = parser_node(p, NODE_ARG, word);
	node->name = token_text(word, p->source);
	parser_push(p, parse_or(p));
	parser_take_kids(p, node, base);
	node->width = word->width; /* a mistake in the value has a place of its own */
	return node;
}

/* call = NAME "(" [argument {"," argument}] ")" */
static struct node *
parse_call(struct parser *p)
{
	const struct token *name = parser_advance(p);
	struct node *node = parser_node(p, NODE_CALL, name);
	size_t base = p->pending_count;

	node->name = parser_text(p, name);
	if (str_is(node->name, "if"))
		node->kind = NODE_IF;
	else if (str_is(node->name, "pick"))
		node->kind = NODE_PICK;
	else if (str_is(node->name, "coalesce"))
		node->kind = NODE_COALESCE;
	parser_advance(p);
	if (parser_kind(p) != TOKEN_CLOSE) {
		do
			parser_push(p, parse_argument(p));
		while (parser_accept(p, TOKEN_COMMA));
	}
	parser_expect(p, TOKEN_CLOSE, ")");
	return parser_take_kids(p, node, base);
}

static bool
find_root(struct str name, enum path_root *root)
{
	static const char *const roots[] = {"profile", "event", "item"};

	for (size_t i = 0; i < sizeof roots / sizeof *roots; i++)
		if (str_is(name, roots[i])) {
			*root = (enum path_root)i;
			return true;
		}
	return false;
}

static void
complain_root(struct parser *p, const struct token *word)
{
	static const struct str roots[] = {{"profile", 7}, {"event", 5}, {"item", 4}};
	struct str name = parser_text(p, word), near = str_nearest(name, roots, 3);
	struct complaint complaint = {.code = "E101",
				      .source = p->source,
				      .at = word->at,
				      .width = word->width,
				      .args = {name}};

	p->lost = true;
	if (near.n)
		message_hint(p->arena, &complaint, "H101", near);
	p->sink.take(p->sink.ctx, &complaint);
}

/* path = ("profile" | "event" | "item") "." NAME */
static struct node *
parse_path(struct parser *p)
{
	const struct token *word = parser_advance(p);
	struct node *node = parser_node(p, NODE_PATH, word);
	enum path_root root = PATH_PROFILE;

	if (!find_root(parser_text(p, word), &root))
		complain_root(p, word);
	node->op = (uint8_t)root;
	parser_advance(p);
	if (token_is_word(parser_kind(p)))
		node->name = parser_text(p, parser_advance(p));
	else
		parser_complain_here(p, "E154", STR_NONE, STR_NONE);
	return parser_spanned(p, node);
}

/* What stands in a range's brackets, while it is read. */
struct range_text {
	const struct token *length, *offset; /* offset NULL: none */
	bool live;
};

static void
complain_range(struct parser *p, const char *code, const struct token *at)
{
	struct complaint complaint = {.code = code,
				      .source = p->source,
				      .at = at->at,
				      .width = at->width,
				      .args = {parser_text(p, at)}};

	p->lost = true;
	p->sink.take(p->sink.ctx, &complaint);
}

/* Whether a duration is written in these units alone: "14d" is days, "24h" is hours. */
static bool
written_in(struct parser *p, const struct token *token, const char *units)
{
	struct str text = parser_text(p, token);

	for (size_t i = 0; i < text.n; i++)
		if ((text.p[i] < '0' || text.p[i] > '9') && !strchr(units, text.p[i]))
			return false;
	return token->u.i > 0;
}

/* Days of a duration, or 0 when it is none of days; more than any range may have stays that. */
static int
whole_days(struct parser *p, const struct token *token)
{
	int64_t days = token->u.i / DAY_MS;

	if (!written_in(p, token, "dw"))
		return 0;
	return days > RANGE_MAX_DAYS ? RANGE_MAX_DAYS + 1 : (int)days;
}

static void
set_hours(struct parser *p, const struct range_text *text, struct range *range)
{
	range->hours = true;
	if (!text->live)
		complain_range(p, "E128", text->length);
	else if (text->length->u.i > RANGE_MAX_HOURS * HOUR_MS)
		complain_range(p, "E129", text->length);
	else
		range->length = (int)(text->length->u.i / HOUR_MS);
}

static void
set_offset(struct parser *p, const struct range_text *text, struct range *range)
{
	range->offset = whole_days(p, text->offset);
	if (text->live)
		complain_range(p, "E131", text->offset);
	else if (range->offset == 0 && text->offset->u.i != 0)
		complain_range(p, "E127", text->offset);
}

static void
set_range(struct parser *p, const struct range_text *text, struct range *range)
{
	range->live = text->live;
	range->length = whole_days(p, text->length);
	if (range->length == 0 && written_in(p, text->length, "h"))
		set_hours(p, text, range);
	else if (range->length == 0)
		complain_range(p, "E127", text->length);
	if (text->offset)
		set_offset(p, text, range);
	if (!range->hours && range->length + range->offset > RANGE_MAX_DAYS)
		complain_range(p, "E130", text->length);
}

/* "usage[7]" probably means days. */
static void
complain_no_duration(struct parser *p)
{
	const struct token *token = parser_peek(p);
	struct str text = parser_text(p, token);
	struct complaint complaint = {
		.code = "E127", .source = p->source, .at = token->at, .width = token->width};

	if (token->kind != TOKEN_CLOSE_LIST)
		complaint.args[0] = text;
	if (token->kind == TOKEN_INT)
		message_hint(p->arena, &complaint, "H101",
			     arena_printf(p->arena, "%.*sd", STR_ARG(text)));
	p->sink.take(p->sink.ctx, &complaint);
}

/* NULL, with a complaint, when no duration stands here. */
static const struct token *
range_duration(struct parser *p)
{
	if (parser_kind(p) == TOKEN_DURATION)
		return parser_advance(p);
	if (p->at >= p->quiet)
		complain_no_duration(p);
	p->lost = true;
	p->quiet = p->at + 1;
	parser_skip_operand(p);
	return NULL;
}

static bool
accept_word(struct parser *p, const char *word)
{
	if (parser_kind(p) != TOKEN_NAME || !str_is(parser_text(p, parser_peek(p)), word))
		return false;
	parser_advance(p);
	return true;
}

/* range = NAME "[" DURATION {"offset" DURATION | "live"} "]" */
static struct node *
parse_range(struct parser *p)
{
	const struct token *name = parser_advance(p);
	struct node *node = parser_node(p, NODE_RANGE, name);
	struct range_text text = {0};

	node->name = parser_text(p, name);
	parser_advance(p);
	text.length = range_duration(p);
	for (;;) {
		if (accept_word(p, "live"))
			text.live = true;
		else if (accept_word(p, "offset"))
			text.offset = range_duration(p);
		else
			break;
	}
	parser_expect(p, TOKEN_CLOSE_LIST, "]");
	if (text.length)
		set_range(p, &text, &node->range);
	return parser_spanned(p, node);
}

static struct node *
parse_name(struct parser *p)
{
	const struct token *word;
	struct node *node;

	if (parser_second(p) == TOKEN_OPEN)
		return parse_call(p);
	if (parser_second(p) == TOKEN_DOT)
		return parse_path(p);
	if (parser_second(p) == TOKEN_OPEN_LIST)
		return parse_range(p);
	word = parser_advance(p);
	node = parser_node(p, NODE_NAME, word);
	node->name = parser_text(p, word);
	return node;
}

/* primary = INT | NUM | DURATION | STRING | "true" | "false" | group | list | call | path | range | NAME */
struct node *
parse_primary(struct parser *p)
{
	static parser_rule *const begins[TOKEN_KINDS] = {
		[TOKEN_NAME] = parse_name,	[TOKEN_INT] = parse_int,
		[TOKEN_NUM] = parse_num,	[TOKEN_DURATION] = parse_duration_constant,
		[TOKEN_STRING] = parse_string,	[TOKEN_TRUE] = parse_bool,
		[TOKEN_FALSE] = parse_bool,	[TOKEN_OPEN] = parse_group,
		[TOKEN_OPEN_LIST] = parse_list,
	};
	parser_rule *begin = begins[parser_kind(p)];
	struct node *node;

	if (begin)
		return begin(p);
	node = parser_nothing(p);
	if (parser_kind(p) == TOKEN_END)
		parser_complain_here(p, "E149", STR_NONE, STR_NONE);
	else
		parser_complain_here(p, "E120", parser_text(p, parser_peek(p)), STR_NONE);
	parser_skip_operand(p);
	return node;
}
